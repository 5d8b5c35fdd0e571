"""Actions of the Vodia PBX integration."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import voluptuous as vol

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
from homeassistant.util.json import JsonValueType

from . import validators
from .const import ATTR_CALL_ID, ATTR_MESSAGE, ATTR_NUMBER, DOMAIN
from .exceptions import action_error, invalid
from .hub.attributes import call_data, past_call_data
from .hub.call_errors import line_error
from .pbx.control.commands import Control
from .pbx.errors import NotConnectedError, PbxError
from .pbx.forwarding import ForwardingCondition
from .pbx.line import Line
from .pbx.models import CALL_STATES, AccountCall, CallState
from .target import (
    async_check_rights,
    async_controllable,
    has_target,
    only_loaded,
    pbx_of,
    target_line,
    target_lines,
    target_pbxs,
    unauthorized,
)
from .validators import as_call_id, as_number, as_said
from .voice.commands import ATTR_WHO, COMMANDS, SLOTS, async_command
from .voice.phones import NOT_ALLOWED, Requester, area_of

ATTR_ACCOUNT = "account"
ATTR_AFTER = "after"
ATTR_ENABLED = "enabled"
ATTR_EXPECTED_STATE = "expected_state"
ATTR_EXPIRES = "expires"
ATTR_ORBIT = "orbit"
ATTR_REASON = "reason"
ATTR_RECIPIENT = "recipient"
ATTR_SECOND_CALL_ID = "second_call_id"
ATTR_ASKED_AT = "asked_at"
ATTR_COMMAND = "command"
ATTR_LANGUAGE = "language"
ATTR_WHEN = "when"

# Characters of why a line does not want to be disturbed.
_REASON_LIMIT = 255
# Seconds that a line rings before its calls are sent on.
_RINGING_LIMIT = 300

_CALL: VolDictType = {
    vol.Optional(ATTR_CALL_ID): validators.call_id,
    vol.Optional(ATTR_EXPECTED_STATE): vol.All(
        vol.In(CALL_STATES), vol.Coerce(CallState)
    ),
}


@dataclass(frozen=True, slots=True)
class _Action:
    """An action: its fields, whether it responds, and what it does."""

    handler: Callable[[HomeAssistant, ServiceCall], Awaitable[ServiceResponse]]
    fields: VolDictType
    response: SupportsResponse = SupportsResponse.NONE


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, action in _ACTIONS.items():

        async def async_handle(
            call: ServiceCall, action: _Action = action
        ) -> ServiceResponse:
            """Carry out the action."""
            try:
                return await action.handler(hass, call)
            except PbxError as err:
                raise action_error(err) from err

        hass.services.async_register(
            DOMAIN,
            name,
            async_handle,
            schema=vol.Schema({**cv.TARGET_SERVICE_FIELDS, **action.fields}),
            supports_response=action.response,
        )


def _line_action(
    act: Callable[[Line, dict[str, Any]], Awaitable[AccountCall | None]],
    fields: VolDictType,
    response: SupportsResponse = SupportsResponse.NONE,
) -> _Action:
    """Return the action of one line, which responds with the call that it is about."""

    async def async_act(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
        """Do it at the line in the target."""
        line = target_line(hass, call.data)
        await async_check_rights(hass, call.context, [line])
        pbx = pbx_of(hass, line)
        try:
            found = await act(line, call.data)
        except PbxError as err:
            label = pbx.label(line.state.line)
            raise line_error(err, label, pbx.privacy) from err
        return {ATTR_ACCOUNT: line.state.line, **call_data(found)} if found else None

    return _Action(async_act, fields, response)


def _call_action(
    verb: Callable[
        [Control, str | None, CallState | None], Awaitable[AccountCall | None]
    ],
    response: SupportsResponse = SupportsResponse.NONE,
) -> _Action:
    """Return the action of a verb that needs nothing but a call of the line."""
    return _line_action(
        lambda line, data: verb(line.control, *_which_call(line, data)), _CALL, response
    )


def _which_call(
    line: Line, data: dict[str, Any]
) -> tuple[str | None, CallState | None]:
    """Return the id and the state of the call that is meant, as far as they are given."""
    return as_call_id(line, data.get(ATTR_CALL_ID)), data.get(ATTR_EXPECTED_STATE)


def _orbit(line: Line, data: dict[str, Any]) -> str | None:
    """Return the park orbit that is meant, if one is given."""
    orbit = data.get(ATTR_ORBIT)
    return None if orbit is None else as_number(line, orbit)


async def _async_transfer(line: Line, data: dict[str, Any]) -> None:
    """Send a call to a number, or to the other side of a second call."""
    number = data.get(ATTR_NUMBER)
    second = as_call_id(line, data.get(ATTR_SECOND_CALL_ID))
    which = _which_call(line, data)
    if number is not None and second is None:
        await line.control.transfer(as_number(line, number), *which)
    elif second is not None and number is None:
        await line.control.attended_transfer(second, *which)
    else:
        raise invalid(translation_key="transfer_target")


def _lines_action(
    act: Callable[[Line, dict[str, Any]], Awaitable[None]], fields: VolDictType
) -> _Action:
    """Return the action of lines: done with all that it can be, then an error counts."""

    async def async_act(hass: HomeAssistant, call: ServiceCall) -> None:
        """Do it at the lines in the target; raise the first error."""
        lines, errors = target_lines(hass, call.data)
        await async_check_rights(hass, call.context, lines)
        results = await asyncio.gather(
            *(act(line, call.data) for line in lines), return_exceptions=True
        )
        for error in (*results, *errors):
            if error is not None:
                raise error

    return _Action(async_act, fields)


async def _async_set_dnd(line: Line, data: dict[str, Any]) -> None:
    """Set do not disturb."""
    expires: timedelta | None = data.get(ATTR_EXPIRES)
    await line.control.set_dnd(
        data[ATTR_ENABLED],
        reason=data.get(ATTR_REASON),
        expires=None if expires is None else int(expires.total_seconds()),
    )


async def _async_set_forwarding(line: Line, data: dict[str, Any]) -> None:
    """Send calls of a line on, or not any more."""
    number, after = data.get(ATTR_NUMBER), data.get(ATTR_AFTER)
    condition: ForwardingCondition = data[ATTR_WHEN]
    if data[ATTR_ENABLED] is (number is None):
        raise invalid(translation_key="forwarding_number")
    if after is not None and (
        number is None or condition is not ForwardingCondition.NO_ANSWER
    ):
        raise invalid(translation_key="forwarding_after")
    await line.control.set_forwarding(
        condition, None if number is None else as_number(line, number), after=after
    )


async def _async_get_calls(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Return the calls of extensions, or of all extensions of a PBX.

    And the extensions of which the PBX does not list (all) calls. Of a PBX that is away
    no calls are known; only if no other is targeted there is no answer at all.
    """
    calls: list[JsonValueType] = []
    unknown: list[JsonValueType] = []
    errors: list[Exception] = []
    answered = False
    for part in target_pbxs(hass, call.data, also_not_loaded=True):
        if not (numbers := sorted(part.extensions)):
            continue
        try:
            client = part.client
        except (NotConnectedError, ServiceValidationError) as err:
            errors.append(err)
            unknown.extend(numbers)
            continue
        answered = True
        for number in numbers:
            extension = client.extension(number)
            calls.extend(
                {ATTR_ACCOUNT: number, **call_data(account_call)}
                for account_call in extension.calls
            )
            if not extension.complete:
                unknown.append(number)
    if not answered:
        raise errors[0] if errors else invalid(translation_key="nothing_targeted")
    return {"calls": calls, "unknown": unknown}


