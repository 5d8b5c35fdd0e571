"""Test the faults that can be made to happen."""

import asyncio
import time

import aiohttp
import pytest

from simulator import Simulator, Switches
from tests.support.client import PbxClient, named, wait_for


async def test_cut() -> None:
    """All WebSockets are reset, everything else goes on."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        call = client.pbx.engine.ring("+4930123456", "45")
        await client.pbx.cut()
        assert client.pbx.connections == 0
        types = {aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSED}
        while (message := await client.ws.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type in types
        status, calls = await client.user("GET", "calls")
        assert status == 200
        assert [entry["id"] for entry in calls] == [call]


async def test_freeze_and_thaw() -> None:
    """A frozen link says nothing, a thawed one says it all."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        await client.send("get-users")
        client.pbx.freeze()
        client.pbx.engine.set_dnd("44", True)
        received = len(client.pbx.received)
        requests = len(client.pbx.requests)
        await client.ws.send_json({"action": "get-calls"})
        reply = asyncio.create_task(client.rest("GET", "system/session"))
        silence = asyncio.create_task(client.ws.receive_json())
        done, _ = await asyncio.wait((reply, silence), timeout=0.1)
        assert not done
        assert len(client.pbx.received) == received
        assert len(client.pbx.requests) == requests
        assert client.pbx.connections == 1
        client.pbx.thaw()
        assert (await silence)["account"] == "44"
        assert (await reply)[0] == 200
        assert named(await client.frames(), "call-state")


async def test_frozen_pong() -> None:
    """A frozen link does not even answer a ping."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        ws = await client.http.ws_connect(
            client.pbx.url, headers=client.headers, autoping=False
        )
        client.pbx.freeze()
        await ws.ping()
        pong = asyncio.create_task(ws.receive())
        assert not (await asyncio.wait((pong,), timeout=0.05))[0]
        client.pbx.thaw()
        assert (await pong).type is aiohttp.WSMsgType.PONG
        await ws.close()


async def test_refuse_and_accept() -> None:
    """Nobody gets in, not even on an old connection; who is in stays."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        port = client.pbx.port
        await client.pbx.refuse()
        await client.pbx.refuse()
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.rest("GET", "system/session")
        assert await client.send("get-calls") == [{"action": "call-state", "calls": []}]
        await client.pbx.accept()
        await client.pbx.accept()
        assert client.pbx.port == port
        assert (await client.rest("GET", "system/session"))[0] == 200


async def test_restart() -> None:
    """A restart forgets connections, sessions and calls, and comes back."""
    async with PbxClient(Switches.modern(dial_pickup=0.01)) as client:
        await client.connect()
        client.pbx.engine.dial("45", "41")
        down = asyncio.create_task(client.pbx.restart(down=0.1))
        await wait_for(lambda: client.pbx.connections == 0)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.rest("GET", "system/session")
        await down
        assert client.pbx.engine.calls() == []
        assert (await client.user("GET", "dnd"))[0] == 401
        await client.connect()


async def test_expired_sessions_leave_sockets_open() -> None:
    """An open WebSocket survives its session."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.expire_sessions()
        assert await client.send("get-calls")
        assert client.pbx.connections == 1
        assert await client.try_connect("/") == 401


async def test_stop_is_quick_and_idempotent() -> None:
    """A frozen PBX with clients that wait stops at once."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.freeze()
        reply = asyncio.create_task(client.rest("GET", "system/session"))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            await client.pbx.stop()
            await client.pbx.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await reply


async def test_start_again_on_a_given_port() -> None:
    """A PBX can be started again where it was."""
    pbx = Simulator(Switches.classic())
    await pbx.start()
    port = pbx.port
    await pbx.stop()
    await pbx.start(port=port)
    assert pbx.url == f"http://127.0.0.1:{port}"
    await pbx.stop()


async def test_deafen() -> None:
    """A deaf link takes and sends nothing, a new one works."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.deafen()
        received = len(client.pbx.received)
        await client.ws.send_json({"action": "get-calls"})
        client.pbx.engine.set_dnd("44", True)
        with pytest.raises(TimeoutError):
            await client.ws.receive(0.1)
        assert len(client.pbx.received) == received
        assert client.pbx.connections == 1
        await client.connect()
        client.pbx.engine.set_dnd("44", False)
        assert named(await client.frames(), "user-state")


async def test_truncate() -> None:
    """The link ends within a frame."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        await client.frames()
        await client.pbx.truncate()
        assert client.pbx.connections == 0
        assert (await client.ws.receive()).type is not aiohttp.WSMsgType.TEXT


async def test_duplicates() -> None:
    """Each frame comes twice."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        await client.frames()
        client.pbx.switches.duplicates = True
        client.pbx.engine.set_dnd("44", True)
        first, second = named(await client.frames(), "user-state")
        assert first == second


async def test_late() -> None:
    """REST tells before a frame does."""
    async with PbxClient(Switches.modern(late=0.2)) as client:
        await client.connect()
        await client.frames()
        client.pbx.engine.set_dnd("44", True)
        _, accounts = await client.user("GET", "accounts")
        assert next(a for a in accounts if a["name"] == "44")["dnd"]
        with pytest.raises(TimeoutError):
            await client.ws.receive(0.05)
        assert (await client.ws.receive_json())["user"] == "44"


async def test_jump() -> None:
    """The clock of the PBX can be set; its history goes on."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        client.pbx.jump(3600)
        call = client.pbx.engine.ring("+4930123456", "45")
        assert client.pbx.engine.call(call).start > time.time() + 3590
        client.pbx.engine.hang_up(call)
        _, history = await client.user("GET", "history")
        assert [entry["id"] for entry in history["data"]] == [call]
