"""Picking up: a line takes a call that rings at somebody else's phone."""

from ..errors import NoFittingCallError, NotSupportedError
from ..models import IN_CALL, AccountCall, CallState
from ..state.tenant import TenantState
from .executor import begin
from .port import CommandPort
from .routing import dial
from .selector import own_calls
from .star_codes import star_code


async def pick_up(port: CommandPort, extension: str) -> AccountCall:
    """Dial the code to pick up, with the extension that rings behind it.

    The code is that of the tenant; that the extension follows it is assumed. Return the
    call that is dialed, or the one that rang once the line has it.
    """
    account = port.primary.live_state.account(extension)
    calls = account.calls if account else ()
    ringing = {call.id for call in calls if call.state is CallState.RINGING}
    if not ringing:
        raise NoFittingCallError(calls)

    def picked(state: TenantState) -> AccountCall | None:
        """Return the call that rang there once the line is in it."""
        return next(
            (
                call
                for call in own_calls(state)
                if call.id in ringing and call.state in IN_CALL
            ),
            None,
        )

    async with begin(port, "pick_up") as executor:
        if not (code := await star_code(executor, "code_pickup")):
            raise NotSupportedError("the tenant has no code to pick up")
        return await dial(executor, f"{code}{extension}", picked)
