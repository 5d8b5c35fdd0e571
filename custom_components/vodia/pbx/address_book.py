"""The address book: names by number, however a number is written."""

from collections.abc import Iterable

from .number_matching import extensions_fit, forms_of
from .numbering import split_extension


class AddressBook:
    """Names by number, found at once however large the book is and however it is written.

    A number that fits several contacts has no name. A contact with the same extension, or
    with none where the number has none, outranks one where only one side has an extension.
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
            written = forms_of.__wrapped__(number, country)
            extension = written.extension
            # As it is dialed.
            numbers.append(
                (number if extension is None else split_extension(number)[0], name)
            )
            if not any(char.isdigit() for char in written.text):
                continue
            names = self._texts.names.setdefault(written.text, {})
            if names.setdefault(extension, name) is not name:
                continue
            self._whole.add(written.whole, extension, name)
            self._partial.add(written.partial, extension, name)
            self._subscribers.add(written.subscribers, extension, name)
        self.contacts = tuple(numbers)

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return sum(map(len, self._texts.names.values()))

    def name(self, number: str) -> str | None:
        """Return the name that a number has: that of one that is the same."""
        if not self._texts.names:
            return None
        written = forms_of(number, self._country)
        for exact in (True, False):
            for forms, index in (
                # All texts of a whole number are in the index of whole ones.
                (() if written.whole and not exact else (written.text,), self._texts),
                (written.whole, self._whole),
                (written.partial, self._subscribers),
                (written.subscribers, self._partial),
                (written.partial, self._partial),
            ):
                if names := index.find(forms, written.extension, exact=exact):
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
            if (other == extension if exact else extensions_fit(extension, other))
        }
