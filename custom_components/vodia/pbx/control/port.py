"""What commands are made of, and all that they ask of a line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import re
from typing import Final, Protocol

from ..calls.tracker import CallTracker
from ..models import Account
from ..net.rest import Reply
from ..state.tenant import TenantState
from ..sync.capabilities import Capabilities
from ..sync.line_data import LineDataValues, Resource
from ..timing import Timing
from ..trace import Trace

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Command:
    """A command in the words of both dialects; `body` is None where REST has none."""

    body: dict[str, str] | None
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class CommandPort(Protocol):
    """The line that a command is for.

    `live_state`, `capabilities` and `send` raise NotConnectedError without a link.
    """

    trace: Trace
    timing: Timing
    # That of the calls of all lines.
    tracker: CallTracker

    @property
    def primary(self) -> CommandPort:
        """Return the line that watches the tenant: its accounts and park orbits."""

    @property
    def tracking_line(self) -> CommandPort:
        """Return the line whose state tracks the calls of this one."""

    @property
    def live_state(self) -> TenantState:
        """Return the state."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what the PBX offers, to be completed by what commands find out."""

    @property
    def tenant_name(self) -> str:
        """Return the tenant as the PBX names it."""

    @property
    def listed_accounts(self) -> Mapping[str, Account]:
        """Return the accounts of the tenant that the PBX listed last."""

    async def send(self, action: str, **fields: str) -> None:
        """Send a command over the socket."""

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply to a REST call; raises a PbxError.

        A path that does not begin with a slash is one below the line's own.
        """

    async def wait_for[T](
        self, check: Callable[[TenantState], T | None], until: float
    ) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when it has not by a time of the event loop,
        NotConnectedError when the link is lost meanwhile, and what `check` raises.
        """

    async def confirm(
        self,
        kind: Resource,
        is_met: Callable[[LineDataValues], bool],
        until: float,
    ) -> None:
        """Read what only REST tells of the line until it is as wanted.

        Raises NotConfirmedError when it is not by a time of the event loop.
        """

    def refresh(self) -> None:
        """Read the accounts at once; asked of the primary."""

    def refresh_orbits(self) -> None:
        """Read the park orbits soon; asked of the primary."""


def encodable(text: str) -> str:
    """Return a text without halves of characters, which no wire can carry.

    Nor control characters, line breaks aside, for whatever the PBX makes of it.
    """
    return _CONTROL.sub(" ", text.encode(errors="replace").decode())
