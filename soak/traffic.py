"""What people do with their phones, at random."""

from collections.abc import Callable

from simulator import AccountType, EngineError, Stage
from simulator.routing import GROUPS

from .office import FLAG, LINE, WITHHELD, Office, is_between_people, talking

# Phones that are away or do not want to be disturbed at a time, at most.
_MOST_AWAY = 40


class Traffic:
    """Do one thing after the other; the same for the same seed."""

    def __init__(self, office: Office) -> None:
        """Let the people of an office telephone."""
        self._office = office
        self._engine = office.engine
        self._rng = office.rng
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

    def ring_once(self, number: str) -> str:
        """Let somebody call an extension and give up."""
        call = self._office.began(self._engine.ring(self._office.outsider(), number))
        self._engine.hang_up(call)
        return f"{call} rings at {number}"

    # Calls begin

    def _begin(self, caller: str, called: str) -> str | None:
        """Let somebody call somebody."""
        if caller[0] == "+" and self._rng.random() < 0.08:
            caller = WITHHELD
        if not (
            self._office.has_room(caller, called)
            and self._office.may_call(caller, called)
        ):
            return None
        name = self._rng.choice(("", "Anna Meyer", "Zoë <x>", "María López"))
        named = name if caller[0] == "+" else ""
        call = self._office.began(self._engine.ring(caller, called, named))
        return f"{caller} calls {called}: {call}"

    def _ring(self) -> str | None:
        """Let somebody call an extension."""
        called = self._office.phone()
        caller = (
            self._office.outsider()
            if self._rng.random() < 0.5
            else self._office.phone()
        )
        return self._begin(caller, called)

    def _ring_line(self) -> str | None:
        """Let somebody call our own extension."""
        caller = (
            self._office.outsider()
            if self._rng.random() < 0.7
            else self._office.phone()
        )
        return self._begin(caller, LINE)

    def _ring_group(self) -> str | None:
        """Let somebody call an account that is no phone."""
        called = self._office.of_type(
            *(*GROUPS, *GROUPS, AccountType.ATTENDANT, AccountType.CONFERENCE)
        )
        caller = (
            self._office.outsider()
            if self._rng.random() < 0.7
            else self._office.phone()
        )
        return self._begin(caller, called)

    def _call_out(self) -> str | None:
        """Let somebody call somebody outside."""
        caller = LINE if self._rng.random() < 0.3 else self._office.phone()
        return self._begin(caller, self._office.outsider())

    def _click(self) -> str | None:
        """Let somebody click a number of a colleague."""
        caller, called = self._office.phone(), self._office.phone()
        if caller == LINE or not self._office.has_room(caller, called):
            return None
        if not self._office.may_call(caller, called):
            return None
        call = self._office.began(self._engine.dial(caller, called))
        return f"{caller} clicks {called}: {call}"

    # Calls go on

    def _answer(self) -> str | None:
        """Let somebody answer."""
        call = self._office.pick(
            lambda call: (
                call.stage is not Stage.CONNECTED
                and bool(call.rung or not call.called.internal)
            )
        )
        if call is None:
            return None
        who = self._rng.choice(call.rung) if call.rung else None
        self._engine.answer(call.id, who)
        return f"{call.id} is answered by {who}"

    def _reject(self) -> str | None:
        """Let somebody refuse."""
        call = self._office.pick(lambda call: bool(call.rung))
        if call is None:
            return None
        who = self._rng.choice(call.rung)
        self._engine.reject(call.id, who)
        return f"{call.id} is rejected by {who}"

    def _hold(self) -> str | None:
        """Let somebody hold."""
        call = self._office.pick(lambda call: bool(talking(call)) and not call.held_by)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        self._engine.hold(call.id, who)
        return f"{call.id} is held by {who}"

    def _resume(self) -> str | None:
        """Let somebody take a call back."""
        call = self._office.pick(lambda call: bool(call.held_by) and not call.parked)
        if call is None:
            return None
        who = self._rng.choice(sorted(call.held_by))
        self._engine.resume(call.id, who)
        return f"{call.id} is resumed by {who}"

    def _transfer(self) -> str | None:
        """Let somebody send a call on."""
        call = self._office.pick(is_between_people)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        target = self._office.target(call, who, call.other(who).number)
        if target is None:
            return None
        self._engine.transfer(call.id, who, target)
        return f"{call.id} is transferred by {who} to {target}"

    def _deflect(self) -> str | None:
        """Let somebody send a call on that still rings."""
        call = self._office.pick(
            lambda call: call.stage is Stage.RINGING and bool(call.rung)
        )
        if call is None:
            return None
        who = self._rng.choice(call.rung)
        target = self._office.target(call, who, call.caller.number)
        if target is None or target in call.rung:
            return None
        self._engine.transfer(call.id, who, target)
        return f"{call.id} is deflected by {who} to {target}"

    def _park(self) -> str | None:
        """Let somebody park a call."""
        call = self._office.pick(is_between_people)
        if call is None:
            return None
        who = self._rng.choice(talking(call))
        orbit = self._office.free_orbit(call, call.other(who).number)
        if orbit is None:
            return None
        self._engine.transfer(call.id, who, orbit)
        return f"{call.id} is parked by {who} in {orbit}"

    def _retrieve(self) -> str | None:
        """Let somebody take a parked call."""
        call = self._office.pick(lambda call: call.parked)
        who = self._office.phone()
        if call is None or not (
            self._office.may_call(who, call.called.number)
            and self._office.has_room(who)
        ):
            return None
        if call.caller.number == who:
            return None
        self._engine.ring(who, f"*86{call.called.number}")
        self._office.calls_made += 1
        return f"{call.id} is retrieved by {who}"

    def _join(self) -> str | None:
        """Let somebody who has two calls join them."""
        first = self._office.pick(is_between_people)
        if first is None:
            return None
        who = self._rng.choice(talking(first))
        second = self._office.pick(
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
        if not self._office.may_call(
            *numbers, but=both, start=self._office.started(first)
        ):
            return None
        self._engine.attended_transfer(first.id, second.id, who)
        return f"{first.id} and {second.id} are joined by {who}"

    def _record(self) -> str | None:
        """Start or stop a recording."""
        call = self._office.pick(lambda call: call.stage is Stage.CONNECTED)
        if call is None:
            return None
        self._engine.record(call.id, not call.recording)
        return f"{call.id} is recorded: {call.recording}"

    def _hang_up(self) -> str | None:
        """Let somebody hang up."""
        call = self._office.pick(lambda call: True)
        if call is None:
            return None
        self._engine.hang_up(call.id)
        return f"{call.id} ends"

    # Moods

    def _presence(self) -> str | None:
        """Let somebody leave or come back, or stop to be disturbed, who has no call.

        Whether a phone that goes away still rings is open until the call ends.
        """
        phones = [a for a in self._office.accounts if a.type is AccountType.EXTENSION]
        away = [account for account in phones if not account.reachable]
        if len(away) > _MOST_AWAY or (away and self._rng.random() < 0.5):
            account = self._rng.choice(away)
        else:
            account = self._engine.account(self._office.phone())
        number = account.number
        if any(number in call.accounts() for call in self._engine.calls()):
            return None
        if number == LINE or self._rng.random() < 0.5:
            self._engine.set_dnd(number, not account.dnd)
            return f"{number} is on do not disturb: {account.dnd}"
        self._engine.set_registered(number, not account.registered)
        return f"{number} is registered: {account.registered}"

    def _chat(self) -> str:
        """Let somebody change the chat status."""
        number = self._office.phone()
        status = self._rng.choice(("online", "offline", ""))
        self._engine.set_chat(number, status)
        return f"the chat of {number} is {status}"

    def _flag(self) -> str:
        """Switch a service flag."""
        active = not self._engine.account(FLAG).active
        self._engine.set_flag(FLAG, active)
        return f"flag {FLAG} is {active}"
