"""What only REST offers: there, absent (404) and forbidden (401, 403), in both dialects.

Each row of the table is a feature: what a user sees while the PBX offers it, and what
while it does not. In all cases the rest of the entry works, and nobody is asked for a
password that is right.

Elsewhere: the calls of the tenant, a stream that a PBX may never mention
(`test_entities`, `test_groups`, `test_in_use`); park orbits over REST and their stream
(`test_orbits`); lamps (`test_lamps`); the history as proof (`test_history_as_proof`);
and what is refused while the same link goes on (`test_flags`, `test_missed_calls`,
`test_voicemail`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up, settle, wait_for
from tests.support.outage import reconnect
from tests.support.timing import set_line_data_timing

# In the address book, too; calls when that cannot be read.
STRANGER = "+4930765432"
DIALECTS = ("classic", "modern")
STATUSES = (401, 403, 404)
# Why an action fails where all that it needs is refused so.
ERRORS = dict(zip(STATUSES, ("access_off", "access_off", "not_supported"), strict=True))
READINGS = ("address_book", "missed_calls", "service_flags", "voicemail")


@dataclass(frozen=True, slots=True)
class Office:
    """A PBX that is set up, and what it answers to the feature in question."""

    hass: HomeAssistant
    pbx: Simulator
    phones: Phones
    status: int = 0

    async def turn(self, account: str, key: str, to: str) -> None:
        """Switch something as a user does."""
        await self.hass.services.async_call(
            Platform.SWITCH,
            f"turn_{to}",
            {"entity_id": self.phones.id(account, key, "switch")},
            blocking=True,
        )

    async def cannot_turn(self, account: str, key: str) -> None:
        """Switch something on in vain."""
        with pytest.raises(HomeAssistantError) as raised:
            await self.turn(account, key, "on")
        assert raised.value.translation_key == ERRORS[self.status]

    async def fails(self, action: str, **data: Any) -> None:
        """Run an action in vain."""
        key = ERRORS[self.status]
        await expect_error(self.hass, key, action, error=HomeAssistantError, **data)

    async def is_read(self, kind: str, offered: bool) -> None:
        """Wait until it is known whether the PBX offers a reading."""
        readings = self.phones.entry.runtime_data.client.own.data
        await wait_for(self.hass, lambda: readings.offered[kind] is offered)


type Check = Callable[[Office], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A feature, the REST paths of it, and what a user sees.

    `lacks` is where it was never offered, `lost` where it was before.
    """

    name: str
    paths: tuple[str, ...]
    works: Check
    lacks: Check
    lost: Check
    dialects: tuple[str, ...] = DIALECTS


# The readings beside the link


def reading(kind: str, account: str, *entities: tuple[str, str, str]) -> dict[str, Any]:
    """Return what is seen of entities (key, platform, state) that REST tells."""

    async def works(office: Office) -> None:
        """Expect the entities with what the PBX tells."""
        phones = office.phones
        await wait_for(office.hass, lambda: phones.has(account, entities[0][0]))
        for key, platform, state in entities:
            await wait_for(
                office.hass,
                lambda: phones.get(account, key, platform).state == state,  # noqa: B023
            )

    async def lacks(office: Office) -> None:
        """Expect no entities."""
        await office.is_read(kind, False)
        assert not any(office.phones.has(account, key) for key, _, _ in entities)

    async def lost(office: Office) -> None:
        """Expect them to be there, and to show nothing."""
        await office.is_read(kind, False)
        for key, platform, _ in entities:
            state = office.phones.get(account, key, platform).state
            assert state == STATE_UNAVAILABLE

    return {"works": works, "lacks": lacks, "lost": lost}


async def caller_has_a_name(office: Office) -> None:
    """Expect a caller to be named by the address book."""
    await office.is_read("address_book", True)
    assert await name_of_caller(office, CALLER) == "Anna Meyer"


async def caller_has_no_name(office: Office) -> None:
    """Expect a caller to be a number, but for one whose name was told before."""
    await office.is_read("address_book", False)
    assert await name_of_caller(office, STRANGER) is None


