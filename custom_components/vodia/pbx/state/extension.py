"""What an extension shows."""

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
from .legs import is_same, less_far_legs, less_own_legs
from .observed import Facts, hides_calls, is_with_nobody, mark

_CHAT: Final[Mapping[str | None, bool]] = {"online": True, "offline": False}
# `call` shows the first of these that an account has.
_SHOWN_FIRST: Final = (
    CallState.CONNECTED,
    CallState.RINGING,
    CallState.DIALING,
    CallState.HELD,
)


class Extensions(Facts):
    """Judge extensions: which calls they have, and what they show."""

    @staticmethod
    def _with_flags(old: Extension, account: Account) -> Extension:
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
            old.doubtful,
            old.complete,
        )

    def _extension(self, account: Account) -> Extension:
        """Derive what an extension shows: call details outrank its own presence.

        Where the details are not complete, presence that they do not explain makes it
        busy, and leaves open whether a phone rings. Where they could not be read, or are
        kept from us, who has no call in them is not idle.
        """
        number = account.number
        listed = self._lists_calls_of(number)
        all_told = listed and self._tells_all(number)
        calls, more = self._calls_of.get(number, ()), tuple[Call, ...]()
        unexplained = False
        if not listed:
            calls, more = self._with_reported(account, calls)
            unexplained = bool(more) or hides_calls(account, calls)
        mark(self._unexplained, number, unexplained)
        own, doubtful = self._own_calls(account, calls)
        doubtful |= {call.id for call in more}
        unclear = bool(doubtful) or unexplained or (listed and not (all_told or own))
        states = {call.state for call in own}
        tells_none = all_told or (
            not listed
            and account.calls is not None
            and self.memory.presence_shows_ringing
        )

        in_call: bool | None
        if states & IN_CALL or unexplained:
            in_call = True
        elif unclear:
            in_call = None
        else:
            in_call = False if all_told or calls else account.busy
        ringing: bool | None = CallState.RINGING in states
        if not ringing and (unclear or not tells_none):
            ringing = None
        shown = min(states, key=_SHOWN_FIRST.index, default=None)
        if shown is not CallState.CONNECTED and unclear:
            shown = None
        elif shown is None and tells_none:
            shown = CallState.IDLE
        return Extension(
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
            doubtful=doubtful,
            complete=not unclear and (tells_none or bool(own)),
        )

    def _own_calls(
        self, account: Account, calls: tuple[Call, ...]
    ) -> tuple[tuple[AccountCall, ...], frozenset[str]]:
        """Return the calls that are (still) the account's, and the ids of open ones.

        A connected call is with the sole extension left, a named party, or the one
        whose own presence says so; who only rang with the group is not in it. Presence
        counts that was told since the call connected: before, the phone only rang.
        """
        number = account.number
        calls = tuple(
            seen
            for call in less_far_legs(number, calls)
            if (seen := self._as_seen_by(account, call))
        )
        own = {
            call.id: call
            for call in calls
            if not call.connected or self._is_with(number, call)
        }
        doubtful = {call.id for call in calls if not call.phase}
        for call in calls:
            if call.id in own or is_with_nobody(call):
                continue
            others = call.extensions - {call.caller.number}
            with_whom = {other: self._says_with(other, call) for other in others}
            if with_whom.get(number):
                own[call.id] = call
            elif with_whom.get(number) is None and not any(with_whom.values()):
                doubtful.add(call.id)
        return tuple(
            sorted(
                (
                    self._account_call(call, call.phase, number)
                    for call in less_own_legs(own.values())
                    if call.phase
                ),
                key=lambda call: (
                    _SHOWN_FIRST.index(call.state),
                    -(call.started or 0),
                    call.id,
                ),
            )
        ), frozenset(doubtful)

    def _is_with(self, number: str, call: Call) -> bool:
        """Return whether a connected call is with an account, by its own details.

        A party that is named while others are involved may have passed it on; one that
        is called while nobody is involved has not answered it.
        """
        others = call.extensions - {call.caller.number}
        if number in others:
            return len(others) == 1 or number == call.callee.number
        if others and number != call.caller.number:
            return number == self.line and self.scope is CallScope.OWN
        if number != call.caller.number and is_with_nobody(call):
            return False
        return len(others) <= 1 or number in self._named_parties(call)

    def _says_with(self, number: str, call: Call) -> bool | None:
        """Return whether an extension's presence says that it has a connected call.

        None if it says nothing: it was told before, or may mean another call.
        """
        if number == call.callee.number:
            return True
        account = self._accounts.get(number)
        told_at = max(self._told_at.get(number, 0), self._listed_at)
        if account is None or told_at <= self._connected_at.get(call.id, 0):
            return None
        if account.calls:
            return any(
                is_same(reported, call) and reported.phase is not Phase.RINGING
                for reported in account.calls
            )
        if account.busy and len(self._calls_of.get(number, ())) > 1:
            return None
        return account.busy
