"""One link: its frames, on their way from the socket to the state and to the reporter.

`_HANDLERS` says which message does what. Each frame walks up once: decoded, handled,
applied to the state, reported. What a message makes worth to read again is asked of the
readers of the link.
"""

import asyncio
from collections.abc import Callable, Mapping
from copy import replace
import math
from typing import Any, ClassVar, Final, Protocol

from ..changes import NOTHING, Changes
from ..errors import PbxError
from ..models import ORBIT, Account, CallScope, Extension
from ..net.link import Link
from ..net.session import Session
from ..state.tenant import TenantState
from ..wire.calls import CallList
from ..wire.fields import FrameError
from ..wire.messages import (
    AccountDelta,
    AccountsSnapshot,
    ChangeNotice,
    ChatMessage,
    Decoder,
    Message,
    OrbitNotice,
    encode,
)
from .accounts import AccountsReader, TenantWatch
from .call_list import CallListReader
from .capabilities import Capabilities, Refusals
from .history import HistoryReader
from .line_data import LineData, RefreshReason
from .orbits import OrbitsReader
from .reporter import Reporter
from .schedule import Offer

# Accounts that are not listed, to ask for each of them seldom.
_ASKED_KEPT: Final = 1000


class Receiver(Protocol):
    """Who has a link: what outlives it.

    Without a `watch` of the tenant, another login has one. `phones` returns the extensions
    with their presence.
    """

    decoder: Decoder
    history_offer: Offer
    reporter: Reporter
    session: Session
    data: LineData
    watch: TenantWatch | None

    def phones(self) -> Mapping[str, Extension]:
        """Return the extensions with their presence."""


