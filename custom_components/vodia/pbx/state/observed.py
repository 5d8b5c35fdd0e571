"""What a PBX has told over one link, and what any account makes of it.

Whose a call is, who is in the tenant, and how an account has a call: what extensions and
groups show builds on it.
"""

from collections.abc import Mapping
from copy import replace
from typing import Final

from ..address_book import AddressBook
from ..models import (
    EXTENSION,
    ORBIT,
    RINGING_GROUPS,
    Account,
    AccountCall,
    Call,
    CallScope,
    CallState,
    Direction,
    Extension,
    Group,
    ParkedCalls,
    Party,
    Phase,
    Scope,
)
from ..number_matching import number_key
from ..numbering import EXTENSION_DIGITS, digits_of
from .legs import have_same_parties, is_same
from .memory import Memory

# In front of the number of an account: its mailbox, unless a PBX is set up otherwise.
MAILBOX: Final = "8"
# What has people behind it; the other types of accounts answer by themselves.
_PEOPLE: Final = frozenset({EXTENSION, ORBIT, *RINGING_GROUPS})


class Facts:
    """Accounts and calls of one tenant, as they were told.

    `_tick` counts the messages: it orders what was told.
    """

    def __init__(
        self,
        line: str,
        hosts: frozenset[str],
        memory: Memory,
        book: AddressBook,
        country: str | None,
    ) -> None:
        """Start with the line itself."""
        self.country = country
        self.line = line
        self.memory = memory
        self.scope: CallScope | None = None
        self.extensions: dict[str, Extension] = {}
        self.groups: dict[str, Group] = {}
        self._accounts: dict[str, Account] = {line: Account(line, type=EXTENSION)}
        self._hosts = hosts
        self._book = book
        self._tick = 0
        self._listed_at = 0
        self._told_at: dict[str, int] = {}
        self._connected_at: dict[str, int] = {}
        self._orbits: Mapping[str, ParkedCalls] | None = None
        # News of the calls was lost; and whom a list of the tenant's calls leaves out,
        # though the account itself is in a call.
        self._unread = False
        self._denied: frozenset[str] = frozenset()
        self._reporting: set[str] = set()
        self._unexplained: set[str] = set()
        self._listed: dict[str, Call] = {}
        self._calls_of: dict[str, tuple[Call, ...]] = {}

    def _lists_calls_of(self, number: str) -> bool:
        """Return whether the list of calls is to have those of an account."""
        return self.scope is CallScope.TENANT or (
            self.scope is CallScope.OWN and number == self.line
        )

    def _tells_all(self, number: str) -> bool:
        """Return whether the list of calls has them all, if it is to have them."""
        return not self._unread and number not in self._denied

    def _members(self, call: Call) -> frozenset[str]:
        """Return the accounts a call belongs to: involved, or a party in the tenant."""
        return call.extensions | self._named_parties(call)

    def _named_parties(self, call: Call) -> set[str]:
        """Return the numbers of the parties of a call that are in the tenant."""
        return {
            party.number
            for party in (call.caller, call.callee)
            if party.number and self._is_in_tenant(party)
        }

    def _is_in_tenant(self, party: Party) -> bool:
        """Return whether a party's address is one of the tenant."""
        return party.host is None or party.host in self._hosts

    def is_machine(self, number: str | None, *called: str | None) -> bool:
        """Return whether a number answers by itself: an auto attendant, or a mailbox.

        A mailbox is that of an account, or of who was `called`.
        """
        if number is None:
            return False
        if account := self._accounts.get(number):
            return account.type is not None and account.type not in _PEOPLE
        owner = number.removeprefix(MAILBOX)
        return owner != number and (owner in self._accounts or owner in called)

    def is_person(self, number: str) -> bool:
        """Return whether who is involved in a call may be somebody."""
        account = self._accounts.get(number)
        kind = account.type if account else None
        return kind in (None, EXTENSION) and not self.is_machine(number)

    def _with_reported(
        self, account: Account, calls: tuple[Call, ...]
    ) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
        """Return the calls with those of the account's own presence added.

        And those of its presence that the details do not explain.
        """
        unexplained: list[Call] = []
        for reported in account.calls or ():
            if any(is_same(reported, call) for call in calls):
                continue
            detail = self._listed.get(reported.id)
            # Details of the line's leg hold for another only while all of them ring; one
            # that calls others by now was sent on, and presence does not know it yet.
            if (
                detail
                and detail.phase is Phase.RINGING
                and not reported.phase
                and have_same_parties(reported, detail)
            ):
                calls = (*calls, detail)
            elif reported.phase:
                calls = (*calls, reported)
            else:
                unexplained.append(reported)
        return calls, tuple(unexplained)

    def _as_seen_by(self, account: Account, call: Call) -> Call | None:
        """Return a call without its phase where it may not have come to the account yet.

        While the phone of who dialed by a click rings, the dialed one does not; and a
        phone that is called but not involved does not ring yet. One that is away or on do
        not disturb as well does not ring at all: None. A group is not involved by name:
        that others are shows that it rings.
        """
        number, dialed = account.number, call.id in self.memory.dialed
        away = account.registered is False or account.dnd is True
        if account.type == EXTENSION:
            may_not_ring = dialed or call.lists_extensions or away
        else:
            involved, caller = call.extensions, call.caller.number
            may_not_ring = (dialed or caller in involved) and involved <= {caller}
        if (
            call.phase is not Phase.RINGING
            or number in (call.caller.number, *call.extensions)
            or (number == self.line and self.scope is CallScope.OWN)
            or not may_not_ring
            or any(is_same(reported, call) for reported in account.calls or ())
        ):
            return call
        if account.type == EXTENSION and away and call.lists_extensions:
            return None
        return replace(call, phase=None)

    def _account_call(self, call: Call, phase: Phase, number: str) -> AccountCall:
        """Return a call as an account has it; the parties tell the direction."""
        makes_it = call.caller.number == number and self._is_in_tenant(call.caller)
        remote = call.callee if makes_it else call.caller
        if phase is not Phase.RINGING:
            state = CallState(phase)
        else:
            state = CallState.DIALING if makes_it else CallState.RINGING
        return AccountCall(
            id=call.id,
            state=state,
            direction=Direction.OUTGOING if makes_it else Direction.INCOMING,
            scope=self.scope_of(remote),
            remote=self._named(remote),
            dialed_number=call.dialed_number,
            started=call.started,
            answered=call.answered,
            recording=call.recording,
        )

    def scope_of(self, remote: Party) -> Scope | None:
        """Return whether the other side is in the tenant, as far as that is known."""
        if remote.number is None:
            return None
        if remote.number in self._accounts and self._is_in_tenant(remote):
            return Scope.INTERNAL
        if (
            not self._is_in_tenant(remote)
            or len(digits_of(remote.number)) > EXTENSION_DIGITS
        ):
            return Scope.EXTERNAL
        return None

    def _named(self, party: Party) -> Party:
        """Return a party with the name that it has where the call gives none.

        That of its account, else that of the address book, else the last one that it had.
        """
        if not party.number:
            return party
        if party.name is None:
            account = self._accounts.get(party.number)
            if account and account.name and self._is_in_tenant(party):
                return replace(party, name=account.name)
        name = party.name or self._book.name(party.number)
        key = self._name_key(party)
        if name is None:
            name = self.memory.called.get(key)
        elif self.memory.called.get(key) != name:
            self.memory.remember_name(key, name)
        return party if name == party.name else replace(party, name=name)

    def _name_key(self, party: Party) -> str:
        """Return by what a name is remembered; a short number is one of its tenant."""
        number = party.number or ""
        if len(number) < EXTENSION_DIGITS and not self._is_in_tenant(party):
            return f"{number}@{party.host}"
        return number_key(number, self.country)


def is_with_nobody(call: Call) -> bool:
    """Return whether no phone has a call that is connected: a machine answered it.

    A list of the extensions involved that is empty is not one that is missing.
    """
    return (
        call.connected
        and call.lists_extensions
        and not call.extensions - {call.caller.number}
    )


def hides_calls(account: Account, calls: tuple[Call, ...]) -> bool:
    """Return whether an account's presence makes it busy and no call tells why."""
    return account.busy is True and not account.calls and not calls


def mark(numbers: set[str], number: str, member: bool) -> None:
    """Put a number in or take it out of a set."""
    (numbers.add if member else numbers.discard)(number)
