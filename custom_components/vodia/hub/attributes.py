"""Calls as attributes of entities, variables of triggers and response data."""

from typing import Any

from homeassistant.util import dt as dt_util

from ..pbx.forwarding import CallForwarding
from ..pbx.models import AccountCall, CallEvent, PastCall
from .privacy import Privacy

# Who calls whom does not go into the database.
CALL_ATTRIBUTES = frozenset(
    {
        *("call_id", "direction", "scope", "remote_number", "remote_name"),
        *("dialed_number", "started", "answered"),
    }
)

FORWARDING_ATTRIBUTES = frozenset({"always", "busy", "no_answer", "no_answer_after"})


def iso_time(timestamp: float | None) -> str | None:
    """Return a time in ISO form."""
    if timestamp is None:
        return None
    return dt_util.utc_from_timestamp(timestamp).isoformat()


def common_attributes(call: AccountCall | PastCall) -> dict[str, Any]:
    """Return what attributes and response data have in common for any call."""
    return {
        "call_id": call.id,
        "direction": call.direction,
        "scope": call.scope,
        "remote_number": call.remote.number,
        "remote_name": call.remote.name,
        "dialed_number": call.dialed_number,
        "started": iso_time(call.started),
        "answered": iso_time(call.answered),
    }


def call_attributes(call: AccountCall) -> dict[str, Any]:
    """Return a present call as attributes."""
    return {**common_attributes(call), "recording": call.recording}


def event_attributes(event: CallEvent) -> dict[str, Any]:
    """Return a call event as attributes and variables of a trigger."""
    return {
        **common_attributes(event.call),
        "duration": None if event.duration is None else round(event.duration),
        "end_reason": event.end_reason,
        "backfilled": event.backfilled,
    }


def call_data(call: AccountCall, privacy: Privacy | None = None) -> dict[str, Any]:
    """Return a present call as response data; redacted with privacy."""
    shown = privacy.redact_call(call) if privacy else call
    return {"state": call.state, **call_attributes(shown)}


def past_call_data(call: PastCall) -> dict[str, Any]:
    """Return a past call as response data."""
    return {
        **common_attributes(call),
        "ended": iso_time(call.ended),
        "duration": call.duration,
        "end_reason": call.end_reason,
    }


def forwarding_attributes(forwarding: CallForwarding | None) -> dict[str, Any]:
    """Return where calls are sent on, and after how many seconds of ringing."""
    told = forwarding or CallForwarding()
    return {
        "always": told.always.number,
        "busy": told.busy.number,
        "no_answer": told.no_answer.number,
        "no_answer_after": told.no_answer_after,
    }
