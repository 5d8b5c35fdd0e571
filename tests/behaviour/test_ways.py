"""The two ways through the house: a frame goes up once, a command goes down once.

`scripts/test tests/behaviour/test_ways.py -s` prints them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
import sys
from types import FrameType
from typing import Any

import pytest

import custom_components.vodia
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones

FOLDER = Path(custom_components.vodia.__file__).parent


@contextmanager
def rooms() -> Iterator[list[str]]:
    """Collect the rooms of the house, in the order in which they are entered first."""
    entered: dict[str, None] = {}

    def note(frame: FrameType, event: str, arg: Any) -> None:
        """Note the room of a function that is called or goes on."""
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(FOLDER):
            parts = path.relative_to(FOLDER).with_suffix("").parts
            entered["/".join(parts[:2] if parts[0] == "pbx" else parts[:1])] = None

    found: list[str] = []
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        found += entered
        print(" -> ".join(found))  # noqa: T201


def in_order(found: list[str], *way: str) -> bool:
    """Return whether the rooms of a way were entered one after the other."""
    places = [found.index(room) for room in way]
    return all(one < other for one, other in pairwise(places))


@pytest.mark.parametrize("dialect", ["modern"])
async def test_frame(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A frame is read, applied, tracked and shown; nothing is asked on its way."""
    with rooms() as found:
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "ringing", "on")
    up = ("pbx/net", "pbx/wire", "pbx/state", "pbx/calls")
    assert in_order(found, *up, "coordinator", "hub", "entity")
    assert not {"pbx/control", "services"} & set(found)


async def test_command(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A command goes from the action to the socket; what comes of it is another frame."""
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    with rooms() as found:
        await hass.services.async_call(
            "vodia",
            "answer",
            {"entity_id": phones.id("45", "call")},
            blocking=True,
        )
    assert in_order(found, "services", "target", "pbx/control", "pbx/net")
    assert found[0] == "services"
