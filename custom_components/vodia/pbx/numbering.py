"""Telephone numbers as people, PBXs and trunks write them: which are the same.

A whole number is what `phonenumbers` (Google's libphonenumber) makes of it in the country
of the PBX. What no library knows is here: extensions, star codes, a dial prefix such as
the zero for an outside line, and numbers without their area code.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
import re
from typing import Final
from unicodedata import category, digit, normalize
from urllib.parse import unquote

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberType,
    convert_alpha_characters_in_number,
    is_possible_number,
    is_valid_number,
    length_of_geographical_area_code,
    national_significant_number,
    number_type,
    parse,
)

from .errors import InvalidNumberError

# More digits than an extension has: such a number may be one outside the tenant.
EXTENSION_DIGITS: Final = 7
# Fewer digits have no extension behind them: 0x45 is no number.
_OUTSIDE_DIGITS: Final = 5
# Digits in front of a number that choose the line or the carrier: 0, 9, 9090, 01013.
_PREFIX_DIGITS: Final = 5
_OUTSIDE_LINES: Final = ("0", "9")
# What is far too long is no number.
_LENGTH_LIMIT: Final = 64
_SEPARATORS: Final = " ()/.-~"
_DROP_SEPARATORS: Final = str.maketrans("", "", _SEPARATORS)
_CHARACTERS: Final = f"+*#0123456789{_SEPARATORS}"
_DIALABLE: Final = re.compile(r"\+?[0-9*#]{1,64}")
# What follows is shown backwards: nobody sees what would be dialed.
_REVERSES: Final = "\u202e"
# What people write between the two when they dial the line by hand: 0 0431 23456.
_SPACED_OUTSIDE: Final = re.compile(r"\s*\(?[09]\)?[ /.-]+(?=[\d(])")
_ITALIAN_MOBILE_DIGITS: Final = 10
# The zero that people write for callers from the same country: +49 (0)30 1234.
_TRUNK_ZERO: Final = re.compile(r"(\s*(?:\+|00)[\s./-]*((?:\d[\s./-]*){1,3}))\(0\)")
_URI: Final = re.compile(r"\s*tel:([^;]*)(.*)", re.IGNORECASE | re.DOTALL)
# The address of a number outside, as calls by SIP have it.
_SIP: Final = re.compile(r"\s*<?sips?:([^@;>]+)[@;>].*", re.IGNORECASE)
# Mobile numbers of Mexico had a 1 behind the country until 2019; trunks still send it.
_OLD_MEXICAN: Final = re.compile(r"\+521(?=\d{10}$)")
_EXTENSION_WORD: Final = (
    r"(?:ext|extn|extension|x|durchwahl|dw|poste|int|interno|interne|toestel|wew|wewn|app"
    r"|apparat|nst|nebenstelle|anexo|ramal|anknytning|linka|доб)"
)
_EXTENSION: Final = re.compile(
    rf"(?P<number>.*\d.*?)[\s,;]*(?:;ext=|(?<![^\W\d_]){_EXTENSION_WORD}[.:]?)"
    r"\s*(?P<extension>\d{1,7})\s*\)?\s*",
    re.IGNORECASE,
)
# 212-555-0123 #45, and a pause before the extension is dialed: 2125550123,,45.
_DIALED_EXTENSION: Final = re.compile(
    r"(?P<number>\s*[+(]?(?:\d[ ()/.-]*){7,})(?:#|,+)\s*(?P<extension>\d{1,7})\s*"
)
# What stands between two numbers of one field.
_BETWEEN: Final = re.compile(
    rf"[,;](?!\s*{_EXTENSION_WORD}[.:=]?\s*\d)|[\n\r|]|\s(?:oder|or|and|und|ou|et|y|o|oppure|of|en|lub|i|&)\s",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(r"[+*#\d(][+*#\d ()/.-]*(?<![ (/.-])")
# 1-800-FLOWERS: letters for the keys of a telephone, behind the digits of the service.
_VANITY: Final = re.compile(r"\+?\d{1,6}(?=(?:\d*[A-Z]){3})[A-Z\d]+")
_FREE_OF_CHARGE: Final = re.compile(r"\+?\d{0,3}?0?(?:8\d\d|900|700)[a-z]{3,}")
_VANITY_DIGITS: Final = range(7, 16)
# *31#, *67: what the exchange is to do with the number behind it.
_SERVICES: Final = tuple(
    re.compile(rf"[*#]{{1,2}}\d{{{digits}}}[*#]?(?P<number>\+?\d{{7,}})")
    for digits in (2, 3)
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a written number may mean.

    `text` is itself, `whole` are numbers with their country, the likely one first. `partial` are the digits of
    one that may lack its area code, `subscribers` what a whole number looks like then.
    """

    text: str
    whole: tuple[str, ...] = ()
    partial: frozenset[str] = frozenset()
    subscribers: frozenset[str] = frozenset()
    extension: str | None = None


