"""Switches of the Vodia PBX integration."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import VodiaConfigEntry
from .entity import VodiaEntityDescription, VodiaLineEntity, async_add_for_lines
from .pbx.models import Extension

# The PBX takes one command of a line after the other.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class VodiaSwitchDescription(
    VodiaEntityDescription[Extension, bool | None], SwitchEntityDescription
):
    """Describe a switch."""


DND = VodiaSwitchDescription(key="dnd", value_fn=lambda extension: extension.dnd)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches."""
    async_add_for_lines(
        entry,
        lambda line: async_add_entities(
            [VodiaDndSwitch(entry.runtime_data, DND, line)]
        ),
    )


class VodiaDndSwitch(VodiaLineEntity[bool | None], SwitchEntity):
    """Do not disturb of a line."""

    @override
    def _show_value(self, value: bool | None) -> None:
        """Take the value as the switch's state."""
        self._attr_is_on = value

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let the line ring no more."""
        await self._async_do(self._control.set_dnd(True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Let the line ring again."""
        await self._async_do(self._control.set_dnd(False))
