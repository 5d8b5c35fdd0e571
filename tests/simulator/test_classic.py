"""Test the classic dialect."""

from typing import Any

import pytest

from simulator import Switches
from tests.support.client import Frame, PbxClient, named

OUTSIDE = "+4930123456"


def account(frames: list[Frame], number: str) -> Frame:
    """Return the last user-state of an account."""
    return [f for f in named(frames, "user-state") if f["account"] == number][-1]


async def test_snapshot() -> None:
    """The snapshot has all accounts and the live calls."""
    async with PbxClient(Switches.classic(), calls=2) as client:
        await client.connect()
        (state,) = await client.send("get-users")
        assert state["action"] == "domain-state"
        assert state["messages"] == []
        assert len(state["calls"]) == 2
        accounts = {entry["account"]: entry for entry in state["accounts"]}
        assert len(accounts) == len(state["accounts"]) == 26
        assert accounts["45"] == {
            "account": "45",
            "name": "Freya Nilsen",
            "type": "extensions",
            "registered": True,
            "dnd": False,
            "chatstatus": "online",
        }
        assert accounts["500"]["type"] == "hunts"
        assert "code" in accounts["40"]
        client.pbx.switches.answers_get_users = False
        assert await client.send("get-users") == []


async def test_group_call() -> None:
    """A member sees a group call while it rings there; the others see each other."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        call = client.pbx.engine.ring(OUTSIDE, "500", name="Anna Meyer")
        frames = await client.frames()
        (ringing,) = named(frames, "call-state")
        entry = ringing["calls"][0]
        assert entry.pop("start") > 1e9
        assert entry == {
            "id": call,
            "from": f'"Anna Meyer" <sip:{OUTSIDE}@localhost;user=phone>',
            "to": '"Sales" <sip:500@localhost>',
            "callstate": "alerting",
            "cmc": "",
            "rec": "",
        }
        assert account(frames, "44")["calls"][0]["id"] == call
        client.pbx.engine.answer(call, "44")
        frames = await client.frames()
        assert named(frames, "call-state") == [{"action": "call-state", "calls": []}]
        assert "code" not in account(frames, "45")
        assert "calls" not in account(frames, "45")
        assert account(frames, "44")["calls"][0]["id"] == call
        client.pbx.engine.hang_up(call)
        assert "calls" not in account(await client.frames(), "44")


async def test_presence() -> None:
    """Each change of an account is pushed, and nothing else."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        engine = client.pbx.engine
        engine.set_dnd("41", True)
        engine.set_dnd("41", True)
        engine.set_registered("42", False)
        engine.set_chat("43", "offline")
        engine.set_dnd("41", True, tenant="branch.example")
        frames = await client.frames()
        assert [frame["account"] for frame in frames] == ["41", "42", "43"]
        assert frames[0] == {
            "action": "user-state",
            "type": "extensions",
            "account": "41",
            "domain": "localhost",
            "registered": True,
            "dnd": True,
            "chatstatus": "online",
        }
        client.pbx.switches.user_state = False
        engine.set_dnd("41", False)
        assert await client.frames() == []


@pytest.mark.parametrize("first", [True, False])
async def test_presence_first(first: bool) -> None:
    """Accounts come before or after the calls of the same moment."""
    async with PbxClient(Switches.classic(presence_first=first)) as client:
        await client.connect()
        client.pbx.engine.ring(OUTSIDE, "45")
        actions = [frame["action"] for frame in await client.frames()]
        assert actions == (
            ["user-state", "call-state"] if first else ["call-state", "user-state"]
        )


@pytest.mark.parametrize(
    ("detail", "keys"),
    [
        ("none", None),
        ("from", {"from"}),
        ("id", {"id", "from", "to"}),
        ("full", {"id", "from", "to", "callstate", "start"}),
    ],
)
async def test_user_calls(detail: Any, keys: set[str] | None) -> None:
    """The calls of an account tell as much as switched."""
    async with PbxClient(Switches.classic(user_calls=detail)) as client:
        await client.connect()
        client.pbx.engine.ring(OUTSIDE, "41")
        (state,) = await client.frames()
        assert state["code"] == 180
        calls = state.get("calls")
        assert (set(calls[0]) if calls else None) == keys


