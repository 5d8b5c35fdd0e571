"""Home Assistant stops while something else goes on: all ends in silence."""

import asyncio
import logging
from typing import Any

import aiohttp
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.coordinator import async_create_session, create_client
from custom_components.vodia.pbx.errors import NotConnectedError
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from simulator import Simulator

from .common import Phones, until
from .test_lines import has_line

# The moments at which it is told to stop, in turns of the loop and in seconds.
MOMENTS = (0, 1, 2, 3, 5, 8, 13, 20, 30, 50, 80, 0.05, 0.2, 0.6, 1.2, 2.5)


def running() -> list[asyncio.Task[Any]]:
    """Return what of ours runs."""
    return [
        task
        for task in asyncio.all_tasks()
        if task.get_name() in ("vodia link", "vodia line", "vodia login")
    ]


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged that nobody should have to read."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "vodia" in record.pathname
    ] + [line for line in caplog.text.splitlines() if "Session is closed" in line]


async def stop(hass: HomeAssistant) -> None:
    """Stop as Home Assistant does, and close what it keeps open to the last."""
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(CoreState.not_running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_CLOSE)
    await hass.async_block_till_done()


@pytest.mark.parametrize("latency", [0, 0.3])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("dialect", ["modern"])
async def test_during_a_reload(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    *,
    moment: float,
    latency: float,
) -> None:
    """Whenever it stops during a reload, with a line: no link is left or made anew."""
    await has_line(phones)
    caplog.clear()
    pbx.switches.latency = latency
    reload = hass.async_create_task(
        hass.config_entries.async_reload(phones.entry.entry_id)
    )
    if isinstance(moment, int):
        for _ in range(moment):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(moment)
    await stop(hass)
    await reload
    # As long as a link that was lost is made anew.
    await asyncio.sleep(60)
    assert complaints(caplog) == []
    assert running() == []
    await until(hass, lambda: not pbx.connections)


@pytest.mark.parametrize("dialect", ["modern"])
async def test_reload_while_it_stops(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The other way round: each waits until all lines are logged out."""
    await has_line(phones)
    caplog.clear()
    pbx.switches.latency = 0.3
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.config_entries.async_reload(phones.entry.entry_id)
    await stop(hass)
    assert complaints(caplog) == []
    assert running() == []
    assert pbx.logged_in == []


@pytest.mark.parametrize("dialect", ["modern"])
async def test_client_whose_session_is_closed(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Whoever closed it: it is an error that callers expect."""
    http = async_create_session(hass)
    client = create_client(http, dict(entry.data))
    http.detach()
    assert isinstance(http, aiohttp.ClientSession)
    with pytest.raises(NotConnectedError):
        await client.start()
