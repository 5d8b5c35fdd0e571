"""Wait for what a user would see."""

from collections.abc import Mapping
from typing import Any

from .client import Client

TIMEOUT = 8


async def see(
    client: Client,
    expected: Mapping[str, str | Mapping[str, Any]],
    timeout: float = TIMEOUT,
) -> None:
    """Wait for entities to have states, or attributes where a mapping names some.

    Raises AssertionError with what they have instead.
    """

    def shown(entity_id: str, sight: str | Mapping[str, Any]) -> Any:
        """Return what an entity has now of what is looked at."""
        state = client.states.get(entity_id, {})
        if isinstance(sight, str):
            return state.get("state", "missing")
        attributes = state.get("attributes", {})
        return {name: attributes.get(name) for name in sight}

    def all_shown() -> dict[str, Any]:
        """Return what all have now."""
        return {
            entity_id: shown(entity_id, sight) for entity_id, sight in expected.items()
        }

    try:
        await client.wait_for(lambda: all_shown() == expected, timeout)
    except TimeoutError:
        raise AssertionError(f"there is {all_shown()}, not {expected}") from None
