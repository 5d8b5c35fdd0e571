"""The settings of an extension, of which we take a few names and drop all others.

Among those others are hashes of passwords (`sip_hist`, `web_hist`): no reply with settings
is kept, recorded or sampled.
"""

from collections.abc import Mapping
from typing import Final

from ..forwarding import CallForwarding, Forward, ForwardingCondition
from .fields import (
    NUMBER_LIMIT,
    FrameError,
    JsonObject,
    Reading,
    boolean,
    one_line,
    string,
)

# The last word of each path of settings.
SETTINGS: Final = "user_settings"
# Those of the session itself: the classic way.
OWN_SETTINGS: Final = f"/rest/domain/self/account/self/{SETTINGS}"
# The names are those of Vodia's portal and of the 70.3 catalogue; an empty one is off.
_FORWARDS: Final = {
    ForwardingCondition.ALWAYS: "cfa",
    ForwardingCondition.BUSY: "cfb",
    ForwardingCondition.NO_ANSWER: "cfn",
}
_NO_ANSWER_AFTER: Final = "cfn_timeout"
# Digits of so many seconds.
_SECONDS_DIGITS: Final = 4


def settings_path(tenant: str, extension: str) -> str:
    """Return the path of the settings of an extension: the modern way."""
    return f"/rest/domain/{tenant}/{SETTINGS}/{extension}"


def login_path(tenant: str, extension: str) -> str:
    """Return the path of the logins of an extension as an agent of queues."""
    return f"/rest/domain/{tenant}/account/{extension}/acd_login"


def forwarding_settings(
    condition: ForwardingCondition, number: str | None, after: int | None = None
) -> dict[str, str]:
    """Return the settings that send calls on; without a number they are not.

    `after` are the seconds that it rings before.
    """
    settings = {_FORWARDS[condition]: number or ""}
    return settings if after is None else settings | {_NO_ANSWER_AFTER: str(after)}


def decode_forwarding(reply: object, reading: Reading) -> CallForwarding | None:
    """Return what settings tell of call forwarding; None if that is nothing at all.

    They are values by name, or objects with a `value` by name under `settings` (classic).
    Raises FrameError for another shape.
    """
    settings = _settings(reply)
    if settings.keys().isdisjoint(_FORWARDS.values()):
        return None
    seconds = (string(settings, _NO_ANSWER_AFTER, reading) or "").strip()
    known = seconds.isdecimal() and len(seconds) <= _SECONDS_DIGITS
    always, busy, no_answer = (
        _forward(settings, _FORWARDS[condition], reading)
        for condition in ForwardingCondition
    )
    return CallForwarding(always, busy, no_answer, int(seconds) if known else None)


def decode_login(reply: object, reading: Reading) -> bool | None:
    """Return whether an agent is logged in to a queue: a word, or one under `login`.

    Raises FrameError for another shape.
    """
    if isinstance(reply, list) or reply is None:
        raise FrameError("acd_login is not a word")
    told = reply if isinstance(reply, dict) else {"login": reply}
    if "login" not in told:
        raise FrameError("acd_login has no login")
    return boolean(told, "login", reading)


def _settings(reply: object) -> JsonObject:
    """Return the values of our names."""
    rows = reply.get("settings", reply) if isinstance(reply, dict) else None
    if isinstance(rows, list):
        rows = {
            name: row
            for row in rows
            if isinstance(row, dict) and isinstance(name := row.get("name"), str)
        }
    if not isinstance(rows, Mapping):
        raise FrameError("user_settings is not an object")
    return {
        key: value.get("value") if isinstance(value := rows[key], dict) else value
        for key in (*_FORWARDS.values(), _NO_ANSWER_AFTER)
        if key in rows
    }


def _forward(settings: JsonObject, key: str, reading: Reading) -> Forward:
    """Return where calls are sent on; what is not told is not known."""
    told = string(settings, key, reading)
    if told is None:
        return Forward()
    number = one_line(told, NUMBER_LIMIT)
    return Forward(bool(number), number or None)
