"""Setting up, by the form and at the start: whatever answers there, and at each step."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import socket
import time
from typing import Any

from aiohttp import AsyncResolver, ThreadedResolver
import pytest

from custom_components.vodia.flows.parse import parse_host
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator
from simulator.legacy_tls import LegacyTlsServer
from simulator.switches import Fault
from simulator.tls import self_signed
from tests.support.calls import CALLER
from tests.support.entry import Phones, add_entry, create_entry, set_up, wait_for
from tests.support.flows import fill_in, form
from tests.support.leftovers import nothing_left
from tests.support.outage import reconnect
from tests.support.reliability import (
    BRIEF,
    SESSION,
    SLACK,
    complaints,
    create_pbx,
    flows,
    tries,
)
from tests.support.resolver import resolve_by
from tests.support.setup_errors import expect_at_the_entry, expect_at_the_form
from tests.support.tls import trusted

type Opened = AbstractAsyncContextManager[str]


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
    seen.check_time(began)
    await expect_at_the_form(hass, result, seen.error)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert not complaints(caplog)
    port = parse_host(url)["port"]
    await nothing_left(port)

    entry = add_entry(hass, **{**parse_host(url), **data})
    began = time.monotonic()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    seen.check_time(began)
    assert entry.state is seen.state
    await expect_at_the_entry(hass, entry, seen.error)
    if seen.error == "second_factor":
        assert not flows(hass)
        (complaint,) = complaints(caplog)
        assert "Error setting up entry" in complaint
    elif seen.state is ConfigEntryState.SETUP_ERROR:
        await wait_for(hass, lambda: flows(hass))
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
        await reconnect(pbx, phones)
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
