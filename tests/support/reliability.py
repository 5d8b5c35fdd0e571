"""What the tests of reliability share: short times, few accounts, and what is said."""

from dataclasses import replace
import logging
from typing import Any

import pytest

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.pbx.client import PbxClient
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from rig.timing import QUICK
from simulator import Simulator, Switches

from .entry import Phones, wait_for
from .log import without_paths

SESSION = "/rest/system/session"
# Here many wait for times to be over, so these are shorter still.
BRIEF = replace(
    QUICK,
    connect=0.8,
    request=0.7,
    answer=0.25,
    ping=0.3,
    between_reads=0.1,
    last_retry=0.3,
)
# The extensions that matter here.
KEPT = {"41", "42", "45"}
# Seconds that a busy machine may take for what takes no time.
SLACK = 2.0


def create_pbx(dialect: str, **switches: Any) -> Simulator:
    """Return a PBX with few extensions, which is quicker to set up."""
    pbx = Simulator(getattr(Switches, dialect)(**switches))
    for number in pbx.engine.tenant("localhost").accounts.keys() - KEPT:
        pbx.engine.remove_account(number)
    return pbx


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that are about us, or that a leak causes."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and "has not been tested by Home Assistant" not in record.getMessage()
        # A slow machine is no fault of ours.
        and not record.getMessage().startswith("Executing <")
        and (
            record.levelno >= logging.ERROR
            or record.name.partition(".")[0] in ("asyncio", "aiohttp")
            or DOMAIN in f"{record.name} {without_paths(record.getMessage())}".lower()
        )
    ]


def flows(hass: HomeAssistant) -> list[Any]:
    """Return the dialogs that ask for a new password."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


def tries(pbx: Simulator, step: str) -> int:
    """Return how often a step was begun."""
    match step:
        case "login":
            return sum(
                path == SESSION and method in ("PUT", "POST")
                for method, path in pbx.requests
            )
        case "tell":
            return pbx.requests.count(("GET", SESSION))
        case "handshake":
            return sum(
                path == "/" or path.startswith("/websocket") for _, path in pbx.requests
            )
        case "accounts" | "calls" | "dnd":
            return sum(
                path.partition("?")[0].endswith(f"/{step}") for _, path in pbx.requests
            )
    return sum(frame["action"] == step for frame in pbx.received)


def all_unavailable(hass: HomeAssistant, phones: Phones) -> bool:
    """Return whether all is unavailable, and the connection off."""
    return phones.state("", "connected") == "off" and all(
        state.state == STATE_UNAVAILABLE
        for state in hass.states.async_all()
        if state.entity_id != phones.id("", "connected")
    )


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log tells of the connection."""
    start = "Connection to Vodia PBX "
    return [text.removeprefix(start) for text in complaints(caplog)]


async def begun(hass: HomeAssistant, pbx: Simulator, step: str, before: int) -> None:
    """Wait until a step is begun once more than it was before."""
    await wait_for(hass, lambda: tries(pbx, step) > before)


async def closed(hass: HomeAssistant, client: PbxClient) -> None:
    """Wait until a client is closed, or on its last word."""
    await wait_for(
        hass, lambda: client.own.session._closed and not client.own.session.rest.headers
    )
