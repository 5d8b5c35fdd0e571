"""What a target means: what it excludes, and several PBXs and lines in one."""

import json
from typing import Any, NamedTuple

import pytest

from custom_components.vodia.coordinator import VodiaCoordinator
from custom_components.vodia.target import accounts_in, targeted
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
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
from tests.support.actions import call_action, expect_error, expect_texts
from tests.support.automations import attach
from tests.support.calls import CALLER
from tests.support.dialects import modern
from tests.support.entry import (
    Phones,
    create_branch_entry,
    device,
    set_up,
    settle,
    wait_for,
)
from tests.support.lines import has_line
from tests.support.repository import INTEGRATION

ANNA, OTHER = "41", "42"
# Who is in the office, and what leaves out both of its phones.
BOTH = ("area", "floor", "pbx", "pbx's entity", "pbx's room")

type Json = dict[str, Any]

knows_exclude = pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 11),
    reason="Home Assistant refuses `exclude` in targets before 2026.11",
)


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
@pytest.mark.office("40", "501")
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
    await settle(hass)
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
        await expect_error(hass, "nothing_targeted", "get_calls", target=target)
        return
    response = await call_action(hass, "get_calls", target=target)
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
    await call_action(hass, "set_dnd", target=target, enabled=True)
    assert pbx.engine.account("45").dnd
    own = {"entity_id": phones.id("45", "call", "event")}
    target = {**places["pbx"], "exclude": own}
    await expect_error(
        hass, "nothing_targeted", "set_dnd", target=target, enabled=False
    )
    assert pbx.engine.account("45").dnd
    said = await call_action(
        hass, "voice_command", target=places["pbx"], command="who_is_calling"
    )
    assert said
    await expect_error(
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
        for name, data in (("get_calls", {}), ("set_dnd", {"enabled": True})):
            await expect_texts(
                hass,
                "The target only says what to exclude. Also choose what to exclude it "
                "from: phones, an area or a label.",
                "Das Ziel nennt nur, was ausgenommen ist. Wähle auch, wovon: Telefone, "
                "einen Bereich oder ein Label.",
                name,
                target=target,
                **data,
            )
    assert not pbx.engine.account("45").dnd


async def test_target_that_comes_to_nothing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A template that finds nobody does not mean every PBX."""
    empty: list[Json] = [
        {"entity_id": []},
        {"entity_id": "none"},
        {"area_id": []},
        {"device_id": [], "label_id": []},
    ]
    for target in empty:
        await expect_error(
            hass, "nothing_targeted", "set_dnd", target=target, enabled=True
        )
        await expect_error(hass, "nothing_targeted", "get_calls", target=target)
        await expect_error(
            hass,
            "nothing_targeted",
            "voice_command",
            target=target,
            command="who_is_calling",
        )
    assert not pbx.engine.account("45").dnd


# Several

HOW = ("all", "entities", "devices")


@pytest.fixture
async def branch(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> Phones:
    """Return the phones of a second PBX: another tenant's."""
    return await set_up(hass, create_branch_entry(hass, pbx))


@modern
@pytest.mark.office("40")
async def test_other_lines_are_done(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A line that cannot be set does not keep the others from it; its error is told."""
    lines = ("40", "41", "42")
    for account in lines:
        await has_line(phones, account)
    # Whichever comes first.
    bad = min(lines, key=lambda line: device(phones, line)["device_id"])
    pbx.engine.change_password(bad, "new-secret")
    pbx.expire_sessions()
    await pbx.cut(bad)
    await wait_for(
        hass, lambda: phones.get(bad, "dnd", "switch").state == STATE_UNAVAILABLE
    )
    target = {"device_id": [device(phones, line)["device_id"] for line in lines]}
    await expect_error(
        hass,
        "not_connected",
        "set_dnd",
        error=HomeAssistantError,
        target=target,
        enabled=True,
    )
    for line in lines:
        assert pbx.engine.account(line).dnd is (line != bad)


@pytest.mark.parametrize("away", ["phones", "branch"])
async def test_other_pbxs_are_done(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, branch: Phones, away: str
) -> None:
    """A PBX that is not set up does not keep the others from being acted upon."""
    first, here = (phones, branch) if away == "phones" else (branch, phones)
    target = {
        "entity_id": [
            *(first.id(number, "call") for number in ("45", "41")),
            here.id("45", "call"),
        ]
    }
    assert await hass.config_entries.async_unload(first.entry.entry_id)
    await expect_error(hass, "entry_not_loaded", "set_dnd", target=target, enabled=True)
    assert here.state("45", "dnd") == "on"
    # What is for one line only does not take the one that happens to be there.
    await expect_error(hass, "entry_not_loaded", "dial", target=target, number="41")
    assert not pbx.engine.calls()
    assert not pbx.engine.calls(tenant="branch.example")
    said = await call_action(
        hass, "voice_command", target=target, command="who_is_calling", language="en"
    )
    assert said == {"speech": "Nobody is calling.", "done": True}


@modern
@pytest.mark.parametrize(
    "how", [f"{why}, {target}" for why in ("not loaded", "no link") for target in HOW]
)
async def test_calls_of_the_others(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, branch: Phones, how: str
) -> None:
    """Calls are told where they are known; where a PBX is away they are unknown."""
    targets: dict[str, Json | None] = {
        "all": None,
        "entities": {
            "entity_id": [phones.id("41", "call"), branch.id("45", "call")],
        },
        "devices": {
            "device_id": [device(p, None)["device_id"] for p in (phones, branch)]
        },
    }
    why, _, how = how.partition(", ")
    target = targets[how]
    call = pbx.engine.ring(CALLER, "45", tenant="branch.example")
    await branch.wait("45", "call", "ringing")
    everybody = sorted(phones.entry.runtime_data.extensions)
    if why == "not loaded":
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
    else:
        pbx.engine.change_password("45", "new-secret")
        pbx.expire_sessions()
        await pbx.cut("45")
        await phones.wait("", "connected", "off")
        await branch.wait("", "connected", "on")
        await branch.wait("45", "call", "ringing")
    response = await call_action(hass, "get_calls", target=target)
    assert response
    assert [found["call_id"] for found in response["calls"]] == [call]
    assert response["unknown"] == (["41"] if how == "entities" else everybody)
    # Nothing at all is known only if none is there.
    assert await hass.config_entries.async_unload(branch.entry.entry_id)
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, "get_calls", target=target)
    key = "entry_not_loaded" if why == "not loaded" else "not_connected"
    assert raised.value.translation_key == key


@pytest.mark.parametrize("with_line", [False, True])
async def test_not_a_line_shows_the_way_out(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, with_line: bool
) -> None:
    """Who wants to control another extension is told which lines there are, and how."""
    if with_line:
        await has_line(phones, "41")
    with pytest.raises(ServiceValidationError) as raised:
        await call_action(hass, "hang_up", target=device(phones, "42"))
    assert raised.value.translation_key == "not_a_line"
    assert raised.value.translation_placeholders == {
        "extensions": "42 Chidi Okafor",
        "lines": "45 Freya Nilsen, 41 Bruno Ferreira"
        if with_line
        else "45 Freya Nilsen",
    }
    text = str(raised.value)
    assert "42" in text
    assert "45" in text
    assert "Add line" in text
    assert "Only" not in text


def test_not_a_line_in_all_languages() -> None:
    """The way out is named as the button is."""
    for path in (INTEGRATION / "translations").glob("*.json"):
        texts = json.loads(path.read_text())
        button = texts["config_subentries"]["line"]["initiate_flow"]["user"]
        message = texts["exceptions"]["not_a_line"]["message"]
        for words in (button, "{lines}", "{extensions}", "Vodia PBX"):
            assert words in message, path
