"""Who is parked, as REST tells it where no list of calls does."""

import logging

from ..errors import PbxError
from ..models import CallScope, ParkedCalls
from ..wire.messages import OrbitList
from ..wire.replies import decode_orbits
from .feed import Feed
from .poller import Poller
from .schedule import FAILURES, Offer, Policy

_LOGGER = logging.getLogger(__name__)


class OrbitsReader:
    """The park orbits over one link: read on each hint, or slowly.

    One that cannot be read is not known.
    """

    def __init__(self, feed: Feed, offer: Offer) -> None:
        """Prepare; nothing is read before `run`."""
        self._feed = feed
        timing = feed.session.timing
        policy = Policy(timing.settle, timing.between_reads)
        self._poller = Poller(
            policy,
            self._read,
            unasked=lambda: self._poller.schedule.began + timing.slow_read,
            failed=self._failed,
            offer=offer,
        )
        self.hint = self._poller.hint
        self.run = self._poller.run

    async def _read(self) -> bool:
        """Read who is parked; a reading that is old when it comes is done again."""
        feed, schedule = self._feed, self._poller.schedule
        can = feed.capabilities
        if can.socket_tells_accounts or can.call_scope is CallScope.TENANT:
            # Presence, or the calls of the tenant, tell it.
            feed.handle(OrbitList({}))
            return False
        if not feed.state.orbits:
            return False
        orbits = await self._get()
        for _ in range(FAILURES - 1):
            if not schedule.hinted:
                break
            schedule.begin(self._poller.now())
            orbits = await self._get()
        feed.handle(OrbitList(orbits))
        return True

    async def _get(self) -> dict[str, ParkedCalls]:
        """Return what REST tells of the orbits."""
        session = self._feed.session
        reply = await session.request("GET", "orbits")
        return reply.read(
            "rest-orbits",
            lambda told: decode_orbits(told, session.trace),
            session.trace,
        )

    def _failed(self, error: PbxError) -> None:
        """Forget who is parked."""
        _LOGGER.debug("The park orbits cannot be read: %s", error)
        self._feed.handle(OrbitList({}))
