"""The people of a large office: who is there, and what each of them can do now."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from random import Random

from simulator import Account, AccountType, Call, Stage
from simulator.engine import Engine
from simulator.routing import GROUPS

LINE = "45"
# Who calls again and again, and has a trigger of his own; who withholds his number.
REGULAR, WITHHELD = "+493087654321", "anonymous"
# People outside who may call again.
_KNOWN = 30
# Seconds between two calls of the same caller: nobody is faster.
_AGAIN = 3.0
FLAG = "900"
# Calls that are up at a time, at most.
_MOST_CALLS = 40
# Calls of one phone at a time, at most.
_MOST_OF_ONE = 4
# These phones are in groups, and have more to do than the many others.
_BUSY_PHONES = [str(number) for number in range(40, 57)]


class Office:
    """Know everybody; choose by chance, the same for the same seed."""

    def __init__(self, engine: Engine, rng: Random) -> None:
        """Open it."""
        self.engine = engine
        self.rng = rng
        self.calls_made = 0
        # Seconds that people have let go by so far: no others, so that they are always the
        # same for a seed. In truth it is more.
        self.played = 0.0
        self._started: dict[str, float] = {}
        self._numbers = count(1)
        self._outsiders: deque[str] = deque(maxlen=_KNOWN)

    # Who there is

    @property
    def known(self) -> set[str]:
        """Return the numbers of those outside who may call again."""
        return {*self._outsiders, REGULAR}

    @property
    def accounts(self) -> list[Account]:
        """Return all accounts."""
        return list(self.engine.tenant("localhost").accounts.values())

    @property
    def phones(self) -> list[str]:
        """Return the extensions."""
        return [a.number for a in self.accounts if a.type is AccountType.EXTENSION]

    def is_there(self, number: str) -> bool:
        """Return whether there is such an account."""
        return number in self.engine.tenant("localhost").accounts

    def outsider(self) -> str:
        """Return the number of somebody outside, who may have called before."""
        dice = self.rng.random()
        if dice < 0.06:
            return REGULAR
        if dice < 0.3 and self._outsiders:
            return self.rng.choice(self._outsiders)
        number = f"+4930{next(self._numbers):07}"
        self._outsiders.append(number)
        return number

    def phone(self) -> str:
        """Return an extension."""
        if self.rng.random() < 0.6:
            return self.rng.choice([n for n in _BUSY_PHONES if self.is_there(n)])
        return self.rng.choice(self.phones)

    def of_type(self, *types: AccountType) -> str:
        """Return an account of some types."""
        return self.rng.choice([a.number for a in self.accounts if a.type in types])

    def pick(self, fits: Callable[[Call], bool]) -> Call | None:
        """Return a call that fits."""
        calls = [call for call in self.engine.calls() if fits(call)]
        return self.rng.choice(calls) if calls else None

    def may_call(
        self,
        caller: str,
        called: str,
        *,
        but: Iterable[Call] = (),
        start: float | None = None,
    ) -> bool:
        """Return whether nobody calls twice at the same moment, some calls aside.

        The wire does not tell two calls of the same caller, made within two seconds, from
        two legs of one; people are not that fast.
        """
        ids = {call.id for call in but}
        when = self.played if start is None else start
        return caller != called and not any(
            call.caller.number == caller
            and call.id not in ids
            and abs(self.started(call) - when) < _AGAIN
            for call in self.engine.calls()
        )

    def started(self, call: Call) -> float:
        """Return when a call began; one that we did not begin has just done so."""
        return self._started.get(call.id, self.played)

    def began(self, call_id: str) -> str:
        """Note that a call has begun."""
        self.calls_made += 1
        self._started[call_id] = self.played
        return call_id

    def has_room(self, *numbers: str) -> bool:
        """Return whether there can be one more call, for some phones as well."""
        return len(self.engine.calls()) < _MOST_CALLS and all(
            len(self.engine.calls_of(number)) < _MOST_OF_ONE for number in numbers
        )

    # Where a call can go

    def target(self, call: Call, who: str, remote: str) -> str | None:
        """Return where somebody can send a call with somebody else."""
        dice = self.rng.random()
        if dice < 0.6:
            target = self.phone()
        elif dice < 0.85:
            target = self.of_type(*GROUPS)
        else:
            target = self.outsider()
        if target in {who, call.caller.number, call.called.number}:
            return None
        if not (self.is_there(remote) or self.is_there(target)):
            return None
        may = self.may_call(remote, target, but=[call], start=self.started(call))
        return target if may else None

    def free_orbit(self, call: Call, remote: str) -> str | None:
        """Return an orbit that is free, for somebody in a call."""
        orbit = self.of_type(AccountType.ORBIT)
        taken = any(call.called.number == orbit for call in self.engine.calls())
        may = self.may_call(remote, orbit, but=[call], start=self.started(call))
        return orbit if may and not taken else None

    def go_home(self) -> None:
        """End all calls."""
        for call in self.engine.calls():
            self.engine.hang_up(call.id)
        self._started.clear()


def talking(call: Call) -> list[str]:
    """Return the extensions that talk in a call."""
    if call.stage is not Stage.CONNECTED:
        return []
    return [
        party.number
        for party in (call.caller, call.talker)
        if party is not None and party.type is AccountType.EXTENSION
    ]


def is_between_people(call: Call) -> bool:
    """Return whether a call can be sent on by who talks there."""
    return bool(talking(call)) and all(
        party is not None and party.type in (None, AccountType.EXTENSION)
        for party in (call.caller, call.talker)
    )
