"""Public clients log in and do their work: what they send is replayed byte by byte.

`voip_vodia` is an Odoo module: its server uses python-requests, its page a browser.
`VodiaRest` is a PHP class on the HTTP wrapper of PHP. It takes the fourth line of the
head for the length of the reply, and the characters after the first quotation mark for
the session.
"""

import asyncio
from dataclasses import dataclass
import json
import re
from typing import Any

import pytest

from simulator import Simulator, Switches
from tests.support.dialects import both_dialects

ADMIN = "YWRtaW46YWRtaW4tc2VjcmV0"  # admin:admin-secret
NOBODY = "YWRtaW46eA=="  # admin:x
PAGE = "https://odoo.example"

# What each client sends, with \n for the ends of lines. `{host}` is where the PBX is; the
# other braces stand for what the PBX has told before.
ODOO_TOKEN = (
    "POST /rest/system/session HTTP/1.1\n"
    "Host: {host}\n"
    "User-Agent: python-requests/2.32.5\n"
    "Accept-Encoding: gzip, deflate\n"
    "Accept: */*\n"
    "Connection: keep-alive\n"
    "Content-Length: {length}\n"
    "Content-Type: application/json\n"
    "Authorization: Basic {basic}\n"
    "\n"
    '{{"name": "3rd", "username": "{extension}", "domain": "{tenant}"}}'
)
ODOO_SESSION = (
    "POST /rest/system/session HTTP/1.1\n"
    "Host: {host}\n"
    "User-Agent: python-requests/2.32.5\n"
    "Accept-Encoding: gzip, deflate\n"
    "Accept: */*\n"
    "Connection: keep-alive\n"
    "Content-Length: {length}\n"
    "Content-Type: application/json\n"
    "\n"
    '{{"name": "session", "value": "{token}"}}'
)
ODOO_VERSION = (
    "GET / HTTP/1.1\n"
    "Host: {host}\n"
    "User-Agent: python-requests/2.32.5\n"
    "Accept-Encoding: gzip, deflate\n"
    "Accept: */*\n"
    "Connection: keep-alive\n"
    "\n"
)
PAGE_SESSION = (
    "POST /rest/system/session HTTP/1.1\n"
    "Host: {host}\n"
    "Connection: keep-alive\n"
    "Content-Length: {length}\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/147.0.0.0 Safari/537.36\n"
    "Content-Type: text/plain;charset=UTF-8\n"
    "Accept: */*\n"
    "Origin: " + PAGE + "\n"
    "Sec-Fetch-Site: cross-site\n"
    "Sec-Fetch-Mode: cors\n"
    "Sec-Fetch-Dest: empty\n"
    "Accept-Encoding: gzip, deflate, br, zstd\n"
    "\n"
    '{{"name":"session","value":"{token}"}}'
)
PAGE_PREFLIGHT = (
    "OPTIONS /rest/system/session HTTP/1.1\n"
    "Host: {host}\n"
    "Connection: keep-alive\n"
    "Accept: */*\n"
    "Access-Control-Request-Method: POST\n"
    "Access-Control-Request-Headers: content-type\n"
    "Origin: " + PAGE + "\n"
    "\n"
)
PAGE_SOCKET = (
    "GET /websocket?domain=localhost&user=45 HTTP/1.1\n"
    "Host: {host}\n"
    "Connection: Upgrade\n"
    "Upgrade: websocket\n"
    "Origin: " + PAGE + "\n"
    "Sec-WebSocket-Version: 13\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\n"
    "Cookie: session={session}\n"
    "\n"
)
PHP_LOGIN = (
    "PUT /rest/system/session HTTP/1.0\n"
    "Host: {host}\n"
    "Connection: close\n"
    "Content-Type: application/json\n"
    "Content-Length: {length}\n"
    "\n"
    '{{"name":"auth","value":"{user} {md5}"}}'
)
PHP_GET = (
    "GET {path} HTTP/1.0\n"
    "Host: {host}\n"
    "Connection: close\n"
    "Cookie: session={session}\n"
    "\n"
)
PHP_PUT = (
    "PUT {path} HTTP/1.0\n"
    "Host: {host}\n"
    "Connection: close\n"
    "Content-Type: application/json\n"
    "Content-Length: {length}\n"
    "Cookie: session={session}\n"
    "\n"
    "{body}"
)
ADMIN_MD5 = "fa0deb5e70ca0c27c04b717a9c60d657"
WRONG_MD5 = "9dd4e461268c8034f5c8564e155c67a6"


