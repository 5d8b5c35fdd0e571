"""When two entries in lists of calls are legs of one call."""

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import replace
from typing import Final

from ..call_ids import has_own_id
from ..models import IN_CALL, AccountCall, Call, Direction, Phase

# Seconds by which the starts of the legs of one call may differ.
LEG_SPREAD: Final = 2.0

# Caller (or, of an unknown one, the extensions involved), dialed number and start.
type LegKey = tuple[str | frozenset[str] | None, str | None, float | None]


def are_legs(one: LegKey, other: LegKey, spread: float = LEG_SPREAD) -> bool:
    """Return whether two calls have caller, dialed number and start in common.

    Nobody and nobody are not the same caller.
    """
    start, other_start = one[2], other[2]
    return (
        one[0] is not None
        and one[:2] == other[:2]
        and start is not None
        and other_start is not None
        and abs(start - other_start) <= spread
    )


def leg_key_of(call: Call) -> LegKey:
    """Return what the legs of a call have in common."""
    caller = call.caller.number or call.extensions or None
    return caller, call.dialed_number, call.started


def leg_key_for(number: str, call: AccountCall) -> LegKey:
    """Return what the legs of a call of an account have in common."""
    outgoing = call.direction is Direction.OUTGOING
    caller = number if outgoing else call.remote.number
    return caller, call.dialed_number, call.started


def is_same_call(call_id: str, ends: LegKey, other_id: str, other_ends: LegKey) -> bool:
    """Return whether two calls are one: by the id, or as legs of it."""
    return call_id == other_id or are_legs(ends, other_ends)


def is_leg_of(leg: Call, call: AccountCall) -> bool:
    """Return whether a listed call is a call of an account, or another leg of it."""
    return has_id_of(leg, call) or (
        call.direction is Direction.INCOMING
        and are_legs(leg_key_of(leg), leg_key_for("", call))
    )


def has_id_of(leg: Call, call: AccountCall) -> bool:
    """Return whether a listed call has the id of a call of an account, and its life.

    Ids come again: it begins at the same time, or is the call that was answered since.
    """
    if leg.id != call.id or leg.started is None or call.started is None:
        return leg.id == call.id
    answered = leg.connected and call.state not in IN_CALL
    return abs(leg.started - call.started) <= LEG_SPREAD or (
        answered and call.remote.number in (leg.caller.number, leg.callee.number)
    )


def drop_own_legs(calls: Iterable[Call]) -> Iterator[Call]:
    """Yield the calls of an account, those with the very same start as one.

    The connected leg speaks for the call, else the one that the PBX lists first.
    """
    legs: list[LegKey] = []
    for call in sorted(calls, key=lambda call: not call.connected):
        ends = leg_key_of(call)
        if not any(are_legs(ends, leg, 0) for leg in legs):
            legs.append(ends)
            yield call


def phases_of(calls: Iterable[Call]) -> list[Phase | None]:
    """Return how far calls are, those with the very same ends and start as one."""
    phases: dict[object, Phase | None] = {}
    for call in calls:
        ends = leg_key_of(call)
        leg = ends if ends[0] and ends[2] else call.id
        if call.connected or leg not in phases:
            phases[leg] = call.phase
    return list(phases.values())


def drop_far_end_legs(number: str, calls: tuple[Call, ...]) -> Iterator[Call]:
    """Yield the calls of an account less the legs that are those of the other side."""
    own = [leg_key_of(call) for call in calls if number in call.extensions]
    legs: list[LegKey] = []
    for call in calls:
        if call.lists_extensions and number not in call.extensions:
            ends = leg_key_of(call)
            if any(are_legs(ends, leg) for leg in (*own, *legs)):
                continue
            legs.append(ends)
        yield call


def leg_priority(call: Call) -> tuple[int, float, str]:
    """Return what puts the leg first that speaks for its call."""
    rank = 0 if call.connected else 1 + (call.phase is not None)
    return rank, call.started or 0, call.id


def may_be_legs(calls: list[Call]) -> bool:
    """Return whether some calls may be one: of the same caller, the start unknown."""
    callers = Counter(call.caller.number for call in calls)
    return any(
        call.started is None and callers[call.caller.number] > 1 for call in calls
    )


def presence_means(reported: Call, call: Call) -> bool:
    """Return whether an account's presence means a call.

    An entry without an id has at least the caller.
    """
    if not has_own_id(reported.id):
        number = reported.caller.number
        return number is not None and number == call.caller.number
    return reported.id == call.id


def have_same_parties(reported: Call, call: Call) -> bool:
    """Return whether an account's presence has the parties of a call, as far as known."""
    return reported.caller.number in (None, call.caller.number) and (
        reported.callee.number in (None, call.callee.number)
    )


def merged(one: Call, other: Call) -> Call:
    """Return two entries of one call (a list may hold one for each leg) as one."""
    if one.connected != other.connected:
        return one if one.connected else other
    return replace(other, extensions=one.extensions | other.extensions)
