"""The simulated PBX of the demo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from simulator import Engine, EngineError, Simulator, Stage, Switches
from simulator.control import ControlServer
from simulator.life import Life

from .home import HOST

PROFILES = {"classic": Switches.classic, "modern": Switches.modern}
_PICKUP_SECONDS = 1.5
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pbx:
    """Where a running PBX is, and how to log in."""

    url: str
    control_url: str
    extension: str
    password: str


@asynccontextmanager
async def simulated_pbx(
    profile: str, extension: str, *, lively: bool
) -> AsyncIterator[Pbx]:
    """Run a PBX on free ports, with or without office life."""
    switches = PROFILES[profile]()
    if lively:
        switches.dial_pickup, switches.far_answer = _PICKUP_SECONDS, _ANSWER_SECONDS
    pbx = Simulator(switches)
    control = ControlServer(pbx, Life(pbx) if lively else None)
    if lively:
        _answer_dialed_calls(pbx.engine)
    try:
        await pbx.start(HOST)
        await control.start(HOST)
        password = pbx.engine.account(extension).password
        yield Pbx(pbx.url, f"http://{HOST}:{control.port}", extension, password)
    finally:
        await control.stop()
        await pbx.stop()


def _answer_dialed_calls(engine: Engine) -> None:
    """Let colleagues pick up when somebody dials them by a click."""
    waiting: set[str] = set()

    def answer(call_id: str) -> None:
        """Answer at the first phone that rings, if one still does."""
        waiting.discard(call_id)
        with suppress(EngineError):
            if (call := engine.call(call_id)).rung:
                engine.answer(call_id, call.rung[0])

    def look(_: object) -> None:
        """Look for calls that ring at a colleague."""
        for call in engine.calls():
            if (
                call.clicked
                and call.stage is Stage.RINGING
                and call.rung
                and call.id not in waiting
            ):
                waiting.add(call.id)
                loop = asyncio.get_running_loop()
                loop.call_later(_ANSWER_SECONDS, answer, call.id)

    engine.listeners.append(look)
