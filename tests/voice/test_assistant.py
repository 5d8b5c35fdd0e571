"""Voice: what the telephones do and answer, through Home Assistant's own assistant."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.llm import TOOLS
from custom_components.vodia.voice.commands import COMMANDS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    intent,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import dump
from simulator import Simulator, Stage
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.dialects import both_dialects, classic, modern
from tests.support.entry import Phones, create_branch_entry, set_up, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link
from tests.support.repository import ROOT, examples
from tests.support.voice import Room, choose, dialed, expose, hide, past, put, satellite

OUTSIDE = "+4930123456"
MOBILE = "+491717654321"
AGAIN = "Say it again with the full name."

type Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("patience", "agent")


# Call


async def test_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """A colleague is called by name in any order, in both languages."""
    expose(phones, "45")
    assert await room.say("call Ferreira Bruno") == "Calling Bruno Ferreira."
    assert dialed(pbx) == ["41"]
    assert await room.say("hang up") == "Hung up."
    await wait_for(hass, lambda: not pbx.engine.calls())
    assert await room.say("Ruf bitte Bruno an", "de") == "Ich rufe Bruno Ferreira an."
    assert dialed(pbx) == ["41"]
    assert await room.say("Leg auf", "de") == "Aufgelegt."


CALLED = (
    ("call extension 41", "41", "Calling Bruno Ferreira."),
    ("call extension forty two", "42", "Calling Chidi Okafor."),
    ("call 43", "43", "Calling Dorothea Kühn."),
    ("call +49 (0)30 12 34 56", OUTSIDE, "Calling + 4 9 3 0 1 2 3 4 5 6."),
    ("call sales", "500", "Calling Sales."),
    ("call Emile", "44", "Calling Émile Garnier."),
    ("call Dorothea Kuehn", "43", "Calling Dorothea Kühn."),
    ("call the workshop", "46", "Calling Giulia Marchetti."),
    ("call the boss", "47", "Calling Hiroshi Tanabe."),
    ("call the cellar", "48", "Calling Ivana Petrović."),
    ("call shed", "49", "Calling João Azevedo."),
)


@modern
@pytest.mark.office
async def test_call_names(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Numbers, groups, and the names, aliases and areas of Home Assistant are known."""
    expose(phones, "45")
    put(phones, "46", "Workshop")
    er.async_get(hass).async_update_entity(
        phones.id("47", "registered"), aliases=["Boss"]
    )
    device = phones.device("48")
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Cellar")
    area_id = put(phones, "49", "Tool room")
    ar.async_get(hass).async_update(area_id, aliases={"Shed"})
    await hass.async_block_till_done()
    for said, number, answer in CALLED:
        assert await room.say(said) == answer, said
        (call,) = pbx.engine.calls()
        assert call.called.number == number
        pbx.engine.hang_up(call.id)
        await phones.wait("45", "call", "idle")


@modern
@pytest.mark.office
async def test_call_asks_back(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, room: Room
) -> None:
    """Of two who fit, none is called: the answer names them."""
    pbx.engine.add_account("58", "Anna Schmidt", registered=True)
    phones = await set_up(hass, entry)
    expose(phones, "45")
    answer = await room.ask("call anna")
    assert answer.speech["plain"]["speech"] == (
        f"Do you mean Anna Lindqvist or Anna Schmidt? {AGAIN}"
    )
    assert answer.error_code is intent.IntentResponseErrorCode.NO_VALID_TARGETS
    assert await room.say("ruf anna an", "de") == (
        "Meinst du Anna Lindqvist oder Anna Schmidt? "
        "Sag es noch einmal mit dem ganzen Namen."
    )
    assert await room.say("call Zorro") == "I don't know anyone called Zorro."
    assert not pbx.engine.calls()
    assert await room.say("call schmidt anna") == "Calling Anna Schmidt."
    assert dialed(pbx) == ["58"]


