"""What REST tells of a mailbox, in all its shapes, and what is a recording."""

from typing import Any

import pytest

from custom_components.vodia.pbx.models import Party, VoiceMessage
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.mailbox import audio_type, decode_mailbox

ANNA = '"Anna" <sip:+4930123456@localhost>'


def entry(start: Any, **fields: Any) -> dict[str, Any]:
    """Return a message as it is listed."""
    return {"start": start, "from": ANNA, "duration": "7", **fields}


def told(reply: object) -> list[tuple[str | None, float | None, bool | None]] | None:
    """Return id, time and newness of the messages in a reply."""
    found = decode_mailbox(reply, Trace())
    return None if found is None else [(m.id, m.time, m.new) for m in found]


def test_message() -> None:
    """It has its sender, time, length and id."""
    (message,) = (
        decode_mailbox({"17": entry("1700000000.5", isnew="true")}, Trace()) or ()
    )
    assert message == VoiceMessage(
        Party("+4930123456", "Anna", "localhost"), 1700000000.5, 7, "17", True
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        # By id (classic); the id of an entry itself is another one.
        (
            {"17": entry(5, isnew=""), "x-9": entry(6, isnew="true", id=3)},
            [("x-9", 6, True), ("17", 5, False)],
        ),
        ([entry(5, isnew="true")], [(None, 5, True)]),
        ([entry(5, id=17), entry(6, id="18")], [("18", 6, None), ("17", 5, None)]),
        ({"total": 1, "data": [entry(5, id=17)]}, [("17", 5, None)]),
        ({"total": "1", "data": {"17": entry(5)}}, [("17", 5, None)]),
        ({"data": entry(5, id=17)}, [("17", 5, None)]),
        # What cannot be asked for.
        ([entry(5, id=True)], [(None, 5, None)]),
        ([entry(5, id={})], [(None, 5, None)]),
        ([entry(5, id="")], [(None, 5, None)]),
        ([entry(5, id="a\nb")], [(None, 5, None)]),
        ([entry(5, id="1" * 257)], [(None, 5, None)]),
        # One that cannot be read hides no other.
        ([entry({}), entry(5), 7, {"x": 1}], [(None, 5, None), (None, None, None)]),
        ([entry(5, isnew="perhaps")], [(None, 5, False)]),
        # None, and none that is listed.
        ([], []),
        ({}, []),
        ({"total": 0}, []),
        ({"total": 0, "data": []}, []),
        ({"total": 2}, None),
        ({"total": 2, "data": []}, None),
        (3, None),
        ("3", None),
    ],
)
def test_shapes(reply: object, expected: Any) -> None:
    """The newest is first; a mailbox that is only counted is not an empty one."""
    assert told(reply) == expected


@pytest.mark.parametrize("reply", ["x", True, -1, {"total": "x"}, [1], {"data": 1}])
def test_other_shapes(reply: object) -> None:
    """What is no mailbox is none."""
    with pytest.raises(FrameError):
        decode_mailbox(reply, Trace())


@pytest.mark.parametrize(
    ("kind", "beginning", "expected"),
    [
        ("audio/wav", b"RIFF....WAVE", "audio/wav"),
        ("application/octet-stream", b"RIFF....WAVE", "audio/wav"),
        ("text/html", b"RIFF....WAVE", "audio/wav"),
        ("", b"ID3", "audio/mpeg"),
        ("", b"\xff\xfb\x90", "audio/mpeg"),
        ("", b"OggS", "audio/ogg"),
        ("Audio/Basic; rate=8000", b".snd", "audio/basic"),
        ("audio/x-wav", b"\x00", "audio/x-wav"),
        ("", b"\x00", None),
        ("application/octet-stream", b"\x00", None),
        ("audio/wav", b"", None),
        ("audio/wav", b"<!DOCTYPE html>", None),
        ("audio/wav", b"\r\n <HTML>", None),
        ("application/json", b"{}", None),
        ("audio/", b"\x00", None),
        ("audio/wav\r\nSet-Cookie: x", b"\x00", None),
        ("audio/" + "x" * 99, b"\x00", None),
        ("video/mp4", b"\x00", None),
    ],
)
def test_audio_type(kind: str, beginning: bytes, expected: str | None) -> None:
    """What it begins with outranks what it is said to be, and a page is none."""
    assert audio_type(kind, beginning) == expected
