"""Test the rules of tracker one by one; random lives of calls are in test_story.py."""

from collections.abc import Iterable
from dataclasses import dataclass, field
import math

import pytest

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.models import CallEvent, CallScope, EndReason, PastCall
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.replies import decode_history
from tests.support.feed import (
    OUTSIDE,
    OWN,
    PHONES,
    TENANT,
    Feed,
    Json,
    account,
    feed,
    leg,
)

SALES = account("500", type="hunts")
MINE = "<sip:45@localhost>"
RING = leg("a", OUTSIDE, "45", "alerting", start=100)
TALK = leg("a", OUTSIDE, "45", "connected", start=100)
HOLD = leg("a", OUTSIDE, "45", "onhold", start=100)


def told(events: Iterable[CallEvent]) -> list[str]:
    """Return events in words: who, what, why, after how long, and how late."""
    return [
        " ".join(
            word
            for word in (
                event.account,
                event.type,
                event.end_reason,
                "" if event.duration == 0 else f"{event.duration}",
                "late" if event.backfilled else "",
                "past" if event.past else "",
            )
            if word
        )
        for event in events
    ]


@dataclass
class Teller:
    """The tracker of an office, and the link that they come over."""

    pbx: Feed
    tracker: CallTracker = field(default_factory=CallTracker)

    def calls(self, now: float, *calls: Json) -> list[str]:
        """Feed a list of calls; return what is told."""
        self.pbx.calls(*calls)
        return self.tell(now)

    def feed(self, now: float, *calls: Json) -> list[CallEvent]:
        """Feed a list of calls; return the events."""
        self.pbx.calls(*calls)
        return self.tracker.update(self.pbx.state, self.pbx.state.accounts, now)

    def tell(self, now: float) -> list[str]:
        """Return what is told of all accounts."""
        state = self.pbx.state
        return told(self.tracker.update(state, state.accounts, now))

    def link(
        self,
        now: float,
        *calls: Json,
        history: tuple[PastCall, ...] | None = None,
    ) -> list[str]:
        """Begin a new link that lists some calls; return what is told.

        With the history, if it has been read by then.
        """
        old = self.pbx.state
        self.pbx.state = TenantState("45", frozenset({"localhost"}), memory=old.memory)
        self.pbx.accounts(*PHONES, SALES)
        self.pbx.state.begin_calls(old.scope or TENANT)
        self.pbx.calls(*calls)
        state = self.pbx.state
        begun = self.tracker.resync(state, state.accounts, now)
        settled = self.tracker.apply_history(state, history, now, math.inf)
        return told(sorted([*settled, *begun], key=lambda event: event.account))

    def settle(self, now: float, *entries: Json, patience: float = 3) -> list[str]:
        """Hand in the history; return what is told."""
        return told(
            self.tracker.apply_history(self.pbx.state, past(*entries), now, patience)
        )


def office(scope: CallScope = TENANT, *calls: Json) -> Teller:
    """Return an office of three phones and a group, and begin its tracker at 50."""
    teller = Teller(feed(scope, *PHONES, SALES))
    teller.pbx.calls(*calls)
    assert teller.tracker.resync(teller.pbx.state, teller.pbx.state.accounts, 50) == []
    return teller


def past(*entries: Json) -> tuple[PastCall, ...]:
    """Return the line's history, the newest call first; each was missed unless told."""
    missed = {"from": f"<sip:{OUTSIDE}@x>", "to": MINE, "start": 100, "connect": ""}
    return decode_history([missed | entry for entry in entries], "45", Trace())


# While the link is up


def test_answered_held_resumed_ended() -> None:
    """The time that was talked counts from the answer on."""
    office_ = office()
    assert office_.calls(100, RING) == ["45 ringing"]
    assert office_.calls(101, RING) == []
    assert office_.calls(110, TALK) == ["45 answered"]
    assert office_.calls(115, HOLD) == ["45 held 5"]
    assert office_.calls(117, TALK) == ["45 resumed 7"]
    assert office_.calls(120) == ["45 ended completed 10"]
    assert not office_.tracker.accounts


