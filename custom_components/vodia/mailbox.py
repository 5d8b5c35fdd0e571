"""The mailboxes of lines, for those users of Home Assistant who may hear them.

Who may read the voicemail sensor of a line may hear its messages. No id that a user names
is handed to the PBX before the line's own mailbox has it: nobody knows whether a PBX gives
out the messages of others.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from typing import Self, override

import orjson

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .coordinator import VodiaConfigEntry, VodiaCoordinator
from .hub.devices import entity_id_of
from .pbx.errors import MessageGoneError, NoMailboxError, NotConnectedError
from .pbx.line import Line
from .pbx.models import VoiceMessage
from .pbx.sync.line_data import Resource
from .pbx.sync.mailbox import Recording


@dataclass(frozen=True, slots=True)
class Place:
    """A PBX, one of its lines, or a message of that line; what is empty is all of them.

    The time of a message goes along: an id may come to mean another one.
    """

    entry_id: str = ""
    line: str = ""
    message: str = ""
    time: float | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place of an identifier; raises NoMailboxError for no such text."""
        if not text:
            return cls()
        try:
            entry_id, line, message, time = orjson.loads(urlsafe_b64decode(text))
        except ValueError, TypeError:
            raise NoMailboxError("no identifier of ours") from None
        # What comes from elsewhere may have other types; it is compared with ours only.
        return cls(str(entry_id), str(line), str(message), time)

    @override
    def __str__(self) -> str:
        """Return an identifier, which can be part of an URL."""
        return urlsafe_b64encode(orjson.dumps(astuple(self))).decode()

    def of(self, message: VoiceMessage) -> Place:
        """Return the place of a message of the line."""
        return Place(self.entry_id, self.line, message.id or "", message.time)


def lines_for(
    hass: HomeAssistant, user: User | None
) -> Iterator[tuple[VodiaCoordinator, str, Line]]:
    """Yield the lines with a mailbox that a user may hear, with their numbers.

    Without a user, as in an automation, all of them.
    """
    entries: list[VodiaConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        coordinator = entry.runtime_data
        for number, line in coordinator.lines.items():
            told = line.data.values.voicemail is not None
            if told and _may_hear(hass, user, entry.entry_id, number):
                yield coordinator, number, line


def find_line(
    hass: HomeAssistant, user: User | None, place: Place
) -> tuple[VodiaCoordinator, Line]:
    """Return a line; raises NoMailboxError for none, or none that the user may hear.

    NotConnectedError where its mailbox was there, and is not now.
    """
    if not _may_hear(hass, user, place.entry_id, place.line):
        raise NoMailboxError("no such line")
    for coordinator, number, line in lines_for(hass, user):
        is_meant = (coordinator.entry.entry_id, number) == (place.entry_id, place.line)
        if is_meant and line.connected:
            return coordinator, line
    raise NotConnectedError("the mailbox is not there now")


@asynccontextmanager
async def open_recording(
    hass: HomeAssistant, user: User | None, place: Place
) -> AsyncIterator[Recording]:
    """Read the recording of a message, as `Mailbox.recording`.

    Raises MessageGoneError where the mailbox of the line does not have it, else as
    `find_line`.
    """
    _, line = find_line(hass, user, place)
    mailbox = line.mailbox
    if not any(
        (message.id, message.time) == (place.message, place.time)
        for message in await mailbox.messages()
    ):
        raise MessageGoneError("no such message")
    async with mailbox.recording(place.message) as recording:
        yield recording


def _may_hear(
    hass: HomeAssistant, user: User | None, entry_id: str, number: str
) -> bool:
    """Return whether a user may hear the mailbox of a line, if there is one."""
    sensor = entity_id_of(hass, Platform.SENSOR, entry_id, number, Resource.VOICEMAIL)
    if sensor is None:
        return False
    return user is None or user.permissions.check_entity(sensor, POLICY_READ)
