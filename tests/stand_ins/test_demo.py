"""Test the parts of the demo that need no Home Assistant of their own."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
import json
from pathlib import Path
import re
import shutil
import socket
import subprocess
import sys

from packaging.requirements import Requirement
import pytest

from demo import controls, pbx as demo_pbx
from demo.__main__ import _welcome, main
from demo.client import Client
from demo.dashboard import Card, Phones, build
from demo.home import DemoError, Home
from demo.kept import Kept
from demo.pbx import DOOR
from demo.report import errors_in
from demo.run import Demo
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import load_yaml_dict
from simulator import Simulator, Stage, Switches
from simulator.life import Life
from tests.support.repository import ROOT

EXTENSION_KEYS = ("call", "dnd", "in_call", "registered", "ringing")
PBX_KEYS = ("active_calls", "connected", "registered_extensions", "ringing_calls")
CALL = "sensor.45_call"
ATTRIBUTES = {"recording": False, "other_calls": 0}


@pytest.fixture
def dashboard() -> Card:
    """Return the dashboard of a small office."""
    entities = {("", key): f"sensor.{key}" for key in PBX_KEYS} | {
        (number, key): f"sensor.{number}_{key}"
        for number in ("101", "45", "46")
        for key in EXTENSION_KEYS
    }
    # Groups and orbits are no phones.
    entities |= {("500", "calls"): "sensor.500_calls", ("5", "occupied"): "sensor.5"}
    return build(Phones("45", entities), {"type": "grid", "cards": []})


def _nodes(node: object) -> Iterator[Card]:
    """Return a part of the dashboard and all parts in it."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _nodes(child)


def test_dashboard_shows_every_extension(dashboard: Card) -> None:
    """Test that no extension is left out."""
    shown = {node.get("entity") for node in _nodes(dashboard)}
    assert shown >= {"sensor.45_call", "sensor.46_call", "sensor.101_call"}
    assert shown >= {f"sensor.{key}" for key in PBX_KEYS}


def test_exposed() -> None:
    """Test that Assist may speak about the phones, and about who called the own one."""
    keys = [*((number, "call") for number in ("5", "45", "46")), ("45", "last_caller")]
    keys += [("45", "registered"), ("46", "registered"), ("46", "last_caller")]
    phones = Phones("45", {key: "_".join(key) for key in keys})
    assert phones.exposed == ["45_call", "46_call", "45_last_caller"]


def test_dashboard_acts_on_the_own_extension(dashboard: Card) -> None:
    """Test that all actions are for the extension whose login there is."""
    taps = [node for node in _nodes(dashboard) if "perform_action" in node]
    assert {tap["perform_action"] for tap in taps} == {
        "vodia.answer",
        "vodia.dial",
        "vodia.hang_up",
        "vodia.hold",
        "vodia.reject",
        "vodia.resume",
        "vodia.set_dnd",
        "vodia.start_recording",
        "vodia.stop_recording",
        "vodia.transfer",
    }
    assert all(tap["target"] == {"entity_id": CALL} for tap in taps)


def _holds(condition: Card, facts: Mapping[str, str]) -> bool:
    """Return whether a condition holds, as the frontend sees it."""
    match condition:
        case {"condition": "not", "conditions": parts}:
            return not all(_holds(part, facts) for part in parts)
        case {"entity": entity, "attribute": name, "state": states}:
            return facts.get(f"{entity} {name}", "unknown") in states
        case {"entity": entity, "state": states}:
            return facts[entity] in states
        case {"entity": entity, "state_not": states}:
            return facts[entity] not in states
    raise AssertionError(condition)


def test_buttons_of_the_demo(tmp_path: Path) -> None:
    """Test that each one is there under its name, and asks the PBX for what it says."""
    shutil.copy(ROOT / "demo" / "configuration.yaml", tmp_path)
    for made in ("automations.yaml", "scripts.yaml"):
        (tmp_path / made).touch()
    config = load_yaml_dict(tmp_path / "configuration.yaml")
    section = controls.section("event.doorbell", "switch.line")
    taps = [node["perform_action"] for node in _nodes(section) if "data" in node]
    scripts = {f"script.{key}": script for key, script in config["script demo"].items()}
    tap_notification = scripts.pop("script.tap_notification")
    assert "sequence" in tap_notification
    assert list(dict.fromkeys(taps)) == [*scripts, "script.tap_notification"]
    asked = {
        script["alias"]: script["sequence"][0]["data"] for script in scripts.values()
    }
    anna = {"from": "+4930123456", "to": "45", "name": "Anna Meyer"}
    bakery = {"from": "+33155501777", "to": "45", "name": "Boulangerie Petit"}
    assert asked == {
        "Let Anna call me": {"verb": "ring", "body": anna},
        "A second call": {"verb": "ring", "body": bakery},
        "The door rings": {"verb": "ring", "body": {"from": DOOR, "to": "45"}},
        "Cut the link": {"verb": "cut", "body": {}},
        "PBX away for 20 s": {"verb": "restart", "body": {"down": 20}},
    }


