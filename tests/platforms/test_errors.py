"""Errors as users read them: what there is, in their language, and what to do next."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from simulator import Simulator
from tests.support.actions import call_action, expect_texts, press, shown
from tests.support.calls import CALLER, SECOND_CALLER, connected, ringing
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_entry, device, set_up, wait_for
from tests.support.lines import has_line

LINE = "45 Freya Nilsen"
SETTINGS = "Settings, Devices & services, Vodia PBX"
SETTINGS_DE = "Einstellungen, Geräte & Dienste, Vodia PBX"


# A call that is named


async def test_named_call(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """It is said what state it is in, and what to do about that."""
    call = await ringing(pbx, phones)
    who = f"{call} ({CALLER})"
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is still ringing, not connected. "
        "Answer it first, or decline it.",
        f"Anruf {who} bei {LINE} klingelt noch, er ist nicht verbunden. "
        "Nimm ihn zuerst an, oder lehne ihn ab.",
        "start_recording",
        call_id=call,
    )
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is ringing there, not being dialed. "
        "Answer it, or decline it.",
        f"Anruf {who} bei {LINE} klingelt dort, er wird nicht gewählt. "
        "Nimm ihn an, oder lehne ihn ab.",
        "hang_up",
        call_id=call,
        expected_state="dialing",
    )
    await call_action(hass, "answer")
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is connected, no longer being dialed. You can talk now.",
        f"Anruf {who} bei {LINE} ist verbunden, es wird nicht mehr gewählt. "
        "Du kannst jetzt sprechen.",
        "hang_up",
        expected_state="dialing",
    )
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is connected, not on hold. You can go on talking.",
        f"Anruf {who} bei {LINE} ist verbunden, er wird nicht gehalten. "
        "Du kannst weitersprechen.",
        "resume",
        call_id=call,
    )
    await call_action(hass, "hold")
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is on hold, not ringing. Resume it first.",
        f"Anruf {who} bei {LINE} wird gehalten, er klingelt nicht. "
        "Setze ihn zuerst fort.",
        "answer",
        call_id=call,
    )
    await expect_texts(
        hass,
        f"Call {who} at {LINE} is on hold, no longer being dialed. Resume it first.",
        f"Anruf {who} bei {LINE} wird gehalten, es wird nicht mehr gewählt. "
        "Setze ihn zuerst fort.",
        "hang_up",
        expected_state="dialing",
    )
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await expect_texts(
        hass,
        f"Call {call} at {LINE} has ended. To go on talking, call back.",
        f"Anruf {call} bei {LINE} ist beendet. Um weiterzusprechen, ruf zurück.",
        "hang_up",
        call_id=call,
    )


async def test_dialing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Of a call that is being made it is said that nobody has answered yet."""
    call = pbx.engine.ring("45", "41")
    await phones.wait("45", "call", "dialing")
    who = f"{call} (Bruno Ferreira)"
    for name, data, english, german in (
        (
            "answer",
            {},
            "is being dialed, not ringing. To end it, hang up.",
            "wird gewählt, er klingelt nicht. Um ihn zu beenden, leg auf.",
        ),
        (
            "hold",
            {"call_id": call},
            "is still being dialed, not connected. Wait until somebody answers.",
            "wird noch gewählt, er ist nicht verbunden. Warte, bis jemand abnimmt.",
        ),
        (
            "resume",
            {},
            "is still being dialed, not on hold. Wait until somebody answers.",
            "wird noch gewählt, er wird nicht gehalten. Warte, bis jemand abnimmt.",
        ),
    ):
        await expect_texts(
            hass,
            f"Call {who} at {LINE} {english}",
            f"Anruf {who} bei {LINE} {german}",
            name,
            **data,
        )


