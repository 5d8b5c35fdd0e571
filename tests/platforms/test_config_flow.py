"""The config flow, against a PBX that answers over real sockets."""

from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.flows.parse import (
    InvalidInput,
    parse_extension,
    parse_host,
)
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from simulator import Simulator, Switches
from simulator.legacy_tls import LegacyTlsServer
from simulator.model import Tenant
from simulator.tls import self_signed
from tests.support.entry import (
    Phones,
    add_entry,
    create_branch_entry,
    create_entry,
    set_up,
    until,
)
from tests.support.flows import fill_in, form
from tests.support.repository import ENGLISH


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pbx.example.com", ("pbx.example.com", 443, True)),
        ("  PBX.Example.com  ", ("pbx.example.com", 443, True)),
        ("https://pbx.example.com", ("pbx.example.com", 443, True)),
        ("http://192.168.1.11", ("192.168.1.11", 80, False)),
        ("HTTP://192.168.1.11/", ("192.168.1.11", 80, False)),
        (
            "wss://pbx.example.com/websocket?domain=a&user=1",
            ("pbx.example.com", 443, True),
        ),
        ("192.168.1.11:8443", ("192.168.1.11", 8443, True)),
        (
            "https://pbx.example.com:8443/usr_index.htm#x",
            ("pbx.example.com", 8443, True),
        ),
        ("[2001:db8::1]:8443", ("2001:db8::1", 8443, True)),
        ("2001:db8::1", ("2001:db8::1", 443, True)),
        ("http://[2001:db8::1]", ("2001:db8::1", 80, False)),
        ("pbx_1.local", ("pbx_1.local", 443, True)),
        # As people write it, and as DNS and certificates have it.
        ("pbx.müller.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("https://PBX.MÜLLER.de:8443/x", ("pbx.xn--mller-kva.de", 8443, True)),
        ("pbx.xn--mller-kva.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("pbx.mu\u0308ller.de", ("pbx.xn--mller-kva.de", 443, True)),
        ("http://центр.example", ("xn--e1aqjhr.example", 80, False)),
        ("電話。example", ("xn--722ax0w.example", 443, True)),
        ("pbx.example.", ("pbx.example", 443, True)),
        ("https://pbx.example.:8443/", ("pbx.example", 8443, True)),
        ("pbx.müller.de.", ("pbx.xn--mller-kva.de", 443, True)),
        ("fe80::1%eth0", ("fe80::1%eth0", 443, True)),
    ],
)
def test_parse_host(text: str, expected: tuple[str, int, bool]) -> None:
    """Scheme, port, path and spaces are understood."""
    assert tuple(parse_host(text).values()) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "//",
            "https://",
            ":8443",
            "a..b/\\",
            "http://[::1",
            "-x",
            "]@[:@",
            "https:/x",
        ),
        *("pbx..", "müller..de", "mül ler", "ü" * 70, "."),
        *("pbx\nx", "fe80::1%e\0", "fe80::1%", "1:2:3", "https://https", "ht tp://pbx"),
    ],
)
def test_parse_host_refuses(text: str) -> None:
    """What is no host is refused."""
    with pytest.raises(InvalidInput):
        parse_host(text)


