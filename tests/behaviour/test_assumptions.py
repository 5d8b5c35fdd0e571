"""What the diagnostics say of our assumptions: met by one PBX, broken by another."""

import asyncio
from collections.abc import Awaitable, Callable
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.vodia.pbx.assumptions import Assumption
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.calls import CALLER, CallEventRecorder, connected, ringing
from tests.support.diagnostics import read
from tests.support.entry import Phones, create_entry, set_up, wait_for
from tests.support.outage import reconnect
from tests.support.timing import set_timing

type Scene = Callable[[Simulator, Phones], Awaitable[None]]


async def call_state(pbx: Simulator, *calls: dict[str, Any]) -> None:
    """Push a list of calls that the engine knows nothing of."""
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": calls}))


async def strange_word(pbx: Simulator, phones: Phones) -> None:
    """A call is in a state that nobody has heard of."""
    await call_state(
        pbx,
        {"id": "x", "from": "<sip:41@localhost>", "to": "<sip:45@localhost>"}
        | {"state": "warbling", "callstate": "warbling"},
    )
    await phones.wait("45", "call", STATE_UNKNOWN)


async def strange_host(pbx: Simulator, phones: Phones) -> None:
    """A colleague calls from an address that is not known as the tenant's."""
    await call_state(
        pbx,
        {"id": "x", "from": "<sip:41@alias.example>", "to": "<sip:45@localhost>"}
        | {"state": "alerting", "callstate": "alerting"},
    )
    await phones.wait("45", "call", "ringing")


async def nameless_own_call(pbx: Simulator, phones: Phones) -> None:
    """A list of own calls has one that does not name us."""
    await call_state(
        pbx,
        {"id": "x", "from": f"<sip:{CALLER}@localhost>", "to": "<sip:500@localhost>"}
        | {"callstate": "alerting"},
    )
    await phones.wait("45", "call", "ringing")


async def early_clearing(pbx: Simulator, phones: Phones) -> None:
    """A push says that we are free while we talk."""
    await connected(pbx, phones)
    await pbx.send_raw('{"action":"user-state","account":"45","chatstatus":"away"}')
    await phones.wait("45", "call", "connected")


async def talk(pbx: Simulator, phones: Phones) -> None:
    """A call is answered."""
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    # Presence is told after the calls.
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")


async def internal_talk(pbx: Simulator, phones: Phones) -> None:
    """A colleague calls."""
    pbx.engine.ring("41", "45")
    await phones.wait("45", "call", "ringing")


async def talk_of_the_group(pbx: Simulator, phones: Phones) -> None:
    """A group's call is answered."""
    call = pbx.engine.ring(CALLER, "500")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "in_call", "on")


async def two_calls(pbx: Simulator, phones: Phones) -> None:
    """Two calls change in turn, and one ends."""
    first = await connected(pbx, phones)
    second = pbx.engine.ring("41", "42")
    await asyncio.sleep(0.1)
    pbx.engine.hold(first, "45")
    await phones.wait("45", "call", "held")
    pbx.engine.hang_up(second)
    await asyncio.sleep(0.1)


async def answered_then_missed(pbx: Simulator, phones: Phones) -> None:
    """One call is answered, the next rings in vain."""
    pbx.engine.hang_up(await connected(pbx, phones))
    await phones.wait("45", "call", "idle")
    pbx.engine.hang_up(await ringing(pbx, phones))
    await wait_for(phones.hass, lambda: phones.state("45", "ringing") == "off")


async def hints(pbx: Simulator, phones: Phones) -> None:
    """Something changes again and again, so that the accounts are read."""
    for index in range(5):
        pbx.engine.set_dnd("43", index % 2 == 0)
        await asyncio.sleep(0.35)


async def foreign_push(pbx: Simulator, phones: Phones) -> None:
    """An extension of another tenant changes, and then one of ours."""
    pbx.engine.set_dnd("45", True, tenant="branch.example")
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    assert phones.state("45", "dnd") == "off"


async def commands(pbx: Simulator, phones: Phones) -> None:
    """A number is dialed and hung up."""
    try:
        await call_action(phones.hass, "dial", number="41")
        await call_action(phones.hass, "hang_up")
    except HomeAssistantError:
        assert pbx.switches.ignore_commands


async def dialed_in_disguise(pbx: Simulator, phones: Phones) -> None:
    """A call comes up while we dial, and shows another number."""
    hass = phones.hass
    hass.loop.call_later(
        0.1, lambda: hass.async_create_task(nameless_own_call(pbx, phones))
    )
    await commands(pbx, phones)


async def missed(pbx: Simulator, phones: Phones) -> None:
    """A call that nobody answers is over."""
    recorder = CallEventRecorder(phones)
    pbx.engine.hang_up(await ringing(pbx, phones))
    await wait_for(phones.hass, lambda: "ended" in dict(recorder.events()))


async def pings(pbx: Simulator, phones: Phones) -> None:
    """The link is watched for a while."""
    trace = phones.entry.runtime_data.client.trace
    key = Assumption.PINGS_ARE_ANSWERED
    await wait_for(phones.hass, lambda: trace.met[key] + trace.broken[key])


async def colleague_talks(pbx: Simulator, phones: Phones) -> None:
    """A colleague is in a call."""
    pbx.engine.answer(pbx.engine.ring(CALLER, "41"), "41")
    await hints(pbx, phones)


async def nothing(pbx: Simulator, phones: Phones) -> None:
    """Nothing happens."""


