"""Issues of an entry: what a person can repair, or make safer.

Each one is created when it is found and deleted when it is solved; a temporary failure
is no issue.
"""

from dataclasses import dataclass
from ipaddress import ip_address
import re
import time
from typing import Final

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
    ConfigSubentry,
)
from homeassistant.const import CONF_HOST, CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.network import is_local

from ..const import CONF_EXTENSION, CONF_LEGACY_TLS, DOMAIN
from ..pbx.client import PbxClient
from ..pbx.errors import (
    AccessOffError,
    CertificateError,
    LegacyTlsError,
    LoginForbiddenError,
    LoginRefusedError,
    PbxError,
    SecondFactorError,
)

# The steps of the repair: try again, change what the issue is about, and so on.
RETRY: Final = "retry"
APPLY: Final = "apply"
RECONFIGURE: Final = "reconfigure"
IGNORE: Final = "ignore"

ACCOUNTS_HIDDEN: Final = "accounts_hidden"
CALLS_HIDDEN: Final = "calls_hidden"
LEGACY_TLS_ALLOWED: Final = "legacy_tls_allowed"
PLAIN_HTTP: Final = "plain_http"
SENTENCES_OUTDATED: Final = "sentences_outdated"
UNVERIFIED_TLS: Final = "unverified_tls"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of an entry: how bad it is, and the ways out that the repair offers."""

    severity: ir.IssueSeverity
    steps: tuple[str, ...]


_ERROR = ir.IssueSeverity.ERROR
_WARNING = ir.IssueSeverity.WARNING
ISSUES: Final = {
    AccessOffError.key: Issue(_ERROR, (RETRY, RECONFIGURE)),
    CertificateError.key: Issue(_ERROR, (RETRY, APPLY, RECONFIGURE)),
    LegacyTlsError.key: Issue(_ERROR, (RETRY, APPLY, RECONFIGURE)),
    SecondFactorError.key: Issue(_ERROR, (RETRY, RECONFIGURE)),
    ACCOUNTS_HIDDEN: Issue(_WARNING, (RETRY, IGNORE)),
    CALLS_HIDDEN: Issue(_WARNING, (RETRY, APPLY, IGNORE)),
    LEGACY_TLS_ALLOWED: Issue(_WARNING, (APPLY, IGNORE)),
    PLAIN_HTTP: Issue(_WARNING, (RECONFIGURE, IGNORE)),
    UNVERIFIED_TLS: Issue(_WARNING, (APPLY, IGNORE)),
}
# Errors that a person can repair, and that are over with the next connection.
_CONNECTION_ERRORS: Final = (
    AccessOffError,
    CertificateError,
    LegacyTlsError,
    SecondFactorError,
)
# What the login of a line is refused for.
LINE_ISSUES: Final = {
    LoginRefusedError: "line_login",
    SecondFactorError: "line_second_factor",
    AccessOffError: "line_access_off",
}
# When the login of an entry was forbidden last.
_FORBIDDEN: HassKey[dict[str, float]] = HassKey(f"{DOMAIN}_forbidden")
# Names that no public name server knows.
_LOCAL_NAME: Final = re.compile(
    r"[^.]+|.+\.(local|localhost|localdomain|lan|internal|home\.arpa)"
)
_VERSION: Final = re.compile(r"[\w./ -]{1,40}")


def issue_id(entry: ConfigEntry, key: str) -> str:
    """Return the id of an issue of an entry."""
    return f"{key}_{entry.entry_id}"


def line_issue_id(subentry: ConfigSubentry) -> str:
    """Return the id of the issue about the login of a line."""
    return f"line_login_{subentry.subentry_id}"


@callback
def _async_create(
    hass: HomeAssistant,
    issue: str,
    data: dict[str, str | int | float | None],
    key: str,
    severity: ir.IssueSeverity = _ERROR,
    **placeholders: str,
) -> None:
    """Create an issue, with a link to where the repairs are explained."""
    documentation = async_get_loaded_integration(hass, DOMAIN).documentation
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        data=data,
        is_fixable=True,
        learn_more_url=f"{documentation}/blob/HEAD/docs/troubleshooting.md#repairs",
        severity=severity,
        translation_key=key,
        translation_placeholders=placeholders,
    )


@callback
def _async_set(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    is_so: bool,
    **placeholders: str,
) -> None:
    """Create or delete an issue of an entry.

    An issue that persists is not deleted, or Home Assistant forgets that it is ignored.
    """
    if is_so:
        _async_create(
            hass,
            issue_id(entry, key),
            {"entry_id": entry.entry_id, "key": key},
            key,
            ISSUES[key].severity,
            title=entry.title,
            host=entry.data[CONF_HOST],
            extension=entry.data[CONF_EXTENSION],
            **placeholders,
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, key))


@callback
def async_check_security(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Report what makes the connection of an entry less safe than it could be."""
    data = entry.data
    tls: bool = data[CONF_SSL]
    for key, is_so in (
        (UNVERIFIED_TLS, tls and not data[CONF_VERIFY_SSL]),
        (LEGACY_TLS_ALLOWED, tls and data[CONF_LEGACY_TLS]),
        (PLAIN_HTTP, not tls and not is_local_host(data[CONF_HOST])),
    ):
        _async_set(hass, entry, key, is_so)


