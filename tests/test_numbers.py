"""Numbers and names as users meet them: in triggers, actions, voice and blueprints."""

from datetime import UTC
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import orjson
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.vodia.const import DOMAIN
from custom_components.vodia.intent import _since
from homeassistant.components import conversation
from homeassistant.components.automation.config import async_validate_config_item
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import yaml as yaml_util
from simulator import Simulator

from .common import Phones, create_entry, set_up, until
from .test_llm import used
from .test_services import act, refused
from .test_triggers import attach, device, rest
from .test_voice import Room, assist, dialed, expose, hass_config_dir, room  # noqa: F401

CALLER = "+4930123456"

type Json = dict[str, Any]

modern = pytest.mark.parametrize("dialect", ["modern"])


@pytest.fixture(autouse=True)
def germany(hass: HomeAssistant) -> None:
    """Live in Germany."""
    hass.config.country = "DE"


async def run_yaml(hass: HomeAssistant, text: str, **variables: Any) -> None:
    """Run a script as it stands in a file of the user's; it raises what an action raises."""
    config = {"script": {"test": {"sequence": yaml_util.parse_yaml(text)}}}
    assert await async_setup_component(hass, "script", config)
    await hass.services.async_call("script", "test", variables, blocking=True)


def on_phone(pbx: Simulator) -> list[str]:
    """Return what the PBX was asked to dial, over the socket or REST."""
    frames = [frame["to"] for frame in pbx.received if frame["action"] == "make-call"]
    return frames + [
        body["remote-dial"] for _, body in pbx.bodies if "remote-dial" in body
    ]


# Triggers


@pytest.mark.parametrize(
    ("filtered", "caller", "fires"),
    [
        ("+49 (0)30 1234567", "+49301234567", True),
        ("tel:+49-30-1234567", "0301234567", True),
        ("030 1234567", "00301234567", True),
        ("+49 171 1234567", "01711234567", True),
        ("0171 1234567", "+431711234567", False),
        ("089 123456", "+4917689123456", False),
        ("12345", "+493099912345", False),
        ("+491701234567", "34567", False),
        ("45", "+4930145", False),
    ],
)
@modern
async def test_filter_by_number(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    filtered: str,
    caller: str,
    fires: bool,
) -> None:
    """A number fits in all of its forms, and no number that ends alike."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), number=filtered)
    any_call = await attach(hass, "call_ringing", device(phones, "45"))
    frame = {"id": "c", "state": "alerting", "extension": ["45"], "to-number": "45"}
    call = {**frame, "from-number": caller, "from": f"<sip:{caller}@localhost>"}
    await pbx.send_raw(orjson.dumps({"action": "call-state", "calls": [call]}).decode())
    await until(hass, lambda: any_call)
    await rest(hass)
    assert bool(fired) is fires


FILTERED = """
    - alias: Filtered
      triggers:
        - trigger: vodia.{trigger}
          target:
            device_id: "{device}"
          options:
            {key}: {number}
      actions:
        - event: filtered
"""


@pytest.mark.parametrize("key", ["number", "dialed_number"])
@pytest.mark.parametrize(
    "number",
    ["0110", "41", "[41, '45']", "030123456", "+4930123456", "41.0", "0", "true"],
)
@modern
async def test_filter_without_quotes(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str, key: str
) -> None:
    """What YAML made a number of may be another one: it is refused with the way to write."""
    found = device(phones, "45")["device_id"]
    for trigger in ("call_ringing", "call_missed", "call_dialing"):
        text = FILTERED.format(trigger=trigger, device=found, key=key, number=number)
        parsed: Any = yaml_util.parse_yaml(text)
        (config,) = parsed
        with pytest.raises(HomeAssistantError, match=r"in quotes.* tel:"):
            await async_validate_config_item(hass, "a", config)
        config["triggers"][0]["options"][key] = "41"
        validated = await async_validate_config_item(hass, "a", config)
        assert validated
        assert validated.validation_error is None


@modern
async def test_filter_by_called_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The called number is filtered like the caller: a list, in any form, or blank."""
    target = device(phones, "45")
    group = await attach(hass, "call_ringing", target, dialed_number="5 00")
    both = await attach(hass, "call_ringing", target, dialed_number=["45", " "])
    blank = await attach(hass, "call_ringing", target, dialed_number="")
    did = await attach(hass, "call_ringing", target, dialed_number="+49 (0)30 5550145")
    pbx.engine.ring(CALLER, "500")
    await until(hass, lambda: group and blank)
    pbx.engine.ring("+4930222222", "45")
    await until(hass, lambda: both and len(blank) == 2)
    frame = {"id": "d", "state": "alerting", "extension": ["45"], "from-number": CALLER}
    call = {**frame, "to-number": "030 5550145"}
    await pbx.send_raw(orjson.dumps({"action": "call-state", "calls": [call]}).decode())
    await until(hass, lambda: did)
    await rest(hass)
    assert (len(group), len(both), len(did)) == (1, 1, 1)
    assert group[0]["dialed_number"] == "500"


