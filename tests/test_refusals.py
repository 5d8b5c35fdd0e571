"""What a PBX refuses once is not refused for ever."""

import asyncio
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator

from .common import Phones
from .test_commands import CALLS_PATH, connected, held, modern, ringing
from .test_services import act

STATUSES = pytest.mark.parametrize("status", [403, 404, 405])


def asked(pbx: Simulator, part: str) -> int:
    """Return how many requests for something came since they were forgotten last."""
    found = len([path for _, path in pbx.requests if part in path])
    pbx.requests.clear()
    return found


@modern
@STATUSES
async def test_calls_refused_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, status: int
) -> None:
    """The socket takes this command; the next one goes over REST."""
    call_id = await connected(pbx, phones)
    pbx.switches.rest_status["calls"] = status
    await act(hass, "hold")
    assert pbx.bodies == []
    del pbx.switches.rest_status["calls"]
    await act(hass, "resume")
    assert pbx.bodies == [(CALLS_PATH, {"remote-resume": call_id})]
    assert held(pbx, call_id) == [False]


@STATUSES
async def test_calls_refused_again_and_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str, status: int
) -> None:
    """Commands cost no request in vain each, and REST is asked again after a while."""
    await connected(pbx, phones)
    pbx.switches.rest_status["calls"] = status
    for action in ("hold", "resume") * 2:
        await act(hass, action)
    # A request that is refused with 403 or 401 may be sent anew with another session.
    assert 2 <= asked(pbx, "/calls") <= 4
    assert CALLS_PATH not in dict(pbx.bodies)
    del pbx.switches.rest_status["calls"]
    await act(hass, "hold")
    assert asked(pbx, "/calls") == 0
    await asyncio.sleep(3)
    await act(hass, "resume")
    assert CALLS_PATH in dict(pbx.bodies)


@modern
async def test_command_refused_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A word that REST refuses once is tried again, and then rested."""
    call_id = await connected(pbx, phones)
    bodies: list[Any] = [(CALLS_PATH, {"remote-hold": call_id})]
    pbx.switches.rest_refuses = {"remote-hold"}
    await act(hass, "hold")
    await act(hass, "resume")
    pbx.bodies.clear()
    pbx.switches.rest_refuses = set()
    await act(hass, "hold")
    assert pbx.bodies == bodies


@modern
async def test_id_that_is_not_found_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """REST that does not know a call once may know the next one."""
    pbx.switches.rest_ids = "hidden"
    await ringing(pbx, phones)
    await act(hass, "answer")
    pbx.switches.rest_ids = "same"
    pbx.bodies.clear()
    await act(hass, "hold")
    assert [list(body) for _, body in pbx.bodies] == [["remote-hold"]]


@modern
@STATUSES
async def test_do_not_disturb_refused_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, status: int
) -> None:
    """Another way does it this time; a reason is still possible the next time."""
    pbx.switches.rest_status["dnd"] = status
    await act(hass, "set_dnd", enabled=True)
    assert phones.state("45", "dnd") == "on"
    del pbx.switches.rest_status["dnd"]
    pbx.bodies.clear()
    await act(hass, "set_dnd", enabled=False)
    assert [path.rsplit("/", 1)[-1] for path, _ in pbx.bodies] == ["dnd"]
    await act(hass, "set_dnd", enabled=True, reason="Lunch")
    assert pbx.bodies[-1][1]["reason"] == "Lunch"


@modern
@pytest.mark.parametrize(("status", "seconds"), [(404, 3), (500, 0)])
async def test_chat_refused_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, status: int, seconds: float
) -> None:
    """The socket takes a message, and REST one of later."""
    path = "/rest/user/45@localhost/chat"
    pbx.switches.rest_status["chat"] = status
    await act(hass, "send_message", recipient="41", message="one")
    assert pbx.bodies == []
    del pbx.switches.rest_status["chat"]
    await asyncio.sleep(seconds)
    await act(hass, "send_message", recipient="41", message="two")
    assert pbx.bodies == [(path, {"type": "text", "text": "two"})]
