"""Test the rules of the state; all frames are synthetic and go through `decode`."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from custom_components.vodia.pbx.assumptions import Assumption
from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.models import (
    EXTENSION,
    CallScope,
    CallState,
    Direction,
    Extension,
    Scope,
    Totals,
)
from custom_components.vodia.pbx.state.holds import Hold
from custom_components.vodia.pbx.state.memory import Memory
from custom_components.vodia.pbx.state.tenant import PbxState
from custom_components.vodia.pbx.trace import Ledger
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, decode
from custom_components.vodia.pbx.wire.replies import decode_accounts

type Json = dict[str, Any]

OWN, TENANT = CallScope.OWN, CallScope.TENANT
INCOMING, OUTGOING = Direction.INCOMING, Direction.OUTGOING
IDLE, DIALING, RINGING, CONNECTED, HELD = CallState
OUTSIDE = "+4930123456"
PHONES = ("45", "46", "47")


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


@dataclass
class Feed:
    """A state and the frames that it is fed with."""

    state: PbxState = field(
        default_factory=lambda: PbxState("45", frozenset({"localhost", "tenant"}))
    )

    def frame(self, action: str, now: float = 0, **fields: Any) -> Changes:
        """Feed any frame."""
        data = orjson.dumps({"action": action, **fields})
        return self.state.apply(decode(data, Ledger()), now)

    def accounts(self, *entries: str | Json, now: float = 0, **fields: Any) -> Changes:
        """Feed a `domain-state`; a number stands for a registered extension."""
        listed = [
            account(entry) if isinstance(entry, str) else entry for entry in entries
        ]
        return self.frame("domain-state", now, accounts=listed, **fields)

    def rest(self, *entries: str | Json) -> Changes:
        """Feed the extensions of a REST reply; a number stands for an idle one."""
        reply = [
            {"name": entry, "registered": True, "dnd": False, "connected": False}
            if isinstance(entry, str)
            else entry
            for entry in entries
        ]
        phones = [
            replace(entry, type=EXTENSION) for entry in decode_accounts(reply, Ledger())
        ]
        return self.state.apply(AccountsSnapshot(tuple(phones)), 0)

    def user(self, number: str, **fields: Any) -> Changes:
        """Feed a `user-state`."""
        return self.frame("user-state", account=number, **fields)

    def calls(self, *calls: Json, now: float = 0) -> Changes:
        """Feed a `call-state`."""
        return self.frame("call-state", now, calls=list(calls))

    def __getitem__(self, number: str) -> Extension:
        """Return what an extension shows."""
        return self.state.extensions[number]

    def shown(self, number: str) -> tuple[bool | None, bool | None, CallState | None]:
        """Return whether an extension rings, is in a call, and its call state."""
        extension = self[number]
        return extension.ringing, extension.in_call, extension.call_state

    def ids(self, number: str) -> list[str]:
        """Return the ids of the calls of an extension, the shown one first."""
        return [call.id for call in self[number].calls]


def account(number: str, **fields: Any) -> Json:
    """Return an entry of a `domain-state`: an idle extension unless told otherwise."""
    return {
        "account": number,
        "type": "extensions",
        "registered": True,
        "dnd": False,
        **fields,
    }


def leg(
    id_: str, caller: str, callee: str, state: str, *extension: str, **fields: Any
) -> Json:
    """Return a call; a plain number stands for a party at the tenant."""
    call = {
        "id": id_,
        "from": caller if "<" in caller else f"<sip:{caller}@localhost>",
        "to": callee if "<" in callee else f"<sip:{callee}@localhost>",
        "state": state,
        **fields,
    }
    return {**call, "extension": list(extension)} if extension else call


TALK = leg("a", "45", "46", "connected", start=1)


def feed(scope: CallScope | None = TENANT, *entries: str | Json) -> Feed:
    """Return a tenant with idle phones, and no calls where a scope is given."""
    result = Feed()
    result.accounts(*(entries or PHONES))
    if scope:
        result.state.begin_calls(scope)
        result.calls()
    return result


OFF = (False, False, IDLE)
RINGS = (True, False, RINGING)
TALKS = (False, True, CONNECTED)
BUSY = (None, True, None)
UNKNOWN = (None, None, None)


# Accounts: snapshot and delta


def test_snapshot_states_everything() -> None:
    """A `domain-state` is a snapshot of accounts."""
    pbx = feed(
        TENANT,
        account("45", name="Me", dnd=True, chatstatus="online"),
        account("46", registered="false", dnd="true", chatstatus="Offline"),
        {"account": "47", "type": "extensions", "chatstatus": "away"},
    )
    me, bob, new = (pbx[number] for number in PHONES)
    assert (me.name, me.registered, me.dnd, me.chat_available) == (
        *("Me", True, True),
        True,
    )
    assert (bob.registered, bob.dnd, bob.chat_available) == (False, True, False)
    assert (new.name, new.registered, new.dnd, new.chat_available) == (None,) * 4


def test_second_snapshot_replaces_the_first() -> None:
    """What a snapshot does not tell is not known any more."""
    pbx = feed(TENANT, account("45", chatstatus="online", name="Me"))
    pbx.accounts({"account": "45", "type": "extensions"})
    shown = pbx["45"]
    assert (shown.registered, shown.dnd, shown.chat_available) == (None, None, None)
    assert shown.name is None


def test_user_state_merges_dnd_and_registered() -> None:
    """`dnd` and `registered` are overwritten only when present."""
    pbx = feed(TENANT)
    pbx.user("46", dnd=True)
    assert (pbx["46"].dnd, pbx["46"].registered) == (True, True)
    pbx.user("46", registered="false")
    assert (pbx["46"].dnd, pbx["46"].registered) == (True, False)
    pbx.user("46", dnd=None, registered="")
    assert (pbx["46"].dnd, pbx["46"].registered) == (True, False)


def test_user_state_clears_code_chatstatus_and_calls() -> None:
    """`code`, `chatstatus` and `calls` are overwritten each time: absent is cleared."""
    pbx = feed(OWN)
    pbx.user("46", code=100, chatstatus="online")
    assert (pbx["46"].chat_available, pbx["46"].in_call) == (True, True)
    pbx.user("46", dnd=True)
    assert (pbx["46"].chat_available, pbx.shown("46")) == (None, OFF)
    pbx.user("46", calls=[leg("a", OUTSIDE, "46", "alerting")])
    assert pbx.shown("46") == RINGS
    pbx.user("46")
    assert pbx.shown("46") == OFF


@pytest.mark.parametrize("fields", [{}, {"account": None}])
def test_user_state_without_account_is_ignored(fields: Json) -> None:
    """It changes nothing and asks for nothing."""
    pbx = feed(TENANT)
    before = dict(pbx.state.extensions)
    assert not pbx.frame("user-state", dnd=True, code=1, **fields)
    assert pbx.state.extensions == before


@pytest.mark.parametrize("number", ["99", "46"])
def test_user_state_of_unknown_account_asks_for_a_snapshot(number: str) -> None:
    """It creates nothing; an account that the last snapshot lacked is unknown, too."""
    pbx = Feed(PbxState("45", frozenset({"localhost"}), known={"46": EXTENSION}))
    pbx.accounts("45")
    before = dict(pbx.state.extensions)
    changes = pbx.user(number, type="extensions", registered=True)
    assert changes.unknown == number
    assert not changes.accounts
    assert pbx.state.extensions == before


def test_user_state_without_visible_change_is_nothing() -> None:
    """Nobody is told of it."""
    pbx = feed(TENANT)
    assert not pbx.user("46", registered=True, dnd=False, tag="x")
    assert not pbx.user("46", registered="true")


def test_user_state_changes_one_account() -> None:
    """A delta is for one account, and the totals are told only when they change."""
    pbx = feed(TENANT)
    assert pbx.user("46", dnd=True) == Changes(frozenset({"46"}))
    assert pbx.user("46", registered=False) == Changes(frozenset({"46"}), totals=True)


def test_snapshot_tells_new_names() -> None:
    """A new name is told apart: devices bear it."""
    pbx = feed(TENANT)
    changes = pbx.accounts("45", account("46", name="Bob"), "47", account("48"))
    assert changes.renamed == {"46"}
    assert changes.accounts == {"46", "48"}


def test_user_state_tells_new_names() -> None:
    """A name that comes with a delta is a new name just as well."""
    pbx = feed(TENANT)
    changes = pbx.user("46", name="Bob")
    assert pbx["46"].name == "Bob"
    assert changes.renamed == {"46"}
    pbx.user("46", dnd=True)
    assert pbx["46"].name == "Bob"


@pytest.mark.parametrize("kind", ["hunts", "acds", "attendants", "srvflags", None])
def test_account_of_another_or_unknown_type_is_no_phone(kind: str | None) -> None:
    """Only accounts of type `extensions` are phones."""
    pbx = feed(TENANT, "45", account("500", type=kind))
    assert set(pbx.state.extensions) == {"45"}
    pbx.user("500", type="extensions", code=1, calls=[])
    assert set(pbx.state.extensions) == {"45"}
    assert pbx.state.totals == Totals(0, 0, 1)


def test_account_that_becomes_a_group_is_a_phone_no_more() -> None:
    """A number that is of another type now is absent as an extension."""
    pbx = feed(TENANT)
    pbx.accounts("45", account("46", type="hunts"), "47")
    assert not pbx["46"].present


def test_types_are_kept_where_a_list_tells_none() -> None:
    """A list that lacks us may lack types, too: what was learned stays."""
    pbx = feed(TENANT, *PHONES, account("500", type="hunts"))
    bare = {"account": "46", "registered": False}
    pbx.accounts(bare, {"account": "500", "name": "Sales"}, {"account": "99"})
    assert pbx["46"].present
    assert pbx["46"].registered is False
    assert pbx.state.groups["500"].name == "Sales"
    assert pbx.state.account("99") is None


def test_delta_of_another_tenant() -> None:
    """It is not ours; but a name that is not known may be an alias of ours."""
    hosts = frozenset({"localhost", "tenant"})
    pbx = Feed(PbxState("45", hosts, tenant="tenant"))
    pbx.accounts(*PHONES)
    assert pbx.user("46", dnd=True, domain="localhost") == Changes(doubtful=True)
    before = (pbx["46"].dnd, pbx.state.presence_pushed)
    assert pbx.user("46", dnd=True, domain="Tenant")
    after = (pbx["46"].dnd, pbx.state.presence_pushed)
    assert (before, after) == ((False, False), (True, True))
    assert pbx.user("46", dnd=False, domain="localhost") == Changes()
    assert pbx["46"].dnd is True
    pbx = Feed(PbxState("45", hosts))
    pbx.accounts(*PHONES)
    assert pbx.user("46", dnd=True, domain="localhost")
    assert pbx.user("47", dnd=True, domain="elsewhere") == Changes()


def test_presence_is_weighed_by_our_own() -> None:
    """Only of our line both sides are known, once its calls are told."""
    ledger = Ledger()
    pbx = Feed(PbxState("45", frozenset({"localhost"}), ledger=ledger))
    pbx.accounts(*PHONES)
    pbx.user("45", code=1)
    pbx.state.begin_calls(TENANT)
    pbx.user("46", code=1)
    cleared = Assumption.ABSENT_MEANS_CLEARED
    assert cleared not in ledger.met | ledger.broken
    pbx.calls(TALK)
    pbx.user("45", code=None)
    assert (ledger.met[cleared], ledger.broken[cleared]) == (0, 1)


@pytest.mark.parametrize(
    ("hold", "held", "talking"),
    [
        (Hold.PENDING, Hold.HELD_BY_US, Hold.PENDING),
        (Hold.HELD_BY_US, Hold.HELD_BY_US, None),
        (Hold.RESUMING, Hold.RESUMING, None),
        (Hold.UNCERTAIN, Hold.UNCERTAIN, Hold.UNCERTAIN),
    ],
)
def test_holds_of_ours(hold: Hold, held: Hold, talking: Hold | None) -> None:
    """What we toggled is ours once it is seen, and over when the call is not held."""
    pbx = feed(TENANT)
    pbx.calls(TALK)
    for word, expected in (("holding", held), ("connected", talking)):
        pbx.state.holds.by_call["a"] = hold
        pbx.calls({**TALK, "state": word})
        assert pbx.state.holds.by_call.get("a") is expected
    pbx.state.holds.by_call["a"] = hold
    pbx.calls()
    assert not pbx.state.holds.by_call


def test_own_calls_prove_whether_they_name_the_line() -> None:
    """Each new call of the own stream does, once."""
    ledger = Ledger()
    pbx = Feed(PbxState("45", frozenset({"localhost"}), ledger=ledger))
    pbx.accounts(*PHONES)
    pbx.state.begin_calls(OWN)
    named = Assumption.OWN_CALLS_NAME_THE_LINE
    for _ in range(2):
        pbx.calls(TALK)
        assert (ledger.met[named], ledger.broken[named]) == (1, 0)
    pbx.calls(TALK, leg("g", OUTSIDE, "500", "alerting", start=2))
    assert (ledger.met[named], ledger.broken[named]) == (1, 1)


# Accounts: absent and back


def test_absent_account_is_unavailable() -> None:
    """It keeps its name and tells nothing."""
    pbx = feed(TENANT, "45", account("46", name="Bob"))
    changes = pbx.accounts("45", now=100)
    assert changes == Changes(frozenset({"46"}), frozenset({"46"}), totals=True)
    assert pbx["46"] == Extension("46", "Bob", False, *(None,) * 6)
    assert pbx.state.missing


@pytest.mark.parametrize(("seconds", "removed"), [(599.9, False), (600.0, True)])
def test_absent_account_is_removed_after_ten_minutes(
    seconds: float, removed: bool
) -> None:
    """It takes two complete snapshots at least 600 s apart."""
    pbx = feed(TENANT)
    pbx.accounts("45", "47", now=100)
    changes = pbx.accounts("45", "47", now=100 + seconds)
    assert changes.removed == ({"46"} if removed else set())
    assert ("46" in pbx.state.extensions) is not removed
    assert pbx.state.missing is not removed


@pytest.mark.parametrize("entries", [[], ["47"], [account("500", type="hunts")]])
def test_absence_is_not_proven_by_a_list_without_us(entries: list[str | Json]) -> None:
    """An empty list, or one without our own extension, removes nobody."""
    pbx = feed(TENANT)
    for now in (100, 1000, 5000):
        assert not pbx.accounts(*entries, now=now).removed
    assert all(pbx[number].present for number in PHONES)


def test_absent_account_comes_back() -> None:
    """Its absence counts from the start when it goes again."""
    pbx = feed(TENANT)
    pbx.accounts("45", "47", now=0)
    pbx.accounts(*PHONES, now=400)
    assert pbx.shown("46") == OFF
    assert pbx["46"].present
    assert not pbx.state.missing
    assert not pbx.accounts("45", "47", now=700).removed


def test_absent_account_comes_back_in_a_list_without_us() -> None:
    """Whoever is listed is there, whatever else the list lacks."""
    pbx = feed(TENANT)
    pbx.accounts("45", "47", now=0)
    pbx.accounts("46", now=300)
    assert pbx["46"].present
    assert not pbx.accounts("45", "47", now=700).removed


def test_known_extension_is_absent_until_listed() -> None:
    """An extension of earlier days is absent, not unheard of; a new link remembers."""
    memory = Memory()
    first = Feed(
        PbxState(
            "45",
            frozenset(),
            known=dict.fromkeys(("45", "46"), EXTENSION),
            memory=memory,
        )
    )
    assert first["45"].present
    assert not first["46"].present
    first.accounts("45", now=0)
    second = Feed(
        PbxState(
            "45",
            frozenset(),
            known=dict.fromkeys(("45", "46"), EXTENSION),
            memory=memory,
        )
    )
    assert second.accounts("45", now=700).removed == {"46"}


# Calls: the list


def test_call_list_is_complete() -> None:
    """An id that is missing has ended; `[]` ends all."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "45", "connected", "45"),
        leg("b", OUTSIDE, "46", "connected", "46"),
    )
    assert pbx.state.totals.active_calls == 2
    assert pbx.calls(leg("b", OUTSIDE, "46", "connected", "46")) == Changes(
        frozenset({"45"}), frozenset({"45"}), totals=True
    )
    assert (pbx.shown("45"), pbx.shown("46")) == (OFF, TALKS)
    pbx.calls()
    assert pbx.shown("46") == OFF
    assert pbx.state.totals == Totals(0, 0, 3)


