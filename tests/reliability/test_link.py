"""The link itself: lost, half open, closed, and back."""

import asyncio
import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import TIMING
from custom_components.vodia.pbx.net.rest import Rest
from custom_components.vodia.pbx.timing import Timing
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.dialects import classic
from tests.support.entry import Phones, set_up
from tests.support.outage import lose_link
from tests.support.reliability import BRIEF, SLACK, all_unavailable, begun, told, tries

NO_PONG = {"answers_ping": False}


@pytest.mark.parametrize(
    ("dialect", "loss"),
    [
        pytest.param("modern", "cut", id="reset"),
        pytest.param("classic", "restart", id="restart"),
        pytest.param("modern", "refuse", id="off_for_long"),
    ],
)
async def test_lost(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    loss: str,
) -> None:
    """A link that is reset shows at once, and is tried again for ever."""
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    began = time.monotonic()
    restart = None
    if loss == "restart":
        restart = hass.async_create_task(pbx.restart(down=0.3))
    else:
        if loss == "refuse":
            await pbx.refuse()
        await pbx.cut()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < SLACK
    assert all_unavailable(hass, phones)
    if restart:
        await restart
    if loss == "refuse":
        # Longer than the longest pause, several times.
        await asyncio.sleep(BRIEF.last_retry * 3)
        assert all_unavailable(hass, phones)
        await pbx.accept()
        began = time.monotonic()
    await phones.wait("", "connected", "on")
    assert time.monotonic() - began < BRIEF.last_retry + SLACK
    assert phones.state("41", "dnd") == "on"
    lost, back = told(caplog)
    assert lost == "lost: the PBX closed the link (code 1006)"
    assert back == "restored"


@pytest.mark.parametrize(
    ("dialect", "action", "data", "step"),
    [
        pytest.param("classic", "dial", {"number": "41"}, "make-call", id="dial"),
        pytest.param("modern", "set_dnd", {"enabled": True}, "dnd", id="set_dnd"),
    ],
)
async def test_lost_while_an_action_waits(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: dict[str, Any],
    step: str,
) -> None:
    """An action whose link is lost does not wait until its time is over."""
    pbx.switches.ignore_commands = True
    before = tries(pbx, step)
    task = hass.async_create_task(call_action(hass, action, **data))
    await begun(hass, pbx, step, before)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await pbx.refuse()
    await pbx.cut()
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == "not_connected"
    assert time.monotonic() - began < BRIEF.confirm


@classic
async def test_closed_for_silence(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX that closes links that say nothing keeps ours."""
    pbx.switches.idle_timeout = BRIEF.keepalive
    phones = await set_up(hass, entry)
    await asyncio.sleep(BRIEF.keepalive * 3)
    assert tries(pbx, "handshake") == 2
    # One that is in more of a hurry is met again.
    pbx.switches.idle_timeout = 0.05
    await phones.wait("", "connected", "off")
    pbx.switches.idle_timeout = None
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "switches", "reason", "within"),
    [
        pytest.param("modern", {}, "the PBX went silent", BRIEF.ping * 2, id="ping"),
        pytest.param(
            "classic", NO_PONG, "the PBX went silent", BRIEF.ping * 2, id="question"
        ),
        pytest.param(
            "modern",
            NO_PONG,
            "no answer in time",
            BRIEF.ping + BRIEF.request,
            id="probe",
        ),
    ],
)
async def test_half_open(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    switches: dict[str, Any],
    reason: str,
    within: float,
) -> None:
    """A PBX that falls silent is found out, whatever it answers while it is well."""
    for name, value in switches.items():
        setattr(pbx.switches, name, value)
    phones = await set_up(hass, entry)
    await asyncio.sleep(BRIEF.ping * 3)
    assert phones.state("", "connected") == "on"
    pbx.freeze()
    began = time.monotonic()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < within + 0.4
    assert all_unavailable(hass, phones)
    assert told(caplog) == [f"lost: {reason}"]
    pbx.thaw()
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "frame", "reason"),
    [
        pytest.param(
            "modern", b"\x88\x00", "the PBX closed the link (code 1005)", id="bare"
        ),
        pytest.param(
            "classic",
            b"\x88\x02\x03\xe9",
            "the PBX closed the link (code 1001)",
            id="with_a_code",
        ),
    ],
)
async def test_closed(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    frame: bytes,
    reason: str,
) -> None:
    """A PBX that closes the WebSocket and leaves the connection open is gone at once."""
    for link in pbx.links:
        link.transport.write(frame)
    pbx.freeze()
    began = time.monotonic()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < 0.3
    assert all_unavailable(hass, phones)
    assert told(caplog) == [f"lost: {reason}"]
    pbx.thaw()
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "away"),
    [
        pytest.param("classic", 25, id="half_a_minute"),
        pytest.param("modern", 700, id="ten_minutes"),
    ],
)
async def test_back(
    hass: HomeAssistant,
    *,
    monkeypatch: pytest.MonkeyPatch,
    pbx: Simulator,
    entry: MockConfigEntry,
    away: int,
) -> None:
    """A PBX that is back is noticed by its open port, and logged in to once."""
    timing = Timing()
    hass.data[TIMING] = timing
    looks: list[float] = []
    look = Rest.is_open

    async def counted(self: Rest, seconds: float) -> bool:
        """Look whether the port is open, and count it."""
        looks.append(time.monotonic())
        return await look(self, seconds)

    monkeypatch.setattr(Rest, "is_open", counted)
    phones = await set_up(hass, entry)
    for wait in (away, away + 1.7):
        await lose_link(pbx, phones)
        looks.clear()
        pbx.requests.clear()
        await asyncio.sleep(wait)
        assert len(looks) <= wait / timing.look + 1
        await pbx.accept()
        began = time.monotonic()
        await phones.wait("", "connected", "on")
        assert time.monotonic() - began < 5
        assert tries(pbx, "handshake") <= 2
        # Time enough for the pauses to begin anew.
        await asyncio.sleep(timing.healthy)


@classic
async def test_not_hammered(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """A PBX that takes connections and no login is tried as seldom as ever."""
    timing = Timing()
    hass.data[TIMING] = timing
    phones = await set_up(hass, entry)
    pbx.expire_sessions()
    pbx.switches.faults["login"] = 500
    await pbx.cut()
    await phones.wait("", "connected", "off")
    before = tries(pbx, "login")
    await asyncio.sleep(600)
    # 2, 4, 8, 16, 32 and then 60 s, or as little as half of that.
    assert tries(pbx, "login") - before <= 5 + 600 / 30
    pbx.switches.faults.clear()
    async with asyncio.timeout(timing.last_retry + SLACK):
        while phones.state("", "connected") == "off":
            await asyncio.sleep(1)
