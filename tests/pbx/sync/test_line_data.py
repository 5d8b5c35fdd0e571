"""What only REST tells: every shape is taken as what it is, or refused."""

from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.vodia.pbx.address_book import AddressBook
from custom_components.vodia.pbx.models import (
    Contact,
    MissedCalls,
    Party,
    ServiceFlag,
    Voicemail,
    VoiceMessage,
)
from custom_components.vodia.pbx.net.rest import Reply
from custom_components.vodia.pbx.state.memory import expire_absent
from custom_components.vodia.pbx.sync.line_readings import merge_address_books
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.fields import FrameError, Reading
from custom_components.vodia.pbx.wire.mailbox import decode_mailbox, decode_voicemail
from custom_components.vodia.pbx.wire.replies import (
    decode_address_book,
    decode_flags,
    decode_missed,
)

NIGHT = ServiceFlag("900", "Night", True, manual=True)
ANNA = Party("41", "Anna", "tenant")
SENT = {"start": 1700000000, "from": '"Anna" <sip:41@tenant>', "duration": "7"}
NEWEST = VoiceMessage(ANNA, 1700000000, 7)


# Service flags


@pytest.mark.parametrize("name", ["display", "displayname", "display name"])
@pytest.mark.parametrize("state", [True, "true", 1])
@pytest.mark.parametrize("mode", ["manual", "Manual"])
def test_flag(name: str, state: Any, mode: str) -> None:
    """A flag is taken with its state, however that is written."""
    flag = {"name": "900", name: "Night", "mode": mode, "state": state, "curr": ""}
    assert decode_flags([flag], Trace()) == {"900": NIGHT}
    assert decode_flags(flag, Trace()) == {"900": NIGHT}


def test_flag_that_tells_little() -> None:
    """What is not told is not known, and no flag is manual unless it says so."""
    assert decode_flags([{"name": 900}], Trace()) == {
        "900": ServiceFlag("900", None, None, manual=False)
    }


@pytest.mark.parametrize("reply", [[], {}, {"17": "Night", "18": "Hours"}])
def test_no_flags(reply: Any) -> None:
    """No flag, or names only, is nothing to show."""
    assert decode_flags(reply, Trace()) == {}


@pytest.mark.parametrize("reply", [None, 3, "x", [1], [{}], [{}, 1]])
def test_odd_flags(reply: Any) -> None:
    """What is no list of flags is refused."""
    with pytest.raises(FrameError, match=r"^(srvflags|name) is "):
        decode_flags(reply, Trace())


@pytest.mark.parametrize("state", [[], {}, "on", "yes", 2, -1, 0.5, [True]])
@pytest.mark.parametrize("beside", [[], [None], ["x"], [{}], [{"name": []}]])
def test_flags_beside_odd_ones(state: Any, beside: list[Any]) -> None:
    """An odd state is not known, an odd entry is left out; both are counted."""
    flags = [{"name": "9", "state": state}, *beside, {"name": "8", "state": "true"}]
    reading = Reading(Trace())
    assert decode_flags(flags, reading.trace, reading) == {
        "9": ServiceFlag("9", None, None, manual=False),
        "8": ServiceFlag("8", None, True, manual=False),
    }
    assert reading.gap is bool(beside)
    assert sum(reading.trace.left_out.values()) == len(beside)
    assert sum(reading.trace.odd_fields.values()) == 1


def test_long_absent() -> None:
    """Gone is what is lacking in two readings, ten minutes apart."""
    since: dict[str, float] = {}
    assert expire_absent(since, {"900"}, 0) == set()
    assert expire_absent(since, {"900", "901"}, 599) == set()
    assert expire_absent(since, {"900", "901"}, 600) == {"900"}
    assert since == {"901": 599}


# Missed calls


