"""Test what must hold for anything that a PBX may send; all of it is made up.

`pytest tests/pbx/test_properties.py --hypothesis-profile=hunt --timeout=0` searches
longer, and anew each time.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy, replace
from dataclasses import dataclass
import json
from random import Random
import re
from typing import Any, Final
from urllib.parse import quote

from hypothesis import assume, event, given, strategies as st
import pytest

from custom_components.vodia.pbx.address_book import AddressBook
from custom_components.vodia.pbx.models import (
    EXTENSION,
    CallScope,
    CallState,
    KnownAccount,
    Party,
)
from custom_components.vodia.pbx.number_matching import same_number
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, Message, decode
from custom_components.vodia.pbx.wire.party import decoded, is_placeholder, parse_party
from custom_components.vodia.pbx.wire.replies import (
    decode_accounts,
    decode_flags,
    decode_history,
    decode_orbits,
)
from simulator import model
from tests.support.random_office import (
    ACTS,
    CHANCES,
    GROUPS,
    LINE,
    NAMES,
    OUTSIDE,
    PHONES,
    Act,
    Json,
    Office,
    calls_for,
    new_state,
    often,
    take_rest,
    told_name,
    truth_of,
)

# Hypothesis warns of its own generator, once, with Python 3.14.
pytestmark = pytest.mark.filterwarnings("ignore:.*`register_random`")


# What the frames are made of: few words, so that they meet often

NUMBERS: Final = (LINE, "46", "47", "500", OUTSIDE, "030123456")
PARTIES: Final = (
    *("", "<>", "anonymous", '"Anonymous" <sip:anonymous@anonymous.invalid>'),
    *(f"<sip:{number}@localhost>" for number in NUMBERS),
    *('"Zoë" <sip:46@tenant>', "sip:47", "46", "<sip:46@elsewhere.example>"),
)
WORDS: Final = ("alerting", "ringback", "connected", "onhold", "holding", "hovering")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(("", "true", "45", "calls", "0", "1e400", "connected"))
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "account", "name", "extension")), inner, max_size=3
        )
    ),
    max_leaves=5,
)


def some(required: Mapping[str, Any], **optional: Any) -> st.SearchStrategy[Json]:
    """Return objects with some fields, the others in any mixture."""
    return st.fixed_dictionaries(
        {key.strip("_"): value for key, value in required.items()},
        optional={
            key.strip("_").replace("_", "-"): value for key, value in optional.items()
        },
    )


FLAGS = st.sampled_from((True, False, "true", "false", "", None))
TIMES = st.sampled_from((None, "", 0, 1, 2, 2.5, "2", "soon"))
CALLS = st.lists(
    some(
        {"id": st.sampled_from(("a", "b", "c", "", None))},
        from_=st.sampled_from(PARTIES),
        to=st.sampled_from(PARTIES),
        state=st.sampled_from(WORDS),
        callstate=st.sampled_from(WORDS),
        extension=st.lists(st.sampled_from((LINE, "*46", "47", "48")), max_size=3),
        start=TIMES,
        connect=TIMES,
        rec=st.sampled_from(("", "adhoc", None)),
        from_number=st.sampled_from(NUMBERS),
        to_number=st.sampled_from(NUMBERS),
        from_name=st.sampled_from(("", "Zoë")),
    ),
    max_size=3,
)
PRESENCE: Final[Mapping[str, Any]] = {
    "name": st.sampled_from(("", "Zoë", "Bob")),
    "registered": FLAGS,
    "dnd": FLAGS,
    "chatstatus": st.sampled_from(("online", "offline", "", "away")),
    "code": st.sampled_from((None, 0, 180)),
    "calls": CALLS,
}
TYPES = st.sampled_from((EXTENSION, EXTENSION, EXTENSION, "hunts", "hunts", None))
ENTRIES = st.lists(
    some(
        {"account": st.sampled_from(("46", "47", "48", "500", LINE)), "type": TYPES},
        **PRESENCE,
    ),
    max_size=4,
)
REST_ENTRIES = st.lists(
    some(
        {"name": st.sampled_from(("46", "47", "48", LINE))},
        displayname=PRESENCE["name"],
        registered=FLAGS,
        dnd=FLAGS,
        chatstatus=PRESENCE["chatstatus"],
        connected=FLAGS,
    ),
    max_size=4,
)
FRAMES = st.one_of(
    some({"action": st.just("call-state"), "calls": CALLS}),
    some(
        {
            "action": st.just("user-state"),
            "account": st.sampled_from((LINE, "46", "47", "500", "99")),
        },
        domain=st.sampled_from(("localhost", "elsewhere.example")),
        **PRESENCE,
    ),
    some(
        {"action": st.just("domain-state"), "accounts": ENTRIES},
        calls=CALLS,
    ),
    some({"action": st.sampled_from(("blf", "user-change", "chat", "weather"))}),
)


@st.composite
def broken(draw: st.DrawFn, frames: st.SearchStrategy[Json]) -> Json:
    """Return a frame with one field, at any depth, that may be missing or anything."""
    frame = deepcopy(draw(frames))
    place: Any = frame
    while place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        inner = place[key := draw(st.sampled_from(keys))]
        if not (isinstance(inner, dict | list) and inner and draw(st.booleans())):
            break
        place = inner
    else:
        return frame
    if draw(st.booleans()):
        del place[key]
    else:
        place[key] = draw(JSON)
    return frame


def take(state: TenantState, frame: Json, now: float = 0) -> bool:
    """Feed a frame as the client does; return whether it was taken."""
    try:
        message = decode(json.dumps(frame).encode(), Trace())
    except FrameError:
        return False
    state.apply(message, now)
    return True


# Any history


@dataclass(frozen=True)
class News:
    """Something that comes from a PBX: a frame, a REST reply or another scope."""

    frame: Json | None = None
    rest: tuple[Json, ...] | None = None
    scope: CallScope | None = None
    dials: str | None = None
    later: float = 0

    def tell(self, state: TenantState, now: float) -> None:
        """Tell it."""
        if self.frame is not None:
            take(state, self.frame, now)
        if self.rest is not None:
            take_rest(state, self.rest, now)
        if self.scope:
            state.calls.begin(self.scope)
        if self.dials:
            state.dials.expect(self.dials, now)


def without_connected_line(entries: Iterable[Json]) -> tuple[Json, ...]:
    """Return REST entries that leave open whether the line is connected.

    How often that contradicts the line's calls is remembered on purpose.
    """
    return tuple(
        {key: value for key, value in entry.items() if key != "connected"}
        if entry["name"] == LINE
        else entry
        for entry in entries
    )


# Seconds: at once, after a dialing has expired, after an extension is forgotten.
LATER = st.sampled_from((0.0, 0.0, 31.0, 700.0))
HISTORIES = st.lists(
    st.one_of(
        st.builds(News, frame=FRAMES, later=LATER),
        st.builds(News, frame=FRAMES, later=LATER),
        st.builds(News, frame=broken(FRAMES)),
        st.builds(News, rest=REST_ENTRIES.map(without_connected_line), later=LATER),
        st.builds(News, scope=st.sampled_from(CallScope)),
        st.builds(News, dials=st.sampled_from(("46", "500", OUTSIDE))),
    ),
    max_size=8,
)


def with_line(entries: list[Json]) -> Json:
    """Return the `domain-state` of accounts that proves the absence of all others."""
    return {"action": "domain-state", "accounts": [*entries, {"account": LINE}]}


SCOPES = pytest.mark.parametrize("scope", CallScope)
# The client notes whose calls a list holds before it takes the list.
ORDERS: Final = ((0, 1, 2), (1, 0, 2), (1, 2, 0))
CALL_STATE = some({"action": st.just("call-state"), "calls": CALLS})


def tell(state: TenantState, all_told: Iterable[News], now: float = 0) -> float:
    """Tell one thing after the other; return the time it is then."""
    for told in all_told:
        now += told.later
        told.tell(state, now)
    return now


def facts(state: TenantState) -> dict[str, KnownAccount]:
    """Return what all accounts show; of an absent one the last name may be kept."""
    extensions = state.extensions.items()
    groups = state.groups.items()
    return {
        **{n: x if x.present else replace(x, name=None) for n, x in extensions},
        **{n: x if x.present else replace(x, name=None) for n, x in groups},
    }


def check_history(history: list[News], end: list[News]) -> None:
    """Check that a history and its end show what the end alone shows a fresh client.

    The fresh one gets what the client hands over to a new link: who was there before,
    and the memory (what we dial, since when an extension is missing, what was learned
    about the PBX). All of that outlives a link on purpose, and nothing else does.
    """
    old = new_state()
    now = tell(old, [*history, *end])
    # Who calls himself may be named on one side of the call only, and learns it late.
    assume(
        not any(
            call.caller.number == call.callee.number is not None
            for call in old.listed.values()
        )
    )
    known = {number: account.type for number, account in old.accounts.items()}
    fresh = new_state(known=known, memory=deepcopy(old.memory))
    tell(fresh, end, now)
    assert facts(old) == facts(fresh)
    assert old.totals == fresh.totals


@SCOPES
@often(2)
@given(HISTORIES, ENTRIES.map(with_line), CALL_STATE, st.sampled_from(ORDERS))
def test_any_history_equals_a_fresh_client(
    scope: CallScope,
    history: list[News],
    accounts: Json,
    calls: Json,
    order: tuple[int, ...],
) -> None:
    """Complete snapshots leave no trace of what was before, however they are ordered."""
    end = [
        News(frame=accounts),
        News(scope=scope),
        News(frame=calls),
    ]
    check_history(history, [end[index] for index in order])


@SCOPES
@often(2)
@given(HISTORIES, REST_ENTRIES, CALL_STATE, st.sampled_from(ORDERS))
def test_any_history_equals_a_fresh_client_over_rest(
    scope: CallScope,
    history: list[News],
    entries: list[Json],
    calls: Json,
    order: tuple[int, ...],
) -> None:
    """The same where the accounts are read over REST."""
    listed = (*without_connected_line(entries), {"name": LINE})
    end = [
        News(rest=listed),
        News(scope=scope),
        News(frame=calls),
    ]
    check_history(history, [end[index] for index in order])


@SCOPES
@given(HISTORIES, ENTRIES.map(with_line), CALL_STATE)
def test_without_memory_nothing_survives(
    scope: CallScope, history: list[News], accounts: Json, calls: Json
) -> None:
    """Who dialed nothing shows what one shows who was never there before.

    Left out are accounts that are missing now, or of another type than they were: that
    they were there is memory. What was learned about the PBX is handed over: it says how to read what comes.
    """
    end = [
        News(frame=accounts),
        News(scope=scope),
        News(frame=calls),
    ]
    old = new_state()
    tell(old, [*(replace(told, dials=None) for told in history), *end])
    fresh = new_state(memory=replace(deepcopy(old.memory), absent_since={}))
    tell(fresh, end)
    present = {n: shown for n, shown in old.accounts.items() if shown.present}
    absent = old.accounts.keys() - present.keys()
    assert present == {n: s for n, s in fresh.accounts.items() if n not in absent}
    assert old.totals == fresh.totals


@often(2)
@given(HISTORIES)
def test_what_is_shown_is_never_stale(history: list[News]) -> None:
    """To derive all anew after any message changes nothing: no refresh is forgotten."""
    state, now = new_state(), 0.0
    for told in history:
        now = tell(state, [told], now)
        before, totals = dict(state.accounts), state.totals
        state._views.derive(tuple(before.keys() | state.listed_accounts.keys()))
        assert state.accounts == before
        assert state.totals == totals


def test_new_name_shows_at_the_other_party() -> None:
    """A name that comes with a delta shows wherever it is shown."""
    call = {"id": "a", "from": "46", "to": LINE, "state": "connected"}
    state = new_state()
    state.calls.begin(CallScope.TENANT)
    take(state, with_line([{"account": "46", "type": EXTENSION, "name": "Zoë"}]))
    take(state, {"action": "call-state", "calls": [call]})
    take(state, {"action": "user-state", "account": "46", "name": "Bob"})
    assert state.extensions[LINE].calls[0].remote.name == "Bob"


def test_same_list_again_shows_the_same() -> None:
    """A call that we dialed may have an entry for each leg, in any order."""
    legs = [
        {"id": "a", "to": LINE, "state": "connected"},
        {"id": "a", "from": OUTSIDE, "to": LINE, "state": "alerting"},
    ]
    state = new_state()
    state.calls.begin(CallScope.OWN)
    state.dials.expect(OUTSIDE, 0)
    take(state, {"action": "call-state", "calls": legs})
    shown = dict(state.extensions)
    take(state, {"action": "call-state", "calls": legs})
    assert state.extensions == shown


# Both dialects, and the truth


SHOWN: Final = (
    *("registered", "dnd", "chat_available"),
    *("ringing", "in_call", "call_state"),
)
DISPLAY = st.fixed_dictionaries(
    {
        "group_ids": st.just("one"),
        "held_word": st.sampled_from(("onhold", "holding")),
        "incoming_word": st.sampled_from(("alerting", "ringing")),
        "outgoing_word": st.sampled_from(("alerting", "ringback")),
        "shrink_extensions": st.booleans(),
        "star_extensions": st.booleans(),
        "dial_presents_as": st.sampled_from(("outgoing", "incoming")),
        "code_while_ringing": st.booleans(),
        "presence_first": st.booleans(),
        "strings": st.booleans(),
        "calls_as_object": st.booleans(),
        "noise": st.booleans(),
    }
)


def is_spared(office: Office, number: str) -> bool:
    """Return whether an extension is called and its phone does not ring."""
    return any(
        call.stage is model.Stage.RINGING
        and call.called.is_account(number)
        and number not in call.rung
        for call in office.engine.calls()
    )


def may_be_unknown(office: Office, number: str) -> bool:
    """Return whether the wire leaves open what an extension does."""
    return is_spared(office, number) or any(
        # The phone that dials rings first, and nothing tells when the other one does.
        (call.stage is model.Stage.OWN_RINGING and call.called.is_account(number))
        # Who rang is listed for good, and may have answered.
        or (number in call.offered and not office.switches["shrink_extensions"])
        for call in office.engine.calls()
    )


def check_truth(office: Office) -> None:
    """Check that what either dialect tells is true, and so that they agree."""
    for number in PHONES:
        real = truth_of(office.engine, number)
        for dialect, state in office.states.items():
            shown = state.extensions[number]
            untrue = {
                fact: (getattr(shown, fact), getattr(real, fact))
                for fact in SHOWN
                if getattr(shown, fact) not in (None, getattr(real, fact))
            }
            assert not untrue, (dialect, number)


def check_known(office: Office) -> None:
    """Check that both dialects tell all that the wire does: to know nothing is easy."""
    for number in PHONES:
        for state in office.states.values():
            shown = state.extensions[number]
            for fact in ("registered", "dnd", "ringing", "in_call", "call_state"):
                assert getattr(shown, fact) is not None or may_be_unknown(
                    office, number
                ), (number, fact)


def check_line(office: Office) -> None:
    """Check that both dialects tell the calls of the line, all that can be told."""
    if is_spared(office, LINE):
        return
    real = truth_of(office.engine, LINE).calls
    for dialect, state in office.states.items():
        shown = {}
        for call in state.extensions[LINE].calls:
            answered = call.answered
            if dialect == "classic":
                # It does not tell when a call was answered.
                assert answered is None
                answered = real[call.id].answered if call.id in real else None
            shown[call.id] = replace(call, answered=answered, scope=None)
        assert shown.items() <= real.items(), dialect
        assert may_be_unknown(office, LINE) or len(shown) == len(real), dialect


def check_groups(office: Office) -> None:
    """Check that the calls of groups are really for them, and all where that is said."""
    for number in GROUPS:
        calls = [call for call in office.engine.calls() if call.called.number == number]
        if len(calls) > len({call.caller.number for call in calls}):
            # Two calls of one caller at once may be legs of one call.
            continue
        real = calls_for(office.engine, number)
        for dialect, state in office.states.items():
            group = state.groups[number]
            shown = {call.id: call.state for call in group.calls}
            assert shown.items() <= real.items(), (dialect, number)
            assert not group.complete or shown == real, (dialect, number)
            assert (
                dialect == "classic" or group.complete or group.calls_of_unknown_state
            )


def check_in_use(office: Office) -> None:
    """Check that groups are in use, by as many calls, as is said."""
    for number in (*GROUPS, "700", "800", "5"):
        calls = [
            call
            for call in office.engine.calls()
            if call.id in calls_for(office.engine, number)
            and (number != "5" or call.parked)
        ]
        waiting = sum(call.stage is model.Stage.RINGING for call in calls)
        may_be_legs = len(calls) > len({call.caller.number for call in calls})
        for dialect, state in office.states.items():
            group = state.groups[number]
            assert group.in_use in (None, bool(calls)), (dialect, number)
            if not may_be_legs:
                assert group.count in (None, len(calls)), (dialect, number)
                assert group.waiting in (None, waiting), (dialect, number)
            assert (
                dialect == "classic"
                or group.count is not None
                or group.calls_of_unknown_state
            )


def check_totals(office: Office) -> None:
    """Check that each call counts once, as far as anybody tells of it."""
    accounts = office.engine.tenants["localhost"].accounts
    registered = sum(accounts[number].registered for number in PHONES)
    for dialect, state in office.states.items():
        # In the classic one accounts tell of calls; some a transfer leaves to others.
        told = [
            call
            for call in office.engine.calls()
            if dialect == "modern" or any(map(call.involves, accounts))
        ]
        active = sum(call.stage is model.Stage.CONNECTED for call in told)
        for shown, real in (
            (state.totals.registered_extensions, registered),
            (state.totals.active_calls, active),
            (state.totals.ringing_calls, len(told) - active),
        ):
            assert shown in (None, real)


@often(4)
@given(DISPLAY, NAMES, ACTS)
def test_what_is_shown_is_true_in_both_dialects(
    switches: Mapping[str, Any], names: Mapping[str, str], acts: list[Act]
) -> None:
    """What is told is what really is, so the dialects agree on what both tell."""
    office = Office(switches, names)
    office.tell()
    for act in acts:
        office.act(act)
        office.tell()
        check_truth(office)
        check_known(office)
        check_line(office)
        check_groups(office)
        check_in_use(office)
        check_totals(office)


def example(what: str, *acts: Act, **switches: Any) -> Any:
    """Return an example of something that was shown once and was not true."""
    return pytest.param(switches, acts, id=what)


@pytest.mark.parametrize(
    ("switches", "acts"),
    [
        example(
            "a phone on do not disturb is said to ring",
            Act("dnd", 0, 1, ""),
            Act("ring", 0, 2, "46"),
        ),
        example(
            "a phone that is not registered is said to ring",
            Act("register", 0, 1, ""),
            Act("ring in", 0, 0, "46"),
        ),
        example(
            "a phone that only rings is put into a call that it rang for before",
            Act("ring in", 0, 0, "500"),
            Act("answer", 0, 2, ""),
            Act("ring", 0, 2, "46"),
            shrink_extensions=False,
        ),
        example(
            "a phone with a call on hold is not seen in the other one",
            Act("ring", 0, 3, "501"),
            Act("answer", 0, 0, ""),
            Act("ring", 0, 1, "5"),
            shrink_extensions=False,
        ),
        example(
            "a call that the line dialed and transferred is said to be with it",
            Act("dial", 0, 0, "46"),
            Act("answer", 0, 0, ""),
            Act("answer", 0, 1, ""),
            Act("transfer", 0, 0, "800"),
        ),
        example(
            "a call that comes back to the line is said to be dialed by it",
            Act("dial", 0, 0, "46"),
            Act("answer", 0, 0, ""),
            Act("answer", 0, 1, ""),
            Act("transfer", 0, 0, "500"),
        ),
        example(
            "a phone is not in a group's call while another rings",
            Act("ring", 0, 0, "46"),
            Act("ring", 0, 0, "500"),
            Act("answer", 1, 1, ""),
            Act("ring", 0, 0, "47"),
            shrink_extensions=False,
            presence_first=True,
        ),
    ],
)
def test_what_is_shown_is_true(
    switches: Mapping[str, Any], acts: tuple[Act, ...]
) -> None:
    """What is told is what really is."""
    office = Office({"shrink_extensions": True, **switches}, {}, classic_only={})
    office.tell()
    for act in acts:
        office.act(act)
        office.tell()
    check_truth(office)


# Form makes no difference

EXACT_FLAGS = st.booleans() | st.none()
EXACT_TIMES = st.none() | st.floats(1, 1e10).map(lambda seconds: round(seconds, 3))
EXACT_CALLS = st.lists(
    some(
        # An object with nothing in it is how some write an empty list.
        {"from": st.sampled_from(PARTIES)},
        id=st.sampled_from(("a", "7", "123456789", "", "c@pbx")),
        to=st.sampled_from(PARTIES),
        state=st.sampled_from(WORDS),
        extension=st.lists(st.sampled_from((LINE, "46", "anna")), max_size=3),
        start=EXACT_TIMES,
        connect=EXACT_TIMES,
        rec=st.booleans(),
        from_number=st.sampled_from(("46", "4711")),
        to_name=st.sampled_from(("", "Zoë")),
    ),
    max_size=3,
)
EXACT_PRESENCE: Final[Mapping[str, Any]] = {
    "name": st.sampled_from(("", "Zoë", "4711")),
    "type": st.sampled_from((EXTENSION, "hunts")),
    "registered": EXACT_FLAGS,
    "dnd": EXACT_FLAGS,
    "chatstatus": st.sampled_from(("online", "offline", "")),
    "code": st.sampled_from((None, 0, 180)),
    "calls": EXACT_CALLS,
}
EXACT_ACCOUNT: Final = {"account": st.sampled_from((LINE, "46", "500", "anna"))}
EXACT_FRAMES = st.one_of(
    some({"action": st.just("call-state"), "calls": EXACT_CALLS}),
    some({"action": st.just("user-state"), **EXACT_ACCOUNT}, **EXACT_PRESENCE),
    some(
        {
            "action": st.just("domain-state"),
            "accounts": st.lists(some(EXACT_ACCOUNT, **EXACT_PRESENCE), max_size=3),
        },
        calls=EXACT_CALLS,
    ),
)
EXACT_REST = st.lists(
    some(
        {"name": EXACT_ACCOUNT["account"]},
        displayname=EXACT_PRESENCE["name"],
        registered=EXACT_FLAGS,
        dnd=EXACT_FLAGS,
        connected=EXACT_FLAGS,
    ),
    max_size=3,
)


def other_form(value: Any, chance: Random, key: str = "") -> Any:
    """Return a value in another form that says the same."""
    if isinstance(value, dict):
        items = [
            (
                chance.choice(("state", "callstate")) if k == "state" else k,
                other_form(v, chance, k),
            )
            for k, v in value.items()
        ]
        if chance.random() < 0.5:
            items.append(("x-mood", chance.choice((None, 1, [[]], {"calls": [1]}))))
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        forms = [other_form(item, chance, key) for item in value]
        if not forms and key == "calls":
            return chance.choice(([], {}, ""))
        return forms[0] if len(forms) == 1 and chance.random() < 0.5 else forms
    if isinstance(value, bool):
        word = str(value)
        return chance.choice((value, word, word.lower(), word.upper()))
    if isinstance(value, float):
        return chance.choice((value, repr(value), f"{value:.6f}"))
    if isinstance(value, str) and value.isascii():
        forms = [value, f"*{value}"] if key == "extension" else [value]
        return chance.choice([*forms, int(value)] if value.isdigit() else forms)
    return value


@often(5)
@given(EXACT_FRAMES, CHANCES)
def test_form_makes_no_difference(frame: Json, chance: Random) -> None:
    """However a frame is written, it is the same message."""
    form = other_form(frame, chance)
    one, other = (decode(json.dumps(f).encode(), Trace()) for f in (frame, form))
    assert one == other, form


@often(2)
@given(EXACT_REST, CHANCES)
def test_form_makes_no_difference_over_rest(
    entries: list[Json], chance: Random
) -> None:
    """However a list of accounts is written, it is the same."""
    form = other_form(entries, chance)
    assert decode_accounts(form, Trace()) == decode_accounts(entries, Trace()), form


# Parties

# All that is a name, in any script; half of them with what ends a name elsewhere.
PARTY_NAMES = st.text(max_size=60) | st.lists(
    st.sampled_from(
        (
            *(
                '"',
                "\\",
                "<",
                ">",
                "<sip:46@",
                "sip:",
                "@",
                ",",
                ";",
                ":",
                "%",
                "[",
                "]",
            ),
            *(" ", "7", "é", "\u202e", "\u0301", "\u05d0", "📞", "Zoë", "anonymous"),
        )
    ),
    max_size=10,
).map("".join)
PARTY_NUMBERS = st.from_regex(r"\A\+?[*0-9a-z]{1,20}\Z").filter(
    lambda number: number.strip("0") and not is_placeholder(number)
)
LABELS = st.from_regex(r"\A[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?\Z")
PARTY_HOSTS = (
    st.lists(LABELS, min_size=1, max_size=3).map(".".join)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(str)
)
SCHEMES = st.sampled_from(("sip:", "sips:", "SIP:", " sip:"))
PORTS = st.sampled_from(("", ":5060", ":5061"))
PARAMS = st.lists(
    st.sampled_from((";user=phone", ";transport=tls", ";lr", ";x=%20")), max_size=3
).map("".join)
TAGS = st.sampled_from(("", ";tag=a1", " ;tag=a1;x=y"))


@dataclass(frozen=True)
class Place:
    """What follows the number in an address, and the host in it."""

    text: str
    host: str | None


def placed(host: str | None, port: str, params: str) -> Place:
    """Return the place at a host, if there is one."""
    if host is None:
        return Place(params, None)
    return Place(f"@{bracketed(host)}{port}{params}", host.lower())


PLACES = st.builds(placed, st.none() | PARTY_HOSTS, PORTS, PARAMS)


def quoted(name: str) -> str:
    """Return a name as RFC 3261 puts it in quotes."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bracketed(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


