"""Translate between the wire and typed messages: tolerant in, strict out.

The shapes are those of Vodia's WebSocket documentation (2021 and v70 editions) and of
clients that ran against PBXs; docs/protocol.md says how sure each one is. A frame is
taken whole or not at all: one field of a wrong type drops it.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import replace
from dataclasses import dataclass
from itertools import islice
import math
import re
from typing import Any, Final, NamedTuple

import orjson

from .ledger import Ledger, count
from .models import (
    NO_ID,
    Account,
    Call,
    Contact,
    Direction,
    MissedCalls,
    ParkedCalls,
    Party,
    PastCall,
    Phase,
    Scope,
    ServiceFlag,
    Voicemail,
    VoiceMessage,
)
from .numbering import numbers_in
from .party import (
    NUMBER_LIMIT,
    clean,
    one_line,
    parse_party,
    party,
    party_name,
    party_number,
)

type JsonObject = Mapping[str, Any]
# The calls of the last list by id, with the entries that they were made of.
type KnownCalls = dict[str, tuple[JsonObject, Call]]

_PHASES: Final = {
    "alerting": Phase.RINGING,
    "ringback": Phase.RINGING,
    "ringing": Phase.RINGING,
    "connected": Phase.CONNECTED,
    "onhold": Phase.HELD,
    "holding": Phase.HELD,
}
_BOOLEANS: Final[Mapping[Any, bool | None]] = {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    "": None,
}
# Characters; what is longer is no name, number or id of a telephone system.
_ID_LIMIT: Final = 256
_MESSAGE_LIMIT: Final = 2000
_WORD_LIMIT: Final = 64
_HOST_LIMIT: Final = 253
# Entries; docs/SECURITY.md has what the numbers are for.
ACCOUNTS_LIMIT: Final = 5000
_CALLS_LIMIT: Final = 1000
# Over all calls of a list: what it costs grows with the square of them.
_MEMBERS_LIMIT: Final = 2000
_ACCOUNT_CALLS_LIMIT: Final = 100
HISTORY_LIMIT: Final = 500
_FLAGS_LIMIT: Final = 500
_MESSAGES_LIMIT: Final = 500
_CONTACTS_LIMIT: Final = 5000
_CONTACT_NUMBERS_LIMIT: Final = 10
_ALIASES_LIMIT: Final = 100
_COUNT_LIMIT: Final = 1_000_000
_FRAMES_KNOWN: Final = 2000
# Bytes of a frame that is known again; ordinary ones have some two hundred.
_FRAME_KNOWN_LENGTH: Final = 1000
_CALLS_KNOWN: Final = 500
# As they are written into the field of an account: `505/9781234567`, or with spaces.
_BETWEEN_ALIASES: Final = re.compile(r"[\s,;/]+")
_RECORDING: Final = frozenset({"adhoc", "on", "true", "1"})
# Seconds; beyond lies no time of a call (year 5138), but an overflow of the calendar.
_TIME_LIMIT: Final = 1e11

_CALL_FIELDS: Final = frozenset(
    {
        *("id", "from", "to", "state", "callstate", "start", "connect", "cmc", "rec"),
        *("extension", "from-number", "from-name", "to-number", "to-name"),
    }
)
_STATE_FIELDS: Final = frozenset(
    {
        *("account", "name", "type", "registered", "dnd", "chatstatus", "code"),
        *("calls", "tag", "alias", "ani"),
    }
)
_REST_FIELDS: Final = frozenset(
    {
        *("name", "alias", "ani", "displayname", "icon", "dnd", "chatstatus"),
        *("connected", "login", "department", "position", "registered"),
    }
)
_PAST_FIELDS: Final = frozenset(
    {
        *("id", "from", "to", "from-name", "from-number", "to-name", "to-number"),
        *("inbound", "external", "queue", "start", "connect", "end", "trunks"),
    }
)
_ORBIT_FIELDS: Final = frozenset({"name", "account", "number", "display", "calls"})
_FLAG_FIELDS: Final = frozenset(
    {"name", "display", "displayname", "display name", "mode", "curr", "last", "state"}
)
_FLAG_NAMES: Final = ("display", "displayname", "display name")
_MESSAGE_FIELDS: Final = frozenset({"start", "from", "duration", "isnew"})
_UNREAD: Final = ("unread", "new", "total", "count")
# Where the address book has what is open; these are the likely names.
_CONTACT_NAMES: Final = ("name", "displayname", "display", "fullname")
_FIRST_NAMES: Final = ("first", "firstname", "first-name", "first_name")
_LAST_NAMES: Final = ("last", "lastname", "last-name", "last_name")
_CONTACT_NUMBER: Final = re.compile(
    r".*(number|phone|tel|mobile|cell).*|home|work|office|business|private"
)
_FRAME_FIELDS: Final = {
    "domain-state": frozenset({"action", "messages", "calls", "accounts"}),
    "user-state": _STATE_FIELDS | {"action", "domain"},
    "call-state": frozenset({"action", "calls"}),
    "chat": frozenset({"action", "src", "dest", "message"}),
    "callerid": frozenset({"action", "callid", "name", "number"}),
}
# All names of fields that are known.
FIELDS: Final = frozenset().union(
    *(_CALL_FIELDS, _STATE_FIELDS, _REST_FIELDS, _PAST_FIELDS, _ORBIT_FIELDS),
    *(_FLAG_FIELDS, _MESSAGE_FIELDS, *_FRAME_FIELDS.values()),
)
# Hints that something changed; what they carry is not known (v70 dialect).
_SIGNALS: Final = frozenset({"blf", "user-change", "missed-calls"})
# Names that real PBXs send and that say nothing about accounts or calls.
_SILENT: Final = frozenset(
    {
        *("crmcontact", "sip-register", "rec-start", "rec-stop"),
        *("bye-response", "ringtones"),
    }
)
_FLAT: Final = frozenset(
    {
        *("sdp", "invitesdp", "candidate", "bye", "ringtones", "response"),
        *("cancel", "cancelresponse", "info", "change"),
    }
)


class FrameError(ValueError):
    """A frame that is not to be taken; the text is the kind of fault, free of data."""


@dataclass(frozen=True, slots=True)
class AccountsSnapshot:
    """All accounts of the tenant; `calls` only fills in before the first call list.

    A list that is not known to be `complete` proves the absence of nobody.
    """

    accounts: tuple[Account, ...]
    calls: tuple[Call, ...] = ()
    complete: bool = True


class AccountDelta(NamedTuple):
    """A change of one account; None in `registered` and `dnd` means unchanged.

    `tenant` is the one that the frame names.
    """

    account: Account
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class CallList:
    """The complete list of calls of its stream."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class OrbitList:
    """What REST tells of the park orbits, by their numbers."""

    orbits: Mapping[str, ParkedCalls]


