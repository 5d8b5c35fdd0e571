"""Assistant: carries out commands in words, and answers questions about calls.

Sentences, language models and the action `voice_command` all come here, so that one rule
decides who may ask about which phone, and which phone is meant. Each function raises a
SpokenError that says why it fails, or asks back.
"""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from homeassistant.util import dt as dt_util

from ..const import STATE_WITHHELD
from ..coordinator import VodiaCoordinator
from ..pbx.control.selector import FITS
from ..pbx.errors import (
    AccessOffError,
    NoDndOptionsError,
    NoFittingCallError,
    NotConnectedError,
    NotSupportedError,
    PbxError,
)
from ..pbx.models import AccountCall, CallState, Direction, EndReason, Party
from .callee import find_callee
from .phones import (
    CALL_GATE,
    DND_GATE,
    LAST_CALLER_GATE,
    Phone,
    Requester,
    area_names,
    resolve_phone,
)
from .replies import (
    Reply,
    called,
    is_calling,
    known_party,
    on_the_phone,
    past_call_data,
    phone_call_data,
    phone_state_data,
    spoken_error,
    spoken_party,
)
from .speech import Phrase, SpokenError

# Calls that are said one by one.
_MAX_SPOKEN: Final = 3

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
    call = await _async_carry_out(line.login.control.dial(callee.number))
    return Reply(
        (Phrase("calling", {"who": party}),), {"call": phone_call_data(line, call)}
    )


async def async_transfer(
    requester: Requester, who: str, phone: str | None = None
) -> Reply:
    """Send the call of a line to somebody else."""
    line, callee = find_callee(requester, who, phone, FITS["transfer"])
    party = known_party(line.coordinator, Party(callee.number, callee.name))
    await _async_carry_out(line.login.control.transfer(callee.number), "transfer")
    return Reply((Phrase("transferred", {"to_whom": party}),))


async def async_do(requester: Requester, verb: Verb, phone: str | None = None) -> Reply:
    """Answer, reject, hang up, hold or resume the call of a line."""
    line = requester.line(CALL_GATE, phone, FITS[verb])
    command: Callable[[], Coroutine[Any, Any, AccountCall | None]] = getattr(
        line.login.control, verb
    )
    call = await _async_carry_out(command(), verb)
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
        await _async_carry_out(line.login.control.set_dnd(enabled, expires=expires))
    except SpokenError as err:
        cannot = (NotSupportedError.key, NoDndOptionsError.key)
        if expires and err.phrase.key in cannot:
            raise SpokenError("no_dnd_for_a_while") from err
        raise
    phrase = Phrase("dnd_on" if enabled else "dnd_off")
    if lasts:
        phrase = Phrase("dnd_on_for", {"duration": lasts})
    return Reply((phrase,), {"phone": line.label, "do_not_disturb": enabled})


async def async_who_is_calling(requester: Requester) -> Reply:
    """Say who calls at the lines; if nobody does, who calls at other phones."""
    phones = [
        phone
        for phone in requester.require_phones(CALL_GATE)
        if phone.coordinator.connected
    ]
    if not phones:
        raise spoken_error(NotConnectedError())
    for asked in ([phone for phone in phones if phone.is_line], phones):
        ringing: dict[tuple[VodiaCoordinator, str], tuple[Phone, AccountCall]] = {}
        for phone in asked:
            for call in phone.extension.calls:
                if call.state is CallState.RINGING:
                    ringing.setdefault((phone.coordinator, call.id), (phone, call))
        if ringing:
            return Reply(
                tuple(is_calling(*found) for found in ringing.values()),
                {"calls": [phone_call_data(*found) for found in ringing.values()]},
            )
    uncertain = any(phone.extension.ringing is None for phone in phones)
    key = "maybe_nobody_calls" if uncertain else "nobody_calls"
    return Reply((Phrase(key),), {"calls": []})


async def async_who_called(
    requester: Requester,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    missed: bool = False,
    phone: str | None = None,
) -> Reply:
    """Say who called a line, the newest first; with no time, the last ones."""
    line = requester.line(LAST_CALLER_GATE, phone)
    try:
        past = await line.login.history()
    except NotSupportedError, AccessOffError:
        return _last_caller(line, since, until, missed=missed)
    except PbxError as err:
        raise spoken_error(err) from err
    came = [
        call
        for call in past
        if call.direction is Direction.INCOMING
        and (not missed or call.end_reason is EndReason.MISSED)
        and _is_within(line.began(call), since, until)
    ]
    newest = came[:_MAX_SPOKEN]
    phrases = [called(line, call) for call in newest]
    if not came:
        phrases = [Phrase("nothing_missed" if missed else "nobody_called")]
    elif since and (more := len(came) - len(newest)):
        phrases.append(Phrase("one_more" if more == 1 else "more", {"count": more}))
    return Reply(
        tuple(phrases),
        {"calls": [past_call_data(line, call) for call in (came if since else newest)]},
    )


def _last_caller(
    line: Phone, since: datetime | None, until: datetime | None, *, missed: bool
) -> Reply:
    """Return what the sensor of the last caller shows, where there is no history."""
    coordinator = line.coordinator
    entity_id = line.entity_id(LAST_CALLER_GATE)
    state = coordinator.hass.states.get(entity_id) if entity_id else None
    shown = state.attributes if state else {}
    at = dt_util.parse_datetime(shown.get("time") or "")
    end = shown.get("end_reason")
    if (
        at is None
        or not _is_within(at, since, until)
        or (missed and end != EndReason.MISSED)
    ):
        return Reply((Phrase("no_history"),), {"calls": [], "complete": False})
    name, number = shown.get("name"), shown.get("number")
    withheld = state is not None and state.state == STATE_WITHHELD
    party = spoken_party(coordinator, Party(number, name, withheld=withheld))
    call = {"name": name, "number": number, "started": shown["time"], "end_reason": end}
    return Reply(
        (Phrase("last_caller", {"who": party, "when": at}),),
        {"calls": [call], "complete": False},
    )


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


async def _async_carry_out[ResultT](
    command: Coroutine[Any, Any, ResultT], verb: Verb | None = None
) -> ResultT:
    """Carry out a command of a line."""
    try:
        return await command
    except NoFittingCallError as err:
        raise SpokenError(_NO_CALL.get(verb, "no_call")) from err
    except PbxError as err:
        raise spoken_error(err) from err


def _is_within(
    at: datetime | None, since: datetime | None, until: datetime | None
) -> bool:
    """Return whether a time is in a span; one that is not known is only in none."""
    if at is None:
        return since is None and until is None
    return (since is None or at >= since) and (until is None or at < until)
