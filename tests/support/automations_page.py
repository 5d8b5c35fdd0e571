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
        r"^###? (.*?)\n(.*?)(?=^###? |\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
    if section.strip()
}
IMPOSSIBLE = "What isn't possible"
# Of the blueprints that the page leads to: what a user has after filling one in.
USES = {
    "Say who calls": """\
alias: Say who calls
use_blueprint:
  path: vodia/announce_caller.yaml
  input:
    phones:
      label_id: family_phones
    players:
      - media_player.kitchen
    tts_engine: tts.home_assistant_cloud
""",
    "Show who calls": """\
alias: Show who calls
use_blueprint:
  path: vodia/show_caller.yaml
  input:
    phones:
      label_id: family_phones
    notify_entities:
      - notify.living_room_tv
""",
    "Answer or decline": """\
alias: Answer or decline
use_blueprint:
  path: vodia/notify_incoming.yaml
  input:
    phones:
      label_id: family_phones
    notify_device: ID_OF_MY_PHONE
    line: ID_OF_FREYA_NILSEN
""",
    "Missed calls": """\
alias: Missed calls
use_blueprint:
  path: vodia/notify_missed.yaml
  input:
    phones:
      label_id: family_phones
    notify_device: ID_OF_MY_PHONE
    line: ID_OF_FREYA_NILSEN
""",
}


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
    """Mark a test as that of a block or a blueprint; an automation is set up for it."""
    return pytest.mark.parametrize(
        argument,
        [pytest.param({**BLOCKS, **USES}[name], id=name)],
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
