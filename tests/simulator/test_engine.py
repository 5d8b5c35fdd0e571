"""Test that the engine does what telephones do, and logs the truth."""

from collections.abc import Callable

import pytest

from simulator import Engine, EngineError, Event
from simulator.model import Change, Message
from simulator.seed import seed

OUTSIDE = "+4930123456"


@pytest.fixture
def engine() -> Engine:
    """Return an engine with the example tenants and a clock that ticks."""
    ticks = iter(range(1000, 100000))
    engine = Engine(lambda: float(next(ticks)))
    seed(engine)
    return engine


def story(engine: Engine) -> list[tuple[str, str | None]]:
    """Return event and account of each line of the log."""
    return [
        (entry.event, entry.account or entry.details.get("reason"))
        for entry in engine.log
    ]


def test_seed(engine: Engine) -> None:
    """The example tenants are what clients may rely on."""
    assert len(engine.tenant("localhost").accounts) == 26
    assert engine.account("45").password == "45-secret"
    branch = engine.account("45", tenant="branch.example")
    assert branch.name != engine.account("45").name
    assert branch.password != "45-secret"


@pytest.mark.parametrize("calls", [1, 3, 40])
def test_seed_grows(calls: int) -> None:
    """A tenant may be larger and busy from the start."""
    engine = Engine()
    seed(engine, accounts=1000, calls=calls)
    assert len(engine.tenant("localhost").accounts) == 1000
    assert len(engine.calls()) == calls
    assert not engine.calls_of("45")


def test_direct_call(engine: Engine) -> None:
    """A call is answered, held, resumed and ended."""
    call = engine.ring(OUTSIDE, "45", name="Anna Meyer")
    engine.answer(call, "45")
    engine.hold(call, "45")
    engine.resume(call, "45")
    engine.record(call, True)
    engine.hang_up(call, by="45")
    assert story(engine) == [
        ("created", None),
        ("ringing", "45"),
        ("answered", "45"),
        ("held", "45"),
        ("resumed", "45"),
        ("recording", None),
        ("ended", "completed"),
    ]
    assert engine.calls() == []


def test_group_answered_elsewhere(engine: Engine) -> None:
    """Who did not answer a group call stops ringing."""
    call = engine.ring(OUTSIDE, "501")
    engine.answer(call, "46")
    assert story(engine)[1:] == [
        ("ringing", "45"),
        ("ringing", "46"),
        ("ringing", "47"),
        ("ringing", "48"),
        ("answered", "46"),
        ("stopped_ringing", "45"),
        ("stopped_ringing", "47"),
        ("stopped_ringing", "48"),
    ]
    assert engine.log[-1].details == {"because": "answered_elsewhere"}
    assert not engine.calls_of("45")
    assert engine.calls_of("46") == engine.calls_of("501") == engine.calls()


def test_group_spares_who_cannot_ring(engine: Engine) -> None:
    """Neither DND nor lost phones ring, nor the one who calls."""
    engine.set_dnd("46", True)
    engine.set_registered("47", False)
    assert engine.call(engine.ring("45", "501")).rung == ["48"]


def test_missed(engine: Engine) -> None:
    """A caller who gives up has been missed."""
    engine.hang_up(engine.ring(OUTSIDE, "500"))
    assert story(engine)[-4:] == [
        ("stopped_ringing", "43"),
        ("stopped_ringing", "44"),
        ("stopped_ringing", "45"),
        ("ended", "missed"),
    ]


@pytest.mark.parametrize(
    "silence",
    [lambda e: e.set_dnd("45", True), lambda e: e.set_registered("45", False)],
)
def test_silent_phone(engine: Engine, silence: Callable[[Engine], None]) -> None:
    """A call to a silent phone waits and rings nowhere."""
    silence(engine)
    call = engine.ring(OUTSIDE, "45")
    with pytest.raises(EngineError, match="does not ring at 45"):
        engine.answer(call, "45")
    engine.hang_up(call)
    assert story(engine) == [("created", None), ("ended", "missed")]


def test_reject(engine: Engine) -> None:
    """A group call goes on elsewhere, a direct one ends."""
    group = engine.ring(OUTSIDE, "500")
    engine.hang_up(group, by="45")
    assert engine.call(group).rung == ["43", "44"]
    direct = engine.ring(OUTSIDE, "45")
    engine.reject(direct, "45")
    assert story(engine)[-2:] == [("stopped_ringing", "45"), ("ended", "rejected")]


def test_lost_phone_stops_ringing(engine: Engine) -> None:
    """A phone that is lost while it rings stops, the call waits on."""
    call = engine.ring(OUTSIDE, "45")
    engine.set_registered("45", False)
    assert story(engine)[-1] == ("stopped_ringing", "45")
    assert engine.call(call).rung == []


