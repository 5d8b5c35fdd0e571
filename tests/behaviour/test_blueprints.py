"""The blueprints: loaded and run as a user's automations are, with a phone that rings."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
import shutil
from typing import Any

from aiohttp import web
import orjson
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)
import voluptuous as vol

from custom_components.vodia.const import DOMAIN
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, Platform
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    ServiceCall,
    callback,
)
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import extract_inputs, parse_yaml
from simulator import Simulator, Stage, Switches
from tests.support.automations import Ring, attach
from tests.support.blueprints import (
    AUTOMATION,
    BLUEPRINTS,
    FOLDER,
    attribute,
    is_done,
    late,
    own,
    state,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, create_entry, device, rest, set_up, until
from tests.support.repository import ROOT

NAMES = sorted(path.stem for path in FOLDER.iterdir())
ADDRESS = json.loads(
    (ROOT / "custom_components" / DOMAIN / "manifest.json").read_text()
)["documentation"]

MUSIC, RADIO, TV = (
    f"media_player.{name}" for name in ("living_room", "kitchen", "bedroom")
)
LAMP, DESK = "light.bed_light", "light.ceiling_lights"
QUIET = "input_boolean.quiet"
ALARM = "alarm_control_panel.security"
RED, YELLOW, GREEN = (255, 0, 0), (255, 150, 0), (0, 255, 0)
UNKNOWN = Ring("")
# As notifications show a caller without a name.
FIRST, SECOND = f"☎ {CALLER}", f"☎ {SECOND_CALLER}"
# What a blueprint looks at now and then, in case that nothing is told; for tests that wait.
LOOKS = ('"00:00:10"', '"00:00:15"', '"00:00:30"')

type Json = dict[str, Any]


# The house


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


@dataclass(slots=True)
class Mobile:
    """A mobile phone with the app: what it was sent, and what is tapped there."""

    hass: HomeAssistant
    device_id: str
    sent: list[Json] = field(default_factory=list)

    def shown(self) -> list[Json]:
        """Return the notifications that are there now, the newest last."""
        shown: dict[str, Json] = {}
        for notification in self.sent:
            shown.pop(notification["data"]["tag"], None)
            if notification["message"] != "clear_notification":
                shown[notification["data"]["tag"]] = notification
        return list(shown.values())

    async def shows(self, *messages: str) -> Json:
        """Wait until the phone shows these messages; return the last one."""
        await until(
            self.hass, lambda: [one["message"] for one in self.shown()] == [*messages]
        )
        return self.shown()[-1] if messages else {}

    def tap(self, notification: Json, title: str) -> None:
        """Tap a button as the app does."""
        (action,) = [
            button["action"]
            for button in notification["data"]["actions"]
            if button["title"] == title
        ]
        self.hass.bus.async_fire("mobile_app_notification_action", {"action": action})


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


def quicken(hass: HomeAssistant, name: str) -> None:
    """Let a blueprint look more often than its users have to wait for."""
    path = Path(hass.config.path("blueprints", "automation", DOMAIN, f"{name}.yaml"))
    text = path.read_text()
    for look in LOOKS:
        text = text.replace(look, "{milliseconds: 100}")
    path.write_text(text)


async def becomes(hass: HomeAssistant, entity_id: str, expected: str) -> None:
    """Wait for the state of an entity."""
    await until(hass, lambda: state(hass, entity_id) == expected)


async def do(hass: HomeAssistant, action: str, entity_id: str, **data: Any) -> None:
    """Do what a user does."""
    domain, name = action.split(".")
    await hass.services.async_call(
        domain, name, {"entity_id": entity_id, **data}, blocking=True
    )


async def lose_link(pbx: Simulator, phones: Phones) -> None:
    """Cut the link to the PBX, for good until it accepts again."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")


# The files


async def load(hass: HomeAssistant, name: str) -> Blueprint:
    """Return a blueprint as Home Assistant loads it."""
    return await async_get_blueprints(hass).async_get_blueprint(f"{DOMAIN}/{name}.yaml")


each_blueprint = pytest.mark.parametrize("name", NAMES)


@each_blueprint
async def test_file(hass: HomeAssistant, name: str) -> None:
    """A blueprint says what it is, where it is from and what it needs."""
    blueprint = await load(hass, name)
    about = blueprint.metadata
    assert set(about) == {
        *("name", "description", "domain", "author", "homeassistant"),
        *("source_url", "input"),
    }
    assert about["source_url"] == (
        f"{ADDRESS}/blob/main/blueprints/automation/{DOMAIN}/{name}.yaml"
    )
    minimum = about["homeassistant"]["min_version"]
    assert minimum == json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert blueprint.validate() is None
    # What is imported is written anew.
    written = parse_yaml(blueprint.yaml())
    assert isinstance(written, dict)
    again = Blueprint(written, schema=AUTOMATION_BLUEPRINT_SCHEMA)
    assert again.data == blueprint.data


