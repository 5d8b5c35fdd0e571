"""What the line's history proves of calls that ended."""

import pytest

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.trace import Trace
from tests.support.feed import OUTSIDE, OWN, Json, leg
from tests.support.tracked import MINE, RING, TALK, office


def test_history_proves_a_missed_call() -> None:
    """Where only our own calls are told, the end waits for it."""
    office_ = office(OWN)
    office_.calls(100, RING)
    assert not office_.tracker.history_of("45").waiting
    assert office_.calls(110) == []
    assert office_.tracker.history_of("45").waiting
    assert office_.calls(111) == []
    assert office_.settle(112, {"id": "a"}) == ["45 missed missed", "45 ended missed"]
    assert not office_.tracker.history_of("45").waiting
    assert office_.calls(113) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"id": "a"}, "missed"),
        ({"start": 101.9}, "missed"),
        ({"start": 98}, "missed"),
        # Nobody else has the phone that was called: perhaps its mailbox.
        ({"connect": 105}, "unknown"),
        ({"connect": 105, "to": "<sip:845@localhost>"}, "missed"),
        ({"connect": 105, "to": "<sip:846@localhost>"}, "missed"),
        ({"connect": 105, "to": "<sip:99@localhost>"}, "unknown"),
        ({"connect": None}, "unknown"),
        # The same id in another life.
        ({"id": "a", "start": 30, "connect": 40}, "unknown"),
        ({"id": "a", "to": "<sip:46@localhost>"}, "unknown"),
        ({"id": "a", "from": MINE, "to": f"<sip:{OUTSIDE}@x>"}, "unknown"),
        ({"from": "<sip:00493012 3456@x>"}, "missed"),
    ],
)
def test_what_the_history_proves(entry: Json, reason: str) -> None:
    """It is found by its id, or by its party and start."""
    office_ = office(OWN)
    office_.calls(100, RING)
    office_.calls(110)
    assert office_.settle(113, entry)[-1] == f"45 ended {reason}"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"start": 102.1}],
        [{"start": 97.9}],
        [{"start": None}],
        [{"from": "<sip:+4930999999@x>"}],
        [{"from": MINE, "to": f"<sip:{OUTSIDE}@x>"}],
        # Either may be it.
        [{"start": 101}, {"start": 99}],
    ],
)
def test_history_that_proves_nothing(entries: list[Json]) -> None:
    """It may be written later, so an end waits for three seconds; then it is not known."""
    trace = Trace()
    office_ = office(OWN)
    office_.tracker = CallTracker(trace)
    office_.link(60)
    office_.settle(60)
    office_.calls(100, RING)
    office_.calls(110)
    for now in (110, 110.1, 112.9):
        assert office_.settle(now, *entries) == []
        assert office_.tracker.history_of("45").waiting
    assert office_.settle(113, *entries) == ["45 ended unknown"]
    assert trace.broken[Assumption.HISTORY_TELLS_ENDED_CALLS] == 1


def test_nearest_of_the_history() -> None:
    """An id outranks a start, and what began nearer is it."""
    group = "<sip:500@localhost>"
    ring = RING | {"to": group}
    talk = {"start": 100.5, "connect": 105, "to": group}
    office_ = office(OWN)
    office_.calls(100, ring)
    office_.calls(110)
    found = office_.settle(111, {"start": 101.5, "to": group}, talk)
    assert found == ["45 ended answered_elsewhere"]
    office_.calls(200, RING)
    office_.calls(210)
    assert office_.settle(211, {"start": 102, "id": "a"}, talk)[-1] == "45 ended missed"


def test_talk_that_ends_while_others_wait() -> None:
    """What is known is told at once."""
    office_ = office(OWN)
    talk = leg("a", OUTSIDE, "45", "connected")
    rings = [leg(id_, f"+49401{id_}", "45", "alerting") for id_ in "23456"]
    office_.calls(100, talk, *rings)
    assert office_.calls(110, talk) == []
    assert office_.calls(112) == ["45 ended completed 12"]


