"""Settings of an extension: what they tell of call forwarding, and nothing else."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.vodia.pbx.forwarding import (
    CallForwarding,
    Forward,
    ForwardingCondition,
    ForwardingState,
)
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.fields import FrameError, Reading
from custom_components.vodia.pbx.wire.settings import (
    decode_forwarding,
    decode_login,
    forwarding_settings,
)

OFF, UNKNOWN = Forward(False), Forward()
HASHES = {"sip_hist": "5f4dcc3b5aa765d61d83", "web_hist": ["e99a18c428cb38d5f260"]}
FORWARDS = {"cfa": "", "cfb": "41", "cfn": "+49170 1", "cfn_timeout": "20"}
FORWARDING = CallForwarding(OFF, Forward(True, "41"), Forward(True, "+49170 1"), 20)


def decode(reply: Any) -> CallForwarding | None:
    """Return what a reply tells."""
    return decode_forwarding(reply, Reading(Trace()))


@pytest.mark.parametrize(
    "reply",
    [
        FORWARDS | HASHES,
        {"table": "users", "settings": FORWARDS | HASHES},
        {
            "settings": {
                name: {"name": name, "value": value}
                for name, value in (FORWARDS | HASHES).items()
            }
        },
        {
            "settings": [
                {"name": name, "value": value}
                for name, value in (FORWARDS | HASHES).items()
            ]
        },
        {
            "settings": [
                *(None, {}, {"name": ["cfa"]}),
                *({"name": name, "value": value} for name, value in FORWARDS.items()),
            ]
        },
        FORWARDS | {"cfb": 41, "cfn_timeout": 20},
        FORWARDS | {"cfb": 41.0, "cfn_timeout": "020", "cfa": "  "},
    ],
)
def test_shapes(reply: Any) -> None:
    """Values by name, rows by name and rows in a list tell the same."""
    assert decode(reply) == FORWARDING


def test_nothing_else_is_taken() -> None:
    """What is beside it stays in the reply, odd or not."""
    reading = Reading(Trace())
    assert decode_forwarding(FORWARDS | HASHES, reading) == FORWARDING
    assert reading.clean
    trace = reading.trace
    told = (trace.unknown_fields, trace.odd_fields, trace.samples, trace.last)
    assert not any(told)


@pytest.mark.parametrize(
    ("reply", "forwarding", "state"),
    [
        ({"cfa": ""}, CallForwarding(OFF), None),
        ({"cfa": None, "cfb": "", "cfn": ""}, CallForwarding(UNKNOWN, OFF, OFF), None),
        ({"cfa": [], "cfb": "", "cfn": ""}, CallForwarding(UNKNOWN, OFF, OFF), None),
        ({"cfa": "41"}, CallForwarding(Forward(True, "41")), ForwardingState.ALWAYS),
        (
            {"cfa": "", "cfb": "", "cfn": "", "cfn_timeout": "soon"},
            CallForwarding(OFF, OFF, OFF),
            ForwardingState.OFF,
        ),
    ],
)
def test_what_is_not_told(
    reply: Any, forwarding: CallForwarding, state: ForwardingState | None
) -> None:
    """A setting that is not there, or odd, is not known, and never off."""
    assert decode(reply) == forwarding
    assert forwarding.state is state


def test_odd_is_asked_again() -> None:
    """A setting that cannot be read is counted, by its name alone."""
    reading = Reading(Trace())
    decode_forwarding({"cfa": {"value": {"x": "secret"}}}, reading)
    assert not reading.clean
    assert "secret" not in str(reading.trace)


@pytest.mark.parametrize(
    "reply", [{}, {"dnd": "true"}, {"settings": {}}, {"settings": []}]
)
def test_no_forwarding(reply: Any) -> None:
    """Settings without any of it tell nothing."""
    assert decode(reply) is None


@pytest.mark.parametrize("reply", [None, 3, "x", True, [], [FORWARDS], {"settings": 1}])
def test_no_settings(reply: Any) -> None:
    """What is no settings is refused."""
    with pytest.raises(FrameError, match=r"^user_settings is "):
        decode(reply)


@given(
    st.sampled_from(list(ForwardingCondition)),
    st.from_regex(r"\+?[0-9*#]{1,64}", fullmatch=True) | st.none(),
    st.integers(1, 300) | st.none(),
)
def test_written_and_read(
    condition: ForwardingCondition, number: str | None, after: int | None
) -> None:
    """What is written is what is read, and nothing of the other conditions."""
    written = forwarding_settings(condition, number, after)
    read = decode(written)
    assert read
    assert read.forward(condition) == (Forward(True, number) if number else OFF)
    assert read.no_answer_after == after
    others = set(ForwardingCondition) - {condition}
    assert all(read.forward(other) == UNKNOWN for other in others)


@pytest.mark.parametrize("told", [True, "true", "True", 1, "1"])
def test_logged_in(told: Any) -> None:
    """A word, alone or in an object."""
    assert decode_login(told, Reading(Trace())) is True
    assert decode_login({"login": told, "group": "601"}, Reading(Trace())) is True


@pytest.mark.parametrize(("told", "login"), [(False, False), ("0", False), ("", None)])
def test_not_logged_in(told: Any, login: bool | None) -> None:
    """Out is told; an empty word says nothing."""
    assert decode_login(told, Reading(Trace())) is login
    assert decode_login({"login": told}, Reading(Trace())) is login


@pytest.mark.parametrize("reply", [None, [], [True], {}, {"state": True}])
def test_no_login(reply: Any) -> None:
    """What is no word is refused."""
    with pytest.raises(FrameError, match=r"^acd_login (is|has) "):
        decode_login(reply, Reading(Trace()))
