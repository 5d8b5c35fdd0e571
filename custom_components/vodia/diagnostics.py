"""Diagnostics of the Vodia PBX integration: how this PBX speaks, without what it says.

Nobody may learn from it who calls whom, but everybody which words and shapes the PBX
uses: letters become x, digits 0. Numbers of extensions and groups stay, to tell the
calls apart.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
import re
from typing import Any, Final

import orjson

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import CONF_LOGIN_USER, CONF_READ_ONLY_FLAGS, CONF_TENANT, CONF_TENANT_NAMES
from .coordinator import VodiaConfigEntry, account_of
from .pbx.assumptions import Assumption
from .pbx.ledger import Recorded
from .pbx.models import SERVICE_FLAG

_TO_REDACT: Final = {
    *(CONF_HOST, CONF_LOGIN_USER, CONF_PASSWORD, CONF_READ_ONLY_FLAGS, CONF_TENANT),
    CONF_TENANT_NAMES,
}
# Fields whose words are the protocol's own.
_WORDS: Final = frozenset(
    {
        *("action", "type", "state", "callstate", "registered", "dnd", "chatstatus"),
        *("rec", "startstop", "subscribe", "connected", "usertype", "mode", "isnew"),
        # Our own words.
        *("call_state", "direction", "scope", "raw_state"),
    }
)
# Levels of a frame that are shown; none that we know has as many.
_DEPTH: Final = 10
_WORD: Final = re.compile(r"[a-z-]{0,20}")
_KEY: Final = re.compile(r"[a-z_-][a-z0-9_-]{0,39}")
_TOKEN: Final = re.compile(r"\bsips?(?=:)|\btel(?=:)|\buser=phone\b|\w+")
_PROTOCOL: Final = frozenset({"sip", "sips", "tel", "user=phone"})


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
    session, state, ledger = client.session, client.state, client.ledger
    mask = _Mask(frozenset(state.accounts))
    return {
        "entry_data": async_redact_data(dict(entry.data), _TO_REDACT),
        "options": dict(entry.options),
        "pbx": {
            "server": session.server_name,
            "websocket_path": session.websocket_path,
            "login_method": session.way and session.way.method,
            "calls_told": state.scope,
            **client.dialect(),
        },
        "connected": client.connected,
        "totals": state.totals._asdict(),
        "extensions": {
            "known": len(state.extensions),
            "absent": sum(not ext.present for ext in state.extensions.values()),
            "states": Counter(str(ext.call_state) for ext in state.extensions.values()),
        },
        "groups": Counter(
            group.type if group.present else "absent" for group in state.groups.values()
        ),
        "offered": [
            {
                **line.side.offered,
                "flags": len(line.side.values.service_flags or ()),
                "names": len(line.side.values.address_book or ()),
            }
            for line in entry.runtime_data.lines.values()
        ],
        "frames": ledger.frames,
        "dropped": dict(ledger.dropped),
        "assumptions": {
            assumption: {
                "met": ledger.met[assumption],
                "broken": ledger.broken[assumption],
            }
            for assumption in Assumption
        },
        "commands": dict(ledger.commands),
        "unknown_actions": mask.counts(ledger.unknown_actions),
        "unknown_fields": mask.counts(ledger.unknown_fields),
        "unknown_call_states": mask.counts(ledger.unknown_states),
        "samples": {
            mask.key(kind): [mask.value(value) for value in values]
            for kind, values in ledger.samples.items()
        },
        "last_frames": [mask.recorded(recorded) for recorded in ledger.last],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: VodiaConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return diagnostics for a device: of an account's only what concerns it."""
    number = account_of(entry.entry_id, device)
    if entry.state is not ConfigEntryState.LOADED or number is None:
        return await async_get_config_entry_diagnostics(hass, entry)
    coordinator = entry.runtime_data
    client, mask = coordinator.client, _Mask(frozenset({number}))
    account = coordinator.account(number) or coordinator.flags.get(number)
    line = coordinator.lines.get(number)
    return {
        "connected": client.connected,
        "calls_told": client.state.scope,
        "number": number,
        "type": getattr(account, "type", SERVICE_FLAG) if account else None,
        "listed": coordinator.is_present(number),
        "account": account and mask.value(_plain(account)),
        "line": line
        and {
            "connected": line.connected,
            "offered": line.side.offered,
            "commands": dict(line.ledger.commands),
        },
        "last_frames": [
            mask.recorded(about)
            for recorded in (line or client).ledger.last
            if (about := _about(recorded, number))
        ],
    }


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
    try:
        found = _pick(orjson.loads(recorded.text), number)
    except orjson.JSONDecodeError:
        return None
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
    return number in _TOKEN.findall(str(value))


class _Mask:
    """Hide what the texts of the wire tell about people; keep their shape."""

    def __init__(self, accounts: frozenset[str]) -> None:
        """Leave the numbers of the accounts as they are."""
        self._accounts = accounts
        self._ids: dict[str, str] = {}

    def recorded(self, recorded: Recorded) -> dict[str, Any]:
        """Return a recorded text."""
        try:
            shown = self.value(orjson.loads(recorded.text)) if recorded.text else None
        except orjson.JSONDecodeError:
            shown = self.text(recorded.text.decode(errors="replace"))
        return {
            "time": datetime.fromtimestamp(recorded.time, UTC).isoformat(),
            "source": self.source(recorded.source),
            "size": recorded.size,
            "text": shown,
        }

    def source(self, source: str) -> str:
        """Return where a text comes from, the tenant in its path hidden."""
        return re.sub(r"@[^/ ]+|(?<=/domain/)(?!self/)[^/ ]+", "@tenant", source)

    def counts(self, counter: Counter[str]) -> dict[str, int]:
        """Return words of the PBX with their counts."""
        return {self.key(key): number for key, number in counter.items()}

    def key(self, key: str) -> str:
        """Return the name of a field, unless it is a value in disguise."""
        parts = re.split(r"([.:,])", key)
        return "".join(
            part
            if not part or part in ".:," or _KEY.fullmatch(part)
            else self.text(part)
            for part in parts
        )

    def value(self, value: Any, key: str = "", depth: int = _DEPTH) -> Any:
        """Return a value of a frame."""
        match value:
            case Mapping() | list() if not depth:
                return "..."
            case Mapping():
                return {
                    self.key(k): self.value(v, k, depth - 1) for k, v in value.items()
                }
            case list():
                return [self.value(item, key, depth - 1) for item in value]
            case str() if key in _WORDS and _WORD.fullmatch(value):
                return value
            case str() | int() if key in ("id", "callid", "id2") and value:
                return self._ids.setdefault(str(value), f"id-{len(self._ids) + 1}")
            case str():
                return self.text(value)
            case int() | float() if not isinstance(value, bool) and abs(value) > 99999:
                return int("9" * len(str(abs(int(value)))))
        return value

    def text(self, text: str) -> str:
        """Return a text in its shape only."""
        return _TOKEN.sub(self._token, text)

    def _token(self, match: re.Match[str]) -> str:
        """Return a word of a text in its shape only."""
        token = match[0]
        if token in self._accounts or token in _PROTOCOL:
            return token
        return "".join("0" if char.isdigit() else "x" for char in token)
