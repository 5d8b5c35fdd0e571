"""What is told of calls, held against what happened: each call exactly once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.entity_registry import RegistryEntry
from simulator import AccountType, Event as Happened
from simulator.engine import Engine
from simulator.model import Change, Message
from tests.truth import call_state

_BEGINS = {
    "ringing": ["ringing"],
    "dialing": ["dialing"],
    "connected": ["answered"],
    "held": ["answered", "held"],
}
_TALKS = {"connected", "held"}
# What comes with an end, and with no proof is left out.
_NEVER_SURE = {"missed", "transferred"}

type Pair = tuple[str, str]


@dataclass(slots=True)
class _Story:
    """A call of an account: what happened to it there, and what was told of that.

    It is `unsure` where something happened that nobody could hear, and `old` when its end
    has been waited for once.
    """

    real: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    state: str | None = None
    unsure: bool = False
    talked: bool = False
    old: bool = False


class Chronicle:
    """Write down what happens and what is told of it."""

    def __init__(self, hass: HomeAssistant, engine: Engine) -> None:
        """Begin to write."""
        self.deaf = False
        self.events = 0
        self.last_callers: dict[str, str | None] = {}
        self._engine = engine
        self._accounts: dict[str, str] = {}
        self._phones: frozenset[str] = frozenset()
        self._stories: defaultdict[Pair, _Story] = defaultdict(_Story)
        self._now: dict[Pair, str] = {}
        self._lies: list[str] = []
        self._seen = 0
        self._answered: defaultdict[str, set[str]] = defaultdict(set)
        self._moved: set[str] = set()
        self._over: set[str] = set()
        self._find_phones()
        engine.listeners.append(self._on_engine)
        hass.bus.async_listen("state_changed", self._on_state)

    def take_entities(self, entities: dict[Pair, RegistryEntry]) -> None:
        """Take note of which events are those of the calls of extensions."""
        self._find_phones()
        self._accounts = {
            entity.entity_id: number
            for (number, key), entity in entities.items()
            if key == "event call" and number in self._phones
        }

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

    # What happens

    def _on_engine(self, news: Change | Message) -> None:
        """Note what is not as it was."""
        if isinstance(news, Message) or news.tenant != "localhost":
            return
        if len(news.accounts) == 1 and news.accounts[0] not in self._phones:
            self._find_phones()
        for entry in self._engine.log[self._seen :]:
            if entry.event is Happened.ANSWERED and entry.account:
                self._answered[entry.call_id].add(entry.account)
            elif entry.event is Happened.TRANSFERRED:
                self._moved.add(entry.call_id)
            elif entry.event is Happened.ENDED:
                self._over.add(entry.call_id)
        self._seen = len(self._engine.log)
        now: dict[Pair, str] = {}
        for call in self._engine.calls():
            for number in call.accounts() & self._phones:
                if state := call_state(call, number):
                    now[number, call.id] = state
        before, self._now = self._now, now
        for pair in before.keys() | now.keys():
            if (old := before.get(pair)) != (new := now.get(pair)):
                self._note(pair, old, new)

    def _note(self, pair: Pair, old: str | None, new: str | None) -> None:
        """Note what happened to a call of an account."""
        story = self._stories[pair]
        story.state = new
        story.unsure |= self.deaf
        story.talked |= new in _TALKS
        if new is None:
            story.real.append("ended")
        elif old in _TALKS and new in _TALKS:
            story.real.append("held" if new == "held" else "resumed")
        else:
            story.real += _BEGINS[new]
        if new == "ringing":
            caller = self._engine.call(pair[1]).caller.number
            # That a call has come back may not be told while proof of its end is sought.
            returned = "ended" in story.real
            self.last_callers[pair[0]] = None if self.deaf or returned else caller
        elif old is None:
            # What never rang, such as a call that was parked, counts at its end only.
            self.last_callers[pair[0]] = None

    # What is told

    @callback
    def _on_state(self, event: Event[EventStateChangedData]) -> None:
        """Note what is told."""
        new, old = event.data["new_state"], event.data["old_state"]
        number = self._accounts.get(event.data["entity_id"])
        if number is None or new is None or "call_id" not in new.attributes:
            return
        if old and (old.state, old.attributes) == (new.state, new.attributes):
            return
        if old is None or "unavailable" in (old.state, new.state):
            # It comes back, with what it told last.
            return
        self.events += 1
        told, call_id = new.attributes["event_type"], new.attributes["call_id"]
        story = self._stories[number, call_id]
        story.unsure |= new.attributes["backfilled"]
        story.told.append(str(told))
        if told == "ended":
            self._judge(number, call_id, story, new.attributes["end_reason"])

    def _judge(self, number: str, call_id: str, story: _Story, reason: str) -> None:
        """Note a reason that is not true; a call that is sent on has several ends."""
        if call_id in self._moved:
            return
        answered = self._answered[call_id]
        false = (
            (reason == "missed" and number in answered)
            or (reason == "answered_elsewhere" and not answered - {number})
            or (reason == "completed" and not story.talked)
            or (reason == "unanswered" and story.talked and not story.unsure)
        )
        if false:
            self._lies.append(
                f"{number} {call_id} ended {reason}, answered by {sorted(answered)}:"
                f" {story.real}"
            )

    def lies(self, sure: set[str] | None) -> Iterator[str]:
        """Yield what is told falsely, twice or not at all.

        Of the accounts in `sure`, None for all, the link tells all that there is.
        """
        yield from self._lies
        for (number, call_id), story in self._stories.items():
            real, told = story.real, [t for t in story.told if t not in _NEVER_SURE]
            sound = told == real
            if sure is not None:
                # The end of a call that comes back is not told while proof is sought.
                sound = _without_returns(told) == _without_returns(real)
            if story.unsure or (sure is not None and number not in sure):
                sound = told.count("ended") <= max(real.count("ended"), 1)
                sound &= not told or sure is not None or self._is_closed(told, story)
            if not sound:
                yield f"{number} {call_id} is told as {told}, is {real}"

    @staticmethod
    def _is_closed(told: list[str], story: _Story) -> bool:
        """Return whether what was told has its end, and only if the call has."""
        return (told[-1] == "ended") is (story.state is None)

    def forget(self) -> None:
        """Forget the calls that are over and told."""
        for pair, story in list(self._stories.items()):
            if story.state is None:
                # Proof of an end is sought for a while.
                if story.old or not story.unsure or "ended" in story.told:
                    del self._stories[pair]
                story.old = True
        for call_id in self._over:
            self._answered.pop(call_id, None)
            self._moved.discard(call_id)
        self._over.clear()
        del self._engine.log[:]
        self._seen = 0


def _without_returns(steps: list[str]) -> list[str]:
    """Return steps less the ends of a call that came back, and what that repeats."""
    went_on = [step for step in steps[:-1] if step != "ended"] + steps[-1:]
    return [step for step, _ in groupby(went_on)]
