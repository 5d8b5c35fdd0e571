"""Test which calls are recognised as dialed by us."""

import pytest

from custom_components.vodia.pbx.models import CallScope, CallState
from custom_components.vodia.pbx.state.memory import Memory
from custom_components.vodia.pbx.state.tenant import TenantState
from tests.support.feed import (
    CONNECTED,
    DIALING,
    IDLE,
    INCOMING,
    OUTGOING,
    OUTSIDE,
    OWN,
    PHONES,
    RINGING,
    RINGS,
    TENANT,
    Feed,
    Json,
    feed,
    leg,
)


@pytest.mark.parametrize(
    ("dialed", "shown"),
    [
        ("46", "46"),
        ("+4930123456", "+4930123456"),
        ("+4930123456", "030123456"),
        ("030123456", "+4930123456"),
        ("004930123456", "+4930123456"),
        ("0030123456", "030123456"),
        ("*97", "*97"),
    ],
)
@pytest.mark.parametrize("scope", [OWN, TENANT])
@pytest.mark.parametrize("presented_incoming", [True, False])
def test_own_dial_is_outgoing_from_its_first_frame(
    dialed: str, shown: str, scope: CallScope, presented_incoming: bool
) -> None:
    """The desk phone rings first, and that is not an incoming call."""
    pbx = feed(scope)
    dial = pbx.state.dials.expect(dialed, 100)
    parties = (shown, "45") if presented_incoming else ("45", shown)
    pbx.calls(leg("a", *parties, "alerting", "45"), now=101)
    assert pbx.shown("45") == (False, False, DIALING)
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert (call.direction, call.remote.number) == (OUTGOING, shown)
    assert call.dialed_number == shown
    pbx.calls(leg("a", *parties, "connected", "45"), now=190)
    (call,) = pbx["45"].calls
    assert (call.state, call.direction) == (CONNECTED, OUTGOING)
    assert pbx.state.dialed_call(dial) == call
    pbx.calls()
    assert pbx.state.dialed_call(dial) is None


@pytest.mark.parametrize(("seconds", "state"), [(30.0, DIALING), (30.1, RINGING)])
def test_own_dial_expires(seconds: float, state: CallState) -> None:
    """A call that comes more than 30 s later is not ours."""
    pbx = feed(TENANT)
    pbx.state.dials.expect("46", 100)
    pbx.calls(leg("a", "46", "45", "alerting"), now=100 + seconds)
    assert pbx["45"].call_state is state


def test_own_dial_is_the_first_new_call_only() -> None:
    """Neither a call that was up nor a second one is ours."""
    pbx = feed(TENANT)
    before = leg("a", "46", "45", "alerting")
    pbx.calls(before, now=99)
    dial = pbx.state.dials.expect("46", 100)
    pbx.calls(before, leg("b", "46", "45", "alerting"), now=101)
    pbx.calls(
        before,
        leg("b", "46", "45", "alerting"),
        leg("c", "46", "45", "alerting"),
        now=102,
    )
    directions = {call.id: call.direction for call in pbx["45"].calls}
    assert directions == {"a": INCOMING, "b": OUTGOING, "c": INCOMING}
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert call.id == "b"


@pytest.mark.parametrize(
    "other",
    [
        leg("x", "47", "45", "alerting"),
        leg("x", "46", "47", "alerting"),
        leg("x", OUTSIDE, "45", "alerting"),
    ],
)
def test_own_dial_is_not_any_other_call(other: Json) -> None:
    """It takes the line and the dialed number; another call leaves it expected."""
    pbx = feed(TENANT)
    dial = pbx.state.dials.expect("46", 100)
    pbx.calls(other, now=101)
    assert pbx.state.dialed_call(dial) is None
    assert pbx["45"].call_state in (IDLE, RINGING)
    pbx.calls(other, leg("a", "46", "45", "alerting"), now=102)
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert call.id == "a"


@pytest.mark.parametrize(
    ("number", "call"),
    [
        ("500", leg("x", "46", "500", "alerting", "45", "47")),
        ("45", leg("x", "46", "45", "alerting")),
    ],
)
def test_own_dial_is_with_the_dialed_number_as_the_other_party(
    number: str, call: Json
) -> None:
    """A call of another to the number that we dial too is not our dialing."""
    pbx = feed(TENANT)
    dial = pbx.state.dials.expect(number, 100)
    pbx.calls(call, now=101)
    assert pbx.shown("45") == RINGS
    assert pbx.state.dialed_call(dial) is None


