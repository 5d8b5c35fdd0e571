"""Match what somebody said with names: no matter in which order, case or spelling."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
import re
from typing import Final
from unicodedata import combining, normalize

from .pbx.errors import InvalidNumberError
from .pbx.numbering import EXTENSION_DIGITS, dialable, plain

_WORD: Final = re.compile(r"[^\W_]+")
# Müller is Mueller: both become muller. So does Joe become Jo: rather that than deaf.
_DIGRAPH: Final = re.compile(r"([aou])e+")
# Letters that are no other letter with a mark.
_LETTERS: Final = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}
)
_NUMBER: Final = re.compile(r"\s*(?:tel:.*|[+*#]?[\d ()./*#-]*\d[\d ()./*#-]*)\s*")
# 1.5 and 1,5 are amounts; 030 12.34.56 and 212.555.0123 are written in groups.
_DECIMAL_COMMA: Final = re.compile(r"\d[,\u066b\u00b7]\d")
_POINT: Final = re.compile(r"(?<=\d)\.(?=\d)")
_SINGLE_DIGIT: Final = re.compile(r"(?<!\d)\d\.\d|\d\.\d(?!\d)")
# The digit of the country, or of long distance: +1.2125550123, 1.800.555.0123.
_LEADING_DIGIT: Final = re.compile(r"\+\d\.(?=\d)|\d\.(?=\d{2,}\.)")
# What people say around a name.
_FILLERS: Final = frozenset(
    {
        *("the", "my", "our", "to", "mr", "mrs", "ms", "dr", "please"),
        *("der", "die", "das", "den", "dem", "meine", "meinen", "unsere", "unseren"),
        *("herr", "herrn", "frau", "doktor", "bitte", "bei"),
    }
)


@dataclass(frozen=True, slots=True)
class Named[ValueT]:
    """Something that has names, and perhaps a number that tells namesakes apart."""

    value: ValueT
    names: tuple[str, ...]
    number: str = ""


@lru_cache(8192)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a text without case, accents and punctuation."""
    plain = text.casefold()
    if not plain.isascii():
        bare = "".join(c for c in normalize("NFKD", plain) if not combining(c))
        plain = bare.casefold().translate(_LETTERS)
    return tuple(_DIGRAPH.sub(r"\1", word) for word in _WORD.findall(plain))


def number_in(text: str) -> str | None:
    """Return the number that was said instead of a name; None if it is none.

    Raises InvalidNumberError for one that cannot be dialed, or is an amount.
    """
    number = plain(text)
    if is_amount(number):
        raise InvalidNumberError("an amount")
    return dialable(number.strip()) if _NUMBER.fullmatch(number) else None


def is_amount(text: str) -> bool:
    """Return whether a text is a number with a decimal point or comma.

    Digits in groups with points between them are a telephone number, if they are as many
    as one outside has or in three groups, and no group but the first is a single digit.
    """
    number = " ".join(
        word for word in plain(text.casefold()).split() if word not in _FILLERS
    ).removeprefix("tel:")
    if any(char.isalpha() for char in number):
        return False
    if _DECIMAL_COMMA.search(number):
        return True
    points = len(_POINT.findall(number))
    if sum(map(str.isdigit, number)) < EXTENSION_DIGITS:
        return points == 1 or _SINGLE_DIGIT.search(number) is not None
    if leading := _LEADING_DIGIT.match(number):
        number = number[leading.end() :]
    return _SINGLE_DIGIT.search(number) is not None


def find[ValueT](said: str, named: Iterable[Named[ValueT]]) -> list[ValueT]:
    """Return all that may be meant: more than one if that is not clear.

    The whole name, as it is written, beats the whole name in any order and spelling,
    and that beats a part of the name. The last digits of its number may follow a name.
    """
    candidates = list(named)
    if is_amount(said):
        # 4.1 is not the phone 41, but may be a room.
        whole = said.casefold().split()
        return [
            candidate.value
            for candidate in candidates
            if whole in [name.casefold().split() for name in candidate.names]
        ]
    asked = words(said)
    short = tuple(word for word in asked if word not in _FILLERS)
    for wanted in (asked, short):
        ranked: dict[int, list[ValueT]] = {}
        for candidate in candidates:
            ranks = [
                rank
                for name in candidate.names
                if (rank := _rank(said, wanted, name, candidate.number)) is not None
            ]
            if ranks:
                ranked.setdefault(min(ranks), []).append(candidate.value)
        if ranked:
            return list(dict.fromkeys(ranked[min(ranked)]))
    return []


def _rank(said: str, wanted: tuple[str, ...], name: str, number: str) -> int | None:
    """Return how well a name fits, 0 is best; None if it does not."""
    if not wanted:
        return None
    if said.casefold().split() == name.casefold().split():
        return 0
    own = words(name)
    if own == wanted or "".join(wanted) == "".join(own):
        return 1
    # Most names of an address book are out here.
    if set(wanted).isdisjoint(own):
        return None
    if sorted(wanted) == sorted(own):
        return 1
    missing = Counter(wanted) - Counter(own)
    if not missing:
        return 2
    tail = "".join(word for word in wanted if word in missing)
    if missing.total() < len(wanted) and tail.isdecimal() and number.endswith(tail):
        return 2
    return None
