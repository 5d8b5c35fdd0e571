"""Buttons of the Vodia PBX integration: the keys of a line, as a desk phone has them."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EVENT_LOGBOOK_ENTRY
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .coordinator import VodiaConfigEntry
from .entity import VodiaEntityDescription, VodiaLineEntity
from .entity_loader import async_add_for_lines
from .pbx.control.commands import Control
from .pbx.models import AccountCall, Extension

# A command that is waited for holds up no other one.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaButtonDescription(
    VodiaEntityDescription[Extension, None], ButtonEntityDescription
):
    """Describe a button: its key is a verb; what that does to a call with an id.

    Of several calls that wait it takes one and `says_whom`.
    """

    press_fn: Callable[[Control, str], Coroutine[Any, Any, Any]]
    says_whom: bool = False
    value_fn: Callable[[Extension], None] = lambda extension: None


BUTTONS: tuple[VodiaButtonDescription, ...] = (
    VodiaButtonDescription(key="answer", press_fn=Control.answer, says_whom=True),
    VodiaButtonDescription(key="reject", press_fn=Control.reject, says_whom=True),
    VodiaButtonDescription(key="hang_up", press_fn=Control.hang_up),
    VodiaButtonDescription(key="hold", press_fn=Control.hold),
    VodiaButtonDescription(key="resume", press_fn=Control.resume),
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
    """A key of a line; it is always there, and says why it can do nothing."""

    entity_description: VodiaButtonDescription
    _pressed: asyncio.Task[None] | None = None

    @override
    async def async_press(self) -> None:
        """Do it; pressed again meanwhile it is no other press, so no other call is meant."""
        press = self._pressed
        if press is None or press.done():
            press = self._pressed = self.hass.async_create_task(
                self._async_do(self._async_act()), f"press {self.entity_id}"
            )
            # It goes on even if nobody waits for it any more, or for its error.
            press.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait([press])
        press.result()

    async def _async_act(self) -> None:
        """Do it to the call that is meant."""
        description = self.entity_description
        call, among = self._control.choose(description.key)
        await description.press_fn(self._control, call.id)
        if description.says_whom and among > 1:
            await self._async_say_whom(call)

    async def _async_say_whom(self, call: AccountCall) -> None:
        """Write into the activity which one of several calls it was."""
        hass = self.hass
        if "logbook" not in hass.config.components:
            return
        party = self.coordinator.privacy.redact_remote(call)
        who = party.name or party.number
        key = f"activity_{self.entity_description.key}_{'who' if who else 'somebody'}"
        texts = await async_get_translations(
            hass, hass.config.language, "common", {DOMAIN}
        )
        hass.bus.async_fire(
            EVENT_LOGBOOK_ENTRY,
            {
                "name": self.coordinator.label(self._account),
                "message": texts[f"component.{DOMAIN}.common.{key}"].format(who=who),
                "domain": DOMAIN,
                "entity_id": self.entity_id,
            },
            context=self._context,
        )