def is_local_host(host: str) -> bool:
    """Return whether a host is in the local network, as far as its name says so."""
    try:
        return is_local(ip_address(host))
    except ValueError:
        return _LOCAL_NAME.fullmatch(host.rstrip(".")) is not None


@callback
def async_connection_ok(
    hass: HomeAssistant, entry: ConfigEntry, client: PbxClient
) -> None:
    """Report what the PBX hides from this login; the connection itself works."""
    hass.data.get(_FORBIDDEN, {}).pop(entry.entry_id, None)
    for error in _CONNECTION_ERRORS:
        _async_set(hass, entry, error.key, False)
    server = client.session.server_name or ""
    version = server if _VERSION.fullmatch(server) else "PBX"
    accounts_hidden = client.own.capabilities.accounts_hidden
    for key, is_so in (
        (ACCOUNTS_HIDDEN, accounts_hidden),
        (CALLS_HIDDEN, client.calls_hidden and not accounts_hidden),
    ):
        _async_set(hass, entry, key, is_so, version=version)


@callback
def async_connection_failed(
    hass: HomeAssistant, entry: ConfigEntry, error: PbxError
) -> None:
    """Report why there is no connection, if a person can repair it.

    An earlier issue is over only if the PBX got further this time.
    """
    if isinstance(error, LoginForbiddenError):
        hass.data.setdefault(_FORBIDDEN, {})[entry.entry_id] = time.monotonic()
    if isinstance(error, (*_CONNECTION_ERRORS, LoginRefusedError)):
        for other in _CONNECTION_ERRORS:
            _async_set(
                hass,
                entry,
                other.key,
                isinstance(error, other),
                **error.placeholders,
            )


@callback
def async_is_forbidden(hass: HomeAssistant, entry: ConfigEntry, seconds: float) -> bool:
    """Return whether the login was forbidden in the last seconds, and is left alone."""
    at = hass.data.get(_FORBIDDEN, {}).get(entry.entry_id)
    return at is not None and time.monotonic() - at < seconds


@callback
def async_line_refused(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, error: PbxError
) -> None:
    """Report that the login of a line is refused."""
    for kind, key in LINE_ISSUES.items():
        if isinstance(error, kind):
            _async_create(
                hass,
                line_issue_id(subentry),
                {"entry_id": entry.entry_id, "subentry_id": subentry.subentry_id},
                key,
                extension=subentry.data[CONF_EXTENSION],
                title=entry.title,
            )


@callback
def async_report_outdated_sentences(hass: HomeAssistant, is_so: bool) -> None:
    """Report that sentence files are those of another version; they are of no entry."""
    if is_so:
        _async_create(
            hass, SENTENCES_OUTDATED, {}, SENTENCES_OUTDATED, ir.IssueSeverity.WARNING
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, SENTENCES_OUTDATED)


@callback
def async_entry_changed(
    hass: HomeAssistant, change: ConfigEntryChange, entry: ConfigEntry
) -> None:
    """Delete the issues of an entry that is removed or disabled, and of lines removed."""
    if entry.domain != DOMAIN:
        return
    if entry.state is ConfigEntryState.NOT_LOADED:
        # A user who reloads wants it to be tried now.
        hass.data.get(_FORBIDDEN, {}).pop(entry.entry_id, None)
    gone = change is ConfigEntryChange.REMOVED or entry.disabled_by is not None
    for issue in list(ir.async_get(hass).issues.values()):
        data = issue.data or {}
        if (
            issue.domain == DOMAIN
            and data.get("entry_id") == entry.entry_id
            and (gone or data.get("subentry_id") not in {None, *entry.subentries})
        ):
            ir.async_delete_issue(hass, DOMAIN, issue.issue_id)
    if gone and not hass.config_entries.async_entries(DOMAIN, include_disabled=False):
        ir.async_delete_issue(hass, DOMAIN, SENTENCES_OUTDATED)
