"""Test the translation between frames and messages; all frames are synthetic."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from custom_components.vodia.pbx.models import Account, Phase
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.messages import (
    AccountDelta,
    AccountsSnapshot,
    ChangeNotice,
    ChatMessage,
    Decoder,
    NoInformation,
    OrbitNotice,
    decode,
    encode,
)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"action":"call-state","calls":[', "not JSON"),
        (b'{"action":NaN,"calls":}', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ("{'action': 'call-state'}", "not JSON"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b'"call-state"', "not an object"),
        (b"42", "not an object"),
        (b'{"action":1}', "action is not a string"),
        (b'{"action":["call-state"]}', "action is not a string"),
    ],
)
def test_bad_input_is_refused(data: bytes | str, fault: str, trace: Trace) -> None:
    """Bad input: not JSON, not an object."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(data, trace)


@pytest.mark.parametrize("accounts", ['"accounts":null', '"accounts":"x"', ""])
def test_domain_state_without_accounts_is_dropped(accounts: str, trace: Trace) -> None:
    """A `domain-state` without `accounts` is not read as empty."""
    frame = '{"action":"domain-state","calls":[]' + (accounts and f",{accounts}") + "}"
    with pytest.raises(FrameError, match="accounts"):
        decode(frame, trace)


def test_domain_state_with_null_calls(trace: Trace) -> None:
    """`calls` only fills in: null there says as little as nothing."""
    frame = b'{"action":"domain-state","calls":null,"accounts":[{"account":"45"}]}'
    message = decode(frame, trace)
    assert isinstance(message, AccountsSnapshot)
    assert [entry.number for entry in message.accounts] == ["45"]


@pytest.mark.parametrize("account", ["", [], True, {}, "4" * 65, "4\n5"])
def test_push_for_nobody(account: object) -> None:
    """A delta whose account cannot be read is refused: its news is lost."""
    frame = {"action": "user-state", "account": account, "dnd": True}
    with pytest.raises(FrameError) as error:
        decode(orjson.dumps(frame), Trace())
    assert error.value.lost == {"user-state"}


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (b'{"action":"call-state","calls":[', {"call-state"}),
        (b'{"action":"call-state"}', {"call-state"}),
        (b'{"action":"domain-state","accounts":7}', {"domain-state"}),
        (b'{"action":["user-state"]}', {"user-state"}),
        (b'{"action":"call-state","x":"' + b"y" * 9_000_000 + b'"}', {"call-state"}),
        (b'{"action":"chat"}', set()),
        (b"hello", set()),
    ],
)
def test_what_is_lost_with_a_frame(data: bytes, lost: set[str]) -> None:
    """A frame that cannot be read tells at least which news was in it."""
    with pytest.raises(FrameError) as error:
        decode(data, Trace())
    assert error.value.lost == lost