def test_blind_transfer(engine: Engine) -> None:
    """The other party of a transferred call rings at the target."""
    call = engine.ring(OUTSIDE, "45")
    engine.answer(call, "45")
    engine.transfer(call, "45", "46")
    engine.answer(call, "46")
    assert story(engine)[-3:] == [
        ("transferred", "45"),
        ("ringing", "46"),
        ("answered", "46"),
    ]
    assert not engine.calls_of("45")


def test_transfer_of_an_own_call(engine: Engine) -> None:
    """Who was called becomes the caller of the target."""
    call = engine.ring("45", OUTSIDE)
    engine.answer(call)
    engine.transfer(call, "45", "500")
    assert engine.call(call).caller.number == OUTSIDE
    assert engine.call(call).rung == ["43", "44", "45"]


def test_deflect(engine: Engine) -> None:
    """A ringing call is sent on, away from all phones."""
    call = engine.ring(OUTSIDE, "500")
    engine.transfer(call, "45", "41")
    assert engine.call(call).rung == ["41"]
    assert ("stopped_ringing", "43") in story(engine)


@pytest.mark.parametrize("answered", [True, False])
def test_attended_transfer(engine: Engine, answered: bool) -> None:
    """Two calls become one between the other parties."""
    first = engine.ring(OUTSIDE, "45")
    engine.answer(first, "45")
    engine.hold(first, "45")
    second = engine.ring("45", "46")
    if answered:
        engine.answer(second, "46")
    engine.attended_transfer(first, second, "45")
    (call,) = engine.calls()
    assert (call.id, call.caller.number, call.called.number) == (first, OUTSIDE, "46")
    assert story(engine)[-2:] == [("transferred", "45"), ("ended", "transferred")]
    assert not engine.calls_of("45")
    if not answered:
        engine.answer(first, "46")
    engine.hang_up(first, by="46")
    assert story(engine)[-1] == ("ended", "completed")


def test_park_and_retrieve(engine: Engine) -> None:
    """A call that is sent to an orbit waits there for whoever dials it."""
    call = engine.ring(OUTSIDE, "45")
    engine.answer(call, "45")
    engine.transfer(call, "45", "5")
    assert engine.call(call).parked
    assert engine.ring("46", "*865") == call
    assert engine.call(call).other("46").number == OUTSIDE
    assert not engine.call(call).held_by
    assert [one.id for one in engine.calls()] == [call]


def test_click_to_retrieve(engine: Engine) -> None:
    """Who clicks the star code gets the call once the own phone is picked up."""
    call = engine.ring(OUTSIDE, "45")
    engine.answer(call, "45")
    engine.transfer(call, "45", "5")
    clicked = engine.dial("46", "*865")
    assert engine.call(call).parked
    engine.answer(clicked, "46")
    assert [one.id for one in engine.calls()] == [call]
    assert engine.call(call).talks("46")


def test_park_by_star_code(engine: Engine) -> None:
    """Who dials the star code in a second call parks the one he talked in last."""
    first = engine.ring(OUTSIDE, "45")
    engine.answer(first, "45")
    second = engine.ring("+4930777", "45")
    engine.answer(second, "45")
    engine.ring("45", "*855")
    assert engine.call(second).parked
    assert engine.call(first).talks("45")
    assert len(engine.calls()) == 2


def test_an_orbit_holds_one_call(engine: Engine) -> None:
    """Nobody is parked where somebody is, in whatever way; nobody is connected so."""
    parked = engine.ring(OUTSIDE, "45")
    engine.answer(parked, "45")
    engine.transfer(parked, "45", "5")
    other = engine.ring("+4930777", "46")
    with pytest.raises(EngineError, match="already"):
        engine.transfer(other, "46", "5")
    engine.answer(other, "46")
    with pytest.raises(EngineError, match="already"):
        engine.transfer(other, "46", "5")
    engine.ring("46", "*855")
    assert engine.call(other).talks("46")
    assert engine.call(parked).called.number == "5"
    engine.ring("+4930888", "5")
    assert len(engine.calls()) == 2


@pytest.mark.parametrize("number", ["*865", "*8645", "*86", "*855", "*85"])
def test_star_code_for_nothing(engine: Engine, number: str) -> None:
    """A star code without its orbit, or for an empty one, does nothing."""
    call = engine.ring("45", number)
    assert not engine.calls()
    assert story(engine)[-1] == ("ended", "unanswered")
    with pytest.raises(EngineError):
        engine.call(call)


def test_star_codes_are_the_tenants(engine: Engine) -> None:
    """Another code may be set."""
    engine.tenant("localhost").codes["code_retrieve"] = "#9"
    call = engine.ring(OUTSIDE, "45")
    engine.answer(call, "45")
    engine.transfer(call, "45", "5")
    engine.hang_up(engine.ring("46", "*865"), by="46")
    assert engine.ring("46", "#95") == call


