"""The tracker of random lives of calls, held against what the engine of the PBX logs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import re
from typing import Any, override

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.models import AccountCall, CallEvent, CallState
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.replies import decode_history
from simulator import model
from simulator.rest_wire import RestWire
from simulator.switches import Switches
from simulator.wire import encode
from tests.support.random_office import (
    ACTIONS,
    ACTS,
    GROUPS,
    HOSTS,
    LINE,
    NAMES,
    PHONES,
    TARGETS,
    Act,
    Office,
    calls_for,
    often,
    truth_of,
)

# An auto attendant, a conference room, and mailboxes.
MACHINES = ("700", "8")
IN_CALL = {CallState.CONNECTED, CallState.HELD}
BEGINS = {
    CallState.RINGING: ["ringing"],
    CallState.DIALING: ["dialing"],
    CallState.CONNECTED: ["answered"],
    CallState.HELD: ["answered", "held"],
}
# The link is lost now and then, and comes back.
LIVES = st.lists(
    st.builds(
        Act,
        st.sampled_from(
            (*ACTIONS, "ring", "attended", "attended", "lose", "return", "mailbox")
        ),
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(TARGETS),
    ),
    max_size=16,
)
DISPLAY = st.fixed_dictionaries(
    {
        "group_ids": st.sampled_from(("one", "one", "per_leg")),
        "answered_to": st.sampled_from(("dialed", "phone")),
        "shrink_extensions": st.just(True),
        "held_word": st.sampled_from(("onhold", "holding")),
        "incoming_word": st.sampled_from(("alerting", "ringing")),
        "dial_presents_as": st.sampled_from(("outgoing", "incoming")),
        "presence_first": st.booleans(),
        "strings": st.booleans(),
    }
)

# How a PBX tells of calls: who calls in a second list, by which numbers, with ids that
# come again, and by a clock that is off.
ODD = st.fixed_dictionaries(
    {
        "late": st.booleans(),
        "numbers": st.sampled_from(({}, {LINE: "+49305550045", "46": "146"})),
        "ids_again": st.booleans(),
        "off": st.sampled_from((0.0, -7200.0, 7200.0)),
    }
)
ADDRESS = re.compile(r"<sip:([^@>]*)@")

type Calls = Mapping[str, AccountCall]
type Steps = list[str]


@dataclass(frozen=True)
class Case:
    """What there was between two looks at an extension, by the engine alone."""

    number: str
    before: Calls
    all_after: Mapping[str, Calls]
    log: list[model.LogEntry]
    records: Mapping[str, model.Record]
    own_calls_only: bool
    gap: bool
    # Whether the legs of a call have its id, or at least the number that was dialed.
    legs_are_tied: bool

    @property
    def after(self) -> Calls:
        """Return the calls of the extension now."""
        return self.all_after[self.number]

    def expected(self) -> Iterator[str]:
        """Yield what is to be told of the calls that were, or are, there."""
        for call_id in self.before.keys() - self.after.keys():
            yield from (f"{call_id} {step}" for step in self._ending(call_id))
        for call_id, call in self.after.items():
            steps = BEGINS[call.state]
            if old := self.before.get(call_id):
                if old.state is call.state:
                    continue
                if old.state in IN_CALL and call.state in IN_CALL:
                    steps = ["held" if call.state is CallState.HELD else "resumed"]
            yield from (f"{call_id} {step}" for step in steps)

    def _ending(self, call_id: str) -> Steps:
        """Return how a call ended, as far as the PBX shows it."""
        call, record = self.before[call_id], self.records.get(call_id)
        if self.gap:
            if self.number != LINE or record is None:
                return ["ended unknown"]
            return self._recorded(record, call)
        mine = [entry for entry in self.log if entry.call_id == call_id]
        ends = [entry for entry in mine if entry.event is model.Event.ENDED]
        if call.state in IN_CALL:
            # Who leaves a call that goes on may have transferred it: nobody tells.
            over = bool(ends) or self.own_calls_only
            return ["ended completed" if over else "ended unknown"]
        if call.state is CallState.DIALING:
            return [
                "ended unanswered" if ends or self.own_calls_only else "ended unknown"
            ]
        if self._goes_on_as_another():
            return ["ended unknown"]
        if ends and self.own_calls_only:
            assert record
            return self._recorded(record, call)
        if ends:
            return ["missed missed", "ended missed"]
        if reached_machine(mine) and not self.own_calls_only:
            return ["missed missed", "ended missed"]
        answered = any(entry.event is model.Event.ANSWERED for entry in mine)
        elsewhere = answered and (not self.own_calls_only or self._another_has(call))
        return ["ended answered_elsewhere" if elsewhere else "ended unknown"]

    def _another_has(self, call: AccountCall) -> bool:
        """Return whether another phone has a call of the extension now."""
        return self.legs_are_tied and any(
            (its := calls.get(call.id))
            and its.state in IN_CALL
            and its.remote == call.remote
            for number, calls in self.all_after.items()
            if number != self.number
        )

    def _goes_on_as_another(self) -> bool:
        """Return whether a consultation became the call that it was about."""
        return any(
            entry.event is model.Event.ENDED
            and entry.details["reason"] == "transferred"
            for entry in self.log
        ) and bool(self.after.keys() - self.before.keys())

    def _recorded(self, record: model.Record, call: AccountCall | None) -> Steps:
        """Return how a call of the line ended by its history; `call` is how we had it."""
        if call and call.state in IN_CALL:
            return ["ended completed"]
        incoming = not record.caller.is_account(LINE)
        if call and incoming and record.called.number.startswith(MACHINES):
            return ["missed missed", "ended missed"]
        if call and (incoming, record.called.number) != (
            call.direction == "incoming",
            call.dialed_number,
        ):
            return ["ended unknown"]
        talked = record.outcomes[LINE] is not None
        if incoming and record.called.internal and record.called.number != LINE:
            return ["ended unknown"]
        if talked:
            return ["answered past", "ended completed"]
        return ["missed missed", "ended missed"] if incoming else ["ended unanswered"]

    def unheard(self, known: set[str]) -> Iterator[str]:
        """Yield what is told of the calls to the line of which its phone did not hear."""
        for call_id, record in self.records.items():
            if call_id not in known and record.called.is_account(LINE):
                yield from (f"{call_id} missed missed", f"{call_id} ended missed")

    def went_by(self, known: set[str], since: float) -> Iterator[str]:
        """Yield what is to be told of the line's calls that nobody has seen."""
        for call_id, record in self.records.items():
            if call_id in known or record.start < since:
                continue
            incoming = not record.caller.is_account(LINE)
            steps = [
                "ringing" if incoming else "dialing",
                *self._recorded(record, None),
            ]
            yield from (f"{call_id} {s.removesuffix(' past')} past" for s in steps)


