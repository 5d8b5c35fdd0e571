"""Constants of the Vodia PBX integration."""

from typing import Final

from homeassistant.util.hass_dict import HassKey

from .pbx.timing import Timing

DOMAIN: Final = "vodia"
# What a client is made with, where it is not the usual.
TIMING: Final[HassKey[Timing]] = HassKey(f"{DOMAIN}_timing")

CONF_ACCOUNTS: Final = "accounts"
CONF_ACCOUNT_TYPES: Final = "account_types"
CONF_CHOSEN_ACCOUNTS: Final = "chosen_accounts"
CONF_COUNTRY: Final = "country"
CONF_DOOR_STATIONS: Final = "door_stations"
CONF_EXTENSION: Final = "extension"
CONF_LEGACY_TLS: Final = "legacy_tls"
CONF_LLM_DIALS_OUTSIDE: Final = "llm_dials_outside"
CONF_LOGIN_METHOD: Final = "login_method"
CONF_LOGIN_USER: Final = "login_user"
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

ATTR_ACCOUNT: Final = "account"
ATTR_BACKFILLED: Final = "backfilled"
ATTR_BEHAVIOR: Final = "behavior"
ATTR_CALL_ID: Final = "call_id"
ATTR_COUNT: Final = "count"
ATTR_DIALED_NUMBER: Final = "dialed_number"
ATTR_DIRECTION: Final = "direction"
ATTR_DURATION: Final = "duration"
ATTR_ENABLED: Final = "enabled"
ATTR_END_REASON: Final = "end_reason"
ATTR_EXPECTED_STATE: Final = "expected_state"
ATTR_EXPIRES: Final = "expires"
ATTR_MESSAGE: Final = "message"
ATTR_NAME: Final = "name"
ATTR_NUMBER: Final = "number"
ATTR_ORBIT: Final = "orbit"
ATTR_REASON: Final = "reason"
ATTR_RECIPIENT: Final = "recipient"
ATTR_REMOTE_NAME: Final = "remote_name"
ATTR_REMOTE_NUMBER: Final = "remote_number"
ATTR_SCOPE: Final = "scope"
ATTR_SECOND_CALL_ID: Final = "second_call_id"
ATTR_SENDER: Final = "sender"
ATTR_SENDER_NAME: Final = "sender_name"
ATTR_SINCE: Final = "since"
ATTR_SPAN: Final = "span"
ATTR_TIME: Final = "time"

# Keys of entities.
KEY_ACTIVE: Final = "active"
KEY_CALL: Final = "call"
KEY_DND: Final = "dnd"
KEY_DOORBELL: Final = "doorbell"
KEY_LAST_CALLER: Final = "last_caller"
KEY_MESSAGE: Final = "message"
# Those about the calls of an extension, and those about its flags.
CALL_KEYS: Final = frozenset({KEY_CALL, "in_call", KEY_LAST_CALLER, "ringing"})
FLAG_KEYS: Final = frozenset({"registered", KEY_DND, "chat_available"})

# Who called last, where who it was is not shown.
STATE_EXTERNAL_CALLER: Final = "external_caller"
STATE_WITHHELD: Final = "withheld"

SIGNAL_CALL_EVENTS: Final = f"{DOMAIN}_call_events"
SIGNAL_MESSAGE: Final = f"{DOMAIN}_message"
SIGNAL_VOICEMAIL: Final = f"{DOMAIN}_voicemail"
