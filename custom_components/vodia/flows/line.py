"""Subentry flow: the login of a further line."""

from typing import Any

from probatio import Secret
import voluptuous as vol

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_PASSWORD

from ..const import CONF_EXTENSION
from ..hub.connect import async_check_line, async_find_line
from .fields import (
    PASSWORD,
    PASSWORD_SCHEMA,
    account_selector,
    extension_names,
    further_lines,
)
from .parse import InvalidInput, parse_extension


class LineFlow(ConfigSubentryFlow):
    """Handle the login of a further line."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for an extension and its password."""
        entry = self._get_entry()
        taken = {entry.data[CONF_EXTENSION]} | further_lines(entry)
        names = extension_names(self.hass, entry)
        errors: dict[str, str] = {}
        if user_input is not None:
            line = dict(user_input)
            try:
                line[CONF_EXTENSION] = parse_extension(line[CONF_EXTENSION])[
                    CONF_EXTENSION
                ]
            except InvalidInput as err:
                errors[CONF_EXTENSION] = str(err)
            else:
                if line[CONF_EXTENSION] in taken:
                    return self.async_abort(reason="already_configured")
                line[CONF_EXTENSION], errors = await async_find_line(
                    self.hass, entry, line
                )
                if not errors and line[CONF_EXTENSION] in taken:
                    return self.async_abort(reason="already_configured")
            if not errors:
                number = line[CONF_EXTENSION]
                return self.async_create_entry(
                    title=names.get(number) or number, data=line, unique_id=number
                )
        offered = {number: names[number] for number in names if number not in taken}
        schema = vol.Schema(
            {
                vol.Required(CONF_EXTENSION): account_selector(
                    offered, custom_value=True
                ),
                vol.Required(Secret(CONF_PASSWORD)): PASSWORD,
            }
        )
        return self.async_show_form(
            step_id="user",
            # Else the frontend chooses the first one.
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or {CONF_EXTENSION: ""}
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for another password."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        if user_input is not None:
            line = {**subentry.data, **user_input}
            errors = await async_check_line(self.hass, entry, line)
            if not errors:
                return self.async_update_and_abort(entry, subentry, data=line)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=PASSWORD_SCHEMA,
            description_placeholders={"extension": subentry.data[CONF_EXTENSION]},
            errors=errors,
        )
