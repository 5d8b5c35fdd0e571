"""The simulated PBX on the network."""

import asyncio
from contextlib import suppress
from ssl import SSLContext
import time
from typing import Any, Self

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from .engine import Engine
from .head import name_server, write_head
from .link import Link, reset
from .listener import Listener
from .logins import Login, Logins
from .model import DEFAULT_TENANT, Change, EngineError, Message, Stage
from .remote_call import RemoteCall
from .rest import Rest
from .seed import seed
from .sessions import PATH as SESSION_PATH, Sessions
from .switches import Switches
from .wire import Object, Wire

_PAGE = "<!DOCTYPE html><html><head><title>PBX</title></head><body></body></html>"
# Seconds after which a hanging request looks whether it may go on.
_LOOK_AGAIN = 0.02


class Simulator:
    """A PBX that clients can log in to, and that can be made to fail."""

    def __init__(
        self, switches: Switches, *, accounts: int = 0, calls: int = 0
    ) -> None:
        """Prepare a PBX with the example tenants; `start` opens it."""
        self.switches = switches
        self.clock_offset = 0.0
        self.engine = Engine(lambda: time.time() + self.clock_offset)
        self.engine.orbits_retrieve = switches.orbits_retrieve
        seed(self.engine, accounts, calls)
        self.logins = Logins(self.engine, switches)
        self.requests: list[tuple[str, str]] = []
        self.received: list[dict[str, Any]] = []
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.thawed = asyncio.Event()
        self.thawed.set()
        self.host = ""
        self.port = 0
        self._ssl: SSLContext | None = None
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._links: set[Link] = set()
        self._handlers: set[asyncio.Task[Any]] = set()
        self._timers: dict[tuple[str, object], asyncio.TimerHandle] = {}
        self._shown: dict[tuple[str, str], tuple[Object, Object]] = {}
        for tenant in self.engine.tenants.values():
            for number in tenant.accounts:
                self._look(tenant.name, number)

    # Lifecycle

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: SSLContext | None = None,
    ) -> None:
        """Listen; port 0 takes a free one."""
        self.host, self.port, self._ssl = host, port, ssl_context
        app = web.Application(middlewares=[self._receive])
        app.on_response_prepare.append(self._sign)
        app.add_routes(
            [
                web.get("/", self._open_websocket),
                web.get("/websocket", self._open_websocket),
                *Sessions(self).routes(),
                *RemoteCall(self).routes(),
                *Rest(self).routes(),
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handle_signals=False
        )
        await self._runner.setup()
        self.engine.listeners.append(self._on_engine)
        await self.accept()

    async def stop(self) -> None:
        """Close everything."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        self.engine.listeners.remove(self._on_engine)
        self._cancel_timers()
        await self._close_listener()
        await self.cut()
        self._abort_requests(runner)
        handlers = tuple(self._handlers)
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
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
        return len(self._links)

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
        links = [link for link in self._links if account in (None, link.login.account)]
        for link in links:
            link.abort()
        await asyncio.gather(*(link.gone.wait() for link in links))

    async def truncate(self) -> None:
        """Break all WebSockets in the middle of a frame."""
        for link in self._links:
            link.begin_frame()
        await self.cut()

    def deafen(self) -> None:
        """Let all open WebSockets go silent for good; new ones are as they should be."""
        for link in self._links:
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
        self._cancel_timers()
        self.engine.restart()
        await asyncio.sleep(down)
        await self.accept()

    def expire_sessions(self) -> None:
        """Make all session ids invalid; open WebSockets stay."""
        self.logins.expire()
        if self.switches.session_end_closes:
            for link in self._links:
                link.abort()

    def end_links(self, session: str | None) -> None:
        """Reset the WebSockets of a session."""
        for link in self._links:
            if link.session == session:
                link.abort()

    def jump(self, seconds: float) -> None:
        """Set the clock of the PBX ahead, or back."""
        self.clock_offset += seconds

    async def send_raw(
        self, data: str | bytes, *, tenant: str = DEFAULT_TENANT
    ) -> None:
        """Send a frame as it is to all WebSockets of a tenant."""
        for link in self._links_of(tenant):
            link.send(data)
        await asyncio.sleep(0)

    async def flush(self) -> None:
        """Wait until all frames queued so far have been handed to the sockets."""
        await asyncio.gather(*(link.flush() for link in tuple(self._links)))

    async def _close_listener(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()

    def _abort_requests(self, runner: web.AppRunner) -> None:
        """Reset the connections that are no WebSockets, idle ones included."""
        kept = {link.transport for link in self._links}
        for connection in runner.server.connections if runner.server else ():
            transport = connection.transport
            if transport is not None and transport not in kept:
                reset(transport)

    # What happens in the engine

    def _on_engine(self, news: Change | Message) -> None:
        """Turn what happened into frames."""
        if isinstance(news, Message):
            for link in self._links_of(news.tenant):
                if link.login.account == news.recipient:
                    link.push(
                        {"action": "chat", "dest": news.sender, "message": news.text}
                    )
            return
        links = self._links_of(news.tenant)
        presence_first = self.switches.presence_first
        if not presence_first:
            self._push_calls(links)
        for number in news.accounts:
            self._push_account(news.tenant, number, links)
            self._plan_dnd_end(news.tenant, number)
        if presence_first:
            self._push_calls(links)
        self._plan_answers(news.tenant)

    @staticmethod
    def _push_calls(links: list[Link]) -> None:
        """Push the call lists that are not what they were."""
        for link in links:
            link.push_calls()

    def _push_account(self, tenant: str, number: str, links: list[Link]) -> None:
        """Push an account that does not look as it did."""
        before = self._shown.get((tenant, number))
        now = self._look(tenant, number)
        if before == now:
            return
        account = self.engine.tenant(tenant).accounts.get(number)
        for link in links:
            if self.switches.user_state and now and (not before or before[0] != now[0]):
                link.push(now[0])
            if self.switches.user_change:
                link.push({"action": "user-change", "user": number})
            if account and (self.switches.user_change or self.switches.lamps):
                link.push_account(account)
        if self.switches.foreign_user_states and now:
            for link in self._links:
                if link.login.tenant != tenant:
                    link.push(now[0])

    def _look(self, tenant: str, number: str) -> tuple[Object, Object] | None:
        """Remember and return how an account is shown."""
        account = self.engine.tenant(tenant).accounts.get(number)
        if account is None:
            self._shown.pop((tenant, number), None)
            return None
        wire = Wire(self.engine, self.switches, tenant)
        look = (wire.user_state(account), wire.directory_entry(account))
        self._shown[tenant, number] = look
        return look

    def _links_of(self, tenant: str) -> list[Link]:
        """Return the open WebSockets of a tenant."""
        return [link for link in self._links if link.login.tenant == tenant]

    # What happens by itself

    def _plan_answers(self, tenant: str) -> None:
        """Let clicked calls be answered in time."""
        for call in self.engine.calls(tenant=tenant):
            delay = None
            if call.stage is Stage.OWN_RINGING:
                delay = self.switches.dial_pickup
            elif call.clicked and call.stage is Stage.RINGING:
                delay = None if call.called.internal else self.switches.far_answer
            if delay is not None and (call.id, call.stage) not in self._timers:
                self._timers[call.id, call.stage] = (
                    asyncio.get_running_loop().call_later(
                        delay, self._answer, tenant, call.id, call.stage
                    )
                )

    def _answer(self, tenant: str, call_id: str, stage: Stage) -> None:
        """Answer a clicked call if it still waits for that."""
        with suppress(EngineError):
            if self.engine.call(call_id, tenant=tenant).stage is stage:
                self.engine.answer(call_id, tenant=tenant)

    def _plan_dnd_end(self, tenant: str, number: str) -> None:
        """Let do not disturb end when it expires."""
        account = self.engine.tenant(tenant).accounts.get(number)
        if account is None or account.dnd_until is None or account.dnd_expires is None:
            return
        key = (f"{number}@{tenant}", account.dnd_until)
        if key not in self._timers:
            self._timers[key] = asyncio.get_running_loop().call_later(
                account.dnd_expires, self._end_dnd, tenant, number, account.dnd_until
            )

    def _end_dnd(self, tenant: str, number: str, until: float) -> None:
        """End do not disturb if it has not been set anew."""
        account = self.engine.tenant(tenant).accounts.get(number)
        if account is not None and account.dnd_until == until:
            self.engine.set_dnd(number, False, tenant=tenant)

    def _cancel_timers(self) -> None:
        """Forget what would happen by itself."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    # Requests

    @web.middleware
    async def _receive(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Record a request and answer when the link lets it."""
        # A frozen request outlives its connection, so `stop` has to know of it.
        task = asyncio.current_task()
        if task is not None:
            self._handlers.add(task)
            task.add_done_callback(self._handlers.discard)
        await self.thawed.wait()
        query = f"?{request.query_string}" if request.query_string else ""
        self.requests.append((request.method, request.path + query))
        try:
            response = await self._fail(request)
            if response is None and request.method == "OPTIONS" and self.switches.cors:
                response = web.Response(status=403)
            if response is None:
                response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status)
        if isinstance(response, web.Response):
            write_head(request, response, self.switches)
            await asyncio.sleep(self.switches.latency)
            await self.thawed.wait()
        return response

    async def _fail(self, request: web.Request) -> web.StreamResponse | None:
        """Let the step that a request is go wrong, or None."""
        switches, step = self.switches, _step(request)
        if step == "login" and request.method not in switches.login_methods:
            return None
        match switches.faults.get(step):
            case int(status):
                return web.Response(status=status)
            case "html":
                return web.Response(text=_PAGE, content_type="text/html")
            case "redirect":
                target = switches.redirect_to + request.path_qs
                return web.Response(status=307, headers={hdrs.LOCATION: target})
            case "hang":
                while switches.faults.get(step) == "hang":
                    await asyncio.sleep(_LOOK_AGAIN)
                if request.transport is None:
                    return web.Response()
            case "reset" if request.transport is not None:
                reset(request.transport)
                return web.Response()
        return None

    async def _sign(self, request: web.Request, response: web.StreamResponse) -> None:
        """Name the server in responses."""
        name_server(request, response, self.switches)

    async def _open_websocket(self, request: web.Request) -> web.StreamResponse:
        """Open a WebSocket, or show the page that is there without one."""
        switches = self.switches
        upgrade = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        offered = request.path in switches.websocket_paths
        if not upgrade or not offered:
            if request.path == "/":
                return web.Response(text=_PAGE, content_type="text/html")
            return web.Response(status=400 if offered else 404)
        login = self.logins.session(request)
        if login is None and switches.basic_handshake:
            login = self.logins.check_basic(request)
        ws = web.WebSocketResponse(autoping=False, autoclose=False, compress=False)
        if login is None:
            if switches.handshake_refusal != "close":
                return web.Response(status=switches.handshake_refusal)
            await ws.prepare(request)
            await ws.close()
            return ws
        if request.path == "/websocket" and login != Login(
            request.query.get("domain", ""), request.query.get("user", "")
        ):
            return web.Response(status=switches.wrong_tenant_status)
        await ws.prepare(request)
        await self._serve(request, login, ws)
        return ws

    async def _serve(
        self, request: web.Request, login: Login, ws: web.WebSocketResponse
    ) -> None:
        """Keep a WebSocket until it ends."""
        if request.transport is None:
            return
        session = request.cookies.get("session")
        link = Link(self, login, ws, request.transport, session)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


def _step(request: web.Request) -> str:
    """Return the step of a client's way that a request is."""
    if request.path == SESSION_PATH:
        return {"GET": "tell", "DELETE": "log_out"}.get(request.method, "login")
    if hdrs.UPGRADE in request.headers:
        return "handshake"
    return request.path.rpartition("/")[2]
