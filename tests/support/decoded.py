"""Calls and accounts as frames carry them, decoded."""

from typing import Any

import orjson

from custom_components.vodia.pbx.models import Account, Call
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.messages import AccountDelta, decode


def call(**fields: Any) -> Call:
    """Return the call that a `call-state` of one call carries."""
    frame = orjson.dumps({"action": "call-state", "calls": [fields]})
    message = decode(frame, Trace())
    assert isinstance(message, CallList)
    return message.calls[0]


def account(**fields: Any) -> Account:
    """Return the account that a `user-state` carries."""
    frame = orjson.dumps({"action": "user-state", "account": "46", **fields})
    message = decode(frame, Trace())
    assert isinstance(message, AccountDelta)
    return message.account
