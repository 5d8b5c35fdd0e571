"""The automations of docs/automations.md: run as they are written, in a real house."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import time, timedelta
from http import HTTPStatus
import logging
from pathlib import Path
import re
import shutil
from types import ModuleType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
    mock_component,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.vodia.const import DOMAIN
from homeassistant.components.automation import EVENT_AUTOMATION_TRIGGERED
from homeassistant.components.demo.light import DemoLight
from homeassistant.components.demo.media_player import DemoMusicPlayer
from homeassistant.components.demo.notify import EVENT_NOTIFY, DemoNotifyEntity
from homeassistant.components.demo.siren import DemoSiren
from homeassistant.components.demo.vacuum import StateDemoVacuum
from homeassistant.components.recorder import Recorder
from homeassistant.components.vacuum import VacuumEntityFeature
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    event as event_helper,
    label_registry as lr,
    script as script_helper,
)
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.async_ import get_scheduled_timer_handles
from homeassistant.util.yaml import parse_yaml
from simulator import Simulator, Stage
from tests.support.entry import Phones, create_entry, until
from tests.support.repository import ROOT

DOOR, MOBILE_APP = "58", "mobile-app"
CALLER, MOBILE = "+4930111111", "+491711234567"
TEXT = (ROOT / "docs" / "automations.md").read_text()
SECTIONS: dict[str, list[str]] = {
    heading: re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    for heading, section in re.findall(
        r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
}
IMPOSSIBLE = "What is not possible"

# Who tells of a failed action, or of an entity that is not there.
COMPLAINTS = ("homeassistant.components.automation", "homeassistant.helpers")

type Json = dict[str, Any]


def name_of(block: str) -> str:
    """Return what a block is called."""
    match = re.search(r"^(?:alias|title): (.*)$", block, re.MULTILINE)
    assert match, block
    return match[1]


def parsed(block: str) -> Json:
    """Return a block as Home Assistant reads it."""
    config = parse_yaml(block)
    assert isinstance(config, dict)
    return config


BLOCKS = {name_of(block): block for blocks in SECTIONS.values() for block in blocks}
TESTED: set[str] = set()


def plays(name: str, argument: str = "automation") -> pytest.MarkDecorator:
    """Mark a test as that of a block; an automation is set up for it."""
    TESTED.add(name)
    return pytest.mark.parametrize(
        argument,
        [pytest.param(BLOCKS[name], id=name)],
        indirect=argument == "automation",
    )


both_dialects = pytest.mark.parametrize("dialect", ["classic", "modern"])


# The page


# What people build, and where it is on the page.
WISHES = {
    "mute or lower TV and music": "Mute the TV while the phone is busy",
    "busy or on-air light": "A busy light at the door",
    "flash lights": "Flash the lights when it rings",
    "speak the name of the caller": "Say who calls on the speakers",
    "caller on TV": "Show who calls on the TV",
    "push with answer and decline": "Answer or decline from a message",
    "door station": "The door station rings: show it, and open",
    "PIN by DTMF": IMPOSSIBLE,
    "gate opens for a known number": "Open the gate when a known number calls",
    "house calls me": "The house calls me",
    "missed call with call-back": "Tell me of missed calls",
    "call log on a dashboard": "A list of calls on a dashboard",
    "DND by schedule or alarm": "Do not disturb by itself",
    "nobody home or out of hours": "Send calls on when nobody is here",
    "not answered in 20 s": "Send a call on when nobody answers",
    "short code runs a scene": "Dial a code to run a scene",
    "pause vacuum or mower": "Pause the vacuum cleaner during calls",
    "talk to Assist": IMPOSSIBLE,
    "reject spam": "Refuse spam",
    "reaction for each line": "Another colour for each phone",
    "queue lamp": "A lamp when callers wait in a queue",
    "phone or PBX gone": "Tell me when a phone or the PBX is gone",
    "DND lamp and phone in step": "A lamp in step with do not disturb",
    "no chime while in a call": "No chime while somebody is on the phone",
}


def test_page() -> None:
    """All that people build is there, in the index, without a template, and tested."""
    assert len(WISHES) == 24
    assert set(SECTIONS) == set(WISHES.values())
    assert not SECTIONS[IMPOSSIBLE]
    assert all(blocks for heading, blocks in SECTIONS.items() if heading != IMPOSSIBLE)
    assert len(BLOCKS) == sum(map(len, SECTIONS.values())) == TEXT.count("```yaml")
    for block in BLOCKS.values():
        assert not re.search(r"\{\{|\{%|\{#", block)
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in SECTIONS
    }
    index, _, _ = TEXT.partition("\n## ")
    assert set(re.findall(r"\(#(.*?)\)", index)) == anchors - {"what-is-not-possible"}
    assert set(re.findall(r"\(#(.*?)\)", TEXT)) <= anchors
    for name in re.findall(r"\b\w+\.yaml\b", TEXT):
        assert (ROOT / "blueprints" / "automation" / DOMAIN / name).exists(), name
    assert set(BLOCKS) == TESTED


# The house


@pytest.fixture(params=["modern"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Take a PBX that tells all, unless a test asks for others too."""
    name: str = request.param
    return name


