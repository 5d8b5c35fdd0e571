"""What the parts of the simulated PBX share: what it is, and what clients asked it for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .engine import Engine
from .logins import Logins
from .switches import Switches

# What answers a request in place of the PBX.
type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class PbxState:
    """The engine, how it is shown, who is logged in, and a record of what came in.

    Nothing is sent or processed until it is `thawed`. A step of `simulator.requests` that
    is in `answers` is answered there. `listed` calls stand in lists in place of the
    engine's, until something happens there.
    """

    engine: Engine
    switches: Switches
    logins: Logins
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[tuple[str, str]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    listed: list[dict[str, Any]] | None = None
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def take[*Ts](self, change: Callable[[*Ts], None], *args: *Ts) -> None:
        """Let what a client has set take effect, at once or a moment later."""
        if delay := self.switches.settings_delay:
            asyncio.get_running_loop().call_later(delay, change, *args)
        else:
            change(*args)
