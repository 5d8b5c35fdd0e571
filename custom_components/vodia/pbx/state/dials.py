"""Which calls we dialed: the PBX rings the desk phone first, as if it were called."""

from collections.abc import Iterable
from copy import replace
from typing import Final

from ..models import Call, Party
from ..number_matching import same_number
from ..wire.calls import CallList
from .evidence import Evidence
from .memory import Dial
from .observed import Observed

# Seconds in which a new call can be the one that we dialed.
DIAL_WINDOW: Final = 30.0


class Dials:
    """Recognise the calls that the line dials through us.

    What is dialed, and which calls are, outlives a link: it is in the memory.
    """

    def __init__(self, observed: Observed, evidence: Evidence) -> None:
        """Recognise them in what is observed."""
        self._observed = observed
        self._memory = observed.memory
        self._evidence = evidence

    def expect(self, number: str, now: float) -> Dial:
        """Note that the line dials a number now."""
        dial = Dial(number, now, set(self._observed.listed))
        self._memory.dials.append(dial)
        return dial

    def cancel(self, dial: Dial) -> bool:
        """Expect the call of a dialing no more; return False if it is there already."""
        memory = self._memory
        if dial in memory.dialed.values():
            return False
        memory.dials = [other for other in memory.dials if other is not dial]
        return True

    def applied(
        self,
        calls: list[Call],
        received: CallList,
        now: float,
        uncertain: frozenset[str],
    ) -> list[Call]:
        """Return the calls of a list, those that we dialed as ones that the line makes.

        The list was `received` with them. What is `uncertain` it lacks, and may go on.
        """
        memory = self._memory
        if not memory.dials and not memory.dialed:
            return calls
        memory.dials = [d for d in memory.dials if now - d.time <= DIAL_WINDOW]
        for dial in memory.dials if received.complete else ():
            # An id may come again once its call has left the list.
            dial.before.intersection_update(call.id for call in received.calls)
        only = self._only_new_call(received.calls) if memory.dials else None
        dialed = {i: dial for i, dial in memory.dialed.items() if i in uncertain}
        calls = [self._dialed_call(call, dialed, only) for call in calls]
        memory.dialed = dialed
        return calls

    def _only_new_call(self, calls: Iterable[Call]) -> str | None:
        """Return the id of the only call that the line has made since it dialed."""
        memory, observed = self._memory, self._observed
        before = frozenset[str]().union(*(dial.before for dial in memory.dials))
        made = {
            call.id
            for call in calls
            if observed.is_made_by(call, observed.line)
            and call.id not in before
            and call.id not in memory.dialed
        }
        return made.pop() if len(made) == len(memory.dials) == 1 else None

    def _dialed_call(
        self, call: Call, dialed: dict[str, Dial], only: str | None
    ) -> Call:
        """Return a call that we dialed as one that the line makes, and note it.

        Ours is the first new call of the line with the dialed number as the other party,
        or the `only` new one that the line makes: the PBX may write the number as it
        likes. It is so no more when one of the two has left it.
        """
        observed, line = self._observed, self._observed.line
        country = observed.country
        makes_it = call.caller.number == line
        other = call.callee if makes_it or not call.caller.number else call.caller
        named = line in (call.caller.number, call.callee.number)
        is_ours = named or (not call.caller.number and line in observed.members(call))
        dial = self._memory.dialed.get(call.id)
        if dial is None:
            dial = self._claim(call, other, only) if is_ours else None
            if dial is None:
                return call
        elif other.number == line and not call.caller.number:
            before = observed.listed.get(call.id)
            if before and before.caller.number == line:
                # Only our own end is listed by now.
                other = Party()
        if not is_ours or (
            other.number not in (None, dial.shown)
            and not same_number(other.number, dial.shown, country)
        ):
            return call
        dialed[call.id] = dial
        if makes_it:
            return call
        return replace(call, caller=Party(line), callee=other, alias=None)

    def _claim(self, call: Call, other: Party, only: str | None) -> Dial | None:
        """Return the dialing that a call of the line, with another, comes of."""
        for dial in self._memory.dials:
            shows_it = same_number(other.number, dial.number, self._observed.country)
            if call.id not in dial.before and (call.id == only or shows_it):
                self._memory.dials.remove(dial)
                self._evidence.check_dialed(shows_number=shows_it)
                dial.shown = dial.number if shows_it else other.number
                return dial
        return None
