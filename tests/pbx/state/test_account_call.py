"""Test how an account has a call: its direction, its scope, its names."""

import pytest

from custom_components.vodia.pbx.models import Scope
from tests.support.feed import (
    DIALING,
    INCOMING,
    OFF,
    OUTGOING,
    OUTSIDE,
    RINGING,
    RINGS,
    TENANT,
    account,
    feed,
    leg,
)


@pytest.mark.parametrize("word", ["alerting", "ringback", "ringing"])
def test_parties_tell_the_direction_not_the_state_word(word: str) -> None:
    """`alerting` is seen on both sides."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "46", "45", word, "45", "46", start=7))
    (mine,), (other,) = pbx["45"].calls, pbx["46"].calls
    assert (mine.state, mine.direction) == (RINGING, INCOMING)
    assert (other.state, other.direction) == (DIALING, OUTGOING)
    assert (mine.remote.number, other.remote.number) == ("46", "45")
    assert mine.dialed_number == other.dialed_number == "45"
    assert mine.started == other.started == 7
    assert pbx.shown("46") == (False, False, DIALING)


def test_call_shows_both_sides_of_a_conversation() -> None:
    """All that is known of a call is shown to each party of it."""
    pbx = feed(TENANT, "45", account("46", name="Bob"))
    pbx.calls(
        leg("a", '"Me" <sip:45@tenant>', "46", "connected", connect=9, rec="adhoc")
    )
    mine, other = pbx["45"].call, pbx["46"].call
    assert mine is not None
    assert other is not None
    assert (mine.remote.number, mine.remote.name) == ("46", "Bob")
    assert (other.remote.number, other.remote.name) == ("45", "Me")
    assert (mine.answered, mine.recording) == (9, True)
    assert mine.scope is other.scope is Scope.INTERNAL


@pytest.mark.parametrize(
    ("caller", "scope"),
    [
        ("<sip:46@localhost>", Scope.INTERNAL),
        ("<sip:46@tenant>", Scope.INTERNAL),
        ("46", Scope.INTERNAL),
        ("<sip:46@elsewhere.example>", Scope.EXTERNAL),
        # A trunk's caller bears the address of the tenant.
        (f"<sip:{OUTSIDE}@localhost>", Scope.EXTERNAL),
        ("<sip:99@localhost>", None),
        ("", None),
    ],
)
def test_scope(caller: str, scope: Scope | None) -> None:
    """Internal: both parties in the tenant; None where that is not known."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", caller or "<>", "45", "alerting"))
    (call,) = pbx["45"].calls
    assert call.scope is scope


def test_external_party_with_the_number_of_an_extension() -> None:
    """A call of 46 at another host is not the call of our 46."""
    pbx = feed(TENANT, "45", account("46", name="Bob"))
    pbx.calls(leg("a", "<sip:46@elsewhere.example>", "45", "connected"))
    assert pbx.shown("46") == OFF
    (call,) = pbx["45"].calls
    assert (call.direction, call.scope, call.remote.name) == (
        *(INCOMING, Scope.EXTERNAL),
        None,
    )


def test_external_caller_with_our_own_number() -> None:
    """45 at another host calls us: that is incoming."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "<sip:45@elsewhere.example>", "45", "alerting"))
    assert pbx.shown("45") == RINGS


def test_withheld_number() -> None:
    """A caller may be unknown; the call is not."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "<sip:anonymous@anonymous.invalid>", "45", "alerting"))
    (call,) = pbx["45"].calls
    assert (call.remote.number, call.remote.name) == (None, None)
    assert pbx.shown("45") == RINGS
