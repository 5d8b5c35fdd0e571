"""Base of the entities: what they show is a value function over immutable data.

An entity compares what it shows with what it showed, and writes only a difference: the
writing is what costs.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any, ClassVar, override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.util import slugify

from .const import DOMAIN
from .coordinator import MODELS, VodiaConfigEntry, VodiaCoordinator
from .exceptions import action_error
from .pbx.control.commands import Control
from .pbx.errors import PbxError
from .pbx.models import (
    SERVICE_FLAG,
    CallEvent,
    Extension,
    Group,
    KnownAccount,
    ServiceFlag,
)
from .pbx.sync.line_data import Kind

# What is about the calls of an extension.
CALL_KEYS = frozenset({"call", "in_call", "last_caller", "ringing"})

# What is about its flags.
FLAG_KEYS = frozenset({"registered", "dnd", "chat_available"})

_BATCH = 25
# The key of the entity of a service flag.
ACTIVE = "active"

type Shown[ValueT] = tuple[bool, ValueT, Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class VodiaEntityDescription[SubjectT, ValueT](EntityDescription):
    """Describe an entity: what it shows of its subject."""

    value_fn: Callable[[SubjectT], ValueT]
    attributes_fn: Callable[[SubjectT], Mapping[str, Any]] | None = None


class VodiaEntity[SubjectT, ValueT](Entity):
    """An entity of a PBX."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _shown: Shown[ValueT]

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[SubjectT, ValueT],
        account: str | None,
    ) -> None:
        """Initialize for an account, or for the PBX itself (None)."""
        self.coordinator = coordinator
        self.entity_description = self._description = description
        self._account = account
        self._attr_translation_key = description.key
        self._attr_unique_id = (
            f"{coordinator.entry.entry_id}:{account or ''}:{description.key}"
        )
        self._show(self._look())

    @abstractmethod
    def _subject(self) -> SubjectT:
        """Return what the entity is about."""

    def _is_available(self, subject: SubjectT) -> bool:
        """Return whether what is known of the subject is true now."""
        return self.coordinator.connected

    @abstractmethod
    def _show_value(self, value: ValueT) -> None:
        """Take the value as the entity's state."""

    def _look(self) -> Shown[ValueT]:
        """Return all that the entity should show."""
        coordinator, description = self.coordinator, self._description
        subject = self._subject()
        if coordinator.private:
            subject = coordinator.shown(subject)
        attributes = description.attributes_fn
        return (
            self._is_available(subject),
            description.value_fn(subject),
            attributes(subject) if attributes else None,
        )

    def _show(self, shown: Shown[ValueT]) -> None:
        """Take over what the entity should show."""
        self._shown = shown
        self._attr_available, value, attributes = shown
        self._show_value(value)
        if attributes is not None:
            self._attr_extra_state_attributes = dict(attributes)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what concerns the account."""
        await super().async_added_to_hass()
        self.coordinator.async_add_listener(
            self._account,
            self._async_look_again,
            # An automation on ringing may read at once who calls.
            first=self._description.attributes_fn is not None,
        )
        self._show(self._look())

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Listen no more."""
        self.coordinator.async_remove_listener(self._account, self._async_look_again)
        await super().async_will_remove_from_hass()

    @callback
    def _async_look_again(self) -> None:
        """Write the state if it shows something new."""
        shown = self._look()
        if shown != self._shown:
            self._show(shown)
            self.async_write_ha_state()


def _device_info(
    coordinator: VodiaCoordinator, number: str, name: str | None, model: str
) -> DeviceInfo:
    """Return the device of a number of the PBX."""
    info = DeviceInfo(
        identifiers={coordinator.identifier(number)},
        manufacturer="Vodia",
        model=model,
        model_id=number,
        via_device_id=coordinator.pbx_device_id,
    )
    if name:
        info["name"] = name
    else:
        info["translation_key"] = slugify(model)
        info["translation_placeholders"] = {"number": number}
    return info


