"""What a user sees of a telephone system, in both dialects."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Simulator, Switches
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import (
    Phones,
    create_branch_entry,
    create_entry,
    set_up,
    wait_for,
)

EXTENSIONS = [str(number) for number in range(40, 58)]
GROUPS = ["500", "501", "600", "601", "700", "800", "5"]
OTHER_ACCOUNTS = ["900"]


@pytest.mark.office
async def test_devices(hass: HomeAssistant, phones: Phones) -> None:
    """There is a device for the PBX and one for each extension and group, and no other."""
    devices = dr.async_entries_for_config_entry(
        dr.async_get(hass), phones.entry.entry_id
    )
    assert len(devices) == 1 + len(EXTENSIONS) + len(GROUPS)
    pbx = phones.device(None)
    assert pbx
    assert (pbx.name, pbx.manufacturer, pbx.entry_type) == (
        "Vodia PBX",
        "Vodia",
        dr.DeviceEntryType.SERVICE,
    )
    assert pbx.sw_version in ("5.3", "70.1")
    for number in EXTENSIONS:
        device = phones.device(number)
        assert device
        assert device.via_device_id == pbx.id
        assert (device.model, device.model_id) == ("Extension", number)
    assert not any(phones.device(number) for number in OTHER_ACCOUNTS)


@pytest.mark.office
async def test_device_names(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A device has number and name of its account, or a name made of the number."""
    for number in EXTENSIONS:
        device = phones.device(number)
        assert device
        name = pbx.engine.account(number).name
        expected = f"{number} {name}" if name else f"Extension {number}"
        # What would be a tag is shown with other brackets.
        assert device.name == expected.translate(str.maketrans("<>", "‹›"))


@pytest.mark.office
async def test_registry(hass: HomeAssistant, phones: Phones) -> None:
    """The ids are frozen, chat is off by default, nothing hides from device targets."""
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), phones.entry.entry_id
    )
    prefix = phones.entry.entry_id
    assert {e.unique_id for e in entities if e.unique_id.startswith(f"{prefix}::")} == {
        f"{prefix}::{key}"
        for key in (
            "connected",
            "active_calls",
            "ringing_calls",
            "registered_extensions",
        )
    }
    keys = {
        *("registered", "dnd", "ringing", "in_call", "chat_available"),
        *("call", "last_caller", "chat"),
    }
    line = {"message", "answer", "reject", "hang_up", "hold", "resume"}
    assert {
        e.unique_id for e in entities if e.unique_id.startswith(f"{prefix}:45:")
    } == {f"{prefix}:45:{key}" for key in keys | line}
    # The event of calls has the key of the sensor; a line has a switch for what is a
    # sensor of others.
    of_phones = len(EXTENSIONS) * (len(keys) + 1) + len(line)
    of_groups = {
        **{number: {"call", "in_use", "calls"} for number in ("500", "501")},
        **{number: {"call", "in_use", "calls", "waiting"} for number in ("600", "601")},
        **{number: {"in_use", "calls"} for number in ("700", "800")},
        "5": {"occupied"},
    }
    assert {e.unique_id for e in entities} >= {
        f"{prefix}:{number}:{key}" for number, keys in of_groups.items() for key in keys
    }
    assert len(entities) == 4 + of_phones + sum(map(len, of_groups.values()))
    assert {e.unique_id for e in entities if e.disabled_by} == {
        *(
            f"{prefix}:{number}:{key}"
            for number in EXTENSIONS
            for key in ("chat_available", "chat")
        ),
        *(
            f"{prefix}:{number}:{key}"
            for number in EXTENSIONS
            for key in ("ringing", "last_caller", "call")
            if number != "45"
        ),
    }
    assert not any(e.entity_category for e in entities)


