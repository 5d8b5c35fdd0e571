"""What all accounts of a tenant show, derived from what is observed."""

from collections.abc import Iterable, Mapping

from ..changes import NOTHING, Changes
from ..models import EXTENSION, GROUPS, Account, Extension, Group, KnownAccount
from .extension import extension_view, with_flags
from .group import group_view
from .observed import Observed
from .totals import TenantTotals


class Views:
    """The extensions and groups, those included that the PBX does not list any more."""

    def __init__(self, observed: Observed, known: Mapping[str, str]) -> None:
        """Start with the line, and with accounts `known` by their types as absent."""
        self._observed = observed
        self.extensions: dict[str, Extension] = {}
        self.groups: dict[str, Group] = {}
        self.totals = TenantTotals(observed)
        for number, kind in known.items():
            self._show(number, _absent(number, kind, None))
        self.derive((observed.line,))

    def account(self, number: str) -> KnownAccount | None:
        """Return what an extension or group shows."""
        return self.extensions.get(number) or self.groups.get(number)

    @property
    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return all extensions and groups, the absent ones included."""
        return {**self.extensions, **self.groups}

    def derive(self, numbers: Iterable[str]) -> Changes:
        """Derive accounts again; return those that look different."""
        observed = self._observed
        changed, calls, renamed = set(), set(), set()
        for number in numbers:
            account = observed.accounts.get(number)
            old = self.account(number)
            new: KnownAccount
            if old and (account is None or account.type != old.type):
                new = _absent(number, old.type, old.name)
            elif account is None:
                continue
            elif account.type == EXTENSION:
                new, unexplained = extension_view(observed, account)
                self.totals.explain(number, unexplained)
            elif account.type in GROUPS:
                new = group_view(observed, account, account.type)
            else:
                continue
            if new != old:
                self._show(number, new)
                changed.add(number)
                if not (
                    isinstance(old, Extension)
                    and account
                    and new == with_flags(old, account)
                ):
                    calls.add(number)
                if old and old.name != new.name:
                    renamed.add(number)
        totals = self.totals.count()
        if not changed and not totals:
            return NOTHING
        return Changes(
            frozenset(changed),
            frozenset(calls),
            totals=totals,
            renamed=frozenset(renamed),
        )

    def show_flags(self, old: Extension, account: Account) -> Changes:
        """Show the flags of an extension, as most news is about them alone."""
        new = with_flags(old, account)
        if new == old:
            return NOTHING
        self.extensions[new.number] = new
        if new.registered is old.registered:
            return Changes(frozenset((new.number,)))
        self.totals.replace(old, new)
        return Changes(frozenset((new.number,)), totals=self.totals.count(calls=False))

    def remove(self, number: str) -> None:
        """Show an account no more."""
        self.totals.replace(self.extensions.pop(number, None), None)
        self.groups.pop(number, None)

    def _show(self, number: str, new: KnownAccount) -> None:
        """Put an account in place of what it was, and keep the registered counted."""
        if isinstance(new, Group):
            self.groups[number] = new
        else:
            self.totals.replace(self.extensions.get(number), new)
            self.extensions[number] = new
            if number == self._observed.line:
                self._observed.memory.turns.follow(new.calls)


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
