"""How a command is carried out: once, by REST or the socket, and taken back if not done."""

import asyncio
from typing import Any

import pytest

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.control.commands import Control
from custom_components.vodia.pbx.control.executor import record_outcome
from custom_components.vodia.pbx.errors import (
    AccessOffError,
    CannotConnectError,
    HeldElsewhereError,
    MethodNotAllowedError,
    NotConfirmedError,
    NotConnectedError,
    NotFoundError,
    NotSupportedError,
    PbxError,
    UnexpectedReplyError,
    UnknownCallError,
)
from custom_components.vodia.pbx.models import EndReason
from custom_components.vodia.pbx.state.holds import Hold
from tests.support.command_port import FakePort, call

RING, TALK, HELD = (call("a", word) for word in ("alerting", "connected", "holding"))
ANSWER = ("POST", "calls", {"remote-answer": "a"})
ACCEPT = {"action": "accept-call", "id": "a"}
LISTED = [{"id": "a"}]


def commands(port: FakePort) -> list[tuple[str, str, object]]:
    """Return what was asked of REST but for questions."""
    return [asked for asked in port.asked if asked[0] != "GET"]


async def answer(port: FakePort) -> None:
    """Answer the call that rings, and let the PBX do so."""
    port.lists(RING)
    port.next.append([TALK])
    port.asked.clear()
    port.sent.clear()
    await Control(port).answer()


@pytest.mark.parametrize(
    ("calls", "post", "asked", "sent"),
    [
        # REST serves it, whether it names the calls or not.
        (LISTED, {}, [ANSWER], []),
        ([], {}, [ANSWER], []),
        # REST has no calls, or knows them by other ids: it is not even tried.
        (NotFoundError("404"), {}, [], [ACCEPT]),
        (MethodNotAllowedError("405"), {}, [], [ACCEPT]),
        (AccessOffError("403"), {}, [], [ACCEPT]),
        (UnexpectedReplyError("500"), {}, [], [ACCEPT]),
        ([{"id": "other"}], {}, [], [ACCEPT]),
        # REST refuses the command, so the PBX has not done it.
        (LISTED, MethodNotAllowedError("405"), [ANSWER], [ACCEPT]),
        (LISTED, AccessOffError("403"), [ANSWER], [ACCEPT]),
        ([], NotFoundError("404"), [ANSWER], [ACCEPT]),
    ],
)
async def test_rest_or_socket(
    port: FakePort, calls: Any, post: Any, asked: list[Any], sent: list[Any]
) -> None:
    """A command that REST does not serve goes over the socket; no other one does."""
    port.replies = {"GET calls": calls, "POST calls": post}
    await answer(port)
    assert (commands(port), port.sent) == (asked, sent)
    assert port.trace.commands == {"answer: confirmed": 1}


@pytest.mark.parametrize(
    ("post", "error"),
    [
        (NotFoundError("404"), UnknownCallError),
        (UnexpectedReplyError("500"), UnexpectedReplyError),
        (CannotConnectError("reset"), CannotConnectError),
    ],
)
async def test_never_twice(
    port: FakePort, post: PbxError, error: type[PbxError]
) -> None:
    """What REST may have done is not done again over the socket."""
    port.replies = {"GET calls": LISTED, "POST calls": post}
    with pytest.raises(error):
        await answer(port)
    assert (commands(port), port.sent) == ([ANSWER], [])


async def test_a_refusal_counts_for_a_while(port: FakePort) -> None:
    """The kind of command that was refused twice is asked for again later."""
    port.replies = {"GET calls": LISTED, "POST calls": MethodNotAllowedError("405")}
    for expected in ([ANSWER], [ANSWER], []):
        await answer(port)
        assert (commands(port), port.sent) == (expected, [ACCEPT])
    port.now += 61
    port.replies["POST calls"] = {}
    for _ in range(2):
        await answer(port)
        assert (commands(port), port.sent) == ([ANSWER], [])


async def test_only_refusals_in_a_row_count(port: FakePort) -> None:
    """A kind of command that was served in between is not refused for good."""
    port.replies["GET calls"] = LISTED
    for error in (AccessOffError("403"), None, AccessOffError("403"), None):
        port.replies["POST calls"] = error or {}
        await answer(port)
        assert commands(port) == [ANSWER]


