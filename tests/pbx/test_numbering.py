"""Telephone numbers of many countries: which written forms are one number."""

from typing import Final

from hypothesis import assume, given, settings, strategies as st
from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    format_out_of_country_calling_number,
    is_valid_number,
    national_significant_number,
    region_code_for_number,
)
import pytest

from custom_components.vodia.pbx.errors import InvalidNumberError
from custom_components.vodia.pbx.numbering import (
    AddressBook,
    dialable,
    number_key,
    numbers_in,
    same_number,
)

# Hypothesis warns of its own generator, once, with Python 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:.*`register_random`")


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


# Country, two written forms of one number.
SAME: Final = """
DE | +49 30 1234567 | 030 1234567
DE | +49 (0)30 1234567 | +49301234567
DE | +49(0)30/123 45 67 | 0301234567
DE | 0049 (0)30 1234567 | 030-1234567
DE | 0049301234567 | +49301234567
DE | 030.1234567 | (030) 1234567
DE | tel:+49-30-1234567 | 0301234567
DE | tel:030-1234567 | +49301234567
DE | tel:1234567;phone-context=+4930 | 0301234567
DE | 0 030 1234567 | +49301234567
DE | 9 030 1234567 | +49301234567
DE | 000491711234567 | 0171 1234567
DE | 0 0151 12345678 | +4915112345678
DE | 0015212345678 | +4915212345678
DE | 01033 0171 1234567 | +491711234567
DE | 010 33 030 1234567 | 0301234567
DE | 491711234567 | +491711234567
DE | 12345678 | 030 12345678
DE | 41234567 | +49 40 41234567
DE | 0 1234567 | 040 1234567
DE | 0800 3301000 | +49 800 3301000
DE | 0800 REIMPORT | 0800 73467678
DE | 0110 | 110
DE | *31#01711234567 | +491711234567
DE | #31# 030 1234567 | 0301234567
DE | *97 | *97
DE | *85401 | *85 401
DE | +49\u202f30\u202f1234567 | 0301234567
DE | +49\u00a0171\u20111234567 | 01711234567
DE | \u200e+49 171 1234567\u200f | 01711234567
DE | \uff0b\uff14\uff191711234567 | 01711234567
DE | \u0660\u0661\u0667\u0661\u0661\u0662\u0663\u0664\u0665\u0666\u0667 | +491711234567
DE | 9 089 23456789 | +498923456789
DE | 9 0911 1234567 | 0911 1234567
DE | 0 0431 1234567 | +494311234567
DE | 0-0231 2345678 | 0231 2345678
DE | sip:+4930901820@pbx.example | 030 901820
DE | <sips:030901820@pbx.example;user=phone> | +4930901820
DE | 030 901820 App. 15 | +4930901820
DE | 030 901820 (Nst. 15) | +4930901820
AT | 9 01 2345678 | +4312345678
AT | +43 (0)664 1234567 | 0664 1234567
AT | 0043 1 5880010 | 01 5880010
AT | 0 0664 1234567 | +436641234567
AT | 01/588 00-10 | +431 5880010
CH | +41 (0)44 668 18 00 | 044 668 18 00
CH | 0041 79 123 45 67 | 0791234567
CH | 0 079 123 45 67 | +41791234567
CH | 41791234567 | 079 123 45 67
IT | +39 02 1234 5678 | 02 12345678
IT | 0039 347 1234567 | 347 1234567
IT | +39 (0)2 12345678 | 0212345678
IT | +39 (0)347 1234567 | 347 1234567
IT | 0039 (0)30 1234567 | 030 1234567
IT | 0 02 12345678 | +390212345678
IT | 0 347 1234567 | +393471234567
IT | 393471234567 | +39 347 1234567
FR | +33 (0)6 12 34 56 78 | 06 12 34 56 78
FR | 0 01 42 68 53 00 | +33142685300
FR | 0033142685300 | 01.42.68.53.00
FR | 33612345678 | 0612345678
GB | +44 (0)20 7946 0018 | 020 7946 0018
GB | 0044 7400 123456 | 07400 123456
GB | 9 07400 123456 | +447400123456
GB | 9 07700 900123 | +447700900123
GB | 0 07700 900123 | 07700 900123
GB | 7946 0018 | +44 20 7946 0018
GB | 9 00 49 171 1234567 | +491711234567
IE | 01 234 5678 | +353 1 234 5678
US | (212) 555-0123 | +1 212 555 0123
US | 12125550123 | 212.555.0123
US | 9-1-212-555-0123 | +12125550123
US | 9 212 555 0123 | +12125550123
US | 9 011 49 171 1234567 | +491711234567
US | 011 44 20 7946 0018 | +442079460018
US | 555-0123 | (212) 555-0123
US | 9 555-0123 | 212 555 0123
US | 1-800-GO-FEDEX | +18004633339
US | +1 212 555 0123 x45 | 2125550123
US | 212-555-0123;ext=45 | +12125550123
US | tel:+1-201-555-0123;ext=9 | 201 555 0123
US | +1 (0)212 555 0123 | 212 555 0123
US | +1 81(0) 555 0123 | 810 555 0123
US | 212-555-0123 #45 | +12125550123
US | 2125550123,,45 | +12125550123
US | *67 212 555 0123 | +12125550123
US | +1 212 555 0123 ext. 45 | (212) 555-0123 extension 45
CA | 416 555 0123 | +1 416 555 0123
NL | +31 (0)20 123 4567 | 020-1234567
NL | 0 06 12345678 | +31612345678
BE | 0470 12 34 56 | +32 470 12 34 56
LU | 26 12 34 56 | +352 26 12 34 56
ES | 0034 912 34 56 78 | 912345678
ES | +34 (0)612 34 56 78 | 612345678
PL | +48 (0)22 123 45 67 | 22 123 45 67
PT | 00351 (0)212 345 678 | 212345678
CZ | +420 (0)601 123 456 | 601123456
NO | +47 (0)22 12 34 56 | 22123456
SE | 9 08-12 34 56 | +468123456
NZ | 9 03 234 5678 | +6432345678
ES | 0 612 34 56 78 | +34612345678
PT | 212 345 678 | +351 212 345 678
PL | +48 22 123 45 67 | 22 123 45 67
PL | 0 512 345 678 | +48512345678
CZ | 00420 601 123 456 | 601 123 456
DK | 32 12 34 56 | +45 32123456
NO | 0047 22 12 34 56 | 22123456
SE | +46 (0)8-123 456 78 | 08-12345678
FI | 040 123 4567 | +358 40 123 4567
HU | 06 20 123 4567 | +36 20 123 4567
GR | 21 2345 6789 | +30 2123456789
RU | 8 (495) 123-45-67 | 7 495 1234567
RU | 8 10 44 20 7946 0018 | +44 20 7946 0018
UA | 050 123 4567 | +380 50 123 4567
TR | 0212 345 67 89 | +90 212 345 6789
IL | 050-234-5678 | +972 50 234 5678
JP | 03-1234-5678 | +81 3 1234 5678
JP | 010 81 90 1234 5678 | 090-1234-5678
CN | 139 1234 5678 | +86 139 1234 5678
IN | 0 98765 43210 | +91 98765 43210
AU | (02) 9876 5432 | +61 2 9876 5432
AU | 0 0412 345 678 | +61412345678
NZ | 021 123 4567 | +64 21 123 4567
BR | 0 15 11 98765-4321 | +55 11 98765-4321
BR | 90 11 98765-4321 | (11) 98765-4321
BR | 98765-4321 | +55 11 98765-4321
AR | +54 9 11 2345-6789 | 011 15-2345-6789
AR | 15 2345-6789 | +54 9 11 2345-6789
MX | +52 1 55 1234 5678 | 55 1234 5678
MX | 044 55 1234 5678 | +52 55 1234 5678
ZA | 0 011 123 4567 | +27 11 123 4567
"""
# Country, two numbers that end alike, or look alike.
DIFFERENT: Final = """
DE | 34567 | +491701234567
DE | 234567 | 0301234567
DE | 1234 | +49301234
DE | 45 | 145
DE | 045 | 450
DE | *97 | 97
DE | *45 | 45
DE | #31# | 31
DE | room10001 | lobby10001
DE | room10001 | 10001
DE | anna1234567 | 1234567
DE | 030 12345 | +12123012345
DE | 089 123456 | 0176 89123456
DE | 030 1234567 | 040 1234567
DE | 030 12345670 | 030 1234567
DE | 030 1234567-0 | 030 1234567-1
DE | 0171 1234567 | +43 171 1234567
DE | 0171 1234567 | 0043 171 1234567
DE | +49 171 1234567 | +43 171 1234567
DE | 0171 1234567 | 01711234568
DE | 0033 6 12 34 56 78 | +49 33612345678
DE | 1234567 | +43 1 1234567
DE | 7654321 | 0171 7654321
DE | 01171 1234567 | 0171 1234567
DE | +49 30 1234567 | +4930 12345678
DE | 110 | +49110
DE | 0 0431 5880010 | +43 1 5880010
DE | 0043 1 5880010 | 0431 5880010
DE | sip:45@other.example | 45
DE | sip:anna1234567@pbx.example | 1234567
DE | *31#1234567 | *31
IT | +39 (0)347 1234567 | 347 1234568
DE | 112 | 0301234112
AT | 01 5880010 | 01 58800105
AT | 0664 1234567 | +49 664 1234567
CH | 079 123 45 67 | +49 79 1234567
CH | 044 668 18 00 | 043 668 18 00
IT | 02 12345678 | 06 12345678
IT | 347 1234567 | +34 347 1234567
FR | 06 12 34 56 78 | 07 12 34 56 78
FR | 01 42 68 53 00 | +34 142685300
GB | 020 7946 0018 | 0121 794 6001
GB | 7946 0018 | +1 207 946 0018
US | 212 555 0123 | +44 212 555 0123
US | 212 555 0123 | 646 555 0123
US | 555-0123 | +44 20 7555 0123
US | 911 | 212 555 0911
US | 2125550123 | +212 5550123
US | 1-800-FLOWERS | 1-800-FLOWERX
US | +1 212 555 0123 | +12 125550123 4
NL | 020 1234567 | 010 1234567
ES | 912 345 678 | 812 345 678
PL | 22 123 45 67 | +49 22 1234567
JP | 03-1234-5678 | 06-1234-5678
CN | 130 5234 5678 | +1 305 234 5678
RU | 8 495 123 45 67 | +8 495 1234567
BR | 11 98765-4321 | 21 98765-4321
"""


