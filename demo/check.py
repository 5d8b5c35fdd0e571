"""Check the integration in a real Home Assistant process, in both dialects.

What happens is brought about in the PBX, over its control API; what Home Assistant makes
of it is read over Home Assistant's own API, and the other way round. Only what a process
of its own proves is here: it loads, the forms work over HTTP, each action reaches the PBX,
an outage passes, and nothing is wrong in the log. The rules of calls are the tests'.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from .buttons import Buttons
from .client import ActionError, Client, Json
from .control import CALLER, CALLER_NAME, Control
from .dashboard import Phones
from .home import Home, english, free_port
from .messages import Messages
from .pbx import PROFILES, QUEUE, Pbx, simulated_pbx
from .report import FAILURES, Report, errors_in
from .sight import TIMEOUT as _TIMEOUT, see
from .spoken import AFTER_A_MISSED_CALL, WHILE_IT_RINGS, say
from .tour import check_demo

MESSAGE = 'The door is "open"\nPlease come 🚪'
ORBIT = "5"
# The integration tries again after at most 2 seconds, then 4, then 8.
_RECONNECT_TIMEOUT = 20


class Scenario:
    """Play the scenario in one dialect."""

    def __init__(
        self,
        report: Report,
        client: Client,
        control: Control,
        pbx: Pbx,
        dialect: str,
    ) -> None:
        """Prepare to play."""
        self._report = report
        self._client = client
        self._control = control
        self._pbx = pbx
        self._dialect = dialect
        self._own = pbx.extension
        self._entry = ""
        self._entities: Mapping[tuple[str, str], str] = {}
        self._performed: set[str] = set()

    async def play(self) -> None:
        """Add the PBX, and check one thing after the other."""
        async with self._check("the config flow adds the PBX with its extensions"):
            self._entry = await self._client.add_pbx(
                self._pbx.url, self._own, self._pbx.passwords[self._own]
            )
            self._entities = await self._client.entities(self._entry)
            await self._see(self._own, call="idle", registered="on", dnd="off")
            await self._see("46", call="idle", registered="on")
        if not self._entry:
            return
        for part in (
            self._incoming_call,
            self._buttons,
            self._call_sent_on,
            self._parked_call,
            self._dialed_call,
            self._lists,
            self._settings,
            self._forwarding,
            self._assist,
            self._refusal,
            self._lost_link,
            self._messages,
        ):
            try:
                await self._control.rest()
                await self._see(self._own, call="idle")
                await part()
            except FAILURES as err:
                # What stands between the checks failed: the next part may still work.
                self._report.fail(self._dialect, str(part.__doc__), err)
        async with self._check("every action of the integration was performed"):
            services = await self._client.command("get_services")
            missed = services["vodia"].keys() - self._performed
            assert not missed, ", ".join(sorted(missed))
        async with self._check("the entry is removed: nothing of it is left"):
            await self._client.remove_pbx(self._entry)
            await self._client.wait_for(lambda: not any(self._states()), _TIMEOUT)
            assert not await self._client.entities(self._entry), "there are entities"

    # The parts

    async def _incoming_call(self) -> None:
        """A call comes in, and all is done with it."""
        own, call = self._own, await self._control.ring(self._own)
        async with self._check(f"ring {own}: it rings, and shows who calls"):
            await self._see(own, call="ringing", ringing="on", in_call="off")
            caller = {"remote_number": CALLER, "remote_name": CALLER_NAME}
            await self._see_call(call_id=call, direction="incoming", **caller)
        steps: tuple[tuple[str, str, str, object], ...] = (
            ("answer", "connected", "stage", "connected"),
            ("hold", "held", "held_by", [own]),
            ("resume", "connected", "held_by", []),
            ("start_recording", "connected", "recording", True),
            ("stop_recording", "connected", "recording", False),
        )
        for action, state, fact, expected in steps:
            async with self._check(f"vodia.{action}: the PBX does, {state} is shown"):
                got = await self._act(action, response=True)
                assert (got["call_id"], got["state"]) == (call, state), got
                there = (await self._control.calls())[call][fact]
                assert there == expected, f"the PBX has {there}"
                await self._see(own, call=state, ringing="off", in_call="on")
        async with self._check("vodia.hang_up: it is gone, in the PBX as well"):
            await self._act("hang_up")
            assert not await self._control.calls(), "the PBX still has the call"
            await self._see(own, call="idle", in_call="off")

    async def _buttons(self) -> None:
        """Each button of the line does what it says."""
        await Buttons(
            self._client, self._control, self._entry, self._own, self._check
        ).press_all(in_vain=True)

    async def _call_sent_on(self) -> None:
        """A call is sent on, another one refused."""
        call = await self._connect()
        async with self._check("vodia.transfer: the PBX rings the other phone"):
            await self._act("transfer", number="46")
            there = (await self._control.calls())[call]
            sent = (there["caller"]["number"], there["stage"], there["rung"])
            assert sent == (CALLER, "ringing", ["46"]), sent
            await self._see(self._own, call="idle", in_call="off")
        await self._control.rest()
        await self._see_call(call_id=await self._control.ring(self._own))
        async with self._check("vodia.reject: the PBX ends the call"):
            await self._act("reject")
            assert not await self._control.calls(), "the PBX still has the call"
            await self._see(self._own, call="idle", ringing="off")

    async def _parked_call(self) -> None:
        """A call is left in a park orbit, and taken back."""
        own, call = self._own, await self._connect()
        for action, where, shown, occupied in (
            ("park", ORBIT, "idle", "on"),
            ("retrieve", own, "connected", "off"),
        ):
            async with self._check(f"vodia.{action}: the PBX does, and it is shown"):
                await self._act(action, orbit=ORBIT)
                await self._see(own, call=shown)
                await self._see(ORBIT, occupied=occupied)
                assert (await self._control.calls())[call]["talker"]["number"] == where

    async def _dialed_call(self) -> None:
        """A call is dialed by action, and one by words."""
        own = self._own
        async with self._check("vodia.dial: returns the call, and the PBX has it"):
            dialed = await self._act("dial", response=True, number="+49 30 123456")
            there = (await self._control.calls())[dialed["call_id"]]
            parties = (there["caller"]["number"], there["called"]["number"])
            assert parties == (own, CALLER), parties
            await self._see(own, call="dialing", ringing="off")
        await self._control.rest()
        async with self._check("vodia.voice_command: calls whom it is told to"):
            said = await self._act(
                "voice_command", response=True, command="call", who="Ferreira Bruno"
            )
            assert said == {"speech": "Calling Bruno Ferreira.", "done": True}, said
            (call,) = (await self._control.calls()).values()
            assert call["called"]["number"] == "41", call["called"]

    async def _lists(self) -> None:
        """Calls that are up, and calls that are over, are returned."""
        own = self._own
        await self._see_call(call_id=await self._control.ring(own))
        async with self._check("vodia.get_calls: returns what the PBX tells"):
            on = self._target("", "connected")
            got = await self._act("get_calls", on=on, response=True)
            found = [(call["account"], call["state"]) for call in got["calls"]]
            assert found == [(own, "ringing")], found
        await self._control.rest()
        async with self._check("vodia.get_call_history: the missed call is the newest"):
            past = (await self._act("get_call_history", response=True))["calls"]
            newest = (past[0]["remote_number"], past[0]["end_reason"])
            assert newest == (CALLER, "missed"), newest
        async with self._check("Activity: says who was missed"):
            call = self._entities[own, "call"]
            await self._client.activity(call, f"missed {CALLER_NAME}")

    async def _settings(self) -> None:
        """Do not disturb is set, and a message is sent."""
        for enabled, state in ((True, "on"), (False, "off")):
            async with self._check(f"vodia.set_dnd {state}: the PBX has it"):
                await self._act("set_dnd", enabled=enabled)
                there = (await self._control.account(self._own))["dnd"]
                assert there is enabled, f"the PBX has {there}"
                await self._see(self._own, dnd=state)
        async with self._check("vodia.send_message: the PBX gets it, word for word"):
            await self._act("send_message", recipient="41", message=MESSAGE)
            (got,) = await self._pbx.wait_for_messages(1, _TIMEOUT)
            assert (got.sender, got.recipient, got.text) == (self._own, "41", MESSAGE)

    async def _forwarding(self) -> None:
        """Calls are sent on, and those of a queue are not taken any more."""
        own, client = self._own, self._client
        sensor = await client.entity(self._entry, "sensor", own, "call_forwarding")
        for state, fields in (
            ("always", {"number": CALLER}),
            ("off", {"enabled": False}),
        ):
            async with self._check(
                f"vodia.set_call_forwarding, {state}: the PBX has it"
            ):
                await self._act("set_call_forwarding", when="always", **fields)
                there = (await self._control.account(own))["settings"]["cfa"]
                assert there == fields.get("number", ""), f"the PBX has {there}"
                await see(client, {sensor: state})
        if self._dialect == "classic":
            # It has no such login.
            return
        key = f"queue_login_{QUEUE}"
        switch = await client.entity(self._entry, "switch", own, key)
        for action, state in (("turn_off", "off"), ("turn_on", "on")):
            async with self._check(f"switch.{action}, a queue: the PBX has it"):
                await client.act(f"switch.{action}", {"entity_id": switch})
                out = (await self._control.account(QUEUE))["logged_out"]
                assert out == ([own] if state == "off" else []), f"the PBX has {out}"
                await see(client, {switch: state})

    async def _assist(self) -> None:
        """Somebody types to Assist, with the sentences that a click has written."""
        async with self._check("the options write the sentences that they show"):
            connected = self._entities["", "connected"]
            before = self._client.states[connected]["last_changed"]
            shown = await self._client.write_sentences(self._entry, "de", "en")
            # In the second dialect they are there already.
            paths = f"{shown['new']} {shown['current']}".split("`")[1::2]
            written = [path for path in paths if Path(path).is_file()]
            assert [Path(path).parent.name for path in written] == ["de", "en"], shown

            def is_back() -> bool:
                """Return whether the options are in use."""
                state = self._client.states[connected]
                return bool(state["state"] == "on" and state["last_changed"] != before)

            await self._client.wait_for(is_back, _TIMEOUT)
            await self._see(self._own, call="idle")
        async with self._check("Assist: may use no telephone before one is exposed"):
            answer = await self._client.say("call Anna")
            assert answer == english("common")["say_not_exposed"], answer
        await self._client.expose(Phones(self._own, self._entities).exposed)
        await self._see_call(call_id=await self._control.ring(self._own))
        await say(self._client, self._check, WHILE_IT_RINGS)
        await self._control.rest()
        await say(self._client, self._check, AFTER_A_MISSED_CALL)
        assert not await self._control.calls(), "the PBX still has the call"

    async def _refusal(self) -> None:
        """An action that cannot be is refused in words."""
        text: str = english("exceptions")["not_a_line"]["message"]
        other, own = [
            f"{number} {(await self._control.account(number))['name']}"
            for number in ("46", self._own)
        ]
        text = text.format(extensions=other, lines=own)
        async with self._check("vodia.dial for another's extension: is refused"):
            refusal = "it was carried out"
            try:
                await self._act("dial", on=self._target("46", "call"), number="41")
            except ActionError as err:
                refusal = str(err)
            # Home Assistant leaves out the last full stop.
            assert text.rstrip(".") in refusal, refusal

    async def _lost_link(self) -> None:
        """The link is lost, and facts are others when it is back."""
        own, call = self._own, await self._connect()
        connected = self._entities["", "connected"]
        others = dict.fromkeys(
            set(self._entities.values()) - {connected}, "unavailable"
        )
        async with self._check("link lost: all is unavailable, but connected is off"):
            await self._control.do("refuse")
            await self._control.do("cut")
            await see(self._client, {connected: "off", **others})
        await self._control.do("hang_up", call=call)
        await self._control.do("dnd", ext=own, state=True)
        async with self._check("link back: the new facts are shown"):
            await self._control.do("accept")
            await self._see("", _RECONNECT_TIMEOUT, connected="on", active_calls="0")
            await self._see(own, call="idle", dnd="on", in_call="off")

    async def _messages(self) -> None:
        """Voicemail is heard, and a colleague is written to."""
        await Messages(self._client, self._pbx, self._entry, self._check).go()

    # Help

    def _check(self, title: str) -> AbstractAsyncContextManager[None]:
        """Run the body as one check of this dialect."""
        return self._report.check(self._dialect, title)

    def _target(self, account: str, key: str) -> Json:
        """Return an entity as the target of an action."""
        return {"entity_id": self._entities[account, key]}

    async def _act(
        self,
        action: str,
        *,
        on: Json | None = None,
        response: bool = False,
        **data: Any,
    ) -> Any:
        """Perform an action, on the own extension if nothing else is named."""
        target = on or self._target(self._own, "call")
        got = await self._client.act(
            f"vodia.{action}", target, response=response, **data
        )
        self._performed.add(action)
        return got

    async def _connect(self) -> str:
        """Let somebody call and the own phone answer; return the id of the call."""
        own, call = self._own, await self._control.ring(self._own)
        await self._control.do("answer", call=call, ext=own)
        await self._see_call(call_id=call)
        await self._see(own, call="connected")
        return call

    def _states(self) -> Iterator[str]:
        """Return the states of the entities of this PBX."""
        for entity_id in self._entities.values():
            if state := self._client.states.get(entity_id):
                yield state["state"]

    async def _see(
        self, account: str, timeout: float = _TIMEOUT, **expected: str
    ) -> None:
        """Wait for entities of an account to have states."""
        states = {
            self._entities[account, key]: state for key, state in expected.items()
        }
        await see(self._client, states, timeout)

    async def _see_call(self, **expected: Any) -> None:
        """Wait for the sensor of the own call to have attributes."""
        await see(self._client, {self._entities[self._own, "call"]: expected})


async def check(own: str) -> int:
    """Check both dialects in one Home Assistant, and the demo itself in another.

    Return the exit status.
    """
    report = Report()
    start = monotonic()
    await asyncio.gather(
        report.survive("dialects", check_dialects(report, own)),
        report.survive("demo", check_demo(report, own)),
    )
    report.total(monotonic() - start)
    return 1 if report.failed else 0


async def check_dialects(report: Report, own: str) -> None:
    """Play the scenario in one dialect after the other."""
    async with (
        Home("check", free_port()) as home,
        Client(home.url) as client,
        aiohttp.ClientSession() as http,
    ):
        for dialect in PROFILES:
            async with simulated_pbx(dialect, own, lively=False) as pbx:
                control = Control(http, pbx.control_url)
                await Scenario(report, client, control, pbx, dialect).play()
    async with report.check("log", "no error names the integration, to the very end"):
        errors = errors_in(home.log.read_text(), ("vodia", "custom_components"))
        assert not errors, "\n".join(errors)
