"""Activity: one event for each call of a phone that is over, for the logbook to tell.

Events are recorded, as states are. One says no more than its line in the logbook needs:
whom the call was with, once, by name or else by number.
"""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import (
    ATTR_ANSWERED_BY,
    ATTR_GROUP,
    ATTR_SECONDS,
    ATTR_TOLD,
    ATTR_UNNAMED,
    ATTR_WHO,
    EVENT_CALL_OVER,
    KEY_CALL,
)
from ..pbx.client import PbxClient
from ..pbx.models import (
    IN_CALL,
    RINGING_GROUPS,
    AccountCall,
    CallEvent,
    CallEventType,
    Direction,
    EndReason,
    Extension,
    Group,
)
from .devices import Devices, entity_id_of
from .privacy import Privacy

# Of calls that were not talked in. What is not here rang, or was dialed.
_TOLD: Final = {
    EndReason.MISSED: "missed",
    EndReason.ANSWERED_ELSEWHERE: "elsewhere",
    EndReason.REJECTED: "declined",
    EndReason.UNANSWERED: "no_answer",
    EndReason.TRANSFERRED: "transferred",
}


class Activity:
    """Tell the logbook of calls that are over."""

    def __init__(
        self,
        hass: HomeAssistant,
        client: PbxClient,
        devices: Devices,
        privacy: Privacy,
        shows: Callable[[str], bool],
    ) -> None:
        """Initialize; `shows` tells whether anything is shown of an account's calls."""
        self._hass = hass
        self._client = client
        self._devices = devices
        self._privacy = privacy
        self._shows = shows

    def tell(self, event: CallEvent) -> None:
        """Fire the event of a call that is over, if the account is a phone with a device.

        One that nobody heard is told at its own time, by the clock of the PBX.
        """
        number = event.account
        if (
            event.type is not CallEventType.ENDED
            or _is_code(event)
            or number not in self._client.tenant.extensions
            or not self._shows(number)
            or (device := self._devices.get(number)) is None
        ):
            return
        data = {ATTR_DEVICE_ID: device.id, **self._line(event)}
        if entity_id := entity_id_of(
            self._hass, Platform.SENSOR, self._devices.entry_id, number, KEY_CALL
        ):
            data[ATTR_ENTITY_ID] = entity_id
        self._hass.bus.async_fire(EVENT_CALL_OVER, data, time_fired=_time_of(event))

    def _line(self, event: CallEvent) -> dict[str, Any]:
        """Return what the line in the logbook says: the key of its text, and its words."""
        call, seconds = self._privacy.redact_call(event.call), event.duration
        incoming = call.direction is Direction.INCOMING
        told = _TOLD.get(event.end_reason or EndReason.UNKNOWN)
        line = self._who(call)
        if incoming and (group := self._group(event, call)):
            line[ATTR_GROUP] = group.name or group.number
        if seconds or seconds is None or event.end_reason is EndReason.COMPLETED:
            if told != "transferred":
                told = "talked" if incoming else "called"
            if seconds is not None:
                line[ATTR_SECONDS] = round(seconds)
        elif told == "elsewhere" and (by := self._answered_by(event)):
            line[ATTR_ANSWERED_BY] = by.name or by.number
        line[ATTR_TOLD] = told or ("rang" if incoming else "called")
        return line

    def _who(self, call: AccountCall) -> dict[str, Any]:
        """Return whom a call was with, or why nobody is named; it is redacted."""
        remote = call.remote
        account = self._client.tenant.account(remote.number or "")
        name = remote.name or (account.name if account else None) or remote.number
        if name:
            return {ATTR_WHO: name}
        return {ATTR_UNNAMED: self._privacy.unnamed(remote)}

    def _group(self, event: CallEvent, call: AccountCall) -> Group | None:
        """Return the ring group or queue that a call was for, if it was for one."""
        groups = self._client.tenant.groups
        with_it = self._client.tracker.accounts_in(event.origin)
        return next(
            (
                group
                for number in (call.dialed_number, *with_it)
                if (group := groups.get(number or "")) and group.type in RINGING_GROUPS
            ),
            None,
        )

    def _answered_by(self, event: CallEvent) -> Extension | None:
        """Return the phone that has the call now, if it is plain which one."""
        extensions = self._client.tenant.extensions
        has_it = [
            extension
            for number in self._client.tracker.accounts_in(event.origin)
            if number != event.account
            and (extension := extensions.get(number))
            and any(call.state in IN_CALL for call in extension.calls)
        ]
        return has_it[0] if len(has_it) == 1 else None


def _is_code(event: CallEvent) -> bool:
    """Return whether a star code was dialed, which calls nobody: such as to retrieve."""
    call = event.call
    return (
        call.direction is Direction.OUTGOING
        and (call.dialed_number or call.remote.number or "").startswith("*")
        and not event.duration
    )


def _time_of(event: CallEvent) -> float | None:
    """Return when a past call was over, as far as it is told; None for now."""
    call = event.call
    began = call.answered or call.started
    if not event.past or began is None:
        return None
    return min(began + (event.duration or 0), dt_util.utcnow().timestamp())
