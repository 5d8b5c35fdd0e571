"""Read the fields of frames and replies: an odd one is unknown, an odd entry is left out.

Nothing that is odd hides what stands beside it. What was odd is counted, and whoever asked
can tell that it is worth to ask again.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
import math
import re
from typing import Any, Final

from ..trace import Trace, count

type JsonObject = Mapping[str, Any]

_BOOLEANS: Final[Mapping[str, bool | None]] = {
    "true": True,
    "false": False,
    "1": True,
    "0": False,
    "": None,
}
# Characters; what is longer is no name, number, id or word of a telephone system.
NAME_LIMIT: Final = 100
NUMBER_LIMIT: Final = 64
ID_LIMIT: Final = 256
WORD_LIMIT: Final = 64
_INTEGER: Final = re.compile(r"-?[0-9]+")
# Seconds; beyond lies no time of a call (year 5138), but an overflow of the calendar.
_TIME_LIMIT: Final = 1e11
# Up to here a float is one integer only.
_EXACT_LIMIT: Final = 2**53
_COUNT_LIMIT: Final = 1_000_000
# Control characters, halves of characters, and what turns the direction of all that
# follows: none of them is text, and databases, logs and JSON each refuse some.
_NO_TEXT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
# What begins a tag, a picture or a link where a text is shown as Markdown or HTML.
_TAG: Final = re.compile(r"<[A-Za-z/!?]")
_BRACKETS: Final = str.maketrans("<>", "\u2039\u203a")
_LINK: Final = re.compile(r"!(?=\[)|(?<=\])(?=[(\[:])")


class FrameError(ValueError):
    """A frame, reply or entry that is not to be taken; the text is free of data.

    `lost` are the actions of the news that went with a frame.
    """

    def __init__(self, text: str, lost: frozenset[str] = frozenset()) -> None:
        """Say what is the matter."""
        super().__init__(text)
        self.lost = lost


class Reading:
    """One frame or reply being read, and what was odd in it.

    `odd` are the fields that could not be read. A `gap` is an entry of a list that was
    left out: such a list proves nobody's absence.
    """

    __slots__ = ("gap", "odd", "trace")

    def __init__(self, trace: Trace) -> None:
        """Begin; oddities are counted in a trace."""
        self.trace = trace
        self.odd: tuple[str, ...] = ()
        self.gap = False

    @property
    def clean(self) -> bool:
        """Return whether all could be read."""
        return not (self.odd or self.gap)

    def refuse(self, key: str, value: object) -> None:
        """Note that a field is not known, for it is of another type."""
        self.odd += (key,)
        count(self.trace.odd_fields, f"{key}:{type(value).__name__}")

    def leave_out(self, reason: str, number: int = 1) -> None:
        """Note that entries of a list are left out."""
        self.gap = True
        counter = self.trace.left_out
        count(counter, reason)
        if number > 1 and reason in counter:
            counter[reason] += number - 1


def objects(
    value: object, place: str, reading: Reading, limit: float = math.inf
) -> list[JsonObject]:
    """Return the objects of a list; an object alone is a list of one.

    What else stands in it is left out. Raises FrameError for what is no list, has more
    entries than the limit, or nothing but what is left out.
    """
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list) and len(value) > limit:
        raise FrameError(f"too many {place}")
    if not isinstance(value, list):
        raise FrameError(f"{place} is not a list of objects")
    entries: list[JsonObject] = [entry for entry in value if isinstance(entry, dict)]
    if len(entries) < len(value):
        if not entries:
            raise FrameError(f"{place} is not a list of objects")
        reading.leave_out(f"{place}: no object", len(value) - len(entries))
    return entries


def first_objects(
    value: object, place: str, reading: Reading, limit: int
) -> list[JsonObject]:
    """Return the first objects of a list; what is beyond the limit is left out."""
    entries = objects(value, place, reading)
    if len(entries) > limit:
        reading.leave_out(f"{place}: too many", len(entries) - limit)
    return entries[:limit]


def each[T](
    entries: Iterable[JsonObject],
    read: Callable[[JsonObject, Reading], T],
    reading: Reading,
) -> list[T]:
    """Return what is read of entries; raises FrameError if that is nothing of any."""
    found: list[T] = []
    fault: FrameError | None = None
    for entry in entries:
        try:
            found.append(read(entry, reading))
        except FrameError as err:
            reading.leave_out(str(err))
            fault = err
    if fault and not found:
        raise fault
    return found


def string(data: JsonObject, key: str, reading: Reading) -> str | None:
    """Return a string; a number is taken as its digits."""
    value = data.get(key)
    # As nearly all are: this is done for each field of each frame.
    if value is None or isinstance(value, str):
        return value
    if (text := as_text(value)) is None:
        reading.refuse(key, value)
    return text


def as_text(value: object) -> str | None:
    """Return a text, or a number as its digits; None for anything else.

    Some write every number of JSON with a fraction: 41.0 is 41. A text is as it is.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_LIMIT:
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else None