class VodiaAccountEntity[AccountT: KnownAccount, ValueT](VodiaEntity[AccountT, ValueT]):
    """An entity of an account."""

    _account: str

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[AccountT, ValueT],
        account: AccountT,
    ) -> None:
        """Initialize for an account that the PBX lists."""
        super().__init__(coordinator, description, account.number)

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return the device; kept by each entity it would be what takes most memory."""
        account = self._subject()
        return _device_info(
            self.coordinator, account.number, account.name, MODELS[account.type]
        )

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
        """Listen to the flags as well, if it shows one."""
        await super().async_added_to_hass()
        if self._description.key in FLAG_KEYS:
            self.coordinator.async_add_flag_listener(
                self._account, self._async_take_flags
            )

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Listen to the flags no more."""
        if self._description.key in FLAG_KEYS:
            self.coordinator.async_remove_flag_listener(
                self._account, self._async_take_flags
            )
        await super().async_will_remove_from_hass()

    @callback
    def _async_take_flags(self, extension: Extension) -> None:
        """Write the state if its flag is new; availability and attributes are not."""
        available, before, attributes = self._shown
        value = self._description.value_fn(extension)
        if value != before:
            self._show((available, value, attributes))
            self.async_write_ha_state()


class VodiaGroupEntity[ValueT](VodiaAccountEntity[Group, ValueT]):
    """An entity of an account that is no phone."""

    @override
    def _subject(self) -> Group:
        """Return the group."""
        return self.coordinator.groups[self._account]


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

    async def _async_do(self, command: Coroutine[Any, Any, Any]) -> None:
        """Carry out a command of the line."""
        try:
            await command
        except PbxError as err:
            raise action_error(err) from err


class VodiaReadingEntity[ReadT, ValueT](VodiaEntity[ReadT | None, ValueT]):
    """An entity that shows what only REST tells; it is there while that is known."""

    _kind: ClassVar[Kind]
    _account: str

    @override
    def _is_available(self, subject: ReadT | None) -> bool:
        """Return whether it was read over the present link."""
        return self.coordinator.connected and subject is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what is read as well."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_reading_listener(
                self._kind, self._account, self._async_look_again
            )
        )


class VodiaLineReadingEntity[ReadT, ValueT](VodiaReadingEntity[ReadT, ValueT]):
    """An entity of a line that shows what only REST tells of it."""

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[ReadT | None, ValueT],
        line: str,
    ) -> None:
        """Initialize for a line that is shown."""
        super().__init__(coordinator, description, line)
        extension = coordinator.extensions[line]
        self._attr_device_info = _device_info(
            coordinator, line, extension.name, MODELS[extension.type]
        )

    @override
    def _subject(self) -> ReadT | None:
        """Return what was read."""
        values = self.coordinator.lines[self._account].side.values
        read: ReadT | None = getattr(values, self._kind)
        return read

    @override
    def _is_available(self, subject: ReadT | None) -> bool:
        """Return whether the line's own login is connected as well."""
        line = self.coordinator.lines[self._account]
        return super()._is_available(subject) and line.connected


class VodiaFlagEntity(VodiaReadingEntity[ServiceFlag, bool | None]):
    """An entity of a service flag."""

    _kind = Kind.SERVICE_FLAGS

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[ServiceFlag | None, bool | None],
        number: str,
    ) -> None:
        """Initialize for a flag that the PBX lists."""
        super().__init__(coordinator, description, number)
        name = coordinator.last_flags[number].name
        model = MODELS[SERVICE_FLAG]
        self._attr_device_info = _device_info(coordinator, number, name, model)

    @override
    def _subject(self) -> ServiceFlag | None:
        """Return the flag."""
        return self.coordinator.flags.get(self._account)

    @override
    def _show_value(self, value: bool | None) -> None:
        """Take the value as the entity's state."""
        self._attr_is_on = value


class VodiaToldEntity(VodiaAccountEntity[KnownAccount, None]):
    """An entity of an account that is told what happens, and has nothing to look up."""

    @override
    def _subject(self) -> KnownAccount:
        """Return the account."""
        coordinator, number = self.coordinator, self._account
        return coordinator.extensions.get(number) or coordinator.groups[number]

    @override
    def _show_value(self, value: None) -> None:
        """Take nothing: what happens is told, not looked up."""


