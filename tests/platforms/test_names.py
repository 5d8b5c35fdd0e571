"""Names of devices and entities: each once, found by number, and ids without it."""

import asyncio
from collections import Counter
from collections.abc import Iterable
import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.vodia.hub.devices import known_accounts
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.entry import Phones, create_entry, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.repository import INTEGRATION

LANGUAGES = sorted(path.stem for path in (INTEGRATION / "translations").glob("*.json"))
BUTTONS = ("answer", "decline", "hang_up", "hold", "resume")
NUMBERS_OFF = {"numbers_in_names": False}


def entities(phones: Phones, account: str | None = None) -> list[er.RegistryEntry]:
    """Return the entities of an account, or all, those that are disabled included."""
    found = er.async_entries_for_config_entry(
        er.async_get(phones.hass), phones.entry.entry_id
    )
    return [e for e in found if account in (None, e.unique_id.split(":")[-2])]


def named(phones: Phones, account: str) -> str | None:
    """Return the name of a device."""
    device = phones.device(account)
    assert device
    return device.name


async def restart(phones: Phones, **options: object) -> None:
    """Set up the entry anew, with some options."""
    entry = phones.entry
    phones.hass.config_entries.async_update_entry(
        entry, options={**entry.options, **options}
    )
    assert await phones.hass.config_entries.async_reload(entry.entry_id)
    await phones.hass.async_block_till_done()


def twice(names: Iterable[str]) -> set[str]:
    """Return the names that are there more than once."""
    return {
        name for name, count in Counter(map(str.casefold, names)).items() if count > 1
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.office
@pytest.mark.usefixtures("offers")
async def test_no_name_twice(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, language: str
) -> None:
    """No two entities of one device have one name, in no language, enabled or not."""
    hass.config.language = language
    hass.config_entries.async_update_entry(entry, options={"door_stations": ["41"]})
    pbx.engine.leave_message("45", "42")
    phones = await set_up(hass, entry)
    await has_line(phones, "41")
    for account, key in (("45", "voicemail"), ("900", "active")):
        await wait_for(hass, lambda a=account, k=key: phones.has(a, k))  # type: ignore[misc]
    await settle(hass, 1)
    by_device: dict[str | None, list[str]] = {}
    for entity in entities(phones):
        assert entity.original_name, entity.unique_id
        by_device.setdefault(entity.device_id, []).append(entity.original_name)
    assert len(by_device) > 25
    assert [twice(names) for names in by_device.values()] == [set()] * len(by_device)


def test_no_name_twice_on_a_phone() -> None:
    """Nor where no PBX here offers it all: a phone may have any two of these."""
    apart = {("binary_sensor", "dnd"), ("binary_sensor", "active")}
    for path in (INTEGRATION / "translations").glob("*.json"):
        texts = json.loads(path.read_text())["entity"]
        names = [
            entity["name"]
            for domain, keys in texts.items()
            for key, entity in keys.items()
            # A line has the switch, and others have the sensor.
            if (domain, key) not in apart
        ]
        assert not twice(names), path.stem


async def test_a_line_has_one_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The switch of a line says it, the sensor that of others."""

    def platforms(account: str) -> set[str]:
        """Return the platforms that show do not disturb of an extension."""
        return {
            e.domain for e in entities(phones, account) if e.unique_id[-4:] == ":dnd"
        }

    assert platforms("45") == {Platform.SWITCH}
    assert platforms("41") == {Platform.BINARY_SENSOR}
    sensor = phones.id("41", "dnd")
    await has_line(phones, "41")
    assert platforms("41") == {Platform.SWITCH}
    (subentry,) = phones.entry.subentries
    hass.config_entries.async_remove_subentry(phones.entry, subentry)
    await wait_for(hass, lambda: platforms("41") == {Platform.BINARY_SENSOR})
    assert phones.id("41", "dnd") == sensor


@pytest.mark.office
async def test_devices_begin_with_their_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Extensions, groups and queues are found by number in pickers; ids do without it."""
    assert [named(phones, n) for n in ("45", "500", "600", "700")] == [
        *("45 Freya Nilsen", "500 Sales", "600 Orders", "700 Welcome")
    ]
    # Who has no name, and whose name has the number in it.
    assert named(phones, "52") == "Extension 52"
    assert named(phones, "5") == "Park 5"
    assert {e.entity_id for e in entities(phones, "45")} == {
        *(
            f"binary_sensor.freya_nilsen_{key}"
            for key in ("registered", "ringing", "in_call", "chat_available")
        ),
        *(f"sensor.freya_nilsen_{key}" for key in ("call", "last_caller")),
        *(f"event.freya_nilsen_{key}" for key in ("call_events", "message")),
        *(f"button.freya_nilsen_{key}" for key in BUTTONS),
        "switch.freya_nilsen_do_not_disturb",
        "notify.freya_nilsen_chat",
    }
    assert phones.id("500", "calls") == "sensor.sales_calls"
    assert phones.id("52", "call") == "sensor.extension_52_call"
    assert phones.id("5", "occupied") == "binary_sensor.park_5_occupied"
    name = phones.get("45", "call").attributes["friendly_name"]
    assert name == "45 Freya Nilsen Call"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("41 Bruno", "41 Bruno"),
        ("41 - Bruno", "41 - Bruno"),
        ("41: Bruno", "41: Bruno"),
        ("(41) Bruno", "(41) Bruno"),
        ("Bruno (41)", "Bruno (41)"),
        ("Room 410", "41 Room 410"),
        ("411 Bruno", "41 411 Bruno"),
        ("Søren 🎣", "41 Søren 🎣"),
        ("x" * 60, f"41 {'x' * 60}"),
    ],
)
async def test_no_number_twice(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, name: str, shown: str
) -> None:
    """A name that has the number in it is left alone; each is one account's again."""
    pbx.engine.rename("41", name)
    await pbx.cut()
    await wait_for(hass, lambda: named(phones, "41") == shown)
    await restart(phones)
    assert named(phones, "41") == shown


