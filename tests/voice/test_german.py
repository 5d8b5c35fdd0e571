"""German as people speak it to their telephones: what is heard, and what comes of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.vodia.voice.commands import COMMANDS
from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_FRIENDLY_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
from simulator import Simulator
from simulator.model import Stage
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.german import FURNITURE, GROUPS, MISSED, NEAR, SAID
from tests.support.voice import ASSISTANT, Room, dialed, expose, past, put

pytestmark = [
    modern,
    pytest.mark.office("40"),
    pytest.mark.usefixtures("agent", "germany", "offers"),
]
OUTSIDE, NAME = "+493055501234", "Anna Meyer"
OTHER = "+493077701234"
SITUATIONS = sorted({group.situation for group in GROUPS})


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
        if expected == "retrieved":
            # Whoever gets a parked call back picks up the phone for it.
            for own in calls.keys() - {self._call}:
                engine.answer(own, "45")
            return "retrieved" if call.talks("45") else "parked"
        if call.parked:
            return "parked"
        if call.stage is not Stage.CONNECTED or not call.talks("45"):
            return "ringing"
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
    for group, sentence, slots in SAID:
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
    assert not wrong, "\n".join(f"{said}: {found}" for said, found in wrong.items())


@pytest.mark.parametrize(
    ("words", "number"),
    [
        *(("null", "0"), ("zwo", "2"), ("elf", "11"), ("zwölf", "12")),
        *(("sechzehn", "16"), ("siebzehn", "17"), ("zwanzig", "20")),
        *(("einundzwanzig", "21"), ("zweiunddreißig", "32")),
        *(("zwounddreissig", "32"), ("ein und vierzig", "41")),
        *(("siebenundsiebzig", "77"), ("neunundneunzig", "99")),
        *(("fünf null", "50"), ("vier eins", "41"), ("null eins eins null", "0110")),
        *(("doppelt fünf eins", "551"), ("drei und vierzig", "43")),
        *(("null dreißig zwölf drei", "030123"), ("4 eins", "41")),
        ("plus vier neun dreißig eins", "+49301"),
    ],
)
async def test_number_words(
    pbx: Simulator, office: Phones, room: Room, *, words: str, number: str
) -> None:
    """What is said in words, a number up to 99 or digit by digit, is dialed."""
    await room.say(f"ruf mal die {words} an", "de")
    assert dialed(pbx) == [number]


def test_enough() -> None:
    """Far more than 150 are understood, of ten at least nine."""
    sentences = [sentence for _, sentence, _ in SAID]
    assert len(set(sentences)) == len(sentences)
    assert set(sentences) > MISSED
    assert len(MISSED) < len(sentences) / 10
    assert len(sentences) - len(MISSED) >= 300
    assert {group.intent for group in GROUPS} == {
        command.intent_type for command in COMMANDS.values()
    }


@pytest.fixture
def furniture(hass: HomeAssistant, agent: None) -> None:
    """Have a home, with all that it has exposed."""
    for entity_id, name in FURNITURE.items():
        attributes = {ATTR_FRIENDLY_NAME: name}
        if entity_id.startswith("binary_sensor."):
            attributes[ATTR_DEVICE_CLASS] = BinarySensorDeviceClass.OCCUPANCY
        hass.states.async_set(entity_id, "off", attributes)
        async_expose_entity(hass, ASSISTANT, entity_id, True)


async def all_heard(
    client: MockHAClientWebSocket, sentences: Sequence[str], language: str
) -> dict[str, tuple[str, Any] | None]:
    """Return what the agent hears: an intent with its slots, or nothing."""
    await client.send_json_auto_id(
        {
            "type": "conversation/agent/homeassistant/debug",
            "sentences": list(sentences),
            "language": language,
        }
    )
    reply = await client.receive_json(timeout=50)
    assert reply["success"], reply
    return {
        sentence: (result["intent"]["name"], result["slots"])
        if result and result["match"]
        else None
        for sentence, result in zip(sentences, reply["result"]["results"], strict=True)
    }


@pytest.mark.usefixtures("furniture")
async def test_near(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    """What is Home Assistant's is heard as if our sentences were not there."""
    client = await hass_ws_client(hass)
    ours = await all_heard(client, NEAR, "de")
    Path(hass.config.path("custom_sentences", "de", "vodia.yaml")).unlink()
    Path(hass.config.path("configuration.yaml")).touch()
    await hass.services.async_call("conversation", "reload", {}, blocking=True)
    assert ours == await all_heard(client, NEAR, "de")
    assert not [heard for heard in ours.values() if heard and "Vodia" in heard[0]]
    assert len(set(NEAR)) == len(NEAR) >= 60
    # Of these many are something to Home Assistant.
    assert len([heard for heard in ours.values() if heard]) >= 25


@pytest.mark.usefixtures("furniture")
async def test_swiss(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    """The agent of the Swiss has other sentences of its own, and understands ours as well."""
    folder = Path(hass.config.path("custom_sentences"))
    (folder / "de").rename(folder / "de-CH")
    client = await hass_ws_client(hass)
    near = await all_heard(client, NEAR, "de-CH")
    assert not [heard for heard in near.values() if heard and "Vodia" in heard[0]]
    said = await all_heard(client, [sentence for _, sentence, _ in SAID], "de-CH")
    right = [
        sentence
        for group, sentence, _ in SAID
        if (heard := said[sentence]) and heard[0] == group.intent
    ]
    assert len(right) > 0.9 * len(SAID)
