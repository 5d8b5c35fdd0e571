"""The options of a PBX: who has a device, and whose calls are watched."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import CALL_KEYS
from custom_components.vodia.hub.devices import account_of
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.automations import attach
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, create_entry, device, set_up, settle, wait_for

EVERYBODY = {
    *(str(number) for number in range(40, 58)),
    *("500", "501", "600", "601", "700", "800", "5"),
}
CHOSEN = {"accounts": "chosen"}
OWN = {"watch": "own"}


def devices(phones: Phones) -> set[str]:
    """Return the accounts that have a device."""
    entry_id = phones.entry.entry_id
    found = dr.async_entries_for_config_entry(dr.async_get(phones.hass), entry_id)
    return {account for one in found if (account := account_of(entry_id, one))}


def accounts(phones: Phones) -> set[str]:
    """Return the accounts that have an entity in the registry."""
    entities = er.async_entries_for_config_entry(
        er.async_get(phones.hass), phones.entry.entry_id
    )
    return {entity.unique_id.split(":")[1] for entity in entities} - {""}


def keys(phones: Phones, account: str) -> set[str]:
    """Return the keys of an account's entities in the registry."""
    entities = er.async_entries_for_config_entry(
        er.async_get(phones.hass), phones.entry.entry_id
    )
    return {
        entity.unique_id.split(":")[2]
        for entity in entities
        if entity.unique_id.split(":")[1] == account
    }


def ids(phones: Phones, account: str) -> dict[str, tuple[str, str]]:
    """Return all that names the device and the entities of an account."""
    found = phones.device(account)
    assert found
    entities = er.async_entries_for_device(
        er.async_get(phones.hass), found.id, include_disabled_entities=True
    )
    assert entities
    return {
        "device": (found.id, str(found.area_id)),
        **{f"{e.domain}.{e.unique_id}": (e.entity_id, e.id) for e in entities},
    }


async def choose(phones: Phones, **options: Any) -> None:
    """Set the options, and set up the entry anew."""
    hass, entry = phones.hass, phones.entry
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


@asynccontextmanager
async def pbx_with(
    hass: HomeAssistant,
    dialect: str,
    options: dict[str, Any],
    data: dict[str, Any] | None = None,
    **switches: Any,
) -> AsyncIterator[tuple[Simulator, Phones]]:
    """Set up a PBX with some options, and some answers to the open questions."""
    async with Simulator(getattr(Switches, dialect)(**switches)) as pbx:
        entry = create_entry(hass, pbx, **(data or {}))
        hass.config_entries.async_update_entry(entry, options=options)
        phones = await set_up(hass, entry)
        yield pbx, phones
        assert await hass.config_entries.async_unload(entry.entry_id)


