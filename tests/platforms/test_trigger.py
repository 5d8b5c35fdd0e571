"""Triggers and conditions: one call, one firing; only what was asked for."""

import asyncio
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.event import VodiaCallEvent
from custom_components.vodia.pbx.models import (
    AccountCall,
    CallEvent,
    CallEventType,
    CallState,
    Direction,
    Party,
)
from custom_components.vodia.pbx.sync.dispatch import Dispatch
from custom_components.vodia.trigger import TRIGGERS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    floor_registry as fr,
    label_registry as lr,
)
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.automations import FOR, Ring, attach, automate
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import (
    Phones,
    create_branch_entry,
    create_entry,
    device,
    set_up,
    settle,
    wait_for,
)
from tests.support.outage import lose_link, reconnect, restore_link
from tests.support.repository import ROOT

TRIGGERED = [CallEventType(name.removeprefix("call_")) for name in TRIGGERS]

type Json = dict[str, Any]


async def test_ringing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that rings fires once, with who calls; the next one fires again."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    call = pbx.engine.ring(CALLER, "45", name="Anna")
    await wait_for(hass, lambda: fired)
    (data,) = fired
    assert (data["platform"], data["event_type"]) == ("vodia.call_ringing", "ringing")
    assert (data["call_id"], data["extensions"]) == (call, ["45"])
    assert (data["remote_number"], data["remote_name"]) == (CALLER, "Anna")
    assert (data["direction"], data["scope"]) == ("incoming", "external")
    assert data["config_entry_id"] == phones.entry.entry_id
    assert "Anna" in data["description"]
    pbx.engine.answer(call, "45")
    pbx.engine.hang_up(call)
    pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: len(fired) == 2)
    await settle(hass)
    assert len(fired) == 2


async def test_in_the_turn_of_the_frame(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The action runs before the client is done with the frame."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    meanwhile: list[int] = []
    handle = Dispatch.handle

    def watched(*args: Any) -> None:
        """Count what fires while a frame is taken in; nothing else gets a turn."""
        before = len(fired)
        handle(*args)
        meanwhile.append(len(fired) - before)

    monkeypatch.setattr(Dispatch, "handle", watched)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    assert sum(meanwhile) == len(fired) == 1


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
@pytest.mark.parametrize(("behavior", "times"), [("first", 1), ("each", 3)])
@pytest.mark.parametrize("options", [{}, FOR], ids=["at once", "after a while"])
async def test_one_call_one_firing(
    hass: HomeAssistant,
    group_ids: str,
    behavior: str,
    times: int,
    options: Json,
) -> None:
    """However many phones a call rings, it fires once and lists them, or for each."""
    async with Simulator(Switches.modern(group_ids=group_ids)) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        options = {**options, "behavior": behavior}
        fired = await attach(hass, "call_ringing", device(phones, None), **options)
        pbx.engine.ring(CALLER, "500")
        await wait_for(hass, lambda: len(fired) == times)
        await settle(hass)
        assert len(fired) == times
        assert sorted(number for data in fired for number in data["extensions"]) == [
            *("43", "44", "45")
        ]
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@pytest.mark.parametrize(
    ("options", "ring", "fires"),
    [
        ({"number": "030 111111"}, Ring(), True),
        ({"number": ["0049 30 111111"]}, Ring(), True),
        ({"number": ["+4989123456", "+49 30 111111"]}, Ring(), True),
        ({"number": "030 111112"}, Ring(), False),
        ({"name": "anna*"}, Ring(name="Anna Meyer"), True),
        ({"name": ["Ben", "Anna Meyer"]}, Ring(name="Anna Meyer"), True),
        ({"name": "anna"}, Ring(name="Anna Meyer"), False),
        ({"name": "*"}, Ring("41"), True),
        ({"scope": "internal"}, Ring("41"), True),
        ({"scope": "internal"}, Ring(), False),
        ({"scope": "external"}, Ring(), True),
    ],
)
async def test_filters(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    options: Json,
    ring: Ring,
    *,
    fires: bool,
) -> None:
    """Number, name and scope decide."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), **options)
    pbx.engine.ring(ring.number, "45", ring.name)
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    assert bool(fired) is fires


async def test_targets(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Entity, device, area, floor, label and PBX lead to the phone; others do not."""
    floor = fr.async_get(hass).async_create("Ground floor")
    office = ar.async_get(hass).async_create("Office", floor_id=floor.floor_id)
    kitchen = ar.async_get(hass).async_create("Kitchen")
    label = lr.async_get(hass).async_create("Desk phones")
    registry = dr.async_get(hass)
    registry.async_update_device(
        device(phones, "45")["device_id"],
        area_id=office.id,
        labels={label.label_id},
    )
    # A device of another integration in the kitchen.
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    stove = registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "45")}
    )
    registry.async_update_device(stove.id, area_id=kitchen.id)
    targets: list[tuple[Json, bool]] = [
        ({"entity_id": phones.id("45", "call", "event")}, True),
        ({"entity_id": phones.id("45", "registered")}, True),
        (device(phones, "45"), True),
        ({"area_id": office.id}, True),
        ({"floor_id": floor.floor_id}, True),
        ({"label_id": label.label_id}, True),
        (device(phones, None), True),
        (device(phones, "41"), False),
        ({"area_id": kitchen.id}, False),
        ({"device_id": stove.id}, False),
        ({"entity_id": "light.kitchen"}, False),
    ]
    fired = [await attach(hass, "call_ringing", target) for target, _ in targets]
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    for (target, fires), found in zip(targets, fired, strict=True):
        assert len(found) == fires, target