def test_same_call_list_again_is_nothing() -> None:
    """Nobody is told of it."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "connected", "45"))
    assert not pbx.calls(leg("a", OUTSIDE, "45", "connected", "*45"))


@pytest.mark.parametrize("word", ["state", "callstate"])
@pytest.mark.parametrize("listed", [True, False])
def test_object_for_list_and_callstate_for_state(word: str, listed: bool) -> None:
    """Both ways to write a call say the same."""
    pbx = feed(TENANT)
    call = {
        "id": "a",
        "from": f"<sip:{OUTSIDE}@localhost>",
        "to": "sip:45@localhost",
        word: "alerting",
    }
    pbx.frame("call-state", calls=[call] if listed else call)
    assert pbx.shown("45") == RINGS


def test_star_extension_is_the_extension() -> None:
    """The star is stripped."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "500", "alerting", "*46"))
    assert (pbx.shown("45"), pbx.shown("46")) == (OFF, RINGS)


def test_call_without_id_begins_goes_on_and_ends() -> None:
    """Its parties and start are its key."""
    pbx = feed(TENANT)
    call = leg("", OUTSIDE, "45", "alerting", start=5)
    pbx.calls(call, leg("", OUTSIDE, "46", "alerting", start=5))
    (id_,) = pbx.ids("45")
    pbx.calls({**call, "state": "connected"})
    assert (pbx.ids("45"), pbx.shown("45"), pbx.shown("46")) == ([id_], TALKS, OFF)
    pbx.calls()
    assert pbx.shown("45") == OFF


