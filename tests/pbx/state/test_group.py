"""Test the rules of groups: which calls are theirs, and what is not known of them."""

import pytest

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.models import (
    EXTENSION,
    Account,
    CallScope,
    Group,
    ParkedCalls,
)
from custom_components.vodia.pbx.wire.messages import AccountsSnapshot, OrbitList
from tests.support.feed import (
    CONNECTED,
    HELD,
    OUTSIDE,
    OWN,
    PHONES,
    RINGING,
    TENANT,
    Feed,
    Json,
    account,
    feed,
    leg,
)

SALES = account("500", type="hunts", name="Sales")
ORDERS = account("600", type="acds")


def office(scope: CallScope | None, *entries: str | Json) -> Feed:
    """Return a tenant with three phones, a group and a queue."""
    return feed(scope, *PHONES, *(entries or (SALES, ORDERS)))


def calls_of(pbx: Feed, number: str = "500") -> list[tuple[str, str]]:
    """Return ids and states of the calls of a group."""
    return [(call.id, call.state) for call in pbx.state.groups[number].calls]


def test_groups_are_no_extensions() -> None:
    """They are accounts of their own; a delta of one changes it alone."""
    pbx = office(TENANT)
    assert pbx.state.groups["500"] == Group("500", "Sales", "hunts", present=True)
    assert set(pbx.state.extensions) == set(PHONES)
    assert not pbx.user("500", code=180)
    changes = pbx.user("500", name="Shop")
    assert changes.accounts == changes.renamed == {"500"}


def test_call_is_the_groups_as_long_as_it_is_to_it() -> None:
    """It rings, is connected and held there, and is no more once it goes elsewhere."""
    pbx = office(TENANT)
    for word, state in (
        ("alerting", RINGING),
        ("connected", CONNECTED),
        ("holding", HELD),
    ):
        pbx.calls(leg("a", OUTSIDE, "500", word, "46"))
        assert calls_of(pbx) == [("a", state)]
    pbx.calls(leg("a", OUTSIDE, "47", "connected", "47"))
    assert not calls_of(pbx)


def test_call_that_names_the_group_under_extension_is_its_call() -> None:
    """So it may be while the callee is who answered."""
    pbx = office(TENANT)
    pbx.calls(leg("a", OUTSIDE, "46", "connected", "46", "500"))
    assert calls_of(pbx) == [("a", CONNECTED)]


@pytest.mark.parametrize(
    ("caller", "callee"), [("500", "46"), (OUTSIDE, "<sip:500@elsewhere.example>")]
)
def test_call_that_is_not_the_groups(caller: str, callee: str) -> None:
    """A group makes no calls, and has none of its number in another tenant."""
    pbx = office(TENANT)
    pbx.calls(leg("a", caller, callee, "connected", "46"))
    assert pbx.state.groups["500"] == Group("500", "Sales", "hunts", present=True)


@pytest.mark.parametrize("connected", [None, "b", "c"])
def test_legs_are_one_call(connected: str | None) -> None:
    """The first one speaks for all, unless another is connected."""
    pbx = office(TENANT)
    legs = [
        leg(
            id_,
            OUTSIDE,
            "500",
            "connected" if id_ == connected else "alerting",
            number,
            start=start,
        )
        for id_, number, start in (("c", "45", 11), ("b", "46", 10), ("d", "47", 12))
    ]
    pbx.calls(*legs)
    if connected:
        assert calls_of(pbx) == [(connected, CONNECTED)]
        return
    assert calls_of(pbx) == [("b", RINGING)]
    pbx.calls(legs[0], legs[2])
    assert calls_of(pbx) == [("c", RINGING)]


def test_calls_that_are_no_legs() -> None:
    """Another caller, or one who called before, is another call."""
    pbx = office(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46", start=10),
        leg("b", "+1202555", "500", "alerting", "46", start=10),
        leg("c", OUTSIDE, "500", "alerting", "46", start=13),
        leg("d", OUTSIDE, "600", "alerting", "46", start=10),
    )
    assert [id_ for id_, _ in calls_of(pbx)] == ["a", "b", "c"]
    assert [id_ for id_, _ in calls_of(pbx, "600")] == ["d"]


