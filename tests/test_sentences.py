"""The sentence files: what is understood, by Home Assistant's own agent, and what is not."""

import json
from pathlib import Path
import re
import shutil
from string import Formatter
from typing import Any

import pytest

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.intent import COMMANDS
from homeassistant.components import conversation
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

from .test_readme import ROOT

FOLDER = ROOT / "custom_sentences"
TRANSLATIONS = ROOT / "custom_components" / DOMAIN / "translations"
LANGUAGES = ("en", "de")

# What is said for each intent, and the slots that are heard.
SAID: dict[str, dict[str, list[tuple[str, dict[str, Any]]]]] = {
    "en": {
        "VodiaCall": [
            ("call Anna", {"who": "Anna"}),
            ("Call Anna Lindqvist!", {"who": "Anna Lindqvist"}),
            ("please call the kitchen", {"who": "the kitchen"}),
            ("call extension 41", {"who": 41}),
            ("call extension forty one", {"who": 41}),
            ("dial +49 30 123456", {"who": "+49 30 123456"}),
            ("can you call Lindqvist Anna", {"who": "Lindqvist Anna"}),
            ("I want to talk to Bruno", {"who": "Bruno"}),
            ("give Bruno a ring", {"who": "Bruno"}),
            ("connect me with sales", {"who": "sales"}),
            ("get me Bruno on the phone", {"who": "Bruno"}),
            ("make a phone call to Bruno", {"who": "Bruno"}),
            ("from the office call Anna", {"who": "Anna", "phone": "office"}),
            ("I'd like to call Bruno Ferreira", {"who": "Bruno Ferreira"}),
        ],
        "VodiaWhoIsCalling": [
            ("who is calling", {}),
            ("Who's calling?", {}),
            ("who is calling me right now", {}),
            ("who is on the phone", {}),
            ("who's trying to reach me", {}),
            ("whose call is that", {}),
            ("why is the phone ringing", {}),
            ("tell me who is calling", {}),
            ("is anybody calling", {}),
        ],
        "VodiaWhoCalled": [
            ("who called", {}),
            ("who called me today", {"day": "today"}),
            ("who rang yesterday", {"day": "yesterday"}),
            ("who has called since 9 o'clock", {"clock": 9}),
            ("who called in the last two hours", {"hours": 2}),
            ("who phoned during the past 30 minutes", {"minutes": 30}),
            ("who called in the last hour", {"hours": 1}),
            ("did anybody call", {}),
            ("did I miss a call", {"missed": "true"}),
            ("which calls did I miss today", {"missed": "true", "day": "today"}),
            ("do I have any missed calls", {"missed": "true"}),
        ],
        "VodiaIsOnThePhone": [
            ("is Bruno on the phone", {"who": "Bruno"}),
            ("is Bruno still on the phone", {"who": "Bruno"}),
            ("is Bruno Ferreira on another call", {"who": "Bruno Ferreira"}),
            ("is Bruno's line busy", {"who": "Bruno"}),
            ("is the kitchen already on the telephone", {"who": "the kitchen"}),
            ("is Bruno talking on the phone", {"who": "Bruno"}),
            ("is Bruno in a phone call", {"who": "Bruno"}),
            ("who is Bruno talking to", {"who": "Bruno"}),
            ("can Bruno take a call", {"who": "Bruno"}),
        ],
        "VodiaAnswer": [
            ("answer the phone", {}),
            ("answer the call", {}),
            ("please take the call", {}),
            ("accept the call", {}),
            ("pick up the phone", {}),
            ("pick up", {}),
            ("answer it", {}),
            ("get the phone", {}),
            ("I'll take it", {}),
            ("answer the phone in the kitchen", {"phone": "kitchen"}),
        ],
        "VodiaDecline": [
            ("decline the call", {}),
            ("reject the call", {}),
            ("please refuse this call", {}),
            ("ignore the phone call", {}),
            ("decline it", {}),
            ("don't answer the phone", {}),
            ("do not take the call", {}),
            ("send the caller away", {}),
        ],
        "VodiaHangUp": [
            ("hang up", {}),
            ("hang up the phone", {}),
            ("please hang up", {}),
            ("end the call", {}),
            ("finish my call", {}),
            ("disconnect the call", {}),
            ("put the phone down", {}),
            ("put down the phone", {}),
            ("drop the call", {}),
        ],
        "VodiaHold": [
            ("hold the call", {}),
            ("put the call on hold", {}),
            ("put the caller on hold", {}),
            ("put him on hold", {}),
            ("place my call on hold", {}),
            ("pause the call", {}),
            ("hold the line", {}),
            ("let the caller wait", {}),
        ],
        "VodiaResume": [
            ("resume the call", {}),
            ("continue the call", {}),
            ("take the call off hold", {}),
            ("take the caller off hold", {}),
            ("take her off hold", {}),
            ("get back to the caller", {}),
            ("go back to my call", {}),
            ("unhold the call", {}),
        ],
        "VodiaDoNotDisturbOn": [
            ("turn on do not disturb", {}),
            ("switch do not disturb on", {}),
            ("do not disturb", {}),
            ("put me on do not disturb", {}),
            ("enable do not disturb", {}),
            ("I don't want to be disturbed", {}),
            ("hold all my calls", {}),
            ("do not disturb for 45 minutes", {"minutes": 45}),
            ("put me on do not disturb for two hours", {"hours": 2}),
            ("turn on do not disturb for an hour", {"hours": 1}),
            ("put me on do not disturb for half an hour", {"minutes": 30}),
            ("put the kitchen on do not disturb", {"phone": "the kitchen"}),
        ],
        "VodiaDoNotDisturbOff": [
            ("turn off do not disturb", {}),
            ("switch do not disturb off", {}),
            ("disable do not disturb", {}),
            ("take me off do not disturb", {}),
            ("do not disturb off", {}),
            ("no more do not disturb", {}),
            ("I can be reached again", {}),
            ("put my calls through again", {}),
        ],
    },
    "de": {
        "VodiaCall": [
            ("ruf Anna an", {"who": "Anna"}),
            ("Ruf bitte Anna Lindqvist an!", {"who": "Anna Lindqvist"}),
            ("rufe die Küche an", {"who": "die Küche"}),
            ("ruf bei Frau Lindqvist an", {"who": "Frau Lindqvist"}),
            ("ruf die Nebenstelle 41 an", {"who": 41}),
            ("wähle die Nummer 030 123456", {"who": "030 123456"}),
            ("wähle die Durchwahl einundvierzig", {"who": 41}),
            ("kannst du Anna anrufen", {"who": "Anna"}),
            ("Anna anrufen", {"who": "Anna"}),
            ("ich möchte mit Bruno sprechen", {"who": "Bruno"}),
            ("verbinde mich mit Bruno", {"who": "Bruno"}),
            ("hol mir Bruno ans Telefon", {"who": "Bruno"}),
            ("vom Büro aus ruf Anna an", {"who": "Anna", "phone": "Büro"}),
        ],
        "VodiaWhoIsCalling": [
            ("wer ruft an", {}),
            ("Wer ruft denn gerade an?", {}),
            ("wer ruft mich an", {}),
            ("wer ist am Telefon", {}),
            ("wer klingelt da", {}),
            ("wer will mich sprechen", {}),
            ("warum klingelt das Telefon", {}),
            ("sag mir wer anruft", {}),
            ("ruft jemand an", {}),
        ],
        "VodiaWhoCalled": [
            ("wer hat angerufen", {}),
            ("wer hat mich heute angerufen", {"day": "today"}),
            ("wer hat gestern angerufen", {"day": "yesterday"}),
            ("wer hat seit 9 Uhr angerufen", {"clock": 9}),
            ("wer hat in den letzten zwei Stunden angerufen", {"hours": 2}),
            ("wer hat in den letzten 30 Minuten angerufen", {"minutes": 30}),
            ("wer hat in der letzten Stunde angerufen", {"hours": 1}),
            ("hat jemand angerufen", {}),
            ("habe ich einen Anruf verpasst", {"missed": "true"}),
            (
                "welche Anrufe habe ich heute verpasst",
                {"missed": "true", "day": "today"},
            ),
            ("gibt es verpasste Anrufe", {"missed": "true"}),
        ],
        "VodiaIsOnThePhone": [
            ("telefoniert Bruno", {"who": "Bruno"}),
            ("telefoniert Bruno gerade", {"who": "Bruno"}),
            ("ist Bruno am Telefon", {"who": "Bruno"}),
            ("ist Bruno Ferreira noch am Telefonieren", {"who": "Bruno Ferreira"}),
            ("ist Bruno besetzt", {"who": "Bruno"}),
            ("ist bei Bruno besetzt", {"who": "Bruno"}),
            ("spricht Bruno gerade am Telefon", {"who": "Bruno"}),
            ("mit wem telefoniert Bruno", {"who": "Bruno"}),
            ("hat Bruno gerade ein Gespräch", {"who": "Bruno"}),
        ],
        "VodiaAnswer": [
            ("nimm den Anruf an", {}),
            ("Nimm bitte ab", {}),
            ("heb ab", {}),
            ("geh ran", {}),
            ("geh ans Telefon", {}),
            ("nimm das Gespräch entgegen", {}),
            ("Anruf annehmen", {}),
            ("ich gehe ran", {}),
            ("nimm den Anruf in der Küche an", {"phone": "Küche"}),
        ],
        "VodiaDecline": [
            ("lehne den Anruf ab", {}),
            ("weise den Anruf ab", {}),
            ("Anruf ablehnen", {}),
            ("drück den Anruf weg", {}),
            ("ignoriere den Anruf", {}),
            ("geh nicht ran", {}),
            ("nimm den Anruf nicht an", {}),
            ("bitte nicht abheben", {}),
        ],
        "VodiaHangUp": [
            ("leg auf", {}),
            ("Leg bitte auf", {}),
            ("auflegen", {}),
            ("lege den Hörer auf", {}),
            ("beende den Anruf", {}),
            ("beende das Gespräch", {}),
            ("Gespräch beenden", {}),
            ("trenne die Verbindung", {}),
        ],
        "VodiaHold": [
            ("halte den Anruf", {}),
            ("halte das Gespräch", {}),
            ("Gespräch halten", {}),
            ("leg den Anruf auf halten", {}),
            ("leg den Anrufer in die Warteschleife", {}),
            ("lass den Anrufer warten", {}),
            ("halte die Leitung", {}),
            ("pausiere das Gespräch", {}),
        ],
        "VodiaResume": [
            ("setze den Anruf fort", {}),
            ("setz das Gespräch fort", {}),
            ("Gespräch fortsetzen", {}),
            ("führe das Telefonat fort", {}),
            ("hol den Anrufer zurück", {}),
            ("hol das Gespräch aus der Warteschleife", {}),
            ("zurück zum Gespräch", {}),
            ("weiter telefonieren", {}),
        ],
        "VodiaDoNotDisturbOn": [
            ("schalte bitte nicht stören an", {}),
            ("schalte bitte nicht stören ein", {}),
            ("bitte nicht stören", {}),
            ("aktiviere bitte nicht stören", {}),
            ("ich möchte nicht gestört werden", {}),
            ("nicht stören an", {}),
            ("stell keine Anrufe durch", {}),
            ("bitte nicht stören für 45 Minuten", {"minutes": 45}),
            ("schalte nicht stören für zwei Stunden ein", {"hours": 2}),
            ("ich will eine Stunde nicht gestört werden", {"hours": 1}),
            ("nicht stören für eine halbe Stunde", {"minutes": 30}),
            ("schalte die Küche auf bitte nicht stören", {"phone": "die Küche"}),
        ],
        "VodiaDoNotDisturbOff": [
            ("schalte bitte nicht stören aus", {}),
            ("schalte nicht stören ab", {}),
            ("deaktiviere bitte nicht stören", {}),
            ("bitte nicht stören aus", {}),
            ("beende bitte nicht stören", {}),
            ("ich bin wieder erreichbar", {}),
            ("ich darf wieder gestört werden", {}),
            ("stell die Anrufe wieder durch", {}),
        ],
    },
}

