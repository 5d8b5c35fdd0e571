"""The accounts of a tenant: over REST, or the socket of a classic PBX, read again."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Set as AbstractSet
from copy import replace
from dataclasses import dataclass, field
import math
from typing import Final

from ..assumptions import Assumption
from ..errors import REFUSALS, PbxError, UnreadableReplyError
from ..models import EXTENSION, GROUPS, Account, CallScope
from ..net.rest import Reply
from ..trace import Trace
from ..wire.accounts import ACCOUNTS_LIMIT
from ..wire.fields import Reading
from ..wire.messages import AccountsSnapshot
from ..wire.replies import decode_accounts
from .feed import Feed
from .poller import Poller
from .schedule import FAILURES, Offer, Policy

# Kinds of accounts that are no phones, in the words of the filter.
_OTHERS: Final = tuple(sorted(GROUPS))

type Read = Callable[[dict[str, str]], Awaitable[Reply]]


class RestAccounts:
    """Read the accounts over one link.

    The list carries no type, so each type is asked for: once, and again when a number
    appears. A server that does not know the filter gives everything and proves nothing;
    an account of unknown type is not a phone.
    """

    def __init__(self, line: str, read: Read, trace: Trace) -> None:
        """Read with a function that takes the query of `/accounts`."""
        self._line = line
        self._read = read
        self._trace = trace
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
        reading, self._mistaken = Reading(self._trace), False
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
                self._trace.observe(Assumption.TYPE_FILTER_WORKS, works)
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
            accounts = await self._list({"type": kind}, Reading(self._trace))
        except REFUSALS:
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
        return (await self._read(query)).read(
            "rest-accounts",
            lambda told: decode_accounts(told, self._trace, reading),
            self._trace,
        )


def _knows_filter(
    phones: set[str], numbers: AbstractSet[str], others: Iterable[set[str]]
) -> bool:
    """Return whether a server gives by type what it is asked for.

    Where all are extensions, or there is no filter, the other types tell.
    """
    return bool(phones) and (
        phones != numbers or all(phones.isdisjoint(other) for other in others)
    )


@dataclass(frozen=True, slots=True)
class TenantWatch:
    """What one login reads of a tenant apart from its own line, over one link after another.

    `scope` is which calls are wanted. `known` are the accounts of earlier days with their
    types, `flags` its service flags.
    """

    scope: CallScope
    known: Mapping[str, str]
    flags: Iterable[str]
    # Whether the PBX ever listed them over REST.
    accounts_offer: Offer = field(default_factory=Offer)
    orbits_offer: Offer = field(default_factory=Offer)


class AccountsReader:
    """The accounts over one link: read on each hint at a change, or slowly.

    Every minute until a push of presence was seen; then only to learn whether a missing
    account stays away, or somebody is still in the call that only presence tells of. After
    some failures the link is given up, for what it shows may be wrong by then.
    """

    def __init__(
        self, feed: Feed, scope: CallScope, check: Callable[[], Awaitable[None]]
    ) -> None:
        """Prepare; `scope` is of whose calls is shown, `check` follows each reading."""

        async def read(query: dict[str, str]) -> Reply:
            """Return the reply of REST `/accounts`."""
            return await session.request("GET", "accounts", params=query)

        session = feed.session
        # Changes that were pushed.
        self.deltas = 0
        self._feed = feed
        self._rest = RestAccounts(session.extension, read, session.trace)
        self._check = check
        self._timing = timing = session.timing
        self._scope = scope
        # Whose lamp is told.
        self._blf: set[str] = set()
        policy = Policy(
            timing.settle, timing.between_reads, timing.slow_read, timing.slow_read
        )
        self._poller = Poller(
            policy, self._read_again, unasked=self._unasked, failed=self._failed
        )
        self.hint, self.heard = self._poller.hint, self._poller.heard

    async def read(self) -> None:
        """Read the accounts over REST, unless the socket tells them.

        Raises AccessOffError where it is forbidden, NotFoundError where this PBX has no
        such list, or what else hinders it.
        """
        deltas, state = self.deltas, self._feed.state
        state.account_lists.begin_reading()
        snapshot = await self._rest.read()
        if self._feed.capabilities.socket_tells_accounts:
            return
        self._feed.capabilities.rest_tells_accounts = True
        self._feed.handle(state.account_lists.overlay_pushed(snapshot))
        await self._check()
        if self.deltas != deltas:
            # What was pushed meanwhile may be newer than what was read.
            self.hint()

    async def run(self) -> None:
        """Read again and again, until cancelled; raises what failed too often."""
        self._poller.schedule.was_read(self._poller.now())
        await self._subscribe_blf()
        await self._poller.run()

    def _unasked(self) -> float:
        """Return when to read without a hint."""
        state, timing = self._feed.state, self._timing
        if not state.presence_pushed:
            pause = timing.slow_read
        elif state.shows_presence:
            pause = timing.quiet
        elif state.missing:
            pause = timing.forget
        else:
            pause = math.inf
        return self._poller.schedule.began + pause

    async def _read_again(self) -> bool:
        """Read the accounts as this PBX tells them."""
        if self._feed.capabilities.socket_tells_accounts:
            await self._feed.send("get-users")
        elif self._feed.capabilities.rest_tells_accounts:
            await self.read()
            await self._subscribe_blf()
        return True

    def _failed(self, error: PbxError) -> None:
        """Give up the link after some failures."""
        if self._poller.schedule.failures >= FAILURES:
            raise error

    async def _subscribe_blf(self) -> None:
        """Ask to be told when the lamp of an extension changes, where no list of calls is.

        A lamp tells that somebody is busy, and perhaps nothing else: it is a hint to read
        the accounts, and the slow reading goes on.
        """
        feed = self._feed
        if (
            feed.capabilities.rest_tells_accounts
            and feed.capabilities.call_scope is CallScope.OWN
            and self._scope is CallScope.TENANT
        ):
            extensions = feed.state.extensions.values()
            there = {extension.number for extension in extensions if extension.present}
            if new := there - self._blf - {feed.state.line}:
                self._blf = (self._blf & there) | new
                await feed.send("blf", add=sorted(new))
