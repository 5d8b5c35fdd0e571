"""Watching a tenant: what one login reads of it apart from its own line."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..models import CallScope
from ..net.rest import Reply
from ..net.session import Session
from ..timing import Timing
from ..trace import Trace
from .accounts import AccountsReader, RestAccounts
from .feed import Feed
from .orbits import OrbitsReader
from .schedule import Offer


@dataclass(frozen=True, slots=True)
class TenantWatch:
    """The accounts and park orbits of a tenant, over one link after another.

    `scope` is which calls are wanted. `known` are the accounts of earlier days with their
    types, `flags` its service flags.
    """

    scope: CallScope
    known: Mapping[str, str]
    flags: Iterable[str]
    # Whether the PBX ever listed them over REST.
    accounts_offer: Offer = field(default_factory=Offer)
    orbits_offer: Offer = field(default_factory=Offer)

    def readers(
        self,
        feed: Feed,
        session: Session,
        trace: Trace,
        timing: Timing,
        check: Callable[[], Awaitable[None]],
    ) -> tuple[AccountsReader, OrbitsReader]:
        """Return what reads accounts and orbits over a link.

        `check` is awaited after each reading of the accounts.
        """

        async def read(query: dict[str, str]) -> Reply:
            """Return the reply of REST `/accounts`."""
            return await session.request("GET", "accounts", params=query)

        rest = RestAccounts(session.extension, read, trace)
        return (
            AccountsReader(feed, rest, timing, self.scope, check),
            OrbitsReader(feed, session, trace, timing, self.orbits_offer),
        )
