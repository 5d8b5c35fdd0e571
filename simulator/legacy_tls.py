"""A TLS server of the time before secure renegotiation (RFC 5746), up to its ServerHello.

OpenSSL would always send the extension that makes a client feel safe, so this one message
is written by hand. A client that insists on the extension refuses it; to one that goes on
the server says that it cannot.
"""

import asyncio
from contextlib import suppress

_ALERT, _HANDSHAKE, _SERVER_HELLO = 21, 22, 2
_TLS_1_2 = b"\x03\x03"
_ECDHE_ECDSA_AES128_GCM_SHA256 = b"\xc0\x2b"
_FATAL_INTERNAL_ERROR = b"\x02\x50"


def _record(kind: int, data: bytes) -> bytes:
    """Return a TLS record."""
    return bytes([kind]) + _TLS_1_2 + len(data).to_bytes(2) + data


# A random of zeros, no session id, no compression, and no extension at all.
_HELLO = _TLS_1_2 + bytes(32) + b"\0" + _ECDHE_ECDSA_AES128_GCM_SHA256 + b"\0"
_ANSWER = _record(
    _HANDSHAKE, bytes([_SERVER_HELLO]) + len(_HELLO).to_bytes(3) + _HELLO
) + _record(_ALERT, _FATAL_INTERNAL_ERROR)


class LegacyTlsServer:
    """Greet clients the old way."""

    def __init__(self) -> None:
        """Prepare to listen."""
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()
            self._server = None

    @staticmethod
    async def _serve(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer the ClientHello of one client, and hang up."""
        with suppress(OSError, EOFError):
            header = await reader.readexactly(5)
            await reader.readexactly(int.from_bytes(header[3:]))
            writer.write(_ANSWER)
            await writer.drain()
            await reader.read()
        writer.close()
