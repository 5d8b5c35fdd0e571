"""The coordinator owns the client of a PBX and updates the entities concerned.

Everything is pushed: the client hands over what changed, and only the entities of the
accounts named there are updated. There is nothing to poll or to refresh.
"""

import asyncio
from collections.abc import Mapping
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, SIGNAL_CALL_EVENTS, SIGNAL_CHANGED
from .exceptions import setup_error, translated
from .hub.activity import Activity
from .hub.connect import async_create_session, create_client, tenant_names
from .hub.devices import Devices, known_devices
from .hub.discovery import AccountDiscovery
from .hub.enabled import is_enabled
from .hub.issues import async_connection_failed, async_connection_ok, async_is_forbidden
from .hub.line import FurtherLine
from .hub.options import Options
from .hub.privacy import Privacy
from .hub.subscriptions import Subscriptions
from .pbx.calls.tracker import TrackingMemory
from .pbx.changes import Changes
from .pbx.errors import AccessOffError, LoginRefusedError, NotConnectedError, PbxError
from .pbx.line import Line
from .pbx.listener import Listener
from .pbx.models import (
    SERVICE_FLAG,
    CallEvent,
    CallScope,
    Extension,
    KnownAccount,
    ServiceFlag,
    Voicemail,
)
from .pbx.sync.line_data import LineDataChange, Resource
from .pbx.wire.messages import ChatMessage

_LOGGER = logging.getLogger(__name__)

# The call events that were handed over, by entry: a reload does not repeat them.
_TOLD: HassKey[dict[str, TrackingMemory]] = HassKey(f"{DOMAIN}_told")

type VodiaConfigEntry = ConfigEntry[VodiaCoordinator]


