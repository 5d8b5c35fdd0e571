"""The automations of docs/automations.md for calls that find nobody: run as they are written."""

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations_page import plays
from tests.support.calls import CALLER
from tests.support.dialects import both_dialects
from tests.support.entry import wait_for
from tests.support.house import MOBILE, Automation, House, be, pass_time, ring, talk


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
            "A call was sent on to Anna"
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
        await wait_for(house.hass, lambda: not pbx.engine.calls())
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
    await house.phones.wait("41", "call", "idle")
    await automation.runs(0)
    call = pbx.engine.ring(CALLER, "46", name="Anna Meyer")
    await house.phones.wait("46", "call", "ringing")
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
        await house.phones.wait("49", "call", "ringing")
        await pass_time(hass, seconds=seconds)
        assert house.state(lamp) == "off"
        pbx.engine.hang_up(call)
        await house.phones.wait("49", "call", "idle")
    call = pbx.engine.ring(CALLER, "600")
    await house.phones.wait("49", "call", "ringing")
    await pass_time(hass, seconds=31)
    await house.wait(lamp, "on")
    assert house.attribute(lamp, "rgb_color") == (255, 0, 0)
    if answered:
        pbx.engine.answer(call, "50")
    else:
        pbx.engine.hang_up(call)
    await house.wait(lamp, "off")
