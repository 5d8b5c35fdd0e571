"""Test the decoding of calls and their lists."""

from copy import replace
from typing import Any, Final

import orjson
import pytest

from custom_components.vodia.pbx.models import Party, Phase
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, Decoder, decode
from tests.support.decoded import call
from tests.support.mixed import mixed


@pytest.mark.parametrize("calls", ['"calls":null', '"calls":"x"', '"calls":7', ""])
def test_call_state_without_calls_is_dropped(calls: str, trace: Trace) -> None:
    """A `call-state` without `calls` is not read as empty."""
    frame = '{"action":"call-state"' + (f",{calls}" if calls else "") + "}"
    with pytest.raises(FrameError, match="calls"):
        decode(frame, trace)


ODD_CALL: Final[tuple[tuple[str, Any], ...]] = (
    *((key, {"number": "45"}) for key in ("from", "to", "from-number", "to-name")),
    *((key, ["x"]) for key in ("from", "to", "to-number", "from-name")),
    *(
        (key, value)
        for key in ("state", "callstate")
        for value in mixed(["connected"], {})
    ),
    *(
        (key, value)
        for key in ("start", "connect")
        for value in mixed(["soon"], {}, True)
    ),
    *(("extension", value) for value in ({"45": 1}, [["45"]], [None], [True], True)),
    *(("rec", value) for value in mixed([], {}, ["adhoc"])),
)


@pytest.mark.parametrize(("key", "value"), ODD_CALL)
def test_odd_field_of_a_call(key: str, value: object) -> None:
    """It is not known, and counted without its data; all else counts."""
    word = "callstate" if key == "callstate" else "state"
    beside = {"from-number": "46", "to-number": "45", word: "alerting"}
    frame = {
        "action": "call-state",
        "calls": [{"id": "a", **beside}, {"id": "b", **beside, key: value}],
    }
    trace = Trace()
    message = decode(orjson.dumps(frame), trace)
    assert isinstance(message, CallList)
    first, second = message.calls
    assert (first.id, second.id) == ("a", "b")
    assert message.complete
    assert message.odd
    assert not message.hidden
    if key in ("start", "connect", "rec"):
        assert replace(second, id="a", started=None) == first
    assert message.unsure == (
        {"b"} if key.startswith(("from", "to", "ext")) and "name" not in key else set()
    )
    (kind,) = trace.odd_fields
    assert kind.startswith(f"{key}:")
    assert "soon" not in kind
    assert not trace.dropped


@pytest.mark.parametrize(
    ("entry", "hidden"),
    [
        *((entry, True) for entry in (None, 7, "a", [], [{"id": "b"}], True)),
        *(
            ({"id": value}, True)
            for value in mixed(["b"], {}, True, "x" * 1000, "a\nb")
        ),
        *(({"id": value, "to": "45"}, False) for value in mixed(["b"], {}, True)),
    ],
)
def test_entry_of_a_list_of_calls_that_cannot_be_read(
    entry: object, hidden: bool
) -> None:
    """The others are taken; the list proves the end of no call."""
    frame = {"action": "call-state", "calls": [{"id": "a"}, entry, {"id": "c"}]}
    trace = Trace()
    message = decode(orjson.dumps(frame), trace)
    assert isinstance(message, CallList)
    ids = [call.id for call in message.calls]
    assert ids[0] == "a"
    assert ids[-1] == "c"
    assert all(call.phase is None for call in message.calls)
    assert (message.complete, message.hidden, message.odd) == (False, hidden, True)
    assert sum(trace.left_out.values()) == 1


@pytest.mark.parametrize(
    ("extension", "numbers"),
    [
        (["*45", "46"], {"45", "46"}),
        ("*45", {"45"}),
        ([], set()),
        (None, set()),
        (["*", ""], set()),
    ],
)
def test_star_extensions(extension: object, numbers: set[str]) -> None:
    """An extension may carry a star."""
    assert call(extension=extension).extensions == numbers


@pytest.mark.parametrize("field", ["state", "callstate"])
@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("alerting", Phase.RINGING),
        ("ringback", Phase.RINGING),
        ("ringing", Phase.RINGING),
        ("connected", Phase.CONNECTED),
        ("Connected", Phase.CONNECTED),
        ("onhold", Phase.HELD),
        ("holding", Phase.HELD),
        ("hovering", None),
        ("", None),
    ],
)
def test_state_and_callstate_are_the_same(
    field: str, word: str, phase: Phase | None
) -> None:
    """`state` and `callstate` mean the same; an unknown word has no phase."""
    assert call(**{field: word}).phase is phase


