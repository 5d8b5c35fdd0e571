"""A small HTTP API to play with the simulated PBX by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
import inspect
import json
from typing import Any

from aiohttp import web

from .life import Life
from .model import DEFAULT_TENANT, EngineError
from .server import Simulator

type Body = dict[str, Any]
type Action = Callable[[Body], object | Awaitable[object]]


# What the engine does for a path: its method, and the fields that it takes in turn, of
# which those with a `?` may be missing.
_ENGINE = {
    "/ring": ("ring", "from", "to", "name?"),
    "/dial": ("dial", "from", "to"),
    "/answer": ("answer", "call", "ext?"),
    "/hold": ("hold", "call", "ext"),
    "/resume": ("resume", "call", "ext"),
    "/hang_up": ("hang_up", "call", "ext?"),
    "/reject": ("reject", "call", "ext"),
    "/record": ("record", "call", "state"),
    "/dnd": ("set_dnd", "ext", "state"),
    "/register": ("set_registered", "ext", "state"),
    "/flag": ("set_flag", "ext", "state"),
    "/mailbox": ("leave_message", "ext", "from", "name?"),
    "/mailbox/delete": ("delete_messages", "ext"),
    "/mailbox/hear": ("hear_messages", "ext"),
    "/setting": ("set_setting", "ext", "name", "value"),
    "/queue_login": ("set_queue_login", "queue", "ext", "state"),
    "/password": ("change_password", "ext", "password"),
    "/account/remove": ("remove_account", "ext"),
    "/rename": ("rename", "ext", "name"),
}


class ControlServer:
    """Offer every verb of the simulator over HTTP."""

    def __init__(self, pbx: Simulator, life: Life | None = None) -> None:
        """Control a PBX and its life."""
        self.port = 0
        self._pbx = pbx
        self._engine = pbx.engine
        self._life = life
        self._living: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.get("/log", self._get_log),
                *(
                    web.post(path, self._handler(action))
                    for path, action in self._actions().items()
                ),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        if self._life is not None:
            self._live(self._life)

    async def stop(self) -> None:
        """Stop listening, and stop life."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
            self._living = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _actions(self) -> dict[str, Action]:
        """Return what can be posted."""
        pbx, engine = self._pbx, self._engine
        return {
            **{path: self._verb(*verb) for path, verb in _ENGINE.items()},
            "/transfer": self._transfer,
            "/chat": self._chat,
            "/contact": lambda body: engine.add_contact(
                body["ext"],
                body.get("first", ""),
                body["last"],
                *body["numbers"],
                tenant=_tenant(body),
            ),
            "/account": self._add_account,
            "/cut": lambda _: pbx.cut(),
            "/truncate": lambda _: pbx.truncate(),
            "/deafen": lambda _: pbx.deafen(),
            "/freeze": lambda _: pbx.freeze(),
            "/thaw": lambda _: pbx.thaw(),
            "/refuse": lambda _: pbx.refuse(),
            "/accept": lambda _: pbx.accept(),
            "/restart": lambda body: pbx.restart(body.get("down", 0.5)),
            "/expire": lambda _: pbx.expire_sessions(),
            "/raw": lambda body: pbx.send_raw(body["text"], tenant=_tenant(body)),
            "/clock": lambda body: pbx.jump(body["seconds"]),
            "/switch": self._switch,
            "/life": self._set_life,
        }

    def _verb(self, method: str, *fields: str) -> Action:
        """Let a method of the engine do what is posted."""
        do = getattr(self._engine, method)

        def act(body: Body) -> object:
            """Pass the fields on, and answer with the id of a new call."""
            named = [name for name in fields if name[-1] != "?" or name[:-1] in body]
            call = do(*(body[n.rstrip("?")] for n in named), tenant=_tenant(body))
            return {"call": call} if call else None

        return act

    @staticmethod
    def _handler(
        action: Action,
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Let an action answer a request."""

        async def handle(request: web.Request) -> web.Response:
            """Run the action with the body of the request."""
            try:
                body = json.loads(await request.text() or "{}")
                result = action(body)
                if inspect.isawaitable(result):
                    result = await result
            except KeyError as error:
                text = f"{error.args[0]} is missing"
                return web.json_response({"error": text}, status=400)
            except (EngineError, TypeError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)
            return web.json_response(result or {})

        return handle

    def _transfer(self, body: Body) -> None:
        """Transfer to a number, or to the other party of a second call."""
        if "second" in body:
            self._engine.attended_transfer(
                body["call"], body["second"], body["ext"], tenant=_tenant(body)
            )
        else:
            self._engine.transfer(
                body["call"], body["ext"], body["to"], tenant=_tenant(body)
            )

    def _chat(self, body: Body) -> None:
        """Send a message, or set the chat status."""
        if "message" in body:
            self._engine.send_message(
                body["from"], body["to"], body["message"], tenant=_tenant(body)
            )
        else:
            self._engine.set_chat(body["ext"], body["state"], tenant=_tenant(body))

    def _add_account(self, body: Body) -> None:
        """Create an account."""
        self._engine.add_account(
            body["ext"],
            body["name"],
            body.get("type", "extensions"),
            members=tuple(body.get("members", ())),
            tenant=_tenant(body),
        )

    def _switch(self, body: Body) -> None:
        """Change switches."""
        switches = self._pbx.switches
        known = {field.name for field in fields(switches)}
        if unknown := body.keys() - known:
            raise EngineError(f"There is no switch {', '.join(sorted(unknown))}")
        for name, value in body.items():
            current = getattr(switches, name)
            setattr(switches, name, set(value) if isinstance(current, set) else value)

    def _set_life(self, body: Body) -> None:
        """Let life begin, go on or pause."""
        if not body["running"]:
            if self._life is not None:
                self._life.pause()
        elif self._life is None:
            self._life = Life(self._pbx)
            self._live(self._life)
        else:
            self._life.resume()

    def _live(self, life: Life) -> None:
        """Begin life."""
        self._living = asyncio.create_task(life.run())

    async def _get_state(self, request: web.Request) -> web.Response:
        """Return accounts, calls and connections of a tenant."""
        tenant = request.query.get("tenant", DEFAULT_TENANT)
        try:
            home = self._engine.tenant(tenant)
        except EngineError as error:
            return web.json_response({"error": str(error)}, status=400)
        state = {
            "accounts": [asdict(account) for account in home.accounts.values()],
            "calls": [asdict(call) for call in home.calls.values()],
            "connections": self._pbx.connections,
        }
        return _json(state)

    async def _get_log(self, request: web.Request) -> web.Response:
        """Return what really happened."""
        return _json([asdict(entry) for entry in self._engine.log])


def _tenant(body: Body) -> str:
    """Return the tenant that a body names."""
    return str(body.get("tenant", DEFAULT_TENANT))


def _json(data: object) -> web.Response:
    """Answer with JSON, sets included."""
    return web.json_response(text=json.dumps(data, default=sorted))
