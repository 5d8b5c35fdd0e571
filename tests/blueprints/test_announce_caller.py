"""The blueprint that says who calls on speakers and satellites."""

import asyncio
from dataclasses import dataclass

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.core import HomeAssistant, ServiceCall
from simulator import Simulator, Switches
from tests.support.automations import Ring
from tests.support.blueprints import (
    AUTOMATION,
    MUSIC,
    RADIO,
    UNKNOWN,
    Json,
    attribute,
    is_done,
    late,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, create_entry, device, set_up, wait_for


@dataclass(frozen=True, slots=True)
class Voices:
    """What the speakers and the satellites are to say."""

    hass: HomeAssistant
    spoken: list[ServiceCall]
    announced: list[ServiceCall]

    def words(self) -> list[str]:
        """Return what the satellites said."""
        return [call.data["message"] for call in self.announced]


@pytest.fixture
def voices(hass: HomeAssistant) -> Voices:
    """Take what would be said aloud."""
    return Voices(
        hass,
        async_mock_service(hass, "tts", "speak"),
        async_mock_service(hass, "assist_satellite", "announce"),
    )


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        (Ring(name="Anna Meyer"), "Call from Anna Meyer"),
        (Ring(), "Call from + 4 9 3 0 1 1 1 1 1 1"),
        (Ring("lobby"), "Call from lobby"),
        (UNKNOWN, "Call from an unknown number"),
    ],
)
async def test_announce_caller(
    pbx: Simulator, phones: Phones, voices: Voices, caller: Ring, words: str
) -> None:
    """The name is said once, else the digits of the number, by all that can speak."""
    hass = voices.hass
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        players=[MUSIC, RADIO],
        tts_engine="tts.voice",
        satellites=["assist_satellite.kitchen"],
    )
    pbx.engine.ring(caller.number, "45", caller.name)
    await wait_for(hass, lambda: voices.spoken and voices.announced)
    await is_done(hass)
    (spoken,), (announced,) = voices.spoken, voices.announced
    assert spoken.data == {
        "entity_id": ["tts.voice"],
        "media_player_entity_id": [MUSIC, RADIO],
        "message": words,
    }
    assert announced.data == {
        "entity_id": ["assist_satellite.kitchen"],
        "message": words,
    }


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"players": [MUSIC]},
        {"tts_engine": "tts.voice"},
    ],
)
async def test_announce_caller_without_a_voice(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, voices: Voices, inputs: Json
) -> None:
    """Who has no voice, or no speaker, says nothing."""
    await use(hass, "announce_caller", phones=device(phones, "45"), **inputs)
    pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: attribute(hass, AUTOMATION, "last_triggered"))
    await is_done(hass)
    assert not voices.spoken + voices.announced


async def test_announce_caller_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, voices: Voices
) -> None:
    """It is said again, as often as asked for, and not once the call is answered."""
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        satellites=["assist_satellite.kitchen"],
        before="Here is",
        times=3,
        pause=0.2,
    )
    first = pbx.engine.ring(CALLER, "45", "Anna")
    await wait_for(hass, lambda: len(voices.announced) == 3)
    await is_done(hass)
    assert voices.words() == ["Here is Anna"] * 3
    pbx.engine.hang_up(first)
    second = pbx.engine.ring(SECOND_CALLER, "45", "Ben")
    await wait_for(hass, lambda: len(voices.announced) == 4)
    pbx.engine.answer(second, "45")
    await is_done(hass)
    assert voices.words()[3:] == ["Here is Ben"]


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_announce_caller_two_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, hangs_up: bool
) -> None:
    """Two callers are named in turn; who has given up meanwhile is not."""
    said: list[str] = []
    speaks = asyncio.Event()

    async def announce(call: ServiceCall) -> None:
        """Speak, which takes a while."""
        said.append(call.data["message"])
        await speaks.wait()

    hass.services.async_register("assist_satellite", "announce", announce)
    await use(
        hass,
        "announce_caller",
        phones=device(phones, "45"),
        satellites=["assist_satellite.kitchen"],
    )
    pbx.engine.ring(CALLER, "45", "Anna")
    await wait_for(hass, lambda: said)
    second = pbx.engine.ring(SECOND_CALLER, "45", "Ben")
    await wait_for(hass, lambda: attribute(hass, AUTOMATION, "current") == 2)
    if hangs_up:
        pbx.engine.hang_up(second)
        await asyncio.sleep(0.1)
    speaks.set()
    await is_done(hass)
    assert said == ["Call from Anna", *([] if hangs_up else ["Call from Ben"])]


async def test_announce_caller_of_a_group(hass: HomeAssistant, voices: Voices) -> None:
    """A group's call is said once, also if each phone knows it by another id."""
    async with Simulator(Switches.modern(group_ids="per_leg")) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx))
        await use(
            hass,
            "announce_caller",
            phones=device(phones, None),
            satellites=["assist_satellite.kitchen"],
            times=2,
            pause=0.2,
        )
        call = pbx.engine.ring(CALLER, "500", "Anna")
        await wait_for(hass, lambda: voices.announced)
        pbx.engine.reject(call, "43")
        await wait_for(hass, lambda: len(voices.announced) == 2)
        await is_done(hass)
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


# Who calls is told a moment later


async def test_announce_caller_late(
    pbx: Simulator, phones: Phones, voices: Voices
) -> None:
    """It waits for the name rather than to say that nobody knows it."""
    satellite = "assist_satellite.kitchen"
    target = device(phones, "45")
    await use(voices.hass, "announce_caller", phones=target, satellites=[satellite])
    await late(pbx)
    await wait_for(voices.hass, voices.words)
    assert voices.words() == ["Call from + 4 9 3 0 1 1 1 1 1 1"]
