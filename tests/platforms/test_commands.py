"""Call control: the exact words of each command, its guards, and how it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.pbx.changes import Changes
from custom_components.vodia.pbx.errors import MethodNotAllowedError
from custom_components.vodia.pbx.net.session import Session
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Simulator, Stage, Switches
from tests.support.actions import ask_slowly, call_action, expect_error
from tests.support.calls import (
    CALLER,
    CALLS_PATH,
    SECOND_CALLER,
    call_states,
    connected,
    held,
    ringing,
)
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, set_up, wait_for

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A command: the moment it is given in, and its words over REST and on the socket.

    In them `A` stands for the id of the first call and `B` for that of the second.
    """

    action: str
    moment: str
    data: Json
    rest: Json | None
    socket: Json
    done: Callable[[Simulator, str, str], bool]


def is_gone(pbx: Simulator, first: str, second: str) -> bool:
    """Return whether the first call has ended."""
    return first not in {call.id for call in pbx.engine.calls()}


CASES = [
    Case(
        "dial",
        "idle",
        {"number": "(0)41"},
        {"remote-dial": "041"},
        {"action": "make-call", "to": "041"},
        lambda pbx, a, b: pbx.engine.calls()[0].called.number == "041",
    ),
    Case(
        "answer",
        "ringing",
        {},
        {"remote-answer": "A"},
        {"action": "accept-call", "id": "A"},
        lambda pbx, a, b: pbx.engine.call(a).stage is Stage.CONNECTED,
    ),
    Case(
        "reject",
        "ringing",
        {},
        {"reject": "A"},
        {"action": "clear-call", "id": "A", "connected": "false"},
        is_gone,
    ),
    Case(
        "hang_up",
        "connected",
        {},
        {"hangup": "A"},
        {"action": "clear-call", "id": "A", "connected": "false"},
        is_gone,
    ),
    Case(
        "hold",
        "connected",
        {"expected_state": "connected"},
        {"remote-hold": "A"},
        {"action": "hold-call", "id": "A"},
        lambda pbx, a, b: pbx.engine.call(a).held_by == {"45"},
    ),
    Case(
        "resume",
        "held by us",
        {},
        {"remote-resume": "A"},
        {"action": "hold-call", "id": "A"},
        lambda pbx, a, b: not pbx.engine.call(a).held_by,
    ),
    Case(
        "transfer",
        "connected",
        {"number": "4 1"},
        {"transfer": "A", "number": "41"},
        {"action": "blind-transfer", "id": "A", "from": CALLER, "to": "41"},
        lambda pbx, a, b: pbx.engine.call(a).rung == ["41"],
    ),
    Case(
        "transfer",
        "ringing",
        {"number": "41"},
        {"transfer": "A", "number": "41"},
        {"action": "blind-transfer", "id": "A", "from": CALLER, "to": "41"},
        lambda pbx, a, b: pbx.engine.call(a).rung == ["41"],
    ),
    Case(
        "transfer",
        "two",
        {"second_call_id": "B"},
        {"transfer": "A", "id": "B"},
        {
            "action": "att-transfer",
            "id": "A",
            "from": CALLER,
            "id2": "B",
            "to": SECOND_CALLER,
        },
        lambda pbx, a, b: (
            [
                {party.number for party in (call.caller, call.called)}
                for call in pbx.engine.calls()
            ]
            == [{CALLER, SECOND_CALLER}]
        ),
    ),
    Case(
        "start_recording",
        "connected",
        {},
        None,
        {"action": "rec-call", "id": "A", "startstop": "on"},
        lambda pbx, a, b: pbx.engine.call(a).recording,
    ),
    Case(
        "stop_recording",
        "recorded",
        {},
        None,
        {"action": "rec-call", "id": "A", "startstop": "off"},
        lambda pbx, a, b: not pbx.engine.call(a).recording,
    ),
    # Of two calls the one that is named.
    Case(
        "answer",
        "two ringing",
        {"call_id": "B"},
        {"remote-answer": "B"},
        {"action": "accept-call", "id": "B"},
        lambda pbx, a, b: pbx.engine.call(b).stage is Stage.CONNECTED,
    ),
    Case(
        "reject",
        "two ringing",
        {"call_id": "B"},
        {"reject": "B"},
        {"action": "clear-call", "id": "B", "connected": "false"},
        lambda pbx, a, b: [call.id for call in pbx.engine.calls()] == [a],
    ),
    Case(
        "hang_up",
        "two",
        {"call_id": "B"},
        {"hangup": "B"},
        {"action": "clear-call", "id": "B", "connected": "false"},
        lambda pbx, a, b: [call.id for call in pbx.engine.calls()] == [a],
    ),
    Case(
        "hold",
        "two",
        {"call_id": "B"},
        {"remote-hold": "B"},
        {"action": "hold-call", "id": "B"},
        lambda pbx, a, b: held(pbx, a, b) == [False, True],
    ),
    Case(
        "resume",
        "two held by us",
        {"call_id": "B"},
        {"remote-resume": "B"},
        {"action": "hold-call", "id": "B"},
        lambda pbx, a, b: held(pbx, a, b) == [True, False],
    ),
    Case(
        "transfer",
        "two",
        {"number": "41", "call_id": "B"},
        {"transfer": "B", "number": "41"},
        {"action": "blind-transfer", "id": "B", "from": SECOND_CALLER, "to": "41"},
        lambda pbx, a, b: pbx.engine.call(b).rung == ["41"],
    ),
    Case(
        "start_recording",
        "two",
        {"call_id": "B"},
        None,
        {"action": "rec-call", "id": "B", "startstop": "on"},
        lambda pbx, a, b: (
            pbx.engine.call(b).recording and not pbx.engine.call(a).recording
        ),
    ),
]


