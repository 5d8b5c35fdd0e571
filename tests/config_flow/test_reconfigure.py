"""The form that changes where the PBX is, and who logs in."""

from typing import Any

import pytest

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from tests.support.entry import Phones, add_entry, create_branch_entry, set_up, wait_for
from tests.support.flows import fill_in, form, suggested


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
    await wait_for(hass, lambda: phones.has("41", "hold"))
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
