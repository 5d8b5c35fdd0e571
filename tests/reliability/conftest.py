"""Fixtures: short times, and a PBX where each refusal is definite."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.vodia.const import TIMING
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.reliability import BRIEF, create_pbx


@pytest.fixture(autouse=True)
async def brief(hass: HomeAssistant) -> None:
    """Shorten the times of the connection; do without the slow debugging of the loop."""
    hass.data[TIMING] = BRIEF
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return a PBX where REST takes no Basic, so that a refusal is definite."""
    async with create_pbx(dialect, basic=False) as pbx:
        yield pbx
