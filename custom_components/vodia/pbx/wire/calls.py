"""Decode calls: one, a list of them, and the list of the call stream."""

from collections.abc import Iterable
from copy import replace
from dataclasses import dataclass
from typing import Final

from ..call_ids import NO_ID, make_call_id
from ..models import Call, Party, Phase
from ..trace import Trace, count
from .fields import (
    ID_LIMIT,
    FrameError,
    JsonObject,
    Reading,
    as_text,
    is_account_number,
    moment,
    note_unknown,
    objects,
    word,
)
from .party import party_at

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
# Entries; docs/SECURITY.md says what the limits are for.
_CALLS_LIMIT: Final = 1000
# Over all calls of a list: what it costs grows with the square of them.
_MEMBERS_LIMIT: Final = 2000
ACCOUNT_CALLS_LIMIT: Final = 100
_CALLS_KNOWN: Final = 500
_RECORDING: Final = frozenset({"adhoc", "on", "true", "1"})
CALL_FIELDS: Final = frozenset(
    {
        *("id", "from", "to", "state", "callstate", "start", "connect", "cmc", "rec"),
        *("extension", "from-number", "from-name", "to-number", "to-name"),
    }
)
# The fields that tell whom a call concerns.
_MEMBERSHIP: Final = frozenset({"from", "from-number", "to", "to-number", "extension"})
_SOME_CALL: Final = Call(NO_ID, None, None, Party(), Party())


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


def read_call_list(
    frame: JsonObject, place: str, trace: Trace, listed: KnownCalls | None
) -> CallList:
    """Return the calls of a `call-state`; a list that is missing is not an empty one.

    A call that is `listed` already is taken from there, and the list takes its place.
    """
    reading = Reading(trace)
    entries = _entries(frame.get("calls"), "calls", reading, _CALLS_LIMIT)
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


def read_calls(
    value: object, key: str, place: str, reading: Reading, limit: int = _CALLS_LIMIT
) -> tuple[Call, ...]:
    """Return the calls of a list; what cannot be read is some call."""
    entries = _entries(value, key, reading, limit)
    calls = [_SOME_CALL] if reading.gap else []
    place = f"{place}.{key}"
    for entry in entries:
        try:
            calls.append(_call(entry, place, reading))
        except FrameError as err:
            reading.leave_out(str(err))
            calls.append(_unclear_call(entry, place, reading))
    return _within_limits(calls)


def _entries(value: object, key: str, reading: Reading, limit: int) -> list[JsonObject]:
    """Return the entries of a list; some write an empty one as `{}` or `""`."""
    return [] if value in ({}, "") else objects(value, key, reading, limit)


def _within_limits(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Return the calls of a list; raises FrameError if too many phones are in them."""
    calls = tuple(calls)
    if sum(len(call.extensions) for call in calls) > _MEMBERS_LIMIT:
        raise FrameError("too many extensions")
    return calls


def _call(data: JsonObject, place: str, reading: Reading) -> Call:
    """Return one call; raises FrameError if its id cannot be read."""
    note_unknown(data, CALL_FIELDS, place, reading.trace)
    wire_state = word(data, "state", reading) or word(data, "callstate", reading)
    phase = _PHASES.get(wire_state.lower()) if wire_state else None
    if wire_state and not phase:
        count(reading.trace.unknown_states, wire_state)
    caller, callee = party_at(data, "from", reading), party_at(data, "to", reading)
    started = moment(data, "start", reading)
    extensions, whole = _extensions(data, reading)
    return Call(
        # Without an id the parties and the start are what stays the same.
        id=_call_id(data) or make_call_id(caller.number, callee.number, started),
        wire_state=wire_state or None,
        phase=phase,
        caller=caller,
        callee=callee,
        extensions=extensions,
        lists_extensions=whole,
        started=started,
        answered=moment(data, "connect", reading),
        recording=_recording(data, reading),
    )


def _unclear_call(data: JsonObject, place: str, reading: Reading) -> Call:
    """Return a call of which it is not known which one it is, nor how it is."""
    nameless = {key: value for key, value in data.items() if key != "id"}
    return replace(_call(nameless, place, reading), wire_state=None, phase=None)


def _call_id(data: JsonObject) -> str:
    """Return the id of a call, empty if it has none."""
    value = data.get("id")
    if value is None:
        return ""
    if (call_id := as_text(value)) is None:
        raise FrameError("id is not a string")
    if len(call_id) > ID_LIMIT:
        raise FrameError("id is too long")
    if not call_id.isprintable():
        raise FrameError("id is no text")
    return call_id


def _extensions(data: JsonObject, reading: Reading) -> tuple[frozenset[str], bool]:
    """Return the extensions involved in a call, without their star."""
    # And whether these are all of them: no list at all is not an empty one.
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
        elif (number := text.strip().lstrip("*")) and is_account_number(number):
            found.add(number)
    return frozenset(found), whole


def _recording(data: JsonObject, reading: Reading) -> bool | None:
    """Return whether a call is recorded on demand (`adhoc`); else the field is empty."""
    value = data.get("rec")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        reading.refuse("rec", value)
        return None
    return word(data, "rec", reading).lower() in _RECORDING