@often(5)
@given(
    st.none() | PARTY_NAMES,
    st.none() | PARTY_NUMBERS,
    PLACES,
    SCHEMES,
    TAGS,
)
def test_party_is_what_was_written(
    name: str | None, number: str | None, place: Place, scheme: str, tag: str
) -> None:
    """A party comes back from its address, also when parts of it are missing."""
    shown = "" if name is None else f"{quoted(name)} "
    party = parse_party(f"{shown}<{scheme}{number or ''}{place.text}>{tag}")
    assert party[:3] == (number, told_name(name or ""), place.host)


@often(3)
@given(PARTY_NUMBERS, PLACES, SCHEMES | st.just(""))
def test_party_without_brackets(number: str, place: Place, scheme: str) -> None:
    """An address alone may stand without its brackets, and without a scheme."""
    # A word alone is a name.
    assume(scheme or place.host or any(char.isdigit() for char in number))
    party = parse_party(f"{scheme}{number}{place.text}")
    assert party == Party(number, None, place.host)


@often(3)
@given(PARTY_NAMES, PARTY_NUMBERS, PLACES)
def test_party_without_a_scheme(name: str, number: str, place: Place) -> None:
    """An address in brackets may lack its scheme."""
    party = parse_party(f"{quoted(name)} <{number}{place.text}>")
    assert party == Party(number, told_name(name), place.host)


