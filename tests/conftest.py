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
from custom_components.vodia.pbx import client
from custom_components.vodia.pbx.sync import line_data as side
from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches

from .support.entry import Phones, create_entry, set_up
from .support.office import shrink

pytest_plugins = [
    "tests.support.clock",
    "tests.support.flow_coverage",
    "tests.support.log",
]

# Seconds of the connection, short enough for a test, and long enough for a machine on
# which the loop stalls for a second.
QUICK = replace(
    client.TIMING,
    connect=6.0,
    request=3.0,
    answer=0.5,
    first_answer=0.15,
    ping=1.0,
    keepalive=0.6,
    settle=0.05,
    between_reads=0.2,
    ask_again=2.0,
    slow_read=0.5,
    first_retry=0.1,
    last_retry=0.4,
    healthy=0.4,
    forbidden=0.6,
    confirm=0.5,
    proof=0.5,
    ask_proof_again=0.1,
)


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Load this repository's integration, allow loopback sockets, be quick.

    What is stored stays in memory: the harness's folder is one for all tests, and time
    that is skipped lets all be stored that waits for a quiet moment.
    """
    monkeypatch.setattr(client, "TIMING", QUICK)


# Seconds of what is read beside the link; what is slow does not come up in a test.
QUICK_SIDE = side.SideTiming(
    flags=0.2,
    try_again=0.1,
    pause=0.05,
    settle=0.02,
    pushed=0.02,
    history=(0.05, 0.4),
    mailbox=(0.05, 0.4),
)


@pytest.fixture
def hass_tmp_config_dir(tmp_path: Path) -> str:
    """Return a folder of our own with the harness's configuration.

    What others store in that folder just now, its own copy of this would stumble over.
    """
    ignored = ignore_patterns(".storage")
    copytree(get_test_config_dir(), tmp_path, dirs_exist_ok=True, ignore=ignored)
    return str(tmp_path)


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
        pbx.switches.rest_status |= dict.fromkeys(beside, 404)
        yield pbx


@pytest.fixture
def offers(pbx: Simulator, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the PBX offer what is read beside the link, each mailbox as its dialect has it."""
    monkeypatch.setattr(side, "TIMING", QUICK_SIDE)
    mailbox = "messages" if dialect == "modern" else "self_messages"
    for kind in ("srvflags", "history", "adrbook", mailbox):
        pbx.switches.rest_status.pop(kind, None)
    if dialect == "classic":
        pbx.switches.rest_status.pop("lists", None)
    pbx.switches.history_missed = True


@pytest.fixture
def entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return a config entry for extension 45 of the PBX, not set up yet."""
    return create_entry(hass, pbx)


@pytest.fixture
async def phones(hass: HomeAssistant, entry: MockConfigEntry) -> Phones:
    """Return the entities of a PBX that is set up."""
    return await set_up(hass, entry)
