"""What the readings of a link need to know of it."""

from typing import Protocol

from ..changes import Changes
from ..state.tenant import TenantState
from ..wire.messages import Message
from .capabilities import Capabilities


class Feed(Protocol):
    """One life of the link."""

    state: TenantState

    @property
    def capabilities(self) -> Capabilities:
        """Return what the PBX turned out to offer."""

    async def send(self, action: str, **fields: str | bool | list[str]) -> None:
        """Send a frame over the socket."""

    def handle(self, message: Message, /) -> None:
        """Take what was read as if it had been pushed."""

    def publish(self, changes: Changes, /) -> None:
        """Tell a change of the state."""
