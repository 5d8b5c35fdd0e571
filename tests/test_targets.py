"""What a target means: what it excludes, and several PBXs and lines in one."""

from typing import Any, NamedTuple

import pytest

from custom_components.vodia.coordinator import VodiaCoordinator
from custom_components.vodia.target import accounts_in, targeted
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    condition as condition_helper,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
    target as target_helper,
)
from simulator import Simulator

from .common import Phones
from .test_services import act, refused
from .test_triggers import attach, device, rest

ANNA, OTHER = "41", "42"
# Who is in the office, and what leaves out both of its phones.
BOTH = ("area", "floor", "pbx", "pbx's entity", "pbx's room")
CALLER = "+4930111111"

type Json = dict[str, Any]

knows_exclude = pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 11),
    reason="Home Assistant refuses `exclude` in targets before 2026.11",
)
modern = pytest.mark.parametrize("dialect", ["modern"])


class Selection(target_helper.TargetSelection):
    """A target as Home Assistant 2026.11 reads it, whatever the version is."""

    def __init__(self, config: Json) -> None:
        """Read the target, and what it excludes."""
        included = {key: config[key] for key in config if key != "exclude"}
        super().__init__(included)
        excluded = config.get("exclude")
        self.exclude = Selection(excluded) if excluded else None


@pytest.fixture
def places(hass: HomeAssistant, phones: Phones) -> Json:
    """Put the phone of Anna and another one into an office; name what can be said."""
    floor = fr.async_get(hass).async_create("First floor")
    office = ar.async_get(hass).async_create("Office", floor_id=floor.floor_id)
    room = ar.async_get(hass).async_create("Server room")
    label = lr.async_get(hass).async_create("Private")
    hidden = lr.async_get(hass).async_create("Hidden")
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for account in (ANNA, OTHER):
        found = phones.device(account)
        assert found
        devices.async_update_device(
            found.id,
            area_id=office.id,
            labels={label.label_id} if account == ANNA else set(),
        )
    hub = phones.device(None)
    assert hub
    devices.async_update_device(hub.id, area_id=room.id)
    annas = [
        entity.entity_id
        for entity in er.async_entries_for_device(
            entities, device(phones, ANNA)["device_id"], include_disabled_entities=True
        )
    ]
    entities.async_update_entity(
        phones.id(ANNA, "registered"),
        labels={hidden.label_id},
        hidden_by=er.RegistryEntryHider.USER,
    )
    return {
        "area": {"area_id": office.id},
        "floor": {"floor_id": floor.floor_id},
        "pbx": device(phones, None),
        "pbx's entity": {"entity_id": phones.id("", "connected")},
        "pbx's room": {"area_id": room.id},
        "anna": device(phones, ANNA),
        "anna's event": {"entity_id": phones.id(ANNA, "call", "event")},
        "anna's entities": {"entity_id": annas},
        "anna's label": {"label_id": label.label_id},
        "anna's hidden entity": {"label_id": hidden.label_id},
        "other": device(phones, OTHER),
        "other integration": {"entity_id": "light.office"},
    }


class Row(NamedTuple):
    """A target, what it excludes, and whether a call at Anna's phone counts."""

    included: str
    excluded: str | None
    counts: bool


TABLE = [
    Row("area", None, True),
    Row("area", "anna", False),
    Row("area", "anna's event", False),
    Row("area", "anna's entities", False),
    Row("area", "anna's label", False),
    Row("area", "anna's hidden entity", False),
    Row("area", "area", False),
    Row("area", "floor", False),
    Row("area", "pbx", False),
    Row("area", "pbx's entity", False),
    Row("area", "pbx's room", False),
    Row("area", "other", True),
    Row("area", "other integration", True),
    Row("floor", "anna's event", False),
    Row("pbx", None, True),
    Row("pbx", "anna", False),
    Row("pbx", "anna's event", False),
    Row("pbx", "area", False),
    Row("pbx", "other", True),
    Row("pbx", "pbx", False),
    Row("pbx's entity", "anna's label", False),
    Row("anna", "anna", False),
    Row("anna's event", "anna", False),
    Row("anna's event", "other", True),
]
rows = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row[0]}-{row[1]}") for row in TABLE]
)


def told(places: Json, row: Row) -> Json:
    """Return a target of the table as somebody writes it."""
    target: Json = dict(places[row.included])
    return target | ({"exclude": places[row.excluded]} if row.excluded else {})