@each_blueprint
async def test_inputs(hass: HomeAssistant, name: str) -> None:
    """Each input is named, used and asked for in the right way; defaults are valid."""
    blueprint = await load(hass, name)
    assert set(blueprint.inputs) == extract_inputs(blueprint.data)
    for key, asked in blueprint.inputs.items():
        assert asked["name"], key
        chosen = vol.Schema(selector(asked["selector"]))
        # An empty text stands for no entity or device.
        if asked.get("default", "") != "":
            chosen(asked["default"])
    for section in blueprint.metadata["input"].values():
        if inside := section.get("input"):
            # What is collapsed has to do without the user.
            assert section["collapsed"] is True
            assert all("default" in asked for asked in inside.values())
    phones = blueprint.inputs["phones"]["selector"]
    assert phones == {"target": {"entity": [{"integration": DOMAIN}]}}
    if line := blueprint.inputs.get("line"):
        (filters,) = line["selector"]["device"]["filter"]
        assert filters == {"integration": DOMAIN, "model": "Extension"}


def test_all_are_told_of() -> None:
    """Each blueprint has its row with the button that imports it, and its tests."""
    page = (ROOT / "docs" / "blueprints.md").read_text()
    links = re.findall(
        r"\(https://my\.home-assistant\.io/redirect/blueprint_import/\?blueprint_url="
        rf"{re.escape(ADDRESS)}/blob/main/blueprints/automation/{DOMAIN}/(\w+)\.yaml\)",
        page,
    )
    assert sorted(links) == NAMES
    spoken = (ROOT / "tests" / "test_voice_blueprints.py").read_text()
    for name in NAMES:
        assert f"`{name}.yaml`" in page
        assert (
            any(test.startswith(f"test_{name}") for test in globals())
            or f"def test_{name}" in spoken
        )
    assert "docs/blueprints.md" in (ROOT / "README.md").read_text()


@each_blueprint
@pytest.mark.usefixtures("house")
async def test_defaults(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, name: str
) -> None:
    """A blueprint runs with no more than what it has to ask for."""
    asked: Json = {
        "phones": device(phones, "45"),
        "line": own(phones),
        "players": [MUSIC],
        "light": [LAMP],
        "lights": [LAMP],
        "notify_device": mobile.device_id,
        "callers": [CALLER],
        "notify_entities": ["notify.notifier"],
        "areas": ["kitchen"],
    }
    blueprint = await load(hass, name)
    required = {
        key: asked[key]
        for key, value in blueprint.inputs.items()
        if "default" not in value
    }
    await use(hass, name, **required)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    await asyncio.sleep(0.1)
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await is_done(hass)


# Quiet music


@dataclass(frozen=True, slots=True)
class Way:
    """A way to keep music quiet: how it sounds then, and else."""

    mode: str
    attribute: str | None
    quiet: Any
    loud: Any

    def sound(self, hass: HomeAssistant, player: str) -> Any:
        """Return how a player sounds."""
        if self.attribute is None:
            return state(hass, player)
        return attribute(hass, player, self.attribute)


WAYS = [
    Way("pause", None, "paused", "playing"),
    Way("mute", "is_volume_muted", True, False),
    Way("lower", "volume_level", 0.2, 1.0),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.mode)
@pytest.mark.parametrize("until_when", ["ringing", "call"])
@pytest.mark.usefixtures("house")
async def test_pause_media(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, way: Way, until_when: str
) -> None:
    """What plays is quiet for as long as it was asked for; nothing else is touched."""
    await do(hass, "media_player.media_pause", RADIO)
    await do(hass, "media_player.turn_off", TV)
    # Was quiet before.
    await do(hass, "media_player.volume_mute", RADIO, is_volume_muted=True)
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC, RADIO, TV],
        mode=way.mode,
        volume=20,
        until=until_when,
    )
    before = hass.states.get(RADIO), hass.states.get(TV)
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: way.sound(hass, MUSIC) == way.quiet)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    if until_when == "call":
        await asyncio.sleep(0.1)
        assert way.sound(hass, MUSIC) == way.quiet
        pbx.engine.hang_up(call)
    await until(hass, lambda: way.sound(hass, MUSIC) == way.loud)
    await is_done(hass)
    assert (hass.states.get(RADIO), hass.states.get(TV)) == before


@pytest.mark.usefixtures("house")
async def test_pause_media_two_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Several phones ring, a second call comes, and a third one: the last one counts."""
    await use(hass, "pause_media", phones=device(phones, None), players=[MUSIC])
    first = pbx.engine.ring(CALLER, "500")
    await becomes(hass, MUSIC, "paused")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    pbx.engine.answer(first, "43")
    pbx.engine.hang_up(first)
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "paused"
    pbx.engine.answer(second, "45")
    pbx.engine.hang_up(second)
    third = pbx.engine.ring(CALLER, "45")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "paused"
    pbx.engine.hang_up(third)
    await becomes(hass, MUSIC, "playing")
    await is_done(hass)
    assert state(hass, MUSIC) == "playing"


@pytest.mark.usefixtures("house")
async def test_pause_media_call_while_it_goes_on(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that comes while the music is being put back pauses it once more."""
    await use(hass, "pause_media", phones=device(phones, "45"), players=[MUSIC])
    slow = asyncio.Event()
    began: list[None] = []

    async def async_media_play(_player: Any) -> None:
        """Take a while, and then play."""
        began.append(None)
        await slow.wait()
        await hass.async_add_executor_job(_player.media_play)

    monkeypatch.setattr(
        "homeassistant.components.demo.media_player.AbstractDemoPlayer.async_media_play",
        async_media_play,
    )
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, MUSIC, "paused")
    pbx.engine.hang_up(call)
    await until(hass, lambda: began)
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    slow.set()
    await becomes(hass, MUSIC, "playing")
    await becomes(hass, MUSIC, "paused")
    pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.mode)
