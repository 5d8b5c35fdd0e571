"""Call forwarding of a line: what the PBX tells, and what the action does to it."""

import asyncio
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.dialects import modern
from tests.support.entry import Phones, device, set_up, settle, wait_for
from tests.support.lines import has_line
from tests.support.outage import lose_link

pytestmark = pytest.mark.usefixtures("offers")

MOBILE = "+491701234567"
KEY = "call_forwarding"
# Until the settings are read again without a hint.
SLOWLY = 61


def settings(pbx: Simulator, line: str = "45") -> dict[str, str]:
    """Return what the PBX has of forwarding, less what is empty."""
    told = pbx.engine.account(line).settings
    return {name: value for name, value in told.items() if value and name[:2] == "cf"}


def written(pbx: Simulator) -> list[dict[str, Any]]:
    """Return the bodies with which settings were written."""
    return [body for path, body in pbx.bodies if "user_settings" in path]


async def shows(phones: Phones, state: str, line: str = "45") -> dict[str, Any]:
    """Wait for what the sensor of a line shows; return its attributes."""
    await wait_for(phones.hass, lambda: phones.has(line, KEY))
    return dict((await phones.wait(line, KEY, state)).attributes)


async def forward(hass: HomeAssistant, when: str, **data: Any) -> None:
    """Set call forwarding as an automation does."""
    await call_action(hass, "set_call_forwarding", when=when, **data)


