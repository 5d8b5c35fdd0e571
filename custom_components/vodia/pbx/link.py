"""One life of the WebSocket: handshake, keepalive, and finding out that it is dead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import socket
from typing import Final, Self

import aiohttp

from .assumptions import Assumption
from .errors import CannotConnectError
from .ledger import Ledger
from .messages import encode
from .rest import Rest, network_errors

_MESSAGE_LIMIT: Final = 16 * 1024 * 1024
_USER_TIMEOUT_MS: Final = 15_000
# What RFC 6455 calls a close frame that gives no code.
_NO_CODE: Final = 1005
# Seconds of work after which others in the loop get their turn.
_LONG_WORK: Final = 0.004


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the connection; tests shorten them."""

    connect: float = 10.0
    request: float = 10.0
    answer: float = 3.0
    first_answer: float = 1.0
    ping: float = 15.0
    keepalive: float = 30.0
    send: float = 10.0
    settle: float = 0.3
    between_reads: float = 2.0
    ask_again: float = 60.0
    slow_read: float = 60.0
    forget: float = 610.0
    quiet: float = 120.0
    first_retry: float = 2.0
    last_retry: float = 60.0
    healthy: float = 20.0
    look: float = 3.0
    forbidden: float = 900.0
    confirm: float = 5.0
    proof: float = 3.0
    ask_proof_again: float = 1.0
    unheard: float = 5.0


class Link:
    """An open WebSocket."""

    def __init__(
        self,
        socket_: aiohttp.ClientWebSocketResponse[bool],
        ledger: Ledger,
        timing: Timing,
    ) -> None:
        """Take over an open socket."""
        self._socket = socket_
        self._ledger = ledger
        self._timing = timing
        self._ponged = False
        self._heard_at = 0.0
        self.heard = False
        self.answers_get_calls = False
        transport = socket_.get_extra_info("socket")
        if transport is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            with suppress(OSError):
                transport.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS
                )

    @classmethod
    async def open(
        cls,
        rest: Rest,
        path: str,
        params: dict[str, str],
        timing: Timing,
        ledger: Ledger,
    ) -> Self:
        """Connect; raises the PbxError that fits the refusal."""
        with network_errors():
            async with asyncio.timeout(timing.connect):
                tls = await rest.tls()
                return cls(
                    await rest.http.ws_connect(
                        rest.url.with_path(path).with_query(params),
                        headers=rest.headers,
                        ssl=tls,
                        autoping=False,
                        # Else the end is told only once the other side is gone, too.
                        autoclose=False,
                        max_msg_size=_MESSAGE_LIMIT,
                        decode_text=False,
                    ),
                    ledger,
                    timing,
                )

    async def send(self, text: str, *, routine: bool = False) -> None:
        """Send a frame; what is sent all the time is not worth recording."""
        if not routine:
            self._ledger.record("sent", text.encode())
        with network_errors():
            async with asyncio.timeout(self._timing.send):
                await self._socket.send_str(text)

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the frames; raises CannotConnectError when the link is lost."""
        now, receive = asyncio.get_running_loop().time, self._socket.receive
        ledger, worked = self._ledger, 0.0
        # Around all of them: entering it anew costs as much as reading a frame.
        with network_errors():
            while True:
                message = await receive()
                self._heard_at = now()
                match message.type:
                    # What is said to be binary is JSON, too, if it is anything.
                    case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                        self.heard = True
                        ledger.frames += 1
                        ledger.record("received", message.data)
                        yield message.data
                        # While frames wait, to receive one does not let others run.
                        if (worked := worked + now() - self._heard_at) > _LONG_WORK:
                            await asyncio.sleep(0)
                            worked = 0.0
                    case aiohttp.WSMsgType.PING:
                        await self._socket.pong(message.data)
                    case aiohttp.WSMsgType.PONG:
                        self._ponged = True
                    case _:
                        code = self._socket.close_code or _NO_CODE
                        raise CannotConnectError(
                            f"the PBX closed the link (code {code})"
                        )

    async def watch(self, probe: Callable[[], Awaitable[None]]) -> None:
        """Keep the link alive; raises CannotConnectError once it is found dead.

        A missing pong counts once the server has ever sent one. Before that `get-calls`
        is the question where it was answered before, else `probe` asks over HTTP.
        """
        loop = asyncio.get_running_loop()
        keepalive_at = 0.0
        while True:
            asked_at = loop.time()
            if asked_at >= keepalive_at:
                await self.send(encode("avoid-disconnect"), routine=True)
                keepalive_at = asked_at + self._timing.keepalive - 0.5
            with network_errors():
                async with asyncio.timeout(self._timing.send):
                    await self._socket.ping()
            if not self._ponged:
                if self.answers_get_calls:
                    await self.send(encode("get-calls"), routine=True)
                else:
                    await probe()
            await asyncio.sleep(self._timing.ping - (loop.time() - asked_at))
            self._ledger.assume(Assumption.PINGS_ARE_ANSWERED, self._ponged)
            if (self._ponged or self.answers_get_calls) and self._heard_at < asked_at:
                raise CannotConnectError("the PBX went silent")

    async def close(self) -> None:
        """Close the socket; waits only briefly for the other side."""
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(1):
                await self._socket.close()
