"""What is reported of calls, held against what happened: each call exactly once, and rightly."""

from collections.abc import Callable, Container, Iterator, Mapping
from itertools import groupby
import math
from typing import Any

from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers.entity_registry import RegistryEntry

from .calls import AccountCall
from .clock import waited
from .facts import false_attributes
from .history import History, Pair
from .home import Home
from .office import LINE, REGULAR, Office

# What comes with an end, and with no proof is left out.
_NEVER_SURE = {"missed", "transferred"}
# What triggers fire for.
_FIRED = ("ringing", "dialing", "answered", "ended")
# Seconds that proof of an end is sought.
_PROOF = 4.0
# Reasons that contradict what happened.
_FALSE_OF_TALK = {"missed", "answered_elsewhere", "unanswered"}
_FALSE_OF_OUTGOING = {"missed", "answered_elsewhere", "completed"}
_FALSE_OF_INCOMING = {"unanswered", "completed"}


class EventLog:
    """Log what entities, events and triggers report of calls, and judge it.

    `whole` is whether the PBX tells all calls of all accounts, or only those of the line.
    """

    def __init__(
        self, home: Home, slack: Callable[[], float], office: Office, *, whole: bool
    ) -> None:
        """Begin to log."""
        self.history = History(home.pbx.engine, office, home.clock)
        self.events = 0
        self.firings = 0
        self.triggered: frozenset[str] = frozenset()
        self._hass = home.hass
        self._slack = slack
        self._whole = whole
        # Whether a call that is for somebody rings there may be open.
        self._lacking = frozenset({"other_calls"} if whole else {"answered"})
        self._accounts: dict[str, str] = {}
        self._sensors: dict[str, str] = {}
        self._noted: list[str] = []
        home.hass.bus.async_listen("state_changed", self._on_state)

    def take_entities(self, entities: dict[Pair, RegistryEntry]) -> None:
        """Take note of which entities report the calls of extensions."""
        self.history.find_phones()

        def named(key: str) -> dict[str, str]:
            """Return the extensions by their entities of a key."""
            return {
                entity.entity_id: number
                for (number, name), entity in entities.items()
                if name == key and number in self.history.phones
            }

        self._accounts = named("event call")
        self._sensors = named("call")

    def forget(self, but: Container[str]) -> None:
        """Forget the calls that are over and reported, and the names of some numbers."""
        self.take_noted()
        self.history.forget(but)

    def _is_sure(self, number: str) -> bool:
        """Return whether all that there is of an account is reported."""
        return self._whole or number == LINE

    # What is reported

    @callback
    def _on_state(self, event: Event[EventStateChangedData]) -> None:
        """Note what is reported."""
        new, old = event.data["new_state"], event.data["old_state"]
        entity_id = event.data["entity_id"]
        if new is None or "call_id" not in new.attributes:
            return
        if number := self._sensors.get(entity_id):
            if new.state != "unavailable":
                self._judge_sensor(number, new.state, new.attributes, self._slack())
            return
        if (number := self._accounts.get(entity_id)) is None:
            return
        if old and (old.state, old.attributes) == (new.state, new.attributes):
            return
        if old is None or "unavailable" in (old.state, new.state):
            # It comes back, with what it reported last.
            return
        self.events += 1
        kind, call_id = str(new.attributes["event_type"]), new.attributes["call_id"]
        call = self.history.calls[number, call_id]
        call.unsure |= new.attributes["backfilled"] or self.history.deaf
        call.reported.append(kind)
        if self._is_of_unheard(number, call, new.attributes["remote_number"]):
            return
        self._judge(number, call_id, f"{kind} of {number}", new.attributes)
        if kind == "ended":
            self._judge_reason(number, call_id, call, new.attributes["end_reason"])
        if kind not in _NEVER_SURE:
            self._judge_time(number, call_id, call)

    @callback
    def fire(self, kind: str, number: str, data: Mapping[str, Any]) -> None:
        """Note that a trigger of an extension has fired."""
        self.firings += 1
        call_id = data["call_id"]
        call = self.history.calls[number, call_id]
        call.fired[kind] += 1
        if self._is_of_unheard(number, call, data["remote_number"]):
            return
        self._judge(number, call_id, f"trigger {kind} of {number}", data)
        if number not in data["extensions"]:
            self._noted.append(
                f"trigger {kind} of {number} is for {data['extensions']}"
            )

    def judge_shown(self) -> None:
        """Look at all calls that are shown at a quiet moment."""
        for entity_id, number in self._sensors.items():
            state = self._hass.states.get(entity_id)
            if state and "call_id" in state.attributes:
                self._judge_sensor(number, state.state, state.attributes, 0)

    def _is_of_unheard(
        self, number: str, call: AccountCall, caller: str | None
    ) -> bool:
        """Return whether a call never rang: the phone was not to be heard."""
        if not call.real and set(call.reported) <= {"missed", "ended"}:
            call.unheard |= self.history.never_rang(number, caller)
        return call.unheard

    def _judge(
        self, number: str, call_id: str, what: str, data: Mapping[str, Any]
    ) -> None:
        """Note what is reported of a call and is not so."""
        call = self.history.calls[number, call_id]
        sure = self._is_sure(number) and not call.unsure
        found = [
            *false_attributes(
                data,
                call.during(self._slack() + _PROOF if sure else math.inf),
                self._lacking if sure else None,
                self.history.answers[call_id],
            )
        ]
        if sure and call.real and not call.is_duration(data["duration"]):
            found.append(f"duration is {data['duration']}, is {call.stretches}")
        self._noted += [f"in {what}, {call_id}: {one}" for one in found]

    def _judge_sensor(
        self, number: str, state: str, shown: Mapping[str, Any], seconds: float
    ) -> None:
        """Note what is shown of a call and has not been so for some seconds."""
        call_id = shown["call_id"]
        call = self.history.calls.get((number, call_id))
        sure = self._is_sure(number) and not self.history.deaf
        if call is None:
            if sure:
                self._noted.append(f"{number} shows a call {call_id} that is not there")
            return
        sure = sure and not call.unsure
        versions = call.during(seconds if sure else math.inf)
        if sure and state not in {facts.state for facts in versions}:
            self._noted.append(f"{number} shows {call_id} as {state}, is {versions}")
        lacking, answers = self._lacking if sure else None, self.history.answers
        self._noted += [
            f"call of {number}, {call_id}: {one}"
            for one in false_attributes(shown, versions, lacking, answers[call_id])
        ]

    def _judge_time(self, number: str, call_id: str, call: AccountCall) -> None:
        """Note a step that is reported too late."""
        steps = [step for step in call.reported if step not in _NEVER_SURE]
        last = len(steps) - 1
        if call.unsure or not self._is_sure(number) or call.real[: last + 1] != steps:
            return
        late = waited() - call.times[last]
        limit = self._slack() + (_PROOF if steps[last] == "ended" else 0)
        if late > limit:
            self._noted.append(
                f"{number} {call_id} is reported as {steps[last]} {late:.1f} s late"
            )

    def _judge_reason(
        self, number: str, call_id: str, call: AccountCall, reason: str
    ) -> None:
        """Note a reason that is not true; a call that is sent on has several ends."""
        if call_id in self.history.moved or not call.real or not call.versions:
            return
        answered = self.history.answered[call_id]
        outgoing = any(facts.direction == "outgoing" for _, facts in call.versions)
        if call.talked:
            false = set() if call.unsure else set(_FALSE_OF_TALK)
            false |= {"missed"} if number in answered else set()
        elif outgoing:
            false = _FALSE_OF_OUTGOING
        else:
            elsewhere = answered & self.history.phones
            false = _FALSE_OF_INCOMING | (
                {"missed"} if elsewhere else {"answered_elsewhere"}
            )
            if number in answered:
                false |= {"missed"}
        if reason in false:
            self._noted.append(
                f"{number} {call_id} ended {reason}, answered by {sorted(answered)}:"
                f" {call.real}"
            )

    # What is not so

    def take_noted(self) -> list[str]:
        """Return what has been noted so far, of calls whose id is used again as well."""
        for pair, call in self.history.replaced:
            self._noted += self._mismatches_of(*pair, call)
        self.history.replaced.clear()
        return self._noted

    def mismatches(self) -> Iterator[str]:
        """Yield what is reported falsely, twice or not at all."""
        yield from self.take_noted()
        for pair, call in self.history.calls.items():
            yield from self._mismatches_of(*pair, call)

    def _mismatches_of(
        self, number: str, call_id: str, call: AccountCall
    ) -> Iterator[str]:
        """Yield what is wrong in what was reported of a call of an account."""
        if call.unheard:
            twice = call.reported.count("ended") > 1
            if twice or max(call.fired.values(), default=0) > 1:
                yield (
                    f"{number} {call_id}, which never rang,"
                    f" is reported as {call.reported}"
                )
            return
        real = call.real
        reported = [step for step in call.reported if step not in _NEVER_SURE]
        sound = reported == real
        if not self._whole:
            # The end of a call that comes back is not reported while proof is sought.
            sound = _without_returns(reported) == _without_returns(real)
        unsure = call.unsure or not self._is_sure(number)
        if unsure:
            sound = reported.count("ended") <= max(real.count("ended"), 1)
            # Whether what was reported has its end, and only if the call has.
            sound &= (
                not reported
                or not self._whole
                or (reported[-1] == "ended") is (call.state is None)
            )
        if not sound:
            yield f"{number} {call_id} is reported as {reported}, is {real}"
        if number in self.triggered:
            yield from _mismatches_of_triggers(number, call_id, call, unsure)


