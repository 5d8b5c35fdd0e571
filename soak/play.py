"""A real Home Assistant beside a simulated PBX, while all that can go on goes on."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from itertools import batched
from random import Random
from tempfile import TemporaryDirectory
import time
from typing import Any, override

from aiohttp import ThreadedResolver
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.vodia.const import DOMAIN, TIMING
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import aiohttp_client, entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from simulator import Simulator, Switches
from tests.support.entry import create_entry
from tests.support.timing import QUICK, QUICK_LINE_DATA

from .actions import Actions
from .automations import Conditions, attach_triggers
from .chronicle import Chronicle
from .clock import Clock, count_waits, free_waiting, waited, worked
from .faults import FAULTS, HARMLESS, Fault
from .office import LINE, Office
from .shown import Shown
from .vitals import Vitals, growth, measure
from .watch import Watch

# As quick as the tests, but where a busy machine would be taken for a dead one, and but
# for the slow reading: it must not mend what was missed.
SOAK_TIMING = replace(
    QUICK,
    ping=3.0,
    request=5.0,
    confirm=5.0,
    between_reads=0.5,
    slow_read=60.0,
    line_data=replace(QUICK_LINE_DATA, flags=1.0),
)
# Seconds after which what is shown has to be true, from the end of a fault on.
PATIENCE = 20.0
# Seconds after which what is shown is a lie, on a link that is up.
LATE = 1.0
# Seconds between what people do.
_PAUSES = (0, 0, 0, 0, 0.01, 0.1, 0.1, 0.7, 1.5, 4)
# Seconds for which the id of a call that is over is not used again.
_REST_OF_IDS = 10.0
# By how much the clock of the PBX may be off.
_OFF = (0, -37, 200, 7 * 3600)
# Seconds after which what is asked for now and then is true as well.
_SLOW = 5.0
# Steps that are told of when something is wrong.
_REMEMBERED = 25
# Of so many quiet moments the last is one without any call.
_ROUND = 8
# Phones that ring one after the other before it is looked what is shown.
_AT_A_TIME = 50
# The extensions whose chat status is shown.
_CHATTY = ("41", "42", LINE)


class Lie(Exception):
    """Something that is shown, or told, is not true; or something has grown."""


@dataclass(slots=True)
class Report:
    """What there was in a run."""

    seed: int
    dialect: str
    accounts: int
    verbose: bool = False
    seconds: float = 0
    hours: float = 0
    steps: int = 0
    calls: int = 0
    frames: int = 0
    events: int = 0
    firings: int = 0
    compared: int = 0
    actions: int = 0
    checks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, float] = field(default_factory=dict)
    vitals: list[Vitals] = field(default_factory=list)
    lies: int = 0

    @override
    def __str__(self) -> str:
        """Return the table."""
        lines = [
            f"{'minutes of work':>16} {self.seconds / 60:10.1f}",
            f"{'hours played':>16} {self.hours:10.1f}",
            *(
                f"{name:>16} {getattr(self, name):10,}"
                for name in (
                    *("accounts", "steps", "calls", "frames", "events", "firings"),
                    *("actions", "compared", "checks", "lies"),
                )
            ),
            f"{'fault':>16} {'times':>10} {'worst recovery':>16}",
            *(
                f"{name:>16} {times:10} {self.recovery.get(name, 0):14.1f} s"
                for name, times in sorted(self.faults.items())
            ),
        ]
        if self.vitals:
            last = len(self.vitals) - 1
            told = [self.vitals[last * third // 3] for third in range(4)]
            heads = ("begin", "first third", "second third", "end")
            lines.append("".join(f"{word:>16}" for word in ("without calls", *heads)))
            lines += [
                f"{name:>16}" + "".join(f"{getattr(v, name):16.6g}" for v in told)
                for name in (part.name for part in fields(Vitals))
            ]
        return "\n".join(lines)


class Play:
    """One run."""

    def __init__(
        self,
        hass: HomeAssistant,
        pbx: Simulator,
        entry: MockConfigEntry,
        clock: Clock,
        report: Report,
    ) -> None:
        """Prepare it."""
        self.hass = hass
        self.pbx = pbx
        self.engine = pbx.engine
        self.entry = entry
        self.clock = clock
        self.report = report
        self.rng = Random(report.seed)
        self.office = Office(self.engine, self.rng)
        self.shown = Shown(hass, self.engine, entry, clock)
        self.shown.tells_all = report.dialect == "modern"
        self.chronicle = Chronicle(hass, self.engine, clock)
        self.chronicle.slack = self.slack
        self.chronicle.played = lambda: self.office.played
        # Whether a call that is for somebody rings there may be open.
        self.chronicle.lacking = frozenset({"other_calls"})
        if not self.shown.tells_all:
            self.chronicle.sure = {LINE}
            self.chronicle.lacking = frozenset({"answered"})
        self.watch = Watch(hass, self.engine, self.shown, self.slack)
        self.conditions = Conditions(self.shown)
        self.actions = Actions(self)
        self.last: deque[str] = deque(maxlen=_REMEMBERED)
        self._faults: list[Fault] = []
        self._began = worked()
        self._opened = time.monotonic()
        self._frames = 0
        self._slack = 0.0
        self._client: Any = None

    # What goes on

    async def play(self, enough: Callable[[], bool]) -> None:
        """Play until it is enough, which is asked between two quiet moments."""
        self.pbx.jump(self.rng.choice(_OFF))
        self.shown.refresh()
        self._take_entities()
        await attach_triggers(self.hass, self.shown, self.chronicle)
        await self.conditions.set_up(self.hass)
        await self.quiet()
        await self.meet_all()
        while not enough():
            for _ in range(_ROUND - 1):
                await self.burst()
            await self.rest()

    async def meet_all(self) -> None:
        """Let each phone ring once: what is kept of a last call is kept from then on."""
        for numbers in batched(self.office.phones, _AT_A_TIME, strict=False):
            for number in numbers:
                self.note(self.office.ring_once(number))
            await self.quiet()

    async def burst(self) -> None:
        """Let people telephone, and perhaps something go wrong; look when it is quiet."""
        rng = self.rng
        await self.live(rng.randint(10, 60))
        await self.quiet()
        if rng.random() < 0.4:
            for _ in range(rng.randint(1, 6)):
                await self.actions.act()
        elif rng.random() < 0.6:
            await self.fail()

    async def fail(self) -> None:
        """Let something go wrong."""
        fault = self._next_fault()
        name = fault.__name__
        self.note(f"fault: {name}")
        self.report.faults[name] += 1
        if fault not in HARMLESS:
            self.chronicle.deaf = self.watch.blind = True
            self.actions.forget_holds()
        await fault(self)
        began = time.monotonic()
        await self.quiet(PATIENCE)
        self.chronicle.deaf = False
        took = time.monotonic() - began
        self.report.recovery[name] = max(took, self.report.recovery.get(name, 0))

    def _next_fault(self) -> Fault:
        """Return what goes wrong next: all kinds come round, each as often as is due."""
        if not self._faults:
            self._faults = [*Counter(FAULTS).elements()]
            self.rng.shuffle(self._faults)
        return self._faults.pop()

    async def live(self, steps: int) -> None:
        """Let people do things, at times one after the other and at times at leisure."""
        for _ in range(steps):
            self._use_ids_again()
            self.note(self.office.act())
            pause = self.rng.choice(_PAUSES)
            self.office.played += pause
            await asyncio.sleep(pause)
            self._raise_lies()

    def _use_ids_again(self) -> None:
        """Let a new call have the id that another one had, now and then."""
        if self.rng.random() < 0.1 and not self.engine.used_ids:
            live = {call.id for call in self.engine.calls()}
            for call_id in self.chronicle.free_ids(_REST_OF_IDS):
                if call_id not in live:
                    self.engine.used_ids.append(call_id)
                    return

    def slack(self) -> float:
        """Return by how much something may be late now: what the PBX takes is not ours."""
        switches = self.pbx.switches
        self._slack = max(self._slack, 4 * switches.latency + switches.late)
        return LATE + self._slack

    async def rest(self) -> None:
        """Let all calls end; look what there is left."""
        self.office.go_home()
        self.note("all go home")
        await self.quiet()
        self.chronicle.forget(
            self.office.known | {a.number for a in self.office.accounts}
        )
        self.forget()
        self.report.vitals.append(await measure(self.report.vitals))
        if grown := growth(self.report.vitals):
            raise Lie("; ".join(grown))

    def forget(self) -> None:
        """Let the PBX forget what it keeps for tests, and old calls."""
        for kept in (self.pbx.requests, self.pbx.received, self.pbx.bodies):
            kept.clear()
        history = self.engine.tenant("localhost").history
        history[:] = [r for r in history if LINE in r.outcomes][-200:]

    def note(self, step: str) -> None:
        """Keep what was done."""
        self.report.steps += 1
        self.last.append(f"{self.report.steps}: {step}")
        if self.report.verbose:
            print(self.last[-1], flush=True)

    # Looking

    async def wait(
        self, met: Callable[[], object], what: str, patience: float = PATIENCE
    ) -> None:
        """Wait until something is met."""
        deadline = time.monotonic() + patience
        while not met():
            if time.monotonic() > deadline:
                raise Lie(f"not in {patience:g} s: {what}")
            await asyncio.sleep(0.01)

    async def lost(self) -> None:
        """Wait until the link is shown as lost, and all else as not known."""
        self.shown.refresh()
        await self.wait(lambda: not self.shown.connected, "the link is lost")
        await self.hass.async_block_till_done()
        if lies := list(self.shown.lies_of_lost()):
            raise Lie("; ".join(lies[:5]))
        self.report.checks += 1

    async def quiet(self, patience: float | None = None) -> None:
        """Wait until all that is shown and told is true; raise Lie when that lasts.

        What a fault has left behind may take longer.
        """
        await self.pbx.flush()
        await self._until_true(patience or _SLOW)
        self._slack = 0.0
        if self.watch.blind:
            self.watch.see()
        self.chronicle.judge_shown(self.hass)
        self._raise_lies(
            *self.conditions.lies(self.shown.truths(self.conditions.numbers))
        )
        if flows := self.hass.config_entries.flow.async_progress():
            raise Lie(f"a dialog is open: {flows}")
        self.report.checks += 1
        self._count()

    async def _until_true(self, patience: float) -> None:
        """Look again and again until nothing is false."""
        began = waited()
        while lies := list(self._lies()):
            if waited() - began > patience:
                raise Lie("; ".join(lies[:8]))
            await asyncio.sleep(0.02)

    def _raise_lies(self, *more: str) -> None:
        """Raise what has been noted as a lie."""
        if lies := [*self.watch.lies, *self.chronicle.noted, *more]:
            raise Lie("; ".join(lies[:8]))

    def _take_entities(self) -> None:
        """Take note of which entity shows what."""
        self.chronicle.take_entities(self.shown.entities)
        self.watch.take_entities()

    def _lies(self) -> Iterator[str]:
        """Yield what is not true."""
        if self.shown.refresh():
            self._take_entities()
        if not self.shown.connected:
            yield "the link is shown as lost"
            return
        yield from self.shown.lies()
        yield from self.chronicle.lies()
        yield from self.shown.lies_of_last_callers(self.chronicle.last_callers)

    def tell_time(self) -> None:
        """Note how long this has been going on."""
        self.report.seconds = worked() - self._began
        self.report.hours = (time.monotonic() - self._opened) / 3600

    def _count(self) -> None:
        """Count what there was so far."""
        report, now = self.report, self.entry.runtime_data.client
        if now is not self._client:
            self._client, self._frames = now, 0
        frames = now.ledger.frames
        report.frames += frames - self._frames
        self._frames = frames
        self.tell_time()
        report.firings = self.chronicle.firings
        report.compared = self.watch.compared
        report.calls = self.office.calls_made
        report.events = self.chronicle.events


@asynccontextmanager
async def home(dialect: str, accounts: int) -> AsyncIterator[tuple[Any, ...]]:
    """Yield Home Assistant with the integration, set up for a simulated PBX."""
    count_waits()
    clock = Clock()
    switches = getattr(Switches, dialect)(dial_pickup=None)
    with (
        free_waiting(),
        TemporaryDirectory() as folder,
    ):
        async with (
            Simulator(switches, accounts=accounts) as pbx,
            # It stores what it knows in a folder of its own.
            async_test_home_assistant(config_dir=folder) as hass,
        ):
            # The PBX has an address: nothing is looked up, least of all by multicast.
            hass.data[aiohttp_client.DATA_RESOLVER] = ThreadedResolver()
            hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
            hass.data[TIMING] = replace(SOAK_TIMING, clock=clock)
            entry = create_entry(hass, pbx)
            # Entities that are not enabled by themselves.
            for number in _CHATTY:
                er.async_get(hass).async_get_or_create(
                    Platform.BINARY_SENSOR,
                    DOMAIN,
                    f"{entry.entry_id}:{number}:chat_available",
                    config_entry=entry,
                )
            assert await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            try:
                yield hass, pbx, entry, clock
            finally:
                if entry.state is ConfigEntryState.LOADED:
                    await hass.config_entries.async_unload(entry.entry_id)
                await hass.async_stop(force=True)


async def soak(
    report: Report,
    enough: Callable[[Report], bool],
    kind: type[Play] = Play,
) -> None:
    """Play until it is enough; raise Lie when something is not true."""
    async with home(report.dialect, report.accounts) as (hass, pbx, entry, clock):
        play = kind(hass, pbx, entry, clock, report)
        try:
            await play.play(lambda: enough(report))
        except (Lie, AssertionError, HomeAssistantError) as error:
            report.lies += 1
            play.tell_time()
            words = set(str(error).replace(";", "").split())
            calls = "\n".join(
                f"{call.id} {call.stage} of {call.caller.number} to"
                f" {call.called.number}, rings at {call.rung}, is with {call.talker},"
                f" held by {call.held_by}"
                for call in pbx.engine.calls()
                if words & {call.id, *call.accounts()}
            )
            steps = "\n".join(play.last)
            raise Lie(
                f"{error}\nin step {report.steps} of --seed {report.seed}"
                f" --dialect {report.dialect} --accounts"
                f" {report.accounts}, with the calls\n{calls}\nafter\n{steps}"
            ) from error
        finally:
            play.watch.stop()
