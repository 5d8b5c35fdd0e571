"""The README's examples, run as they are written."""

from pathlib import Path
import re
from typing import Any

from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from simulator import Simulator

from .common import Phones, until

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS: list[Any] = [
    parse_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
]


async def test_automation(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The automation pauses the music and names the caller, as soon as it rings."""
    (config,) = [block for block in BLOCKS if "triggers" in block]
    paused = async_mock_service(hass, "media_player", "media_pause")
    notified = async_mock_service(hass, "persistent_notification", "create")
    dismissed = async_mock_service(hass, "persistent_notification", "dismiss")
    assert await async_setup_component(hass, "automation", {"automation": config})
    call_id = pbx.engine.ring("+4930123456", "45", name="Anna Meyer")
    await until(hass, lambda: notified)
    assert notified[0].data["message"] == "Anna Meyer is calling"
    assert paused
    assert not dismissed
    pbx.engine.hang_up(call_id)
    await until(hass, lambda: dismissed)


async def test_action(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The action dials."""
    (config,) = [block for block in BLOCKS if "action" in block]
    actions = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([config]))
    await Script(hass, actions, "dial", "test").async_run()
    (call,) = pbx.engine.calls()
    assert call.called.number == "+4930123456"
