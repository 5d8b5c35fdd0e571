"""How long the loop is blocked at a time, and by whom."""

import asyncio
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
import time
from typing import Any, Literal

from aiohttp.web_protocol import RequestHandler

_SIMULATOR = ("/simulator/", "/aiohttp/web", "/benchmarks/")


@dataclass(slots=True)
class Blocks:
    """The longest turn of the loop that is not the simulator's, and what each takes.

    Without the share of the garbage collector, which comes when it comes: what it takes
    hangs on all objects that were made of late, Home Assistant's too. Beside that stands
    the longest turn with it, and how much of that the `collector` took.
    """

    longest: float = 0.0
    by: str = ""
    longest_with_collector: float = 0.0
    collector: float = 0.0
    ours: float = 0.0
    simulator: float = 0.0

    def note(self, handle: Any, seconds: float, collected: float) -> None:
        """Take note of one turn, and of how much of it was collecting garbage."""
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
        if seconds > self.longest_with_collector:
            self.longest_with_collector, self.collector = seconds, collected
        if seconds - collected > self.longest:
            self.longest, self.by = seconds - collected, name


@contextmanager
def watched() -> Iterator[Blocks]:
    """Time every turn of the loop."""
    blocks, run = Blocks(), events.Handle._run
    began, collected = 0.0, 0.0

    def collect(phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        """Time the garbage collector."""
        nonlocal began, collected
        if phase == "start":
            began = time.thread_time()
        else:
            collected += time.thread_time() - began

    def timed(handle: events.Handle) -> Any:
        """Run a turn and note it: in time of the processor, as others want it too."""
        begin, before = time.thread_time(), collected
        try:
            return run(handle)
        finally:
            took = time.thread_time() - begin
            blocks.note(handle, took, collected - before)

    gc.callbacks.append(collect)
    events.Handle._run = timed  # type: ignore[assignment, method-assign]
    try:
        yield blocks
    finally:
        events.Handle._run = run  # type: ignore[method-assign]
        gc.callbacks.remove(collect)