async def test_off(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A line that sends no calls on says so; only lines have the sensor."""
    attributes = await shows(phones, "off")
    assert phones.id("45", KEY) == "sensor.freya_nilsen_call_forwarding"
    names = ("always", "busy", "no_answer", "no_answer_after")
    assert [attributes[name] for name in names] == [None] * 4
    info = phones.get("45", KEY).state_info
    assert info
    assert info["unrecorded_attributes"] >= set(names)
    assert not any(phones.has(number, KEY) for number in ("41", "500", ""))


@pytest.mark.parametrize(
    ("set_at_the_pbx", "state", "attributes"),
    [
        ({"cfa": MOBILE}, "always", {"always": MOBILE}),
        ({"cfa": " 41 ", "cfb": "42"}, "always", {"always": "41", "busy": "42"}),
        ({"cfb": "42"}, "busy", {"busy": "42", "always": None}),
        (
            {"cfn": "42", "cfn_timeout": "20"},
            "no_answer",
            {"no_answer": "42", "no_answer_after": 20},
        ),
        ({"cfb": "42", "cfn": "43"}, "busy_or_no_answer", {"no_answer_after": None}),
        ({"cfn_timeout": "soon"}, "off", {"no_answer_after": None}),
    ],
)
async def test_told(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    *,
    set_at_the_pbx: dict[str, str],
    state: str,
    attributes: dict[str, Any],
) -> None:
    """Whatever the PBX has when it is asked first is shown."""
    pbx.engine.account("45").settings |= set_at_the_pbx
    shown = await shows(await set_up(hass, entry), state)
    assert {name: shown[name] for name in attributes} == attributes


async def test_changed_elsewhere(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What somebody sets at the phone shows within a minute."""
    await shows(phones, "off")
    pbx.engine.set_setting("45", "cfb", "42")
    await asyncio.sleep(SLOWLY)
    assert (await shows(phones, "busy"))["busy"] == "42"


async def test_classic_values(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """Settings may be values as well as rows with a value."""
    pbx.switches.settings_in = "values"
    pbx.engine.set_setting("45", "cfa", "41")
    await shows(await set_up(hass, entry), "always")


# The action


@pytest.mark.parametrize("settings_reply", ["settings", "empty"])
async def test_set(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, settings_reply: Any
) -> None:
    """The PBX has it when the action ends, and nothing else has changed there."""
    pbx.switches.settings_reply = settings_reply
    await shows(phones, "off")
    pbx.engine.set_setting("45", "cfb", "42")
    pbx.engine.set_setting("45", "mwi", "true")
    await forward(hass, "always", number="+49 170 1234567")
    assert settings(pbx) == {"cfa": MOBILE, "cfb": "42"}
    state = phones.get("45", KEY)
    assert state.state == "always"
    assert state.attributes["always"] == MOBILE
    assert state.attributes["busy"] == "42"
    await forward(hass, "always", enabled=False)
    assert settings(pbx) == {"cfb": "42"}
    assert phones.state("45", KEY) == "busy"
    assert pbx.engine.account("45").settings["mwi"] == "true"
    # Only what changes is sent, and nothing of it twice.
    values = [
        {row["name"]: row["value"] for row in body["settings"]}
        if "settings" in body
        else body
        for body in written(pbx)
    ]
    tries = 2 if pbx.switches.dialect == "classic" else 1
    assert values[-1] == {"cfa": ""}
    assert len(values) <= 2 * tries


async def test_no_answer(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The seconds go along where they are given, and stay where they are not."""
    await shows(phones, "off")
    await forward(hass, "no_answer", number="41", after=20)
    assert settings(pbx) == {"cfn": "41", "cfn_timeout": "20"}
    assert phones.get("45", KEY).attributes["no_answer_after"] == 20
    await forward(hass, "no_answer", number=42)
    assert settings(pbx) == {"cfn": "42", "cfn_timeout": "20"}
    await forward(hass, "busy", number="43")
    assert phones.state("45", KEY) == "busy_or_no_answer"


@pytest.mark.parametrize(
    "methods", [{"POST"}, {"PUT"}], ids=["post alone", "put alone"]
)
@modern
async def test_method(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, methods: set[str]
) -> None:
    """Whichever method the PBX takes is used."""
    pbx.switches.settings_methods = methods
    await forward(hass, "busy", number="41")
    assert settings(pbx) == {"cfb": "41"}


async def test_shown_late(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A PBX that shows it a moment later is waited for."""
    await shows(phones, "off")
    pbx.switches.settings_delay = 0.2
    await forward(hass, "busy", number="41")
    assert phones.state("45", KEY) == "busy"


@pytest.mark.usefixtures("germany")
async def test_told_in_another_form(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX may write a number otherwise than we do."""
    phones = await set_up(hass, entry)
    await shows(phones, "off")
    # It takes the number, and keeps it in a form of its own.
    pbx.switches.ignore_commands = True
    for number, kept in (
        (MOBILE, "0170 1234567"),
        ("0170/7654321", "0049170 7654321"),
    ):
        hass.loop.call_later(0.1, pbx.engine.set_setting, "45", "cfa", kept)
        await forward(hass, "always", number=number)
        assert phones.get("45", KEY).attributes["always"] == kept
    pbx.switches.ignore_commands = False


async def test_done_by_nobody(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What the PBX takes and does not do is no success."""
    await shows(phones, "off")
    pbx.switches.ignore_commands = True
    await expect_error(
        hass,
        "not_confirmed",
        "set_call_forwarding",
        error=HomeAssistantError,
        when="always",
        number="41",
    )
    assert phones.state("45", KEY) == "off"


@pytest.mark.parametrize("after", [20, 21])
async def test_seconds_are_confirmed_too(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, after: int
) -> None:
    """The number alone is not what was asked for."""
    pbx.engine.account("45").settings |= {"cfn": "41", "cfn_timeout": "20"}
    pbx.switches.ignore_commands = True
    data = {"when": "no_answer", "number": "41", "after": after}
    if after == 20:
        await call_action(hass, "set_call_forwarding", **data)
    else:
        await expect_error(
            hass,
            "not_confirmed",
            "set_call_forwarding",
            error=HomeAssistantError,
            **data,
        )


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("invalid_number", {"number": "Bruno Ferreira"}),
        ("invalid_number", {"number": ""}),
        ("invalid_number", {"number": "{{ none }}"}),
        ("number_not_as_written", {"number": 301234567}),
        ("number_not_as_written", {"number": 49}),
        ("number_not_as_written", {"number": 41.0}),
        ("forwards_to_itself", {"number": "45"}),
        ("forwards_to_itself", {"number": 45}),
        ("forwarding_number", {}),
        ("forwarding_number", {"number": "41", "enabled": False}),
        ("forwarding_after", {"number": "41", "after": 20}),
        ("forwarding_after", {"when": "no_answer", "enabled": False, "after": 20}),
    ],
)
async def test_bad_input(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    key: str,
    data: dict[str, Any],
) -> None:
    """What cannot be meant is refused in words, and does not reach the PBX."""
    pbx.bodies.clear()
    await expect_error(hass, key, "set_call_forwarding", **{"when": "always"} | data)
    assert not written(pbx)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"when": "sometimes"},
        {"when": "no_answer", "after": 0},
        {"when": "no_answer", "after": 301},
        {"when": "no_answer", "after": "soon"},
        {"when": "always", "until": "18:00"},
    ],
)
async def test_bad_fields(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, data: dict[str, Any]
) -> None:
    """Home Assistant refuses what is no field of the action."""
    with pytest.raises(vol.Invalid):
        await call_action(hass, "set_call_forwarding", number="41", **data)
    assert not written(pbx)


