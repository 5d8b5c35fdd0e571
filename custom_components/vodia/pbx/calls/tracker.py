"""Track each call for each account: what happened, from the states that the PBX pushes.

Pure and synchronous. The PBX pushes states, never what happened, and no reason why a call
ended: both follow from two states and from proof. What is not proven is `unknown`. Where
the states prove nothing of a call of our own line, its history may.

All times that are handed in are of one monotonic clock, those in calls and histories of
the PBX's: the two are never compared.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from ..models import (
    IN_CALL,
    CallEvent,
    CallEventType,
    CallState,
    EndReason,
    Group,
    PastCall,
)
from ..state.legs import LEG_SPREAD
from ..state.tenant import TenantState
from ..trace import Trace
from ..wire.replies import HISTORY_LIMIT
from .correlation import Correlator, OpenCalls
from .history import LineHistory
from .proof import (
    end_reason_from_state,
    end_reason_of_group,
    is_another,
    is_taken,
    may_have,
)
from .steps import TrackedCall, begin_events, end_events, make_event, progress_events

_ENDS: Final = frozenset(
    {CallEventType.TRANSFERRED, CallEventType.MISSED, CallEventType.ENDED}
)


@dataclass(slots=True)
class TrackingMemory:
    """What was reported of calls, so that nobody reports it again: it outlives logins."""

    origins: dict[str, int] = field(default_factory=dict)
    # As many as a history may have.
    over: defaultdict[str, deque[TrackedCall]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=HISTORY_LIMIT))
    )


class CallTracker:
    """Track calls, one account at a time, and return what happens to them.

    It outlives a link: a call that was announced always ends, exactly once.
    """

    def __init__(
        self, trace: Trace | None = None, told: TrackingMemory | None = None
    ) -> None:
        """Start with no call; what was reported before is not reported again."""
        self.without_history: set[str] = set()
        self._trace = trace or Trace()
        self._memory = told or TrackingMemory()
        self._calls: OpenCalls = {}
        self._correlator = Correlator(self._memory.origins, self._calls)
        self._histories: dict[str, LineHistory] = {}
        self._expected: dict[tuple[str, str], EndReason] = {}
        self._begun: set[str] = set()

    @property
    def accounts(self) -> AbstractSet[str]:
        """Return the accounts that have a call which is not over."""
        return self._calls.keys()

    def expect_end(self, line: str, call_id: str, reason: EndReason) -> None:
        """Note that we are about to end a line's part in a call."""
        self._expected[line, call_id] = reason

    def cancel_expected_end(self, line: str, call_id: str) -> None:
        """Note that this came to nothing."""
        self._expected.pop((line, call_id), None)

    def accounts_in(self, origin: int) -> set[str]:
        """Return the accounts for which a call is not over, as far as it is reported."""
        tracked = [(number, calls.values()) for number, calls in self._calls.items()]
        waiting = [(line, own.waiting) for line, own in self._histories.items()]
        return {
            number
            for number, calls in (*tracked, *waiting)
            if any(call.origin == origin for call in calls)
        }

    def origin_of(self, call_id: str) -> int | None:
        """Return what the events of a call that is up have in common."""
        return self._correlator.origin_of(call_id)

    def is_doubted(self, event: CallEvent) -> bool:
        """Return whether it is open if an account still has the call of an event."""
        account, origin = event.account, event.origin
        own = self._histories.get(account)
        return any(
            call.doubted for call in self._tracked(account) if call.origin == origin
        ) or any(call.origin == origin for call in (own.waiting if own else ()))

    def still_rings(self, event: CallEvent) -> bool:
        """Return whether the call of an event rings at its account."""
        return any(
            tracked.origin == event.origin and tracked.call.state is CallState.RINGING
            for tracked in self._tracked(event.account)
        )

    def _tracked(self, number: str) -> Collection[TrackedCall]:
        """Return the calls of an account that are not over."""
        return self._calls.get(number, {}).values()

    def resync(
        self, state: TenantState, numbers: Collection[str], now: float
    ) -> list[CallEvent]:
        """Take a new link's state of accounts; return what happened meanwhile.

        The first one yields no beginning: who calls at that moment began before us.
        Later, a call that came in the gap is reported as backfilled; one that was
        announced and is gone ended. How that was, and which calls came and went, only the
        line's history proves, later.
        """
        first = state.line not in self._begun
        self._begun.add(state.line)
        own = self.history_of(state.line)
        own.gap |= not first
        for tracked in own.waiting:
            tracked.waits = now
        events = self._update(state, numbers, now, gap=True)
        return [event for event in events if not first or event.type in _ENDS]

    def update(
        self, state: TenantState, numbers: Collection[str], now: float
    ) -> list[CallEvent]:
        """Return what happened to the calls of accounts that look different now."""
        # Groups first: what the line is known to do is forgotten with its own part.
        numbers = sorted(numbers, key=state.extensions.__contains__)
        return self._update(state, numbers, now, gap=False)

    def hand_over(self, state: TenantState, number: str, now: float) -> list[CallEvent]:
        """Go on with an account that another login has tracked so far."""
        events = list(self._events_for(state, number, now, gap=True))
        self._correlator.expire(state.listed)
        return events

    # The history of a line

    def began_at(self, line: str, past: PastCall) -> float | None:
        """Return when we heard a past call of a line begin, if we did."""
        return self.history_of(line).began_at(past, self._tracked(line))

    def has_unread_history(self, line: str) -> bool:
        """Return whether what a line's history has of a gap has not been read yet."""
        own = self.history_of(line)
        return (own.gap or not own.is_read) and line not in self.without_history

    def apply_history(
        self,
        state: TenantState,
        history: tuple[PastCall, ...] | None,
        now: float,
        patience: float = 0,
    ) -> list[CallEvent]:
        """Return what a line's history proves, the newest call first in it.

        None is a history that could not be read: an end waits for it for some seconds of
        `patience`.
        """
        line = state.line
        has_none = line in self.without_history
        return list(
            self.history_of(line).apply(
                state,
                history,
                self._tracked(line),
                now,
                None if has_none else patience,
            )
        )

    def history_of(self, line: str) -> LineHistory:
        """Return what the history of a line has proven so far."""
        if own := self._histories.get(line):
            return own
        own = LineHistory(line, self._memory.over[line], self._trace)
        return self._histories.setdefault(line, own)

    # The calls of an account

    def _update(
        self, state: TenantState, numbers: Collection[str], now: float, *, gap: bool
    ) -> list[CallEvent]:
        """Return what happened, by account; events of one account stay in their order."""
        self._suspect_replaced(state, numbers)
        events = [
            event
            for number in numbers
            for event in self._events_for(state, number, now, gap=gap)
        ]
        self._correlator.expire(state.listed)
        return sorted(events, key=lambda event: event.account)

    def _events_for(
        self, state: TenantState, number: str, now: float, *, gap: bool
    ) -> Iterator[CallEvent]:
        """Yield what happened at an account: ends first, then what began."""
        account = state.account(number)
        calls = {call.id: call for call in account.calls} if account else {}
        tracked = self._calls.setdefault(number, {})
        # A group has all legs of a call; those of one phone begin at the very same time.
        self._correlator.follow_legs(
            number, calls, LEG_SPREAD if isinstance(account, Group) else 0
        )
        # In the order in which they began: that of a set is another in each run.
        for call_id in tuple(tracked):
            call_now = calls.get(call_id)
            if call_now and self._correlator.is_still(
                tracked[call_id], call_now, state.country, gap=gap
            ):
                continue
            ended = tracked[call_id]
            if account and call_id not in calls and may_have(account, ended.call):
                ended.doubted = True
                continue
            blind = gap or call_id in state.calls.ended_unseen
            ended.ended, ended.waits = None if blind else now, now
            ended.unseen = blind or not (account and account.present)
            del tracked[call_id]
            self._correlator.release(call_id)
            yield from self._end(state, number, call_id, ended)
        for call_id, call in calls.items():
            if known := tracked.get(call_id):
                yield from progress_events(number, known, call, now, gap=gap)
                continue
            if number == state.line:
                yield from self.history_of(number).end_earlier(state, call)
            origin = self._correlator.correlate(number, call)
            new = TrackedCall(call, origin, None if gap else now)
            tracked[call_id] = new
            new.talked = any(
                over.call.id == call_id
                and over.call.state in IN_CALL
                and not is_another(over.call, call, state.country, gap=False)
                for over in self._memory.over.get(number, ())
            )
            yield from begin_events(number, new, now, gap=gap, backfilled=gap)
        if not tracked:
            del self._calls[number]

    def _end(
        self, state: TenantState, number: str, call_id: str, ended: TrackedCall
    ) -> Iterator[CallEvent]:
        """Yield that an account has a call no more, unless that waits for proof."""
        if number in state.groups:
            yield from self._end_group_call(state, number, ended)
            return
        expected = self._expected.pop((number, call_id), None)
        reason = expected or end_reason_from_state(state, number, ended)
        if number == state.line:
            own = self.history_of(number)
            if reason is None and number not in self.without_history:
                own.waiting.append(ended)
            else:
                yield from own.end(state, ended, reason, None)
            return
        if (other := self._histories.get(number)) and other.is_read:
            other.over.append(ended)
        seconds = ended.seconds(ended.ended)
        yield from end_events(number, ended, reason or EndReason.UNKNOWN, seconds)

    def _end_group_call(
        self, state: TenantState, number: str, ended: TrackedCall
    ) -> Iterator[CallEvent]:
        """Yield that a call is for a group no more."""
        call = ended.call
        if not (ended.unseen or ended.connected) and is_taken(state, number, call):
            ended.connected, ended.answered = True, ended.ended
            yield make_event(number, ended, CallEventType.ANSWERED, 0)
        reason = end_reason_of_group(state, number, ended)
        if any(
            expected is EndReason.TRANSFERRED
            for (_, call_id), expected in self._expected.items()
            if call_id == call.id
        ):
            reason = EndReason.TRANSFERRED
        yield from end_events(number, ended, reason, ended.seconds(ended.ended))

    def _suspect_replaced(self, state: TenantState, numbers: Iterable[str]) -> None:
        """Suspect that a call of an account was replaced by another of the tenant."""
        # A consultation that is transferred goes on as the call that it was about.
        for number in numbers:
            tracked = self._calls.get(number)
            extension = state.extensions.get(number)
            if not (tracked and extension):
                continue
            ids = {call.id for call in extension.calls}
            came = ids - tracked.keys()
            if came and any(
                not came.isdisjoint(others) for others in self._calls.values()
            ):
                for call_id in tracked.keys() - ids:
                    tracked[call_id].doubted |= not tracked[call_id].connected