@pytest.mark.parametrize(
    ("state", "attributes", "buttons", "for_colleague"),
    [
        ("idle", {}, ["dial"], "dial"),
        ("dialing", ATTRIBUTES, ["hang_up"], "dial"),
        ("ringing", ATTRIBUTES, ["answer", "reject"], "transfer"),
        ("ringing", {**ATTRIBUTES, "other_calls": 1}, ["answer", "reject"], "dial"),
        (
            "connected",
            ATTRIBUTES,
            ["hang_up", "hold", "start_recording"],
            "transfer",
        ),
        (
            "connected",
            {**ATTRIBUTES, "recording": True},
            ["hang_up", "hold", "stop_recording"],
            "transfer",
        ),
        ("connected", {"other_calls": 1}, ["hang_up", "hold"], "dial"),
        ("held", ATTRIBUTES, ["hang_up", "resume"], "transfer"),
        (
            "held",
            {**ATTRIBUTES, "recording": True},
            ["hang_up", "resume", "stop_recording"],
            "transfer",
        ),
        ("unavailable", {}, [], None),
    ],
)
def test_buttons_show_when_they_make_sense(
    dashboard: Card,
    state: str,
    attributes: dict[str, object],
    buttons: list[str],
    for_colleague: str | None,
) -> None:
    """Test which actions are offered, for the own call and at a colleague."""
    gone = "unavailable" if state == "unavailable" else None
    facts = {
        CALL: state,
        "sensor.45_ringing": gone or ("on" if state == "ringing" else "off"),
        "sensor.45_dnd": gone or "off",
        "sensor.46_call": gone or "idle",
        "sensor.46_dnd": gone or "off",
        "sensor.46_registered": gone or "on",
        **{f"{CALL} {name}": str(value).lower() for name, value in attributes.items()},
    }
    # The office stands there twice, for wide and for narrow screens.
    shown: dict[str, dict[str, None]] = {CALL: {}, "sensor.46_call": {}}
    for card in _nodes(dashboard):
        if card.get("entity") in shown and "tap_action" in card:
            if all(_holds(condition, facts) for condition in card["visibility"]):
                action = card["tap_action"]["perform_action"].removeprefix("vodia.")
                shown[card["entity"]][action] = None
    expected = buttons if gone else [*buttons, "set_dnd"]
    assert list(shown[CALL]) == expected
    assert list(shown["sensor.46_call"]) == ([for_colleague] if for_colleague else [])


@pytest.mark.parametrize(
    ("state", "attributes", "expected"),
    [
        (
            "ringing",
            {"remote_name": "Lars <Lab>", "remote_number": "51", "other_calls": 0},
            ["Incoming call", "# Lars &lt;Lab&gt;", "51"],
        ),
        (
            "connected",
            {"remote_number": "+4930123456", "other_calls": 1},
            ["Connected", "# +4930123456", "1 more"],
        ),
        ("connected", {"recording": True}, ["Connected", "recording"]),
        ("held", {"other_calls": 0}, ["On hold", "# Unknown"]),
        ("idle", {}, ["Idle", "# No call"]),
        ("unavailable", {}, ["Not known", "# No connection"]),
    ],
)
async def test_call_text(
    hass: HomeAssistant,
    dashboard: Card,
    state: str,
    attributes: dict[str, object],
    expected: list[str],
) -> None:
    """Test what is told of the own call."""
    hass.states.async_set(CALL, state, attributes)
    content = next(node["content"] for node in _nodes(dashboard) if "content" in node)
    text = Template(content, hass).async_render()
    assert all(part in text for part in expected), text


async def test_colleagues_pick_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test that a call that the user sends on does not ring forever, nor last so long."""
    monkeypatch.setattr(demo_pbx, "_ANSWER_SECONDS", 0)
    monkeypatch.setattr(demo_pbx, "_TALK_SECONDS", 0.05)
    engine = Simulator(Switches.modern()).engine
    demo_pbx._let_colleagues_answer(engine, "45")
    sent, foreign = engine.ring("+4930123456", "45"), engine.ring("+331234", "41")
    engine.transfer(sent, "45", "46")
    await asyncio.sleep(0.01)
    assert engine.call(sent).stage is Stage.CONNECTED
    await asyncio.sleep(0.1)
    assert [call.id for call in engine.calls()] == [foreign]
    assert engine.call(foreign).stage is Stage.RINGING


async def test_callers_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test that a call ends that nobody answers, and no other."""
    monkeypatch.setattr(demo_pbx, "_PATIENCE_SECONDS", 0.02)
    engine = Simulator(Switches.modern()).engine
    demo_pbx._let_callers_give_up(engine)
    answered = engine.ring("+331234", "41")
    engine.answer(answered, "41")
    engine.ring("+4930123456", "45")
    assert len(engine.calls()) == 2
    await asyncio.sleep(0.1)
    assert [call.id for call in engine.calls()] == [answered]


