"""What really happens to the calls of each account, by the engine alone."""

from collections import defaultdict
from collections.abc import Container, Iterator

from rig.timing import SetClock
from rig.truth import call_state
from simulator import AccountType, Call, Event as Happened
from simulator.engine import Engine
from simulator.model import Change, Message

from .calls import TALKS, AccountCall
from .facts import Reader, Times
from .office import WITHHELD, Office

_BEGINS = {
    "ringing": ["ringing"],
    "dialing": ["dialing"],
    "connected": ["answered"],
    "held": ["answered", "held"],
}
# Seconds for which the id of a call that is over may be used again.
_KEPT = 60.0

type Pair = tuple[str, str]


class History:
    """Follow the engine. While it is `deaf`, nobody else may hear what happens.

    `replaced` are the calls whose id another one has now: to be judged, and dropped.
    """

    def __init__(self, engine: Engine, office: Office, clock: SetClock) -> None:
        """Begin to follow."""
        self.deaf = False
        self.calls: defaultdict[Pair, AccountCall] = defaultdict(AccountCall)
        self.replaced: list[tuple[Pair, AccountCall]] = []
        self.answered: defaultdict[str, set[str]] = defaultdict(set)
        self.answers: defaultdict[str, set[Times]] = defaultdict(set)
        self.moved: set[str] = set()
        self.last_callers: dict[str, set[str] | None] = {}
        self.phones: frozenset[str] = frozenset()
        self._engine = engine
        self._office = office
        self._clock = clock
        self._reader = Reader()
        self._now: dict[Pair, str] = {}
        self._seen = 0
        self._newest: dict[str, tuple[float, str]] = {}
        self._over: dict[str, float] = {}
        self._unheard: set[Pair] = set()
        self._unheard_before: set[Pair] = set()
        self.find_phones()
        engine.listeners.append(self._on_engine)

    def find_phones(self) -> None:
        """Take note of which accounts are extensions: of others less is reported."""
        accounts = self._engine.tenant("localhost").accounts.values()
        self.phones = frozenset(
            account.number
            for account in accounts
            if account.type is AccountType.EXTENSION
        )

    def start_over(self) -> None:
        """Forget all: a fresh start reports no beginning of what is up then."""
        self.calls.clear()
        for pair, state in self._now.items():
            call = self.calls[pair]
            call.unsure, call.state, call.talked = True, state, state in TALKS
        self.last_callers = dict.fromkeys(self.last_callers)

    def doubt(self) -> None:
        """Take it that nobody knows how long the calls last that are up."""
        for call in self.calls.values():
            call.unsure |= call.state is not None

    def never_rang(self, number: str, caller: str | None) -> bool:
        """Return whether a caller recently called a phone that could not ring."""
        pair = number, caller or WITHHELD
        return pair in self._unheard or pair in self._unheard_before

    def free_ids(self, seconds: float) -> Iterator[str]:
        """Yield the ids of calls that have been over for some time."""
        for call_id, when in self._over.items():
            if self._office.played - when > seconds:
                yield call_id

    def forget(self, but: Container[str]) -> None:
        """Forget the calls that are over and reported, and the names of some numbers."""
        self._reader.forget(but)
        # The history of the PBX may list a call some seconds later.
        self._unheard, self._unheard_before = set(), self._unheard
        for pair, call in list(self.calls.items()):
            if call.state is None:
                # Proof of an end is sought for a while.
                if call.old or not call.unsure or "ended" in call.reported:
                    del self.calls[pair]
                call.old = True
        for call_id, when in list(self._over.items()):
            if self._office.played - when > _KEPT:
                self._drop(call_id)
        self._engine.log.clear()
        self._seen = 0

    def _drop(self, call_id: str) -> None:
        """Forget what is known of an id."""
        self._over.pop(call_id, None)
        self.answered.pop(call_id, None)
        self.answers.pop(call_id, None)
        self.moved.discard(call_id)

    def _on_engine(self, news: Change | Message) -> None:
        """Note what is not as it was."""
        if isinstance(news, Message) or news.tenant != "localhost":
            return
        if len(news.accounts) == 1 and news.accounts[0] not in self.phones:
            self.find_phones()
        self._read_log()
        now: dict[Pair, str] = {}
        of: defaultdict[str, list[Call]] = defaultdict(list)
        for call in self._engine.calls():
            self._learn(call)
            for number in call.accounts() & self.phones:
                if state := call_state(call, number):
                    now[number, call.id] = state
                    of[number].append(call)
        before, self._now = self._now, now
        for pair in before.keys() | now.keys():
            if (old := before.get(pair)) != (new := now.get(pair)):
                self._note(pair, old, new)
        for number in self.phones.intersection(news.accounts):
            for call in of[number]:
                facts = self._reader.read(call, number, of[number], self._clock.time())
                if facts:
                    self.calls[number, call.id].describe(facts)

    def _read_log(self) -> None:
        """Read what is new in the log of the engine."""
        for entry in self._engine.log[self._seen :]:
            match entry.event:
                case Happened.CREATED:
                    self._drop(entry.call_id)
                    for pair in [p for p in self.calls if p[1] == entry.call_id]:
                        self.replaced.append((pair, self.calls.pop(pair)))
                case Happened.ANSWERED if entry.account:
                    self.answered[entry.call_id].add(entry.account)
                case Happened.TRANSFERRED:
                    self.moved.add(entry.call_id)
                case Happened.ENDED:
                    self._over[entry.call_id] = self._office.played
        self._seen = len(self._engine.log)

    def _learn(self, call: Call) -> None:
        """Remember the parties of a call, and who is called without ringing."""
        if call.connect:
            when = self._reader.moment(call.connect, self._clock.time())
            self.answers[call.id].add(when)
        self._reader.learn(call.caller)
        self._reader.learn(call.called)
        called = call.called.number
        if called in self.phones and not (call.rung or call.connect):
            self._unheard.add((called, call.caller.number))
            # Its history may name who called, or not yet.
            self.last_callers[called] = None

    def _note(self, pair: Pair, old: str | None, new: str | None) -> None:
        """Note what happened to a call of an account."""
        call = self.calls[pair]
        call.unsure |= self.deaf
        if new is None:
            steps = ["ended"]
        elif old in TALKS and new in TALKS:
            steps = ["held" if new == "held" else "resumed"]
        else:
            steps = _BEGINS[new]
        call.add(steps, old, new)
        if new == "ringing":
            self._note_caller(*pair, may_lack=self.deaf or "ended" in call.real)
        elif old is None or (new is None and "ringing" not in call.real):
            # What never rang, such as a call that was parked, counts at its end only.
            self.last_callers[pair[0]] = None

    def _note_caller(self, number: str, call_id: str, *, may_lack: bool) -> None:
        """Note who has called last.

        That a call has come back may not be reported while proof of its end is sought. One
        that was sent on may ring after one that began later.
        """
        call = self._engine.call(call_id)
        caller = call.caller.number
        newest = self._newest.get(number, (0.0, caller))
        self._newest[number] = max(newest, (call.start, caller))
        last = {caller, self._newest[number][1]}
        is_open = may_lack or caller == WITHHELD
        self.last_callers[number] = None if is_open else last
