"""Fixtures: a real Home Assistant core beside a simulated PBX, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_test_config_dir,
)

# Before `hass` mounts its own package of this name.
import custom_components.vodia  # noqa: F401
from custom_components.vodia.const import TIMING
from homeassistant.core import HomeAssistant
from rig.timing import QUICK, SetClock
from simulator import Simulator, Switches
from tests.support.entry import Phones, create_entry, set_up
from tests.support.office import shrink
from tests.support.timing import set_line_data_timing

pytest_plugins = [
    "tests.support.clock",
    "tests.support.flow_coverage",
    "tests.support.log",
]


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(request: pytest.FixtureRequest) -> None:
    """Run in asyncio's debug mode, as the harness would, only where it is asked for.

    Its record of stacks takes more time than all the rest of a test.
    """
    marked = request.node.get_closest_marker("loop_debug") is not None
    wanted: bool = request.config.getoption("--loop-debug")
    asyncio.get_running_loop().set_debug(wanted or marked)


@pytest.fixture(autouse=True)
def real_environment(
    enable_custom_integrations: None,
    socket_enabled: None,
    hass_storage: dict[str, Any],
) -> None:
    """Load this repository's integration, allow loopback sockets.

    What is stored stays in memory: the harness's folder is one for all tests, and time
    that is skipped lets all be stored that waits for a quiet moment.
    """


@pytest.fixture
def mock_recorder_before_hass(request: pytest.FixtureRequest) -> None:
    """Let the database come before Home Assistant, for a test that has one."""
    if "recorder_db_url" in request.fixturenames:
        request.getfixturevalue("recorder_db_url")


@pytest.fixture
def hass(hass: HomeAssistant) -> HomeAssistant:
    """Return Home Assistant with an integration that is quick, and has a clock to set."""
    hass.data[TIMING] = replace(QUICK, clock=SetClock())
    return hass


@pytest.fixture
def clock(hass: HomeAssistant) -> SetClock:
    """Return the clock of the integration."""
    clock = hass.data[TIMING].clock
    assert isinstance(clock, SetClock)
    return clock


@pytest.fixture
def hass_tmp_config_dir(tmp_path: Path) -> str:
    """Return a folder of our own with the harness's configuration.

    What others store in that folder just now, its own copy of this would stumble over.
    """
    ignored = ignore_patterns(".storage")
    copytree(get_test_config_dir(), tmp_path, dirs_exist_ok=True, ignore=ignored)
    return str(tmp_path)


@pytest.fixture
def germany(hass: HomeAssistant) -> None:
    """Live in Germany."""
    hass.config.country = "DE"


@pytest.fixture(params=["classic", "modern"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Run the test in both dialects."""
    name: str = request.param
    return name


@pytest.fixture
async def pbx(dialect: str, request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    """Return a running PBX. What only REST tells comes late: its own tests offer it."""
    pbx = Simulator(getattr(Switches, dialect)(history_missed=False))
    shrink(pbx, request)
    async with pbx:
        beside = ("srvflags", "messages", "self_messages", "adrbook", "lists")
        pbx.switches.rest_status |= dict.fromkeys((*beside, "acd_login"), 404)
        pbx.switches.settings_status = 404
        yield pbx


@pytest.fixture
def offers(hass: HomeAssistant, pbx: Simulator, dialect: str) -> None:
    """Let the PBX offer what is read beside the link, each mailbox as its dialect has it."""
    set_line_data_timing(hass)
    mailbox = "messages" if dialect == "modern" else "self_messages"
    for kind in ("srvflags", "history", "adrbook", "acd_login", mailbox):
        pbx.switches.rest_status.pop(kind, None)
    pbx.switches.settings_status = 200
    if dialect == "classic":
        pbx.switches.rest_status.pop("lists", None)
    pbx.switches.history_missed = True


@pytest.fixture
def entry(
    hass: HomeAssistant, pbx: Simulator, request: pytest.FixtureRequest
) -> MockConfigEntry:
    """Return a config entry for extension 45 of the PBX, not set up yet."""
    marked = request.node.get_closest_marker("all_entities") is not None
    return create_entry(hass, pbx, {"all_entities": True} if marked else None)


@pytest.fixture
async def phones(hass: HomeAssistant, entry: MockConfigEntry) -> Phones:
    """Return the entities of a PBX that is set up."""
    return await set_up(hass, entry)