# Rights, several lines, outages


@pytest.mark.parametrize(
    ("status", "key"), [(403, "access_off"), (404, "not_supported")]
)
async def test_refused(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, status: int, key: str
) -> None:
    """A PBX that refuses says so; the sensor shows what is true."""
    await shows(phones, "off")
    before = dict(pbx.switches.rest_status)
    pbx.switches.rest_status |= {"user_settings": status, "self_settings": status}
    await expect_error(
        hass,
        key,
        "set_call_forwarding",
        error=HomeAssistantError,
        when="always",
        number="41",
    )
    assert settings(pbx) == {}
    pbx.switches.rest_status = before
    await forward(hass, "always", number="41")
    assert settings(pbx) == {"cfa": "41"}


@pytest.mark.parametrize("status", [403, 404])
async def test_not_told(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, status: int
) -> None:
    """Where settings are not told there is no sensor."""
    pbx.switches.settings_status = status
    phones = await set_up(hass, entry)
    readings = entry.runtime_data.client.own.data
    await wait_for(hass, lambda: readings.offered[KEY] is False)
    assert not phones.has("45", KEY)
    assert phones.state("", "connected") == "on"


async def test_not_told_any_more(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Settings that are not told any more are not known."""
    await shows(phones, "off")
    pbx.switches.settings_status = 403
    await wait_for(hass, lambda: True)
    await asyncio.sleep(2 * SLOWLY)
    await shows(phones, STATE_UNAVAILABLE)
    pbx.switches.settings_status = 200
    await asyncio.sleep(SLOWLY)
    await shows(phones, "off")


async def test_lines(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Each line has its own; what fails for one does not keep the others from it."""
    await has_line(phones)
    await shows(phones, "off")
    await shows(phones, "off", "41")
    target = {"device_id": [device(phones, n)["device_id"] for n in ("41", "45")]}
    await call_action(
        hass, "set_call_forwarding", target=target, when="busy", number="42"
    )
    assert settings(pbx, "41") == settings(pbx) == {"cfb": "42"}
    await expect_error(
        hass,
        "forwards_to_itself",
        "set_call_forwarding",
        target=target,
        when="always",
        number="41",
    )
    assert settings(pbx, "41") == {"cfb": "42"}
    assert settings(pbx) == {"cfa": "41", "cfb": "42"}
    await expect_error(
        hass,
        "not_a_line",
        "set_call_forwarding",
        target=device(phones, "42"),
        when="always",
        number="41",
    )


async def test_link_lost(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Without a link nothing is known, and nothing is sent."""
    await shows(phones, "off")
    await lose_link(pbx, phones)
    assert phones.state("45", KEY) == STATE_UNAVAILABLE
    await expect_error(
        hass,
        "not_connected",
        "set_call_forwarding",
        error=HomeAssistantError,
        when="always",
        number="41",
    )
    assert not written(pbx)


async def test_reload(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """After a reload it is there again, and true."""
    await shows(phones, "off")
    pbx.engine.set_setting("45", "cfa", "41")
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    await shows(phones, "always")


# Privacy


async def test_privacy(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A number outside is not shown; that calls go somewhere is."""
    pbx.engine.account("45").settings |= {"cfb": MOBILE, "cfn": "41"}
    hass.config_entries.async_update_entry(entry, options={"privacy": True})
    phones = await set_up(hass, entry)
    attributes = await shows(phones, "busy_or_no_answer")
    assert attributes["busy"] is None
    assert attributes["no_answer"] == "41"
    await settle(hass)
    everything = json.dumps(
        [state.as_dict() for state in hass.states.async_all()], default=str
    )
    assert MOBILE not in everything
    assert phones.state("45", KEY) != STATE_UNKNOWN
