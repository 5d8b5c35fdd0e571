"""What Home Assistant's pickers offer: selectors, read as its frontend does.

Facts: `src/data/selector.ts` and `src/data/target.ts` of home-assistant/frontend. Within a filter
all has to fit, of several filters one; a device fits a filter of entities if one of its
entities does, which the user has not hidden, and which has a state.
"""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import entity_sources

type Filters = dict[str, Any] | list[dict[str, Any]] | None


def _filters(filters: Filters) -> list[dict[str, Any]]:
    """Return filters as a list."""
    return [filters] if isinstance(filters, dict) else filters or []


def _entity_fits(
    hass: HomeAssistant, entity: er.RegistryEntry, filters: Filters
) -> bool:
    """Return whether an entity can be picked; one that is disabled is not there."""
    sources = entity_sources(hass)
    if entity.entity_id not in sources or hass.states.get(entity.entity_id) is None:
        return False
    for wanted in (found := _filters(filters)):
        assert wanted.keys() <= {"integration", "domain"}, wanted
        domains = wanted.get("domain", entity.domain)
        if wanted.get("integration") in (
            None,
            sources[entity.entity_id]["domain"],
        ) and (entity.domain in ([domains] if isinstance(domains, str) else domains)):
            return True
    return not found


def _device_fits(hass: HomeAssistant, device: dr.DeviceEntry, filters: Filters) -> bool:
    """Return whether a device can be picked by what it is itself."""
    entry = hass.config_entries.async_get_entry(device.config_entry_id)
    assert entry
    for wanted in (found := _filters(filters)):
        assert wanted.keys() <= {"integration", "model"}, wanted
        if wanted.get("integration") in (None, entry.domain) and wanted.get(
            "model"
        ) in (None, device.model):
            return True
    return not found


def offered_devices(hass: HomeAssistant, selector: dict[str, Any]) -> set[str]:
    """Return the accounts, or names, of the devices that a selector offers."""
    ((kind, config),) = selector.items()
    assert kind in ("device", "target"), kind
    filters = config.get("filter" if kind == "device" else "device")
    registry = er.async_get(hass)

    def fits(device: dr.DeviceEntry) -> bool:
        """Return whether a device is offered; a target has primary entities only."""
        entities = [
            entity
            for entity in er.async_entries_for_device(registry, device.id)
            if kind == "device" or not (entity.hidden_by or entity.entity_category)
        ]
        wanted = config.get("entity")
        return _device_fits(hass, device, filters) and (
            (kind == "device" and not wanted)
            or any(_entity_fits(hass, entity, wanted) for entity in entities)
        )

    return {
        str(device.model_id or device.name)
        for device in dr.async_get(hass).devices
        if fits(device)
    }
