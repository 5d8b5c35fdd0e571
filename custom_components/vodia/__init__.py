"""The Vodia PBX integration."""

from functools import partial
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import ConfigType

from .const import CALL_KEYS, DOMAIN, KEY_ACTIVE, KEY_DND, KEY_MESSAGE
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .hub import enabled
from .hub.devices import account_of, entities_of
from .hub.issues import async_check_security, async_entry_changed
from .pbx import numbering
from .pbx.sync.line_data import Resource
from .services import async_setup_services
from .views import RecordingView
from .voice import number_words
from .voice.sentence_files import async_check_sentences

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

# What only a line has.
LINE_PLATFORMS = (Platform.BUTTON, Platform.SWITCH)
LINE_KEYS = (KEY_MESSAGE, Resource.MISSED_CALLS, Resource.VOICEMAIL)
PLATFORMS: list[Platform] = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions, and keep the issues of entries up to date."""
    async_setup_services(hass)
    hass.http.register_view(RecordingView(hass))
    await hass.async_add_executor_job(numbering.load)
    await hass.async_add_executor_job(number_words.load)
    async_dispatcher_connect(
        hass, SIGNAL_CONFIG_ENTRY_CHANGED, partial(async_entry_changed, hass)
    )
    enabled.async_keep_choices(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: VodiaConfigEntry) -> bool:
    """Set up a PBX from a config entry."""
    async_check_security(hass, entry)
    await async_check_sentences(hass)
    coordinator = VodiaCoordinator(hass, entry)
    entry.async_on_unload(coordinator.async_stop)
    await coordinator.async_start()
    entry.runtime_data = coordinator
    lines = _logins(entry)

    @callback
    def async_entry_changed(change: ConfigEntryChange, changed: ConfigEntry) -> None:
        """Reload when a line is added, removed or gets another password.

        Only once: the reload itself is a change of the entry, too.
        """
        nonlocal lines
        if changed is not entry or entry.state is not ConfigEntryState.LOADED:
            return
        if lines != (now := _logins(entry)):
            lines = now
            hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def async_country_changed(event: Event) -> None:
        """Reload, to read numbers as those of the country of Home Assistant."""
        if coordinator.country != coordinator.client.country:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, async_entry_changed)
    )
    entry.async_on_unload(
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, async_country_changed)
    )
    coordinator.async_remove_unwanted()
    _remove_former_entities(hass, coordinator)
    enabled.async_apply(
        hass, entry, coordinator.account, coordinator.lines, coordinator.options
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


def _logins(entry: ConfigEntry) -> dict[str, dict[str, Any]]:
    """Return the data of the lines; the subentries themselves change in place."""
    return {key: dict(line.data) for key, line in entry.subentries.items()}


@callback
def _remove_former_entities(hass: HomeAssistant, coordinator: VodiaCoordinator) -> None:
    """Remove entities that only a line has from extensions that are no lines any more.

    And the sensor of what a line has a switch for, and entities of calls where these are
    not watched any more.
    """
    registry, options = er.async_get(hass), coordinator.options
    for entity, number, key in entities_of(hass, coordinator.entry.entry_id):
        account = coordinator.account(number)
        of_line = entity.domain in LINE_PLATFORMS or key in LINE_KEYS
        is_line = number in coordinator.lines
        has_switch = entity.domain == Platform.BINARY_SENSOR and key == KEY_DND
        # A service flag has a switch of its own.
        if (
            (of_line and key != KEY_ACTIVE and not is_line)
            or (has_switch and is_line)
            or (key in CALL_KEYS and account and not options.shows_calls_of(account))
        ):
            registry.async_remove(entity.entity_id)


async def async_unload_entry(hass: HomeAssistant, entry: VodiaConfigEntry) -> bool:
    """Unload a config entry."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: VodiaConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Allow to remove the device of an extension that the PBX does not list."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    coordinator, account = entry.runtime_data, account_of(entry.entry_id, device)
    if account is None or coordinator.is_present(account):
        return False
    coordinator.discovery.async_forget(account)
    return True
