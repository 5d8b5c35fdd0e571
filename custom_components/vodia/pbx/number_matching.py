"""Which written numbers are the same.

A whole number is what `phonenumbers` (Google's libphonenumber) makes of it in the country
of the PBX. What no library knows is here: extensions, star codes, a dial prefix such as
the zero for an outside line, and numbers without their area code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
import re
from typing import Final
from urllib.parse import unquote

from phonenumbers import (
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberType,
    is_possible_number,
    is_valid_number,
    length_of_geographical_area_code,
    national_significant_number,
    number_type,
)

from .numbering import (
    EXTENSION_DIGITS,
    compact,
    digits_of,
    is_dialable,
    is_number,
    parse_number,
    split_extension,
)

# Digits in front of a number that choose the line or the carrier: 0, 9, 9090, 01013.
_PREFIX_DIGITS: Final = 5
_OUTSIDE_LINES: Final = ("0", "9")
# What is far too long is no number.
_LENGTH_LIMIT: Final = 64
# What people write between the two when they dial the line by hand: 0 0431 23456.
_SPACED_OUTSIDE: Final = re.compile(r"\s*\(?[09]\)?[ /.-]+(?=[\d(])")
# The address of a number outside, as calls by SIP have it.
_SIP: Final = re.compile(r"\s*<?sips?:([^@;>]+)[@;>].*", re.IGNORECASE)
# Mobile numbers of Mexico had a 1 behind the country until 2019; trunks still send it.
_OLD_MEXICAN: Final = re.compile(r"\+521(?=\d{10}$)")
# 212-555-0123 #45, and a pause before the extension is dialed: 2125550123,,45.
_DIALED_EXTENSION: Final = re.compile(
    r"(?P<number>\s*[+(]?(?:\d[ ()/.-]*){7,})(?:#|,+)\s*(?P<extension>\d{1,7})\s*"
)
# *31#, *67: what the exchange is to do with the number behind it.
_SERVICES: Final = tuple(
    re.compile(rf"[*#]{{1,2}}\d{{{digits}}}[*#]?(?P<number>\+?\d{{7,}})")
    for digits in (2, 3)
)


@dataclass(frozen=True, slots=True)
class NumberForms:
    """What a written number may mean.

    `text` is itself, `whole` are numbers with their country, the likely one first.
    `partial` are the digits of one that may lack its area code, `subscribers` what a
    whole number looks like then.
    """

    text: str
    whole: tuple[str, ...] = ()
    partial: frozenset[str] = frozenset()
    subscribers: frozenset[str] = frozenset()
    extension: str | None = None


def same_number(one: str | None, other: str | None, country: str | None = None) -> bool:
    """Return whether two written numbers are the same.

    `country` (ISO 3166, two letters) is where a number without its country is dialed. If
    it is not known, such a number is one of the country of the other.
    """
    if one is None or other is None:
        return False
    if one == other:
        return True
    first, second = forms_of(one, country), forms_of(other, country)
    return extensions_fit(first.extension, second.extension) and (
        first.text == second.text
        or any(number in second.whole for number in first.whole)
        or not first.partial.isdisjoint(second.subscribers | second.partial)
        or not second.partial.isdisjoint(first.subscribers)
    )


def number_key(number: str, country: str | None = None) -> str:
    """Return what all the written forms of one number have in common, as far as known."""
    forms = forms_of(number, country)
    key = forms.whole[0] if forms.whole else forms.text
    return key if forms.extension is None else f"{key}x{forms.extension}"


def extensions_fit(one: str | None, other: str | None) -> bool:
    """Return whether two extensions behind a number may be one: it may be left out."""
    return None in (one, other) or one == other


@lru_cache(4096)
def forms_of(written: str, country: str | None) -> NumberForms:
    """Return what a written number may mean in a country."""
    written = written[: 4 * _LENGTH_LIMIT]
    if (sip := _SIP.fullmatch(written)) and len(digits_of(sip[1])) >= EXTENSION_DIGITS:
        user = unquote(sip[1])
        written = user if is_number(user) else written
    number, extension = split_extension(written)
    if behind := _DIALED_EXTENSION.fullmatch(number):
        number, extension = behind["number"], behind["extension"]
    text = compact(number)
    bare = text.removeprefix("+")
    if not is_dialable(text):
        # The name of an account.
        return NumberForms(written.strip().casefold())
    if not bare.isdigit():
        return NumberForms(text, whole=tuple(_behind_service(text, country)))
    if len(bare) < EXTENSION_DIGITS and text == bare:
        return NumberForms(bare.lstrip("0") or bare)
    whole, partial = _whole_and_partial(text, country)
    if _SPACED_OUTSIDE.match(number) and text[1] == "0":
        # 0 0431 1234567 is a line outside and Kiel, and not 00 43 1 1234567 in Vienna.
        whole = [*_valid(text[1:], country)] or whole
    return NumberForms(
        text,
        tuple(dict.fromkeys(_e164(each) for each in whole)),
        frozenset(partial),
        frozenset(form for each in whole for form in _subscribers(each, text, country)),
        extension,
    )


def _behind_service(text: str, country: str | None) -> Iterator[str]:
    """Yield the numbers that may stand behind a star code of two or three digits."""
    for pattern in _SERVICES:
        if found := pattern.fullmatch(text):
            for number in _valid(found["number"], country):
                yield _e164(number)


def _whole_and_partial(
    text: str, country: str | None
) -> tuple[list[PhoneNumber], set[str]]:
    """Return the whole numbers that a text may be, and its digits if it may lack some."""
    if text[0] == "+":
        return _possible(text), set()
    plan = PhoneMetadata.metadata_for_region(country) if country else None
    if plan is None:
        abroad = _possible(f"+{text[2:]}") if text.startswith("00") else []
        rest = text[1:] if text.startswith("90") else text
        return abroad, {digits.lstrip("0") for digits in (text, rest)}
    return _in_country(text, plan)


def _possible(text: str) -> list[PhoneNumber]:
    """Return a number with its country, if it has one."""
    number = parse_number(text, None)
    return [number] if number else []


def _in_country(text: str, plan: PhoneMetadata) -> tuple[list[PhoneNumber], set[str]]:
    """Return what a number without a plus may be in a country."""
    country: str = plan.id
    direct = parse_number(text, country)
    found = [direct] if direct and is_valid_number(direct) else []
    # Of a number without the trunk prefix it is open what its first digits are.
    trunk = plan.national_prefix
    is_abroad = direct is not None and direct.country_code != plan.country_code
    is_bare = not text.startswith(trunk or "0") and not is_abroad
    if is_bare and trunk and text.startswith(str(plan.country_code)):
        found += _valid(f"+{text}", None)
    # 0 0152 1234 5678 may as well be 00 1 521 234 5678, and 9 089 123456 be 9089 123456.
    if text.startswith(_OUTSIDE_LINES) and (text[0] != trunk or text[1] == trunk):
        found += (
            number
            for number in _valid(text[1:], country)
            if number_type(number) == PhoneNumberType.MOBILE or text.startswith("90")
        )
    found = found or [*_behind_prefix(text, plan)]
    partial: set[str] = set()
    if is_bare or not found:
        forms = {text, text[1:]} if text.startswith(_OUTSIDE_LINES) else {text}
        partial = {
            form for form in forms if form[0] != "0" and len(form) >= EXTENSION_DIGITS
        }
    if not found:
        # Not all that is dialed is in the numbering plan of the library.
        behind = (
            parse_number(text[1:], country) if text[1:2] == (trunk or "0") else None
        )
        found = [each for each in (direct, behind) if each and is_possible_number(each)]
    if not found:
        partial.add(text.lstrip("0"))
    return found, partial


def _behind_prefix(text: str, plan: PhoneMetadata) -> Iterator[PhoneNumber]:
    """Yield what may be the number behind a dial prefix: it has to be a whole one."""
    abroad = re.compile(plan.international_prefix or "$^")
    for length in range(1, _PREFIX_DIGITS + 1):
        rest = text[length:]
        for number in _valid(rest, plan.id):
            longest = _longest(number, plan)
            if (
                (plan.national_prefix and rest.startswith(plan.national_prefix))
                or abroad.match(rest)
                or number.italian_leading_zero
                or len(national_significant_number(number)) == longest == len(rest)
            ):
                yield number


def _longest(number: PhoneNumber, plan: PhoneMetadata) -> int:
    """Return how many digits a number of its type has at most."""
    mobile = number_type(number) == PhoneNumberType.MOBILE
    kind = plan.mobile if mobile else plan.fixed_line
    return max(kind.possible_length, default=0) if kind else 0


def _valid(text: str, country: str | None) -> Iterator[PhoneNumber]:
    """Yield a number if it is one that can exist."""
    number = parse_number(text, country)
    if number and is_valid_number(number):
        yield number


def _e164(number: PhoneNumber) -> str:
    """Return a number with its country."""
    whole = f"+{number.country_code}{national_significant_number(number)}"
    return _OLD_MEXICAN.sub("+52", whole)


def _subscribers(number: PhoneNumber, text: str, country: str | None) -> Iterator[str]:
    """Yield what is dialed for a number within its area, or at least its country."""
    digits: str = national_significant_number(number)
    if country is None:
        yield digits
        # The library leaves out a trunk prefix, even where it is none.
        international = text.removeprefix("+") if text[0] == "+" else text[2:]
        yield international.removeprefix(str(number.country_code))
        return
    plan = PhoneMetadata.metadata_for_region(country)
    if plan is None or number.country_code != plan.country_code:
        return
    area = length_of_geographical_area_code(number)
    if area and len(digits) - area >= EXTENSION_DIGITS:
        yield digits[area:]
        if country == "AR" and number_type(number) == PhoneNumberType.MOBILE:
            yield f"15{digits[area:]}"
