"""Test the state as a whole: scopes, and any history against a fresh start."""

from collections.abc import Callable

import pytest

from custom_components.vodia.pbx.models import CallScope, Totals
from tests.support.feed import (
    BUSY,
    CONNECTED,
    OFF,
    OUTSIDE,
    OWN,
    PHONES,
    RINGS,
    TALK,
    TALKS,
    TENANT,
    UNKNOWN,
    Feed,
    Json,
    account,
    feed,
    leg,
)

# Whose calls are told


def test_own_scope_foreign_calls_do_not_appear_on_the_line() -> None:
    """A call that lists others only strayed in from the tenant's stream."""
    pbx = feed(OWN)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46", "47"),
        leg("b", OUTSIDE, "500", "alerting", "45", "47"),
    )
    assert pbx.ids("45") == ["b"]


def test_own_scope_group_call_of_the_line() -> None:
    """The own stream may name the caller and the group only."""
    pbx = feed(OWN)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting"))
    assert pbx.shown("45") == RINGS
    assert pbx.shown("46") == OFF


def test_own_scope_others_have_their_own_truth() -> None:
    """What others do is told by their presence, and the line's list ends none of it."""
    pbx = feed(OWN)
    pbx.user("46", calls=[leg("a", "46", OUTSIDE, "connected")])
    pbx.user("47", calls=[leg("b", OUTSIDE, "47", "alerting")])
    pbx.calls(leg("c", OUTSIDE, "45", "connected"))
    pbx.calls()
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, RINGS]
    assert pbx.state.totals == Totals(1, 1, 3)


def test_own_scope_the_lists_of_the_line_are_the_truth_of_the_line() -> None:
    """Its own presence may lag behind."""
    pbx = feed(OWN)
    pbx.user("45", code=1, calls=[leg("a", OUTSIDE, "45", "connected")])
    assert pbx.shown("45") == OFF
    assert pbx.state.totals == Totals(0, 0, 3)


def test_own_scope_rest_presence() -> None:
    """Not busy is not in a call; whether a phone rings is not told."""
    pbx = Feed()
    pbx.rest("45", "46", {"name": "47", "connected": True}, {"name": "48"})
    pbx.state.calls.begin(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    assert pbx.shown("46") == (None, False, None)
    assert pbx.shown("47") == BUSY
    assert pbx.shown("48") == UNKNOWN
    assert pbx.state.totals.active_calls is None
    assert pbx.state.totals.ringing_calls is None


def test_own_scope_the_other_party_of_the_line() -> None:
    """A call with the line is known of both, even where nothing else is."""
    pbx = Feed()
    pbx.rest("45", "46")
    pbx.state.calls.begin(OWN)
    pbx.calls(leg("a", "45", "46", "connected"))
    assert pbx["46"].in_call is True
    assert pbx["46"].call_state is CONNECTED


def test_own_scope_group_call_answered_elsewhere() -> None:
    """The one who answered says so himself while the line's leg still rings."""
    pbx = feed(OWN)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting"))
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "alerting")])
    assert pbx.shown("46") == RINGS
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert pbx["46"].in_call is True
    pbx.calls()
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_tenant_scope_tells_everybody() -> None:
    """Who is in no listed call is idle."""
    pbx = Feed()
    pbx.rest(*PHONES)
    assert pbx["46"].call_state is None
    pbx.state.calls.begin(TENANT)
    pbx.calls(leg("a", OUTSIDE, "47", "connected", "47"))
    assert [pbx.shown(number) for number in PHONES] == [OFF, OFF, TALKS]
    assert pbx.state.totals == Totals(1, 0, 3)


# Any history


GROUP = leg("g", OUTSIDE, "500", "alerting", *PHONES, start=2)


TWINS = [leg("a", OUTSIDE, "45", "connected"), leg("b", OUTSIDE, "45", "connected")]


