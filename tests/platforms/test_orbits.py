"""Park orbits: who is parked, as far as the PBX tells, and the actions for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.binary_sensor import VodiaOrbitSensor
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER, SECOND_CALLER, connected
from tests.support.entry import Phones, device, pbx_with, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.outage import reconnect
from tests.support.timing import set_timing

ORBITS_PATH = "/rest/user/45@localhost/orbits"
own_only = {"domain_calls": False}


@asynccontextmanager
async def seeing_own_calls(
    hass: HomeAssistant, **switches: Any
) -> AsyncIterator[tuple[Simulator, Phones]]:
    """Set up a modern PBX that tells this login no calls but its own."""
    async with pbx_with(hass, "modern", **own_only, **switches) as (pbx, phones):
        yield pbx, phones


@pytest.fixture(params=["classic", "modern", "own calls"])
async def office(
    hass: HomeAssistant, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Simulator, Phones]]:
    """Return a PBX of each kind, set up, with an empty orbit."""
    own = request.param == "own calls"
    dialect = "modern" if own else request.param
    async with pbx_with(hass, dialect, **own_only if own else {}) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        yield pbx, phones


def park(pbx: Simulator, orbit: str = "5", caller: str = CALLER) -> str:
    """Park a call that a colleague has answered."""
    call = pbx.engine.ring(caller, "41", name="Anna")
    pbx.engine.answer(call, "41")
    pbx.engine.transfer(call, "41", orbit)
    return call


def readings(pbx: Simulator) -> int:
    """Return how often the orbits were read."""
    return pbx.requests.count(("GET", ORBITS_PATH))


def parked(state: State) -> tuple[Any, ...]:
    """Return who is said to be parked."""
    return tuple(
        state.attributes.get(name)
        for name in ("call_id", "remote_number", "remote_name")
    )


# What is shown


async def test_device(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """An orbit is a device with one entity."""
    pbx.engine.add_account("6", "", type="orbits")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("6", "occupied"))
    for number, name in (("5", "Park 5"), ("6", "Park orbit 6")):
        found = phones.device(number)
        assert found
        assert (found.name, found.model, found.model_id) == (name, "Park orbit", number)
        await phones.wait(number, "occupied", "off")
        assert not any(phones.has(number, key) for key in ("call", "in_use", "calls"))


async def test_park_and_retrieve(
    hass: HomeAssistant, office: tuple[Simulator, Phones]
) -> None:
    """It is occupied while a call is there; whose, and since when, is in attributes."""
    pbx, phones = office
    before = dt_util.utcnow()
    call = park(pbx)
    state = await phones.wait("5", "occupied", "on")
    assert parked(state) == (call, CALLER, "Anna")
    since = dt_util.parse_datetime(state.attributes["since"], raise_on_error=True)
    assert before <= since <= dt_util.utcnow()
    pbx.engine.ring("42", "*865")
    state = await phones.wait("5", "occupied", "off")
    assert state.attributes.keys() == {"friendly_name"}


async def test_another_call(
    hass: HomeAssistant, office: tuple[Simulator, Phones]
) -> None:
    """A second call has its own time; the first one keeps its own meanwhile."""
    pbx, phones = office
    first = park(pbx)
    state = await phones.wait("5", "occupied", "on")
    since = state.attributes["since"]
    pbx.engine.set_dnd("42", True)
    await phones.wait("42", "dnd", "on")
    assert phones.get("5", "occupied").attributes["since"] == since
    pbx.engine.hang_up(first)
    second = park(pbx, caller=SECOND_CALLER)
    await wait_for(
        hass, lambda: parked(phones.get("5", "occupied"))[:2] == (second, SECOND_CALLER)
    )
    assert phones.get("5", "occupied").attributes["since"] > since


async def test_outage(hass: HomeAssistant, office: tuple[Simulator, Phones]) -> None:
    """The call that stays keeps its time; of one that came meanwhile none is known."""
    pbx, phones = office
    call = park(pbx)
    state = await phones.wait("5", "occupied", "on")
    since = state.attributes["since"]
    assert since
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("5", "occupied", STATE_UNAVAILABLE)
    await pbx.accept()
    state = await phones.wait("5", "occupied", "on")
    assert (state.attributes["call_id"], state.attributes["since"]) == (call, since)
    await pbx.refuse()
    await pbx.cut()
    pbx.engine.hang_up(call)
    call = park(pbx)
    await pbx.accept()
    await wait_for(
        hass,
        lambda: phones.get("5", "occupied").attributes.get("call_id") == call,
    )
    assert phones.get("5", "occupied").attributes["since"] is None


async def test_occupied_at_the_start(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Since when is not known of a call that was there before us."""
    call = park(pbx)
    phones = await set_up(hass, entry)
    state = await phones.wait("5", "occupied", "on")
    assert parked(state) == (call, CALLER, "Anna")
    assert state.attributes["since"] is None


