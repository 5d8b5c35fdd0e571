#!/usr/bin/env bash
# aiohttp 3.14.5: a WebSocket client hands over a Close frame without a code 10 seconds late.
#
# RFC 6455, 5.5.1: the body of a Close frame may be empty; 7.1.5: then the code is 1005. A
# server that sends one and leaves the TCP connection open, for the client to answer first,
# keeps ClientWebSocketResponse.receive() waiting for ws_close (10 s by default). Then
# close_code is 1006 (no close frame was received), although one was. With a code in the
# frame receive() returns at once. With autoclose=False it does so in both cases, and
# close_code is 0.
#
# Why: receive() keeps the frame's code (0 for an empty body) and, with autoclose, waits for
# close(), which takes a code that is 0 for "none has come yet" (`if self._close_code:`) and
# reads on.
#
# Seen:
#   close frame without a code: receive() after 10.0 s, type CLOSE, close_code 1006
#   close frame with 1001: receive() after 0.0 s, type CLOSE, close_code 1001
#   without a code, autoclose=False: receive() after 0.0 s, type CLOSE, close_code 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install aiohttp==3.14.5
cat >"$work/see.py" <<'PYTHON'
import asyncio, base64, hashlib, sys, time
import aiohttp

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def see(frame, **options):
    """Return after how long a client hears of a close frame, and what."""
    done = asyncio.Event()

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(": ") for line in head.split("\r\n"))
        fields = {name.lower(): value for name, _, value in lines}
        key = hashlib.sha1((fields["sec-websocket-key"] + GUID).encode()).digest()
        accept = base64.b64encode(key).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        writer.write(frame)
        # The connection stays open until the client has seen enough.
        await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d/" % server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url, **options)
        began = time.monotonic()
        message = await socket.receive()
        took = time.monotonic() - began
        seen = took, message.type.name, socket.close_code
        done.set()
        await socket.close()
    server.close()
    return seen


async def main():
    print(f"aiohttp {aiohttp.__version__}")
    bare, coded = b"\x88\x00", b"\x88\x02\x03\xe9"
    seen = []
    for title, frame, options in (
        ("close frame without a code", bare, {}),
        ("close frame with 1001", coded, {}),
        ("without a code, autoclose=False", bare, {"autoclose": False}),
    ):
        took, kind, code = await see(frame, **options)
        print(f"{title}: receive() after {took:.1f} s, type {kind}, close_code {code}")
        seen.append((took > 9, kind, code))
    return seen


seen = asyncio.run(main())
sys.exit(
    seen != [(True, "CLOSE", 1006), (False, "CLOSE", 1001), (False, "CLOSE", 0)]
)
PYTHON
"$work/venv/bin/python" "$work/see.py"