@pytest.mark.parametrize(
    ("reply", "missed"),
    [
        ({"missed": 3, "missedspan": 86400}, MissedCalls(3, 86400)),
        ({"missed": "3", "missedspan": "86400"}, MissedCalls(3, 86400)),
        ({"missed": 0}, MissedCalls(0, None)),
        ({"missed": 1, "missedspan": "a day"}, MissedCalls(1, None)),
        ({"total": 3, "data": []}, None),
        ({"missed": None}, None),
        ([], None),
    ],
)
def test_missed(reply: Any, missed: MissedCalls | None) -> None:
    """The counter is taken where there is one."""
    assert decode_missed(reply, Trace()) == missed


@pytest.mark.parametrize(
    "reply",
    [None, 3, "x", {"missed": -1}, {"missed": True}, {"missed": ""}, {"missed": 1.5}],
)
def test_odd_missed(reply: Any) -> None:
    """What is no number of calls is refused."""
    with pytest.raises(FrameError, match=r"^(history|missed) is "):
        decode_missed(reply, Trace())


# Voicemail


@pytest.mark.parametrize(
    ("reply", "voicemail"),
    [
        (2, Voicemail(2)),
        ("2", Voicemail(2)),
        (0, Voicemail(0)),
        ({"total": 2}, Voicemail(2)),
        ({"total": 9, "unread": 2}, Voicemail(2)),
        ({"total": 2, "data": [SENT]}, Voicemail(2, NEWEST)),
        ({"data": [SENT]}, Voicemail(1, NEWEST)),
        ({"data": [SENT, {**SENT, "start": 1, "isnew": False}]}, Voicemail(0)),
        ([], Voicemail(0)),
        ({}, Voicemail(0)),
        ([{**SENT, "start": 1}, SENT], Voicemail(2, NEWEST)),
        (
            [{**SENT, "duration": "7 s"}],
            Voicemail(1, VoiceMessage(ANNA, 1700000000, None)),
        ),
    ],
)
def test_voicemail(reply: Any, voicemail: Voicemail) -> None:
    """What was asked for is the unread messages, unless the messages say otherwise."""
    assert decode_voicemail(reply, Trace(), filtered=True) == voicemail


@pytest.mark.parametrize(
    "reply",
    [
        [SENT, {**SENT, "isnew": "true"}, {**SENT, "isnew": ""}],
        {"1": SENT, "2": {**SENT, "isnew": "true"}, "3": {**SENT, "isnew": "false"}},
        {**SENT, "isnew": True},
    ],
)
def test_classic_voicemail(reply: Any) -> None:
    """Of all messages those count that are new."""
    assert decode_voicemail(reply, Trace(), filtered=False) == Voicemail(1, NEWEST)


@pytest.mark.parametrize(
    "reply",
    [None, -1, True, "x", 1.5, [1], {"total": "x"}, {"error": "x"}, {"data": 1}],
)
def test_odd_voicemail(reply: Any) -> None:
    """What is no mailbox is refused."""
    with pytest.raises(FrameError, match=r"^(messages|total) is "):
        decode_voicemail(reply, Trace(), filtered=True)


# Address book


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "Anna Meyer", "number": "41"},
        {"name": "Anna Meyer", "numbers": ["41"]},
        {"displayname": "Anna  Meyer", "Phone": 41},
        {"first": "Anna", "last": "Meyer", "mobile": "41"},
        {"first": "Anna", "name": "Meyer", "home": " 41 "},
        {"first": "Anna", "name": "Anna Meyer", "work": "41;"},
        {"name": "Anna Meyer", "numbers": [{"number": "41"}], "email": "x@y"},
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_contact(entry: dict[str, Any], wrapped: bool) -> None:
    """An entry has a name and numbers, under any likely word."""
    reply: Any = {"total": 1, "data": [entry]} if wrapped else [entry]
    assert decode_address_book(reply) == (Contact("Anna Meyer", ("41",)),)


