"""The REST calls of a user."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .logins import Login
from .model import Account, EngineError
from .wire import Json, Wire, encode

if TYPE_CHECKING:
    from .server import Simulator

type Handler = Callable[[web.Request, Login], Awaitable[Json]]
type Route = Callable[[web.Request], Awaitable[web.Response]]

_FORWARDS = ("cfa", "cfb", "cfn", "cfn_timeout", "cfd", "cfr")
_TRUE = (True, "true")
_NO_CALL_ID = ("number", "name", "remote-dial", "comment", "category")


class Rest:
    """Answer the REST calls of extensions."""

    def __init__(self, pbx: Simulator) -> None:
        """Answer for a PBX."""
        self._pbx = pbx
        self._engine = pbx.engine

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        user = "/rest/user/{account}"
        settings = "/rest/domain/{domain}/user_settings/{account}"
        own_settings = "/rest/domain/self/account/self/user_settings"
        return [
            web.get(f"{user}/accounts", self._guard("accounts", self._accounts)),
            web.get(f"{user}/calls", self._guard("calls", self._calls)),
            web.post(f"{user}/calls", self._guard("calls", self._command)),
            web.get(f"{user}/dnd", self._guard("dnd", self._dnd)),
            web.post(f"{user}/dnd", self._guard("dnd", self._set_dnd)),
            web.post("/json", self._guard("json", self._classic_history)),
            web.get(f"{user}/orbits", self._guard("orbits", self._orbits)),
            web.get(f"{user}/history", self._guard("history", self._history)),
            web.get(f"{user}/srvflags", self._guard("srvflags", self._flags)),
            web.post(f"{user}/srvflags", self._guard("srvflags", self._set_flag)),
            web.get(
                "/rest/user/self/messages",
                self._guard("self_messages", self._self_messages),
            ),
            web.get(f"{user}/messages", self._guard("messages", self._messages)),
            web.get(f"{user}/adrbook", self._guard("adrbook", self._address_book)),
            web.get(own_settings, self._guard("self_settings", self._table)),
            web.put(own_settings, self._guard("self_settings", self._set_table)),
            web.get(settings, self._guard("user_settings", self._settings)),
            web.post(settings, self._guard("user_settings", self._set_settings)),
            web.put(settings, self._guard("user_settings", self._set_settings)),
            web.route("*", "/rest/{rest:.*}", self._guard("", self._unknown)),
        ]

    # Guards

    def _guard(self, kind: str, handler: Handler) -> Route:
        """Let a handler answer for those who may ask."""

        async def handle(request: web.Request) -> web.Response:
            """Check login, rights and switches, then answer."""
            switches = self._pbx.switches
            login = self._pbx.logins.session(request)
            if login is None and switches.basic:
                login = self._pbx.logins.check_basic(request)
            if login is None:
                challenge = {"WWW-Authenticate": 'Basic realm="PBX"'}
                return web.Response(
                    status=401, headers=challenge if switches.basic else None
                )
            if not switches.api_access:
                return web.Response(status=403)
            if status := switches.rest_status.get(kind):
                return web.Response(status=status)
            self._check_account(request, login)
            if request.can_read_body:
                self._pbx.bodies.append((request.path, await _body(request)))
            body = await handler(request, login)
            text = encode(body, switches)
            return web.Response(text=text, content_type="application/json")

        return handle

    @staticmethod
    def _check_account(request: web.Request, login: Login) -> None:
        """Refuse what belongs to somebody else."""
        if "account" not in request.match_info:
            return
        name = request.match_info["account"]
        if "domain" in request.match_info:
            name += "@" + request.match_info["domain"]
        if "@" not in name:
            raise web.HTTPNotFound
        if name != f"{login.account}@{login.tenant}":
            raise web.HTTPForbidden

    def _account(self, login: Login) -> Account:
        """Return the account of a login."""
        return self._engine.account(login.account, tenant=login.tenant)

    def _wire(self, login: Login) -> Wire:
        """Return how the tenant of a login is shown."""
        return Wire(self._engine, self._pbx.switches, login.tenant)

    async def _unknown(self, request: web.Request, login: Login) -> Json:
        """Answer what is not offered to users."""
        raise web.HTTPNotFound

    # Accounts, history, flags

    async def _accounts(self, request: web.Request, login: Login) -> Json:
        """List the accounts of the tenant."""
        kind = request.query.get("type")
        honoured = self._pbx.switches.accounts_type_filter
        return self._wire(login).directory(kind if honoured else None)

    async def _history(self, request: web.Request, login: Login) -> Json:
        """List the calls that are over."""
        return self._wire(login).history(login.account, self._engine.now())

    async def _orbits(self, request: web.Request, login: Login) -> Json:
        """List the park orbits."""
        return self._wire(login).orbits()

    async def _classic_history(self, request: web.Request, login: Login) -> Json:
        """List the calls that are over, the classic way."""
        match await _body(request):
            case {"action": "load-cdr-summary", "start": int(), "length": int(length)}:
                return self._wire(login).summary(
                    login.account, length, self._engine.now()
                )
            case _:
                raise web.HTTPBadRequest

    async def _flags(self, request: web.Request, login: Login) -> Json:
        """List the service flags."""
        return self._wire(login).flags()

    async def _messages(self, request: web.Request, login: Login) -> Json:
        """Tell how many messages there are, and which."""
        return self._wire(login).messages(self._account(login), dict(request.query))

    async def _self_messages(self, request: web.Request, login: Login) -> Json:
        """List the messages, the classic way."""
        return self._wire(login).self_messages(self._account(login))

    async def _address_book(self, request: web.Request, login: Login) -> Json:
        """List the address book, whose real layout nobody knows."""
        return self._wire(login).address_book(self._account(login))

    async def _set_flag(self, request: web.Request, login: Login) -> Json:
        """Switch a service flag."""
        state = (await _body(request)).get("state")
        if state not in ("true", "false"):
            raise web.HTTPBadRequest
        number = request.query.get("name", "")
        account = self._engine.tenant(login.tenant).accounts.get(number)
        clock = account is not None and account.mode == "clock"
        if clock or not self._pbx.switches.flags_writable:
            raise web.HTTPForbidden
        if self._pbx.switches.ignore_commands:
            return {}
        try:
            self._engine.set_flag(number, state == "true", tenant=login.tenant)
        except EngineError as error:
            raise web.HTTPNotFound from error
        return {}

    # Calls

    async def _calls(self, request: web.Request, login: Login) -> Json:
        """List the calls of the extension."""
        return self._wire(login).listed_calls(login.account, self._engine.now())

    async def _command(self, request: web.Request, login: Login) -> Json:
        """Do something with a call: `true` when done, `false` when not possible."""
        body = {
            key: str(value) if key in _NO_CALL_ID else self._call_id(value)
            for key, value in (await _body(request)).items()
        }
        engine, own, tenant = self._engine, login.account, login.tenant
        if self._pbx.switches.rest_refuses & body.keys():
            raise web.HTTPBadRequest
        for key in (
            "hangup",
            "reject",
            "transfer",
            "remote-answer",
            "remote-hold",
            "remote-resume",
        ):
            if key in body:
                self._check_call(login, body[key])
        if "id" in body:
            self._check_call(login, body["id"])
        if self._pbx.switches.ignore_commands:
            return True
        try:
            match body:
                case {"hangup": call_id}:
                    engine.hang_up(call_id, own, tenant=tenant)
                case {"reject": call_id}:
                    engine.reject(call_id, own, tenant=tenant)
                case {"transfer": call_id, "number": number}:
                    engine.transfer(call_id, own, number, tenant=tenant)
                case {"transfer": call_id, "id": other_id}:
                    engine.attended_transfer(call_id, other_id, own, tenant=tenant)
                case {"remote-dial": number}:
                    engine.dial(own, number, tenant=tenant)
                case {"remote-answer": call_id}:
                    engine.answer(call_id, own, tenant=tenant)
                case {"remote-hold": call_id}:
                    engine.hold(call_id, own, tenant=tenant)
                case {"remote-resume": call_id}:
                    engine.resume(call_id, own, tenant=tenant)
                case {"id": _, "comment": _} | {"id": _, "category": _}:
                    pass
                case _:
                    raise web.HTTPBadRequest
        except EngineError:
            return False
        return True

    def _call_id(self, value: object) -> str:
        """Return the id that the engine knows a call by."""
        text = str(value)
        if self._pbx.switches.rest_ids == "same":
            return text
        return text.removeprefix("r-") if text.startswith("r-") else f"?{text}"

    def _check_call(self, login: Login, call_id: str) -> None:
        """Refuse a call that does not exist or is somebody else's."""
        try:
            call = self._engine.call(call_id, tenant=login.tenant)
        except EngineError as error:
            raise web.HTTPNotFound from error
        if not call.involves(login.account):
            raise web.HTTPForbidden

    # Do not disturb and settings

    async def _dnd(self, request: web.Request, login: Login) -> Json:
        """Tell the do not disturb state."""
        account = self._account(login)
        return {
            self._pbx.switches.dnd_field: account.dnd,
            "reason": account.dnd_reason,
            "expires": f"{account.dnd_expires or 0:g}",
        }

    async def _set_dnd(self, request: web.Request, login: Login) -> Json:
        """Switch do not disturb."""
        match await _body(request):
            case {"state": bool(state), **rest}:
                expires = None
                with suppress(TypeError, ValueError):
                    expires = float(rest.get("expires") or "") or None
                reason = str(rest.get("reason") or "")
                self._switch_dnd(login, state, reason, expires)
            case _:
                raise web.HTTPBadRequest
        return {}

    def _switch_dnd(
        self,
        login: Login,
        state: bool,
        reason: str | None = None,
        expires: float | None = None,
    ) -> None:
        """Switch do not disturb unless commands are ignored."""
        if not self._pbx.switches.ignore_commands:
            self._engine.set_dnd(
                login.account, state, reason, expires, tenant=login.tenant
            )

    async def _settings(self, request: web.Request, login: Login) -> Json:
        """Return the settings as strings."""
        return self._flat_settings(login)

    def _flat_settings(self, login: Login) -> dict[str, Json]:
        """Return the settings by name."""
        account = self._account(login)
        settings: dict[str, Json] = {
            "dnd": "true" if account.dnd else "false",
            "display_name": account.name,
            "mb_enable": "true",
            "alias": [account.number],
        }
        return settings | {key: account.settings.get(key, "") for key in _FORWARDS}

    async def _set_settings(self, request: web.Request, login: Login) -> Json:
        """Merge some settings."""
        if request.method not in self._pbx.switches.settings_methods:
            raise web.HTTPMethodNotAllowed(
                request.method, self._pbx.switches.settings_methods
            )
        self._merge(login, await _body(request))
        return self._flat_settings(login)

    async def _table(self, request: web.Request, login: Login) -> Json:
        """Return the settings the classic way."""
        table: dict[str, Json] = {
            name: {"name": name, "value": value}
            for name, value in self._flat_settings(login).items()
        }
        return {"settings": table}

    async def _set_table(self, request: web.Request, login: Login) -> Json:
        """Merge some settings the classic way."""
        match await _body(request):
            case {"table": "users", "settings": [*rows]}:
                self._merge(login, {row["name"]: row["value"] for row in rows})
            case _:
                raise web.HTTPBadRequest
        return {}

    def _merge(self, login: Login, settings: dict[str, Any]) -> None:
        """Take new values of settings."""
        account = self._account(login)
        for name, value in settings.items():
            if name == "dnd":
                self._switch_dnd(login, value in _TRUE)
            elif name == "display_name":
                self._engine.rename(login.account, str(value), tenant=login.tenant)
            elif name in _FORWARDS:
                account.settings[name] = str(value)


async def _body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request."""
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest
    return body
