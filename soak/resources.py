"""What the process needs: memory, tasks, sockets and timers, and whether that grows."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
import gc
from pathlib import Path
from statistics import median
import sys

_PAGE = 4096
# Seconds in which what just ended may be cleared away.
_PATIENCE = 3.0
# Samples that are enough to see growth. Memory is taken for minutes until all that is kept
# to a limit is full: frames that are known, calls that are over.
_ENOUGH = 6
_ENOUGH_OF_MEMORY = 40
# What may come and go: a connection that is kept, a registry that will be saved.
_LEEWAY = {"tasks": 2, "sockets": 2, "timers": 4}
# Parts of the memory by which the last samples may be above the first ones: three of a
# hundred accounts come and go, and each start leaves holes in what is resident.
_GROWTH = {"blocks": 0.04, "resident": 0.15}


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is at a moment of no calls.

    `blocks` are those that Python has allocated, in thousands, which says more of a leak
    than the `resident` memory in MB.
    """

    tasks: int
    sockets: int
    timers: int
    blocks: int
    resident: float

    @classmethod
    def now(cls) -> Resources:
        """Measure."""
        loop = asyncio.get_running_loop()
        return cls(
            tasks=len(asyncio.all_tasks()),
            sockets=sum(
                str(link).startswith("socket:")
                for descriptor in Path("/proc/self/fd").iterdir()
                if (link := _target(descriptor))
            ),
            timers=sum(not timer.cancelled() for timer in loop._scheduled),  # type: ignore[attr-defined]
            blocks=sys.getallocatedblocks() // 1000,
            resident=int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6,
        )


def _target(descriptor: Path) -> Path | None:
    """Return what a descriptor is open for, if it still is."""
    try:
        return descriptor.readlink()
    except OSError:
        return None


async def measure(before: Sequence[Resources]) -> Resources:
    """Return what there is when all that just ended is cleared away."""
    gc.collect()
    now = Resources.now()
    if not before:
        return now
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while asyncio.get_running_loop().time() < deadline and any(
        getattr(now, name) > getattr(before[0], name) for name in _LEEWAY
    ):
        await asyncio.sleep(0.1)
        now = Resources.now()
    return now


def growth(samples: Sequence[Resources]) -> list[str]:
    """Return what has grown over samples of equal load, the first third left out."""
    warm = samples[len(samples) // 3 :]
    if len(samples) < _ENOUGH:
        return []
    third = len(warm) // 3 or 1
    grown = []
    for field in fields(Resources):
        name = field.name
        first = [getattr(sample, name) for sample in warm[:third]]
        last = [getattr(sample, name) for sample in warm[-third:]]
        if name in _LEEWAY:
            bad = min(last) > max(first) + _LEEWAY[name]
        else:
            bad = len(samples) >= _ENOUGH_OF_MEMORY and median(last) > median(first) * (
                1 + _GROWTH[name]
            )
        if bad:
            grown.append(f"{name} grew from {first} to {last}")
    return grown
