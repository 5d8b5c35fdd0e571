"""Which entities are enabled: few of the phones of others, and what the user wants."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from rig.timing import SetClock
from simulator import Simulator
from tests.support.entry import Phones, set_up, settle, wait_for
from tests.support.lines import has_line

BASIC = {
    ("binary_sensor", "registered"),
    ("binary_sensor", "dnd"),
    ("binary_sensor", "in_call"),
    ("sensor", "call"),
}
MINOR = {("binary_sensor", "ringing"), ("sensor", "last_caller"), ("event", "call")}
# Home Assistant loads an entry again this long after one of its entities is enabled.
RELOAD = 35


def enabled(phones: Phones, account: str) -> set[tuple[str, str]]:
    """Return the enabled entities of an account, by platform and key."""
    found = er.async_entries_for_config_entry(
        er.async_get(phones.hass), phones.entry.entry_id
    )
    return {
        (entity.domain, entity.unique_id.rpartition(":")[2])
        for entity in found
        if not entity.disabled and entity.unique_id.split(":")[-2] == account
    }


def shown(phones: Phones, account: str) -> set[tuple[str, str]]:
    """Return the entities of an account that have a state."""
    return {
        (domain, key)
        for domain, key in BASIC | MINOR
        if phones.hass.states.get(phones.id(account, key, domain))
    }


@pytest.fixture
async def user(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Any:
    """Return what enables and disables entities as the frontend does."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)

    async def update(entity_id: str, **changes: Any) -> None:
        """Change an entity, and wait for what comes of it."""
        message = {"type": "config/entity_registry/update", "entity_id": entity_id}
        await client.send_json_auto_id(message | changes)
        assert (await client.receive_json())["success"]
        await settle(hass, RELOAD)

    return update


