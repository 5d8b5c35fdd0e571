"""Notify entities of the Vodia PBX integration: a chat message to an extension."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.components.notify import (
    NotifyEntity,
    NotifyEntityDescription,
    NotifyEntityFeature,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import VodiaConfigEntry
from .entity import VodiaEntityDescription, VodiaExtensionEntity
from .entity_loader import async_add_for_accounts
from .pbx.models import Extension

# A message that is waited for holds up no other one.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaNotifyDescription(
    VodiaEntityDescription[Extension, None], NotifyEntityDescription
):
    """Describe a notify entity."""

    value_fn: Callable[[Extension], None] = lambda extension: None


CHAT = VodiaNotifyDescription(key="chat", entity_registry_enabled_default=False)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the chat of each extension."""
    coordinator = entry.runtime_data

    @callback
    def async_add(extensions: Iterable[Extension]) -> None:
        """Add the chat of extensions."""
        async_add_entities(
            VodiaChat(coordinator, CHAT, extension.number) for extension in extensions
        )

    await async_add_for_accounts(entry, async_add, Extension)


class VodiaChat(VodiaExtensionEntity[None], NotifyEntity):
    """The chat with an extension: what is sent comes from the entry's own line."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send a message; a title is its first line."""
        text = f"{title}\n{message}" if title else message
        control = self.coordinator.client.own.control
        await self._async_do(control.send_message(self._account, text))
