"""Further lines: logins of the household beside the entry's own."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN, SUBENTRY_LINE
from homeassistant.config_entries import SOURCE_RECONFIGURE
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from rig.timing import QUICK
from simulator import Simulator
from tests.support.actions import call_action, expect_error
from tests.support.calls import CALLER, CallEventRecorder
from tests.support.dialects import modern
from tests.support.entry import Phones, device, wait_for
from tests.support.lines import add_line, has_line
from tests.support.outage import lose_link, reconnect, restore_link

BUTTONS = ("answer", "reject", "hang_up", "hold", "resume")


# The entry's own line


async def test_own_line(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The entry's own extension has a switch and buttons, a colleague has none."""
    assert phones.has("45", "hold")
    assert not phones.has("41", "hold")
    switch = phones.id("45", "dnd", "switch")
    assert phones.get("45", "dnd", "switch").state == "off"
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": switch}, blocking=True
    )
    assert pbx.engine.account("45").dnd
    assert phones.get("45", "dnd", "switch").state == "on"
    assert phones.state("45", "dnd") == "on"
    await hass.services.async_call(
        "switch", "turn_off", {"entity_id": switch}, blocking=True
    )
    assert not pbx.engine.account("45").dnd


@dataclass(frozen=True, slots=True)
class Pressed:
    """What somebody presses."""

    platform: str
    service: str
    account: str
    key: str


def commands(pbx: Simulator) -> int:
    """Return how many commands have reached the PBX."""
    words = ("accept-call", "clear-call")
    return sum(frame.get("action") in words for frame in pbx.received) + sum(
        method == "POST" for method, _ in pbx.requests
    )


async def asked_at_once(
    phones: Phones, pbx: Simulator, first: Pressed, second: Pressed
) -> None:
    """Press two, of which the first is waited for in vain; the second does not wait."""
    hass = phones.hass

    def press(what: Pressed) -> asyncio.Task[Any]:
        """Press as a user does."""
        return hass.async_create_task(
            hass.services.async_call(
                what.platform,
                what.service,
                {"entity_id": phones.id(what.account, what.key, what.platform)},
                blocking=True,
            )
        )

    before = commands(pbx)
    waits = press(first)
    await wait_for(hass, lambda: commands(pbx) == before + 1)
    goes = press(second)
    await wait_for(hass, lambda: commands(pbx) == before + 2 or waits.done())
    assert not waits.done()
    await asyncio.wait([waits, goes])
    for task in (waits, goes):
        assert isinstance(task.exception(), HomeAssistantError)


