"""What a target of Home Assistant means among our devices."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, target

from .const import DOMAIN
from .coordinator import VodiaCoordinator


def devices_in(
    hass: HomeAssistant, selection: target.TargetSelection
) -> list[dr.AnyDeviceEntry]:
    """Return the devices in the target, those of targeted entities included."""
    selected = target.async_extract_referenced_entity_ids(hass, selection)
    entities = er.async_get(hass)
    device_ids = dict.fromkeys(selected.referenced_devices)
    for entity_id in selected.referenced | selected.indirectly_referenced:
        entry = entities.async_get(entity_id)
        if entry and entry.platform == DOMAIN and entry.device_id:
            device_ids[entry.device_id] = None
    devices = dr.async_get(hass)
    return [
        device
        for device_id in sorted(device_ids)
        if (device := devices.async_get(device_id))
    ]


def accounts_in(
    hass: HomeAssistant,
    selection: target.TargetSelection,
    coordinator: VodiaCoordinator,
) -> set[str]:
    """Return the accounts of a PBX in the target.

    The PBX itself stands for all extensions, and not for their groups: a call to one
    rings at its members. Whose calls are not told is left out.
    """
    accounts: set[str] = set()
    for device in devices_in(hass, selection):
        if device.config_entry_id != coordinator.entry.entry_id:
            continue
        if (account := coordinator.account_of(device)) is None:
            accounts |= coordinator.extensions.keys()
        else:
            accounts.add(account)
    return set(filter(coordinator.tells_calls, accounts))
