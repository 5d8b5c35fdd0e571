"""An office in which anything happens, by the engine of the simulator; all is made up."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
from random import Random
import re
from types import MappingProxyType
from typing import Any, Final
import unicodedata

from hypothesis import settings, strategies as st
import orjson

from custom_components.vodia.pbx.models import (
    EXTENSION,
    AccountCall,
    CallScope,
    CallState,
    Direction,
    Party,
)
from custom_components.vodia.pbx.numbering import is_number
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, decode
from custom_components.vodia.pbx.wire.party import decoded, is_placeholder
from custom_components.vodia.pbx.wire.replies import decode_accounts
from simulator import engine as sim, model
from simulator.rest_wire import RestWire
from simulator.switches import Switches
from simulator.wire import Wire, encode as write

type Json = dict[str, Any]
LINE: Final = "45"
HOSTS: Final = frozenset({"localhost", "tenant"})
OUTSIDE: Final = "+4930123456"


def often(times: int) -> settings:
    """Return the settings for a property that is cheap, or dear, to check."""
    return settings(max_examples=settings().max_examples * times)


def new_state(**kwargs: Any) -> TenantState:
    """Return a state that has been told nothing."""
    return TenantState(LINE, HOSTS, **kwargs)


# What turns the direction of the text that follows.
TURNS: Final = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}


def line(text: str) -> str:
    """Return a text in one line, without what is no text, and without markup."""
    text = "".join(
        " "
        if char in TURNS
        or char in "\ufffe\uffff"
        or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        else char
        for char in text
    )
    if re.search("<[A-Za-z/!?]", text):
        text = text.replace("<", "\u2039").replace(">", "\u203a")
    for parted in ("![", "](", "][", "]:"):
        text = text.replace(parted, " ".join(parted))
    return " ".join(text.split())


def told_name(name: str) -> str | None:
    """Return what is kept of a name: one line that has a letter or a picture."""
    text = line(decoded(name))
    kinds = {unicodedata.category(char)[0] for char in text}
    if kinds <= set("PZ") or is_number(text) or is_placeholder(text):
        return None
    return text


def take_rest(
    state: TenantState,
    entries: Iterable[Json],
    now: float = 0,
    types: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Feed a REST reply, of extensions unless told; the absence of others is proven."""
    listed = decode_accounts(orjson.loads(orjson.dumps(list(entries))), Trace())
    accounts = tuple(
        replace(account, type=types.get(account.number, EXTENSION))
        for account in listed
    )
    state.apply(AccountsSnapshot(accounts), now)


PHONES: Final = (LINE, "46", "47", "48")
GROUPS: Final = ("500", "501", "600")
# Two reachable outside parties, two groups, a queue, an attendant, a room and an orbit.
TARGETS: Final = (
    *PHONES,
    OUTSIDE,
    "+33155501777",
    "500",
    "501",
    "600",
    "700",
    "800",
    "5",
)
ACTIONS: Final = (
    *("ring", "ring in", "ring in", "dial", "answer", "answer", "answer"),
    *("hold", "resume", "transfer", "reject", "hang up"),
    *("register", "dnd", "chat", "record"),
)


@dataclass(frozen=True)
class Act:
    """Something that happens at the PBX; the numbers choose among what there is."""

    action: str
    which: int
    who: int
    whom: str


