"""Base of the entities: their state is a function of immutable data.

An entity compares its new state with the last one, and writes only a difference: the
writing is expensive.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, override

from homeassistant.const import MAX_LENGTH_STATE_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.util import slugify

from .const import FLAG_KEYS
from .coordinator import VodiaCoordinator
from .hub.call_errors import line_error
from .hub.devices import unique_id
from .hub.enabled import async_forget_former
from .pbx.control.commands import Control
from .pbx.errors import PbxError
from .pbx.models import CallEvent, Extension, Group, KnownAccount, ServiceFlag
from .pbx.sync.line_data import Resource

type Snapshot[ValueT] = tuple[bool, ValueT, Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class VodiaEntityDescription[SubjectT, ValueT](EntityDescription):
    """Describe an entity: which value it has for its subject."""

    value_fn: Callable[[SubjectT], ValueT]
    attributes_fn: Callable[[SubjectT], Mapping[str, Any]] | None = None


class VodiaEntity[SubjectT, ValueT](Entity):
    """An entity of a PBX."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _snapshot: Snapshot[ValueT]

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[SubjectT, ValueT],
        account: str | None = None,
    ) -> None:
        """Initialize for an account, or for the PBX itself."""
        self.coordinator = coordinator
        self.entity_description = self._description = description
        self._account = account
        self._attr_translation_key = description.key
        self._attr_unique_id = unique_id(
            coordinator.entry.entry_id, account, description.key
        )
        self._apply(self._compute())

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return the device; kept by each entity it would be what takes most memory."""
        return self.coordinator.device_info(self._account)

    @override
    @callback
    def add_to_platform_start(
        self,
        hass: HomeAssistant,
        platform: EntityPlatform,
        parallel_updates: asyncio.Semaphore | None,
    ) -> None:
        """Say how it is registered when it is new: whether enabled, and as what."""
        super().add_to_platform_start(hass, platform, parallel_updates)
        if self._account is None:
            return
        is_wanted = self.coordinator.is_enabled(
            platform.domain, self._account, self._description.key
        )
        if not is_wanted:
            self._attr_entity_registry_enabled_default = False
        of = (platform.domain, platform.platform_name, self._attr_unique_id or "")
        async_forget_former(hass, self.coordinator.entry, of, is_wanted)
        # The one way to an id that does not begin with the whole name of the device; the
        # rest of it is what Home Assistant would take.
        if name := self.coordinator.name_in_ids(self._account):
            entity_id = (
                f"{platform.domain}.{slugify(f'{name} {self.suggested_object_id}')}"
            )
            self.entity_id = entity_id[:MAX_LENGTH_STATE_ENTITY_ID].rstrip("_")

    @abstractmethod
    def _subject(self) -> SubjectT:
        """Return what the entity is about."""

    def _is_available(self, subject: SubjectT) -> bool:
        """Return whether the data of the subject are live."""
        return self.coordinator.connected

    def _show_value(self, value: ValueT) -> None:
        """Set the value as the entity's state, if it has one."""

    def _compute(self) -> Snapshot[ValueT]:
        """Return availability, value and attributes as they should be."""
        privacy, description = self.coordinator.privacy, self._description
        subject = self._subject()
        if privacy.on:
            subject = privacy.redact(subject)
        attributes = description.attributes_fn
        return (
            self._is_available(subject),
            description.value_fn(subject),
            attributes(subject) if attributes else None,
        )

    def _apply(self, snapshot: Snapshot[ValueT]) -> None:
        """Set availability, value and attributes."""
        self._snapshot = snapshot
        self._attr_available, value, attributes = snapshot
        self._show_value(value)
        if attributes is not None:
            self._attr_extra_state_attributes = dict(attributes)

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to changes of the account."""
        await super().async_added_to_hass()
        self.coordinator.changes.add(
            self._account,
            self._async_refresh,
            # An automation on ringing may read at once who calls.
            first=self._description.attributes_fn is not None,
        )
        self._apply(self._compute())

    @override
    async def async_will_remove_from_hass(self) -> None:
        """End the subscription."""
        self.coordinator.changes.remove(self._account, self._async_refresh)
        await super().async_will_remove_from_hass()

    @callback
    def _async_refresh(self) -> None:
        """Write the state if it differs from the last one."""
        snapshot = self._compute()
        if snapshot != self._snapshot:
            self._apply(snapshot)
            self.async_write_ha_state()


class VodiaAccountEntity[AccountT: KnownAccount, ValueT](VodiaEntity[AccountT, ValueT]):
    """An entity of an account."""

    _account: str

    @override
    def _is_available(self, subject: AccountT) -> bool:
        """Return whether the PBX is connected and lists the account."""
        return self.coordinator.connected and subject.present


class VodiaExtensionEntity[ValueT](VodiaAccountEntity[Extension, ValueT]):
    """An entity of an extension."""

    @override
    def _subject(self) -> Extension:
        """Return the extension."""
        return self.coordinator.client.extension(self._account)

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the flags as well, if it shows one."""
        await super().async_added_to_hass()
        if self._description.key in FLAG_KEYS:
            self.coordinator.flag_changes.add(self._account, self._async_apply_flags)

    @override
    async def async_will_remove_from_hass(self) -> None:
        """End the subscription to the flags."""
        if self._description.key in FLAG_KEYS:
            self.coordinator.flag_changes.remove(self._account, self._async_apply_flags)
        await super().async_will_remove_from_hass()

    async def _async_do(self, command: Coroutine[Any, Any, Any]) -> None:
        """Carry out a command of a line."""
        coordinator = self.coordinator
        try:
            await command
        except PbxError as err:
            label = coordinator.label(self._account)
            raise line_error(err, label, coordinator.privacy) from err

    @callback
    def _async_apply_flags(self, extension: Extension) -> None:
        """Write the state if the flag changed; availability and attributes do not."""
        available, before, attributes = self._snapshot
        value = self._description.value_fn(extension)
        if value != before:
            self._apply((available, value, attributes))
            self.async_write_ha_state()