# What sounds alike, and means something else.
NOT_MEANT = {
    "en": [
        "what is a phone call",
        "turn on the phone charger",
        "hold the door",
        "hold on",
        "the answer is yes",
        "what is the answer",
        "recall the scene",
        "who is at the door",
        "is Anna at home",
        "hang the picture up",
        "turn off the lights",
        "do not turn on the light",
        "disturb nobody",
        "resume the music",
        "how many calls fit into a day",
        "is the washing machine done",
        "never mind",
    ],
    "de": [
        "was ist ein Anruf",
        "schalte das Licht an",
        "halte an",
        "halt den Rollladen an",
        "wer ist an der Tür",
        "wie geht es Anna",
        "ist Anna zu Hause",
        "leg los",
        "setze die Musik fort",
        "nimm die Wäsche ab",
        "wähle das Programm",
        "mach das Radio an",
        "stör mich ruhig",
        "ist die Waschmaschine fertig",
        "hat jemand Hunger",
        "vergiss es",
    ],
}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Copy the sentences as a user does."""
    target = Path(hass_tmp_config_dir) / "custom_sentences"
    shutil.copytree(FOLDER, target, dirs_exist_ok=True)
    return hass_tmp_config_dir


@pytest.fixture
async def assist(hass: HomeAssistant) -> None:
    """Set up Home Assistant's own agent beside the integration, without a PBX."""
    for domain in ("homeassistant", "conversation", "intent", DOMAIN):
        assert await async_setup_component(hass, domain, {})
    await hass.async_block_till_done()


