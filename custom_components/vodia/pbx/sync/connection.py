"""Stay connected: try again after each loss, until the login is refused or closed.

One use of a socket is a `Life`: it ends with the error that says why. What follows is here
alone: how long to wait, when to look at the port, and which errors end it for good.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import logging
import random
from typing import Protocol

from ..errors import (
    AccessOffError,
    LoginForbiddenError,
    LoginRefusedError,
    NotConnectedError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
)
from ..net.session import Session
from .dispatch import Dispatch

_LOGGER = logging.getLogger(__name__)


class Life(Protocol):
    """What a connection is kept for."""

    async def open_link(self) -> Dispatch:
        """Return an open link; raises the PbxError that prevents it."""

    async def begin(self, link: Dispatch, tasks: asyncio.TaskGroup) -> None:
        """Make a link live, and create the tasks that keep it so."""

    def link_lost(self, error: PbxError, *, is_new: bool) -> None:
        """Handle that there is no link, for a reason that may be new since the last one."""

    def login_refused(self, error: PbxError) -> None:
        """Handle that a person has to do something about the login."""

    def stays_away(self, *, for_good: bool) -> None:
        """Handle that the link will not be back soon, or not at all by itself."""


class Connection:
    """A link that is opened again after every loss."""

    def __init__(self, session: Session, life: Life) -> None:
        """Prepare; nothing happens before `start` or `begin`."""
        self._session = session
        self._timing = session.timing
        self._life = life
        self._up = asyncio.Event()
        # The kinds of reasons since the last link.
        self._reasons: set[type[PbxError]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Lock()

    async def start(self) -> None:
        """Open the first link; from then on stay connected.

        Raises the PbxError that prevents it, NotConnectedError when closed meanwhile; then
        nothing runs.
        """
        first = asyncio.get_running_loop().create_future()
        task = self.begin(first)

        def ended(_: asyncio.Task[None]) -> None:
            """Let nobody wait for a link that was closed."""
            if not first.done():
                first.set_exception(NotConnectedError("closed"))

        task.add_done_callback(ended)
        try:
            await first
        except BaseException:
            await self.close()
            raise

    def begin(self, first: asyncio.Future[None] | None = None) -> asyncio.Task[None]:
        """Begin to connect, and stay at it.

        Where somebody waits for the `first` link, its failure is the end.
        """
        self._task = asyncio.create_task(self._run(first), name="vodia link")
        return self._task

    async def close(self) -> None:
        """Disconnect, log out and stop."""
        # Whoever closes as well is back when it is done, not before.
        async with self._closing:
            task, self._task = self._task, None
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._session.close()

    async def wait_until_up(self) -> None:
        """Wait until a link is up."""
        await self._up.wait()

    def _lost(self, error: PbxError) -> None:
        """Report that there is no link, and why."""
        self._up.clear()
        is_new = type(error) not in self._reasons
        self._reasons.add(type(error))
        self._life.link_lost(error, is_new=is_new)

    async def _run(self, first: asyncio.Future[None] | None) -> None:
        """Connect, and connect again after every loss, until refused or cancelled."""
        loop, timing = asyncio.get_running_loop(), self._timing
        delay = timing.first_retry
        while True:
            up_at: float | None = None

            def up() -> None:
                nonlocal up_at
                up_at = loop.time()
                self._up.set()
                self._reasons.clear()
                if first and not first.done():
                    first.set_result(None)

            try:
                await self._use_link(up)
            except PbxError as err:
                error = err
            except Exception as err:
                _LOGGER.exception("Unexpected error in the link to the PBX")
                error = PbxError(type(err).__name__)
            self._lost(error)
            if first and not first.done():
                first.set_exception(error)
                return
            if delay > timing.healthy:
                self._life.stays_away(for_good=False)
            if isinstance(error, SessionExpiredError):
                self._session.require_login()
            elif isinstance(
                error, LoginRefusedError | SecondFactorError | AccessOffError
            ):
                self._life.stays_away(for_good=True)
                self._life.login_refused(error)
                if not isinstance(error, AccessOffError):
                    return
            if up_at is not None and loop.time() - up_at >= timing.healthy:
                delay = timing.first_retry
            if isinstance(error, LoginForbiddenError):
                # Who sends a password again and again is blocked.
                await asyncio.sleep(timing.forbidden)
                self._session.clear_refusal()
            elif await self._pause(delay * random.uniform(0.5, 1)):
                delay = timing.first_retry
            else:
                delay = min(delay * 2, timing.last_retry)
            self._session.try_again()

    async def _use_link(self, up: Callable[[], None]) -> None:
        """Use one socket, call `up` when it is live; raises what ended it."""
        link = await self._life.open_link()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.read())
                tasks.create_task(link.wait_for_end())
                await self._life.begin(link, tasks)
                up()
        except* PbxError as group:
            error = _first(group)
            # Before the socket is closed, which may take a while: lost is lost.
            self._lost(error)
            raise error from None
        finally:
            # A PBX may refuse a session by closing before the first frame.
            if not link.socket.heard:
                self._session.require_login()
            await link.socket.close()

    async def _pause(self, seconds: float) -> bool:
        """Wait before the next try; return at once, with True, when the PBX is back.

        Only whether its port is open is looked at, as long as it is not: a login costs
        more, and a PBX that refuses one is not asked more often.
        """
        loop, look, away = asyncio.get_running_loop(), self._timing.look, False
        end = loop.time() + seconds
        while (begun := loop.time()) + look < end:
            if await self._session.rest.is_open(look):
                if away:
                    return True
                break
            away = True
            await asyncio.sleep(look - (loop.time() - begun))
        await asyncio.sleep(end - loop.time())
        return False


def _first(group: BaseExceptionGroup[PbxError]) -> PbxError:
    """Return the first error of a group."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
