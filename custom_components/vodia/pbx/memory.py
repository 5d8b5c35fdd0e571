"""What the PBX does not tell again: it outlives a link."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

# Seconds between the two snapshots that must both lack an account to remove it.
FORGET_AFTER: Final = 600.0


@dataclass(frozen=True, slots=True)
class Dial:
    """A number that the line dialed through us, and the calls that were up before."""

    number: str
    time: float
    before: set[str]


@dataclass(slots=True)
class Memory:
    """What the PBX does not tell again: it outlives a link.

    Since when an account is missing, what we dial, and which calls that made; how often
    in a row `connected` was wrong about the line, by whether it was in a call; whether
    the line's presence showed its calls, and one that only rang; and further `names` of
    the tenant.
    """

    absent_since: dict[str, float] = field(default_factory=dict)
    contradictions: dict[bool, int] = field(default_factory=dict)
    presence_shows_calls: bool = False
    presence_shows_ringing: bool = True
    names: set[str] = field(default_factory=set)
    dials: list[Dial] = field(default_factory=list)
    dialed: dict[str, Dial] = field(default_factory=dict)


def long_absent(
    since: dict[str, float], lacking: AbstractSet[str], now: float
) -> frozenset[str]:
    """Return what is lacking again after ten minutes; keep since when the rest is."""
    gone = frozenset(
        number
        for number in lacking
        if now - since.setdefault(number, now) >= FORGET_AFTER
    )
    for number in gone:
        del since[number]
    return gone