@pytest.mark.parametrize("off", [-7200, -90, 0, 90, 7200])
def test_clock_of_the_pbx_is_another_one(off: float) -> None:
    """It may be hours off: the seconds talked are those between two times of ours."""
    office_ = office()
    clock = {"start": 100 + off}
    office_.calls(100, RING | clock)
    talk = TALK | clock | {"connect": 109 + off}
    assert office_.calls(110, talk) == ["45 answered"]
    assert office_.calls(130) == ["45 ended completed 20"]


def test_call_that_is_on_hold_at_once() -> None:
    """It was answered before."""
    assert office().calls(100, HOLD) == ["45 answered", "45 held"]


def test_dialed_without_an_answer() -> None:
    """Who calls and is not answered has missed nothing."""
    office_ = office()
    ring = leg("a", "45", OUTSIDE, "ringback")
    assert office_.calls(100, ring) == ["45 dialing"]
    assert office_.calls(110) == ["45 ended unanswered"]


def test_missed() -> None:
    """Where all calls are told, one that rang and is gone was missed."""
    office_ = office()
    office_.calls(100, RING)
    assert office_.calls(110) == ["45 missed missed", "45 ended missed"]


def test_answered_elsewhere() -> None:
    """Another phone has it now."""
    office_ = office()
    ring = leg("a", OUTSIDE, "500", "alerting", "45", "46")
    assert office_.calls(100, ring) == ["45 ringing", "46 ringing", "500 ringing"]
    talk = leg("a", OUTSIDE, "500", "connected", "46")
    assert office_.calls(105, talk) == [
        "45 ended answered_elsewhere",
        "46 answered",
        "500 answered",
    ]
    assert office_.calls(109) == ["46 ended completed 4", "500 ended completed 4"]


def test_group_that_nobody_answers() -> None:
    """It has missed its call, as its phones have."""
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "500", "alerting", "46"))
    assert office_.calls(105) == [
        "46 missed missed",
        "46 ended missed",
        "500 missed missed",
        "500 ended missed",
    ]


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


def test_who_called_is_not_forgotten() -> None:
    """A later frame may tell less of the other side, or more."""
    office_ = office()
    office_.calls(100, leg("a", f'"Anna" <sip:{OUTSIDE}@x>', "45", "alerting"))
    office_.calls(105, leg("a", "<sip:anonymous@anonymous.invalid>", "45", "connected"))
    office_.pbx.calls()
    (event,) = office_.tracker.update(office_.pbx.state, ["45"], 110)
    assert (event.call.remote.number, event.call.remote.name) == (OUTSIDE, "Anna")
    assert event.call.remote.host == "anonymous.invalid"


def test_ours() -> None:
    """What we end ourselves is rejected or transferred, unless it came to nothing."""
    for reason, words in (
        (EndReason.REJECTED, ["45 ended rejected"]),
        (EndReason.TRANSFERRED, ["45 transferred", "45 ended transferred"]),
    ):
        office_ = office()
        office_.calls(100, RING)
        office_.tracker.expect_end("45", "a", reason)
        assert office_.calls(105) == words
        office_.calls(110, RING)
        assert office_.calls(115) == ["45 missed missed", "45 ended missed"], "once"
    office_ = office()
    office_.calls(100, RING)
    office_.tracker.expect_end("45", "a", EndReason.REJECTED)
    office_.tracker.cancel_expected_end("45", "a")
    office_.tracker.cancel_expected_end("45", "b")
    assert office_.calls(105) == ["45 missed missed", "45 ended missed"]


def test_talk_that_we_transfer() -> None:
    """It lasted until then."""
    office_ = office()
    office_.calls(100, TALK)
    office_.tracker.expect_end("45", "a", EndReason.TRANSFERRED)
    assert office_.calls(105) == ["45 transferred 5", "45 ended transferred 5"]


def test_group_call_that_we_transfer() -> None:
    """It is transferred for the group as well."""
    office_ = office()
    ring = leg("a", OUTSIDE, "500", "alerting", "45")
    office_.calls(100, ring)
    office_.tracker.expect_end("45", "a", EndReason.TRANSFERRED)
    assert office_.calls(105) == [
        "45 transferred",
        "45 ended transferred",
        "500 transferred",
        "500 ended transferred",
    ]


