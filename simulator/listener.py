"""The open port."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
import socket
from ssl import SSLContext


class Listener:
    """Accept connections, and keep quiet about clients that refuse the handshake.

    The servers of asyncio report every failed TLS handshake as an unhandled error
    when the loop is in debug mode, as it is in tests.
    """

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        ssl: SSLContext | None,
        thawed: asyncio.Event,
    ) -> None:
        """Serve connections by a protocol, as long as the link is not frozen."""
        self._factory = factory
        self._ssl = ssl
        self._thawed = thawed
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: socket.socket | None = None

    def open(self, host: str, port: int) -> int:
        """Listen and return the port."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = socket.create_server((host, port), family=family, backlog=128)
        server.setblocking(False)
        self._socket = server
        self._spawn(self._accept(server))
        bound: int = server.getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop listening; connections that are open stay."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run something that `close` ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, server: socket.socket) -> None:
        """Take connections."""
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(server)
            self._spawn(self._connect(connection))

    async def _connect(self, connection: socket.socket) -> None:
        """Serve a connection once it has shaken hands."""
        loop = asyncio.get_running_loop()
        try:
            await self._thawed.wait()
        except asyncio.CancelledError:
            connection.close()
            raise
        with suppress(OSError):
            await loop.connect_accepted_socket(self._factory, connection, ssl=self._ssl)
