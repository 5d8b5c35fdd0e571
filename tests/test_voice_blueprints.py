"""The blueprints for voice: sentences that users can change, and a question that listens."""

from typing import Any

import pytest

from homeassistant.components.assist_satellite.entity import AssistSatelliteEntity
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.helpers import area_registry as ar, entity_registry as er
from simulator import Simulator, Stage

from .common import Phones, until
from .test_blueprints import errors, is_done, own, use
from .test_events import CALLER
from .test_triggers import device

# The folder with the blueprints and Home Assistant's own agent.
from .test_voice import (
    Room,
    assist,
    dialed,
    hass_config_dir,
    modern,
    past,
    patience,
    room,
    satellite,
)

__all__ = ["assist", "errors", "hass_config_dir", "patience", "room"]


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
    assert await room.say("call Zorro") == "I know nobody called Zorro."
    assert not pbx.engine.calls()


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
    await phones.wait("45", "last_caller", "Anna Meyer")
    await phones.wait("45", "call", "idle")
    assert await room.say("who's calling") == "Nobody is calling."
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    assert await room.say("Wer ruft gerade an?", "de") == "Anna Meyer ruft an."
    pbx.engine.answer(call_id, "45")
    await phones.wait("45", "call", "connected")
    assert await room.say("is Freya on the phone") == (
        "Yes, Freya Nilsen is on the phone with Anna Meyer."
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
        ("answer the phone", "en", "You are connected with Anna Meyer."),
        ("halte das Gespräch", "de", "Der Anruf wird gehalten."),
        ("resume the call", "en", "You are connected with Anna Meyer again."),
        ("Leg bitte auf", "de", "Aufgelegt."),
    ):
        assert await room.say(said, language) == answer
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    assert await room.say("decline the call") == "Declined."
    assert not pbx.engine.calls()


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
        "I did not understand for how long."
    )


# A question


class Ears:
    """Satellites that speak, and hear what is said to them."""

    def __init__(self, hass: HomeAssistant, heard: str) -> None:
        """Hear the same everywhere."""
        self.hass = hass
        self.heard = heard
        self.asked: list[tuple[str, str]] = []
        self.announced: list[ServiceCall] = []
        self.spoken: list[ServiceCall] = []
        services = hass.services
        services.async_register(
            "assist_satellite",
            "ask_question",
            self.ask,
            supports_response=SupportsResponse.ONLY,
        )
        services.async_register("assist_satellite", "announce", self.announced.append)
        services.async_register("tts", "speak", self.spoken.append)

    async def ask(self, call: ServiceCall) -> ServiceResponse:
        """Ask, and understand the answer as Home Assistant's own satellites do."""
        self.asked.append((call.data["entity_id"], call.data["question"]))
        understand: Any = AssistSatelliteEntity._question_response_to_answer
        answer = understand(self, self.heard, call.data["answers"])
        return {"id": answer.id, "sentence": answer.sentence, "slots": answer.slots}


def furnish(hass: HomeAssistant, area: str, *entities: str) -> None:
    """Put entities into an area."""
    area_id = ar.async_get(hass).async_get_or_create(area).id
    device_id = satellite(hass, area_id)
    registry = er.async_get(hass)
    for entity in entities:
        domain, name = entity.split(".")
        registry.async_get_or_create(
            domain,
            "satellites",
            name,
            object_id_base=name,
            device_id=device_id,
        )


@modern
@pytest.mark.parametrize(
    ("heard", "stage"),
    [
        ("answer", Stage.CONNECTED),
        ("Yes please", Stage.CONNECTED),
        ("ja", Stage.CONNECTED),
        ("decline", None),
        ("Nein danke", None),
        ("what did you say", Stage.RINGING),
    ],
)
async def test_ask_to_answer(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, heard: str, stage: Any
) -> None:
    """The name is said in the chosen rooms, and what is answered there is done."""
    furnish(hass, "Kitchen", "assist_satellite.kitchen", "media_player.kitchen")
    furnish(hass, "Hall", "media_player.hall")
    furnish(hass, "Bath", "assist_satellite.bath")
    ears = Ears(hass, heard)
    areas = [ar.async_get(hass).async_get_or_create(a).id for a in ("Kitchen", "Hall")]
    await use(
        hass,
        "ask_to_answer",
        phones=device(phones, "45"),
        line=own(phones),
        areas=areas,
        tts_engine="tts.voice",
    )
    call_id = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await until(hass, lambda: ears.asked)
    await is_done(hass)
    kitchen = er.async_get(hass).async_get_entity_id(
        "assist_satellite", "satellites", "kitchen"
    )
    assert ears.asked == [(kitchen, "Anna Meyer is calling. Answer or decline?")]
    assert not ears.announced
    (spoken,) = ears.spoken
    assert spoken.data["message"] == "Anna Meyer is calling."
    hall = er.async_get(hass).async_get_entity_id("media_player", "satellites", "hall")
    assert spoken.data["media_player_entity_id"] == [hall]
    left = {call.id: call.stage for call in pbx.engine.calls()}
    assert left.get(call_id) is stage


@modern
async def test_ask_to_answer_too_late(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An answer to a call that is gone does nothing to the next one."""
    furnish(hass, "Kitchen", "assist_satellite.kitchen")
    ears = Ears(hass, "answer")

    async def ask(call: ServiceCall) -> ServiceResponse:
        """Give up before the answer, and let another one call."""
        pbx.engine.hang_up(first)
        await phones.wait("45", "call", "idle")
        pbx.engine.ring("+4930222222", "45")
        await phones.wait("45", "ringing", "on")
        hass.services.async_register(
            "assist_satellite",
            "ask_question",
            silent,
            supports_response=SupportsResponse.ONLY,
        )
        return await ears.ask(call)

    async def silent(call: ServiceCall) -> ServiceResponse:
        """Hear nothing."""
        return {"id": None, "sentence": "", "slots": {}}

    hass.services.async_register(
        "assist_satellite",
        "ask_question",
        ask,
        supports_response=SupportsResponse.ONLY,
    )
    await use(
        hass,
        "ask_to_answer",
        phones=device(phones, "45"),
        line=own(phones),
        areas=[ar.async_get(hass).async_get_or_create("Kitchen").id],
    )
    first = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: ears.asked)
    await is_done(hass)
    (call,) = pbx.engine.calls()
    assert call.stage is Stage.RINGING
