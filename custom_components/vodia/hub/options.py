"""The options of an entry, and what they decide about an account."""

from copy import replace
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from ..const import (
    ACCOUNTS_CHOSEN,
    CONF_ACCOUNT_TYPES,
    CONF_ACCOUNTS,
    CONF_ALL_ENTITIES,
    CONF_CHOSEN_ACCOUNTS,
    CONF_COUNTRY,
    CONF_DOOR_STATIONS,
    CONF_EXTENSION,
    CONF_LLM_DIALS_OUTSIDE,
    CONF_NUMBERS_IN_NAMES,
    CONF_PRIVACY,
    CONF_WATCH,
    WATCH_OWN,
)
from ..pbx.models import Group, KnownAccount


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of a user for a PBX; `logins` are the extensions that log in.

    With `chosen` accounts only those, and those of the `chosen_types`, have a device.
    Without a `country` it is that of Home Assistant.
    """

    logins: frozenset[str]
    door_stations: frozenset[str]
    chosen: frozenset[str] | None
    chosen_types: frozenset[str]
    all_entities: bool
    numbers_in_names: bool
    own_calls_only: bool
    privacy: bool
    llm_dials_outside: bool
    country: str | None

    @classmethod
    def of(cls, entry: ConfigEntry) -> Options:
        """Return the options of an entry."""
        options = entry.options
        return cls(
            logins=frozenset(
                login[CONF_EXTENSION]
                for login in (
                    entry.data,
                    *(line.data for line in entry.subentries.values()),
                )
            ),
            door_stations=frozenset(options.get(CONF_DOOR_STATIONS, ())),
            chosen=frozenset(options.get(CONF_CHOSEN_ACCOUNTS, ()))
            if options.get(CONF_ACCOUNTS) == ACCOUNTS_CHOSEN
            else None,
            chosen_types=frozenset(options.get(CONF_ACCOUNT_TYPES, ())),
            all_entities=options.get(CONF_ALL_ENTITIES, False),
            numbers_in_names=options.get(CONF_NUMBERS_IN_NAMES, True),
            own_calls_only=options.get(CONF_WATCH) == WATCH_OWN,
            privacy=options.get(CONF_PRIVACY, False),
            llm_dials_outside=options.get(CONF_LLM_DIALS_OUTSIDE, False),
            country=options.get(CONF_COUNTRY),
        )

    def with_login(self, number: str) -> Options:
        """Return the options with the number of an extension that logs in by an alias."""
        return replace(self, logins=self.logins | {number})

    def has_device(self, number: str, kind: str) -> bool:
        """Return whether an account gets a device; lines and door stations always do."""
        return (
            self.chosen is None
            or number in self.logins
            or number in self.door_stations
            or number in self.chosen
            or kind in self.chosen_types
        )

    def shows_calls_of(self, account: KnownAccount) -> bool:
        """Return whether anything is shown of the calls of an account.

        Of groups there is what rings at our phone, even where no other is watched.
        """
        return (
            not self.own_calls_only
            or isinstance(account, Group)
            or account.number in self.logins
        )
