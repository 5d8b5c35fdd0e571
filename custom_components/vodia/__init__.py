"""The Vodia PBX integration."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS: list[Platform] = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: VodiaConfigEntry) -> bool:
    """Set up a PBX from a config entry."""
    coordinator = VodiaCoordinator(hass, entry)
    entry.async_on_unload(coordinator.async_stop)
    await coordinator.async_start()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: VodiaConfigEntry) -> bool:
    """Unload a config entry."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: VodiaConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Allow to remove the device of an extension that the PBX does not list."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    account = entry.runtime_data.account_of(device)
    if account is None or entry.runtime_data.is_present(account):
        return False
    entry.runtime_data.async_forget_entities(account)
    return True
