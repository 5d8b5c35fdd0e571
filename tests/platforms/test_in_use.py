"""Groups that are in use: whether a call is for them now, how many, and who waits."""

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.automations import attach
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device, pbx_with, settle, wait_for


async def shows(phones: Phones, number: str, *states: str) -> None:
    """Wait for what a group shows: in use, calls, and waiting if that is given."""
    keys = ("in_use", "calls", "waiting")[: len(states)]
    try:
        await wait_for(
            phones.hass, lambda: phones.states(number, *keys) == [*map(str, states)]
        )
    except TimeoutError:
        raise AssertionError(phones.states(number, *keys)) from None


# Kinds


@pytest.mark.office
async def test_devices(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Attendants and conferences are devices; they answer, so there is no event."""
    pbx.engine.add_account("701", "", type="attendants")
    pbx.engine.add_account("801", "", type="conferences")
    await pbx.cut()
    await wait_for(
        hass, lambda: phones.has("701", "in_use") and phones.has("801", "calls")
    )
    for number, name, model in (
        ("700", "700 Welcome", "Auto attendant"),
        ("800", "800 Meeting", "Conference"),
        ("701", "Auto attendant 701", "Auto attendant"),
        ("801", "Conference 801", "Conference"),
    ):
        found = phones.device(number)
        assert found
        assert (found.name, found.model, found.model_id) == (name, model, number)
        assert not phones.has(number, "call")
        assert not phones.has(number, "waiting")
        await shows(phones, number, "off", "0")


@pytest.mark.parametrize("number", ["700", "800"])
@pytest.mark.office
async def test_who_answers_by_itself(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """Each caller counts while he is there, and no story is told of it."""
    fired = await attach(hass, "call_answered", device(phones, number))
    first = pbx.engine.ring(CALLER, number)
    await shows(phones, number, "on", "1")
    pbx.engine.ring("41", number)
    await shows(phones, number, "on", "2")
    for key in ("in_use", "calls"):
        assert CALLER not in str(phones.get(number, key).attributes)
    pbx.engine.hang_up(first)
    await shows(phones, number, "on", "1")
    for call in pbx.engine.calls():
        pbx.engine.hang_up(call.id)
    await shows(phones, number, "off", "0")
    await settle(hass)
    assert not fired


@pytest.mark.parametrize(("number", "member"), [("500", "43"), ("601", "52")])
@pytest.mark.office
async def test_ring_group_and_queue(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str, member: str
) -> None:
    """A call counts while it rings and while it is talked, whoever has answered."""
    await shows(phones, number, "off", "0")
    first = pbx.engine.ring(CALLER, number)
    await shows(phones, number, "on", "1")
    second = pbx.engine.ring(SECOND_CALLER, number)
    await shows(phones, number, "on", "2")
    pbx.engine.answer(first, member)
    await shows(phones, number, "on", "2")
    pbx.engine.hang_up(second)
    await shows(phones, number, "on", "1")
    pbx.engine.hang_up(first)
    await shows(phones, number, "off", "0")


@pytest.mark.office
async def test_recorder_gets_numbers_of_nobody(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The counts are statistics; there is nothing else."""
    pbx.engine.ring(CALLER, "601")
    await shows(phones, "601", "on", "1")
    for key in ("calls", "waiting"):
        state = phones.get("601", key)
        assert state.attributes.keys() == {"state_class", "friendly_name"}
        assert state.attributes["state_class"] == "measurement"
    assert phones.get("601", "in_use").attributes.keys() == {"friendly_name"}


# Who waits


@modern
@pytest.mark.office
async def test_waiting(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Callers whom nobody has answered wait; ring groups have no such count."""
    assert not phones.has("500", "waiting")
    await shows(phones, "600", "off", "0", "0")
    first = pbx.engine.ring(CALLER, "600")
    pbx.engine.ring(SECOND_CALLER, "600")
    await shows(phones, "600", "on", "2", "2")
    pbx.engine.answer(first, "50")
    await shows(phones, "600", "on", "2", "1")
    pbx.engine.hold(first, "50")
    await shows(phones, "600", "on", "2", "1")
    pbx.engine.hang_up(first)
    await shows(phones, "600", "on", "1", "1")


@modern
@pytest.mark.office
async def test_waiting_where_no_agent_is(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that rings nowhere waits."""
    for number in ("49", "50", "51"):
        pbx.engine.set_dnd(number, True)
    pbx.engine.ring(CALLER, "600")
    await shows(phones, "600", "on", "1", "1")


async def test_waiting_by_presence(hass: HomeAssistant) -> None:
    """Classic presence tells who waits only with the states of its calls."""
    async with pbx_with(hass, "classic", user_calls="full") as (pbx, phones):
        call = pbx.engine.ring(CALLER, "600")
        await shows(phones, "600", "on", "1", "1")
        pbx.engine.answer(call, "50")
        await shows(phones, "600", "on", "1", "0")
    async with pbx_with(hass, "classic") as (pbx, phones):
        pbx.engine.ring(CALLER, "600")
        await shows(phones, "600", "on", "1", STATE_UNKNOWN)
        call = pbx.engine.ring(CALLER, "601")
        await shows(phones, "601", "on", "1", "1")
        pbx.engine.answer(call, "45")
        await shows(phones, "601", "on", "1", "0")


async def test_not_shrinking_leaves_open_who_waits(hass: HomeAssistant) -> None:
    """Where all agents stay listed, a connected call may be with one, or with music."""
    async with pbx_with(hass, "modern", shrink_extensions=False) as (pbx, phones):
        call = pbx.engine.ring(CALLER, "600")
        await shows(phones, "600", "on", "1", "1")
        pbx.engine.answer(call, "50")
        await shows(phones, "600", "on", "1", STATE_UNKNOWN)


# What cannot be told


@pytest.mark.office
async def test_click_to_dial(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """While our own phone rings first, it is open whether the group is called yet."""
    pbx.switches.dial_pickup = None
    await call_action(hass, "dial", number="501")
    await shows(phones, "501", STATE_UNKNOWN, STATE_UNKNOWN)
    (call,) = pbx.engine.calls()
    pbx.engine.answer(call.id, "45")
    await shows(phones, "501", "on", "1")


async def test_own_calls_only(hass: HomeAssistant) -> None:
    """Without the right to the tenant's calls, none is known but the busy one."""
    async with pbx_with(hass, "modern", domain_calls=False) as (pbx, phones):
        for number in ("500", "600", "700", "800"):
            await shows(phones, number, STATE_UNKNOWN, STATE_UNKNOWN)
        assert phones.state("600", "waiting") == STATE_UNKNOWN
        call = pbx.engine.ring(CALLER, "700")
        await shows(phones, "700", "on", STATE_UNKNOWN)
        pbx.engine.hang_up(call)
        await shows(phones, "700", STATE_UNKNOWN, STATE_UNKNOWN)
        call = pbx.engine.ring(CALLER, "500")
        await shows(phones, "500", "on", STATE_UNKNOWN)
        pbx.engine.hang_up(call)
        await shows(phones, "500", STATE_UNKNOWN, STATE_UNKNOWN)


async def test_presence_without_calls(hass: HomeAssistant) -> None:
    """Presence that lists no calls tells that there are some, and not how many."""
    async with pbx_with(hass, "classic", user_calls="none") as (pbx, phones):
        for number in ("500", "700"):
            await shows(phones, number, "off", "0")
            call = pbx.engine.ring(CALLER, number)
            await shows(phones, number, "on", STATE_UNKNOWN)
            pbx.engine.hang_up(call)
            await shows(phones, number, "off", "0")


async def test_an_id_for_each_leg(hass: HomeAssistant, dialect: str) -> None:
    """All legs are one call; where nothing tells that they are, there is no count."""
    async with pbx_with(hass, dialect, group_ids="per_leg") as (pbx, phones):
        pbx.engine.ring(CALLER, "500")
        await phones.wait("45", "ringing", "on")
        count = "1" if dialect == "modern" else STATE_UNKNOWN
        await shows(phones, "500", "on", count)


@pytest.mark.office
async def test_outage(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Without a link nothing is shown; afterwards what is true then."""
    call = pbx.engine.ring(CALLER, "601")
    await shows(phones, "601", "on", "1")
    await pbx.refuse()
    await pbx.cut()
    await shows(phones, "601", *[STATE_UNAVAILABLE] * 3)
    pbx.engine.hang_up(call)
    await pbx.accept()
    await shows(phones, "601", "off", "0", "0")
