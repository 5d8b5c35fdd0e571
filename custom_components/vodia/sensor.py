"""Sensors of the Vodia PBX integration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    VodiaEntity,
    VodiaEntityDescription,
    VodiaExtensionEntity,
    VodiaPbxEntity,
    async_add_for_extensions,
)
from .pbx.models import AccountCall, CallState, Extension, PastCall

PARALLEL_UPDATES = 0

ATTR_OTHER_CALLS = "other_calls"


CALL_ATTRIBUTES = frozenset(
    {
        *("call_id", "direction", "scope", "remote_number", "remote_name"),
        *("dialed_number", "started", "answered"),
    }
)


def common_attributes(call: AccountCall | PastCall) -> dict[str, Any]:
    """Return what attributes and response data carry of any call."""
    return {
        "call_id": call.id,
        "direction": call.direction,
        "scope": call.scope,
        "remote_number": call.remote.number,
        "remote_name": call.remote.name,
        "dialed_number": call.dialed_number,
        "started": iso_time(call.started),
        "answered": iso_time(call.answered),
    }


def call_attributes(call: AccountCall) -> dict[str, Any]:
    """Return a call that is up as attributes and response data carry it."""
    return {**common_attributes(call), "recording": call.recording}


def iso_time(timestamp: float | None) -> str | None:
    """Return a time in ISO form."""
    if timestamp is None:
        return None
    return dt_util.utc_from_timestamp(timestamp).isoformat()


def _call_sensor_attributes(extension: Extension) -> Mapping[str, Any]:
    """Return the call that is shown, and how many there are beside it."""
    if (call := extension.call) is None:
        return {}
    others = len(extension.calls) - 1 if extension.complete else None
    return {**call_attributes(call), ATTR_OTHER_CALLS: others}


@dataclass(frozen=True, kw_only=True)
class VodiaSensorDescription[SubjectT, ValueT: str | int | None](
    VodiaEntityDescription[SubjectT, ValueT], SensorEntityDescription
):
    """Describe a sensor."""


CALL: VodiaSensorDescription[Extension, CallState | None] = VodiaSensorDescription(
    key="call",
    device_class=SensorDeviceClass.ENUM,
    options=list(CallState),
    value_fn=lambda extension: extension.call_state,
    attributes_fn=_call_sensor_attributes,
)
PBX_SENSORS: tuple[VodiaSensorDescription[VodiaCoordinator, int | None], ...] = (
    VodiaSensorDescription(
        key="active_calls",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda coordinator: coordinator.totals.active_calls,
    ),
    VodiaSensorDescription(
        key="ringing_calls",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda coordinator: coordinator.totals.ringing_calls,
    ),
    VodiaSensorDescription(
        key="registered_extensions",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda coordinator: coordinator.totals.registered_extensions,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors."""
    coordinator = entry.runtime_data
    async_add_entities(
        VodiaPbxSensor(coordinator, description) for description in PBX_SENSORS
    )

    @callback
    def async_add_extensions(extensions: Iterable[Extension]) -> None:
        """Add the sensors of extensions."""
        async_add_entities(
            VodiaCallSensor(coordinator, CALL, extension) for extension in extensions
        )

    await async_add_for_extensions(entry, async_add_extensions)


class VodiaSensor[SubjectT, ValueT: str | int | None](
    VodiaEntity[SubjectT, ValueT], SensorEntity
):
    """A sensor."""

    @override
    def _show_value(self, value: ValueT) -> None:
        """Take the value as the sensor's state."""
        self._attr_native_value = value


class VodiaCallSensor(
    VodiaExtensionEntity[CallState | None], VodiaSensor[Extension, CallState | None]
):
    """The call of an extension. Who calls whom does not go into the database."""

    _unrecorded_attributes = CALL_ATTRIBUTES | {"recording", ATTR_OTHER_CALLS}


class VodiaPbxSensor(
    VodiaPbxEntity[int | None], VodiaSensor[VodiaCoordinator, int | None]
):
    """A count over the tenant."""
