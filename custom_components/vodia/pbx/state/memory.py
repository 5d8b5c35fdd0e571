"""What the PBX does not repeat: it outlives a link."""

from collections import OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from ..models import Call
from .holds import Holds
from .turns import Turns

# Seconds between the two snapshots that must both lack an account to remove it.
FORGET_AFTER: Final = 600.0
# Names that are remembered; who calls often stays.
_NAMES_LIMIT: Final = 1000


@dataclass(slots=True)
class Dial:
    """A number that a line dialed through us, and the calls that were up before.

    `shown` is the number that the call of it has, as the PBX writes it.
    """

    line: str
    number: str
    time: float
    before: set[str]
    shown: str | None = None


@dataclass(slots=True)
class Memory:
    """What the PBX does not repeat: it outlives a link.

    `presence_shows_calls` and `presence_shows_ringing` are about the line's own presence.
    """

    # By account: since when it is missing.
    absent_since: dict[str, float] = field(default_factory=dict)
    # How often in a row `connected` was wrong about the line, by whether it was in a call.
    contradictions: dict[bool, int] = field(default_factory=dict)
    presence_shows_calls: bool = False
    presence_shows_ringing: bool = True
    # Further names of the tenant.
    names: set[str] = field(default_factory=set)
    dials: list[Dial] = field(default_factory=list)
    dialed: dict[str, Dial] = field(default_factory=dict)
    # The names that calls or the address book gave last, by number, the latest at the end.
    called: OrderedDict[str, str] = field(default_factory=OrderedDict)
    holds: Holds = field(default_factory=Holds)
    listed: dict[str, Call] = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)

    def remember_name(self, number: str, name: str) -> None:
        """Keep the name of a number."""
        self.called[number] = name
        self.called.move_to_end(number)
        if len(self.called) > _NAMES_LIMIT:
            self.called.popitem(last=False)


def expire_absent(
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