def pairs(table: str) -> list[tuple[str, str, str]]:
    """Return the rows of a table."""
    return [
        (country, one, other)
        for row in table.strip().splitlines()
        for country, one, other in [row.split(" | ")]
    ]


@pytest.mark.parametrize(("country", "one", "other"), pairs(SAME))
def test_same(country: str, one: str, other: str) -> None:
    """A number is one however it is written, and from both sides."""
    assert same_number(one, other, country)
    assert same_number(other, one, country)
    book = AddressBook([(one, "Anna"), ("+4420555", "Bruno")], country)
    assert book.name(other) == "Anna"


@pytest.mark.parametrize(("country", "one", "other"), pairs(DIFFERENT))
def test_different(country: str, one: str, other: str) -> None:
    """Numbers that end alike are not one."""
    assert not same_number(one, other, country)
    assert not same_number(other, one, country)
    assert AddressBook([(one, "Anna")], country).name(other) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("46", "46", True),
        ("+49 30 123456", "030123456", True),
        ("0049-30-123456", "+4930123456", True),
        ("9030123456", "030123456", True),
        ("0171 1234567", "+43 171 1234567", True),
        ("+49 171 1234567", "+43 171 1234567", False),
        ("12345", "+4912345", False),
        ("1234", "+491234", False),
        ("46", "146", False),
        ("+4930123456", "+4930123457", False),
        ("", "", True),
        ("", "46", False),
        (None, "46", False),
        (None, None, False),
    ],
)
def test_without_a_country(one: str | None, other: str | None, same: bool) -> None:
    """Where nobody knows the country, a number without one is of that of the other."""
    assert same_number(one, other) is same
    assert same_number(other, one) is same


