"""The steps of a story: what is told of a call of an account."""

from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass
from typing import Final

from .learned import learned_party
from .models import IN_CALL, AccountCall, CallEvent, CallEventType, CallState, EndReason

_BEGINS: Final = {
    CallState.RINGING: CallEventType.RINGING,
    CallState.DIALING: CallEventType.DIALING,
    CallState.CONNECTED: CallEventType.ANSWERED,
    CallState.HELD: CallEventType.ANSWERED,
}


@dataclass(frozen=True, slots=True)
class Life:
    """The life of a call, from the first list with its id to the one without it.

    All its legs have the one `origin`.
    """

    origin: int


@dataclass(slots=True)
class Story:
    """A call of an account so far; `began` and `answered` are times of ours, if we saw it.

    It was `talked` in before, if it came back to ring anew. It is `doubted` while the
    call may be the account's, or not. When it is over at a time of ours, `ended`, it may
    wait for proof of how, on this link since `waits`; `unseen` if nobody saw it end.
    """

    call: AccountCall
    life: Life
    began: float | None = None
    connected: bool = False
    answered: float | None = None
    talked: bool = False
    doubted: bool = False
    ended: float | None = None
    waits: float = 0
    unseen: bool = False

    @property
    def origin(self) -> int:
        """Return what all legs of the call share."""
        return self.life.origin

    def seconds(self, now: float | None) -> float | None:
        """Return the seconds talked until a time of ours; None if that is not known.

        Both ends are of one clock: that of the PBX may be another one.
        """
        if not self.connected:
            return 0
        if now is None or self.answered is None:
            return None
        return max(0, now - self.answered)


def begins(
    number: str, story: Story, now: float, *, gap: bool, backfilled: bool = False
) -> Iterator[CallEvent]:
    """Yield that a call rings, calls or is answered; it may be on hold by then."""
    call = story.call
    story.talked |= story.connected
    story.connected, story.answered = call.state in IN_CALL, None
    if story.connected and not gap:
        story.answered = now
    talked = story.seconds(now)
    yield event(number, story, _BEGINS[call.state], talked, backfilled=backfilled)
    if call.state is CallState.HELD:
        yield event(number, story, CallEventType.HELD, talked, backfilled=backfilled)


def went_on(
    number: str, story: Story, call: AccountCall, now: float, *, gap: bool
) -> Iterator[CallEvent]:
    """Yield what happened to a call that is still there."""
    before, story.call = story.call, _completed(call, story.call)
    story.doubted = False
    if call.state is before.state:
        if _is_known_better(before, story.call):
            # Who waits for a certain caller could not know that it is this call.
            again = event(number, story, _BEGINS[call.state], story.seconds(now))
            yield replace(again, again=True)
        return
    if not story.connected or call.state not in IN_CALL:
        # It is answered; or comes back after a transfer and rings, or calls, once more.
        yield from begins(number, story, now, gap=gap)
    elif call.state is CallState.HELD:
        yield event(number, story, CallEventType.HELD, story.seconds(now))
    else:
        yield event(number, story, CallEventType.RESUMED, story.seconds(now))


def ending(
    number: str, story: Story, reason: EndReason, seconds: float | None
) -> Iterator[CallEvent]:
    """Yield the end of a call: `ended` is the last word, `missed` comes before it."""
    if reason is EndReason.TRANSFERRED:
        yield event(number, story, CallEventType.TRANSFERRED, seconds)
    if reason is EndReason.MISSED:
        yield event(number, story, CallEventType.MISSED, seconds, reason)
    yield event(number, story, CallEventType.ENDED, seconds, reason)


def event(
    number: str,
    story: Story,
    type_: CallEventType,
    seconds: float | None,
    reason: EndReason | None = None,
    *,
    backfilled: bool = False,
) -> CallEvent:
    """Return an event of a story after some seconds of talk."""
    return CallEvent(
        number, type_, story.call, story.origin, seconds, reason, backfilled
    )


def first_step(call: AccountCall) -> CallEventType:
    """Return how a call begins that is in its state."""
    return _BEGINS[call.state]


def _is_known_better(before: AccountCall, call: AccountCall) -> bool:
    """Return whether the other side of a call turns out to be who it is.

    In a talk a name alone is no news: it may be written into an address book just now.
    """
    old, new = before.remote, call.remote
    if old.number is None and new.number is not None:
        return True
    return (
        call.state not in IN_CALL
        and old.number == new.number
        and (new.name not in (None, old.name) or call.scope != before.scope)
    )


def _completed(call: AccountCall, before: AccountCall) -> AccountCall:
    """Return a call with what was known of its other side, over another link, too."""
    talks = before.state in IN_CALL and call.state in IN_CALL
    remote = learned_party(call.remote, before.remote, talks=talks)
    same = remote.number == before.remote.number
    scope = call.scope or (before.scope if same else None)
    return replace(call, scope=scope, remote=remote)
