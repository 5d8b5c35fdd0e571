"""Triggers of the Vodia PBX integration: what happens to calls, straight from the frame."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
import re
from typing import ClassVar, override
from unicodedata import normalize

import voluptuous as vol

from homeassistant.const import CONF_FOR, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, target
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType, VolDictType

from .const import ATTR_NAME, ATTR_NUMBER, SIGNAL_CALL_EVENTS
from .coordinator import VodiaCoordinator
from .hub.attributes import event_attributes
from .pbx.models import CallEvent, CallEventType, Direction, EndReason, Scope
from .pbx.number_matching import same_number
from .target import accounts_in
from .validators import number_filter

ATTR_BACKFILLED = "backfilled"
ATTR_BEHAVIOR = "behavior"
ATTR_DIALED_NUMBER = "dialed_number"
ATTR_DIRECTION = "direction"
ATTR_END_REASON = "end_reason"
ATTR_SCOPE = "scope"
BEHAVIOR_EACH = "each"
BEHAVIOR_FIRST = "first"
# Calls that a trigger remembers to have fired for.
_REMEMBERED = 500
# What is special in a pattern for the library, and in no name for us.
_SPECIAL = re.compile(r"([?\[])")


def _not_empty(numbers: list[str]) -> list[str]:
    """Return numbers without what an empty field of a form gives."""
    return [number for number in numbers if number.strip()]


_NUMBERS = vol.All(cv.ensure_list, [number_filter])
_FILTERS: VolDictType = {
    # An empty number is nobody's, as an empty list is anybody: a gate stays shut.
    vol.Optional(ATTR_NUMBER): _NUMBERS,
    vol.Optional(ATTR_DIALED_NUMBER): vol.All(_NUMBERS, _not_empty),
    vol.Optional(ATTR_NAME): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_SCOPE): vol.In(list(Scope)),
    vol.Optional(ATTR_BEHAVIOR, default=BEHAVIOR_FIRST): vol.In(
        [BEHAVIOR_FIRST, BEHAVIOR_EACH]
    ),
    vol.Optional(ATTR_BACKFILLED, default=False): cv.boolean,
}
_DIRECTION: VolDictType = {vol.Optional(ATTR_DIRECTION): vol.In(list(Direction))}

# Entry, call (whatever its id and those of its legs), and the phone if each one counts.
type CallKey = tuple[str, int, str | None]


def _is_one_of(
    numbers: Sequence[str] | None, number: str | None, country: str | None
) -> bool:
    """Return whether a number is one of those, if there are any."""
    return not numbers or any(same_number(number, one, country) for one in numbers)


def _is_called(names: Sequence[str] | None, name: str | None) -> bool:
    """Return whether a name is one of those, if there are any; `*` is any text."""
    if not names:
        return True
    folded = _folded(name or "")
    return any(
        fnmatchcase(folded, _SPECIAL.sub(r"[\1]", _folded(one))) for one in names
    )


def _folded(name: str) -> str:
    """Return a name as it is compared: however it was typed, in upper or lower case."""
    return normalize("NFC", normalize("NFC", name).casefold())


@dataclass(slots=True)
class _Waiting:
    """A call that has to ring for a while, and where it does; then it is `due`."""

    coordinator: VodiaCoordinator
    cancel: CALLBACK_TYPE
    events: dict[str, CallEvent] = field(default_factory=dict)
    due: bool = False


class CallTrigger(Trigger):
    """Fire when something happens to a call: once for a call, or for each phone."""

    _event_type: ClassVar[CallEventType]
    _fields: ClassVar[VolDictType] = {}

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate config."""
        validated: ConfigType = vol.Schema(
            {
                vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Optional(CONF_OPTIONS, default={}): {**_FILTERS, **cls._fields},
            }
        )(config)
        return validated

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the target and the filters."""
        super().__init__(hass, config)
        self._options = config.options or {}
        self._each = self._options[ATTR_BEHAVIOR] == BEHAVIOR_EACH
        self._selection = target.TargetSelection(config.target or {})
        self._fired: OrderedDict[CallKey, None] = OrderedDict()

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to what happens to calls."""

        @callback
        def happened(coordinator: VodiaCoordinator, events: list[CallEvent]) -> None:
            """Run the action for the calls that match."""
            for call, matching in self._matching(coordinator, events).items():
                if not self._has_fired(call):
                    self._run(run_action, coordinator, matching)

        return async_dispatcher_connect(self._hass, SIGNAL_CALL_EVENTS, happened)

    def _matching(
        self, coordinator: VodiaCoordinator, events: Iterable[CallEvent]
    ) -> dict[CallKey, list[CallEvent]]:
        """Return the events that fit target and filters, by their call."""
        fits = partial(self._fits, country=coordinator.country)
        return self._by_call(coordinator, filter(fits, events))

    def _by_call(
        self, coordinator: VodiaCoordinator, events: Iterable[CallEvent]
    ) -> dict[CallKey, list[CallEvent]]:
        """Return the events that fit the target, by their call."""
        if not (events := list(events)):
            return {}
        accounts = accounts_in(self._hass, self._selection, coordinator)
        calls: dict[CallKey, list[CallEvent]] = {}
        for event in events:
            if event.account in accounts and self._is_due(coordinator, event, accounts):
                calls.setdefault(self._key(coordinator, event), []).append(event)
        return calls

    def _is_due(
        self, coordinator: VodiaCoordinator, event: CallEvent, accounts: set[str]
    ) -> bool:
        """Return whether an event of a targeted extension is to fire now."""
        return True

    def _fits(self, event: CallEvent, country: str | None) -> bool:
        """Return whether an event is of our kind and passes the filters."""
        options, call = self._options, event.call
        return (
            event.type is self._event_type
            and (options[ATTR_BACKFILLED] or not event.past)
            and options.get(ATTR_DIRECTION) in (None, call.direction)
            and options.get(ATTR_SCOPE) in (None, call.scope)
            and (
                not options.get(ATTR_END_REASON)
                or event.end_reason in options[ATTR_END_REASON]
            )
            and _is_one_of(options.get(ATTR_NUMBER), call.remote.number, country)
            and _is_one_of(options.get(ATTR_DIALED_NUMBER), call.dialed_number, country)
            and _is_called(options.get(ATTR_NAME), call.remote.name)
        )

    def _key(self, coordinator: VodiaCoordinator, event: CallEvent) -> CallKey:
        """Return what one firing is for."""
        return (
            coordinator.entry.entry_id,
            event.origin,
            event.account if self._each else None,
        )

    def _has_fired(self, call: CallKey) -> bool:
        """Return whether it fired for a call already; from now on it has."""
        if call in self._fired:
            return True
        self._fired[call] = None
        if len(self._fired) > _REMEMBERED:
            self._fired.popitem(last=False)
        return False

    def _run(
        self,
        run_action: TriggerActionRunner,
        coordinator: VodiaCoordinator,
        events: list[CallEvent],
    ) -> None:
        """Run the action for a call, with the phones that it concerns."""
        first = coordinator.privacy.redact_event(events[0])
        remote = first.call.remote
        run_action(
            {
                "event_type": first.type,
                **event_attributes(first),
                "extensions": [event.account for event in events],
                "config_entry_id": coordinator.entry.entry_id,
            },
            f"call with {remote.name or remote.number or 'somebody'} is {first.type}",
        )


