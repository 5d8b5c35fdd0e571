"""Who is who: numbers of accounts, names of the tenant, ids and legs of calls."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import CONF_DOOR_STATIONS
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from simulator import Simulator
from tests.support.automations import FOR, attach
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, device, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link, restore_link
from tests.support.wire import Json, listed, lists, send

OTHER = "+4940222222"
DID = "+49305550045"


@pytest.fixture
async def numbered(hass: HomeAssistant, pbx: Simulator) -> Phones:
    """Return the entities of a PBX whose accounts have further numbers."""
    for number, aliases in (("45", [DID]), ("42", ["142", "+49305550042"])):
        pbx.engine.account(number).aliases = aliases
    pbx.engine.account("500").aliases = ["+49305550000"]
    for number in ("45", "42", "43"):
        # The company's number, which several show.
        pbx.engine.account(number).ani = ["+49305550000"]
    return await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))


def shown(phones: Phones, *names: str) -> tuple[Any, ...]:
    """Return the call of 45, and some of what is told of it."""
    state = phones.get("45", "call")
    return state.state, *(state.attributes.get(name) for name in names)


# An account has several numbers


@pytest.mark.parametrize(
    "number", [DID, "0049305550045", "030 5550045", "+49305550000"]
)
async def test_own_number_calls(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones, number: str
) -> None:
    """A call that 45 makes with another number of its own is outgoing."""
    fired = await attach(hass, "call_ringing", device(numbered, "45"))
    recorder = CallEventRecorder(numbered)
    await lists(pbx, listed(pbx, "o1", "ringback", number, CALLER, "*45"))
    await numbered.wait("45", "call", "dialing")
    assert shown(numbered, "direction", "remote_number", "scope") == (
        *("dialing", "outgoing"),
        CALLER,
        "external",
    )
    assert numbered.state("45", "ringing") == "off"
    await lists(pbx)
    await recorder.expect("dialing", "ended: unanswered")
    assert not fired


@pytest.mark.parametrize("callee", ["45", DID])
async def test_caller_who_shows_our_number(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones, callee: str
) -> None:
    """Whoever calls 45 with a number of 45 is somebody else, and the phone rings."""
    fired = await attach(hass, "call_ringing", device(numbered, "45"))
    await lists(pbx, listed(pbx, "c1", "alerting", DID, callee, "45"))
    await numbered.wait("45", "ringing", "on")
    assert shown(numbered, "direction", "remote_number") == ("ringing", "incoming", DID)
    await wait_for(hass, lambda: fired)


@pytest.mark.parametrize("number", ["142", "+49305550042"])
async def test_number_that_is_pushed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """A number that presence tells is one of the account, also of a call that is up."""
    await lists(pbx, listed(pbx, "o1", "ringback", number, "45", "45"))
    await phones.wait("45", "ringing", "on")
    await send(pbx, action="user-state", account="42", alias=["42", number], dnd=False)
    await wait_for(hass, lambda: shown(phones, "scope")[1] == "internal")
    assert shown(phones, "remote_number")[1] == "42"
    # Presence that does not tell it takes none away.
    await send(pbx, action="user-state", account="42", dnd=True)
    await phones.wait("42", "dnd", "on")
    assert shown(phones, "remote_number", "scope")[1:] == ("42", "internal")


@pytest.mark.parametrize("number", ["142", "+49305550042", "0305550042"])
async def test_colleague_by_another_number(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones, number: str
) -> None:
    """A colleague is one by any of his numbers: with name, scope and own number."""
    fired = await attach(
        hass, "call_ringing", device(numbered, "45"), scope="internal", number="42"
    )
    await lists(pbx, listed(pbx, "c1", "alerting", number, "45", "42", "45"))
    await wait_for(hass, lambda: fired)
    name = pbx.engine.account("42").name
    assert (fired[0]["remote_number"], fired[0]["remote_name"]) == ("42", name)
    assert numbered.state("45", "last_caller") == name
    await lists(pbx)
    await numbered.wait("45", "call", "idle")
    await lists(pbx, listed(pbx, "c2", "ringback", "45", number, "45", "42"))
    await numbered.wait("45", "call", "dialing")
    assert shown(numbered, "remote_number", "remote_name", "dialed_number") == (
        *("dialing", "42", name),
        number,
    )


async def test_called_by_another_number(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones
) -> None:
    """What was dialed stays what it is; who has it is the account."""
    fired = await attach(hass, "call_ringing", device(numbered, "45"))
    await lists(pbx, listed(pbx, "c1", "alerting", CALLER, DID, "45"))
    await wait_for(hass, lambda: fired)
    assert fired[0]["dialed_number"] == DID
    assert numbered.state("45", "ringing") == "on"


async def test_group_by_another_number(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones
) -> None:
    """A group is called by its numbers as well."""
    recorder = CallEventRecorder(numbered, "500")
    call = listed(pbx, "c1", "alerting", CALLER, "+49305550000", "45", "43")
    await lists(pbx, call)
    await numbered.wait("45", "ringing", "on")
    await recorder.expect("ringing")


async def test_short_number_of_another_house(
    hass: HomeAssistant, pbx: Simulator, numbered: Phones
) -> None:
    """A short number is ours only here; one that is written whole is it everywhere."""
    if pbx.switches.dialect == "modern":
        pytest.skip("its calls have bare numbers")
    for number, expected in (
        ("<sip:142@elsewhere.example>", ("142", "external")),
        ("<sip:+49305550042@carrier.example>", ("42", "internal")),
    ):
        await lists(pbx, listed(pbx, "c1", "alerting", number, "45"))
        await numbered.wait("45", "ringing", "on")
        assert shown(numbered, "remote_number", "scope")[1:] == expected
        await lists(pbx)
        await numbered.wait("45", "ringing", "off")


# The tenant has several names


@classic
@pytest.mark.parametrize(
    ("caller", "callee", "expected"),
    [
        ("42@voice.example", "45@voice.example", ("incoming", "42", "internal")),
        (
            "45@voice.example",
            f"{CALLER}@voice.example",
            ("outgoing", CALLER, "external"),
        ),
        # Who calls from outside may write what he likes.
        ("42@voice.example", "45@localhost", ("incoming", "42", "external")),
        ("45@voice.example", "45@localhost", ("incoming", "45", "external")),
    ],
)
async def test_another_name_of_the_tenant(
    pbx: Simulator, phones: Phones, caller: str, callee: str, expected: tuple[str, ...]
) -> None:
    """What stands at a number of ours names the tenant."""
    call = listed(pbx, "c1", "alerting", f"<sip:{caller}>", f"<sip:{callee}>")
    await lists(pbx, call)
    await wait_for(phones.hass, lambda: phones.state("45", "call") != "idle")
    assert shown(phones, "direction", "remote_number", "scope")[1:] == expected


@classic
async def test_name_that_was_learned(pbx: Simulator, phones: Phones) -> None:
    """It is remembered, over links too."""
    at = "voice.example"
    await lists(pbx, listed(pbx, "c1", "alerting", f"{CALLER}@{at}", f"<sip:45@{at}>"))
    await phones.wait("45", "ringing", "on")
    await lists(pbx)
    await phones.wait("45", "ringing", "off")
    await lose_link(pbx, phones)
    await restore_link(pbx, phones)
    await lists(pbx, listed(pbx, "c2", "alerting", f"<sip:42@{at}>", "45"))
    await phones.wait("45", "ringing", "on")
    assert shown(phones, "remote_number", "scope")[1:] == ("42", "internal")


# An id has one life


def ring(pbx: Simulator, call_id: str | None, caller: str, **fields: Any) -> Json:
    """Return a call that rings at 45."""
    return listed(pbx, call_id, "alerting", caller, "45", "45", **fields)


@pytest.mark.parametrize("call_id", ["1", None])
@pytest.mark.parametrize("start", [None, 1700000000])
async def test_id_that_comes_again(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    call_id: str | None,
    start: float | None,
) -> None:
    """Once its call has left the list an id is that of another call."""
    # Presence is pushed: nothing is read meanwhile, as the calls are none of the PBX's.
    await send(pbx, action="user-state", account="41", dnd=True)
    await phones.wait("41", "dnd", "on")
    once = await attach(hass, "call_ringing", device(phones, "45"))
    waited = await attach(hass, "call_ringing", device(phones, "45"), **FOR)
    ended = await attach(hass, "call_ended", device(phones, "45"))
    fields = {} if start is None else {"start": start}
    for _ in range(3):
        await lists(pbx, ring(pbx, call_id, CALLER, **fields))
        await wait_for(hass, lambda: len(once) == len(waited) == len(ended) + 1)
        await lists(pbx)
        await wait_for(hass, lambda: len(once) == len(ended))
    await settle(hass)
    assert (len(once), len(waited), len(ended)) == (3, 3, 3)


async def test_last_caller_of_an_id_that_comes_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The second call has its own time and end."""
    recorder = CallEventRecorder(phones)
    await lists(pbx, ring(pbx, "1", CALLER))
    await phones.wait("45", "last_caller", CALLER)
    first = phones.get("45", "last_caller").attributes["time"]
    await lists(pbx)
    await wait_for(
        hass, lambda: recorder.events()[-1:] and recorder.events()[-1][0] == "ended"
    )
    await settle(hass, 1)
    await lists(pbx, ring(pbx, "1", OTHER))
    state = await phones.wait("45", "last_caller", OTHER)
    assert state.attributes["time"] > first
    assert state.attributes["end_reason"] is None