@often(3)
@given(PARTY_NAMES)
def test_party_of_a_name_alone(name: str) -> None:
    """What is in quotes is a name, whatever it looks like."""
    assert parse_party(quoted(name))[:3] == (None, told_name(name), None)


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ('"Anna <sip:46@tenant>"', Party(None, "Anna \u2039sip:46@tenant\u203a")),
        ('"<sip:46" <45@tenant>', Party("45", "\u2039sip:46", "tenant")),
        ("45@tenant>", Party("45", None, "tenant")),
    ],
)
def test_party_that_looks_like_an_address(text: str, party: Party) -> None:
    """A name that looks like an address is a name; half brackets are no host."""
    assert parse_party(text) == party


def address(party: Party) -> str:
    """Return a party as an address of RFC 3261."""
    name = f"{quoted(party.name)} " if party.name else ""
    number = quote(party.number, safe="+*") if party.number else ""
    at = f"@{bracketed(party.host)}" if party.host else ""
    return f"{name}<sip:{number}{at}>"


LIKE_A_HOST: Final = re.compile(r"[^\s<>@\[\]]*")
ANY_TEXT = st.text(max_size=400) | st.lists(
    st.sampled_from(
        (
            *('"', "\\", "<", ">", "<sip:", "sip:", "tel:", "@", ";", ":", "[", "]"),
            *(" ", "46", "anna", "%40", "%", "anonymous", "+", "é", "\n", "\x00"),
        )
    ),
    max_size=12,
).map("".join)


