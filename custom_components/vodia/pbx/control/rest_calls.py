"""Call commands over REST: whether the PBX serves them, and by which ids of calls."""

from ..assumptions import Assumption
from ..errors import (
    AccessOffError,
    MethodNotAllowedError,
    NotFoundError,
    UnexpectedReplyError,
    UnknownCallError,
)
from ..wire.replies import call_ids
from .port import Command, CommandPort
from .selector import own_calls


async def probe_rest_calls(port: CommandPort) -> None:
    """Find out whether the PBX serves call commands over REST.

    And, once a call is up, whether it knows calls by the ids of the socket. One that
    refuses is asked again for the next command, then only after a while.
    """
    state, offer = port.live_state, port.capabilities
    if offer.rest_ids is not None or offer.refusals.stand("calls"):
        return
    before = {call.id for call in own_calls(state)}
    try:
        listed = call_ids((await port.request("GET", "calls")).json())
    except NotFoundError, MethodNotAllowedError, AccessOffError:
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


async def try_rest(port: CommandPort, command: Command) -> bool:
    """Send a command over REST; return False where the PBX does not serve it."""
    state, offer = port.live_state, port.capabilities
    if command.body is None or not offer.rest_calls:
        return False
    kind, call_id = " ".join(command.body), command.fields.get("id")
    refusals = offer.refusals
    unknown_ids = offer.rest_ids is False or refusals.stand("ids")
    if refusals.stand(kind) or (call_id is not None and unknown_ids):
        return False
    try:
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
        raise UnknownCallError("the PBX does not know the call") from None
    refusals.lift(kind)
    if call_id is not None:
        refusals.lift("ids")
    return True
