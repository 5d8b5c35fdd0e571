"""The queues that a line is an agent of: a switch each, to log in and out."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from simulator import Simulator, Switches
from tests.support.calls import CALLER
from tests.support.entry import Phones, create_entry, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link, reconnect, restore_link

# 45 is an agent of Service, and not of Orders.
pytestmark = [pytest.mark.usefixtures("offers"), pytest.mark.office("600", "601")]

SERVICE, ORDERS = "queue_login_601", "queue_login_600"
# Until what nothing hints at is read again, and until what is absent is forgotten.
SLOWLY, FORGOTTEN = 61, 700


async def shows(phones: Phones, state: str, line: str = "45") -> None:
    """Wait for what the switch of a line for Service shows."""
    await wait_for(phones.hass, lambda: phones.has(line, SERVICE))
    await wait_for(
        phones.hass, lambda: phones.get(line, SERVICE, Platform.SWITCH).state == state
    )


def called(phones: Phones, key: str = SERVICE) -> str:
    """Return what a switch of our line is called."""
    name: str = phones.get("45", key, Platform.SWITCH).attributes["friendly_name"]
    return name


async def turn(phones: Phones, to: str, line: str = "45") -> None:
    """Switch it as a user does."""
    await phones.hass.services.async_call(
        Platform.SWITCH,
        f"turn_{to}",
        {"entity_id": phones.id(line, SERVICE, Platform.SWITCH)},
        blocking=True,
    )


async def cannot_turn(phones: Phones, to: str, key: str) -> None:
    """Switch it in vain."""
    with pytest.raises(HomeAssistantError) as raised:
        await turn(phones, to)
    assert raised.value.translation_key == key


def is_agent(pbx: Simulator, line: str = "45") -> bool:
    """Return whether the PBX sends the calls of Service to a line."""
    return pbx.engine.account("601").has_agent(line)


@pytest.mark.parametrize("queue_login_as", ["object", "text", "boolean"])
@pytest.mark.parametrize("settings_reply", ["settings", "empty"])
async def test_log_out_and_in(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    *,
    queue_login_as: Any,
    settings_reply: Any,
) -> None:
    """The switch is what the PBX tells, and the PBX has what the switch did."""
    pbx.switches.queue_login_as = queue_login_as
    pbx.switches.settings_reply = settings_reply
    phones = await set_up(hass, entry)
    await shows(phones, "on")
    switch = phones.get("45", SERVICE, Platform.SWITCH)
    assert switch.entity_id == "switch.freya_nilsen_logged_in_to_service"
    assert switch.attributes["friendly_name"] == "45 Freya Nilsen Logged in to Service"
    await turn(phones, "off")
    assert not is_agent(pbx)
    assert phones.get("45", SERVICE, Platform.SWITCH).state == "off"
    pbx.engine.ring(CALLER, "601")
    await settle(hass)
    assert phones.state("45", "ringing") == "off"
    await turn(phones, "on")
    assert is_agent(pbx)
    assert phones.get("45", SERVICE, Platform.SWITCH).state == "on"


@pytest.mark.parametrize("queue_strangers", [403, 404])
async def test_agents_only(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, queue_strangers: Any
) -> None:
    """A queue that does not answer has no switch, and is asked once over a link."""
    pbx.switches.queue_strangers = queue_strangers
    phones = await set_up(hass, entry)
    await shows(phones, "on")
    await asyncio.sleep(3 * SLOWLY)
    assert not phones.has("45", ORDERS)
    asked = [path for _, path in pbx.requests if path.endswith("group=600")]
    assert len(asked) == 1
    await reconnect(pbx, phones)
    await shows(phones, "on")
    asked = [path for _, path in pbx.requests if path.endswith("group=600")]
    assert len(asked) == 2


async def test_no_login_for_a_stranger(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A queue that takes a stranger for logged out (401) costs a login, and one only.

    Each ends the link where a PBX closes it with the session.
    """
    pbx.switches.queue_strangers = 401
    pbx.switches.session_end_closes = True
    phones = await set_up(hass, entry)
    await shows(phones, "on")
    await asyncio.sleep(3 * SLOWLY)
    await phones.wait("", "connected", "on")
    logins = pbx.login_attempts
    assert logins <= 3
    for _ in range(3):
        await reconnect(pbx, phones)
        await shows(phones, "on")
        await asyncio.sleep(SLOWLY)
    assert pbx.login_attempts == logins
    assert not phones.has("45", ORDERS)


