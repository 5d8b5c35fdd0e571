"""Which calls of the line we hold: the socket has one word for both ways.

So a toggle is only asked for where it is known which way it goes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from ..errors import HeldElsewhereError, NotConfirmedError
from ..models import AccountCall, Call, CallState, Phase


class Hold(Enum):
    """How far a hold is that we have toggled; one that others made is not here."""

    PENDING = auto()
    HELD_BY_US = auto()
    RESUMING = auto()
    UNCERTAIN = auto()


@dataclass(slots=True)
class Holds:
    """The calls that we hold, or are about to; and those held at the end of the last link."""

    by_call: dict[str, Hold] = field(default_factory=dict)
    kept: dict[str, Call] = field(default_factory=dict)

    def begin_toggle(self, call: AccountCall) -> None:
        """Note a toggle, unless it could do the opposite of what is wanted.

        Raises HeldElsewhereError, or NotConfirmedError while the last one is open.
        """
        match (call.state, self.by_call.get(call.id)):
            case (CallState.CONNECTED, None):
                self.by_call[call.id] = Hold.PENDING
            case (CallState.HELD, Hold.HELD_BY_US):
                self.by_call[call.id] = Hold.RESUMING
            case (CallState.HELD, None):
                raise HeldElsewhereError("the call was not put on hold from here")
            case _:
                raise NotConfirmedError("the last toggle has shown no effect yet")

    def confirm(self, call_id: str) -> None:
        """Note that a call is held, and by us."""
        self.by_call[call_id] = Hold.HELD_BY_US

    def end_toggle(self, call_id: str) -> None:
        """Doubt a toggle that shows no effect.

        It may come late, and another's hold looks the same.
        """
        if self.by_call.get(call_id) in (Hold.PENDING, Hold.RESUMING):
            self.by_call[call_id] = Hold.UNCERTAIN

    def follow(self, listed: Mapping[str, Call]) -> None:
        """Forget a hold of ours that is over, and see one that has come."""
        for call_id, hold in tuple(self.by_call.items()):
            call = listed.get(call_id)
            if call is not None and call.phase is None:
                # It could not be read.
                continue
            held = call is not None and call.phase is Phase.HELD
            if hold is Hold.PENDING and held:
                self.by_call[call_id] = Hold.HELD_BY_US
            elif call is None or (
                hold in (Hold.HELD_BY_US, Hold.RESUMING) and not held
            ):
                del self.by_call[call_id]

    def end_link(self, listed: Mapping[str, Call]) -> None:
        """Keep the calls that are on hold by us in the last list of a link."""
        self.kept = {
            call_id: call
            for call_id, hold in self.by_call.items()
            if hold in (Hold.HELD_BY_US, Hold.RESUMING)
            and (call := listed.get(call_id))
            and call.phase is Phase.HELD
        }

    def begin_link(self, listed: Mapping[str, Call]) -> None:
        """Take what is held in the first list of a link, too, for held by us still.

        What has the id of such a call and began at another time is another call. What
        else was asked for over the last link has come to its end with that.
        """
        self.by_call = {
            call_id: Hold.HELD_BY_US
            for call_id, before in self.kept.items()
            if (call := listed.get(call_id))
            and call.phase is Phase.HELD
            and call.started == before.started
        }
