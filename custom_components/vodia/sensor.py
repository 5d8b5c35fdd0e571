"""Sensors of the Vodia PBX integration."""

from collections.abc import Callable, Iterable, Mapping
from copy import replace
from dataclasses import MISSING, asdict, dataclass, fields
from functools import partial
import math
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from .const import KEY_CALL, KEY_LAST_CALLER, STATE_WITHHELD
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    VodiaCallEventEntity,
    VodiaEntity,
    VodiaEntityDescription,
    VodiaExtensionEntity,
    VodiaGroupEntity,
    VodiaLineDataEntity,
    VodiaPbxEntity,
)
from .entity_loader import async_add_for_accounts, async_add_for_data
from .hub.attributes import (
    CALL_ATTRIBUTES,
    FORWARDING_ATTRIBUTES,
    call_attributes,
    forwarding_attributes,
    iso_time,
)
from .pbx.forwarding import CallForwarding, ForwardingState
from .pbx.models import (
    ORBIT,
    QUEUE,
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    Extension,
    Group,
    KnownAccount,
    MissedCalls,
    Voicemail,
)
from .pbx.sync.line_data import Resource

PARALLEL_UPDATES = 0

ATTR_OTHER_CALLS = "other_calls"
ATTR_SPAN = "span"
# Who called last, where who it was is not shown.
STATE_EXTERNAL_CALLER = "external_caller"
LAST_CALLER_ATTRIBUTES = ("name", "number", "time", "end_reason")


def _call_sensor_attributes(extension: Extension) -> Mapping[str, Any]:
    """Return the call of the state, and how many others there are."""
    if (call := extension.call) is None:
        return {}
    others = len(extension.calls) - 1 if extension.complete else None
    return call_attributes(call, **{ATTR_OTHER_CALLS: others})


def _span(missed: MissedCalls | None) -> Mapping[str, Any]:
    """Return the hours that missed calls are counted over, if they are known."""
    return {ATTR_SPAN: missed.span / 3600} if missed and missed.span else {}


@dataclass(frozen=True, kw_only=True)
class VodiaSensorDescription[SubjectT, ValueT: str | int | None](
    VodiaEntityDescription[SubjectT, ValueT], SensorEntityDescription
):
    """Describe a sensor."""


CALL: VodiaSensorDescription[Extension, CallState | None] = VodiaSensorDescription(
    key=KEY_CALL,
    device_class=SensorDeviceClass.ENUM,
    options=list(CallState),
    value_fn=lambda extension: extension.call_state,
    attributes_fn=_call_sensor_attributes,
)
LAST_CALLER: VodiaSensorDescription[KnownAccount, None] = VodiaSensorDescription(
    key=KEY_LAST_CALLER, value_fn=lambda account: None
)


def _count[SubjectT](
    key: str,
    value_fn: Callable[[SubjectT], int | None],
    attributes_fn: Callable[[SubjectT], Mapping[str, Any]] | None = None,
) -> VodiaSensorDescription[SubjectT, int | None]:
    """Describe a sensor that counts something."""
    return VodiaSensorDescription(
        key=key,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=value_fn,
        attributes_fn=attributes_fn,
    )


