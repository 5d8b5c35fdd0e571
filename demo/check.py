"""Check the integration in a real Home Assistant, without a person.

What happens is brought about in the PBX, over its control API; what Home Assistant
makes of it is read over Home Assistant's own API, and the other way round.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
import json
from time import monotonic
from typing import Any

import aiohttp

from .client import ActionError, Client, Json
from .control import CALLER, CALLER_NAME, SECOND_CALLER, SECOND_NAME, Control
from .dashboard import Phones
from .home import ROOT, Home, free_port
from .pbx import PROFILES, Pbx, simulated_pbx
from .report import FAILURES, Report, errors_in
from .sight import TIMEOUT as _TIMEOUT, see
from .tour import check_demo

MESSAGE = 'The door is "open"\nPlease come 🚪'
NEW_PASSWORD = "another secret"
NEW_EXTENSION, NEW_NAME = "58", "Zoë Frost"

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
        translations = ROOT / "custom_components/vodia/translations/en.json"
        self._errors: Json = json.loads(translations.read_text())["exceptions"]

    async def play(self) -> None:
        """Add the PBX, and check one thing after the other."""
        async with self._check("the config flow adds the PBX with its extensions"):
            self._entry = await self._client.add_pbx(
                self._pbx.url, self._own, self._pbx.passwords[self._own]
            )
            self._entities = await self._client.entities(self._entry)
            await self._see(self._own, call="idle", registered="on", dnd="off")
        if not self._entry:
            return
        for part in (
            self._answered_call,
            self._two_calls,
            self._chosen_call,
            self._rejected_call,
            self._dialed_call,
            self._held_call,
            self._held_at_the_phone,
            self._transferred_call,
            self._deflected_call,
            self._joined_calls,
            self._parked_call,
            self._recorded_call,
            self._message,
            self._get_calls,
            self._history,
            self._spoken,
            self._assist,
            self._do_not_disturb,
            self._registration,
            self._foreign_extension,
            self._new_extension,
            self._line,
            self._lost_link,
            self._new_password,
        ):
            try:
                await self._control.rest()
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

    async def _answered_call(self) -> None:
        """A call comes in, is answered by action, held, and ended."""
        own = self._own
        call = await self._control.ring(own)
        async with self._check(f"ring {own}: binary_sensor ringing is on"):
            await self._see(own, ringing="on", in_call="off")
        async with self._check(f"ring {own}: sensor call is ringing, with who calls"):
            await self._see(own, call="ringing")
            await self._see_call(
                own,
                call_id=call,
                direction="incoming",
                scope="external",
                remote_number=CALLER,
                remote_name=CALLER_NAME,
                other_calls=0,
            )
        async with self._check(f"ring {own}: the PBX counts one ringing call"):
            await self._see("", ringing_calls="1", active_calls="0")
        async with self._check("vodia.answer: the call is connected"):
            answered = await self._act("answer", response=True)
            assert answered["call_id"] == call, answered
            await self._see(own, call="connected", ringing="off", in_call="on")
        async with self._check("vodia.answer: the PBX has it connected, too"):
            there = (await self._control.calls())[call]
            assert there["stage"] == "connected", there["stage"]
            assert there["talker"]["number"] == own, there["talker"]
        async with self._check("vodia.answer: the PBX counts one active call"):
            await self._see("", ringing_calls="0", active_calls="1")
        async with self._check("held in the PBX: sensor call is held"):
            await self._control.do("hold", call=call, ext=own)
            await self._see(own, call="held", in_call="on")
        async with self._check("resumed in the PBX: sensor call is connected"):
            await self._control.do("resume", call=call, ext=own)
            await self._see(own, call="connected", in_call="on")
        async with self._check("ended: sensor call is idle"):
            await self._control.do("hang_up", call=call)
            await self._see(own, call="idle", ringing="off", in_call="off")
            await self._see("", active_calls="0")

    async def _two_calls(self) -> None:
        """A second call rings while the first is connected."""
        own = self._own
        first = await self._control.ring(own)
        await self._control.do("answer", call=first, ext=own)
        second = await self._control.ring(own, SECOND_CALLER, SECOND_NAME)
        async with self._check("two calls: connected is shown, ringing is on"):
            await self._see(own, call="connected", ringing="on", in_call="on")
            await self._see_call(own, call_id=first, other_calls=1)
        async with self._check("two calls: each is counted"):
            await self._see("", ringing_calls="1", active_calls="1")
        async with self._check("two calls: the first ends, the second is shown"):
            await self._control.do("hang_up", call=first)
            await self._see(own, call="ringing", ringing="on", in_call="off")
            await self._see_call(
                own, call_id=second, remote_name=SECOND_NAME, other_calls=0
            )
        async with self._check("two calls: the second ends, too"):
            await self._control.do("hang_up", call=second)
            await self._see(own, call="idle", ringing="off", in_call="off")

    async def _chosen_call(self) -> None:
        """A call is chosen by its id, and left alone when it has moved on."""
        own = self._own
        first = await self._control.ring(own)
        second = await self._control.ring(own, SECOND_CALLER, SECOND_NAME)
        await self._see_call(own, other_calls=1)
        async with self._check("two calls ring: vodia.answer asks which one"):
            await self._refused("several_calls", "answer")
            stages = await self._control.stages()
            assert stages == {first: "ringing", second: "ringing"}, stages
        async with self._check("two calls ring: vodia.answer takes the one named"):
            await self._act("answer", call_id=first)
            stages = await self._control.stages()
            assert stages == {first: "connected", second: "ringing"}, stages
            await self._see(own, call="connected", ringing="on")
            await self._see_call(own, call_id=first, other_calls=1)
        async with self._check("expected_state: a call that moved on is left alone"):
            await self._refused(
                "unexpected_state",
                "hang_up",
                {"state": "connected", "expected": "ringing"},
                call_id=first,
                expected_state="ringing",
            )
            stages = await self._control.stages()
            assert stages == {first: "connected", second: "ringing"}, stages
            await self._see(own, call="connected", in_call="on")
        async with self._check("expected_state: a call as expected is hung up"):
            await self._act("hang_up", call_id=first, expected_state="connected")
            stages = await self._control.stages()
            assert stages == {second: "ringing"}, stages
            await self._see(own, call="ringing", in_call="off")

    async def _rejected_call(self) -> None:
        """A call is rejected by action, at one phone or at the last one."""
        own = self._own
        call = await self._control.ring(own)
        await self._see_call(own, call_id=call)
        async with self._check("vodia.reject: the PBX ends the call as rejected"):
            await self._act("reject")
            assert not await self._control.calls(), "the PBX still has the call"
            ended = (await self._control.log(call))[-1]["details"]
            assert ended == {"reason": "rejected"}, ended
        async with self._check("vodia.reject: sensor call is idle, ringing is off"):
            await self._see(own, call="idle", ringing="off", in_call="off")
        call = await self._control.ring("500")
        await self._see_call(own, call_id=call)
        async with self._check("vodia.reject: a group's call goes on elsewhere"):
            await self._act("reject", call_id=call)
            rung = (await self._control.calls())[call]["rung"]
            assert rung == ["43", "44"], rung
            await self._see(own, call="idle", ringing="off")

    async def _dialed_call(self) -> None:
        """A call is dialed and hung up by action."""
        own, call = self._own, ""
        async with self._check("vodia.dial: returns the call, and the PBX has it"):
            dialed = await self._act("dial", response=True, number="+49 30 123456")
            call = dialed["call_id"]
            assert dialed["direction"] == "outgoing", dialed
            there = (await self._control.calls())[call]
            parties = (there["caller"]["number"], there["called"]["number"])
            assert parties == (own, CALLER), parties
        async with self._check("vodia.dial: sensor call is dialing, ringing stays off"):
            await self._see(own, call="dialing", ringing="off", in_call="off")
            await self._see_call(own, call_id=call, remote_number=CALLER)
        async with self._check("vodia.dial: answered there, it is connected"):
            await self._answer_there(call)
            await self._see(own, call="connected", in_call="on")
        async with self._check("vodia.hang_up: it is gone, in the PBX as well"):
            await self._act("hang_up")
            assert not await self._control.calls(), "the PBX still has the call"
            await self._see(own, call="idle", in_call="off")

    async def _held_call(self) -> None:
        """A call is held and resumed by action."""
        own, call = self._own, await self._connect()
        async with self._check("vodia.hold: the PBX has the call on hold"):
            held = await self._act("hold", response=True)
            assert (held["call_id"], held["state"]) == (call, "held"), held
            holders = (await self._control.calls())[call]["held_by"]
            assert holders == [own], holders
        async with self._check("vodia.hold: sensor call is held, in_call stays on"):
            await self._see(own, call="held", ringing="off", in_call="on")
        async with self._check("vodia.resume: the PBX has nobody on hold"):
            resumed = await self._act("resume", response=True)
            assert (resumed["call_id"], resumed["state"]) == (call, "connected")
            holders = (await self._control.calls())[call]["held_by"]
            assert holders == [], holders
        async with self._check("vodia.resume: sensor call is connected"):
            await self._see(own, call="connected", in_call="on")

    async def _held_at_the_phone(self) -> None:
        """A call that was put on hold at the phone is resumed by action, or refused."""
        own, call = self._own, await self._connect()
        await self._control.do("hold", call=call, ext=own)
        await self._see(own, call="held")
        # The classic dialect can only toggle: it might hold what another has resumed.
        toggles = self._dialect == "classic"
        done, shown = ("refused", "held") if toggles else ("done", "connected")
        async with self._check(f"held at the phone: vodia.resume is {done}"):
            if toggles:
                await self._refused("held_elsewhere", "resume")
            else:
                await self._act("resume")
            holders = (await self._control.calls())[call]["held_by"]
            assert holders == ([own] if toggles else []), holders
            await self._see(own, call=shown, in_call="on")

    async def _transferred_call(self) -> None:
        """A call is sent on without asking."""
        own, call = self._own, await self._connect()
        async with self._check("vodia.transfer: the PBX rings the other phone"):
            await self._act("transfer", number="46")
            there = (await self._control.calls())[call]
            sent = (there["caller"]["number"], there["stage"], there["rung"])
            assert sent == (CALLER, "ringing", ["46"]), sent
        async with self._check("vodia.transfer: the own phone is free again"):
            await self._see(own, call="idle", ringing="off", in_call="off")
        async with self._check("vodia.transfer: the other phone gets the call"):
            await self._control.do("answer", call=call, ext="46")
            await self._see_colleague_with("46", CALLER)

    async def _deflected_call(self) -> None:
        """A call is sent on before it is answered."""
        own, call = self._own, await self._control.ring(self._own)
        await self._see_call(own, call_id=call)
        async with self._check("vodia.transfer while it rings: the PBX deflects it"):
            await self._act("transfer", number="46", expected_state="ringing")
            assert (await self._control.calls())[call]["rung"] == ["46"]
            stopped = {
                entry["account"]: entry["details"]["because"]
                for entry in await self._control.log(call)
                if entry["event"] == "stopped_ringing"
            }
            assert stopped == {own: "deflected"}, stopped
        async with self._check("vodia.transfer while it rings: ringing is off"):
            await self._see(own, call="idle", ringing="off", in_call="off")

    async def _parked_call(self) -> None:
        """A call is left in a park orbit, and taken back."""
        own, call = self._own, await self._connect()
        async with self._check("vodia.park: the orbit is occupied, the phone free"):
            await self._act("park", orbit=ORBIT)
            assert (await self._control.calls())[call]["talker"]["number"] == ORBIT
            await self._see(own, call="idle", in_call="off")
            await self._see(ORBIT, occupied="on")
        async with self._check("vodia.retrieve: the call is back, the orbit empty"):
            await self._act("retrieve", orbit=ORBIT)
            await self._see(own, call="connected", in_call="on")
            await self._see(ORBIT, occupied="off")
            assert (await self._control.calls())[call]["talker"]["number"] == own
        await self._control.do("hang_up", call=call)
        await self._see(own, call="idle")

    async def _joined_calls(self) -> None:
        """A call is held, a colleague asked, and the two joined."""
        own, first, second = self._own, await self._connect(), ""
        async with self._check("a colleague is asked while the caller is on hold"):
            await self._act("hold")
            second = (await self._act("dial", response=True, number="46"))["call_id"]
            await self._answer_there(second, "46")
            await self._see(own, call="connected", in_call="on")
            await self._see_call(own, call_id=second, other_calls=1)
        async with self._check("vodia.transfer with a second call: the PBX joins both"):
            await self._act("transfer", call_id=first, second_call_id=second)
            joined = [
                (call["stage"], {call["caller"]["number"], call["called"]["number"]})
                for call in (await self._control.calls()).values()
            ]
            assert joined == [("connected", {CALLER, "46"})], joined
        async with self._check("vodia.transfer with a second call: both are left"):
            await self._see(own, call="idle", ringing="off", in_call="off")
            await self._see_colleague_with("46", CALLER)

    async def _recorded_call(self) -> None:
        """A call is recorded by action, for a while."""
        own, call = self._own, await self._connect()
        await self._see_call(own, recording=False)
        for action, on in (("start_recording", True), ("stop_recording", False)):
            async with self._check(f"vodia.{action}: the PBX does, and it is shown"):
                told = await self._act(action, response=True)
                assert (told["call_id"], told["recording"]) == (call, on), told
                there = (await self._control.calls())[call]["recording"]
                assert there is on, f"the PBX has {there}"
                await self._see_call(own, recording=on)

    async def _message(self) -> None:
        """A chat message is sent by action."""
        async with self._check("vodia.send_message: the PBX gets it, word for word"):
            await self._act("send_message", recipient="41", message=MESSAGE)
            # The PBX confirms none: it may arrive after the action is done.
            async with asyncio.timeout(_TIMEOUT):
                while not self._pbx.messages:
                    await asyncio.sleep(0.05)
            got = [
                (news.sender, news.recipient, news.text) for news in self._pbx.messages
            ]
            assert got == [(self._own, "41", MESSAGE)], got

    async def _get_calls(self) -> None:
        """The calls that an action returns are those of the PBX."""
        internal = await self._control.ring("42", caller="41", name="")
        await self._control.do("answer", call=internal, ext="42")
        await self._control.ring(self._own)
        # The classic dialect tells that colleagues are busy, but not how.
        told = self._dialect != "classic"
        state, count = ("connected", "1") if told else ("unknown", "unknown")
        async with self._check(f"a call of colleagues: in_call is on, call is {state}"):
            await self._see("41", call=state, in_call="on")
            await self._see("42", call=state, in_call="on")
        async with self._check(f"a call of colleagues: the PBX's counters are {count}"):
            await self._see("", active_calls=count, ringing_calls=count)
        async with self._check("vodia.get_calls: returns what the PBX tells"):
            await self._see(self._own, call="ringing")
            got = await self._act(
                "get_calls", on=self._target("", "connected"), response=True
            )
            expected = {(self._own, "ringing")}
            if told:
                expected |= {("41", "connected"), ("42", "connected")}
            found = {(call["account"], call["state"]) for call in got["calls"]}
            assert found == expected, f"{found} instead of {expected}"

    async def _history(self) -> None:
        """Calls that are over are told by action."""
        own, before = self._own, await self._past()
        missed = await self._control.ring(own)
        await self._control.do("hang_up", call=missed)
        answered = await self._control.ring(own, caller="41", name="")
        await self._control.do("answer", call=answered, ext=own)
        await self._control.do("hang_up", call=answered)
        made = await self._control.ring(SECOND_CALLER, caller=own, name="")
        await self._control.do("hang_up", call=made)
        async with self._check("vodia.get_call_history: tells what was played"):
            after = await self._past()
            played = [
                ("outgoing", SECOND_CALLER, "unanswered"),
                ("incoming", "41", "completed"),
                ("incoming", CALLER, "missed"),
            ]
            told = [
                (call["direction"], call["remote_number"], call["end_reason"])
                for call in after[: len(after) - len(before)]
            ]
            assert told == played, f"{told} instead of {played}"
            assert after[len(played) :] == before, "older calls have changed"

    async def _spoken(self) -> None:
        """Somebody says who is to be called, and asks who calls."""
        own = self._own
        async with self._check("vodia.voice_command: calls whom it is told to"):
            said = await self._act(
                "voice_command", response=True, command="call", who="Ferreira Bruno"
            )
            assert said == {"speech": "Calling Bruno Ferreira.", "done": True}, said
            (call,) = (await self._control.calls()).values()
            assert call["called"]["number"] == "41", call["called"]
        await self._control.rest()
        await self._control.ring(own)
        await self._see(own, call="ringing")
        async with self._check("vodia.voice_command: says who calls"):
            said = await self._act(
                "voice_command", response=True, command="who_is_calling"
            )
            assert said["speech"] == f"{CALLER_NAME} is calling.", said

    async def _assist(self) -> None:
        """Somebody types to Assist, with the sentences that users copy."""
        own = self._own
        async with self._check("Assist: may use no telephone before one is exposed"):
            await self._hear("call Anna", "The voice assistant may not use any")
            assert not await self._control.calls(), "the PBX has a call"
        await self._client.expose(Phones(own, self._entities).exposed)
        async with self._check("Assist: call Anna"):
            await self._hear("call Anna", "Calling Anna Lindqvist.")
            (there,) = (await self._control.calls()).values()
            parties = (there["caller"]["number"], there["called"]["number"])
            assert parties == (own, "40"), parties
        await self._control.rest()
        await self._see(own, call="idle")
        async with self._check("Assist: who is calling, while nobody is"):
            await self._hear("who is calling", "Nobody is calling")
        call = await self._control.ring(own)
        await self._see(own, call="ringing")
        async with self._check("Assist: who is calling, in either language"):
            await self._hear("who is calling", f"{CALLER_NAME} is calling.")
            await self._hear("wer ruft an", f"{CALLER_NAME} ruft an.", "de")
        for said, answer, stage, holders in (
            ("answer the phone", f"connected with {CALLER_NAME}.", "connected", []),
            ("put the call on hold", "The call is on hold.", "connected", [own]),
            ("resume the call", f"with {CALLER_NAME} again.", "connected", []),
        ):
            async with self._check(f"Assist: {said}"):
                await self._hear(said, answer)
                there = (await self._control.calls())[call]
                found = (there["stage"], there["held_by"])
                assert found == (stage, holders), found
        async with self._check("Assist: hang up"):
            await self._hear("hang up", "Hung up.")
            assert not await self._control.calls(), "the PBX still has the call"
        async with self._check("Assist: decline the call, and who it was"):
            await self._control.ring(own, SECOND_CALLER, SECOND_NAME)
            await self._see(own, call="ringing")
            await self._hear("decline the call", "Declined.")
            assert not await self._control.calls(), "the PBX still has the call"
            await self._hear("who called", f"{SECOND_NAME} called")
        for said, state in (("turn on", True), ("turn off", False)):
            async with self._check(f"Assist: {said} do not disturb"):
                await self._hear(f"{said} do not disturb", "Do not disturb is")
                there = (await self._control.account(own))["dnd"]
                assert there is state, f"the PBX has {there}"

    async def _do_not_disturb(self) -> None:
        """Do not disturb is set in the PBX, and by action."""
        own = self._own
        async with self._check("DND set in the PBX: is shown"):
            await self._control.do("dnd", ext=own, state=True)
            await self._see(own, dnd="on")
        async with self._check("DND of a colleague: is shown"):
            await self._control.do("dnd", ext="41", state=True)
            await self._see("41", dnd="on")
            await self._control.do("dnd", ext="41", state=False)
            await self._see("41", dnd="off")
        for enabled, state in ((False, "off"), (True, "on"), (False, "off")):
            async with self._check(f"vodia.set_dnd {state}: the PBX has it"):
                await self._act("set_dnd", enabled=enabled)
                there = (await self._control.account(own))["dnd"]
                assert there is enabled, f"the PBX has {there}"
                await self._see(own, dnd=state)
        if self._dialect != "classic":
            async with self._check("vodia.set_dnd: the PBX has the reason and the end"):
                await self._act(
                    "set_dnd", enabled=True, reason="Lunch", expires={"minutes": 30}
                )
                there = await self._control.account(own)
                got = (there["dnd"], there["dnd_reason"], there["dnd_expires"])
                assert got == (True, "Lunch", 1800), got
                await self._see(own, dnd="on")
            await self._act("set_dnd", enabled=False)

    async def _registration(self) -> None:
        """A phone loses its registration and gets it back."""
        for state, shown in ((False, "off"), (True, "on")):
            verb = "comes back" if state else "unregisters"
            async with self._check(f"a phone {verb}: is shown and counted"):
                await self._control.do("register", ext="43", state=state)
                count = await self._control.registered()
                await self._see("43", registered=shown)
                await self._see("", registered_extensions=str(count))

    async def _foreign_extension(self) -> None:
        """An action on an extension whose login is not known is refused."""
        async with self._check("vodia.dial for another's extension: is refused"):
            await self._refused(
                "not_a_line",
                "dial",
                {"extensions": "46", "lines": self._own},
                on=self._target("46", "call"),
                number="41",
            )
            assert not await self._control.calls(), "the PBX has a call"

    async def _new_extension(self) -> None:
        """An extension is added in the PBX."""
        number = NEW_EXTENSION
        async with self._check("a new extension appears, as a device"):
            await self._control.do("account", ext=number, name=NEW_NAME)
            names = {f"{NEW_NAME} Call", f"{NEW_NAME} Registered"}
            await self._client.wait_for(
                lambda: (
                    names
                    <= {
                        state["attributes"].get("friendly_name")
                        for state in self._client.states.values()
                    }
                ),
                _TIMEOUT,
            )
            self._entities = await self._client.entities(self._entry)
            await self._see(number, call="idle", registered="off")
            devices = await self._client.command("config/device_registry/list")
            assert any(
                device["name"] == NEW_NAME and device["model_id"] == number
                for device in devices
            ), "there is no such device"

    async def _line(self) -> None:
        """A further extension of the household is added as a line."""
        number = "41"
        controls: Mapping[tuple[str, str], str] = {}

        async def there(key: str) -> Json:
            """Return a switch or button of the line as a target, once it can be used."""

            def is_there() -> bool:
                """Return whether it can be used."""
                state = self._client.states.get(controls[number, key])
                return state is not None and state["state"] != "unavailable"

            await self._client.wait_for(is_there, _RECONNECT_TIMEOUT)
            return {"entity_id": controls[number, key]}

        async with self._check("a line is added: it has a switch and buttons"):
            await self._client.add_line(self._entry, number, f"{number}-secret")
            async with asyncio.timeout(_RECONNECT_TIMEOUT):
                while (number, "dnd") not in controls:
                    controls = await self._client.entities(
                        self._entry, ("button", "switch")
                    )
                    await asyncio.sleep(0.1)
            await there("dnd")
        async with self._check("the switch of the line: the PBX has it"):
            for action, state in (("turn_on", True), ("turn_off", False)):
                await self._client.act(f"switch.{action}", await there("dnd"))
                assert (await self._control.account(number))["dnd"] is state
        async with self._check("the buttons of the line: answer and hang up"):
            call = await self._control.ring(number)
            for key in ("answer", "hang_up"):
                await self._client.act("button.press", await there(key))
            assert call not in await self._control.calls(), "it is still there"

    async def _lost_link(self) -> None:
        """The link is lost, and facts are others when it is back."""
        own = self._own
        reloads: list[Json] = []
        await self._client.subscribe(reloads.extend, "config_entries/subscribe")
        reloads.clear()
        call = await self._connect()
        async with self._check("link lost: all is unavailable, but connected is off"):
            await self._control.do("refuse")
            await self._control.do("cut")
            await self._see_all_unavailable()
        await self._control.do("hang_up", call=call)
        await self._control.do("dnd", ext=own, state=True)
        await self._control.do("register", ext="44", state=False)
        async with self._check("link back: the new facts are shown"):
            await self._control.do("accept")
            await self._see("", _RECONNECT_TIMEOUT, connected="on", active_calls="0")
            await self._see(own, call="idle", dnd="on", in_call="off")
            await self._see("44", registered="off")
            count = await self._control.registered()
            await self._see("", registered_extensions=str(count))
        async with self._check("link back: nothing was reloaded for that"):
            states = [
                change["entry"]["state"]
                for change in reloads
                if change["entry"]["entry_id"] == self._entry and change["type"]
            ]
            assert not states, states
        await self._control.do("dnd", ext=own, state=False)
        await self._control.do("register", ext="44", state=True)

    async def _new_password(self) -> None:
        """The password is changed in the PBX, and then in Home Assistant."""
        flows: list[Json] = []
        await self._client.subscribe(flows.extend, "config_entries/flow/subscribe")
        async with self._check("password changed in the PBX: a new one is asked for"):
            await self._control.do("password", ext=self._own, password=NEW_PASSWORD)
            await self._control.do("expire")
            await self._control.do("cut")
            await self._client.wait_for(lambda: self._reauth(flows), _RECONNECT_TIMEOUT)
            await self._see_all_unavailable()
        if (flow := self._reauth(flows)) is None:
            return
        async with self._check("a wrong password: is refused"):
            form = await self._client.configure(
                flow["flow_id"], {"password": "a wrong one"}
            )
            assert form["errors"] == {"base": "invalid_auth"}, form
        async with self._check("the new password: all is available again"):
            done = await self._client.configure(
                flow["flow_id"], {"password": NEW_PASSWORD}
            )
            assert done["reason"] == "reauth_successful", done
            await self._see("", _RECONNECT_TIMEOUT, connected="on")
            await self._see(self._own, call="idle", registered="on")
            await self._client.wait_for(
                lambda: "unavailable" not in set(self._states()), _TIMEOUT
            )

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

    async def _hear(self, said: str, part: str, language: str = "en") -> None:
        """Say something to Assist; its answer contains a text."""
        answer = await self._client.say(said, language)
        assert part in answer, answer

    async def _refused(
        self, key: str, action: str, placeholders: Json | None = None, **data: Any
    ) -> None:
        """Try an action that is refused with one of the translated texts."""
        text: str = self._errors[key]["message"].format(**placeholders or {})
        refusal = ""
        try:
            await self._act(action, **data)
        except ActionError as err:
            refusal = str(err)
        # Home Assistant leaves out the last full stop.
        assert text.rstrip(".") in refusal, refusal or "it was carried out"

    async def _connect(self) -> str:
        """Let somebody call and the own phone answer; return the id of the call."""
        own, call = self._own, await self._control.ring(self._own)
        await self._control.do("answer", call=call, ext=own)
        await self._see_call(own, call_id=call)
        await self._see(own, call="connected")
        return call

    async def _answer_there(self, call: str, account: str | None = None) -> None:
        """Let the other side answer, once the own phone has picked up."""
        while (await self._control.calls())[call]["stage"] == "own_ringing":
            await asyncio.sleep(0.05)
        await self._control.do("answer", call=call, ext=account)

    async def _past(self) -> list[Json]:
        """Return the past calls that the action tells."""
        told = await self._act("get_call_history", response=True)
        past: list[Json] = told["calls"]
        return past

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

    async def _see_call(self, account: str, **expected: Any) -> None:
        """Wait for the sensor call of an account to have attributes."""
        await see(self._client, {self._entities[account, "call"]: expected})

    async def _see_colleague_with(self, account: str, number: str) -> None:
        """Wait for a colleague to talk to somebody, as far as the PBX tells."""
        if self._dialect == "classic":
            await self._see(account, call="unknown", in_call="on")
        else:
            await self._see(account, call="connected", in_call="on")
            await self._see_call(account, remote_number=number)

    async def _see_all_unavailable(self) -> None:
        """Wait for all to be unavailable, but `connected` to be off."""
        connected = self._entities["", "connected"]
        others = set(self._entities.values()) - {connected}
        states = self._client.states
        try:
            await self._client.wait_for(
                lambda: (
                    states[connected]["state"] == "off"
                    and all(states[other]["state"] == "unavailable" for other in others)
                ),
                _TIMEOUT,
            )
        except TimeoutError:
            available = [
                other for other in others if states[other]["state"] != "unavailable"
            ]
            raise AssertionError(
                f"connected is {states[connected]['state']}, "
                f"{len(available)} are available: {', '.join(sorted(available)[:3])} .."
            ) from None

    def _reauth(self, flows: Iterable[Json]) -> Json | None:
        """Return the flow that asks for a new password of this entry."""
        for change in flows:
            context = change.get("flow", {}).get("context", {})
            if context.get("source") == "reauth" and (
                context.get("entry_id") == self._entry
            ):
                return change
        return None


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