@pytest.mark.usefixtures("house")
async def test_pause_media_hands_off(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, way: Way
) -> None:
    """What the user changes during the call is left so."""
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC],
        mode=way.mode,
        volume=20,
    )
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: way.sound(hass, MUSIC) == way.quiet)
    match way.mode:
        case "pause":
            await do(hass, "media_player.turn_off", MUSIC)
        case "mute":
            await do(hass, "media_player.volume_mute", MUSIC, is_volume_muted=False)
        case "lower":
            await do(hass, "media_player.volume_set", MUSIC, volume_level=0.5)
    await until(hass, lambda: way.sound(hass, MUSIC) != way.quiet)
    wanted = hass.states.get(MUSIC)
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await is_done(hass)
    assert hass.states.get(MUSIC) == wanted


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.usefixtures("house")
async def test_pause_media_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, ends: bool
) -> None:
    """Nothing is put back while nobody knows; after an outage, what is then counts."""
    quicken(hass, "pause_media")
    await use(hass, "pause_media", phones=device(phones, "45"), players=[MUSIC])
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await becomes(hass, MUSIC, "paused")
    await lose_link(pbx, phones)
    if ends:
        pbx.engine.hang_up(call)
    await asyncio.sleep(0.4)
    assert state(hass, MUSIC) == "paused"
    await pbx.accept()
    await phones.wait("", "connected", "on")
    if not ends:
        await asyncio.sleep(0.4)
        assert state(hass, MUSIC) == "paused"
        pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")


@pytest.mark.parametrize("outgoing", [True, False])
@pytest.mark.usefixtures("house")
async def test_pause_media_outgoing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, outgoing: bool
) -> None:
    """A call that is made counts from when it is answered, if it is to count."""
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC],
        outgoing=outgoing,
    )
    call = pbx.engine.ring("45", CALLER)
    await phones.wait("45", "call", "dialing")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "playing"
    pbx.engine.answer(call)
    await phones.wait("45", "call", "connected")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == ("paused" if outgoing else "playing")
    pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")


# A busy light


def shows(hass: HomeAssistant, *, lamp: str = LAMP) -> Any:
    """Return the colour of a lamp, or that it is off."""
    return attribute(hass, lamp, "rgb_color") or state(hass, lamp)


@pytest.mark.parametrize(("free", "color"), [("off", "off"), ("color", GREEN)])
@pytest.mark.usefixtures("house")
async def test_busy_light(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, free: str, color: Any
) -> None:
    """The colour tells whether it rings, is talked or is free; talking comes first."""
    await use(hass, "busy_light", phones=device(phones, "45"), light=[LAMP], free=free)
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: shows(hass) == YELLOW)
    pbx.engine.answer(call, "45")
    await until(hass, lambda: shows(hass) == RED)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    assert shows(hass) == RED
    pbx.engine.hang_up(call)
    await until(hass, lambda: shows(hass) == YELLOW)
    pbx.engine.hang_up(second)
    await until(hass, lambda: shows(hass) == color)


