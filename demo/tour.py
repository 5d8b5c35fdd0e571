"""Check what the demo itself shows: each button, each automation, and that it is kept."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import aiohttp

from . import controls
from .buttons import Buttons
from .control import CALLER, CALLER_NAME, SECOND_CALLER, SECOND_NAME, Control
from .dashboard import Phones
from .home import HOST, ROOT, free_port
from .household import LINE
from .pbx import DOOR, DOOR_NAME
from .report import FAILURES, Report, errors_in
from .run import Demo, running
from .sight import TIMEOUT, see

_GROUP = "demo"
_AWAY_SECONDS = 20
# The integration tries again after at most 2 seconds, then 4, then 8.
_RECONNECT_TIMEOUT = 20
RINGING_COLOR, CALL_COLOR = [255, 150, 0], [255, 0, 0]
ANNA = {"remote_number": CALLER, "remote_name": CALLER_NAME}
NOBODY = dict.fromkeys(ANNA)


async def check_demo(report: Report, own: str) -> None:
    """Go through the demo, and through the one that goes on with it."""
    async with aiohttp.ClientSession() as http:
        port = free_port()
        for keep in (False, True):
            async with running(
                "check-demo", own, port, keep=keep, lively=False
            ) as demo:
                tour = Tour(report, demo, Control(http, demo.pbx.control_url))
                await (tour.go_on() if keep else tour.go())
            title = (
                f"no error at all in the log{' of the second start' if keep else ''}"
            )
            async with report.check(_GROUP, title):
                errors = errors_in(demo.home.log.read_text(), ("",))
                assert not errors, "\n".join(errors)


class Tour:
    """Go through a demo."""

    def __init__(self, report: Report, demo: Demo, control: Control) -> None:
        """Prepare to go."""
        self._report = report
        self._client = demo.client
        self._control = control
        self._pbx = demo.pbx
        self._own = demo.pbx.extension
        self._phones = Phones(self._own, {})
        self._doorbell = self._line_dnd = ""

    async def go(self) -> None:
        """Go through all but what takes long."""
        async with self._check("a second line and a door station are set up"):
            await self._find()
        async with self._check("all blueprints are there, and can be used"):
            found = await self._client.command("blueprint/list", domain="automation")
            broken = {path: told for path, told in found.items() if "error" in told}
            assert not broken, broken
            folder = ROOT / "blueprints" / "automation"
            files = {str(path.relative_to(folder)) for path in folder.rglob("*.yaml")}
            assert files <= found.keys(), files - found.keys()
        await self._go_through(
            self._anna,
            self._second_call,
            self._buttons,
            self._door,
            self._line,
            self._privacy,
            self._cut,
        )
        # What somebody makes in the editor, to be found again.
        await self._client.save_automation(
            "mine", {"alias": "Mine", "triggers": [], "actions": []}
        )

    async def go_on(self) -> None:
        """Go through what was kept, and what takes long."""
        async with self._check(
            "--keep: line, door station and own automation are kept"
        ):
            await self._find()
            await see(self._client, {"automation.mine": "on"})
            page = await self._client.command("lovelace/config", url_path="phones")
            assert "Try it" in str(page), page
        await self._go_through(self._anna, self._away)

    async def _go_through(
        self, *parts: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Go through some parts, each with no call up."""
        for part in parts:
            try:
                await self._control.rest()
                await see(self._client, {self._call: "idle"})
                await part()
            except FAILURES as err:
                self._report.fail(_GROUP, str(part.__doc__), err)

    # The parts

    async def _anna(self) -> None:
        """Anna calls, and is answered from the notification."""
        await self._press("anna_calls")
        async with self._check(
            "Let Anna call me: the phone rings, and shows who calls"
        ):
            await see(self._client, {self._call: "ringing"})
            await see(self._client, {self._call: ANNA})
        async with self._check("the desk lamp is orange, and the radio pauses"):
            lamp = {"rgb_color": RINGING_COLOR}
            await see(self._client, {controls.LAMP: lamp, controls.RADIO: "paused"})
        async with self._check("the mobile phone shows who calls, with two buttons"):
            buttons = zip(controls.BUTTONS, ("Answer", "Decline"), strict=True)
            await see(
                self._client,
                {
                    controls.MOBILE: {"message": f"{CALLER_NAME} ({CALLER})"},
                    **{button: {"friendly_name": name} for button, name in buttons},
                },
            )
        async with self._check("its button Answer: the call is connected in the PBX"):
            await self._press("tap_notification", button=0)
            await see(
                self._client, {self._call: "connected", controls.MOBILE: "Nothing"}
            )
            stages = await self._control.stages()
            assert list(stages.values()) == ["connected"], stages
        async with self._check("the desk lamp turns red"):
            await see(self._client, {controls.LAMP: {"rgb_color": CALL_COLOR}})
        async with self._check("the call is over: the lamp is off, the radio plays on"):
            await self._control.rest()
            await see(self._client, {controls.LAMP: "off", controls.RADIO: "playing"})

    async def _second_call(self) -> None:
        """A second call comes, and is declined from the notification."""
        first = await self._control.ring(self._own)
        await self._control.do("answer", call=first, ext=self._own)
        await see(self._client, {self._call: "connected"})
        async with self._check("A second call: it rings beside the first one"):
            await self._press("second_call")
            await see(self._client, {self._call: {"other_calls": 1}})
            stages = await self._control.stages()
            assert sorted(stages.values()) == ["connected", "ringing"], stages
        async with self._check("the button Decline: the PBX ends the second one only"):
            message = {"message": f"{SECOND_NAME} ({SECOND_CALLER})"}
            await see(self._client, {controls.MOBILE: message})
            await self._press("tap_notification", button=1)
            await see(self._client, {self._call: {"other_calls": 0}})
            stages = await self._control.stages()
            assert stages == {first: "connected"}, stages

    async def _buttons(self) -> None:
        """The buttons of the line are pressed, and one says whom it answered."""
        since = datetime.now(UTC)
        entry_id = await self._client.entry_id("vodia")
        buttons = Buttons(self._client, self._control, entry_id, self._own, self._check)
        await buttons.press_all()
        await buttons.see_activity(since)

    async def _door(self) -> None:
        """The door rings."""
        async with self._check("The door rings: its doorbell does, and the phone"):
            before = self._client.states[self._doorbell]["state"]
            await self._press("door_rings")
            await see(self._client, {self._call: {"remote_name": DOOR_NAME}})
            # It is told of in a message of its own, behind that of the phone.
            await self._client.wait_for(
                lambda: self._client.states[self._doorbell]["state"] != before, TIMEOUT
            )
            await see(self._client, {self._doorbell: {"event_type": "ring"}})

    async def _line(self) -> None:
        """The second line has a switch."""
        async with self._check("the switch of the second line: the PBX has it"):
            for action, state in (("turn_on", True), ("turn_off", False)):
                target = {"entity_id": self._line_dnd}
                await self._client.act(f"switch.{action}", target)
                assert (await self._control.account(LINE))["dnd"] is state

    async def _privacy(self) -> None:
        """Privacy hides who calls."""
        await self._control.ring(self._own)
        await see(self._client, {self._call: ANNA})
        for action, shown in (("turn_on", NOBODY), ("turn_off", ANNA)):
            who = "nobody" if shown is NOBODY else "Anna again"
            async with self._check(f"privacy, {action}: the call shows {who}"):
                await self._client.act(
                    f"input_boolean.{action}", {"entity_id": controls.PRIVACY}
                )
                await see(self._client, {self._call: shown}, _RECONNECT_TIMEOUT)
                await see(self._client, {self._call: "ringing"})

    async def _cut(self) -> None:
        """The link is cut."""
        async with self._check(
            "Cut the link: nothing pretends to know, then all is back"
        ):
            gone = asyncio.create_task(
                see(self._client, {self._connected: "off", self._call: "unavailable"})
            )
            await self._press("cut_link")
            await gone
            await see(
                self._client,
                {self._connected: "on", self._call: "idle"},
                _RECONNECT_TIMEOUT,
            )

    async def _away(self) -> None:
        """The PBX is away for a while."""
        start = monotonic()
        async with self._check("PBX away for 20 s: it is, and all is unavailable"):
            # As a tap does it, which does not wait.
            await self._client.act("script.turn_on", {"entity_id": "script.pbx_away"})
            await see(self._client, {self._connected: "off", self._call: "unavailable"})
            assert not await self._listens(), "the PBX still listens"
        async with self._check("PBX away for 20 s: then it is back, and all with it"):
            await see(
                self._client,
                {self._connected: "on", self._call: "idle"},
                _AWAY_SECONDS + _RECONNECT_TIMEOUT,
            )
            seconds = monotonic() - start
            assert seconds >= _AWAY_SECONDS, f"it was away for {seconds:.0f} s"

    # Help

    def _check(self, title: str) -> AbstractAsyncContextManager[None]:
        """Run the body as one check of the demo."""
        return self._report.check(_GROUP, title)

    @property
    def _call(self) -> str:
        """Return the sensor of the own call."""
        return self._phones(self._own, "call")

    @property
    def _connected(self) -> str:
        """Return the sensor of the link."""
        return self._phones("", "connected")

    async def _find(self) -> None:
        """Find the entities of the entry."""
        client = self._client
        entry_id = await client.entry_id("vodia")
        self._phones = Phones(self._own, await client.entities(entry_id))
        self._doorbell = await client.entity(entry_id, "event", DOOR, "doorbell")
        self._line_dnd = await client.entity(entry_id, "switch", LINE, "dnd")
        await see(client, {self._call: "idle", self._line_dnd: "off"})

    async def _press(self, script: str, **data: Any) -> None:
        """Do what a tap on a button of the page does."""
        await self._client.act(f"script.{script}", {}, **data)

    async def _listens(self) -> bool:
        """Return whether the PBX takes connections."""
        try:
            _, writer = await asyncio.open_connection(HOST, self._pbx.port)
        except OSError:
            return False
        writer.close()
        return True