class VodiaCoordinator(Listener):
    """Own the client of one PBX; hand its changes to the entities concerned."""

    def __init__(self, hass: HomeAssistant, entry: VodiaConfigEntry) -> None:
        """Prepare the client."""
        self.hass = hass
        self.entry = entry
        self.options = Options.of(entry)
        self.devices = Devices(
            hass, entry, numbers_in_names=self.options.numbers_in_names
        )
        self._http = async_create_session(hass)
        known = {
            number: kind for number, (kind, _) in known_devices(hass, entry).items()
        }
        flags = {number for number, kind in known.items() if kind == SERVICE_FLAG}
        own_only = self.options.own_calls_only
        self.client = create_client(
            hass,
            self._http,
            entry.data,
            self,
            known_accounts={n: kind for n, kind in known.items() if n not in flags},
            scope=CallScope.OWN if own_only else CallScope.TENANT,
            flags=flags,
            country=self.country,
            reported=hass.data.setdefault(_TOLD, {}).setdefault(
                entry.entry_id, TrackingMemory()
            ),
        )
        self.privacy = Privacy(
            self.options.privacy, lambda: self.client.tenant.listed_accounts
        )
        self._activity = Activity(
            hass, self.client, self.devices, self.privacy, self.triggers_for
        )
        # The logins by their extensions; that of the entry is the first.
        self.lines: dict[str, Line] = {self.line: self.client.own}
        self._further_lines: list[FurtherLine] = []
        # Changes of an account, or of the PBX itself (None); those of flags alone, which
        # are the most frequent, have a table of their own.
        self.changes = Subscriptions[str | None]()
        self.flag_changes = Subscriptions[str, Extension]()
        self.call_events = Subscriptions[str, CallEvent]()
        # New values that REST has for a line, or for a service flag.
        self.line_data = Subscriptions[tuple[Resource, str]]()
        self.chat_messages = Subscriptions[str, ChatMessage]()
        self.voicemail = Subscriptions[str, Voicemail]()
        self.discovery = AccountDiscovery(self.client, self.lines, lambda: self.options)
        # The last known values: entities may be added when there are none any more.
        self.last_flags: dict[str, ServiceFlag] = {}
        self._stop_listening: CALLBACK_TYPE | None = None
        self._stopping = asyncio.Lock()
        self._started = False
        self._names_kept = 0
        self._link_is_new = False

    # What is known

    @property
    def country(self) -> str | None:
        """Return where a number without its country is dialed."""
        return self.options.country or self.hass.config.country

    @property
    def connected(self) -> bool:
        """Return whether the state is live; it decides over availability."""
        # Asked by each entity at once when a link is lost: the shortest way there.
        return self.client.reporter.is_live

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Return all extensions known, the absent ones included."""
        return self.client.tenant.extensions

    def account(self, number: str) -> KnownAccount | None:
        """Return an extension or group, if it is known."""
        return self.client.tenant.account(number)

    def label(self, number: str) -> str:
        """Return an account as errors name it: its number, and what the user calls it."""
        account, device = self.account(number), self.devices.get(number)
        name = (device and device.name_by_user) or (account and account.name)
        return f"{number} {name}" if name and name != number else number

    @property
    def line(self) -> str:
        """Return the extension of the entry's own login."""
        return self.client.session.extension

    def device_info(self, number: str | None) -> DeviceInfo:
        """Return the device of an account or service flag, or of the PBX itself (None)."""
        if number is None:
            return self.devices.pbx_info
        return self.devices.info(number, *self._name_and_type(number))

    def name_in_ids(self, number: str) -> str | None:
        """Return what stands for a device in new entity ids; None for its own name."""
        return self.devices.name_in_ids(number, *self._name_and_type(number))

    def _name_and_type(self, number: str) -> tuple[str | None, str]:
        """Return name and type of an account or service flag."""
        if account := self.account(number):
            return account.name, account.type
        return self.last_flags[number].name, SERVICE_FLAG

    def is_enabled(self, domain: str, number: str, key: str) -> bool:
        """Return whether an entity of an account is enabled until a user decides."""
        return is_enabled(domain, key, self.account(number), self.lines, self.options)

    def is_present(self, account: str) -> bool:
        """Return whether the PBX lists an account, or a service flag."""
        known = self.account(account)
        return account in self.client.service_flags or (
            known is not None and known.present
        )

    def triggers_for(self, number: str) -> bool:
        """Return whether triggers fire for the calls of an account."""
        account = self.account(number)
        return (
            account is not None
            and self.options.has_device(number, account.type)
            and self.options.shows_calls_of(account)
        )

    # Life

    async def async_start(self) -> None:
        """Connect, and register the PBX as a device.

        Raises ConfigEntryAuthFailed, ConfigEntryError or ConfigEntryNotReady.
        """
        if self.hass.is_stopping:
            # The event that would stop us has been fired before.
            raise translated(NotConnectedError("stopping"), ConfigEntryNotReady)
        if async_is_forbidden(self.hass, self.entry, self.client.timing.forbidden):
            raise translated(AccessOffError(), ConfigEntryNotReady)
        # Not only once it runs: a stop must not wait for a PBX that does not answer.
        self._stop_listening = self.hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_STOP, self._async_on_stop
        )
        try:
            await self.client.start()
        except PbxError as err:
            async_connection_failed(self.hass, self.entry, err)
            raise setup_error(err) from err
        self._started = True
        # Who logs in by an alias has another number.
        self.options = self.options.with_login(self.line)
        self.lines.clear()
        self.lines[self.line] = self.client.own
        self.devices.async_register_pbx(self.client)
        # None of the further lines holds up the others.
        for subentry in self.entry.subentries.values():
            line = FurtherLine(self, subentry)
            self._further_lines.append(line)
            self.lines[line.number] = line.client
            await line.client.start()

    async def async_stop(self) -> None:
        """Disconnect from the PBX."""
        if self._stop_listening:
            self._stop_listening()
            self._stop_listening = None
        # Who stops as well, as a reload does, leaves the lines time to log out.
        async with self._stopping:
            try:
                # With all lines at once: each may wait for a PBX that does not answer.
                await self.client.close()
            finally:
                # The sessions, once their clients are closed.
                for line in self._further_lines:
                    line.http.detach()
                self._http.detach()

    async def _async_on_stop(self, event: Event) -> None:
        """Disconnect when Home Assistant stops."""
        self._stop_listening = None
        await self.async_stop()

    # Events of the client

    @override
    @callback
    def on_change(self, changes: Changes) -> None:
        """Update the entities concerned."""
        for number in changes.removed:
            self._forget(number)
            self.discovery.async_forget_logins(number)
            self.devices.async_remove_logins(number, self.lines)
        for number in changes.renamed:
            self._rename(number)
        self.discovery.async_announce(changes.accounts)
        for number in changes.accounts:
            if number in changes.calls:
                self.changes.call(number)
            elif number in self.flag_changes:
                self.flag_changes.call(number, self.extensions[number])
        if changes.totals:
            self.changes.call(None)
        async_dispatcher_send(self.hass, SIGNAL_CHANGED, self, changes.accounts)

    @override
    @callback
    def on_connected(self, changes: Changes) -> None:
        """Make everything available again."""
        if self._started:
            _LOGGER.warning("Connection to %s restored", self.entry.title)
        async_connection_ok(self.hass, self.entry, self.client)
        self._link_is_new = True
        self._keep_tenant_names()
        self.on_change(changes)

    def _keep_tenant_names(self) -> None:
        """Store the names of the tenant that were learned."""
        self._names_kept = len(self.client.own.tenant_names)
        data = {**self.entry.data, **tenant_names(self.entry.data, self.client)}
        # Does nothing where nothing is new.
        self.hass.config_entries.async_update_entry(self.entry, data=data)

    @override
    @callback
    def on_call_events(self, events: list[CallEvent]) -> None:
        """Hand call events to entities and triggers."""
        for event in events:
            self.call_events.call(event.account, event)
            self._activity.tell(event)
        if len(self.client.own.tenant_names) != self._names_kept:
            self._keep_tenant_names()
        # Triggers that wait check again when the link is back, even without an event.
        if events or self._link_is_new:
            self._link_is_new = False
            async_dispatcher_send(self.hass, SIGNAL_CALL_EVENTS, self, events)

    @override
    @callback
    def on_chat_message(self, message: ChatMessage) -> None:
        """Hand over a chat message to the entry's own line."""
        self.chat_messages.call(self.line, message)

    @override
    @callback
    def on_line_data(self, changes: LineDataChange) -> None:
        """Handle new values of the PBX and of the entry's own line that only REST has."""
        self.async_line_data_changed(self.line, changes)

    @callback
    def async_line_data_changed(self, line: str, changes: LineDataChange) -> None:
        """Update the entities concerned."""
        kind = changes.kind
        for number in changes.removed:
            self._forget(number)
            self.last_flags.pop(number, None)
        self.last_flags |= self.client.service_flags
        for number in changes.accounts & self.client.service_flags.keys():
            self._rename(number)
        self.discovery.async_announce_data(kind, changes.accounts)
        for number in changes.accounts:
            self.line_data.call((kind, number))
        if changes.received:
            self.voicemail.call(line, changes.received)

    @override
    @callback
    def on_disconnected(self, error: PbxError) -> None:
        """Make everything unavailable."""
        _LOGGER.warning("Connection to %s lost: %s", self.entry.title, error)
        async_connection_failed(self.hass, self.entry, error)
        for account in self.changes:
            self.changes.call(account)
        async_dispatcher_send(self.hass, SIGNAL_CHANGED, self, set(self.extensions))

    @override
    @callback
    def on_login_failed(self, error: PbxError) -> None:
        """Ask for another password, unless the present one may be right."""
        if isinstance(error, LoginRefusedError):
            self.entry.async_start_reauth(self.hass)

    # Devices

    @callback
    def async_remove_unwanted(self) -> None:
        """Remove the devices that the options exclude."""
        for number, (kind, _) in known_devices(self.hass, self.entry).items():
            if not self.options.has_device(number, kind):
                self._forget(number)

    def _forget(self, number: str) -> None:
        """Remove the device of an account that is gone for good, or excluded."""
        self.discovery.async_forget(number)
        self.devices.async_remove(number)

    def _rename(self, number: str) -> None:
        """Give the device of an account its new name."""
        if account := self.account(number):
            self.devices.async_rename(number, account.name, account.type)
        elif flag := self.client.service_flags.get(number):
            self.devices.async_rename(number, flag.name, SERVICE_FLAG)
