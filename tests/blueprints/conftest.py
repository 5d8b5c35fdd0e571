"""Fixtures: a house that blueprints act in, and a mobile phone in it."""

from collections.abc import AsyncIterator
from pathlib import Path
import shutil

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from tests.support.blueprints import BLUEPRINTS, Json, Mobile


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Use a folder of our own, with the blueprints of this repository."""
    target = Path(hass_tmp_config_dir) / "blueprints"
    shutil.copytree(BLUEPRINTS, target, dirs_exist_ok=True)
    return hass_tmp_config_dir


@pytest.fixture
async def house(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Set up lights, media players, and all else of a house that Home Assistant has."""
    monkeypatch.setattr(
        "homeassistant.components.demo.COMPONENTS_WITH_CONFIG_ENTRY_DEMO_PLATFORM",
        [
            Platform.ALARM_CONTROL_PANEL,
            Platform.BUTTON,
            Platform.LIGHT,
            Platform.MEDIA_PLAYER,
            Platform.NOTIFY,
        ],
    )
    for component in ("homeassistant", "scene"):
        assert await async_setup_component(hass, component, {})
    toggles: Json = {"input_boolean": {"quiet": None}}
    assert await async_setup_component(hass, "input_boolean", toggles)
    demo = MockConfigEntry(domain="demo")
    demo.add_to_hass(hass)
    assert await hass.config_entries.async_setup(demo.entry_id)
    await hass.async_block_till_done()
    yield
    # While the platforms are those that were set up.
    assert await hass.config_entries.async_unload(demo.entry_id)


@pytest.fixture
async def mobile(hass: HomeAssistant) -> AsyncIterator[Mobile]:
    """Set up a mobile phone, with a server that passes the notifications on to it."""
    found = Mobile(hass, "")

    async def push(request: web.Request) -> web.Response:
        """Take a notification."""
        found.sent.append(await request.json())
        return web.json_response({}, status=201)

    app = web.Application()
    app.router.add_post("/push", push)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    entry = MockConfigEntry(
        domain="mobile_app",
        title="Pocket",
        data={
            "app_data": {
                "push_token": "token",
                "push_url": f"http://{host}:{port}/push",
            },
            "app_id": "io.home_assistant",
            "app_name": "Home Assistant",
            "app_version": "2026.10",
            "device_id": "pocket",
            "device_name": "Pocket",
            "manufacturer": "Phones",
            "model": "Phone",
            "os_name": "Android",
            "os_version": "17",
            "supports_encryption": False,
            "user_id": "anna",
            "webhook_id": "pocket-webhook",
        },
    )
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "mobile_app", {})
    await hass.async_block_till_done()
    (registered,) = dr.async_entries_for_config_entry(
        dr.async_get(hass), entry.entry_id
    )
    found.device_id = registered.id
    yield found
    await runner.cleanup()