@dataclass(frozen=True, slots=True)
class OrbitSignal:
    """Something changed at a park orbit; how the frame tells it is not known."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something changed that the frame does not tell: presence, calls or missed calls."""

    tells_presence: bool
    tells_calls: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A text that an account has sent to the line."""

    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who calls, told after the call itself (v70 dialect); it may be the id of a leg."""

    call_id: str | None
    caller: Party


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that says nothing about accounts or calls."""


type Message = (
    AccountsSnapshot
    | AccountDelta
    | CallList
    | OrbitList
    | OrbitSignal
    | Signal
    | ChatMessage
    | CallerId
    | Ignored
)

_IGNORED: Final = Ignored()


def encode(action: str, **fields: str | bool | list[str]) -> str:
    """Return the text frame of a command."""
    return orjson.dumps({"action": action, **fields}).decode()


def decode(
    data: bytes | str, ledger: Ledger, listed: KnownCalls | None = None
) -> Message:
    """Return the message in a frame; a call that is `listed` already is taken from there.

    Raises FrameError for what is not JSON, not an object, or of wrong types.
    """
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise FrameError("not JSON") from None
    if not isinstance(frame, dict):
        raise FrameError("not an object")
    action = frame.get("action")
    if action is None:
        if _FLAT.isdisjoint(frame):
            kind = "flat:" + ",".join(sorted(frame))
            ledger.unknown(kind)
            ledger.sample(kind, frame)
        return _IGNORED
    if not isinstance(action, str):
        raise FrameError("action is not a string")
    ledger.sample(action, frame)
    if known := _FRAME_FIELDS.get(action):
        _note_unknown(frame, known, action, ledger)
    match action:
        case "user-state":
            return _user_state(frame, ledger)
        case "call-state":
            return CallList(_calls(frame, "calls", action, ledger, listed=listed))
        case "chat":
            return _chat_message(frame)
        case "orbit-calls":
            return OrbitSignal()
        case "callerid":
            return CallerId(
                _text(frame, "callid"),
                party(_text(frame, "number"), _text(frame, "name")),
            )
        case "domain-state":
            return AccountsSnapshot(
                _state_accounts(frame, ledger),
                _calls(frame, "calls", action, ledger)
                if frame.get("calls") is not None
                else (),
            )
    if action in _SIGNALS:
        return Signal(action == "user-change", action == "blf")
    if action not in _SILENT and not known:
        ledger.unknown(action)
    return _IGNORED


class Decoder:
    """Decode the frames of a PBX; what is told again as it was is not read anew.

    Most frames are about the flags of a phone, and those are few: to know them saves a
    quarter of what a change costs, and two thirds where nothing changes. Of a list of
    calls mostly one is new: to know the others saves nearly all of the reading.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Start with no frame known."""
        self._ledger = ledger
        self._known: dict[bytes, AccountDelta] = {}
        self._calls: KnownCalls = {}

    def decode(self, data: bytes) -> Message:
        """Return the message in a frame; raises FrameError."""
        if known := self._known.get(data):
            return known
        message = decode(data, self._ledger, self._calls)
        # What has calls in it has their ids, and does not come again.
        if (
            isinstance(message, AccountDelta)
            and not message.account.calls
            and len(data) <= _FRAME_KNOWN_LENGTH
        ):
            if len(self._known) >= _FRAMES_KNOWN:
                self._known.clear()
            self._known[data] = message
        return message


def decode_accounts(reply: object, ledger: Ledger) -> tuple[Account, ...]:
    """Return the accounts in a reply of REST `/accounts`.

    The entries carry no type: the caller knows what it asked for. `connected` is the
    account's own presence. Raises FrameError for a reply of another shape.
    """
    entries = _objects(reply, "accounts", ACCOUNTS_LIMIT)
    return tuple(_rest_account(entry, ledger) for entry in entries)


def call_ids(reply: object) -> set[str]:
    """Return the ids in a reply of REST `/calls`, as far as it has the known shape."""
    entries = reply if isinstance(reply, list) else []
    return {
        str(entry["id"])
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), str | int)
    }


def decode_orbits(reply: object, ledger: Ledger) -> dict[str, ParkedCalls]:
    """Return what a reply of REST `/orbits` tells of the park orbits.

    Its fields are not known: `calls` is taken as a list of calls, or as their number.
    Raises FrameError for a reply of another shape.
    """
    entries = _objects(reply, "orbits", ACCOUNTS_LIMIT)
    return dict(_parked(entry, ledger) for entry in entries)


def decode_history(reply: object, line: str, ledger: Ledger) -> tuple[PastCall, ...]:
    """Return the calls in a reply of REST `/history`, or of `load-cdr-summary` (classic).

    The former has them under `data` and tells direction and scope (70.3 catalogue); in
    the latter the parties tell the direction. Raises FrameError for another shape.
    """
    entries = reply.get("data") if isinstance(reply, dict) else reply
    if not isinstance(entries, list):
        raise FrameError("history is not a list")
    return tuple(
        _past_call(entry, line, ledger)
        for entry in _objects(entries[:HISTORY_LIMIT], "history")
    )


def decode_flags(reply: object, ledger: Ledger) -> dict[str, ServiceFlag]:
    """Return the service flags in a reply of REST `/srvflags`, by number.

    An object of ids and names (classic) tells no state, and so nothing. Raises
    FrameError for a reply of another shape.
    """
    if isinstance(reply, dict) and "state" not in reply:
        return {}
    flags = (
        _service_flag(entry, ledger)
        for entry in _objects(reply, "srvflags")[:_FLAGS_LIMIT]
    )
    return {flag.number: flag for flag in flags}


def decode_missed(reply: object, ledger: Ledger) -> MissedCalls | None:
    """Return the counter in a reply of REST `/history`; None where there is none.

    Raises FrameError for a reply of another shape.
    """
    if not isinstance(reply, dict | list):
        raise FrameError("history is not an object")
    if isinstance(reply, list) or reply.get("missed") is None:
        return None
    return MissedCalls(_count(reply, "missed"), _time(reply, "missedspan", ledger))


def decode_voicemail(reply: object, ledger: Ledger, *, filtered: bool) -> Voicemail:
    """Return what a reply of REST `/messages` tells, in any of its shapes.

    A bare number is that of the unread messages. In a list they have `isnew`, if not all
    of it are: it is `filtered`. Raises FrameError for a reply of another shape.
    """
    if not isinstance(reply, dict | list):
        return Voicemail(_count({"messages": reply}, "messages"))
    counter, listed = None, reply
    if isinstance(reply, dict):
        counter = next((key for key in _UNREAD if reply.get(key) is not None), None)
        listed = reply.get("data", [] if counter else reply)
    if isinstance(listed, dict) and _MESSAGE_FIELDS.isdisjoint(listed):
        listed = list(listed.values())
    messages = [
        message
        for message in _objects(listed, "messages")[:_MESSAGES_LIMIT]
        if not _MESSAGE_FIELDS.isdisjoint(message)
    ]
    if not filtered or any("isnew" in message for message in messages):
        messages = [message for message in messages if _boolean(message, "isnew")]
    newest = max(
        (_voice_message(message, ledger) for message in messages),
        key=lambda message: message.time or 0,
        default=None,
    )
    if isinstance(reply, dict) and counter:
        return Voicemail(_count(reply, counter), newest)
    return Voicemail(len(messages), newest)


def decode_address_book(reply: object) -> tuple[Contact, ...]:
    """Return the names with numbers in a reply of REST `/adrbook`.

    Its shape is not known: a list of objects, or an object that has such a list or such
    objects. Raises FrameError for anything else.
    """
    if isinstance(reply, dict):
        lists = [value for value in reply.values() if isinstance(value, list)]
        reply = lists[0] if lists else list(reply.values())
    entries = _objects(reply, "adrbook")
    contacts = (_contact(entry) for entry in entries[:_CONTACTS_LIMIT])
    return tuple(contact for contact in contacts if contact)


def _word(data: JsonObject, key: str) -> str:
    """Return a word of the protocol; what is far too long is cut."""
    return clean((_text(data, key) or "")[:_WORD_LIMIT])


def _note_unknown(
    data: JsonObject, known: frozenset[str], place: str, ledger: Ledger
) -> None:
    """Count the fields that we do not know."""
    if not known.issuperset(data):
        for key in data.keys() - known:
            count(ledger.unknown_fields, f"{place}.{key}")


def _objects(value: object, place: str, limit: float = math.inf) -> list[JsonObject]:
    """Return a list of objects; an object alone is a list of one."""
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and len(value) > limit:
        raise FrameError(f"too many {place}")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise FrameError(f"{place} is not a list of objects")
    return value


def _text(data: JsonObject, key: str) -> str | None:
    """Return a string; a number is taken as its digits."""
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise FrameError(f"{key} is not a string")


def _boolean(data: JsonObject, key: str) -> bool | None:
    """Return a boolean, also from a string or number; an empty string says nothing."""
    value = data.get(key)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | int) and (text := str(value).lower()) in _BOOLEANS:
        return _BOOLEANS[text]
    raise FrameError(f"{key} is not a boolean")


def _time(data: JsonObject, key: str, ledger: Ledger) -> float | None:
    """Return a time in Unix seconds; empty, zero and absurd ones are not known."""
    value = data.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FrameError(f"{key} is not a time")
    try:
        seconds = float(value)
    except ValueError, OverflowError:
        count(ledger.unknown_fields, f"{key}: another form of time")
        return None
    return seconds if 0 < seconds < _TIME_LIMIT else None


def _extensions(data: JsonObject) -> frozenset[str]:
    """Return the extensions involved in a call, without their star."""
    value = data.get("extension")
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        value = [value]
    if len(value) > _MEMBERS_LIMIT:
        raise FrameError("too many extensions")
    if any(isinstance(x, bool) or not isinstance(x, str | int) for x in value):
        raise FrameError("extension is not a list of strings")
    return frozenset(
        text for x in value if (text := str(x).lstrip("*")) and _is_number(text)
    )


def _party(data: JsonObject, side: str) -> Party:
    """Return one side of a call, from the party string and the split fields."""
    is_called = side == "to"
    whole = parse_party(_text(data, side) or "", is_called=is_called)
    number, name = _text(data, f"{side}-number"), _text(data, f"{side}-name")
    if not number and not name:
        return whole
    split = party(number, name, whole.host, is_called=is_called)
    number = split.number or whole.number
    return Party(
        number,
        split.name or whole.name,
        whole.host,
        number is None and (split.withheld or whole.withheld),
    )


def _call(data: JsonObject, place: str, ledger: Ledger) -> Call:
    """Return one call."""
    _note_unknown(data, _CALL_FIELDS, place, ledger)
    raw_state = _word(data, "state") or _word(data, "callstate")
    phase = _PHASES.get(raw_state.lower()) if raw_state else None
    if raw_state and not phase:
        count(ledger.unknown_states, raw_state)
    caller, callee = _party(data, "from"), _party(data, "to")
    started = _time(data, "start", ledger)
    if len(call_id := _text(data, "id") or "") > _ID_LIMIT:
        raise FrameError("id is too long")
    if not call_id.isprintable():
        raise FrameError("id is no text")
    return Call(
        # Without an id the parties and the start are what stays the same.
        id=call_id or f"{NO_ID}{caller.number}|{callee.number}|{started}",
        raw_state=raw_state or None,
        phase=phase,
        caller=caller,
        callee=callee,
        extensions=_extensions(data),
        lists_extensions=data.get("extension") is not None,
        started=started,
        answered=_time(data, "connect", ledger),
        recording=_recording(data),
    )


def _recording(data: JsonObject) -> bool | None:
    """Return whether a call is recorded on demand (`adhoc`); else the field is empty."""
    value = data.get("rec")
    if value is None or isinstance(value, bool):
        return value
    return _word(data, "rec").lower() in _RECORDING


def _calls(
    frame: JsonObject,
    key: str,
    place: str,
    ledger: Ledger,
    *,
    limit: int = _CALLS_LIMIT,
    listed: KnownCalls | None = None,
) -> tuple[Call, ...]:
    """Return the calls of a frame; a list that is missing is not an empty one.

    An empty object or string is how some write an empty list.
    """
    value = frame.get(key)
    entries = [] if value in ({}, "") else _objects(value, key, limit)
    place = f"{place}.{key}"
    if listed is None or len(entries) > _CALLS_KNOWN:
        return _within_limits(_call(entry, place, ledger) for entry in entries)
    calls: list[Call] = []
    now: KnownCalls = {}
    for entry in entries:
        call_id = entry.get("id")
        before = listed.get(call_id) if isinstance(call_id, str) else None
        same = before is not None and before[0] == entry
        call = before[1] if before and same else _call(entry, place, ledger)
        now[call.id] = entry, call
        calls.append(call)
    listed.clear()
    listed.update(now)
    return _within_limits(calls)


def _within_limits(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Return the calls of a list; raises FrameError if too many phones are in them."""
    calls = tuple(calls)
    if sum(len(call.extensions) for call in calls) > _MEMBERS_LIMIT:
        raise FrameError("too many extensions")
    return calls


