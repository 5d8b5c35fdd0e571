"""The actions: what they do to the PBX, what they return, how they fail."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from simulator import Simulator, Stage
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_branch_entry, set_up, wait_for
from tests.support.outage import lose_link

# Calls


async def test_dial(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Dialing returns the call that it made; the PBX has it."""
    call = await call_action(hass, "dial", number="(030) 123-456")
    assert call
    assert call["state"] == phones.state("45", "call") == "dialing"
    assert (call["account"], call["direction"]) == ("45", "outgoing")
    assert call["remote_number"] == "030123456"
    (real,) = pbx.engine.calls()
    assert (real.id, real.called.number) == (call["call_id"], "030123456")


@pytest.mark.parametrize("presented", ["outgoing", "incoming"])
async def test_dial_does_not_ring(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, presented: str
) -> None:
    """The desk phone rings first; that is no incoming call, however it is told."""
    pbx.switches.dial_presents_as = presented  # type: ignore[assignment]
    pbx.switches.dial_pickup = None
    states: list[str] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: states.append(
            f"{event.data['entity_id']}={event.data['new_state'].state}"
        ),
    )
    call = await call_action(hass, "dial", number="41")
    assert call
    pbx.engine.answer(call["call_id"], "45")
    await wait_for(
        hass, lambda: pbx.engine.call(call["call_id"]).stage is Stage.RINGING
    )
    pbx.engine.answer(call["call_id"], "41")
    state = await phones.wait("45", "call", "connected")
    assert state.attributes["direction"] == "outgoing"
    assert state.attributes["remote_number"] == "41"
    assert f"{phones.id('45', 'ringing')}=on" not in states
    assert f"{phones.id('45', 'call')}=ringing" not in states


@pytest.mark.parametrize(
    "number", ["", "hello world!", "+", "4 1;sip:x", "12\n34", "+-+1"]
)
async def test_dial_bad_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """What is not a number is refused, and does not reach the PBX."""
    await expect_error(hass, "invalid_number", "dial", number=number)
    assert not pbx.engine.calls()
    assert not any("make-call" in str(frame) for frame in pbx.received)


async def test_answer(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Answering connects the call and returns it."""
    call_id = pbx.engine.ring("+4930123456", "45", name="Anna")
    await phones.wait("45", "call", "ringing")
    call = await call_action(hass, "answer")
    assert call
    assert (call["call_id"], call["state"]) == (call_id, "connected")
    assert call["remote_name"] == "Anna"
    assert phones.state("45", "in_call") == "on"
    assert pbx.engine.call(call_id).stage is Stage.CONNECTED


async def test_answer_one_of_two(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """With two ringing calls the id decides."""
    first = pbx.engine.ring(CALLER, "45")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await wait_for(hass, lambda: phones.get("45", "call").attributes.get("other_calls"))
    await expect_error(hass, "several_ringing", "answer")
    call = await call_action(hass, "answer", call_id=second)
    assert call
    assert call["call_id"] == second
    assert pbx.engine.call(first).stage is Stage.RINGING


async def test_answer_without_fitting_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """There must be a call, and it must ring."""
    await expect_error(hass, "no_ringing_call", "answer")
    await expect_error(hass, "unknown_call", "answer", call_id="no such call")
    call_id = pbx.engine.ring("+4930123456", "45")
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    key = "call_connected_not_ringing"
    await expect_error(hass, key, "answer")
    await expect_error(hass, key, "answer", call_id=call_id)


async def test_answer_a_call_that_ends(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that ends while it is being answered is reported as gone."""
    pbx.switches.ignore_commands = True
    call_id = pbx.engine.ring("+4930123456", "45")
    await phones.wait("45", "call", "ringing")
    hass.loop.call_later(0.1, pbx.engine.hang_up, call_id)
    await expect_error(hass, "call_ended", "answer")


@modern
async def test_hang_up_a_call_that_just_ended(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that the PBX does not know any more is reported as gone."""
    call_id = pbx.engine.ring("+4930123456", "45")
    await phones.wait("45", "call", "ringing")
    await call_action(hass, "answer")
    # The frame that tells of the end is still on its way.
    pbx.engine.hang_up(call_id)
    await expect_error(hass, "call_ended", "hang_up")


@modern
async def test_dial_with_a_refused_login(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A login that is refused meanwhile fails the action and asks the user."""
    pbx.engine.change_password("45", "new")
    pbx.expire_sessions()
    await expect_error(
        hass, "invalid_auth", "dial", error=HomeAssistantError, number="41"
    )
    await wait_for(hass, hass.config_entries.flow.async_progress)
    assert phones.state("", "connected") == "off"


async def test_hang_up(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Hanging up ends the connected call, not the one that rings."""
    first = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(first, "45")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    await wait_for(hass, lambda: phones.get("45", "call").attributes.get("other_calls"))
    await call_action(hass, "hang_up")
    assert [call.id for call in pbx.engine.calls()] == [second]
    assert phones.state("45", "call") == "ringing"
    await expect_error(hass, "call_ringing_not_connected", "hang_up")
    await call_action(hass, "hang_up", call_id=second)
    assert phones.state("45", "call") == "idle"
    assert not pbx.engine.calls()


async def test_hang_up_while_dialing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that is being made can be given up."""
    await call_action(hass, "dial", number="41")
    await call_action(hass, "hang_up")
    assert phones.state("45", "call") == "idle"
    assert not pbx.engine.calls()


# A PBX that does nothing


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("dial", {"number": "41"}),
        ("answer", {}),
        ("hang_up", {}),
        ("set_dnd", {"enabled": True}),
    ],
)
async def test_not_confirmed(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: dict[str, Any],
) -> None:
    """An action that the PBX ignores fails, and says so."""
    if action in ("answer", "hang_up"):
        call_id = pbx.engine.ring("+4930123456", "45")
        if action == "hang_up":
            pbx.engine.answer(call_id, "45")
        await phones.wait(
            "45", "call", "ringing" if action == "answer" else "connected"
        )
    pbx.switches.ignore_commands = True
    await expect_error(hass, "not_confirmed", action, error=HomeAssistantError, **data)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("dial", {"number": "41"}),
        ("answer", {}),
        ("hang_up", {}),
        ("set_dnd", {"enabled": True}),
        ("get_calls", {}),
    ],
)
async def test_not_connected(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: dict[str, Any],
) -> None:
    """Without a link nothing is promised."""
    await lose_link(pbx, phones)
    await expect_error(hass, "not_connected", action, error=HomeAssistantError, **data)


