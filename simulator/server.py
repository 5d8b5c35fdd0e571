"""The simulated PBX on the network."""

import asyncio
import json
from ssl import SSLContext
import time
from typing import Any, Self

from aiohttp import web

from .engine import Engine
from .head import name_server
from .link import reset
from .links import Links
from .listener import Listener
from .logins import Logins
from .model import DEFAULT_TENANT
from .push import Push
from .remote_call import RemoteCall
from .requests import Requests
from .rest import Rest
from .seed import seed
from .sessions import Sessions
from .state import PbxState
from .switches import Switches
from .timers import Timers


class Simulator:
    """A PBX that clients can log in to, and that can be made to fail."""

    def __init__(
        self, switches: Switches, *, accounts: int = 0, calls: int = 0
    ) -> None:
        """Prepare a PBX with the example tenants; `start` opens it."""
        self.clock_offset = 0.0
        self.engine = Engine(lambda: time.time() + self.clock_offset)
        self.engine.orbits_retrieve = switches.orbits_retrieve
        seed(self.engine, accounts, calls)
        self.switches = switches
        self.logins = Logins(self.engine, switches)
        self._state = state = PbxState(self.engine, switches, self.logins)
        self.thawed = state.thawed
        self.thawed.set()
        self.requests, self.received = state.requests, state.received
        self.bodies, self.answers = state.bodies, state.answers
        self.host = ""
        self.port = 0
        self.links = Links(state)
        self._requests = Requests(state)
        self._timers = Timers(state)
        self._listeners = (Push(state, self.links).on_engine, self._timers.on_engine)
        self._ssl: SSLContext | None = None
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None

    # Lifecycle

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: SSLContext | None = None,
    ) -> None:
        """Listen; port 0 takes a free one."""
        self.host, self.port, self._ssl = host, port, ssl_context
        app = web.Application(middlewares=[self._requests.receive])
        app.on_response_prepare.append(self._sign)
        app.add_routes(
            [
                web.get("/", self.links.open),
                web.get("/websocket", self.links.open),
                *Sessions(self._state, self.links).routes(),
                *RemoteCall(self._state).routes(),
                *Rest(self._state).routes(),
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handle_signals=False
        )
        await self._runner.setup()
        self.engine.listeners += self._listeners
        await self.accept()

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        for listener in self._listeners:
            self.engine.listeners.remove(listener)
        self._timers.cancel()
        await self._close_listener()
        await self.cut()
        self._abort_requests(runner)
        await self._requests.cancel()
        await runner.cleanup()

    async def __aenter__(self) -> Self:
        """Start on a free port."""
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop."""
        await self.stop()

    @property
    def url(self) -> str:
        """Return where to reach the PBX."""
        scheme = "http" if self._ssl is None else "https"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def connections(self) -> int:
        """Return the number of open WebSockets."""
        return len(self.links)

    @property
    def login_attempts(self) -> int:
        """Return the number of password checks so far."""
        return self.logins.attempts

    @property
    def logged_in(self) -> list[str]:
        """Return the extensions whose sessions are open, once for each session."""
        return self.logins.logged_in

    # Faults

    async def cut(self, account: str | None = None) -> None:
        """Reset the connections of all WebSockets, or of those of an account."""
        await self.links.cut(account)

    async def truncate(self) -> None:
        """Break all WebSockets in the middle of a frame."""
        for link in self.links:
            link.begin_frame()
        await self.cut()

    def deafen(self) -> None:
        """Let all open WebSockets go silent for good; new ones are as they should be."""
        for link in self.links:
            link.deafen()

    def freeze(self) -> None:
        """Go silent: nothing is sent and nothing that comes in is processed."""
        self.thawed.clear()

    def thaw(self) -> None:
        """Go on where `freeze` stopped."""
        self.thawed.set()

    async def refuse(self) -> None:
        """Stop listening; open WebSockets stay."""
        await self._close_listener()
        if self._runner is not None:
            self._abort_requests(self._runner)

    async def accept(self) -> None:
        """Listen again on the same port."""
        if self._listener is not None or self._runner is None:
            return
        server = self._runner.server
        if server is None:
            raise RuntimeError("The application has not been set up")
        self._listener = Listener(server, self._ssl, self.thawed)
        self.port = self._listener.open(self.host, self.port)

    async def restart(self, down: float = 0.5) -> None:
        """Lose connections, sessions and calls, and be back after a while."""
        await self.refuse()
        await self.cut()
        self.logins.expire()
        self._timers.cancel()
        self.engine.restart()
        await asyncio.sleep(down)
        await self.accept()

    def expire_sessions(self) -> None:
        """Make all session ids invalid; open WebSockets stay."""
        self.logins.expire()
        if self.switches.session_end_closes:
            for link in self.links:
                link.abort()

    def jump(self, seconds: float) -> None:
        """Set the clock of the PBX ahead, or back."""
        self.clock_offset += seconds

    async def send_raw(
        self, data: str | bytes, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Send a frame as it is to all WebSockets of a tenant."""
        for link in self.links.of(tenant):
            link.send(data)
        await asyncio.sleep(0)

    async def list_calls(self, *calls: dict[str, Any]) -> None:
        """List other calls than the engine has, until something happens there."""
        self._state.listed = list(calls)
        await self.send_raw(json.dumps({"action": "call-state", "calls": calls}))

    async def flush(self) -> None:
        """Wait until all frames queued so far have been handed to the sockets."""
        await asyncio.gather(*(link.flush() for link in self.links))

    async def _close_listener(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()

    def _abort_requests(self, runner: web.AppRunner) -> None:
        """Reset the connections that are no WebSockets, idle ones included."""
        kept = {link.transport for link in self.links}
        for connection in runner.server.connections if runner.server else ():
            transport = connection.transport
            if transport is not None and transport not in kept:
                reset(transport)

    async def _sign(self, request: web.Request, response: web.StreamResponse) -> None:
        """Name the server in responses."""
        name_server(request, response, self.switches)
