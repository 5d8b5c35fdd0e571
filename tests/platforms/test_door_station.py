"""Door stations: a call of the intercom rings the bell, once."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.vodia.pbx.models import (
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    Party,
    Scope,
)
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator import Simulator, Stage, Switches
from tests.support.actions import call_action
from tests.support.automations import automate
from tests.support.entry import (
    Phones,
    create_branch_entry,
    create_entry,
    set_up,
    settle,
    wait_for,
)
from tests.support.outage import lose_link
from tests.support.repository import examples

DOOR = "46"
OPTIONS = {"door_stations": [DOOR]}


@pytest.fixture
def entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return a config entry with a door station, not set up yet."""
    return with_door(hass, create_entry(hass, pbx))


def with_door(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry whose extension 46 is a door station."""
    hass.config_entries.async_update_entry(entry, options=OPTIONS)
    return entry


async def listen(hass: HomeAssistant, phones: Phones) -> list[ServiceCall]:
    """Set up an automation with Home Assistant's doorbell trigger; return its runs."""
    bell = {"entity_id": phones.id(DOOR, "doorbell", "event")}
    return await automate(hass, {"trigger": "doorbell.rang", "target": bell}, [])


def call_id(phones: Phones) -> str:
    """Return the call that the doorbell names."""
    told: str = phones.get(DOOR, "doorbell", "event").attributes["call_id"]
    return told


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, *doors: str
) -> dict[str, Any]:
    """Choose the door stations in the options; return what is stored."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        form["flow_id"], {"door_stations": list(doors)}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    return dict(entry.options)


async def test_ring(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Pressing the button rings; pressing it again rings again."""
    rang = await listen(hass, phones)
    assert phones.get(DOOR, "doorbell", "event").state == STATE_UNKNOWN
    call = pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: rang)
    bell = phones.get(DOOR, "doorbell", "event")
    assert bell.attributes["device_class"] == "doorbell"
    assert bell.attributes["event_types"] == ["ring"]
    assert bell.attributes["event_type"] == "ring"
    assert bell.attributes["friendly_name"] == "46 Giulia Marchetti Doorbell"
    assert call_id(phones) == call
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await phones.wait(DOOR, "in_call", "off")
    assert len(rang) == 1
    call = pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: len(rang) == 2)
    assert call_id(phones) == call
    await settle(hass)
    assert len(rang) == 2