@dataclass
class Odd(Office):
    """An office whose PBX tells of its calls in odd ways."""

    late: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)
    ids_again: bool = False
    off: float = 0.0
    early: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    @override
    def __post_init__(self) -> None:
        """Put up the phones, with their further numbers."""
        super().__post_init__()
        for number, alias in self.numbers.items():
            self.engine.account(number).aliases = [alias]

    @override
    def tell(self) -> None:
        """Tell both clients; an id is free once its call has left their lists."""
        super().tell()
        if not self.early:
            live = self.engine.calls()
            self.told = {x for c in live for x in (c.id, *c.leg_ids.values())}

    def _id(self, call_id: str) -> str:
        """Return the id that a call is told by: the lowest that no live call has."""
        if not self.ids_again:
            return call_id
        if call_id not in self.ids:
            live = self.engine.calls()
            busy = {x for c in live for x in (c.id, *c.leg_ids.values())} | self.told
            taken = {self.ids[each] for each in busy if each in self.ids}
            self.ids[call_id] = next(f"{n}" for n in range(99) if f"{n}" not in taken)
        return self.ids[call_id]

    def odd(self, told: Any) -> Any:
        """Return what is told in the way of this PBX."""
        if isinstance(told, list):
            return [self.odd(each) for each in told]
        if not isinstance(told, dict):
            return told
        shown = {key: self.odd(value) for key, value in told.items()}
        for key in ("from", "to"):
            if isinstance(party := shown.get(key), str):
                shown[key] = ADDRESS.sub(
                    lambda match: f"<sip:{self.numbers.get(match[1], match[1])}@", party
                )
            number = shown.get(f"{key}-number")
            if isinstance(number, str):
                shown[f"{key}-number"] = self.numbers.get(number, number)
        if isinstance(call_id := shown.get("id"), str):
            outside = "+" in str(told.get("from", "")) + str(told.get("from-number"))
            # Whom it has dialed itself a PBX knows at once.
            clicked = {call.id for call in self.engine.calls() if call.clicked}
            new = call_id not in self.told | clicked
            if self.early and outside and new:
                shown |= {key: "" for key in shown if key.startswith("from")}
            shown["id"] = self._id(call_id)
        return shown

    @override
    def _send(self, state: TenantState, frame: Any, switches: Switches) -> None:
        """Send a frame over the wire, as this PBX has it."""
        super()._send(state, self.odd(frame), switches)


