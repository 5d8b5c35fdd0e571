"""The accounts as REST lists them, for a PBX whose socket does not tell them."""

from collections.abc import Awaitable, Callable, Iterable, Set as AbstractSet
from copy import replace
from typing import Final

from .assumptions import Assumption
from .errors import (
    AccessOffError,
    MethodNotAllowedError,
    NotFoundError,
    UnexpectedReplyError,
)
from .ledger import Ledger
from .messages import AccountsSnapshot, FrameError, decode_accounts
from .models import EXTENSION, GROUPS, Account
from .rest import Reply

# Kinds of accounts that are no phones, in the words of the filter.
_OTHERS: Final = tuple(sorted(GROUPS))

type Read = Callable[[dict[str, str]], Awaitable[Reply]]


class RestAccounts:
    """Read the accounts over one link.

    The list carries no type, so each type is asked for: once, and again when a number
    appears. A server that does not know the filter gives everything and proves nothing;
    an account of unknown type is not a phone.
    """

    def __init__(self, line: str, read: Read, ledger: Ledger) -> None:
        """Read with a function that takes the query of `/accounts`."""
        self._line = line
        self._read = read
        self._ledger = ledger
        self._filter_works: bool | None = None
        self._types: dict[str, str | None] = {}

    async def read(self) -> AccountsSnapshot:
        """Return all accounts.

        Raises what the reading raises, and UnexpectedReplyError for a list of another
        shape.
        """
        accounts = {account.number: account for account in await self._list({})}
        types = self._types
        if self._filter_works is not False and not accounts.keys() <= types.keys():
            types = {**types, **await self._learn(accounts.keys())}
        # A number that is gone may come back as something else.
        self._types = {number: types.get(number) for number in accounts}
        return AccountsSnapshot(
            tuple(
                replace(account, type=self._types[number])
                for number, account in accounts.items()
            ),
            complete=self._types.get(self._line) == EXTENSION,
        )

    async def _learn(self, numbers: AbstractSet[str]) -> dict[str, str]:
        """Return the types of numbers, as far as the filter proves them."""
        known = {number for number, its in self._types.items() if its == EXTENSION}
        phones = await self._numbers(EXTENSION) or known
        others = {other: await self._numbers(other) for other in _OTHERS}
        if self._filter_works is None:
            works = _knows_filter(phones, numbers, others.values())
            self._ledger.assume(Assumption.TYPE_FILTER_WORKS, works)
            self._filter_works = works
        types = dict.fromkeys(phones, EXTENSION) if self._filter_works else {}
        for other, found in others.items():
            # Who does not know this very type gives everything.
            if self._filter_works and phones.isdisjoint(found):
                types |= dict.fromkeys(found, other)
        return types

    async def _numbers(self, kind: str) -> set[str]:
        """Return the numbers of a type; a type that is refused has none."""
        try:
            accounts = await self._list({"type": kind})
        except AccessOffError, NotFoundError, MethodNotAllowedError:
            return set()
        return {account.number for account in accounts}

    async def _list(self, query: dict[str, str]) -> tuple[Account, ...]:
        """Return one list, the types not known."""
        reply = (await self._read(query)).json()
        self._ledger.sample("rest-accounts", reply)
        try:
            return decode_accounts(reply, self._ledger)
        except FrameError as err:
            raise UnexpectedReplyError(f"accounts: {err}") from None


def _knows_filter(
    phones: set[str], numbers: AbstractSet[str], others: Iterable[set[str]]
) -> bool:
    """Return whether a server gives by type what it is asked for.

    Where all are extensions, or there is no filter, the other types tell.
    """
    return bool(phones) and (
        phones != numbers or all(phones.isdisjoint(other) for other in others)
    )
