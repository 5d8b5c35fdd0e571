"""Why a call ended for an account: what the calls prove, and what the line's history does.

What is not proven is `unknown`. A machine is no person: a call that a mailbox, an auto
attendant or a conference has answered was missed by the phones that rang.
"""

from collections.abc import Iterable
from typing import Final

from ..models import (
    IN_CALL,
    AccountCall,
    Call,
    CallScope,
    Direction,
    EndReason,
    Group,
    KnownAccount,
    PastCall,
)
from ..number_matching import same_number
from ..state.identity import MAILBOX
from ..state.legs import (
    LEG_SPREAD,
    are_legs,
    has_id_of,
    is_leg_of,
    is_same_call,
    leg_key_for,
)
from ..state.observed import is_with_nobody
from ..state.tenant import TenantState
from .steps import TrackedCall

# Seconds by which the start of a call may differ in its history.
_SPREAD: Final = 2.0
# Seconds by which the times of one call may differ where it has no id.
_SAME_START: Final = 1.0


def end_reason_from_state(
    state: TenantState, number: str, tracked: TrackedCall
) -> EndReason | None:
    """Return why a call ended for an account; None where only its history may tell."""
    call = tracked.call
    if tracked.doubted:
        return EndReason.UNKNOWN
    if tracked.unseen:
        return None
    legs = [leg for leg in state.listed.values() if is_leg_of(leg, call)]
    if tracked.connected:
        # Who leaves a call that goes on was transferred, parked, or has left a conference.
        return EndReason.UNKNOWN if legs else EndReason.COMPLETED
    if call.direction is Direction.OUTGOING:
        told = state.scope is CallScope.TENANT or number == state.line
        return EndReason.UNANSWERED if told and not legs else EndReason.UNKNOWN
    called = call.dialed_number
    if any(state.identity.is_with_person(leg, called) for leg in legs) or is_taken(
        state, number, call
    ):
        return EndReason.ANSWERED_ELSEWHERE
    anywhere = _legs_anywhere(state, call)
    if state.identity.are_with_machine(anywhere, call.dialed_number, number):
        return EndReason.MISSED
    if legs or anywhere:
        return EndReason.UNKNOWN
    return EndReason.MISSED if state.scope is CallScope.TENANT else None


def end_reason_of_group(
    state: TenantState, number: str, tracked: TrackedCall
) -> EndReason:
    """Return why a call ended for a group: one that is answered there stays there."""
    if tracked.unseen:
        return EndReason.UNKNOWN
    legs = _legs_anywhere(state, tracked.call)
    if not tracked.connected and state.identity.are_with_machine(
        legs, tracked.call.dialed_number, number
    ):
        return EndReason.MISSED
    if legs or _another_has(state, number, tracked.call):
        return EndReason.UNKNOWN
    if tracked.connected:
        return EndReason.COMPLETED
    if tracked.doubted or state.scope is not CallScope.TENANT:
        return EndReason.UNKNOWN
    return EndReason.MISSED


def end_reason_from_history(
    state: TenantState, tracked: TrackedCall, past: PastCall | None
) -> EndReason:
    """Return why a call of the line ended, as its history proves it.

    Whether somebody answered there is known; who it was, of a call to a group, is not.
    """
    call = tracked.call
    if past is None:
        return EndReason.UNKNOWN
    if tracked.connected:
        return EndReason.COMPLETED
    if past.direction is not call.direction:
        return EndReason.UNKNOWN
    dialed = state.identity.account_of(past.dialed_number)
    if dialed != state.identity.account_of(call.dialed_number):
        incoming = call.direction is Direction.INCOMING
        if incoming and state.identity.is_machine(
            dialed, call.dialed_number, state.line
        ):
            return EndReason.MISSED
        return EndReason.UNKNOWN
    if past.connected and not tracked.unseen:
        # Perhaps by us, before it was sent on and rang here once more; or by a machine,
        # as nobody else has the phone that was called.
        if tracked.talked or dialed == state.line:
            return EndReason.UNKNOWN
        return EndReason.ANSWERED_ELSEWHERE
    if past.direction is Direction.INCOMING and state.identity.is_another(
        past.dialed_number
    ):
        return EndReason.UNKNOWN
    return past.end_reason or EndReason.UNKNOWN


