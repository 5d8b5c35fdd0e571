#!/usr/bin/env bash
# aiohttp 3.14.5: a client's pool has another clock than all else in it.
#
# Timeouts of requests, heartbeats of WebSockets and the keep-alive of the server follow the
# event loop's clock (loop.time()). The pool of a TCPConnector is swept by a timer of that
# clock too, but what the sweep closes is decided by time.monotonic, which aiohttp.connector
# takes at import. With a loop that has a clock of its own - virtual time in tests - a
# connection that has been idle for an hour with keepalive_timeout=15 is still used, while a
# request's timeout of a minute ends at its time (rounded up); patching time.monotonic later changes nothing.
#
# Seen:
#   timeout of 60 s: after 61 s of the loop, 0 s of the processor's clock
#   idle for 3600 s of the loop, keepalive_timeout 15 s: second request on the same connection
#   the same, time.monotonic patched after the import: on the same connection
#   the same, aiohttp.connector.monotonic patched: on a new connection
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install aiohttp==3.14.5
cat >"$work/see.py" <<'PYTHON'
import asyncio, selectors, sys, time
import aiohttp, aiohttp.connector
from aiohttp import web

real = time.monotonic


class Selector(selectors.DefaultSelector):
    """Skip the wait for a timer when no socket has anything."""

    loop = None

    def select(self, timeout=None):
        ready = super().select(0 if timeout else timeout)
        if not ready and timeout:
            self.loop.skipped += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock goes on by what is skipped."""

    def __init__(self):
        self.skipped = 0.0
        selector = Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self):
        return real() + self.skipped


async def serve():
    peers = []

    async def answer(request):
        peers.append(request.transport.get_extra_info("peername"))
        if request.path == "/slow":
            await asyncio.sleep(600)
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app, keepalive_timeout=100_000, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, "http://127.0.0.1:%d" % runner.addresses[0][1], peers


async def same_connection_after_an_hour():
    runner, url, peers = await serve()
    connector = aiohttp.TCPConnector(keepalive_timeout=15)
    async with aiohttp.ClientSession(connector=connector) as session:
        for wait in (3600, 0):
            async with session.get(url) as reply:
                await reply.text()
            await asyncio.sleep(wait)
    await runner.cleanup()
    return peers[0] == peers[1]


async def timeout():
    runner, url, _ = await serve()
    loop = asyncio.get_running_loop()
    began, began_really = loop.time(), real()
    async with aiohttp.ClientSession() as session:
        try:
            await session.get(url + "/slow", timeout=aiohttp.ClientTimeout(total=60))
        except TimeoutError:
            pass
    took, really = loop.time() - began, real() - began_really
    await runner.cleanup()
    return took, really


def run(coroutine):
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(coroutine)


words = {True: "on the same connection", False: "on a new connection"}
took, really = run(timeout())
print(f"aiohttp {aiohttp.__version__}")
print(f"timeout of 60 s: after {took:.0f} s of the loop, {really:.0f} s of the processor's clock")
seen = [run(same_connection_after_an_hour())]
print("idle for 3600 s of the loop, keepalive_timeout 15 s: second request", words[seen[0]])
# From here on time.monotonic is an hour ahead once an hour is skipped.


class Ahead:
    def __call__(self):
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return real()


time.monotonic = Ahead()
seen.append(run(same_connection_after_an_hour()))
print("the same, time.monotonic patched after the import:", words[seen[1]])
aiohttp.connector.monotonic = time.monotonic
seen.append(run(same_connection_after_an_hour()))
print("the same, aiohttp.connector.monotonic patched:", words[seen[2]])
sys.exit(not (59 <= took < 62 and really < 5 and seen == [True, True, False]))
PYTHON
"$work/venv/bin/python" "$work/see.py"
