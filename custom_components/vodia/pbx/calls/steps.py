"""A call of an account as it is tracked, and the events of its steps."""

from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass
from typing import Final

from ..models import (
    IN_CALL,
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    EndReason,
)
from ..state.learned import learned_party

BEGINS: Final = {
    CallState.RINGING: CallEventType.RINGING,
    CallState.DIALING: CallEventType.DIALING,
    CallState.CONNECTED: CallEventType.ANSWERED,
    CallState.HELD: CallEventType.ANSWERED,
}


@dataclass(slots=True)
class TrackedCall:
    """A call of an account so far; `began` and `answered` are times of ours, if we saw it.

    It was `talked` in before, if it came back to ring again. It is `doubted` while the
    call may be the account's, or not. When it is over at a time of ours, `ended`, it may
    wait for proof of how, on this link since `waits`; `unseen` if nobody saw it end.
    """

    call: AccountCall
    # What the legs of a call share, from the first list with its id to the last.
    origin: int
    began: float | None = None
    connected: bool = False
    answered: float | None = None
    talked: bool = False
    doubted: bool = False
    ended: float | None = None
    waits: float = 0
    unseen: bool = False

    def seconds(self, now: float | None) -> float | None:
        """Return the seconds talked until a time of ours; None if that is not known.

        Both ends are of one clock: that of the PBX may be another one.
        """
        if not self.connected:
            return 0
        if now is None or self.answered is None:
            return None
        return max(0, now - self.answered)


def begin_events(
    number: str,
    tracked: TrackedCall,
    now: float,
    *,
    gap: bool,
    backfilled: bool = False,
) -> Iterator[CallEvent]:
    """Yield that a call rings, calls or is answered; it may be on hold by then."""
    call = tracked.call
    tracked.talked |= tracked.connected
    tracked.connected, tracked.answered = call.state in IN_CALL, None
    if tracked.connected and not gap:
        tracked.answered = now
    talked = tracked.seconds(now)
    yield make_event(number, tracked, BEGINS[call.state], talked, backfilled=backfilled)
    if call.state is CallState.HELD:
        yield make_event(
            number, tracked, CallEventType.HELD, talked, backfilled=backfilled
        )


def progress_events(
    number: str, tracked: TrackedCall, call: AccountCall, now: float, *, gap: bool
) -> Iterator[CallEvent]:
    """Yield what happened to a call that is still there."""
    before, tracked.call = tracked.call, _with_known_remote(call, tracked.call)
    tracked.doubted = False
    if call.state is before.state:
        if _is_known_better(before, tracked.call):
            # Who waits for a certain caller could not know that it is this call.
            again = make_event(
                number, tracked, BEGINS[call.state], tracked.seconds(now)
            )
            yield replace(again, again=True)
        return
    if not tracked.connected or call.state not in IN_CALL:
        # It is answered; or comes back after a transfer and rings, or calls, once more.
        yield from begin_events(number, tracked, now, gap=gap)
    else:
        held = call.state is CallState.HELD
        step = CallEventType.HELD if held else CallEventType.RESUMED
        yield make_event(number, tracked, step, tracked.seconds(now))


def end_events(
    number: str, tracked: TrackedCall, reason: EndReason, seconds: float | None
) -> Iterator[CallEvent]:
    """Yield the end of a call: `ended` is the last word, `missed` comes before it."""
    if reason is EndReason.TRANSFERRED:
        yield make_event(number, tracked, CallEventType.TRANSFERRED, seconds)
    if reason is EndReason.MISSED:
        yield make_event(number, tracked, CallEventType.MISSED, seconds, reason)
    yield make_event(number, tracked, CallEventType.ENDED, seconds, reason)


def make_event(
    number: str,
    tracked: TrackedCall,
    type_: CallEventType,
    seconds: float | None,
    reason: EndReason | None = None,
    *,
    backfilled: bool = False,
) -> CallEvent:
    """Return an event of a call after some seconds of talk."""
    return CallEvent(
        number, type_, tracked.call, tracked.origin, seconds, reason, backfilled
    )


def _is_known_better(before: AccountCall, call: AccountCall) -> bool:
    """Return whether the other side of a call turns out to be who it is."""
    # In a talk a name alone is no news: it may be written into an address book just
    # now.
    old, new = before.remote, call.remote
    if old.number is None and new.number is not None:
        return True
    return (
        call.state not in IN_CALL
        and old.number == new.number
        and (new.name not in (None, old.name) or call.scope != before.scope)
    )


def _with_known_remote(call: AccountCall, before: AccountCall) -> AccountCall:
    """Return a call with what was known of its other side, over another link, too."""
    talks = before.state in IN_CALL and call.state in IN_CALL
    remote = learned_party(call.remote, before.remote, talks=talks)
    same = remote.number == before.remote.number
    scope = call.scope or (before.scope if same else None)
    return replace(call, scope=scope, remote=remote)
