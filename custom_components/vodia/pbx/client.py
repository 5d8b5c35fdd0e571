"""PbxClient: log in, stay connected, and keep the state of the tenant true."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
import logging
import random
import time
from typing import Any, Final, Protocol

import aiohttp

from .auth import Login, account_path, login
from .control import Control
from .errors import (
    AccessOffError,
    CannotConnectError,
    LoginRefusedError,
    NotConfirmedError,
    NotConnectedError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
    UnknownTenantError,
)
from .ledger import Ledger
from .link import Link, Timing
from .messages import (
    AccountDelta,
    AccountsSnapshot,
    CallList,
    FrameError,
    Message,
    Signal,
    decode,
    decode_accounts,
    encode,
)
from .models import (
    EXTENSION,
    NOTHING,
    Account,
    CallScope,
    Changes,
    Credentials,
    LoginWay,
    Server,
)
from .rest import SESSION_PATH, Reply, Rest
from .state import PbxState

_LOGGER = logging.getLogger(__name__)

TIMING: Final = Timing()
_WEBSOCKET_PATH: Final = "/websocket"
_ROOT_PATH: Final = "/"


class Listener(Protocol):
    """Who is told what happens; every call is made in the event loop."""

    def changed(self, changes: Changes) -> None:
        """Take note of a change of the state."""

    def link_up(self, changes: Changes) -> None:
        """Take note that the state is whole and live, with all that changed."""

    def link_lost(self, error: PbxError) -> None:
        """Take note that the state is not live any more."""

    def login_refused(self, error: PbxError) -> None:
        """Take note that the client has given up until it gets other credentials."""


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
    path: str
    state: PbxState
    accounts_told: asyncio.Event = field(default_factory=asyncio.Event)
    calls_told: asyncio.Event = field(default_factory=asyncio.Event)
    refresh_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    call_scope: CallScope = CallScope.TENANT
    socket_tells_accounts: bool = False
    presence_pushed: bool = False
    failure: asyncio.Future[None] = field(default_factory=_new_future)
    rest_calls: bool | None = None
    dnd_way: int = 0


class PbxClient:
    """One login to one tenant of a PBX."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener | None = None,
        *,
        way: LoginWay | None = None,
        known: Iterable[str] = (),
    ) -> None:
        """Prepare; nothing happens before `start`.

        `http` was made with `rest.session_options`. `known` are the extensions of
        earlier days: one that the PBX lacks now is absent, not unheard of.
        """
        self.ledger = Ledger()
        self.timing = TIMING
        self.rest = Rest(http, server, self.ledger, self.timing.request)
        self.control = Control(self)
        self.tenant = credentials.tenant or ""
        self.way = way
        self.server_name: str | None = None
        self._credentials = credentials
        self._listener = listener
        self._hosts = frozenset({server.host.lower(), "localhost"})
        self._tenants: tuple[str, ...] = ()
        self._path = _WEBSOCKET_PATH
        self._logged_in = False
        self._renewing = asyncio.Lock()
        self._known = tuple(known)
        self._state = self._new_state()
        self._live: _Link | None = None
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._task: asyncio.Task[None] | None = None

    # Life

    @property
    def state(self) -> PbxState:
        """Return the last whole state; it is live while `connected`."""
        return self._state

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self._live is not None

    @property
    def path(self) -> str:
        """Return the path of the WebSocket that worked last."""
        return self._path

    async def start(self) -> None:
        """Connect and read the first whole state; from then on stay connected.

        Raises the PbxError that hinders the first connection; then nothing runs.
        """
        first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(first), name="vodia link")
        try:
            await first
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect, log out and stop."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._logged_in and "Cookie" in self.rest.headers:
            # A session lives for days; the PBX need not keep ours.
            with suppress(PbxError, TimeoutError):
                async with asyncio.timeout(2):
                    await self.rest.request("DELETE", SESSION_PATH)
        self._logged_in = False

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
            if isinstance(error, SessionExpiredError):
                self._logged_in = False
            elif isinstance(error, LoginRefusedError | SecondFactorError):
                if self._listener:
                    self._listener.login_refused(error)
                return
            if up_at is not None and loop.time() - up_at >= self.timing.healthy:
                delay = self.timing.first_retry
            await asyncio.sleep(delay * random.uniform(0.5, 1))
            delay = min(delay * 2, self.timing.last_retry)

    async def _connected(self, up: Callable[[], None]) -> None:
        """Live one life of the link; returns only by raising what ended it."""
        socket, path = await self._open()
        live = _Link(socket, path, self._new_state(self._state))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(live))
                tasks.create_task(_wait(live.failure))
                await self._bootstrap(live)
                self._publish(live)
                up()
                tasks.create_task(socket.watch(self._probe))
                tasks.create_task(self._keep_fresh(live))
        except* PbxError as group:
            error = _first(group)
            # Before the socket is closed, which may take a while: lost is lost.
            self._lost(error)
            raise error from None
        finally:
            # A PBX may refuse a session by closing before the first frame.
            self._logged_in &= socket.heard
            await socket.close()

    def _publish(self, live: _Link) -> None:
        """Put a whole new state in place of the old one."""
        old, self._state, self._live = self._state, live.state, live
        before, after = old.extensions, live.state.extensions
        changes = Changes(
            extensions=frozenset(after),
            totals=True,
            removed=frozenset(before.keys() - after.keys()),
            renamed=frozenset(
                number
                for number in after.keys() & before.keys()
                if after[number].name != before[number].name
            ),
        )
        if self._listener:
            self._listener.link_up(changes)

    def _lost(self, error: PbxError) -> None:
        """Tell that the state is not live any more."""
        was_live, self._live = self._live, None
        self._wake()
        if was_live and self._listener:
            self._listener.link_lost(error)

    def _new_state(self, previous: PbxState | None = None) -> PbxState:
        """Return the state that a new link starts with."""
        return PbxState(
            self._credentials.extension,
            self._hosts | {self.tenant.lower()},
            known=previous.extensions if previous else self._known,
            memory=previous.memory if previous else None,
        )

    # Login and handshake

    async def _log_in(self) -> None:
        """Log in anew."""
        self._logged_in = False
        result: Login = await login(self.rest, self._credentials, self.way)
        self._logged_in = True
        self.way, self._tenants = result.way, result.tenants
        self.server_name = result.server or self.server_name

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply to a REST call; a session that has expired is renewed once.

        Raises as `Rest.request` does. A login that is refused now ends the link, so
        that nobody tries the same password again.
        """
        headers = self.rest.headers
        try:
            return await self.rest.request(method, path, body, params=params)
        except SessionExpiredError:
            pass
        async with self._renewing:
            if self.rest.headers is headers:
                try:
                    await self._log_in()
                except PbxError as err:
                    if self._live and not self._live.failure.done():
                        self._live.failure.set_exception(err)
                    raise
        return await self.rest.request(method, path, body, params=params)

    async def _open(self) -> tuple[Link, str]:
        """Return an open socket; a session that is refused is renewed once."""
        if not self._logged_in:
            await self._log_in()
        try:
            return await self._shake_hands()
        except SessionExpiredError, AccessOffError:
            await self._log_in()
        try:
            return await self._shake_hands()
        except SessionExpiredError:
            raise LoginRefusedError("the new session is refused") from None

    async def _shake_hands(self) -> tuple[Link, str]:
        """Return a socket on the path and in the tenant that the PBX takes."""
        paths = (_WEBSOCKET_PATH, _ROOT_PATH)
        for path in sorted(paths, key=lambda path: path != self._path):
            for tenant in self._tenants if path == _WEBSOCKET_PATH else (None,):
                user = self._credentials.extension
                try:
                    link = await Link.open(
                        self.rest,
                        path,
                        {"domain": tenant, "user": user} if tenant else {},
                        self.timing,
                        self.ledger,
                    )
                except UnexpectedReplyError as err:
                    _LOGGER.debug("No WebSocket at %s: %s", path, err)
                    continue
                self._path = path
                self.tenant = tenant or self._tenants[0]
                return link, path
        raise UnknownTenantError("no WebSocket for this tenant")

    # First state

    async def _bootstrap(self, live: _Link) -> None:
        """Ask for everything, in both dialects, until the state is whole.

        The tenant's calls are asked for first. A PBX that does not answer has either the
        classic dialect or no right to see them: then only the own calls are listed.
        """
        answer = self.timing.answer
        await live.socket.send(encode("avoid-disconnect"))
        await live.socket.send(encode("get-users"))
        await live.socket.send(encode("domain-calls", subscribe=True))
        denied: AccessOffError | None = None
        try:
            await self._read_accounts(live)
        except AccessOffError as err:
            denied = err
        except UnexpectedReplyError:
            await _set(live.accounts_told, answer)
        # Answers come in the order of the questions: behind a `domain-state` there is
        # not much to wait for.
        if not await _set(
            live.calls_told,
            self.timing.settle
            if live.socket_tells_accounts
            else self.timing.first_answer,
        ):
            live.call_scope = CallScope.OWN
            await live.socket.send(encode("domain-calls", subscribe=False))
            await live.socket.send(encode("own-calls", subscribe=True))
            await live.socket.send(encode("get-calls"))
            live.socket.answers_get_calls = (
                await _set(live.calls_told, answer) and live.socket_tells_accounts
            )
        if not live.accounts_told.is_set() and not await _set(
            live.accounts_told, self.timing.settle
        ):
            if denied:
                raise denied
            _LOGGER.debug("The PBX lists no accounts")

    async def _read_accounts(self, live: _Link) -> None:
        """Read the accounts over REST, unless the socket tells them.

        Raises AccessOffError where it is forbidden, UnexpectedReplyError where this PBX
        has no such list.
        """
        filtered = await self._get_accounts({"type": EXTENSION})
        everything = await self._get_accounts({})
        phones = {account.number for account in filtered}
        if phones == {account.number for account in everything}:
            # Extensions only, or a server that does not know the filter: one question
            # more tells, for an account of unknown type is not a phone.
            others = await self._get_accounts({"type": "hunts"})
            if not phones.isdisjoint(account.number for account in others):
                phones.clear()
        if live.socket_tells_accounts:
            return
        by_number = {account.number: account for account in (*everything, *filtered)}
        accounts = tuple(
            replace(account, type=EXTENSION) if account.number in phones else account
            for account in by_number.values()
        )
        self.take(live, AccountsSnapshot(accounts))
        live.accounts_told.set()

    async def _get_accounts(self, params: dict[str, str]) -> tuple[Account, ...]:
        """Return one REST list of accounts, their type not known."""
        reply = await self.request("GET", self.own_path("accounts"), params=params)
        try:
            return decode_accounts(reply.json, self.ledger)
        except FrameError as err:
            raise UnexpectedReplyError(f"accounts: {err}") from None

    # Steady state

    async def _read(self, live: _Link) -> None:
        """Take in every frame, in order."""
        async for data in live.socket.frames():
            try:
                message = decode(data, self.ledger)
            except FrameError as err:
                self.ledger.drop(str(err))
                continue
            if isinstance(message, AccountsSnapshot):
                live.socket_tells_accounts = True
                live.accounts_told.set()
            self.take(live, message)

    def take(self, live: _Link, message: Message) -> None:
        """Apply a message and tell what it changed."""
        changes = NOTHING
        match message:
            case Signal():
                live.presence_pushed |= message.tells_presence
                live.refresh_wanted.set()
                return
            case CallList():
                changes = live.state.begin_calls(live.call_scope)
                live.calls_told.set()
            case AccountDelta():
                live.presence_pushed = True
        changes = _both(changes, live.state.apply(message, time.monotonic()))
        if not changes:
            return
        if changes.incomplete:
            live.refresh_wanted.set()
        if live is self._live:
            if self._listener:
                self._listener.changed(changes)
            self._wake()

    async def _keep_fresh(self, live: _Link) -> None:
        """Read the accounts again when something hints at a change, or slowly.

        Over REST every minute until a push of presence was seen; on the socket only to
        learn whether a missing account stays away.
        """
        timing = self.timing
        while True:
            pause: float | None = timing.slow_read
            if live.socket_tells_accounts or live.presence_pushed:
                pause = timing.forget if live.state.missing else None
            await _set(live.refresh_wanted, pause)
            await asyncio.sleep(timing.settle)
            live.refresh_wanted.clear()
            if live.socket_tells_accounts:
                await live.socket.send(encode("get-users"))
                # Some account may be told of and never be listed: do not ask each time.
                await asyncio.sleep(timing.ask_again)
            elif live.accounts_told.is_set():
                try:
                    await self._read_accounts(live)
                except CannotConnectError, UnexpectedReplyError:
                    await asyncio.sleep(timing.settle)
                    await self._read_accounts(live)

    async def _probe(self) -> None:
        """Ask the PBX anything; raises CannotConnectError when nobody answers."""
        with suppress(UnexpectedReplyError, AccessOffError, SessionExpiredError):
            await self.rest.request("GET", SESSION_PATH)

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
            "socket_tells_accounts": live.socket_tells_accounts,
            "rest_tells_accounts": not live.socket_tells_accounts
            and live.accounts_told.is_set(),
            "presence_pushed": live.presence_pushed,
            "calls_answered": live.calls_told.is_set(),
            "rest_call_commands": live.rest_calls,
            "dnd_way": live.dnd_way,
        }

    async def send(self, action: str, **fields: str | bool) -> None:
        """Send a command over the socket."""
        await self.live.socket.send(encode(action, **fields))

    def refresh(self) -> None:
        """Ask for the accounts soon."""
        self.live.refresh_wanted.set()

    async def wait_for[T](self, check: Callable[[PbxState], T | None]) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when that takes more than 5 s, NotConnectedError when
        the link is lost meanwhile, and what `check` raises.
        """
        try:
            async with asyncio.timeout(self.timing.confirm):
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

    def own_path(self, kind: str) -> str:
        """Return the REST path of something that belongs to the own extension."""
        return account_path(self._credentials.extension, self.tenant, kind)


async def _set(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event; return whether it came in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _first(group: BaseExceptionGroup[PbxError]) -> PbxError:
    """Return the first error of a group."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _both(one: Changes, other: Changes) -> Changes:
    """Return what two messages changed together."""
    if not one:
        return other
    return replace(
        other,
        extensions=one.extensions | other.extensions,
        totals=one.totals or other.totals,
    )
