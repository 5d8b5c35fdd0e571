"""Calls over an outage: what is told of them once the link is back."""

import pytest

from tests.support.feed import OUTSIDE, OWN, TENANT, Json, leg
from tests.support.tracked import MINE, RING, TALK, office, past


def test_first_link_tells_no_beginning() -> None:
    """Who calls at that moment began before us."""
    office_ = office(TENANT, RING)
    assert office_.calls(110, TALK) == ["45 answered"]


def test_gap() -> None:
    """What came meanwhile is told late; what is gone ended, nobody knows how."""
    office_ = office()
    office_.tracker.without_history.add("45")
    office_.calls(100, TALK)
    new = leg("b", "+4940222222", "46", "alerting")
    assert office_.link(200, new) == ["45 ended unknown None", "46 ringing late"]
    talk = leg("c", "+4940333333", "47", "onhold", connect=290)
    # When it was answered is a time of another clock.
    assert office_.link(300, new, talk) == [
        "47 answered None late",
        "47 held None late",
    ]
    rest = leg("d", "+4940444444", "45", "connected")
    assert office_.link(350, new, talk, rest) == ["45 answered None late"]
    assert office_.link(400, new | {"state": "connected"}, rest) == [
        "46 answered None",
        "47 ended unknown None",
    ]


def test_talk_over_a_gap() -> None:
    """Its seconds go on, as the clock does."""
    office_ = office()
    office_.calls(100, TALK)
    assert office_.link(200, TALK) == []
    assert office_.calls(250) == ["45 ended completed 150"]


def test_group_in_a_gap() -> None:
    """Nobody knows how it ended there, whatever phone has it now."""
    ring = leg("a", OUTSIDE, "500", "alerting", start=100)
    for later in ((), (leg("a", OUTSIDE, "46", "connected"),)):
        office_ = office()
        office_.calls(100, ring)
        assert "500 ended unknown" in office_.link(200, *later)
    office_ = office()
    office_.calls(100, ring | {"state": "connected"})
    assert office_.link(200) == ["500 ended unknown None"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, ["45 missed missed", "45 ended missed"]),
        ({"connect": ""}, ["45 missed missed", "45 ended missed"]),
        (
            {"connect": 105},
            ["45 answered late past", "45 ended completed 45.0"],
        ),
    ],
)
def test_gap_that_the_history_tells(entry: Json, words: list[str]) -> None:
    """How a call of the line ended meanwhile, its history knows."""
    office_ = office()
    office_.calls(100, RING)
    history = past({"id": "a", "end": 150, **entry})
    assert office_.link(200, history=history) == words
    assert office_.link(300, history=history) == []


def test_talk_that_ended_in_a_gap() -> None:
    """It lasted as long as the history says."""
    office_ = office()
    office_.calls(100, TALK)
    history = past({"id": "a", "end": 150, "connect": 102})
    assert office_.link(200, history=history) == ["45 ended completed 48.0"]


def test_proof_that_comes_with_the_next_link() -> None:
    """An end that waited for it was seen."""
    office_ = office(OWN)
    office_.calls(100, RING)
    office_.calls(110)
    history = past({"id": "a", "end": 110})
    missed = ["45 missed missed", "45 ended missed"]
    assert office_.link(200) == []
    assert office_.settle(202.9) == []
    assert office_.link(300, history=history) == missed


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, ["ringing", "missed missed", "ended missed"]),
        ({"id": None}, ["ringing", "missed missed", "ended missed"]),
        ({"connect": 160}, ["ringing", "answered", "ended completed 20.0"]),
        (
            {"from": MINE, "to": f"<sip:{OUTSIDE}@x>"},
            ["dialing", "ended unanswered"],
        ),
        ({"to": "<sip:500@localhost>"}, ["ringing", "ended unknown"]),
        ({"end": None}, []),
        ({"id": "b", "start": 130}, []),
        # It has the id of another life.
        ({"id": "b"}, ["ringing", "missed missed", "ended missed"]),
        ({"start": 131}, []),
        ({"start": 132}, ["ringing", "missed missed", "ended missed"]),
        # It was with the line only while nobody listened.
        ({"start": 120}, ["ringing", "missed missed", "ended missed"]),
        # It came up as others were deleted.
        ({"start": 89}, []),
    ],
)
@pytest.mark.parametrize("off", [0, 7200, 1_700_000_000])
def test_calls_that_came_and_went(entry: Json, words: list[str], off: float) -> None:
    """Those that nobody heard are told late, in their order; those that were are not.

    The clock of the PBX may be hours off.
    """
    office_ = office()
    other = {"id": "y", "start": 90 + off, "end": 91 + off}
    assert office_.settle(100, other) == []
    office_.calls(130, leg("b", "+4940222222", "45", "alerting", start=130 + off))
    office_.calls(135)
    entry = {"id": "z", "start": 150, "end": 180, **entry}
    clock = {
        key: entry[key] + off
        for key in ("start", "connect", "end")
        if isinstance(entry.get(key), int)
    }
    history = past(entry | clock, other)
    assert office_.link(200, history=history) == [
        f"45 {word} late past" for word in words
    ]
    assert office_.link(300, history=history) == []


def test_history_of_earlier_days() -> None:
    """What stands there when it is read first is old, also after a loss of the link."""
    office_ = office()
    history = past({"id": "z", "start": 80, "end": 180})
    assert office_.link(200, history=history) == []


def test_order_of_what_came_and_went() -> None:
    """The older call is told first, and accounts by their number."""
    office_ = office()
    older = [
        {"id": "v", "start": 85, "end": 45},
        {"id": "u", "start": 10, "end": 60},
    ]
    office_.settle(50, *older)
    office_.calls(60, leg("w", OUTSIDE, "45", "alerting", start=90))
    office_.calls(65)
    history = past(
        {"id": "y", "start": 170, "end": 180, "external": True, "connect": 175},
        {"id": "z", "start": 150, "end": 160},
        {"id": "w", "start": 90, "end": 65},
        *older,
    )
    state = office_.pbx.state
    office_.tracker.resync(state, state.accounts, 200)
    events = office_.tracker.apply_history(state, history, 200)
    assert [event.call.id for event in events] == ["z"] * 3 + ["y"] * 3
    first = events[0].call
    assert (first.remote.number, first.dialed_number) == (OUTSIDE, "45")
    assert (first.started, first.answered, first.recording) == (150, None, None)
    assert first.direction == "incoming"
    last = events[-1]
    assert (last.duration, last.call.scope, last.call.answered) == (5, "external", 175)
