"""Repairs: what a person can mend comes when it is so, and goes when it is mended."""

import ast
from datetime import timedelta
import logging
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.flows.parse import parse_host
from custom_components.vodia.hub.issues import ISSUES, is_local_host
from custom_components.vodia.pbx.timing import Timing
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from rig.timing import QUICK
from simulator import Simulator, Switches
from simulator.legacy_tls import LegacyTlsServer
from simulator.tls import self_signed
from tests.support.entry import Phones, add_entry, create_entry, set_up, wait_for
from tests.support.log import Errors
from tests.support.outage import lose_link, reconnect, restore_link
from tests.support.repository import ENGLISH, ROOT
from tests.support.timing import set_timing
from tests.support.tls import trusted


@pytest.fixture(autouse=True)
async def repairs(hass: HomeAssistant) -> None:
    """Have Home Assistant's repairs."""
    assert await async_setup_component(hass, "repairs", {})


def shown(hass: HomeAssistant) -> dict[str, ir.IssueSeverity | None]:
    """Return the repairs that a user sees, each with a text for all of its words."""
    found: dict[str, ir.IssueSeverity | None] = {}
    for issue in ir.async_get(hass).issues.values():
        if issue.domain != DOMAIN or not issue.active or issue.dismissed_version:
            continue
        assert issue.translation_key
        texts = ENGLISH["issues"][issue.translation_key]
        text = texts["fix_flow"]["step"]["init"]["description"]
        for sentence in (text, texts["title"]):
            assert "{" not in sentence.format(**issue.translation_placeholders or {})
        assert issue.learn_more_url
        found[issue.translation_key] = issue.severity
    return found


async def choose(
    hass: HomeAssistant, entry: MockConfigEntry, key: str, way: str
) -> Any:
    """Open a repair, and take one of its ways out."""
    flows = hass.data["repairs"]["flow_manager"]
    menu = await flows.async_init(DOMAIN, data={"issue_id": f"{key}_{entry.entry_id}"})
    assert menu["type"] is FlowResultType.MENU
    assert menu["description_placeholders"]["title"] == entry.title
    texts = ENGLISH["issues"][key]["fix_flow"]
    assert set(menu["menu_options"]) == set(texts["step"]["init"]["menu_options"])
    result = await flows.async_configure(menu["flow_id"], {"next_step_id": way})
    if result["type"] is FlowResultType.ABORT:
        assert result["reason"] in texts["abort"]
    await hass.async_block_till_done()
    return result


def test_ways_out_have_texts() -> None:
    """Each way out that a repair offers has its text, and none is left over."""
    for key, issue in ISSUES.items():
        texts = ENGLISH["issues"][key]["fix_flow"]["step"]["init"]["menu_options"]
        assert set(texts) == set(issue.steps)


def test_flow_results_name_their_step() -> None:
    """Home Assistant 2027.5 takes no form or menu that leaves its step out."""
    shown = [
        (path.name, node.func.attr, node)
        for path in (ROOT / "custom_components" / DOMAIN).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("async_show_", "async_external_step"))
    ]
    assert {shows for _, shows, _ in shown} >= {
        "async_show_form",
        "async_show_menu",
    }
    for name, _, node in shown:
        assert "step_id" in {key.arg for key in node.keywords}, (name, node.lineno)


@pytest.mark.parametrize(
    "text",
    [
        (
            "Detected that custom integration 'vodia' calls async_show_menu without passing a "
            "step_id at custom_components/vodia/repairs.py, line 39: return self.async_show_menu(."
            " This will stop working in Home Assistant 2027.5.0, please create a bug report"
        ),
        (
            "TargetSelectorData was used from vodia, this is a deprecated class which will be "
            "removed in HA Core 2026.12.0. Use TargetSelection instead, please report it to the "
            "author of the 'vodia' custom integration"
        ),
        (
            "custom_components.vodia.config_flow::VodiaConfigFlow calls async_show_progress "
            "without passing a progress task, this is not valid and will break in Home "
            "Assistant Core 2024.8"
        ),
    ],
)
def test_complaints_are_noticed(logged: Errors, text: str) -> None:
    """What Home Assistant says against us fails the test in which it does."""
    logging.getLogger("homeassistant.helpers.frame").warning("%s", text)
    logging.getLogger("homeassistant.helpers.frame").warning(
        "%s", text.replace("vodia", "other")
    )
    assert logged.wrong() == [f"homeassistant.helpers.frame: {text}"]
    logged.announced.append(".")


