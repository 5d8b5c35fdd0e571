"""The blueprints as files: they load, and are told of where users look."""

import asyncio
import json
import re

import pytest
import voluptuous as vol

from custom_components.vodia.const import DOMAIN
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import selector
from homeassistant.util.yaml import extract_inputs, parse_yaml
from simulator import Simulator
from tests.support.blueprints import (
    FOLDER,
    LAMP,
    MUSIC,
    Json,
    Mobile,
    is_done,
    own,
    use,
)
from tests.support.calls import CALLER
from tests.support.entry import Phones, device
from tests.support.repository import ROOT

NAMES = sorted(path.stem for path in FOLDER.iterdir())
ADDRESS = json.loads(
    (ROOT / "custom_components" / DOMAIN / "manifest.json").read_text()
)["documentation"]


async def load(hass: HomeAssistant, name: str) -> Blueprint:
    """Return a blueprint as Home Assistant loads it."""
    return await async_get_blueprints(hass).async_get_blueprint(f"{DOMAIN}/{name}.yaml")


each_blueprint = pytest.mark.parametrize("name", NAMES)


@each_blueprint
async def test_file(hass: HomeAssistant, name: str) -> None:
    """A blueprint says what it is, where it is from and what it needs."""
    blueprint = await load(hass, name)
    about = blueprint.metadata
    assert set(about) == {
        *("name", "description", "domain", "author", "homeassistant"),
        *("source_url", "input"),
    }
    assert about["source_url"] == (
        f"{ADDRESS}/blob/main/blueprints/automation/{DOMAIN}/{name}.yaml"
    )
    minimum = about["homeassistant"]["min_version"]
    assert minimum == json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert blueprint.validate() is None
    # What is imported is written anew.
    written = parse_yaml(blueprint.yaml())
    assert isinstance(written, dict)
    again = Blueprint(written, schema=AUTOMATION_BLUEPRINT_SCHEMA)
    assert again.data == blueprint.data


@each_blueprint
async def test_inputs(hass: HomeAssistant, name: str) -> None:
    """Each input is named, used and asked for in the right way; defaults are valid."""
    blueprint = await load(hass, name)
    assert set(blueprint.inputs) == extract_inputs(blueprint.data)
    for key, asked in blueprint.inputs.items():
        assert asked["name"], key
        chosen = vol.Schema(selector(asked["selector"]))
        # An empty text stands for no entity or device.
        if asked.get("default", "") != "":
            chosen(asked["default"])
    for section in blueprint.metadata["input"].values():
        if inside := section.get("input"):
            # What is collapsed has to do without the user.
            assert section["collapsed"] is True
            assert all("default" in asked for asked in inside.values())


def test_all_are_told_of() -> None:
    """Each blueprint has its row with the button that imports it, and its tests."""
    page = (ROOT / "docs" / "blueprints.md").read_text()
    links = re.findall(
        r"\(https://my\.home-assistant\.io/redirect/blueprint_import/\?blueprint_url="
        rf"{re.escape(ADDRESS)}/blob/main/blueprints/automation/{DOMAIN}/(\w+)\.yaml\)",
        page,
    )
    assert sorted(links) == NAMES
    tests = "".join(
        path.read_text()
        for folder in ("blueprints", "voice")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
    )
    for name in NAMES:
        assert f"`{name}.yaml`" in page
        assert f"def test_{name}" in tests
    assert "docs/blueprints.md" in (ROOT / "README.md").read_text()


@each_blueprint
@pytest.mark.usefixtures("house")
async def test_defaults(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, name: str
) -> None:
    """A blueprint runs with no more than what it has to ask for."""
    asked: Json = {
        "phones": device(phones, "45"),
        "line": own(phones),
        "players": [MUSIC],
        "light": [LAMP],
        "lights": [LAMP],
        "notify_device": mobile.device_id,
        "callers": [CALLER],
        "notify_entities": ["notify.notifier"],
        "areas": ["kitchen"],
    }
    blueprint = await load(hass, name)
    required = {
        key: asked[key]
        for key, value in blueprint.inputs.items()
        if "default" not in value
    }
    await use(hass, name, **required)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    await asyncio.sleep(0.1)
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await is_done(hass)