async def _async_get_call_history(
    hass: HomeAssistant, call: ServiceCall
) -> ServiceResponse:
    """Return the past calls of a line, the newest first."""
    past = await target_line(hass, call.data).history()
    return {"calls": [past_call_data(past_call) for past_call in past]}


async def _async_voice_command(
    hass: HomeAssistant, call: ServiceCall
) -> ServiceResponse:
    """Do what somebody said, and return what to answer.

    Whoever wrote the automation decides which phones it is about; a user who runs it has
    to be allowed to control them, as for any action.
    """
    only = None
    if has_target(call.data):
        parts, errors = only_loaded(target_pbxs(hass, call.data))
        only = frozenset(
            (part.coordinator, number) for part in parts for number in part.numbers
        )
        if not only:
            raise errors[0] if errors else invalid(translation_key="nothing_targeted")
    slots, asked_at = dict(call.data), call.data.get(ATTR_ASKED_AT)
    if (who := slots.get(ATTR_WHO)) is not None:
        slots[ATTR_WHO] = as_said(hass, who)
    requester = Requester(
        hass,
        None,
        area_of(hass, asked_at),
        only,
        controllable=await async_controllable(hass, call.context),
        aloud=bool(asked_at),
    )
    speech, refusal = await async_command(
        requester,
        COMMANDS[call.data[ATTR_COMMAND]],
        slots,
        call.data.get(ATTR_LANGUAGE),
    )
    if refusal and refusal.phrase.key == NOT_ALLOWED:
        raise unauthorized(call.context)
    return {"speech": speech, "done": refusal is None}


