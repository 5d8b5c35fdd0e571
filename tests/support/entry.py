"""Helpers: what a user sees, and waiting for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import EVENT_STATE_CHANGED, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from rig import entry as entries
from simulator import Simulator, Switches

TIMEOUT = 10.0
add_entry, create_entry = entries.add_entry, entries.create_entry
SENSORS = {
    *("call", "last_caller", "calls", "waiting", "missed_calls", "voicemail"),
    "call_forwarding",
    *("active_calls", "ringing_calls", "registered_extensions"),
}


def create_branch_entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return an entry for the extension 45 of the PBX's second tenant."""
    return create_entry(
        hass,
        pbx,
        tenant="branch.example",
        password=pbx.engine.account("45", tenant="branch.example").password,
        login_user="45@branch.example",
    )


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> Phones:
    """Set up an entry and return its entities."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    return Phones(hass, entry)


async def wait_for(hass: HomeAssistant, met: Callable[[], Any]) -> None:
    """Wait until something is met; state changes make it look again."""
    changed = asyncio.Event()
    remove = hass.bus.async_listen(
        EVENT_STATE_CHANGED, callback(lambda _: changed.set())
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            while not met():
                changed.clear()
                # Registries and flows change without a state change.
                try:
                    async with asyncio.timeout(0.02):
                        await changed.wait()
                except TimeoutError:
                    pass
    finally:
        remove()


@dataclass(frozen=True, slots=True)
class Phones:
    """The entities of an entry, found by account and key."""

    hass: HomeAssistant
    entry: MockConfigEntry

    def id(self, account: str, key: str, platform: str | None = None) -> str:
        """Return the entity id of an account's (or, "" , the PBX's) entity."""
        if platform is None and key == "dnd" and self.is_line(account):
            platform = Platform.SWITCH
        if platform is None:
            platform = Platform.SENSOR if key in SENSORS else Platform.BINARY_SENSOR
        return entries.entity_id(self.hass, self.entry, account, key, platform)

    def is_line(self, account: str) -> bool:
        """Return whether an account is a line."""
        logins = (self.entry, *self.entry.subentries.values())
        return account in {login.data["extension"] for login in logins}

    def has(self, account: str, key: str = "registered") -> bool:
        """Return whether there is such an entity."""
        unique_id = f"{self.entry.entry_id}:{account}:{key}"
        return any(
            entity.unique_id == unique_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
        )

    def get(self, account: str, key: str, platform: str | None = None) -> State:
        """Return the state object of an entity."""
        state = self.hass.states.get(self.id(account, key, platform))
        assert state
        return state

    def state(self, account: str, key: str) -> str:
        """Return the state of an entity."""
        return self.get(account, key).state

    def states(self, account: str, *keys: str) -> list[str]:
        """Return several states of an account."""
        return [self.state(account, key) for key in keys]

    def device(self, account: str | None) -> dr.DeviceEntry | None:
        """Return the device of an account, or of the PBX."""
        entry_id = self.entry.entry_id
        identifier = entry_id if account is None else f"{entry_id}:{account}"
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, identifier), entry_id
        )
        assert device is None or isinstance(device, dr.DeviceEntry)
        return device

    async def wait(self, account: str, key: str, state: str) -> State:
        """Wait for the state of an entity."""
        try:
            await wait_for(self.hass, lambda: self.state(account, key) == state)
        except TimeoutError:
            actual = self.state(account, key)
            raise AssertionError(
                f"{key} of {account!r} is {actual!r}, not {state!r}"
            ) from None
        return self.get(account, key)


def device(phones: Phones, account: str | None) -> dict[str, str]:
    """Return the device of an account, or of the PBX (None), as a target."""
    found = phones.device(account)
    assert found
    return {"device_id": found.id}


@asynccontextmanager
async def pbx_with(
    hass: HomeAssistant, dialect: str, **switches: Any
) -> AsyncIterator[tuple[Simulator, Phones]]:
    """Set up a PBX with some answers to the open questions."""
    async with Simulator(getattr(Switches, dialect)(**switches)) as pbx:
        entry = create_entry(hass, pbx, {"all_entities": True})
        phones = await set_up(hass, entry)
        yield pbx, phones
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def settle(hass: HomeAssistant, seconds: float = 0.1) -> None:
    """Wait until all that was pushed is processed."""
    await asyncio.sleep(seconds)
    await hass.async_block_till_done()
