"""An act leaves nothing behind: what was noted for it ends with it, however it ends.

And it takes no longer than it may, and waits for no other one.
"""

import asyncio
from contextlib import suppress
import json
import time
from typing import Any

import pytest

from custom_components.vodia.pbx.control.executor import probe_rest_calls
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from rig.timing import QUICK
from simulator import Simulator, Switches
from tests.support.actions import call_action, expect_error
from tests.support.calls import (
    CALLER,
    CALLS_PATH,
    SECOND_CALLER,
    CallEventRecorder,
    call_states,
    connected,
    ringing,
)
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, device, set_up, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link, restore_link

# Longer than an act may take.
LONG = QUICK.confirm * 1.2


async def asked(hass: HomeAssistant, pbx: Simulator, words: str) -> None:
    """Wait until the PBX is asked for something, by either way."""
    await wait_for(hass, lambda: words in f"{pbx.received} {pbx.bodies} {pbx.requests}")


async def stop(task: asyncio.Task[Any]) -> None:
    """Stop an action, as the restart of its automation does."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def fails(task: asyncio.Task[Any], key: str) -> None:
    """Expect an action to fail."""
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == key


# What ends a call afterwards was not us


@classic
@pytest.mark.parametrize("action", ["transfer", "park", "join"])
async def test_refused_before_it_is_sent(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, action: str
) -> None:
    """A command that is never sent has not ended the call that ends later."""
    recorder = CallEventRecorder(phones)
    call = {
        "id": "c1",
        "from": '"Anonymous" <sip:anonymous@localhost>',
        "to": "<sip:45@localhost>",
        "callstate": "connected",
    }
    other = {**call, "id": "c2", "from": f"<sip:{CALLER}@localhost>"}
    calls = [call, other] if action == "join" else [call]
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": calls}))
    await wait_for(hass, lambda: len(call_states(phones)) == len(calls))
    data = {
        "transfer": {"number": "42"},
        "park": {"orbit": "5"},
        "join": {"call_id": "c1", "second_call_id": "c2"},
    }[action]
    name = "transfer" if action == "join" else action
    await expect_error(hass, "not_supported", name, error=HomeAssistantError, **data)
    assert "transfer" not in str(pbx.received)
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": []}))
    await wait_for(hass, lambda: not call_states(phones))
    await wait_for(hass, lambda: recorder.events("c1")[-1][0] == "ended")
    assert recorder.events("c1") == [("answered", None), ("ended", "completed")]


REJECT: dict[str, Any] = {}
ENDS = [
    pytest.param("reject", REJECT, "missed", id="reject"),
    pytest.param("transfer", {"number": "41"}, "missed", id="deflect"),
    pytest.param("transfer", {"number": "41"}, "completed", id="transfer"),
    pytest.param("park", {}, "completed", id="park"),
    pytest.param("transfer", {"second_call_id": "B"}, "completed", id="join"),
]


async def begin(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, data: Any, reason: str
) -> tuple[str, dict[str, Any]]:
    """Let the call come that an act is for; return its id and the data of the act."""
    if reason == "missed":
        return await ringing(pbx, phones), data
    call = await connected(pbx, phones)
    if "second_call_id" in data:
        data = {
            "call_id": call,
            "second_call_id": await connected(pbx, phones, SECOND_CALLER),
        }
    return call, data


async def end(
    pbx: Simulator, recorder: CallEventRecorder, call: str, reason: str
) -> None:
    """Let the caller hang up, and expect that nobody takes it for our doing."""
    pbx.engine.hang_up(call)
    await wait_for(
        recorder.phones.hass, lambda: recorder.events(call)[-1][0] == "ended"
    )
    begun = [("ringing", None)]
    if reason == "missed":
        assert recorder.events(call) == [
            *begun,
            ("missed", "missed"),
            ("ended", "missed"),
        ]
    else:
        assert recorder.events(call) == [*begun, ("answered", None), ("ended", reason)]


@modern
@pytest.mark.parametrize(("action", "data", "reason"), ENDS)
@pytest.mark.parametrize(
    ("fault", "key"),
    [(500, "unexpected_reply"), ("hang", "cannot_connect"), ("redirect", None)],
    ids=str,
)
async def test_failed(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: Any,
    reason: str,
    fault: Any,
    key: str | None,
) -> None:
    """A command that the PBX fails has not ended the call that ends later."""
    recorder = CallEventRecorder(phones)
    call, data = await begin(hass, pbx, phones, data, reason)
    # It has served commands before.
    await probe_rest_calls(phones.entry.runtime_data.client.own)
    pbx.switches.faults["calls"] = fault
    task = hass.async_create_task(call_action(hass, action, **data))
    await fails(task, key or "unexpected_reply")
    assert call in call_states(phones)
    pbx.switches.faults.clear()
    await end(pbx, recorder, call, reason)


@pytest.mark.parametrize(("action", "data", "reason"), ENDS)
async def test_stopped(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    dialect: str,
    action: str,
    data: Any,
    reason: str,
) -> None:
    """An automation that is stopped while it waits leaves nothing expected."""
    recorder = CallEventRecorder(phones)
    call, data = await begin(hass, pbx, phones, data, reason)
    pbx.switches.ignore_commands = True
    pbx.received.clear()
    task = hass.async_create_task(call_action(hass, action, **data))
    words = CALLS_PATH if dialect == "modern" else "'id':"
    await asked(hass, pbx, words)
    await asyncio.sleep(0.05)
    await stop(task)
    await asyncio.sleep(LONG)
    await end(pbx, recorder, call, reason)


@pytest.mark.parametrize(("action", "data", "reason"), ENDS[:1])
async def test_lost_while_it_waits(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: Any,
    reason: str,
) -> None:
    """An act whose link is lost leaves nothing expected over the next one."""
    recorder = CallEventRecorder(phones)
    call, data = await begin(hass, pbx, phones, data, reason)
    pbx.switches.ignore_commands = True
    task = hass.async_create_task(call_action(hass, action, **data))
    await asyncio.sleep(0.1)
    await pbx.cut()
    await fails(task, "not_connected")
    await phones.wait("45", "call", "ringing")
    await end(pbx, recorder, call, reason)


@modern
async def test_further_line_that_the_watcher_tells(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What a line ends is told as ended by us, also where its list comes later."""
    await has_line(phones)
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    link = phones.entry.runtime_data.client.own.live
    slow, taken = link.handle, []

    def late(message: Any) -> None:
        """Take in what is told a little later than the line does."""
        taken.append(message)
        hass.loop.call_later(0.1, slow, message)

    link.handle = late
    await call_action(hass, "reject", target=device(phones, "41"))
    assert taken
    link.handle = slow
    await recorder.expect("ringing", "ended: rejected")
    assert call not in {each.id for each in pbx.engine.calls()}
    await asyncio.sleep(0.2)


