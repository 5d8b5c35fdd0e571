"""A PBX that answers for the calls of the tenant, and leaves some out: nobody is idle for it."""

from typing import Any

import pytest

from custom_components.vodia.pbx.models import CallScope
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches
from tests.support.calls import CALLER
from tests.support.entry import Phones, create_entry, set_up, wait_for

DENIALS = pytest.mark.parametrize("denial", ["none", "own"])
UNKNOWN = [STATE_UNKNOWN] * 3


def denying(denial: Any, **switches: Any) -> Simulator:
    """Return a PBX that answers `domain-calls` without the tenant's calls."""
    return Simulator(
        Switches.modern(domain_calls=False, denied_calls=denial, **switches)
    )


def totals(phones: Phones) -> list[str]:
    """Return the counts of calls."""
    return phones.states("", "active_calls", "ringing_calls")


@DENIALS
@pytest.mark.all_entities
async def test_colleague_in_a_call_at_the_start(
    hass: HomeAssistant, denial: str
) -> None:
    """Whom presence has in a call, and no list, is in no known state; the others are."""
    async with denying(denial) as pbx:
        pbx.engine.answer(pbx.engine.ring(CALLER, "42"), "42")
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        assert phones.states("42", "call", "in_call", "ringing") == UNKNOWN
        assert phones.states("41", "call", "in_call", "ringing") == [
            "idle",
            "off",
            "off",
        ]
        assert totals(phones) == UNKNOWN[:2]
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@DENIALS
@pytest.mark.parametrize("pushed", ["user_change", "user_state"])
@pytest.mark.all_entities
async def test_colleague_in_a_call_later(
    hass: HomeAssistant, denial: str, pushed: str
) -> None:
    """It is unknown while the call is up, and idle after it."""
    pushes = {"user_change": False, "user_state": False, pushed: True}
    async with denying(denial, **pushes) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        assert phones.state("42", "call") == "idle"
        call_id = pbx.engine.ring(CALLER, "42")
        pbx.engine.answer(call_id, "42")
        await phones.wait("42", "call", STATE_UNKNOWN)
        assert phones.states("42", "call", "in_call", "ringing") == UNKNOWN
        assert totals(phones) == UNKNOWN[:2]
        pbx.engine.hang_up(call_id)
        await phones.wait("42", "call", "idle")
        assert phones.state("42", "in_call") == "off"
        await wait_for(hass, lambda: totals(phones) == ["0", "0"])
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_own_calls_are_followed_when_they_are_left_out(
    hass: HomeAssistant,
) -> None:
    """Our own call that a list leaves out is asked for in the other way, and stays."""
    async with denying("none") as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        call_id = pbx.engine.ring(CALLER, "45")
        shown = await phones.wait("45", "call", "ringing")
        assert shown.attributes["remote_number"] == CALLER
        assert phones.entry.runtime_data.client.tenant.scope is CallScope.OWN
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")
        pbx.engine.answer(pbx.engine.ring(CALLER, "41"), "41")
        await phones.wait("41", "in_call", "on")
        assert phones.state("41", "call") == STATE_UNKNOWN
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_granted_list_is_believed_at_once(hass: HomeAssistant) -> None:
    """Where the list has everything, no state is ever unknown, whatever comes first."""
    switches = Switches.modern(presence_first=True, user_state=True)
    async with Simulator(switches) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        seen: list[str] = []
        entities = {
            phones.id(n, key) for n in ("42", "45") for key in ("call", "in_call")
        }

        def note(event: Any) -> None:
            """Note each state."""
            if event.data["entity_id"] in entities:
                seen.append(event.data["new_state"].state)

        remove = hass.bus.async_listen("state_changed", note)
        for number in ("42", "45") * 2:
            call_id = pbx.engine.ring(CALLER, number)
            await phones.wait(number, "call", "ringing")
            pbx.engine.answer(call_id, number)
            await phones.wait(number, "call", "connected")
            pbx.engine.hang_up(call_id)
            await phones.wait(number, "call", "idle")
        remove()
        assert seen
        assert STATE_UNKNOWN not in seen
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