# The dialect that has the doubt, the answer that breaks the assumption, and what has to
# happen for it to show: in the PBX that breaks it, and in the one that meets it.
CASES: dict[Assumption, tuple[str, dict[str, Any], Scene, Scene]] = {
    Assumption.SUBSCRIPTIONS_ANSWER: (
        "modern",
        {"initial_call_state": False},
        nothing,
        nothing,
    ),
    Assumption.TENANT_LISTS_ARE_GRANTED: (
        "modern",
        {"domain_calls": False, "denied_calls": "none"},
        colleague_talks,
        colleague_talks,
    ),
    Assumption.LISTS_ARE_COMPLETE: (
        "modern",
        {"call_lists": "changed"},
        two_calls,
        two_calls,
    ),
    Assumption.CALLS_HAVE_IDS: ("classic", {"call_ids": False}, talk, talk),
    Assumption.CALL_WORDS_ARE_KNOWN: ("classic", {}, strange_word, talk),
    Assumption.OWN_CALLS_NAME_THE_LINE: ("classic", {}, nameless_own_call, talk),
    Assumption.DIALED_CALL_SHOWS_THE_NUMBER: (
        "classic",
        {"ignore_commands": True},
        dialed_in_disguise,
        commands,
    ),
    Assumption.GROUP_NARROWS_TO_WHO_ANSWERED: (
        "modern",
        {"shrink_extensions": False},
        talk_of_the_group,
        talk_of_the_group,
    ),
    Assumption.HOSTS_NAME_THE_TENANT: ("classic", {}, strange_host, internal_talk),
    Assumption.DELTAS_ARE_OF_THE_TENANT: (
        "classic",
        {"foreign_user_states": True},
        foreign_push,
        foreign_push,
    ),
    Assumption.ABSENT_MEANS_CLEARED: ("classic", {}, early_clearing, talk),
    Assumption.PRESENCE_SHOWS_RINGING: (
        "classic",
        {"code_while_ringing": False},
        answered_then_missed,
        answered_then_missed,
    ),
    Assumption.CONNECTED_MEANS_IN_CALL: (
        "modern",
        {"directory_connected": "registered"},
        hints,
        hints,
    ),
    Assumption.TYPE_FILTER_WORKS: (
        "modern",
        {"accounts_type_filter": False},
        nothing,
        nothing,
    ),
    Assumption.REST_KNOWS_THE_IDS: ("modern", {"rest_ids": "own"}, commands, commands),
    Assumption.COMMANDS_ARE_CARRIED_OUT: (
        "modern",
        {"ignore_commands": True},
        commands,
        commands,
    ),
    Assumption.HISTORY_TELLS_ENDED_CALLS: (
        "classic",
        {"history_delay": 60},
        missed,
        missed,
    ),
    Assumption.PINGS_ARE_ANSWERED: ("modern", {"answers_ping": False}, pings, pings),
}


async def counts(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    switches: Switches,
    scene: Scene,
) -> dict[str, dict[str, int]]:
    """Play a scene with a PBX; return what the diagnostics count."""
    async with Simulator(switches) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        await scene(pbx, phones)
        await pbx.flush()
        found = await read(hass, hass_client, phones)
        assert await hass.config_entries.async_remove(phones.entry.entry_id)
    assumptions: dict[str, dict[str, int]] = found["assumptions"]
    return assumptions


def test_each_has_a_case() -> None:
    """No assumption is left out."""
    assert list(CASES) == list(Assumption)


@pytest.mark.parametrize("assumption", CASES)
async def test_met_and_broken(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, assumption: Assumption
) -> None:
    """The PBX that does as we assume has met it only; the other one has broken it."""
    # What a PBX is made to say wrongly is not to be put right at once.
    set_timing(hass, slow_read=2.0)
    dialect, answers, breaking, meeting = CASES[assumption]
    create = getattr(Switches, dialect)
    met = await counts(hass, hass_client, create(), meeting)
    assert met[assumption]["met"]
    assert not met[assumption]["broken"]
    broken = await counts(hass, hass_client, create(**answers), breaking)
    assert broken[assumption]["broken"]


# What a user sees of it


@pytest.mark.all_entities
async def test_colleague_is_not_called_idle_without_proof(hass: HomeAssistant) -> None:
    """Where presence does not show ringing, a colleague without a call may ring."""
    async with Simulator(Switches.classic(code_while_ringing=False)) as pbx:
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        assert phones.states("41", "call", "ringing") == ["idle", "off"]
        await answered_then_missed(pbx, phones)
        await phones.wait("41", "call", STATE_UNKNOWN)
        assert phones.states("41", "ringing", "in_call") == [STATE_UNKNOWN, "off"]
        assert phones.state("", "ringing_calls") == STATE_UNKNOWN
        assert phones.states("45", "call", "ringing") == ["idle", "off"]
        call = pbx.engine.ring("42", "41")
        pbx.engine.answer(call, "41")
        await phones.wait("41", "in_call", "on")
        # A lost link teaches nothing new.
        await reconnect(pbx, phones)
        assert phones.state("43", "call") == STATE_UNKNOWN
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@pytest.mark.parametrize(("meaning", "lie"), [("registered", "on"), ("never", "off")])
async def test_connected_with_another_meaning_is_not_believed(
    hass: HomeAssistant, meaning: str, lie: str
) -> None:
    """What REST says of calls is dropped once it has contradicted our own calls."""
    switches = Switches.modern(domain_calls=False, directory_connected=meaning)
    async with Simulator(switches) as pbx:
        if meaning == "never":
            pbx.engine.answer(pbx.engine.ring(CALLER, "45"), "45")
        pbx.engine.answer(pbx.engine.ring("42", "41"), "41")
        phones = await set_up(hass, create_entry(hass, pbx, {"all_entities": True}))
        assert phones.state("41", "in_call") == lie
        await hints(pbx, phones)
        await phones.wait("41", "in_call", STATE_UNKNOWN)
        assert phones.state("41", "registered") == "on"
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
