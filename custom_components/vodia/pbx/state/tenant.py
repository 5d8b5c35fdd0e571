"""The state of a tenant: what the messages of one link add up to.

Pure and synchronous: the clock is an argument. A message goes to the part that applies it
(`account_list`, `call_list`), which writes what is observed and derives the views of it.
"""

from collections.abc import Mapping

from ..address_book import AddressBook
from ..changes import NOTHING, Changes
from ..models import (
    ORBIT,
    Account,
    AccountCall,
    Call,
    CallScope,
    Extension,
    Group,
    KnownAccount,
    Totals,
)
from ..trace import Trace
from ..wire.calls import CallList
from ..wire.messages import AccountDelta, AccountsSnapshot, CallerId, Message, OrbitList
from .account_list import AccountLists
from .call_list import CallLists
from .dials import Dials
from .evidence import Evidence
from .identity import Identity
from .memory import Dial, Memory
from .observed import Observed
from .views import Views


class TenantState:
    """Accounts and calls of one tenant, as one link brings them.

    A new link gets a new state; only the memory goes on.
    """

    def __init__(
        self,
        line: str,
        hosts: frozenset[str],
        *,
        tenant: str = "",
        known: Mapping[str, str] | None = None,
        memory: Memory | None = None,
        trace: Trace | None = None,
        book: AddressBook | None = None,
        country: str | None = None,
    ) -> None:
        """Start with the line itself, and with accounts known from before as absent.

        `known` has their types. `hosts` are the names, in lower case, that addresses of
        the tenant carry; of them `tenant` is its own. `country` is where numbers are
        dialed, by its two letters.
        """
        self.line, self.country, trace = line, country, trace or Trace()
        self.memory = memory = memory or Memory()
        self.presence_pushed = False
        self._observed = observed = Observed(
            line, hosts | memory.names, memory, book or AddressBook(), country
        )
        self.identity = identity = Identity(observed)
        self._evidence = evidence = Evidence(observed, trace, tenant)
        self.holds = memory.holds
        self.dials = Dials(observed, trace)
        self._views = views = Views(observed, known or {})
        self.calls = CallLists(observed, identity, evidence, self.dials, views)
        self.account_lists = AccountLists(
            observed, identity, evidence, self.calls, views
        )
        self.extensions: Mapping[str, Extension] = views.extensions
        self.groups: Mapping[str, Group] = views.groups
        self.account = views.account

    def apply(self, message: Message, now: float) -> Changes:
        """Apply a message at a monotonic time in seconds; return what it changed."""
        self._observed.tick += 1
        match message:
            case AccountDelta():
                ours = self._evidence.check_tenant(message.tenant)
                if not ours:
                    return Changes(needs_snapshot=True) if ours is None else NOTHING
                self.presence_pushed = True
                return self.account_lists.apply_delta(message)
            case CallList():
                return self.calls.apply(message, now)
            case AccountsSnapshot():
                return self.account_lists.apply_snapshot(message, now)
            case CallerId():
                return self.calls.apply_caller_id(message)
            case OrbitList():
                self._observed.orbits = message.orbits
                return self._views.derive(self.orbits)
        return NOTHING

    # What is shown

    @property
    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return all extensions and groups, the absent ones included."""
        return self._views.accounts

    @property
    def totals(self) -> Totals:
        """Return the counts over the tenant."""
        return self._views.totals.counts

    @property
    def orbits(self) -> Mapping[str, Group]:
        """Return the park orbits that the PBX lists."""
        return {
            number: group
            for number, group in self.groups.items()
            if group.type == ORBIT and group.present
        }

    @property
    def unheard(self) -> frozenset[str]:
        """Return the ids of the calls to the line of which its phone does not hear."""
        if not (listed := self._observed.calls_of.get(self.line)):
            return frozenset()
        line = self.extensions[self.line]
        heard = {call.id for call in line.calls} | line.possible_call_ids
        return frozenset(call.id for call in listed if call.id not in heard)

    def may_have(self, number: str, call_id: str) -> bool:
        """Return whether an extension may have a call."""
        extension = self.extensions.get(number)
        return extension is not None and (
            call_id in extension.possible_call_ids
            or any(call.id == call_id for call in extension.calls)
        )

    # Accounts

    @property
    def listed_accounts(self) -> Mapping[str, Account]:
        """Return the accounts as the PBX listed them last."""
        return self._observed.accounts

    @property
    def missing(self) -> bool:
        """Return whether an account waits for the snapshot that removes it."""
        return bool(self.memory.absent_since)

    @property
    def shows_presence(self) -> bool:
        """Return whether somebody is shown in a call because of presence alone."""
        if self.scope is CallScope.TENANT and not self._observed.denied:
            return False
        return any(account.busy for account in self.listed_accounts.values())

    def contradicts(self, snapshot: AccountsSnapshot) -> bool:
        """Return whether a snapshot has other calls of the line than the list."""
        if snapshot.calls is None or self.scope is not CallScope.OWN:
            return False
        accounts_of = self._observed.accounts_of
        own = {call.id for call in snapshot.calls if self.line in accounts_of(call)}
        return own != self.listed.keys()

    def set_address_book(self, book: AddressBook | None) -> Changes:
        """Name those by an address book whom neither call nor account names."""
        observed = self._observed
        observed.book = book or AddressBook()
        return self._views.derive(observed.calls_of.keys() | observed.reporting)

    # Calls

    @property
    def scope(self) -> CallScope | None:
        """Return whose calls the lists hold; None before they begin."""
        return self._observed.scope

    @property
    def listed(self) -> Mapping[str, Call]:
        """Return the calls that the PBX lists: the line's own or the tenant's."""
        return self._observed.listed

    @property
    def line_is_denied(self) -> bool:
        """Return whether the tenant's list of calls is known to leave out the line's."""
        return self.line in self._observed.denied

    @property
    def may_be_denied(self) -> bool:
        """Return whether the tenant's list of calls does not explain all presence."""
        return self.scope is CallScope.TENANT and any(
            map(self._evidence.is_hidden, self.listed_accounts.values())
        )

    # What we do

    def dialed_call(self, dial: Dial) -> AccountCall | None:
        """Return the call of its line that a dialing made."""
        dialed = self.memory.dialed
        return next(
            (
                call
                for call in self.extensions[dial.line].calls
                if dialed.get(call.id) is dial
            ),
            None,
        )