@pytest.mark.parametrize(
    ("fields", "sender", "text"),
    [
        ({"dest": "46", "message": "hi"}, "46", "hi"),
        ({"dest": 46, "message": 7, "src": "45"}, "46", "7"),
        ({"dest": "anna", "message": " Grüße\r\n\n📞\t"}, "anna", "Grüße 📞"),
        ({"dest": "46", "message": "a\x00b\x07\x1b\x7f\x85c"}, "46", "a b c"),
        ({"dest": "46", "message": "x" * 9999}, "46", "x" * 2000),
        ({"dest": "46", "message": "\x01" * 3999 + "x"}, "46", "x"),
    ],
)
def test_chat(fields: dict[str, Any], sender: str, text: str, trace: Trace) -> None:
    """A chat message is one line from who is named as its destination."""
    frame = orjson.dumps({"action": "chat", **fields})
    assert decode(frame, trace) == ChatMessage(sender, text)
    assert not trace.unknown_fields


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "dest is missing"),
        ({"dest": "46"}, "message is empty"),
        ({"dest": "46", "message": None}, "message is empty"),
        ({"dest": "46", "message": ""}, "message is empty"),
        ({"dest": "46", "message": "\n\x00 "}, "message is empty"),
        ({"dest": "46", "message": {"text": "hi"}}, "message is empty"),
        ({"message": "hi"}, "dest is missing"),
        ({"src": "46", "message": "hi"}, "dest is missing"),
        ({"dest": "", "message": "hi"}, "dest is missing"),
        ({"dest": ["46"], "message": "hi"}, "dest is not a string"),
        ({"dest": "4" * 65, "message": "hi"}, "dest is too long"),
    ],
)
def test_chat_without_sender_or_text(fields: dict[str, Any], fault: str) -> None:
    """What nobody said, or says nothing, is no message."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(orjson.dumps({"action": "chat", **fields}), Trace())


@pytest.mark.parametrize(
    "frame",
    [
        {"action": "user-state"},
        {"action": "user-state", "account": None, "dnd": True},
        {"action": "crmcontact", "data": "{}"},
        {"action": "bye-response"},
        {"invitesdp": "v=0", "callid": "a"},
        {"bye": "true", "callid": "a"},
        {"response": 1},
    ],
)
def test_known_frames_that_say_nothing(frame: dict[str, Any], trace: Trace) -> None:
    """They are neither faults nor oddities; a `user-state` without account is one."""
    assert decode(orjson.dumps(frame), trace) == NoInformation()
    assert not trace.unknown_actions
    assert not trace.dropped


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (b'{"action":"weather","sun":true}', "weather"),
        (b'{"action":""}', ""),
        (b'{"sun":1,"moon":2}', "flat:moon,sun"),
        (b"{}", "flat:"),
    ],
)
def test_unknown_actions_are_counted(frame: bytes, word: str, trace: Trace) -> None:
    """An unknown action fails nothing and is kept for the diagnostics."""
    for _ in range(3):
        assert decode(frame, trace) == NoInformation()
    assert trace.unknown_actions == {word: 3}
    assert trace.samples[word][0] == orjson.loads(frame)


def test_unknown_fields_are_counted(trace: Trace) -> None:
    """An unknown field fails nothing and is kept for the diagnostics."""
    frames: list[dict[str, Any]] = [
        {"action": "call-state", "calls": [{"id": "a", "mood": 1}], "seq": 1},
        {"action": "user-state", "account": "46", "mood": {}, "calls": [{"hue": 1}]},
        {
            "action": "domain-state",
            "accounts": [{"account": "45", "mood": 1}],
            "calls": [{"hue": 1}],
        },
    ]
    for frame in frames:
        decode(orjson.dumps(frame), trace)
    assert trace.unknown_fields == {
        "call-state.calls.mood": 1,
        "call-state.seq": 1,
        "user-state.mood": 1,
        "account.calls.hue": 1,
        "domain-state.accounts.mood": 1,
        "domain-state.calls.hue": 1,
    }


@pytest.mark.parametrize(
    ("fields", "tenant"),
    [
        ({"domain": "Other.Example"}, "other.example"),
        ({"domain": ""}, None),
        ({}, None),
    ],
)
def test_tenant(fields: dict[str, str], tenant: str | None, trace: Trace) -> None:
    """A `user-state` may name its tenant."""
    frame = {"action": "user-state", "account": "46", **fields}
    message = decode(orjson.dumps(frame), trace)
    assert isinstance(message, AccountDelta)
    assert message.tenant == tenant


@pytest.mark.parametrize(
    ("action", "signal"),
    [
        ("blf", ChangeNotice(False, calls=True)),
        ("user-change", ChangeNotice(True)),
        ("missed-calls", ChangeNotice(False)),
    ],
)
def test_signals(action: str, signal: ChangeNotice, trace: Trace) -> None:
    """Frames of unknown content are hints that something changed."""
    frame = orjson.dumps({"action": action, "whatever": [1]})
    assert decode(frame, trace) == signal
    assert not trace.unknown_actions


def test_push_of_orbits(trace: Trace) -> None:
    """Whatever it carries, it is a hint."""
    frames: tuple[dict[str, Any], ...] = (
        {},
        {"calls": 7},
        {"calls": [{}], "orbit": None},
    )
    for fields in frames:
        data = orjson.dumps({"action": "orbit-calls", **fields})
        assert decode(data, trace) == OrbitNotice()
    assert not trace.unknown_actions


@pytest.mark.parametrize(
    ("make", "frame"),
    [
        (lambda: encode("get-users"), {"action": "get-users"}),
        (
            lambda: encode("own-calls", subscribe=True),
            {"action": "own-calls", "subscribe": True},
        ),
        (
            lambda: encode("blf", add=["500", "502"]),
            {"action": "blf", "add": ["500", "502"]},
        ),
        (
            lambda: encode("chat", dest="46", message='"Grüße" 📞\n'),
            {"action": "chat", "dest": "46", "message": '"Grüße" 📞\n'},
        ),
    ],
)
def test_encode(make: Callable[[], str], frame: dict[str, Any]) -> None:
    """A command is one JSON object with its action."""
    assert orjson.loads(make()) == frame


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (
            {"action": "call-state", "calls": [{"id": str(i)} for i in range(6000)]},
            "too many calls",
        ),
        (
            {"action": "call-state", "calls": [{"extension": ["46"] * 6000}]},
            "too many extensions",
        ),
        (
            {
                "action": "call-state",
                "calls": [{"extension": list(range(1000))}] * 3,
            },
            "too many extensions",
        ),
        (
            {"action": "domain-state", "accounts": [{"account": "45"}] * 6000},
            "too many accounts",
        ),
        ({"action": "user-state", "account": "4" * 1000}, "account is too long"),
        ({"action": "user-state", "account": "4\n5"}, "account is no text"),
        ({"action": "user-state", "account": ""}, "account is missing"),
    ],
)
def test_absurd_sizes_drop_the_frame(frame: dict[str, Any], fault: str) -> None:
    """No telephone system has such ids, accounts or lists."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(orjson.dumps(frame), Trace())