def test_without_a_history() -> None:
    """Where there is none nothing waits for it."""
    assert office(OWN).settle(100) == []
    office_ = office(OWN)
    office_.tracker.without_history.add("45")
    office_.calls(100, RING)
    assert office_.calls(110) == ["45 ended unknown"]


def test_history_that_goes_away() -> None:
    """What waits for it is told at the next look."""
    trace = Trace()
    office_ = office(OWN)
    office_.tracker = CallTracker(trace)
    office_.link(60)
    office_.calls(100, RING)
    office_.calls(110)
    office_.tracker.without_history.add("45")
    assert office_.settle(111) == ["45 ended unknown"]
    assert not trace.broken
    office_.tracker.without_history.clear()
    office_.calls(200, RING)
    office_.calls(210)
    office_.settle(211, {"id": "a"})
    assert trace.met[Assumption.HISTORY_TELLS_ENDED_CALLS] == 1


def test_several_that_wait() -> None:
    """Each gets its own end, whatever is still up."""
    office_ = office(OWN)
    other = leg("b", "+4940222222", "45", "alerting", start=90)
    talk = leg("c", "+4940333333", "45", "connected", start=80)
    office_.calls(100, talk, RING, other)
    office_.calls(110, talk)
    missed = ["45 missed missed", "45 ended missed"]
    last = {"id": "b", "start": 90, "from": "<sip:+4940222222@x>"}
    assert office_.settle(111, {"id": "a"}) == missed
    assert office_.settle(112, last) == missed
    assert office_.settle(113, last) == []
    office_.calls(200, talk, RING, other)
    assert office_.calls(205) == ["45 ended completed 105"]
    assert office_.settle(206, {"id": "a"}, last) == missed * 2
    assert office_.settle(207, last) == []


def test_call_of_a_group_proves_little() -> None:
    """The history of one phone tells that another answered, and no more."""
    ring = leg("a", OUTSIDE, "500", "alerting", "45", start=100)
    to_group = {"id": "a", "to": "<sip:500@localhost>"}
    for fields, reason in (({}, "unknown"), ({"connect": 105}, "answered_elsewhere")):
        office_ = office(OWN)
        assert office_.calls(100, ring) == ["45 ringing", "500 ringing"]
        assert office_.calls(110) == ["500 ended unknown"]
        assert office_.settle(111, to_group | fields) == [f"45 ended {reason}"]


def test_call_that_we_had_before() -> None:
    """It was talked in, and came back to ring: perhaps that talk is what is proven."""
    to_group = {"to": "<sip:500@localhost>"}
    ring, talk = RING | to_group, TALK | to_group
    history = to_group | {"id": "a", "connect": 100}
    office_ = office(OWN)
    office_.calls(100, talk)
    office_.calls(105, ring)
    office_.calls(110)
    assert office_.settle(111, history) == ["45 ended unknown"]
    office_ = office(OWN)
    office_.calls(100, talk)
    office_.calls(105)
    office_.calls(107, ring)
    office_.calls(110)
    assert office_.settle(111, history) == ["45 ended unknown"]
    office_ = office(OWN)
    office_.calls(100, talk | {"id": "b"})
    office_.calls(105)
    office_.calls(107, ring)
    office_.calls(110)
    assert office_.settle(111, history) == ["45 ended answered_elsewhere"]


def test_id_that_comes_again_before_its_proof() -> None:
    """A call that has left the list is over; who has its id now is another one."""
    office_ = office(OWN)
    office_.calls(100, RING)
    office_.calls(110)
    (event,) = office_.feed(111, TALK | {"start": 111})
    assert event.type == "answered"
    assert office_.tracker.accounts_in(event.origin) == {"45"}
    assert office_.settle(112, {"id": "a"}) == ["45 missed missed", "45 ended missed"]
    assert office_.calls(115) == ["45 ended completed 4"]


def test_call_that_is_back_before_its_proof() -> None:
    """It was sent on and rings here once more: the first ringing ends before the next."""
    office_ = office(OWN)
    office_.calls(100, RING)
    assert office_.calls(110) == []
    assert office_.calls(111, RING) == ["45 ended unknown", "45 ringing"]
    assert office_.settle(120) == []
