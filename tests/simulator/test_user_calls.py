"""Test what users have beside calls: settings, lists, star codes, chat, links that dial."""

import hashlib
import json
import re
from typing import Any

import pytest

from simulator import Simulator, Switches
from tests.support.client import PbxClient, basic, named

OWN = "domain/self/account/self"
OUTSIDE = "+4930123456"


async def test_classic_settings() -> None:
    """There are 80 and more names; what is not set is empty, and hashes are told."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        _, told = await client.rest("GET", f"{OWN}/user_settings")
        settings = {name: row["value"] for name, row in told["settings"].items()}
        assert told["table"] == "users"
        assert len(settings) >= 80
        assert all(name == row["name"] for name, row in told["settings"].items())
        assert {name: value for name, value in settings.items() if value} == {
            "include_local": "true",
            "dialog_subscribe": "*",
            "block_cid": "false",
            "cw": "true",
            "display_name": "Freya Nilsen",
            "sip_hist": settings["sip_hist"],
            "web_hist": settings["web_hist"],
        }
        for name in ("dnd", "cfa", "pickups", "orbits", "presence", "view_settings"):
            assert settings[name] == ""
        assert re.fullmatch(r"[0-9a-f]{64}", settings["web_hist"])
        client.pbx.engine.change_password("45", "new")
        _, told = await client.rest("GET", f"{OWN}/user_settings")
        past = told["settings"]["web_hist"]["value"].split()
        assert past == [settings["web_hist"], hashlib.sha256(b"new").hexdigest()]
        body = {
            "table": "users",
            "settings": [
                {"name": "cfa", "value": "0123"},
                {"name": "web_hist", "value": ""},
                {"name": "made_up", "value": "1"},
            ],
        }
        await client.rest("PUT", f"{OWN}/user_settings", body)
        _, told = await client.rest("GET", f"{OWN}/user_settings")
        assert told["settings"]["cfa"]["value"] == "0123"
        assert told["settings"]["web_hist"]["value"] == " ".join(past)
        assert "made_up" not in told["settings"]


async def test_session_of_a_user() -> None:
    """The session tells all that a classic portal needs."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        _, told = await client.rest("GET", "system/session")
        assert told == {
            "lang": "en",
            "type": "user",
            "superadmin": False,
            "edit": False,
            "cuser": "45",
            "cdomain": "localhost",
            "luser": "",
            "ldomain": "",
            "password_policy": "none",
            "allow_empty_passwords": "false",
            "code_rec": "*98",
            "country": "",
            "os": "CentOS64",
            "recording": True,
            "hosted": True,
            "standby": False,
        }


async def test_lists() -> None:
    """A classic PBX lists who asks, and both address books."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        _, who = await client.rest("GET", f"{OWN}/list/list_identity")
        assert who["user"] == "45"
        assert who["userid"].isdecimal()
        engine = client.pbx.engine
        engine.add_contact("45", "Anna", "Meyer", OUTSIDE, "+49170123")
        engine.add_shared_contact("", "Taxi", "030202020")
        own = {
            "id": 1,
            "number": OUTSIDE,
            "mobile": "+49170123",
            "first": "Anna",
            "last": "Meyer",
            "cmc": "",
            "speed": "",
        }
        path = f"{OWN}/list/list_adrbook"
        assert await client.rest("GET", f"{path},false") == (200, [own])
        _, (shared,) = await client.rest("GET", f"{path},true")
        assert (shared["last"], shared["number"]) == ("Taxi", "030202020")
        assert (await client.rest("GET", f"{OWN}/list/list_x"))[0] == 404


async def test_star_codes() -> None:
    """A user reads the star codes of the tenant, in a shape that nobody knows."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        _, codes = await client.user("GET", "starcodes")
        assert (codes["code_park"], codes["code_retrieve"]) == ("*85", "*86")
        client.pbx.switches.star_codes_as = "list"
        _, codes = await client.user("GET", "starcodes")
        assert {"name": "code_retrieve", "code": "*86"} in codes


