"""Decode what REST tells of a mailbox, and tell a recording from a page.

The shapes are those of the 70.3 catalogue and of the portal of 5.x; docs/protocol.md says
how sure each one is.
"""

from copy import replace
import re
from typing import Final

from ..models import Voicemail, VoiceMessage
from ..trace import Trace
from .fields import (
    ID_LIMIT,
    FrameError,
    JsonObject,
    Reading,
    amount,
    as_text,
    boolean,
    first_objects,
    moment,
)
from .party import party_at

# Entries; docs/SECURITY.md says what the limit is for.
_MESSAGES_LIMIT: Final = 500
MESSAGE_FIELDS: Final = frozenset({"start", "from", "duration", "isnew"})
_UNREAD: Final = ("unread", "new", "total", "count")
_AUDIO: Final = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,50}")
_BEGINNINGS: Final = (
    (b"RIFF", "audio/wav"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)
_PAGES: Final = (b"<!doctype", b"<html")


def decode_voicemail(
    reply: object, trace: Trace, reading: Reading | None = None, *, filtered: bool
) -> Voicemail:
    """Return what a reply of REST `/messages` tells, in any of its shapes.

    A bare number is that of the unread messages. In a list they have `isnew`, if not all
    of it are: it is `filtered`. Raises FrameError for a reply of another shape.
    """
    reading = reading or Reading(trace)
    if not isinstance(reply, dict | list):
        return Voicemail(amount({"messages": reply}, "messages", reading))
    counted, messages = _listed(reply, reading)
    sure = not reading.gap
    if not filtered or any("isnew" in message for message in messages):
        odd = len(reading.odd)
        messages = [
            message for message in messages if boolean(message, "isnew", reading)
        ]
        sure &= len(reading.odd) == odd
    newest = max(
        (_voice_message(message, reading) for message in messages),
        key=lambda message: message.time or 0,
        default=None,
    )
    if counted is None and sure:
        counted = len(messages)
    return Voicemail(counted, newest)


def decode_mailbox(
    reply: object, trace: Trace, reading: Reading | None = None
) -> tuple[VoiceMessage, ...] | None:
    """Return the messages in a reply of REST `/messages`, the newest first.

    None for one that only counts them. Raises FrameError for another shape.
    """
    reading = reading or Reading(trace)
    if not isinstance(reply, dict | list):
        amount({"messages": reply}, "messages", reading)
        return None
    counted, messages = _listed(reply, reading)
    if counted and not messages:
        return None
    found = [
        replace(
            _voice_message(message, reading),
            id=_id(message.get("id")),
            new=_is_new(message, reading),
        )
        for message in messages
    ]
    return tuple(sorted(found, key=lambda message: -(message.time or 0)))


def audio_type(told: str, beginning: bytes) -> str | None:
    """Return the media type of a recording; None for what is none.

    What it begins with outranks what a PBX tells, which may be anything.
    """
    for begins, kind in _BEGINNINGS:
        if beginning.startswith(begins):
            return kind
    told = told.partition(";")[0].strip().lower()
    is_page = beginning[:100].lstrip().lower().startswith(_PAGES)
    return told if beginning and not is_page and _AUDIO.fullmatch(told) else None


def _listed(
    reply: JsonObject | list[object], reading: Reading
) -> tuple[int | None, list[JsonObject]]:
    """Return how many messages a reply counts, and those that it lists.

    The keys of an object are the ids of its messages.
    """
    counted: int | None = None
    listed: object = reply
    if isinstance(reply, dict):
        counter = next((key for key in _UNREAD if reply.get(key) is not None), None)
        listed = reply.get("data", [] if counter else reply)
        if counter:
            try:
                counted = amount(reply, counter, reading)
            except FrameError:
                if "data" not in reply:
                    raise
                reading.refuse(counter, reply[counter])
    if isinstance(listed, dict) and MESSAGE_FIELDS.isdisjoint(listed):
        listed = [
            {**entry, "id": key} if isinstance(entry, dict) else entry
            for key, entry in listed.items()
        ]
    try:
        entries = first_objects(listed, "messages", reading, _MESSAGES_LIMIT)
    except FrameError as err:
        if counted is None:
            raise
        reading.leave_out(str(err))
        entries = []
    return counted, [entry for entry in entries if not MESSAGE_FIELDS.isdisjoint(entry)]


def _voice_message(data: JsonObject, reading: Reading) -> VoiceMessage:
    """Return a message of a mailbox."""
    return VoiceMessage(
        party_at(data, "from", reading),
        moment(data, "start", reading),
        moment(data, "duration", reading),
    )


def _is_new(data: JsonObject, reading: Reading) -> bool | None:
    """Return whether a message was not heard; an empty word says that it was."""
    return bool(boolean(data, "isnew", reading)) if "isnew" in data else None


def _id(value: object) -> str | None:
    """Return what a message is asked for by."""
    told = as_text(value)
    return told if told and len(told) <= ID_LIMIT and told.isprintable() else None
