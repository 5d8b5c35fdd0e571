"""Set up, unload, reload, remove; accounts that come and go."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.vodia
from custom_components.vodia import async_remove_config_entry_device
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, frame
from rig.timing import SetClock
from simulator import Simulator
from tests.support.entry import (
    Phones,
    create_branch_entry,
    create_entry,
    set_up,
    wait_for,
)
from tests.support.log import Errors
from tests.support.outage import lose_link, reconnect

pytestmark = pytest.mark.loop_debug


def link_tasks() -> list[asyncio.Task[Any]]:
    """Return the tasks of our links."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "vodia link"]


async def test_unload_and_reload(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Unloading leaves no task, socket or session; loading again works."""
    entry = phones.entry
    assert len(link_tasks()) == pbx.connections == 1
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await wait_for(hass, lambda: not pbx.connections)
    assert not link_tasks()
    assert pbx.requests[-1] == ("DELETE", "/rest/system/session")
    assert {state.state for state in hass.states.async_all()} == {STATE_UNAVAILABLE}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await phones.wait("45", "call", "idle")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await phones.wait("45", "call", "idle")
    await wait_for(hass, lambda: pbx.connections == 1)
    assert len(link_tasks()) == 1


async def test_shutdown(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """When Home Assistant stops the link is closed in good order."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    await wait_for(hass, lambda: not pbx.connections)
    assert not link_tasks()


async def test_unload_without_a_link(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Unloading while the PBX is away works and does not complain."""
    await lose_link(pbx, phones)
    caplog.clear()
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    assert not link_tasks()
    assert not [
        r for r in caplog.records if r.levelno >= logging.WARNING and "vodia" in r.name
    ]


@pytest.mark.logs("Setup of config entry .* cancelled")
async def test_unload_while_connecting(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A setup that is cut short leaves nothing behind."""
    pbx.switches.latency = 5
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await wait_for(hass, lambda: pbx.requests or link_tasks())
    setup.cancel()
    await asyncio.wait([setup])
    assert not link_tasks()


async def test_not_reachable_at_start(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX that is away at the start is tried again by Home Assistant."""
    await pbx.refuse()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    assert not link_tasks()
    await pbx.accept()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert Phones(hass, entry).state("45", "call") == "idle"


async def test_access_off_at_start(
    hass: HomeAssistant, entry: MockConfigEntry, pbx: Simulator
) -> None:
    """A forbidden access is no reason to ask for another password."""
    pbx.switches.api_access = False
    pbx.switches.answers_get_users = False
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "access_off"
    assert not hass.config_entries.flow.async_progress()


async def test_calls_up_at_the_start(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Calls that are up at the start are shown."""
    call_id = pbx.engine.ring("+4930123456", "45", name="Anna")
    pbx.engine.answer(call_id, "45")
    pbx.engine.hold(call_id, "45")
    pbx.engine.ring("+4930999999", "45")
    phones = await set_up(hass, entry)
    assert phones.states("45", "ringing", "in_call", "call") == ["on", "on", "ringing"]


async def test_names_and_registry_survive_a_restart(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What the user named stays; ids do not change over a reload."""
    device = phones.device("45")
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="My phone")
    before = {e.entity_id for e in er.async_get(hass).entities.values()}
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    device = phones.device("45")
    assert device
    assert device.name_by_user == "My phone"
    assert {e.entity_id for e in er.async_get(hass).entities.values()} == before


async def test_vanished_extension(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
) -> None:
    """A vanished extension is unavailable first and removed ten minutes later."""
    pbx.engine.remove_account("41")
    await pbx.cut()
    await phones.wait("41", "call", STATE_UNAVAILABLE)
    await phones.wait("", "connected", "on")
    clock.ahead += 590
    await reconnect(pbx, phones)
    assert phones.state("41", "call") == STATE_UNAVAILABLE
    clock.ahead += 10
    await pbx.cut()
    await wait_for(hass, lambda: not phones.has("41"))
    assert phones.device("41") is None
    assert phones.device("42")
    # One that comes back later is welcome.
    pbx.engine.add_account("41", "Back Again")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("41"))
    await phones.wait("41", "registered", "off")


async def test_vanished_while_home_assistant_was_off(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An extension that is missing at the start keeps its device; back, it works."""
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    pbx.engine.remove_account("41")
    await set_up(hass, phones.entry)
    assert phones.device("41")
    assert phones.state("41", "call") == STATE_UNAVAILABLE
    pbx.engine.add_account("41", "Back Again")
    await pbx.cut()
    await phones.wait("41", "call", "idle")


async def test_remove_device(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Only the device of an extension that the PBX does not list may be removed."""
    pbx.engine.remove_account("41")
    await pbx.cut()
    await phones.wait("41", "call", STATE_UNAVAILABLE)
    await phones.wait("", "connected", "on")
    for account, allowed in (("41", True), ("42", False), (None, False)):
        device = phones.device(account)
        assert device
        assert (
            await async_remove_config_entry_device(hass, phones.entry, device)
            is allowed
        )


@pytest.mark.logs("does old things")
async def test_deprecation_is_noticed(hass: HomeAssistant, logged: Errors) -> None:
    """What Home Assistant says of code in our folder fails the test it is said in."""
    code: dict[str, Any] = {"frame": frame}
    path = Path(custom_components.vodia.__file__).with_name("old.py")
    exec(  # noqa: S102
        compile(
            "def use(): frame.report_usage('does old things', breaks_in_ha_version='2027.1',"
            " core_behavior=frame.ReportBehavior.LOG)",
            path,
            "exec",
        ),
        code,
    )
    code["use"]()
    assert len(logged.found) == 1


async def test_same_phone_in_two_entries(hass: HomeAssistant, pbx: Simulator) -> None:
    """Removing an entry leaves the other one alone."""
    one = await set_up(hass, create_entry(hass, pbx))
    other = await set_up(hass, create_branch_entry(hass, pbx))
    assert await hass.config_entries.async_remove(one.entry.entry_id)
    await hass.async_block_till_done()
    assert other.state("45", "call") == "idle"
    assert other.device("45")
    pbx.engine.ring("+4930123456", "45", tenant="branch.example")
    await other.wait("45", "call", "ringing")
