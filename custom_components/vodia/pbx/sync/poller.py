"""Read a resource whenever its schedule says so."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ..errors import REFUSALS, PbxError
from .schedule import Offer, Policy, Schedule

# Seconds after which it is looked whether what nothing hinted at is due.
_LOOK: Final = 60.0


class Poller:
    """The readings of one resource; they fail as a PbxError."""

    def __init__(
        self,
        policy: Policy,
        read: Callable[[], Awaitable[bool]],
        *,
        unasked: Callable[[], float],
        failed: Callable[[PbxError], None],
        offer: Offer | None = None,
    ) -> None:
        """Prepare to `read`, which returns whether there was something to read.

        `unasked` returns when to do so without a hint. `failed` is called with each
        failure, and ends `run` if it raises.
        """
        self.schedule = Schedule(policy, offer)
        self._read = read
        self._unasked = unasked
        self._failed = failed
        self._hinted = asyncio.Event()

    @staticmethod
    def now() -> float:
        """Return the time that the schedule goes by."""
        return asyncio.get_running_loop().time()

    def hint(self, delay: float = 0.0, *, urgent: bool = False) -> None:
        """Read after some seconds; an urgent hint does not wait for a pause."""
        if self.schedule.hint(self.now(), delay, urgent=urgent):
            self._hinted.set()

    def heard(self, *, odd: bool) -> None:
        """Take note of news; read again if something of it could not be read."""
        if not odd:
            self.schedule.whole()
            return
        self.schedule.odd(self.now())
        self._hinted.set()

    async def attempt(self) -> None:
        """Read once."""
        self.schedule.begin(self.now())
        try:
            read = await self._read()
        except PbxError as err:
            self.schedule.failed(self.now(), refused=isinstance(err, REFUSALS))
            self._failed(err)
        else:
            end = self.schedule.succeeded if read else self.schedule.skipped
            end(self.now())

    async def run(self) -> None:
        """Read again and again, until the PBX turns out not to offer it."""
        while not self.schedule.given_up:
            await self._wait()
            await self.attempt()

    async def _wait(self) -> None:
        """Wait until the next reading is due."""
        while True:
            self._hinted.clear()
            pause = self.schedule.due(self._unasked()) - self.now()
            if pause <= 0:
                return
            await wait_for_event(self._hinted, min(pause, _LOOK))


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event; return whether it came in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
