"""Tools for language models, joined to Home Assistant's Assist API.

They see phones with entities that are exposed to the assistant, and no others.
"""

from datetime import timedelta
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.intent import is_blank_slot_value
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .hub.devices import entities_of
from .hub.options import Options
from .target import async_controllable
from .voice.assistant import async_list_phones, async_set_dnd, async_transfer
from .voice.commands import (
    ATTR_MISSED,
    ATTR_ORBIT,
    ATTR_PHONE,
    ATTR_WHO,
    COMMANDS,
    Handle,
    Slots,
    async_handle_call,
    command_for,
    recognized_text,
)
from .voice.past_calls import async_who_called
from .voice.phones import (
    CALL_GATE,
    DND_GATE,
    LAST_CALLER_GATE,
    ExposureGate,
    Requester,
    area_of,
)
from .voice.replies import Reply
from .voice.speech import SpokenError, async_say

_PROMPT: Final = (
    "For telephones and calls use the vodia tools. Call or transfer only when the user "
    "asks for it, and to nobody else than the user names; never make up a number. "
    "If a tool answers that several people fit, ask the user which one."
)

_PHONE: Final = vol.Optional(
    ATTR_PHONE,
    description="Name or number of the user's telephone to use. Only if the user names one.",
)
_ORBIT: Final = vol.Optional(
    ATTR_ORBIT, description="The number of the park orbit. Only if the user names one."
)
_TEXT: Final = vol.All(recognized_text, cv.string)
_WHO: Final = vol.Required(
    ATTR_WHO, description="The name of a person or group, an extension, or a number"
)
_MAX_HOURS: Final = 24 * 366

# Nothing changes, and nobody outside notices.
_READS: Final = ToolAnnotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)
# Reaches people outside, and may cost money; takes nothing away.
_REACHES: Final = ToolAnnotations(destructive=False, open_world=True)
# Ends somebody's call, or takes it away; there is nothing to end the second time.
_ENDS: Final = ToolAnnotations(destructive=True, open_world=True)
_SETS: Final = ToolAnnotations(destructive=False, idempotent=True, open_world=False)


async def _async_who_called(requester: Requester, arguments: Slots) -> Reply:
    """Say who called."""
    since = dt_util.utcnow() - timedelta(hours=arguments["hours"])
    return await async_who_called(
        requester, since, missed=arguments["missed"], phone=arguments.get(ATTR_PHONE)
    )


async def _async_set_dnd(requester: Requester, arguments: Slots) -> Reply:
    """Set do not disturb."""
    minutes = arguments.get("minutes")
    return await async_set_dnd(
        requester,
        arguments["enabled"],
        timedelta(minutes=minutes) if minutes and arguments["enabled"] else None,
        arguments.get(ATTR_PHONE),
    )