@pytest.mark.usefixtures("house")
async def test_busy_light_only_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """That it rings need not show; a call that is made counts as any other."""
    await use(
        hass,
        "busy_light",
        phones=device(phones, "45"),
        light=[LAMP],
        show_ringing=False,
    )
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    assert shows(hass) == "off"
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    call = pbx.engine.ring("45", CALLER)
    await phones.wait("45", "call", "dialing")
    pbx.engine.answer(call)
    await until(hass, lambda: shows(hass) == RED)
    pbx.engine.hang_up(call)
    await until(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_without_colors(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A lamp that can only be on or off is, without complaints."""
    target = {"target": {"entity_id": QUIET}}
    lamp = {
        "name": "Plain",
        "state": f"{{{{ is_state('{QUIET}', 'on') }}}}",
        "turn_on": {"action": "input_boolean.turn_on", **target},
        "turn_off": {"action": "input_boolean.turn_off", **target},
    }
    assert await async_setup_component(hass, "template", {"template": {"light": lamp}})
    await hass.async_block_till_done()
    await use(hass, "busy_light", phones=device(phones, "45"), light="light.plain")
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, "light.plain", "on")
    pbx.engine.hang_up(call)
    await becomes(hass, "light.plain", "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_of_a_colleague(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where a PBX tells no more of others than that they are busy, that shows."""
    await use(
        hass,
        "busy_light",
        phones=device(phones, "41"),
        light=[LAMP],
        sensors=[phones.id("41", "in_call")],
    )
    call = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call, "41")
    await until(hass, lambda: shows(hass) == RED)
    pbx.engine.hang_up(call)
    await until(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The light stays as it is while nobody knows, and is right afterwards."""
    await use(hass, "busy_light", phones=device(phones, "45"), light=[LAMP])
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await until(hass, lambda: shows(hass) == RED)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(call)
    await asyncio.sleep(0.1)
    assert shows(hass) == RED
    await pbx.accept()
    await until(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_restart(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A light that was left on is put right as soon as the PBX is there."""
    await do(hass, "light.turn_on", LAMP)
    quicken(hass, "busy_light")
    phones = await set_up(hass, entry)
    target = device(phones, "45")
    assert await hass.config_entries.async_unload(entry.entry_id)
    await use(hass, "busy_light", phones=target, light=[LAMP])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await asyncio.sleep(0.3)
    assert state(hass, LAMP) == "on"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await becomes(hass, LAMP, "off")


# Who is calling


@dataclass(frozen=True, slots=True)
class Voices:
    """What the speakers and the satellites are to say."""

    hass: HomeAssistant
    spoken: list[ServiceCall]
    announced: list[ServiceCall]

    def words(self) -> list[str]:
        """Return what the satellites said."""
        return [call.data["message"] for call in self.announced]


@pytest.fixture
def voices(hass: HomeAssistant) -> Voices:
    """Take what would be said aloud."""
    return Voices(
        hass,
        async_mock_service(hass, "tts", "speak"),
        async_mock_service(hass, "assist_satellite", "announce"),
    )


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        (Ring(name="Anna Meyer"), "Call from Anna Meyer"),
        (Ring(), "Call from + 4 9 3 0 1 1 1 1 1 1"),
        (Ring("lobby"), "Call from lobby"),
        (UNKNOWN, "Call from an unknown number"),
    ],
)
async def test_announce_caller(
    pbx: Simulator, phones: Phones, voices: Voices, caller: Ring, words: str
) -> None:
    """The name is said once, else the digits of the number, by all that can speak."""
    hass = voices.hass
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        players=[MUSIC, RADIO],
        tts_engine="tts.voice",
        satellites=["assist_satellite.kitchen"],
    )
    pbx.engine.ring(caller.number, "45", caller.name)
    await until(hass, lambda: voices.spoken and voices.announced)
    await is_done(hass)
    (spoken,), (announced,) = voices.spoken, voices.announced
    assert spoken.data == {
        "entity_id": ["tts.voice"],
        "media_player_entity_id": [MUSIC, RADIO],
        "message": words,
    }
    assert announced.data == {
        "entity_id": ["assist_satellite.kitchen"],
        "message": words,
    }


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"players": [MUSIC]},
        {"tts_engine": "tts.voice"},
    ],
)
async def test_announce_caller_without_a_voice(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, voices: Voices, inputs: Json
) -> None:
    """Who has no voice, or no speaker, says nothing."""
    await use(hass, "announce_caller", phones=device(phones, "45"), **inputs)
    pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: attribute(hass, AUTOMATION, "last_triggered"))
    await is_done(hass)
    assert not voices.spoken + voices.announced


async def test_announce_caller_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, voices: Voices
) -> None:
    """It is said again, as often as asked for, and not once the call is answered."""
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        satellites=["assist_satellite.kitchen"],
        before="Here is",
        times=3,
        pause=0.2,
    )
    first = pbx.engine.ring(CALLER, "45", "Anna")
    await until(hass, lambda: len(voices.announced) == 3)
    await is_done(hass)
    assert voices.words() == ["Here is Anna"] * 3
    pbx.engine.hang_up(first)
    second = pbx.engine.ring(SECOND_CALLER, "45", "Ben")
    await until(hass, lambda: len(voices.announced) == 4)
    pbx.engine.answer(second, "45")
    await is_done(hass)
    assert voices.words()[3:] == ["Here is Ben"]


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_announce_caller_two_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, hangs_up: bool
) -> None:
    """Two callers are named in turn; who has given up meanwhile is not."""
    said: list[str] = []
    speaks = asyncio.Event()

    async def announce(call: ServiceCall) -> None:
        """Speak, which takes a while."""
        said.append(call.data["message"])
        await speaks.wait()

    hass.services.async_register("assist_satellite", "announce", announce)
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        satellites=["assist_satellite.kitchen"],
    )
    pbx.engine.ring(CALLER, "45", "Anna")
    await until(hass, lambda: said)
    second = pbx.engine.ring(SECOND_CALLER, "45", "Ben")
    await until(hass, lambda: attribute(hass, AUTOMATION, "current") == 2)
    if hangs_up:
        pbx.engine.hang_up(second)
        await asyncio.sleep(0.1)
    speaks.set()
    await is_done(hass)
    assert said == ["Call from Anna", *([] if hangs_up else ["Call from Ben"])]