@pytest.mark.parametrize("key", ["first", "last"])
def test_contact_with_half_a_name(key: str) -> None:
    """One of the names will do."""
    reply = [{key: "Anna", "number": "41"}]
    assert decode_address_book(reply) == (Contact("Anna", ("41",)),)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "Anna Meyer"},
        {"number": "41"},
        {"name": "41", "number": "41"},
        {"name": ["Anna"], "number": "41"},
        {"name": "Anna", "number": "4" * 65},
        {"name": "Anna", "number": [[["41"]]]},
    ],
)
def test_no_contact(entry: dict[str, Any]) -> None:
    """What has no name or no number names nobody."""
    assert decode_address_book([entry, {}]) == ()


def test_bounds() -> None:
    """A huge book is cut, and so is what is long in it."""
    entry = {"name": "x" * 1000, "numbers": [str(n) for n in range(1000)]}
    book = decode_address_book([entry] * 6000)
    assert len(book) == 5000
    assert len(book[0].name) == 100
    assert len(book[0].numbers) == 10


@pytest.mark.parametrize("reply", [None, 3, "x", [1], {"error": "x"}])
def test_odd_book(reply: Any) -> None:
    """What is no list of objects is refused."""
    with pytest.raises(FrameError, match=r"^adrbook is "):
        decode_address_book(reply)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("030 123 x12", {"030123"}),
        ("030 1234567 / 0171 1234567", {"0301234567", "01711234567"}),
        ("030 1234567 oder 0171 1234567 (mobil)", {"0301234567", "01711234567"}),
        ("\u202a+49 30\u202f1234567\u202c", {"+49301234567"}),
        ("0800 REIMPORT", {"080073467678"}),
        ("room10001", set()),
        ("Büro 12", set()),
        ("030 Buero123", {"030"}),
    ],
)
def test_numbers_of_a_contact(written: str, numbers: set[str]) -> None:
    """Of a text the leading number counts, or several; letters are none."""
    data = orjson.dumps([{"name": "Anna", "number": written}])
    book = merge_address_books([Reply(data, SimpleCookie(), None)], "DE")
    assert {number for number, _ in book.contacts} == numbers


BOOK = AddressBook(
    country="DE",
    contacts=[
        ("+49301234567", "Anna"),
        ("01717654321", "Bruno"),
        ("5551234", "Chidi"),
        ("12345", "Dora"),
        ("+12025550100", "Émile"),
        ("+442025550100", "Fay"),
        ("+49301234567", "Gil"),
        ("anna", "Hal"),
    ],
)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("+49301234567", "Anna"),
        ("0049301234567", "Anna"),
        ("0301234567", "Anna"),
        ("9011493012345670", None),
        ("+491717654321", "Bruno"),
        ("01717654321", "Bruno"),
        ("0305551234", "Chidi"),
        ("5551234", "Chidi"),
        ("12345", "Dora"),
        # An extension in the book is nobody outside whose number ends so.
        ("+493012345", None),
        ("0012025550100", "Émile"),
        # Two numbers end so: it is open whose it is.
        ("2025550100", None),
        ("234567", None),
        ("anna", None),
        ("", None),
    ],
)
def test_name(number: str, name: str | None) -> None:
    """A number has one name in all its written forms, or none."""
    assert BOOK.name(number) == name


def test_size() -> None:
    """What is counted are numbers, the same one once."""
    assert len(BOOK) == 6


# Anything

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("name", "display", "state", "mode", "missed", "missedspan"),
                    *("id", "data", "total", "start", "from", "duration", "isnew"),
                    *("first", "last", "number", "numbers", "x"),
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_anything(reply: Any) -> None:
    """Any reply is taken or refused; nothing else comes of it, or the link would end."""
    for decode in (
        lambda: decode_flags(reply, Trace()),
        lambda: decode_missed(reply, Trace()),
        lambda: decode_voicemail(reply, Trace(), filtered=True),
        lambda: decode_voicemail(reply, Trace(), filtered=False),
        lambda: decode_mailbox(reply, Trace()),
        lambda: decode_address_book(reply),
    ):
        with suppress(FrameError):
            decode()