@modern
@rows
async def test_exclude(
    hass: HomeAssistant,
    phones: Phones,
    places: Json,
    row: Row,
) -> None:
    """A phone that is excluded in any way is not in the target, others stay."""
    selection = Selection(told(places, row))
    coordinator: VodiaCoordinator = phones.entry.runtime_data
    accounts = accounts_in(hass, selection, coordinator)
    assert (ANNA in accounts) is row.counts
    assert (OTHER in accounts) is (
        not row.included.startswith("anna") and row.excluded not in ("other", *BOTH)
    )


@modern
async def test_excluded_pbx_keeps_its_groups(
    hass: HomeAssistant, phones: Phones, places: Json
) -> None:
    """The PBX stands for its phones, where it is excluded as where it is targeted."""
    target = {"device_id": [device(phones, n)["device_id"] for n in ("501", ANNA)]}
    coordinator: VodiaCoordinator = phones.entry.runtime_data
    selection = Selection({**target, "exclude": places["pbx"]})
    assert accounts_in(hass, selection, coordinator) == {"501"}
    selection = Selection({**target, "exclude": device(phones, "501")})
    assert accounts_in(hass, selection, coordinator) == {ANNA}


@modern
async def test_exclude_alone_is_no_target(
    hass: HomeAssistant, phones: Phones, places: Json
) -> None:
    """What is only excluded targets nothing."""
    selection = Selection({"exclude": places["anna"]})
    assert not targeted(hass, selection)


@knows_exclude
@modern
@rows
async def test_exclude_in_a_trigger(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    places: Json,
    row: Row,
) -> None:
    """A trigger does not fire for a call at a phone that is excluded."""
    fired = await attach(hass, "call_ringing", told(places, row))
    pbx.engine.ring(CALLER, ANNA)
    await phones.wait(ANNA, "call", "ringing")
    await rest(hass)
    assert bool(fired) is row.counts


@knows_exclude
@modern
@rows
async def test_exclude_in_a_condition(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    places: Json,
    row: Row,
) -> None:
    """A condition does not pass for a phone that is excluded."""
    pbx.engine.ring(CALLER, ANNA)
    await phones.wait(ANNA, "call", "ringing")
    condition = await condition_helper.async_validate_condition_config(
        hass,
        cv.CONDITION_SCHEMA(
            {
                "condition": "vodia.is_ringing",
                "target": told(places, row),
            }
        ),
    )
    checker = await condition_helper.async_from_config(hass, condition)
    try:
        assert checker.async_check() is row.counts
    finally:
        checker.async_unload()


@knows_exclude
@modern
@rows
async def test_exclude_in_an_action(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    places: Json,
    row: Row,
) -> None:
    """An action leaves out a phone that is excluded."""
    pbx.engine.ring(CALLER, ANNA)
    await phones.wait(ANNA, "call", "ringing")
    target = told(places, row)
    if row.included.startswith("anna"):
        is_left = row.counts
    else:
        # Of the PBX's phones more than two are left outside of the office.
        is_left = row.excluded not in BOTH or row[:2] == ("pbx", "area")
    if not is_left:
        await refused(hass, "nothing_targeted", "get_calls", target=target)
        return
    response = await act(hass, "get_calls", target=target)
    assert response
    assert [call["account"] for call in response["calls"]] == [ANNA] * row.counts
    assert not response["unknown"]


@knows_exclude
@modern
async def test_exclude_from_the_lines(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, places: Json
) -> None:
    """A line that is excluded is not acted upon; the PBX stands for the own line."""
    target = {**places["pbx"], "exclude": places["anna"]}
    await act(hass, "set_dnd", target=target, enabled=True)
    assert pbx.engine.account("45").dnd
    own = {"entity_id": phones.id("45", "call", "event")}
    target = {**places["pbx"], "exclude": own}
    await refused(hass, "nothing_targeted", "set_dnd", target=target, enabled=False)
    assert pbx.engine.account("45").dnd
    said = await act(
        hass, "voice_command", target=places["pbx"], command="who_is_calling"
    )
    assert said
    await refused(
        hass,
        "nothing_targeted",
        "voice_command",
        target=target,
        command="who_is_calling",
    )


@knows_exclude
@modern
async def test_exclude_alone_is_refused(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, places: Json
) -> None:
    """An action with nothing but an exclusion does not mean every PBX."""
    for target in (
        {"exclude": places["anna"]},
        {"entity_id": [], "exclude": places["anna"]},
        {"entity_id": "none", "exclude": places["anna"]},
    ):
        await refused(hass, "exclude_alone", "get_calls", target=target)
        await refused(hass, "exclude_alone", "set_dnd", target=target, enabled=True)
    assert not pbx.engine.account("45").dnd
