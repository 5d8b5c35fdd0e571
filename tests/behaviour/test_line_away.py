"""A further line that is refused, or stays away: others tell what they know of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from custom_components.vodia.const import DOMAIN
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.calls import CALLER, SECOND_CALLER, CallEventRecorder
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, device, set_up, wait_for
from tests.support.lines import has_line
from tests.support.timing import set_timing

# Where the watcher sees no calls but its own; a classic one tells those of others by
# their presence, a modern one only that somebody is in a call.
SWITCHES: dict[str, Any] = {
    "classic": {"user_calls": "full"},
    "modern": {"domain_calls": False},
}


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return a PBX on which only a line itself knows all of its calls."""
    async with Simulator(getattr(Switches, dialect)(**SWITCHES[dialect])) as pbx:
        yield pbx


@pytest.fixture
async def phones(hass: HomeAssistant, pbx: Simulator) -> Phones:
    """Return the entities of a PBX with a further line."""
    phones = await set_up(hass, create_entry(hass, pbx))
    await has_line(phones)
    return phones


async def refuse_line(phones: Phones, pbx: Simulator, how: str) -> None:
    """Let the PBX refuse the login of the line from now on."""
    line = phones.entry.runtime_data.lines["41"]
    match how:
        case "password":
            pbx.engine.change_password("41", "changed")
        case "access off":
            pbx.engine.change_password("41", "changed")
            pbx.switches.refusal = 403
        case _:
            pbx.switches.second_factor = True
    line.session.require_login()
    await pbx.cut("41")
    (subentry,) = phones.entry.subentries.values()
    issue = f"line_login_{subentry.subentry_id}"
    issues = ir.async_get(phones.hass)
    await wait_for(phones.hass, lambda: issues.async_get_issue(DOMAIN, issue))
    assert phones.state("", "connected") == "on"


async def hears_a_call(phones: Phones, pbx: Simulator) -> None:
    """Expect a call of the line to be told from its begin to its end."""
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "41")
    await phones.wait("41", "call", "connected")
    await recorder.expect("ringing", "answered")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "ended: completed")


WAYS = pytest.mark.parametrize("how", ["password", "access off", "second factor"])


@classic
@WAYS
async def test_refused(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, how: str
) -> None:
    """What the watcher knows of a refused line is told: states, events, triggers."""
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "vodia.call_ringing",
                    "target": device(phones, "41"),
                },
                "actions": {"event": "rang", "event_data": {}},
            }
        },
    )
    await hass.async_block_till_done()
    rang: list[Any] = []
    hass.bus.async_listen("rang", rang.append)
    await refuse_line(phones, pbx, how)
    assert phones.get("41", "dnd", "switch").state == STATE_UNAVAILABLE
    await hears_a_call(phones, pbx)
    assert len(rang) == 1


@classic
@WAYS
async def test_refused_in_a_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, how: str
) -> None:
    """A call that was announced by the line is told to its end, once."""
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    await refuse_line(phones, pbx, how)
    pbx.engine.answer(call, "41")
    await recorder.expect("ringing", "answered")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "ended: completed")


@modern
@WAYS
async def test_refused_where_others_know_little(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, how: str
) -> None:
    """It is as without the line: its presence is told, and no call of it."""
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    await refuse_line(phones, pbx, how)
    # What was announced ends: nobody knows of the call any more.
    await recorder.expect("ringing", "ended: unknown")
    pbx.engine.answer(call, "41")
    await phones.wait("41", "in_call", "on")
    assert phones.state("41", "call") == STATE_UNKNOWN
    pbx.engine.hang_up(call)
    await phones.wait("41", "in_call", "off")
    await recorder.expect("ringing", "ended: unknown")


@classic
async def test_ended_while_nobody_told(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that was announced and is gone when others take over ends, once."""
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    line = phones.entry.runtime_data.lines["41"]
    pbx.switches.faults["handshake"] = "reset"
    await pbx.cut("41")
    await wait_for(hass, lambda: not line.connected)
    pbx.engine.hang_up(call)
    second = pbx.engine.ring(SECOND_CALLER, "41")
    await phones.wait("41", "call", "ringing")
    pbx.switches.faults.clear()
    pbx.switches.second_factor = True
    line.session.require_login()
    await recorder.expect("ringing", "ended: unknown", call_id=call)
    await recorder.expect("ringing", call_id=second)
    assert recorder.heard[-1]["backfilled"]
    pbx.engine.hang_up(second)
    await recorder.expect("ringing", "ended: unknown", call_id=second)


async def test_accepted_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A line that is accepted again tells its calls itself, in full."""
    await refuse_line(phones, pbx, "access off")
    line = phones.entry.runtime_data.lines["41"]
    assert not line.tracks_calls
    pbx.engine.change_password("41", "41-secret")
    await wait_for(hass, lambda: line.connected)
    await hears_a_call(phones, pbx)
    # What the watcher alone could not know.
    recorder = CallEventRecorder(phones, "41")
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "41"))
    await recorder.expect("ringing", "missed: missed", "ended: missed")
    await call_action(hass, "dial", target=device(phones, "41"), number="42")


@pytest.mark.parametrize("talks", [True, False])
async def test_away_for_long(
    hass: HomeAssistant,
    pbx: Simulator,
    dialect: str,
    talks: bool,
) -> None:
    """A line that does not come back is as good as a refused one, where others know."""
    set_timing(hass, first_retry=2, last_retry=60, healthy=20)
    phones = await set_up(hass, create_entry(hass, pbx))
    await has_line(phones)
    recorder, line = (
        CallEventRecorder(phones, "41"),
        phones.entry.runtime_data.lines["41"],
    )
    if talks:
        call = pbx.engine.ring(CALLER, "41")
        pbx.engine.answer(call, "41")
        await recorder.expect("ringing", "answered")
    pbx.switches.faults["handshake"] = 500
    await pbx.cut("41")
    await wait_for(hass, lambda: not line.connected)
    await asyncio.sleep(5)
    # Not at once: it may be back in a moment, and knows more.
    assert line.tracks_calls
    await asyncio.sleep(120)
    assert not line.connected
    assert line.tracks_calls == (dialect == "modern")
    if not talks and dialect == "classic":
        await hears_a_call(phones, pbx)
        return
    pbx.switches.faults.clear()
    async with asyncio.timeout(60):
        while not line.connected:
            await asyncio.sleep(1)
    if talks:
        # It has gone on all the time.
        assert [kind for kind, _ in recorder.events()] == ["ringing", "answered"]
        pbx.engine.hang_up(call)
        await recorder.expect("ringing", "answered", "ended: completed")
    else:
        await hears_a_call(phones, pbx)
