"""Blueprints of this repository, as a user's automation uses them."""

import asyncio
from typing import Any, Final

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator

from .calls import CALLER
from .entry import Phones, device, until
from .repository import ROOT
from .wire import listed, lists

BLUEPRINTS: Final = ROOT / "blueprints"
FOLDER: Final = BLUEPRINTS / "automation" / DOMAIN
AUTOMATION: Final = "automation.blueprint"


async def use(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Set up an automation that uses a blueprint."""
    use_blueprint = {"path": f"{DOMAIN}/{name}.yaml", "input": inputs}
    config = {"alias": "Blueprint", "use_blueprint": use_blueprint}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    assert state(hass, AUTOMATION) == "on"


def state(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity."""
    found = hass.states.get(entity_id)
    assert found, entity_id
    return found.state


def attribute(hass: HomeAssistant, entity_id: str, name: str) -> Any:
    """Return an attribute of an entity."""
    found = hass.states.get(entity_id)
    assert found, entity_id
    return found.attributes.get(name)


async def is_done(hass: HomeAssistant) -> None:
    """Wait until the automation does nothing more."""
    await until(hass, lambda: attribute(hass, AUTOMATION, "current") == 0)


def own(phones: Phones) -> str:
    """Return the device of the extension that Home Assistant logs in as."""
    line: str = device(phones, "45")["device_id"]
    return line


async def late(pbx: Simulator, number: str = CALLER) -> None:
    """Let a call ring, and tell 300 ms later who calls."""
    # It would tell that there are no calls, as the simulator knows of none.
    pbx.switches.answers_get_users = False
    await lists(pbx, listed(pbx, "c1", "alerting", None, "45", "45"))
    await asyncio.sleep(0.3)
    await lists(pbx, listed(pbx, "c1", "alerting", number, "45", "45"))
