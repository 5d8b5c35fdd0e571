"""PbxClient: log in, stay connected, and keep the state of the tenant true."""

from collections.abc import Iterable, Mapping
from copy import replace
from typing import Any

import aiohttp

from .calls.tracker import CallTracker, TrackingMemory
from .control.executor import record_outcome
from .line import Line, Site
from .listener import Listener
from .models import (
    CallScope,
    Credentials,
    Extension,
    LoginMethodUsed,
    Server,
    ServiceFlag,
)
from .state.tenant import TenantState
from .sync.accounts import TenantWatch
from .timing import USUAL, Timing
from .trace import Trace


class PbxClient:
    """A tenant of a PBX, as one login sees it, and further lines of it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener | None = None,
        *,
        login: LoginMethodUsed | None = None,
        known_accounts: Mapping[str, str] | None = None,
        scope: CallScope = CallScope.TENANT,
        flags: Iterable[str] = (),
        country: str | None = None,
        reported: TrackingMemory | None = None,
        tenant_names: Iterable[str] = (),
        timing: Timing = USUAL,
    ) -> None:
        """Prepare; nothing happens before `start`.

        `http` is made with `rest.session_options`. `known_accounts` are the accounts of earlier
        days with their types, `flags` the service flags: one that the PBX lacks now is
        absent, not unknown. `tenant_names` are further names of the tenant, as learned
        before. Where only own calls are in `scope`, those of others are neither asked for
        nor shown. `country` (ISO 3166, two letters) is where a number without its country
        is dialed. `reported` are the calls of which events were reported before.
        """
        self.trace = Trace()
        self.tracker = CallTracker(self.trace, reported)
        self.timing = timing
        self._scope = scope
        self.country = country
        self._site = Site(server, self.tracker, timing, country)
        self.own = Line(
            http,
            self._site,
            credentials,
            listener,
            watch=TenantWatch(scope, known_accounts or {}, flags),
            login=login,
            tenant_names=tenant_names,
            trace=self.trace,
        )
        # Further lines by their extensions.
        self.lines = self.own.lines
        self.session, self.reporter = self.own.session, self.own.reporter

    # Life

    async def start(self) -> None:
        """Connect and read the first whole state; from then on stay connected.

        Raises the PbxError that prevents the first connection, NotConnectedError when
        closed meanwhile; then nothing runs.
        """
        await self.own.connection.start()

    async def close(self) -> None:
        """Disconnect, log out and stop, with all lines; commands that wait fail."""
        await self.own.close()

    def add_line(
        self, http: aiohttp.ClientSession, credentials: Credentials, listener: Listener
    ) -> Line:
        """Return the login of a further extension, to be started; we close it, too."""
        line = Line(http, self._site, credentials, listener, primary=self.own)
        self.lines[credentials.extension] = line
        return line

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self.reporter.is_live

    # The tenant

    @property
    def tenant(self) -> TenantState:
        """Return the last whole state; it is live while `connected`."""
        return self.reporter.state

    @property
    def service_flags(self) -> Mapping[str, ServiceFlag]:
        """Return the service flags by their numbers."""
        return self.own.data.values.service_flags or {}

    async def set_flag(self, number: str, active: bool) -> None:
        """Set a service flag of the PBX; raises a PbxError that says why it did not."""
        own = self.own
        _ = own.live
        with record_outcome(self.trace, "set_flag"):
            await own.data.set_flag(number, active, self.timing.confirm)

    def extension(self, number: str) -> Extension:
        """Return an extension as the login sees it that knows its calls best.

        That is its own, where the first one cannot see them.
        """
        shown = self.tenant.extensions[number]
        line = self.lines.get(number)
        if line is None or not line.tracks_calls or not line.connected:
            return shown
        own = line.state.extensions[number]
        return replace(
            shown,
            ringing=own.ringing,
            in_call=own.in_call,
            call_state=own.call_state,
            calls=own.calls,
            possible_call_ids=own.possible_call_ids,
            complete=own.complete,
        )

    # What this PBX offers

    @property
    def calls_hidden(self) -> bool:
        """Return whether the calls of the tenant were asked for in vain."""
        return self._scope is CallScope.TENANT and self.own.capabilities.calls_hidden

    def dialect(self) -> dict[str, Any]:
        """Return how this PBX speaks, for the diagnostics; empty without a link."""
        return self.own.live.as_diagnostics() if self.connected else {}
