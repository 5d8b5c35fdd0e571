"""What the parts of the simulated PBX share: what it is, and what clients asked it for."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from .engine import Engine
from .logins import Logins
from .switches import Switches


@dataclass(slots=True)
class PbxState:
    """The engine, how it is shown, who is logged in, and a record of what came in.

    Nothing is sent or processed until it is `thawed`.
    """

    engine: Engine
    switches: Switches
    logins: Logins
    thawed: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[tuple[str, str]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
