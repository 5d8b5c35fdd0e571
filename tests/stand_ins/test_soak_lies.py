"""The soak notices: each planted lie is found within a minute of its time.

They are planted where the integration meets Home Assistant, in what is written, fired and
asked, so that they stay planted whatever it is built like.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast, override

import pytest

from custom_components.vodia import condition, trigger
from homeassistant.core import HomeAssistant, StateMachine
from homeassistant.helpers import entity_registry as er
from soak import faults, run
from soak.report import Mismatch, Report
from soak.run import Run, soak
from soak.stage import Stage
from tests.support.dialects import both_dialects

pytestmark = pytest.mark.timeout(120)

type Attributes = dict[str, Any]
# What is written instead of a state, given account, key, state and attributes.
type Written = tuple[str, Attributes]
type Rewrite = Callable[[str, str, str, Attributes], Written | None]


@pytest.fixture(autouse=True)
def real_environment(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow real sockets; the soak makes a Home Assistant of its own."""
    monkeypatch.setattr(run, "FAULTS", {faults.garbage: 1})


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let what is written late come after the end, when nobody looks any more."""
    return True


def an_hour_on(text: str | None) -> str | None:
    """Return a time an hour later."""
    if text is None:
        return None
    return (datetime.fromisoformat(text) + timedelta(hours=1)).isoformat()


_OPPOSITE = {"incoming": "outgoing", "outgoing": "incoming"}
_ELSEWHERE = {"internal": "external", "external": "internal"}
# Attributes, and what is told instead of them.
ATTRIBUTES: Mapping[str, Callable[[Any], Any]] = {
    "remote_number": lambda told: "+1 555 0100",
    "remote_name": lambda told: "Nobody",
    "direction": _OPPOSITE.get,
    "scope": _ELSEWHERE.get,
    "dialed_number": lambda told: "999",
    "started": an_hour_on,
    "answered": an_hour_on,
    "recording": lambda told: not told,
    "other_calls": lambda told: 42,
    "duration": lambda told: 99999,
    "end_reason": lambda told: told and "completed",
    "call_id": lambda told: "another",
}


def telling(name: str, value: Callable[[Any], Any]) -> Rewrite:
    """Tell an attribute wrongly."""

    def rewrite(number: str, key: str, state: str, told: Attributes) -> Written:
        """Put the wrong value in."""
        return state, told | ({name: value(told[name])} if name in told else {})

    return rewrite


def minutes_for_seconds(number: str, key: str, state: str, told: Attributes) -> Written:
    """Take minutes for seconds."""
    seconds = told.get("duration")
    return state, told | ({"duration": seconds * 60} if seconds else {})


def buttons_gone(number: str, key: str, state: str, told: Attributes) -> Written:
    """Take the buttons away when a call comes, which are always there."""
    states = Planted.home.states
    if key == "ringing":
        for entity_id in states.async_entity_ids("button"):
            states.async_set(entity_id, "unavailable")
    return state, told


def one_too_many(number: str, key: str, state: str, told: Attributes) -> Written:
    """Count a call that there is not."""
    counts = key in ("active_calls", "calls") and state.isdecimal()
    return str(int(state) + 1) if counts else state, told


def ringing_held_back(
    number: str, key: str, state: str, told: Attributes
) -> Written | None:
    """Never show that a phone rings."""
    return None if key == "ringing" and state == "on" else (state, told)


def ends_not_told(
    number: str, key: str, state: str, told: Attributes
) -> Written | None:
    """Tell no end of a call."""
    return None if told.get("event_type") == "ended" else (state, told)


def others_not_told(
    number: str, key: str, state: str, told: Attributes
) -> Written | None:
    """Tell nothing of the calls of others."""
    return None if "event_type" in told and number != "45" else (state, told)


REWRITES: dict[str, Rewrite] = {
    **{name: telling(name, value) for name, value in ATTRIBUTES.items()},
    "minutes": minutes_for_seconds,
    "buttons": buttons_gone,
    "counts": one_too_many,
    "ringing": ringing_held_back,
    "ends": ends_not_told,
    "others": others_not_told,
}


class Planted(Run):
    """A run whose home is known to what writes states."""

    home: HomeAssistant

    @override
    def __init__(self, stage: Stage) -> None:
        """Make the home known."""
        super().__init__(stage)
        type(self).home = stage.hass


def write_instead(
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Callable[[str, Attributes], None], Any], None] | None,
    rewrite: Rewrite | None = None,
) -> None:
    """Let other states be written than those of the integration, or at other times."""
    original = StateMachine.async_set_internal
    keys: dict[str, tuple[str, str] | None] = {}

    def key_of(entity_id: str) -> tuple[str, str] | None:
        """Return account and key of an entity of ours."""
        if entity_id not in keys:
            entry = er.async_get(Planted.home).async_get(entity_id)
            ours = entry is not None and entry.platform == "vodia"
            keys[entity_id] = (
                (*entry.unique_id.split(":")[-2:],) if entry and ours else None  # type: ignore[assignment]
            )
        return keys[entity_id]

    def set_state(
        states: StateMachine,
        entity_id: str,
        state: str,
        attributes: Attributes | None = None,
        *others: Any,
        **named: Any,
    ) -> None:
        """Write what is to be written instead."""
        ready = hasattr(Planted, "home") and Planted.home.states is states
        key = key_of(entity_id) if ready else None

        def put(state: str, told: Attributes) -> None:
            """Write a state after all."""
            original(states, entity_id, state, told, *others, **named)

        told = dict(attributes or {})
        if key is None:
            put(state, told)
        elif rewrite:
            if written := rewrite(*key, state, told):
                put(*written)
        elif write:
            write(put, (key, state, told))

    monkeypatch.setattr(StateMachine, "async_set_internal", set_state)


async def find(dialect: str, seed: int = 2) -> str:
    """Return the lie that is found, within a minute of the time of the soak."""
    report = Report(seed, dialect, 40)
    with pytest.raises(Mismatch) as raised:
        await soak(report, lambda report: report.hours * 60 > 5, Planted)
    assert report.hours * 3600 < 60
    return str(raised.value)


@pytest.fixture(autouse=True)
def no_home() -> Iterator[None]:
    """Forget the home afterwards."""
    yield
    if hasattr(Planted, "home"):
        del Planted.home


async def test_nothing_is_planted() -> None:
    """What is found below is not there without a plant."""
    for dialect in ("classic", "modern"):
        report = Report(2, dialect, 40)
        await soak(report, lambda report: report.hours * 3600 > 60, Planted)
        assert report.compared > 50
        assert report.firings > 5


@pytest.mark.parametrize("name", REWRITES)
async def test_finds_what_is_written(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A state, or an attribute, that is not true is found."""
    write_instead(monkeypatch, None, REWRITES[name])
    found = await find("modern")
    if name in ATTRIBUTES and name not in ("end_reason", "call_id"):
        assert f"{name} is " in found


