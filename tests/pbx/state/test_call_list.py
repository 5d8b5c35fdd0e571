"""Test how lists of calls are applied."""

import pytest

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.models import Totals
from tests.support.feed import (
    CONNECTED,
    OFF,
    OUTSIDE,
    OWN,
    PHONES,
    RINGS,
    TALKS,
    TENANT,
    UNKNOWN,
    Feed,
    Json,
    feed,
    leg,
)

# Calls: the list


def test_call_list_is_complete() -> None:
    """An id that is missing has ended; `[]` ends all."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "45", "connected", "45"),
        leg("b", OUTSIDE, "46", "connected", "46"),
    )
    assert pbx.state.totals.active_calls == 2
    assert pbx.calls(leg("b", OUTSIDE, "46", "connected", "46")) == Changes(
        frozenset({"45"}), frozenset({"45"}), totals=True
    )
    assert (pbx.shown("45"), pbx.shown("46")) == (OFF, TALKS)
    pbx.calls()
    assert pbx.shown("46") == OFF
    assert pbx.state.totals == Totals(0, 0, 3)


def test_same_call_list_again_is_nothing() -> None:
    """Nobody is told of it."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "connected", "45"))
    assert not pbx.calls(leg("a", OUTSIDE, "45", "connected", "*45"))


@pytest.mark.parametrize("word", ["state", "callstate"])
@pytest.mark.parametrize("listed", [True, False])
def test_object_for_list_and_callstate_for_state(word: str, listed: bool) -> None:
    """Both ways to write a call say the same."""
    pbx = feed(TENANT)
    call = {
        "id": "a",
        "from": f"<sip:{OUTSIDE}@localhost>",
        "to": "sip:45@localhost",
        word: "alerting",
    }
    pbx.frame("call-state", calls=[call] if listed else call)
    assert pbx.shown("45") == RINGS


def test_star_extension_is_the_extension() -> None:
    """The star is stripped."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "500", "alerting", "*46"))
    assert (pbx.shown("45"), pbx.shown("46")) == (OFF, RINGS)


def test_call_without_id_begins_goes_on_and_ends() -> None:
    """Its parties and start are its key."""
    pbx = feed(TENANT)
    call = leg("", OUTSIDE, "45", "alerting", start=5)
    pbx.calls(call, leg("", OUTSIDE, "46", "alerting", start=5))
    (id_,) = pbx.ids("45")
    pbx.calls({**call, "state": "connected"})
    assert (pbx.ids("45"), pbx.shown("45"), pbx.shown("46")) == ([id_], TALKS, OFF)
    pbx.calls()
    assert pbx.shown("45") == OFF


def test_two_calls_without_id_in_split_fields() -> None:
    """Bare numbers tell them apart as well as party strings."""
    pbx = feed(TENANT)
    pbx.calls(
        {"from-number": OUTSIDE, "to-number": "45", "state": "connected"},
        {"from-number": "+4930777777", "to-number": "45", "state": "alerting"},
    )
    assert len(pbx.ids("45")) == 2
    assert pbx.shown("45") == (True, True, CONNECTED)


def test_legs_with_one_id_are_one_call() -> None:
    """A list may hold an entry for each leg: the call counts once."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46"),
        leg("a", OUTSIDE, "500", "alerting", "47"),
    )
    assert (pbx.shown("46"), pbx.shown("47")) == (RINGS, RINGS)
    assert pbx.state.totals.ringing_calls == 1


def test_connected_leg_outranks_a_ringing_one_with_its_id() -> None:
    """The extension of the leg that is connected is in the call, the other is not."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "47"),
        leg("a", OUTSIDE, "500", "connected", "46"),
    )
    assert pbx.shown("46") == TALKS
    assert pbx["47"].in_call is not True
    assert pbx.state.totals == Totals(1, 0, 3)


# Calls of a `domain-state`


def test_domain_state_calls_fill_in_until_the_first_call_list() -> None:
    """They show the line's calls at the start; a call list knows better."""
    pbx = Feed()
    call = leg("a", OUTSIDE, "45", "connected")
    pbx.accounts(*PHONES, calls=[call, leg("b", OUTSIDE, "46", "alerting")])
    assert pbx["45"].call_state is CONNECTED
    pbx.state.calls.begin(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    pbx.accounts(*PHONES, calls=[call])
    assert pbx.shown("45") == OFF


@pytest.mark.parametrize("fields", [{}, {"calls": []}])
def test_domain_state_ends_no_call(fields: Json) -> None:
    """Only `call-state` ends calls."""
    pbx = Feed()
    pbx.accounts(*PHONES, calls=leg("a", OUTSIDE, "45", "connected"))
    pbx.accounts(*PHONES, **fields)
    assert pbx["45"].call_state is CONNECTED
    pbx.state.calls.begin(OWN)
    pbx.calls(leg("a", OUTSIDE, "45", "connected"))
    pbx.accounts(*PHONES, **fields)
    assert pbx["45"].call_state is CONNECTED


def test_before_any_call_list_nothing_is_idle_that_is_not_told() -> None:
    """A line whose calls are not told yet, and whose presence is not, is unknown."""
    pbx = Feed()
    assert pbx.shown("45") == UNKNOWN
    assert pbx.state.totals == Totals(None, None, None)
    pbx.rest("45")
    assert pbx.shown("45") == (None, False, None)


def test_before_any_snapshot_the_totals_are_not_known() -> None:
    """Who else there is, and in what call, nobody has told."""
    pbx = Feed()
    pbx.state.calls.begin(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    assert pbx.state.totals == Totals(None, None, None)
