"""Phones: which ones somebody may ask about, and which one is meant."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, KEY_CALL, KEY_DND, KEY_LAST_CALLER
from ..coordinator import VodiaConfigEntry, VodiaCoordinator
from ..hub.devices import entity_id_of
from ..pbx.line import Line
from ..pbx.models import CallState, Extension, PastCall
from .names import Named, match_names
from .speech import SpokenError

# An entity that has to be exposed to the assistant that asks about its state.
type ExposureGate = tuple[Platform, str]

CALL_GATE: Final[ExposureGate] = (Platform.SENSOR, KEY_CALL)
LAST_CALLER_GATE: Final[ExposureGate] = (Platform.SENSOR, KEY_LAST_CALLER)
DND_GATE: Final[ExposureGate] = (Platform.SWITCH, KEY_DND)

# The user may not control the line.
NOT_ALLOWED: Final = "not_allowed"


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension of a PBX; a line is one that we log in as."""

    coordinator: VodiaCoordinator
    number: str

    @property
    def extension(self) -> Extension:
        """Return its state, redacted."""
        extension = self.coordinator.client.extension(self.number)
        return self.coordinator.privacy.redact(extension)

    @property
    def login(self) -> Line:
        """Return the login of a line."""
        return self.coordinator.lines[self.number]

    def began(self, call: PastCall) -> datetime | None:
        """Return when a past call of a line began, by our clock if we saw it ring."""
        at = self.login.began_at(call) or call.started
        return None if at is None else dt_util.utc_from_timestamp(at)

    @property
    def is_line(self) -> bool:
        """Return whether it is a line."""
        return self.number in self.coordinator.lines

    @property
    def is_own(self) -> bool:
        """Return whether it is the line of the entry itself."""
        return self.number == self.coordinator.line

    @property
    def area_id(self) -> str | None:
        """Return the area that it is in."""
        return _area_id(self.coordinator, self.number)

    @property
    def label(self) -> str:
        """Return what the user calls it."""
        account = self.coordinator.account(self.number)
        device = self.coordinator.devices.get(self.number)
        given = device and device.name_by_user
        return given or (account and account.name) or self.number

    @property
    def named(self) -> Named[Phone]:
        """Return it with all that it is called, its area included."""
        account = self.coordinator.account(self.number)
        names = (
            self.label,
            (account and account.name) or "",
            self.number,
            *given_names(self.coordinator, self.number),
            *area_names(self.coordinator, self.number),
        )
        return Named(self, names, self.number)

    def entity_id(self, gate: ExposureGate) -> str | None:
        """Return one of its entities."""
        platform, key = gate
        coordinator = self.coordinator
        return entity_id_of(
            coordinator.hass, platform, coordinator.entry.entry_id, self.number, key
        )


