"""The story of each call for each account: what happened, from what is told.

Pure and synchronous. The PBX tells states, never what happened, and no reason why a call
ended: both follow from two states and from proof. What is not proven is `unknown`. Where
the states prove nothing of a call of our own line, its history may.

All times that are handed in are of one monotonic clock, those in calls and histories of
the PBX's: the two are never compared.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Set as AbstractSet
from copy import replace
from dataclasses import dataclass, field
from itertools import count
import math
from typing import Final

from .assumptions import Assumption
from .ledger import Ledger
from .legs import LEG_SPREAD, Ends, are_legs
from .messages import HISTORY_LIMIT
from .models import (
    IN_CALL,
    NO_ID,
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    EndReason,
    Group,
    KnownAccount,
    PastCall,
)
from .proof import (
    ends_for,
    found_in,
    is_another,
    is_known,
    is_taken,
    may_have,
    reason_by_calls,
    reason_by_history,
    reason_of_group,
    unheard_reason,
)
from .state import PbxState
from .steps import Life, Story, begins, ending, event, first_step, went_on

_ENDS: Final = frozenset(
    {CallEventType.TRANSFERRED, CallEventType.MISSED, CallEventType.ENDED}
)
# No two calls have the same, whatever their ids, links and logins.
_ORIGINS: Final = count(1)

# What tells a call of a history from the others.
type _PastKey = tuple[str | None, float | None, str | None, str | None]


def _deque() -> deque[Story]:
    """Return room for the calls that ended last: as many as a history may tell."""
    return deque(maxlen=HISTORY_LIMIT)


@dataclass(slots=True)
class Told:
    """What was told of calls, for who must not tell it again: it outlives all logins."""

    lives: dict[str, Life] = field(default_factory=dict)
    over: defaultdict[str, deque[Story]] = field(
        default_factory=lambda: defaultdict(_deque)
    )


class Stories:
    """Tell what happens to calls, one account at a time.

    It outlives a link: what was announced is always told to its end, exactly once.
    """

    def __init__(self, ledger: Ledger | None = None, told: Told | None = None) -> None:
        """Start with no story; what was told before is not told again."""
        self.without_history: set[str] = set()
        self._assume = (ledger or Ledger()).assume
        self._told_before = told or Told()
        self._stories: dict[str, dict[str, Story]] = {}
        self._waiting: dict[str, list[Story]] = {}
        self._ours: dict[tuple[str, str], EndReason] = {}
        self._begun: set[str] = set()
        self._lines: set[str] = set()
        self._gaps: set[str] = set()
        self._read: dict[str, set[_PastKey]] = {}
        # The legs that are there, by what they have in common, while they are compared.
        self._legs: (
            defaultdict[tuple[object, ...], list[tuple[str, Ends, Life]]] | None
        ) = None
        # Nobody has these before the first state is told.
        self._idle = set(self._lives)

    @property
    def _lives(self) -> dict[str, Life]:
        """Return the calls whose ids are in use."""
        return self._told_before.lives

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

    def accounts_in(self, origin: int) -> set[str]:
        """Return the accounts for which a call is not over, as far as it is told."""
        open_ = ((n, stories.values()) for n, stories in self._stories.items())
        return {
            number
            for number, stories in (*open_, *self._waiting.items())
            if any(story.origin == origin for story in stories)
        }

    def origin_of(self, call_id: str) -> int | None:
        """Return what the events of a call that is up have in common."""
        life = self._lives.get(call_id)
        return life.origin if life else None

    def is_doubted(self, event: CallEvent) -> bool:
        """Return whether it is open if an account still has the call of an event."""
        account, origin = event.account, event.origin
        stories = self._stories.get(account, {}).values()
        return any(story.doubted for story in stories if story.origin == origin) or any(
            story.origin == origin for story in self._waiting.get(account, ())
        )

    def rings(self, event: CallEvent) -> bool:
        """Return whether the call of an event rings at its account."""
        return any(
            story.origin == event.origin and story.call.state is CallState.RINGING
            for story in self._stories.get(event.account, {}).values()
        )

    def begin(
        self, state: PbxState, numbers: Collection[str], now: float
    ) -> list[CallEvent]:
        """Take a new link's state of accounts; return what happened meanwhile.

        The first one tells no beginning: who calls at that moment began before us.
        Later, a call that came in the gap is told as backfilled; one that was announced
        and is gone ended. How that was, and which calls came and went, only the line's
        history can tell: it does so later.
        """
        first = state.line not in self._begun
        self._begun.add(state.line)
        if not first:
            self._gaps.add(state.line)
        for story in self._waiting.get(state.line, ()):
            story.waits = now
        self._doubt_replaced(state, numbers)
        events = [
            event
            for number in numbers
            for event in self._told(state, number, now, gap=True)
        ]
        self._end_lives(state)
        return _sorted(e for e in events if not first or e.type in _ENDS)

    def tell(
        self, state: PbxState, numbers: Collection[str], now: float
    ) -> list[CallEvent]:
        """Return what happened to the calls of accounts that look different now."""
        self._doubt_replaced(state, numbers)
        events = [
            event
            # Groups first: what the line is known to do is forgotten with its own part.
            for number in sorted(numbers, key=state.extensions.__contains__)
            for event in self._told(state, number, now, gap=False)
        ]
        self._end_lives(state)
        return _sorted(events)

    def take_over(self, state: PbxState, number: str, now: float) -> list[CallEvent]:
        """Go on with an account of which another login has told so far."""
        events = list(self._told(state, number, now, gap=True))
        self._end_lives(state)
        return events

    # The history of a line

    def heard_at(self, line: str, past: PastCall) -> float | None:
        """Return when we heard a past call of a line begin, if we did."""
        heard = [
            *self._stories.get(line, {}).values(),
            *self._waiting.get(line, ()),
            *self._told_before.over[line],
        ]
        return next((s.began for s in reversed(heard) if is_known(past, s.call)), None)

    def lacks_history(self, line: str) -> bool:
        """Return whether what a line's history tells of a gap has not been read yet."""
        unread = line in self._gaps or line not in self._read
        return unread and line not in self.without_history

    def wants_proof(self, line: str) -> bool:
        """Return whether an end waits for what the history tells."""
        return line in self._waiting

    def waits_since(self, line: str) -> float:
        """Return since when an end waits for proof; infinity if none does."""
        return min(
            (story.waits for story in self._waiting.get(line, ())), default=math.inf
        )

    def settle(
        self,
        state: PbxState,
        history: tuple[PastCall, ...] | None,
        now: float,
        patience: float = 0,
    ) -> list[CallEvent]:
        """Return what a line's history tells, the newest call first; None if it is silent.

        That are the ends that wait for it, those that have waited for some seconds of
        `patience` as well; and the calls that nobody has heard of.
        """
        line, events = state.line, list[CallEvent]()
        silent = line in self.without_history
        known = self._calls_known(state)
        for story in tuple(self._waiting.get(line, ())):
            past = found_in(history or (), story.call, state.country)
            if past or silent or now - story.waits >= patience:
                if not silent:
                    self._assume(Assumption.HISTORY_TELLS_ENDED_CALLS, bool(past))
                self._waiting[line].remove(story)
                events += self._ended(state, story, None, past)
        if not self._waiting.get(line):
            self._waiting.pop(line, None)
        if history is not None:
            events += self._unheard(state, history, known)
        return events

    def _calls_known(self, state: PbxState) -> list[AccountCall]:
        """Return the calls of the line that were told of, or are about to be."""
        line = state.line
        return [
            *(story.call for story in self._stories.get(line, {}).values()),
            *(story.call for story in self._waiting.get(line, ())),
            *state.extensions[line].calls,
            *(story.call for story in self._told_before.over[line]),
        ]

    def _unheard(
        self, state: PbxState, history: tuple[PastCall, ...], known: list[AccountCall]
    ) -> Iterator[CallEvent]:
        """Yield the calls of the line of which nobody has heard.

        Those that came and went while the link was lost are told as that. While it is up
        they are those that did not come through to the phone. What stood in the history
        when it was read first is of earlier days, as is what comes up from below it.
        """
        line = state.line
        self._lines.add(line)
        before, gap = self._read.get(line), line in self._gaps
        self._read[line] = {_past_key(past) for past in history}
        self._gaps.discard(line)
        if before is None:
            return
        oldest = min((key[1] for key in before if key[1]), default=0)
        for past in reversed(history):
            if _past_key(past) in before or (past.started or 0) < oldest:
                continue
            if past.ended is None or any(is_known(past, call) for call in known):
                continue
            story = _story_of(past)
            if gap:
                yield from self._went_by(state, story, past)
            elif reason := unheard_reason(state, past):
                self._told_before.over[line].append(story)
                yield from ending(line, story, reason, 0)

    def _went_by(
        self, state: PbxState, story: Story, past: PastCall
    ) -> Iterator[CallEvent]:
        """Yield a call of the line that came and went while nobody listened."""
        began = event(state.line, story, first_step(story.call), 0)
        for each in (began, *self._ended(state, story, None, past)):
            yield replace(each, backfilled=True, past=True)

    def _ended(
        self,
        state: PbxState,
        story: Story,
        reason: EndReason | None,
        past: PastCall | None,
    ) -> Iterator[CallEvent]:
        """Yield the end of a call of the line.

        Where the reason is not known, what the history has of the call may prove it.
        """
        line = state.line
        self._told_before.over[line].append(story)
        reason = reason or reason_by_history(state, story, past)
        seconds = story.seconds(story.ended)
        if story.unseen and past and reason is EndReason.COMPLETED:
            seconds = past.duration
            if not story.connected:
                story.connected = True
                answered = event(line, story, CallEventType.ANSWERED, 0)
                yield replace(answered, backfilled=True, past=True)
        yield from ending(line, story, reason, seconds)

    # The calls that are told

    def _told(
        self, state: PbxState, number: str, now: float, *, gap: bool
    ) -> Iterator[CallEvent]:
        """Yield what happened at an account: ends first, then what began."""
        account = state.account(number)
        calls = {call.id: call for call in account.calls} if account else {}
        stories = self._stories.setdefault(number, {})
        self._follow_legs(number, account, calls)
        # In the order in which they began: that of a set is another in each run.
        for call_id in tuple(stories):
            call_now = calls.get(call_id)
            if call_now and self._is_same(
                stories[call_id], call_now, state.country, gap=gap
            ):
                continue
            ended = stories[call_id]
            if account and call_id not in calls and may_have(account, ended.call):
                ended.doubted = True
                continue
            blind = gap or call_id in state.ended_unseen
            ended.ended, ended.waits = None if blind else now, now
            ended.unseen = blind or not (account and account.present)
            yield from self._leaves(state, number, call_id, ended)
        for call_id, call in calls.items():
            if story := stories.get(call_id):
                yield from went_on(number, story, call, now, gap=gap)
                continue
            life = self._life(number, call)
            new = stories[call_id] = Story(call, life, None if gap else now)
            new.talked = any(
                over.call.id == call_id
                and over.call.state in IN_CALL
                and not is_another(over.call, call, state.country, gap=False)
                for over in self._told_before.over.get(number, ())
            )
            yield from begins(number, new, now, gap=gap, backfilled=gap)
        if not stories:
            del self._stories[number]

    def _leaves(
        self, state: PbxState, number: str, call_id: str, story: Story
    ) -> Iterator[CallEvent]:
        """Yield that an account has a call no more, unless that waits for proof."""
        del self._stories[number][call_id]
        self._idle.add(call_id)
        if number in state.groups:
            yield from self._left_group(state, number, story)
            return
        ours = self._ours.pop((number, call_id), None)
        reason = ours or reason_by_calls(state, number, story)
        is_line = number == state.line
        if reason is None and is_line and number not in self.without_history:
            self._waiting.setdefault(number, []).append(story)
        elif is_line:
            yield from self._ended(state, story, reason, None)
        else:
            if number in self._lines:
                self._told_before.over[number].append(story)
            seconds = story.seconds(story.ended)
            yield from ending(number, story, reason or EndReason.UNKNOWN, seconds)

    def _left_group(
        self, state: PbxState, number: str, story: Story
    ) -> Iterator[CallEvent]:
        """Yield that a call is for a group no more."""
        call_id = story.call.id
        if not (story.unseen or story.connected) and is_taken(
            state, number, story.call
        ):
            story.connected, story.answered = True, story.ended
            yield event(number, story, CallEventType.ANSWERED, 0)
        reason = reason_of_group(state, number, story)
        if EndReason.TRANSFERRED in (
            reason for (_, ours), reason in self._ours.items() if ours == call_id
        ):
            reason = EndReason.TRANSFERRED
        seconds = story.seconds(story.ended)
        yield from ending(number, story, reason, seconds)

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

    # Which call it is

    def _life(self, number: str, call: AccountCall) -> Life:
        """Return the life of a call: that of its id, or of another leg."""
        ends = ends_for(number, call)
        if self._legs is None:
            self._legs = defaultdict(list)
            for other, stories in self._stories.items():
                for story in stories.values():
                    its = ends_for(other, story.call)
                    self._legs[its[:2]].append((other, its, story.life))
        life = self._lives.get(call.id)
        if life is None:
            life = next(
                (
                    life
                    for other, its, life in self._legs[ends[:2]]
                    # Who calls again at once, or twice, is not another leg.
                    if are_legs(ends, its, LEG_SPREAD if other != number else 0)
                ),
                None,
            )
            self._lives[call.id] = life = life or Life(next(_ORIGINS))
        self._legs[ends[:2]].append((number, ends, life))
        return life

    def _is_same(
        self, story: Story, call: AccountCall, country: str | None, *, gap: bool
    ) -> bool:
        """Return whether a call of an account is the one that a story is about."""
        if self._lives.get(call.id) is story.life:
            if not is_another(story.call, call, country, gap=gap):
                return True
            del self._lives[call.id]
        return False

    def _end_lives(self, state: PbxState) -> None:
        """Let go of the ids that no list and no account has any more."""
        self._legs = None
        for call_id in self._idle - state.listed.keys():
            self._idle.discard(call_id)
            if not any(call_id in stories for stories in self._stories.values()):
                self._lives.pop(call_id, None)

    def _follow_legs(
        self, number: str, account: KnownAccount | None, calls: dict[str, AccountCall]
    ) -> None:
        """Go on with the story of a call whose leg is gone as that of another leg.

        A group has all legs of a call; those of one phone begin at the very same time.
        """
        stories = self._stories[number]
        spread = LEG_SPREAD if isinstance(account, Group) else 0
        for call_id in stories.keys() - calls.keys():
            story = stories[call_id]
            ends = ends_for(number, story.call)
            for leg_id, leg in calls.items():
                if leg_id not in stories and are_legs(
                    ends, ends_for(number, leg), spread
                ):
                    stories[leg_id] = stories.pop(call_id)
                    self._lives[leg_id] = story.life
                    self._idle.add(call_id)
                    break


def _story_of(past: PastCall) -> Story:
    """Return a past call as if it were about to begin, unseen."""
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
    return Story(call, Life(next(_ORIGINS)), unseen=True)


def _past_key(past: PastCall) -> _PastKey:
    """Return what tells a call of a history from the others."""
    return past.id, past.started, past.remote.number, past.dialed_number


def _sorted(events: Iterable[CallEvent]) -> list[CallEvent]:
    """Return events by account; those of one account stay in their order."""
    return sorted(events, key=lambda event: event.account)
