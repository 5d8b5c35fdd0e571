"""Events of the Vodia PBX integration."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import VodiaConfigEntry
from .entity import VodiaEntityDescription, VodiaStoryEntity, async_add_for_extensions
from .pbx.models import CallEvent, CallEventType, Extension
from .sensor import CALL_ATTRIBUTES, common_attributes

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaEventDescription(
    VodiaEntityDescription[Extension, None], EventEntityDescription
):
    """Describe an event entity."""


CALL = VodiaEventDescription(
    key="call",
    event_types=[str(event_type) for event_type in CallEventType],
    value_fn=lambda extension: None,
)


def event_attributes(event: CallEvent) -> dict[str, Any]:
    """Return what an event tells of its call."""
    return {
        **common_attributes(event.call),
        "duration": None if event.duration is None else round(event.duration),
        "end_reason": event.end_reason,
        "backfilled": event.backfilled,
    }


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events."""
    coordinator = entry.runtime_data

    @callback
    def async_add_extensions(extensions: Iterable[Extension]) -> None:
        """Add the events of extensions."""
        async_add_entities(
            VodiaCallEvent(coordinator, CALL, extension) for extension in extensions
        )

    await async_add_for_extensions(entry, async_add_extensions)


class VodiaCallEvent(VodiaStoryEntity, EventEntity):
    """The calls of an extension. Who calls whom does not go into the database."""

    _unrecorded_attributes = CALL_ATTRIBUTES | {"duration", "end_reason", "backfilled"}

    @override
    @callback
    def _async_tell(self, event: CallEvent) -> None:
        """Fire what happened to a call."""
        self._trigger_event(event.type, event_attributes(event))
        self.async_write_ha_state()
