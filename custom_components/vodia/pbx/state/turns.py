"""In which order the calls of the line came into the states that they are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ..models import AccountCall, CallState

# Calls that are remembered; those that are over stay, for who still asks for one.
_LIMIT: Final = 200


@dataclass(slots=True)
class Turns:
    """The calls that the line has had, by when each came into its last state.

    The times of the PBX do not tell it: a call that is passed on has begun long before it
    rings here.
    """

    _states: dict[str, tuple[CallState, float | None]] = field(default_factory=dict)

    def follow(self, calls: Iterable[AccountCall]) -> None:
        """Put each call that is new, or in another state, at the end."""
        # Of those that come at once it counts which one began first.
        for call in sorted(calls, key=lambda call: call.started or 0):
            state, started = self._states.get(call.id, (None, None))
            # An id may come again.
            is_other = None not in (started, call.started) and started != call.started
            if state is not call.state or is_other:
                self._states.pop(call.id, None)
                self._states[call.id] = call.state, call.started
        while len(self._states) > _LIMIT:
            del self._states[next(iter(self._states))]

    def has_had(self, call_id: str) -> bool:
        """Return whether the line has, or had, a call with this id."""
        return call_id in self._states

    def in_turn(self, calls: Iterable[AccountCall]) -> list[AccountCall]:
        """Return calls in their order: who has been in its state longest comes first."""
        turns = {call_id: turn for turn, call_id in enumerate(self._states)}
        return sorted(calls, key=lambda call: turns.get(call.id, -1))
