"""Test which calls we hold."""

import pytest

from custom_components.vodia.pbx.state.holds import Hold
from tests.support.feed import TALK, TENANT, feed


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
