"""Turn the errors of the PBX library into translated ones."""

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .pbx.errors import (
    HeldElsewhereError,
    InvalidNumberError,
    NoFittingCallError,
    OrbitError,
    PbxError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)

_USER_ERRORS = (
    HeldElsewhereError,
    InvalidNumberError,
    NoFittingCallError,
    OrbitError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
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
