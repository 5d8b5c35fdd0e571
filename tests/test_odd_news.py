"""One odd thing never blinds the rest: what cannot be read is unknown, and asked for again."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.pbx import client, messages
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.link import Link
from simulator.wire import Wire

from .common import Phones, set_up, until
from .conftest import QUICK
from .support.mixed import mixed
from .test_commands import CALLER
from .test_events import Ear

type Mangle = Callable[[Any], Any]

classic = pytest.mark.parametrize("dialect", ["classic"])
modern = pytest.mark.parametrize("dialect", ["modern"])
UNKNOWN = [STATE_UNKNOWN] * 3
OTHER: dict[str, Any] = {
    "id": "n",
    "from": "<sip:+4930999@x>",
    "to": "<sip:45@localhost>",
    "state": "alerting",
    "extension": ["45"],
}


def call_list(*calls: object) -> str:
    """Return a list of calls as a frame."""
    return json.dumps({"action": "call-state", "calls": calls})


def asked(pbx: Simulator) -> int:
    """Return how often calls were asked for over the socket."""
    words = {"get-calls", "domain-calls"}
    return len([frame for frame in pbx.received if frame["action"] in words])


def mangle(
    monkeypatch: pytest.MonkeyPatch, dialect: str, change: Callable[[list[Any]], None]
) -> None:
    """Let the PBX tell its accounts changed, for as long as the patch lasts."""
    name = "snapshot" if dialect == "classic" else "directory"
    original: Mangle = getattr(Wire, name)

    def told(wire: Wire, *args: Any) -> Any:
        """Return what is told."""
        found = deepcopy(original(wire, *args))
        change(found["accounts"] if dialect == "classic" else found)
        return found

    monkeypatch.setattr(Wire, name, told)


def number_of(entry: Any) -> Any:
    """Return the number of an entry in a list of accounts."""
    return isinstance(entry, dict) and entry.get("account", entry.get("name"))


# Frames that a strict reader refuses


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ('\\"Bob\tB\\" <sip:+4930123@localhost>', "Bob B"),
        ('\\"Bob\\ud83d\\" <sip:+4930123@localhost>', "Bob"),
        ('\\"J\udcfcrgen\\" <sip:+4930123@localhost>', "J\ufffdrgen"),
        ('\\"It\\\'s Bob\\" <sip:+4930123@localhost>', "It's Bob"),
        ('\\"Bob\x00\\" <sip:+4930123@localhost>', "Bob"),
    ],
)
@pytest.mark.parametrize("behind", ["", "\x00", "}}", " trailing", "{}"])
async def test_text_that_is_none(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    caller: str,
    name: str,
    behind: str,
) -> None:
    """A call whose caller has characters that are none rings, and the one before is over."""
    ear = Ear(phones)
    await pbx.send_raw(call_list(OTHER | {"id": "c1"}))
    await phones.wait("45", "call", "ringing")
    odd = f'"from":"{caller}","rec":NaN,'
    await pbx.send_raw(
        f'{{"action":"call-state","calls":[{{"id":"n",{odd}"to":"<sip:45@localhost>",'
        f'"state":"alerting","extension":["45"],}}]}}{behind}'
    )
    await until(hass, lambda: phones.get("45", "call").attributes["call_id"] == "n")
    shown = phones.get("45", "call")
    assert shown.state == "ringing"
    assert (shown.attributes["remote_number"], shown.attributes["remote_name"]) in {
        ("+4930123", name),
        ("+4930123", name.strip("\ufffd")),
        ("+4930123", f"{name}\ufffd"),
    }
    await until(hass, lambda: "ended" in dict(ear.story()))
    assert [step for step, _ in ear.story()].count("ended") == 1
    assert not phones.entry.runtime_data.client.ledger.dropped


async def test_presence_in_a_binary_frame(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """JSON is JSON, whatever the frame says to be."""
    await pbx.send_raw(
        b'{"action":"user-state","account":"41","dnd":true,"name":"\xfc"}'
    )
    await phones.wait("41", "dnd", "on")


# One odd field


ODD_FLAGS = [2, -1, "on", "yes", "maybe", [], {}, ["true"], {"on": True}, 1e300, "NaN"]


@pytest.mark.parametrize("key", ["registered", "dnd"])
@pytest.mark.parametrize("value", ODD_FLAGS)
async def test_odd_flag_in_a_push(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, key: str, value: object
) -> None:
    """It is unknown until it is told again; what comes with it is taken."""
    step = "get-users" if pbx.switches.dialect == "classic" else "accounts"
    pbx.switches.faults[step] = "hang"
    other = "dnd" if key == "registered" else "registered"
    before = {"registered": True, "dnd": False}[other]
    state = {"action": "user-state", "account": "41", "type": "extensions"}
    await pbx.send_raw(json.dumps(state | {key: value, other: not before}))
    await phones.wait("41", key, STATE_UNKNOWN)
    assert phones.state("41", other) == ("off" if before else "on")
    pbx.switches.faults.clear()
    await phones.wait("41", key, "on" if key == "registered" else "off")
    await phones.wait("41", other, "on" if before else "off")
    ledger = phones.entry.runtime_data.client.ledger
    assert ledger.odd_fields
    assert not ledger.dropped


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("registered", value) for value in mixed(2, "on", [], {}, "maybe")),
        *(("dnd", value) for value in (2, "on", [1], {"a": 1})),
        *(("chatstatus", value) for value in mixed(True, [], {})),
        *(
            (key, value)
            for key in ("name", "displayname")
            for value in mixed({}, ["x"])
        ),
        *(
            ("calls", value)
            for value in mixed(1, "1", -1, True, "several", ["a"], [[]])
        ),
        *(
            ("calls", value)
            for value in ([{"id": ["x"]}], [{"from": {"odd": 1}}], {"a": 1})
        ),
        *(("code", value) for value in mixed([], {}, "x")),
        *(("connected", value) for value in mixed(2, "often", [])),
        *(("alias", value) for value in mixed(1, {}, None)),
    ],
)
async def test_odd_field_at_the_setup(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    key: str,
    value: object,
) -> None:
    """One odd field of one account hinders no setup, and hides nobody else."""
    pbx.engine.set_dnd("42", True)

    def change(entries: list[Any]) -> None:
        """Tell one field of 41 oddly."""
        for found in entries:
            if number_of(found) == "41" and (key != "name" or dialect == "classic"):
                found[key] = value

    mangle(monkeypatch, dialect, change)
    phones = await set_up(hass, entry)
    assert phones.states("42", "registered", "dnd") == ["on", "on"]
    assert phones.states("45", "registered", "call") == ["on", "idle"]
    flags = phones.states("41", "registered", "dnd")
    expected = ["on", "off"]
    if key in ("registered", "dnd"):
        expected[key == "dnd"] = STATE_UNKNOWN
    assert flags == expected
    if key == "calls" and dialect == "classic" and value != -1:
        assert phones.states("41", "in_call", "call") == ["on", STATE_UNKNOWN]
    assert not phones.entry.runtime_data.client.ledger.dropped


@classic
async def test_number_of_calls_of_an_attendant(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls that are told as a number show that it is in use, in a list and in a push."""
    pbx.engine.add_account("730", "Menu", type="attendants")

    def change(entries: list[Any]) -> None:
        """Tell a number."""
        for found in entries:
            if number_of(found) == "730":
                found["calls"] = 1

    with monkeypatch.context() as patch:
        mangle(patch, dialect, change)
        phones = await set_up(hass, entry)
        assert phones.state("730", "in_use") == "on"
        assert phones.state("41", "call") == "idle"
    state = {"action": "user-state", "account": "730", "type": "attendants"}
    await pbx.send_raw(json.dumps(state | {"calls": 0}))
    await phones.wait("730", "in_use", "off")
    await pbx.send_raw(json.dumps(state | {"calls": "2"}))
    await phones.wait("730", "in_use", "on")
    await pbx.send_raw(json.dumps(state))
    await phones.wait("730", "in_use", "off")


