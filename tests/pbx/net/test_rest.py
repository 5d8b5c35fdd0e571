"""The transport: what servers that are no PBX can do to us."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from aiohttp import web
import pytest

from custom_components.vodia.pbx.errors import (
    AccessOffError,
    CannotConnectError,
    LoginRefusedError,
    MethodNotAllowedError,
    NotFoundError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
)
from custom_components.vodia.pbx.models import Credentials, Server
from custom_components.vodia.pbx.net.login import login
from custom_components.vodia.pbx.net.rest import Rest, session_headers, session_options
from custom_components.vodia.pbx.trace import Trace

type Handler = Callable[[web.Request], Awaitable[web.Response]]
type Serve = Callable[[Handler], Awaitable[Rest]]


@pytest.fixture(autouse=True)
def real_environment(socket_enabled: None) -> None:
    """Allow loopback sockets; Home Assistant has no part in this."""


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return what serves every path with a handler, and talks to it."""
    runners: list[web.AppRunner] = []
    async with aiohttp.ClientSession(**session_options()) as http:

        async def start(handler: Handler) -> Rest:
            """Start a server."""
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app)
            runners.append(runner)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            return Rest(http, Server("127.0.0.1", port, tls=False), Trace(), 1.0)

        yield start
        for runner in runners:
            await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, MethodNotAllowedError),
        (401, SessionExpiredError),
        (403, AccessOffError),
        (404, NotFoundError),
        (405, MethodNotAllowedError),
        (500, UnexpectedReplyError),
        (503, UnexpectedReplyError),
    ],
)
async def test_status(serve: Serve, status: int, error: type[PbxError]) -> None:
    """Each status that means something has its error."""

    async def handle(request: web.Request) -> web.Response:
        """Answer with the status."""
        return web.Response(status=status, text="<html>")

    rest = await serve(handle)
    with pytest.raises(error) as raised:
        await rest.request("GET", "/rest/user/45@localhost/accounts")
    assert type(raised.value) is error


async def test_redirect_is_not_followed(serve: Serve) -> None:
    """Neither a call nor the WebSocket takes the session to another host."""
    stolen: list[str | None] = []

    async def steal(request: web.Request) -> web.Response:
        """Note what comes along."""
        stolen.append(request.headers.get("Cookie"))
        return web.json_response([])

    other = await serve(steal)

    async def redirect(request: web.Request) -> web.Response:
        """Send them there."""
        raise web.HTTPTemporaryRedirect(str(other.url.with_path("/steal")))

    rest = await serve(redirect)
    rest.headers = session_headers("sessionsessionsession")
    with pytest.raises(UnexpectedReplyError, match="redirect"):
        await rest.request("GET", "/rest/system/session")
    with pytest.raises(UnexpectedReplyError, match="redirect"):
        await rest.http.ws_connect(rest.url.with_path("/websocket"))
    assert not stolen


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{", b"\xff"])
async def test_no_json(serve: Serve, body: bytes) -> None:
    """What is not JSON is no reply of a PBX."""

    async def handle(request: web.Request) -> web.Response:
        """Answer with the body."""
        return web.Response(body=body)

    rest = await serve(handle)
    with pytest.raises(UnexpectedReplyError, match="not JSON"):
        (await rest.request("GET", "/rest/system/session")).json()


async def test_endless_reply(serve: Serve) -> None:
    """A reply beyond all bounds is not read to its end."""

    async def handle(request: web.Request) -> web.Response:
        """Answer with 20 MiB."""
        return web.Response(body=b" " * (20 * 1024 * 1024))

    rest = await serve(handle)
    # So much takes its time on a busy machine.
    rest._timeout = 15.0
    with pytest.raises(UnexpectedReplyError, match="too large"):
        await rest.request("GET", "/rest/system/session")


async def test_slow_server(serve: Serve) -> None:
    """A server that does not answer in time is not reached."""

    async def handle(request: web.Request) -> web.Response:
        """Never answer."""
        await asyncio.sleep(3)
        return web.Response()

    rest = await serve(handle)
    with pytest.raises(CannotConnectError):
        await rest.request("GET", "/rest/system/session")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"2nd": true}', SecondFactorError),
        ("42", UnexpectedReplyError),
        ('"not a session, but a sentence"', UnexpectedReplyError),
    ],
)
async def test_strange_logins(serve: Serve, body: str, error: type[PbxError]) -> None:
    """What a login may answer beside a session and a refusal."""

    async def handle(request: web.Request) -> web.Response:
        """Answer with the body."""
        return web.Response(text=body)

    rest = await serve(handle)
    with pytest.raises(error):
        await login(rest, Credentials("45", "secret"), None)


@pytest.mark.parametrize(
    "answer",
    ['"g7lsrphhrkim1jkvbt88"', '{"session":"g7lsrphhrkim1jkvbt88"}', "true"],
)
async def test_where_the_session_is(serve: Serve, answer: str) -> None:
    """The session is in the body, or in an object there, or in the cookie."""

    async def handle(request: web.Request) -> web.Response:
        """Answer as different versions do."""
        response = web.Response(text=answer)
        if answer == "true":
            response.set_cookie("session", "g7lsrphhrkim1jkvbt88")
        return response

    rest = await serve(handle)
    found = await login(rest, Credentials("45", "secret"), None)
    assert found.headers == {"Cookie": "session=g7lsrphhrkim1jkvbt88"}
    assert "g7lsrphhrkim1jkvbt88" not in repr(found)


async def test_refusal_outweighs_a_cookie(serve: Serve) -> None:
    """A cookie that every visitor gets does not turn a refusal into a session."""

    async def handle(request: web.Request) -> web.Response:
        """Refuse, with a cookie."""
        if request.path != "/rest/system/session":
            return web.Response(status=401)
        response = web.Response(text="false")
        response.set_cookie("session", "g7lsrphhrkim1jkvbt88")
        return response

    rest = await serve(handle)
    with pytest.raises(LoginRefusedError):
        await login(rest, Credentials("45", "secret"), None)
