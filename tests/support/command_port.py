"""A line without a PBX, for the rules of commands: it answers by a script."""

from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import orjson

from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.errors import (
    NotConfirmedError,
    NotConnectedError,
    NotFoundError,
    PbxError,
)
from custom_components.vodia.pbx.models import Account, CallScope
from custom_components.vodia.pbx.net.rest import Reply
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.sync.capabilities import Capabilities, Refusals
from custom_components.vodia.pbx.sync.line_data import LineDataValues, Resource
from custom_components.vodia.pbx.timing import Timing
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.messages import decode

type Json = dict[str, Any]


class FakePort:
    """A line at its PBX: `replies` of REST, what was `asked` and `sent`, what comes `next`."""

    tenant_name = "Tenant"
    listed_accounts: Mapping[str, Account] = {}

    def __init__(self) -> None:
        """Start without calls; REST knows nothing."""
        self.trace, self.timing, self.now = Trace(), Timing(), 0.0
        self.tracker, self.primary, self.tracking_line = (
            CallTracker(self.trace),
            self,
            self,
        )
        self.live_state = TenantState("45", frozenset({"localhost"}), trace=self.trace)
        clock = SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now)
        self.capabilities = Capabilities(Refusals(60, clock))
        self.replies: dict[str, object | PbxError] = {}
        self.asked: list[tuple[str, str, object]] = []
        self.sent: list[Json] = []
        self.next: list[list[Json]] = []
        self.is_connected = True
        self.live_state.calls.begin(CallScope.OWN)
        self.lists()

    def lists(self, *calls: Json) -> None:
        """Let the PBX list the calls of the line."""
        data = orjson.dumps({"action": "call-state", "calls": calls})
        self.live_state.apply(decode(data, self.trace), self.now)

    async def send(self, action: str, **fields: str) -> None:
        """Note a command."""
        if not self.is_connected:
            raise NotConnectedError("no link")
        self.sent.append({"action": action, **fields})

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply of the script to a method and path; it may be an error."""
        self.asked.append((method, path, body))
        reply = self.replies.get(f"{method} {path}", NotFoundError("no such path"))
        if isinstance(reply, PbxError):
            raise reply
        return Reply(orjson.dumps(reply), SimpleCookie(), None)

    async def wait_for[T](
        self, check: Callable[[TenantState], T | None], until: float
    ) -> T:
        """Look at each list of calls that comes next; they end before the time is up."""
        while (found := check(self.live_state)) is None:
            if not self.next:
                raise NotConfirmedError("nothing more comes")
            self.lists(*self.next.pop(0))
        return found

    async def confirm(
        self,
        kind: Resource,
        is_met: Callable[[LineDataValues], bool],
        until: float,
    ) -> None:
        """Read nothing: REST tells this line nothing of itself."""
        raise NotConfirmedError("nothing shows it")

    def refresh(self) -> None:
        """Note that the accounts are asked for."""
        self.asked.append(("refresh", "accounts", None))

    def refresh_orbits(self) -> None:
        """Note that the orbits are asked for."""
        self.asked.append(("refresh", "orbits", None))


def call(id_: str, state: str, caller: str = "+4930111111", **fields: Any) -> Json:
    """Return a call from outside to the line, as the PBX lists it."""
    to = "<sip:45@localhost>"
    return {"id": id_, "from": f"<sip:{caller}@x>", "to": to, "state": state, **fields}
