"""Test the modern dialect."""

import pytest

from simulator import Switches
from tests.support.client import PbxClient, named

OUTSIDE = "+4930123456"


async def test_own_calls() -> None:
    """The own stream is the complete list of own calls, each time."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        engine = client.pbx.engine
        engine.ring("41", "45")
        assert named(await client.frames(), "call-state") == []
        (state,) = await client.send("own-calls", subscribe=True)
        entry = state["calls"][0]
        assert entry.pop("start") > 1e9
        assert entry == {
            "id": engine.calls()[0].id,
            "from": '"Bruno Ferreira" <sip:41@localhost>',
            "to": '"Freya Nilsen" <sip:45@localhost>',
            "from-number": "41",
            "from-name": "Bruno Ferreira",
            "to-number": "45",
            "to-name": "Freya Nilsen",
            "state": "alerting",
            "extension": ["41", "45"],
            "connect": "",
            "rec": "",
            "cmc": "",
        }
        second = engine.ring(OUTSIDE, "45")
        (state,) = named(await client.frames(), "call-state")
        assert len(state["calls"]) == 2
        engine.answer(second, "45")
        (state,) = named(await client.frames(), "call-state")
        assert state["calls"][1]["connect"] > 1e9
        engine.hang_up(second)
        engine.hang_up(entry["id"])
        last = named(await client.frames(), "call-state")[-1]
        assert last == {"action": "call-state", "calls": []}
        await client.send("own-calls", subscribe=False)
        engine.ring("41", "45")
        assert named(await client.frames(), "call-state") == []


async def test_both_streams() -> None:
    """Own and tenant's calls come as two lists that nothing tells apart."""
    async with PbxClient(Switches.modern(), calls=1) as client:
        await client.connect()
        await client.send("own-calls", subscribe=True)
        await client.send("domain-calls", subscribe=True)
        client.pbx.engine.ring("41", "45")
        states = named(await client.frames(), "call-state")
        assert [len(state["calls"]) for state in states] == [1, 2]
        assert states[0].keys() == states[1].keys()


async def test_domain_calls_not_allowed() -> None:
    """Who may not see the tenant's calls is not even told so."""
    async with PbxClient(Switches.modern(domain_calls=False)) as client:
        await client.connect()
        assert await client.send("domain-calls", subscribe=True) == []
        client.pbx.engine.ring("41", "42")
        assert named(await client.frames(), "call-state") == []


async def test_no_initial_call_state() -> None:
    """Subscribing may be answered with nothing until something happens."""
    async with PbxClient(Switches.modern(initial_call_state=False)) as client:
        await client.connect()
        assert await client.send("own-calls", subscribe=True) == []
        client.pbx.engine.ring("41", "45")
        assert len(named(await client.frames(), "call-state")) == 1


@pytest.mark.parametrize(
    ("shrink", "phones"), [(True, ["44"]), (False, ["44", "43", "45"])]
)
async def test_shrink_extensions(shrink: bool, phones: list[str]) -> None:
    """Who did not answer leaves the list, or not."""
    async with PbxClient(Switches.modern(shrink_extensions=shrink)) as client:
        await client.connect()
        await client.send("domain-calls", subscribe=True)
        call = client.pbx.engine.ring(OUTSIDE, "500")
        (state,) = named(await client.frames(), "call-state")
        assert state["calls"][0]["extension"] == ["43", "44", "45"]
        client.pbx.engine.answer(call, "44")
        (state,) = named(await client.frames(), "call-state")
        assert state["calls"][0]["extension"] == phones


async def test_group_ids_per_leg() -> None:
    """The tenant's list may have an entry for each leg of a group call."""
    async with PbxClient(Switches.modern(group_ids="per_leg")) as client:
        await client.connect()
        await client.send("domain-calls", subscribe=True)
        call = client.pbx.engine.ring("41", "500")
        (state,) = named(await client.frames(), "call-state")
        legs = {entry["extension"][0]: entry["id"] for entry in state["calls"]}
        assert list(legs) == ["41", "43", "44", "45"]
        assert len(set(legs.values())) == 4
        assert legs["41"] == call
        client.pbx.engine.answer(legs["44"], "44")
        (state,) = named(await client.frames(), "call-state")
        assert [entry["id"] for entry in state["calls"]] == [call, legs["44"]]


async def test_star_extensions() -> None:
    """The list of extensions may have stars."""
    async with PbxClient(Switches.modern(star_extensions=True)) as client:
        await client.connect()
        client.pbx.engine.ring("41", "45")
        await client.frames()
        (state,) = await client.send("own-calls", subscribe=True)
        assert state["calls"][0]["extension"] == ["*41", "*45"]


@pytest.mark.parametrize("action", ["orbit-calls", "call-state"])
async def test_orbits(action: str) -> None:
    """Parked calls are told to those who asked."""
    async with PbxClient(Switches.modern(orbit_action=action)) as client:
        await client.connect()
        engine = client.pbx.engine
        assert await client.send("orbit-calls", subscribe=True) == [
            {"action": action, "calls": []}
        ]
        call = engine.ring(OUTSIDE, "41")
        engine.answer(call, "41")
        engine.transfer(call, "41", "5")
        (state,) = named(await client.frames(), action)
        assert state["calls"][0]["to-number"] == "5"
        engine.ring("42", "*865")
        assert named(await client.frames(), action)[-1]["calls"] == []


async def test_user_change_and_blf() -> None:
    """Changes of accounts are hinted at; the lights are for those who asked."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        engine = client.pbx.engine
        await client.send("blf", add=["41"])
        engine.set_dnd("42", True)
        engine.rename("43", "Dora")
        call = engine.ring(OUTSIDE, "41")
        engine.answer(call, "41")
        frames = await client.frames()
        hints = [frame["user"] for frame in named(frames, "user-change")]
        assert hints == ["42", "43", "41", "41"]
        states = [frame["state"] for frame in named(frames, "blf")]
        assert states == ["ringing", "busy"]
        assert named(frames, "user-state") == []
        engine.remove_account("43")
        assert await client.frames() == [{"action": "user-change", "user": "43"}]
        client.pbx.switches.user_change = False
        engine.set_dnd("41", True)
        assert await client.frames() == []


async def test_classic_messages_are_not_there() -> None:
    """A modern PBX does not answer the classic questions, unless switched."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        assert await client.send("get-users") == []
        assert await client.send("get-calls") == []
        client.pbx.switches.answers_get_users = True
        client.pbx.switches.answers_get_calls = True
        assert len((await client.send("get-users"))[0]["accounts"]) == 26
        assert await client.send("get-calls") == [{"action": "call-state", "calls": []}]


async def test_silent_phone_is_not_listed() -> None:
    """A call that rings nowhere has nobody in its list of extensions."""
    async with PbxClient(Switches.modern()) as client:
        await client.connect()
        await client.send("own-calls", subscribe=True)
        await client.send("domain-calls", subscribe=True)
        client.pbx.engine.set_dnd("45", True)
        client.pbx.engine.ring(OUTSIDE, "45")
        (state,) = named(await client.frames(), "call-state")
        assert state["calls"][0]["extension"] == []


async def test_calls_without_ids() -> None:
    """Calls may have no id."""
    switches = Switches.modern(call_ids=False, user_state=True)
    async with PbxClient(switches) as client:
        await client.connect()
        await client.send("own-calls", subscribe=True)
        client.pbx.engine.ring("41", "45")
        frames = await client.frames()
        assert "id" not in named(frames, "call-state")[0]["calls"][0]
        assert "id" not in named(frames, "user-state")[0]["calls"][0]
