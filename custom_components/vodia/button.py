"""Buttons of the Vodia PBX integration: each acts on the one call that it fits."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import VodiaConfigEntry
from .entity import VodiaEntityDescription, VodiaLineEntity
from .entity_loader import async_add_for_lines
from .pbx.control.commands import Control
from .pbx.control.selector import FITS
from .pbx.models import Extension

# A command that is waited for holds up no other one.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaButtonDescription(
    VodiaEntityDescription[Extension, None], ButtonEntityDescription
):
    """Describe a button: what it does to a call that its key, a verb, fits."""

    press_fn: Callable[[Control], Coroutine[Any, Any, Any]]
    value_fn: Callable[[Extension], None] = lambda extension: None


BUTTONS: tuple[VodiaButtonDescription, ...] = (
    VodiaButtonDescription(key="answer", press_fn=Control.answer),
    VodiaButtonDescription(key="hang_up", press_fn=Control.hang_up),
    VodiaButtonDescription(key="hold", press_fn=Control.hold),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons."""
    coordinator = entry.runtime_data
    async_add_for_lines(
        entry,
        lambda line: async_add_entities(
            VodiaButton(coordinator, description, line.number)
            for description in BUTTONS
        ),
    )


class VodiaButton(VodiaLineEntity[None], ButtonEntity):
    """A button, which is there while a call fits."""

    entity_description: VodiaButtonDescription

    @override
    def _is_available(self, subject: Extension) -> bool:
        """Return whether a call fits."""
        return super()._is_available(subject) and any(
            call.state in FITS[self.entity_description.key] for call in subject.calls
        )

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self._async_do(self.entity_description.press_fn(self._control))
