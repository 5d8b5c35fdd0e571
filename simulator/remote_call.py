"""Dialing by a link: the oldest way, for everything that can open an address."""

import hashlib

from aiohttp import hdrs, web

from .logins import Kind, Login
from .model import EngineError
from .state import PbxState

PATH = "/remote_call.htm"
# Seconds for which a hash works that names no duration.
_DURATION = 7200.0
_PAGE = "<!DOCTYPE html><html><head><title>PBX</title></head><body>{}</body></html>"


class RemoteCall:
    """Let an extension dial what an address says."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        """Return the route."""
        return [web.get(PATH, self._dial)]

    async def _dial(self, request: web.Request) -> web.Response:
        """Dial `dest` at the phone of `user`."""
        if not self._state.switches.remote_call:
            return web.Response(status=404)
        login = self._who(request)
        if login is None or login.kind is not Kind.USER:
            challenge = {hdrs.WWW_AUTHENTICATE: 'Basic realm="PBX"'}
            return web.Response(status=401, headers=challenge)
        said = "Calling"
        if not self._state.switches.ignore_commands:
            try:
                self._state.engine.dial(
                    login.account, request.query.get("dest", ""), tenant=login.tenant
                )
            except EngineError:
                said = "Not possible"
        return web.Response(text=_PAGE.format(said), content_type="text/html")

    def _who(self, request: web.Request) -> Login | None:
        """Return whose phone shall dial, if that is proven."""
        logins, query = self._state.logins, request.query
        user, auth = query.get("user", ""), query.get("auth", "")
        login = None
        if ":" in auth:
            login = logins.check_password(*auth.split(":", 1))
        elif auth and query.get("extension") == "true":
            login = self._check_hash(request, user, auth)
        elif not auth:
            login = logins.check_basic(request)
        said = logins.find(user) if user else login
        return login if login and login == said else None

    def _check_hash(self, request: web.Request, user: str, auth: str) -> Login | None:
        """Return who has signed what to dial, and from when on for how long."""
        query = request.query
        login = self._state.logins.find(user)
        if login is None:
            return None
        when, duration = query.get("time", ""), query.get("duration", "")
        signed = "".join(
            (user, self._state.logins.password(login), query.get("dest", ""), when)
        )
        digest = hashlib.md5((signed + duration).encode()).hexdigest()
        try:
            begins, seconds = float(when), float(duration or _DURATION)
        except ValueError:
            return None
        works = begins <= self._state.engine.now() <= begins + seconds
        return login if works and digest == auth.lower() else None
