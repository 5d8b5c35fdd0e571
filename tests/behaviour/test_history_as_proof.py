"""The history of the line as proof: how calls ended, and what went by in an outage."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches
from tests.support.automations import attach
from tests.support.calls import CALLER, MISSED, SECOND_CALLER, CallEventRecorder
from tests.support.entry import Phones, create_entry, device, set_up, wait_for
from tests.support.outage import lose_link, restore_link
from tests.support.timing import set_timing


@pytest.fixture(params=["classic", "modern"])
async def pbx(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """Return a PBX that tells the calls of our own extension only."""
    own_only: dict[str, Any] = {"modern": {"domain_calls": False}}
    switches = getattr(Switches, request.param)(**own_only.get(request.param, {}))
    async with Simulator(switches) as pbx:
        yield pbx


async def missed(
    pbx: Simulator, recorder: CallEventRecorder, called: str = "45"
) -> str:
    """Let a call ring in vain."""
    call = pbx.engine.ring(CALLER, called)
    await wait_for(
        recorder.phones.hass, lambda: recorder.events(None)[-1:] == [("ringing", None)]
    )
    pbx.engine.hang_up(call)
    return call


# While we listen


async def test_missed(pbx: Simulator, phones: Phones) -> None:
    """A call that rang here and that nobody answered is missed."""
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    # The states do not wait for the proof.
    await phones.wait("45", "ringing", "off")
    await recorder.expect("ringing", *MISSED)


async def test_answered_elsewhere(pbx: Simulator, phones: Phones) -> None:
    """A call that was talked in, and not here, was answered elsewhere."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "43")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "ended: answered_elsewhere")


async def test_group(pbx: Simulator, phones: Phones) -> None:
    """Whether anybody of a group has missed a call, the history of one does not prove."""
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder, "500")
    await recorder.expect("ringing", "ended: unknown")


async def test_late(pbx: Simulator, phones: Phones) -> None:
    """The history is asked again if it is not written yet."""
    pbx.switches.history_delay = 0.15
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await recorder.expect("ringing", *MISSED)


async def test_too_late(pbx: Simulator, phones: Phones) -> None:
    """Where it stays silent, the reason is not known; and the call ends all the same."""
    pbx.switches.history_delay = 60
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await recorder.expect("ringing", "ended: unknown")


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500, "html", "hang"])
async def test_no_history(pbx: Simulator, phones: Phones, status: Any) -> None:
    """A PBX without a history for us proves nothing, and disturbs nothing."""
    for kind in ("history", "json"):
        if isinstance(status, int):
            pbx.switches.rest_status[kind] = status
        else:
            pbx.switches.faults[kind] = status
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await recorder.expect("ringing", "ended: unknown")
    if status in (401, 403, 404, 405):
        # Nobody asks in vain twice: the end is told in the turn of its frame.
        await missed(pbx, recorder)
        await phones.wait("45", "ringing", "off")
        assert recorder.events()[-1] == ("ended", "unknown")
    assert phones.state("", "connected") == "on"


async def test_two_at_once(pbx: Simulator, phones: Phones) -> None:
    """Each call waits for its own proof."""
    pbx.switches.history_delay = 0.1
    recorder = CallEventRecorder(phones)
    first = pbx.engine.ring(CALLER, "45")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await wait_for(recorder.phones.hass, lambda: len(recorder.heard) == 2)
    pbx.engine.hang_up(first)
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(second)
    await recorder.expect("ringing", *MISSED, call_id=first)
    await recorder.expect("ringing", *MISSED, call_id=second)


async def test_lost_while_waiting(pbx: Simulator, phones: Phones) -> None:
    """A call that is over when the link is lost ends after it is back, once."""
    pbx.switches.history_delay = 0.15
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await phones.wait("45", "ringing", "off")
    await lose_link(pbx, phones)
    await asyncio.sleep(0.2)
    assert recorder.events() == [("ringing", None)]
    await restore_link(pbx, phones)
    await recorder.expect("ringing", *MISSED)


# Outages