def _account_number(data: JsonObject, key: str) -> str:
    """Return the number that names an account."""
    number = _text(data, key)
    if not number:
        raise FrameError(f"{key} is missing")
    if len(number) > NUMBER_LIMIT:
        raise FrameError(f"{key} is too long")
    if not _is_number(number):
        raise FrameError(f"{key} is no text")
    return number


def _is_number(text: str) -> bool:
    """Return whether a text can name an account: it becomes part of ids."""
    return len(text) <= NUMBER_LIMIT and text.isprintable()


def _state_account(data: JsonObject, ledger: Ledger) -> Account:
    """Return an account as `domain-state` and `user-state` carry it.

    `code` is busy whatever it holds; `calls` are the account's active calls.
    """
    number = _account_number(data, "account")
    name, chat = _text(data, "name"), _word(data, "chatstatus")
    calls: tuple[Call, ...] = ()
    if data.get("calls") is not None:
        calls = _calls(data, "calls", "account", ledger, limit=_ACCOUNT_CALLS_LIMIT)
    # By position: naming costs half as much again.
    return Account(
        number,
        (one_line(name) or None) if name else None,
        _word(data, "type") or None,
        _boolean(data, "registered"),
        _boolean(data, "dnd"),
        chat.lower() or None,
        bool(calls) or data.get("code") is not None,
        calls,
    )


