"""Virtual time: while a test waits for nothing but a timer, the clocks jump to that timer.

A plugin of pytest, loaded by conftest.py. Sockets, threads and processes stay real; only
waiting costs nothing. `time.time`, `time.monotonic`, the event loop and `datetime.now`
move together, as Home Assistant computes the one from the other
(`homeassistant.helpers.event`) and refuses tokens from the future.

The clocks jump only when an empty poll means that nothing is under way:

- No job of an executor is open: neither is its thread at work, nor does the loop have
  its result still to come.
- No thread lives beside those that were there at first and the idle ones of pools: the
  recorder's, for example, works without the loop's knowledge.
- No child process lives.
- No name is being looked up: c-ares has a thread of its own.
- What was sent over loopback has arrived: the kernel hands it over while it is sent. On
  a busy machine it may leave that to a thread of its own, which runs when we yield.

Everything else goes by real time, without a mark. `@pytest.mark.real_time` asks for it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, thread as pool
import ctypes
import datetime as dt
import gc
import os
import selectors
import subprocess
import sys
import threading
import time
from types import ModuleType
from typing import Any, override
import weakref

from aiodns import DNSResolver
import pytest

# Looks at the sockets before a jump; between two of them others may run.
LOOKS = 3
# Seconds to wait at most before looking again whether others are still at work.
WHILE_BUSY = 0.02
# A thread of pycares that waits to clean up, from the first lookup on.
IDLE = "_run_safe_shutdown_loop"
# Modules whose waiting for threads and processes, or measuring of tests, stays real.
REAL = sys.stdlib_module_names | {"_pytest", "execnet", "pytest_timeout", "xdist"}


class Clock:
    """The clocks of this process: the real ones, and how far ahead of them we are."""

    def __init__(self, start: str | None) -> None:
        """Stand at the real time, or at a local one such as 2028-02-29T23:59:50."""
        self._time, self._monotonic = time.time, time.monotonic
        self._start = dt.datetime.fromisoformat(start).timestamp() if start else None
        self.skipped = 0.0
        self._wall = 0.0
        self._jumps = False
        self._until = float("inf")
        self._first = set[threading.Thread]()
        self._processes = weakref.WeakSet[subprocess.Popen[Any]]()
        self._jobs = set[object]()

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self._time() + self._wall

    def time_ns(self) -> int:
        """Return the nanoseconds since 1970."""
        return int(self.time() * 1e9)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._monotonic() + self.skipped

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go back."""
        return int(self.monotonic() * 1e9)

    def begin(self, *, jumps: bool) -> None:
        """Begin a test: at the start again, as far as clocks on the wall go."""
        self._wall = 0.0 if self._start is None else self._start - self._time()
        self._jumps = jumps
        self._first = set(threading.enumerate())
        self._jobs.clear()

    def end(self) -> None:
        """End a test: from now on waiting is real."""
        self._jumps = False
        self._until = float("inf")

    def jumps(self) -> bool:
        """Return whether a wait of the loop that asks may be skipped at all."""
        return (
            self._jumps
            and self._monotonic() < self._until
            and threading.current_thread() is threading.main_thread()
        )

    def end_jumps_in(self, seconds: float) -> None:
        """Let a test that takes longer wait in earnest.

        The loop swallows what a signal raises in a callback, as pytest-timeout does; one
        that skips from timer to timer would hang for ever.
        """
        self._until = self._monotonic() + seconds

    def skip(self, seconds: float) -> None:
        """Jump."""
        self._wall += seconds
        self.skipped += seconds

    def busy(self) -> bool:
        """Return whether something is under way that no socket tells of."""
        return bool(
            self._jobs
            or any(child.returncode is None for child in self._processes)
            or any(
                thread not in self._first
                and not isinstance(thread, threading._DummyThread)
                and IDLE not in thread.name
                for thread in threading.enumerate()
                if thread not in pool._threads_queues
            )
        )

    def watch_process(self, process: subprocess.Popen[Any]) -> None:
        """Wait for a process as long as it lives."""
        self._processes.add(process)

    def watch_job(self, job: Future[Any] | asyncio.Future[Any]) -> None:
        """Wait for a job until it is done."""
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)


