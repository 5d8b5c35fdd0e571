"""One login of an extension: its session, its connection, its commands and its data."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import override

import aiohttp

from .calls.tracker import Stories
from .control.commands import Control
from .errors import (
    MethodNotAllowedError,
    NotConnectedError,
    NotFoundError,
    NotSupportedError,
    PbxError,
)
from .listener import Listener
from .models import (
    RINGING_GROUPS,
    Account,
    AccountCall,
    CallEvent,
    CallEventType,
    CallScope,
    Credentials,
    Direction,
    LoginWay,
    PastCall,
    Server,
)
from .net.link import Link
from .net.rest import Reply, Rest
from .net.session import Session
from .state.memory import Memory
from .state.tenant import PbxState
from .sync.bootstrap import bootstrap
from .sync.call_list import CallListReader
from .sync.capabilities import Capabilities
from .sync.connection import Connection, Life
from .sync.dispatch import Dispatch
from .sync.history import HistoryReader, read_history
from .sync.line_data import Hint, Kind, Side, SideChanges, SideValues
from .sync.reporter import Reporter
from .sync.schedule import Offer
from .sync.watch import TenantWatch
from .timing import Timing
from .trace import Ledger
from .wire.messages import Decoder


@dataclass(frozen=True, slots=True)
class Site:
    """A tenant of a PBX, as far as all its logins share it.

    `country` (ISO 3166, two letters) is where a number without its country is dialed.
    """

    server: Server
    tracker: Stories
    timing: Timing
    country: str | None = None


class Line(Life):
    """A login of an extension.

    The first one, the primary, may watch the tenant as well. A further one tells the calls
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
        way: LoginWay | None = None,
        tenant_names: Iterable[str] = (),
        ledger: Ledger | None = None,
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
        self.ledger = ledger or Ledger()
        self.decoder = Decoder(self.ledger)
        self.session = Session(
            Rest(http, site.server, self.ledger, site.timing.request),
            credentials,
            way,
            self.drop,
        )
        self.side = Side(
            self.session,
            self.ledger,
            self._line_data_changed,
            flags=watch.flags if watch else None,
            country=site.country,
            timing=site.timing,
        )
        self.scope = watch.scope if watch else CallScope.TENANT
        self._watch = watch
        self._login = credentials.extension
        self._hosts = frozenset({site.server.host.lower(), "localhost"})
        self._memory = Memory(names=set(tenant_names))
        self._history_offer = Offer()
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
            told=self._hint_unanswered,
        )
        self.connection = Connection(self.session, site.timing, self)
        self.control = Control(self)

    # What is known

    @property
    def line(self) -> str:
        """Return the extension whose login this is: its number, also for an alias."""
        return self.session.extension

    @property
    def state(self) -> PbxState:
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
        return self.primary.state.raw_accounts

    @property
    def values(self) -> SideValues:
        """Return what is known of the mailbox, missed calls, flags and address book."""
        return self.side.values

    @property
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        names = self.session.tenant_names | self._memory.names
        return names if self.primary is self else names | self.primary.tenant_names

    @property
    def offered(self) -> Mapping[str, bool | None]:
        """Return what this PBX offers over REST; None is not known yet."""
        return self.side.offered

    async def history(self) -> tuple[PastCall, ...]:
        """Return the past calls of the line, the newest first.

        Raises NotSupportedError where the PBX tells none, else as `read_history`.
        """
        line = self.live.state.line
        try:
            return await read_history(self.session, line, self.ledger)
        except NotFoundError, MethodNotAllowedError:
            raise NotSupportedError("this PBX tells no history") from None

    def heard_at(self, past: PastCall) -> float | None:
        """Return when a past call of the line began by the clock of this machine.

        As it is set now, in Unix seconds; None if we did not hear it begin.
        """
        began = self.tracker.heard_at(self.state.line, past)
        if began is None:
            return None
        clock = self.timing.clock
        # The same whenever it is asked.
        return round(clock.time() - (clock.monotonic() - began), 1)

    # Which login tells what

    @property
    def tells(self) -> bool:
        """Return whether the calls of the extension are told by this login.

        A further one tells them where the primary is not told of the tenant's. Once it
        has been heard: what it tells is not to be ended by one who knows less, unless it
        stays away.
        """
        if self.primary is self:
            return True
        unknown = self.primary.state.scope is not CallScope.TENANT
        return unknown and self.reporter.was_live and not self._is_away

    @property
    def teller(self) -> Line:
        """Return the login that tells the calls of the extension."""
        return self if self.tells else self.primary

    def tracked(self, numbers: Iterable[str]) -> set[str]:
        """Return the accounts whose calls are tracked by the state of this login.

        Each account by one login. Accounts that answer by themselves have no story worth
        telling.
        """
        if self.primary is not self:
            return {self._login} & set(numbers) if self.tells else set()
        groups, lines = self.state.groups, self.lines
        return {
            number
            for number in numbers
            if (number not in lines or not lines[number].tells)
            and ((group := groups.get(number)) is None or group.type in RINGING_GROUPS)
        }

    # What commands ask of the line

    @property
    def live_state(self) -> PbxState:
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

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply to a REST call; a path without a slash first is our own."""
        if not path.startswith("/"):
            path = self.session.path(path)
        return await self.session.request(method, path, body, params=params)

    async def wait_for[T](
        self, check: Callable[[PbxState], T | None], until: float
    ) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when it has not by a time of the event loop,
        NotConnectedError when the link is lost meanwhile, and what `check` raises.
        """
        return await self.reporter.wait_for(check, until)

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
        """Begin to connect, and stay at it: what hinders it is not raised."""
        self.connection.begin()

    async def close(self) -> None:
        """Disconnect, log out and stop, with all further lines; who waits is told."""
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
        """Return an open link; a further line has one only beside that of the primary."""
        if self.primary is not self:
            await self.primary.connection.wait_until_up()
        link = self._new_link(await self.session.open(self.timing, self.ledger))
        self.tracker.without_history.discard(link.state.line)
        return link

    @override
    async def begin(self, link: Dispatch, tasks: asyncio.TaskGroup) -> None:
        """Ask for the first whole state, report it, and keep it true."""
        # There is no past to tell at first; and a PBX may refuse to tell it, which costs
        # a session.
        was_live = self.reporter.was_live
        prefetched = tasks.create_task(link.history.prefetch()) if was_live else None
        own_calls = await bootstrap(link, self.ledger, self.timing, self._watch)
        dialect = link if self.primary is self else self.primary.live
        classic = dialect.capabilities.socket_tells_accounts
        link.socket.answers_get_calls = own_calls and classic
        self._link, self._is_away = link, False
        self.side.begin()
        has_past = prefetched is not None and prefetched.done()
        self.reporter.link_up(link.state, link.history.past, has_past=has_past)
        tasks.create_task(link.socket.watch(self.session.probe))
        tasks.create_task(link.history.run(prefetched))
        tasks.create_task(self.side.run())
        for reader in link.readers:
            tasks.create_task(reader.run())

    def _new_link(self, socket: Link) -> Dispatch:
        """Return a link with what is read over it."""
        session, ledger, timing = self.session, self.ledger, self.timing
        known = {
            number: account.type for number, account in self.state.accounts.items()
        }
        link = Dispatch(socket, self._new_state(known), self)
        if self._watch:
            self._watch.attach(link, session, ledger, timing)
        link.calls = CallListReader(link, link.accounts, session, ledger, timing)
        link.history = HistoryReader(
            link,
            session,
            ledger,
            timing,
            stories=self.tracker,
            tell=self.reporter.tell,
            is_quiet=partial(self._is_quiet, link),
            offer=self._history_offer,
        )
        return link

    @override
    def link_lost(self, error: PbxError, *, is_new: bool) -> None:
        """Let nobody take the state for live; the further lines go with the primary."""
        if self.reporter.is_live:
            self._memory.end_link(self.state.listed)
        self._link = None
        self.reporter.link_lost()
        for line in self.lines.values():
            line.drop(error)
        if is_new and self.reporter.was_live:
            self.listener.link_lost(error)

    @override
    def login_refused(self, error: PbxError) -> None:
        """Tell that a person has to do something."""
        self.listener.login_refused(error)

    @override
    def stays_away(self, *, for_good: bool) -> None:
        """Leave the calls of a further line to the primary until the login is accepted.

        If it may be back any time, only where the primary knows what it would leave.
        """
        primary = self.primary
        if primary is self or not self.tells:
            return
        known = primary.state.extensions.get(self.line)
        if for_good or (known and known.complete):
            self._is_away = True
            primary.reporter.take_over(self.line)

    def _new_state(self, known: Mapping[str, str]) -> PbxState:
        """Return the state that a link starts with, and accounts known from before."""
        tenant = self.session.tenant.lower()
        self._memory.names |= self.tenant_names
        state = PbxState(
            self.line,
            self._hosts | self._memory.names | {tenant},
            tenant=tenant,
            known=known,
            memory=self._memory,
            ledger=self.ledger,
            book=self.side.values.address_book,
            country=self.country,
        )
        if self.primary is not self:
            state.take_names(self.primary.state)
        return state

    def _is_quiet(self, link: Dispatch) -> bool:
        """Return whether calls may come that no phone hears and no push tells of."""
        number = link.state.line
        phone = self.primary.state.extensions.get(number)
        return (
            link.capabilities.call_scope is CallScope.OWN
            and number not in self.tracker.without_history
            and phone is not None
            and phone.dnd is True
        )

    # The data of lines

    def _line_data_changed(self, changes: SideChanges) -> None:
        """Report what only REST tells; an address book names those who call now."""
        if changes.kind is not Kind.ADDRESS_BOOK:
            self.listener.side_changed(changes)
        elif self._link:
            self._link.publish(self._link.state.take_book(self.values.address_book))

    def _hint_unanswered(self, events: list[CallEvent]) -> None:
        """Read missed calls and the mailbox of a line that did not answer a call."""
        for event in events:
            if event.type is CallEventType.MISSED or (
                event.type is CallEventType.ENDED
                and event.call.direction is Direction.INCOMING
                and not event.duration
            ):
                own = event.account == self.line
                if line := self if own else self.lines.get(event.account):
                    line.side.hint(Hint.CALL_UNANSWERED)
