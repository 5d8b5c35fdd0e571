"""What the PBX does not tell again: it outlives a link."""

from collections import OrderedDict
from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from .models import Call, Phase

# Seconds between the two snapshots that must both lack an account to remove it.
FORGET_AFTER: Final = 600.0
# Names that are remembered; who calls often stays.
_NAMES_LIMIT: Final = 1000


@dataclass(slots=True)
class Dial:
    """A number that the line dialed through us, and the calls that were up before.

    `shown` is the number that the call of it has, as the PBX writes it.
    """

    number: str
    time: float
    before: set[str]
    shown: str | None = None


class Hold(Enum):
    """How far a hold is that we have toggled; one that others made is not here."""

    ASKED = auto()
    OURS = auto()
    RELEASED = auto()
    DOUBTFUL = auto()


@dataclass(slots=True)
class Memory:
    """What the PBX does not tell again: it outlives a link.

    Since when an account is missing, what we dial, and which calls that made; how often
    in a row `connected` was wrong about the line, by whether it was in a call; and
    whether the line's presence showed its calls, and one that only rang. The calls that
    we hold, and how they and all that were `listed` looked at the end of the last link.
    Further `names` of the tenant; and `called`, the names that calls or the address book gave last, by number,
    the latest at the end.
    """

    absent_since: dict[str, float] = field(default_factory=dict)
    contradictions: dict[bool, int] = field(default_factory=dict)
    presence_shows_calls: bool = False
    presence_shows_ringing: bool = True
    names: set[str] = field(default_factory=set)
    dials: list[Dial] = field(default_factory=list)
    dialed: dict[str, Dial] = field(default_factory=dict)
    called: OrderedDict[str, str] = field(default_factory=OrderedDict)
    holds: dict[str, Hold] = field(default_factory=dict)
    held: dict[str, Call] = field(default_factory=dict)
    listed: dict[str, Call] = field(default_factory=dict)

    def follow_holds(self, listed: Mapping[str, Call]) -> None:
        """Forget a hold of ours that is over, and see one that has come."""
        for call_id, hold in tuple(self.holds.items()):
            call = listed.get(call_id)
            if call is not None and call.phase is None:
                # It could not be read.
                continue
            held = call is not None and call.phase is Phase.HELD
            if hold is Hold.ASKED and held:
                self.holds[call_id] = Hold.OURS
            elif call is None or (hold in (Hold.OURS, Hold.RELEASED) and not held):
                del self.holds[call_id]

    def end_link(self, listed: Mapping[str, Call]) -> None:
        """Keep the calls of the last list of a link, and which are on hold by us."""
        self.listed = dict(listed)
        self.held = {
            call_id: call
            for call_id, hold in self.holds.items()
            if hold in (Hold.OURS, Hold.RELEASED)
            and (call := listed.get(call_id))
            and call.phase is Phase.HELD
        }

    def begin_link(self, listed: Mapping[str, Call]) -> None:
        """Take what is held in the first list of a link, too, for held by us still.

        What has the id of such a call and began at another time is another call. What
        else was asked for over the last link has come to its end with that.
        """
        self.holds = {
            call_id: Hold.OURS
            for call_id, before in self.held.items()
            if (call := listed.get(call_id))
            and call.phase is Phase.HELD
            and call.started == before.started
        }
        self.listed = {}

    def remember_name(self, number: str, name: str) -> None:
        """Keep the name of a number."""
        self.called[number] = name
        self.called.move_to_end(number)
        if len(self.called) > _NAMES_LIMIT:
            self.called.popitem(last=False)


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
