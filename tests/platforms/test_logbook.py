"""Activity: one line for a call and a phone, which says whom it was with."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.calls import CALLER, connected, ringing
from tests.support.dialects import modern
from tests.support.entry import Phones, device, set_up, settle, wait_for
from tests.support.outage import lose_link, restore_link
from tests.support.recorder import async_call_lines, async_logbook, async_start_logbook


@pytest.fixture
async def phones(
    recorder_mock: Recorder, hass: HomeAssistant, entry: MockConfigEntry
) -> Phones:
    """Return the phones of a Home Assistant that keeps a logbook."""
    await async_start_logbook(hass)
    return await set_up(hass, entry)


# One call, one phone


async def test_answered(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """A talk is one line, with its length, once it is over; a hold within it is none."""
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 100
    pbx.engine.hold(call, "45")
    await phones.wait("45", "call", "held")
    pbx.engine.resume(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 100
    assert await async_call_lines(hass, hass_ws_client) == []
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        "Freya Nilsen: talked 3 min with Anna Meyer"
    ]


@pytest.mark.parametrize(
    ("seconds", "told"), [(40, "40 s"), (59.8, "1 min"), (3600, "1 h 0 min")]
)
@modern
async def test_length(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    *,
    seconds: float,
    told: str,
) -> None:
    """A length is as exact as people say it."""
    call = await connected(pbx, phones)
    clock.ahead += seconds
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        f"Freya Nilsen: talked {told} with {CALLER}"
    ]


async def test_missed(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """A missed call names the caller, by the number where there is no name."""
    pbx.engine.hang_up(await ringing(pbx, phones))
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        f"Freya Nilsen: missed {CALLER}"
    ]


async def test_outgoing(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """Calls that were made tell whom, colleagues by name, and whether anybody answered."""
    call = pbx.engine.ring("45", "41")
    await phones.wait("45", "call", "dialing")
    pbx.engine.answer(call, "41")
    await phones.wait("45", "call", "connected")
    clock.ahead += 120
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    call = pbx.engine.ring("45", CALLER)
    await phones.wait("45", "call", "dialing")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    lines = await async_call_lines(hass, hass_ws_client)
    assert [line for line in lines if line.startswith("Freya")] == [
        "Freya Nilsen: called Bruno Ferreira, talked 2 min",
        f"Freya Nilsen: called {CALLER}, no answer",
    ]


async def test_declined_and_transferred(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """What we did with a call is told as that."""
    await ringing(pbx, phones)
    await call_action(hass, "reject", target=device(phones, "45"))
    await phones.wait("45", "call", "idle")
    await connected(pbx, phones)
    clock.ahead += 60
    await call_action(hass, "transfer", target=device(phones, "45"), number="41")
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    lines = await async_call_lines(hass, hass_ws_client)
    assert [line for line in lines if line.startswith("Freya")] == [
        f"Freya Nilsen: declined {CALLER}",
        f"Freya Nilsen: talked 1 min with {CALLER}, then transferred",
    ]


async def test_nobody_named(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
) -> None:
    """Who is not known, or withholds the number, is called that."""
    call = pbx.engine.ring("anonymous", "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 60
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        "Freya Nilsen: talked 1 min with a withheld number"
    ]


# One call, several phones


@modern
async def test_group(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """A call to a group is a line of each phone that rang, and none of the group."""
    call = pbx.engine.ring(CALLER, "500", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    rang = sorted(pbx.engine.call(call).rung)
    assert rang == ["43", "44", "45"]
    pbx.engine.answer(call, "44")
    await phones.wait("44", "call", "connected")
    clock.ahead += 180
    pbx.engine.hang_up(call)
    await phones.wait("44", "call", "idle")
    await settle(hass, 5)
    assert sorted(await async_call_lines(hass, hass_ws_client)) == [
        "Dorothea Kühn: rang: Anna Meyer for Sales, answered by Émile Garnier",
        "Freya Nilsen: rang: Anna Meyer for Sales, answered by Émile Garnier",
        "Émile Garnier: talked 3 min with Anna Meyer for Sales",
    ]


async def test_missed_by_a_group(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """A call that nobody of a group took says for which one it was."""
    call = pbx.engine.ring(CALLER, "500", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    await settle(hass, 5)
    lines = await async_call_lines(hass, hass_ws_client)
    told = "rang:" if pbx.switches.dialect == "classic" else "missed"
    assert lines[-1] == f"Freya Nilsen: {told} Anna Meyer for Sales"


# Where it is shown


@modern
async def test_where(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """A line is on the page of its device, and in more-info of Call; nowhere else."""
    call = pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    await phones.wait("41", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("41", "ringing", "off")
    await settle(hass)
    line = ["Bruno Ferreira: missed Anna Meyer"]

    async def lines(**of: list[str]) -> list[str]:
        """Return the lines of some entities or devices."""
        return await async_call_lines(hass, hass_ws_client, **of)

    page = [device(phones, "41")["device_id"]]
    assert await lines(device_ids=page) == line
    assert await lines(entity_ids=[phones.id("41", "call")]) == line
    assert (
        await lines(
            device_ids=page,
            entity_ids=[phones.id("41", key) for key in ("call", "in_call", "ringing")],
        )
        == line
    )
    assert await lines() == line
    for entity_id in (phones.id("41", "in_call"), phones.id("45", "call")):
        assert await lines(entity_ids=[entity_id]) == []
    assert await lines(device_ids=[device(phones, "45")["device_id"]]) == []
    # The row has the entity's name and picture of its own.
    (row,) = [
        row for row in await async_logbook(hass, hass_ws_client) if "message" in row
    ]
    assert row["entity_id"] == phones.id("41", "call")
    assert row["icon"] == "mdi:phone-missed"


@modern
async def test_name_given_by_a_user(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """Without the sensor the line is on the page of the device, by the user's name."""
    er.async_get(hass).async_remove(phones.id("41", "call"))
    await hass.async_block_till_done()
    found = phones.device("41")
    assert found
    dr.async_get(hass).async_update_device(found.id, name_by_user="Reception")
    call = pbx.engine.ring(CALLER, "41", name="Anna Meyer")
    await phones.wait("41", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("41", "ringing", "off")
    await settle(hass)
    assert await async_call_lines(hass, hass_ws_client, device_ids=[found.id]) == [
        "Reception: missed Anna Meyer"
    ]


async def test_german(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """The lines are in the language of Home Assistant, also those from before."""
    await async_start_logbook(hass)
    phones = await set_up(hass, entry)
    call = await connected(pbx, phones)
    clock.ahead += 60
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    await hass.config.async_update(language="de")
    await hass.async_block_till_done()
    call = pbx.engine.ring("anonymous", "45")
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 60
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        f"Freya Nilsen: 1 min mit {CALLER} gesprochen",
        "Freya Nilsen: 1 min mit einer unterdrückten Nummer gesprochen",
    ]


# Told late


@modern
async def test_backfilled(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """A call that came and went while the link was down stands at its own time, once."""
    await lose_link(pbx, phones)
    before = dt_util.utcnow()
    call = pbx.engine.ring(CALLER, "45", name="Anna Meyer")
    clock.ahead += 5
    pbx.engine.hang_up(call)
    clock.ahead += 600
    await restore_link(pbx, phones)
    await settle(hass, 10)
    told = [
        row for row in await async_logbook(hass, hass_ws_client) if "message" in row
    ]
    assert [row["message"] for row in told] == ["missed Anna Meyer"]
    late = dt_util.utc_from_timestamp(told[0]["when"]) - before
    assert timedelta(seconds=-1) <= late <= timedelta(seconds=30)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    await settle(hass, 10)
    assert len(await async_call_lines(hass, hass_ws_client)) == 1


# Options


@modern
async def test_privacy(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """With privacy somebody outside is not named; a colleague is."""
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    for caller, called in ((CALLER, "500"), ("42", "45"), ("anonymous", "45")):
        call = pbx.engine.ring(caller, called, name="Anna Meyer")
        await phones.wait("45", "ringing", "on")
        pbx.engine.hang_up(call)
        await phones.wait("45", "ringing", "off")
        await settle(hass)
    lines = await async_call_lines(
        hass, hass_ws_client, entity_ids=[phones.id("45", "call")]
    )
    assert lines == [
        "Freya Nilsen: missed somebody outside for Sales",
        "Freya Nilsen: missed Chidi Okafor",
        "Freya Nilsen: missed somebody outside",
    ]


@modern
async def test_own_calls_only(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """Of phones whose calls are not watched nothing is told, whatever the PBX sends."""
    hass.config_entries.async_update_entry(
        phones.entry,
        options={"watch": "own", "accounts": "chosen", "chosen_accounts": ["44"]},
    )
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    call = pbx.engine.ring(CALLER, "500", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    await settle(hass)
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    await wait_for(hass, lambda: phones.has("45", "call"))
    await settle(hass, 5)
    assert await async_call_lines(hass, hass_ws_client) == [
        "Freya Nilsen: missed Anna Meyer for Sales"
    ]


@modern
async def test_phones_without_a_device(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    phones: Phones,
    offers: None,
) -> None:
    """Of a phone that the options leave out nothing is told."""
    hass.config_entries.async_update_entry(
        phones.entry, options={"accounts": "chosen", "chosen_accounts": ["44"]}
    )
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")
    call = pbx.engine.ring(CALLER, "500", name="Anna Meyer")
    await phones.wait("45", "ringing", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "ringing", "off")
    await settle(hass)
    assert sorted(await async_call_lines(hass, hass_ws_client)) == [
        "Freya Nilsen: missed Anna Meyer for Sales",
        "Émile Garnier: missed Anna Meyer for Sales",
    ]
