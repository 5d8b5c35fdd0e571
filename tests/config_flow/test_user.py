"""The form of a new PBX, against one that answers over real sockets."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator, Switches
from simulator.legacy_tls import LegacyTlsServer
from simulator.model import Tenant
from simulator.tls import self_signed
from tests.support.entry import add_entry, create_entry, set_up
from tests.support.flows import fill_in, form, suggested


@pytest.fixture
async def modern() -> AsyncIterator[Simulator]:
    """Return a modern PBX."""
    async with Simulator(Switches.modern()) as pbx:
        yield pbx


async def test_user(hass: HomeAssistant, pbx: Simulator, dialect: str) -> None:
    """Host, extension and password are all it takes."""
    result = await fill_in(hass, form(pbx))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Vodia PBX"
    assert result["data"] == {
        "host": "127.0.0.1",
        "port": pbx.port,
        "ssl": False,
        "verify_ssl": True,
        "legacy_tls": False,
        "extension": "45",
        "tenant": "localhost",
        "password": "45-secret",
        "login_method": "put",
        "login_user": "45",
    }
    assert result["result"].unique_id is None
    await hass.async_block_till_done()
    assert result["result"].state is ConfigEntryState.LOADED
    assert pbx.connections == 1
    # The flow's own session is logged out again.
    assert ("DELETE", "/rest/system/session") in pbx.requests


async def test_user_with_tenant(hass: HomeAssistant, pbx: Simulator) -> None:
    """An extension may be typed with its tenant, which then names the entry."""
    account = pbx.engine.account("45", tenant="branch.example")
    result = await fill_in(
        hass,
        form(pbx, extension=" 45@Branch.Example ", password=account.password),
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Vodia PBX branch.example"
    assert result["data"]["tenant"] == "branch.example"
    assert result["data"]["login_user"] == "45@branch.example"


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        (Switches.modern(login_methods={"POST"}), ("post", "45")),
        (Switches.classic(login_methods={"POST"}), ("post", "45")),
        (Switches.modern(session_in="cookie"), ("put", "45")),
        (
            Switches.modern(plain_username=False),
            ("basic", "45@localhost"),
        ),
        # No password login at the session endpoint at all, as v70 is documented.
        (Switches.modern(login_methods=set()), ("basic", "45@localhost")),
    ],
)
async def test_ways_to_log_in(
    hass: HomeAssistant, switches: Switches, expected: tuple[str, str]
) -> None:
    """The way that works is found, stored, and used alone afterwards."""
    switches.basic_handshake = True
    async with Simulator(switches) as pbx:
        result = await fill_in(hass, form(pbx))
        assert result["type"] is FlowResultType.CREATE_ENTRY
        data = result["data"]
        assert (data["login_method"], data["login_user"]) == expected
        await hass.async_block_till_done()
        entry = result["result"]
        pbx.requests.clear()
        assert await hass.config_entries.async_reload(entry.entry_id)
        logins = [
            method
            for method, path in pbx.requests
            if path == "/rest/system/session" and method in ("PUT", "POST")
        ]
        assert logins == ([] if expected[0] == "basic" else [expected[0].upper()])


@pytest.mark.parametrize(
    "password", ["", "pässwörd ☎ 密码", " spaces ", 'quote"\\', "a:b"]
)
async def test_any_password(hass: HomeAssistant, pbx: Simulator, password: str) -> None:
    """A password may be any text."""
    pbx.engine.change_password("45", password)
    result = await fill_in(hass, form(pbx, password=password))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["password"] == password


@pytest.mark.parametrize(
    ("refusal", "tries"),
    [
        # An ambiguous refusal is worth one try in another way, a definite one ends it.
        ("empty", ["PUT /rest/system/session", "GET /rest/user/45@localhost/accounts"]),
        ("false", ["PUT /rest/system/session", "GET /rest/user/45@localhost/accounts"]),
        (401, ["PUT /rest/system/session"]),
    ],
)
async def test_wrong_password(
    hass: HomeAssistant, pbx: Simulator, refusal: Any, tries: list[str]
) -> None:
    """A wrong password is told to the PBX a few times only; the right one then works."""
    pbx.switches.refusal = refusal
    result = await fill_in(hass, form(pbx, password="wrong"))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    assert [
        f"{method} {path.partition('?')[0]}" for method, path in pbx.requests
    ] == tries
    result = await fill_in(hass, form(pbx), result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_second_factor(hass: HomeAssistant, pbx: Simulator) -> None:
    """A login that wants more than a password is told apart from a wrong password."""
    pbx.switches.second_factor = True
    result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": "second_factor"}


async def test_unreachable(hass: HomeAssistant, pbx: Simulator) -> None:
    """Nobody listens; once somebody does, the same form works."""
    await pbx.refuse()
    result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": "cannot_connect"}
    await pbx.accept()
    result = await fill_in(hass, form(pbx), result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("extension", ["45@nowhere.example", "45@branch.example"])
async def test_unknown_tenant(
    hass: HomeAssistant, pbx: Simulator, extension: str
) -> None:
    """A tenant that the PBX does not have, or in which the extension is not."""
    result = await fill_in(hass, form(pbx, extension=extension))
    assert result["errors"] == {"base": "unknown_tenant"}


async def test_no_websocket(hass: HomeAssistant, modern: Simulator) -> None:
    """A PBX that offers no WebSocket for the tenant that we guess asks for it."""
    modern.switches.websocket_paths = set()
    result = await fill_in(hass, form(modern))
    assert result["errors"] == {"base": "unknown_tenant"}


async def test_access_off(hass: HomeAssistant, modern: Simulator) -> None:
    """A forbidden API is not a wrong password."""
    modern.switches.api_access = False
    result = await fill_in(hass, form(modern))
    assert result["errors"] == {"base": "access_off"}
    assert modern.login_attempts == 1
    modern.switches.api_access = True
    result = await fill_in(hass, form(modern), result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_auth"), (403, "access_off")]
)
async def test_handshake_refused(
    hass: HomeAssistant, pbx: Simulator, status: Any, error: str
) -> None:
    """A WebSocket that refuses the session gets one new login, then it is over."""
    pbx.switches.handshake_refusal = status
    with patch.object(pbx.logins, "session", return_value=None):
        result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": error}
    assert pbx.login_attempts == 2


async def test_certificate(hass: HomeAssistant) -> None:
    """An unknown certificate is refused until the user decides otherwise."""
    tls = self_signed("localhost")
    async with Simulator(Switches.classic()) as plain:
        await plain.stop()
        await plain.start(ssl_context=tls.context)
        values = form(plain, host=f"127.0.0.1:{plain.port}")
        result = await fill_in(hass, values)
        assert result["errors"] == {"base": "certificate"}
        schema = result["data_schema"]
        assert schema
        assert schema.schema["security"].options == {"collapsed": False}
        values["security"] = {"verify_ssl": False, "legacy_tls": False}
        result = await fill_in(hass, values, result)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"]["ssl"] is True
        await hass.async_block_till_done()
        assert result["result"].state is ConfigEntryState.LOADED
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_legacy_tls(hass: HomeAssistant, pbx: Simulator) -> None:
    """Old TLS is told apart from an unreachable PBX, and works once allowed."""
    server = LegacyTlsServer()
    await server.start()
    values = form(pbx, host=f"127.0.0.1:{server.port}")
    values["security"] = {"verify_ssl": False, "legacy_tls": False}
    result = await fill_in(hass, values)
    assert result["errors"] == {"base": "legacy_tls"}
    values["security"] = {"verify_ssl": False, "legacy_tls": True}
    result = await fill_in(hass, values, result)
    # It goes on where it stopped before: the stand-in of old TLS cannot.
    assert result["errors"] == {"base": "cannot_connect"}
    await server.stop()
    await pbx.stop()
    await pbx.start(port=server.port, ssl_context=self_signed().context)
    result = await fill_in(hass, values, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert result["result"].state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(result["result"].entry_id)
    await server.stop()


async def test_no_tls(hass: HomeAssistant, pbx: Simulator) -> None:
    """A PBX without TLS is never spoken to in plain text unasked."""
    result = await fill_in(hass, form(pbx, host=f"127.0.0.1:{pbx.port}"))
    assert result["errors"] == {"base": "no_tls"}
    assert not pbx.requests
    result = await fill_in(hass, form(pbx), result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_not_a_pbx(hass: HomeAssistant, pbx: Simulator) -> None:
    """Something that answers strangely is named as such."""
    pbx.switches.rest_status["session"] = 500
    result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": "unexpected_reply"}


@pytest.mark.logs("Unexpected error in the link")
async def test_unexpected_error(
    hass: HomeAssistant, pbx: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours is logged, not hidden."""
    with patch(
        "custom_components.vodia.pbx.net.session.login",
        side_effect=RuntimeError("a bug"),
    ):
        result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": "unknown"}
    assert "a bug" in caplog.text


