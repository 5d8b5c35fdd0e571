"""Logbook lines of the Vodia PBX integration: whom each phone talked with, or missed.

The language is that of Home Assistant: the logbook is described for all users at once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_cached_translations

from .const import (
    ATTR_ANSWERED_BY,
    ATTR_GROUP,
    ATTR_SECONDS,
    ATTR_TOLD,
    ATTR_UNNAMED,
    ATTR_WHO,
    DOMAIN,
    EVENT_CALL_OVER,
)
from .hub.devices import account_name, account_of

_ICONS = {
    "called": "mdi:phone-outgoing",
    "declined": "mdi:phone-cancel",
    "elsewhere": "mdi:phone-incoming",
    "missed": "mdi:phone-missed",
    "no_answer": "mdi:phone-outgoing",
    "rang": "mdi:phone-incoming",
    "talked": "mdi:phone-incoming",
    "transferred": "mdi:phone-forward",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[LazyEventPartialState], dict[str, Any]]], None
    ],
) -> None:
    """Tell the logbook how to describe a call that is over."""

    @callback
    def async_describe_call(event: LazyEventPartialState) -> dict[str, Any]:
        """Return the line of a call."""
        data = event.data
        device = dr.async_get(hass).async_get(data.get(ATTR_DEVICE_ID, ""))
        name = device and (device.name_by_user or _name_of_account(device))
        # They are there since the integration was set up, and for a new language before
        # anybody sees it; the logbook asks from a thread of its own.
        texts = async_get_cached_translations(
            hass, hass.config.language, "common", DOMAIN
        )
        return {
            LOGBOOK_ENTRY_NAME: name or "Vodia PBX",
            LOGBOOK_ENTRY_MESSAGE: _message(texts, data),
            LOGBOOK_ENTRY_ICON: _ICONS.get(data.get(ATTR_TOLD, ""), "mdi:phone"),
            LOGBOOK_ENTRY_ENTITY_ID: data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_CALL_OVER, async_describe_call)


def _name_of_account(device: dr.AnyDeviceEntry) -> str | None:
    """Return the name of the account of a device, without its number."""
    number = account_of(device.config_entry_id, device)
    return account_name(number, device.name) if number else device.name


def _message(texts: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """Return what happened to a call, in words that go on after the name of the phone."""

    def text(key: str, fallback: str) -> str:
        """Return one of our texts."""
        return texts.get(f"component.{DOMAIN}.common.{key}", fallback)

    def party(case: str) -> str:
        """Return the other side, in the case of one who calls, or is talked with."""
        unnamed = data.get(ATTR_UNNAMED, "unknown")
        who: str = data.get(ATTR_WHO) or text(f"part_{unnamed}{case}", "?")
        if group := data.get(ATTR_GROUP):
            who = text("log_for_group", "{who}").format(who=who, group=group)
        return who

    key, seconds, by = (
        data.get(ATTR_TOLD),
        data.get(ATTR_SECONDS),
        data.get(ATTR_ANSWERED_BY),
    )
    if seconds is not None:
        key = f"{key}_timed"
    elif by:
        key = f"{key}_by"
    return text(f"log_{key}", "{who}").format(
        who=party(""), to_whom=party("_to"), duration=_duration(seconds or 0), by=by
    )


def _duration(seconds: int) -> str:
    """Return how long a call was, with units that are the same in all our languages."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
