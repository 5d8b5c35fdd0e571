"""Test which calls we hold."""

import pytest

from custom_components.vodia.pbx.errors import HeldElsewhereError, NotConfirmedError
from custom_components.vodia.pbx.models import AccountCall, CallState, Direction, Party
from custom_components.vodia.pbx.state.holds import Hold, Holds
from tests.support.feed import CONNECTED, HELD, OUTSIDE, TALK, TENANT, feed


@pytest.mark.parametrize(
    ("hold", "held", "talking"),
    [
        (Hold.PENDING, Hold.HELD_BY_US, Hold.PENDING),
        (Hold.HELD_BY_US, Hold.HELD_BY_US, None),
        (Hold.RESUMING, Hold.RESUMING, None),
        (Hold.UNCERTAIN, Hold.UNCERTAIN, Hold.UNCERTAIN),
    ],
)
def test_holds_of_ours(hold: Hold, held: Hold, talking: Hold | None) -> None:
    """What we toggled is ours once it is seen, and over when the call is not held."""
    pbx = feed(TENANT)
    pbx.calls(TALK)
    for word, expected in (("holding", held), ("connected", talking)):
        pbx.state.holds.by_call["a"] = hold
        pbx.calls({**TALK, "state": word})
        assert pbx.state.holds.by_call.get("a") is expected
    pbx.state.holds.by_call["a"] = hold
    pbx.calls()
    assert not pbx.state.holds.by_call


def held_call(state: CallState) -> AccountCall:
    """Return a call of the line."""
    return AccountCall(
        *("a", state, Direction.INCOMING, None, Party(OUTSIDE)), None, 1, 2, None
    )


def test_toggle_goes_one_way_only() -> None:
    """What could do the opposite is refused: another's hold, and a second toggle."""
    holds = Holds()
    with pytest.raises(HeldElsewhereError):
        holds.begin_toggle(held_call(HELD))
    holds.begin_toggle(held_call(CONNECTED))
    with pytest.raises(NotConfirmedError):
        holds.begin_toggle(held_call(CONNECTED))
    holds.confirm("a")
    holds.begin_toggle(held_call(HELD))
    assert holds.by_call == {"a": Hold.RESUMING}


def test_toggle_without_effect() -> None:
    """It may still have one: from then on neither way is sure, until the call ends."""
    holds = Holds()
    holds.begin_toggle(held_call(CONNECTED))
    holds.end_toggle("a")
    for state in (CONNECTED, HELD):
        with pytest.raises(NotConfirmedError):
            holds.begin_toggle(held_call(state))
    holds.follow({})
    holds.end_toggle("a")
    assert not holds.by_call
