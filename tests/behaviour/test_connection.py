"""The link: lost, frozen, back with other facts; frames that nobody expects."""

import asyncio
import json
import logging
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.outage import lose_link, reconnect, restore_link


def availability(hass: HomeAssistant, phones: Phones) -> set[str]:
    """Return the states of all our entities but `connected`."""
    connected = phones.id("", "connected")
    return {
        state.state for state in hass.states.async_all() if state.entity_id != connected
    }


async def test_link_lost_and_back(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A lost link makes everything unavailable; back, everything is read again."""
    ended = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    caplog.clear()
    await lose_link(pbx, phones)
    assert availability(hass, phones) == {STATE_UNAVAILABLE}

    pbx.engine.hang_up(ended)
    pbx.engine.set_dnd("41", True)
    pbx.engine.set_registered("42", False)
    new = pbx.engine.ring(SECOND_CALLER, "45", name="New")
    pbx.engine.answer(new, "45")
    await asyncio.sleep(0.5)
    await restore_link(pbx, phones)
    assert STATE_UNAVAILABLE not in availability(hass, phones)
    assert phones.states("45", "ringing", "in_call", "call") == [
        "off",
        "on",
        "connected",
    ]
    assert phones.get("45", "call").attributes["remote_name"] == "New"
    assert phones.state("41", "dnd") == "on"
    assert phones.state("42", "registered") == "off"
    assert phones.device("45")

    # Several tries failed, but the log has one line for the loss and one for the return.
    ours = [
        r.getMessage()
        for r in caplog.records
        if "vodia" in r.name and r.levelno >= logging.INFO
    ]
    assert len(ours) == 2
    assert ours[0].startswith("Connection to Vodia PBX lost")
    assert ours[1] == "Connection to Vodia PBX restored"


async def test_session_is_used_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """After a lost link the password is not sent again while the session lives."""
    attempts = pbx.login_attempts
    await reconnect(pbx, phones)
    assert pbx.login_attempts == attempts
    pbx.expire_sessions()
    await reconnect(pbx, phones)
    assert pbx.login_attempts == attempts + 1


async def test_session_refused_by_closing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A socket that is closed before it says anything is worth a new login."""
    pbx.switches.handshake_refusal = "close"
    pbx.expire_sessions()
    await reconnect(pbx, phones)
    assert not hass.config_entries.flow.async_progress()


async def test_restart(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A PBX that restarts forgets calls and sessions; we find our way back."""
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await pbx.restart(down=0.3)
    await phones.wait("45", "call", "idle")
    assert phones.state("", "connected") == "on"


async def test_keepalive(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The link is kept alive, and the PBX never takes us for a phone."""
    kept: list[int] = []

    def is_kept() -> bool:
        """Return whether the keepalive came again and again."""
        kept[:] = [f["action"] == "avoid-disconnect" for f in pbx.received]
        return sum(kept) >= 4

    await wait_for(hass, is_kept)
    assert {frame["action"] for frame in pbx.received} <= {
        "avoid-disconnect",
        "get-users",
        "get-calls",
        "own-calls",
        "domain-calls",
    }


@pytest.mark.parametrize("answers_ping", [True, False])
async def test_half_open(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, answers_ping: bool
) -> None:
    """A link that went silent is found dead, whether the PBX answers pings or not."""
    pbx.switches.answers_ping = answers_ping
    phones = await set_up(hass, entry)
    client = entry.runtime_data.client
    # Long enough that the link was watched, and found well, a few times.
    await asyncio.sleep(client.timing.ping * 3)
    assert phones.state("", "connected") == "on"
    pbx.freeze()
    frozen = time.monotonic()
    await phones.wait("", "connected", "off")
    if answers_ping or client.tenant.scope == "own":
        # 15 s until the next question and 15 s for its answer, in the quick time here.
        assert time.monotonic() - frozen < client.timing.ping * 3
    pbx.thaw()
    await phones.wait("", "connected", "on")


async def test_slow_read_until_a_push_is_seen(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, dialect: str
) -> None:
    """Where presence is not pushed it is read; once it is, reading ends."""
    push = "user_change" if dialect == "modern" else "user_state"
    setattr(pbx.switches, push, False)
    phones = await set_up(hass, entry)
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    setattr(pbx.switches, push, True)
    pbx.engine.set_dnd("41", False)
    await phones.wait("41", "dnd", "off")
    await asyncio.sleep(0.8)
    pbx.requests.clear()
    pbx.received.clear()
    await asyncio.sleep(entry.runtime_data.client.timing.slow_read * 2)
    assert not pbx.requests
    assert {"action": "get-users"} not in pbx.received


async def test_mixed_dialects(hass: HomeAssistant) -> None:
    """A server that has the new address and the old words is read as a classic one."""
    switches = Switches.modern(answers_get_users=True, answers_get_calls=True)
    async with Simulator(switches) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        call_id = pbx.engine.ring("+4930123456", "45", name="Anna")
        await phones.wait("45", "call", "ringing")
        pbx.engine.set_dnd("41", True)
        await phones.wait("41", "dnd", "on")
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@modern
async def test_rest_session_expires(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A session that expires under the open socket is renewed once, unnoticed."""
    attempts = pbx.login_attempts
    pbx.expire_sessions()
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    assert pbx.login_attempts == attempts + 1
    assert phones.state("", "connected") == "on"
    assert pbx.connections == 1


@modern
async def test_password_changes_under_an_open_socket(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A refused renewal ends the link and asks the user; nobody tries for ever."""
    pbx.engine.change_password("45", "new")
    pbx.expire_sessions()
    attempts = pbx.login_attempts
    pbx.engine.set_dnd("41", True)
    await wait_for(hass, hass.config_entries.flow.async_progress)
    assert phones.state("", "connected") == "off"
    await asyncio.sleep(1)
    assert pbx.login_attempts == attempts + 1


BAD_FRAMES = [
    "not json",
    "",
    "[]",
    '"text"',
    "null",
    "42",
    '{"action": 5}',
    '{"action":"user-state","account":{"a":1}}',
    '{"action":"user-state","account":"45","dnd":[]}',
    '{"action":"user-state","account":"45","registered":"maybe"}',
    '{"action":"user-state","account":"45","calls":"x"}',
    '{"action":"call-state"}',
    '{"action":"call-state","calls":"none"}',
    '{"action":"call-state","calls":[1,2]}',
    '{"action":"call-state","calls":[{"id":["x"]}]}',
    '{"action":"domain-state"}',
    '{"action":"domain-state","accounts":{"45":"x"}}',
    '{"action":"domain-state","accounts":[{"name":"no account"}]}',
    "[" * 100_000,
]
STRANGE_FRAMES = [
    '{"action":"no-such-action","account":"45","dnd":true}',
    '{"something":"flat"}',
    "{}",
    '{"action":"user-state","account":null,"dnd":true}',
    '{"action":"user-state","account":"999999","dnd":true}',
    '{"info":{"account":"45"}}',
]


async def test_bad_frames(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is not understood is counted, logged once and asked for; nothing is lost."""
    call_id = pbx.engine.ring(CALLER, "45", name="Anna")
    await phones.wait("45", "call", "ringing")
    trace = phones.entry.runtime_data.client.trace
    before = {s.entity_id: s for s in hass.states.async_all()}
    caplog.clear()
    for _ in range(2):
        for text in BAD_FRAMES + STRANGE_FRAMES:
            await pbx.send_raw(text)
    await pbx.send_raw(b"\x00binary")
    await pbx.send_raw(b"\xff")
    await pbx.send_raw(
        json.dumps({"action": "user-state", "account": "45", "name": "x" * 10_000_000})
    )
    pbx.engine.set_dnd("45", True)
    await phones.wait("45", "dnd", "on")
    # Where a field or an entry cannot be read the frame is taken.
    taken = 4
    await wait_for(
        hass, lambda: sum(trace.dropped.values()) == 2 * (len(BAD_FRAMES) - taken) + 3
    )
    kinds = ("dnd:list", "registered:str", "calls:str")
    assert trace.odd_fields == dict.fromkeys(kinds, 2)
    assert trace.left_out["id is not a string"] == 2
    await phones.wait("45", "call", "ringing")
    assert trace.unknown_actions.keys() >= {"no-such-action", "flat:something"}
    after = {s.entity_id: s for s in hass.states.async_all()}
    changed = {e for e, state in after.items() if state.state != before[e].state}
    assert changed == {phones.id("45", "dnd"), phones.id("45", "dnd", "switch")}
    assert phones.get("45", "call").attributes["call_id"] == call_id
    assert phones.state("", "connected") == "on"
    warnings = [
        r.getMessage()
        for r in caplog.records
        if r.levelno >= logging.WARNING and "vodia" in r.name
    ]
    assert len(warnings) == len(set(warnings)) == len(trace.dropped)


async def test_huge_frame(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A frame beyond all bounds costs the link, which comes back."""
    await pbx.send_raw("x" * (17 * 1024 * 1024))
    await phones.wait("", "connected", "off")
    await phones.wait("", "connected", "on")
    assert phones.state("45", "call") == "idle"


async def test_order_is_kept(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of a burst of changes the last one counts."""
    for index in range(501):
        pbx.engine.set_dnd("41", index % 2 == 0)
    pbx.engine.set_chat("45", "offline")
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await phones.wait("41", "dnd", "on")
    pbx.engine.hang_up(call_id)
    await phones.wait("45", "call", "idle")


async def test_no_secret_is_logged(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Password, its hash and the session id are in no log line, debug included."""
    caplog.set_level(logging.DEBUG)
    phones = await set_up(hass, entry)
    session = entry.runtime_data.client.own.session.rest.headers["Cookie"].partition(
        "="
    )[2]
    await reconnect(pbx, phones)
    pbx.engine.change_password("45", "x")
    pbx.expire_sessions()
    await pbx.cut()
    await wait_for(hass, hass.config_entries.flow.async_progress)
    assert session
    for secret in ("45-secret", "7eab2c4ba7ff2b2f0a8c6e8f4f0ddf4d", session):
        assert secret not in caplog.text
        assert secret not in repr(entry.runtime_data.client.own.__dict__)
