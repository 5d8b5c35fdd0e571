"""The calls of a line that are over, read where they may tell more than what was pushed."""

import asyncio
from collections.abc import Callable, Mapping
import logging
import math
from typing import Final

from ..errors import (
    CannotConnectError,
    MethodNotAllowedError,
    NotOfferedError,
    PbxError,
)
from ..models import CallScope, Extension, PastCall
from ..net.session import Session
from ..wire.replies import decode_history
from .feed import Feed
from .poller import Poller
from .reporter import Reporter
from .schedule import Offer, Policy

_LOGGER = logging.getLogger(__name__)

_CLASSIC_PATH: Final = "/json"
_CLASSIC_LENGTH: Final = 50
# Seconds by which a timer of the loop may be early.
_CLOCK_TICK: Final = 0.02


async def read_history(session: Session, line: str) -> tuple[PastCall, ...]:
    """Return the past calls of a line, the newest first.

    REST `/history` is documented (70.3 catalogue); a server that lacks it is asked as
    the portal of 2016 asked. Raises AccessOffError, NotOfferedError where the PBX tells
    neither way, UnexpectedReplyError for another shape, or an error of the network.
    """
    request = session.request
    summary = {
        "action": "load-cdr-summary",
        "start": 0,
        "length": _CLASSIC_LENGTH,
        "domain": True,
        "user": True,
    }
    try:
        reply = await request("GET", "history")
    except NotOfferedError:
        try:
            reply = await request("POST", _CLASSIC_PATH, summary)
        except MethodNotAllowedError:
            # The tenant may want to be named.
            summary |= {"domain": session.tenant, "user": "true"}
            reply = await request("POST", _CLASSIC_PATH, summary)
    trace = session.trace
    calls = reply.read("history", lambda told: decode_history(told, line, trace), trace)
    return tuple(sorted(calls, key=lambda call: -(call.started or 0)))


class HistoryReader:
    """The history of the line over one link: it only proves more.

    It tells how a call ended, in the time that an end may wait; and who called while the
    phone did not hear of it. Where no push tells that, it is read now and then while do not
    disturb is on.
    """

    def __init__(
        self,
        feed: Feed,
        reporter: Reporter,
        *,
        phones: Callable[[], Mapping[str, Extension]],
        offer: Offer,
    ) -> None:
        """Prepare to report what it proves.

        `phones` returns the extensions with their presence.
        """
        self._feed = feed
        self._line = feed.state.line
        self._timing = timing = feed.session.timing
        self._clock = timing.clock
        self._tracker = reporter.tracker
        self._tell = reporter.report_events
        self._phones = phones
        self._was_quiet = False
        self._past: tuple[PastCall, ...] | None = None
        self._unheard_until = 0.0
        # Whether it is read now and then, for something is to be found in it.
        self._searches = False
        self._next = math.inf
        self._runs = False
        policy = Policy(offered_stays=False)
        self._poller = Poller(
            policy,
            self._read,
            unasked=lambda: self._next,
            failed=self._failed,
            offer=offer,
        )
        self.prefetch = self._poller.attempt

    @property
    def past(self) -> tuple[PastCall, ...] | None:
        """Return what was read last; None where the PBX does not tell it.

        The parties have the numbers of their accounts.
        """
        if self._past is None:
            return None
        return tuple(map(self._feed.state.identity.identified_past, self._past))

    def want(self) -> None:
        """Read it at once, if it is not read again soon anyway."""
        if not self._searches:
            self._poller.hint()

    def expect_unheard(self) -> None:
        """Look for a call of which the phone did not hear."""
        if self._line not in self._tracker.without_history:
            until = self._clock.monotonic() + self._timing.unheard
            self._unheard_until = until
            self.want()

    async def run(self, prefetched: asyncio.Task[None] | None) -> None:
        """Read it whenever it may prove something, until the PBX turns out not to tell it."""
        await (prefetched or self.prefetch())
        self._runs = True
        self._settle()
        await self._poller.run()

    async def _read(self) -> bool:
        """Read it, if there is a reason to."""
        if self._runs and not (self._poller.schedule.asked or self._searches):
            quiet, unread = self._is_quiet(), self._tracker.has_unread_history
            if not (quiet or self._was_quiet or unread(self._line)):
                self._look_again(self._timing.unheard)
                return False
            self._was_quiet = quiet
        waits = self._tracker.history_of(self._line).waits_since
        proof = self._timing.proof
        rest = min(proof, waits + proof - self._clock.monotonic())
        try:
            async with asyncio.timeout(max(_CLOCK_TICK, rest)):
                self._past = await read_history(self._feed.session, self._line)
        except TimeoutError:
            raise CannotConnectError("the history takes too long") from None
        self._settle()
        return True

    def _failed(self, error: PbxError) -> None:
        """Go on without it."""
        _LOGGER.debug("The history of the line cannot be read: %s", error)
        if self._poller.schedule.given_up:
            self._tracker.without_history.add(self._line)
        self._past = None
        self._settle()

    def _settle(self) -> None:
        """Tell what it proves, and plan the next reading."""
        if not self._runs:
            return
        tracker, timing, line = self._tracker, self._timing, self._line
        now, patience = self._clock.monotonic(), timing.proof - _CLOCK_TICK
        events = tracker.apply_history(self._feed.state, self.past, now, patience)
        if events:
            self._unheard_until = now
        self._tell(events)
        own = tracker.history_of(line)
        self._searches = bool(own.waiting) or now < self._unheard_until
        if self._searches:
            rest = own.waits_since + timing.proof - now
            self._look_again(min(timing.ask_proof_again, max(0, rest)))
        else:
            self._look_again(timing.unheard)

    def _is_quiet(self) -> bool:
        """Return whether calls may come that no phone hears and no push tells of."""
        phone = self._phones().get(self._line)
        return (
            self._feed.capabilities.call_scope is CallScope.OWN
            and self._line not in self._tracker.without_history
            and phone is not None
            and phone.dnd is True
        )

    def _look_again(self, seconds: float) -> None:
        """Plan the next reading."""
        self._next = self._poller.now() + seconds
