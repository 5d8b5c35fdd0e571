"""What a frame costs beside the floor: one function for each kind of row."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from copy import replace
from functools import partial
import time

import orjson

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.errors import CannotConnectError
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot
from custom_components.vodia.pbx.wire.replies import decode_accounts
from simulator.rest_wire import RestWire
from simulator.wire import Wire

from .harness import Bench, Tenant, frame
from .report import Row

# Frames of a round; the bar for the burst is its rate.
FRAMES = 1000
BURST = 10_000
# Ratios to the floor above which `--check` fails; they only ever go down.
_GATES = {
    "unchanged": 11,
    "new": 24,
    "snapshot, classic": 14,
    "snapshot, modern": 38,
}
BURST_SHARE = 0.6


def delta(tenant: Tenant, account: str, *, dnd: bool) -> bytes:
    """Return the `user-state` frame of an account."""
    known = tenant.pbx.engine.account(account)
    wire = Wire(tenant.pbx.engine, tenant.pbx.switches, "localhost")
    return frame(wire.user_state(known) | {"dnd": dnd})


def phones(tenant: Tenant) -> list[str]:
    """Return the extensions of others that have no call."""
    return [
        number
        for number, extension in sorted(tenant.coordinator.extensions.items())
        if number != "45" and not tenant.pbx.engine.calls_of(number)
    ]


async def one_delta(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure deltas that change something that is seen, and some that do not."""
    account = phones(tenant)[0]
    frames = [delta(tenant, account, dnd=dnd) for dnd in (True, False)]
    ours, floor = await bench.against_floor(tenant, frames, FRAMES // 2)
    yield Row(
        name="delta, one visible change",
        dialect=tenant.dialect,
        ours=ours,
        floor=floor,
        unit="us",
        bar=1.5,
        bar_is_for="ratio",
        gate=4,
    )
    async for row in unchanged(bench, tenant, account):
        yield row


def never_received(tenant: Tenant, account: str, rounds: int) -> list[list[bytes]]:
    """Return frames that say what is so, each round in texts that nobody has had yet."""
    told = orjson.loads(_text(delta(tenant, account, dnd=False)))
    return [
        [frame(told | {"tag": f"{number}-{index}"}) for index in range(FRAMES)]
        for number in range(rounds)
    ]


def _text(data: bytes) -> bytes:
    """Return the text of a frame."""
    return data[data.index(b"{") :]


async def unchanged(bench: Bench, tenant: Tenant, account: str) -> AsyncIterator[Row]:
    """Measure deltas that change nothing: in a text that was received, and in new ones."""
    known = [[delta(tenant, account, dnd=False)] * FRAMES] * (bench.rounds + 1)
    new = never_received(tenant, account, bench.rounds + 1)
    for name, rounds in (
        ("delta without a change, once received", known),
        ("delta without a change, in a text never received before", new),
    ):
        texts = [_text(data) for data in rounds[0]]
        # What is known of this account comes first.
        await tenant.feed(rounds[0])
        ours_of, floor_of = iter(rounds[1:]), iter(rounds[1:])

        async def parse(texts: list[bytes] = texts) -> None:
            """Only parse."""
            for text in texts:
                orjson.loads(text)

        async def take(rounds: Iterator[list[bytes]] = ours_of) -> None:
            """Process the frames of a round."""
            await tenant.feed(next(rounds))

        async def receive(rounds: Iterator[list[bytes]] = floor_of) -> None:
            """Only receive them, and parse."""
            await bench.floor.feed(next(rounds), [])

        ours, received, parsed = await bench.compare(FRAMES, take, receive, parse)
        # The floor is with parsing: what is left is all that we do.
        yield Row(
            name=name,
            dialect=tenant.dialect,
            ours=ours - received + parsed,
            floor=parsed,
            unit="us",
            bar=3.0,
            gate=_GATES["unchanged" if rounds is known else "new"],
            note=f"{ours:.2f} us with receiving",
        )


async def sizes(bench: Bench, tenants: list[Tenant]) -> AsyncIterator[Row]:
    """Measure what a delta costs in tenants of several sizes."""
    feeds = []
    for tenant in tenants:
        account = phones(tenant)[0]
        frames = [delta(tenant, account, dnd=dnd) for dnd in (True, False)]
        await tenant.feed(frames)
        feeds.append(partial(tenant.feed, frames * (FRAMES // 2)))
    costs = await bench.compare(FRAMES, *feeds)
    yield Row(
        name="delta, most to least of "
        + ", ".join(
            f"{len(t.pbx.engine.tenant('localhost').accounts):,}" for t in tenants
        )
        + " accounts",
        dialect=tenants[0].dialect,
        ours=max(costs),
        floor=min(costs),
        unit="us",
        bar=1.1,
        bar_is_for="ratio",
        gate=1.6,
        note=" / ".join(f"{cost:.2f}" for cost in costs),
    )


async def burst(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure 10,000 frames at once, each with a change of the next account."""
    accounts = phones(tenant)
    frames = [
        delta(tenant, account, dnd=dnd) for dnd in (True, False) for account in accounts
    ]
    decoder = tenant.coordinator.client.own.decoder

    async def unknown() -> None:
        """Send frames that are all new to us."""
        decoder._known.clear()
        await tenant.feed(frames)

    by_frame = await tenant.writes([partial(tenant.feed, [one]) for one in frames])
    ours, floor = await bench.compare(
        len(frames), unknown, partial(bench.floor.feed, frames, by_frame)
    )
    yield Row(
        name="delta, one visible change, in a text never received before",
        dialect=tenant.dialect,
        ours=ours,
        floor=floor,
        unit="us",
        # What is promised must not hang on what is known already.
        bar=1.5,
        bar_is_for="ratio",
        gate=5,
    )
    ours, floor = await bench.against_floor(
        tenant, frames, max(1, BURST // len(frames))
    )
    yield Row(
        name=f"burst of {BURST:,} frames, per frame",
        dialect=tenant.dialect,
        ours=ours,
        floor=floor,
        unit="us",
        bar=round(1 / BURST_SHARE, 2),
        bar_is_for="ratio",
        gate=4,
        note=f"{1e6 / ours:,.0f} of {1e6 / floor:,.0f} frames/s,"
        f" {floor / ours:.0%} of the floor's",
    )


async def snapshots(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure a snapshot of all accounts: as it was, and with 1 % of it changed."""
    accounts = phones(tenant)
    few = accounts[:: max(1, len(accounts) // max(1, len(accounts) // 100))]
    size = len(tenant.pbx.engine.tenant("localhost").accounts)
    name = f"snapshot of {size:,} accounts"
    switches, engine = tenant.pbx.switches, tenant.pbx.engine
    wire = Wire(engine, switches, "localhost")
    rest = RestWire(engine, switches, "localhost")

    def snapshot(*, dnd: bool) -> bytes:
        """Return the accounts, some of them with or without do not disturb."""
        for number in few:
            engine.account(number).dnd = dnd
        told = wire.snapshot() if tenant.dialect == "classic" else rest.directory(None)
        return orjson.dumps(told)

    texts = [snapshot(dnd=True), snapshot(dnd=False)]
    client = tenant.coordinator.client
    types = {
        number: account.type
        for number, account in client.tenant.listed_accounts.items()
    }

    async def take(text: bytes) -> None:
        """Process a snapshot, as the socket or REST delivers it."""
        if tenant.dialect == "classic":
            await tenant.feed([frame(text)])
            return
        told = decode_accounts(orjson.loads(text), client.trace)
        listed = (replace(account, type=types[account.number]) for account in told)
        client.own.live.handle(AccountsSnapshot(tuple(listed)))

    async def by_hand(writes: list[list[Callable[[], None]]]) -> None:
        """Receive where that is part of it, parse and write."""
        if tenant.dialect == "classic":
            await bench.floor.feed([frame(text) for text in texts], writes)
            return
        for text, of_text in zip(texts, writes or [[], []], strict=True):
            orjson.loads(text)
            for write in of_text:
                write()

    async def alternate() -> None:
        """Process both."""
        for text in texts:
            await take(text)

    async def repeat() -> None:
        """Process the same one twice."""
        for _ in texts:
            await take(texts[1])

    await alternate()
    writes = await tenant.writes([partial(take, text) for text in texts])
    changed, floor_changed, same, floor_same = await bench.compare(
        len(texts),
        alternate,
        partial(by_hand, writes),
        repeat,
        partial(by_hand, []),
    )
    yield Row(
        name=f"{name}, unchanged",
        dialect=tenant.dialect,
        ours=same / 1000,
        floor=floor_same / 1000,
        unit="ms",
        gate=_GATES[f"snapshot, {tenant.dialect}"],
    )
    yield Row(
        name=f"{name}, {len(few)} changed",
        dialect=tenant.dialect,
        ours=changed / 1000,
        floor=floor_changed / 1000,
        unit="ms",
        gate=_GATES[f"snapshot, {tenant.dialect}"],
    )


async def call_list(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure the list of 50 calls, of which one is held or resumed."""
    wire = Wire(tenant.pbx.engine, tenant.pbx.switches, "localhost")
    calls = wire.tenant_calls()
    frames = []
    for word in ("holding", "connected"):
        assert isinstance(calls[0], dict)
        key = "callstate" if "callstate" in calls[0] else "state"
        listed = [{**calls[0], key: word}, *calls[1:]]
        frames.append(frame({"action": "call-state", "calls": listed}))
    ours, floor = await bench.against_floor(tenant, frames, FRAMES // 20)
    yield Row(
        name=f"list of {len(calls)} calls, one changed",
        dialect=tenant.dialect,
        ours=ours,
        floor=floor,
        unit="us",
        gate=9,
    )


async def link_loss(bench: Bench, tenant: Tenant) -> AsyncIterator[Row]:
    """Measure how long it takes to show that nothing is known any more."""
    coordinator, client = tenant.coordinator, tenant.coordinator.client
    reporter = client.own.reporter
    numbers = frozenset(client.tenant.accounts)
    every = Changes(accounts=numbers, calls=numbers, totals=True)

    async def lose() -> None:
        """Lose the link."""
        reporter.is_live = False
        coordinator.on_disconnected(CannotConnectError("lost"))

    async def find() -> None:
        """Have it back."""
        reporter.is_live = True
        coordinator.on_connected(every)

    _, writes = await tenant.writes([find, lose])
    await find()

    async def by_hand() -> None:
        """Write the same states."""
        for write in writes:
            write()

    best = [float("inf")] * 2
    for _ in range(bench.rounds):
        for index, act in enumerate((lose, by_hand)):
            begin = time.thread_time()
            await act()
            best[index] = min(best[index], time.thread_time() - begin)
            for entity in tenant.entities() if index else ():
                entity._attr_available = True
                entity.async_write_ha_state()
            await find()
            await asyncio.sleep(0)
    accounts = len(tenant.pbx.engine.tenant("localhost").accounts)
    yield Row(
        name=f"link loss, {accounts:,} accounts",
        dialect=tenant.dialect,
        ours=best[0] * 1000,
        floor=best[1] * 1000,
        unit="ms",
        bar=1.5,
        bar_is_for="ratio",
        gate=2.2,
        note=f"{len(writes):,} states",
    )