@pytest.fixture
def enable_custom_integrations(
    recorder_db_url: str, enable_custom_integrations: None
) -> None:
    """Let the database come before Home Assistant, for the test that has one."""


@pytest.fixture
def entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return a config entry for a PBX with a door station."""
    pbx.engine.add_account(DOOR, "Front door", registered=True)
    entry = create_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, options={"door_stations": [DOOR]})
    return entry


@dataclass(frozen=True, slots=True)
class House:
    """A house with people, lights and the like, and the phones in it."""

    hass: HomeAssistant
    phones: Phones
    messages: list[Json]

    def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state.state

    def attribute(self, entity_id: str, name: str) -> Any:
        """Return an attribute of an entity."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state.attributes[name]

    async def wait(self, entity_id: str, expected: Any, attribute: str = "") -> None:
        """Wait for the state of an entity, or for an attribute of it."""

        def actual() -> Any:
            """Return what it is now."""
            if attribute:
                return self.attribute(entity_id, attribute)
            return self.state(entity_id)

        try:
            await until(self.hass, lambda: actual() == expected)
        except TimeoutError:
            raise AssertionError(
                f"{entity_id} {attribute} is {actual()!r}, not {expected!r}"
            ) from None

    async def act(self, action: str, entity_id: str, **data: Any) -> None:
        """Do what a person in the house does."""
        domain, _, service = action.partition(".")
        await self.hass.services.async_call(
            domain, service, {"entity_id": entity_id, **data}, blocking=True
        )

    async def keep_hours(self, name: str, *, is_on: bool) -> None:
        """Edit a schedule so that it is on or off now."""
        component = self.hass.data[DATA_INSTANCES]["schedule"]
        schedule: Any = component.get_entity(f"schedule.{name}")
        await schedule.async_update_config({"id": name, **hours(name, is_on=is_on)})


def hours(name: str, *, is_on: bool) -> Json:
    """Return a schedule that is always on, or always off."""
    blocks = [{"from": time.min, "to": time.max}] if is_on else []
    days = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
    return {"name": name, **{f"{day}day": blocks for day in days}}


def be(hass: HomeAssistant, where: str) -> None:
    """Let the one who lives in the house be at home or not."""
    zones = ["zone.home"] if where == "home" else []
    hass.states.async_set("person.freya", where, {"in_zones": zones})


async def add(hass: HomeAssistant, **entities: Entity) -> None:
    """Add entities, of whatever domain, by their entity id less the domain."""
    for name, entity in entities.items():
        domain = type(entity).__module__.rpartition(".")[2]
        entity.entity_id = f"{domain}.{name}"
        assert await async_setup_component(hass, domain, {})
        await hass.data[DATA_INSTANCES][domain].async_add_entities([entity])


def optimistic(*actions: str, **config: Any) -> Json:
    """Return a template entity that is what it was told to be."""
    return {**{action: [] for action in actions}, "optimistic": True, **config}


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
def expected_lingering_timers() -> bool:
    """Let the house go on: its schedule and its alarm wait for what comes next."""
    return True


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
            for name in ("hallway", "workshop", "on_air", "do_not_disturb")
        },
        living_room=DemoMusicPlayer("Living room"),
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
        "input_boolean": {"baby_asleep": {}},
        "input_button": {"siesta": {}},
        "scene": {
            "name": "Good night",
            "entities": {"light.hallway": "off", "light.workshop": "off"},
        },
        "schedule": {
            name: hours(name, is_on=is_on)
            for name, is_on in (("quiet_hours", False), ("office_hours", True))
        },
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


