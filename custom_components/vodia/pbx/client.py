"""PbxClient: log in, stay connected, and keep the state of the tenant true."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
from functools import partial
import logging
import math
import random
from typing import Any, Final, Protocol, override

import aiohttp
from yarl import URL

from .assumptions import Assumption
from .calls.tracker import Stories, Told
from .control.commands import Control
from .control.executor import record_outcome
from .errors import (
    AccessOffError,
    LoginForbiddenError,
    LoginRefusedError,
    MethodNotAllowedError,
    NotConfirmedError,
    NotConnectedError,
    NotFoundError,
    NotSupportedError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
)
from .models import (
    NOTHING,
    ORBIT,
    RINGING_GROUPS,
    Account,
    AccountCall,
    CallEvent,
    CallEventType,
    CallScope,
    Changes,
    Credentials,
    Direction,
    Extension,
    Group,
    KnownAccount,
    LoginWay,
    PastCall,
    Server,
    ServiceFlag,
    Totals,
)
from .net.link import Link
from .net.rest import Reply, Rest
from .net.session import Session
from .state.memory import Memory
from .state.tenant import PbxState
from .sync.accounts import AccountsReader, RestAccounts
from .sync.call_list import CallListReader
from .sync.capabilities import Capabilities
from .sync.history import HistoryReader, read_history
from .sync.line_data import Hint, Kind, Side, SideChanges, SideValues
from .sync.orbits import OrbitsReader
from .sync.poller import wait_for_event
from .sync.refusals import Refusals
from .sync.schedule import Offer
from .timing import USUAL, Timing
from .trace import Ledger
from .wire.calls import CallList
from .wire.fields import FrameError
from .wire.messages import (
    AccountDelta,
    AccountsSnapshot,
    ChatMessage,
    Decoder,
    Message,
    OrbitList,
    OrbitSignal,
    Signal,
    encode,
)

_LOGGER = logging.getLogger(__name__)

# Accounts that are not listed, to ask for each of them seldom.
_ASKED_KEPT: Final = 1000


class Listener(Protocol):
    """Who is told what happens; every call is made in the event loop."""

    def changed(self, changes: Changes) -> None:
        """Take note of a change of the state."""

    def link_up(self, changes: Changes) -> None:
        """Take note that the state is whole and live, with all that changed."""

    def told(self, events: list[CallEvent]) -> None:
        """Take note of what happened to calls; all that changed has been told before."""

    def received(self, message: ChatMessage) -> None:
        """Take note of a chat message to the line."""

    def side_changed(self, changes: SideChanges) -> None:
        """Take note of what only REST tells of the line."""

    def link_lost(self, error: PbxError) -> None:
        """Take note that the state is not live any more, and of each other reason since."""

    def login_refused(self, error: PbxError) -> None:
        """Take note that a person has to do something.

        The client has given up until it gets other credentials, unless its access is off.
        """


def _new_future() -> asyncio.Future[None]:
    """Return a future of the running loop."""
    return asyncio.get_running_loop().create_future()


async def _wait(future: asyncio.Future[None]) -> None:
    """Wait for a future."""
    await future


@dataclass(slots=True)
class _Link:
    """What belongs to one life of the WebSocket."""

    socket: Link
    state: PbxState
    capabilities: Capabilities
    handle: Callable[[Message], None] = field(init=False)
    publish: Callable[[Changes], None] = field(init=False)
    accounts: AccountsReader = field(init=False)
    calls: CallListReader = field(init=False)
    orbits: OrbitsReader = field(init=False)
    history: HistoryReader = field(init=False)
    accounts_told: asyncio.Event = field(default_factory=asyncio.Event)
    asked_for: dict[str, float] = field(default_factory=dict)
    failure: asyncio.Future[None] = field(default_factory=_new_future)

    async def send(self, action: str, **fields: str | bool | list[str]) -> None:
        """Send a frame over the socket."""
        await self.socket.send(encode(action, **fields))


class PbxClient:
    """One login to one tenant of a PBX."""

    # Whether the accounts and the orbits are read over this login.
    _watches = True

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
        flags: Iterable[str] | None = (),
        country: str | None = None,
        told: Told | None = None,
        tenant_names: Iterable[str] = (),
        timing: Timing = USUAL,
    ) -> None:
        """Prepare; nothing happens before `start`.

        `http` was made with `rest.session_options`. `known` are the accounts of
        earlier days with their types: one that the PBX lacks now is absent, not
        unheard of. So are `flags`, its service flags; None leaves them to others.
        `tenant_names` are further names of the tenant, as learned on earlier days. Where
        only the own calls are `wanted`, those of others are neither asked for nor taken
        in. `country` (ISO 3166, two letters) is where a number without its country is
        dialed. What was `told` before is not told again.
        """
        self.country = country
        self.ledger = Ledger()
        self._decoder = Decoder(self.ledger)
        self.timing = timing
        self.clock = timing.clock
        self.session = Session(
            Rest(http, server, self.ledger, self.timing.request),
            credentials,
            way,
            self._login_failed,
        )
        self.control = Control(self)
        self.side = Side(
            self.session,
            self.ledger,
            self._side_told,
            flags=flags,
            country=country,
            timing=timing,
        )
        self._credentials = credentials
        self._server = server
        self._listener = listener
        self._hosts = frozenset({server.host.lower(), "localhost"})
        self._memory = Memory(names=set(tenant_names))
        self.stories = Stories(self.ledger, told)
        self.lines: dict[str, LineClient] = {}
        self._up = asyncio.Event()
        self._known = known or {}
        self._wanted = wanted
        self._state = self._new_state()
        self._live: _Link | None = None
        self._was_live = False
        self.links = 0
        self._history_offer, self._orbits_offer = Offer(), Offer()
        self.changed_at = self.clock.time()
        self._accounts_listed = False
        self._reasons_told: set[type[PbxError]] = set()
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Lock()

    # Where it is, and as whom

    @property
    def url(self) -> URL:
        """Return where the PBX is."""
        return self.session.rest.url

    @property
    def server_name(self) -> str | None:
        """Return what the PBX calls itself, as the `Server` header of its replies."""
        return self.session.server_name

    @property
    def tenant_name(self) -> str:
        """Return the tenant as the PBX names it."""
        return self.session.tenant

    @property
    def login(self) -> LoginWay | None:
        """Return the method and user of the login that worked."""
        return self.session.way

    @property
    def websocket_path(self) -> str:
        """Return the path of the WebSocket."""
        return self.session.websocket_path

    @property
    def forbidden_for(self) -> float:
        """Return for how many seconds a login that is forbidden is not repeated."""
        return self.timing.forbidden

    async def probe(self) -> None:
        """Ask the PBX anything; raises CannotConnectError when nobody answers."""
        await self.session.probe()

    def add_line(
        self, http: aiohttp.ClientSession, credentials: Credentials, listener: Listener
    ) -> LineClient:
        """Return the login of a further extension, to be started; we close it, too."""
        return LineClient(http, self._server, credentials, listener, self)

    # The tenant

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Return all extensions by their numbers, as this login knows them."""
        return self._state.extensions

    @property
    def groups(self) -> Mapping[str, Group]:
        """Return all accounts that are no extensions by their numbers."""
        return self._state.groups

    @property
    def accounts(self) -> Mapping[str, KnownAccount]:
        """Return extensions and groups by their numbers."""
        return self._state.accounts

    def account(self, number: str) -> KnownAccount | None:
        """Return an extension or a group; None for an unknown number."""
        return self._state.account(number)

    @property
    def listed_accounts(self) -> Mapping[str, Account]:
        """Return the accounts of the tenant in the words of the PBX."""
        return self.watcher.state.raw_accounts

    @property
    def totals(self) -> Totals:
        """Return the counts of the tenant."""
        return self._state.totals

    @property
    def call_scope(self) -> CallScope | None:
        """Return of whose calls the PBX tells this login."""
        return self._state.scope

    @property
    def calls(self) -> tuple[AccountCall, ...]:
        """Return the calls of the extension whose login this is."""
        return self._state.extensions[self._state.line].calls

    # What only REST tells

    @property
    def values(self) -> SideValues:
        """Return what is known of the mailbox, missed calls, flags and address book."""
        return self.side.values

    @property
    def offered(self) -> Mapping[str, bool | None]:
        """Return what this PBX offers over REST; None is not known yet."""
        return self.side.offered

    @property
    def service_flags(self) -> Mapping[str, ServiceFlag]:
        """Return the service flags by their numbers."""
        return self.side.values.service_flags or {}

    # The calls that are tracked

    def origin_of(self, call_id: str) -> int | None:
        """Return what the events of a call that is up have in common."""
        return self.stories.origin_of(call_id)

    def accounts_in(self, origin: int) -> set[str]:
        """Return the accounts for which a call is not over."""
        return self.stories.accounts_in(origin)

    def is_doubted(self, event: CallEvent) -> bool:
        """Return whether it is open if an account still has the call of an event."""
        return self.stories.is_doubted(event)

    def still_rings(self, event: CallEvent) -> bool:
        """Return whether the call of an event rings at its account."""
        return self.stories.rings(event)

    # Life of the link

    @property
    def state(self) -> PbxState:
        """Return the last whole state; it is live while `connected`."""
        return self._state

    @property
    def line(self) -> str:
        """Return the extension whose login this is: its number, also for an alias."""
        return self.session.extension

    @property
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        return self.session.tenant_names | self._memory.names

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self._live is not None

    def extension(self, number: str) -> Extension:
        """Return an extension as those see it who know it best.

        A line whose login we have tells its own calls, where this login cannot see them.
        """
        told = self._state.extensions[number]
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

    async def wait_until_up(self) -> None:
        """Wait until the state is live."""
        await self._up.wait()

    def drop(self, error: PbxError) -> None:
        """End the link, if there is one, for a reason; it is made anew."""
        if self._live and not self._live.failure.done():
            self._live.failure.set_exception(error)

    async def start(self) -> None:
        """Connect and read the first whole state; from then on stay connected.

        Raises the PbxError that hinders the first connection, NotConnectedError when
        closed meanwhile; then nothing runs.
        """
        first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(first), name="vodia link")

        def ended(_: asyncio.Task[None]) -> None:
            """Let nobody wait for a link that was closed."""
            if not first.done():
                first.set_exception(NotConnectedError("closed"))

        self._task.add_done_callback(ended)
        try:
            await first
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect, log out and stop, with all lines; who waits for the PBX is told."""
        lines = [asyncio.create_task(line.close()) for line in self.lines.values()]
        await self._close()
        await asyncio.gather(*lines)

    async def _close(self) -> None:
        """Disconnect, log out and stop."""
        # Whoever closes as well is back when it is done, not before.
        async with self._closing:
            task, self._task = self._task, None
            self._live = None
            self._wake()
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.session.close()

    async def _run(self, first: asyncio.Future[None]) -> None:
        """Connect, and connect again after every loss, until refused or cancelled."""
        loop = asyncio.get_running_loop()
        delay = self.timing.first_retry
        while True:
            up_at: float | None = None

            def up() -> None:
                nonlocal up_at
                up_at = loop.time()
                if not first.done():
                    first.set_result(None)

            try:
                await self._connected(up)
            except PbxError as err:
                error = err
            except Exception as err:
                _LOGGER.exception("Unexpected error in the link to the PBX")
                error = PbxError(type(err).__name__)
            self._lost(error)
            if not first.done():
                first.set_exception(error)
                return
            if delay > self.timing.healthy:
                self._stay_away(for_good=False)
            if isinstance(error, SessionExpiredError):
                self.session.doubt()
            elif isinstance(
                error, LoginRefusedError | SecondFactorError | AccessOffError
            ):
                self._stay_away()
                if self._listener:
                    self._listener.login_refused(error)
                if not isinstance(error, AccessOffError):
                    return
            if up_at is not None and loop.time() - up_at >= self.timing.healthy:
                delay = self.timing.first_retry
            if isinstance(error, LoginForbiddenError):
                # Who sends a password again and again is blocked.
                await asyncio.sleep(self.timing.forbidden)
                self.session.allow_login()
            elif await self._pause(delay * random.uniform(0.5, 1)):
                delay = self.timing.first_retry
            else:
                delay = min(delay * 2, self.timing.last_retry)
            self.session.try_again()

    async def _pause(self, seconds: float) -> bool:
        """Wait before the next try; return at once, with True, when the PBX is back.

        Only whether its port is open is looked at, as long as it is not: a login costs
        more, and a PBX that refuses one is not asked more often.
        """
        loop, look, away = asyncio.get_running_loop(), self.timing.look, False
        end = loop.time() + seconds
        while (begun := loop.time()) + look < end:
            if await self.session.rest.is_open(look):
                if away:
                    return True
                break
            away = True
            await asyncio.sleep(look - (loop.time() - begun))
        await asyncio.sleep(end - loop.time())
        return False

    def _stay_away(self, *, for_good: bool = True) -> None:
        """Take note that the login will not be back soon, or not at all by itself."""

    async def _connected(self, up: Callable[[], None]) -> None:
        """Live one life of the link; returns only by raising what ended it."""
        socket = await self.session.open(self.timing, self.ledger)
        live = self._new_link(socket)
        self.stories.without_history.discard(live.state.line)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(live))
                tasks.create_task(_wait(live.failure))
                # There is no past to tell at first; and a PBX may refuse to tell it, which
                # costs a session.
                reading = (
                    tasks.create_task(live.history.prefetch())
                    if self._was_live
                    else None
                )
                await self._bootstrap(live)
                self._publish(live, reading)
                up()
                tasks.create_task(socket.watch(self.session.probe))
                tasks.create_task(live.calls.run())
                tasks.create_task(live.history.run(reading))
                if self._watches:
                    tasks.create_task(live.accounts.run())
                    tasks.create_task(live.orbits.run())
                tasks.create_task(self.side.run())
        except* PbxError as group:
            error = _first(group)
            # Before the socket is closed, which may take a while: lost is lost.
            self._lost(error)
            raise error from None
        finally:
            # A PBX may refuse a session by closing before the first frame.
            if not socket.heard:
                self.session.doubt()
            await socket.close()

    def _new_link(self, socket: Link) -> _Link:
        """Return what belongs to one life of the WebSocket."""
        session, ledger, timing = self.session, self.ledger, self.timing
        capabilities = Capabilities(Refusals(timing.ask_again, self.clock))
        live = _Link(socket, self._new_state(self._state), capabilities)
        live.handle = partial(self.take, live)
        live.publish = partial(self._changed, live)
        rest = RestAccounts(self.line, self._get_accounts, ledger)

        async def check() -> None:
            """Find out whether the calls of the tenant are told."""
            await live.calls.check_grant()

        live.accounts = AccountsReader(live, rest, timing, self._wanted, check)
        live.calls = CallListReader(live, live.accounts, session, ledger, timing)
        live.orbits = OrbitsReader(live, session, ledger, timing, self._orbits_offer)
        live.history = HistoryReader(
            live,
            session,
            ledger,
            timing,
            stories=self.stories,
            tell=self._tell,
            is_quiet=partial(self._is_quiet, live),
            offer=self._history_offer,
        )
        return live

    def _publish(self, live: _Link, reading: asyncio.Task[None] | None) -> None:
        """Put a whole new state in place of the old one, and tell what happened since.

        What only the history tells comes later, if it has not been read by now: the
        present does not wait for the past.
        """
        old, self._state, self._live = self._state, live.state, live
        self.links += 1
        self.changed_at = self.clock.time()
        self._was_live = True
        self.side.begin()
        self._up.set()
        self._reasons_told.clear()
        before, after = old.accounts, live.state.accounts
        changes = Changes(
            accounts=frozenset(after),
            calls=frozenset(after),
            totals=True,
            removed=frozenset(
                number
                for number, account in before.items()
                if number not in after or after[number].type != account.type
            ),
            renamed=frozenset(
                number
                for number in after.keys() & before.keys()
                if after[number].name != before[number].name
            ),
        )
        known = after.keys() | self.stories.accounts
        now = self.clock.monotonic()
        events = self.stories.begin(live.state, self._told_here(known), now)
        if reading and reading.done():
            past = live.history.past
            # What is over comes before what began meanwhile.
            events = [*self.stories.settle(live.state, past, now, math.inf), *events]
            events.sort(key=lambda event: event.account)
        if self._listener:
            self._listener.link_up(changes)
        self._tell(events)

    def _tell(self, events: list[CallEvent]) -> None:
        """Tell what happened to calls, also to those who read what comes of it."""
        if self._listener:
            self._listener.told(events)
        for event in events:
            if event.type is CallEventType.MISSED or (
                event.type is CallEventType.ENDED
                and event.call.direction is Direction.INCOMING
                and not event.duration
            ):
                own = event.account == self.line
                client = self if own else self.lines.get(event.account)
                if client:
                    client.side.hint(Hint.CALL_UNANSWERED)

    def _side_told(self, changes: SideChanges) -> None:
        """Hand on what only REST tells; an address book names those who call now."""
        if changes.kind is not Kind.ADDRESS_BOOK:
            if self._listener:
                self._listener.side_changed(changes)
        elif live := self._live:
            self._changed(live, live.state.take_book(self.side.values.address_book))

    async def history(self) -> tuple[PastCall, ...]:
        """Return the past calls of the line, the newest first.

        Raises NotSupportedError where the PBX tells none, else as `read_history`.
        """
        line = self.live.state.line
        try:
            return await read_history(self.session, line, self.ledger)
        except NotFoundError, MethodNotAllowedError:
            raise NotSupportedError("this PBX tells no history") from None

    async def set_flag(self, number: str, active: bool) -> None:
        """Set a service flag of the PBX; raises a PbxError that says why it did not."""
        _ = self.live
        with record_outcome(self.ledger, "set_flag"):
            await self.side.set_flag(number, active, self.timing.confirm)

    def heard_at(self, past: PastCall) -> float | None:
        """Return when a past call of the line began by the clock of this machine.

        As it is set now, in Unix seconds; None if we did not hear it begin.
        """
        began = self.stories.heard_at(self._state.line, past)
        if began is None:
            return None
        # The same whenever it is asked.
        return round(self.clock.time() - (self.clock.monotonic() - began), 1)

    def _told_here(self, numbers: Iterable[str]) -> set[str]:
        """Return the accounts whose calls are told by this login, not by their own.

        Those that answer by themselves have no story worth telling.
        """
        groups = self._state.groups
        return {
            number
            for number in numbers
            if (number not in self.lines or not self.lines[number].tells)
            and ((group := groups.get(number)) is None or group.type in RINGING_GROUPS)
        }

    def take_over(self, number: str) -> None:
        """Tell the calls of an extension from now on, as far as they are known here."""
        if self._live and self._told_here({number}):
            now = self.clock.monotonic()
            self._tell(self.stories.take_over(self._state, number, now))

    def _lost(self, error: PbxError) -> None:
        """Tell that the state is not live any more, and why: each kind of reason once."""
        if self._live:
            self.changed_at = self.clock.time()
            self._memory.end_link(self._state.listed)
        self._live = None
        self._up.clear()
        self._wake()
        for line in self.lines.values():
            line.drop(error)
        if type(error) not in self._reasons_told:
            self._reasons_told.add(type(error))
            if self._listener and self._was_live:
                self._listener.link_lost(error)

    def _new_state(self, previous: PbxState | None = None) -> PbxState:
        """Return the state that a new link starts with."""
        self._memory.names |= self.tenant_names
        return PbxState(
            self.line,
            self._hosts | self.tenant_names | {self.session.tenant.lower()},
            tenant=self.session.tenant.lower(),
            known={number: known.type for number, known in previous.accounts.items()}
            if previous
            else self._known,
            memory=self._memory,
            ledger=self.ledger,
            book=self.side.values.address_book,
            country=self.country,
        )

    def _login_failed(self, error: PbxError) -> None:
        """End a live link whose session could not be renewed."""
        self.drop(error)

    async def _get_accounts(self, query: dict[str, str]) -> Reply:
        """Return the reply of REST `/accounts`."""
        session = self.session
        return await session.request("GET", session.path("accounts"), params=query)

    # First state

    async def _bootstrap(self, live: _Link) -> None:
        """Ask for everything, in both dialects, until the state is whole.

        A PBX that answers `get-users` has the classic dialect and lists own calls only,
        asked or unasked. Of another one the calls of the tenant are asked for first; if
        it stays silent, this login has no right to see them.
        """
        send, timing = live.socket.send, self.timing
        await send(encode("avoid-disconnect"))
        await send(encode("get-users"))
        problem: PbxError | None = None
        try:
            await live.accounts.read()
            self._accounts_listed |= live.capabilities.rest_tells_accounts
        except (AccessOffError, UnexpectedReplyError) as err:
            problem = err
        await wait_for_event(
            live.accounts_told, timing.answer if problem else timing.settle
        )
        if problem and not live.capabilities.socket_tells_accounts:
            # A list that was there before is missing by mistake.
            if self._accounts_listed or not isinstance(
                problem, NotFoundError | MethodNotAllowedError
            ):
                raise problem
            _LOGGER.debug("The PBX lists no accounts")
        if (
            not live.capabilities.socket_tells_accounts
            and self._wanted is CallScope.TENANT
        ):
            live.capabilities.call_scope = CallScope.TENANT
            live.capabilities.calls_answered = False
            live.calls.told.clear()
            await send(encode("domain-calls", subscribe=True))
            if await wait_for_event(live.calls.told, timing.first_answer):
                self.ledger.assume(Assumption.SUBSCRIPTIONS_ANSWER, True)
                if live.state.may_be_denied:
                    with suppress(AccessOffError, UnexpectedReplyError):
                        await live.accounts.read()
                return
            live.capabilities.call_scope = CallScope.OWN
            await send(encode("domain-calls", subscribe=False))
        answered = await live.calls.ask_for_own()
        live.socket.answers_get_calls = (
            answered and live.capabilities.socket_tells_accounts
        )

    # Steady state

    async def _read(self, live: _Link) -> None:
        """Take in every frame, in order."""
        async for data in live.socket.frames():
            try:
                message = self._decoder.decode(data)
            except FrameError as err:
                self.ledger.drop(str(err))
                self._missed(live, err.lost)
                continue
            if isinstance(message, AccountsSnapshot):
                live.capabilities.socket_tells_accounts = True
                live.accounts_told.set()
                if live.capabilities.call_scope is CallScope.TENANT:
                    # The classic dialect after all: its lists are of own calls.
                    live.capabilities.call_scope = CallScope.OWN
                    await live.socket.send(encode("get-calls"))
            self.take(live, message)
            if isinstance(message, AccountsSnapshot) and live.state.contradicts(
                message
            ):
                live.calls.differs()

    def _missed(self, live: _Link, lost: frozenset[str]) -> None:
        """Ask for the news that a frame had; until the answer calls are not known."""
        if "call-state" in lost:
            self._changed(live, live.state.doubt_calls())
            live.calls.missed()
        if lost - {"call-state"}:
            live.accounts.heard(odd=True)

    def take(self, live: _Link, message: Message) -> None:
        """Apply a message and tell what it changed."""
        begun, now = NOTHING, self.clock.monotonic()
        unheard: frozenset[str] | None = None
        match message:
            # First what comes most, for each of these takes its time.
            case AccountDelta() | AccountsSnapshot() | OrbitList():
                if self._wanted is CallScope.OWN:
                    message = _without_others(message, live.state.line)
            case CallList():
                unheard = live.state.unheard
                begun = live.state.begin_calls(live.capabilities.call_scope)
                live.capabilities.calls_answered = True
                live.calls.heard(odd=message.odd)
            case Signal():
                live.state.presence_pushed |= message.tells_presence
                live.accounts.hint()
                presence = message.tells_presence
                if not (presence or message.tells_calls):
                    live.history.expect_unheard()
                if not message.tells_calls:
                    self.side.hint(
                        Hint.CHANGE_PUSHED if presence else Hint.MISSED_PUSHED
                    )
                return
            case OrbitSignal():
                live.orbits.hint()
                return
            case ChatMessage():
                if live is self._live and self._listener:
                    self._listener.received(message)
                return
        changes = live.state.apply(message, now)
        if unheard and unheard - live.state.listed.keys():
            live.history.expect_unheard()
        if begun is not NOTHING:
            changes = _both(begun, changes)
        if isinstance(message, AccountDelta):
            if message.odd:
                live.accounts.heard(odd=True)
        elif isinstance(message, AccountsSnapshot):
            live.accounts.heard(odd=message.odd)
            live.orbits.hint()
        if changes is NOTHING:
            return
        if changes.doubtful:
            live.accounts.hint()
        if isinstance(message, AccountDelta):
            live.accounts.deltas += 1
        if number := changes.unknown:
            # It may be told of and never be listed: do not ask each time.
            if now - live.asked_for.get(number, -math.inf) >= self.timing.ask_again:
                if len(live.asked_for) >= _ASKED_KEPT:
                    live.asked_for.clear()
                live.asked_for[number] = now
                live.accounts.hint()
        elif isinstance(message, AccountDelta):
            group = live.state.groups.get(message.account.number)
            if group and group.type == ORBIT:
                live.orbits.hint()
        self._changed(live, changes)

    def _changed(self, live: _Link, changes: Changes) -> None:
        """Tell what changed in the state, once it is whole."""
        if changes is NOTHING or live is not self._live:
            return
        events: list[CallEvent] = []
        if changes.calls:
            numbers = self._told_here(changes.calls)
            events = self.stories.tell(live.state, numbers, self.clock.monotonic())
        if self._listener:
            self._listener.changed(changes)
        if changes.calls:
            self._tell(events)
            if self.stories.wants_proof(live.state.line):
                live.history.want()
        self._wake()

    def _is_quiet(self, live: _Link) -> bool:
        """Return whether calls may come that no phone hears and no push tells of."""
        line = self.watcher.state.extensions.get(live.state.line)
        return (
            live.capabilities.call_scope is CallScope.OWN
            and live.state.line not in self.stories.without_history
            and line is not None
            and line.dnd is True
        )

    # For the control floor

    @property
    def live(self) -> _Link:
        """Return the live link; raises NotConnectedError when there is none."""
        if self._live is None:
            raise NotConnectedError("there is no link to the PBX")
        return self._live

    def dialect(self) -> dict[str, Any]:
        """Return how this PBX turned out to speak, for the diagnostics."""
        if (live := self._live) is None:
            return {}
        return {
            **live.capabilities.as_diagnostics(),
            "presence_pushed": live.state.presence_pushed,
        }

    @property
    def capabilities(self) -> Capabilities:
        """Return what the PBX offers; raises NotConnectedError without a link."""
        return self.live.capabilities

    @property
    def accounts_hidden(self) -> bool:
        """Return whether the PBX has no list of accounts for this login."""
        return self.capabilities.accounts_hidden

    @property
    def calls_hidden(self) -> bool:
        """Return whether the calls of the tenant were asked for in vain.

        The classic dialect has none, and is never asked.
        """
        return (
            self._wanted is CallScope.TENANT
            and self.live.capabilities.call_scope is CallScope.OWN
            and not self.live.capabilities.socket_tells_accounts
        )

    @property
    def watcher(self) -> PbxClient:
        """Return who knows the presence of the extensions."""
        return self

    @property
    def teller(self) -> PbxClient:
        """Return who tells the story of the line's calls."""
        return self

    @property
    def primary(self) -> PbxClient:
        """Return the line that watches the tenant."""
        return self.watcher

    @property
    def tracker(self) -> Stories:
        """Return the tracker of the calls of all lines."""
        return self.stories

    @property
    def live_state(self) -> PbxState:
        """Return the state while it is live; raises NotConnectedError when it is not."""
        return self.live.state

    async def send(self, action: str, **fields: str) -> None:
        """Send a command over the socket."""
        await self.live.socket.send(encode(action, **fields))

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

    def refresh(self) -> None:
        """Read the accounts at once."""
        self.live.accounts.hint(urgent=True)

    def refresh_orbits(self) -> None:
        """Read the park orbits soon."""
        self.live.orbits.hint()

    async def wait_for[T](
        self, check: Callable[[PbxState], T | None], until: float
    ) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when it has not by a time of the event loop,
        NotConnectedError when the link is lost meanwhile, and what `check` raises.
        """
        try:
            async with asyncio.timeout_at(until):
                while (found := check(self.live.state)) is None:
                    future = asyncio.get_running_loop().create_future()
                    self._waiting[future] = None
                    try:
                        await future
                    finally:
                        self._waiting.pop(future, None)
        except TimeoutError:
            raise NotConfirmedError("the state asked for did not come") from None
        return found

    def _wake(self) -> None:
        """Let those who wait look at the state again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class LineClient(PbxClient):
    """The login of a further extension: its calls, and its commands.

    All else another client watches, and this link lives only while that one is up.
    """

    _watches = False

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener,
        watcher: PbxClient,
    ) -> None:
        """Prepare; nothing happens before `start`."""
        self._watcher = watcher
        self._away = False
        super().__init__(
            http,
            server,
            credentials,
            listener,
            flags=None,
            country=watcher.country,
            timing=watcher.timing,
        )
        self.stories = watcher.stories
        watcher.lines[credentials.extension] = self

    @property
    @override
    def watcher(self) -> PbxClient:
        """Return who knows the presence of the extensions."""
        return self._watcher

    @property
    @override
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        return super().tenant_names | self._watcher.tenant_names

    @property
    @override
    def teller(self) -> PbxClient:
        """Return who tells the story of the line's calls."""
        return self if self.tells else self._watcher

    @property
    def tells(self) -> bool:
        """Return whether the calls of the extension are told by this login.

        Once it has been heard: what it tells is not to be ended by one who knows less,
        unless it stays away.
        """
        return (
            self._was_live
            and not self._away
            and self._watcher.state.scope is not CallScope.TENANT
        )

    @override
    def _stay_away(self, *, for_good: bool = True) -> None:
        """Leave the calls to the watcher until the login is accepted again.

        One that may be back any time only if the watcher knows what it would leave.
        """
        known = self._watcher.state.extensions.get(self.line)
        if self.tells and (for_good or (known and known.complete)):
            self._away = True
            self._watcher.take_over(self.line)

    @override
    async def start(self) -> None:
        """Begin to connect, and stay at it: what hinders it is not raised."""
        begun = _new_future()
        begun.set_result(None)
        self._task = asyncio.create_task(self._run(begun), name="vodia line")

    @override
    async def close(self) -> None:
        """Disconnect, log out and stop; the watcher tells what it knows again."""
        self._watcher.lines.pop(self._credentials.extension, None)
        await self._close()

    @override
    async def _connected(self, up: Callable[[], None]) -> None:
        """Live one life of the link, within one of the watcher's."""
        await self._watcher.wait_until_up()
        await super()._connected(up)

    @override
    def _publish(self, live: _Link, reading: asyncio.Task[None] | None) -> None:
        """Put a whole new state in place of the old one: the login tells its calls."""
        self._away = False
        super()._publish(live, reading)

    @override
    def _new_state(self, previous: PbxState | None = None) -> PbxState:
        """Return the state that a new link starts with: the accounts are known."""
        state = super()._new_state(previous)
        state.take_names(self._watcher.state)
        return state

    @override
    async def _bootstrap(self, live: _Link) -> None:
        """Ask for the calls of the extension."""
        await live.socket.send(encode("avoid-disconnect"))
        answered = await live.calls.ask_for_own()
        told = self._watcher.live.capabilities.socket_tells_accounts
        live.socket.answers_get_calls = answered and told

    @override
    def _told_here(self, numbers: Iterable[str]) -> set[str]:
        """Return the extension, if its calls are told by this login."""
        return {self._credentials.extension} & set(numbers) if self.tells else set()


def _without_others(message: Message, line: str) -> Message:
    """Return what is told of accounts without the calls of others than the line."""

    def quiet(account: Account) -> Account:
        """Return an account with its presence only."""
        if account.number == line:
            return account
        return replace(account, busy=None, calls=None)

    match message:
        case AccountDelta():
            return replace(message, account=quiet(message.account))
        case AccountsSnapshot():
            return replace(message, accounts=tuple(map(quiet, message.accounts)))
    return message


def _first(group: BaseExceptionGroup[PbxError]) -> PbxError:
    """Return the first error of a group."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _both(one: Changes, other: Changes) -> Changes:
    """Return what two messages changed together."""
    return replace(
        other,
        accounts=one.accounts | other.accounts,
        calls=one.calls | other.calls,
        totals=one.totals or other.totals,
    )
