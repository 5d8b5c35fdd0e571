"""The blueprint that flashes lights while a phone rings."""

import pytest

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from simulator import Simulator
from tests.support.blueprints import (
    DESK,
    LAMP,
    attribute,
    becomes,
    do,
    is_done,
    state,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, device


@pytest.mark.usefixtures("house")
async def test_flash_lights(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Lights flash while it rings, stop when it is answered, and are as they were."""
    await do(hass, "light.turn_on", DESK, color_temp_kelvin=3000, brightness=77)
    lights = [LAMP, DESK]
    before = {
        light: (state(hass, light), attribute(hass, light, "brightness"))
        for light in lights
    }
    await use(
        hass,
        "flash_lights",
        phones=device(phones, "45"),
        lights=[*lights, "light.that_is_gone"],
        pace=0.1,
    )
    call = pbx.engine.ring(CALLER, "45")
    for _ in range(2):
        for expected in ("on", "off"):
            for light in lights:
                await becomes(hass, light, expected)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    # The other one rings on.
    for expected in ("on", "off", "on"):
        await becomes(hass, LAMP, expected)
    pbx.engine.hang_up(second)
    await is_done(hass)
    assert before == {
        light: (state(hass, light), attribute(hass, light, "brightness"))
        for light in lights
    }
    assert attribute(hass, DESK, "color_temp_kelvin") == 3000
    assert not hass.states.async_entity_ids("scene")


@pytest.mark.usefixtures("house")
async def test_flash_lights_stops_at_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The end of the call is not waited for until the flash is over."""
    await use(hass, "flash_lights", phones=device(phones, "45"), lights=[LAMP], pace=20)
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, LAMP, "on")
    pbx.engine.hang_up(call)
    await becomes(hass, LAMP, "off")
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_flash_lights_some_times(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It ends after so many times although it rings on; the next call flashes again."""
    await use(
        hass,
        "flash_lights",
        phones=device(phones, "45"),
        lights=[LAMP],
        pace=0.05,
        times=2,
    )
    seen: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        """Keep what the lamp does."""
        assert event.data["new_state"]
        seen.append(event.data["new_state"].state)

    async_track_state_change_event(hass, LAMP, changed)
    for number in (CALLER, SECOND_CALLER):
        pbx.engine.ring(number, "45")
        await becomes(hass, LAMP, "on")
        await is_done(hass)
        assert seen == ["on", "off"] * 2
        seen.clear()
