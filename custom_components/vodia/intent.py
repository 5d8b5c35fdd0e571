"""Intents: what can be said to the telephones.

The sentences are the user's own files or automations; here is what they mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
from homeassistant.util import dt as dt_util

from .pbx.numbering import is_digits
from .speech import Phrase, async_say
from .validators import number
from .voice import (
    ATTR_PHONE,
    ATTR_WHO,
    Handle,
    Refusal,
    Reply,
    Slots,
    Voice,
    area_of,
    async_call,
    doing,
)

# Slots as they are recognized: each with its value, and perhaps the text that was said.
type _Slots = dict[str, Any]

ATTR_CLOCK: Final = "clock"
ATTR_DAY: Final = "day"
ATTR_HOURS: Final = "hours"
ATTR_MINUTES: Final = "minutes"
ATTR_MISSED: Final = "missed"

TODAY: Final = "today"
YESTERDAY: Final = "yesterday"


def said(value: Any) -> str:
    """Return a name or number as text; a number that was recognized may be 41.0.

    Raises ServiceValidationError for one that may have lost zeros or its plus.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(number(value))


def _as_said(slots: _Slots) -> _Slots:
    """Return slots with numbers as they were said: 045 is recognized as 45."""
    return {
        name: {**slot, "value": slot["text"].strip()}
        if name in (ATTR_WHO, ATTR_PHONE) and is_digits(str(slot.get("text", "")))
        else slot
        for name, slot in slots.items()
    }


# What can be said beside; a number may be one in words, which nobody understands.
SLOTS: Final[Mapping[str, Any]] = {
    ATTR_CLOCK: vol.All(vol.Coerce(int), vol.Range(min=0, max=23)),
    ATTR_DAY: vol.In([TODAY, YESTERDAY]),
    ATTR_HOURS: vol.Any(vol.Coerce(float), str),
    ATTR_MINUTES: vol.Any(vol.Coerce(float), str),
    ATTR_MISSED: vol.Any(bool, str),
    ATTR_PHONE: said,
    ATTR_WHO: said,
}

# Questions that were not understood, rather than things that could not be done.
_ASKED_BACK: Final = frozenset(
    {
        *("no_duration", "no_name", "several_hidden", "unknown_name"),
        *("which_name", "which_number", "which_phone"),
    }
)


def _span(slots: Slots) -> timedelta | None:
    """Return how long; raises a Refusal for what is no number, as `a few` is none."""
    try:
        span = timedelta(
            hours=float(slots.get(ATTR_HOURS) or 0),
            minutes=float(slots.get(ATTR_MINUTES) or 0),
        )
    except ValueError, OverflowError:
        raise Refusal("no_duration") from None
    if span < timedelta(0):
        raise Refusal("no_duration")
    return span or None


def _since(slots: Slots) -> tuple[datetime | None, datetime | None]:
    """Return the span of time that is asked about."""
    now, today = dt_util.now(), dt_util.start_of_local_day()
    if slots.get(ATTR_DAY) == TODAY:
        return today, None
    if slots.get(ATTR_DAY) == YESTERDAY:
        return dt_util.start_of_local_day(now - timedelta(days=1)), today
    if (clock := slots.get(ATTR_CLOCK)) not in (None, ""):
        at = today.replace(hour=int(clock))
        return (at if at <= now else at - timedelta(days=1)), None
    span = _span(slots)
    # Not by the clock on the wall, which may have been set meanwhile.
    return (dt_util.utcnow() - span, None) if span else (None, None)


async def _async_who_is_calling(voice: Voice, slots: Slots) -> Reply:
    """Tell who is calling."""
    return voice.who_is_calling()


async def _async_who_called(voice: Voice, slots: Slots) -> Reply:
    """Tell who called."""
    missed = str(slots.get(ATTR_MISSED, "")).casefold() in ("true", "yes", "1")
    return await voice.who_called(
        *_since(slots), missed=missed, phone=slots.get(ATTR_PHONE)
    )


async def _async_is_on_the_phone(voice: Voice, slots: Slots) -> Reply:
    """Tell whether somebody is on the phone."""
    return voice.is_on_the_phone(slots.get(ATTR_WHO, ""))


async def _async_dnd_on(voice: Voice, slots: Slots) -> Reply:
    """Set do not disturb."""
    return await voice.set_dnd(True, _span(slots), slots.get(ATTR_PHONE))


