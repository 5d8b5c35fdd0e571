"""What is told of calls, held against what happened: each call exactly once, and rightly."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
import math
import time
from typing import Any

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.entity_registry import RegistryEntry
from simulator import AccountType, Call, Event as Happened
from simulator.engine import Engine
from simulator.model import Change, Message
from tests.support.truth import call_state

from .clock import Clock, waited
from .facts import Facts, Reader, Times, false_attributes
from .office import REGULAR, WITHHELD

_BEGINS = {
    "ringing": ["ringing"],
    "dialing": ["dialing"],
    "connected": ["answered"],
    "held": ["answered", "held"],
}
_TALKS = {"connected", "held"}
# What comes with an end, and with no proof is left out.
_NEVER_SURE = {"missed", "transferred"}
# What triggers fire for.
_FIRED = ("ringing", "dialing", "answered", "ended")
# Seconds for which the id of a call that is over may be used again.
_KEPT = 60.0
# Seconds that proof of an end is sought, and by which a duration may differ.
_PROOF, _ROUNDED = 4.0, 1.6
# Reasons that contradict what happened.
_FALSE_OF_TALK = {"missed", "answered_elsewhere", "unanswered"}
_FALSE_OF_OUTGOING = {"missed", "answered_elsewhere", "completed"}
_FALSE_OF_INCOMING = {"unanswered", "completed"}

type Pair = tuple[str, str]


@dataclass(slots=True)
class _Story:
    """A call of an account: what happened to it there, and what was told of that.

    It is `unsure` where something happened that nobody could hear, and `old` when its end
    has been waited for once.
    """

    real: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    versions: list[tuple[float, Facts]] = field(default_factory=list)
    stretches: list[list[float]] = field(default_factory=list)
    state: str | None = None
    unsure: bool = False
    talked: bool = False
    unheard: bool = False
    old: bool = False

    @property
    def is_talking(self) -> bool:
        """Return whether the account talks, or did so to the end."""
        return bool(self.versions) and self.versions[-1][1].state in _TALKS

    def during(self, seconds: float) -> list[Facts]:
        """Return what the call was in the last seconds, or what it was last."""
        since = waited() - seconds
        recent = [
            facts
            for (_, facts), (until, _) in zip(
                self.versions, [*self.versions[1:], (waited(), None)], strict=False
            )
            if until >= since
        ]
        return recent or [facts for _, facts in self.versions[-1:]]

    def is_duration(self, seconds: float | None) -> bool:
        """Return whether so long was talked, in all or since it was last answered."""
        if seconds is None:
            return False
        if seconds == 0 and not self.is_talking:
            # A call that is sent on rings anew: what was talked before may not count.
            return True
        now = time.monotonic()
        took = [(end or now) - begin for begin, end in self.stretches]
        return any(abs(seconds - truth) < _ROUNDED for truth in (sum(took), *took[-1:]))


class Chronicle:
    """Write down what happens and what is told of it."""

    def __init__(self, hass: HomeAssistant, engine: Engine, clock: Clock) -> None:
        """Begin to write."""
        self.deaf = False
        self.events = 0
        self.firings = 0
        self.played: Callable[[], float] = lambda: 0.0
        self.slack: Callable[[], float] = lambda: 1.0
        self.lacking: frozenset[str] = frozenset()
        self.last_callers: dict[str, set[str] | None] = {}
        self.sure: set[str] | None = None
        self.triggered: frozenset[str] = frozenset()
        self._engine = engine
        self._clock = clock
        self._reader = Reader()
        self._accounts: dict[str, str] = {}
        self._sensors: dict[str, str] = {}
        self._phones: frozenset[str] = frozenset()
        self._stories: defaultdict[Pair, _Story] = defaultdict(_Story)
        self._now: dict[Pair, str] = {}
        self.noted: list[str] = []
        self._seen = 0
        self._answered: defaultdict[str, set[str]] = defaultdict(set)
        self._moved: set[str] = set()
        self._newest: dict[str, tuple[float, str]] = {}
        self._over: dict[str, float] = {}
        self._unheard: set[Pair] = set()
        self._unheard_before: set[Pair] = set()
        self._answers: defaultdict[str, set[Times]] = defaultdict(set)
        self._find_phones()
        engine.listeners.append(self._on_engine)
        hass.bus.async_listen("state_changed", self._on_state)

    def take_entities(self, entities: dict[Pair, RegistryEntry]) -> None:
        """Take note of which entities tell of the calls of extensions."""
        self._find_phones()

        def named(key: str) -> dict[str, str]:
            """Return the extensions by their entities of a key."""
            return {
                entity.entity_id: number
                for (number, name), entity in entities.items()
                if name == key and number in self._phones
            }

        self._accounts = named("event call")
        self._sensors = named("call")

    def _find_phones(self) -> None:
        """Take note of which accounts are extensions: of others less is told."""
        accounts = self._engine.tenant("localhost").accounts.values()
        self._phones = frozenset(
            account.number
            for account in accounts
            if account.type is AccountType.EXTENSION
        )

    def begin_anew(self) -> None:
        """Forget all: a fresh start tells no beginning of what is up then."""
        self._stories.clear()
        for pair, state in self._now.items():
            story = self._stories[pair]
            story.unsure, story.state, story.talked = True, state, state in _TALKS
        self.last_callers = dict.fromkeys(self.last_callers)

    def doubt(self) -> None:
        """Take it that nobody knows how long the calls last that are up."""
        for story in self._stories.values():
            story.unsure |= story.state is not None

    def _is_sure(self, number: str) -> bool:
        """Return whether all that there is of an account is told."""
        return self.sure is None or number in self.sure

    # What happens

    def _on_engine(self, news: Change | Message) -> None:
        """Note what is not as it was."""
        if isinstance(news, Message) or news.tenant != "localhost":
            return
        if len(news.accounts) == 1 and news.accounts[0] not in self._phones:
            self._find_phones()
        self._read_log()
        now: dict[Pair, str] = {}
        of: defaultdict[str, list[Call]] = defaultdict(list)
        for call in self._engine.calls():
            if call.connect:
                when = self._reader.moment(call.connect, self._clock.time())
                self._answers[call.id].add(when)
            self._reader.learn(call.caller)
            self._reader.learn(call.called)
            called = call.called.number
            if called in self._phones and not (call.rung or call.connect):
                self._unheard.add((called, call.caller.number))
                # Its history may name who called, or not yet.
                self.last_callers[called] = None
            for number in call.accounts() & self._phones:
                if state := call_state(call, number):
                    now[number, call.id] = state
                    of[number].append(call)
        before, self._now = self._now, now
        for pair in before.keys() | now.keys():
            if (old := before.get(pair)) != (new := now.get(pair)):
                self._note(pair, old, new)
        for number in self._phones.intersection(news.accounts):
            for call in of[number]:
                self._describe(number, call, of[number])

    def _read_log(self) -> None:
        """Read what is new in the log of the engine."""
        for entry in self._engine.log[self._seen :]:
            match entry.event:
                case Happened.CREATED:
                    self._renew(entry.call_id)
                case Happened.ANSWERED if entry.account:
                    self._answered[entry.call_id].add(entry.account)
                case Happened.TRANSFERRED:
                    self._moved.add(entry.call_id)
                case Happened.ENDED:
                    self._over[entry.call_id] = self.played()
        self._seen = len(self._engine.log)

    def _renew(self, call_id: str) -> None:
        """Begin new stories of a call whose id there was before."""
        self._over.pop(call_id, None)
        self._answered.pop(call_id, None)
        self._answers.pop(call_id, None)
        self._moved.discard(call_id)
        for pair in [pair for pair in self._stories if pair[1] == call_id]:
            self.noted += self._lies_of(*pair)
            del self._stories[pair]

    def _note(self, pair: Pair, old: str | None, new: str | None) -> None:
        """Note what happened to a call of an account."""
        story = self._stories[pair]
        story.state = new
        story.unsure |= self.deaf
        story.talked |= new in _TALKS
        if new is None:
            steps = ["ended"]
        elif old in _TALKS and new in _TALKS:
            steps = ["held" if new == "held" else "resumed"]
        else:
            steps = _BEGINS[new]
        story.real += steps
        story.times += [waited()] * len(steps)
        if old in _TALKS and new not in _TALKS and story.stretches:
            story.stretches[-1][1] = time.monotonic()
        elif new in _TALKS and old not in _TALKS:
            story.stretches.append([time.monotonic(), 0])
        if new == "ringing":
            call = self._engine.call(pair[1])
            caller, start = call.caller.number, call.start
            # That a call has come back may not be told while proof of its end is sought.
            open_ = self.deaf or "ended" in story.real or caller == WITHHELD
            newest = self._newest.get(pair[0], (0.0, caller))
            self._newest[pair[0]] = max(newest, (start, caller))
            # A call that was sent on may ring after one that began later.
            last = {caller, self._newest[pair[0]][1]}
            self.last_callers[pair[0]] = None if open_ else last
        elif old is None:
            # What never rang, such as a call that was parked, counts at its end only.
            self.last_callers[pair[0]] = None
        elif new is None and "ringing" not in story.real:
            self.last_callers[pair[0]] = None

    def _describe(self, number: str, call: Call, calls: list[Call]) -> None:
        """Note what a call is for an account, if that is new."""
        facts = self._reader.read(call, number, calls, self._clock.time())
        versions = self._stories[number, call.id].versions
        if facts and (not versions or versions[-1][1] != facts):
            versions.append((waited(), facts))

    # What is told

    @callback
    def _on_state(self, event: Event[EventStateChangedData]) -> None:
        """Note what is told."""
        new, old = event.data["new_state"], event.data["old_state"]
        entity_id = event.data["entity_id"]
        if new is None or "call_id" not in new.attributes:
            return
        if number := self._sensors.get(entity_id):
            if new.state != "unavailable":
                self._judge_sensor(number, new.state, new.attributes, self.slack())
            return
        if (number := self._accounts.get(entity_id)) is None:
            return
        if old and (old.state, old.attributes) == (new.state, new.attributes):
            return
        if old is None or "unavailable" in (old.state, new.state):
            # It comes back, with what it told last.
            return
        self.events += 1
        told, call_id = new.attributes["event_type"], new.attributes["call_id"]
        story = self._stories[number, call_id]
        story.unsure |= new.attributes["backfilled"] or self.deaf
        story.told.append(str(told))
        if self._is_of_unheard(number, story, new.attributes["remote_number"]):
            return
        self._judge(number, call_id, f"{told} of {number}", new.attributes)
        if told == "ended":
            self._judge_reason(number, call_id, story, new.attributes["end_reason"])
        if told not in _NEVER_SURE:
            self._judge_time(number, call_id, story)

    def _is_of_unheard(self, number: str, story: _Story, caller: str | None) -> bool:
        """Return whether a call is told that never rang: the phone was not to be heard."""
        if not story.real and set(story.told) <= {"missed", "ended"}:
            story.unheard |= (number, caller or WITHHELD) in (
                self._unheard | self._unheard_before
            )
        return story.unheard

    def _judge(
        self, number: str, call_id: str, what: str, told: Mapping[str, Any]
    ) -> None:
        """Note what is told of a call and is not so."""
        story = self._stories[number, call_id]
        sure = self._is_sure(number) and not story.unsure
        lies = [
            *false_attributes(
                told,
                story.during(self.slack() + _PROOF if sure else math.inf),
                self.lacking if sure else None,
                self._answers[call_id],
            )
        ]
        if sure and story.real and not story.is_duration(told["duration"]):
            lies.append(f"duration is {told['duration']}, is {story.stretches}")
        self.noted += [f"in {what}, {call_id}: {lie}" for lie in lies]

    def _judge_sensor(
        self, number: str, state: str, told: Mapping[str, Any], seconds: float
    ) -> None:
        """Note what is shown of a call and has not been so for some seconds."""
        call_id = told["call_id"]
        story = self._stories.get((number, call_id))
        if story is None:
            if self._is_sure(number) and not self.deaf:
                self.noted.append(f"{number} shows a call {call_id} that is not there")
            return
        sure = self._is_sure(number) and not story.unsure and not self.deaf
        versions = story.during(seconds if sure else math.inf)
        if sure and state not in {facts.state for facts in versions}:
            self.noted.append(f"{number} shows {call_id} as {state}, is {versions}")
        lacking = self.lacking if sure else None
        self.noted += [
            f"call of {number}, {call_id}: {lie}"
            for lie in false_attributes(told, versions, lacking, self._answers[call_id])
        ]

    def _judge_time(self, number: str, call_id: str, story: _Story) -> None:
        """Note a step that is told too late."""
        steps = [step for step in story.told if step not in _NEVER_SURE]
        last = len(steps) - 1
        if story.unsure or not self._is_sure(number) or story.real[: last + 1] != steps:
            return
        late = waited() - story.times[last]
        limit = self.slack() + (_PROOF if steps[last] == "ended" else 0)
        if late > limit:
            self.noted.append(
                f"{number} {call_id} is told as {steps[last]} {late:.1f} s late"
            )

    def _judge_reason(
        self, number: str, call_id: str, story: _Story, reason: str
    ) -> None:
        """Note a reason that is not true; a call that is sent on has several ends."""
        if call_id in self._moved or not story.real or not story.versions:
            return
        answered = self._answered[call_id]
        outgoing = any(facts.direction == "outgoing" for _, facts in story.versions)
        if story.talked:
            false = set() if story.unsure else set(_FALSE_OF_TALK)
            false |= {"missed"} if number in answered else set()
        elif outgoing:
            false = _FALSE_OF_OUTGOING
        else:
            false = _FALSE_OF_INCOMING | (
                {"missed"} if answered & self._phones else {"answered_elsewhere"}
            )
            if number in answered:
                false |= {"missed"}
        if reason in false:
            self.noted.append(
                f"{number} {call_id} ended {reason}, answered by {sorted(answered)}:"
                f" {story.real}"
            )

    @callback
    def fire(self, kind: str, number: str, told: Mapping[str, Any]) -> None:
        """Note that a trigger of an extension has fired."""
        self.firings += 1
        call_id = told["call_id"]
        story = self._stories[number, call_id]
        story.fired[kind] += 1
        if self._is_of_unheard(number, story, told["remote_number"]):
            return
        self._judge(number, call_id, f"trigger {kind} of {number}", told)
        if number not in told["extensions"]:
            self.noted.append(f"trigger {kind} of {number} is for {told['extensions']}")

    # What is not so

    def judge_shown(self, hass: HomeAssistant) -> None:
        """Look at all calls that are shown at a quiet moment."""
        for entity_id, number in self._sensors.items():
            state = hass.states.get(entity_id)
            if state and "call_id" in state.attributes:
                self._judge_sensor(number, state.state, state.attributes, 0)

    def lies(self) -> Iterator[str]:
        """Yield what is told falsely, twice or not at all."""
        yield from self.noted
        for pair in self._stories:
            yield from self._lies_of(*pair)

    def _lies_of(self, number: str, call_id: str) -> Iterator[str]:
        """Yield what is wrong in what was told of a call of an account."""
        story = self._stories[number, call_id]
        if story.unheard:
            if (
                story.told.count("ended") > 1
                or max(story.fired.values(), default=0) > 1
            ):
                yield f"{number} {call_id}, which never rang, is told as {story.told}"
            return
        real, told = story.real, [t for t in story.told if t not in _NEVER_SURE]
        sound = told == real
        if self.sure is not None:
            # The end of a call that comes back is not told while proof is sought.
            sound = _without_returns(told) == _without_returns(real)
        unsure = story.unsure or not self._is_sure(number)
        if unsure:
            sound = told.count("ended") <= max(real.count("ended"), 1)
            sound &= not told or self.sure is not None or self._is_closed(told, story)
        if not sound:
            yield f"{number} {call_id} is told as {told}, is {real}"
        if number in self.triggered:
            yield from self._lies_of_triggers(number, call_id, story, unsure)

    @staticmethod
    def _lies_of_triggers(
        number: str, call_id: str, story: _Story, unsure: bool
    ) -> Iterator[str]:
        """Yield what is wrong in how triggers have fired for a call: once for each kind."""
        for kind in (*_FIRED, "regular"):
            due = kind in story.real
            if kind == "ended":
                # The end of a call that comes back may not be told.
                due = story.state is None
            if kind == "regular":
                due = any(
                    facts.state == "ringing" and REGULAR in facts.numbers
                    for _, facts in story.versions
                )
            fired = story.fired[kind]
            # A call that comes back after its end is another one, or the same.
            most = story.real.count("ringing" if kind == "regular" else kind)
            if fired > most or (due and not fired and not unsure):
                yield f"{number} {call_id} fired {kind} {fired} times, is {story.real}"
        if story.fired["missed"] > ("missed" in story.told):
            yield f"{number} {call_id} fired missed, and it is not told so"
        elif not unsure and story.fired["missed"] < ("missed" in story.told):
            yield f"{number} {call_id} is missed, and no trigger has fired"

    @staticmethod
    def _is_closed(told: list[str], story: _Story) -> bool:
        """Return whether what was told has its end, and only if the call has."""
        return (told[-1] == "ended") is (story.state is None)

    def free_ids(self, seconds: float) -> Iterator[str]:
        """Yield the ids of calls that have been over for some time."""
        for call_id, when in self._over.items():
            if self.played() - when > seconds:
                yield call_id

    def forget(self, but: Container[str]) -> None:
        """Forget the calls that are over and told, and the names of some numbers."""
        self._reader.forget(but)
        # The history may tell of a call some seconds later.
        self._unheard, self._unheard_before = set(), self._unheard
        for pair, story in list(self._stories.items()):
            if story.state is None:
                # Proof of an end is sought for a while.
                if story.old or not story.unsure or "ended" in story.told:
                    del self._stories[pair]
                story.old = True
        for call_id, when in list(self._over.items()):
            if self.played() - when > _KEPT:
                del self._over[call_id]
                self._answered.pop(call_id, None)
                self._answers.pop(call_id, None)
                self._moved.discard(call_id)
        del self._engine.log[:]
        self._seen = 0


def _without_returns(steps: list[str]) -> list[str]:
    """Return steps less the ends of a call that came back, and what that repeats."""
    went_on = [step for step in steps[:-1] if step != "ended"] + steps[-1:]
    return [step for step, _ in groupby(went_on)]