def test_extensions_behind_a_number() -> None:
    """Two extensions at one number are two; without one it is the number."""
    assert not same_number("030 1234567 ext. 4", "0301234567x5", "DE")
    assert not same_number("tel:+49301234567;ext=4", "0301234567x5", "DE")
    assert not same_number("212-555-0123 #45", "212-555-0123,46", "US")
    assert same_number("030 1234567 ext. 4", "tel:+49301234567;ext=4", "DE")
    assert same_number("212-555-0123 #45", "2125550123x45", "US")


@pytest.mark.parametrize("form", ["{} ext. {}", "{}x{}", "{}, Durchwahl {}"])
@pytest.mark.parametrize("number", ["030 1234567", "+49 (0)30 1234567"])
def test_book_with_extensions_behind_a_number(form: str, number: str) -> None:
    """It names who has the extension, and nobody where only several have one."""
    contacts = [
        (form.format(number, "41"), "Anna"),
        (form.format("+49301234567", "42"), "Bruno"),
        ("040 1234567", "Firm"),
        (form.format("0049 40 1234567", "7"), "Clara"),
        (form.format("089 1234567", "1"), "Dora"),
    ]
    for order in (contacts, contacts[::-1]):
        book = AddressBook(order, "DE")
        assert len(book) == 5
        assert book.name("+49301234567x41") == "Anna"
        assert book.name("tel:+49-30-1234567;ext=42") == "Bruno"
        assert book.name("0301234567x43") is None
        # As with `same_number`: an extension may be left out, by the one or the other.
        assert book.name("+49301234567") is None
        assert book.name("+49401234567") == "Firm"
        assert book.name("0401234567 ext. 7") == "Clara"
        assert book.name("0401234567 ext. 8") == "Firm"
        assert book.name("+49891234567") == "Dora"
        assert book.name("+49891234567x2") is None
    # An extension that is dialed through is a part of the number.
    book = AddressBook([("+49 30 1234-41", "Anna")], "DE")
    assert book.name("030123441") == "Anna"
    assert book.name("030 1234-42") is None


