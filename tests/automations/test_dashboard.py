"""The dashboard of docs/dashboard.md, stored as the raw configuration editor does."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Simulator, Stage
from tests.support.calls import CALLER
from tests.support.entry import Phones, wait_for
from tests.support.repository import ROOT, examples

(CONFIG,) = examples("docs/dashboard.md")
# What Home Assistant's frontend has of its own.
BUILT_IN = {"heading", "tile", "button", "entities", "logbook", "history-graph"}
CALL = "sensor.freya_nilsen_call"
# The PBX has missed calls and voicemail, as the dashboard shows both.
pytestmark = pytest.mark.usefixtures("offers")


def cards() -> Iterator[dict[str, Any]]:
    """Return each card."""
    for view in CONFIG["views"]:
        assert view["type"] == "sections"
        for section in view["sections"]:
            yield from section["cards"]


def named(node: Any, key: str = "") -> Iterator[str]:
    """Return each entity that is named, however deep."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from named(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from named(value, key)
    elif key in ("entity", "entities", "entity_id"):
        yield node


def shown(hass: HomeAssistant) -> dict[str, dict[str, Any]]:
    """Return the cards that come and go and are there now, by their names."""
    found = {}
    for card in cards():
        for condition in card.get("visibility", []):
            assert condition["condition"] == "state"
            state = hass.states.get(condition["entity"])
            assert state
            wanted = condition["state"]
            if state.state in (wanted if isinstance(wanted, list) else [wanted]):
                found[card["name"]] = card
    return found


async def tap(hass: HomeAssistant, card: dict[str, Any]) -> None:
    """Do what the frontend does for a tap: the action of the card, or press its button."""
    action = card.get("tap_action")
    if action:
        assert action["action"] == "perform-action"
        domain, _, service = action["perform_action"].partition(".")
        data = {**action.get("data", {}), **action["target"]}
    else:
        domain, service, data = "button", "press", {"entity_id": card["entity"]}
        assert card["entity"].startswith("button.")
    await hass.services.async_call(domain, service, data, blocking=True)


async def test_stored(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, phones: Phones
) -> None:
    """Home Assistant keeps it, and each entity is there without being enabled."""
    text = (ROOT / "docs" / "dashboard.md").read_text().partition("```yaml\n")[2]
    assert len(text.partition("```")[0].splitlines()) <= 35
    assert await async_setup_component(hass, "lovelace", {})
    client = await hass_ws_client()
    for command in (
        {
            "type": "lovelace/dashboards/create",
            "url_path": "my-phones",
            "title": "Phones",
            "mode": "storage",
        },
        {"type": "lovelace/config/save", "url_path": "my-phones", "config": CONFIG},
        {"type": "lovelace/config", "url_path": "my-phones"},
    ):
        await client.send_json_auto_id(command)
        reply = await client.receive_json()
        assert reply["success"], reply
    assert reply["result"] == CONFIG
    assert {card["type"] for card in cards()} == BUILT_IN
    entities = set(named(CONFIG))
    assert len(entities) > 15
    for entity_id in entities:
        entry = er.async_get(hass).async_get(entity_id)
        assert entry, entity_id
        assert not entry.disabled, entity_id
        assert hass.states.get(entity_id), entity_id


@pytest.mark.parametrize("dialect", ["modern"], indirect=True)
async def test_played(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call is taken, held, taken back and ended; another is declined."""
    assert not shown(hass)
    pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "call", "ringing")
    assert set(shown(hass)) == {"Answer", "Decline"}
    (now,) = [card for card in cards() if card.get("name") == "Now"]
    state = hass.states.get(CALL)
    assert state
    told = [state.attributes[name] for name in now["state_content"][1:]]
    assert told == ["Anna Meyer", CALLER]
    for name, state_then, then in (
        ("Answer", "connected", {"Hold", "Hang up"}),
        ("Hold", "held", {"Resume", "Hang up"}),
        ("Resume", "connected", {"Hold", "Hang up"}),
        ("Hang up", "idle", set()),
    ):
        await tap(hass, shown(hass)[name])
        await phones.wait("45", "call", state_then)
        assert set(shown(hass)) == then
    assert not pbx.engine.calls()
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await tap(hass, shown(hass)["Decline"])
    await phones.wait("45", "call", "idle")
    await wait_for(hass, lambda: not pbx.engine.calls())


@pytest.mark.parametrize(("name", "number"), [("Chidi", "42"), ("Giulia", "46")])
async def test_colleagues(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, name: str, number: str
) -> None:
    """A tap on a colleague calls this one, and not another."""
    (card,) = [card for card in cards() if card.get("name") == name]
    assert card["entity"] == phones.id(number, "call")
    await tap(hass, card)
    (call,) = pbx.engine.calls()
    assert (call.caller.number, call.called.number) == ("45", number)
    await phones.wait(number, "call", "ringing")
    assert set(shown(hass)) == {"Hang up"}
    pbx.engine.answer(call.id, number)
    await phones.wait(number, "call", "connected")
    assert pbx.engine.call(call.id).stage is Stage.CONNECTED


async def test_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The toggle of the switch sets it at the PBX."""
    (card,) = [card for card in cards() if card.get("features")]
    assert card["features"] == [{"type": "toggle"}]
    await hass.services.async_call(
        "switch", "toggle", {"entity_id": card["entity"]}, blocking=True
    )
    assert pbx.engine.account("45").dnd
