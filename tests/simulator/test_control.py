"""Test the control API."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulator import Simulator, Switches
from simulator.control import ControlServer
from tests.support.client import wait_for


class Control:
    """Post to the control API."""

    def __init__(self, pbx: Simulator, http: aiohttp.ClientSession) -> None:
        """Prepare to post."""
        self.pbx = pbx
        self._http = http

    async def post(self, path: str, **body: object) -> Any:
        """Post and return the answer."""
        async with self._http.post(path, json=body) as response:
            assert response.status == 200
            return await response.json()

    async def refusal(self, path: str, body: dict[str, object]) -> Any:
        """Post and return the error."""
        async with self._http.post(path, json=body) as response:
            assert response.status == 400
            return (await response.json())["error"]

    async def get(self, path: str, status: int = 200) -> Any:
        """Get and return the answer."""
        async with self._http.get(path) as response:
            assert response.status == status
            return await response.json()


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    """Return a control API that is served."""
    async with Simulator(Switches.classic(dial_pickup=None)) as pbx:
        server = ControlServer(pbx)
        await server.start()
        url = f"http://127.0.0.1:{server.port}"
        async with aiohttp.ClientSession(url) as http:
            yield Control(pbx, http)
        await server.stop()


async def test_calls(control: Control) -> None:
    """Calls are played by hand."""
    ring = {"from": "+4930123456", "to": "45", "name": "Anna Meyer"}
    call = (await control.post("/ring", **ring))["call"]
    await control.post("/answer", call=call, ext="45")
    await control.post("/hold", call=call, ext="45")
    await control.post("/resume", call=call, ext="45")
    await control.post("/record", call=call, state=True)
    second = (await control.post("/ring", **{"from": "45", "to": "41"}))["call"]
    await control.post("/answer", call=second, ext="41")
    await control.post("/transfer", call=call, ext="45", second=second)
    await control.post("/transfer", call=call, ext="41", to="42")
    await control.post("/reject", call=call, ext="42")
    dialed = (await control.post("/dial", **{"from": "45", "to": "41"}))["call"]
    (live,) = (await control.get("/state"))["calls"]
    assert (live["id"], live["stage"]) == (dialed, "own_ringing")
    await control.post("/hang_up", call=dialed)
    log = await control.get("/log")
    assert [entry["event"] for entry in log if entry["call_id"] == call] == [
        "created",
        "ringing",
        "answered",
        "held",
        "resumed",
        "recording",
        "transferred",
        "transferred",
        "ringing",
        "stopped_ringing",
        "ended",
    ]


async def test_accounts(control: Control) -> None:
    """Accounts are changed by hand."""
    await control.post("/dnd", ext="45", state=True)
    await control.post("/register", ext="45", state=False)
    await control.post("/chat", ext="45", state="offline")
    await control.post("/chat", **{"from": "41", "to": "45", "message": "hello"})
    await control.post("/password", ext="45", password="new")
    await control.post("/rename", ext="45", name="Freya")
    await control.post("/flag", ext="900", state=True)
    await control.post("/setting", ext="45", name="cfa", value="41")
    await control.post("/queue_login", queue="601", ext="45", state=False)
    await control.post("/account", ext="70", name="New One")
    await control.post("/account", ext="70", name="Other", tenant="branch.example")
    await control.post("/account/remove", ext="46")
    accounts = {
        account["number"]: account
        for account in (await control.get("/state"))["accounts"]
    }
    own = accounts["45"]
    assert (own["dnd"], own["registered"], own["chat"]) == (True, False, "offline")
    assert (own["password"], own["name"]) == ("new", "Freya")
    assert accounts["900"]["active"]
    assert own["settings"] == {"cfa": "41"}
    assert accounts["601"]["logged_out"] == ["45"]
    assert accounts["70"]["type"] == "extensions"
    assert "46" not in accounts
    branch = (await control.get("/state?tenant=branch.example"))["accounts"]
    assert branch[-1]["name"] == "Other"


async def test_faults(control: Control) -> None:
    """Faults are made by hand."""
    pbx = control.pbx
    await control.post("/freeze")
    assert not pbx.thawed.is_set()
    await control.post("/thaw")
    assert pbx.thawed.is_set()
    for path in ("/cut", "/refuse", "/accept", "/expire"):
        await control.post(path)
    await control.post("/raw", text="hello")
    await control.post("/restart", down=0)
    await control.post("/switch", latency=0.01, login_methods=["POST"])
    assert pbx.switches.latency == 0.01
    assert pbx.switches.login_methods == {"POST"}


async def test_life(control: Control) -> None:
    """Life begins, pauses and goes on by hand."""
    await control.post("/life", running=False)
    await control.post("/life", running=True)
    await wait_for(lambda: bool(control.pbx.engine.calls()))
    await control.post("/life", running=False)
    await control.post("/life", running=True)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/ring", {"to": "45"}, "from is missing"),
        ("/hang_up", {"call": "nope"}, "There is no call nope"),
        ("/switch", {"nope": 1}, "There is no switch nope"),
        ("/account", {"ext": "71", "name": "X", "type": "x"}, "not a valid"),
    ],
)
async def test_errors(
    control: Control, path: str, body: dict[str, object], text: str
) -> None:
    """Errors say what is wrong."""
    assert text in await control.refusal(path, body)


async def test_unknown_tenant(control: Control) -> None:
    """There is no state of what is not there."""
    assert "no tenant x" in (await control.get("/state?tenant=x", 400))["error"]
