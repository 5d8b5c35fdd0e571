"""What a call is for an account, by the engine alone, in the words of the attributes.

What the wire leaves open allows more than one value: who made a call to a group may see the
group or who has answered.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rig.truth import call_state
from simulator import Call
from simulator.model import Party

from .office import WITHHELD

BRACKETS = str.maketrans("<>", "‹›")
# Seconds by which a time may differ that is told to the millisecond, or was heard.
_TOLD, _HEARD = 0.01, 2.0


@dataclass(frozen=True, slots=True)
class Times:
    """A moment by the clock of the PBX, and by that of Home Assistant."""

    pbx: float
    home: float

    def fits(self, text: object) -> bool:
        """Return whether this moment is told."""
        try:
            told = datetime.fromisoformat(str(text)).timestamp()
        except ValueError:
            return False
        return abs(told - self.pbx) < _TOLD or abs(told - self.home) < _HEARD


@dataclass(frozen=True, slots=True)
class Facts:
    """A call of an account."""

    state: str
    direction: str
    scope: str
    numbers: frozenset[str | None]
    names: frozenset[str]
    dialed: str
    started: Times
    answered: Times | None
    recording: bool
    others: int
    known: tuple[set[str], ...] = field(compare=False, repr=False)

    def is_name(self, told: str | None) -> bool:
        """Return whether a name is told, or was told before where the call has none."""
        known = {name for names in self.known for name in names}
        return told in self.names or (not self.names and (not told or told in known))

    def is_odd(self) -> bool:
        """Return whether a star code was dialed, of which little is known."""
        return self.dialed.startswith("*")


class Reader:
    """Read the facts of calls, and remember which names were told for a number."""

    def __init__(self) -> None:
        """Start knowing nobody."""
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        self._moments: dict[float, Times] = {}

    def read(
        self, call: Call, number: str, calls: Iterable[Call], now: float
    ) -> Facts | None:
        """Return what a call is for an account now; None if it has no part in it."""
        state = call_state(call, number)
        if state is None:
            return None
        outgoing = call.caller.is_account(number)
        other = call.other(number)
        parties = {call.called, other} if outgoing else {other}
        states = [call_state(one, number) for one in calls]
        return Facts(
            state=state,
            direction="outgoing" if outgoing else "incoming",
            scope="internal" if other.internal else "external",
            numbers=frozenset(
                None if party.number == WITHHELD else party.number for party in parties
            ),
            names=frozenset(_shown(party.name) for party in parties if party.name),
            dialed=call.called.number,
            started=self.moment(call.start, now),
            answered=self.moment(call.connect, now) if call.connect else None,
            recording=call.recording,
            others=len([state for state in states if state]) - 1,
            known=tuple(self._names[party.number] for party in parties),
        )

    def moment(self, pbx: float, now: float) -> Times:
        """Return a moment of the PBX, which is heard of for the first time now."""
        return self._moments.setdefault(pbx, Times(pbx, now))

    def forget(self, but: Container[str]) -> None:
        """Forget all moments, and the names of some numbers: there is no call."""
        self._moments.clear()
        for number in [number for number in self._names if number not in but]:
            del self._names[number]

    def learn(self, party: Party) -> None:
        """Remember the name that is told with a number."""
        if party.name:
            self._names[party.number].add(_shown(party.name))


def _shown(name: str) -> str:
    """Return a name as it is shown: what would be a tag has other brackets."""
    return name.translate(BRACKETS)


# What each attribute has to say; beside the value stand the facts.
_SAYS: Mapping[str, Callable[[Any, Facts], bool]] = {
    "direction": lambda told, facts: told == facts.direction,
    # Whether somebody who tells no number is outside is not told either.
    "scope": lambda told, facts: (
        told == facts.scope or (told is None and None in facts.numbers)
    ),
    "remote_number": lambda told, facts: told in facts.numbers,
    "remote_name": lambda told, facts: facts.is_name(told),
    "dialed_number": lambda told, facts: (
        told == (None if facts.dialed == WITHHELD else facts.dialed)
    ),
    "started": lambda told, facts: facts.started.fits(told),
    "answered": lambda told, facts: (
        told is None if facts.answered is None else facts.answered.fits(told)
    ),
    "recording": lambda told, facts: told is facts.recording,
    "other_calls": lambda told, facts: told == facts.others,
}


def false_attributes(
    told: Mapping[str, Any],
    versions: Iterable[Facts],
    lacking: frozenset[str] | None,
    answers: Iterable[Times],
) -> Iterator[str]:
    """Yield what is told of a call and was not so in any of the versions.

    Some attributes may be `lacking`; all may where this is None. A call that was sent on
    rings anew, and its earlier `answers` may be told still.
    """
    versions = list(versions)
    if not versions or any(facts.is_odd() for facts in versions):
        return
    for name, says in _SAYS.items():
        if name not in told:
            continue
        value = told[name]
        if value is None and (lacking is None or name in lacking):
            continue
        if name == "answered" and any(answer.fits(value) for answer in answers):
            continue
        if not any(says(value, facts) for facts in versions):
            yield f"{name} is {value!r}, is not so by {versions[-1]}"
