"""Test what an extension shows, and which calls are its own."""

import pytest

from custom_components.vodia.pbx.models import CallScope, Totals
from tests.support.feed import (
    BUSY,
    CONNECTED,
    DIALING,
    HELD,
    OFF,
    OUTSIDE,
    OWN,
    PHONES,
    RINGING,
    RINGS,
    TALKS,
    TENANT,
    UNKNOWN,
    Feed,
    Json,
    feed,
    leg,
)

# Calls: groups


def test_group_call_rings_all() -> None:
    """All who ring with the group ring; the caller dials; nobody is in a call."""
    pbx = feed(TENANT, *PHONES, "48")
    pbx.calls(leg("g", "48", "500", "alerting", "48", "45", "46", "47"))
    assert [pbx.shown(number) for number in PHONES] == [RINGS] * 3
    assert pbx.shown("48") == (False, False, DIALING)
    assert pbx.state.totals == Totals(0, 1, 4)


@pytest.mark.parametrize("shrinks", [True, False])
def test_group_call_is_with_the_one_who_answers(shrinks: bool) -> None:
    """Who only rang is not in it, also when the extension list does not shrink."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting", *PHONES))
    pbx.user("46", code=1)
    left = ["46"] if shrinks else PHONES
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *left))
    if not shrinks:
        # Busy was said while all rang: it proves nothing.
        assert [pbx[number].call_state for number in PHONES] == [None] * 3
        assert [pbx[number].in_call for number in PHONES] == [None] * 3
        pbx.user("46", code=1)
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]
    pbx.calls(leg("g", OUTSIDE, "500", "holding", *left))
    assert [pbx.shown(number) for number in PHONES] == [OFF, (False, True, HELD), OFF]
    assert pbx.state.totals == Totals(1, 0, 3)


def test_group_call_is_with_the_sole_extension_left() -> None:
    """A list that has shrunk to one is proof enough."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46"))
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_group_call_is_with_the_named_party() -> None:
    """A party by name is in the call, presence or not."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "45", "46", "connected", *PHONES))
    assert [pbx.shown(number) for number in PHONES] == [TALKS, TALKS, OFF]


def test_group_call_whose_presence_comes_late() -> None:
    """The presence of the one who answered may come after the call."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_group_call_and_presence_that_only_rings() -> None:
    """Presence that says itself that the phone rings is no proof of a call."""
    pbx = feed(TENANT)
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "alerting")])
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    assert pbx["46"].in_call is not True
    assert "g" not in pbx.ids("46")


