"""Calls: who calls, calls that ring or are connected, and what the events tell of them."""

from typing import Any, Final

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, callback
from simulator import Simulator

from .entry import Phones, wait_for

CALLER: Final = "+4930111111"
SECOND_CALLER: Final = "+4930222222"
CALLS_PATH: Final = "/rest/user/45@localhost/calls"
# The events of a missed call, and the states of a phone that are not known.
MISSED: Final = ("missed: missed", "ended: missed")
UNKNOWN: Final = [STATE_UNKNOWN] * 3

type TrackingMemory = tuple[str, str | None]


async def ringing(pbx: Simulator, phones: Phones, caller: str = CALLER) -> str:
    """Let a call ring at our phone."""
    call_id = pbx.engine.ring(caller, "45")
    await wait_for(phones.hass, lambda: call_id in call_states(phones))
    return call_id


async def connected(pbx: Simulator, phones: Phones, caller: str = CALLER) -> str:
    """Let our phone talk."""
    call_id = await ringing(pbx, phones, caller)
    pbx.engine.answer(call_id, "45")
    await wait_for(phones.hass, lambda: call_states(phones)[call_id] == "connected")
    return call_id


def call_states(phones: Phones) -> dict[str, str]:
    """Return the states of our calls, by their id."""
    state = phones.entry.runtime_data.client.tenant
    return {call.id: call.state.value for call in state.extensions["45"].calls}


def held(pbx: Simulator, *call_ids: str) -> list[bool]:
    """Return which of the calls somebody holds."""
    return [bool(pbx.engine.call(call_id).held_by) for call_id in call_ids]


class CallEventRecorder:
    """Record the events of an account's calls."""

    def __init__(self, phones: Phones, account: str = "45") -> None:
        """Record from now on."""
        self.phones = phones
        self.entity_id = phones.id(account, "call", "event")
        self.heard: list[dict[str, Any]] = []
        state = phones.hass.states.get(self.entity_id)
        self._time = state.state if state else ""
        phones.hass.bus.async_listen("state_changed", self._hear)

    @callback
    def _hear(self, event: Event[EventStateChangedData]) -> None:
        """Keep an event; that it is (un)available, or restored, is none."""
        new = event.data["new_state"]
        if event.data["entity_id"] != self.entity_id or new is None:
            return
        if new.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN, self._time):
            self._time = new.state
            self.heard.append(dict(new.attributes))

    def events(self, call_id: str | None = None) -> list[TrackingMemory]:
        """Return types and end reasons, of one call or of all."""
        return [
            (attributes["event_type"], attributes["end_reason"])
            for attributes in self.heard
            if call_id in (None, attributes["call_id"])
        ]

    async def expect(
        self, *told: str, call_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Wait for these events; `type: reason` for one that has a reason."""

        def spoken() -> list[str]:
            """Return the events in these words."""
            return [
                f"{kind}: {reason}" if reason else kind
                for kind, reason in self.events(call_id)
            ]

        try:
            await wait_for(self.phones.hass, lambda: spoken() == list(told))
        except TimeoutError:
            raise AssertionError(spoken()) from None
        await self.phones.hass.async_block_till_done()
        assert spoken() == list(told)
        return self.heard


def on_phone(pbx: Simulator) -> list[str]:
    """Return what the PBX was asked to dial, over the socket or REST."""
    frames = [frame["to"] for frame in pbx.received if frame["action"] == "make-call"]
    return frames + [
        body["remote-dial"] for _, body in pbx.bodies if "remote-dial" in body
    ]


def call_requests(pbx: Simulator) -> int:
    """Return how often calls were asked for over the socket."""
    words = {"get-calls", "domain-calls"}
    return len([frame for frame in pbx.received if frame["action"] in words])
