"""The coordinator owns the client of a PBX and tells entities what concerns them.

Everything is pushed: the client hands over what changed, and only the entities of the
accounts named there look again. There is nothing to poll or to refresh.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from functools import partial
import logging
from typing import Any, Final, override

import aiohttp

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    IntegrationError,
)
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey

from .const import (
    ACCOUNTS_CHOSEN,
    CONF_ACCOUNT_TYPES,
    CONF_ACCOUNTS,
    CONF_CHOSEN_ACCOUNTS,
    CONF_COUNTRY,
    CONF_DOOR_STATIONS,
    CONF_EXTENSION,
    CONF_LEGACY_TLS,
    CONF_LOGIN_METHOD,
    CONF_LOGIN_USER,
    CONF_PRIVACY,
    CONF_READ_ONLY_FLAGS,
    CONF_TENANT,
    CONF_TENANT_NAMES,
    CONF_WATCH,
    DOMAIN,
    SIGNAL_CALL_EVENTS,
    SIGNAL_MESSAGE,
    SIGNAL_VOICEMAIL,
    WATCH_OWN,
)
from .exceptions import translated
from .issues import (
    async_connected,
    async_hindered,
    async_is_forbidden,
    async_line_refused,
    line_issue_id,
)
from .pbx.client import LineClient, Listener, PbxClient
from .pbx.errors import (
    AccessOffError,
    LoginRefusedError,
    NotConnectedError,
    PbxError,
    SecondFactorError,
)
from .pbx.messages import ACCOUNTS_LIMIT, ChatMessage
from .pbx.models import (
    ATTENDANT,
    CONFERENCE,
    EXTENSION,
    ORBIT,
    QUEUE,
    RING_GROUP,
    SERVICE_FLAG,
    AccountCall,
    CallEvent,
    CallScope,
    Changes,
    Credentials,
    Extension,
    Group,
    KnownAccount,
    LoginMethod,
    LoginWay,
    Party,
    Server,
    ServiceFlag,
    Totals,
)
from .pbx.rest import session_options
from .pbx.side import Kind, SideChanges
from .pbx.story import Told
from .privacy import hide_call, hide_id, hide_party

_LOGGER = logging.getLogger(__name__)

# The model of the device of each type of account, which also tells the type again.
MODELS: Final = {
    EXTENSION: "Extension",
    RING_GROUP: "Ring group",
    QUEUE: "Queue",
    ATTENDANT: "Auto attendant",
    CONFERENCE: "Conference",
    ORBIT: "Park orbit",
    SERVICE_FLAG: "Service flag",
}
# Numbers that get a device until the entry is loaded again.
_DEVICES_LIMIT: Final = 2 * ACCOUNTS_LIMIT
# What was told of calls, by entry: a reload tells none of it again.
_TOLD: HassKey[dict[str, Told]] = HassKey(f"{DOMAIN}_told")
# Names of a tenant that are stored.
_NAMES_LIMIT: Final = 20
_TYPES: Final = {model: kind for kind, model in MODELS.items()}

type VodiaConfigEntry = ConfigEntry[VodiaCoordinator]
type FlagsCallback = Callable[[Extension], None]
type CallEventCallback = Callable[[CallEvent], None]
type NewAccountsCallback = Callable[[Iterable[KnownAccount]], None]
type NewReadingsCallback = Callable[[Iterable[str]], None]


@callback
def async_create_session(hass: HomeAssistant) -> aiohttp.ClientSession:
    """Return a client session for one login; detach it after use."""
    return async_create_clientsession(hass, auto_cleanup=False, **session_options())


def create_server(data: Mapping[str, Any]) -> Server:
    """Return where the PBX is, by the data of a config entry."""
    return Server(
        host=data[CONF_HOST],
        port=data[CONF_PORT],
        tls=data[CONF_SSL],
        verify=data[CONF_VERIFY_SSL],
        legacy_tls=data[CONF_LEGACY_TLS],
    )


def create_client(
    http: aiohttp.ClientSession,
    data: Mapping[str, Any],
    listener: Listener | None = None,
    *,
    known: Mapping[str, str] | None = None,
    wanted: CallScope = CallScope.TENANT,
    flags: Iterable[str] = (),
    country: str | None = None,
    told: Told | None = None,
) -> PbxClient:
    """Return a client for the data of a config entry; the login may not be known yet."""
    way = None
    if CONF_LOGIN_METHOD in data:
        way = LoginWay(LoginMethod(data[CONF_LOGIN_METHOD]), data[CONF_LOGIN_USER])
    return PbxClient(
        http,
        create_server(data),
        Credentials(data[CONF_EXTENSION], data[CONF_PASSWORD], data[CONF_TENANT]),
        listener,
        way=way,
        known=known,
        wanted=wanted,
        flags=flags,
        country=country,
        told=told,
        tenant_names=data.get(CONF_TENANT_NAMES, ()),
    )


def further_names(data: Mapping[str, Any], client: PbxClient) -> dict[str, list[str]]:
    """Return what to store of the names of the tenant, beside those in the data."""
    stored = {data[CONF_HOST], client.session.tenant.lower(), "localhost"}
    names = sorted(client.tenant_names - stored)[:_NAMES_LIMIT]
    return {CONF_TENANT_NAMES: names} if names else {}


def account_of(entry_id: str, device: dr.AnyDeviceEntry) -> str | None:
    """Return the account of a device of an entry; None for the PBX itself."""
    prefix = f"{entry_id}:"
    return next(
        (
            identifier.removeprefix(prefix)
            for domain, identifier in device.identifiers
            if domain == DOMAIN and identifier.startswith(prefix)
        ),
        None,
    )


def _known_devices(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of all that has a device from earlier days."""
    return {
        account: (_TYPES.get(device.model or "", EXTENSION), device.name)
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        if (account := account_of(entry.entry_id, device))
    }


