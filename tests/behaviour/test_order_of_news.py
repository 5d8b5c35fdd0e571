"""News has an order: a reading never takes back what was pushed since it was asked for."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.pbx.sync.line_data import (
    LineData,
    LineDataChange,
    Resource,
)
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from simulator.engine import Engine
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.outage import reconnect
from tests.support.wire import listed, lists, send


def talk(engine: Engine) -> None:
    """Let 42 have a call that is answered."""
    engine.answer(engine.ring(CALLER, "42"), "42")


def end(engine: Engine) -> None:
    """End all calls."""
    for call in engine.calls():
        engine.hang_up(call.id)


# What happens before, what is pushed while the accounts are read, and what it makes of 42.
NEWS: dict[
    str, tuple[Callable[[Engine], Any] | None, Callable[[Engine], Any], str, str]
]
NEWS = {
    "dnd": (None, lambda engine: engine.set_dnd("42", True), "dnd", "on"),
    "no_dnd": (
        lambda engine: engine.set_dnd("42", True),
        lambda engine: engine.set_dnd("42", False),
        "dnd",
        "off",
    ),
    "registered": (
        None,
        lambda engine: engine.set_registered("42", False),
        "registered",
        "off",
    ),
    "chat": (
        None,
        lambda engine: engine.set_chat("42", "offline"),
        "chat_available",
        "off",
    ),
    "call": (None, talk, "in_call", "on"),
    "call_over": (talk, end, "in_call", "off"),
}


@modern
@pytest.mark.parametrize("news", NEWS)
async def test_stale_reading(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, news: str
) -> None:
    """What is pushed while the accounts are read stays, without a step back."""
    before, happens, key, state = NEWS[news]
    pbx.switches.domain_calls = False
    pbx.switches.user_state = True
    if before:
        before(pbx.engine)
    phones = await set_up(hass, entry)
    if key == "chat_available":
        er.async_get(hass).async_update_entity(phones.id("42", key), disabled_by=None)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert phones.state("42", key) != state
    await asyncio.sleep(1)
    seen: list[str] = []

    def note(event: Any) -> None:
        """Note each state of the entity."""
        if event.data["entity_id"] == phones.id("42", key):
            seen.append(event.data["new_state"].state)

    hass.bus.async_listen("state_changed", note)
    # The list is made at once, and told late.
    pbx.switches.latency = 0.6
    pbx.requests.clear()
    entry.runtime_data.client.own.refresh()
    await wait_for(hass, lambda: any("/accounts" in path for _, path in pbx.requests))
    await asyncio.sleep(0.05)
    pbx.switches.latency = 0
    happens(pbx.engine)
    await phones.wait("42", key, state)
    await asyncio.sleep(3)
    assert seen == [state]


@modern
async def test_push_for_an_account_that_is_being_read_for_the_first_time(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """What is pushed before the first list has come is not lost with it."""
    pbx.switches.user_state = True
    pbx.switches.user_change = False
    pbx.switches.latency = 0.6
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await wait_for(hass, lambda: any("/accounts" in path for _, path in pbx.requests))
    await asyncio.sleep(0.05)
    pbx.switches.latency = 0
    pbx.engine.set_dnd("42", True)
    assert await setup
    await hass.async_block_till_done()
    assert Phones(hass, entry).state("42", "dnd") == "on"


@modern
async def test_push_takes_no_number(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A push while the accounts are read tells of what it is about alone."""
    pbx.engine.account("42").aliases = ["142"]
    pbx.switches.user_state = True
    phones = await set_up(hass, entry)
    pbx.requests.clear()
    pbx.switches.latency = 0.6
    await pbx.send_raw('{"action":"user-change","user":"42"}')
    await wait_for(hass, lambda: any("/accounts" in path for _, path in pbx.requests))
    await asyncio.sleep(0.05)
    pbx.switches.latency = 0
    # What is read after that does not come.
    pbx.switches.faults["accounts"] = "hang"
    await send(pbx, action="user-state", account="42", dnd=True)
    await phones.wait("42", "dnd", "on")
    await asyncio.sleep(1)
    await lists(pbx, listed(pbx, "c1", "alerting", "142", "45", "45"))
    await phones.wait("45", "ringing", "on")
    assert phones.get("45", "call").attributes["remote_number"] == "42"


# What was offered is asked for again