def test_key_of_a_number_with_an_extension() -> None:
    """Names are remembered by it: two extensions are two people."""
    keys = [
        number_key(number, "DE") for number in ("0301234567x4", "+49301234567 ext. 4")
    ]
    assert len(set(keys)) == 1
    assert number_key("0301234567x5", "DE") not in keys
    assert number_key("0301234567", "DE") not in keys


# Any number

REGIONS: Final = (
    *("AR", "AT", "AU", "BE", "BR", "CA", "CH", "CN", "CZ", "DE", "DK", "ES", "FI"),
    *("FR", "GB", "GR", "HU", "IE", "IL", "IN", "IT", "JP", "LT", "MX", "NL", "NO"),
    *("NZ", "PL", "PT", "RU", "SE", "SG", "TR", "UA", "US", "ZA"),
)
KINDS: Final = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
# What is dialed for a line outside, where such a prefix is set up at all.
OUTSIDE: Final = {"AR": "9", "BR": "9", "CN": "9", "IN": "9", "US": "9", "CA": "9"}


@st.composite
def numbers(draw: st.DrawFn, region: str | None = None) -> PhoneNumber:
    """Return a number that can exist: one of the library's, with other last digits."""
    region = region or draw(st.sampled_from(REGIONS))
    number = example_number_for_type(region, draw(st.sampled_from(KINDS)))
    assert number and number.national_number
    last = draw(st.integers(0, 9999))
    changed = PhoneNumber()
    changed.merge_from(number)
    changed.national_number = number.national_number // 10000 * 10000 + last
    assume(is_valid_number(changed) and region_code_for_number(changed) == region)
    assume(len(national_significant_number(changed)) >= 7)
    return changed


def written(number: PhoneNumber, country: str) -> list[str]:
    """Return the forms of a number as people and trunks in a country write it."""
    forms = [
        format_number(number, PhoneNumberFormat.E164),
        format_number(number, PhoneNumberFormat.INTERNATIONAL),
        format_number(number, PhoneNumberFormat.RFC3966),
        format_out_of_country_calling_number(number, country),
    ]
    if region_code_for_number(number) == country:
        forms.append(format_number(number, PhoneNumberFormat.NATIONAL))
        national = forms[-1]
        if (prefix := OUTSIDE.get(country)) and not national.startswith(prefix):
            forms.append(f"{prefix} {national}")
    return forms


@settings(max_examples=400, deadline=None)
@given(numbers(), st.sampled_from(REGIONS))
def test_all_forms_are_one(number: PhoneNumber, country: str) -> None:
    """A number is the same as all of its own written forms, and has one key."""
    forms = written(number, country)
    for one in forms:
        for other in forms:
            assert same_number(one, other, country), (one, other)
    assert len({number_key(form, country) for form in forms}) == 1


@settings(max_examples=400, deadline=None)
@given(numbers(), numbers(), st.sampled_from(REGIONS))
def test_different_numbers_are_two(
    one: PhoneNumber, other: PhoneNumber, country: str
) -> None:
    """Two different numbers are never the same, in whatever form."""
    assume(one != other)
    for form in written(one, country):
        for another in written(other, country):
            assert not same_number(form, another, country), (form, another)


@settings(max_examples=400, deadline=None)
@given(
    *[st.text(max_size=15) | st.text("+0123456789*# ()/-", max_size=20)] * 2,
    st.none() | st.sampled_from((*REGIONS, "XX", "")),
)
def test_any_text(one: str, other: str, country: str | None) -> None:
    """Any text may stand for a number: it is the same as itself, and from both sides."""
    assert same_number(one, one, country)
    assert same_number(one, other, country) is same_number(other, one, country)


# What is dialed