# An entry that cannot be read

NO_ENTRIES = mixed(None, "41", 41, [], [{}], {}, {"registered": True}, True)


@pytest.mark.parametrize("entry_", NO_ENTRIES)
async def test_entry_that_is_none_at_the_setup(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    entry_: object,
) -> None:
    """It is left out; all others are there."""
    mangle(monkeypatch, dialect, lambda entries: entries.insert(1, entry_))
    phones = await set_up(hass, entry)
    assert phones.states("45", "registered", "call") == ["on", "idle"]
    assert phones.states("42", "registered", "call") == ["on", "idle"]
    ledger = entry.runtime_data.client.ledger
    assert ledger.left_out
    # Of a type that nobody has the list has nothing else.
    assert set(ledger.dropped) <= {
        "accounts is not a list of objects",
        "name is missing",
    }


async def test_account_whose_entry_cannot_be_read(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    dialect: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not gone, and how it is is unknown until it can be read; the others are known."""

    def change(entries: list[Any]) -> None:
        """Tell 41 without its number."""
        for found in entries:
            if number_of(found) == "41":
                del found["account" if dialect == "classic" else "name"]

    with monkeypatch.context() as patch:
        mangle(patch, dialect, change)
        pbx.engine.set_dnd("42", True)
        phones.entry.runtime_data.client.refresh()
        await phones.wait("41", "registered", STATE_UNKNOWN)
        assert phones.state("41", "dnd") == STATE_UNKNOWN
        assert phones.states("42", "dnd", "registered") == ["on", "on"]
        # Asked for again, and not without pause.
        pbx.requests.clear()
        pbx.received.clear()
        await asyncio.sleep(3)
        word = "get-users" if dialect == "classic" else "/accounts"
        asks = len([f for f in pbx.received if f["action"] == word])
        asks += len([path for _, path in pbx.requests if word in path])
        assert 2 <= asks <= 8
        assert phones.state("41", "registered") == STATE_UNKNOWN
        assert phones.device("41")
    await phones.wait("41", "registered", "on")
    assert phones.state("41", "dnd") == "off"


# Lists of calls


BAD_LISTS = {
    "id": [{"id": ["x"], "from": "<sip:+4930999@x>", "to": "<sip:45@localhost>"}],
    "long_id": [{"id": "x" * 1000}],
    "no_text": [{"id": "a\nb", "to": "<sip:45@localhost>"}],
    "no_object": [7],
    "mixed": [7, {"id": "y", "from": "<sip:41@localhost>", "to": "<sip:42@localhost>"}],
    "null": [None],
    "nested": [[{"id": "c1"}]],
    "not_a_list": "none",
    "nothing": None,
    "too_many": [{"id": str(n)} for n in range(1001)],
    "extensions": [{"id": "z", "extension": [str(n) for n in range(3000)]}],
    "no_party": [{"id": "c1", "from": {"odd": 1}, "to": [], "extension": [{}]}],
    "odd_party": [{"id": "c1", "from": {"odd": 1}, "to": 7.5, "extension": {"45": 1}}],
}
BAD_FRAMES = {
    **{
        name: json.dumps({"action": "call-state", "calls": calls})
        for name, calls in BAD_LISTS.items()
    },
    "cut": '{"action":"call-state","calls":[{"id":"n"',
    "cut_before_its_name": '{"calls":[{"id":"n","state":"alerting"},',
    "huge": call_list({"id": "n", "from": "x" * 9 * 1024 * 1024}),
}


@pytest.mark.parametrize("bad", BAD_FRAMES)
async def test_list_that_cannot_be_read(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, bad: str
) -> None:
    """The call before it is neither over nor up until the PBX has told that again."""
    ear = Ear(phones)
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    words = ("get-calls", "domain-calls")
    pbx.switches.faults |= dict.fromkeys(words, "hang")
    pbx.switches.rest_status["calls"] = 404
    pbx.received.clear()
    await pbx.send_raw(BAD_FRAMES[bad].replace('"c1"', f'"{call_id}"'))
    await phones.wait("45", "call", STATE_UNKNOWN)
    assert phones.states("45", "call", "ringing", "in_call") == UNKNOWN
    assert phones.state("", "ringing_calls") == STATE_UNKNOWN
    await until(hass, lambda: asked(pbx))
    await asyncio.sleep(3)
    # Again and again, ever more seldom.
    assert 2 <= asked(pbx) <= 10
    assert phones.state("45", "call") == STATE_UNKNOWN
    for word in words:
        del pbx.switches.faults[word]
    await phones.wait("45", "call", "ringing")
    assert [step for step, _ in ear.story()] == ["ringing"]
    pbx.engine.hang_up(call_id)
    await phones.wait("45", "call", "idle")
    await until(hass, lambda: "ended" in dict(ear.story()))
    assert [step for step, _ in ear.story()].count("ended") == 1
    quiet = asked(pbx)
    await asyncio.sleep(3)
    assert asked(pbx) <= quiet + 1


@pytest.mark.parametrize(
    "bad", ["id", "no_object", "too_many", "cut", "no_party", "huge"]
)
async def test_call_that_ends_with_a_list_that_cannot_be_read(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    bad: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked for at once, and told over, once."""
    ear = Ear(phones)
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    with monkeypatch.context() as patch:
        patch.setattr(Link, "push_calls", lambda link: None)
        pbx.engine.hang_up(call_id)
    await pbx.send_raw(BAD_FRAMES[bad])
    await phones.wait("45", "call", "idle")
    await until(hass, lambda: "ended" in dict(ear.story()))
    assert [step for step, _ in ear.story()].count("ended") == 1
    assert phones.states("45", "ringing", "in_call") == ["off", "off"]


async def test_the_other_entries_of_a_list_count(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What can be read is shown, whatever stands beside it."""
    pbx.switches.faults |= dict.fromkeys(("get-calls", "domain-calls"), "hang")
    pbx.switches.rest_status["calls"] = 404
    await pbx.send_raw(call_list(7, None, OTHER, "x"))
    shown = await phones.wait("45", "call", "ringing")
    assert shown.attributes["call_id"] == "n"
    if pbx.switches.dialect == "modern":
        # The list has something that may be anybody's.
        assert phones.state("42", "call") == STATE_UNKNOWN
    assert phones.state("", "ringing_calls") == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("start", value) for value in mixed([], {}, True, -5, 1e300, "x", " 17 ")),
        *(("connect", value) for value in mixed([], {}, [1])),
        *(("rec", value) for value in mixed([], {}, 7)),
        *(("cmc", value) for value in mixed([], {}, 7)),
        *(("from-name", value) for value in mixed([], {}, 7, True)),
        *(("from", value) for value in mixed({"odd": 1}, [], 7, True)),
    ],
)
async def test_odd_field_of_a_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, field: str, value: object
) -> None:
    """The call is shown without it, and the calls are asked for again."""
    pbx.switches.faults |= dict.fromkeys(("get-calls", "domain-calls"), "hang")
    pbx.switches.rest_status["calls"] = 404
    await pbx.send_raw(call_list(OTHER | {"from-number": "+4930999", field: value}))
    shown = await phones.wait("45", "call", "ringing")
    assert shown.attributes["remote_number"] == "+4930999"
    assert not phones.entry.runtime_data.client.ledger.dropped


# Calls of which nothing is heard


@pytest.fixture
def short_quiet(real_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let minutes be short."""
    monkeypatch.setattr(client, "TIMING", replace(QUICK, quiet=2.0))


@pytest.mark.usefixtures("short_quiet")
@pytest.mark.parametrize("answers", [True, False])
async def test_end_that_was_never_told(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    *,
    answers: bool,
) -> None:
    """A call without news for minutes is asked about, over REST if the socket is silent."""
    if not answers and pbx.switches.dialect == "classic":
        pytest.skip("Its socket answers")
    phones = await set_up(hass, entry)
    ear = Ear(phones)
    kept = pbx.engine.ring("+4930777", "45")
    pbx.engine.answer(kept, "45")
    call_id = pbx.engine.ring(CALLER, "45")
    await until(
        hass, lambda: phones.get("45", "call").attributes.get("other_calls") == 1
    )
    pbx.switches.initial_call_state = answers
    with monkeypatch.context() as patch:
        patch.setattr(Link, "push_calls", lambda link: None)
        pbx.engine.hang_up(call_id)
    await until(
        hass, lambda: phones.get("45", "call").attributes.get("other_calls") == 0
    )
    assert phones.states("45", "call", "ringing") == ["connected", "off"]
    await until(hass, lambda: "ended" in dict(ear.story()))
    with monkeypatch.context() as patch:
        patch.setattr(Link, "push_calls", lambda link: None)
        pbx.engine.hang_up(kept)
    await phones.wait("45", "call", "idle")


@classic
async def test_calls_in_the_answer_for_accounts_are_compared(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer to `get-users` that lacks our call makes us ask."""
    call_id = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    with monkeypatch.context() as patch:
        patch.setattr(Link, "push_calls", lambda link: None)
        pbx.engine.hang_up(call_id)
    phones.entry.runtime_data.client.refresh()
    await phones.wait("45", "call", "idle")


@pytest.mark.usefixtures("short_quiet")
async def test_colleague_whose_end_was_never_told(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Presence without news for minutes is asked about."""
    pbx.switches.domain_calls = False
    phones = await set_up(hass, entry)
    call_id = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "in_call", "on")
    pbx.engine.set_dnd("42", True)
    await phones.wait("42", "dnd", "on")
    with monkeypatch.context() as patch:
        patch.setattr(Link, "push", lambda link, payload: None)
        pbx.engine.hang_up(call_id)
    await phones.wait("41", "in_call", "off")


# Bounds


async def test_too_many_calls_of_one_account(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An account with more calls than can be is busy; its other fields count."""
    calls = [{"id": str(n), "from": "<sip:+49@x>"} for n in range(200)]
    state = {"action": "user-state", "account": "41", "type": "extensions"}
    await pbx.send_raw(json.dumps(state | {"dnd": True, "calls": calls}))
    await phones.wait("41", "dnd", "on")
    assert messages._ACCOUNT_CALLS_LIMIT < 200
    assert phones.state("41", "dnd") != STATE_UNAVAILABLE


@modern
async def test_ids_with_a_fraction(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call is one and the same, whether its id is written as 7, as 7.0 or as "7"."""
    ear = Ear(phones)
    pbx.switches.rest_status["calls"] = 404
    call = OTHER | {"extension": [45.0]}
    for call_id in (7, 7.0, "7"):
        await pbx.send_raw(call_list(call | {"id": call_id}))
        await phones.wait("45", "call", "ringing")
    await pbx.send_raw(call_list(call | {"id": 7.0, "state": "connected"}))
    await phones.wait("45", "call", "connected")
    assert phones.get("45", "call").attributes["call_id"] == "7"
    await ear.expect("ringing", "answered")
