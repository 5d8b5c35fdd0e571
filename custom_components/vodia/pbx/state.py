"""The state of a tenant: what the messages of one link add up to.

Pure and synchronous: the clock is handed in. Every rule about what accounts and calls
mean is here, each in a function that names it; docs/ARCHITECTURE.md lists them.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from .assumptions import Assumption
from .ledger import Ledger
from .messages import AccountDelta, AccountsSnapshot, CallList, Message, OrbitList
from .models import (
    EXTENSION,
    GROUPS,
    IN_CALL,
    NO_ID,
    NOTHING,
    ORBIT,
    QUEUE,
    RINGING_GROUPS,
    Account,
    AccountCall,
    Call,
    CallScope,
    CallState,
    Changes,
    Direction,
    Extension,
    Group,
    KnownAccount,
    ParkedCalls,
    Party,
    Phase,
    Scope,
    Totals,
)

# Seconds between the two snapshots that must both lack an account to remove it.
FORGET_AFTER: Final = 600.0
# Seconds in which a new call can be the one that we dialed.
DIAL_WINDOW: Final = 30.0
# Seconds by which the starts of the legs of one call may differ.
LEG_SPREAD: Final = 2.0
# Calls that ended last, to notice one that comes back.
_ENDED_KEPT: Final = 50
# Contradictions in a row that make an account's own presence worthless.
_CONTRADICTIONS: Final = 3
# Digits that must agree to make two written forms (+49.., 0049.., 0..) one number.
_SIGNIFICANT_DIGITS: Final = 5
# More digits than an extension has: such a number is outside the tenant.
_EXTENSION_DIGITS: Final = 7
# Digits of a country and of an outside line that a number may have in front, or lack.
_PREFIX_DIGITS: Final = 6

_CHAT: Final[Mapping[str | None, bool]] = {"online": True, "offline": False}
# `call` shows the first of these that an account has.
_SHOWN_FIRST: Final = (
    CallState.CONNECTED,
    CallState.RINGING,
    CallState.DIALING,
    CallState.HELD,
)

# Caller, dialed number and start of a call.
type Ends = tuple[str | None, str | None, float | None]


class Hold(Enum):
    """How far a hold is that we have toggled; one that others made is not here."""

    ASKED = auto()
    OURS = auto()
    RELEASED = auto()
    DOUBTFUL = auto()


@dataclass(frozen=True, slots=True)
class Dial:
    """A number that the line dialed through us, and the calls that were up before."""

    number: str
    time: float
    before: frozenset[str]


@dataclass(slots=True)
class Memory:
    """What the PBX does not tell again: it outlives a link.

    Since when an account is missing, what we dial, and which calls that made; how often
    in a row `connected` was wrong about the line, by whether it was in a call; and
    whether the line's presence showed its calls, and one that only rang.
    """

    absent_since: dict[str, float] = field(default_factory=dict)
    contradictions: dict[bool, int] = field(default_factory=dict)
    presence_shows_calls: bool = False
    presence_shows_ringing: bool = True
    dials: list[Dial] = field(default_factory=list)
    dialed: dict[str, Dial] = field(default_factory=dict)


class AddressBook:
    """Names by number, found at once however large the book is.

    A number is the same without its prefix if what is left is too long for an extension:
    here more must agree than where both are known to be outside.
    """

    def __init__(self, contacts: Iterable[tuple[str, str]] = ()) -> None:
        """Take numbers with their names; of one number the first name counts."""
        self._names: dict[str, str] = {}
        self._endings: dict[str, str | None] = {}
        for number, name in contacts:
            if digits := _digits(number):
                self._names.setdefault(digits, name)
        for digits, name in self._names.items():
            for ending in _endings(digits):
                # What several numbers end in names nobody.
                other = self._endings.setdefault(ending, name)
                self._endings[ending] = name if other == name else None

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return len(self._names)

    def name(self, number: str) -> str | None:
        """Return the name that a number has."""
        digits = _digits(number)
        for form in (digits, *_endings(digits)):
            if name := self._names.get(form):
                return name
        return self._endings.get(digits)


class PbxState:
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
    ) -> None:
        """Start with the line itself, and with accounts known from before as absent.

        `known` has their types.         `hosts` are the names, in lower case, that addresses of the tenant carry; of
        them `tenant` is its own.
        """
        self.line = line
        self.memory = memory or Memory()
        self.presence_pushed = False
        self._deltas_come = False
        self.holds: dict[str, Hold] = {}
        self._assume = (ledger or Ledger()).assume
        self._book = book or AddressBook()
        self._tenant = tenant
        self._tenant_named = False
        self._tick = 0
        self._listed_at = 0
        self._told_at: dict[str, int] = {}
        self._connected_at: dict[str, int] = {}
        self._ended: deque[str] = deque(maxlen=_ENDED_KEPT)
        self._ring: str | None = None
        self._ring_shown = False
        self._ring_told = False
        self.scope: CallScope | None = None
        self.totals = Totals(None, None, None)
        self.extensions: dict[str, Extension] = {}
        self.groups: dict[str, Group] = {}
        self._accounts: dict[str, Account] = {line: Account(line, type=EXTENSION)}
        self._hosts = hosts
        self._lists_calls = False
        self._orbits: Mapping[str, ParkedCalls] | None = None
        self._reporting: set[str] = set()
        self._opaque: set[str] = set()
        self._registered: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        self._listed: dict[str, Call] = {}
        self._calls_of: dict[str, tuple[Call, ...]] = {}
        self._unexplained: set[str] = set()
        for number, kind in (known or {}).items():
            self._show(number, _absent(number, kind, None))
        self._refreshed((line,))

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
                match self._is_of_tenant(message.tenant):
                    case None:
                        return Changes(doubtful=True)
                    case False:
                        return NOTHING
                self.presence_pushed = self._deltas_come = True
                return self._apply_delta(message.account)
            case CallList():
                return self._apply_calls(message.calls, now)
            case AccountsSnapshot():
                return self._apply_snapshot(message, now)
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

    def expect_dial(self, number: str, now: float) -> Dial:
        """Note that the line dials a number now."""
        dial = Dial(number, now, frozenset(self._listed))
        self.memory.dials.append(dial)
        return dial

    def cancel_dial(self, dial: Dial) -> bool:
        """Expect the call of a dialing no more; return False if it is there already."""
        if dial in self.memory.dialed.values():
            return False
        self.memory.dials = [other for other in self.memory.dials if other is not dial]
        return True

    def may_have(self, call_id: str) -> bool:
        """Return whether the line has a call, as far as can be told."""
        line = self.extensions[self.line]
        return call_id in line.doubtful or any(
            call.id == call_id for call in line.calls
        )

    def take_names(self, other: PbxState) -> None:
        """Take over which accounts there are; how they are, others tell."""
        for number, account in other.raw_accounts.items():
            self._accounts.setdefault(
                number, Account(number, account.name, account.type)
            )

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
        return number != self.line and number in self._accounts

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

    def _is_of_tenant(self, tenant: str | None) -> bool | None:
        """Return whether a delta that names a tenant is of ours; None if that is open.

        An unknown name may be an alias of it, unless others name it as we know it.
        """
        if tenant is None:
            return True
        ours = tenant == self._tenant if self._tenant else tenant in self._hosts
        self._tenant_named |= ours
        self._assume(Assumption.DELTAS_ARE_OF_THE_TENANT, ours)
        return ours or (False if self._tenant_named else None)

    def _apply_delta(self, delta: Account) -> Changes:
        """Merge a `user-state`: only `dnd` and `registered` survive their absence.

        One for an unknown account creates nothing: it asks for a snapshot.
        """
        old = self._accounts.get(delta.number)
        if old is None:
            return Changes(unknown=delta.number)
        new = replace(
            delta,
            name=delta.name or old.name,
            type=old.type,
            registered=old.registered if delta.registered is None else delta.registered,
            dnd=old.dnd if delta.dnd is None else delta.dnd,
        )
        self._told_at[new.number] = self._tick
        if new == old and not self._is_doubtful(new.number):
            return NOTHING
        if new.number == self.line and self.scope:
            self._weigh_presence(new)
        self._accounts[new.number] = new
        self._note_reports(new)
        if new.name != old.name:
            # Others show it as the name of their other party.
            return self._refreshed(self.accounts)
        calls = (
            (new.busy, new.calls) != (old.busy, old.calls)
            # Whether a call is the account's may hang on all of it.
            or new.number in self._calls_of
        )
        numbers = {new.number} | self._with_whom({new.number})
        if new.calls != old.calls:
            # It may tell that a call of a group is connected.
            numbers |= {
                number
                for number in self.groups.keys() & self._reporting
                if self.groups[number].type in RINGING_GROUPS
            }
        return self._refreshed(numbers, calls=calls)

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

    def _apply_snapshot(self, snapshot: AccountsSnapshot, now: float) -> Changes:
        """Replace all accounts.

        A list that is empty or lacks our own extension proves the absence of nobody.
        """
        accounts = {
            account.number: account for account in self._trusted(snapshot.accounts)
        }
        proves_absence = snapshot.complete and self.line in accounts
        if not proves_absence:
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
        self._accounts = accounts if proves_absence else self._accounts | accounts
        self._lists_calls = all(
            account.calls is not None
            for account in self._accounts.values()
            if account.type == EXTENSION and account.number != self.line
        )
        if self.scope and self._accounts[self.line].calls is not None:
            self._weigh_presence(self._accounts[self.line])
        self._reporting.clear()
        self._opaque.clear()
        for account in self._accounts.values():
            self._note_reports(account)
        if self.scope is None:
            self._fill_in(snapshot.calls)
        changes = self._refreshed(accounts.keys() | self.accounts.keys())
        return replace(changes, removed=removed) if removed else changes

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

    def _note_reports(self, account: Account) -> None:
        """Keep in mind who else reports calls, for the count over the tenant.

        The line's calls are all in its list.
        """
        other = account.number != self.line
        _mark(self._reporting, account.number, other and bool(account.calls))
        opaque = other and account.busy is True and not account.calls
        _mark(self._opaque, account.number, opaque and account.type != EXTENSION)

    def _forget(self, lacking: AbstractSet[str], now: float) -> frozenset[str]:
        """Remove the accounts that two snapshots, ten minutes apart, both lack."""
        removed = long_absent(self.memory.absent_since, lacking, now)
        for number in removed:
            self._show(number, None)
        return removed

    # Calls

    def _apply_calls(self, calls: tuple[Call, ...], now: float) -> Changes:
        """Replace the list of the stream: an id that is missing has ended."""
        listed: dict[str, Call] = {}
        dialed: dict[str, Dial] = {}
        for reported in calls:
            if own := self._as_own(reported):
                call = self._as_dialed(own, now, dialed)
                twin = listed.get(call.id)
                call = _merged(twin, call) if twin else call
                # The same object is compared faster, here and further on.
                before = self._listed.get(call.id)
                listed[call.id] = before if before == call else call
        self.memory.dialed = dialed
        if listed == self._listed:
            return NOTHING
        self._weigh(listed)
        self._follow_holds(listed)
        self._connected_at = {
            call_id: self._connected_at.get(call_id, self._tick)
            for call_id, call in listed.items()
            if call.connected
        }
        return self._listed_anew(listed)

    def _weigh(self, listed: Mapping[str, Call]) -> None:
        """Note what a new list tells about our assumptions."""
        for call_id, call in listed.items():
            before = self._listed.get(call_id)
            if call is before:
                continue
            self._assume(Assumption.CALL_WORDS_ARE_KNOWN, call.phase is not None)
            if before is None:
                self._assume(Assumption.CALLS_HAVE_IDS, not call_id.startswith(NO_ID))
                if call_id in self._ended:
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
        ended = self._listed.keys() - listed.keys()
        self._ended.extend(ended)
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

    def _follow_holds(self, listed: Mapping[str, Call]) -> None:
        """Forget a hold of ours that is over, and see one that has come."""
        for call_id, hold in tuple(self.holds.items()):
            call = listed.get(call_id)
            held = call is not None and call.phase is Phase.HELD
            if hold is Hold.ASKED and held:
                self.holds[call_id] = Hold.OURS
            elif call is None or (hold in (Hold.OURS, Hold.RELEASED) and not held):
                del self.holds[call_id]

    def _fill_in(self, calls: tuple[Call, ...]) -> None:
        """Take the line's calls of a `domain-state` until the first call list."""
        self._listed |= {
            call.id: call for call in calls if self.line in self._members(call)
        }
        self._calls_of = self._index(self._listed)

    def begin_calls(self, scope: CallScope) -> Changes:
        """Note whose calls the lists hold from now on; before the first one is empty."""
        if scope is self.scope:
            return NOTHING
        self.scope, self._ring = scope, None
        return self._listed_anew({}, everybody=True)

    def _listed_anew(
        self, listed: dict[str, Call], *, everybody: bool = False
    ) -> Changes:
        """Index the calls by account and refresh those whose calls changed."""
        before = self._calls_of
        self._listed = listed
        self._calls_of = after = self._index(listed)
        if self._weigh_ringing() or everybody:
            return self._refreshed(self.accounts)
        numbers = self._reporting | {
            number
            for number in before.keys() | after.keys()
            if before.get(number) != after.get(number)
        }
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

    def _index(self, calls: dict[str, Call]) -> dict[str, tuple[Call, ...]]:
        """Return the calls of each account."""
        index: defaultdict[str, list[Call]] = defaultdict(list)
        for call in calls.values():
            for number in self._members(call):
                index[number].append(call)
        return {number: tuple(of_account) for number, of_account in index.items()}

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
        if named:
            return call
        return (
            None
            if call.extensions
            else replace(call, extensions=frozenset({self.line}))
        )

    def _as_dialed(self, call: Call, now: float, dialed: dict[str, Dial]) -> Call:
        """Return a call that we dialed as one that the line makes, and note it.

        The PBX rings the desk phone first; that is not an incoming call. Ours is the
        first new call of the line with the dialed number as the other party. It is so
        no more when one of the two has left it.
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
                    and same_number(other.number, dial.number)
                ),
                None,
            )
            if dial is None:
                return call
            memory.dials.remove(dial)
            self._assume(Assumption.DIALED_CALL_SHOWS_THE_NUMBER, True)
        if not (is_ours and same_number(other.number, dial.number)):
            return call
        dialed[call.id] = dial
        return call if makes_it else replace(call, caller=Party(line), callee=other)

    # What an account shows

    def _refreshed(self, numbers: Iterable[str], *, calls: bool = True) -> Changes:
        """Derive the accounts anew; return those that look different."""
        changed, renamed = set(), set()
        for number in numbers:
            account = self._accounts.get(number)
            old = self.account(number)
            new: KnownAccount
            if old and (account is None or account.type != old.type):
                new = _absent(number, old.type, old.name)
            elif account is None:
                continue
            elif account.type == EXTENSION:
                # Most deltas are about presence: what the calls say stays as it is.
                new = (
                    replace(
                        old,
                        name=account.name,
                        registered=account.registered,
                        dnd=account.dnd,
                        chat_available=_CHAT.get(account.chat),
                    )
                    if isinstance(old, Extension) and not calls
                    else self._extension(account)
                )
            elif account.type in GROUPS:
                new = self._group(account, account.type)
            else:
                continue
            if new != old:
                self._show(number, new)
                changed.add(number)
                if old and old.name != new.name:
                    renamed.add(number)
        before, self.totals = self.totals, self._totals(calls=calls)
        if not changed and self.totals == before:
            return NOTHING
        return Changes(
            frozenset(changed),
            totals=self.totals != before,
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

    def _extension(self, account: Account) -> Extension:
        """Derive what an extension shows: call details outrank its own presence.

        Where the details are not complete, presence that they do not explain makes it
        busy, and leaves open whether a phone rings.
        """
        number = account.number
        all_told = self.scope is CallScope.TENANT or (
            self.scope is CallScope.OWN and number == self.line
        )
        calls = self._calls_of.get(number, ())
        unexplained = False
        if not all_told:
            calls, more = self._with_reported(account, calls)
            unexplained = bool(more) or _hides_calls(account, calls)
        _mark(self._unexplained, number, unexplained)
        own, doubtful = self._own_calls(account, calls)
        unclear = bool(doubtful) or unexplained
        states = {call.state for call in own}
        tells_none = all_told or (
            account.calls is not None and self.memory.presence_shows_ringing
        )

        in_call: bool | None
        if states & IN_CALL or unexplained:
            in_call = True
        elif unclear:
            in_call = None
        else:
            in_call = False if all_told or calls else account.busy
        ringing: bool | None = CallState.RINGING in states
        if not ringing and (unclear or not tells_none):
            ringing = None
        shown = min(states, key=_SHOWN_FIRST.index, default=None)
        if shown is not CallState.CONNECTED and unclear:
            shown = None
        elif shown is None and tells_none:
            shown = CallState.IDLE
        return Extension(
            number=number,
            name=account.name,
            present=True,
            registered=account.registered,
            dnd=account.dnd,
            chat_available=_CHAT.get(account.chat),
            ringing=ringing,
            in_call=in_call,
            call_state=shown,
            calls=own,
            doubtful=doubtful,
            complete=not unclear and (tells_none or bool(own)),
        )

    def _with_reported(
        self, account: Account, calls: tuple[Call, ...]
    ) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
        """Return the calls with those of the account's own presence added.

        And those of its presence that the details do not explain.
        """
        unexplained: list[Call] = []
        for reported in account.calls or ():
            if any(_is_same(reported, call) for call in calls):
                continue
            detail = self._listed.get(reported.id)
            # Details of the line's leg hold for another only while all of them ring.
            if detail and detail.phase is Phase.RINGING and not reported.phase:
                calls = (*calls, detail)
            elif reported.phase:
                calls = (*calls, reported)
            else:
                unexplained.append(reported)
        return calls, tuple(unexplained)

    def _group(self, account: Account, kind: str) -> Group:
        """Derive what a group shows: the calls that are for it, all legs as one.

        It makes none. Of the legs a connected one is shown; one whose state is not
        told may be connected. That a group has no call is known where all are told.
        """
        number, all_told = account.number, self.scope is CallScope.TENANT
        calls, more = self._calls_of.get(number, ()), tuple[Call, ...]()
        hidden, tells_none = False, all_told
        if kind == ORBIT and not all_told and (self._orbits or account.calls is None):
            parked = (self._orbits or {}).get(number, ParkedCalls(None))
            calls, tells_none = parked.calls, parked.occupied is not None
            hidden = parked.occupied is True and not calls
        elif not all_told:
            calls, more = self._with_reported(account, calls)
            hidden = _hides_calls(account, calls)
            tells_none = account.calls is not None and (
                self.memory.presence_shows_ringing or kind not in RINGING_GROUPS
            )
        legs: list[Call] = []
        for call in sorted(
            (
                self._as_seen_by(account, call)
                for call in (*calls, *(self._as_proven(call, kind) for call in more))
                if not (
                    call.caller.number == number and self._is_in_tenant(call.caller)
                )
                # Who dials an orbit is not parked there yet.
                and not (kind == ORBIT and call.phase is Phase.RINGING)
            ),
            key=_leg_order,
        ):
            if not any(are_legs(_ends(call), _ends(leg)) for leg in legs):
                legs.append(call)
        unclear = tuple(call for call in legs if not call.phase)
        # Those that may not have come to it yet.
        coming = {call.id for call in calls if call.phase or kind == ORBIT} & {
            call.id for call in unclear
        }
        in_use: bool | None = False if tells_none and not coming else None
        if hidden or any(leg.id not in coming for leg in legs):
            in_use = True
        count = None
        more_than_listed = not all_told and account.busy is True and not account.calls
        if tells_none and not (coming or more_than_listed or _may_be_legs(legs)):
            count = len(legs)
        return Group(
            number=number,
            name=account.name,
            type=kind,
            present=True,
            calls=tuple(
                self._account_call(call, call.phase, number)
                for call in legs
                if call.phase
            ),
            unclear=unclear,
            complete=tells_none and not (unclear or hidden),
            in_use=in_use,
            count=count,
            waiting=None
            if kind != QUEUE or count is None
            else self._count_waiting(legs),
        )

    def _count_waiting(self, calls: Iterable[Call]) -> int | None:
        """Count the calls of a queue that nobody has answered, if that is known.

        The queue itself may connect a call, to play music: then it is with nobody else.
        """
        waiting = 0
        for call in calls:
            others = call.extensions - {call.caller.number}
            if call.phase is Phase.RINGING or (
                call.phase and call.lists_extensions and not others
            ):
                waiting += 1
            elif not (
                call.phase
                and (len(others) == 1 or (not others and self._is_answered(call)))
            ):
                return None
        return waiting

    def _is_answered(self, call: Call) -> bool:
        """Return whether a phone has a call of a group: the line, or by its presence."""
        line = self.scope is CallScope.OWN and call.id in self._listed
        return (line and call.caller.number != self.line) or any(
            self._accounts[number].type == EXTENSION and number != call.caller.number
            for number, _ in self._connected_elsewhere(call)
        )

    def _as_proven(self, call: Call, kind: str) -> Call:
        """Return a call of a group's presence as connected where that is known.

        Another account may have it so; and some kinds of groups answer by themselves.
        """
        phases = {phase for _, phase in self._connected_elsewhere(call)}
        if kind not in RINGING_GROUPS:
            phases.add(Phase.CONNECTED)
        # One side may hold it while the other only speaks.
        phase = Phase.HELD if Phase.HELD in phases else next(iter(phases), None)
        return replace(call, phase=phase)

    def _connected_elsewhere(self, call: Call) -> Iterator[tuple[str, Phase | None]]:
        """Yield the accounts whose presence has a call connected, and its phase there."""
        for number in self._reporting:
            for reported in self._accounts[number].calls or ():
                if reported.connected and (
                    reported.id == call.id or are_legs(_ends(reported), _ends(call))
                ):
                    yield number, reported.phase

    def _own_calls(
        self, account: Account, calls: tuple[Call, ...]
    ) -> tuple[tuple[AccountCall, ...], frozenset[str]]:
        """Return the calls that are (still) the account's, and the ids of open ones.

        A connected call is with the sole extension left, a named party, or the one
        whose own presence says so; who only rang with the group is not in it. Presence
        counts that was told since the call connected: before, the phone only rang.
        """
        number = account.number
        calls = tuple(
            self._as_seen_by(account, call) for call in _less_far_legs(number, calls)
        )
        own = {
            call.id: call
            for call in calls
            if not call.connected or self._is_with(number, call)
        }
        doubtful = {call.id for call in calls if not call.phase}
        for call in calls:
            if call.id in own:
                continue
            others = call.extensions - {call.caller.number}
            with_whom = {other: self._says_with(other, call) for other in others}
            if with_whom.get(number):
                own[call.id] = call
            elif with_whom.get(number) is None and not any(with_whom.values()):
                doubtful.add(call.id)
        return tuple(
            sorted(
                (
                    self._account_call(call, call.phase, number)
                    for call in own.values()
                    if call.phase
                ),
                key=lambda call: (
                    _SHOWN_FIRST.index(call.state),
                    -(call.started or 0),
                    call.id,
                ),
            )
        ), frozenset(doubtful)

    def _is_with(self, number: str, call: Call) -> bool:
        """Return whether a connected call is with an account, by its own details.

        A party that is named while others are involved may have passed it on.
        """
        others = call.extensions - {call.caller.number}
        if number in others:
            return len(others) == 1 or number == call.callee.number
        if others and number != call.caller.number:
            return number == self.line and self.scope is CallScope.OWN
        return len(others) <= 1 or number in self._named_parties(call)

    def _says_with(self, number: str, call: Call) -> bool | None:
        """Return whether an extension's presence says that it has a connected call.

        None if it says nothing: it was told before, or may mean another call.
        """
        if number == call.callee.number:
            return True
        account = self._accounts.get(number)
        told_at = max(self._told_at.get(number, 0), self._listed_at)
        if account is None or told_at <= self._connected_at.get(call.id, 0):
            return None
        if account.calls:
            return any(
                _is_same(reported, call) and reported.phase is not Phase.RINGING
                for reported in account.calls
            )
        if account.busy and len(self._calls_of.get(number, ())) > 1:
            return None
        return account.busy

    def _as_seen_by(self, account: Account, call: Call) -> Call:
        """Return a call without its phase where it may not have come to the account yet.

        While the phone of who dialed by a click rings, the dialed one does not; and a
        phone that is called but not involved may be on do not disturb, or away. A group
        is not involved by name: that others are shows that it rings.
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
            or any(_is_same(reported, call) for reported in account.calls or ())
        ):
            return call
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
            scope=self._scope(remote),
            remote=self._named(remote),
            dialed_number=call.callee.number,
            started=call.started,
            answered=call.answered,
            recording=call.recording,
        )

    def _scope(self, remote: Party) -> Scope | None:
        """Return whether the other side is in the tenant, as far as that is known."""
        if remote.number is None:
            return None
        if remote.number in self._accounts and self._is_in_tenant(remote):
            return Scope.INTERNAL
        if (
            not self._is_in_tenant(remote)
            or len(_digits(remote.number)) > _EXTENSION_DIGITS
        ):
            return Scope.EXTERNAL
        return None

    def _named(self, party: Party) -> Party:
        """Return a party with the name that it has where the call gives none.

        That of its account, else that of the address book.
        """
        if party.name or not party.number:
            return party
        account = self._accounts.get(party.number)
        if account and account.name and self._is_in_tenant(party):
            return replace(party, name=account.name)
        name = self._book.name(party.number)
        return replace(party, name=name) if name else party

    # Totals

    def _totals(self, *, calls: bool) -> Totals:
        """Count; one call or phone that cannot be judged leaves its count unknown."""
        if not calls:
            active, ringing = self.totals.active_calls, self.totals.ringing_calls
        elif (phases := self._phases()) is None or None in phases:
            active = ringing = None
        else:
            ringing = phases.count(Phase.RINGING)
            active = len(phases) - ringing
        registered = None if self._registered[None] else self._registered[True]
        return Totals(active, ringing, registered)

    def _phases(self) -> list[Phase | None] | None:
        """Return the phase of every call of the tenant, or None if some are not told."""
        if self.scope is CallScope.TENANT:
            return [call.phase for call in self._listed.values()]
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