@pytest.mark.parametrize(
    ("pattern", "name", "fires"),
    [
        ("*meyer*", "Anna MEYER (home)", True),
        ("Who?", "Who?", True),
        ("Who?", "Whos", False),
        ("[Sales] *", "[sales] Anna", True),
        ("[Sales]", "S", False),
        ("Zoe\u0308", "ZOË", True),
        ("José*", "JOSE\u0301 Ruiz", True),
        ("Straße", "STRASSE", True),
        ("a*", "Banana", False),
        ("*", "", True),
    ],
)
@modern
async def test_filter_by_name(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    pattern: str,
    name: str,
    fires: bool,
) -> None:
    """An asterisk is any text, nothing else is special; case and accents are no matter."""
    fired = await attach(hass, "call_ringing", device(phones, "45"), name=pattern)
    any_call = await attach(hass, "call_ringing", device(phones, "45"))
    pbx.engine.ring(CALLER, "45", name=name)
    await until(hass, lambda: any_call)
    await rest(hass)
    assert bool(fired) is fires


@pytest.mark.parametrize("option", ["number", "dialed_number"])
@pytest.mark.parametrize("value", [46, 6334254, 1.5, True, [46, "47"]])
@modern
async def test_filter_that_is_no_text(
    hass: HomeAssistant, phones: Phones, option: str, value: Any
) -> None:
    """A number that YAML has made a number of is refused, and the text says what to do."""
    with pytest.raises(HomeAssistantError, match=r"in quotes.* tel:"):
        await attach(hass, "call_ringing", device(phones, "45"), **{option: value})
    await attach(hass, "call_ringing", device(phones, "45"), **{option: ["46", "47"]})


# Actions


@pytest.mark.parametrize(
    "number", ["030123456", "4930123456", "+4930123456", "-5", "45.0"]
)
@pytest.mark.logs("Error executing script.*in quotes")
@modern
async def test_dial_what_yaml_made_a_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """A number without quotes is not dialed, for nobody knows what was written."""
    with pytest.raises(HomeAssistantError, match=r"in quotes.* tel:"):
        await run_yaml(hass, f"- action: vodia.dial\n  data:\n    number: {number}\n")
    assert on_phone(pbx) == []


CALL_BACK = """
- action: vodia.dial
  data:
    number: "{{ who }}"
"""


@pytest.mark.logs("Error executing script.*begin with tel:")
@modern
async def test_call_back(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The most natural template calls a colleague; of others it says how to write it."""
    with pytest.raises(HomeAssistantError, match=r"begin with tel:"):
        await run_yaml(hass, CALL_BACK, who="+4930123456")
    assert on_phone(pbx) == []
    await hass.services.async_call("script", "test", {"who": "46"}, blocking=True)
    assert on_phone(pbx) == ["46"]


@pytest.mark.parametrize("who", ["+4930123456", "030123456", "41"])
@modern
async def test_call_back_as_documented(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, who: str
) -> None:
    """With `tel:` in front a number stays what it is."""
    await run_yaml(hass, CALL_BACK.replace("{{", "tel:{{"), who=who)
    assert on_phone(pbx) == [who]


@modern
async def test_short_number_that_is_no_account(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An integer is dialed only if it is an account: 0110 in YAML is 72."""
    for name, data in (
        ("dial", {"number": 72}),
        ("transfer", {"number": 72}),
        ("park", {"orbit": 72}),
        ("retrieve", {"orbit": 72}),
        ("send_message", {"recipient": 72, "message": "x"}),
        ("dial", {"number": 4930123456}),
        ("dial", {"number": 0}),
        ("dial", {"number": 45.0}),
        ("send_message", {"recipient": 4930123456, "message": "x"}),
        ("park", {"orbit": 4930123456}),
    ):
        await refused(hass, "number_not_as_written", name, **data)
    assert on_phone(pbx) == []
    assert not any(frame["action"] == "chat" for frame in pbx.received)


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("tel:+49-30-123456", "+4930123456"),
        ("0171\u202f123\u200e4567", "01711234567"),
        ("\uff10\uff11\uff17\uff11", "0171"),
        ("030 123 x12", "030123"),
        ("0110", "0110"),
        ("+39 (0)6 1234567", "+39061234567"),
        ("1-800-FLOWERS", "18003569377"),
    ],
)
@modern
async def test_dialed_as_written(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str, sent: str
) -> None:
    """What is dialed is what was written, digit by digit."""
    await act(hass, "dial", number=number)
    assert on_phone(pbx) == [sent]


