"""Decode accounts: as frames carry them, and as REST does."""

from collections.abc import Iterable
from copy import replace
from itertools import islice
import re
from typing import Final

from ..models import Account, Call
from ..trace import count
from .calls import ACCOUNT_CALLS_LIMIT, read_calls
from .fields import (
    NUMBER_LIMIT,
    FrameError,
    JsonObject,
    Reading,
    account_number,
    as_text,
    boolean,
    is_account_number,
    note_unknown,
    one_line,
    string,
    word,
)
from .party import party_number

# Entries; docs/SECURITY.md says what the limits are for.
ACCOUNTS_LIMIT: Final = 5000
_ALIASES_LIMIT: Final = 100
# As they are written into the field of an account: `505/9781234567`, or with spaces.
_BETWEEN_ALIASES: Final = re.compile(r"[\s,;/]+")
STATE_FIELDS: Final = frozenset(
    {
        *("account", "name", "type", "registered", "dnd", "chatstatus", "code"),
        *("calls", "tag", "alias", "ani"),
    }
)
REST_FIELDS: Final = frozenset(
    {
        *("name", "alias", "ani", "displayname", "icon", "dnd", "chatstatus"),
        *("connected", "login", "department", "position", "registered"),
    }
)


def state_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account as `domain-state` and `user-state` carry it.

    `code` is busy whatever it holds; `calls` are the account's active calls.
    """
    number = account_number(data, "account")
    name, chat = string(data, "name", reading), word(data, "chatstatus", reading)
    calls: tuple[Call, ...] | None = ()
    busy = data.get("code") is not None
    if data.get("calls") is not None:
        active, calls = _reported_calls(data, reading)
        busy |= active
    # By position: naming costs half as much again.
    return Account(
        number,
        (one_line(name) or None) if name else None,
        word(data, "type", reading) or None,
        boolean(data, "registered", reading),
        boolean(data, "dnd", reading),
        chat.lower() or None,
        busy,
        calls,
    )


def _reported_calls(
    data: JsonObject, reading: Reading
) -> tuple[bool, tuple[Call, ...] | None]:
    """Return whether an account has active calls, and which; None if that is not told."""
    # Attendants and the like may have their number only; whatever else is there and is
    # not empty says that there are some.
    value = data["calls"]
    if isinstance(value, bool | int | float):
        return value > 0, None if value > 0 else ()
    if isinstance(value, str) and value.strip().isdecimal():
        some = bool(value.strip().strip("0"))
        return some, None if some else ()
    within = Reading(reading.trace)
    try:
        calls = read_calls(value, "calls", "account", within, ACCOUNT_CALLS_LIMIT)
    except FrameError as err:
        count(reading.trace.left_out, str(err))
        reading.refuse("calls", value)
        return True, None
    if not within.clean:
        reading.odd += ("calls",)
    return bool(calls), calls


def listed_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account of a `domain-state`."""
    note_unknown(data, STATE_FIELDS, "domain-state.accounts", reading.trace)
    return with_numbers(state_account(data, reading), data)


def with_numbers(account: Account, data: JsonObject) -> Account:
    """Return an account with its further numbers, where an entry tells some."""
    if "alias" not in data and "ani" not in data:
        return account
    return replace(account, aliases=_aliases(data, "alias"), ani=_aliases(data, "ani"))


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
        if number and number not in own and is_account_number(number)
    )


def rest_account(data: JsonObject, reading: Reading) -> Account:
    """Return an account as REST `/accounts` carries it."""
    note_unknown(data, REST_FIELDS, "rest-accounts", reading.trace)
    number = account_number(data, "name")
    return Account(
        number=number,
        name=one_line(string(data, "displayname", reading) or "") or None,
        registered=boolean(data, "registered", reading),
        dnd=boolean(data, "dnd", reading),
        chat=word(data, "chatstatus", reading).lower() or None,
        busy=boolean(data, "connected", reading),
        aliases=_aliases(data, "alias"),
        ani=_aliases(data, "ani"),
    )