@pytest.mark.parametrize(
    ("number", "dialed"),
    [
        ("46", "46"),
        ("+49 (30) 123-45/6.7", "+49301234567"),
        ("030\u00a0123", "030123"),
        ("0171\u202f123\u200e4567", "01711234567"),
        ("030\u2013123\u2009456", "030123456"),
        ("٤٦", "46"),
        ("\uff0b\uff14\uff16", "+46"),
        ("*97", "*97"),
        ("#31#0301234", "#31#0301234"),
        ("045", "045"),
        ("0 030 1234", "00301234"),
        ("+49 (0)30 1234", "+49301234"),
        ("+44-(0)20-7946", "+44207946"),
        ("0049 (0)30 1234567", "0049301234567"),
        # Italy keeps its zero.
        ("+39 (0)6 1234567", "+39061234567"),
        ("tel:+49-30-1234", "+49301234"),
        ("TEL:%2B4930123456", "+4930123456"),
        ("tel:46", "46"),
        ("tel:1234;phone-context=+4930", "+49301234"),
        ("tel:46;phone-context=pbx.example", "46"),
        ("1-800-FLOWERS", "18003569377"),
        ("1-800-flowers", "18003569377"),
        ("0800 REIMPORT", "080073467678"),
        ("030 123 x12", "030123"),
        ("+1 212 555 0123 ext. 45", "+12125550123"),
        ("030 901820 App. 15", "030901820"),
        ("0301234567#45", "0301234567#45"),
        ("+39 (0)347 1234567", "+393471234567"),
        ("tel:+12125550123;ext=45", "+12125550123"),
        ("anna", "anna"),
        ("lobby-1", "lobby-1"),
        ("lobby_1", "lobby_1"),
        ("room.5", "room.5"),
        ("tel:anna", "anna"),
    ],
)
def test_dialable(number: str, dialed: str) -> None:
    """Separators are left out, and nothing else; an account is dialed as it is."""
    accounts = {"46", "anna", "lobby-1", "lobby_1", "room.5"}
    assert dialable(number, accounts) == dialed


@pytest.mark.parametrize(
    "number",
    [
        *("", " ", "+", "46+", "++46", "46;47", "sip:46@tenant", "46\n", "4" * 65),
        *("é", "\u212a", "\u017f", '46"', "46,,1", "4" * 70, "anna", "room10001"),
        *("030 123 and 4", "4 Anna", "030 1234567 / 030 7654321", "030 Büro 12"),
        *("0171 1234567 Anna", "030 Buero123", "tel:", "tel:anna", "030 1234567 or 8"),
        *("1\u202e23", "030\u202e1234567", "0x45", "12 ext. 4", "2125550123,,45"),
    ],
)
def test_not_dialable(number: str) -> None:
    """Anything else is refused, never guessed."""
    with pytest.raises(InvalidNumberError):
        dialable(number)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("030 1234567", ["030 1234567"]),
        ("030 123 x12", ["030 123"]),
        ("030 1234567 (Büro)", ["030 1234567"]),
        ("030 1234567 ext. 41", ["030 1234567 ext. 41"]),
        ("030 1234567, Durchwahl 41", ["030 1234567, Durchwahl 41"]),
        ("030 1234567 (x41), 45", ["030 1234567 (x41)", "45"]),
        ("+49301234567;ext=41", ["+49301234567;ext=41"]),
        ("030 1234567/8 x41", ["030 1234567"]),
        ("+49 30 1234-41", ["+49 30 1234-41"]),
        ("030 1234567 Büro", ["030 1234567"]),
        ("030/1234567", ["030/1234567"]),
        ("030 1234567 / 0171 1234567", ["030 1234567", "0171 1234567"]),
        ("030/1234567/0171/1234567", ["030/1234567", "0171/1234567"]),
        ("+49 30 1234567/8", ["+49 30 1234567"]),
        ("030 1234567 oder 0171 1234567", ["030 1234567", "0171 1234567"]),
        ("030 1234567 or 45", ["030 1234567", "45"]),
        ("030 1234567; 45, 46", ["030 1234567", "45", "46"]),
        ("+49 (0)30 1234567", ["+49 (0)30 1234567"]),
        ("\u202a+49 30 1234567\u202c", ["+49 30 1234567"]),
        ("+49\u00a030\u20111234567", ["+49 30-1234567"]),
        ("tel:+49-30-1234567;ext=4", ["tel:+49-30-1234567;ext=4"]),
        ("1-800-FLOWERS", ["1-800-FLOWERS"]),
        ("*97", ["*97"]),
        ("room10001", []),
        ("45a", []),
        ("anna", []),
        ("Büro: 030 1234567", []),
        ("", []),
        ("-", []),
    ],
)
def test_numbers_in(text: str, numbers: list[str]) -> None:
    """Of a text in an address book the leading number counts, or several."""
    assert [*numbers_in(text)] == numbers
