"""The automations of docs/automations.md for doors: run as they are written."""

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations_page import plays
from tests.support.calls import CALLER
from tests.support.dialects import both_dialects
from tests.support.entry import wait_for
from tests.support.house import (
    DOOR,
    MOBILE,
    Automation,
    House,
    pass_time,
    ring,
    talk,
    waiting,
)


@plays("The front door rings")
@pytest.mark.parametrize("pressed", ["UNLOCK_FRONT_DOOR", "SOMETHING_ELSE", None])
async def test_front_door(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    pressed: str | None,
) -> None:
    """Picture and button come with the ring; only the button, in time, unlocks."""
    shown = async_mock_service(hass, "camera", "play_stream")
    await house.act("lock.lock", "lock.front_door")
    await automation.runs(0)
    pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: house.messages)
    assert shown[0].data["media_player"] == "media_player.kitchen"
    (message,) = house.messages
    assert message["data"]["image"] == "/api/camera_proxy/camera.front_door"
    assert message["data"]["actions"][0]["action"] == "UNLOCK_FRONT_DOOR"
    await waiting(hass)
    if pressed is None:
        await pass_time(hass, minutes=1)
        await automation.ran()
    action = pressed or "UNLOCK_FRONT_DOOR"
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    await automation.runs()
    unlocked = pressed == "UNLOCK_FRONT_DOOR"
    assert house.state("lock.front_door") == ("unlocked" if unlocked else "locked")


@both_dialects
@plays("The front door rings")
async def test_door_station(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """An extension that is marked as a door station rings as a doorbell does."""
    async_mock_service(hass, "camera", "play_stream")
    pbx.engine.ring(CALLER, "45")
    pbx.engine.ring("41", "45")
    await automation.runs(0)
    pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: house.messages)


@plays("Open the gate")
@pytest.mark.parametrize(
    ("caller", "account", "opens"),
    [
        (MOBILE, "45", True),
        ("030 7654321", "45", True),
        ("+491711234568", "45", False),
        (MOBILE, "46", False),
    ],
)
async def test_gate(
    pbx: Simulator,
    house: House,
    automation: Automation,
    caller: str,
    account: str,
    *,
    opens: bool,
) -> None:
    """A known number that calls Freya opens the gate and is refused; no other is."""
    await house.act("cover.close_cover", "cover.gate")
    call = await ring(house, pbx, account, caller)
    if opens:
        await automation.ran()
        assert not pbx.engine.calls()
        assert house.state("cover.gate") == "open"
    else:
        await automation.runs(0)
        assert [call.id for call in pbx.engine.calls()] == [call]
        assert house.state("cover.gate") == "closed"


@plays("Doorbell")
@pytest.mark.parametrize("talking", ["45", "41", None])
async def test_doorbell(
    pbx: Simulator, house: House, automation: Automation, talking: str | None
) -> None:
    """The chime is silent while the family is on the phone: the light tells then."""
    if talking:
        await talk(house, pbx, talking)
    pbx.engine.ring(DOOR, "45")
    await automation.ran()
    quiet = talking == "45"
    assert house.state("siren.chime") == ("off" if quiet else "on")
    assert house.state("light.hallway") == ("on" if quiet else "off")