async def name_of_caller(office: Office, caller: str) -> Any:
    """Return who is said to call; the rest of the call is as ever."""
    call = office.pbx.engine.ring(caller, "45")
    state = await office.phones.wait("45", "call", "ringing")
    assert state.attributes["remote_number"] == caller
    office.pbx.engine.hang_up(call)
    await office.phones.wait("45", "call", "idle")
    return state.attributes["remote_name"]


# What is written


async def flag_is_set(office: Office) -> None:
    """Expect a service flag to take what it is set to."""
    await wait_for(office.hass, lambda: office.phones.has("900", "active"))
    await wait_for(
        office.hass,
        lambda: office.phones.get("900", "active", "switch").state == "off",
    )
    for to in ("on", "off"):
        await office.turn("900", "active", to)
        assert office.phones.get("900", "active", "switch").state == to


async def dnd_is_set(office: Office) -> None:
    """Expect the action and the switch to reach the PBX."""
    await call_action(office.hass, "set_dnd", enabled=True)
    assert office.pbx.engine.account("45").dnd
    assert office.phones.state("45", "dnd") == "on"
    await office.turn("45", "dnd", "off")
    assert not office.pbx.engine.account("45").dnd
    assert office.phones.state("45", "dnd") == "off"


async def dnd_is_not_set(office: Office) -> None:
    """Expect both to say why not, and to show what is true."""
    await office.fails("set_dnd", enabled=True)
    await office.cannot_turn("45", "dnd")
    assert office.phones.get("45", "dnd", "switch").state == "off"
    office.pbx.engine.set_dnd("45", True)
    await office.phones.wait("45", "dnd", "on")
    office.pbx.engine.set_dnd("45", False)
    await office.phones.wait("45", "dnd", "off")


# What is asked and done


async def history_is_told(office: Office) -> None:
    """Expect the action to list a call."""
    before = await call_action(office.hass, "get_call_history")
    await name_of_caller(office, CALLER)
    told = await call_action(office.hass, "get_call_history")
    assert before is not None
    assert told
    assert len(told["calls"]) == len(before["calls"]) + 1
    assert told["calls"][0]["remote_number"] == CALLER


async def history_is_not_told(office: Office) -> None:
    """Expect it to say why not."""
    await office.fails("get_call_history")


async def calls_are_commanded(office: Office) -> None:
    """Expect a call to be held, parked, retrieved and ended, in whatever way."""
    hass, pbx, phones = office.hass, office.pbx, office.phones
    await phones.wait("5", "occupied", "off")
    pbx.requests.clear()
    pbx.received.clear()
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    await call_action(hass, "answer")
    await call_action(hass, "hold")
    await call_action(hass, "resume")
    await call_action(hass, "park", orbit="5")
    assert pbx.engine.call(call).parked
    await phones.wait("5", "occupied", "on")
    await call_action(hass, "retrieve", orbit="5")
    await phones.wait("45", "call", "connected")
    assert pbx.engine.call(call).talks("45")
    await call_action(hass, "hang_up")
    assert not pbx.engine.calls()
    over_rest = ("POST", "/rest/user/45@localhost/calls") in pbx.requests
    sent = {frame["action"] for frame in pbx.received}
    words = {"accept-call", "hold-call", "blind-transfer", "make-call", "clear-call"}
    assert over_rest is (pbx.switches.dialect == "modern" and not office.status)
    assert words & sent == (set() if over_rest else words)