async def test_nothing_is_wrong(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX in our own network that tells all needs no repair, nor does its restart."""
    assert not shown(hass)
    await lose_link(pbx, phones)
    assert not shown(hass)
    await restore_link(pbx, phones)
    assert not shown(hass)


# Rights


async def test_access_off(hass: HomeAssistant) -> None:
    """Access that is switched off shows at the start and while it runs; it goes by itself."""
    async with Simulator(Switches.modern()) as pbx:
        pbx.switches.api_access = False
        entry = create_entry(hass, pbx)
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert shown(hass) == {"access_off": ir.IssueSeverity.ERROR}
        result = await choose(hass, entry, "access_off", "retry")
        assert result["reason"] == "failed"
        error = result["description_placeholders"]["error"]
        assert error == ENGLISH["exceptions"]["access_off"]["message"]
        assert set(shown(hass)) == {"access_off"}
        pbx.switches.api_access = True
        result = await choose(hass, entry, "access_off", "retry")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        phones = Phones(hass, entry)
        await phones.wait("", "connected", "on")
        assert not shown(hass)

        pbx.switches.api_access = False
        await pbx.cut()
        await wait_for(hass, lambda: shown(hass))
        assert set(shown(hass)) == {"access_off"}
        # It was no login that was forbidden, so the tries go on.
        pbx.switches.api_access = True
        await phones.wait("", "connected", "on")
        assert not shown(hass)


async def test_forbidden_login_at_start(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """Who answers a password with 403 does not hear it again soon, unless a user wants."""
    real = Timing().forbidden
    assert real == 900
    set_timing(hass, forbidden=real)
    pbx.switches.refusal = 403
    pbx.engine.change_password("45", "another")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert pbx.login_attempts == 1
    assert set(shown(hass)) == {"access_off"}
    later = dt_util.utcnow()

    async def retry() -> None:
        """Let Home Assistant try again, which it does after 10 minutes at most."""
        nonlocal later
        later += timedelta(minutes=11)
        async_fire_time_changed(hass, later)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "access_off"

    for _ in range(4):
        await retry()
    assert pbx.login_attempts == 1
    # Its time is over: it is tried again by itself.
    set_timing(hass, forbidden=0)
    await retry()
    assert pbx.login_attempts == 2
    # A user who reloads does not have to wait.
    set_timing(hass, forbidden=real)
    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert pbx.login_attempts == 3
    pbx.engine.change_password("45", "45-secret")
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert not shown(hass)


async def test_forbidden_login_while_running(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Once may be in passing; the pause after a second refusal is longer than any else."""
    pbx.switches.refusal = 403
    pbx.engine.change_password("45", "another")
    pbx.expire_sessions()
    attempts = pbx.login_attempts
    loop, tried = hass.loop, []
    count = pbx.logins.check_hash

    def check(user: str, digest: str) -> Any:
        """Note when a login is tried."""
        tried.append(loop.time())
        return count(user, digest)

    with patch.object(pbx.logins, "check_hash", check):
        await pbx.cut()
        await wait_for(hass, lambda: len(tried) >= 3)
    assert tried[1] - tried[0] < QUICK.forbidden
    assert tried[2] - tried[1] >= QUICK.forbidden > QUICK.last_retry
    assert pbx.login_attempts == attempts + 3
    assert set(shown(hass)) == {"access_off"}
    pbx.engine.change_password("45", "45-secret")
    await phones.wait("", "connected", "on")
    assert not shown(hass)


async def test_reconfigure(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A repair hands over to the form of the entry, and goes when that has mended it."""
    pbx.switches.refusal = 403
    pbx.engine.change_password("45", "another")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    result = await choose(hass, entry, "access_off", "reconfigure")
    assert result["type"] is FlowResultType.ABORT
    kind, flow_id = result["next_flow"]
    assert kind == "config_flow"
    assert set(shown(hass)) == {"access_off"}
    result = await hass.config_entries.flow.async_configure(
        flow_id,
        {
            "host": pbx.url,
            "extension": "45",
            "password": "another",
            "security": {"verify_ssl": True, "legacy_tls": False},
        },
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert not shown(hass)


@pytest.mark.logs("asks for a second factor")
async def test_second_factor(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """An account that wants a second factor is a repair, and not a wrong password."""
    pbx.switches.second_factor = True
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state.value == "setup_error"
    assert pbx.login_attempts == 1
    assert shown(hass) == {"second_factor": ir.IssueSeverity.ERROR}
    assert not hass.config_entries.flow.async_progress()
    pbx.switches.second_factor = False
    await choose(hass, entry, "second_factor", "retry")
    assert entry.state is ConfigEntryState.LOADED
    assert not shown(hass)


@pytest.mark.parametrize("way", ["retry", "apply", "own"])
async def test_calls_hidden(hass: HomeAssistant, way: str) -> None:
    """A modern PBX that keeps the calls of others is a warning, for who wants them."""
    async with Simulator(Switches.modern(domain_calls=False)) as pbx:
        entry = create_entry(hass, pbx)
        if way == "own":
            hass.config_entries.async_update_entry(entry, options={"watch": "own"})
        phones = await set_up(hass, entry)
        if way == "own":
            assert not shown(hass)
            return
        assert shown(hass) == {"calls_hidden": ir.IssueSeverity.WARNING}
        pbx.switches.domain_calls = way == "retry"
        await choose(hass, entry, "calls_hidden", way)
        await phones.wait("", "connected", "on")
        assert not shown(hass)
        assert entry.options == ({} if way == "retry" else {"watch": "own"})


async def test_calls_hidden_still(hass: HomeAssistant) -> None:
    """Who tries again without having mended it is told again, once."""
    async with Simulator(Switches.modern(domain_calls=False)) as pbx:
        entry = create_entry(hass, pbx)
        phones = await set_up(hass, entry)
        await choose(hass, entry, "calls_hidden", "retry")
        await phones.wait("", "connected", "on")
        assert set(shown(hass)) == {"calls_hidden"}


async def test_accounts_hidden(hass: HomeAssistant) -> None:
    """A PBX that lists no accounts is one warning; it goes with the next connection."""
    async with Simulator(Switches.modern(domain_calls=False)) as pbx:
        pbx.switches.rest_status["accounts"] = 404
        pbx.switches.server_header = "[click](http://evil.example)"
        entry = create_entry(hass, pbx)
        phones = await set_up(hass, entry)
        assert shown(hass) == {"accounts_hidden": ir.IssueSeverity.WARNING}
        (issue,) = [i for i in ir.async_get(hass).issues.values() if i.domain == DOMAIN]
        # What the PBX says is no text of ours: markup is not taken over.
        assert issue.translation_placeholders
        assert issue.translation_placeholders["version"] == "PBX"
        del pbx.switches.rest_status["accounts"]
        pbx.switches.domain_calls = True
        await reconnect(pbx, phones)
        assert not shown(hass)


# The security of the connection


async def test_certificate(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A certificate that is not trusted any more shows, and can be accepted; not unseen."""
    tls = trusted(tmp_path, monkeypatch, "localhost")
    pbx = Simulator(Switches.classic())
    await pbx.start(ssl_context=tls.context)
    port = pbx.port
    try:
        entry = add_entry(hass, **parse_host(pbx.url))
        phones = await set_up(hass, entry)
        assert not shown(hass)
        await pbx.stop()
        await pbx.start(port=port, ssl_context=self_signed().context)
        await wait_for(hass, lambda: shown(hass))
        assert shown(hass) == {"certificate": ir.IssueSeverity.ERROR}
        (issue,) = [i for i in ir.async_get(hass).issues.values() if i.domain == DOMAIN]
        assert issue.translation_placeholders
        assert "certificate" in issue.translation_placeholders["reason"]
        # Away meanwhile: that mends nothing.
        await pbx.stop()
        result = await choose(hass, entry, "certificate", "retry")
        assert result["reason"] == "failed"
        assert set(shown(hass)) == {"certificate"}
        # The right one again: gone by itself.
        await pbx.start(port=port, ssl_context=tls.context)
        await phones.wait("", "connected", "on")
        assert not shown(hass)

        await pbx.stop()
        await pbx.start(port=port, ssl_context=self_signed().context)
        await wait_for(hass, lambda: shown(hass))
        await choose(hass, entry, "certificate", "apply")
        assert not entry.data["verify_ssl"]
        await phones.wait("", "connected", "on")
        assert shown(hass) == {"unverified_tls": ir.IssueSeverity.WARNING}
        result = await choose(hass, entry, "unverified_tls", "apply")
        assert result["reason"] == "failed"
        assert not entry.data["verify_ssl"]
        await choose(hass, entry, "unverified_tls", "ignore")
        assert not shown(hass)
        # What is ignored stays ignored.
        assert await hass.config_entries.async_reload(entry.entry_id)
        assert not shown(hass)
        await pbx.stop()
        await pbx.start(port=port, ssl_context=tls.context)
        await phones.wait("", "connected", "on")
        result = await choose(hass, entry, "unverified_tls", "apply")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert entry.data["verify_ssl"]
        await phones.wait("", "connected", "on")
        assert not ir.async_get(hass).issues
        assert await hass.config_entries.async_unload(entry.entry_id)
    finally:
        await pbx.stop()


async def test_legacy_tls(hass: HomeAssistant, pbx: Simulator) -> None:
    """Old TLS shows, can be allowed, and shows as long as it is."""
    server = LegacyTlsServer()
    await server.start()
    entry = create_entry(hass, pbx, port=server.port, ssl=True, verify_ssl=False)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert shown(hass) == {
        "legacy_tls": ir.IssueSeverity.ERROR,
        "unverified_tls": ir.IssueSeverity.WARNING,
    }
    # Allowed, it goes on where it stopped before: the stand-in of old TLS cannot.
    result = await choose(hass, entry, "legacy_tls", "apply")
    text = ENGLISH["exceptions"]["cannot_connect"]["message"]
    assert result["description_placeholders"]["error"] == text
    await server.stop()
    await pbx.stop()
    await pbx.start(port=server.port, ssl_context=self_signed().context)
    await choose(hass, entry, "legacy_tls", "apply")
    assert entry.state is ConfigEntryState.LOADED
    assert set(shown(hass)) == {"legacy_tls_allowed", "unverified_tls"}
    await pbx.stop()
    await server.start(port=server.port)
    result = await choose(hass, entry, "legacy_tls_allowed", "apply")
    assert result["reason"] == "failed"
    assert entry.data["legacy_tls"]
    # Removed: nothing is left of it.
    await hass.config_entries.async_remove(entry.entry_id)
    assert not shown(hass)
    await server.stop()


@pytest.mark.parametrize(
    ("host", "near"),
    [
        *((host, True) for host in ("127.0.0.1", "192.168.1.11", "10.1.2.3", "::1")),
        *(
            (host, True)
            for host in ("fd00::1", "fe80::1", "pbx", "pbx.local", "PBX.lan")
        ),
        *((host, True) for host in ("a.b.home.arpa", "pbx.internal.")),
        *((host, False) for host in ("8.8.8.8", "2001:4860::1", "pbx.example.com")),
        *((host, False) for host in ("local.example", "pbx.local.example.com")),
    ],
)
def test_near(host: str, near: bool) -> None:
    """An address tells whether it is in our own network; a name may."""
    assert is_local_host(host.lower()) is near


# The harness answers who looks a name up with an error that no network has.
@pytest.mark.logs("Unexpected error in the link")
async def test_plain_http(hass: HomeAssistant, pbx: Simulator) -> None:
    """No encryption on the way to somewhere far is a warning, connected or not."""
    await pbx.refuse()
    entry = create_entry(hass, pbx, host="pbx.invalid")
    await hass.config_entries.async_setup(entry.entry_id)
    assert shown(hass) == {"plain_http": ir.IssueSeverity.WARNING}
    result = await choose(hass, entry, "plain_http", "reconfigure")
    assert result["next_flow"]
    # An entry that is disabled rests.
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    assert not shown(hass)
