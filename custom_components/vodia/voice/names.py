"""Match what somebody said with names: no matter in which order, case or spelling."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
import re
from typing import Final

from ..pbx.errors import InvalidNumberError
from ..pbx.numbering import EXTENSION_DIGITS, dialable, plain
from .number_words import digits_in
from .words import tokens

_NUMBER: Final = re.compile(r"\s*(?:tel:.*|[+*#]?[\d ()./*#-]*\d[\d ()./*#-]*)\s*")
# 1.5 and 1,5 are amounts; 030 12.34.56 and 212.555.0123 are written in groups.
_DECIMAL_COMMA: Final = re.compile(r"\d[,\u066b\u00b7]\d")
_POINT: Final = re.compile(r"(?<=\d)\.(?=\d)")
_SINGLE_DIGIT: Final = re.compile(r"(?<!\d)\d\.\d|\d\.\d(?!\d)")
# The digit of the country, or of long distance: +1.2125550123, 1.800.555.0123.
_LEADING_DIGIT: Final = re.compile(r"\+\d\.(?=\d)|\d\.(?=\d{2,}\.)")
# Digits that are said at least to distinguish the numbers of one person.
MIN_TAIL: Final = 2
# How well a part of a name fits: worse than all of it.
_PART: Final = 2
# Before a name only: behind it, Bruno's Frau is somebody else.
_TITLES: Final = frozenset({"mr", "mrs", "ms", "dr", "herr", "herrn", "frau", "doktor"})
# What people say around a name, as words: first what nobody is called.
_ARTICLES: Final = _TITLES | {
    *("the", "my", "our", "your", "a"),
    *("der", "die", "das", "den", "dem", "meine", "meinen", "unsere", "unseren"),
    *("mein", "meiner"),
}
# What a phone is called, behind a name: Anna's mobile, Annas Handy.
_DEVICES: Final = frozenset(
    {
        *("phone", "phones", "telephone", "mobile", "cell", "cellphone", "landline"),
        *("handset", "line", "extension", "number", "desk"),
        *("telefon", "handy", "mobiltelefon", "mobil", "smartphone", "festnetz"),
        *("apparat", "anschluss", "durchwahl", "nebenstelle", "nummer"),
    }
)
_FILLERS: Final = (
    _ARTICLES
    | _DEVICES
    | {
        *("please", "now", "up", "quickly", "quick", "again", "right", "away", "just"),
        *("back", "zuruck"),
        *("immediately", "asap", "then", "here", "real", "for"),
        *("to", "at", "in", "on", "with"),
        *("bitte", "mal", "schnell", "doch", "eben", "gleich", "jetzt", "kurz"),
        *("sofort", "nochmal", "einmal", "gerade", "direkt", "gerne", "gern", "wieder"),
        *("mir", "mich", "uns", "fur", "bei", "beim", "in", "im", "an", "am"),
        *("zu", "zum", "zur", "mit", "auf", "von", "vom"),
    }
)
# Before a device only: "Anna on her mobile" is Anna, "her Anna" may be anybody.
_WHOSE: Final = frozenset({"her", "his", "their", "ihrem", "seinem"})
# Before a number they tell when: "call back at five" calls nobody.
_TIMES: Final = frozenset({"at", "in", "on", "to", "am", "im"})
_OF: Final = frozenset({"von", "vom", "of"})
_POSSESSIVE: Final = re.compile(r"['\u2019\u00b4`]s\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named[ValueT]:
    """Something that has names, and perhaps a number that distinguishes namesakes."""

    value: ValueT
    names: tuple[str, ...]
    number: str = ""


def spoken_number(text: str) -> str | None:
    """Return the number that was said in digits, not a name; None if it is none.

    Raises InvalidNumberError for one that cannot be dialed, or is an amount.
    """
    number = plain(text)
    if is_amount(number):
        raise InvalidNumberError("an amount")
    for said in (number, _without_fillers(number)):
        if _NUMBER.fullmatch(said):
            return dialable(said.strip())
    return None


def number_in_words(text: str) -> str | None:
    """Return the number that was said in words; None if it is none, or has signs."""
    if set(text) & set("+*#"):
        return None
    words = tokens(text)
    return digits_in(tuple(words[at] for at in _essential(words)))


def _without_fillers(text: str) -> str:
    """Return a text without what people say around a name."""
    words = text.split()
    bare = [word.casefold().strip(",!") for word in words]
    return " ".join(words[at] for at in _essential(bare))


def _essential(words: Sequence[str]) -> Iterator[int]:
    """Yield where the words are that are not just said around a name or number."""
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if word in _TITLES:
            is_filler = after in _OF or (
                bool(after) and after not in _FILLERS - _TITLES
            )
        elif word in _TIMES:
            is_filler = not (after[:1].isdecimal() or digits_in((after,)))
        elif word in _OF:
            is_filler = before not in _TITLES
        elif word in _WHOSE:
            is_filler = after in _DEVICES
        else:
            # "Call me Anna" calls nobody.
            is_filler = word in _FILLERS or (word in ("me", "us") and before == "for")
        if not is_filler:
            yield at


def is_amount(text: str) -> bool:
    """Return whether a text is a number with a decimal point or comma.

    Digits in groups with points between them are a telephone number, if they are as many
    as one outside has or in three groups, and no group but the first is a single digit.
    """
    number = _without_fillers(plain(text.casefold())).removeprefix("tel:")
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


def match_names[ValueT](
    said: str, named: Iterable[Named[ValueT]], *, whole: bool = False
) -> list[ValueT]:
    """Return all that may be meant: more than one if that is not clear.

    The whole name, as it is written, beats the whole name in any order and spelling,
    and that beats a part of the name, which does not count where it has to be `whole`.
    The last digits of its number may follow a name.
    """
    candidates = list(named)
    if is_amount(said):
        # 4.1 is not the phone 41, but may be a room.
        literal = said.casefold().split()
        return [
            candidate.value
            for candidate in candidates
            if literal in [name.casefold().split() for name in candidate.names]
        ]
    for wanted in _readings(said):
        ranked: dict[int, list[ValueT]] = {}
        for candidate in candidates:
            ranks = [
                rank
                for name in candidate.names
                if (rank := _rank(said, wanted, name, candidate.number)) is not None
            ]
            if ranks:
                ranked.setdefault(min(ranks), []).append(candidate.value)
        if ranked and (not whole or min(ranked) < _PART):
            return list(dict.fromkeys(ranked[min(ranked)]))
    return []


def _readings(said: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of a name that may have been said, the likeliest first.

    All words; those without what people say around a name; without the end of a
    genitive; with digits for numbers; and a name that is such a word itself.
    """
    asked = tokens(said)
    yield asked
    bare = tokens(_POSSESSIVE.sub("", said))
    short = tuple(bare[at] for at in _essential(bare))
    yield short
    if short and not _DEVICES.isdisjoint(bare) and short[-1].endswith("s"):
        yield (*short[:-1], short[-1][:-1])
    for first in range(len(short)):
        if number := digits_in(short[first:]):
            yield (*short[:first], number)
            break
    if _FILLERS.issuperset(asked):
        yield from ((word,) for word in asked if word not in _ARTICLES)


def _rank(said: str, wanted: tuple[str, ...], name: str, number: str) -> int | None:
    """Return how well a name fits, 0 is best; None if it does not."""
    if not wanted:
        return None
    if said.casefold().split() == name.casefold().split():
        return 0
    own = tokens(name)
    if own == wanted or "".join(wanted) == "".join(own):
        return 1
    # Most names of an address book are out here.
    if set(wanted).isdisjoint(own):
        return None
    if sorted(wanted) == sorted(own):
        return 1
    missing = Counter(wanted) - Counter(own)
    if not missing:
        return _PART
    tail = "".join(word for word in wanted if word in missing)
    if missing.total() < len(wanted) and _is_tail(tail, number):
        return _PART
    return None


def _is_tail(digits: str, number: str) -> bool:
    """Return whether digits may distinguish a number: one alone may be an hour."""
    is_enough = len(digits) >= MIN_TAIL or digits == number
    return is_enough and digits.isdecimal() and number.endswith(digits)