@often(5)
@given(ANY_TEXT)
def test_any_text_is_some_party(text: str) -> None:
    """No text is a fault; what it gives is bounded, and stays the same once written."""
    party = parse_party(text)
    assert len(party.name or "") <= 100
    assert len(party.number or "") <= 64
    assert len(party.host or "") <= len(text)
    if not LIKE_A_HOST.fullmatch(party.host or ""):
        # No address can hold such a host.
        party = replace(party, host=None)
    # That the number was withheld is not written, and what is decoded is so once.
    if decoded(party.name or "") == (party.name or ""):
        assert party[:3] == parse_party(address(party))[:3]


# Numbers

DIGITS = st.from_regex(r"\A[1-9][0-9]{6,11}\Z")
COUNTRIES = st.sampled_from(("1", "49", "33", "351", "420"))


def spaced(number: str, chance: Random) -> str:
    """Return a number with separators, as people write it."""
    separators = ("", "", "", *" ()/.-\u00a0\u202f\u2009\u200e\u2013")
    return "".join(digit + chance.choice(separators) for digit in number)


@often(3)
@given(COUNTRIES, DIGITS, CHANCES)
def test_forms_of_one_number_are_the_same(
    country: str, digits: str, chance: Random
) -> None:
    """International with plus or zeros, national, with separators: it is one number."""
    forms = [
        spaced(form, chance)
        for form in (f"+{country}{digits}", f"00{country}{digits}", f"0{digits}")
    ]
    for one in forms:
        for other in forms:
            assert same_number(one, other)


