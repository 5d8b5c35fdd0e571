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
# Seconds by which a time may differ that is sent to the millisecond, or was heard.
_SENT, _HEARD = 0.01, 2.0


@dataclass(frozen=True, slots=True)
class Times:
    """A moment by the clock of the PBX, and by that of Home Assistant."""

    pbx: float
    home: float

    def fits(self, text: object) -> bool:
        """Return whether a text is this moment."""
        try:
            value = datetime.fromisoformat(str(text)).timestamp()
        except ValueError:
            return False
        return abs(value - self.pbx) < _SENT or abs(value - self.home) < _HEARD


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

    def is_name(self, value: str | None) -> bool:
        """Return whether a name is right, or was so before where the call has none."""
        known = {name for names in self.known for name in names}
        return value in self.names or (not self.names and (not value or value in known))

    def is_odd(self) -> bool:
        """Return whether a star code was dialed, of which little is known."""
        return self.dialed.startswith("*")


class Reader:
    """Read the facts of calls, and remember which names came with a number."""

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
        """Remember the name that comes with a number."""
        if party.name:
            self._names[party.number].add(_shown(party.name))


def _shown(name: str) -> str:
    """Return a name as it is shown: what would be a tag has other brackets."""
    return name.translate(BRACKETS)


# What each attribute has to say; beside the value stand the facts.
_SAYS: Mapping[str, Callable[[Any, Facts], bool]] = {
    "direction": lambda value, facts: value == facts.direction,
    # Whether somebody who withholds the number is outside is open as well.
    "scope": lambda value, facts: (
        value == facts.scope or (value is None and None in facts.numbers)
    ),
    "remote_number": lambda value, facts: value in facts.numbers,
    "remote_name": lambda value, facts: facts.is_name(value),
    "dialed_number": lambda value, facts: (
        value == (None if facts.dialed == WITHHELD else facts.dialed)
    ),
    "started": lambda value, facts: facts.started.fits(value),
    "answered": lambda value, facts: (
        value is None if facts.answered is None else facts.answered.fits(value)
    ),
    "recording": lambda value, facts: value is facts.recording,
    "other_calls": lambda value, facts: value == facts.others,
}


def false_attributes(
    reported: Mapping[str, Any],
    versions: Iterable[Facts],
    lacking: frozenset[str] | None,
    answers: Iterable[Times],
) -> Iterator[str]:
    """Yield what is reported of a call and was not so in any of the versions.

    Some attributes may be `lacking`; all may where this is None. A call that was sent on
    rings again, and its earlier `answers` may be shown still.
    """
    versions = list(versions)
    if not versions or any(facts.is_odd() for facts in versions):
        return
    for name, says in _SAYS.items():
        if name not in reported:
            continue
        value = reported[name]
        if value is None and (lacking is None or name in lacking):
            continue
        if name == "answered" and any(answer.fits(value) for answer in answers):
            continue
        if not any(says(value, facts) for facts in versions):
            yield f"{name} is {value!r}, is not so by {versions[-1]}"
