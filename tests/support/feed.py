"""A state of a tenant, fed with synthetic frames that all go through `decode`."""

from copy import replace
from dataclasses import dataclass, field
from typing import Any

import orjson

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.models import (
    EXTENSION,
    CallScope,
    CallState,
    Direction,
    Extension,
)
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, decode
from custom_components.vodia.pbx.wire.replies import decode_accounts

type Json = dict[str, Any]
OWN, TENANT = CallScope.OWN, CallScope.TENANT
INCOMING, OUTGOING = Direction.INCOMING, Direction.OUTGOING
IDLE, DIALING, RINGING, CONNECTED, HELD = CallState
OUTSIDE = "+4930123456"
PHONES = ("45", "46", "47")


@dataclass
class Feed:
    """A state and the frames that it is fed with."""

    state: TenantState = field(
        default_factory=lambda: TenantState("45", frozenset({"localhost", "tenant"}))
    )

    def frame(self, action: str, now: float = 0, **fields: Any) -> Changes:
        """Feed any frame."""
        data = orjson.dumps({"action": action, **fields})
        return self.state.apply(decode(data, Trace()), now)

    def accounts(self, *entries: str | Json, now: float = 0, **fields: Any) -> Changes:
        """Feed a `domain-state`; a number stands for a registered extension."""
        listed = [
            account(entry) if isinstance(entry, str) else entry for entry in entries
        ]
        return self.frame("domain-state", now, accounts=listed, **fields)

    def rest(self, *entries: str | Json) -> Changes:
        """Feed the extensions of a REST reply; a number stands for an idle one."""
        reply = [
            {"name": entry, "registered": True, "dnd": False, "connected": False}
            if isinstance(entry, str)
            else entry
            for entry in entries
        ]
        phones = [
            replace(entry, type=EXTENSION) for entry in decode_accounts(reply, Trace())
        ]
        return self.state.apply(AccountsSnapshot(tuple(phones)), 0)

    def user(self, number: str, **fields: Any) -> Changes:
        """Feed a `user-state`."""
        return self.frame("user-state", account=number, **fields)

    def calls(self, *calls: Json, now: float = 0) -> Changes:
        """Feed a `call-state`."""
        return self.frame("call-state", now, calls=list(calls))

    def __getitem__(self, number: str) -> Extension:
        """Return what an extension shows."""
        return self.state.extensions[number]

    def shown(self, number: str) -> tuple[bool | None, bool | None, CallState | None]:
        """Return whether an extension rings, is in a call, and its call state."""
        extension = self[number]
        return extension.ringing, extension.in_call, extension.call_state

    def ids(self, number: str) -> list[str]:
        """Return the ids of the calls of an extension, the shown one first."""
        return [call.id for call in self[number].calls]


def account(number: str, **fields: Any) -> Json:
    """Return an entry of a `domain-state`: an idle extension unless told otherwise."""
    return {
        "account": number,
        "type": "extensions",
        "registered": True,
        "dnd": False,
        **fields,
    }


def leg(
    id_: str, caller: str, callee: str, state: str, *extension: str, **fields: Any
) -> Json:
    """Return a call; a plain number stands for a party at the tenant."""
    call = {
        "id": id_,
        "from": caller if "<" in caller else f"<sip:{caller}@localhost>",
        "to": callee if "<" in callee else f"<sip:{callee}@localhost>",
        "state": state,
        **fields,
    }
    return {**call, "extension": list(extension)} if extension else call


TALK = leg("a", "45", "46", "connected", start=1)


def feed(scope: CallScope | None = TENANT, *entries: str | Json) -> Feed:
    """Return a tenant with idle phones, and no calls where a scope is given."""
    result = Feed()
    result.accounts(*(entries or PHONES))
    if scope:
        result.state.calls.begin(scope)
        result.calls()
    return result


OFF = (False, False, IDLE)
RINGS = (True, False, RINGING)
TALKS = (False, True, CONNECTED)
BUSY = (None, True, None)
UNKNOWN = (None, None, None)
