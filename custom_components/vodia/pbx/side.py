"""What only REST tells of a line: read beside the link, which never waits for it.

Each reading is repeated slowly, and sooner when something hints at a change. A PBX that
refuses one does not offer it, and is not asked again over this link, unless it has told it
before; whatever else goes wrong is tried again later. What cannot be read is not known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from functools import partial
import logging
import math
import time
from typing import Any, Final

from .errors import (
    AccessOffError,
    CannotConnectError,
    InvalidNumberError,
    MethodNotAllowedError,
    NotConfirmedError,
    NotFoundError,
    NotSupportedError,
    PbxError,
    UnreadableReplyError,
)
from .fields import FrameError, Reading
from .ledger import Ledger
from .memory import long_absent
from .messages import decode_address_book, decode_flags, decode_missed, decode_voicemail
from .models import MissedCalls, ServiceFlag, Voicemail
from .numbering import AddressBook, dialable, with_extension
from .rest import Reply
from .session import Session

_LOGGER = logging.getLogger(__name__)

# Failed readings in a row after which a value is not known any more.
_FAILURES: Final = 3
_CLASSIC_BOOKS: Final = tuple(
    f"/rest/domain/self/account/self/list/list_adrbook,{shared}"
    for shared in ("false", "true")
)
_CLASSIC_MESSAGES: Final = "/rest/user/self/messages"
_UNREAD: Final = {"api": "2", "filter": "unread", "page": "1", "size": "20"}


class Kind(StrEnum):
    """What is read."""

    SERVICE_FLAGS = "service_flags"
    MISSED_CALLS = "missed_calls"
    VOICEMAIL = "voicemail"
    ADDRESS_BOOK = "address_book"


class Hint(Enum):
    """What makes it worth to read something again."""

    CHANGE_PUSHED = auto()
    MISSED_PUSHED = auto()
    CALL_UNANSWERED = auto()


@dataclass(frozen=True, slots=True)
class SideTiming:
    """Seconds of the readings; tests shorten them."""

    flags: float = 60.0
    slow: float = 300.0
    book: float = 3600.0
    try_again: float = 30.0
    pause: float = 5.0
    settle: float = 0.3
    pushed: float = 0.5
    # The history, and the mailbox, are written when the call is over, or a little later.
    history: tuple[float, ...] = (1.0, 10.0)
    mailbox: tuple[float, ...] = (5.0, 60.0)


TIMING: Final = SideTiming()


@dataclass(frozen=True, slots=True)
class SideValues:
    """What was read over this link; None is what is not, or not any more, known."""

    service_flags: Mapping[str, ServiceFlag] | None = None
    missed_calls: MissedCalls | None = None
    voicemail: Voicemail | None = None
    address_book: AddressBook | None = None


@dataclass(frozen=True, slots=True)
class SideChanges:
    """What a reading changed: of the flags or the line in `accounts`.

    `removed` are flags that are gone for good; `received` are messages that came.
    """

    kind: Kind
    accounts: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    received: Voicemail | None = None


@dataclass(slots=True)
class _Reading:
    """When something is read: every so many seconds, and after hints."""

    read: Callable[[], Awaitable[object]]
    every: float
    after: Mapping[Hint, tuple[float, ...]] = field(default_factory=dict)
    due: set[float] = field(default_factory=set)
    hinted: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    offered: bool | None = None
    # Over any link of this login.
    was_offered: bool = False
    # Seconds until what was odd is asked for again: at first soon, then ever later.
    again: float | None = None


class Side:
    """The readings of one login, and what they have told. They outlive a link."""

    def __init__(
        self,
        session: Session,
        ledger: Ledger,
        told: Callable[[SideChanges], None],
        *,
        flags: Iterable[str] | None = None,
        country: str | None = None,
    ) -> None:
        """Prepare to read for the line of a session, and `told` what changed.

        `flags` are those of earlier days; None leaves the flags to others. Numbers of
        the address book without their country are of `country`.
        """
        self._country = country
        self.values = SideValues()
        self._session = session
        self._ledger = ledger
        self._told = told
        self._timing = timing = TIMING
        self._known_flags = set(flags or ())
        self._flags_whole = True
        self._absent_since: dict[str, float] = {}
        self._heard_of: Voicemail | None = None
        self._link = 0
        self._readings: dict[Kind, _Reading] = {
            Kind.MISSED_CALLS: _Reading(
                self._read_missed,
                timing.slow,
                {
                    Hint.MISSED_PUSHED: (timing.pushed,),
                    Hint.CALL_UNANSWERED: timing.history,
                },
            ),
            Kind.VOICEMAIL: _Reading(
                self._read_voicemail,
                timing.slow,
                {
                    Hint.CHANGE_PUSHED: (timing.pushed,),
                    Hint.MISSED_PUSHED: (timing.pushed,),
                    Hint.CALL_UNANSWERED: timing.mailbox,
                },
            ),
            Kind.ADDRESS_BOOK: _Reading(self._read_address_book, timing.book),
        }
        if flags is not None:
            self._readings[Kind.SERVICE_FLAGS] = _Reading(
                self._read_flags, timing.flags
            )

    @property
    def offered(self) -> dict[str, bool | None]:
        """Return what this PBX offers; None is not known yet."""
        return {kind: reading.offered for kind, reading in self._readings.items()}

    def begin(self) -> None:
        """Begin a link: what was read over another one may be wrong by now.

        The names of an address book are as good as before.
        """
        self.values = SideValues(address_book=self.values.address_book)
        self._link += 1
        for reading in self._readings.values():
            reading.offered = reading.again = None
            reading.due.clear()

    async def run(self) -> None:
        """Read everything, again and again, until cancelled; raises nothing."""
        async with asyncio.TaskGroup() as tasks:
            for kind, reading in self._readings.items():
                tasks.create_task(self._follow(kind, reading))

    def hint(self, hint: Hint) -> None:
        """Read sooner what a hint is about; many hints of one moment are one."""
        now, settle = asyncio.get_running_loop().time(), self._timing.settle
        for reading in self._readings.values():
            for delay in reading.after.get(hint, ()):
                reading.due.add(math.ceil((now + delay) / settle) * settle)
                reading.hinted.set()

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
                    self._session.path("srvflags"),
                    {"state": "true" if active else "false"},
                    params={"name": number},
                )
        except TimeoutError:
            raise CannotConnectError("no answer in time") from None
        except (NotFoundError, MethodNotAllowedError) as err:
            raise NotSupportedError("the PBX sets no such flag") from err
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while True:
                    with suppress(PbxError):
                        await self._read(Kind.SERVICE_FLAGS)
                    flag = (self.values.service_flags or {}).get(number)
                    if flag and flag.active is active:
                        return
                    await asyncio.sleep(self._timing.settle)
        raise NotConfirmedError("the flag did not change")

    # The readings

    async def _follow(self, kind: Kind, reading: _Reading) -> None:
        """Read something until the PBX turns out not to offer it."""
        loop, timing, failures = asyncio.get_running_loop(), self._timing, 0
        while True:
            began = loop.time()
            reading.due = {at for at in reading.due if at > began}
            try:
                await self._read(kind)
            except PbxError as err:
                refused = isinstance(
                    err, AccessOffError | NotFoundError | MethodNotAllowedError
                )
                failures += 1
                # Over another link it was offered: once may be a mistake.
                given_up = failures >= _FAILURES or not reading.was_offered
                if refused and not reading.offered and given_up:
                    _LOGGER.debug("The PBX does not offer %s: %s", kind, err)
                    reading.offered = False
                    self._take(kind, None)
                    return
                _LOGGER.debug("The PBX did not tell %s: %s", kind, err)
                if failures == _FAILURES or isinstance(err, UnreadableReplyError):
                    self._take(kind, None)
            else:
                failures = 0
            rested = loop.time() + timing.pause
            if failures:
                slow = began + timing.try_again
            else:
                slow = began + min(reading.every, reading.again or reading.every)
            while True:
                reading.hinted.clear()
                pause = max(rested, min(reading.due | {slow})) - loop.time()
                if pause <= 0:
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await reading.hinted.wait()

    async def _read(self, kind: Kind) -> None:
        """Read something once; what is asked for first is taken first.

        What was asked for over another link is not taken at all. Raises what hinders it.
        """
        reading, link = self._readings[kind], self._link
        async with reading.reading:
            value = await reading.read()
            if link == self._link:
                reading.offered = reading.was_offered = True
                self._take(kind, value)

    async def _get[ValueT](
        self,
        kind: Kind,
        path: str,
        decode: Callable[[Any, Reading], ValueT],
        params: Mapping[str, str] | None = None,
    ) -> ValueT:
        """Return what a reply tells; raises UnreadableReplyError for another shape.

        One in which something is odd is soon asked for again, then ever later.
        """
        told = (await self._session.request("GET", path, params=params)).json()
        self._ledger.sample(path.rpartition("/")[2], told)
        reading = Reading(self._ledger)
        try:
            value = decode(told, reading)
        except FrameError as err:
            self._ledger.drop(str(err))
            raise UnreadableReplyError(str(err)) from None
        odd = self._readings[kind]
        again = min(2 * odd.again, odd.every) if odd.again else self._timing.pause
        odd.again = None if reading.clean else again
        return value

    async def _read_flags(self) -> dict[str, ServiceFlag]:
        """Return the service flags.

        Who is not in a list that cannot all be read is there, in a state not known.
        """

        def decode(told: Any, reading: Reading) -> dict[str, ServiceFlag]:
            """Return what a reply tells."""
            flags = decode_flags(told, self._ledger, reading)
            self._flags_whole = not reading.gap
            if reading.gap:
                known = self.values.service_flags or {}
                unread = {n: replace(flag, active=None) for n, flag in known.items()}
                flags = unread | flags
            return flags

        return await self._get(
            Kind.SERVICE_FLAGS, self._session.path("srvflags"), decode
        )

    async def _read_missed(self) -> MissedCalls:
        """Return how many calls were missed; raises NotFoundError where none are counted."""
        missed = await self._get(
            Kind.MISSED_CALLS,
            self._session.path("history"),
            lambda told, _: decode_missed(told, self._ledger),
        )
        if missed is None:
            raise NotFoundError("the history has no counter")
        return missed

    async def _read_voicemail(self) -> Voicemail:
        """Return the messages not heard; a server that lacks the path has a classic one."""

        def decode(told: Any, reading: Reading, *, filtered: bool) -> Voicemail:
            """Return what a reply tells."""
            return decode_voicemail(told, self._ledger, reading, filtered=filtered)

        try:
            return await self._get(
                Kind.VOICEMAIL,
                self._session.path("messages"),
                partial(decode, filtered=True),
                _UNREAD,
            )
        except NotFoundError, MethodNotAllowedError:
            return await self._get(
                Kind.VOICEMAIL, _CLASSIC_MESSAGES, partial(decode, filtered=False)
            )

    async def _read_address_book(self) -> AddressBook:
        """Return the names of the address book; a large one takes its time.

        A server that lacks the path has two classic ones: the own book outranks that of
        the tenant.
        """
        request = self._session.request
        try:
            replies = [await request("GET", self._session.path("adrbook"))]
        except NotFoundError, MethodNotAllowedError:
            replies = [await request("GET", _CLASSIC_BOOKS[0])]
            with suppress(AccessOffError, NotFoundError, MethodNotAllowedError):
                replies.append(await request("GET", _CLASSIC_BOOKS[1]))
        loop, odd = asyncio.get_running_loop(), Ledger()
        book = await loop.run_in_executor(
            None, _address_book, replies, self._country, odd
        )
        self._ledger.left_out.update(odd.left_out)
        return book

    # What they tell

    def _take(self, kind: Kind, value: object) -> None:
        """Take over what was read, None for what is not known; tell what it changed."""
        before = self.values
        self.values = after = replace(before, **{str(kind): value})  # type: ignore[arg-type]
        if kind is Kind.SERVICE_FLAGS:
            told = self._compare_flags(before.service_flags, after.service_flags)
        else:
            same = getattr(before, kind) == value
            told = SideChanges(
                kind, frozenset() if same else frozenset({self._session.extension})
            )
        if after.voicemail and kind is Kind.VOICEMAIL:
            # The first reading tells of nothing new; one after an outage does, once.
            if self._heard_of and _has_come(self._heard_of, after.voicemail):
                told = replace(told, received=after.voicemail)
            if after.voicemail.unread is not None:
                self._heard_of = after.voicemail
        if told != SideChanges(kind):
            self._told(told)

    def _compare_flags(
        self,
        before: Mapping[str, ServiceFlag] | None,
        after: Mapping[str, ServiceFlag] | None,
    ) -> SideChanges:
        """Return which flags look different, and which are gone for good."""
        old, new = before or {}, after or {}
        removed = frozenset[str]()
        if after is not None and self._flags_whole:
            for number in new:
                self._absent_since.pop(number, None)
            lacking = self._known_flags - new.keys()
            removed = long_absent(self._absent_since, lacking, time.monotonic())
            self._known_flags = (self._known_flags | new.keys()) - removed
        return SideChanges(
            Kind.SERVICE_FLAGS,
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


def _address_book(
    replies: Iterable[Reply], country: str | None, ledger: Ledger | None = None
) -> AddressBook:
    """Return the names in replies, the first outranks; what cannot be dialed has none.

    Raises UnreadableReplyError for a reply of another shape.
    """
    book, named = AddressBook(country=country), list[tuple[str, str]]()
    for reply in replies:
        try:
            contacts = decode_address_book(reply.json(), ledger)
        except FrameError as err:
            raise UnreadableReplyError(str(err)) from None
        for contact in contacts:
            for number in contact.numbers:
                with suppress(InvalidNumberError):
                    dialed = with_extension(dialable(number), number)
                    if not book.name(dialed):
                        named.append((dialed, contact.name))
        book = AddressBook(named, country)
    return book