async def test_no_such_call(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An id that was never one is told from one that is over, and others are named."""
    await expect_texts(
        hass,
        f"There is no call c9 at {LINE}, nor any other at the moment.",
        f"Bei {LINE} gibt es keinen Anruf c9, und zurzeit auch keinen anderen.",
        "answer",
        call_id="c9",
    )
    call = await ringing(pbx, phones)
    await expect_texts(
        hass,
        f"There is no call c9 at {LINE}. Its calls at the moment: {call} ({CALLER}).",
        f"Bei {LINE} gibt es keinen Anruf c9. "
        f"Die Anrufe dort zurzeit: {call} ({CALLER}).",
        "answer",
        call_id="c9",
    )


@modern
async def test_call_of_another_phone(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A call that is somewhere else has not ended."""
    call = pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    await expect_texts(
        hass,
        f"Call {call} is not at {LINE}, but at another phone. "
        "Choose the line that has it.",
        f"Anruf {call} ist nicht bei {LINE}, sondern bei einem anderen Telefon. "
        "Wähle die Leitung, die ihn hat.",
        "answer",
        call_id=call,
    )


# No call is named


async def test_several_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Those that fit are named with their ids, states and parties."""
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    second = await ringing(pbx, phones, SECOND_CALLER)
    calls = f"{first} (Anna Meyer), {second} ({SECOND_CALLER})"
    turned = f"{second} ({SECOND_CALLER}), {first} (Anna Meyer)"
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, "answer")
    said = await shown(hass, raised.value)
    assert said in [
        f"Several calls are ringing at {LINE}: {which}. Say which one with call_id."
        for which in (calls, turned)
    ]
    await press(phones, "answer")
    await expect_texts(
        hass,
        f"There are several calls at {LINE}. Ringing: {second} ({SECOND_CALLER}). "
        f"Being dialed: –. Connected: {first} (Anna Meyer). On hold: –. "
        "Say which one with call_id.",
        f"Bei {LINE} gibt es mehrere Anrufe. Klingelt: {second} ({SECOND_CALLER}). "
        f"Wird gewählt: –. Verbunden: {first} (Anna Meyer). Gehalten: –. "
        "Gib mit call_id an, welcher gemeint ist.",
        "transfer",
        number="41",
    )
    # An id from the text is the way out.
    await call_action(hass, "transfer", number="41", call_id=second)
    await expect_texts(
        hass,
        f"There is no second call at {LINE} to join. Dial or answer one first.",
        f"Bei {LINE} gibt es keinen zweiten Anruf zum Verbinden. "
        "Wähle zuerst, oder nimm einen an.",
        "transfer",
        second_call_id=first,
    )
    await expect_texts(
        hass,
        f"Call {first} at {LINE} can't be joined with itself. "
        "Give the ID of another call.",
        f"Anruf {first} bei {LINE} lässt sich nicht mit sich selbst verbinden. "
        "Gib die ID eines anderen Anrufs an.",
        "transfer",
        call_id=first,
        second_call_id=first,
    )


async def test_several_connected_and_held(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of two in one state, and of two that do not fit, all are named."""
    first = await connected(pbx, phones)
    second = await connected(pbx, phones, SECOND_CALLER)
    both = {f"{first} ({CALLER})", f"{second} ({SECOND_CALLER})"}

    async def listed(name: str, before: str, after: str, **data: Any) -> None:
        """Expect both to be listed."""
        with pytest.raises(HomeAssistantError) as raised:
            await call_action(hass, name, **data)
        said = await shown(hass, raised.value)
        assert said.startswith(before)
        assert said.endswith(after)
        assert set(said.removeprefix(before).removesuffix(after).split(", ")) == both

    which = ". Say which one with call_id."
    await listed("hold", f"Several calls are connected at {LINE}: ", which)
    await listed(
        "resume",
        f"No call is on hold at {LINE}. Ringing: –. Being dialed: –. Connected: ",
        ". Only a call on hold can be resumed.",
    )
    for call in (first, second):
        await call_action(hass, "hold", call_id=call)
    await listed("resume", f"Several calls are on hold at {LINE}: ", which)
    await listed(
        "start_recording",
        f"No call is connected at {LINE}. Ringing: –. Being dialed: –. On hold: ",
        ". Answer or resume one first.",
    )


@classic
async def test_held_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where only the phone can do it, that is said."""
    call = await connected(pbx, phones)
    pbx.engine.hold(call, "45")
    await phones.wait("45", "call", "held")
    await expect_texts(
        hass,
        "The PBX can only toggle a hold, and this call was not put on hold from Home "
        "Assistant. Resume it at the phone.",
        "Die Telefonanlage kann das Halten nur umschalten, und dieser Anruf wird nicht "
        "von Home Assistant aus gehalten. Setze ihn am Telefon fort.",
        "resume",
    )


# Targets


async def test_targets(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Who chose the wrong thing is told what there is to choose."""
    await expect_texts(
        hass,
        "Home Assistant doesn't log in as 42 Chidi Okafor, so it can't control calls "
        f"there. Lines that it can control: {LINE}. Choose one of these, or add a line "
        f"with the web password of the extension: {SETTINGS}, Add line.",
        "Home Assistant meldet sich nicht als 42 Chidi Okafor an und kann Anrufe dort "
        f"deshalb nicht steuern. Leitungen, die es steuern kann: {LINE}. Wähle eine "
        "davon, oder füge mit dem Web-Passwort der Nebenstelle eine Leitung hinzu: "
        f"{SETTINGS_DE}, Leitung hinzufügen.",
        "hang_up",
        target=device(phones, "42"),
    )
    await has_line(phones)
    both = [device(phones, line)["device_id"] for line in ("41", "45")]
    await expect_texts(
        hass,
        f"The target holds several lines: 41 Bruno Ferreira, {LINE}. Choose one.",
        f"Das Ziel enthält mehrere Leitungen: 41 Bruno Ferreira, {LINE}. "
        "Wähle eine aus.",
        "hang_up",
        target={"device_id": both},
    )
    await expect_texts(
        hass,
        "The target holds no extension of a PBX that is set up. Choose a phone, one of "
        "its entities, or the area or label of one.",
        "Das Ziel enthält keine Nebenstelle einer Telefonanlage, die eingerichtet ist. "
        "Wähle ein Telefon, eine seiner Entitäten oder den Bereich oder das Label von "
        "einem.",
        "hang_up",
        target={"entity_id": []},
    )
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    await expect_texts(
        hass,
        f"Vodia PBX isn't set up at the moment. See the reason under {SETTINGS}.",
        f"Vodia PBX ist zurzeit nicht eingerichtet. Der Grund steht hier: {SETTINGS_DE}.",
        "hang_up",
        target=device(phones, "45"),
    )


async def test_renamed_by_the_user(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A line is called what the user calls it."""
    dr.async_get(hass).async_update_device(
        device(phones, "45")["device_id"], name_by_user="Reception"
    )
    await expect_texts(
        hass,
        "No call is ringing at 45 Reception.",
        "Bei 45 Reception klingelt kein Anruf.",
        "answer",
    )


# Orbits, settings, the link


@pytest.mark.office("5")
async def test_orbits(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Orbits are named where one was not right."""
    await wait_for(hass, lambda: phones.state("5", "occupied") == "off")
    await expect_texts(
        hass,
        "7 isn't a park orbit of this PBX. Its park orbits: 5.",
        "7 ist keine Parkposition dieser Telefonanlage. Ihre Parkpositionen: 5.",
        "park",
        orbit="7",
    )
    await expect_texts(
        hass,
        "No call is parked at 5. Somebody has taken it back, or the caller has hung up. "
        "Ask around, or call back.",
        "Auf 5 ist kein Anruf geparkt. Jemand hat ihn zurückgeholt, oder der Anrufer "
        "hat aufgelegt. Frag in der Runde, oder ruf zurück.",
        "retrieve",
    )
    await connected(pbx, phones)
    await call_action(hass, "park")
    await phones.wait("5", "occupied", "on")
    await connected(pbx, phones, SECOND_CALLER)
    await expect_texts(
        hass,
        "A call is parked at 5 already. Take it back first, or choose another park "
        "orbit.",
        "Auf 5 ist bereits ein Anruf geparkt. Hole ihn zuerst zurück, oder wähle eine "
        "andere Parkposition.",
        "park",
    )


@classic
async def test_do_not_disturb_with_an_end(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """It is said which fields are too many."""
    await expect_texts(
        hass,
        "This PBX only switches do not disturb on and off. Leave out Reason and For.",
        "Diese Telefonanlage schaltet „Nicht stören“ nur ein und aus. "
        "Lass „Grund“ und „Für“ weg.",
        "set_dnd",
        enabled=True,
        reason="Meeting",
    )


async def test_not_done(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A command without effect sends the user to the phone."""
    await ringing(pbx, phones)
    pbx.switches.ignore_commands = True
    await expect_texts(
        hass,
        "The PBX took the command, but within 5 seconds nothing showed that it was "
        "carried out. Look at the phone before you try again: is it switched on, and "
        "what does it show?",
        "Die Telefonanlage hat den Befehl angenommen, aber innerhalb von 5 Sekunden war "
        "nicht zu sehen, dass er ausgeführt wurde. Sieh am Telefon nach, bevor du es "
        "noch einmal versuchst: Ist es eingeschaltet, und was zeigt es?",
        "answer",
    )


async def test_no_link(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Without a link it is said where it shows that it is back."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await expect_texts(
        hass,
        "There is no connection to the PBX at the moment. Home Assistant keeps trying: "
        "wait until Connected is on.",
        "Zurzeit besteht keine Verbindung zur Telefonanlage. Sie wird von selbst wieder "
        "versucht: Warte, bis „Verbunden“ an ist.",
        "answer",
    )


# What may be known


@modern
async def test_privacy(hass: HomeAssistant, pbx: Simulator) -> None:
    """With privacy calls are named by ids, and colleagues by their names."""
    entry = create_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, options={"privacy": True})
    phones = await set_up(hass, entry)
    first = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    await expect_texts(
        hass,
        f"There is no call c9 at {LINE}. Its calls at the moment: {first}.",
        f"Bei {LINE} gibt es keinen Anruf c9. Die Anrufe dort zurzeit: {first}.",
        "answer",
        call_id="c9",
    )
    await ringing(pbx, phones, "41")
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, "answer")
    said = await shown(hass, raised.value)
    assert "(Bruno Ferreira)" in said
    assert "Anna" not in said
    assert CALLER not in said


async def test_no_secret(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """An error names nothing that would let somebody in."""
    call = await ringing(pbx, phones)
    for name in ("hold", "resume", "start_recording"):
        with pytest.raises(HomeAssistantError) as raised:
            await call_action(hass, name, call_id=call)
        words = " ".join((raised.value.translation_placeholders or {}).values())
        assert phones.entry.data["password"] not in words