async def test_recorder_gets_no_names(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who is parked does not go into the database."""
    park(pbx)
    state = await phones.wait("5", "occupied", "on")
    unrecorded = VodiaOrbitSensor._unrecorded_attributes
    assert state.attributes.keys() - unrecorded == {"friendly_name"}


async def test_internal_caller(
    hass: HomeAssistant, office: tuple[Simulator, Phones]
) -> None:
    """A colleague may be parked as well."""
    pbx, phones = office
    call = pbx.engine.ring("46", "41")
    pbx.engine.answer(call, "41")
    pbx.engine.transfer(call, "41", "5")
    state = await phones.wait("5", "occupied", "on")
    assert parked(state) == (call, "46", "Giulia Marchetti")


@pytest.mark.parametrize(
    ("user_calls", "known"),
    [("none", (None, None)), ("from", (CALLER, "Anna")), ("full", (CALLER, "Anna"))],
)
async def test_classic_presence(
    hass: HomeAssistant, user_calls: str, known: tuple[str | None, str | None]
) -> None:
    """The orbit's own presence tells; how much is in it differs."""
    async with pbx_with(hass, "classic", user_calls=user_calls) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        call = park(pbx)
        state = await phones.wait("5", "occupied", "on")
        assert parked(state)[1:] == known
        pbx.engine.hang_up(call)
        await phones.wait("5", "occupied", "off")


async def test_click_to_dial_an_orbit(
    hass: HomeAssistant, office: tuple[Simulator, Phones]
) -> None:
    """Who is still about to dial it is not parked there."""
    pbx, phones = office
    pbx.switches.dial_pickup = None
    await call_action(hass, "dial", number="5")
    await phones.wait("45", "call", "dialing")
    await settle(hass)
    assert phones.state("5", "occupied") == "off"


# Where REST tells


@pytest.mark.parametrize("orbit_field", ["name", "account", "number"])
@pytest.mark.parametrize(
    ("orbit_calls", "known"), [("list", CALLER), ("count", None), ("none", None)]
)
async def test_fields(
    hass: HomeAssistant, orbit_field: str, orbit_calls: str, known: str | None
) -> None:
    """Nobody knows the fields, so several are understood; what is not there is unknown."""
    switches = {"orbit_field": orbit_field, "orbit_calls": orbit_calls}
    async with seeing_own_calls(hass, **switches) as (pbx, phones):
        if orbit_calls == "none":
            park(pbx)
            await wait_for(hass, lambda: readings(pbx) > 2)
            assert phones.state("5", "occupied") == STATE_UNKNOWN
            return
        await phones.wait("5", "occupied", "off")
        call = park(pbx)
        state = await phones.wait("5", "occupied", "on")
        assert state.attributes.get("remote_number") == known
        assert state.attributes["since"]
        pbx.engine.hang_up(call)
        await phones.wait("5", "occupied", "off")


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_refused(hass: HomeAssistant, status: int) -> None:
    """It is unknown then, nothing else suffers, and soon nobody asks again on this link."""
    async with seeing_own_calls(hass) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        asked_before = readings(pbx)
        pbx.switches.rest_status["orbits"] = status
        await reconnect(pbx, phones)
        await wait_for(hass, lambda: phones.state("5", "occupied") == STATE_UNKNOWN)
        # It may be by mistake; and a session that is refused is renewed.
        await wait_for(hass, lambda: readings(pbx) >= asked_before + 3)
        await settle(hass, 1.2)
        before = readings(pbx)
        park(pbx)
        pbx.engine.set_dnd("42", True)
        await phones.wait("42", "dnd", "on")
        await settle(hass, 1.2)
        assert phones.state("5", "occupied") == STATE_UNKNOWN
        assert readings(pbx) == before
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "call", "ringing")
        pbx.switches.rest_status.pop("orbits")
        await pbx.cut()
        await phones.wait("5", "occupied", "on")


