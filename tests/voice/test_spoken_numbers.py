"""Numbers as they are said: in sentences, to language models and to the action."""

from datetime import UTC

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.vodia.voice.commands import span_in
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.dialects import modern
from tests.support.entry import Phones
from tests.support.voice import Room, call_tool, dialed, expose

pytestmark = pytest.mark.usefixtures("agent", "germany")


@modern
@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("wähle die Nummer 0110", "de", "0110"),
        ("call number 010", "en", "010"),
        ("dial number 0041", "en", "0041"),
        ("call extension 041", "en", "041"),
        ("call the number 0 1 1 0", "en", "0110"),
        ("rufe die Nummer 007 an", "de", "007"),
        ("call number forty one", "en", "41"),
        ("call 0171\u202f1234567", "en", "01711234567"),
        ("call ٠١٧١", "en", "0171"),
    ],
)
async def test_said(
    pbx: Simulator,
    phones: Phones,
    room: Room,
    *,
    text: str,
    language: str,
    number: str,
) -> None:
    """What is dialed is what was said: with its zeros, in whatever digits."""
    expose(phones, "45")
    await room.say(text, language)
    assert dialed(pbx) == [number]


@modern
@pytest.mark.parametrize(
    "number", ["4" * 70, "+" + "9" * 80, "030 1234567 / 0171 1234567"]
)
async def test_said_what_cannot_be_called(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    room: Room,
    number: str,
) -> None:
    """What cannot be called is refused in words, to people and to language models."""
    expose(phones, "45")
    assert await room.say(f"call {number}") == "I can't call that number."
    told = await room.say(f"ruf {number} an", "de")
    assert told == "Diese Nummer kann ich nicht anrufen."
    for tool in ("call", "transfer"):
        result = await call_tool(hass, tool, who=number)
        assert result.error
        assert result.data == {"error": "I can't call that number."}
    assert dialed(pbx) == []


@modern
@pytest.mark.parametrize("number", ["4.1", "4,1", "41.5", "030 1.5"])
async def test_said_amount(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    room: Room,
    number: str,
) -> None:
    """A number with a decimal point is none to call, whoever says it."""
    expose(phones, "45", "41")
    for sentence in (f"call number {number}", f"call {number}"):
        assert await room.say(sentence) == "I can't call that number."
    told = await room.say(f"wähle die Nummer {number}", "de")
    assert told == "Diese Nummer kann ich nicht anrufen."
    for tool in ("call", "transfer"):
        result = await call_tool(hass, tool, who=number)
        assert result.data == {"error": "I can't call that number."}
    said = await call_action(hass, "voice_command", command="call", who=number)
    assert said
    assert said["speech"] == "I can't call that number."
    assert dialed(pbx) == []
    # Nor is it a phone.
    said = await call_action(
        hass, "voice_command", command="is_on_the_phone", who=number
    )
    assert said
    assert number in said["speech"]
    # Groups of two digits are how some write a number.
    await room.say("call number 01.23.45.67.89")
    assert dialed(pbx) == ["0123456789"]


@modern
async def test_model_says_a_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A number that is none in JSON has lost its plus: only an extension is called."""
    expose(phones, "45")
    result = await call_tool(hass, "call", who=4930123456)
    assert result.data == {"error": "I can't call that number."}
    assert dialed(pbx) == []
    assert not (await call_tool(hass, "call", who=41)).error
    assert dialed(pbx) == ["41"]


@modern
async def test_voice_command_with_a_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The action for automations refuses it like the others."""
    await expect_error(
        hass, "number_not_as_written", "voice_command", command="call", who=4930123456
    )
    # 0110 in YAML is 72.
    await expect_error(
        hass, "number_not_as_written", "voice_command", command="call", who=72
    )
    await call_action(hass, "voice_command", command="call", who=41)
    assert dialed(pbx) == ["41"]
    await call_action(hass, "voice_command", command="call", who="0110")
    assert dialed(pbx) == ["41", "0110"]


async def test_hours_over_the_end_of_summer_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The last four hours are four hours, also when the clock was set back in them."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-10-25T02:30:00+00:00")
    since, until_ = span_in({"hours": 4})
    assert since
    assert (since.astimezone(UTC).isoformat(), until_) == (
        "2026-10-24T22:30:00+00:00",
        None,
    )
