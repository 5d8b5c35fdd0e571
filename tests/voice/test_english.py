"""What people say in English: heard by Home Assistant's own agent, and done at the PBX."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.vodia.voice.commands import COMMANDS
from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import ATTR_FRIENDLY_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent
from simulator import Simulator
from tests.support.dialects import modern
from tests.support.english import CLARA, HOME, MISSES, NEAR, SAID, Slots
from tests.support.entry import Phones, set_up, wait_for
from tests.support.voice import Room, dialed, expose, past, put

OWN, BRUNO, DORA, ORBIT = "45", "41", "43", "5"
NAME = "Clara Nowak"
TEXTS = [text for rows in SAID.values() for text, *_ in rows]
# What is said while a call rings, while one is up, and so on.
RINGS = ("who_is_calling", "answer", "decline")
TALKS = ("hang_up", "hold", "transfer", "park")

pytestmark = pytest.mark.usefixtures("agent", "germany", "patience", "offers")


class Office:
    """The phones, the PBX, and somebody who speaks."""

    def __init__(self, pbx: Simulator, phones: Phones, room: Room) -> None:
        """Watch what is done."""
        self.pbx, self.phones, self.room = pbx, phones, room
        self.call = ""

    async def begin(self, command: str) -> None:
        """Have the calls that a command is for."""
        engine = self.pbx.engine
        if command in (*RINGS, *TALKS, "resume"):
            self.call = engine.ring(CLARA, OWN, name=NAME)
            await self.phones.wait(OWN, "call", "ringing")
        if command in (*TALKS, "resume"):
            engine.answer(self.call, OWN)
            await self.phones.wait(OWN, "call", "connected")
        if command == "resume":
            await self.room.say("hold")
            await self.phones.wait(OWN, "call", "held")
        if command in ("is_on_the_phone", "retrieve"):
            self.call = engine.ring(CLARA, BRUNO, name=NAME)
            engine.answer(self.call, BRUNO)
            await self.phones.wait(BRUNO, "call", "connected")
        if command == "retrieve":
            engine.transfer(self.call, BRUNO, ORBIT)
            await self.phones.wait(ORBIT, "occupied", "on")
        if command == "take_call":
            self.call = engine.ring(CLARA, OWN, name=NAME)
            engine.ring("+49305550002", "500", name="Dora Lang")
            await wait_for(self.phones.hass, lambda: len(self._own_calls()) == 2)
        if command.startswith("do_not_disturb"):
            engine.set_dnd(OWN, command == "do_not_disturb_off")
            state = "on" if command == "do_not_disturb_off" else "off"
            await self._dnd(state)

    async def end(self) -> None:
        """Have no call any more."""
        for call in self.pbx.engine.calls():
            self.pbx.engine.hang_up(call.id)
        for number in (OWN, BRUNO):
            await self.phones.wait(number, "call", "idle")

    async def check(self, command: str, expected: str, speech: str) -> None:
        """Look at the PBX for what was done, or at the answer."""
        engine = self.pbx.engine
        match command:
            case "call" | "call_back":
                assert dialed(self.pbx) == [expected]
            case "answer":
                assert engine.call(self.call).talks(OWN)
            case "decline" | "hang_up":
                assert engine.calls() == []
            case "hold":
                assert engine.call(self.call).held_by == {OWN}
            case "resume":
                assert engine.call(self.call).held_by == set()
            case "transfer":
                assert engine.call(self.call).rung == [BRUNO]
            case "take_call":
                (taken,) = [call for call in engine.calls() if call.talks(OWN)]
                assert taken.caller.name.startswith(expected)
            case "park":
                assert engine.call(self.call).parked
            case "retrieve":
                await wait_for(
                    self.phones.hass, lambda: engine.call(self.call).talks(OWN)
                )
            case "do_not_disturb_on":
                await self._dnd("on")
            case "do_not_disturb_off":
                await self._dnd("off")
            case _:
                assert expected in speech

    def _own_calls(self) -> list[str]:
        """Return the calls that Home Assistant knows at the own phone."""
        coordinator = self.phones.entry.runtime_data
        return [call.id for call in coordinator.client.extension(OWN).calls]

    async def _dnd(self, state: str) -> None:
        """Wait for do not disturb of the own phone."""
        hass, entity_id = self.phones.hass, self.phones.id(OWN, "dnd", "switch")
        await wait_for(hass, lambda: hass.states.is_state(entity_id, state))


@pytest.fixture
async def office(pbx: Simulator, entry: MockConfigEntry, room: Room) -> Office:
    """Return an office in which Clara was missed, and Bruno was talked to after that."""
    past(pbx, CLARA, NAME, answer=False)
    past(pbx, BRUNO, "", answer=True)
    phones = await set_up(room.hass, entry)
    expose(phones, OWN, BRUNO)
    expose(phones, OWN, key="last_caller")
    expose(phones, OWN, key="dnd")
    put(phones, OWN, "Hall")
    put(phones, "46", "Workshop")
    await room.hass.async_block_till_done()
    await phones.wait(ORBIT, "occupied", "off")
    return Office(pbx, phones, room)


@asynccontextmanager
async def state_of(office: Office, command: str) -> AsyncIterator[None]:
    """Have what a command is for, and nothing of it afterwards."""
    await office.begin(command)
    yield
    await office.end()


def heard(response: intent.IntentResponse) -> tuple[str | None, Slots]:
    """Return the intent and the slots that were heard."""
    if (found := response.intent) is None:
        return None, {}
    slots = {
        name: slot["value"].strip() if isinstance(slot["value"], str) else slot["value"]
        for name, slot in found.slots.items()
    }
    return found.intent_type, slots


def test_table() -> None:
    """There are enough, each once, and few of them are misses."""
    assert len(TEXTS) == len(set(TEXTS)) >= 150
    assert set(SAID) == set(COMMANDS)
    assert MISSES.keys() <= set(TEXTS)
    assert len(MISSES) <= len(TEXTS) / 10
    assert len(set(NEAR)) == len(NEAR) >= 60


@modern
@pytest.mark.office("40")
@pytest.mark.parametrize("command", SAID)
async def test_said(office: Office, command: str) -> None:
    """Each sentence is heard as its command, and the PBX does what was meant."""
    if command == "voicemail":
        office.pbx.engine.leave_message(OWN, CLARA, NAME)
        office.pbx.engine.hang_up(office.pbx.engine.ring(CLARA, OWN, name=NAME))
        await wait_for(office.room.hass, lambda: office.phones.has(OWN, "voicemail"))
        await office.phones.wait(OWN, "voicemail", "1")
    for text, slots, expected in SAID[command]:
        async with state_of(office, command):
            response = await office.room.ask(text)
            speech = response.speech["plain"]["speech"]
            found = heard(response), response.error_code
            if text in MISSES:
                assert found != ((COMMANDS[command].intent_type, slots), None), text
                continue
            assert found == ((COMMANDS[command].intent_type, slots), None), speech
            await office.check(command, expected, speech)


@modern
async def test_near(
    hass: HomeAssistant, phones: Phones, hass_ws_client: WebSocketGenerator
) -> None:
    """What only sounds alike is not heard, with a home in which it means something."""
    expose(phones, OWN, BRUNO)
    for entity_id, name in HOME.items():
        hass.states.async_set(entity_id, "off", {ATTR_FRIENDLY_NAME: name})
        async_expose_entity(hass, conversation.DOMAIN, entity_id, True)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "conversation/agent/homeassistant/debug",
            "sentences": list(NEAR),
            "language": "en",
        }
    )
    results = (await client.receive_json(timeout=50))["result"]["results"]
    ours = {
        text: result["intent"]["name"]
        for text, result in zip(NEAR, results, strict=True)
        if result and result["match"] and result["intent"]["name"].startswith("Vodia")
    }
    assert ours == {}
    does = {text for text, result in zip(NEAR, results, strict=True) if result}
    assert len(does) >= 45
