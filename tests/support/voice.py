"""Somebody who asks the telephones, in words or by a language model."""

from dataclasses import dataclass
from typing import Any, Final

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    intent,
    llm,
)
from simulator import Simulator

from .entry import Phones

ASSISTANT: Final = "conversation"


@dataclass(frozen=True, slots=True)
class Room:
    """Somebody who speaks in a room, or nowhere in particular."""

    hass: HomeAssistant
    device_id: str | None = None
    satellite_id: str | None = None

    async def say(self, text: str, language: str = "en") -> str:
        """Say something; return the answer."""
        answer = await self.ask(text, language)
        speech: str = answer.speech["plain"]["speech"]
        return speech

    async def ask(self, text: str, language: str = "en") -> intent.IntentResponse:
        """Say something; return all of the answer."""
        result = await conversation.async_converse(
            self.hass,
            text,
            None,
            Context(),
            language,
            device_id=self.device_id,
            satellite_id=self.satellite_id,
        )
        return result.response


def expose(phones: Phones, *accounts: str, key: str = "call") -> None:
    """Expose an entity of some accounts to the assistant, as a user does."""
    for account in accounts:
        entity_id = phones.id(account, key, "switch" if key == "dnd" else None)
        async_expose_entity(phones.hass, ASSISTANT, entity_id, True)


def hide(phones: Phones, account: str, key: str) -> None:
    """Take an entity away from the assistant."""
    entity_id = phones.id(account, key, "switch" if key == "dnd" else None)
    async_expose_entity(phones.hass, ASSISTANT, entity_id, False)


def satellite(hass: HomeAssistant, area: str | None) -> str:
    """Return the device of a voice satellite in an area."""
    entry = MockConfigEntry(domain="satellites")
    entry.add_to_hass(hass)
    devices = dr.async_get(hass)
    device = devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("satellites", str(area))}
    )
    devices.async_update_device(device.id, area_id=area)
    return device.id


def put(phones: Phones, account: str, area: str) -> str:
    """Put a phone into an area; return the id of the area."""
    area_id = ar.async_get(phones.hass).async_get_or_create(area).id
    device = phones.device(account)
    assert device
    dr.async_get(phones.hass).async_update_device(device.id, area_id=area_id)
    return area_id


async def choose(phones: Phones, **options: Any) -> None:
    """Set the options, and set up the entry anew."""
    hass, entry = phones.hass, phones.entry
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def dialed(pbx: Simulator) -> list[str]:
    """Return what was dialed."""
    return [call.called.number for call in pbx.engine.calls()]


def past(pbx: Simulator, caller: str, name: str, *, answer: bool) -> None:
    """Let somebody call, and hang up."""
    call_id = pbx.engine.ring(caller, "45", name=name)
    if answer:
        pbx.engine.answer(call_id, "45")
    pbx.engine.hang_up(call_id)


async def api(
    hass: HomeAssistant, language: str = "en", device_id: str | None = None
) -> llm.APIInstance:
    """Return the API as a model gets it."""
    context = llm.LLMContext("test", Context(), language, "conversation", device_id)
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)


async def use_tool(hass: HomeAssistant, name: str, **arguments: Any) -> dict[str, Any]:
    """Use a tool; return what it tells."""
    result = await call_tool(hass, name, **arguments)
    assert not result.error, result.data
    return result.data


async def call_tool(
    hass: HomeAssistant,
    name: str,
    *,
    language: str = "en",
    device_id: str | None = None,
    **arguments: Any,
) -> llm.ToolResult:
    """Call a tool as a model does; return the result."""
    instance = await api(hass, language, device_id)
    return await instance.async_call_tool(
        llm.ToolInput(f"{DOMAIN}__{name}", {**arguments})
    )
