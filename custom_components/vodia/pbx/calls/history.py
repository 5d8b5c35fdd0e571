"""What the history of a line proves: how calls ended, and those that nobody saw."""

from collections import deque
from collections.abc import Iterable, Iterator
from copy import replace
from dataclasses import dataclass, field
import math

from ..assumptions import Assumption
from ..call_ids import make_call_id
from ..models import (
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    EndReason,
    PastCall,
)
from ..state.tenant import TenantState
from ..trace import Trace
from .correlation import ORIGINS
from .proof import end_reason_from_history, is_known, match_in_history, reason_of_unseen
from .steps import BEGINS, TrackedCall, end_events, make_event

# What tells a call of a history from the others.
type _PastKey = tuple[str | None, float | None, str | None, str | None]


@dataclass(slots=True)
class LineHistory:
    """What the history of one line has proven, and the ends that wait for it.

    `over` are its calls that ended last. It has a `gap` where the link was lost since it
    was read last.
    """

    line: str
    over: deque[TrackedCall]
    trace: Trace
    gap: bool = False
    waiting: list[TrackedCall] = field(default_factory=list)
    _read: set[_PastKey] | None = None

    @property
    def is_read(self) -> bool:
        """Return whether the history has ever been read."""
        return self._read is not None

    @property
    def waits_since(self) -> float:
        """Return since when an end waits for proof; infinity if none does."""
        return min((tracked.waits for tracked in self.waiting), default=math.inf)

    def began_at(self, past: PastCall, calls: Iterable[TrackedCall]) -> float | None:
        """Return when we heard a past call begin, if we did, by the open calls as well."""
        heard = [*calls, *self.waiting, *self.over]
        return next((s.began for s in reversed(heard) if is_known(past, s.call)), None)

    def apply(
        self,
        state: TenantState,
        history: tuple[PastCall, ...] | None,
        calls: Iterable[TrackedCall],
        now: float,
        patience: float | None,
    ) -> Iterator[CallEvent]:
        """Yield what the history proves; None if it could not be read.

        That are the ends that wait for it, those that have waited for some seconds of
        `patience` as well (None: there is no history); and the calls that nobody saw.
        """
        known = [
            *(tracked.call for tracked in (*calls, *self.waiting)),
            *state.extensions[self.line].calls,
            *(tracked.call for tracked in self.over),
        ]
        for tracked in tuple(self.waiting):
            past = match_in_history(history or (), tracked.call, state.country)
            if past or patience is None or now - tracked.waits >= patience:
                if patience is not None:
                    self.trace.observe(Assumption.HISTORY_TELLS_ENDED_CALLS, bool(past))
                self.waiting.remove(tracked)
                yield from self.end(state, tracked, None, past)
        if history is not None:
            yield from self._unseen(state, history, known)

    def end_earlier(self, state: TenantState, call: AccountCall) -> Iterator[CallEvent]:
        """Yield the end that waits for proof of a call that is back: none will come."""
        for tracked in tuple(self.waiting):
            before = tracked.call
            if (before.id, before.started) == (call.id, call.started):
                self.waiting.remove(tracked)
                yield from self.end(state, tracked, None, None)

    def _unseen(
        self,
        state: TenantState,
        history: tuple[PastCall, ...],
        known: list[AccountCall],
    ) -> Iterator[CallEvent]:
        """Yield the calls of the history that nobody saw."""
        # Those that came and went while the link was lost are reported as that. While
        # it is up they are those that did not come through to the phone. What stands in
        # the history when it is read first is of earlier days, as is what comes up from
        # below.
        before, gap = self._read, self.gap
        self._read, self.gap = {_past_key(past) for past in history}, False
        if before is None:
            return
        oldest = min((key[1] for key in before if key[1]), default=0)
        for past in reversed(history):
            if _past_key(past) in before or (past.started or 0) < oldest:
                continue
            if past.ended is None or any(is_known(past, call) for call in known):
                continue
            tracked = _track_past(past)
            if gap:
                yield from self._missed_while_offline(state, tracked, past)
            elif reason := reason_of_unseen(state, past):
                self.over.append(tracked)
                yield from end_events(self.line, tracked, reason, 0)

    def _missed_while_offline(
        self, state: TenantState, tracked: TrackedCall, past: PastCall
    ) -> Iterator[CallEvent]:
        """Yield a call that came and went while the link was lost."""
        began = make_event(self.line, tracked, BEGINS[tracked.call.state], 0)
        for event in (began, *self.end(state, tracked, None, past)):
            yield replace(event, backfilled=True, past=True)

    def end(
        self,
        state: TenantState,
        tracked: TrackedCall,
        reason: EndReason | None,
        past: PastCall | None,
    ) -> Iterator[CallEvent]:
        """Yield the end of a call of the line.

        Where the reason is not known, what the history has of the call may prove it.
        """
        self.over.append(tracked)
        reason = reason or end_reason_from_history(state, tracked, past)
        seconds = tracked.seconds(tracked.ended)
        if tracked.unseen and past and reason is EndReason.COMPLETED:
            seconds = past.duration
            if not tracked.connected:
                tracked.connected = True
                answered = make_event(self.line, tracked, CallEventType.ANSWERED, 0)
                yield replace(answered, backfilled=True, past=True)
        yield from end_events(self.line, tracked, reason, seconds)


def _track_past(past: PastCall) -> TrackedCall:
    """Return a past call as if it were about to begin, unseen."""
    incoming = past.direction is Direction.INCOMING
    call = AccountCall(
        id=past.id
        or make_call_id(past.remote.number, past.dialed_number, past.started),
        state=CallState.RINGING if incoming else CallState.DIALING,
        direction=past.direction,
        scope=past.scope,
        remote=past.remote,
        dialed_number=past.dialed_number,
        started=past.started,
        answered=past.answered,
        recording=None,
    )
    return TrackedCall(call, next(ORIGINS), unseen=True)


def _past_key(past: PastCall) -> _PastKey:
    """Return what tells a call of a history from the others."""
    return past.id, past.started, past.remote.number, past.dialed_number