def are_legs(one: Ends, other: Ends) -> bool:
    """Return whether two calls have caller, dialed number and start in common."""
    start, other_start = one[2], other[2]
    return (
        one[:2] == other[:2]
        and start is not None
        and other_start is not None
        and abs(start - other_start) <= LEG_SPREAD
    )


def _ends(call: Call) -> Ends:
    """Return caller, dialed number and start of a call."""
    return call.caller.number, call.callee.number, call.started


def _less_far_legs(number: str, calls: tuple[Call, ...]) -> Iterator[Call]:
    """Yield the calls of an account less the legs that are those of the other side."""
    own = [_ends(call) for call in calls if number in call.extensions]
    legs: list[Ends] = []
    for call in calls:
        if call.lists_extensions and number not in call.extensions:
            ends = _ends(call)
            if any(are_legs(ends, leg) for leg in (*own, *legs)):
                continue
            legs.append(ends)
        yield call


def _leg_order(call: Call) -> tuple[int, float, str]:
    """Return what puts the leg first that speaks for its call."""
    rank = 0 if call.connected else 1 + (call.phase is not None)
    return rank, call.started or 0, call.id


def _may_be_legs(calls: list[Call]) -> bool:
    """Return whether some calls may be one: of the same caller, the start not told."""
    callers = Counter(call.caller.number for call in calls)
    return any(
        call.started is None and callers[call.caller.number] > 1 for call in calls
    )