def _state_accounts(frame: JsonObject, ledger: Ledger) -> tuple[Account, ...]:
    """Return the accounts of a `domain-state`; a missing list is not an empty one."""
    accounts = []
    for entry in _objects(frame.get("accounts"), "accounts", ACCOUNTS_LIMIT):
        _note_unknown(entry, _STATE_FIELDS, "domain-state.accounts", ledger)
        account = _state_account(entry, ledger)
        if "alias" in entry or "ani" in entry:
            account = replace(
                account, aliases=_aliases(entry, "alias"), ani=_aliases(entry, "ani")
            )
        accounts.append(account)
    return tuple(accounts)


def _user_state(frame: JsonObject, ledger: Ledger) -> Message:
    """Return the delta in a `user-state`; without an account it says nothing."""
    if frame.get("account") is None:
        return _IGNORED
    tenant = (_text(frame, "domain") or "")[:_HOST_LIMIT].lower() or None
    return AccountDelta(_state_account(frame, ledger), tenant)


def _chat_message(frame: JsonObject) -> ChatMessage:
    """Return a chat message, in one line; what we get names its sender in `dest`."""
    sender = _account_number(frame, "dest")
    if not (text := one_line(_text(frame, "message") or "", _MESSAGE_LIMIT)):
        raise FrameError("message is empty")
    return ChatMessage(sender, text)


