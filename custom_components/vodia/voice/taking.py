"""Taking a call: one of several that ring, or one that rings at a colleague."""

from ..coordinator import VodiaCoordinator
from ..pbx.control.selector import FITS
from ..pbx.models import AccountCall, CallState
from .assistant import async_carry_out
from .names import Named, match_names
from .parking import async_retrieve, orbit_in
from .phones import CALL_GATE, Phone, Requester
from .replies import Reply, known_party, phone_call_data
from .speech import Phrase, SpokenError


async def async_take_call(
    requester: Requester, who: str, phone: str | None = None
) -> Reply:
    """Answer the call that rings at a line and comes from, or is for, who is named.

    If it rings at others' phones only, it is picked up from there. A park orbit may be
    named like a caller: "get the call from 5".
    """
    if not who.strip():
        raise SpokenError("no_name")
    line = requester.line(CALL_GATE, phone, FITS["answer"])
    control, coordinator = line.login.control, line.coordinator
    if (call := _ringing(who, line)) is None:
        if orbit := orbit_in(line, who):
            return await async_retrieve(requester, orbit, phone)
        if (where := _ringing_elsewhere(who, requester, line)) is None:
            raise SpokenError("no_call_of", name=who.strip())
        taken = await async_carry_out(control.pick_up(where.number), "answer")
        return Reply(
            (Phrase("picking_up", {"phone": where.label}),),
            {"call": phone_call_data(line, taken)},
        )
    answered = await async_carry_out(control.answer(call.id), "answer")
    party = known_party(coordinator, coordinator.privacy.redact_remote(answered))
    return Reply(
        (Phrase("done_answer", {"to_whom": party}),),
        {"call": phone_call_data(line, answered)},
    )


def _ringing(who: str, line: Phone) -> AccountCall | None:
    """Return the call that is meant; of several, the one that has rung here longest."""
    coordinator = line.coordinator
    named = [
        Named(call, _names(coordinator, call))
        for call in coordinator.client.extension(line.number).calls
        if call.state is CallState.RINGING
    ]
    turns = line.login.state.memory.turns
    return next(iter(turns.in_turn(match_names(who, named))), None)


def _ringing_elsewhere(who: str, requester: Requester, line: Phone) -> Phone | None:
    """Return the phone of a colleague at which the call rings that is meant."""
    named = [
        Named(phone, (*phone.named.names, *_names(phone.coordinator, call)))
        for phone in requester.phones(CALL_GATE)
        if phone.coordinator is line.coordinator and phone.number != line.number
        for call in phone.extension.calls
        if call.state is CallState.RINGING
    ]
    return next(iter(match_names(who, named)), None)


def _names(coordinator: VodiaCoordinator, call: AccountCall) -> tuple[str, ...]:
    """Return what a call is known by: who calls, and who was called."""
    shown = coordinator.privacy.redact_call(call)
    party = known_party(coordinator, shown.remote)
    numbers = (shown.remote.number, shown.dialed_number)
    accounts = (coordinator.account(number or "") for number in numbers)
    names = (account.name for account in accounts if account)
    return tuple(name for name in (party.name, *numbers, *names) if name)
