"""Hashes of passwords, which a PBX tells among the settings, stay where they are."""

import hashlib
import json
import logging

import aiohttp
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.diagnostics import read
from tests.support.entry import Phones, wait_for

# A PBX keeps those of past passwords as well.
HASHES = [hashlib.sha256(word.encode()).hexdigest() for word in ("45-secret", "45-sip")]
SETTINGS = "/rest/domain/localhost/user_settings/45"
OWN_SETTINGS = "/rest/domain/self/account/self/user_settings"


async def told(pbx: Simulator, dialect: str) -> str:
    """Return the settings as the PBX tells them to the extension itself."""
    session = pbx.logins.open(pbx.logins.named("45", "localhost"))
    path = OWN_SETTINGS if dialect == "classic" else SETTINGS
    headers = {"Cookie": f"session={session}"}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.get(pbx.url + path, headers=headers) as response,
    ):
        return await response.text()


async def test_hashes_of_passwords(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    *,
    dialect: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither log nor diagnostics has them, whichever way they have come."""
    caplog.set_level(logging.DEBUG)
    pbx.switches.settings_status = 200
    settings = await told(pbx, dialect)
    # The PBX really tells them.
    assert all(one in settings for one in HASHES)
    pbx.switches.rest_status["dnd"] = 404
    path = OWN_SETTINGS if dialect == "classic" else SETTINGS
    for enabled in (True, False):
        await call_action(hass, "set_dnd", enabled=enabled)
        assert pbx.engine.account("45").dnd is enabled
    assert (("PUT", path) in pbx.requests) or (("POST", path) in pbx.requests)
    # Nor when they come unasked, in frames that we do not know, or cannot read.
    fields = json.loads(settings)
    for frame in (
        {"action": "x-settings"} | fields,
        {"action": "user-state", "account": "45", "domain": "localhost"} | fields,
        {"action": "call-state", "calls": fields},
        fields,
    ):
        await pbx.send_raw(json.dumps(frame))
    await pbx.send_raw(settings[:-9])
    await pbx.send_raw('{"action":"x-last"}')
    trace = phones.entry.runtime_data.client.trace
    await wait_for(hass, lambda: "x-last" in trace.unknown_actions)
    found = json.dumps(await read(hass, hass_client, phones))
    assert "x-settings" in found
    assert "custom_components.vodia" in caplog.text
    for place in (found, caplog.text):
        for one in HASHES:
            assert one not in place
            assert one[:16] not in place


@pytest.mark.usefixtures("offers")
async def test_settings_that_are_read(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    pbx: Simulator,
    phones: Phones,
    *,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of all the settings only those of forwarding go on, and the others nowhere."""
    caplog.set_level(logging.DEBUG)
    secret = "0815-of-the-mailbox"
    # Settings of whatever name, in whatever order, and some that are odd.
    for name in ("email_vmail", "crm_username", "cell_night", "wakeup"):
        pbx.engine.set_setting("45", name, secret)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await wait_for(hass, lambda: phones.has("45", "call_forwarding"))
    await phones.wait("45", "call_forwarding", "off")
    await call_action(hass, "set_call_forwarding", when="busy", number="41")
    pbx.switches.ignore_commands = True
    with pytest.raises(HomeAssistantError):
        await call_action(hass, "set_call_forwarding", when="always", number="41")
    paths = [path for _, path in pbx.requests if "user_settings" in path]
    assert len(paths) > 3
    line = phones.entry.runtime_data.client.own
    kept = [recorded.text for recorded in line.trace.last]
    assert any("user_settings" in recorded.source for recorded in line.trace.last)
    states = [state.as_dict() for state in hass.states.async_all()]
    for place in (
        json.dumps(await read(hass, hass_client, phones)),
        json.dumps(states, default=str),
        repr(kept),
        repr(line.trace),
        repr(line.data.values),
        caplog.text,
    ):
        for one in (*HASHES, secret):
            assert one not in place
            assert one[:16] not in place