@dataclass
class Life:
    """A random life: what two clients tell of it, and what really happened."""

    office: Odd
    tracker: dict[str, CallTracker] = field(
        default_factory=lambda: {"classic": CallTracker(), "modern": CallTracker()}
    )
    known: set[str] = field(default_factory=set)
    truth: dict[str, Calls] = field(default_factory=dict)
    seen: int = 0
    before: dict[str, list[CallEvent]] = field(default_factory=dict)
    lost: float | None = None

    def look(self) -> None:
        """Take note of what is there now."""
        engine = self.office.engine
        self.truth = {number: truth_of(engine, number).calls for number in PHONES}
        self.known |= self.truth[LINE].keys()
        self.seen = len(engine.log)

    def act(self, act: Act) -> None:
        """Let something happen; nobody looks while the link is lost."""
        office = self.office
        office.now += 5
        if act.action == "lose":
            self.lost = self.lost or office.now
        elif act.action == "attended":
            self._attended(act)
        elif act.action == "mailbox":
            self._divert(act)
        elif act.action != "return":
            office.act(act)

    def _divert(self, act: Act) -> None:
        """Let a mailbox answer one of the calls that ring."""
        rings = [
            call.id
            for call in self.office.engine.calls()
            if call.stage is model.Stage.RINGING and call.rung
        ]
        if rings:
            self.office.engine.divert_to_mailbox(rings[act.which % len(rings)])

    def _attended(self, act: Act) -> None:
        """Let somebody who has two calls join them."""
        engine = self.office.engine
        calls = {
            phone: [call.id for call in engine.calls() if call.talks(phone)]
            for phone in PHONES
        }
        busy = [phone for phone in PHONES if len(calls[phone]) > 1]
        if busy:
            phone = busy[act.who % len(busy)]
            first, second = calls[phone][:2]
            with suppress(model.EngineError):
                engine.attended_transfer(first, second, phone)

    def told(self, dialect: str) -> list[CallEvent]:
        """Return what a client tells now."""
        state, tracker = self.office.states[dialect], self.tracker[dialect]
        now = self.office.now - self.office.off
        history = tuple(map(state.identity.identified_past, self.history(dialect)))
        if self.lost is not None:
            begun = tracker.resync(state, state.extensions, now)
            events = [*tracker.apply_history(state, history, now), *begun]
            return sorted(events, key=lambda event: event.account)
        events = [
            *self.before.pop(dialect, []),
            *tracker.update(state, state.extensions, now),
            *tracker.apply_history(state, history, now),
        ]
        return [event for event in events if not event.again]

    def tell_early(self) -> None:
        """Let the PBX tell of new calls first, and not yet who calls."""
        office = self.office
        if not office.late or self.lost is not None:
            return
        office.early = True
        changed = set(office.changed)
        office.tell()
        office.early, office.changed = False, changed
        for dialect, state in office.states.items():
            now = office.now - office.off
            self.before[dialect] = self.tracker[dialect].update(
                state, state.extensions, now
            )

    def history(self, dialect: str) -> Any:
        """Return the line's history as the PBX tells it."""
        switches = getattr(Switches, dialect)(**self.office.switches)
        wire = RestWire(self.office.engine, switches, "localhost")
        told = (
            wire.summary(LINE, 50, self.office.now, missed=False)
            if dialect == "classic"
            else wire.history(LINE, self.office.now)
        )
        told = self.office.odd(orjson.loads(encode(told, switches)))
        return decode_history(told, LINE, Trace())

    def connect(self) -> None:
        """Begin a new link: all is told anew, what is remembered goes on."""
        for dialect, old in self.office.states.items():
            new = self.office.states[dialect] = TenantState(
                LINE,
                HOSTS,
                known=dict.fromkeys(old.extensions, "extensions"),
                memory=old.memory,
            )
            # The accounts are asked for before the calls.
            new.account_lists.adopt(old.listed_accounts)

    def check(self, act: Act) -> None:
        """Hold what is told against what really happened, and go on from there."""
        before, seen = self.truth, self.seen
        engine = self.office.engine
        self.look()
        records = {
            record.id: record
            for record in engine.tenant("localhost").history
            if LINE in record.outcomes
        }
        for dialect in self.office.states:
            events = self.told(dialect)
            for number in PHONES if dialect == "modern" else (LINE,):
                case = Case(
                    number,
                    before[number],
                    self.truth,
                    engine.log[seen:],
                    records,
                    dialect == "classic",
                    self.lost is not None,
                    self.office.switches["group_ids"] == "one"
                    or self.office.switches["answered_to"] == "dialed",
                )
                told, real = self.spoken(events, number), list(case.expected())
                if number == LINE and self.lost is not None:
                    real += case.went_by(self.known, self.lost)
                elif number == LINE:
                    real += case.unheard(self.known)
                if self.is_ambiguous():
                    told, real = without_reasons(told), without_reasons(real)
                assert sorted(told) == sorted(real), (dialect, number, act)
        self.known |= records.keys()
        self.lost = None

    def spoken(self, events: list[CallEvent], number: str) -> Steps:
        """Return the events of an account in the words of `expected`."""
        engine = self.office.engine
        # Ids come again, and the classic history knows none: a start is of one call.
        calls: list[model.Record | model.Call] = [
            *engine.tenant("localhost").history,
            *engine.calls(),
        ]
        starts = {round(call.start, 3): call.id for call in calls}
        return [
            f"{starts[round(event.call.started or 0, 3)]} {event.type}"
            + (f" {event.end_reason}" if event.end_reason else "")
            + (" past" if event.past else "")
            for event in events
            if event.account == number
        ]

    def is_ambiguous(self) -> bool:
        """Return whether a call may be a leg of another: one that calls the same twice."""
        log = self.office.engine.log
        calls = [
            (entry.details["from"], entry.details["to"])
            for entry in log
            if entry.event is model.Event.CREATED
        ]
        return len(calls) != len(set(calls))


