"""Constants of the Vodia PBX integration."""

from typing import Final

DOMAIN: Final = "vodia"

CONF_DOOR_STATIONS: Final = "door_stations"
CONF_EXTENSION: Final = "extension"
CONF_LEGACY_TLS: Final = "legacy_tls"
CONF_LOGIN_METHOD: Final = "login_method"
CONF_LOGIN_USER: Final = "login_user"
CONF_TENANT: Final = "tenant"

SUBENTRY_LINE: Final = "line"

ATTR_ACCOUNT: Final = "account"
ATTR_BACKFILLED: Final = "backfilled"
ATTR_BEHAVIOR: Final = "behavior"
ATTR_CALL_ID: Final = "call_id"
ATTR_DIRECTION: Final = "direction"
ATTR_ENABLED: Final = "enabled"
ATTR_END_REASON: Final = "end_reason"
ATTR_EXPECTED_STATE: Final = "expected_state"
ATTR_EXPIRES: Final = "expires"
ATTR_MESSAGE: Final = "message"
ATTR_NAME: Final = "name"
ATTR_NUMBER: Final = "number"
ATTR_REASON: Final = "reason"
ATTR_RECIPIENT: Final = "recipient"
ATTR_SCOPE: Final = "scope"
ATTR_SECOND_CALL_ID: Final = "second_call_id"
ATTR_SENDER: Final = "sender"
ATTR_SENDER_NAME: Final = "sender_name"

SIGNAL_CALL_EVENTS: Final = f"{DOMAIN}_call_events"
SIGNAL_MESSAGE: Final = f"{DOMAIN}_message"
