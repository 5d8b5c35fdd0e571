"""What proves or contradicts our assumptions about a PBX, and what is believed no more."""

from collections import deque
from collections.abc import Iterable, Mapping, Set as AbstractSet
from copy import replace
from typing import Final

from ..assumptions import Assumption
from ..call_ids import has_own_id
from ..models import (
    EXTENSION,
    GROUPS,
    IN_CALL,
    Account,
    Call,
    CallScope,
    Extension,
    Phase,
)
from ..trace import Trace
from .observed import Observed

# Calls that ended last, to notice one that comes back.
_ENDED_KEPT: Final = 50
# Contradictions in a row that make an account's own presence worthless.
_CONTRADICTIONS: Final = 3


class Evidence:
    """Check what is observed against what we assume."""

    def __init__(self, observed: Observed, trace: Trace, tenant: str) -> None:
        """Start with nothing observed; `tenant` is the own name of the tenant, if known."""
        self._observed = observed
        self._assume = trace.observe
        self._tenant = tenant
        self._tenant_named = False
        self._presence_pushed = False
        self._ended: deque[tuple[str, float | None]] = deque(maxlen=_ENDED_KEPT)
        self._ring: str | None = None
        self._ring_shown = False
        self._ring_checked = False
        # When the calls of an account changed last, and when it was last busy.
        self._moved_at: dict[str, int] = {}
        self._busy_at: dict[str, int] = {}
        # Who was busy without a call when presence was read last.
        self._suspected: frozenset[str] = frozenset()

    def check_tenant(self, tenant: str | None) -> bool | None:
        """Return whether a delta that names a tenant is of ours; None if that is open.

        An unknown name may be an alias of it, unless others name it as we know it.
        """
        ours = True
        if tenant is not None:
            observed = self._observed
            names = {self._tenant} if self._tenant else observed.hosts
            ours = tenant in names or tenant in observed.memory.names
            self._tenant_named |= ours
            self._assume(Assumption.DELTAS_ARE_OF_THE_TENANT, ours)
        self._presence_pushed |= ours
        return ours or (False if self._tenant_named else None)

    def check_presence(self, new: Account, shown: Extension) -> None:
        """Note how the line's presence fits its calls, which are known."""
        if shown.possible_call_ids:
            return
        in_call, busy = _is_in_call(shown), new.busy is True
        self._assume(Assumption.ABSENT_MEANS_CLEARED, busy or not in_call)
        self._ring_checked = True
        self._ring_shown |= busy
        self._observed.memory.presence_shows_calls |= busy and in_call

    def without_refuted_presence(
        self, accounts: tuple[Account, ...], shown: Extension
    ) -> Iterable[Account]:
        """Return the accounts, without a presence that proves to mean something else.

        Of the line both are known: what REST says (`connected`) and the calls that it is
        `shown` with. One contradiction may be a race.
        """
        observed = self._observed
        line = next((a for a in accounts if a.number == observed.line), None)
        if line is None or line.calls is not None or line.busy is None:
            return accounts
        wrong = observed.memory.contradictions
        in_call = _is_in_call(shown)
        if (
            observed.scope
            and not shown.possible_call_ids
            and (in_call or not shown.calls)
        ):
            holds = line.busy is in_call
            self._assume(Assumption.CONNECTED_MEANS_IN_CALL, holds)
            wrong[in_call] = 0 if holds else wrong.get(in_call, 0) + 1
        if max(wrong.values(), default=0) < _CONTRADICTIONS:
            return accounts
        return [replace(account, busy=None) for account in accounts]

    def is_hidden(self, account: Account) -> bool:
        """Return whether an account is busy, and has no call in the tenant's list."""
        return (
            account.busy is True
            and account.number not in self._observed.calls_of
            and (account.type == EXTENSION or account.type in GROUPS)
        )

    def check_denials(self, since: int | None) -> bool:
        """Note whom the tenant's list leaves out; return whether to look again soon.

        A PBX may answer a subscription that it does not grant, with nothing or with our
        own calls. Presence counts that was asked for since the account's calls changed
        last. One such reading may be a race.
        """
        observed = self._observed
        if since is None:
            observed.denied = self._suspected = frozenset()
            return False
        hidden = frozenset(
            number
            for number, account in observed.accounts.items()
            if self.is_hidden(account) and self._moved_at.get(number, 0) <= since
        )
        before, self._suspected = self._suspected, hidden
        if observed.scope is not CallScope.TENANT:
            return False
        observed.denied = hidden & before
        self._assume(Assumption.TENANT_LISTS_ARE_GRANTED, not observed.denied)
        # Of the line it is soon known whether its presence means something else.
        return observed.denied != hidden or observed.line in hidden

    def clear_denials(self, numbers: AbstractSet[str]) -> None:
        """Believe the tenant's list again about some accounts."""
        if not self._observed.denied.isdisjoint(numbers):
            self._observed.denied -= numbers

    def begin_calls(self) -> None:
        """Start over with calls of another scope."""
        self._ring, self._observed.denied = None, frozenset()

    def confirms(self, call: Call) -> bool | None:
        """Return whether presence has a call; False if it says that it is over.

        A busy account is in a call that is connected if that is its only one. An idle one
        has none of those that made it busy since they changed last.
        """
        observed = self._observed
        accounts = [
            account
            for number in observed.accounts_of(call)
            if (account := observed.accounts.get(number))
        ]
        if any(account.busy for account in accounts):
            alone = any(
                account.busy and len(observed.calls_of[account.number]) == 1
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

    def note_busy(self, number: str, tick: int) -> None:
        """Note when an account was busy."""
        self._busy_at[number] = tick

    def note_moves(self, numbers: AbstractSet[str]) -> None:
        """Note when the calls of some accounts have changed."""
        observed = self._observed
        self._moved_at |= dict.fromkeys(
            numbers & observed.accounts.keys(), observed.tick
        )
        self.clear_denials(numbers)

    def check_own_call(self, call: Call, *, names_line: bool) -> None:
        """Note whether a new call of the own stream names the line."""
        if call.id not in self._observed.listed:
            self._assume(Assumption.OWN_CALLS_NAME_THE_LINE, names_line)

    def check_calls(
        self, listed: Mapping[str, Call], uncertain: Mapping[str, Call]
    ) -> None:
        """Note what a new list says about our assumptions; `uncertain` is not in it."""
        observed = self._observed
        for call_id, call in listed.items():
            before = observed.listed.get(call_id)
            if call is before:
                continue
            self._assume(Assumption.CALL_WORDS_ARE_KNOWN, call.phase is not None)
            if before is None:
                self._assume(Assumption.CALLS_HAVE_IDS, has_own_id(call_id))
                if (call_id, call.started) in self._ended:
                    self._assume(Assumption.LISTS_ARE_COMPLETE, False)
                for party in (call.caller, call.callee):
                    if party.number in observed.accounts and party.host:
                        ours = observed.is_in_tenant(party)
                        self._assume(Assumption.HOSTS_NAME_THE_TENANT, ours)
            elif (
                call.connected
                and not before.connected
                and len(before.extensions - {before.caller.number}) > 1
            ):
                narrow = len(call.extensions - {call.caller.number}) <= 1
                self._assume(Assumption.GROUP_NARROWS_TO_WHO_ANSWERED, narrow)
        ended = observed.listed.keys() - listed.keys() - uncertain.keys()
        # An id alone may come again.
        self._ended.extend(
            (call_id, observed.listed[call_id].started) for call_id in ended
        )
        if ended and listed:
            self._assume(Assumption.LISTS_ARE_COMPLETE, True)

    def check_ringing(self) -> bool:
        """Note whether the line's presence showed a call that only rang.

        Its own calls are known: so it shows whether a colleague without any is idle.
        Return whether everybody is to be judged again. The tenant's calls leave nothing
        open.
        """
        observed = self._observed
        if observed.scope is not CallScope.OWN:
            return False
        memory, calls = observed.memory, observed.calls_of.get(observed.line, ())
        # Presence that is only read now and then may be of another call.
        busy = observed.accounts[observed.line].busy is True and self._presence_pushed
        memory.presence_shows_calls |= busy and any(call.connected for call in calls)
        if len(calls) == 1 and calls[0].phase is Phase.RINGING:
            if self._ring != calls[0].id:
                self._ring = calls[0].id
                self._ring_checked = False
                self._ring_shown = busy
            return False
        rang, self._ring = self._ring, None
        checked = self._ring_checked or self._presence_pushed
        if not rang or calls or not checked or not memory.presence_shows_calls:
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
