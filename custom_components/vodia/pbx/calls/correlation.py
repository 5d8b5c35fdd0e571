"""Which call it is: the legs of one call, and ids that a PBX uses again."""

from collections import defaultdict
from collections.abc import Container, Mapping
from itertools import count
from typing import Final

from ..models import AccountCall
from ..state.legs import LEG_SPREAD, LegKey, are_legs, leg_key_for
from .proof import is_another
from .steps import TrackedCall

# The calls that are not over, by account and by id.
type OpenCalls = dict[str, dict[str, TrackedCall]]

# No two calls have the same, whatever their ids, links and logins.
ORIGINS: Final = count(1)


class Correlator:
    """Correlate the ids and legs of calls: all legs of a call share one origin."""

    def __init__(self, known: dict[str, int], calls: OpenCalls) -> None:
        """Start with the origins of ids in use, and the open calls to compare."""
        self._known = known
        self._calls = calls
        # Nobody has these before the first state arrives.
        self._idle = set(known)
        # The legs that are there, by what they have in common, while they are compared.
        self._legs: (
            defaultdict[tuple[object, ...], list[tuple[str, LegKey, int]]] | None
        ) = None

    def origin_of(self, call_id: str) -> int | None:
        """Return the origin of a call whose id is in use."""
        return self._known.get(call_id)

    def correlate(self, number: str, call: AccountCall) -> int:
        """Return what a call of an account shares with its id, or with another leg."""
        ends = leg_key_for(number, call)
        if self._legs is None:
            self._legs = defaultdict(list)
            for other, calls in self._calls.items():
                for tracked in calls.values():
                    its = leg_key_for(other, tracked.call)
                    self._legs[its[:2]].append((other, its, tracked.origin))
        found = self._known.get(call.id)
        if found is None:
            found = next(
                (
                    origin
                    for other, its, origin in self._legs[ends[:2]]
                    # Who calls again at once, or twice, is not another leg.
                    if are_legs(ends, its, LEG_SPREAD if other != number else 0)
                ),
                None,
            )
            self._known[call.id] = found = found or next(ORIGINS)
        self._legs[ends[:2]].append((number, ends, found))
        return found

    def is_still(
        self, tracked: TrackedCall, call: AccountCall, country: str | None, *, gap: bool
    ) -> bool:
        """Return whether the call with an id is the one that is tracked under it."""
        if self._known.get(call.id) == tracked.origin:
            if not is_another(tracked.call, call, country, gap=gap):
                return True
            del self._known[call.id]
        return False

    def follow_legs(
        self, number: str, calls: Mapping[str, AccountCall], spread: float
    ) -> None:
        """Track a call on as another leg of it where its own leg is gone."""
        tracked = self._calls[number]
        for call_id in tracked.keys() - calls.keys():
            ends = leg_key_for(number, tracked[call_id].call)
            for leg_id, leg in calls.items():
                if leg_id not in tracked and are_legs(
                    ends, leg_key_for(number, leg), spread
                ):
                    tracked[leg_id] = tracked.pop(call_id)
                    self._known[leg_id] = tracked[leg_id].origin
                    self._idle.add(call_id)
                    break

    def release(self, call_id: str) -> None:
        """Note that an account has an id no more; others may have it."""
        self._idle.add(call_id)

    def expire(self, listed: Container[str]) -> None:
        """Drop the ids that no list and no account has any more."""
        self._legs = None
        for call_id in [each for each in self._idle if each not in listed]:
            self._idle.discard(call_id)
            if not any(call_id in calls for calls in self._calls.values()):
                self._known.pop(call_id, None)