@pytest.mark.parametrize("number", ["4" * 70, "030 Büro", "room10001", "anna"])
@modern
async def test_not_dialed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """What is no number and no account is refused."""
    await refused(hass, "invalid_number", "dial", number=number)
    assert on_phone(pbx) == []


@pytest.mark.parametrize("call_id", ["1700000000.10", "1700000000.1", "170000", "x7"])
@pytest.mark.logs("Error executing script.*nothing showed")
@modern
async def test_call_id_that_looks_like_a_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, call_id: str
) -> None:
    """A template makes 1700000000.1 of 1700000000.10: the call is found all the same."""
    frame = {"state": "alerting", "extension": ["45"], "to-number": "45"}
    calls = [
        {**frame, "id": call_id, "from-number": CALLER},
        {**frame, "id": "1700000001.5", "from-number": "+4930222222"},
    ]
    pbx.switches.rest_status["calls"] = 404
    await pbx.send_raw(orjson.dumps({"action": "call-state", "calls": calls}).decode())
    await phones.wait("45", "call", "ringing")
    text = """
    - action: vodia.reject
      data:
        call_id: "{{ id }}"
      continue_on_error: true
    """
    await run_yaml(hass, text, id=call_id)
    sent = [frame["id"] for frame in pbx.received if frame["action"] == "clear-call"]
    assert sent == [call_id]


@pytest.mark.parametrize("shown", ["017112345", "anna", "+499999999999"])
@modern
async def test_dialed_number_that_the_pbx_rewrites(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, shown: str
) -> None:
    """The only new call that our line makes after our dial is the one that we dialed."""
    pbx.switches.ignore_commands = True
    call = {"id": "c", "state": "alerting", "from-number": "45", "to-number": shown}
    frame = orjson.dumps({"action": "call-state", "calls": [call]}).decode()
    hass.loop.call_later(0.1, lambda: hass.async_create_task(pbx.send_raw(frame)))
    made = await act(hass, "dial", number="0171 1234567")
    assert made
    assert (made["call_id"], made["direction"]) == ("c", "outgoing")


@modern
async def test_call_of_an_extension_is_not_the_dialed_one(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A colleague who calls while we dial rings, though the number dialed ends alike."""
    pbx.switches.ignore_commands = True
    call = {"id": "c", "state": "alerting", "from-number": "34567", "to-number": "45"}
    frame = orjson.dumps({"action": "call-state", "calls": [call]}).decode()
    hass.loop.call_later(0.1, lambda: hass.async_create_task(pbx.send_raw(frame)))
    await refused(
        hass, "not_confirmed", "dial", number="+491701234567", error=HomeAssistantError
    )
    assert phones.state("45", "ringing") == "on"


# The country


@modern
async def test_country(hass: HomeAssistant, pbx: Simulator) -> None:
    """The option outranks the country of Home Assistant; a change of that is heard."""
    entry = create_entry(hass, pbx)
    phones = await set_up(hass, entry)
    fired = await attach(
        hass, "call_ringing", device(phones, "45"), number="0664 1234567"
    )

    async def rings(number: str) -> bool:
        """Return whether the trigger fires for a caller."""
        fired.clear()
        call = pbx.engine.ring(number, "45")
        await phones.wait("45", "ringing", "on")
        await rest(hass)
        pbx.engine.hang_up(call)
        await phones.wait("45", "ringing", "off")
        return bool(fired)

    assert not await rings("+436641234567")
    await hass.config.async_update(country="AT")
    await hass.async_block_till_done()
    await phones.wait("45", "ringing", "off")
    assert entry.runtime_data.client.country == "AT"
    assert await rings("+436641234567")
    hass.config_entries.async_update_entry(entry, options={"country": "CH"})
    assert await hass.config_entries.async_reload(entry.entry_id)
    await phones.wait("45", "ringing", "off")
    assert not await rings("+436641234567")
    assert await rings("+41 66 412 34 567".replace(" ", "")) is False


# Withheld


@pytest.mark.parametrize("name", ["Anonymous", "Private", "Rufnummer unterdrückt", ""])
async def test_withheld(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, name: str
) -> None:
    """A caller who withholds the number is shown as such, and has no name."""
    fired = await attach(hass, "call_ringing", device(phones, "45"))
    pbx.engine.ring("anonymous", "45", name=name)
    await phones.wait("45", "last_caller", "withheld")
    await until(hass, lambda: fired)
    assert (fired[0]["remote_number"], fired[0]["remote_name"]) == (None, None)


async def test_name_is_remembered(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who called with a name has it when we call back."""
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "last_caller", "Anna Meyer")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    made = await act(hass, "dial", number="030 123456")
    assert made
    assert made["remote_name"] == "Anna Meyer"


