"""Privacy: nobody outside the tenant is named."""

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass
from typing import Any

from ..pbx.call_ids import without_numbers
from ..pbx.forwarding import CallForwarding
from ..pbx.models import (
    Account,
    AccountCall,
    CallEvent,
    Extension,
    Group,
    Party,
    PastCall,
    Scope,
)


@dataclass(frozen=True, slots=True)
class Privacy:
    """Redact all but the accounts that the PBX lists, if privacy is `on`."""

    on: bool
    accounts: Callable[[], Mapping[str, Account]]

    def unnamed(self, party: Party) -> str:
        """Return why a party has neither name nor number, as the texts call it."""
        if self.on:
            return "outside"
        return "withheld" if party.withheld else "unknown"

    def redact_party(self, number: str | None, name: str | None = None) -> Party:
        """Return a party; with privacy by what the tenant itself calls it."""
        if not self.on:
            return Party(number, name)
        account = self.accounts().get(number or "")
        return Party(account.number, account.name) if account else Party()

    def redact_id(self, call_id: str) -> str:
        """Return the id of a call without the numbers in one that we made of them."""
        return without_numbers(call_id) if self.on else call_id

    def redact_call(self, call: AccountCall) -> AccountCall:
        """Return a call; with privacy it names nobody but accounts."""
        if not self.on:
            return call
        dialed = call.dialed_number
        return replace(
            call,
            id=self.redact_id(call.id),
            remote=self.redact_remote(call),
            dialed_number=dialed if dialed in self.accounts() else None,
        )

    def redact_remote(self, call: AccountCall | PastCall) -> Party:
        """Return the other side of a call, or of a past one.

        What the wire calls an internal party may be the name of one outside, passed on.
        """
        if not self.on:
            return call.remote
        internal = call.scope is Scope.INTERNAL
        return self.redact_party(call.remote.number if internal else None)

    def redact_event(self, event: CallEvent) -> CallEvent:
        """Return a call event."""
        return replace(event, call=self.redact_call(event.call))

    def redact[SubjectT](self, subject: SubjectT) -> SubjectT:
        """Return the subject of an entity."""
        redacted: Any = subject
        if not self.on:
            return subject
        if isinstance(subject, Extension | Group):
            redacted = replace(
                subject, calls=tuple(map(self.redact_call, subject.calls))
            )
        elif isinstance(subject, CallForwarding):
            redacted = subject.with_numbers(
                lambda number: self.redact_party(number).number
            )
        found: SubjectT = redacted
        return found