@pytest.mark.parametrize("name", ["Søren 🎣", "日本", "x" * 250, "_", "41"])
async def test_ids_of_any_name(hass: HomeAssistant, pbx: Simulator, name: str) -> None:
    """Whatever the name is, there are entities, with ids of Home Assistant's making."""
    pbx.engine.rename("41", name)
    plain = await set_up(hass, create_entry(hass, pbx, NUMBERS_OFF))
    ids = {(e.domain, e.translation_key): e.entity_id for e in entities(plain, "41")}
    assert await hass.config_entries.async_remove(plain.entry.entry_id)
    phones = await set_up(hass, create_entry(hass, pbx))
    assert phones.has("41", "call")
    assert {
        (e.domain, e.translation_key): e.entity_id for e in entities(phones, "41")
    } == ids


async def test_option(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Off and on again renames the devices, and no id."""
    ids = {e.entity_id for e in entities(phones)}
    await restart(phones, numbers_in_names=False)
    assert named(phones, "45") == "Freya Nilsen"
    assert phones.get("45", "call").attributes["friendly_name"] == "Freya Nilsen Call"
    pbx.engine.rename("41", "Somebody Else")
    await pbx.cut()
    await wait_for(hass, lambda: named(phones, "41") == "Somebody Else")
    await restart(phones, numbers_in_names=True)
    assert named(phones, "45") == "45 Freya Nilsen"
    assert named(phones, "41") == "41 Somebody Else"
    assert {e.entity_id for e in entities(phones)} == ids


async def test_name_of_the_user(
    hass: HomeAssistant, phones: Phones, hass_ws_client: WebSocketGenerator
) -> None:
    """A name that a user gave stays, and new ids are made of it, as everywhere."""
    device = phones.device("45")
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Reception")
    await restart(phones)
    name = phones.get("45", "call").attributes["friendly_name"]
    assert name == "Reception Call"
    assert phones.id("45", "call") == "sensor.freya_nilsen_call"
    assert await recreated(phones, hass_ws_client, "45") == "sensor.reception_call"
    assert await recreated(phones, hass_ws_client, "41") == "sensor.bruno_ferreira_call"


async def recreated(
    phones: Phones, hass_ws_client: WebSocketGenerator, account: str
) -> str:
    """Return the id that *Recreate entity IDs* would give the sensor Call."""
    assert await async_setup_component(phones.hass, "config", {})
    client = await hass_ws_client(phones.hass)
    entity_id = phones.id(account, "call")
    await client.send_json_auto_id(
        {
            "type": "config/entity_registry/get_automatic_entity_ids",
            "entity_ids": [entity_id],
        }
    )
    answer = await client.receive_json()
    found: str = answer["result"][entity_id]
    return found


async def test_ids_in_the_language_of_home_assistant(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Ids are made of translated names where Home Assistant does so."""
    hass.config.language = "de"
    phones = await set_up(hass, entry)
    assert phones.id("45", "call") == "sensor.freya_nilsen_anruf"
    assert phones.id("45", "call", "event") == "event.freya_nilsen_anrufereignisse"


async def test_flag_without_number(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, offers: None
) -> None:
    """A service flag is nobody to call: its device has its name alone."""
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("900", "active"))
    await asyncio.sleep(1)
    assert named(phones, "900") == pbx.engine.account("900").name


async def test_account_has_the_plain_name(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who reads the name of an account from its device gets no number with it."""
    pbx.engine.rename("41", "41 Bruno")
    pbx.engine.rename("42", "42 - Chidi")
    await pbx.cut()
    await wait_for(hass, lambda: named(phones, "42") == "42 - Chidi")
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    names = {n: name for n, (_, name) in known_accounts(hass, phones.entry).items()}
    assert names["45"] == "Freya Nilsen"
    assert names["42"] == "42 - Chidi"
