"""What one `user-state` costs, from the bytes of the frame to the written state.

Each figure stands beside the floor measured in the same run: parsing the frame and
writing one changed entity by hand. A real Home Assistant core, entity platform and
registries; a simulated PBX fills the tenant; no recorder, no open frontend.
"""

import asyncio
from collections.abc import Callable
import gc
import logging
import statistics
import time

from aiohttp import ThreadedResolver
import orjson
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.vodia.coordinator import VodiaCoordinator
from custom_components.vodia.pbx.messages import decode
from homeassistant.helpers import aiohttp_client
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from simulator import Simulator, Switches
from tests.common import create_entry

ROUNDS = 9
FRAMES = 2000
TENANTS = (26, 100, 1000)


def measure(act: Callable[[int], object]) -> float:
    """Return the microseconds of an act, the median over rounds."""
    rounds = []
    for _ in range(ROUNDS):
        gc.collect()
        begin = time.perf_counter()
        for index in range(FRAMES):
            act(index)
        rounds.append((time.perf_counter() - begin) / FRAMES * 1e6)
    return statistics.median(rounds)


async def measure_tenant(accounts: int) -> dict[str, float]:
    """Return the figures for a tenant with so many accounts."""
    async with (
        Simulator(Switches.classic(), accounts=accounts) as pbx,
        async_test_home_assistant() as hass,
    ):
        # The PBX has an address: nothing is looked up, least of all by multicast.
        hass.data[aiohttp_client.DATA_RESOLVER] = ThreadedResolver()
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        entry = create_entry(hass, pbx)
        begin = time.perf_counter()
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        set_up = time.perf_counter() - begin
        coordinator: VodiaCoordinator = entry.runtime_data
        client = coordinator.client
        live, ledger = client.live, client.ledger
        frames = [
            orjson.dumps(
                {
                    "action": "user-state",
                    "type": "extensions",
                    "account": "41",
                    "domain": "localhost",
                    "registered": True,
                    "dnd": dnd,
                    "chatstatus": "online",
                }
            )
            for dnd in (False, True)
        ]
        entity = next(
            entity
            for entity in hass.data[DATA_INSTANCES]["binary_sensor"].entities
            if entity.unique_id == f"{entry.entry_id}:41:dnd"
        )

        def floor(index: int) -> None:
            """Parse and write, and nothing else."""
            entity._attr_is_on = orjson.loads(frames[index & 1])["dnd"]
            entity.async_write_ha_state()

        def take(index: int) -> None:
            """Take a frame in as the link does."""
            client.take(live, decode(frames[index & 1], ledger))

        def take_unchanged(_: int) -> None:
            """Take in a frame that says what is known."""
            client.take(live, decode(frames[0], ledger))

        figures = {
            "parse": measure(lambda index: orjson.loads(frames[index & 1])),
            "floor": measure(floor),
            "changed": measure(take),
            "unchanged": measure(take_unchanged),
            "setup": set_up,
        }
        assert await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_stop(force=True)
        return figures


def main() -> None:
    """Print the figures."""
    logging.disable(logging.CRITICAL)
    print("accounts   parse   floor  changed  x floor  unchanged  x parse   setup")
    print("              us      us       us                 us                 s")
    for accounts in TENANTS:
        found = asyncio.run(measure_tenant(accounts))
        print(
            f"{accounts:8} {found['parse']:7.2f} {found['floor']:7.2f}"
            f" {found['changed']:8.2f} {found['changed'] / found['floor']:8.2f}"
            f" {found['unchanged']:10.2f} {found['unchanged'] / found['parse']:8.1f}"
            f" {found['setup']:7.2f}"
        )


if __name__ == "__main__":
    main()
