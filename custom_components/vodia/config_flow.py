"""Config flow for the Vodia PBX integration."""

from collections.abc import Mapping
from ipaddress import ip_address
import re
from typing import Any, override

from probatio import Secret
import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlowWithReload,
    SubentryFlowResult,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    CountrySelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    ACCOUNTS_ALL,
    ACCOUNTS_CHOSEN,
    CONF_ACCOUNT_TYPES,
    CONF_ACCOUNTS,
    CONF_CHOSEN_ACCOUNTS,
    CONF_COUNTRY,
    CONF_DOOR_STATIONS,
    CONF_EXTENSION,
    CONF_LEGACY_TLS,
    CONF_LLM_DIALS_OUTSIDE,
    CONF_LOGIN_METHOD,
    CONF_PRIVACY,
    CONF_TENANT,
    CONF_WATCH,
    DOMAIN,
    SUBENTRY_LINE,
    WATCH_ALL,
    WATCH_OWN,
)
from .coordinator import VodiaConfigEntry
from .hub.connect import async_check_line, async_connect, async_find_line
from .hub.devices import MODELS, known_accounts
from .pbx.errors import CertificateError, LegacyTlsError
from .pbx.models import EXTENSION

CONF_SECURITY = "security"
# Sections of the options; what is in them is stored flat.
SECTION_DEVICES = "devices"
SECTION_CALLS = "calls"

_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
PASSWORD_SCHEMA = vol.Schema({vol.Required(Secret(CONF_PASSWORD)): _PASSWORD})
ACCOUNTS = SelectSelector(
    SelectSelectorConfig(
        options=[ACCOUNTS_ALL, ACCOUNTS_CHOSEN], translation_key=CONF_ACCOUNTS
    )
)
ACCOUNT_TYPES = SelectSelector(
    SelectSelectorConfig(
        options=list(MODELS), translation_key=CONF_ACCOUNT_TYPES, multiple=True
    )
)
WATCH = SelectSelector(
    SelectSelectorConfig(options=[WATCH_ALL, WATCH_OWN], translation_key=CONF_WATCH)
)
_SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.IGNORECASE)
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*(%[\w.-]+)?", re.IGNORECASE)
# Not dots alone: it is a part of paths.
_EXTENSION = re.compile(r"(?!\.+$)[a-z0-9*+._-]{1,64}", re.IGNORECASE)


class InvalidInput(Exception):
    """What was typed cannot be meant; the text names the error."""


def parse_host(text: str) -> dict[str, Any]:
    """Return host, port and TLS from what people type or paste as the host.

    A scheme decides over TLS, else it is on; a path is of no interest. Raises
    InvalidInput.
    """
    text = text.strip()
    if not text.isprintable():
        raise InvalidInput("invalid_host")
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "https", text
    elif not scheme.isalnum():
        raise InvalidInput("invalid_host")
    if (tls := _SCHEMES.get(scheme.lower())) is None:
        raise InvalidInput("invalid_scheme")
    try:
        # A bare IPv6 address has no brackets that would keep its colons apart.
        authority = f"[{ip_address(rest)}]" if rest.count(":") > 1 else rest
    except ValueError:
        authority = rest
    try:
        url = URL(f"http{'s' if tls else ''}://{authority}")
        host, port = url.host or "", url.explicit_port
        if not _IPV6.fullmatch(host):
            host = _as_in_dns(url.raw_host or "")
    except ValueError, IndexError:
        raise InvalidInput("invalid_host") from None
    if url.user is not None or url.password is not None:
        raise InvalidInput("credentials_in_host")
    if (
        not (_IPV6.fullmatch(host) or _HOST.fullmatch(host))
        or host.lower() in _SCHEMES
        or port == 0
    ):
        raise InvalidInput("invalid_host")
    return {
        CONF_HOST: host.lower(),
        CONF_PORT: port or (443 if tls else 80),
        CONF_SSL: tls,
    }


def _as_in_dns(name: str) -> str:
    """Return a host name in the one form that can be compared: as IDNA has it.

    The dot at the end says that the name is whole; all of ours are.
    """
    return name.lower().removesuffix(".")


def _as_read(name: str) -> str:
    """Return a host name as people write it."""
    try:
        return URL.build(host=name).host or name
    except ValueError:
        return name


def parse_extension(text: str) -> dict[str, Any]:
    """Return extension and tenant from `extension` or `extension@tenant`.

    Raises InvalidInput.
    """
    extension, separator, tenant = text.strip().partition("@")
    if separator:
        try:
            tenant = _as_in_dns(URL.build(scheme="http", host=tenant).raw_host or "")
        except ValueError, IndexError:
            tenant = ""
    if not _EXTENSION.fullmatch(extension) or (
        separator and not _HOST.fullmatch(tenant)
    ):
        raise InvalidInput("invalid_extension")
    return {CONF_EXTENSION: extension, CONF_TENANT: tenant or None}


class VodiaConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle a config flow for a PBX."""

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the lines: extensions whose login we have as well."""
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
        """Return the data of the entry, and what is wrong with it.

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
        if entry and data[CONF_EXTENSION] in _lines(entry):
            return data, {CONF_EXTENSION: "is_a_line"}
        if data[CONF_TENANT]:
            self._abort_if_set_up(data)
        found, errors = await async_connect(self.hass, data)
        if not errors:
            data |= found
            self._abort_if_set_up(data)
            if entry and data[CONF_EXTENSION] in _lines(entry):
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
                        password: _PASSWORD,
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
            # The PBX may be another version by now: find the way to log in anew.
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


class LineFlow(ConfigSubentryFlow):
    """Handle the login of a further line."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for an extension and its password."""
        entry = self._get_entry()
        taken = {entry.data[CONF_EXTENSION]} | _lines(entry)
        names = _extension_names(self.hass, entry)
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
                vol.Required(CONF_EXTENSION): _account_selector(
                    offered, custom_value=True
                ),
                vol.Required(Secret(CONF_PASSWORD)): _PASSWORD,
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


class VodiaOptionsFlow(OptionsFlowWithReload):
    """Handle the options of a PBX: all of them are in one form."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the options."""
        entry: VodiaConfigEntry = self.config_entry
        options = dict(entry.options)
        if user_input is not None:
            # The frontend leaves out what is emptied, and a country has no default.
            options.pop(CONF_COUNTRY, None)
            for name in (SECTION_DEVICES, SECTION_CALLS):
                options |= user_input.pop(name, {})
            return self.async_create_entry(data=options | user_input)
        known = known_accounts(self.hass, entry)

        def choice(option: str, listed: dict[str, str | None]) -> SelectSelector:
            """Return a choice of who is listed, and who was chosen before."""
            chosen = {n: known.get(n, ("", None))[1] for n in options.get(option, ())}
            return _account_selector(chosen | listed, multiple=True)

        accounts = _listed_accounts(self.hass, entry)
        # Defaults, for the frontend leaves out what is emptied.
        schema = vol.Schema(
            {
                vol.Optional(CONF_DOOR_STATIONS, default=[]): choice(
                    CONF_DOOR_STATIONS, _extension_names(self.hass, entry)
                ),
                vol.Optional(SECTION_DEVICES): section(
                    vol.Schema(
                        {
                            vol.Required(CONF_ACCOUNTS, default=ACCOUNTS_ALL): ACCOUNTS,
                            vol.Optional(CONF_ACCOUNT_TYPES, default=[]): ACCOUNT_TYPES,
                            vol.Optional(CONF_CHOSEN_ACCOUNTS, default=[]): choice(
                                CONF_CHOSEN_ACCOUNTS,
                                {n: name for n, (_, name) in accounts.items()},
                            ),
                        }
                    ),
                    {"collapsed": options.get(CONF_ACCOUNTS) != ACCOUNTS_CHOSEN},
                ),
                vol.Optional(SECTION_CALLS): section(
                    vol.Schema(
                        {
                            vol.Required(CONF_WATCH, default=WATCH_ALL): WATCH,
                            vol.Required(CONF_PRIVACY, default=False): bool,
                            vol.Required(CONF_LLM_DIALS_OUTSIDE, default=False): bool,
                            vol.Optional(CONF_COUNTRY): CountrySelector(),
                        }
                    ),
                    {
                        "collapsed": options.get(CONF_WATCH) != WATCH_OWN
                        and not options.get(CONF_PRIVACY)
                        and not options.get(CONF_COUNTRY)
                    },
                ),
            }
        )
        suggested = {**options, SECTION_DEVICES: options, SECTION_CALLS: options}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
        )


def _listed_accounts(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, tuple[str, str | None]]:
    """Return type and name of what the PBX lists; while it is away, of before."""
    if entry.state is not ConfigEntryState.LOADED:
        return known_accounts(hass, entry)
    return {
        number: (account.type, account.name)
        for number, account in entry.runtime_data.client.state.accounts.items()
        if account.present
    }


def _extension_names(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, str | None]:
    """Return the extensions that the PBX lists; while it is away, those of before."""
    listed = _listed_accounts(hass, entry)
    return {n: name for n, (kind, name) in listed.items() if kind == EXTENSION}


def _account_selector(
    names: Mapping[str, str | None],
    *,
    multiple: bool = False,
    custom_value: bool = False,
) -> SelectSelector:
    """Return a choice of accounts."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(
                    value=number, label=f"{name} ({number})" if name else number
                )
                for number, name in names.items()
            ],
            multiple=multiple,
            custom_value=custom_value,
            sort=True,
        )
    )


def _lines(entry: ConfigEntry) -> set[str]:
    """Return the extensions of the further lines."""
    return {line.data[CONF_EXTENSION] for line in entry.subentries.values()}


def _as_typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody would type for an entry, its password left out."""
    url = URL.build(
        scheme="https" if data[CONF_SSL] else "http",
        host=data[CONF_HOST],
        port=data[CONF_PORT],
    )
    extension = data[CONF_EXTENSION]
    if not _is_default_tenant(data):
        extension = f"{extension}@{_as_read(data[CONF_TENANT])}"
    return {
        CONF_HOST: url.human_repr().removesuffix("/"),
        CONF_EXTENSION: extension,
        CONF_SECURITY: {key: data[key] for key in (CONF_VERIFY_SSL, CONF_LEGACY_TLS)},
    }


def _title(data: Mapping[str, Any]) -> str:
    """Return the title: of several tenants each needs its own."""
    name = "Vodia PBX"
    if _is_default_tenant(data):
        return name
    return f"{name} {_as_read(data[CONF_TENANT])}"


def _is_default_tenant(data: Mapping[str, Any]) -> bool:
    """Return whether the tenant is one that is found without being typed."""
    return data[CONF_TENANT] in ("localhost", data[CONF_HOST])