# Who calls afterwards was not dialed


async def check_not_expected(phones: Phones, pbx: Simulator) -> None:
    """Expect a call of the number that was dialed in vain to ring as any other."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    state = phones.get("45", "call")
    assert (state.state, state.attributes["direction"]) == ("ringing", "incoming")
    await recorder.expect("ringing")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "missed: missed", "ended: missed")


@pytest.mark.parametrize("end", ["stopped", "not_connected", "not_confirmed"])
async def test_dialed_in_vain(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, end: str
) -> None:
    """However a dialing ends that makes no call, who calls back is no call of ours."""
    pbx.switches.ignore_commands = True
    task = hass.async_create_task(call_action(hass, "dial", number=CALLER))
    await asked(hass, pbx, CALLER)
    await asyncio.sleep(0.05)
    match end:
        case "stopped":
            await stop(task)
            await asyncio.sleep(LONG)
        case "not_connected":
            await pbx.cut()
            await fails(task, end)
            await phones.wait("", "connected", "on")
        case _:
            await fails(task, end)
    await check_not_expected(phones, pbx)


@modern
@pytest.mark.parametrize("fault", [500, "hang", "reset"])
async def test_dialing_fails(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, fault: Any
) -> None:
    """Nor is it where the PBX fails the command, or says nothing."""
    await probe_rest_calls(phones.entry.runtime_data.client.own)
    pbx.switches.faults["calls"] = fault
    with pytest.raises(HomeAssistantError):
        await call_action(hass, "dial", number=CALLER)
    pbx.switches.faults.clear()
    await check_not_expected(phones, pbx)


async def test_retrieved_call_is_not_expected_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A retrieval that brings the parked call itself leaves no dialing behind."""
    call = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call, "41")
    pbx.engine.transfer(call, "41", "5")
    await phones.wait("5", "occupied", "on")
    pbx.switches.dial_pickup = 0
    await call_action(hass, "retrieve")
    await wait_for(hass, lambda: pbx.engine.call(call).talks("45"))
    client = phones.entry.runtime_data.client
    assert not client.tenant.memory.dials


