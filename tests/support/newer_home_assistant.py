"""Let the test harness of Home Assistant 2026.10 work with 2026.11.

A pytest plugin: `-p tests.support.newer_home_assistant`. It has to come before the harness,
which pytest-xdist's workers cannot be told, so `scripts/test --home-assistant` runs the tests
in one process. Goes when 2026.11 has a harness of its own.
"""

# Before anything imports httpx, which this gives another package.
from homeassistant import config_entries  # isort: skip

from collections.abc import Mapping
from typing import Any

from homeassistant.components import logger
from homeassistant.components.logger import helpers
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import RestoreStateData

# The harness clears it after each test, where it was in 2026.10.
logger._clear_logger_overwrites = helpers._clear_logger_overwrites  # type: ignore[attr-defined,unused-ignore]


def _get_last_states(data: RestoreStateData) -> dict[str, Any]:
    """Return all states that were kept."""
    by_entity: dict[str, Any] = data.last_states_by_entity_id  # type: ignore[attr-defined,unused-ignore]
    by_registry: dict[str, Any] = data.last_states_by_entity_registry_id  # type: ignore[attr-defined,unused-ignore]
    return by_entity | by_registry


def _set_last_states(data: RestoreStateData, states: Mapping[str, Any]) -> None:
    """Keep the states of a test: those of registered entities by their registry id."""
    registry = er.async_get(data.hass)
    for entity_id, kept in states.items():
        if entry := registry.async_get(entity_id):
            data.last_states_by_entity_registry_id[entry.id] = kept  # type: ignore[attr-defined,unused-ignore]
        else:
            data.last_states_by_entity_id[entity_id] = kept  # type: ignore[attr-defined,unused-ignore]


RestoreStateData.last_states = property(_get_last_states, _set_last_states)  # type: ignore[assignment,attr-defined,unused-ignore]

_check_result = config_entries._async_process_entry_method_result  # type: ignore[attr-defined,unused-ignore]


def _check_result_of_mocks(domain: str, method: str, result: Any) -> None:
    """Accept the True of the harness's mocked integrations as the None of today."""
    _check_result(domain, method, None if result is True else result)


config_entries._async_process_entry_method_result = _check_result_of_mocks  # type: ignore[attr-defined,unused-ignore]
