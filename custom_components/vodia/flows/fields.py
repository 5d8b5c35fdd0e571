"""Fields of the forms: passwords, and choices of accounts."""

from collections.abc import Mapping
from typing import Final

from probatio import Secret
import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import CONF_EXTENSION
from ..coordinator import VodiaConfigEntry
from ..hub.devices import known_accounts
from ..pbx.models import EXTENSION

PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
PASSWORD_SCHEMA: Final = vol.Schema({vol.Required(Secret(CONF_PASSWORD)): PASSWORD})


def listed_accounts(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of the accounts that the PBX lists.

    While the PBX is away, of those that have a device.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return known_accounts(hass, entry)
    return {
        number: (account.type, account.name)
        for number, account in entry.runtime_data.client.tenant.accounts.items()
        if account.present
    }


def extension_names(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, str | None]:
    """Return the names of the listed extensions."""
    listed = listed_accounts(hass, entry)
    return {n: name for n, (kind, name) in listed.items() if kind == EXTENSION}


def further_lines(entry: ConfigEntry) -> set[str]:
    """Return the extensions of the further lines."""
    return {line.data[CONF_EXTENSION] for line in entry.subentries.values()}


def account_selector(
    names: Mapping[str, str | None],
    *,
    multiple: bool = False,
    custom_value: bool = False,
) -> SelectSelector:
    """Return a choice of accounts."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(
                    value=number, label=f"{name} ({number})" if name else number
                )
                for number, name in names.items()
            ],
            multiple=multiple,
            custom_value=custom_value,
            sort=True,
        )
    )
