"""The blueprint that notifies of an incoming call."""

import asyncio
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator, Stage, Switches
from tests.support.automations import Ring
from tests.support.blueprints import (
    FIRST,
    SECOND,
    UNKNOWN,
    Mobile,
    is_done,
    late,
    own,
    quicken,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, create_entry, device, set_up
from tests.support.outage import lose_link


async def test_notify_incoming_late(
    pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The same in a notification."""
    await notify_incoming(mobile.hass, phones, mobile)
    await late(pbx)
    await mobile.shows(FIRST)
    assert len(mobile.sent) == 1


async def notify_incoming(
    hass: HomeAssistant, at: Phones, mobile: Mobile, **inputs: Any
) -> None:
    """Set up the notification of incoming calls of the own extension."""
    inputs = {"phones": device(at, "45"), "line": own(at), **inputs}
    await use(hass, "notify_incoming", notify_device=mobile.device_id, **inputs)


@pytest.mark.parametrize(
    ("caller", "message"),
    [
        (Ring(name="Anna Meyer"), f"Anna Meyer ({CALLER})"),
        (Ring(), FIRST),
        (UNKNOWN, "Unknown number"),
    ],
)
@pytest.mark.parametrize("answered", [True, False])
async def test_notify_incoming(
    pbx: Simulator,
    phones: Phones,
    mobile: Mobile,
    caller: Ring,
    message: str,
    *,
    answered: bool,
) -> None:
    """Who calls is shown until the call is answered or over."""
    hass = mobile.hass
    await notify_incoming(hass, phones, mobile)
    call = pbx.engine.ring(caller.number, "45", caller.name)
    shown = await mobile.shows(message)
    assert shown["title"] == "Incoming call"
    assert [one["title"] for one in shown["data"]["actions"]] == ["Answer", "Decline"]
    await asyncio.sleep(0.1)
    assert mobile.shown()
    if answered:
        pbx.engine.answer(call, "45")
    else:
        pbx.engine.hang_up(call)
    await mobile.shows()
    await is_done(hass)
    assert len(mobile.sent) == 2


@pytest.mark.parametrize("title", ["Answer", "Decline"])
async def test_notify_incoming_buttons(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile, title: str
) -> None:
    """Of two calls the one is answered or declined whose button is tapped."""
    await notify_incoming(hass, phones, mobile)
    first = pbx.engine.ring(CALLER, "45")
    await mobile.shows(FIRST)
    second = pbx.engine.ring(SECOND_CALLER, "45")
    shown = await mobile.shows(FIRST, SECOND)
    mobile.tap(shown, title)
    await mobile.shows(FIRST)
    assert pbx.engine.call(first).stage is Stage.RINGING
    if title == "Answer":
        assert pbx.engine.call(second).stage is Stage.CONNECTED
        assert pbx.engine.call(second).talks("45")
    else:
        assert [call.id for call in pbx.engine.calls()] == [first]
    pbx.engine.hang_up(first)
    await mobile.shows()
    await is_done(hass)


async def test_notify_incoming_too_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """A button of a call that is gone does nothing, whatever rings by then."""
    await notify_incoming(hass, phones, mobile)
    call = pbx.engine.ring(CALLER, "45")
    shown = await mobile.shows(FIRST)
    # The tap is on its way while the caller hangs up.
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    mobile.tap(shown, "Answer")
    await is_done(hass)
    await mobile.shows()
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await mobile.shows(SECOND)
    mobile.tap(shown, "Answer")
    mobile.tap(shown, "Decline")
    await asyncio.sleep(0.1)
    assert pbx.engine.call(call).stage is Stage.RINGING
    await mobile.shows(SECOND)
    pbx.engine.hang_up(call)
    await is_done(hass)


@modern
async def test_notify_incoming_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The buttons do nothing about a call that does not ring at the own extension."""
    await notify_incoming(hass, phones, mobile, phones=device(phones, "41"))
    call = pbx.engine.ring(CALLER, "41")
    mobile.tap(await mobile.shows(FIRST), "Decline")
    await mobile.shows()
    await is_done(hass)
    assert pbx.engine.call(call).stage is Stage.RINGING


@pytest.mark.parametrize("title", ["Answer", "Decline"])
async def test_notify_incoming_of_a_group(
    hass: HomeAssistant, mobile: Mobile, title: str
) -> None:
    """A group's call is answered by the id that it has at the own extension."""
    async with Simulator(Switches.modern(group_ids="per_leg")) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await notify_incoming(hass, phones, mobile, phones=device(phones, None))
        call = pbx.engine.ring(CALLER, "500")
        mobile.tap(await mobile.shows(FIRST), title)
        await mobile.shows()
        await is_done(hass)
        found = pbx.engine.call(call)
        if title == "Answer":
            assert found.talks("45")
        else:
            assert found.rung == ["43", "44"]
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_notify_incoming_without_buttons(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """The buttons can be left out."""
    await notify_incoming(hass, phones, mobile, buttons=False)
    call = pbx.engine.ring(CALLER, "45")
    assert (await mobile.shows(FIRST))["data"]["actions"] == []
    pbx.engine.hang_up(call)
    await is_done(hass)


async def test_notify_incoming_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, mobile: Mobile
) -> None:
    """With the link lost the buttons could do nothing, and the notification goes."""
    quicken(hass, "notify_incoming")
    await notify_incoming(hass, phones, mobile)
    pbx.engine.ring(CALLER, "45")
    shown = await mobile.shows(FIRST)
    await lose_link(pbx, phones)
    mobile.tap(shown, "Answer")
    await mobile.shows()
    await is_done(hass)