# Voice


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
    room: Room,  # noqa: F811
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
    room: Room,  # noqa: F811
    number: str,
) -> None:
    """What cannot be called is refused in words, to people and to language models."""
    expose(phones, "45")
    assert await room.say(f"call {number}") == "I cannot call that number."
    told = await room.say(f"ruf {number} an", "de")
    assert told == "Diese Nummer kann ich nicht anrufen."
    for tool in ("call", "transfer"):
        result = await used(hass, tool, who=number)
        assert result.error
        assert result.data == {"error": "I cannot call that number."}
    assert dialed(pbx) == []


@modern
@pytest.mark.parametrize("number", ["4.1", "4,1", "41.5", "030 1.5"])
async def test_said_amount(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    room: Room,  # noqa: F811
    number: str,
) -> None:
    """A number with a decimal point is none to call, whoever says it."""
    expose(phones, "45", "41")
    for sentence in (f"call number {number}", f"call {number}"):
        assert await room.say(sentence) == "I cannot call that number."
    told = await room.say(f"wähle die Nummer {number}", "de")
    assert told == "Diese Nummer kann ich nicht anrufen."
    for tool in ("call", "transfer"):
        result = await used(hass, tool, who=number)
        assert result.data == {"error": "I cannot call that number."}
    said = await act(hass, "voice_command", command="call", who=number)
    assert said
    assert said["speech"] == "I cannot call that number."
    assert dialed(pbx) == []
    # Nor is it a phone.
    said = await act(hass, "voice_command", command="is_on_the_phone", who=number)
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
    assert await async_setup_component(hass, conversation.DOMAIN, {})
    expose(phones, "45")
    result = await used(hass, "call", who=4930123456)
    assert result.data == {"error": "I cannot call that number."}
    assert dialed(pbx) == []
    assert not (await used(hass, "call", who=41)).error
    assert dialed(pbx) == ["41"]


@modern
async def test_voice_command_with_a_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """The action for automations refuses it like the others."""
    await refused(
        hass, "number_not_as_written", "voice_command", command="call", who=4930123456
    )
    # 0110 in YAML is 72.
    await refused(
        hass, "number_not_as_written", "voice_command", command="call", who=72
    )
    await act(hass, "voice_command", command="call", who=41)
    assert dialed(pbx) == ["41"]
    await act(hass, "voice_command", command="call", who="0110")
    assert dialed(pbx) == ["41", "0110"]


async def test_hours_over_the_end_of_summer_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The last four hours are four hours, also when the clock was set back in them."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to("2026-10-25T02:30:00+00:00")
    since, until_ = _since({"hours": 4})
    assert since
    assert (since.astimezone(UTC).isoformat(), until_) == (
        "2026-10-24T22:30:00+00:00",
        None,
    )


# The gate


@pytest.mark.parametrize(
    ("called", "number", "opens"),
    [
        ("5 00", "500", True),
        ("+49 30 5550100", "0305550100", True),
        ("030 5550100", "+49305550101", False),
        ("", "500", True),
    ],
)
@modern
async def test_gate_by_called_number(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    called: str,
    number: str,
    opens: bool,
) -> None:
    """The number that was called is compared as the caller's is: in all of its forms."""
    opened = async_mock_service(hass, "gate", "open")
    any_call = await attach(hass, "call_ringing", device(phones, "45"))
    await gate(hass, phones, called=called)
    call = {"id": "c", "state": "alerting", "extension": ["45"], "from-number": CALLER}
    frame = {"action": "call-state", "calls": [{**call, "to-number": number}]}
    await pbx.send_raw(orjson.dumps(frame).decode())
    await until(hass, lambda: any_call)
    await rest(hass)
    assert bool(opened) is opens


async def gate(hass: HomeAssistant, phones: Phones, **inputs: Any) -> None:
    """Set up a gate that a number opens."""
    inputs = {
        "phones": device(phones, "45"),
        "callers": ["030 123456"],
        "action": [{"action": "gate.open"}],
        **inputs,
    }
    blueprint = {"path": f"{DOMAIN}/open_gate.yaml", "input": inputs}
    assert await async_setup_component(
        hass, "automation", {"automation": {"use_blueprint": blueprint}}
    )


@pytest.mark.parametrize("called", [None, ""])
@modern
async def test_gate_with_privacy(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, called: str | None
) -> None:
    """The call that opened is declined, whoever it is, and no other one."""
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    opened = async_mock_service(hass, "gate", "open")
    line = device(phones, "45")["device_id"]
    inputs = {} if called is None else {"called": called}
    await gate(hass, phones, reject=True, line=line, **inputs)
    withheld = pbx.engine.ring("anonymous", "45", name="Anonymous")
    await phones.wait("45", "ringing", "on")
    call = pbx.engine.ring(CALLER, "45")
    await until(hass, lambda: opened)
    await until(hass, lambda: [one.id for one in pbx.engine.calls()] == [withheld])
    assert call not in (one.id for one in pbx.engine.calls())
