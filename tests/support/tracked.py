"""An office whose calls are tracked: what the events of frames and histories tell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
import math

from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.models import CallEvent, CallScope, PastCall
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.replies import decode_history

from .feed import OUTSIDE, PHONES, TENANT, Feed, Json, account, feed, leg

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
        self.pbx.state.calls.begin(old.scope or TENANT)
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
    tracking_line = Teller(feed(scope, *PHONES, SALES))
    tracking_line.pbx.calls(*calls)
    assert (
        tracking_line.tracker.resync(
            tracking_line.pbx.state, tracking_line.pbx.state.accounts, 50
        )
        == []
    )
    return tracking_line


def past(*entries: Json) -> tuple[PastCall, ...]:
    """Return the line's history, the newest call first; each was missed unless told."""
    missed = {"from": f"<sip:{OUTSIDE}@x>", "to": MINE, "start": 100, "connect": ""}
    return decode_history([missed | entry for entry in entries], "45", Trace())
