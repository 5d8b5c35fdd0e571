"""The list of calls: asked for over the socket, and again where news of it was lost."""

import asyncio
from contextlib import suppress
import logging

from ..assumptions import Assumption
from ..errors import AccessOffError, CannotConnectError, PbxError, UnexpectedReplyError
from ..models import Call, CallScope
from ..wire.fields import FrameError
from ..wire.replies import decode_calls
from .accounts import AccountsReader
from .feed import Feed
from .poller import Poller, wait_for_event
from .schedule import Policy

_LOGGER = logging.getLogger(__name__)


class CallListReader:
    """The calls that one link tells of.

    They are asked for again where news of them was lost or odd, or is old: at once, and
    ever more seldom while that does not help. Where the socket does not answer, REST is
    asked for the calls of the line.
    """

    def __init__(self, feed: Feed, accounts: AccountsReader | None) -> None:
        """Prepare; nothing is asked for before `ask` or `run`.

        Without `accounts` another login reads them.
        """
        # Since the list was asked for.
        self.told = asyncio.Event()
        self._feed = feed
        self._accounts = accounts
        self._session = feed.session
        self._trace = feed.session.trace
        self._timing = timing = feed.session.timing
        self._heard = asyncio.Event()
        self._heard_at = 0.0
        self._differs = False
        policy = Policy(pause=timing.between_reads, longest=timing.slow_read)
        self._poller = Poller(
            policy, self._read, unasked=self._unasked, failed=self._failed
        )

    def heard(self, *, odd: bool) -> None:
        """Take note of a list."""
        self.told.set()
        self._heard.set()
        self._heard_at = self._poller.now()
        self._poller.heard(odd=odd)

    def missed(self) -> None:
        """Ask for the list again: news of it could not be read."""
        self._poller.heard(odd=True)

    def differs(self) -> None:
        """Ask for the list again: what else is told contradicts it."""
        self._differs = True
        self._poller.heard(odd=True)

    async def request(self) -> None:
        """Ask for the list, in the words of either dialect."""
        send = self._feed.send
        if self._feed.capabilities.call_scope is CallScope.TENANT:
            await send("domain-calls", subscribe=True)
        else:
            await send("own-calls", subscribe=True)
            await send("get-calls")

    async def ask_for_own(self) -> bool:
        """Ask for the calls of the line; return whether there was an answer."""
        await self.request()
        answered = await wait_for_event(self.told, self._timing.answer)
        self._trace.observe(Assumption.SUBSCRIPTIONS_ANSWER, answered)
        return answered

    async def check_grant(self) -> None:
        """Follow our own calls if the list that is said to be the tenant's lacks them.

        By now it may have them: then it was only late.
        """
        feed = self._feed
        if (
            feed.state.line_is_denied
            and await self._get()
            and feed.state.line_is_denied
        ):
            _LOGGER.debug("The PBX does not tell the calls of the tenant")
            self._trace.observe(Assumption.TENANT_LISTS_ARE_GRANTED, False)
            feed.capabilities.call_scope = CallScope.OWN
            await feed.send("domain-calls", subscribe=False)
            await self.request()

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        self._poller.schedule.was_read(self._poller.now())
        await self._poller.run()

    def _unasked(self) -> float:
        """Return when a list of calls is old."""
        return max(self._poller.schedule.began, self._heard_at) + self._timing.quiet

    async def _read(self) -> bool:
        """Ask for the calls, if there are any or some may be missing."""
        feed, schedule = self._feed, self._poller.schedule
        if not (schedule.is_odd or feed.state.listed):
            return False
        self._heard.clear()
        differs, self._differs = self._differs, False
        await self.request()
        if not (
            await wait_for_event(self._heard, self._timing.answer)
            or await self._weigh_silence()
        ):
            if differs:
                feed.publish(feed.state.calls.lose())
        if feed.state.calls.are_uncertain:
            self._poller.heard(odd=True)
        return True

    async def _weigh_silence(self) -> bool:
        """Ask elsewhere for the calls that the socket does not tell; return if it helped.

        Those of others than the line are known by their presence alone.
        """
        feed, can = self._feed, self._feed.capabilities
        if self._accounts and can.rest_tells_accounts:
            with suppress(AccessOffError, CannotConnectError, UnexpectedReplyError):
                await self._accounts.read()
        elif self._accounts:
            self._accounts.hint()
        told = None if can.refusals.is_in_force("calls") else await self._get()
        if self._heard.is_set():
            return True
        checked = None if told is None else feed.state.calls.corrected_by(told)
        if checked:
            feed.handle(checked)
        feed.publish(feed.state.calls.check_silence(own=checked is not None))
        return checked is not None

    async def _get(self) -> tuple[Call, ...] | None:
        """Return the calls of the line as REST tells them; None if it does not."""
        try:
            reply = await self._session.request("GET", "calls")
            return decode_calls(reply.json(), self._trace)
        except (PbxError, FrameError) as err:
            _LOGGER.debug("REST does not tell the calls: %s", err)
            return None

    def _failed(self, error: PbxError) -> None:
        """Leave it to the link: who cannot send has lost it."""
        raise error
