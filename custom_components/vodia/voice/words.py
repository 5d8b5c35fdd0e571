"""Words: what was said without case, accents and punctuation."""

from functools import lru_cache
import re
from typing import Final
from unicodedata import combining, normalize

_WORD: Final = re.compile(r"[^\W_]+")
# Müller is Mueller: both become muller. So does Joe become Jo: rather that than deaf.
_DIGRAPH: Final = re.compile(r"([aou])e+")
# Letters that are no other letter with a mark.
_LETTERS: Final = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}
)


@lru_cache(8192)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text without case, accents and punctuation."""
    folded = text.casefold()
    if not folded.isascii():
        bare = "".join(c for c in normalize("NFKD", folded) if not combining(c))
        folded = bare.casefold().translate(_LETTERS)
    return tuple(_DIGRAPH.sub(r"\1", word) for word in _WORD.findall(folded))