@pytest.mark.parametrize(
    "name", ["remote_number", "direction", "started", "duration", "buttons", "ends"]
)
async def test_finds_what_is_written_of_a_line(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In the classic dialect, too, the calls of the line are looked at."""
    write_instead(monkeypatch, None, REWRITES[name])
    await find("classic")


@both_dialects
async def test_finds_what_is_late(
    monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    """Every state of an account comes three seconds late, in order."""

    def late(put: Callable[[str, Attributes], None], what: Any) -> None:
        """Write it three seconds later."""
        (number, _), state, told = what
        if number and state != "unavailable" and "event_type" not in told:
            Planted.home.loop.call_later(3, put, state, told)
        else:
            put(state, told)

    write_instead(monkeypatch, late)
    found = await find(dialect)
    assert "turns" in found or "is shown as" in found


async def test_finds_events_that_are_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events come two seconds late."""

    def late(put: Callable[[str, Attributes], None], what: Any) -> None:
        """Write it two seconds later."""
        if "event_type" in what[2]:
            Planted.home.loop.call_later(2, put, *what[1:])
        else:
            put(*what[1:])

    write_instead(monkeypatch, late)
    assert "s late" in await find("modern")


async def test_finds_a_flicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that begins to talk is shown as before once more."""

    def flicker(put: Callable[[str, Attributes], None], what: Any) -> None:
        """Write it, and what was, and it again."""
        (_, key), state, told = what
        put(state, told)
        if key == "in_call" and state == "on":
            put("off", told)
            put("on", told)

    write_instead(monkeypatch, flicker)
    assert "turns off" in await find("modern")


async def test_finds_triggers_that_never_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trigger fires."""

    async def attach(self: Any, run: Any, *others: Any) -> Callable[[], None]:
        """Listen to nothing."""
        return lambda: None

    monkeypatch.setattr(trigger.CallTrigger, "async_attach_runner", attach)
    assert "0 times" in await find("modern")
    assert "0 times" in await find("classic")


async def test_finds_triggers_that_fire_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each trigger fires twice."""
    attach = trigger.CallTrigger.async_attach_runner

    async def attach_twice(self: Any, run: Any, *others: Any) -> Callable[[], None]:
        """Run the action again."""

        def run_twice(*told: Any) -> Any:
            """Run it twice."""
            run(*told)
            return run(*told)

        return await attach(self, cast(Any, run_twice), *others)

    monkeypatch.setattr(trigger.CallTrigger, "async_attach_runner", attach_twice)
    assert "2 times" in await find("modern")


async def test_finds_triggers_that_tell_falsely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A trigger names somebody else."""
    attach = trigger.CallTrigger.async_attach_runner

    async def attach_false(self: Any, run: Any, *others: Any) -> Callable[[], None]:
        """Run the action with another name."""

        def run_false(told: Attributes, *more: Any) -> Any:
            """Run it so."""
            return run(told | {"remote_number": "+1 555 0100"}, *more)

        return await attach(self, cast(Any, run_false), *others)

    monkeypatch.setattr(trigger.CallTrigger, "async_attach_runner", attach_false)
    assert "remote_number is '+1 555 0100'" in await find("modern")


async def test_finds_conditions_that_are_inverted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A condition holds when it does not."""
    monkeypatch.setattr(condition.VodiaCondition, "_states", {"off"})
    assert "the condition of" in await find("modern")