CLOCK = Clock(os.environ.get("TESTS_START"))


class Selector(selectors.DefaultSelector):
    """What each event loop waits with."""

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or skip the time until the next timer."""
        if timeout is None or timeout <= 0 or not CLOCK.jumps():
            return super().select(timeout)
        for look in range(LOOKS):
            if look:
                os.sched_yield()
            if ready := super().select(0):
                return ready
            if CLOCK.busy():
                return super().select(min(timeout, WHILE_BUSY))
        CLOCK.skip(timeout)
        return []


def _now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> object:
    return cls.fromtimestamp(CLOCK.time(), tz)


def _utcnow(cls: type[dt.datetime]) -> object:
    return cls.fromtimestamp(CLOCK.time(), dt.UTC).replace(tzinfo=None)


def _watched[**P, R: Future[Any] | asyncio.Future[Any]](
    start: Callable[P, R],
) -> Callable[P, R]:
    """Return a function that starts a job and lets the clock wait for it."""

    def start_watched(*args: P.args, **kwargs: P.kwargs) -> R:
        job = start(*args, **kwargs)
        CLOCK.watch_job(job)
        return job

    return start_watched


def _root(module: ModuleType) -> str:
    return getattr(module, "__name__", "").partition(".")[0]


def _install() -> None:
    names = ("time", "time_ns", "monotonic", "monotonic_ns")
    real = {id(function): function for function in map(vars(time).get, names)}
    clocks = {
        id(function): getattr(CLOCK, name)
        for name, function in zip(names, real.values(), strict=True)
    }
    # Many took a function for themselves before: the harness comes first.
    for module in [time, *sys.modules.values()]:
        if module is time or _root(module) not in REAL:
            for name, value in list(getattr(module, "__dict__", {}).items()):
                if (clock := clocks.get(id(value))) is not None:
                    setattr(module, name, clock)
    if freezegun := sys.modules.get("freezegun.api"):
        # What it looks for in the modules that it freezes.
        freezegun._real_time_object_ids.update(map(id, clocks.values()))

    # The type is written in C and takes no new methods but through its own dictionary.
    methods = gc.get_referents(dt.datetime.__dict__)[0]
    methods |= {"now": classmethod(_now), "utcnow": classmethod(_utcnow)}
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(dt.datetime))

    selectors.DefaultSelector = Selector  # type: ignore[misc]
    ThreadPoolExecutor.submit = _watched(ThreadPoolExecutor.submit)  # type: ignore[method-assign]
    asyncio.BaseEventLoop.run_in_executor = _watched(  # type: ignore[method-assign]
        asyncio.BaseEventLoop.run_in_executor
    )
    start_process = subprocess.Popen.__init__

    def start_watched(
        process: subprocess.Popen[Any], *args: Any, **kwargs: Any
    ) -> None:
        start_process(process, *args, **kwargs)
        CLOCK.watch_process(process)

    subprocess.Popen.__init__ = start_watched  # type: ignore[assignment,method-assign]
    for name in ("getaddrinfo", "getnameinfo", "query", "query_dns"):
        setattr(DNSResolver, name, _watched(getattr(DNSResolver, name)))


_install()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer asyncio's checks."""
    parser.addoption(
        "--loop-debug",
        action="store_true",
        help="run every test in the debug mode of asyncio, which takes twice as long",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell the marks."""
    for line in (
        "real_time: waiting takes its time in this test",
        "loop_debug: this test needs the debug mode of asyncio",
    ):
        config.addinivalue_line("markers", line)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(settings: Any) -> None:
    """Note when pytest-timeout ends the test."""
    CLOCK.end_jumps_in(settings.timeout * 0.8)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Let the clocks jump in each test, its fixtures included."""
    CLOCK.begin(jumps=item.get_closest_marker("real_time") is None)
    try:
        return (yield)
    finally:
        CLOCK.end()


@pytest.fixture
def virtual_clock() -> Clock:
    """Return the clock of this process."""
    return CLOCK
