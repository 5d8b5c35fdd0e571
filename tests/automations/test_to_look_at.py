"""The automations of docs/automations.md for what is looked at: run as they are written."""

from pytest_homeassistant_custom_component.common import mock_component
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator import Simulator
from tests.support.automations_page import parsed, plays
from tests.support.calls import CALLER
from tests.support.dialects import both_dialects
from tests.support.entry import Phones
from tests.support.house import MOBILE, Automation, House, pass_time


@both_dialects
@plays("A phone or the PBX is gone")
async def test_gone(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """Five minutes without registration, or without the PBX, are told; four are not."""
    pbx.engine.set_registered("46", False)
    pbx.engine.set_registered("41", False)
    await house.phones.wait("46", "registered", "off")
    await pass_time(hass, minutes=4)
    await automation.runs(0)
    pbx.engine.set_registered("46", True)
    await house.phones.wait("46", "registered", "on")
    await pass_time(hass, minutes=6)
    await automation.runs(0)
    pbx.engine.set_registered("46", False)
    await house.phones.wait("46", "registered", "off")
    await pass_time(hass, minutes=5, seconds=1)
    await automation.ran()
    await pbx.refuse()
    await pbx.cut()
    await house.phones.wait("", "connected", "off")
    await pass_time(hass, minutes=4)
    await automation.runs()
    await pass_time(hass, minutes=5)
    await automation.ran(2)
    assert [message["message"] for message in house.messages] == [
        "A phone is no longer registered",
        "The PBX is offline",
    ]


@plays("Calls", "card")
async def test_card(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    *,
    card: str,
) -> None:
    """The card lists who called, by Home Assistant's own log."""
    entity_ids = parsed(card)["target"]["entity_id"]
    # What it looks like is the frontend's; here it only would open a port.
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", {})
    began = dt_util.utcnow()
    for caller, name in ((CALLER, "Anna Meyer"), (MOBILE, ""), (MOBILE, "")):
        call = pbx.engine.ring(caller, "45", name=name)
        await phones.wait("45", "ringing", "on")
        pbx.engine.hang_up(call)
        await phones.wait("45", "ringing", "off")
    pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": began.isoformat(),
            "entity_ids": entity_ids,
        }
    )
    rows = (await client.receive_json())["result"]
    listed: dict[str, list[str]] = {entity_id: [] for entity_id in entity_ids}
    for row in rows:
        shown = row.get("attributes", {}).get("event_type", row["state"])
        listed[row["entity_id"]].append(shown)
    assert listed == {
        "sensor.freya_nilsen_last_caller": ["Anna Meyer", MOBILE],
        "event.freya_nilsen_call_events": ["ringing", "missed", "ended"] * 3,
    }
    # Who calls is there before what happens.
    assert rows[0]["state"] == "Anna Meyer"
