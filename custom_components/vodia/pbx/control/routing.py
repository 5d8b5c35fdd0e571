"""Calls to a number: made by the line, or sent on by it."""

from collections.abc import Callable

from ..assumptions import Assumption
from ..errors import NotConfirmedError, PbxError
from ..models import IN_CALL, AccountCall, CallState, EndReason
from ..state.tenant import TenantState
from .executor import Executor
from .port import Command
from .selector import CallSelector, own_calls


async def dial(
    executor: Executor,
    number: str,
    instead: Callable[[TenantState], AccountCall | None] = lambda state: None,
) -> AccountCall:
    """Dial a number; return the call, or another one that comes `instead`."""
    port = executor.port
    command = Command({"remote-dial": number}, "make-call", {"to": number})
    await executor.probe()
    state, tracking_line = port.live_state, port.tracking_line.live_state
    now = port.timing.clock.monotonic()
    expected = tracked = state.dials.expect(number, now)
    if tracking_line is not state:
        tracked = tracking_line.dials.expect(number, now, state.line)

    def cancel() -> bool:
        """Expect no call any more, for who calls back now is none; return if none is there.

        One that is there may be listed a moment later where the calls are tracked.
        """
        if not state.dials.cancel(expected):
            return False
        tracking_line.dials.cancel(tracked)
        return True

    executor.undo.callback(cancel)
    try:
        if not await executor.try_rest(command):
            await executor.send(command)
    except PbxError:
        # An answer may be late or missing, and the call there all the same.
        if cancel():
            raise
    try:
        return await port.wait_for(
            lambda now: now.dialed_call(expected) or instead(now), executor.until
        )
    except NotConfirmedError:
        if any(call.id not in expected.before for call in own_calls(port.live_state)):
            port.trace.observe(Assumption.DIALED_CALL_SHOWS_THE_NUMBER, False)
        raise


async def transfer(
    executor: Executor, number: str, selector: CallSelector
) -> AccountCall:
    """Send a call to a number without asking there; return it once it has left the line."""
    call = await executor.execute(
        selector,
        lambda call: Command(
            {"transfer": call.id, "number": number},
            "blind-transfer",
            {"id": call.id, "from": call.remote.number or "", "to": number},
        ),
        expected_end=EndReason.TRANSFERRED,
    )

    def is_back(state: TenantState) -> bool:
        """Return whether it rings here: in the group that it was sent to."""
        return any(
            now.id == call.id
            and now.state is CallState.RINGING
            and (call.state in IN_CALL or now.dialed_number != call.dialed_number)
            for now in own_calls(state)
        )

    await executor.wait_until_released(call.id, is_back=is_back)
    return call