def test_empty_fields_say_nothing(trace: Trace) -> None:
    """Who leaves all of a call empty tells nothing, and nothing odd."""
    empty = dict.fromkeys(("state", "start", "connect", "from", "to", "rec"), "")
    for fields in ({}, empty):
        data = orjson.dumps({"action": "call-state", "calls": [{"id": "a"} | fields]})
        message = decode(data, trace)
        assert isinstance(message, CallList)
        (found,) = message.calls
        assert (found.caller, found.callee) == (Party(), Party())
        assert (found.started, found.answered, found.wire_state) == (None, None, None)
    assert not trace.unknown_fields
    assert not trace.unknown_states


def test_unknown_state_is_counted_and_kept(trace: Trace) -> None:
    """The raw word goes to the diagnostics."""
    frame = b'{"action":"call-state","calls":{"id":"a","state":"hovering"}}'
    message = decode(frame, trace)
    assert isinstance(message, CallList)
    assert message.calls[0].wire_state == "hovering"
    assert trace.unknown_states == {"hovering": 1}
    decode(frame.replace(b"hovering", b"connected"), trace)
    assert trace.unknown_states == {"hovering": 1}


@pytest.mark.parametrize(
    ("value", "recording"),
    [
        ("adhoc", True),
        ("", False),
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        (None, None),
    ],
)
def test_recording(value: object, recording: bool | None) -> None:
    """`adhoc` is recording; booleans may be strings here, too."""
    assert call(rec=value).recording is recording


def test_object_for_a_list() -> None:
    """An object where a list is expected is one element."""
    alone = decode(b'{"action":"call-state","calls":{"id":"a"}}', Trace())
    listed = decode(b'{"action":"call-state","calls":[{"id":"a"}]}', Trace())
    assert alone == listed
    alone = decode(b'{"action":"domain-state","accounts":{"account":"45"}}', Trace())
    assert isinstance(alone, AccountsSnapshot)
    assert [entry.number for entry in alone.accounts] == ["45"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"from": "sip:46"}, {"from": "sip:47"}),
        ({"from": "sip:46", "start": 1}, {"from": "sip:46", "start": 2}),
        ({"from-number": "46"}, {"from-number": "47"}),
        ({"to-number": "46", "start": 1}, {"to-number": "47", "start": 1}),
    ],
)
def test_call_without_id(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Parties and start tell calls without an id apart, and keep them together."""
    assert call(**one).id == call(**one, state="connected").id
    assert call(**one).id != call(**other).id


@pytest.mark.parametrize(
    "later",
    [
        {"from": '"Anna" <sip:46@localhost>', "start": 5.5},
        {"from": "sip:46@localhost", "start": "5.50"},
    ],
)
def test_call_without_id_stays_the_same(later: dict[str, Any]) -> None:
    """A name that turns up, or another way to write a time, makes no new call."""
    assert call(**later).id == call(**{"from": "<sip:46@localhost>", "start": 5.5}).id


@pytest.mark.parametrize("empty", ["{}", '""', "[]"])
def test_empty_list_of_calls(empty: str) -> None:
    """However an empty list is written, it ends all calls."""
    message = decode(f'{{"action":"call-state","calls":{empty}}}', Trace())
    assert message == CallList(())


def test_calls_that_are_told_again_may_be_odd(trace: Trace) -> None:
    """What is odd is counted as it is anywhere, each time that it comes."""
    decoder = Decoder(trace)
    decoder.decode(b'{"action":"call-state","calls":[{"id":7,"hue":1}]}')
    assert trace.unknown_fields == {"call-state.calls.hue": 1}
    odd = b'{"action":"call-state","calls":[{"id":"a","start":[]},{"id":"b"}]}'
    for times in (1, 2):
        message = decoder.decode(odd)
        assert isinstance(message, CallList)
        assert message.odd
        assert trace.odd_fields == {"start:list": times}
    push = b'{"action":"user-state","account":"46","dnd":"on"}'
    assert decoder.decode(push) == decoder.decode(push)
    assert trace.odd_fields["dnd:str"] == 2
