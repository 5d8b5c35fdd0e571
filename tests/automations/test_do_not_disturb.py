"""The automations of docs/automations.md for quiet hours: run as they are written."""

import asyncio

from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations_page import plays
from tests.support.house import Automation, House


@plays("Siesta")
async def test_siesta(pbx: Simulator, house: House, automation: Automation) -> None:
    """A button sets do not disturb with its reason and its end."""
    await automation.runs(0)
    await house.act("input_button.press", "input_button.siesta")
    await automation.ran()
    freya = pbx.engine.account("45")
    assert (freya.dnd, freya.dnd_reason, freya.dnd_expires) == (True, "Siesta", 5400)


@plays("Lamp and do not disturb")
async def test_lamp(
    hass: HomeAssistant, pbx: Simulator, house: House, automation: Automation
) -> None:
    """The phone sets the lamp and the lamp the phone, each with one action."""
    lamp, freya = "light.do_not_disturb", pbx.engine.account("45")
    done = async_capture_events(hass, EVENT_CALL_SERVICE)

    def actions() -> list[str]:
        """Return what was done since the last time."""
        names = [event.data["domain"] + "." + event.data["service"] for event in done]
        done.clear()
        return names

    for state in ("on", "off"):
        pbx.engine.set_dnd("45", state == "on")
        await house.wait(lamp, state)
        await asyncio.sleep(0.2)
        assert actions() == [f"light.turn_{state}"]
    for state in ("on", "off"):
        await house.act(f"light.turn_{state}", lamp)
        await house.phones.wait("45", "dnd", state)
        await asyncio.sleep(0.2)
        assert freya.dnd is (state == "on")
        assert actions() == [f"light.turn_{state}", "vodia.set_dnd"]
    # Both at the same moment.
    pbx.engine.set_dnd("45", True)
    await house.act("light.turn_on", lamp)
    await house.phones.wait("45", "dnd", "on")
    await asyncio.sleep(0.2)
    assert house.state(lamp) == "on"
    assert len(actions()) < 4
    # Somebody else's phone has nothing to do with it.
    pbx.engine.set_dnd("41", True)
    await house.phones.wait("41", "dnd", "on")
    await asyncio.sleep(0.2)
    assert not actions()
