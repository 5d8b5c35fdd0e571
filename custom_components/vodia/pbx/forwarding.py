"""Call forwarding of a line: which calls are sent on, and where."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class ForwardingCondition(StrEnum):
    """Which calls are sent on."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"


class ForwardingState(StrEnum):
    """Which calls are sent on, in one word."""

    OFF = "off"
    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    BUSY_OR_NO_ANSWER = "busy_or_no_answer"


class Forward(NamedTuple):
    """Whether calls are sent on, and to which number, as far as it is known."""

    active: bool | None = None
    number: str | None = None


_UNKNOWN: Final = Forward()


@dataclass(frozen=True, slots=True)
class CallForwarding:
    """What the PBX does with the calls of a line.

    `no_answer_after` are the seconds that it rings before; None is that of the PBX.
    """

    always: Forward = _UNKNOWN
    busy: Forward = _UNKNOWN
    no_answer: Forward = _UNKNOWN
    no_answer_after: int | None = None

    def forward(self, condition: ForwardingCondition) -> Forward:
        """Return what is done with the calls of a condition."""
        found: Forward = getattr(self, condition)
        return found

    @property
    def state(self) -> ForwardingState | None:
        """Return which calls are sent on; where all are, nothing else counts."""
        if self.always.active:
            return ForwardingState.ALWAYS
        match self.always.active, self.busy.active, self.no_answer.active:
            case False, True, True:
                return ForwardingState.BUSY_OR_NO_ANSWER
            case False, True, False:
                return ForwardingState.BUSY
            case False, False, True:
                return ForwardingState.NO_ANSWER
            case False, False, False:
                return ForwardingState.OFF
        return None

    def with_numbers(self, show: Callable[[str | None], str | None]) -> CallForwarding:
        """Return it with the numbers as they may be shown."""

        def shown(forward: Forward) -> Forward:
            """Return it with its number as it may be shown."""
            return forward._replace(number=show(forward.number))

        return replace(
            self,
            always=shown(self.always),
            busy=shown(self.busy),
            no_answer=shown(self.no_answer),
        )