async def test_code_while_ringing() -> None:
    """An account that only rings may not count as busy yet."""
    async with PbxClient(Switches.classic(code_while_ringing=False)) as client:
        await client.connect()
        call = client.pbx.engine.ring("41", "42")
        (caller,) = await client.frames()
        assert (caller["account"], caller["code"]) == ("41", 180)
        client.pbx.engine.answer(call, "42")
        assert account(await client.frames(), "42")["code"] == 200


async def test_group_ids_per_leg() -> None:
    """Each member may know a group call by another id, and command it by that."""
    async with PbxClient(Switches.classic(group_ids="per_leg")) as client:
        await client.connect()
        call = client.pbx.engine.ring(OUTSIDE, "500")
        frames = await client.frames()
        own = named(frames, "call-state")[0]["calls"][0]["id"]
        other = account(frames, "44")["calls"][0]["id"]
        assert len({call, own, other}) == 3
        await client.send("accept-call", id=own)
        assert client.pbx.engine.calls_of("45")[0].id == call
        (state,) = await client.send("get-users")
        assert [entry["id"] for entry in state["calls"]] == [own]


async def test_words() -> None:
    """The words for the states of a call can be chosen."""
    words = {
        "outgoing_word": "ringback",
        "incoming_word": "ringing",
        "held_word": "holding",
    }
    async with PbxClient(Switches.classic(**words)) as client:
        await client.connect()

        async def state() -> str:
            """Return the state of the only call."""
            (frame,) = await client.send("get-calls")
            word: str = frame["calls"][0]["callstate"]
            return word

        engine = client.pbx.engine
        incoming = engine.ring("41", "45")
        await client.frames()
        assert await state() == "ringing"
        engine.answer(incoming, "45")
        engine.hold(incoming, "41")
        await client.frames()
        assert await state() == "holding"
        engine.hang_up(incoming)
        engine.ring("45", OUTSIDE)
        await client.frames()
        assert await state() == "ringback"


async def test_commands() -> None:
    """The commands do what they say to own calls."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        engine = client.pbx.engine
        call_id = engine.ring("41", "45")
        call = engine.call(call_id)
        await client.send("accept-call", id=call_id)
        assert call.talks("45")
        assert call.connect
        await client.send("hold-call", id=call_id)
        assert "45" in call.held_by
        await client.send("hold-call", id=call_id)
        assert not call.held_by
        await client.send("rec-call", id=call_id, startstop="on")
        assert engine.call(call_id).recording
        (frame,) = await client.send("get-calls")
        assert frame["calls"][0]["rec"] == "adhoc"
        await client.send("rec-call", id=call_id, startstop="off")
        assert not engine.call(call_id).recording
        await client.send("clear-call", id=call_id, connected="false")
        assert engine.calls() == []


async def test_transfers() -> None:
    """Transfers need the right parties."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        engine = client.pbx.engine
        first = engine.ring("41", "45")
        engine.answer(first, "45")
        await client.send("blind-transfer", id=first, **{"from": "45"}, to="46")
        assert engine.calls_of("45")
        await client.send(
            "blind-transfer", id=first, **{"from": "41@localhost"}, to="46"
        )
        assert engine.call(first).rung == ["46"]
        engine.hang_up(first)

        first = engine.ring("41", "45")
        engine.answer(first, "45")
        second = engine.ring("45", "42")
        engine.answer(second, "42")
        join = {"id": first, "id2": second, "from": "41", "to": "42"}
        await client.send("att-transfer", **join | {"to": "43"})
        assert len(engine.calls()) == 2
        await client.send("att-transfer", **join)
        assert engine.call(first).other("41").number == "42"

        third = engine.ring("41", "45")
        engine.answer(third, "45")
        await client.send("blind-transfer2", id=third, **{"from": "45"}, to="46")
        assert engine.call(third).rung == ["46"]


