"""Fixtures: a real house with phones, in which an automation of the page is set up."""

from collections.abc import AsyncIterator
from http import HTTPStatus
import logging
from pathlib import Path
import shutil

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.components.automation import EVENT_AUTOMATION_TRIGGERED
from homeassistant.components.demo.light import DemoLight
from homeassistant.components.demo.media_player import DemoMusicPlayer
from homeassistant.components.demo.notify import DemoNotifyEntity
from homeassistant.components.demo.siren import DemoSiren
from homeassistant.components.demo.vacuum import StateDemoVacuum
from homeassistant.components.vacuum import VacuumEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, label_registry as lr
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.automations_page import chosen, parsed
from tests.support.entry import Phones, create_entry
from tests.support.house import (
    DOOR,
    MOBILE_APP,
    Automation,
    House,
    Json,
    add,
    be,
    hours,
    optimistic,
)
from tests.support.repository import ROOT

# Who tells of a failed action, or of an entity that is not there.
COMPLAINTS = ("homeassistant.components.automation", "homeassistant.helpers")


@pytest.fixture(params=["modern"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Take a PBX that tells all, unless a test asks for others too."""
    name: str = request.param
    return name


@pytest.fixture
def entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return a config entry for a PBX with a door station."""
    pbx.engine.add_account(DOOR, "Front door", registered=True)
    entry = create_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, options={"door_stations": [DOOR]})
    return entry


@pytest.fixture
async def messages(hass: HomeAssistant) -> AsyncIterator[list[Json]]:
    """Return what arrives at a mobile phone with the app."""
    arrived: list[Json] = []

    async def take(request: web.Request) -> web.Response:
        """Take a message as the servers of Apple and Google do."""
        arrived.append(await request.json())
        return web.json_response({}, status=HTTPStatus.CREATED)

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        MockConfigEntry(
            domain="mobile_app",
            data={
                **dict.fromkeys(("app_id", "app_name", "app_version"), "app"),
                **dict.fromkeys(("manufacturer", "model", "os_version"), "phone"),
                **dict.fromkeys(("webhook_id", "device_id", "user_id"), MOBILE_APP),
                "device_name": "My phone",
                "app_data": {
                    "push_token": "token",
                    "push_url": str(server.make_url("/")),
                },
            },
        ).add_to_hass(hass)
        assert await async_setup_component(hass, "mobile_app", {})
        await hass.async_block_till_done()
        yield arrived


@pytest.fixture
def expected_lingering_timers(request: pytest.FixtureRequest) -> bool:
    """Let the house go on: its schedule and its alarm wait for what comes next."""
    return "house" in request.fixturenames


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Put our blueprints into the folder of Home Assistant."""
    folder = Path(hass_tmp_config_dir) / "blueprints"
    shutil.copytree(ROOT / "blueprints", folder, dirs_exist_ok=True)
    return hass_tmp_config_dir


@pytest.fixture
async def house(hass: HomeAssistant, phones: Phones, messages: list[Json]) -> House:
    """Return a house with all that the automations name."""
    family = lr.async_get(hass).async_create("Family phones").label_id
    for account in ("45", "46"):
        device = phones.device(account)
        assert device
        dr.async_get(hass).async_update_device(device.id, labels={family})
    await add(
        hass,
        **{
            name: DemoLight(name, name, state=False)
            for name in ("hallway", "workshop", "do_not_disturb")
        },
        kitchen=DemoMusicPlayer("Kitchen"),
        chime=DemoSiren("Chime", is_on=False),
        living_room_tv=DemoNotifyEntity("tv", "TV"),
        robot=StateDemoVacuum(
            "robot", "Robot", VacuumEntityFeature.START | VacuumEntityFeature.PAUSE
        ),
    )
    moves = ("open_cover", "close_cover")
    config: Json = {
        "alarm_control_panel": {
            "platform": "manual",
            "name": "Home",
            "code_arm_required": False,
            "arming_time": 0,
            "delay_time": 0,
        },
        "input_button": {"siesta": {}},
        "scene": {
            "name": "Good night",
            "entities": {"light.hallway": "off", "light.workshop": "off"},
        },
        "schedule": {"office_hours": hours("office_hours", is_on=True)},
        "template": {
            "cover": [
                optimistic(*moves, name="Gate"),
                optimistic(*moves, name="Garage door", device_class="garage"),
            ],
            "lock": optimistic("lock", "unlock", name="Front door"),
        },
        "zone": {},
    }
    for domain in config:
        assert await async_setup_component(hass, domain, config)
    be(hass, "home")
    await hass.async_block_till_done()
    return House(hass, phones, messages)


@pytest.fixture
async def automation(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    house: House,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Automation]:
    """Set up an automation of the page; nobody may complain of it."""
    started = async_capture_events(hass, EVENT_AUTOMATION_TRIGGERED)
    config = parsed(chosen(hass, request.param))
    assert await async_setup_component(hass, "automation", {"automation": config})
    (entity_id,) = hass.states.async_entity_ids("automation")
    state = hass.states.get(entity_id)
    assert state and (state.state, state.name) == ("on", config["alias"])
    yield Automation(hass, entity_id, started)
    for record in caplog.get_records("call"):
        if record.name.startswith(COMPLAINTS):
            assert record.levelno < logging.WARNING, record.getMessage()
