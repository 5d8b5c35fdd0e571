"""The missed calls of a line, as the PBX counts them."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator, Switches
from tests.support.calls import CALLER
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.lines import has_line
from tests.support.timing import set_line_data_timing

pytestmark = pytest.mark.usefixtures("offers")

PUSHED = '{"action":"missed-calls"}'


async def shows(phones: Phones, state: str, line: str = "45") -> None:
    """Wait until the sensor of a line shows something."""
    await wait_for(phones.hass, lambda: phones.has(line, "missed_calls"))
    await phones.wait(line, "missed_calls", state)


async def test_missed(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A call that nobody answers counts, one that is answered or made does not."""
    await shows(phones, "0")
    attributes = phones.get("45", "missed_calls").attributes
    assert phones.id("45", "missed_calls") == "sensor.freya_nilsen_missed_calls"
    assert attributes["span"] == 24
    assert attributes["friendly_name"] == "45 Freya Nilsen Missed calls"
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await shows(phones, "1")
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "in_call", "off")
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "500"))
    await shows(phones, "2")
    info = phones.get("45", "missed_calls").state_info
    assert info
    assert "span" in info["unrecorded_attributes"]
    assert not any(phones.has(number, "missed_calls") for number in ("41", "500", ""))


async def test_late_history(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A history that is written late is looked at once more."""
    await shows(phones, "0")
    pbx.switches.history_delay = 0.2
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await shows(phones, "1")


async def test_pushed(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The push of the PBX makes us look: they were looked at on a phone."""
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await shows(phones, "1")
    pbx.engine.tenant("localhost").history.clear()
    await pbx.send_raw(PUSHED)
    await shows(phones, "0")


async def test_slowly(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """What nothing hints at shows after a while."""
    set_line_data_timing(hass, slow=0.2)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    phones = await set_up(hass, entry)
    await shows(phones, "1")
    pbx.engine.tenant("localhost").history.clear()
    await shows(phones, "0")


async def test_many_pushes(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A hundred hints of one moment are few requests."""
    await shows(phones, "0")
    asked = len(pbx.requests)
    for _ in range(100):
        await pbx.send_raw(PUSHED)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await shows(phones, "1")
    asked_for = [path for _, path in pbx.requests[asked:] if path.endswith("/history")]
    assert len(asked_for) < 10


async def test_line(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A further line counts its own, until its login is lost or removed."""
    await has_line(phones)
    await shows(phones, "0", "41")
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "41"))
    await shows(phones, "1", "41")
    assert phones.state("45", "missed_calls") == "0"
    pbx.switches.faults["handshake"] = "reset"
    await pbx.cut("41")
    await shows(phones, STATE_UNAVAILABLE, "41")
    assert phones.state("45", "missed_calls") == "0"
    pbx.switches.faults.clear()
    await shows(phones, "1", "41")
    # The flags are the entry's own.
    assert not any("41@localhost/srvflags" in path for _, path in pbx.requests)
    (subentry_id,) = phones.entry.subentries
    assert hass.config_entries.async_remove_subentry(phones.entry, subentry_id)
    await wait_for(hass, lambda: not phones.has("41", "missed_calls"))
    await shows(phones, "0")


async def test_no_counter(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A history that counts nothing makes no sensor."""
    pbx.switches.history_missed = False
    phones = await set_up(hass, entry)
    readings = entry.runtime_data.client.own.data
    await wait_for(hass, lambda: readings.offered["missed_calls"] is False)
    assert not phones.has("45", "missed_calls")
    assert phones.state("", "connected") == "on"


async def test_classic_history(hass: HomeAssistant) -> None:
    """The classic history has no counter."""
    async with Simulator(Switches.classic()) as pbx:
        entry = create_entry(hass, pbx)
        phones = await set_up(hass, entry)
        readings = entry.runtime_data.client.own.data
        await wait_for(hass, lambda: readings.offered["missed_calls"] is False)
        assert not phones.has("45", "missed_calls")
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_forbidden_later(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A counter that is refused from now on is not known."""
    await shows(phones, "0")
    pbx.switches.rest_status["history"] = 403
    await pbx.send_raw(PUSHED)
    await shows(phones, STATE_UNAVAILABLE)
    assert phones.state("", "connected") == "on"
