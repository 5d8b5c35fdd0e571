"""Truth under awkward PBXs: late, partial and failing answers, and races with them."""

import asyncio
from dataclasses import replace
import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.vodia import async_remove_config_entry_device
from custom_components.vodia.pbx.errors import UnexpectedReplyError
from custom_components.vodia.pbx.net.rest import Reply, Rest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from rig.timing import SetClock
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.diagnostics import read
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.outage import reconnect
from tests.support.resolver import ThisMachine, resolve_by


@classic
@pytest.mark.all_entities
async def test_own_calls_pushed_unasked_are_not_the_tenants(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A list of own calls that comes while we start says nothing of others."""
    talking = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(talking, "41")
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await wait_for(hass, lambda: pbx.received)
    pbx.engine.ring(SECOND_CALLER, "45")
    assert await setup
    phones = Phones(hass, entry)
    assert phones.state("45", "call") == "ringing"
    assert phones.states("41", "in_call", "ringing", "call") == [
        "on",
        STATE_UNKNOWN,
        STATE_UNKNOWN,
    ]


@modern
async def test_failing_list_of_accounts_is_no_empty_one(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """While the accounts cannot be read nothing is shown; then all of it is true."""
    pbx.switches.rest_status["accounts"] = 503
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await asyncio.sleep(1)
    assert phones.state("", "connected") == "off"
    pbx.engine.set_dnd("41", True)
    del pbx.switches.rest_status["accounts"]
    await phones.wait("", "connected", "on")
    assert phones.state("41", "dnd") == "on"


@modern
async def test_short_failure_of_the_accounts_costs_nothing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A reading that fails once is repeated; the link stays."""
    sockets = len([path for _, path in pbx.requests if path.startswith("/websocket")])
    pbx.switches.rest_status["accounts"] = 503
    pbx.engine.set_dnd("41", True)
    await asyncio.sleep(0.2)
    del pbx.switches.rest_status["accounts"]
    await phones.wait("41", "dnd", "on")
    assert sockets == len(
        [path for _, path in pbx.requests if path.startswith("/websocket")]
    )


@modern
async def test_lasting_failure_of_the_accounts_is_a_lost_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What could not be read for long is not shown as true."""
    pbx.switches.rest_status["accounts"] = 503
    pbx.engine.set_dnd("41", True)
    await phones.wait("", "connected", "off")
    assert phones.state("41", "dnd") == STATE_UNAVAILABLE


@modern
@pytest.mark.office
async def test_unreliable_filter_removes_nobody(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
) -> None:
    """A list of extensions without our own proves nobody's absence."""
    original = pbx.engine.account("45").type
    for number in range(40, 58):
        pbx.engine.account(str(number)).type = type(original).RING_GROUP
    connection = phones.entry.runtime_data.client.own
    for _ in range(2):
        pbx.requests.clear()
        connection.refresh()
        await wait_for(
            hass,
            lambda: len([p for _, p in pbx.requests if "accounts" in p]) >= 2,
        )
        await asyncio.sleep(0.3)
        clock.ahead += 601
    assert phones.state("41", "registered") == "on"
    assert phones.device("41")


@modern
async def test_late_reading_does_not_undo_a_push(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """What is pushed while a list is read wins in the end."""
    pbx.switches.user_change = False
    pbx.switches.user_state = True
    phones = await set_up(hass, entry)
    pbx.switches.latency = 0.2
    pbx.requests.clear()
    entry.runtime_data.client.own.refresh()
    await wait_for(hass, lambda: pbx.requests)
    await asyncio.sleep(0.05)
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    await asyncio.sleep(2)
    assert phones.state("41", "dnd") == "on"


@classic
async def test_get_calls_says_what_it_does_not_know(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An extension whose calls are not told is named, not left out."""
    call_id = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "in_call", "on")
    target = {"entity_id": phones.id("41", "call")}
    assert await call_action(hass, "get_calls", target=target) == {
        "calls": [],
        "unknown": ["41"],
    }
    assert await call_action(hass, "get_calls") == {"calls": [], "unknown": ["41"]}


@classic
async def test_set_dnd_again_and_again_without_a_push(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX that does not push it is asked, at once each time."""
    pbx.switches.user_state = False
    phones = await set_up(hass, entry)
    for enabled in (True, False, True):
        await call_action(hass, "set_dnd", enabled=enabled)
        assert phones.state("45", "dnd") == ("on" if enabled else "off")


async def test_removed_device_comes_back(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An extension whose device the user removed is welcome when it returns."""
    pbx.engine.remove_account("41")
    await reconnect(pbx, phones)
    device = phones.device("41")
    assert device
    assert await async_remove_config_entry_device(hass, phones.entry, device)
    dr.async_get(hass).async_remove_device(device.id)
    await hass.async_block_till_done()
    pbx.engine.add_account("41", "Back Again")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("41", "call"))
    await phones.wait("41", "call", "idle")


@pytest.mark.parametrize("status", [401, 403, 404])
@modern
async def test_wrong_tenant_guessed_first(
    hass: HomeAssistant,
    pbx: Simulator,
    status: int,
) -> None:
    """However a PBX refuses the tenant that we guess, the next one is tried."""
    pbx.switches.wrong_tenant_status = status
    resolve_by(hass, ThisMachine())
    entry = create_entry(hass, pbx, host="pbx.example.com", tenant=None)
    phones = await set_up(hass, entry)
    assert phones.state("45", "call") == "idle"
    assert pbx.login_attempts == 1
    sockets = [path for _, path in pbx.requests if path.startswith("/websocket")]
    assert ["pbx.example.com" in path for path in sockets] == [True, False]


@modern
async def test_one_refusal_stops_all(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An action and the reconnecting link do not both try a refused password."""
    pbx.engine.change_password("45", "new")
    pbx.expire_sessions()
    attempts = pbx.login_attempts
    pbx.switches.latency = 0.1
    task = hass.async_create_task(call_action(hass, "dial", number="41"))
    await asyncio.sleep(0.15)
    await pbx.cut()
    with pytest.raises(HomeAssistantError):
        await task
    await wait_for(hass, hass.config_entries.flow.async_progress)
    await asyncio.sleep(0.5)
    assert pbx.login_attempts == attempts + 1


@modern
async def test_unload_ends_a_waiting_action(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An action that waits for the PBX is told at once that nobody listens any more."""
    pbx.switches.ignore_commands = True
    for latency, name, data in (
        (0.0, "set_dnd", {"enabled": True}),
        (0.2, "dial", {"number": "41"}),
    ):
        pbx.switches.latency = latency
        task = hass.async_create_task(call_action(hass, name, **data))
        await asyncio.sleep(0.05)
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
        with pytest.raises(HomeAssistantError) as raised:
            await task
        assert raised.value.translation_key in ("not_connected", "cannot_connect")
        pbx.switches.latency = 0
        assert await hass.config_entries.async_setup(phones.entry.entry_id)


@classic
async def test_call_without_an_id_cannot_be_controlled(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """It is shown, and an action says why it does nothing."""
    pbx.switches.call_ids = False
    phones = await set_up(hass, entry)
    pbx.engine.ring(CALLER, "45", name="Anna")
    state = await phones.wait("45", "call", "ringing")
    assert state.attributes["remote_name"] == "Anna"
    await expect_error(hass, "not_supported", "answer", error=HomeAssistantError)
    assert not [frame for frame in pbx.received if frame["action"] == "accept-call"]


async def test_unlisted_account_is_asked_for_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX that keeps telling of an account that it never lists is not stormed."""
    await asyncio.sleep(0.3)

    def questions() -> int:
        """Return how often the accounts were asked for."""
        return len([f for f in pbx.received if f["action"] == "get-users"]) + len(
            [path for _, path in pbx.requests if "/accounts" in path]
        )

    before = questions()
    for index in range(20):
        await pbx.send_raw(f'{{"action":"user-state","account":"9999","code":{index}}}')
        await asyncio.sleep(0.05)
    assert questions() - before <= 2


async def test_huge_names(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A name without measure makes neither states nor entities fail."""
    pbx.engine.rename("41", "A b" * 1000)
    phones = await set_up(hass, entry)
    assert phones.state("41", "call") == "idle"
    # A party without measure may be nobody, but it rings.
    call_id = pbx.engine.ring(CALLER, "45", name="X" * 1_000_000)
    state = await phones.wait("45", "call", "ringing")
    assert len(state.attributes["remote_name"] or "") <= 100
    pbx.engine.hang_up(call_id)
    await phones.wait("45", "call", "idle")
    pbx.engine.ring(CALLER, "45", name="X" * 5_000)
    await phones.wait("45", "call", "ringing")
    await wait_for(hass, lambda: phones.get("45", "call").attributes["remote_name"])
    assert len(phones.get("45", "call").attributes["remote_name"]) <= 100


async def test_diagnostics_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """They tell why, without a secret."""
    await pbx.refuse()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    found = await read(hass, hass_client, Phones(hass, entry))
    assert (found["state"], found["reason"]) == ("setup_retry", "cannot_connect")
    assert "45-secret" not in str(found)


@modern
@pytest.mark.parametrize("status", [200, 500])
async def test_odd_reply_to_a_command_that_worked(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    """What counts is what the PBX does, not how it words its reply."""
    original = Rest.request

    async def request(
        self: Rest, method: str, path: str, body: object = None, **options: Any
    ) -> Reply:
        """Let the PBX do it, and its frame arrive; then reply oddly."""
        reply = await original(self, method, path, body, **options)
        if method != "POST":
            return reply
        await asyncio.sleep(0.1)
        if status == 500:
            raise UnexpectedReplyError("HTTP 500")
        return replace(reply, data=b"OK, done")

    monkeypatch.setattr(Rest, "request", request)
    call = await call_action(hass, "dial", number="41")
    assert call
    assert call["call_id"] == pbx.engine.calls()[0].id
    if status == 200:
        await call_action(hass, "set_dnd", enabled=True)
        assert phones.state("45", "dnd") == "on"


async def test_unknown_frames_are_logged_once(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A kind of frame that nobody knows is worth one line, and a sample."""
    trace = phones.entry.runtime_data.client.trace
    for _ in range(3):
        await pbx.send_raw('{"action":"brand-new","detail":1}')
    await wait_for(hass, lambda: trace.unknown_actions.get("brand-new") == 3)
    assert len([r for r in caplog.records if "brand-new" in r.getMessage()]) == 1
    assert trace.samples["brand-new"]


@modern
async def test_storm_of_hints_is_read_now_and_then(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Many hints at changes do not make as many readings."""
    pause = phones.entry.runtime_data.client.timing.between_reads
    pbx.requests.clear()
    began = time.monotonic()
    for index in range(100):
        pbx.engine.set_dnd("41", index % 2 == 0)
        await asyncio.sleep(0.01)
    await phones.wait("41", "dnd", "off")
    readings = len([p for _, p in pbx.requests if "/accounts" in p])
    # No account is new, so none is asked for by type.
    assert not [p for _, p in pbx.requests if "type=" in p]
    assert 1 <= readings <= (time.monotonic() - began) / pause + 1
