"""What a PBX proves or breaks of our assumptions, and what is not believed any more."""

from collections import deque
from collections.abc import Iterable, Mapping, Set as AbstractSet
from copy import replace
from typing import Final

from .assumptions import Assumption
from .facts import Facts
from .ledger import Ledger
from .memory import Memory
from .models import (
    EXTENSION,
    GROUPS,
    IN_CALL,
    NO_ID,
    Account,
    Call,
    CallScope,
    Extension,
    Phase,
)
from .numbering import AddressBook

# Calls that ended last, to notice one that comes back.
_ENDED_KEPT: Final = 50
# Contradictions in a row that make an account's own presence worthless.
_CONTRADICTIONS: Final = 3


class Weighing(Facts):
    """Weigh what is told against what we assume."""

    def __init__(
        self,
        line: str,
        hosts: frozenset[str],
        *,
        tenant: str,
        memory: Memory,
        book: AddressBook,
        ledger: Ledger,
        country: str | None,
    ) -> None:
        """Start with nothing told."""
        super().__init__(line, hosts, memory, book, country)
        self._assume = ledger.assume
        self._tenant = tenant
        self._tenant_named = False
        self._deltas_come = False
        self._ended: deque[tuple[str, float | None]] = deque(maxlen=_ENDED_KEPT)
        self._ring: str | None = None
        self._ring_shown = False
        self._ring_told = False
        # When the calls of an account changed last, and whose presence made it busy
        # without one when it was read last.
        self._moved_at: dict[str, int] = {}
        # When the presence of an account was told last to be busy.
        self._busy_at: dict[str, int] = {}
        self._suspected: frozenset[str] = frozenset()

    def _is_of_tenant(self, tenant: str | None) -> bool | None:
        """Return whether a delta that names a tenant is of ours; None if that is open.

        An unknown name may be an alias of it, unless others name it as we know it.
        """
        if tenant is None:
            return True
        names = self.memory.names | ({self._tenant} if self._tenant else self._hosts)
        ours = tenant in names
        self._tenant_named |= ours
        self._assume(Assumption.DELTAS_ARE_OF_THE_TENANT, ours)
        return ours or (False if self._tenant_named else None)

    def _weigh_presence(self, new: Account) -> None:
        """Note how the line's presence fits its calls, which are known."""
        shown = self.extensions[self.line]
        if shown.doubtful:
            return
        in_call, busy = _is_in_call(shown), new.busy is True
        self._assume(Assumption.ABSENT_MEANS_CLEARED, busy or not in_call)
        self._ring_told = True
        self._ring_shown |= busy
        self.memory.presence_shows_calls |= busy and in_call

    def _trusted(self, accounts: tuple[Account, ...]) -> Iterable[Account]:
        """Return the accounts, without a presence that proves to mean something else.

        Of the line both are known: what REST says (`connected`) and its calls. One
        contradiction may be a race.
        """
        line = next((a for a in accounts if a.number == self.line), None)
        if line is None or line.calls is not None or line.busy is None:
            return accounts
        shown, wrong = self.extensions[self.line], self.memory.contradictions
        in_call = _is_in_call(shown)
        if self.scope and not shown.doubtful and (in_call or not shown.calls):
            holds = line.busy is in_call
            self._assume(Assumption.CONNECTED_MEANS_IN_CALL, holds)
            wrong[in_call] = 0 if holds else wrong.get(in_call, 0) + 1
        if max(wrong.values(), default=0) < _CONTRADICTIONS:
            return accounts
        return [replace(account, busy=None) for account in accounts]

    def _is_hidden(self, account: Account) -> bool:
        """Return whether an account is busy, and has no call in the tenant's list."""
        return (
            account.busy is True
            and account.number not in self._calls_of
            and (account.type == EXTENSION or account.type in GROUPS)
        )

    def _weigh_denials(self, since: int | None) -> bool:
        """Note whom the tenant's list leaves out; return whether to look again soon.

        A PBX may answer a subscription that it does not grant, with nothing or with our
        own calls. Presence counts that was asked for since the account's calls changed
        last. One such reading may be a race.
        """
        if since is None:
            self._denied = self._suspected = frozenset()
            return False
        hidden = frozenset(
            number
            for number, account in self._accounts.items()
            if self._is_hidden(account) and self._moved_at.get(number, 0) <= since
        )
        before, self._suspected = self._suspected, hidden
        if self.scope is not CallScope.TENANT:
            return False
        self._denied = hidden & before
        self._assume(Assumption.TENANT_LISTS_ARE_GRANTED, not self._denied)
        # Of the line it is soon known whether its presence means something else.
        return self._denied != hidden or self.line in hidden

    def _confirms(self, call: Call) -> bool | None:
        """Return whether presence has a call; False if it says that it is over.

        A busy account is in a call that is connected if that is its only one. An idle one
        has none of those that made it busy since they changed last.
        """
        accounts = [
            account
            for number in self._members(call)
            if (account := self._accounts.get(number))
        ]
        if any(account.busy for account in accounts):
            alone = any(
                account.busy and len(self._calls_of[account.number]) == 1
                for account in accounts
            )
            return True if call.connected and alone else None
        was_shown = any(
            self._busy_at.get(account.number, -1)
            >= self._moved_at.get(account.number, 0)
            for account in accounts
        )
        idle = all(
            account.busy is False or (account.busy is None and account.type in GROUPS)
            for account in accounts
        )
        return False if was_shown and idle else None

    def _note_moves(self, numbers: AbstractSet[str]) -> None:
        """Note whose calls are others now."""
        self._moved_at |= dict.fromkeys(numbers & self._accounts.keys(), self._tick)
        if not self._denied.isdisjoint(numbers):
            self._denied -= numbers

    def _weigh(self, listed: Mapping[str, Call], kept: Mapping[str, Call]) -> None:
        """Note what a new list tells about our assumptions; some calls are only kept."""
        for call_id, call in listed.items():
            before = self._listed.get(call_id)
            if call is before:
                continue
            self._assume(Assumption.CALL_WORDS_ARE_KNOWN, call.phase is not None)
            if before is None:
                self._assume(Assumption.CALLS_HAVE_IDS, not call_id.startswith(NO_ID))
                if (call_id, call.started) in self._ended:
                    self._assume(Assumption.LISTS_ARE_COMPLETE, False)
                for party in (call.caller, call.callee):
                    if party.number in self._accounts and party.host:
                        ours = self._is_in_tenant(party)
                        self._assume(Assumption.HOSTS_NAME_THE_TENANT, ours)
            elif (
                call.connected
                and not before.connected
                and len(before.extensions - {before.caller.number}) > 1
            ):
                narrow = len(call.extensions - {call.caller.number}) <= 1
                self._assume(Assumption.GROUP_NARROWS_TO_WHO_ANSWERED, narrow)
        ended = self._listed.keys() - listed.keys() - kept.keys()
        # An id alone may come again.
        self._ended.extend(
            (call_id, self._listed[call_id].started) for call_id in ended
        )
        if ended and listed:
            self._assume(Assumption.LISTS_ARE_COMPLETE, True)

    def _weigh_ringing(self) -> bool:
        """Note whether the line's presence showed a call that only rang.

        Its own calls are known: so it tells whether a colleague without any is idle.
        Return whether that is to be judged anew. The tenant's calls leave nothing open.
        """
        if self.scope is not CallScope.OWN:
            return False
        memory, calls = self.memory, self._calls_of.get(self.line, ())
        # Presence that is only read now and then may be of another call.
        busy = self._accounts[self.line].busy is True and self._deltas_come
        memory.presence_shows_calls |= busy and any(call.connected for call in calls)
        if len(calls) == 1 and calls[0].phase is Phase.RINGING:
            if self._ring != calls[0].id:
                self._ring = calls[0].id
                self._ring_told = False
                self._ring_shown = busy
            return False
        rang, self._ring = self._ring, None
        told = self._ring_told or self._deltas_come
        if not rang or calls or not told or not memory.presence_shows_calls:
            return False
        before, memory.presence_shows_ringing = (
            memory.presence_shows_ringing,
            self._ring_shown,
        )
        self._assume(Assumption.PRESENCE_SHOWS_RINGING, self._ring_shown)
        return self._ring_shown is not before


def _is_in_call(extension: Extension) -> bool:
    """Return whether an extension has a call that is connected or held."""
    return any(call.state in IN_CALL for call in extension.calls)
