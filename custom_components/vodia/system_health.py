"""System health of the Vodia PBX integration."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import VodiaConfigEntry
from .hub.connect import async_create_session, create_client
from .pbx.errors import CannotConnectError, PbxError


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register system health callbacks."""
    register.async_register_info(async_system_health_info)


async def async_system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the state of the connections.

    What people paste into a bug report names no host and no tenant: of several entries
    each is told by its place in the list of entries.
    """
    entries: list[VodiaConfigEntry] = sorted(
        hass.config_entries.async_entries(
            DOMAIN, include_disabled=False, include_ignore=False
        ),
        key=lambda entry: entry.title.casefold(),
    )
    told = [_told(entry) for entry in entries]
    return {
        "can_reach_pbx": _can_reach(hass, entries),
        **{key: _listed([each[key] for each in told]) for key in (told or [{}])[0]},
    }


def _told(entry: VodiaConfigEntry) -> dict[str, Any]:
    """Return the state of the connection of an entry."""
    if entry.state is not ConfigEntryState.LOADED:
        reason = entry.error_reason_translation_key or entry.state.value
        return {
            "connected": reason,
            **dict.fromkeys(("since", "dialect", "version", "accounts", "reconnects")),
        }
    client = entry.runtime_data.client
    dialect = client.dialect().get("socket_tells_accounts")
    return {
        "connected": client.connected,
        "since": datetime.fromtimestamp(client.reporter.changed_at, UTC),
        "dialect": dialect if dialect is None else "classic" if dialect else "modern",
        "version": client.session.server_name,
        "accounts": sum(known.present for known in client.tenant.accounts.values()),
        "reconnects": client.reporter.links - 1,
    }


def _listed(values: list[Any]) -> Any:
    """Return the values of all entries; that of a single one as it is."""
    if len(values) == 1:
        return values[0]
    texts = (v.isoformat() if isinstance(v, datetime) else v for v in values)
    return "; ".join(f"{place}: {text}" for place, text in enumerate(texts, 1))


async def _can_reach(
    hass: HomeAssistant, entries: list[VodiaConfigEntry]
) -> str | dict[str, str]:
    """Return whether the PBXs answer; they are asked without any credentials."""
    problems = await asyncio.gather(*(_problem(hass, entry) for entry in entries))
    if not any(problems):
        return "ok"
    return {
        "type": "failed",
        "error": _listed([problem or "ok" for problem in problems]),
    }


async def _problem(hass: HomeAssistant, entry: VodiaConfigEntry) -> str | None:
    """Return why a PBX cannot be reached."""
    http = async_create_session(hass)
    try:
        await create_client(hass, http, entry.data).session.probe()
    except CannotConnectError:
        return "unreachable"
    except PbxError as err:
        return err.key
    finally:
        http.detach()
    return None
