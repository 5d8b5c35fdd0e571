"""Buttons of a line: always there, for the call that a desk phone's key is for, in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from homeassistant.const import EVENT_LOGBOOK_ENTRY, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Simulator, Stage
from tests.support.actions import ask_slowly, press, shown
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
from tests.support.lines import has_line
from tests.support.outage import lose_link, restore_link

KEYS = ("answer", "reject", "hang_up", "hold", "resume")
LINE = "45 Freya Nilsen"


def commands(pbx: Simulator) -> list[Any]:
    """Return what the PBX was asked to do with calls, over the socket or REST."""
    words = {"accept-call", "clear-call", "hold-call"}
    frames = [frame for frame in pbx.received if frame["action"] in words]
    return frames + [body for path, body in pbx.bodies if path == CALLS_PATH]


async def refused(phones: Phones, key: str, language: str = "en") -> str:
    """Press a button that can do nothing; return what it says."""
    with pytest.raises(HomeAssistantError) as raised:
        await press(phones, key)
    return await shown(phones.hass, raised.value, language)


def activity(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return the entries that are written into the activity from now on."""
    entries: list[dict[str, Any]] = []

    @callback
    def hear(event: Event) -> None:
        """Keep an entry."""
        entries.append(dict(event.data))

    hass.config.components.add("logbook")
    hass.bus.async_listen(EVENT_LOGBOOK_ENTRY, hear)
    return entries


async def held_by_us(pbx: Simulator, phones: Phones, caller: str = CALLER) -> str:
    """Let our phone talk, and put the call on hold."""
    call = await connected(pbx, phones, caller)
    await press(phones, "hold")
    await wait_for(phones.hass, lambda: call_states(phones)[call] == "held")
    return call


# There


