"""The story of each call for each account: what happened, from what is told.

Pure and synchronous. The PBX tells states, never what happened, and no reason why a call
ended: both follow from two states and from proof. What is not proven is `unknown`. Where
the states prove nothing of a call of our own line, its history may.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Set as AbstractSet
from copy import replace
from dataclasses import dataclass
from typing import Final

from .assumptions import Assumption
from .ledger import Ledger
from .legs import Ends, are_legs
from .messages import HISTORY_LIMIT
from .models import (
    IN_CALL,
    NO_ID,
    AccountCall,
    Call,
    CallEvent,
    CallEventType,
    CallScope,
    CallState,
    Direction,
    EndReason,
    Group,
    KnownAccount,
    Party,
    PastCall,
)
from .numbering import same_number
from .state import PbxState

# Times that the history is asked how a call ended: it may be written a little later.
_TRIES: Final = 3
# Seconds that a link may have been deaf before that was noticed.
_DEAF: Final = 60.0
# Seconds by which a call that is new is older than others only on another clock.
_CLOCK_SET: Final = 3600.0
# Seconds by which the times of one call may differ where it has no id.
_SAME_START: Final = 1.0
# Seconds by which the start of a call may differ in its history.
_SPREAD: Final = 2.0

_BEGINS: Final = {
    CallState.RINGING: CallEventType.RINGING,
    CallState.DIALING: CallEventType.DIALING,
    CallState.CONNECTED: CallEventType.ANSWERED,
    CallState.HELD: CallEventType.ANSWERED,
}

_ENDS: Final = frozenset(
    {CallEventType.TRANSFERRED, CallEventType.MISSED, CallEventType.ENDED}
)


@dataclass(slots=True)
class _Story:
    """A call of an account so far; `answered` is a time of ours, if we saw it.

    It was `talked` in before, if it came back to ring anew. It is `doubted` while the
    call may be the account's, or not; it is `unproven` when it is over, and the history
    has been asked so often how.
    """

    call: AccountCall
    origin: str
    connected: bool = False
    answered: float | None = None
    talked: bool = False
    doubted: bool = False
    unproven: int = 0


class Stories:
    """Tell what happens to calls, one account at a time.

    It outlives a link: what was announced is always told to its end, exactly once.
    """

    def __init__(self, ledger: Ledger | None = None) -> None:
        """Start with no story."""
        self.without_history: set[str] = set()
        self._assume = (ledger or Ledger()).assume
        self._stories: dict[str, dict[str, _Story]] = {}
        self._ours: dict[tuple[str, str], EndReason] = {}
        self._over: defaultdict[str, deque[AccountCall]] = defaultdict(
            # Those that ended last are known again in the history: as many as it may tell.
            lambda: deque(maxlen=HISTORY_LIMIT)
        )
        self._begun: dict[str, float] = {}
        self._latest: dict[str, float] = {}

    @property
    def accounts(self) -> AbstractSet[str]:
        """Return the accounts that have a call which is not over."""
        return self._stories.keys()

    def expect(self, line: str, call_id: str, reason: EndReason) -> None:
        """Note that we are about to end a line's part in a call."""
        self._ours[line, call_id] = reason

    def forget(self, line: str, call_id: str) -> None:
        """Note that this came to nothing."""
        self._ours.pop((line, call_id), None)

    def accounts_in(self, origin: str) -> set[str]:
        """Return the accounts for which a call is not over."""
        return {
            number
            for number, stories in self._stories.items()
            if any(story.origin == origin for story in stories.values())
        }

    def is_doubted(self, event: CallEvent) -> bool:
        """Return whether it is open if an account still has the call of an event."""
        stories = self._stories.get(event.account, {})
        return any(s.doubted for s in stories.values() if s.origin == event.origin)

    def begin(
        self,
        state: PbxState,
        numbers: Collection[str],
        now: float,
        history: tuple[PastCall, ...] = (),
        lost: float = 0,
    ) -> list[CallEvent]:
        """Take a new link's state of accounts; return what happened meanwhile.

        The first one tells no beginning: who calls at that moment began before us.
        Later, a call that came in the gap is told as backfilled; one that was announced
        and is gone ended. How that was, and which calls came and went since the link was
        `lost`, only the line's `history` can tell, the newest call first.
        """
        first = state.line not in self._begun
        self._begun.setdefault(state.line, now)
        self._doubt_replaced(state, numbers)
        events = [
            *self._went_by(state, history, lost),
            *(
                event
                for number in numbers
                for event in self._told(state, number, now, history, gap=True)
            ),
        ]
        return _sorted(e for e in events if not first or e.type in _ENDS)

    def tell(
        self, state: PbxState, numbers: Collection[str], now: float
    ) -> list[CallEvent]:
        """Return what happened to the calls of accounts that look different now."""
        self._doubt_replaced(state, numbers)
        return _sorted(
            event
            # Groups first: what the line is known to do is forgotten with its own part.
            for number in sorted(numbers, key=state.extensions.__contains__)
            for event in self._told(state, number, now, gap=False)
        )

    def wants_proof(self, line: str) -> bool:
        """Return whether the history should be asked how a call ended."""
        return any(story.unproven for story in self._stories.get(line, {}).values())

    def settle(
        self, state: PbxState, history: tuple[PastCall, ...], now: float
    ) -> list[CallEvent]:
        """Return the ends of calls that the history proves; or not, after some tries."""
        stories = self._stories.get(state.line, {})
        events: list[CallEvent] = []
        for call_id, story in tuple(stories.items()):
            if not story.unproven:
                continue
            past = _found(history, story.call, state.country)
            silent = state.line in self.without_history
            if past or story.unproven == _TRIES or silent:
                if not silent:
                    self._assume(Assumption.HISTORY_TELLS_ENDED_CALLS, bool(past))
                del stories[call_id]
                events += self._ended(state, story, None, past, now)
            else:
                story.unproven += 1
        return events

    def _told(
        self,
        state: PbxState,
        number: str,
        now: float,
        history: tuple[PastCall, ...] = (),
        *,
        gap: bool,
    ) -> Iterator[CallEvent]:
        """Yield what happened at an account: ends first, then what began."""
        account = state.account(number)
        calls = {call.id: call for call in account.calls} if account else {}
        stories = self._stories.setdefault(number, {})
        if isinstance(account, Group):
            _follow_legs(number, stories, calls)
        is_line = number == state.line
        provable = number not in self.without_history
        unseen = gap or not (account and account.present)
        # In the order in which they began: that of a set is another in each run.
        for call_id in [each for each in stories if each not in calls]:
            ended = stories[call_id]
            if ended.unproven and not gap:
                continue
            if account and _may_have(account, ended.call):
                ended.doubted = True
                continue
            if number in state.groups:
                del stories[call_id]
                yield from self._left_group(state, number, ended, now, unseen=unseen)
                continue
            ours = self._ours.pop((number, call_id), None)
            reason = ours or _reason(state, number, ended, unseen=unseen)
            if reason is None and is_line and not unseen and provable:
                ended.unproven = 1
                continue
            del stories[call_id]
            seen_at = None if gap and not ended.unproven else now
            if is_line:
                past = _found(history, ended.call, state.country)
                yield from self._ended(state, ended, reason, past, seen_at)
            else:
                yield from _ending(number, ended, reason or EndReason.UNKNOWN, seen_at)
        for call_id, call in calls.items():
            if story := stories.get(call_id):
                yield from _went_on(number, story, call, now, gap=gap)
                continue
            origin = self._origin(number, call)
            new = stories[call_id] = _Story(call, origin)
            if is_line:
                self._heard_of(number, call)
            new.talked = any(
                over.id == call_id and over.state in IN_CALL
                for over in self._over.get(number, ())
            )
            yield from _begins(number, new, now, gap=gap, backfilled=gap)
        if not stories:
            del self._stories[number]

    def _doubt_replaced(self, state: PbxState, numbers: Iterable[str]) -> None:
        """Doubt the calls of whom another call of the house comes instead.

        A consultation that is transferred goes on as the call that it was about.
        """
        for number in numbers:
            stories = self._stories.get(number)
            extension = state.extensions.get(number)
            if not (stories and extension):
                continue
            ids = {call.id for call in extension.calls}
            came = ids - stories.keys()
            if came and any(
                not came.isdisjoint(others) for others in self._stories.values()
            ):
                for call_id in stories.keys() - ids:
                    stories[call_id].doubted |= not stories[call_id].connected

    def _went_by(
        self, state: PbxState, history: tuple[PastCall, ...], lost: float
    ) -> Iterator[CallEvent]:
        """Yield the calls of the line that came and went while nobody listened."""
        line, latest = state.extensions[state.line], self._latest.get(state.line, 0)
        known = [story.call for story in self._stories.get(state.line, {}).values()]
        known += [*line.calls, *self._over[state.line]]
        for past in reversed(history):
            if (past.started or 0) < lost - _DEAF or past.ended is None:
                continue
            # What began before we did may have been told before a reload; where the PBX
            # has another time than we, the last call that we heard of tells what is new.
            if (past.started or 0) < max(self._begun[state.line], latest):
                continue
            # A call that was passed on may stand there with other parties.
            if any(
                past.id == call.id or _starts_with(call, past, _SAME_START)
                for call in known
            ):
                continue
            incoming = past.direction is Direction.INCOMING
            call = AccountCall(
                id=past.id or f"{NO_ID}{past.remote.number}|{past.started}",
                state=CallState.RINGING if incoming else CallState.DIALING,
                direction=past.direction,
                scope=past.scope,
                remote=past.remote,
                dialed_number=past.dialed_number,
                started=past.started,
                answered=past.answered,
                recording=None,
            )
            story = _Story(call, call.id)
            events = [
                _event(state.line, story, _BEGINS[call.state], past.started),
                *self._ended(state, story, None, past, None),
            ]
            yield from (replace(event, backfilled=True, past=True) for event in events)

    def _heard_of(self, line: str, call: AccountCall) -> None:
        """Keep when the latest call of a line began; the PBX may set its clock back."""
        latest, started = self._latest.get(line, 0), call.started or 0
        if started > latest or 0 < started < latest - _CLOCK_SET:
            self._latest[line] = started

    def _origin(self, number: str, call: AccountCall) -> str:
        """Return the id by which a call was told of first, perhaps as another leg."""
        return next(
            (
                story.origin
                for other, stories in self._stories.items()
                for story in stories.values()
                # Who calls again at once, or twice, is not another leg.
                if story.call.id == call.id
                or (
                    other != number
                    and not story.unproven
                    and are_legs(_ends(number, call), _ends(other, story.call))
                )
            ),
            call.id,
        )

    def _left_group(
        self, state: PbxState, number: str, story: _Story, now: float, *, unseen: bool
    ) -> Iterator[CallEvent]:
        """Yield that a call is for a group no more."""
        call_id = story.call.id
        if not (unseen or story.connected) and _is_taken(state, number, story.call):
            story.connected, story.answered = True, now
            yield _event(number, story, CallEventType.ANSWERED, now)
        reason = _group_reason(state, number, story, gap=unseen)
        if EndReason.TRANSFERRED in (
            reason for (_, ours), reason in self._ours.items() if ours == call_id
        ):
            reason = EndReason.TRANSFERRED
        yield from _ending(number, story, reason, None if unseen else now)

    def _ended(
        self,
        state: PbxState,
        story: _Story,
        reason: EndReason | None,
        past: PastCall | None,
        seen_at: float | None,
    ) -> Iterator[CallEvent]:
        """Yield the end of a call of the line.

        Where the reason is not known, what the history has of the call may prove it.
        """
        self._over[state.line].append(story.call)
        reason = reason or _proof(state, story, past, seen=seen_at is not None)
        if seen_at is None and past:
            seen_at = past.ended
            if reason is EndReason.COMPLETED:
                unheard = not story.connected
                story.connected, story.answered = True, past.answered
                if unheard:
                    event = _event(state.line, story, CallEventType.ANSWERED, seen_at)
                    yield replace(event, duration=0, backfilled=True, past=True)
        yield from _ending(state.line, story, reason, seen_at)