class VodiaTool(Tool):
    """A tool that answers in words and with data."""

    integration = DOMAIN

    def __init__(
        self,
        name: str,
        title: str,
        description: str,
        handle: Handle,
        *,
        parameters: dict[vol.Marker, Any],
        annotations: ToolAnnotations,
        gate: ExposureGate = CALL_GATE,
        for_lines: bool = True,
    ) -> None:
        """Describe a tool; the gate is the entity that has to be exposed, of a line."""
        self.name = f"{DOMAIN}__{name}"
        self.title = title
        self.description = description
        self.parameters = vol.Schema(parameters)
        self.annotations = annotations
        self.gate = gate
        self.for_lines = for_lines
        self._handle = handle

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Use the tool; answer in the language of the request."""
        area_id = area_of(hass, llm_context.device_id)
        aloud = bool(llm_context.device_id)
        context = llm_context.context or Context()
        requester = Requester(
            hass,
            llm_context.assistant,
            area_id,
            is_model=True,
            controllable=await async_controllable(hass, context),
            aloud=aloud,
        )
        # Models send what they leave open as null or as an empty text.
        given = {
            name: value
            for name, value in tool_input.tool_args.items()
            if not is_blank_slot_value(value)
        }
        try:
            try:
                arguments = self.parameters(given)
            except ServiceValidationError as err:
                # A number that is none in JSON has lost its plus and its zeros.
                raise SpokenError("cannot_call") from err
            reply = await self._handle(requester, arguments)
        except SpokenError as err:
            said = await async_say(hass, llm_context.language, err.phrase, aloud=aloud)
            return ToolResult(data={"error": said}, error=True)
        said = await async_say(hass, llm_context.language, *reply.phrases, aloud=aloud)
        return ToolResult(data={**reply.data, **({"speech": said} if said else {})})


TOOLS: Final = (
    VodiaTool(
        "list_phones",
        "List telephones and calls",
        "Lists the telephones with their state and their calls: who is ringing, calling "
        "or on the phone, with whom and since when. null means that it is not known.",
        lambda requester, arguments: async_list_phones(requester),
        parameters={},
        annotations=_READS,
        for_lines=False,
    ),
    VodiaTool(
        "who_called",
        "Who called",
        "Lists who called, the newest first, and whether the call was missed.",
        _async_who_called,
        parameters={
            vol.Optional(
                "hours", default=24, description="How many hours to look back"
            ): vol.All(vol.Coerce(float), vol.Range(min=0, max=_MAX_HOURS)),
            vol.Optional(
                "missed", default=False, description="Only calls that were missed"
            ): cv.boolean,
            _PHONE: _TEXT,
        },
        annotations=_READS,
        gate=LAST_CALLER_GATE,
    ),
    VodiaTool(
        "call",
        "Call somebody",
        "Calls a person, a group, an extension or a number: the user's telephone rings "
        "first. Reaches real people.",
        async_handle_call,
        parameters={_WHO: _TEXT, _PHONE: _TEXT},
        annotations=_REACHES,
    ),
    VodiaTool(
        "call_back",
        "Call back",
        "Calls back who called the user's telephone last, or whose call was missed last, "
        "or who of that name called. Reaches real people.",
        COMMANDS["call_back"].handle,
        parameters={
            vol.Optional(
                ATTR_WHO, description="Whom to call back. Only if the user names one."
            ): _TEXT,
            vol.Optional(
                ATTR_MISSED, default=False, description="Only if the call was missed"
            ): cv.boolean,
            _PHONE: _TEXT,
        },
        annotations=_REACHES,
    ),
    VodiaTool(
        "voicemail",
        "Voicemail",
        "Tells how many messages in the mailbox have not been heard, and who left the "
        "newest one.",
        COMMANDS["voicemail"].handle,
        parameters={_PHONE: _TEXT},
        annotations=_READS,
        gate=LAST_CALLER_GATE,
    ),
    VodiaTool(
        "answer",
        "Answer the call",
        "Answers the ringing call at the user's telephone.",
        command_for("answer"),
        parameters={_PHONE: _TEXT},
        annotations=_REACHES,
    ),
    VodiaTool(
        "decline",
        "Decline the call",
        "Declines the ringing call.",
        command_for("reject"),
        parameters={_PHONE: _TEXT},
        annotations=_ENDS,
    ),
    VodiaTool(
        "hang_up",
        "Hang up",
        "Ends the call that the user's telephone is in or makes.",
        command_for("hang_up"),
        parameters={_PHONE: _TEXT},
        annotations=_ENDS,
    ),
    VodiaTool(
        "transfer",
        "Transfer the call",
        "Sends the present or ringing call of the user's telephone to somebody else.",
        lambda requester, arguments: async_transfer(
            requester, arguments[ATTR_WHO], arguments.get(ATTR_PHONE)
        ),
        parameters={_WHO: _TEXT, _PHONE: _TEXT},
        annotations=_ENDS,
    ),
    VodiaTool(
        "park",
        "Park the call",
        "Parks the call of the user's telephone, so that any telephone can get it back.",
        COMMANDS["park"].handle,
        parameters={_ORBIT: _TEXT, _PHONE: _TEXT},
        annotations=_ENDS,
    ),
    VodiaTool(
        "retrieve",
        "Get a parked call back",
        "Gets a parked call back to the user's telephone.",
        COMMANDS["retrieve"].handle,
        parameters={_ORBIT: _TEXT, _PHONE: _TEXT},
        annotations=_REACHES,
    ),
    VodiaTool(
        "set_do_not_disturb",
        "Set do not disturb",
        "Switches do not disturb of the user's telephone on or off.",
        _async_set_dnd,
        parameters={
            vol.Required("enabled", description="On or off"): cv.boolean,
            vol.Optional(
                "minutes", description="For how long, if it is to end by itself"
            ): vol.All(vol.Coerce(float), vol.Range(min=0, max=_MAX_HOURS * 60)),
            _PHONE: _TEXT,
        },
        annotations=_SETS,
        gate=DND_GATE,
    ),
)


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools for what is exposed to the assistant.

    Home Assistant 2026.11 asks once for a conversation, so what changes in the meantime
    counts for nothing here, a lost link included; who may be asked about is decided when
    a tool is used.
    """
    if api_id != LLM_API_ASSIST:
        return None
    tools: list[Tool] = [
        tool for tool in TOOLS if _is_offered(hass, llm_context.assistant, tool)
    ]
    return LLMTools(tools, _PROMPT) if tools else None


def _is_offered(hass: HomeAssistant, assistant: str | None, tool: VodiaTool) -> bool:
    """Return whether a phone that the tool may be used for is exposed."""
    platform, key = tool.gate
    for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False):
        lines = Options.of(entry).logins
        for entity, account, entity_key in entities_of(hass, entry.entry_id):
            if (
                (entity.domain, entity_key) == (platform, key)
                and (account in lines or not tool.for_lines)
                and (
                    assistant is None
                    or async_should_expose(hass, assistant, entity.entity_id)
                )
            ):
                return True
    return False
