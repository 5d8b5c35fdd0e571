"""Test the REST calls."""

import pytest

from simulator import Switches
from tests.support.client import PbxClient, wait_for

OUTSIDE = "+4930123456"
SETTINGS = "domain/localhost/user_settings/45"
OWN_SETTINGS = "domain/self/account/self/user_settings"


async def test_accounts() -> None:
    """The directory has all accounts but the flags, or those of a type."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        client.pbx.engine.ring(OUTSIDE, "45")
        status, accounts = await client.user("GET", "accounts")
        assert (status, len(accounts)) == (200, 25)
        (own,) = [entry for entry in accounts if entry["name"] == "45"]
        assert own == {
            "name": "45",
            "alias": ["45"],
            "ani": [],
            "displayname": "Freya Nilsen",
            "icon": False,
            "dnd": False,
            "chatstatus": "online",
            "connected": True,
            "login": False,
            "department": "",
            "position": "",
            "registered": True,
        }
        client.pbx.switches.code_while_ringing = False
        _, accounts = await client.user("GET", "accounts?type=extensions")
        assert len(accounts) == 18
        assert not any(entry["connected"] for entry in accounts)
        client.pbx.switches.accounts_type_filter = False
        _, accounts = await client.user("GET", "accounts?type=extensions")
        assert len(accounts) == 25


@pytest.mark.parametrize("dialect", ["classic", "modern"])
async def test_recordings(dialect: str) -> None:
    """Each message has a sound of its own; one of another mailbox only if a PBX is so."""
    async with PbxClient(getattr(Switches, dialect)()) as client:
        await client.login()
        engine, switches = client.pbx.engine, client.pbx.switches
        for number, seconds in (("45", 2), ("45", 2), ("41", 1)):
            engine.leave_message(number, OUTSIDE, "Anna", seconds)
        own, other = engine.account("45").messages, engine.account("41").messages[0]
        _, listed = (
            await client.rest("GET", "user/self/messages")
            if dialect == "classic"
            else await client.user("GET", "messages?api=2&page=1&size=10")
        )
        ids = set(listed) if dialect == "classic" else {e["id"] for e in listed["data"]}
        assert {str(each) for each in ids} == {str(message.id) for message in own}

        async def sound(message_id: int, kind: str = "voicemail") -> tuple[int, bytes]:
            """Return the answer to who asks for a recording."""
            query = f"type={kind}&id={message_id}"
            url = f"{client.pbx.url}/audio.wav?{query}"
            async with client.http.get(url, headers=client.headers) as reply:
                return reply.status, await reply.read()

        first, second = [await sound(message.id) for message in own]
        assert first[0] == second[0] == 200
        assert first[1] != second[1]
        assert len(first[1]) == 44 + 2 * 2 * 8000
        assert (await sound(other.id))[0] == 404
        assert (await sound(own[0].id, "recording"))[0] == 404
        assert all(message.new for message in own)
        switches.audio_of_all = switches.hearing_marks = True
        assert (await sound(other.id))[0] == 200
        assert not other.new


async def test_orbits() -> None:
    """The orbits are told with who is parked there, in fields that nobody knows."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        engine, switches = client.pbx.engine, client.pbx.switches
        empty = {"name": "5", "display": "Park 5", "calls": []}
        assert await client.user("GET", "orbits") == (200, [empty])
        call = engine.ring(OUTSIDE, "41")
        engine.answer(call, "41")
        engine.transfer(call, "41", "5")
        engine.add_account("6", "Park 6", type="orbits")
        _, (first, second) = await client.user("GET", "orbits")
        assert [entry["id"] for entry in first["calls"]] == [call]
        assert first["calls"][0]["from-number"] == OUTSIDE
        assert second["calls"] == []
        switches.orbit_field, switches.orbit_calls = "number", "count"
        _, (first, second) = await client.user("GET", "orbits")
        assert (first["number"], first["calls"]) == ("5", 1)
        assert (second["number"], second["calls"]) == ("6", 0)
        switches.orbit_calls = "none"
        _, (first, _) = await client.user("GET", "orbits")
        assert first == {"number": "5", "display": "Park 5"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("user/45@localhost/accounts", 200),
        ("user/46@localhost/orbits", 403),
        ("user/45%40localhost/accounts", 200),
        ("user/46@localhost/accounts", 403),
        ("user/45@branch.example/accounts", 403),
        ("user/45/accounts", 404),
        ("user/45@localhost/nothing", 404),
        ("domain/localhost/users", 403),
        ("domain/localhost/nothing", 404),
        ("system/domains", 403),
        (SETTINGS, 200),
        ("domain/localhost/user_settings/46", 403),
        (OWN_SETTINGS, 404),
    ],
)
async def test_rights(path: str, status: int) -> None:
    """Users reach what is their own."""
    async with PbxClient(Switches.modern()) as client:
        assert (await client.rest("GET", path))[0] == 401
        await client.login()
        assert (await client.rest("GET", path))[0] == status
        client.pbx.switches.api_access = False
        assert (await client.rest("GET", path))[0] == 403
        assert (await client.rest("GET", "system/session"))[0] == 200