def _ending(
    number: str, story: _Story, reason: EndReason, seen_at: float | None
) -> Iterator[CallEvent]:
    """Yield the end of a call: `ended` is the last word, `missed` comes before it."""
    if reason is EndReason.TRANSFERRED:
        yield _event(number, story, CallEventType.TRANSFERRED, seen_at)
    if reason is EndReason.MISSED:
        yield _event(number, story, CallEventType.MISSED, seen_at, reason)
    yield _event(number, story, CallEventType.ENDED, seen_at, reason)


def _went_on(
    number: str, story: _Story, call: AccountCall, now: float, *, gap: bool
) -> Iterator[CallEvent]:
    """Yield what happened to a call that is still there."""
    before, story.call = story.call.state, _completed(call, story.call)
    story.doubted, story.unproven = False, 0
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
    story.talked |= story.connected
    story.connected, story.answered = call.state in IN_CALL, None
    if story.connected:
        # When it was answered in a gap only the PBX can tell.
        story.answered = call.answered if gap else call.answered or now
    yield _event(number, story, _BEGINS[call.state], now, backfilled=backfilled)
    if call.state is CallState.HELD:
        yield _event(number, story, CallEventType.HELD, now, backfilled=backfilled)


def _reason(
    state: PbxState, number: str, story: _Story, *, unseen: bool
) -> EndReason | None:
    """Return why a call ended for an account; None where only its history may tell."""
    call = story.call
    if story.doubted:
        return EndReason.UNKNOWN
    if unseen or story.unproven:
        return None
    legs = [leg for leg in state.listed.values() if _is_leg(leg, call)]
    if story.connected:
        # Who leaves a call that goes on was transferred, parked, or has left a conference.
        return EndReason.UNKNOWN if legs else EndReason.COMPLETED
    if call.direction is Direction.OUTGOING:
        told = state.scope is CallScope.TENANT or number == state.line
        return EndReason.UNANSWERED if told and not legs else EndReason.UNKNOWN
    if any(leg.connected for leg in legs) or _is_taken(state, number, call):
        return EndReason.ANSWERED_ELSEWHERE
    if legs or _legs_anywhere(state, call):
        return EndReason.UNKNOWN
    return EndReason.MISSED if state.scope is CallScope.TENANT else None


