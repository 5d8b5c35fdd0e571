"""Past calls: who called, who was missed, whom to call back, and messages left."""

from datetime import datetime

from homeassistant.util import dt as dt_util

from ..const import STATE_WITHHELD
from ..pbx.errors import AccessOffError, NotSupportedError, PbxError
from ..pbx.models import Direction, EndReason, Party, PastCall
from .assistant import async_call, async_carry_out
from .callee import require_callable
from .names import Named, match_names
from .phones import CALL_GATE, LAST_CALLER_GATE, Phone, Requester
from .replies import (
    MAX_SPOKEN,
    Reply,
    called,
    known_party,
    past_call_data,
    phone_call_data,
    spoken_error,
    spoken_party,
)
from .speech import Phrase, SpokenError, Word


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
    if (came := await _incoming(line, since, until, missed=missed)) is None:
        return _last_caller(line, since, until, missed=missed)
    newest = came[:MAX_SPOKEN]
    phrases = [called(line, call) for call in newest]
    if not came:
        phrases = [Phrase("nothing_missed" if missed else "nobody_called")]
    elif since and (more := len(came) - len(newest)):
        phrases.append(Phrase("one_more" if more == 1 else "more", {"count": more}))
    return Reply(
        tuple(phrases),
        {"calls": [past_call_data(line, call) for call in (came if since else newest)]},
    )


async def async_how_many_missed(
    requester: Requester,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    phone: str | None = None,
) -> Reply:
    """Say how many calls a line missed, and who called last; with no time, today."""
    line = requester.line(LAST_CALLER_GATE, phone)
    if since is None:
        since = dt_util.start_of_local_day()
    if (came := await _incoming(line, since, until, missed=True)) is None:
        return _last_caller(line, since, until, missed=True)
    data = {"count": len(came), "calls": [past_call_data(line, call) for call in came]}
    if not came:
        return Reply((Phrase("nothing_missed"),), data)
    count = Phrase(
        "missed_one" if len(came) == 1 else "missed_many", {"count": len(came)}
    )
    return Reply((count, called(line, came[0])), data)


async def async_call_back(
    requester: Requester,
    who: str = "",
    *,
    missed: bool = False,
    phone: str | None = None,
) -> Reply:
    """Call who called a line last, or the last one of a name.

    One who is named and has not called is called all the same.
    """
    line = requester.line(CALL_GATE, phone)
    requester.require_exposed(line, LAST_CALLER_GATE)
    came = await _incoming(line, missed=missed)
    if came is None:
        raise SpokenError("no_history")
    if who.strip():
        named = [
            Named(call, (known_party(line.coordinator, call.remote).name or "",))
            for call in came
        ]
        if not (came := match_names(who, named)):
            return await async_call(requester, who, phone)
    if not came:
        raise SpokenError("nothing_missed" if missed else "nobody_called")
    past = came[0]
    party = known_party(line.coordinator, line.coordinator.privacy.redact_remote(past))
    if (number := past.remote.number) is None:
        raise SpokenError("number_withheld")
    require_callable(requester, line, number)
    call = await async_carry_out(line.login.control.dial(number))
    return Reply(
        (Phrase("calling", {"who": party}),), {"call": phone_call_data(line, call)}
    )


async def async_voicemail(requester: Requester, phone: str | None = None) -> Reply:
    """Say how many messages a line has not heard, and whose the newest one is."""
    line = requester.line(LAST_CALLER_GATE, phone)
    mailbox = line.login.data.values.voicemail
    if mailbox is None or mailbox.unread is None:
        raise SpokenError("no_mailbox")
    data = {"phone": line.label, "unread": mailbox.unread}
    if not mailbox.unread:
        return Reply((Phrase("no_messages"),), data)
    key = "one_message" if mailbox.unread == 1 else "messages"
    phrases = [Phrase(key, {"count": mailbox.unread})]
    if newest := mailbox.newest:
        privacy = line.coordinator.privacy
        party = privacy.redact_party(newest.sender.number, newest.sender.name)
        words: dict[str, Word] = {"who": known_party(line.coordinator, party)}
        if newest.time is not None:
            words["when"] = dt_util.utc_from_timestamp(newest.time)
        phrases.append(
            Phrase("message_from" if "when" in words else "message_of", words)
        )
    return Reply(tuple(phrases), data)


async def _incoming(
    line: Phone,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    missed: bool = False,
) -> list[PastCall] | None:
    """Return who called a line, the newest first; None where the PBX tells no history."""
    try:
        past = await line.login.history()
    except NotSupportedError, AccessOffError:
        return None
    except PbxError as err:
        raise spoken_error(err) from err
    return [
        call
        for call in past
        if call.direction is Direction.INCOMING
        and (not missed or call.end_reason is EndReason.MISSED)
        and _is_within(line.began(call), since, until)
    ]


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


def _is_within(
    at: datetime | None, since: datetime | None, until: datetime | None
) -> bool:
    """Return whether a time is in a span; one that is not known is only in none."""
    if at is None:
        return since is None and until is None
    return (since is None or at >= since) and (until is None or at < until)
