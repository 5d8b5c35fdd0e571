"""The matrix of docs/RELIABILITY.md: what fails, what a user sees of it, and when.

Each row of the tables there is one test here, and each test here has its row. Last of
all come the ends: whatever goes on, unloading leaves nothing behind.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields, replace
import gc
import logging
from pathlib import Path
import re
import socket
import time
from typing import Any

from aiohttp import AsyncResolver, TCPConnector, ThreadedResolver
from aiohttp.abc import AbstractResolver
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN, TIMING
from custom_components.vodia.flows.parse import parse_host
from custom_components.vodia.pbx.client import PbxClient
from custom_components.vodia.pbx.net.rest import Rest
from custom_components.vodia.pbx.timing import Timing
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntryState,
    OperationNotAllowed,
)
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from simulator import Simulator, Switches
from simulator.legacy_tls import LegacyTlsServer
from simulator.switches import Fault
from simulator.tls import self_signed
from tests.support.actions import act
from tests.support.calls import CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import (
    Phones,
    add_entry,
    create_branch_entry,
    create_entry,
    set_up,
    until,
)
from tests.support.leftovers import nothing_left
from tests.support.log import without_paths
from tests.support.timing import QUICK, reload_with_timing
from tests.support.tls import trusted

DOC = Path(__file__).parents[2] / "docs" / "RELIABILITY.md"
SESSION = "/rest/system/session"
# Here many wait for times to be over, so these are shorter still.
BRIEF = replace(
    QUICK,
    connect=0.8,
    request=0.7,
    answer=0.25,
    ping=0.3,
    between_reads=0.1,
    last_retry=0.3,
)
# The extensions that matter here.
KEPT = {"41", "42", "45"}
# Seconds that a busy machine may take for what takes no time.
SLACK = 2.0

type Opened = AbstractAsyncContextManager[str]


@pytest.fixture(autouse=True)
async def brief(hass: HomeAssistant) -> None:
    """Shorten the times of the connection; do without the slow debugging of the loop."""
    hass.data[TIMING] = BRIEF
    asyncio.get_running_loop().set_debug(False)


def create_pbx(dialect: str, **switches: Any) -> Simulator:
    """Return a PBX with few extensions, which is quicker to set up."""
    pbx = Simulator(getattr(Switches, dialect)(**switches))
    for number in pbx.engine.tenant("localhost").accounts.keys() - KEPT:
        pbx.engine.remove_account(number)
    return pbx


# What is said


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors that are about us, or that a leak causes."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and "has not been tested by Home Assistant" not in record.getMessage()
        # A slow machine is no fault of ours.
        and not record.getMessage().startswith("Executing <")
        and (
            record.levelno >= logging.ERROR
            or record.name.startswith(("asyncio", "aiohttp"))
            or DOMAIN in f"{record.name} {without_paths(record.getMessage())}".lower()
        )
    ]


def flows(hass: HomeAssistant) -> list[Any]:
    """Return the dialogs that ask for a new password."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


def tries(pbx: Simulator, step: str) -> int:
    """Return how often a step was begun."""
    match step:
        case "login":
            return sum(
                path == SESSION and method in ("PUT", "POST")
                for method, path in pbx.requests
            )
        case "tell":
            return pbx.requests.count(("GET", SESSION))
        case "handshake":
            return sum(
                path == "/" or path.startswith("/websocket") for _, path in pbx.requests
            )
        case "accounts" | "calls" | "dnd":
            return sum(
                path.partition("?")[0].endswith(f"/{step}") for _, path in pbx.requests
            )
    return sum(frame["action"] == step for frame in pbx.received)


# Setting up: the form and the start


@dataclass(frozen=True, slots=True)
class Seen:
    """What a user sees of a setup that fails, and after how long.

    `after` is the name of the time in `Timing`; None is at once.
    """

    error: str
    after: str | None = None

    @property
    def state(self) -> ConfigEntryState:
        """Return the state of the entry: only a refused login waits for the user."""
        if self.error in ("invalid_auth", "second_factor"):
            return ConfigEntryState.SETUP_ERROR
        return ConfigEntryState.SETUP_RETRY

    def check_time(self, began: float) -> None:
        """Expect that it took as long as the time says."""
        took = time.monotonic() - began
        due: float = getattr(BRIEF, self.after) if self.after else 0
        assert due - 0.05 < took < due + SLACK


def form(url: str, **values: Any) -> dict[str, Any]:
    """Return the form as filled in by a user."""
    return {
        "host": url,
        "extension": "45",
        "password": "45-secret",
        "security": {"verify_ssl": True, "legacy_tls": False},
        **values,
    }