class VodiaStoryEntity(VodiaToldEntity):
    """An entity of an account that is told what happens to its calls."""

    _told_first: ClassVar[bool] = False

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the stories of the account's calls."""
        await super().async_added_to_hass()
        self.coordinator.async_add_event_listener(
            self._account, self._async_hear, first=self._told_first
        )

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Listen to the stories no more."""
        self.coordinator.async_remove_event_listener(self._account, self._async_hear)
        await super().async_will_remove_from_hass()

    @callback
    def _async_hear(self, event: CallEvent) -> None:
        """Take in what may be shown of it."""
        self._async_tell(self.coordinator.shown_event(event))

    @abstractmethod
    @callback
    def _async_tell(self, event: CallEvent) -> None:
        """Take in what happened to a call."""


async def async_add_for_accounts[AccountT: KnownAccount](
    entry: VodiaConfigEntry,
    add: Callable[[Iterable[AccountT]], None],
    *kinds: type[AccountT],
) -> None:
    """Add entities for the accounts of some kinds: those here, and each that comes.

    Those of a large tenant are added in batches, so that others get their turn.
    """

    @callback
    def add_fitting(accounts: Iterable[KnownAccount]) -> None:
        """Add the entities of the accounts that are of these kinds."""
        if fitting := [account for account in accounts if isinstance(account, kinds)]:
            add(fitting)

    here, remove = entry.runtime_data.async_add_new_callback(add_fitting)
    entry.async_on_unload(remove)
    for batch in batched(here, _BATCH, strict=False):
        add_fitting(batch)
        await asyncio.sleep(0)


@callback
def async_add_for_lines(
    entry: VodiaConfigEntry, add: Callable[[Extension], None]
) -> None:
    """Add entities for the lines that are here, and for each that comes."""
    coordinator = entry.runtime_data

    @callback
    def async_add_lines(accounts: Iterable[KnownAccount]) -> None:
        """Add the entities of those that are lines."""
        for account in accounts:
            if isinstance(account, Extension) and account.number in coordinator.lines:
                add(account)

    here, remove = coordinator.async_add_new_callback(async_add_lines)
    entry.async_on_unload(remove)
    async_add_lines(here)


@callback
def async_add_for_readings(
    entry: VodiaConfigEntry, kind: Kind, add: Callable[[Iterable[str]], None]
) -> None:
    """Add entities for what REST tells, as soon as it first does."""
    here, remove = entry.runtime_data.async_add_reading_callback(kind, add)
    entry.async_on_unload(remove)
    add(here)


@callback
def async_add_for_flags(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    platform: Platform,
    add: Callable[[Iterable[str]], None],
) -> None:
    """Add entities for the service flags: a switch for those that can be set.

    Which one it is, is decided once in a setup; what it was before is removed.
    """
    coordinator, registry = entry.runtime_data, er.async_get(hass)

    @callback
    def async_add_fitting(numbers: Iterable[str]) -> None:
        """Add the entities of the flags that are for the platform."""
        here = []
        for number in numbers:
            if not coordinator.wants(number, SERVICE_FLAG):
                continue
            can_be_set = number not in coordinator.read_only_flags
            can_be_set &= coordinator.last_flags[number].manual
            if can_be_set is (platform is Platform.SWITCH):
                here.append(number)
            elif former := registry.async_get_entity_id(
                platform, DOMAIN, f"{entry.entry_id}:{number}:{ACTIVE}"
            ):
                registry.async_remove(former)
        add(here)

    async_add_for_readings(entry, Kind.SERVICE_FLAGS, async_add_fitting)


class VodiaPbxEntity[ValueT](VodiaEntity[VodiaCoordinator, ValueT]):
    """An entity of the PBX itself."""

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEntityDescription[VodiaCoordinator, ValueT],
    ) -> None:
        """Initialize."""
        super().__init__(coordinator, description, None)
        self._attr_device_info = DeviceInfo(identifiers={coordinator.identifier(None)})

    @override
    def _subject(self) -> VodiaCoordinator:
        """Return the coordinator, which knows the PBX."""
        return self.coordinator
