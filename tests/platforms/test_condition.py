"""Conditions in the editor: whether one passes is shown there, live."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device


@pytest.mark.parametrize(
    "target", ["sensor", "other binary sensor", "event", "pbx", "device", "own sensor"]
)
@modern
async def test_follows_in_the_editor(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    target: str,
) -> None:
    """Whatever entity stands for the phone, the editor shows what becomes of it."""
    targets: dict[str, Any] = {
        "sensor": {"entity_id": phones.id("45", "call")},
        "other binary sensor": {"entity_id": phones.id("45", "registered")},
        "event": {"entity_id": phones.id("45", "call", "event")},
        "pbx": {"entity_id": phones.id("", "connected")},
        "device": device(phones, "45"),
        "own sensor": {"entity_id": phones.id("45", "ringing")},
    }
    assert await async_setup_component(hass, "websocket_api", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "subscribe_condition",
            "condition": {
                "condition": "vodia.is_ringing",
                "target": targets[target],
                "options": {"behavior": "any"},
            },
        }
    )
    assert (await client.receive_json())["success"]
    assert (await client.receive_json())["event"] == {"result": False}
    call = pbx.engine.ring(CALLER, "45")
    assert (await client.receive_json())["event"] == {"result": True}
    pbx.engine.hang_up(call)
    assert (await client.receive_json())["event"] == {"result": False}