# The hold outlives the link


@classic
async def test_own_hold_outlives_the_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that is held in the last list and in the first one is held by us still."""
    call = await connected(pbx, phones)
    await call_action(hass, "hold")
    for _ in range(2):
        await pbx.cut()
        await phones.wait("", "connected", "off")
        await phones.wait("45", "call", "held")
    await call_action(hass, "resume")
    assert not pbx.engine.call(call).held_by


@classic
@pytest.mark.parametrize("hold", ["here", "at the phone"])
async def test_resumed_in_the_gap(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, hold: str
) -> None:
    """What was not held at both ends of the gap is not held by us."""
    call = await connected(pbx, phones)
    if hold == "here":
        await call_action(hass, "hold")
    await lose_link(pbx, phones)
    if hold == "here":
        pbx.engine.resume(call, "45")
    else:
        pbx.engine.hold(call, "45")
    await restore_link(pbx, phones)
    if hold == "here":
        await phones.wait("45", "call", "connected")
        pbx.engine.hold(call, "45")
    await phones.wait("45", "call", "held")
    await expect_error(hass, "held_elsewhere", "resume")
    assert pbx.engine.call(call).held_by == {"45"}


@classic
@pytest.mark.parametrize("gap", [True, False], ids=["outage", "one link"])
async def test_another_call_with_the_id(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, gap: bool
) -> None:
    """An id that comes again is another call: its hold is not ours."""
    call = await connected(pbx, phones)
    await call_action(hass, "hold")
    again = pbx.engine.call(call)
    listed: dict[str, Any] = {
        "id": call,
        "from": f"<sip:{SECOND_CALLER}@localhost>",
        "to": "<sip:45@localhost>",
        "callstate": "onhold",
        "start": again.start + 60,
    }
    if gap:
        await lose_link(pbx, phones)
        # The PBX has been started anew, and counts from the beginning.
        again.start += 60
        again.caller = type(again.caller)(SECOND_CALLER)
        await restore_link(pbx, phones)
    else:
        await pbx.send_raw(json.dumps({"action": "call-state", "calls": []}))
        await phones.wait("45", "call", "idle")
        await pbx.send_raw(json.dumps({"action": "call-state", "calls": [listed]}))
    await phones.wait("45", "call", "held")
    await expect_error(hass, "held_elsewhere", "resume")


@classic
async def test_doubt_about_a_toggle_ends_with_the_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A hold that showed no effect over a link that is gone will show none any more."""
    await connected(pbx, phones)
    pbx.switches.ignore_commands = True
    await expect_error(hass, "not_confirmed", "hold", error=HomeAssistantError)
    pbx.switches.ignore_commands = False
    await expect_error(hass, "not_confirmed", "hold", error=HomeAssistantError)
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await phones.wait("45", "call", "connected")
    await call_action(hass, "hold")
    await call_action(hass, "resume")


