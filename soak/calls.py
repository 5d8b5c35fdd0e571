"""A call of one account: what happened to it there, and what was reported of that."""

from collections import Counter
from dataclasses import dataclass, field
import time

from .clock import waited
from .facts import Facts

TALKS = {"connected", "held"}
# By how many seconds a duration may differ.
_ROUNDED = 1.6


@dataclass(slots=True)
class AccountCall:
    """What happened, and what was reported.

    It is `unsure` where something happened that nobody could hear, and `old` when its end
    has been waited for once.
    """

    real: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    versions: list[tuple[float, Facts]] = field(default_factory=list)
    stretches: list[list[float]] = field(default_factory=list)
    state: str | None = None
    unsure: bool = False
    talked: bool = False
    unheard: bool = False
    old: bool = False

    @property
    def is_talking(self) -> bool:
        """Return whether the account talks, or did so to the end."""
        return bool(self.versions) and self.versions[-1][1].state in TALKS

    def add(self, steps: list[str], old: str | None, new: str | None) -> None:
        """Note what happened when a state became another."""
        self.state = new
        self.talked |= new in TALKS
        self.real += steps
        self.times += [waited()] * len(steps)
        if old in TALKS and new not in TALKS and self.stretches:
            self.stretches[-1][1] = time.monotonic()
        elif new in TALKS and old not in TALKS:
            self.stretches.append([time.monotonic(), 0])

    def describe(self, facts: Facts) -> None:
        """Note what the call is now, if that is new."""
        if not self.versions or self.versions[-1][1] != facts:
            self.versions.append((waited(), facts))

    def during(self, seconds: float) -> list[Facts]:
        """Return what the call was in the last seconds, or what it was last."""
        since = waited() - seconds
        recent = [
            facts
            for (_, facts), (until, _) in zip(
                self.versions, [*self.versions[1:], (waited(), None)], strict=False
            )
            if until >= since
        ]
        return recent or [facts for _, facts in self.versions[-1:]]

    def is_duration(self, seconds: float | None) -> bool:
        """Return whether so long was talked, in all or since it was last answered."""
        if seconds is None:
            return False
        if seconds == 0 and not self.is_talking:
            # A call that is sent on rings again: what was talked before may not count.
            return True
        now = time.monotonic()
        took = [(end or now) - begin for begin, end in self.stretches]
        return any(abs(seconds - truth) < _ROUNDED for truth in (sum(took), *took[-1:]))
