"""The state of a tenant: what the messages of one link add up to.

Pure and synchronous: the clock is handed in. Every rule about what accounts and calls
mean is here, each in a function that names it; docs/ARCHITECTURE.md lists them.
"""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from copy import replace
from itertools import islice
from typing import Final

from .assumptions import Assumption
from .extensions import Extensions
from .facts import is_with_nobody, mark
from .groups import Groups
from .identity import Identity
from .learned import learned_call, learned_calls
from .ledger import Ledger
from .legs import merged, phases_of
from .memory import Dial, Hold, Memory, long_absent
from .messages import (
    ACCOUNTS_LIMIT,
    AccountDelta,
    AccountsSnapshot,
    CallerId,
    CallList,
    Message,
    OrbitList,
)
from .models import (
    EXTENSION,
    GROUPS,
    NOTHING,
    ORBIT,
    RINGING_GROUPS,
    Account,
    AccountCall,
    Call,
    CallScope,
    Changes,
    Extension,
    Group,
    KnownAccount,
    Party,
    Phase,
    Totals,
)
from .numbering import AddressBook, same_number
from .weighing import Weighing

# Calls of unreadable lists that are kept as unclear.
_UNCLEAR_KEPT: Final = 1000
# Who calls by ids that may be listed next.
_CALLER_IDS_KEPT: Final = 1000
# Seconds in which a new call can be the one that we dialed.
DIAL_WINDOW: Final = 30.0