async def fill_in(hass: HomeAssistant, values: dict[str, Any]) -> Any:
    """Open the form and send it."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return await hass.config_entries.flow.async_configure(flow["flow_id"], values)


async def fails(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    url: str,
    seen: Seen,
    **data: object,
) -> None:
    """Expect the form and the start of an entry to fail as a user is told."""
    began = time.monotonic()
    result = await fill_in(hass, form(url))
    assert result["errors"] == {"base": seen.error}
    seen.check_time(began)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert not complaints(caplog)
    port = parse_host(url)["port"]
    await nothing_left(port)

    entry = add_entry(hass, **{**parse_host(url), **data})
    began = time.monotonic()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    seen.check_time(began)
    assert entry.state is seen.state
    assert entry.error_reason_translation_key == seen.error
    if seen.error == "second_factor":
        assert not flows(hass)
        (complaint,) = complaints(caplog)
        assert "Error setting up entry" in complaint
    elif seen.state is ConfigEntryState.SETUP_ERROR:
        await until(hass, lambda: flows(hass))
        (warning,) = complaints(caplog)
        assert "could not authenticate" in warning
    else:
        assert not flows(hass)
        assert not complaints(caplog)
        assert "not ready yet" in caplog.text
    # Home Assistant's own timer of the next try aside, nothing waits.
    assert await hass.config_entries.async_unload(entry.entry_id)
    await nothing_left(port)


@asynccontextmanager
async def refused() -> AsyncIterator[str]:
    """Yield the address of a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def unreachable() -> AsyncIterator[str]:
    """Yield an address that takes no greeting: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        # Who hangs up again still waits to be accepted.
        socket.create_connection(server.getsockname()).close()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """Yield the address of a PBX that takes connections and says nothing."""
    async with create_pbx("modern") as pbx:
        pbx.freeze()
        yield pbx.url


@asynccontextmanager
async def silent_tls() -> AsyncIterator[str]:
    """Yield the address of a PBX that does not even finish the TLS handshake."""
    async with silent() as url:
        yield url.replace("http:", "https:")


@asynccontextmanager
async def with_tls(name: str) -> AsyncIterator[Simulator]:
    """Yield a PBX that has a certificate of its own for a name."""
    pbx = create_pbx("classic")
    await pbx.start(ssl_context=self_signed(name).context)
    try:
        yield pbx
    finally:
        await pbx.stop()


@asynccontextmanager
async def untrusted() -> AsyncIterator[str]:
    """Yield the address of a PBX that made its certificate itself."""
    async with with_tls("localhost") as pbx:
        yield pbx.url


@asynccontextmanager
async def tls_only() -> AsyncIterator[str]:
    """Yield the address, without TLS, of a PBX that has TLS."""
    async with with_tls("localhost") as pbx:
        yield pbx.url.replace("https:", "http:")


@asynccontextmanager
async def plain() -> AsyncIterator[str]:
    """Yield the address, with TLS, of a PBX that has none."""
    async with create_pbx("classic") as pbx:
        yield pbx.url.replace("http:", "https:")
        assert not pbx.requests


@asynccontextmanager
async def legacy_tls() -> AsyncIterator[str]:
    """Yield the address of a PBX that only has old TLS."""
    server = LegacyTlsServer()
    await server.start()
    try:
        yield f"https://127.0.0.1:{server.port}"
    finally:
        await server.stop()


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        pytest.param(refused, Seen("cannot_connect"), id="refused"),
        pytest.param(unreachable, Seen("cannot_connect", "request"), id="unreachable"),
        pytest.param(silent, Seen("cannot_connect", "request"), id="silent"),
        pytest.param(silent_tls, Seen("cannot_connect", "request"), id="silent_tls"),
        pytest.param(untrusted, Seen("certificate"), id="certificate"),
        pytest.param(legacy_tls, Seen("legacy_tls"), id="legacy_tls"),
        pytest.param(plain, Seen("no_tls"), id="no_tls"),
        pytest.param(tls_only, Seen("cannot_connect"), id="tls_only"),
    ],
)
async def test_address(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    address: Callable[[], Opened],
    seen: Seen,
) -> None:
    """An address where no PBX can be spoken to."""
    async with address() as url:
        await fails(hass, caplog, url, seen)


def at(
    dialect: str,
    step: str,
    fault: Fault,
    error: str,
    *,
    after: str | None = None,
    method: str = "put",
    logins: int = 2,
) -> Any:
    """Return a case of a step that goes wrong while setting up.

    `logins` is how often the password is sent, by the form and the start together.
    """
    name = f"{step}_{method}" if step == "login" else step
    return pytest.param(
        dialect, step, fault, Seen(error, after), method, logins, id=f"{name}-{fault}"
    )


@pytest.mark.parametrize(
    ("dialect", "step", "fault", "seen", "method", "logins"),
    [
        at("classic", "login", 401, "invalid_auth"),
        at("classic", "login", 403, "access_off"),
        at("classic", "login", 404, "invalid_auth", logins=3),
        at("classic", "login", 500, "unexpected_reply"),
        at("classic", "login", "html", "unexpected_reply"),
        at("classic", "login", "redirect", "unexpected_reply"),
        at("classic", "login", "reset", "cannot_connect", logins=4),
        at("modern", "login", 401, "invalid_auth", method="post"),
        at("modern", "login", 403, "access_off", method="post"),
        at("modern", "login", 500, "unexpected_reply", method="post"),
        at("modern", "login", "html", "unexpected_reply", method="post"),
        at("modern", "login", "redirect", "unexpected_reply", method="post"),
        at("classic", "tell", "reset", "cannot_connect"),
        at("classic", "tell", "hang", "cannot_connect", after="request"),
        at("modern", "handshake", 401, "invalid_auth", logins=4),
        at("modern", "handshake", 403, "access_off", logins=4),
        at("modern", "handshake", 404, "unknown_tenant"),
        at("modern", "handshake", 500, "cannot_connect"),
        at("modern", "handshake", "html", "unexpected_reply"),
        at("modern", "handshake", "redirect", "unexpected_reply"),
        at("classic", "handshake", "reset", "cannot_connect"),
        at("classic", "handshake", "hang", "cannot_connect", after="connect"),
        at("modern", "accounts", 401, "access_off", after="answer", logins=4),
        at("modern", "accounts", 403, "access_off", after="answer"),
        at("modern", "accounts", 500, "unexpected_reply", after="answer"),
        at("modern", "accounts", "html", "unexpected_reply", after="answer"),
        at("modern", "accounts", "redirect", "unexpected_reply", after="answer"),
        at("modern", "accounts", "reset", "cannot_connect"),
        at("modern", "accounts", "hang", "cannot_connect", after="request"),
        at("classic", "avoid-disconnect", "reset", "cannot_connect"),
        at("classic", "get-calls", "reset", "cannot_connect"),
        at("modern", "domain-calls", "reset", "cannot_connect"),
    ],
)
async def test_setup(
    hass: HomeAssistant,
    *,
    caplog: pytest.LogCaptureFixture,
    dialect: str,
    step: str,
    fault: Fault,
    seen: Seen,
    method: str,
    logins: int,
) -> None:
    """A step that goes wrong while setting up."""
    methods = {method.upper()}
    async with (
        create_pbx(dialect, basic=False, login_methods=methods) as pbx,
        create_pbx(dialect) as other,
    ):
        switches = pbx.switches
        switches.faults[step] = fault
        switches.redirect_to = other.url
        await fails(hass, caplog, pbx.url, seen, login_method=method)
        assert pbx.requests.count((method.upper(), SESSION)) == logins
        assert not pbx.logins._sessions
        # Where a redirect leads arrives nothing, neither session nor password.
        assert not other.requests
        assert not other.login_attempts


@pytest.mark.parametrize(
    ("dialect", "step"),
    [
        pytest.param("classic", "tell", id="tell"),
        pytest.param("classic", "accounts", id="accounts_of_a_classic_pbx"),
    ],
)
async def test_not_needed(hass: HomeAssistant, dialect: str, step: str) -> None:
    """A step whose answer may be anything: what it tells is known in another way."""
    async with create_pbx(dialect) as pbx, create_pbx(dialect) as other:
        switches = pbx.switches
        switches.redirect_to = other.url
        phones = await set_up(hass, create_entry(hass, pbx))
        faults: tuple[Fault, ...] = (401, 403, 404, 500, "html", "redirect")
        for fault in faults:
            switches.faults[step] = fault
            assert await hass.config_entries.async_reload(phones.entry.entry_id)
            assert phones.state("41", "call") == "idle"
        pbx.expire_sessions()
        await pbx.cut()
        await phones.wait("", "connected", "off")
        await phones.wait("", "connected", "on")
        assert phones.state("41", "call") == "idle"
        assert not flows(hass)
        assert not other.requests
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_no_accounts(hass: HomeAssistant) -> None:
    """A PBX that lists no accounts tells of our own extension only."""
    async with create_pbx("modern") as pbx:
        pbx.switches.faults["accounts"] = 404
        phones = await set_up(hass, create_entry(hass, pbx))
        assert phones.state("", "connected") == "on"
        assert not phones.has("41")
        assert phones.states("45", "registered", "call") == ["unknown", "idle"]
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "call", "ringing")
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_slow(hass: HomeAssistant) -> None:
    """A PBX that takes its time, but not too much, is as good as a fast one."""
    async with create_pbx("modern", latency=0.1) as pbx:
        result = await fill_in(hass, form(pbx.url))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert result["result"].state is ConfigEntryState.LOADED
        assert Phones(hass, result["result"]).state("45", "call") == "idle"
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_unknown_name(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A name that no name server knows; the one asked is on this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)

        def answer() -> None:
            """Tell that there is no such name, whatever is asked for."""
            question, client = server.recvfrom(512)
            server.sendto(question[:2] + b"\x81\x83" + question[4:], client)

        asyncio.get_running_loop().add_reader(server, answer)
        resolver = AsyncResolver(
            nameservers=["127.0.0.1"], udp_port=server.getsockname()[1], timeout=0.5
        )
        resolve_by(hass, resolver)
        try:
            await fails(
                hass, caplog, "http://nowhere.invalid:1", Seen("cannot_connect")
            )
        finally:
            asyncio.get_running_loop().remove_reader(server)
            await resolver.close()


def resolve_by(hass: HomeAssistant, resolver: AbstractResolver) -> None:
    """Let Home Assistant resolve names by another resolver."""
    connector = async_get_clientsession(hass).connector
    assert isinstance(connector, TCPConnector)
    connector._resolver = resolver


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param("localhost", None, id="right"),
        pytest.param("pbx.example", "certificate", id="wrong"),
    ],
)
async def test_name_in_the_certificate(
    hass: HomeAssistant,
    *,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    error: str | None,
) -> None:
    """A certificate of an authority that is trusted, for this name or another one."""
    tls = trusted(tmp_path, monkeypatch, name)
    resolve_by(hass, ThreadedResolver())
    pbx = create_pbx("classic")
    await pbx.start(ssl_context=tls.context)
    try:
        url = f"https://localhost:{pbx.port}"
        if error:
            await fails(hass, caplog, url, Seen(error))
            assert not pbx.requests
        else:
            entry = add_entry(hass, **parse_host(url))
            await set_up(hass, entry)
            assert await hass.config_entries.async_unload(entry.entry_id)
    finally:
        await pbx.stop()


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        pytest.param({"refusal": "empty"}, "invalid_auth", id="empty"),
        pytest.param({"refusal": 401}, "invalid_auth", id="401"),
        pytest.param({"refusal": 403}, "access_off", id="403"),
        pytest.param(
            {"second_factor": True},
            "second_factor",
            id="second_factor",
            marks=pytest.mark.logs("asks for a second factor"),
        ),
    ],
)
async def test_password_refused(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    switches: dict[str, Any],
    error: str,
) -> None:
    """A login that the PBX refuses at the start is tried once."""
    async with create_pbx("classic", **switches) as pbx:
        if error != "second_factor":
            pbx.engine.change_password("45", "another")
        await fails(hass, caplog, pbx.url, Seen(error))
        assert tries(pbx, "login") == 2


async def test_another_method(hass: HomeAssistant) -> None:
    """A PBX that does not know the method any more is logged in to by another one."""
    async with create_pbx("modern", login_methods={"POST"}) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, login_method="put"))
        assert pbx.login_attempts == 1
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
        assert not pbx.logins._sessions


# While it runs: the link is lost, and a step of the next one goes wrong


def all_unavailable(hass: HomeAssistant, phones: Phones) -> bool:
    """Return whether all is unavailable, and the connection off."""
    return phones.state("", "connected") == "off" and all(
        state.state == STATE_UNAVAILABLE
        for state in hass.states.async_all()
        if state.entity_id != phones.id("", "connected")
    )


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log tells of the connection."""
    start = "Connection to Vodia PBX "
    return [text.removeprefix(start) for text in complaints(caplog)]


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
            await until(
                hass,
                lambda: tries(pbx, step) >= 2 and len(told(caplog)) > len(reasons),
            )
            assert not flows(hass)
        else:
            await until(hass, lambda: flows(hass))
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
        await until(hass, lambda: len(told(caplog)) == 2)
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


