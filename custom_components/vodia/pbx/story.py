"""The story of each call for each account: what happened, from what is told.

Pure and synchronous. The PBX tells states, never what happened, and no reason why a call
ended: both follow from two states and from proof. What is not proven is `unknown`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from .models import (
    IN_CALL,
    AccountCall,
    Call,
    CallEvent,
    CallEventType,
    CallScope,
    CallState,
    Direction,
    EndReason,
    Party,
)
from .state import PbxState

# Seconds by which the starts of the legs of one call may differ.
_LEG_SPREAD: Final = 2.0

_BEGINS: Final = {
    CallState.RINGING: CallEventType.RINGING,
    CallState.DIALING: CallEventType.DIALING,
    CallState.CONNECTED: CallEventType.ANSWERED,
    CallState.HELD: CallEventType.ANSWERED,
}

# Caller, dialed number and start of a call.
type _Ends = tuple[str | None, str | None, float | None]


@dataclass(slots=True)
class _Story:
    """A call of an account so far; `answered` is a time of ours, if we saw it.

    It is `doubted` while the call may be the account's, or not.
    """

    call: AccountCall
    origin: str
    connected: bool = False
    answered: float | None = None
    doubted: bool = False


class Stories:
    """Tell what happens to calls, one account at a time.

    It outlives a link: what was announced is always told to its end, exactly once.
    """

    def __init__(self) -> None:
        """Start with no story."""
        self._stories: dict[str, dict[str, _Story]] = {}
        self._ours: dict[str, EndReason] = {}
        self._begun = False

    def expect(self, call_id: str, reason: EndReason) -> None:
        """Note that we are about to end the line's part in a call."""
        self._ours[call_id] = reason

    def forget(self, call_id: str) -> None:
        """Note that this came to nothing."""
        self._ours.pop(call_id, None)

    def accounts_in(self, origin: str) -> set[str]:
        """Return the accounts for which a call is not over."""
        return {
            number
            for number, stories in self._stories.items()
            if any(story.origin == origin for story in stories.values())
        }

    def begin(self, state: PbxState, now: float) -> list[CallEvent]:
        """Take a new link's whole state at a Unix time; return what happened meanwhile.

        The first one tells nothing: who calls at that moment began before us. Later, a
        call that came in the gap is told as backfilled; one that was announced and is
        gone ended, nobody knows how.
        """
        first, self._begun = not self._begun, True
        events = [
            event
            for number in state.extensions.keys() | self._stories.keys()
            for event in self._told(state, number, now, gap=True)
        ]
        return [] if first else _sorted(events)

    def tell(
        self, state: PbxState, numbers: Iterable[str], now: float
    ) -> list[CallEvent]:
        """Return what happened to the calls of accounts that look different now."""
        return _sorted(
            event
            for number in numbers
            for event in self._told(state, number, now, gap=False)
        )

    def _told(
        self, state: PbxState, number: str, now: float, *, gap: bool
    ) -> Iterator[CallEvent]:
        """Yield what happened at an account: ends first, then what began."""
        extension = state.extensions.get(number)
        calls = {call.id: call for call in extension.calls} if extension else {}
        stories = self._stories.setdefault(number, {})
        for call_id in stories.keys() - calls.keys():
            if extension and call_id in extension.doubtful:
                stories[call_id].doubted = True
                continue
            gone = gap or not (extension and extension.present)
            yield from self._ended(state, number, stories.pop(call_id), now, gap=gone)
        for call_id, call in calls.items():
            if story := stories.get(call_id):
                yield from _went_on(number, story, call, now, gap=gap)
                continue
            origin = self._origin(number, call)
            new = stories[call_id] = _Story(call, origin)
            yield from _begins(number, new, now, gap=gap, backfilled=gap)
        if not stories:
            del self._stories[number]

    def _origin(self, number: str, call: AccountCall) -> str:
        """Return the id by which a call was told of first, perhaps as another leg."""
        return next(
            (
                story.origin
                for other, stories in self._stories.items()
                for story in stories.values()
                if story.call.id == call.id
                or _are_legs(_ends(number, call), _ends(other, story.call))
            ),
            call.id,
        )

    def _ended(
        self, state: PbxState, number: str, story: _Story, now: float, *, gap: bool
    ) -> Iterator[CallEvent]:
        """Yield the end of a call: `ended` is the last word, `missed` comes before it."""
        ours = self._ours.pop(story.call.id, None) if number == state.line else None
        reason = _reason(state, number, story, ours, gap=gap)
        if reason is EndReason.TRANSFERRED:
            yield _event(number, story, CallEventType.TRANSFERRED, now)
        if reason is EndReason.MISSED:
            yield _event(number, story, CallEventType.MISSED, now, reason)
        yield _event(number, story, CallEventType.ENDED, now, reason)


