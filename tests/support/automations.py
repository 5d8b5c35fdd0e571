"""Triggers and automations, as a user sets them up."""

from typing import Any, NamedTuple

from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)
from homeassistant.setup import async_setup_component

from .calls import CALLER

type Json = dict[str, Any]

FOR = {"for": {"milliseconds": 400}}


async def attach(
    hass: HomeAssistant, trigger: str, target: Json, **options: Any
) -> list[Json]:
    """Attach a trigger; return what it fires with, as it comes."""
    fired: list[Json] = []

    @callback
    def action(variables: Json, _context: Any = None) -> None:
        """Keep what an action would see as `trigger`."""
        fired.append(variables["trigger"])

    config = await async_validate_trigger_config(
        hass,
        cv.TRIGGER_SCHEMA(
            [{"trigger": f"vodia.{trigger}", "target": target, "options": options}]
        ),
    )
    assert await async_initialize_triggers(
        hass, config, action, "test", "test", lambda *_: None
    )
    return fired


async def automate(
    hass: HomeAssistant, trigger: Json, conditions: list[Json]
) -> list[ServiceCall]:
    """Set up an automation; return the calls of its action."""
    calls: list[ServiceCall] = async_mock_service(hass, "test", "fired")
    automation = {
        "triggers": [trigger],
        "conditions": conditions,
        "actions": [{"action": "test.fired"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    return calls


class Ring(NamedTuple):
    """Who calls."""

    number: str = CALLER
    name: str = ""
