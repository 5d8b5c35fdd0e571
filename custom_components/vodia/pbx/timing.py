"""How long everything takes, and the clock that it goes by."""

from dataclasses import dataclass
import time
from typing import Final, Protocol


class Clock(Protocol):
    """A clock in seconds; the module `time` is one."""

    def time(self) -> float:
        """Return the time of day, since 1970 in UTC; it may be set."""

    def monotonic(self) -> float:
        """Return a time that only goes forward."""


@dataclass(frozen=True, slots=True)
class LineDataTiming:
    """Seconds of the readings of what only REST tells of a line."""

    flags: float = 60.0
    settings: float = 60.0
    slow: float = 300.0
    book: float = 3600.0
    try_again: float = 30.0
    pause: float = 5.0
    settle: float = 0.3
    pushed: float = 0.5
    # The history, and the mailbox, are written when the call is over, or a little later.
    history: tuple[float, ...] = (1.0, 10.0)
    mailbox: tuple[float, ...] = (5.0, 60.0)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of a login, by who keeps to them."""

    # REST
    request: float = 10.0
    # The socket; others in the loop get their turn after so much work.
    connect: float = 10.0
    send: float = 10.0
    ping: float = 15.0
    keepalive: float = 30.0
    turn: float = 0.004
    # The connection
    first_retry: float = 2.0
    last_retry: float = 60.0
    healthy: float = 20.0
    look: float = 3.0
    forbidden: float = 900.0
    # The first state
    answer: float = 3.0
    first_answer: float = 1.0
    # Accounts, orbits and calls that are read again
    settle: float = 0.3
    between_reads: float = 2.0
    ask_again: float = 60.0
    slow_read: float = 60.0
    forget: float = 610.0
    quiet: float = 120.0
    # The history
    proof: float = 3.0
    ask_proof_again: float = 1.0
    unheard: float = 5.0
    # Commands
    confirm: float = 5.0
    line_data: LineDataTiming = LineDataTiming()
    clock: Clock = time


USUAL: Final = Timing()