@dataclass(frozen=True, slots=True)
class Automation:
    """An automation of the page, in the house."""

    hass: HomeAssistant
    entity_id: str
    started: list[Event[Json]]

    async def ran(self, times: int = 1) -> None:
        """Wait until it has run for the n-th time, and has come to its end."""
        await until(self.hass, lambda: len(self.started) >= times)
        await until(self.hass, lambda: not self._running)
        assert len(self.started) == times

    async def runs(self, times: int = 1) -> None:
        """Give it time, and expect that it has been started as often, and no oftener."""
        await asyncio.sleep(0.2)
        assert len(self.started) == times

    @property
    def _running(self) -> int:
        """Return how many runs of it there are now."""
        state = self.hass.states.get(self.entity_id)
        assert state
        running: int = state.attributes["current"]
        return running


def chosen(hass: HomeAssistant, block: str) -> str:
    """Return a block with the devices chosen in it, as a user does."""
    for name, entity_id in (
        ("ID_OF_MY_PHONE", "notify.my_phone"),
        ("ID_OF_FREYA_NILSEN", "sensor.freya_nilsen_call"),
    ):
        entity = er.async_get(hass).async_get(entity_id)
        assert entity and entity.device_id
        block = block.replace(name, entity.device_id)
    return block


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


def timers(hass: HomeAssistant, *modules: ModuleType) -> list[asyncio.TimerHandle]:
    """Return what modules of Home Assistant wait for; sockets have their own timers."""
    names = {module.__name__ for module in modules}
    return [
        handle
        for handle in get_scheduled_timer_handles(hass.loop)
        if not handle.cancelled() and handle._callback.__module__ in names  # type: ignore[attr-defined]
    ]


async def pass_time(hass: HomeAssistant, **duration: float) -> None:
    """Let what Home Assistant waits for in the next time happen now."""
    end = hass.loop.time() + timedelta(**duration).total_seconds()
    for handle in timers(hass, event_helper, script_helper):
        if handle.when() <= end:
            handle._run()
            handle.cancel()
    await asyncio.sleep(0.05)


async def waiting(hass: HomeAssistant) -> None:
    """Wait until an automation has come to where it waits itself."""
    await until(hass, lambda: timers(hass, script_helper))


async def ring(house: House, pbx: Simulator, account: str, caller: str = CALLER) -> str:
    """Call an extension; return the call's id once the phone is known to ring."""
    call = pbx.engine.ring(caller, account)
    await house.phones.wait(account, "ringing", "on")
    return call


async def talk(house: House, pbx: Simulator, account: str) -> str:
    """Let an extension take a call; return its id."""
    call = pbx.engine.ring(CALLER, account)
    pbx.engine.answer(call, account)
    await house.phones.wait(account, "in_call", "on")
    return call


# While it rings


