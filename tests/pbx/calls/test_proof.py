"""Why a call ended, as far as the calls of others prove it."""

import pytest

from tests.support.feed import OUTSIDE, OWN, Json, leg
from tests.support.tracked import RING, office


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
    assert bool(office_.tracker.history_of("45").waiting) is not bool(reason)


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
