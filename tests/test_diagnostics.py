"""The diagnostics: how this PBX speaks, and nothing about who calls whom."""

import json
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator

from .common import Phones


async def read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, phones: Phones
) -> dict[str, Any]:
    """Return the diagnostics as a user downloads them."""
    assert await async_setup_component(hass, "diagnostics", {})
    diagnostics: Any = await get_diagnostics_for_config_entry(
        hass, hass_client, phones.entry
    )
    return diagnostics  # type: ignore[no-any-return]


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
    session = phones.entry.runtime_data.client.session.rest.headers["Cookie"].partition(
        "="
    )[2]
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
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
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
    assert not re.search(r"\b45\b", json.dumps(found["last_frames"]))
    pbx.engine.remove_account("41")
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await phones.wait("", "connected", "on")
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
