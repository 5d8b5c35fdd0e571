"""The last caller: known as soon as it rings, and kept over a restart."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)

from custom_components.vodia.sensor import VodiaLastCallerSensor
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, set_up, wait_for

SHOWN = ("number", "name", "time", "end_reason")


def shown(phones: Phones) -> dict[str, Any]:
    """Return what the sensor tells beside its state."""
    attributes = phones.get("45", "last_caller").attributes
    return {name: attributes[name] for name in SHOWN if name in attributes}


async def ended(hass: HomeAssistant, phones: Phones, reason: str) -> None:
    """Wait until the last call is shown to have ended so."""
    await wait_for(hass, lambda: shown(phones)["end_reason"] == reason)


async def test_last_caller(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Name, else number, as soon as it rings; then how that ended."""
    assert phones.state("45", "last_caller") == STATE_UNKNOWN
    assert shown(phones) == {}
    call = pbx.engine.ring(CALLER, "45", name="Anna")
    await phones.wait("45", "last_caller", "Anna")
    rang = shown(phones)
    assert dt_util.parse_datetime(rang["time"], raise_on_error=True).tzinfo
    assert rang == {
        "number": CALLER,
        "name": "Anna",
        "time": rang["time"],
        "end_reason": None,
    }
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(call)
    await ended(hass, phones, "completed")
    assert shown(phones) == {**rang, "end_reason": "completed"}
    pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "last_caller", SECOND_CALLER)
    assert shown(phones)["end_reason"] is None


async def test_older_and_own_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An older call that ends is not the last one, and a call that we make is none."""
    first = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "last_caller", CALLER)
    pbx.engine.answer(first, "45")
    await phones.wait("45", "in_call", "on")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "last_caller", SECOND_CALLER)
    pbx.engine.hang_up(first)
    await phones.wait("45", "in_call", "off")
    assert phones.state("45", "last_caller") == SECOND_CALLER
    assert shown(phones)["end_reason"] is None
    pbx.engine.answer(second, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(second)
    await ended(hass, phones, "completed")
    assert await call_action(hass, "dial", number=CALLER)
    await call_action(hass, "hang_up")
    await phones.wait("45", "call", "idle")
    await hass.async_block_till_done()
    assert phones.state("45", "last_caller") == SECOND_CALLER


async def test_before_the_event(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who hears the event may read who calls."""
    seen: list[str] = []
    entity_id = phones.id("45", "call", "event")

    @callback
    def look(event: Event[EventStateChangedData]) -> None:
        """Note what the sensor shows when the event comes."""
        if event.data["entity_id"] == entity_id:
            seen.append(phones.state("45", "last_caller"))

    hass.bus.async_listen("state_changed", look)
    pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: seen)
    assert seen == [CALLER]


async def test_restart(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """It is kept over a restart, and the call goes on."""
    call = pbx.engine.ring(CALLER, "45", name="Anna")
    await phones.wait("45", "last_caller", "Anna")
    before = shown(phones)
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    await phones.wait("45", "last_caller", "Anna")
    assert shown(phones) == before
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(call)
    await ended(hass, phones, "completed")
    assert shown(phones) == {**before, "end_reason": "completed"}


@pytest.mark.parametrize("extra", [None, {"number": CALLER}])
async def test_restart_without_what_was_kept(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, extra: Any
) -> None:
    """Nothing is made up; a call that was up is told at its end."""
    entity_id = (
        er.async_get(hass)
        .async_get_or_create(
            "sensor",
            "vodia",
            f"{entry.entry_id}:45:last_caller",
            config_entry=entry,
        )
        .entity_id
    )
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, CALLER), extra)])
    call = pbx.engine.ring(SECOND_CALLER, "45")
    phones = await set_up(hass, entry)
    assert phones.state("45", "last_caller") == STATE_UNKNOWN
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "last_caller", SECOND_CALLER)


def test_not_recorded() -> None:
    """Numbers and names in attributes do not go into the database."""
    assert VodiaLastCallerSensor._unrecorded_attributes == frozenset(SHOWN)


async def test_sent_here_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who was sent here is the last one to ring, though another one called later."""
    early = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(early, "41")
    # The PBX tells the second in which a call was made.
    pbx.jump(10)
    late = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "last_caller", SECOND_CALLER)
    pbx.engine.transfer(early, "41", "45")
    await phones.wait("45", "last_caller", CALLER)
    pbx.engine.answer(late, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(late)
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(early)
    await phones.wait("45", "call", "idle")
    await wait_for(hass, lambda: shown(phones)["end_reason"])
    assert phones.state("45", "last_caller") == CALLER