def test_account_that_leaves() -> None:
    """It ends the story of a live call, and nobody knows how the call goes on."""
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "46", "connected"))
    office_.pbx.accounts("45", "47", SALES)
    assert office_.tell(105) == ["46 ended unknown 5"]
    office_.calls(110, RING)
    assert office_.calls(115) == ["45 missed missed", "45 ended missed"]
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "46", "connected"))
    office_.pbx.accounts("45", "47", SALES)
    assert office_.calls(105) == ["46 ended unknown 5"], "nor how it ended"
    assert told(office_.tracker.update(office_.pbx.state, ["99"], 110)) == []


@pytest.mark.parametrize(
    ("later", "words"),
    [
        # Transferred, parked, or out of a conference: nobody tells.
        (leg("a", OUTSIDE, "47", "connected"), ["46 ended unknown 5", "47 answered"]),
        (
            leg("b", OUTSIDE, "46", "connected", "47", start=100),
            ["46 ended unknown 5", "47 answered"],
        ),
        (
            leg("b", OUTSIDE, "47", "connected", start=200),
            ["46 ended completed 5", "47 answered"],
        ),
    ],
)
def test_talk_that_goes_on_elsewhere(later: Json, words: list[str]) -> None:
    """It is not over for all, unless it is another call."""
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "46", "connected", start=100))
    assert office_.calls(105, later) == words


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (leg("a", OUTSIDE, "47", "alerting"), ["46 ended unknown", "47 ringing"]),
        (
            leg("b", OUTSIDE, "47", "alerting", start=101),
            ["46 ended unknown", "47 ringing"],
        ),
        (
            leg("b", "+4940222222", "47", "alerting", start=101),
            ["46 missed missed", "46 ended missed", "47 ringing"],
        ),
        (
            leg("b", OUTSIDE, "47", "alerting", start=200),
            ["46 missed missed", "46 ended missed", "47 ringing"],
        ),
        (
            leg("b", OUTSIDE, "47", "connected", start=101),
            ["46 ended answered_elsewhere", "47 answered"],
        ),
    ],
)
def test_ring_that_goes_on_elsewhere(later: Json, words: list[str]) -> None:
    """Who is sent on to another phone is not missed, or not yet."""
    office_ = office()
    office_.calls(100, leg("a", OUTSIDE, "46", "alerting", start=100))
    assert office_.calls(105, later) == words


@pytest.mark.parametrize(
    ("caller", "later", "answered"),
    [
        (OUTSIDE, leg("a", OUTSIDE, "46", "connected"), True),
        (OUTSIDE, leg("b", OUTSIDE, "46", "connected", start=101), True),
        ("<sip:anonymous@x>", leg("a", "<sip:anonymous@x>", "46", "connected"), True),
        (
            "<sip:anonymous@x>",
            leg("b", "<sip:anonymous@x>", "46", "connected", start=101),
            False,
        ),
        (OUTSIDE, leg("a", OUTSIDE, "700", "connected"), False),
        (OUTSIDE, leg("a", OUTSIDE, "46", "alerting"), False),
    ],
)
def test_who_takes_the_call_of_a_group(
    caller: str, later: Json, answered: bool
) -> None:
    """A phone that has it now has answered; an attendant has not, nor who rings."""
    office_ = office()
    office_.calls(100, leg("a", caller, "500", "alerting", start=100))
    words = [word for word in office_.calls(105, later) if word.startswith("500")]
    assert words == ["500 answered"] * answered + ["500 ended unknown"]


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


def test_leg_of_ones_own_proves_nothing() -> None:
    """Only another's presence shows that a call was answered elsewhere."""
    office_ = office(OWN)
    ring = leg("a", OUTSIDE, "46", "alerting", start=100)
    office_.pbx.user("46", calls=[ring])
    assert office_.tell(100) == ["46 ringing"]
    office_.pbx.user(
        "46", calls=[ring | {"id": "b", "start": 101, "state": "connected"}]
    )
    assert office_.tell(105) == ["46 ended unknown", "46 answered"]