@often(3)
@given(COUNTRIES, DIGITS, DIGITS, st.sampled_from(("+{}", "00{}", "0")))
def test_numbers_that_end_differently_differ(
    country: str, one: str, other: str, prefix: str
) -> None:
    """Numbers that differ in their last five digits are two, whatever precedes."""
    assume(one[-5:] != other[-5:])
    assert not same_number(f"+{country}{one}", prefix.format(country) + other)


@often(5)
@given(*[st.text(max_size=12) | st.text("+0123456789*# ()", max_size=12)] * 2)
def test_sameness_works_both_ways(one: str, other: str) -> None:
    """A number is the same as itself, and the same from both sides."""
    assert same_number(one, one)
    assert same_number(one, other) is same_number(other, one)


# Anything at all


def insides(part: object) -> object:
    """Return a copy of all that a state knows, and each of the parts that it owns."""
    if not type(part).__module__.startswith("custom_components.vodia.pbx.state."):
        # An address book is never changed, only replaced; a trace is not of the state.
        elsewhere = callable(part) or isinstance(part, AddressBook | Trace)
        return None if elsewhere else deepcopy(part)
    names: Iterable[str] = getattr(type(part), "__slots__", None) or vars(part)
    return {name: insides(getattr(part, name)) for name in names}


ANY_FRAME = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(("action", "calls", "accounts", "bye")), JSON).map(
        lambda value: json.dumps(value).encode()
    ),
    broken(FRAMES).map(lambda value: json.dumps(value).encode()),
    broken(broken(FRAMES)).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=50),
    st.text(st.characters(codec=None), max_size=50),
)