async def test_other_pbx(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A phone of the same number at another PBX is another phone."""
    other = await set_up(hass, create_branch_entry(hass, pbx))
    fired = await attach(hass, "call_ringing", device(other, "45"))
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    assert not fired
    pbx.engine.ring(CALLER, "45", tenant="branch.example")
    await wait_for(hass, lambda: fired)
    assert fired[0]["config_entry_id"] == other.entry.entry_id


async def test_dialing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that is made fires; that the own phone rings first is no incoming call."""
    dialing = await attach(hass, "call_dialing", device(phones, "45"))
    ringing = await attach(hass, "call_ringing", device(phones, "45"))
    assert await call_action(hass, "dial", number=CALLER)
    await wait_for(hass, lambda: dialing)
    await settle(hass)
    assert [data["remote_number"] for data in dialing] == [CALLER]
    assert dialing[0]["direction"] == "outgoing"
    assert not ringing


@pytest.mark.parametrize(
    ("trigger", "options", "fires"),
    [
        ("call_answered", {}, True),
        ("call_answered", {"direction": "incoming"}, True),
        ("call_answered", {"direction": "outgoing"}, False),
        ("call_ended", {}, True),
        ("call_ended", {"direction": "outgoing"}, False),
        ("call_ended", {"end_reason": ["completed", "missed"]}, True),
        ("call_ended", {"end_reason": "missed"}, False),
        ("call_missed", {}, False),
    ],
)
async def test_answered_and_ended(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    trigger: str,
    options: Json,
    *,
    fires: bool,
) -> None:
    """An answered call fires what fits it."""
    fired = await attach(hass, trigger, device(phones, "45"), **options)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass)
    assert len(fired) == fires


