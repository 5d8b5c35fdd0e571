"""The mailbox of a line: how many messages were not heard, and that one came."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.timing import set_line_data_timing

pytestmark = pytest.mark.usefixtures("offers")

PUSHES = ['{"action":"missed-calls"}', '{"action":"user-change","user":"45"}']
SHAPES = ["data", "totals", "count"]
CLASSIC_SHAPES = {"data": "list", "totals": "map", "count": "map"}


def choose(pbx: Simulator, shape: Any) -> None:
    """Let the mailbox be told in a shape of its dialect."""
    pbx.switches.messages_as = shape
    pbx.switches.self_messages_as = CLASSIC_SHAPES[shape]  # type: ignore[assignment]


def mailbox(pbx: Simulator) -> set[str]:
    """Return the kind of REST path of the mailbox."""
    return {"messages", "self_messages"} - pbx.switches.rest_status.keys()


async def shows(phones: Phones, state: str, line: str = "45") -> None:
    """Wait until the sensor of a line shows something."""
    await wait_for(phones.hass, lambda: phones.has(line, "voicemail"))
    await phones.wait(line, "voicemail", state)


def event(phones: Phones, line: str = "45") -> State:
    """Return what the event of a line shows."""
    return phones.get(line, "voicemail", "event")


def leave(pbx: Simulator, line: str = "45") -> None:
    """Call a line in vain, and leave a message."""
    pbx.engine.leave_message(line, CALLER, "Anna")
    pbx.engine.hang_up(pbx.engine.ring(CALLER, line, name="Anna"))


@pytest.mark.parametrize("shape", SHAPES)
async def test_received(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
    shape: str,
) -> None:
    """A message after a call is counted and told; those of before are only counted."""
    choose(pbx, shape)
    pbx.engine.leave_message("45", "41")
    pbx.engine.leave_message("45", "42")
    phones = await set_up(hass, entry)
    await shows(phones, "2")
    assert event(phones).state == STATE_UNKNOWN
    leave(pbx)
    await shows(phones, "3")
    await wait_for(hass, lambda: event(phones).state != STATE_UNKNOWN)
    attributes = event(phones).attributes
    assert attributes["event_type"] == "received"
    assert attributes["count"] == 3
    if dialect == "classic" or shape == "data":
        assert attributes["number"] == CALLER
        assert attributes["name"] == "Anna"
        assert attributes["duration"] == 7
        assert attributes["time"].endswith("+00:00")
    else:
        assert "number" not in attributes
    info = event(phones).state_info
    assert info
    secret = {"count", "number", "name", "duration", "time"}
    assert info["unrecorded_attributes"] >= secret


@pytest.mark.parametrize("push", PUSHES)
async def test_pushed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, push: str
) -> None:
    """A hint makes us look; messages that are heard are no event."""
    await shows(phones, "0")
    pbx.engine.leave_message("45", "41")
    await pbx.send_raw(push)
    await shows(phones, "1")
    await wait_for(
        hass, lambda: event(phones).attributes.get("name") == "Bruno Ferreira"
    )
    told = event(phones).state
    pbx.engine.hear_messages("45")
    await pbx.send_raw(push)
    await shows(phones, "0")
    assert event(phones).state == told


async def test_late(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A message that is still being spoken is found by the second look."""
    await shows(phones, "0")
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await phones.wait("45", "ringing", "off")
    seen = len(pbx.requests)
    await wait_for(
        hass, lambda: any("messages" in path for _, path in pbx.requests[seen:])
    )
    pbx.engine.leave_message("45", CALLER)
    await shows(phones, "1")


async def test_slowly(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """What nothing hints at shows after a while."""
    set_line_data_timing(hass, slow=0.2)
    phones = await set_up(hass, entry)
    await shows(phones, "0")
    pbx.engine.leave_message("45", CALLER)
    await shows(phones, "1")


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """What came during an outage is told once, and not again after the next."""
    await shows(phones, "0")
    await pbx.refuse()
    await pbx.cut()
    await shows(phones, STATE_UNAVAILABLE)
    assert event(phones).state == STATE_UNAVAILABLE
    pbx.engine.leave_message("45", CALLER)
    pbx.engine.leave_message("45", CALLER)
    await pbx.accept()
    await shows(phones, "2")
    await wait_for(hass, lambda: event(phones).attributes.get("count") == 2)
    told = event(phones).state
    await pbx.cut()
    await shows(phones, STATE_UNAVAILABLE)
    await shows(phones, "2")
    await settle(hass)
    assert event(phones).state == told


async def test_reload(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The first reading of a setup tells of nothing new."""
    await shows(phones, "0")
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    pbx.engine.leave_message("45", CALLER)
    assert await hass.config_entries.async_setup(phones.entry.entry_id)
    await shows(phones, "1")
    await settle(hass)
    assert event(phones).state == STATE_UNKNOWN


@pytest.mark.parametrize("switch", ["strings", "noise"])
@pytest.mark.parametrize("shape", SHAPES)
async def test_doubts(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    shape: str,
    switch: str,
) -> None:
    """Strings for numbers and fields that we do not know change nothing."""
    choose(pbx, shape)
    setattr(pbx.switches, switch, True)
    pbx.engine.leave_message("45", CALLER)
    phones = await set_up(hass, entry)
    await shows(phones, "1")


async def test_line(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A further line has its own mailbox."""
    await has_line(phones)
    await shows(phones, "0", "41")
    leave(pbx, "41")
    await shows(phones, "1", "41")
    await wait_for(hass, lambda: event(phones, "41").state != STATE_UNKNOWN)
    assert phones.state("45", "voicemail") == "0"
    assert event(phones).state == STATE_UNKNOWN
    assert not phones.has("42", "voicemail")


async def test_forbidden_later(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A mailbox that is refused from now on is not known."""
    await shows(phones, "0")
    pbx.switches.rest_status |= dict.fromkeys(mailbox(pbx), 403)
    await pbx.send_raw(PUSHES[0])
    await shows(phones, STATE_UNAVAILABLE)
    assert event(phones).state == STATE_UNAVAILABLE
    assert phones.state("", "connected") == "on"


@pytest.mark.parametrize("fault", [500, "html", "redirect", "reset", "hang"])
async def test_fault(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, fault: Any
) -> None:
    """A fault is over when it is over, and ends no link."""
    await shows(phones, "0")
    pbx.switches.faults["messages"] = fault
    pbx.engine.leave_message("45", CALLER)
    await pbx.send_raw(PUSHES[0])
    # The classic path is asked where the other one is not known.
    if fault != "hang":
        await shows(phones, STATE_UNAVAILABLE)
    pbx.switches.faults.clear()
    await shows(phones, "1")
    assert phones.state("", "connected") == "on"


@pytest.mark.parametrize("shape", ["data"])
async def test_one_heard_and_one_left(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, shape: str
) -> None:
    """As many messages as before may be others: a newer one has come."""
    choose(pbx, shape)
    pbx.engine.leave_message("45", "41")
    phones = await set_up(hass, entry)
    await shows(phones, "1")
    pbx.engine.hear_messages("45")
    pbx.jump(60)
    leave(pbx)
    await wait_for(hass, lambda: event(phones).state != STATE_UNKNOWN)
    assert event(phones).attributes["number"] == CALLER
    told = event(phones).state
    # Nothing has come when one is heard.
    pbx.engine.hear_messages("45")
    await pbx.send_raw(PUSHES[0])
    await shows(phones, "0")
    await settle(hass)
    assert event(phones).state == told