FEATURES = (
    Feature(
        name="service flags",
        paths=("srvflags",),
        **reading("service_flags", "900", ("active", "switch", "off")),
    ),
    Feature(
        name="missed calls",
        paths=("history",),
        **reading("missed_calls", "45", ("missed_calls", "sensor", "0")),
    ),
    Feature(
        name="voicemail",
        paths=("messages", "self_messages"),
        **reading(
            "voicemail",
            "45",
            ("voicemail", "sensor", "1"),
            ("voicemail", "event", "unknown"),
        ),
    ),
    Feature(
        name="call forwarding",
        paths=("user_settings", "self_settings"),
        **reading("call_forwarding", "45", ("call_forwarding", "sensor", "off")),
    ),
    Feature(
        name="address book",
        paths=("adrbook", "lists"),
        works=caller_has_a_name,
        lacks=caller_has_no_name,
        lost=caller_has_no_name,
    ),
    Feature(
        name="do not disturb",
        paths=("dnd", "user_settings", "self_settings"),
        works=dnd_is_set,
        lacks=dnd_is_not_set,
        lost=dnd_is_not_set,
    ),
    Feature(
        name="do not disturb of its own",
        paths=("dnd",),
        dialects=("modern",),
        works=dnd_is_set,
        lacks=dnd_is_set,
        lost=dnd_is_set,
    ),
    Feature(
        name="history",
        paths=("history", "json"),
        works=history_is_told,
        lacks=history_is_not_told,
        lost=history_is_not_told,
    ),
    Feature(
        name="commands",
        paths=("calls",),
        works=calls_are_commanded,
        lacks=calls_are_commanded,
        lost=calls_are_commanded,
    ),
)
CASES = [
    pytest.param(dialect, feature, status, id=f"{feature.name}-{status}-{dialect}")
    for feature, status in product(FEATURES, STATUSES)
    for dialect in feature.dialects
]


@pytest.fixture
def office(hass: HomeAssistant, pbx: Simulator, offers: None) -> Simulator:
    """Return a PBX that has something to tell of each feature."""
    pbx.engine.add_contact("45", "Anna", "Meyer", CALLER)
    pbx.engine.add_contact("45", "Ben", "Winter", STRANGER)
    pbx.engine.leave_message("45", "41")
    return pbx


