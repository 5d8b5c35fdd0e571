"""A Home Assistant core in a folder of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

from aiohttp import ThreadedResolver
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client
from homeassistant.loader import DATA_CUSTOM_COMPONENTS


@asynccontextmanager
async def core() -> AsyncIterator[HomeAssistant]:
    """Run a core with real registries, storage and platforms, and without a recorder."""
    with TemporaryDirectory() as folder:
        async with async_test_home_assistant(config_dir=folder) as hass:
            # The PBX has an address: nothing is looked up, least of all by multicast.
            hass.data[aiohttp_client.DATA_RESOLVER] = ThreadedResolver()
            hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)
