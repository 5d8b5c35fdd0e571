"""Service flags: day and night mode and the like, as switches or sensors."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia import async_remove_config_entry_device
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from rig.timing import SetClock
from simulator import Simulator
from tests.support.entry import Phones, set_up, settle, wait_for

pytestmark = pytest.mark.usefixtures("offers")

NIGHT, HOURS = "900", "901"
PATH = "/rest/user/45@localhost/srvflags"


def shown(phones: Phones, platform: str = "switch", flag: str = NIGHT) -> str | None:
    """Return what the entity of a flag shows; None where there is none."""
    if not phones.has(flag, "active"):
        return None
    return phones.get(flag, "active", platform).state


async def shows(phones: Phones, state: str | None, platform: str = "switch") -> None:
    """Wait until the entity of the flag shows something."""
    await wait_for(phones.hass, lambda: shown(phones, platform) == state)


async def turn(phones: Phones, to: str) -> None:
    """Switch the flag as a user does."""
    await phones.hass.services.async_call(
        Platform.SWITCH,
        f"turn_{to}",
        {"entity_id": phones.id(NIGHT, "active", "switch")},
        blocking=True,
    )


async def fails(phones: Phones, key: str, to: str = "on") -> None:
    """Switch the flag in vain."""
    with pytest.raises(HomeAssistantError) as raised:
        await turn(phones, to)
    assert raised.value.translation_key == key


def device(phones: Phones) -> dr.DeviceEntry:
    """Return the device of the flag."""
    found = phones.device(NIGHT)
    assert found
    return found


def asked(pbx: Simulator) -> int:
    """Return how often the flags were asked for."""
    return pbx.requests.count(("GET", PATH))


# A flag


async def test_switch(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A manual flag is a switch on a device of its own, and follows the PBX."""
    await shows(phones, "off")
    assert (device(phones).name, device(phones).model) == ("Night", "Service flag")
    assert phones.id(NIGHT, "active", "switch") == "switch.night_active"
    pbx.engine.set_flag(NIGHT, True)
    await shows(phones, "on")
    await turn(phones, "off")
    assert shown(phones) == "off"
    assert not pbx.engine.account(NIGHT).active
    await turn(phones, "on")
    assert shown(phones) == "on"
    assert pbx.engine.account(NIGHT).active
    assert ("POST", f"{PATH}?name=900") in pbx.requests
    told = [body for path, body in pbx.bodies if path == PATH]
    assert told == [{"state": "false"}, {"state": "true"}]
    trace = phones.entry.runtime_data.client.trace
    assert trace.commands["set_flag: confirmed"] == 2


