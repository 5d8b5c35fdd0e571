"""How lists and news of the accounts are applied."""

from collections.abc import Mapping, Set as AbstractSet
from copy import replace
from dataclasses import dataclass

from ..changes import NOTHING, Changes
from ..models import EXTENSION, RINGING_GROUPS, Account, Call, CallScope
from ..wire.accounts import ACCOUNTS_LIMIT
from ..wire.messages import AccountDelta, AccountsSnapshot
from .call_list import CallLists
from .evidence import Evidence
from .identity import Identity
from .learned import learned_calls
from .memory import expire_absent
from .observed import Observed, set_member
from .views import Views


@dataclass(slots=True, eq=False)
class AccountLists:
    """Apply a list of all accounts, or what is pushed about one, to what is observed."""

    _observed: Observed
    _identity: Identity
    _evidence: Evidence
    _calls: CallLists
    _views: Views
    # While the accounts are being read: since when, and what was pushed meanwhile.
    _read_since: int | None = None
    _pushed: dict[str, Account] | None = None

    def apply_delta(self, message: AccountDelta) -> Changes:
        """Merge a `user-state`: only `dnd` and `registered` survive their absence.

        What is odd of them is not known. One for an unknown account creates nothing: it
        asks for a snapshot.
        """
        delta, odd = message.account, message.odd
        number, observed, views = delta.number, self._observed, self._views
        if self._pushed is not None and len(self._pushed) < ACCOUNTS_LIMIT:
            before = self._pushed.get(number, delta)
            self._pushed[number] = _merged(before, delta, delta.calls)
        old = observed.accounts.get(number)
        if old is None:
            return Changes(unlisted_account=number)
        known = old
        if odd:
            known = replace(
                old,
                registered=None if "registered" in odd else old.registered,
                dnd=None if "dnd" in odd else old.dnd,
            )
        calls = self._identified(delta)
        if calls and old.calls:
            calls = learned_calls(calls, old.calls)
        new = _merged(known, delta, calls)
        observed.presence_at[number] = observed.tick
        if new.busy:
            self._evidence.note_busy(number, observed.tick)
        shown = views.extensions.get(number)
        if new == old and not (shown and shown.possible_call_ids):
            return NOTHING
        if number == observed.line and observed.scope and shown:
            self._evidence.check_presence(new, shown)
        observed.accounts[number] = new
        if new.aliases != old.aliases or new.ani != old.ani:
            self.learn_numbers()
            self._note_reports(new)
            return views.derive(views.accounts)
        if new.name != old.name:
            self._note_reports(new)
            # Others show it as the name of their other party.
            return views.derive(views.accounts)
        if new.busy == old.busy and new.calls == old.calls:
            # Whether a call is the account's may hang on all of it.
            if shown and shown.present and number not in observed.calls_of:
                return views.show_flags(shown, new)
        self._note_reports(new)
        if not new.busy:
            self._evidence.clear_denials({number})
        numbers = {number} | self._calls.with_whom({number})
        if new.calls != old.calls:
            # It may show that a call of a group is connected.
            numbers |= {
                other
                for other in views.groups.keys() & observed.reporting
                if views.groups[other].type in RINGING_GROUPS
            }
        changes = views.derive(numbers)
        if (
            observed.scope is CallScope.TENANT
            and new.type == EXTENSION
            and self._evidence.is_hidden(new)
        ):
            return replace(changes, needs_snapshot=True)
        return changes

    def begin_reading(self) -> None:
        """Note that all accounts are asked for: what is pushed from now on is newer."""
        self._read_since, self._pushed = self._observed.tick, {}

    def overlay_pushed(self, snapshot: AccountsSnapshot) -> AccountsSnapshot:
        """Return what a reading found, with what was pushed since it was begun."""
        pushed, self._pushed = self._pushed or {}, None
        accounts = tuple(
            _merged(account, news, news.calls)
            if (news := pushed.get(account.number))
            else account
            for account in snapshot.accounts
        )
        return replace(snapshot, accounts=accounts, since=self._read_since)

    def apply_snapshot(self, snapshot: AccountsSnapshot, now: float) -> Changes:
        """Replace all accounts.

        A list that is empty or lacks our own extension proves the absence of nobody. Such
        lists add up, so they end at a bound. Where one has a gap, it is not known any more
        how those are that it lacks.
        """
        observed, views, line = self._observed, self._views, self._observed.line
        before = observed.accounts
        trusted = self._evidence.without_refuted_presence(
            snapshot.accounts, views.extensions[line]
        )
        accounts = {account.number: account for account in trusted}
        proves_absence = snapshot.complete and line in accounts
        if not proves_absence:
            if len(before.keys() | accounts.keys()) > 2 * ACCOUNTS_LIMIT:
                return NOTHING
            accounts = {
                number: replace(account, type=account.type or old.type)
                if (old := before.get(number))
                else account
                for number, account in accounts.items()
            }
        accounts[line] = replace(accounts.get(line, before[line]), type=EXTENSION)
        lacking = {
            number
            for number, known in views.accounts.items()
            if not (account := accounts.get(number))
            # One without a type is not shown, and may be there still.
            or account.type not in (None, known.type)
        }
        for number in accounts.keys() - lacking:
            observed.memory.absent_since.pop(number, None)
        removed = self._forget(lacking, now) if proves_absence else frozenset[str]()
        if snapshot.gap:
            accounts = {
                number: Account(number, old.name, old.type)
                for number, old in before.items()
            } | accounts
        observed.accounts = accounts if proves_absence else before | accounts
        observed.presence_at.clear()
        observed.accounts_at = observed.tick
        self.learn_numbers()
        if self._identity.has_further_numbers:
            observed.accounts = {
                number: replace(account, calls=self._identified(account))
                for number, account in observed.accounts.items()
            }
        if observed.scope and observed.accounts[line].calls is not None:
            self._evidence.check_presence(
                observed.accounts[line], views.extensions[line]
            )
        self._note_presence(observed.tick if snapshot.since is None else snapshot.since)
        if observed.scope is None:
            self._calls.seed(snapshot.calls or ())
        again = self._evidence.check_denials(snapshot.since)
        changes = views.derive(accounts.keys() | views.accounts.keys())
        if removed or again:
            changes = replace(changes, removed=removed, needs_snapshot=again)
        return changes

    def adopt(self, accounts: Mapping[str, Account]) -> None:
        """Know the accounts of another state; how they are is its business."""
        known = self._observed.accounts
        for number, account in accounts.items():
            known[number] = replace(
                known.get(number) or Account(number, account.name, account.type),
                aliases=account.aliases,
                ani=account.ani,
            )
        self.learn_numbers()

    def learn_numbers(self) -> None:
        """Learn the further numbers of the accounts, and know the calls by them."""
        if self._identity.learn_numbers():
            self._calls.identify()

    def _identified(self, account: Account) -> tuple[Call, ...] | None:
        """Return the calls of an account's presence, the parties as what they are."""
        if not account.calls:
            return account.calls
        return tuple(
            self._identity.identified(call, account.number) for call in account.calls
        )

    def _note_presence(self, asked_at: int) -> None:
        """Keep in mind what the presence of all accounts was when it was asked for."""
        observed = self._observed
        observed.all_report_calls = all(
            account.calls is not None
            for account in observed.accounts.values()
            if account.type == EXTENSION and account.number != observed.line
        )
        observed.reporting.clear()
        observed.opaque.clear()
        for account in observed.accounts.values():
            # Of nearly all there is nothing to keep in mind.
            if account.busy or account.calls:
                self._note_reports(account)
            if account.busy:
                self._evidence.note_busy(account.number, asked_at)

    def _note_reports(self, account: Account) -> None:
        """Keep in mind who else reports calls, for the count over the tenant."""
        # The line's calls are all in its list.
        observed = self._observed
        other = account.number != observed.line
        set_member(observed.reporting, account.number, other and bool(account.calls))
        opaque = other and account.busy is True and not account.calls
        set_member(
            observed.opaque, account.number, opaque and account.type != EXTENSION
        )

    def _forget(self, lacking: AbstractSet[str], now: float) -> frozenset[str]:
        """Remove the accounts that two snapshots, ten minutes apart, both lack."""
        # More of them than a PBX may list are not waited for.
        absent_since = self._observed.memory.absent_since
        removed = expire_absent(absent_since, lacking, now)
        if len(lacking) - len(removed) > ACCOUNTS_LIMIT:
            absent_since.clear()
            removed = frozenset(lacking)
        for number in removed:
            self._views.remove(number)
        return removed


def _merged(known: Account, news: Account, calls: tuple[Call, ...] | None) -> Account:
    """Return an account with the news of it, and the calls of now."""
    # Not by `replace`: that takes eight times as long.
    return Account(
        known.number,
        news.name or known.name,
        known.type,
        known.registered if news.registered is None else news.registered,
        known.dnd if news.dnd is None else news.dnd,
        news.chat,
        news.busy,
        calls,
        news.aliases or known.aliases,
        news.ani or known.ani,
    )
