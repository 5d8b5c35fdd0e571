"""Facts learned of a PBX, stored in the data of its entry."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback

from ..const import CONF_READ_ONLY_FLAGS, CONF_TENANT_NAMES
from ..pbx.client import PbxClient

# Names of a tenant that are stored.
_NAMES_LIMIT: Final = 20


def tenant_names(data: Mapping[str, Any], client: PbxClient) -> dict[str, list[str]]:
    """Return the names of the tenant to store; those in the data are there already."""
    stored = {data[CONF_HOST], client.session.tenant.lower(), "localhost"}
    names = sorted(client.own.tenant_names - stored)[:_NAMES_LIMIT]
    return {CONF_TENANT_NAMES: names} if names else {}


@callback
def async_keep_tenant_names(
    hass: HomeAssistant, entry: ConfigEntry, client: PbxClient
) -> None:
    """Store the names of the tenant."""
    learned = tenant_names(entry.data, client)
    if learned and learned != {CONF_TENANT_NAMES: entry.data.get(CONF_TENANT_NAMES)}:
        hass.config_entries.async_update_entry(entry, data={**entry.data, **learned})


def read_only_flags(entry: ConfigEntry) -> list[str]:
    """Return the service flags that this login could not set."""
    flags: list[str] = entry.data.get(CONF_READ_ONLY_FLAGS, [])
    return flags


@callback
def async_keep_read_only_flag(
    hass: HomeAssistant, entry: ConfigEntry, number: str
) -> None:
    """Store that a service flag cannot be set by this login."""
    refused = {number, *read_only_flags(entry)}
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_READ_ONLY_FLAGS: sorted(refused)}
    )
