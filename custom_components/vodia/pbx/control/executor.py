"""How a command is carried out: in time, by REST or the socket, until the state shows it.

The PBX acknowledges nothing: a command that was sent is done when the state shows it.
REST is the documented way of v70 and is used where the PBX answers there; else the
commands of the classic socket. A command is never sent twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from ..assumptions import Assumption
from ..errors import (
    REFUSALS,
    AccessOffError,
    CannotConnectError,
    MethodNotAllowedError,
    NotConfirmedError,
    NotFoundError,
    NotSupportedError,
    PbxError,
    UnexpectedReplyError,
    UnknownCallError,
)
from ..models import AccountCall, CallState, EndReason
from ..state.tenant import TenantState
from ..trace import Trace, count
from ..wire.replies import call_ids
from .port import Command, CommandPort
from .selector import CallSelector, own_call, own_calls


@asynccontextmanager
async def begin(port: CommandPort, verb: str) -> AsyncIterator[Executor]:
    """Carry out one command of a line, in its time.

    What the command notes is taken back when it ends, be it by an error or because
    nobody waits for it any more.
    """
    until = asyncio.get_running_loop().time() + port.timing.confirm
    with record_outcome(port.trace, verb), ExitStack() as undo:
        yield Executor(port, until, undo)


@contextmanager
def record_outcome(trace: Trace, verb: str) -> Iterator[None]:
    """Count, for the diagnostics, how a command ends."""
    outcome = "aborted"
    try:
        yield
    except PbxError as err:
        outcome = err.key
        if isinstance(err, NotConfirmedError):
            trace.observe(Assumption.COMMANDS_ARE_CARRIED_OUT, False)
        raise
    else:
        outcome = "confirmed"
        trace.observe(Assumption.COMMANDS_ARE_CARRIED_OUT, True)
    finally:
        count(trace.commands, f"{verb}: {outcome}")


@dataclass(frozen=True, slots=True)
class Executor:
    """One command on its way: until when it may take, and what its end takes back.

    `until` is a time of the event loop.
    """

    port: CommandPort
    until: float
    undo: ExitStack

    @asynccontextmanager
    async def in_time(
        self, error: type[PbxError] = CannotConnectError
    ) -> AsyncIterator[None]:
        """Raise an error unless the body is done in time."""
        try:
            async with asyncio.timeout_at(self.until):
                yield
        except TimeoutError:
            raise error("no answer in time") from None

    @asynccontextmanager
    async def alone(self, lock: asyncio.Lock) -> AsyncIterator[None]:
        """Wait until a lock is free, and hold it."""
        async with self.in_time(NotConfirmedError):
            await lock.acquire()
        try:
            yield
        finally:
            lock.release()

    async def execute(
        self,
        selector: CallSelector,
        build: Callable[[AccountCall], Command],
        *,
        before_send: Callable[[AccountCall], None] | None = None,
        expected_end: EndReason | None = None,
    ) -> AccountCall:
        """Send a command for the call that is selected; return the call.

        To ask the PBX takes time, and the call may move on meanwhile: it is looked at
        again, and stays the one that was meant. `before_send` is called before the
        command goes over the socket. `expected_end` is for a command that may end the
        line's part in the call: then it was us.
        """
        port = self.port
        call = selector.select(port.live_state)
        selector = selector.pinned(call)
        await self.probe()
        call = selector.select(port.live_state)
        if expected_end is EndReason.TRANSFERRED or (
            expected_end and call.state is CallState.RINGING
        ):
            tracker, line = port.tracker, port.live_state.line
            tracker.expect_end(line, call.id, expected_end)
            self.undo.callback(tracker.cancel_expected_end, line, call.id)
        if await self.try_rest(build(call)):
            return call
        call = selector.select(port.live_state)
        command = build(call)
        if "" in command.fields.values():
            raise NotSupportedError("the number of the other side is not known")
        if before_send:
            before_send(call)
        await self.send(command)
        return call

    async def probe(self) -> None:
        """Find out, in time, whether the PBX serves call commands over REST."""
        async with self.in_time():
            await probe_rest_calls(self.port)

    async def try_rest(self, command: Command) -> bool:
        """Send a command over REST, in time; return False if the PBX does not serve it."""
        port = self.port
        state, offer = port.live_state, port.capabilities
        if command.body is None or not offer.rest_calls:
            return False
        kind, call_id = " ".join(command.body), command.fields.get("id")
        refusals = offer.refusals
        unknown_ids = offer.rest_ids is False or refusals.is_in_force("ids")
        if refusals.is_in_force(kind) or (call_id is not None and unknown_ids):
            return False
        try:
            async with self.in_time():
                await port.request("POST", "calls", command.body)
        except MethodNotAllowedError, AccessOffError:
            refusals.note(kind)
            return False
        except NotFoundError:
            if call_id is None:
                raise
            if offer.rest_ids is None and state.may_have(state.line, call_id):
                # It is up, and REST has named no ids to compare: it may use others.
                refusals.note("ids")
                return False
            raise UnknownCallError(call_id, "call_ended") from None
        refusals.lift(kind)
        if call_id is not None:
            refusals.lift("ids")
        return True

    async def send(self, command: Command) -> None:
        """Send a command over the socket, in time."""
        async with self.in_time():
            await self.port.send(command.action, **command.fields)

    async def wait_for_call(
        self, call: AccountCall, reached: Callable[[AccountCall], bool]
    ) -> AccountCall:
        """Return the call once it is as wanted; raises UnknownCallError if it ends."""

        def check(state: TenantState) -> AccountCall | None:
            """Return the call if it is as wanted; its state may be unknown for a while."""
            if call.id in state.extensions[state.line].possible_call_ids:
                return None
            now = own_call(state, call.id)
            return now if reached(now) else None

        return await self.port.wait_for(check, self.until)

    async def wait_until_released(
        self,
        *call_ids: str,
        is_back: Callable[[TenantState], bool] = lambda state: False,
    ) -> None:
        """Wait until the line has none of the calls, for sure, or one of them is back.

        The line that tracks the calls waits as well: else it would not know that the end
        was ours.
        """
        port, line = self.port, self.port.live_state.line

        def has_call(state: TenantState) -> bool:
            """Return whether the line may have one of the calls."""
            return any(state.may_have(line, call_id) for call_id in call_ids)

        def check(state: TenantState) -> bool | None:
            """Return whether a call goes on here, once that is known."""
            if is_back(state):
                return True
            return None if has_call(state) else False

        if await port.wait_for(check, self.until) or port.tracking_line is port:
            return
        with suppress(PbxError):
            await port.tracking_line.wait_for(
                lambda state: not has_call(state) or None, self.until
            )


async def probe_rest_calls(port: CommandPort) -> None:
    """Find out whether the PBX serves call commands over REST.

    And, once a call is up, whether it knows calls by the ids of the socket. One that
    refuses is asked again for the next command, then only after a while.
    """
    state, offer = port.live_state, port.capabilities
    if offer.rest_ids is not None or offer.refusals.is_in_force("calls"):
        return
    before = {call.id for call in own_calls(state)}
    try:
        listed = call_ids((await port.request("GET", "calls")).json())
    except REFUSALS:
        offer.rest_calls = False
        offer.refusals.note("calls")
        return
    except UnexpectedReplyError:
        # Perhaps only this time: the socket takes this command, not all to come.
        return
    own = before & {call.id for call in own_calls(state)}
    offer.rest_calls = True
    offer.refusals.lift("calls")
    if listed and own:
        offer.rest_ids = not own.isdisjoint(listed)
        port.trace.observe(Assumption.REST_KNOWS_THE_IDS, offer.rest_ids)