async def test_forced_status() -> None:
    """Each kind of path can be made to fail; the classic ones are not there."""
    kinds = {
        "accounts": "user/45@localhost/accounts",
        "calls": "user/45@localhost/calls",
        "dnd": "user/45@localhost/dnd",
        "history": "user/45@localhost/history",
        "srvflags": "user/45@localhost/srvflags",
        "user_settings": SETTINGS,
    }
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        for kind, path in kinds.items():
            assert (await client.rest("GET", path))[0] == 404
            client.pbx.switches.rest_status[kind] = 500
            assert (await client.rest("GET", path))[0] == 500
            del client.pbx.switches.rest_status[kind]
            assert (await client.rest("GET", path))[0] == 200
        client.pbx.switches.rest_status["self_settings"] = 403
        assert (await client.rest("GET", OWN_SETTINGS))[0] == 403


async def test_dnd() -> None:
    """Do not disturb is read, set with reason, and expires."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        body = {"state": True, "reason": "Lunch break", "expires": "3600"}
        assert (await client.user("POST", "dnd", body))[0] == 200
        assert await client.user("GET", "dnd") == (200, body)
        client.pbx.switches.dnd_field = "dnd"
        assert (await client.user("GET", "dnd"))[1]["dnd"] is True
        await client.user("POST", "dnd", {"state": True, "expires": "0.02"})
        await wait_for(lambda: not client.pbx.engine.account("45").dnd)
        wrongs: tuple[object, ...] = ({"state": "yes"}, {}, [])
        for wrong in wrongs:
            assert (await client.user("POST", "dnd", wrong))[0] == 400
        client.pbx.switches.ignore_commands = True
        assert (await client.user("POST", "dnd", {"state": True}))[0] == 200
        assert not client.pbx.engine.account("45").dnd


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_user_settings(method: str) -> None:
    """Settings are strings, are merged and come back."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        status, settings = await client.rest(
            method, SETTINGS, {"dnd": "true", "cfa": "0123", "display_name": "Freya"}
        )
        assert status == 200
        assert (settings["dnd"], settings["cfa"]) == ("true", "0123")
        assert (await client.rest("GET", SETTINGS)) == (200, settings)
        account = client.pbx.engine.account("45")
        assert (account.dnd, account.name) == (True, "Freya")
        client.pbx.switches.settings_methods = {"POST", "PUT"} - {method}
        assert (await client.rest(method, SETTINGS, {"dnd": "false"}))[0] == 405
        assert account.dnd


async def test_own_settings() -> None:
    """The classic way to settings is a table."""
    async with PbxClient(Switches.classic()) as client:
        await client.login()
        body = {"table": "users", "settings": [{"name": "dnd", "value": "true"}]}
        assert await client.rest("PUT", OWN_SETTINGS, body) == (200, {})
        assert client.pbx.engine.account("45").dnd
        _, settings = await client.rest("GET", OWN_SETTINGS)
        assert settings["settings"]["dnd"] == {"name": "dnd", "value": "true"}
        assert (await client.rest("PUT", OWN_SETTINGS, {"dnd": "true"}))[0] == 400


