"""What the readings of a link need to know of it."""

from typing import Protocol

from ..changes import Changes
from ..net.session import Session
from ..state.tenant import TenantState
from ..wire.messages import Message
from .capabilities import Capabilities


class Feed(Protocol):
    """One life of the link."""

    session: Session
    state: TenantState
    capabilities: Capabilities

    async def send(self, action: str, **fields: str | bool | list[str]) -> None:
        """Send a frame over the socket."""

    def handle(self, message: Message, /) -> None:
        """Take what was read as if it had been pushed."""

    def publish(self, changes: Changes, /) -> None:
        """Tell a change of the state."""