@pytest.fixture
def mailbox(dialect: str) -> str:
    """Return the kind of REST path of the mailbox."""
    return "messages" if dialect == "modern" else "self_messages"


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("status", [403, 404, 405])
async def test_mailbox_that_is_refused_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mailbox: str, status: int
) -> None:
    """It is asked for again over this link."""
    pbx.engine.leave_message("45", CALLER)
    await wait_for(hass, lambda: phones.has("45", "voicemail"))
    connections = len(
        [p for _, p in pbx.requests if p.startswith(("/websocket", "/?"))]
    )

    def is_known(kind: str) -> bool:
        """Return whether a count of the own line is known."""
        return phones.state("45", kind) not in (STATE_UNKNOWN, STATE_UNAVAILABLE)

    for kind in ("voicemail", "missed_calls"):
        await wait_for(hass, partial(is_known, kind))
    refused = {mailbox: status, "history": status}
    pbx.switches.rest_status |= refused
    pbx.requests.clear()
    await pbx.send_raw('{"action":"missed-calls"}')
    await wait_for(hass, lambda: any("essages" in path for _, path in pbx.requests))
    await asyncio.sleep(0.05)
    for kind in refused:
        del pbx.switches.rest_status[kind]
    pbx.engine.leave_message("45", CALLER)
    await phones.wait("45", "voicemail", "2")
    await wait_for(hass, partial(is_known, "missed_calls"))
    assert connections <= 1


@pytest.mark.usefixtures("offers")
async def test_mailbox_that_is_refused_for_good(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mailbox: str
) -> None:
    """After some refusals it is not known any more, and shown when it is told again."""
    pbx.engine.leave_message("45", CALLER)
    await wait_for(hass, lambda: phones.has("45", "voicemail"))
    pbx.switches.rest_status[mailbox] = 404
    await pbx.send_raw('{"action":"missed-calls"}')
    await phones.wait("45", "voicemail", STATE_UNAVAILABLE)
    del pbx.switches.rest_status[mailbox]
    await phones.wait("45", "voicemail", "1")


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("status", [403, 404, 405])
async def test_refused_after_an_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mailbox: str, status: int
) -> None:
    """A PBX that is not all up yet refuses what it offered before, and then tells it."""
    await wait_for(
        hass, lambda: phones.has("45", "voicemail") and phones.has("45", "missed_calls")
    )
    await phones.wait("45", "voicemail", "0")
    refused = dict.fromkeys((mailbox, "history", "srvflags"), status)
    pbx.switches.rest_status |= refused
    await reconnect(pbx, phones)
    await asyncio.sleep(0.05)
    assert phones.state("45", "voicemail") == STATE_UNAVAILABLE
    for kind in refused:
        del pbx.switches.rest_status[kind]
    await phones.wait("45", "voicemail", "0")
    await phones.wait("45", "missed_calls", "0")
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    # The history proves it, too.
    await recorder.expect("ringing", "missed: missed", "ended: missed")


@modern
async def test_orbits_that_are_refused_once(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """They are asked for again over this link."""
    pbx.engine.add_account("8", "Park", type="orbits")
    pbx.switches.domain_calls = False
    phones = await set_up(hass, entry)
    await phones.wait("8", "occupied", "off")
    pbx.switches.rest_status["orbits"] = 404
    await pbx.send_raw('{"action":"orbit-calls","calls":[]}')
    await phones.wait("8", "occupied", STATE_UNKNOWN)
    del pbx.switches.rest_status["orbits"]
    await phones.wait("8", "occupied", "off")
    pbx.switches.rest_status["orbits"] = 404
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await phones.wait("8", "occupied", STATE_UNKNOWN)
    await asyncio.sleep(0.5)
    del pbx.switches.rest_status["orbits"]
    await phones.wait("8", "occupied", "off")


@modern
async def test_accounts_that_are_forbidden_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """One refusal of what was told before costs no link."""
    sockets = len([p for _, p in pbx.requests if p.startswith("/websocket")])
    pbx.switches.rest_status["accounts"] = 403
    pbx.requests.clear()
    pbx.engine.set_dnd("41", True)
    await wait_for(hass, lambda: any("/accounts" in path for _, path in pbx.requests))
    del pbx.switches.rest_status["accounts"]
    await phones.wait("41", "dnd", "on")
    assert sockets
    assert not [path for _, path in pbx.requests if path.startswith("/websocket")]


async def test_answer_of_another_link_is_not_taken(
    pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """What was asked for before a link was lost says nothing of what is after it."""
    client = phones.entry.runtime_data.client
    told: list[LineDataChange] = []
    data = LineData(client.own.session, told.append)
    mailbox = "messages" if dialect == "modern" else "self_messages"
    del pbx.switches.rest_status[mailbox]
    pbx.engine.leave_message("45", CALLER)
    pbx.switches.latency = 0.5
    data.begin()
    reading = asyncio.create_task(data.run())
    await asyncio.sleep(0.2)
    pbx.switches.latency = 0
    data.begin()
    await asyncio.sleep(1)
    assert [change.kind for change in told] in ([], [Resource.QUEUE_LOGINS])
    reading.cancel()
    # Over the link that is there it is.
    data.begin()
    reading = asyncio.create_task(data.run())
    await asyncio.sleep(0.2)
    assert data.values.voicemail
    reading.cancel()
