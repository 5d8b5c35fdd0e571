"""What a command is made of: its words, the call that it is for, and its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from copy import replace
from dataclasses import dataclass, field

from ..call_ids import has_own_id
from ..errors import (
    CannotConnectError,
    NoFittingCallError,
    NotConfirmedError,
    NotSupportedError,
    PbxError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from ..models import AccountCall, CallState
from ..state.tenant import PbxState


@dataclass(frozen=True, slots=True)
class Command:
    """A command in the words of both dialects; `body` is None where REST has none."""

    body: dict[str, str] | None
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which call a command is for: by its id, or the only one that fits.

    `fits` are the states of a call that is chosen, `by_id` of one that is named.
    """

    call_id: str | None
    expected: CallState | None
    fits: frozenset[CallState]
    by_id: frozenset[CallState]
    excluded: str | None = None

    def pick(self, state: PbxState) -> AccountCall:
        """Return the call; raises a CommandError that says why there is none."""
        if self.call_id is None:
            calls = [
                call
                for call in own_calls(state)
                if call.state in self.fits and call.id != self.excluded
            ]
            if not calls:
                raise NoFittingCallError("no call fits")
            if len(calls) > 1:
                raise SeveralCallsError("several calls fit")
            call = calls[0]
        elif self.call_id == self.excluded:
            raise NoFittingCallError("a call cannot be joined with itself")
        else:
            call = own_call(state, self.call_id)
        if self.expected not in (None, call.state):
            raise UnexpectedStateError(
                "the call has moved on", state=call.state, expected=self.expected
            )
        if call.state not in self.by_id:
            raise NoFittingCallError(f"the call is {call.state}")
        if not has_own_id(call.id):
            raise NotSupportedError("the PBX gives this call no id")
        return call

    def sure(self, call: AccountCall) -> Choice:
        """Return the choice of this very call, for a second look at it.

        Another one may come up meanwhile; and one that rang may be answered.
        """
        rang = CallState.RINGING if call.state is CallState.RINGING else None
        return replace(
            self,
            call_id=call.id,
            expected=self.expected or rang,
            by_id=self.by_id if self.call_id else self.fits,
        )


@dataclass(frozen=True, slots=True)
class Act:
    """A command on its way: how long it may take, and what its end takes back.

    `until` is a time of the event loop. What is noted for the act goes into `notes`: it
    is taken back however the act ends, be it by an error or because nobody waits for it
    any more.
    """

    until: float
    notes: ExitStack

    @asynccontextmanager
    async def in_time(
        self, error: type[PbxError] = CannotConnectError
    ) -> AsyncIterator[None]:
        """Raise an error if what is done here is not done in time."""
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


def own_calls(state: PbxState) -> tuple[AccountCall, ...]:
    """Return the calls of the line."""
    return state.extensions[state.line].calls


def own_call(state: PbxState, call_id: str) -> AccountCall:
    """Return a call of the line; raises UnknownCallError."""
    for call in own_calls(state):
        if call.id == call_id:
            return call
    raise UnknownCallError("the line has no such call")
