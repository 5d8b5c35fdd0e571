"""Who may ask the REST calls for what."""

from collections.abc import Awaitable, Callable
import json
from typing import Any

from aiohttp import web

from .logins import Kind, Login
from .state import PbxState
from .wire import Json, encode

type Handler = Callable[[web.Request, Login], Awaitable[Json | web.StreamResponse]]
type Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """Let handlers answer for those who may ask."""

    def __init__(self, state: PbxState) -> None:
        """Guard a PBX."""
        self._state = state

    def user(self, kind: str, handler: Handler) -> Route:
        """Guard what belongs to an extension: itself and administrators may ask."""
        return self._guard(kind, handler, self._addressed)

    def admin(self, kind: str, handler: Handler) -> Route:
        """Guard what only administrators may ask for."""
        return self._guard(kind, handler, self._administrator)

    def _guard(
        self,
        kind: str,
        handler: Handler,
        addressed: Callable[[web.Request, Login], Login],
    ) -> Route:
        """Let a handler answer for those who may ask."""

        async def handle(request: web.Request) -> web.StreamResponse:
            """Check login, rights and switches, then answer."""
            switches, logins = self._state.switches, self._state.logins
            login = logins.session(request)
            if login is None and switches.basic:
                login = logins.check_basic(request)
            if login is None:
                challenge = {"WWW-Authenticate": 'Basic realm="PBX"'}
                return web.Response(
                    status=401, headers=challenge if switches.basic else None
                )
            if not switches.api_access:
                return web.Response(status=403)
            if status := switches.rest_status.get(kind):
                return web.Response(status=status)
            login = addressed(request, login)
            if request.can_read_body:
                self._state.bodies.append((request.path, await read_body(request)))
            answer = await handler(request, login)
            if isinstance(answer, web.StreamResponse):
                return answer
            text = encode(answer, switches)
            return web.Response(text=text, content_type="application/json")

        return handle

    def _addressed(self, request: web.Request, login: Login) -> Login:
        """Return the extension that a path is for, which may not be somebody else's."""
        name = request.match_info.get("account")
        if name is None:
            if login.kind is not Kind.USER:
                raise web.HTTPNotFound
            return login
        if "domain" in request.match_info:
            name += "@" + request.match_info["domain"]
        account, at, tenant = name.partition("@")
        if not at:
            raise web.HTTPNotFound
        # A path may name both otherwise than the session does.
        wanted = self._state.logins.find(name) or Login(tenant, account)
        if login.kind is Kind.USER and wanted != login:
            raise web.HTTPForbidden
        return self._in_reach(login, wanted)

    def _administrator(self, request: web.Request, login: Login) -> Login:
        """Return the administrator of what a path is for."""
        if login.kind is Kind.USER:
            raise web.HTTPForbidden
        if (tenant := request.match_info.get("domain")) is None:
            if login.kind is not Kind.SYSTEM:
                raise web.HTTPForbidden
            return login
        return self._in_reach(login, Login(tenant, login.account, Kind.TENANT))

    def _in_reach(self, login: Login, wanted: Login) -> Login:
        """Return somebody whom there is, and who is not of another tenant."""
        if login.kind is Kind.TENANT and wanted.tenant != login.tenant:
            raise web.HTTPForbidden
        if not self._state.logins.exists(wanted):
            raise web.HTTPNotFound
        return wanted


async def read_body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request."""
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest
    return body