async def test_came_and_went(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Calls that came and went are told late, in their order, as what they are."""
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await recorder.expect("ringing", *MISSED)
    recorder.heard.clear()
    asked, others = [
        await attach(hass, "call_ringing", device(phones, "45"), backfilled=wanted)
        for wanted in (True, False)
    ]
    # Without an id calls are told apart by their start, to the second.
    await asyncio.sleep(1.1)
    await lose_link(pbx, phones)
    first = pbx.engine.ring(CALLER, "45", name="Anna")
    pbx.engine.hang_up(first)
    second = pbx.engine.ring(SECOND_CALLER, "45", name="Bea")
    pbx.engine.answer(second, "45")
    await asyncio.sleep(1.1)
    pbx.engine.hang_up(second)
    third = pbx.engine.ring("45", CALLER)
    pbx.engine.hang_up(third)
    await restore_link(pbx, phones)
    heard = await recorder.expect(
        "ringing",
        *MISSED,
        *("ringing", "answered", "ended: completed"),
        *("dialing", "ended: unanswered"),
    )
    assert all(attributes["backfilled"] for attributes in heard)
    assert [attributes["remote_name"] for attributes in heard[:4:3]] == ["Anna", "Bea"]
    assert heard[5]["duration"] == 1
    assert phones.state("45", "last_caller") == "Bea"
    # Who has not asked for them is not disturbed.
    assert len(asked) == 2
    assert not others
    # They are told once.
    await lose_link(pbx, phones)
    await restore_link(pbx, phones)
    await asyncio.sleep(0.2)
    assert len(recorder.heard) == 8


async def test_announced_before(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An announced call that was answered and ended meanwhile was completed."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    await lose_link(pbx, phones)
    pbx.engine.answer(call, "45")
    pbx.engine.hang_up(call)
    await restore_link(pbx, phones)
    heard = await recorder.expect("ringing", "answered", "ended: completed")
    assert [attributes["backfilled"] for attributes in heard] == [False, True, False]


async def test_announced_and_not_known(pbx: Simulator, phones: Phones) -> None:
    """Without a history an announced call ends, nobody knows how."""
    pbx.switches.rest_status |= {"history": 404, "json": 404}
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    await lose_link(pbx, phones)
    pbx.engine.hang_up(call)
    pbx.engine.hang_up(pbx.engine.ring(SECOND_CALLER, "45"))
    await restore_link(pbx, phones)
    await recorder.expect("ringing", "ended: unknown")


async def test_history_of_earlier_days(hass: HomeAssistant, pbx: Simulator) -> None:
    """What stood there before the start, or was told, is not told again."""
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    for record in pbx.engine.tenant("localhost").history:
        object.__setattr__(record, "start", record.start - 3600)
    phones = await set_up(hass, create_entry(hass, pbx))
    recorder = CallEventRecorder(phones)
    await lose_link(pbx, phones)
    await restore_link(pbx, phones)
    await asyncio.sleep(0.2)
    assert not recorder.heard
    assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_calls_of_before_a_reload(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What was told before a reload is not told again, even if it ended after."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "44")
    await recorder.expect("ringing", "ended: unknown")
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    pbx.engine.hang_up(call)
    recorder.heard.clear()
    await lose_link(pbx, phones)
    await restore_link(pbx, phones)
    await asyncio.sleep(0.2)
    assert not recorder.heard


async def test_pbx_with_another_time(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX that is a day ahead does not tell its whole day again."""
    pbx.jump(86400)
    recorder = CallEventRecorder(phones)
    await missed(pbx, recorder)
    await recorder.expect("ringing", *MISSED)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    # Without an id calls are told apart by their start, to the second.
    await asyncio.sleep(1.1)
    recorder.heard.clear()
    await missed(pbx, recorder)
    await recorder.expect("ringing", *MISSED)
    await asyncio.sleep(1.1)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(pbx.engine.ring(SECOND_CALLER, "45", name="Bea"))
    await restore_link(pbx, phones)
    heard = await recorder.expect("ringing", *MISSED, "ringing", *MISSED)
    assert heard[3]["remote_name"] == "Bea"


async def test_slow_history_does_not_keep_the_link_away(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The present does not wait for the past: it is told when it comes."""
    loop = asyncio.get_running_loop()
    set_timing(hass, proof=30.0)
    phones = await set_up(hass, entry)
    recorder = CallEventRecorder(phones)
    await asyncio.sleep(1.1)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45", name="Anna"))
    pbx.switches.faults |= {"history": "hang", "json": "hang"}
    began = loop.time()
    await restore_link(pbx, phones)
    assert loop.time() - began < 2
    assert phones.state("45", "call") == "idle"
    # Without an id calls are told apart by their start, to the second.
    await asyncio.sleep(1.1)
    now = pbx.engine.ring(SECOND_CALLER, "45", name="Bea")
    await recorder.expect("ringing", call_id=now)
    pbx.switches.faults.clear()
    heard = await recorder.expect("ringing", "ringing", *MISSED)
    assert [attributes["remote_name"] for attributes in heard] == [
        "Bea",
        *["Anna"] * 3,
    ]
    # Who rings now is still the last one to call.
    assert phones.state("45", "last_caller") == "Bea"


@pytest.mark.parametrize("fault", ["hang", "late"])
async def test_end_is_told_in_time(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, fault: str
) -> None:
    """However slow the history is, an end waits three seconds for it and no more."""
    set_timing(hass, proof=3.0, ask_proof_again=1.0, request=10.0)
    phones = await set_up(hass, entry)
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    if fault == "hang":
        pbx.switches.faults |= {"history": "hang", "json": "hang"}
    else:
        pbx.switches.history_delay = 60
        # Each answer comes late as well.
        pbx.switches.latency = 0.9
    loop = asyncio.get_running_loop()
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    began = loop.time()
    await recorder.expect("ringing", "ended: unknown")
    assert loop.time() - began < 3.1