async def heard(
    hass: HomeAssistant, text: str, language: str
) -> tuple[str | None, dict[str, Any]]:
    """Return the intent and the slots that are heard."""
    result = await conversation.async_converse(hass, text, None, Context(), language)
    if (found := result.response.intent) is None:
        return None, {}
    return found.intent_type, {
        name: slot["value"].strip() if isinstance(slot["value"], str) else slot["value"]
        for name, slot in found.slots.items()
    }


@pytest.mark.usefixtures("assist")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_said(hass: HomeAssistant, language: str) -> None:
    """What is said is heard as its intent, with its slots; what only sounds alike is not."""
    assert set(SAID[language]) == {command.intent_type for command in COMMANDS.values()}
    expected = {
        text: (intent_type, slots)
        for intent_type, said in SAID[language].items()
        for text, slots in said
    }
    found = {text: await heard(hass, text, language) for text in expected}
    assert found == expected
    for text in NOT_MEANT[language]:
        intent_type, _ = await heard(hass, text, language)
        assert not str(intent_type).startswith("Vodia"), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_file(language: str) -> None:
    """Each file has all intents, and no list that Home Assistant would take as its own."""
    path = FOLDER / language / f"{DOMAIN}.yaml"
    sentences = load_yaml_dict(str(path))
    assert sentences["language"] == language
    assert all(len(said) >= 8 for said in SAID[language].values())
    assert len(NOT_MEANT[language]) >= 10
    assert set(sentences["intents"]) == {
        command.intent_type for command in COMMANDS.values()
    }
    assert set(SAID[language]) == set(sentences["intents"])
    slots = {
        command.intent_type: {*command.required, *command.optional}
        for command in COMMANDS.values()
    }
    text = path.read_text()
    lists = set(re.findall(r"\{(\w+)[:}]", text))
    assert lists == set(sentences["lists"])
    assert all(name.startswith(f"{DOMAIN}_") for name in lists)
    assert all(name.startswith(f"{DOMAIN}_") for name in sentences["expansion_rules"])
    for intent_type, described in sentences["intents"].items():
        for data in described["data"]:
            used = set(re.findall(r":(\w+)\}", " ".join(data["sentences"])))
            assert used | set(data.get("slots", {})) <= slots[intent_type]