def _mismatches_of_triggers(
    number: str, call_id: str, call: AccountCall, unsure: bool
) -> Iterator[str]:
    """Yield what is wrong in how triggers have fired for a call: once for each kind."""
    for kind in (*_FIRED, "regular"):
        due = kind in call.real
        if kind == "ended":
            # The end of a call that comes back may not be reported.
            due = call.state is None
        if kind == "regular":
            due = any(
                facts.state == "ringing" and REGULAR in facts.numbers
                for _, facts in call.versions
            )
        fired = call.fired[kind]
        # A call that comes back after its end is another one, or the same.
        most = call.real.count("ringing" if kind == "regular" else kind)
        if fired > most or (due and not fired and not unsure):
            yield f"{number} {call_id} fired {kind} {fired} times, is {call.real}"
    if call.fired["missed"] > ("missed" in call.reported):
        yield f"{number} {call_id} fired missed, and it is not reported so"
    elif not unsure and call.fired["missed"] < ("missed" in call.reported):
        yield f"{number} {call_id} is missed, and no trigger has fired"


def _without_returns(steps: list[str]) -> list[str]:
    """Return steps less the ends of a call that came back, and what that repeats."""
    went_on = [step for step in steps[:-1] if step != "ended"] + steps[-1:]
    return [step for step, _ in groupby(went_on)]