async def bring_about(pbx: Simulator, phones: Phones, moment: str) -> tuple[str, str]:
    """Bring a moment about; return the ids of the calls."""
    if moment == "idle":
        return "", ""
    if moment == "ringing":
        return await ringing(pbx, phones), ""
    if moment == "two ringing":
        return await ringing(pbx, phones), await ringing(pbx, phones, SECOND_CALLER)
    first = await connected(pbx, phones)
    if moment == "held by us":
        await call_action(phones.hass, "hold")
    elif moment == "recorded":
        pbx.engine.record(first, True)
        await wait_for(
            phones.hass, lambda: phones.get("45", "call").attributes["recording"]
        )
    elif moment.startswith("two"):
        second = await connected(pbx, phones, SECOND_CALLER)
        if moment == "two held by us":
            for call_id in (first, second):
                await call_action(phones.hass, "hold", call_id=call_id)
        return first, second
    return first, ""


def worded(words: Json, first: str, second: str) -> Json:
    """Return a command with the ids of the calls."""
    ids = {"A": first, "B": second}
    return {
        key: ids.get(value, value) if key in ("id", "id2") or value in ids else value
        for key, value in words.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.action}-{case.moment}")
async def test_exact_command(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, case: Case, dialect: str
) -> None:
    """A command goes out once, word for word, and is done in the PBX when it returns."""
    first, second = await bring_about(pbx, phones, case.moment)
    pbx.bodies.clear()
    pbx.received.clear()
    await call_action(hass, case.action, **worded(case.data, first, second))
    assert case.done(pbx, first, second)
    commands = [f for f in pbx.received if f["action"] not in ROUTINE]
    if dialect == "modern" and case.rest:
        assert pbx.bodies == [(CALLS_PATH, worded(case.rest, first, second))]
        assert not commands
    else:
        assert not pbx.bodies
        assert commands == [worded(case.socket, first, second)]
    verb = "attended_transfer" if "second_call_id" in case.data else case.action
    verb = "hangup" if verb == "hang_up" else verb
    # The diagnostics tell it.
    assert phones.entry.runtime_data.client.trace.commands[f"{verb}: confirmed"] == 1


ROUTINE = {"avoid-disconnect", "get-calls", "get-users"}


CHAT_PATH = "/rest/user/45@localhost/chat"