class Dispatch:
    """One link: the state that its frames tell, what the PBX offers, and what is read.

    The readers of accounts and orbits are None where another login watches the tenant.
    """

    def __init__(self, socket: Link, state: TenantState, receiver: Receiver) -> None:
        """Take over an open socket."""
        self.session = session = receiver.session
        self.socket = socket
        self.state = state
        timing = session.timing
        self.capabilities = Capabilities(Refusals(timing.ask_again, timing.clock))
        # Set by the first list of accounts over the socket.
        self.accounts_told = asyncio.Event()
        # Accounts that no list has, and when they were asked for.
        self.asked_for: dict[str, float] = {}
        self.accounts: AccountsReader | None = None
        self.orbits: OrbitsReader | None = None
        self._only_own = False
        if watch := receiver.watch:
            self._only_own = watch.scope is CallScope.OWN
            self.accounts = AccountsReader(self, watch.scope, self._check_grant)
            self.orbits = OrbitsReader(self, watch.orbits_offer)
        self.calls = CallListReader(self, self.accounts)
        self.history = HistoryReader(
            self,
            receiver.reporter,
            phones=receiver.phones,
            offer=receiver.history_offer,
        )
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._decode = receiver.decoder.decode
        self._reporter = receiver.reporter
        self._data = receiver.data
        self._ask_again = timing.ask_again
        self._now = timing.clock.monotonic

    def as_diagnostics(self) -> dict[str, Any]:
        """Return how the PBX speaks over this link, for the diagnostics."""
        return {
            **self.capabilities.as_diagnostics(),
            "calls_answered": self.calls.told.is_set(),
            "presence_pushed": self.state.presence_pushed,
        }

    async def send(self, action: str, **fields: str | bool | list[str]) -> None:
        """Send a frame."""
        await self.socket.send(encode(action, **fields))

    async def read(self) -> None:
        """Handle every frame, in order; raises what ends the link."""
        async for data in self.socket.frames():
            try:
                message = self._decode(data)
            except FrameError as err:
                self.session.trace.drop(str(err))
                self._miss(err.lost)
                continue
            if isinstance(message, AccountsSnapshot):
                await self._begin_classic()
                self.handle(message)
                if self.state.contradicts(message):
                    self.calls.differs()
            else:
                self.handle(message)

    async def _begin_classic(self) -> None:
        """Note that the socket lists the accounts: then its lists are of own calls."""
        self.capabilities.socket_tells_accounts = True
        self.accounts_told.set()
        if self.capabilities.call_scope is CallScope.TENANT:
            self.capabilities.call_scope = CallScope.OWN
            await self.send("get-calls")

    async def _check_grant(self) -> None:
        """Find out whether the calls of the tenant are shown."""
        await self.calls.check_grant()

    def _miss(self, lost: frozenset[str]) -> None:
        """Ask for what could not be read of a frame; until then calls are not known."""
        if "call-state" in lost:
            self.publish(self.state.calls.lose())
            self.calls.missed()
        if lost - {"call-state"} and self.accounts:
            self.accounts.heard(odd=True)

    def end(self, error: PbxError) -> None:
        """End the link for a reason."""
        if not self._failure.done():
            self._failure.set_exception(error)

    async def wait_for_end(self) -> None:
        """Wait for `end`; raises its reason."""
        await self._failure

    def handle(self, message: Message) -> None:
        """Apply a message, pushed or read, and tell what it changed."""
        self._HANDLERS.get(type(message), Dispatch._apply)(self, message)

    def publish(self, changes: Changes) -> None:
        """Tell what changed in the state, and look for what proves an end."""
        if self._reporter.changed(self.state, changes):
            self.history.want()

    # The handlers

    def _delta(self, message: AccountDelta) -> None:
        """Apply a change of one account."""
        if self._only_own:
            message = message._replace(account=self._shown(message.account))
        changes = self.state.apply(message, now := self._now())
        if accounts := self.accounts:
            if message.odd:
                accounts.heard(odd=True)
            if changes is not NOTHING:
                accounts.deltas += 1
        if self.orbits and changes is not NOTHING:
            group = self.state.groups.get(message.account.number)
            if group and group.type == ORBIT:
                self.orbits.hint()
        self._follow(changes, now)

    def _snapshot(self, message: AccountsSnapshot) -> None:
        """Apply a list of all accounts."""
        if self._only_own:
            shown = tuple(map(self._shown, message.accounts))
            message = replace(message, accounts=shown)
        changes = self.state.apply(message, now := self._now())
        if self.accounts:
            self.accounts.heard(odd=message.odd)
        if self.orbits:
            self.orbits.hint()
        self._follow(changes, now)

    def _call_list(self, message: CallList) -> None:
        """Apply a list of calls: of one that ended in it the phone may not have heard."""
        state = self.state
        unheard = state.unheard
        begun = state.calls.begin(self.capabilities.call_scope)
        self.calls.heard(odd=message.odd)
        changes = state.apply(message, now := self._now())
        if unheard and unheard - state.listed.keys():
            self.history.expect_unheard()
        self._follow(changes if begun is NOTHING else _both(begun, changes), now)

    def _signal(self, message: ChangeNotice) -> None:
        """Read again what a message hints at."""
        presence, calls = message.presence, message.calls
        self.state.presence_pushed |= presence
        if self.accounts:
            self.accounts.hint()
        if not (presence or calls):
            self.history.expect_unheard()
        if not calls:
            self._data.hint(
                RefreshReason.CHANGE_PUSHED if presence else RefreshReason.MISSED_PUSHED
            )

    def _orbit_signal(self, message: OrbitNotice) -> None:
        """Read the orbits again."""
        if self.orbits:
            self.orbits.hint()

    def _chat(self, message: ChatMessage) -> None:
        """Hand on a text."""
        self._reporter.received(self.state, message)

    def _apply(self, message: Message) -> None:
        """Apply what hints at nothing else."""
        now = self._now()
        self._follow(self.state.apply(message, now), now)

    def _follow(self, changes: Changes, now: float) -> None:
        """Ask for what a message leaves open, and tell what it changed."""
        if changes is NOTHING:
            return
        if accounts := self.accounts:
            if changes.needs_snapshot:
                accounts.hint()
            if number := changes.unlisted_account:
                # It may never be listed: do not ask each time.
                if now - self.asked_for.get(number, -math.inf) >= self._ask_again:
                    if len(self.asked_for) >= _ASKED_KEPT:
                        self.asked_for.clear()
                    self.asked_for[number] = now
                    accounts.hint()
        self.publish(changes)

    def _shown(self, account: Account) -> Account:
        """Return what is shown of an account: of another than the line no call."""
        if account.number == self.state.line:
            return account
        return replace(account, busy=None, calls=None)

    _HANDLERS: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        AccountDelta: _delta,
        AccountsSnapshot: _snapshot,
        CallList: _call_list,
        ChangeNotice: _signal,
        OrbitNotice: _orbit_signal,
        ChatMessage: _chat,
    }


def _both(one: Changes, other: Changes) -> Changes:
    """Return what two messages changed together."""
    return replace(
        other,
        accounts=one.accounts | other.accounts,
        calls=one.calls | other.calls,
        totals=one.totals or other.totals,
    )