# While it runs: the link itself


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return a PBX where REST takes no Basic, so that a refusal is definite."""
    async with create_pbx(dialect, basic=False) as pbx:
        yield pbx


NO_PONG = {"answers_ping": False}


@pytest.mark.parametrize(
    ("dialect", "loss"),
    [
        pytest.param("modern", "cut", id="reset"),
        pytest.param("classic", "restart", id="restart"),
        pytest.param("modern", "refuse", id="off_for_long"),
    ],
)
async def test_lost(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    loss: str,
) -> None:
    """A link that is reset shows at once, and is tried again for ever."""
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    began = time.monotonic()
    restart = None
    if loss == "restart":
        restart = hass.async_create_task(pbx.restart(down=0.3))
    else:
        if loss == "refuse":
            await pbx.refuse()
        await pbx.cut()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < SLACK
    assert all_unavailable(hass, phones)
    if restart:
        await restart
    if loss == "refuse":
        # Longer than the longest pause, several times.
        await asyncio.sleep(BRIEF.last_retry * 3)
        assert all_unavailable(hass, phones)
        await pbx.accept()
        began = time.monotonic()
    await phones.wait("", "connected", "on")
    assert time.monotonic() - began < BRIEF.last_retry + SLACK
    assert phones.state("41", "dnd") == "on"
    lost, back = told(caplog)
    assert lost == "lost: the PBX closed the link (code 1006)"
    assert back == "restored"


@pytest.mark.parametrize(
    ("dialect", "action", "data", "step"),
    [
        pytest.param("classic", "dial", {"number": "41"}, "make-call", id="dial"),
        pytest.param("modern", "set_dnd", {"enabled": True}, "dnd", id="set_dnd"),
    ],
)
async def test_lost_while_an_action_waits(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: dict[str, Any],
    step: str,
) -> None:
    """An action whose link is lost does not wait until its time is over."""
    pbx.switches.ignore_commands = True
    before = tries(pbx, step)
    task = hass.async_create_task(act(hass, action, **data))
    await begun(hass, pbx, step, before)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await pbx.refuse()
    await pbx.cut()
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == "not_connected"
    assert time.monotonic() - began < BRIEF.confirm


@classic
async def test_closed_for_silence(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX that closes links that say nothing keeps ours."""
    pbx.switches.idle_timeout = BRIEF.keepalive
    phones = await set_up(hass, entry)
    await asyncio.sleep(BRIEF.keepalive * 3)
    assert tries(pbx, "handshake") == 2
    # One that is in more of a hurry is met again.
    pbx.switches.idle_timeout = 0.05
    await phones.wait("", "connected", "off")
    pbx.switches.idle_timeout = None
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "switches", "reason", "within"),
    [
        pytest.param("modern", {}, "the PBX went silent", BRIEF.ping * 2, id="ping"),
        pytest.param(
            "classic", NO_PONG, "the PBX went silent", BRIEF.ping * 2, id="question"
        ),
        pytest.param(
            "modern",
            NO_PONG,
            "no answer in time",
            BRIEF.ping + BRIEF.request,
            id="probe",
        ),
    ],
)
async def test_half_open(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    switches: dict[str, Any],
    reason: str,
    within: float,
) -> None:
    """A PBX that falls silent is found out, whatever it answers while it is well."""
    for name, value in switches.items():
        setattr(pbx.switches, name, value)
    phones = await set_up(hass, entry)
    await asyncio.sleep(BRIEF.ping * 3)
    assert phones.state("", "connected") == "on"
    pbx.freeze()
    began = time.monotonic()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < within + 0.4
    assert all_unavailable(hass, phones)
    assert told(caplog) == [f"lost: {reason}"]
    pbx.thaw()
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "frame", "reason"),
    [
        pytest.param(
            "modern", b"\x88\x00", "the PBX closed the link (code 1005)", id="bare"
        ),
        pytest.param(
            "classic",
            b"\x88\x02\x03\xe9",
            "the PBX closed the link (code 1001)",
            id="with_a_code",
        ),
    ],
)
async def test_closed(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    frame: bytes,
    reason: str,
) -> None:
    """A PBX that closes the WebSocket and leaves the connection open is gone at once."""
    for link in pbx.links:
        link.transport.write(frame)
    pbx.freeze()
    began = time.monotonic()
    await phones.wait("", "connected", "off")
    assert time.monotonic() - began < 0.3
    assert all_unavailable(hass, phones)
    assert told(caplog) == [f"lost: {reason}"]
    pbx.thaw()
    await phones.wait("", "connected", "on")


