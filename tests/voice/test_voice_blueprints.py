"""The blueprints for voice: sentences that users can change, and a question that listens."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Iterator
from dataclasses import dataclass
import re
from typing import Any, ClassVar, override

from hassil import Intents, recognize_all
from hassil.sample import sample_sentence
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_config_flow,
    mock_integration,
    mock_platform,
    setup_test_component_platform,
)

from homeassistant.components.assist_pipeline import (
    PipelineEvent,
    async_get_pipeline,
    async_update_pipeline,
)
from homeassistant.components.assist_satellite import (
    AssistSatelliteAnnouncement,
    AssistSatelliteConfiguration,
    AssistSatelliteEntity,
    AssistSatelliteEntityFeature,
)
from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
    SpeechToTextEntity,
)
from homeassistant.components.tts import TextToSpeechEntity, TtsAudioType
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.util.yaml import parse_yaml
from simulator import Simulator, Stage
from tests.support.blueprints import FOLDER, is_done, late, own, use
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, device, wait_for
from tests.support.log import Errors
from tests.support.voice import Room, dialed, past

pytestmark = pytest.mark.usefixtures("patience", "agent")

# The domain that the platforms of the test harness belong to.
TEST_DOMAIN = "test"
VOICE = "tts.speaking"
# Four frames of MPEG audio; Home Assistant writes tags into what is said.
_SILENCE = (b"\xff\xfb\x90\x00" + bytes(413)) * 4


# Sentences


async def test_voice_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Somebody is called in either language, without any exposure, and as it was said."""
    await use(hass, "voice_call")
    for said, language, answer, number in (
        ("call Ferreira Bruno", "en", "Calling Bruno Ferreira.", "41"),
        ("Ruf bitte Chidi an!", "de", "Ich rufe Chidi Okafor an.", "42"),
        ("call 43", "en", "Calling Dorothea Kühn.", "43"),
        (
            "call +49 30 123456",
            "en",
            "Calling + 4 9 3 0 1 2 3 4 5 6.",
            "+4930123456",
        ),
    ):
        assert await room.say(said, language) == answer
        assert dialed(pbx) == [number]
        pbx.engine.hang_up(pbx.engine.calls()[0].id)
        await phones.wait("45", "call", "idle")
    assert await room.say("call Zorro") == "I don't know anyone called Zorro."
    assert not pbx.engine.calls()
    past(pbx, CALLER, "Anna Meyer", answer=False)
    for said, language, answer in (
        ("call back", "en", "Calling Anna Meyer."),
        ("call him back", "en", "Calling Anna Meyer."),
        ("please return the call", "en", "Calling Anna Meyer."),
        ("Ruf bitte zurück!", "de", "Ich rufe Anna Meyer an."),
    ):
        assert await room.say(said, language) == answer
        assert dialed(pbx) == [CALLER]
        pbx.engine.hang_up(pbx.engine.calls()[0].id)
        await phones.wait("45", "call", "idle")


