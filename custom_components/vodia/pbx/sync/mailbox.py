"""The mailbox of a login: its messages, and their recordings while they are played."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ..errors import NoAudioError, NotOfferedError, NotSupportedError
from ..models import VoiceMessage
from ..net.rest import Download
from ..net.session import Session
from ..wire.mailbox import audio_type
from .line_readings import LineReadings

_AUDIO_PATH: Final = "/audio.wav"


class Recording:
    """A recording that is being read: its media type, and its bytes if they are told."""

    def __init__(self, media_type: str, beginning: bytes, rest: Download) -> None:
        """Begin with what was read to find out what it is."""
        self.media_type = media_type
        self.size = rest.size
        self._beginning = beginning
        self._rest = rest

    async def read(self) -> bytes:
        """Return the next bytes, none at the end; raises as `Session.download`."""
        if beginning := self._beginning:
            self._beginning = b""
            return beginning
        return await self._rest.read()


class Mailbox:
    """The mailbox of a login."""

    def __init__(self, session: Session) -> None:
        """Ask over a session."""
        self._session = session
        self._readings = LineReadings(session, None)

    async def messages(self) -> tuple[VoiceMessage, ...]:
        """Return the messages, the newest first.

        Raises NotSupportedError where the PBX lists none, or what else hinders it.
        """
        try:
            return await self._readings.messages()
        except NotOfferedError:
            raise NotSupportedError("this PBX has no mailbox for us") from None

    @asynccontextmanager
    async def recording(self, message_id: str) -> AsyncIterator[Recording]:
        """Read the recording of a message, in pieces.

        The path is that of the portal of 5.x; what a later PBX answers there proves it.
        Raises NotSupportedError where there is no such path, NoAudioError for another
        answer, or what else hinders it, also while it is read.
        """
        asked = {"type": "voicemail", "id": message_id}
        try:
            async with self._session.download(_AUDIO_PATH, asked) as reply:
                beginning = await reply.read()
                if (kind := audio_type(reply.content_type, beginning)) is None:
                    raise NoAudioError("the reply is no recording")
                yield Recording(kind, beginning, reply)
        except NotOfferedError:
            raise NotSupportedError("this PBX gives out no recordings") from None