HISTORIES: dict[str, Callable[[Feed], object]] = {
    "nothing": lambda pbx: None,
    "presence": lambda pbx: pbx.user("46", code=1, dnd=True, chatstatus="online"),
    "unregistered": lambda pbx: pbx.user("45", registered=False),
    "renamed": lambda pbx: pbx.user("47", name="Zoë"),
    "listed calls": lambda pbx: pbx.user("47", calls=[{"from": "sip:46"}]),
    "unknown account": lambda pbx: pbx.user("99", code=1),
    "calls": lambda pbx: pbx.calls(TALK, GROUP),
    "unknown state": lambda pbx: pbx.calls({**TALK, "state": "hovering"}),
    "group answered": lambda pbx: (
        pbx.calls(GROUP),
        pbx.user("46", code=1),
        pbx.calls({**GROUP, "state": "connected"}),
    ),
    "other order": lambda pbx: (pbx.calls(), pbx.calls(*reversed(TWINS))),
    "another type": lambda pbx: pbx.accounts("45", account("46", type="hunts"), "47"),
    "absent": lambda pbx: pbx.accounts("45", "47"),
    "removed": lambda pbx: (
        pbx.accounts("45", now=0),
        pbx.accounts("45", now=700),
    ),
    "empty list": lambda pbx: pbx.accounts(),
    "list without us": lambda pbx: pbx.accounts(account("46", dnd=True, code=1)),
    "calls in the snapshot": lambda pbx: pbx.accounts(*PHONES, calls=[TALK, GROUP]),
    "rest": lambda pbx: pbx.rest("45", {"name": "46", "connected": True}),
    "expired dial": lambda pbx: pbx.state.dials.expect(OUTSIDE, -100),
}


TRUTHS: dict[str, list[Json]] = {
    "idle": [],
    "talk": [TALK],
    "group": [GROUP],
    "connected group": [{**GROUP, "state": "connected"}],
    "twins": TWINS,
}


def tell_all(pbx: Feed, scope: CallScope, calls: list[Json]) -> None:
    """Feed complete snapshots of accounts and calls."""
    pbx.state.calls.begin(scope)
    accounts = (
        account("45", name="Me", chatstatus="online"),
        account("46", code=1, registered=False),
        account("47", dnd=True, calls=[leg("x", OUTSIDE, "47", "alerting")]),
    )
    pbx.accounts(*accounts, now=1000)
    pbx.calls(*calls, now=1000)
    # Presence says who answered a group's call, if it is told after the call.
    pbx.accounts(*accounts, now=1000)


@pytest.mark.parametrize("scope", [OWN, TENANT])
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("late", [True, False])
def test_any_history_equals_a_fresh_client(
    scope: CallScope, truth: str, history: str, late: bool
) -> None:
    """Complete snapshots leave no trace of what was before, in the calls' order too."""
    old = Feed()
    old.accounts(*PHONES)
    if late:
        old.state.calls.begin(scope)
        old.calls(*TRUTHS[truth])
    HISTORIES[history](old)
    fresh = Feed()
    for pbx in (old, fresh):
        tell_all(pbx, scope, TRUTHS[truth])
    assert old.state.extensions == fresh.state.extensions
    assert old.state.totals == fresh.state.totals


def test_both_dialects_show_the_same() -> None:
    """For facts that both carry, the state is the same."""
    classic = Feed()
    classic.accounts(*PHONES)
    classic.state.calls.begin(TENANT)
    classic.calls(
        leg("a", '"Anna" <sip:46@localhost>', "45", "", callstate="alerting", start=5)
    )
    modern = Feed()
    modern.rest(*PHONES)
    modern.state.calls.begin(TENANT)
    call = {"id": "a", "state": "alerting", "start": "5", "connect": ""}
    ends = {"from-number": "46", "from-name": "Anna", "to-number": "45"}
    modern.calls({**call, **ends, "extension": ["*45", "46"]})
    for number in PHONES:
        assert classic.shown(number) == modern.shown(number)
        for one, other in zip(classic[number].calls, modern[number].calls, strict=True):
            assert (one.direction, one.remote.number, one.scope, one.started) == (
                *(other.direction, other.remote.number, other.scope),
                other.started,
            )
    assert classic.state.totals == modern.state.totals
