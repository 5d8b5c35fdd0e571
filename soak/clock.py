"""The clocks of a run: waiting costs nothing, and how long was waited is counted.

How late something is shown is measured by what the loop has waited since: what a busy
machine takes to compute is no wait, and a timer of the integration is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import time
from typing import Any

from tests.support.clock import CLOCK


@contextmanager
def free_waiting() -> Iterator[None]:
    """Let waiting cost nothing, as it does in tests."""
    if CLOCK.jumps():
        yield
        return
    CLOCK.begin(jumps=True)
    try:
        yield
    finally:
        CLOCK.end()


class _Waits:
    """How long loops have waited for nothing but a timer."""

    seconds = 0.0


def count_waits() -> None:
    """Count the waits of the running loop from now on, in skipped or in real time."""
    selector: Any = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
    select = selector.select

    def counted(timeout: float | None = None) -> list[Any]:
        """Wait; what was ready was not waited for."""
        began = time.monotonic()
        ready: list[Any] = select(timeout)
        if not ready and timeout and timeout > 0:
            _Waits.seconds += min(timeout, time.monotonic() - began)
        return ready

    selector.select = counted


def waited() -> float:
    """Return the seconds that were waited for nothing but a timer."""
    return _Waits.seconds


def worked() -> float:
    """Return a time that goes on while something is done, and is not skipped."""
    return time.monotonic() - CLOCK.skipped
