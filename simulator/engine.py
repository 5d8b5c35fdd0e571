"""The telephone system itself: what happens, without any wire."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
import time

from . import routing, star_codes
from .directory import Directory
from .model import (
    DEFAULT_TENANT,
    AccountType,
    Call,
    EndReason,
    EngineError,
    Event,
    LogEntry,
    Party,
    Record,
    Stage,
)


class Engine(Directory):
    """Do what phones, callers and clients ask for."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Start with no tenant."""
        super().__init__(clock)
        self.log: list[LogEntry] = []
        self.orbits_retrieve = False
        self.used_ids: deque[str] = deque()
        self._ids = count(1)
        self.ids_begin_anew = False

    # What is there

    def calls(self, *, tenant: str = DEFAULT_TENANT) -> list[Call]:
        """Return the live calls."""
        return list(self.tenant(tenant).calls.values())

    def call(self, call_id: str, *, tenant: str = DEFAULT_TENANT) -> Call:
        """Return a live call by its id or the id of one of its legs."""
        for call in self.tenant(tenant).calls.values():
            if call_id == call.id or call_id in call.leg_ids.values():
                return call
        raise EngineError(f"There is no call {call_id}")

    def calls_of(self, account: str, *, tenant: str = DEFAULT_TENANT) -> list[Call]:
        """Return the live calls of an account."""
        return [call for call in self.calls(tenant=tenant) if call.involves(account)]

    # Accounts that have calls

    def remove_account(self, number: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Delete an account, which ends its calls."""
        self.account(number, tenant=tenant)
        with self._changing(tenant, *self.calls_of(number, tenant=tenant)) as touched:
            touched.add(number)
            for call in self.calls_of(number, tenant=tenant):
                if call.talks(number) or call.called.is_account(number):
                    self._end(tenant, call)
                else:
                    self._stop_ringing(call, number, "removed")
            del self.tenants[tenant].accounts[number]

    def set_registered(
        self, number: str, state: bool, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Register a phone or lose it; a phone that is lost rings no more."""
        account = self.account(number, tenant=tenant)
        with self._changing(tenant, *self.calls_of(number, tenant=tenant)) as touched:
            touched.add(number)
            account.registered = state
            if not state:
                for call in self.calls_of(number, tenant=tenant):
                    if number in call.rung and call.stage is Stage.RINGING:
                        self._stop_ringing(call, number, "unregistered")

    # Calls

    def ring(
        self,
        caller: str,
        called: str,
        name: str = "",
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> str:
        """Call somebody from an extension or from outside; return the call's id."""
        home = self.tenant(tenant)
        origin = routing.party(home, caller, name)
        target = routing.target_of(home, called)
        if not origin.internal and not target.internal:
            raise EngineError(f"Neither {caller} nor {called} is an account")
        if origin.internal:
            routing.check_phone(home, caller)
        if caller == called:
            raise EngineError(f"{caller} cannot call itself")
        call = self._create(tenant, origin, target)
        with self._changing(tenant, call):
            return self._offer(tenant, call, target).id

    def dial(self, account: str, number: str, *, tenant: str = DEFAULT_TENANT) -> str:
        """Click to dial: ring the own phone first; return the call's id."""
        home = self.tenant(tenant)
        routing.check_phone(home, account)
        if account == number:
            raise EngineError(f"{account} cannot call itself")
        call = self._create(
            tenant, routing.party(home, account), routing.target_of(home, number)
        )
        with self._changing(tenant, call):
            call.clicked = True
            call.stage = Stage.OWN_RINGING
            call.rung = [account]
            call.offered = [account]
            self._tell(Event.OWN_RINGING, call, account)
        return call.id

    def answer(
        self,
        call_id: str,
        account: str | None = None,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Answer at a phone that rings, or (None) where the outside party is."""
        call = self.call(call_id, tenant=tenant)
        with self._changing(tenant, call):
            if call.stage is Stage.CONNECTED:
                raise EngineError(f"{call.id} is connected already")
            if call.stage is Stage.OWN_RINGING:
                if account not in (None, call.caller.number):
                    raise EngineError(f"{call.id} does not ring at {account} yet")
                call.rung.clear()
                self._tell(Event.OWN_ANSWERED, call, call.caller.number)
                self._offer(tenant, call, call.called)
            elif account is not None and account in call.rung:
                self._connect(call, routing.party(self.tenant(tenant), account))
            elif not call.called.internal and account in (None, call.called.number):
                self._connect(call, call.called)
            else:
                raise EngineError(f"{call.id} does not ring at {account}")

    def hold(self, call_id: str, account: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Hold a call."""
        call = self._talking(tenant, call_id, account)
        if account in call.held_by:
            raise EngineError(f"{account} holds {call.id} already")
        with self._changing(tenant, call):
            call.held_by.add(account)
            self._tell(Event.HELD, call, account)

    def resume(
        self, call_id: str, account: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Take a call up again that the account holds."""
        call = self._talking(tenant, call_id, account)
        if account not in call.held_by:
            raise EngineError(f"{account} does not hold {call.id}")
        with self._changing(tenant, call):
            call.held_by.remove(account)
            self._tell(Event.RESUMED, call, account)

    def hang_up(
        self, call_id: str, by: str | None = None, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """End a call for all; who is only rung rejects it."""
        call = self.call(call_id, tenant=tenant)
        if by is not None and by in call.rung and call.stage is Stage.RINGING:
            self.reject(call_id, by, tenant=tenant)
            return
        if by is not None and by not in (call.caller.number, *routing.far_end(call)):
            raise EngineError(f"{by} has no part in {call.id}")
        with self._changing(tenant, call):
            self._end(tenant, call)

    def reject(
        self, call_id: str, account: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Refuse a call that rings; it goes on while it rings elsewhere."""
        call = self.call(call_id, tenant=tenant)
        if account not in call.rung:
            raise EngineError(f"{call.id} does not ring at {account}")
        with self._changing(tenant, call):
            if call.stage is Stage.OWN_RINGING:
                self._end(tenant, call)
                return
            self._stop_ringing(call, account, "rejected")
            if not call.rung:
                self._end(tenant, call, EndReason.REJECTED)

    def transfer(
        self,
        call_id: str,
        account: str,
        number: str,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Send a call on without asking; to an orbit parks, ringing deflects."""
        call = self.call(call_id, tenant=tenant)
        deflected = account in call.rung and call.stage is Stage.RINGING
        if not deflected:
            self._talking(tenant, call_id, account)
        remote = call.caller if deflected else call.other(account)
        home = self.tenant(tenant)
        target = routing.target_of(home, number)
        if number in (account, remote.number) or routing.star_code(home, number):
            raise EngineError(f"{call.id} cannot be transferred to {number}")
        if target.type is AccountType.ORBIT and routing.parked_in(home, number):
            raise EngineError(f"Somebody is parked in {number} already")
        with self._changing(tenant, call):
            self._silence(call, "deflected")
            call.caller = remote
            self._tell(Event.TRANSFERRED, call, account, to=number)
            self._offer(tenant, call, target)

    def divert_to_mailbox(self, call_id: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Let the mailbox of who was called answer, as nobody else did."""
        call = self.call(call_id, tenant=tenant)
        if call.stage is not Stage.RINGING or not call.called.internal:
            raise EngineError(f"{call.id} rings at nobody who has a mailbox")
        with self._changing(tenant, call):
            call.called = Party(f"8{call.called.number}", "", AccountType.MAILBOX)
            self._connect(call, call.called)

    def attended_transfer(
        self, call_id: str, other_id: str, account: str, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Join the other parties of two calls in the first one."""
        first = self._talking(tenant, call_id, account)
        second = self.call(other_id, tenant=tenant)
        if first is second or not second.talks(account):
            raise EngineError(f"{account} has no other call {other_id}")
        with self._changing(tenant, first, second):
            remote, target = first.other(account), second.other(account)
            self._tell(Event.TRANSFERRED, first, account, to=target.number)
            first.take_over(second, remote, target)
            self._end(tenant, second, EndReason.TRANSFERRED)

    def record(
        self, call_id: str, state: bool, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Start or stop the recording of a connected call."""
        call = self.call(call_id, tenant=tenant)
        if call.stage is not Stage.CONNECTED:
            raise EngineError(f"{call.id} is not connected")
        with self._changing(tenant, call):
            call.recording = state
            self._tell(Event.RECORDING, call, None, state="on" if state else "off")

    def restart(self) -> None:
        """Forget all calls, as a restart does; perhaps also which ids were given."""
        if self.ids_begin_anew:
            self._ids = count(1)
        for tenant in self.tenants.values():
            for call in tuple(tenant.calls.values()):
                self._end(tenant.name, call, EndReason.RESTART)
            self._notify(tenant.name, set(tenant.accounts))

    # Inside

    def _talking(self, tenant: str, call_id: str, account: str) -> Call:
        """Return a connected call that an account is a party of."""
        call = self.call(call_id, tenant=tenant)
        if call.stage is not Stage.CONNECTED or not call.talks(account):
            raise EngineError(f"{account} is not connected in {call.id}")
        return call

    def _new_id(self) -> str:
        """Return an id that no live call has: one of those to use again, or a new one."""
        return self.used_ids.popleft() if self.used_ids else self._unused_id()

    def _unused_id(self) -> str:
        """Return an id that no call has had."""
        return f"c{next(self._ids):05d}@pbx"

    def _create(self, tenant: str, caller: Party, called: Party) -> Call:
        """Create a call that does not ring yet."""
        call = Call(self._new_id(), caller, called, self._clock())
        if caller.internal:
            call.outcomes[caller.number] = None
        self.tenant(tenant).calls[call.id] = call
        details = {"tenant": tenant, "from": caller.number, "to": called.number}
        self._tell(Event.CREATED, call, None, **details)
        return call

    def _offer(self, tenant: str, call: Call, target: Party) -> Call:
        """Send a call to its target; return the call that came of it."""
        home = self.tenant(tenant)
        call.begin_to_ring(target)
        if call.caller.internal and (found := routing.star_code(home, target.number)):
            return self._do_feature(tenant, call, *found)
        if target.type is None:
            return call
        account = self.account(target.number, tenant=tenant)
        group = target.type in routing.GROUPS
        if group or target.type is AccountType.EXTENSION:
            if not group:
                call.outcomes.setdefault(target.number, None)
            for number in routing.phones_of(home, target, call.caller):
                if group:
                    call.leg_ids[number] = self._unused_id()
                call.rung.append(number)
                call.offered.append(number)
                call.outcomes.setdefault(number, None)
                self._tell(Event.RINGING, call, number)
            return call
        if target.type is AccountType.ORBIT and (
            parked := routing.parked_in(home, target.number)
        ):
            without_code = not home.codes[star_codes.RETRIEVE]
            if call.caller.internal and (self.orbits_retrieve or without_code):
                return self._retrieve(tenant, parked, call)
            self._end(tenant, call, EndReason.UNANSWERED)
            return call
        if target.type is AccountType.FLAG:
            account.active = not account.active
        self._connect(call, target)
        if call.parked:
            call.held_by.add(target.number)
        return call

    def _do_feature(self, tenant: str, call: Call, name: str, orbit: str) -> Call:
        """Do what somebody has dialed a star code for; the call to it is over."""
        home = self.tenant(tenant)
        account, parked = home.accounts.get(orbit), routing.parked_in(home, orbit)
        number = call.caller.number
        if name == star_codes.RETRIEVE and parked and parked.caller.number != number:
            return self._retrieve(tenant, parked, call)
        ringing = routing.ringing_at(home, orbit, but=call)
        if name == star_codes.PICK_UP and ringing and orbit != number:
            with self._changing(tenant, ringing, call):
                self._end(tenant, call, EndReason.TRANSFERRED)
                self._connect(ringing, call.caller)
            return ringing
        last = routing.last_talk(home, number, but=call)
        self._end(tenant, call, EndReason.UNANSWERED)
        is_orbit = account is not None and account.type is AccountType.ORBIT
        if name == star_codes.PARK and is_orbit and last and not parked:
            self.transfer(last.id, number, orbit, tenant=tenant)
        return call

    def _retrieve(self, tenant: str, parked: Call, call: Call) -> Call:
        """Give a parked call to the one who dialed for it."""
        with self._changing(tenant, parked, call):
            self._end(tenant, call, EndReason.TRANSFERRED)
            parked.called = call.caller
            parked.held_by.clear()
            self._connect(parked, call.caller)
        return parked

    def _connect(self, call: Call, by: Party) -> None:
        """Let a party answer."""
        call.connect_to(by, self._clock())
        self._tell(Event.ANSWERED, call, by.number)
        if by.number in call.rung:
            call.rung.remove(by.number)
        self._silence(call, "answered_elsewhere")

    def _stop_ringing(self, call: Call, account: str, because: str) -> None:
        """Silence one phone."""
        call.rung.remove(account)
        if account in call.offered:
            call.offered.remove(account)
        self._tell(Event.STOPPED_RINGING, call, account, because=because)

    def _silence(self, call: Call, because: str) -> None:
        """Silence all phones; which were offered the call is kept."""
        for number in call.rung:
            self._tell(Event.STOPPED_RINGING, call, number, because=because)
        call.rung = []

    def _end(self, tenant: str, call: Call, reason: EndReason | None = None) -> None:
        """End a call for all and keep it in the history."""
        reason = reason or call.natural_end
        if call.stage is Stage.RINGING:
            self._silence(call, "ended")
        home = self.tenant(tenant)
        home.history.append(Record.of(call, self._clock()))
        del home.calls[call.id]
        self._tell(Event.ENDED, call, None, reason=reason)

    def _tell(
        self, event: Event, call: Call, account: str | None, **details: str
    ) -> None:
        """Write a line of the log."""
        self.log.append(LogEntry(self._clock(), event, call.id, account, details))

    @contextmanager
    def _changing(self, tenant: str, *calls: Call) -> Iterator[set[str]]:
        """Notify once, of all accounts that calls had before or have after."""
        touched = {number for call in calls for number in call.accounts()}
        yield touched
        for call in calls:
            touched |= call.accounts()
        self._notify(tenant, touched)
