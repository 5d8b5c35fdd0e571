"""Odd entries of what only REST tells of a line: none hides the others."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.rest_wire import RestWire
from tests.support.actions import call_action
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.mixed import mixed
from tests.support.outage import reconnect

type Odd = Callable[[str, Callable[[Any], Any]], None]


@pytest.fixture
def odd(pbx: Simulator, monkeypatch: pytest.MonkeyPatch) -> Odd:
    """Return what changes what REST tells."""

    def change(name: str, how: Callable[[Any], Any]) -> None:
        """Change what a REST call tells."""
        original = getattr(RestWire, name)
        monkeypatch.setattr(
            RestWire, name, lambda wire, *args: how(original(wire, *args))
        )

    return change


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("entry_", [None, 7, "x", [], {}, {"name": []}, {"state": 1}])
async def test_odd_flag_hides_no_other(
    hass: HomeAssistant,
    pbx: Simulator,
    odd: Odd,
    entry: MockConfigEntry,
    entry_: Any,
) -> None:
    """The flags that can be read are there, and the rest is not gone."""
    pbx.engine.add_account("901", "Hours", type="srvflags")
    odd("flags", lambda told: [entry_, *told])
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("900", "active"))
    assert phones.get("900", "active", "switch").state == "off"
    odd("flags", lambda told: told[:1] + told[2:])
    await wait_for(
        hass, lambda: phones.get("900", "active", "switch").state == STATE_UNKNOWN
    )
    assert phones.get("901", "active", "switch").state == "off"


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("value", ["on", 2, [], {}, "yes"])
async def test_odd_state_of_a_flag(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    odd: Odd,
    value: Any,
) -> None:
    """It is unknown; the other flags are as they are."""
    await wait_for(hass, lambda: phones.has("900", "active"))
    pbx.engine.add_account("901", "Hours", type="srvflags")
    pbx.engine.set_flag("901", True)
    await wait_for(hass, lambda: phones.has("901", "active"))
    odd("flags", lambda told: [told[0] | {"state": value}, *told[1:]])
    await wait_for(
        hass, lambda: phones.get("900", "active", "switch").state == STATE_UNKNOWN
    )
    assert phones.get("901", "active", "switch").state == "on"


@modern
@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("start", value) for value in mixed([], {}, True)),
        *(("connect", value) for value in mixed([], {}, "x")),
        *(("inbound", value) for value in mixed("maybe", 2, [])),
        *(("external", value) for value in mixed("maybe", [])),
        *(("from", value) for value in mixed({}, [], 7)),
        *(("id", value) for value in mixed([], {}, None)),
    ],
)
async def test_odd_past_call_hides_no_other(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    odd: Odd,
    key: str,
    value: Any,
) -> None:
    """A call that was missed is proven, whatever stands beside it in the history."""

    def change(told: Any) -> Any:
        """Put an odd call and what is none in front."""
        data = told["data"]
        return told | {"data": [None, 7, {"id": "odd", key: value}, *data]}

    odd("history", change)
    pbx.switches.domain_calls = False
    await reconnect(pbx, phones)
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "missed: missed", "ended: missed")
    found = await call_action(hass, "get_call_history")
    assert found
    assert CALLER in str(found)
    await wait_for(hass, lambda: phones.has("45", "missed_calls"))
    await phones.wait("45", "missed_calls", "1")


@pytest.mark.usefixtures("offers")
async def test_odd_message_hides_no_other(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    odd: Odd,
    dialect: str,
) -> None:
    """Of a list with what is no message the count is unknown, unless it is told."""
    pbx.engine.leave_message("45", CALLER)
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("45", "voicemail"))
    await phones.wait("45", "voicemail", "1")
    if dialect == "modern":
        odd("messages", lambda told: told | {"data": [None, *told.get("data", [])]})
    else:
        odd("self_messages", lambda told: {"odd": 7, **told})
    pbx.engine.leave_message("45", CALLER)
    await pbx.send_raw('{"action":"missed-calls"}')
    await phones.wait("45", "voicemail", "2" if dialect == "modern" else STATE_UNKNOWN)
