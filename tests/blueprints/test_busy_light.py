"""The blueprint of a light that shows whether a phone is busy."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.blueprints import (
    GREEN,
    LAMP,
    QUIET,
    RED,
    YELLOW,
    attribute,
    becomes,
    do,
    quicken,
    state,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, device, set_up, wait_for
from tests.support.outage import lose_link


def shows(hass: HomeAssistant, *, lamp: str = LAMP) -> Any:
    """Return the colour of a lamp, or that it is off."""
    return attribute(hass, lamp, "rgb_color") or state(hass, lamp)


@pytest.mark.parametrize(("free", "color"), [("off", "off"), ("color", GREEN)])
@pytest.mark.usefixtures("house")
async def test_busy_light(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, free: str, color: Any
) -> None:
    """The colour tells whether it rings, is talked or is free; talking comes first."""
    await use(hass, "busy_light", phones=device(phones, "45"), light=[LAMP], free=free)
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: shows(hass) == YELLOW)
    pbx.engine.answer(call, "45")
    await wait_for(hass, lambda: shows(hass) == RED)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    assert shows(hass) == RED
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: shows(hass) == YELLOW)
    pbx.engine.hang_up(second)
    await wait_for(hass, lambda: shows(hass) == color)


@pytest.mark.usefixtures("house")
async def test_busy_light_only_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """That it rings need not show; a call that is made counts as any other."""
    await use(
        hass,
        "busy_light",
        phones=device(phones, "45"),
        light=[LAMP],
        show_ringing=False,
    )
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    assert shows(hass) == "off"
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    call = pbx.engine.ring("45", CALLER)
    await phones.wait("45", "call", "dialing")
    pbx.engine.answer(call)
    await wait_for(hass, lambda: shows(hass) == RED)
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_without_colors(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A lamp that can only be on or off is, without complaints."""
    target = {"target": {"entity_id": QUIET}}
    lamp = {
        "name": "Plain",
        "state": f"{{{{ is_state('{QUIET}', 'on') }}}}",
        "turn_on": {"action": "input_boolean.turn_on", **target},
        "turn_off": {"action": "input_boolean.turn_off", **target},
    }
    assert await async_setup_component(hass, "template", {"template": {"light": lamp}})
    await hass.async_block_till_done()
    await use(hass, "busy_light", phones=device(phones, "45"), light="light.plain")
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, "light.plain", "on")
    pbx.engine.hang_up(call)
    await becomes(hass, "light.plain", "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_of_a_colleague(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where a PBX tells no more of others than that they are busy, that shows."""
    await use(
        hass,
        "busy_light",
        phones=device(phones, "41"),
        light=[LAMP],
        sensors=[phones.id("41", "in_call")],
    )
    call = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call, "41")
    await wait_for(hass, lambda: shows(hass) == RED)
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The light stays as it is while nobody knows, and is right afterwards."""
    await use(hass, "busy_light", phones=device(phones, "45"), light=[LAMP])
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await wait_for(hass, lambda: shows(hass) == RED)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(call)
    await asyncio.sleep(0.1)
    assert shows(hass) == RED
    await pbx.accept()
    await wait_for(hass, lambda: shows(hass) == "off")


@pytest.mark.usefixtures("house")
async def test_busy_light_restart(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A light that was left on is put right as soon as the PBX is there."""
    await do(hass, "light.turn_on", LAMP)
    quicken(hass, "busy_light")
    phones = await set_up(hass, entry)
    target = device(phones, "45")
    assert await hass.config_entries.async_unload(entry.entry_id)
    await use(hass, "busy_light", phones=target, light=[LAMP])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await asyncio.sleep(0.3)
    assert state(hass, LAMP) == "on"
    assert await hass.config_entries.async_setup(entry.entry_id)
    await becomes(hass, LAMP, "off")