def test_leg_in_an_unknown_state_may_be_connected() -> None:
    """Then it is not said that the call rings."""
    pbx = office(TENANT)
    pbx.calls(
        leg("a", OUTSIDE, "500", "alerting", "46", start=10),
        leg("b", OUTSIDE, "500", "hovering", "47", start=10),
    )
    group = pbx.state.groups["500"]
    assert group.possible_call_ids == {"b"}
    assert not group.calls
    assert not group.complete


def test_who_dials_by_a_click_rings_first() -> None:
    """While nobody but the caller is involved, the group may not ring yet."""
    pbx = office(TENANT)
    pbx.calls(leg("a", "46", "500", "alerting", "46"))
    assert pbx.state.groups["500"].possible_call_ids == {"a"}
    pbx.calls(leg("a", "46", "500", "alerting", "46", "47"))
    assert calls_of(pbx) == [("a", RINGING)]


def test_what_the_line_dials_does_not_ring_before_presence_says_so() -> None:
    """In the classic dialect the group's own presence tells when."""
    pbx = office(OWN)
    pbx.state.dials.expect("500", 0)
    call = leg("a", "45", "500", "alerting")
    pbx.calls(call)
    assert pbx.state.groups["500"].possible_call_ids == {"a"}
    pbx.user("500", code=180, calls=[{"id": "a", "from": "<sip:45@localhost>"}])
    assert calls_of(pbx) == [("a", RINGING)]


def test_call_without_a_state_is_unclear() -> None:
    """Presence without a state does not tell whether it rings or is connected."""
    pbx = office(OWN)
    brief = {"id": "a", "from": OUTSIDE, "to": "<sip:600@localhost>"}
    changes = pbx.user("600", code=180, calls=[brief])
    assert "600" in changes.accounts
    group = pbx.state.groups["600"]
    assert group.possible_call_ids == {"a"}
    assert not group.calls
    assert not group.complete
    pbx.user("600")
    assert pbx.state.groups["600"].complete


@pytest.mark.parametrize("own_id", [True, False])
def test_member_proves_that_it_is_connected(own_id: bool) -> None:
    """By the id, or as a leg; when the member tells no more, it is open again."""
    pbx = office(OWN)
    call = leg("a", OUTSIDE, "600", "connected", start=10)
    brief = {key: call[key] for key in ("id", "from", "to", "start")}
    pbx.user("600", code=180, calls=[brief])
    its = call if own_id else {**call, "id": "b", "start": 11}
    changes = pbx.user("46", code=200, calls=[its])
    assert changes.accounts == {"46", "600"}
    assert calls_of(pbx, "600") == [("a", CONNECTED)]
    changes = pbx.user("46")
    assert changes.accounts == {"46", "600"}
    assert pbx.state.groups["600"].possible_call_ids == {"a"}


def test_member_that_rings_or_talks_to_others_proves_nothing() -> None:
    """Neither says that the group's call is connected."""
    pbx = office(OWN)
    pbx.user("600", code=180, calls=[{"id": "a", "from": OUTSIDE}])
    pbx.user("46", code=180, calls=[leg("a", OUTSIDE, "600", "alerting")])
    pbx.user("47", code=180, calls=[leg("b", OUTSIDE, "47", "connected")])
    assert pbx.state.groups["600"].possible_call_ids == {"a"}


def test_call_at_the_line_proves_that_the_group_rings() -> None:
    """The own stream tells of it; of the rest of the group's calls it says nothing."""
    pbx = Feed()
    listed = (Account("45", type=EXTENSION), Account("500", type="hunts"))
    pbx.state.apply(AccountsSnapshot(listed), 0)
    pbx.state.calls.begin(OWN)
    pbx.calls()
    assert pbx.state.groups["500"].complete is False
    pbx.calls(leg("a", OUTSIDE, "500", "alerting", "45"))
    assert calls_of(pbx) == [("a", RINGING)]
    assert pbx.state.groups["500"].complete is False


