"""Assistant: carries out commands in words, and answers questions about calls.

Sentences, language models and the action `voice_command` all come here, so that one rule
decides who may ask about which phone, and which phone is meant. Each function raises a
SpokenError that says why it fails, or asks back.
"""

from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from ..coordinator import VodiaCoordinator
from ..pbx.control.selector import FITS
from ..pbx.errors import (
    NoDndOptionsError,
    NoFittingCallError,
    NotConnectedError,
    NotSupportedError,
    PbxError,
)
from ..pbx.models import AccountCall, CallState, Party
from .callee import find_callee
from .names import match_names
from .phones import CALL_GATE, DND_GATE, Phone, Requester, area_names, resolve_phone
from .replies import (
    Reply,
    is_calling,
    known_party,
    on_the_phone,
    phone_call_data,
    phone_state_data,
    spoken_error,
)
from .speech import Phrase, SpokenError

type Verb = Literal["answer", "reject", "hang_up", "hold", "resume", "transfer"]

# Texts for verbs that no call fits; the others say just that.
_NO_CALL: Final[Mapping[Verb | None, str]] = {
    "answer": "nothing_rings",
    "reject": "nothing_rings",
    "resume": "nothing_held",
}


async def async_call(requester: Requester, who: str, phone: str | None = None) -> Reply:
    """Call a person, an extension or a number."""
    line, callee = find_callee(requester, who, phone)
    party = known_party(line.coordinator, Party(callee.number, callee.name))
    call = await async_carry_out(line.login.control.dial(callee.number))
    return Reply(
        (Phrase("calling", {"who": party}),), {"call": phone_call_data(line, call)}
    )


async def async_transfer(
    requester: Requester, who: str, phone: str | None = None
) -> Reply:
    """Send the call of a line to somebody else."""
    line, callee = find_callee(requester, who, phone, FITS["transfer"])
    party = known_party(line.coordinator, Party(callee.number, callee.name))
    await async_carry_out(line.login.control.transfer(callee.number), "transfer")
    return Reply((Phrase("transferred", {"to_whom": party}),))


async def async_do(requester: Requester, verb: Verb, phone: str | None = None) -> Reply:
    """Answer, reject, hang up, hold or resume the call of a line."""
    line = requester.line(CALL_GATE, phone, FITS[verb])
    command: Callable[[], Coroutine[Any, Any, AccountCall | None]] = getattr(
        line.login.control, verb
    )
    call = await async_carry_out(command(), verb)
    if call is None:
        return Reply((Phrase(f"done_{verb}"),))
    coordinator = line.coordinator
    party = known_party(coordinator, coordinator.privacy.redact_remote(call))
    return Reply(
        (Phrase(f"done_{verb}", {"to_whom": party}),),
        {"call": phone_call_data(line, call)},
    )


async def async_set_dnd(
    requester: Requester,
    enabled: bool,
    lasts: timedelta | None = None,
    phone: str | None = None,
) -> Reply:
    """Set do not disturb of a line, perhaps for a while."""
    line = requester.line(DND_GATE, phone)
    expires = int(lasts.total_seconds()) if lasts else None
    try:
        await async_carry_out(line.login.control.set_dnd(enabled, expires=expires))
    except SpokenError as err:
        cannot = (NotSupportedError.key, NoDndOptionsError.key)
        if expires and err.phrase.key in cannot:
            raise SpokenError("no_dnd_for_a_while") from err
        raise
    phrase = Phrase("dnd_on" if enabled else "dnd_off")
    if lasts:
        phrase = Phrase("dnd_on_for", {"duration": lasts})
    return Reply((phrase,), {"phone": line.label, "do_not_disturb": enabled})


async def async_who_is_calling(requester: Requester, where: str | None = None) -> Reply:
    """Say who calls at the lines; if nobody does, who calls at other phones.

    Or who calls at the phones of a name or a room. If nobody calls at all, with whom a
    line is on the phone.
    """
    phones = [
        phone
        for phone in requester.require_phones(CALL_GATE)
        if phone.coordinator.connected
    ]
    if not phones:
        raise spoken_error(NotConnectedError())
    named = match_names(where, [phone.named for phone in phones]) if where else phones
    # Who asks for the office means the one that all phones are in, if none is called so.
    asked = named or phones
    for ring in ([phone for phone in asked if phone.is_line], asked):
        ringing: dict[tuple[VodiaCoordinator, str], tuple[Phone, AccountCall]] = {}
        for phone in ring:
            for call in phone.extension.calls:
                if call.state is CallState.RINGING:
                    ringing.setdefault((phone.coordinator, call.id), (phone, call))
        if ringing:
            return Reply(
                tuple(is_calling(*found) for found in ringing.values()),
                {"calls": [phone_call_data(*found) for found in ringing.values()]},
            )
    if where and not named:
        raise SpokenError("unknown_name", name=where.strip())
    if talks := [phone for phone in asked if phone.is_line and phone.extension.in_call]:
        replies = [on_the_phone(phone) for phone in talks]
        return Reply(tuple(reply.phrases[0] for reply in replies), {"calls": []})
    uncertain = any(phone.extension.ringing is None for phone in asked)
    key = "maybe_nobody_calls" if uncertain else "nobody_calls"
    return Reply((Phrase(key),), {"calls": []})


async def async_is_on_the_phone(requester: Requester, who: str) -> Reply:
    """Say whether somebody is on the phone, and with whom."""
    phone = resolve_phone(who, requester.require_phones(CALL_GATE))
    if not phone.coordinator.connected:
        raise spoken_error(NotConnectedError())
    return on_the_phone(phone)


async def async_list_phones(requester: Requester) -> Reply:
    """Return the phones with their calls; null means not known."""
    return Reply(
        (),
        {
            "phones": [
                {
                    "name": phone.label,
                    "number": phone.number,
                    "area": next(
                        iter(area_names(phone.coordinator, phone.number)), None
                    ),
                    "can_be_controlled": phone.is_line,
                    **phone_state_data(phone),
                }
                for phone in requester.phones(CALL_GATE)
            ]
        },
    )


async def async_carry_out[ResultT](
    command: Coroutine[Any, Any, ResultT], verb: Verb | None = None
) -> ResultT:
    """Carry out a command of a line."""
    try:
        return await command
    except NoFittingCallError as err:
        raise SpokenError(_NO_CALL.get(verb, "no_call")) from err
    except PbxError as err:
        raise spoken_error(err) from err
