"""Which call a command is for: a table of states, and what is said where none fits."""

import pytest

from custom_components.vodia.pbx.control.selector import FITS, CallSelector
from custom_components.vodia.pbx.errors import (
    CommandError,
    NoFittingCallError,
    NotSupportedError,
    SameCallError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from custom_components.vodia.pbx.models import CallState
from tests.support.command_port import FakePort, Json, call

CALLED = {
    CallState.RINGING: call("a", "alerting"),
    CallState.CONNECTED: call("a", "connected"),
    CallState.HELD: call("a", "holding"),
    CallState.DIALING: {
        **call("a", "alerting"),
        "from": "<sip:45@localhost>",
        "to": "<sip:+4930111111@x>",
    },
}
RING, TALK, HOLD = call("r", "alerting"), call("t", "connected"), call("h", "holding")
FITTING = {
    "answer": "ringing",
    "reject": "ringing",
    "hang_up": "dialing connected held",
    "hold": "connected",
    "resume": "held",
    "transfer": "ringing connected held",
    "attended_transfer": "connected held",
    "park": "connected held",
    "start_recording": "connected",
    "stop_recording": "connected",
}
# What fits only where the call is named.
FITTING_BY_ID = FITTING | {
    "hang_up": "ringing dialing connected held",
    "start_recording": "connected held",
    "stop_recording": "connected held",
}


def test_every_verb_is_checked() -> None:
    """No verb is without a row here."""
    assert FITS.keys() == FITTING.keys()


@pytest.mark.parametrize("state", CALLED)
@pytest.mark.parametrize("verb", FITTING)
@pytest.mark.parametrize("by_id", [False, True])
def test_states(port: FakePort, verb: str, state: CallState, by_id: bool) -> None:
    """A verb fits calls in some states; it takes more where the call is named."""
    port.lists(CALLED[state])
    selector = CallSelector.for_verb(verb, "a" if by_id else None)
    if state in (FITTING_BY_ID if by_id else FITTING)[verb].split():
        assert selector.select(port.live_state).state is state
    else:
        with pytest.raises(NoFittingCallError):
            selector.select(port.live_state)


@pytest.mark.parametrize(
    ("calls", "selector", "error"),
    [
        ([], CallSelector.for_verb("answer"), NoFittingCallError),
        ([], CallSelector.for_verb("answer", "a"), UnknownCallError),
        ([TALK], CallSelector.for_verb("hold", "a"), UnknownCallError),
        (
            [TALK, call("u", "connected")],
            CallSelector.for_verb("hold"),
            SeveralCallsError,
        ),
        (
            [TALK],
            CallSelector.for_verb("transfer", "t", CallState.RINGING),
            UnexpectedStateError,
        ),
        (
            [TALK],
            CallSelector.for_verb("transfer", None, CallState.RINGING),
            UnexpectedStateError,
        ),
        (
            [TALK],
            CallSelector.for_verb("attended_transfer", excluded="t"),
            NoFittingCallError,
        ),
        (
            [TALK],
            CallSelector.for_verb("attended_transfer", "t", excluded="t"),
            SameCallError,
        ),
        (
            [{k: v for k, v in TALK.items() if k != "id"}],
            CallSelector.for_verb("hold"),
            NotSupportedError,
        ),
    ],
)
def test_none(
    port: FakePort, calls: list[Json], selector: CallSelector, error: type[CommandError]
) -> None:
    """No call is guessed: it is said why there is none."""
    port.lists(*calls)
    with pytest.raises(error):
        selector.select(port.live_state)


@pytest.mark.parametrize(
    ("verb", "excluded", "selected"),
    [
        ("answer", None, "r"),
        ("hold", None, "t"),
        ("resume", None, "h"),
        ("attended_transfer", "t", "h"),
        ("attended_transfer", "h", "t"),
    ],
)
def test_only_one_fits(
    port: FakePort, verb: str, excluded: str | None, selected: str
) -> None:
    """Of several calls the one in a state that fits is meant."""
    port.lists(RING, TALK, HOLD)
    selector = CallSelector.for_verb(verb, excluded=excluded)
    assert selector.select(port.live_state).id == selected


def test_pinned_is_for_no_other_call(port: FakePort) -> None:
    """The call that was selected stays the one that is meant, whatever comes up."""
    port.lists(TALK)
    selector = CallSelector.for_verb("hold")
    pinned = selector.pinned(selector.select(port.live_state))
    port.lists(TALK, call("u", "connected"))
    assert pinned.select(port.live_state).id == "t"
    port.lists(call("u", "connected"))
    with pytest.raises(UnknownCallError):
        pinned.select(port.live_state)


@pytest.mark.parametrize(
    ("verb", "before", "after", "error"),
    [
        # Chosen because it rang: who answers meanwhile does not want it sent away.
        ("transfer", "alerting", "connected", UnexpectedStateError),
        ("transfer", "connected", "holding", None),
        # Chosen, so the states for a named call do not count.
        ("start_recording", "connected", "holding", NoFittingCallError),
    ],
)
def test_pinned_call_moves_on(
    port: FakePort,
    verb: str,
    before: str,
    after: str,
    error: type[CommandError] | None,
) -> None:
    """A second look finds what the first one would have refused."""
    port.lists(call("a", before))
    selector = CallSelector.for_verb(verb)
    pinned = selector.pinned(selector.select(port.live_state))
    port.lists(call("a", after))
    if error is None:
        assert pinned.select(port.live_state).id == "a"
    else:
        with pytest.raises(error):
            pinned.select(port.live_state)
