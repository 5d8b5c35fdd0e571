"""What we leave behind: told by whose code it is, never by words that a path may have."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import custom_components.vodia

_PACKAGE = custom_components.vodia.__name__
_FOLDER = Path(custom_components.vodia.__file__).parent
# Where a callback keeps what it calls: bound methods, partials, jobs, trackers.
_INSIDE = ("__self__", "func", "target", "job", "action")


def left(*ports: int) -> list[str]:
    """Return the tasks, timers and sockets to these ports that are there because of us."""
    loop = asyncio.get_running_loop()
    tasks = [repr(task) for task in asyncio.all_tasks() if _is_our_task(task)]
    timers = [
        repr(handle)
        for handle in loop._scheduled  # type: ignore[attr-defined]
        if not handle.cancelled()
        and any(_is_ours(thing) for thing in (handle._callback, *handle._args))
    ]
    return [*tasks, *timers, *(s for port in ports for s in _open_sockets(port))]


async def nothing_left(*ports: int) -> None:
    """Expect that nothing of us is there any more; closing takes a moment."""
    try:
        async with asyncio.timeout(0.5):
            while left(*ports):
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(left(*ports)) from None


def _is_our_task(task: asyncio.Task[Any]) -> bool:
    """Return whether a task has our name, or is in a coroutine of ours."""
    return "vodia" in task.get_name() or any(
        Path(file).is_relative_to(_FOLDER) for file in _coroutines(task)
    )


def _coroutines(task: asyncio.Task[Any]) -> Iterator[str]:
    """Yield the files of all that a task is in, from its outermost coroutine on."""
    awaited: Any = task.get_coro()
    while awaited is not None:
        code = getattr(awaited, "cr_code", None) or getattr(awaited, "ag_code", None)
        if code is not None:
            yield code.co_filename
        awaited = getattr(awaited, "cr_await", None) or getattr(
            awaited, "ag_await", None
        )


def _is_ours(thing: Any, depth: int = 4) -> bool:
    """Return whether a callback, what it belongs to or what it hands on is ours."""
    modules = (getattr(thing, "__module__", None), type(thing).__module__)
    if any(str(module).startswith(_PACKAGE) for module in modules):
        return True
    inside = [getattr(thing, name, None) for name in _INSIDE]
    if isinstance(args := getattr(thing, "args", ()), tuple):
        inside += args
    inside += [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
    return depth > 0 and any(
        _is_ours(part, depth - 1) for part in inside if part is not None
    )


def _open_sockets(port: int) -> list[str]:
    """Return the sockets of this process' side that lead to a port, or try to."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        # Established, greeting, or closed by the other side only.
        if int(remote.partition(":")[2], 16) == port and state in ("01", "02", "08"):
            found.append(f"socket {local} to port {port}")
    return found