@pytest.mark.parametrize("fault", ["html", 500, "reset"])
async def test_failed_reading(hass: HomeAssistant, fault: Any) -> None:
    """What was read may be wrong by now, so it is unknown until a reading works."""
    async with seeing_own_calls(hass) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        pbx.switches.faults["orbits"] = fault
        park(pbx)
        await phones.wait("5", "occupied", STATE_UNKNOWN)
        assert phones.state("", "connected") == "on"
        pbx.switches.faults.clear()
        state = await phones.wait("5", "occupied", "on")
        assert state.attributes["since"] is None


async def test_start_does_not_wait(hass: HomeAssistant) -> None:
    """A PBX that does not answer the question holds up nothing."""
    faults: dict[str, Any] = {"orbits": "hang"}
    async with seeing_own_calls(hass, faults=faults) as (_, phones):
        assert phones.state("5", "occupied") == STATE_UNKNOWN
        assert phones.state("45", "call") == "idle"


async def test_push_is_a_hint(hass: HomeAssistant) -> None:
    """Each makes the orbits be read, and nothing else does; none is asked for."""
    set_timing(hass, slow_read=600)
    async with seeing_own_calls(hass, user_change=False) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        call = park(pbx)
        await settle(hass, 0.5)
        assert phones.state("5", "occupied") == "off"
        await pbx.send_raw('{"action":"orbit-calls"}')
        await phones.wait("5", "occupied", "on")
        pbx.engine.hang_up(call)
        await pbx.send_raw('{"action":"orbit-calls"}')
        await phones.wait("5", "occupied", "off")
        before = readings(pbx)
        await settle(hass, 0.5)
        assert readings(pbx) == before
        assert not [f for f in pbx.received if f.get("action") == "orbit-calls"]


async def test_burst_of_pushes(hass: HomeAssistant) -> None:
    """Many at once cause one or two readings."""
    async with seeing_own_calls(hass, user_change=False) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        await settle(hass, 0.5)
        before = readings(pbx)
        for _ in range(50):
            await pbx.send_raw('{"action":"orbit-calls","whatever":[1,null]}')
        await settle(hass, 0.5)
        assert before < readings(pbx) <= before + 2


async def test_silent_pbx_is_read_slowly(hass: HomeAssistant) -> None:
    """Without a push it shows at the next slow reading."""
    async with seeing_own_calls(hass, user_change=False) as (pbx, phones):
        await phones.wait("5", "occupied", "off")
        call = park(pbx)
        await phones.wait("5", "occupied", "on")
        pbx.engine.hang_up(call)
        await phones.wait("5", "occupied", "off")


async def test_no_orbits(hass: HomeAssistant) -> None:
    """Where there is none, nothing is asked; a new one is found."""
    async with seeing_own_calls(hass) as (pbx, phones):
        pbx.engine.remove_account("5")
        await pbx.cut()
        await phones.wait("5", "occupied", STATE_UNAVAILABLE)
        await phones.wait("", "connected", "on")
        await settle(hass, 0.3)
        before = readings(pbx)
        await settle(hass, 1)
        assert readings(pbx) == before
        pbx.engine.add_account("6", "Park 6", type="orbits")
        await wait_for(hass, lambda: phones.has("6", "occupied"))
        await phones.wait("6", "occupied", "off")


