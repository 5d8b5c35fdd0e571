"""Actions of the integration, as an automation runs them."""

from typing import Any

import pytest

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError


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