def _rest_account(data: JsonObject, ledger: Ledger) -> Account:
    """Return an account as REST `/accounts` carries it."""
    _note_unknown(data, _REST_FIELDS, "rest-accounts", ledger)
    number = _account_number(data, "name")
    return Account(
        number=number,
        name=one_line(_text(data, "displayname") or "") or None,
        registered=_boolean(data, "registered"),
        dnd=_boolean(data, "dnd"),
        chat=_word(data, "chatstatus").lower() or None,
        busy=_boolean(data, "connected"),
        aliases=_aliases(data, "alias"),
        ani=_aliases(data, "ani"),
    )


def _aliases(data: JsonObject, key: str) -> tuple[str, ...]:
    """Return the further numbers of an account: a list, or one text with all of them."""
    value = data.get(key)
    texts: Iterable[object] = value if isinstance(value, list) else (value,)
    if isinstance(value, str):
        texts = _BETWEEN_ALIASES.split(value[: _ALIASES_LIMIT * NUMBER_LIMIT])
    numbers = (
        party_number(str(text), is_called=True)
        for text in islice(texts, _ALIASES_LIMIT)
        if isinstance(text, str | int) and not isinstance(text, bool)
    )
    own = (data.get("name"), data.get("account"))
    return tuple(
        number
        for number in numbers
        if number and number not in own and _is_number(number)
    )


