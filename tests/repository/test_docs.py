"""The pages for users: each entity, action, option and error is on its page."""

import re
from typing import Any

from custom_components.vodia.const import CALL_KEYS
from homeassistant.components.automation.config import (
    ValidationStatus,
    async_validate_config_item,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, wait_for
from tests.support.repository import ENGLISH, ROOT, SERVICES, examples, fields_of, rows

ENTITIES, ACTIONS, PRIVACY, TROUBLES, START, PROTOCOL = (
    (ROOT / page).read_text()
    for page in (
        *("docs/entities.md", "docs/actions.md", "docs/privacy.md"),
        *("docs/troubleshooting.md", "docs/getting-started.md", "docs/protocol.md"),
    )
)
MARK = "[†](protocol.md#not-proven-on-a-real-pbx)"
# Groups tell of their calls with the same event as extensions.
TOLD_TWICE = {("event", "call")}


def test_every_entity_has_its_row() -> None:
    """Each has one, with the name and the states that users see; none is left over."""
    found = rows(ENTITIES, r"`(binary_sensor|button|event|sensor|switch|notify)`")
    described = [
        (platform, key) for platform, keys in ENGLISH["entity"].items() for key in keys
    ]
    listed = [(row[0].strip("`"), row[1].strip("`")) for row in found]
    assert set(listed) == set(described)
    for entity in described:
        assert listed.count(entity) == (2 if entity in TOLD_TWICE else 1), entity
    for row, (platform, key) in zip(found, listed, strict=True):
        assert len(row) == 5, row
        assert row[2] == ENGLISH["entity"][platform][key]["name"]
        assert row[3]


def test_every_state_and_attribute_is_told() -> None:
    """States stand in the row of an entity or are on and off; attributes in a table."""
    attributes = {
        name
        for row in rows(ENTITIES, r"`\w+`(?:, `\w+`)*")
        if len(row) == 3
        for name in re.findall(r"`(\w+)`", row[0])
    }
    told: set[str] = set()
    for platform, keys in ENGLISH["entity"].items():
        for key, texts in keys.items():
            states = set(texts.get("state", {})) - {"on", "off"}
            if event := texts.get("state_attributes", {}).get("event_type"):
                states |= set(event["state"])
            (row, *_) = [
                row for row in rows(ENTITIES, f"`{platform}`") if row[1] == f"`{key}`"
            ]
            assert states <= set(re.findall(r"`(\w+)`", row[3])), key
            told |= set(texts.get("state_attributes", {}))
    assert attributes == told


def test_what_is_about_calls_is_named() -> None:
    """The page names what does not exist where calls are not watched."""
    (row,) = rows(ENTITIES, "Calls to watch")
    assert set(re.findall(r"`(\w+)`", row[1])) >= CALL_KEYS


def test_every_option_is_told() -> None:
    """The pages call the options as the form does."""
    sections = ENGLISH["options"]["step"]["init"]["sections"]
    names = {
        section["data"][field]
        for section in sections.values()
        for field in ("accounts", "watch", "privacy")
        if field in section["data"]
    }
    assert {row[0] for row in rows(ENTITIES, r"[A-Z][\w ]+")} >= names
    calls = sections["calls"]
    assert f"Configure > {calls['name']} > {calls['data']['privacy']}" in PRIVACY
    assert f"Configure > {calls['name']} > {calls['data']['watch']}" in PRIVACY
    assert ENGLISH["entity"]["sensor"]["last_caller"]["state"].items() == {
        ("external_caller", "External caller"),
        ("withheld", "Number withheld"),
    }


def test_every_action_has_its_row() -> None:
    """Each has one, with all of its fields; none is left over."""
    found = {row[0].strip("`"): row for row in rows(ACTIONS, r"`vodia\.\w+`")}
    described = {
        f"vodia.{name}": fields for name, fields in fields_of(SERVICES).items()
    }
    assert found.keys() == described.keys()
    for name, fields in described.items():
        assert found[name][1]
        assert set(re.findall(r"`(\w+)`", found[name][2])) == set(fields), name
        assert len(found[name]) == 4


def test_what_is_marked_is_explained() -> None:
    """What no PBX has shown is marked where it stands, and the protocol says what it is."""
    unproven = section(PROTOCOL, "Not proven on a real PBX")
    explained = {
        (domain, name)
        for row in rows(unproven, r"`\w+\.\w+`.*")
        for domain, name in re.findall(r"`(\w+)\.(\w+)`", row[0])
    }
    platforms = "|".join(ENGLISH["entity"])
    marked = {
        (row[0].strip("`"), row[1].strip("`"))
        for row in rows(ENTITIES, f"`({platforms})`")
        if MARK in row[4]
    } | {
        ("vodia", row[0].strip("`").removeprefix("vodia."))
        for row in rows(ACTIONS, r"`vodia\.\w+`")
        if MARK in row[1]
    }
    assert len(marked) > 30
    assert marked == explained


def test_every_error_has_its_row() -> None:
    """The table has the message of each error, as users read it."""
    texts = {
        error["message"]
        for key, error in ENGLISH["exceptions"].items()
        # One of them stands for all that name two states.
        if key == "call_held_not_ringing" or not re.match(r"call_\w+_not_", key)
    }
    errors = ACTIONS.partition("## Errors")[2]
    found = {row[0]: row[1] for row in rows(errors, r"[A-Z{][^|]+")}
    assert set(found) == texts
    assert all(found.values())


def section(page: str, heading: str) -> str:
    """Return what is under a heading of the second level."""
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def fields_of_form(step: dict[str, Any]) -> set[str]:
    """Return the names of the fields of a form, as users see them."""
    parts = (step, *step.get("sections", {}).values())
    return {name for part in parts for name in part["data"].values()}


def test_every_parameter_is_told() -> None:
    """The page has all that is asked for at the setup, and all options."""
    fields = rows(section(START, "4. Add the PBX"), r"[A-Z][\w ]+")
    asked = {row[0] for row in fields}
    assert asked == fields_of_form(ENGLISH["config"]["step"]["user"])
    assert asked == fields_of_form(ENGLISH["config"]["step"]["reconfigure"])
    options = section(START, "Options")
    assert {row[0] for row in rows(options, r"[A-Z][\w ]+")} == fields_of_form(
        ENGLISH["options"]["step"]["init"]
    )


def test_every_repair_has_its_row() -> None:
    """The page has each repair, as users read it."""
    found = rows(section(TROUBLES, "Repairs"), r"[A-Z{][^|]+")
    titles = {issue["title"] for issue in ENGLISH["issues"].values()}
    assert {row[0] for row in found} == titles
    assert all(all(row) for row in found)


def test_every_error_of_a_form_has_its_row() -> None:
    """The page has each error of the forms, as users read it."""
    found = rows(section(TROUBLES, "Errors in the forms"), r"[A-Z][^|]+")
    config, line = ENGLISH["config"], ENGLISH["config_subentries"]["line"]
    ends = (flow["abort"]["already_configured"] for flow in (config, line))
    texts = {*config["error"].values(), *ends}
    assert {row[0] for row in found} == texts
    assert all(all(row) for row in found)
    assert set(line["error"].values()) <= texts


async def test_privacy_example(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The automation is valid, and what it asks for tells who calls."""
    (config,) = [block for block in examples("docs/privacy.md") if "triggers" in block]
    config["actions"][-1] = {
        "event": "said",
        "event_data": {"message": config["actions"][-1]["data"]["message"]},
    }
    valid: Any = await async_validate_config_item(hass, "docs", config)
    assert valid.validation_status is ValidationStatus.OK, valid.validation_error
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    said: list[str] = []
    hass.bus.async_listen("said", lambda event: said.append(event.data["message"]))
    assert await async_setup_component(hass, "automation", {"automation": config})
    pbx.engine.ring(CALLER, "45", name="Xenia Mayrhofer")
    await wait_for(hass, lambda: said)
    assert said == ["Xenia Mayrhofer is calling"]
