"""Replies: answers as sentences and as data, and spoken errors."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass, field
from typing import Any, Final

from ..coordinator import VodiaCoordinator
from ..hub.attributes import call_data
from ..pbx.errors import (
    HeldElsewhereError,
    InvalidNumberError,
    NotConfirmedError,
    NotConnectedError,
    PbxError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from ..pbx.models import IN_CALL, AccountCall, CallState, EndReason, Party, PastCall
from .phones import Phone
from .speech import Phrase, SpokenError, SpokenParty, Word

# Errors that are worded for the screen, and how they are said.
_SPOKEN: Final[Mapping[type[PbxError], str]] = {
    HeldElsewhereError: "held_elsewhere",
    InvalidNumberError: "cannot_call",
    NotConfirmedError: "not_confirmed",
    NotConnectedError: "not_connected",
    SeveralCallsError: "several_calls",
    UnexpectedStateError: "call_gone",
    UnknownCallError: "call_gone",
}


# Calls that are said one by one.
MAX_SPOKEN: Final = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: sentences to say, and data."""

    phrases: tuple[Phrase, ...]
    data: dict[str, Any] = field(default_factory=dict)


def spoken_error(err: PbxError) -> SpokenError:
    """Return how an error of the PBX is said."""
    if key := _SPOKEN.get(type(err)):
        return SpokenError(key)
    return SpokenError(err.key, is_error=True, **err.placeholders)


# Sentences


def spoken_party(coordinator: VodiaCoordinator, party: Party) -> SpokenParty:
    """Return a redacted party as a sentence names it."""
    return SpokenParty(
        party.name,
        party.number,
        hidden=coordinator.privacy.on,
        withheld=party.withheld,
    )


def known_party(coordinator: VodiaCoordinator, party: Party) -> SpokenParty:
    """Return a party as a sentence names it; its account names one without a name."""
    name = party.name
    if account := coordinator.account(party.number or ""):
        name = name or account.name
    shown = coordinator.privacy.redact_party(party.number, name)
    return spoken_party(coordinator, replace(shown, withheld=party.withheld))


def is_calling(phone: Phone, call: AccountCall) -> Phrase:
    """Return the sentence that says who calls."""
    who = spoken_party(phone.coordinator, call.remote)
    if phone.is_own:
        return Phrase("is_calling", {"who": who})
    return Phrase("is_calling_phone", {"who": who, "phone": phone.label})


def called(line: Phone, call: PastCall) -> Phrase:
    """Return the sentence that says who called."""
    coordinator = line.coordinator
    party = coordinator.privacy.redact_remote(call)
    words: dict[str, Word] = {"who": spoken_party(coordinator, party)}
    key = "missed" if call.end_reason is EndReason.MISSED else "called"
    if (began := line.began(call)) is None:
        return Phrase(f"{key}_once", words)
    return Phrase(key, {**words, "when": began})


def on_the_phone(phone: Phone) -> Reply:
    """Return whether somebody is on the phone, and with whom."""
    extension, name = phone.extension, phone.label
    data = {"phone": name, "in_call": extension.in_call}
    if not extension.present or extension.in_call is None:
        return Reply((Phrase("unknown_whether", {"name": name}),), data)
    call = extension.call
    if not extension.in_call:
        key = {
            CallState.RINGING: "no_but_rings",
            CallState.DIALING: "no_but_dials",
        }.get(extension.call_state or CallState.IDLE, "is_free")
        return Reply((Phrase(key, {"name": name}),), data)
    if call is None or call.state not in IN_CALL:
        return Reply((Phrase("is_talking", {"name": name}),), data)
    party = known_party(phone.coordinator, call.remote)
    return Reply(
        (Phrase("is_talking_to", {"name": name, "to_whom": party}),),
        {**data, "call": phone_call_data(phone, call)},
    )


# Data


def phone_call_data(phone: Phone, call: AccountCall) -> dict[str, Any]:
    """Return a call of a phone, redacted."""
    return {"phone": phone.label, **call_data(call, phone.coordinator.privacy)}


def past_call_data(line: Phone, call: PastCall) -> dict[str, Any]:
    """Return a past call of a line, redacted."""
    party, began = line.coordinator.privacy.redact_remote(call), line.began(call)
    return {
        "name": party.name,
        "number": party.number,
        "started": began and began.isoformat(),
        "end_reason": call.end_reason,
        "duration": call.duration,
    }


def phone_state_data(phone: Phone) -> dict[str, Any]:
    """Return the state of a phone and its calls; null means not known."""
    if not phone.coordinator.connected:
        return {"state": None, "calls": None}
    extension = phone.extension
    calls = [phone_call_data(phone, call) for call in extension.calls]
    return {
        "state": extension.call_state,
        "calls": calls if calls or extension.complete else None,
    }
