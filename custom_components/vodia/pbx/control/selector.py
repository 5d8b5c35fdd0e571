"""Which call a command is for, and the states of a call that each verb fits."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass
from typing import Final

from ..call_ids import has_own_id
from ..errors import (
    NoFittingCallError,
    NotSupportedError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from ..models import IN_CALL, AccountCall, CallState
from ..state.tenant import TenantState

_RINGING: Final = frozenset({CallState.RINGING})
_CONNECTED: Final = frozenset({CallState.CONNECTED})

# The states of a call that a verb fits, where the call is not named.
FITS: Final[Mapping[str, frozenset[CallState]]] = {
    "answer": _RINGING,
    "reject": _RINGING,
    "hang_up": IN_CALL | {CallState.DIALING},
    "hold": _CONNECTED,
    "resume": frozenset({CallState.HELD}),
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
            calls = [
                call
                for call in own_calls(state)
                if call.state in self.states and call.id != self.excluded
            ]
            if not calls:
                raise NoFittingCallError("no call fits")
            if len(calls) > 1:
                raise SeveralCallsError("several calls fit")
            call = calls[0]
        elif self.call_id == self.excluded:
            raise NoFittingCallError("a call cannot be joined with itself")
        else:
            call = own_call(state, self.call_id)
        if self.expected not in (None, call.state):
            raise UnexpectedStateError(
                "the call has moved on", state=call.state, expected=self.expected
            )
        if call.state not in self.states_by_id:
            raise NoFittingCallError(f"the call is {call.state}")
        if not has_own_id(call.id):
            raise NotSupportedError("the PBX gives this call no id")
        return call

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
    """Return a call of the line; raises UnknownCallError."""
    for call in own_calls(state):
        if call.id == call_id:
            return call
    raise UnknownCallError("the line has no such call")
