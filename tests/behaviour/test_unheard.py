"""Do not disturb hides no caller: who called is told, though no phone has rung."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations import attach
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.entry import Phones, create_entry, device, set_up, settle, wait_for

QUIET = ["off", "off", "idle"]


@pytest.fixture
async def spared(pbx: Simulator, phones: Phones) -> Phones:
    """Return the entities of a PBX whose extension 45 is on do not disturb."""
    pbx.engine.set_dnd("45", True)
    await phones.wait("45", "dnd", "on")
    return phones


async def test_who_called(hass: HomeAssistant, pbx: Simulator, spared: Phones) -> None:
    """Nothing rings and nothing is open meanwhile; within seconds it is told who it was."""
    missed = await attach(hass, "call_missed", device(spared, "45"))
    rang = await attach(hass, "call_ringing", device(spared, "45"))
    recorder = CallEventRecorder(spared)
    call = pbx.engine.ring(CALLER, "45", name="Anna")
    await settle(hass, 0.5)
    assert spared.states("45", "ringing", "in_call", "call") == QUIET
    pbx.engine.hang_up(call)
    await spared.wait("45", "last_caller", "Anna")
    heard = await recorder.expect("missed: missed", "ended: missed")
    assert not any(attributes["backfilled"] for attributes in heard)
    await wait_for(hass, lambda: missed)
    assert [data["remote_number"] for data in missed] == [CALLER]
    assert not rang
    # It is told once.
    await settle(hass, 12)
    await recorder.expect("missed: missed", "ended: missed")
    assert len(missed) == 1
    assert spared.state("45", "dnd") == "on"


async def test_history_that_is_written_later(pbx: Simulator, spared: Phones) -> None:
    """It is looked at again."""
    pbx.switches.history_delay = 2
    recorder = CallEventRecorder(spared)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await recorder.expect("missed: missed", "ended: missed")


async def test_calls_of_earlier_days(pbx: Simulator, spared: Phones) -> None:
    """They are no news when do not disturb is set."""
    recorder = CallEventRecorder(spared)
    await settle(spared.hass, 12)
    await recorder.expect()


async def test_calls_that_were_heard(pbx: Simulator, spared: Phones) -> None:
    """What the phone makes itself, or hears all the same, has its own story."""
    recorder = CallEventRecorder(spared)
    call = pbx.engine.ring("45", CALLER)
    await spared.wait("45", "call", "dialing")
    pbx.engine.answer(call)
    pbx.engine.hang_up(call)
    await settle(spared.hass, 12)
    await recorder.expect("dialing", "answered", "ended: completed")


async def test_phone_that_is_away(pbx: Simulator, phones: Phones) -> None:
    """A phone that is not there rings as little."""
    if pbx.switches.dialect == "classic":
        pytest.skip("it tells nothing of such a call")
    pbx.engine.set_registered("45", False)
    await phones.wait("45", "registered", "off")
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await settle(phones.hass, 0.5)
    assert phones.states("45", "ringing", "in_call", "call") == QUIET
    pbx.engine.hang_up(call)
    await recorder.expect("missed: missed", "ended: missed")


async def test_pushed(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A PBX that tells of missed calls is asked which."""
    recorder = CallEventRecorder(phones)
    await settle(hass, 1)
    pbx.engine.set_registered("45", False)
    await phones.wait("45", "registered", "off")
    pbx.switches.domain_calls = False
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await pbx.send_raw('{"action": "missed-calls"}')
    await recorder.expect("missed: missed", "ended: missed")


async def test_without_a_history(hass: HomeAssistant, pbx: Simulator) -> None:
    """Where the PBX tells none, it is not asked again and again."""
    pbx.switches.rest_status |= {"history": 404, "json": 404}
    phones = await set_up(hass, create_entry(hass, pbx))
    pbx.engine.set_dnd("45", True)
    await phones.wait("45", "dnd", "on")
    await settle(hass, 1)

    def asked() -> list[Any]:
        """Return the requests for the history."""
        return [each for each in pbx.requests if each[1].endswith(("history", "json"))]

    before = len(asked())
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await settle(hass, 20)
    assert len(asked()) == before