def test_two_calls_without_id_in_split_fields() -> None:
    """Bare numbers tell them apart as well as party strings."""
    pbx = feed(TENANT)
    pbx.calls(
        {"from-number": OUTSIDE, "to-number": "45", "state": "connected"},
        {"from-number": "+4930777777", "to-number": "45", "state": "alerting"},
    )
    assert len(pbx.ids("45")) == 2
    assert pbx.shown("45") == (True, True, CONNECTED)


def test_legs_with_one_id_are_one_call() -> None:
    """A list may hold an entry for each leg: the call counts once."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46"),
        leg("a", OUTSIDE, "500", "alerting", "47"),
    )
    assert (pbx.shown("46"), pbx.shown("47")) == (RINGS, RINGS)
    assert pbx.state.totals.ringing_calls == 1


def test_connected_leg_outranks_a_ringing_one_with_its_id() -> None:
    """The extension of the leg that is connected is in the call, the other is not."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "47"),
        leg("a", OUTSIDE, "500", "connected", "46"),
    )
    assert pbx.shown("46") == TALKS
    assert pbx["47"].in_call is not True
    assert pbx.state.totals == Totals(1, 0, 3)


# Calls: whose they are, direction, scope


@pytest.mark.parametrize("word", ["alerting", "ringback", "ringing"])
def test_parties_tell_the_direction_not_the_state_word(word: str) -> None:
    """`alerting` is seen on both sides."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "46", "45", word, "45", "46", start=7))
    (mine,), (other,) = pbx["45"].calls, pbx["46"].calls
    assert (mine.state, mine.direction) == (RINGING, INCOMING)
    assert (other.state, other.direction) == (DIALING, OUTGOING)
    assert (mine.remote.number, other.remote.number) == ("46", "45")
    assert mine.dialed_number == other.dialed_number == "45"
    assert mine.started == other.started == 7
    assert pbx.shown("46") == (False, False, DIALING)


def test_call_shows_both_sides_of_a_conversation() -> None:
    """All that is known of a call is shown to each party of it."""
    pbx = feed(TENANT, "45", account("46", name="Bob"))
    pbx.calls(
        leg("a", '"Me" <sip:45@tenant>', "46", "connected", connect=9, rec="adhoc")
    )
    mine, other = pbx["45"].call, pbx["46"].call
    assert mine is not None
    assert other is not None
    assert (mine.remote.number, mine.remote.name) == ("46", "Bob")
    assert (other.remote.number, other.remote.name) == ("45", "Me")
    assert (mine.answered, mine.recording) == (9, True)
    assert mine.scope is other.scope is Scope.INTERNAL


@pytest.mark.parametrize(
    ("caller", "scope"),
    [
        ("<sip:46@localhost>", Scope.INTERNAL),
        ("<sip:46@tenant>", Scope.INTERNAL),
        ("46", Scope.INTERNAL),
        ("<sip:46@elsewhere.example>", Scope.EXTERNAL),
        # A trunk's caller bears the address of the tenant.
        (f"<sip:{OUTSIDE}@localhost>", Scope.EXTERNAL),
        ("<sip:99@localhost>", None),
        ("", None),
    ],
)
def test_scope(caller: str, scope: Scope | None) -> None:
    """Internal: both parties in the tenant; None where that is not known."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", caller or "<>", "45", "alerting"))
    (call,) = pbx["45"].calls
    assert call.scope is scope


