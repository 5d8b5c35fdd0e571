"""Parse the host and the extension that people type, and write them as people do."""

from collections.abc import Mapping
from ipaddress import ip_address
import re
from typing import Any

from yarl import URL

from homeassistant.const import CONF_HOST, CONF_PORT, CONF_SSL

from ..const import CONF_EXTENSION, CONF_TENANT

# Whether each scheme uses TLS.
_SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.IGNORECASE)
_IPV6 = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*(%[\w.-]+)?", re.IGNORECASE)
# Not dots alone: it is a part of paths.
_EXTENSION = re.compile(r"(?!\.+$)[a-z0-9*+._-]{1,64}", re.IGNORECASE)


class InvalidInput(Exception):
    """A host or an extension cannot be meant; the text is the key of the error."""


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
            host = _canonical(url.raw_host or "")
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


def format_host(data: Mapping[str, Any]) -> str:
    """Return host, port and TLS of an entry as people type them."""
    url = URL.build(
        scheme="https" if data[CONF_SSL] else "http",
        host=data[CONF_HOST],
        port=data[CONF_PORT],
    )
    return url.human_repr().removesuffix("/")


def parse_extension(text: str) -> dict[str, Any]:
    """Return extension and tenant from `extension` or `extension@tenant`.

    Raises InvalidInput.
    """
    extension, separator, tenant = text.strip().partition("@")
    if separator:
        try:
            tenant = _canonical(URL.build(scheme="http", host=tenant).raw_host or "")
        except ValueError, IndexError:
            tenant = ""
    if not _EXTENSION.fullmatch(extension) or (
        separator and not _HOST.fullmatch(tenant)
    ):
        raise InvalidInput("invalid_extension")
    return {CONF_EXTENSION: extension, CONF_TENANT: tenant or None}


def format_tenant(data: Mapping[str, Any]) -> str | None:
    """Return the tenant of an entry as people write it; None if it need not be typed."""
    tenant: str = data[CONF_TENANT]
    if tenant in ("localhost", data[CONF_HOST]):
        return None
    try:
        return URL.build(host=tenant).host or tenant
    except ValueError:
        return tenant


def _canonical(name: str) -> str:
    """Return an IDNA host name in the one form that can be compared.

    The dot at the end says that the name is whole; all of ours are.
    """
    return name.lower().removesuffix(".")