async def _async_dnd_off(voice: Voice, slots: Slots) -> Reply:
    """Clear do not disturb."""
    return await voice.set_dnd(False, phone=slots.get(ATTR_PHONE))


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be said: its intent, what it does, and its slots."""

    intent_type: str
    description: str
    handle: Handle
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = (ATTR_PHONE,)
    is_question: bool = False

    @property
    def schema(self) -> dict[vol.Marker, Any]:
        """Return what its slots are."""
        return {
            **{vol.Required(name): SLOTS[name] for name in self.required},
            **{vol.Optional(name): SLOTS[name] for name in self.optional},
        }


COMMANDS: Final[Mapping[str, Command]] = {
    "call": Command(
        "VodiaCall",
        "Calls a person, an extension or a number",
        async_call,
        (ATTR_WHO,),
    ),
    "who_is_calling": Command(
        "VodiaWhoIsCalling",
        "Tells who is calling",
        _async_who_is_calling,
        optional=(),
        is_question=True,
    ),
    "who_called": Command(
        "VodiaWhoCalled",
        "Tells who called, or whose calls were missed",
        _async_who_called,
        optional=(
            *(ATTR_DAY, ATTR_CLOCK, ATTR_HOURS, ATTR_MINUTES, ATTR_MISSED, ATTR_PHONE),
        ),
        is_question=True,
    ),
    "is_on_the_phone": Command(
        "VodiaIsOnThePhone",
        "Tells whether somebody is on the phone",
        _async_is_on_the_phone,
        (ATTR_WHO,),
        optional=(),
        is_question=True,
    ),
    "answer": Command("VodiaAnswer", "Answers the ringing call", doing("answer")),
    "decline": Command("VodiaDecline", "Declines the ringing call", doing("reject")),
    "hang_up": Command("VodiaHangUp", "Ends the call", doing("hang_up")),
    "hold": Command("VodiaHold", "Puts the call on hold", doing("hold")),
    "resume": Command("VodiaResume", "Takes up the call on hold", doing("resume")),
    "do_not_disturb_on": Command(
        "VodiaDoNotDisturbOn",
        "Sets do not disturb, perhaps for a while",
        _async_dnd_on,
        optional=(ATTR_HOURS, ATTR_MINUTES, ATTR_PHONE),
    ),
    "do_not_disturb_off": Command(
        "VodiaDoNotDisturbOff", "Clears do not disturb", _async_dnd_off
    ),
}


async def async_command(
    voice: Voice, command: Command, slots: Slots, language: str | None
) -> tuple[str, Refusal | None]:
    """Carry out a command; return what to say, and why if it was not carried out."""
    phrases: tuple[Phrase, ...]
    refusal: Refusal | None = None
    try:
        phrases = (await command.handle(voice, slots)).phrases
    except Refusal as err:
        refusal, phrases = err, (err.phrase,)
    return await async_say(voice.hass, language, *phrases), refusal


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register the intents."""
    for command in COMMANDS.values():
        intent.async_register(hass, VodiaIntent(command))


class VodiaIntent(intent.IntentHandler):
    """Handle something that was said."""

    def __init__(self, command: Command) -> None:
        """Handle a command."""
        self._command = command
        self.intent_type = command.intent_type
        self.description = command.description

    @property
    @override
    def slot_schema(self) -> dict[vol.Marker, Any]:
        """Return what its slots are."""
        return self._command.schema

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        """Do it, and answer in the language of the request."""
        hass, command = intent_obj.hass, self._command
        slots = {
            name: slot["value"]
            for name, slot in self.async_validate_slots(
                _as_said(intent_obj.slots)
            ).items()
        }
        voice = Voice(
            hass,
            intent_obj.assistant,
            slots.get("preferred_area_id")
            or area_of(hass, intent_obj.satellite_id)
            or area_of(hass, intent_obj.device_id),
        )
        speech, refusal = await async_command(
            voice, command, slots, intent_obj.language
        )
        response = intent_obj.create_response()
        if refusal:
            code = intent.IntentResponseErrorCode.FAILED_TO_HANDLE
            if refusal.phrase.key in _ASKED_BACK:
                code = intent.IntentResponseErrorCode.NO_VALID_TARGETS
            response.async_set_error(code, speech)
            return response
        if command.is_question:
            response.response_type = intent.IntentResponseType.QUERY_ANSWER
        response.async_set_speech(speech)
        return response