async def test_id_of_another_call_in_the_next_list(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A list may be missed: a ring that began at another time is another call."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    await lists(pbx, ring(pbx, "1", CALLER, start=1700000000))
    await phones.wait("45", "last_caller", CALLER)
    await lists(pbx, ring(pbx, "1", OTHER, start=1700000100))
    await phones.wait("45", "last_caller", OTHER)
    assert [data["remote_number"] for data in fired] == [CALLER, OTHER]


async def test_restart_of_the_pbx(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Ids begin anew with the PBX: what rings now is not what rang before."""
    pbx.engine.ids_begin_anew = True
    recorder = CallEventRecorder(phones)
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    first = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.jump(60)
    await lose_link(pbx, phones)
    pbx.engine.restart()
    second = pbx.engine.ring(OTHER, "45")
    assert first == second
    await restore_link(pbx, phones)
    await phones.wait("45", "last_caller", OTHER)
    pbx.engine.answer(second, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(second)
    await recorder.expect(
        *("ringing", "missed: missed", "ended: missed"),
        *("ringing", "answered", "ended: completed"),
    )
    assert [data["remote_number"] for data in fired] == [CALLER, OTHER]


async def test_old_history_of_an_id(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The history proves nothing by the call that had the same id once."""
    pbx.switches.domain_calls = False
    pbx.engine.ids_begin_anew = True
    talk = pbx.engine.ring(CALLER, "500")
    pbx.engine.answer(talk, "43")
    pbx.engine.hang_up(talk)
    pbx.engine.restart()
    pbx.jump(60)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    pbx.switches.history_delay = 60
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "500")
    assert call == talk
    await recorder.expect("ringing")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "ended: unknown")


