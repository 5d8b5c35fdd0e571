"""Numbers in words: `forty one`, `vier eins` and `double five` are what is dialed."""

from functools import cache
from typing import Final

from unicode_rbnf import RbnfEngine

from .words import tokens

# Those that have sentences.
_LANGUAGES: Final = ("en", "de")
_RULES: Final = "spellout-numbering"
# What people say besides, so that it is not heard as something else.
_SPOKEN: Final = {"oh": "0", "o": "0", "nought": "0", "naught": "0", "plus": "+"}
_TIMES: Final = {"double": 2, "triple": 3, "doppel": 2, "doppelt": 2, "dreifach": 3}
# Without any digit they are letters, or calls of surprise.
_NOT_ALONE: Final = frozenset({"oh", "o", "plus"})
_LIMIT: Final = 100
# "ein und vierzig" is written as one word, and heard as three.
_MOST_WORDS: Final = 3


@cache
def load() -> dict[str, str]:
    """Return the digits of all words for numbers; it reads files, and does it once."""
    words = dict(_SPOKEN)
    for language in _LANGUAGES:
        engine = RbnfEngine.for_language(language)
        for number in range(_LIMIT):
            word = engine.format_number(number).text_by_ruleset[_RULES]
            word = "".join(tokens(word))
            words[word] = words[word.replace("zwei", "zwo")] = str(number)
    return words


def digits_in(said: tuple[str, ...]) -> str | None:
    """Return the number that words are, without case and marks; None if they are not.

    Digits may be among them, as not all that listens writes numbers the same way.
    """
    words, digits, at = load(), "", 0
    if _NOT_ALONE.issuperset(said):
        return None
    while at < len(said):
        times = _TIMES.get(said[at], 1)
        at += times > 1
        for size in range(_MOST_WORDS, 0, -1):
            heard = "".join(said[at : at + size])
            if found := words.get(heard) or (
                heard if size == 1 and heard.isdecimal() else None
            ):
                digits += found * times
                at += size
                break
        else:
            return None
    return digits or None
