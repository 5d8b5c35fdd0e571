"""A further line of a PBX: its login, and the events of that login."""

import logging
from typing import Protocol, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_EXTENSION, DOMAIN
from ..pbx.changes import Changes
from ..pbx.client import PbxClient
from ..pbx.errors import PbxError
from ..pbx.listener import Listener
from ..pbx.models import CallEvent, Credentials
from ..pbx.sync.line_data import LineDataChange
from ..pbx.wire.messages import ChatMessage
from .connect import async_create_session
from .issues import async_line_refused, line_issue_id

_LOGGER = logging.getLogger(__name__)


class LineObserver(Protocol):
    """Who hands the events of a line to entities and triggers."""

    def async_notify(self, account: str | None) -> None:
        """Update the entities of an account."""

    def on_call_events(self, events: list[CallEvent]) -> None:
        """Hand over call events."""

    def async_chat_message(self, line: str, message: ChatMessage) -> None:
        """Hand over a chat message to a line."""

    def async_line_data_changed(self, line: str, changes: LineDataChange) -> None:
        """Handle new values of a line that only REST has."""


class FurtherLine(Listener):
    """The login of a subentry."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        subentry: ConfigSubentry,
        primary: PbxClient,
        observer: LineObserver,
    ) -> None:
        """Prepare; nothing happens before the client starts."""
        self._hass = hass
        self._entry = entry
        self._subentry = subentry
        self._primary = primary
        self._observer = observer
        self._http = async_create_session(hass)
        self.number: str = subentry.data[CONF_EXTENSION]
        self.client = primary.add_line(
            self._http,
            Credentials(
                self.number, subentry.data[CONF_PASSWORD], primary.session.tenant
            ),
            self,
        )

    @callback
    def async_detach(self) -> None:
        """Detach the client session, once the client is closed."""
        self._http.detach()

    @override
    @callback
    def on_change(self, changes: Changes) -> None:
        """Update the entities of the line."""
        if self.number in changes.calls:
            self._observer.async_notify(self.number)

    @override
    @callback
    def on_connected(self, changes: Changes) -> None:
        """Make the commands of the line available."""
        ir.async_delete_issue(self._hass, DOMAIN, line_issue_id(self._subentry))
        self._observer.async_notify(self.number)

    @override
    @callback
    def on_call_events(self, events: list[CallEvent]) -> None:
        """Hand over call events."""
        self._observer.on_call_events(events)

    @override
    @callback
    def on_chat_message(self, message: ChatMessage) -> None:
        """Hand over a chat message to the line."""
        self._observer.async_chat_message(self.number, message)

    @override
    @callback
    def on_line_data(self, changes: LineDataChange) -> None:
        """Hand over new values of the line that only REST has."""
        self._observer.async_line_data_changed(self.number, changes)

    @override
    @callback
    def on_disconnected(self, error: PbxError) -> None:
        """Make the commands of the line unavailable."""
        if self._primary.connected:
            _LOGGER.warning(
                "Connection of line %s of %s lost: %s",
                self.number,
                self._entry.title,
                error,
            )
        self._observer.async_notify(self.number)

    @override
    @callback
    def on_login_failed(self, error: PbxError) -> None:
        """Ask a person for another password."""
        async_line_refused(self._hass, self._entry, self._subentry, error)