def _parked(data: JsonObject, ledger: Ledger) -> tuple[str, ParkedCalls]:
    """Return the number of an orbit, and what is told of it: who is there is parked."""
    _note_unknown(data, _ORBIT_FIELDS, "rest-orbits", ledger)
    key = next((key for key in ("number", "account") if data.get(key)), "name")
    number, value = _account_number(data, key), data.get("calls")
    if isinstance(value, Mapping) or (
        isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
    ):
        calls = _calls(data, "calls", "rest-orbits", ledger, limit=_ACCOUNT_CALLS_LIMIT)
        return number, ParkedCalls(
            bool(calls),
            tuple(
                call if call.connected else replace(call, phase=Phase.CONNECTED)
                for call in calls
            ),
        )
    if isinstance(value, list):
        return number, ParkedCalls(bool(value))
    count = _word(data, "calls")
    return number, ParkedCalls(int(count) > 0 if count.isdecimal() else None)


def _past_call(data: JsonObject, line: str, ledger: Ledger) -> PastCall:
    """Return a call that is over."""
    _note_unknown(data, _PAST_FIELDS, "history", ledger)
    caller, callee = _party(data, "from"), _party(data, "to")
    inbound, external = _boolean(data, "inbound"), _boolean(data, "external")
    if inbound is None:
        inbound = caller.number != line
    scope = Scope.EXTERNAL if external else Scope.INTERNAL
    answered = _time(data, "connect", ledger)
    # Empty or zero says that nobody answered; what is missing or odd says nothing.
    unanswered = data.get("connect") in ("", 0, "0", "0.000")
    return PastCall(
        id=clean((_text(data, "id") or "")[:_ID_LIMIT]) or None,
        direction=Direction.INCOMING if inbound else Direction.OUTGOING,
        scope=None if external is None else scope,
        remote=caller if inbound else callee,
        dialed_number=callee.number,
        started=_time(data, "start", ledger),
        answered=answered,
        ended=_time(data, "end", ledger),
        connected=True if answered else (False if unanswered else None),
    )