@dataclass
class Reply:
    """What came back: the lines of the head, and what follows them."""

    head: list[str]
    body: str

    @property
    def status(self) -> int:
        """Return the status."""
        return int(self.head[0].split()[1])

    def header(self, name: str) -> str:
        """Return a header, empty without it."""
        for line in self.head[1:]:
            if line.lower().startswith(name.lower() + ": "):
                return line.partition(": ")[2]
        return ""


async def send(pbx: Simulator, request: str, **values: str) -> Reply:
    """Send a request as it stands, and return the reply."""
    head, _, body = request.partition("\n\n")
    body = body.format(**values)
    head = head.format(host=f"{pbx.host}:{pbx.port}", length=len(body), **values)
    reader, writer = await asyncio.open_connection(pbx.host, pbx.port)
    writer.write((head.replace("\n", "\r\n") + "\r\n\r\n" + body).encode())
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    reply = Reply(lines, "")
    if reply.status != 101:
        size = int(reply.header("Content-Length"))
        reply.body = (await reader.readexactly(size)).decode()
    writer.close()
    await writer.wait_closed()
    return reply


# The Odoo module


async def odoo_token(
    pbx: Simulator, extension: str = "45", tenant: str = "localhost", basic: str = ADMIN
) -> Reply:
    """Ask for a token."""
    return await send(pbx, ODOO_TOKEN, extension=extension, tenant=tenant, basic=basic)


