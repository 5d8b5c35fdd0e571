"""Which call it is: legs that are one call, and calls that are not."""

import pytest

from tests.support.feed import OUTSIDE, Json, leg
from tests.support.tracked import RING, TALK, office


def test_group_call_that_becomes_a_phones() -> None:
    """What is to a phone now, and connected, was answered, and has left the group."""
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "500", "alerting", "46"))
    assert office_.calls(105, leg("a", OUTSIDE, "46", "connected", "46")) == [
        "46 answered",
        "500 answered",
        "500 ended unknown",
    ]


def test_legs_share_what_was_told_first() -> None:
    """The same caller, dialed number and start make one call of two ids."""
    office_ = office()
    one = leg("a", OUTSIDE, "500", "alerting", "45", start=100)
    other = leg("b", OUTSIDE, "500", "alerting", "46", start=101)
    another = leg("c", OUTSIDE, "500", "alerting", "47", start=200)
    office_.pbx.calls(one, other, another)
    state = office_.pbx.state
    events = office_.tracker.update(state, state.extensions, 100)
    origins = {event.account: event.origin for event in events}
    assert origins["45"] == origins["46"] != origins["47"]
    assert office_.tracker.accounts_in(origins["45"]) == {"45", "46"}
    assert office_.tracker.accounts_in(origins["47"]) == {"47"}


def test_group_goes_on_with_another_leg() -> None:
    """Its call is not over while a leg of it is there."""
    office_ = office()
    one = leg("a", OUTSIDE, "500", "alerting", "45", start=100)
    other = leg("b", OUTSIDE, "500", "alerting", "46", start=101)
    assert office_.calls(100, one, other) == ["45 ringing", "46 ringing", "500 ringing"]
    assert office_.calls(105, other | {"state": "connected"}) == [
        "45 ended answered_elsewhere",
        "46 answered",
        "500 answered",
    ]


def test_calls_of_a_group_that_change_at_once() -> None:
    """Each goes on as its own leg, and a stranger is none."""

    def ring(id_: str, caller: str, start: float) -> Json:
        """Return a call that rings at the group alone."""
        return leg(id_, caller, "500", "alerting", start=start)

    other = "+4940222222"
    office_ = office()
    office_.calls(100, ring("a", OUTSIDE, 100), ring("b", other, 90))
    assert office_.calls(101, ring("c", OUTSIDE, 101), ring("d", other, 91)) == []
    assert office_.calls(105, ring("e", "+4940333333", 105)) == [
        *["500 missed missed", "500 ended missed"] * 2,
        "500 ringing",
    ]


@pytest.mark.parametrize(("first", "second"), [("45", "46"), ("46", "45")])
def test_both_sides_of_a_call_within_share_it(first: str, second: str) -> None:
    """Who calls and who is called may have legs of their own."""
    office_ = office()
    office_.pbx.calls(
        leg("a45", "45", "46", "alerting", "45", start=100),
        leg("a46", "45", "46", "alerting", "46", start=100),
    )
    state = office_.pbx.state
    (one,) = office_.tracker.update(state, [first], 100)
    (other,) = office_.tracker.update(state, [second], 100)
    assert [event.call.id for event in (one, other)] == [f"a{first}", f"a{second}"]
    assert one.origin == other.origin


def test_who_calls_twice_is_not_one_call() -> None:
    """Two calls of an account are no legs of each other, as like as they are."""
    office_ = office()
    again = leg("b", OUTSIDE, "45", "alerting", start=101)
    office_.pbx.calls(RING, again)
    events = office_.tracker.update(office_.pbx.state, ["45"], 101)
    assert len({event.origin for event in events}) == 2


def test_consultation_that_becomes_the_call() -> None:
    """Who rings for a consultation and gets the call itself has not missed it."""
    office_ = office()
    office_.calls(100, TALK, leg("b", "45", "47", "alerting"))
    assert office_.calls(105, leg("a", OUTSIDE, "47", "alerting", start=100)) == [
        "45 ended unknown 5",
        "45 ended unanswered",
        "47 ended unknown",
        "47 ringing",
    ]