def _service_flag(data: JsonObject, ledger: Ledger) -> ServiceFlag:
    """Return a service flag."""
    _note_unknown(data, _FLAG_FIELDS, "srvflags", ledger)
    return ServiceFlag(
        number=_account_number(data, "name"),
        name=_first_text(data, _FLAG_NAMES),
        active=_boolean(data, "state"),
        manual=_word(data, "mode").lower() == "manual",
    )


def _voice_message(data: JsonObject, ledger: Ledger) -> VoiceMessage:
    """Return a message of a mailbox."""
    return VoiceMessage(
        _party(data, "from"),
        _time(data, "start", ledger),
        _time(data, "duration", ledger),
    )


def _contact(data: JsonObject) -> Contact | None:
    """Return an entry of an address book; None for one without name or number."""
    fields = {key[:_WORD_LIMIT].lower(): value for key, value in data.items()}
    name, first = _first_text(fields, _CONTACT_NAMES), _first_text(fields, _FIRST_NAMES)
    last = _first_text(fields, _LAST_NAMES)
    if first and (last or (name and first not in name)):
        name = f"{first} {last or name}"
    name = party_name(name or first or last)
    numbers = [
        number
        for key, value in fields.items()
        if _CONTACT_NUMBER.fullmatch(key)
        for number in _numbers(value)
    ][:_CONTACT_NUMBERS_LIMIT]
    return Contact(name, tuple(numbers)) if name and numbers else None


def _numbers(value: object, depth: int = 2) -> Iterator[str]:
    """Yield the numbers in a value of an address book, however it is written."""
    if isinstance(value, dict | list) and depth:
        nested = value.values() if isinstance(value, dict) else value
        for each in islice(nested, _CONTACT_NUMBERS_LIMIT):
            yield from _numbers(each, depth - 1)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        for number in numbers_in(str(value)[: 10 * NUMBER_LIMIT]):
            if len(number) <= NUMBER_LIMIT:
                yield number


def _first_text(data: JsonObject, keys: Iterable[str]) -> str | None:
    """Return the first text that is there under one of some names, in one line."""
    texts = (data.get(key) for key in keys)
    return next(
        (line for x in texts if isinstance(x, str) and (line := one_line(x))), None
    )


def _count(data: JsonObject, key: str) -> int:
    """Return a number of things, also from a string."""
    text = _text(data, key) or ""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_COUNT_LIMIT)):
        raise FrameError(f"{key} is not a number")
    return int(text)
