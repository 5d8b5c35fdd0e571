"""Constants of the Vodia PBX integration."""

from typing import Final

from homeassistant.util.hass_dict import HassKey

from .pbx.timing import Timing

DOMAIN: Final = "vodia"
# What a client is made with, where it is not the usual.
TIMING: Final[HassKey[Timing]] = HassKey(f"{DOMAIN}_timing")

CONF_ACCOUNTS: Final = "accounts"
CONF_ACCOUNT_TYPES: Final = "account_types"
CONF_ALL_ENTITIES: Final = "all_entities"
CONF_CHOSEN_ACCOUNTS: Final = "chosen_accounts"
CONF_COUNTRY: Final = "country"
CONF_DOOR_STATIONS: Final = "door_stations"
CONF_EXTENSION: Final = "extension"
CONF_LEGACY_TLS: Final = "legacy_tls"
CONF_LLM_DIALS_OUTSIDE: Final = "llm_dials_outside"
CONF_LOGIN_METHOD: Final = "login_method"
CONF_LOGIN_USER: Final = "login_user"
CONF_NUMBERS_IN_NAMES: Final = "numbers_in_names"
CONF_PRIVACY: Final = "privacy"
CONF_READ_ONLY_FLAGS: Final = "read_only_flags"
CONF_TENANT: Final = "tenant"
CONF_TENANT_NAMES: Final = "tenant_names"
CONF_WATCH: Final = "watch"

ACCOUNTS_ALL: Final = "all"
ACCOUNTS_CHOSEN: Final = "chosen"
WATCH_ALL: Final = "all"
WATCH_OWN: Final = "own"

SUBENTRY_LINE: Final = "line"

ATTR_ANSWERED_BY: Final = "answered_by"
ATTR_CALL_ID: Final = "call_id"
ATTR_GROUP: Final = "group"
ATTR_MESSAGE: Final = "message"
ATTR_NAME: Final = "name"
ATTR_NUMBER: Final = "number"
ATTR_SECONDS: Final = "seconds"
ATTR_TOLD: Final = "told"
ATTR_UNNAMED: Final = "unnamed"
ATTR_WHO: Final = "who"

# A call of a phone is over: what the logbook tells.
EVENT_CALL_OVER: Final = f"{DOMAIN}_call_over"

# Keys of entities.
KEY_ACTIVE: Final = "active"
KEY_CALL: Final = "call"
KEY_DND: Final = "dnd"
KEY_LAST_CALLER: Final = "last_caller"
KEY_MESSAGE: Final = "message"
KEY_QUEUE_LOGIN: Final = "queue_login"
KEY_RINGING: Final = "ringing"
# Those about the calls of an extension, and those about its flags.
CALL_KEYS: Final = frozenset({KEY_CALL, "in_call", KEY_LAST_CALLER, KEY_RINGING})
FLAG_KEYS: Final = frozenset({"registered", KEY_DND, "chat_available"})

# Who called last, where the number was withheld.
STATE_WITHHELD: Final = "withheld"

# A PBX and the accounts of which anything may have changed.
SIGNAL_CHANGED: Final = f"{DOMAIN}_changed"
SIGNAL_CALL_EVENTS: Final = f"{DOMAIN}_call_events"
