"""Who listens to what happens at a PBX."""

from .changes import Changes
from .errors import PbxError
from .models import CallEvent
from .sync.line_data import LineDataChange
from .wire.messages import ChatMessage


class Listener:
    """Methods that are called in the event loop when something happens; none does anything."""

    def changed(self, changes: Changes) -> None:
        """Handle a change of the state."""

    def link_up(self, changes: Changes) -> None:
        """Handle a state that is whole and live, with all that changed."""

    def told(self, events: list[CallEvent]) -> None:
        """Handle what happened to calls; `changed` is called before."""

    def received(self, message: ChatMessage) -> None:
        """Handle a chat message to the line."""

    def side_changed(self, changes: LineDataChange) -> None:
        """Handle a change of the data of the line that only REST has."""

    def link_lost(self, error: PbxError) -> None:
        """Handle that the state is not live any more, and each other reason since."""

    def login_refused(self, error: PbxError) -> None:
        """Handle that a person has to do something.

        The login is not tried again until it has other credentials, unless its access
        is off.
        """