@both_dialects
@pytest.mark.parametrize("token_in", ["text", "session", "value", "token"])
async def test_odoo_server_logs_in(dialect: str, token_in: Any) -> None:
    """It gets a token however it is told, the live session, and the version."""
    switches = getattr(Switches, dialect)(token_in=token_in, server_in="root")
    async with Simulator(switches) as pbx:
        reply = await odoo_token(pbx)
        told = json.loads(reply.body)
        token = told if token_in == "text" else told[token_in]
        assert re.fullmatch(r"[a-z0-9]{20}", token)
        assert not reply.header("Server")
        reply = await send(pbx, ODOO_VERSION)
        assert re.search(r"PBX/([\d.]+)", reply.header("Server"))
        reply = await send(pbx, ODOO_SESSION, token=token)
        assert (reply.status, reply.body) == (200, "true")
        cookie = reply.header("Set-Cookie")
        session = re.match(r"session=([a-z0-9]{20});", cookie)
        assert session
        attributes = set(cookie.split("; ")[1:])
        assert attributes == {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"}
        assert session[1] != token
        # A token is good for one session.
        assert (await send(pbx, ODOO_SESSION, token=token)).body == "false"


@pytest.mark.parametrize(
    ("extension", "tenant", "basic", "status", "body"),
    [
        ("45", "nowhere.example", ADMIN, 404, ""),
        ("99", "localhost", ADMIN, 404, ""),
        ("500", "localhost", ADMIN, 404, ""),
        ("45", "localhost", NOBODY, 200, "false"),
        # Extension 45 is no administrator.
        ("45", "localhost", "NDU6NDUtc2VjcmV0", 200, "false"),
    ],
)
async def test_odoo_is_refused(
    extension: str, tenant: str, basic: str, status: int, body: str
) -> None:
    """It can tell what is wrong."""
    async with Simulator(Switches.modern()) as pbx:
        reply = await odoo_token(pbx, extension, tenant, basic)
        assert (reply.status, reply.body) == (status, body)
        pbx.switches.api_access = False
        if basic == ADMIN:
            assert (await odoo_token(pbx)).status == 403


async def test_odoo_page_connects() -> None:
    """A page of another site makes a token its session, reads that, and connects."""
    async with Simulator(Switches.modern()) as pbx:
        # It must not ask first: the PBX refuses that.
        assert (await send(pbx, PAGE_PREFLIGHT)).status == 403
        token = json.loads((await odoo_token(pbx)).body)
        reply = await send(pbx, PAGE_SESSION, token=token)
        assert (reply.status, reply.body) == (200, "true")
        assert reply.header("Access-Control-Allow-Origin") == PAGE
        assert reply.header("Access-Control-Allow-Credentials") == "true"
        assert (await send(pbx, PAGE_SOCKET, session=token)).status == 401
        session = reply.header("Set-Cookie").split(";")[0].removeprefix("session=")
        assert (await send(pbx, PAGE_SOCKET, session=session)).status == 101
        # Who may not see what is of others must not learn it by another site.
        pbx.switches.cors = False
        reply = await send(pbx, PAGE_SESSION, token=token)
        assert not reply.header("Access-Control-Allow-Origin")


async def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is good for ten seconds."""
    async with Simulator(Switches.modern()) as pbx:
        monkeypatch.setattr("simulator.logins.TOKEN_LIFE", 0.05)
        early = json.loads((await odoo_token(pbx)).body)
        late = json.loads((await odoo_token(pbx)).body)
        assert (await send(pbx, ODOO_SESSION, token=early)).body == "true"
        await asyncio.sleep(0.1)
        assert (await send(pbx, ODOO_SESSION, token=late)).body == "false"


# The PHP class


def php_data(reply: Reply) -> str:
    """Return what the class takes for the reply: as much as the fourth line says."""
    size = int(reply.head[3].split(":")[1][1:])
    return reply.body[:size]


async def php_login(pbx: Simulator, user: str = "admin", md5: str = ADMIN_MD5) -> str:
    """Log in, and return what the class takes for the session."""
    reply = await send(pbx, PHP_LOGIN, user=user, md5=md5)
    assert reply.head[0] == "HTTP/1.0 200 Ok"
    return php_data(reply)[1:21]


async def php_get(pbx: Simulator, session: str, path: str) -> Any:
    """Read something, as the class does."""
    reply = await send(pbx, PHP_GET, session=session, path=path)
    assert reply.status == 200, path
    return json.loads(php_data(reply))


@both_dialects
async def test_php_class(dialect: str) -> None:
    """It logs in as an administrator, reads and sets."""
    switches = getattr(Switches, dialect)()
    # A classic PBX of the time of the class has these.
    switches.rest_status.pop("user_settings", None)
    async with Simulator(switches) as pbx:
        session = await php_login(pbx)
        tenants = await php_get(pbx, session, "/rest/system/domains")
        assert [one["name"] for one in tenants] == ["localhost", "branch.example"]
        listed = await php_get(
            pbx, session, "/rest/domain/branch.example/userlist/extensions"
        )
        assert [one["account"] for one in listed["accounts"]] == ["41", "45", "46"]
        assert listed["action"] == "domain-list"
        codes = await php_get(pbx, session, "/rest/domain/localhost/settings")
        assert (codes["code_park"], codes["code_retrieve"]) == ("*85", "*86")
        path = "/rest/domain/localhost/user_settings/41"
        assert (await php_get(pbx, session, path))["display_name"] == "Bruno Ferreira"
        body = '{"display_name":"Bruno F.","cfa":"0123"}'
        reply = await send(pbx, PHP_PUT, session=session, path=path, body=body)
        assert reply.status == 200
        settings = await php_get(pbx, session, path)
        assert (settings["display_name"], settings["cfa"]) == ("Bruno F.", "0123")
        body = '{"type":"accounts","action":"reset_cfwd","selected":"41"}'
        action = "/rest/domain/localhost/domain_action/"
        reply = await send(pbx, PHP_PUT, session=session, path=action, body=body)
        assert (reply.status, reply.body) == (200, "{}")
        assert (await php_get(pbx, session, path))["cfa"] == ""
        body = '{"code_park":"*55"}'
        path = "/rest/domain/localhost/settings/"
        await send(pbx, PHP_PUT, session=session, path=path, body=body)
        assert pbx.engine.tenant("localhost").codes["code_park"] == "*55"


async def test_php_class_is_refused() -> None:
    """A wrong password leaves it without a session; a tenant's admin stays there."""
    async with Simulator(Switches.classic()) as pbx:
        session = await php_login(pbx, md5=WRONG_MD5)
        path = "/rest/domain/localhost/userlist/extensions"
        reply = await send(pbx, PHP_GET, session=session, path=path)
        assert reply.status == 401
        # MD5 of branch.example-admin.
        digest = "3f8aff1c1bbb927302d7a7b9517f552a"
        session = await php_login(pbx, "admin@branch.example", digest)
        reply = await send(pbx, PHP_GET, session=session, path=path)
        assert reply.status == 403
        path = "/rest/domain/branch.example/userlist"
        assert len((await php_get(pbx, session, path))["accounts"]) == 3
        path = "/rest/system/domains"
        assert (await send(pbx, PHP_GET, session=session, path=path)).status == 403


@both_dialects
@pytest.mark.parametrize("path", ["/", "/rest/system/session", "/nothing"])
async def test_head(dialect: str, path: str) -> None:
    """Each reply begins with the same four lines."""
    async with Simulator(getattr(Switches, dialect)()) as pbx:
        reply = await send(pbx, PHP_GET, session="", path=path)
        names = [line.partition(":")[0] for line in reply.head[1:4]]
        assert names == ["Cache-Control", "Content-Type", "Content-Length"]
        assert reply.header("Cache-Control") == "no-cache"
        word = "Ok" if path != "/nothing" else "Not Found"
        assert reply.head[0].split(maxsplit=2)[2] == word
