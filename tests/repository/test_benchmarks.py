"""The benchmarks tell the truth: what is measured has its bar, and its gate goes down only."""

import asyncio
import gc

import pytest

from benchmarks import rows as measure, rows_scale as scale
from benchmarks.blocks import watched
from benchmarks.harness import Bench
from benchmarks.report import Row
from tests.support.dialects import both_dialects

pytestmark = pytest.mark.timeout(120)
# The ratios that were the gates when all rows had one.
GATES = {"classic": 14, "modern": 45}


@pytest.fixture(autouse=True)
def real_environment(socket_enabled: None) -> None:
    """Allow real sockets; the benchmarks make a Home Assistant of their own."""


@both_dialects
async def test_rows(monkeypatch: pytest.MonkeyPatch, dialect: str) -> None:
    """Deltas in known and in new texts have the same bars, a reconnect has one as well."""
    monkeypatch.setattr(measure, "FRAMES", 200)
    monkeypatch.setattr(measure, "BURST", 200)
    rows: dict[str, Row] = {}
    async with Bench(3) as bench:
        tenant = await bench.tenant(dialect, 20)
        for measured in (
            measure.one_delta(bench, tenant),
            measure.burst(bench, tenant),
            measure.snapshots(bench, tenant),
            scale.reconnect(tenant),
        ):
            rows |= {row.name: row async for row in measured}
    known, new = (
        rows[f"delta without a change, {text}"]
        for text in ("once received", "in a text never received before")
    )
    assert known.bar == new.bar == 3.0
    assert known.gate
    assert new.gate
    # They are really new to us.
    assert new.ours > known.ours
    visible = rows["delta, one visible change"]
    unknown = rows[f"{visible.name}, in a text never received before"]
    assert (visible.bar, visible.bar_is_for) == (unknown.bar, unknown.bar_is_for)
    snapshots = [row for name, row in rows.items() if name.startswith("snapshot")]
    assert len(snapshots) == 2
    assert all(row.gate and row.gate <= GATES[dialect] for row in snapshots)
    (turn,) = (row for name, row in rows.items() if "reconnect" in name)
    assert turn.bar == 50
    assert "less the garbage collector" in turn.name
    assert "with the collector in it" in turn.note


async def test_longest_turn_and_the_collector() -> None:
    """What the collector takes is left out of the turn, and stands beside it."""
    with watched() as blocks:

        async def collect() -> None:
            """Let it collect in a turn of our own."""
            gc.collect()

        # Turns are counted by task.
        await asyncio.create_task(collect())
    assert blocks.collector > 0
    assert blocks.longest < blocks.longest_with_collector
    assert blocks.longest_with_collector >= blocks.collector
