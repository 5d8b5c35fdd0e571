"""What a target of Home Assistant means among our accounts.

Triggers, conditions and actions all ask here. An entity or a device of an account stands
for the account, and the PBX for all of its phones: where they are targeted, and where
they are excluded (Home Assistant 2026.11). Home Assistant itself takes out single
entities and devices, which leaves the rest of the phone in the target.
"""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, target

from .const import DOMAIN
from .coordinator import VodiaCoordinator, account_of

# An account of a PBX; None is the PBX itself.
type Subject = str | None


@dataclass(slots=True)
class Targeted:
    """What of a PBX is in a target, and what is excluded from it."""

    included: set[Subject] = field(default_factory=set)
    excluded: set[Subject] = field(default_factory=set)

    def accounts(
        self, phones: AbstractSet[str], pbx: AbstractSet[str] | None = None
    ) -> set[str]:
        """Return the accounts that are left, given all phones of the PBX.

        The PBX itself stands for its phones, and not for its groups: a call to one rings
        at its members. What is done with one line only takes another meaning for it.
        """
        excluded = _spread(self.excluded, phones)
        return _spread(self.included, phones if pbx is None else pbx) - excluded


def _spread(subjects: set[Subject], pbx: AbstractSet[str]) -> set[str]:
    """Return accounts, with those that the PBX stands for."""
    accounts = {subject for subject in subjects if subject is not None}
    return accounts | pbx if None in subjects else accounts


def targeted(
    hass: HomeAssistant, selection: target.TargetSelection
) -> dict[str, Targeted]:
    """Return what is targeted of each PBX, by the id of its config entry."""
    found: defaultdict[str, Targeted] = defaultdict(Targeted)
    for entry_id, subject in _subjects(hass, selection):
        found[entry_id].included.add(subject)
    # Home Assistant 2026.10 does not know it.
    if excluded := getattr(selection, "exclude", None):
        for entry_id, subject in _subjects(hass, excluded, is_exclusion=True):
            if entry_id in found:
                found[entry_id].excluded.add(subject)
    return dict(found)


def accounts_in(
    hass: HomeAssistant,
    selection: target.TargetSelection,
    coordinator: VodiaCoordinator,
) -> set[str]:
    """Return the accounts of a PBX in the target, without those of unknown calls."""
    found = targeted(hass, selection).get(coordinator.entry.entry_id, Targeted())
    accounts = found.accounts(coordinator.extensions.keys())
    return set(filter(coordinator.tells_calls, accounts))


def _subjects(
    hass: HomeAssistant,
    selection: target.TargetSelection,
    *,
    is_exclusion: bool = False,
) -> set[tuple[str, Subject]]:
    """Return the config entries and accounts that a target names in any way.

    To exclude a place or a label takes out hidden and diagnostic entities, too.
    """
    selected = target.async_extract_referenced_entity_ids(
        hass, selection, primary_entities_only=not is_exclusion
    )
    entities = er.async_get(hass)
    named = [
        entities.async_get(entity_id)
        for entity_id in selected.referenced | selected.indirectly_referenced
    ]
    if is_exclusion:
        for label_id in selection.label_ids:
            named += er.async_entries_for_label(entities, label_id)
        for area_id in selected.referenced_areas:
            named += er.async_entries_for_area(entities, area_id)
    device_ids = selected.referenced_devices | {
        entity.device_id
        for entity in named
        if entity and entity.platform == DOMAIN and entity.device_id
    }
    devices = dr.async_get(hass)
    subjects: set[tuple[str, Subject]] = set()
    for device_id in device_ids:
        if (device := devices.async_get(device_id)) is None:
            continue
        entry = hass.config_entries.async_get_entry(device.config_entry_id)
        if entry and entry.domain == DOMAIN:
            subjects.add((entry.entry_id, account_of(entry.entry_id, device)))
    return subjects
