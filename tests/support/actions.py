"""Actions of the integration, as an automation runs them, and buttons as users do."""

from collections.abc import Awaitable, Callable
from string import Formatter
from typing import Any, NamedTuple

import pytest

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.pbx.control import executor
from custom_components.vodia.pbx.control.executor import probe_rest_calls
from custom_components.vodia.pbx.control.port import CommandPort
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from .entry import Phones


class Texts(NamedTuple):
    """A text as it is read in English and in German."""

    english: str
    german: str


async def call_action(
    hass: HomeAssistant, name: str, *, target: Any = None, **data: Any
) -> dict[str, Any] | None:
    """Run an action as an automation does; return its response, if it has one."""
    response: dict[str, Any] | None = await hass.services.async_call(
        DOMAIN,
        name,
        data,
        target=target,
        blocking=True,
        return_response=hass.services.supports_response(DOMAIN, name)
        is not SupportsResponse.NONE,
    )
    return response


async def expect_error(
    hass: HomeAssistant,
    key: str,
    name: str,
    *,
    error: type[HomeAssistantError] = ServiceValidationError,
    target: Any = None,
    **data: Any,
) -> None:
    """Expect an action to fail with a translated error."""
    with pytest.raises(error) as raised:
        await call_action(hass, name, target=target, **data)
    assert type(raised.value) is error
    assert raised.value.translation_key == key
    assert raised.value.translation_domain == DOMAIN
    assert str(raised.value) not in ("", key)


async def expect_texts(
    hass: HomeAssistant, english: str, german: str, name: str, **data: Any
) -> None:
    """Expect an action to fail with these texts."""
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, name, **data)
    assert await texts_of(hass, raised.value) == (english, german)


async def press(phones: Phones, key: str, account: str = "45") -> None:
    """Press a button of a line."""
    entity_id = phones.id(account, key, Platform.BUTTON)
    await phones.hass.services.async_call(
        Platform.BUTTON, "press", {"entity_id": entity_id}, blocking=True
    )


async def shown(
    hass: HomeAssistant, error: HomeAssistantError, language: str = "en"
) -> str:
    """Return an error as a user reads it; its text has room for just what is filled in."""
    assert error.translation_domain == DOMAIN
    texts = await async_get_translations(hass, language, "exceptions", {DOMAIN})
    text = texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
    given = error.translation_placeholders or {}
    assert {name for _, name, _, _ in Formatter().parse(text) if name} == given.keys()
    return text.format(**given)


async def texts_of(hass: HomeAssistant, error: HomeAssistantError) -> Texts:
    """Return an error as it is read in English and in German."""
    return Texts(await shown(hass, error), await shown(hass, error, "de"))


def ask_slowly(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[Any]]
) -> None:
    """Let something happen while the PBX is asked whether it serves REST."""

    async def slowly(port: CommandPort) -> None:
        """Ask, and let it happen."""
        await probe_rest_calls(port)
        await meanwhile()

    monkeypatch.setattr(executor, "probe_rest_calls", slowly)