@pytest.mark.parametrize(
    "presence", [{"calls": [leg("a", "46", OUTSIDE, "connected")]}, {"code": 1}]
)
def test_group_call_and_presence_of_another_call(presence: Json) -> None:
    """Who is busy with one call and only rang for another is not in both."""
    pbx = feed(TENANT)
    pbx.user("46", **presence)
    pbx.user("47", calls=[leg("g", OUTSIDE, "500", "connected")])
    pbx.calls(
        leg("a", "46", OUTSIDE, "connected", "46"),
        leg("g", OUTSIDE, "500", "connected", "46", "47"),
    )
    assert (pbx.ids("46"), pbx.ids("47")) == (["a"], [])
    assert pbx["46"].possible_call_ids == pbx["47"].possible_call_ids == {"g"}
    pbx.user("47", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert not pbx["46"].possible_call_ids
    assert pbx.ids("46") == ["a"]
    assert pbx.ids("47") == ["g"]


def test_group_call_without_any_presence_is_not_idle() -> None:
    """Where presence is not known, nobody can tell who answered."""
    pbx = Feed()
    pbx.rest("45", {"name": "46"}, {"name": "47"})
    pbx.state.calls.begin(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46", "47"))
    assert pbx["46"].in_call is None
    assert pbx["46"].call_state is None


def test_group_call_and_presence_without_id() -> None:
    """The presence of the one who answers may name the caller only."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46", "47"))
    pbx.user("46", calls=[{"from": f"<sip:{OUTSIDE}@localhost>"}])
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


@pytest.mark.parametrize(
    "calls",
    [
        [leg("g", "45", "500", "connected", "45", "46")],
        [
            leg("g", "45", "500", "connected", "45"),
            leg("g", "45", "500", "connected", "46"),
        ],
    ],
)
def test_group_call_of_a_caller_within_the_tenant(calls: list[Json]) -> None:
    """The caller is involved, too: the sole other extension is the one who answered."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "45", "500", "alerting", *PHONES))
    pbx.calls(*calls)
    assert [pbx.shown(number) for number in PHONES] == [TALKS, TALKS, OFF]


# Calls: details and presence


@pytest.mark.parametrize("presence", [{"code": 0}, {"calls": [{"from": "sip:45"}]}])
def test_busy_by_presence_alone(presence: Json) -> None:
    """In a call; which one, and whether a phone rings, is not known."""
    pbx = feed(OWN)
    pbx.user("46", **presence)
    assert pbx.shown("46") == BUSY
    assert pbx.state.totals == Totals(None, None, 3)


@pytest.mark.parametrize(
    "presence", [{"code": 1}, {"calls": [leg("a", "45", "46", "")]}]
)
@pytest.mark.parametrize("scope", [OWN, TENANT])
def test_details_outrank_presence(scope: CallScope, presence: Json) -> None:
    """`code` and `calls` may be set while the phone only rings."""
    pbx = feed(scope)
    pbx.calls(leg("a", "45", "46", "alerting"))
    pbx.user("46", **presence)
    assert pbx.shown("46") == RINGS
    pbx.calls(leg("a", "45", "46", "connected"))
    assert pbx.shown("46") == TALKS


def test_details_outrank_presence_without_id() -> None:
    """A listed call with the caller of a known one is that call; often it has no id."""
    pbx = feed(OWN)
    pbx.calls(leg("a", "45", "46", "alerting"))
    pbx.user("46", calls=[{"from": "<sip:45@localhost>"}])
    assert pbx["46"].ringing is True
    assert pbx["46"].in_call is not True


def test_details_outrank_rest_presence() -> None:
    """`connected` of the REST list may be old; a call list is not."""
    pbx = Feed()
    pbx.rest("45", {"name": "46", "connected": True})
    pbx.state.calls.begin(TENANT)
    pbx.calls()
    assert pbx.shown("46") == OFF


def test_unknown_call_state_is_unknown() -> None:
    """A word that is not known is neither idle nor busy."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "hovering"))
    assert pbx.shown("45") == UNKNOWN
    assert pbx.shown("46") == OFF
    assert pbx.state.totals == Totals(None, None, 3)


# Several calls


def test_several_calls_priority() -> None:
    """Connected before ringing, dialing, held; the newest first."""
    pbx = feed(TENANT)
    calls = [
        leg("held", OUTSIDE, "45", "onhold", "45", start=9),
        leg("dialing", "45", OUTSIDE, "alerting", "45", start=8),
        leg("ringing", OUTSIDE, "45", "alerting", "45", start=7),
        leg("old", OUTSIDE, "45", "connected", "45", start=1),
        leg("new", OUTSIDE, "45", "connected", "45", start=2),
        leg("undated", OUTSIDE, "45", "connected", "45"),
    ]
    order = ["new", "old", "undated", "ringing", "dialing", "held"]
    states = [CONNECTED] * 3 + [RINGING, DIALING, HELD]
    while order:
        pbx.calls(*calls)
        assert pbx.ids("45") == order
        assert pbx["45"].call_state is states.pop(0)
        calls = [call for call in calls if call["id"] != order[0]]
        order.pop(0)


def test_ringing_and_in_call_have_their_own_truth() -> None:
    """A second call may ring while the first goes on, or is held."""
    pbx = feed(TENANT)
    second = leg("b", OUTSIDE, "45", "alerting", "45")
    pbx.calls(leg("a", "45", "46", "connected"), second)
    assert pbx.shown("45") == (True, True, CONNECTED)
    pbx.calls(leg("a", "45", "46", "holding"), second)
    assert pbx.shown("45") == (True, True, RINGING)
    assert pbx.state.totals == Totals(1, 1, 3)


# What may be, and may not


def test_phone_that_goes_away_while_it_rings() -> None:
    """Whether it still rings is open, at once and not with the next call list only."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "46", "alerting"))
    assert pbx.shown("46") == RINGS
    pbx.user("46", registered=False)
    assert pbx.shown("46") == UNKNOWN
    pbx.user("46", registered=True)
    assert pbx.shown("46") == RINGS


def test_called_number_while_another_is_involved() -> None:
    """A call to one phone that another one has taken is not said to be with both."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "46", "connected", "47"))
    assert pbx.shown("47") == TALKS
    assert pbx["46"].call_state is not CONNECTED
    assert pbx["46"].in_call is not True


def test_presence_of_who_only_rang_proves_nothing_of_the_line() -> None:
    """What REST says of the line is not tested by a group's call that another took."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting", *PHONES))
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    for _ in range(4):
        pbx.rest("45", {"name": "46", "connected": True}, {"name": "47"})
    assert pbx["46"].in_call is True


def test_calls_beside_the_one_that_is_shown() -> None:
    """A call in a state that nobody knows makes the others incomplete."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "connected"), leg("b", "46", "45", "queued"))
    assert pbx["45"].call_state is CONNECTED
    assert pbx["45"].possible_call_ids == {"b"}
    assert not pbx["45"].complete


def test_withheld_callers_are_not_the_same() -> None:
    """Two calls without a number have nothing in common."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "anonymous", "500", "connected", "46", "47"))
    pbx.user("46", calls=[{"from": "<sip:anonymous@localhost>"}])
    assert "g" not in pbx.ids("46")
