"""Connect to a PBX with the data of an entry, which need not be stored yet."""

from collections.abc import Iterable, Mapping
import logging
from typing import Any, Final

import aiohttp

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from ..const import (
    CONF_EXTENSION,
    CONF_LEGACY_TLS,
    CONF_LOGIN_METHOD,
    CONF_LOGIN_USER,
    CONF_TENANT,
    CONF_TENANT_NAMES,
    TIMING,
)
from ..pbx.calls.tracker import TrackingMemory
from ..pbx.client import PbxClient
from ..pbx.errors import PbxError
from ..pbx.listener import Listener
from ..pbx.models import CallScope, Credentials, LoginMethod, LoginMethodUsed, Server
from ..pbx.net.rest import session_options
from ..pbx.timing import USUAL

_LOGGER = logging.getLogger(__name__)

# Names of a tenant that are stored.
_NAMES_LIMIT: Final = 20


@callback
def async_create_session(hass: HomeAssistant) -> aiohttp.ClientSession:
    """Return a client session for one login; detach it after use."""
    return async_create_clientsession(hass, auto_cleanup=False, **session_options())


def create_client(
    hass: HomeAssistant,
    http: aiohttp.ClientSession,
    data: Mapping[str, Any],
    listener: Listener | None = None,
    *,
    known_accounts: Mapping[str, str] | None = None,
    scope: CallScope = CallScope.TENANT,
    flags: Iterable[str] = (),
    country: str | None = None,
    reported: TrackingMemory | None = None,
) -> PbxClient:
    """Return a client for the data of a config entry; the login may not be known yet."""
    login = None
    if CONF_LOGIN_METHOD in data:
        login = LoginMethodUsed(
            LoginMethod(data[CONF_LOGIN_METHOD]), data[CONF_LOGIN_USER]
        )
    return PbxClient(
        http,
        Server(
            host=data[CONF_HOST],
            port=data[CONF_PORT],
            tls=data[CONF_SSL],
            verify=data[CONF_VERIFY_SSL],
            legacy_tls=data[CONF_LEGACY_TLS],
        ),
        Credentials(data[CONF_EXTENSION], data[CONF_PASSWORD], data[CONF_TENANT]),
        listener,
        login=login,
        known_accounts=known_accounts,
        scope=scope,
        flags=flags,
        country=country,
        reported=reported,
        tenant_names=data.get(CONF_TENANT_NAMES, ()),
        timing=hass.data.get(TIMING, USUAL),
    )


async def async_connect(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Connect as the entry will; return what was learned, and the errors of a form."""
    http = async_create_session(hass)
    client = create_client(hass, http, data)
    try:
        await client.start()
    except PbxError as err:
        _LOGGER.debug("Could not connect to the PBX: %s", err)
        return {}, {"base": err.key}
    else:
        login = client.session.way
        assert login
        return {
            # Who logs in by an alias has another number.
            CONF_EXTENSION: client.session.extension,
            CONF_TENANT: client.session.tenant,
            **tenant_names(data, client),
            CONF_LOGIN_METHOD: login.method.value,
            CONF_LOGIN_USER: login.user,
        }, {}
    finally:
        await client.close()
        http.detach()


async def async_find_line(
    hass: HomeAssistant, entry: ConfigEntry, line: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """Log in as a further line of a PBX; return its extension, and the errors."""
    data = {**entry.data, **line}
    # The login is the user's: it names the entry's own extension.
    data.pop(CONF_LOGIN_METHOD, None)
    found, errors = await async_connect(hass, data)
    return found.get(CONF_EXTENSION, line[CONF_EXTENSION]), errors


async def async_check_line(
    hass: HomeAssistant, entry: ConfigEntry, line: Mapping[str, Any]
) -> dict[str, str]:
    """Log in as a further line of a PBX; return the errors."""
    return (await async_find_line(hass, entry, line))[1]


def tenant_names(data: Mapping[str, Any], client: PbxClient) -> dict[str, list[str]]:
    """Return the names of the tenant to store; those in the data are there already."""
    stored = {data[CONF_HOST], client.session.tenant.lower(), "localhost"}
    names = sorted(client.own.tenant_names - stored)[:_NAMES_LIMIT]
    return {CONF_TENANT_NAMES: names} if names else {}
