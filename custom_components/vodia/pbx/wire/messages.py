"""Translate between frames and typed messages: tolerant in, strict out.

The shapes are those of Vodia's WebSocket documentation (2021 and v70 editions) and of
clients that ran against PBXs; docs/protocol.md says how sure each one is. A field of a
wrong type is unknown and an entry without what it needs is left out: the others count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from ..models import Account, Call, ParkedCalls, Party
from ..trace import Trace
from .accounts import (
    ACCOUNTS_LIMIT,
    STATE_FIELDS,
    listed_account,
    state_account,
    with_numbers,
)
from .calls import CALL_FIELDS, CallList, KnownCalls, read_call_list, read_calls
from .fields import (
    FrameError,
    JsonObject,
    Reading,
    account_number,
    each,
    note_unknown,
    objects,
    one_line,
    string,
)
from .lenient import loads
from .party import party

# Characters and bytes; docs/SECURITY.md says what the limits are for.
_MESSAGE_LIMIT: Final = 2000
_HOST_LIMIT: Final = 253
_PARSE_LIMIT: Final = 8 * 1024 * 1024
_FRAMES_KNOWN: Final = 2000
# Bytes of a frame that is known again; ordinary ones have some two hundred.
_FRAME_KNOWN_LENGTH: Final = 1000
_NONE_ODD: Final = frozenset[str]()
_FIELDS: Final = {
    "domain-state": frozenset({"action", "messages", "calls", "accounts"}),
    "user-state": STATE_FIELDS | {"action", "domain"},
    "call-state": frozenset({"action", "calls"}),
    "chat": frozenset({"action", "src", "dest", "message"}),
    "callerid": frozenset({"action", "callid", "name", "number"}),
}
# The actions that carry accounts and calls.
_NEWS: Final = ("call-state", "domain-state", "user-state")
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
# All names of fields of frames that are known.
FRAME_FIELDS: Final = CALL_FIELDS.union(STATE_FIELDS, *_FIELDS.values())


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
class OrbitList:
    """What REST tells of the park orbits, by their numbers."""

    orbits: Mapping[str, ParkedCalls]


@dataclass(frozen=True, slots=True)
class OrbitNotice:
    """Something changed at a park orbit; how the frame tells it is not known."""


@dataclass(frozen=True, slots=True)
class ChangeNotice:
    """Something changed that the frame does not tell: presence, calls or missed calls."""

    presence: bool
    calls: bool = False


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
class NoInformation:
    """A frame that says nothing about accounts or calls."""


type Message = (
    AccountsSnapshot
    | AccountDelta
    | CallList
    | OrbitList
    | OrbitNotice
    | ChangeNotice
    | ChatMessage
    | CallerId
    | NoInformation
)

_IGNORED: Final = NoInformation()


def encode(action: str, **fields: str | bool | list[str]) -> str:
    """Return the text frame of a command."""
    return orjson.dumps({"action": action, **fields}).decode()


class Decoder:
    """Decode the frames of a PBX; frames that repeat are not decoded again.

    Most frames are about the flags of a phone, and those are few: to know them saves a
    quarter of what a change costs, and two thirds where nothing changes. Of a list of
    calls mostly one is new: to know the others saves nearly all of the reading.
    """

    def __init__(self, trace: Trace) -> None:
        """Start with no frame known."""
        self._trace = trace
        self._known: dict[bytes, AccountDelta] = {}
        self.read_calls: KnownCalls = {}

    def decode(self, data: bytes) -> Message:
        """Return the message in a frame; raises FrameError."""
        if known := self._known.get(data):
            return known
        message = decode(data, self._trace, self.read_calls)
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


def decode(
    data: bytes | str, trace: Trace, listed: KnownCalls | None = None
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
        return _message(frame, trace, listed)
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


def _message(frame: object, trace: Trace, listed: KnownCalls | None = None) -> Message:
    """Return the message in an object."""
    if not isinstance(frame, dict):
        raise FrameError("not an object")
    action = frame.get("action")
    if action is None:
        if _FLAT.isdisjoint(frame):
            kind = "flat:" + ",".join(sorted(frame))
            trace.unknown(kind)
            trace.sample(kind, frame)
        return _IGNORED
    if not isinstance(action, str):
        raise FrameError("action is not a string")
    trace.sample(action, frame)
    if known := _FIELDS.get(action):
        note_unknown(frame, known, action, trace)
    match action:
        case "user-state":
            return _user_state(frame, trace)
        case "call-state":
            return read_call_list(frame, action, trace, listed)
        case "chat":
            return _chat_message(frame, trace)
        case "orbit-calls":
            return OrbitNotice()
        case "callerid":
            reading = Reading(trace)
            return CallerId(
                string(frame, "callid", reading),
                party(string(frame, "number", reading), string(frame, "name", reading)),
            )
        case "domain-state":
            return _snapshot(frame, action, trace)
    if action in _SIGNALS:
        return ChangeNotice(action == "user-change", action == "blf")
    if action not in _SILENT and not known:
        trace.unknown(action)
    return _IGNORED


def _snapshot(frame: JsonObject, action: str, trace: Trace) -> AccountsSnapshot:
    """Return a `domain-state`; a missing list of accounts is not an empty one."""
    reading = Reading(trace)
    entries = objects(frame.get("accounts"), "accounts", reading, ACCOUNTS_LIMIT)
    accounts = each(entries, listed_account, reading)
    gap = reading.gap or "type" in reading.odd
    calls = None
    if frame.get("calls") is not None:
        within = Reading(trace)
        try:
            calls = read_calls(frame["calls"], "calls", action, within)
        except FrameError as err:
            within.leave_out(str(err))
        if within.gap:
            calls = None
    return AccountsSnapshot(
        tuple(accounts), calls, complete=not gap, gap=gap, odd=not reading.clean
    )


def _user_state(frame: JsonObject, trace: Trace) -> Message:
    """Return the delta in a `user-state`; without an account it says nothing."""
    if frame.get("account") is None:
        return _IGNORED
    reading = Reading(trace)
    tenant = (string(frame, "domain", reading) or "")[:_HOST_LIMIT].lower() or None
    account = with_numbers(state_account(frame, reading), frame)
    return AccountDelta(
        account, tenant, frozenset(reading.odd) if reading.odd else _NONE_ODD
    )


def _chat_message(frame: JsonObject, trace: Trace) -> ChatMessage:
    """Return a chat message, in one line; what we get names its sender in `dest`."""
    sender = account_number(frame, "dest")
    text = string(frame, "message", Reading(trace)) or ""
    if not (text := one_line(text, _MESSAGE_LIMIT)):
        raise FrameError("message is empty")
    return ChatMessage(sender, text)