@both_dialects
@plays("Mute the TV")
async def test_mute(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """The TV is mute from the first ring to the end of the last call."""
    tv, muted = "media_player.living_room", "is_volume_muted"
    first = await ring(house, pbx, "45")
    await house.wait(tv, True, muted)
    second = pbx.engine.ring(MOBILE, "45")
    pbx.engine.answer(first, "45")
    await house.phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(first)
    await house.phones.wait("45", "in_call", "off")
    await automation.runs()
    assert house.attribute(tv, muted)
    pbx.engine.answer(second, "45")
    await house.phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(await ring(house, pbx, "45", "41"))
    await house.phones.wait("45", "ringing", "off")
    await automation.runs()
    assert house.attribute(tv, muted)
    pbx.engine.hang_up(second)
    await automation.ran()
    assert not house.attribute(tv, muted)
    # Who mutes it keeps it mute; other phones do not matter.
    await house.act("media_player.volume_mute", tv, is_volume_muted=True)
    pbx.engine.hang_up(await ring(house, pbx, "45"))
    await automation.runs()
    assert house.attribute(tv, muted)
    await house.act("media_player.volume_mute", tv, is_volume_muted=False)
    pbx.engine.ring(CALLER, "41")
    await automation.runs()


@plays("Flash the lights")
@pytest.mark.parametrize("before", ["on", "off"])
async def test_flash(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    before: str,
) -> None:
    """The light changes every second while it rings, and is then as it was."""
    light, other = "light.workshop", "off" if before == "on" else "on"
    await house.act(f"light.turn_{before}", light)
    await ring(house, pbx, "41")
    await automation.runs(0)
    call = await ring(house, pbx, "45")
    await house.wait(light, other)
    await pass_time(hass, seconds=1)
    await house.wait(light, before)
    await pass_time(hass, seconds=1)
    await house.wait(light, other)
    pbx.engine.answer(call, "45")
    await house.phones.wait("45", "ringing", "off")
    await pass_time(hass, seconds=1)
    await automation.ran()
    await house.wait(light, before)


@plays("Whose phone rings")
@pytest.mark.parametrize(
    ("account", "colour"), [("45", (0, 0, 255)), ("46", (0, 255, 0)), ("41", None)]
)
async def test_colours(
    pbx: Simulator,
    house: House,
    automation: Automation,
    account: str,
    colour: tuple[int, int, int] | None,
) -> None:
    """Each phone has its colour, and the others have none."""
    await ring(house, pbx, account)
    if colour is None:
        await automation.runs(0)
        assert house.state("light.hallway") == "off"
    else:
        await automation.ran()
        assert house.attribute("light.hallway", "rgb_color") == colour


@plays("Say who calls")
@pytest.mark.parametrize(
    ("account", "name", "said"),
    [
        ("45", "Anna Meyer", "Call from Anna Meyer"),
        ("45", "", "Call from + 4 9 3 0 1 1 1 1 1 1"),
        ("41", "Anna Meyer", None),
    ],
)
async def test_say(
    hass: HomeAssistant,
    pbx: Simulator,
    automation: Automation,
    *,
    account: str,
    name: str,
    said: str | None,
) -> None:
    """The kitchen hears who calls the family."""
    speak = async_mock_service(hass, "tts", "speak")
    pbx.engine.ring(CALLER, account, name=name)
    if said is None:
        await automation.runs(0)
        return
    await automation.ran()
    (spoken,) = speak
    assert spoken.data["media_player_entity_id"] == ["media_player.kitchen"]
    assert spoken.data["message"] == said


@plays("Show who calls")
@pytest.mark.parametrize(
    ("account", "caller", "name", "shown"),
    [
        ("45", CALLER, "Anna Meyer", f"Call from Anna Meyer ({CALLER})"),
        ("46", CALLER, "", f"Call from {CALLER}"),
        ("45", "", "", "Call from an unknown number"),
        ("41", CALLER, "Anna Meyer", None),
    ],
)
async def test_show(
    hass: HomeAssistant,
    pbx: Simulator,
    automation: Automation,
    *,
    account: str,
    caller: str,
    name: str,
    shown: str | None,
) -> None:
    """The TV shows name and number, as far as they are known."""
    screen = async_capture_events(hass, EVENT_NOTIFY)
    pbx.engine.ring(caller, account, name=name)
    if shown is None:
        await automation.runs(0)
        return
    await automation.ran()
    assert [event.data["message"] for event in screen] == [shown]


@both_dialects
@plays("Answer or decline")
@pytest.mark.parametrize("pressed", [0, 1, None], ids=["answer", "decline", "nothing"])
async def test_buttons(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    pressed: int | None,
) -> None:
    """The message says who calls, its buttons act on the call, and it goes away."""
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await until(hass, lambda: house.messages)
    assert house.messages[0]["message"] == f"Anna Meyer ({CALLER})"
    buttons = house.messages[0]["data"]["actions"]
    assert [button["title"] for button in buttons] == ["Answer", "Decline"]
    assert pbx.engine.call(call).stage is Stage.RINGING
    action = "ANOTHER" if pressed is None else buttons[pressed]["action"]
    await waiting(hass)
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    if pressed is None:
        await automation.runs()
        pbx.engine.hang_up(call)
    await automation.ran()
    stages = [call.stage for call in pbx.engine.calls()]
    assert stages == ([Stage.CONNECTED] if pressed == 0 else [])
    await until(hass, lambda: len(house.messages) == 2)
    assert house.messages[1]["message"] == "clear_notification"
    tags = {message["data"]["tag"] for message in house.messages}
    assert len(tags) == 1


# Doors


@plays("The front door rings")
@pytest.mark.parametrize("pressed", ["UNLOCK_FRONT_DOOR", "SOMETHING_ELSE", None])
async def test_front_door(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    pressed: str | None,
) -> None:
    """Picture and button come with the ring; only the button, in time, unlocks."""
    shown = async_mock_service(hass, "camera", "play_stream")
    await house.act("lock.lock", "lock.front_door")
    await automation.runs(0)
    pbx.engine.ring(DOOR, "45")
    await until(hass, lambda: house.messages)
    assert shown[0].data["media_player"] == "media_player.kitchen"
    (message,) = house.messages
    assert message["data"]["image"] == "/api/camera_proxy/camera.front_door"
    assert message["data"]["actions"][0]["action"] == "UNLOCK_FRONT_DOOR"
    await waiting(hass)
    if pressed is None:
        await pass_time(hass, minutes=1)
        await automation.ran()
    action = pressed or "UNLOCK_FRONT_DOOR"
    hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    await automation.runs()
    unlocked = pressed == "UNLOCK_FRONT_DOOR"
    assert house.state("lock.front_door") == ("unlocked" if unlocked else "locked")


@both_dialects
@plays("The front door rings")
async def test_door_station(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """An extension that is marked as a door station rings as a doorbell does."""
    async_mock_service(hass, "camera", "play_stream")
    pbx.engine.ring(CALLER, "45")
    pbx.engine.ring("41", "45")
    await automation.runs(0)
    pbx.engine.ring(DOOR, "45")
    await until(hass, lambda: house.messages)


@plays("Open the gate")
@pytest.mark.parametrize(
    ("caller", "account", "opens"),
    [
        (MOBILE, "45", True),
        ("030 7654321", "45", True),
        ("+491711234568", "45", False),
        (MOBILE, "46", False),
    ],
)
async def test_gate(
    pbx: Simulator,
    house: House,
    automation: Automation,
    caller: str,
    account: str,
    *,
    opens: bool,
) -> None:
    """A known number that calls Freya opens the gate and is refused; no other is."""
    await house.act("cover.close_cover", "cover.gate")
    call = await ring(house, pbx, account, caller)
    if opens:
        await automation.ran()
        assert not pbx.engine.calls()
        assert house.state("cover.gate") == "open"
    else:
        await automation.runs(0)
        assert [call.id for call in pbx.engine.calls()] == [call]
        assert house.state("cover.gate") == "closed"


@plays("Doorbell")
@pytest.mark.parametrize("talking", ["45", "41", None])
async def test_doorbell(
    pbx: Simulator, house: House, automation: Automation, talking: str | None
) -> None:
    """The chime is silent while the family is on the phone: the light tells then."""
    if talking:
        await talk(house, pbx, talking)
    pbx.engine.ring(DOOR, "45")
    await automation.ran()
    quiet = talking == "45"
    assert house.state("siren.chime") == ("off" if quiet else "on")
    assert house.state("light.hallway") == ("on" if quiet else "off")


# Calls that find nobody


def called(pbx: Simulator, call: str) -> str:
    """Return the number that a call is for."""
    return pbx.engine.call(call).called.number


@both_dialects
@plays("Nobody is here")
@pytest.mark.parametrize(
    ("person", "open_", "caller", "sent_on"),
    [
        ("not_home", True, CALLER, True),
        ("home", False, CALLER, True),
        ("home", True, CALLER, False),
        ("not_home", True, "41", False),
    ],
)
async def test_nobody_here(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    person: str,
    open_: bool,
    caller: str,
    sent_on: bool,
) -> None:
    """Calls from outside go on when the house is empty or the office closed."""
    be(hass, person)
    await house.wait("zone.home", "1" if person == "home" else "0")
    await house.keep_hours("office_hours", is_on=open_)
    call = pbx.engine.ring(caller, "45")
    if sent_on:
        await automation.ran()
    else:
        await house.phones.wait("45", "ringing", "on")
        await automation.runs(0)
    assert called(pbx, call) == (MOBILE if sent_on else "45")


@both_dialects
@plays("Nobody answers")
@pytest.mark.parametrize("answered", [False, True])
async def test_nobody_answers(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    answered: bool,
) -> None:
    """A call that rings for 20 seconds goes on; one that is answered stays."""
    call = await ring(house, pbx, "45")
    await pass_time(hass, seconds=19)
    assert not automation.started
    if answered:
        pbx.engine.answer(call, "45")
        await house.phones.wait("45", "in_call", "on")
    await pass_time(hass, seconds=20)
    if answered:
        await automation.runs(0)
        assert not house.messages
    else:
        await automation.ran()
        assert [message["message"] for message in house.messages] == [
            "A call went on to Anna"
        ]
    assert called(pbx, call) == ("45" if answered else "40")


@both_dialects
@plays("Refuse spam")
@pytest.mark.parametrize(
    ("caller", "name", "refused"),
    [
        ("+49306666666", "", True),
        ("08001234567", "A survey", True),
        # No name: that is a word for none.
        (CALLER, "Anonymous", False),
        (CALLER, "Big Lottery Ltd", True),
        (CALLER, "Anna Meyer", False),
        (CALLER, "", False),
        ("41", "Survey team", False),
    ],
)
async def test_spam(
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    caller: str,
    name: str,
    refused: bool,
) -> None:
    """Numbers and names on the list are refused, colleagues are not."""
    pbx.engine.ring(caller, "45", name=name)
    if refused:
        await until(house.hass, lambda: not pbx.engine.calls())
    else:
        await house.phones.wait("45", "ringing", "on")
        await automation.runs(0)
        assert pbx.engine.calls()


@plays("Missed calls")
async def test_missed(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """A missed call is told of, an answered one is not; the button calls back."""
    pbx.engine.hang_up(await talk(house, pbx, "45"))
    await house.phones.wait("45", "in_call", "off")
    pbx.engine.hang_up(await ring(house, pbx, "41"))
    await house.phones.wait("41", "ringing", "off")
    await automation.runs(0)
    call = pbx.engine.ring(CALLER, "46", name="Anna Meyer")
    await house.phones.wait("46", "ringing", "on")
    pbx.engine.hang_up(call)
    await automation.ran()
    (message,) = house.messages
    assert message["message"] == f"Anna Meyer ({CALLER})"
    (button,) = message["data"]["actions"]
    action = {"action": button["action"]}
    hass.bus.async_fire("mobile_app_notification_action", action)
    await automation.ran(2)
    (back,) = pbx.engine.calls()
    assert (back.caller.number, back.called.number) == ("45", CALLER)


@plays("Callers wait")
@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.office
async def test_queue(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    answered: bool,
) -> None:
    """The lamp is red for who waits for half a minute, until that is over."""
    lamp = "light.hallway"
    for number, seconds in (("600", 29), ("49", 31)):
        call = pbx.engine.ring(CALLER, number)
        await house.phones.wait("49", "ringing", "on")
        await pass_time(hass, seconds=seconds)
        assert house.state(lamp) == "off"
        pbx.engine.hang_up(call)
        await house.phones.wait("49", "ringing", "off")
    call = pbx.engine.ring(CALLER, "600")
    await house.phones.wait("49", "ringing", "on")
    await pass_time(hass, seconds=31)
    await house.wait(lamp, "on")
    assert house.attribute(lamp, "rgb_color") == (255, 0, 0)
    if answered:
        pbx.engine.answer(call, "50")
    else:
        pbx.engine.hang_up(call)
    await house.wait(lamp, "off")


# During a call


@both_dialects
@plays("Busy light")
async def test_busy_light(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """Red in a call, on hold too, but not while it rings; off afterwards."""
    light = "light.on_air"
    call = await ring(house, pbx, "45")
    await automation.runs(0)
    pbx.engine.answer(call, "45")
    await house.wait(light, "on")
    assert house.attribute(light, "rgb_color") == (255, 0, 0)
    pbx.engine.hold(call, "45")
    await house.phones.wait("45", "call", "held")
    await automation.runs()
    # Without the link it stays as it is.
    await pbx.cut()
    await house.phones.wait("", "connected", "off")
    await house.phones.wait("45", "in_call", "on")
    await automation.ran(2)
    assert house.state(light) == "on"
    await talk(house, pbx, "41")
    pbx.engine.hang_up(call)
    await automation.ran(3)
    assert house.state(light) == "off"


@both_dialects
@plays("Pause the vacuum cleaner")
async def test_vacuum(pbx: Simulator, house: House, automation: Automation) -> None:
    """It pauses for a call and cleans on; one that does not clean is left alone."""
    robot = "vacuum.robot"
    pbx.engine.hang_up(await talk(house, pbx, "45"))
    await house.phones.wait("45", "in_call", "off")
    await automation.runs(0)
    await house.act("vacuum.start", robot)
    call = await ring(house, pbx, "45")
    assert house.state(robot) == "cleaning"
    pbx.engine.answer(call, "45")
    await house.wait(robot, "paused")
    other = await ring(house, pbx, "45", MOBILE)
    pbx.engine.hang_up(other)
    await house.phones.wait("45", "ringing", "off")
    await automation.runs()
    assert house.state(robot) == "paused"
    pbx.engine.hang_up(call)
    await automation.ran()
    await house.wait(robot, "cleaning")
    await talk(house, pbx, "41")
    await automation.runs()


# Quiet


@plays("Quiet hours")
async def test_quiet_hours(
    pbx: Simulator, house: House, automation: Automation
) -> None:
    """Do not disturb is on while the schedule or the switch is."""
    freya = pbx.engine.account("45")
    await house.keep_hours("quiet_hours", is_on=True)
    await automation.ran()
    assert freya.dnd
    await house.act("input_boolean.turn_on", "input_boolean.baby_asleep")
    await automation.ran(2)
    await house.keep_hours("quiet_hours", is_on=False)
    await automation.ran(3)
    assert freya.dnd
    await house.act("input_boolean.turn_off", "input_boolean.baby_asleep")
    await automation.ran(4)
    assert not freya.dnd


@plays("Do not disturb at night")
async def test_night(pbx: Simulator, house: House, automation: Automation) -> None:
    """Do not disturb goes with the alarm of the night, and with no other."""
    alarm, freya = "alarm_control_panel.home", pbx.engine.account("45")
    await house.act("alarm_control_panel.alarm_arm_away", alarm)
    await automation.runs(0)
    await house.act("alarm_control_panel.alarm_disarm", alarm)
    await automation.ran()
    await house.act("alarm_control_panel.alarm_arm_night", alarm)
    await automation.ran(2)
    assert freya.dnd
    await house.act("alarm_control_panel.alarm_disarm", alarm)
    await automation.ran(3)
    assert not freya.dnd


@plays("Siesta")
async def test_siesta(pbx: Simulator, house: House, automation: Automation) -> None:
    """A button sets do not disturb with its reason and its end."""
    await automation.runs(0)
    await house.act("input_button.press", "input_button.siesta")
    await automation.ran()
    freya = pbx.engine.account("45")
    assert (freya.dnd, freya.dnd_reason, freya.dnd_expires) == (True, "Siesta", 5400)


@plays("Lamp and do not disturb")
async def test_lamp(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """The phone sets the lamp and the lamp the phone, each with one action."""
    lamp, freya = "light.do_not_disturb", pbx.engine.account("45")
    done = async_capture_events(hass, EVENT_CALL_SERVICE)

    def actions() -> list[str]:
        """Return what was done since the last time."""
        names = [event.data["domain"] + "." + event.data["service"] for event in done]
        done.clear()
        return names

    for state in ("on", "off"):
        pbx.engine.set_dnd("45", state == "on")
        await house.wait(lamp, state)
        await asyncio.sleep(0.2)
        assert actions() == [f"light.turn_{state}"]
    for state in ("on", "off"):
        await house.act(f"light.turn_{state}", lamp)
        await house.phones.wait("45", "dnd", state)
        await asyncio.sleep(0.2)
        assert freya.dnd is (state == "on")
        assert actions() == [f"light.turn_{state}", "vodia.set_dnd"]
    # Both at the same moment.
    pbx.engine.set_dnd("45", True)
    await house.act("light.turn_on", lamp)
    await house.phones.wait("45", "dnd", "on")
    await asyncio.sleep(0.2)
    assert house.state(lamp) == "on"
    assert len(actions()) < 4
    # Somebody else's phone has nothing to do with it.
    pbx.engine.set_dnd("41", True)
    await house.phones.wait("41", "dnd", "on")
    await asyncio.sleep(0.2)
    assert not actions()


# From the house


@plays("The house calls me")
@pytest.mark.parametrize("answered", [False, True])
async def test_alarm_calls(
    hass: HomeAssistant,
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    answered: bool,
) -> None:
    """The alarm calls the neighbour from Freya's phone, and gives up after a minute."""
    alarm = "alarm_control_panel.home"
    await house.act("alarm_control_panel.alarm_arm_away", alarm)
    await automation.runs(0)
    await house.act("alarm_control_panel.alarm_trigger", alarm)
    await house.phones.wait("45", "call", "dialing")
    (call,) = pbx.engine.calls()
    assert (call.caller.number, call.called.number) == ("45", "+49305550123")
    await until(hass, lambda: call.stage is Stage.RINGING)
    if answered:
        pbx.engine.answer(call.id)
        await house.phones.wait("45", "call", "connected")
    await waiting(hass)
    await pass_time(hass, minutes=1)
    await automation.ran()
    assert pbx.engine.calls() == ([call] if answered else [])


@plays("The house calls me")
async def test_garage_calls(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """An open garage calls after half an hour, a closed one does not."""
    garage = "cover.garage_door"
    await house.act("cover.close_cover", garage)
    await house.act("cover.open_cover", garage)
    await pass_time(hass, minutes=29)
    await house.act("cover.close_cover", garage)
    await pass_time(hass, minutes=31)
    await automation.runs(0)
    await house.act("cover.open_cover", garage)
    await pass_time(hass, minutes=29)
    await automation.runs(0)
    await pass_time(hass, minutes=30)
    await house.phones.wait("45", "call", "dialing")
    assert automation.started
    await waiting(hass)
    await pass_time(hass, minutes=1)
    await automation.ran()


@both_dialects
@plays("Dial 71 for the night")
@pytest.mark.parametrize(
    ("phone", "number", "runs"),
    [
        ("45", "71", True),
        ("45", "72", False),
        ("45", "0171", False),
        ("46", "71", False),
    ],
)
async def test_code(
    pbx: Simulator,
    house: House,
    automation: Automation,
    *,
    phone: str,
    number: str,
    runs: bool,
) -> None:
    """The code on Freya's phone puts out the lights, and the call is gone."""
    await house.act("light.turn_on", "light.hallway")
    pbx.engine.ring(phone, number)
    if runs:
        await automation.ran()
    else:
        await automation.runs(0)
    assert bool(pbx.engine.calls()) is not runs
    assert house.state("light.hallway") == ("off" if runs else "on")


# To look at


@both_dialects
@plays("A phone or the PBX is gone")
async def test_gone(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """Five minutes without registration, or without the PBX, are told; four are not."""
    pbx.engine.set_registered("46", False)
    pbx.engine.set_registered("41", False)
    await house.phones.wait("46", "registered", "off")
    await pass_time(hass, minutes=4)
    await automation.runs(0)
    pbx.engine.set_registered("46", True)
    await house.phones.wait("46", "registered", "on")
    await pass_time(hass, minutes=6)
    await automation.runs(0)
    pbx.engine.set_registered("46", False)
    await house.phones.wait("46", "registered", "off")
    await pass_time(hass, minutes=5, seconds=1)
    await automation.ran()
    await pbx.refuse()
    await pbx.cut()
    await house.phones.wait("", "connected", "off")
    await pass_time(hass, minutes=4)
    await automation.runs()
    await pass_time(hass, minutes=5)
    await automation.ran(2)
    assert [message["message"] for message in house.messages] == [
        "A telephone is not registered any more",
        "The PBX cannot be reached",
    ]


@plays("Calls", "card")
async def test_card(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    *,
    card: str,
) -> None:
    """The card lists who called, by Home Assistant's own log."""
    entity_ids = parsed(card)["target"]["entity_id"]
    # What it looks like is the frontend's; here it only would open a port.
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", {})
    began = dt_util.utcnow()
    for caller, name in ((CALLER, "Anna Meyer"), (MOBILE, ""), (MOBILE, "")):
        call = pbx.engine.ring(caller, "45", name=name)
        await phones.wait("45", "ringing", "on")
        pbx.engine.hang_up(call)
        await phones.wait("45", "ringing", "off")
    pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "ringing", "on")
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": began.isoformat(),
            "entity_ids": entity_ids,
        }
    )
    rows = (await client.receive_json())["result"]
    listed: dict[str, list[str]] = {entity_id: [] for entity_id in entity_ids}
    for row in rows:
        shown = row.get("attributes", {}).get("event_type", row["state"])
        listed[row["entity_id"]].append(shown)
    assert listed == {
        "sensor.freya_nilsen_last_caller": ["Anna Meyer", MOBILE],
        "event.freya_nilsen_call": ["ringing", "missed", "ended"] * 3,
    }
    # Who calls is there before what happens.
    assert rows[0]["state"] == "Anna Meyer"