async def test_commands_for_calls_of_others() -> None:
    """Calls of others are left alone, and so is what makes no sense."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        engine = client.pbx.engine
        call = engine.ring("41", "42")
        engine.answer(call, "42")
        await client.frames()
        before = len(engine.log)
        for action in ("accept-call", "hold-call", "clear-call", "rec-call"):
            assert await client.send(action, id=call, startstop="on") == []
            assert await client.send(action, id="nope") == []
            assert await client.send(action) == []
        assert await client.send("make-call") == []
        assert len(engine.log) == before


@pytest.mark.parametrize(
    "overrides", [{"ignore_commands": True}, {"socket_commands": False}]
)
async def test_commands_without_effect(overrides: dict[str, bool]) -> None:
    """Commands may do nothing."""
    async with PbxClient(Switches.classic(**overrides)) as client:
        await client.connect()
        await client.send("make-call", to="41")
        assert client.pbx.engine.calls() == []


async def test_make_call() -> None:
    """Click to dial rings the own phone first, then the target."""
    switches = Switches.classic(dial_pickup=0.01, far_answer=0.01)
    async with PbxClient(switches) as client:
        await client.connect()
        await client.ws.send_json({"action": "make-call", "to": OUTSIDE})
        states = []
        while "connected" not in states:
            frame = await client.ws.receive_json()
            if frame["action"] == "call-state":
                states += [entry["callstate"] for entry in frame["calls"]]
        events = [entry.event for entry in client.pbx.engine.log]
        assert events == ["created", "own_ringing", "own_answered", "answered"]
        assert states == ["alerting", "connected"]


@pytest.mark.parametrize(("as_", "first"), [("outgoing", "45"), ("incoming", "41")])
async def test_dial_presents_as(as_: Any, first: str) -> None:
    """While the own phone rings, the call may look like an incoming one."""
    switches = Switches.classic(dial_presents_as=as_, dial_pickup=None)
    async with PbxClient(switches) as client:
        await client.connect()
        call = client.pbx.engine.dial("45", "41")
        (state,) = named(await client.frames(), "call-state")
        assert f"<sip:{first}@" in state["calls"][0]["from"]
        await client.send("accept-call", id=call)
        (state,) = await client.send("get-calls")
        assert "<sip:45@" in state["calls"][0]["from"]
        assert client.pbx.engine.call(call).rung == ["41"]


async def test_party_names() -> None:
    """Names are quoted, empty ones left out."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.engine.ring("51", "45")
        client.pbx.engine.ring("52", "45")
        await client.frames()
        (state,) = await client.send("get-calls")
        parties = [entry["from"] for entry in state["calls"]]
        assert parties == [
            r'"Lars \"Lasse\" Holm <Lab>" <sip:51@localhost>',
            "<sip:52@localhost>",
        ]


async def test_strings() -> None:
    """Booleans and numbers may come as strings."""
    async with PbxClient(Switches.classic(strings=True)) as client:
        await client.connect()
        client.pbx.engine.ring("41", "45")
        (state, *users) = await client.frames()
        assert float(state["calls"][0]["start"]) > 1e9
        assert isinstance(state["calls"][0]["start"], str)
        assert (users[0]["dnd"], users[0]["code"]) == ("false", "180")


async def test_calls_as_object() -> None:
    """A list of one call may come as a bare object."""
    async with PbxClient(Switches.classic(calls_as_object=True)) as client:
        await client.connect()
        call = client.pbx.engine.ring("41", "45")
        (state, *_) = await client.frames()
        assert state["calls"]["id"] == call
        client.pbx.engine.ring("42", "45")
        assert len((await client.send("get-calls"))[0]["calls"]) == 2


async def test_noise() -> None:
    """Unknown fields and messages are mixed in."""
    async with PbxClient(Switches.classic(noise=True)) as client:
        await client.connect()
        frames = []
        for state in (True, False, True, False, True, False):
            client.pbx.engine.set_dnd("41", state)
            frames += await client.frames()
        assert [frame.get("action") for frame in frames] == [
            "user-state",
            "user-state",
            "x-unknown",
            "user-state",
            "user-state",
            None,
            "user-state",
            "user-state",
            "chat",
        ]
        assert "x-noise" in frames[0]


async def test_modern_subscriptions_are_unknown() -> None:
    """The classic dialect knows no subscriptions."""
    async with PbxClient(Switches.classic(domain_calls=True)) as client:
        await client.connect()
        assert await client.send("domain-calls", subscribe=True) == []
        client.pbx.engine.ring("41", "42")
        assert named(await client.frames(), "call-state") == []


async def test_own_password_of_new_accounts() -> None:
    """A new account can log in; a removed one is gone from the snapshot."""
    async with PbxClient(Switches.classic()) as client:
        await client.connect()
        client.pbx.engine.add_account("70", "New One", type="extensions")
        assert account(await client.frames(), "70")["registered"] is False
        assert (await client.try_login("70", "70-secret"))[1] != ""
        client.pbx.engine.remove_account("70")
        assert await client.frames() == []
        assert len((await client.send("get-users"))[0]["accounts"]) == 26
