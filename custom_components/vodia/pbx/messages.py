"""Translate between the wire and typed messages: tolerant in, strict out.

The shapes are those of Vodia's WebSocket documentation (2021 and v70 editions) and of
clients that ran against PBXs; docs/protocol.md says how sure each one is. A field of a
wrong type is unknown and an entry without what it needs is left out: the others count.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import replace
from dataclasses import dataclass
from itertools import islice
import re
from typing import Final, NamedTuple

import orjson

from .fields import (
    FrameError,
    JsonObject,
    Reading,
    amount,
    as_text,
    boolean,
    each,
    first,
    moment,
    note_unknown,
    objects,
    string,
)
from .ledger import Ledger, count
from .lenient import loads
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
# Characters; what is longer is no name, number or id of a telephone system.
_ID_LIMIT: Final = 256
_MESSAGE_LIMIT: Final = 2000
_WORD_LIMIT: Final = 64
_HOST_LIMIT: Final = 253
_PARSE_LIMIT: Final = 8 * 1024 * 1024
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
_FRAMES_KNOWN: Final = 2000
# Bytes of a frame that is known again; ordinary ones have some two hundred.
_FRAME_KNOWN_LENGTH: Final = 1000
_CALLS_KNOWN: Final = 500
# As they are written into the field of an account: `505/9781234567`, or with spaces.
_BETWEEN_ALIASES: Final = re.compile(r"[\s,;/]+")
_INTEGER: Final = re.compile(r"-?[0-9]+")
_RECORDING: Final = frozenset({"adhoc", "on", "true", "1"})

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
# The fields that tell whom a call concerns.
_MEMBERSHIP: Final = frozenset({"from", "from-number", "to", "to-number", "extension"})
_NONE_ODD: Final = frozenset[str]()
_FRAME_FIELDS: Final = {
    "domain-state": frozenset({"action", "messages", "calls", "accounts"}),
    "user-state": _STATE_FIELDS | {"action", "domain"},
    "call-state": frozenset({"action", "calls"}),
    "chat": frozenset({"action", "src", "dest", "message"}),
    "callerid": frozenset({"action", "callid", "name", "number"}),
}
# What accounts and calls are told with.
_NEWS: Final = ("call-state", "domain-state", "user-state")
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


@dataclass(frozen=True, slots=True)
class AccountsSnapshot:
    """All accounts of the tenant, and its calls where they are told.

    A list that is not known to be `complete` proves the absence of nobody. Where it has a
    `gap`, who is not in it may be in an entry that could not be read. An `odd` one is worth
    to be asked for again. `since` is when it was asked for, by the count of messages.
    """

    accounts: tuple[Account, ...]
    calls: tuple[Call, ...] | None = None
    complete: bool = True
    gap: bool = False
    odd: bool = False
    since: int | None = None


class AccountDelta(NamedTuple):
    """A change of one account; None in `registered` and `dnd` means unchanged.

    `tenant` is the one that the frame names. Fields that are `odd` are not known.
    """

    account: Account
    tenant: str | None = None
    odd: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CallList:
    """The list of calls of its stream.

    A call that is missing in a `complete` one has ended. Of the `unsure` ones, by id, not
    all could be read of whom they concern; what is `hidden` may concern anybody. An `odd`
    list is worth to be asked for again.
    """

    calls: tuple[Call, ...]
    complete: bool = True
    hidden: bool = False
    odd: bool = False
    unsure: frozenset[str] = frozenset()


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
_SOME_CALL: Final = Call(NO_ID, None, None, Party(), Party())


def encode(action: str, **fields: str | bool | list[str]) -> str:
    """Return the text frame of a command."""
    return orjson.dumps({"action": action, **fields}).decode()


def decode(
    data: bytes | str, ledger: Ledger, listed: KnownCalls | None = None
) -> Message:
    """Return the message in a frame; a call that is `listed` already is taken from there.

    Raises FrameError for what is not JSON, not an object, or has nothing that it is about.
    """
    if len(data) > _PARSE_LIMIT:
        raise FrameError("larger than 8 MiB", _news_in(data))
    try:
        frame = loads(data)
    except ValueError:
        raise FrameError("not JSON", _news_in(data)) from None
    try:
        return _message(frame, ledger, listed)
    except FrameError as err:
        err.lost = _news_in(data)
        raise


def _news_in(data: bytes | str) -> frozenset[str]:
    """Return the news that a frame is likely about, though it cannot be read."""
    if isinstance(data, str):
        data = data.encode(errors="replace")
    lost = frozenset(action for action in _NEWS if action.encode() in data)
    # What it is about may be in the part that is missing.
    return lost or frozenset({"call-state"} if b'"calls"' in data else ())


def _message(
    frame: object, ledger: Ledger, listed: KnownCalls | None = None
) -> Message:
    """Return the message in an object."""
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
        note_unknown(frame, known, action, ledger)
    match action:
        case "user-state":
            return _user_state(frame, ledger)
        case "call-state":
            return _call_list(frame, action, ledger, listed)
        case "chat":
            return _chat_message(frame, ledger)
        case "orbit-calls":
            return OrbitSignal()
        case "callerid":
            reading = Reading(ledger)
            return CallerId(
                string(frame, "callid", reading),
                party(string(frame, "number", reading), string(frame, "name", reading)),
            )
        case "domain-state":
            return _snapshot(frame, action, ledger)
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
            # What is odd is counted, and asked about, each time.
            and not message.odd
            and len(data) <= _FRAME_KNOWN_LENGTH
        ):
            if len(self._known) >= _FRAMES_KNOWN:
                self._known.clear()
            self._known[data] = message
        return message


def decode_accounts(
    reply: object, ledger: Ledger, reading: Reading | None = None
) -> tuple[Account, ...]:
    """Return the accounts in a reply of REST `/accounts`.

    The entries carry no type: the caller knows what it asked for. `connected` is the
    account's own presence. Raises FrameError for a reply of another shape.
    """
    reading = reading or Reading(ledger)
    entries = objects(reply, "accounts", reading, ACCOUNTS_LIMIT)
    return tuple(each(entries, _rest_account, reading))


def call_ids(reply: object) -> set[str]:
    """Return the ids in a reply of REST `/calls`, as far as it has the known shape."""
    entries = reply if isinstance(reply, list) else []
    return {
        call_id
        for entry in entries
        if isinstance(entry, dict) and (call_id := as_text(entry.get("id"))) is not None
    }


def decode_calls(reply: object, ledger: Ledger) -> tuple[Call, ...]:
    """Return the calls in a reply of REST `/calls`: those of the line.

    Raises FrameError for a reply of another shape, and for one with an odd entry.
    """
    reading = Reading(ledger)
    calls = _calls(reply, "calls", "rest", reading)
    if reading.gap:
        raise FrameError("not all calls can be read")
    return calls


def decode_orbits(reply: object, ledger: Ledger) -> dict[str, ParkedCalls]:
    """Return what a reply of REST `/orbits` tells of the park orbits.

    Its fields are not known: `calls` is taken as a list of calls, or as their number.
    Raises FrameError for a reply of another shape.
    """
    reading = Reading(ledger)
    entries = objects(reply, "orbits", reading, ACCOUNTS_LIMIT)
    return dict(each(entries, _parked, reading))


def decode_history(reply: object, line: str, ledger: Ledger) -> tuple[PastCall, ...]:
    """Return the calls in a reply of REST `/history`, or of `load-cdr-summary` (classic).

    The former has them under `data` and tells direction and scope (70.3 catalogue); in
    the latter the parties tell the direction. Raises FrameError for another shape.
    """
    entries = reply.get("data") if isinstance(reply, dict) else reply
    if not isinstance(entries, list):
        raise FrameError("history is not a list")
    reading = Reading(ledger)
    listed = first(
        objects(entries, "history", reading), HISTORY_LIMIT, "history", reading
    )
    return tuple(_past_call(entry, line, reading) for entry in listed)


def decode_flags(
    reply: object, ledger: Ledger, reading: Reading | None = None
) -> dict[str, ServiceFlag]:
    """Return the service flags in a reply of REST `/srvflags`, by number.

    An object of ids and names (classic) tells no state, and so nothing. Raises
    FrameError for a reply of another shape.
    """
    if isinstance(reply, dict) and "state" not in reply:
        return {}
    reading = reading or Reading(ledger)
    listed = objects(reply, "srvflags", reading)
    entries = first(listed, _FLAGS_LIMIT, "srvflags", reading)
    return {flag.number: flag for flag in each(entries, _service_flag, reading)}


def decode_missed(reply: object, ledger: Ledger) -> MissedCalls | None:
    """Return the counter in a reply of REST `/history`; None where there is none.

    Raises FrameError for a reply of another shape.
    """
    if not isinstance(reply, dict | list):
        raise FrameError("history is not an object")
    if isinstance(reply, list) or reply.get("missed") is None:
        return None
    reading = Reading(ledger)
    return MissedCalls(
        amount(reply, "missed", reading), moment(reply, "missedspan", reading)
    )


def decode_voicemail(
    reply: object, ledger: Ledger, reading: Reading | None = None, *, filtered: bool
) -> Voicemail:
    """Return what a reply of REST `/messages` tells, in any of its shapes.

    A bare number is that of the unread messages. In a list they have `isnew`, if not all
    of it are: it is `filtered`. Raises FrameError for a reply of another shape.
    """
    reading = reading or Reading(ledger)
    if not isinstance(reply, dict | list):
        return Voicemail(amount({"messages": reply}, "messages", reading))
    counted, listed = None, reply
    if isinstance(reply, dict):
        counter = next((key for key in _UNREAD if reply.get(key) is not None), None)
        listed = reply.get("data", [] if counter else reply)
        if counter:
            try:
                counted = amount(reply, counter, reading)
            except FrameError:
                if "data" not in reply:
                    raise
                reading.refuse(counter, reply[counter])
    if isinstance(listed, dict) and _MESSAGE_FIELDS.isdisjoint(listed):
        listed = list(listed.values())
    try:
        entries = objects(listed, "messages", reading)
        entries = first(entries, _MESSAGES_LIMIT, "messages", reading)
    except FrameError as err:
        if counted is None:
            raise
        reading.leave_out(str(err))
        entries = []
    messages = [entry for entry in entries if not _MESSAGE_FIELDS.isdisjoint(entry)]
    sure = not reading.gap
    if not filtered or any("isnew" in message for message in messages):
        odd = len(reading.odd)
        messages = [
            message for message in messages if boolean(message, "isnew", reading)
        ]
        sure &= len(reading.odd) == odd
    newest = max(
        (_voice_message(message, reading) for message in messages),
        key=lambda message: message.time or 0,
        default=None,
    )
    if counted is None and sure:
        counted = len(messages)
    return Voicemail(counted, newest)


def decode_address_book(
    reply: object, ledger: Ledger | None = None
) -> tuple[Contact, ...]:
    """Return the names with numbers in a reply of REST `/adrbook`.

    Its shape is not known: a list of objects, or an object that has such a list or such
    objects. Raises FrameError for anything else.
    """
    if isinstance(reply, dict):
        lists = [value for value in reply.values() if isinstance(value, list)]
        reply = lists[0] if lists else list(reply.values())
    reading = Reading(ledger or Ledger())
    entries = objects(reply, "adrbook", reading)
    entries = first(entries, _CONTACTS_LIMIT, "adrbook", reading)
    contacts = map(_contact, entries)
    return tuple(contact for contact in contacts if contact)


def _word(data: JsonObject, key: str, reading: Reading) -> str:
    """Return a word of the protocol; what is far too long is cut."""
    return clean((string(data, key, reading) or "")[:_WORD_LIMIT]).strip()


def _extensions(data: JsonObject, reading: Reading) -> tuple[frozenset[str], bool]:
    """Return the extensions involved in a call, without their star.

    And whether these are all of them: no list at all is not an empty one.
    """
    value = data.get("extension")
    if value is None:
        return frozenset(), False
    if not isinstance(value, list):
        value = [] if value == {} else [value]
    if len(value) > _MEMBERS_LIMIT:
        raise FrameError("too many extensions")
    found: set[str] = set()
    whole = True
    for entry in value:
        if (text := as_text(entry)) is None:
            reading.refuse("extension", entry)
            whole = False
        elif (number := text.strip().lstrip("*")) and _is_number(number):
            found.add(number)
    return frozenset(found), whole


def _party(data: JsonObject, side: str, reading: Reading) -> Party:
    """Return one side of a call, from the party string and the split fields."""
    is_called = side == "to"
    whole = parse_party(string(data, side, reading) or "", is_called=is_called)
    number = string(data, f"{side}-number", reading)
    name = string(data, f"{side}-name", reading)
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


def _call(data: JsonObject, place: str, reading: Reading) -> Call:
    """Return one call; raises FrameError if its id cannot be read."""
    note_unknown(data, _CALL_FIELDS, place, reading.ledger)
    raw_state = _word(data, "state", reading) or _word(data, "callstate", reading)
    phase = _PHASES.get(raw_state.lower()) if raw_state else None
    if raw_state and not phase:
        count(reading.ledger.unknown_states, raw_state)
    caller, callee = _party(data, "from", reading), _party(data, "to", reading)
    started = moment(data, "start", reading)
    extensions, whole = _extensions(data, reading)
    return Call(
        # Without an id the parties and the start are what stays the same.
        id=_call_id(data) or f"{NO_ID}{caller.number}|{callee.number}|{started}",
        raw_state=raw_state or None,
        phase=phase,
        caller=caller,
        callee=callee,
        extensions=extensions,
        lists_extensions=whole,
        started=started,
        answered=moment(data, "connect", reading),
        recording=_recording(data, reading),
    )


def _call_id(data: JsonObject) -> str:
    """Return the id of a call, empty if it has none."""
    value = data.get("id")
    if value is None:
        return ""
    if (call_id := as_text(value)) is None:
        raise FrameError("id is not a string")
    if len(call_id) > _ID_LIMIT:
        raise FrameError("id is too long")
    if not call_id.isprintable():
        raise FrameError("id is no text")
    return call_id


def _recording(data: JsonObject, reading: Reading) -> bool | None:
    """Return whether a call is recorded on demand (`adhoc`); else the field is empty."""
    value = data.get("rec")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        reading.refuse("rec", value)
        return None
    return _word(data, "rec", reading).lower() in _RECORDING


def _unclear_call(data: JsonObject, place: str, reading: Reading) -> Call:
    """Return a call of which it is not known which one it is, nor how it is."""
    nameless = {key: value for key, value in data.items() if key != "id"}
    return replace(_call(nameless, place, reading), raw_state=None, phase=None)


def _call_list(
    frame: JsonObject, place: str, ledger: Ledger, listed: KnownCalls | None
) -> CallList:
    """Return the calls of a `call-state`; a list that is missing is not an empty one.

    An empty object or string is how some write an empty list. A call that is `listed`
    already is taken from there, and the list takes its place.
    """
    reading, value = Reading(ledger), frame.get("calls")
    entries = (
        [] if value in ({}, "") else objects(value, "calls", reading, _CALLS_LIMIT)
    )
    place = f"{place}.calls"
    hidden, complete = reading.gap, not reading.gap
    calls: list[Call] = []
    unsure: set[str] = set()
    now: KnownCalls = {}
    before = listed or {}
    for entry in entries:
        call_id = entry.get("id")
        known = before.get(call_id) if isinstance(call_id, str) else None
        if known is not None and known[0] == entry:
            call = known[1]
            now[call.id] = known
            calls.append(call)
            continue
        odd, named = len(reading.odd), True
        try:
            call = _call(entry, place, reading)
        except FrameError as err:
            reading.leave_out(str(err))
            complete = named = False
            call = _unclear_call(entry, place, reading)
        calls.append(call)
        if not named or not _MEMBERSHIP.isdisjoint(reading.odd[odd:]):
            unsure.add(call.id)
            hidden |= not (call.extensions or call.caller.number or call.callee.number)
        elif len(reading.odd) == odd and call.id == call_id:
            now[call.id] = entry, call
    if listed is not None:
        listed.clear()
        if len(now) <= _CALLS_KNOWN:
            listed.update(now)
    return CallList(
        _within_limits(calls), complete, hidden, not reading.clean, frozenset(unsure)
    )


def _calls(
    value: object, key: str, place: str, reading: Reading, limit: int = _CALLS_LIMIT
) -> tuple[Call, ...]:
    """Return the calls of a list; what cannot be read is some call."""
    entries = [] if value in ({}, "") else objects(value, key, reading, limit)
    calls = [_SOME_CALL] if reading.gap else []
    place = f"{place}.{key}"
    for entry in entries:
        try:
            calls.append(_call(entry, place, reading))
        except FrameError as err:
            reading.leave_out(str(err))
            calls.append(_unclear_call(entry, place, reading))
    return _within_limits(calls)


def _within_limits(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Return the calls of a list; raises FrameError if too many phones are in them."""
    calls = tuple(calls)
    if sum(len(call.extensions) for call in calls) > _MEMBERS_LIMIT:
        raise FrameError("too many extensions")
    return calls