def test_what_is_told_again_is_the_same() -> None:
    """Presence and calls that come again are not read anew; what is new of them is."""
    trace = Trace()
    decoder = Decoder(trace)
    presence = b'{"action":"user-state","account":"46","dnd":true,"colour":"red"}'
    assert decoder.decode(presence) is decoder.decode(presence)
    assert decoder.decode(presence) == decode(presence, Trace())
    assert decoder.decode(presence.replace(b"true", b"false")) == AccountDelta(
        Account("46", dnd=False, busy=False, calls=())
    )
    assert trace.unknown_fields["user-state.colour"] == 2

    def calls(*states: str) -> bytes:
        """Return a list of calls in some states."""
        listed = [{"id": str(i), "state": state} for i, state in enumerate(states)]
        return orjson.dumps({"action": "call-state", "calls": listed})

    before = decoder.decode(calls("alerting", "connected"))
    after = decoder.decode(calls("connected", "connected"))
    assert isinstance(before, CallList) and isinstance(after, CallList)
    assert [call.phase for call in after.calls] == [Phase.CONNECTED] * 2
    assert after.calls[1] is before.calls[1]
    assert decoder.decode(calls()) == CallList(())
    assert decoder.decode(calls("alerting", "connected")) == before


def test_calls_with_presence_are_read_each_time() -> None:
    """Their ids do not come again: nothing of them is kept."""
    decoder = Decoder(Trace())
    frame = b'{"action":"user-state","account":"46","calls":[{"id":"a"}]}'
    assert decoder.decode(frame) == decoder.decode(frame)
    assert decoder.decode(frame) is not decoder.decode(frame)


def test_known_frames_are_bounded() -> None:
    """However much presence comes, a bounded number of frames is kept."""
    decoder = Decoder(Trace())
    for number in range(5000):
        decoder.decode(b'{"action":"user-state","account":"%d"}' % number)
    assert len(decoder._known) <= 2000