@pytest.mark.parametrize(
    ("dialect", "away"),
    [
        pytest.param("classic", 25, id="half_a_minute"),
        pytest.param("modern", 700, id="ten_minutes"),
    ],
)
async def test_back(
    hass: HomeAssistant,
    *,
    monkeypatch: pytest.MonkeyPatch,
    pbx: Simulator,
    entry: MockConfigEntry,
    away: int,
) -> None:
    """A PBX that is back is noticed by its open port, and logged in to once."""
    timing = Timing()
    hass.data[TIMING] = timing
    looks: list[float] = []
    look = Rest.is_open

    async def counted(self: Rest, seconds: float) -> bool:
        """Look whether the port is open, and count it."""
        looks.append(time.monotonic())
        return await look(self, seconds)

    monkeypatch.setattr(Rest, "is_open", counted)
    phones = await set_up(hass, entry)
    for wait in (away, away + 1.7):
        await pbx.refuse()
        await pbx.cut()
        await phones.wait("", "connected", "off")
        looks.clear()
        pbx.requests.clear()
        await asyncio.sleep(wait)
        assert len(looks) <= wait / timing.look + 1
        await pbx.accept()
        began = time.monotonic()
        await phones.wait("", "connected", "on")
        assert time.monotonic() - began < 5
        assert tries(pbx, "handshake") <= 2
        # Time enough for the pauses to begin anew.
        await asyncio.sleep(timing.healthy)


