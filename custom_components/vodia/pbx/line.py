"""One login of an extension: its session, its connection, its commands and its data."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import override

import aiohttp

from .calls.tracker import CallTracker
from .control.commands import Control
from .errors import NotConnectedError, NotOfferedError, NotSupportedError, PbxError
from .listener import Listener
from .models import (
    QUEUE,
    RINGING_GROUPS,
    Account,
    AccountCall,
    CallEvent,
    CallEventType,
    CallScope,
    Credentials,
    Direction,
    Extension,
    LoginMethodUsed,
    PastCall,
    Server,
)
from .net.rest import Rest
from .net.session import Session
from .state.memory import Memory
from .state.tenant import TenantState
from .sync.accounts import TenantWatch
from .sync.bootstrap import bootstrap
from .sync.capabilities import Capabilities
from .sync.connection import Connection, Life
from .sync.dispatch import Dispatch
from .sync.history import read_history
from .sync.line_data import LineData, LineDataChange, RefreshReason, Resource
from .sync.mailbox import Mailbox
from .sync.reporter import Reporter
from .sync.schedule import Offer
from .timing import Timing
from .trace import Trace
from .wire.messages import Decoder


@dataclass(frozen=True, slots=True)
class Site:
    """A tenant of a PBX, as far as all its logins share it.

    `country` (ISO 3166, two letters) is where a number without its country is dialed.
    """

    server: Server
    tracker: CallTracker
    timing: Timing
    country: str | None = None


class Line(Life):
    """A login of an extension.

    The first one, the primary, may watch the tenant as well. A further one knows the calls
    of its extension alone, and its link lives only while that of the primary is up.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        site: Site,
        credentials: Credentials,
        listener: Listener | None = None,
        *,
        primary: Line | None = None,
        watch: TenantWatch | None = None,
        login: LoginMethodUsed | None = None,
        tenant_names: Iterable[str] = (),
        trace: Trace | None = None,
    ) -> None:
        """Prepare; nothing happens before it is connected.

        `http` was made with `rest.session_options`. `tenant_names` are further names of
        the tenant, as learned on earlier days.
        """
        self.primary = primary or self
        # Further lines, by the extension of their credentials.
        self.lines: dict[str, Line] = {}
        self.tracker, self.timing = site.tracker, site.timing
        self.country = site.country
        self.trace = trace or Trace()
        self.decoder = Decoder(self.trace)
        self.session = Session(
            Rest(http, site.server, self.trace, site.timing.request),
            credentials,
            login,
            site.timing,
            self.drop,
        )
        self.data = LineData(
            self.session,
            self._line_data_changed,
            self._queues,
            flags=watch.flags if watch else None,
            country=site.country,
        )
        self.mailbox = Mailbox(self.session)
        self.watch = watch
        self._login = credentials.extension
        self._hosts = frozenset({site.server.host.lower(), "localhost"})
        self._memory = Memory(names=set(tenant_names))
        self.history_offer = Offer()
        # Whether its calls are left to the primary, for it may not be back soon.
        self._is_away = False
        self._link: Dispatch | None = None
        self.listener = listener or Listener()
        self.reporter = Reporter(
            self._new_state(watch.known if watch else {}),
            self.listener,
            self.tracker,
            site.timing.clock,
            tracked=self.tracked,
            on_events=self._hint_unanswered,
        )
        # As commands ask for the state, and over REST.
        self.wait_for = self.reporter.wait_for
        self.request = self.session.request
        self.confirm = self.data.confirm
        self.connection = Connection(self.session, self)
        self.control = Control(self)

    # What is known

    @property
    def state(self) -> TenantState:
        """Return the last whole state; it is live while `connected`."""
        return self.reporter.state

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self.reporter.is_live

    @property
    def live(self) -> Dispatch:
        """Return the link; raises NotConnectedError when there is none."""
        if self._link is None:
            raise NotConnectedError("there is no link to the PBX")
        return self._link

    @property
    def calls(self) -> tuple[AccountCall, ...]:
        """Return the calls of the extension."""
        return self.state.extensions[self.state.line].calls

    @property
    def listed_accounts(self) -> Mapping[str, Account]:
        """Return the accounts of the tenant in the words of the PBX."""
        return self.primary.state.listed_accounts

    @property
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        names = self.session.tenant_names | self._memory.names
        return names if self.primary is self else names | self.primary.tenant_names

    async def history(self) -> tuple[PastCall, ...]:
        """Return the past calls of the line, the newest first.

        Raises NotSupportedError where the PBX has none, else as `read_history`.
        """
        line = self.live.state.line
        try:
            return await read_history(self.session, line)
        except NotOfferedError:
            raise NotSupportedError("this PBX has no history") from None

    def began_at(self, past: PastCall) -> float | None:
        """Return when a past call of the line began by the clock of this machine.

        As it is set now, in Unix seconds; None if we did not hear it begin.
        """
        began = self.tracker.began_at(self.state.line, past)
        if began is None:
            return None
        clock = self.timing.clock
        # The same whenever it is asked.
        return round(clock.time() - (clock.monotonic() - began), 1)

    def phones(self) -> Mapping[str, Extension]:
        """Return the extensions with their presence."""
        return self.primary.state.extensions

    def _queues(self) -> list[str]:
        """Return the queues that the PBX lists."""
        groups = self.primary.state.groups.values()
        return [
            group.number for group in groups if group.type == QUEUE and group.present
        ]

    # Which login tracks which calls

    @property
    def tracks_calls(self) -> bool:
        """Return whether the calls of the extension are tracked by what this login hears.

        A further one does so where the primary does not see the calls of the tenant, and
        from its first link on. It goes on while it has none, for the primary knows less;
        unless it stays away.
        """
        if self.primary is self:
            return True
        unknown = self.primary.state.scope is not CallScope.TENANT
        return unknown and self.reporter.was_live and not self._is_away

    @property
    def tracking_line(self) -> Line:
        """Return the login that tracks the calls of the extension."""
        return self if self.tracks_calls else self.primary

    def tracked(self, numbers: Iterable[str]) -> set[str]:
        """Return the accounts whose calls are tracked by what this login hears.

        Each account by one login; those that answer by themselves by none.
        """
        if self.primary is not self:
            return {self._login} & set(numbers) if self.tracks_calls else set()
        groups, lines = self.state.groups, self.lines
        return {
            number
            for number in numbers
            if (number not in lines or not lines[number].tracks_calls)
            and ((group := groups.get(number)) is None or group.type in RINGING_GROUPS)
        }

    # What commands ask of the line

    @property
    def live_state(self) -> TenantState:
        """Return the state while it is live; raises NotConnectedError when it is not."""
        return self.reporter.live

    @property
    def capabilities(self) -> Capabilities:
        """Return what the PBX offers; raises NotConnectedError without a link."""
        return self.live.capabilities

    @property
    def tenant_name(self) -> str:
        """Return the tenant as the PBX names it."""
        return self.session.tenant

    async def send(self, action: str, **fields: str) -> None:
        """Send a command over the socket."""
        await self.live.send(action, **fields)

    def refresh(self) -> None:
        """Read the accounts at once."""
        if accounts := self.live.accounts:
            accounts.hint(urgent=True)

    def refresh_orbits(self) -> None:
        """Read the park orbits soon."""
        if orbits := self.live.orbits:
            orbits.hint()

    # The connection

    async def start(self) -> None:
        """Begin to connect, and stay at it; errors are reported, not raised."""
        self.connection.begin()

    async def close(self) -> None:
        """Disconnect, log out and stop, with all further lines; commands fail."""
        self.primary.lines.pop(self._login, None)
        lines = [asyncio.create_task(line.close()) for line in self.lines.values()]
        self._link = None
        self.reporter.close()
        await self.connection.close()
        await asyncio.gather(*lines)

    def drop(self, error: PbxError) -> None:
        """End the link, if there is one, for a reason; another one is opened."""
        if self._link:
            self._link.end(error)

    @override
    async def open_link(self) -> Dispatch:
        """Return an open link; a further line waits for that of the primary."""
        if self.primary is not self:
            await self.primary.connection.wait_until_up()
        socket = await self.session.open()
        known = {
            number: account.type for number, account in self.state.accounts.items()
        }
        link = Dispatch(socket, self._new_state(known), self)
        self.tracker.without_history.discard(link.state.line)
        return link

    @override
    async def begin(self, link: Dispatch, tasks: asyncio.TaskGroup) -> None:
        """Ask for the first whole state, report it, and keep it true."""
        # There is no past to tell at first; and a PBX may refuse to tell it, which costs
        # a session.
        was_live = self.reporter.was_live
        prefetched = tasks.create_task(link.history.prefetch()) if was_live else None
        own_calls = await bootstrap(link, self.watch)
        dialect = link if self.primary is self else self.primary.live
        classic = dialect.capabilities.socket_tells_accounts
        link.socket.answers_get_calls = own_calls and classic
        self._link, self._is_away = link, False
        self.data.begin()
        has_past = prefetched is not None and prefetched.done()
        self.reporter.link_up(link.state, link.history.past, has_past=has_past)
        tasks.create_task(link.socket.watch(self.session.probe))
        tasks.create_task(link.history.run(prefetched))
        tasks.create_task(self.data.run())
        tasks.create_task(link.calls.run())
        if link.accounts:
            tasks.create_task(link.accounts.run())
        if link.orbits:
            tasks.create_task(link.orbits.run())

    @override
    def link_lost(self, error: PbxError, *, is_new: bool) -> None:
        """Let nobody take the state for live; the further lines go with the primary."""
        if self.reporter.is_live:
            self._memory.holds.end_link(self.state.listed)
        self._link = None
        self.reporter.link_lost()
        for line in self.lines.values():
            line.drop(error)
        if is_new and self.reporter.was_live:
            self.listener.on_disconnected(error)

    @override
    def login_refused(self, error: PbxError) -> None:
        """Tell that a person has to do something."""
        self.listener.on_login_failed(error)

    @override
    def stays_away(self, *, for_good: bool) -> None:
        """Leave the calls of a further line to the primary until the login is accepted.

        If it may be back any time, only where the primary knows what it would leave.
        """
        primary = self.primary
        if primary is self or not self.tracks_calls:
            return
        known = primary.state.extensions.get(self.session.extension)
        if for_good or (known and known.complete):
            self._is_away = True
            primary.reporter.take_over(self.session.extension)

    def _new_state(self, known: Mapping[str, str]) -> TenantState:
        """Return the state that a link starts with, and accounts known from before."""
        tenant = self.session.tenant.lower()
        self._memory.names |= self.tenant_names
        state = TenantState(
            self.session.extension,
            self._hosts | self._memory.names | {tenant},
            tenant=tenant,
            known=known,
            memory=self._memory,
            trace=self.trace,
            book=self.data.values.address_book,
            country=self.country,
        )
        if self.primary is not self:
            state.account_lists.adopt(self.listed_accounts)
        return state

    # The data of lines

    def _line_data_changed(self, changes: LineDataChange) -> None:
        """Report what only REST has; an address book names those who call now."""
        if changes.kind is not Resource.ADDRESS_BOOK:
            self.listener.on_line_data(changes)
        elif self._link:
            self._link.publish(
                self._link.state.set_address_book(self.data.values.address_book)
            )

    def _hint_unanswered(self, events: list[CallEvent]) -> None:
        """Read missed calls and the mailbox of a line that did not answer a call."""
        for event in events:
            if event.type is CallEventType.MISSED or (
                event.type is CallEventType.ENDED
                and event.call.direction is Direction.INCOMING
                and not event.duration
            ):
                own = event.account == self.session.extension
                if line := self if own else self.lines.get(event.account):
                    line.data.hint(RefreshReason.CALL_UNANSWERED)
