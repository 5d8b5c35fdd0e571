"""Tools for language models: what they offer, do and tell, through Assist's own API."""

from typing import Any

import probatio
import pytest

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.llm import TOOLS
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from simulator import Simulator, Stage
from tests.support.calls import CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link
from tests.support.voice import (
    api,
    call_tool,
    choose,
    dialed,
    expose,
    hide,
    past,
    put,
    satellite,
    use_tool,
)

OUTSIDE = "+4930123456"

type Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("patience")


@pytest.fixture(autouse=True)
async def assist(hass: HomeAssistant) -> None:
    """Set up the API that language models use."""
    for domain in ("homeassistant", "intent", "llm"):
        assert await async_setup_component(hass, domain, {})
    # It takes longer than a test may be without a link to the PBX.
    await api(hass)


def ours(instance: llm.APIInstance) -> set[str]:
    """Return the names of our tools that are offered."""
    return {
        tool.name.removeprefix(f"{DOMAIN}__")
        for tool in instance.tools
        if tool.integration == DOMAIN
    }


async def refused(hass: HomeAssistant, name: str, **arguments: Any) -> str:
    """Use a tool that refuses; return why."""
    result = await call_tool(hass, name, **arguments)
    assert result.error
    assert result.data.keys() == {"error"}
    return str(result.data["error"])


CALL_TOOLS = {
    *("list_phones", "call", "call_back", "answer", "decline", "hang_up", "transfer"),
    *("park", "retrieve"),
}
HISTORY_TOOLS = {"who_called", "voicemail"}


async def test_exposure_is_the_gate(hass: HomeAssistant, phones: Phones) -> None:
    """A tool is there only if an entity of what it is about is exposed."""
    # Home Assistant exposes switches by itself.
    instance = await api(hass)
    assert ours(instance) == {"set_do_not_disturb"}
    assert "vodia" in instance.api_prompt
    expose(phones, "45", key="last_caller")
    assert ours(await api(hass)) == {"set_do_not_disturb", *HISTORY_TOOLS}
    hide(phones, "45", "dnd")
    hide(phones, "45", "last_caller")
    assert not ours(instance := await api(hass))
    assert "vodia" not in instance.api_prompt
    expose(phones, "41")
    assert ours(await api(hass)) == {"list_phones"}
    expose(phones, "45")
    assert ours(await api(hass)) == CALL_TOOLS


def test_annotations() -> None:
    """Tools say honestly what they do: no reader writes, what ends a call destroys."""
    kinds = {
        tool.name.removeprefix(f"{DOMAIN}__"): (
            tool.annotations.read_only,
            tool.annotations.destructive,
            tool.annotations.idempotent,
            tool.annotations.open_world,
        )
        for tool in TOOLS
    }
    reads, reaches, ends = (
        (True, False, True, False),
        (False, False, False, True),
        (False, True, False, True),
    )
    assert kinds == {
        "list_phones": reads,
        "who_called": reads,
        "call": reaches,
        "call_back": reaches,
        "voicemail": reads,
        "park": ends,
        "retrieve": reaches,
        "answer": reaches,
        "decline": ends,
        "hang_up": ends,
        "transfer": ends,
        "set_do_not_disturb": (False, False, True, False),
    }
    assert all(tool.title and tool.description for tool in TOOLS)


async def test_can_be_described(hass: HomeAssistant, phones: Phones) -> None:
    """What the tools take can be told to models as they want it, field by field."""
    instance = await api(hass)
    for tool in TOOLS:
        told: Json = probatio.to_openapi(
            tool.parameters,
            custom_serializer=instance.custom_serializer,
            openapi_version="3.1.0",
        )
        assert told["type"] == "object"
        assert all(
            field["description"] and field["type"]
            for field in told["properties"].values()
        )