def _proof(
    state: PbxState, story: _Story, past: PastCall | None, *, seen: bool
) -> EndReason:
    """Return why a call of the line ended, as its history proves it.

    Whether somebody answered there is known; who it was, of a call to a group, is not.
    """
    call = story.call
    if past is None:
        return EndReason.UNKNOWN
    if story.connected:
        return EndReason.COMPLETED
    if (past.direction, past.dialed_number) != (call.direction, call.dialed_number):
        return EndReason.UNKNOWN
    if past.connected and seen:
        # Perhaps by us, before it was sent on and rang here once more.
        return EndReason.UNKNOWN if story.talked else EndReason.ANSWERED_ELSEWHERE
    if past.direction is Direction.INCOMING and state.is_another(past.dialed_number):
        return EndReason.UNKNOWN
    return past.end_reason or EndReason.UNKNOWN


def _found(
    history: Iterable[PastCall], call: AccountCall, country: str | None
) -> PastCall | None:
    """Return what a history has of a call; None if that is open."""
    found = [past for past in history if _is_in_history(call, past, country)]

    def distance(past: PastCall) -> float:
        """Return the seconds between the starts."""
        return abs((past.started or 0) - (call.started or 0))

    nearest = sorted(
        [past for past in found if past.id == call.id] or found, key=distance
    )
    if len(nearest) > 1 and distance(nearest[0]) == distance(nearest[1]):
        return None
    return nearest[0] if nearest else None


