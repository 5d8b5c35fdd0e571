"""Who is who: an account has several numbers, the tenant several names."""

from collections.abc import Callable, Collection, Iterable, Mapping, Set as AbstractSet
from copy import replace
from dataclasses import dataclass, field
from typing import Final, Self

from ..models import (
    EXTENSION,
    ORBIT,
    RINGING_GROUPS,
    Account,
    Call,
    CallScope,
    Direction,
    Party,
    PastCall,
    Scope,
)
from ..number_matching import same_number
from ..numbering import EXTENSION_DIGITS, digits_of
from .account_call import scope_of
from .observed import Observed, is_with_nobody

# In front of the number of an account: its mailbox, unless a PBX is set up otherwise.
MAILBOX: Final = "8"
# What has people behind it; the other types of accounts answer by themselves.
_PEOPLE: Final = frozenset({EXTENSION, ORBIT, *RINGING_GROUPS})


@dataclass(slots=True)
class AccountNumbers:
    """The further numbers of accounts: those that they are called at, and those they show.

    Accounts may share a number, above all the one that is shown outside.
    """

    country: str | None = None
    _called: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _shown: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[Account], country: str | None) -> Self:
        """Return the further numbers of accounts, dialed in a country."""
        numbers = cls(country)
        for account in accounts:
            for of_kind, further in (
                (numbers._called, account.aliases),
                (numbers._shown, account.ani),
            ):
                for number in further:
                    owned = of_kind.setdefault(_key(number), [])
                    owned.append((number, account.number))
        return numbers

    def __bool__(self) -> bool:
        """Return whether any account has more than its own number."""
        return bool(self._called or self._shown)

    def called(self, number: str) -> str | None:
        """Return the account that is called at a number, if it is one alone."""
        found = set(self._owners(self._called, number))
        return found.pop() if len(found) == 1 else None

    def calling(self, number: str, involved: AbstractSet[str]) -> str | None:
        """Return the account that calls with a number: the one, or the only involved."""
        found = {
            *self._owners(self._called, number),
            *self._owners(self._shown, number),
        }
        if len(found) != 1:
            found &= involved
        return found.pop() if len(found) == 1 else None

    def _owners(
        self, numbers: Mapping[str, list[tuple[str, str]]], number: str
    ) -> Iterable[str]:
        """Return the accounts that a number is of."""
        return (
            account
            for alias, account in numbers.get(_key(number), ())
            if same_number(alias, number, self.country)
        )