def test_external_party_with_the_number_of_an_extension() -> None:
    """A call of 46 at another host is not the call of our 46."""
    pbx = feed(TENANT, "45", account("46", name="Bob"))
    pbx.calls(leg("a", "<sip:46@elsewhere.example>", "45", "connected"))
    assert pbx.shown("46") == OFF
    (call,) = pbx["45"].calls
    assert (call.direction, call.scope, call.remote.name) == (
        *(INCOMING, Scope.EXTERNAL),
        None,
    )


def test_external_caller_with_our_own_number() -> None:
    """45 at another host calls us: that is incoming."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "<sip:45@elsewhere.example>", "45", "alerting"))
    assert pbx.shown("45") == RINGS


def test_withheld_number() -> None:
    """A caller may be unknown; the call is not."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", "<sip:anonymous@anonymous.invalid>", "45", "alerting"))
    (call,) = pbx["45"].calls
    assert (call.remote.number, call.remote.name) == (None, None)
    assert pbx.shown("45") == RINGS


# Calls: groups


def test_group_call_rings_all() -> None:
    """All who ring with the group ring; the caller dials; nobody is in a call."""
    pbx = feed(TENANT, *PHONES, "48")
    pbx.calls(leg("g", "48", "500", "alerting", "48", "45", "46", "47"))
    assert [pbx.shown(number) for number in PHONES] == [RINGS] * 3
    assert pbx.shown("48") == (False, False, DIALING)
    assert pbx.state.totals == Totals(0, 1, 4)


@pytest.mark.parametrize("shrinks", [True, False])
def test_group_call_is_with_the_one_who_answers(shrinks: bool) -> None:
    """Who only rang is not in it, also when the extension list does not shrink."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting", *PHONES))
    pbx.user("46", code=1)
    left = ["46"] if shrinks else PHONES
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *left))
    if not shrinks:
        # Busy was said while all rang: it proves nothing.
        assert [pbx[number].call_state for number in PHONES] == [None] * 3
        assert [pbx[number].in_call for number in PHONES] == [None] * 3
        pbx.user("46", code=1)
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]
    pbx.calls(leg("g", OUTSIDE, "500", "holding", *left))
    assert [pbx.shown(number) for number in PHONES] == [OFF, (False, True, HELD), OFF]
    assert pbx.state.totals == Totals(1, 0, 3)


def test_group_call_is_with_the_sole_extension_left() -> None:
    """A list that has shrunk to one is proof enough."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46"))
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_group_call_is_with_the_named_party() -> None:
    """A party by name is in the call, presence or not."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "45", "46", "connected", *PHONES))
    assert [pbx.shown(number) for number in PHONES] == [TALKS, TALKS, OFF]


def test_group_call_whose_presence_comes_late() -> None:
    """The presence of the one who answered may come after the call."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_group_call_and_presence_that_only_rings() -> None:
    """Presence that says itself that the phone rings is no proof of a call."""
    pbx = feed(TENANT)
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "alerting")])
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    assert pbx["46"].in_call is not True
    assert "g" not in pbx.ids("46")


