"""PbxClient: log in, stay connected, and keep the state of the tenant true."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
import logging
import math
import random
import time
from typing import Any, Final, Protocol, override

import aiohttp

from .accounts import RestAccounts
from .assumptions import Assumption
from .control import Control
from .errors import (
    AccessOffError,
    CannotConnectError,
    LoginForbiddenError,
    LoginRefusedError,
    MethodNotAllowedError,
    NotConfirmedError,
    NotConnectedError,
    NotFoundError,
    PbxError,
    SecondFactorError,
    SessionExpiredError,
    UnexpectedReplyError,
)
from .fields import FrameError
from .history import read_history
from .ledger import Ledger
from .link import Link, Timing
from .memory import Memory
from .messages import (
    AccountDelta,
    AccountsSnapshot,
    CallList,
    ChatMessage,
    Decoder,
    Message,
    OrbitList,
    OrbitSignal,
    Signal,
    decode_calls,
    decode_orbits,
    encode,
)
from .models import (
    NOTHING,
    ORBIT,
    RINGING_GROUPS,
    Account,
    Call,
    CallEvent,
    CallEventType,
    CallScope,
    Changes,
    Credentials,
    Direction,
    Extension,
    LoginWay,
    ParkedCalls,
    PastCall,
    Server,
)
from .refusals import Refusals
from .rest import Reply, Rest
from .session import Session
from .side import Hint, Kind, Side, SideChanges
from .state import PbxState
from .story import Stories, Told

_LOGGER = logging.getLogger(__name__)

TIMING: Final = Timing()
# Failed readings of the accounts in a row that end a link.
_READ_FAILURES: Final = 3
# Seconds by which a timer of the loop may be early.
_CLOCK_TICK: Final = 0.02
# Accounts that are not listed, to ask for each of them seldom.
_ASKED_KEPT: Final = 1000


# The past calls of a line; None where they are not told.
type _History = tuple[PastCall, ...] | None


class Listener(Protocol):
    """Who is told what happens; every call is made in the event loop."""

    def changed(self, changes: Changes) -> None:
        """Take note of a change of the state."""

    def link_up(self, changes: Changes) -> None:
        """Take note that the state is whole and live, with all that changed."""

    def told(self, events: list[CallEvent]) -> None:
        """Take note of what happened to calls; all that changed has been told before."""

    def received(self, message: ChatMessage) -> None:
        """Take note of a chat message to the line."""

    def side_changed(self, changes: SideChanges) -> None:
        """Take note of what only REST tells of the line."""

    def link_lost(self, error: PbxError) -> None:
        """Take note that the state is not live any more, and of each other reason since."""

    def login_refused(self, error: PbxError) -> None:
        """Take note that a person has to do something.

        The client has given up until it gets other credentials, unless its access is off.
        """


def _new_future() -> asyncio.Future[None]:
    """Return a future of the running loop."""
    return asyncio.get_running_loop().create_future()


async def _wait(future: asyncio.Future[None]) -> None:
    """Wait for a future."""
    await future


@dataclass(slots=True)
class _Link:
    """What belongs to one life of the WebSocket.

    Until a PBX has answered to `domain-calls`, a list of calls is one of our own.
    """

    socket: Link
    state: PbxState
    rest_accounts: RestAccounts
    refusals: Refusals
    accounts_told: asyncio.Event = field(default_factory=asyncio.Event)
    calls_told: asyncio.Event = field(default_factory=asyncio.Event)
    refresh_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    refresh_urgent: asyncio.Event = field(default_factory=asyncio.Event)
    proof_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    orbits_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    # The calls, and the accounts, as far as they are to be asked for again.
    calls_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    calls_heard: asyncio.Event = field(default_factory=asyncio.Event)
    calls_at: float = 0.0
    calls_differ: bool = False
    accounts_odd: bool = False
    backs_off: bool = False
    orbits_asked: bool = False
    orbits_pushed: bool = False
    call_scope: CallScope = CallScope.OWN
    rest_tells_accounts: bool = False
    lamps: set[str] = field(default_factory=set)
    deltas: int = 0
    asked_for: dict[str, float] = field(default_factory=dict)
    unheard_until: float = 0.0
    failure: asyncio.Future[None] = field(default_factory=_new_future)
    rest_calls: bool | None = None
    rest_ids: bool | None = None
    rest_chat: bool | None = None
    dnd_way: int | None = None
    retrieve_code: str | None = None

    @property
    def socket_tells_accounts(self) -> bool:
        """Return whether the PBX has the classic `domain-state`."""
        return self.accounts_told.is_set()


class PbxClient:
    """One login to one tenant of a PBX."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener | None = None,
        *,
        way: LoginWay | None = None,
        known: Mapping[str, str] | None = None,
        wanted: CallScope = CallScope.TENANT,
        flags: Iterable[str] | None = (),
        country: str | None = None,
        told: Told | None = None,
        tenant_names: Iterable[str] = (),
    ) -> None:
        """Prepare; nothing happens before `start`.

        `http` was made with `rest.session_options`. `known` are the accounts of
        earlier days with their types: one that the PBX lacks now is absent, not
        unheard of. So are `flags`, its service flags; None leaves them to others.
        `tenant_names` are further names of the tenant, as learned on earlier days. Where
        only the own calls are `wanted`, those of others are neither asked for nor taken
        in. `country` (ISO 3166, two letters) is where a number without its country is
        dialed. What was `told` before is not told again.
        """
        self.country = country
        self.ledger = Ledger()
        self._decoder = Decoder(self.ledger)
        self.timing = TIMING
        self.session = Session(
            Rest(http, server, self.ledger, self.timing.request),
            credentials,
            way,
            self._login_failed,
        )
        self.control = Control(self)
        self.side = Side(
            self.session,
            self.ledger,
            self._side_told,
            flags=flags,
            country=country,
        )
        self._credentials = credentials
        self._listener = listener
        self._hosts = frozenset({server.host.lower(), "localhost"})
        self._memory = Memory(names=set(tenant_names))
        self.stories = Stories(self.ledger, told)
        self.lines: dict[str, LineClient] = {}
        self._up = asyncio.Event()
        self._known = known or {}
        self._wanted = wanted
        self._state = self._new_state()
        self._live: _Link | None = None
        self._was_live = False
        self.links = 0
        self._refusals_left = 0
        self.changed_at = time.time()
        self._accounts_listed = False
        self._orbits_stray = False
        self._orbit_refusals_left = 0
        self._reasons_told: set[type[PbxError]] = set()
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Lock()

    # Life

    @property
    def state(self) -> PbxState:
        """Return the last whole state; it is live while `connected`."""
        return self._state

    @property
    def line(self) -> str:
        """Return the extension whose login this is: its number, also for an alias."""
        return self.session.extension

    @property
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        return self.session.tenant_names | self._memory.names

    @property
    def connected(self) -> bool:
        """Return whether the state is live."""
        return self._live is not None

    def extension(self, number: str) -> Extension:
        """Return an extension as those see it who know it best.

        A line whose login we have tells its own calls, where this login cannot see them.
        """
        told = self._state.extensions[number]
        line = self.lines.get(number)
        if line is None or not line.tells or not line.connected:
            return told
        own = line.state.extensions[number]
        return replace(
            told,
            ringing=own.ringing,
            in_call=own.in_call,
            call_state=own.call_state,
            calls=own.calls,
            doubtful=own.doubtful,
            complete=own.complete,
        )

    async def wait_until_up(self) -> None:
        """Wait until the state is live."""
        await self._up.wait()

    def drop(self, error: PbxError) -> None:
        """End the link, if there is one, for a reason; it is made anew."""
        if self._live and not self._live.failure.done():
            self._live.failure.set_exception(error)

    async def start(self) -> None:
        """Connect and read the first whole state; from then on stay connected.

        Raises the PbxError that hinders the first connection, NotConnectedError when
        closed meanwhile; then nothing runs.
        """
        first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(first), name="vodia link")

        def ended(_: asyncio.Task[None]) -> None:
            """Let nobody wait for a link that was closed."""
            if not first.done():
                first.set_exception(NotConnectedError("closed"))

        self._task.add_done_callback(ended)
        try:
            await first
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect, log out and stop, with all lines; who waits for the PBX is told."""
        lines = [asyncio.create_task(line.close()) for line in self.lines.values()]
        await self._close()
        await asyncio.gather(*lines)

    async def _close(self) -> None:
        """Disconnect, log out and stop."""
        # Whoever closes as well is back when it is done, not before.
        async with self._closing:
            task, self._task = self._task, None
            self._live = None
            self._wake()
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.session.close()

    async def _run(self, first: asyncio.Future[None]) -> None:
        """Connect, and connect again after every loss, until refused or cancelled."""
        loop = asyncio.get_running_loop()
        delay = self.timing.first_retry
        while True:
            up_at: float | None = None

            def up() -> None:
                nonlocal up_at
                up_at = loop.time()
                if not first.done():
                    first.set_result(None)

            try:
                await self._connected(up)
            except PbxError as err:
                error = err
            except Exception as err:
                _LOGGER.exception("Unexpected error in the link to the PBX")
                error = PbxError(type(err).__name__)
            self._lost(error)
            if not first.done():
                first.set_exception(error)
                return
            if delay > self.timing.healthy:
                self._stay_away(for_good=False)
            if isinstance(error, SessionExpiredError):
                self.session.doubt()
            elif isinstance(
                error, LoginRefusedError | SecondFactorError | AccessOffError
            ):
                self._stay_away()
                if self._listener:
                    self._listener.login_refused(error)
                if not isinstance(error, AccessOffError):
                    return
            if up_at is not None and loop.time() - up_at >= self.timing.healthy:
                delay = self.timing.first_retry
            if isinstance(error, LoginForbiddenError):
                # Who sends a password again and again is blocked.
                await asyncio.sleep(self.timing.forbidden)
                self.session.allow_login()
            elif await self._pause(delay * random.uniform(0.5, 1)):
                delay = self.timing.first_retry
            else:
                delay = min(delay * 2, self.timing.last_retry)
            self.session.try_again()

    async def _pause(self, seconds: float) -> bool:
        """Wait before the next try; return at once, with True, when the PBX is back.

        Only whether its port is open is looked at, as long as it is not: a login costs
        more, and a PBX that refuses one is not asked more often.
        """
        loop, look, away = asyncio.get_running_loop(), self.timing.look, False
        end = loop.time() + seconds
        while (begun := loop.time()) + look < end:
            if await self.session.rest.is_open(look):
                if away:
                    return True
                break
            away = True
            await asyncio.sleep(look - (loop.time() - begun))
        await asyncio.sleep(end - loop.time())
        return False

    def _stay_away(self, *, for_good: bool = True) -> None:
        """Take note that the login will not be back soon, or not at all by itself."""

    async def _connected(self, up: Callable[[], None]) -> None:
        """Live one life of the link; returns only by raising what ended it."""
        socket = await self.session.open(self.timing, self.ledger)
        live = _Link(
            socket,
            self._new_state(self._state),
            RestAccounts(self.line, self._get_accounts, self.ledger),
            Refusals(self.timing.ask_again),
        )
        self.stories.without_history.discard(live.state.line)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(live))
                tasks.create_task(_wait(live.failure))
                # There is no past to tell at first; and a PBX may refuse to tell it, which
                # costs a session.
                reading = (
                    tasks.create_task(self._read_history()) if self._was_live else None
                )
                await self._bootstrap(live)
                self._publish(live, reading)
                up()
                tasks.create_task(socket.watch(self.session.probe))
                tasks.create_task(self._keep_fresh(live))
                tasks.create_task(self._keep_calls(live))
                tasks.create_task(self._find_proof(live, reading))
                tasks.create_task(self._watch_orbits(live))
                tasks.create_task(self.side.run())
        except* PbxError as group:
            error = _first(group)
            # Before the socket is closed, which may take a while: lost is lost.
            self._lost(error)
            raise error from None
        finally:
            # A PBX may refuse a session by closing before the first frame.
            if not socket.heard:
                self.session.doubt()
            await socket.close()

    def _publish(self, live: _Link, reading: asyncio.Task[_History] | None) -> None:
        """Put a whole new state in place of the old one, and tell what happened since.

        What only the history tells comes later, if it has not been read by now: the
        present does not wait for the past.
        """
        old, self._state, self._live = self._state, live.state, live
        self.links += 1
        self.changed_at = time.time()
        self._was_live = True
        self.side.begin()
        self._up.set()
        self._reasons_told.clear()
        before, after = old.accounts, live.state.accounts
        changes = Changes(
            accounts=frozenset(after),
            calls=frozenset(after),
            totals=True,
            removed=frozenset(
                number
                for number, account in before.items()
                if number not in after or after[number].type != account.type
            ),
            renamed=frozenset(
                number
                for number in after.keys() & before.keys()
                if after[number].name != before[number].name
            ),
        )
        known = after.keys() | self.stories.accounts
        now = time.monotonic()
        events = self.stories.begin(live.state, self._told_here(known), now)
        if reading and reading.done():
            past = self._identified(live, reading.result())
            # What is over comes before what began meanwhile.
            events = [*self.stories.settle(live.state, past, now, math.inf), *events]
            events.sort(key=lambda event: event.account)
        if self._listener:
            self._listener.link_up(changes)
        self._tell(events)

    def _tell(self, events: list[CallEvent]) -> None:
        """Tell what happened to calls, also to those who read what comes of it."""
        if self._listener:
            self._listener.told(events)
        for event in events:
            if event.type is CallEventType.MISSED or (
                event.type is CallEventType.ENDED
                and event.call.direction is Direction.INCOMING
                and not event.duration
            ):
                own = event.account == self.line
                client = self if own else self.lines.get(event.account)
                if client:
                    client.side.hint(Hint.CALL_UNANSWERED)

    def _side_told(self, changes: SideChanges) -> None:
        """Hand on what only REST tells; an address book names those who call now."""
        if changes.kind is not Kind.ADDRESS_BOOK:
            if self._listener:
                self._listener.side_changed(changes)
        elif live := self._live:
            self._changed(live, live.state.take_book(self.side.values.address_book))

    async def set_flag(self, number: str, active: bool) -> None:
        """Set a service flag of the PBX; raises a PbxError that says why it did not."""
        _ = self.live
        with self.control.counted("set_flag"):
            await self.side.set_flag(number, active, self.timing.confirm)

    def heard_at(self, past: PastCall) -> float | None:
        """Return when a past call of the line began by the clock of this machine.

        As it is set now, in Unix seconds; None if we did not hear it begin.
        """
        began = self.stories.heard_at(self._state.line, past)
        if began is None:
            return None
        # The same whenever it is asked.
        return round(time.time() - (time.monotonic() - began), 1)

    def _told_here(self, numbers: Iterable[str]) -> set[str]:
        """Return the accounts whose calls are told by this login, not by their own.

        Those that answer by themselves have no story worth telling.
        """
        groups = self._state.groups
        return {
            number
            for number in numbers
            if (number not in self.lines or not self.lines[number].tells)
            and ((group := groups.get(number)) is None or group.type in RINGING_GROUPS)
        }

    def take_over(self, number: str) -> None:
        """Tell the calls of an extension from now on, as far as they are known here."""
        if self._live and self._told_here({number}):
            now = time.monotonic()
            self._tell(self.stories.take_over(self._state, number, now))

    def _lost(self, error: PbxError) -> None:
        """Tell that the state is not live any more, and why: each kind of reason once."""
        if self._live:
            self.changed_at = time.time()
            self._memory.end_link(self._state.listed)
        self._live = None
        self._up.clear()
        self._wake()
        for line in self.lines.values():
            line.drop(error)
        if type(error) not in self._reasons_told:
            self._reasons_told.add(type(error))
            if self._listener and self._was_live:
                self._listener.link_lost(error)

    def _new_state(self, previous: PbxState | None = None) -> PbxState:
        """Return the state that a new link starts with."""
        self._memory.names |= self.tenant_names
        return PbxState(
            self.line,
            self._hosts | self.tenant_names | {self.session.tenant.lower()},
            tenant=self.session.tenant.lower(),
            known={number: known.type for number, known in previous.accounts.items()}
            if previous
            else self._known,
            memory=self._memory,
            ledger=self.ledger,
            book=self.side.values.address_book,
            country=self.country,
        )

    def _login_failed(self, error: PbxError) -> None:
        """End a live link whose session could not be renewed."""
        self.drop(error)

    async def _get_accounts(self, query: dict[str, str]) -> Reply:
        """Return the reply of REST `/accounts`."""
        session = self.session
        return await session.request("GET", session.path("accounts"), params=query)

    # First state

    async def _bootstrap(self, live: _Link) -> None:
        """Ask for everything, in both dialects, until the state is whole.

        A PBX that answers `get-users` has the classic dialect and lists own calls only,
        asked or unasked. Of another one the calls of the tenant are asked for first; if
        it stays silent, this login has no right to see them.
        """
        send, timing = live.socket.send, self.timing
        await send(encode("avoid-disconnect"))
        await send(encode("get-users"))
        problem: PbxError | None = None
        try:
            await self._read_accounts(live)
        except (AccessOffError, UnexpectedReplyError) as err:
            problem = err
        await _set(live.accounts_told, timing.answer if problem else timing.settle)
        if problem and not live.socket_tells_accounts:
            # A list that was there before is missing by mistake.
            if self._accounts_listed or not isinstance(
                problem, NotFoundError | MethodNotAllowedError
            ):
                raise problem
            _LOGGER.debug("The PBX lists no accounts")
        if not live.socket_tells_accounts and self._wanted is CallScope.TENANT:
            live.call_scope = CallScope.TENANT
            live.calls_told.clear()
            await send(encode("domain-calls", subscribe=True))
            if await _set(live.calls_told, timing.first_answer):
                self.ledger.assume(Assumption.SUBSCRIPTIONS_ANSWER, True)
                if live.state.may_be_denied:
                    with suppress(AccessOffError, UnexpectedReplyError):
                        await self._read_accounts(live)
                return
            live.call_scope = CallScope.OWN
            await send(encode("domain-calls", subscribe=False))
        answered = await self._ask_for_own_calls(live)
        live.socket.answers_get_calls = answered and live.socket_tells_accounts

    async def _request_calls(self, live: _Link) -> None:
        """Ask for the list of calls, in the words of either dialect."""
        send = live.socket.send
        if live.call_scope is CallScope.TENANT:
            await send(encode("domain-calls", subscribe=True))
        else:
            await send(encode("own-calls", subscribe=True))
            await send(encode("get-calls"))

    async def _ask_for_own_calls(self, live: _Link) -> bool:
        """Ask for the calls of the line; return whether there was an answer."""
        await self._request_calls(live)
        answered = await _set(live.calls_told, self.timing.answer)
        self.ledger.assume(Assumption.SUBSCRIPTIONS_ANSWER, answered)
        return answered

    async def _read_accounts(self, live: _Link) -> None:
        """Read the accounts over REST, unless the socket tells them.

        Raises AccessOffError where it is forbidden, NotFoundError where this PBX has no
        such list, or what else hinders it.
        """
        deltas = live.deltas
        live.state.begin_reading()
        snapshot = await live.rest_accounts.read()
        if live.socket_tells_accounts:
            return
        live.rest_tells_accounts = self._accounts_listed = True
        self.take(live, live.state.newest(snapshot))
        if live.state.wants_orbits or not live.orbits_pushed:
            live.orbits_wanted.set()
        if live.state.line_is_denied:
            await self._check_own_calls(live)
        if live.deltas != deltas:
            # What was pushed meanwhile may be newer than what was read.
            live.refresh_wanted.set()

    async def _check_own_calls(self, live: _Link) -> None:
        """Follow our own calls if the list that is said to be the tenant's lacks them.

        By now it may have them: then it was only late.
        """
        if await self._read_own_calls() and live.state.line_is_denied:
            _LOGGER.debug("The PBX does not tell the calls of the tenant")
            self.ledger.assume(Assumption.TENANT_LISTS_ARE_GRANTED, False)
            live.call_scope = CallScope.OWN
            await live.socket.send(encode("domain-calls", subscribe=False))
            await self._request_calls(live)

    async def _read_own_calls(self) -> tuple[Call, ...] | None:
        """Return the calls of the line as REST tells them; None if it does not."""
        session = self.session
        try:
            reply = (await session.request("GET", session.path("calls"))).json()
            return decode_calls(reply, self.ledger)
        except (PbxError, FrameError) as err:
            _LOGGER.debug("REST does not tell the calls: %s", err)
            return None

    # Steady state

    async def _read(self, live: _Link) -> None:
        """Take in every frame, in order."""
        async for data in live.socket.frames():
            try:
                message = self._decoder.decode(data)
            except FrameError as err:
                self.ledger.drop(str(err))
                self._missed(live, err.lost)
                continue
            if isinstance(message, AccountsSnapshot):
                live.accounts_told.set()
                live.orbits_wanted.set()
                if live.call_scope is CallScope.TENANT:
                    # The classic dialect after all: its lists are of own calls.
                    live.call_scope = CallScope.OWN
                    await live.socket.send(encode("get-calls"))
            self.take(live, message)
            if isinstance(message, AccountsSnapshot) and live.state.contradicts(
                message
            ):
                live.calls_differ = True
                live.calls_wanted.set()

    def _missed(self, live: _Link, lost: frozenset[str]) -> None:
        """Ask for the news that a frame had; until the answer calls are not known."""
        if "call-state" in lost:
            self._changed(live, live.state.doubt_calls())
            live.calls_wanted.set()
        if lost - {"call-state"}:
            self._missed_presence(live)

    @staticmethod
    def _missed_presence(live: _Link) -> None:
        """Ask for the accounts: at once, but not again and again."""
        live.accounts_odd = True
        if not live.backs_off:
            live.refresh_wanted.set()

    def take(self, live: _Link, message: Message) -> None:
        """Apply a message and tell what it changed."""
        begun, now = NOTHING, time.monotonic()
        unheard: frozenset[str] | None = None
        match message:
            # First what comes most, for each of these takes its time.
            case AccountDelta() | AccountsSnapshot() | OrbitList():
                if self._wanted is CallScope.OWN:
                    message = _without_others(message, live.state.line)
            case CallList() if live.orbits_asked and live.state.has_strayed(
                message.calls
            ):
                # Nothing tells the two streams apart: never ask for that one again.
                self._orbits_stray = True
                raise UnexpectedReplyError("the calls of orbits come as our own")
            case CallList():
                unheard = live.state.unheard
                begun = live.state.begin_calls(live.call_scope)
                live.calls_told.set()
                live.calls_heard.set()
                live.calls_at = asyncio.get_running_loop().time()
                (live.calls_wanted.set if message.odd else live.calls_wanted.clear)()
            case Signal():
                live.state.presence_pushed |= message.tells_presence
                live.refresh_wanted.set()
                presence = message.tells_presence
                if not (presence or message.tells_calls):
                    self._expect_unheard(live, now)
                if not message.tells_calls:
                    self.side.hint(
                        Hint.CHANGE_PUSHED if presence else Hint.MISSED_PUSHED
                    )
                return
            case OrbitSignal():
                live.orbits_pushed = True
                live.orbits_wanted.set()
                return
            case ChatMessage():
                if live is self._live and self._listener:
                    self._listener.received(message)
                return
        changes = live.state.apply(message, now)
        if unheard and unheard - live.state.listed.keys():
            self._expect_unheard(live, now)
        if begun is not NOTHING:
            changes = _both(begun, changes)
        if isinstance(message, AccountDelta):
            if message.odd:
                self._missed_presence(live)
        elif isinstance(message, AccountsSnapshot):
            live.accounts_odd = False
            if message.odd:
                self._missed_presence(live)
        if changes is NOTHING:
            return
        if changes.doubtful:
            live.refresh_wanted.set()
        if isinstance(message, AccountDelta):
            live.deltas += 1
        if number := changes.unknown:
            # It may be told of and never be listed: do not ask each time.
            if now - live.asked_for.get(number, -math.inf) >= self.timing.ask_again:
                if len(live.asked_for) >= _ASKED_KEPT:
                    live.asked_for.clear()
                live.asked_for[number] = now
                live.refresh_wanted.set()
        elif isinstance(message, AccountDelta):
            group = live.state.groups.get(message.account.number)
            if group and group.type == ORBIT:
                live.orbits_wanted.set()
        self._changed(live, changes)

    def _expect_unheard(self, live: _Link, now: float) -> None:
        """Look into the history for a call of which the phone did not hear."""
        if live.state.line not in self.stories.without_history:
            live.unheard_until = now + self.timing.unheard
            live.proof_wanted.set()

    def _changed(self, live: _Link, changes: Changes) -> None:
        """Tell what changed in the state, once it is whole."""
        if changes is NOTHING or live is not self._live:
            return
        events: list[CallEvent] = []
        if changes.calls:
            numbers = self._told_here(changes.calls)
            events = self.stories.tell(live.state, numbers, time.monotonic())
        if self._listener:
            self._listener.changed(changes)
        if changes.calls:
            self._tell(events)
            if self.stories.wants_proof(live.state.line):
                live.proof_wanted.set()
        self._wake()

    async def _keep_fresh(self, live: _Link) -> None:
        """Read the accounts again when something hints at a change, or slowly.

        Every minute until a push of presence was seen; then only to learn whether a
        missing account stays away, or somebody is still in the call that only presence
        tells of. A failed reading is repeated; after some the link is given up, for what it
        shows may be wrong by then. What is odd is asked for again, ever more seldom.
        """
        timing, failures, again = self.timing, 0, 0.0
        while True:
            await self._watch_lamps(live)
            state, pause = live.state, math.inf
            if not state.presence_pushed or failures:
                pause = timing.slow_read
            elif state.shows_presence:
                pause = timing.quiet
            elif state.missing:
                pause = timing.forget
            pause = min(pause, again or math.inf)
            wanted = await _set(
                live.refresh_wanted, None if pause == math.inf else pause
            )
            if again and not (wanted or live.accounts_odd):
                # All could be read for a while.
                again, live.backs_off = 0.0, False
                continue
            await asyncio.sleep(timing.settle)
            live.refresh_wanted.clear()
            live.refresh_urgent.clear()
            if live.accounts_odd:
                again = min(again * 2 or timing.between_reads, timing.slow_read)
                live.backs_off = True
            if live.socket_tells_accounts:
                await live.socket.send(encode("get-users"))
            elif live.rest_tells_accounts:
                try:
                    await self._read_accounts(live)
                except AccessOffError, CannotConnectError, UnexpectedReplyError:
                    failures += 1
                    if failures >= _READ_FAILURES:
                        raise
                else:
                    failures = 0
            await _set(live.refresh_urgent, timing.between_reads)

    async def _keep_calls(self, live: _Link) -> None:
        """Ask for the calls again where news of them was lost or odd, or is old.

        At once, and ever more seldom while that does not help. Where the socket does not
        answer, REST is asked for the calls of the line.
        """
        timing, now = self.timing, asyncio.get_running_loop().time
        delay = timing.between_reads
        while True:
            due = live.calls_at if live.state.listed else now()
            if not await _set(live.calls_wanted, max(0, due + timing.quiet - now())):
                if not live.state.listed or now() - live.calls_at < timing.quiet:
                    continue
            open_ = live.calls_wanted.is_set()
            live.calls_wanted.clear()
            live.calls_heard.clear()
            differ, live.calls_differ = live.calls_differ, False
            await self._request_calls(live)
            if await _set(live.calls_heard, timing.answer) or await self._weigh_silence(
                live
            ):
                open_ = False
            elif differ:
                self._changed(live, live.state.doubt_calls())
            live.calls_at = now()
            if open_ or live.calls_wanted.is_set() or live.state.calls_unread:
                live.calls_wanted.set()
                await asyncio.sleep(delay)
                delay = min(delay * 2, timing.slow_read)
            else:
                delay = timing.between_reads
                await asyncio.sleep(delay)

    async def _weigh_silence(self, live: _Link) -> bool:
        """Ask elsewhere for the calls that the socket does not tell; return if it helped.

        Those of others than the line are known by their presence alone.
        """
        if live.rest_tells_accounts:
            with suppress(AccessOffError, CannotConnectError, UnexpectedReplyError):
                await self._read_accounts(live)
        else:
            live.refresh_wanted.set()
        refused = live.refusals.stand("calls")
        told = None if refused else await self._read_own_calls()
        if live.calls_heard.is_set():
            return True
        checked = None if told is None else live.state.checked(told)
        if checked:
            self.take(live, checked)
        self._changed(live, live.state.weigh_silence(own=checked is not None))
        return checked is not None

    async def _watch_lamps(self, live: _Link) -> None:
        """Ask to be told when the lamp of an extension changes, where no list of calls is.

        A lamp tells that somebody is busy, and perhaps nothing else: it is a hint to read
        the accounts, and the slow reading goes on.
        """
        if (
            live.rest_tells_accounts
            and live.call_scope is CallScope.OWN
            and self._wanted is CallScope.TENANT
        ):
            extensions = live.state.extensions.values()
            there = {extension.number for extension in extensions if extension.present}
            if new := there - live.lamps - {live.state.line}:
                live.lamps = (live.lamps & there) | new
                await live.socket.send(encode("blf", add=sorted(new)))

    async def _watch_orbits(self, live: _Link) -> None:
        """Read who is parked where no call list tells: on each hint, or slowly.

        A PBX that refuses is not asked again on this link, unless it has told it before; if
        that was over another link, only a few times. One that fails leaves it unknown. A
        reading that is old when it comes is done anew.
        """
        timing, session, offered, tries = self.timing, self.session, False, 0
        while not live.socket_tells_accounts and live.call_scope is CallScope.OWN:
            live.orbits_wanted.clear()
            if live.state.orbits:
                await self._subscribe_to_orbits(live)
                orbits: dict[str, ParkedCalls] = {}
                refused = False
                try:
                    path = session.path("orbits")
                    reply = (await session.request("GET", path)).json()
                    self.ledger.sample("rest-orbits", reply)
                    orbits = decode_orbits(reply, self.ledger)
                    offered, tries = True, tries + 1
                    self._orbit_refusals_left = _READ_FAILURES - 1
                    if live.orbits_wanted.is_set() and tries < _READ_FAILURES:
                        continue
                except AccessOffError, NotFoundError, MethodNotAllowedError:
                    refused = not (offered or self._orbit_refusals_left)
                    self._orbit_refusals_left = max(0, self._orbit_refusals_left - 1)
                except (CannotConnectError, UnexpectedReplyError, FrameError) as err:
                    _LOGGER.debug("The park orbits cannot be read: %s", err)
                self.take(live, OrbitList(orbits))
                tries = 0
                if refused:
                    return
                await asyncio.sleep(timing.between_reads)
            sure = live.orbits_pushed and not live.state.wants_orbits
            await _set(live.orbits_wanted, None if sure else timing.slow_read)
            await asyncio.sleep(timing.settle)
        # Presence tells it after all.
        self.take(live, OrbitList({}))

    async def _subscribe_to_orbits(self, live: _Link) -> None:
        """Ask for a push, unless it comes as a list of our own calls.

        Should it do so, it must not end one: that is asked for while there is none.
        """
        if not (live.orbits_asked or self._orbits_stray or live.state.listed):
            live.orbits_asked = True
            await live.socket.send(encode("orbit-calls", subscribe=True))

    async def _find_proof(
        self, live: _Link, reading: asyncio.Task[_History] | None
    ) -> None:
        """Read the history whenever it may tell more than what was pushed.

        That is how a call ended, in the time that an end may wait; and who called while
        the phone did not hear of it. Where no push tells that, it is looked at now and
        then while do not disturb is on.
        """
        stories, line, timing = self.stories, live.state.line, self.timing
        was_quiet = False
        history = await (reading or self._read_history())
        while True:
            now, patience = time.monotonic(), timing.proof - _CLOCK_TICK
            past = self._identified(live, history)
            events = stories.settle(live.state, past, now, patience)
            if events:
                live.unheard_until = now
            self._tell(events)
            if stories.wants_proof(line) or now < live.unheard_until:
                rest = stories.waits_since(line) + timing.proof - now
                await asyncio.sleep(min(timing.ask_proof_again, max(0, rest)))
            else:
                while not await _set(live.proof_wanted, timing.unheard):
                    quiet = self._is_quiet(live)
                    if quiet or was_quiet or stories.lacks_history(line):
                        was_quiet = quiet
                        break
            live.proof_wanted.clear()
            history = await self._read_history()

    @staticmethod
    def _identified(live: _Link, history: _History) -> _History:
        """Return a history whose parties have the numbers of their accounts."""
        if history is None:
            return None
        return tuple(map(live.state.identified, history))

    def _is_quiet(self, live: _Link) -> bool:
        """Return whether calls may come that no phone hears and no push tells of."""
        line = self.watcher.state.extensions.get(live.state.line)
        return (
            live.call_scope is CallScope.OWN
            and live.state.line not in self.stories.without_history
            and line is not None
            and line.dnd is True
        )

    async def _read_history(self) -> _History:
        """Return the history of the line as far as it is told: it only proves more."""
        session, line = self.session, self.line
        timing, waits = self.timing, self.stories.waits_since(line)
        rest = min(timing.proof, waits + timing.proof - time.monotonic())
        try:
            async with asyncio.timeout(max(_CLOCK_TICK, rest)):
                history = await read_history(session, line, self.ledger)
                # Only what was told before may be refused by mistake, and not each time.
                self._refusals_left = _READ_FAILURES - 1
                return history
        except AccessOffError, NotFoundError, MethodNotAllowedError:
            if not self._refusals_left:
                self.stories.without_history.add(line)
            self._refusals_left = max(0, self._refusals_left - 1)
        except TimeoutError:
            _LOGGER.debug("The history of the line takes too long")
        except PbxError as err:
            _LOGGER.debug("The history of the line cannot be read: %s", err)
        return None

    # For the control floor

    @property
    def live(self) -> _Link:
        """Return the live link; raises NotConnectedError when there is none."""
        if self._live is None:
            raise NotConnectedError("there is no link to the PBX")
        return self._live

    def dialect(self) -> dict[str, Any]:
        """Return how this PBX turned out to speak, for the diagnostics."""
        if (live := self._live) is None:
            return {}
        return {
            "socket_tells_accounts": live.socket_tells_accounts,
            "rest_tells_accounts": live.rest_tells_accounts,
            "presence_pushed": live.state.presence_pushed,
            "calls_answered": live.calls_told.is_set(),
            "rest_call_commands": live.rest_calls,
            "rest_refused": live.refusals.noted,
            "dnd_way": live.dnd_way,
        }

    @property
    def accounts_hidden(self) -> bool:
        """Return whether the PBX has no list of accounts for this login."""
        live = self.live
        return not (live.socket_tells_accounts or live.rest_tells_accounts)

    @property
    def calls_hidden(self) -> bool:
        """Return whether the calls of the tenant were asked for in vain.

        The classic dialect has none, and is never asked.
        """
        return (
            self._wanted is CallScope.TENANT
            and self.live.call_scope is CallScope.OWN
            and not self.live.socket_tells_accounts
        )

    @property
    def watcher(self) -> PbxClient:
        """Return who knows the presence of the extensions."""
        return self

    @property
    def teller(self) -> PbxClient:
        """Return who tells the story of the line's calls."""
        return self

    async def send(self, action: str, **fields: str) -> None:
        """Send a command over the socket."""
        await self.live.socket.send(encode(action, **fields))

    def refresh(self) -> None:
        """Ask for the accounts at once."""
        self.live.refresh_urgent.set()
        self.live.refresh_wanted.set()

    async def wait_for[T](
        self, check: Callable[[PbxState], T | None], until: float
    ) -> T:
        """Return what `check` finds in the state, as soon as it finds something.

        Raises NotConfirmedError when it has not by a time of the event loop,
        NotConnectedError when the link is lost meanwhile, and what `check` raises.
        """
        try:
            async with asyncio.timeout_at(until):
                while (found := check(self.live.state)) is None:
                    future = asyncio.get_running_loop().create_future()
                    self._waiting[future] = None
                    try:
                        await future
                    finally:
                        self._waiting.pop(future, None)
        except TimeoutError:
            raise NotConfirmedError("the state asked for did not come") from None
        return found

    def _wake(self) -> None:
        """Let those who wait look at the state again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class LineClient(PbxClient):
    """The login of a further extension: its calls, and its commands.

    All else another client watches, and this link lives only while that one is up.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        server: Server,
        credentials: Credentials,
        listener: Listener,
        watcher: PbxClient,
    ) -> None:
        """Prepare; nothing happens before `start`."""
        self._watcher = watcher
        self._away = False
        super().__init__(
            http, server, credentials, listener, flags=None, country=watcher.country
        )
        self.stories = watcher.stories
        watcher.lines[credentials.extension] = self

    @property
    @override
    def watcher(self) -> PbxClient:
        """Return who knows the presence of the extensions."""
        return self._watcher

    @property
    @override
    def tenant_names(self) -> frozenset[str]:
        """Return the names of the tenant that were learned, in lower case."""
        return super().tenant_names | self._watcher.tenant_names

    @property
    @override
    def teller(self) -> PbxClient:
        """Return who tells the story of the line's calls."""
        return self if self.tells else self._watcher

    @property
    def tells(self) -> bool:
        """Return whether the calls of the extension are told by this login.

        Once it has been heard: what it tells is not to be ended by one who knows less,
        unless it stays away.
        """
        return (
            self._was_live
            and not self._away
            and self._watcher.state.scope is not CallScope.TENANT
        )

    @override
    def _stay_away(self, *, for_good: bool = True) -> None:
        """Leave the calls to the watcher until the login is accepted again.

        One that may be back any time only if the watcher knows what it would leave.
        """
        known = self._watcher.state.extensions.get(self.line)
        if self.tells and (for_good or (known and known.complete)):
            self._away = True
            self._watcher.take_over(self.line)

    @override
    async def start(self) -> None:
        """Begin to connect, and stay at it: what hinders it is not raised."""
        begun = _new_future()
        begun.set_result(None)
        self._task = asyncio.create_task(self._run(begun), name="vodia line")

    @override
    async def close(self) -> None:
        """Disconnect, log out and stop; the watcher tells what it knows again."""
        self._watcher.lines.pop(self._credentials.extension, None)
        await self._close()

    @override
    def refresh(self) -> None:
        """Ask for the accounts at once."""
        self._watcher.refresh()

    @override
    async def _connected(self, up: Callable[[], None]) -> None:
        """Live one life of the link, within one of the watcher's."""
        await self._watcher.wait_until_up()
        await super()._connected(up)

    @override
    def _publish(self, live: _Link, reading: asyncio.Task[_History] | None) -> None:
        """Put a whole new state in place of the old one: the login tells its calls."""
        self._away = False
        super()._publish(live, reading)

    @override
    def _new_state(self, previous: PbxState | None = None) -> PbxState:
        """Return the state that a new link starts with: the accounts are known."""
        state = super()._new_state(previous)
        state.take_names(self._watcher.state)
        return state

    @override
    async def _bootstrap(self, live: _Link) -> None:
        """Ask for the calls of the extension."""
        await live.socket.send(encode("avoid-disconnect"))
        answered = await self._ask_for_own_calls(live)
        told = self._watcher.live.socket_tells_accounts
        live.socket.answers_get_calls = answered and told

    @override
    def _told_here(self, numbers: Iterable[str]) -> set[str]:
        """Return the extension, if its calls are told by this login."""
        return {self._credentials.extension} & set(numbers) if self.tells else set()

    @override
    async def _keep_fresh(self, live: _Link) -> None:
        """Leave the accounts to the watcher."""

    @override
    async def _watch_orbits(self, live: _Link) -> None:
        """Leave the orbits to the watcher."""


async def _set(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event; return whether it came in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _without_others(message: Message, line: str) -> Message:
    """Return what is told of accounts without the calls of others than the line."""

    def quiet(account: Account) -> Account:
        """Return an account with its presence only."""
        if account.number == line:
            return account
        return replace(account, busy=None, calls=None)

    match message:
        case AccountDelta():
            return replace(message, account=quiet(message.account))
        case AccountsSnapshot():
            return replace(message, accounts=tuple(map(quiet, message.accounts)))
    return message


def _first(group: BaseExceptionGroup[PbxError]) -> PbxError:
    """Return the first error of a group."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _both(one: Changes, other: Changes) -> Changes:
    """Return what two messages changed together."""
    return replace(
        other,
        accounts=one.accounts | other.accounts,
        calls=one.calls | other.calls,
        totals=one.totals or other.totals,
    )