def _account_number(data: JsonObject, key: str) -> str:
    """Return the number that names an account; raises FrameError for none."""
    value = data.get(key)
    number = "" if value is None or isinstance(value, bool) else as_text(value)
    if number is None or (isinstance(value, float) and not _INTEGER.fullmatch(number)):
        raise FrameError(f"{key} is not a string")
    if not (number := number.strip()):
        raise FrameError(f"{key} is missing")
    if len(number) > NUMBER_LIMIT:
        raise FrameError(f"{key} is too long")
    if not _is_number(number):
        raise FrameError(f"{key} is no text")
    return number


def _is_number(text: str) -> bool:
    """Return whether a text can name an account: it becomes part of ids."""
    return len(text) <= NUMBER_LIMIT and text.isprintable()


def _state_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account as `domain-state` and `user-state` carry it.

    `code` is busy whatever it holds; `calls` are the account's active calls.
    """
    number = _account_number(data, "account")
    name, chat = string(data, "name", reading), _word(data, "chatstatus", reading)
    calls: tuple[Call, ...] | None = ()
    busy = data.get("code") is not None
    if data.get("calls") is not None:
        active, calls = _reported_calls(data, reading)
        busy |= active
    # By position: naming costs half as much again.
    return Account(
        number,
        (one_line(name) or None) if name else None,
        _word(data, "type", reading) or None,
        boolean(data, "registered", reading),
        boolean(data, "dnd", reading),
        chat.lower() or None,
        busy,
        calls,
    )


def _reported_calls(
    data: JsonObject, reading: Reading
) -> tuple[bool, tuple[Call, ...] | None]:
    """Return whether an account has active calls, and which; None if that is not told.

    Attendants and the like may have their number only; whatever else is there and is not
    empty says that there are some.
    """
    value = data["calls"]
    if isinstance(value, bool | int | float):
        return value > 0, None if value > 0 else ()
    if isinstance(value, str) and value.strip().isdecimal():
        some = bool(value.strip().strip("0"))
        return some, None if some else ()
    within = Reading(reading.ledger)
    try:
        calls = _calls(value, "calls", "account", within, _ACCOUNT_CALLS_LIMIT)
    except FrameError as err:
        count(reading.ledger.left_out, str(err))
        reading.refuse("calls", value)
        return True, None
    if not within.clean:
        reading.odd += ("calls",)
    return bool(calls), calls


def _snapshot(frame: JsonObject, action: str, ledger: Ledger) -> AccountsSnapshot:
    """Return a `domain-state`; a missing list of accounts is not an empty one."""
    reading = Reading(ledger)
    entries = objects(frame.get("accounts"), "accounts", reading, ACCOUNTS_LIMIT)
    accounts = each(entries, _listed_account, reading)
    gap = reading.gap or "type" in reading.odd
    calls = None
    if frame.get("calls") is not None:
        within = Reading(ledger)
        try:
            calls = _calls(frame["calls"], "calls", action, within)
        except FrameError as err:
            within.leave_out(str(err))
        if within.gap:
            calls = None
    return AccountsSnapshot(
        tuple(accounts), calls, complete=not gap, gap=gap, odd=not reading.clean
    )


def _listed_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account of a `domain-state`."""
    note_unknown(data, _STATE_FIELDS, "domain-state.accounts", reading.ledger)
    return _with_numbers(_state_account(data, reading), data)