async def test_nothing_is_asked_where_the_calls_are_told(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The calls of the tenant, or the orbit's presence, tell enough."""
    park(pbx)
    await phones.wait("5", "occupied", "on")
    await settle(hass, 0.6)
    assert readings(pbx) == 0


# Actions


async def test_actions(hass: HomeAssistant, office: tuple[Simulator, Phones]) -> None:
    """A call is parked in the only orbit, and comes back to the phone."""
    pbx, phones = office
    call = await connected(pbx, phones)
    assert await call_action(hass, "park") is None
    assert pbx.engine.call(call).parked
    assert phones.states("45", "call", "in_call") == ["idle", "off"]
    state = await phones.wait("5", "occupied", "on")
    assert parked(state)[:2] == (call, CALLER)
    response = await call_action(hass, "retrieve")
    assert response
    assert (response["account"], response["dialed_number"]) == ("45", "*865")
    state = await phones.wait("45", "call", "connected")
    assert state.attributes["remote_number"] == CALLER
    await phones.wait("5", "occupied", "off")
    assert pbx.engine.call(call).talks("45")


@pytest.mark.parametrize("shape", ["object", "list"])
@pytest.mark.parametrize(
    ("code", "status", "dialed"),
    [
        ("*86", None, "*865"),
        ("*99", None, "*995"),
        # A tenant without the code: the orbit gives the call to who dials it.
        ("", None, "5"),
        # Where it is not told it is that of a new tenant.
        ("*86", 403, "*865"),
        ("*86", 404, "*865"),
        ("*86", 500, "*865"),
    ],
)
async def test_star_code(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    dialect: str,
    shape: Any,
    code: str,
    status: int | None,
    dialed: str,
) -> None:
    """What retrieves is the code of the tenant, which is asked for once."""
    pbx.switches.star_codes_as = shape
    pbx.switches.rest_status.pop("starcodes", None)
    pbx.engine.tenant("localhost").codes["code_retrieve"] = code
    if status:
        pbx.switches.rest_status["starcodes"] = status
    for _ in range(2):
        call = park(pbx)
        await phones.wait("5", "occupied", "on")
        response = await call_action(hass, "retrieve")
        assert response
        assert response["dialed_number"] == dialed
        state = await phones.wait("45", "call", "connected")
        assert state.attributes["remote_number"] == CALLER
        pbx.engine.hang_up(call)
        await phones.wait("45", "call", "idle")
        await phones.wait("5", "occupied", "off")
    asked = [path for _, path in pbx.requests if path.endswith("/starcodes")]
    assert len(asked) == 1


async def test_by_number(hass: HomeAssistant, office: tuple[Simulator, Phones]) -> None:
    """With several orbits the number decides, or that only one fits."""
    pbx, phones = office
    pbx.engine.add_account("6", "Park 6", type="orbits")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("6", "occupied"))
    await phones.wait("6", "occupied", "off")
    await phones.wait("5", "occupied", "off")
    await expect_error(hass, "orbit_empty", "retrieve")
    await expect_error(hass, "orbit_empty", "retrieve", orbit="6")
    call = await connected(pbx, phones)
    await expect_error(hass, "several_orbits", "park")
    await expect_error(hass, "unknown_orbit", "park", orbit="7")
    await call_action(hass, "park", orbit="6", call_id=call, expected_state="connected")
    assert pbx.engine.call(call).called.number == "6"
    await phones.wait("6", "occupied", "on")
    second = await connected(pbx, phones, SECOND_CALLER)
    await expect_error(hass, "orbit_occupied", "park", orbit="6")
    await call_action(hass, "park")
    assert pbx.engine.call(second).called.number == "5"
    await phones.wait("5", "occupied", "on")
    third = await connected(pbx, phones, "+4930333333")
    await expect_error(hass, "orbit_occupied", "park")
    pbx.engine.hang_up(third)
    await phones.wait("45", "call", "idle")
    await expect_error(hass, "several_orbits", "retrieve")
    await expect_error(hass, "unknown_orbit", "retrieve", orbit="45")
    await call_action(hass, "retrieve", orbit="6")
    state = await phones.wait("45", "call", "connected")
    assert state.attributes["remote_number"] == CALLER


