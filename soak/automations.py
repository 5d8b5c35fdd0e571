"""What users build: triggers that fire, and conditions that are asked."""

from collections.abc import Iterator, Mapping
import logging
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.condition import (
    ConditionChecker,
    async_from_config,
    async_validate_condition_config,
)
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)

from .event_log import EventLog
from .office import LINE, REGULAR
from .shown import Shown

_LOGGER = logging.getLogger(__name__)
_KINDS = ("ringing", "dialing", "answered", "ended", "missed")
# Phones of which conditions are asked.
_ASKED = (LINE, "41", "43", "46")
# The binary sensor that each condition is about.
_CONDITIONS = {
    "is_ringing": "ringing",
    "is_in_call": "in_call",
    "is_dnd": "dnd",
    "is_registered": "registered",
}


async def attach_triggers(hass: HomeAssistant, shown: Shown, log: EventLog) -> None:
    """Let all triggers of our line write to the log when they fire."""
    target = {"entity_id": shown.entities[LINE, "call"].entity_id}
    configs: dict[str, dict[str, Any]] = {
        kind: {"platform": f"vodia.call_{kind}"} for kind in _KINDS
    }
    spoken = f"0049 {REGULAR[3:5]} {REGULAR[5:]}"
    configs["regular"] = {
        "platform": "vodia.call_ringing",
        "options": {"number": spoken},
    }
    for kind, config in configs.items():

        async def fire(
            variables: Mapping[str, Any],
            context: Context | None = None,
            kind: str = kind,
        ) -> None:
            """Note a firing."""
            log.fire(kind, LINE, variables["trigger"])

        valid = await async_validate_trigger_config(hass, [config | {"target": target}])
        await async_initialize_triggers(
            hass, valid, fire, "soak", kind, lambda level, text, **_: None
        )
    log.triggered = frozenset({LINE})


class Conditions:
    """Ask the conditions."""

    def __init__(self, shown: Shown) -> None:
        """Know none yet."""
        self._shown = shown
        self.numbers = _ASKED
        self._checkers: dict[tuple[str, str], ConditionChecker] = {}

    async def set_up(self, hass: HomeAssistant) -> None:
        """Make the conditions of some phones."""
        for number in _ASKED:
            for name, shown_by in _CONDITIONS.items():
                of_line = (number, shown_by) == (LINE, "dnd")
                key = "switch dnd" if of_line else shown_by
                entity_id = self._shown.entities[number, key].entity_id
                config = await async_validate_condition_config(
                    hass,
                    {
                        "condition": f"vodia.{name}",
                        "target": {"entity_id": entity_id},
                    },
                )
                self._checkers[number, key] = await async_from_config(hass, config)

    def mismatches(self, truths: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
        """Yield the conditions that do not say what is so, given what accounts are."""
        for (number, key), checker in self._checkers.items():
            if number not in truths:
                continue
            says, true = checker.async_check(), truths[number][key]
            shown = self._shown.state(number, key)
            if says is not (true == "on") and shown == true:
                yield f"the condition of {key} says {says} for {number}, is {true}"