async def test_always_there(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The buttons do not come and go with calls; they go with the login."""

    def there() -> set[str]:
        """Return the buttons that can be pressed."""
        return {
            key
            for key in KEYS
            if phones.get("45", key, "button").state != STATE_UNAVAILABLE
        }

    assert there() == set(KEYS)
    call = await ringing(pbx, phones)
    assert there() == set(KEYS)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    assert there() == set(KEYS)
    await lose_link(pbx, phones)
    assert there() == set()
    await restore_link(pbx, phones)
    await wait_for(hass, lambda: there() == set(KEYS))
    assert not any(phones.has("41", key) for key in KEYS)


async def test_of_a_further_line_while_its_login_is_away(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Whether a button can be pressed is a matter of its own line's login."""
    await has_line(phones)
    assert phones.get("41", "answer", "button").state != STATE_UNAVAILABLE
    pbx.engine.change_password("41", "another")
    pbx.expire_sessions()
    await pbx.cut("41")
    await wait_for(
        hass, lambda: phones.get("41", "answer", "button").state == STATE_UNAVAILABLE
    )
    await phones.wait("", "connected", "on")
    assert phones.get("45", "answer", "button").state != STATE_UNAVAILABLE


async def test_one_call(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Each button acts on the one call that it fits."""
    entries = activity(hass)
    call = await ringing(pbx, phones)
    await press(phones, "answer")
    assert pbx.engine.call(call).talks("45")
    await press(phones, "hold")
    assert held(pbx, call) == [True]
    await press(phones, "resume")
    assert held(pbx, call) == [False]
    await press(phones, "hang_up")
    assert not pbx.engine.calls()
    await ringing(pbx, phones)
    await press(phones, "reject")
    assert not pbx.engine.calls()
    # Whose call that was needs no telling.
    assert entries == []


async def test_own_dialing_is_hung_up(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Hang up ends a call that nobody has answered yet."""
    pbx.engine.ring("45", "41")
    await phones.wait("45", "call", "dialing")
    assert "still being dialed" in await refused(phones, "hold")
    await press(phones, "hang_up")
    assert not pbx.engine.calls()


# Nothing to do

NOTHING = {
    "answer": (f"No call is ringing at {LINE}.", f"Bei {LINE} klingelt kein Anruf."),
    "reject": (f"No call is ringing at {LINE}.", f"Bei {LINE} klingelt kein Anruf."),
    "hang_up": (
        f"There is no call at {LINE} at the moment.",
        f"Bei {LINE} gibt es zurzeit keinen Anruf.",
    ),
    "hold": (
        f"No call is connected at {LINE}.",
        f"Bei {LINE} ist kein Anruf verbunden.",
    ),
    "resume": (
        f"No call is on hold at {LINE}.",
        f"Bei {LINE} wird kein Anruf gehalten.",
    ),
}


@pytest.mark.parametrize("key", KEYS)
async def test_no_call(pbx: Simulator, phones: Phones, key: str) -> None:
    """Pressed without a call, a button says so, and the PBX hears nothing of it."""
    with pytest.raises(ServiceValidationError) as raised:
        await press(phones, key)
    english, german = NOTHING[key]
    assert await shown(phones.hass, raised.value) == english
    assert await shown(phones.hass, raised.value, "de") == german
    # What automations and the log get.
    assert str(raised.value) == english.rstrip(".")
    assert not commands(pbx)


@pytest.mark.parametrize(
    "case",
    [
        (
            connected,
            "answer",
            "is connected, not ringing. To end it, hang up.",
            "ist verbunden, er klingelt nicht. Um ihn zu beenden, leg auf.",
        ),
        (
            ringing,
            "hang_up",
            "is still ringing, not connected. Answer it first, or decline it.",
            "klingelt noch, er ist nicht verbunden. Nimm ihn zuerst an, oder lehne ihn ab.",
        ),
        (
            ringing,
            "resume",
            "is still ringing, not on hold. Answer it first.",
            "klingelt noch, er wird nicht gehalten. Nimm ihn zuerst an.",
        ),
        (
            held_by_us,
            "answer",
            "is on hold, not ringing. Resume it first.",
            "wird gehalten, er klingelt nicht. Setze ihn zuerst fort.",
        ),
        (
            held_by_us,
            "hold",
            "is on hold, not connected. Resume it first.",
            "wird gehalten, er ist nicht verbunden. Setze ihn zuerst fort.",
        ),
    ],
)
async def test_another_state(
    pbx: Simulator,
    phones: Phones,
    case: tuple[Callable[[Simulator, Phones], Awaitable[str]], str, str, str],
) -> None:
    """With one call that does not fit, a button says how that is and what to do."""
    moment, key, english, german = case
    call = await moment(pbx, phones)
    before = commands(pbx)
    with pytest.raises(ServiceValidationError) as raised:
        await press(phones, key)
    who = f"{call} ({CALLER})"
    assert await shown(phones.hass, raised.value) == f"Call {who} at {LINE} {english}"
    german = f"Anruf {who} bei {LINE} {german}"
    assert await shown(phones.hass, raised.value, "de") == german
    assert commands(pbx) == before


async def test_several_in_other_states(pbx: Simulator, phones: Phones) -> None:
    """With several calls that do not fit, a button says which there are."""
    first = await held_by_us(pbx, phones)
    second = await connected(pbx, phones, SECOND_CALLER)
    assert await refused(phones, "answer") == (
        f"No call is ringing at {LINE}. Being dialed: –. "
        f"Connected: {second} ({SECOND_CALLER}). On hold: {first} ({CALLER}). "
        "Only a ringing call can be answered or declined."
    )
    assert await refused(phones, "reject", "de") == (
        f"Bei {LINE} klingelt kein Anruf. Wird gewählt: –. "
        f"Verbunden: {second} ({SECOND_CALLER}). Gehalten: {first} ({CALLER}). "
        "Annehmen oder ablehnen lässt sich nur ein klingelnder Anruf."
    )


# Several calls


@pytest.mark.parametrize("key", ["answer", "reject"])
async def test_longest_ringing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, key: str
) -> None:
    """Of two that ring, both buttons are for the one that has rung longest, and say whom."""
    entries = activity(hass)
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    second = await ringing(pbx, phones, SECOND_CALLER)
    await press(phones, key)
    if key == "answer":
        assert pbx.engine.call(first).talks("45")
    else:
        assert first not in {call.id for call in pbx.engine.calls()}
    assert pbx.engine.call(second).stage is Stage.RINGING
    verb = {"answer": "answered", "reject": "declined"}[key]
    assert [entry["message"] for entry in entries] == [
        f"{verb} Anna Meyer, who had waited longest"
    ]
    assert entries[0]["entity_id"] == phones.id("45", key, "button")


async def test_longest_ringing_is_not_the_oldest_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that was passed on is old, and has rung here for a moment only."""
    passed_on = pbx.engine.ring(SECOND_CALLER, "41")
    pbx.engine.answer(passed_on, "41")
    await asyncio.sleep(5)
    first = await ringing(pbx, phones)
    await asyncio.sleep(5)
    pbx.engine.transfer(passed_on, "41", "45")
    await wait_for(hass, lambda: passed_on in call_states(phones))
    assert set(call_states(phones).values()) == {"ringing"}
    await press(phones, "answer")
    assert pbx.engine.call(first).talks("45")
    assert pbx.engine.call(passed_on).stage is Stage.RINGING


async def test_turns_survive_a_lost_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who was there before the link was lost has waited longer than who came meanwhile."""
    pbx.engine.ring(CALLER, "41")
    passed_on = pbx.engine.calls()[0].id
    pbx.engine.answer(passed_on, "41")
    await asyncio.sleep(5)
    first = await ringing(pbx, phones)
    await lose_link(pbx, phones)
    pbx.engine.transfer(passed_on, "41", "45")
    await restore_link(pbx, phones)
    await wait_for(hass, lambda: len(call_states(phones)) == 2)
    await press(phones, "reject")
    assert [call.id for call in pbx.engine.calls()] == [passed_on]
    assert first != passed_on


async def test_there_from_the_start(hass: HomeAssistant, pbx: Simulator) -> None:
    """Of calls that nobody saw come, the one that began first has waited longest."""
    first = pbx.engine.ring(CALLER, "45")
    await asyncio.sleep(5)
    pbx.engine.ring(SECOND_CALLER, "45")
    phones = await set_up(hass, create_entry(hass, pbx))
    await wait_for(hass, lambda: len(call_states(phones)) == 2)
    await press(phones, "answer")
    assert pbx.engine.call(first).talks("45")


async def test_answer_beside_a_talk(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Answer takes the one that rings; what becomes of the other is the phone's matter."""
    entries = activity(hass)
    first = await connected(pbx, phones)
    second = await ringing(pbx, phones, SECOND_CALLER)
    await press(phones, "answer")
    assert pbx.engine.call(second).talks("45")
    assert pbx.engine.call(first).talks("45")
    assert len(commands(pbx)) == 1
    assert entries == []
    # One is on hold in the phone alone: the last one is that which is talked to.
    await press(phones, "hang_up")
    assert [call.id for call in pbx.engine.calls()] == [first]


async def test_hang_up_beside_a_held_one(pbx: Simulator, phones: Phones) -> None:
    """Hang up ends the connected call, then the one on hold."""
    first = await held_by_us(pbx, phones)
    second = await connected(pbx, phones, SECOND_CALLER)
    await press(phones, "hang_up")
    assert [call.id for call in pbx.engine.calls()] == [first]
    await press(phones, "hang_up")
    assert second != first
    assert not pbx.engine.calls()


async def test_hold_and_resume_beside_another(pbx: Simulator, phones: Phones) -> None:
    """Hold takes the connected one, Resume the one that was held last."""
    first = await held_by_us(pbx, phones)
    second = await held_by_us(pbx, phones, SECOND_CALLER)
    assert held(pbx, first, second) == [True, True]
    await press(phones, "resume")
    assert held(pbx, first, second) == [True, False]
    await press(phones, "hold")
    assert held(pbx, first, second) == [True, True]
    await press(phones, "resume")
    assert held(pbx, first, second) == [True, False]
    await press(phones, "resume")
    assert held(pbx, first, second) == [False, False]


# Meanwhile


async def test_chosen_call_ends_meanwhile(
    pbx: Simulator, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was meant has hung up: nobody else is answered instead."""
    first = await ringing(pbx, phones)
    second = await ringing(pbx, phones, SECOND_CALLER)

    async def meanwhile() -> None:
        """Let the first caller give up."""
        pbx.engine.hang_up(first)
        await wait_for(phones.hass, lambda: first not in call_states(phones))

    ask_slowly(monkeypatch, meanwhile)
    said = f"Call {first} at {LINE} has ended. To go on talking, call back."
    assert await refused(phones, "answer") == said
    assert pbx.engine.call(second).stage is Stage.RINGING
    assert not commands(pbx)


async def test_answered_elsewhere_meanwhile(
    pbx: Simulator, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was meant talks to somebody else by now."""
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "ringing", "on")

    async def meanwhile() -> None:
        """Let a colleague answer."""
        pbx.engine.answer(call, "43")
        await phones.wait("45", "ringing", "off")

    ask_slowly(monkeypatch, meanwhile)
    said = await refused(phones, "answer")
    assert said.startswith(f"Call {call} ")
    assert LINE in said
    assert pbx.engine.call(call).talks("43")


async def test_second_call_begins_meanwhile(
    pbx: Simulator, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that begins after the press is not meant."""
    first = await ringing(pbx, phones)
    came: list[str] = []

    async def meanwhile() -> None:
        """Let somebody else call."""
        if not came:
            came.append(await ringing(pbx, phones, SECOND_CALLER))

    ask_slowly(monkeypatch, meanwhile)
    await press(phones, "reject")
    assert [call.id for call in pbx.engine.calls()] == came
    assert first not in came


@pytest.mark.parametrize("key", ["answer", "reject", "hang_up", "hold"])
async def test_pressed_twice(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, key: str
) -> None:
    """Pressed again while it is waited for, it is pressed once: no other call is meant."""
    begin = ringing if key in ("answer", "reject") else connected
    first = await begin(pbx, phones)
    second = await begin(pbx, phones, SECOND_CALLER)
    await asyncio.gather(press(phones, key), press(phones, key))
    assert len(commands(pbx)) == 1
    calls = {call.id for call in pbx.engine.calls()}
    match key:
        case "answer":
            assert pbx.engine.call(first).talks("45")
            assert pbx.engine.call(second).stage is Stage.RINGING
        case "reject":
            assert calls == {second}
        case "hang_up":
            assert calls == {first}
        case "hold":
            assert held(pbx, first, second) == [False, True]


async def test_pressed_twice_in_vain(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Both presses are told that nothing came of it; the next one is a new one."""
    call = await ringing(pbx, phones)
    pbx.switches.ignore_commands = True
    results = await asyncio.gather(
        press(phones, "answer"), press(phones, "answer"), return_exceptions=True
    )
    for error in results:
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "not_confirmed"
    pbx.switches.ignore_commands = False
    await press(phones, "answer")
    assert pbx.engine.call(call).talks("45")


async def test_press_that_nobody_waits_for_any_more(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A script that is stopped while it presses has pressed."""
    await ringing(pbx, phones)
    pbx.switches.ignore_commands = True
    pressing = hass.async_create_task(press(phones, "answer"))
    await wait_for(hass, lambda: commands(pbx))
    pressing.cancel()
    await asyncio.wait([pressing])
    await asyncio.sleep(6)
    assert "never retrieved" not in caplog.text
    assert hass.states.get(phones.id("45", "answer", "button"))


async def test_half_open_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of a link that is lost while it is waited for, the button says so."""
    await ringing(pbx, phones)
    pbx.switches.ignore_commands = True
    pressing = hass.async_create_task(press(phones, "answer"))
    await wait_for(hass, lambda: commands(pbx))
    await pbx.cut("45")
    with pytest.raises(HomeAssistantError) as raised:
        await pressing
    said = await shown(hass, raised.value)
    assert said.startswith("There is no connection to the PBX")
    assert "Connected" in said


# What may be known of whom


@modern
async def test_privacy(hass: HomeAssistant, pbx: Simulator) -> None:
    """With privacy neither an error nor the activity names who is outside."""
    entry = create_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, options={"privacy": True})
    phones = await set_up(hass, entry)
    entries = activity(hass)
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    assert await refused(phones, "hold") == (
        f"Call {first} at {LINE} is still ringing, not connected. "
        "Answer it first, or decline it."
    )
    second = await ringing(pbx, phones, "41")
    await press(phones, "answer")
    (entry,) = entries
    assert entry["message"] == "answered the caller who had waited longest"
    said = await refused_both(phones, first, second)
    assert "Anna" not in said
    assert CALLER[-6:] not in said


async def refused_both(phones: Phones, first: str, second: str) -> str:
    """Press what fits neither a connected nor a ringing call."""
    said = await refused(phones, "resume")
    assert f"Ringing: {second} (Bruno Ferreira)." in said
    assert f"Connected: {first}." in said
    return said


@classic
async def test_in_the_language_of_the_house(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The activity is written in Home Assistant's language."""
    await hass.config.async_update(language="de")
    entries = activity(hass)
    await ringing(pbx, phones)
    await ringing(pbx, phones, SECOND_CALLER)
    await press(phones, "answer")
    assert [entry["message"] for entry in entries] == [
        f"hat den Anruf angenommen, der am längsten wartete: {CALLER}"
    ]


async def test_without_activity(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where there is no activity, none is written."""
    entries = activity(hass)
    hass.config.components.remove("logbook")
    first = await ringing(pbx, phones)
    await ringing(pbx, phones, SECOND_CALLER)
    await press(phones, "answer")
    assert pbx.engine.call(first).talks("45")
    assert entries == []
