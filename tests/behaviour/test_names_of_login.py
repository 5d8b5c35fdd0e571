"""Who logs in, and where: a tenant has several names, an extension several numbers."""

from collections.abc import AsyncIterator
import json

import pytest

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.calls import CALLER
from tests.support.dialects import classic
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.flows import fill_in, form
from tests.support.outage import reconnect

ALIAS = "voice.example.com"


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return a PBX whose tenants have further names."""
    async with Simulator(getattr(Switches, dialect)()) as pbx:
        pbx.engine.tenant("localhost").names.add(ALIAS)
        pbx.engine.tenant("branch.example").names.add("shop.example")
        pbx.engine.account("45").aliases = ("145", "+49305550045")
        yield pbx


async def set_up_by_form(
    hass: HomeAssistant, pbx: Simulator, extension: str, tenant: str = "localhost"
) -> Phones:
    """Set up an entry with what is typed; the password is that of extension 45."""
    password = pbx.engine.account("45", tenant=tenant).password
    result = await fill_in(hass, form(pbx, extension=extension, password=password))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return Phones(hass, entry)


# The tenant


@classic
@pytest.mark.parametrize(
    ("typed", "tenant", "logins"),
    [
        # The bare extension leads there: that the name does so, too, has to be proven.
        (f"45@{ALIAS}", "localhost", 2),
        # The name itself leads there.
        ("45@shop.example", "branch.example", 2),
    ],
)
async def test_typed_by_another_name(
    hass: HomeAssistant,
    pbx: Simulator,
    typed: str,
    tenant: str,
    logins: int,
) -> None:
    """What was typed is a name of the tenant as well as what the session tells."""
    result = await fill_in(
        hass,
        form(
            pbx,
            extension=typed,
            password=pbx.engine.account("45", tenant=tenant).password,
        ),
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    # The form, and the start, which knows the way.
    await hass.async_block_till_done()
    assert pbx.login_attempts == logins + 1
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["tenant"] == tenant
    alias = typed.partition("@")[2]
    phones = Phones(hass, entry)
    for host in (alias, tenant):
        for _ in range(2):
            # A name once learned is known after a new start, too.
            await ring_to(hass, pbx, phones, host, tenant)
            assert await hass.config_entries.async_reload(entry.entry_id)


async def ring_to(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, host: str, tenant: str
) -> None:
    """Let a colleague call by a name of the tenant, and expect that he is known."""
    call = {"id": "n1", "from": f"<sip:41@{host}>", "to": f"<sip:45@{host}>"}
    calls = [{**call, "callstate": "alerting"}]
    await pbx.send_raw(
        json.dumps({"action": "call-state", "calls": calls}), tenant=tenant
    )
    state = await phones.wait("45", "call", "ringing")
    assert state.attributes["scope"] == "internal"
    name = pbx.engine.tenant(tenant).accounts["41"].name
    assert state.attributes["remote_name"] == name
    await pbx.send_raw('{"action":"call-state","calls":[]}', tenant=tenant)
    await phones.wait("45", "call", "idle")


@classic
async def test_name_learned_at_a_later_login(
    hass: HomeAssistant, pbx: Simulator
) -> None:
    """The PBX calls the tenant otherwise from some day on: it is the same one still."""
    entry = create_entry(hass, pbx, tenant=ALIAS, login_user=f"45@{ALIAS}")
    phones = await set_up(hass, entry)
    assert pbx.login_attempts == 1
    await ring_to(hass, pbx, phones, ALIAS, "localhost")
    pbx.expire_sessions()
    await reconnect(pbx, phones)
    await ring_to(hass, pbx, phones, ALIAS, "localhost")
    # Do not disturb goes to the extension by a path with the name that the PBX tells.
    await call_action(hass, "set_dnd", enabled=True)
    assert pbx.engine.account("45").dnd


@classic
async def test_name_learned_from_a_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A name that stands at our number names the tenant, also on the days to come."""
    name = "pbx.office.example"

    async def ring(caller: str, called: str) -> str:
        """Let a colleague call; return what is shown of where."""
        call = {"id": "n1", "from": f"<sip:{caller}>", "to": f"<sip:{called}>"}
        calls = [{**call, "callstate": "alerting", "extension": ["45"]}]
        await pbx.send_raw(json.dumps({"action": "call-state", "calls": calls}))
        state = await phones.wait("45", "call", "ringing")
        await pbx.send_raw('{"action":"call-state","calls":[]}')
        await phones.wait("45", "call", "idle")
        return str(state.attributes["scope"])

    assert await ring(f"41@{name}", "45@localhost") == "external"
    await ring(CALLER, f"45@{name}")
    assert await ring(f"41@{name}", "45@localhost") == "internal"
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    assert await ring(f"41@{name}", "45@localhost") == "internal"


@classic
@pytest.mark.parametrize("typed", ["45@nowhere.example", "45@shop.example"])
async def test_name_of_another_tenant(
    hass: HomeAssistant, pbx: Simulator, typed: str
) -> None:
    """A name that does not lead to the extension's tenant is none of it."""
    result = await fill_in(hass, form(pbx, extension=typed))
    assert result["errors"] == {"base": "unknown_tenant"}
    # One login that works and one that does not, and no session is left.
    assert pbx.login_attempts == 2
    await wait_for(hass, lambda: not pbx.logged_in)


@classic
async def test_same_password_in_two_tenants(
    hass: HomeAssistant, pbx: Simulator
) -> None:
    """Who is let in by the bare extension is not taken for somebody of that tenant."""
    pbx.engine.change_password("45", "45-secret", tenant="branch.example")
    phones = await set_up_by_form(hass, pbx, "45@branch.example")
    assert phones.entry.data["tenant"] == "branch.example"
    pbx.engine.ring(CALLER, "45", tenant="branch.example")
    await phones.wait("45", "call", "ringing")


@classic
async def test_already_set_up_by_another_name(
    hass: HomeAssistant, pbx: Simulator
) -> None:
    """A second entry for the same tenant is refused, whatever name is typed."""
    await set_up_by_form(hass, pbx, "45")
    result = await fill_in(hass, form(pbx, extension=f"45@{ALIAS}"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


# The extension


@pytest.mark.parametrize("typed", ["145", "+49305550045", f"145@{ALIAS}"])
async def test_login_by_an_alias(
    hass: HomeAssistant, pbx: Simulator, typed: str, dialect: str
) -> None:
    """Who logs in by another of his numbers has the account that it belongs to."""
    if dialect == "modern":
        typed = typed.partition("@")[0]
    phones = await set_up_by_form(hass, pbx, typed)
    assert phones.entry.data["extension"] == "45"
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await call_action(hass, "answer")
    await call_action(hass, "hang_up")
    await call_action(hass, "set_dnd", enabled=True)
    await phones.wait("45", "dnd", "on")
    assert not phones.has(typed.partition("@")[0], "call")


async def test_entry_with_an_alias(
    hass: HomeAssistant, pbx: Simulator, dialect: str
) -> None:
    """An entry of earlier days that has an alias finds its account all the same."""
    entry = create_entry(hass, pbx, extension="145", login_user="145")
    phones = await set_up(hass, entry)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await call_action(hass, "answer")
    await phones.wait("45", "call", "connected")
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await phones.wait("45", "call", "connected")
    assert phones.has("45", "hold")