def test_busy_without_calls_is_not_complete() -> None:
    """Presence that lists no call leaves open how many there are."""
    pbx = office(OWN)
    pbx.user("600", code=180)
    assert pbx.state.groups["600"].complete is False
    assert pbx.state.groups["500"].complete


def test_absent_group_is_removed_after_ten_minutes() -> None:
    """As an extension is; it keeps its name meanwhile."""
    pbx = office(TENANT)
    changes = pbx.accounts(*PHONES, ORDERS, now=100)
    assert changes == Changes(frozenset({"500"}), frozenset({"500"}))
    assert pbx.state.groups["500"].name == "Sales"
    assert not pbx.state.groups["500"].present
    assert pbx.accounts(*PHONES, ORDERS, now=700).removed == {"500"}
    assert set(pbx.state.groups) == {"600"}


def test_group_without_a_type_is_not_forgotten() -> None:
    """A PBX that tells its type no more does not say that it is gone."""
    pbx = office(TENANT)
    for now in (100, 800, 1600):
        changes = pbx.accounts(*PHONES, ORDERS, account("500", type=None), now=now)
        assert not changes.removed
    assert not pbx.state.groups["500"].present
    pbx.accounts(*PHONES, ORDERS, SALES, now=1700)
    assert pbx.state.groups["500"].present


def test_extension_that_becomes_a_group() -> None:
    """It is absent as what it was; forgotten, it comes back as what it is."""
    pbx = office(TENANT)
    now_a_queue = account("46", type="acds")
    pbx.accounts("45", "47", SALES, ORDERS, now_a_queue, now=100)
    assert not pbx["46"].present
    assert "46" not in pbx.state.groups
    changes = pbx.accounts("45", "47", SALES, ORDERS, now_a_queue, now=700)
    assert changes.removed == {"46"}
    assert changes.accounts == {"46"}
    assert pbx.state.groups["46"].present
    assert "46" not in pbx.state.extensions


# In use


WELCOME = account("700", type="attendants")
PARK = account("5", type="orbits")


def used(pbx: Feed, number: str) -> tuple[bool | None, int | None, int | None]:
    """Return whether a group is in use, how many calls it has, and how many wait."""
    group = pbx.state.groups[number]
    return group.in_use, group.count, group.waiting


@pytest.mark.parametrize(
    ("word", "involved", "waiting"),
    [
        ("alerting", ("46", "47"), 1),
        ("alerting", (), 1),
        # The queue plays music.
        ("connected", (), 1),
        ("connected", ("46",), 0),
        ("onhold", ("46",), 0),
        ("connected", ("46", "47"), None),
        ("hovering", ("46",), None),
    ],
)
def test_who_waits(word: str, involved: tuple[str, ...], waiting: int | None) -> None:
    """Who rings, or is connected to nobody but the queue; two may be agents that ring."""
    pbx = office(TENANT)
    assert used(pbx, "600") == (False, 0, 0)
    pbx.calls({**leg("a", OUTSIDE, "600", word, *involved), "extension": [*involved]})
    assert used(pbx, "600") == (True, 1, waiting)


def test_caller_of_the_house_waits() -> None:
    """His own extension is not one that has answered."""
    pbx = office(TENANT)
    pbx.calls(leg("a", "46", "600", "connected", "46"))
    assert used(pbx, "600") == (True, 1, 1)
    pbx.calls(leg("a", "46", "600", "connected", "46", "47"))
    assert used(pbx, "600") == (True, 1, 0)


def test_classic_queue_that_plays_music() -> None:
    """Only an agent's own presence tells that he has the call."""
    pbx = office(OWN)
    call = leg("a", OUTSIDE, "600", "connected", start=10)
    pbx.user("600", code=200, calls=[call])
    assert used(pbx, "600") == (True, 1, None)
    pbx.user("46", code=200, calls=[call])
    pbx.user("600", code=200, calls=[call])
    assert used(pbx, "600") == (True, 1, 0)