class AddressBook:
    """Names by number, found at once however large the book is and however it is written.

    What may be the number of several names nobody. Whose extension is the same, or none
    as well, comes before those of whom only one has an extension.
    """

    def __init__(
        self, contacts: Iterable[tuple[str, str]] = (), country: str | None = None
    ) -> None:
        """Take numbers with their names; of one number the first name counts."""
        self._country = country
        self._texts = _Index()
        self._whole = _Index()
        self._partial = _Index()
        self._subscribers = _Index()
        numbers: list[tuple[str, str]] = []
        for number, name in contacts:
            # Not by the cache: it is for the numbers of calls.
            reading = _read.__wrapped__(number, country)
            extension = reading.extension
            # As it is dialed.
            numbers.append((number if extension is None else _split(number)[0], name))
            if not any(char.isdigit() for char in reading.text):
                continue
            names = self._texts.names.setdefault(reading.text, {})
            if names.setdefault(extension, name) is not name:
                continue
            self._whole.add(reading.whole, extension, name)
            self._partial.add(reading.partial, extension, name)
            self._subscribers.add(reading.subscribers, extension, name)
        self.contacts = tuple(numbers)

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return sum(map(len, self._texts.names.values()))

    def name(self, number: str) -> str | None:
        """Return the name that a number has: that of one that is the same."""
        if not self._texts.names:
            return None
        reading = _read(number, self._country)
        for exact in (True, False):
            for forms, index in (
                # All texts of a whole number are in the index of whole ones.
                (() if reading.whole and not exact else (reading.text,), self._texts),
                (reading.whole, self._whole),
                (reading.partial, self._subscribers),
                (reading.subscribers, self._partial),
                (reading.partial, self._partial),
            ):
                if names := index.find(forms, reading.extension, exact=exact):
                    return names.pop() if len(names) == 1 else None
        return None