@modern
@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("private", [False, True])
async def test_call_address_book(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    room: Room,
    *,
    private: bool,
) -> None:
    """Who is in the address book can be called; in privacy none of them is named."""
    pbx.engine.add_contact("45", "Xenia", "Mayrhofer", "030 / 12 34 56")
    pbx.engine.add_contact("45", "Yves", "Mayrhofer", "030 / 65 43 99", MOBILE)
    pbx.engine.add_contact("45", "Not", "Ferreira", "41")
    hass.config_entries.async_update_entry(entry, options={"privacy": private})
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: entry.runtime_data.client.own.data.values.address_book)
    expose(phones, "45")
    several = f"Several people match Mayrhofer. {AGAIN}"
    answer = await room.say("call Mayrhofer")
    assert (answer == several) is private
    numbers = await room.say("call Yves Mayrhofer")
    assert private or numbers == (
        "Yves Mayrhofer has several numbers, ending in 2 1 or 9 9. "
        "Say it again with the last digits."
    )
    assert not dialed(pbx)
    outside = "an outside number" if private else "Xenia Mayrhofer"
    assert await room.say("call Xenia") == f"Calling {outside}."
    assert dialed(pbx) == ["030123456"]


@modern
async def test_call_several_numbers(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    room: Room,
    offers: None,
) -> None:
    """The last digits choose one of the numbers of a person."""
    pbx.engine.add_contact("45", "Yves", "Mayrhofer", "030 / 12 34 56", MOBILE)
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: entry.runtime_data.client.own.data.values.address_book)
    expose(phones, "45")
    assert await room.say("call Mayrhofer") == (
        "Yves Mayrhofer has several numbers, ending in 2 1 or 5 6. "
        "Say it again with the last digits."
    )
    assert await room.say("call Mayrhofer 21") == "Calling Yves Mayrhofer."
    assert dialed(pbx) == [MOBILE]


async def test_not_exposed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """What is not exposed to the assistant is neither told nor done."""
    call_id = pbx.engine.ring(CALLER, "45", name="Xenia Mayrhofer")
    await phones.wait("45", "ringing", "on")
    hide(phones, "45", "dnd")
    said = (
        *("who is calling", "answer the phone", "decline the call", "call Bruno"),
        *("who called", "is Bruno on the phone", "do not disturb"),
    )
    for text in said:
        assert await room.say(text) == (
            "I'm not allowed to use a phone for that. "
            "Expose the entities of one to voice assistants first."
        ), text
    assert pbx.engine.call(call_id).stage is Stage.RINGING
    assert len(pbx.engine.calls()) == 1
    assert not pbx.engine.account("45").dnd
    # Others than the exposed one stay unknown.
    expose(phones, "45")
    assert await room.say("who is calling") == "Xenia Mayrhofer is calling."
    assert (
        await room.say("is Bruno on the phone") == "I don't know anyone called Bruno."
    )


async def test_no_pbx(hass: HomeAssistant, phones: Phones, room: Room) -> None:
    """Without a PBX that is set up, the answer says so."""
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    for text in ("who is calling", "hang up", "call Bruno"):
        assert await room.say(text) == ("The phone system isn't set up right now.")


# Who is calling


CALLERS = (
    (CALLER, "Anna Meyer", "Anna Meyer is calling.", "Anna Meyer ruft an."),
    # The name that a number had once is remembered.
    (CALLER, "", "Anna Meyer is calling.", "Anna Meyer ruft an."),
    (
        SECOND_CALLER,
        "",
        "+ 4 9 3 0 2 2 2 2 2 2 is calling.",
        "+ 4 9 3 0 2 2 2 2 2 2 ruft an.",
    ),
    ("", "", "An unknown number is calling.", "Eine unbekannte Nummer ruft an."),
    ("41", "", "Bruno Ferreira is calling.", "Bruno Ferreira ruft an."),
)
HIDDEN = ("An outside number is calling.", "Eine externe Nummer ruft an.")