async def test_another_call_comes_meanwhile(port: FakePort) -> None:
    """A command is for the call that was there when it was given, and for no other."""
    request, other = port.request, call("b", "alerting")

    async def slow(*args: Any, **kwargs: Any) -> Any:
        """Reply when another call has come."""
        port.lists(RING, other)
        return await request(*args, **kwargs)

    port.request = slow  # type: ignore[method-assign]
    port.lists(RING)
    port.next.append([TALK, other])
    assert (await Control(port).answer()).id == "a"
    assert port.sent == [ACCEPT]


async def test_ids_are_learned_once(port: FakePort) -> None:
    """Where REST knows the ids it is not asked again; an empty list shows nothing."""
    port.replies = {"GET calls": [], "POST calls": {}}
    learned = []
    for listed in ([], LISTED):
        port.replies["GET calls"] = listed
        await answer(port)
        learned.append(port.capabilities.rest_ids)
    assert learned == [None, True]
    assert port.trace.met[Assumption.REST_KNOWS_THE_IDS] == 1
    await answer(port)
    assert port.asked == [ANSWER]


@pytest.mark.parametrize(("connected", "key"), [(True, None), (False, "not_connected")])
async def test_expected_end_is_taken_back(
    port: FakePort, connected: bool, key: str | None
) -> None:
    """Who fails to reject a call has not rejected it when it ends."""
    noted: list[tuple[str, ...]] = []
    port.tracker.expect_end = lambda *about: noted.append(about)  # type: ignore[method-assign]
    port.tracker.cancel_expected_end = lambda *about: noted.append(("not", *about))  # type: ignore[method-assign]
    port.lists(RING)
    port.is_connected = connected
    with pytest.raises(PbxError) as caught:
        await Control(port).reject()
    assert caught.value.key == (key or NotConfirmedError.key)
    assert noted == [("45", "a", EndReason.REJECTED), ("not", "45", "a")]


async def test_hang_up_of_a_talk_is_no_rejection(port: FakePort) -> None:
    """Only a call that rings is rejected, so nothing is noted for another one."""
    port.tracker.expect_end = None  # type: ignore[assignment, method-assign]
    port.lists(TALK)
    port.next.append([])
    await Control(port).hang_up()
    assert port.sent == [{"action": "clear-call", "id": "a", "connected": "false"}]


@pytest.mark.parametrize(
    ("connected", "error"), [(False, NotConnectedError), (True, NotConfirmedError)]
)
async def test_dialing_is_taken_back(
    port: FakePort, connected: bool, error: type[PbxError]
) -> None:
    """A number that was dialed in vain makes no call of ours of the next one."""
    port.is_connected = connected
    with pytest.raises(error):
        await Control(port).dial("+4930111111")
    port.lists({**RING, "from": RING["to"], "to": RING["from"]})
    assert not port.live_state.memory.dials
    assert not port.live_state.memory.dialed


async def test_dialed_call_is_found(port: FakePort) -> None:
    """The call with the number that was dialed is returned; a late error is no error."""
    port.replies = {"GET calls": [], "POST calls": UnexpectedReplyError("500")}
    dialed = {**RING, "from": RING["to"], "to": RING["from"]}
    request = port.request

    async def late(*args: Any, **kwargs: Any) -> Any:
        """Dial, and fail after that."""
        if args[0] == "POST":
            port.lists(dialed)
        return await request(*args, **kwargs)

    port.request = late  # type: ignore[method-assign]
    found = await Control(port).dial("+49 30 111111")
    assert (found.id, found.remote.number) == ("a", "+4930111111")
    assert port.sent == []


@pytest.mark.parametrize(
    ("comes", "hold"), [([HELD], Hold.HELD_BY_US), (None, Hold.UNCERTAIN)]
)
async def test_hold(port: FakePort, comes: list[Any] | None, hold: Hold) -> None:
    """A toggle that shows is ours; one that does not may come late, and stays in doubt."""
    port.lists(TALK)
    control = Control(port)
    if comes:
        port.next.append(comes)
        await control.hold()
    else:
        with pytest.raises(NotConfirmedError):
            await control.hold()
    assert port.live_state.holds.by_call == {"a": hold}
    assert port.sent == [{"action": "hold-call", "id": "a"}]