def test_own_dial_without_caller() -> None:
    """The desk phone may ring with no caller told: the other party is the callee."""
    pbx = feed(TENANT)
    pbx.state.dials.expect("46", 100)
    pbx.calls(leg("a", "<>", "46", "alerting", "45"), now=101)
    (call,) = pbx["45"].calls
    assert (call.state, call.remote.number) == (DIALING, "46")


def test_cancelled_dial_is_not_expected() -> None:
    """A dialing that did not reach the PBX makes no call."""
    pbx = feed(TENANT)
    pbx.state.dials.cancel(pbx.state.dials.expect("46", 100))
    pbx.calls(leg("a", "46", "45", "alerting"), now=101)
    assert pbx.shown("45") == RINGS


def test_two_dials_in_a_row() -> None:
    """A second dialing does not make the PBX's answer to the first one incoming."""
    pbx = feed(TENANT)
    first = pbx.state.dials.expect("46", 100)
    second = pbx.state.dials.expect("47", 100.5)
    pbx.calls(
        leg("a", "46", "45", "alerting"), leg("b", "47", "45", "alerting"), now=101
    )
    assert {call.state for call in pbx["45"].calls} == {DIALING}
    for dial, call_id in ((first, "a"), (second, "b")):
        call = pbx.state.dialed_call(dial)
        assert call
        assert call.id == call_id


def test_own_dial_outlives_the_link() -> None:
    """After a reconnect it is still the call that we dialed."""
    memory = Memory()
    old = Feed(TenantState("45", frozenset({"localhost"}), memory=memory))
    old.state.calls.begin(TENANT)
    old.state.dials.expect("46", 100)
    old.calls(leg("a", "46", "45", "alerting"), now=101)
    new = Feed(TenantState("45", frozenset({"localhost"}), memory=memory))
    new.accounts(*PHONES)
    new.state.calls.begin(TENANT)
    new.calls(leg("a", "46", "45", "alerting"), now=200)
    assert new["45"].call_state is DIALING


def test_call_back_after_a_dialing_that_failed() -> None:
    """Who calls back is no call of ours once the dialing was given up."""
    pbx = feed(OWN)
    dial = pbx.state.dials.expect(OUTSIDE, 0)
    assert pbx.state.dials.cancel(dial)
    pbx.calls(leg("a", OUTSIDE, "45", "alerting"), now=10)
    assert pbx.shown("45") == RINGS
    other, dial = (pbx.state.dials.expect(number, 20) for number in ("46", "47"))
    assert pbx.state.dials.cancel(other)
    pbx.calls(leg("b", "47", "45", "alerting"), now=21)
    assert pbx.shown("45") == (False, False, DIALING)
    assert not pbx.state.dials.cancel(dial), "it is there"


# What a further line dials, in the lists of the tenant


@pytest.mark.parametrize(
    ("caller", "callee"), [("46", OUTSIDE), (OUTSIDE, "46"), ("46", "+4930999")]
)
def test_dial_of_another_line(caller: str, callee: str) -> None:
    """It is outgoing there, whichever way the PBX presents it or writes the number."""
    pbx = feed(TENANT)
    dial = pbx.state.dials.expect(OUTSIDE, 0, "46")
    pbx.calls(leg("a", caller, callee, "alerting", "46"))
    assert pbx.shown("46") == (False, False, DIALING)
    (call,) = pbx["46"].calls
    assert call.direction is OUTGOING
    assert call.dialed_number == (OUTSIDE if callee == "46" else callee)
    assert pbx.state.dialed_call(dial) == call
    assert not pbx.state.dials.cancel(dial)


def test_dial_is_of_its_line_only() -> None:
    """Who calls another line from the dialed number rings there."""
    pbx = feed(TENANT)
    dial = pbx.state.dials.expect(OUTSIDE, 0, "46")
    pbx.calls(leg("a", OUTSIDE, "45", "alerting", "45"))
    assert pbx.shown("45") == RINGS
    assert pbx.state.dialed_call(dial) is None


def test_dials_of_two_lines() -> None:
    """Each line has the call that it made, though both dialed one number."""
    pbx = feed(TENANT)
    dials = {line: pbx.state.dials.expect(OUTSIDE, 0, line) for line in ("45", "46")}
    pbx.calls(
        leg("a", OUTSIDE, "46", "alerting", "46"),
        leg("b", OUTSIDE, "45", "alerting", "45"),
    )
    for line, call_id in (("45", "b"), ("46", "a")):
        assert pbx.shown(line) == (False, False, DIALING)
        call = pbx.state.dialed_call(dials[line])
        assert call
        assert call.id == call_id
