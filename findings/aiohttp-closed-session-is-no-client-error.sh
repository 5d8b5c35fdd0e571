#!/usr/bin/env bash
# aiohttp 3.14.5: a request on a session that was closed raises no ClientError.
#
# Everything that goes wrong with a request is a ClientError, or a TimeoutError; so clients
# catch these two. A session that was closed, or detached from its connector, in the meantime
# raises a bare RuntimeError instead, for requests and WebSockets alike; a request that waits
# for its answer while the session is closed raises a ClientError. So of two requests that a
# shutdown interrupts, one is caught and the other, begun a moment later, is not.
#
# Seen:
#   get after close(): RuntimeError, a ClientError: False
#   get after detach(): RuntimeError, a ClientError: False
#   ws_connect after close(): RuntimeError, a ClientError: False
#   get that waits while the session is closed: ClientConnectionError, a ClientError: True
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install aiohttp==3.14.5
cat >"$work/see.py" <<'PYTHON'
import asyncio, sys
import aiohttp
from aiohttp import web


async def outcome(what, doing):
    try:
        await doing
    except Exception as err:
        line = f"{what}: {type(err).__name__}, a ClientError: {isinstance(err, aiohttp.ClientError)}"
    else:
        line = f"{what}: no error"
    print(line)
    return line


async def see():
    async def slow(request):
        await asyncio.sleep(2)
        return web.Response()

    app = web.Application()
    app.router.add_get("/", slow)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://127.0.0.1:%d/" % runner.addresses[0][1]
    lines = []
    for what, end in (("close()", aiohttp.ClientSession.close), ("detach()", aiohttp.ClientSession.detach)):
        connector = aiohttp.TCPConnector()
        session = aiohttp.ClientSession(connector=connector)
        if (ending := end(session)) is not None:
            await ending
        lines.append(await outcome(f"get after {what}", session.get(url)))
        await connector.close()
    session = aiohttp.ClientSession()
    await session.close()
    lines.append(await outcome("ws_connect after close()", session.ws_connect(url)))
    session = aiohttp.ClientSession()
    waiting = asyncio.ensure_future(session.get(url))
    await asyncio.sleep(0.3)
    await session.close()
    lines.append(await outcome("get that waits while the session is closed", waiting))
    await runner.cleanup()
    return lines


print("aiohttp", aiohttp.__version__)
lines = asyncio.run(see())
sys.exit(lines != [
    "get after close(): RuntimeError, a ClientError: False",
    "get after detach(): RuntimeError, a ClientError: False",
    "ws_connect after close(): RuntimeError, a ClientError: False",
    "get that waits while the session is closed: ClientConnectionError, a ClientError: True",
])
PYTHON
"$work/venv/bin/python" "$work/see.py"
