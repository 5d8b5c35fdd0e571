"""What a message changed in the state of a PBX."""

from typing import Final, NamedTuple


class Changes(NamedTuple):
    """What a message changed, for those who show it.

    `accounts` are the numbers of extensions and groups that look different, `calls`
    those of them where not only the flags of a phone do. `unlisted_account` has news and
    is not in the list of accounts; of what else is open only a snapshot can tell:
    `needs_snapshot`.
    """

    accounts: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    totals: bool = False
    removed: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()
    unlisted_account: str | None = None
    needs_snapshot: bool = False

    def __bool__(self) -> bool:
        """Return whether anything changed or is wanted."""
        return self is not NOTHING and self != NOTHING


NOTHING: Final = Changes()
