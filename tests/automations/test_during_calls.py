"""The automations of docs/automations.md for phones that are busy: run as they are written."""

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations_page import plays
from tests.support.dialects import both_dialects
from tests.support.house import MOBILE, Automation, House, ring, talk


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