@classic
async def test_not_hammered(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """A PBX that takes connections and no login is tried as seldom as ever."""
    timing = Timing()
    hass.data[TIMING] = timing
    phones = await set_up(hass, entry)
    pbx.expire_sessions()
    pbx.switches.faults["login"] = 500
    await pbx.cut()
    await phones.wait("", "connected", "off")
    before = tries(pbx, "login")
    await asyncio.sleep(600)
    # 2, 4, 8, 16, 32 and then 60 s, or as little as half of that.
    assert tries(pbx, "login") - before <= 5 + 600 / 30
    pbx.switches.faults.clear()
    async with asyncio.timeout(timing.last_retry + SLACK):
        while phones.state("", "connected") == "off":
            await asyncio.sleep(1)


# While it runs: sessions and passwords


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
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
    cut: bool,
) -> None:
    """A password that has worked is tried once more after 403, and soon."""
    await reload_with_timing(hass, phones.entry, forbidden=900)
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
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Two refusals in a row rest: who is blocked is not to be blocked for longer."""
    await reload_with_timing(hass, phones.entry, forbidden=900)
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
    await until(
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


# While it runs: reading and acting


@pytest.mark.parametrize("fault", [500, "html", "redirect", "hang"], ids=str)
@modern
async def test_reading_fails(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """Accounts that cannot be read three times in a row are a lost link."""
    async with create_pbx("modern") as other:
        pbx.switches.redirect_to = other.url
        pbx.switches.faults["accounts"] = fault
        before = tries(pbx, "accounts")
        pbx.engine.set_dnd("41", True)
        await phones.wait("", "connected", "off")
        assert tries(pbx, "accounts") - before >= 3
        assert all_unavailable(hass, phones)
        assert len(told(caplog)) == 1
        assert not other.requests
        pbx.switches.faults.clear()
        await phones.wait("", "connected", "on")
        assert phones.state("41", "dnd") == "on"
        assert not flows(hass)


@pytest.mark.parametrize(
    ("dialect", "action", "data", "error"),
    [
        pytest.param("classic", "answer", {}, "cannot_connect", id="answer_classic"),
        pytest.param("modern", "answer", {}, "cannot_connect", id="answer_modern"),
        pytest.param(
            "modern", "set_dnd", {"enabled": True}, "cannot_connect", id="set_dnd"
        ),
    ],
)
async def test_action_over_a_dead_link(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    action: str,
    data: dict[str, Any],
    error: str,
) -> None:
    """An action ends in its time, also while nobody knows yet that the link is dead."""
    await reload_with_timing(hass, phones.entry, ping=60)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.freeze()
    began = time.monotonic()
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, action, **data)
    assert raised.value.translation_key == error
    assert time.monotonic() - began < BRIEF.confirm + 0.2
    pbx.thaw()


def asked(fault: Fault, error: str | None, *, after: bool = False) -> Any:
    """Return a case of an action whose REST calls go wrong.

    `after` is whether it goes wrong only after REST has taken a command before.
    """
    name = "command" if after else "question"
    return pytest.param("modern", fault, error, after, id=f"{name}-{fault}")


@pytest.mark.parametrize(
    ("dialect", "fault", "error", "after"),
    [
        asked(401, None),
        asked(403, None),
        asked(404, None),
        asked(500, None),
        asked("html", None),
        asked("redirect", None),
        asked("hang", "cannot_connect"),
        asked(401, None, after=True),
        asked(403, None, after=True),
        asked(500, "unexpected_reply", after=True),
        asked("html", "not_confirmed", after=True),
        asked("redirect", "unexpected_reply", after=True),
        asked("hang", "cannot_connect", after=True),
    ],
)
async def test_action(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    error: str | None,
    after: bool,
) -> None:
    """An action uses the socket where REST is refused; it is never done twice."""
    async with create_pbx("modern") as other:
        pbx.switches.redirect_to = other.url
        if after:
            await act(hass, "dial", number="42")
            await act(hass, "hang_up")
        pbx.switches.faults["calls"] = fault
        before = len(pbx.engine.log)
        if error:
            with pytest.raises(HomeAssistantError) as raised:
                await act(hass, "dial", number="41")
            assert raised.value.translation_key == error
            assert not pbx.engine.calls()
            assert len(pbx.engine.log) == before
        else:
            assert await act(hass, "dial", number="41")
            assert len(pbx.engine.calls()) == 1
            assert tries(pbx, "make-call") == 1
        assert phones.state("", "connected") == "on"
        assert not flows(hass)
        assert not told(caplog)
        assert not other.requests


# Two entries


@classic
async def test_two_tenants(hass: HomeAssistant, pbx: Simulator) -> None:
    """Two tenants of one host: each has its own session, and its own faults."""
    one = await set_up(hass, create_entry(hass, pbx))
    other = await set_up(hass, create_branch_entry(hass, pbx))
    sessions = [
        phones.entry.runtime_data.client.own.session.rest.headers["Cookie"]
        for phones in (one, other)
    ]
    assert len(set(sessions)) == 2
    assert len(pbx.logins._sessions) == 2
    pbx.engine.ring(CALLER, "45", tenant="branch.example")
    await other.wait("45", "call", "ringing")
    assert one.state("45", "call") == "idle"

    pbx.switches.refusal = 401
    pbx.engine.change_password("45", "new")
    session = one.entry.runtime_data.client.own.session
    pbx.logins._sessions.pop(session.rest.headers["Cookie"].partition("=")[2])
    link = next(link for link in pbx.links if link.login.tenant == "localhost")
    link.abort()
    await until(hass, lambda: flows(hass))
    (flow,) = flows(hass)
    assert flow["context"]["entry_id"] == one.entry.entry_id
    assert one.state("", "connected") == "off"
    assert other.states("", "connected") == ["on"]
    assert other.state("45", "call") == "ringing"
    assert await hass.config_entries.async_remove(one.entry.entry_id)
    pbx.engine.set_dnd("45", True, tenant="branch.example")
    await other.wait("45", "dnd", "on")


@modern
async def test_two_ports(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Two PBXs at two ports of one host: what happens to one leaves the other alone."""
    async with create_pbx("classic") as second:
        other = await set_up(hass, create_entry(hass, second))
        await second.refuse()
        await second.cut()
        await other.wait("", "connected", "off")
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "call", "ringing")
        assert phones.state("", "connected") == "on"
        assert all(
            state.state == STATE_UNAVAILABLE
            for account in ("41", "45")
            for state in (other.get(account, "call"), other.get(account, "dnd"))
        )
        await second.accept()
        await other.wait("", "connected", "on")
        assert other.state("45", "call") == "idle"
        assert pbx.logins._sessions.keys().isdisjoint(second.logins._sessions)
        assert await hass.config_entries.async_unload(other.entry.entry_id)


