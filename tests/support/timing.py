"""Let a test have other seconds than the quick ones."""

from dataclasses import replace
from typing import Any

from custom_components.vodia.const import TIMING
from homeassistant.core import HomeAssistant
from rig.timing import QUICK_LINE_DATA


def set_timing(hass: HomeAssistant, **seconds: Any) -> None:
    """Let the clients that are made from now on have other seconds, or another clock."""
    hass.data[TIMING] = replace(hass.data[TIMING], **seconds)


def set_line_data_timing(hass: HomeAssistant, **seconds: Any) -> None:
    """Let what is read beside the link have other seconds than the quick ones."""
    set_timing(hass, line_data=replace(QUICK_LINE_DATA, **seconds))