@dataclass(frozen=True, slots=True)
class Requester:
    """Somebody who asks: through which assistant, in which area, for which lines.

    Without an assistant it is an automation: whoever wrote it decides.
    """

    hass: HomeAssistant
    assistant: str | None = None
    area_id: str | None = None
    only: frozenset[tuple[VodiaCoordinator, str]] | None = None
    is_model: bool = False
    # The lines that the user of Home Assistant who asks may control; None is all.
    controllable: Collection[Line] | None = None
    # The answer is spoken: digits are spelled.
    aloud: bool = False

    def phones(self, gate: ExposureGate) -> list[Phone]:
        """Return the phones that may be asked about."""
        return [
            phone
            for coordinator in self._coordinators()
            for number, extension in sorted(coordinator.extensions.items())
            if extension.present
            and coordinator.triggers_for(number)
            and self._is_exposed(phone := Phone(coordinator, number), gate)
        ]

    def require_phones(self, gate: ExposureGate) -> list[Phone]:
        """Return the phones that may be asked about; raises a SpokenError for none."""
        if phones := self.phones(gate):
            return phones
        raise self._no_phone()

    def require_exposed(self, phone: Phone, gate: ExposureGate) -> None:
        """Raise a SpokenError if the assistant may not know what an entity shows."""
        if not self._is_exposed(phone, gate):
            raise SpokenError("not_exposed")

    def line(
        self,
        gate: ExposureGate,
        name: str | None = None,
        states: frozenset[CallState] | None = None,
    ) -> Phone:
        """Return the line that is meant; raises a SpokenError that asks which one."""
        lines = self.likely_lines(gate, name, states)
        if len(lines) > 1:
            raise SpokenError("which_phone", phones=[line.label for line in lines])
        return lines[0]

    def likely_lines(
        self,
        gate: ExposureGate,
        name: str | None = None,
        states: frozenset[CallState] | None = None,
    ) -> list[Phone]:
        """Return the lines that may be meant; more than one if that is not clear.

        The named one, else those with a call in one of the states. Of several it is the
        one in the area, else the entry's own. What is done rather than asked (the gate
        of questions is the last caller) is done at none that the user may not control.
        """
        lines = [
            phone
            for coordinator in self._coordinators()
            for number in coordinator.lines
            if (self.only is None or (coordinator, number) in self.only)
            and self._is_exposed(phone := Phone(coordinator, number), gate)
        ]
        if not lines:
            raise self._no_phone()
        said = (name or "").strip()
        if said:
            lines = [resolve_phone(said, lines)]
        if self.controllable is not None and gate != LAST_CALLER_GATE:
            lines = [line for line in lines if line.login in self.controllable]
            if not lines:
                raise SpokenError(NOT_ALLOWED)
        if said:
            return lines
        if states:
            lines = [
                line
                for line in lines
                if any(call.state in states for call in line.extension.calls)
            ] or lines
        if here := [
            line for line in lines if self.area_id and line.area_id == self.area_id
        ]:
            lines = here
        return [line for line in lines if line.is_own] or lines

    def _coordinators(self) -> list[VodiaCoordinator]:
        """Return the PBXs that are set up."""
        entries: list[VodiaConfigEntry] = self.hass.config_entries.async_loaded_entries(
            DOMAIN
        )
        return [entry.runtime_data for entry in entries]

    def _is_exposed(self, phone: Phone, gate: ExposureGate) -> bool:
        """Return whether the assistant may know what an entity of a phone shows."""
        if self.assistant is None:
            return True
        entity_id = phone.entity_id(gate)
        return entity_id is not None and async_should_expose(
            self.hass, self.assistant, entity_id
        )

    def _no_phone(self) -> SpokenError:
        """Return why there is no phone to ask about."""
        if not self._coordinators():
            return SpokenError("no_pbx")
        return SpokenError("no_line" if self.assistant is None else "not_exposed")


def resolve_phone(said: str, phones: Iterable[Phone]) -> Phone:
    """Return the phone that is meant; raises a SpokenError that asks back."""
    if not said.strip():
        raise SpokenError("no_name")
    named = [phone.named for phone in phones]
    found = match_names(said, named)
    if not found:
        raise SpokenError("unknown_name", name=said.strip())
    if len(found) > 1:
        raise SpokenError("which_name", names=sorted({phone.label for phone in found}))
    return found[0]


def area_of(hass: HomeAssistant, asked_at: str | None) -> str | None:
    """Return the area of a satellite, by its entity or its device."""
    if not asked_at:
        return None
    entity = er.async_get(hass).async_get(asked_at)
    if entity and entity.area_id:
        return entity.area_id
    device = dr.async_get(hass).async_get((entity and entity.device_id) or asked_at)
    return dr.async_get_effective_area_id(hass, device) if device else None


def area_names(coordinator: VodiaCoordinator, number: str) -> tuple[str, ...]:
    """Return the name of the area that an account is in, then its aliases."""
    area_id = _area_id(coordinator, number)
    area = area_id and ar.async_get(coordinator.hass).async_get_area(area_id)
    return (area.name, *sorted(area.aliases)) if area else ()


def given_names(coordinator: VodiaCoordinator, number: str) -> list[str]:
    """Return the names that a user has given an account, or an entity of it."""
    if (device := coordinator.devices.get(number)) is None:
        return []
    names = [device.name_by_user] if device.name_by_user else []
    for entity in er.async_entries_for_device(
        er.async_get(coordinator.hass), device.id
    ):
        names += [alias for alias in entity.aliases if isinstance(alias, str)]
    return names


def _area_id(coordinator: VodiaCoordinator, number: str) -> str | None:
    """Return the area that an account is in."""
    device = coordinator.devices.get(number)
    return dr.async_get_effective_area_id(coordinator.hass, device) if device else None
