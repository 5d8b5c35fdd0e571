"""Many frames a second, each with its number: none is lost, and they stay in order."""

import asyncio
from dataclasses import dataclass, field
import json
from statistics import median
import time
from typing import override

from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, callback
from rig.entry import entity_id

from .home import Home, home
from .office import LINE
from .report import Mismatch
from .stage import PATIENCE

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
        """Raise Mismatch when a frame is lost, or came too early."""
        if lost := self.sent.keys() - self.shown.keys():
            raise Mismatch(f"{len(lost)} frames are lost: {sorted(lost)[:5]}")
        if self.order != sorted(self.sent):
            raise Mismatch("the frames are out of order")

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
    async with home(dialect, accounts) as place:
        rate = Rate(0)
        _listen(place, rate)
        began = time.monotonic()
        for number in range(round(seconds * per_second)):
            await asyncio.sleep(began + number / per_second - time.monotonic())
            rate.sent[number] = time.monotonic()
            await place.pbx.send_raw(_frame(number))
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


def _listen(home: Home, rate: Rate) -> None:
    """Note each new number that is shown."""
    shown_by = {
        entity_id(home.hass, home.entry, LINE, key, platform): attribute
        for key, platform, attribute in (
            ("message", Platform.EVENT, "message"),
            ("call", Platform.SENSOR, "remote_name"),
        )
    }

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        """Note what an entity shows."""
        attribute = shown_by.get(event.data["entity_id"])
        state = event.data["new_state"]
        text = state.attributes.get(attribute) if state and attribute else None
        if text:
            number = int(text.split()[1])
            if number not in rate.shown:
                rate.order.append(number)
            rate.shown.setdefault(number, time.monotonic())

    home.hass.bus.async_listen("state_changed", note)