def _with_numbers(account: Account, data: JsonObject) -> Account:
    """Return an account with its further numbers, where an entry tells some."""
    if "alias" not in data and "ani" not in data:
        return account
    return replace(account, aliases=_aliases(data, "alias"), ani=_aliases(data, "ani"))


def _user_state(frame: JsonObject, ledger: Ledger) -> Message:
    """Return the delta in a `user-state`; without an account it says nothing."""
    if frame.get("account") is None:
        return _IGNORED
    reading = Reading(ledger)
    tenant = (string(frame, "domain", reading) or "")[:_HOST_LIMIT].lower() or None
    account = _with_numbers(_state_account(frame, reading), frame)
    return AccountDelta(
        account, tenant, frozenset(reading.odd) if reading.odd else _NONE_ODD
    )


def _chat_message(frame: JsonObject, ledger: Ledger) -> ChatMessage:
    """Return a chat message, in one line; what we get names its sender in `dest`."""
    sender = _account_number(frame, "dest")
    text = string(frame, "message", Reading(ledger)) or ""
    if not (text := one_line(text, _MESSAGE_LIMIT)):
        raise FrameError("message is empty")
    return ChatMessage(sender, text)


def _rest_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account as REST `/accounts` carries it."""
    note_unknown(data, _REST_FIELDS, "rest-accounts", reading.ledger)
    number = _account_number(data, "name")
    return Account(
        number=number,
        name=one_line(string(data, "displayname", reading) or "") or None,
        registered=boolean(data, "registered", reading),
        dnd=boolean(data, "dnd", reading),
        chat=_word(data, "chatstatus", reading).lower() or None,
        busy=boolean(data, "connected", reading),
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
        party_number(as_text(text), is_called=True)
        for text in islice(texts, _ALIASES_LIMIT)
    )
    own = (as_text(data.get("name")), as_text(data.get("account")))
    return tuple(
        number
        for number in numbers
        if number and number not in own and _is_number(number)
    )


def _parked(data: JsonObject, reading: Reading) -> tuple[str, ParkedCalls]:
    """Return the number of an orbit, and what is told of it: who is there is parked."""
    note_unknown(data, _ORBIT_FIELDS, "rest-orbits", reading.ledger)
    key = next((key for key in ("number", "account") if data.get(key)), "name")
    number, value = _account_number(data, key), data.get("calls")
    if isinstance(value, list | Mapping) and value:
        within = Reading(reading.ledger)
        try:
            calls = _calls(value, "calls", "rest-orbits", within, _ACCOUNT_CALLS_LIMIT)
        except FrameError as err:
            # Somebody is there.
            count(reading.ledger.left_out, str(err))
            calls = ()
        return number, ParkedCalls(
            True,
            tuple(
                call if call.connected else replace(call, phase=Phase.CONNECTED)
                for call in calls
            ),
        )
    if isinstance(value, list | Mapping):
        return number, ParkedCalls(False)
    parked = _word(data, "calls", reading)
    return number, ParkedCalls(int(parked) > 0 if parked.isdecimal() else None)


def _past_call(data: JsonObject, line: str, reading: Reading) -> PastCall:
    """Return a call that is over."""
    note_unknown(data, _PAST_FIELDS, "history", reading.ledger)
    caller, callee = _party(data, "from", reading), _party(data, "to", reading)
    inbound = boolean(data, "inbound", reading)
    external = boolean(data, "external", reading)
    if inbound is None:
        inbound = caller.number != line
    scope = Scope.EXTERNAL if external else Scope.INTERNAL
    answered = moment(data, "connect", reading)
    # Empty or zero says that nobody answered; what is missing or odd says nothing.
    unanswered = data.get("connect") in ("", 0, "0", "0.000")
    return PastCall(
        id=clean((string(data, "id", reading) or "")[:_ID_LIMIT]) or None,
        direction=Direction.INCOMING if inbound else Direction.OUTGOING,
        scope=None if external is None else scope,
        remote=caller if inbound else callee,
        dialed_number=callee.number,
        started=moment(data, "start", reading),
        answered=answered,
        ended=moment(data, "end", reading),
        connected=True if answered else (False if unanswered else None),
    )


def _service_flag(data: JsonObject, reading: Reading) -> ServiceFlag:
    """Return a service flag."""
    note_unknown(data, _FLAG_FIELDS, "srvflags", reading.ledger)
    return ServiceFlag(
        number=_account_number(data, "name"),
        name=_first_text(data, _FLAG_NAMES),
        active=boolean(data, "state", reading),
        manual=_word(data, "mode", reading).lower() == "manual",
    )


def _voice_message(data: JsonObject, reading: Reading) -> VoiceMessage:
    """Return a message of a mailbox."""
    return VoiceMessage(
        _party(data, "from", reading),
        moment(data, "start", reading),
        moment(data, "duration", reading),
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
    elif text := as_text(value):
        for number in numbers_in(text[: 10 * NUMBER_LIMIT]):
            if len(number) <= NUMBER_LIMIT:
                yield number


def _first_text(data: JsonObject, keys: Iterable[str]) -> str | None:
    """Return the first text that is there under one of some names, in one line."""
    texts = (data.get(key) for key in keys)
    return next(
        (line for x in texts if isinstance(x, str) and (line := one_line(x))), None
    )
