"""What a target of Home Assistant means among our accounts.

Triggers, conditions and actions all ask here. An entity or a device of an account stands
for the account, and the PBX for all of its phones: where they are targeted, and where
they are excluded (Home Assistant 2026.11). Home Assistant itself takes out single
entities and devices, which leaves the rest of the phone in the target.
"""

from collections import defaultdict
from collections.abc import Iterable, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    target,
)

from .const import DOMAIN
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .exceptions import invalid
from .hub.devices import account_of, entities_of, known_accounts
from .pbx.client import PbxClient
from .pbx.errors import NotConnectedError
from .pbx.line import Line
from .pbx.models import EXTENSION

# An account of a PBX; None is the PBX itself.
type Subject = str | None

# The fields of a target in the data of an action.
_TARGET_KEYS = tuple(map(str, cv.TARGET_SERVICE_FIELDS))


@dataclass(slots=True)
class Targeted:
    """The accounts of a PBX in a target, and those excluded from it."""

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
    """Return the target within each PBX, by the id of its config entry."""
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
    return set(filter(coordinator.triggers_for, accounts))


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


# Targets of actions


@dataclass(frozen=True, slots=True)
class TargetedPbx:
    """A PBX with the target of an action within it."""

    hass: HomeAssistant
    entry: VodiaConfigEntry
    targeted: Targeted

    @property
    def is_loaded(self) -> bool:
        """Return whether the PBX is set up."""
        return self.entry.state is ConfigEntryState.LOADED

    @property
    def not_loaded(self) -> ServiceValidationError:
        """Return the error for a PBX that is not set up."""
        return invalid(translation_key="entry_not_loaded", title=self.entry.title)

    @property
    def coordinator(self) -> VodiaCoordinator:
        """Return the PBX; raises ServiceValidationError where it is not set up."""
        if not self.is_loaded:
            raise self.not_loaded
        return self.entry.runtime_data

    @property
    def client(self) -> PbxClient:
        """Return the client; raises NotConnectedError without a link.

        A call that was up when the link broke is no answer.
        """
        client = self.coordinator.client
        if not client.connected:
            raise NotConnectedError("there is no link to the PBX")
        return client

    @property
    def extensions(self) -> set[str]:
        """Return the extensions; the PBX stands for all, if not set up for its devices."""
        if self.is_loaded:
            known = set(self.entry.runtime_data.extensions)
        else:
            accounts = known_accounts(self.hass, self.entry)
            known = {n for n, (kind, _) in accounts.items() if kind == EXTENSION}
        return self.targeted.accounts(known) & known

    @property
    def numbers(self) -> list[str]:
        """Return the accounts to act on; the PBX stands for the entry's own line."""
        coordinator = self.coordinator
        accounts = self.targeted.accounts(
            coordinator.extensions.keys(), {coordinator.line}
        )
        return sorted(filter(coordinator.account, accounts))


def only_loaded(
    parts: list[TargetedPbx],
) -> tuple[list[TargetedPbx], list[ServiceValidationError]]:
    """Return the PBXs that are set up, and an error for each other one."""
    return (
        [part for part in parts if part.is_loaded],
        [part.not_loaded for part in parts if not part.is_loaded],
    )


def target_pbxs(
    hass: HomeAssistant, data: dict[str, Any], *, also_not_loaded: bool = False
) -> list[TargetedPbx]:
    """Return the PBXs targeted; without a target, every one that is set up.

    A target that comes to nothing, as a template may, does not mean every PBX.
    """
    entries: list[VodiaConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    selection = target.TargetSelection(data)
    if selection.has_any_target:
        found = targeted(hass, selection)
        return [
            TargetedPbx(hass, entry, found[entry.entry_id])
            for entry in entries
            if entry.entry_id in found
        ]
    if "exclude" in data:
        raise invalid(translation_key="exclude_alone")
    if has_target(data):
        raise invalid(translation_key="nothing_targeted")
    return [
        TargetedPbx(hass, entry, Targeted({None}))
        for entry in entries
        if entry.state is ConfigEntryState.LOADED
        or (also_not_loaded and not entry.disabled_by)
    ]


def target_line(hass: HomeAssistant, data: dict[str, Any]) -> Line:
    """Return the login of the one line that the target resolves to."""
    lines, errors = target_lines(hass, data)
    if errors:
        raise errors[0]
    if len(lines) > 1:
        found = [pbx_of(hass, line).label(line.state.line) for line in lines]
        raise invalid(translation_key="several_lines", lines=", ".join(found))
    return lines[0]


def pbx_of(hass: HomeAssistant, line: Line) -> VodiaCoordinator:
    """Return the PBX of a line that was found in a target just now."""
    entries: list[VodiaConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return next(
        entry.runtime_data
        for entry in entries
        if line in entry.runtime_data.lines.values()
    )


def target_lines(
    hass: HomeAssistant, data: dict[str, Any]
) -> tuple[list[Line], list[ServiceValidationError]]:
    """Return the logins of the lines in the target, and what stands in for others."""
    parts, errors = only_loaded(target_pbxs(hass, data))
    lines = [
        line
        for part in parts
        for number in part.numbers
        if (line := part.coordinator.lines.get(number))
    ]
    if lines or errors:
        return lines, errors
    extensions = [
        part.coordinator.label(number) for part in parts for number in part.numbers
    ]
    if not extensions:
        raise invalid(translation_key="nothing_targeted")
    known = dict.fromkeys(
        part.coordinator.label(line)
        for part in parts
        for line in part.coordinator.lines
    )
    raise invalid(
        translation_key="not_a_line",
        extensions=", ".join(extensions),
        lines=", ".join(known),
    )


async def async_check_rights(
    hass: HomeAssistant, context: Context, lines: Iterable[Line]
) -> None:
    """Raise Unauthorized unless who acts may control each of some lines."""
    allowed = await async_controllable(hass, context)
    if allowed is not None and not all(line in allowed for line in lines):
        raise unauthorized(context)


async def async_controllable(
    hass: HomeAssistant, context: Context
) -> list[Line] | None:
    """Return the lines of which who acts may control an entity; None for all.

    Home Assistant asks for that where an action is one of entities; ours are of lines.
    Raises UnknownUser if who acts is gone.
    """
    if context.user_id is None:
        return None
    if (user := await hass.auth.async_get_user(context.user_id)) is None:
        raise UnknownUser(context=context, permission=POLICY_CONTROL)
    if user.permissions.access_all_entities(POLICY_CONTROL):
        return None
    entries: list[VodiaConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return [
        line
        for entry in entries
        for entity, account, _ in entities_of(hass, entry.entry_id)
        if (line := entry.runtime_data.lines.get(account))
        and user.permissions.check_entity(entity.entity_id, POLICY_CONTROL)
    ]


def unauthorized(context: Context) -> Unauthorized:
    """Return the error for somebody who may not control a line."""
    return Unauthorized(
        context=context, user_id=context.user_id, permission=POLICY_CONTROL
    )


def has_target(data: dict[str, Any]) -> bool:
    """Return whether the data of an action has a target, even an empty one."""
    return any(key in data for key in _TARGET_KEYS)
