"""Many frames a second, each with its number: none is lost, and they stay in order."""

import asyncio
from dataclasses import dataclass, field
import json
from statistics import median
import time
from typing import override

from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from tests.support.entry import Phones

from .office import LINE
from .play import PATIENCE, Lie, home

# Frames a second.
RATE = 200


@dataclass(slots=True)
class Rate:
    """What was sent and what was shown; every second frame is of either kind."""

    seconds: float
    sent: dict[int, float] = field(default_factory=dict)
    shown: dict[int, float] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    def check(self) -> None:
        """Raise Lie when a frame is lost, or came too early."""
        if lost := self.sent.keys() - self.shown.keys():
            raise Lie(f"{len(lost)} frames are lost: {sorted(lost)[:5]}")
        if self.order != sorted(self.sent):
            raise Lie("the frames are out of order")

    @override
    def __str__(self) -> str:
        """Return the figures."""
        delays = [1e3 * (self.shown[n] - self.sent[n]) for n in self.sent]
        return (
            f"{len(self.sent)} frames in {self.seconds:.0f} s"
            f" ({len(self.sent) / self.seconds:.0f} a second): none lost, in order;"
            f" shown after {median(delays):.1f} ms (median), {max(delays):.0f} ms (worst)"
        )


async def hurry(
    dialect: str, accounts: int, seconds: float, per_second: int = RATE
) -> Rate:
    """Send frames to Home Assistant, and look whether each of them is shown."""
    async with home(dialect, accounts) as (hass, pbx, entry, _):
        rate = Rate(0)
        _listen(hass, Phones(hass, entry), rate)
        began = time.monotonic()
        for number in range(round(seconds * per_second)):
            await asyncio.sleep(began + number / per_second - time.monotonic())
            rate.sent[number] = time.monotonic()
            await pbx.send_raw(_frame(number))
        rate.seconds = time.monotonic() - began
        deadline = time.monotonic() + PATIENCE
        while len(rate.order) < len(rate.sent) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        rate.check()
        return rate


def _frame(number: int) -> str:
    """Return a chat message, or the list of our calls, with its number in it."""
    text = f"Number {number}"
    if number % 2:
        return json.dumps({"action": "chat", "dest": "41", "message": text})
    call = {
        "id": "rate",
        "from": f'"{text}" <sip:+49301234567@localhost;user=phone>',
        "to": f"<sip:{LINE}@localhost>",
        "extension": [LINE],
        "callstate": "connected",
        "start": 1.5,
    }
    return json.dumps({"action": "call-state", "calls": [call]})


def _listen(hass: HomeAssistant, phones: Phones, rate: Rate) -> None:
    """Note each number that is shown anew."""
    told_by = {
        phones.id(LINE, "message", Platform.EVENT): "message",
        phones.id(LINE, "call"): "remote_name",
    }

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        """Note what an entity shows."""
        attribute = told_by.get(event.data["entity_id"])
        state = event.data["new_state"]
        text = state.attributes.get(attribute) if state and attribute else None
        if text:
            number = int(text.split()[1])
            if number not in rate.shown:
                rate.order.append(number)
            rate.shown.setdefault(number, time.monotonic())

    hass.bus.async_listen("state_changed", note)
