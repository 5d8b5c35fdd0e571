"""Test which names an address book has for a number."""

import pytest

from custom_components.vodia.pbx.address_book import AddressBook


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