def test_parse_extension() -> None:
    """The tenant is optional."""
    assert parse_extension(" 45 ") == {"extension": "45", "tenant": None}
    for typed, tenant in (
        ("A.example", "a.example"),
        ("a.example.", "a.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("a_b", "a_b"),
    ):
        found = parse_extension(f"45@{typed}")
        assert found == {"extension": "45", "tenant": tenant}


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


# Reauth


async def test_reauth(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After a changed password the user is asked once, and one entry makes it well."""
    pbx.engine.change_password("45", "new password")
    pbx.expire_sessions()
    await pbx.cut()
    await until(hass, hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert flow["context"]["entry_id"] == phones.entry.entry_id
    assert phones.state("", "connected") == "off"
    attempts = pbx.login_attempts
    assert attempts <= 3

    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"] == {
        "extension": "45",
        "title": "Vodia PBX",
        "name": "Vodia PBX",
    }
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": "still wrong"}
    )
    assert result["errors"] == {"base": "invalid_auth"}
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": "new password"}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await phones.wait("45", "call", "idle")
    assert phones.state("", "connected") == "on"
    assert phones.entry.data["password"] == "new password"


async def test_reauth_at_setup(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A password that is refused at the start asks for another, after one try."""
    pbx.engine.change_password("45", "new password")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state.value == "setup_error"
    assert pbx.login_attempts == 1
    await until(hass, hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": "new password"}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


# Reconfigure


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form are filled with, its section included."""
    schema: Any = form["data_schema"]
    fields = {**schema.schema, **schema.schema["security"].schema.schema}
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in fields
        if str(marker) != "security"
    }


async def reconfigure(
    phones: Phones, values: dict[str, Any] | None = None
) -> ConfigFlowResult:
    """Open the form of an entry, and send it if there are values."""
    form = await phones.entry.start_reconfigure_flow(phones.hass)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "reconfigure"
    if values is None:
        return form  # type: ignore[no-any-return]
    return await fill_in(phones.hass, values, form)


def kept(pbx: Simulator, **values: Any) -> dict[str, Any]:
    """Return the form of an entry as a user leaves it who keeps the password."""
    values = form(pbx, **values)
    if values["password"] == "45-secret":
        del values["password"]
    return values


async def test_reconfigure_form(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The form shows what was typed once, and never the password."""
    assert suggested(await reconfigure(phones)) == {
        "host": pbx.url,
        "extension": "45",
        "password": None,
        "verify_ssl": True,
        "legacy_tls": False,
    }
    branch = await set_up(hass, create_branch_entry(hass, pbx))
    assert suggested(await reconfigure(branch))["extension"] == "45@branch.example"
    secure = Phones(hass, add_entry(hass, host="2001:db8::1", port=443, ssl=True))
    assert suggested(await reconfigure(secure))["host"] == "https://[2001:db8::1]"


async def test_reconfigure_moved(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX that moved is found at its new address, and all entities stay."""
    before = {e.entity_id for e in er.async_get(hass).entities.values()}
    devices = phones.device("41"), phones.device(None)
    await pbx.stop()
    await phones.wait("", "connected", "off")
    result = await reconfigure(phones, kept(pbx))
    assert result["errors"] == {"base": "cannot_connect"}
    await pbx.start()
    result = await fill_in(hass, kept(pbx), result)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    await phones.wait("41", "call", "idle")
    assert phones.entry.data["port"] == pbx.port
    assert phones.entry.data["password"] == "45-secret"
    assert {e.entity_id for e in er.async_get(hass).entities.values()} == before
    for old, account in zip(devices, ("41", None), strict=True):
        new = phones.device(account)
        assert old
        assert new
        assert new.id == old.id


async def test_reconfigure_another_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Another extension of the tenant may log in, with its own password."""
    entity_id = phones.id("41", "call")
    result = await reconfigure(phones, kept(pbx, extension="41"))
    assert result["errors"] == {"password": "password_needed"}
    result = await fill_in(
        hass, form(pbx, extension="41", password="41-secret"), result
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    await phones.wait("41", "call", "idle")
    assert phones.id("41", "call") == entity_id
    assert phones.entry.data["login_user"] == "41"
    # The line is another one now.
    await until(hass, lambda: phones.has("41", "hold"))
    assert not phones.has("45", "hold")
    assert phones.state("45", "call") == "idle"


async def test_reconfigure_tenant(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Another tenant renames the entry, unless the user gave it a name."""
    password = pbx.engine.account("45", tenant="branch.example").password
    branch = form(pbx, extension="45@branch.example", password=password)
    assert (await reconfigure(phones, branch))["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert phones.entry.title == "Vodia PBX branch.example"
    assert phones.entry.data["tenant"] == "branch.example"
    hass.config_entries.async_update_entry(phones.entry, title="At work")
    result = await reconfigure(phones, form(pbx))
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert phones.entry.title == "At work"


async def test_reconfigure_to_another_entry(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """No entry becomes a second one of the same tenant."""
    branch = await set_up(hass, create_branch_entry(hass, pbx))
    data = dict(branch.entry.data)
    attempts = pbx.login_attempts
    result = await reconfigure(branch, form(pbx, extension="45@localhost"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert pbx.login_attempts == attempts
    # Also if only the PBX tells which tenant it is.
    result = await reconfigure(branch, form(pbx))
    assert result["reason"] == "already_configured"
    assert branch.entry.data == data


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"host": "two words"}, {"host": "invalid_host"}),
        ({"extension": "4 5"}, {"extension": "invalid_extension"}),
        ({"password": "wrong"}, {"base": "invalid_auth"}),
        ({"extension": "45@nowhere.example"}, {"base": "unknown_tenant"}),
    ],
)
async def test_reconfigure_errors(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    values: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """What does not work is not kept, and nothing stops while one tries."""
    data = dict(phones.entry.data)
    result = await reconfigure(phones, kept(pbx, **values))
    assert result["errors"] == errors
    assert phones.entry.data == data
    assert phones.state("", "connected") == "on"
    result = await fill_in(hass, kept(pbx), result)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert phones.entry.state is ConfigEntryState.LOADED


# Options


def field_of(
    form: ConfigFlowResult, name: str, section: str | None = None
) -> tuple[dict[str, str], Any]:
    """Return what is offered in a field of the options, and what is chosen."""
    schema: Any = form["data_schema"]
    if section:
        schema = schema.schema[section].schema
    ((marker, selector),) = [
        (marker, selector)
        for marker, selector in schema.schema.items()
        if marker == name
    ]
    assert selector.config["multiple"]
    assert selector.config["sort"]
    offered = {
        option["value"]: option["label"] for option in selector.config["options"]
    }
    assert len(offered) == len(selector.config["options"])
    return offered, (marker.description or {}).get("suggested_value")


async def open_options(
    hass: HomeAssistant, entry: MockConfigEntry
) -> tuple[ConfigFlowResult, dict[str, str], Any]:
    """Open the options; return the form, the extensions offered and what is chosen."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    return result, *field_of(result, "door_stations")


def collapsed(form: ConfigFlowResult) -> dict[str, bool]:
    """Return which sections of the options are collapsed."""
    assert form["data_schema"]
    return {
        str(name): field.options["collapsed"]
        for name, field in form["data_schema"].schema.items()
        if name != "door_stations"
    }


async def save_options(
    hass: HomeAssistant, form: ConfigFlowResult, **options: Any
) -> None:
    """Save the options, and wait for what comes of it."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], options)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.office
async def test_options(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The extensions can be chosen, with their names; that reloads the entry."""
    entry = phones.entry
    form, offered, chosen = await open_options(hass, entry)
    assert set(offered) == {str(number) for number in range(40, 58)}
    assert (offered["45"], offered["52"]) == ("Freya Nilsen (45)", "52")
    assert chosen is None
    logins = pbx.login_attempts
    await save_options(hass, form, door_stations=["46", "52"])
    assert entry.options == {"door_stations": ["46", "52"]}
    assert entry.state is ConfigEntryState.LOADED
    assert pbx.login_attempts > logins

    form, offered, chosen = await open_options(hass, entry)
    assert len(offered) == 18
    assert chosen == ["46", "52"]
    # What is emptied, the frontend leaves out.
    await save_options(hass, form)
    assert entry.options == {"door_stations": []}


async def test_options_that_are_not_there(hass: HomeAssistant, phones: Phones) -> None:
    """What is not offered cannot be chosen."""
    form, _, _ = await open_options(hass, phones.entry)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"door_stations": ["500"]}
        )


@pytest.mark.office
async def test_options_for_absent_extensions(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Who is chosen and absent stays in the list, also if nobody knows it any more."""
    options = {"door_stations": ["46", "99"]}
    hass.config_entries.async_update_entry(entry, options=options)
    phones = await set_up(hass, entry)
    pbx.engine.remove_account("46")
    pbx.engine.remove_account("47")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    form, offered, chosen = await open_options(hass, entry)
    assert chosen == ["46", "99"]
    assert "47" not in offered
    assert (offered["99"], offered["46"]) == ("99", "Giulia Marchetti (46)")
    assert offered["48"] == "Ivana Petrović (48)"
    await save_options(hass, form, **options)
    assert entry.options == options
    assert phones.has("46", "doorbell")


@pytest.mark.office
async def test_options_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The extensions that are known from earlier days can be chosen, and work later."""
    entry = phones.entry
    hass.config_entries.async_update_entry(entry, options={"door_stations": ["99"]})
    assert await hass.config_entries.async_unload(entry.entry_id)
    form, offered, chosen = await open_options(hass, entry)
    assert set(offered) == {str(number) for number in range(40, 58)} | {"99"}
    assert (offered["45"], offered["99"]) == ("Freya Nilsen (45)", "99")
    assert chosen == ["99"]
    await pbx.refuse()
    await save_options(hass, form, door_stations=["46"])
    assert entry.options == {"door_stations": ["46"]}
    assert entry.state is ConfigEntryState.SETUP_RETRY
    form, offered, chosen = await open_options(hass, entry)
    assert chosen == ["46"]
    assert "99" not in offered
    await pbx.accept()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert phones.has("46", "doorbell")


@pytest.mark.office
async def test_options_in_sections(hass: HomeAssistant, phones: Phones) -> None:
    """All there is can be chosen; what is in the sections is stored beside the rest."""
    entry = phones.entry
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": True, "calls": True}
    offered, chosen = field_of(form, "chosen_accounts", "devices")
    assert {*map(str, range(40, 58)), "500", "600"} <= set(offered)
    assert (offered["45"], offered["500"]) == ("Freya Nilsen (45)", "Sales (500)")
    assert chosen is None
    # All that the frontend sends if nothing is touched.
    await save_options(
        hass,
        form,
        devices={"accounts": "all"},
        calls={"watch": "all", "privacy": False},
    )
    default = {
        "door_stations": [],
        "accounts": "all",
        "account_types": [],
        "chosen_accounts": [],
        "watch": "all",
        "llm_dials_outside": False,
        "privacy": False,
    }
    assert entry.options == default
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": True, "calls": True}
    devices = {
        "accounts": "chosen",
        "account_types": ["hunts"],
        "chosen_accounts": ["41", "600"],
    }
    calls = {"watch": "own", "privacy": True, "llm_dials_outside": True}
    await save_options(hass, form, devices=devices, calls=calls)
    assert entry.options == {"door_stations": [], **devices, **calls}
    form, _, _ = await open_options(hass, entry)
    assert collapsed(form) == {"devices": False, "calls": False}
    offered, chosen = field_of(form, "chosen_accounts", "devices")
    assert chosen == ["41", "600"]
    # Who has no device now can still be chosen.
    assert (offered["42"], offered["600"]) == ("Chidi Okafor (42)", "Orders (600)")


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("devices", "account_types", ["trunks"]),
        ("devices", "accounts", "some"),
        ("devices", "chosen_accounts", ["99"]),
        ("calls", "watch", "none"),
    ],
)
async def test_options_in_sections_that_are_not_there(
    hass: HomeAssistant, phones: Phones, section: str, field: str, value: Any
) -> None:
    """What is not offered cannot be chosen."""
    form, _, _ = await open_options(hass, phones.entry)
    valid: dict[str, dict[str, Any]] = {
        "devices": {"accounts": "chosen"},
        "calls": {"watch": "own", "privacy": True},
    }
    valid[section][field] = value
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(form["flow_id"], valid)


async def test_absent_chosen_accounts(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Who is chosen and absent stays in the list, also while the PBX is away."""
    options = {"accounts": "chosen", "chosen_accounts": ["46", "99"]}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    pbx.engine.remove_account("46")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    for loaded in (True, False):
        form, _, _ = await open_options(hass, entry)
        offered, chosen = field_of(form, "chosen_accounts", "devices")
        assert chosen == ["46", "99"]
        assert (offered["46"], offered["99"]) == ("Giulia Marchetti (46)", "99")
        assert ("500" in offered) is loaded
        assert await hass.config_entries.async_unload(entry.entry_id) or not loaded


async def test_options_are_translated(hass: HomeAssistant, phones: Phones) -> None:
    """Each field of the form has its text, and a text that explains it."""
    form, _, _ = await open_options(hass, phones.entry)
    assert form["data_schema"]
    texts = ENGLISH["options"]["step"]["init"]
    assert texts["title"]
    fields = form["data_schema"].schema
    assert set(texts["data"]) == set(texts["data_description"]) == {"door_stations"}
    assert {"door_stations", *texts["sections"]} == {str(field) for field in fields}
    for name, section in texts["sections"].items():
        inner = {str(field) for field in fields[name].schema.schema}
        assert section["name"]
        assert set(section["data"]) == set(section["data_description"]) == inner


# Lines


async def open_line(hass: HomeAssistant, entry: MockConfigEntry, **context: Any) -> Any:
    """Open the form of a further line."""
    opened: Any = {"source": SOURCE_USER, **context}
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "line"), context=opened
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {}
    return result


async def test_line(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """What does not log in is refused; a line gets another password, and is one once."""
    entry, configure = phones.entry, hass.config_entries.subentries.async_configure
    flow_id = (await open_line(hass, entry))["flow_id"]
    for extension, password, errors in (
        ("4 1", "41-secret", {"extension": "invalid_extension"}),
        ("41", "wrong", {"base": "invalid_auth"}),
    ):
        typed = {"extension": extension, "password": password}
        assert (await configure(flow_id, typed))["errors"] == errors
    typed = {"extension": "41", "password": "41-secret"}
    result = await configure(flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    ((key, line),) = entry.subentries.items()
    assert (line.title, line.data) == ("Bruno Ferreira", typed)

    flow_id = (await open_line(hass, entry))["flow_id"]
    result = await configure(flow_id, typed)
    assert result["reason"] == "already_configured"

    pbx.engine.change_password("41", "new password")
    changing = {"source": "reconfigure", "subentry_id": key}
    flow_id = (await open_line(hass, entry, **changing))["flow_id"]
    result = await configure(flow_id, {"password": "wrong"})
    assert result["errors"] == {"base": "invalid_auth"}
    result = await configure(flow_id, {"password": "new password"})
    assert result["reason"] == "reconfigure_successful"
    assert entry.subentries[key].data["password"] == "new password"
    await hass.async_block_till_done()
