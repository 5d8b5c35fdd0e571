"""Events of the Vodia PBX integration."""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from copy import replace
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import (
    ATTR_CALL_ID,
    ATTR_MESSAGE,
    ATTR_NAME,
    ATTR_NUMBER,
    KEY_CALL,
    KEY_MESSAGE,
    SIGNAL_CALL_EVENTS,
)
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .entity import (
    VodiaAccountEventEntity,
    VodiaCallEventEntity,
    VodiaEntityDescription,
)
from .entity_loader import async_add_for_accounts, async_add_for_data
from .hub.attributes import CALL_ATTRIBUTES, event_attributes, iso_time
from .hub.devices import entities_of
from .pbx.models import (
    RINGING_GROUPS,
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    Extension,
    Group,
    KnownAccount,
    Scope,
    Voicemail,
)
from .pbx.sync.line_data import Resource
from .pbx.wire.messages import ChatMessage

PARALLEL_UPDATES = 0

ATTR_COUNT = "count"
ATTR_DURATION = "duration"
ATTR_SENDER = "sender"
ATTR_SENDER_NAME = "sender_name"
ATTR_TIME = "time"
KEY_DOORBELL = "doorbell"
EVENT_RECEIVED = "received"
# Calls that a doorbell remembers to have rung for.
_REMEMBERED = 100


@dataclass(frozen=True, kw_only=True)
class VodiaEventDescription(
    VodiaEntityDescription[KnownAccount, None], EventEntityDescription
):
    """Describe an event entity."""

    value_fn: Callable[[KnownAccount], None] = lambda account: None


CALL = VodiaEventDescription(
    key=KEY_CALL,
    event_types=[str(event_type) for event_type in CallEventType],
)
DOORBELL = VodiaEventDescription(
    key=KEY_DOORBELL,
    device_class=EventDeviceClass.DOORBELL,
    event_types=[DoorbellEventType.RING],
)
MESSAGE = VodiaEventDescription(key=KEY_MESSAGE, event_types=[EVENT_RECEIVED])
VOICEMAIL = VodiaEventDescription(
    key=Resource.VOICEMAIL,
    event_types=[EVENT_RECEIVED],
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events."""
    coordinator = entry.runtime_data
    doors = coordinator.options.door_stations
    _remove_doorbells(hass, entry, doors)

    def events_of(account: KnownAccount) -> Iterator[EventEntity]:
        """Yield the events of an account."""
        phone = isinstance(account, Extension)
        if (
            phone or account.type in RINGING_GROUPS
        ) and coordinator.options.shows_calls_of(account):
            yield VodiaCallEvent(coordinator, CALL, account.number)
        if not isinstance(account, Extension):
            return
        if account.number in coordinator.lines:
            yield VodiaMessageEvent(coordinator, MESSAGE, account.number)
        if account.number in doors:
            yield VodiaDoorbellEvent(coordinator, DOORBELL, account.number)

    @callback
    def async_add_accounts(accounts: Iterable[KnownAccount]) -> None:
        """Add the events of accounts."""
        async_add_entities(
            event for account in accounts for event in events_of(account)
        )

    async_add_for_data(
        entry,
        Resource.VOICEMAIL,
        lambda lines: async_add_entities(
            VodiaVoicemailEvent(coordinator, VOICEMAIL, line) for line in lines
        ),
    )
    await async_add_for_accounts(entry, async_add_accounts, Extension, Group)


def _remove_doorbells(
    hass: HomeAssistant, entry: VodiaConfigEntry, doors: Container[str]
) -> None:
    """Remove the doorbells of extensions that are door stations no more."""
    for entity, account, key in entities_of(hass, entry.entry_id):
        if key == KEY_DOORBELL and account not in doors:
            er.async_get(hass).async_remove(entity.entity_id)


class VodiaEvent(VodiaAccountEventEntity, EventEntity):
    """An event of an account."""

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Return the data restored; they may be older than privacy."""
        kept = await super().async_get_last_event_data()
        if kept and self.coordinator.privacy.on:
            return replace(kept, last_event_attributes=None)
        return kept


class VodiaCallEvent(VodiaCallEventEntity, VodiaEvent):
    """The calls of an account. Who calls whom does not go into the database."""

    _unrecorded_attributes = CALL_ATTRIBUTES | {"duration", "end_reason", "backfilled"}

    @override
    @callback
    def _async_handle(self, event: CallEvent) -> None:
        """Fire an event once: it may be repeated with a better name of the other side."""
        if event.again:
            return
        self._trigger_event(event.type, event_attributes(event))
        self.async_write_ha_state()


class VodiaDoorbellEvent(VodiaEvent):
    """The bell of a door station: it rings once for a call that the station makes.

    Where the PBX lists only our own calls, it is known by the ringing of our phone.
    """

    _unrecorded_attributes = frozenset({ATTR_CALL_ID})

    def __init__(
        self,
        coordinator: VodiaCoordinator,
        description: VodiaEventDescription,
        number: str,
    ) -> None:
        """Count the present calls as rung for."""
        super().__init__(coordinator, description, number)
        self._rung = deque(
            (
                coordinator.client.tracker.origin_of(call.id)
                for other in coordinator.extensions.values()
                for call in other.calls
                if self._is_made_here(call, other.number)
            ),
            _REMEMBERED,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the events of all calls."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, SIGNAL_CALL_EVENTS, self._async_on_call_events
            )
        )

    @callback
    def _async_on_call_events(
        self, coordinator: VodiaCoordinator, events: list[CallEvent]
    ) -> None:
        """Ring for each new call of the door station; the signal is that of all PBXs."""
        if coordinator is not self.coordinator:
            return
        for event in events:
            if (
                event.type in (CallEventType.DIALING, CallEventType.RINGING)
                and not event.past
                and self._is_made_here(event.call, event.account)
                and event.origin not in self._rung
            ):
                self._rung.append(event.origin)
                call_id = self.coordinator.privacy.redact_id(self._call_id(event.call))
                self._trigger_event(DoorbellEventType.RING, {ATTR_CALL_ID: call_id})
                self.async_write_ha_state()

    def _is_made_here(self, call: AccountCall, account: str) -> bool:
        """Return whether a call of an account is one that the door station makes."""
        if account == self._account:
            return call.direction is Direction.OUTGOING
        return (
            call.direction is Direction.INCOMING
            and call.scope is Scope.INTERNAL
            and call.remote.number == self._account
        )

    def _call_id(self, call: AccountCall) -> str:
        """Return the id by which our phone can answer: its leg may have its own."""
        line = self.coordinator.line
        return next(
            (
                leg.id
                for leg in self.coordinator.extensions[line].calls
                if leg.state is CallState.RINGING and self._is_made_here(leg, line)
            ),
            call.id,
        )


