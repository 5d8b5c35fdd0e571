"""Blueprints of this repository, as a user's automation uses them."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator

from .automations import Ring
from .calls import CALLER, SECOND_CALLER
from .entry import Phones, device, wait_for
from .repository import ROOT
from .wire import listed, lists

BLUEPRINTS: Final = ROOT / "blueprints"
FOLDER: Final = BLUEPRINTS / "automation" / DOMAIN
AUTOMATION: Final = "automation.blueprint"
MUSIC, RADIO, TV = (
    f"media_player.{name}" for name in ("living_room", "kitchen", "bedroom")
)
LAMP, DESK = "light.bed_light", "light.ceiling_lights"
QUIET = "input_boolean.quiet"
ALARM = "alarm_control_panel.security"
RED, YELLOW, GREEN = (255, 0, 0), (255, 150, 0), (0, 255, 0)
UNKNOWN = Ring("")
# As notifications show a caller without a name.
FIRST, SECOND = f"☎ {CALLER}", f"☎ {SECOND_CALLER}"
# What a blueprint looks at now and then, in case that nothing is told; for tests that wait.
LOOKS = ('"00:00:10"', '"00:00:15"', '"00:00:30"')

type Json = dict[str, Any]


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
    await wait_for(hass, lambda: attribute(hass, AUTOMATION, "current") == 0)


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


@dataclass(slots=True)
class Mobile:
    """A mobile phone with the app: what it was sent, and what is tapped there."""

    hass: HomeAssistant
    device_id: str
    sent: list[Json] = field(default_factory=list)

    def shown(self) -> list[Json]:
        """Return the notifications that are there now, the newest last."""
        shown: dict[str, Json] = {}
        for notification in self.sent:
            shown.pop(notification["data"]["tag"], None)
            if notification["message"] != "clear_notification":
                shown[notification["data"]["tag"]] = notification
        return list(shown.values())

    async def shows(self, *messages: str) -> Json:
        """Wait until the phone shows these messages; return the last one."""
        await wait_for(
            self.hass, lambda: [one["message"] for one in self.shown()] == [*messages]
        )
        return self.shown()[-1] if messages else {}

    def tap(self, notification: Json, title: str) -> None:
        """Tap a button as the app does."""
        (action,) = [
            button["action"]
            for button in notification["data"]["actions"]
            if button["title"] == title
        ]
        self.hass.bus.async_fire("mobile_app_notification_action", {"action": action})


def quicken(hass: HomeAssistant, name: str) -> None:
    """Let a blueprint look more often than its users have to wait for."""
    path = Path(hass.config.path("blueprints", "automation", DOMAIN, f"{name}.yaml"))
    text = path.read_text()
    for look in LOOKS:
        text = text.replace(look, "{milliseconds: 100}")
    path.write_text(text)


async def becomes(hass: HomeAssistant, entity_id: str, expected: str) -> None:
    """Wait for the state of an entity."""
    await wait_for(hass, lambda: state(hass, entity_id) == expected)


async def do(hass: HomeAssistant, action: str, entity_id: str, **data: Any) -> None:
    """Do what a user does."""
    domain, name = action.split(".")
    await hass.services.async_call(
        domain, name, {"entity_id": entity_id, **data}, blocking=True
    )
