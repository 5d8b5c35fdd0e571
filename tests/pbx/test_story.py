"""The stories of random lives of calls, held against what the engine of the PBX logs."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.vodia.pbx.models import AccountCall, CallEvent, CallState
from custom_components.vodia.pbx.story import Stories
from simulator import model

from .test_properties import ACTS, LINE, NAMES, PHONES, Act, Office, truth_of

IN_CALL = {CallState.CONNECTED, CallState.HELD}
BEGINS = {
    CallState.RINGING: ["ringing"],
    CallState.DIALING: ["dialing"],
    CallState.CONNECTED: ["answered"],
    CallState.HELD: ["answered", "held"],
}
DISPLAY = st.fixed_dictionaries(
    {
        "group_ids": st.just("one"),
        "shrink_extensions": st.just(True),
        "held_word": st.sampled_from(("onhold", "holding")),
        "incoming_word": st.sampled_from(("alerting", "ringing")),
        "dial_presents_as": st.sampled_from(("outgoing", "incoming")),
        "presence_first": st.booleans(),
        "strings": st.booleans(),
    }
)

type Calls = Mapping[str, AccountCall]


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


def expected(before: Calls, after: Calls, log: list[model.LogEntry]) -> list[str]:
    """Return what happened to the calls of an extension, by the log of the engine."""
    told = []
    for call_id in before.keys() - after.keys():
        told += [f"{call_id} {step}" for step in ending(before[call_id], log)]
    for call_id, call in after.items():
        steps = BEGINS[call.state]
        if old := before.get(call_id):
            if old.state is call.state:
                continue
            if old.state in IN_CALL and call.state in IN_CALL:
                steps = ["held" if call.state is CallState.HELD else "resumed"]
        told += [f"{call_id} {step}" for step in steps]
    return sorted(told)


def ending(call: AccountCall, log: list[model.LogEntry]) -> list[str]:
    """Return how a call ended for an extension, as far as the PBX shows it."""
    mine = [entry for entry in log if entry.call_id == call.id]
    over = any(entry.event is model.Event.ENDED for entry in mine)
    answered = any(entry.event is model.Event.ANSWERED for entry in mine)
    if call.state in IN_CALL:
        # Who leaves a call that goes on may have transferred it: the PBX does not tell.
        return ["ended completed" if over else "ended unknown"]
    if call.state is CallState.DIALING:
        return ["ended unanswered" if over else "ended unknown"]
    if over:
        return ["missed missed", "ended missed"]
    return ["ended answered_elsewhere" if answered else "ended unknown"]


def spoken(events: list[CallEvent], number: str) -> list[str]:
    """Return the events of an account in the words of `expected`."""
    return sorted(
        f"{event.call.id} {event.type}"
        + (f" {event.end_reason}" if event.end_reason else "")
        for event in events
        if event.account == number
    )


def has_twins(log: list[model.LogEntry]) -> bool:
    """Return whether somebody has called the same number more than once."""
    calls = [
        (entry.details["from"], entry.details["to"])
        for entry in log
        if entry.event is model.Event.CREATED
    ]
    return len(calls) != len(set(calls))


def unproven(steps: list[str]) -> list[str]:
    """Return the steps less what the list of own calls alone cannot tell.

    A call that was talked in is completed when it leaves the list, also when it goes on
    without us; of one that only rang nobody tells how it ended.
    """
    weaker = {"answered_elsewhere": "unknown", "missed": "unknown"}
    return [
        f"{words[0]} ended {weaker.get(words[-1], words[-1])}".replace(
            "completed", "unknown"
        )
        if words[1] == "ended"
        else step
        for step in steps
        if (words := step.split())[1] != "missed"
    ]


@pytest.mark.timeout(180)
@settings(max_examples=1000)
@given(DISPLAY, NAMES, ACTS)
def test_thousand_lives(
    switches: Mapping[str, Any], names: Mapping[str, str], acts: list[Act]
) -> None:
    """Nothing is missing, nothing is too much, nothing is wrong; no proof, no reason."""
    office = Office(switches, names)
    stories = {dialect: Stories() for dialect in office.states}
    office.tell()
    for dialect, state in office.states.items():
        assert stories[dialect].begin(state, office.now) == []
    truth = {number: truth_of(office.engine, number).calls for number in PHONES}
    for act in acts:
        seen = len(office.engine.log)
        if act.action in ("register", "dnd") and truth[PHONES[act.who]]:
            # Whether a phone that goes away still rings is left open until the call ends.
            continue
        office.act(act)
        office.tell()
        log = office.engine.log[seen:]
        for dialect, state in office.states.items():
            events = stories[dialect].tell(state, state.extensions, office.now)
            for number in PHONES if dialect == "modern" else (LINE,):
                before, after = truth[number], truth_of(office.engine, number).calls
                told, real = spoken(events, number), expected(before, after, log)
                if dialect == "classic" or has_twins(office.engine.log):
                    # The line's own list proves little of how a call ended; and two
                    # calls of one caller at once may be legs of one call.
                    told, real = unproven(told), unproven(real)
                assert told == real, (dialect, number, act)
        truth = {number: truth_of(office.engine, number).calls for number in PHONES}


def test_order_within_an_account() -> None:
    """What ends is told before what begins, and `missed` right before `ended`."""
    office = Office({"shrink_extensions": True}, {})
    stories = Stories()
    office.tell()
    state = office.states["modern"]
    stories.begin(state, 0)
    missed = office.engine.ring("+4930123456", "46")
    office.tell()
    stories.tell(state, state.extensions, 1)
    office.engine.hang_up(missed)
    office.engine.ring("+4930654321", "46")
    office.tell()
    events = stories.tell(state, state.extensions, 2)
    assert [str(event.type) for event in events] == ["missed", "ended", "ringing"]
