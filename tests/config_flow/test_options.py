"""The forms of the options."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from simulator import Simulator
from tests.support.entry import Phones, set_up
from tests.support.repository import ENGLISH


def field_of(
    form: ConfigFlowResult, name: str, inside: str | None = None
) -> tuple[dict[str, str], Any]:
    """Return what is offered in a field of the options, and what is chosen."""
    schema: Any = form["data_schema"]
    if inside:
        schema = schema.schema[inside].schema
    ((marker, selector),) = [
        (marker, selector)
        for marker, selector in schema.schema.items()
        if marker == name
    ]
    assert selector.config["multiple"]
    assert selector.config["sort"]
    offered = {
        option["value"]: option["label"] for option in selector.config["options"]
    }
    assert len(offered) == len(selector.config["options"])
    return offered, (marker.description or {}).get("suggested_value")


async def open_options(
    hass: HomeAssistant, entry: MockConfigEntry
) -> tuple[ConfigFlowResult, dict[str, str], Any]:
    """Open the options; return the form, the extensions offered and what is chosen."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    return result, *field_of(result, "door_stations")


def collapsed(form: ConfigFlowResult) -> dict[str, bool]:
    """Return which sections of the options are collapsed."""
    assert form["data_schema"]
    return {
        str(name): field.options["collapsed"]
        for name, field in form["data_schema"].schema.items()
        if isinstance(field, section)
    }


async def save_options(
    hass: HomeAssistant, form: ConfigFlowResult, **options: Any
) -> None:
    """Save the options, and wait for what comes of it."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], options)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.office
async def test_options(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The extensions can be chosen, with their names; that reloads the entry."""
    entry = phones.entry
    form, offered, chosen = await open_options(hass, entry)
    assert set(offered) == {str(number) for number in range(40, 58)}
    assert (offered["45"], offered["52"]) == ("Freya Nilsen (45)", "52")
    assert chosen is None
    logins = pbx.login_attempts
    await save_options(hass, form, door_stations=["46", "52"])
    assert entry.options == {"door_stations": ["46", "52"]}
    assert entry.state is ConfigEntryState.LOADED
    assert pbx.login_attempts > logins

    form, offered, chosen = await open_options(hass, entry)
    assert len(offered) == 18
    assert chosen == ["46", "52"]
    # What is emptied, the frontend leaves out.
    await save_options(hass, form)
    assert entry.options == {"door_stations": []}


async def test_options_that_are_not_there(hass: HomeAssistant, phones: Phones) -> None:
    """What is not offered cannot be chosen."""
    form, _, _ = await open_options(hass, phones.entry)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"door_stations": ["500"]}
        )