@modern
async def test_missed(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call to a group that nobody answers is missed once."""
    fired = await attach(hass, "call_missed", device(phones, None))
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: fired)
    await settle(hass)
    assert len(fired) == 1
    assert fired[0]["extensions"] == ["43", "44", "45"]
    assert fired[0]["end_reason"] == "missed"


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
async def test_answered_elsewhere(hass: HomeAssistant, group_ids: str) -> None:
    """A group's call that one phone answers: what each trigger makes of it."""
    async with Simulator(Switches.modern(group_ids=group_ids)) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        everyone, one = device(phones, None), device(phones, "45")
        missed = await attach(hass, "call_missed", everyone)
        answered = await attach(hass, "call_answered", everyone)
        over = await attach(hass, "call_ended", everyone)
        over_for_one = await attach(hass, "call_ended", one)
        over_for_each = await attach(hass, "call_ended", everyone, behavior="each")
        elsewhere = await attach(
            hass, "call_ended", everyone, end_reason="answered_elsewhere"
        )
        call = pbx.engine.ring(CALLER, "500")
        await phones.wait("45", "ringing", "on")
        pbx.engine.answer(call, "43")
        await phones.wait("43", "in_call", "on")
        await settle(hass)
        assert [data["extensions"] for data in answered] == [["43"]]
        assert [data["end_reason"] for data in over_for_one] == ["answered_elsewhere"]
        assert [data["extensions"] for data in elsewhere] == [["44", "45"]]
        # For the house it goes on.
        assert not over
        pbx.engine.hang_up(call)
        await wait_for(hass, lambda: over)
        await settle(hass)
        assert [data["end_reason"] for data in over] == ["completed"]
        assert len(over_for_each) == 3
        assert len(over_for_one) == len(elsewhere) == 1
        assert not missed
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


# What began before


async def test_setup(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """What was up at setup began before us; its end is told."""
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    pbx.engine.ring(SECOND_CALLER, "45")
    # The triggers of automations are there before any PBX is.
    everywhere = {"label_id": "phones"}
    label = lr.async_get(hass).async_create("phones")
    began = [
        await attach(hass, trigger, everywhere)
        for trigger in ("call_ringing", "call_answered", "call_dialing")
    ]
    over = await attach(hass, "call_ended", everywhere)
    phones = await set_up(hass, entry)
    dr.async_get(hass).async_update_device(
        device(phones, "45")["device_id"], labels={label.label_id}
    )
    await settle(hass)
    assert not any(began)
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: over)
    assert not any(began)


async def test_what_the_faq_says_of_restarts(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that rings when the entry starts is shown and not told; after an outage it is."""
    (answer,) = re.findall(
        r"^\*\*Will my automations fire for calls that came during a restart\?\*\*(.*?)\n\n",
        (ROOT / "docs" / "faq.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    assert "`vodia.call_ringing` does not fire" in answer
    target = device(phones, "45")
    rings = await attach(hass, "call_ringing", target)
    over = await attach(hass, "call_ended", target)
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    call = pbx.engine.ring(CALLER, "45")
    await set_up(hass, phones.entry)
    assert phones.state("45", "ringing") == "on"
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: over)
    assert not rings
    await lose_link(pbx, phones)
    pbx.engine.ring(CALLER, "45")
    await pbx.accept()
    await wait_for(hass, lambda: rings)


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call from during an outage that is still up fires once; an old one not again."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    waited = await attach(hass, "call_ringing", device(phones, "45"), **FOR)
    over = await attach(hass, "call_ended", device(phones, "45"))
    first = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: fired)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(first)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await settle(hass, 0.5)
    # Nobody knows whether it rings.
    assert not waited
    await pbx.accept()
    await wait_for(hass, lambda: len(fired) == 2)
    assert [data["call_id"] for data in fired] == [first, second]
    assert [data["backfilled"] for data in fired] == [False, True]
    assert [data["end_reason"] for data in over] == ["missed"]
    await wait_for(hass, lambda: waited)
    await reconnect(pbx, phones)
    await settle(hass)
    assert len(fired) == 2
    assert [data["call_id"] for data in waited] == [second]


# For a while


@modern
@pytest.mark.parametrize("ending", ["rings on", "answered elsewhere", "given up"])
async def test_ringing_for(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, ending: str
) -> None:
    """The time runs for each call, and ends when it is answered anywhere."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), **FOR)
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    assert not fired
    if ending == "answered elsewhere":
        pbx.engine.answer(call, "43")
    elif ending == "given up":
        pbx.engine.hang_up(call)
    await settle(hass, 0.5)
    assert len(fired) == (ending == "rings on")


@pytest.mark.parametrize("rings_on", [True, False])
async def test_ringing_for_that_ends_in_an_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, rings_on: bool
) -> None:
    """Nobody knows whether it rings then: it fires when the link is back, if it does."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), **FOR)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await lose_link(pbx, phones)
    if not rings_on:
        pbx.engine.hang_up(call)
    await settle(hass, 1)
    assert not fired
    await restore_link(pbx, phones)
    await settle(hass, 1)
    assert [data["call_id"] for data in fired] == [call] * rings_on


@modern
async def test_ringing_for_two_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The end of one call does not end the wait for another."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), **FOR)
    first = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await settle(hass)
    pbx.engine.hang_up(first)
    await wait_for(hass, lambda: fired)
    await settle(hass, 0.5)
    assert [data["call_id"] for data in fired] == [second]


@modern
async def test_ringing_for_where_it_still_rings(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A phone that no longer rings when the time is up is not listed."""
    fired = await attach(hass, "call_ringing", device(phones, None), **FOR)
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")
    pbx.engine.reject(call, "44")
    await wait_for(hass, lambda: fired)
    assert [data["extensions"] for data in fired] == [["43", "45"]]


def step(
    account: str, type_: CallEventType, call_id: str, *, past: bool = False
) -> CallEvent:
    """Return what happens to a call."""
    call = AccountCall(
        id=call_id,
        state=CallState.RINGING,
        direction=Direction.INCOMING,
        scope=None,
        remote=Party(CALLER),
        dialed_number=None,
        started=None,
        answered=None,
        recording=None,
    )
    return CallEvent(account, type_, call, int(call_id), backfilled=past, past=past)


def told(phones: Phones, account: str, type_: CallEventType, call_id: str) -> None:
    """Tell of a call as the client does."""
    phones.entry.runtime_data.on_call_events([step(account, type_, call_id)])


async def test_one_phone_after_the_other(hass: HomeAssistant, phones: Phones) -> None:
    """A call that hunts through phones is one call, and its time goes on."""
    everyone = device(phones, None)
    at_once = await attach(hass, "call_ringing", everyone)
    waited = await attach(hass, "call_ringing", everyone, **FOR)
    told(phones, "43", CallEventType.RINGING, "1")
    told(phones, "44", CallEventType.RINGING, "1")
    told(phones, "43", CallEventType.ENDED, "1")
    await wait_for(hass, lambda: waited)
    # It comes back.
    told(phones, "43", CallEventType.RINGING, "1")
    await settle(hass, 0.5)
    assert [data["extensions"] for data in at_once] == [["43"]]
    assert [data["extensions"] for data in waited] == [["44"]]


@pytest.mark.parametrize("type_", TRIGGERED)
async def test_calls_of_an_outage(
    hass: HomeAssistant, phones: Phones, type_: CallEventType
) -> None:
    """A call that was over when it was told fires only where that is wanted, once."""
    everyone = device(phones, None)
    as_ever = await attach(hass, f"call_{type_}", everyone)
    refused = await attach(hass, f"call_{type_}", everyone, backfilled=False)
    wanted = await attach(hass, f"call_{type_}", everyone, backfilled=True)
    phones.entry.runtime_data.on_call_events(
        [step("43", type_, "1", past=True), step("44", type_, "1", past=True)]
    )
    told(phones, "43", type_, "2")
    await hass.async_block_till_done()
    assert [data["call_id"] for data in as_ever] == ["2"]
    assert [data["call_id"] for data in refused] == ["2"]
    assert [data["call_id"] for data in wanted] == ["1", "2"]
    assert [data["backfilled"] for data in wanted] == [True, False]


async def test_ringing_for_in_an_outage(hass: HomeAssistant, phones: Phones) -> None:
    """A call that is over rings for no time, whether or not it is wanted."""
    fired = await attach(
        hass, "call_ringing", device(phones, None), backfilled=True, **FOR
    )
    phones.entry.runtime_data.on_call_events(
        [
            step("43", CallEventType.RINGING, "1", past=True),
            step("43", CallEventType.ENDED, "1", past=True),
        ]
    )
    told(phones, "43", CallEventType.RINGING, "2")
    await wait_for(hass, lambda: fired)
    await settle(hass)
    assert [data["call_id"] for data in fired] == ["2"]


async def test_old_calls_are_forgotten(hass: HomeAssistant, phones: Phones) -> None:
    """What a trigger remembers is bounded: the last 500 calls."""
    fired = await attach(hass, "call_ringing", device(phones, "43"))
    ids = [str(number) for number in range(501)]
    for call_id in (*ids, "500", "1", "0"):
        told(phones, "43", CallEventType.RINGING, call_id)
    await hass.async_block_till_done()
    assert [data["call_id"] for data in fired] == [*ids, "0"]


@pytest.mark.logs("Unexpected error updating an entity")
@pytest.mark.all_entities
async def test_an_entity_that_fails(
    hass: HomeAssistant,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An entity that cannot take an event in stops no trigger."""
    fired = await attach(hass, "call_ringing", device(phones, "43"))
    monkeypatch.setattr(VodiaCallEvent, "_trigger_event", None)
    told(phones, "43", CallEventType.RINGING, "1")
    await hass.async_block_till_done()
    assert fired
    assert "Unexpected error updating an entity" in caplog.text


async def test_detached(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """An automation that is switched off waits for nothing."""
    fired = await automate(
        hass,
        {
            "trigger": "vodia.call_ringing",
            "target": device(phones, "45"),
            "options": FOR,
        },
        [],
    )
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    (entity_id,) = hass.states.async_entity_ids("automation")
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": entity_id}, blocking=True
    )
    await settle(hass, 0.5)
    assert not fired


# Conditions


@pytest.mark.parametrize(
    ("condition", "account", "passes"),
    [
        ("is_ringing", "45", True),
        ("is_in_call", "45", False),
        ("is_registered", "45", True),
        ("is_registered", "57", False),
        ("is_registered", None, False),
        ("is_dnd", "56", True),
        ("is_dnd", "45", False),
    ],
)
@pytest.mark.office
async def test_conditions(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    condition: str,
    account: str | None,
    *,
    passes: bool,
) -> None:
    """What a phone is decides; a device as the target means the right sensor of it."""
    fired = await automate(
        hass,
        {"trigger": "vodia.call_ringing", "target": device(phones, "45")},
        [
            {
                "condition": f"vodia.{condition}",
                "target": device(phones, account),
                "options": {"behavior": "all"},
            }
        ],
    )
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    assert bool(fired) is passes


@pytest.mark.parametrize(
    ("target", "passes"),
    [
        ("dnd sensor", True),
        ("other sensor", True),
        ("pbx", True),
        ("other phone", False),
        ("other integration", False),
    ],
)
@pytest.mark.office
async def test_condition_targets(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, target: str, *, passes: bool
) -> None:
    """Any entity of a phone leads to it, and the PBX to all; others' do not count."""
    hass.states.async_set("binary_sensor.door", "on")
    targets: dict[str, Json] = {
        "dnd sensor": {"entity_id": phones.id("56", "dnd")},
        "other sensor": {"entity_id": phones.id("56", "call")},
        "pbx": device(phones, None),
        "other phone": device(phones, "45"),
        "other integration": {"entity_id": "binary_sensor.door"},
    }
    fired = await automate(
        hass,
        {"trigger": "vodia.call_ringing", "target": device(phones, "45")},
        [{"condition": "vodia.is_dnd", "target": targets[target]}],
    )
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    assert bool(fired) is passes