async def test_the_door_is_spared() -> None:
    """Test that office life has no part for a door station: nobody would know why it rings."""
    heard = {}
    for spared in ((), {"54"}):
        pbx = Simulator(Switches.modern())
        life = asyncio.create_task(Life(pbx, pace=1000, spared=spared).run())
        await asyncio.sleep(1)
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        log = pbx.engine.log
        heard[bool(spared)] = {
            number
            for entry in log
            for number in (entry.account, *entry.details.values())
            if number in ("54", "55")
        }
    assert heard == {False: {"54", "55"}, True: {"55"}}


@pytest.mark.parametrize("port", ["0", "-1", "99999", "65536", "text", "", "8e3", "٣"])
def test_port_is_none(
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Test that what is no port is refused in words, before anything is started."""
    monkeypatch.setattr(sys, "argv", ["demo", "--port", port])
    with pytest.raises(SystemExit) as refusal:
        main()
    assert refusal.value.code == 2
    told = capsys.readouterr().err
    assert f"{port} is no port: give one from 1 to 65535" in told
    assert "Traceback" not in told


def test_port_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Test that a port that somebody listens at is refused in words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["demo", "--port", port])
        assert main() == 1
    told = capsys.readouterr().err
    assert f"Port {port} cannot be used (Address already in use)" in told
    assert "scripts/demo --port 8124" in told


async def test_port_of_the_pbx_in_use() -> None:
    """Test that the PBX that --keep needs where it was is missed in words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DemoError, match=f"Port {port} .* without --keep"):
            async with demo_pbx.simulated_pbx("modern", "45", lively=False, port=port):
                pytest.fail("it listens")


def test_nothing_kept(tmp_path: Path) -> None:
    """Test that the first start finds nothing, and the next one what it left."""
    assert Kept.read(tmp_path) is None
    kept = Kept("classic", 5080, "a webhook")
    kept.write(tmp_path)
    assert Kept.read(tmp_path) == kept
    assert kept.home_assistant == version("homeassistant")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is of another demo"),
        ("[]", "is of another demo"),
        ('{"profile": "modern"}', "is of another demo"),
        ({"format": 0}, "is of another version of the demo"),
        ({"home_assistant": "2099.1.0"}, "--home-assistant 2099.1.0"),
        ({"home_assistant": "2099.1.0b3"}, "--home-assistant 2099.1.0b3"),
    ],
)
def test_not_kept(tmp_path: Path, text: str | dict[str, object], told: str) -> None:
    """Test that a folder that cannot be gone on with is left alone, and says how to begin."""
    if isinstance(text, dict):
        text = json.dumps(asdict(Kept("modern", 1, "")) | text)
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(DemoError, match=f"{told}.*without --keep"):
        Kept.read(tmp_path)
    assert (tmp_path / "demo.json").read_text() == text


def test_kept_by_an_older_home_assistant(tmp_path: Path) -> None:
    """Test that a newer Home Assistant goes on with it."""
    Kept("modern", 1, "", home_assistant="2026.9.4").write(tmp_path)
    assert Kept.read(tmp_path)


async def test_welcome() -> None:
    """Test that each login is told, and that what is made is lost without --keep."""
    async with demo_pbx.simulated_pbx("classic", "45", lively=False) as pbx:
        home = Home("home", 8124)
        told = _welcome(Demo(home, Client(home.url), pbx, "classic", new=True))
    assert {"40", "41", "45", "57", DOOR} <= pbx.passwords.keys()
    words = re.sub(r"\s+", " ", told)
    for number, password in pbx.passwords.items():
        assert re.search(rf"\b{number}(, password)? {password}\b", words), number
    assert "own extension 45," in words
    assert "second line 41," in words
    for part in (home.url, "user demo, password demo", pbx.url, "--keep", "classic"):
        assert part in words


def test_errors_in() -> None:
    """Test that errors are found with what stands under them."""
    log = """\
2026-10-01 12:00:00.000 WARNING (MainThread) [homeassistant.loader] vodia
2026-10-01 12:00:01.000 ERROR (MainThread) [homeassistant] Oh no
Traceback (most recent call last):
  File "custom_components/vodia/sensor.py", line 1, in x
NameError: x
2026-10-01 12:00:02.000 ERROR (MainThread) [haffmpeg] No such file
"""
    [error] = errors_in(log, ("vodia", "custom_components"))
    first, last = error.splitlines()
    assert first.endswith("Oh no")
    assert last == "NameError: x"


def test_requirements_of_the_demo_are_installed() -> None:
    """Test that the demo's Home Assistant finds all that it would install."""
    script = ROOT / "scripts" / "demo_requirements.py"
    output = subprocess.run(
        [sys.executable, script], check=True, capture_output=True, text=True
    ).stdout
    requirements = [Requirement(line) for line in output.splitlines()]
    # The second one is imported by one that is always set up, and depends on nothing.
    assert {"pymicro-vad", "aiohasupervisor"} <= {part.name for part in requirements}
    for requirement in requirements:
        assert version(requirement.name) in requirement.specifier
