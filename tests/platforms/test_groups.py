"""Ring groups and queues: accounts that are no phones, and the calls that are for them."""

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from rig.timing import SetClock
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.automations import FOR, attach
from tests.support.calls import CALLER, SECOND_CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, device, pbx_with, set_up, settle, wait_for
from tests.support.outage import lose_link

# Devices


@pytest.mark.office
async def test_devices(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A group is a device of the PBX, with its number and name or one made of its number."""
    pbx.engine.add_account("503", "", type="hunts")
    pbx.engine.add_account("603", "", type="acds")
    await pbx.cut()
    await wait_for(
        hass, lambda: phones.has("503", "call") and phones.has("603", "call")
    )
    hub = phones.device(None)
    assert hub
    for number, name, model in (
        ("500", "500 Sales", "Ring group"),
        ("600", "600 Orders", "Queue"),
        ("503", "Ring group 503", "Ring group"),
        ("603", "Queue 603", "Queue"),
    ):
        found = phones.device(number)
        assert found
        assert found.via_device_id == hub.id
        assert (found.name, found.model, found.model_id) == (name, model, number)
        assert phones.get(number, "call", "event").state == STATE_UNKNOWN


async def test_new_group(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A new group gets its device without a reload, also where its type is asked for."""
    pbx.engine.add_account("502", "New group", type="hunts", members=("45",))
    pbx.engine.set_dnd("41", True)
    await wait_for(hass, lambda: phones.has("502", "call"))
    recorder = CallEventRecorder(phones, "502")
    pbx.engine.ring(CALLER, "502")
    await recorder.expect("ringing")


async def test_renamed_group(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A new name reaches the device."""
    pbx.engine.rename("500", "Shop")
    await pbx.cut()

    def renamed() -> bool:
        """Return whether the device has the new name."""
        found = phones.device("500")
        return found is not None and found.name == "500 Shop"

    await wait_for(hass, renamed)


async def test_vanished_group(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
) -> None:
    """It is unavailable first, and removed ten minutes later; so is a changed type."""
    pbx.engine.remove_account("500")
    pbx.engine.remove_account("41")
    pbx.engine.add_account("41", "A group now", type="hunts", members=("45",))
    await pbx.cut()
    await wait_for(
        hass,
        lambda: phones.get("500", "call", "event").state == STATE_UNAVAILABLE,
    )
    await phones.wait("41", "registered", STATE_UNAVAILABLE)
    await phones.wait("", "connected", "on")
    assert phones.device("500")
    clock.ahead += 600
    await pbx.cut()
    await wait_for(hass, lambda: phones.device("500") is None)
    await wait_for(hass, lambda: phones.has("41", "call") and not phones.has("41"))
    found = phones.device("41")
    assert found
    assert (found.name, found.model) == ("41 A group now", "Ring group")
    await wait_for(
        hass, lambda: phones.get("41", "call", "event").state == STATE_UNKNOWN
    )
    recorder = CallEventRecorder(phones, "41")
    pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")


@pytest.mark.office
async def test_vanished_while_home_assistant_was_off(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A group that is missing at the start keeps its device; back, it works."""
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    pbx.engine.remove_account("600")
    await set_up(hass, phones.entry)
    found = phones.device("600")
    assert found
    assert phones.get("600", "call", "event").state == STATE_UNAVAILABLE
    assert phones.entry.runtime_data.client.tenant.groups["600"].type == "acds"
    pbx.engine.add_account("600", "Orders", type="acds")
    await pbx.cut()
    await wait_for(
        hass, lambda: phones.get("600", "call", "event").state == STATE_UNKNOWN
    )


# CallTracker


async def test_answered_by_our_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A group's call rings, is answered, held, resumed and completed."""
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500", name="Anna")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    pbx.engine.hold(call, "45")
    await recorder.expect("ringing", "answered", "held")
    pbx.engine.resume(call, "45")
    await recorder.expect("ringing", "answered", "held", "resumed")
    pbx.engine.hang_up(call)
    heard = await recorder.expect(
        "ringing", "answered", "held", "resumed", "ended: completed"
    )
    for told in heard:
        assert (told["call_id"], told["dialed_number"]) == (call, "500")
        assert (told["direction"], told["scope"]) == ("incoming", "external")
        assert (told["remote_number"], told["remote_name"]) == (CALLER, "Anna")


async def test_answered_by_another_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """It goes on for the group; classic presence does not tell if it rings or is up."""
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "43")
    await phones.wait("45", "ringing", "off")
    told = ["ringing", "answered"] if dialect == "modern" else ["ringing"]
    await settle(hass)
    await recorder.expect(*told)
    pbx.engine.hang_up(call)
    reason = "completed" if dialect == "modern" else "unknown"
    await recorder.expect(*told, f"ended: {reason}")


@pytest.mark.parametrize("presence_first", [True, False])
async def test_presence_that_tells_all(
    hass: HomeAssistant, presence_first: bool
) -> None:
    """Where classic presence has the states of calls, the group's call is known."""
    switches = {"user_calls": "full", "presence_first": presence_first}
    async with pbx_with(hass, "classic", **switches) as (pbx, phones):
        for group, member in (("500", "43"), ("600", "50")):
            recorder = CallEventRecorder(phones, group)
            call = pbx.engine.ring(CALLER, group)
            await recorder.expect("ringing")
            pbx.engine.answer(call, member)
            await recorder.expect("ringing", "answered")
            pbx.engine.hang_up(call)
            await recorder.expect("ringing", "answered", "ended: completed")


async def test_missed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """A call that nobody answers is missed by the group, where that is proven."""
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.hang_up(call)
    if dialect == "modern":
        await recorder.expect("ringing", "missed: missed", "ended: missed")
    else:
        await recorder.expect("ringing", "ended: unknown")


@modern
@pytest.mark.office
async def test_caller_in_a_queue_without_agents(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that waits where no phone rings is one of the queue; a phone is silent."""
    for number in ("49", "50", "51"):
        pbx.engine.set_dnd(number, True)
    recorder = CallEventRecorder(phones, "600")
    call = pbx.engine.ring(CALLER, "600")
    await recorder.expect("ringing")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "missed: missed", "ended: missed")


async def test_an_id_for_each_leg(hass: HomeAssistant, dialect: str) -> None:
    """All legs are one call: it goes on while one is left, and the one answered wins."""
    async with pbx_with(hass, dialect, group_ids="per_leg") as (pbx, phones):
        recorder = CallEventRecorder(phones, "500")
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.reject(call, "43")
        pbx.engine.answer(call, "45")
        heard = await recorder.expect("ringing", "answered")
        assert heard[-1]["call_id"] == phones.get("45", "call").attributes["call_id"]
        pbx.engine.hang_up(call)
        await recorder.expect("ringing", "answered", "ended: completed")
        recorder.heard.clear()
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "44")
        await phones.wait("45", "ringing", "off")
        await settle(hass)
        told = ["ringing", "answered"] if dialect == "modern" else ["ringing"]
        await recorder.expect(*told)
        pbx.engine.hang_up(call)
        reason = "completed" if dialect == "modern" else "unknown"
        await recorder.expect(*told, f"ended: {reason}")


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
async def test_call_that_is_to_who_answered(
    hass: HomeAssistant, group_ids: str
) -> None:
    """Where the PBX says so, the call is answered and has left the group."""
    switches = {"answered_to": "phone", "group_ids": group_ids}
    async with pbx_with(hass, "modern", **switches) as (pbx, phones):
        recorder = CallEventRecorder(phones, "500")
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "43")
        heard = await recorder.expect("ringing", "answered", "ended: unknown")
        assert heard[-1]["duration"] == 0
        pbx.engine.hang_up(call)
        missed = pbx.engine.ring(CALLER, "500")
        await wait_for(hass, lambda: len(recorder.heard) == 4)
        pbx.engine.hang_up(missed)
        await wait_for(hass, lambda: recorder.events()[-1] == ("ended", "missed"))


async def test_call_that_is_to_who_answered_by_presence(hass: HomeAssistant) -> None:
    """In the classic dialect the presence of who has it tells."""
    switches = {"answered_to": "phone", "user_calls": "full"}
    async with pbx_with(hass, "classic", **switches) as (pbx, phones):
        recorder = CallEventRecorder(phones, "600")
        call = pbx.engine.ring(CALLER, "600")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "49")
        await wait_for(hass, lambda: recorder.events()[-1:] == [("ended", "unknown")])


@modern
async def test_deflected(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that is sent on before anybody answers was not answered at the group."""
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    pbx.engine.transfer(call, "43", "700")
    await recorder.expect("ringing", "ended: unknown")


@modern
async def test_transferred_by_us(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A group's call that we transfer is said to be so."""
    recorder = CallEventRecorder(phones, "500")
    call = pbx.engine.ring(CALLER, "500")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    await call_action(hass, "transfer", number="41")
    await wait_for(hass, lambda: recorder.events()[-1] == ("ended", "transferred"))
    assert recorder.events()[-2] == ("transferred", None)


@pytest.mark.office
async def test_click_to_dial(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """While our own phone rings first, the dialed group does not."""
    pbx.switches.dial_pickup = None
    recorder = CallEventRecorder(phones, "501")
    await call_action(hass, "dial", number="501")
    await phones.wait("45", "call", "dialing")
    await settle(hass)
    assert not recorder.heard
    (call,) = pbx.engine.calls()
    pbx.engine.answer(call.id, "45")
    pbx.engine.answer(call.id, "46")
    await wait_for(hass, lambda: recorder.events()[-1:] == [("answered", None)])
    assert recorder.heard[-1]["remote_number"] == "45"
    assert recorder.heard[-1]["direction"] == "incoming"


# Outages, rights


async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A lost link makes it unavailable; what was announced ends, what came is told."""
    recorder = CallEventRecorder(phones, "500")
    gone = pbx.engine.ring(CALLER, "500")
    await recorder.expect("ringing")
    await lose_link(pbx, phones)
    assert phones.get("500", "call", "event").state == STATE_UNAVAILABLE
    pbx.engine.hang_up(gone)
    born = pbx.engine.ring(SECOND_CALLER, "500")
    await pbx.accept()
    heard = await recorder.expect("ringing", "ended: unknown", "ringing")
    assert (heard[-1]["call_id"], heard[-1]["backfilled"]) == (born, True)


async def test_own_calls_only(hass: HomeAssistant) -> None:
    """Of a group nothing is known but the calls that ring at our phone."""
    async with pbx_with(hass, "modern", domain_calls=False) as (pbx, phones):
        recorder, other = (
            CallEventRecorder(phones, "500"),
            CallEventRecorder(phones, "600"),
        )
        state = phones.entry.runtime_data.client.tenant
        call = pbx.engine.ring(CALLER, "500")
        pbx.engine.ring(CALLER, "600")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "43")
        # Whether the caller gave up or somebody answered is not told.
        await recorder.expect("ringing", "ended: unknown")
        assert not other.heard
        assert not any(state.groups[n].complete for n in ("500", "600"))
        recorder.heard.clear()
        call = pbx.engine.ring(CALLER, "500")
        await recorder.expect("ringing")
        pbx.engine.answer(call, "45")
        await recorder.expect("ringing", "answered")
        pbx.engine.hang_up(call)
        await recorder.expect("ringing", "answered", "ended: completed")


# Targets


async def test_trigger_on_a_group_and_its_members(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """One call fires once, for the group and the phones; the group alone fires, too."""
    both = {
        "device_id": [device(phones, number)["device_id"] for number in ("45", "500")]
    }
    fired = await attach(hass, "call_ringing", both)
    group = await attach(
        hass, "call_ringing", {"entity_id": phones.id("500", "call", "event")}
    )
    answered = await attach(hass, "call_answered", both)
    call = pbx.engine.ring(CALLER, "500")
    await wait_for(hass, lambda: fired and group)
    pbx.engine.answer(call, "45")
    await wait_for(hass, lambda: answered)
    await settle(hass)
    assert [f["extensions"] for f in fired] == [["45", "500"]]
    assert [f["extensions"] for f in group] == [["500"]]
    assert [f["dialed_number"] for f in group] == ["500"]
    assert len(answered) == 1


async def test_pbx_is_its_extensions_and_not_their_groups(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call to a group is one of the phones that ring; with the group named, of it too."""
    hub, group = device(phones, None), device(phones, "500")
    fired = await attach(hass, "call_ringing", hub, behavior="each")
    named = await attach(
        hass,
        "call_ringing",
        {"device_id": [hub["device_id"], group["device_id"]]},
        behavior="each",
    )
    pbx.engine.ring(CALLER, "500")
    await wait_for(hass, lambda: {"500"} in [set(f["extensions"]) for f in named])
    await settle(hass)
    assert fired
    assert "500" not in {number for f in fired for number in f["extensions"]}


@pytest.mark.parametrize("group_ids", ["one", "per_leg"])
async def test_trigger_on_the_end_of_a_groups_call(
    hass: HomeAssistant, group_ids: str
) -> None:
    """It fires when the call is over for the group, not when a phone stops ringing."""
    async with pbx_with(hass, "modern", group_ids=group_ids) as (pbx, phones):
        ended = await attach(hass, "call_ended", device(phones, "500"))
        call = pbx.engine.ring(CALLER, "500")
        pbx.engine.answer(call, "43")
        await phones.wait("43", "call", "connected")
        await settle(hass)
        assert not ended
        pbx.engine.hang_up(call)
        await wait_for(hass, lambda: ended)
        await settle(hass)
        assert [f["end_reason"] for f in ended] == ["completed"]


async def test_actions_refuse_a_group(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A group is no line, and none of the extensions whose calls are asked for."""
    target = {"entity_id": phones.id("500", "call", "event")}
    await expect_error(hass, "not_a_line", "hang_up", target=target)
    await expect_error(hass, "not_a_line", "dial", target=target, number="41")
    await expect_error(hass, "not_a_line", "set_dnd", target=target, enabled=True)
    await expect_error(hass, "nothing_targeted", "get_calls", target=target)
    assert not pbx.engine.calls()
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")
    both = {"entity_id": [target["entity_id"], phones.id("45", "call")]}
    response = await call_action(hass, "get_calls", target=both)
    assert response
    assert [(c["account"], c["call_id"]) for c in response["calls"]] == [("45", call)]


async def test_answered_before_the_time(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where it may have been answered at any phone, a group's call rings no more."""
    fired = await attach(hass, "call_ringing", device(phones, "500"), **FOR)
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "43")
    await phones.wait("45", "ringing", "off")
    await settle(hass, 0.6)
    assert not fired
    pbx.engine.hang_up(call)
    call = pbx.engine.ring(CALLER, "500")
    await wait_for(hass, lambda: fired)
    assert fired[0]["call_id"]