async def choose(phones: Phones, *, all_entities: bool) -> None:
    """Set the option in its form."""
    hass = phones.hass
    form = await hass.config_entries.options.async_init(phones.entry.entry_id)
    done = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {"devices": {"accounts": "all", "all_entities": all_entities}},
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.office
async def test_default(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Of a colleague there is what tells the most; lines, groups and doors have all."""
    hass.config_entries.async_update_entry(entry, options={"door_stations": ["46"]})
    phones = await set_up(hass, entry)
    assert enabled(phones, "41") == shown(phones, "41") == BASIC
    assert enabled(phones, "46") == BASIC | {("event", "doorbell")}
    own = enabled(phones, "45")
    assert own >= MINOR | BASIC - {("binary_sensor", "dnd")}
    assert ("binary_sensor", "chat_available") not in own
    assert ("event", "call") in enabled(phones, "500")
    assert ("event", "call") in enabled(phones, "600")


async def test_option(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Switched on, all are there at once; switched off, they are gone again."""
    await choose(phones, all_entities=True)
    assert enabled(phones, "41") == shown(phones, "41") == BASIC | MINOR
    # What comes later is enabled, too.
    pbx.engine.add_account("70", "New One")
    await wait_for(hass, lambda: phones.has("70", "call"))
    await settle(hass)
    assert enabled(phones, "70") == BASIC | MINOR
    await settle(hass, RELOAD)
    assert enabled(phones, "41") == shown(phones, "41") == BASIC | MINOR
    await choose(phones, all_entities=False)
    for account in ("41", "70"):
        assert enabled(phones, account) == shown(phones, account) == BASIC
    assert enabled(phones, "45") >= MINOR


async def test_option_leaves_what_the_user_did(
    hass: HomeAssistant, phones: Phones, user: Any
) -> None:
    """What a user has enabled, disabled or named, no option takes back."""
    event, ringing = phones.id("41", "call", "event"), phones.id("42", "ringing")
    await user(event, disabled_by=None)
    await user(ringing, disabled_by=None)
    await user(ringing, disabled_by="user")
    assert enabled(phones, "41") == shown(phones, "41") == BASIC | {("event", "call")}
    await choose(phones, all_entities=True)
    assert enabled(phones, "42") == BASIC | MINOR - {("binary_sensor", "ringing")}
    # Touched while the option is on.
    await user(phones.id("43", "last_caller"), name="Who called Dai")
    again = phones.id("43", "call", "event")
    await user(again, disabled_by="user")
    await user(again, disabled_by=None)
    assert enabled(phones, "43") == BASIC | MINOR
    await choose(phones, all_entities=False)
    assert enabled(phones, "41") == BASIC | {("event", "call")}
    assert enabled(phones, "42") == BASIC
    assert enabled(phones, "43") == BASIC | {
        ("sensor", "last_caller"),
        ("event", "call"),
    }
    # Another start changes nothing, nor does the option once more.
    for all_entities in (None, True, False):
        if all_entities is None:
            assert await hass.config_entries.async_reload(phones.entry.entry_id)
            await hass.async_block_till_done()
        else:
            await choose(phones, all_entities=all_entities)
    assert enabled(phones, "41") == BASIC | {("event", "call")}
    assert enabled(phones, "42") == BASIC
    assert enabled(phones, "43") == BASIC | {
        ("sensor", "last_caller"),
        ("event", "call"),
    }


async def test_new_entities_are_not_wanted(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Where new entities are to be disabled, the option enables none."""
    hass.config_entries.async_update_entry(entry, pref_disable_new_entities=True)
    phones = await set_up(hass, entry)
    assert not enabled(phones, "45")
    await choose(phones, all_entities=True)
    assert not enabled(phones, "41")


async def test_line(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A phone that becomes a line has all of its entities, until it is none any more."""
    await has_line(phones, "41")
    assert enabled(phones, "41") >= MINOR
    assert phones.state("41", "ringing") == "off"
    assert phones.state("41", "last_caller") == STATE_UNKNOWN
    (subentry,) = phones.entry.subentries
    hass.config_entries.async_remove_subentry(phones.entry, subentry)
    await wait_for(hass, lambda: enabled(phones, "41") == BASIC)
    await settle(hass, RELOAD)
    assert enabled(phones, "41") == shown(phones, "41") == BASIC


async def test_whole_device_disabled(
    hass: HomeAssistant, phones: Phones, hass_ws_client: WebSocketGenerator
) -> None:
    """To disable the device and enable it again is no decision about an entity."""
    await choose(phones, all_entities=True)
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    device = phones.device("41")
    assert device
    for disabled_by in ("user", None):
        await client.send_json_auto_id(
            {
                "type": "config/device_registry/update",
                "device_id": device.id,
                "disabled_by": disabled_by,
            }
        )
        assert (await client.receive_json())["success"]
        await settle(hass, RELOAD)
    assert enabled(phones, "41") == BASIC | MINOR
    await choose(phones, all_entities=False)
    assert enabled(phones, "41") == BASIC


async def vanish(pbx: Simulator, phones: Phones, clock: SetClock, number: str) -> None:
    """Let an account go for good."""
    hass = phones.hass
    pbx.engine.remove_account(number)
    await pbx.cut()
    await settle(hass, 1)
    await phones.wait("", "connected", "on")
    clock.ahead += 600
    await pbx.cut()
    await wait_for(hass, lambda: phones.device(number) is None)


@pytest.mark.parametrize("touched", [False, True])
async def test_comes_back_as_something_else(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    user: Any,
    clock: SetClock,
    *,
    touched: bool,
) -> None:
    """A number that comes back has what is enabled for what it is now, if untouched."""
    if touched:
        await user(phones.id("500", "call", "event"), disabled_by="user")
        await user(phones.id("500", "call", "event"), disabled_by=None)
    await vanish(pbx, phones, clock, "500")
    pbx.engine.add_account("500", "A phone now")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("500", "registered"))
    await settle(hass, RELOAD)
    event = {("event", "call")} if touched else set()
    assert enabled(phones, "500") == BASIC | event


async def test_comes_back_under_another_option(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, user: Any, clock: SetClock
) -> None:
    """What is switched on while a phone is gone counts for it, too."""
    await user(phones.id("41", "ringing"), disabled_by="user")
    await vanish(pbx, phones, clock, "41")
    await choose(phones, all_entities=True)
    pbx.engine.add_account("41", "Bruno")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("41", "call"))
    await settle(hass, RELOAD)
    assert enabled(phones, "41") == BASIC | MINOR - {("binary_sensor", "ringing")}
    await vanish(pbx, phones, clock, "41")
    await choose(phones, all_entities=False)
    pbx.engine.add_account("41", "Bruno")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("41", "call"))
    await settle(hass, RELOAD)
    assert enabled(phones, "41") == BASIC
