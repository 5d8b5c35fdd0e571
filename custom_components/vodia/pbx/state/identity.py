"""Who is who: an account has several numbers, the tenant several names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from copy import replace
from dataclasses import dataclass, field
from typing import Self

from ..address_book import AddressBook
from ..call_ids import has_own_id
from ..models import Account, Call, CallScope, Direction, Party, PastCall
from ..number_matching import same_number
from ..numbering import EXTENSION_DIGITS, digits_of
from .memory import Memory
from .observed import Facts


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
            for of_kind, told in (
                (numbers._called, account.aliases),
                (numbers._shown, account.ani),
            ):
                for number in told:
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


class Identity(Facts):
    """Tell accounts by all of their numbers, and the tenant by all of its names."""

    def __init__(
        self,
        line: str,
        hosts: frozenset[str],
        memory: Memory,
        book: AddressBook,
        country: str | None,
    ) -> None:
        """Start with the line's own number, and the names that are known."""
        super().__init__(line, hosts | memory.names, memory, book, country)
        self._numbers = AccountNumbers()

    def _index(self, calls: Mapping[str, Call]) -> dict[str, tuple[Call, ...]]:
        """Return the calls of each account."""
        index: defaultdict[str, list[Call]] = defaultdict(list)
        for call in calls.values():
            for number in self._members(call):
                index[number].append(call)
        return {number: tuple(of_account) for number, of_account in index.items()}

    def _learn_numbers(self) -> None:
        """Take over the further numbers of the accounts; calls are known by them anew."""
        before = self._numbers
        self._numbers = AccountNumbers.of(self._accounts.values(), self.country)
        if self._numbers != before:
            self._listed = {
                call_id: self._identified(call)
                for call_id, call in self._listed.items()
            }
            self._calls_of = self._index(self._listed)

    def account_of(self, number: str | None) -> str | None:
        """Return the account that a number of the tenant is, else the number."""
        if number is None or number in self._accounts:
            return number
        return self._numbers.called(number) or number

    def _identified(self, call: Call, *accounts: str) -> Call:
        """Return a call, of some accounts, whose parties have their accounts' numbers."""
        if not self._numbers:
            return call
        involved = {*call.extensions, *accounts}
        if self.scope is CallScope.OWN:
            involved.add(self.line)
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

    def identified(self, past: PastCall) -> PastCall:
        """Return a past call of the line whose parties have their accounts' numbers.

        Where the parties tell the direction, the line may be there by another number.
        """
        remote = past.remote
        ours = frozenset({self.line})
        who = self._by_another(
            remote, lambda number: self._numbers.calling(number, ours)
        )
        if who is None:
            return past
        if who == self.line:
            called = self.account_of(past.dialed_number)
            return replace(past, direction=Direction.OUTGOING, remote=Party(called))
        return replace(past, remote=Party(who, remote.name))

    def _by_another(
        self, party: Party, find: Callable[[str], str | None]
    ) -> str | None:
        """Return the account that a party is by another number than the account's own.

        A number that is written whole is the same wherever it is.
        """
        number = party.number
        if number is None:
            return None
        if self._is_in_tenant(party):
            return None if number in self._accounts else find(number)
        return find(number) if len(digits_of(number)) >= EXTENSION_DIGITS else None

    def _learn_name(self, call: Call) -> None:
        """Remember another name of the tenant: what stands at a number of ours.

        Whoever calls from outside may write what he likes there. So the caller's address
        names the tenant only where the PBX wrote the same one at both ends.
        """
        caller, callee = call.caller, call.callee
        involved = call.extensions
        if self.scope is CallScope.OWN:
            involved |= {self.line}
        if not callee.host or callee.host in self._hosts or not involved:
            return
        if callee.number in self._accounts:
            ours = callee.number in involved
        else:
            ours = caller.host == callee.host and (
                caller.number in involved and caller.number in self._accounts
            )
        if ours:
            self.memory.names.add(callee.host)
            self._hosts |= {callee.host}

    def _continued(self, reported: Iterable[Call]) -> list[Call]:
        """Return a list of calls in which those without an id keep the one we gave.

        It is made of their parties and start, and more of these may be told by now.
        """
        calls = list(reported)
        ids = {call.id for call in calls}
        gone = [
            call
            for call in self._listed.values()
            if not has_own_id(call.id) and call.id not in ids
        ]
        for place, call in enumerate(calls if gone else ()):
            if has_own_id(call.id) or call.id in self._listed:
                continue
            found = [before for before in gone if _goes_on_as(before, call)]
            if len(found) == 1:
                gone.remove(found[0])
                calls[place] = replace(call, id=found[0].id)
        return calls


def _goes_on_as(before: Call, call: Call) -> bool:
    """Return whether a call without an id may be one that was listed before."""
    if before.caller.number not in (None, call.caller.number):
        return False
    if before.started and call.started:
        return before.started == call.started
    return before.callee.number == call.callee.number


def _key(number: str) -> str:
    """Return what the written forms of a number have in common."""
    digits = digits_of(number)
    return digits[-EXTENSION_DIGITS:] if len(digits) >= EXTENSION_DIGITS else number