def states(phones: Phones, account: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the states of an account."""
    return {key: phones.state(account, key) for key in keys}


# Devices


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, EVERYBODY),
        ({"accounts": "all", "chosen_accounts": ["41"]}, EVERYBODY),
        (CHOSEN, {"45"}),
        ({**CHOSEN, "chosen_accounts": ["41", "500"]}, {"45", "41", "500"}),
        ({**CHOSEN, "account_types": ["hunts"]}, {"45", "500", "501"}),
        (
            {**CHOSEN, "account_types": ["acds"], "chosen_accounts": ["41"]},
            {"45", "41", "600", "601"},
        ),
        ({**CHOSEN, "door_stations": ["46"]}, {"45", "46"}),
        ({**CHOSEN, "chosen_accounts": ["99"]}, {"45"}),
    ],
)
@pytest.mark.office
async def test_devices(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pbx: Simulator,
    options: dict[str, Any],
    expected: set[str],
) -> None:
    """Lines and door stations have one, and who is chosen, by number or by type."""
    hass.config_entries.async_update_entry(entry, options=options)
    phones = await set_up(hass, entry)
    assert devices(phones) == accounts(phones) == expected
    registered = sum(
        pbx.engine.account(str(number)).registered for number in range(40, 58)
    )
    # What is counted over the tenant stays all of it.
    assert phones.state("", "registered_extensions") == str(registered)


async def test_lines_always_have_one(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A further line needs not be chosen."""
    await choose(phones, **CHOSEN)
    assert devices(phones) == {"45"}
    flow = await hass.config_entries.subentries.async_init(
        (phones.entry.entry_id, "line"), context={"source": "user"}
    )
    await hass.config_entries.subentries.async_configure(
        flow["flow_id"], {"extension": "41", "password": "41-secret"}
    )
    await hass.async_block_till_done()
    assert devices(phones) == accounts(phones) == {"45", "41"}
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")


@pytest.mark.office
async def test_not_wanted_and_wanted_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Nothing is left of what is not wanted; wanted again, it is what it was."""
    entities = er.async_get(hass)
    entities.async_update_entity(
        phones.id("41", "registered"), new_entity_id="binary_sensor.boss"
    )
    before = {account: ids(phones, account) for account in ("41", "500", "45")}
    await choose(phones, **CHOSEN, chosen_accounts=["42"])
    assert devices(phones) == accounts(phones) == {"45", "42"}
    assert ids(phones, "45") == before["45"]
    assert hass.states.get("binary_sensor.boss") is None
    assert not [
        state
        for state in hass.states.async_all()
        if "Bruno" in state.attributes.get("friendly_name", "")
    ]
    await choose(phones)
    assert devices(phones) == accounts(phones) == EVERYBODY
    assert {account: ids(phones, account) for account in before} == before
    state = hass.states.get("binary_sensor.boss")
    assert state
    assert state.state == "on"


@pytest.mark.office
async def test_absent_and_not_wanted(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who is absent when it is not wanted any more leaves nothing either."""
    pbx.engine.remove_account("41")
    pbx.engine.remove_account("500")
    await choose(phones, **CHOSEN, chosen_accounts=["42"], account_types=["hunts"])
    # A ring group of old is still one of its type.
    assert devices(phones) == {"45", "42", "500", "501"}
    await choose(phones, **CHOSEN, chosen_accounts=["42"])
    assert devices(phones) == accounts(phones) == {"45", "42"}


@pytest.mark.office
async def test_new_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """One that appears gets no device, unless it or its type is chosen."""
    await choose(phones, **CHOSEN, chosen_accounts=["58"], account_types=["hunts"])
    for number, kind in (("59", "extensions"), ("58", "extensions"), ("502", "hunts")):
        pbx.engine.add_account(number, f"New {number}", type=kind)
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("58") and phones.has("502", "call"))
    assert "59" in phones.entry.runtime_data.extensions
    assert devices(phones) == accounts(phones) == {"45", "58", "500", "501", "502"}


async def test_renamed_and_removed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What happens to who has no device disturbs nothing."""
    await choose(phones, **CHOSEN)
    pbx.engine.rename("41", "Somebody else")
    pbx.engine.remove_account("42")
    await pbx.cut()
    state = phones.entry.runtime_data.client.tenant
    await wait_for(hass, lambda: phones.state("", "connected") == "on")
    await wait_for(
        hass,
        lambda: (
            (live := phones.entry.runtime_data.client.tenant) is not state
            and live.extensions["41"].name == "Somebody else"
        ),
    )
    assert devices(phones) == {"45"}


async def test_others_are_still_known(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Names, scope and groups of who has no device are known."""
    await choose(phones, **CHOSEN, chosen_accounts=["500"])
    pbx.engine.ring("41", "45")
    await phones.wait("45", "call", "ringing")
    attributes = phones.get("45", "call").attributes
    assert attributes["remote_name"] == "Bruno Ferreira"
    assert attributes["scope"] == "internal"
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")


