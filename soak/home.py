"""Home Assistant with the integration, set up for a simulated PBX."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN, TIMING
from custom_components.vodia.pbx.timing import LineDataTiming, Timing
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from rig.core import core
from rig.entry import create_entry
from simulator import Simulator, Switches

from .clock import Clock, count_waits, free_waiting

# As quick as the tests, but where a busy machine would be taken for a dead one, and but
# for the slow reading: it must not repair what was missed.
SECONDS = Timing(
    connect=6.0,
    request=5.0,
    answer=0.5,
    first_answer=0.15,
    ping=3.0,
    keepalive=0.6,
    settle=0.05,
    between_reads=0.5,
    ask_again=2.0,
    slow_read=60.0,
    first_retry=0.1,
    last_retry=0.4,
    healthy=0.4,
    forbidden=0.6,
    proof=0.5,
    ask_proof_again=0.1,
    line_data=LineDataTiming(
        flags=1.0,
        try_again=0.1,
        pause=0.05,
        settle=0.02,
        pushed=0.02,
        history=(0.05, 0.4),
        mailbox=(0.05, 0.4),
    ),
)
# The extensions whose chat status is shown.
_CHATTY = ("41", "42", "45")


@dataclass(frozen=True, slots=True)
class Home:
    """Home Assistant, the PBX, the entry for it, and the clock of the integration."""

    hass: HomeAssistant
    pbx: Simulator
    entry: MockConfigEntry
    clock: Clock


@asynccontextmanager
async def home(dialect: str, accounts: int) -> AsyncIterator[Home]:
    """Run it."""
    count_waits()
    clock = Clock()
    switches = getattr(Switches, dialect)(dial_pickup=None)
    with free_waiting():
        async with Simulator(switches, accounts=accounts) as pbx, core() as hass:
            hass.data[TIMING] = replace(SECONDS, clock=clock)
            entry = create_entry(hass, pbx)
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
