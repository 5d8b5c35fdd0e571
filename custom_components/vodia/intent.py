"""Intents: commands and questions for the telephones.

The sentences are the user's own files or automations.
"""

from typing import Any, Final, override

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent

from .pbx.numbering import is_digits
from .voice.commands import (
    ATTR_ORBIT,
    ATTR_PHONE,
    ATTR_WHO,
    COMMANDS,
    Command,
    async_command,
)
from .voice.phones import Requester, area_of

# Slots as they are recognized: each with its value, and perhaps the text that was said.
type _Slots = dict[str, Any]

# Errors that ask back, rather than say that a command failed.
_QUESTIONS_BACK: Final = frozenset(
    {
        *("no_duration", "no_name", "several_hidden", "unknown_name"),
        *("no_call_of", "which_name", "which_number", "which_orbit", "which_phone"),
    }
)


def _with_spoken_digits(slots: _Slots) -> _Slots:
    """Return slots with numbers as they were said: 045 is recognized as 45.

    Digits that are said one by one are recognized as digits, but not as which.
    """
    return {
        name: {**slot, "value": slot["text"].strip()}
        if name in (ATTR_ORBIT, ATTR_PHONE, ATTR_WHO)
        and (is_digits(str(slot.get("text", ""))) or slot["value"] == "")
        else slot
        for name, slot in slots.items()
    }


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
                _with_spoken_digits(intent_obj.slots)
            ).items()
        }
        requester = Requester(
            hass,
            intent_obj.assistant,
            slots.get("preferred_area_id")
            or area_of(hass, intent_obj.satellite_id)
            or area_of(hass, intent_obj.device_id),
            # A microphone in a browser has neither, nor has somebody who types there.
            aloud=bool(intent_obj.satellite_id or intent_obj.device_id),
        )
        speech, error = await async_command(
            requester, command, slots, intent_obj.language
        )
        response = intent_obj.create_response()
        if error:
            code = intent.IntentResponseErrorCode.FAILED_TO_HANDLE
            if error.phrase.key in _QUESTIONS_BACK:
                code = intent.IntentResponseErrorCode.NO_VALID_TARGETS
            response.async_set_error(code, speech)
            return response
        if command.is_question:
            response.response_type = intent.IntentResponseType.QUERY_ANSWER
        response.async_set_speech(speech)
        return response
