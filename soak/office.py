"""What people at a large office do with their phones, at random."""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from random import Random

from simulator import Account, AccountType, Call, EngineError, Stage
from simulator.engine import Engine
from simulator.routing import GROUPS

LINE = "45"
# Who calls again and again, and has a trigger of his own; who does not tell his number.
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
# Phones that are away or do not want to be disturbed at a time, at most.
_MOST_AWAY = 40
# These phones are in groups, and have more to do than the many others.
_BUSY_PHONES = [str(number) for number in range(40, 57)]


class Office:
    """Do one thing after the other; the same for the same seed."""

    def __init__(self, engine: Engine, rng: Random) -> None:
        """Open it."""
        self.engine = engine
        self.calls_made = 0
        # Seconds that people have let go by so far: no others, so that they are always the
        # same for a seed. In truth it is more.
        self.played = 0.0
        self._started: dict[str, float] = {}
        self._rng = rng
        self._numbers = count(1)
        self._outsiders: deque[str] = deque(maxlen=_KNOWN)
        self._acts: dict[Callable[[], str | None], int] = {
            self._ring: 34,
            self._ring_line: 10,
            self._ring_group: 14,
            self._call_out: 6,
            self._click: 4,
            self._answer: 40,
            self._reject: 6,
            self._hold: 8,
            self._resume: 8,
            self._transfer: 6,
            self._deflect: 4,
            self._park: 4,
            self._retrieve: 4,
            self._join: 4,
            self._record: 2,
            self._hang_up: 40,
            self._presence: 12,
            self._chat: 2,
            self._flag: 1,
        }

    def act(self) -> str:
        """Do something that can be done now; return what it was."""
        while True:
            (act,) = self._rng.choices([*self._acts], [*self._acts.values()])
            try:
                if done := act():
                    return done
            except EngineError:
                # Somebody was not at the phone after all.
                continue

    def go_home(self) -> None:
        """End all calls."""
        for call in self.engine.calls():
            self.engine.hang_up(call.id)
        self._started.clear()

    @property
    def known(self) -> set[str]:
        """Return the numbers of those outside who may call again."""
        return {*self._outsiders, REGULAR}

    # Who and what there is

    @property
    def accounts(self) -> list[Account]:
        """Return all accounts."""
        return list(self.engine.tenant("localhost").accounts.values())

    @property
    def phones(self) -> list[str]:
        """Return the extensions."""
        return [a.number for a in self.accounts if a.type is AccountType.EXTENSION]

    def ring_once(self, number: str) -> str:
        """Let somebody call an extension and give up."""
        call = self._began(self.engine.ring(self.outsider(), number))
        self.engine.hang_up(call)
        return f"{call} rings at {number}"

    def is_there(self, number: str) -> bool:
        """Return whether there is such an account."""
        return number in self.engine.tenant("localhost").accounts

    def outsider(self) -> str:
        """Return the number of somebody outside, who may have called before."""
        dice = self._rng.random()
        if dice < 0.06:
            return REGULAR
        if dice < 0.3 and self._outsiders:
            return self._rng.choice(self._outsiders)
        number = f"+4930{next(self._numbers):07}"
        self._outsiders.append(number)
        return number

    def phone(self) -> str:
        """Return an extension."""
        if self._rng.random() < 0.6:
            return self._rng.choice([n for n in _BUSY_PHONES if self.is_there(n)])
        return self._rng.choice(self.phones)

    def of_type(self, *types: AccountType) -> str:
        """Return an account of some types."""
        return self._rng.choice([a.number for a in self.accounts if a.type in types])

    def pick(self, fits: Callable[[Call], bool]) -> Call | None:
        """Return a call that fits."""
        calls = [call for call in self.engine.calls() if fits(call)]
        return self._rng.choice(calls) if calls else None

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

    def _began(self, call_id: str) -> str:
        """Note that a call has begun."""
        self.calls_made += 1
        self._started[call_id] = self.played
        return call_id

    def has_room(self, *numbers: str) -> bool:
        """Return whether there can be one more call, for some phones as well."""
        return len(self.engine.calls()) < _MOST_CALLS and all(
            len(self.engine.calls_of(number)) < _MOST_OF_ONE for number in numbers
        )

    # Calls begin

    def _begin(self, caller: str, called: str) -> str | None:
        """Let somebody call somebody."""
        if caller[0] == "+" and self._rng.random() < 0.08:
            caller = WITHHELD
        if not (self.has_room(caller, called) and self.may_call(caller, called)):
            return None
        name = self._rng.choice(("", "Anna Meyer", "Zoë <x>", "María López"))
        named = name if caller[0] == "+" else ""
        call = self._began(self.engine.ring(caller, called, named))
        return f"{caller} calls {called}: {call}"

    def _ring(self) -> str | None:
        """Let somebody call an extension."""
        called = self.phone()
        caller = self.outsider() if self._rng.random() < 0.5 else self.phone()
        return self._begin(caller, called)

    def _ring_line(self) -> str | None:
        """Let somebody call our own extension."""
        caller = self.outsider() if self._rng.random() < 0.7 else self.phone()
        return self._begin(caller, LINE)

    def _ring_group(self) -> str | None:
        """Let somebody call an account that is no phone."""
        called = self.of_type(
            *(*GROUPS, *GROUPS, AccountType.ATTENDANT, AccountType.CONFERENCE)
        )
        caller = self.outsider() if self._rng.random() < 0.7 else self.phone()
        return self._begin(caller, called)

    def _call_out(self) -> str | None:
        """Let somebody call somebody outside."""
        caller = LINE if self._rng.random() < 0.3 else self.phone()
        return self._begin(caller, self.outsider())

    def _click(self) -> str | None:
        """Let somebody click a number of a colleague."""
        caller, called = self.phone(), self.phone()
        if caller == LINE or not self.has_room(caller, called):
            return None
        if not self.may_call(caller, called):
            return None
        call = self._began(self.engine.dial(caller, called))
        return f"{caller} clicks {called}: {call}"

    # Calls go on

    def _answer(self) -> str | None:
        """Let somebody answer."""
        call = self.pick(
            lambda call: (
                call.stage is not Stage.CONNECTED
                and bool(call.rung or not call.called.internal)
            )
        )
        if call is None:
            return None
        who = self._rng.choice(call.rung) if call.rung else None
        self.engine.answer(call.id, who)
        return f"{call.id} is answered by {who}"

    def _reject(self) -> str | None:
        """Let somebody refuse."""
        call = self.pick(lambda call: bool(call.rung))
        if call is None:
            return None
        who = self._rng.choice(call.rung)
        self.engine.reject(call.id, who)
        return f"{call.id} is rejected by {who}"

    def _hold(self) -> str | None:
        """Let somebody hold."""
        call = self.pick(lambda call: bool(talking(call)) and not call.held_by)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        self.engine.hold(call.id, who)
        return f"{call.id} is held by {who}"

    def _resume(self) -> str | None:
        """Let somebody take a call back."""
        call = self.pick(lambda call: bool(call.held_by) and not call.parked)
        if call is None:
            return None
        who = self._rng.choice(sorted(call.held_by))
        self.engine.resume(call.id, who)
        return f"{call.id} is resumed by {who}"

    def target(self, call: Call, who: str, remote: str) -> str | None:
        """Return where somebody can send a call with somebody else."""
        dice = self._rng.random()
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

    def _transfer(self) -> str | None:
        """Let somebody send a call on."""
        call = self.pick(is_between_people)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        target = self.target(call, who, call.other(who).number)
        if target is None:
            return None
        self.engine.transfer(call.id, who, target)
        return f"{call.id} is transferred by {who} to {target}"

    def _deflect(self) -> str | None:
        """Let somebody send a call on that still rings."""
        call = self.pick(lambda call: call.stage is Stage.RINGING and bool(call.rung))
        if call is None:
            return None
        who = self._rng.choice(call.rung)
        target = self.target(call, who, call.caller.number)
        if target is None or target in call.rung:
            return None
        self.engine.transfer(call.id, who, target)
        return f"{call.id} is deflected by {who} to {target}"

    def free_orbit(self, call: Call, remote: str) -> str | None:
        """Return an orbit that is free, for somebody in a call."""
        orbit = self.of_type(AccountType.ORBIT)
        taken = any(call.called.number == orbit for call in self.engine.calls())
        may = self.may_call(remote, orbit, but=[call], start=self.started(call))
        return orbit if may and not taken else None

    def _park(self) -> str | None:
        """Let somebody park a call."""
        call = self.pick(is_between_people)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        orbit = self.free_orbit(call, call.other(who).number)
        if orbit is None:
            return None
        self.engine.transfer(call.id, who, orbit)
        return f"{call.id} is parked by {who} in {orbit}"

    def _retrieve(self) -> str | None:
        """Let somebody take a parked call."""
        call = self.pick(lambda call: call.parked)
        who = self.phone()
        if call is None or not (
            self.may_call(who, call.called.number) and self.has_room(who)
        ):
            return None
        if call.caller.number == who:
            return None
        self.engine.ring(who, f"*86{call.called.number}")
        self.calls_made += 1
        return f"{call.id} is retrieved by {who}"

    def _join(self) -> str | None:
        """Let somebody who has two calls join them."""
        first = self.pick(is_between_people)
        if first is None:
            return None
        who = self._rng.choice(talking(first))
        second = self.pick(
            lambda call: (
                call is not first and is_between_people(call) and who in talking(call)
            )
        )
        if second is None:
            return None
        parties = first.other(who), second.other(who)
        if not any(party.internal for party in parties):
            return None
        numbers = [party.number for party in parties]
        both = [first, second]
        if not self.may_call(*numbers, but=both, start=self.started(first)):
            return None
        self.engine.attended_transfer(first.id, second.id, who)
        return f"{first.id} and {second.id} are joined by {who}"

    def _record(self) -> str | None:
        """Start or stop a recording."""
        call = self.pick(lambda call: call.stage is Stage.CONNECTED)
        if call is None:
            return None
        self.engine.record(call.id, not call.recording)
        return f"{call.id} is recorded: {call.recording}"

    def _hang_up(self) -> str | None:
        """Let somebody hang up."""
        call = self.pick(lambda call: True)
        if call is None:
            return None
        self.engine.hang_up(call.id)
        return f"{call.id} ends"

    # Moods

    def _presence(self) -> str | None:
        """Let somebody leave or come back, or stop to be disturbed, who has no call.

        Whether a phone that goes away still rings is open until the call ends.
        """
        phones = [a for a in self.accounts if a.type is AccountType.EXTENSION]
        away = [account for account in phones if not account.reachable]
        if len(away) > _MOST_AWAY or (away and self._rng.random() < 0.5):
            account = self._rng.choice(away)
        else:
            account = self.engine.account(self.phone())
        number = account.number
        if any(number in call.accounts() for call in self.engine.calls()):
            return None
        if number == LINE or self._rng.random() < 0.5:
            self.engine.set_dnd(number, not account.dnd)
            return f"{number} is on do not disturb: {account.dnd}"
        self.engine.set_registered(number, not account.registered)
        return f"{number} is registered: {account.registered}"

    def _chat(self) -> str:
        """Let somebody change the chat status."""
        number = self.phone()
        status = self._rng.choice(("online", "offline", ""))
        self.engine.set_chat(number, status)
        return f"the chat of {number} is {status}"

    def _flag(self) -> str:
        """Switch a service flag."""
        active = not self.engine.account(FLAG).active
        self.engine.set_flag(FLAG, active)
        return f"flag {FLAG} is {active}"


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