@often(10)
@given(ANY_FRAME)
def test_any_frame_is_taken_or_refused(data: bytes | str) -> None:
    """Nothing but FrameError comes of a frame; one that is taken can be applied."""
    trace = Trace()
    try:
        message: Message = decode(data, trace)
    except FrameError as error:
        event(str(error))
        assert not trace.unknown_actions
        return
    new_state().apply(message, 0)


@often(2)
@given(HISTORIES, ANY_FRAME)
def test_frame_that_is_dropped_changes_nothing(
    history: list[News], data: bytes | str
) -> None:
    """A frame is taken whole or not at all."""
    state = new_state()
    for told in history:
        told.tell(state, 0)
    before = insides(state)
    try:
        decode(data, Trace())
    except FrameError:
        assert insides(state) == before


@often(5)
@given(JSON | st.lists(JSON | broken(REST_ENTRIES.filter(bool).map(lambda e: e[0]))))
def test_any_reply_is_taken_or_refused(reply: object) -> None:
    """Nothing but FrameError comes of a reply; one that is taken can be applied."""
    with suppress(FrameError):
        accounts = decode_accounts(reply, Trace())
        new_state().apply(AccountsSnapshot(accounts), 0)


# One bad thing never blinds the rest


HURT = st.one_of(
    JSON,
    st.sampled_from((None, [], {}, "x", 7, True, [[]], {"id": []}, {"account": {}})),
    broken(CALLS.filter(bool).map(lambda calls: calls[0])),
    broken(ENTRIES.filter(bool).map(lambda entries: entries[0])),
    broken(REST_ENTRIES.filter(bool).map(lambda entries: entries[0])),
)
FLAGS_OF = some(
    {"name": st.sampled_from(("900", "901", "902"))},
    display=st.sampled_from(("Night", "")),
    state=FLAGS,
    mode=st.sampled_from(("manual", "clock")),
)
PAST = some(
    {"id": st.sampled_from(("a", "b"))},
    from_=st.sampled_from(PARTIES),
    to=st.sampled_from(PARTIES),
    start=TIMES,
    connect=TIMES,
    inbound=FLAGS,
)
CALL = CALLS.filter(bool).map(lambda calls: calls[0])
ENTRY = ENTRIES.filter(bool).map(lambda entries: entries[0])
REST_ENTRY = REST_ENTRIES.filter(bool).map(lambda entries: entries[0])


