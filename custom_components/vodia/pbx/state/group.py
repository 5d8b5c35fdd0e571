"""What a group shows (an account that is no phone): the calls that are for it."""

from collections.abc import Iterable, Iterator
from copy import replace

from ..models import (
    EXTENSION,
    ORBIT,
    QUEUE,
    RINGING_GROUPS,
    Account,
    Call,
    CallScope,
    Group,
    ParkedCalls,
    Phase,
)
from .account_call import account_call, call_at, hides_calls, with_reported
from .legs import are_legs, is_same_call, leg_key_of, leg_priority, may_be_legs
from .observed import Observed, is_with_nobody


def group_view(observed: Observed, account: Account, kind: str) -> Group:
    """Return what a group shows: the calls that are for it, all legs as one.

    It makes none. Of the legs a connected one is shown; one whose state is not
    known may be connected. That a group has no call is known where all are listed.
    """
    number, listed = account.number, observed.scope is CallScope.TENANT
    all_listed = listed and observed.lists_all_calls_of(number)
    calls, more = observed.calls_of.get(number, ()), tuple[Call, ...]()
    hidden, absence_is_known = False, all_listed
    if kind == ORBIT and not listed and (observed.orbits or account.calls is None):
        parked = (observed.orbits or {}).get(number, ParkedCalls(None))
        calls, absence_is_known = parked.calls, parked.occupied is not None
        hidden = parked.occupied is True and not calls
    elif not listed:
        calls, more = with_reported(observed, account, calls)
        hidden = hides_calls(account, calls)
        absence_is_known = account.calls is not None and (
            observed.memory.presence_shows_ringing or kind not in RINGING_GROUPS
        )
    legs: list[Call] = []
    for call in sorted(
        (
            seen
            for call in (
                *calls,
                *(_with_known_state(observed, call, kind) for call in more),
            )
            if (seen := call_at(observed, account, call))
            and not observed.is_made_by(call, number)
            # Who dials an orbit is not parked there yet.
            and not (kind == ORBIT and call.phase is Phase.RINGING)
        ),
        key=leg_priority,
    ):
        if not any(are_legs(leg_key_of(call), leg_key_of(leg)) for leg in legs):
            legs.append(call)
    unclear = tuple(call for call in legs if not call.phase)
    # Those that may not have come to it yet.
    coming = {call.id for call in calls if call.phase or kind == ORBIT} & {
        call.id for call in unclear
    }
    in_use: bool | None = False if absence_is_known and not coming else None
    if hidden or any(leg.id not in coming for leg in legs):
        in_use = True
    count = None
    more_than_listed = not listed and account.busy is True and not account.calls
    if absence_is_known and not (coming or more_than_listed or may_be_legs(legs)):
        count = len(legs)
    return Group(
        number=number,
        name=account.name,
        type=kind,
        present=True,
        calls=tuple(
            account_call(
                observed, call, _answered_phase(call, call.phase, kind), number
            )
            for call in legs
            if call.phase
        ),
        calls_of_unknown_state=unclear,
        complete=absence_is_known and not (unclear or hidden),
        in_use=in_use,
        count=count,
        waiting=None
        if kind != QUEUE or count is None
        else _count_waiting(observed, legs),
    )


def _count_waiting(observed: Observed, calls: Iterable[Call]) -> int | None:
    """Count the calls of a queue that nobody has answered, if that is known."""
    # The queue itself may connect a call, to play music: then it is with nobody else.
    waiting = 0
    for call in calls:
        others = call.extensions - {call.caller.number}
        if call.phase is Phase.RINGING or (
            call.phase and call.lists_extensions and not others
        ):
            waiting += 1
        elif not (
            call.phase
            and (len(others) == 1 or (not others and _is_answered(observed, call)))
        ):
            return None
    return waiting


def _is_answered(observed: Observed, call: Call) -> bool:
    """Return whether a phone has a call of a group: the line, or by its presence."""
    line = observed.scope is CallScope.OWN and call.id in observed.listed
    return (line and call.caller.number != observed.line) or any(
        observed.accounts[number].type == EXTENSION and number != call.caller.number
        for number, _ in _connected_elsewhere(observed, call)
    )


def _with_known_state(observed: Observed, call: Call, kind: str) -> Call:
    """Return a call of a group's presence as connected where that is known."""
    # Another account may have it so; and some kinds of groups answer by themselves.
    phases = {phase for _, phase in _connected_elsewhere(observed, call)}
    if kind not in RINGING_GROUPS:
        phases.add(Phase.CONNECTED)
    # One side may hold it while the other only speaks.
    phase = Phase.HELD if Phase.HELD in phases else next(iter(phases), None)
    return replace(call, phase=phase)


def _connected_elsewhere(
    observed: Observed, call: Call
) -> Iterator[tuple[str, Phase | None]]:
    """Yield the accounts whose presence has a call connected, and its phase there."""
    for number in observed.reporting:
        for reported in observed.accounts[number].calls or ():
            if reported.connected and is_same_call(
                reported.id, leg_key_of(reported), call.id, leg_key_of(call)
            ):
                yield number, reported.phase


def _answered_phase(call: Call, phase: Phase, kind: str) -> Phase:
    """Return how far a call of a group is: where a machine has it, it still waits."""
    if kind in RINGING_GROUPS and is_with_nobody(call):
        return Phase.RINGING
    return phase
