"""Binary sensors of the Vodia PBX integration."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    CALL_KEYS,
    VodiaEntity,
    VodiaEntityDescription,
    VodiaExtensionEntity,
    VodiaPbxEntity,
    async_add_for_accounts,
)
from .pbx.models import Extension

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaBinarySensorDescription[SubjectT](
    VodiaEntityDescription[SubjectT, bool | None], BinarySensorEntityDescription
):
    """Describe a binary sensor."""


EXTENSION_SENSORS: tuple[VodiaBinarySensorDescription[Extension], ...] = (
    # No category: targets that name the device leave out diagnostic entities.
    VodiaBinarySensorDescription(
        key="registered",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        value_fn=lambda extension: extension.registered,
    ),
    VodiaBinarySensorDescription(key="dnd", value_fn=lambda extension: extension.dnd),
    VodiaBinarySensorDescription(
        key="ringing", value_fn=lambda extension: extension.ringing
    ),
    VodiaBinarySensorDescription(
        key="in_call", value_fn=lambda extension: extension.in_call
    ),
    VodiaBinarySensorDescription(
        key="chat_available",
        entity_registry_enabled_default=False,
        value_fn=lambda extension: extension.chat_available,
    ),
)
CONNECTED = VodiaBinarySensorDescription[VodiaCoordinator](
    key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    value_fn=lambda coordinator: coordinator.connected,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors."""
    coordinator = entry.runtime_data
    async_add_entities([VodiaConnectedSensor(coordinator, CONNECTED)])

    @callback
    def async_add_extensions(extensions: Iterable[Extension]) -> None:
        """Add the sensors of extensions."""
        async_add_entities(
            VodiaExtensionBinarySensor(coordinator, description, extension)
            for extension in extensions
            for description in EXTENSION_SENSORS
            if description.key not in CALL_KEYS or coordinator.watches(extension)
        )

    await async_add_for_accounts(entry, async_add_extensions, Extension)


class VodiaBinarySensor[SubjectT](
    VodiaEntity[SubjectT, bool | None], BinarySensorEntity
):
    """A binary sensor."""

    @override
    def _show_value(self, value: bool | None) -> None:
        """Take the value as the sensor's state."""
        self._attr_is_on = value


class VodiaExtensionBinarySensor(
    VodiaExtensionEntity[bool | None], VodiaBinarySensor[Extension]
):
    """A binary sensor of an extension."""


class VodiaConnectedSensor(
    VodiaPbxEntity[bool | None], VodiaBinarySensor[VodiaCoordinator]
):
    """The link to the PBX: a lost one is off, not unavailable."""

    @override
    def _is_available(self, subject: VodiaCoordinator) -> bool:
        """Return True: whether the link is up is always known."""
        return True
