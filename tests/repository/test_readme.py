"""The front page, and the pages of triggers and conditions; examples run as written."""

import json
from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.vodia.condition import CONDITIONS
from custom_components.vodia.const import DOMAIN
from custom_components.vodia.pbx.models import EndReason
from custom_components.vodia.trigger import _FILTERS, TRIGGERS, CallTrigger
from homeassistant.components import automation
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.automations import attach
from tests.support.entry import Phones, wait_for
from tests.support.repository import ENGLISH, ROOT, examples

BLOCKS = examples("README.md")
# What a screen shows of a page: lines, and characters of each. A table row wraps.
SCREEN, WIDTH = 40, 150
RINGS = ENGLISH["triggers"]["call_ringing"]["name"]


def test_front_page() -> None:
    """Each section fits one screen, and the page is no longer than a few of them."""
    page = (ROOT / "README.md").read_text()
    assert len(page.splitlines()) <= 130
    head, *sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    assert len(sections) >= 4
    for part in (head, *sections):
        screen = sum(max(1, -(-len(line) // WIDTH)) for line in part.splitlines())
        assert screen <= SCREEN, part.splitlines()[0]


def test_one_click() -> None:
    """Each page of the documentation is one click away from the front page."""
    page = (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", page))
    assert linked == {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    for place in ("getting-started.md#remove", "faq.md#how-do-i-report"):
        assert f"](docs/{place}" in page


async def test_automation(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The automation names the caller as soon as it rings; the editor's message too."""
    (config,) = [block for block in BLOCKS if "triggers" in block]
    message = config["actions"][0]["data"]["message"]
    assert f"   `{message}`\n" in (ROOT / "README.md").read_text()
    notified = async_mock_service(hass, "persistent_notification", "create")
    assert await async_setup_component(hass, "automation", {"automation": config})
    for number, name, told in (
        ("+4930123456", "Anna Meyer", "Anna Meyer is calling"),
        ("+4930654321", "", "+4930654321 is calling"),
        ("", "", "Somebody is calling"),
    ):
        call_id = pbx.engine.ring(number, "45", name=name)
        await wait_for(hass, lambda: notified)
        assert notified.pop().data["message"] == told
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")
    assert not notified


def test_editor() -> None:
    """The steps in the editor call things as Home Assistant does."""
    page = (ROOT / "README.md").read_text()
    (action,) = {
        step["action"]
        for block in BLOCKS
        if "triggers" in block
        for step in block["actions"]
    }
    domain, _, service = action.partition(".")
    core = Path(automation.__file__).parents[1] / domain / "translations" / "en.json"
    named = json.loads(core.read_text())["services"][service]["name"]
    assert f"*{named}*" in page
    assert f"*Add trigger*, search for *{RINGS}*" in page


@pytest.mark.parametrize(
    ("page", "kind", "offered"),
    [
        ("docs/triggers.md", "trigger", TRIGGERS),
        ("docs/conditions.md", "condition", CONDITIONS),
    ],
)
def test_pages(page: str, kind: str, offered: dict[str, Any]) -> None:
    """Each trigger and condition is told of, and shown."""
    text = (ROOT / page).read_text()
    for name in offered:
        assert f"| `{DOMAIN}.{name}` |" in text
        assert f"{kind}: {DOMAIN}.{name}\n" in text


async def test_trigger_page(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """All that a trigger carries and all its options are on the page."""
    text = (ROOT / "docs/triggers.md").read_text()
    device = phones.device("45")
    assert device
    fired = await attach(hass, "call_ringing", {"device_id": device.id})
    pbx.engine.ring("+4930123456", "45")
    await wait_for(hass, lambda: fired)
    common = {"id", "idx", "alias", "platform", "description"}
    assert set(re.findall(r"`trigger\.(\w+)`", text)) == set(fired[0]) - common
    options = {
        str(key)
        for trigger in TRIGGERS.values()
        if issubclass(trigger, CallTrigger)
        for key in {**_FILTERS, **trigger._fields}
    }
    section = text.partition("## Options")[2].partition("\n`for` counts")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == options
    assert all(f"`{reason}`" in text for reason in EndReason)


async def test_action(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The action dials."""
    config, *_ = examples("docs/actions.md")
    actions = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([config]))
    await Script(hass, actions, "dial", "test").async_run(context=Context())
    (call,) = pbx.engine.calls()
    assert call.called.number == "+4930123456"
