"""Privacy: who is outside the PBX stays unnamed, wherever Home Assistant keeps things."""

import json
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    RecorderInstanceGenerator,
)

from homeassistant.const import MATCH_ALL, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator import Simulator, Switches
from tests.support.actions import call_action
from tests.support.automations import attach
from tests.support.calls import CALLER, SECOND_CALLER, CallEventRecorder
from tests.support.entry import Phones, create_entry, device, set_up, settle, wait_for
from tests.support.outage import lose_link
from tests.support.recorder import database

CALLED, GONE = SECOND_CALLER, "+4930333333"
CALLER_NAME, GONE_NAME = "Xenia Mayrhofer", "Voicemail of Zoë Quint"
PRIVATE = {"privacy": True}
# What would tell who they are, in whatever form.
SECRETS = ("30111111", "30222222", "30333333", "Xenia", "Mayrhofer", "Quint")

mark_both = pytest.mark.parametrize("private", [True, False])


def leaks(text: str) -> set[str]:
    """Return the secrets in a text."""
    return {secret for secret in SECRETS if secret in text}


async def has_told(hass: HomeAssistant, phones: Phones, kind: str) -> None:
    """Wait until the event of our phone has told something."""
    await wait_for(
        hass,
        lambda: phones.get("45", "call", "event").attributes.get("event_type") == kind,
    )


