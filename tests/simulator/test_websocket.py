"""Test how WebSockets are opened and what all of them have in common."""

import asyncio
from typing import Any

import aiohttp
import pytest

from simulator import Switches
from tests.support.client import PbxClient, basic, named, wait_for

MODERN = "/websocket?domain=localhost&user=45"


@pytest.mark.parametrize(
    ("switches", "path", "status"),
    [
        (Switches.classic(), "/", 101),
        (Switches.classic(), MODERN, 404),
        (Switches.modern(), "/", 200),
        (Switches.modern(), MODERN, 101),
        (Switches.modern(), "/websocket", 404),
        (Switches.modern(), "/websocket?domain=localhost&user=46", 404),
        (Switches.modern(), "/websocket?domain=branch.example&user=45", 404),
        (
            Switches.modern(wrong_tenant_status=403),
            "/websocket?domain=x&user=45",
            403,
        ),
        (Switches.modern(websocket_paths={"/", "/websocket"}), "/", 101),
    ],
)
async def test_paths(switches: Switches, path: str, status: int) -> None:
    """A WebSocket opens on the paths of the switches only."""
    async with PbxClient(switches) as client:
        await client.login()
        assert await client.try_connect(path) == status
        assert client.pbx.connections == (status == 101)


@pytest.mark.parametrize("refusal", [401, 403])
async def test_handshake_without_session(refusal: Any) -> None:
    """A handshake without a session is refused."""
    async with PbxClient(Switches.modern(handshake_refusal=refusal)) as client:
        assert await client.try_connect(MODERN) == refusal


async def test_handshake_closed() -> None:
    """A PBX may open and close at once instead."""
    async with PbxClient(Switches.modern(handshake_refusal="close")) as client:
        assert await client.try_connect(MODERN) == 101
        assert (await client.ws.receive()).type is aiohttp.WSMsgType.CLOSE
        assert client.pbx.connections == 0


async def test_basic_handshake() -> None:
    """Basic opens a WebSocket only when that is switched on."""
    async with PbxClient(Switches.modern()) as client:
        authorization = basic("45", "45-secret")
        assert await client.try_connect(MODERN, Authorization=authorization) == 401
        client.pbx.switches.basic_handshake = True
        assert await client.try_connect(MODERN, Authorization=authorization) == 101


async def test_page_without_upgrade() -> None:
    """The path of the WebSocket wants a WebSocket."""
    async with (
        PbxClient(Switches.modern()) as client,
        client.http.get(client.pbx.url + MODERN) as response,
    ):
        assert response.status == 400


@pytest.mark.parametrize("answers", [True, False])
async def test_ping(answers: bool) -> None:
    """Pings are answered, or not."""
    async with PbxClient(Switches.classic(answers_ping=answers)) as client:
        await client.login()
        ws = await client.http.ws_connect(
            client.pbx.url, headers=client.headers, autoping=False
        )
        await ws.ping(b"are you there")
        await ws.send_json({"action": "get-calls"})
        message = await ws.receive()
        if answers:
            assert message.type is aiohttp.WSMsgType.PONG
            assert message.data == b"are you there"
        else:
            assert message.type is aiohttp.WSMsgType.TEXT
        await ws.close()


async def test_what_is_not_understood_is_ignored() -> None:
    """Nonsense is ignored; objects are recorded."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        await client.ws.send_str("no json")
        await client.ws.send_str("[1]")
        await client.ws.send_bytes(b"{}")
        assert await client.send("avoid-disconnect") == []
        assert await client.send("x-unknown") == []
        assert {"action": "avoid-disconnect"} in client.pbx.received


async def test_close() -> None:
    """A client that closes is gone."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        assert client.pbx.connections == 1
        await client.ws.close()
        await wait_for(lambda: client.pbx.connections == 0)


async def test_raw_frames() -> None:
    """Text and binary frames go out as they are, to one tenant."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        await client.pbx.send_raw("elsewhere", tenant="branch.example")
        await client.pbx.send_raw('{"half')
        await client.pbx.send_raw(b"\x00")
        await client.pbx.flush()
        assert await client.ws.receive_str() == '{"half'
        assert await client.ws.receive_bytes() == b"\x00"


@pytest.mark.parametrize("switches", [Switches.classic(), Switches.modern()])
async def test_chat(switches: Switches) -> None:
    """A message reaches its recipient, with the sender in `dest`."""
    async with PbxClient(switches) as client:
        await client.connect()
        client.pbx.engine.send_message("41", "45", "hello")
        client.pbx.engine.send_message("41", "46", "not for you")
        assert await client.frames() == [
            {"action": "chat", "dest": "41", "message": "hello"}
        ]
        frames = await client.send("chat", src="45", dest="45", message="note")
        assert named(frames, "chat")[0]["message"] == "note"


async def test_latency() -> None:
    """Frames and replies take their time, one beside the other."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.switches.latency = 0.05
        loop = asyncio.get_running_loop()
        start = loop.time()
        for _ in range(20):
            await client.ws.send_json({"action": "get-calls"})
        for _ in range(20):
            await client.ws.receive_json()
        assert 0.05 <= loop.time() - start < 0.9
        start = loop.time()
        await client.rest("GET", "system/session")
        assert loop.time() - start >= 0.05


async def test_idle_timeout() -> None:
    """A client that says nothing is closed, one that does is not."""
    async with PbxClient(Switches.classic(idle_timeout=0.1)) as client:
        await client.connect()
        for _ in range(4):
            await asyncio.sleep(0.05)
            await client.send("avoid-disconnect")
        assert (await client.ws.receive()).type is aiohttp.WSMsgType.CLOSE
