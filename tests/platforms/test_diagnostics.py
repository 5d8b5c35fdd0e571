"""The diagnostics: how this PBX speaks, and nothing about who calls whom."""

import json
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.diagnostics import read
from tests.support.dialects import modern
from tests.support.entry import Phones, wait_for
from tests.support.outage import lose_link, reconnect


@pytest.mark.office
async def test_what_it_tells(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    dialect: str,
) -> None:
    """Dialect, login way, unknown words and the last frames are there."""
    await pbx.send_raw('{"action":"no-such-action"}')
    await pbx.send_raw('{"action":"user-state","account":"45","shoe-size":44}')
    await pbx.send_raw('{"action":"call-state","calls":"none"}')
    call_id = pbx.engine.ring("+4930123456", "45", name="Anna Meyer")
    await phones.wait("45", "call", "ringing")
    found = await read(hass, hass_client, phones)
    assert (
        found["pbx"].items()
        >= {
            "server": "PBX/5.3" if dialect == "classic" else "PBX/70.1",
            "websocket_path": "/" if dialect == "classic" else "/websocket",
            "login_method": "put",
            "calls_told": "own" if dialect == "classic" else "tenant",
            "socket_tells_accounts": dialect == "classic",
            "rest_tells_accounts": dialect == "modern",
        }.items()
    )
    assert found["unknown_actions"] == {"no-such-action": 1}
    assert found["unknown_fields"] == {"user-state.shoe-size": 1}
    assert found["dropped"] == {"calls is not a list of objects": 1}
    assert found["connected"] is True
    assert found["extensions"]["known"] == 18
    call = next(
        frame["text"]["calls"][0]
        for frame in reversed(found["last_frames"])
        if isinstance(frame["text"], dict)
        and frame["text"].get("action") == "call-state"
        and frame["text"]["calls"]
    )
    assert call["state" if dialect == "modern" else "callstate"] == "alerting"
    # Shapes stay, and so do extensions: who rings can be told, who calls cannot.
    assert call["from"] == '"xxxx xxxxx" <sip:+0000000000@xxxxxxxxx;user=phone>'
    assert call["to"].endswith("<sip:45@xxxxxxxxx>")
    assert call["id"] != call_id
    assert {"source": "sent", "text": {"action": "get-users"}}.items() <= next(
        frame
        for frame in found["last_frames"]
        if frame["source"] == "sent" and frame["text"]["action"] == "get-users"
    ).items()


