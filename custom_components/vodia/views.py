"""The HTTP view of recordings: passed on as they come, for who may hear them."""

from contextlib import suppress
from http import HTTPStatus
import sys

from aiohttp import hdrs, web

from homeassistant.components.http import KEY_HASS_USER, HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .exceptions import translated
from .mailbox import Place, open_recording
from .pbx.errors import (
    AccessOffError,
    CannotConnectError,
    MessageGoneError,
    NoMailboxError,
    NotConnectedError,
    PbxError,
)
from .pbx.sync.mailbox import Recording

_STATUS = {
    NoMailboxError: HTTPStatus.NOT_FOUND,
    MessageGoneError: HTTPStatus.NOT_FOUND,
    AccessOffError: HTTPStatus.FORBIDDEN,
    NotConnectedError: HTTPStatus.SERVICE_UNAVAILABLE,
    CannotConnectError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class RecordingView(HomeAssistantView):
    """The recording of a message."""

    url = f"/api/{DOMAIN}/voicemail/{{token}}"
    name = f"api:{DOMAIN}:voicemail"

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the view."""
        self._hass = hass

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Send the recording, or the part of it that is asked for."""
        response: web.StreamResponse | None = None
        try:
            async with open_recording(
                self._hass, request[KEY_HASS_USER], Place.parse(token)
            ) as recording:
                response, part = _head(request, recording)
                if part:
                    await response.prepare(request)
                    # Who listens may go.
                    with suppress(ConnectionError):
                        await _pass_on(recording, response, part)
        except PbxError as err:
            if response is None:
                status = _STATUS.get(type(err), HTTPStatus.BAD_GATEWAY)
                text = str(translated(err, HomeAssistantError))
                return self.json_message(text, status)
            # A part must not be taken for the whole.
            if request.transport:
                request.transport.abort()
        return response


def _head(
    request: web.Request, recording: Recording
) -> tuple[web.StreamResponse, range]:
    """Return the head of the response, and which bytes are asked for.

    Some players ask for a part before they play anything. The PBX is asked for the whole,
    as it may know no parts; where it does not tell how much that is, they get it.
    """
    headers = {
        hdrs.CONTENT_TYPE: recording.media_type,
        hdrs.CACHE_CONTROL: "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if (size := recording.size) is None:
        return web.StreamResponse(headers=headers), range(sys.maxsize)
    headers[hdrs.ACCEPT_RANGES] = "bytes"
    part, status = range(size), HTTPStatus.OK
    # Several parts, or no sense: the whole is a right answer (RFC 9110, 14.2).
    with suppress(ValueError):
        part = part[request.http_range]
        if hdrs.RANGE in request.headers:
            status = HTTPStatus.PARTIAL_CONTENT
            headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.stop - 1}/{size}"
    if not part:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        return web.Response(status=status, headers=headers), part
    headers[hdrs.CONTENT_LENGTH] = str(len(part))
    return web.StreamResponse(status=status, headers=headers), part


async def _pass_on(
    recording: Recording, response: web.StreamResponse, part: range
) -> None:
    """Send some of the bytes of a recording as they come."""
    position = 0
    while position < part.stop and (data := await recording.read()):
        wanted = data[max(0, part.start - position) : part.stop - position]
        if wanted:
            await response.write(wanted)
        position += len(data)
    await response.write_eof()
