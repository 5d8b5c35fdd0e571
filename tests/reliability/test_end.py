"""The end: unload, reload, remove or stop, whatever goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import gc
import time
from typing import Any

import pytest

from homeassistant.config_entries import ConfigEntryState, OperationNotAllowed
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.flows import fill_in, form
from tests.support.leftovers import nothing_left
from tests.support.outage import lose_link
from tests.support.reliability import (
    BRIEF,
    SLACK,
    begun,
    closed,
    complaints,
    create_pbx,
    flows,
    told,
    tries,
)


@dataclass(frozen=True, slots=True)
class Phase:
    """What goes on when the end comes, and in which dialect.

    `begin` makes it begin; a task that it returns is an action that waits.
    """

    dialect: str
    begin: Callable[
        [HomeAssistant, Simulator, Phones], Awaitable[asyncio.Task[Any] | None]
    ]


async def steady(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Nothing goes on."""


async def backing_off(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The PBX is away, and we wait for the next try."""
    await lose_link(pbx, phones)
    await asyncio.sleep(BRIEF.first_retry)


async def half_open(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The PBX is silent, and we do not know it yet."""
    pbx.freeze()


async def given_up(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The password is refused, and the user has been asked."""
    pbx.switches.faults["login"] = 401
    pbx.expire_sessions()
    await pbx.cut()
    await wait_for(hass, lambda: flows(hass))


async def probing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """We ask over HTTP whether the PBX is alive, for it answers no ping."""
    pbx.switches.faults["tell"] = "hang"
    before = tries(pbx, "tell")
    await begun(hass, pbx, "tell", before)


async def reading(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The accounts are being read again."""
    pbx.switches.faults["accounts"] = "hang"
    before = tries(pbx, "accounts")
    pbx.engine.set_dnd("41", True)
    await begun(hass, pbx, "accounts", before)


async def renewing(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The session has expired, and is being renewed."""
    pbx.switches.faults["login"] = "hang"
    before = tries(pbx, "login")
    pbx.expire_sessions()
    pbx.engine.set_dnd("41", True)
    await begun(hass, pbx, "login", before)


async def acting(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> asyncio.Task[Any]:
    """An action waits for the reply to its REST call."""
    pbx.switches.faults["calls"] = "hang"
    before = tries(pbx, "calls")
    task = hass.async_create_task(call_action(hass, "dial", number="41"))
    await begun(hass, pbx, "calls", before)
    return task


async def confirming(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> asyncio.Task[Any]:
    """An action waits for the state that it asked for."""
    pbx.switches.ignore_commands = True
    before = tries(pbx, "make-call")
    task = hass.async_create_task(call_action(hass, "dial", number="41"))
    await begun(hass, pbx, "make-call", before)
    return task


def reconnecting(
    step: str,
) -> Callable[[HomeAssistant, Simulator, Phones], Awaitable[None]]:
    """Return what makes a step of the way to the next link hang."""

    async def begin(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
        """Lose the link, and let the step hang."""
        pbx.switches.faults[step] = "hang"
        pbx.expire_sessions()
        before = tries(pbx, step)
        await pbx.cut()
        # What is read beside the link may be the first to log in anew.
        await phones.wait("", "connected", "off")
        await begun(hass, pbx, step, before)

    return begin


async def repair(pbx: Simulator) -> None:
    """Make a PBX well again."""
    pbx.switches.faults.clear()
    pbx.switches.ignore_commands = False
    pbx.thaw()
    await pbx.accept()


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(Phase("classic", steady), id="steady"),
        pytest.param(Phase("classic", backing_off), id="backing_off"),
        pytest.param(Phase("modern", half_open), id="half_open"),
        pytest.param(Phase("classic", given_up), id="given_up"),
        pytest.param(Phase("modern", probing), id="probing"),
        pytest.param(Phase("modern", reading), id="reading"),
        pytest.param(Phase("modern", renewing), id="renewing"),
        pytest.param(Phase("modern", acting), id="acting"),
        pytest.param(Phase("classic", confirming), id="confirming"),
        pytest.param(Phase("classic", reconnecting("login")), id="login"),
        pytest.param(Phase("classic", reconnecting("tell")), id="tell"),
        pytest.param(Phase("classic", reconnecting("handshake")), id="handshake"),
        pytest.param(Phase("modern", reconnecting("accounts")), id="accounts"),
        pytest.param(Phase("classic", reconnecting("get-calls")), id="calls"),
    ],
)
async def test_end(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, phase: Phase
) -> None:
    """Whatever goes on, each kind of end is quick and leaves nothing behind."""
    answers_ping = phase.begin is not probing
    async with create_pbx(phase.dialect, answers_ping=answers_ping) as pbx:
        for end in ("unload", "reload", "stop", "remove"):
            caplog.clear()
            entry = create_entry(hass, pbx)
            phones = await set_up(hass, entry)
            waiting = await phase.begin(hass, pbx, phones)
            lost = told(caplog)
            began = time.monotonic()
            if end == "reload":
                reload = hass.async_create_task(
                    hass.config_entries.async_reload(entry.entry_id)
                )
                link = entry.runtime_data.client
                await closed(hass, link)
                # Only the new start finds the PBX well again, perhaps too late.
                await repair(pbx)
                if not await reload:
                    assert await hass.config_entries.async_reload(entry.entry_id)
                await phones.wait("", "connected", "on")
                await wait_for(hass, lambda: pbx.connections == 1)
                names = [task.get_name() for task in asyncio.all_tasks()]
                assert names.count("vodia link") == 1
            elif end == "stop":
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                await hass.async_block_till_done()
            else:
                method = f"async_{end}"
                assert await getattr(hass.config_entries, method)(entry.entry_id)
            if waiting:
                with pytest.raises(HomeAssistantError) as raised:
                    await waiting
                assert raised.value.translation_key == "not_connected"
            # A silent PBX is given a moment to close the socket and the session.
            assert time.monotonic() - began < 1 + 2 + SLACK
            if end != "reload":
                await nothing_left(pbx.port)
            await repair(pbx)
            if end != "remove":
                assert await hass.config_entries.async_remove(entry.entry_id)
                await nothing_left(pbx.port)
            # One that cannot be reached keeps the session until it expires.
            if phase.begin is not backing_off:
                await wait_for(hass, lambda: not pbx.logins._sessions)
            # Nothing is told but what was there before the end.
            assert told(caplog) == lost
            for flow in flows(hass):
                hass.config_entries.flow.async_abort(flow["flow_id"])
        gc.collect()
        assert not [text for text in complaints(caplog) if "nclosed" in text]


@pytest.mark.parametrize(
    ("dialect", "step"),
    [
        pytest.param("classic", "login", id="login"),
        pytest.param("classic", "tell", id="tell"),
        pytest.param("classic", "handshake", id="handshake"),
        pytest.param("modern", "accounts", id="accounts"),
        pytest.param("classic", "get-calls", id="calls"),
    ],
)
@pytest.mark.logs("Setup of config entry .* cancelled")
async def test_end_while_setting_up(
    hass: HomeAssistant, pbx: Simulator, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    """A start, and a form, that hang are ended without anything being left."""
    for end in ("stop", "cancel", "remove", "abort"):
        pbx.switches.faults[step] = "hang"
        before = tries(pbx, step)
        if end == "abort":
            setup: asyncio.Task[Any] = hass.async_create_task(
                fill_in(hass, form(pbx.url))
            )
        else:
            entry = create_entry(hass, pbx)
            setup = hass.async_create_task(
                hass.config_entries.async_setup(entry.entry_id)
            )
        await begun(hass, pbx, step, before)
        began = time.monotonic()
        match end:
            case "stop":
                with pytest.raises(OperationNotAllowed):
                    await hass.config_entries.async_unload(entry.entry_id)
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                assert not await setup
                assert entry.state is ConfigEntryState.SETUP_RETRY
            case "cancel":
                setup.cancel()
                await asyncio.wait([setup])
            case "remove":
                # It waits until the start has failed by itself, or not.
                await hass.config_entries.async_remove(entry.entry_id)
                await setup
            case _:
                (flow,) = hass.config_entries.flow.async_progress()
                hass.config_entries.flow.async_abort(flow["flow_id"])
                pbx.switches.faults.clear()
                with pytest.raises(UnknownFlow):
                    await setup
        took = time.monotonic() - began
        assert took < (BRIEF.connect if end == "remove" else 0) + SLACK
        pbx.switches.faults.clear()
        if end in ("stop", "cancel"):
            await hass.config_entries.async_remove(entry.entry_id)
        await nothing_left(pbx.port)
    gc.collect()
    # What Home Assistant says when it is made to cancel a start itself.
    (cancelled,) = complaints(caplog)
    assert cancelled.endswith("cancelled")