def test_story_that_is_open_waits() -> None:
    """Where all that rang are still listed, nobody knows who has answered."""
    office_ = office()
    ring = leg("a", OUTSIDE, "500", "alerting", "45", "46", start=100)
    talk = leg("a", OUTSIDE, "500", "connected", "45", "46", start=100)
    office_.calls(100, ring)
    assert office_.calls(105, talk) == ["500 answered"]
    assert office_.calls(110) == [
        "45 ended unknown",
        "46 ended unknown",
        "500 ended completed 5",
    ]
    office_ = office()
    office_.calls(200, ring)
    office_.calls(205, talk)
    office_.pbx.user("46", code=1)
    # Perhaps 45 was in it before.
    assert office_.tell(206) == ["45 ended unknown", "46 answered"]


def test_group_that_is_open_waits() -> None:
    """Presence without a state may mean the call, or another of that caller."""
    office_ = office(OWN)
    office_.pbx.user("500", calls=[leg("a", OUTSIDE, "500", "alerting")])
    assert office_.tell(100) == ["500 ringing"]
    office_.pbx.user("500", calls=[{"from": f"<sip:{OUTSIDE}@x>"}])
    assert office_.tell(105) == []
    office_.pbx.user("500", calls=[{"from": "<sip:+4940222222@x>"}])
    assert office_.tell(106) == ["500 ended unknown"]


@pytest.mark.parametrize(
    ("has", "reason"),
    [
        ({}, "answered_elsewhere"),
        ({"id": "b"}, "answered_elsewhere"),
        ({"state": "onhold"}, "answered_elsewhere"),
        ({"id": "b", "start": 110}, None),
        ({"id": "b", "to": "<sip:46@localhost>"}, None),
        ({"from": "<sip:+4940222222@localhost>"}, None),
        ({"state": "alerting"}, None),
    ],
)
def test_presence_of_another_that_proves_it(has: Json, reason: str | None) -> None:
    """Who sees its own calls alone sees at another phone that it has answered."""
    office_ = office(OWN)
    ring = leg("a", OUTSIDE, "500", "alerting", "45", "46", start=100)
    office_.calls(100, ring)
    office_.pbx.user("46", calls=[{**ring, "state": "connected", **has}])
    office_.tell(104)
    words = [word for word in office_.calls(105) if word.startswith("45")]
    assert words == ([f"45 ended {reason}"] if reason else [])
    assert office_.tracker.needs_history("45") is not bool(reason)


def test_dialing_of_another_that_ends() -> None:
    """Who sees its own calls alone does not know whether it was answered."""
    office_ = office(OWN)
    office_.pbx.user("46", calls=[leg("a", "46", OUTSIDE, "ringback")])
    assert office_.tell(100) == ["46 dialing"]
    office_.pbx.user("46", calls=[])
    assert office_.tell(105) == ["46 ended unknown"]


def test_dialing_that_goes_on_elsewhere() -> None:
    """Who hangs up while the other side still rings was perhaps not answered."""
    office_ = office()
    office_.calls(100, leg("a", "46", OUTSIDE, "ringback"))
    assert office_.calls(105, leg("a", "47", OUTSIDE, "ringback")) == [
        "46 ended unknown",
        "47 dialing",
    ]


def test_call_that_comes_back() -> None:
    """Who rings again after a talk is told so, and may be answered once more."""
    office_ = office()
    office_.calls(100, TALK)
    assert office_.calls(105, RING) == ["45 ringing"]
    assert office_.calls(110, TALK) == ["45 answered"]


# The proof of the line's history


def test_history_proves_a_missed_call() -> None:
    """Where only our own calls are told, the end waits for it."""
    office_ = office(OWN)
    office_.calls(100, RING)
    assert not office_.tracker.needs_history("45")
    assert office_.calls(110) == []
    assert office_.tracker.needs_history("45")
    assert office_.calls(111) == []
    assert office_.settle(112, {"id": "a"}) == ["45 missed missed", "45 ended missed"]
    assert not office_.tracker.needs_history("45")
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
        assert office_.tracker.needs_history("45")
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


# A link that was lost


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
