"""Conditions of the Vodia PBX integration: what a phone is."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, Unpack, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    Condition,
    ConditionCheckParams,
    EntityStateConditionBase,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.target import async_track_target_selector_state_change_event
from homeassistant.util import dt as dt_util

from .const import CALL_KEYS, DOMAIN, SIGNAL_CHANGED
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .hub.devices import entity_id_of
from .target import targeted

_STATES = {True: STATE_ON, False: STATE_OFF, None: STATE_UNKNOWN}


class VodiaCondition(EntityStateConditionBase):
    """Test what the phones in the target are, of whichever entity of theirs.

    The device of the PBX stands for all of its phones. Asked is the PBX, so that it does
    not matter which entities are enabled; these only tell since when.
    """

    _domain_specs = {  # noqa: RUF012
        BINARY_SENSOR_DOMAIN: DomainSpec(),
        SWITCH_DOMAIN: DomainSpec(),
    }
    _states = {STATE_ON}  # noqa: RUF012
    _key: ClassVar[str]
    # Since when the phones are it, where no entity tells; by PBX and number.
    _since: dict[tuple[str, str], datetime]

    @override
    async def _async_setup(self) -> None:
        """Remember from now on since when a phone is it, if that counts."""
        self._since = {}
        if not self._duration:
            return

        @callback
        def changed(coordinator: VodiaCoordinator, numbers: Iterable[str]) -> None:
            """Take the time of those that are it now."""
            for number in numbers:
                phone = coordinator.entry.entry_id, number
                if self._is(coordinator, number):
                    self._since.setdefault(phone, dt_util.utcnow())
                else:
                    self._since.pop(phone, None)

        for coordinator in self._coordinators():
            changed(coordinator, coordinator.extensions)
        self._on_unload.append(
            async_dispatcher_connect(self._hass, SIGNAL_CHANGED, changed)
        )

    def _coordinators(self) -> Iterator[VodiaCoordinator]:
        """Yield the PBXs that are set up."""
        entries: list[VodiaConfigEntry] = (
            self._hass.config_entries.async_loaded_entries(DOMAIN)
        )
        for entry in entries:
            yield entry.runtime_data

    def _is(self, coordinator: VodiaCoordinator, number: str) -> bool | None:
        """Return whether a phone is it; None where that is not known."""
        extension = coordinator.extensions.get(number)
        if extension is None or not extension.present or not coordinator.connected:
            return None
        is_it: bool | None = getattr(coordinator.client.extension(number), self._key)
        return is_it

    def _phones(self) -> Iterator[tuple[VodiaCoordinator, str, str]]:
        """Yield the phones in the target, each with the entity that shows what it is.

        By our own rules: of the entities that Home Assistant takes to be in it, those of
        a phone that is excluded may be left.
        """
        found = targeted(self._hass, self._target_selection)
        for coordinator in self._coordinators():
            entry_id = coordinator.entry.entry_id
            if entry_id not in found:
                continue
            for number in found[entry_id].accounts(coordinator.extensions.keys()):
                extension = coordinator.extensions.get(number)
                if extension is None or (
                    self._key in CALL_KEYS
                    and not coordinator.options.shows_calls_of(extension)
                ):
                    continue
                for domain in self._domain_specs:
                    if entity_id := entity_id_of(
                        self._hass, domain, entry_id, number, self._key
                    ):
                        yield coordinator, number, entity_id
                        break

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities that show what the phones in the target are."""
        return {entity_id for _, _, entity_id in self._phones()}

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        """Test what the phones are, whether an entity shows it or not."""
        states = [self._state(*phone) for phone in self._phones()]
        return self._matcher(list(filter(self._should_include, states)))

    def _state(
        self, coordinator: VodiaCoordinator, number: str, entity_id: str
    ) -> State:
        """Return the state that the entity of a phone has, or would have."""
        value = _STATES[self._is(coordinator, number)]
        shown = self._hass.states.get(entity_id)
        if shown and shown.state == value:
            return shown
        since = self._since.get((coordinator.entry.entry_id, number))
        return State(entity_id, value, last_changed=since)

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        """Follow the phones, and which ones are in the target."""
        following = False

        @callback
        def changed(*_: Any) -> None:
            """Check again, except for the first call, which only lists the entities."""
            if following:
                action()

        stop_target = await async_track_target_selector_state_change_event(
            self._hass, self._target, changed, self.entity_filter, changed
        )
        stop_phones = async_dispatcher_connect(self._hass, SIGNAL_CHANGED, changed)
        following = True

        @callback
        def stop() -> None:
            """Follow them no more."""
            stop_target()
            stop_phones()

        return stop


def _condition(key: str) -> type[Condition]:
    """Return the condition that a phone is something."""
    return type("VodiaCondition", (VodiaCondition,), {"_key": key})


CONDITIONS: dict[str, type[Condition]] = {
    "is_dnd": _condition("dnd"),
    "is_in_call": _condition("in_call"),
    "is_registered": _condition("registered"),
    "is_ringing": _condition("ringing"),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
