"""Test the decoding of the replies of REST."""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.vodia.pbx.models import (
    Account,
    Direction,
    ParkedCalls,
    Party,
    PastCall,
    Phase,
    Scope,
)
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.fields import FrameError
from custom_components.vodia.pbx.wire.replies import (
    call_ids,
    decode_accounts,
    decode_flags,
    decode_history,
    decode_orbits,
)
from tests.support.mixed import mixed


@pytest.mark.parametrize(
    ("read", "places"),
    [
        (decode_accounts, {"rest-accounts"}),
        (decode_orbits, {"rest-orbits", "rest-orbits.calls"}),
        (lambda reply, trace: decode_history(reply, "45", trace), {"history"}),
        (decode_flags, {"srvflags"}),
    ],
)
def test_unknown_fields_of_replies_are_counted(
    read: Callable[[Any, Trace], object], places: set[str], trace: Trace
) -> None:
    """Those of REST are kept, too."""
    read([{"name": "7", "calls": [{"hue": 1}], "hue": 1}], trace)
    assert {f"{place}.hue" for place in places} <= set(trace.unknown_fields)


def test_call_ids() -> None:
    """An id is a text or a number; what has none is passed over."""
    assert call_ids([{"id": "a"}, {"id": 7}, {"id": None}, {}, "b"]) == {"a", "7"}
    assert call_ids({"id": "a"}) == call_ids(None) == set()


@pytest.mark.parametrize("key", ["name", "account", "number"])
@pytest.mark.parametrize(
    ("calls", "occupied"),
    [
        ({"calls": []}, False),
        ({"calls": 0}, False),
        ({"calls": "0"}, False),
        ({"calls": 2}, True),
        ({"calls": "1"}, True),
        ({"calls": ["c1"]}, True),
        ({"calls": ""}, None),
        ({"calls": "several"}, None),
        ({"calls": None}, None),
        ({}, None),
    ],
)
def test_orbits(
    trace: Trace, key: str, calls: dict[str, Any], occupied: bool | None
) -> None:
    """The number has one of some names; what is not a number of calls says nothing."""
    reply = [{key: "5", "display": "Park 5", **calls}]
    assert decode_orbits(reply, trace) == {"5": ParkedCalls(occupied)}
    assert not trace.unknown_fields


@pytest.mark.parametrize("state", ["onhold", "connected", "alerting", "parked", None])
@pytest.mark.parametrize("alone", [True, False])
def test_calls_of_orbits(trace: Trace, state: str | None, alone: bool) -> None:
    """Who is listed at an orbit is parked, whatever his call is said to do."""
    entry = {"id": "a", "from": '"Anna" <sip:+4930@x>', "state": state}
    reply = [{"name": "5", "calls": entry if alone else [entry]}]
    (found,) = decode_orbits(reply, trace)["5"].calls
    assert decode_orbits(reply, trace)["5"].occupied
    assert found.phase is (Phase.HELD if state == "onhold" else Phase.CONNECTED)
    assert (found.id, found.caller.number, found.caller.name) == ("a", "+4930", "Anna")


@pytest.mark.parametrize("reply", [None, "x", 1, ["5"], [{}], [{"name": []}]])
def test_orbits_of_another_shape(trace: Trace, reply: Any) -> None:
    """What cannot be understood is not half understood."""
    with pytest.raises(FrameError, match=r"^(orbits|name) is "):
        decode_orbits(reply, trace)


@pytest.mark.parametrize(
    ("calls", "occupied"),
    [
        *((value, None) for value in (True, "several", -1, 0.5)),
        *((value, True) for value in mixed([7], [{}] * 101, [{"id": []}], {"a": 1})),
    ],
)
def test_odd_orbit_hides_no_other(
    trace: Trace, calls: object, occupied: bool | None
) -> None:
    """Whatever is told of one, the others count; where something is listed is somebody."""
    reply = [None, {"name": "5", "calls": calls}, {}, {"name": "6", "calls": 0}]
    found = decode_orbits(reply, trace)
    assert found["5"].occupied is occupied
    assert found["6"] == ParkedCalls(False)
    assert sum(trace.left_out.values()) >= 2


