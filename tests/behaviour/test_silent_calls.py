"""Calls of which nobody tells any more: presence confirms or ends them, else they are open."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.link import Link
from tests.support.calls import CALLER, UNKNOWN, CallEventRecorder, call_requests
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.timing import set_timing

pytestmark = [
    modern,
    pytest.mark.all_entities,
    pytest.mark.usefixtures("short_quiet"),
]


@pytest.fixture(name="dialect")
def only_modern() -> str:
    """Only this dialect tells the calls of others."""
    return "modern"


@pytest.fixture
def short_quiet(hass: HomeAssistant, real_environment: None) -> None:
    """Let minutes be short."""
    set_timing(hass, quiet=2.0)


@pytest.fixture
async def phones(hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry) -> Phones:
    """Return the entities at a PBX that answers for the calls of the tenant only once."""
    found = await set_up(hass, entry)
    silence(pbx)
    return found


def silence(pbx: Simulator) -> None:
    """Let the PBX answer for no calls any more."""
    pbx.switches.faults |= dict.fromkeys(("get-calls", "domain-calls"), "hang")


async def ring(pbx: Simulator, phones: Phones, *, answered: bool) -> str:
    """Return the id of a call to a colleague, which is shown."""
    call_id = pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    if answered:
        pbx.engine.answer(call_id, "41")
        await phones.wait("41", "call", "connected")
    return call_id


def hang_up_unheard(pbx: Simulator, call_id: str, *lost: str) -> None:
    """End a call without any push of some kinds."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in lost:
            patch.setattr(Link, kind, lambda *args: None)
        pbx.engine.hang_up(call_id)


@pytest.mark.parametrize("own", [None, 404], ids=["own_told", "own_refused"])
@pytest.mark.parametrize("answered", [False, True], ids=["ringing", "connected"])
async def test_presence_ends_a_call_whose_end_was_lost(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    answered: bool,
    own: int | None,
) -> None:
    """Its account was busy with it and is idle now: it is over, and how is not known."""
    if own:
        pbx.switches.rest_status["calls"] = own
    recorder = CallEventRecorder(phones, "41")
    call_id = await ring(pbx, phones, answered=answered)
    # The accounts are read while the call is as it is told last.
    pbx.requests.clear()
    phones.entry.runtime_data.client.own.refresh()
    await wait_for(hass, lambda: pbx.requests)
    await asyncio.sleep(0.2)
    hang_up_unheard(pbx, call_id, "push_calls")
    await phones.wait("41", "call", "idle")
    assert phones.states("41", "ringing", "in_call") == ["off", "off"]
    await wait_for(hass, lambda: "ended" in dict(recorder.events()))
    steps = [step for step, _ in recorder.events()]
    assert steps.count("ended") == 1
    assert "missed" not in steps
    end = recorder.heard[-1]
    assert end["end_reason"] == "unknown"
    # Nobody knows how long they have talked.
    assert end["duration"] == (None if answered else 0)
    await wait_for(hass, lambda: phones.state("", "ringing_calls") == "0")


@pytest.mark.parametrize("means", ["registered", "never"])
@pytest.mark.parametrize("answered", [False, True], ids=["ringing", "connected"])
async def test_call_that_nobody_confirms_is_unknown(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    means: Any,
    *,
    answered: bool,
) -> None:
    """It is asked for ever more seldom, and known with the next list."""
    pbx.switches.directory_connected = means
    phones = await set_up(hass, entry)
    silence(pbx)
    call_id = await ring(pbx, phones, answered=answered)
    hang_up_unheard(pbx, call_id, "push_calls")
    await phones.wait("41", "call", STATE_UNKNOWN)
    assert phones.states("41", "call", "ringing", "in_call") == UNKNOWN
    assert phones.state("", "active_calls") == STATE_UNKNOWN
    # Nothing says that anything of others was lost.
    assert phones.states("42", "call", "in_call") == ["idle", "off"]
    before = call_requests(pbx)
    other = pbx.engine.ring("+4930777", "42")
    await phones.wait("42", "call", "ringing")
    await phones.wait("41", "call", "idle")
    assert before <= 12
    pbx.engine.hang_up(other)
    await phones.wait("42", "call", "idle")


async def test_talk_that_presence_confirms_stays(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A long talk of a colleague is no lie, whoever is silent; nor is one of ours."""
    seen: list[str] = []
    call_id = await ring(pbx, phones, answered=True)
    own = pbx.engine.ring("+4930777", "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(own, "45")
    await phones.wait("45", "call", "connected")
    shown = {phones.id("41", "call"), phones.id("45", "call")}

    def note(event: Any) -> None:
        """Note each state."""
        if event.data["entity_id"] in shown:
            seen.append(event.data["new_state"].state)

    remove = hass.bus.async_listen("state_changed", note)
    before = call_requests(pbx)
    await wait_for(hass, lambda: call_requests(pbx) >= before + 3)
    assert phones.state("41", "call") == phones.state("45", "call") == "connected"
    assert STATE_UNKNOWN not in seen
    remove()
    pbx.engine.hang_up(call_id)
    await phones.wait("41", "call", "idle")


async def test_which_of_two_calls_presence_means_is_open(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who is busy may be so with either of two calls: none of them is confirmed."""
    await ring(pbx, phones, answered=True)
    lost = pbx.engine.ring("+4930777", "41")
    await wait_for(
        hass, lambda: phones.get("41", "call").attributes.get("other_calls") == 1
    )
    hang_up_unheard(pbx, lost, "push_calls")
    await phones.wait("41", "call", STATE_UNKNOWN)
    assert phones.states("41", "ringing", "in_call") == UNKNOWN[:2]


async def test_own_call_that_nobody_confirms_is_unknown(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Where only our own calls are told, a silent PBX does not keep one up for ever."""
    pbx.switches.domain_calls = False
    pbx.switches.rest_status["calls"] = 404
    pbx.switches.directory_connected = "never"
    phones = await set_up(hass, entry)
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.switches.faults |= dict.fromkeys(("get-calls", "own-calls"), "hang")
    hang_up_unheard(pbx, call_id, "push_calls")
    await phones.wait("45", "call", STATE_UNKNOWN)
    assert phones.states("45", "ringing", "in_call") == UNKNOWN[:2]