def _went_on(
    number: str, story: _Story, call: AccountCall, now: float, *, gap: bool
) -> Iterator[CallEvent]:
    """Yield what happened to a call that is still there."""
    before, story.call = story.call.state, _completed(call, story.call)
    story.doubted = False
    if call.state is before:
        return
    if not story.connected or call.state not in IN_CALL:
        # It is answered; or comes back after a transfer and rings, or calls, once more.
        yield from _begins(number, story, now, gap=gap)
    elif call.state is CallState.HELD:
        yield _event(number, story, CallEventType.HELD, now)
    else:
        yield _event(number, story, CallEventType.RESUMED, now)


def _begins(
    number: str, story: _Story, now: float, *, gap: bool, backfilled: bool = False
) -> Iterator[CallEvent]:
    """Yield that a call rings, calls or is answered; it may be on hold by then."""
    call = story.call
    story.connected, story.answered = call.state in IN_CALL, None
    if story.connected:
        # When it was answered in a gap only the PBX can tell.
        story.answered = call.answered if gap else call.answered or now
    yield _event(number, story, _BEGINS[call.state], now, backfilled=backfilled)
    if call.state is CallState.HELD:
        yield _event(number, story, CallEventType.HELD, now, backfilled=backfilled)


def _reason(
    state: PbxState,
    number: str,
    story: _Story,
    ours: EndReason | None,
    *,
    gap: bool,
) -> EndReason:
    """Return why a call ended for an account, as far as there is proof."""
    call = story.call
    if ours:
        return ours
    if gap or story.doubted:
        return EndReason.UNKNOWN
    legs = [leg for leg in state.listed.values() if _is_leg(leg, call)]
    if story.connected:
        # Who leaves a call that goes on was transferred, parked, or has left a conference.
        return EndReason.UNKNOWN if legs else EndReason.COMPLETED
    if call.direction is Direction.OUTGOING:
        return EndReason.UNKNOWN if legs else EndReason.UNANSWERED
    if any(leg.connected for leg in legs) or _another_has(state, number, call):
        return EndReason.ANSWERED_ELSEWHERE
    if legs or state.scope is not CallScope.TENANT:
        return EndReason.UNKNOWN
    return EndReason.MISSED


def _another_has(state: PbxState, number: str, call: AccountCall) -> bool:
    """Return whether the presence of another account proves that it has the call now."""
    return any(
        other.number != number
        and any(
            its.id == call.id and its.state in IN_CALL and its.remote == call.remote
            for its in other.calls
        )
        for other in state.extensions.values()
    )


def _is_leg(leg: Call, call: AccountCall) -> bool:
    """Return whether a listed call is a call of an account, or another leg of it."""
    ends = (leg.caller.number, leg.callee.number, leg.started)
    return leg.id == call.id or (
        call.direction is Direction.INCOMING and _are_legs(ends, _ends("", call))
    )


def _ends(number: str, call: AccountCall) -> _Ends:
    """Return caller, dialed number and start of a call of an account."""
    outgoing = call.direction is Direction.OUTGOING
    caller = number if outgoing else call.remote.number
    return caller, call.dialed_number, call.started


def _are_legs(one: _Ends, other: _Ends) -> bool:
    """Return whether two calls have caller, dialed number and start in common."""
    start, other_start = one[2], other[2]
    return (
        one[:2] == other[:2]
        and start is not None
        and other_start is not None
        and abs(start - other_start) <= _LEG_SPREAD
    )


def _completed(call: AccountCall, before: AccountCall) -> AccountCall:
    """Return a call with what was known of its other side, if less is told now."""
    if call.remote.number not in (None, before.remote.number):
        return call
    return replace(
        call,
        remote=Party(
            before.remote.number,
            call.remote.name or before.remote.name,
            call.remote.host or before.remote.host,
        ),
    )


def _event(
    number: str,
    story: _Story,
    type_: CallEventType,
    now: float,
    reason: EndReason | None = None,
    *,
    backfilled: bool = False,
) -> CallEvent:
    """Return an event of a story."""
    duration: float | None = 0
    if story.connected:
        answered = story.answered
        duration = None if answered is None else max(0, now - answered)
    return CallEvent(
        number, type_, story.call, story.origin, duration, reason, backfilled
    )


def _sorted(events: Iterable[CallEvent]) -> list[CallEvent]:
    """Return events by account; those of one account stay in their order."""
    return sorted(events, key=lambda event: event.account)