@pytest.mark.office
async def test_options_for_absent_extensions(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Who is chosen and absent stays in the list, also if nobody knows it any more."""
    options = {"door_stations": ["46", "99"]}
    hass.config_entries.async_update_entry(entry, options=options)
    phones = await set_up(hass, entry)
    pbx.engine.remove_account("46")
    pbx.engine.remove_account("47")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    form, offered, chosen = await open_options(hass, entry)
    assert chosen == ["46", "99"]
    assert "47" not in offered
    assert (offered["99"], offered["46"]) == ("99", "Giulia Marchetti (46)")
    assert offered["48"] == "Ivana Petrović (48)"
    await save_options(hass, form, **options)
    assert entry.options == options
    assert phones.has("46", "doorbell")


@pytest.mark.office
async def test_options_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The extensions that are known from earlier days can be chosen, and work later."""
    entry = phones.entry
    hass.config_entries.async_update_entry(entry, options={"door_stations": ["99"]})
    assert await hass.config_entries.async_unload(entry.entry_id)
    form, offered, chosen = await open_options(hass, entry)
    assert set(offered) == {str(number) for number in range(40, 58)} | {"99"}
    assert (offered["45"], offered["99"]) == ("Freya Nilsen (45)", "99")
    assert chosen == ["99"]
    await pbx.refuse()
    await save_options(hass, form, door_stations=["46"])
    assert entry.options == {"door_stations": ["46"]}
    assert entry.state is ConfigEntryState.SETUP_RETRY
    form, offered, chosen = await open_options(hass, entry)
    assert chosen == ["46"]
    assert "99" not in offered
    await pbx.accept()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert phones.has("46", "doorbell")


@pytest.mark.office
async def test_options_in_sections(hass: HomeAssistant, phones: Phones) -> None:
    """All there is can be chosen; what is in the sections is stored beside the rest."""
    entry = phones.entry
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": True, "calls": True}
    offered, chosen = field_of(form, "chosen_accounts", "devices")
    assert {*map(str, range(40, 58)), "500", "600"} <= set(offered)
    assert (offered["45"], offered["500"]) == ("Freya Nilsen (45)", "Sales (500)")
    assert chosen is None
    # All that the frontend sends if nothing is touched.
    await save_options(
        hass,
        form,
        devices={
            "accounts": "all",
            "numbers_in_names": True,
            "all_entities": False,
        },
        calls={"watch": "all", "privacy": False},
    )
    default = {
        "door_stations": [],
        "accounts": "all",
        "account_types": [],
        "chosen_accounts": [],
        "numbers_in_names": True,
        "all_entities": False,
        "watch": "all",
        "llm_dials_outside": False,
        "privacy": False,
    }
    assert entry.options == default
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": True, "calls": True}
    devices = {
        "accounts": "chosen",
        "account_types": ["hunts"],
        "chosen_accounts": ["41", "600"],
        "numbers_in_names": False,
        "all_entities": True,
    }
    calls = {"watch": "own", "privacy": True, "llm_dials_outside": True}
    await save_options(hass, form, devices=devices, calls=calls)
    assert entry.options == {"door_stations": [], **devices, **calls}
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": False, "calls": False}
    offered, chosen = field_of(form, "chosen_accounts", "devices")
    assert chosen == ["41", "600"]
    # Who has no device now can still be chosen.
    assert (offered["42"], offered["600"]) == ("Chidi Okafor (42)", "Orders (600)")


@pytest.mark.parametrize(
    "options", [{"numbers_in_names": False}, {"all_entities": True}]
)
async def test_what_is_set_is_in_sight(
    hass: HomeAssistant, entry: MockConfigEntry, options: dict[str, bool]
) -> None:
    """A section with anything but the usual is open."""
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": False, "calls": True}


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("devices", "all_entities", "yes"),
        ("devices", "account_types", ["trunks"]),
        ("devices", "accounts", "some"),
        ("devices", "chosen_accounts", ["99"]),
        ("calls", "watch", "none"),
    ],
)
async def test_options_in_sections_that_are_not_there(
    hass: HomeAssistant, phones: Phones, part: str, field: str, value: Any
) -> None:
    """What is not offered cannot be chosen."""
    form, _, _ = await open_options(hass, phones.entry)
    valid: dict[str, dict[str, Any]] = {
        "devices": {"accounts": "chosen"},
        "calls": {"watch": "own", "privacy": True},
    }
    valid[part][field] = value
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(form["flow_id"], valid)


async def test_absent_chosen_accounts(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Who is chosen and absent stays in the list, also while the PBX is away."""
    options = {"accounts": "chosen", "chosen_accounts": ["46", "99"]}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    pbx.engine.remove_account("46")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    for loaded in (True, False):
        form, _, _ = await open_options(hass, entry)
        offered, chosen = field_of(form, "chosen_accounts", "devices")
        assert chosen == ["46", "99"]
        assert (offered["46"], offered["99"]) == ("Giulia Marchetti (46)", "99")
        assert ("500" in offered) is loaded
        assert await hass.config_entries.async_unload(entry.entry_id) or not loaded


async def test_options_are_translated(hass: HomeAssistant, phones: Phones) -> None:
    """Each field of the form has its text, and a text that explains it."""
    form, _, _ = await open_options(hass, phones.entry)
    assert form["data_schema"]
    texts = ENGLISH["options"]["step"]["init"]
    assert texts["title"]
    fields = form["data_schema"].schema
    outside = {"door_stations", "write_sentences"}
    assert set(texts["data"]) == set(texts["data_description"]) == outside
    assert {*outside, *texts["sections"]} == {str(field) for field in fields}
    for name, part in texts["sections"].items():
        inner = {str(field) for field in fields[name].schema.schema}
        assert part["name"]
        assert set(part["data"]) == set(part["data_description"]) == inner