def known_accounts(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of the accounts that have a device from earlier days."""
    return {
        account: known
        for account, known in _known_devices(hass, entry).items()
        if known[0] != SERVICE_FLAG
    }


def _setup_error(error: PbxError) -> type[IntegrationError]:
    """Return what a setup raises: a password that is right is not asked for again.

    Nor is it sent again where each try may send a code to somebody.
    """
    if isinstance(error, SecondFactorError):
        return ConfigEntryError
    if isinstance(error, LoginRefusedError):
        return ConfigEntryAuthFailed
    return ConfigEntryNotReady


def _call(listeners: Iterable[Callable[..., None]], *args: Any) -> None:
    """Call listeners; one that fails stops no other."""
    for listener in tuple(listeners):
        try:
            listener(*args)
        except Exception:
            _LOGGER.exception("Unexpected error updating an entity")


@dataclass(frozen=True, slots=True)
class _LineListener(Listener):
    """Hand on what the login of a further line tells."""

    coordinator: VodiaCoordinator
    subentry: ConfigSubentry = field(repr=False)

    @property
    def _number(self) -> str:
        """Return the extension."""
        number: str = self.subentry.data[CONF_EXTENSION]
        return number

    @override
    @callback
    def changed(self, changes: Changes) -> None:
        """Let the entities of the line look again."""
        if self._number in changes.calls:
            self.coordinator.async_notify(self._number)

    @override
    @callback
    def link_up(self, changes: Changes) -> None:
        """Make the commands of the line available."""
        ir.async_delete_issue(
            self.coordinator.hass, DOMAIN, line_issue_id(self.subentry)
        )
        self.coordinator.async_notify(self._number)

    @override
    @callback
    def told(self, events: list[CallEvent]) -> None:
        """Hand over what happened to calls."""
        self.coordinator.told(events)

    @override
    @callback
    def received(self, message: ChatMessage) -> None:
        """Hand over a chat message to the line."""
        self.coordinator.async_received(self._number, message)

    @override
    @callback
    def side_changed(self, changes: SideChanges) -> None:
        """Hand over what only REST tells of the line."""
        self.coordinator.async_side_changed(self._number, changes)

    @override
    @callback
    def link_lost(self, error: PbxError) -> None:
        """Make the commands of the line unavailable."""
        if self.coordinator.connected:
            _LOGGER.warning(
                "Connection of line %s of %s lost: %s",
                self._number,
                self.coordinator.entry.title,
                error,
            )
        self.coordinator.async_notify(self._number)

    @override
    @callback
    def login_refused(self, error: PbxError) -> None:
        """Ask a person to mend it."""
        coordinator = self.coordinator
        async_line_refused(coordinator.hass, coordinator.entry, self.subentry, error)


class VodiaCoordinator(Listener):
    """Own the client of one PBX; hand its changes to the entities concerned."""

    pbx_device_id: str

    def __init__(self, hass: HomeAssistant, entry: VodiaConfigEntry) -> None:
        """Prepare the client."""
        self.hass = hass
        self.entry = entry
        self._devices = dr.async_get(hass)
        self._http = async_create_session(hass)
        options = entry.options
        self.private: bool = options.get(CONF_PRIVACY, False)
        self._logins = {
            entry.data[CONF_EXTENSION],
            *(line.data[CONF_EXTENSION] for line in entry.subentries.values()),
        }
        self._own_only = options.get(CONF_WATCH) == WATCH_OWN
        self._chosen: set[str] | None = None
        if options.get(CONF_ACCOUNTS) == ACCOUNTS_CHOSEN:
            self._chosen = self._logins.union(
                options.get(CONF_DOOR_STATIONS, ()),
                options.get(CONF_CHOSEN_ACCOUNTS, ()),
            )
        self._chosen_types = frozenset(options.get(CONF_ACCOUNT_TYPES, ()))
        known = {
            number: kind for number, (kind, _) in _known_devices(hass, entry).items()
        }
        flags = {number for number, kind in known.items() if kind == SERVICE_FLAG}
        self.client = create_client(
            self._http,
            entry.data,
            self,
            known={n: kind for n, kind in known.items() if n not in flags},
            wanted=CallScope.OWN if self._own_only else CallScope.TENANT,
            flags=flags,
            country=self.country,
            told=hass.data.setdefault(_TOLD, {}).setdefault(entry.entry_id, Told()),
        )
        # Those whose login we have; the entry's own is the first.
        self.lines: dict[str, PbxClient] = {self.line: self.client}
        self._listeners: defaultdict[str | None, list[CALLBACK_TYPE]] = defaultdict(
            list
        )
        self._flag_listeners: defaultdict[str, list[FlagsCallback]] = defaultdict(list)
        self._event_listeners: defaultdict[str, list[CallEventCallback]] = defaultdict(
            list
        )
        self._new_callbacks: list[NewAccountsCallback] = []
        self._reading_listeners: defaultdict[tuple[Kind, str], list[CALLBACK_TYPE]] = (
            defaultdict(list)
        )
        self._reading_callbacks: defaultdict[Kind, list[NewReadingsCallback]] = (
            defaultdict(list)
        )
        self._offered: set[tuple[Kind, str]] = set()
        # As they were last: entities may be made when they are not known any more.
        self.last_flags: dict[str, ServiceFlag] = {}
        self._shown: set[str] = set()
        self._admitted: set[str] = set()
        self._stop_listening: CALLBACK_TYPE | None = None
        self._stopping = asyncio.Lock()
        self._started = False
        self._names_kept = 0
        self._came_up = False
        self._line_sessions: list[aiohttp.ClientSession] = []

    @property
    def country(self) -> str | None:
        """Return where a number without its country is dialed."""
        country: str | None = self.entry.options.get(CONF_COUNTRY)
        return country or self.hass.config.country

    @property
    def connected(self) -> bool:
        """Return whether what is known is true now: it decides over availability."""
        return self.client.connected

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Return all extensions known, the absent ones included."""
        return self.client.state.extensions

    def account(self, number: str) -> KnownAccount | None:
        """Return an extension or group, if it is known."""
        return self.client.state.account(number)

    @property
    def groups(self) -> Mapping[str, Group]:
        """Return all accounts that are no phones, the absent ones included."""
        return self.client.state.groups

    @property
    def flags(self) -> Mapping[str, ServiceFlag]:
        """Return the service flags that the PBX lists now."""
        return self.client.side.values.service_flags or {}

    @callback
    def async_refuse_flag(self, number: str) -> None:
        """Keep in mind that a service flag cannot be set by this login."""
        entry, refused = self.entry, {number, *self.read_only_flags}
        self.hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_READ_ONLY_FLAGS: sorted(refused)}
        )

    @property
    def read_only_flags(self) -> list[str]:
        """Return the service flags that could not be set."""
        flags: list[str] = self.entry.data.get(CONF_READ_ONLY_FLAGS, [])
        return flags

    @property
    def totals(self) -> Totals:
        """Return the counts over the tenant."""
        return self.client.state.totals

    @property
    def line(self) -> str:
        """Return the extension whose login this is."""
        return self.client.state.line

    def is_present(self, account: str) -> bool:
        """Return whether the PBX lists an account, or a service flag."""
        known = self.account(account)
        return account in self.flags or (known is not None and known.present)

    # What the options say

    def wants(self, number: str, kind: str) -> bool:
        """Return whether an account is to have a device; lines and doors always are."""
        return (
            self._chosen is None or number in self._chosen or kind in self._chosen_types
        )

    def watches(self, account: KnownAccount) -> bool:
        """Return whether there is to be anything about the calls of an account.

        Of groups there is what rings at our phone, even where no other is watched.
        """
        return (
            not self._own_only
            or isinstance(account, Group)
            or account.number in self._logins
        )

    def tells_calls(self, number: str) -> bool:
        """Return whether triggers are told what happens to the calls of an account."""
        account = self.account(number)
        return (
            account is not None
            and self.wants(number, account.type)
            and self.watches(account)
        )

    def shown_call(self, call: AccountCall) -> AccountCall:
        """Return a call as it may be shown: with privacy, without who is outside."""
        if not self.private:
            return call
        return hide_call(call, self.client.state.raw_accounts)

    def shown_event(self, event: CallEvent) -> CallEvent:
        """Return what happened to a call as it may be shown."""
        return replace(event, call=self.shown_call(event.call))

    def shown_party(self, number: str | None, name: str | None = None) -> Party:
        """Return who is told of by number as it may be shown."""
        if not self.private:
            return Party(number, name)
        return hide_party(number, self.client.state.raw_accounts)

    def shown_id(self, call_id: str) -> str:
        """Return the id of a call as it may be shown."""
        return hide_id(call_id) if self.private else call_id

    def shown[SubjectT](self, subject: SubjectT) -> SubjectT:
        """Return what an entity is about as it may be shown with privacy."""
        if not isinstance(subject, Extension | Group):
            return subject
        shown: SubjectT = replace(  # type: ignore[assignment]
            subject, calls=tuple(map(self.shown_call, subject.calls))
        )
        return shown

    @callback
    def async_forget_entities(self, account: str) -> None:
        """Have entities made again for an account, should it come back."""
        self._shown.discard(account)
        self._offered -= {(kind, account) for kind in Kind}

    def identifier(self, account: str | None) -> tuple[str, str]:
        """Return the device identifier of an account, or of the PBX itself."""
        entry_id = self.entry.entry_id
        return (DOMAIN, entry_id if account is None else f"{entry_id}:{account}")

    def account_of(self, device: dr.AnyDeviceEntry) -> str | None:
        """Return the account of a device of this entry; None for the PBX itself."""
        return account_of(self.entry.entry_id, device)

    async def async_start(self) -> None:
        """Connect, and register the PBX as a device.

        Raises ConfigEntryAuthFailed, ConfigEntryError or ConfigEntryNotReady.
        """
        if self.hass.is_stopping:
            # Nobody would tell us to stop: that was said before.
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
            async_hindered(self.hass, self.entry, err)
            raise translated(err, _setup_error(err)) from err
        self._started = True
        # Who logs in by an alias has another number.
        self._logins.add(self.line)
        if self._chosen is not None:
            self._chosen.add(self.line)
        self.lines = {self.line: self.client}
        server = self.client.session.server_name or ""
        device = self._devices.async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={self.identifier(None)},
            entry_type=dr.DeviceEntryType.SERVICE,
            name=self.entry.title,
            manufacturer="Vodia",
            model="PBX",
            sw_version=server.removeprefix("PBX/")
            if server.startswith("PBX/")
            else None,
            configuration_url=str(self.client.session.rest.url),
        )
        self.pbx_device_id = device.id
        await self._async_start_lines()

    async def _async_start_lines(self) -> None:
        """Begin to connect the further lines; none of them holds up the others."""
        for subentry in self.entry.subentries.values():
            credentials = Credentials(
                subentry.data[CONF_EXTENSION],
                subentry.data[CONF_PASSWORD],
                self.client.session.tenant,
            )
            http = async_create_session(self.hass)
            line = LineClient(
                http,
                create_server(self.entry.data),
                credentials,
                _LineListener(self, subentry),
                self.client,
            )
            self._line_sessions.append(http)
            self.lines[credentials.extension] = line
            await line.start()

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
                for http in (*self._line_sessions, self._http):
                    http.detach()

    async def _async_on_stop(self, event: Event) -> None:
        """Disconnect when Home Assistant stops."""
        self._stop_listening = None
        await self.async_stop()

    @callback
    def async_add_listener(
        self, account: str | None, update: CALLBACK_TYPE, *, first: bool = False
    ) -> None:
        """Call back when an account, or the PBX itself (None), shows something new.

        Unless only flags do. Who is told first has written its state when the others
        write theirs. There are thousands of these listeners: a function for each that
        removes it would take half of our memory.
        """
        listeners = self._listeners[account]
        listeners.insert(0 if first else len(listeners), update)

    @callback
    def async_remove_listener(self, account: str | None, update: CALLBACK_TYPE) -> None:
        """Call back no more."""
        self._listeners[account].remove(update)

    @callback
    def async_add_flag_listener(self, extension: str, update: FlagsCallback) -> None:
        """Call back when only the flags of an extension are new, as most often."""
        self._flag_listeners[extension].append(update)

    @callback
    def async_remove_flag_listener(self, extension: str, update: FlagsCallback) -> None:
        """Call back no more."""
        self._flag_listeners[extension].remove(update)

    @callback
    def async_add_event_listener(
        self, account: str, tell: CallEventCallback, *, first: bool = False
    ) -> None:
        """Call back for each step in the story of an account's calls."""
        listeners = self._event_listeners[account]
        listeners.insert(0 if first else len(listeners), tell)

    @callback
    def async_remove_event_listener(
        self, account: str, tell: CallEventCallback
    ) -> None:
        """Call back no more."""
        self._event_listeners[account].remove(tell)

    @callback
    def async_add_new_callback(
        self, new: NewAccountsCallback
    ) -> tuple[list[KnownAccount], CALLBACK_TYPE]:
        """Call back whenever an account comes; return those that are here."""
        self._new_callbacks.append(new)
        accounts = self.client.state.accounts
        return (
            [accounts[number] for number in sorted(self._shown)],
            partial(self._new_callbacks.remove, new),
        )

    @callback
    def async_add_reading_listener(
        self, kind: Kind, account: str, update: CALLBACK_TYPE
    ) -> CALLBACK_TYPE:
        """Call back when REST tells something new of an account."""
        listeners = self._reading_listeners[kind, account]
        listeners.append(update)
        return partial(listeners.remove, update)

    @callback
    def async_add_reading_callback(
        self, kind: Kind, new: NewReadingsCallback
    ) -> tuple[list[str], CALLBACK_TYPE]:
        """Call back when REST first tells something of an account; return the others."""
        callbacks = self._reading_callbacks[kind]
        callbacks.append(new)
        return (
            sorted(number for of_kind, number in self._offered if of_kind is kind),
            partial(callbacks.remove, new),
        )

    # What the client tells

    @override
    @callback
    def changed(self, changes: Changes) -> None:
        """Let the entities concerned look again."""
        for number in changes.removed:
            self._forget(number)
        for number in changes.renamed:
            self._rename(number)
        self._welcome(changes.accounts)
        for number in changes.accounts:
            if number in changes.calls:
                self.async_notify(number)
            elif listeners := self._flag_listeners.get(number):
                _call(listeners, self.extensions[number])
        if changes.totals:
            self.async_notify(None)

    @override
    @callback
    def link_up(self, changes: Changes) -> None:
        """Make everything available again."""
        if self._started:
            _LOGGER.warning("Connection to %s restored", self.entry.title)
        async_connected(self.hass, self.entry, self.client)
        self._came_up = True
        self._remember_names()
        self.changed(changes)

    def _remember_names(self) -> None:
        """Keep the names of the tenant that were learned, for the days to come."""
        data = self.entry.data
        self._names_kept = len(self.client.tenant_names)
        learned = further_names(data, self.client)
        if learned and learned != {CONF_TENANT_NAMES: data.get(CONF_TENANT_NAMES)}:
            self.hass.config_entries.async_update_entry(
                self.entry, data={**data, **learned}
            )

    @override
    @callback
    def told(self, events: list[CallEvent]) -> None:
        """Hand over what happened to calls."""
        for event in events:
            _call(self._event_listeners.get(event.account, ()), event)
        if len(self.client.tenant_names) != self._names_kept:
            self._remember_names()
        # Who waits looks again when the link is back, though nothing may have happened.
        if events or self._came_up:
            self._came_up = False
            async_dispatcher_send(self.hass, SIGNAL_CALL_EVENTS, self, events)

    @override
    @callback
    def received(self, message: ChatMessage) -> None:
        """Hand over a chat message to our own extension."""
        self.async_received(self.line, message)

    @override
    @callback
    def side_changed(self, changes: SideChanges) -> None:
        """Take in what only REST tells."""
        self.async_side_changed(self.line, changes)

    @callback
    def async_side_changed(self, line: str, changes: SideChanges) -> None:
        """Let the entities concerned look again."""
        kind = changes.kind
        for number in changes.removed:
            self._forget(number)
            self.last_flags.pop(number, None)
        self.last_flags |= self.flags
        for number in changes.accounts & self.flags.keys():
            self._rename(number)
        self._welcome_readings(kind, changes.accounts)
        for number in changes.accounts:
            _call(self._reading_listeners.get((kind, number), ()))
        if changes.received:
            told = (line, changes.received)
            async_dispatcher_send(self.hass, SIGNAL_VOICEMAIL, self, told)

    @callback
    def async_received(self, line: str, message: ChatMessage) -> None:
        """Hand over a chat message to a line."""
        async_dispatcher_send(self.hass, SIGNAL_MESSAGE, self, (line, message))

    @override
    @callback
    def link_lost(self, error: PbxError) -> None:
        """Make everything unavailable."""
        _LOGGER.warning("Connection to %s lost: %s", self.entry.title, error)
        async_hindered(self.hass, self.entry, error)
        for account in list(self._listeners):
            self.async_notify(account)

    @override
    @callback
    def login_refused(self, error: PbxError) -> None:
        """Ask for another password, unless it may be right."""
        if isinstance(error, LoginRefusedError):
            self.entry.async_start_reauth(self.hass)

    @callback
    def async_notify(self, account: str | None) -> None:
        """Call the listeners of an account."""
        _call(self._listeners.get(account, ()))

    def _welcome(self, numbers: Iterable[str]) -> None:
        """Have entities made for accounts that are seen for the first time."""
        new = [
            account
            for number in numbers
            if number not in self._shown
            and (account := self.account(number))
            and account.present
            and self.wants(number, account.type)
            and self._admits(number)
        ]
        if new:
            self._shown.update(account.number for account in new)
            for new_callback in self._new_callbacks:
                new_callback(new)
            for kind in Kind:
                self._welcome_readings(kind, [account.number for account in new])

    def _admits(self, number: str) -> bool:
        """Return whether a number may have a device.

        The registries keep what was removed: numbers without end would fill them.
        """
        if number not in self._admitted and len(self._admitted) < _DEVICES_LIMIT:
            self._admitted.add(number)
        return number in self._admitted

    def _welcome_readings(self, kind: Kind, numbers: Iterable[str]) -> None:
        """Have entities made for what REST tells of accounts for the first time."""
        new = {
            number
            for number in numbers
            if (kind, number) not in self._offered and self._tells(kind, number)
        }
        if new:
            self._offered.update((kind, number) for number in new)
            for new_callback in self._reading_callbacks[kind]:
                new_callback(sorted(new))

    def _tells(self, kind: Kind, number: str) -> bool:
        """Return whether REST tells something of a flag, or of a line that is shown."""
        if kind is Kind.SERVICE_FLAGS:
            flag = self.flags.get(number)
            return flag is not None and flag.active is not None and self._admits(number)
        line = self.lines.get(number) if number in self._shown else None
        return line is not None and getattr(line.side.values, kind) is not None

    # Devices

    def _device(self, number: str) -> dr.AnyDeviceEntry | None:
        """Return the device of an account."""
        return self._devices.async_get_device_by_identifier(
            self.identifier(number), self.entry.entry_id
        )

    @callback
    def async_remove_unwanted(self) -> None:
        """Remove the devices of accounts that are to have none any more."""
        for number, (kind, _) in _known_devices(self.hass, self.entry).items():
            if not self.wants(number, kind):
                self._forget(number)

    def _forget(self, number: str) -> None:
        """Remove the device of an account that is gone for good, or not wanted."""
        self.async_forget_entities(number)
        if device := self._device(number):
            self._devices.async_remove_device(device.id)

    def _rename(self, number: str) -> None:
        """Give the device of an account its new name."""
        account = self.account(number) or self.flags.get(number)
        device = self._device(number)
        if account and account.name and device and device.name != account.name:
            self._devices.async_update_device(device.id, name=account.name)
