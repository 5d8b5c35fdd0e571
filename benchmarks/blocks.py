"""How long the loop is blocked at a time, and by whom."""

import asyncio
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time
from typing import Any

from aiohttp.web_protocol import RequestHandler

_SIMULATOR = ("/simulator/", "/aiohttp/web", "/benchmarks/")


@dataclass(slots=True)
class Blocks:
    """The longest turn of the loop that is not the simulator's, and what each takes."""

    longest: float = 0.0
    by: str = ""
    ours: float = 0.0
    simulator: float = 0.0

    def note(self, handle: Any, seconds: float) -> None:
        """Take note of one turn."""
        owner = getattr(handle._callback, "__self__", None)
        where, name = "", getattr(handle._callback, "__qualname__", "")
        if isinstance(owner, asyncio.Task):
            name = owner.get_name()
            code = getattr(owner.get_coro(), "cr_code", None)
            where = code.co_filename if code else ""
            name = code.co_qualname if code else name
        served = getattr(owner, "_protocol", None)
        if isinstance(served, RequestHandler) or any(x in where for x in _SIMULATOR):
            self.simulator += seconds
            return
        self.ours += seconds
        if seconds > self.longest:
            self.longest, self.by = seconds, name


@contextmanager
def watched() -> Iterator[Blocks]:
    """Time every turn of the loop."""
    blocks, run = Blocks(), events.Handle._run

    def timed(handle: events.Handle) -> Any:
        """Run a turn and note it: in time of the processor, as others want it too."""
        begin = time.thread_time()
        try:
            return run(handle)
        finally:
            blocks.note(handle, time.thread_time() - begin)

    events.Handle._run = timed  # type: ignore[assignment, method-assign]
    try:
        yield blocks
    finally:
        events.Handle._run = run  # type: ignore[method-assign]
