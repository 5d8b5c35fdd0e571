"""What was learned of a call stays until later news contradict it.

A later list, a presence or the first list of another link may give less of the same call.
"""

from copy import replace

from ..models import Call, Party
from .legs import LEG_SPREAD


def learned_party(now: Party, before: Party, *, talks: bool) -> Party:
    """Return a party as it is given now, with what is known of it from before.

    Another number is somebody else. So is who withholds it in the middle of a talk: it
    was sent on.
    """
    other = now.number not in (None, before.number)
    if other or (talks and now.withheld and before.number):
        return now
    number, host = before.number, now.host or before.host
    if number and not (now.number or now.withheld):
        # The host is that of a number.
        host = before.host
    name = now.name or before.name
    return Party(
        number, name, host, number is None and (now.withheld or before.withheld)
    )


def learned_call(now: Call, before: Call) -> Call:
    """Return a call as it is listed now, with who is known from before to be in it.

    One that began at another time has only the id in common, unless it was answered since.
    """
    talks = now.connected and before.connected
    if now.started and before.started and now.connected is before.connected:
        if abs(now.started - before.started) > LEG_SPREAD:
            return now
    caller, callee, alias = now.caller, now.callee, now.alias
    if _may_be(now, before, before.caller, callee):
        caller = learned_party(caller, before.caller, talks=talks)
    if _may_be(now, before, before.callee, caller):
        callee = learned_party(callee, before.callee, talks=talks)
        if now.callee.number is None and callee.number:
            alias = before.alias
    if (caller, callee) == (now.caller, now.callee):
        return now
    return replace(now, caller=caller, callee=callee, alias=alias)


def learned_calls(now: tuple[Call, ...], before: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return the calls of an account's presence, with what is known of them from before."""
    known = {call.id: call for call in before}
    return tuple(
        learned_call(call, known[call.id]) if call.id in known else call for call in now
    )


def _may_be(now: Call, before: Call, party: Party, other: Party) -> bool:
    """Return whether a party may be in a call still that does not name it."""
    # Who is at the other end now, or was involved and is not, is not there any more.
    number = party.number
    left = number in before.extensions and number not in now.extensions
    return number is None or not (
        number == other.number or (left and now.lists_extensions)
    )
