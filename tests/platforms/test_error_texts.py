"""Errors as users read them: what was typed, park orbits, refusals and recordings."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.media_source import (
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.support.actions import Texts, call_action, expect_texts, shown, texts_of
from tests.support.calls import CALLER, connected
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, set_up, wait_for

LINE = "45 Freya Nilsen"
REPORT = "Settings, Devices & services, Vodia PBX."
REPORT_DE = "Einstellungen, Geräte & Dienste, Vodia PBX."

# What was typed

NO_NUMBER = Texts(
    "This isn't a number that can be dialed. Use digits, *, # and a + at the beginning, "
    "or an account of the PBX.",
    "Das ist keine Nummer, die gewählt werden kann. Nimm Ziffern, *, # und ein + am "
    "Anfang, oder ein Konto der Telefonanlage.",
)
NOT_AS_WRITTEN = Texts(
    "301234567 arrived as a number, and that may not be what was written: a plus and "
    "leading zeros are lost. Write it in quotes, as in '0301234567', or as "
    "tel:+49301234567. In a template, begin with tel: as well.",
    "301234567 kam als Zahl an, und das ist vielleicht nicht das, was geschrieben wurde: "
    "Ein Plus und führende Nullen gehen dabei verloren. Schreib die Nummer in "
    "Anführungszeichen, wie in '0301234567', oder als tel:+49301234567. Beginn auch in "
    "einer Vorlage mit tel:.",
)
WHERE_TO = Texts(
    "Give either the number to transfer to or the ID of the second call.",
    "Gib entweder die Nummer an, zu der weiterverbunden werden soll, oder die ID des "
    "zweiten Anrufs.",
)
NO_MESSAGE = Texts(
    "This message is empty or too long. Write 1 to 2000 characters, counting the title.",
    "Diese Nachricht ist leer oder zu lang. Schreib 1 bis 2000 Zeichen, den Titel "
    "mitgezählt.",
)
TO_ITSELF = Texts(
    "Extension 45 can't forward its calls to itself. Give another number.",
    "Nebenstelle 45 kann ihre Anrufe nicht an sich selbst umleiten. "
    "Gib eine andere Nummer an.",
)
FORWARD_WHERE = Texts(
    "Give the number to forward to. To stop forwarding, turn Forward off and leave the "
    "number out.",
    "Gib die Nummer an, an die umgeleitet werden soll. Um nicht mehr umzuleiten, schalte "
    "„Umleiten“ aus und lass die Nummer weg.",
)
RING_FIRST = Texts(
    "Leave out Ring first for. It only goes with forwarding when nobody answers.",
    "Lass „Zuerst klingeln für“ weg. Das passt nur zur Umleitung, wenn niemand abnimmt.",
)


@pytest.mark.parametrize(
    ("texts", "name", "data"),
    [
        (NO_NUMBER, "dial", {"number": "not one!"}),
        (NO_NUMBER, "transfer", {"number": ""}),
        (NO_NUMBER, "park", {"orbit": "\x00"}),
        (NO_NUMBER, "send_message", {"recipient": "@", "message": "x"}),
        (NO_NUMBER, "set_call_forwarding", {"when": "busy", "number": "Bruno F."}),
        (NOT_AS_WRITTEN, "dial", {"number": 301234567}),
        (NOT_AS_WRITTEN, "retrieve", {"orbit": 301234567}),
        (WHERE_TO, "transfer", {}),
        (WHERE_TO, "transfer", {"number": "41", "second_call_id": "c1"}),
        (NO_MESSAGE, "send_message", {"recipient": "41", "message": " \n"}),
        (NO_MESSAGE, "send_message", {"recipient": "41", "message": "x" * 2001}),
        (TO_ITSELF, "set_call_forwarding", {"when": "always", "number": "45"}),
        (FORWARD_WHERE, "set_call_forwarding", {"when": "always"}),
        (
            FORWARD_WHERE,
            "set_call_forwarding",
            {"when": "always", "number": "41", "enabled": False},
        ),
        (
            RING_FIRST,
            "set_call_forwarding",
            {"when": "busy", "number": "41", "after": 20},
        ),
    ],
)
@pytest.mark.office("5")
async def test_typed(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    texts: Texts,
    name: str,
    data: dict[str, Any],
) -> None:
    """Whoever wrote what cannot be meant is told what can be."""
    sent = len(pbx.received), len(pbx.bodies)
    await expect_texts(hass, *texts, name, **data)
    assert sent == (len(pbx.received), len(pbx.bodies))


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("c\x00\x1b[31m9\r\n\u202e", "c [31m9"),
        ("<b>c9</b>", "‹b›c9‹/b›"),
        ("x" * 100_000, "x" * 100),
        ("{line}", "{line}"),
        ("\x00", "–"),
        ("", "–"),
    ],
)
async def test_call_id_of_any_kind(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, typed: str, seen: str
) -> None:
    """An id is shown in one line of a bounded length, and without what would be markup."""
    await expect_texts(
        hass,
        f"There is no call {seen} at {LINE}, nor any other at the moment.",
        f"Bei {LINE} gibt es keinen Anruf {seen}, und zurzeit auch keinen anderen.",
        "hang_up",
        call_id=typed,
    )
    call = await connected(pbx, phones)
    await expect_texts(
        hass,
        f"There is no call {seen} at {LINE}. Its calls at the moment: {call} "
        f"({CALLER}).",
        f"Bei {LINE} gibt es keinen Anruf {seen}. Die Anrufe dort zurzeit: {call} "
        f"({CALLER}).",
        "transfer",
        second_call_id=typed,
    )
    await expect_texts(
        hass,
        f"Call {seen} at {LINE} can't be joined with itself. Give the ID of another "
        "call.",
        f"Anruf {seen} bei {LINE} lässt sich nicht mit sich selbst verbinden. "
        "Gib die ID eines anderen Anrufs an.",
        "transfer",
        call_id=typed,
        second_call_id=typed,
    )


async def test_number_of_any_length(hass: HomeAssistant, phones: Phones) -> None:
    """A number that is no telephone number is not shown without end."""
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, "dial", number=10**4000)
    said = await shown(hass, raised.value)
    assert said.startswith("1" + "0" * 99 + " arrived as a number")


# Calls and orbits


async def test_several_dialing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Of two calls that are being made both are named."""
    calls = [
        f"{pbx.engine.ring('45', '41')} (Bruno Ferreira)",
        f"{pbx.engine.ring('45', '42')} (Chidi Okafor)",
    ]
    client = phones.entry.runtime_data.client.own
    await wait_for(hass, lambda: len(client.calls) == 2)
    shown_calls = ", ".join(
        next(each for each in calls if each.startswith(call.id))
        for call in client.calls
    )
    await expect_texts(
        hass,
        f"Several calls are being dialed at {LINE}: {shown_calls}. "
        "Say which one with call_id.",
        f"Bei {LINE} werden mehrere Anrufe gewählt: {shown_calls}. "
        "Gib mit call_id an, welcher gemeint ist.",
        "hang_up",
    )