@pytest.mark.parametrize(
    ("hold", "error"),
    [
        (None, HeldElsewhereError),
        (Hold.PENDING, NotConfirmedError),
        (Hold.RESUMING, NotConfirmedError),
        (Hold.UNCERTAIN, NotConfirmedError),
    ],
)
async def test_no_toggle_in_doubt(
    port: FakePort, hold: Hold | None, error: type[PbxError]
) -> None:
    """What may do the opposite is not sent, and changes nothing that is known."""
    port.lists(HELD)
    if hold:
        port.live_state.holds.by_call["a"] = hold
    with pytest.raises(error):
        await Control(port).resume()
    assert port.sent == []
    assert port.live_state.holds.by_call.get("a") is hold


async def test_resume_over_rest_needs_no_hold_of_ours(port: FakePort) -> None:
    """REST has a word of its own for it, which does nothing else."""
    port.replies = {"GET calls": LISTED, "POST calls": {}}
    port.lists(HELD)
    port.next.append([TALK])
    await Control(port).resume()
    assert commands(port) == [("POST", "calls", {"remote-resume": "a"})]


async def test_unknown_other_side(port: FakePort) -> None:
    """The socket wants the number of the other side, so without it nothing is sent."""
    port.lists(call("a", "connected", "anonymous"))
    with pytest.raises(NotSupportedError):
        await Control(port).transfer("41")
    assert port.sent == []


async def test_call_ends_meanwhile(port: FakePort) -> None:
    """Who waits for a call that ends waits no longer."""
    port.lists(RING)
    port.next += [[RING], []]
    with pytest.raises(UnknownCallError):
        await Control(port).answer()
    assert port.trace.commands == {"answer: call_ended": 1}


async def test_transferred_to_a_group_of_its_own(port: FakePort) -> None:
    """A call that was connected and rings here again has been sent on."""
    port.lists(TALK)
    port.next.append([RING])
    await Control(port).transfer("41")
    assert port.trace.commands == {"transfer: confirmed": 1}


async def test_answer_that_does_not_come(port: FakePort) -> None:
    """A PBX that says nothing ends the command in time, and what it noted is taken back."""
    port.request = lambda *args: asyncio.Event().wait()  # type: ignore[method-assign, assignment]
    begun = asyncio.get_running_loop().time()
    with pytest.raises(CannotConnectError):
        await answer(port)
    took = asyncio.get_running_loop().time() - begun
    assert took == pytest.approx(port.timing.confirm, abs=0.5)
    assert port.sent == []


async def test_toggles_wait_for_each_other(port: FakePort) -> None:
    """A second toggle of a call waits for the first one, but no longer than it may."""
    port.lists(TALK)
    control, done = Control(port), asyncio.Event()
    port.send = lambda *args, **kwargs: done.wait()  # type: ignore[method-assign, assignment]
    first = asyncio.create_task(control.hold())
    await asyncio.sleep(port.timing.confirm / 2)
    second = asyncio.create_task(control.hold())
    with pytest.raises(CannotConnectError):
        await first
    # The first one may still have been carried out: nobody knows what a second would do.
    with pytest.raises(NotConfirmedError):
        await second
    assert port.trace.commands == {"hold: cannot_connect": 1, "hold: not_confirmed": 1}


@pytest.mark.parametrize(
    ("error", "outcome", "met", "broken"),
    [
        (None, "confirmed", 1, 0),
        (NotConfirmedError("no"), "not_confirmed", 0, 1),
        (NotConnectedError("no"), "not_connected", 0, 0),
        (asyncio.CancelledError(), "aborted", 0, 0),
    ],
)
def test_outcome(
    port: FakePort, error: BaseException | None, outcome: str, met: int, broken: int
) -> None:
    """Each end of a command is counted; only some say what the PBX does."""
    trace = port.trace
    try:
        with record_outcome(trace, "park"):
            if error:
                raise error
    except PbxError, asyncio.CancelledError:
        assert error
    assert trace.commands == {f"park: {outcome}": 1}
    done = Assumption.COMMANDS_ARE_CARRIED_OUT
    assert (trace.met[done], trace.broken[done]) == (met, broken)
