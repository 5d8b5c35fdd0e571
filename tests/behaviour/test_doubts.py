"""What is not known about a PBX, in a covering set of combinations: nothing may lie.

A day at the office is played for each combination. After every step all that is shown
must be what the simulator's engine knows, or unknown; of our own line it must be known.
Each pair of answers to two open questions comes up in at least one combination.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import fields, replace
from typing import Any

from allpairspy import AllPairs
import pytest

from custom_components.vodia.const import DOMAIN, TIMING
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from rig.timing import QUICK, QUICK_LINE_DATA
from rig.truth import is_busy_by_presence, truth_of_extension
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.doubts import _YES_NO, DOUBTS
from tests.support.entry import Phones, wait_for

type Switch = dict[str, Any]

# Some PBXs tell of presence by the slow read alone, and a day has many steps.
HASTY = replace(QUICK, slow_read=0.2, between_reads=0.05, line_data=QUICK_LINE_DATA)

FRIEND = "+4930123456"
_REST = {
    "classic": {
        "nothing": ("accounts", "calls", "dnd", "history", "user_settings", "srvflags"),
        "settings": ("accounts", "calls", "dnd", "history", "srvflags"),
        "all": (),
    },
    "modern": {
        "all": ("self_settings", "json"),
        "no calls": ("self_settings", "json", "calls"),
        "calls forbidden": ("self_settings", "json"),
    },
}
# Answers that some login or the presence of others cannot do without.
_IMPOSSIBLE: tuple[Callable[[str, Switch], bool], ...] = (
    # Own calls would be pushed without anybody having asked for a first list.
    lambda dialect, doubt: (
        doubt.get("answers_get_calls") is False and dialect == "classic"
    ),
)


def combinations(dialect: str) -> Iterator[Switch]:
    """Return combinations of answers that hold each pair of answers."""
    doubts = DOUBTS[dialect]

    def is_possible(values: list[Any]) -> bool:
        """Return whether answers, the first ones of a combination, fit together."""
        doubt = dict(zip(doubts, values, strict=False))
        return not any(impossible(dialect, doubt) for impossible in _IMPOSSIBLE)

    for values in AllPairs(list(doubts.values()), filter_func=is_possible):
        yield dict(zip(doubts, values, strict=True))


def create_switches(dialect: str, doubt: Switch) -> Switches:
    """Return the options of a PBX that answers the open questions so."""
    doubt = doubt | {"rest_status": dict.fromkeys(_REST[dialect][doubt["rest"]], 404)}
    if doubt["rest"] == "calls forbidden":
        doubt["rest_status"]["calls"] = 403
    del doubt["rest"]
    return Switches(
        dialect=dialect,  # type: ignore[arg-type]
        basic=dialect == "modern",
        server_header="PBX/5.3" if dialect == "classic" else "PBX/70.1",
        **({"websocket_paths": {"/websocket"}} if dialect == "modern" else {})
        | {key: set(v) if isinstance(v, set) else v for key, v in doubt.items()},
    )


class Day:
    """A day at the office."""

    def __init__(
        self, hass: HomeAssistant, pbx: Simulator, phones: Phones, doubt: Switch
    ) -> None:
        """Begin it."""
        self.hass = hass
        self.pbx = pbx
        self.engine = pbx.engine
        self.phones = phones
        self.doubt = doubt
        self.others = [
            number
            for number, account in pbx.engine.tenant("localhost").accounts.items()
            if phones.has(number) and account.type == "extensions" and number != "45"
        ]

    def truth(self, number: str) -> Switch:
        """Return what an extension really is."""
        return truth_of_extension(self.engine.account(number), self.engine.calls())

    def lies(self) -> dict[str, str]:
        """Return what is shown and not true."""
        return {
            f"{number} {key}": f"{shown} is {true}"
            for number in ("45", *self.others)
            for key, true in self.truth(number).items()
            if (shown := self.phones.state(number, key)) != true
            and not self.is_fair(number, key, shown)
        }

    def is_fair(self, number: str, key: str, shown: str) -> bool:
        """Return whether a state that is not the truth is no lie."""
        if shown == STATE_UNKNOWN:
            return self.may_be_unknown(number, key)
        return number != "45" and is_busy_by_presence(
            key,
            shown,
            self.phones.state(number, "call"),
            self.engine.calls_of(number),
        )

    def may_be_unknown(self, number: str, key: str) -> bool:
        """Return whether this PBX may leave a fact open."""
        if key in ("registered", "dnd"):
            return False
        # Without an answer to the subscription, our own calls are known with the first.
        return number != "45" or not self.doubt.get("initial_call_state", True)

    async def check(self, step: str) -> None:
        """Expect the truth to be shown, and to stay."""
        for _ in range(2):
            try:
                await wait_for(self.hass, lambda: not self.lies())
            except TimeoutError:
                raise AssertionError(f"{step}: {self.lies()}") from None
            await self.pbx.flush()
            await self.hass.async_block_till_done()

    async def command(self, name: str, instead: Callable[[], object]) -> None:
        """Give a command; where calls have no ids it happens at the phone."""
        if self.doubt["call_ids"]:
            await call_action(self.hass, name)
        else:
            instead()

    async def pause(self) -> None:
        """Wait for the slow read, by which alone some PBXs tell of presence."""
        if not self.doubt["user_state"]:
            await asyncio.sleep(HASTY.slow_read * 1.5)

    async def play(self) -> None:
        """Play it."""
        await self.check("morning")
        for part in (
            self.incoming,
            self.of_others,
            self.groups,
            self.dialed,
            self.two_calls,
            self.presence,
            self.beside,
            self.outage,
        ):
            await part()
            for call in self.engine.calls():
                self.engine.hang_up(call.id)
            await self.check(f"after {part.__name__}")

    async def incoming(self) -> None:
        """A call is answered, held, resumed and ended; another one is rejected."""
        engine = self.engine
        call = engine.ring(CALLER, "45", name="Anna")
        await self.check("rings")
        await self.command("answer", lambda: engine.answer(call, "45"))
        await self.check("answered")
        await self.pause()
        await self.command("hold", lambda: engine.hold(call, "45"))
        await self.check("held")
        await self.command("resume", lambda: engine.resume(call, "45"))
        await self.check("resumed")
        await self.command("hang_up", lambda: engine.hang_up(call, "45"))
        await self.check("hung up")
        call = engine.ring("41", "45")
        await self.check("rings again")
        await self.pause()
        await self.command("reject", lambda: engine.reject(call, "45"))
        await self.check("rejected")

    async def of_others(self) -> None:
        """Colleagues call each other."""
        call = self.engine.ring("41", "42")
        await self.check("a colleague rings")
        self.engine.answer(call, "42")
        await self.check("a colleague answers")
        self.engine.hold(call, "42")
        await self.check("a colleague holds")
        self.engine.resume(call, "42")
        self.engine.transfer(call, "42", "43")
        await self.check("a colleague transfers")
        self.engine.answer(call, "43")
        await self.check("the transfer is answered")

    async def groups(self) -> None:
        """A group rings: answered elsewhere, answered here, by nobody."""
        for who in ("43", "45", None):
            call = self.engine.ring(SECOND_CALLER, "500", name="Ben")
            await self.check("the group rings")
            if who:
                self.engine.answer(call, who)
                await self.check(f"the group is answered by {who}")
            self.engine.hang_up(call)
            await self.check("the group's call is over")

    async def dialed(self) -> None:
        """We dial a colleague and an outside number; a colleague dials us."""
        self.pbx.switches.dial_pickup = None
        for number in ("41", "+4930555123"):
            dialed = await call_action(self.hass, "dial", number=number)
            assert dialed
            (call,) = [call.id for call in self.engine.calls()]
            await self.check(f"{number} is dialed, our phone rings")
            self.engine.answer(call, "45")
            await self.check(f"{number} rings")
            self.engine.answer(call, number)
            await self.check(f"{number} answers")
            await self.command("hang_up", lambda: self.engine.hang_up(call, "45"))  # noqa: B023
            await self.check(f"{number} is hung up")

    async def two_calls(self) -> None:
        """A second call rings while we talk; the first is transferred."""
        first = self.engine.ring("+4930333333", "45")
        self.engine.answer(first, "45")
        await self.check("the first call is answered")
        second = self.engine.ring("+4930444444", "45")
        await self.check("the second call rings")
        self.engine.transfer(first, "45", "46")
        await self.check("the first call is transferred")
        self.engine.answer(second, "45")
        self.engine.answer(first, "46")
        await self.check("both are answered")

    async def presence(self) -> None:
        """Phones go on do not disturb and lose their registration."""
        for enabled in _YES_NO:
            await call_action(self.hass, "set_dnd", enabled=enabled)
            assert self.engine.account("45").dnd is enabled
            self.engine.set_dnd("41", enabled)
            self.engine.set_registered("42", not enabled)
            self.engine.set_dnd("45", enabled, tenant="branch.example")
            await self.check("presence")
        if self.phones.has("45", "call_forwarding"):
            await call_action(
                self.hass, "set_call_forwarding", when="busy", number="41"
            )
            assert self.engine.account("45").settings["cfb"] == "41"
            assert self.phones.state("45", "call_forwarding") == "busy"

    async def beside(self) -> None:
        """A call is parked, one is missed, a message left, a flag set; a friend calls."""
        engine, phones = self.engine, self.phones
        readings = phones.entry.runtime_data.client.own.data
        parked = engine.ring("+4930888888", "41")
        engine.answer(parked, "41")
        engine.transfer(parked, "41", "5")
        await self.check_beside("parked")
        engine.hang_up(parked)
        await self.check_beside("not parked any more")
        engine.hang_up(engine.ring("+4930888888", "45"))
        engine.leave_message("45", "+4930888888")
        await self.check_beside("missed")
        engine.set_flag("900", True)
        await self.check_beside("flag set at the phone")
        if phones.has("900", "active"):
            writable = self.doubt["flags_writable"]
            with nullcontext() if writable else pytest.raises(HomeAssistantError):
                await self.hass.services.async_call(
                    "switch",
                    "turn_off",
                    {"entity_id": phones.id("900", "active", "switch")},
                    blocking=True,
                )
            assert engine.account("900").active is not writable
            await self.check_beside("flag set by us")
        friend = engine.ring(FRIEND, "45")
        await self.check("a friend calls")
        named = phones.get("45", "call").attributes["remote_name"]
        assert named == ("Anna Meyer" if readings.offered["address_book"] else None)
        engine.hang_up(friend)

    async def check_beside(self, step: str) -> None:
        """Expect what perhaps only REST tells to be true, unknown or not there."""
        history = self.engine.tenant("localhost").history
        parked = any(call.parked for call in self.engine.calls())
        truth = {
            ("5", "occupied", "binary_sensor"): "on" if parked else "off",
            ("900", "active", "switch"): (
                "on" if self.engine.account("900").active else "off"
            ),
            ("45", "voicemail", "sensor"): str(len(self.engine.account("45").messages)),
            ("45", "missed_calls", "sensor"): str(
                sum(
                    record.outcomes.get("45", 0) is None
                    and not record.caller.is_account("45")
                    for record in history
                )
            ),
        }

        def lies() -> dict[str, str]:
            """Return what is shown and not true."""
            return {
                f"{number} {key}": f"{shown} is {true}"
                for (number, key, platform), true in truth.items()
                if self.phones.has(number, key)
                and (shown := self.phones.get(number, key, platform).state)
                not in (true, STATE_UNKNOWN)
            }

        # Orbits that are told as our own calls cost a short loss of the link.
        await self.check(step)
        readings = self.phones.entry.runtime_data.client.own.data
        try:
            await wait_for(
                self.hass, lambda: None not in readings.offered.values() and not lies()
            )
        except TimeoutError:
            raise AssertionError(f"{step}: {lies()}") from None

    async def outage(self) -> None:
        """Facts change while the link is down, and sessions expire."""
        gone = self.engine.ring("+4930666666", "45")
        await self.check("a call before the outage")
        self.pbx.expire_sessions()
        await self.pbx.refuse()
        await self.pbx.cut()
        await self.phones.wait("", "connected", "off")
        assert self.phones.state("45", "call") == STATE_UNAVAILABLE
        self.engine.hang_up(gone)
        call = self.engine.ring("+4930777777", "45")
        self.engine.answer(call, "45")
        self.engine.set_dnd("41", True)
        await self.pbx.accept()
        await self.phones.wait("", "connected", "on")
        await self.check("after the outage")
        assert not self.hass.config_entries.flow.async_progress()


ALL = [
    pytest.param(dialect, doubt, id=f"{dialect}-{index}")
    for dialect in DOUBTS
    for index, doubt in enumerate(combinations(dialect))
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("dialect", "doubt"), ALL)
async def test_nothing_lies(
    hass: HomeAssistant,
    dialect: str,
    doubt: Switch,
) -> None:
    """However the PBX answers the open questions: true, or unknown."""
    hass.data[TIMING] = HASTY
    async with Simulator(create_switches(dialect, doubt)) as pbx:
        pbx.engine.add_contact("45", "Anna", "Meyer", FRIEND)
        form = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        result = await hass.config_entries.flow.async_configure(
            form["flow_id"],
            {
                "host": pbx.url,
                "extension": "45@localhost",
                "password": "45-secret",
                "security": {"verify_ssl": True, "legacy_tls": False},
            },
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        await hass.async_block_till_done()
        entry = result["result"]
        hass.config_entries.async_update_entry(entry, options={"all_entities": True})
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        await Day(hass, pbx, Phones(hass, result["result"]), doubt).play()
        trace = result["result"].runtime_data.client.trace
        assert not trace.dropped
        assert await hass.config_entries.async_remove(result["result"].entry_id)


def test_every_pair_is_covered() -> None:
    """Each pair of possible answers to two questions comes up."""
    for dialect, doubts in DOUBTS.items():
        seen = {
            (one, str(combination[one]), two, str(combination[two]))
            for combination in combinations(dialect)
            for one in doubts
            for two in doubts
        }
        for one, values in doubts.items():
            for two, others in doubts.items():
                for value in values:
                    for other in others:
                        pair = {one: value, two: other}
                        if one == two or any(no(dialect, pair) for no in _IMPOSSIBLE):
                            continue
                        assert (one, str(value), two, str(other)) in seen, pair


def test_doubts_are_switches() -> None:
    """Each doubt is a switch of the simulator."""
    known = {field.name for field in fields(Switches)} | {"rest"}
    for doubts in DOUBTS.values():
        assert doubts.keys() <= known