@pytest.mark.office
@pytest.mark.all_entities
async def test_first_states(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """After setup every entity shows what the PBX knows."""
    for number in EXTENSIONS:
        account = pbx.engine.account(number)
        assert phones.states(
            number, "registered", "dnd", "ringing", "in_call", "call"
        ) == [
            "on" if account.registered else "off",
            "on" if account.dnd else "off",
            "off",
            "off",
            "idle",
        ]
    registered = sum(pbx.engine.account(number).registered for number in EXTENSIONS)
    assert phones.states(
        "", "connected", "active_calls", "ringing_calls", "registered_extensions"
    ) == ["on", "0", "0", str(registered)]


async def test_life_of_a_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An incoming call rings, connects, is held, resumed, and ends."""
    call_id = pbx.engine.ring("+4930123456", "45", name="Anna Meyer")
    state = await phones.wait("45", "call", "ringing")
    assert phones.states("45", "ringing", "in_call") == ["on", "off"]
    started = state.attributes["started"]
    assert (
        state.attributes.items()
        >= {
            "call_id": call_id,
            "direction": "incoming",
            "scope": "external",
            "remote_number": "+4930123456",
            "remote_name": "Anna Meyer",
            "dialed_number": "45",
            "answered": None,
            "recording": False,
            "other_calls": 0,
        }.items()
    )
    assert phones.states("", "active_calls", "ringing_calls") == ["0", "1"]

    pbx.engine.answer(call_id, "45")
    state = await phones.wait("45", "call", "connected")
    assert phones.states("45", "ringing", "in_call") == ["off", "on"]
    assert state.attributes["started"] == started
    assert phones.states("", "active_calls", "ringing_calls") == ["1", "0"]

    pbx.engine.hold(call_id, "45")
    await phones.wait("45", "call", "held")
    assert phones.states("45", "ringing", "in_call") == ["off", "on"]
    assert phones.states("", "active_calls", "ringing_calls") == ["1", "0"]
    pbx.engine.resume(call_id, "45")
    await phones.wait("45", "call", "connected")

    pbx.engine.hang_up(call_id)
    state = await phones.wait("45", "call", "idle")
    assert phones.states("45", "ringing", "in_call") == ["off", "off"]
    assert "call_id" not in state.attributes
    assert phones.states("", "active_calls", "ringing_calls") == ["0", "0"]


async def test_two_calls_at_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A second call rings beside a connected one; the end of one ends one."""
    first = pbx.engine.ring(CALLER, "45", name="First")
    pbx.engine.answer(first, "45")
    await phones.wait("45", "call", "connected")
    second = pbx.engine.ring(SECOND_CALLER, "45", name="Second")
    await phones.wait("45", "ringing", "on")
    state = phones.get("45", "call")
    assert (state.state, state.attributes["call_id"]) == ("connected", first)
    assert state.attributes["other_calls"] == 1
    assert phones.state("45", "in_call") == "on"

    pbx.engine.hang_up(first)
    state = await phones.wait("45", "call", "ringing")
    assert state.attributes["call_id"] == second
    assert phones.states("45", "ringing", "in_call") == ["on", "off"]
    pbx.engine.hang_up(second)
    await phones.wait("45", "call", "idle")


async def test_outgoing_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that the phone makes is dialing, never ringing."""
    call_id = pbx.engine.dial("45", "41")
    state = await phones.wait("45", "call", "dialing")
    assert phones.states("45", "ringing", "in_call") == ["off", "off"]
    assert state.attributes["direction"] == "outgoing"
    assert state.attributes["scope"] == "internal"
    assert state.attributes["remote_number"] == "41"
    assert state.attributes["remote_name"] == pbx.engine.account("41").name
    await wait_for(hass, lambda: "41" in pbx.engine.call(call_id).rung)
    pbx.engine.answer(call_id, "41")
    await phones.wait("45", "call", "connected")


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
async def test_group_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, group_ids: str
) -> None:
    """A call to the group of 45 rings here and stops when another answers."""
    pbx.switches.group_ids = group_ids  # type: ignore[assignment]
    call_id = pbx.engine.ring("+4930123456", "500", name="Anna")
    state = await phones.wait("45", "call", "ringing")
    assert state.attributes["dialed_number"] == "500"
    pbx.engine.answer(call_id, "43")
    await phones.wait("45", "call", "idle")
    assert phones.states("45", "ringing", "in_call") == ["off", "off"]
    await phones.wait("43", "in_call", "on")
    await phones.wait("44", "in_call", "off")
    pbx.engine.hang_up(call_id)
    await phones.wait("43", "in_call", "off")


async def test_presence(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """DND and registration of any extension show as soon as the PBX tells them."""
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    before = int(phones.state("", "registered_extensions"))
    pbx.engine.set_registered("41", False)
    await phones.wait("41", "registered", "off")
    assert phones.state("", "registered_extensions") == str(before - 1)
    pbx.engine.set_dnd("41", False)
    await phones.wait("41", "dnd", "off")


async def test_chat(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Chat availability, once enabled, follows the status; no status is unknown."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_or_create(
        "binary_sensor", DOMAIN, f"{entry.entry_id}:45:chat_available"
    ).entity_id
    pbx.engine.set_chat("45", "online")
    phones = await set_up(hass, entry)
    assert phones.id("45", "chat_available") == entity_id
    assert phones.state("45", "chat_available") == "on"
    pbx.engine.set_chat("45", "offline")
    await phones.wait("45", "chat_available", "off")
    pbx.engine.set_chat("45", "")
    await phones.wait("45", "chat_available", STATE_UNKNOWN)


@classic
async def test_classic_does_not_tell_whether_others_ring(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Another extension that is busy is in a call; which kind is not known."""
    call_id = pbx.engine.ring("+4930123456", "41")
    await phones.wait("41", "in_call", "on")
    assert phones.state("41", "call") == STATE_UNKNOWN
    assert phones.states("", "active_calls", "ringing_calls") == [
        STATE_UNKNOWN,
        STATE_UNKNOWN,
    ]
    pbx.engine.hang_up(call_id)
    await phones.wait("41", "in_call", "off")
    assert phones.state("41", "call") == "idle"
    assert phones.states("", "active_calls", "ringing_calls") == ["0", "0"]


@classic
@pytest.mark.all_entities
async def test_classic_with_details_tells_all(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where the PBX gives the state of other extensions' calls, it is used."""
    pbx.switches.user_calls = "full"
    call_id = pbx.engine.ring("+4930123456", "41", name="Anna")
    await phones.wait("41", "call", "ringing")
    assert phones.states("41", "ringing", "in_call") == ["on", "off"]
    assert phones.states("", "active_calls", "ringing_calls") == ["0", "1"]
    pbx.engine.answer(call_id, "41")
    state = await phones.wait("41", "call", "connected")
    assert state.attributes["remote_name"] == "Anna"


@modern
async def test_modern_tells_calls_of_others(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """With the tenant's calls every extension shows its own."""
    call_id = pbx.engine.ring("+4930123456", "41", name="Anna")
    await phones.wait("41", "call", "ringing")
    pbx.engine.answer(call_id, "41")
    state = await phones.wait("41", "call", "connected")
    assert state.attributes["remote_name"] == "Anna"
    assert state.attributes["answered"]
    assert phones.states("", "active_calls", "ringing_calls") == ["1", "0"]


@modern
@pytest.mark.all_entities
async def test_modern_without_right_to_see_others(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Without the tenant's calls others show what presence tells, and no more."""
    pbx.switches.domain_calls = False
    phones = await set_up(hass, entry)
    assert phones.states("45", "call", "ringing", "in_call") == ["idle", "off", "off"]
    assert phones.states("41", "call", "ringing", "in_call") == [
        STATE_UNKNOWN,
        STATE_UNKNOWN,
        "off",
    ]
    assert phones.states("", "active_calls", "ringing_calls") == [STATE_UNKNOWN] * 2
    call_id = pbx.engine.ring("+4930123456", "41")
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "in_call", "on")
    assert phones.state("41", "call") == STATE_UNKNOWN
    own = pbx.engine.ring("+4930123457", "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(own)
    await phones.wait("45", "call", "idle")


@modern
async def test_accounts_of_unknown_type_are_no_phones(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A server that ignores the type filter leaves only our own extension sure."""
    pbx.switches.accounts_type_filter = False
    phones = await set_up(hass, entry)
    assert phones.has("45")
    assert not any(phones.device(number) for number in (*GROUPS, "41"))


async def test_new_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A new extension gets its device without a reload; a new flag does not."""
    pbx.engine.add_account("70", "New One")
    pbx.engine.add_account("6", "New flag", type="srvflags")
    pbx.engine.set_registered("70", True)
    await wait_for(hass, lambda: phones.has("70", "call"))
    await phones.wait("70", "registered", "on")
    device = phones.device("70")
    assert device
    assert device.name == "70 New One"
    assert phones.device("6") is None


async def test_renamed_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A new name reaches the device; the entity ids stay."""
    entity_id = phones.id("41", "dnd")
    pbx.engine.rename("41", "Somebody Else")
    await pbx.cut()

    def renamed() -> bool:
        """Return whether the device has the new name."""
        device = phones.device("41")
        return device is not None and device.name == "41 Somebody Else"

    await wait_for(hass, renamed)
    assert phones.id("41", "dnd") == entity_id


async def test_several_tenants(hass: HomeAssistant, pbx: Simulator) -> None:
    """Two tenants of one host are kept apart, also where the numbers are the same."""
    one = await set_up(hass, create_entry(hass, pbx))
    other = await set_up(hass, create_branch_entry(hass, pbx))
    pbx.engine.set_dnd("45", True, tenant="branch.example")
    await other.wait("45", "dnd", "on")
    assert one.state("45", "dnd") == "off"
    # A PBX that tells of all tenants names them; the default one is not always ours.
    pbx.switches.foreign_user_states = pbx.switches.user_state = True
    pbx.engine.set_dnd("45", False, tenant="branch.example")
    await other.wait("45", "dnd", "off")
    pbx.engine.set_dnd("45", True)
    await one.wait("45", "dnd", "on")
    await pbx.flush()
    await hass.async_block_till_done()
    assert other.state("45", "dnd") == "off"


async def test_wild_frames_make_no_difference(hass: HomeAssistant) -> None:
    """Strings for booleans, objects for lists, stars and unknown words change nothing."""
    for dialect in ("classic", "modern"):
        switches = getattr(Switches, dialect)(
            strings=True, calls_as_object=True, noise=True, star_extensions=True
        )
        async with Simulator(switches) as pbx:
            phones = await set_up(hass, create_entry(hass, pbx))
            assert phones.state("41", "call") == "idle"
            call_id = pbx.engine.ring("+4930123456", "45", name="Anna")
            await phones.wait("45", "call", "ringing")
            pbx.engine.answer(call_id, "45")
            await phones.wait("45", "call", "connected")
            pbx.engine.set_dnd("45", True)
            await phones.wait("45", "dnd", "on")
            pbx.engine.hang_up(call_id)
            await phones.wait("45", "call", "idle")
            trace = phones.entry.runtime_data.client.trace
            assert trace.unknown_fields
            assert not trace.dropped
            assert await hass.config_entries.async_remove(phones.entry.entry_id)
            await hass.async_block_till_done()
            assert phones.device("45") is None
            assert STATE_UNAVAILABLE not in {s.state for s in hass.states.async_all()}
