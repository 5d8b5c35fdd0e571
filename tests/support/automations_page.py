"""The page docs/automations.md: its automations, by their names."""

import re

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.yaml import parse_yaml
from tests.support.house import Json
from tests.support.repository import ROOT

TEXT = (ROOT / "docs" / "automations.md").read_text()
SECTIONS: dict[str, list[str]] = {
    heading: re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    for heading, section in re.findall(
        r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
}
IMPOSSIBLE = "What is not possible"


def name_of(block: str) -> str:
    """Return what a block is called."""
    match = re.search(r"^(?:alias|title): (.*)$", block, re.MULTILINE)
    assert match, block
    return match[1]


def parsed(block: str) -> Json:
    """Return a block as Home Assistant reads it."""
    config = parse_yaml(block)
    assert isinstance(config, dict)
    return config


BLOCKS = {name_of(block): block for blocks in SECTIONS.values() for block in blocks}


def plays(name: str, argument: str = "automation") -> pytest.MarkDecorator:
    """Mark a test as that of a block; an automation is set up for it."""
    return pytest.mark.parametrize(
        argument,
        [pytest.param(BLOCKS[name], id=name)],
        indirect=argument == "automation",
    )


def chosen(hass: HomeAssistant, block: str) -> str:
    """Return a block with the devices chosen in it, as a user does."""
    for name, entity_id in (
        ("ID_OF_MY_PHONE", "notify.my_phone"),
        ("ID_OF_FREYA_NILSEN", "sensor.freya_nilsen_call"),
    ):
        entity = er.async_get(hass).async_get(entity_id)
        assert entity and entity.device_id
        block = block.replace(name, entity.device_id)
    return block
