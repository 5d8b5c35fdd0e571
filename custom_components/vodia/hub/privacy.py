"""Privacy: what is not shown of those outside the tenant."""

from collections.abc import Mapping
from copy import replace

from ..pbx.models import NO_ID, Account, AccountCall, Party, Scope


def hide_party(number: str | None, accounts: Mapping[str, Account]) -> Party:
    """Return a party by what the tenant itself calls it: one outside has no name."""
    account = accounts.get(number or "")
    return Party(account.number, account.name) if account else Party()


def hide_id(call_id: str) -> str:
    """Return the id of a call without the numbers in one that we made of them."""
    if not call_id.startswith(NO_ID):
        return call_id
    return NO_ID + call_id.removeprefix(NO_ID).rpartition("|")[2]


def hide_call(call: AccountCall, accounts: Mapping[str, Account]) -> AccountCall:
    """Return a call that names nobody but accounts of the tenant, as it names them.

    What the wire calls an internal party may be the name of one outside, passed on.
    """
    internal = call.scope is Scope.INTERNAL
    dialed = call.dialed_number
    return replace(
        call,
        id=hide_id(call.id),
        remote=hide_party(call.remote.number if internal else None, accounts),
        dialed_number=dialed if dialed in accounts else None,
    )
