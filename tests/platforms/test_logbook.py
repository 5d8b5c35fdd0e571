"""Activity: one line for a call and a phone, which says whom it was with."""

import asyncio
from dataclasses import dataclass
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.vodia.const import EVENT_CALL_OVER
from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    translation,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from rig.timing import SetClock
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.calls import CALLER, connected, ringing
from tests.support.dialects import modern
from tests.support.entry import Phones, device, set_up, settle, wait_for
from tests.support.outage import lose_link, restore_link
from tests.support.recorder import async_logbook, async_start_logbook
from tests.support.repository import ROOT

ANNA = "Anna Meyer"


@dataclass(frozen=True, slots=True)
class Log:
    """The logbook, as the frontend asks for it."""

    hass: HomeAssistant
    ws_client: WebSocketGenerator
    fired: list[Event[Any]]

    async def rows(self, count: int, **of: list[str]) -> list[dict[str, Any]]:
        """Wait until so many calls were told, and no more; return their rows."""
        await wait_for(self.hass, lambda: len(self.fired) >= count)
        await settle(self.hass, 0.3)
        assert len(self.fired) == count
        rows = await async_logbook(self.hass, self.ws_client, **of)
        return [row for row in rows if row.get("domain") == "vodia"]

    async def lines(self, count: int, **of: list[str]) -> list[str]:
        """Return the lines of some entities or devices, or all, once so many calls were told."""
        return [
            f"{row['name']}: {row['message']}" for row in await self.rows(count, **of)
        ]


@pytest.fixture
async def log(
    recorder_mock: Recorder, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> Log:
    """Return the logbook, whose database is there before Home Assistant."""
    await async_start_logbook(hass)
    return Log(hass, hass_ws_client, async_capture_events(hass, EVENT_CALL_OVER))


async def talk(
    pbx: Simulator, phones: Phones, clock: SetClock, caller: str, seconds: float = 60
) -> None:
    """Let our phone talk for a while."""
    call = await connected(pbx, phones, caller)
    clock.ahead += seconds
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")


async def miss(
    pbx: Simulator, phones: Phones, called: str = "45", caller: str = CALLER
) -> None:
    """Let a call ring, at our phone as well or at this one, until the caller gives up."""
    rings = "45" if called == "500" else called
    call = pbx.engine.ring(caller, called, name=ANNA)
    extensions = phones.entry.runtime_data.extensions
    await wait_for(phones.hass, lambda: extensions[rings].ringing)
    pbx.engine.hang_up(call)
    await wait_for(phones.hass, lambda: extensions[rings].ringing is False)


async def reload(phones: Phones, **options: Any) -> None:
    """Change the options."""
    entries = phones.hass.config_entries
    entries.async_update_entry(phones.entry, options=options)
    assert await entries.async_reload(phones.entry.entry_id)
    await phones.wait("", "connected", "on")


# One call, one phone


async def test_answered(
    log: Log, pbx: Simulator, phones: Phones, clock: SetClock
) -> None:
    """A talk is one line, with its length, once it is over; a hold within it is none."""
    call = pbx.engine.ring(CALLER, "45", name=ANNA)
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 100
    pbx.engine.hold(call, "45")
    await phones.wait("45", "call", "held")
    pbx.engine.resume(call, "45")
    await phones.wait("45", "call", "connected")
    clock.ahead += 90
    assert await log.lines(0) == []
    pbx.engine.hang_up(call)
    assert await log.lines(1) == ["Freya Nilsen: talked 3 min with Anna Meyer"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(40, "40 s"), (59.8, "1 min"), (3569, "59 min"), (3590, "1 h 0 min")],
)
@modern
async def test_length(
    log: Log,
    pbx: Simulator,
    phones: Phones,
    clock: SetClock,
    *,
    seconds: float,
    told: str,
) -> None:
    """A length is as exact as people say it."""
    await talk(pbx, phones, clock, CALLER, seconds)
    assert await log.lines(1) == [f"Freya Nilsen: talked {told} with {CALLER}"]


async def test_missed(log: Log, pbx: Simulator, phones: Phones, offers: None) -> None:
    """A missed call names the caller, by the number where there is no name."""
    pbx.engine.hang_up(await ringing(pbx, phones))
    assert await log.lines(1) == [f"Freya Nilsen: missed {CALLER}"]


