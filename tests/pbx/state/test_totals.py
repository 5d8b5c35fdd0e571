"""Test the counts over the tenant."""

import pytest

from custom_components.vodia.pbx.models import Totals
from tests.support.feed import (
    OUTSIDE,
    OWN,
    TALK,
    TENANT,
    Feed,
    Json,
    account,
    feed,
    leg,
)


def test_totals_count_each_call_once() -> None:
    """A call within the tenant has two parties and is one call."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", "45", "46", "connected", "45", "46"),
        leg("b", OUTSIDE, "47", "onhold", "47"),
        leg("c", OUTSIDE, "500", "alerting", "45", "46", "47"),
    )
    assert pbx.state.totals == Totals(2, 1, 3)


def test_totals_of_presence_count_each_call_once() -> None:
    """Where only the own calls are listed, the others' presence adds theirs."""
    pbx = feed(OWN)
    talk = leg("a", "46", "47", "connected")
    pbx.user("46", calls=talk)
    pbx.user("47", calls=talk)
    pbx.calls(leg("b", OUTSIDE, "45", "alerting"))
    assert pbx.state.totals == Totals(1, 1, 3)


def test_totals_of_registered_extensions() -> None:
    """Absent ones do not count; one that is not told leaves the count unknown."""
    pbx = feed(TENANT, "45", account("46", registered=False), "47")
    assert pbx.state.totals.registered_extensions == 2
    pbx.accounts("45")
    assert pbx.state.totals.registered_extensions == 1
    pbx.accounts("45", account("46", registered=None))
    assert pbx.state.totals.registered_extensions is None


def test_totals_do_not_need_the_presence_of_the_line() -> None:
    """The line's calls are told by its list; its presence often has no id."""
    pbx = feed(OWN)
    pbx.calls(leg("a", "45", OUTSIDE, "connected"))
    pbx.user("45", calls=[{"from": "<sip:45@localhost>"}])
    assert pbx.state.totals == Totals(1, 0, 3)


def test_totals_know_of_callers_without_a_phone() -> None:
    """A caller in the attendant or a queue is a call; it may be unknown, never 0."""
    pbx = feed(OWN, "45", account("550", type="attendants"))
    pbx.user("550", calls=[leg("a", OUTSIDE, "550", "connected")])
    assert pbx.state.totals.active_calls in (1, None)


def test_totals_where_an_account_is_busy_and_tells_no_call() -> None:
    """How many calls are in an attendant or a queue that is busy nobody can count."""
    pbx = feed(OWN, "45", account("550", type="attendants"))
    pbx.user("550", code=1)
    assert pbx.state.totals == Totals(None, None, 1)
    pbx.user("550", calls=[])
    assert pbx.state.totals == Totals(0, 0, 1)


@pytest.mark.parametrize("answerer", ["46", "47"])
def test_totals_of_a_call_that_two_tell_differently(answerer: str) -> None:
    """A call that one has connected is connected, whoever still rings."""
    pbx = feed(OWN)
    for number in ("46", "47"):
        word = "connected" if number == answerer else "alerting"
        pbx.user(number, calls=[leg("g", OUTSIDE, "500", word)])
    assert pbx.state.totals == Totals(1, 0, 3)


@pytest.mark.parametrize("kind", ["extensions", "attendants"])
@pytest.mark.parametrize("presence", [{"code": 1}, {"calls": [TALK]}])
def test_totals_forget_who_is_gone(kind: str, presence: Json) -> None:
    """What an account told last counts no more once a snapshot lacks it."""
    pbx = feed(OWN, "45", account("46", type=kind))
    pbx.user("46", **presence)
    pbx.accounts("45", now=100)
    assert pbx.state.totals == Totals(0, 0, 1)
    pbx.accounts("45", now=800)
    assert pbx.state.totals == Totals(0, 0, 1)


def test_totals_and_an_empty_list() -> None:
    """A list that proves nothing does not prove that nobody is in a call."""
    pbx = Feed()
    pbx.rest("45", "46")
    pbx.state.calls.begin(OWN)
    pbx.calls()
    pbx.rest()
    assert pbx.state.totals == Totals(None, None, 2)
