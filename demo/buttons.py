"""Check the buttons of a line: what the PBX does when one is pressed, and what it says."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from .client import ActionError, Client
from .control import CALLER, CALLER_NAME, SECOND_CALLER, Control
from .sight import see

# Seconds after which what happened stands in the database.
_WRITTEN = 15.0


class Buttons:
    """Press the buttons of the own line of an entry."""

    def __init__(
        self,
        client: Client,
        control: Control,
        entry: str,
        own: str,
        check: Callable[[str], AbstractAsyncContextManager[None]],
    ) -> None:
        """Prepare to press; `check` runs its body as one check."""
        self._client, self._control, self._check = client, control, check
        self._entry, self._own = entry, own
        self._call = ""

    async def press_all(self, *, in_vain: bool = False) -> None:
        """Press each one, with calls that it is for; one before there are any."""
        if in_vain:
            await self._press_in_vain()
        found = await self._client.entities(self._entry)
        self._call = found[self._own, "call"]
        first = await self._ring(CALLER)
        second = await self._ring(SECOND_CALLER)
        for key, expected, about in (
            ("answer", {first: "connected", second: "ringing"}, "the longest ringing"),
            ("reject", {first: "connected"}, "the other one"),
            ("hold", {first: "held"}, "the connected one"),
            ("resume", {first: "connected"}, "the held one"),
            ("hang_up", {}, "the connected one"),
        ):
            async with self._check(f"button {key}: the PBX does it with {about}"):
                await self._press(key)
                calls = await self._control.calls()
                states = {
                    call_id: "held" if call["held_by"] else call["stage"]
                    for call_id, call in calls.items()
                }
                assert states == expected, states

    async def _press_in_vain(self) -> None:
        """Press one that can do nothing; Home Assistant logs the refusal."""
        async with self._check("button answer, no call: it says that none is ringing"):
            said = "it was pressed"
            try:
                await self._press("answer")
            except ActionError as err:
                said = str(err)
            assert f"No call is ringing at {self._own}" in said, said

    async def see_activity(self, since: datetime) -> None:
        """Look into the activity, where there is one."""
        button = await self._entity("answer")
        async with self._check("the activity says whom the button answered"):
            said: list[str] = []
            # What happens is written down a few seconds later.
            async with asyncio.timeout(_WRITTEN):
                while not said:
                    await asyncio.sleep(0.5)
                    entries = await self._client.command(
                        "logbook/get_events",
                        start_time=since.isoformat(),
                        entity_ids=[button],
                    )
                    said = [e["message"] for e in entries if "message" in e]
            assert said == [f"answered {CALLER_NAME}, who had waited longest"], said

    async def _ring(self, caller: str) -> str:
        """Let somebody call; return the id once it is shown."""
        call: str = await self._control.ring(self._own, caller)
        others = {"other_calls": 0 if caller == CALLER else 1}
        await see(self._client, {self._call: "ringing"})
        await see(self._client, {self._call: others})
        return call

    async def _press(self, key: str) -> None:
        """Press a button, as a tap on it does."""
        await self._client.act("button.press", {"entity_id": await self._entity(key)})

    async def _entity(self, key: str) -> str:
        """Return a button."""
        return await self._client.entity(self._entry, "button", self._own, key)