@modern
async def test_list(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Phones are told with their calls, and only those that are exposed."""
    expose(phones, "41", "45")
    put(phones, "41", "Kitchen")
    call_id = pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    pbx.engine.answer(call_id, "41")
    pbx.engine.ring(OUTSIDE, "42")
    await phones.wait("41", "call", "connected")
    bruno, freya = (await use_tool(hass, "list_phones"))["phones"]
    (call,) = bruno.pop("calls")
    assert bruno == {
        "name": "Bruno Ferreira",
        "number": "41",
        "area": "Kitchen",
        "can_be_controlled": False,
        "state": "connected",
    }
    assert call["remote_name"] == "Anna Meyer"
    assert call["direction"] == "incoming"
    assert call["answered"]
    assert (freya["name"], freya["can_be_controlled"]) == ("Freya Nilsen", True)
    assert (freya["state"], freya["calls"]) == ("idle", [])
    await lose_link(pbx, phones)
    for phone in (await use_tool(hass, "list_phones"))["phones"]:
        assert (phone["state"], phone["calls"]) == (None, None)


@classic
async def test_list_unknown(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What the PBX does not tell is null, and not an empty list."""
    expose(phones, "41")
    call_id = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "in_call", "on")
    (bruno,) = (await use_tool(hass, "list_phones"))["phones"]
    assert (bruno["state"], bruno["calls"]) == (None, None)


