"""Test how lists and news of the accounts are applied."""

import pytest

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.models import EXTENSION, Extension, Totals
from custom_components.vodia.pbx.state.memory import Memory
from custom_components.vodia.pbx.state.tenant import TenantState
from tests.support.feed import (
    OFF,
    OUTSIDE,
    OWN,
    PHONES,
    RINGS,
    TENANT,
    Feed,
    Json,
    account,
    feed,
    leg,
)

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
    pbx = Feed(TenantState("45", frozenset({"localhost"}), known={"46": EXTENSION}))
    pbx.accounts("45")
    before = dict(pbx.state.extensions)
    changes = pbx.user(number, type="extensions", registered=True)
    assert changes.unlisted_account == number
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
        TenantState(
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
        TenantState(
            "45",
            frozenset(),
            known=dict.fromkeys(("45", "46"), EXTENSION),
            memory=memory,
        )
    )
    assert second.accounts("45", now=700).removed == {"46"}
