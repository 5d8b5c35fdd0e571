"""Test the parts of the demo that need no Home Assistant of their own."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
import subprocess
import sys

from packaging.requirements import Requirement
import pytest

from demo.check import errors_in
from demo.dashboard import Card, Phones, build
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

EXTENSION_KEYS = ("call", "dnd", "in_call", "registered", "ringing")
PBX_KEYS = ("active_calls", "connected", "registered_extensions", "ringing_calls")
CALL = "sensor.45_call"


@pytest.fixture
def dashboard() -> Card:
    """Return the dashboard of a small office."""
    entities = {("", key): f"sensor.{key}" for key in PBX_KEYS} | {
        (number, key): f"sensor.{number}_{key}"
        for number in ("101", "45", "46")
        for key in EXTENSION_KEYS
    }
    return build(Phones("45", entities))


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


def test_dashboard_acts_on_the_own_extension(dashboard: Card) -> None:
    """Test that all actions are for the extension whose login there is."""
    taps = [node for node in _nodes(dashboard) if "perform_action" in node]
    assert {tap["perform_action"] for tap in taps} == {
        "vodia.answer",
        "vodia.dial",
        "vodia.hang_up",
        "vodia.set_dnd",
    }
    assert all(tap["target"] == {"entity_id": CALL} for tap in taps)


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
    script = Path(__file__).parents[1] / "scripts" / "demo_requirements.py"
    output = subprocess.run(
        [sys.executable, script], check=True, capture_output=True, text=True
    ).stdout
    requirements = [Requirement(line) for line in output.splitlines()]
    assert "pymicro-vad" in {requirement.name for requirement in requirements}
    for requirement in requirements:
        assert version(requirement.name) in requirement.specifier