async def test_announce_caller_of_a_group(hass: HomeAssistant, voices: Voices) -> None:
    """A group's call is said once, also if each phone knows it by another id."""
    async with Simulator(Switches.modern(group_ids="per_leg")) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await use(
            hass,
            "announce_caller",
            phones=device(phones, None),
            satellites=["assist_satellite.kitchen"],
            times=2,
            pause=0.2,
        )
        call = pbx.engine.ring(CALLER, "500", "Anna")
        await until(hass, lambda: voices.announced)
        pbx.engine.reject(call, "43")
        await until(hass, lambda: len(voices.announced) == 2)
        await is_done(hass)
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_show_caller(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Name and number are shown at each place, for each of two calls."""
    sent = async_mock_service(hass, "notify", "send_message")
    places = ["notify.television", "notify.hall"]
    await use(hass, "show_caller", phones=device(phones, "45"), notify_entities=places)
    for caller in (Ring(name="Anna"), Ring(SECOND_CALLER), UNKNOWN):
        pbx.engine.ring(caller.number, "45", caller.name)
    await until(hass, lambda: len(sent) == 3)
    assert [call.data for call in sent] == [
        {"entity_id": places, "message": message}
        for message in (
            f"Call from Anna ({CALLER})",
            f"Call from {SECOND_CALLER}",
            "Call from an unknown number",
        )
    ]


# Who calls is told a moment later


async def test_announce_caller_late(
    pbx: Simulator, phones: Phones, voices: Voices
) -> None:
    """It waits for the name rather than to say that nobody knows it."""
    satellite = "assist_satellite.kitchen"
    target = device(phones, "45")
    await use(voices.hass, "announce_caller", phones=target, satellites=[satellite])
    await late(pbx)
    await until(voices.hass, voices.words)
    assert voices.words() == ["Call from + 4 9 3 0 1 1 1 1 1 1"]


async def test_show_caller_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The same on a display."""
    sent = async_mock_service(hass, "notify", "send_message")
    target = device(phones, "45")
    await use(hass, "show_caller", phones=target, notify_entities=["notify.hall"])
    await late(pbx)
    await until(hass, lambda: sent)
    await is_done(hass)
    assert [call.data["message"] for call in sent] == [f"Call from {CALLER}"]


async def test_notify_incoming_late(
    pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The same in a notification."""
    await notify_incoming(mobile.hass, phones, mobile)
    await late(pbx)
    await mobile.shows(FIRST)
    assert len(mobile.sent) == 1


# A notification of an incoming call


async def notify_incoming(
    hass: HomeAssistant, at: Phones, mobile: Mobile, **inputs: Any
) -> None:
    """Set up the notification of incoming calls of the own extension."""
    inputs = {"phones": device(at, "45"), "line": own(at), **inputs}
    await use(hass, "notify_incoming", notify_device=mobile.device_id, **inputs)


@pytest.mark.parametrize(
    ("caller", "message"),
    [
        (Ring(name="Anna Meyer"), f"Anna Meyer ({CALLER})"),
        (Ring(), FIRST),
        (UNKNOWN, "Unknown number"),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
async def test_notify_incoming(
    pbx: Simulator,
    phones: Phones,
    mobile: Mobile,
    caller: Ring,
    message: str,
    *,
    answered: bool,
) -> None:
    """Who calls is shown until the call is answered or over."""
    hass = mobile.hass
    await notify_incoming(hass, phones, mobile)
    call = pbx.engine.ring(caller.number, "45", caller.name)
    shown = await mobile.shows(message)
    assert shown["title"] == "Incoming call"
    assert [one["title"] for one in shown["data"]["actions"]] == ["Answer", "Decline"]
    await asyncio.sleep(0.1)
    assert mobile.shown()
    if answered:
        pbx.engine.answer(call, "45")
    else:
        pbx.engine.hang_up(call)
    await mobile.shows()
    await is_done(hass)
    assert len(mobile.sent) == 2


@pytest.mark.parametrize("title", ["Answer", "Decline"])
async def test_notify_incoming_buttons(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, title: str
) -> None:
    """Of two calls the one is answered or declined whose button is tapped."""
    await notify_incoming(hass, phones, mobile)
    first = pbx.engine.ring(CALLER, "45")
    await mobile.shows(FIRST)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    shown = await mobile.shows(FIRST, SECOND)
    mobile.tap(shown, title)
    await mobile.shows(FIRST)
    assert pbx.engine.call(first).stage is Stage.RINGING
    if title == "Answer":
        assert pbx.engine.call(second).stage is Stage.CONNECTED
        assert pbx.engine.call(second).talks("45")
    else:
        assert [call.id for call in pbx.engine.calls()] == [first]
    pbx.engine.hang_up(first)
    await mobile.shows()
    await is_done(hass)


async def test_notify_incoming_too_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """A button of a call that is gone does nothing, whatever rings by then."""
    await notify_incoming(hass, phones, mobile)
    call = pbx.engine.ring(CALLER, "45")
    shown = await mobile.shows(FIRST)
    # The tap is on its way while the caller hangs up.
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    mobile.tap(shown, "Answer")
    await is_done(hass)
    await mobile.shows()
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await mobile.shows(SECOND)
    mobile.tap(shown, "Answer")
    mobile.tap(shown, "Decline")
    await asyncio.sleep(0.1)
    assert pbx.engine.call(call).stage is Stage.RINGING
    await mobile.shows(SECOND)
    pbx.engine.hang_up(call)
    await is_done(hass)


@modern
async def test_notify_incoming_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The buttons do nothing about a call that does not ring at the own extension."""
    await notify_incoming(hass, phones, mobile, phones=device(phones, "41"))
    call = pbx.engine.ring(CALLER, "41")
    mobile.tap(await mobile.shows(FIRST), "Decline")
    await mobile.shows()
    await is_done(hass)
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize("title", ["Answer", "Decline"])
async def test_notify_incoming_of_a_group(
    hass: HomeAssistant, mobile: Mobile, title: str
) -> None:
    """A group's call is answered by the id that it has at the own extension."""
    async with Simulator(Switches.modern(group_ids="per_leg")) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await notify_incoming(hass, phones, mobile, phones=device(phones, None))
        call = pbx.engine.ring(CALLER, "500")
        mobile.tap(await mobile.shows(FIRST), title)
        await mobile.shows()
        await is_done(hass)
        found = pbx.engine.call(call)
        if title == "Answer":
            assert found.talks("45")
        else:
            assert found.rung == ["43", "44"]
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_notify_incoming_without_buttons(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The buttons can be left out."""
    await notify_incoming(hass, phones, mobile, buttons=False)
    call = pbx.engine.ring(CALLER, "45")
    assert (await mobile.shows(FIRST))["data"]["actions"] == []
    pbx.engine.hang_up(call)
    await is_done(hass)


async def test_notify_incoming_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """With the link lost the buttons could do nothing, and the notification goes."""
    quicken(hass, "notify_incoming")
    await notify_incoming(hass, phones, mobile)
    pbx.engine.ring(CALLER, "45")
    shown = await mobile.shows(FIRST)
    await lose_link(pbx, phones)
    mobile.tap(shown, "Answer")
    await mobile.shows()
    await is_done(hass)


# A notification of a missed call


async def notify_missed(
    hass: HomeAssistant, at: Phones, mobile: Mobile, **inputs: Any
) -> None:
    """Set up the notification of missed calls."""
    inputs = {"phones": device(at, None), "line": own(at), **inputs}
    await use(hass, "notify_missed", notify_device=mobile.device_id, **inputs)


async def miss(pbx: Simulator, phones: Phones, number: str, name: str = "") -> None:
    """Let somebody call and give up."""
    call = pbx.engine.ring(number, "45", name)
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")


@modern
async def test_notify_missed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """Each missed call is told of, and called back at a tap; an answered one is not."""
    await notify_missed(hass, phones, mobile)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await miss(pbx, phones, SECOND_CALLER, "Ben")
    ben = f"Ben ({SECOND_CALLER})"
    shown = await mobile.shows(ben)
    assert shown["title"] == "Missed call"
    await miss(pbx, phones, CALLER)
    await mobile.shows(ben, FIRST)
    await is_done(hass)
    mobile.tap(shown, "Call back")
    await phones.wait("45", "call", "dialing")
    (call_back,) = pbx.engine.calls()
    assert call_back.caller.number == "45"
    assert call_back.called.number == SECOND_CALLER
    await is_done(hass)


@modern
@pytest.mark.parametrize("number", ["", CALLER])
async def test_notify_missed_without_a_button(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, number: str
) -> None:
    """Nobody is called back without a number, or where that is not wanted."""
    await notify_missed(hass, phones, mobile, button=not number)
    await miss(pbx, phones, number)
    shown = await mobile.shows(FIRST if number else "Unknown number")
    assert shown["data"]["actions"] == []


async def test_notify_missed_button_of_another(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """A button of another automation does nothing here."""
    await notify_missed(hass, phones, mobile)
    for action in (
        "OPEN_THE_DOOR",
        f"VODIA_CALL_BACK automation.other:{CALLER}",
        f"VODIA_CALL_BACK {AUTOMATION}_2:{CALLER}",
        None,
    ):
        hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    hass.bus.async_fire("mobile_app_notification_action", {})
    await asyncio.sleep(0.1)
    assert not pbx.engine.calls()
    assert attribute(hass, AUTOMATION, "last_triggered") is None


@pytest.mark.parametrize("unsure", [True, False])
async def test_notify_missed_without_proof(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    mobile: Mobile,
    dialect: str,
    *,
    unsure: bool,
) -> None:
    """Where no PBX proves that a call was missed, it is told of for who wants that."""
    pbx.switches.rest_status |= {"history": 404, "json": 404}
    await notify_missed(
        hass, phones, mobile, phones=device(phones, "45"), unsure=unsure
    )
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    # Its end is not known, and still it was talked, for more than half a second.
    await asyncio.sleep(0.6)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(call)
    await pbx.accept()
    await phones.wait("45", "call", "idle")
    await miss(pbx, phones, CALLER)
    await asyncio.sleep(0.1)
    await mobile.shows(*([FIRST] if unsure or dialect == "modern" else []))
    await is_done(hass)


# Do not disturb


async def on(phones: Phones) -> None:
    """Wait until do not disturb is on."""
    await phones.wait("45", "dnd", "on")


async def off(phones: Phones) -> None:
    """Wait until do not disturb is off."""
    await phones.wait("45", "dnd", "off")


@pytest.mark.usefixtures("house")
async def test_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is on while the schedule is, and off afterwards, again and again."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    for _ in range(2):
        await do(hass, "input_boolean.turn_on", QUIET)
        await on(phones)
        assert pbx.engine.account("45").dnd
        await do(hass, "input_boolean.turn_off", QUIET)
        await off(phones)
        assert not pbx.engine.account("45").dnd
        await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_alarm(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is on while the alarm is armed in a way that counts, or the schedule is on."""
    await use(
        hass,
        "do_not_disturb",
        phones=device(phones, "45"),
        schedule=[QUIET],
        alarm=[ALARM],
        armed_states=["armed_night"],
    )
    alarm = hass.data["alarm_control_panel"].get_entity(ALARM)
    for mode in alarm._arming_time_by_state:
        alarm._arming_time_by_state[mode] *= 0
    await do(hass, "alarm_control_panel.alarm_arm_away", ALARM, code="1234")
    await becomes(hass, ALARM, "armed_away")
    await asyncio.sleep(0.1)
    assert phones.state("45", "dnd") == "off"
    await do(hass, "alarm_control_panel.alarm_arm_night", ALARM, code="1234")
    await on(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await do(hass, "alarm_control_panel.alarm_disarm", ALARM, code="1234")
    await asyncio.sleep(1.2)
    assert phones.state("45", "dnd") == "on"
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_by_hand(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What was set by hand before stays set; what is taken back meanwhile stays so."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    pbx.engine.set_dnd("45", True)
    await on(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await do(hass, "input_boolean.turn_off", QUIET)
    await is_done(hass)
    assert pbx.engine.account("45").dnd
    pbx.engine.set_dnd("45", False)
    await off(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await on(phones)
    pbx.engine.set_dnd("45", False)
    await off(phones)
    await do(hass, "input_boolean.turn_off", QUIET)
    await is_done(hass)
    assert not pbx.engine.account("45").dnd


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.usefixtures("house")
async def test_do_not_disturb_restart(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, *, before: bool
) -> None:
    """After a start in the middle it is on as soon as the PBX is there, and off later."""
    quicken(hass, "do_not_disturb")
    phones = await set_up(hass, entry)
    target = device(phones, "45")
    assert await hass.config_entries.async_unload(entry.entry_id)
    pbx.engine.set_dnd("45", before)
    days = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    )
    always = [{"from": "00:00:00", "to": "24:00:00"}]
    night = {"night": {"name": "Night", **dict.fromkeys(days, always)}}
    assert await async_setup_component(hass, "schedule", {"schedule": night})
    await becomes(hass, "schedule.night", "on")
    await do(hass, "input_boolean.turn_on", QUIET)
    await use(hass, "do_not_disturb", phones=target, schedule=["schedule.night", QUIET])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await asyncio.sleep(0.3)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await on(phones)
    hass.states.async_set("schedule.night", "off")
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)
    er.async_get(hass).async_remove("schedule.night")


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_start_outside(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A start at another time leaves alone what was set by hand."""
    pbx.engine.set_dnd("45", True)
    await on(phones)
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    hass.states.async_set(QUIET, "unavailable")
    hass.states.async_set(QUIET, "off")
    await asyncio.sleep(0.1)
    await is_done(hass)
    assert pbx.engine.account("45").dnd


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_edited(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An automation that was stopped in the middle still takes it back at the end."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    await do(hass, "input_boolean.turn_on", QUIET)
    await on(phones)
    await do(hass, "automation.turn_off", AUTOMATION)
    await do(hass, "automation.turn_on", AUTOMATION)
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What begins or ends during an outage is done afterwards."""
    quicken(hass, "do_not_disturb")
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    for service, wait in (("turn_on", on), ("turn_off", off)):
        await lose_link(pbx, phones)
        await do(hass, f"input_boolean.{service}", QUIET)
        await asyncio.sleep(1.2)
        await pbx.accept()
        await phones.wait("", "connected", "on")
        await wait(phones)
    await is_done(hass)


# Flashing lights


@pytest.mark.usefixtures("house")
async def test_flash_lights(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Lights flash while it rings, stop when it is answered, and are as they were."""
    await do(hass, "light.turn_on", DESK, color_temp_kelvin=3000, brightness=77)
    lights = [LAMP, DESK]
    before = {
        light: (state(hass, light), attribute(hass, light, "brightness"))
        for light in lights
    }
    await use(
        hass,
        "flash_lights",
        phones=device(phones, "45"),
        lights=[*lights, "light.that_is_gone"],
        pace=0.1,
    )
    call = pbx.engine.ring(CALLER, "45")
    for _ in range(2):
        for expected in ("on", "off"):
            for light in lights:
                await becomes(hass, light, expected)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    # The other one rings on.
    for expected in ("on", "off", "on"):
        await becomes(hass, LAMP, expected)
    pbx.engine.hang_up(second)
    await is_done(hass)
    assert before == {
        light: (state(hass, light), attribute(hass, light, "brightness"))
        for light in lights
    }
    assert attribute(hass, DESK, "color_temp_kelvin") == 3000
    assert not hass.states.async_entity_ids("scene")


@pytest.mark.usefixtures("house")
async def test_flash_lights_stops_at_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The end of the call is not waited for until the flash is over."""
    await use(hass, "flash_lights", phones=device(phones, "45"), lights=[LAMP], pace=20)
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, LAMP, "on")
    pbx.engine.hang_up(call)
    await becomes(hass, LAMP, "off")
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_flash_lights_some_times(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It ends after so many times although it rings on; the next call flashes again."""
    await use(
        hass,
        "flash_lights",
        phones=device(phones, "45"),
        lights=[LAMP],
        pace=0.05,
        times=2,
    )
    seen: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        """Keep what the lamp does."""
        assert event.data["new_state"]
        seen.append(event.data["new_state"].state)

    async_track_state_change_event(hass, LAMP, changed)
    for number in (CALLER, SECOND_CALLER):
        pbx.engine.ring(number, "45")
        await becomes(hass, LAMP, "on")
        await is_done(hass)
        assert seen == ["on", "off"] * 2
        seen.clear()


# The gate


GATE = "button.push"


async def open_gate(hass: HomeAssistant, at: Phones, **inputs: Any) -> None:
    """Set up a gate that two numbers open."""
    inputs = {
        "phones": device(at, "45"),
        "callers": ["030 111111", "+49 89 123456"],
        "action": [{"action": "gate.open"}],
        **inputs,
    }
    await use(hass, "open_gate", **inputs)


@pytest.mark.parametrize("number", [CALLER, "004930111111", "030111111"])
async def test_open_gate(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """A number that may opens, in each of its forms; the call is left alone."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones)
    call = pbx.engine.ring(number, "45")
    await until(hass, lambda: opened)
    await is_done(hass)
    assert len(opened) == 1
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize(
    ("number", "inputs"),
    [
        ("+4930111112", {}),
        ("", {}),
        (CALLER, {"callers": []}),
        (CALLER, {"callers": [""]}),
        ("", {"callers": [""]}),
        (CALLER, {"called": "500"}),
        (CALLER, {"only_if": ["{{ false }}"]}),
    ],
)
async def test_open_gate_stays_shut(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str, inputs: Json
) -> None:
    """Nobody else opens, and nobody at all without a list."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones, reject=True, line=own(phones), **inputs)
    call = pbx.engine.ring(number, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    await is_done(hass)
    assert not opened
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize("called", ["45", "500"])
async def test_open_gate_called(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, called: str
) -> None:
    """It may depend on the number that was called."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones, called=called)
    pbx.engine.ring(CALLER, called)
    await until(hass, lambda: opened)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_open_gate_and_reject(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A real button is pressed; the call ends unanswered, and another one rings on."""
    assert state(hass, GATE) == "unknown"
    opens = {"action": "button.press", "target": {"entity_id": GATE}}
    other = pbx.engine.ring(SECOND_CALLER, "45")
    await open_gate(hass, phones, action=[opens], reject=True, line=own(phones))
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: state(hass, GATE) != "unknown")
    await until(hass, lambda: [one.id for one in pbx.engine.calls()] == [other])
    await is_done(hass)
    assert call not in (one.id for one in pbx.engine.calls())


async def test_open_gate_gone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A caller who hangs up while it opens is not rejected, and nothing fails."""
    opening = asyncio.Event()
    opened: list[ServiceCall] = []

    async def open_(call: ServiceCall) -> None:
        """Open, which takes a while."""
        opened.append(call)
        await opening.wait()

    hass.services.async_register("gate", "open", open_)
    await open_gate(hass, phones, reject=True, line=own(phones))
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: opened)
    second = pbx.engine.ring("+4989123456", "45")
    # The other one does not wait for it.
    await until(hass, lambda: len(opened) == 2)
    pbx.engine.hang_up(call)
    await asyncio.sleep(0.1)
    opening.set()
    await is_done(hass)
    assert second not in (one.id for one in pbx.engine.calls())


@pytest.fixture
def germany(hass: HomeAssistant) -> None:
    """Live in Germany."""
    hass.config.country = "DE"


@pytest.mark.parametrize(
    ("called", "number", "opens"),
    [
        ("5 00", "500", True),
        ("+49 30 5550100", "0305550100", True),
        ("030 5550100", "+49305550101", False),
        ("", "500", True),
    ],
)
@modern
@pytest.mark.usefixtures("germany")
async def test_gate_by_called_number(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    called: str,
    number: str,
    opens: bool,
) -> None:
    """The number that was called is compared as the caller's is: in all of its forms."""
    opened = async_mock_service(hass, "gate", "open")
    any_call = await attach(hass, "call_ringing", device(phones, "45"))
    await gate_for_one(hass, phones, called=called)
    call = {"id": "c", "state": "alerting", "extension": ["45"], "from-number": CALLER}
    frame = {"action": "call-state", "calls": [{**call, "to-number": number}]}
    await pbx.send_raw(orjson.dumps(frame).decode())
    await until(hass, lambda: any_call)
    await rest(hass)
    assert bool(opened) is opens


async def gate_for_one(hass: HomeAssistant, phones: Phones, **inputs: Any) -> None:
    """Set up a gate that a number opens."""
    inputs = {
        "phones": device(phones, "45"),
        "callers": ["030 111111"],
        "action": [{"action": "gate.open"}],
        **inputs,
    }
    await use(hass, "open_gate", **inputs)


@pytest.mark.parametrize("called", [None, ""])
@modern
@pytest.mark.usefixtures("germany")
async def test_gate_with_privacy(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, called: str | None
) -> None:
    """The call that opened is declined, whoever it is, and no other one."""
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    opened = async_mock_service(hass, "gate", "open")
    line = device(phones, "45")["device_id"]
    inputs = {} if called is None else {"called": called}
    await gate_for_one(hass, phones, reject=True, line=line, **inputs)
    withheld = pbx.engine.ring("anonymous", "45", name="Anonymous")
    await phones.wait("45", "ringing", "on")
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: opened)
    await until(hass, lambda: [one.id for one in pbx.engine.calls()] == [withheld])
    assert call not in (one.id for one in pbx.engine.calls())
