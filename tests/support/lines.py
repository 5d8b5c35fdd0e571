"""Further lines, as a user adds them."""

from typing import Any

from custom_components.vodia.const import SUBENTRY_LINE
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.data_entry_flow import FlowResultType

from .entry import Phones, wait_for


async def add_line(
    phones: Phones, account: str = "41", password: str | None = None
) -> Any:
    """Add a line as a user does; return the last result of the flow."""
    hass, entry = phones.hass, phones.entry
    flows = hass.config_entries.subentries
    form = await flows.async_init(
        (entry.entry_id, SUBENTRY_LINE), context={"source": SOURCE_USER}
    )
    assert form["type"] is FlowResultType.FORM
    result = await flows.async_configure(
        form["flow_id"],
        {"extension": account, "password": password or f"{account}-secret"},
    )
    await hass.async_block_till_done()
    return result


async def has_line(phones: Phones, account: str = "41") -> None:
    """Add a line and wait until it can be used."""
    result = await add_line(phones, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await phones.wait("", "connected", "on")
    await wait_for(
        phones.hass,
        lambda: (
            phones.has(account, "hold")
            and phones.get(account, "dnd", "switch").state != STATE_UNAVAILABLE
        ),
    )
