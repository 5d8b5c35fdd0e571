"""Binary sensors of the Vodia PBX integration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import ATTR_CALL_ID, CALL_KEYS, KEY_ACTIVE, KEY_DND, KEY_RINGING
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    Snapshot,
    VodiaEntityDescription,
    VodiaExtensionEntity,
    VodiaFlagEntity,
    VodiaGroupEntity,
    VodiaPbxEntity,
    VodiaToggle,
)
from .entity_loader import async_add_for_accounts, async_add_for_flags
from .pbx.models import ORBIT, Extension, Group, ServiceFlag

PARALLEL_UPDATES = 0

ATTR_REMOTE_NAME = "remote_name"
ATTR_REMOTE_NUMBER = "remote_number"
ATTR_SINCE = "since"


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
    VodiaBinarySensorDescription(key=KEY_DND, value_fn=lambda extension: extension.dnd),
    VodiaBinarySensorDescription(
        key=KEY_RINGING, value_fn=lambda extension: extension.ringing
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


def _parked(orbit: Group) -> Mapping[str, Any]:
    """Return the call that is parked, as far as it is known."""
    if not orbit.calls:
        return {}
    call = orbit.calls[0]
    return {
        ATTR_REMOTE_NAME: call.remote.name,
        ATTR_REMOTE_NUMBER: call.remote.number,
        ATTR_SINCE: None,
        ATTR_CALL_ID: call.id,
    }


IN_USE = VodiaBinarySensorDescription[Group](
    key="in_use", value_fn=lambda group: group.in_use
)
OCCUPIED = VodiaBinarySensorDescription[Group](
    key="occupied", value_fn=lambda orbit: orbit.in_use, attributes_fn=_parked
)
CONNECTED = VodiaBinarySensorDescription[VodiaCoordinator](
    key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    value_fn=lambda coordinator: coordinator.connected,
)
FLAG = VodiaBinarySensorDescription[ServiceFlag | None](
    key=KEY_ACTIVE, value_fn=lambda flag: flag.active if flag else None
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
            VodiaExtensionBinarySensor(coordinator, description, extension.number)
            for extension in extensions
            for description in EXTENSION_SENSORS
            if (
                description.key not in CALL_KEYS
                or coordinator.options.shows_calls_of(extension)
            )
            # What it shows of a line the switch shows.
            and (
                description.key != KEY_DND or extension.number not in coordinator.lines
            )
        )

    async_add_for_flags(
        hass,
        entry,
        Platform.BINARY_SENSOR,
        lambda numbers: async_add_entities(
            VodiaFlagSensor(coordinator, FLAG, number) for number in numbers
        ),
    )
    await async_add_for_accounts(entry, async_add_extensions, Extension)

    @callback
    def async_add_groups(groups: Iterable[Group]) -> None:
        """Add the sensors of groups."""
        async_add_entities(
            VodiaOrbitSensor(coordinator, OCCUPIED, group.number)
            if group.type == ORBIT
            else VodiaGroupBinarySensor(coordinator, IN_USE, group.number)
            for group in groups
        )

    await async_add_for_accounts(entry, async_add_groups, Group)


class VodiaExtensionBinarySensor(
    VodiaExtensionEntity[bool | None], VodiaToggle[Extension], BinarySensorEntity
):
    """A binary sensor of an extension."""


class VodiaGroupBinarySensor(
    VodiaGroupEntity[bool | None], VodiaToggle[Group], BinarySensorEntity
):
    """A binary sensor of an account that is no phone."""


class VodiaOrbitSensor(VodiaGroupBinarySensor):
    """Whether a call is parked in an orbit. Whose it is does not go into the database."""

    _unrecorded_attributes = frozenset(
        {ATTR_CALL_ID, ATTR_REMOTE_NAME, ATTR_REMOTE_NUMBER, ATTR_SINCE}
    )
    _snapshot: Snapshot[bool | None] = (False, None, None)
    _last: tuple[str | None, str | None] | None = None

    @override
    def _compute(self) -> Snapshot[bool | None]:
        """Return what to show, with the time at which a call came, if we saw it come."""
        available, occupied, parked = super()._compute()
        if occupied is False:
            self._last = None
        if not occupied or parked is None:
            return available, occupied, {}
        call_id = parked.get(ATTR_CALL_ID)
        if self._last is None or self._last[0] != call_id:
            was_available, was_occupied, _ = self._snapshot
            saw_it = was_available and was_occupied is not None
            self._last = call_id, dt_util.utcnow().isoformat() if saw_it else None
        return available, occupied, {**parked, ATTR_SINCE: self._last[1]}


class VodiaConnectedSensor(
    VodiaPbxEntity[bool | None], VodiaToggle[VodiaCoordinator], BinarySensorEntity
):
    """The link to the PBX: a lost one is off, not unavailable."""

    @override
    def _is_available(self, subject: VodiaCoordinator) -> bool:
        """Return True: whether the link is up is always known."""
        return True


class VodiaFlagSensor(VodiaFlagEntity, BinarySensorEntity):
    """A service flag that follows a timetable, or is not ours to set."""