async def test_calls(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call is made, answered, transferred, declined and hung up."""
    expose(phones, "45")
    told = await use_tool(hass, "call", who="Ferreira bruno", language="de")
    assert told["speech"] == "Ich rufe Bruno Ferreira an."
    assert told["call"]["remote_number"] == "41"
    assert dialed(pbx) == ["41"]
    assert await use_tool(hass, "hang_up") == {"speech": "Hung up."}
    pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    told = await use_tool(hass, "answer")
    assert told["speech"] == "You're connected to Anna Meyer."
    assert told["call"]["state"] == "connected"
    told = await use_tool(hass, "transfer", who="Chidi")
    assert told == {"speech": "Transferred to Chidi Okafor."}
    (call,) = pbx.engine.calls()
    assert call.called.number == "42"
    pbx.engine.hang_up(call.id)
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    assert await use_tool(hass, "decline") == {"speech": "Declined."}
    assert call_id not in {call.id for call in pbx.engine.calls()}
    assert await refused(hass, "decline") == "No call is ringing."
    assert await refused(hass, "transfer", who="Chidi") == "There's no call right now."
    assert await refused(hass, "call", who="Zorro", language="de") == (
        "Ich kenne niemanden namens Zorro."
    )


@pytest.mark.usefixtures("offers")
@modern
@pytest.mark.parametrize("allowed", [False, True])
async def test_outside(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, allowed: bool
) -> None:
    """Outside is called and transferred to only where the option allows it."""
    pbx.engine.add_contact("45", "Xenia", "Mayrhofer", "030 / 12 34 56")
    await choose(phones, **({"llm_dials_outside": True} if allowed else {}))
    entry = phones.entry
    await wait_for(hass, lambda: entry.runtime_data.client.own.data.values.address_book)
    expose(phones, "45")
    no = "I'm only allowed to call numbers inside the phone system."
    if allowed:
        told = await use_tool(hass, "call", who="Xenia")
        assert told["speech"] == "Calling Xenia Mayrhofer."
        assert dialed(pbx) == ["030123456"]
        return
    # Star codes change settings of the PBX, and redirect calls.
    for who in (OUTSIDE, "Xenia", "*87", "112"):
        assert await refused(hass, "call", who=who) == no
    assert not pbx.engine.calls()
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    assert await refused(hass, "transfer", who=OUTSIDE) == no
    assert pbx.engine.call(call_id).stage is Stage.RINGING
    told = await use_tool(hass, "transfer", who="41")
    assert told == {"speech": "Transferred to Bruno Ferreira."}


@modern
@pytest.mark.parametrize("private", [False, True])
async def test_privacy(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, private: bool
) -> None:
    """In privacy no result tells who is outside; else all of it is there."""
    await choose(phones, privacy=private, llm_dials_outside=True)
    expose(phones, "45")
    expose(phones, "45", key="last_caller")
    past(pbx, CALLER, "Xenia Mayrhofer", answer=False)
    past(pbx, "41", "", answer=False)
    await phones.wait("45", "last_caller", "Bruno Ferreira")
    await phones.wait("45", "call", "idle")
    pbx.engine.ring(CALLER, "45", name="Xenia Mayrhofer")
    await phones.wait("45", "ringing", "on")
    told = [
        await use_tool(hass, "list_phones"),
        await use_tool(hass, "who_called", missed=True),
        await use_tool(hass, "answer"),
        await use_tool(hass, "hang_up"),
        await use_tool(hass, "call", who=OUTSIDE),
    ]
    names = [call["name"] for call in told[1]["calls"]]
    assert names == ["Bruno Ferreira", None if private else "Xenia Mayrhofer"]
    for one in (told[0], told[1], told[2]):
        assert ("Mayrhofer" in str(one)) is not private
    text = str(told)
    for secret in ("Xenia", "30111111", "3 0 1 1 1", "30123456", "3 0 1 2 3"):
        assert not private or secret not in text


async def test_who_called(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Who called is told with time and end, all of it, and in words the newest."""
    expose(phones, "45", key="last_caller")
    for number in range(5):
        past(pbx, f"+493011111{number}", f"Caller {number}", answer=number % 2 == 0)
    told = await use_tool(hass, "who_called", hours=2)
    assert len(told["calls"]) == 5
    assert told["calls"][0]["name"] == "Caller 4"
    assert told["calls"][0]["started"]
    assert told["speech"].endswith("And 2 more calls.")
    missed = await use_tool(hass, "who_called", missed=True)
    assert {call["end_reason"] for call in missed["calls"]} <= {"missed"}


async def test_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """Do not disturb is set, for a while where the PBX can end it."""
    told = await use_tool(hass, "set_do_not_disturb", enabled=True)
    assert told == {
        "phone": "Freya Nilsen",
        "do_not_disturb": True,
        "speech": "Do not disturb is on.",
    }
    assert pbx.engine.account("45").dnd
    await use_tool(hass, "set_do_not_disturb", enabled=False, minutes=5)
    assert not pbx.engine.account("45").dnd
    if dialect == "modern":
        told = await use_tool(hass, "set_do_not_disturb", enabled=True, minutes=60)
        assert told["speech"] == "Do not disturb is on for one hour."
        assert pbx.engine.account("45").dnd_expires == 3600
    else:
        assert "turn do not disturb off later" in await refused(
            hass, "set_do_not_disturb", enabled=True, minutes=60
        )


@modern
async def test_area(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The line in the room of the satellite is meant, or the one that is named."""
    await has_line(phones, "41")
    kitchen = put(phones, "41", "Kitchen")
    await use_tool(
        hass,
        "set_do_not_disturb",
        enabled=True,
        device_id=satellite(hass, kitchen),
    )
    assert pbx.engine.account("41").dnd
    assert not pbx.engine.account("45").dnd
    await use_tool(hass, "set_do_not_disturb", enabled=True, phone="freya")
    assert pbx.engine.account("45").dnd


async def test_another_assistant(hass: HomeAssistant, phones: Phones) -> None:
    """What is exposed to one assistant is not exposed to another."""
    entity_id = phones.id("45", "call")
    async_expose_entity(hass, "cloud.alexa", entity_id, True)
    assert "call" not in ours(await api(hass))


# One conversation


async def test_a_pbx_that_is_away_is_offered(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Tools are asked for once in a conversation: they are there before the PBX is."""
    expose(phones, "45")
    offered = ours(await api(hass))
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    instance = await api(hass)
    assert ours(instance) == offered
    result = await instance.async_call_tool(
        llm.ToolInput(f"{DOMAIN}__call", {"who": "Bruno"})
    )
    assert result.error
    await set_up(hass, phones.entry)
    result = await instance.async_call_tool(
        llm.ToolInput(f"{DOMAIN}__call", {"who": "Bruno"})
    )
    assert not result.error
    assert dialed(pbx) == ["41"]


async def test_exposure_counts_when_a_tool_is_used(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What is no longer exposed is told and used no more, whatever was offered."""
    expose(phones, "41", "45")
    expose(phones, "45", key="last_caller")
    instance = await api(hass)
    hide(phones, "45", "call")
    hide(phones, "45", "last_caller")
    hide(phones, "45", "dnd")
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    arguments: dict[str, Json] = {
        "call": {"who": "Bruno"},
        "transfer": {"who": "Bruno"},
        "set_do_not_disturb": {"enabled": True},
    }
    for tool in TOOLS:
        name = tool.name.removeprefix(f"{DOMAIN}__")
        if name == "list_phones":
            continue
        result = await instance.async_call_tool(
            llm.ToolInput(tool.name, arguments.get(name, {}))
        )
        assert result.error, name
        assert CALLER not in str(result.data)
    assert len(pbx.engine.calls()) == 1
    assert not pbx.engine.account("45").dnd
    result = await instance.async_call_tool(llm.ToolInput(f"{DOMAIN}__list_phones", {}))
    told: Json = result.data
    assert [phone["number"] for phone in told["phones"]] == ["41"]
    # And what is exposed meanwhile can be used.
    expose(phones, "45")
    result = await instance.async_call_tool(llm.ToolInput(f"{DOMAIN}__decline", {}))
    assert not result.error


async def test_prompt_is_the_same_all_day(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The prompt is read once in a conversation, so it tells nothing that changes."""
    expose(phones, "41", "45")
    before = (await api(hass)).api_prompt
    pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    assert ours(await api(hass)) >= CALL_TOOLS
    lines = set((await api(hass)).api_prompt.splitlines()) ^ set(before.splitlines())
    assert not any("telephone" in line or "Anna" in line for line in lines)


@pytest.mark.parametrize("blank", [None, "", "  "])
async def test_blanks(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, blank: str | None
) -> None:
    """Models send what they do not know as null or empty: it is as if it were not there."""
    expose(phones, "41", "45")
    expose(phones, "45", key="last_caller")
    past(pbx, CALLER, "Anna Meyer", answer=False)
    await phones.wait("45", "call", "idle")
    told = await use_tool(hass, "who_called")
    assert (
        await use_tool(hass, "who_called", hours=blank, missed=blank, phone=blank)
        == told
    )
    assert await use_tool(hass, "list_phones", phone=blank)
    await use_tool(hass, "set_do_not_disturb", enabled=True, minutes=blank, phone=blank)
    assert pbx.engine.account("45").dnd
    await use_tool(hass, "call", who="Bruno", phone=blank)
    assert dialed(pbx) == ["41"]
    # What has to be there is missed in words that a model understands.
    with pytest.raises(probatio.Invalid, match="who"):
        await call_tool(hass, "call", who=blank)


async def test_call_back(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A model calls back who is inside; one outside only if the option allows it."""
    expose(phones, "45")
    past(pbx, CALLER, "Anna Meyer", answer=False)
    past(pbx, "41", "", answer=True)
    # What it would tell needs the last caller to be exposed.
    refused = await call_tool(hass, "call_back")
    assert refused.error
    assert dialed(pbx) == []
    expose(phones, "45", key="last_caller")
    told = await use_tool(hass, "call_back")
    assert told["speech"] == "Calling Bruno Ferreira."
    assert dialed(pbx) == ["41"]
    pbx.engine.hang_up(pbx.engine.calls()[0].id)
    await phones.wait("45", "call", "idle")
    for arguments in ({"missed": True}, {"who": "Anna Meyer"}):
        refused = await call_tool(hass, "call_back", **arguments)
        assert refused.error
        assert "inside the phone system" in str(refused.data["error"])
        assert dialed(pbx) == []
    await choose(phones, llm_dials_outside=True)
    await phones.wait("", "connected", "on")
    told = await use_tool(hass, "call_back", missed=True)
    assert told["speech"] == "Calling Anna Meyer."
    assert dialed(pbx) == [CALLER]


async def test_park(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A model parks the call, and gets it back."""
    expose(phones, "45")
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    await phones.wait("5", "occupied", "off")
    told = await use_tool(hass, "park")
    assert told["orbit"] == "5"
    assert pbx.engine.call(call_id).parked
    await phones.wait("5", "occupied", "on")
    await use_tool(hass, "retrieve")
    await phones.wait("45", "call", "connected")
    assert pbx.engine.call(call_id).talks("45")
