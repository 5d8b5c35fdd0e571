"""Report what becomes of the state: to the call tracker, the listener, and who waits."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
import math

from ..calls.tracker import CallTracker
from ..changes import NOTHING, Changes
from ..errors import NotConfirmedError, NotConnectedError
from ..listener import Listener
from ..models import CallEvent, KnownAccount, PastCall
from ..state.tenant import TenantState
from ..timing import Clock
from ..wire.messages import ChatMessage

# The past calls of a line; None where they are not known.
type History = tuple[PastCall, ...] | None


class Reporter:
    """The last whole state of a line, and those who hear what changes in it."""

    def __init__(
        self,
        state: TenantState,
        listener: Listener,
        tracker: CallTracker,
        clock: Clock,
        *,
        tracked: Callable[[Iterable[str]], set[str]],
        on_events: Callable[[list[CallEvent]], None],
    ) -> None:
        """Start without a link.

        `tracked` returns those of some accounts whose calls are tracked by this state;
        `on_events` is called with what happened to calls, after the listener.
        """
        self.state = state
        self.is_live = False
        # Whether it ever was, and how often it became so.
        self.was_live = False
        self.links = 0
        # When the link came or went last, in Unix seconds.
        self.changed_at = clock.time()
        self.listener = listener
        self.tracker = tracker
        self._clock = clock
        self._tracked = tracked
        self._on_events = on_events
        self._waiting: dict[asyncio.Future[None], None] = {}

    @property
    def live(self) -> TenantState:
        """Return the state while it is live; raises NotConnectedError when it is not."""
        if not self.is_live:
            raise NotConnectedError("there is no link to the PBX")
        return self.state

    def link_up(
        self, state: TenantState, past: History = None, *, has_past: bool = False
    ) -> None:
        """Put a whole new state in place of the old one, and report what happened since.

        What only the history knows comes later, unless the link `has_past` by now: the
        present does not wait for the past.
        """
        old, self.state, self.is_live, self.was_live = self.state, state, True, True
        self.links += 1
        self.changed_at = self._clock.time()
        tracker, now, accounts = self.tracker, self._clock.monotonic(), state.accounts
        known = self._tracked(accounts.keys() | tracker.accounts)
        events = tracker.resync(state, known, now)
        if has_past:
            # What is over comes before what began meanwhile.
            events = [*tracker.apply_history(state, past, now, math.inf), *events]
            events.sort(key=lambda event: event.account)
        self.listener.on_connected(_differences(old.accounts, accounts))
        self.report_events(events)

    def changed(self, state: TenantState, changes: Changes) -> bool:
        """Tell what changed in the state, once it is whole.

        Return whether the end of a call waits for what the history proves.
        """
        if changes is NOTHING or not self.is_live or state is not self.state:
            return False
        if not changes.calls:
            self.listener.on_change(changes)
            self._wake()
            return False
        tracker = self.tracker
        tracked = self._tracked(changes.calls)
        events = tracker.update(state, tracked, self._clock.monotonic())
        self.listener.on_change(changes)
        self.report_events(events)
        self._wake()
        return bool(tracker.history_of(state.line).waiting)

    def report_events(self, events: list[CallEvent]) -> None:
        """Tell what happened to calls."""
        self.listener.on_call_events(events)
        self._on_events(events)

    def received(self, state: TenantState, message: ChatMessage) -> None:
        """Hand on a chat message that came over the link that is live."""
        if self.is_live and state is self.state:
            self.listener.on_chat_message(message)

    def take_over(self, number: str) -> None:
        """Track the calls of an account from now on, as far as they are known here."""
        if self.is_live and self._tracked({number}):
            now = self._clock.monotonic()
            self.report_events(self.tracker.hand_over(self.state, number, now))

    def link_lost(self) -> None:
        """Note that the state is not live any more."""
        if self.is_live:
            self.changed_at = self._clock.time()
        self.close()

    def close(self) -> None:
        """Let nobody wait for the state."""
        self.is_live = False
        self._wake()

    async def wait_for[T](
        self, check: Callable[[TenantState], T | None], until: float
    ) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when it has not by a time of the event loop,
        NotConnectedError when the link is lost meanwhile, and what `check` raises.
        """
        try:
            async with asyncio.timeout_at(until):
                while (found := check(self.live)) is None:
                    future = asyncio.get_running_loop().create_future()
                    self._waiting[future] = None
                    try:
                        await future
                    finally:
                        self._waiting.pop(future, None)
        except TimeoutError:
            raise NotConfirmedError("the state asked for did not come") from None
        return found

    def _wake(self) -> None:
        """Let those who wait look at the state again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


def _differences(
    before: Mapping[str, KnownAccount], after: Mapping[str, KnownAccount]
) -> Changes:
    """Return what a whole new state changes: all of it, for it may be another one."""
    return Changes(
        accounts=frozenset(after),
        calls=frozenset(after),
        totals=True,
        removed=frozenset(
            number
            for number, account in before.items()
            if number not in after or after[number].type != account.type
        ),
        renamed=frozenset(
            number
            for number in after.keys() & before.keys()
            if after[number].name != before[number].name
        ),
    )