def reason_of_unseen(state: TenantState, past: PastCall) -> EndReason | None:
    """Return how a past call ended that the line's phone never showed.

    The phone was on do not disturb, or away. None for a call that is not reported: one that
    was for others as well, or that the line made.
    """
    dialed = state.identity.account_of(past.dialed_number)
    mailbox = f"{MAILBOX}{state.line}"
    if past.direction is not Direction.INCOMING or dialed not in (state.line, mailbox):
        return None
    missed = dialed == mailbox or past.connected is False
    return EndReason.MISSED if missed else EndReason.UNKNOWN


def match_in_history(
    history: Iterable[PastCall], call: AccountCall, country: str | None
) -> PastCall | None:
    """Return what a history has of a call; None if that is open."""
    found = [past for past in history if _is_in_history(call, past, country)]

    def distance(past: PastCall) -> float:
        """Return the seconds between the starts."""
        return abs((past.started or 0) - (call.started or 0))

    nearest = sorted(
        [past for past in found if past.id == call.id] or found, key=distance
    )
    if len(nearest) > 1 and distance(nearest[0]) == distance(nearest[1]):
        return None
    return nearest[0] if nearest else None


def is_known(past: PastCall, call: AccountCall) -> bool:
    """Return whether a past call is one that was told of.

    A call that was passed on may stand in the history with other parties.
    """
    return _has_id(call, past) or _starts_with(call, past, _SAME_START)


def _is_in_history(call: AccountCall, past: PastCall, country: str | None) -> bool:
    """Return whether a call of the line is one of its history, which may lack the id."""
    return _has_id(call, past) or (
        past.direction is call.direction
        and _starts_with(call, past, _SPREAD)
        and (
            past.remote.number == call.remote.number
            or same_number(past.remote.number, call.remote.number, country)
        )
    )


def _has_id(call: AccountCall, past: PastCall) -> bool:
    """Return whether a call and one of the history have an id in common, and its life."""
    # Ids begin anew with the PBX, so the history may have another call with the same.
    if past.id != call.id:
        return False
    if past.started is None or call.started is None:
        return True
    return _starts_with(call, past, _SPREAD)


def _starts_with(call: AccountCall, past: PastCall, spread: float) -> bool:
    """Return whether a call and one of the history began at the same time."""
    return (
        past.started is not None
        and call.started is not None
        and abs(past.started - call.started) <= spread
    )


def is_another(
    before: AccountCall, call: AccountCall, country: str | None, *, gap: bool
) -> bool:
    """Return whether an id is that of another call now: a PBX that restarts counts anew.

    A call begins once. It may be with somebody else by now, as it can be passed on; but
    not where it is not known that it is the same.
    """
    old, new = before.remote.number, call.remote.number
    same_party = old is None or new is None or same_number(old, new, country)
    same_party &= before.direction is call.direction
    if before.started is None or call.started is None:
        return gap and not same_party
    if abs(before.started - call.started) <= LEG_SPREAD:
        return False
    answered = before.state not in IN_CALL and call.state in IN_CALL
    # Some tell the time of the answer as the start from then on.
    return not (same_party and answered)


def is_taken(state: TenantState, number: str, call: AccountCall) -> bool:
    """Return whether a phone has answered a call, which may now be to that phone."""
    return _another_has(state, number, call) or any(
        leg.connected
        and leg.callee.number in state.extensions
        and not is_with_nobody(leg)
        and (has_id_of(leg, call) or leg.caller.number)
        for leg in _legs_anywhere(state, call)
    )


def _legs_anywhere(state: TenantState, call: AccountCall) -> list[Call]:
    """Return what may be legs of an incoming call, also those that go elsewhere now."""
    # Of calls without a caller that is open.
    caller = call.remote.number or ""
    ends = caller, call.dialed_number, call.started
    return [
        leg
        for leg in state.listed.values()
        if has_id_of(leg, call)
        or are_legs((leg.caller.number or "", call.dialed_number, leg.started), ends)
    ]


def may_have(account: KnownAccount, call: AccountCall) -> bool:
    """Return whether it is open if an account (still) has a call.

    What a group's presence tells of a call may be no more than who calls.
    """
    return call.id in account.possible_call_ids or (
        isinstance(account, Group)
        and call.remote.number is not None
        and any(
            other.caller.number == call.remote.number
            for other in account.calls_of_unknown_state
        )
    )


def _another_has(state: TenantState, number: str, call: AccountCall) -> bool:
    """Return whether the presence of another account proves that it has the call now."""
    ends = leg_key_for(number, call)
    return any(
        its.state in IN_CALL
        and its.remote == call.remote
        and is_same_call(its.id, leg_key_for(other.number, its), call.id, ends)
        for other in state.extensions.values()
        if other.calls and other.number != number
        for its in other.calls
    )