class VodiaMessageEvent(VodiaEvent):
    """The chat messages to a line. They do not go into the database."""

    _unrecorded_attributes = frozenset({ATTR_SENDER, ATTR_SENDER_NAME, ATTR_MESSAGE})

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the messages."""
        await super().async_added_to_hass()
        messages = self.coordinator.chat_messages
        self.async_on_remove(messages.subscribe(self._account, self._async_on_message))

    @callback
    def _async_on_message(self, message: ChatMessage) -> None:
        """Fire a message to the line."""
        known = self.coordinator.extensions.get(message.sender)
        sender = self.coordinator.privacy.redact_party(
            message.sender, known.name if known else None
        )
        self._trigger_event(
            EVENT_RECEIVED,
            {
                ATTR_SENDER_NAME: sender.name,
                ATTR_SENDER: sender.number,
                # What somebody outside writes may say who it is.
                ATTR_MESSAGE: None if sender.number is None else message.text,
            },
        )
        self.async_write_ha_state()


class VodiaVoicemailEvent(VodiaEvent):
    """The messages that come into the mailbox of a line. Who left them is not recorded."""

    _unrecorded_attributes = frozenset(
        {ATTR_COUNT, ATTR_DURATION, ATTR_NAME, ATTR_NUMBER, ATTR_TIME}
    )

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the data of the mailbox, and to what comes into it."""
        await super().async_added_to_hass()
        line, coordinator = self._account, self.coordinator
        for end in (
            coordinator.line_data.subscribe(
                (Resource.VOICEMAIL, line), self._async_refresh
            ),
            coordinator.voicemail.subscribe(line, self._async_on_voicemail),
        ):
            self.async_on_remove(end)

    @override
    def _is_available(self, subject: KnownAccount) -> bool:
        """Return whether there are data of the mailbox."""
        line = self.coordinator.lines[self._account]
        told = line.connected and line.data.values.voicemail is not None
        return super()._is_available(subject) and told

    @callback
    def _async_on_voicemail(self, voicemail: Voicemail) -> None:
        """Fire that messages came, with the newest one where the PBX lists it."""
        attributes: dict[str, Any] = {}
        if newest := voicemail.newest:
            sender = self.coordinator.privacy.redact_party(
                newest.sender.number, newest.sender.name
            )
            attributes = {
                ATTR_NAME: sender.name,
                ATTR_NUMBER: sender.number,
                ATTR_TIME: iso_time(newest.time),
                ATTR_DURATION: newest.duration,
            }
        attributes[ATTR_COUNT] = voicemail.unread
        self._trigger_event(EVENT_RECEIVED, attributes)
        self.async_write_ha_state()
