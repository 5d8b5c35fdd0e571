"""The form that asks for a password again."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator
from tests.support.entry import Phones, wait_for


async def test_reauth(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After a changed password the user is asked once, and one entry makes it well."""
    pbx.engine.change_password("45", "new password")
    pbx.expire_sessions()
    await pbx.cut()
    await wait_for(hass, hass.config_entries.flow.async_progress)
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
    await wait_for(hass, hass.config_entries.flow.async_progress)
    (flow,) = hass.config_entries.flow.async_progress()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": "new password"}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
