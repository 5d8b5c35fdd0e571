"""The soak itself: it plays the same again, and finds what is wrong."""

import asyncio
from collections.abc import Callable
import math
from random import Random
import socket
import subprocess
import sys
from typing import Any, override

import pytest

from simulator import Engine
from simulator.seed import seed
from soak import faults, history, run, stage
from soak.__main__ import main
from soak.office import Office
from soak.rate import hurry
from soak.report import Mismatch, Report
from soak.run import Run, soak
from tests.support.dialects import both_dialects
from tests.support.repository import ROOT

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def real_environment(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow real sockets; the soak makes a Home Assistant of its own. Look often."""
    monkeypatch.setattr(run, "_ROUND", 3)


def after(steps: int) -> Callable[[Report], bool]:
    """Return what says that so many steps are enough."""
    return lambda report: report.steps >= steps


@both_dialects
async def test_same_seed(dialect: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All is true, and the same seed plays the same."""
    played = []
    for _ in range(2):
        report = Report(1, dialect, 40, verbose=True)
        await soak(report, after(400))
        played.append(capsys.readouterr().out.splitlines())
        assert report.checks > 3
        assert report.calls > 50
        assert not report.mismatches
        assert len(played[-1]) == report.steps
    assert played[0] == played[1]


class ShowsWrongly(Run):
    """A run in which a state is not true."""

    @override
    async def rest(self) -> None:
        """Overwrite the state of an idle phone."""
        await super().rest()
        entity_id = self.stage.shown.entities["41", "ringing"].entity_id
        self.stage.hass.states.async_set(entity_id, "on")


class ReportsTwice(Run):
    """A run in which an event is reported twice."""

    @override
    async def rest(self) -> None:
        """Repeat the last event of a phone."""
        entity = self.stage.shown.entities["45", "event call"].entity_id
        state = self.stage.hass.states.get(entity)
        assert state
        self.stage.hass.states.async_set(entity, "2026-01-01", state.attributes)
        await super().rest()


class Forgets(Run):
    """A run in which an event is not reported."""

    @override
    async def rest(self) -> None:
        """Do not hear what is reported."""
        self.stage.events._accounts.clear()
        await self.stage.live(40)
        await super().rest()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ShowsWrongly, "ringing of 41 "),
        (ReportsTwice, "45 c"),
        (Forgets, "is reported as ["),
    ],
)
async def test_finds_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, kind: type[Run], words: str
) -> None:
    """It says what is wrong, and how to play it again."""
    monkeypatch.setattr(stage, "PATIENCE", 1.0)
    monkeypatch.setattr(run, "FAULTS", {faults.garbage: 1})
    report = Report(1, "modern", 40)
    with pytest.raises(Mismatch) as raised:
        await soak(report, after(2000), kind)
    assert words in str(raised.value)
    assert "--seed 1 --dialect modern" in str(raised.value)
    assert report.mismatches == 1


class Leaks(Run):
    """A run that leaves something behind."""

    left: list[Any]


class LeaksATask(Leaks):
    """A run that leaves tasks behind."""

    @override
    async def fail(self) -> None:
        """Leave one."""
        type(self).left.append(asyncio.create_task(asyncio.sleep(1e6)))


class LeaksASocket(Leaks):
    """A run that leaves sockets behind."""

    @override
    async def fail(self) -> None:
        """Leave one."""
        type(self).left.append(socket.socket())


class LeaksATimer(Leaks):
    """A run that leaves timers behind."""

    @override
    async def fail(self) -> None:
        """Leave one."""
        loop = asyncio.get_running_loop()
        type(self).left.append(loop.call_later(1e6, print))


@pytest.mark.parametrize(
    ("kind", "name", "release"),
    [
        (LeaksATask, "tasks", asyncio.Task.cancel),
        (LeaksASocket, "sockets", socket.socket.close),
        (LeaksATimer, "timers", asyncio.TimerHandle.cancel),
    ],
)
async def test_finds_a_leak(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Leaks],
    name: str,
    release: Callable[[Any], object],
) -> None:
    """What grows from one quiet moment to the next is found."""
    monkeypatch.setattr("soak.resources._PATIENCE", 0.1)
    # pytest keeps all that is logged.
    monkeypatch.setattr("soak.resources._ENOUGH_OF_MEMORY", math.inf)
    kind.left = []
    try:
        with pytest.raises(Mismatch, match=f"{name} grew from"):
            await soak(Report(1, "classic", 30), after(20000), kind)
    finally:
        for leaked in kind.left:
            release(leaked)


_LEAK = """
import asyncio
from soak import resources, run as runs
from soak.report import Mismatch, Report
from soak.run import Run, soak
from tests.support.clock import CLOCK

CLOCK.begin(jumps=True)
runs._ROUND, resources._ENOUGH_OF_MEMORY = 2, 12
left = []

class Idle(Run):
    async def play(self, enough):
        # Home Assistant saves its registries after ten, and keeps what it wrote.
        await asyncio.sleep(12)
        await super().play(enough)

    async def burst(self):
        await self.stage.live(5)
        await self.stage.quiet()

class Leaks(Idle):
    async def rest(self):
        left.append([object() for _ in range(20_000)])
        await super().rest()

def run(kind):
    enough = lambda report: len(report.resources) >= 14
    try:
        asyncio.run(soak(Report(1, "classic", 30), enough, kind))
    except Mismatch as found:
        return str(found).splitlines()[0]

print(run(Idle))
print(run(Leaks))
"""


def test_finds_a_leak_of_memory() -> None:
    """What grows by objects is found, and only then; not here, where all logs are kept."""
    done = subprocess.run(
        [sys.executable, "-c", _LEAK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    sound, leaking = done.stdout.splitlines()
    assert sound == "None"
    assert "blocks grew from" in leaking


def test_nobody_sends_a_call_to_himself() -> None:
    """Who has answered for a group is not where he may send the call."""
    engine = Engine()
    seed(engine)
    call_id = engine.ring("+4930123456", "500")
    engine.answer(call_id, "45")
    office = Office(engine, Random(5))
    call = engine.call(call_id)
    targets = {office.target(call, "45", "+4930123456") for _ in range(500)}
    assert len(targets) > 10
    assert not targets & {"45", "500", "+4930123456"}


def test_ci_plays_something_else_each_day() -> None:
    """The seed is the date, and `scripts/soak` prints it."""
    (line,) = (
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if "scripts/soak" in line
    )
    assert line.endswith('--seed "$(date +%Y%m%d)"')


async def test_counts_frames() -> None:
    """Each frame is shown, in order; one that is lost would be missed."""
    rate = await hurry("classic", 30, 1)
    assert len(rate.order) == 200
    rate.check()
    del rate.shown[7]
    with pytest.raises(Mismatch, match="1 frames are lost"):
        rate.check()


def test_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints a table, and fails on the first mismatch."""
    arguments = ["soak", "--dialect", "modern", "--accounts", "30", "--seed", "3"]
    monkeypatch.setattr("sys.argv", [*arguments, "--minutes", "0.01", "--rate", "0.5"])
    assert main() == 0
    table = capsys.readouterr().out
    for word in ("--seed 3", "mismatches", "checks", "sockets", "none lost, in order"):
        assert word in table
    monkeypatch.setattr(stage, "PATIENCE", 1.0)
    monkeypatch.setattr(history, "_BEGINS", {key: ["no"] for key in history._BEGINS})
    assert main() == 1
    assert "--seed 3" in capsys.readouterr().out
