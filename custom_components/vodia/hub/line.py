"""A further line of a PBX: its login, and the events of that login."""

import logging
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..const import CONF_EXTENSION, DOMAIN, SIGNAL_CHANGED
from ..pbx.changes import Changes
from ..pbx.client import PbxClient
from ..pbx.errors import PbxError
from ..pbx.listener import Listener
from ..pbx.models import CallEvent, Credentials
from ..pbx.sync.line_data import LineDataChange
from ..pbx.wire.messages import ChatMessage
from .connect import async_create_session
from .issues import async_line_refused, line_issue_id
from .subscriptions import Subscriptions

_LOGGER = logging.getLogger(__name__)


class _Pbx(Protocol):
    """What a further line needs of the coordinator above it."""

    hass: HomeAssistant
    entry: ConfigEntry[Any]
    client: PbxClient
    changes: Subscriptions[str | None]
    chat_messages: Subscriptions[str, ChatMessage]

    def on_call_events(self, events: list[CallEvent]) -> None:
        """Hand over call events."""

    def async_line_data_changed(self, line: str, changes: LineDataChange) -> None:
        """Hand over new values of a line that only REST has."""


class FurtherLine(Listener):
    """The login of a subentry, and the events of that login."""

    def __init__(self, coordinator: _Pbx, subentry: ConfigSubentry) -> None:
        """Prepare; nothing happens before the client starts."""
        self._coordinator = coordinator
        self._subentry = subentry
        self.http = async_create_session(coordinator.hass)
        self.number: str = subentry.data[CONF_EXTENSION]
        tenant = coordinator.client.session.tenant
        self.client = coordinator.client.add_line(
            self.http,
            Credentials(self.number, subentry.data[CONF_PASSWORD], tenant),
            self,
        )

    @override
    @callback
    def on_change(self, changes: Changes) -> None:
        """Update the entities of the line."""
        if self.number in changes.calls:
            coordinator = self._coordinator
            coordinator.changes.call(self.number)
            async_dispatcher_send(
                coordinator.hass, SIGNAL_CHANGED, coordinator, {self.number}
            )

    @override
    @callback
    def on_connected(self, changes: Changes) -> None:
        """Make the commands of the line available."""
        ir.async_delete_issue(
            self._coordinator.hass, DOMAIN, line_issue_id(self._subentry)
        )
        self._coordinator.changes.call(self.number)

    @override
    @callback
    def on_call_events(self, events: list[CallEvent]) -> None:
        """Hand over call events."""
        self._coordinator.on_call_events(events)

    @override
    @callback
    def on_chat_message(self, message: ChatMessage) -> None:
        """Hand over a chat message to the line."""
        self._coordinator.chat_messages.call(self.number, message)

    @override
    @callback
    def on_line_data(self, changes: LineDataChange) -> None:
        """Hand over new values of the line that only REST has."""
        self._coordinator.async_line_data_changed(self.number, changes)

    @override
    @callback
    def on_disconnected(self, error: PbxError) -> None:
        """Make the commands of the line unavailable."""
        coordinator = self._coordinator
        if coordinator.client.connected:
            title = coordinator.entry.title
            _LOGGER.warning(
                "Connection of line %s of %s lost: %s", self.number, title, error
            )
        coordinator.changes.call(self.number)

    @override
    @callback
    def on_login_failed(self, error: PbxError) -> None:
        """Ask a person for another password."""
        coordinator = self._coordinator
        async_line_refused(coordinator.hass, coordinator.entry, self._subentry, error)
