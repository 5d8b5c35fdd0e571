"""The pickers of blueprints and actions: a line is offered where a line is needed."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.util.yaml import parse_yaml
from tests.support.blueprints import FOLDER, Mobile
from tests.support.entry import Phones
from tests.support.lines import has_line
from tests.support.repository import INTEGRATION
from tests.support.selectors import offered_devices

# Home Assistant's own login, and one that was added.
LINES = {"45", "41"}
PHONES = LINES | {"42", "43", "44", "46"}
# What stands for its phones, or is called itself.
OTHERS = {"500", "5", "900", "Vodia PBX"}
# The inputs of blueprints that are about telephones, by what each of them needs.
NEEDED = {
    "announce_caller": {"phones": PHONES},
    "ask_to_answer": {"phones": PHONES, "line": LINES},
    "busy_light": {"phones": PHONES},
    "do_not_disturb": {"phones": LINES},
    "flash_lights": {"phones": PHONES},
    "notify_incoming": {"phones": PHONES, "line": LINES},
    "notify_missed": {"phones": PHONES, "line": LINES},
    "open_gate": {"phones": PHONES, "line": LINES},
    "pause_media": {"phones": PHONES},
    "show_caller": {"phones": PHONES},
    "voice_ask": {"phones": PHONES},
    "voice_call": {"phones": LINES},
    "voice_control": {"phones": LINES},
    "voice_do_not_disturb": {"phones": LINES},
}
# Actions that do not need a line.
ANY_PHONE = {"get_calls", "voice_command"}


def inputs_of(name: str) -> dict[str, Any]:
    """Return the selectors of a blueprint's inputs, those in sections as well."""
    blueprint = parse_yaml((FOLDER / f"{name}.yaml").read_text())
    assert isinstance(blueprint, dict)
    found: dict[str, Any] = {}
    for key, asked in blueprint["blueprint"]["input"].items():
        for inner, one in asked.get("input", {key: asked}).items():
            found[inner] = one.get("selector")
    return found


@pytest.mark.usefixtures("house")
async def test_blueprints(hass: HomeAssistant, phones: Phones, mobile: Mobile) -> None:
    """Each input offers what it needs, and nothing of other integrations."""
    await has_line(phones)
    assert {path.stem for path in FOLDER.iterdir()} == NEEDED.keys()
    for name, needed in NEEDED.items():
        ours = {
            key: offered_devices(hass, selector)
            for key, selector in inputs_of(name).items()
            if selector and selector.keys() & {"device", "target"}
        }
        if "notify_device" in ours:
            assert ours.pop("notify_device") == {"Pocket"}
        assert ours.keys() == needed.keys(), name
        for key, accounts in needed.items():
            if accounts == LINES:
                assert ours[key] == LINES, (name, key)
            else:
                assert ours[key] >= PHONES, (name, key)
                assert ours[key] <= PHONES | OTHERS, (name, key)


@pytest.mark.usefixtures("house")
async def test_actions(hass: HomeAssistant, phones: Phones) -> None:
    """An action of a line offers lines alone; one that asks about calls all phones."""
    await has_line(phones)
    actions = parse_yaml((INTEGRATION / "services.yaml").read_text())
    assert isinstance(actions, dict)
    offered = {
        name: offered_devices(hass, {"target": action["target"]})
        for name, action in actions.items()
        if not name.startswith(".")
    }
    assert offered.keys() >= ANY_PHONE
    for name, found in offered.items():
        if name in ANY_PHONE:
            assert found >= PHONES, name
        else:
            assert found == LINES, name
