"""What is really so, by the engine of the simulator alone, in the words of the states."""

from collections.abc import Iterable

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from simulator import Account, AccountType, Call, Stage

# `call` shows the first of these that an extension has.
_SHOWN_FIRST = ("connected", "ringing", "dialing", "held")

type Truth = dict[str, str]


def on_off(state: bool) -> str:
    """Return the word for a state that is true, or not."""
    return STATE_ON if state else STATE_OFF


def call_state(call: Call, number: str) -> str | None:
    """Return the state that a call has for an extension; None if it has no part in it."""
    if call.stage is Stage.CONNECTED and call.talks(number):
        return "held" if call.held_by else "connected"
    if call.stage is not Stage.CONNECTED and call.caller.is_account(number):
        return "dialing"
    return "ringing" if number in call.rung else None


def truth_of_extension(account: Account, calls: Iterable[Call]) -> Truth:
    """Return what an extension is, given all calls that it may have a part in."""
    states = {call_state(call, account.number) for call in calls}
    return {
        "registered": on_off(account.registered),
        "dnd": on_off(account.dnd),
        "ringing": on_off("ringing" in states),
        "in_call": on_off(bool(states & {"connected", "held"})),
        "call": next((state for state in _SHOWN_FIRST if state in states), "idle"),
    }


def truth_of_group(account: Account, calls: Iterable[Call]) -> Truth:
    """Return what an account that is no phone is, given all calls that may be for it."""
    its = [
        call
        for call in calls
        if call.called.is_account(account.number)
        and call.stage is not Stage.OWN_RINGING
    ]
    if account.type is AccountType.ORBIT:
        return {"occupied": on_off(any(call.parked for call in its))}
    waiting = [call for call in its if call.stage is not Stage.CONNECTED]
    return {
        "in_use": on_off(bool(its)),
        "calls": str(len(its)),
        **({"waiting": str(len(waiting))} if account.type is AccountType.QUEUE else {}),
    }


def truth_of_tenant(accounts: Iterable[Account], calls: Iterable[Call]) -> Truth:
    """Return the counts over a tenant."""
    stages = [call.stage for call in calls]
    connected = stages.count(Stage.CONNECTED)
    return {
        "active_calls": str(connected),
        "ringing_calls": str(len(stages) - connected),
        "registered_extensions": str(
            sum(
                account.registered
                for account in accounts
                if account.type is AccountType.EXTENSION
            )
        ),
    }


def is_busy_by_presence(key: str, shown: str, call: str, calls: Iterable[Call]) -> bool:
    """Return whether a state is what is fairly shown of somebody who is just busy.

    Who is busy by presence alone is in a call, though the phone may only ring; `call` is
    what the sensor of that name shows.
    """
    return (key, shown, call) == ("in_call", STATE_ON, STATE_UNKNOWN) and any(calls)
