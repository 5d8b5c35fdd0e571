"""Add entities for the accounts that are here, and for each that comes."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import batched

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_READ_ONLY_FLAGS, KEY_ACTIVE
from .coordinator import VodiaConfigEntry
from .hub.devices import entity_id_of
from .pbx.models import SERVICE_FLAG, Extension, KnownAccount
from .pbx.sync.line_data import Resource

_BATCH = 25


async def async_add_for_accounts[AccountT: KnownAccount](
    entry: VodiaConfigEntry,
    add: Callable[[Iterable[AccountT]], None],
    *kinds: type[AccountT],
) -> None:
    """Add entities for the accounts of some kinds: those here, and each that comes.

    Those of a large tenant are added in batches, so that others get their turn.
    """

    @callback
    def add_fitting(accounts: Iterable[KnownAccount]) -> None:
        """Add the entities of the accounts that are of these kinds."""
        if fitting := [account for account in accounts if isinstance(account, kinds)]:
            add(fitting)

    here, remove = entry.runtime_data.discovery.async_subscribe(add_fitting)
    entry.async_on_unload(remove)
    for batch in batched(here, _BATCH, strict=False):
        add_fitting(batch)
        await asyncio.sleep(0)


@callback
def async_add_for_lines(
    entry: VodiaConfigEntry, add: Callable[[Extension], None]
) -> None:
    """Add entities for the lines that are here, and for each that comes."""
    coordinator = entry.runtime_data

    @callback
    def async_add_lines(accounts: Iterable[KnownAccount]) -> None:
        """Add the entities of those that are lines."""
        for account in accounts:
            if isinstance(account, Extension) and account.number in coordinator.lines:
                add(account)

    here, remove = coordinator.discovery.async_subscribe(async_add_lines)
    entry.async_on_unload(remove)
    async_add_lines(here)


@callback
def async_add_for_data(
    entry: VodiaConfigEntry, kind: Resource, add: Callable[[Iterable[str]], None]
) -> None:
    """Add entities for data that only REST has, as soon as there are any."""
    here, remove = entry.runtime_data.discovery.async_subscribe_data(kind, add)
    entry.async_on_unload(remove)
    add(here)


@callback
def async_add_for_logins(
    entry: VodiaConfigEntry, add: Callable[[Iterable[tuple[str, str]]], None]
) -> None:
    """Add entities for the queues that lines are agents of, and for each that comes."""
    here, remove = entry.runtime_data.discovery.async_subscribe_logins(add)
    entry.async_on_unload(remove)
    add(here)


@callback
def async_add_for_flags(
    hass: HomeAssistant,
    entry: VodiaConfigEntry,
    platform: Platform,
    add: Callable[[Iterable[str]], None],
) -> None:
    """Add entities for the service flags: a switch for those that can be set.

    Which of the two it is, is decided once in a setup; the former entity is removed.
    """
    coordinator, registry = entry.runtime_data, er.async_get(hass)

    @callback
    def async_add_fitting(numbers: Iterable[str]) -> None:
        """Add the entities of the flags that are for the platform."""
        here = []
        for number in numbers:
            if not coordinator.options.has_device(number, SERVICE_FLAG):
                continue
            can_be_set = number not in entry.data.get(CONF_READ_ONLY_FLAGS, ())
            can_be_set &= coordinator.last_flags[number].manual
            if can_be_set is (platform is Platform.SWITCH):
                here.append(number)
            elif former := entity_id_of(
                hass, platform, entry.entry_id, number, KEY_ACTIVE
            ):
                registry.async_remove(former)
        add(here)

    async_add_for_data(entry, Resource.SERVICE_FLAGS, async_add_fitting)


@callback
def async_keep_read_only_flag(
    hass: HomeAssistant, entry: VodiaConfigEntry, number: str
) -> None:
    """Store that a service flag cannot be set by this login."""
    refused = {number, *entry.data.get(CONF_READ_ONLY_FLAGS, ())}
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_READ_ONLY_FLAGS: sorted(refused)}
    )
