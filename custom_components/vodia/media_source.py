"""Voicemail in the media browser: the messages of each line, to be heard."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import override

from homeassistant.auth.models import User
from homeassistant.components import websocket_api
from homeassistant.components.http import KEY_HASS_USER
from homeassistant.components.media_player import BrowseError, MediaClass, MediaType
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import current_request
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import VodiaCoordinator
from .exceptions import translated
from .mailbox import Place, find_line, lines_for, open_recording
from .pbx.errors import NoMailboxError, PbxError
from .pbx.models import VoiceMessage
from .views import RecordingView

_NEW = "\u25cf "


async def async_get_media_source(hass: HomeAssistant) -> VoicemailSource:
    """Set up the voicemail of all PBXs as a media source."""
    return VoicemailSource(hass)


@contextmanager
def _errors(cls: type[HomeAssistantError]) -> Iterator[None]:
    """Raise the errors of the PBX as translated ones of a class."""
    try:
        yield
    except PbxError as err:
        raise translated(err, cls) from err


def _current_user() -> User | None:
    """Return the user who asks; None for Home Assistant itself, as in an automation."""
    if connection := websocket_api.current_connection.get():
        return connection.user
    request = current_request.get()
    return request.get(KEY_HASS_USER) if request else None


class VoicemailSource(MediaSource):
    """The mailboxes of the lines that a user may hear."""

    name = "Vodia PBX"

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the source."""
        super().__init__(DOMAIN)
        self._hass = hass

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """List the PBXs, the lines of one, or the messages of a line."""
        with _errors(BrowseError):
            place, user = Place.parse(item.identifier), _current_user()
            if place.line:
                coordinator, line = find_line(self._hass, user, place)
                messages = await line.mailbox.messages()
                children = await self._messages(coordinator, place, messages)
                return _folder(
                    place,
                    _line_title(coordinator, place.line),
                    children,
                    MediaClass.MUSIC,
                )
            here = list(lines_for(self._hass, user))
            pbxs = {coordinator for coordinator, _, _ in here}
            if place.entry_id:
                pbxs = {pbx for pbx in pbxs if pbx.entry.entry_id == place.entry_id}
                if not pbxs:
                    raise NoMailboxError("no such PBX")
            folders = [
                _folder(
                    Place(coordinator.entry.entry_id, number),
                    _line_title(coordinator, number),
                )
                for coordinator, number, _ in here
                if coordinator in pbxs
            ]
            if len(pbxs) > 1:
                folders = [
                    _folder(Place(pbx.entry.entry_id), pbx.entry.title) for pbx in pbxs
                ]
            folders.sort(key=lambda folder: folder.title)
            title = next(iter(pbxs)).entry.title if place.entry_id else self.name
            return _folder(place, title, folders)

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where the recording of a message is, once the PBX has begun to send it."""
        with _errors(Unresolvable):
            place = Place.parse(item.identifier)
            async with open_recording(self._hass, _current_user(), place) as recording:
                url = RecordingView.url.format(token=place)
                return PlayMedia(url, recording.media_type)

    async def _messages(
        self,
        coordinator: VodiaCoordinator,
        place: Place,
        messages: Iterable[VoiceMessage],
    ) -> list[BrowseMediaSource]:
        """Return the messages of a line; one that cannot be asked for is only shown."""
        texts = await async_get_translations(
            self._hass, self._hass.config.language, "common", {DOMAIN}
        )

        def who(message: VoiceMessage) -> str:
            """Return who left a message, as far as that may be told."""
            told, privacy = message.sender, coordinator.privacy
            account = coordinator.account(told.number or "")
            name = told.name or (account.name if account else None)
            sender = privacy.redact_party(told.number, name)
            if sender.name or sender.number:
                return sender.name or sender.number or ""
            text = texts[f"component.{DOMAIN}.common.part_{privacy.unnamed(told)}"]
            return text[:1].upper() + text[1:]

        return [
            BrowseMediaSource(
                domain=DOMAIN,
                identifier=str(place.of(message)),
                media_class=MediaClass.MUSIC,
                media_content_type=MediaType.MUSIC,
                title=_title(message, who(message)),
                can_play=message.id is not None,
                can_expand=False,
            )
            for message in messages
        ]


def _line_title(coordinator: VodiaCoordinator, number: str) -> str:
    """Return how a user calls a line."""
    device = coordinator.devices.get(number)
    return (device and (device.name_by_user or device.name)) or number


def _title(message: VoiceMessage, who: str) -> str:
    """Return who left a message, when, and how long it is; marked while it is new."""
    title = f"{_NEW if message.new else ''}{who}"
    if message.time is not None:
        local = dt_util.as_local(datetime.fromtimestamp(message.time, UTC))
        title += f", {local:%Y-%m-%d %H:%M}"
    if message.duration is not None:
        minutes, seconds = divmod(round(message.duration), 60)
        title += f" ({minutes}:{seconds:02})"
    return title


def _folder(
    place: Place,
    title: str,
    children: list[BrowseMediaSource] | None = None,
    children_class: MediaClass = MediaClass.DIRECTORY,
) -> BrowseMediaSource:
    """Return what has something in it."""
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=str(place) if place.entry_id else None,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.MUSIC,
        title=title,
        can_play=False,
        can_expand=True,
        children=children,
        children_media_class=children_class,
    )