class CallRingingTrigger(CallTrigger):
    """Fire when a call rings, at once or after a while without an answer anywhere."""

    _event_type = CallEventType.RINGING
    _fields: ClassVar[VolDictType] = {vol.Optional(CONF_FOR): cv.positive_time_period}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to what happens to calls, and time each one."""
        duration: timedelta = self._options.get(CONF_FOR, timedelta())
        if not duration:
            return await super().async_attach_runner(run_action, did_not_trigger)
        waiting: dict[CallKey, _Waiting] = {}

        @callback
        def happened(coordinator: VodiaCoordinator, events: list[CallEvent]) -> None:
            """Begin to wait for what rings, and end it for what rings no more."""
            for event in events:
                self._end_waits(waiting, self._key(coordinator, event), event)
            # A call that is over rings no longer, whoever wants to know of it. Who calls
            # may not be known yet: the time runs all the same.
            rings = [e for e in events if e.type is self._event_type and not e.past]
            for call, matching in self._by_call(coordinator, rings).items():
                if call in self._fired:
                    continue
                if call not in waiting:
                    waiting[call] = _Waiting(coordinator, rung_for(call))
                waiting[call].events |= {event.account: event for event in matching}
            for call, wait in tuple(waiting.items()):
                if call[0] == coordinator.entry.entry_id:
                    self._go_on(wait, coordinator)
                    if wait.due:
                        fire(call)

        def rung_for(call: CallKey) -> CALLBACK_TYPE:
            """Run the action once a call has rung for long enough."""

            @callback
            def has_rung(_: datetime) -> None:
                """Run the action now, or as soon as the call is one that is meant."""
                waiting[call].due = True
                fire(call)

            return async_call_later(
                self._hass,
                duration,
                HassJob(has_rung, "vodia call_ringing", cancel_on_shutdown=True),
            )

        def fire(call: CallKey) -> None:
            """Run the action with the phones that ring now, if that is sure."""
            wait = waiting[call]
            client = wait.coordinator.client
            # Where it may have been answered meanwhile nobody knows that it rings; nor
            # while the link is lost: when it is back.
            events = [
                event
                for event in wait.events.values()
                if client.connected
                and self._fits(event, wait.coordinator.country)
                and not client.tracker.is_doubted(event)
            ]
            if events:
                del waiting[call]
                if not self._has_fired(call):
                    self._run(run_action, wait.coordinator, events)

        remove = async_dispatcher_connect(self._hass, SIGNAL_CALL_EVENTS, happened)

        @callback
        def detach() -> None:
            """Stop listening and waiting."""
            remove()
            for call in waiting.values():
                call.cancel()
            waiting.clear()

        return detach

    @staticmethod
    def _go_on(wait: _Waiting, coordinator: VodiaCoordinator) -> None:
        """Keep waiting when the entry was reloaded, if the call still rings."""
        if wait.coordinator is not coordinator:
            wait.coordinator = coordinator
            wait.events = {
                event.account: event
                for event in wait.events.values()
                if coordinator.client.tracker.still_rings(event)
            }

    @staticmethod
    def _end_waits(
        waiting: dict[CallKey, _Waiting], key: CallKey, event: CallEvent
    ) -> None:
        """End the waits for a call that is answered anywhere, or rings nowhere."""
        for call in [call for call in waiting if call[:2] == key[:2]]:
            if event.type is CallEventType.ENDED:
                waiting[call].events.pop(event.account, None)
            if event.type is CallEventType.ANSWERED or not waiting[call].events:
                waiting.pop(call).cancel()


class CallDialingTrigger(CallTrigger):
    """Fire when a call is made."""

    _event_type = CallEventType.DIALING


class CallAnsweredTrigger(CallTrigger):
    """Fire when a call is answered."""

    _event_type = CallEventType.ANSWERED
    _fields = _DIRECTION


class CallEndedTrigger(CallTrigger):
    """Fire when a call ends: for all of the phones, unless only some ends are meant."""

    _event_type = CallEventType.ENDED
    _fields: ClassVar[VolDictType] = {
        **_DIRECTION,
        vol.Optional(ATTR_END_REASON): vol.All(
            cv.ensure_list, [vol.In(list(EndReason))]
        ),
    }

    @override
    def _is_due(
        self, coordinator: VodiaCoordinator, event: CallEvent, accounts: set[str]
    ) -> bool:
        """Return whether the call is over for every phone that counts."""
        return (
            self._each
            or bool(self._options.get(ATTR_END_REASON))
            or accounts.isdisjoint(coordinator.client.tracker.accounts_in(event.origin))
        )


class CallMissedTrigger(CallTrigger):
    """Fire when a call is missed."""

    _event_type = CallEventType.MISSED


TRIGGERS: dict[str, type[Trigger]] = {
    "call_ringing": CallRingingTrigger,
    "call_dialing": CallDialingTrigger,
    "call_answered": CallAnsweredTrigger,
    "call_ended": CallEndedTrigger,
    "call_missed": CallMissedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
