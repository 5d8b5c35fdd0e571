"""Test the ways to log in."""

from typing import Any

import pytest

from simulator import Switches
from tests.support.client import PbxClient, basic

RIGHT = ("45", "45-secret")


@pytest.mark.parametrize(
    ("refusal", "answer"),
    [("empty", (200, "")), ("false", (200, False)), (401, (401, "")), (403, (403, ""))],
)
@pytest.mark.parametrize(
    ("user", "password"), [("45", "x"), ("99", "x"), ("45@nowhere", "45-secret")]
)
async def test_refusal(
    refusal: Any, answer: tuple[int, Any], user: str, password: str
) -> None:
    """A wrong password and an unknown user are refused as switched."""
    async with PbxClient(Switches.classic(refusal=refusal)) as client:
        assert (await client.try_login(user, password))[:2] == answer
        assert client.pbx.login_attempts == 1


@pytest.mark.parametrize("user", ["45", "45@localhost"])
async def test_user_names(user: str) -> None:
    """An extension may log in with or without its tenant."""
    async with PbxClient(Switches.classic()) as client:
        status, session_id, cookie = await client.try_login(user, "45-secret")
        assert (status, cookie) == (200, None)
        assert len(session_id) == 20
        client.session_id = session_id
        status, who = await client.rest("GET", "system/session")
        assert status == 200
        assert (who["cuser"], who["cdomain"]) == ("45", "localhost")
        client.pbx.switches.plain_username = False
        ok = user != "45"
        assert bool((await client.try_login(user, "45-secret"))[1]) is ok


async def test_tenants_are_kept_apart() -> None:
    """The same number of another tenant is somebody else."""
    async with PbxClient(Switches.classic()) as client:
        assert (await client.try_login("45@branch.example", "45-secret"))[1] == ""
        _, client.session_id, _ = await client.try_login(
            "45@branch.example", "45-branch"
        )
        client.pbx.switches.rest_status.clear()
        status, accounts = await client.rest("GET", "user/45@branch.example/accounts")
        assert (status, len(accounts)) == (200, 3)
        assert (await client.rest("GET", "user/45@localhost/dnd"))[0] == 403


async def test_methods() -> None:
    """Only the methods that are switched on log in."""
    async with PbxClient(Switches.classic()) as client:
        assert (await client.try_login(*RIGHT, "POST"))[0] == 405
        client.pbx.switches.login_methods = {"POST"}
        assert (await client.try_login(*RIGHT, "PUT"))[0] == 405
        assert (await client.try_login(*RIGHT, "POST"))[0] == 200
        assert client.pbx.login_attempts == 1


@pytest.mark.parametrize(
    ("where", "in_body", "in_cookie"),
    [("body", True, False), ("cookie", False, True), ("both", True, True)],
)
async def test_session_in(where: Any, in_body: bool, in_cookie: bool) -> None:
    """The session id comes where it is switched to."""
    async with PbxClient(Switches.modern(session_in=where)) as client:
        _, body, cookie = await client.try_login(*RIGHT)
        assert (body is not True, cookie is not None) == (in_body, in_cookie)
        if in_body and in_cookie:
            assert body == cookie


@pytest.mark.parametrize("password", ["", "pässwörd 密码", "with space"])
async def test_passwords(password: str) -> None:
    """Any password will do, an empty one is sent as nothing."""
    async with PbxClient(Switches.modern()) as client:
        client.pbx.engine.change_password("45", password)
        assert (await client.try_login("45", "45-secret"))[1] is False
        assert (await client.try_login("45", password))[1]
        authorization = basic("45@localhost", password)
        status, _ = await client.rest(
            "GET", "user/45@localhost/dnd", Authorization=authorization
        )
        assert status == 200


async def test_basic() -> None:
    """HTTP Basic works on REST when it is switched on."""
    async with PbxClient(Switches.modern()) as client:
        path = "user/45@localhost/dnd"
        good, bad = basic("45", "45-secret"), basic("45@localhost", "x")
        assert (await client.rest("GET", path, Authorization=good))[0] == 200
        assert (await client.rest("GET", path, Authorization=bad))[0] == 401
        assert client.pbx.login_attempts == 2
        assert (await client.rest("GET", path, Authorization="Basic %"))[0] == 401
        client.pbx.switches.basic = False
        assert (await client.rest("GET", path, Authorization=good))[0] == 401


async def test_second_factor() -> None:
    """A second factor leaves the login without a session."""
    async with PbxClient(Switches.modern(second_factor=True)) as client:
        status, body, cookie = await client.try_login(*RIGHT)
        assert (status, body["2nd"], cookie) == (200, True, None)


async def test_session_tells_tenant() -> None:
    """The session says who it is, or not, and answers anyone."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        assert "capabilities" in (await client.rest("GET", "system/session"))[1]
        client.pbx.switches.session_tells_tenant = True
        assert (await client.rest("GET", "system/session"))[1]["cuser"] == "45"
        client.session_id = ""
        status, who = await client.rest("GET", "system/session")
        assert (status, who.get("cuser")) == (200, None)


@pytest.mark.parametrize("way", ["expire", "log out", "remove"])
async def test_sessions_end(way: str) -> None:
    """A session ends by expiry, by logging out and with its account."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        assert (await client.user("GET", "dnd"))[0] == 200
        match way:
            case "expire":
                client.pbx.expire_sessions()
            case "log out":
                await client.rest("DELETE", "system/session")
            case "remove":
                client.pbx.engine.remove_account("45")
        assert (await client.user("GET", "dnd"))[0] == 401


async def test_forced_status() -> None:
    """The session endpoint can be made to fail, bad bodies are refused."""
    async with PbxClient(Switches.modern()) as client:
        bodies: tuple[object, ...] = (
            [],
            {},
            {"name": "auth", "value": "45"},
            {"name": "x"},
        )
        for body in bodies:
            assert (await client.rest("PUT", "system/session", body))[0] == 400
        third = {"name": "3rd", "domain": "localhost"}
        assert (await client.rest("PUT", "system/session", third)) == (200, False)
        client.pbx.switches.rest_status["session"] = 404
        for method in ("GET", "PUT", "DELETE"):
            assert (await client.rest(method, "system/session"))[0] == 404


async def test_requests_are_recorded() -> None:
    """Every request is recorded, with its path decoded."""
    async with PbxClient(Switches.modern(server_header="PBX/69.5")) as client:
        await client.login()
        await client.user("GET", "accounts?type=extensions")
        assert client.pbx.requests == [
            ("PUT", "/rest/system/session"),
            ("GET", "/rest/user/45@localhost/accounts?type=extensions"),
        ]
        async with client.http.get(client.pbx.url) as response:
            assert response.status == 200
            assert response.headers["Server"] == "PBX/69.5"
            assert response.content_type == "text/html"
