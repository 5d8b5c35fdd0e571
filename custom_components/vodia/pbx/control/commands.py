"""Each command of a line once: its words in both dialects, and the state it asks for."""

import asyncio
from weakref import WeakValueDictionary

from ..forwarding import ForwardingCondition
from ..models import AccountCall, CallState, EndReason
from ..numbering import dialable
from ..trace import count
from .chat import send_message
from .dnd import set_dnd
from .executor import Executor, begin
from .park import park, retrieve
from .pickup import pick_up
from .port import Command, CommandPort
from .routing import dial, transfer
from .selector import CallSelector, Choice, choose
from .settings import set_forwarding, set_queue_login


class Control:
    """The commands of a line.

    Those for a call take its id, optional where exactly one fits, and the state that the
    user expects it in. They raise NoFittingCallError, SeveralCallsError,
    UnknownCallError (also when the call ends meanwhile), UnexpectedStateError,
    NotSupportedError, NotConnectedError, CannotConnectError when the PBX does not answer,
    or NotConfirmedError when it does not do it: all of it in 5 s.
    """

    def __init__(self, port: CommandPort) -> None:
        """Act for a line."""
        self._port = port
        self._toggling: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def choose(self, key: str) -> Choice:
        """Return the call that a key of a telephone is for, named as its verb.

        Raises NoFittingCallError, NotConnectedError.
        """
        return choose(key, self._port.live_state)

    async def dial(self, number: str) -> AccountCall:
        """Let the PBX ring the line's phone, then call the number; return the call.

        Raises InvalidNumberError, NotConnectedError, or NotConfirmedError when no such
        call shows up.
        """
        number = self._dialable(number)
        async with begin(self._port, "dial") as executor:
            return await dial(executor, number)

    async def retrieve(self, orbit: str | None = None) -> AccountCall:
        """Get a call back from a park orbit; return it, or the call that is dialed for it.

        Without a number it is the only orbit, or the only one that is occupied. Raises an
        OrbitError, else as `dial`.
        """
        return await retrieve(self._port, orbit)

    async def pick_up(self, extension: str) -> AccountCall:
        """Take the call that rings at an extension; return it, or the call dialed for it.

        Raises NoFittingCallError where none rings, else as `dial`.
        """
        return await pick_up(self._port, self._dialable(extension))

    async def answer(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Answer the ringing call at the line's phone; return the call once connected."""
        selector = CallSelector.for_verb("answer", call_id, expected)
        async with begin(self._port, "answer") as executor:
            call = await executor.execute(
                selector,
                lambda call: Command(
                    {"remote-answer": call.id}, "accept-call", {"id": call.id}
                ),
            )
            return await executor.wait_for_call(
                call, lambda now: now.state is CallState.CONNECTED
            )

    async def reject(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> None:
        """Refuse the ringing call; it goes on where it rings elsewhere."""
        await self._end("reject", CallSelector.for_verb("reject", call_id, expected))

    async def hang_up(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> None:
        """End the call that the line is in or makes; one that rings only by its id."""
        await self._end("hangup", CallSelector.for_verb("hang_up", call_id, expected))

    async def hold(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Put the connected call on hold; return the call once it is held."""
        selector = CallSelector.for_verb("hold", call_id, expected)
        return await self._toggle("hold", selector, CallState.HELD)

    async def resume(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Take the held call up again; return the call once it is connected.

        Raises HeldElsewhereError where the PBX can only toggle and another held it.
        """
        selector = CallSelector.for_verb("resume", call_id, expected)
        return await self._toggle("resume", selector, CallState.CONNECTED)

    async def transfer(
        self,
        number: str,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Send the call to a number without asking there; a ringing one is deflected.

        Raises InvalidNumberError, too.
        """
        number = self._dialable(number)
        selector = CallSelector.for_verb("transfer", call_id, expected)
        async with begin(self._port, "transfer") as executor:
            await transfer(executor, number, selector)

    async def attended_transfer(
        self,
        second_call_id: str,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Join the other sides of two calls of the line, which leaves both.

        Without an id the first call is the only other one.
        """
        port, verb = self._port, "attended_transfer"
        first = CallSelector.for_verb(verb, call_id, expected, excluded=second_call_id)
        second = CallSelector.for_verb(verb, second_call_id, excluded=call_id)

        def build(call: AccountCall) -> Command:
            """Return the command that joins a call and the second one."""
            other = second.select(port.live_state)
            return Command(
                {"transfer": call.id, "id": other.id},
                "att-transfer",
                {
                    "id": call.id,
                    "from": call.remote.number or "",
                    "id2": other.id,
                    "to": other.remote.number or "",
                },
            )

        async with begin(port, verb) as executor:
            call = await executor.execute(
                first, build, expected_end=EndReason.TRANSFERRED
            )
            await executor.wait_until_released(call.id, second_call_id)

    async def park(
        self,
        orbit: str | None = None,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Send the call to a park orbit; done when it is there, where that can be seen.

        Without a number it is the only orbit, or the only one that is free. Raises an
        OrbitError, too.
        """
        selector = CallSelector.for_verb("park", call_id, expected)
        await park(self._port, orbit, selector)

    async def start_recording(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Record the call; return it once it is recorded. Recorded already is fine."""
        return await self._record("start_recording", call_id, expected, on=True)

    async def stop_recording(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Record the call no more; return it then. Not recorded is fine."""
        return await self._record("stop_recording", call_id, expected, on=False)

    async def send_message(self, recipient: str, message: str) -> None:
        """Send a chat message to an extension, of up to `MESSAGE_LIMIT` characters.

        Over the socket the PBX confirms nothing. Raises InvalidNumberError,
        InvalidMessageError, MessageRefusedError, NotConnectedError; NotConfirmedError
        where REST takes it and names no message.
        """
        await send_message(self._port, self._dialable(recipient), message)

    async def set_dnd(
        self, enabled: bool, *, reason: str | None = None, expires: int | None = None
    ) -> None:
        """Set do not disturb; `expires` is in seconds from now.

        Raises NotSupportedError where this PBX offers no way, or none with a reason or
        an expiry; NotConnectedError; NotConfirmedError.
        """
        await set_dnd(self._port, enabled, reason, expires)

    async def set_forwarding(
        self,
        condition: ForwardingCondition,
        number: str | None,
        *,
        after: int | None = None,
    ) -> None:
        """Send calls on to a number; None ends that. `after` is in seconds of ringing.

        Raises InvalidNumberError, ForwardsToItselfError, AccessOffError,
        NotSupportedError where this PBX offers no way; NotConnectedError;
        NotConfirmedError.
        """
        if number is not None:
            number = self._dialable(number)
        await set_forwarding(self._port, condition, number, after)

    async def set_queue_login(self, queue: str, logged_in: bool) -> None:
        """Log in to a queue as an agent, or out; raises as `set_forwarding`."""
        await set_queue_login(self._port, queue, logged_in)

    def _dialable(self, number: str) -> str:
        """Return a number as the PBX takes it; an account of the tenant as it is."""
        return dialable(number, self._port.listed_accounts)

    async def _end(self, verb: str, selector: CallSelector) -> None:
        """Reject or hang up; the socket has one word for both."""
        async with begin(self._port, verb) as executor:
            call = await executor.execute(
                selector,
                lambda call: Command(
                    {verb: call.id}, "clear-call", {"id": call.id, "connected": "false"}
                ),
                expected_end=EndReason.REJECTED,
            )
            await executor.wait_until_released(call.id)

    async def _toggle(
        self, verb: str, selector: CallSelector, wanted: CallState
    ) -> AccountCall:
        """Hold or resume; the socket has one word for both, which does the opposite."""
        # So one at a time for a call.
        port = self._port
        call = selector.select(port.live_state)
        selector = selector.pinned(call)
        lock = self._toggling.setdefault(call.id, asyncio.Lock())
        async with begin(port, verb) as executor, executor.alone(lock):
            call = await executor.execute(
                selector,
                lambda call: Command(
                    {f"remote-{verb}": call.id}, "hold-call", {"id": call.id}
                ),
                before_send=lambda call: _begin_toggle(executor, call),
            )
            found = await executor.wait_for_call(call, lambda now: now.state is wanted)
            if wanted is CallState.HELD:
                state = port.live_state
                state.holds.confirm(call.id)
                # Nobody knows which of the PBX's words means that it was us.
                listed = state.listed.get(call.id)
                word = listed and listed.wire_state
                count(port.trace.commands, f"hold: shown as {word}")
            return found

    async def _record(
        self, verb: str, call_id: str | None, expected: CallState | None, *, on: bool
    ) -> AccountCall:
        """Start or stop to record on demand, unless it is so already."""
        selector = CallSelector.for_verb(verb, call_id, expected)
        call = selector.select(self._port.live_state)
        if call.recording is on:
            return call
        selector, switch = selector.pinned(call), "on" if on else "off"
        async with begin(self._port, verb) as executor:
            call = await executor.execute(
                selector,
                lambda call: Command(
                    None, "rec-call", {"id": call.id, "startstop": switch}
                ),
            )
            return await executor.wait_for_call(call, lambda now: now.recording is on)


def _begin_toggle(executor: Executor, call: AccountCall) -> None:
    """Note a toggle, and that it is open what comes of one that ends without effect."""
    holds = executor.port.live_state.holds
    holds.begin_toggle(call)
    executor.undo.callback(holds.end_toggle, call.id)
