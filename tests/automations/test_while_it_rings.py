"""The automations of docs/automations.md for a call that rings: run as they are written."""

import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_mock_service,
)

from homeassistant.components.demo.notify import EVENT_NOTIFY
from homeassistant.core import HomeAssistant
from simulator import Simulator, Stage
from tests.support.automations_page import plays
from tests.support.calls import CALLER
from tests.support.dialects import both_dialects
from tests.support.entry import wait_for
from tests.support.house import Automation, House, ring, waiting


@plays("Whose phone rings")
@pytest.mark.parametrize(
    ("account", "colour"), [("45", (0, 0, 255)), ("46", (0, 255, 0)), ("41", None)]
)
async def test_colours(
    pbx: Simulator,
    house: House,
    automation: Automation,
    account: str,
    colour: tuple[int, int, int] | None,
) -> None:
    """Each phone has its colour, and the others have none."""
    await ring(house, pbx, account)
    if colour is None:
        await automation.runs(0)
        assert house.state("light.hallway") == "off"
    else:
        await automation.ran()
        assert house.attribute("light.hallway", "rgb_color") == colour


@plays("Say who calls")
@pytest.mark.parametrize(
    ("account", "name", "said"),
    [
        ("45", "Anna Meyer", "Call from Anna Meyer"),
        ("45", "", "Call from + 4 9 3 0 1 1 1 1 1 1"),
        ("41", "Anna Meyer", None),
    ],
)
async def test_say(
    hass: HomeAssistant,
    pbx: Simulator,
    automation: Automation,
    *,
    account: str,
    name: str,
    said: str | None,
) -> None:
    """The kitchen hears who calls the family."""
    speak = async_mock_service(hass, "tts", "speak")
    pbx.engine.ring(CALLER, account, name=name)
    if said is None:
        await automation.runs(0)
        return
    await automation.ran()
    (spoken,) = speak
    assert spoken.data["media_player_entity_id"] == ["media_player.kitchen"]
    assert spoken.data["message"] == said


@plays("Show who calls")
@pytest.mark.parametrize(
    ("account", "caller", "name", "shown"),
    [
        ("45", CALLER, "Anna Meyer", f"Call from Anna Meyer ({CALLER})"),
        ("46", CALLER, "", f"Call from {CALLER}"),
        ("45", "", "", "Call from an unknown number"),
        ("41", CALLER, "Anna Meyer", None),
    ],
)
async def test_show(
    hass: HomeAssistant,
    pbx: Simulator,
    automation: Automation,
    *,
    account: str,
    caller: str,
    name: str,
    shown: str | None,
) -> None:
    """The TV shows name and number, as far as they are known."""
    screen = async_capture_events(hass, EVENT_NOTIFY)
    pbx.engine.ring(caller, account, name=name)
    if shown is None:
        await automation.runs(0)
        return
    await automation.ran()
    assert [event.data["message"] for event in screen] == [shown]


@both_dialects
@plays("Answer or decline")
@pytest.mark.parametrize("pressed", [0, 1, None], ids=["answer", "decline", "nothing"])
async def test_buttons(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    pressed: int | None,
) -> None:
    """The message says who calls, its buttons act on the call, and it goes away."""
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await wait_for(hass, lambda: house.messages)
    assert house.messages[0]["message"] == f"Anna Meyer ({CALLER})"
    buttons = house.messages[0]["data"]["actions"]
    assert [button["title"] for button in buttons] == ["Answer", "Decline"]
    assert pbx.engine.call(call).stage is Stage.RINGING
    action = "ANOTHER" if pressed is None else buttons[pressed]["action"]
    await waiting(hass)
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    if pressed is None:
        await automation.runs()
        pbx.engine.hang_up(call)
    await automation.ran()
    stages = [call.stage for call in pbx.engine.calls()]
    assert stages == ([Stage.CONNECTED] if pressed == 0 else [])
    await wait_for(hass, lambda: len(house.messages) == 2)
    assert house.messages[1]["message"] == "clear_notification"
    tags = {message["data"]["tag"] for message in house.messages}
    assert len(tags) == 1
