"""The blueprint that opens a gate for callers who are known."""

import asyncio
from typing import Any

import orjson
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant, ServiceCall
from simulator import Simulator, Stage
from tests.support.automations import attach
from tests.support.blueprints import Json, is_done, own, state, use
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device, settle, wait_for

GATE = "button.push"


async def open_gate(hass: HomeAssistant, at: Phones, **inputs: Any) -> None:
    """Set up a gate that two numbers open."""
    inputs = {
        "phones": device(at, "45"),
        "callers": ["030 111111", "+49 89 123456"],
        "action": [{"action": "gate.open"}],
        **inputs,
    }
    await use(hass, "open_gate", **inputs)


@pytest.mark.parametrize("number", [CALLER, "004930111111", "030111111"])
async def test_open_gate(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """A number that may opens, in each of its forms; the call is left alone."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones)
    call = pbx.engine.ring(number, "45")
    await wait_for(hass, lambda: opened)
    await is_done(hass)
    assert len(opened) == 1
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize(
    ("number", "inputs"),
    [
        ("+4930111112", {}),
        ("", {}),
        (CALLER, {"callers": []}),
        (CALLER, {"callers": [""]}),
        ("", {"callers": [""]}),
        (CALLER, {"called": "500"}),
        (CALLER, {"only_if": ["{{ false }}"]}),
    ],
)
async def test_open_gate_stays_shut(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str, inputs: Json
) -> None:
    """Nobody else opens, and nobody at all without a list."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones, reject=True, line=own(phones), **inputs)
    call = pbx.engine.ring(number, "45")
    await phones.wait("45", "ringing", "on")
    await asyncio.sleep(0.1)
    await is_done(hass)
    assert not opened
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize("called", ["45", "500"])
async def test_open_gate_called(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, called: str
) -> None:
    """It may depend on the number that was called."""
    opened = async_mock_service(hass, "gate", "open")
    await open_gate(hass, phones, called=called)
    pbx.engine.ring(CALLER, called)
    await wait_for(hass, lambda: opened)
    await is_done(hass)


@pytest.mark.usefixtures("house")
async def test_open_gate_and_reject(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A real button is pressed; the call ends unanswered, and another one rings on."""
    assert state(hass, GATE) == "unknown"
    opens = {"action": "button.press", "target": {"entity_id": GATE}}
    other = pbx.engine.ring(SECOND_CALLER, "45")
    await open_gate(hass, phones, action=[opens], reject=True, line=own(phones))
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: state(hass, GATE) != "unknown")
    await wait_for(hass, lambda: [one.id for one in pbx.engine.calls()] == [other])
    await is_done(hass)
    assert call not in (one.id for one in pbx.engine.calls())


async def test_open_gate_gone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A caller who hangs up while it opens is not rejected, and nothing fails."""
    opening = asyncio.Event()
    opened: list[ServiceCall] = []

    async def open_(call: ServiceCall) -> None:
        """Open, which takes a while."""
        opened.append(call)
        await opening.wait()

    hass.services.async_register("gate", "open", open_)
    await open_gate(hass, phones, reject=True, line=own(phones))
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: opened)
    second = pbx.engine.ring("+4989123456", "45")
    # The other one does not wait for it.
    await wait_for(hass, lambda: len(opened) == 2)
    pbx.engine.hang_up(call)
    await asyncio.sleep(0.1)
    opening.set()
    await is_done(hass)
    assert second not in (one.id for one in pbx.engine.calls())


@pytest.mark.parametrize(
    ("called", "number", "opens"),
    [
        ("5 00", "500", True),
        ("+49 30 5550100", "0305550100", True),
        ("030 5550100", "+49305550101", False),
        ("", "500", True),
    ],
)
@modern
@pytest.mark.usefixtures("germany")
async def test_gate_by_called_number(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    called: str,
    number: str,
    opens: bool,
) -> None:
    """The number that was called is compared as the caller's is: in all of its forms."""
    opened = async_mock_service(hass, "gate", "open")
    any_call = await attach(hass, "call_ringing", device(phones, "45"))
    await gate_for_one(hass, phones, called=called)
    call = {"id": "c", "state": "alerting", "extension": ["45"], "from-number": CALLER}
    frame = {"action": "call-state", "calls": [{**call, "to-number": number}]}
    await pbx.send_raw(orjson.dumps(frame).decode())
    await wait_for(hass, lambda: any_call)
    await settle(hass)
    assert bool(opened) is opens


async def gate_for_one(hass: HomeAssistant, phones: Phones, **inputs: Any) -> None:
    """Set up a gate that a number opens."""
    inputs = {
        "phones": device(phones, "45"),
        "callers": ["030 111111"],
        "action": [{"action": "gate.open"}],
        **inputs,
    }
    await use(hass, "open_gate", **inputs)


@pytest.mark.parametrize("called", [None, ""])
@modern
@pytest.mark.usefixtures("germany")
async def test_gate_with_privacy(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, called: str | None
) -> None:
    """The call that opened is declined, whoever it is, and no other one."""
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    opened = async_mock_service(hass, "gate", "open")
    line = device(phones, "45")["device_id"]
    inputs = {} if called is None else {"called": called}
    await gate_for_one(hass, phones, reject=True, line=line, **inputs)
    withheld = pbx.engine.ring("anonymous", "45", name="Anonymous")
    await phones.wait("45", "ringing", "on")
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: opened)
    await wait_for(hass, lambda: [one.id for one in pbx.engine.calls()] == [withheld])
    assert call not in (one.id for one in pbx.engine.calls())
