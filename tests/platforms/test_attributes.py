"""State attributes: named in people's words, and what they look for comes first."""

from enum import StrEnum
from typing import Any

import pytest

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import entity_sources
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, wait_for
from tests.support.repository import ENGLISH

# What Home Assistant adds, and names itself.
OWN = {"device_class", "event_types", "friendly_name", "icon", "options", "state_class"}
TALK = ["remote_name", "remote_number", "direction", "started", "answered"]


def shown(state: State) -> list[str]:
    """Return the attributes that are ours, in their order."""
    return [name for name in state.attributes if name not in OWN | {"event_type"}]


async def a_talk(pbx: Simulator, phones: Phones) -> None:
    """Let one call be over, one be connected and one be parked."""
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45", name="Anna Meyer"))
    parked = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(parked, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.transfer(parked, "45", "5")
    await phones.wait("5", "occupied", "on")
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.send_message("41", "45", "Lunch?")
    await wait_for(
        phones.hass, lambda: "sender" in phones.get("45", "message", "event").attributes
    )


async def test_order(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Who comes first, then when; what only an automation needs comes last."""
    await a_talk(pbx, phones)
    call = shown(phones.get("45", "call"))
    assert call == [
        *TALK,
        *("dialed_number", "scope", "recording", "other_calls", "call_id"),
    ]
    event = shown(phones.get("45", "call", "event"))
    assert event == [
        *TALK,
        *("dialed_number", "scope", "duration", "end_reason", "backfilled", "call_id"),
    ]
    last = shown(phones.get("45", "last_caller"))
    assert last == ["name", "number", "time", "end_reason"]
    orbit = shown(phones.get("5", "occupied"))
    assert orbit == ["remote_name", "remote_number", "since", "call_id"]
    message = shown(phones.get("45", "message", "event"))
    assert message == ["sender_name", "sender", "message"]


def texts_of(hass: HomeAssistant, state: State) -> dict[str, Any]:
    """Return the texts of an entity."""
    entity = er.async_get(hass).async_get(state.entity_id)
    assert entity
    texts: dict[str, Any] = ENGLISH["entity"][state.domain][entity.translation_key]
    return texts


@pytest.mark.office
async def test_names(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Each attribute has a name, and each value that is a word of ours, too."""
    await a_talk(pbx, phones)
    named = set()
    for state in hass.states.async_all():
        if entity_sources(hass)[state.entity_id]["domain"] != "vodia":
            continue
        for name in state.attributes.keys() - OWN:
            texts = texts_of(hass, state)["state_attributes"][name]
            assert texts["name"]
            named.add(name)
            value = state.attributes[name]
            if isinstance(value, (bool, StrEnum)):
                assert str(value).lower() in texts["state"], (state.entity_id, name)
    assert named >= {*TALK, "end_reason", "since", "sender", "other_calls"}


def test_people_say_name_and_number() -> None:
    """Who and which number are called the same, wherever they stand."""
    names: dict[str, set[str]] = {}
    for entities in ENGLISH["entity"].values():
        for texts in entities.values():
            for key, attribute in texts.get("state_attributes", {}).items():
                names.setdefault(attribute["name"], set()).add(key)
    assert names["Name"] == {"name", "remote_name", "sender_name"}
    assert names["Number"] == {"number", "remote_number", "sender"}