class VodiaGroupEntity[ValueT](VodiaAccountEntity[Group, ValueT]):
    """An entity of an account that is no phone."""

    @override
    def _subject(self) -> Group:
        """Return the group."""
        return self.coordinator.client.tenant.groups[self._account]


class VodiaLineEntity[ValueT](VodiaExtensionEntity[ValueT]):
    """An entity of a line, which can do something."""

    @override
    def _is_available(self, subject: Extension) -> bool:
        """Return whether the line's own login is connected as well."""
        return (
            super()._is_available(subject)
            and self.coordinator.lines[self._account].connected
        )

    @property
    def _control(self) -> Control:
        """Return the commands of the line."""
        return self.coordinator.lines[self._account].control


class VodiaToggle[SubjectT](VodiaEntity[SubjectT, bool | None]):
    """An entity that is on or off."""

    @override
    def _show_value(self, value: bool | None) -> None:
        """Take the value as the entity's state."""
        self._attr_is_on = value


class VodiaPolledEntity[ReadT, ValueT](VodiaEntity[ReadT | None, ValueT]):
    """An entity with data that only REST has; it is available while they are known."""

    _kind: ClassVar[Resource]
    _account: str

    @override
    def _is_available(self, subject: ReadT | None) -> bool:
        """Return whether the data were read over the present link."""
        return self.coordinator.connected and subject is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the data as well."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.line_data.subscribe(
                (self._kind, self._account), self._async_refresh
            )
        )


class VodiaLineDataEntity[ReadT, ValueT](VodiaPolledEntity[ReadT, ValueT]):
    """An entity with data of a line that only REST has."""

    @override
    def _subject(self) -> ReadT | None:
        """Return the data."""
        values = self.coordinator.lines[self._account].data.values
        read: ReadT | None = getattr(values, self._kind)
        return read

    @override
    def _is_available(self, subject: ReadT | None) -> bool:
        """Return whether the line's own login is connected as well."""
        line = self.coordinator.lines[self._account]
        return super()._is_available(subject) and line.connected


class VodiaFlagEntity(
    VodiaPolledEntity[ServiceFlag, bool | None], VodiaToggle[ServiceFlag | None]
):
    """An entity of a service flag."""

    _kind = Resource.SERVICE_FLAGS

    @override
    def _subject(self) -> ServiceFlag | None:
        """Return the flag."""
        return self.coordinator.client.service_flags.get(self._account)


class VodiaAccountEventEntity(VodiaAccountEntity[KnownAccount, None]):
    """An entity of an account that handles events, and has no value to compute."""

    @override
    def _subject(self) -> KnownAccount:
        """Return the account."""
        return self.coordinator.client.tenant.accounts[self._account]


class VodiaCallEventEntity(VodiaAccountEventEntity):
    """An entity of an account that handles the events of its calls."""

    _called_first: ClassVar[bool] = False

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the events of the account's calls."""
        await super().async_added_to_hass()
        self.coordinator.call_events.add(
            self._account, self._async_on_call_event, first=self._called_first
        )

    @override
    async def async_will_remove_from_hass(self) -> None:
        """End the subscription to the events."""
        self.coordinator.call_events.remove(self._account, self._async_on_call_event)
        await super().async_will_remove_from_hass()

    @callback
    def _async_on_call_event(self, event: CallEvent) -> None:
        """Handle an event as it may be shown."""
        self._async_handle(self.coordinator.privacy.redact_event(event))

    @abstractmethod
    @callback
    def _async_handle(self, event: CallEvent) -> None:
        """Handle an event."""


class VodiaPbxEntity[ValueT](VodiaEntity[VodiaCoordinator, ValueT]):
    """An entity of the PBX itself."""

    @override
    def _subject(self) -> VodiaCoordinator:
        """Return the coordinator, which knows the PBX."""
        return self.coordinator
