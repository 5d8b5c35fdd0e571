"""What a PBX lists and pushes about one tenant over one link, as plain data.

Views, counts and evidence read it. Each field has one owner that writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..address_book import AddressBook
from ..models import EXTENSION, Account, Call, CallScope, ParkedCalls, Party
from .memory import Memory


@dataclass(slots=True, eq=False)
class Observed:
    """Accounts and calls of one tenant as the PBX gave them last.

    `hosts` are the names of the tenant, `country` is where its numbers are dialed. `tick`
    counts the messages: it orders them. `accounts_at` is that of the last list of accounts,
    `presence_at` that of each account's own news since then, `connected_at` that at which a
    call was first seen connected.

    `listed` are the calls of the list, `calls_of` the same by account. While `calls_lost`,
    news of the calls could not be read. `denied` are accounts that are in a call and that
    a list of the tenant's calls leaves out. `reporting` are the other accounts with calls
    in their presence, `opaque` the groups that are busy without one.
    """

    line: str
    hosts: frozenset[str]
    memory: Memory
    book: AddressBook
    country: str | None
    tick: int = 0
    # Written by AccountLists.
    accounts: dict[str, Account] = field(default_factory=dict)
    accounts_at: int = 0
    presence_at: dict[str, int] = field(default_factory=dict)
    reporting: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    all_report_calls: bool = False
    # Written by CallLists.
    scope: CallScope | None = None
    listed: dict[str, Call] = field(default_factory=dict)
    calls_of: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    connected_at: dict[str, int] = field(default_factory=dict)
    calls_lost: bool = False
    # Written by Evidence.
    denied: frozenset[str] = frozenset()
    # Written by TenantState.
    orbits: Mapping[str, ParkedCalls] | None = None

    def __post_init__(self) -> None:
        """Start with the line itself."""
        self.accounts[self.line] = Account(self.line, type=EXTENSION)

    def lists_calls_of(self, number: str) -> bool:
        """Return whether the list of calls is to have those of an account."""
        return self.scope is CallScope.TENANT or (
            self.scope is CallScope.OWN and number == self.line
        )

    def lists_all_calls_of(self, number: str) -> bool:
        """Return whether the list has them all, if it is to have them."""
        return not self.calls_lost and number not in self.denied

    def accounts_of(self, call: Call) -> frozenset[str]:
        """Return the accounts a call belongs to: involved, or a party in the tenant."""
        return call.extensions | self.named_parties(call)

    def named_parties(self, call: Call) -> set[str]:
        """Return the numbers of the parties of a call that are in the tenant."""
        return {
            party.number
            for party in (call.caller, call.callee)
            if party.number and (party.host is None or party.host in self.hosts)
        }

    def is_in_tenant(self, party: Party) -> bool:
        """Return whether a party's address is one of the tenant."""
        return party.host is None or party.host in self.hosts

    def is_made_by(self, call: Call, number: str) -> bool:
        """Return whether an account makes a call."""
        return call.caller.number == number and self.is_in_tenant(call.caller)


def is_with_nobody(call: Call) -> bool:
    """Return whether no phone has a call that is connected: a machine answered it.

    A list of the extensions involved that is empty is not one that is missing.
    """
    return (
        call.connected
        and call.lists_extensions
        and not call.extensions - {call.caller.number}
    )


def set_member(numbers: set[str], number: str, member: bool) -> None:
    """Put a number in or take it out of a set."""
    (numbers.add if member else numbers.discard)(number)