@modern
async def test_voice_call_own_words(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """The sentences are the user's, who may also choose the telephone."""
    await use(
        hass, "voice_call", call=["reach out to {who}"], phones=device(phones, "45")
    )
    assert await room.say("reach out to Bruno") == "Calling Bruno Ferreira."
    assert dialed(pbx) == ["41"]


@modern
async def test_voice_ask(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Questions about calls are answered."""
    await use(hass, "voice_ask")
    assert await room.say("wer hat angerufen", "de") == "Niemand hat angerufen."
    past(pbx, CALLER, "Ben", answer=True)
    past(pbx, CALLER, "Anna Meyer", answer=False)
    assert (await room.say("who called me")).count("called") == 2
    missed = await room.say("did I miss a call")
    assert missed.startswith("Anna Meyer called ")
    assert "Ben" not in missed
    many = await room.say("how many missed calls do I have")
    assert many.startswith("You missed one call. Anna Meyer called ")
    many = await room.say("Wie viele Anrufe habe ich verpasst?", "de")
    assert many.startswith("Du hast einen Anruf verpasst. Anna Meyer hat ")
    assert await room.say("do I have any messages") == (
        "I can't tell whether you have messages."
    )
    await phones.wait("45", "last_caller", "Anna Meyer")
    await phones.wait("45", "call", "idle")
    assert await room.say("who's calling") == "Nobody is calling."
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    assert await room.say("Wer ruft gerade an?", "de") == "Anna Meyer ruft an."
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    assert await room.say("is Freya on the phone") == (
        "Freya Nilsen is on the phone with Anna Meyer."
    )
    assert await room.say("telefoniert Bruno", "de") == (
        "Bruno Ferreira telefoniert nicht."
    )


async def test_voice_control(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """A call is answered, held, resumed, hung up and declined."""
    await use(hass, "voice_control")
    pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    for said, language, answer in (
        ("answer the phone", "en", "You're connected to Anna Meyer."),
        ("halte das Gespräch", "de", "Der Anruf wird gehalten."),
        ("resume the call", "en", "You're back with Anna Meyer."),
        ("Leg bitte auf", "de", "Aufgelegt."),
    ):
        assert await room.say(said, language) == answer
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    assert await room.say("decline the call") == "Declined."
    assert not pbx.engine.calls()
    await phones.wait("45", "call", "idle")
    # One is taken, parked, taken back and sent on.
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    assert await room.say("take the call from Anna") == (
        "You're connected to Anna Meyer."
    )
    await phones.wait("5", "occupied", "off")
    assert await room.say("park the call") == "Parked at 5."
    await phones.wait("5", "occupied", "on")
    assert await room.say("Hol das geparkte Gespräch zurück", "de") == (
        "Ich hole das Gespräch zurück."
    )
    await phones.wait("45", "call", "connected")
    assert await room.say("put the caller through to Bruno") == (
        "Transferred to Bruno Ferreira."
    )
    assert pbx.engine.call(call_id).rung == ["41"]


@modern
async def test_voice_do_not_disturb(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Do not disturb is set, for a while, and cleared."""
    await use(hass, "voice_do_not_disturb")
    assert await room.say("put me on do not disturb") == "Do not disturb is on."
    assert pbx.engine.account("45").dnd
    assert await room.say("schalte nicht stören aus", "de") == (
        "„Nicht stören“ ist ausgeschaltet."
    )
    assert not pbx.engine.account("45").dnd
    assert await room.say("do not disturb for 20 minutes") == (
        "Do not disturb is on for 20 minutes."
    )
    assert pbx.engine.account("45").dnd_expires == 1200
    assert await room.say("do not disturb for some minutes") == (
        "Sorry, I didn't catch for how long."
    )


# A question


class Hearing(SpeechToTextEntity):
    """Hear one text after the other, and then nothing, whatever the sound is."""

    _attr_unique_id = _attr_name = "hearing"
    supported_languages: ClassVar = ["en"]
    supported_formats: ClassVar = [AudioFormats.WAV]
    supported_codecs: ClassVar = [AudioCodecs.PCM]
    supported_bit_rates: ClassVar = [AudioBitRates.BITRATE_16]
    supported_sample_rates: ClassVar = [AudioSampleRates.SAMPLERATE_16000]
    supported_channels: ClassVar = [AudioChannels.CHANNEL_MONO]

    def __init__(self, *texts: str) -> None:
        """Know what will be said."""
        self.texts = list(texts)

    @override
    async def async_process_audio_stream(
        self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> SpeechResult:
        """Listen to the end."""
        async for _ in stream:
            pass
        text = self.texts.pop(0) if self.texts else ""
        return SpeechResult(text, SpeechResultState.SUCCESS)


class Speaking(TextToSpeechEntity):
    """Make some sound of any text."""

    _attr_unique_id = _attr_name = "speaking"
    supported_languages: ClassVar = ["en"]
    _attr_default_language = "en"

    @override
    async def async_get_tts_audio(
        self, message: str, language: str, options: Any
    ) -> TtsAudioType:
        """Return the sound."""
        return "mp3", _SILENCE


class Satellite(AssistSatelliteEntity):
    """A voice satellite with neither a loudspeaker nor a microphone."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_supported_features = (
        AssistSatelliteEntityFeature.ANNOUNCE
        | AssistSatelliteEntityFeature.START_CONVERSATION
    )

    def __init__(self, area: str) -> None:
        """Stand in an area."""
        self._attr_unique_id = area
        self._attr_device_info = DeviceInfo(
            identifiers={(TEST_DOMAIN, area)}, name=area, suggested_area=area
        )
        self.asked: list[str] = []
        self.announced: list[str] = []
        self.meanwhile: list[Coroutine[Any, Any, None]] = []
        self.deaf = False

    @override
    def async_get_configuration(self) -> AssistSatelliteConfiguration:
        """Have no wake words."""
        return AssistSatelliteConfiguration([], [], 1)

    @override
    async def async_set_configuration(
        self, config: AssistSatelliteConfiguration
    ) -> None:
        """Need no wake words."""

    @override
    async def async_announce(self, announcement: AssistSatelliteAnnouncement) -> None:
        """Say something."""
        self.announced.append(announcement.message)

    @override
    async def async_start_conversation(
        self, start_announcement: AssistSatelliteAnnouncement
    ) -> None:
        """Say something, and send to Home Assistant's pipeline what is heard after it."""
        self.asked.append(start_announcement.message)
        while self.meanwhile:
            # Goes on even if the question is given up for it.
            await asyncio.shield(self.hass.async_create_task(self.meanwhile.pop(0)))
        if self.deaf:
            # What it said is over, and it never opens its microphone.
            return
        await self.async_accept_pipeline_from_satellite(self._sound())

    @override
    def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Show nothing."""

    async def _sound(self) -> AsyncGenerator[bytes]:
        """Yield a tenth of a second of what a microphone would send."""
        for _ in range(10):
            yield bytes(320)


@dataclass(frozen=True, slots=True)
class House:
    """Rooms with satellites, and a player in each, which plays what is sent to it."""

    hass: HomeAssistant
    satellites: dict[str, Satellite]
    played: list[ServiceCall]

    def areas(self, *names: str) -> list[str]:
        """Return the ids of areas."""
        return [ar.async_get(self.hass).async_get_or_create(name).id for name in names]

    def player(self, name: str) -> str | None:
        """Return the player in a room."""
        registry = er.async_get(self.hass)
        return registry.async_get_entity_id("media_player", TEST_DOMAIN, name)


async def furnish(hass: HomeAssistant, heard: list[str], *rooms: str) -> House:
    """Put satellites into rooms, and players into those and the hall.

    All is Home Assistant's own but what makes and takes sound, and the engines for speech.
    """
    # A satellite is told where to fetch what it has to play.
    hass.config.internal_url = "http://home.example:8123"
    house = House(hass, {room: Satellite(room) for room in rooms}, [])
    platforms: dict[Platform, list[Entity]] = {
        Platform.STT: [Hearing(*heard)],
        Platform.TTS: [Speaking()],
        Platform.ASSIST_SATELLITE: [*house.satellites.values()],
    }

    async def set_up_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        """Set up the platforms."""
        await hass.config_entries.async_forward_entry_setups(entry, platforms)
        return True

    mock_integration(hass, MockModule(TEST_DOMAIN, async_setup_entry=set_up_entry))
    mock_platform(hass, f"{TEST_DOMAIN}.config_flow")
    for platform, entities in platforms.items():
        setup_test_component_platform(hass, platform, entities, from_config_entry=True)
    entry = MockConfigEntry(domain=TEST_DOMAIN)
    entry.add_to_hass(hass)
    with mock_config_flow(TEST_DOMAIN, ConfigFlow):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await async_update_pipeline(
        hass,
        async_get_pipeline(hass),
        stt_engine="stt.hearing",
        stt_language="en",
        tts_engine=VOICE,
        tts_language="en",
    )
    for name in {*rooms, "Hall"}:
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(TEST_DOMAIN, name)},
            suggested_area=name,
        )
        er.async_get(hass).async_get_or_create(
            "media_player", TEST_DOMAIN, name, device_id=device.id
        )
    hass.services.async_register("media_player", "play_media", house.played.append)
    return house


@modern
@pytest.mark.parametrize(
    ("heard", "stage"),
    [
        ("answer it", Stage.CONNECTED),
        ("Yes please", Stage.CONNECTED),
        ("ja", Stage.CONNECTED),
        ("decline", None),
        ("Nein danke", None),
        ("what did you say", Stage.RINGING),
        ("", Stage.RINGING),
    ],
)
async def test_ask_to_answer(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    logged: Errors,
    *,
    heard: str,
    stage: Any,
) -> None:
    """The name is said in the chosen rooms, and what is answered there is done."""
    house = await furnish(hass, [heard], "Kitchen", "Bath")
    await use(
        hass,
        "ask_to_answer",
        phones=device(phones, "45"),
        line=own(phones),
        areas=house.areas("Kitchen", "Hall"),
        tts_engine=VOICE,
    )
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    kitchen, bath = house.satellites.values()
    await wait_for(hass, lambda: kitchen.asked and house.played)
    await is_done(hass)
    assert kitchen.asked == ["Anna Meyer is calling. Answer or decline?"]
    assert not kitchen.announced
    assert not bath.asked + bath.announced
    # The one in the kitchen would say it twice.
    (played,) = house.played
    assert played.data["entity_id"] == [house.player("Hall")]
    message = "message=Anna+Meyer+is+calling."
    assert message in played.data["media_content_id"]
    left = {call.id: call.stage for call in pbx.engine.calls()}
    assert left.get(call_id) is stage
    if not heard:
        # Home Assistant logs that nobody answered, at each step; 2026.11 in other words.
        # The end of the call may come first: then there is no question any more.
        await hass.async_block_till_done()
        said = "No answer (from question|received from the satellite)"
        logged.announced += (
            [said] if any(re.search(said, x) for x in logged.found) else []
        )


@modern
async def test_ask_to_answer_late_caller(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who calls may be told a moment after the call: it waits for that."""
    house = await furnish(hass, ["what did you say"], "Kitchen")
    await use(
        hass,
        "ask_to_answer",
        phones=device(phones, "45"),
        line=own(phones),
        areas=house.areas("Kitchen"),
    )
    await late(pbx, CALLER)
    (kitchen,) = house.satellites.values()
    await wait_for(hass, lambda: kitchen.asked)
    await is_done(hass)
    digits = " ".join(CALLER)
    assert kitchen.asked == [f"{digits} is calling. Answer or decline?"]


@modern
async def test_ask_to_answer_too_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A question about a call that is gone is given up; the next caller is asked about."""
    house = await furnish(hass, ["what"], "Kitchen")
    kitchen = house.satellites["Kitchen"]

    async def another() -> None:
        """Give up before the answer, and let another one call."""
        pbx.engine.hang_up(first)
        await phones.wait("45", "call", "idle")
        pbx.engine.ring(SECOND_CALLER, "45", name="Ben")
        await phones.wait("45", "ringing", "on")

    kitchen.meanwhile.append(another())
    await ask(house, phones)
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await wait_for(hass, lambda: len(kitchen.asked) == 2)
    await is_done(hass)
    assert [question.partition(" ")[0] for question in kitchen.asked] == ["Anna", "Ben"]
    (call,) = pbx.engine.calls()
    assert call.stage is Stage.RINGING


async def ask(house: House, phones: Phones, **inputs: Any) -> None:
    """Have the satellite in the kitchen ask."""
    await use(
        house.hass,
        "ask_to_answer",
        phones=device(phones, "45"),
        line=own(phones),
        areas=house.areas("Kitchen"),
        **inputs,
    )


@modern
@pytest.mark.parametrize("end", ["hang up", "answer", "next"])
async def test_ask_to_answer_with_a_deaf_satellite(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, end: str
) -> None:
    """A satellite that does not listen once is asked about the next caller all the same."""
    house = await furnish(hass, ["answer it"], "Kitchen")
    kitchen = house.satellites["Kitchen"]
    await ask(house, phones)
    kitchen.deaf = True
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await wait_for(hass, lambda: len(kitchen.asked) == 1)
    if end == "hang up":
        pbx.engine.hang_up(first)
    elif end == "answer":
        pbx.engine.answer(first, "45")
    if end != "next":
        # The question is over: what is said now is no answer.
        await is_done(hass)
        await wait_for(hass, lambda: kitchen.state == "idle")
    kitchen.deaf = False
    second = pbx.engine.ring(SECOND_CALLER, "45", name="Ben")
    await wait_for(hass, lambda: len(kitchen.asked) == 2)
    await wait_for(hass, lambda: pbx.engine.call(second).stage is Stage.CONNECTED)
    await is_done(hass)


@modern
async def test_ask_to_answer_only_if(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The user's own conditions are about who rings; the end of a call needs none."""
    hass.states.async_set("input_boolean.home", "on")
    house = await furnish(hass, ["answer it"], "Kitchen")
    kitchen = house.satellites["Kitchen"]
    home = {"condition": "state", "entity_id": "input_boolean.home", "state": "on"}
    await ask(house, phones, only_if=[home])
    kitchen.deaf = True
    first = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: len(kitchen.asked) == 1)
    hass.states.async_set("input_boolean.home", "off")
    pbx.engine.hang_up(first)
    await is_done(hass)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    await hass.async_block_till_done()
    assert len(kitchen.asked) == 1


# All sentences


def _lists(node: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the inputs of a blueprint that have lists of sentences by default."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "default" and isinstance(inner, list) and inner:
                yield name, inner
            else:
                yield from _lists(inner, key)


SENTENCES = {
    (path.stem, name): sentences
    for path in sorted(FOLDER.glob("voice_*.yaml"))
    for name, sentences in _lists(parse_yaml(path.read_text()))
}


@pytest.mark.parametrize("blueprint", sorted(SENTENCES), ids="-".join)
def test_one_reading(blueprint: tuple[str, str]) -> None:
    """No sentence can be read in two ways.

    Home Assistant asks no trigger that was set up later about a sentence that matches
    twice, so it would make other automations deaf.
    """
    intents = Intents.from_dict(
        {
            "language": "en",
            "intents": {"it": {"data": [{"sentences": SENTENCES[blueprint]}]}},
            "lists": {name: {"wildcard": True} for name in ("who", "minutes", "hours")},
        }
    )
    tried = 0
    for data in intents.intents["it"].data:
        for sentence in data.sentences:
            for said in sample_sentence(sentence, expand_lists=False):
                text = re.sub(r"{\w+}", "anna", said)
                assert len(list(recognize_all(text, intents))) == 1, text
                tried += 1
    assert tried >= len(SENTENCES[blueprint])