async def test_timetable(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A flag that follows a timetable is a binary sensor."""
    pbx.engine.add_account(HOURS, "Hours", "srvflags").mode = "clock"
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: shown(phones, "binary_sensor", HOURS) == "off")
    assert not hass.states.get("switch.hours_active")
    pbx.engine.account(HOURS).active = True
    await wait_for(hass, lambda: shown(phones, "binary_sensor", HOURS) == "on")


async def test_other_mode(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A flag that gets a timetable is a sensor from the next setup on."""
    await shows(phones, "off")
    pbx.engine.account(NIGHT).mode = "clock"
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await wait_for(hass, lambda: hass.states.get("binary_sensor.night_active"))
    await shows(phones, "off", "binary_sensor")
    assert not hass.states.get("switch.night_active")


async def test_without_a_name(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A flag without a name is called by its number; a new name is taken over."""
    pbx.engine.rename(NIGHT, "")
    phones = await set_up(hass, entry)
    await shows(phones, "off")
    assert device(phones).name == "Service flag 900"
    pbx.engine.rename(NIGHT, "Holidays")
    await wait_for(hass, lambda: device(phones).name == "Holidays")


async def test_names_only(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Names without states (classic) are no flags: nothing would be known of them."""
    pbx.switches.flags_as = "names"
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: asked(pbx) > 1)
    assert not hass.states.get("switch.night_active")
    assert not phones.device(NIGHT)
    assert phones.state("", "connected") == "on"


@pytest.mark.parametrize("switch", ["strings", "noise"])
async def test_doubts(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, switch: str
) -> None:
    """Strings for booleans and fields that we do not know change nothing."""
    setattr(pbx.switches, switch, True)
    phones = await set_up(hass, entry)
    await shows(phones, "off")
    await turn(phones, "on")
    assert shown(phones) == "on"


async def test_second_setup(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The device of a flag is no account, stays its switch, and cannot be removed."""
    await shows(phones, "off")
    entity_id = phones.id(NIGHT, "active", "switch")
    assert not await async_remove_config_entry_device(
        hass, phones.entry, device(phones)
    )
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await shows(phones, "off")
    assert phones.id(NIGHT, "active", "switch") == entity_id
    assert NIGHT not in phones.entry.runtime_data.client.tenant.accounts
    assert not phones.has(NIGHT, "registered")


# Setting it


async def test_not_confirmed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What the PBX does not do is an error, and the switch stays where it is."""
    await shows(phones, "off")
    pbx.switches.ignore_commands = True
    await fails(phones, "not_confirmed")
    assert shown(phones) == "off"


async def test_forbidden_to_set(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What is not ours to set is an error, and a sensor from the next setup on."""
    await shows(phones, "off")
    pbx.switches.flags_writable = False
    await fails(phones, "access_off")
    assert shown(phones) == "off"
    assert phones.state("", "connected") == "on"
    # Also when it could be set by then: nobody tries again.
    pbx.switches.flags_writable = True
    for _ in range(2):
        assert await hass.config_entries.async_reload(phones.entry.entry_id)
        await wait_for(hass, lambda: hass.states.get("binary_sensor.night_active"))
        await shows(phones, "off", "binary_sensor")
        assert not hass.states.get("switch.night_active")
    pbx.engine.set_flag(NIGHT, True)
    await shows(phones, "on", "binary_sensor")


async def test_no_way_to_set(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A flag that the PBX does not know any more cannot be set."""
    await shows(phones, "off")
    pbx.engine.remove_account(NIGHT)
    await fails(phones, "not_supported")


# What is not offered, or goes wrong


async def test_not_offered(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX that offers no flags is not asked again."""
    pbx.switches.rest_status["srvflags"] = 405
    phones = await set_up(hass, entry)
    side = entry.runtime_data.client.own.data
    await wait_for(hass, lambda: side.offered["service_flags"] is False)
    await settle(hass)
    assert asked(pbx) == 1
    assert not phones.device(NIGHT)


async def test_forbidden_later(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What was there stays, unavailable, until it is told again."""
    await shows(phones, "off")
    connections = pbx.connections
    pbx.switches.rest_status["srvflags"] = 403
    await shows(phones, STATE_UNAVAILABLE)
    assert device(phones)
    del pbx.switches.rest_status["srvflags"]
    await shows(phones, "off")
    assert pbx.connections == connections


async def test_forbidden_in_the_next_setup(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What is not offered any more is unavailable, and not removed."""
    await shows(phones, "off")
    pbx.switches.rest_status["srvflags"] = 403
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    side = phones.entry.runtime_data.client.own.data
    await wait_for(hass, lambda: side.offered["service_flags"] is False)
    assert shown(phones) == STATE_UNAVAILABLE
    assert device(phones)


@pytest.mark.parametrize("fault", [500, "html", "redirect", "reset", "hang"])
async def test_fault_at_the_start(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, fault: Any
) -> None:
    """Nobody waits for the flags; they are there once they can be read."""
    pbx.switches.faults["srvflags"] = fault
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: asked(pbx))
    assert phones.state("", "connected") == "on"
    assert not phones.device(NIGHT)
    pbx.switches.faults.clear()
    await shows(phones, "off")
    assert phones.state("", "connected") == "on"


@pytest.mark.parametrize("fault", [500, "html", "reset"])
async def test_fault_later(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, fault: Any
) -> None:
    """What cannot be read three times is not known; the link stays."""
    await shows(phones, "off")
    pbx.switches.faults["srvflags"] = fault
    await shows(phones, STATE_UNAVAILABLE)
    assert phones.state("", "connected") == "on"
    pbx.switches.faults.clear()
    await shows(phones, "off")


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """While the link is lost nothing is known; what changed shows afterwards."""
    await shows(phones, "off")
    await pbx.refuse()
    await pbx.cut()
    await shows(phones, STATE_UNAVAILABLE)
    pbx.engine.set_flag(NIGHT, True)
    await pbx.accept()
    await shows(phones, "on")


async def test_gone(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
) -> None:
    """A flag that is gone is unavailable, removed after ten minutes, and may come back."""
    await shows(phones, "off")
    pbx.engine.remove_account(NIGHT)
    await shows(phones, STATE_UNAVAILABLE)
    tries = asked(pbx)
    await wait_for(hass, lambda: asked(pbx) > tries + 1)
    assert device(phones)
    clock.ahead += 600
    await wait_for(hass, lambda: phones.device(NIGHT) is None)
    assert not phones.has(NIGHT, "active")
    pbx.engine.add_account(NIGHT, "Night", "srvflags")
    await shows(phones, "off")


async def test_gone_before_the_start(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
) -> None:
    """One that went while Home Assistant was away is removed as well."""
    await shows(phones, "off")
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    pbx.engine.remove_account(NIGHT)
    assert await hass.config_entries.async_setup(phones.entry.entry_id)
    tries = asked(pbx)
    await wait_for(hass, lambda: asked(pbx) > tries + 1)
    assert phones.device(NIGHT)
    clock.ahead += 600
    await wait_for(hass, lambda: phones.device(NIGHT) is None)
