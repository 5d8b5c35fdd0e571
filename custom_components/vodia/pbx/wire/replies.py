"""Decode the replies of REST: tolerant of their shapes, as most are not documented.

Each decoder raises FrameError for a reply of another shape.
"""

from collections.abc import Iterator, Mapping
from copy import replace
from itertools import islice
import re
from typing import Final

from ..models import (
    Account,
    Call,
    Contact,
    Direction,
    MissedCalls,
    ParkedCalls,
    PastCall,
    Phase,
    Scope,
    ServiceFlag,
)
from ..numbering import numbers_in
from ..trace import Trace, count
from .accounts import ACCOUNTS_LIMIT, REST_FIELDS, rest_account
from .calls import ACCOUNT_CALLS_LIMIT, read_calls
from .fields import (
    ID_LIMIT,
    NUMBER_LIMIT,
    WORD_LIMIT,
    FrameError,
    JsonObject,
    Reading,
    account_number,
    amount,
    as_text,
    boolean,
    clean,
    each,
    first_objects,
    first_text,
    moment,
    note_unknown,
    objects,
    string,
    word,
)
from .mailbox import MESSAGE_FIELDS
from .party import party_at, party_name

# Entries; docs/SECURITY.md says what the limits are for.
HISTORY_LIMIT: Final = 500
_FLAGS_LIMIT: Final = 500
_CONTACTS_LIMIT: Final = 5000
_CONTACT_NUMBERS_LIMIT: Final = 10
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
# Where the address book has what is open; these are the likely names.
_CONTACT_NAMES: Final = ("name", "displayname", "display", "fullname")
_FIRST_NAMES: Final = ("first", "firstname", "first-name", "first_name")
_LAST_NAMES: Final = ("last", "lastname", "last-name", "last_name")
_CONTACT_NUMBER: Final = re.compile(
    r".*(number|phone|tel|mobile|cell).*|home|work|office|business|private"
)
# All names of fields of replies that are known.
REPLY_FIELDS: Final = (
    REST_FIELDS | _PAST_FIELDS | _ORBIT_FIELDS | _FLAG_FIELDS | MESSAGE_FIELDS
)


def decode_accounts(
    reply: object, trace: Trace, reading: Reading | None = None
) -> tuple[Account, ...]:
    """Return the accounts in a reply of REST `/accounts`.

    The entries carry no type: the caller knows what it asked for. `connected` is the
    account's own presence. Raises FrameError for a reply of another shape.
    """
    reading = reading or Reading(trace)
    entries = objects(reply, "accounts", reading, ACCOUNTS_LIMIT)
    return tuple(each(entries, rest_account, reading))


def decode_calls(reply: object, trace: Trace) -> tuple[Call, ...]:
    """Return the calls in a reply of REST `/calls`: those of the line.

    Raises FrameError for a reply of another shape, and for one with an odd entry.
    """
    reading = Reading(trace)
    calls = read_calls(reply, "calls", "rest", reading)
    if reading.gap:
        raise FrameError("not all calls can be read")
    return calls


def call_ids(reply: object) -> set[str]:
    """Return the ids in a reply of REST `/calls`, as far as it has the known shape."""
    entries = reply if isinstance(reply, list) else []
    return {
        call_id
        for entry in entries
        if isinstance(entry, dict) and (call_id := as_text(entry.get("id"))) is not None
    }


def message_id(reply: object) -> int | None:
    """Return the id in the reply to a chat message; None where it names none.

    REST `/chat` answers with a bare integer (70.3 catalogue).
    """
    told = as_text(reply.get("id") if isinstance(reply, dict) else reply) or ""
    return int(told[:ID_LIMIT]) or None if told.isdecimal() else None


def decode_orbits(reply: object, trace: Trace) -> dict[str, ParkedCalls]:
    """Return what a reply of REST `/orbits` tells of the park orbits.

    Its fields are not known: `calls` is taken as a list of calls, or as their number.
    Raises FrameError for a reply of another shape.
    """
    reading = Reading(trace)
    entries = objects(reply, "orbits", reading, ACCOUNTS_LIMIT)
    return dict(each(entries, _parked, reading))


def _parked(data: JsonObject, reading: Reading) -> tuple[str, ParkedCalls]:
    """Return the number of an orbit, and what is told of it: who is there is parked."""
    note_unknown(data, _ORBIT_FIELDS, "rest-orbits", reading.trace)
    key = next((key for key in ("number", "account") if data.get(key)), "name")
    number, value = account_number(data, key), data.get("calls")
    if isinstance(value, list | Mapping) and value:
        within = Reading(reading.trace)
        try:
            calls = read_calls(
                value, "calls", "rest-orbits", within, ACCOUNT_CALLS_LIMIT
            )
        except FrameError as err:
            # Somebody is there.
            count(reading.trace.left_out, str(err))
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
    parked = word(data, "calls", reading)
    return number, ParkedCalls(int(parked) > 0 if parked.isdecimal() else None)