async def test_duplicate(hass: HomeAssistant, pbx: Simulator) -> None:
    """A second entry for the same tenant is refused; another tenant is not."""
    await set_up(hass, create_entry(hass, pbx))
    for extension, password in (("45", "45-secret"), ("41@localhost", "41-secret")):
        result = await fill_in(hass, form(pbx, extension=extension, password=password))
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
    account = pbx.engine.account("45", tenant="branch.example")
    result = await fill_in(
        hass, form(pbx, extension="45@branch.example", password=account.password)
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("host", "", "invalid_host"),
        ("host", "two words", "invalid_host"),
        ("host", "pbx.example.com:99999", "invalid_host"),
        ("host", "pbx.example.com:port", "invalid_host"),
        ("host", "ftp://pbx.example.com", "invalid_scheme"),
        ("host", "https://45:secret@pbx.example.com", "credentials_in_host"),
        ("extension", "", "invalid_extension"),
        ("extension", "4 5", "invalid_extension"),
        ("extension", "45@", "invalid_extension"),
        ("extension", "45@a b", "invalid_extension"),
        ("extension", "45@one@two", "invalid_extension"),
        ("extension", "45/../46", "invalid_extension"),
    ],
)
async def test_bad_input(
    hass: HomeAssistant, pbx: Simulator, field: str, text: str, error: str
) -> None:
    """What cannot be meant is an error at its field; the rest of the form is kept."""
    result = await fill_in(hass, form(pbx, **{field: text}))
    assert result["errors"] == {field: error}
    assert not pbx.requests
    schema = result["data_schema"]
    assert schema
    suggested = {
        str(key): (key.description or {}).get("suggested_value")
        for key in schema.schema
    }
    assert suggested[field] == text
    result = await fill_in(hass, form(pbx), result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("host", ["müller.example", "xn--mller-kva.example."])
@pytest.mark.parametrize("tenant", ["büro.example", "xn--bro-hoa.example."])
async def test_duplicate_in_another_form(
    hass: HomeAssistant, host: str, tenant: str
) -> None:
    """A host or tenant in another form of its name is the same one."""
    add_entry(
        hass,
        host="xn--mller-kva.example",
        port=443,
        tenant="xn--bro-hoa.example",
    )
    values = {
        "host": host,
        "extension": f"45@{tenant}",
        "password": "45-secret",
        "security": {"verify_ssl": True, "legacy_tls": False},
    }
    result = await fill_in(hass, values)
    assert result["reason"] == "already_configured"


async def test_names_are_shown_as_they_are_read(
    hass: HomeAssistant, pbx: Simulator
) -> None:
    """The form of an entry shows host and tenant as people write them."""
    entry = add_entry(
        hass,
        host="xn--mller-kva.example",
        port=443,
        ssl=True,
        tenant="xn--bro-hoa.example",
    )
    result = await entry.start_reconfigure_flow(hass)
    schema = result["data_schema"]
    assert schema
    suggested = {
        str(key): (key.description or {}).get("suggested_value")
        for key in schema.schema
    }
    assert suggested["host"] == "https://müller.example"
    assert suggested["extension"] == "45@büro.example"


@pytest.mark.parametrize("name", ["xn--a", "xn--zzzzzzzzz.example"])
async def test_tenant_that_is_no_name_of_other_letters(
    hass: HomeAssistant, pbx: Simulator, name: str
) -> None:
    """A tenant that only looks like a name of other letters is shown as it is."""
    pbx.engine.tenants[name] = Tenant(name)
    pbx.engine.add_account("45", "Freya Nilsen", password="other", tenant=name)
    typed = form(pbx, extension=f"45@{name}", password="other")
    result = await fill_in(hass, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result["errors"]
    assert result["title"] == f"Vodia PBX {name}"
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    opened = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    assert suggested(opened)["extension"] == f"45@{name}"
    # What is shown can be sent.
    result = await fill_in(hass, typed, opened)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
