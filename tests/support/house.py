"""A house with people, lights and the like, in which the automations of the page run."""

import asyncio
from dataclasses import dataclass
from datetime import time, timedelta
from types import ModuleType
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import event as event_helper, script as script_helper
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.setup import async_setup_component
from homeassistant.util.async_ import get_scheduled_timer_handles
from simulator import Simulator
from tests.support.calls import CALLER
from tests.support.entry import Phones, wait_for

DOOR, MOBILE_APP = "58", "mobile-app"
MOBILE = "+491711234567"
type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class House:
    """A house with people, lights and the like, and the phones in it."""

    hass: HomeAssistant
    phones: Phones
    messages: list[Json]

    def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state.state

    def attribute(self, entity_id: str, name: str) -> Any:
        """Return an attribute of an entity."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state.attributes[name]

    async def wait(self, entity_id: str, expected: Any, attribute: str = "") -> None:
        """Wait for the state of an entity, or for an attribute of it."""

        def actual() -> Any:
            """Return what it is now."""
            if attribute:
                return self.attribute(entity_id, attribute)
            return self.state(entity_id)

        try:
            await wait_for(self.hass, lambda: actual() == expected)
        except TimeoutError:
            raise AssertionError(
                f"{entity_id} {attribute} is {actual()!r}, not {expected!r}"
            ) from None

    async def act(self, action: str, entity_id: str, **data: Any) -> None:
        """Do what a person in the house does."""
        domain, _, service = action.partition(".")
        await self.hass.services.async_call(
            domain, service, {"entity_id": entity_id, **data}, blocking=True
        )

    async def keep_hours(self, name: str, *, is_on: bool) -> None:
        """Edit a schedule so that it is on or off now."""
        component = self.hass.data[DATA_INSTANCES]["schedule"]
        schedule: Any = component.get_entity(f"schedule.{name}")
        await schedule.async_update_config({"id": name, **hours(name, is_on=is_on)})


def hours(name: str, *, is_on: bool) -> Json:
    """Return a schedule that is always on, or always off."""
    blocks = [{"from": time.min, "to": time.max}] if is_on else []
    days = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
    return {"name": name, **{f"{day}day": blocks for day in days}}


def be(hass: HomeAssistant, where: str) -> None:
    """Let the one who lives in the house be at home or not."""
    zones = ["zone.home"] if where == "home" else []
    hass.states.async_set("person.freya", where, {"in_zones": zones})


async def add(hass: HomeAssistant, **entities: Entity) -> None:
    """Add entities, of whatever domain, by their entity id less the domain."""
    for name, entity in entities.items():
        domain = type(entity).__module__.rpartition(".")[2]
        entity.entity_id = f"{domain}.{name}"
        assert await async_setup_component(hass, domain, {})
        await hass.data[DATA_INSTANCES][domain].async_add_entities([entity])


def optimistic(*actions: str, **config: Any) -> Json:
    """Return a template entity that is what it was told to be."""
    return {**{action: [] for action in actions}, "optimistic": True, **config}


@dataclass(frozen=True, slots=True)
class Automation:
    """An automation of the page, in the house."""

    hass: HomeAssistant
    entity_id: str
    started: list[Event[Json]]

    async def ran(self, times: int = 1) -> None:
        """Wait until it has run for the n-th time, and has come to its end."""
        await wait_for(self.hass, lambda: len(self.started) >= times)
        await wait_for(self.hass, lambda: not self._running)
        assert len(self.started) == times

    async def runs(self, times: int = 1) -> None:
        """Give it time, and expect that it has been started as often, and no oftener."""
        await asyncio.sleep(0.2)
        assert len(self.started) == times

    @property
    def _running(self) -> int:
        """Return how many runs of it there are now."""
        state = self.hass.states.get(self.entity_id)
        assert state
        running: int = state.attributes["current"]
        return running


def timers(hass: HomeAssistant, *modules: ModuleType) -> list[asyncio.TimerHandle]:
    """Return what modules of Home Assistant wait for; sockets have their own timers."""
    names = {module.__name__ for module in modules}
    return [
        handle
        for handle in get_scheduled_timer_handles(hass.loop)
        if not handle.cancelled() and handle._callback.__module__ in names  # type: ignore[attr-defined]
    ]


async def pass_time(hass: HomeAssistant, **duration: float) -> None:
    """Let what Home Assistant waits for in the next time happen now."""
    end = hass.loop.time() + timedelta(**duration).total_seconds()
    for handle in timers(hass, event_helper, script_helper):
        if handle.when() <= end:
            handle._run()
            handle.cancel()
    await asyncio.sleep(0.05)


async def waiting(hass: HomeAssistant) -> None:
    """Wait until an automation has come to where it waits itself."""
    await wait_for(hass, lambda: timers(hass, script_helper))


async def ring(house: House, pbx: Simulator, account: str, caller: str = CALLER) -> str:
    """Call an extension; return the call's id once the phone is known to ring."""
    call = pbx.engine.ring(caller, account)
    if house.phones.is_line(account):
        await house.phones.wait(account, "ringing", "on")
    else:
        await house.phones.wait(account, "call", "ringing")
    return call


async def talk(house: House, pbx: Simulator, account: str) -> str:
    """Let an extension take a call; return its id."""
    call = pbx.engine.ring(CALLER, account)
    pbx.engine.answer(call, account)
    await house.phones.wait(account, "in_call", "on")
    return call
