"""The database of the recorder, as a thief reads it, and as the logbook does."""

from datetime import timedelta
from pathlib import Path
import sqlite3
from typing import Any

from pytest_homeassistant_custom_component.common import mock_component
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util


def database(url: str) -> str:
    """Return all that is in a database: its rows, and its files as they are."""
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        rows = "\n".join(connection.iterdump())
    assert "sensor.freya_nilsen_last_caller" in rows
    files = [file.read_bytes() for file in path.parent.iterdir() if file.is_file()]
    return rows + "".join(data.decode(errors="ignore") for data in files)


async def async_start_logbook(
    hass: HomeAssistant, config: dict[str, Any] | None = None
) -> None:
    """Set up the logbook; what it looks like is the frontend's, which would open a port."""
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", config or {})


async def async_logbook(
    hass: HomeAssistant, ws_client: WebSocketGenerator, **of: list[str]
) -> list[dict[str, Any]]:
    """Return what Activity lists `of` some entities or devices, or of all."""
    await async_wait_recording_done(hass)
    client = await ws_client()
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": (dt_util.utcnow() - timedelta(days=1)).isoformat(),
            **of,
        }
    )
    answer = await client.receive_json()
    assert answer["success"]
    rows: list[dict[str, Any]] = answer["result"]
    return rows
