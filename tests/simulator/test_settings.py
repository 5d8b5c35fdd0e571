"""Test what extensions set for themselves: forwarding, and the logins to queues."""

import asyncio
from typing import Any

import pytest

from simulator import EngineError, Switches
from tests.support.client import PbxClient

SETTINGS = "domain/localhost/user_settings/45"
OWN_SETTINGS = "domain/self/account/self/user_settings"
SERVICE = "domain/localhost/account/45/acd_login?group=601"
OUTSIDE = "+4930123456"


async def test_forwarding() -> None:
    """Who calls an extension that sends its calls on is with the other phone."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        engine = client.pbx.engine
        status, told = await client.rest("POST", SETTINGS, {"cfa": "41"})
        assert (status, told["cfa"], told["cfb"]) == (200, "41", "")
        call = engine.call(engine.ring(OUTSIDE, "45"))
        assert (call.called.number, call.rung) == ("41", ["41"])
        # Who is sent back is called there.
        engine.set_setting("41", "cfa", "45")
        assert engine.call(engine.ring(OUTSIDE, "45")).called.number == "45"
        client.pbx.switches.settings_reply = "empty"
        assert await client.rest("POST", SETTINGS, {"cfa": ""}) == (200, {})
        assert engine.call(engine.ring(OUTSIDE, "45")).rung == ["45"]


async def test_shown_late() -> None:
    """What is set shows a moment later, or never."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        switches = client.pbx.switches
        switches.settings_delay = 0.1
        assert (await client.rest("POST", SETTINGS, {"cfb": "41"}))[1]["cfb"] == ""
        await asyncio.sleep(0.2)
        assert (await client.rest("GET", SETTINGS))[1]["cfb"] == "41"
        switches.ignore_commands = True
        assert (await client.rest("POST", SETTINGS, {"cfb": "42"}))[0] == 200
        await asyncio.sleep(0.2)
        assert (await client.rest("GET", SETTINGS))[1]["cfb"] == "41"


@pytest.mark.parametrize("status", [403, 404])
async def test_read_alone(status: int) -> None:
    """Settings that are not told may be written."""
    for switches, path in (
        (Switches.modern(), SETTINGS),
        (Switches.classic(), OWN_SETTINGS),
    ):
        switches.settings_status = status
        async with PbxClient(switches) as client:
            await client.login()
            assert (await client.rest("GET", path))[0] == status
            rows = [{"name": "cfa", "value": "41"}]
            body = {"table": "users", "settings": rows, "cfa": "41"}
            assert (await client.rest("PUT", path, body))[0] == 200
            assert client.pbx.engine.account("45").settings["cfa"] == "41"


@pytest.mark.parametrize("told", ["rows", "values"])
async def test_classic(told: Any) -> None:
    """Classic settings are rows by name, or values."""
    async with PbxClient(Switches.classic(settings_in=told)) as client:
        await client.login()
        client.pbx.engine.set_setting("45", "cfn", "41")
        _, settings = await client.rest("GET", OWN_SETTINGS)
        row = {"name": "cfn", "value": "41"} if told == "rows" else "41"
        assert settings["settings"]["cfn"] == row


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("object", ({"login": True}, {"login": False})),
        ("text", ("true", "false")),
        ("boolean", (True, False)),
    ],
)
async def test_queue(told: Any, words: tuple[Any, Any]) -> None:
    """An agent logs out and in; the queue rings who is logged in."""
    async with PbxClient(Switches.modern(queue_login_as=told)) as client:
        await client.login()
        engine = client.pbx.engine
        assert await client.rest("GET", SERVICE) == (200, words[0])
        out = await client.rest("POST", SERVICE, {"login": False})
        assert out == await client.rest("GET", SERVICE) == (200, words[1])
        assert "45" not in engine.call(engine.ring(OUTSIDE, "601")).rung
        await client.rest("POST", SERVICE, {"login": "true"})
        assert "45" in engine.call(engine.ring(OUTSIDE, "601")).rung
        client.pbx.switches.ignore_commands = True
        assert (await client.rest("POST", SERVICE, {"login": False}))[0] == 200
        assert engine.account("601").has_agent("45")
        assert (await client.rest("POST", SERVICE, {"login": "out"}))[0] == 400


@pytest.mark.parametrize("strangers", [401, 403, 404, "out"])
async def test_strangers(strangers: Any) -> None:
    """Who is no agent is refused, or told to be logged out, and stays so."""
    async with PbxClient(Switches.modern(queue_strangers=strangers)) as client:
        await client.login()
        path = SERVICE.replace("601", "600")
        status, told = await client.rest("GET", path)
        assert status == (200 if strangers == "out" else strangers)
        if strangers == "out":
            assert told == {"login": False}
            assert await client.rest("POST", path, {"login": True}) == (200, told)
        for other in ("500", "700", ""):
            assert (await client.rest("GET", SERVICE.replace("601", other)))[0] == 404
        with pytest.raises(EngineError, match="no agent"):
            client.pbx.engine.set_queue_login("600", "45", True)
