"""Recordings of the mailboxes: sound that is made when it is asked for."""

from array import array
from contextlib import suppress
from functools import lru_cache
import io
import math
import wave

from aiohttp import web

from .gate import Gate
from .logins import Login
from .state import PbxState

RATE = 8000
_LOUDNESS = 8000
_CHUNK = 16 * 1024
_ALL_TONES = (440.0, 550.0, 660.0)


@lru_cache(16)
def recording(message_id: int, seconds: int) -> bytes:
    """Return a WAV file with as many seconds of a tone, which tells messages apart."""
    tone = _ALL_TONES[message_id % len(_ALL_TONES)] + message_id % 97
    samples = array(
        "h",
        (
            int(_LOUDNESS * math.sin(2 * math.pi * tone * index / RATE))
            for index in range(RATE * seconds)
        ),
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(samples.itemsize)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


class Audio:
    """Answer for the recordings of mailboxes."""

    def __init__(self, state: PbxState) -> None:
        """Answer for a PBX."""
        self._state = state
        self._engine = state.engine

    def routes(self, gate: Gate) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.get("/audio.wav", gate.user("audio", self._play))]

    async def _play(self, request: web.Request, login: Login) -> web.StreamResponse:
        """Send the recording of a message; it has no part of one."""
        tenant, switches = self._engine.tenant(login.tenant), self._state.switches
        own = [tenant.accounts[login.account]]
        messages = {
            str(message.id): message
            for account in (tenant.accounts.values() if switches.audio_of_all else own)
            for message in account.messages
        }
        message = messages.get(request.query.get("id", ""))
        if request.query.get("type") != "voicemail" or message is None:
            raise web.HTTPNotFound
        if switches.hearing_marks:
            message.new = False
        sound = recording(message.id, message.duration)
        response = web.StreamResponse(headers={"Content-Type": switches.audio_type})
        if switches.audio_length:
            response.content_length = len(sound)
        await response.prepare(request)
        # Who listens may go.
        with suppress(ConnectionError):
            for begin in range(0, len(sound), _CHUNK):
                await response.write(sound[begin : begin + _CHUNK])
        return response