def boolean(data: JsonObject, key: str, reading: Reading) -> bool | None:
    """Return a boolean, also from a string or number; an empty string says nothing."""
    value = data.get(key)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and (word := value.strip().lower()) in _BOOLEANS:
        return _BOOLEANS[word]
    reading.refuse(key, value)
    return None


def moment(data: JsonObject, key: str, reading: Reading) -> float | None:
    """Return a time in Unix seconds; empty, zero and absurd ones are not known."""
    value = data.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        reading.refuse(key, value)
        return None
    try:
        seconds = float(value)
    except ValueError, OverflowError:
        count(reading.trace.unknown_fields, f"{key}: another form of time")
        return None
    return seconds if 0 < seconds < _TIME_LIMIT else None


def amount(data: JsonObject, key: str, reading: Reading) -> int:
    """Return a number of things, also from a string; raises FrameError for none."""
    digits = (string(data, key, reading) or "").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(
        str(_COUNT_LIMIT)
    ):
        raise FrameError(f"{key} is not a number")
    return int(digits)


def note_unknown(
    data: JsonObject, known: frozenset[str], place: str, trace: Trace
) -> None:
    """Count the fields that we do not know."""
    if not known.issuperset(data):
        for key in data.keys() - known:
            count(trace.unknown_fields, f"{place}.{key}")


def word(data: JsonObject, key: str, reading: Reading) -> str:
    """Return a word of the protocol; what is far too long is cut."""
    return _clean_word((string(data, key, reading) or "")[:WORD_LIMIT])


@lru_cache(maxsize=256)
def _clean_word(text: str) -> str:
    """Return a word of the protocol; each snapshot has the same few again."""
    return clean(text).strip()


def account_number(data: JsonObject, key: str) -> str:
    """Return the number that names an account; raises FrameError for none."""
    value = data.get(key)
    if isinstance(value, bool):
        value = None
    number = value if isinstance(value, str) else as_text(value) or ""
    if number != value and value is not None and not _INTEGER.fullmatch(number):
        raise FrameError(f"{key} is not a string")
    if not (number := number.strip()):
        raise FrameError(f"{key} is missing")
    if len(number) > NUMBER_LIMIT:
        raise FrameError(f"{key} is too long")
    if not number.isprintable():
        raise FrameError(f"{key} is no text")
    return number


def is_account_number(text: str) -> bool:
    """Return whether a text can name an account: it becomes part of ids."""
    return len(text) <= NUMBER_LIMIT and text.isprintable()


def first_text(data: JsonObject, keys: Iterable[str]) -> str | None:
    """Return the first text that is there under one of some names, in one line."""
    texts = (data.get(key) for key in keys)
    return next(
        (line for x in texts if isinstance(x, str) and (line := one_line(x))), None
    )


def one_line(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a text in one line of a bounded length."""
    return _clean_line(text[: limit * 2], limit)


@lru_cache(maxsize=4096)
def _clean_line(text: str, limit: int) -> str:
    """Return a text of a bounded length in one line; names come again and again."""
    return " ".join(clean(text).split())[:limit].strip()


def clean(text: str) -> str:
    """Return a text that is safe wherever it is stored, logged or shown.

    People read the same; only what would be markup is none any more.
    """
    if not text.isprintable():
        text = _NO_TEXT.sub(" ", text)
    if "<" in text and _TAG.search(text):
        text = text.translate(_BRACKETS)
    return _LINK.sub(r"\g<0> ", text) if "!" in text or "]" in text else text
