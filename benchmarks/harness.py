"""A real Home Assistant core, simulated PBXs, and the floor to compare with.

What the floor does is what every integration would have to do for the same frame:
receive it, parse it, and write the states that it changes, by hand.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
import gc
import time
from typing import Any, Self

from aiohttp import ClientWebSocketResponse, WSMsgType, web
import orjson
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.coordinator import VodiaCoordinator
from homeassistant.components.event import EventEntity
from homeassistant.const import EVENT_STATE_CHANGED, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import aiohttp_client
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import DATA_INSTANCES
from rig.core import core
from rig.entry import create_entry, entity_id
from simulator import Simulator, Switches

from .blocks import Blocks, watched

_SHOWN = (
    *("_attr_available", "_attr_is_on", "_attr_native_value"),
    "_attr_extra_state_attributes",
)

type Feed = Callable[[], Awaitable[None]]
type Write = Callable[[], None]


@contextmanager
def settled_heap() -> Iterator[None]:
    """Keep the garbage collector away from what is there already."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def frame(payload: object) -> bytes:
    """Return a text frame as a server sends it, header and all."""
    text = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text


async def _until(reached: Callable[[], bool]) -> None:
    """Let the loop run until something is reached."""
    async with asyncio.timeout(60):
        while not reached():
            await asyncio.sleep(0)


