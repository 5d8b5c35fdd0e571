"""Who calls may be told a moment after the call itself: then it counts."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.automations import FOR, attach
from tests.support.calls import CALLER, SECOND_CALLER, CallEventRecorder
from tests.support.entry import Phones, device, settle, wait_for
from tests.support.wire import listed, lists, send


async def ring(pbx: Simulator, caller: str | None = None, **fields: Any) -> None:
    """Let a call ring at 45, the caller told or not."""
    await lists(pbx, listed(pbx, "c1", "alerting", caller, "45", "45", **fields))


async def test_triggers(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A trigger fires once, when the call first fits while it rings."""
    target = device(phones, "45")
    any_, this, external, other = [
        await attach(hass, "call_ringing", target, **options)
        for options in (
            {},
            {"number": CALLER},
            {"scope": "external"},
            {"number": "+4930999999"},
        )
    ]
    recorder = CallEventRecorder(phones)
    await ring(pbx)
    await wait_for(hass, lambda: any_)
    assert not this
    await ring(pbx, CALLER)
    await wait_for(hass, lambda: this)
    await ring(pbx, CALLER, start=1700000000)
    await settle(hass)
    assert [data["remote_number"] for data in this] == [CALLER]
    assert [data["remote_number"] for data in external] == [CALLER]
    assert [data["remote_number"] for data in any_] == [None]
    assert not other
    # The event is told once: nothing else has happened.
    await recorder.expect("ringing")