@pytest.mark.parametrize(
    "presence", [{"calls": [leg("a", "46", OUTSIDE, "connected")]}, {"code": 1}]
)
def test_group_call_and_presence_of_another_call(presence: Json) -> None:
    """Who is busy with one call and only rang for another is not in both."""
    pbx = feed(TENANT)
    pbx.user("46", **presence)
    pbx.user("47", calls=[leg("g", OUTSIDE, "500", "connected")])
    pbx.calls(
        leg("a", "46", OUTSIDE, "connected", "46"),
        leg("g", OUTSIDE, "500", "connected", "46", "47"),
    )
    assert (pbx.ids("46"), pbx.ids("47")) == (["a"], [])
    assert pbx["46"].doubtful == pbx["47"].doubtful == {"g"}
    pbx.user("47", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert not pbx["46"].doubtful
    assert pbx.ids("46") == ["a"]
    assert pbx.ids("47") == ["g"]


def test_group_call_without_any_presence_is_not_idle() -> None:
    """Where presence is not known, nobody can tell who answered."""
    pbx = Feed()
    pbx.rest("45", {"name": "46"}, {"name": "47"})
    pbx.state.begin_calls(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46", "47"))
    assert pbx["46"].in_call is None
    assert pbx["46"].call_state is None


def test_group_call_and_presence_without_id() -> None:
    """The presence of the one who answers may name the caller only."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "connected", "46", "47"))
    pbx.user("46", calls=[{"from": f"<sip:{OUTSIDE}@localhost>"}])
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


@pytest.mark.parametrize(
    "calls",
    [
        [leg("g", "45", "500", "connected", "45", "46")],
        [
            leg("g", "45", "500", "connected", "45"),
            leg("g", "45", "500", "connected", "46"),
        ],
    ],
)
def test_group_call_of_a_caller_within_the_tenant(calls: list[Json]) -> None:
    """The caller is involved, too: the sole other extension is the one who answered."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "45", "500", "alerting", *PHONES))
    pbx.calls(*calls)
    assert [pbx.shown(number) for number in PHONES] == [TALKS, TALKS, OFF]


# Calls: details and presence


@pytest.mark.parametrize("presence", [{"code": 0}, {"calls": [{"from": "sip:45"}]}])
def test_busy_by_presence_alone(presence: Json) -> None:
    """In a call; which one, and whether a phone rings, is not known."""
    pbx = feed(OWN)
    pbx.user("46", **presence)
    assert pbx.shown("46") == BUSY
    assert pbx.state.totals == Totals(None, None, 3)


@pytest.mark.parametrize(
    "presence", [{"code": 1}, {"calls": [leg("a", "45", "46", "")]}]
)
@pytest.mark.parametrize("scope", [OWN, TENANT])
def test_details_outrank_presence(scope: CallScope, presence: Json) -> None:
    """`code` and `calls` may be set while the phone only rings."""
    pbx = feed(scope)
    pbx.calls(leg("a", "45", "46", "alerting"))
    pbx.user("46", **presence)
    assert pbx.shown("46") == RINGS
    pbx.calls(leg("a", "45", "46", "connected"))
    assert pbx.shown("46") == TALKS


def test_details_outrank_presence_without_id() -> None:
    """A listed call with the caller of a known one is that call; often it has no id."""
    pbx = feed(OWN)
    pbx.calls(leg("a", "45", "46", "alerting"))
    pbx.user("46", calls=[{"from": "<sip:45@localhost>"}])
    assert pbx["46"].ringing is True
    assert pbx["46"].in_call is not True


def test_details_outrank_rest_presence() -> None:
    """`connected` of the REST list may be old; a call list is not."""
    pbx = Feed()
    pbx.rest("45", {"name": "46", "connected": True})
    pbx.state.begin_calls(TENANT)
    pbx.calls()
    assert pbx.shown("46") == OFF


def test_unknown_call_state_is_unknown() -> None:
    """A word that is not known is neither idle nor busy."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "hovering"))
    assert pbx.shown("45") == UNKNOWN
    assert pbx.shown("46") == OFF
    assert pbx.state.totals == Totals(None, None, 3)


# Several calls


def test_several_calls_priority() -> None:
    """Connected before ringing, dialing, held; the newest first."""
    pbx = feed(TENANT)
    calls = [
        leg("held", OUTSIDE, "45", "onhold", "45", start=9),
        leg("dialing", "45", OUTSIDE, "alerting", "45", start=8),
        leg("ringing", OUTSIDE, "45", "alerting", "45", start=7),
        leg("old", OUTSIDE, "45", "connected", "45", start=1),
        leg("new", OUTSIDE, "45", "connected", "45", start=2),
        leg("undated", OUTSIDE, "45", "connected", "45"),
    ]
    order = ["new", "old", "undated", "ringing", "dialing", "held"]
    states = [CONNECTED] * 3 + [RINGING, DIALING, HELD]
    while order:
        pbx.calls(*calls)
        assert pbx.ids("45") == order
        assert pbx["45"].call_state is states.pop(0)
        calls = [call for call in calls if call["id"] != order[0]]
        order.pop(0)


def test_ringing_and_in_call_have_their_own_truth() -> None:
    """A second call may ring while the first goes on, or is held."""
    pbx = feed(TENANT)
    second = leg("b", OUTSIDE, "45", "alerting", "45")
    pbx.calls(leg("a", "45", "46", "connected"), second)
    assert pbx.shown("45") == (True, True, CONNECTED)
    pbx.calls(leg("a", "45", "46", "holding"), second)
    assert pbx.shown("45") == (True, True, RINGING)
    assert pbx.state.totals == Totals(1, 1, 3)


# Our own dialing


@pytest.mark.parametrize(
    ("dialed", "shown"),
    [
        ("46", "46"),
        ("+4930123456", "+4930123456"),
        ("+4930123456", "030123456"),
        ("030123456", "+4930123456"),
        ("004930123456", "+4930123456"),
        ("0030123456", "030123456"),
        ("*97", "*97"),
    ],
)
@pytest.mark.parametrize("scope", [OWN, TENANT])
@pytest.mark.parametrize("presented_incoming", [True, False])
def test_own_dial_is_outgoing_from_its_first_frame(
    dialed: str, shown: str, scope: CallScope, presented_incoming: bool
) -> None:
    """The desk phone rings first, and that is not an incoming call."""
    pbx = feed(scope)
    dial = pbx.state.expect_dial(dialed, 100)
    parties = (shown, "45") if presented_incoming else ("45", shown)
    pbx.calls(leg("a", *parties, "alerting", "45"), now=101)
    assert pbx.shown("45") == (False, False, DIALING)
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert (call.direction, call.remote.number) == (OUTGOING, shown)
    assert call.dialed_number == shown
    pbx.calls(leg("a", *parties, "connected", "45"), now=190)
    (call,) = pbx["45"].calls
    assert (call.state, call.direction) == (CONNECTED, OUTGOING)
    assert pbx.state.dialed_call(dial) == call
    pbx.calls()
    assert pbx.state.dialed_call(dial) is None


@pytest.mark.parametrize(("seconds", "state"), [(30.0, DIALING), (30.1, RINGING)])
def test_own_dial_expires(seconds: float, state: CallState) -> None:
    """A call that comes more than 30 s later is not ours."""
    pbx = feed(TENANT)
    pbx.state.expect_dial("46", 100)
    pbx.calls(leg("a", "46", "45", "alerting"), now=100 + seconds)
    assert pbx["45"].call_state is state


def test_own_dial_is_the_first_new_call_only() -> None:
    """Neither a call that was up nor a second one is ours."""
    pbx = feed(TENANT)
    before = leg("a", "46", "45", "alerting")
    pbx.calls(before, now=99)
    dial = pbx.state.expect_dial("46", 100)
    pbx.calls(before, leg("b", "46", "45", "alerting"), now=101)
    pbx.calls(
        before,
        leg("b", "46", "45", "alerting"),
        leg("c", "46", "45", "alerting"),
        now=102,
    )
    directions = {call.id: call.direction for call in pbx["45"].calls}
    assert directions == {"a": INCOMING, "b": OUTGOING, "c": INCOMING}
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert call.id == "b"


@pytest.mark.parametrize(
    "other",
    [
        leg("x", "47", "45", "alerting"),
        leg("x", "46", "47", "alerting"),
        leg("x", OUTSIDE, "45", "alerting"),
    ],
)
def test_own_dial_is_not_any_other_call(other: Json) -> None:
    """It takes the line and the dialed number; another call leaves it expected."""
    pbx = feed(TENANT)
    dial = pbx.state.expect_dial("46", 100)
    pbx.calls(other, now=101)
    assert pbx.state.dialed_call(dial) is None
    assert pbx["45"].call_state in (IDLE, RINGING)
    pbx.calls(other, leg("a", "46", "45", "alerting"), now=102)
    call = pbx.state.dialed_call(dial)
    assert call is not None
    assert call.id == "a"


@pytest.mark.parametrize(
    ("number", "call"),
    [
        ("500", leg("x", "46", "500", "alerting", "45", "47")),
        ("45", leg("x", "46", "45", "alerting")),
    ],
)
def test_own_dial_is_with_the_dialed_number_as_the_other_party(
    number: str, call: Json
) -> None:
    """A call of another to the number that we dial too is not our dialing."""
    pbx = feed(TENANT)
    dial = pbx.state.expect_dial(number, 100)
    pbx.calls(call, now=101)
    assert pbx.shown("45") == RINGS
    assert pbx.state.dialed_call(dial) is None


def test_own_dial_without_caller() -> None:
    """The desk phone may ring with no caller told: the other party is the callee."""
    pbx = feed(TENANT)
    pbx.state.expect_dial("46", 100)
    pbx.calls(leg("a", "<>", "46", "alerting", "45"), now=101)
    (call,) = pbx["45"].calls
    assert (call.state, call.remote.number) == (DIALING, "46")


def test_cancelled_dial_is_not_expected() -> None:
    """A dialing that did not reach the PBX makes no call."""
    pbx = feed(TENANT)
    pbx.state.cancel_dial(pbx.state.expect_dial("46", 100))
    pbx.calls(leg("a", "46", "45", "alerting"), now=101)
    assert pbx.shown("45") == RINGS


def test_two_dials_in_a_row() -> None:
    """A second dialing does not make the PBX's answer to the first one incoming."""
    pbx = feed(TENANT)
    first = pbx.state.expect_dial("46", 100)
    second = pbx.state.expect_dial("47", 100.5)
    pbx.calls(
        leg("a", "46", "45", "alerting"), leg("b", "47", "45", "alerting"), now=101
    )
    assert {call.state for call in pbx["45"].calls} == {DIALING}
    for dial, call_id in ((first, "a"), (second, "b")):
        call = pbx.state.dialed_call(dial)
        assert call
        assert call.id == call_id


def test_own_dial_outlives_the_link() -> None:
    """After a reconnect it is still the call that we dialed."""
    memory = Memory()
    old = Feed(PbxState("45", frozenset({"localhost"}), memory=memory))
    old.state.begin_calls(TENANT)
    old.state.expect_dial("46", 100)
    old.calls(leg("a", "46", "45", "alerting"), now=101)
    new = Feed(PbxState("45", frozenset({"localhost"}), memory=memory))
    new.accounts(*PHONES)
    new.state.begin_calls(TENANT)
    new.calls(leg("a", "46", "45", "alerting"), now=200)
    assert new["45"].call_state is DIALING


# Whose calls are told


def test_own_scope_foreign_calls_do_not_appear_on_the_line() -> None:
    """A call that lists others only strayed in from the tenant's stream."""
    pbx = feed(OWN)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46", "47"),
        leg("b", OUTSIDE, "500", "alerting", "45", "47"),
    )
    assert pbx.ids("45") == ["b"]


def test_own_scope_group_call_of_the_line() -> None:
    """The own stream may name the caller and the group only."""
    pbx = feed(OWN)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting"))
    assert pbx.shown("45") == RINGS
    assert pbx.shown("46") == OFF


def test_own_scope_others_have_their_own_truth() -> None:
    """What others do is told by their presence, and the line's list ends none of it."""
    pbx = feed(OWN)
    pbx.user("46", calls=[leg("a", "46", OUTSIDE, "connected")])
    pbx.user("47", calls=[leg("b", OUTSIDE, "47", "alerting")])
    pbx.calls(leg("c", OUTSIDE, "45", "connected"))
    pbx.calls()
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, RINGS]
    assert pbx.state.totals == Totals(1, 1, 3)


