"""Numbers as people write them: when two are the same, and who has one."""

from collections.abc import Iterable, Iterator
from typing import Final

# Digits that must agree to make two written forms (+49.., 0049.., 0..) one number.
_SIGNIFICANT_DIGITS: Final = 5
# More digits than an extension has: such a number is outside the tenant.
EXTENSION_DIGITS: Final = 7
# Digits of a country and of an outside line that a number may have in front, or lack.
_PREFIX_DIGITS: Final = 6


class AddressBook:
    """Names by number, found at once however large the book is.

    A number is the same without its prefix if what is left is too long for an extension:
    here more must agree than where both are known to be outside.
    """

    def __init__(self, contacts: Iterable[tuple[str, str]] = ()) -> None:
        """Take numbers with their names; of one number the first name counts."""
        self._names: dict[str, str] = {}
        self._endings: dict[str, str | None] = {}
        self.contacts = tuple(contacts)
        for number, name in self.contacts:
            if digits := digits_of(number):
                self._names.setdefault(digits, name)
        for digits, name in self._names.items():
            for ending in _endings(digits):
                # What several numbers end in names nobody.
                other = self._endings.setdefault(ending, name)
                self._endings[ending] = name if other == name else None

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return len(self._names)

    def name(self, number: str) -> str | None:
        """Return the name that a number has."""
        digits = digits_of(number)
        for form in (digits, *_endings(digits)):
            if name := self._names.get(form):
                return name
        return self._endings.get(digits)


def same_number(one: str | None, other: str | None) -> bool:
    """Return whether two numbers are the same, international and dial prefixes aside."""
    if one is None or other is None:
        return False
    if one == other:
        return True
    short, long = sorted((digits_of(one), digits_of(other)), key=len)
    return len(short) >= _SIGNIFICANT_DIGITS and long.endswith(short)


def digits_of(number: str) -> str:
    """Return the digits of a number, less leading zeros."""
    return "".join(char for char in number if char.isdigit()).lstrip("0")


def _endings(digits: str) -> Iterator[str]:
    """Yield the ends of a number that are the same number without a prefix."""
    for prefix in range(1, _PREFIX_DIGITS + 1):
        ending = digits[prefix:].lstrip("0")
        if len(ending) >= EXTENSION_DIGITS:
            yield ending
