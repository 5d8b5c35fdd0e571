"""Config flow for the Vodia PBX integration."""

from collections.abc import Mapping
from typing import Any, Final, override

from probatio import Secret
import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_VERIFY_SSL
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import TextSelector

from .const import (
    CONF_EXTENSION,
    CONF_LEGACY_TLS,
    CONF_LOGIN_METHOD,
    CONF_TENANT,
    DOMAIN,
    SUBENTRY_LINE,
)
from .coordinator import VodiaConfigEntry
from .flows.fields import PASSWORD, PASSWORD_SCHEMA, further_lines
from .flows.line import LineFlow
from .flows.options import VodiaOptionsFlow
from .flows.parse import (
    InvalidInput,
    format_host,
    format_tenant,
    parse_extension,
    parse_host,
)
from .hub.connect import async_connect
from .pbx.errors import CertificateError, LegacyTlsError

CONF_SECURITY: Final = "security"
_TITLE: Final = "Vodia PBX"


class VodiaConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle a config flow for a PBX."""

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the flow of further lines: extensions that we log in as, too."""
        return {SUBENTRY_LINE: LineFlow}

    @override
    @staticmethod
    @callback
    def async_get_options_flow(config_entry: VodiaConfigEntry) -> VodiaOptionsFlow:
        """Return the options flow."""
        return VodiaOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for host, extension and password."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_check(user_input)
            if not errors:
                return self.async_create_entry(title=_title(data), data=data)
        return self._form("user", user_input, errors)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where the PBX is now, and who logs in.

        Entities and devices are known by the entry and the number of their account, so
        all of them stay.
        """
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_check(user_input, entry)
            if not errors:
                return self.async_update_reload_and_abort(
                    entry,
                    data=data,
                    title=_title(data)
                    if entry.title == _title(entry.data)
                    else entry.title,
                )
        return self._form("reconfigure", user_input or _as_typed(entry.data), errors)

    async def _async_check(
        self, user_input: Mapping[str, Any], entry: ConfigEntry | None = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the data of the entry, and the errors in it.

        The password of an entry that there is may be left out, for the same extension.
        """
        errors: dict[str, str] = {}
        data: dict[str, Any] = dict(user_input[CONF_SECURITY])
        for field, parse in (
            (CONF_HOST, parse_host),
            (CONF_EXTENSION, parse_extension),
        ):
            try:
                data |= parse(user_input[field])
            except InvalidInput as err:
                errors[field] = str(err)
        if errors:
            return data, errors
        if CONF_PASSWORD in user_input:
            data[CONF_PASSWORD] = user_input[CONF_PASSWORD]
        elif entry and data[CONF_EXTENSION] == entry.data[CONF_EXTENSION]:
            data[CONF_PASSWORD] = entry.data[CONF_PASSWORD]
        else:
            return data, {CONF_PASSWORD: "password_needed"}
        if entry and data[CONF_EXTENSION] in further_lines(entry):
            return data, {CONF_EXTENSION: "is_a_line"}
        if data[CONF_TENANT]:
            self._abort_if_set_up(data)
        found, errors = await async_connect(self.hass, data)
        if not errors:
            data |= found
            self._abort_if_set_up(data)
            if entry and data[CONF_EXTENSION] in further_lines(entry):
                errors = {CONF_EXTENSION: "is_a_line"}
        return data, errors

    def _form(
        self,
        step_id: str,
        suggested: Mapping[str, Any] | None,
        errors: dict[str, str],
    ) -> ConfigFlowResult:
        """Return the form of a login."""
        password: vol.Required | vol.Optional = vol.Required(Secret(CONF_PASSWORD))
        if step_id == "reconfigure":
            password = vol.Optional(Secret(CONF_PASSWORD))
        trust_asked = errors.get("base") in (CertificateError.key, LegacyTlsError.key)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(
                    {
                        vol.Required(CONF_HOST): TextSelector(),
                        vol.Required(CONF_EXTENSION): TextSelector(),
                        password: PASSWORD,
                        vol.Required(CONF_SECURITY): section(
                            vol.Schema(
                                {
                                    vol.Required(CONF_VERIFY_SSL, default=True): bool,
                                    vol.Required(CONF_LEGACY_TLS, default=False): bool,
                                }
                            ),
                            {"collapsed": not trust_asked},
                        ),
                    }
                ),
                suggested,
            ),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Handle a login that the PBX refuses."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the new password."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**entry.data, CONF_PASSWORD: user_input[CONF_PASSWORD]}
            # The PBX may be another version by now: find the login method again.
            data.pop(CONF_LOGIN_METHOD, None)
            found, errors = await async_connect(self.hass, data)
            if not errors:
                return self.async_update_reload_and_abort(entry, data=data | found)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=PASSWORD_SCHEMA,
            description_placeholders={
                "extension": entry.data[CONF_EXTENSION],
                "title": entry.title,
            },
            errors=errors,
        )

    def _abort_if_set_up(self, data: dict[str, Any]) -> None:
        """Abort if the tenant is set up already."""
        self._async_abort_entries_match(
            {key: data[key] for key in (CONF_HOST, CONF_PORT, CONF_TENANT)}
        )


def _as_typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form for an entry as somebody would fill it in, without the password."""
    extension = data[CONF_EXTENSION]
    if tenant := format_tenant(data):
        extension = f"{extension}@{tenant}"
    return {
        CONF_HOST: format_host(data),
        CONF_EXTENSION: extension,
        CONF_SECURITY: {key: data[key] for key in (CONF_VERIFY_SSL, CONF_LEGACY_TLS)},
    }


def _title(data: Mapping[str, Any]) -> str:
    """Return the title: of several tenants each needs its own."""
    tenant = format_tenant(data)
    return f"{_TITLE} {tenant}" if tenant else _TITLE
