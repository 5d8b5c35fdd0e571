"""The blueprint that sets do not disturb by a schedule, an alarm or the like."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.blueprints import (
    ALARM,
    AUTOMATION,
    QUIET,
    becomes,
    do,
    is_done,
    quicken,
    use,
)
from tests.support.entry import Phones, device, set_up
from tests.support.outage import lose_link, restore_link


async def on(phones: Phones) -> None:
    """Wait until do not disturb is on."""
    await phones.wait("45", "dnd", "on")


async def off(phones: Phones) -> None:
    """Wait until do not disturb is off."""
    await phones.wait("45", "dnd", "off")


@pytest.mark.usefixtures("house")
async def test_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is on while the schedule is, and off afterwards, again and again."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    for _ in range(2):
        await do(hass, "input_boolean.turn_on", QUIET)
        await on(phones)
        assert pbx.engine.account("45").dnd
        await do(hass, "input_boolean.turn_off", QUIET)
        await off(phones)
        assert not pbx.engine.account("45").dnd
        await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_alarm(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is on while the alarm is armed in a way that counts, or the schedule is on."""
    await use(
        hass,
        "do_not_disturb",
        phones=device(phones, "45"),
        schedule=[QUIET],
        alarm=[ALARM],
        armed_states=["armed_night"],
    )
    alarm = hass.data["alarm_control_panel"].get_entity(ALARM)
    for mode in alarm._arming_time_by_state:
        alarm._arming_time_by_state[mode] *= 0
    await do(hass, "alarm_control_panel.alarm_arm_away", ALARM, code="1234")
    await becomes(hass, ALARM, "armed_away")
    await asyncio.sleep(0.1)
    assert phones.state("45", "dnd") == "off"
    await do(hass, "alarm_control_panel.alarm_arm_night", ALARM, code="1234")
    await on(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await do(hass, "alarm_control_panel.alarm_disarm", ALARM, code="1234")
    await asyncio.sleep(1.2)
    assert phones.state("45", "dnd") == "on"
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_by_hand(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What was set by hand before stays set; what is taken back meanwhile stays so."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    pbx.engine.set_dnd("45", True)
    await on(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await do(hass, "input_boolean.turn_off", QUIET)
    await is_done(hass)
    assert pbx.engine.account("45").dnd
    pbx.engine.set_dnd("45", False)
    await off(phones)
    await do(hass, "input_boolean.turn_on", QUIET)
    await on(phones)
    pbx.engine.set_dnd("45", False)
    await off(phones)
    await do(hass, "input_boolean.turn_off", QUIET)
    await is_done(hass)
    assert not pbx.engine.account("45").dnd


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.usefixtures("house")
async def test_do_not_disturb_restart(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, *, before: bool
) -> None:
    """After a start in the middle it is on as soon as the PBX is there, and off later."""
    quicken(hass, "do_not_disturb")
    phones = await set_up(hass, entry)
    target = device(phones, "45")
    assert await hass.config_entries.async_unload(entry.entry_id)
    pbx.engine.set_dnd("45", before)
    days = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    )
    always = [{"from": "00:00:00", "to": "24:00:00"}]
    night = {"night": {"name": "Night", **dict.fromkeys(days, always)}}
    assert await async_setup_component(hass, "schedule", {"schedule": night})
    await becomes(hass, "schedule.night", "on")
    await do(hass, "input_boolean.turn_on", QUIET)
    await use(hass, "do_not_disturb", phones=target, schedule=["schedule.night", QUIET])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await asyncio.sleep(0.3)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await on(phones)
    hass.states.async_set("schedule.night", "off")
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)
    er.async_get(hass).async_remove("schedule.night")


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_start_outside(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A start at another time leaves alone what was set by hand."""
    pbx.engine.set_dnd("45", True)
    await on(phones)
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    hass.states.async_set(QUIET, "unavailable")
    hass.states.async_set(QUIET, "off")
    await asyncio.sleep(0.1)
    await is_done(hass)
    assert pbx.engine.account("45").dnd


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_edited(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An automation that was stopped in the middle still takes it back at the end."""
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    await do(hass, "input_boolean.turn_on", QUIET)
    await on(phones)
    await do(hass, "automation.turn_off", AUTOMATION)
    await do(hass, "automation.turn_on", AUTOMATION)
    await do(hass, "input_boolean.turn_off", QUIET)
    await off(phones)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_do_not_disturb_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What begins or ends during an outage is done afterwards."""
    quicken(hass, "do_not_disturb")
    await use(hass, "do_not_disturb", phones=device(phones, "45"), schedule=[QUIET])
    for service, wait in (("turn_on", on), ("turn_off", off)):
        await lose_link(pbx, phones)
        await do(hass, f"input_boolean.{service}", QUIET)
        await asyncio.sleep(1.2)
        await restore_link(pbx, phones)
        await wait(phones)
    await is_done(hass)