@pytest.mark.parametrize("private", [False, True])
async def test_who_is_calling(
    pbx: Simulator, phones: Phones, room: Room, *, private: bool
) -> None:
    """The caller is named, else the number is said; in privacy only colleagues are."""
    if private:
        await choose(phones, privacy=True)
        await phones.wait("", "connected", "on")
    expose(phones, "45")
    assert await room.say("who is calling") == "Nobody is calling."
    for caller, name, *answers in CALLERS:
        call_id = pbx.engine.ring(caller, "45", name=name)
        await phones.wait("45", "ringing", "on")
        answer = await room.ask("who is calling")
        assert answer.response_type is intent.IntentResponseType.QUERY_ANSWER
        told = (answer.speech["plain"]["speech"], await room.say("wer ruft an", "de"))
        assert told == (HIDDEN if private and caller != "41" else tuple(answers))
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")


@modern
async def test_who_is_calling_others(
    pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Who calls a colleague is told if nobody calls here; a group's call is one."""
    expose(phones, "41", "44", "45")
    pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    await phones.wait("41", "call", "ringing")
    assert await room.say("who is calling") == "Anna Meyer is calling Bruno Ferreira."
    pbx.engine.ring(MOBILE, "500", name="Ben")
    await phones.wait("45", "ringing", "on")
    assert await room.say("who is calling") == "Ben is calling."


async def test_link_lost(pbx: Simulator, phones: Phones, room: Room) -> None:
    """Without a link nothing is claimed."""
    expose(phones, "41", "45")
    await lose_link(pbx, phones)
    lost = "I can't reach the phone system right now."
    for text in ("who is calling", "is Bruno on the phone", "answer the phone"):
        assert await room.say(text) == lost
    assert await room.say("ruf Bruno an", "de") == (
        "Ich erreiche die Telefonanlage gerade nicht."
    )


# Who called


@modern
@pytest.mark.parametrize("private", [False, True])
async def test_who_called(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room, *, private: bool
) -> None:
    """The last callers are told, the newest first, and whether they were missed."""
    if private:
        await choose(phones, privacy=True)
    expose(phones, "45", key="last_caller")
    assert await room.say("who called") == "Nobody called."
    for name, answer in (("Ann", True), ("Ben", False), ("Cem", False), ("Dan", True)):
        past(pbx, f"+4930{len(name)}{ord(name[0])}", name, answer=answer)
    past(pbx, "41", "", answer=False)
    now = dt_util.now()
    at = f"at {now:%H:%M}"
    ben, dan = ("An outside number",) * 2 if private else ("Cem", "Dan")
    told = (
        f"Bruno Ferreira called {at}, and nobody answered. {dan} called {at}. "
        f"{ben} called {at}, and nobody answered."
    )
    said = await room.say("who called")
    if dt_util.now().minute == now.minute:
        assert said == told
        assert await room.say("who called today") == (f"{told} And 2 more calls.")
        assert await room.say("who called in the last two hours") == (
            f"{told} And 2 more calls."
        )
        missed = await room.say("did I miss a call")
        assert missed.count("and nobody answered") == 3
        assert "Dan" not in missed
    assert await room.say("who called yesterday") == "Nobody called."
    assert await room.say("did I miss a call yesterday") == "There are no missed calls."
    german = await room.say("wer hat angerufen", "de")
    assert german.startswith("Bruno Ferreira hat um ")
    assert german.endswith(" angerufen, und niemand hat abgenommen.")


@both_dialects
async def test_who_called_without_history(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, room: Room
) -> None:
    """Where no history is told, what is known of the last caller is."""
    pbx.switches.rest_status |= {"history": 404, "self_history": 404}
    phones = await set_up(hass, entry)
    expose(phones, "45", key="last_caller")
    pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    said = await room.say("who called today")
    if said != "Nobody called.":
        assert said.startswith("The last caller was Anna Meyer, at ")
    assert await room.say("who called yesterday") in (
        "Nobody called.",
        "As far as I know, nobody called.",
    )


# Is somebody on the phone


@modern
@pytest.mark.office
async def test_is_on_the_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """It is told whether somebody talks, with whom, or whether it only rings there."""
    expose(phones, "40", "41", "45")
    asked = "is Bruno on the phone"
    assert await room.say(asked) == "Bruno Ferreira isn't on the phone."
    call_id = pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    await phones.wait("41", "call", "ringing")
    assert await room.say(asked) == (
        "Bruno Ferreira isn't on the phone, but a call is ringing there."
    )
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "call", "connected")
    assert await room.say(asked) == (
        "Yes, Bruno Ferreira is on the phone with Anna Meyer."
    )
    assert await room.say("telefoniert Bruno gerade", "de") == (
        "Ja, Bruno Ferreira telefoniert mit Anna Meyer."
    )
    put(phones, "41", "Kitchen")
    await hass.async_block_till_done()
    assert "Anna Meyer" in await room.say("is the kitchen on the phone")
    await choose(phones, privacy=True)
    await phones.wait("41", "call", "connected")
    assert await room.say(asked) == (
        "Yes, Bruno Ferreira is on the phone with an outside number."
    )
    assert await room.say("telefoniert Bruno", "de") == (
        "Ja, Bruno Ferreira telefoniert mit einer externen Nummer."
    )


