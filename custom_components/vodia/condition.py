"""Conditions of the Vodia PBX integration: what a phone is."""

from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .const import DOMAIN


class VodiaCondition(EntityStateConditionBase):
    """A binary sensor is on for a phone: that of any entity in the target.

    The PBX stands for all of its phones.
    """

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}  # noqa: RUF012
    _states = {STATE_ON}  # noqa: RUF012
    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the binary sensors of the phones that our entities belong to."""
        registry = er.async_get(self._hass)
        targeted = [
            entry
            for entity_id in entities
            if (entry := registry.async_get(entity_id)) and entry.platform == DOMAIN
        ]
        # What the unique ids of a phone's entities begin with; of the PBX's, all ids do.
        begin = tuple(
            f"{entry.unique_id.rpartition(':')[0].removesuffix(':')}:"
            for entry in targeted
        )
        return {
            entry.entity_id
            for entry_id in {entry.config_entry_id for entry in targeted}
            if entry_id
            for entry in er.async_entries_for_config_entry(registry, entry_id)
            if entry.domain == BINARY_SENSOR_DOMAIN
            and entry.unique_id.startswith(begin)
            and entry.unique_id.endswith(f":{self._key}")
        }


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
