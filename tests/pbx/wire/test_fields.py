"""Test how fields are read in any type."""

import orjson
import pytest

from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.messages import decode
from custom_components.vodia.pbx.wire.party import parse_party
from custom_components.vodia.pbx.wire.replies import (
    call_ids,
    decode_accounts,
    decode_address_book,
    decode_flags,
    decode_history,
)
from tests.support.decoded import account, call


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        ("True", True),
        ("FALSE", False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("", None),
        (None, None),
    ],
)
def test_strings_for_booleans(value: object, meaning: bool | None) -> None:
    """Booleans may be strings; an empty string says nothing."""
    assert account(registered=value).registered is meaning
    assert account(dnd=value).dnd is meaning


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1463540185.7, 1463540185.7),
        ("1463540185.7", 1463540185.7),
        ("1463030007.19", 1463030007.19),
        (1463540185, 1463540185.0),
        (0.5, 0.5),
        ("1463540185", 1463540185.0),
        ("", None),
        (None, None),
        (0, None),
        ("0", None),
        (-5, None),
        (1e300, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_strings_for_times(value: object, seconds: float | None) -> None:
    """Times may be strings; empty and absurd ones are not known."""
    assert call(start=value).started == seconds
    assert call(connect=value).answered == seconds


def test_numbers_for_strings() -> None:
    """Account numbers and ids may be numbers."""
    assert account(account=46).number == "46"
    assert call(id=7).id == "7"
    assert call(extension=46).extensions == {"46"}
    assert call(extension=[45, "46"]).extensions == {"45", "46"}


def test_numbers_with_a_fraction_for_strings() -> None:
    """41.0 is 41, as some encoders write all numbers of JSON; a text is what it is."""
    assert account(account=41.0).number == "41"
    assert account(account="41.0").number == "41.0"
    with pytest.raises(FrameError):
        account(account=41.5)
    with pytest.raises(FrameError):
        account(account=1e300)
    assert call(id=7.0).id == call(id=7).id == "7"
    assert call(id="7.0").id == "7.0"
    assert call(id=1700000000.5).id == "1700000000.5"
    # Beyond a float is several integers.
    assert call(id=9007199254740991.0).id == "9007199254740991"
    assert call(extension=[45.0, "46", 47]).extensions == {"45", "46", "47"}
    assert call(extension=46.0).extensions == {"46"}
    assert call(**{"from-number": 41.0}).caller.number == "41"
    assert call_ids([{"id": 7.0}, {"id": "8.0"}, {"id": True}, {}]) == {"7", "8.0"}
    listed = decode_accounts([{"name": 41.0, "alias": [41.0, 505.0, "7.5"]}], Trace())
    assert (listed[0].number, listed[0].aliases) == ("41", ("505", "75"))
    (past,) = decode_history([{"id": 7.0}], "45", Trace())
    assert past.id == "7"
    assert decode_flags([{"name": 8.0, "state": True}], Trace()).keys() == {"8"}
    (contact,) = decode_address_book([{"name": "Anna", "number": 4930123456.0}])
    assert contact.numbers == ("4930123456",)


def test_long_names_and_numbers() -> None:
    """A name is cut to one line of a bounded length, an endless number is none."""
    party = parse_party(f'"{"Anna \n" * 1000}" <sip:{"4" * 1000}@localhost>')
    assert party.number is None
    assert party.name
    assert len(party.name) <= 100
    assert "\n" not in party.name


def test_time_of_another_form() -> None:
    """A time that cannot be read is not known; the call counts all the same."""
    trace = Trace()
    times = dict.fromkeys(("start", "connect"), "2026-11-23T10:00:00Z")
    frame = {"action": "call-state", "calls": [{"id": "a"} | times]}
    message = decode(orjson.dumps(frame), trace)
    assert isinstance(message, CallList)
    assert message.calls[0].started is message.calls[0].answered is None
    assert trace.unknown_fields == {
        "start: another form of time": 1,
        "connect: another form of time": 1,
    }