@classic
async def test_resumption_that_the_gap_swallows(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that is still held by us after a lost resumption can be resumed."""
    call = await connected(pbx, phones)
    await call_action(hass, "hold")
    pbx.switches.ignore_commands = True
    task = hass.async_create_task(call_action(hass, "resume"))
    await wait_for(
        hass, lambda: [f["action"] for f in pbx.received].count("hold-call") == 2
    )
    await pbx.cut()
    await fails(task, "not_connected")
    pbx.switches.ignore_commands = False
    await phones.wait("45", "call", "held")
    await call_action(hass, "resume")
    assert not pbx.engine.call(call).held_by


# Its time, and that of others


async def check_time(
    hass: HomeAssistant, task: asyncio.Task[Any], key: str | None = None
) -> None:
    """Expect an action to fail in the time that an act may take."""
    began = time.monotonic()
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert key in (None, raised.value.translation_key)
    assert time.monotonic() - began < QUICK.confirm + 0.3


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("answer", {}),
        ("reject", {}),
        ("dial", {"number": CALLER}),
        ("set_dnd", {"enabled": True}),
        ("set_call_forwarding", {"when": "busy", "number": "41"}),
        ("retrieve", {"orbit": "5"}),
    ],
)
async def test_half_open(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, action: str, data: Any
) -> None:
    """Over a link that is dead and not known to be so an act ends in its time, too."""
    call = pbx.engine.ring(SECOND_CALLER, "41")
    pbx.engine.answer(call, "41")
    pbx.engine.transfer(call, "41", "5")
    await phones.wait("5", "occupied", "on")
    await ringing(pbx, phones)
    pbx.freeze()
    try:
        await check_time(
            hass, hass.async_create_task(call_action(hass, action, **data))
        )
    finally:
        pbx.thaw()


@modern
async def test_slow_answers_add_up(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The time is that of the act, not of each of its steps."""
    await ringing(pbx, phones)
    pbx.switches.latency = QUICK.confirm * 0.4
    pbx.switches.ignore_commands = True
    task = hass.async_create_task(call_action(hass, "answer"))
    await check_time(hass, task, "not_confirmed")
    pbx.switches.latency = 0


async def test_a_hold_waits_for_no_other_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """While a hold waits for its effect another call can be held."""
    first = await connected(pbx, phones)
    second = await connected(pbx, phones, SECOND_CALLER)
    pbx.switches.ignore_commands = True
    waiting = hass.async_create_task(call_action(hass, "hold", call_id=first))
    await asked(hass, pbx, first)
    await asyncio.sleep(0.05)
    pbx.switches.ignore_commands = False
    began = time.monotonic()
    await call_action(hass, "hold", call_id=second)
    assert time.monotonic() - began < QUICK.confirm / 2
    assert not waiting.done()
    assert pbx.engine.call(second).held_by == {"45"}
    await fails(waiting, "not_confirmed")


@modern
async def test_a_flag_that_hangs(hass: HomeAssistant, offers: None) -> None:
    """A service flag is set in the time of an act, or not."""
    async with Simulator(Switches.modern()) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        flag = next(
            number
            for number, account in pbx.engine.tenant("localhost").accounts.items()
            if account.type == "srvflags" and account.mode == "manual"
        )
        client = phones.entry.runtime_data.client
        await wait_for(
            hass, lambda: flag in (client.own.data.values.service_flags or {})
        )
        pbx.switches.faults["srvflags"] = "hang"
        began = time.monotonic()
        with pytest.raises(HomeAssistantError):
            await hass.services.async_call(
                "switch",
                "turn_on",
                {"entity_id": phones.id(flag, "active", "switch")},
                blocking=True,
            )
        assert time.monotonic() - began < QUICK.confirm + 0.3
        pbx.switches.faults.clear()
