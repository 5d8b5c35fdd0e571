"""JSON as telephone systems write it: what a strict reader refuses is read as far as it goes."""

import json
import math
import re
from typing import Any, Final

import orjson

# A string, closed or not, or a comma that nothing follows. Possessive: a text without end
# costs no more than its length.
_TOKEN: Final = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|,(?=[\s\x00]*+[\]}])', re.DOTALL
)
_HIGH: Final = r"u[dD][89abAB][0-9a-fA-F]{2}"
_LOW: Final = r"u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE: Final = re.compile(
    rf'\\(?:(?P<pair>{_HIGH}\\{_LOW})|(?P<half>{_HIGH}|{_LOW})|(?P<fine>["\\/bfnrt]'
    r"|u[0-9a-fA-F]{4})|)"
)
# Before the object: a byte order mark, and what separates texts.
_BEFORE: Final = "\ufeff\x00 \t\r\n"
# Digits of an integer that is exact in JSON everywhere.
_DIGITS: Final = 18


def loads(data: bytes | str) -> Any:
    """Return the first value in a JSON text; raises ValueError for what is none.

    Read in spite of: bytes that are no UTF-8, halves of characters and control characters
    in strings, escapes and numbers that JSON does not have, commas too many, and whatever
    follows the value. What is no text becomes U+FFFD, what is no number null.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    if isinstance(data, str):
        data = data.encode(errors="surrogatepass")
    text = _TOKEN.sub(_mended, data.decode(errors="replace").lstrip(_BEFORE))
    try:
        value, _ = _DECODER.raw_decode(text)
        # Again by the strict reader: what passes has no more levels and no other numbers
        # than anything that it takes.
        return orjson.loads(orjson.dumps(value))
    except (RecursionError, TypeError) as err:
        raise ValueError(str(err)) from None


def _mended(token: re.Match[str]) -> str:
    """Return a string with escapes that JSON has; a comma too many is nothing."""
    text = token[0]
    if text == ",":
        return ""
    return _ESCAPE.sub(_escape, text) if "\\" in text else text


def _escape(escape: re.Match[str]) -> str:
    """Return an escape that JSON has; of another one the backslash goes."""
    if escape["half"]:
        return "\\ufffd"
    return escape[0] if escape["pair"] or escape["fine"] else ""


def _number(digits: str) -> float | None:
    """Return a number; None for one that is too large to be one."""
    number = float(digits)
    return number if math.isfinite(number) else None


def _integer(digits: str) -> float | None:
    """Return an integer, as a float where it is very large."""
    return int(digits) if len(digits) <= _DIGITS else _number(digits)


_DECODER: Final = json.JSONDecoder(
    strict=False,
    parse_float=_number,
    parse_int=_integer,
    parse_constant=lambda _: None,
)
