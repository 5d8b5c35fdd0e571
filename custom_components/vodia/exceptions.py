"""Errors of the PBX as translated ones, and their texts."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
    HomeAssistantError,
    IntegrationError,
    ServiceValidationError,
)
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .pbx.errors import (
    ForwardsToItselfError,
    HeldElsewhereError,
    InvalidMessageError,
    InvalidNumberError,
    LoginRefusedError,
    NoDndOptionsError,
    OrbitError,
    PbxError,
    SecondFactorError,
)

_USER_ERRORS = (
    ForwardsToItselfError,
    HeldElsewhereError,
    InvalidMessageError,
    InvalidNumberError,
    NoDndOptionsError,
    OrbitError,
)


def invalid(*, translation_key: str, **placeholders: str) -> ServiceValidationError:
    """Return the translated error for an action or an automation that cannot be meant."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders=placeholders or None,
    )


def translated[ErrorT: HomeAssistantError](
    error: PbxError, cls: type[ErrorT]
) -> ErrorT:
    """Return a translated error of the class for an error of the PBX."""
    return cls(
        translation_domain=DOMAIN,
        translation_key=error.key,
        translation_placeholders=error.placeholders or None,
    )


def action_error(error: PbxError) -> HomeAssistantError:
    """Return what an action raises for an error of the PBX."""
    user_error = isinstance(error, _USER_ERRORS)
    return translated(
        error, ServiceValidationError if user_error else HomeAssistantError
    )


def setup_error(error: PbxError) -> IntegrationError:
    """Return what a setup raises: a password that is right is not asked for again.

    Nor is it sent again where each try may send a code to somebody.
    """
    if isinstance(error, SecondFactorError):
        return translated(error, ConfigEntryError)
    if isinstance(error, LoginRefusedError):
        return translated(error, ConfigEntryAuthFailed)
    return translated(error, ConfigEntryNotReady)


async def async_error_texts(hass: HomeAssistant, language: str) -> dict[str, str]:
    """Return the texts of all errors by their keys, English where a language lacks them.

    There is room in them for the placeholders of the error.
    """
    texts = await async_get_translations(hass, language, "exceptions", {DOMAIN})
    begin, end = f"component.{DOMAIN}.exceptions.", ".message"
    return {
        key.removeprefix(begin).removesuffix(end): text for key, text in texts.items()
    }
