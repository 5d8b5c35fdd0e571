"""What an account shows that is no phone."""

from collections.abc import Iterable, Iterator
from copy import replace

from ..models import (
    EXTENSION,
    ORBIT,
    QUEUE,
    RINGING_GROUPS,
    Account,
    Call,
    CallScope,
    Group,
    ParkedCalls,
    Phase,
)
from .legs import are_legs, ends_of, is_same_call, leg_order, may_be_legs
from .observed import Facts, hides_calls, is_with_nobody


class Groups(Facts):
    """Judge groups: which calls are for them, and what they show."""

    def _group(self, account: Account, kind: str) -> Group:
        """Derive what a group shows: the calls that are for it, all legs as one.

        It makes none. Of the legs a connected one is shown; one whose state is not
        told may be connected. That a group has no call is known where all are told.
        """
        number, listed = account.number, self.scope is CallScope.TENANT
        all_told = listed and self._tells_all(account.number)
        calls, more = self._calls_of.get(number, ()), tuple[Call, ...]()
        hidden, tells_none = False, all_told
        if kind == ORBIT and not listed and (self._orbits or account.calls is None):
            parked = (self._orbits or {}).get(number, ParkedCalls(None))
            calls, tells_none = parked.calls, parked.occupied is not None
            hidden = parked.occupied is True and not calls
        elif not listed:
            calls, more = self._with_reported(account, calls)
            hidden = hides_calls(account, calls)
            tells_none = account.calls is not None and (
                self.memory.presence_shows_ringing or kind not in RINGING_GROUPS
            )
        legs: list[Call] = []
        for call in sorted(
            (
                seen
                for call in (*calls, *(self._as_proven(call, kind) for call in more))
                if (seen := self._as_seen_by(account, call))
                and not (
                    call.caller.number == number and self._is_in_tenant(call.caller)
                )
                # Who dials an orbit is not parked there yet.
                and not (kind == ORBIT and call.phase is Phase.RINGING)
            ),
            key=leg_order,
        ):
            if not any(are_legs(ends_of(call), ends_of(leg)) for leg in legs):
                legs.append(call)
        unclear = tuple(call for call in legs if not call.phase)
        # Those that may not have come to it yet.
        coming = {call.id for call in calls if call.phase or kind == ORBIT} & {
            call.id for call in unclear
        }
        in_use: bool | None = False if tells_none and not coming else None
        if hidden or any(leg.id not in coming for leg in legs):
            in_use = True
        count = None
        more_than_listed = not listed and account.busy is True and not account.calls
        if tells_none and not (coming or more_than_listed or may_be_legs(legs)):
            count = len(legs)
        return Group(
            number=number,
            name=account.name,
            type=kind,
            present=True,
            calls=tuple(
                self._account_call(
                    call, _answered_phase(call, call.phase, kind), number
                )
                for call in legs
                if call.phase
            ),
            unclear=unclear,
            complete=tells_none and not (unclear or hidden),
            in_use=in_use,
            count=count,
            waiting=None
            if kind != QUEUE or count is None
            else self._count_waiting(legs),
        )

    def _count_waiting(self, calls: Iterable[Call]) -> int | None:
        """Count the calls of a queue that nobody has answered, if that is known.

        The queue itself may connect a call, to play music: then it is with nobody else.
        """
        waiting = 0
        for call in calls:
            others = call.extensions - {call.caller.number}
            if call.phase is Phase.RINGING or (
                call.phase and call.lists_extensions and not others
            ):
                waiting += 1
            elif not (
                call.phase
                and (len(others) == 1 or (not others and self._is_answered(call)))
            ):
                return None
        return waiting

    def _is_answered(self, call: Call) -> bool:
        """Return whether a phone has a call of a group: the line, or by its presence."""
        line = self.scope is CallScope.OWN and call.id in self._listed
        return (line and call.caller.number != self.line) or any(
            self._accounts[number].type == EXTENSION and number != call.caller.number
            for number, _ in self._connected_elsewhere(call)
        )

    def _as_proven(self, call: Call, kind: str) -> Call:
        """Return a call of a group's presence as connected where that is known.

        Another account may have it so; and some kinds of groups answer by themselves.
        """
        phases = {phase for _, phase in self._connected_elsewhere(call)}
        if kind not in RINGING_GROUPS:
            phases.add(Phase.CONNECTED)
        # One side may hold it while the other only speaks.
        phase = Phase.HELD if Phase.HELD in phases else next(iter(phases), None)
        return replace(call, phase=phase)

    def _connected_elsewhere(self, call: Call) -> Iterator[tuple[str, Phase | None]]:
        """Yield the accounts whose presence has a call connected, and its phase there."""
        for number in self._reporting:
            for reported in self._accounts[number].calls or ():
                if reported.connected and is_same_call(
                    reported.id, ends_of(reported), call.id, ends_of(call)
                ):
                    yield number, reported.phase


def _answered_phase(call: Call, phase: Phase, kind: str) -> Phase:
    """Return how far a call of a group is: where a machine has it, it still waits."""
    if kind in RINGING_GROUPS and is_with_nobody(call):
        return Phase.RINGING
    return phase
