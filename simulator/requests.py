"""What becomes of an HTTP request before its handler: recorded, delayed or spoilt."""

import asyncio
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from .head import write_head
from .link import reset
from .state import PbxState

SESSION_PATH = "/rest/system/session"
PAGE = "<!DOCTYPE html><html><head><title>PBX</title></head><body></body></html>"
# Seconds after which a hanging request looks whether it may go on.
_LOOK_AGAIN = 0.02


class Requests:
    """Pass requests on as the switches allow."""

    def __init__(self, state: PbxState) -> None:
        """Start without any."""
        self._state = state
        self._tasks: set[asyncio.Task[Any]] = set()

    async def cancel(self) -> None:
        """End all that are under way: a frozen request outlives its connection."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @web.middleware
    async def receive(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Record a request and answer when the link lets it."""
        state = self._state
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await state.thawed.wait()
        query = f"?{request.query_string}" if request.query_string else ""
        state.requests.append((request.method, request.path + query))
        try:
            response = await self._fail(request)
            if response is None and request.method == "OPTIONS" and state.switches.cors:
                response = web.Response(status=403)
            if response is None:
                response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status)
        if isinstance(response, web.Response):
            write_head(request, response, state.switches)
            await asyncio.sleep(state.switches.latency)
            await state.thawed.wait()
        return response

    async def _fail(self, request: web.Request) -> web.StreamResponse | None:
        """Let the step that a request is go wrong, or None."""
        switches, step = self._state.switches, step_of(request)
        if answer := self._state.answers.get(step):
            return await answer(request)
        if step == "login" and request.method not in switches.login_methods:
            return None
        match switches.faults.get(step):
            case int(status):
                return web.Response(status=status)
            case "html":
                return web.Response(text=PAGE, content_type="text/html")
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


def step_of(request: web.Request) -> str:
    """Return the step of a client's way that a request is."""
    if request.path == SESSION_PATH:
        return {"GET": "tell", "DELETE": "log_out"}.get(request.method, "login")
    if hdrs.UPGRADE in request.headers:
        return "handshake"
    return request.path.rpartition("/")[2]