async def test_doorbell(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The bell rings for each call, whatever its id."""
    hass.config_entries.async_update_entry(entry, options={CONF_DOOR_STATIONS: ["42"]})
    phones = await set_up(hass, entry)
    bell = phones.id("42", "doorbell", "event")
    rung: list[str] = []

    @callback
    def look(event: Event[EventStateChangedData]) -> None:
        """Note when the bell has rung."""
        new = event.data["new_state"]
        if event.data["entity_id"] == bell and new and new.state[:2] == "20":
            rung.append(new.state)

    hass.bus.async_listen("state_changed", look)
    call = listed(pbx, "1", "alerting", "42", "45", "42", "45")
    for _ in range(2):
        await lists(pbx, call)
        await phones.wait("45", "ringing", "on")
        await settle(hass)
        await lists(pbx)
        await phones.wait("45", "ringing", "off")
    assert len(set(rung)) == 2


# Legs


async def test_two_legs_of_one_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What began at 45 at the very same time, from the same caller, is one call."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    recorder = CallEventRecorder(phones)
    legs = [ring(pbx, leg, CALLER, start=1700000000) for leg in ("a", "b")]
    await lists(pbx, *legs)
    await phones.wait("45", "ringing", "on")
    assert phones.get("45", "call").attributes["other_calls"] == 0
    # Another leg is answered than the one that was told of first.
    await lists(
        pbx, listed(pbx, "b", "connected", CALLER, "45", "45", start=1700000000)
    )
    await phones.wait("45", "call", "connected")
    await lists(pbx)
    await recorder.expect("ringing", "answered", "ended: completed")
    assert len(fired) == 1


@modern
async def test_counts_of_two_legs(pbx: Simulator, phones: Phones) -> None:
    """The PBX counts a call once."""
    legs = [ring(pbx, leg, CALLER, start=1700000000) for leg in ("a", "b")]
    await lists(pbx, *legs)
    await phones.wait("", "ringing_calls", "1")


@modern
@pytest.mark.all_entities
async def test_two_callers_who_are_withheld(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Nobody and nobody are not the same caller."""
    fired = await attach(hass, "call_ringing", device(phones, None))
    calls = [
        listed(pbx, call, "alerting", None, "500", phone, start=1700000000)
        for call, phone in (("a", "45"), ("b", "44"))
    ]
    await lists(pbx, *calls)
    await wait_for(hass, lambda: len(fired) == 2)
    assert phones.state("500", "calls") == "2"
    assert [data["extensions"] for data in fired] == [["44"], ["45"]]
    # The end of one is not that of the other.
    await lists(pbx, calls[0])
    await phones.wait("44", "ringing", "off")
    assert phones.state("45", "ringing") == "on"
    assert phones.state("500", "calls") == "1"


async def test_withheld_legs_of_one_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who shares the list of extensions is one caller, whoever that is."""
    if pbx.switches.dialect == "classic":
        pytest.skip("it lists no extensions")
    legs = [
        listed(pbx, leg, "alerting", None, "500", "45", "44", start=1700000000)
        for leg in ("a", "b")
    ]
    await lists(pbx, *legs)
    await phones.wait("45", "ringing", "on")
    assert phones.get("45", "call").attributes["other_calls"] == 0
    assert phones.state("500", "calls") == "1"


@classic
async def test_number_of_a_further_line(hass: HomeAssistant, pbx: Simulator) -> None:
    """A further line is known by its numbers, too, though another login reads them."""
    pbx.engine.account("42").aliases = ["+49305550042"]
    phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
    await has_line(phones, "42")
    await lists(pbx, listed(pbx, "o1", "ringback", "+49305550042", CALLER))
    await phones.wait("42", "call", "dialing")
    assert phones.state("42", "ringing") == "off"
