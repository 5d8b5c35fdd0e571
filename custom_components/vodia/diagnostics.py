"""Diagnostics of the Vodia PBX integration: how this PBX speaks, without what it says.

Nobody may learn from it who calls whom, but everybody which words and shapes the PBX
uses: letters become x, digits 0. Numbers of extensions and groups stay, to tell the
calls apart.
"""

from collections import Counter
from collections.abc import Mapping
import re
from typing import Any, Final

import orjson

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import CONF_LOGIN_USER, CONF_READ_ONLY_FLAGS, CONF_TENANT, CONF_TENANT_NAMES
from .coordinator import VodiaConfigEntry
from .hub.devices import account_of
from .hub.mask import Mask, load, said, words
from .pbx.assumptions import Assumption
from .pbx.models import SERVICE_FLAG
from .pbx.trace import Recorded

_TO_REDACT: Final = {
    *(CONF_HOST, CONF_LOGIN_USER, CONF_PASSWORD, CONF_READ_ONLY_FLAGS, CONF_TENANT),
    CONF_TENANT_NAMES,
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: VodiaConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a config entry."""
    if entry.state is not ConfigEntryState.LOADED:
        return {
            "entry_data": async_redact_data(dict(entry.data), _TO_REDACT),
            "state": entry.state.value,
            "reason": entry.error_reason_translation_key,
        }
    client = entry.runtime_data.client
    trace, session, tenant = client.trace, client.session, client.tenant
    extensions = tenant.extensions
    mask = Mask(frozenset(tenant.accounts), _names_in(entry))
    return {
        "entry_data": async_redact_data(dict(entry.data), _TO_REDACT),
        "options": dict(entry.options),
        "pbx": {
            "server": session.server_name,
            "websocket_path": session.websocket_path,
            "login_method": session.way and session.way.method,
            "calls_told": tenant.scope,
            **client.dialect(),
        },
        "connected": client.connected,
        "totals": tenant.totals._asdict(),
        "extensions": {
            "known": len(extensions),
            "absent": sum(not ext.present for ext in extensions.values()),
            "states": Counter(str(ext.call_state) for ext in extensions.values()),
        },
        "groups": Counter(
            group.type if group.present else "absent"
            for group in tenant.groups.values()
        ),
        "offered": [
            {
                **line.data.offered,
                "flags": len(line.data.values.service_flags or ()),
                "names": len(line.data.values.address_book or ()),
                "queues": len(line.data.values.queue_logins or ()),
            }
            for line in entry.runtime_data.lines.values()
        ],
        "frames": trace.frames,
        "dropped": dict(trace.dropped),
        "assumptions": {
            assumption: {
                "met": trace.met[assumption],
                "broken": trace.broken[assumption],
            }
            for assumption in Assumption
        },
        "commands": dict(trace.commands),
        "unknown_actions": mask.counts(trace.unknown_actions),
        "unknown_fields": mask.counts(trace.unknown_fields),
        "odd_fields": mask.counts(trace.odd_fields),
        "left_out": dict(trace.left_out),
        "unknown_call_states": mask.words(trace.unknown_states, "state"),
        "samples": {
            mask.key(kind): [mask.value(value) for value in values]
            for kind, values in trace.samples.items()
        },
        "last_frames": [mask.recorded(recorded) for recorded in trace.last],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: VodiaConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return diagnostics for a device: of an account's only what concerns it."""
    number = account_of(entry.entry_id, device)
    if entry.state is not ConfigEntryState.LOADED or number is None:
        return await async_get_config_entry_diagnostics(hass, entry)
    coordinator = entry.runtime_data
    client, mask = coordinator.client, Mask(frozenset({number}), _names_in(entry))
    account = coordinator.account(number) or client.service_flags.get(number)
    line = coordinator.lines.get(number)
    return {
        "connected": client.connected,
        "calls_told": client.tenant.scope,
        "number": number,
        "type": getattr(account, "type", SERVICE_FLAG) if account else None,
        "listed": coordinator.is_present(number),
        "account": account and mask.value(_plain(account), ours=True),
        "line": line
        and {
            "connected": line.connected,
            "offered": line.data.offered,
            "commands": dict(line.trace.commands),
        },
        "last_frames": [
            mask.recorded(about)
            for recorded in (line or client).trace.last
            if (about := _about(recorded, number))
        ],
    }


def _names_in(entry: VodiaConfigEntry) -> set[str]:
    """Return the words that name people or places, as far as they are known."""
    coordinator = entry.runtime_data
    lines = coordinator.lines.values()
    named = [
        *(account.name for account in coordinator.client.tenant.accounts.values()),
        *(
            name
            for line in lines
            for _, name in getattr(line.data.values.address_book, "contacts", ())
        ),
        *(entry.data[key] for key in (CONF_HOST, CONF_TENANT)),
    ]
    told = {word for name in named if name for word in words(name)}
    for line in lines:
        for recorded in line.trace.last:
            told.update(said(load(recorded.text)))
    return told


def _plain(subject: Any) -> Any:
    """Return an object of the library as JSON would have it."""
    return orjson.loads(
        orjson.dumps(
            subject,
            default=lambda part: (
                part._asdict() if hasattr(part, "_asdict") else sorted(part)
            ),
        )
    )


def _about(recorded: Recorded, number: str) -> Recorded | None:
    """Return what a recorded text says of an account; None if that is nothing."""
    found = load(recorded.text)
    if isinstance(found, str):
        return None
    found = _pick(found, number)
    if not _names(found, number):
        return None
    # Whose login has read it does not concern the account.
    source = re.sub(
        r"(?<=/user/)[^@/]+",
        lambda user: user[0] if user[0] == number else "other",
        recorded.source,
    )
    return recorded._replace(source=source, text=orjson.dumps(found))


def _pick(value: Any, number: str) -> Any:
    """Return a value without the elements of its lists that do not name an account."""
    match value:
        case Mapping():
            return {key: _pick(item, number) for key, item in value.items()}
        case list():
            return [_pick(item, number) for item in value if _names(item, number)]
    return value


def _names(value: Any, number: str) -> bool:
    """Return whether an account is named in a value."""
    match value:
        case Mapping():
            return any(_names(item, number) for item in value.values())
        case list():
            return any(_names(item, number) for item in value)
        case bool() | None:
            return False
    return number in re.findall(r"\w+", str(value))
