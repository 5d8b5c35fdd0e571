"""The accounts as REST lists them, for a PBX whose socket does not tell them."""

from collections.abc import Awaitable, Callable, Iterable, Set as AbstractSet
from copy import replace
from typing import Final

from ..assumptions import Assumption
from ..errors import (
    AccessOffError,
    MethodNotAllowedError,
    NotFoundError,
    UnreadableReplyError,
)
from ..models import EXTENSION, GROUPS, Account
from ..net.rest import Reply
from ..trace import Ledger
from ..wire.accounts import ACCOUNTS_LIMIT
from ..wire.fields import FrameError, Reading
from ..wire.messages import AccountsSnapshot
from ..wire.replies import decode_accounts

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
        # The types that were told once: to refuse one of them later is a mistake.
        self._told: set[str] = set()
        self._mistaken = False

    async def read(self) -> AccountsSnapshot:
        """Return all accounts.

        Raises what the reading raises, and UnexpectedReplyError for a list of another
        shape.
        """
        reading, self._mistaken = Reading(self._ledger), False
        accounts = {
            account.number: account for account in await self._list({}, reading)
        }
        types = self._types
        if self._filter_works is not False and not accounts.keys() <= types.keys():
            types = {**types, **await self._learn(accounts.keys())}
        # A number that is gone may come back as something else; who is only not to be read
        # is not gone.
        if not reading.gap or len(types) > 2 * ACCOUNTS_LIMIT:
            types = {number: types.get(number) for number in accounts}
        if self._mistaken:
            # Their types are asked for again.
            types = {number: kind for number, kind in types.items() if kind}
        else:
            types |= dict.fromkeys(accounts.keys() - types.keys())
        self._types = types
        return AccountsSnapshot(
            tuple(
                replace(account, type=types.get(number))
                for number, account in accounts.items()
            ),
            complete=types.get(self._line) == EXTENSION and not reading.gap,
            gap=reading.gap,
            odd=self._mistaken or not reading.clean,
        )

    async def _learn(self, numbers: AbstractSet[str]) -> dict[str, str]:
        """Return the types of numbers, as far as the filter proves them."""
        known = {number for number, its in self._types.items() if its == EXTENSION}
        phones = await self._numbers(EXTENSION) or known
        others = {other: await self._numbers(other) for other in _OTHERS}
        works = self._filter_works
        if works is None:
            works = _knows_filter(phones, numbers, others.values())
            if not self._mistaken:
                self._ledger.assume(Assumption.TYPE_FILTER_WORKS, works)
                self._filter_works = works
        types = dict.fromkeys(phones, EXTENSION) if works else {}
        for other, found in others.items():
            # Who does not know this very type gives everything.
            if works and phones.isdisjoint(found):
                types |= dict.fromkeys(found, other)
        return types

    async def _numbers(self, kind: str) -> set[str]:
        """Return the numbers of a type; a type that is refused has none.

        One that was told before, or cannot be read, is asked for again.
        """
        try:
            accounts = await self._list({"type": kind}, Reading(self._ledger))
        except AccessOffError, NotFoundError, MethodNotAllowedError:
            self._mistaken |= kind in self._told
            return set()
        except UnreadableReplyError:
            self._mistaken = True
            return set()
        self._told.add(kind)
        return {account.number for account in accounts}

    async def _list(
        self, query: dict[str, str], reading: Reading
    ) -> tuple[Account, ...]:
        """Return one list, the types not known."""
        reply = (await self._read(query)).json()
        self._ledger.sample("rest-accounts", reply)
        try:
            return decode_accounts(reply, self._ledger, reading)
        except FrameError as err:
            self._ledger.drop(str(err))
            raise UnreadableReplyError(f"accounts: {err}") from None


def _knows_filter(
    phones: set[str], numbers: AbstractSet[str], others: Iterable[set[str]]
) -> bool:
    """Return whether a server gives by type what it is asked for.

    Where all are extensions, or there is no filter, the other types tell.
    """
    return bool(phones) and (
        phones != numbers or all(phones.isdisjoint(other) for other in others)
    )
