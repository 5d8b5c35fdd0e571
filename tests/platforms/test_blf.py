"""The lamps (`blf`) of others: hints that somebody is busy, where no list of calls is."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches
from tests.support.calls import CALLER
from tests.support.entry import create_entry, set_up, wait_for
from tests.support.timing import set_timing

LAMPS: dict[str, Any] = {"user_change": False, "lamps": True}


def watched(pbx: Simulator) -> set[str]:
    """Return the extensions whose lamps are asked for."""
    (link,) = pbx.links
    return link._watched


async def test_lamp(hass: HomeAssistant) -> None:
    """A lamp shows at once that a colleague is busy, long before the slow reading."""
    set_timing(hass, slow_read=60.0)
    async with Simulator(Switches.modern(domain_calls=False, **LAMPS)) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await wait_for(hass, lambda: "41" in watched(pbx))
        assert "45" not in watched(pbx)
        assert "500" not in watched(pbx)
        assert phones.state("41", "in_call") == "off"
        call = pbx.engine.ring(CALLER, "41")
        pbx.engine.answer(call, "41")
        await phones.wait("41", "in_call", "on")
        pbx.engine.hang_up(call)
        await phones.wait("41", "in_call", "off")
        # A new extension is watched from its first reading on.
        pbx.engine.add_account("58", "Nora Vance", registered=True)
        pbx.engine.set_dnd("41", True)
        await phones.wait("41", "dnd", "on")
        await wait_for(hass, lambda: "58" in watched(pbx))
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_slow_reading_goes_on(hass: HomeAssistant) -> None:
    """What a lamp does not tell is read all the same."""
    async with Simulator(Switches.modern(domain_calls=False, **LAMPS)) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await wait_for(hass, lambda: "41" in watched(pbx))
        pbx.engine.answer(pbx.engine.ring(CALLER, "41"), "41")
        await phones.wait("41", "in_call", "on")
        pbx.switches.lamps = False
        pbx.engine.set_dnd("42", True)
        await phones.wait("42", "dnd", "on")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@pytest.mark.parametrize(
    ("switches", "options"),
    [
        (Switches.modern(), {}),
        (Switches.modern(domain_calls=False), {"watch": "own"}),
        (Switches.classic(), {}),
    ],
    ids=["calls of all", "own calls wanted", "classic"],
)
async def test_not_asked_for(
    hass: HomeAssistant, switches: Switches, options: dict[str, Any]
) -> None:
    """Where calls are told, or not wanted, nobody asks for lamps."""
    async with Simulator(switches) as pbx:
        entry = create_entry(hass, pbx)
        hass.config_entries.async_update_entry(entry, options=options)
        phones = await set_up(hass, entry)
        pbx.engine.set_dnd("41", True)
        await phones.wait("41", "dnd", "on")
        assert not watched(pbx)
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
