"""Home Assistant with the integration, set up for a simulated PBX."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN, TIMING
from custom_components.vodia.pbx.timing import USUAL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from rig.core import core
from rig.entry import create_entry
from rig.timing import QUICK, QUICK_LINE_DATA, SetClock
from simulator import Simulator, Switches

from .clock import count_waits, free_waiting

# As quick as the tests, but where a busy machine would be taken for a dead one, and but
# for the slow reading: it must not repair what was missed.
SECONDS = replace(
    QUICK,
    request=5.0,
    ping=3.0,
    between_reads=0.5,
    slow_read=USUAL.slow_read,
    confirm=USUAL.confirm,
    line_data=replace(QUICK_LINE_DATA, flags=1.0),
)
# The extensions whose chat status is shown.
_CHATTY = ("41", "42", "45")


@dataclass(frozen=True, slots=True)
class Home:
    """Home Assistant, the PBX, the entry for it, and the clock of the integration."""

    hass: HomeAssistant
    pbx: Simulator
    entry: MockConfigEntry
    clock: SetClock


@asynccontextmanager
async def home(dialect: str, accounts: int) -> AsyncIterator[Home]:
    """Run it."""
    count_waits()
    clock = SetClock()
    switches = getattr(Switches, dialect)(dial_pickup=None)
    with free_waiting():
        async with Simulator(switches, accounts=accounts) as pbx, core() as hass:
            hass.data[TIMING] = replace(SECONDS, clock=clock)
            entry = create_entry(hass, pbx, {"all_entities": True})
            # Entities that are not enabled by themselves.
            for number in _CHATTY:
                er.async_get(hass).async_get_or_create(
                    Platform.BINARY_SENSOR,
                    DOMAIN,
                    f"{entry.entry_id}:{number}:chat_available",
                    config_entry=entry,
                )
            assert await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            try:
                yield Home(hass, pbx, entry, clock)
            finally:
                if entry.state is ConfigEntryState.LOADED:
                    await hass.config_entries.async_unload(entry.entry_id)