async def test_entity(hass: HomeAssistant, phones: Phones) -> None:
    """It is on the device of the door station alone, and names nobody for ever."""
    entity_id = phones.id(DOOR, "doorbell", "event")
    entity, device = er.async_get(hass).async_get(entity_id), phones.device(DOOR)
    assert entity
    assert device
    assert entity.device_id == device.id
    assert not any(phones.has(other, "doorbell") for other in ("45", "47"))
    info = phones.get(DOOR, "doorbell", "event").state_info
    assert info
    assert "call_id" in info["unrecorded_attributes"]


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
@pytest.mark.parametrize("presence_first", [True, False])
async def test_group(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    group_ids: Any,
    *,
    presence_first: bool,
) -> None:
    """Three phones ring, the bell once; our phone can answer the call it names."""
    pbx.switches.group_ids = group_ids
    pbx.switches.presence_first = presence_first
    rang = await listen(hass, phones)
    call = pbx.engine.ring(DOOR, "500")
    await phones.wait("45", "ringing", "on")
    await wait_for(hass, lambda: rang)
    await call_action(hass, "answer", call_id=call_id(phones))
    assert pbx.engine.call(call).talks("45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass)
    assert len(rang) == 1


@pytest.mark.parametrize("presence_first", [True, False])
@pytest.mark.parametrize("user_calls", ["none", "from", "id", "full"])
async def test_both_proofs(
    hass: HomeAssistant, user_calls: Any, *, presence_first: bool
) -> None:
    """The station's own presence and our ringing phone prove the same one ring."""
    switches = Switches.classic(
        group_ids="per_leg", user_calls=user_calls, presence_first=presence_first
    )
    async with Simulator(switches) as pbx:
        phones = await set_up(hass, with_door(hass, create_entry(hass, pbx)))
        rang = await listen(hass, phones)
        pbx.engine.ring(DOOR, "500")
        await phones.wait("45", "ringing", "on")
        await wait_for(hass, lambda: rang)
        await settle(hass)
        assert len(rang) == 1


async def test_ring_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """A call that never comes to our phone rings where the PBX tells of it."""
    rang = await listen(hass, phones)
    call = pbx.engine.ring(DOOR, "43")
    if dialect == "classic":
        await phones.wait("43", "in_call", "on")
    else:
        await phones.wait("43", "call", "ringing")
    await settle(hass)
    assert len(rang) == (dialect == "modern")
    pbx.engine.answer(call, "43")
    pbx.engine.transfer(call, "43", "45")
    await phones.wait("45", "ringing", "on")
    await wait_for(hass, lambda: rang)
    await settle(hass)
    assert len(rang) == 1


async def test_passed_on(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that is transferred rings once more at a phone, and not at the door."""
    rang = await listen(hass, phones)
    call = pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: rang)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.transfer(call, "45", "43")
    await phones.wait("45", "call", "idle")
    pbx.engine.answer(call, "43")
    pbx.engine.transfer(call, "43", "45")
    await phones.wait("45", "call", "ringing")
    await settle(hass)
    assert len(rang) == 1


@pytest.mark.parametrize("presents_as", ["outgoing", "incoming"])
async def test_calls_to_the_door(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, presents_as: Any
) -> None:
    """Who calls the door station does not ring its bell, nor do other calls."""
    pbx.switches.dial_presents_as = presents_as
    rang = await listen(hass, phones)
    await call_action(hass, "dial", number=DOOR)
    await wait_for(
        hass,
        lambda: any(call.stage is Stage.RINGING for call in pbx.engine.calls()),
    )
    await settle(hass)
    pbx.engine.hang_up(pbx.engine.calls()[0].id)
    await phones.wait("45", "call", "idle")
    for caller, called in (("+4930123456", DOOR), ("43", DOOR), ("47", "45")):
        call = pbx.engine.ring(caller, called)
        await wait_for(
            hass,
            lambda called=called: phones.state(called, "call") != "idle",  # type: ignore[misc]
        )
        await settle(hass)
        pbx.engine.hang_up(call)
    assert not rang


async def test_other_tenant(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The extension of that number in another tenant has a bell of its own."""
    branch = await set_up(hass, with_door(hass, create_branch_entry(hass, pbx)))
    rang = await listen(hass, phones)
    call = pbx.engine.ring(DOOR, "45", tenant="branch.example")
    await wait_for(
        hass, lambda: branch.get(DOOR, "doorbell", "event").state != STATE_UNKNOWN
    )
    assert call_id(branch) == call
    await settle(hass)
    assert not rang


async def test_call_from_before(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A call that is up at the start does not ring, wherever it goes from there."""
    call = pbx.engine.ring(DOOR, "45")
    phones = await set_up(hass, entry)
    rang = await listen(hass, phones)
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.transfer(call, "45", "43")
    await phones.wait("45", "call", "idle")
    pbx.engine.answer(call, "43")
    pbx.engine.transfer(call, "43", "45")
    await phones.wait("45", "call", "ringing")
    await settle(hass)
    assert not rang
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: rang)


async def test_reload(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After a reload the last ring is still shown, and does not ring again."""
    rang = await listen(hass, phones)
    pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: rang)
    before = phones.get(DOOR, "doorbell", "event").state
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    await phones.wait("45", "call", "ringing")
    assert phones.get(DOOR, "doorbell", "event").state == before
    await settle(hass)
    assert len(rang) == 1


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call of an outage rings late if it is still up, and not if it is over."""
    rang = await listen(hass, phones)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(pbx.engine.ring(DOOR, "45"))
    call = pbx.engine.ring(DOOR, "45")
    await pbx.accept()
    await phones.wait("45", "call", "ringing")
    await wait_for(hass, lambda: rang)
    assert call_id(phones) == call
    await settle(hass)
    assert len(rang) == 1


@pytest.mark.parametrize(
    ("scope", "past", "rings"),
    [
        (Scope.INTERNAL, False, True),
        (Scope.INTERNAL, True, False),
        (Scope.EXTERNAL, False, False),
        (None, False, False),
    ],
)
async def test_not_at_the_door(
    hass: HomeAssistant, phones: Phones, scope: Scope | None, *, past: bool, rings: bool
) -> None:
    """A call that is over, or comes from that number elsewhere, does not ring."""
    rang = await listen(hass, phones)
    call = AccountCall(
        id="1",
        state=CallState.RINGING,
        direction=Direction.INCOMING,
        scope=scope,
        remote=Party(DOOR),
        dialed_number=None,
        started=None,
        answered=None,
        recording=None,
    )
    phones.entry.runtime_data.on_call_events(
        [CallEvent("45", CallEventType.RINGING, call, 1, past=past)]
    )
    await hass.async_block_till_done()
    assert bool(rang) is rings


# The option


@pytest.mark.office
async def test_choose(hass: HomeAssistant, pbx: Simulator, dialect: str) -> None:
    """Who is chosen gets a bell that works at once; who no longer is loses it."""
    entry = create_entry(hass, pbx)
    phones = await set_up(hass, entry)
    assert not phones.has(DOOR, "doorbell")
    assert await choose(hass, entry, DOOR, "47") == {"door_stations": [DOOR, "47"]}
    assert phones.has(DOOR, "doorbell")
    assert phones.has("47", "doorbell")
    entities = len(
        er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    )
    rang = await listen(hass, phones)
    pbx.engine.ring(DOOR, "45")
    await wait_for(hass, lambda: rang)
    assert await choose(hass, entry, DOOR) == OPTIONS
    assert phones.has(DOOR, "doorbell")
    assert not phones.has("47", "doorbell")
    assert not hass.states.get("event.hiroshi_tanabe_doorbell")
    assert await choose(hass, entry) == {"door_stations": []}
    assert not phones.has(DOOR, "doorbell")
    # Nothing else is gone.
    left = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert len(left) == entities - 2
    # And no reload brings a bell back, or rings.
    await settle(hass)
    assert len(rang) == 1


async def test_new_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A door station that the PBX lists only later has its bell from then on."""
    hass.config_entries.async_update_entry(
        phones.entry, options={"door_stations": ["60"]}
    )
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    assert not phones.has(DOOR, "doorbell")
    pbx.engine.add_account("60", "Front Door", registered=True)
    await wait_for(hass, lambda: phones.has("60", "doorbell"))
    pbx.engine.ring("60", "45")
    await wait_for(
        hass, lambda: phones.get("60", "doorbell", "event").state != STATE_UNKNOWN
    )


# The page


async def test_examples(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The automations of the page do what it says."""
    er.async_get(hass).async_update_entity(
        phones.id(DOOR, "doorbell", "event"),
        new_entity_id="event.front_door_doorbell",
    )
    snapshots = async_mock_service(hass, "camera", "snapshot")
    notified = async_mock_service(hass, "notify", "mobile_app_my_phone")
    hass.states.async_set("zone.home", "0")
    config = {"automation": examples("docs/door-stations.md")}
    assert await async_setup_component(hass, "automation", config)
    assert len(hass.states.async_entity_ids("automation")) == 2
    call = pbx.engine.ring(DOOR, "500")
    await wait_for(hass, lambda: notified)
    assert snapshots[0].data["filename"] == "/config/www/front_door.jpg"
    assert notified[0].data["data"] == {"image": "/local/front_door.jpg"}
    await phones.wait("45", "call", "ringing")
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
    await phones.wait("45", "call", "connected")
    assert pbx.engine.call(call).talks("45")
    assert len(snapshots) == len(notified) == 1