# The end: unload, reload, remove or stop, whatever goes on


@dataclass(frozen=True, slots=True)
class Phase:
    """What goes on when the end comes, and in which dialect.

    `begin` makes it begin; a task that it returns is an action that waits.
    """

    dialect: str
    begin: Callable[
        [HomeAssistant, Simulator, Phones], Awaitable[asyncio.Task[Any] | None]
    ]


async def steady(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Nothing goes on."""


async def backing_off(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The PBX is away, and we wait for the next try."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await asyncio.sleep(BRIEF.first_retry)


async def half_open(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The PBX is silent, and we do not know it yet."""
    pbx.freeze()


async def given_up(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The password is refused, and the user has been asked."""
    pbx.switches.faults["login"] = 401
    pbx.expire_sessions()
    await pbx.cut()
    await until(hass, lambda: flows(hass))


async def probing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """We ask over HTTP whether the PBX is alive, for it answers no ping."""
    pbx.switches.faults["tell"] = "hang"
    before = tries(pbx, "tell")
    await begun(hass, pbx, "tell", before)


async def reading(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The accounts are being read again."""
    pbx.switches.faults["accounts"] = "hang"
    before = tries(pbx, "accounts")
    pbx.engine.set_dnd("41", True)
    await begun(hass, pbx, "accounts", before)


async def renewing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The session has expired, and is being renewed."""
    pbx.switches.faults["login"] = "hang"
    before = tries(pbx, "login")
    pbx.expire_sessions()
    pbx.engine.set_dnd("41", True)
    await begun(hass, pbx, "login", before)


async def acting(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> asyncio.Task[Any]:
    """An action waits for the reply to its REST call."""
    pbx.switches.faults["calls"] = "hang"
    before = tries(pbx, "calls")
    task = hass.async_create_task(act(hass, "dial", number="41"))
    await begun(hass, pbx, "calls", before)
    return task


async def confirming(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> asyncio.Task[Any]:
    """An action waits for the state that it asked for."""
    pbx.switches.ignore_commands = True
    before = tries(pbx, "make-call")
    task = hass.async_create_task(act(hass, "dial", number="41"))
    await begun(hass, pbx, "make-call", before)
    return task


def reconnecting(
    step: str,
) -> Callable[[HomeAssistant, Simulator, Phones], Awaitable[None]]:
    """Return what makes a step of the way to the next link hang."""

    async def begin(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
        """Lose the link, and let the step hang."""
        pbx.switches.faults[step] = "hang"
        pbx.expire_sessions()
        before = tries(pbx, step)
        await pbx.cut()
        # What is read beside the link may be the first to log in anew.
        await phones.wait("", "connected", "off")
        await begun(hass, pbx, step, before)

    return begin


async def begun(hass: HomeAssistant, pbx: Simulator, step: str, before: int) -> None:
    """Wait until a step is begun once more than it was before."""
    await until(hass, lambda: tries(pbx, step) > before)


async def closed(hass: HomeAssistant, client: PbxClient) -> None:
    """Wait until a client is closed, or on its last word."""
    await until(
        hass, lambda: client.own.session._closed and not client.own.session.rest.headers
    )


async def repair(pbx: Simulator) -> None:
    """Make a PBX well again."""
    pbx.switches.faults.clear()
    pbx.switches.ignore_commands = False
    pbx.thaw()
    await pbx.accept()


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(Phase("classic", steady), id="steady"),
        pytest.param(Phase("classic", backing_off), id="backing_off"),
        pytest.param(Phase("modern", half_open), id="half_open"),
        pytest.param(Phase("classic", given_up), id="given_up"),
        pytest.param(Phase("modern", probing), id="probing"),
        pytest.param(Phase("modern", reading), id="reading"),
        pytest.param(Phase("modern", renewing), id="renewing"),
        pytest.param(Phase("modern", acting), id="acting"),
        pytest.param(Phase("classic", confirming), id="confirming"),
        pytest.param(Phase("classic", reconnecting("login")), id="login"),
        pytest.param(Phase("classic", reconnecting("tell")), id="tell"),
        pytest.param(Phase("classic", reconnecting("handshake")), id="handshake"),
        pytest.param(Phase("modern", reconnecting("accounts")), id="accounts"),
        pytest.param(Phase("classic", reconnecting("get-calls")), id="calls"),
    ],
)
async def test_end(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, phase: Phase
) -> None:
    """Whatever goes on, each kind of end is quick and leaves nothing behind."""
    answers_ping = phase.begin is not probing
    async with create_pbx(phase.dialect, answers_ping=answers_ping) as pbx:
        for end in ("unload", "reload", "stop", "remove"):
            caplog.clear()
            entry = create_entry(hass, pbx)
            phones = await set_up(hass, entry)
            waiting = await phase.begin(hass, pbx, phones)
            lost = told(caplog)
            began = time.monotonic()
            if end == "reload":
                reload = hass.async_create_task(
                    hass.config_entries.async_reload(entry.entry_id)
                )
                link = entry.runtime_data.client
                await closed(hass, link)
                # Only the new start finds the PBX well again, perhaps too late.
                await repair(pbx)
                if not await reload:
                    assert await hass.config_entries.async_reload(entry.entry_id)
                await phones.wait("", "connected", "on")
                await until(hass, lambda: pbx.connections == 1)
                names = [task.get_name() for task in asyncio.all_tasks()]
                assert names.count("vodia link") == 1
            elif end == "stop":
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                await hass.async_block_till_done()
            else:
                method = f"async_{end}"
                assert await getattr(hass.config_entries, method)(entry.entry_id)
            if waiting:
                with pytest.raises(HomeAssistantError) as raised:
                    await waiting
                assert raised.value.translation_key == "not_connected"
            # A silent PBX is given a moment to close the socket and the session.
            assert time.monotonic() - began < 1 + 2 + SLACK
            if end != "reload":
                await nothing_left(pbx.port)
            await repair(pbx)
            if end != "remove":
                assert await hass.config_entries.async_remove(entry.entry_id)
                await nothing_left(pbx.port)
            # One that cannot be reached keeps the session until it expires.
            if phase.begin is not backing_off:
                await until(hass, lambda: not pbx.logins._sessions)
            # Nothing is told but what was there before the end.
            assert told(caplog) == lost
            for flow in flows(hass):
                hass.config_entries.flow.async_abort(flow["flow_id"])
        gc.collect()
        assert not [text for text in complaints(caplog) if "nclosed" in text]


@pytest.mark.parametrize(
    ("dialect", "step"),
    [
        pytest.param("classic", "login", id="login"),
        pytest.param("classic", "tell", id="tell"),
        pytest.param("classic", "handshake", id="handshake"),
        pytest.param("modern", "accounts", id="accounts"),
        pytest.param("classic", "get-calls", id="calls"),
    ],
)
@pytest.mark.logs("Setup of config entry .* cancelled")
async def test_end_while_setting_up(
    hass: HomeAssistant, pbx: Simulator, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    """A start, and a form, that hang are ended without anything being left."""
    for end in ("stop", "cancel", "remove", "abort"):
        pbx.switches.faults[step] = "hang"
        before = tries(pbx, step)
        if end == "abort":
            setup = hass.async_create_task(fill_in(hass, form(pbx.url)))
        else:
            entry = create_entry(hass, pbx)
            setup = hass.async_create_task(
                hass.config_entries.async_setup(entry.entry_id)
            )
        await begun(hass, pbx, step, before)
        began = time.monotonic()
        match end:
            case "stop":
                with pytest.raises(OperationNotAllowed):
                    await hass.config_entries.async_unload(entry.entry_id)
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                assert not await setup
                assert entry.state is ConfigEntryState.SETUP_RETRY
            case "cancel":
                setup.cancel()
                await asyncio.wait([setup])
            case "remove":
                # It waits until the start has failed by itself, or not.
                await hass.config_entries.async_remove(entry.entry_id)
                await setup
            case _:
                (flow,) = hass.config_entries.flow.async_progress()
                hass.config_entries.flow.async_abort(flow["flow_id"])
                pbx.switches.faults.clear()
                with pytest.raises(UnknownFlow):
                    await setup
        took = time.monotonic() - began
        assert took < (BRIEF.connect if end == "remove" else 0) + SLACK
        pbx.switches.faults.clear()
        if end in ("stop", "cancel"):
            await hass.config_entries.async_remove(entry.entry_id)
        await nothing_left(pbx.port)
    gc.collect()
    # What Home Assistant says when it is made to cancel a start itself.
    (cancelled,) = complaints(caplog)
    assert cancelled.endswith("cancelled")


# The document


def table(text: str) -> dict[str, str]:
    """Return the rows of the tables by the test that their last cell names."""
    rows = re.findall(r"^(\|.*\|) `(test_[^`]+)` \|$", text, re.MULTILINE)
    assert len({test for _, test in rows}) == len(rows)
    return {test: row for row, test in rows}


def test_document(request: pytest.FixtureRequest) -> None:
    """Each test of this file has its row, with the same errors, reasons and times."""
    text = DOC.read_text()
    rows = table(text)
    module = request.node.getparent(pytest.Module)
    items = {item.name: item for item in module.collect()}
    del items[request.node.name]
    assert rows.keys() == items.keys()
    timing = Timing()
    for field in fields(timing):
        if not isinstance(seconds := getattr(timing, field.name), float):
            continue
        value = f"{seconds:g} s"
        found = re.search(rf"^\| `{field.name}` \| (.*?) \|", text, re.MULTILINE)
        assert found is None or found[1] == value
    for name, item in items.items():
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if seen := params.get("seen"):
            due = f"{getattr(timing, seen.after):g} s" if seen.after else "at once"
            assert f"`{seen.error}`" in rows[name]
            assert f"| {due} |" in rows[name]
            asks = seen.error == "invalid_auth"
            assert ("asks for the password" in rows[name]) is asks
        if error := params.get("error"):
            assert f"`{error}`" in rows[name]
        for reason in (
            *params.get("reasons", ()),
            *filter(None, [params.get("reason")]),
        ):
            assert f"{reason}`" in rows[name]
