"""The REST calls of a user."""

from aiohttp import web

from .admin import Admin
from .audio import Audio
from .chat import Chat
from .gate import Gate, read_body
from .logins import Login
from .model import Account, EngineError
from .queues import Queues
from .rest_wire import RestWire
from .settings import Settings
from .state import PbxState
from .wire import Json

_NO_CALL_ID = ("number", "name", "remote-dial", "comment", "category")


class Rest:
    """Answer the REST calls of extensions."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state
        self._engine = state.engine

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        user, own = "/rest/user/{account}", "/rest/domain/self/account/self"
        gate = Gate(self._state)
        return [
            web.get(f"{user}/accounts", gate.user("accounts", self._accounts)),
            web.get(f"{user}/calls", gate.user("calls", self._calls)),
            web.post(f"{user}/calls", gate.user("calls", self._command)),
            web.post("/json", gate.user("json", self._classic_history)),
            web.get(f"{user}/orbits", gate.user("orbits", self._orbits)),
            web.get(f"{user}/starcodes", gate.user("starcodes", self._star_codes)),
            web.get(f"{user}/history", gate.user("history", self._history)),
            web.get(f"{user}/srvflags", gate.user("srvflags", self._flags)),
            web.post(f"{user}/srvflags", gate.user("srvflags", self._set_flag)),
            web.get(
                "/rest/user/self/messages",
                gate.user("self_messages", self._self_messages),
            ),
            web.get(f"{user}/messages", gate.user("messages", self._messages)),
            web.get(f"{user}/adrbook", gate.user("adrbook", self._address_book)),
            web.get(f"{own}/list/{{name}}", gate.user("lists", self._list)),
            *Settings(self._state).routes(gate),
            *Queues(self._state).routes(gate),
            *Chat(self._state).routes(gate),
            *Audio(self._state).routes(gate),
            *Admin(self._engine).routes(gate),
            web.route("*", "/rest/{rest:.*}", gate.user("", self._unknown)),
        ]

    def _account(self, login: Login) -> Account:
        """Return the account of a login."""
        return self._engine.account(login.account, tenant=login.tenant)

    def _wire(self, login: Login) -> RestWire:
        """Return how the tenant of a login is shown."""
        return RestWire(self._engine, self._state.switches, login.tenant)

    async def _unknown(self, request: web.Request, login: Login) -> Json:
        """Answer what is not offered to users."""
        raise web.HTTPNotFound

    # Accounts, history, flags

    async def _accounts(self, request: web.Request, login: Login) -> Json:
        """List the accounts of the tenant."""
        kind = request.query.get("type")
        honoured = self._state.switches.accounts_type_filter
        return self._wire(login).directory(kind if honoured else None)

    async def _history(self, request: web.Request, login: Login) -> Json:
        """List the calls that are over."""
        return self._wire(login).history(login.account, self._engine.now())

    async def _orbits(self, request: web.Request, login: Login) -> Json:
        """List the park orbits."""
        return self._wire(login).orbits()

    async def _star_codes(self, request: web.Request, login: Login) -> Json:
        """Return the star codes; their real layout is unknown."""
        codes = self._engine.tenant(login.tenant).codes
        if self._state.switches.star_codes_as == "list":
            return [{"name": name, "code": code} for name, code in codes.items()]
        return dict[str, Json](codes)

    async def _list(self, request: web.Request, login: Login) -> Json:
        """Return who asks, or a classic address book: the own one or the tenant's."""
        account = self._account(login)
        match request.match_info["name"]:
            case "list_identity":
                return {"user": account.number, "userid": str(account.id)}
            case "list_adrbook,false":
                contacts = account.contacts
            case "list_adrbook,true":
                contacts = self._engine.tenant(login.tenant).contacts
            case _:
                raise web.HTTPNotFound
        return [
            {
                "id": index,
                "number": "".join(contact.numbers[:1]),
                "mobile": "".join(contact.numbers[1:2]),
                "first": contact.first,
                "last": contact.last,
                "cmc": "",
                "speed": "",
            }
            for index, contact in enumerate(contacts, 1)
        ]

    async def _classic_history(self, request: web.Request, login: Login) -> Json:
        """List or count the calls that are over, the classic way."""
        body = await read_body(request)
        asked = body.get("domain"), body.get("user")
        if self._state.switches.summary_for == "booleans" and asked != (True, True):
            raise web.HTTPBadRequest
        missed = body.get("missed") in (True, "true")
        wire, now = self._wire(login), self._engine.now()
        match body:
            case {"action": "load-cdr-summary", "start": int(), "length": int(length)}:
                return wire.summary(login.account, length, now, missed=missed)
            case {"action": "count-cdr-summary"}:
                return len(wire.summary(login.account, None, now, missed=missed))
            case _:
                raise web.HTTPBadRequest

    async def _flags(self, request: web.Request, login: Login) -> Json:
        """List the service flags."""
        return self._wire(login).flags()

    async def _messages(self, request: web.Request, login: Login) -> Json:
        """Return how many messages there are, and which."""
        return self._wire(login).messages(self._account(login), dict(request.query))

    async def _self_messages(self, request: web.Request, login: Login) -> Json:
        """List the messages, the classic way."""
        return self._wire(login).self_messages(self._account(login))

    async def _address_book(self, request: web.Request, login: Login) -> Json:
        """List the address book, whose real layout nobody knows."""
        return self._wire(login).address_book(self._account(login))

    async def _set_flag(self, request: web.Request, login: Login) -> Json:
        """Switch a service flag."""
        state = (await read_body(request)).get("state")
        if state not in ("true", "false"):
            raise web.HTTPBadRequest
        number = request.query.get("name", "")
        account = self._engine.tenant(login.tenant).accounts.get(number)
        clock = account is not None and account.mode == "clock"
        if clock or not self._state.switches.flags_writable:
            raise web.HTTPForbidden
        if self._state.switches.ignore_commands:
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
            for key, value in (await read_body(request)).items()
        }
        engine, own, tenant = self._engine, login.account, login.tenant
        if self._state.switches.rest_refuses & body.keys():
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
        if self._state.switches.ignore_commands:
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
        if self._state.switches.rest_ids == "same":
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