async def test_classic_history_is_counted() -> None:
    """Calls are counted, missed ones alone as well, and perhaps only for true keys."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        engine = client.pbx.engine
        engine.hang_up(engine.ring(OUTSIDE, "45"))
        call = engine.ring("41", "45")
        engine.answer(call, "45")
        engine.hang_up(call)

        async def ask(**body: object) -> Any:
            """Ask for the history."""
            async with client.http.post(
                f"{client.pbx.url}/json", headers=client.headers, json=body
            ) as response:
                return await response.json() if response.status == 200 else None

        load: dict[str, object] = {"action": "load-cdr-summary", "start": 0}
        assert len(await ask(**load, length=50)) == 2
        (missed,) = await ask(**load, length=50, missed=True)
        assert (missed["connect"], OUTSIDE in missed["from"]) == (0, True)
        assert len(await ask(**load, length=50, missed="false")) == 2
        assert await ask(action="count-cdr-summary") == 2
        assert await ask(action="count-cdr-summary", missed="true") == 1
        client.pbx.switches.summary_for = "booleans"
        assert await ask(action="count-cdr-summary", domain="localhost") is None
        assert await ask(action="count-cdr-summary", domain=True, user=True) == 2


async def test_chat() -> None:
    """Messages go over REST, come on the socket, and stand in the thread of both."""
    async with (
        PbxClient(Switches.modern()) as client,
        client.colleague("41") as colleague,
    ):
        await client.connect()
        await colleague.connect()
        body = {"type": "text", "text": "hello"}
        status, first = await client.user("POST", "chat?number=41", body)
        assert (status, type(first)) == (200, int)
        (frame,) = named(await colleague.frames(), "chat")
        assert (frame["dest"], frame["message"]) == ("45", "hello")
        body = {"type": "text", "text": "yes?"}
        _, last = await colleague.user("POST", "chat?number=45", body)
        note = {"type": "note", "text": "call back"}
        _, noted = await client.user("POST", "chat?number=41", note)
        assert not named(await colleague.frames(), "chat")
        _, thread = await client.user("GET", "chat?number=41")
        assert (thread["first"], thread["last"], thread["total"]) == (first, noted, 3)
        assert [one["text"] for one in thread["content"]] == [
            *("hello", "yes?", "call back"),
        ]
        assert json.loads(thread["content"][2]["meta"]) == {"type": "note"}
        _, thread = await colleague.user("GET", "chat?number=45")
        assert (thread["last"], thread["total"]) == (last, 2)
        await client.user("POST", f"chat?number=%2B{OUTSIDE[1:]}", body)
        _, threads = await client.user("GET", "chat-history?api=2")
        assert [one["number"] for one in threads] == [OUTSIDE, "41"]
        wrongs: tuple[object, ...] = ({}, {"type": "text"}, {"type": "x", "text": "y"})
        for wrong in wrongs:
            assert (await client.user("POST", "chat?number=41", wrong))[0] == 400
        assert (await client.user("POST", "chat", body))[0] == 400


# Links that dial


async def follow(pbx: Simulator, query: str, **headers: str) -> int:
    """Follow a link that dials; return the status."""
    async with PbxClient(Switches.modern()) as client:
        url = f"{pbx.url}/remote_call.htm?{query}"
        async with client.http.get(url, headers=headers) as response:
            return response.status


def dialed(pbx: Simulator) -> list[str]:
    """Return what 45 has dialed, and let these calls end."""
    calls = pbx.engine.calls_of("45")
    for call in pbx.engine.calls():
        pbx.engine.hang_up(call.id)
    return [call.called.number for call in calls if call.caller.number == "45"]


@pytest.mark.parametrize(
    ("query", "authorization", "status"),
    [
        ("user=45%40localhost&dest=0123", basic("45@localhost", "45-secret"), 200),
        ("user=45&dest=0123&connect=true", basic("45", "45-secret"), 200),
        ("dest=0123&src=45", basic("45@localhost", "45-secret"), 200),
        ("user=45&dest=0123", basic("45", "x"), 401),
        ("user=45&dest=0123", basic("41", "41-secret"), 401),
        ("user=45&dest=0123", "", 401),
        ("user=45%40localhost&dest=0123&auth=45%40localhost%3A45-secret", "", 200),
        ("user=45&dest=0123&auth=45:45-secret&connect=true", "", 200),
        ("user=45&dest=0123&auth=45:wrong", "", 401),
        ("user=41&dest=0123&auth=45:45-secret", "", 401),
        ("user=admin&dest=0123&auth=admin:admin-secret", "", 401),
        ("user=45&dest=&auth=45:45-secret", "", 200),
    ],
)
async def test_link_that_dials(query: str, authorization: str, status: int) -> None:
    """Who proves to be somebody dials; the phone rings first."""
    async with Simulator(Switches.modern(dial_pickup=None)) as pbx:
        headers = {"Authorization": authorization} if authorization else {}
        assert await follow(pbx, query, **headers) == status
        works = status == 200 and "dest=0123" in query
        assert dialed(pbx) == (["0123"] if works else [])
        pbx.switches.remote_call = False
        assert await follow(pbx, query, **headers) == 404


@pytest.mark.parametrize(
    ("begins", "duration", "wrong", "status"),
    [
        (-10, "60", "", 200),
        (-90, "60", "", 401),
        (+60, "60", "", 401),
        (-3600, "", "", 200),
        (-7300, "", "", 401),
        (-10, "86400", "dest", 401),
        (-10, "86400", "duration", 401),
    ],
)
async def test_link_that_is_signed(
    begins: int, duration: str, wrong: str, status: int
) -> None:
    """A link may carry a hash instead of the password, for one number and a while."""
    async with Simulator(Switches.modern(dial_pickup=None)) as pbx:
        user, dest, when = "45@localhost", "+49301", str(int(pbx.engine.now()) + begins)
        signed = user + "45-secret" + dest + when + duration
        digest = hashlib.md5(signed.encode()).hexdigest()
        values = {
            "user": "45%40localhost",
            "dest": "%2B49301",
            "extension": "true",
            "time": when,
            "duration": duration,
            "auth": digest,
        }
        if wrong:
            values[wrong] = "99999"
        query = "&".join(f"{name}={value}" for name, value in values.items() if value)
        assert await follow(pbx, query) == status
        assert dialed(pbx) == ([dest] if status == 200 else [])


async def test_session_in_the_address() -> None:
    """The address of the socket may carry the session, where that is switched on."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        path = f"/websocket?domain=localhost&user=45&session={client.session_id}"
        assert await client.try_connect(path, Cookie="") == 401
        client.pbx.switches.session_in_url = True
        assert await client.try_connect(path, Cookie="") == 101
