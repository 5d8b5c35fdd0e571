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
    """Return what attributes and response data have in common for any call.

    What people look for comes first, here as in all that follows; the id goes last.
    """
    return {
        "remote_name": call.remote.name,
        "remote_number": call.remote.number,
        "direction": call.direction,
        "started": iso_time(call.started),
        "answered": iso_time(call.answered),
        "dialed_number": call.dialed_number,
        "scope": call.scope,
    }


def call_attributes(call: AccountCall, **others: Any) -> dict[str, Any]:
    """Return a present call as attributes, with others of the entity."""
    return {
        **common_attributes(call),
        "recording": call.recording,
        **others,
        "call_id": call.id,
    }


def event_attributes(event: CallEvent) -> dict[str, Any]:
    """Return a call event as attributes and variables of a trigger."""
    return {
        **common_attributes(event.call),
        "duration": None if event.duration is None else round(event.duration),
        "end_reason": event.end_reason,
        "backfilled": event.backfilled,
        "call_id": event.call.id,
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
        "call_id": call.id,
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
