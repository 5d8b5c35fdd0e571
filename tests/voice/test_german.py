"""German as people speak it to their telephones: what is heard, and what comes of it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
from simulator import Simulator
from simulator.model import Stage
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.german import GROUPS, MISSED, Group
from tests.support.voice import Room, dialed, expose, past, put

pytestmark = [
    modern,
    pytest.mark.office("40"),
    pytest.mark.usefixtures("agent", "germany", "offers"),
]
OUTSIDE, NAME = "+493055501234", "Anna Meyer"
OTHER = "+493077701234"
SITUATIONS = sorted({group.situation for group in GROUPS})


def every() -> list[tuple[Group, str, dict[str, Any]]]:
    """Return all sentences with their slots."""
    return [
        (group, *(said if isinstance(said, tuple) else (said, {})))
        for group in GROUPS
        for said in group.said
    ]


@pytest.fixture
async def office(hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry) -> Phones:
    """Return a German office: a group for sales, and phones in two rooms."""
    pbx.engine.account("500").name = "Vertrieb"
    phones = await set_up(hass, entry)
    put(phones, "44", "Büro")
    put(phones, "46", "Küche")
    expose(phones, "40", "41", "44", "45", "46")
    expose(phones, "45", key="last_caller")
    expose(phones, "45", key="dnd")
    return phones


class Desk:
    """Somebody at the desk of 45, to whom things happen."""

    def __init__(self, pbx: Simulator, phones: Phones) -> None:
        """Sit down."""
        self._pbx = pbx
        self._phones = phones
        self._call = ""

    async def arrange(self, situation: str) -> None:
        """Bring a situation about, and wait until it is shown."""
        engine, phones = self._pbx.engine, self._phones
        match situation:
            case "ringing" | "connected" | "held" | "parked":
                self._call = engine.ring(OUTSIDE, "45", name=NAME)
                await phones.wait("45", "call", "ringing")
                if situation == "ringing":
                    return
                engine.answer(self._call, "45")
                await phones.wait("45", "call", "connected")
                if situation == "held":
                    engine.hold(self._call, "45")
                    await phones.wait("45", "call", "held")
                if situation == "parked":
                    engine.transfer(self._call, "45", "5")
                    await phones.wait("45", "call", "idle")
                    await phones.wait("5", "occupied", "on")
            case "ringing at the office":
                self._call = engine.ring(OUTSIDE, "44", name=NAME)
                await phones.wait("44", "call", "ringing")
            case "two ring":
                self._call = engine.ring(OUTSIDE, "500", name=NAME)
                await phones.wait("45", "call", "ringing")
                engine.ring(OTHER, "45", name="Otto Braun")
                await wait_for(
                    phones.hass,
                    lambda: phones.get("45", "call").attributes["other_calls"] == 1,
                )
            case "busy":
                self._call = engine.ring(OUTSIDE, "41", name=NAME)
                engine.answer(self._call, "41")
                await phones.wait("41", "call", "connected")
            case "do not disturb":
                engine.set_dnd("45", True)
                await phones.wait("45", "dnd", "on")

    async def clear(self) -> None:
        """End all, and wait until that is shown."""
        engine, phones = self._pbx.engine, self._phones
        for call in engine.calls():
            engine.hang_up(call.id)
        engine.set_dnd("45", False)
        for number in ("41", "44", "45"):
            await phones.wait(number, "call", "idle")
        await phones.wait("45", "dnd", "off")
        await phones.wait("5", "occupied", "off")

    def outcome(self, expected: str, speech: str) -> Any:
        """Return what came of it, told like the outcome that is expected."""
        engine = self._pbx.engine
        calls = {call.id: call for call in engine.calls()}
        call = calls.get(self._call)
        match expected.split():
            case ["says", *_]:
                is_said = speech.startswith(expected.removeprefix("says "))
                return expected if is_said else speech
            case ["dials", _]:
                return f"dials {' '.join(dialed(self._pbx))}"
            case ["rings", "at", _]:
                return f"rings at {' '.join(call.rung) if call else None}"
            case ["do", "not", "disturb", _]:
                dnd = engine.account("45").dnd
                return f"do not disturb {'on' if dnd else 'off'}"
        if call is None:
            return "over"
        if call.parked:
            return "parked"
        if call.stage is not Stage.CONNECTED or not call.talks("45"):
            return "ringing"
        if expected == "retrieved":
            return "retrieved"
        return "held" if call.held_by else "connected"


def heard(response: intent.IntentResponse) -> tuple[str | None, dict[str, Any]]:
    """Return the intent and the slots that were heard."""
    if (found := response.intent) is None:
        return None, {}
    return found.intent_type, {
        name: slot["value"].strip() if isinstance(slot["value"], str) else slot["value"]
        for name, slot in found.slots.items()
    }


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_said(
    pbx: Simulator, office: Phones, room: Room, *, situation: str
) -> None:
    """What is said is heard as it is meant, and done."""
    if situation == "history":
        past(pbx, OUTSIDE, NAME, answer=True)
        past(pbx, "41", "", answer=False)
    if situation == "message":
        pbx.engine.leave_message("45", OUTSIDE, NAME)
        assert await office.hass.config_entries.async_reload(office.entry.entry_id)
        await wait_for(office.hass, lambda: office.has("45", "voicemail"))
        await office.wait("45", "voicemail", "1")
    desk = Desk(pbx, office)
    wrong: dict[str, Any] = {}
    for group, sentence, slots in every():
        if group.situation != situation:
            continue
        await desk.arrange(situation)
        response = await room.ask(sentence, "de")
        speech = response.speech["plain"]["speech"]
        expected = (group.intent, slots, group.outcome)
        found = (*heard(response), desk.outcome(group.outcome, speech))
        if (found == expected) is (sentence in MISSED):
            wrong[sentence] = (found, speech)
        await desk.clear()
    assert wrong == {}
