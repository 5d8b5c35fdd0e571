"""Switches of the Vodia PBX integration."""

from abc import abstractmethod
import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import KEY_ACTIVE, KEY_DND, KEY_QUEUE_LOGIN
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    VodiaEntityDescription,
    VodiaFlagEntity,
    VodiaLineDataEntity,
    VodiaLineEntity,
    VodiaToggle,
)
from .entity_loader import (
    async_add_for_flags,
    async_add_for_lines,
    async_add_for_logins,
    async_keep_read_only_flag,
)
from .exceptions import action_error
from .hub.devices import numbered_name, queue_login_key
from .pbx.errors import AccessOffError, PbxError
from .pbx.models import QUEUE, Extension, ServiceFlag
from .pbx.sync.line_data import Resource

# The queues of a line, and whether it is logged in there.
type QueueLogins = Mapping[str, bool | None]

# A command that is waited for holds up none but those of the same switch.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class VodiaSwitchDescription[SubjectT](
    VodiaEntityDescription[SubjectT, bool | None], SwitchEntityDescription
):
    """Describe a switch."""


DND = VodiaSwitchDescription[Extension](
    key=KEY_DND, value_fn=lambda extension: extension.dnd
)
FLAG = VodiaSwitchDescription[ServiceFlag | None](
    key=KEY_ACTIVE, value_fn=lambda flag: flag.active if flag else None
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches."""
    async_add_for_lines(
        entry,
        lambda line: async_add_entities(
            [VodiaDndSwitch(entry.runtime_data, DND, line.number)]
        ),
    )
    async_add_for_logins(
        entry,
        lambda logins: async_add_entities(
            VodiaQueueLoginSwitch(entry.runtime_data, line, queue)
            for line, queue in logins
        ),
    )
    async_add_for_flags(
        hass,
        entry,
        Platform.SWITCH,
        lambda numbers: async_add_entities(
            VodiaFlagSwitch(entry.runtime_data, FLAG, number) for number in numbers
        ),
    )


class VodiaSwitch(SwitchEntity):
    """A switch with commands that are carried out one after the other."""

    def __init__(self, *args: Any) -> None:
        """Initialize."""
        super().__init__(*args)
        self._in_turn = asyncio.Lock()

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        async with self._in_turn:
            await self._async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        async with self._in_turn:
            await self._async_set(False)

    @abstractmethod
    async def _async_set(self, on: bool) -> None:
        """Carry out a command."""


class VodiaDndSwitch(VodiaSwitch, VodiaLineEntity[bool | None], VodiaToggle[Extension]):
    """Do not disturb of a line: while it is on, the line does not ring."""

    @override
    async def _async_set(self, on: bool) -> None:
        """Set it, or clear it."""
        await self._async_do(self._control.set_dnd(on))


class VodiaFlagSwitch(VodiaSwitch, VodiaFlagEntity):
    """A service flag that can be set."""

    @override
    async def _async_set(self, on: bool) -> None:
        """Set or clear the flag; one that is not ours to set is a sensor from then on."""
        try:
            await self.coordinator.client.set_flag(self._account, on)
        except PbxError as err:
            if isinstance(err, AccessOffError):
                async_keep_read_only_flag(
                    self.hass, self.coordinator.entry, self._account
                )
            raise action_error(err) from err


class VodiaQueueLoginSwitch(
    VodiaSwitch,
    VodiaLineDataEntity[QueueLogins, bool | None],
    VodiaToggle[QueueLogins | None],
):
    """Whether a line takes the calls of a queue that it is an agent of."""

    _kind = Resource.QUEUE_LOGINS

    def __init__(self, coordinator: VodiaCoordinator, line: str, queue: str) -> None:
        """Initialize for a queue of a line."""
        self._queue = queue
        super().__init__(
            coordinator,
            VodiaSwitchDescription[QueueLogins | None](
                key=queue_login_key(queue),
                value_fn=lambda logins: logins.get(queue) if logins else None,
            ),
            line,
        )
        self._attr_translation_key = KEY_QUEUE_LOGIN
        self._attr_translation_placeholders = {"queue": self._queue_name()}

    def _queue_name(self) -> str:
        """Return what the queue is called; with its number where others are called so."""
        account = self.coordinator.account(self._queue)
        if account is None or not account.name:
            return self._queue
        groups = self.coordinator.client.tenant.groups.values()
        namesakes = [
            group.number
            for group in groups
            if group.type == QUEUE
            and (group.name or "").casefold() == account.name.casefold()
        ]
        if len(namesakes) > 1:
            return numbered_name(self._queue, account.name)
        return account.name

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the name of the queue as well."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.changes.subscribe(self._queue, self._async_rename)
        )

    @callback
    def _async_rename(self) -> None:
        """Take a new name of the queue."""
        placeholders = {"queue": self._queue_name()}
        if placeholders != self.translation_placeholders:
            self._attr_translation_placeholders = placeholders
            # Home Assistant keeps the name that it has made of the placeholders before.
            self.__dict__.pop("name", None)
            self.async_write_ha_state()

    @override
    def _is_available(self, subject: QueueLogins | None) -> bool:
        """Return whether the queue has answered as well."""
        told = self._description.value_fn(subject)
        return super()._is_available(subject) and told is not None

    @override
    async def _async_set(self, on: bool) -> None:
        """Log in, or out."""
        control = self.coordinator.lines[self._account].control
        try:
            await control.set_queue_login(self._queue, on)
        except PbxError as err:
            raise action_error(err) from err