async def test_link_lost_while_waiting(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A link that breaks under a command ends the wait at once."""
    pbx.engine.ring("+4930123456", "45")
    await phones.wait("45", "call", "ringing")
    await call_action(hass, "answer")
    pbx.switches.ignore_commands = True

    async def lose() -> None:
        """Take the PBX away."""
        await pbx.refuse()
        await pbx.cut()

    hass.loop.call_later(0.1, lambda: hass.async_create_task(lose()))
    await expect_error(hass, "not_connected", "hang_up", error=HomeAssistantError)


# Do not disturb


async def test_set_dnd(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Do not disturb reaches the PBX, and the action ends when it shows."""
    await call_action(hass, "set_dnd", enabled=True)
    assert pbx.engine.account("45").dnd
    assert phones.state("45", "dnd") == "on"
    await call_action(hass, "set_dnd", enabled=True)
    await call_action(hass, "set_dnd", enabled=False)
    assert not pbx.engine.account("45").dnd
    assert phones.state("45", "dnd") == "off"


@modern
async def test_set_dnd_with_reason_and_expiry(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Reason and expiry reach a PBX that takes them."""
    await call_action(
        hass, "set_dnd", enabled=True, reason="Mittagspause ☕", expires={"hours": 1}
    )
    account = pbx.engine.account("45")
    assert (account.dnd_reason, account.dnd_expires) == ("Mittagspause ☕", 3600)


@classic
async def test_set_dnd_with_expiry_not_supported(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An expiry that the PBX would not keep is refused, not dropped."""
    await expect_error(
        hass,
        "no_dnd_options",
        "set_dnd",
        enabled=True,
        expires="01:00:00",
    )
    assert not pbx.engine.account("45").dnd


# Queries


async def test_get_calls(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The calls of the PBX, or of chosen extensions."""
    assert await call_action(hass, "get_calls") == {"calls": [], "unknown": []}
    own = pbx.engine.ring("+4930123456", "45", name="Anna")
    await phones.wait("45", "call", "ringing")
    response = await call_action(hass, "get_calls")
    assert response
    (call,) = response["calls"]
    assert (call["account"], call["call_id"], call["state"]) == ("45", own, "ringing")
    other = await call_action(
        hass, "get_calls", target={"entity_id": phones.id("41", "call")}
    )
    assert other == {"calls": [], "unknown": []}


# Targets


async def test_targets(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Entity, device, area and label, own or of the PBX, all lead to the line."""
    device = phones.device("45")
    other = phones.device("41")
    hub = phones.device(None)
    assert device
    assert other
    assert hub
    area = ar.async_get(hass).async_create("Office")
    label = lr.async_get(hass).async_create("Phones")
    devices = dr.async_get(hass)
    devices.async_update_device(device.id, area_id=area.id, labels={label.label_id})
    devices.async_update_device(other.id, area_id=area.id)
    # A device of another integration in the same room does not matter.
    lamp = MockConfigEntry(domain="lamp")
    lamp.add_to_hass(hass)
    foreign = devices.async_get_or_create(
        config_entry_id=lamp.entry_id, identifiers={("lamp", "1")}
    )
    devices.async_update_device(foreign.id, area_id=area.id)
    for target in (
        {"entity_id": phones.id("45", "call")},
        {"entity_id": phones.id("45", "dnd")},
        {"device_id": device.id},
        {"device_id": hub.id},
        {"area_id": area.id},
        {"label_id": label.label_id},
        {"entity_id": er.async_get(hass).entities[phones.id("45", "call")].id},
        None,
    ):
        call = await call_action(hass, "dial", target=target, number="41")
        assert call, target
        assert call["account"] == "45"
        await call_action(hass, "hang_up", target=target)


async def test_foreign_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Only a line can be controlled; the error names the extension."""
    with pytest.raises(ServiceValidationError, match="41"):
        await call_action(
            hass, "dial", target={"entity_id": phones.id("41", "call")}, number="40"
        )
    assert not pbx.engine.calls()


async def test_nothing_targeted(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A target without an extension is refused."""
    for target in (
        {"entity_id": "light.kitchen"},
        {"device_id": "no such device"},
        {"area_id": "no such area"},
    ):
        await expect_error(hass, "nothing_targeted", "hang_up", target=target)


async def test_several_lines(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """With two PBXs the target must say which; do not disturb may take both."""
    second = await set_up(hass, create_branch_entry(hass, pbx))
    await expect_error(hass, "several_lines", "dial", number="41")
    await call_action(hass, "set_dnd", enabled=True)
    assert phones.state("45", "dnd") == second.state("45", "dnd") == "on"
    target = {"entity_id": second.id("45", "call")}
    call = await call_action(hass, "dial", target=target, number="41")
    assert call
    (real,) = pbx.engine.calls(tenant="branch.example")
    assert real.id == call["call_id"]


async def test_entry_not_loaded(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An entry that is not loaded is named in the error."""
    target = {"entity_id": phones.id("45", "call")}
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    await expect_error(hass, "entry_not_loaded", "hang_up", target=target)
    await expect_error(hass, "nothing_targeted", "hang_up")


async def test_actions_exist_without_an_entry(hass: HomeAssistant) -> None:
    """Automations with our actions are valid before a PBX is set up."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == {
        *("dial", "answer", "reject", "hang_up", "hold", "resume", "transfer"),
        *("park", "retrieve"),
        *("start_recording", "stop_recording", "send_message", "set_dnd"),
        "set_call_forwarding",
        *("get_calls", "get_call_history", "voice_command"),
    }
    await expect_error(hass, "nothing_targeted", "get_calls")


async def test_response_of_entry_in_reload(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """After a reload the actions act on the new connection."""
    phones = await set_up(hass, entry)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    call = await call_action(hass, "dial", number="41")
    assert call
    assert phones.state("45", "call") == "dialing"


@pytest.mark.office
async def test_transfer_to_our_own_group(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The call rings here again, with the others: it is done, and not over for us."""
    call_id = pbx.engine.ring("+4930123456", "45")
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    await call_action(hass, "transfer", number="501")
    assert phones.state("45", "call") == "ringing"
    story: list[str | None] = []
    event_id = phones.id("45", "call", "event")
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            story.append(event.data["new_state"].attributes.get("event_type"))
            if event.data["entity_id"] == event_id
            else None
        ),
    )
    pbx.engine.answer(call_id, "46")
    await phones.wait("45", "call", "idle")
    await wait_for(hass, lambda: "ended" in story)
    assert "transferred" not in story