async def test_queue_that_answers_strangers(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A queue that calls everybody logged out has a switch that says why it fails."""
    pbx.switches.queue_strangers = "out"
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("45", ORDERS))
    entity_id = phones.id("45", ORDERS, Platform.SWITCH)
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": entity_id}, blocking=True
        )
    assert raised.value.translation_key == "not_confirmed"
    state = hass.states.get(entity_id)
    assert state
    assert state.state == "off"


async def test_changed_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who logs out at the phone is shown so within a minute."""
    await shows(phones, "on")
    pbx.engine.set_queue_login("601", "45", False)
    await asyncio.sleep(SLOWLY)
    await shows(phones, "off")


async def test_shown_late(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A PBX that shows it a moment later is waited for."""
    await shows(phones, "on")
    pbx.switches.settings_delay = 0.2
    await turn(phones, "off")
    assert phones.get("45", SERVICE, Platform.SWITCH).state == "off"


async def test_refused(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """What the PBX refuses, or does not do, is an error; the switch stays true."""
    await shows(phones, "on")
    pbx.switches.ignore_commands = True
    await cannot_turn(phones, "off", "not_confirmed")
    pbx.switches.ignore_commands = False
    for status, key in ((403, "access_off"), (404, "not_supported")):
        pbx.switches.rest_status["acd_login"] = status
        await cannot_turn(phones, "off", key)
    del pbx.switches.rest_status["acd_login"]
    assert is_agent(pbx)
    await asyncio.sleep(SLOWLY)
    await shows(phones, "on")


async def test_not_told_any_more(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A queue that answered and does not any more is not known, until it does."""
    await shows(phones, "on")
    pbx.switches.rest_status["acd_login"] = 403
    await asyncio.sleep(SLOWLY)
    await shows(phones, STATE_UNAVAILABLE)
    del pbx.switches.rest_status["acd_login"]
    await asyncio.sleep(SLOWLY)
    await shows(phones, "on")


async def test_link_lost(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Without a link nothing is known and nothing can be done."""
    await shows(phones, "on")
    await lose_link(pbx, phones)
    await shows(phones, STATE_UNAVAILABLE)
    pbx.engine.set_queue_login("601", "45", False)
    await restore_link(pbx, phones)
    await shows(phones, "off")


async def test_lines(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Each line has the switches of its own queues."""
    pbx.engine.account("601").members += ("41",)
    pbx.engine.set_queue_login("601", "41", False)
    await has_line(phones)
    await shows(phones, "on")
    await shows(phones, "off", "41")
    await turn(phones, "on", "41")
    assert is_agent(pbx, "41")
    await turn(phones, "off")
    assert not is_agent(pbx)
    assert phones.get("41", SERVICE, Platform.SWITCH).state == "on"


async def test_queue_comes_and_goes(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A new queue has its switch within minutes; one that is gone for good has none."""
    await shows(phones, "on")
    key = "queue_login_602"
    for _ in range(2):
        pbx.engine.add_account("602", "Repairs", "acds", members=("45",))
        await asyncio.sleep(2 * SLOWLY)
        await wait_for(hass, lambda: phones.has("45", key))
        switch = phones.get("45", key, Platform.SWITCH)
        assert switch.state == "on"
        assert (
            switch.attributes["friendly_name"] == "45 Freya Nilsen Logged in to Repairs"
        )
        pbx.engine.remove_account("602")
        # A classic PBX says so over a new link only.
        await reconnect(pbx, phones)
        await asyncio.sleep(2 * SLOWLY)
        assert phones.get("45", key, Platform.SWITCH).state == STATE_UNAVAILABLE
        await asyncio.sleep(FORGOTTEN)
        await reconnect(pbx, phones)
        await wait_for(hass, lambda: not phones.has("45", key))
    await shows(phones, "on")


async def test_queue_that_went_meanwhile(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A queue that is removed while the entry is not loaded loses its switch, too."""
    await shows(phones, "on")
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    pbx.engine.remove_account("601")
    phones = await set_up(hass, phones.entry)
    assert phones.has("45", SERVICE)
    await asyncio.sleep(FORGOTTEN)
    await wait_for(hass, lambda: not phones.has("45", SERVICE))


async def test_reload(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After a reload the same switch is there, under the id that a user gave it."""
    await shows(phones, "on")
    entity_id = phones.id("45", SERVICE, Platform.SWITCH)
    er.async_get(hass).async_update_entity(entity_id, new_entity_id="switch.service")
    pbx.engine.set_queue_login("601", "45", False)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    await shows(phones, "off")
    state = hass.states.get("switch.service")
    assert state
    assert state.state == "off"


async def test_queues_of_one_name(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Two queues of one name are told apart by their numbers."""
    pbx.engine.rename("600", "Sales")
    pbx.engine.rename("601", "sales")
    pbx.engine.account("600").members += ("45",)
    phones = await set_up(hass, entry)
    await shows(phones, "on")
    await wait_for(hass, lambda: phones.has("45", ORDERS))
    assert called(phones, ORDERS) == "45 Freya Nilsen Logged in to 600 Sales"
    assert called(phones) == "45 Freya Nilsen Logged in to 601 sales"


async def test_renamed(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A new name of the queue is that of the switch, too, and in the registry."""
    await shows(phones, "on")
    entity_id = phones.id("45", SERVICE, Platform.SWITCH)
    for name, shown in (("Help", "Help"), ("Orders", "601 Orders"), ("Aid", "Aid")):
        pbx.engine.rename("601", name)
        await pbx.cut()
        await wait_for(
            hass,
            lambda s=shown: called(phones) == f"45 Freya Nilsen Logged in to {s}",  # type: ignore[misc]
        )
        assert phones.id("45", SERVICE, Platform.SWITCH) == entity_id
        registered = er.async_get(hass).async_get(entity_id)
        assert registered
        assert registered.original_name == f"Logged in to {shown}"
        await shows(phones, "on")


async def test_german(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The name of the queue stands in the text of the language; its number, without."""
    await hass.config.async_update(language="de")
    pbx.engine.rename("601", "")
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("45", SERVICE))
    name = phones.get("45", SERVICE, Platform.SWITCH).attributes["friendly_name"]
    assert name == "45 Freya Nilsen Angemeldet bei 601"


async def test_as_a_pbx_comes(hass: HomeAssistant, dialect: str) -> None:
    """An old PBX has no such login; a recent one has."""
    async with Simulator(getattr(Switches, dialect)()) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await settle(hass, SLOWLY)
        assert phones.has("45", SERVICE) is (dialect == "modern")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
