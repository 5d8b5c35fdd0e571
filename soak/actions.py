"""What a user does to the phone through Home Assistant, at random."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from custom_components.vodia.const import DOMAIN
from rig.truth import call_state
from simulator import Call, Stage as CallStage

from .office import LINE, WITHHELD, is_between_people
from .shown import BUTTONS
from .stage import Stage


class Actions:
    """Run the actions of the integration, each in a moment in which it must work."""

    def __init__(self, stage: Stage) -> None:
        """Prepare."""
        self._stage = stage
        self._engine = stage.engine
        self._office = stage.office
        self._held: set[tuple[str, float]] = set()
        self._engine.listeners.append(self._on_engine)
        self._messages = 0
        self._acts: dict[Callable[[], Awaitable[str | None]], int] = {
            self._dial: 6,
            self._answer: 8,
            self._reject: 3,
            self._hold: 6,
            self._resume: 6,
            self._transfer: 3,
            self._park: 3,
            self._retrieve: 3,
            self._hang_up: 5,
            self._dnd: 3,
            self._message: 2,
            self._get_calls: 3,
            self._press: 8,
        }

    def _on_engine(self, _: object) -> None:
        """Forget what is not held any more: held again at the phone, it is not ours."""
        if self._held:
            self._held &= {
                (call.id, call.start)
                for call in self._engine.calls()
                if LINE in call.held_by
            }

    def forget_holds(self) -> None:
        """Forget which calls we hold: over a new link they are not ours to resume."""
        self._held.clear()

    async def act(self) -> None:
        """Do something that can be done now, and wait until it is shown."""
        while True:
            (action,) = self._stage.rng.choices([*self._acts], [*self._acts.values()])
            if done := await action():
                self._stage.note(f"action: {done}")
                self._stage.report.actions += 1
                await self._stage.quiet()
                return

    async def _do(self, name: str, *, response: bool = False, **data: object) -> Any:
        """Run an action of the integration; return its response, if that is asked for."""
        self._stage.note(f"action: {name} {data}")
        return await self._stage.hass.services.async_call(
            DOMAIN, name, data, blocking=True, return_response=response
        )

    def _pick(self, fits: Callable[[Call], bool]) -> Call | None:
        """Return a call that our extension talks in, and that fits."""
        return self._office.pick(
            lambda call: (
                call.stage is CallStage.CONNECTED and call.talks(LINE) and fits(call)
            )
        )

    @staticmethod
    def _names_its_parties(call: Call) -> bool:
        """Return whether a call can be sent on, and names who is at its other end.

        One that we made to a group names the group, and the classic PBX wants to hear
        who has answered.
        """
        ends = {call.caller.number, call.called.number} - {WITHHELD}
        return is_between_people(call) and call.other(LINE).number in ends

    async def _dial(self) -> str | None:
        """Dial a colleague, a group or somebody outside."""
        office, rng = self._office, self._stage.rng
        number = rng.choice((office.phone(), office.outsider(), "500", "601"))
        if not (office.has_room(LINE, number) and office.may_call(LINE, number)):
            return None
        await self._do("dial", number=number)
        office.calls_made += 1
        return f"dialed {number}"

    def _ringing(self) -> Call | None:
        """Return some call that rings at the line."""
        return self._office.pick(
            lambda call: call.stage is CallStage.RINGING and LINE in call.rung
        )

    async def _answer(self) -> str | None:
        """Answer a call that rings."""
        call = self._ringing()
        if call is None:
            return None
        await self._do("answer", call_id=call.id)
        assert call.talks(LINE)
        return f"answered {call.id}"

    async def _reject(self) -> str | None:
        """Refuse a call that rings."""
        call = self._ringing()
        if call is None:
            return None
        await self._do("reject", call_id=call.id)
        assert LINE not in call.rung
        return f"rejected {call.id}"

    async def _hold(self) -> str | None:
        """Put a call on hold."""
        call = self._pick(lambda call: not call.held_by)
        if call is None:
            return None
        await self._do("hold", call_id=call.id)
        assert call.held_by == {LINE}
        self._held.add((call.id, call.start))
        return f"held {call.id}"

    async def _resume(self) -> str | None:
        """Take back a call that we have put on hold."""
        call = self._pick(
            lambda call: call.held_by == {LINE} and (call.id, call.start) in self._held
        )
        if call is None:
            return None
        self._held.discard((call.id, call.start))
        await self._do("resume", call_id=call.id)
        assert not call.held_by
        return f"resumed {call.id}"

    async def _transfer(self) -> str | None:
        """Send a call on."""
        call = self._pick(self._names_its_parties)
        target = (
            self._office.target(call, LINE, call.other(LINE).number) if call else None
        )
        if call is None or target is None:
            return None
        await self._do("transfer", call_id=call.id, number=target)
        assert call.called.number == target
        return f"transferred {call.id} to {target}"

    async def _park(self) -> str | None:
        """Park a call."""
        call = self._pick(self._names_its_parties)
        orbit = self._office.free_orbit(call, call.other(LINE).number) if call else None
        if call is None or orbit is None:
            return None
        await self._do("park", call_id=call.id, orbit=orbit)
        assert call.parked
        return f"parked {call.id} in {orbit}"

    async def _retrieve(self) -> str | None:
        """Take back a call that is parked; our phone has to be picked up for that."""
        office = self._office
        call = office.pick(
            lambda call: call.parked and not call.caller.is_account(LINE)
        )
        if call is None or not office.has_room(LINE):
            return None
        orbit = call.called.number
        await self._picked_up(self._do("retrieve", orbit=orbit))
        await self._stage.wait(lambda: call.talks(LINE), f"{call.id} is retrieved")
        return f"retrieved {call.id} from {orbit}"

    async def _picked_up(self, action: Coroutine[Any, Any, None]) -> None:
        """Run an action that lets our phone ring, and pick up."""
        task = asyncio.create_task(action)
        picked_up = False
        while not (task.done() and (picked_up or task.exception())):
            await asyncio.sleep(0.05)
            for call in self._engine.calls():
                if call.stage is CallStage.OWN_RINGING and call.caller.is_account(LINE):
                    self._engine.answer(call.id, LINE)
                    picked_up = True
        await task

    async def _press(self) -> str | None:
        """Press a button, where one call fits and no other one."""
        key = self._stage.rng.choice([*BUTTONS])
        calls = [
            (call, state)
            for call in self._engine.calls()
            if (state := call_state(call, LINE))
        ]
        fitting = [call for call, state in calls if state in BUTTONS[key]]
        if len(fitting) != 1:
            return None
        (call,) = fitting
        if key == "resume" and (call.id, call.start) not in self._held:
            return None
        self._held.discard((call.id, call.start))
        self._stage.note(f"button: {key}")
        entity_id = self._stage.shown.entities[LINE, f"button {key}"].entity_id
        await self._stage.hass.services.async_call(
            "button", "press", {"entity_id": entity_id}, blocking=True
        )
        after = call_state(call, LINE) if call in self._engine.calls() else None
        becomes = {"answer": "connected", "hold": "held", "resume": "connected"}
        assert after == becomes.get(key)
        if key == "hold":
            self._held.add((call.id, call.start))
        return f"pressed {key} for {call.id}"

    async def _hang_up(self) -> str | None:
        """End a call."""
        call = self._pick(lambda call: True)
        if call is None:
            return None
        await self._do("hang_up", call_id=call.id)
        assert call not in self._engine.calls()
        return f"hung up {call.id}"

    async def _dnd(self) -> str | None:
        """Want not to be disturbed, or not any more."""
        if self._engine.calls_of(LINE):
            return None
        enabled = not self._engine.account(LINE).dnd
        await self._do("set_dnd", enabled=enabled)
        assert self._engine.account(LINE).dnd is enabled
        return f"set do not disturb: {enabled}"

    async def _message(self) -> str:
        """Write to a colleague."""
        self._messages += 1
        await self._do("send_message", recipient="41", message=str(self._messages))
        return "wrote to 41"

    async def _get_calls(self) -> str | None:
        """Ask for our calls."""
        entity_id = self._stage.shown.entities[LINE, "call"].entity_id
        listed = await self._do("get_calls", response=True, entity_id=entity_id)
        real = {
            call.id
            for call in self._engine.calls()
            if LINE in call.rung or call.talks(LINE) or call.caller.is_account(LINE)
        }
        assert {call["call_id"] for call in listed["calls"]} == real, (listed, real)
        return "asked for our calls"