def test_the_number_of_an_orbit(engine: Engine) -> None:
    """Whether dialing the number of an orbit retrieves is open."""
    call = engine.ring(OUTSIDE, "45")
    engine.answer(call, "45")
    engine.transfer(call, "45", "5")
    engine.ring("46", "5")
    assert engine.call(call).parked
    assert len(engine.calls()) == 1
    engine.orbits_retrieve = True
    assert engine.ring("46", "5") == call
    engine.transfer(call, "46", "5")
    engine.orbits_retrieve = False
    engine.tenant("localhost").codes["code_retrieve"] = ""
    assert engine.ring("46", "5") == call


def test_click_to_dial(engine: Engine) -> None:
    """The own phone rings first, which is not an incoming call."""
    call = engine.dial("45", "41")
    assert engine.calls_of("41") == []
    engine.answer(call, "45")
    engine.answer(call, "41")
    assert story(engine) == [
        ("created", None),
        ("own_ringing", "45"),
        ("own_answered", "45"),
        ("ringing", "41"),
        ("answered", "41"),
    ]
    engine.hang_up(engine.dial("45", "41"), by="45")
    assert story(engine)[-1] == ("ended", "unanswered")


def test_outgoing_unanswered(engine: Engine) -> None:
    """Nobody is missed outside."""
    engine.hang_up(engine.ring("45", OUTSIDE), by="45")
    assert story(engine)[-1] == ("ended", "unanswered")


def test_services(engine: Engine) -> None:
    """An attendant answers at once, a flag is switched by a call."""
    attendant = engine.ring(OUTSIDE, "700")
    assert engine.call(attendant).connect is not None
    engine.ring("45", "900")
    assert engine.account("900").active


def test_remove_account(engine: Engine) -> None:
    """The calls of a removed account end, group calls ring on."""
    group = engine.ring(OUTSIDE, "500")
    talk = engine.ring(OUTSIDE, "45")
    engine.answer(talk, "45")
    engine.remove_account("45")
    assert [call.id for call in engine.calls()] == [group]
    assert engine.call(group).rung == ["43", "44"]


def test_restart_forgets_calls(engine: Engine) -> None:
    """Nothing is left of the calls but the log."""
    engine.ring(OUTSIDE, "45")
    engine.restart()
    assert engine.calls() == []
    assert story(engine)[-1] == ("ended", "restart")


def test_listeners_hear_of_all_accounts_concerned(engine: Engine) -> None:
    """One verb is one notification."""
    heard: list[Change | Message] = []
    call = engine.ring("41", "500")
    engine.listeners.append(heard.append)
    engine.answer(call, "44")
    engine.send_message("41", "45", "hello")
    assert heard == [
        Change("localhost", ("41", "43", "44", "45", "500")),
        Message("localhost", "41", "45", "hello"),
    ]


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (lambda e, c: e.hold(c, "45"), "45 is not connected"),
        (lambda e, c: e.answer(c, "46"), "does not ring at 46"),
        (lambda e, c: e.answer("nope", "45"), "no call nope"),
        (lambda e, c: e.hang_up(c, by="46"), "46 has no part"),
        (lambda e, c: e.resume(c, "45"), "45 is not connected"),
        (lambda e, c: e.record(c, True), "is not connected"),
        (lambda e, c: e.reject(c, "46"), "does not ring at 46"),
        (lambda e, c: e.transfer(c, "45", "45"), "cannot be transferred"),
        (lambda e, c: e.attended_transfer(c, c, "45"), "45 is not connected"),
        (lambda e, c: e.ring(OUTSIDE, "+33155"), "Neither"),
        (lambda e, c: e.ring("45", "45"), "cannot call itself"),
        (lambda e, c: e.dial("45", ""), "no number"),
        (lambda e, c: e.ring("57", "45"), "57 has no registered phone"),
        (lambda e, c: e.dial("500", "45"), "500 has no registered phone"),
        (lambda e, c: e.set_dnd("99", True), "no account 99"),
        (lambda e, c: e.calls(tenant="x"), "no tenant x"),
        (lambda e, c: e.add_account("45", "Again"), "an account 45 already"),
        (lambda e, c: e.set_flag("45", True), "no service flag"),
    ],
)
def test_impossible(
    engine: Engine, verb: Callable[[Engine, str], None], text: str
) -> None:
    """What is not possible is refused and changes nothing."""
    call = engine.ring(OUTSIDE, "45")
    before = len(engine.log)
    with pytest.raises(EngineError, match=text):
        verb(engine, call)
    assert len(engine.log) == before
    assert [live.id for live in engine.calls()] == [call]


def test_log_has_times_and_details(engine: Engine) -> None:
    """The log tells when, and between whom."""
    engine.ring("41", "45")
    created, ringing = engine.log
    assert created.event is Event.CREATED
    assert created.details == {"tenant": "localhost", "from": "41", "to": "45"}
    assert created.time < ringing.time
