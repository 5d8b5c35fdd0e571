"""What the readings of a link need to know of it."""

from typing import Protocol

from ..models import CallScope, Changes
from ..state.tenant import PbxState
from ..wire.messages import Message


class Feed(Protocol):
    """One life of the link.

    `rest_calls` is whether REST has calls, as far as that is known.
    """

    state: PbxState
    call_scope: CallScope
    rest_calls: bool | None

    @property
    def socket_tells_accounts(self) -> bool:
        """Return whether the PBX has the classic `domain-state`."""

    async def send(self, action: str, **fields: str | bool | list[str]) -> None:
        """Send a frame over the socket."""

    def handle(self, message: Message, /) -> None:
        """Take what was read as if it had been pushed."""

    def publish(self, changes: Changes, /) -> None:
        """Tell a change of the state."""