def test_own_scope_the_lists_of_the_line_are_the_truth_of_the_line() -> None:
    """Its own presence may lag behind."""
    pbx = feed(OWN)
    pbx.user("45", code=1, calls=[leg("a", OUTSIDE, "45", "connected")])
    assert pbx.shown("45") == OFF
    assert pbx.state.totals == Totals(0, 0, 3)


def test_own_scope_rest_presence() -> None:
    """Not busy is not in a call; whether a phone rings is not told."""
    pbx = Feed()
    pbx.rest("45", "46", {"name": "47", "connected": True}, {"name": "48"})
    pbx.state.begin_calls(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    assert pbx.shown("46") == (None, False, None)
    assert pbx.shown("47") == BUSY
    assert pbx.shown("48") == UNKNOWN
    assert pbx.state.totals.active_calls is None
    assert pbx.state.totals.ringing_calls is None


def test_own_scope_the_other_party_of_the_line() -> None:
    """A call with the line is known of both, even where nothing else is."""
    pbx = Feed()
    pbx.rest("45", "46")
    pbx.state.begin_calls(OWN)
    pbx.calls(leg("a", "45", "46", "connected"))
    assert pbx["46"].in_call is True
    assert pbx["46"].call_state is CONNECTED


def test_own_scope_group_call_answered_elsewhere() -> None:
    """The one who answered says so himself while the line's leg still rings."""
    pbx = feed(OWN)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting"))
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "alerting")])
    assert pbx.shown("46") == RINGS
    pbx.user("46", calls=[leg("g", OUTSIDE, "500", "connected")])
    assert pbx["46"].in_call is True
    pbx.calls()
    assert [pbx.shown(number) for number in PHONES] == [OFF, TALKS, OFF]