@dataclass
class Office:
    """A PBX, as itself and as two clients see it, one of each dialect."""

    switches: Mapping[str, Any]
    names: Mapping[str, str]
    engine: sim.Engine = field(init=False)
    # Where a phone that only rings is not busy, the classic dialect is at fault.
    classic_only: Mapping[str, Any] = field(
        default_factory=lambda: {"code_while_ringing": True}
    )
    states: dict[str, TenantState] = field(
        default_factory=lambda: {"classic": new_state(), "modern": new_state()}
    )
    changed: set[str] = field(default_factory=set)
    now: float = 1000.0

    def __post_init__(self) -> None:
        """Put up the phones."""
        self.engine = sim.Engine(self._clock)
        self.engine.tenants["localhost"] = model.Tenant("localhost")
        for number in PHONES:
            name = self.names.get(number, "")
            self.engine.add_account(number, name, registered=True)
        for number, kind, members in (
            ("500", model.AccountType.RING_GROUP, PHONES[:3]),
            ("501", model.AccountType.RING_GROUP, PHONES[1:]),
            ("600", model.AccountType.QUEUE, PHONES),
            ("700", model.AccountType.ATTENDANT, ()),
            ("800", model.AccountType.CONFERENCE, ()),
            ("5", model.AccountType.ORBIT, ()),
        ):
            self.engine.add_account(number, f"Account {number}", kind, members=members)
        self.engine.listeners.append(self._note)

    def _note(self, change: model.Change | model.Message) -> None:
        """Note who has changed."""
        if isinstance(change, model.Change):
            self.changed.update(change.accounts)

    def _clock(self) -> float:
        """Return a time that is later than any before."""
        self.now += 0.5
        return self.now

    def act(self, act: Act) -> None:
        """Let something happen, if it can."""
        engine, phone = self.engine, PHONES[act.who]
        account, live = engine.account(phone), engine.calls()
        with suppress(model.EngineError):
            match act.action:
                case "ring":
                    engine.ring(phone, act.whom)
                case "ring in":
                    caller = ("+390655501666", "+12025550147")[act.which % 2]
                    engine.ring(caller, act.whom, self.names.get(caller, ""))
                case "dial":
                    self._dial(act.whom)
                case "register":
                    engine.set_registered(phone, not account.registered)
                case "dnd":
                    engine.set_dnd(phone, not account.dnd)
                case "chat":
                    status = ("online", "offline", "")[act.which % 3]
                    engine.set_chat(phone, status)
                case _ if live:
                    self._act_in(live[act.which % len(live)], act)

    def _dial(self, number: str) -> None:
        """Let the line dial through Home Assistant."""
        dials = [(s, s.dials.expect(number, self.now)) for s in self.states.values()]
        try:
            self.engine.dial(LINE, number)
        except model.EngineError:
            for state, dial in dials:
                state.dials.cancel(dial)
            raise

    def _act_in(self, call: model.Call, act: Act) -> None:
        """Let something happen in a call, mostly by one who is in it."""
        engine = self.engine
        involved = [n for n in PHONES if n in call.rung or call.talks(n)] or PHONES
        phone = involved[act.who % len(involved)]
        match act.action:
            case "answer":
                rings = call.stage is model.Stage.RINGING and phone in call.rung
                engine.answer(call.id, phone if rings else None)
            case "hold":
                engine.hold(call.id, phone)
            case "resume":
                engine.resume(call.id, phone)
            case "transfer":
                engine.transfer(call.id, phone, act.whom)
            case "reject":
                engine.reject(call.id, phone)
            case "hang up":
                engine.hang_up(call.id)
            case "record":
                engine.record(call.id, not call.recording)

    def tell(self) -> None:
        """Tell both clients what has changed, each in its dialect."""
        classic, modern = self.states.values()
        old = Switches.classic(
            user_calls="full", **{**self.switches, **self.classic_only}
        )
        wire = Wire(self.engine, old, "localhost")
        frames = [call_state(wire.own_calls(LINE))]
        accounts = self.engine.tenants["localhost"].accounts
        pushed = [
            wire.user_state(accounts[number])
            for number in sorted(self.changed & accounts.keys())
        ]
        if classic.scope is None:
            classic.calls.begin(CallScope.OWN)
            pushed = [wire.snapshot()]
        for frame in pushed + frames if old.presence_first else frames + pushed:
            self._send(classic, frame, old)
        self.changed.clear()

        new = Switches.modern(**self.switches)
        wire = Wire(self.engine, new, "localhost")
        listed = RestWire(self.engine, new, "localhost").directory(None)
        modern.calls.begin(CallScope.TENANT)
        entries = [orjson.loads(write(e, new)) for e in listed]
        types = {number: str(account.type) for number, account in accounts.items()}
        if new.presence_first:
            take_rest(modern, entries, self.now, types)
        self._send(modern, call_state(wire.tenant_calls()), new)
        if not new.presence_first:
            take_rest(modern, entries, self.now, types)

    def _send(self, state: TenantState, frame: Any, switches: Switches) -> None:
        """Send a frame over the wire."""
        message = decode(write(frame, switches).encode(), Trace())
        state.apply(message, self.now)


def call_state(calls: list[Any]) -> Json:
    """Return the frame of a list of calls."""
    return {"action": "call-state", "calls": calls}


def shown_name(engine: sim.Engine, party: model.Party) -> str | None:
    """Return the name of a party as a call shows it, else as its account does."""
    account = engine.tenants["localhost"].accounts.get(party.number)
    return told_name(party.name) or (line(account.name) if account else "") or None


@dataclass(frozen=True)
class Truth:
    """What is really so at an extension."""

    registered: bool
    dnd: bool
    chat_available: bool | None
    ringing: bool
    in_call: bool
    call_state: CallState
    calls: Mapping[str, AccountCall]


def calls_for(engine: sim.Engine, number: str) -> dict[str, CallState]:
    """Return the calls that are really for a group, and how far they are."""
    return {
        call.id: CallState.HELD if call.held_by else CallState(call.stage)
        for call in engine.calls()
        if call.called.is_account(number) and call.stage is not model.Stage.OWN_RINGING
    }


def truth_of(engine: sim.Engine, number: str) -> Truth:
    """Return what is really so, by the engine alone."""
    account = engine.account(number)
    calls = {}
    for call in engine.calls():
        makes_it = call.caller.number == number
        talks = number in (call.caller.number, call.talker and call.talker.number)
        if call.stage is model.Stage.CONNECTED and talks:
            state = CallState.HELD if call.held_by else CallState.CONNECTED
        elif call.stage is not model.Stage.CONNECTED and makes_it:
            state = CallState.DIALING
        elif call.stage is model.Stage.RINGING and number in call.rung:
            state = CallState.RINGING
        else:
            continue
        remote = call.called if makes_it else call.caller
        calls[call.id] = AccountCall(
            id=call.id,
            state=state,
            direction=Direction.OUTGOING if makes_it else Direction.INCOMING,
            scope=None,
            remote=Party(remote.number, shown_name(engine, remote), "localhost"),
            dialed_number=call.called.number,
            started=call.start,
            answered=call.connect,
            recording=call.recording,
        )
    states = {call.state for call in calls.values()}
    return Truth(
        registered=account.registered,
        dnd=account.dnd,
        chat_available={"online": True, "offline": False}.get(account.chat),
        ringing=CallState.RINGING in states,
        in_call=bool(states & {CallState.CONNECTED, CallState.HELD}),
        call_state=next(
            (
                state
                for state in (
                    CallState.CONNECTED,
                    CallState.RINGING,
                    CallState.DIALING,
                    CallState.HELD,
                )
                if state in states
            ),
            CallState.IDLE,
        ),
        calls=calls,
    )


NAMES = st.fixed_dictionaries(
    {},
    optional={
        number: st.text(min_size=1, max_size=8)
        for number in (*PHONES, "+390655501666", "+12025550147")
    },
)
ACTS = st.lists(
    st.builds(
        Act,
        st.sampled_from(ACTIONS),
        st.integers(0, 5),
        st.integers(0, 3),
        st.sampled_from(TARGETS),
    ),
    max_size=12,
)
CHANCES = st.integers(0, 2**32).map(Random)