@dataclass(slots=True, eq=False)
class Identity:
    """Know accounts by all of their numbers, and the tenant by all of its names."""

    _observed: Observed
    _numbers: AccountNumbers = field(default_factory=AccountNumbers)

    @property
    def has_further_numbers(self) -> bool:
        """Return whether any account has more than its own number."""
        return bool(self._numbers)

    def learn_numbers(self) -> bool:
        """Learn the further numbers of the accounts; return whether they have changed."""
        before, observed = self._numbers, self._observed
        self._numbers = AccountNumbers.of(observed.accounts.values(), observed.country)
        return self._numbers != before

    def account_of(self, number: str | None) -> str | None:
        """Return the account that a number of the tenant is, else the number."""
        if number is None or number in self._observed.accounts:
            return number
        return self._numbers.called(number) or number

    def is_another(self, number: str | None) -> bool:
        """Return whether a number is an account of the tenant other than the line."""
        account = self.account_of(number)
        return account != self._observed.line and account in self._observed.accounts

    def is_machine(self, number: str | None, *called: str | None) -> bool:
        """Return whether a number answers by itself: an auto attendant, or a mailbox.

        A mailbox is that of an account, or of who was `called`.
        """
        if number is None:
            return False
        accounts = self._observed.accounts
        if account := accounts.get(number):
            return account.type is not None and account.type not in _PEOPLE
        owner = number.removeprefix(MAILBOX)
        return owner != number and (owner in accounts or owner in called)

    def is_with_person(self, leg: Call, *called: str | None) -> bool:
        """Return whether a leg is connected to an extension, or to a number outside.

        A number that was `called` from outside is one of the tenant. A group that is all
        that is involved plays music, or has a mailbox.
        """
        if not leg.connected:
            return False
        accounts, number = self._observed.accounts, leg.callee.number
        for other in leg.extensions - {leg.caller.number}:
            kind = accounts[other].type if other in accounts else None
            if kind in (None, EXTENSION) and not self.is_machine(other):
                return True
        if (account := accounts.get(number or "")) is None:
            outside = scope_of(self._observed, leg.callee) is Scope.EXTERNAL
            return outside and number not in called
        if is_with_nobody(leg):
            return False
        if account.type in RINGING_GROUPS:
            return not leg.lists_extensions
        return account.type == EXTENSION

    def are_with_machine(self, legs: Collection[Call], *called: str | None) -> bool:
        """Return whether a machine has all that is left of a call to some numbers."""
        return bool(legs) and all(
            leg.connected
            and self.is_machine(leg.callee.number, *called)
            and not self.is_with_person(leg, *called)
            for leg in legs
        )

    def identified(self, call: Call, *accounts: str) -> Call:
        """Return a call, of some accounts, whose parties have their accounts' numbers."""
        if not self._numbers:
            return call
        involved = {*call.extensions, *accounts}
        if self._observed.scope is CallScope.OWN:
            involved.add(self._observed.line)
        callee, caller = call.callee, call.caller
        if to := self._by_another(callee, self._numbers.called):
            call = replace(call, callee=Party(to, callee.name), alias=callee.number)
        involved.discard(call.callee.number or "")
        who = self._by_another(
            caller, lambda number: self._numbers.calling(number, involved)
        )
        # Nobody calls himself from outside: who shows the number of whom he calls lies.
        if who and who != call.callee.number:
            call = replace(call, caller=Party(who, caller.name))
        return call

    def identified_past(self, past: PastCall) -> PastCall:
        """Return a past call of the line whose parties have their accounts' numbers.

        Where the parties give the direction, the line may be there by another number.
        """
        remote, line = past.remote, self._observed.line
        who = self._by_another(
            remote, lambda number: self._numbers.calling(number, {line})
        )
        if who is None:
            return past
        if who == line:
            called = self.account_of(past.dialed_number)
            return replace(past, direction=Direction.OUTGOING, remote=Party(called))
        return replace(past, remote=Party(who, remote.name))

    def _by_another(
        self, party: Party, find: Callable[[str], str | None]
    ) -> str | None:
        """Return the account that a party is by another number than the account's own."""
        # A number that is written whole is the same wherever it is.
        number = party.number
        if number is None:
            return None
        if self._observed.is_in_tenant(party):
            return None if number in self._observed.accounts else find(number)
        return find(number) if len(digits_of(number)) >= EXTENSION_DIGITS else None

    def learn_name(self, call: Call) -> None:
        """Remember another name of the tenant: what stands at a number of ours.

        Whoever calls from outside may write what he likes there. So the caller's address
        names the tenant only where the PBX wrote the same one at both ends.
        """
        observed, caller, callee = self._observed, call.caller, call.callee
        involved = call.extensions
        if observed.scope is CallScope.OWN:
            involved |= {observed.line}
        if not callee.host or callee.host in observed.hosts or not involved:
            return
        if callee.number in observed.accounts:
            ours = callee.number in involved
        else:
            ours = caller.host == callee.host and (
                caller.number in involved and caller.number in observed.accounts
            )
        if ours:
            observed.memory.names.add(callee.host)
            observed.hosts |= {callee.host}


def _key(number: str) -> str:
    """Return what the written forms of a number have in common."""
    digits = digits_of(number)
    return digits[-EXTENSION_DIGITS:] if len(digits) >= EXTENSION_DIGITS else number
