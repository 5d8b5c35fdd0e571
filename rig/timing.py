"""How quick the integration is in tests and in the soak, and a clock that can be set."""

from dataclasses import dataclass
import time

from custom_components.vodia.pbx.timing import LineDataTiming, Timing

# Seconds of the connection, short enough for a test, and long enough for a machine on
# which the loop stalls for a second.
QUICK = Timing(
    connect=6.0,
    request=3.0,
    answer=0.5,
    first_answer=0.15,
    ping=1.0,
    keepalive=0.6,
    settle=0.05,
    between_reads=0.2,
    ask_again=2.0,
    slow_read=0.5,
    first_retry=0.1,
    last_retry=0.4,
    healthy=0.4,
    forbidden=0.6,
    confirm=0.5,
    proof=0.5,
    ask_proof_again=0.1,
)
# Seconds of what is read beside the link; what is slow does not come up in a test.
QUICK_LINE_DATA = LineDataTiming(
    flags=0.2,
    try_again=0.1,
    pause=0.05,
    settle=0.02,
    pushed=0.02,
    history=(0.05, 0.4),
    mailbox=(0.05, 0.4),
)


@dataclass(slots=True)
class SetClock:
    """The clock of the integration: set to another time of day, or gone on in a sleep."""

    wall: float = 0
    ahead: float = 0

    def time(self) -> float:
        """Return the time of day."""
        return time.time() + self.wall + self.ahead

    def monotonic(self) -> float:
        """Return a time that never goes back."""
        return time.monotonic() + self.ahead
