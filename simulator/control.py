"""A small HTTP API to play with the simulated PBX by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
import inspect
import json
from typing import Any, TypedDict

from aiohttp import web

from .life import Life
from .model import DEFAULT_TENANT, EngineError
from .server import Simulator

type Body = dict[str, Any]
type Action = Callable[[Body], object | Awaitable[object]]


class _Tenant(TypedDict):
    """The tenant that a verb is for."""

    tenant: str


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
                web.get("/state", self._tell_state),
                web.get("/log", self._tell_log),
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
            "/ring": lambda body: {
                "call": engine.ring(
                    body["from"], body["to"], body.get("name", ""), **_tenant(body)
                )
            },
            "/dial": lambda body: {
                "call": engine.dial(body["from"], body["to"], **_tenant(body))
            },
            "/answer": lambda body: engine.answer(
                body["call"], body.get("ext"), **_tenant(body)
            ),
            "/hold": lambda body: engine.hold(
                body["call"], body["ext"], **_tenant(body)
            ),
            "/resume": lambda body: engine.resume(
                body["call"], body["ext"], **_tenant(body)
            ),
            "/hang_up": lambda body: engine.hang_up(
                body["call"], body.get("ext"), **_tenant(body)
            ),
            "/reject": lambda body: engine.reject(
                body["call"], body["ext"], **_tenant(body)
            ),
            "/transfer": self._transfer,
            "/record": lambda body: engine.record(
                body["call"], body["state"], **_tenant(body)
            ),
            "/dnd": lambda body: engine.set_dnd(
                body["ext"], body["state"], **_tenant(body)
            ),
            "/register": lambda body: engine.set_registered(
                body["ext"], body["state"], **_tenant(body)
            ),
            "/chat": self._chat,
            "/flag": lambda body: engine.set_flag(
                body["ext"], body["state"], **_tenant(body)
            ),
            "/mailbox": lambda body: engine.leave_message(
                body["ext"], body["from"], body.get("name", ""), **_tenant(body)
            ),
            "/mailbox/hear": lambda body: engine.hear_messages(
                body["ext"], **_tenant(body)
            ),
            "/contact": lambda body: engine.add_contact(
                body["ext"],
                body.get("first", ""),
                body["last"],
                *body["numbers"],
                **_tenant(body),
            ),
            "/password": lambda body: engine.change_password(
                body["ext"], body["password"], **_tenant(body)
            ),
            "/account": self._add_account,
            "/account/remove": lambda body: engine.remove_account(
                body["ext"], **_tenant(body)
            ),
            "/rename": lambda body: engine.rename(
                body["ext"], body["name"], **_tenant(body)
            ),
            "/cut": lambda _: pbx.cut(),
            "/truncate": lambda _: pbx.truncate(),
            "/deafen": lambda _: pbx.deafen(),
            "/freeze": lambda _: pbx.freeze(),
            "/thaw": lambda _: pbx.thaw(),
            "/refuse": lambda _: pbx.refuse(),
            "/accept": lambda _: pbx.accept(),
            "/restart": lambda body: pbx.restart(body.get("down", 0.5)),
            "/expire": lambda _: pbx.expire_sessions(),
            "/raw": lambda body: pbx.send_raw(body["text"], **_tenant(body)),
            "/clock": lambda body: pbx.jump(body["seconds"]),
            "/switch": self._switch,
            "/life": self._set_life,
        }

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
                body["call"], body["second"], body["ext"], **_tenant(body)
            )
        else:
            self._engine.transfer(
                body["call"], body["ext"], body["to"], **_tenant(body)
            )

    def _chat(self, body: Body) -> None:
        """Send a message, or set the chat status."""
        if "message" in body:
            self._engine.send_message(
                body["from"], body["to"], body["message"], **_tenant(body)
            )
        else:
            self._engine.set_chat(body["ext"], body["state"], **_tenant(body))

    def _add_account(self, body: Body) -> None:
        """Create an account."""
        self._engine.add_account(
            body["ext"],
            body["name"],
            body.get("type", "extensions"),
            members=tuple(body.get("members", ())),
            **_tenant(body),
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

    async def _tell_state(self, request: web.Request) -> web.Response:
        """Tell accounts, calls and connections of a tenant."""
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

    async def _tell_log(self, request: web.Request) -> web.Response:
        """Tell what really happened."""
        return _json([asdict(entry) for entry in self._engine.log])


def _tenant(body: Body) -> _Tenant:
    """Return the tenant that a body names."""
    return {"tenant": body.get("tenant", DEFAULT_TENANT)}


def _json(data: object) -> web.Response:
    """Answer with JSON, sets included."""
    return web.json_response(text=json.dumps(data, default=sorted))