@dataclass(slots=True)
class Tenant:
    """An entry of ours and the PBX that it is connected to."""

    hass: HomeAssistant
    pbx: Simulator
    entry: MockConfigEntry
    dialect: str
    seconds: float
    blocks: Blocks

    @property
    def coordinator(self) -> VodiaCoordinator:
        """Return the coordinator."""
        found: VodiaCoordinator = self.entry.runtime_data
        return found

    async def feed(self, frames: Sequence[bytes]) -> None:
        """Send frames over the real socket, and wait until all are taken in."""
        trace = self.coordinator.client.trace
        wanted = trace.frames + len(frames)
        (link,) = (x for x in self.pbx.links if x.login.account == "45")
        link.transport.write(b"".join(frames))
        await _until(lambda: trace.frames >= wanted)

    def own_call_sensor(self) -> str:
        """Return the entity id of the line's call."""
        return entity_id(self.hass, self.entry, "45", "call", Platform.SENSOR)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Let the loop run until something is reached."""
        await _until(reached)

    async def until_idle(self) -> None:
        """Wait until the line has no call."""
        line = self.coordinator.client.tenant
        await _until(lambda: not line.extensions["45"].calls)

    def entities(self) -> list[Entity]:
        """Return all entities of the entry."""
        return [
            entity
            for component in self.hass.data[DATA_INSTANCES].values()
            for entity in component.entities
            if entity.platform.config_entry is self.entry
        ]

    async def written(self, act: Feed) -> list[Entity]:
        """Return the entities whose states an act makes us write, in order."""
        written: list[str] = []

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            """Note which entity was written."""
            written.append(event.data["entity_id"])

        remove = self.hass.bus.async_listen(EVENT_STATE_CHANGED, note)
        await act()
        remove()
        components = self.hass.data[DATA_INSTANCES]
        found = (
            components[entity_id.partition(".")[0]].get_entity(entity_id)
            for entity_id in written
        )
        return [entity for entity in found if entity]

    async def writes(self, acts: Sequence[Feed]) -> list[list[Write]]:
        """Return what does by hand the writes that acts cause, which go in a circle."""
        by_act = [await self.written(act) for act in acts]
        writes = []
        for act, entities in zip(acts, by_act, strict=True):
            before = [_shown(entity) for entity in entities]
            await act()
            writes.append(list(map(_by_hand, entities, before, strict=True)))
        return writes


def _shown(entity: Entity) -> dict[str, Any]:
    """Return what an entity shows."""
    shown = {
        name: value
        for name in _SHOWN
        if (value := getattr(entity, name, _SHOWN)) is not _SHOWN
    }
    return shown | {"fired": entity.state if isinstance(entity, EventEntity) else None}


def _by_hand(entity: Entity, before: dict[str, Any]) -> Write:
    """Return what makes an entity show what it shows now, and nothing more."""
    new = {
        name: value for name, value in _shown(entity).items() if before[name] != value
    }
    if isinstance(entity, EventEntity) and new.pop("fired", None):
        told = dict(entity.state_attributes)
        kind = told.pop("event_type")

        def fire() -> None:
            """Fire the event again."""
            entity._trigger_event(kind, told)
            entity.async_write_ha_state()

        return fire

    def write() -> None:
        """Take over what is new, and write it."""
        for name, value in new.items():
            setattr(entity, name, value)
        entity.async_write_ha_state()

    return write


@dataclass(slots=True)
class Floor:
    """A WebSocket of its own whose frames are parsed, and followed by writes by hand."""

    socket: ClientWebSocketResponse[bool]
    server: web.WebSocketResponse
    taken: int = 0
    by_frame: list[list[Write]] = field(default_factory=list)

    async def read(self) -> None:
        """Read frames; the writes repeat in turn."""
        while True:
            message = await self.socket.receive()
            if message.type is not WSMsgType.TEXT:
                return
            orjson.loads(message.data)
            if writes := self.by_frame:
                for write in writes[self.taken % len(writes)]:
                    write()
            self.taken += 1

    async def feed(self, frames: Sequence[bytes], by_frame: list[list[Write]]) -> None:
        """Send frames, and wait until each is taken in and its states are written."""
        self.taken, self.by_frame = 0, by_frame
        assert self.server._writer is not None
        self.server._writer.transport.write(b"".join(frames))
        await _until(lambda: self.taken >= len(frames))


@asynccontextmanager
async def open_floor(hass: HomeAssistant) -> AsyncIterator[Floor]:
    """Open the socket of a floor."""
    opened = asyncio.get_running_loop().create_future()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        """Keep the socket open."""
        server = web.WebSocketResponse()
        await server.prepare(request)
        opened.set_result(server)
        await server.receive()
        return server

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    session = aiohttp_client.async_get_clientsession(hass)
    socket = await session.ws_connect(
        f"http://127.0.0.1:{port}/", autoping=False, decode_text=False
    )
    floor = Floor(socket, await opened)
    task = asyncio.create_task(floor.read())
    try:
        yield floor
    finally:
        await socket.close()
        await task
        await runner.cleanup()


class Bench:
    """One core, one floor, and tenants as they are asked for."""

    hass: HomeAssistant
    floor: Floor

    def __init__(self, rounds: int) -> None:
        """Take the best of so many rounds."""
        self.rounds = rounds
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the core."""
        self.hass = await self._stack.enter_async_context(core())
        self.floor = await self._stack.enter_async_context(open_floor(self.hass))
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop everything."""
        await self._stack.aclose()

    async def tenant(self, dialect: str, accounts: int, calls: int = 0) -> Tenant:
        """Return a tenant of a size, set up and settled."""
        switches = Switches.classic() if dialect == "classic" else Switches.modern()
        pbx = Simulator(switches, accounts=accounts, calls=calls)
        known = list(pbx.engine.tenant("localhost").accounts)
        for number in [number for number in known if number != "45"][accounts - 1 :]:
            pbx.engine.remove_account(number)
        await self._stack.enter_async_context(pbx)
        entry = create_entry(self.hass, pbx)
        # What earlier tenants have left behind is not of this start.
        with settled_heap(), watched() as blocks:
            begin = time.perf_counter()
            # A task of its own, as this one counts for nothing.
            setup = self.hass.config_entries.async_setup(entry.entry_id)
            assert await asyncio.create_task(setup)
            await self.hass.async_block_till_done()
            seconds = time.perf_counter() - begin
        # Before the PBX: what is cut off would connect again.
        self._stack.push_async_callback(
            self.hass.config_entries.async_unload, entry.entry_id
        )
        return Tenant(self.hass, pbx, entry, dialect, seconds, blocks)

    async def compare(self, count: int, *feeds: Feed) -> tuple[float, ...]:
        """Return the microseconds of one of `count` acts of each feed, interleaved.

        Of the processor, not of the clock, and the best of the rounds: what else the
        machine does only adds to it.
        """
        best = [float("inf")] * len(feeds)
        with settled_heap():
            for _ in range(self.rounds):
                for index, feed in enumerate(feeds):
                    begin = time.thread_time()
                    await feed()
                    best[index] = min(best[index], time.thread_time() - begin)
        return tuple(seconds / count * 1e6 for seconds in best)

    async def against_floor(
        self, tenant: Tenant, frames: Sequence[bytes], repeat: int
    ) -> tuple[float, float]:
        """Return the microseconds of a frame, ours and the floor's.

        The frames come round and round; what they write is found out first.
        """
        await tenant.feed(frames)
        by_frame = await tenant.writes([partial(tenant.feed, [one]) for one in frames])
        many = list(frames) * repeat
        ours, floor = await self.compare(
            len(many),
            lambda: tenant.feed(many),
            lambda: self.floor.feed(many, by_frame),
        )
        return ours, floor