@pytest.mark.office
async def test_what_it_keeps_to_itself(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """No password, session, host, tenant, name or outside number is in it."""
    session = phones.entry.runtime_data.client.own.session.rest.headers[
        "Cookie"
    ].partition("=")[2]
    await pbx.send_raw(
        json.dumps({"action": "Ärger mit Anna Meyer", "Anna Meyer": "+4930123456"})
    )
    await pbx.send_raw('{"action":"call-log","number":4930123456}')
    await pbx.send_raw("Anna Meyer calls from +4930123456")
    pbx.engine.ring("+4930123456", "45", name="Anna Meyer")
    await phones.wait("45", "call", "ringing")
    await hass.services.async_call(
        "vodia", "dial", {"number": "+4989765432"}, blocking=True
    )
    text = json.dumps(await read(hass, hass_client, phones), ensure_ascii=False)
    names = [pbx.engine.account(str(number)).name for number in range(40, 58)]
    for secret in (
        "45-secret",
        session,
        "127.0.0.1",
        "localhost",
        "Anna",
        "Meyer",
        "4930123456",
        "4989765432",
        *(part for name in names for part in name.split() if len(part) > 2),
    ):
        assert secret not in text, secret


async def test_without_a_link(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """They can be read when they are needed most."""
    await lose_link(pbx, phones)
    found = await read(hass, hass_client, phones)
    assert found["connected"] is False
    assert found["last_frames"]


# Of a device


async def read_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phones: Phones,
    account: str | None,
) -> dict[str, Any]:
    """Return the diagnostics of an account's device as a user downloads them."""
    assert await async_setup_component(hass, "diagnostics", {})
    # It looks for our part of it beside that.
    await hass.async_block_till_done()
    device = phones.device(account)
    assert device
    diagnostics: Any = await get_diagnostics_for_device(
        hass, hass_client, phones.entry, device
    )
    return diagnostics  # type: ignore[no-any-return]


async def test_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """Of a phone there is its state and what was said of it, and nothing of others."""
    pbx.engine.ring("+4930123456", "45", name="Anna Meyer")
    pbx.engine.ring("+4989765432", "46", name="Berta Maier")
    await phones.wait("45", "call", "ringing")
    await phones.wait("46", "registered", "on")
    found = await read_device(hass, hass_client, phones, "45")
    assert found["number"] == "45"
    assert found["type"] == "extensions"
    assert found["listed"] is True
    assert found["line"]["connected"] is True
    account = found["account"]
    assert account["call_state"] == "ringing"
    assert account["calls"][0]["direction"] == "incoming"
    assert account["calls"][0]["remote"]["number"] == "+0000000000"
    frames = [frame["text"] for frame in found["last_frames"]]
    call = next(
        frame["calls"]
        for frame in frames
        if isinstance(frame, dict) and frame.get("action") == "call-state"
    )
    assert len(call) == 1
    assert "45" in call[0]["to"]
    text = json.dumps(found, ensure_ascii=False)
    for secret in (
        *("45-secret", "127.0.0.1", "localhost", "Anna", "Meyer", "Berta", "Maier"),
        *("4930123456", "4989765432", '"46"', pbx.engine.account("45").name),
    ):
        assert secret not in text, secret


async def test_device_of_a_colleague(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """A phone that is no line has no login to tell of; nor is it listed when gone."""
    await pbx.send_raw("45 and 41 are no JSON")
    found = await read_device(hass, hass_client, phones, "41")
    assert found["line"] is None
    assert found["account"]["registered"] is True
    assert found["last_frames"]
    for frame in found["last_frames"]:
        assert "41" in json.dumps(frame["text"])
        # Of the time it may be the minute.
        told = json.dumps([frame["source"], frame["text"]])
        assert not re.search(r"\b45\b", told)
    pbx.engine.remove_account("41")
    await reconnect(pbx, phones)
    await phones.wait("41", "registered", "unavailable")
    found = await read_device(hass, hass_client, phones, "41")
    assert found["listed"] is False


async def test_device_of_the_pbx(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """The PBX's own device has all; so has each one while the entry rests."""
    found = await read_device(hass, hass_client, phones, None)
    assert found["pbx"]["server"]
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    found = await read_device(hass, hass_client, phones, "41")
    assert found["state"] == "not_loaded"


# What is masked


SECRETS = {
    "sip_hist": "5f4dcc3b5aa765d61d8327deb882cf99",
    "web_hist": [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "e10adc3949ba59abbe56e057f20f883e",
    ],
    "web_pass": "hunter22",
    "pin": 4711,
    "mailbox-pin": "0815",
    "session": "g7lsrphhrkim1jkvbt88",
    "access_token": {"anna": "x1y2z3"},
    "authorization": "Basic NDU6NDUtc2VjcmV0",
}


async def sample(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    frame: dict[str, Any],
) -> Any:
    """Send a frame of an unknown kind; return what the diagnostics show of it."""
    await pbx.send_raw(json.dumps({"action": "call-log", **frame}))
    await wait_for(
        hass,
        lambda: "call-log" in phones.entry.runtime_data.client.trace.unknown_actions,
    )
    found = await read(hass, hass_client, phones)
    last = [
        recorded["text"]
        for recorded in found["last_frames"]
        if isinstance(recorded["text"], dict)
        and recorded["text"].get("action") == "call-log"
    ][-1]
    assert last in found["samples"]["call-log"]
    del last["action"]
    return last


@pytest.mark.parametrize(
    "pair",
    [
        (4711, 9999),
        (99999, 99999),
        (12, 99),
        (7, 9),
        (-815, 999),
        (4930123456, 9999999999),
        (3.25, 9.0),
        (1e300, float("9" * 18)),
        (0, 0),
        (1, 1),
        (True, True),
        (None, None),
        (45, 45),
        ("4711", "0000"),
        ("", ""),
        ([4711, {"extra": 815}], [9999, {"extra": 999}]),
    ],
)
@modern
async def test_numbers(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    pair: tuple[Any, Any],
) -> None:
    """A number is masked whether it is written as a number or as a text."""
    value, shown = pair
    found = await sample(hass, hass_client, pbx, phones, {"extra": value})
    assert json.dumps(found) == json.dumps({"extra": shown})


@modern
async def test_keys(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """A name that is the key of something is masked as it would be as a value."""
    name = pbx.engine.account("41").name.casefold()
    first, last = name.split()
    pbx.engine.ring("+4930123456", "45", name="Xaver Ypsilon")
    await phones.wait("45", "call", "ringing")
    frame = {
        # Of the tenant, of a caller, of another text; whole and as a part.
        first: 1,
        f"{last}-state": 1,
        f"of_{first}1": 1,
        "ypsilon": {"name": "Zacharias"},
        "zacharias": 0,
        "g7lsrphhrkim1jkvbt88": 1,
        "0171-1234567": 1,
        "ext4711": 1,
        "ext12": 1,
        # Who is in an object that nobody knows is anybody's guess.
        "people": {
            "quirin": {"number": "0171"},
            "thusnel": {},
            "gudrune": {},
            "brunhilde": [{"volume": 3}],
        },
        # What is a field stays, whoever is called like it.
        "note": "number dnd",
        "number": "1",
        "ring-tone": "x",
        "settings": {"volume": 3, "mb_pin": 4711},
    }
    found = await sample(hass, hass_client, pbx, phones, frame)
    assert found == {
        "x" * len(first): 1,
        f"{'x' * len(last)}-xxxxx": 1,
        "x" * len(f"of_{first}1"): 1,
        "xxxxxxx": {"name": "xxxxxxxxx"},
        "xxxxxxxxx#2": 0,
        "x" * 20: 1,
        "0000-0000000": 1,
        "xxxxxxx#2": 1,
        "ext12": 1,
        "people": {
            "xxxxxx": {"number": "0000"},
            "xxxxxxx": {},
            "xxxxxxx#2": {},
            "xxxxxxxxx": [{"volume": 9}],
        },
        "note": "xxxxxx xxx",
        "number": "0",
        "ring-tone": "x",
        "settings": {"volume": 9, "mb_pin": "**REDACTED**"},
    }


@pytest.mark.parametrize(
    "key", ["state", "callstate", "type", "usertype", "mode", "rec", "dnd", "isnew"]
)
@modern
async def test_words_of_fields(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    key: str,
) -> None:
    """A field shows the words that it is known to have; any other may be a name."""
    frame = {key: "quirin", "more": [{key: "thusnelda-x"}], "quirin": 1}
    shown = {key: "xxxxxx", "more": [{key: "xxxxxxxxx-x"}], "xxxxxx": 1}
    assert await sample(hass, hass_client, pbx, phones, frame) == shown


@modern
async def test_words_of_the_protocol(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """Which of its words a PBX uses is shown, and their spelling."""
    frame = {
        "state": "Alerting",
        "callstate": "proceeding",
        "type": "hunts",
        "mode": "clock",
        "rec": "adhoc",
        "dnd": "true",
        "chatstatus": "online",
    }
    assert await sample(hass, hass_client, pbx, phones, frame) == frame


@modern
async def test_states_of_calls_that_are_no_words_of_ours(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """They are counted: those of telephony by name, all others by their shape."""
    calls = [
        {"id": state, "state": state, "extension": ["45"], "to-number": "45"}
        for state in ("proceeding", "quirin")
    ]
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": calls}))
    trace = phones.entry.runtime_data.client.trace
    await wait_for(hass, lambda: "quirin" in trace.unknown_states)
    found = await read(hass, hass_client, phones)
    assert found["unknown_call_states"] == {"proceeding": 1, "xxxxxx": 1}
    assert "quirin" not in json.dumps(found)


@modern
async def test_secrets(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """Of passwords, hashes and sessions not even the shape is shown."""
    found = await sample(
        hass, hass_client, pbx, phones, {**SECRETS, "nested": {**SECRETS}}
    )
    nested = found.pop("nested")
    assert found == dict.fromkeys(SECRETS, "**REDACTED**")
    assert set(nested.values()) == {"**REDACTED**"}
    # Where the digits of a hash are would be a third of it.
    found = await sample(
        hass,
        hass_client,
        pbx,
        phones,
        {"note": [SECRETS["sip_hist"], SECRETS["session"], "room10001"]},
    )
    assert found == {"note": ["x" * 32, "x" * 20, "x" * 9]}


async def test_texts_that_are_no_json(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """What cannot be read is masked as a text, keys and all."""
    broken = json.dumps({"action": "call-log", **SECRETS, "anna": 4711})[:-1]
    await pbx.send_raw(broken)
    await pbx.send_raw('{"action":"last-one"}')
    trace = phones.entry.runtime_data.client.trace
    await wait_for(hass, lambda: "last-one" in trace.unknown_actions)
    found = await read(hass, hass_client, phones)
    # A time may have the same digits.
    text = json.dumps([{**frame, "time": ""} for frame in found["last_frames"]])
    for secret in ("4711", "0815", "hunter", "anna", "5f4d", "g7ls", "NDU6"):
        assert secret not in text
