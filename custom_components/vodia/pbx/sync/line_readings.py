"""How a PBX is asked for what only REST tells of a line, in both dialects."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from ..address_book import AddressBook
from ..errors import (
    REFUSALS,
    InvalidNumberError,
    NotFoundError,
    NotOfferedError,
    NotSupportedError,
    PbxError,
    UnexpectedReplyError,
    UnreadableReplyError,
)
from ..forwarding import CallForwarding
from ..models import MissedCalls, ServiceFlag, Voicemail, VoiceMessage
from ..net.rest import Reply
from ..net.session import Session
from ..numbering import dialable, with_extension
from ..trace import Trace
from ..wire.fields import FrameError, Reading
from ..wire.mailbox import decode_mailbox, decode_voicemail
from ..wire.replies import decode_address_book, decode_flags, decode_missed
from ..wire.settings import (
    OWN_SETTINGS,
    decode_forwarding,
    decode_login,
    login_path,
    settings_path,
)

_CLASSIC_BOOKS: Final = tuple(
    f"/rest/domain/self/account/self/list/list_adrbook,{shared}"
    for shared in ("false", "true")
)
_CLASSIC_MESSAGES: Final = "/rest/user/self/messages"
# Queues that are asked; docs/SECURITY.md says what the limits are for.
_QUEUES_LIMIT: Final = 50
_UNREAD: Final = {"api": "2", "filter": "unread", "page": "1", "size": "20"}
_ALL: Final = {"api": "2", "page": "1", "size": "100"}


@dataclass(frozen=True, slots=True)
class Answer[ValueT]:
    """What a reply tells, whether all of it could be read, and whether something lacks."""

    value: ValueT
    clean: bool = True
    gap: bool = False


class LineReadings:
    """What can be read of the line of a session.

    Each raises a PbxError for what hinders it, UnreadableReplyError for another shape.
    """

    def __init__(
        self,
        session: Session,
        country: str | None,
        queues: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """Prepare; numbers without their country are of `country`.

        `queues` are those of the tenant.
        """
        self._session = session
        self._queues = queues
        # The queues that have ever answered; the others refuse.
        self._agent_of = set[str]()
        self.begin()
        self._trace = session.trace
        self._country = country

    def begin(self) -> None:
        """Begin a link: what was refused over another one may be offered by now."""
        self._settings_path: str | None = None
        self._no_agent_of = set[str]()

    async def service_flags(self) -> Answer[Mapping[str, ServiceFlag]]:
        """Return the service flags."""
        return await self._get(
            "srvflags", lambda told, reading: decode_flags(told, self._trace, reading)
        )

    async def missed_calls(self) -> Answer[MissedCalls]:
        """Return how many calls were missed; raises NotFoundError where none are counted."""
        answer = await self._get(
            "history", lambda told, _: decode_missed(told, self._trace)
        )
        if answer.value is None:
            raise NotFoundError("the history has no counter")
        return Answer(answer.value, answer.clean)

    async def voicemail(self) -> Answer[Voicemail]:
        """Return the messages not heard; a server that lacks the path has a classic one."""

        def decode(told: Any, reading: Reading, *, filtered: bool) -> Voicemail:
            """Return what a reply tells."""
            return decode_voicemail(told, self._trace, reading, filtered=filtered)

        try:
            return await self._get("messages", partial(decode, filtered=True), _UNREAD)
        except NotOfferedError:
            return await self._get(_CLASSIC_MESSAGES, partial(decode, filtered=False))

    async def messages(self) -> tuple[VoiceMessage, ...]:
        """Return the messages of the mailbox, the newest first.

        Raises NotSupportedError where it only counts them. Where a list does not say which
        of them are new, that of the unread ones does.
        """

        async def ask(path: str, **params: str) -> tuple[VoiceMessage, ...]:
            """Return what a reply lists."""
            answer = await self._get(
                path,
                lambda told, reading: decode_mailbox(told, self._trace, reading),
                params,
            )
            if answer.value is None:
                raise NotSupportedError("the PBX lists no messages")
            return answer.value

        try:
            listed = await ask("messages", **_ALL)
        except NotOfferedError:
            return await ask(_CLASSIC_MESSAGES)
        if all(message.new is not None for message in listed):
            return listed
        unread = await ask("messages", **_ALL, filter="unread")
        return tuple(replace(each, new=each in unread) for each in listed)

    async def address_book(self) -> Answer[AddressBook]:
        """Return the names of the address book; a large one takes its time.

        A server that lacks the path has two classic ones: the own book outranks that of
        the tenant.
        """
        request = self._session.request
        try:
            replies = [await request("GET", "adrbook")]
        except NotOfferedError:
            replies = [await request("GET", _CLASSIC_BOOKS[0])]
            with suppress(*REFUSALS):
                replies.append(await request("GET", _CLASSIC_BOOKS[1]))
        loop, odd = asyncio.get_running_loop(), Trace()
        book = await loop.run_in_executor(
            None, merge_address_books, replies, self._country, odd
        )
        self._trace.left_out.update(odd.left_out)
        return Answer(book)

    async def call_forwarding(self) -> Answer[CallForwarding]:
        """Return which calls are sent on; a server that lacks the path has a classic one.

        Nothing else of the settings is kept. Raises NotFoundError where they tell nothing
        of it.
        """
        session = self._session
        paths = settings_path(session.tenant, session.extension), OWN_SETTINGS
        refusal: PbxError | None = None
        for path in sorted(paths, key=lambda path: path != self._settings_path):
            try:
                reply = await session.request("GET", path)
            except REFUSALS as err:
                refusal = err if refusal is None else refusal
                continue
            self._settings_path, reading = path, Reading(self._trace)
            try:
                forwarding = decode_forwarding(reply.json(), reading)
            except FrameError as err:
                raise UnreadableReplyError(str(err)) from None
            if forwarding is None:
                raise NotFoundError("the settings have no forwarding")
            return Answer(forwarding, reading.clean)
        raise refusal or NotFoundError("no settings")

    async def queue_logins(self) -> Answer[Mapping[str, bool | None]]:
        """Return the queues that the line is an agent of, and whether it is logged in.

        A queue that refuses it at first is not asked again over this link; of one that
        has answered before nothing is known then.
        """
        session = self._session
        path = login_path(session.tenant, session.extension)
        listed = list(islice(self._queues(), _QUEUES_LIMIT))
        self._no_agent_of.intersection_update(listed)
        told: dict[str, bool | None] = {}
        for queue in listed:
            if queue in self._no_agent_of:
                continue
            try:
                told[queue] = (
                    await self._get(path, decode_login, {"group": queue})
                ).value
                self._agent_of.add(queue)
            except REFUSALS:
                if queue in self._agent_of:
                    told[queue] = None
                else:
                    self._no_agent_of.add(queue)
            except UnexpectedReplyError:
                told[queue] = None
        return Answer(told)

    async def _get[ValueT](
        self,
        path: str,
        decode: Callable[[Any, Reading], ValueT],
        params: Mapping[str, str] | None = None,
    ) -> Answer[ValueT]:
        """Return what a reply tells; raises UnreadableReplyError for another shape."""
        reply = await self._session.request("GET", path, params=params)
        reading, kind = Reading(self._trace), path.rpartition("/")[2]
        value = reply.read(kind, lambda told: decode(told, reading), self._trace)
        return Answer(value, reading.clean, reading.gap)


def merge_address_books(
    replies: Iterable[Reply], country: str | None, trace: Trace | None = None
) -> AddressBook:
    """Return the names in replies, the first outranks; what cannot be dialed has none.

    Raises UnreadableReplyError for a reply of another shape.
    """
    book, named = AddressBook(country=country), list[tuple[str, str]]()
    for reply in replies:
        try:
            contacts = decode_address_book(reply.json(), trace)
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
