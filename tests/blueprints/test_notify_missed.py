"""The blueprint that notifies of a missed call."""

import asyncio
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.blueprints import (
    AUTOMATION,
    FIRST,
    Mobile,
    attribute,
    is_done,
    own,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device
from tests.support.outage import lose_link


async def notify_missed(
    hass: HomeAssistant, at: Phones, mobile: Mobile, **inputs: Any
) -> None:
    """Set up the notification of missed calls."""
    inputs = {"phones": device(at, None), "line": own(at), **inputs}
    await use(hass, "notify_missed", notify_device=mobile.device_id, **inputs)


async def miss(pbx: Simulator, phones: Phones, number: str, name: str = "") -> None:
    """Let somebody call and give up."""
    call = pbx.engine.ring(number, "45", name)
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")


@modern
async def test_notify_missed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """Each missed call is told of, and called back at a tap; an answered one is not."""
    await notify_missed(hass, phones, mobile)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await miss(pbx, phones, SECOND_CALLER, "Ben")
    ben = f"Ben ({SECOND_CALLER})"
    shown = await mobile.shows(ben)
    assert shown["title"] == "Missed call"
    await miss(pbx, phones, CALLER)
    await mobile.shows(ben, FIRST)
    await is_done(hass)
    mobile.tap(shown, "Call back")
    await phones.wait("45", "call", "dialing")
    (call_back,) = pbx.engine.calls()
    assert call_back.caller.number == "45"
    assert call_back.called.number == SECOND_CALLER
    await is_done(hass)


@modern
@pytest.mark.parametrize("number", ["", CALLER])
async def test_notify_missed_without_a_button(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, number: str
) -> None:
    """Nobody is called back without a number, or where that is not wanted."""
    await notify_missed(hass, phones, mobile, button=not number)
    await miss(pbx, phones, number)
    shown = await mobile.shows(FIRST if number else "Unknown number")
    assert shown["data"]["actions"] == []


async def test_notify_missed_button_of_another(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """A button of another automation does nothing here."""
    await notify_missed(hass, phones, mobile)
    for action in (
        "OPEN_THE_DOOR",
        f"VODIA_CALL_BACK automation.other:{CALLER}",
        f"VODIA_CALL_BACK {AUTOMATION}_2:{CALLER}",
        None,
    ):
        hass.bus.async_fire("mobile_app_notification_action", {"action": action})
    hass.bus.async_fire("mobile_app_notification_action", {})
    await asyncio.sleep(0.1)
    assert not pbx.engine.calls()
    assert attribute(hass, AUTOMATION, "last_triggered") is None


@pytest.mark.parametrize("unsure", [True, False])
async def test_notify_missed_without_proof(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    mobile: Mobile,
    dialect: str,
    *,
    unsure: bool,
) -> None:
    """Where no PBX proves that a call was missed, it is told of for who wants that."""
    pbx.switches.rest_status |= {"history": 404, "json": 404}
    await notify_missed(
        hass, phones, mobile, phones=device(phones, "45"), unsure=unsure
    )
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    # Its end is not known, and still it was talked, for more than half a second.
    await asyncio.sleep(0.6)
    await lose_link(pbx, phones)
    pbx.engine.hang_up(call)
    await pbx.accept()
    await phones.wait("45", "call", "idle")
    await miss(pbx, phones, CALLER)
    await asyncio.sleep(0.1)
    await mobile.shows(*([FIRST] if unsure or dialect == "modern" else []))
    await is_done(hass)
