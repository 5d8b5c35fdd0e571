"""Sessions that end and passwords that are refused while it runs."""

import asyncio
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from simulator import Simulator
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.reliability import (
    BRIEF,
    SLACK,
    all_unavailable,
    begun,
    flows,
    told,
    tries,
)
from tests.support.timing import set_timing


@pytest.mark.parametrize(
    ("dialect", "cut"),
    [
        pytest.param("classic", True, id="reconnect"),
        pytest.param("modern", False, id="rest"),
    ],
)
async def test_forbidden_once(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    entry: MockConfigEntry,
    cut: bool,
) -> None:
    """A password that has worked is tried once more after 403, and soon."""
    set_timing(hass, forbidden=900)
    phones = await set_up(hass, entry)
    attempts = tries(pbx, "login")
    pbx.switches.faults["login"] = 403
    pbx.expire_sessions()
    pbx.engine.set_dnd("41", True)
    if cut:
        await pbx.cut()
    await begun(hass, pbx, "login", attempts)
    pbx.switches.faults.clear()
    await phones.wait("", "connected", "off")
    began = time.monotonic()
    await phones.wait("", "connected", "on")
    assert time.monotonic() - began < BRIEF.last_retry + SLACK
    assert tries(pbx, "login") == attempts + 2
    assert not ir.async_get(hass).issues.keys() & {
        (DOMAIN, f"access_off_{phones.entry.entry_id}")
    }
    assert not flows(hass)


@classic
async def test_forbidden_twice(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Two refusals in a row rest: who is blocked is not to be blocked for longer."""
    set_timing(hass, forbidden=900)
    phones = await set_up(hass, entry)
    for _ in range(2):
        attempts = tries(pbx, "login")
        pbx.switches.faults["login"] = 403
        pbx.expire_sessions()
        await pbx.cut()
        await begun(hass, pbx, "login", attempts + 1)
        await asyncio.sleep(800)
        assert tries(pbx, "login") == attempts + 2
        issue = f"access_off_{phones.entry.entry_id}"
        assert ir.async_get(hass).async_get_issue(DOMAIN, issue)
        pbx.switches.faults.clear()
        await asyncio.sleep(100)
        await phones.wait("", "connected", "on")
        assert tries(pbx, "login") == attempts + 3


@pytest.mark.parametrize(
    ("dialect", "cut"),
    [
        pytest.param("modern", False, id="rest"),
        pytest.param("classic", True, id="reconnect"),
    ],
)
async def test_session_expired(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, cut: bool
) -> None:
    """A session that has expired is renewed with one login."""
    attempts = pbx.login_attempts
    pbx.expire_sessions()
    if cut:
        await pbx.cut()
        await phones.wait("", "connected", "off")
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    assert phones.state("", "connected") == "on"
    assert pbx.login_attempts == attempts + 1
    assert len(pbx.logins._sessions) == 1
    assert not flows(hass)


@pytest.mark.parametrize(
    ("dialect", "change", "cut"),
    [
        pytest.param("modern", "password", False, id="changed-rest"),
        pytest.param("classic", "password", True, id="changed-reconnect"),
        pytest.param("modern", "remove", False, id="own_extension_removed"),
        pytest.param("classic", "second_factor", True, id="second_factor"),
    ],
)
async def test_login_lost(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    change: str,
    cut: bool,
) -> None:
    """A login that is refused from now on is tried once, and the user is asked.

    Not for a password that is right: what else the login wants is a repair.
    """
    attempts = pbx.login_attempts
    match change:
        case "password":
            pbx.engine.change_password("45", "new")
        case "remove":
            pbx.engine.remove_account("45")
        case _:
            pbx.switches.second_factor = True
    pbx.switches.refusal = 401
    pbx.expire_sessions()
    pbx.engine.set_dnd("41", True)
    if cut:
        await pbx.cut()
    repairs = ir.async_get(hass)
    asks = change != "second_factor"
    second_factor = f"second_factor_{phones.entry.entry_id}"
    await wait_for(
        hass,
        lambda: flows(hass) if asks else repairs.async_get_issue(DOMAIN, second_factor),
    )
    await asyncio.sleep(BRIEF.last_retry * 1.5)
    assert pbx.login_attempts == attempts + 1
    assert len(flows(hass)) == asks
    assert phones.entry.state is ConfigEntryState.LOADED
    assert all_unavailable(hass, phones)
    assert len(told(caplog)) == 1 + cut
    if change == "password":
        (flow,) = flows(hass)
        result = await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"password": "new"}
        )
        assert result["reason"] == "reauth_successful"
        await phones.wait("", "connected", "on")


@modern
async def test_extension_removed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An extension that is gone is unavailable; the others stay as they are."""
    pbx.engine.remove_account("41")
    await phones.wait("41", "call", STATE_UNAVAILABLE)
    assert phones.state("42", "call") == "idle"
    assert phones.state("", "connected") == "on"
    assert phones.device("41")
