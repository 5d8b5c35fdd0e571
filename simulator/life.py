"""An office that is alive: calls and moods that come by themselves."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
import random

from .model import DEFAULT_TENANT, AccountType, EngineError, Stage
from .seed import OWN_EXTENSION
from .server import Simulator

_MOST_CALLS = 4
_CALLERS = (
    ("+493055501234", "Anna Meyer"),
    ("+33155501777", "Boulangerie Petit"),
    ("+442079460123", ""),
    ("+12025550147", "Northwind Supplies"),
    ("+34915550199", "María López"),
    ("+390655501666", ""),
    ("anonymous", ""),
)


class Life:
    """Play endless office life, the same for the same seed and pace."""

    def __init__(
        self,
        pbx: Simulator,
        seed: int = 1,
        pace: float = 1.0,
        *,
        busy_own: bool = True,
        spared: Collection[str] = (),
    ) -> None:
        """Prepare to play; `pace` 2 is twice as fast as people are.

        Extensions that are spared have no part in it.
        """
        self._engine = pbx.engine
        self._random = random.Random(seed)
        self._pace = pace
        self._busy_own = busy_own
        self._spared = {OWN_EXTENSION, *spared}
        self._awake = asyncio.Event()
        self._awake.set()
        self._scenes = 0

    @property
    def running(self) -> bool:
        """Return whether life goes on."""
        return self._awake.is_set()

    def pause(self) -> None:
        """Stop the time; calls stay as they are."""
        self._awake.clear()

    def resume(self) -> None:
        """Let the time go on."""
        self._awake.set()

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._live_moods())
            while True:
                await self._awake.wait()
                if self._scenes < self._random.randint(1, _MOST_CALLS):
                    self._scenes += 1
                    tasks.create_task(self._live_call())
                await self._wait(1, 5)

    async def _wait(self, shortest: float, longest: float) -> None:
        """Let time pass, as long as time is not stopped."""
        await asyncio.sleep(self._random.uniform(shortest, longest) / self._pace)
        await self._awake.wait()

    # Calls

    async def _live_call(self) -> None:
        """Play one call; a call that others have changed ends after a while."""
        try:
            with suppress(EngineError):
                await self._play(self._start())
        finally:
            self._scenes -= 1

    def _start(self) -> str:
        """Let somebody call somebody."""
        choice = self._random.random()
        if choice < 0.1 and self._busy_own:
            return self._engine.ring(*self._outsider(OWN_EXTENSION))
        if choice < 0.4:
            groups = self._numbers(AccountType.RING_GROUP, AccountType.QUEUE)
            if not self._busy_own:
                groups = [
                    group
                    for group in groups
                    if OWN_EXTENSION not in self._engine.account(group).members
                ]
            if groups:
                return self._engine.ring(*self._outsider(self._random.choice(groups)))
        first, second = self._idle_pair()
        if choice < 0.65:
            return self._engine.ring(*self._outsider(first))
        if choice < 0.85:
            return self._engine.ring(first, second)
        number, _ = self._random.choice(_CALLERS[:-1])
        return self._engine.ring(first, number)

    async def _play(self, call_id: str) -> None:
        """Play a call to its end, also when others have a hand in it."""
        try:
            await self._speak(call_id)
        except EngineError:
            await self._wait(20, 40)
        self._engine.hang_up(call_id)

    async def _speak(self, call_id: str) -> None:
        """Let a call be answered or not, and talked in."""
        call = self._engine.call(call_id)
        await self._wait(3, 9)
        if call.stage is Stage.RINGING and self._random.random() < 0.75:
            if not call.called.internal:
                self._engine.answer(call_id)
            elif willing := [phone for phone in call.rung if phone != OWN_EXTENSION]:
                self._engine.answer(call_id, self._random.choice(willing))
        if call.stage is not Stage.CONNECTED:
            await self._wait(5, 12)
        if call.stage is Stage.CONNECTED:
            await self._talk(call_id)

    async def _talk(self, call_id: str) -> None:
        """Talk, with a hold, a transfer or a recording now and then."""
        call = self._engine.call(call_id)
        await self._wait(8, 30)
        phone = call.talker if call.talker and call.talker.internal else call.caller
        if phone.number == OWN_EXTENSION:
            await self._wait(30, 90)
            return
        mood = self._random.random()
        if mood < 0.35:
            self._engine.hold(call_id, phone.number)
            await self._wait(4, 12)
            self._engine.resume(call_id, phone.number)
        elif mood < 0.5:
            target = self._idle_pair()[0]
            self._engine.transfer(call_id, phone.number, target)
            await self._wait(2, 6)
            self._engine.answer(call_id, target)
        elif mood < 0.6:
            self._engine.record(call_id, True)
        await self._wait(8, 30)

    def _outsider(self, called: str) -> tuple[str, str, str]:
        """Return the arguments of a call from outside."""
        number, name = self._random.choice(_CALLERS)
        return number, called, name

    # Moods

    async def _live_moods(self) -> None:
        """Let phones go on and off do not disturb and lose their registration."""
        while True:
            await self._wait(15, 40)
            with suppress(EngineError):
                number = self._idle_pair()[0]
                if self._random.random() < 0.7:
                    self._engine.set_dnd(number, True)
                    await self._wait(10, 60)
                    self._engine.set_dnd(number, False)
                else:
                    self._engine.set_registered(number, False)
                    await self._wait(5, 20)
                    self._engine.set_registered(number, True)

    # Who

    def _numbers(self, *types: AccountType) -> list[str]:
        """Return the accounts of some types."""
        accounts = self._engine.tenant(DEFAULT_TENANT).accounts.values()
        return [account.number for account in accounts if account.type in types]

    def _idle_pair(self) -> list[str]:
        """Return two phones that are free, never the user's own nor a spared one."""
        idle = [
            number
            for number in self._numbers(AccountType.EXTENSION)
            if number not in self._spared
            and self._engine.account(number).reachable
            and not self._engine.calls_of(number)
        ]
        if len(idle) < 2:
            raise EngineError("Everybody is busy")
        return self._random.sample(idle, 2)
