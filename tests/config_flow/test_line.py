"""The form of a further line."""

from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator
from tests.support.entry import Phones


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
