"""What an extension shows: its flags, and which calls it has."""

from collections.abc import Mapping
from typing import Final

from ..models import (
    IN_CALL,
    Account,
    AccountCall,
    Call,
    CallScope,
    CallState,
    Extension,
    Phase,
)
from .account_call import account_call, call_at, hides_calls, with_reported
from .legs import drop_far_end_legs, drop_own_legs, presence_means
from .observed import Observed, is_with_nobody

_CHAT: Final[Mapping[str | None, bool]] = {"online": True, "offline": False}
# `call` shows the first of these that an account has.
_SHOWN_FIRST: Final = (
    CallState.CONNECTED,
    CallState.RINGING,
    CallState.DIALING,
    CallState.HELD,
)


def with_flags(old: Extension, account: Account) -> Extension:
    """Return what an extension shows when only its flags may be new."""
    # Not by `replace`: that takes six times as long.
    return Extension(
        old.number,
        account.name,
        old.present,
        account.registered,
        account.dnd,
        _CHAT.get(account.chat),
        old.ringing,
        old.in_call,
        old.call_state,
        old.calls,
        old.possible_call_ids,
        old.complete,
    )


def extension_view(observed: Observed, account: Account) -> tuple[Extension, bool]:
    """Return what an extension shows, and whether its presence has more than the calls.

    Call details outrank its own presence. Where they are not complete, presence that they
    do not explain makes it busy, and leaves open whether a phone rings. Where they could
    not be read, or are kept from us, who has no call in them is not idle.
    """
    number = account.number
    listed = observed.lists_calls_of(number)
    all_listed = listed and observed.lists_all_calls_of(number)
    calls, more = observed.calls_of.get(number, ()), tuple[Call, ...]()
    unexplained = False
    if not listed:
        calls, more = with_reported(observed, account, calls)
        unexplained = bool(more) or hides_calls(account, calls)
    own, doubtful = _own_calls(observed, account, calls)
    doubtful |= {call.id for call in more}
    unclear = bool(doubtful) or unexplained or (listed and not (all_listed or own))
    states = {call.state for call in own}
    absence_is_known = all_listed or (
        not listed
        and account.calls is not None
        and observed.memory.presence_shows_ringing
    )

    in_call: bool | None
    if states & IN_CALL or unexplained:
        in_call = True
    elif unclear:
        in_call = None
    else:
        in_call = False if all_listed or calls else account.busy
    ringing: bool | None = CallState.RINGING in states
    if not ringing and (unclear or not absence_is_known):
        ringing = None
    shown = min(states, key=_SHOWN_FIRST.index, default=None)
    if shown is not CallState.CONNECTED and unclear:
        shown = None
    elif shown is None and absence_is_known:
        shown = CallState.IDLE
    shows = Extension(
        number=number,
        name=account.name,
        present=True,
        registered=account.registered,
        dnd=account.dnd,
        chat_available=_CHAT.get(account.chat),
        ringing=ringing,
        in_call=in_call,
        call_state=shown,
        calls=own,
        possible_call_ids=doubtful,
        complete=not unclear and (absence_is_known or bool(own)),
    )
    return shows, unexplained


def _own_calls(
    observed: Observed, account: Account, calls: tuple[Call, ...]
) -> tuple[tuple[AccountCall, ...], frozenset[str]]:
    """Return the calls of the account, the one to show first, and the ids of possible ones."""
    # A connected call is with the sole extension left, a named party, or the one whose
    # own presence says so; who only rang with the group is not in it. Only presence that
    # is newer than the connection counts: before, the phone only rang.
    number = account.number
    calls = tuple(
        seen
        for call in drop_far_end_legs(number, calls)
        if (seen := call_at(observed, account, call))
    )
    own = {
        call.id: call
        for call in calls
        if not call.connected or _is_with(observed, number, call)
    }
    doubtful = {call.id for call in calls if not call.phase}
    for call in calls:
        if call.id in own or is_with_nobody(call):
            continue
        others = call.extensions - {call.caller.number}
        with_whom = {other: _says_with(observed, other, call) for other in others}
        if with_whom.get(number):
            own[call.id] = call
        elif with_whom.get(number) is None and not any(with_whom.values()):
            doubtful.add(call.id)
    return tuple(
        sorted(
            (
                account_call(observed, call, call.phase, number)
                for call in drop_own_legs(own.values())
                if call.phase
            ),
            key=lambda call: (
                _SHOWN_FIRST.index(call.state),
                -(call.started or 0),
                call.id,
            ),
        )
    ), frozenset(doubtful)


def _is_with(observed: Observed, number: str, call: Call) -> bool:
    """Return whether a connected call is with an account, by its own details."""
    # A party that is named while others are involved may have passed it on; one that is
    # called while nobody is involved has not answered it.
    others = call.extensions - {call.caller.number}
    if number in others:
        return len(others) == 1 or number == call.callee.number
    if others and number != call.caller.number:
        return number == observed.line and observed.scope is CallScope.OWN
    if number != call.caller.number and is_with_nobody(call):
        return False
    return len(others) <= 1 or number in observed.named_parties(call)


def _says_with(observed: Observed, number: str, call: Call) -> bool | None:
    """Return whether an extension's presence says that it has a connected call."""
    # None if it says nothing: it is older than that, or may mean another call.
    if number == call.callee.number:
        return True
    account = observed.accounts.get(number)
    since = max(observed.presence_at.get(number, 0), observed.accounts_at)
    if account is None or since <= observed.connected_at.get(call.id, 0):
        return None
    if account.calls:
        return any(
            presence_means(reported, call) and reported.phase is not Phase.RINGING
            for reported in account.calls
        )
    if account.busy and len(observed.calls_of.get(number, ())) > 1:
        return None
    return account.busy
