"""What was learned of a call stays until the news contradict it.

A later list, a presence or the first list of another link may tell less of the same call.
"""

from copy import replace

from .legs import LEG_SPREAD
from .models import Call, Party


def learned_party(told: Party, before: Party, *, talks: bool) -> Party:
    """Return a party as it is told, with what is known of it from before.

    Another number is somebody else. So is who withholds it in the middle of a talk: it
    was sent on.
    """
    other = told.number not in (None, before.number)
    if other or (talks and told.withheld and before.number):
        return told
    number, host = before.number, told.host or before.host
    if number and not (told.number or told.withheld):
        # The host is that of a number.
        host = before.host
    name = told.name or before.name
    return Party(
        number, name, host, number is None and (told.withheld or before.withheld)
    )


def learned_call(told: Call, before: Call) -> Call:
    """Return a call as it is told, with who is known from before to be in it.

    One that began at another time has only the id in common, unless it was answered since.
    """
    talks = told.connected and before.connected
    if told.started and before.started and told.connected is before.connected:
        if abs(told.started - before.started) > LEG_SPREAD:
            return told
    caller, callee, alias = told.caller, told.callee, told.alias
    if _may_be(told, before, before.caller, callee):
        caller = learned_party(caller, before.caller, talks=talks)
    if _may_be(told, before, before.callee, caller):
        callee = learned_party(callee, before.callee, talks=talks)
        if told.callee.number is None and callee.number:
            alias = before.alias
    if (caller, callee) == (told.caller, told.callee):
        return told
    return replace(told, caller=caller, callee=callee, alias=alias)


def learned_calls(told: tuple[Call, ...], before: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return the calls of an account's presence, with what it told of them before."""
    known = {call.id: call for call in before}
    return tuple(
        learned_call(call, known[call.id]) if call.id in known else call
        for call in told
    )


def _may_be(told: Call, before: Call, party: Party, other: Party) -> bool:
    """Return whether a party may be in a call still that does not tell it.

    Who is at the other end now, or was involved and is not, is not there any more.
    """
    number = party.number
    left = number in before.extensions and number not in told.extensions
    return number is None or not (
        number == other.number or (left and told.lists_extensions)
    )