async def expect_a_good_entry(office: Office) -> None:
    """Expect the rest of the entry to work, and nobody to be asked for anything."""
    hass, pbx, phones = office.hass, office.pbx, office.phones
    assert phones.state("", "connected") == "on"
    pbx.engine.set_dnd("41", not pbx.engine.account("41").dnd)
    await phones.wait("41", "dnd", "on" if pbx.engine.account("41").dnd else "off")
    call = pbx.engine.ring("42", "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    assert not hass.config_entries.flow.async_progress()
    # That a modern PBX does not tell of others is a repair, and the only one.
    switches = pbx.switches
    hides = switches.dialect == "modern" and not switches.domain_calls
    issues = {issue.translation_key for issue in ir.async_get(hass).issues.values()}
    assert issues == ({"calls_hidden"} if hides else set())


@pytest.mark.parametrize(("dialect", "feature", "status"), CASES)
async def test_never_offered(
    hass: HomeAssistant,
    office: Simulator,
    entry: MockConfigEntry,
    feature: Feature,
    status: int,
) -> None:
    """What is absent or forbidden from the start is not there, and costs nothing else."""
    office.switches.rest_status |= dict.fromkeys(feature.paths, status)
    phones = await set_up(hass, entry)
    there = Office(hass, office, phones, status)
    await feature.lacks(there)
    await expect_a_good_entry(there)
    # Each of its paths may have cost one login, and none of them costs another one.
    assert office.login_attempts <= 1 + 2 * len(feature.paths)
    logins = office.login_attempts
    await reconnect(office, phones)
    await feature.lacks(there)
    assert office.login_attempts == logins


@pytest.mark.parametrize(
    ("dialect", "feature"),
    [
        pytest.param(dialect, feature, id=f"{feature.name}-{dialect}")
        for feature in FEATURES
        for dialect in feature.dialects
    ],
)
async def test_lost_and_found(
    hass: HomeAssistant, office: Simulator, entry: MockConfigEntry, feature: Feature
) -> None:
    """What was there shows nothing once it is refused, and is there again afterwards."""
    before = office.switches.rest_status
    phones = await set_up(hass, entry)
    await feature.works(Office(hass, office, phones))
    for status in STATUSES:
        office.switches.rest_status = before | dict.fromkeys(feature.paths, status)
        await reconnect(office, phones)
        there = Office(hass, office, phones, status)
        await feature.lost(there)
        await expect_a_good_entry(there)
    office.switches.rest_status = before
    await reconnect(office, phones)
    await feature.works(Office(hass, office, phones))


@pytest.mark.parametrize("status", STATUSES)
async def test_flag_that_cannot_be_set(
    hass: HomeAssistant,
    office: Simulator,
    entry: MockConfigEntry,
    status: int,
) -> None:
    """A flag that is read and may not be set says so, and shows what is true."""
    # Nothing is read meanwhile: the simulator refuses a path for all methods.
    set_line_data_timing(hass, flags=60)
    phones = await set_up(hass, entry)
    there = Office(hass, office, phones, status)
    await flag_is_set(there)
    office.switches.rest_status["srvflags"] = status
    await there.cannot_turn("900", "active")
    assert phones.get("900", "active", "switch").state == "off"
    assert not office.engine.account("900").active
    await expect_a_good_entry(there)


@modern
async def test_one_way_is_forbidden(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Where another way is absent, that one is forbidden is what can be changed."""
    pbx.switches.rest_status |= {"dnd": 404, "user_settings": 403}
    await Office(hass, pbx, phones, 403).fails("set_dnd", enabled=True)
    assert not pbx.engine.account("45").dnd


# The accounts


@pytest.mark.parametrize("status", [401, 403])
async def test_accounts_forbidden(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
    status: int,
) -> None:
    """Without accounts a modern PBX is not set up, and says why; a classic one has them."""
    pbx.switches.rest_status["accounts"] = status
    loaded = await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()
    assert loaded is (dialect == "classic")
    if loaded:
        phones = Phones(hass, entry)
        assert phones.has("41")
        await expect_a_good_entry(Office(hass, pbx, phones))
    else:
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "access_off"


async def test_accounts_absent(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, dialect: str
) -> None:
    """A modern PBX that lists nobody has our own line; a classic one tells all."""
    pbx.switches.rest_status["accounts"] = 404
    phones = await set_up(hass, entry)
    assert phones.has("41") is phones.has("500", "call") is (dialect == "classic")
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("status", STATUSES)
async def test_accounts_refused_later(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, dialect: str, status: int
) -> None:
    """What is shown may be wrong then, so nothing is, until the accounts can be read."""
    pbx.switches.rest_status["accounts"] = status
    await pbx.cut()
    if dialect == "classic":
        await phones.wait("", "connected", "off")
        await phones.wait("", "connected", "on")
        await expect_a_good_entry(Office(hass, pbx, phones, status))
        return
    await phones.wait("41", "registered", STATE_UNAVAILABLE)
    await settle(hass, 0.5)
    assert phones.state("", "connected") == "off"
    assert not hass.config_entries.flow.async_progress()
    assert pbx.login_attempts <= 3
    del pbx.switches.rest_status["accounts"]
    await phones.wait("41", "registered", "on")


# All of it


@pytest.mark.parametrize("status", STATUSES)
async def test_a_session_that_ends_the_link(
    hass: HomeAssistant, office: Simulator, entry: MockConfigEntry, status: int
) -> None:
    """Whatever is refused, the link stays, also if the end of a session ends it."""
    office.switches.session_end_closes = True
    office.switches.domain_calls = False
    books = ("adrbook", "lists")
    kinds = ("srvflags", "history", "json", "messages", "self_messages", *books)
    office.switches.rest_status |= dict.fromkeys((*kinds, "orbits", "calls"), status)
    phones = await set_up(hass, entry)
    there = Office(hass, office, phones, status)
    for kind in READINGS:
        await there.is_read(kind, False)
    await reconnect(office, phones)
    await phones.wait("", "connected", "on")
    await settle(hass, 1)
    logins = office.login_attempts
    await expect_a_good_entry(there)
    await settle(hass, 1)
    assert phones.state("", "connected") == "on"
    assert office.login_attempts == logins


async def test_history_without_a_good_session(
    hass: HomeAssistant, office: Simulator, phones: Phones
) -> None:
    """A password that is really wrong is asked for, whoever finds out."""
    office.engine.change_password("45", "new")
    office.expire_sessions()
    office.switches.rest_status |= {"history": 401, "json": 401}
    await expect_error(
        hass, "invalid_auth", "get_call_history", error=HomeAssistantError
    )
    await wait_for(hass, hass.config_entries.flow.async_progress)
