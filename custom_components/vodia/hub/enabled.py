"""Which entities of the phones of others are enabled: few, unless all are wanted.

An office would get hundreds. What a user has touched is left as it is.
"""

from collections.abc import Callable, Container
from typing import Final

from attr import evolve

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_registry import RegistryEntryDisabler
from homeassistant.helpers.typing import UNDEFINED

from ..const import DOMAIN, KEY_CALL, KEY_LAST_CALLER, KEY_RINGING
from ..pbx.models import Extension, KnownAccount
from .devices import entities_of
from .options import Options

# Entities of a phone, of which those that are always there tell the most.
_MINOR: Final = frozenset(
    {
        (Platform.BINARY_SENSOR, KEY_RINGING),
        (Platform.SENSOR, KEY_LAST_CALLER),
        (Platform.EVENT, KEY_CALL),
    }
)
# What the registry keeps about an entity that a user has enabled or disabled.
_TOUCHED: Final = {"touched": True}


def is_enabled(
    domain: str,
    key: str,
    account: KnownAccount | None,
    lines: Container[str],
    options: Options,
) -> bool:
    """Return whether an entity of an account is enabled until a user decides."""
    return (
        options.all_entities
        or (domain, key) not in _MINOR
        or not isinstance(account, Extension)
        or account.number in lines
    )


@callback
def async_apply(
    hass: HomeAssistant,
    entry: ConfigEntry,
    account: Callable[[str], KnownAccount | None],
    lines: Container[str],
    options: Options,
) -> None:
    """Enable what is wanted now, and disable what is not any more: before it is added."""
    registry = er.async_get(hass)
    for entity, number, key in list(entities_of(hass, entry.entry_id)):
        known = account(number)
        if known is None or (entity.domain, key) not in _MINOR:
            continue
        is_wanted = is_enabled(entity.domain, key, known, lines, options)
        if is_wanted and entity.disabled_by is RegistryEntryDisabler.INTEGRATION:
            # Or it is the user who wants new entities to be disabled.
            if not entry.pref_disable_new_entities:
                _enable(registry, entity)
        elif not is_wanted and not entity.disabled and not _is_touched(entity):
            registry.async_update_entity(
                entity.entity_id, disabled_by=RegistryEntryDisabler.INTEGRATION
            )
            # What it has left behind, as if it were to come back.
            hass.states.async_remove(entity.entity_id)


def _enable(registry: er.EntityRegistry, entity: er.RegistryEntry) -> None:
    """Let an entity come back enabled when it is added, with all that a user gave it.

    Home Assistant loads an entry again, half a minute later, after one of its entities is
    enabled in the registry; that would be another outage.
    """
    registry.async_remove(entity.entity_id)
    key = entity.domain, entity.platform, entity.unique_id
    registry.deleted_entities[key] = evolve(
        registry.deleted_entities[key], disabled_by=UNDEFINED
    )


def _is_touched(entity: er.RegistryEntry) -> bool:
    """Return whether a user has decided anything about an entity."""
    return bool(
        entity.options.get(DOMAIN) == _TOUCHED
        or entity.name
        or entity.icon
        or entity.area_id
        or entity.labels
        or entity.categories
        or entity.hidden_by
        or entity.aliases != [er.COMPUTED_NAME]
    )


@callback
def async_keep_choices(hass: HomeAssistant) -> None:
    """Remember from now on which entities a user enables or disables."""
    registry = er.async_get(hass)

    @callback
    def async_updated(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Remember it; we ourselves never enable what is in the registry."""
        data = event.data
        if data["action"] != "update" or "disabled_by" not in data["changes"]:
            return
        entity = registry.async_get(data["entity_id"])
        if entity is None or entity.platform != DOMAIN:
            return
        before, now = data["changes"]["disabled_by"], entity.disabled_by
        if RegistryEntryDisabler.USER in (before, now) or (
            before is RegistryEntryDisabler.INTEGRATION and now is None
        ):
            registry.async_update_entity_options(entity.entity_id, DOMAIN, _TOUCHED)

    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, async_updated)
