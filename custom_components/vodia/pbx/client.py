"""PbxClient: log in, stay connected, and keep the state of the tenant true."""

from collections.abc import Iterable, Mapping
from copy import replace
from typing import Any

import aiohttp
from yarl import URL

from .calls.tracker import Stories, Told
from .control.executor import record_outcome
from .line import Line, Site
from .listener import Listener
from .models import (
    Account,
    CallEvent,
    CallScope,
    Credentials,
    Extension,
    Group,
    KnownAccount,
    LoginWay,
    Server,
    ServiceFlag,
    Totals,
)
from .state.tenant import PbxState
from .sync.watch import TenantWatch
from .timing import USUAL, Timing
from .trace import Ledger


class PbxClient:
    """A tenant of a PBX, as one login sees it, and further lines of it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener | None = None,
        *,
        way: LoginWay | None = None,
        known: Mapping[str, str] | None = None,
        wanted: CallScope = CallScope.TENANT,
        flags: Iterable[str] = (),
        country: str | None = None,
        told: Told | None = None,
        tenant_names: Iterable[str] = (),
        timing: Timing = USUAL,
    ) -> None:
        """Prepare; nothing happens before `start`.

        `http` was made with `rest.session_options`. `known` are the accounts of
        earlier days with their types: one that the PBX lacks now is absent, not
        unheard of. So are `flags`, its service flags. `tenant_names` are further names of
        the tenant, as learned on earlier days. Where only the own calls are `wanted`,
        those of others are neither asked for nor taken in. `country` (ISO 3166, two
        letters) is where a number without its country is dialed. What was `told` before
        is not told again.
        """
        self.ledger = Ledger()
        self.tracker = Stories(self.ledger, told)
        self.timing = timing
        self.country = country
        self._site = Site(server, self.tracker, timing, country)
        self.own = Line(
            http,
            self._site,
            credentials,
            listener,
            watch=TenantWatch(wanted, known or {}, flags),
            way=way,
            tenant_names=tenant_names,
            ledger=self.ledger,
        )

    # Life

    async def start(self) -> None:
        """Connect and read the first whole state; from then on stay connected.

        Raises the PbxError that hinders the first connection, NotConnectedError when
        closed meanwhile; then nothing runs.
        """
        await self.own.connection.start()

    async def close(self) -> None:
        """Disconnect, log out and stop, with all lines; who waits for the PBX is told."""
        await self.own.close()

    def add_line(
        self, http: aiohttp.ClientSession, credentials: Credentials, listener: Listener
    ) -> Line:
        """Return the login of a further extension, to be started; we close it, too."""
        line = Line(http, self._site, credentials, listener, primary=self.own)
        self.lines[credentials.extension] = line
        return line

    @property
    def lines(self) -> dict[str, Line]:
        """Return the further lines by their extensions."""
        return self.own.lines

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self.own.connected

    @property
    def links(self) -> int:
        """Return how often the link came up."""
        return self.own.reporter.links

    @property
    def changed_at(self) -> float:
        """Return when the link came or went last, in Unix seconds."""
        return self.own.reporter.changed_at

    # Where it is, and as whom

    @property
    def url(self) -> URL:
        """Return where the PBX is."""
        return self.own.session.rest.url

    @property
    def server_name(self) -> str | None:
        """Return what the PBX calls itself, as the `Server` header of its replies."""
        return self.own.session.server_name

    @property
    def websocket_path(self) -> str:
        """Return the path of the WebSocket."""
        return self.own.session.websocket_path

    @property
    def login(self) -> LoginWay | None:
        """Return the method and user of the login that worked."""
        return self.own.session.way

    @property
    def forbidden_for(self) -> float:
        """Return for how many seconds a login that is forbidden is not repeated."""
        return self.timing.forbidden

    @property
    def line(self) -> str:
        """Return the extension whose login this is: its number, also for an alias."""
        return self.own.line

    @property
    def tenant_name(self) -> str:
        """Return the tenant as the PBX names it."""
        return self.own.session.tenant

    @property
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        return self.own.tenant_names

    async def probe(self) -> None:
        """Ask the PBX anything; raises CannotConnectError when nobody answers."""
        await self.own.session.probe()

    # The tenant

    @property
    def tenant(self) -> PbxState:
        """Return the last whole state; it is live while `connected`."""
        return self.own.state

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Return all extensions by their numbers, as the entry's own login knows them."""
        return self.tenant.extensions

    @property
    def groups(self) -> Mapping[str, Group]:
        """Return all accounts that are no extensions by their numbers."""
        return self.tenant.groups

    @property
    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return extensions and groups by their numbers."""
        return self.tenant.accounts

    def account(self, number: str) -> KnownAccount | None:
        """Return an extension or a group; None for an unknown number."""
        return self.tenant.account(number)

    @property
    def listed_accounts(self) -> Mapping[str, Account]:
        """Return the accounts of the tenant in the words of the PBX."""
        return self.own.listed_accounts

    @property
    def totals(self) -> Totals:
        """Return the counts of the tenant."""
        return self.tenant.totals

    @property
    def service_flags(self) -> Mapping[str, ServiceFlag]:
        """Return the service flags by their numbers."""
        return self.own.values.service_flags or {}

    async def set_flag(self, number: str, active: bool) -> None:
        """Set a service flag of the PBX; raises a PbxError that says why it did not."""
        own = self.own
        _ = own.live
        with record_outcome(self.ledger, "set_flag"):
            await own.side.set_flag(number, active, self.timing.confirm)

    def extension(self, number: str) -> Extension:
        """Return an extension as those see it who know it best.

        A line whose login we have tells its own calls, where this login cannot see them.
        """
        told = self.tenant.extensions[number]
        line = self.lines.get(number)
        if line is None or not line.tells or not line.connected:
            return told
        own = line.state.extensions[number]
        return replace(
            told,
            ringing=own.ringing,
            in_call=own.in_call,
            call_state=own.call_state,
            calls=own.calls,
            doubtful=own.doubtful,
            complete=own.complete,
        )

    # The calls that are tracked

    def origin_of(self, call_id: str) -> int | None:
        """Return what the events of a call that is up have in common."""
        return self.tracker.origin_of(call_id)

    def accounts_in(self, origin: int) -> set[str]:
        """Return the accounts for which a call is not over."""
        return self.tracker.accounts_in(origin)

    def is_doubted(self, event: CallEvent) -> bool:
        """Return whether it is open if an account still has the call of an event."""
        return self.tracker.is_doubted(event)

    def still_rings(self, event: CallEvent) -> bool:
        """Return whether the call of an event rings at its account."""
        return self.tracker.rings(event)

    # What this PBX offers

    @property
    def call_scope(self) -> CallScope | None:
        """Return of whose calls the PBX tells this login; None before it told any."""
        return self.tenant.scope

    @property
    def accounts_hidden(self) -> bool:
        """Return whether the PBX has no list of accounts for this login."""
        return self.own.capabilities.accounts_hidden

    @property
    def calls_hidden(self) -> bool:
        """Return whether the calls of the tenant were asked for in vain.

        The classic dialect has none, and is never asked.
        """
        capabilities = self.own.capabilities
        return (
            self.own.scope is CallScope.TENANT
            and capabilities.call_scope is CallScope.OWN
            and not capabilities.socket_tells_accounts
        )

    def dialect(self) -> dict[str, Any]:
        """Return how this PBX speaks, for the diagnostics; empty without a link."""
        return self.own.live.as_diagnostics() if self.connected else {}
