"""The steps of a call for an account, as events, and how long it was talked."""

import pytest

from custom_components.vodia.pbx.models import EndReason
from tests.support.feed import OUTSIDE, leg
from tests.support.tracked import HOLD, RING, SALES, TALK, office, told


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


def test_call_that_comes_back() -> None:
    """Who rings again after a talk is told so, and may be answered once more."""
    office_ = office()
    office_.calls(100, TALK)
    assert office_.calls(105, RING) == ["45 ringing"]
    assert office_.calls(110, TALK) == ["45 answered"]
