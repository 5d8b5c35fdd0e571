"""How an account has a call: whether it is there yet, which way it goes, with whom."""

from copy import replace

from ..models import (
    EXTENSION,
    Account,
    AccountCall,
    Call,
    CallScope,
    CallState,
    Direction,
    Party,
    Phase,
    Scope,
)
from ..number_matching import number_key
from ..numbering import EXTENSION_DIGITS, digits_of
from .legs import have_same_parties, presence_means
from .observed import Observed


def with_reported(
    observed: Observed, account: Account, calls: tuple[Call, ...]
) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """Return the calls with those of the account's own presence added.

    And those of its presence that the details do not explain.
    """
    unexplained: list[Call] = []
    for reported in account.calls or ():
        if any(presence_means(reported, call) for call in calls):
            continue
        detail = observed.listed.get(reported.id)
        # Details of the line's leg hold for another only while all of them ring; one
        # that calls others by now was sent on, and presence does not know it yet.
        if (
            detail
            and detail.phase is Phase.RINGING
            and not reported.phase
            and have_same_parties(reported, detail)
        ):
            calls = (*calls, detail)
        elif reported.phase:
            calls = (*calls, reported)
        else:
            unexplained.append(reported)
    return calls, tuple(unexplained)


def call_at(observed: Observed, account: Account, call: Call) -> Call | None:
    """Return a call without its phase where it may not have come to the account yet.

    While the phone of who dialed by a click rings, the dialed one does not; and a phone
    that is called but not involved does not ring yet. One that is away or on do not
    disturb as well does not ring at all: None. A group is not involved by name: that
    others are shows that it rings.
    """
    number, dialed = account.number, call.id in observed.memory.dialed
    away = account.registered is False or account.dnd is True
    if account.type == EXTENSION:
        may_not_ring = dialed or call.lists_extensions or away
    else:
        involved, caller = call.extensions, call.caller.number
        may_not_ring = (dialed or caller in involved) and involved <= {caller}
    if (
        call.phase is not Phase.RINGING
        or number in (call.caller.number, *call.extensions)
        or (number == observed.line and observed.scope is CallScope.OWN)
        or not may_not_ring
        or any(presence_means(reported, call) for reported in account.calls or ())
    ):
        return call
    if account.type == EXTENSION and away and call.lists_extensions:
        return None
    return replace(call, phase=None)


def account_call(
    observed: Observed, call: Call, phase: Phase, number: str
) -> AccountCall:
    """Return a call as an account has it; the parties give the direction."""
    makes_it = observed.is_made_by(call, number)
    remote = call.callee if makes_it else call.caller
    if phase is not Phase.RINGING:
        state = CallState(phase)
    else:
        state = CallState.DIALING if makes_it else CallState.RINGING
    return AccountCall(
        id=call.id,
        state=state,
        direction=Direction.OUTGOING if makes_it else Direction.INCOMING,
        scope=scope_of(observed, remote),
        remote=named(observed, remote),
        dialed_number=call.dialed_number,
        started=call.started,
        answered=call.answered,
        recording=call.recording,
    )


def scope_of(observed: Observed, remote: Party) -> Scope | None:
    """Return whether the other side is in the tenant, as far as that is known."""
    if remote.number is None:
        return None
    in_tenant = observed.is_in_tenant(remote)
    if remote.number in observed.accounts and in_tenant:
        return Scope.INTERNAL
    if not in_tenant or len(digits_of(remote.number)) > EXTENSION_DIGITS:
        return Scope.EXTERNAL
    return None


def named(observed: Observed, party: Party) -> Party:
    """Return a party with the name that it has where the call gives none.

    That of its account, else that of the address book, else the last one that it had.
    """
    if not party.number:
        return party
    if party.name is None:
        account = observed.accounts.get(party.number)
        if account and account.name and observed.is_in_tenant(party):
            return replace(party, name=account.name)
    name = party.name or observed.book.name(party.number)
    key, memory = _name_key(observed, party), observed.memory
    if name is None:
        name = memory.called.get(key)
    elif memory.called.get(key) != name:
        memory.remember_name(key, name)
    return party if name == party.name else replace(party, name=name)


def _name_key(observed: Observed, party: Party) -> str:
    """Return by what a name is remembered; a short number is one of its tenant."""
    number = party.number or ""
    if len(number) < EXTENSION_DIGITS and not observed.is_in_tenant(party):
        return f"{number}@{party.host}"
    return number_key(number, observed.country)


def hides_calls(account: Account, calls: tuple[Call, ...]) -> bool:
    """Return whether an account's presence makes it busy and no call explains why."""
    return account.busy is True and not account.calls and not calls
