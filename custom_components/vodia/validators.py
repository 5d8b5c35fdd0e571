"""Validate telephone numbers and call ids of automations.

YAML and templates make numbers of what looks like one: 030123456 becomes 6334254, and
+4930123456 loses its plus. Nobody can know then what was written.
"""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .const import DOMAIN
from .coordinator import VodiaConfigEntry
from .exceptions import invalid
from .pbx.line import Line
from .pbx.numbering import EXTENSION_DIGITS
from .pbx.wire.fields import one_line


def number(value: Any) -> str | int:
    """Return a telephone number as text; what may be an extension may be an integer.

    Raises ServiceValidationError for any other number, for it is not what was written.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 < value < 10 ** (EXTENSION_DIGITS - 1):
            return value
        raise _not_as_written(value)
    if isinstance(value, float | bool):
        raise _not_as_written(value)
    return str(cv.string(value))


def number_filter(value: Any) -> str:
    """Return a telephone number to compare with.

    Raises ServiceValidationError for an integer as well: 0110 in YAML is 72, and which
    accounts there are is not known when an automation is read.
    """
    if isinstance(value, int | float):
        raise _not_as_written(value)
    return str(cv.string(value))


def call_id(value: Any) -> str | int | float:
    """Return the id of a call; many look like numbers, and come as such."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return str(cv.string(value))


def as_number(line: Line, value: str | int) -> str:
    """Return what is to be dialed from a line; an integer has to be an account.

    Raises ServiceValidationError.
    """
    text = str(value)
    if isinstance(value, int) and text not in line.listed_accounts:
        raise _not_as_written(value)
    return text


def as_said(hass: HomeAssistant, value: str | int) -> str:
    """Return who is to be called from any line; an integer has to be an account.

    Raises ServiceValidationError.
    """
    entries: list[VodiaConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    text = str(value)
    if isinstance(value, int) and not any(
        text in entry.runtime_data.client.tenant.listed_accounts for entry in entries
    ):
        raise _not_as_written(value)
    return text


def as_call_id(line: Line, value: str | float | None) -> str | None:
    """Return the id of a call of the line; a number may have lost its last zeros."""
    if value is None or isinstance(value, str):
        return value
    alike = [call.id for call in line.calls if _value(call.id) == value]
    return alike[0] if len(alike) == 1 else str(value)


def _value(text: str) -> float | None:
    """Return the number that a template makes of a text."""
    try:
        return float(text)
    except ValueError:
        return None


def _not_as_written(value: float) -> ServiceValidationError:
    """Return the error for a number that may have lost zeros or its plus."""
    return invalid(translation_key="number_not_as_written", number=one_line(str(value)))
