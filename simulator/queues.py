"""Agents of queues: who takes the calls of which, and how they log in and out."""

from aiohttp import web

from .gate import Gate, read_body
from .logins import Login
from .model import Account, AccountType
from .state import PbxState
from .wire import Json

_TRUE = (True, "true")
_FALSE = (False, "false")


class Queues:
    """Answer agents."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state
        self._engine = state.engine

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""
        path = "/rest/domain/{domain}/account/{account}/acd_login"
        return [
            web.get(path, gate.user("acd_login", self._login)),
            web.post(path, gate.user("acd_login", self._set_login)),
        ]

    def _queue(self, request: web.Request, login: Login) -> Account:
        """Return the queue that is asked for; one that is not the agent's may refuse."""
        accounts = self._engine.tenant(login.tenant).accounts
        queue = accounts.get(request.query.get("group", ""))
        if queue is None or queue.type is not AccountType.QUEUE:
            raise web.HTTPNotFound
        if login.account not in queue.members:
            match self._state.switches.queue_strangers:
                case 401:
                    raise web.HTTPUnauthorized
                case 403:
                    raise web.HTTPForbidden
                case 404:
                    raise web.HTTPNotFound
        return queue

    async def _login(self, request: web.Request, login: Login) -> Json:
        """Return whether the agent is logged in to a queue."""
        return self._told(self._queue(request, login), login)

    async def _set_login(self, request: web.Request, login: Login) -> Json:
        """Log an agent in or out."""
        queue = self._queue(request, login)
        wanted = (await read_body(request)).get("login")
        if wanted not in (*_TRUE, *_FALSE):
            raise web.HTTPBadRequest
        switches = self._state.switches
        if login.account in queue.members and not switches.ignore_commands:
            self._state.take(
                self._engine.set_queue_login,
                queue.number,
                login.account,
                wanted in _TRUE,
                login.tenant,
            )
        return {} if switches.settings_reply == "empty" else self._told(queue, login)

    def _told(self, queue: Account, login: Login) -> Json:
        """Return the state of an agent in the words of the PBX."""
        logged_in = queue.has_agent(login.account)
        match self._state.switches.queue_login_as:
            case "text":
                return "true" if logged_in else "false"
            case "boolean":
                return logged_in
        return {"login": logged_in}
