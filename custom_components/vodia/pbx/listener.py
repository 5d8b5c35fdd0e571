"""Who listens to what happens at a PBX."""

from .changes import Changes
from .errors import PbxError
from .models import CallEvent
from .sync.line_data import LineDataChange
from .wire.messages import ChatMessage


class Listener:
    """Methods that are called in the event loop when something happens; none does anything."""

    def on_change(self, changes: Changes) -> None:
        """Handle a change of the state."""

    def on_connected(self, changes: Changes) -> None:
        """Handle a state that is whole and live, with all that changed."""

    def on_call_events(self, events: list[CallEvent]) -> None:
        """Handle what happened to calls; `on_change` is called first."""

    def on_chat_message(self, message: ChatMessage) -> None:
        """Handle a chat message to the line."""

    def on_line_data(self, changes: LineDataChange) -> None:
        """Handle a change of the data of the line that only REST has."""

    def on_disconnected(self, error: PbxError) -> None:
        """Handle that the state is not live any more, and each other reason since."""

    def on_login_failed(self, error: PbxError) -> None:
        """Handle that a person has to do something.

        The login is not tried again until it has other credentials, unless its access
        is off.
        """
