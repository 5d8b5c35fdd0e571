"""The way in: a session by a password, or by a token that an administrator gets."""

import json
from typing import Any

from aiohttp import web

from .links import Links
from .logins import Kind, Login
from .model import ADMIN, EngineError
from .requests import SESSION_PATH
from .star_codes import DEFAULTS
from .state import PbxState


class Sessions:
    """Answer for the session of a client."""

    def __init__(self, state: PbxState, links: Links) -> None:
        """Answer for a PBX."""
        self._state = state
        self._links = links
        self._logins = state.logins

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(SESSION_PATH, self._show),
            web.delete(SESSION_PATH, self._log_out),
            web.route("*", SESSION_PATH, self._log_in),
        ]

    async def _log_in(self, request: web.Request) -> web.Response:
        """Do what the body asks for."""
        switches = self._state.switches
        if status := switches.rest_status.get("session"):
            return web.Response(status=status)
        try:
            body = json.loads(await request.text())
        except ValueError:
            return web.Response(status=400)
        third_party = request.method == "POST" and switches.third_party
        match body:
            case {"name": "3rd"} if third_party:
                return self._offer_token(request, body)
            case {"name": "session", "value": str(token)} if third_party:
                login = self._logins.redeem(token)
                return self._open(login, in_body=False) if login else _json(False)
        if request.method not in switches.login_methods:
            return web.Response(status=405)
        match body:
            case {"name": "auth", "value": str(value)} if " " in value:
                user, _, digest = value.partition(" ")
                login = self._logins.check_hash(user, digest)
            case {"name": "lang"} if self._logins.session(request):
                return _json(True)
            case {"name": "3rd" | "session"}:
                return _json(False)
            case _:
                return web.Response(status=400)
        if login is None:
            return self._refuse()
        if switches.second_factor:
            return _json({"2nd": True, "method": "login-app"})
        return self._open(login, in_body=switches.session_in in ("body", "both"))

    def _refuse(self) -> web.Response:
        """Refuse a password."""
        match self._state.switches.refusal:
            case "empty":
                return _json("")
            case "false":
                return _json(False)
            case status:
                return web.Response(status=status)

    def _open(self, login: Login, *, in_body: bool) -> web.Response:
        """Open a session."""
        switches = self._state.switches
        session_id = self._logins.open(login)
        response = _json(session_id if in_body else True)
        if not in_body or switches.session_in == "both":
            response.set_cookie(
                "session",
                session_id,
                httponly=True,
                samesite=switches.cookie_same_site,
                secure=switches.cookie_secure,
            )
        return response

    def _offer_token(self, request: web.Request, asked: dict[str, Any]) -> web.Response:
        """Give an administrator a token for the session of somebody else."""
        switches = self._state.switches
        admin = self._logins.check_basic(request)
        if admin is None or admin.kind is not Kind.SYSTEM:
            return _json(False)
        if not switches.api_access:
            return web.Response(status=403)
        tenant = str(asked.get("domain", ""))
        try:
            login = self._logins.named(str(asked.get("username", ADMIN)), tenant)
        except EngineError:
            return web.Response(status=404)
        if asked.get("admin") is True:
            login = admin
        token = self._logins.offer(login)
        named = switches.token_in
        return _json(token if named == "text" else {named: token})

    async def _log_out(self, request: web.Request) -> web.Response:
        """Close the session."""
        if status := self._state.switches.rest_status.get("session"):
            return web.Response(status=status)
        self._logins.close(request)
        if self._state.switches.session_end_closes:
            self._links.end(request.cookies.get("session"))
        return _json(True)

    async def _show(self, request: web.Request) -> web.Response:
        """Return who is logged in, or only what the PBX can do."""
        switches = self._state.switches
        if status := switches.rest_status.get("session"):
            return web.Response(status=status)
        if not switches.session_tells_tenant:
            return _json({"capabilities": {"app": True, "sms": False}})
        login = self._logins.session(request)
        session: dict[str, object] = {"lang": "en", "type": login.kind if login else ""}
        if login is not None:
            session |= {
                "superadmin": login.kind is Kind.SYSTEM,
                "edit": False,
                "cuser": login.account,
                "cdomain": login.tenant,
                "luser": "",
                "ldomain": "",
            }
        return _json(
            session
            | {
                "password_policy": "none",
                "allow_empty_passwords": "false",
                "code_rec": DEFAULTS["code_rec"],
                "country": "",
                "os": "CentOS64",
                "recording": True,
                "hosted": True,
                "standby": False,
            }
        )


def _json(body: object) -> web.Response:
    """Answer with JSON."""
    return web.json_response(body)