@pytest.mark.office("5")
async def test_several_orbits(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Orbits are named where more than one fits; the field to fill in is, too."""
    pbx.engine.add_account("6", "Park 6", type="orbits")
    await pbx.cut()
    await wait_for(hass, lambda: phones.has("6", "occupied"))
    for orbit in ("5", "6"):
        await phones.wait(orbit, "occupied", "off")
    await connected(pbx, phones)
    await expect_texts(
        hass,
        "There are several park orbits: 5, 6. Say which one with orbit.",
        "Es gibt mehrere Parkpositionen: 5, 6. Gib mit orbit an, welche gemeint ist.",
        "park",
    )
    await expect_texts(
        hass,
        "No call is parked at 5, 6. Somebody has taken it back, or the caller has hung "
        "up. Ask around, or call back.",
        "Auf 5, 6 ist kein Anruf geparkt. Jemand hat ihn zurückgeholt, oder der Anrufer "
        "hat aufgelegt. Frag in der Runde, oder ruf zurück.",
        "retrieve",
    )


async def test_no_orbit(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Where there is none it is said who can make one."""
    pbx.engine.remove_account("5")
    await pbx.cut()
    await phones.wait("5", "occupied", "unavailable")
    await phones.wait("", "connected", "on")
    await connected(pbx, phones)
    for name in ("park", "retrieve"):
        await expect_texts(
            hass,
            "The PBX lists no park orbit. Create one on the PBX first.",
            "Die Telefonanlage hat keine Parkposition. Lege dort zuerst eine an.",
            name,
        )


# What the PBX refuses

REFUSED = Texts(
    "The PBX didn't take the message. Check the number of the recipient, and send it "
    "again.",
    "Die Telefonanlage hat die Nachricht nicht angenommen. Prüfe die Nummer des "
    "Empfängers, und schick sie noch einmal.",
)
ACCESS_OFF = Texts(
    "The PBX refuses access (HTTP 403). Check on the PBX that API access is switched on "
    "for this extension.",
    "Die Telefonanlage verweigert den Zugriff (HTTP 403). Prüfe in der Telefonanlage, ob "
    "der API-Zugriff für diese Nebenstelle eingeschaltet ist.",
)
UNEXPECTED = Texts(
    "The PBX answered in an unexpected way. If it keeps happening, download the "
    f"diagnostics and report it: {REPORT}",
    "Die Telefonanlage hat unerwartet geantwortet. Wenn das so bleibt, lade die "
    f"Diagnosedaten herunter und melde es: {REPORT_DE}",
)
UNREACHABLE = Texts(
    f"Couldn't reach the PBX. Check that it runs, and that its address is right: {REPORT}",
    "Die Telefonanlage ist nicht erreichbar. Prüfe, ob sie läuft und ob ihre Adresse "
    f"stimmt: {REPORT_DE}",
)
NOT_HERE = Texts(
    "This PBX can't do that from here. Do it at the phone.",
    "Diese Telefonanlage bietet dafür von hier aus keine Möglichkeit. "
    "Mach es am Telefon.",
)


@modern
@pytest.mark.parametrize(
    ("fault", "texts"),
    [
        (400, REFUSED),
        (403, ACCESS_OFF),
        (500, UNEXPECTED),
        ("html", UNEXPECTED),
        ("reset", UNREACHABLE),
    ],
)
async def test_message(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    fault: Any,
    texts: Texts,
) -> None:
    """Why a message was not sent is said, and what to look at."""
    pbx.switches.faults["chat"] = fault
    await expect_texts(hass, *texts, "send_message", recipient="41", message="hello")


@classic
async def test_not_supported(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What only the telephone can do is done there."""
    await connected(pbx, phones, "anonymous")
    await expect_texts(hass, *NOT_HERE, "transfer", number="41")


@modern
@pytest.mark.usefixtures("offers")
async def test_password(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A password that was changed on the PBX is asked for."""
    pbx.engine.change_password("45", "new")
    pbx.expire_sessions()
    pbx.switches.rest_status |= {"history": 401, "json": 401}
    await expect_texts(
        hass,
        "The PBX rejects the extension and password. Enter the web password that is "
        f"valid now: {REPORT}",
        "Die Telefonanlage weist die Nebenstelle mit ihrem Passwort ab. Gib das "
        f"Web-Passwort ein, das jetzt gilt: {REPORT_DE}",
        "get_call_history",
    )
    await wait_for(hass, hass.config_entries.flow.async_progress)


# Recordings

NO_MAILBOX = Texts(
    "There is no such mailbox, or you may not listen to it. Choose another one, or ask an "
    "administrator of Home Assistant.",
    "Diese Mailbox gibt es nicht, oder du darfst sie nicht hören. Wähle eine andere, oder "
    "frag einen Administrator von Home Assistant.",
)
GONE = Texts(
    "This message is no longer in the mailbox. Open the mailbox again to see what is "
    "there now.",
    "Diese Nachricht ist nicht mehr in der Mailbox. Öffne die Mailbox noch einmal, um zu "
    "sehen, was jetzt da ist.",
)
NO_AUDIO = Texts(
    "The PBX sent something that isn't a recording. Listen to it at the phone.",
    "Die Telefonanlage hat etwas geschickt, das keine Aufnahme ist. "
    "Hör sie am Telefon ab.",
)


@pytest.mark.usefixtures("offers")
async def test_recordings(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Why a recording cannot be heard, and where it can."""
    assert await async_setup_component(hass, "media_source", {})
    pbx.engine.leave_message("45", CALLER, "Anna", 3)
    phones = await set_up(hass, entry)
    await wait_for(hass, lambda: phones.has("45", "voicemail"))
    root = await async_browse_media(hass, "media-source://vodia")
    (line,) = root.children or ()
    mailbox = await async_browse_media(hass, line.media_content_id)
    (message,) = mailbox.children or ()

    async def fails(texts: Texts, media_id: str) -> None:
        """Expect that it cannot be heard."""
        with pytest.raises(HomeAssistantError) as raised:
            await async_resolve_media(hass, media_id, None)
        assert await texts_of(hass, raised.value) == texts

    heard = await async_resolve_media(hass, message.media_content_id, None)
    assert heard.mime_type == "audio/wav"
    pbx.switches.faults["audio.wav"] = "html"
    await fails(NO_AUDIO, message.media_content_id)
    for status, texts in ((403, ACCESS_OFF), (404, NOT_HERE), (500, UNEXPECTED)):
        pbx.switches.faults["audio.wav"] = status
        await fails(texts, message.media_content_id)
    pbx.switches.faults.clear()
    pbx.engine.delete_messages("45")
    await fails(GONE, message.media_content_id)
    await fails(NO_MAILBOX, "media-source://vodia/none")
