"""Every error that there can be about the calls of a line."""

from collections.abc import Iterator
from itertools import combinations_with_replacement, product

from custom_components.vodia.pbx.control.selector import FITS
from custom_components.vodia.pbx.errors import (
    CallError,
    NoFittingCallError,
    NoOtherCallError,
    SameCallError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from custom_components.vodia.pbx.models import (
    CALL_STATES,
    AccountCall,
    CallState,
    Direction,
    Party,
)


def call_in(state: CallState, call_id: str = "c1", who: str = "Anna") -> AccountCall:
    """Return a call of the line in a state."""
    party = Party("+4930111111", who)
    return AccountCall(
        call_id, state, Direction.INCOMING, None, party, None, None, None, None
    )


def call_errors() -> Iterator[CallError]:
    """Yield an error of each kind, for all states that calls can be in."""
    calls = [
        [call_in(state, f"c{index}") for index, state in enumerate(states)]
        for length in range(3)
        for states in combinations_with_replacement(CALL_STATES, length)
    ]
    for states in set(FITS.values()):
        needed = next(iter(states)) if len(states) == 1 else None
        for some in calls:
            if not any(call.state in states for call in some):
                yield NoFittingCallError(some, needed)
            elif len(some) > 1 and all(call.state in states for call in some):
                yield SeveralCallsError(some, some)
    for state, expected in product(CALL_STATES, CALL_STATES):
        if state is not expected:
            yield UnexpectedStateError(call_in(state), expected)
    yield NoOtherCallError()
    yield SameCallError("c1")
    for some in calls:
        yield UnknownCallError("c9", "unknown_call", some)
        yield UnknownCallError("c9", "call_ended", some)
        yield UnknownCallError("c9", "call_elsewhere", some)