async def test_buttons_do_not_queue(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A telephone that does not answer does not keep the user from hanging up."""
    talking = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(talking, "45")
    await phones.wait("45", "call", "connected")
    pbx.engine.ring("+4930999999", "45")
    await phones.wait("45", "ringing", "on")
    pbx.switches.ignore_commands = True
    await asked_at_once(
        phones,
        pbx,
        Pressed("button", "press", "45", "answer"),
        Pressed("button", "press", "45", "hang_up"),
    )


@modern
async def test_lines_do_not_queue(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Do not disturb of one line does not wait for that of another one."""
    await has_line(phones)
    pbx.switches.ignore_commands = True
    await asked_at_once(
        phones,
        pbx,
        Pressed("switch", "turn_on", "41", "dnd"),
        Pressed("switch", "turn_on", "45", "dnd"),
    )


@modern
async def test_one_switch_in_the_order_of_the_user(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """On and off again at once ends as off, and neither fails."""
    switch = {"entity_id": phones.id("45", "dnd", "switch")}
    async with asyncio.TaskGroup() as group:
        for service in ("turn_on", "turn_off", "turn_on", "turn_off"):
            group.create_task(
                hass.services.async_call("switch", service, switch, blocking=True)
            )
    assert not pbx.engine.account("45").dnd
    assert phones.get("45", "dnd", "switch").state == "off"


# A further line


async def test_add(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A line's entities join the device of its extension, which stays as it was.

    Only do not disturb is a switch then, and a sensor no more.
    """
    sensor = phones.id("41", "dnd")
    before = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), phones.entry.entry_id
        )
    }
    await has_line(phones)
    after = er.async_entries_for_config_entry(er.async_get(hass), phones.entry.entry_id)
    assert before - {entity.entity_id for entity in after} == {sensor}
    new = [entity for entity in after if entity.entity_id not in before]
    keys = {entity.unique_id.rpartition(":")[2] for entity in new}
    assert keys == {"dnd", "message", *BUTTONS}
    found = phones.device("41")
    assert found
    assert {entity.device_id for entity in new} == {found.id}
    assert {entity.config_subentry_id for entity in new} == {None}
    (subentry,) = phones.entry.subentries.values()
    assert subentry.title == pbx.engine.account("41").name
    assert pbx.engine.account("41").number in subentry.unique_id


async def test_commands(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The calls of the line can be controlled as its own ones."""
    await has_line(phones)
    target = device(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await phones.wait("41", "call", "ringing")
    answered = await call_action(hass, "answer", target=target)
    assert answered
    assert answered["account"] == "41"
    assert pbx.engine.call(call).talks("41")
    await call_action(hass, "hold", target=target)
    assert phones.state("41", "call") == "held"
    await call_action(hass, "resume", target=target)
    await call_action(hass, "hang_up", target=target)
    assert not pbx.engine.calls()
    await call_action(hass, "set_dnd", target=target, enabled=True)
    assert pbx.engine.account("41").dnd
    assert not pbx.engine.account("45").dnd
    await call_action(hass, "set_dnd", target=target, enabled=False)
    dialed = await call_action(hass, "dial", target=target, number="42")
    assert dialed
    assert pbx.engine.call(dialed["call_id"]).caller.number == "41"
    both = {"device_id": [device(phones, "41")["device_id"]] * 1}
    both["device_id"].append(device(phones, "45")["device_id"])
    await expect_error(hass, "several_lines", "dial", target=both, number="42")
    await call_action(hass, "set_dnd", target=both, enabled=True)
    assert pbx.engine.account("41").dnd
    assert pbx.engine.account("45").dnd


async def test_story(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The calls of a line are known in full in both dialects, and told once."""
    await has_line(phones)
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41", name="Anna")
    await recorder.expect("ringing")
    assert phones.get("41", "call").attributes["remote_name"] == "Anna"
    pbx.engine.answer(call, "41")
    await recorder.expect("ringing", "answered")
    assert phones.state("41", "call") == "connected"
    pbx.engine.hold(call, "41")
    await phones.wait("41", "call", "held")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "held", "ended: completed")
    recorder.heard.clear()
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "41"))
    await recorder.expect("ringing", "missed: missed", "ended: missed")
    recorder.heard.clear()
    pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    await call_action(hass, "reject", target=device(phones, "41"))
    await recorder.expect("ringing", "ended: rejected")


async def test_call_at_the_start_of_a_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """What is up when a line comes is not told as new, and ends once."""
    call = pbx.engine.ring(CALLER, "41")
    pbx.engine.answer(call, "41")
    await phones.wait("41", "in_call", "on")
    recorder = CallEventRecorder(phones, "41")
    await has_line(phones)
    await phones.wait("41", "call", "connected")
    pbx.engine.hang_up(call)
    await recorder.expect("ended: completed")


async def test_outage_of_the_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A lost line cannot be controlled, and is found again."""
    await has_line(phones)
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    pbx.switches.faults["handshake"] = "reset"
    await pbx.cut("41")
    await wait_for(
        hass, lambda: phones.get("41", "dnd", "switch").state == STATE_UNAVAILABLE
    )
    assert phones.state("", "connected") == "on"
    await expect_error(
        hass,
        "not_connected",
        "answer",
        target=device(phones, "41"),
        error=HomeAssistantError,
    )
    pbx.engine.answer(call, "41")
    pbx.switches.faults.clear()
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")
    await phones.wait("41", "call", "connected")
    pbx.engine.hang_up(call)
    await recorder.expect("ringing", "answered", "ended: completed")


async def test_outage_of_all(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A lost PBX makes all unavailable; the line comes back with it."""
    await has_line(phones)
    recorder = CallEventRecorder(phones, "41")
    call = pbx.engine.ring(CALLER, "41")
    await recorder.expect("ringing")
    await lose_link(pbx, phones)
    assert phones.get("41", "dnd", "switch").state == STATE_UNAVAILABLE
    pbx.engine.hang_up(call)
    await restore_link(pbx, phones)
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")
    await wait_for(hass, lambda: recorder.events()[-1][0] == "ended")
    assert [kind for kind, _ in recorder.events()].count("ended") == 1
    await call_action(hass, "dial", target=device(phones, "41"), number="42")


async def test_remove(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A line that is removed leaves the extension as it was."""
    await has_line(phones)
    (subentry_id,) = phones.entry.subentries
    assert hass.config_entries.async_remove_subentry(phones.entry, subentry_id)
    await hass.async_block_till_done()
    await phones.wait("", "connected", "on")
    assert not any(phones.has("41", key) for key in ("message", *BUTTONS))
    assert phones.device("41")
    assert phones.state("41", "registered") == "on"
    await expect_error(
        hass, "not_a_line", "dial", target=device(phones, "41"), number="42"
    )


async def change_password(phones: Phones, password: str) -> None:
    """Give the line another password, as a user does."""
    flows = phones.hass.config_entries.subentries
    (subentry_id,) = phones.entry.subentries
    form = await flows.async_init(
        (phones.entry.entry_id, SUBENTRY_LINE),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    done = await flows.async_configure(form["flow_id"], {"password": password})
    assert done["reason"] == "reconfigure_successful"


@pytest.mark.parametrize("change", ["add", "password", "remove"])
async def test_reloads_once(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, change: str
) -> None:
    """A line that comes, goes or gets another password costs one outage, not two."""
    if change != "add":
        await has_line(phones)
    outages: list[str] = []
    connected = phones.id("", "connected")
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            outages.append(event.data["entity_id"])
            if event.data["entity_id"] == connected
            and event.data["new_state"].state == STATE_UNAVAILABLE
            else None
        ),
    )
    before = pbx.login_attempts
    if change == "add":
        await has_line(phones)
    elif change == "password":
        pbx.engine.change_password("41", "new-secret")
        await change_password(phones, "new-secret")
    else:
        (subentry_id,) = phones.entry.subentries
        hass.config_entries.async_remove_subentry(phones.entry, subentry_id)
    await hass.async_block_till_done()
    await phones.wait("", "connected", "on")
    lines = phones.entry.runtime_data.lines.values()
    await wait_for(hass, lambda: all(line.connected for line in lines))
    await hass.async_block_till_done()
    # The check of the form, if there is one; then each line once.
    assert pbx.login_attempts - before == {"add": 3, "password": 3, "remove": 1}[change]
    assert outages == [connected]
    # Who logged in and is no longer there has logged out.
    assert sorted(pbx.logged_in) == (["45"] if change == "remove" else ["41", "45"])


# What goes wrong


@pytest.mark.office("40")
async def test_unload_of_many_lines(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A PBX that is silent holds up the end as long as one login does, not each."""
    for account in ("40", "41", "42"):
        await has_line(phones, account)
    pbx.freeze()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    assert loop.time() - began < 1.5 * QUICK.request
    pbx.thaw()


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        (("41", "wrong"), {"base": "invalid_auth"}),
        (("4711", "4711-secret"), {"base": "invalid_auth"}),
        (("not one!", "x"), {"extension": "invalid_extension"}),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    typed: tuple[str, str],
    errors: dict[str, str],
) -> None:
    """What does not log in is not added; the second try may be right."""
    result = await add_line(phones, *typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert not phones.entry.subentries
    result = await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"extension": "41", "password": "41-secret"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.parametrize("account", ["45", "41"])
@pytest.mark.parametrize("typed", ["{}", "1{}"])
async def test_twice(pbx: Simulator, phones: Phones, account: str, typed: str) -> None:
    """No extension is a line twice, by an alias neither."""
    pbx.engine.account(account).aliases = (f"1{account}",)
    await has_line(phones)
    result = await add_line(phones, typed.format(account), f"{account}-secret")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(phones.entry.subentries) == 1


async def test_line_by_an_alias(pbx: Simulator, phones: Phones) -> None:
    """A line is the account that the alias belongs to."""
    pbx.engine.account("41").aliases = ("141",)
    result = await add_line(phones, "141", "41-secret")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (line,) = phones.entry.subentries.values()
    assert (line.data["extension"], line.unique_id) == ("41", "41")


async def test_form_without_the_pbx(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """The form is there while the PBX is away; the extension can be typed."""
    await pbx.refuse()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    phones = Phones(hass, entry)
    result = await add_line(phones)
    assert result["errors"] == {"base": "cannot_connect"}


async def test_new_password(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A password that is not valid any more is a repair, which mends it."""
    assert await async_setup_component(hass, "repairs", {})
    await has_line(phones)
    pbx.engine.change_password("41", "new-secret")
    pbx.expire_sessions()
    await pbx.cut()
    issues = ir.async_get(hass)
    (subentry,) = phones.entry.subentries.values()
    issue_id = f"line_login_{subentry.subentry_id}"
    await wait_for(hass, lambda: issues.async_get_issue(DOMAIN, issue_id))
    await phones.wait("", "connected", "on")
    checks = pbx.login_attempts
    # The line is watched all the same.
    assert phones.state("41", "registered") == "on"
    assert phones.get("41", "dnd", "switch").state == STATE_UNAVAILABLE
    # One definite refusal ends all tries.
    await hass.async_block_till_done()
    assert pbx.login_attempts == checks

    flows = hass.data["repairs"]["flow_manager"]
    form = await flows.async_init(DOMAIN, data={"issue_id": issue_id})
    assert form["type"] is FlowResultType.FORM
    form = await flows.async_configure(form["flow_id"], {"password": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    done = await flows.async_configure(form["flow_id"], {"password": "new-secret"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")
    assert issues.async_get_issue(DOMAIN, issue_id) is None


async def test_reconfigure(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """The password of a line can be changed at any time."""
    await has_line(phones)
    pbx.engine.change_password("41", "new-secret")
    (subentry,) = phones.entry.subentries.values()
    flows = hass.config_entries.subentries
    form = await flows.async_init(
        (phones.entry.entry_id, SUBENTRY_LINE),
        context={
            "source": SOURCE_RECONFIGURE,
            "subentry_id": subentry.subentry_id,
        },
    )
    form = await flows.async_configure(form["flow_id"], {"password": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    done = await flows.async_configure(form["flow_id"], {"password": "new-secret"})
    assert done["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    pbx.expire_sessions()
    await reconnect(pbx, phones)
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")


@pytest.mark.parametrize("typed", ["41", "141"])
async def test_line_does_not_become_the_own_extension(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, typed: str
) -> None:
    """An extension that is a line is not to log in twice, by an alias neither."""
    pbx.engine.account("41").aliases = ("141",)
    await has_line(phones)
    form = await phones.entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"],
        {
            "host": pbx.url,
            "extension": typed,
            "password": "41-secret",
            "security": {"verify_ssl": True, "legacy_tls": False},
        },
    )
    assert result["errors"] == {"extension": "is_a_line"}
    assert phones.entry.data["extension"] == "45"


@pytest.mark.parametrize(
    ("key", "switches"),
    [
        ("line_second_factor", {"second_factor": True}),
        ("line_access_off", {"refusal": 403}),
    ],
)
async def test_line_refused(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    *,
    key: str,
    switches: dict[str, Any],
) -> None:
    """What a line is refused for is a repair; the same password may mend it."""
    assert await async_setup_component(hass, "repairs", {})
    await has_line(phones)
    (subentry,) = phones.entry.subentries.values()
    issues, issue_id = ir.async_get(hass), f"line_login_{subentry.subentry_id}"
    pbx.engine.change_password("41", "changed")
    for switch, value in switches.items():
        setattr(pbx.switches, switch, value)
    session = phones.entry.runtime_data.lines["41"].session
    session.require_login()
    await pbx.cut("41")
    if key == "line_second_factor":
        pbx.engine.change_password("41", "41-secret")
    await wait_for(hass, lambda: issues.async_get_issue(DOMAIN, issue_id))
    issue = issues.async_get_issue(DOMAIN, issue_id)
    assert issue
    assert issue.translation_key == key
    assert phones.state("", "connected") == "on"

    pbx.switches.second_factor = False
    pbx.engine.change_password("41", "41-secret")
    flows = hass.data["repairs"]["flow_manager"]
    form = await flows.async_init(DOMAIN, data={"issue_id": issue_id})
    done = await flows.async_configure(form["flow_id"], {"password": "41-secret"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await wait_for(hass, lambda: phones.get("41", "dnd", "switch").state == "off")
    assert issues.async_get_issue(DOMAIN, issue_id) is None


async def test_repair_of_a_removed_line(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """A line that is removed takes its repair along."""
    await has_line(phones)
    (subentry,) = phones.entry.subentries.values()
    issues, issue_id = ir.async_get(hass), f"line_login_{subentry.subentry_id}"
    pbx.engine.change_password("41", "new-secret")
    pbx.expire_sessions()
    await pbx.cut()
    await wait_for(hass, lambda: issues.async_get_issue(DOMAIN, issue_id))
    hass.config_entries.async_remove_subentry(phones.entry, subentry.subentry_id)
    assert issues.async_get_issue(DOMAIN, issue_id) is None
    await hass.async_block_till_done()


# What a further line dials, where the entry's login lists the calls of the tenant


@modern
@pytest.mark.parametrize("presented", ["outgoing", "incoming"])
async def test_dial(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, presented: Any
) -> None:
    """It is outgoing from its first frame: nothing rings, and nobody has called."""
    pbx.switches.dial_presents_as = presented
    pbx.switches.dial_pickup = None
    await has_line(phones)
    assert phones.entry.runtime_data.client.tenant.scope == "tenant"
    caller = phones.state("41", "last_caller")
    recorder = CallEventRecorder(phones, "41")
    seen: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        """Note whether the phone is shown to ring."""
        assert event.data["new_state"]
        seen.append(event.data["new_state"].state)

    async_track_state_change_event(hass, phones.id("41", "ringing"), changed)
    dialed: Any = await call_action(
        hass, "dial", target=device(phones, "41"), number="+49 30 5551234"
    )
    await recorder.expect("dialing")
    shown = phones.get("41", "call")
    assert shown.state == "dialing"
    for attributes in (dialed, shown.attributes):
        assert attributes["direction"] == "outgoing"
        assert attributes["remote_number"] == "+49305551234"
        assert attributes["dialed_number"] == "+49305551234"
    pbx.engine.hang_up(dialed["call_id"])
    await recorder.expect("dialing", "ended: unanswered")
    assert phones.state("41", "last_caller") == caller
    assert "on" not in seen


@modern
@pytest.mark.parametrize("presented", ["outgoing", "incoming"])
async def test_two_lines_dial_the_same_number(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, presented: Any
) -> None:
    """Each has a call of its own to it."""
    pbx.switches.dial_presents_as = presented
    pbx.switches.dial_pickup = None
    await has_line(phones)
    ears = {line: CallEventRecorder(phones, line) for line in ("41", "45")}
    calls: dict[str, Any] = {}
    for line, recorder in ears.items():
        target = device(phones, line)
        calls[line] = await call_action(
            hass, "dial", target=target, number="+49305551234"
        )
        await recorder.expect("dialing")
    for line, recorder in ears.items():
        shown = phones.get(line, "call").attributes
        assert shown["call_id"] == calls[line]["call_id"]
        assert (shown["direction"], shown["remote_number"]) == (
            "outgoing",
            "+49305551234",
        )
        pbx.engine.hang_up(calls[line]["call_id"])
        await recorder.expect("dialing", "ended: unanswered")


@modern
async def test_call_back_after_a_dial_that_failed(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Who calls a line from the number that it could not dial rings there."""
    await has_line(phones)
    pbx.switches.ignore_commands = True
    await expect_error(
        hass,
        "not_confirmed",
        "dial",
        target=device(phones, "41"),
        error=HomeAssistantError,
        number="+49305551234",
    )
    recorder = CallEventRecorder(phones, "41")
    pbx.engine.ring("+49305551234", "41")
    await recorder.expect("ringing")
    assert phones.state("41", "ringing") == "on"
    assert phones.get("41", "call").attributes["direction"] == "incoming"