def decode_history(reply: object, line: str, trace: Trace) -> tuple[PastCall, ...]:
    """Return the calls in a reply of REST `/history`, or of `load-cdr-summary` (classic).

    The former has them under `data` and tells direction and scope (70.3 catalogue); in
    the latter the parties tell the direction. Raises FrameError for another shape.
    """
    entries = reply.get("data") if isinstance(reply, dict) else reply
    if not isinstance(entries, list):
        raise FrameError("history is not a list")
    reading = Reading(trace)
    listed = first_objects(entries, "history", reading, HISTORY_LIMIT)
    return tuple(_past_call(entry, line, reading) for entry in listed)


def _past_call(data: JsonObject, line: str, reading: Reading) -> PastCall:
    """Return a call that is over."""
    note_unknown(data, _PAST_FIELDS, "history", reading.trace)
    caller, callee = party_at(data, "from", reading), party_at(data, "to", reading)
    inbound = boolean(data, "inbound", reading)
    external = boolean(data, "external", reading)
    if inbound is None:
        inbound = caller.number != line
    scope = Scope.EXTERNAL if external else Scope.INTERNAL
    answered = moment(data, "connect", reading)
    # Empty or zero says that nobody answered; what is missing or odd says nothing.
    unanswered = data.get("connect") in ("", 0, "0", "0.000")
    return PastCall(
        id=clean((string(data, "id", reading) or "")[:ID_LIMIT]) or None,
        direction=Direction.INCOMING if inbound else Direction.OUTGOING,
        scope=None if external is None else scope,
        remote=caller if inbound else callee,
        dialed_number=callee.number,
        started=moment(data, "start", reading),
        answered=answered,
        ended=moment(data, "end", reading),
        connected=True if answered else (False if unanswered else None),
    )


def decode_flags(
    reply: object, trace: Trace, reading: Reading | None = None
) -> dict[str, ServiceFlag]:
    """Return the service flags in a reply of REST `/srvflags`, by number.

    An object of ids and names (classic) tells no state, and so nothing. Raises
    FrameError for a reply of another shape.
    """
    if isinstance(reply, dict) and "state" not in reply:
        return {}
    reading = reading or Reading(trace)
    entries = first_objects(reply, "srvflags", reading, _FLAGS_LIMIT)
    return {flag.number: flag for flag in each(entries, _service_flag, reading)}


def _service_flag(data: JsonObject, reading: Reading) -> ServiceFlag:
    """Return a service flag."""
    note_unknown(data, _FLAG_FIELDS, "srvflags", reading.trace)
    return ServiceFlag(
        number=account_number(data, "name"),
        name=first_text(data, _FLAG_NAMES),
        active=boolean(data, "state", reading),
        manual=word(data, "mode", reading).lower() == "manual",
    )


def decode_missed(reply: object, trace: Trace) -> MissedCalls | None:
    """Return the counter in a reply of REST `/history`; None where there is none.

    Raises FrameError for a reply of another shape.
    """
    if not isinstance(reply, dict | list):
        raise FrameError("history is not an object")
    if isinstance(reply, list) or reply.get("missed") is None:
        return None
    reading = Reading(trace)
    return MissedCalls(
        amount(reply, "missed", reading), moment(reply, "missedspan", reading)
    )


def decode_address_book(
    reply: object, trace: Trace | None = None
) -> tuple[Contact, ...]:
    """Return the names with numbers in a reply of REST `/adrbook`.

    Its shape is not known: a list of objects, or an object that has such a list or such
    objects. Raises FrameError for anything else.
    """
    if isinstance(reply, dict):
        lists = [value for value in reply.values() if isinstance(value, list)]
        reply = lists[0] if lists else list(reply.values())
    reading = Reading(trace or Trace())
    entries = first_objects(reply, "adrbook", reading, _CONTACTS_LIMIT)
    contacts = map(_contact, entries)
    return tuple(contact for contact in contacts if contact)


def _contact(data: JsonObject) -> Contact | None:
    """Return an entry of an address book; None for one without name or number."""
    fields = {key[:WORD_LIMIT].lower(): value for key, value in data.items()}
    name, first = first_text(fields, _CONTACT_NAMES), first_text(fields, _FIRST_NAMES)
    last = first_text(fields, _LAST_NAMES)
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
