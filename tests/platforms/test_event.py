"""The tracker of calls, as events: what happened, in order, once, and how it ended."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator, Stage, Switches
from tests.support.actions import call_action
from tests.support.calls import CALLER, SECOND_CALLER, CallEventRecorder
from tests.support.dialects import classic
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.outage import lose_link, reconnect, restore_link


async def test_answered_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call rings, is answered, held, resumed and completed."""
    recorder = CallEventRecorder(phones)
    assert phones.get("45", "call", "event").state == STATE_UNKNOWN
    call = pbx.engine.ring(CALLER, "45", name="Anna")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    pbx.engine.hold(call, "45")
    await phones.wait("45", "call", "held")
    pbx.engine.resume(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    heard = await recorder.expect(
        "ringing", "answered", "held", "resumed", "ended: completed"
    )
    for attributes in heard:
        assert attributes["call_id"] == call
        assert (attributes["direction"], attributes["scope"]) == (
            "incoming",
            "external",
        )
        assert (attributes["remote_number"], attributes["remote_name"]) == (
            CALLER,
            "Anna",
        )
        assert attributes["backfilled"] is False
        assert attributes["started"]
    assert heard[0]["duration"] == 0


async def test_missed_call(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that nobody answers is missed: the calls of the tenant or the history prove it."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "missed: missed", "ended: missed")


# How a call ends


async def test_answered_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """A group's call that another phone answers ends here, and is not missed."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "43")
    reason = "answered_elsewhere" if dialect == "modern" else "unknown"
    heard = await recorder.expect("ringing", f"ended: {reason}")
    assert heard[0]["dialed_number"] == "500"
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", f"ended: {reason}")


async def test_answered_elsewhere_with_an_id_for_each_leg(hass: HomeAssistant) -> None:
    """Legs belong together by caller, dialed number and start."""
    async with Simulator(Switches.modern(group_ids="per_leg")) as pbx:
        entry = create_entry(hass, pbx, {"all_entities": True})
        phones = await set_up(hass, entry)
        recorder, other = CallEventRecorder(phones), CallEventRecorder(phones, "43")
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "43")
        await recorder.expect("ringing", "ended: answered_elsewhere")
        await other.expect("ringing", "answered")
        pbx.engine.hang_up(call)
        await other.expect("ringing", "answered", "ended: completed")
        call = pbx.engine.ring(CALLER, "500")
        await wait_for(hass, lambda: len(recorder.heard) == 3)
        pbx.engine.hang_up(call)
        await wait_for(hass, lambda: recorder.events()[-1] == ("ended", "missed"))
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_answered_elsewhere_by_presence(hass: HomeAssistant) -> None:
    """In the classic dialect the presence of another account that has the call proves it."""
    switches = Switches.classic(user_calls="full", presence_first=True)
    async with Simulator(switches) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        recorder = CallEventRecorder(phones)
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "43")
        await recorder.expect("ringing", "ended: answered_elsewhere")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_outgoing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that we make is dialed, and unanswered if nobody takes it."""
    recorder = CallEventRecorder(phones)
    call = await call_action(hass, "dial", number=CALLER)
    assert call
    await wait_for(
        hass, lambda: pbx.engine.call(call["call_id"]).stage is Stage.RINGING
    )
    await recorder.expect("dialing")
    await call_action(hass, "hang_up")
    heard = await recorder.expect("dialing", "ended: unanswered")
    assert {attributes["direction"] for attributes in heard} == {"outgoing"}


async def test_what_we_do_ourselves(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that we reject or transfer is said to be so."""
    recorder = CallEventRecorder(phones)
    pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    await call_action(hass, "reject")
    await recorder.expect("ringing", "ended: rejected")
    recorder.heard.clear()
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    await call_action(hass, "transfer", number="41")
    await wait_for(hass, lambda: recorder.events()[-1] == ("ended", "transferred"))
    assert recorder.events()[-2:] == [("transferred", None), ("ended", "transferred")]


async def test_rejecting_in_vain(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What we could not do is not said to be done."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.switches.ignore_commands = True
    with pytest.raises(HomeAssistantError):
        await call_action(hass, "reject")
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: recorder.events()[-1][0] == "ended")
    assert recorder.events()[-1][1] == "missed"


async def test_two_calls(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Two calls at once have two tracker."""
    recorder = CallEventRecorder(phones)
    first = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.engine.answer(first, "45")
    await recorder.expect("ringing", "answered")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await recorder.expect("ringing", call_id=second)
    pbx.engine.hang_up(first)
    await recorder.expect("ringing", "answered", "ended: completed", call_id=first)
    pbx.engine.answer(second, "45")
    pbx.engine.hang_up(second)
    await wait_for(hass, lambda: recorder.events(second)[-1] == ("ended", "completed"))


# Outages


async def test_setup_tells_no_beginning(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """What was up at the start is not told, its end is."""
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    phones = await set_up(hass, entry)
    assert phones.get("45", "call", "event").state == STATE_UNKNOWN
    recorder = CallEventRecorder(phones)
    pbx.engine.hang_up(call)
    await recorder.expect("ended: completed")


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After an outage: what was announced ends, what came is told late, once."""
    recorder = CallEventRecorder(phones)
    gone = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    await lose_link(pbx, phones)
    await asyncio.sleep(0.2)
    assert recorder.events() == [("ringing", None)]
    pbx.engine.hang_up(gone)
    born = pbx.engine.ring(SECOND_CALLER, "45")
    await restore_link(pbx, phones)
    heard = await recorder.expect(
        "ringing", "missed: missed", "ended: missed", "ringing"
    )
    assert [bool(attributes["backfilled"]) for attributes in heard] == [
        *(False, False, False, True)
    ]
    assert heard[-1]["call_id"] == born
    pbx.engine.answer(born, "45")
    pbx.engine.hang_up(born)
    await recorder.expect("ringing", "answered", "ended: completed", call_id=born)
    assert len(recorder.events(gone)) == 3


async def test_outage_of_a_call_that_goes_on(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that outlives the outage has one story."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    await reconnect(pbx, phones)
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "ended: completed")


async def test_states_are_written_first(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who hears the event may read the sensors, and all is available again."""
    seen: list[list[str]] = []
    entity_id = phones.id("45", "call", "event")

    @callback
    def look(event: Event[EventStateChangedData]) -> None:
        """Note what the sensors show when the event comes."""
        new = event.data["new_state"]
        if (
            event.data["entity_id"] == entity_id
            and new
            and "event_type" in new.attributes
        ):
            if new.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN):
                seen.append(phones.states("45", "call", "ringing"))

    hass.bus.async_listen("state_changed", look)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await hass.async_block_till_done()
    assert seen[0] == ["ringing", "on"]


@pytest.mark.office
async def test_rings_anew_after_a_talk(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """That we have talked once is no proof that another has answered this time."""
    call = pbx.engine.ring("41", "45")
    recorder = CallEventRecorder(phones)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.transfer(call, "45", "5")
    await phones.wait("45", "call", "idle")
    pbx.engine.ring("42", "*865")
    pbx.engine.transfer(call, "41", "601")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await wait_for(hass, lambda: len(recorder.events()) >= 5)
    assert "answered_elsewhere" not in {reason for _, reason in recorder.events()}


@classic
@pytest.mark.office
@pytest.mark.all_entities
async def test_colleague_whose_call_another_answers(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """We only know that he still calls: that is not over, and in the end not unanswered."""
    recorder = CallEventRecorder(phones, "46")
    call = pbx.engine.ring("46", "601")
    await recorder.expect("dialing")
    pbx.engine.answer(call, "53")
    await phones.wait("45", "call", "idle")
    assert [kind for kind, _ in recorder.events()] == ["dialing"]
    pbx.engine.hang_up(call)
    await recorder.expect("dialing", "ended: unknown")


@classic
async def test_presence_that_is_behind(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A colleague who sent his call to us is not the one who rings, for no moment."""
    call = pbx.engine.ring("46", "41")
    pbx.engine.answer(call, "41")
    recorder = CallEventRecorder(phones, "46")
    pbx.engine.transfer(call, "46", "45")
    await phones.wait("45", "call", "ringing")
    await phones.wait("46", "in_call", "off")
    assert not recorder.heard


async def test_calls_before_a_reload_are_not_told_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An outage soon after a reload does not bring back what was told before it."""
    pbx.switches.rest_status.pop("history", None)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    recorder = CallEventRecorder(phones)
    await reconnect(pbx, phones)
    missed = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "call", "ringing")
    assert {attributes["call_id"] for attributes in recorder.heard} == {missed}
