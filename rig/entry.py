"""Config entries of ours, as the config flow makes them, and their entities."""

from collections.abc import Mapping

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Simulator


def create_entry(
    hass: HomeAssistant,
    pbx: Simulator,
    options: Mapping[str, object] | None = None,
    **data: object,
) -> MockConfigEntry:
    """Return an entry for a PBX, not set up yet."""
    return add_entry(hass, options, **{"host": pbx.host, "port": pbx.port, **data})


def add_entry(
    hass: HomeAssistant, options: Mapping[str, object] | None = None, **data: object
) -> MockConfigEntry:
    """Return an entry for any address, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Vodia PBX",
        data={
            "ssl": False,
            "verify_ssl": True,
            "legacy_tls": False,
            "extension": "45",
            "tenant": "localhost",
            "password": "45-secret",
            "login_method": "put",
            "login_user": "45",
            **data,
        },
        options=options,
    )
    entry.add_to_hass(hass)
    return entry


def entity_id(
    hass: HomeAssistant, entry: MockConfigEntry, account: str, key: str, platform: str
) -> str:
    """Return the entity id of an account's (or, "", the PBX's) entity."""
    unique_id = f"{entry.entry_id}:{account}:{key}"
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert found, f"no entity {key} of account {account!r}"
    return found
