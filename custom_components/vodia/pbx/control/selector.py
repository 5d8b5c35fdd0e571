"""Which call a command is for, and the states of a call that each verb fits."""

from collections.abc import Mapping, Sequence
from copy import replace
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..call_ids import has_own_id
from ..errors import (
    NoFittingCallError,
    NoOtherCallError,
    NotSupportedError,
    SameCallError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from ..models import IN_CALL, AccountCall, CallState
from ..state.tenant import TenantState

_RINGING: Final = frozenset({CallState.RINGING})
_CONNECTED: Final = frozenset({CallState.CONNECTED})
_HELD: Final = frozenset({CallState.HELD})

# The states of a call that a verb fits, where the call is not named.
FITS: Final[Mapping[str, frozenset[CallState]]] = {
    "answer": _RINGING,
    "reject": _RINGING,
    "hang_up": IN_CALL | {CallState.DIALING},
    "hold": _CONNECTED,
    "resume": _HELD,
    "transfer": IN_CALL | _RINGING,
    "attended_transfer": IN_CALL,
    "park": IN_CALL,
    "start_recording": _CONNECTED,
    "stop_recording": _CONNECTED,
}
_FITS_BY_ID: Final = {
    **FITS,
    "hang_up": FITS["hang_up"] | _RINGING,
    "start_recording": IN_CALL,
    "stop_recording": IN_CALL,
}
# What a key of a telephone is for: a call in the first of these states that there is one
# in. Of several that ring it is the one that has rung longest, else the last one.
_KEYS: Final[Mapping[str, tuple[frozenset[CallState], ...]]] = {
    "answer": (_RINGING,),
    "reject": (_RINGING,),
    "hang_up": (_CONNECTED | {CallState.DIALING}, _HELD),
    "hold": (_CONNECTED,),
    "resume": (_HELD,),
}


class Choice(NamedTuple):
    """The call that a key is for, and how many of that kind there were."""

    call: AccountCall
    among: int


def choose(verb: str, state: TenantState) -> Choice:
    """Return the call that a key of a telephone is for; raises NoFittingCallError."""
    for states in _KEYS[verb]:
        fitting = [call for call in own_calls(state) if call.state in states]
        if fitting:
            in_turn = state.memory.turns.in_turn(fitting)
            return Choice(in_turn[0 if states is _RINGING else -1], len(in_turn))
    raise NoFittingCallError(own_calls(state), _needed(FITS[verb]))


def _needed(states: frozenset[CallState]) -> CallState | None:
    """Return the one state that a verb needs; None where there are several."""
    return next(iter(states)) if len(states) == 1 else None


@dataclass(frozen=True, slots=True)
class CallSelector:
    """The call with an id, or the only one that fits.

    `states` are those of a call that is chosen, `states_by_id` those of one that is named;
    `expected` is the state that the user saw it in. The `excluded` call never fits.
    """

    call_id: str | None
    expected: CallState | None
    states: frozenset[CallState]
    states_by_id: frozenset[CallState]
    excluded: str | None = None

    @classmethod
    def for_verb(
        cls,
        verb: str,
        call_id: str | None = None,
        expected: CallState | None = None,
        *,
        excluded: str | None = None,
    ) -> CallSelector:
        """Return the selector of the call that a verb is for."""
        return cls(call_id, expected, FITS[verb], _FITS_BY_ID[verb], excluded)

    def select(self, state: TenantState) -> AccountCall:
        """Return the call; raises a CommandError that says why there is none."""
        if self.call_id is None:
            call = self._only_one(own_calls(state))
        elif self.call_id == self.excluded:
            raise SameCallError(self.call_id)
        else:
            call = own_call(state, self.call_id)
        if self.expected not in (None, call.state):
            raise UnexpectedStateError(call, self.expected)
        if call.state not in self.states_by_id:
            raise NoFittingCallError((call,), _needed(self.states))
        if not has_own_id(call.id):
            raise NotSupportedError("the PBX gives this call no id")
        return call

    def _only_one(self, calls: Sequence[AccountCall]) -> AccountCall:
        """Return the only call that fits."""
        others = [call for call in calls if call.id != self.excluded]
        if self.excluded and not others:
            raise NoOtherCallError
        fitting = [call for call in others if call.state in self.states]
        if not fitting:
            raise NoFittingCallError(others, _needed(self.states))
        if len(fitting) > 1:
            raise SeveralCallsError(fitting, others)
        return fitting[0]

    def pinned(self, call: AccountCall) -> CallSelector:
        """Return the selector of this very call, for a second look at it.

        Another one may come up meanwhile; and one that rang may be answered.
        """
        rang = CallState.RINGING if call.state is CallState.RINGING else None
        return replace(
            self,
            call_id=call.id,
            expected=self.expected or rang,
            states_by_id=self.states_by_id if self.call_id else self.states,
        )


def own_calls(state: TenantState) -> tuple[AccountCall, ...]:
    """Return the calls of the line."""
    return state.extensions[state.line].calls


def own_call(state: TenantState, call_id: str) -> AccountCall:
    """Return a call of the line; raises UnknownCallError, in words what became of it."""
    for call in own_calls(state):
        if call.id == call_id:
            return call
    if call_id in state.listed:
        raise UnknownCallError(call_id, "call_elsewhere")
    if state.memory.turns.has_had(call_id):
        raise UnknownCallError(call_id, "call_ended")
    raise UnknownCallError(call_id, "unknown_call", own_calls(state))
