"""Test the office life."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import random

import pytest

from simulator import EngineError, Event, Simulator, Switches
from simulator.life import Life
from tests.support.client import wait_for


@asynccontextmanager
async def living(life: Life) -> AsyncIterator[asyncio.Task[None]]:
    """Let life go on for a while."""
    task = asyncio.create_task(life.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_calls_come_and_go() -> None:
    """Calls are answered or missed; a few are up at a time; 45 rings, too."""
    pbx = Simulator(Switches.modern())
    most = 0

    def count(_: object) -> None:
        """Remember how many calls were up at most."""
        nonlocal most
        most = max(most, len(pbx.engine.calls()))

    def ends() -> Counter[str]:
        """Count the reasons of ended calls."""
        return Counter(
            entry.details["reason"]
            for entry in pbx.engine.log
            if entry.event is Event.ENDED
        )

    pbx.engine.listeners.append(count)
    async with living(Life(pbx, seed=1, pace=2000)):
        await wait_for(
            lambda: (
                ends()["completed"] > 20
                and ends()["missed"] > 5
                and any(entry.account == "45" for entry in pbx.engine.log)
                and any(entry.event is Event.HELD for entry in pbx.engine.log)
            )
        )
    assert 1 <= most <= 4


async def test_own_extension_is_left_alone() -> None:
    """Nothing rings at 45 if that is not wanted."""
    pbx = Simulator(Switches.modern())
    async with living(Life(pbx, pace=2000, busy_own=False)):
        await wait_for(lambda: len(pbx.engine.log) > 300)
    assert not any(entry.account == "45" for entry in pbx.engine.log)


async def test_pause() -> None:
    """A pause keeps everything as it is."""
    pbx = Simulator(Switches.modern())
    life = Life(pbx, pace=1000)
    async with living(life):
        await wait_for(lambda: len(pbx.engine.log) > 20)
        life.pause()
        assert not life.running
        await asyncio.sleep(0.06)
        before = len(pbx.engine.log)
        await asyncio.sleep(0.06)
        assert len(pbx.engine.log) == before
        life.resume()
        await wait_for(lambda: len(pbx.engine.log) > before)


@pytest.mark.parametrize("seed", [1, 2])
async def test_others_may_interfere(seed: int) -> None:
    """Life survives that others act on its calls and accounts."""
    pbx = Simulator(Switches.modern())
    engine = pbx.engine
    chance = random.Random(seed)
    async with living(Life(pbx, seed=seed, pace=2000)) as task:
        for _ in range(300):
            await asyncio.sleep(0.001)
            for call in engine.calls():
                with suppress(EngineError, IndexError):
                    match chance.randrange(4):
                        case 0:
                            engine.hang_up(call.id)
                        case 1:
                            engine.answer(call.id, call.rung[0] if call.rung else None)
                        case 2:
                            engine.hold(call.id, call.caller.number)
                        case _:
                            engine.transfer(call.id, call.rung[0], "45")
        for number in ("500", "501", "600", "601", "45", "40"):
            engine.remove_account(number)
        before = len(engine.log)
        await wait_for(lambda: len(engine.log) > before + 50)
        assert not task.done()
