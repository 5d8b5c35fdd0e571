"""Chat messages to our own extension, as an event."""

import json
from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.entry import Phones, create_branch_entry, set_up, settle, wait_for
from tests.support.repository import examples

UNHEARD = STATE_UNKNOWN
ASKED = ("GET", "/rest/user/45@localhost/accounts")


def shown(phones: Phones) -> State:
    """Return what the event shows."""
    return phones.get("45", "message", "event")


def told(phones: Phones) -> tuple[Any, ...]:
    """Return who sent the last message, and its text."""
    attributes = shown(phones).attributes
    return tuple(attributes[name] for name in ("sender", "sender_name", "message"))


async def next_one(hass: HomeAssistant, phones: Phones, before: str) -> tuple[Any, ...]:
    """Wait for a message after another one; return who sent it, and its text."""
    await wait_for(hass, lambda: shown(phones).state != before)
    return told(phones)


async def test_received(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A message is told with its sender, and the same text once more is a new one."""
    assert shown(phones).state == UNHEARD
    pbx.engine.send_message("41", "45", 'Die Tür ist "offen" 🚪')
    assert await next_one(hass, phones, UNHEARD) == (
        *("41", "Bruno Ferreira"),
        'Die Tür ist "offen" 🚪',
    )
    assert shown(phones).attributes["event_type"] == "received"
    assert shown(phones).attributes["friendly_name"] == "45 Freya Nilsen Message"
    first = shown(phones).state
    pbx.engine.send_message("41", "45", 'Die Tür ist "offen" 🚪')
    await next_one(hass, phones, first)


async def test_entity(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """It is on the device of our own extension alone, and nothing of it is recorded."""
    entity = er.async_get(hass).async_get(phones.id("45", "message", "event"))
    device = phones.device("45")
    assert entity
    assert device
    assert entity.device_id == device.id
    assert not any(phones.has(number, "message") for number in ("", "41", "46"))
    info = shown(phones).state_info
    assert info
    assert info["unrecorded_attributes"] >= {"sender", "sender_name", "message"}


async def test_unknown_sender(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who is no extension, or has no name, is a number."""
    pbx.engine.send_message("+4930123456", "45", "hello")
    assert await next_one(hass, phones, UNHEARD) == ("+4930123456", None, "hello")
    before = shown(phones).state
    pbx.engine.send_message("52", "45", "hello")
    assert await next_one(hass, phones, before) == ("52", None, "hello")


async def test_text(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A text is one line of a bounded length, whatever is in it."""
    pbx.engine.send_message("41", "45", " a\x00b\r\n\tc\x1b[31m\x7f ")
    assert (await next_one(hass, phones, UNHEARD))[2] == "a b c [31m"
    before = shown(phones).state
    pbx.engine.send_message("41", "45", "x" * 100_000)
    assert (await next_one(hass, phones, before))[2] == "x" * 2000


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        ({"dest": "41"}, "message is empty"),
        ({"dest": "41", "message": ""}, "message is empty"),
        ({"dest": "41", "message": " \n\x00"}, "message is empty"),
        ({"dest": "41", "message": ["hi"]}, "message is empty"),
        ({"message": "hi"}, "dest is missing"),
        ({"dest": "", "message": "hi"}, "dest is missing"),
        ({"dest": "4" * 65, "message": "hi"}, "dest is too long"),
    ],
)
async def test_faulty(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    faulty: dict[str, Any],
    fault: str,
) -> None:
    """What has no text or no sender is counted and not told; the next one is."""
    await pbx.send_raw(json.dumps({"action": "chat", **faulty}))
    pbx.engine.send_message("41", "45", "hello")
    assert await next_one(hass, phones, UNHEARD) == ("41", "Bruno Ferreira", "hello")
    assert phones.entry.runtime_data.client.trace.dropped == {fault: 1}


async def test_for_others(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A message to another extension, or in another tenant, is not ours."""
    branch = await set_up(hass, create_branch_entry(hass, pbx))
    pbx.engine.send_message("41", "46", "not for you")
    pbx.engine.send_message("41", "45", "for the branch", tenant="branch.example")
    assert await next_one(hass, branch, UNHEARD) == (
        *("41", "Sven Olsen"),
        "for the branch",
    )
    await settle(hass)
    assert shown(phones).state == UNHEARD


async def test_only_while_live(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Before a link is whole nothing is told, and the last message is none anew."""
    pbx.switches.faults["accounts"] = "hang"
    await pbx.cut()
    await phones.wait("", "connected", "off")
    asked = len(pbx.requests)
    await wait_for(hass, lambda: pbx.connections == 1 and ASKED in pbx.requests[asked:])
    pbx.engine.send_message("41", "45", "too early")
    await pbx.flush()
    assert phones.state("", "connected") == "off"
    pbx.switches.faults.clear()
    await phones.wait("", "connected", "on")
    await settle(hass)
    assert shown(phones).state == UNHEARD


async def test_own_message(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """What we send is told to us only if the PBX sends it back, as the page says."""
    await call_action(hass, "send_message", recipient="41", message="hello")
    await settle(hass)
    assert shown(phones).state == UNHEARD
    echo = {"action": "chat", "src": "45", "dest": "41", "message": "hello"}
    await pbx.send_raw(json.dumps(echo))
    assert await next_one(hass, phones, UNHEARD) == ("41", "Bruno Ferreira", "hello")


async def test_reply(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The automation of the page replies to its sender, once, and to nothing else."""
    (config,) = [
        config
        for config in examples("docs/triggers.md")
        if config.get("alias") == "Garage by chat"
    ]
    hass.states.async_set("cover.garage", "open")
    assert await async_setup_component(hass, "automation", {"automation": config})
    sent: list[Any] = []
    pbx.engine.listeners.append(sent.append)
    pbx.engine.send_message("43", "45", "hello")
    await next_one(hass, phones, UNHEARD)
    pbx.engine.send_message("41", "45", "Garage?")
    await wait_for(hass, lambda: len(sent) == 3)
    await settle(hass)
    assert [(each.sender, each.recipient, each.text) for each in sent] == [
        ("43", "45", "hello"),
        ("41", "45", "Garage?"),
        ("45", "41", "The garage is open."),
    ]
