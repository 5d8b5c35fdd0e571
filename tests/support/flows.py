"""The config flow, as a user fills it in."""

from typing import Any

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import Simulator


def form(pbx: Simulator | str, **values: Any) -> dict[str, Any]:
    """Return the form as filled in by a user, for a PBX or for any address."""
    return {
        "host": pbx if isinstance(pbx, str) else pbx.url,
        "extension": "45",
        "password": "45-secret",
        "security": {"verify_ssl": True, "legacy_tls": False},
        **values,
    }


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the form."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {}
    return result


async def fill_in(
    hass: HomeAssistant, values: dict[str, Any], flow: ConfigFlowResult | None = None
) -> ConfigFlowResult:
    """Send the form, a new one unless one is open."""
    flow = flow or await start(hass)
    return await hass.config_entries.flow.async_configure(flow["flow_id"], values)


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what the fields of a form are filled with, its section included."""
    schema: Any = form["data_schema"]
    fields = {**schema.schema, **schema.schema["security"].schema.schema}
    return {
        str(marker): (marker.description or {}).get("suggested_value")
        for marker in fields
        if str(marker) != "security"
    }