class _Index:
    """Names by a form of their number, and by the extension behind it."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        """Start with none; a form that several have has None for a name."""
        self.names: dict[str, dict[str | None, str | None]] = {}

    def add(self, forms: Iterable[str], extension: str | None, name: str) -> None:
        """Put a name under forms of its number."""
        for form in forms:
            names = self.names.setdefault(form, {})
            other = names.setdefault(extension, name)
            names[extension] = name if other == name else None

    def find(
        self, forms: Iterable[str], extension: str | None, *, exact: bool
    ) -> set[str | None]:
        """Return the names under some forms, of the very extension or of any that fits."""
        return {
            name
            for form in forms
            for other, name in self.names.get(form, {}).items()
            if (other == extension if exact else _fits(extension, other))
        }


def _fits(one: str | None, other: str | None) -> bool:
    """Return whether two extensions behind a number may be one: it may be left out."""
    return None in (one, other) or one == other


def load() -> None:
    """Read the numbering plans of all countries: it takes a while, and is done once."""
    PhoneMetadata.load_all()


def same_number(one: str | None, other: str | None, country: str | None = None) -> bool:
    """Return whether two written numbers are the same.

    `country` (ISO 3166, two letters) is where a number without its country is dialed. If
    it is not known, such a number is one of the country of the other.
    """
    if one is None or other is None:
        return False
    if one == other:
        return True
    first, second = _read(one, country), _read(other, country)
    return _fits(first.extension, second.extension) and (
        first.text == second.text
        or any(number in second.whole for number in first.whole)
        or not first.partial.isdisjoint(second.subscribers | second.partial)
        or not second.partial.isdisjoint(first.subscribers)
    )


def number_key(number: str, country: str | None = None) -> str:
    """Return what all the written forms of one number have in common, as far as known."""
    reading = _read(number, country)
    key = reading.whole[0] if reading.whole else reading.text
    return key if reading.extension is None else f"{key}x{reading.extension}"


def digits_of(number: str) -> str:
    """Return the digits of a number, less leading zeros."""
    return "".join(char for char in number if char.isdigit()).lstrip("0")


def plain(text: str) -> str:
    """Return a text with its digits, spaces and dashes in ASCII, whatever the script.

    Marks that show nothing (Unicode category Cf) are left out.
    """
    if text.isascii():
        return text
    return "".join(_plain_char(char) for char in text)


def _plain_char(char: str) -> str:
    """Return a character as a number has it."""
    if char.isascii():
        return char
    match category(char):
        case "Cf":
            return char if char == _REVERSES else ""
        case "Nd":
            return str(digit(char))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    compatible = normalize("NFKC", char)
    if char == "\u2212":
        return "-"
    return compatible if compatible in tuple(_CHARACTERS) else char


def without_separators(text: str) -> str:
    """Return a number without what people write between its digits; else the text.

    Nor with the zero that is not dialed from abroad, in +49 (0)30 1234.
    """
    number = plain(text)
    if number.strip(_CHARACTERS):
        return text
    return _without_trunk_zero(number).translate(_DROP_SEPARATORS)


def is_digits(text: str) -> bool:
    """Return whether a text is a number that was said or written, and not empty."""
    return is_number(text) and any(char.isdigit() for char in text)


def is_number(text: str) -> bool:
    """Return whether a text is nothing but a number, or empty."""
    return not plain(text).strip(_CHARACTERS)


def dialable(number: str, accounts: Container[str] = ()) -> str:
    """Return a number as the PBX takes it, without the separators people write.

    An account of the tenant is taken as it is. A `tel:` address is taken by its number,
    letters for the keys of a telephone by their digits; an extension behind a number
    outside cannot be dialed with it. Raises InvalidNumberError for anything else.
    """
    text, _ = _split(number)
    for name in (number.strip(" "), text.strip(" ")):
        if name in accounts:
            return name
    if (
        sum(len(part) >= EXTENSION_DIGITS for part in map(digits_of, text.split("/")))
        > 1
    ):
        raise InvalidNumberError("two numbers")
    text = _without_trunk_zero(text).translate(_DROP_SEPARATORS)
    text = _on_keys(text) or text
    if not _DIALABLE.fullmatch(text):
        raise InvalidNumberError("not a number to dial")
    return text


def with_extension(dialed: str, written: str) -> str:
    """Return a number with the extension that a written form of it has, if any."""
    _, extension = _split(written)
    return dialed if extension is None else f"{dialed}x{extension}"


def _without_trunk_zero(text: str) -> str:
    """Return a number without the zero that is not dialed from abroad.

    Where numbers keep it, as in Italy, it is dialed.
    """
    zero = _TRUNK_ZERO.match(text)
    if not zero or int(digits_of(zero[2]) or 0) not in COUNTRY_CODE_TO_REGION_CODE:
        return text
    without = zero[1] + text[zero.end() :]
    number, shorter = (
        _parsed(f"+{form.translate(_DROP_SEPARATORS).lstrip('+0')}", None)
        for form in (text, without)
    )
    if number and number.italian_leading_zero and is_valid_number(number):
        is_mobile = (
            shorter is not None
            and number_type(shorter) == PhoneNumberType.MOBILE
            and len(national_significant_number(shorter)) == _ITALIAN_MOBILE_DIGITS
        )
        return without if is_mobile else text
    return without


def numbers_in(text: str) -> Iterator[str]:
    """Yield the numbers in a text of an address book, as they are written there.

    Of a number with a remark behind it the number counts, with an extension behind one
    outside; what does not begin with one is left out. A slash is a separator within a number and between two.
    """
    if _URI.fullmatch(text):
        yield text.strip()
        return
    for part in _BETWEEN.split(plain(text)):
        written = part.strip()
        if _on_keys(written.translate(_DROP_SEPARATORS)):
            yield written
        elif leading := _LEADING.match(written):
            # A letter right behind it makes it the name of an account, or nothing.
            number, extension = _split(written)
            if (
                extension
                and len(digits_of(number)) >= EXTENSION_DIGITS
                and [*_between_slashes(leading[0])] == [number.strip()]
            ):
                yield written
            elif not written[leading.end() : leading.end() + 1].isalnum():
                yield from _between_slashes(leading[0])


def _between_slashes(text: str) -> Iterator[str]:
    """Yield the numbers between slashes; one separates an area code as well."""
    numbers = [""]
    for part in text.split("/"):
        if len(digits_of(numbers[-1])) >= EXTENSION_DIGITS:
            numbers.append(part)
        else:
            numbers[-1] += f"/{part}" if numbers[-1] else part
    for index, number in enumerate(numbers):
        # What is short behind a slash are other last digits of the number before it.
        if not index or len(digits_of(number)) >= EXTENSION_DIGITS:
            yield number.strip(" -(")


def _on_keys(text: str) -> str | None:
    """Return the digits of a number with letters for the keys; None for any other text."""
    if not (_VANITY.fullmatch(text) or _FREE_OF_CHARGE.fullmatch(text)):
        return None
    if len(text.lstrip("+")) not in _VANITY_DIGITS:
        return None
    digits: str = convert_alpha_characters_in_number(text)
    return digits


def _split(text: str) -> tuple[str, str | None]:
    """Return a number in ASCII, out of its address, and an extension behind it."""
    text = plain(text)
    if uri := _URI.fullmatch(text):
        # RFC 3966.
        fields = {
            key.strip().lower(): value
            for key, _, value in (field.partition("=") for field in uri[2].split(";"))
        }
        text = plain(unquote(uri[1]))
        context = unquote(fields.get("phone-context", ""))
        if context.startswith("+") and not text.lstrip().startswith("+"):
            text = context + text
        if extension := fields.get("ext", "").translate(_DROP_SEPARATORS):
            return text, extension
    behind = _EXTENSION.fullmatch(text)
    if behind and sum(map(str.isdigit, behind["number"])) >= _OUTSIDE_DIGITS:
        return behind["number"].rstrip(" ,;("), behind["extension"]
    return text, None


@lru_cache(4096)
def _read(written: str, country: str | None) -> _Reading:
    """Return what a written number may mean in a country."""
    written = written[: 4 * _LENGTH_LIMIT]
    if (sip := _SIP.fullmatch(written)) and len(digits_of(sip[1])) >= EXTENSION_DIGITS:
        user = unquote(sip[1])
        written = user if is_number(user) else written
    number, extension = _split(written)
    if behind := _DIALED_EXTENSION.fullmatch(number):
        number, extension = behind["number"], behind["extension"]
    text = _without_trunk_zero(number).translate(_DROP_SEPARATORS)
    text = _on_keys(text) or text
    bare = text.removeprefix("+")
    if not _DIALABLE.fullmatch(text):
        # The name of an account.
        return _Reading(written.strip().casefold())
    if not bare.isdigit():
        return _Reading(text, whole=tuple(_behind_service(text, country)))
    if len(bare) < EXTENSION_DIGITS and text == bare:
        return _Reading(bare.lstrip("0") or bare)
    whole, partial = _whole_and_partial(text, country)
    if _SPACED_OUTSIDE.match(number) and text[1] == "0":
        # 0 0431 1234567 is a line outside and Kiel, and not 00 43 1 1234567 in Vienna.
        whole = [*_valid(text[1:], country)] or whole
    return _Reading(
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
    number = _parsed(text, None)
    return [number] if number else []


def _in_country(text: str, plan: PhoneMetadata) -> tuple[list[PhoneNumber], set[str]]:
    """Return what a number without a plus may be in a country."""
    country: str = plan.id
    direct = _parsed(text, country)
    found = [direct] if direct and is_valid_number(direct) else []
    # Of a number without the trunk prefix it is open what its first digits are.
    trunk = plan.national_prefix
    is_bare = not text.startswith(trunk or "0") and not _is_abroad(direct, plan)
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
        behind = _parsed(text[1:], country) if text[1:2] == (trunk or "0") else None
        found = [each for each in (direct, behind) if each and is_possible_number(each)]
    if not found:
        partial.add(text.lstrip("0"))
    return found, partial


def _is_abroad(number: PhoneNumber | None, plan: PhoneMetadata) -> bool:
    """Return whether a number is one of another country."""
    return number is not None and number.country_code != plan.country_code


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


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    """Return a number as the library takes it."""
    try:
        return parse(text, country)
    except NumberParseException:
        return None


def _valid(text: str, country: str | None) -> Iterator[PhoneNumber]:
    """Yield a number if it is one that can exist."""
    number = _parsed(text, country)
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