async def test_no_call_to_park(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that only rings is none; one that is gone is named so."""
    await expect_error(hass, "no_call", "park")
    await expect_error(hass, "unknown_call", "park", call_id="gone")
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await expect_error(hass, "call_ringing_not_connected", "park")
    await expect_error(hass, "call_ringing_not_connected", "park", call_id=call)
    await expect_error(
        hass, "call_ringing_not_held", "park", call_id=call, expected_state="held"
    )


async def test_no_orbit_at_all(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX without orbits says so, and nothing is done to the call."""
    pbx.engine.remove_account("5")
    await pbx.cut()
    await phones.wait("5", "occupied", STATE_UNAVAILABLE)
    await phones.wait("", "connected", "on")
    call = await connected(pbx, phones)
    await expect_error(hass, "no_orbit", "park")
    await expect_error(hass, "no_orbit", "park", orbit="5")
    await expect_error(hass, "no_orbit", "retrieve")
    assert pbx.engine.call(call).talks("45")


async def test_where_occupied_is_not_known(hass: HomeAssistant) -> None:
    """The only orbit may be used; that the call has left the phone is enough."""
    async with seeing_own_calls(hass) as (pbx, phones):
        pbx.switches.rest_status["orbits"] = 403
        await pbx.cut()
        await phones.wait("5", "occupied", STATE_UNAVAILABLE)
        await phones.wait("5", "occupied", STATE_UNKNOWN)
        call = await connected(pbx, phones)
        await call_action(hass, "park")
        assert pbx.engine.call(call).parked
        await call_action(hass, "retrieve", orbit="5")
        await phones.wait("45", "call", "connected")


@pytest.mark.parametrize("name", ["park", "retrieve"])
async def test_ignored(
    hass: HomeAssistant, office: tuple[Simulator, Phones], name: str
) -> None:
    """A PBX that does nothing fails the action."""
    pbx, phones = office
    if name == "park":
        await connected(pbx, phones)
    else:
        park(pbx)
        await phones.wait("5", "occupied", "on")
    pbx.switches.ignore_commands = True
    await expect_error(hass, "not_confirmed", name, error=HomeAssistantError)


async def test_call_that_goes_elsewhere(hass: HomeAssistant, dialect: str) -> None:
    """A call that has left the phone and is not in the orbit is not parked."""
    # Nothing is to tell meanwhile that the orbit is gone.
    set_timing(hass, slow_read=600)
    async with pbx_with(hass, dialect, user_change=False) as (pbx, phones):
        await connected(pbx, phones)
        pbx.engine.remove_account("5")
        await expect_error(hass, "not_confirmed", "park", error=HomeAssistantError)
        await phones.wait("45", "call", "idle")


async def test_orbit_that_another_call_takes(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """That the orbit is occupied proves nothing if it is by another."""
    await connected(pbx, phones)
    park(pbx, caller=SECOND_CALLER)
    await phones.wait("5", "occupied", "on")
    await expect_error(hass, "orbit_occupied", "park")
    await expect_error(hass, "orbit_occupied", "park", orbit="5")


async def test_further_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A line of the household parks its own call, and takes it back."""
    await has_line(phones)
    await phones.wait("5", "occupied", "off")
    call = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call, "41")
    await phones.wait("41", "call", "connected")
    await wait_for(
        hass,
        lambda: phones.entry.runtime_data.lines["41"].state.extensions["41"].calls,
    )
    await call_action(hass, "park", target=device(phones, "41"))
    assert pbx.engine.call(call).parked
    response = await call_action(hass, "retrieve", target=device(phones, "41"))
    assert response
    assert response["account"] == "41"
    await wait_for(hass, lambda: pbx.engine.call(call).talks("41"))


async def test_orbit_is_no_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The target of the actions is a phone."""
    target = device(phones, "5")
    await expect_error(hass, "not_a_line", "park", target=target)
    await expect_error(hass, "not_a_line", "retrieve", target=target)
