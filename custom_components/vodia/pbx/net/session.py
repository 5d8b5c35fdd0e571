"""The session of a login: kept, renewed once when it is refused, ended at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
import logging
from typing import Final

from ..errors import (
    AccessOffError,
    CannotConnectError,
    LoginForbiddenError,
    LoginRefusedError,
    NotConnectedError,
    NotOfferedError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
    UnknownTenantError,
)
from ..models import Credentials, LoginMethodUsed
from ..timing import Timing
from .link import Link
from .login import CLOSE, account_path, find_account, log_out, login
from .rest import SESSION_PATH, Download, Reply, Rest

_LOGGER = logging.getLogger(__name__)

_WEBSOCKET_PATH: Final = "/websocket"
_ROOT_PATH: Final = "/"


class Session:
    """A login to a PBX, and what needs one: REST calls and WebSockets."""

    def __init__(
        self,
        rest: Rest,
        credentials: Credentials,
        way: LoginMethodUsed | None,
        timing: Timing,
        login_failed: Callable[[PbxError], None],
    ) -> None:
        """Prepare; `login_failed` is told when a session cannot be renewed."""
        self.rest, self.trace, self.timing = rest, rest.trace, timing
        self.url = rest.url
        self.way = way
        self.tenant = credentials.tenant or ""
        self.extension = credentials.extension
        # In lower case, as far as the login proves them.
        self.tenant_names = frozenset[str]()
        self.server_name: str | None = None
        self.websocket_path = _WEBSOCKET_PATH
        self._credentials = credentials
        self._login_failed = login_failed
        self._tenants: tuple[str, ...] = ()
        self._in_doubt = False
        self._closed = False
        self._pending: set[asyncio.Timeout] = set()
        self._refused: PbxError | None = None
        self._has_worked = self._forbidden = self._account_told = False
        # Counts the sessions: another number is another session, or none any more.
        self._generation = 0
        # To which session first. If it is to another one too, each login would be in
        # vain, and the end of the old session may end its WebSocket.
        self._refused_calls: dict[tuple[str, ...], int] = {}
        self._logging_in = asyncio.Lock()
        self._logins: set[asyncio.Task[None]] = set()

    def require_login(self) -> None:
        """Log in again before the next socket is opened."""
        self._in_doubt = True

    def try_again(self) -> None:
        """Forget what may have been refused in passing."""
        if isinstance(self._refused, CannotConnectError):
            self._refused = None

    def clear_refusal(self) -> None:
        """Forget that the login was refused: it may be tried again."""
        self._refused = None

    async def close(self) -> None:
        """Log out; what is being asked ends at once, and nothing is asked any more."""
        self._closed = True
        while self._pending:
            self._pending.pop().reschedule(0)
        for task in tuple(self._logins):
            task.cancel()
        await asyncio.gather(*self._logins, return_exceptions=True)
        await self._log_out()

    async def probe(self) -> None:
        """Ask the PBX anything; raises CannotConnectError when nobody answers."""
        with suppress(UnexpectedReplyError, AccessOffError, SessionExpiredError):
            headers = {**self.rest.headers, **CLOSE}
            await self.rest.request("GET", SESSION_PATH, headers=headers)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the reply to a REST call; a session that has expired is renewed once.

        Not for a call that was refused to another one before. A path without a slash at
        its beginning is one of the own extension. Raises as `Rest.request`
        does, AccessOffError where even a new session is not enough, NotConnectedError
        after `close`.
        """
        if not path.startswith("/"):
            path = account_path(self.extension, self.tenant, path)
        # One connection is kept open: what is asked beside something else has its own.
        extra = CLOSE if self._pending else {}
        async with self._until_closed():
            # Which of several things of one path is told by the parameters.
            return await self._renewing(
                (method, path, *(params or {}).values()),
                lambda headers: self.rest.request(
                    method, path, body, params=params, headers={**headers, **extra}
                ),
            )

    @asynccontextmanager
    async def download(
        self, path: str, params: Mapping[str, str]
    ) -> AsyncIterator[Download]:
        """Open a reply that is read in pieces; raises as `request`, also while it is read."""
        async with self._until_closed(), AsyncExitStack() as stack:
            yield await self._renewing(
                ("GET", path),
                lambda headers: stack.enter_async_context(
                    self.rest.download(path, params, {**headers, **CLOSE})
                ),
            )

    @asynccontextmanager
    async def _until_closed(self) -> AsyncIterator[None]:
        """Let `close` end what is asked meanwhile; raises NotConnectedError then."""
        if self._closed:
            raise NotConnectedError("the session is closed")
        try:
            # It never ends by itself.
            async with asyncio.timeout(None) as pending:
                self._pending.add(pending)
                try:
                    yield
                finally:
                    self._pending.discard(pending)
        except TimeoutError:
            raise NotConnectedError("the session is closed") from None

    async def _renewing[ReplyT](
        self,
        call: tuple[str, ...],
        ask: Callable[[Mapping[str, str]], Awaitable[ReplyT]],
    ) -> ReplyT:
        """Return the reply to a call; renew the session once where it is refused."""
        while True:
            asked, headers = self._generation, self.rest.headers
            try:
                reply = await ask(headers)
            except SessionExpiredError:
                if self._refused_calls.setdefault(call, asked) != asked:
                    raise AccessOffError("refused to a new session, too") from None
            else:
                self._refused_calls.pop(call, None)
                return reply
            try:
                await self._log_in(asked)
            except PbxError as err:
                self._login_failed(err)
                raise

    async def open(self) -> Link:
        """Return an open socket; a session that is refused is renewed once.

        Raises LoginRefusedError, AccessOffError, UnknownTenantError, or what else
        hinders the login or the handshake.
        """
        if not self.rest.headers or self._in_doubt:
            await self._log_in(self._generation)
        try:
            return await self._shake_hands()
        except AccessOffError:
            await self._log_out()
        except SessionExpiredError:
            pass
        except UnknownTenantError:
            # Perhaps it is not the tenant: who logs in by an alias has another number.
            if self._account_told:
                raise
            self._account_told = True
            found = await find_account(self.rest, self._credentials, self._tenants)
            if found in (None, self.extension):
                raise
            self.extension = found
            return await self._shake_hands()
        await self._log_in(self._generation)
        try:
            return await self._shake_hands()
        except SessionExpiredError:
            raise LoginRefusedError("the new session is refused") from None

    async def _log_in(self, refused: int) -> None:
        """Log in again in place of a session, even if the caller is cancelled meanwhile.

        Otherwise nobody would know the new session, which lives for days.
        """
        task = asyncio.create_task(self._renew(refused), name="vodia login")
        self._logins.add(task)
        task.add_done_callback(self._log_in_done)
        await asyncio.wait((task,))
        await task

    def _log_in_done(self, task: asyncio.Task[None]) -> None:
        """Forget a login that is done; nobody may be left to hear why it failed."""
        self._logins.discard(task)
        if not task.cancelled():
            task.exception()

    async def _renew(self, refused: int) -> None:
        """Log in again, unless there is another session than the refused one by now.

        A refusal is remembered: nobody tries the same password again. With 403 one
        that has worked before may be refused in passing, so it is tried once more, when
        `try_again` says so.
        """
        async with self._logging_in:
            if self._refused:
                raise self._refused
            if self._generation != refused:
                return
            old = self.rest.headers
            try:
                result = await login(self.rest, self._credentials, self.way)
            except LoginForbiddenError as err:
                in_passing = self._has_worked and not self._forbidden
                self._forbidden = True
                self._refused = CannotConnectError(str(err)) if in_passing else err
                raise self._refused from None
            except (LoginRefusedError, SecondFactorError) as err:
                self._refused = err
                raise
            self._has_worked, self._forbidden = True, False
            self._use(result.headers)
            self.way, self._tenants = result.way, result.tenants
            self.tenant_names |= {name.lower() for name in result.tenant_names}
            self._account_told = result.account is not None
            self.extension = result.account or self.extension
            self.server_name = result.server or self.server_name
            self._in_doubt = False
            # It may be refused for other reasons than its age, and live on.
            await log_out(self.rest, old)

    async def _log_out(self) -> None:
        """End the session."""
        old = self.rest.headers
        self._use({})
        await log_out(self.rest, old)

    def _use(self, headers: Mapping[str, str]) -> None:
        """Use the headers of another session, or of none, from now on."""
        self.rest.headers = headers
        self._generation += 1

    async def _shake_hands(self) -> Link:
        """Return a socket on the path and in the tenant that the PBX takes."""
        refusal: PbxError = UnknownTenantError("no WebSocket for this tenant")
        odd: PbxError | None = None
        paths = (_WEBSOCKET_PATH, _ROOT_PATH)
        for path in sorted(paths, key=lambda path: path != self.websocket_path):
            for tenant in self._tenants if path == _WEBSOCKET_PATH else (None,):
                query = {"domain": tenant, "user": self.extension} if tenant else {}
                try:
                    link = await Link.open(self.rest, path, query, self.timing)
                except (SessionExpiredError, AccessOffError) as err:
                    # Perhaps only of this tenant: it outweighs that others are unknown.
                    refusal = err
                except UnexpectedReplyError as err:
                    _LOGGER.debug("No WebSocket at %s: %s", path, err)
                    # The root is a page where it is no WebSocket: that is not odd.
                    if tenant and not isinstance(err, NotOfferedError):
                        odd = err
                else:
                    self.websocket_path = path
                    self.tenant = tenant or self._tenants[0]
                    return link
        raise odd if odd and isinstance(refusal, UnknownTenantError) else refusal
