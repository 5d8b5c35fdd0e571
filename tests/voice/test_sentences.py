"""The sentence files: what is understood, by Home Assistant's own agent, and what is not."""

import json
import re
from string import Formatter
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.voice.commands import COMMANDS
from homeassistant.components import conversation
from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_FRIENDLY_NAME
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from tests.support.german import MISSED, SAID as GERMAN
from tests.support.repository import INTEGRATION, SENTENCES

TRANSLATIONS = INTEGRATION / "translations"
LANGUAGES = ("en", "de")

OURS = {command.intent_type for command in COMMANDS.values()}
# Its lists, for its own intents: what only sounds like a call stays what it is.
HOME_ASSISTANTS = {"name", "brightness", "color"}
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
        "VodiaCallBack": [
            ("call back", {}),
            ("call the last caller", {}),
            ("call them back", {}),
            ("return the call", {}),
            ("call Anna back", {"who": "Anna"}),
            ("return Anna's call", {"who": "Anna"}),
            ("call back the last missed call", {"missed": "true"}),
            ("return my last missed call", {"missed": "true"}),
        ],
        "VodiaHowManyMissed": [
            ("how many missed calls do I have", {}),
            ("how many missed calls", {}),
            ("how many calls did I miss", {}),
            ("how many calls have we missed today", {"day": "today"}),
            ("how many missed calls were there yesterday", {"day": "yesterday"}),
            ("how many calls did I miss in the last two hours", {"hours": 2}),
            ("how many calls did I miss in the last 30 minutes", {"minutes": 30}),
            ("what is the number of missed calls", {}),
        ],
        "VodiaVoicemail": [
            ("do I have voicemail", {}),
            ("do I have any new voicemails", {}),
            ("is there any voicemail", {}),
            ("how many messages do I have", {}),
            ("how many new voicemails are there", {}),
            ("any new messages", {}),
            ("check my voicemail", {}),
            ("did anybody leave a message", {}),
        ],
        "VodiaTransfer": [
            ("transfer to Bruno", {"who": "Bruno"}),
            ("transfer the call to Bruno", {"who": "Bruno"}),
            ("put the caller through to Bruno", {"who": "Bruno"}),
            ("forward this call to 41", {"who": "41"}),
            ("put him through to Bruno", {"who": "Bruno"}),
            ("send the call over to sales", {"who": "sales"}),
            ("pass the call on to Bruno", {"who": "Bruno"}),
            ("let Bruno take this call", {"who": "Bruno"}),
        ],
        "VodiaTakeCall": [
            ("take the call from Sales", {"who": "Sales"}),
            ("answer the call from Bruno", {"who": "Bruno"}),
            ("take the call for Sales", {"who": "Sales"}),
            ("pick up Bruno's call", {"who": "Bruno"}),
            ("answer Bruno's phone", {"who": "Bruno"}),
            ("take the Sales call", {"who": "Sales"}),
            ("answer for Bruno", {"who": "Bruno"}),
            ("grab the call for sales", {"who": "sales"}),
        ],
        "VodiaPark": [
            ("park the call", {}),
            ("park this call", {}),
            ("park the caller", {}),
            ("put the call in the parking lot", {}),
            ("can you park my call", {}),
            ("park the call on 70", {"orbit": "70"}),
            ("park the phone call", {}),
            ("park the call at slot seventy", {"orbit": "seventy"}),
        ],
        "VodiaRetrieve": [
            ("get the parked call back", {}),
            ("get back the parked call", {}),
            ("take the parked call", {}),
            ("pick up the parked call", {}),
            ("retrieve the call", {}),
            ("unpark the call", {}),
            ("get the call from the parking lot", {}),
            ("get the parked call back from 70", {"orbit": "70"}),
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
            ("rufe die Küche an", {"who": "Küche"}),
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
            ("ist Bruno noch im Gespräch", {"who": "Bruno"}),
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
# The German of some intents is tried at the telephones, in test_german: here it is heard.
SAID["de"] |= {
    intent_type: [
        (said, slots)
        for group, said, slots in GERMAN
        if group.intent == intent_type and said not in MISSED
    ]
    for intent_type in OURS - SAID["de"].keys()
}

# What sounds alike, by the intent that it is not, and who hears it: nobody, Home Assistant
# itself (its own intents, which none of our sentences may take away), or another intent of ours.
NEAR: dict[str, dict[str, dict[str | None, list[str]]]] = {
    "en": {
        "VodiaCall": {
            None: [
                "call",
                "recall the scene",
                "the call is over",
                "what is a phone call",
                "who did Anna call",
                "connect the charger",
                "get me a coffee",
                "give Anna a hug",
            ],
            "HassListAddItem": ["put Anna on the shopping list"],
            "HassLightSet": ["ring light to 50 percent", "ring light red"],
            "HassNevermind": ["call it a day"],
            "HassTurnOff": ["phone charger off"],
            "HassTurnOn": [
                "phone charger on",
                "turn on the phone charger",
                "ring light on",
                "ring the bell",
            ],
            "VodiaWhoCalled": ["who called"],
        },
        "VodiaWhoIsCalling": {
            None: [
                "why is the alarm ringing",
                "what is ringing in my ears",
                "whose turn is it",
                "tell me who won",
                "who will call",
            ],
            "HassGetCurrentTime": ["what time is it"],
            "HassGetState": [
                "who is at the door",
                "is anybody home",
                "is Anna at home",
                "is the kitchen light on",
            ],
            "VodiaIsOnThePhone": ["is Bruno on the phone"],
            "VodiaWhoCalled": ["who called"],
        },
        "VodiaWhoCalled": {
            None: [
                "how many calls fit into a day",
                "did I miss the bus",
                "did I miss anything",
                "did anybody feed the cat",
                "did anyone turn on the light",
                "who rang the bell",
                "who called the plumber",
                "what calls for a celebration",
                "were there any visitors yesterday",
            ],
            "HassGetState": ["which lights are on", "are there any lights on"],
            "VodiaCall": ["call me"],
            "VodiaWhoIsCalling": ["who is calling"],
        },
        "VodiaIsOnThePhone": {
            None: [
                "is the washing machine done",
                "is dinner on the table",
                "does Bruno have a car",
                "can Bruno take a break",
                "is Bruno talking nonsense",
                "is the phone charged",
            ],
            "HassGetState": [
                "is Anna at home",
                "is the phone charger on",
                "is the kitchen light on",
                "is the front door locked",
            ],
            "VodiaWhoIsCalling": ["who is on the phone", "who is calling"],
        },
        "VodiaCallBack": {
            None: [
                "back",
                "get my money back",
                "bring the book back",
                "return the book",
                "return to sender",
                "who has my back",
                "come back",
            ],
            "HassTurnOff": ["turn the radio off"],
            "VodiaCall": ["call Anna"],
            "VodiaResume": ["get the call back"],
        },
        "VodiaHowManyMissed": {
            None: [
                "how many calls are in a day",
                "how many steps did I miss",
                "how many missed trains",
                "how many phones do I have",
                "what is the number of the house",
            ],
            "HassGetState": [
                "how many lights are on",
                "how many fans are on",
                "how many people are missing",
            ],
            "VodiaWhoCalled": ["what calls did I miss"],
            "VodiaVoicemail": ["how many voicemails do I have"],
        },
        "VodiaVoicemail": {
            None: [
                "do I have mail",
                "is there anything in the mailbox",
                "what's in the mailbox",
                "leave a message",
                "how many letters do I have",
                "check the oven",
                "did anybody leave the door open",
            ],
            "HassGetState": ["is the front door locked"],
            "HassBroadcast": ["broadcast that dinner is ready"],
            "VodiaWhoCalled": ["did anybody call"],
        },
        "VodiaTransfer": {
            None: [
                "transfer",
                "send him to school",
                "put them on the table",
                "send the robot to Anna",
                "connect the phone to the charger",
                "pass it to me",
                "hand the phone to Anna",
            ],
            "HassListAddItem": ["put milk on the shopping list"],
            "VodiaCall": ["put me through to Bruno"],
            "VodiaHold": ["put him on hold"],
        },
        "VodiaTakeCall": {
            None: [
                "take the train from Berlin",
                "answer the question from Anna",
                "pick up the parcel for Bruno",
                "get the milk for Anna",
                "take Anna's coat",
                "grab a coffee",
                "answer from memory",
            ],
            "HassListAddItem": ["add call Bruno to the shopping list"],
            "VodiaAnswer": ["take the call", "answer the phone in the kitchen"],
        },
        "VodiaPark": {
            None: [
                "park the car",
                "park it in the garage",
                "park her in the garage",
                "put the car in the garage",
                "where did I park",
                "drive to the park",
                "is the park open",
            ],
            "HassVacuumReturnToBase": ["return the robot to base"],
            "VodiaHold": ["hold the call"],
            "VodiaRetrieve": ["unpark the call"],
        },
        "VodiaRetrieve": {
            None: [
                "get the parked car",
                "get the car back",
                "retrieve the parcel",
                "pick up the kids from the park",
                "fetch the ball",
                "bring the milk back",
                "take the dog to the park",
            ],
            "HassVacuumReturnToBase": ["return the robot to base"],
            "VodiaPark": ["park the call"],
            "VodiaResume": ["resume the call"],
        },
        "VodiaAnswer": {
            None: [
                "answer the door",
                "answer the question",
                "what is the answer",
                "the answer is yes",
                "pick up the kids",
                "accept the offer",
                "take a break",
                "get the milk",
                "I'll take it slow",
            ],
            "HassListAddItem": ["add phone to my shopping list"],
            "HassTurnOn": ["turn on the lamp"],
            "VodiaDecline": ["don't answer the phone"],
            "VodiaHangUp": ["put the phone down"],
        },
        "VodiaDecline": {
            None: [
                "decline the offer",
                "ignore the noise",
                "do not turn on the light",
                "don't take it personally",
                "don't answer the question",
                "deny everything",
                "send the robot away",
                "refuse the parcel",
            ],
            "HassNevermind": ["never mind"],
            "HassTurnOff": ["turn the radio off"],
            "VodiaAnswer": ["answer the phone"],
            "VodiaHangUp": ["hang up"],
        },
        "VodiaHangUp": {
            None: [
                "hang up the picture",
                "hang the picture up",
                "hang on",
                "end the movie",
                "put the blind down",
                "put down the book",
                "drop the temperature",
                "finish my homework",
                "disconnect the charger",
            ],
            "HassCancelTimer": ["cancel the timer"],
            "HassTurnOff": ["turn off the kitchen light", "close the blind"],
            "VodiaAnswer": ["pick up"],
            "VodiaDecline": ["decline the call"],
        },
        "VodiaHold": {
            None: [
                "hold the door",
                "hold on",
                "hold my beer",
                "hold the temperature",
                "put the lamp on hold",
                "place an order",
                "let the caller know",
                "make the robot wait",
            ],
            "HassMediaPause": ["pause the radio", "pause the phone"],
            "HassPauseTimer": ["pause the timer"],
            "VodiaDoNotDisturbOn": ["hold all my calls"],
            "VodiaResume": ["resume the call"],
        },
        "VodiaResume": {
            None: [
                "resume the music",
                "get back to work",
                "get my money back",
                "go back to sleep",
                "take the lid off",
                "turn the lamp back on",
            ],
            "HassMediaUnpause": [
                "resume the radio",
                "resume my phone",
                "unpause the radio",
            ],
            "HassUnpauseTimer": ["resume the timer"],
            "HassVacuumReturnToBase": ["return the robot to base"],
            "VodiaDoNotDisturbOff": ["take me off do not disturb"],
            "VodiaHold": ["put the call on hold"],
        },
        "VodiaDoNotDisturbOn": {
            None: [
                "disturb nobody",
                "disturb me",
                "enable the alarm",
                "I don't want to be late",
                "what is do not disturb",
                "hold all my letters",
            ],
            "HassLightSet": ["set the lamp to 20 percent"],
            "HassShoppingListAddItem": ["put me on the list"],
            "HassStartTimer": ["start a timer for one hour"],
            "HassTurnOn": ["turn on the lamp", "switch the fan on"],
            "VodiaDoNotDisturbOff": ["turn off do not disturb"],
            "VodiaHold": ["hold the call"],
        },
        "VodiaDoNotDisturbOff": {
            None: [
                "disable the alarm",
                "end the meeting",
                "take me off the list",
                "no more music",
                "we may go again",
                "I can be there again",
                "put the music on again",
            ],
            "HassCancelAllTimers": ["cancel all timers"],
            "HassTurnOff": [
                "turn off the lamp",
                "switch off the fan",
                "turn the radio off",
            ],
            "VodiaDoNotDisturbOn": ["do not disturb"],
            "VodiaResume": ["take the caller off hold"],
        },
    },
    "de": {
        "VodiaCall": {
            None: [
                "was ist ein Anruf",
                "wähle das Programm",
                "rufe den Wetterbericht ab",
                "ruf mich nicht",
                "ich möchte Anna sehen",
                "hol mir einen Kaffee",
                "verbinde das Ladegerät",
                "wir müssen reden",
                "wann hat Anna Geburtstag",
            ],
            "HassListAddItem": ["setze Anna auf die Einkaufsliste"],
            "HassTurnOn": ["mach das Radio an"],
            "VodiaAnswer": ["nimm den Anruf an"],
            "VodiaWhoIsCalling": ["wer ruft an"],
        },
        "VodiaWhoIsCalling": {
            None: [
                "wer klingelt an der Tür",
                "warum klingelt der Wecker",
                "wer will Kuchen",
                "welche Nummer ist größer",
                "von wem ist das Lied",
                "sag mir wie spät es ist",
            ],
            "HassGetCurrentTime": ["wie spät ist es"],
            "HassGetState": [
                "wer ist an der Tür",
                "ist jemand zu Hause",
                "ist das Küchenlicht an",
            ],
            "VodiaIsOnThePhone": ["telefoniert Bruno"],
            "VodiaWhoCalled": ["wer hat angerufen"],
        },
        "VodiaWhoCalled": {
            None: [
                "hat jemand Hunger",
                "wer hat gewonnen",
                "wer hat gestern gekocht",
                "habe ich den Bus verpasst",
                "habe ich etwas verpasst",
                "wer hat in den letzten zwei Stunden geklingelt",
                "wie viele Anrufe passen in einen Tag",
                "welche Nachrichten gab es gestern",
            ],
            "HassGetCurrentTime": ["nenne mir die Uhrzeit"],
            "HassGetState": ["welche Lichter sind an"],
            "VodiaWhoIsCalling": ["wer ruft an", "ruft jemand an"],
        },
        "VodiaIsOnThePhone": {
            None: [
                "ist Bruno am Bahnhof",
                "ist Bruno schon groß",
                "ist bei Bruno Besuch",
                "spricht Bruno Deutsch",
                "mit wem spielt Bruno",
                "hat Bruno ein Auto",
                "ist die Waschmaschine fertig",
            ],
            "HassGetState": [
                "ist Anna zu Hause",
                "ist das Bad frei",
                "ist das Küchenlicht an",
                "ist der Ventilator an",
                "ist der Rollladen zu",
                "ist die Küche besetzt",
            ],
            "VodiaCall": ["Bruno anrufen"],
            "VodiaWhoIsCalling": ["wer ist am Telefon"],
        },
        "VodiaAnswer": {
            None: [
                "nimm die Wäsche ab",
                "nimm das Angebot an",
                "beantworte die Frage",
                "was ist die Antwort",
                "geh an die Tür",
                "geh schlafen",
                "heb das Blatt ab",
                "ich gehe schlafen",
                "Bestellung annehmen",
            ],
            "HassTurnOff": ["öffne die Haustür"],
            "HassTurnOn": ["schalte das Küchenlicht an"],
            "VodiaDecline": ["nimm den Anruf nicht an"],
            "VodiaHangUp": ["leg auf"],
        },
        "VodiaDecline": {
            None: [
                "lehne das Angebot ab",
                "lehne die Leiter an",
                "drück den Knopf",
                "ignoriere mich",
                "geh nicht weg",
                "nimm das nicht persönlich",
                "bitte nicht rauchen",
                "Werbung ignorieren",
            ],
            "HassNevermind": ["vergiss es"],
            "HassTurnOff": ["schalte die Lampe aus", "mach das Radio aus"],
            "VodiaAnswer": ["nimm den Anruf an"],
            "VodiaDoNotDisturbOn": ["bitte nicht stören"],
        },
        "VodiaHangUp": {
            None: [
                "leg los",
                "leg Musik auf",
                "leg das Buch weg",
                "leg die Karten auf den Tisch",
                "häng das Bild auf",
                "beende den Film",
                "Film beenden",
                "trenne den Müll",
                "mach Schluss",
            ],
            "HassCancelTimer": ["beende den Timer"],
            "HassTurnOff": ["schalte das Küchenlicht aus"],
            "VodiaDecline": ["lehne den Anruf ab"],
            "VodiaResume": ["beende das Halten"],
        },
        "VodiaHold": {
            None: [
                "halte an",
                "halt den Rollladen an",
                "halte die Tür",
                "halt die Klappe",
                "parke das Auto",
                "lass die Hunde warten",
                "halte mich auf dem Laufenden",
            ],
            "HassMediaPause": ["pausiere das Radio", "pausiere das Telefon"],
            "HassPauseTimer": ["pausiere den Timer"],
            "HassStartTimer": ["stelle einen Timer auf 5 Minuten"],
            "VodiaHangUp": ["leg auf"],
            "VodiaResume": ["setze das Gespräch fort"],
        },
        "VodiaResume": {
            None: [
                "setze die Musik fort",
                "führe das Programm fort",
                "hol das Auto zurück",
                "zurück zum Anfang",
                "weiter so",
                "nimm die Arbeit wieder auf",
                "verbinde mich wieder mit dem Internet",
            ],
            "HassMediaUnpause": ["Radio fortsetzen", "Telefon fortsetzen"],
            "HassUnpauseTimer": ["setze den Timer fort"],
            "HassVacuumReturnToBase": ["schicke den Staubsauger zurück"],
            "VodiaAnswer": ["nimm den Anruf an"],
            "VodiaHold": ["halte das Gespräch"],
        },
        "VodiaDoNotDisturbOn": {
            None: [
                "bitte nicht rauchen",
                "stör mich ruhig",
                "nicht schlecht",
                "ich bin nicht müde",
                "stell keine Fragen mehr",
                "ich will zwei Stunden schlafen",
                "ich möchte nicht zu spät kommen",
            ],
            "HassStartTimer": ["stelle einen Timer auf 45 Minuten"],
            "HassTurnOn": [
                "schalte die Lampe ein",
                "mach das Radio an",
                "aktiviere die Szene Abend",
            ],
            "VodiaDecline": ["bitte nicht abheben"],
            "VodiaDoNotDisturbOff": ["schalte nicht stören aus"],
        },
        "VodiaDoNotDisturbOff": {
            None: [
                "ich bin wieder da",
                "wir können wieder gehen",
                "ich darf wieder spielen",
                "stell die Musik wieder an",
                "schluss mit lustig",
                "deaktiviere den Alarm",
                "stell den Wecker aus",
            ],
            "HassCancelTimer": ["beende den Timer"],
            "HassTurnOff": [
                "schalte die Lampe aus",
                "Ventilator ausschalten",
                "schalte alle Lichter aus",
            ],
            "VodiaDoNotDisturbOn": ["nicht stören an"],
            "VodiaHangUp": ["beende das Gespräch"],
        },
        "VodiaCallBack": {
            None: [
                "zurück",
                "komm zurück",
                "gib das Buch zurück",
                "hol das Auto zurück",
                "schick das Paket zurück",
                "geh einen Schritt zurück",
                "spul den Film zurück",
            ],
            "HassVacuumReturnToBase": ["schick den Staubsauger zurück"],
            "VodiaCall": ["ruf Anna an"],
            "VodiaResume": ["hol den Anrufer zurück"],
        },
        "VodiaHowManyMissed": {
            None: [
                "wie viele Anrufe passen in einen Tag",
                "wie viele Züge habe ich verpasst",
                "wie viele Telefone habe ich",
                "wie oft hat es geregnet",
                "wie viele Tage hat das Jahr",
                "Anzahl der Fenster",
            ],
            "HassGetState": [
                "wie viele Lichter sind an",
                "wie viele Ventilatoren sind an",
            ],
            "VodiaWhoCalled": ["welche Anrufe habe ich verpasst"],
            "VodiaVoicemail": ["wie viele Nachrichten habe ich"],
        },
        "VodiaVoicemail": {
            None: [
                "habe ich Post",
                "habe ich neue E-Mails",
                "wie viele Nachrichten hat die Zeitung",
                "lies die Nachrichten vor",
                "was ist neu im Kino",
                "ist was im Kühlschrank",
                "ist etwas im Briefkasten",
            ],
            "HassGetState": ["ist Anna zu Hause"],
            "VodiaHowManyMissed": ["wie viele Anrufe habe ich verpasst"],
            "VodiaWhoCalled": ["hat jemand angerufen"],
        },
        "VodiaTransfer": {
            None: [
                "verbinde das Telefon mit dem WLAN",
                "verbinde dich mit dem Internet",
                "leite die Nachricht an Bruno weiter",
                "gib Bruno das Salz weiter",
                "übergib das Paket an Bruno",
                "stell die Musik zu Bruno",
                "Bruno soll kommen",
            ],
            "HassListAddItem": ["nimm Milch auf die Einkaufsliste"],
            "VodiaCall": ["verbinde mich mit Bruno"],
            "VodiaHold": ["leg den Anruf auf Halten"],
        },
        "VodiaTakeCall": {
            None: [
                "nimm den Zug von Berlin",
                "nimm das Paket für Bruno an",
                "nimm Annas Jacke mit",
                "geh für Bruno einkaufen",
                "übernimm die Steuerung von Bruno",
                "hol mir die Post vom Nachbarn",
                "geh zu Bruno",
            ],
            "HassListAddItem": ["setz Bruno auf die Einkaufsliste"],
            "VodiaAnswer": ["nimm den Anruf an", "geh im Büro ran"],
        },
        "VodiaPark": {
            None: [
                "parke das Auto",
                "park das Auto in der Garage",
                "parke das Fahrrad auf Platz 5",
                "wo kann ich parken",
                "ist der Park offen",
                "stell das Auto auf den Parkplatz",
                "fahr in den Park",
            ],
            "HassVacuumReturnToBase": ["schick den Staubsauger zurück"],
            "VodiaHold": ["halte das Gespräch"],
            "VodiaRetrieve": ["hol den geparkten Anruf"],
        },
        "VodiaRetrieve": {
            None: [
                "hol das geparkte Auto",
                "hol das Auto vom Parkplatz",
                "hol den Hund aus dem Park",
                "nimm das Auto wieder auf",
                "geparktes Auto holen",
                "hol das Paket von Platz 5",
                "parke das Auto aus",
            ],
            "HassVacuumReturnToBase": ["schick den Staubsauger zurück"],
            "VodiaPark": ["parke das Gespräch"],
            "VodiaResume": ["setz das Gespräch fort"],
        },
    },
}

# Home Assistant hears its own intents only of what it knows: what is there, in each language.
FURNITURE = {
    "binary_sensor.bathroom": ("Bathroom", "Bad"),
    "binary_sensor.kitchen": ("Kitchen", "Küche"),
    "button.bell": ("Bell", "Klingel"),
    "cover.blind": ("Blind", "Rollladen"),
    "fan.fan": ("Fan", "Ventilator"),
    "light.kitchen": ("Kitchen light", "Küchenlicht"),
    "light.ring": ("Ring light", "Ringlicht"),
    "light.lamp": ("Lamp", "Lampe"),
    "lock.door": ("Front door", "Haustür"),
    "media_player.phone": ("Phone", "Telefon"),
    "media_player.radio": ("Radio", "Radio"),
    "person.anna": ("Anna", "Anna"),
    "scene.evening": ("Evening", "Abend"),
    "switch.charger": ("Phone charger", "Ladegerät"),
    "switch.washer": ("Washing machine", "Waschmaschine"),
    "todo.shopping": ("Shopping list", "Einkaufsliste"),
    "vacuum.robot": ("Robot", "Staubsauger"),
}


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
    """What is said is heard as its intent, with its slots."""
    assert set(SAID[language]) == OURS
    expected = {
        text: (intent_type, slots)
        for intent_type, said in SAID[language].items()
        for text, slots in said
    }
    found = {text: await heard(hass, text, language) for text in expected}
    assert found == expected


@pytest.mark.usefixtures("assist")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_near(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, language: str
) -> None:
    """What only sounds alike is not that intent, and what Home Assistant knows is its own."""
    for entity_id, names in FURNITURE.items():
        name = names[LANGUAGES.index(language)]
        attributes = {ATTR_FRIENDLY_NAME: name}
        if entity_id.startswith("binary_sensor."):
            attributes[ATTR_DEVICE_CLASS] = BinarySensorDeviceClass.OCCUPANCY
        hass.states.async_set(entity_id, "off", attributes)
        async_expose_entity(hass, conversation.DOMAIN, entity_id, True)
    expected = [
        (intent_type, text, hearer)
        for intent_type, near in NEAR[language].items()
        for hearer, texts in near.items()
        for text in texts
    ]
    # What the developer tools show of Home Assistant's own agent.
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "conversation/agent/homeassistant/debug",
            "sentences": [text for _, text, _ in expected],
            "language": language,
        }
    )
    results = (await client.receive_json(timeout=50))["result"]["results"]
    found = [
        (
            intent_type,
            text,
            result["intent"]["name"] if result and result["match"] else None,
        )
        for (intent_type, text, _), result in zip(expected, results, strict=True)
    ]
    assert [
        pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_file(language: str) -> None:
    """Each file has all intents, and no list that Home Assistant would take as its own."""
    path = SENTENCES / f"{language}.yaml"
    sentences = load_yaml_dict(str(path))
    assert sentences["language"] == language
    assert all(len(said) >= 8 for said in SAID[language].values())
    assert set(NEAR[language]) == OURS
    for intent_type, near in NEAR[language].items():
        assert intent_type not in near
        others = [len(t) for hearer, t in near.items() if hearer in NEAR[language]]
        assert sum(map(len, near.values())) >= 10
        assert sum(others) <= 3
        # Each has something of Home Assistant's own to leave alone.
        assert any(hearer not in (None, *NEAR[language]) for hearer in near)
    ours = {name: said for name, said in sentences["intents"].items() if name in OURS}
    assert set(ours) == OURS
    slots = {
        command.intent_type: {*command.required, *command.optional}
        for command in COMMANDS.values()
    }
    text = path.read_text()
    lists = set(re.findall(r"\{(\w+)[:}]", text))
    assert lists - HOME_ASSISTANTS == set(sentences["lists"])
    assert all(name.startswith(f"{DOMAIN}_") for name in lists - HOME_ASSISTANTS)
    assert all(name.startswith(f"{DOMAIN}_") for name in sentences["expansion_rules"])
    for intent_type, described in ours.items():
        for data in described["data"]:
            used = set(re.findall(r":(\w+)\}", " ".join(data["sentences"])))
            assert used | set(data.get("slots", {})) <= slots[intent_type]


def test_languages() -> None:
    """Each language of the files has answers; more languages may have them."""
    assert sorted(path.stem for path in SENTENCES.iterdir()) == sorted(LANGUAGES)
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
        path.read_text() for path in (TRANSLATIONS.parent / "voice").glob("*.py")
    )
    said = {key.removeprefix("say_") for key in english["common"] if key[:4] == "say_"}
    used = set(re.findall(r"(?:Phrase|SpokenError)\(\s*\"(\w+)\"", source))
    assert used <= said
    for key in said:
        known = key.removeprefix("done_") if key.startswith("done_") else key
        assert f'"{known.removesuffix("_once")}"' in source, key
