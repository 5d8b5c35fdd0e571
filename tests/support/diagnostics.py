"""The diagnostics, as a user downloads them."""

from typing import Any

from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .entry import Phones


async def read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, phones: Phones
) -> dict[str, Any]:
    """Return the diagnostics as a user downloads them."""
    assert await async_setup_component(hass, "diagnostics", {})
    # It looks for our part of it beside that.
    await hass.async_block_till_done()
    diagnostics: Any = await get_diagnostics_for_config_entry(
        hass, hass_client, phones.entry
    )
    return diagnostics  # type: ignore[no-any-return]
