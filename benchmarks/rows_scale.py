"""What has no floor: times of a whole tenant, turns of the loop, and memory."""

import asyncio
from collections.abc import AsyncIterator
import gc
import time
import tracemalloc

from custom_components.vodia.const import DOMAIN

from .blocks import Blocks, watched
from .harness import Bench, Tenant, settled_heap
from .report import Row
from .rows import BURST, delta, phones


async def steady(bench: Bench, tenant: Tenant, seconds: float) -> AsyncIterator[Row]:
    """Measure the longest turn of the loop at 200 frames a second, and in a burst."""
    frames = [
        delta(tenant, account, dnd=dnd)
        for dnd in (True, False)
        for account in phones(tenant)
    ]
    with settled_heap(), watched() as blocks:
        for index in range(int(seconds * 10)):
            first = index * 20 % len(frames)
            await tenant.feed(frames[first : first + 20])
            await asyncio.sleep(0.1)
    with settled_heap(), watched() as burst:
        await tenant.feed((frames * (BURST // len(frames) + 1))[:BURST])
    yield longest_turn(tenant, f"{seconds:g} s of 200 frames/s", blocks, bar=10)
    yield longest_turn(tenant, f"burst of {BURST:,} frames", burst, bar=10)


async def reconnect(tenant: Tenant) -> AsyncIterator[Row]:
    """Measure the longest turn of the loop while a lost link comes back."""
    client = tenant.coordinator.client
    before = client.own.live
    with settled_heap(), watched() as blocks:
        await asyncio.create_task(tenant.pbx.cut())
        await tenant.until(lambda: client.connected and client.own.live is not before)
        await tenant.hass.async_block_till_done()
    size = len(tenant.pbx.engine.tenant("localhost").accounts)
    yield longest_turn(tenant, f"reconnect with {size:,} accounts", blocks, bar=50)


def start_up(tenant: Tenant) -> list[Row]:
    """Return how the start went."""
    size = len(tenant.pbx.engine.tenant("localhost").accounts)
    return [
        Row(
            name=f"start, {size:,} accounts: login to the last state",
            dialect=tenant.dialect,
            ours=tenant.seconds,
            unit="s",
            bar=3,
            note=f"of it {tenant.blocks.ours:.2f} s of the processor, and"
            f" {tenant.blocks.simulator:.2f} s the simulator",
        ),
        longest_turn(tenant, f"start with {size:,} accounts", tenant.blocks, bar=50),
    ]


def longest_turn(tenant: Tenant, during: str, blocks: Blocks, bar: float) -> Row:
    """Return the longest turn of the loop, and what it was with the collector in it."""
    return Row(
        name=f"longest turn of the loop, less the garbage collector: {during}",
        dialect=tenant.dialect,
        ours=blocks.longest * 1000,
        unit="ms",
        bar=bar,
        note=f"{blocks.by}; with the collector in it"
        f" {blocks.longest_with_collector * 1000:.3g} ms,"
        f" of which it took {blocks.collector * 1000:.3g} ms",
    )


async def dial(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure the action that dials, until the PBX has confirmed it."""
    best, share = float("inf"), 0.0
    for _ in range(bench.rounds):
        with watched() as blocks:
            begin = time.perf_counter()
            await asyncio.create_task(
                bench.hass.services.async_call(
                    DOMAIN,
                    "dial",
                    {"number": "+4930123456", "entity_id": tenant.own_call_sensor()},
                    blocking=True,
                    return_response=True,
                )
            )
            took = time.perf_counter() - begin
        if took - blocks.simulator < best - share:
            best, share = took, blocks.simulator
        for call in tenant.pbx.engine.calls_of("45"):
            tenant.pbx.engine.hang_up(call.id)
        await tenant.until_idle()
    yield Row(
        name="dial, less the simulator's share",
        dialect=tenant.dialect,
        ours=(best - share) * 1000,
        unit="ms",
        note=f"{best * 1000:.1f} ms with it",
    )


async def memory(dialect: str, sizes: tuple[int, int]) -> AsyncIterator[Row]:
    """Measure what an account takes: the difference of two tenants, by file."""
    taken: list[dict[str, int]] = []
    for size in sizes:
        async with Bench(1) as bench:
            await bench.tenant(dialect, min(sizes))
            gc.collect()
            tracemalloc.start()
            await bench.tenant(dialect, size)
            gc.collect()
            found = tracemalloc.take_snapshot().statistics("filename")
            tracemalloc.stop()
            taken.append({stat.traceback[0].filename: stat.size for stat in found})
    less, more = taken
    each = {
        name: (bytes_ - less.get(name, 0)) / (sizes[1] - sizes[0]) / 1000
        for name, bytes_ in more.items()
        if "/simulator/" not in name
    }
    ours = {
        name: kb for name, kb in each.items() if "/custom_components/vodia/" in name
    }
    largest = sorted(ours.items(), key=lambda item: -item[1])[:5]
    rest = sum(each.values()) - sum(ours.values())
    yield Row(
        name="memory of an account",
        dialect=dialect,
        ours=sum(ours.values()),
        unit="kB",
        bar=5,
        note=", ".join(f"{name.rpartition('/')[2]} {kb:.1f}" for name, kb in largest)
        + f"; beside it Home Assistant {rest:.0f} kB",
    )
