"""The automations of docs/automations.md in which the house calls: run as they are written."""

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator, Stage
from tests.support.automations_page import plays
from tests.support.dialects import both_dialects
from tests.support.entry import wait_for
from tests.support.house import Automation, House, pass_time, waiting


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
    await wait_for(hass, lambda: call.stage is Stage.RINGING)
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