async def test_outgoing(
    log: Log, pbx: Simulator, phones: Phones, clock: SetClock
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
    # The colleague's phone has a line of its own.
    page = [device(phones, "45")["device_id"]]
    assert await log.lines(3, device_ids=page) == [
        "Freya Nilsen: called Bruno Ferreira, talked 2 min",
        f"Freya Nilsen: called {CALLER}, no answer",
    ]


@modern
async def test_declined_and_transferred(
    hass: HomeAssistant, log: Log, pbx: Simulator, phones: Phones, clock: SetClock
) -> None:
    """What we did with a call is told as that."""
    await ringing(pbx, phones)
    await call_action(hass, "reject", target=device(phones, "45"))
    await phones.wait("45", "call", "idle")
    await connected(pbx, phones)
    clock.ahead += 60
    await call_action(hass, "transfer", target=device(phones, "45"), number="41")
    await phones.wait("45", "call", "idle")
    assert await log.lines(2) == [
        f"Freya Nilsen: declined {CALLER}",
        f"Freya Nilsen: talked 1 min with {CALLER}, then transferred",
    ]


@modern
async def test_parked(log: Log, pbx: Simulator, phones: Phones) -> None:
    """A call that is left in an orbit was not for the orbit."""
    call = await connected(pbx, phones)
    pbx.engine.transfer(call, "45", "5")
    await phones.wait("5", "occupied", "on")
    (line,) = await log.lines(1)
    assert line == f"Freya Nilsen: talked 0 s with {CALLER}"
    # The code that gets it back is no call to anybody.
    await call_action(log.hass, "retrieve", target=device(phones, "45"), orbit="5")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    assert await log.lines(2) == [line, line]


async def test_withheld(
    log: Log, pbx: Simulator, phones: Phones, clock: SetClock
) -> None:
    """Who withholds the number is called that."""
    await talk(pbx, phones, clock, "anonymous")
    assert await log.lines(1) == ["Freya Nilsen: talked 1 min with a withheld number"]


# One call, several phones


@modern
async def test_group(
    log: Log, pbx: Simulator, phones: Phones, clock: SetClock, offers: None
) -> None:
    """A call to a group is a line of each phone that rang, and none of the group."""
    call = pbx.engine.ring(CALLER, "500", name=ANNA)
    for phone in ("43", "44", "45"):
        await phones.wait(phone, "call", "ringing")
    pbx.engine.answer(call, "44")
    await phones.wait("44", "call", "connected")
    clock.ahead += 180
    pbx.engine.hang_up(call)
    assert sorted(await log.lines(3)) == [
        "Dorothea Kühn: rang: Anna Meyer for Sales, answered by Émile Garnier",
        "Freya Nilsen: rang: Anna Meyer for Sales, answered by Émile Garnier",
        "Émile Garnier: talked 3 min with Anna Meyer for Sales",
    ]


@modern
async def test_missed_by_a_group(
    log: Log, pbx: Simulator, phones: Phones, offers: None
) -> None:
    """A call that nobody of a group took says for which one it was."""
    await miss(pbx, phones, "500")
    assert sorted(await log.lines(3)) == [
        "Dorothea Kühn: missed Anna Meyer for Sales",
        "Freya Nilsen: missed Anna Meyer for Sales",
        "Émile Garnier: missed Anna Meyer for Sales",
    ]


@pytest.mark.parametrize("dialect", ["classic"])
async def test_what_is_not_proven(log: Log, pbx: Simulator, phones: Phones) -> None:
    """Where nobody tells how a call ended, the line says that it rang."""
    await miss(pbx, phones, "500")
    assert sorted(await log.lines(3)) == [
        "Dorothea Kühn: rang: Anna Meyer for Sales",
        "Freya Nilsen: rang: Anna Meyer for Sales",
        "Émile Garnier: rang: Anna Meyer for Sales",
    ]


# Where it is shown


@modern
async def test_where(log: Log, pbx: Simulator, phones: Phones, offers: None) -> None:
    """A line is on the page of its device, and in more-info of Call; nowhere else."""
    await miss(pbx, phones, "41")
    line = ["Bruno Ferreira: missed Anna Meyer"]
    page = [device(phones, "41")["device_id"]]
    entities = [phones.id("41", key) for key in ("call", "in_call")]
    assert await log.lines(1, device_ids=page) == line
    assert await log.lines(1, entity_ids=entities[:1]) == line
    assert await log.lines(1, device_ids=page, entity_ids=entities) == line
    (row,) = await log.rows(1)
    assert row["entity_id"] == phones.id("41", "call")
    assert row["icon"] == "mdi:phone-missed"
    for elsewhere in (entities[1:], [phones.id("45", "call")]):
        assert await log.lines(1, entity_ids=elsewhere) == []
    assert await log.lines(1, device_ids=[device(phones, "45")["device_id"]]) == []


@modern
async def test_without_the_sensor(
    hass: HomeAssistant, log: Log, pbx: Simulator, phones: Phones, offers: None
) -> None:
    """Without the sensor the line is on the page of the device, by the user's name."""
    er.async_get(hass).async_remove(phones.id("41", "call"))
    found = phones.device("41")
    assert found
    dr.async_get(hass).async_update_device(found.id, name_by_user="Reception")
    await hass.async_block_till_done()
    await miss(pbx, phones, "41")
    for of in ({"device_ids": [found.id]}, {}):
        (row,) = await log.rows(1, **of)
        assert (row["name"], row["message"]) == ("Reception", "missed Anna Meyer")
        assert row["entity_id"] is None


async def test_german(
    hass: HomeAssistant, log: Log, pbx: Simulator, phones: Phones, clock: SetClock
) -> None:
    """The lines are in the language of Home Assistant, also those from before."""
    # As the start of Home Assistant does.
    translation.async_setup(hass)
    await talk(pbx, phones, clock, CALLER)
    await hass.config.async_update(language="de")
    await hass.async_block_till_done()
    await talk(pbx, phones, clock, "anonymous")
    assert await log.lines(2) == [
        f"Freya Nilsen: 1 min mit {CALLER} gesprochen",
        "Freya Nilsen: 1 min mit einer unterdrückten Nummer gesprochen",
    ]


@modern
async def test_live(log: Log, pbx: Simulator, phones: Phones, offers: None) -> None:
    """A page of Activity that is open gets the line at once."""
    client = await log.ws_client()
    start = dt_util.utcnow().isoformat()
    await client.send_json_auto_id(
        {
            "type": "logbook/event_stream",
            "start_time": start,
            "entity_ids": [phones.id("41", "call")],
        }
    )
    assert (await client.receive_json())["success"]
    await miss(pbx, phones, "41")
    told: list[str] = []
    async with asyncio.timeout(10):
        while not told:
            rows = (await client.receive_json())["event"]["events"]
            told = [row["message"] for row in rows if "message" in row]
    assert told == ["missed Anna Meyer"]


@modern
async def test_the_rest_is_left_out(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """What the page says keeps all rows out but the lines, and those of Call."""
    page = (ROOT / "docs" / "entities.md").read_text().partition("## Activity")[2]
    (settings,) = re.findall(r"```yaml\n(logbook:.*?)```", page, re.DOTALL)[:1]
    config = parse_yaml(settings)
    assert isinstance(config, dict)
    await async_start_logbook(hass, config)
    phones = await set_up(hass, entry)
    call = pbx.engine.ring(CALLER, "45", name=ANNA)
    await phones.wait("45", "ringing", "on")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await settle(hass)
    rows = [
        row
        for row in await async_logbook(hass, hass_ws_client)
        if not row["entity_id"].startswith("button.")
    ]
    assert {row["entity_id"] for row in rows} == {phones.id("45", "call")}
    told = {row.get("message", row.get("state")) for row in rows}
    assert told == {"ringing", "connected", "idle", "talked 0 s with Anna Meyer"}
    assert len(rows) == len(told)
    # Without it there are more.
    page_of_device = [device(phones, "45")["device_id"]]
    entities = [phones.id("45", key) for key in ("in_call", "ringing", "last_caller")]
    rows = await async_logbook(
        hass, hass_ws_client, device_ids=page_of_device, entity_ids=entities
    )
    assert len(rows) == 6


# Told late


@modern
async def test_backfilled(
    log: Log, pbx: Simulator, phones: Phones, offers: None
) -> None:
    """A call that came and went while the link was down stands at its own time, once."""
    await lose_link(pbx, phones)
    call = pbx.engine.ring(CALLER, "45", name=ANNA)
    began = dt_util.utcnow().timestamp()
    pbx.engine.hang_up(call)
    await asyncio.sleep(3)
    await restore_link(pbx, phones)
    (row,) = await log.rows(1)
    assert row["message"] == "missed Anna Meyer"
    # The PBX tells whole seconds.
    assert row["when"] == pytest.approx(began, abs=1.5)
    await reload(phones)
    await log.rows(1)


# Options


@modern
async def test_privacy(log: Log, pbx: Simulator, phones: Phones, offers: None) -> None:
    """With privacy somebody outside is not named; a colleague is."""
    await reload(phones, privacy=True)
    await miss(pbx, phones, "500")
    await log.lines(3)
    await miss(pbx, phones, caller="42")
    await log.lines(5)
    await miss(pbx, phones, caller="anonymous")
    assert await log.lines(6, entity_ids=[phones.id("45", "call")]) == [
        "Freya Nilsen: missed an outside number for Sales",
        "Freya Nilsen: missed Chidi Okafor",
        "Freya Nilsen: missed an outside number",
    ]
    assert all(
        ANNA not in str(event.data) and CALLER not in str(event.data)
        for event in log.fired
    )


@modern
async def test_own_calls_only(
    log: Log, pbx: Simulator, phones: Phones, offers: None
) -> None:
    """Of phones whose calls are not watched nothing is told."""
    await reload(phones, watch="own")
    await miss(pbx, phones, "500")
    # Whether another phone of the group has answered is not told, either.
    assert await log.lines(1) == ["Freya Nilsen: rang: Anna Meyer for Sales"]


@modern
async def test_phones_without_a_device(
    log: Log, pbx: Simulator, phones: Phones, offers: None
) -> None:
    """Of a phone that the options leave out nothing is told."""
    await reload(phones, accounts="chosen", chosen_accounts=["44"])
    await miss(pbx, phones, "500")
    assert sorted(await log.lines(2)) == [
        "Freya Nilsen: missed Anna Meyer for Sales",
        "Émile Garnier: missed Anna Meyer for Sales",
    ]
