"""When something is read again: pure, with the time as an argument.

Slowly where nothing hints at a change, soon after a hint, and never in a rush. What could
not all be read is asked for again, ever more seldom while that does not help. A PBX that
refuses a reading does not offer it; one that was offered before may be refused by mistake.
"""

from dataclasses import dataclass
import math
from typing import Final

# Failed readings in a row after which a value is not known any more.
FAILURES: Final = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """How one resource is read, in seconds.

    Hints within `settle` count as one. `pause` is the shortest time from the end of a
    reading to the next, `retry` the time from the beginning of a failed one (None: as after
    a good one), `longest` the longest time between readings while replies stay odd. With
    `offered_stays` a resource that was read over this link is never given up.
    """

    settle: float = 0.0
    pause: float = 0.0
    retry: float | None = None
    longest: float = math.inf
    offered_stays: bool = True


@dataclass(slots=True)
class Offer:
    """Whether a PBX has ever offered something; it outlives a link."""

    ever: bool = False


class Schedule:
    """When one resource is due."""

    def __init__(self, policy: Policy, offer: Offer | None = None) -> None:
        """Be due at once."""
        self._policy = policy
        self._offer = offer or Offer()
        self.restart()

    def restart(self) -> None:
        """Be due at once over a new link; only what was ever offered is remembered."""
        # Of the last reading: when it began, and whether it was asked for.
        self.began = -math.inf
        self.asked = False
        # Over this link; None is not known yet.
        self.offered: bool | None = None
        # In a row.
        self.failures = 0
        self._rested = -math.inf
        # When to read, and from when on a reading is new enough.
        self._hints: dict[float, float] = {}
        self._urgent = math.inf
        self._odd_at = math.inf
        # Seconds until what is odd is asked for again: at first soon, then ever later.
        self._again = 0.0

    @property
    def given_up(self) -> bool:
        """Return whether the PBX does not offer it, so that it is not read any more."""
        return self.offered is False

    @property
    def hinted(self) -> bool:
        """Return whether there was a hint that the last reading does not meet."""
        return bool(self._hints)

    @property
    def is_odd(self) -> bool:
        """Return whether something could not be read, and is asked for again."""
        return self._odd_at < math.inf

    def due(self, unasked: float) -> float:
        """Return when to read next; `unasked` is when to do so without a reason."""
        if self.given_up:
            return math.inf
        if self.failures and self._policy.retry is not None:
            unasked = self.began + self._policy.retry
        soonest = min(unasked, self._odd_at, *self._hints)
        return min(self._urgent, max(self._rested, soonest))

    def hint(self, now: float, delay: float = 0.0, *, urgent: bool = False) -> bool:
        """Wish for a reading after some seconds; return whether that is news.

        An urgent one does not wait for the pause after the last reading.
        """
        soon, late = now + delay, now + delay + self._policy.settle
        if self.given_up:
            return False
        news = True
        for at in self._hints:
            # One that is overdue is met later than now as well.
            if at <= late and (at >= soon or not delay):
                late, news = at, False
                break
        self._hints[late] = soon
        if urgent and late < self._urgent:
            self._urgent, news = late, True
        return news

    def odd(self, now: float) -> None:
        """Take note that something could not be read."""
        if not self.is_odd:
            calm = now >= self.began + self._again
            again = now + self._policy.settle if calm else self.began + self._again
            self._odd_at = again

    def whole(self) -> None:
        """Take note that all could be read."""
        self._odd_at = math.inf

    def begin(self, now: float) -> None:
        """Begin a reading: it meets all hints at what is there by now."""
        later = {at: soon for at, soon in self._hints.items() if soon > now}
        self.asked = self._hints != later or self._odd_at <= now
        self._hints, self._urgent = later, math.inf
        if self.is_odd:
            self._again = max(2 * self._again, self._policy.pause)
            self._again = min(self._again, self._policy.longest)
            self._odd_at = now + self._again
        elif now >= self.began + self._again:
            self._again = 0.0
        self.began = now

    def was_read(self, now: float) -> None:
        """Count what was read by somebody else; hints of before stay."""
        self.offered = self._offer.ever = True
        self.began = self._rested = now

    def skipped(self, now: float) -> None:
        """End a reading for which there was nothing to read."""
        self._rested = now

    def succeeded(self, now: float) -> None:
        """End a reading; the PBX offers it."""
        self.offered = self._offer.ever = True
        self.failures = 0
        self._rested = now + self._policy.pause

    def failed(self, now: float, *, refused: bool) -> None:
        """End a reading that told nothing; one that was `refused` may not be offered."""
        self.failures += 1
        self._rested = now + self._policy.pause
        by_mistake = self._offer.ever and self.failures < FAILURES
        stays = self._policy.offered_stays and self.offered
        if refused and not (by_mistake or stays):
            self.offered = False
