"""What only REST tells of a line: read beside the link, which never waits for it.

Each reading is repeated slowly, and sooner when something hints at a change. What cannot be
read is not known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from functools import partial
import logging
from typing import Any

from ..address_book import AddressBook
from ..errors import (
    CannotConnectError,
    NotConfirmedError,
    NotOfferedError,
    NotSupportedError,
    PbxError,
    UnreadableReplyError,
)
from ..forwarding import CallForwarding
from ..models import MissedCalls, ServiceFlag, Voicemail
from ..net.session import Session
from ..state.memory import expire_absent
from .line_readings import Answer, LineReadings
from .poller import Poller
from .schedule import FAILURES, Policy

_LOGGER = logging.getLogger(__name__)


class Resource(StrEnum):
    """What is read."""

    SERVICE_FLAGS = "service_flags"
    MISSED_CALLS = "missed_calls"
    VOICEMAIL = "voicemail"
    ADDRESS_BOOK = "address_book"
    CALL_FORWARDING = "call_forwarding"
    QUEUE_LOGINS = "queue_logins"


class RefreshReason(Enum):
    """What makes it worth to read something again."""

    CHANGE_PUSHED = auto()
    MISSED_PUSHED = auto()
    CALL_UNANSWERED = auto()


@dataclass(frozen=True, slots=True)
class LineDataValues:
    """What was read over this link; None is what is not, or not any more, known.

    `queue_logins` are the queues with whether the line is logged in as an agent.
    """

    service_flags: Mapping[str, ServiceFlag] | None = None
    missed_calls: MissedCalls | None = None
    voicemail: Voicemail | None = None
    address_book: AddressBook | None = None
    call_forwarding: CallForwarding | None = None
    queue_logins: Mapping[str, bool | None] | None = None


@dataclass(frozen=True, slots=True)
class LineDataChange:
    """What a reading changed: of the flags or the line in `accounts`.

    `removed` are flags that are gone for good; `received` are messages that came.
    """

    kind: Resource
    accounts: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    received: Voicemail | None = None


type _Ask = Callable[[], Awaitable[Answer[Any]]]
type _Delays = Mapping[RefreshReason, tuple[float, ...]]
type _Wish = tuple[_Ask, float, _Delays]


@dataclass(slots=True)
class _PolledResource:
    """How something is asked for, one at a time, and when."""

    ask: _Ask
    poller: Poller
    delays: _Delays
    lock: asyncio.Lock


class LineData:
    """The readings of one login, and what they have told. They outlive a link."""

    def __init__(
        self,
        session: Session,
        told: Callable[[LineDataChange], None],
        queues: Callable[[], Iterable[str]] = tuple,
        *,
        flags: Iterable[str] | None = None,
        country: str | None = None,
    ) -> None:
        """Prepare to read for the line of a session, and `told` what changed.

        `queues` are those of the tenant.
        `flags` are those of earlier days; None leaves the flags to others. Numbers of
        the address book without their country are of `country`.
        """
        self.values = LineDataValues()
        self._session = session
        self._told = told
        self._clock = session.timing.clock
        self._timing = seconds = session.timing.line_data
        self._known_flags = set(flags or ())
        self._absent_since: dict[str, float] = {}
        self._last_voicemail: Voicemail | None = None
        self._link = 0
        self._readings = readings = LineReadings(session, country, queues)
        pushed = (seconds.pushed,)
        # How it is asked for, how often, and in how many seconds after a hint.
        wanted: dict[Resource, _Wish] = {
            Resource.MISSED_CALLS: (
                readings.missed_calls,
                seconds.slow,
                {
                    RefreshReason.MISSED_PUSHED: pushed,
                    RefreshReason.CALL_UNANSWERED: seconds.history,
                },
            ),
            Resource.VOICEMAIL: (
                readings.voicemail,
                seconds.slow,
                {
                    RefreshReason.CHANGE_PUSHED: pushed,
                    RefreshReason.MISSED_PUSHED: pushed,
                    RefreshReason.CALL_UNANSWERED: seconds.mailbox,
                },
            ),
            Resource.ADDRESS_BOOK: (readings.address_book, seconds.book, {}),
            Resource.CALL_FORWARDING: (
                readings.call_forwarding,
                seconds.settings,
                {},
            ),
            Resource.QUEUE_LOGINS: (readings.queue_logins, seconds.settings, {}),
        }
        if flags is not None:
            wanted[Resource.SERVICE_FLAGS] = (readings.service_flags, seconds.flags, {})
        self._resources = {
            kind: self._resource(kind, *wish) for kind, wish in wanted.items()
        }

    def _resource(
        self, kind: Resource, ask: _Ask, every: float, delays: _Delays
    ) -> _PolledResource:
        """Return something that is read every so many seconds, and after hints."""
        seconds = self._timing
        policy = Policy(seconds.settle, seconds.pause, seconds.try_again, every)
        poller = Poller(
            policy,
            partial(self._read, kind),
            unasked=lambda: poller.schedule.began + every,
            failed=partial(self._failed, kind),
        )
        return _PolledResource(ask, poller, delays, asyncio.Lock())

    @property
    def offered(self) -> dict[str, bool | None]:
        """Return what this PBX offers; None is not known yet."""
        return {
            kind: resource.poller.schedule.offered
            for kind, resource in self._resources.items()
        }

    def begin(self) -> None:
        """Begin a link: what was read over another one may be wrong by now.

        The names of an address book are as good as before.
        """
        self.values = LineDataValues(address_book=self.values.address_book)
        self._link += 1
        self._readings.begin()
        for resource in self._resources.values():
            resource.poller.schedule.restart()

    async def run(self) -> None:
        """Read everything, again and again, until cancelled; raises nothing."""
        async with asyncio.TaskGroup() as tasks:
            for resource in self._resources.values():
                tasks.create_task(resource.poller.run())

    def hint(self, hint: RefreshReason) -> None:
        """Read sooner what a hint is about."""
        for resource in self._resources.values():
            for delay in resource.delays.get(hint, ()):
                resource.poller.hint(delay)

    async def set_flag(self, number: str, active: bool, confirm: float) -> None:
        """Set a service flag; done when the PBX shows it, all of it within some seconds.

        Raises AccessOffError where it is forbidden, NotSupportedError where there is no
        such way, CannotConnectError, NotConfirmedError, or what else hinders it.
        """
        until = asyncio.get_running_loop().time() + confirm
        try:
            async with asyncio.timeout_at(until):
                await self._session.request(
                    "POST",
                    "srvflags",
                    {"state": "true" if active else "false"},
                    params={"name": number},
                )
        except TimeoutError:
            raise CannotConnectError("no answer in time") from None
        except NotOfferedError as err:
            raise NotSupportedError("the PBX sets no such flag") from err

        def is_set(told: LineDataValues) -> bool:
            """Return whether the PBX shows it."""
            flag = (told.service_flags or {}).get(number)
            return flag is not None and flag.active is active

        await self.confirm(Resource.SERVICE_FLAGS, is_set, until)

    async def confirm(
        self,
        kind: Resource,
        is_met: Callable[[LineDataValues], bool],
        until: float,
    ) -> None:
        """Read something until it is as wanted.

        Raises NotConfirmedError when it is not by a time of the event loop.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while True:
                    with suppress(PbxError):
                        await self._read(kind)
                        if is_met(self.values):
                            return
                    await asyncio.sleep(self._timing.settle)
        raise NotConfirmedError("nothing shows it")

    # The readings

    async def _read(self, kind: Resource) -> bool:
        """Read something once; what is asked for first is taken first.

        What was asked for over another link is not taken at all. Raises what hinders it.
        """
        resource, link = self._resources[kind], self._link
        async with resource.lock:
            answer = await resource.ask()
            if link == self._link:
                resource.poller.heard(odd=not answer.clean)
                self._take(kind, answer)
        return True

    def _failed(self, kind: Resource, error: PbxError) -> None:
        """Take what cannot be read, or is not offered, for not known."""
        schedule = self._resources[kind].poller.schedule
        _LOGGER.debug("The PBX did not tell %s: %s", kind, error)
        if (
            schedule.given_up
            or schedule.failures == FAILURES
            or isinstance(error, UnreadableReplyError)
        ):
            self._take(kind, Answer(None))

    # What they tell

    def _take(self, kind: Resource, answer: Answer[Any]) -> None:
        """Take over what was read, None for what is not known; tell what it changed."""
        before, value = self.values, answer.value
        if kind is Resource.SERVICE_FLAGS and answer.gap:
            # Who is not in a list that cannot all be read is there, in an unknown state.
            known = before.service_flags or {}
            value = {n: replace(flag, active=None) for n, flag in known.items()} | value
        self.values = after = replace(before, **{str(kind): value})
        if kind is Resource.SERVICE_FLAGS:
            told = self._compare_flags(
                before.service_flags, after.service_flags, whole=not answer.gap
            )
        else:
            same = getattr(before, kind) == value
            told = LineDataChange(
                kind, frozenset() if same else frozenset({self._session.extension})
            )
        if after.voicemail and kind is Resource.VOICEMAIL:
            # The first reading tells of nothing new; one after an outage does, once.
            if self._last_voicemail and _has_come(
                self._last_voicemail, after.voicemail
            ):
                told = replace(told, received=after.voicemail)
            if after.voicemail.unread is not None:
                self._last_voicemail = after.voicemail
        if told != LineDataChange(kind):
            self._told(told)

    def _compare_flags(
        self,
        before: Mapping[str, ServiceFlag] | None,
        after: Mapping[str, ServiceFlag] | None,
        *,
        whole: bool,
    ) -> LineDataChange:
        """Return which flags look different, and which are gone for good."""
        old, new = before or {}, after or {}
        removed = frozenset[str]()
        if after is not None and whole:
            for number in new:
                self._absent_since.pop(number, None)
            lacking = self._known_flags - new.keys()
            removed = expire_absent(
                self._absent_since, lacking, self._clock.monotonic()
            )
            self._known_flags = (self._known_flags | new.keys()) - removed
        return LineDataChange(
            Resource.SERVICE_FLAGS,
            frozenset(
                number
                for number in old.keys() | new.keys()
                if old.get(number) != new.get(number)
            ),
            removed,
        )


def _has_come(before: Voicemail, after: Voicemail) -> bool:
    """Return whether a message has come: one may have been heard meanwhile."""
    old, new = before.newest, after.newest
    newer = old and new and old.time and new.time and new.time > old.time
    if before.unread is None or after.unread is None:
        return bool(newer)
    return after.unread > before.unread or bool(newer)
