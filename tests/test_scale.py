"""A large tenant: what one change causes."""

from collections.abc import Callable

import pytest

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from simulator import Simulator, Switches

from .common import create_entry, set_up


@pytest.mark.timeout(120)
async def test_one_delta_writes_one_state(hass: HomeAssistant) -> None:
    """With 1,000 accounts a changed flag writes one state; an unchanged one none."""
    async with Simulator(Switches.classic(), accounts=1000) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        assert phones.state("2500", "registered") == "on"
        written: list[str] = []
        looked: list[None] = []

        def counted(look: Callable[[], None]) -> Callable[[], None]:
            """Return a listener that counts its calls."""

            def count() -> None:
                """Count, then look."""
                looked.append(None)
                look()

            return count

        listeners = phones.entry.runtime_data._listeners
        for account, updates in listeners.items():
            listeners[account] = [counted(update) for update in updates]

        @callback
        def on_write(event: Event[EventStateChangedData]) -> None:
            """Note what is written."""
            written.append(event.data["entity_id"])

        remove = hass.bus.async_listen("state_changed", on_write)
        pbx.engine.set_dnd("2500", True)
        await phones.wait("2500", "dnd", "on")
        # Only the entities of this extension looked at all.
        assert written == [phones.id("2500", "dnd")]
        assert len(looked) == 7
        await pbx.send_raw('{"action":"user-state","account":"2500","dnd":true}')
        pbx.engine.set_dnd("2501", True)
        await phones.wait("2501", "dnd", "on")
        remove()
        assert written == [phones.id("2500", "dnd"), phones.id("2501", "dnd")]
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