def _hides_calls(account: Account, calls: tuple[Call, ...]) -> bool:
    """Return whether an account's presence makes it busy and no call tells why."""
    return account.busy is True and not account.calls and not calls


def long_absent(
    since: dict[str, float], lacking: AbstractSet[str], now: float
) -> frozenset[str]:
    """Return what is lacking again after ten minutes; keep since when the rest is."""
    gone = frozenset(
        number
        for number in lacking
        if now - since.setdefault(number, now) >= FORGET_AFTER
    )
    for number in gone:
        del since[number]
    return gone


def same_number(one: str | None, other: str | None) -> bool:
    """Return whether two numbers are the same, international and dial prefixes aside."""
    if one is None or other is None:
        return False
    if one == other:
        return True
    short, long = sorted((_digits(one), _digits(other)), key=len)
    return len(short) >= _SIGNIFICANT_DIGITS and long.endswith(short)


def _digits(number: str) -> str:
    """Return the digits of a number, less leading zeros."""
    return "".join(char for char in number if char.isdigit()).lstrip("0")


def _endings(digits: str) -> Iterator[str]:
    """Yield the ends of a number that are the same number without a prefix."""
    for prefix in range(1, _PREFIX_DIGITS + 1):
        ending = digits[prefix:].lstrip("0")
        if len(ending) >= _EXTENSION_DIGITS:
            yield ending


def _is_in_call(extension: Extension) -> bool:
    """Return whether an extension has a call that is connected or held."""
    return any(call.state in IN_CALL for call in extension.calls)


def _is_same(reported: Call, call: Call) -> bool:
    """Return whether an account's presence means a call.

    An entry without an id has at least the caller.
    """
    if reported.id.startswith(NO_ID):
        number = reported.caller.number
        return number is not None and number == call.caller.number
    return reported.id == call.id


def _merged(one: Call, other: Call) -> Call:
    """Return two entries of one call (a list may hold one for each leg) as one."""
    if one.connected != other.connected:
        return one if one.connected else other
    return replace(other, extensions=one.extensions | other.extensions)


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


def _mark(numbers: set[str], number: str, member: bool) -> None:
    """Put a number in or take it out of a set."""
    (numbers.add if member else numbers.discard)(number)
