"""The accounts as REST lists them, for a PBX whose socket does not tell them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from .assumptions import Assumption
from .errors import UnexpectedReplyError
from .ledger import Ledger
from .messages import AccountsSnapshot, FrameError, decode_accounts
from .models import EXTENSION, Account
from .rest import Reply

type Read = Callable[[dict[str, str]], Awaitable[Reply]]


class RestAccounts:
    """Read the accounts over one link.

    The lists carry no type, so the extensions are asked for. A server that does not know
    the filter gives everything; an account of unknown type is not a phone.
    """

    def __init__(self, line: str, read: Read, ledger: Ledger) -> None:
        """Read with a function that takes the query of `/accounts`."""
        self._line = line
        self._read = read
        self._ledger = ledger
        self._filter_works: bool | None = None

    async def read(self) -> AccountsSnapshot:
        """Return all accounts.

        Raises what the reading raises, and UnexpectedReplyError for a list of another
        shape.
        """
        filtered = await self._list({"type": EXTENSION})
        everything = await self._list({})
        phones = {account.number for account in filtered}
        if self._filter_works is None:
            self._filter_works = await self._knows_filter(phones, everything)
            self._ledger.assume(Assumption.TYPE_FILTER_WORKS, self._filter_works)
        if not self._filter_works:
            phones.clear()
        # The later reply is the newer truth.
        by_number = {account.number: account for account in (*filtered, *everything)}
        return AccountsSnapshot(
            tuple(
                replace(account, type=EXTENSION)
                if account.number in phones
                else account
                for account in by_number.values()
            ),
            complete=self._line in phones,
        )

    async def _knows_filter(
        self, phones: set[str], everything: tuple[Account, ...]
    ) -> bool:
        """Return whether the server gives by type what it is asked for."""
        if phones != {account.number for account in everything}:
            return True
        # Extensions only, or no filter: asking for another type tells.
        others = await self._list({"type": "hunts"})
        return phones.isdisjoint(account.number for account in others)

    async def _list(self, query: dict[str, str]) -> tuple[Account, ...]:
        """Return one list, the types not known."""
        reply = (await self._read(query)).json()
        self._ledger.sample("rest-accounts", reply)
        try:
            return decode_accounts(reply, self._ledger)
        except FrameError as err:
            raise UnexpectedReplyError(f"accounts: {err}") from None