@classic
async def test_is_on_the_phone_unknown(
    pbx: Simulator, phones: Phones, room: Room
) -> None:
    """What the PBX does not tell is not made up: it is busy, and nobody knows with whom."""
    expose(phones, "41", "45")
    call_id = pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    pbx.engine.answer(call_id, "41")
    await phones.wait("41", "in_call", "on")
    assert await room.say("is Bruno on the phone") == (
        "Yes, Bruno Ferreira is on the phone."
    )


@modern
async def test_own_only(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Where the calls of others are not watched, nobody is told of them."""
    await choose(phones, watch="own")
    expose(phones, "45")
    assert (
        await room.say("is Bruno on the phone") == "I don't know anyone called Bruno."
    )
    told = await call_action(
        hass, "voice_command", command="is_on_the_phone", who="Bruno"
    )
    assert told == {"speech": "I don't know anyone called Bruno.", "done": False}


# What is done


DONE = {
    "en": (
        ("answer the phone", "You're connected to Anna Meyer."),
        ("put the call on hold", "The call is on hold."),
        ("resume the call", "You're back with Anna Meyer."),
        ("hang up", "Hung up."),
        ("hang up", "There's no call right now."),
        ("answer the phone", "No call is ringing."),
        ("resume the call", "No call is on hold."),
    ),
    "de": (
        ("geh ran", "Du bist mit Anna Meyer verbunden."),
        ("halte den Anruf", "Der Anruf wird gehalten."),
        ("setze den Anruf fort", "Du bist wieder mit Anna Meyer verbunden."),
        ("leg auf", "Aufgelegt."),
        ("leg auf", "Gerade gibt es keinen Anruf."),
        ("geh ran", "Es klingelt gerade nicht."),
        ("setze den Anruf fort", "Es wird kein Anruf gehalten."),
    ),
}


async def test_done(pbx: Simulator, phones: Phones, room: Room) -> None:
    """A call is answered, held, resumed and hung up in words; errors are words too."""
    expose(phones, "45")
    for language, said in DONE.items():
        pbx.engine.ring(CALLER, "45", name="Anna Meyer")
        await phones.wait("45", "ringing", "on")
        states = []
        for text, answer in said:
            assert await room.say(text, language) == answer
            states.append(phones.state("45", "call"))
        assert states == ["connected", "held", "connected", *["idle"] * 4]
        assert not pbx.engine.calls()


async def test_decline(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """A call is declined in words."""
    expose(phones, "45")
    for text, language, answer in (
        ("decline the call", "en", "Declined."),
        ("Anruf ablehnen", "de", "Abgelehnt."),
    ):
        pbx.engine.ring(CALLER, "45")
        await phones.wait("45", "ringing", "on")
        assert await room.say(text, language) == answer
        assert not pbx.engine.calls()


async def test_several_calls(pbx: Simulator, phones: Phones, room: Room) -> None:
    """Of several calls, none is taken by chance."""
    expose(phones, "45")
    pbx.engine.ring(CALLER, "45")
    pbx.engine.ring(MOBILE, "45")
    await wait_for(
        phones.hass, lambda: phones.get("45", "call").attributes.get("other_calls")
    )
    assert await room.say("answer the phone") == (
        "There are several calls. Choose one on the phone."
    )
    assert {call.stage for call in pbx.engine.calls()} == {Stage.RINGING}


@classic
async def test_held_at_the_phone(pbx: Simulator, phones: Phones, room: Room) -> None:
    """Why a call cannot be resumed is said in words."""
    expose(phones, "45")
    call_id = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call_id, "45")
    pbx.engine.hold(call_id, "45")
    await phones.wait("45", "call", "held")
    assert await room.say("resume the call") == (
        "The call was put on hold at the phone, so it can only be resumed there."
    )


async def test_do_not_disturb(
    pbx: Simulator, phones: Phones, room: Room, dialect: str
) -> None:
    """Do not disturb is set by words, for a while where the PBX can end it."""
    # Home Assistant exposes switches by itself.
    for text, language, answer, is_on in (
        ("put me on do not disturb", "en", "Do not disturb is on.", True),
        ("turn off do not disturb", "en", "Do not disturb is off.", False),
        ("bitte nicht stören", "de", "„Nicht stören“ ist eingeschaltet.", True),
        ("ich bin wieder erreichbar", "de", "„Nicht stören“ ist ausgeschaltet.", False),
    ):
        assert await room.say(text, language) == answer
        assert pbx.engine.account("45").dnd is is_on
    said = await room.say("do not disturb for 90 minutes")
    german = await room.say("bitte nicht stören für eine Stunde", "de")
    if dialect == "modern":
        assert said == "Do not disturb is on for one hour and 30 minutes."
        assert german == "„Nicht stören“ ist für eine Stunde eingeschaltet."
    else:
        assert said == (
            "This phone system can't turn do not disturb off later. "
            "Say it again without a time."
        )
        assert not pbx.engine.account("45").dnd


# Which line


@modern
async def test_area_picks_the_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Of lines that could be meant it is the one in the room, else the entry's own."""
    await has_line(phones, "41")
    expose(phones, "41", "45")
    kitchen = put(phones, "41", "Kitchen")
    put(phones, "45", "Office")
    cook = Room(hass, satellite(hass, kitchen))
    for who, line in ((cook, "41"), (room, "45")):
        own = pbx.engine.ring(CALLER, "45", name="Anna")
        other = pbx.engine.ring(MOBILE, "41", name="Ben")
        await phones.wait("45", "ringing", "on")
        await phones.wait("41", "ringing", "on")
        name = "Anna" if line == "45" else "Ben"
        assert await who.say("answer the phone") == f"You're connected to {name}."
        await phones.wait(line, "call", "connected")
        assert pbx.engine.call(own if line == "45" else other).stage is Stage.CONNECTED
        for call_id in (own, other):
            pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")
        await phones.wait("41", "call", "idle")
        await who.say("call Chidi")
        (call,) = pbx.engine.calls()
        assert call.caller.number == line
        pbx.engine.hang_up(call.id)
        await phones.wait(line, "call", "idle")
        await who.say("do not disturb")
        assert pbx.engine.account(line).dnd
        pbx.engine.set_dnd(line, False)
        await phones.wait(line, "dnd", "off")
    # Only one rings: it is that one, wherever it is said.
    pbx.engine.ring(CALLER, "45", name="Anna")
    await phones.wait("45", "ringing", "on")
    assert await cook.say("answer the phone") == "You're connected to Anna."
    # Or the one that is named.
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    assert await room.say("take Bruno off do not disturb") == "Do not disturb is off."
    assert not pbx.engine.account("41").dnd


@modern
async def test_satellite_entity_area(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The area of the satellite's entity goes before that of its device."""
    await has_line(phones, "41")
    expose(phones, "41", "45")
    kitchen, office = put(phones, "41", "Kitchen"), put(phones, "45", "Office")
    device_id = satellite(hass, office)
    registry = er.async_get(hass)
    entity = registry.async_get_or_create(
        "assist_satellite", "satellites", "one", device_id=device_id
    )
    registry.async_update_entity(entity.entity_id, name="Speaker", area_id=kitchen)
    await Room(hass, device_id, entity.entity_id).say("do not disturb")
    assert pbx.engine.account("41").dnd
    told = await call_action(
        hass, "voice_command", command="do_not_disturb_on", asked_at=device_id
    )
    assert told == {"speech": "Do not disturb is on.", "done": True}
    assert pbx.engine.account("45").dnd
    told = await call_action(
        hass,
        "voice_command",
        command="do_not_disturb_off",
        asked_at=entity.entity_id,
    )
    assert not pbx.engine.account("41").dnd


@modern
async def test_two_pbxs(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """With two PBXs the one that knows the name calls; what is not clear is asked."""
    branch = await set_up(hass, create_branch_entry(hass, pbx))
    expose(phones, "45")
    expose(branch, "45")
    which = (
        "On which phone: Freya Nilsen or Tomás Novák? Say it again and name the phone."
    )
    assert await room.say("call +49 30 123456") == which
    assert await room.say("do not disturb") == which
    assert await room.say("call Sven Olsen") == "Calling Sven Olsen."
    (call,) = pbx.engine.calls(tenant="branch.example")
    assert call.called.number == "41"
    assert await room.say("hang up") == "Hung up."
    assert await room.say("call Bruno") == "Calling Bruno Ferreira."
    assert dialed(pbx) == ["41"]
    assert await room.say("from Tomas call 46") == "Calling Uma Patel."


# The action


@modern
async def test_action(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """An automation needs no exposure, and says what was done in any language."""
    told = await call_action(
        hass, "voice_command", command="call", who="Ferreira bruno", language="de"
    )
    assert told == {"speech": "Ich rufe Bruno Ferreira an.", "done": True}
    assert dialed(pbx) == ["41"]
    told = await call_action(hass, "voice_command", command="hold", language="fr")
    assert told == {"speech": "Il n'y a aucun appel.", "done": False}
    told = await call_action(hass, "voice_command", command="hold", language="pt-BR")
    assert told == {"speech": "There's no call right now.", "done": False}
    told = await call_action(hass, "voice_command", command="call", who=" ")
    assert told == {"speech": "Sorry, I didn't catch the name.", "done": False}
    told = await call_action(
        hass, "voice_command", command="do_not_disturb_on", minutes="a few"
    )
    assert told == {"speech": "Sorry, I didn't catch for how long.", "done": False}
    assert not pbx.engine.account("45").dnd


@modern
async def test_action_target(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A target says which line is meant; an extension that is none cannot be used."""
    await has_line(phones, "41")
    target = {"entity_id": phones.id("41", "call")}
    await call_action(hass, "voice_command", command="do_not_disturb_on", target=target)
    assert pbx.engine.account("41").dnd
    assert not pbx.engine.account("45").dnd
    told = await call_action(
        hass,
        "voice_command",
        command="do_not_disturb_on",
        target={"entity_id": phones.id("46", "call")},
    )
    assert told == {
        "speech": "I can't control that phone.",
        "done": False,
    }
    await expect_error(
        hass,
        "nothing_targeted",
        "voice_command",
        error=ServiceValidationError,
        command="answer",
        target={"entity_id": "light.none"},
    )


# The page


PAGE = ROOT / "docs" / "voice.md"


def test_page() -> None:
    """The page tells of each intent, tool and blueprint for voice."""
    text = PAGE.read_text()
    for command in COMMANDS.values():
        assert f"| `{command.intent_type}` |" in text
    for tool in TOOLS:
        assert f"`{tool.name}`" in text
    for path in (ROOT / "blueprints" / "automation" / DOMAIN).glob("voice_*.yaml"):
        assert f"`{path.stem}`" in text
    assert "docs/voice.md" in (ROOT / "README.md").read_text()


@modern
async def test_page_examples(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """A sentence of one's own, and an automation, work as they are written."""
    automation, sentences = examples("docs/voice.md")
    expose(phones, "45")
    path = Path(hass.config.path("custom_sentences", "en", "own.yaml"))
    path.write_text(dump(sentences))
    Path(hass.config.path("configuration.yaml")).touch()
    await hass.services.async_call("conversation", "reload", {}, blocking=True)
    assert await room.say("get hold of Bruno") == "Calling Bruno Ferreira."
    assert dialed(pbx) == ["41"]
    assert await room.say("hang up") == "Hung up."
    put(phones, "46", "Workshop")
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    assert await room.say("please ask the workshop") == "Calling Giulia Marchetti."
    await phones.wait("45", "call", "dialing")
    assert "46" in dialed(pbx)


@modern
@pytest.mark.parametrize("as_list", ["object", "list"])
async def test_take_a_call_that_rings_elsewhere(
    pbx: Simulator, phones: Phones, room: Room, as_list: str
) -> None:
    """A call at a colleague's phone is picked up, by its caller, group or phone."""
    pbx.switches.star_codes_as = as_list  # type: ignore[assignment]
    pbx.engine.tenant("localhost").codes["code_pickup"] = "*8"
    expose(phones, "45")
    for who, called in (("Anna", "41"), ("Bruno", "41"), ("Sales", "500")):
        # Then the group rings at others only.
        pbx.engine.set_dnd("45", called == "500")
        call_id = pbx.engine.ring(CALLER, called, name="Anna Meyer")
        rings = pbx.engine.call(call_id).rung[0]
        await phones.wait(rings, "call", "ringing")
        # Whose phone is not exposed is not known.
        hide(phones, rings, "call")
        answer = await room.ask(f"take the call from {who}")
        assert answer.error_code is intent.IntentResponseErrorCode.NO_VALID_TARGETS
        assert answer.speech["plain"]["speech"] == (
            f"No call from or for {who} is ringing."
        )
        expose(phones, rings)
        told = await room.say(f"take the call from {who}")
        assert told.startswith("Taking the call from "), told
        # The own phone rings first, and is answered there.
        (dialing,) = [call for call in pbx.engine.calls() if call.id != call_id]
        assert dialing.called.number == f"*8{rings}"
        pbx.engine.answer(dialing.id, "45")
        assert pbx.engine.call(call_id).talks("45")
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")


@modern
async def test_take_the_call_that_rang_longest(
    pbx: Simulator, phones: Phones, room: Room
) -> None:
    """Of two calls for a group it is the one that rang first, not the one that began first."""
    expose(phones, "45")
    passed_on = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(passed_on, "41")
    await phones.wait("41", "call", "connected")
    await asyncio.sleep(2)
    waiting = pbx.engine.ring(MOBILE, "500")
    await phones.wait("45", "call", "ringing")
    pbx.engine.transfer(passed_on, "41", "500")
    await wait_for(
        phones.hass, lambda: phones.get("45", "call").attributes.get("other_calls")
    )
    assert await room.say("take the call for Sales")
    assert [call.id for call in pbx.engine.calls() if call.talks("45")] == [waiting]


@modern
async def test_take_no_call(pbx: Simulator, phones: Phones, room: Room) -> None:
    """Where the tenant has no code to pick up, nothing is dialed."""
    pbx.engine.tenant("localhost").codes["code_pickup"] = ""
    expose(phones, "45", "41")
    pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    await phones.wait("41", "call", "ringing")
    assert "can't" in await room.say("take the call from Anna")
    assert dialed(pbx) == ["41"]