async def a_day(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Let all happen that names somebody outside."""
    engine = pbx.engine
    missed = engine.ring(CALLER, "45", name=CALLER_NAME)
    await phones.wait("45", "ringing", "on")
    engine.hang_up(missed)
    await has_told(hass, phones, "ended")
    talked = engine.ring(CALLER, "500", name=CALLER_NAME)
    await phones.wait("45", "ringing", "on")
    engine.answer(talked, "45")
    await phones.wait("45", "call", "connected")
    engine.hold(talked, "45")
    await phones.wait("45", "call", "held")
    second = engine.ring("41", "45", name=CALLER_NAME)
    await phones.wait("45", "ringing", "on")
    engine.hang_up(second)
    engine.resume(talked, "45")
    await phones.wait("45", "call", "connected")
    engine.hang_up(talked)
    await phones.wait("45", "call", "idle")
    made = engine.ring("45", CALLED)
    await phones.wait("45", "call", "dialing")
    engine.answer(made)
    await phones.wait("45", "call", "connected")
    engine.hang_up(made)
    await phones.wait("45", "call", "idle")
    before = phones.get("45", "message", "event").state
    engine.send_message(CALLER, "45", f"Call me back, {CALLER_NAME}")
    await wait_for(hass, lambda: phones.get("45", "message", "event").state != before)
    # One that comes and goes while nobody listens, and one that is up afterwards.
    await lose_link(pbx, phones)
    engine.hang_up(engine.ring(GONE, "45", name=GONE_NAME))
    up = engine.ring(GONE, "45", name=GONE_NAME)
    await pbx.accept()
    await phones.wait("45", "ringing", "on")
    await async_mock_restore_state_shutdown_restart(hass)
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    await phones.wait("45", "ringing", "on")
    engine.hang_up(up)
    await phones.wait("45", "ringing", "off")
    await settle(hass)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("persistent_database", [True])
@mark_both
async def test_a_day(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
    async_setup_recorder_instance: RecorderInstanceGenerator,
    *,
    recorder_db_url: str,
    pbx: Simulator,
    caplog: pytest.LogCaptureFixture,
    private: bool,
) -> None:
    """After a day of calls nobody outside can be found; without privacy, everybody."""
    caplog.set_level(logging.DEBUG)
    await async_setup_recorder_instance(hass, {"commit_interval": 0})
    for component in ("diagnostics", "logbook"):
        assert await async_setup_component(hass, component, {})
    entry = create_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, options={"privacy": private})
    phones = await set_up(hass, entry)
    said: list[str] = []

    @callback
    def hear(event: Event[Any]) -> None:
        """Keep all that is said on the bus."""
        new = event.data.get("new_state")
        said.append(str(new.as_dict() if new else event.data))

    hass.bus.async_listen(MATCH_ALL, hear)
    fields = ("remote_number", "remote_name", "dialed_number", "description")
    automation = {
        "alias": "Who is it",
        "triggers": [
            {
                "trigger": "vodia.call_ringing",
                "target": device(phones, None),
                "options": {"number": CALLER, "name": "xenia*"},
            }
        ],
        "actions": [
            {
                "event": "somebody_called",
                "event_data": {name: f"{{{{ trigger.{name} }}}}" for name in fields},
            }
        ],
        "mode": "parallel",
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await a_day(hass, pbx, phones)
    await async_wait_recording_done(hass)
    # It has fired for the number and the name that it does not tell.
    assert sum("somebody_called" in text for text in caplog.messages) >= 2
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert found["options"]["privacy"] is private
    places = {
        "database": database(recorder_db_url),
        "states and events": "\n".join(said),
        "storage": json.dumps(hass_storage, default=str, ensure_ascii=False),
        "log": caplog.text,
        "diagnostics": json.dumps(found, ensure_ascii=False),
    }
    for place, text in places.items():
        assert "45" in text
        hidden = private or place == "diagnostics"
        assert bool(leaks(text)) is not hidden, (place, leaks(text))
    if not private:
        # The probe knows each of them.
        assert leaks(places["states and events"]) == set(SECRETS)


# What is shown


@pytest.fixture
def entry(hass: HomeAssistant, pbx: Simulator) -> MockConfigEntry:
    """Return a config entry with privacy, not set up yet."""
    return with_privacy(hass, create_entry(hass, pbx))


def with_privacy(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry with privacy."""
    hass.config_entries.async_update_entry(entry, options=PRIVATE)
    return entry


def shown(phones: Phones, key: str, platform: str | None = None) -> tuple[Any, ...]:
    """Return what our phone tells of the parties of a call."""
    attributes = phones.get("45", key, platform).attributes
    names = ("scope", "remote_number", "remote_name", "dialed_number")
    return tuple(attributes[name] for name in names)


async def test_outside(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Of a call from outside all is told but who calls."""
    call = pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
    await phones.wait("45", "call", "ringing")
    assert shown(phones, "call") == ("external", None, None, "45")
    assert shown(phones, "call", "event") == ("external", None, None, "45")
    assert phones.get("45", "call").attributes["call_id"] == call
    last = phones.get("45", "last_caller")
    assert last.state == "external_caller"
    assert (last.attributes["number"], last.attributes["name"]) == (None, None)
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    call = pbx.engine.ring("45", CALLED)
    await phones.wait("45", "call", "dialing")
    assert shown(phones, "call") == ("external", None, None, None)


async def test_inside(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A colleague is named as the PBX lists it, whatever a call says."""
    pbx.engine.ring("41", "45", name=CALLER_NAME)
    await phones.wait("45", "call", "ringing")
    assert shown(phones, "call") == ("internal", "41", "Bruno Ferreira", "45")
    assert shown(phones, "call", "event") == ("internal", "41", "Bruno Ferreira", "45")
    assert phones.state("45", "last_caller") == "Bruno Ferreira"


async def test_group(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The number that was dialed stays if it is one of the PBX."""
    call_events = CallEventRecorder(phones, "500")
    pbx.engine.ring(CALLER, "500", name=CALLER_NAME)
    (told,) = await call_events.expect("ringing")
    assert (told["remote_number"], told["remote_name"]) == (None, None)
    assert told["dialed_number"] == "500"


async def test_withheld_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """That a number is withheld is not told either."""
    call = {
        "id": "w",
        "state": "alerting",
        "callstate": "alerting",
        "from": '"" <sip:anonymous@anonymous.invalid>',
        "to": "<sip:45@localhost>",
        "extension": ["45"],
    }
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": [call]}))
    await phones.wait("45", "call", "ringing")
    assert shown(phones, "call")[1:] == (None, None, "45")
    assert phones.state("45", "last_caller") == "external_caller"


async def test_trigger(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Filters know the number and the name; what is handed on does not."""
    target = device(phones, "45")
    by_number = await attach(hass, "call_ringing", target, number="030 111111")
    by_name = await attach(hass, "call_ringing", target, name="xenia*")
    other = await attach(hass, "call_ringing", target, number=CALLED)
    call = pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
    await wait_for(hass, lambda: by_number and by_name)
    await settle(hass)
    assert not other
    for (fired,) in (by_number, by_name):
        assert (fired["call_id"], fired["extensions"]) == (call, ["45"])
        assert (fired["remote_number"], fired["remote_name"]) == (None, None)
        assert not leaks(str(fired))


async def test_actions_tell(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who asks with an action is told: nothing keeps the answer by itself."""
    pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
    await phones.wait("45", "call", "ringing")
    found: Any = await call_action(
        hass, "get_calls", target={"entity_id": phones.id("45", "call")}
    )
    (call,) = found["calls"]
    assert (call["remote_number"], call["remote_name"]) == (CALLER, CALLER_NAME)


@pytest.mark.office
async def test_messages(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Who writes from outside is hidden with the text; a colleague is not."""

    async def told(sender: str) -> tuple[Any, ...]:
        """Return what is told of a message."""
        before = phones.get("45", "message", "event").state
        pbx.engine.send_message(sender, "45", "hello")
        await wait_for(
            hass, lambda: phones.get("45", "message", "event").state != before
        )
        attributes = phones.get("45", "message", "event").attributes
        return tuple(attributes[n] for n in ("sender", "sender_name", "message"))

    assert await told(CALLER) == (None, None, None)
    assert await told("41") == ("41", "Bruno Ferreira", "hello")
    assert await told("52") == ("52", None, "hello")


async def test_calls_without_ids(hass: HomeAssistant, dialect: str) -> None:
    """The id that we make of a call's numbers does not tell them."""
    async with Simulator(getattr(Switches, dialect)(call_ids=False)) as pbx:
        phones = await set_up(hass, with_privacy(hass, create_entry(hass, pbx)))
        call = pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
        await phones.wait("45", "call", "ringing")
        for state in (
            phones.get("45", "call"),
            phones.get("45", "call", "event"),
            phones.get("45", "last_caller"),
        ):
            assert not leaks(str(state.as_dict()))
        pbx.engine.hang_up(call)
        # It is known again as the last one, and so as the one that has ended.
        await wait_for(
            hass,
            lambda: (
                phones.get("45", "last_caller").attributes["end_reason"] is not None
            ),
        )
        assert await hass.config_entries.async_unload(phones.entry.entry_id)


@pytest.mark.parametrize(
    ("number", "name", "state"),
    [
        (CALLER, CALLER_NAME, "external_caller"),
        (CALLER, None, "external_caller"),
        ("41", CALLER_NAME, "Bruno Ferreira"),
    ],
)
async def test_kept_from_before(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    *,
    number: str,
    name: str | None,
    state: str,
) -> None:
    """What was kept before privacy was switched on is not shown again."""
    registry = er.async_get(hass)

    def entity_id(domain: str, key: str) -> str:
        """Return the entity of our phone, which is in the registry."""
        unique_id = f"{entry.entry_id}:45:{key}"
        return registry.async_get_or_create(
            domain, "vodia", unique_id, config_entry=entry
        ).entity_id

    time = dt_util.utcnow().isoformat()
    last = {"call_id": f"?{number}|45|1.0", "number": number, "name": name}
    kept = {"remote_number": number, "remote_name": CALLER_NAME}
    message = {"sender": number, "sender_name": name, "message": CALLER_NAME}
    mock_restore_cache_with_extra_data(
        hass,
        [
            (
                State(entity_id("sensor", "last_caller"), name or number),
                {**last, "time": time, "end_reason": "missed"},
            ),
            *(
                (
                    State(entity_id("event", key), time, attributes),
                    {"last_event_type": kind, "last_event_attributes": attributes},
                )
                for key, kind, attributes in (
                    ("call", "ringing", kept),
                    ("message", "received", message),
                )
            ),
        ],
    )
    phones = await set_up(hass, entry)
    assert phones.state("45", "last_caller") == state
    assert phones.get("45", "last_caller").attributes["end_reason"] == "missed"
    for key, kind in (("call", "ringing"), ("message", "received")):
        event = phones.get("45", key, "event")
        assert event.state != STATE_UNKNOWN
        assert event.attributes["event_type"] == kind
    assert not leaks(str([state.as_dict() for state in hass.states.async_all()]))
    await async_mock_restore_state_shutdown_restart(hass)
    call = pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(call)


async def test_switched_off_again(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Without privacy all is as it was; what was hidden stays so."""
    call = pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
    await phones.wait("45", "last_caller", "external_caller")
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await async_mock_restore_state_shutdown_restart(hass)
    hass.config_entries.async_update_entry(phones.entry, options={})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await hass.async_block_till_done()
    assert phones.state("45", "last_caller") == STATE_UNKNOWN
    pbx.engine.ring(CALLER, "45", name=CALLER_NAME)
    await phones.wait("45", "last_caller", CALLER_NAME)