def test_rest_accounts(trace: Trace) -> None:
    """The REST list gives presence, but neither type nor calls."""
    # The shape of a live PBX's reply; the name is made up.
    entry = {
        "name": "201",
        "alias": ["201"],
        "ani": [],
        "displayname": "Test User",
        "icon": False,
        "dnd": False,
        "chatstatus": "Online",
        "connected": "true",
        "login": False,
        "department": "",
        "position": "",
        "registered": True,
    }
    assert decode_accounts([entry], trace) == (
        Account(
            "201", "Test User", registered=True, dnd=False, chat="online", busy=True
        ),
    )
    assert not trace.unknown_fields
    assert decode_accounts([], trace) == ()
    assert decode_accounts([{"name": "7"}], trace) == (Account("7"),)


@pytest.mark.parametrize(
    "reply",
    [None, False, "", 7, ["201"], {}, {"accounts": []}, [{"displayname": "A"}]],
)
def test_rest_reply_of_another_shape(reply: object, trace: Trace) -> None:
    """A reply of another shape is no empty list."""
    with pytest.raises(FrameError, match=r"^accounts is not|^name is missing$"):
        decode_accounts(reply, trace)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        False,
        "",
        {},
        {"error": "denied"},
        {"total": 0, "missed": 0, "missedspan": 86400},
        {"data": {"id": "a"}},
        ["a"],
    ],
)
def test_history_of_another_shape(reply: object) -> None:
    """What is no list of calls is no history, and not an empty one."""
    with pytest.raises(FrameError, match=r"^history is not a list"):
        decode_history(reply, "45", Trace())


@pytest.mark.parametrize(
    ("connect", "reason", "duration"),
    [
        (110.5, "completed", 9.5),
        ("110.5", "completed", 9.5),
        (0, "missed", 0),
        ("", "missed", 0),
        ("0", "missed", 0),
        ("0.000", "missed", 0),
        ("2026-01-01", None, None),
        (None, None, None),
    ],
)
def test_history_tells_who_answered_or_nothing(
    connect: object, reason: str | None, duration: float | None
) -> None:
    """A call was missed if the PBX says that nobody answered; else that is unknown."""
    entry = {"from": "<sip:41@x>", "to": "<sip:45@x>", "start": 100, "end": 120}
    (call,) = decode_history([entry | {"connect": connect}], "45", Trace())
    assert (call.end_reason, call.duration) == (reason, duration)
    assert (call.direction, call.scope) == ("incoming", None)


def test_history() -> None:
    """The documented fields tell it; what an entry does not tell is not known."""
    parties = {"from": '"Anna" <sip:+4930@x>', "to": "<sip:500@tenant>"}
    told = {"id": "h1", "inbound": True, "external": True, "start": 100, "end": "120"}
    own = {"from": "<sip:45@x>", "to": "<sip:41@x>"}
    reply = [
        {**parties, **told, "connect": ""},
        {**parties, "inbound": False, "external": False, "start": "soon", "end": "x"},
        own,
        {"from-number": "41"},
    ]
    incoming, outgoing = Direction.INCOMING, Direction.OUTGOING
    assert decode_history({"data": reply}, "45", Trace()) == (
        PastCall(
            id="h1",
            direction=incoming,
            scope=Scope.EXTERNAL,
            remote=Party("+4930", "Anna", "x"),
            dialed_number="500",
            started=100,
            answered=None,
            ended=120,
            connected=False,
        ),
        PastCall(
            id=None,
            direction=outgoing,
            scope=Scope.INTERNAL,
            remote=Party("500", None, "tenant"),
            dialed_number="500",
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
        PastCall(
            id=None,
            direction=outgoing,
            scope=None,
            remote=Party("41", None, "x"),
            dialed_number="41",
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
        PastCall(
            id=None,
            direction=incoming,
            scope=None,
            remote=Party("41"),
            dialed_number=None,
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
    )


def test_long_history() -> None:
    """Only so many are taken."""
    entry = {"from": "<sip:45@x>", "to": "<sip:41@x>", "start": 100}
    calls = decode_history({"data": [entry] * 10_000}, "45", Trace())
    assert len(calls) == 500
    assert calls[0].direction == "outgoing"
