"""Conditions of the Vodia PBX integration: what a phone is."""

from collections.abc import Callable
from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase
from homeassistant.helpers.target import async_track_target_selector_state_change_event

from .hub.devices import entities_of
from .target import targeted


class VodiaCondition(EntityStateConditionBase):
    """Test a binary sensor of the phones in the target: of any entity of theirs.

    The device of the PBX stands for all of its phones.
    """

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}  # noqa: RUF012
    _states = {STATE_ON}  # noqa: RUF012
    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the binary sensors of the phones in the target.

        By our own rules: of the entities that Home Assistant takes to be in it, those of
        a phone that is excluded may be left.
        """
        found: set[str] = set()
        for entry_id, of_pbx in targeted(self._hass, self._target_selection).items():
            sensors = {
                account: entity.entity_id
                for entity, account, key in entities_of(self._hass, entry_id)
                if key == self._key and entity.domain == BINARY_SENSOR_DOMAIN
            }
            found |= {
                sensors[account]
                for account in of_pbx.accounts(sensors.keys())
                if account in sensors
            }
        return found

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        """Follow the sensors that decide, which hardly ever are those in the target."""
        following = False

        @callback
        def changed(*_: object) -> None:
            """Check again, except for the first call, which only lists the sensors."""
            if following:
                action()

        stop = await async_track_target_selector_state_change_event(
            self._hass, self._target, changed, self.entity_filter, changed
        )
        following = True
        return stop


def _condition(key: str) -> type[Condition]:
    """Return the condition that a binary sensor is on."""
    return type("VodiaCondition", (VodiaCondition,), {"_key": key})


CONDITIONS: dict[str, type[Condition]] = {
    "is_dnd": _condition("dnd"),
    "is_in_call": _condition("in_call"),
    "is_registered": _condition("registered"),
    "is_ringing": _condition("ringing"),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
