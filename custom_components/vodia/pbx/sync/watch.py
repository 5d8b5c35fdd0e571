"""Watching a tenant: what one login reads of it beside its own line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..models import CallScope
from ..net.rest import Reply
from ..net.session import Session
from ..timing import Timing
from ..trace import Ledger
from .accounts import AccountsReader, RestAccounts
from .dispatch import Dispatch
from .orbits import OrbitsReader
from .schedule import Offer


@dataclass(frozen=True, slots=True)
class TenantWatch:
    """The accounts and park orbits of a tenant, over one link after another.

    `scope` is whose calls are wanted. `known` are the accounts of earlier days with their
    types, `flags` its service flags.
    """

    scope: CallScope
    known: Mapping[str, str]
    flags: Iterable[str]
    # Whether the PBX ever listed them over REST.
    accounts_offer: Offer = field(default_factory=Offer)
    orbits_offer: Offer = field(default_factory=Offer)

    def attach(
        self, link: Dispatch, session: Session, ledger: Ledger, timing: Timing
    ) -> None:
        """Let accounts and orbits be read over a link."""

        async def read(query: dict[str, str]) -> Reply:
            """Return the reply of REST `/accounts`."""
            return await session.request("GET", session.path("accounts"), params=query)

        async def check() -> None:
            """Find out whether the calls of the tenant are told."""
            await link.calls.check_grant()

        rest = RestAccounts(session.extension, read, ledger)
        link.accounts = AccountsReader(link, rest, timing, self.scope, check)
        link.orbits = OrbitsReader(link, session, ledger, timing, self.orbits_offer)
