"""From the state of the engine to frames of the WebSocket."""

import json

from .engine import Engine
from .model import Account, AccountType, Call, Party, Record, Stage
from .routing import GROUPS
from .switches import Switches

type Json = dict[str, Json] | list[Json] | str | int | float | bool | None
type Object = dict[str, Json]

_NOISE: tuple[Object, ...] = (
    {"action": "x-unknown", "data": {"account": "45", "calls": [1, None]}},
    {"info": "nothing of interest", "callid": "x"},
    {"action": "chat", "dest": "41", "message": "noise"},
)


def encode(payload: Json, switches: Switches) -> str:
    """Write JSON with the peculiarities that are switched on."""
    return json.dumps(_disguise(payload, switches), ensure_ascii=False)


def noise(turn: int) -> Object:
    """Return a message that nobody needs."""
    return _NOISE[turn % len(_NOISE)]


def address(party: Party, tenant: str) -> str:
    """Write a party as a SIP name-addr."""
    phone = "" if party.internal else ";user=phone"
    uri = f"<sip:{party.number}@{tenant}{phone}>"
    if not party.name:
        return uri
    name = party.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" {uri}'


class Wire:
    """Show one tenant the way the switches want it."""

    def __init__(self, engine: Engine, switches: Switches, tenant: str) -> None:
        """Look at a tenant."""
        self._engine = engine
        self._switches = switches
        self._tenant = tenant

    # Calls

    def own_calls(self, account: str) -> list[Json]:
        """Return the calls of an extension, as it sees them."""
        return [self.entry(call, account) for call in self.calls_of(account)]

    def tenant_calls(self) -> list[Json]:
        """Return all calls of the tenant, group calls by leg if need be."""
        entries: list[Json] = []
        for call in self._engine.calls(tenant=self._tenant):
            legs = _phones(call) if self._switches.group_ids == "per_leg" else []
            if any(phone in call.leg_ids for phone in legs):
                entries += [self.entry(call, phone) for phone in legs]
            else:
                entries.append(self.entry(call, None))
        return entries

    def parked_calls(self) -> list[Json]:
        """Return the calls that wait in an orbit."""
        calls = self._engine.calls(tenant=self._tenant)
        return [self.entry(call, None) for call in calls if call.parked]

    # Accounts

    def snapshot(self) -> Object:
        """Return the `domain-state` frame."""
        accounts = self._engine.tenant(self._tenant).accounts.values()
        return {
            "action": "domain-state",
            "messages": [],
            "calls": self.tenant_calls(),
            "accounts": [
                self._presence(account)
                | {"account": account.number, "name": account.name}
                | ({"alias": list(account.aliases)} if account.aliases else {})
                | ({"ani": list(account.ani)} if account.ani else {})
                for account in accounts
            ],
        }

    def user_state(self, account: Account) -> Object:
        """Return the `user-state` frame of an account."""
        return {
            "action": "user-state",
            "account": account.number,
            "domain": self._tenant,
        } | self._presence(account)

    def blf(self, account: Account) -> Object:
        """Return a `blf` frame, whose real layout nobody knows."""
        state = "idle"
        if calls := self.calls_of(account.number):
            talks = any(call.talks(account.number) for call in calls)
            state = "busy" if talks else "ringing"
        return {
            "action": "blf",
            "synthetic": True,
            "account": account.number,
            "state": state,
        }

    # How a call looks

    def calls_of(self, account: str) -> list[Call]:
        """Return the live calls of an account."""
        return [
            call
            for call in self._engine.calls_of(account, tenant=self._tenant)
            if not (call.called.is_account(account) and self._is_to_phone(call))
        ]

    def _is_to_phone(self, call: Call) -> bool:
        """Return whether a call is to who answered it, and to its group no more."""
        return (
            self._switches.answered_to == "phone"
            and call.called.type in GROUPS
            and call.talker is not None
        )

    def busy_calls(self, account: Account) -> list[Call]:
        """Return the calls that make an account busy."""
        calls = self.calls_of(account.number)
        if self._switches.code_while_ringing:
            return calls
        if account.type is not AccountType.EXTENSION:
            return [call for call in calls if call.stage is Stage.CONNECTED]
        return [call for call in calls if call.talks(account.number)]

    def _presence(self, account: Account) -> Object:
        """Return what both account frames contain; a call that is over is left out."""
        presence: Object = {
            "type": account.type,
            "registered": account.registered,
            "dnd": account.dnd,
            "chatstatus": account.chat,
        }
        if calls := self.busy_calls(account):
            connected = any(call.stage is Stage.CONNECTED for call in calls)
            presence["code"] = 200 if connected else 180
            if self._switches.user_calls != "none":
                presence["calls"] = [self._brief(call, account) for call in calls]
        elif self._switches.cleared == "null":
            presence |= {"code": None, "calls": None}
        return presence

    def _brief(self, call: Call, account: Account) -> Object:
        """Return a call as an account's presence shows it."""
        origin, target = self.ends(call)
        brief: Object = {"from": address(origin, self._tenant)}
        if self._switches.user_calls in ("id", "full"):
            brief |= self._named_id(call, account.number)
            brief["to"] = address(target, self._tenant)
        if self._switches.user_calls == "full":
            brief |= {
                "callstate": self.state(call, account.number),
                "start": round(call.start, 3),
            }
        return brief

    def entry(self, call: Call, viewer: str | None) -> Object:
        """Return a call of a `call-state`, seen by an account or by the tenant."""
        origin, target = self.ends(call)
        entry: Object = self._named_id(call, viewer) | {
            "from": address(origin, self._tenant),
            "to": address(target, self._tenant),
            "start": round(call.start, 3),
            "cmc": "",
        }
        if self._switches.tells_recording:
            entry["rec"] = "adhoc" if call.recording else ""
        state = self.state(call, viewer)
        if self._switches.dialect == "classic":
            return entry | {"callstate": state}
        phones = _phones(call)
        if self._switches.group_ids == "per_leg" and call.leg_ids and viewer:
            phones = [viewer]
        elif not self._switches.shrink_extensions:
            phones += [phone for phone in call.offered if phone not in phones]
        if self._switches.party_fields != "strings":
            entry |= {
                "from-number": origin.number,
                "from-name": origin.name,
                "to-number": target.number,
                "to-name": target.name,
            }
        if self._switches.party_fields == "split":
            del entry["from"], entry["to"]
        star = "*" if self._switches.star_extensions else ""
        return entry | {
            "state": state,
            "extension": [star + phone for phone in phones],
            "connect": "" if call.connect is None else round(call.connect, 3),
        }

    def call_id(self, call: Call | Record, viewer: str | None) -> str:
        """Return the id that a viewer knows the call by."""
        if self._switches.group_ids == "one" or viewer is None:
            return call.id
        return call.leg_ids.get(viewer, call.id)

    def _named_id(self, call: Call, viewer: str | None) -> Object:
        """Return the id as a frame shows it, if it does."""
        return {"id": self.call_id(call, viewer)} if self._switches.call_ids else {}

    def ends(self, call: Call) -> tuple[Party, Party]:
        """Return from and to of a call."""
        if (
            call.stage is Stage.OWN_RINGING
            and self._switches.dial_presents_as == "incoming"
        ):
            return call.called, call.caller
        if call.talker is not None and self._is_to_phone(call):
            return call.caller, call.talker
        return call.caller, call.called

    def state(self, call: Call, viewer: str | None) -> str:
        """Return the word for the state of a call."""
        if call.stage is Stage.CONNECTED:
            return self._switches.held_word if call.held_by else "connected"
        origin, target = self.ends(call)
        if viewer is None:
            outgoing = not target.internal or (
                call.stage is Stage.OWN_RINGING and origin is call.caller
            )
        else:
            outgoing = origin.is_account(viewer)
        if outgoing:
            return self._switches.outgoing_word
        return self._switches.incoming_word


def _phones(call: Call) -> list[str]:
    """Return the extensions that a call rings at or is connected to."""
    phones = [
        party.number
        for party in (call.caller, call.talker)
        if party is not None and party.type is AccountType.EXTENSION
    ]
    return phones + [phone for phone in call.rung if phone not in phones]


def _disguise(payload: Json, switches: Switches) -> Json:
    """Apply the peculiarities of strings, single calls and unknown fields."""
    if isinstance(payload, dict):
        shown = {key: _disguise(value, switches) for key, value in payload.items()}
        calls = shown.get("calls")
        if switches.calls_as_object and isinstance(calls, list) and len(calls) == 1:
            shown["calls"] = calls[0]
        for name in ("calls", "accounts") if switches.odd_entries else ():
            if isinstance(listed := shown.get(name), list):
                shown[name] = [{"id": {"odd": 1}, "account": [], "from": 7}, *listed]
        if switches.noise:
            shown["x-noise"] = {"list": [1, None, "x"]}
        return shown
    if isinstance(payload, list):
        return [_disguise(value, switches) for value in payload]
    if not switches.strings or payload is None or isinstance(payload, str):
        return payload
    return str(payload).lower()
