"""Devices and entities of an entry: their identifiers, and the accounts they are of."""

from collections.abc import Iterable, Iterator
import re
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.util import slugify

from ..const import DOMAIN, KEY_QUEUE_LOGIN
from ..pbx.client import PbxClient
from ..pbx.models import (
    ATTENDANT,
    CONFERENCE,
    EXTENSION,
    ORBIT,
    QUEUE,
    RING_GROUP,
    SERVICE_FLAG,
)

# The model of the device of each type of account; it stands for the type in the registry.
MODELS: Final = {
    EXTENSION: "Extension",
    RING_GROUP: "Ring group",
    QUEUE: "Queue",
    ATTENDANT: "Auto attendant",
    CONFERENCE: "Conference",
    ORBIT: "Park orbit",
    SERVICE_FLAG: "Service flag",
}
_TYPES: Final = {model: kind for kind, model in MODELS.items()}


def unique_id(entry_id: str, account: str | None, key: str) -> str:
    """Return the unique id of an entity of an account, or of the PBX itself (None)."""
    return f"{entry_id}:{account or ''}:{key}"


def queue_login_key(queue: str) -> str:
    """Return the key of the login of a line to a queue, of which there may be several."""
    return f"{KEY_QUEUE_LOGIN}_{queue}"


def entities_of(
    hass: HomeAssistant, entry_id: str
) -> Iterator[tuple[er.RegistryEntry, str, str]]:
    """Yield the entities of an entry, each with its account and its key.

    The account of the PBX itself is empty.
    """
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry_id):
        account, key = entity.unique_id.split(":")[-2:]
        yield entity, account, key


def entity_id_of(
    hass: HomeAssistant, platform: str, entry_id: str, account: str, key: str
) -> str | None:
    """Return the entity id of an entity of an account; None if there is none."""
    return er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, unique_id(entry_id, account, key)
    )


def _identifier(entry_id: str, account: str | None) -> tuple[str, str]:
    """Return the device identifier of an account, or of the PBX itself."""
    return (DOMAIN, entry_id if account is None else f"{entry_id}:{account}")


def account_of(entry_id: str, device: dr.AnyDeviceEntry) -> str | None:
    """Return the account of a device of an entry; None for the PBX itself."""
    prefix = f"{entry_id}:"
    return next(
        (
            identifier.removeprefix(prefix)
            for domain, identifier in device.identifiers
            if domain == DOMAIN and identifier.startswith(prefix)
        ),
        None,
    )


def numbered_name(number: str, name: str) -> str:
    """Return the name of an account with its number before it.

    Not where the name has the number already: "45 Freya", "Park 5".
    """
    has_number = re.search(rf"(?<!\w){re.escape(number)}(?!\w)", name)
    return name if has_number else f"{number} {name}"


def account_name(number: str, name: str | None) -> str | None:
    """Return the name of an account by that of its device."""
    plain = (name or "").removeprefix(f"{number} ")
    # What is left of "45 - Freya" is no name.
    return plain if plain[:1].isalnum() else name


def known_devices(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of the accounts and service flags that have a device."""
    return {
        account: (
            _TYPES.get(device.model or "", EXTENSION),
            account_name(account, device.name),
        )
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        if (account := account_of(entry.entry_id, device))
    }


def known_accounts(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of the accounts that have a device."""
    return {
        account: known
        for account, known in known_devices(hass, entry).items()
        if known[0] != SERVICE_FLAG
    }


class Devices:
    """The devices of an entry: that of the PBX, and those of its accounts."""

    _pbx_id: str

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, *, numbers_in_names: bool
    ) -> None:
        """Initialize for an entry."""
        self._hass = hass
        self._entry = entry
        self._numbers_in_names = numbers_in_names
        self._registry = dr.async_get(hass)

    @property
    def entry_id(self) -> str:
        """Return the entry whose devices they are."""
        return self._entry.entry_id

    @property
    def pbx_info(self) -> DeviceInfo:
        """Return the device of the PBX for an entity."""
        return DeviceInfo(identifiers={_identifier(self._entry.entry_id, None)})

    def info(self, number: str, name: str | None, kind: str) -> DeviceInfo:
        """Return the device of an account or a service flag for an entity."""
        model = MODELS[kind]
        info = DeviceInfo(
            identifiers={_identifier(self._entry.entry_id, number)},
            manufacturer="Vodia",
            model=model,
            model_id=number,
            via_device_id=self._pbx_id,
        )
        if name:
            info["name"] = self._name(number, name, kind)
        else:
            info["translation_key"] = slugify(model)
            info["translation_placeholders"] = {"number": number}
        return info

    def get(self, number: str) -> dr.AnyDeviceEntry | None:
        """Return the device of an account."""
        return self._registry.async_get_device_by_identifier(
            _identifier(self._entry.entry_id, number), self._entry.entry_id
        )

    @callback
    def async_register_pbx(self, client: PbxClient) -> None:
        """Register the PBX as a device."""
        entry, server = self._entry, client.session.server_name or ""
        device = self._registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={_identifier(entry.entry_id, None)},
            entry_type=dr.DeviceEntryType.SERVICE,
            name=entry.title,
            manufacturer="Vodia",
            model="PBX",
            sw_version=server.removeprefix("PBX/")
            if server.startswith("PBX/")
            else None,
            configuration_url=str(client.session.url),
        )
        self._pbx_id = device.id

    @callback
    def async_remove(self, number: str) -> None:
        """Remove the device of an account, if it has one."""
        if device := self.get(number):
            self._registry.async_remove_device(device.id)

    @callback
    def async_remove_logins(self, queue: str, lines: Iterable[str]) -> None:
        """Remove what lines are in a queue that is gone for good."""
        hass, entry_id, key = self._hass, self._entry.entry_id, queue_login_key(queue)
        for line in lines:
            if login := entity_id_of(hass, Platform.SWITCH, entry_id, line, key):
                er.async_get(hass).async_remove(login)

    @callback
    def async_rename(self, number: str, name: str | None, kind: str) -> None:
        """Give the device of an account its new name; one without keeps the old one."""
        device = self.get(number)
        if name and device and device.name != (new := self._name(number, name, kind)):
            self._registry.async_update_device(device.id, name=new)

    def _name(self, number: str, name: str, kind: str) -> str:
        """Return the name of a device: with the number that people call, if wanted."""
        if self._numbers_in_names and kind != SERVICE_FLAG:
            return numbered_name(number, name)
        return name

    def name_in_ids(self, number: str, name: str | None, kind: str) -> str | None:
        """Return what stands for the device in new entity ids; None for its own name.

        That is the name without our number, until a user gives the device another one.
        """
        if not name or self._name(number, name, kind) == name:
            return None
        device = self.get(number)
        return None if device and device.name_by_user else name
