"""The automations of docs/automations.md for phones that are busy: run as they are written."""

from simulator import Simulator
from tests.support.automations_page import plays
from tests.support.dialects import both_dialects
from tests.support.house import MOBILE, Automation, House, ring, talk


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
