"""A run as actions and faults may touch it: the PBX, Home Assistant, and waiting for both."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from random import Random
import time

from .automations import Conditions
from .clock import waited, worked
from .event_log import EventLog
from .home import Home
from .office import Office
from .report import Mismatch, Report
from .shown import Shown
from .traffic import Traffic
from .watch import Watch

# Seconds after which what is shown has to be true, from the end of a fault on.
PATIENCE = 20.0
# Seconds after which something else that is shown is a mismatch, on a link that is up.
LATE = 1.0
# Seconds between what people do.
_PAUSES = (0, 0, 0, 0, 0.01, 0.1, 0.1, 0.7, 1.5, 4)
# Seconds for which the id of a call that is over is not used again.
_REST_OF_IDS = 10.0
# Seconds after which what is asked for now and then is true as well.
_SLOW = 5.0
# Steps that are named when something is wrong.
_REMEMBERED = 25


class Stage:
    """What is there in a run, and what can be waited for."""

    def __init__(self, home: Home, report: Report) -> None:
        """Set it."""
        self.hass = home.hass
        self.pbx = home.pbx
        self.engine = home.pbx.engine
        self.entry = home.entry
        self.clock = home.clock
        self.report = report
        self.rng = Random(report.seed)
        self.office = Office(self.engine, self.rng)
        self.traffic = Traffic(self.office)
        self.shown = Shown(home, whole=report.dialect == "modern")
        self.events = EventLog(
            home, self.slack, self.office, whole=report.dialect == "modern"
        )
        self.watch = Watch(self.hass, self.engine, self.shown, self.slack)
        self.conditions = Conditions(self.shown)
        self.last: deque[str] = deque(maxlen=_REMEMBERED)
        self._began = worked()
        self._opened = time.monotonic()
        self._frames = 0
        self._slack = 0.0
        self._client: object = None

    # What goes on

    def note(self, step: str) -> None:
        """Keep what was done."""
        self.report.steps += 1
        self.last.append(f"{self.report.steps}: {step}")
        if self.report.verbose:
            print(self.last[-1], flush=True)

    async def live(self, steps: int) -> None:
        """Let people do things, at times one after the other and at times at leisure."""
        for _ in range(steps):
            self._use_ids_again()
            self.note(self.traffic.act())
            pause = self.rng.choice(_PAUSES)
            self.office.played += pause
            await asyncio.sleep(pause)
            self._raise_noted()

    def _use_ids_again(self) -> None:
        """Let a new call have the id that another one had, now and then."""
        if self.rng.random() < 0.1 and not self.engine.used_ids:
            live = {call.id for call in self.engine.calls()}
            for call_id in self.events.history.free_ids(_REST_OF_IDS):
                if call_id not in live:
                    self.engine.used_ids.append(call_id)
                    return

    def slack(self) -> float:
        """Return by how much something may be late now: what the PBX takes is not ours."""
        switches = self.pbx.switches
        self._slack = max(self._slack, 4 * switches.latency + switches.late)
        return LATE + self._slack

    def look_away(self) -> None:
        """Judge no moment from now on, until all is quiet again: the link may be lost."""
        self.events.history.deaf = self.watch.blind = True

    def find_entities(self) -> None:
        """Find out which entity shows what."""
        self.shown.refresh()
        self._take_entities()

    # Looking

    async def wait(
        self, met: Callable[[], object], what: str, patience: float | None = None
    ) -> None:
        """Wait until something is met."""
        patience = patience or PATIENCE
        deadline = time.monotonic() + patience
        while not met():
            if time.monotonic() > deadline:
                raise Mismatch(f"not in {patience:g} s: {what}")
            await asyncio.sleep(0.01)

    async def lost(self) -> None:
        """Wait until the link is shown as lost, and all else as not known."""
        self.shown.refresh()
        await self.wait(lambda: not self.shown.connected, "the link is lost")
        await self.hass.async_block_till_done()
        if found := list(self.shown.mismatches_of_lost()):
            raise Mismatch("; ".join(found[:5]))
        self.report.checks += 1

    async def quiet(self, patience: float | None = None) -> None:
        """Wait until all that is shown and reported is true; raise Mismatch otherwise.

        What a fault has left behind may take longer.
        """
        await self.pbx.flush()
        await self._until_true(patience or _SLOW)
        self._slack = 0.0
        if self.watch.blind:
            self.watch.see()
        self.events.judge_shown()
        self._raise_noted(
            *self.conditions.mismatches(self.shown.truths(self.conditions.numbers))
        )
        if flows := self.hass.config_entries.flow.async_progress():
            raise Mismatch(f"a dialog is open: {flows}")
        self.report.checks += 1
        self._count()

    async def recovered(self) -> float:
        """Wait as long as a fault allows, and judge again; return how long it took."""
        began = time.monotonic()
        await self.quiet(PATIENCE)
        self.events.history.deaf = False
        return time.monotonic() - began

    async def _until_true(self, patience: float) -> None:
        """Look again and again until nothing is false."""
        began = waited()
        while found := list(self._mismatches()):
            if waited() - began > patience:
                raise Mismatch("; ".join(found[:8]))
            await asyncio.sleep(0.02)

    def _raise_noted(self, *more: str) -> None:
        """Raise what has been noted as a mismatch."""
        if found := [*self.watch.noted, *self.events.take_noted(), *more]:
            raise Mismatch("; ".join(found[:8]))

    def _take_entities(self) -> None:
        """Take note of which entity shows what."""
        self.events.take_entities(self.shown.entities)
        self.watch.take_entities()

    def _mismatches(self) -> Iterator[str]:
        """Yield what is not true."""
        if self.shown.refresh():
            self._take_entities()
        if not self.shown.connected:
            yield "the link is shown as lost"
            return
        yield from self.shown.mismatches()
        yield from self.events.mismatches()
        yield from self.shown.mismatches_of_last_callers(
            self.events.history.last_callers
        )

    # Figures

    def take_time(self) -> None:
        """Note how long this has been going on."""
        self.report.seconds = worked() - self._began
        self.report.hours = (time.monotonic() - self._opened) / 3600

    def _count(self) -> None:
        """Count what there was so far."""
        report, now = self.report, self.entry.runtime_data.client
        if now is not self._client:
            self._client, self._frames = now, 0
        frames = now.trace.frames
        report.frames += frames - self._frames
        self._frames = frames
        self.take_time()
        report.firings = self.events.firings
        report.compared = self.watch.compared
        report.calls = self.office.calls_made
        report.events = self.events.events
