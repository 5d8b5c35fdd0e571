"""Repairs of the Vodia PBX integration."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .config_flow import PASSWORD_SCHEMA, async_check_line
from .const import CONF_EXTENSION


class LineLoginFlow(RepairsFlow):
    """Mend the login of a further line."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin; what comes with it names the issue only."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask for the password that is valid now."""
        data: dict[str, Any] = self.data or {}
        entry = self.hass.config_entries.async_get_entry(data["entry_id"])
        subentry = entry and entry.subentries.get(data["subentry_id"])
        if not entry or not subentry:
            # Removed meanwhile: nothing is left to mend.
            return self.async_create_entry(data={})
        errors: dict[str, str] = {}
        if user_input is not None:
            line = {**subentry.data, CONF_PASSWORD: user_input[CONF_PASSWORD]}
            errors = await async_check_line(self.hass, entry, line)
            if not errors:
                self.hass.config_entries.async_update_subentry(
                    entry, subentry, data=line
                )
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=PASSWORD_SCHEMA,
            description_placeholders={
                "extension": subentry.data[CONF_EXTENSION],
                "title": entry.title,
            },
            errors=errors,
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that mends an issue."""
    return LineLoginFlow()