def read_frame(action: str, key: str) -> Any:
    """Return what reads the entries of a frame."""

    def read(entries: list[Any]) -> list[Any]:
        """Return what the entries tell."""
        frame = json.dumps({"action": action, key: entries}).encode()
        message: Any = decode(frame, Trace())
        return list(getattr(message, key))

    return read


READERS: Final = (
    (CALL, read_frame("call-state", "calls")),
    (ENTRY, read_frame("domain-state", "accounts")),
    (REST_ENTRY, lambda entries: list(decode_accounts(entries, Trace()))),
    (FLAGS_OF, lambda entries: list(decode_flags(entries, Trace()).values())),
    (PAST, lambda entries: list(decode_history(entries, LINE, Trace()))),
    (REST_ENTRY, lambda entries: list(decode_orbits(entries, Trace()).items())),
)


@often(3)
@given(st.data())
def test_one_hurt_entry_changes_no_other(data: st.DataObject) -> None:
    """Whatever one entry of a list is made into, the others tell what they told."""
    entry, read = data.draw(st.sampled_from(READERS))
    others = data.draw(
        st.lists(
            entry, min_size=1, max_size=4, unique_by=lambda one: str(one.get("name"))
        )
        if read in (READERS[3][1], READERS[5][1])
        else st.lists(entry, min_size=1, max_size=4)
    )
    hurt = json.loads(json.dumps(data.draw(HURT)), parse_constant=lambda _: None)
    index = data.draw(st.integers(0, len(others)))
    if isinstance(hurt, dict):
        # One that names the account of another counts for it, as it should.
        names = {str(other.get("name")) for other in others}
        for key in ("name", "number", "account"):
            if str(hurt.get(key)).strip() in names:
                hurt.pop(key, None)
    told = read(others)
    found = read([*others[:index], hurt, *others[index:]])
    assert len(found) in (len(told), len(told) + 1)
    if len(found) > len(told):
        del found[index]
    assert found == told


