"""A plain client of the simulated PBX."""

import asyncio
import base64
from collections.abc import Callable
import hashlib
from itertools import count
import json
from typing import Any, Self, override

import aiohttp

from simulator import Simulator, Switches

type Frame = dict[str, Any]

_BARRIERS = count()


class Client:
    """Talk to a PBX as one extension."""

    def __init__(self, pbx: Simulator, extension: str = "45") -> None:
        """Prepare to talk."""
        self.pbx = pbx
        self.extension = extension
        self.tenant = "localhost"
        self.session_id = ""
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._ws: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close everything."""
        if self._ws is not None:
            await self._ws.close()
        await self.http.close()

    def colleague(self, extension: str) -> Client:
        """Return a client of the same PBX."""
        return Client(self.pbx, extension)

    @property
    def ws(self) -> aiohttp.ClientWebSocketResponse:
        """Return the open WebSocket."""
        assert self._ws is not None
        return self._ws

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that carries the session."""
        return {"Cookie": f"session={self.session_id}"}

    async def try_login(
        self, user: str, password: str, method: str = "PUT"
    ) -> tuple[int, Any, str | None]:
        """Try to log in; return status, body and the cookie's session id."""
        digest = hashlib.md5(password.encode()).hexdigest() if password else ""
        async with self.http.request(
            method,
            f"{self.pbx.url}/rest/system/session",
            json={"name": "auth", "value": f"{user} {digest}"},
        ) as response:
            text = await response.text()
            cookie = response.cookies.get("session")
            return (
                response.status,
                json.loads(text) if response.status == 200 else text,
                cookie.value if cookie else None,
            )

    async def login(self) -> None:
        """Log in with the usual password."""
        status, body, cookie = await self.try_login(
            f"{self.extension}@{self.tenant}", f"{self.extension}-secret"
        )
        assert status == 200
        self.session_id = cookie or body

    async def try_connect(self, path: str, **headers: str) -> int:
        """Try to open a WebSocket; return the status of the handshake."""
        if self._ws is not None:
            await self._ws.close()
            self._ws = None
        try:
            self._ws = await self.http.ws_connect(
                self.pbx.url + path, headers=headers or self.headers
            )
        except aiohttp.WSServerHandshakeError as error:
            return error.status
        return 101

    async def connect(self) -> None:
        """Log in and open a WebSocket."""
        await self.login()
        path = "/"
        if self.pbx.switches.dialect == "modern":
            path = f"/websocket?domain={self.tenant}&user={self.extension}"
        assert await self.try_connect(path) == 101
        await self.sync()

    async def sync(self) -> None:
        """Wait until the PBX has processed all that was sent so far."""
        number = next(_BARRIERS)
        await self.ws.send_json({"barrier": number})
        await wait_for(lambda: {"barrier": number} in self.pbx.received)

    async def send(self, action: str, **fields: object) -> list[Frame]:
        """Send a frame; return what comes of it."""
        await self.ws.send_json({"action": action} | fields)
        return await self.frames()

    async def frames(self) -> list[Frame]:
        """Return the frames that have come since."""
        await self.sync()
        await self.pbx.send_raw("end", tenant=self.tenant)
        frames = []
        async with asyncio.timeout(5):
            while (text := (await self.ws.receive_str())) != "end":
                frames.append(json.loads(text))
        return frames

    async def rest(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, Any]:
        """Make a REST call; return status and body."""
        async with self.http.request(
            method,
            f"{self.pbx.url}/rest/{path}",
            headers=headers or self.headers,
            json=body,
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def user(
        self, method: str, path: str, body: object = None
    ) -> tuple[int, Any]:
        """Make a REST call for the own extension."""
        account = f"{self.extension}%40{self.tenant}"
        return await self.rest(method, f"user/{account}/{path}", body)


class PbxClient(Client):
    """A client that has a PBX of its own."""

    def __init__(self, switches: Switches, accounts: int = 0, calls: int = 0) -> None:
        """Prepare PBX and client."""
        super().__init__(Simulator(switches, accounts=accounts, calls=calls))

    @override
    async def __aenter__(self) -> Self:
        """Start the PBX."""
        await self.pbx.start()
        return self

    @override
    async def __aexit__(self, *exc: object) -> None:
        """Stop the PBX, and then the client, which a frozen PBX would block."""
        await self.pbx.stop()
        await super().__aexit__(*exc)


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def named(frames: list[Frame], action: str) -> list[Frame]:
    """Return the frames with an action."""
    return [frame for frame in frames if frame.get("action") == action]
