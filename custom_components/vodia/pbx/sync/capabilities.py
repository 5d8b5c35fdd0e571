"""What a PBX turns out to offer over one link: found out by asking, kept until it ends."""

from dataclasses import dataclass, field
from typing import Any, Final

from ..models import CallScope
from ..timing import Clock

# Refusals in a row that count.
_SURE: Final = 2


class Refusals:
    """Ways that a PBX refuses, each by a name of ours.

    One stands once it was refused twice in a row, and for some seconds: then the PBX is
    asked again.
    """

    def __init__(self, pause: float, clock: Clock) -> None:
        """Start with none; each stands for some seconds of `pause`."""
        self._pause = pause
        self._now = clock.monotonic
        self._noted: dict[str, int] = {}
        self._until: dict[str, float] = {}

    @property
    def noted(self) -> list[str]:
        """Return what was refused when it was asked for last."""
        return sorted(self._noted)

    def note(self, way: str, *, sure: bool = False) -> None:
        """Note that a way is refused; it stands at once if it is `sure`."""
        self._noted[way] = self._noted.get(way, 0) + 1
        if sure or self._noted[way] >= _SURE:
            self._until[way] = self._now() + self._pause

    def lift(self, way: str) -> None:
        """Note that a way is not refused."""
        self._noted.pop(way, None)
        self._until.pop(way, None)

    def is_in_force(self, way: str) -> bool:
        """Return whether it is of no use to try a way now."""
        return self._now() < self._until.get(way, 0)


@dataclass(slots=True)
class Capabilities:
    """What this PBX offers; None is not found out yet.

    Accounts over the socket are the classic `domain-state`. Until a PBX answers
    `domain-calls`, a list of calls is one of our own. Of call commands over REST: whether
    there are any, and whether they know calls by the ids of the socket. `dnd_endpoint` is the
    way that has set do not disturb; `rest_chat` is whether chats are there over REST.
    """

    refusals: Refusals
    call_scope: CallScope = CallScope.OWN
    socket_tells_accounts: bool = False
    rest_tells_accounts: bool = False
    rest_calls: bool | None = None
    rest_ids: bool | None = None
    dnd_endpoint: int | None = None
    rest_chat: bool | None = None
    star_codes: dict[str, str] = field(default_factory=dict)

    @property
    def accounts_hidden(self) -> bool:
        """Return whether the PBX has no list of accounts for this login."""
        return not (self.socket_tells_accounts or self.rest_tells_accounts)

    @property
    def calls_hidden(self) -> bool:
        """Return whether the PBX shows only own calls where it could show the tenant's.

        The classic dialect has none, and is never asked.
        """
        return self.call_scope is CallScope.OWN and not self.socket_tells_accounts

    def as_diagnostics(self) -> dict[str, Any]:
        """Return how this PBX speaks, for the diagnostics."""
        return {
            "socket_tells_accounts": self.socket_tells_accounts,
            "rest_tells_accounts": self.rest_tells_accounts,
            "rest_call_commands": self.rest_calls,
            "rest_refused": self.refusals.noted,
            "dnd_endpoint": self.dnd_endpoint,
            "rest_chat": self.rest_chat,
        }