def test_languages() -> None:
    """Each language of the files has answers; more languages may have them."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(LANGUAGES)
    assert {path.stem for path in TRANSLATIONS.iterdir()} >= set(LANGUAGES)


def placeholders(text: str) -> set[str]:
    """Return what has room in a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_answers() -> None:
    """Answers are there in each language with the same words, and none is left over."""
    translations = {
        path.stem: json.loads(path.read_text()) for path in TRANSLATIONS.iterdir()
    }
    english = translations.pop("en")
    for texts in translations.values():
        assert texts["common"].keys() == english["common"].keys()
        assert texts["exceptions"].keys() == english["exceptions"].keys()
        for key, text in english["common"].items():
            assert placeholders(texts["common"][key]) == placeholders(text), key
        for key, error in english["exceptions"].items():
            told = texts["exceptions"][key]["message"]
            assert placeholders(told) == placeholders(error["message"]), key
    source = "".join(
        (TRANSLATIONS.parent / f"{name}.py").read_text() for name in ("voice", "intent")
    )
    said = {key.removeprefix("say_") for key in english["common"] if key[:4] == "say_"}
    used = set(re.findall(r"(?:Phrase|Refusal)\(\s*\"(\w+)\"", source))
    assert used <= said
    for key in said:
        known = key.removeprefix("done_") if key.startswith("done_") else key
        assert f'"{known.removesuffix("_once")}"' in source, key
