"""A link that is lost while a step of the next one goes wrong."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from custom_components.vodia.flows.parse import parse_host
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from simulator.switches import Fault
from simulator.tls import self_signed
from tests.support.entry import add_entry, create_entry, set_up, wait_for
from tests.support.leftovers import nothing_left
from tests.support.reliability import (
    BRIEF,
    all_unavailable,
    create_pbx,
    flows,
    told,
    tries,
)
from tests.support.tls import trusted


def again(
    dialect: str, step: str, fault: Fault, *reasons: str, logins: int | None = None
) -> Any:
    """Return a case of a step that goes wrong at each try to connect again.

    `reasons` are in the log besides that the link was lost; `logins` are how often the
    password is sent before the user is asked for another, None if never asked.
    """
    return pytest.param(dialect, step, fault, reasons, logins, id=f"{step}-{fault}")


@pytest.mark.parametrize(
    ("dialect", "step", "fault", "reasons", "logins"),
    [
        again("classic", "login", 401, "the password is refused", logins=1),
        again("classic", "login", 403, "HTTP 403"),
        again("modern", "login", 404, "the password is refused", logins=3),
        again("classic", "login", 500, "HTTP 500"),
        again("classic", "login", "html", "reply is not JSON"),
        again("classic", "login", "redirect", "redirect (HTTP 307)"),
        again("classic", "login", "reset"),
        again("classic", "tell", "reset"),
        again("modern", "handshake", 401, "the new session is refused", logins=1),
        again("modern", "handshake", 403, "handshake refused (HTTP 403)"),
        again("modern", "handshake", 404, "no WebSocket for this tenant"),
        again("modern", "handshake", 500),
        again("modern", "handshake", "html", "handshake refused (HTTP 200)"),
        again("modern", "handshake", "redirect", "redirect (HTTP 307)"),
        again("modern", "handshake", "reset"),
        again("modern", "accounts", 401, "refused to a new session, too"),
        again("modern", "accounts", 403, "HTTP 403"),
        again("modern", "accounts", 404, "HTTP 404"),
        again("modern", "accounts", 500, "HTTP 500"),
        again("modern", "accounts", "html", "reply is not JSON"),
        again("modern", "accounts", "redirect", "redirect (HTTP 307)"),
        again("modern", "accounts", "hang"),
        again("classic", "avoid-disconnect", "reset"),
        again("classic", "get-calls", "reset"),
        again("modern", "domain-calls", "reset"),
    ],
)
async def test_reconnect(
    hass: HomeAssistant,
    *,
    caplog: pytest.LogCaptureFixture,
    dialect: str,
    step: str,
    fault: Fault,
    reasons: tuple[str, ...],
    logins: int | None,
) -> None:
    """A step that goes wrong at each try to connect again, and then does not."""
    async with create_pbx(dialect, basic=False) as pbx, create_pbx(dialect) as other:
        switches = pbx.switches
        phones = await set_up(hass, create_entry(hass, pbx))
        entry = phones.entry
        pbx.requests.clear()
        pbx.received.clear()
        caplog.clear()
        switches.redirect_to = other.url
        switches.faults[step] = fault
        if step in ("login", "tell", "handshake"):
            pbx.expire_sessions()
        await pbx.cut()
        await phones.wait("", "connected", "off")
        assert all_unavailable(hass, phones)
        if logins is None:
            await wait_for(
                hass,
                lambda: tries(pbx, step) >= 2 and len(told(caplog)) > len(reasons),
            )
            assert not flows(hass)
        else:
            await wait_for(hass, lambda: flows(hass))
            await asyncio.sleep(BRIEF.last_retry * 1.5)
            assert tries(pbx, "login") == logins
        assert entry.state is ConfigEntryState.LOADED
        assert all_unavailable(hass, phones)
        assert told(caplog) == [
            "lost: the PBX closed the link (code 1006)",
            *(f"lost: {reason}" for reason in reasons),
        ]
        assert not other.requests

        switches.faults.clear()
        if logins is not None:
            assert await hass.config_entries.async_reload(entry.entry_id)
        await phones.wait("", "connected", "on")
        assert phones.state("41", "call") == "idle"
        if logins is None:
            assert told(caplog)[-1] == "restored"
        assert await hass.config_entries.async_unload(entry.entry_id)
        await nothing_left(pbx.port)
        assert not pbx.logins._sessions


async def test_certificate_changes(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A certificate that is not trusted any more is not overlooked while we run."""
    tls = trusted(tmp_path, monkeypatch, "localhost")
    pbx = create_pbx("classic")
    await pbx.start(ssl_context=tls.context)
    try:
        phones = await set_up(hass, add_entry(hass, **parse_host(pbx.url)))
        port = pbx.port
        await pbx.stop()
        await phones.wait("", "connected", "off")
        attempts = pbx.login_attempts
        await pbx.start(port=port, ssl_context=self_signed().context)
        await wait_for(hass, lambda: len(told(caplog)) == 2)
        assert "CERTIFICATE_VERIFY_FAILED" in told(caplog)[1]
        assert all_unavailable(hass, phones)
        assert not flows(hass)
        assert pbx.login_attempts == attempts
        await pbx.stop()
        await pbx.start(port=port, ssl_context=tls.context)
        await phones.wait("", "connected", "on")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
        await nothing_left(port)
    finally:
        await pbx.stop()