def test_tenant_scope_tells_everybody() -> None:
    """Who is in no listed call is idle."""
    pbx = Feed()
    pbx.rest(*PHONES)
    assert pbx["46"].call_state is None
    pbx.state.begin_calls(TENANT)
    pbx.calls(leg("a", OUTSIDE, "47", "connected", "47"))
    assert [pbx.shown(number) for number in PHONES] == [OFF, OFF, TALKS]
    assert pbx.state.totals == Totals(1, 0, 3)


# Calls of a `domain-state`


def test_domain_state_calls_fill_in_until_the_first_call_list() -> None:
    """They show the line's calls at the start; a call list knows better."""
    pbx = Feed()
    call = leg("a", OUTSIDE, "45", "connected")
    pbx.accounts(*PHONES, calls=[call, leg("b", OUTSIDE, "46", "alerting")])
    assert pbx["45"].call_state is CONNECTED
    pbx.state.begin_calls(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    pbx.accounts(*PHONES, calls=[call])
    assert pbx.shown("45") == OFF


@pytest.mark.parametrize("fields", [{}, {"calls": []}])
def test_domain_state_ends_no_call(fields: Json) -> None:
    """Only `call-state` ends calls."""
    pbx = Feed()
    pbx.accounts(*PHONES, calls=leg("a", OUTSIDE, "45", "connected"))
    pbx.accounts(*PHONES, **fields)
    assert pbx["45"].call_state is CONNECTED
    pbx.state.begin_calls(OWN)
    pbx.calls(leg("a", OUTSIDE, "45", "connected"))
    pbx.accounts(*PHONES, **fields)
    assert pbx["45"].call_state is CONNECTED


def test_before_any_call_list_nothing_is_idle_that_is_not_told() -> None:
    """A line whose calls are not told yet, and whose presence is not, is unknown."""
    pbx = Feed()
    assert pbx.shown("45") == UNKNOWN
    assert pbx.state.totals == Totals(None, None, None)
    pbx.rest("45")
    assert pbx.shown("45") == (None, False, None)


def test_before_any_snapshot_the_totals_are_not_known() -> None:
    """Who else there is, and in what call, nobody has told."""
    pbx = Feed()
    pbx.state.begin_calls(OWN)
    pbx.calls()
    assert pbx.shown("45") == OFF
    assert pbx.state.totals == Totals(None, None, None)


# Totals


def test_totals_count_each_call_once() -> None:
    """A call within the tenant has two parties and is one call."""
    pbx = feed(TENANT)
    pbx.calls(
        leg("a", "45", "46", "connected", "45", "46"),
        leg("b", OUTSIDE, "47", "onhold", "47"),
        leg("c", OUTSIDE, "500", "alerting", "45", "46", "47"),
    )
    assert pbx.state.totals == Totals(2, 1, 3)


def test_totals_of_presence_count_each_call_once() -> None:
    """Where only the own calls are listed, the others' presence adds theirs."""
    pbx = feed(OWN)
    talk = leg("a", "46", "47", "connected")
    pbx.user("46", calls=talk)
    pbx.user("47", calls=talk)
    pbx.calls(leg("b", OUTSIDE, "45", "alerting"))
    assert pbx.state.totals == Totals(1, 1, 3)


def test_totals_of_registered_extensions() -> None:
    """Absent ones do not count; one that is not told leaves the count unknown."""
    pbx = feed(TENANT, "45", account("46", registered=False), "47")
    assert pbx.state.totals.registered_extensions == 2
    pbx.accounts("45")
    assert pbx.state.totals.registered_extensions == 1
    pbx.accounts("45", account("46", registered=None))
    assert pbx.state.totals.registered_extensions is None


def test_totals_do_not_need_the_presence_of_the_line() -> None:
    """The line's calls are told by its list; its presence often has no id."""
    pbx = feed(OWN)
    pbx.calls(leg("a", "45", OUTSIDE, "connected"))
    pbx.user("45", calls=[{"from": "<sip:45@localhost>"}])
    assert pbx.state.totals == Totals(1, 0, 3)


def test_totals_know_of_callers_without_a_phone() -> None:
    """A caller in the attendant or a queue is a call; it may be unknown, never 0."""
    pbx = feed(OWN, "45", account("550", type="attendants"))
    pbx.user("550", calls=[leg("a", OUTSIDE, "550", "connected")])
    assert pbx.state.totals.active_calls in (1, None)


def test_totals_where_an_account_is_busy_and_tells_no_call() -> None:
    """How many calls are in an attendant or a queue that is busy nobody can count."""
    pbx = feed(OWN, "45", account("550", type="attendants"))
    pbx.user("550", code=1)
    assert pbx.state.totals == Totals(None, None, 1)
    pbx.user("550", calls=[])
    assert pbx.state.totals == Totals(0, 0, 1)


@pytest.mark.parametrize("answerer", ["46", "47"])
def test_totals_of_a_call_that_two_tell_differently(answerer: str) -> None:
    """A call that one has connected is connected, whoever still rings."""
    pbx = feed(OWN)
    for number in ("46", "47"):
        word = "connected" if number == answerer else "alerting"
        pbx.user(number, calls=[leg("g", OUTSIDE, "500", word)])
    assert pbx.state.totals == Totals(1, 0, 3)


@pytest.mark.parametrize("kind", ["extensions", "attendants"])
@pytest.mark.parametrize("presence", [{"code": 1}, {"calls": [TALK]}])
def test_totals_forget_who_is_gone(kind: str, presence: Json) -> None:
    """What an account told last counts no more once a snapshot lacks it."""
    pbx = feed(OWN, "45", account("46", type=kind))
    pbx.user("46", **presence)
    pbx.accounts("45", now=100)
    assert pbx.state.totals == Totals(0, 0, 1)
    pbx.accounts("45", now=800)
    assert pbx.state.totals == Totals(0, 0, 1)


def test_totals_and_an_empty_list() -> None:
    """A list that proves nothing does not prove that nobody is in a call."""
    pbx = Feed()
    pbx.rest("45", "46")
    pbx.state.begin_calls(OWN)
    pbx.calls()
    pbx.rest()
    assert pbx.state.totals == Totals(None, None, 2)


# Any history


GROUP = leg("g", OUTSIDE, "500", "alerting", *PHONES, start=2)
TWINS = [leg("a", OUTSIDE, "45", "connected"), leg("b", OUTSIDE, "45", "connected")]

HISTORIES: dict[str, Callable[[Feed], object]] = {
    "nothing": lambda pbx: None,
    "presence": lambda pbx: pbx.user("46", code=1, dnd=True, chatstatus="online"),
    "unregistered": lambda pbx: pbx.user("45", registered=False),
    "renamed": lambda pbx: pbx.user("47", name="Zoë"),
    "listed calls": lambda pbx: pbx.user("47", calls=[{"from": "sip:46"}]),
    "unknown account": lambda pbx: pbx.user("99", code=1),
    "calls": lambda pbx: pbx.calls(TALK, GROUP),
    "unknown state": lambda pbx: pbx.calls({**TALK, "state": "hovering"}),
    "group answered": lambda pbx: (
        pbx.calls(GROUP),
        pbx.user("46", code=1),
        pbx.calls({**GROUP, "state": "connected"}),
    ),
    "other order": lambda pbx: (pbx.calls(), pbx.calls(*reversed(TWINS))),
    "another type": lambda pbx: pbx.accounts("45", account("46", type="hunts"), "47"),
    "absent": lambda pbx: pbx.accounts("45", "47"),
    "removed": lambda pbx: (
        pbx.accounts("45", now=0),
        pbx.accounts("45", now=700),
    ),
    "empty list": lambda pbx: pbx.accounts(),
    "list without us": lambda pbx: pbx.accounts(account("46", dnd=True, code=1)),
    "calls in the snapshot": lambda pbx: pbx.accounts(*PHONES, calls=[TALK, GROUP]),
    "rest": lambda pbx: pbx.rest("45", {"name": "46", "connected": True}),
    "expired dial": lambda pbx: pbx.state.expect_dial(OUTSIDE, -100),
}
TRUTHS: dict[str, list[Json]] = {
    "idle": [],
    "talk": [TALK],
    "group": [GROUP],
    "connected group": [{**GROUP, "state": "connected"}],
    "twins": TWINS,
}


def tell_all(pbx: Feed, scope: CallScope, calls: list[Json]) -> None:
    """Feed complete snapshots of accounts and calls."""
    pbx.state.begin_calls(scope)
    accounts = (
        account("45", name="Me", chatstatus="online"),
        account("46", code=1, registered=False),
        account("47", dnd=True, calls=[leg("x", OUTSIDE, "47", "alerting")]),
    )
    pbx.accounts(*accounts, now=1000)
    pbx.calls(*calls, now=1000)
    # Presence says who answered a group's call, if it is told after the call.
    pbx.accounts(*accounts, now=1000)


@pytest.mark.parametrize("scope", [OWN, TENANT])
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("late", [True, False])
def test_any_history_equals_a_fresh_client(
    scope: CallScope, truth: str, history: str, late: bool
) -> None:
    """Complete snapshots leave no trace of what was before, in the calls' order too."""
    old = Feed()
    old.accounts(*PHONES)
    if late:
        old.state.begin_calls(scope)
        old.calls(*TRUTHS[truth])
    HISTORIES[history](old)
    fresh = Feed()
    for pbx in (old, fresh):
        tell_all(pbx, scope, TRUTHS[truth])
    assert old.state.extensions == fresh.state.extensions
    assert old.state.totals == fresh.state.totals


def test_both_dialects_show_the_same() -> None:
    """For facts that both carry, the state is the same."""
    classic = Feed()
    classic.accounts(*PHONES)
    classic.state.begin_calls(TENANT)
    classic.calls(
        leg("a", '"Anna" <sip:46@localhost>', "45", "", callstate="alerting", start=5)
    )
    modern = Feed()
    modern.rest(*PHONES)
    modern.state.begin_calls(TENANT)
    call = {"id": "a", "state": "alerting", "start": "5", "connect": ""}
    ends = {"from-number": "46", "from-name": "Anna", "to-number": "45"}
    modern.calls({**call, **ends, "extension": ["*45", "46"]})
    for number in PHONES:
        assert classic.shown(number) == modern.shown(number)
        for one, other in zip(classic[number].calls, modern[number].calls, strict=True):
            assert (one.direction, one.remote.number, one.scope, one.started) == (
                *(other.direction, other.remote.number, other.scope),
                other.started,
            )
    assert classic.state.totals == modern.state.totals


# What may be, and may not


def test_phone_that_goes_away_while_it_rings() -> None:
    """Whether it still rings is open, at once and not with the next call list only."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "46", "alerting"))
    assert pbx.shown("46") == RINGS
    pbx.user("46", registered=False)
    assert pbx.shown("46") == UNKNOWN
    pbx.user("46", registered=True)
    assert pbx.shown("46") == RINGS


def test_called_number_while_another_is_involved() -> None:
    """A call to one phone that another one has taken is not said to be with both."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "46", "connected", "47"))
    assert pbx.shown("47") == TALKS
    assert pbx["46"].call_state is not CONNECTED
    assert pbx["46"].in_call is not True


def test_presence_of_who_only_rang_proves_nothing_of_the_line() -> None:
    """What REST says of the line is not tested by a group's call that another took."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", OUTSIDE, "500", "alerting", *PHONES))
    pbx.calls(leg("g", OUTSIDE, "500", "connected", *PHONES))
    for _ in range(4):
        pbx.rest("45", {"name": "46", "connected": True}, {"name": "47"})
    assert pbx["46"].in_call is True


def test_call_back_after_a_dialing_that_failed() -> None:
    """Who calls back is no call of ours once the dialing was given up."""
    pbx = feed(OWN)
    dial = pbx.state.expect_dial(OUTSIDE, 0)
    assert pbx.state.cancel_dial(dial)
    pbx.calls(leg("a", OUTSIDE, "45", "alerting"), now=10)
    assert pbx.shown("45") == RINGS
    other, dial = (pbx.state.expect_dial(number, 20) for number in ("46", "47"))
    assert pbx.state.cancel_dial(other)
    pbx.calls(leg("b", "47", "45", "alerting"), now=21)
    assert pbx.shown("45") == (False, False, DIALING)
    assert not pbx.state.cancel_dial(dial), "it is there"


def test_calls_beside_the_one_that_is_shown() -> None:
    """A call in a state that nobody knows makes the others incomplete."""
    pbx = feed(TENANT)
    pbx.calls(leg("a", OUTSIDE, "45", "connected"), leg("b", "46", "45", "queued"))
    assert pbx["45"].call_state is CONNECTED
    assert pbx["45"].doubtful == {"b"}
    assert not pbx["45"].complete


def test_withheld_callers_are_not_the_same() -> None:
    """Two calls without a number have nothing in common."""
    pbx = feed(TENANT)
    pbx.calls(leg("g", "anonymous", "500", "connected", "46", "47"))
    pbx.user("46", calls=[{"from": "<sip:anonymous@localhost>"}])
    assert "g" not in pbx.ids("46")