def _is_in_history(call: AccountCall, past: PastCall, country: str | None) -> bool:
    """Return whether a call of the line is one of its history, which may lack the id."""
    return past.id == call.id or (
        past.direction is call.direction
        and _starts_with(call, past, _SPREAD)
        and (
            past.remote.number == call.remote.number
            or same_number(past.remote.number, call.remote.number, country)
        )
    )


def _starts_with(call: AccountCall, past: PastCall, spread: float) -> bool:
    """Return whether a call and one of the history began at the same time."""
    return (
        past.started is not None
        and call.started is not None
        and abs(past.started - call.started) <= spread
    )


def _group_reason(
    state: PbxState, number: str, story: _Story, *, gap: bool
) -> EndReason:
    """Return why a call ended for a group: one that is answered there stays there."""
    goes_on = _legs_anywhere(state, story.call) or _another_has(
        state, number, story.call
    )
    if gap or goes_on:
        return EndReason.UNKNOWN
    if story.connected:
        return EndReason.COMPLETED
    if story.doubted or state.scope is not CallScope.TENANT:
        return EndReason.UNKNOWN
    return EndReason.MISSED


def _is_taken(state: PbxState, number: str, call: AccountCall) -> bool:
    """Return whether a phone has answered a call, which may now be to that phone."""
    return _another_has(state, number, call) or any(
        leg.connected
        and leg.callee.number in state.extensions
        and (leg.id == call.id or leg.caller.number)
        for leg in _legs_anywhere(state, call)
    )