class PbxState(Weighing, Extensions, Groups, Identity):
    """Accounts and calls of one tenant, as told over one link.

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
        ledger: Ledger | None = None,
        book: AddressBook | None = None,
        country: str | None = None,
    ) -> None:
        """Start with the line itself, and with accounts known from before as absent.

        `known` has their types. `hosts` are the names, in lower case, that addresses of
        the tenant carry; of them `tenant` is its own. `country` is where numbers are
        dialed, by its two letters.
        """
        super().__init__(
            line,
            hosts,
            tenant=tenant,
            memory=memory or Memory(),
            book=book or AddressBook(),
            ledger=ledger or Ledger(),
            country=country,
        )
        self.presence_pushed = False
        self.totals = Totals(None, None, None)
        self._phases_listed: list[Phase | None] | None = None
        self._caller_ids: dict[str, Party] = {}
        self._lists_calls = False
        # While the accounts are being read: where, and what was pushed since.
        self._read_since: int | None = None
        self._pushed: dict[str, Account] | None = None
        self._calls_told = False
        self._opaque: set[str] = set()
        self.ended_unseen: frozenset[str] = frozenset()
        # The calls that are listed only because a list could not be read.
        self._kept: frozenset[str] = frozenset()
        self._registered: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        for number, kind in (known or {}).items():
            self._show(number, _absent(number, kind, None))
        self._refreshed((line,))

    @property
    def holds(self) -> dict[str, Hold]:
        """Return the calls of the line that we hold, or are about to."""
        return self.memory.holds

    @property
    def missing(self) -> bool:
        """Return whether an account waits for the snapshot that removes it."""
        return bool(self.memory.absent_since)

    def account(self, number: str) -> KnownAccount | None:
        """Return what is known of an extension or group."""
        return self.extensions.get(number) or self.groups.get(number)

    @property
    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return all extensions and groups, the absent ones included."""
        return {**self.extensions, **self.groups}

    def apply(self, message: Message, now: float) -> Changes:
        """Take in a message at a monotonic time in seconds; return what it changed."""
        self._tick += 1
        match message:
            case AccountDelta():
                ours = self._is_of_tenant(message.tenant)
                if not ours:
                    return Changes(doubtful=True) if ours is None else NOTHING
                self.presence_pushed = self._deltas_come = True
                return self._apply_delta(message.account, message.odd)
            case CallList():
                return self._apply_calls(message, now)
            case AccountsSnapshot():
                return self._apply_snapshot(message, now)
            case CallerId():
                return self._apply_caller_id(message)
            case OrbitList():
                self._orbits = message.orbits
                return self._refreshed(self.orbits)
        return NOTHING

    @property
    def orbits(self) -> Mapping[str, Group]:
        """Return the park orbits that the PBX lists."""
        return {
            number: group
            for number, group in self.groups.items()
            if group.type == ORBIT and group.present
        }

    @property
    def wants_orbits(self) -> bool:
        """Return whether only REST can tell if some orbit is occupied."""
        return self.scope is not CallScope.TENANT and any(
            orbit.in_use is None for orbit in self.orbits.values()
        )

    def has_strayed(self, calls: tuple[Call, ...]) -> bool:
        """Return whether a list of calls is that of the orbits, and not of the line."""
        orbits = self.orbits
        return any(
            call.callee.number in orbits
            and self._is_in_tenant(call.callee)
            and self.line not in self._members(call)
            for call in calls
        )

    @property
    def calls_unread(self) -> bool:
        """Return whether news of the calls was lost, and it is not known how they are."""
        return self._unread or bool(self._kept)

    @property
    def shows_presence(self) -> bool:
        """Return whether somebody is shown in a call because of presence alone."""
        return (self.is_denied or self.scope is not CallScope.TENANT) and any(
            account.busy for account in self._accounts.values()
        )

    def checked(self, told: tuple[Call, ...]) -> CallList | None:
        """Return the list as it is by what the line is told to have; None if that is open.

        The calls may have other ids where that is told. Those of others stay as they are.
        """
        own = {
            i for i, call in self._listed.items() if self.line in self._members(call)
        }
        found = {call.id: call for call in told}
        if found and own.isdisjoint(found):
            return None
        calls = [
            replace(call, phase=found[call_id].phase) if call_id in found else call
            for call_id, call in self._listed.items()
            if call_id in found or call_id not in own
        ]
        calls += [call for call_id, call in found.items() if call_id not in own]
        others = self._unread and self.scope is CallScope.TENANT
        return CallList(tuple(calls), hidden=others)

    @property
    def is_denied(self) -> bool:
        """Return whether the tenant's list of calls is known to leave somebody out."""
        return bool(self._denied)

    @property
    def may_be_denied(self) -> bool:
        """Return whether the tenant's list of calls does not explain all presence."""
        return self.scope is CallScope.TENANT and any(
            map(self._is_hidden, self._accounts.values())
        )

    @property
    def line_is_denied(self) -> bool:
        """Return whether the tenant's list of calls is known to leave out the line's."""
        return self.line in self._denied

    def begin_reading(self) -> None:
        """Note that all accounts are asked for: what is pushed from now on is newer."""
        self._read_since, self._pushed = self._tick, {}

    def newest(self, snapshot: AccountsSnapshot) -> AccountsSnapshot:
        """Return what a reading told, with what was pushed since it was begun."""
        pushed, self._pushed = self._pushed or {}, None
        accounts = tuple(
            _merged(account, news, news.calls)
            if (news := pushed.get(account.number))
            else account
            for account in snapshot.accounts
        )
        return replace(snapshot, accounts=accounts, since=self._read_since)

    def contradicts(self, snapshot: AccountsSnapshot) -> bool:
        """Return whether a snapshot has other calls of the line than the list."""
        if snapshot.calls is None or self.scope is not CallScope.OWN:
            return False
        told = {call.id for call in snapshot.calls if self.line in self._members(call)}
        return told != self._listed.keys()

    def doubt_calls(self) -> Changes:
        """Take no call for known until they are told anew: news of them was lost."""
        if self.scope is None or self._unread:
            return NOTHING
        self._tick += 1
        self._unread = True
        self._kept = frozenset(self._listed)
        return self._listed_anew(
            {call_id: _unclear(call) for call_id, call in self._listed.items()},
            everybody=True,
        )

    def weigh_silence(self, *, own: bool) -> Changes:
        """Judge by presence the calls of which nobody else tells any more.

        What it does not confirm is not known, what it denies is over: when and how that
        ended nobody has seen. The line's `own` calls are told elsewhere, or not.
        """
        if self._unread:
            return NOTHING
        self._tick += 1
        confirmed = {
            call_id: (own and self._is_own(call)) or self._confirms(call)
            for call_id, call in self._listed.items()
        }
        self._kept = frozenset(i for i, there in confirmed.items() if there is None)
        changes = self._listed_anew(
            {
                call_id: call if confirmed[call_id] else _unclear(call)
                for call_id, call in self._listed.items()
                if confirmed[call_id] is not False
            },
            told=False,
        )
        self.ended_unseen = frozenset(
            i for i, there in confirmed.items() if there is False
        )
        return changes

    def _is_own(self, call: Call) -> bool:
        """Return whether a listed call is one of the line's."""
        return self.scope is CallScope.OWN or self.line in self._members(call)

    def expect_dial(self, number: str, now: float) -> Dial:
        """Note that the line dials a number now."""
        dial = Dial(number, now, set(self._listed))
        self.memory.dials.append(dial)
        return dial

    def cancel_dial(self, dial: Dial) -> bool:
        """Expect the call of a dialing no more; return False if it is there already."""
        if dial in self.memory.dialed.values():
            return False
        self.memory.dials = [other for other in self.memory.dials if other is not dial]
        return True

    @property
    def unheard(self) -> frozenset[str]:
        """Return the ids of the calls to the line of which its phone does not hear."""
        if not (listed := self._calls_of.get(self.line)):
            return frozenset()
        line = self.extensions[self.line]
        heard = {call.id for call in line.calls} | line.doubtful
        return frozenset(call.id for call in listed if call.id not in heard)

    def may_have(self, number: str, call_id: str) -> bool:
        """Return whether an extension has a call, as far as can be told."""
        extension = self.extensions.get(number)
        return extension is not None and (
            call_id in extension.doubtful
            or any(call.id == call_id for call in extension.calls)
        )

    def take_names(self, other: PbxState) -> None:
        """Take over which accounts there are; how they are, others tell."""
        for number, account in other.raw_accounts.items():
            known = self._accounts.get(number)
            self._accounts[number] = replace(
                known or Account(number, account.name, account.type),
                aliases=account.aliases,
                ani=account.ani,
            )
        self._learn_numbers()

    def take_book(self, book: AddressBook | None) -> Changes:
        """Name those by an address book whom neither call nor account names."""
        self._book = book or AddressBook()
        return self._refreshed(self._calls_of.keys() | self._reporting)

    @property
    def raw_accounts(self) -> Mapping[str, Account]:
        """Return the accounts as the PBX told them last."""
        return self._accounts

    def is_another(self, number: str | None) -> bool:
        """Return whether a number is an account of the tenant other than the line."""
        account = self.account_of(number)
        return account != self.line and account in self._accounts

    @property
    def listed(self) -> Mapping[str, Call]:
        """Return the calls that the PBX lists: the line's own or the tenant's."""
        return self._listed

    def raw_state(self, call_id: str) -> str | None:
        """Return the PBX's own word for the state of a call, for the diagnostics."""
        call = self._listed.get(call_id)
        return call.raw_state if call else None

    def dialed_call(self, dial: Dial) -> AccountCall | None:
        """Return the call of the line that a dialing made."""
        return next(
            (
                call
                for call in self.extensions[self.line].calls
                if self.memory.dialed.get(call.id) is dial
            ),
            None,
        )

    # Accounts

    def _is_doubtful(self, number: str) -> bool:
        """Return whether it is open which calls an extension has."""
        extension = self.extensions.get(number)
        return extension is not None and bool(extension.doubtful)

    def _apply_delta(self, delta: Account, odd: AbstractSet[str]) -> Changes:
        """Merge a `user-state`: only `dnd` and `registered` survive their absence.

        What is odd of them is not known. One for an unknown account creates nothing: it
        asks for a snapshot.
        """
        number = delta.number
        if self._pushed is not None and len(self._pushed) < ACCOUNTS_LIMIT:
            before = self._pushed.get(number, delta)
            self._pushed[number] = _merged(before, delta, delta.calls)
        old = self._accounts.get(number)
        if old is None:
            return Changes(unknown=number)
        known = old
        if odd:
            known = replace(
                old,
                registered=None if "registered" in odd else old.registered,
                dnd=None if "dnd" in odd else old.dnd,
            )
        calls = self._reported(delta)
        if calls and old.calls:
            calls = learned_calls(calls, old.calls)
        new = _merged(known, delta, calls)
        self._told_at[number] = self._tick
        if new.busy:
            self._busy_at[number] = self._tick
        if new == old and not self._is_doubtful(number):
            return NOTHING
        if number == self.line and self.scope:
            self._weigh_presence(new)
        self._accounts[number] = new
        if new.aliases != old.aliases or new.ani != old.ani:
            self._learn_numbers()
            self._note_reports(new)
            return self._refreshed(self.accounts)
        if new.name != old.name:
            self._note_reports(new)
            # Others show it as the name of their other party.
            return self._refreshed(self.accounts)
        if new.busy == old.busy and new.calls == old.calls:
            shown = self.extensions.get(number)
            # Whether a call is the account's may hang on all of it.
            if shown and shown.present and number not in self._calls_of:
                return self._took_flags(shown, new)
        self._note_reports(new)
        if not new.busy:
            self._denied -= {number}
        numbers = {number} | self._with_whom({number})
        if new.calls != old.calls:
            # It may tell that a call of a group is connected.
            numbers |= {
                other
                for other in self.groups.keys() & self._reporting
                if self.groups[other].type in RINGING_GROUPS
            }
        changes = self._refreshed(numbers)
        if (
            self.scope is CallScope.TENANT
            and new.type == EXTENSION
            and self._is_hidden(new)
        ):
            return replace(changes, doubtful=True)
        return changes

    def _took_flags(self, old: Extension, account: Account) -> Changes:
        """Show the flags of an extension, as most deltas are about them alone."""
        new = self._with_flags(old, account)
        if new == old:
            return NOTHING
        self.extensions[new.number] = new
        if new.registered is old.registered:
            return Changes(frozenset((new.number,)))
        self._registered[old.registered] -= 1
        self._registered[new.registered] += 1
        return Changes(frozenset((new.number,)), totals=self._counted(calls=False))

    def _apply_snapshot(self, snapshot: AccountsSnapshot, now: float) -> Changes:
        """Replace all accounts.

        A list that is empty or lacks our own extension proves the absence of nobody. Such
        lists add up, so they end at a bound. Where one has a gap, it is not known any more
        how those are that it lacks.
        """
        accounts = {
            account.number: account for account in self._trusted(snapshot.accounts)
        }
        proves_absence = snapshot.complete and self.line in accounts
        if not proves_absence:
            if len(self._accounts.keys() | accounts.keys()) > 2 * ACCOUNTS_LIMIT:
                return NOTHING
            accounts = {
                number: replace(account, type=account.type or old.type)
                if (old := self._accounts.get(number))
                else account
                for number, account in accounts.items()
            }
        self._told_at.clear()
        self._listed_at = self._tick
        accounts[self.line] = replace(
            accounts.get(self.line, self._accounts[self.line]), type=EXTENSION
        )
        lacking = {
            number
            for number, known in self.accounts.items()
            if not (account := accounts.get(number))
            # One whose type is not told is not shown, and may be there still.
            or account.type not in (None, known.type)
        }
        for number in accounts.keys() - lacking:
            self.memory.absent_since.pop(number, None)
        removed = self._forget(lacking, now) if proves_absence else frozenset[str]()
        if snapshot.gap:
            accounts = {
                number: Account(number, old.name, old.type)
                for number, old in self._accounts.items()
            } | accounts
        before = self._accounts
        self._accounts = accounts if proves_absence else before | accounts
        self._learn_numbers()
        if self._numbers:
            self._accounts = {
                number: replace(account, calls=self._reported(account))
                for number, account in self._accounts.items()
            }
        for number, account in self._accounts.items():
            if account.calls and (old := before.get(number)) and old.calls:
                calls = learned_calls(account.calls, old.calls)
                self._accounts[number] = replace(account, calls=calls)
        self._lists_calls = all(
            account.calls is not None
            for account in self._accounts.values()
            if account.type == EXTENSION and account.number != self.line
        )
        if self.scope and self._accounts[self.line].calls is not None:
            self._weigh_presence(self._accounts[self.line])
        self._reporting.clear()
        self._opaque.clear()
        asked_at = self._tick if snapshot.since is None else snapshot.since
        for account in self._accounts.values():
            self._note_reports(account)
            if account.busy:
                self._busy_at[account.number] = asked_at
        if self.scope is None:
            self._fill_in(snapshot.calls or ())
        again = self._weigh_denials(snapshot.since)
        changes = self._refreshed(accounts.keys() | self.accounts.keys())
        if removed or again:
            changes = replace(changes, removed=removed, doubtful=again)
        return changes

    def _reported(self, account: Account) -> tuple[Call, ...] | None:
        """Return the calls of an account's presence, the parties as what they are."""
        if not account.calls:
            return account.calls
        return tuple(self._identified(call, account.number) for call in account.calls)

    def _note_reports(self, account: Account) -> None:
        """Keep in mind who else reports calls, for the count over the tenant.

        The line's calls are all in its list.
        """
        other = account.number != self.line
        mark(self._reporting, account.number, other and bool(account.calls))
        opaque = other and account.busy is True and not account.calls
        mark(self._opaque, account.number, opaque and account.type != EXTENSION)

    def _forget(self, lacking: AbstractSet[str], now: float) -> frozenset[str]:
        """Remove the accounts that two snapshots, ten minutes apart, both lack.

        More of them than a PBX may list are not waited for.
        """
        removed = long_absent(self.memory.absent_since, lacking, now)
        if len(lacking) - len(removed) > ACCOUNTS_LIMIT:
            self.memory.absent_since.clear()
            removed = frozenset(lacking)
        for number in removed:
            self._show(number, None)
        return removed

    # Calls

    def _apply_calls(self, told: CallList, now: float) -> Changes:
        """Replace the list of the stream: an id that is missing has ended.

        Unless something could not be read: then it is not known how it is.
        """
        listed: dict[str, Call] = {}
        dialed: dict[str, Dial] = {}
        for dial in self.memory.dials if told.complete else ():
            # An id may come again once its call has left the list.
            dial.before.intersection_update(call.id for call in told.calls)
        only = self._only_new_call(told.calls) if self.memory.dials else None
        for reported in self._continued(told.calls):
            self._learn_name(reported)
            if own := self._as_own(self._with_caller(self._identified(reported))):
                call = self._as_dialed(own, now, dialed, only)
                twin = listed.get(call.id)
                call = merged(twin, call) if twin else call
                # The same object is compared faster, here and further on.
                before = self._listed.get(call.id)
                if told.unsure and before and call.id in told.unsure:
                    call = self._where_it_was(call, before)
                if known := before or self.memory.listed.get(call.id):
                    call = learned_call(call, known)
                listed[call.id] = before if before == call else call
        kept = () if told.complete else self._listed.keys() - listed.keys()
        self._kept = frozenset(islice(kept, _UNCLEAR_KEPT))
        dialed |= {i: d for i, d in self.memory.dialed.items() if i in self._kept}
        memory = self.memory
        memory.dialed = dialed
        unclear = {call_id: _unclear(self._listed[call_id]) for call_id in self._kept}
        self._caller_ids = {
            call_id: party
            for call_id, party in self._caller_ids.items()
            if call_id in listed or call_id in unclear
        }
        if not self._calls_told:
            self._calls_told = True
            memory.begin_link(listed)
        elif memory.holds:
            memory.follow_holds(listed | unclear)
        everybody, self._unread = self._unread is not told.hidden, told.hidden
        whole = listed | unclear if unclear else listed
        if whole == self._listed and not everybody:
            return NOTHING
        self._weigh(listed, unclear)
        self._connected_at = {
            call_id: self._connected_at.get(call_id, self._tick)
            for call_id, call in whole.items()
            if call.connected or (call_id in self._connected_at and not call.phase)
        }
        return self._listed_anew(whole, everybody=everybody)

    def _where_it_was(self, call: Call, before: Call) -> Call:
        """Return a call of which it is not all known whom it concerns now.

        It may still concern those that it did: for them it is open.
        """
        members = self._members(before)
        if members <= self._members(call):
            return call
        extensions = call.extensions | members
        return replace(call, extensions=extensions, lists_extensions=False, phase=None)

    def _apply_caller_id(self, told: CallerId) -> Changes:
        """Take over who calls, where the list of calls does not tell.

        The id may be that of a call that is listed next, or of another leg: then it is the
        only one of the line's calls of which that is open.
        """
        call_id = told.call_id
        if call_id not in self._listed:
            open_ = [
                call.id
                for call in self._calls_of.get(self.line, ())
                if call.phase is Phase.RINGING and not call.caller.number
            ]
            call_id = open_[0] if len(open_) == 1 else call_id
        full = len(self._caller_ids) >= _CALLER_IDS_KEPT
        if call_id is None or full or not told.caller.number:
            return NOTHING
        self._caller_ids[call_id] = told.caller
        listed = {
            listed_id: self._identified(self._with_caller(call))
            for listed_id, call in self._listed.items()
        }
        return NOTHING if listed == self._listed else self._listed_anew(listed)

    def _with_caller(self, call: Call) -> Call:
        """Return a call with who was told to call, as far as the call itself does not."""
        told, caller = self._caller_ids.get(call.id), call.caller
        if told is None or (caller.number and (caller.name or not told.name)):
            return call
        if caller.number and not same_number(caller.number, told.number, self.country):
            return call
        if not caller.number:
            return replace(call, caller=Party(told.number, caller.name or told.name))
        return replace(call, caller=replace(caller, name=told.name))

    def _fill_in(self, calls: tuple[Call, ...]) -> None:
        """Take the line's calls of a `domain-state` until the first call list."""
        self._listed |= {
            call.id: call
            for call in map(self._identified, calls)
            if self.line in self._members(call)
        }
        self._calls_of = self._index(self._listed)

    def begin_calls(self, scope: CallScope) -> Changes:
        """Note whose calls the lists hold from now on; before the first one is empty."""
        if scope is self.scope:
            return NOTHING
        self.scope, self._ring = scope, None
        self._unread, self._kept, self._denied = False, frozenset(), frozenset()
        return self._listed_anew({}, everybody=True)

    def _listed_anew(
        self, listed: dict[str, Call], *, everybody: bool = False, told: bool = True
    ) -> Changes:
        """Index the calls by account and refresh those whose calls changed.

        Unless that was `told`, presence is as old or new as it was before.
        """
        self.ended_unseen = frozenset()
        before = self._calls_of
        self._listed, self._phases_listed = listed, None
        self._calls_of = after = self._index(listed)
        moved = {
            number
            for number in before.keys() | after.keys()
            if before.get(number) != after.get(number)
        }
        if told:
            self._note_moves(moved)
        if self._weigh_ringing() or everybody:
            return self._refreshed(self.accounts)
        numbers = self._reporting | moved
        return self._refreshed(numbers | self._with_whom(numbers))

    def _with_whom(self, numbers: Iterable[str]) -> set[str]:
        """Return who is listed in the connected calls of accounts.

        What one of a group does tells whether another has answered.
        """
        return {
            other
            for number in numbers
            for call in self._calls_of.get(number, ())
            if call.connected
            for other in call.extensions
        }

    def _as_own(self, call: Call) -> Call | None:
        """Return a call of the own stream as one of the line; None if it is not.

        A group's call names the caller and the group only. One that lists others as
        involved strayed in from the tenant's stream: nothing tells the two apart.
        """
        if self.scope is not CallScope.OWN:
            return call
        named = self.line in self._members(call)
        if call.id not in self._listed:
            self._assume(Assumption.OWN_CALLS_NAME_THE_LINE, named)
        # What a machine has answered is listed on, and is with the line no more.
        by_machine = is_with_nobody(call) or (
            call.connected and self.is_machine(call.callee.number)
        )
        if named or by_machine:
            return call
        # No list at all is not an empty one: that says that it is at no phone.
        return (
            None
            if call.extensions or call.lists_extensions
            else replace(call, extensions=frozenset({self.line}))
        )

    def _only_new_call(self, calls: tuple[Call, ...]) -> str | None:
        """Return the id of the only call that the line has made since it dialed."""
        before = frozenset[str]().union(*(dial.before for dial in self.memory.dials))
        made = {
            call.id
            for call in calls
            if call.caller.number == self.line
            and self._is_in_tenant(call.caller)
            and call.id not in before
            and call.id not in self.memory.dialed
        }
        return made.pop() if len(made) == len(self.memory.dials) == 1 else None

    def _as_dialed(
        self, call: Call, now: float, dialed: dict[str, Dial], only: str | None
    ) -> Call:
        """Return a call that we dialed as one that the line makes, and note it.

        The PBX rings the desk phone first; that is not an incoming call. Ours is the
        first new call of the line with the dialed number as the other party, or the
        `only` new one that the line makes: the PBX may write the number as it likes. It
        is so no more when one of the two has left it.
        """
        memory, line = self.memory, self.line
        if not memory.dials and not memory.dialed:
            return call
        makes_it = call.caller.number == line
        other = call.callee if makes_it or not call.caller.number else call.caller
        named = line in (call.caller.number, call.callee.number)
        is_ours = named or (not call.caller.number and line in self._members(call))
        dial = memory.dialed.get(call.id)
        if dial is None:
            memory.dials = [d for d in memory.dials if now - d.time <= DIAL_WINDOW]
            dial = next(
                (
                    dial
                    for dial in memory.dials
                    if is_ours
                    and call.id not in dial.before
                    and (
                        call.id == only
                        or same_number(other.number, dial.number, self.country)
                    )
                ),
                None,
            )
            if dial is None:
                return call
            memory.dials.remove(dial)
            shows_it = same_number(other.number, dial.number, self.country)
            self._assume(Assumption.DIALED_CALL_SHOWS_THE_NUMBER, shows_it)
            dial.shown = dial.number if shows_it else other.number
        elif other.number == line and not call.caller.number:
            before = self._listed.get(call.id)
            if before and before.caller.number == line:
                # Only our own end is told by now.
                other = Party()
        if not is_ours or (
            other.number not in (None, dial.shown)
            and not same_number(other.number, dial.shown, self.country)
        ):
            return call
        dialed[call.id] = dial
        return (
            call
            if makes_it
            else replace(call, caller=Party(line), callee=other, alias=None)
        )

    # What an account shows

    def _refreshed(self, numbers: Iterable[str]) -> Changes:
        """Derive the accounts anew; return those that look different."""
        changed, calls, renamed = set(), set(), set()
        for number in numbers:
            account = self._accounts.get(number)
            old = self.account(number)
            new: KnownAccount
            if old and (account is None or account.type != old.type):
                new = _absent(number, old.type, old.name)
            elif account is None:
                continue
            elif account.type == EXTENSION:
                new = self._extension(account)
            elif account.type in GROUPS:
                new = self._group(account, account.type)
            else:
                continue
            if new != old:
                self._show(number, new)
                changed.add(number)
                if not (
                    isinstance(old, Extension)
                    and account
                    and new == self._with_flags(old, account)
                ):
                    calls.add(number)
                if old and old.name != new.name:
                    renamed.add(number)
        totals = self._counted()
        if not changed and not totals:
            return NOTHING
        return Changes(
            frozenset(changed),
            frozenset(calls),
            totals=totals,
            renamed=frozenset(renamed),
        )

    def _show(self, number: str, new: KnownAccount | None) -> None:
        """Put an account in place of what it was, and keep the registered counted."""
        if isinstance(new, Group):
            self.groups[number] = new
            return
        if (old := self.extensions.get(number)) and old.present:
            self._registered[old.registered] -= 1
        if new and new.present:
            self._registered[new.registered] += 1
        else:
            self._unexplained.discard(number)
        if new:
            self.extensions[number] = new
        else:
            self.extensions.pop(number, None)
            self.groups.pop(number, None)

    # Totals

    def _counted(self, *, calls: bool = True) -> bool:
        """Count anew; return whether that changed anything.

        One call or phone that cannot be judged leaves its count unknown.
        """
        before = self.totals
        active, ringing = before.active_calls, before.ringing_calls
        if calls:
            phases = self._phases()
            if phases is None or None in phases:
                active = ringing = None
            else:
                ringing = phases.count(Phase.RINGING)
                active = len(phases) - ringing
        registered = None if self._registered[None] else self._registered[True]
        self.totals = Totals(active, ringing, registered)
        return self.totals != before

    def _phases(self) -> list[Phase | None] | None:
        """Return the phase of every call of the tenant, or None if some are not told."""
        if self._unread or self._denied:
            return None
        if self.scope is CallScope.TENANT:
            if self._phases_listed is None:
                self._phases_listed = phases_of(self._listed.values())
            return self._phases_listed
        if (
            self.scope is None
            or not self._lists_calls
            or not self.memory.presence_shows_ringing
            or self._unexplained
            or self._opaque
        ):
            return None
        phases: dict[str, Phase | None] = {}
        for number in self._reporting:
            for call in self._accounts[number].calls or ():
                # Of one call several accounts may report, each its own leg.
                if call.connected or phases.get(call.id) is None:
                    phases[call.id] = call.phase
        return list(
            (phases | {call.id: call.phase for call in self._listed.values()}).values()
        )


def _unclear(call: Call) -> Call:
    """Return a call of which it is not known how it is, or whether it still is."""
    return replace(call, phase=None) if call.phase else call


def _merged(told: Account, news: Account, calls: tuple[Call, ...] | None) -> Account:
    """Return an account with what was told of it since, and the calls of now."""
    # Not by `replace`: that takes eight times as long.
    return Account(
        told.number,
        news.name or told.name,
        told.type,
        told.registered if news.registered is None else news.registered,
        told.dnd if news.dnd is None else news.dnd,
        news.chat,
        news.busy,
        calls,
        news.aliases or told.aliases,
        news.ani or told.ani,
    )


def _absent(number: str, kind: str, name: str | None) -> KnownAccount:
    """Return an extension or group that the PBX does not list."""
    if kind != EXTENSION:
        return Group(
            number, name, kind, present=False, complete=False, in_use=None, count=None
        )
    return Extension(
        number=number,
        name=name,
        present=False,
        registered=None,
        dnd=None,
        chat_available=None,
        ringing=None,
        in_call=None,
        call_state=None,
    )