@often(3)
@given(CALLS.filter(bool), HURT, st.data(), st.sampled_from(CallScope))
def test_hurt_entry_ends_no_call(
    calls: list[Json], hurt: Any, data: st.DataObject, scope: CallScope
) -> None:
    """A call that was listed is over only if all ids of the next list can be read."""
    for index, call in enumerate(calls):
        call |= {"id": f"c{index}", "extension": [LINE]}
    state = new_state()
    state.calls.begin(scope)
    take(state, {"action": "call-state", "calls": calls})
    before = {number: account.calls for number, account in state.accounts.items()}
    index = data.draw(st.integers(0, len(calls) - 1))
    frame = {
        "action": "call-state",
        "calls": [*calls[:index], hurt, *calls[index + 1 :]],
    }
    try:
        message = decode(json.dumps(frame).encode(), Trace())
    except FrameError as error:
        state.calls.lose()
        event(", ".join(error.lost))
        assert state.listed.keys() == {call["id"] for call in calls}
    else:
        assert isinstance(message, CallList)
        state.apply(message, 1)
        lacking = {call["id"] for call in calls} - state.listed.keys()
        assert not lacking or message.complete
        if message.complete:
            return
    # What is not known is not told as idle, nor as it was.
    line = state.extensions[LINE]
    assert line.call_state is not CallState.IDLE
    shown = {call.id for call in line.calls}
    assert f"c{index}" not in shown or (isinstance(hurt, dict) and hurt.get("id"))
    assert before[LINE] is not None


@often(2)
@given(HISTORIES, CALL_STATE, st.sampled_from(CallScope))
def test_doubt_is_over_with_the_next_list(
    history: list[News], calls: Json, scope: CallScope
) -> None:
    """Once the calls are told again, all is as if they had never been in doubt."""
    end = [News(scope=scope), News(frame=calls)]
    one, other = new_state(), new_state()
    for state in (one, other):
        tell(state, [*(replace(told, dials=None) for told in history), *end])
    one.calls.lose()
    assert one.totals.active_calls is None
    take(one, calls)
    take(other, calls)
    assert facts(one) == facts(other)
    assert one.totals == other.totals