async def test_name(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A name may come after the number."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), name="anna*")
    number = f"<sip:{CALLER}@localhost>"
    await ring(pbx, CALLER)
    await phones.wait("45", "last_caller", CALLER)
    await ring(
        pbx, CALLER, **{"from": f'"Anna Berg" {number}', "from-name": "Anna Berg"}
    )
    await phones.wait("45", "last_caller", "Anna Berg")
    await wait_for(hass, lambda: fired)
    assert [data["remote_name"] for data in fired] == ["Anna Berg"]


async def test_last_caller(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The last caller follows, and is one call."""
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    time = phones.get("45", "last_caller").attributes["time"]
    await ring(pbx, CALLER)
    state = await phones.wait("45", "last_caller", CALLER)
    assert state.attributes["time"] == time


async def test_dialing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Whom a phone calls may be told late, too."""
    fired = await attach(hass, "call_dialing", device(phones, "45"), number=CALLER)
    call = listed(pbx, "c1", "ringback", "45", "", "45")
    if pbx.switches.dialect == "classic":
        call["to"] = ""
    await lists(pbx, call)
    await phones.wait("45", "call", "dialing")
    assert not fired
    await lists(pbx, listed(pbx, "c1", "ringback", "45", CALLER, "45"))
    await wait_for(hass, lambda: fired)
    await settle(hass)
    assert len(fired) == 1


async def test_ringing_for(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The time runs from the first ring, whenever it is told who calls."""
    options = {**FOR, "number": CALLER}
    fired = await attach(hass, "call_ringing", device(phones, "45"), **options)
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    await settle(hass, 0.5)
    assert not fired
    await ring(pbx, CALLER)
    await wait_for(hass, lambda: fired)
    await ring(pbx, CALLER)
    await settle(hass, 0.5)
    assert [data["remote_number"] for data in fired] == [CALLER]


async def test_call_without_an_id(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is the same call when more of it is told, though we make an id of that."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    recorder = CallEventRecorder(phones)
    for call in (
        listed(pbx, None, "alerting", None, "45", "45", start=1700000000),
        listed(pbx, None, "alerting", CALLER, "45", "45", start=1700000000),
        listed(pbx, None, "connected", CALLER, "45", "45", start=1700000000),
    ):
        await lists(pbx, call)
    await phones.wait("45", "call", "connected")
    await lists(pbx)
    await recorder.expect("ringing", "answered", "ended: completed")
    assert len(fired) == 1


@pytest.mark.parametrize("call_id", ["c1", "another leg"])
async def test_caller_id(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, call_id: str
) -> None:
    """A frame of its own may tell it, and a list that tells less does not take it back."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), number=CALLER)
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    await send(pbx, action="callerid", callid=call_id, name="Anna", number=CALLER)
    await phones.wait("45", "last_caller", "Anna")
    await ring(pbx, start=1700000000)
    await wait_for(hass, lambda: fired)
    call = phones.get("45", "call")
    assert call.attributes["remote_number"] == CALLER
    await lists(pbx)
    await phones.wait("45", "ringing", "off")
    # The next one with this id is not from there.
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    assert phones.get("45", "call").attributes["remote_number"] is None


async def test_sent_on_to_who_is_withheld(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who withholds the number in the middle of a talk is not who was there before."""
    ended = await attach(hass, "call_ended", device(phones, "45"))
    await ring(pbx, CALLER)
    await phones.wait("45", "ringing", "on")
    for caller in (CALLER, "anonymous"):
        await lists(pbx, listed(pbx, "c1", "connected", caller, "45", "45"))
        await phones.wait("45", "call", "connected")
    await lists(pbx)
    await wait_for(hass, lambda: ended)
    assert [data["remote_number"] for data in ended] == [None]


def who(phones: Phones, account: str = "45") -> tuple[str | None, str | None]:
    """Return number and name of the other side of an account's call."""
    shown = phones.get(account, "call").attributes
    return shown["remote_number"], shown["remote_name"]


@pytest.mark.parametrize("account", ["41", "45"])
@pytest.mark.parametrize("state", ["alerting", "connected"])
async def test_caller_id_of_another_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, account: str, state: str
) -> None:
    """Who calls another phone, or is in another call, is not who calls here."""
    other = listed(pbx, "c0", state, None, account, account, start=1600000000)
    await lists(pbx, other, listed(pbx, "c1", "alerting", None, "45", "45"))
    await phones.wait("45", "ringing", "on")
    recorder = CallEventRecorder(phones)
    await send(pbx, action="callerid", callid="c0", name="Anna", number=CALLER)
    await settle(hass)
    await lists(pbx, listed(pbx, "c1", "connected", None, "45", "45"))
    await wait_for(hass, lambda: "answered" in dict(recorder.events("c1")))
    assert [
        told["remote_number"] for told in recorder.heard if told["call_id"] == "c1"
    ] == [None]


async def test_caller_id_that_comes_first(pbx: Simulator, phones: Phones) -> None:
    """It may come before the list that has the call."""
    await send(pbx, action="callerid", callid="c1", name="Anna", number=CALLER)
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    assert who(phones) == (CALLER, "Anna")


async def test_caller_id_with_a_name(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It names a number that is told, and only that one."""
    await ring(pbx, CALLER)
    await phones.wait("45", "ringing", "on")
    await send(pbx, action="callerid", callid="c1", name="Bob", number="+4930999999")
    await settle(hass)
    assert who(phones) == (CALLER, None)
    await send(pbx, action="callerid", callid="c1", name="Anna", number=CALLER)
    await wait_for(hass, lambda: who(phones) == (CALLER, "Anna"))
    await phones.wait("45", "last_caller", "Anna")


async def test_told_in_the_talk(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The last caller follows while they speak, unless somebody called later."""
    call = listed(pbx, "c1", "connected", None, "45", "45")
    known = listed(pbx, "c1", "connected", CALLER, "45", "45")
    await ring(pbx)
    await phones.wait("45", "ringing", "on")
    await lists(pbx, call)
    await phones.wait("45", "ringing", "off")
    await lists(pbx, known)
    await phones.wait("45", "last_caller", CALLER)
    await lists(pbx)
    await phones.wait("45", "in_call", "off")
    later = listed(pbx, "c3", "alerting", SECOND_CALLER, "45", "45")
    await lists(pbx, call | {"id": "c2"})
    await phones.wait("45", "in_call", "on")
    await lists(pbx, call | {"id": "c2"}, later)
    await phones.wait("45", "last_caller", SECOND_CALLER)
    await lists(pbx, known | {"id": "c2"}, later)
    await wait_for(hass, lambda: who(phones)[0] == CALLER)
    await settle(hass)
    assert phones.state("45", "last_caller") == SECOND_CALLER