@pytest.mark.parametrize("over_rest", [True, False])
async def test_send_message(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str, over_rest: bool
) -> None:
    """A chat message is sent as the line, word for word, once, as the PBX has it."""
    over_rest &= dialect == "modern"
    if not over_rest:
        pbx.switches.rest_status["chat"] = 404
    texts: list[Any] = []
    pbx.engine.listeners.append(texts.append)
    message = 'Die Tür\nist "offen" 🚪'
    await call_action(hass, "send_message", recipient="41", message=message)
    await wait_for(hass, lambda: texts)
    assert (texts[0].sender, texts[0].recipient, texts[0].text) == ("45", "41", message)
    frames = [f for f in pbx.received if f["action"] == "chat"]
    bodies = [body for path, body in pbx.bodies if path == CHAT_PATH]
    if over_rest:
        assert (frames, bodies) == ([], [{"type": "text", "text": message}])
    else:
        frame = {"action": "chat", "src": "45", "dest": "41", "message": message}
        assert (frames, bodies) == ([frame], [])
    await expect_error(
        hass, "invalid_number", "send_message", recipient="@", message="x"
    )
    # Whether the PBX has it is asked once.
    await call_action(hass, "send_message", recipient="41", message="again")
    await wait_for(hass, lambda: len(texts) == 2)
    asked = [path for _, path in pbx.requests if "chat-history" in path]
    assert len(asked) == 1


# The history