def test_line_that_waits_in_a_queue_has_not_answered() -> None:
    """A call of our own stream is answered by us only if we did not make it."""
    pbx = office(OWN)
    pbx.calls(leg("a", "45", "600", "connected"))
    assert used(pbx, "600")[2] is None
    pbx.calls(leg("a", OUTSIDE, "600", "connected"))
    assert used(pbx, "600")[2] == 0


def test_calls_that_may_be_one_are_not_counted() -> None:
    """Of one caller, without a start, there may be two legs of one call."""
    pbx = office(TENANT)
    legs = [leg(id_, OUTSIDE, "500", "alerting", "46") for id_ in ("a", "b")]
    for entry in legs:
        entry["start"] = ""
    pbx.calls(*legs)
    assert used(pbx, "500") == (True, None, None)
    pbx.calls(legs[0])
    assert used(pbx, "500") == (True, 1, None)


def test_busy_without_all_calls_is_not_counted() -> None:
    """Presence that is busy and lists none may mean more than those at our phone."""
    pbx = office(OWN)
    pbx.user("500", code=180)
    assert used(pbx, "500") == (True, None, None)
    pbx.calls(leg("a", OUTSIDE, "500", "alerting"))
    assert used(pbx, "500") == (True, None, None)
    pbx.calls()
    pbx.user("500")
    assert used(pbx, "500") == (False, 0, None)


def test_who_answers_by_itself_is_not_touched_by_the_phones() -> None:
    """What a phone tells of its calls makes nothing of an attendant or orbit anew."""
    pbx = office(OWN, WELCOME, PARK)
    brief = {"id": "a", "from": OUTSIDE}
    for number in ("700", "5"):
        pbx.user(number, code=200, calls=[brief])
        assert used(pbx, number)[0] is True
        assert calls_of(pbx, number) == [("a", CONNECTED)]
    changes = pbx.user("46", code=200, calls=[leg("a", OUTSIDE, "46", "connected")])
    assert changes.accounts == {"46"}


@pytest.mark.parametrize(
    ("word", "occupied"),
    [("alerting", False), ("connected", True), ("onhold", True), ("hovering", None)],
)
def test_orbit(word: str, occupied: bool | None) -> None:
    """Who only calls an orbit is not parked there."""
    pbx = office(TENANT, PARK)
    pbx.calls(leg("a", OUTSIDE, "5", word))
    assert used(pbx, "5")[0] is occupied
    pbx.calls()
    assert used(pbx, "5")[0] is False


def test_orbit_that_rest_tells() -> None:
    """It outranks what our own calls and a stray presence say; what it lacks is open."""
    pbx = Feed()
    listed = (Account("45", type=EXTENSION), Account("5", type="orbits", busy=True))
    pbx.state.apply(AccountsSnapshot(listed), 0)
    pbx.state.calls.begin(OWN)
    assert used(pbx, "5")[0] is None
    for told, occupied in ((True, True), (False, False), (None, None)):
        pbx.state.apply(OrbitList({"5": ParkedCalls(told)}), 0)
        assert used(pbx, "5")[0] is occupied
        pbx.calls(leg("a", "45", "5", "connected"))
        pbx.user("5", code=200)
        assert used(pbx, "5")[0] is occupied
    pbx.state.apply(OrbitList({}), 0)
    pbx.calls()
    pbx.user("5")
    assert used(pbx, "5")[0] is False
    pbx.state.apply(AccountsSnapshot(listed), 0)
    assert used(pbx, "5")[0] is None


def test_absent_orbit_is_not_used() -> None:
    """Of one that is gone nothing is known, and nothing is to be parked there."""
    pbx = office(TENANT, PARK)
    assert set(pbx.state.orbits) == {"5"}
    pbx.accounts(*PHONES, now=100)
    assert not pbx.state.orbits
    assert used(pbx, "5") == (None, None, None)
