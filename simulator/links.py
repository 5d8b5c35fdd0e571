"""The open WebSockets: who gets one, and how they end."""

import asyncio
from collections.abc import Iterator

from aiohttp import hdrs, web

from .link import Link
from .logins import Login
from .requests import PAGE
from .state import PbxState


class Links:
    """Open WebSockets for clients, and keep them."""

    def __init__(self, state: PbxState) -> None:
        """Start without any."""
        self._state = state
        self._open: set[Link] = set()

    def __iter__(self) -> Iterator[Link]:
        """Return the open WebSockets."""
        return iter(tuple(self._open))

    def __len__(self) -> int:
        """Return their number."""
        return len(self._open)

    def of(self, tenant: str) -> list[Link]:
        """Return those of a tenant."""
        return [link for link in self._open if link.login.tenant == tenant]

    async def cut(self, account: str | None = None) -> None:
        """Reset all connections, or those of an account."""
        links = [link for link in self if account in (None, link.login.account)]
        for link in links:
            link.abort()
        await asyncio.gather(*(link.gone.wait() for link in links))

    def end(self, session: str | None) -> None:
        """Reset the connections of a session."""
        for link in self:
            if link.session == session:
                link.abort()

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Open a WebSocket, or show the page that is there without one."""
        switches, logins = self._state.switches, self._state.logins
        upgrade = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        offered = request.path in switches.websocket_paths
        if not upgrade or not offered:
            if request.path == "/":
                return web.Response(text=PAGE, content_type="text/html")
            return web.Response(status=400 if offered else 404)
        login = logins.session(request)
        if login is None and switches.basic_handshake:
            login = logins.check_basic(request)
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
        link = Link(self._state, login, ws, request.transport, session)
        self._open.add(link)
        try:
            await link.run()
        finally:
            self._open.discard(link)