CALLS: VodiaSensorDescription[Group, int | None] = _count(
    "calls", lambda group: group.count
)
WAITING: VodiaSensorDescription[Group, int | None] = _count(
    "waiting", lambda group: group.waiting
)
MISSED_CALLS: VodiaSensorDescription[MissedCalls | None, int | None] = _count(
    Resource.MISSED_CALLS, lambda missed: missed.count if missed else None, _span
)
VOICEMAIL: VodiaSensorDescription[Voicemail | None, int | None] = _count(
    Resource.VOICEMAIL, lambda voicemail: voicemail.unread if voicemail else None
)
FORWARDING: VodiaSensorDescription[CallForwarding | None, ForwardingState | None] = (
    VodiaSensorDescription(
        key=Resource.CALL_FORWARDING,
        device_class=SensorDeviceClass.ENUM,
        options=list(ForwardingState),
        value_fn=lambda forwarding: forwarding.state if forwarding else None,
        attributes_fn=forwarding_attributes,
    )
)
PBX_SENSORS: tuple[VodiaSensorDescription[VodiaCoordinator, int | None], ...] = (
    _count("active_calls", lambda pbx: pbx.client.tenant.totals.active_calls),
    _count("ringing_calls", lambda pbx: pbx.client.tenant.totals.ringing_calls),
    _count(
        "registered_extensions",
        lambda pbx: pbx.client.tenant.totals.registered_extensions,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors."""
    coordinator = entry.runtime_data
    async_add_entities(
        VodiaPbxSensor(coordinator, description) for description in PBX_SENSORS
    )

    @callback
    def async_add_extensions(extensions: Iterable[Extension]) -> None:
        """Add the sensors of extensions."""
        async_add_entities(
            entity
            for extension in extensions
            if coordinator.options.shows_calls_of(extension)
            for entity in (
                VodiaCallSensor(coordinator, CALL, extension.number),
                VodiaLastCallerSensor(coordinator, LAST_CALLER, extension.number),
            )
        )

    def add_for_data(kind: Resource, make: Callable[[str], SensorEntity]) -> None:
        """Add the sensors of data of lines."""
        async_add_for_data(
            entry, kind, lambda lines: async_add_entities(map(make, lines))
        )

    add_for_data(
        Resource.CALL_FORWARDING,
        partial(VodiaForwardingSensor, coordinator, FORWARDING),
    )
    add_for_data(
        Resource.MISSED_CALLS,
        partial(VodiaMissedCallsSensor, coordinator, MISSED_CALLS),
    )
    add_for_data(
        Resource.VOICEMAIL, partial(VodiaVoicemailSensor, coordinator, VOICEMAIL)
    )
    await async_add_for_accounts(entry, async_add_extensions, Extension)

    @callback
    def async_add_groups(groups: Iterable[Group]) -> None:
        """Add the sensors of groups."""
        async_add_entities(
            VodiaGroupSensor(coordinator, description, group.number)
            for group in groups
            for description in ((CALLS, WAITING) if group.type == QUEUE else (CALLS,))
            if group.type != ORBIT
        )

    await async_add_for_accounts(entry, async_add_groups, Group)


class VodiaSensor[SubjectT, ValueT: str | int | None](
    VodiaEntity[SubjectT, ValueT], SensorEntity
):
    """A sensor."""

    @override
    def _show_value(self, value: ValueT) -> None:
        """Take the value as the sensor's state."""
        self._attr_native_value = value


class VodiaCallSensor(
    VodiaExtensionEntity[CallState | None], VodiaSensor[Extension, CallState | None]
):
    """The call of an extension. Who calls whom does not go into the database."""

    _unrecorded_attributes = CALL_ATTRIBUTES | {"recording", ATTR_OTHER_CALLS}


@dataclass(frozen=True, slots=True)
class LastCaller(ExtraStoredData):
    """The last incoming call of an extension, as it is kept over a restart.

    `time` is ours if we heard it ring, else that of the PBX, as `started` is.
    """

    call_id: str
    number: str | None
    name: str | None
    time: str
    end_reason: str | None = None
    withheld: bool = False
    started: float | None = None

    def is_about(self, call: AccountCall) -> bool:
        """Return whether it may be a call with an id that may have come again."""
        return (
            self.call_id == call.id
            and self.end_reason is None
            and (None in (self.started, call.started) or self.started == call.started)
        )

    def is_later(self, call: AccountCall) -> bool:
        """Return whether it began after a call, by the clock of the PBX alone."""
        return (self.started or 0) > (call.started or math.inf)

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return the stored form."""
        return asdict(self)

    def attributes(self) -> dict[str, Any]:
        """Return the attributes."""
        return {name: getattr(self, name) for name in LAST_CALLER_ATTRIBUTES}


_KEPT = {field.name for field in fields(LastCaller)}
_ALWAYS_KEPT = {field.name for field in fields(LastCaller) if field.default is MISSING}


class VodiaLastCallerSensor(VodiaCallEventEntity, SensorEntity, RestoreEntity):
    """Who called last: known as soon as it rings, and how that ended."""

    _unrecorded_attributes = frozenset(LAST_CALLER_ATTRIBUTES)
    # An automation on the event may read at once who calls.
    _called_first = True
    _last: LastCaller | None = None
    # The calls that rang here, by what no other call has, and the one that is shown.
    _ringing: frozenset[int] = frozenset()
    _shown_call: int | None = None

    @property
    @override
    def extra_restore_state_data(self) -> LastCaller | None:
        """Return the data to restore after a restart."""
        return self._last

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last caller, then subscribe."""
        stored = await self.async_get_last_extra_data()
        kept = stored.as_dict() if stored else {}
        if _ALWAYS_KEPT <= kept.keys() <= _KEPT:
            last = LastCaller(**kept)
            # It may be older than privacy.
            party = self.coordinator.privacy.redact_party(last.number, last.name)
            call_id = self.coordinator.privacy.redact_id(last.call_id)
            self._take(
                replace(
                    last,
                    call_id=call_id,
                    number=party.number,
                    name=party.name,
                    withheld=last.withheld and not self.coordinator.privacy.on,
                )
            )
        await super().async_added_to_hass()

    def _take(self, last: LastCaller) -> None:
        """Show a call as the last one."""
        self._last = last
        nobody = STATE_WITHHELD if last.withheld else None
        if self.coordinator.privacy.on:
            nobody = STATE_EXTERNAL_CALLER
        self._attr_native_value = last.name or last.number or nobody
        self._attr_extra_state_attributes = last.attributes()

    @override
    @callback
    def _async_handle(self, event: CallEvent) -> None:
        """Take over who calls, and at the end how it ended.

        One that rang before and ends is not the last one, whenever it was made: it may
        have been sent here late. One that was up at the start of Home Assistant is told
        at its end only, and one that came and went while nobody listened when all else
        has been told.
        """
        call, last = event.call, self._last
        if call.direction is not Direction.INCOMING or not (
            event.again or event.type in (CallEventType.RINGING, CallEventType.ENDED)
        ):
            return
        ended = event.type is CallEventType.ENDED
        rang = event.origin in self._ringing
        this = {event.origin}
        self._ringing = self._ringing - this if ended else self._ringing | this
        if last is None:
            same = False
        elif self._shown_call is None:
            same = last.is_about(call)
        else:
            same = self._shown_call == event.origin
        if (
            last
            and not same
            and (
                event.again
                or (ended and rang)
                or ((ended or event.past) and last.is_later(call))
            )
        ):
            return
        heard = None if event.past else dt_util.utcnow().isoformat()
        self._shown_call = event.origin
        self._take(
            LastCaller(
                call.id,
                call.remote.number,
                call.remote.name,
                last.time
                if last and same
                else heard or iso_time(call.started) or dt_util.utcnow().isoformat(),
                event.end_reason,
                started=call.started,
                withheld=call.remote.withheld,
            )
        )
        self.async_write_ha_state()


class VodiaGroupSensor(VodiaGroupEntity[int | None], VodiaSensor[Group, int | None]):
    """A count of the calls that are for an account that is no phone."""


class VodiaMissedCallsSensor(
    VodiaLineDataEntity[MissedCalls, int | None],
    VodiaSensor[MissedCalls | None, int | None],
):
    """How many calls a line has missed in the last hours."""

    _kind = Resource.MISSED_CALLS
    _unrecorded_attributes = frozenset({ATTR_SPAN})


class VodiaVoicemailSensor(
    VodiaLineDataEntity[Voicemail, int | None],
    VodiaSensor[Voicemail | None, int | None],
):
    """How many messages a line has not heard."""

    _kind = Resource.VOICEMAIL


class VodiaForwardingSensor(
    VodiaLineDataEntity[CallForwarding, ForwardingState | None],
    VodiaSensor[CallForwarding | None, ForwardingState | None],
):
    """Which calls of a line are sent on. Where to does not go into the database."""

    _kind = Resource.CALL_FORWARDING
    _unrecorded_attributes = FORWARDING_ATTRIBUTES


class VodiaPbxSensor(
    VodiaPbxEntity[int | None], VodiaSensor[VodiaCoordinator, int | None]
):
    """A count over the tenant."""