def _legs_anywhere(state: PbxState, call: AccountCall) -> list[Call]:
    """Return the listed legs of an incoming call, also those that go elsewhere now."""
    ends = _ends("", call)
    return [
        leg
        for leg in state.listed.values()
        if leg.id == call.id
        or are_legs((leg.caller.number, call.dialed_number, leg.started), ends)
    ]


def _follow_legs(
    number: str, stories: dict[str, _Story], calls: dict[str, AccountCall]
) -> None:
    """Go on with the story of a call whose leg is gone as that of another leg."""
    for call_id in stories.keys() - calls.keys():
        ends = _ends(number, stories[call_id].call)
        for leg_id, leg in calls.items():
            if leg_id not in stories and are_legs(ends, _ends(number, leg)):
                stories[leg_id] = stories.pop(call_id)
                break


def _may_have(account: KnownAccount, call: AccountCall) -> bool:
    """Return whether it is open if an account (still) has a call.

    What a group's presence tells of a call may be no more than who calls.
    """
    return call.id in account.doubtful or (
        isinstance(account, Group)
        and call.remote.number is not None
        and any(other.caller.number == call.remote.number for other in account.unclear)
    )


def _another_has(state: PbxState, number: str, call: AccountCall) -> bool:
    """Return whether the presence of another account proves that it has the call now."""
    ends = _ends(number, call)
    return any(
        its.state in IN_CALL
        and its.remote == call.remote
        and (its.id == call.id or are_legs(_ends(other.number, its), ends))
        for other in state.extensions.values()
        if other.calls and other.number != number
        for its in other.calls
    )


def _is_leg(leg: Call, call: AccountCall) -> bool:
    """Return whether a listed call is a call of an account, or another leg of it."""
    ends = (leg.caller.number, leg.callee.number, leg.started)
    return leg.id == call.id or (
        call.direction is Direction.INCOMING and are_legs(ends, _ends("", call))
    )


def _ends(number: str, call: AccountCall) -> Ends:
    """Return caller, dialed number and start of a call of an account."""
    outgoing = call.direction is Direction.OUTGOING
    caller = number if outgoing else call.remote.number
    return caller, call.dialed_number, call.started


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
            before.remote.number is None and call.remote.withheld,
        ),
    )


def _event(
    number: str,
    story: _Story,
    type_: CallEventType,
    now: float | None,
    reason: EndReason | None = None,
    *,
    backfilled: bool = False,
) -> CallEvent:
    """Return an event of a story, at a time that may not be known."""
    duration: float | None = 0
    if story.connected:
        duration = None
        if now is not None and story.answered is not None:
            duration = max(0, now - story.answered)
    return CallEvent(
        number, type_, story.call, story.origin, duration, reason, backfilled
    )


def _sorted(events: Iterable[CallEvent]) -> list[CallEvent]:
    """Return events by account; those of one account stay in their order."""
    return sorted(events, key=lambda event: event.account)