@modern
async def test_trigger_on_the_pbx(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The PBX stands for all extensions that have a device, also for the end."""
    await choose(phones, **CHOSEN, chosen_accounts=["43"])
    ringing = await attach(hass, "call_ringing", device(phones, None))
    ended = await attach(hass, "call_ended", device(phones, None))
    other = pbx.engine.ring(CALLER, "41")
    await phones.wait("", "ringing_calls", "1")
    pbx.engine.hang_up(other)
    await phones.wait("", "ringing_calls", "0")
    call = pbx.engine.ring(CALLER, "500")
    await wait_for(hass, lambda: ringing)
    pbx.engine.reject(call, "43")
    pbx.engine.answer(call, "44")
    # Over for all that have a device, though one without goes on.
    await wait_for(hass, lambda: ended)
    await settle(hass)
    assert [fired["extensions"] for fired in ringing] == [["43", "45"]]
    assert [fired["call_id"] for fired in ended] == [call]


# Whose calls


async def test_only_our_own_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """Others have presence and nothing about calls, neither idle nor off."""
    presence = {"registered", "dnd", "chat_available", "chat"}
    assert keys(phones, "41") == presence | CALL_KEYS
    own = keys(phones, "45")
    before = ids(phones, "41")
    await choose(phones, **OWN, door_stations=["46"])
    assert keys(phones, "41") == presence
    assert keys(phones, "46") == presence | {"doorbell"}
    assert keys(phones, "45") == own
    assert keys(phones, "500") == {"call", "calls", "in_use"}
    assert not [
        state
        for state in hass.states.async_all()
        if "bruno" in state.entity_id and "call" in state.entity_id
    ]
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    await choose(phones)
    assert keys(phones, "41") == presence | CALL_KEYS
    assert ids(phones, "41") == before


@pytest.mark.parametrize("user_calls", ["from", "id", "full"])
async def test_calls_of_others_are_not_taken_in(
    hass: HomeAssistant, dialect: str, user_calls: str
) -> None:
    """They are not asked for; where presence tells them, nobody hears of them."""
    async with pbx_with(hass, dialect, OWN, user_calls=user_calls) as (pbx, phones):
        client = phones.entry.runtime_data.client
        sent = [recorded.text for recorded in client.trace.last]
        assert not [text for text in sent if b"domain-calls" in text]
        fired = await attach(hass, "call_ringing", device(phones, None))
        dnd = client.tenant.extensions["43"].dnd
        other = pbx.engine.ring(CALLER, "41")
        pbx.engine.answer(other, "41")
        pbx.engine.ring(CALLER, "600")
        pbx.engine.set_dnd("43", not dnd)
        await phones.wait("43", "dnd", "off" if dnd else "on")
        state = client.tenant
        for number in ("41", "49"):
            extension = state.extensions[number]
            assert extension.calls == ()
            assert (extension.ringing, extension.in_call) == (None, None)
            assert extension.call_state is None
            assert not extension.complete
        assert not state.groups["600"].calls
        assert not state.groups["600"].calls_of_unknown_state
        for key in ("active_calls", "ringing_calls"):
            assert phones.state("", key) == STATE_UNKNOWN
        found = await call_action(hass, "get_calls")
        assert found
        assert found["calls"] == []
        assert {"41", "49"} <= set(found["unknown"])
        # A call of a colleague with us is ours; the colleague stays silent.
        call = pbx.engine.ring("43", "45")
        await wait_for(hass, lambda: fired)
        assert [one["extensions"] for one in fired] == [["45"]]
        assert phones.get("45", "call").attributes["remote_number"] == "43"
        pbx.engine.answer(call, "45")
        await phones.wait("45", "call", "connected")


@pytest.mark.office
async def test_groups_of_our_own_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of a group there are the calls that ring at our phone."""
    await choose(phones, **OWN)
    recorder, other = CallEventRecorder(phones, "500"), CallEventRecorder(phones, "600")
    call = pbx.engine.ring(CALLER, "500")
    pbx.engine.ring(CALLER, "600")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "ended: completed")
    assert not other.heard


async def test_further_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A further line is one of our own: it tells its calls itself."""
    await choose(phones, **OWN)
    flow = await hass.config_entries.subentries.async_init(
        (phones.entry.entry_id, "line"), context={"source": "user"}
    )
    await hass.config_entries.subentries.async_configure(
        flow["flow_id"], {"extension": "41", "password": "41-secret"}
    )
    await hass.async_block_till_done()
    await phones.wait("41", "call", "idle")
    call = pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    pbx.engine.answer(call, "41")
    await phones.wait("41", "in_call", "on")
    pbx.engine.hang_up(call)
    await phones.wait("41", "in_call", "off")
    assert keys(phones, "42").isdisjoint(CALL_KEYS)


async def test_doorbell_at_our_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A door station that calls our phone rings its bell."""
    await choose(phones, **OWN, door_stations=["46"])
    bell = phones.get("46", "doorbell", "event")
    assert bell.state == STATE_UNKNOWN
    call = pbx.engine.ring("46", "45")
    await wait_for(
        hass,
        lambda: phones.get("46", "doorbell", "event").attributes.get("call_id") == call,
    )


@pytest.mark.parametrize(
    "refused", [{"accounts": 404}, {"history": 401}, {"history": 403}]
)
async def test_without_rights(hass: HomeAssistant, refused: dict[str, int]) -> None:
    """Where the PBX lists nobody, or refuses more, the line is as it always is."""
    switches = Switches.modern(domain_calls=False)
    switches.rest_status |= refused
    async with Simulator(switches) as pbx:
        entry = create_entry(hass, pbx)
        hass.config_entries.async_update_entry(entry, options={**CHOSEN, **OWN})
        phones = await set_up(hass, entry)
        assert devices(phones) == {"45"}
        call = pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "call", "ringing")
        pbx.engine.hang_up(call)
        await phones.wait("45", "call", "idle")
        assert await hass.config_entries.async_unload(entry.entry_id)
