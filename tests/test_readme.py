"""The examples of README and docs: run as they are written, or at least valid."""

from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.vodia.condition import CONDITIONS
from custom_components.vodia.const import DOMAIN
from custom_components.vodia.pbx.models import EndReason
from custom_components.vodia.trigger import _FILTERS, TRIGGERS, CallTrigger
from homeassistant.components.automation.config import (
    ValidationStatus,
    async_validate_config_item,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from simulator import Simulator

from .common import Phones, until
from .test_triggers import attach

ROOT = Path(__file__).parents[1]


def examples(page: str) -> list[Any]:
    """Return the YAML of a page."""
    text = (ROOT / page).read_text()
    return [
        parse_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]


BLOCKS = examples("README.md")


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


@pytest.mark.parametrize(
    ("page", "kind", "offered"),
    [
        ("docs/triggers.md", "trigger", TRIGGERS),
        ("docs/conditions.md", "condition", CONDITIONS),
    ],
)
async def test_pages(
    hass: HomeAssistant, page: str, kind: str, offered: dict[str, Any]
) -> None:
    """The automations are valid; each trigger and condition is told of, and shown."""
    text = (ROOT / page).read_text()
    for name in offered:
        assert f"| `{DOMAIN}.{name}` |" in text
        assert f"{kind}: {DOMAIN}.{name}\n" in text
    for config in examples(page):
        valid = await async_validate_config_item(hass, "docs", config)
        assert valid
        assert valid.validation_status is ValidationStatus.OK, valid.validation_error


async def test_trigger_page(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """All that a trigger carries and all its options are on the page."""
    text = (ROOT / "docs/triggers.md").read_text()
    device = phones.device("45")
    assert device
    fired = await attach(hass, "call_ringing", {"device_id": device.id})
    pbx.engine.ring("+4930123456", "45")
    await until(hass, lambda: fired)
    common = {"id", "idx", "alias", "platform", "description"}
    assert set(re.findall(r"`trigger\.(\w+)`", text)) == set(fired[0]) - common
    options = {
        str(key)
        for trigger in TRIGGERS.values()
        if issubclass(trigger, CallTrigger)
        for key in {**_FILTERS, **trigger._fields}
    }
    section = text.partition("## Options")[2].partition("\n`for` runs")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == options
    assert all(f"`{reason}`" in text for reason in EndReason)


async def test_action(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The action dials."""
    (config,) = [block for block in BLOCKS if "action" in block]
    actions = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([config]))
    await Script(hass, actions, "dial", "test").async_run()
    (call,) = pbx.engine.calls()
    assert call.called.number == "+4930123456"