async def test_get_call_history(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """The history tells how each call ended, the newest first."""
    pbx.switches.summary_for = "booleans"
    missed = pbx.engine.ring(CALLER, "45", name="Anna")
    pbx.engine.hang_up(missed)
    answered = pbx.engine.ring("41", "45")
    pbx.engine.answer(answered, "45")
    pbx.engine.hang_up(answered)
    made = pbx.engine.ring("45", SECOND_CALLER)
    pbx.engine.hang_up(made)
    told = await call_action(hass, "get_call_history")
    assert told
    assert [
        (call["end_reason"], call["direction"], call["remote_number"])
        for call in told["calls"]
    ] == [
        ("unanswered", "outgoing", SECOND_CALLER),
        ("completed", "incoming", "41"),
        ("missed", "incoming", CALLER),
    ]
    last = told["calls"][-1]
    assert (last["remote_name"], last["dialed_number"]) == ("Anna", "45")
    assert (last["answered"], last["duration"]) == (None, 0)
    assert told["calls"][1]["duration"] >= 0
    if dialect == "modern":
        assert [call["call_id"] for call in told["calls"]] == [made, answered, missed]
        assert [call["scope"] for call in told["calls"]] == [
            "external",
            "internal",
            "external",
        ]
    else:
        assert pbx.bodies[-1] == (
            "/json",
            {
                "action": "load-cdr-summary",
                "start": 0,
                "length": 50,
                "domain": True,
                "user": True,
            },
        )


@classic
async def test_history_of_a_tenant_that_is_named(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PBX that takes no booleans is asked once more, by the name of the tenant."""
    bodies: list[Json] = []
    request = Session.request

    async def without_booleans(
        self: Session, method: str, path: str, body: Any = None, **options: Any
    ) -> Any:
        """Refuse the summary that the portal asks for."""
        if path == "/json":
            bodies.append(dict(body))
            if body["user"] is True:
                raise MethodNotAllowedError("HTTP 400")
        return await request(self, method, path, body, **options)

    monkeypatch.setattr(Session, "request", without_booleans)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    bodies.clear()
    told = await call_action(hass, "get_call_history")
    assert told
    assert len(told["calls"]) == 1
    assert [(b["domain"], b["user"]) for b in bodies[-2:]] == [
        (True, True),
        ("localhost", "true"),
    ]


# Guards


@pytest.mark.parametrize(
    "case",
    [
        ("reject", "connected", {}, "call_connected_not_ringing"),
        ("hold", "ringing", {}, "call_ringing_not_connected"),
        ("resume", "connected", {}, "call_connected_not_held"),
        ("hold", "held by us", {"call_id": "A"}, "call_held_not_connected"),
        ("transfer", "idle", {"number": "41"}, "no_call"),
        ("transfer", "connected", {"number": "not one!"}, "invalid_number"),
        ("transfer", "connected", {}, "transfer_target"),
        (
            "transfer",
            "two",
            {"number": "41", "second_call_id": "B"},
            "transfer_target",
        ),
        ("transfer", "two", {"number": "41"}, "several_connected"),
        ("transfer", "two", {"call_id": "B", "second_call_id": "B"}, "same_call"),
        ("transfer", "connected", {"second_call_id": "A"}, "no_other_call"),
        ("transfer", "connected", {"second_call_id": "gone"}, "unknown_call_others"),
        ("start_recording", "ringing", {}, "call_ringing_not_connected"),
        ("start_recording", "idle", {"call_id": "gone"}, "unknown_call"),
        ("hold", "two", {}, "several_connected"),
        (
            "hang_up",
            "connected",
            {"call_id": "A", "expected_state": "ringing"},
            "call_connected_not_ringing",
        ),
        ("hang_up", "connected", {"expected_state": "held"}, "call_connected_not_held"),
        ("answer", "ringing", {"expected_state": "held"}, "call_ringing_not_held"),
        (
            "reject",
            "ringing",
            {"expected_state": "dialing"},
            "call_ringing_not_dialing",
        ),
        (
            "hold",
            "connected",
            {"expected_state": "dialing"},
            "call_connected_not_dialing",
        ),
        (
            "resume",
            "held by us",
            {"expected_state": "connected"},
            "call_held_not_connected",
        ),
        (
            "transfer",
            "connected",
            {"number": "41", "expected_state": "held"},
            "call_connected_not_held",
        ),
        (
            "transfer",
            "two",
            {"second_call_id": "B", "expected_state": "held"},
            "call_connected_not_held",
        ),
        (
            "start_recording",
            "connected",
            {"expected_state": "held"},
            "call_connected_not_held",
        ),
        (
            "stop_recording",
            "recorded",
            {"expected_state": "held"},
            "call_connected_not_held",
        ),
    ],
)
async def test_guards(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    case: tuple[str, str, Json, str],
) -> None:
    """What does not fit is refused in words, and the PBX hears nothing of it."""
    action, moment, data, key = case
    first, second = await bring_about(pbx, phones, moment)
    pbx.bodies.clear()
    pbx.received.clear()
    names = {"A": first, "B": second}
    named: Any = {name: names.get(value, value) for name, value in data.items()}
    if key == "unknown_call_others" and action == "transfer":
        # The second call is what is missing; the first one fits.
        named["call_id"] = first
    await expect_error(hass, key, action, **named)
    assert not pbx.bodies
    assert {f["action"] for f in pbx.received} <= ROUTINE


async def test_unexpected_state_names_both(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The error says what the call is and what it was expected to be."""
    await connected(pbx, phones)
    with pytest.raises(HomeAssistantError, match=r"connected, not on hold"):
        await call_action(hass, "hang_up", expected_state="held")


async def test_number_of_the_other_side_withheld(hass: HomeAssistant) -> None:
    """The socket's transfer has to name the other side; without a number it is refused."""
    async with Simulator(Switches.classic()) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await connected(pbx, phones, "anonymous")
        await expect_error(
            hass, "not_supported", "transfer", error=HomeAssistantError, number="41"
        )
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


async def test_recording_that_is_so_already(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who asks for what is so already gets it, and the PBX is left alone."""
    await connected(pbx, phones)
    pbx.received.clear()
    call = await call_action(hass, "stop_recording")
    assert call
    assert call["recording"] is False
    assert {f["action"] for f in pbx.received} <= ROUTINE


# The toggle


@classic
async def test_toggle_resumes_only_our_own_hold(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A toggle would hold once more what another holds: it is refused."""
    call_id = await connected(pbx, phones)
    pbx.engine.hold(call_id, "45")
    await phones.wait("45", "call", "held")
    await expect_error(hass, "held_elsewhere", "resume")
    pbx.engine.resume(call_id, "45")
    await phones.wait("45", "call", "connected")
    await call_action(hass, "hold")
    # Resumed at the phone and held there: that is not our hold any more.
    pbx.engine.resume(call_id, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hold(call_id, "45")
    await phones.wait("45", "call", "held")
    await expect_error(hass, "held_elsewhere", "resume")
    assert pbx.engine.call(call_id).held_by == {"45"}


@classic
async def test_toggle_is_forgotten_by_a_reload(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """After a new start nobody knows who holds: only the phone can resume."""
    await connected(pbx, phones)
    await call_action(hass, "hold")
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("45", "call", "held")
    await expect_error(hass, "held_elsewhere", "resume")


@classic
async def test_toggle_without_an_effect_is_not_repeated(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A hold that may still come must not be undone by the next try."""
    call_id = await connected(pbx, phones)
    pbx.switches.ignore_commands = True
    await expect_error(hass, "not_confirmed", "hold", error=HomeAssistantError)
    pbx.switches.ignore_commands = False
    await expect_error(hass, "not_confirmed", "hold", error=HomeAssistantError)
    # A hold that comes now may be ours, late, or that of the other side.
    pbx.engine.hold(call_id, "45")
    await phones.wait("45", "call", "held")
    await expect_error(hass, "not_confirmed", "resume", error=HomeAssistantError)
    assert len([f for f in pbx.received if f["action"] == "hold-call"]) == 1
    # With the next call all is well again.
    pbx.engine.hang_up(call_id)
    await connected(pbx, phones, SECOND_CALLER)
    await call_action(hass, "hold")
    await call_action(hass, "resume")


async def test_two_holds_at_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Two automations that hold one call at the same time do not undo each other."""
    call_id = await connected(pbx, phones)
    results = await asyncio.gather(
        call_action(hass, "hold"), call_action(hass, "hold"), return_exceptions=True
    )
    (error,) = [result for result in results if isinstance(result, Exception)]
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "call_held_not_connected"
    assert pbx.engine.call(call_id).held_by == {"45"}
    await call_action(hass, "resume")
    assert not pbx.engine.call(call_id).held_by


# REST that serves some commands only


@modern
async def test_rest_serves_some_commands(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A command that REST refuses goes over the socket, the others stay with REST."""
    pbx.switches.rest_refuses = {"remote-hold"}
    call_id = await ringing(pbx, phones)
    await call_action(hass, "answer")
    await call_action(hass, "hold")
    assert {"action": "hold-call", "id": call_id} in pbx.received
    await call_action(hass, "hang_up")
    assert pbx.bodies[-1] == (CALLS_PATH, {"hangup": call_id})


@modern
@pytest.mark.parametrize(("ids", "asked"), [("own", 1), ("hidden", 2)])
async def test_rest_with_ids_of_its_own(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, ids: Any, asked: int
) -> None:
    """Where REST calls a call otherwise, the socket takes the commands for it."""
    pbx.switches.rest_ids = ids
    call = await call_action(hass, "dial", number="41")
    assert call
    assert pbx.bodies == [(CALLS_PATH, {"remote-dial": "41"})]
    await call_action(hass, "hang_up")
    assert len(pbx.bodies) == asked
    assert not pbx.engine.calls()


async def test_another_call_comes_while_rest_is_asked(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command is for the call that was there when it was given, and for no other."""
    first = await connected(pbx, phones)
    second: list[str] = []

    async def meanwhile() -> None:
        """Let the call end, and another one be answered."""
        pbx.engine.hang_up(first)
        second.append(await connected(pbx, phones, SECOND_CALLER))

    ask_slowly(monkeypatch, meanwhile)
    await expect_error(hass, "call_ended", "hang_up")
    assert [call.id for call in pbx.engine.calls()] == second
    pbx.engine.hang_up(second[0])
    await phones.wait("45", "call", "idle")

    async def ring() -> None:
        """Let a call come."""
        await ringing(pbx, phones)

    ask_slowly(monkeypatch, ring)
    await expect_error(hass, "no_ringing_call", "answer")
    assert not pbx.engine.calls()


@pytest.mark.parametrize(
    ("action", "data"), [("hang_up", {}), ("transfer", {"number": "41"}), ("hold", {})]
)
async def test_unknown_word_is_no_end(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, action: str, data: Json
) -> None:
    """A call in a state that nobody knows has not ended: no success, and no "gone"."""
    call_id = await connected(pbx, phones)
    pbx.switches.ignore_commands = True
    word = json.dumps(
        {
            "action": "call-state",
            "calls": [
                {"id": call_id, "from": f"<sip:{CALLER}@localhost>"}
                | {"to": "<sip:45@localhost>", "extension": ["45"]}
                | {"state": "disconnecting", "callstate": "disconnecting"}
            ],
        }
    )
    hass.loop.call_later(0.1, lambda: hass.async_create_task(pbx.send_raw(word)))
    await expect_error(hass, "not_confirmed", action, error=HomeAssistantError, **data)
    assert phones.state("45", "call") == STATE_UNKNOWN


@modern
async def test_answer_a_groups_call_that_names_all(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where a list does not narrow to who answered, presence tells, a little later."""
    pbx.switches.shrink_extensions = False
    pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "call", "ringing")
    call = await call_action(hass, "answer")
    assert call
    assert call["state"] == "connected"
    assert phones.state("43", "call") != "connected"


@modern
async def test_recording_that_does_not_show(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where the PBX does not tell of recordings, nothing confirms one."""
    pbx.switches.tells_recording = False
    await connected(pbx, phones)
    await expect_error(
        hass, "not_confirmed", "start_recording", error=HomeAssistantError
    )


async def test_half_of_a_character(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What no wire can carry is replaced, and the rest arrives."""
    texts: list[Any] = []
    pbx.engine.listeners.append(texts.append)
    await call_action(hass, "send_message", recipient="41", message="a\ud800b")
    await wait_for(hass, lambda: texts)
    assert texts[0].text == "a?b"


@modern
async def test_reason_where_dnd_is_forbidden(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What is forbidden is said to be so, and not that the PBX cannot do it."""
    pbx.switches.rest_status["dnd"] = 403
    await expect_error(
        hass,
        "access_off",
        "set_dnd",
        error=HomeAssistantError,
        enabled=True,
        reason="Lunch",
    )


@modern
async def test_call_moves_on_while_rest_is_asked(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is sent on the socket is judged by the state of that moment."""
    call_id = await connected(pbx, phones)
    pbx.switches.rest_status["calls"] = 403

    async def meanwhile() -> None:
        """Let the call be held by the phone."""
        pbx.engine.hold(call_id, "45")
        await phones.wait("45", "call", "held")

    ask_slowly(monkeypatch, meanwhile)
    await expect_error(hass, "call_held_not_connected", "hold")
    assert pbx.engine.call(call_id).held_by == {"45"}


@modern
@pytest.mark.parametrize(
    "case",
    [
        (
            "ringing",
            "connected",
            "transfer",
            {"number": "41"},
            "call_connected_not_ringing",
        ),
        (
            "connected",
            "held",
            "transfer",
            {"number": "41", "expected_state": "connected"},
            "call_held_not_connected",
        ),
        ("connected", "held", "start_recording", {}, "call_held_not_connected"),
    ],
)
async def test_what_was_meant_is_no_more(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str, str, Json, str],
) -> None:
    """A caller who is talked to by now is not sent away, nor recorded while on hold."""
    moment, then, action, data, key = case
    call_id, _ = await bring_about(pbx, phones, moment)

    async def meanwhile() -> None:
        """Let the phone take the call, or put it on hold."""
        if then == "held":
            pbx.engine.hold(call_id, "45")
        else:
            pbx.engine.answer(call_id, "45")
        await phones.wait("45", "call", then)

    ask_slowly(monkeypatch, meanwhile)
    await expect_error(hass, key, action, **data)
    assert call_states(phones) == {call_id: then}
    assert not pbx.engine.call(call_id).recording


# Own dialing


async def test_dialed_extension_does_not_ring_before_it_does(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str
) -> None:
    """While the own phone rings first, nobody claims that the other one does."""
    pbx.switches.dial_pickup = None
    call = await call_action(hass, "dial", number="41")
    assert call
    assert phones.state("45", "call") == "dialing"
    assert phones.state("41", "call") != "ringing"
    pbx.engine.answer(call["call_id"], "45")
    await wait_for(hass, lambda: pbx.engine.call(call["call_id"]).rung == ["41"])
    if dialect == "modern":
        await phones.wait("41", "call", "ringing")
    pbx.engine.answer(call["call_id"], "41")
    await phones.wait("41", "in_call", "on")


@pytest.mark.parametrize("presented", ["outgoing", "incoming"])
async def test_own_dialing_is_outgoing_from_its_first_frame(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, presented: str
) -> None:
    """Every frame of a call that we dial shows it as outgoing, the very first as well."""
    pbx.switches.dial_presents_as = presented  # type: ignore[assignment]
    phones = await set_up(hass, entry)
    client = entry.runtime_data.client
    seen: list[tuple[str, str]] = []
    original = entry.runtime_data.on_change

    def changed(changes: Changes) -> None:
        """Note how each frame shows our calls."""
        seen.extend(
            (call.state.value, call.direction.value)
            for call in client.tenant.extensions["45"].calls
        )
        original(changes)

    client.own.listener.on_change = changed
    call = await call_action(hass, "dial", number="+49 30 5551234")
    assert call
    await wait_for(
        hass, lambda: pbx.engine.call(call["call_id"]).stage is Stage.RINGING
    )
    pbx.engine.answer(call["call_id"])
    await phones.wait("45", "call", "connected")
    assert seen
    assert set(seen) == {("dialing", "outgoing"), ("connected", "outgoing")}
