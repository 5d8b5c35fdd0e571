"""Numbers in words, and what people say around a name."""

from collections.abc import Iterable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.voice.names import Named, match_names, number_in_words
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up
from tests.support.voice import Room, call_tool, dialed, expose

WORDS = {
    "zero": "0",
    "null": "0",
    "four one": "41",
    "Forty-One": "41",
    "forty one": "41",
    "fortyone": "41",
    "ninety nine": "99",
    "nineteen": "19",
    "four oh one": "401",
    "four o one": "401",
    "double five": "55",
    "triple oh seven": "0007",
    "triple oh": "000",
    "bei einundvierzig": "41",
    "nought one seven one": "0171",
    "twenty twenty": "2020",
    "plus four nine thirty": "+4930",
    "extension forty one please": "41",
    "the number four one": "41",
    "einundvierzig": "41",
    "ein und vierzig": "41",
    "vier eins": "41",
    "zwo": "2",
    "zwoundvierzig": "42",
    "fünf fünf": "55",
    "fuenf": "5",
    "dreißig": "30",
    "dreissig": "30",
    "null eins sieben eins": "0171",
    "neunundneunzig": "99",
    "die Nummer vierundvierzig bitte": "44",
}
NAMES = (
    "Anna",
    "oh",
    "oh oh",
    "o",
    "plus",
    # When, not what.
    *("at five", "again at ten", "in 10", "me at 5", "to twenty", "am 4."),
    "double",
    "Anna two",
    "hundert",
    "two and",
    "",
    "+41",
)


def test_words() -> None:
    """All numbers up to 99, and digits one by one, are what is dialed."""
    assert {said: number_in_words(said) for said in WORDS} == WORDS


@pytest.mark.parametrize("language", ["en", "de"])
def test_all(language: str) -> None:
    """Each number up to 99 is known in each language, spelled by the library's rules."""
    engine = pytest.importorskip("unicode_rbnf").RbnfEngine.for_language(language)
    for number in range(100):
        said = engine.format_number(number).text
        if said in ("ein", "eine"):
            said = "eins"
        assert number_in_words(said) == str(number), said


@pytest.mark.parametrize("said", NAMES)
def test_no_words(said: str) -> None:
    """What is a name, or may be one, is no number."""
    assert number_in_words(said) is None


def found(said: str, names: Iterable[str]) -> list[str]:
    """Return whom somebody means."""
    return match_names(said, [Named(name, (name,), "4921") for name in names])


PEOPLE = (
    *("Anna Lindqvist", "Bruno Ferreira", "Mal Reynolds", "Anna Now", "An Tran"),
    "Ada von Bülow",
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("bruno now", "Bruno Ferreira"),
        ("Bruno for me", "Bruno Ferreira"),
        ("Bruno up", "Bruno Ferreira"),
        ("Bruno's phone", "Bruno Ferreira"),
        ("Bruno’s mobile please", "Bruno Ferreira"),
        ("Brunos Handy", "Bruno Ferreira"),
        ("Bruno Ferreiras Telefon", "Bruno Ferreira"),
        ("mal Bruno", "Bruno Ferreira"),
        ("bitte mal schnell Bruno", "Bruno Ferreira"),
        ("mir Bruno", "Bruno Ferreira"),
        ("Bruno two one", "Bruno Ferreira"),
        ("Bruno einundzwanzig", "Bruno Ferreira"),
        ("Frau Doktor Ferreira", "Bruno Ferreira"),
        ("Herrn Bruno bitte", "Bruno Ferreira"),
        ("von Bruno", "Bruno Ferreira"),
        ("Frau von Tran", None),
        ("Frau von Bülow", "Ada von Bülow"),
        # Somebody else is meant, or another time, or nobody.
        ("die Frau von Bruno", None),
        ("Bruno's Frau", None),
        ("Bruno's Frau bitte", None),
        ("Bruno's Dr.", None),
        ("the Dr of Bruno", None),
        ("me Bruno", None),
        ("us Bruno", None),
        ("Bruno at 1", None),
        ("Bruno at one", None),
        ("Bruno at 21", None),
        ("Bruno in twenty one", None),
        ("Bruno am 21.", None),
        ("not Bruno", None),
        ("Bruno nicht", None),
        ("Bruno 1", None),
        # People may be called so.
        ("Mal", "Mal Reynolds"),
        ("mal now", "Mal Reynolds"),
        ("Mal bitte", "Mal Reynolds"),
        ("Anna Now", "Anna Now"),
        ("An now", "An Tran"),
        ("call", None),
        ("the phone", None),
        ("please now", None),
    ],
)
def test_fillers(said: str, meant: str | None) -> None:
    """What is said around a name is no part of it, unless somebody is called so."""
    people = [name for name in PEOPLE if meant == "Anna Now" or name != "Anna Now"]
    assert found(said, people) == ([meant] if meant else [])


@modern
@pytest.mark.usefixtures("agent", "germany")
@pytest.mark.parametrize(
    ("said", "language", "number"),
    [
        ("call forty one", "en", "41"),
        ("call four one", "en", "41"),
        ("call double four", "en", "44"),
        ("call 41 now", "en", "41"),
        ("call +49 30 123456 now", "en", "+4930123456"),
        ("ruf einundvierzig an", "de", "41"),
        ("ruf vier eins an", "de", "41"),
    ],
)
async def test_dialed(
    pbx: Simulator, phones: Phones, room: Room, *, said: str, language: str, number: str
) -> None:
    """A number in words is dialed."""
    expose(phones, "45")
    await room.say(said, language)
    assert dialed(pbx) == [number]


@modern
@pytest.mark.usefixtures("agent")
async def test_whole_name(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Who is called like a number is called; one who only has a part of it is not."""
    pbx.engine.add_account("58", "Seven", registered=True)
    pbx.engine.add_account("59", "Eight Ball", registered=True)
    phones = await set_up(hass, entry)
    expose(phones, "45")
    for who, number in (("seven", "58"), ("eight", "8"), ("eight ball", "59")):
        result = await call_tool(hass, "call", who=who)
        assert result.error is (number == "8"), result.data
        if number == "8":
            # It is outside, and models may not.
            assert dialed(pbx) == []
            await call_action(hass, "voice_command", command="call", who=who)
        assert dialed(pbx) == [number]
        (call,) = pbx.engine.calls()
        pbx.engine.hang_up(call.id)
        await phones.wait("45", "call", "idle")


@modern
@pytest.mark.usefixtures("agent")
async def test_spelled_for_voices(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, room: Room
) -> None:
    """A voice says digits one by one; who types reads a number as it is written."""
    expose(phones, "45")
    pbx.engine.ring("+4930222222", "45")
    await phones.wait("45", "ringing", "on")
    typed = Room(hass)
    assert await room.say("who is calling") == "+ 4 9 3 0 2 2 2 2 2 2 is calling."
    assert await typed.say("who is calling") == "+4930222222 is calling."
    for asked_at, told in (
        (None, "+4930222222 is calling."),
        (room.device_id, "+ 4 9 3 0 2 2 2 2 2 2 is calling."),
    ):
        said = await call_action(
            hass, "voice_command", command="who_is_calling", asked_at=asked_at
        )
        assert said
        assert said["speech"] == told
    # A zero before it belongs to it, and a voice would leave it out.
    assert (await room.say("call number 041")) == "Calling 0 4 1."
    assert (await typed.say("call number 041")) == "Calling 041."
