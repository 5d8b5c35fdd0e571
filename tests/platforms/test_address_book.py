"""The address book of the PBX names callers whose call has no name."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.vodia.pbx.sync.line_data import Resource
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from simulator.model import Contact
from tests.support.actions import call_action
from tests.support.calls import CallEventRecorder, on_phone
from tests.support.diagnostics import read
from tests.support.dialects import classic
from tests.support.entry import Phones, set_up, wait_for
from tests.support.lines import has_line
from tests.support.outage import reconnect
from tests.support.timing import set_line_data_timing

pytestmark = pytest.mark.usefixtures("offers")

NUMBER = "+4930123456"
ANNA = ("45", "Anna", "Meyer", "030 / 12 34 56", "+49 (0)171 7654321")


def has_book(phones: Phones, line: str = "45") -> bool:
    """Return whether the address book of a line was read."""
    client = phones.entry.runtime_data.lines[line]
    return client.data.values.address_book is not None


async def set_up_with_book(hass: HomeAssistant, entry: MockConfigEntry) -> Phones:
    """Set up an entry and wait for the address book."""
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: has_book(phones))
    return phones


async def name_of(
    pbx: Simulator, phones: Phones, *, caller: str, name: str = ""
) -> Any:
    """Return who is said to call."""
    call = pbx.engine.ring(caller, "45", name=name)
    await phones.wait("45", "call", "ringing")
    shown = phones.get("45", "call").attributes["remote_name"]
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    return shown


@pytest.mark.parametrize("shape", ["list", "object", "split"])
async def test_names(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, shape: Any
) -> None:
    """It names who has no name; a name of the call, or of the account, wins."""
    pbx.switches.address_book_as = shape
    pbx.engine.add_contact(*ANNA)
    pbx.engine.add_contact("45", "Not", "Ferreira", "41")
    phones = await set_up_with_book(hass, entry)
    assert await name_of(pbx, phones, caller=NUMBER) == "Anna Meyer"
    assert await name_of(pbx, phones, caller="01717654321") == "Anna Meyer"
    assert await name_of(pbx, phones, caller=NUMBER, name="Office") == "Office"
    assert await name_of(pbx, phones, caller="41") == "Bruno Ferreira"
    assert await name_of(pbx, phones, caller="+4930999999") is None


async def test_extensions_behind_a_number(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Of those at one number the one is named whose extension calls."""
    pbx.engine.add_contact("45", "Anna", "Meyer", "+49 30 123456-0 ext. 41")
    pbx.engine.add_contact("45", "Bruno", "Kahn", "+49 (0)30 1234560 Durchwahl 42")
    phones = await set_up_with_book(hass, entry)
    for extension, name in ("42", "Bruno Kahn"), ("41", "Anna Meyer"), ("43", None):
        caller = f"+49301234560x{extension}"
        assert await name_of(pbx, phones, caller=caller) == name
    assert await name_of(pbx, phones, caller="+49301234560") is None
    # Who is called by name is called at a number that can be dialed.
    await call_action(hass, "voice_command", command="call", who="Anna Meyer")
    assert on_phone(pbx) == ["+49301234560"]


@classic
@pytest.mark.parametrize("shared", [200, 403, 404])
async def test_classic_books(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, shared: int
) -> None:
    """A PBX without the path has two books: the own one, and that of the tenant."""
    pbx.switches.rest_status["adrbook"] = 404
    pbx.engine.add_contact(*ANNA)
    contacts = pbx.engine.tenant("localhost").contacts
    contacts.append(Contact("Not", "Anna", (NUMBER,)))
    contacts.append(Contact("Tom", "Taxi", ("+4930444444",)))
    if shared != 200:
        pbx.switches.faults["list_adrbook,true"] = shared
    phones = await set_up_with_book(hass, entry)
    assert await name_of(pbx, phones, caller=NUMBER) == "Anna Meyer"
    taxi = await name_of(pbx, phones, caller="+4930444444")
    assert taxi == ("Tom Taxi" if shared == 200 else None)


async def test_first_event(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The name is in the first event, and with whoever looks then."""
    pbx.engine.add_contact(*ANNA)
    phones = await set_up_with_book(hass, entry)
    recorder = CallEventRecorder(phones, "45")
    pbx.engine.ring(NUMBER, "45")
    await recorder.expect("ringing")
    assert recorder.heard[0]["remote_name"] == "Anna Meyer"
    assert phones.state("45", "last_caller") == "Anna Meyer"


async def test_comes_late(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Nobody waits for it; who calls when it comes is named then, without an event."""
    pbx.engine.add_contact(*ANNA)
    pbx.switches.faults["adrbook"] = "hang"
    phones = await set_up(hass, entry)
    recorder = CallEventRecorder(phones, "45")
    pbx.engine.ring(NUMBER, "45")
    await recorder.expect("ringing")
    assert phones.get("45", "call").attributes["remote_name"] is None
    pbx.switches.faults.clear()
    await wait_for(
        hass,
        lambda: phones.get("45", "call").attributes["remote_name"] == "Anna Meyer",
    )
    await recorder.expect("ringing")


async def test_outage(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """What was read before an outage names callers right after it."""
    pbx.engine.add_contact(*ANNA)
    phones = await set_up_with_book(hass, entry)
    pbx.switches.faults["adrbook"] = "hang"
    await reconnect(pbx, phones)
    assert await name_of(pbx, phones, caller=NUMBER) == "Anna Meyer"
    pbx.switches.faults.clear()


async def test_read_again(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """A new entry is known after a while."""
    set_line_data_timing(hass, book=0.1)
    phones = await set_up_with_book(hass, entry)
    pbx.engine.add_contact(*ANNA)
    book = phones.entry.runtime_data.client.own.data
    await wait_for(hass, lambda: len(book.values.address_book or ()) == 2)
    assert await name_of(pbx, phones, caller=NUMBER) == "Anna Meyer"


async def test_line(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A further line that tells its own calls names them by its own address book."""
    pbx.switches.domain_calls = False
    pbx.engine.add_contact("41", *ANNA[1:])
    phones = await set_up(hass, entry)
    await has_line(phones)
    await wait_for(hass, lambda: has_book(phones, "41"))
    pbx.engine.ring(NUMBER, "41")
    await phones.wait("41", "call", "ringing")
    assert phones.get("41", "call").attributes["remote_name"] == "Anna Meyer"


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """They tell what is offered and how many, and no name or number of it."""
    pbx.engine.add_contact(*ANNA)
    pbx.engine.leave_message("45", "+4930777777", "Zacharias")
    pbx.switches.flags_writable = False
    phones = await set_up_with_book(hass, entry)
    readings = entry.runtime_data.client.own.data
    await wait_for(hass, lambda: None not in readings.offered.values())
    await wait_for(hass, lambda: phones.has("900", "active"))
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call(
            *("switch", "turn_on", {"entity_id": "switch.night_active"}), blocking=True
        )
    found = await read(hass, hass_client, phones)
    assert found["offered"] == [
        {
            **dict.fromkeys(map(str, Resource), True),
            "flags": 1,
            "names": 2,
            "queues": 0,
        }
    ]
    assert found["entry_data"]["read_only_flags"] == "**REDACTED**"
    text = json.dumps(found, ensure_ascii=False)
    for secret in ("Anna", "Meyer", "123456", "12 34 56", "7654321", "Zacharias"):
        assert secret not in text, secret
    assert "4930777777" not in text