def reached_machine(log: Iterable[model.LogEntry]) -> bool:
    """Return whether a machine was the last to answer a call."""
    answered = [e.account for e in log if e.event is model.Event.ANSWERED]
    return bool(answered) and (answered[-1] or "").startswith(MACHINES)


def expected_of_group(
    before: Mapping[str, CallState],
    after: Mapping[str, CallState],
    log: list[model.LogEntry],
) -> list[str]:
    """Return what happened to the calls that are for a group."""
    told = []
    for call_id in before.keys() - after.keys():
        over = any(
            entry.call_id == call_id and entry.event is model.Event.ENDED
            for entry in log
        )
        if before[call_id] in IN_CALL:
            told.append(f"{call_id} ended {'completed' if over else 'unknown'}")
        elif over or reached_machine(e for e in log if e.call_id == call_id):
            told += [f"{call_id} missed missed", f"{call_id} ended missed"]
        else:
            told.append(f"{call_id} ended unknown")
    for call_id, state in after.items():
        old = before.get(call_id)
        if old in IN_CALL and state in IN_CALL and old is not state:
            told.append(f"{call_id} {'held' if state is CallState.HELD else 'resumed'}")
        elif old is not state:
            told += [f"{call_id} {step}" for step in BEGINS[state]]
    return sorted(told)


def is_open(office: Office) -> bool:
    """Return whether the wire leaves open what is for a group.

    A phone calls and no other rings: its own may be the first to. Or somebody calls
    twice: either call may be a leg of the other.
    """
    calls = office.engine.calls()
    return len(calls) > len({call.caller.number for call in calls}) or any(
        call.caller.internal
        and call.stage is not model.Stage.CONNECTED
        and not set(call.rung) - {call.caller.number}
        for call in calls
    )


def spoken(events: list[CallEvent], number: str) -> Steps:
    """Return the events of an account in the words of `expected_of_group`."""
    return sorted(
        f"{event.call.id} {event.type}"
        + (f" {event.end_reason}" if event.end_reason else "")
        for event in events
        if event.account == number
    )


