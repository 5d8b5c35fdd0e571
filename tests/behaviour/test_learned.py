"""What was learned of a call stays, wherever it is shown, until the news contradict it."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.wire import Wire
from tests.support.actions import call_action
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, settle, wait_for
from tests.support.wire import listed, lists, send

OTHER = "+4930999999"
START = 1_700_000_000
type Shown = tuple[str | None, str | None, str | None]


def who(phones: Phones, account: str = "45") -> Shown:
    """Return number, name and dialed number that the sensor shows of a call."""
    shown = phones.get(account, "call").attributes
    number, name = shown.get("remote_number"), shown.get("remote_name")
    return number, name, shown.get("dialed_number")


def told(recorder: CallEventRecorder) -> Shown:
    """Return what the last event said of it."""
    last = recorder.heard[-1]
    return last["remote_number"], last["remote_name"], last["dialed_number"]


def from_anna(pbx: Simulator, state: str, account: str = "45", **fields: Any) -> Any:
    """Return a call from Anna that rings at an account, or is with it."""
    named = {"from": f'"Anna" <sip:{CALLER}@localhost>', "from-name": "Anna"}
    return listed(
        pbx, "c1", state, CALLER, account, account, **named, start=START, **fields
    )


def less_told(pbx: Simulator, state: str, account: str = "45", **fields: Any) -> Any:
    """Return the same call without who calls."""
    return listed(pbx, "c1", state, None, account, account, **fields)


@pytest.mark.parametrize("before", ["alerting", "connected"])
@pytest.mark.parametrize("account", ["45", "41"])
@pytest.mark.all_entities
async def test_caller_who_is_not_told_again(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    dialect: str,
    account: str,
    before: str,
) -> None:
    """Sensor, event and action keep what was known."""
    if (dialect, account) == ("classic", "41"):
        pytest.skip("Its lists are of own calls")
    recorder = CallEventRecorder(phones, account)
    anna = (CALLER, "Anna", account)
    await lists(pbx, from_anna(pbx, before, account))
    await wait_for(hass, lambda: recorder.heard and who(phones, account) == anna)
    for state in ("connected", "onhold", "connected"):
        await lists(pbx, less_told(pbx, state, account))
        shown = "held" if state == "onhold" else state
        await phones.wait(account, "call", shown)
        assert who(phones, account) == anna
        assert told(recorder) == anna
    calls: Any = await call_action(hass, "get_calls")
    assert CALLER in str(calls)
    await lists(pbx)
    await phones.wait(account, "call", "idle")


async def test_called_number_that_is_not_told_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Whom we call stays known as well."""
    recorder = CallEventRecorder(phones)
    await lists(pbx, listed(pbx, "c1", "alerting", "45", OTHER, "45"))
    await phones.wait("45", "call", "dialing")
    await lists(pbx, listed(pbx, "c1", "connected", "45", "", "45"))
    await phones.wait("45", "call", "connected")
    assert who(phones) == (OTHER, None, OTHER)
    assert told(recorder) == (OTHER, None, OTHER)
    assert phones.get("45", "call").attributes["direction"] == "outgoing"


@pytest.mark.parametrize("presents", ["outgoing", "incoming"])
async def test_own_dial_whose_number_is_not_told_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, presents: Any
) -> None:
    """It stays the call that we dialed."""
    pbx.switches.dial_presents_as = presents
    pbx.switches.dial_pickup = None
    call: Any = await call_action(hass, "dial", number=OTHER)
    recorder = CallEventRecorder(phones)
    fields = ("45", "") if presents == "outgoing" else (None, "45")
    await lists(pbx, listed(pbx, call["call_id"], "alerting", *fields, "45"))
    await settle(hass)
    shown = phones.get("45", "call")
    assert (shown.state, shown.attributes["remote_number"]) == ("dialing", OTHER)
    assert not recorder.heard


@pytest.mark.parametrize(
    ("state", "caller", "number"),
    [
        ("alerting", OTHER, OTHER),
        ("connected", OTHER, OTHER),
        ("connected", "anonymous", None),
    ],
)
async def test_contradiction(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    state: str,
    caller: str,
    number: str | None,
) -> None:
    """Another party, or one that is withheld in a talk, replaces the one before."""
    await lists(pbx, from_anna(pbx, state))
    await wait_for(hass, lambda: who(phones)[0] == CALLER)
    await lists(pbx, listed(pbx, "c1", state, caller, "45", "45"))
    await wait_for(hass, lambda: who(phones)[0] == number)
    assert who(phones)[1] is None
    # What is learned last stays.
    await lists(pbx, less_told(pbx, state))
    await settle(hass)
    assert who(phones)[:2] == (number, None)


@modern
async def test_who_has_left_is_not_kept(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A colleague who is not involved any more is called no more."""
    await lists(pbx, listed(pbx, "c1", "alerting", CALLER, "41", "41"))
    await phones.wait("41", "call", "ringing")
    await lists(pbx, listed(pbx, "c1", "alerting", CALLER, "", "42"))
    await phones.wait("42", "call", "ringing")
    assert phones.state("41", "call") == "idle"


async def test_another_call_with_the_id(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """One that began at another time is not from there; nor is one after an empty list."""
    await lists(pbx, from_anna(pbx, "alerting"))
    await wait_for(hass, lambda: who(phones)[0] == CALLER)
    await lists(pbx, less_told(pbx, "alerting", start=START + 60))
    await wait_for(hass, lambda: who(phones)[0] is None)
    await lists(pbx, from_anna(pbx, "alerting"))
    await wait_for(hass, lambda: who(phones)[0] == CALLER)
    await lists(pbx)
    await phones.wait("45", "call", "idle")
    await lists(pbx, less_told(pbx, "alerting"))
    await phones.wait("45", "call", "ringing")
    assert who(phones)[0] is None


async def test_over_another_link(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first list of a new link may tell less of a call than the last of the old one."""
    call_id = pbx.engine.ring(CALLER, "45", name="Anna")
    await wait_for(hass, lambda: who(phones)[0] == CALLER)
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    original: Any = Wire.entry

    def entry(wire: Wire, *args: Any) -> dict[str, Any]:
        """Return a call without who calls."""
        told: dict[str, Any] = original(wire, *args)
        return told | {key: "" for key in told if key.startswith("from")}

    monkeypatch.setattr(Wire, "entry", entry)
    links = phones.entry.runtime_data.client.reporter.links
    await pbx.cut()
    await wait_for(
        hass, lambda: phones.entry.runtime_data.client.reporter.links > links
    )
    await phones.wait("45", "call", "connected")
    assert who(phones)[:2] == (CALLER, "Anna")
    monkeypatch.undo()


@classic
async def test_colleague_whose_presence_tells_less(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of a colleague presence tells the calls: what it told stays known, too."""
    state = {"action": "user-state", "account": "41", "type": "extensions", "code": 200}
    call = {"id": "c9", "callstate": "connected", "to": "<sip:41@localhost>"}
    anna = call | {"from": f'"Anna" <sip:{CALLER}@x>'}
    await send(pbx, **state, calls=[anna])
    await phones.wait("41", "call", "connected")
    assert who(phones, "41")[:2] == (CALLER, "Anna")
    await send(pbx, **state, calls=[call])
    await settle(hass)
    assert phones.state("41", "call") == "connected"
    assert who(phones, "41")[:2] == (CALLER, "Anna")
