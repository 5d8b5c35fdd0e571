"""Conditions in the editor: whether one passes is shown there, live."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    condition as condition_helper,
    config_validation as cv,
    device_registry as dr,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.automations import attach
from tests.support.calls import CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device, settle, wait_for


@pytest.mark.parametrize(
    "target",
    [
        (number, kind)
        for number in ("45", "41")
        for kind in ("sensor", "other sensor", "event", "pbx", "device", "own sensor")
    ],
)
@modern
async def test_follows_in_the_editor(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    target: tuple[str, str],
) -> None:
    """Whatever entity stands for a phone, the editor shows what becomes of it.

    Those of a colleague that are disabled as well.
    """
    number, kind = target
    targets: dict[str, Any] = {
        "sensor": {"entity_id": phones.id(number, "call")},
        "other sensor": {"entity_id": phones.id(number, "registered")},
        "event": {"entity_id": phones.id(number, "call", "event")},
        "pbx": {"entity_id": phones.id("", "connected")},
        "device": device(phones, number),
        "own sensor": {"entity_id": phones.id(number, "ringing")},
    }
    assert await async_setup_component(hass, "websocket_api", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "subscribe_condition",
            "condition": {
                "condition": "vodia.is_ringing",
                "target": targets[kind],
                "options": {"behavior": "any"},
            },
        }
    )
    assert (await client.receive_json())["success"]
    assert (await client.receive_json())["event"] == {"result": False}
    call = pbx.engine.ring(CALLER, number)
    assert (await client.receive_json())["event"] == {"result": True}
    pbx.engine.hang_up(call)
    assert (await client.receive_json())["event"] == {"result": False}


# Phones with few enabled entities

PLACES = ("sensor", "event", "ringing", "device", "area", "floor", "label", "pbx")
STATES = {
    "is_registered": "registered",
    "is_dnd": "dnd",
    "is_ringing": "ringing",
    "is_in_call": "in_call",
}


def placed(phones: Phones, number: str, place: str) -> dict[str, Any]:
    """Return a target that a phone is in, in one of the ways that there are."""
    hass, found = phones.hass, phones.device(number)
    assert found
    floor = fr.async_get(hass).async_create("First floor")
    area = ar.async_get(hass).async_create("Office", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Family")
    dr.async_get(hass).async_update_device(
        found.id, area_id=area.id, labels={label.label_id}
    )
    targets: dict[str, dict[str, Any]] = {
        "sensor": {"entity_id": phones.id(number, "call")},
        "event": {"entity_id": phones.id(number, "call", "event")},
        "ringing": {"entity_id": phones.id(number, "ringing")},
        "device": device(phones, number),
        "area": {"area_id": area.id},
        "floor": {"floor_id": floor.floor_id},
        "label": {"label_id": label.label_id},
        "pbx": device(phones, None),
    }
    return targets[place]


async def checker(
    hass: HomeAssistant, condition: str, target: dict[str, Any], **options: Any
) -> condition_helper.ConditionChecker:
    """Return a condition as a script has it."""
    config = await condition_helper.async_validate_condition_config(
        hass,
        cv.CONDITION_SCHEMA(
            {"condition": f"vodia.{condition}", "target": target, "options": options}
        ),
    )
    return await condition_helper.async_from_config(hass, config)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", ["41", "45"])
@modern
async def test_asks_the_pbx(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, place: str, number: str
) -> None:
    """What a phone is does not depend on which of its entities are enabled."""
    if place == "pbx":
        for account in pbx.engine.tenant("localhost").accounts:
            if phones.has(account):
                pbx.engine.set_registered(account, False)
    target = placed(phones, number, place)
    checkers = {name: await checker(hass, name, target) for name in STATES}

    def true() -> set[str]:
        """Return the conditions that pass."""
        return {name for name, one in checkers.items() if one.async_check()}

    pbx.engine.set_registered(number, True)
    pbx.engine.set_dnd(number, False)
    await wait_for(hass, lambda: true() == {"is_registered"})
    pbx.engine.set_dnd(number, True)
    await wait_for(hass, lambda: true() == {"is_registered", "is_dnd"})
    pbx.engine.set_dnd(number, False)
    await phones.wait(number, "dnd", "off")
    call = pbx.engine.ring(CALLER, number)
    await wait_for(hass, lambda: true() == {"is_registered", "is_ringing"})
    pbx.engine.answer(call, number)
    await wait_for(hass, lambda: true() == {"is_registered", "is_in_call"})
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
    assert not true()
    for one in checkers.values():
        one.async_unload()


@pytest.mark.parametrize("number", ["41", "45"])
@modern
async def test_for_a_while(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """How long it has been so is known of a phone with few entities, too."""
    rings = await checker(hass, "is_ringing", device(phones, number), **{"for": 20})
    call = pbx.engine.ring(CALLER, number)
    await phones.wait(number, "call", "ringing")
    await settle(hass, 15)
    assert not rings.async_check()
    await settle(hass, 10)
    assert rings.async_check()
    pbx.engine.hang_up(call)
    await phones.wait(number, "call", "idle")
    assert not rings.async_check()
    pbx.engine.ring(CALLER, number)
    await phones.wait(number, "call", "ringing")
    assert not rings.async_check()
    rings.async_unload()


@pytest.mark.parametrize("place", PLACES)
@modern
async def test_triggers_and_actions_as_well(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, place: str
) -> None:
    """A trigger and an action find the phone, whatever of it is enabled."""
    target = placed(phones, "41", place)
    fired = await attach(hass, "call_ringing", target)
    call = pbx.engine.ring(CALLER, "41")
    await wait_for(hass, lambda: fired)
    assert fired[0]["extensions"] == ["41"]
    told = await call_action(hass, "get_calls", target=target)
    assert told
    assert [one["call_id"] for one in told["calls"]] == [call]