def without_reasons(steps: Steps) -> Steps:
    """Return the steps less what tells how a call ended."""
    return [
        " ".join(step.split()[:2])
        for step in steps
        if step.split()[1] not in ("missed", "answered") or "missed" not in step
    ]


@pytest.mark.timeout(300)
@often(10)
@given(DISPLAY, NAMES, ODD, LIVES)
def test_thousand_lives(
    switches: Mapping[str, Any],
    names: Mapping[str, str],
    odd: Mapping[str, Any],
    acts: list[Act],
) -> None:
    """Nothing is missing, nothing is too much, nothing is wrong; no proof, no reason."""
    life = Life(Odd(switches, names, **odd))
    office = life.office
    office.tell()
    for dialect, state in office.states.items():
        assert life.tracker[dialect].resync(state, state.extensions, office.now) == []
        assert life.tracker[dialect].apply_history(state, (), office.now) == []
    life.look()
    per_leg = switches["group_ids"] == "per_leg"
    for act in (*acts, Act("return", 0, 0, "")):
        lost = life.lost is not None
        calls = truth_of(office.engine, PHONES[act.who]).calls
        if act.action in ("register", "dnd") and (calls or lost):
            # Whether a phone that goes away still rings is left open until the call ends.
            continue
        if act.action == "dial" and lost:
            # Nobody dials through Home Assistant then.
            continue
        if act.action in ("transfer", "attended") and per_leg:
            # A leg of a group that is transferred is another call from then on.
            continue
        rings = any(call.rung for call in office.engine.calls())
        if act.action == "transfer" and act.whom == "5" and rings:
            # Where a call waits that nobody took, nothing proves why it rings no more.
            continue
        life.act(act)
        if life.lost is not None and act.action != "return":
            continue
        if life.lost is not None:
            life.connect()
        life.tell_early()
        office.tell()
        life.check(act)


@pytest.mark.timeout(180)
@often(3)
@given(DISPLAY, NAMES, ACTS)
def test_lives_of_groups(
    switches: Mapping[str, Any], names: Mapping[str, str], acts: list[Act]
) -> None:
    """The same for groups, whose calls the tenant's stream tells in full."""
    one_id = {"group_ids": "one", "answered_to": "dialed"}
    office, tracker = Office({**switches, **one_id}, names), CallTracker()
    office.tell()
    state = office.states["modern"]
    tracker.resync(state, state.accounts, office.now)
    truth = {number: calls_for(office.engine, number) for number in GROUPS}
    for act in acts:
        seen = len(office.engine.log)
        office.act(act)
        if is_open(office):
            break
        office.tell()
        events = tracker.update(state, state.accounts, office.now)
        for number in GROUPS:
            after = calls_for(office.engine, number)
            real = expected_of_group(truth[number], after, office.engine.log[seen:])
            assert spoken(events, number) == real, (number, act)
            truth[number] = after


def test_order_within_an_account() -> None:
    """What ends is told before what begins, and `missed` right before `ended`."""
    office = Office({"shrink_extensions": True}, {})
    tracker = CallTracker()
    office.tell()
    state = office.states["modern"]
    tracker.resync(state, state.extensions, 0)
    missed = office.engine.ring("+4930123456", "46")
    office.tell()
    tracker.update(state, state.extensions, 1)
    office.engine.hang_up(missed)
    office.engine.ring("+4930654321", "46")
    office.tell()
    events = tracker.update(state, state.extensions, 2)
    assert [str(event.type) for event in events] == ["missed", "ended", "ringing"]


def test_consultation_that_is_transferred() -> None:
    """Who rings for a consultation and gets the call itself has not missed anything."""
    office = Office({"shrink_extensions": True}, {})
    tracker = CallTracker()
    office.tell()
    state = office.states["modern"]
    tracker.resync(state, state.extensions, 0)
    told: list[str] = []

    def step() -> None:
        """Take in what there is now."""
        office.tell()
        told.extend(
            f"{event.type} {event.end_reason}"
            for event in tracker.update(state, list(state.extensions), office.now)
            if event.account == LINE
        )

    first = office.engine.ring("+4930123456", "46")
    office.engine.answer(first, "46")
    step()
    second = office.engine.ring("46", LINE)
    step()
    office.engine.attended_transfer(first, second, "46")
    step()
    assert told == ["ringing None", "ended unknown", "ringing None"]
