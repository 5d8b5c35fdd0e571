"""Telephone numbers as people, PBXs and trunks write them, and as they are dialed."""

from collections.abc import Container, Iterator
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
    is_valid_number,
    national_significant_number,
    number_type,
    parse,
)

from .errors import InvalidNumberError

# More digits than an extension has: such a number may be one outside the tenant.
EXTENSION_DIGITS: Final = 7
# Fewer digits have no extension behind them: 0x45 is no number.
_OUTSIDE_DIGITS: Final = 5
_SEPARATORS: Final = " ()/.-~"
_DROP_SEPARATORS: Final = str.maketrans("", "", _SEPARATORS)
_CHARACTERS: Final = f"+*#0123456789{_SEPARATORS}"
_DIALABLE: Final = re.compile(r"\+?[0-9*#]{1,64}")
# What follows is shown backwards: nobody sees what would be dialed.
_REVERSES: Final = "\u202e"
_ITALIAN_MOBILE_DIGITS: Final = 10
# The zero that people write for callers from the same country: +49 (0)30 1234.
_TRUNK_ZERO: Final = re.compile(r"(\s*(?:\+|00)[\s./-]*((?:\d[\s./-]*){1,3}))\(0\)")
_URI: Final = re.compile(r"\s*tel:([^;]*)(.*)", re.IGNORECASE | re.DOTALL)
_EXTENSION_WORD: Final = (
    r"(?:ext|extn|extension|x|durchwahl|dw|poste|int|interno|interne|toestel|wew|wewn|app"
    r"|apparat|nst|nebenstelle|anexo|ramal|anknytning|linka|доб)"
)
_EXTENSION: Final = re.compile(
    rf"(?P<number>.*\d.*?)[\s,;]*(?:;ext=|(?<![^\W\d_]){_EXTENSION_WORD}[.:]?)"
    r"\s*(?P<extension>\d{1,7})\s*\)?\s*",
    re.IGNORECASE,
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


def load() -> None:
    """Read the numbering plans of all countries: it takes a while, and is done once."""
    PhoneMetadata.load_all()


def dialable(number: str, accounts: Container[str] = ()) -> str:
    """Return a number as the PBX takes it, without the separators people write.

    An account of the tenant is taken as it is. A `tel:` address is taken by its number,
    letters for the keys of a telephone by their digits; an extension behind a number
    outside cannot be dialed with it. Raises InvalidNumberError for anything else.
    """
    text, _ = split_extension(number)
    for name in (number.strip(" "), text.strip(" ")):
        if name in accounts:
            return name
    if (
        sum(len(part) >= EXTENSION_DIGITS for part in map(digits_of, text.split("/")))
        > 1
    ):
        raise InvalidNumberError("two numbers")
    text = compact(text)
    if not is_dialable(text):
        raise InvalidNumberError("not a number to dial")
    return text


def is_dialable(text: str) -> bool:
    """Return whether a text is a number that can be dialed as it is."""
    return _DIALABLE.fullmatch(text) is not None


def compact(number: str) -> str:
    """Return a number as it is dialed: no separators and trunk zero, digits for letters."""
    text = _without_trunk_zero(number).translate(_DROP_SEPARATORS)
    return _on_keys(text) or text


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


def with_extension(dialed: str, written: str) -> str:
    """Return a number with the extension that a written form of it has, if any."""
    _, extension = split_extension(written)
    return dialed if extension is None else f"{dialed}x{extension}"


def split_extension(text: str) -> tuple[str, str | None]:
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


def _without_trunk_zero(text: str) -> str:
    """Return a number without the zero that is not dialed from abroad."""
    # Where numbers keep it, as in Italy, it is dialed.
    zero = _TRUNK_ZERO.match(text)
    if not zero or int(digits_of(zero[2]) or 0) not in COUNTRY_CODE_TO_REGION_CODE:
        return text
    without = zero[1] + text[zero.end() :]
    number, shorter = (
        parse_number(f"+{form.translate(_DROP_SEPARATORS).lstrip('+0')}", None)
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


def parse_number(text: str, country: str | None) -> PhoneNumber | None:
    """Return a number as the library takes it."""
    try:
        return parse(text, country)
    except NumberParseException:
        return None


def _on_keys(text: str) -> str | None:
    """Return the digits of a number with letters for the keys; None for any other text."""
    if not (_VANITY.fullmatch(text) or _FREE_OF_CHARGE.fullmatch(text)):
        return None
    if len(text.lstrip("+")) not in _VANITY_DIGITS:
        return None
    digits: str = convert_alpha_characters_in_number(text)
    return digits


def numbers_in(text: str) -> Iterator[str]:
    """Yield the numbers in a text of an address book, as they are written there.

    Of a number with a remark behind it the number counts, with an extension behind one
    outside; what does not begin with one is left out. A slash is a separator within a
    number and between two.
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
            number, extension = split_extension(written)
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
