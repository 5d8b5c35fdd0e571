"""Which calls we dialed: the PBX rings the desk phone first, as if it were called."""

from collections.abc import Iterable, Mapping
from copy import replace
from typing import Final

from ..assumptions import Assumption
from ..models import Call, Party
from ..number_matching import same_number
from ..trace import Trace
from ..wire.calls import CallList
from .memory import Dial
from .observed import Observed

# Seconds in which a new call can be the one that we dialed.
DIAL_WINDOW: Final = 30.0


class Dials:
    """Recognise the calls that lines dial through us.

    What is dialed, and which calls are, outlives a link: it is in the memory.
    """

    def __init__(self, observed: Observed, trace: Trace) -> None:
        """Recognise them in what is observed."""
        self._observed = observed
        self._memory = observed.memory
        self._trace = trace

    def expect(self, number: str, now: float, line: str | None = None) -> Dial:
        """Note that the line, or another one of ours, dials a number now."""
        dial = Dial(
            line or self._observed.line, number, now, set(self._observed.listed)
        )
        self._memory.dials.append(dial)
        return dial

    def cancel(self, dial: Dial) -> bool:
        """Expect the call of a dialing no more; return False if it is there already."""
        memory = self._memory
        if dial in memory.dialed.values():
            return False
        memory.dials = [other for other in memory.dials if other is not dial]
        return True

    def mark_dialed(
        self,
        calls: list[Call],
        received: CallList,
        now: float,
        uncertain: frozenset[str],
    ) -> list[Call]:
        """Return the calls of a list, those that we dialed as ones that their line makes.

        The list was `received` with them. What is `uncertain` it lacks, and may go on.
        """
        memory = self._memory
        if not memory.dials and not memory.dialed:
            return calls
        memory.dials = [d for d in memory.dials if now - d.time <= DIAL_WINDOW]
        for dial in memory.dials if received.complete else ():
            # An id may come again once its call has left the list.
            dial.before.intersection_update(call.id for call in received.calls)
        only = self._only_new_calls(received.calls) if memory.dials else {}
        dialed = {i: dial for i, dial in memory.dialed.items() if i in uncertain}
        calls = [self._dialed_call(call, dialed, only) for call in calls]
        memory.dialed = dialed
        return calls

    def _only_new_calls(self, calls: Iterable[Call]) -> dict[str, str]:
        """Return by id the lines that have made that call alone since they dialed once."""
        memory, only = self._memory, dict[str, str]()
        before = frozenset[str]().union(*(dial.before for dial in memory.dials))
        for dial in memory.dials:
            made = {
                call.id
                for call in calls
                if self._observed.is_made_by(call, dial.line)
                and call.id not in before
                and call.id not in memory.dialed
            }
            if (
                len(made)
                == [other.line for other in memory.dials].count(dial.line)
                == 1
            ):
                only[made.pop()] = dial.line
        return only

    def _dialed_call(
        self, call: Call, dialed: dict[str, Dial], only: Mapping[str, str]
    ) -> Call:
        """Return a call that we dialed as one that its line makes, and note it."""
        # It is so no more when one of the two has left it.
        dial = before = self._memory.dialed.get(call.id)
        dial = dial or self._claim(call, only)
        if dial is None:
            return call
        observed, line, other = self._observed, dial.line, _other_end(call, dial.line)
        if before and other.number == line and not call.caller.number:
            listed = observed.listed.get(call.id)
            if listed and listed.caller.number == line:
                # Only our own end is listed by now.
                other = Party()
        if not self._has_end(call, line) or (
            other.number not in (None, dial.shown)
            and not same_number(other.number, dial.shown, observed.country)
        ):
            return call
        dialed[call.id] = dial
        if call.caller.number == line:
            return call
        return replace(call, caller=Party(line), callee=other, alias=None)

    def _claim(self, call: Call, only: Mapping[str, str]) -> Dial | None:
        """Return the dialing that a call comes of."""
        # It is the first new one of the line with the dialed number at the other end,
        # or the `only` new one that the line makes: the PBX may write the number as it
        # likes.
        for dial in self._memory.dials:
            number = _other_end(call, dial.line).number
            shows_it = same_number(number, dial.number, self._observed.country)
            if (
                call.id not in dial.before
                and self._has_end(call, dial.line)
                and (shows_it or only.get(call.id) == dial.line)
            ):
                self._memory.dials.remove(dial)
                self._trace.observe(Assumption.DIALED_CALL_SHOWS_THE_NUMBER, shows_it)
                dial.shown = dial.number if shows_it else number
                return dial
        return None

    def _has_end(self, call: Call, line: str) -> bool:
        """Return whether a line is at one end of a call; if none calls, it is involved."""
        return line in (call.caller.number, call.callee.number) or (
            not call.caller.number and line in self._observed.accounts_of(call)
        )


def _other_end(call: Call, line: str) -> Party:
    """Return with whom a line has a call."""
    makes_it = call.caller.number == line or not call.caller.number
    return call.callee if makes_it else call.caller
