"""Measure what the integration costs, beside the floor of the same run."""

import argparse
import asyncio
from collections.abc import AsyncIterator
import logging
from pathlib import Path
import sys

import orjson

from . import rows as measure, rows_scale as scale
from .harness import Bench
from .report import Row, as_json, as_markdown, as_text, machine


async def measure_ratios(size: int, rounds: int, *, gate: bool) -> AsyncIterator[Row]:
    """Yield what has a floor: frames in a tenant of a size, in both dialects."""
    async with Bench(rounds) as bench:
        classic = await bench.tenant("classic", size)
        modern = await bench.tenant("modern", size, calls=50)
        for tenant in (classic, modern):
            async for row in measure.one_delta(bench, tenant):
                yield row
            if not gate:
                async for row in measure.burst(bench, tenant):
                    yield row
            async for row in measure.snapshots(bench, tenant):
                yield row
        async for row in measure.call_list(bench, modern):
            yield row
        async for row in measure.link_loss(bench, classic):
            yield row
        smaller = [
            await bench.tenant("classic", small) for small in (10, 100) if small < size
        ]
        async for row in measure.sizes(bench, [*smaller, classic]):
            yield row


async def measure_rest(size: int, rounds: int) -> AsyncIterator[Row]:
    """Yield what has none: times and memory, each in a core of its own."""
    for dialect in ("classic", "modern"):
        async with Bench(rounds) as bench:
            tenant = await bench.tenant(dialect, size)
            for row in scale.start_up(tenant):
                yield row
            async for row in scale.steady(bench, tenant, seconds=rounds):
                yield row
            async for row in scale.reconnect(tenant):
                yield row
            async for row in scale.dial(bench, tenant):
                yield row
        async for row in scale.memory(dialect, (size // 10, size)):
            yield row


async def run(size: int, rounds: int, *, gate: bool) -> list[Row]:
    """Return all rows."""
    rows = [row async for row in measure_ratios(size, rounds, gate=gate)]
    if not gate:
        rows += [row async for row in measure_rest(size, rounds)]
    return rows


def too_high(rows: list[Row]) -> dict[tuple[str, str], Row]:
    """Return the rows that the gate does not let through, by name and dialect."""
    return {(row.name, row.dialect): row for row in rows if not row.passes}


def main() -> int:
    """Measure, print, and return whether the gate is passed."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON")
    parser.add_argument("--markdown", action="store_true", help="print it as Markdown")
    parser.add_argument("--size", type=int, default=1000, help="accounts")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--check", action="store_true", help="ratios only, and fail if one is too high"
    )
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    found = machine()
    size, rounds = options.size, 5 if options.quick else 15
    if options.check:
        size, rounds = 100, 3
    rows = asyncio.run(run(size, rounds, gate=options.check))
    print((as_markdown if options.markdown else as_text)(rows, found))
    if options.json:
        options.json.write_bytes(
            orjson.dumps(as_json(rows, found), option=orjson.OPT_INDENT_2)
        )
    if not options.check or not (failed := too_high(rows)):
        return 0
    # What else the machine does may disturb a row of one run, hardly of two.
    again = too_high(asyncio.run(run(size, rounds, gate=True)))
    both = failed.keys() & again.keys()
    for key in both:
        for row in (failed[key], again[key]):
            print(f"{row.name} ({row.dialect}): {row.ratio:.2f}x > {row.gate:g}x")
    return int(bool(both))


if __name__ == "__main__":
    sys.exit(main())