_ACTIONS = {
    "dial": _line_action(
        lambda line, data: line.control.dial(as_number(line, data[ATTR_NUMBER])),
        {vol.Required(ATTR_NUMBER): validators.number},
        SupportsResponse.OPTIONAL,
    ),
    "answer": _call_action(Control.answer, SupportsResponse.OPTIONAL),
    "reject": _call_action(Control.reject),
    "hang_up": _call_action(Control.hang_up),
    "hold": _call_action(Control.hold, SupportsResponse.OPTIONAL),
    "resume": _call_action(Control.resume, SupportsResponse.OPTIONAL),
    "transfer": _line_action(
        _async_transfer,
        {
            vol.Optional(ATTR_NUMBER): validators.number,
            vol.Optional(ATTR_SECOND_CALL_ID): validators.call_id,
            **_CALL,
        },
    ),
    "park": _line_action(
        lambda line, data: line.control.park(
            _orbit(line, data), *_which_call(line, data)
        ),
        {vol.Optional(ATTR_ORBIT): validators.number, **_CALL},
    ),
    "retrieve": _line_action(
        lambda line, data: line.control.retrieve(_orbit(line, data)),
        {vol.Optional(ATTR_ORBIT): validators.number},
        SupportsResponse.OPTIONAL,
    ),
    "start_recording": _call_action(Control.start_recording, SupportsResponse.OPTIONAL),
    "stop_recording": _call_action(Control.stop_recording, SupportsResponse.OPTIONAL),
    "send_message": _line_action(
        lambda line, data: line.control.send_message(
            as_number(line, data[ATTR_RECIPIENT]), data[ATTR_MESSAGE]
        ),
        {
            vol.Required(ATTR_RECIPIENT): validators.number,
            vol.Required(ATTR_MESSAGE): cv.string,
        },
    ),
    "set_call_forwarding": _lines_action(
        _async_set_forwarding,
        {
            vol.Required(ATTR_WHEN): vol.Coerce(ForwardingCondition),
            vol.Optional(ATTR_ENABLED, default=True): cv.boolean,
            vol.Optional(ATTR_NUMBER): validators.number,
            vol.Optional(ATTR_AFTER): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=_RINGING_LIMIT)
            ),
        },
    ),
    "set_dnd": _lines_action(
        _async_set_dnd,
        {
            vol.Required(ATTR_ENABLED): cv.boolean,
            vol.Optional(ATTR_REASON): vol.All(
                cv.string, vol.Length(max=_REASON_LIMIT)
            ),
            vol.Optional(ATTR_EXPIRES): cv.positive_time_period,
        },
    ),
    "get_calls": _Action(_async_get_calls, {}, SupportsResponse.ONLY),
    "get_call_history": _Action(_async_get_call_history, {}, SupportsResponse.ONLY),
    "voice_command": _Action(
        _async_voice_command,
        {
            vol.Required(ATTR_COMMAND): vol.In(list(COMMANDS)),
            vol.Optional(ATTR_ASKED_AT): vol.Maybe(cv.string),
            vol.Optional(ATTR_LANGUAGE): cv.string,
            **{vol.Optional(name): valid for name, valid in SLOTS.items()},
            vol.Optional(ATTR_WHO): validators.number,
        },
        SupportsResponse.ONLY,
    ),
}