async def test_call_commands() -> None:
    """Calls are controlled over REST."""
    async with PbxClient(Switches.modern(dial_pickup=None)) as client:
        await client.login()
        engine = client.pbx.engine

        async def post(**body: object) -> object:
            """Post a command and return what it says."""
            status, answer = await client.user("POST", "calls", body)
            return answer if status == 200 else status

        call = engine.ring("41", "45")
        assert await post(**{"remote-answer": call}) is True
        assert await post(**{"remote-answer": call}) is False
        assert await post(**{"remote-hold": call}) is True
        (entry,) = (await client.user("GET", "calls"))[1]
        assert (entry["id"], entry["state"]) == (call, "onhold")
        assert await post(**{"remote-resume": call}) is True
        assert await post(id=call, comment="note") is True
        assert await post(transfer=call, number="46") is True
        assert engine.call(call).rung == ["46"]
        assert await post(hangup=call) == 403
        assert await post(hangup="nope") == 404
        assert await post(whatever=1) == 400
        engine.hang_up(call)

        call = engine.ring("41", "45")
        assert await post(reject=call) is True
        assert await post(**{"remote-dial": "42", "name": "Chidi"}) is True
        (dialed,) = engine.calls()
        assert dialed.called.number == "42"
        engine.answer(dialed.id)
        engine.answer(dialed.id, "42")
        call = engine.ring("41", "45")
        await post(**{"remote-answer": call})
        assert await post(transfer=call, id=dialed.id) is True
        assert engine.call(call).other("41").number == "42"
        client.pbx.switches.ignore_commands = True
        call = engine.ring("41", "45")
        assert await post(reject=call) is True
        assert engine.call(call).rung == ["45"]


async def test_history() -> None:
    """The history tells missed, answered, answered elsewhere and own calls."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        engine = client.pbx.engine
        engine.hang_up(engine.ring(OUTSIDE, "45", name="Anna Meyer"))
        elsewhere = engine.ring(OUTSIDE, "500")
        engine.answer(elsewhere, "44")
        engine.hang_up(elsewhere)
        engine.hang_up(engine.ring("45", "41"))
        engine.hang_up(engine.ring("41", "42"))
        status, history = await client.user("GET", "history")
        assert status == 200
        assert (history["total"], history["missed"]) == (3, 1)
        own, group, missed = history["data"]
        assert (own["inbound"], own["external"], own["connect"]) == (False, False, 0)
        assert group["to-number"] == "500"
        assert group["connect"] > 1e9
        assert missed["from-name"] == "Anna Meyer"
        assert (missed["inbound"], missed["external"]) == (True, True)
        assert (missed["queue"], missed["connect"]) == (False, 0)
        assert missed["start"] <= missed["end"]


async def test_flags() -> None:
    """Service flags are read and switched."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        (flag,) = (await client.user("GET", "srvflags"))[1]
        assert (flag["name"], flag["state"]) == ("900", False)
        path = "srvflags?name={}"
        body = {"state": "true"}
        assert (await client.user("POST", path.format("900"), body))[0] == 200
        assert client.pbx.engine.account("900").active
        assert (await client.user("POST", path.format("45"), body))[0] == 404
        body = {"state": "maybe"}
        assert (await client.user("POST", path.format("900"), body))[0] == 400


async def test_strings() -> None:
    """REST bodies have strings for booleans, too, when that is switched on."""
    async with PbxClient(Switches.modern(strings=True)) as client:
        await client.login()
        assert (await client.user("GET", "dnd"))[1]["state"] == "false"


async def test_body_that_is_no_json() -> None:
    """A body that is no JSON is refused."""
    async with PbxClient(Switches.modern()) as client:
        await client.login()
        async with client.http.post(
            f"{client.pbx.url}/rest/user/45@localhost/calls",
            headers=client.headers,
            data="{",
        ) as response:
            assert response.status == 400
