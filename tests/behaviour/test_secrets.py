"""Secrets stay where they are: after a full run, everything else is searched for them.

Passwords, their MD5 digests, Basic headers and session ids are looked for in all logs
(debug included), diagnostics, exceptions, reprs, states, events, issues, storage and the
database. Home Assistant keeps passwords in its config entries, and there alone.
"""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
import gc
import hashlib
import json
import logging
import traceback
from typing import Any, Final, override

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    RecorderInstanceGenerator,
)

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from simulator import Simulator
from simulator.logins import Login
from tests.support.actions import call_action
from tests.support.entry import Phones, wait_for
from tests.support.flows import fill_in, form
from tests.support.hostile import create_hostile
from tests.support.lines import add_line, has_line
from tests.support.outage import reconnect
from tests.support.recorder import database

OWN, WRONG, NEW = "45-secret", "wrong-passphrase", "new-passphrase"
LINE, LINE_NEW = "41-secret", "line-passphrase"
PASSWORDS: Final = (OWN, WRONG, NEW, LINE, LINE_NEW)


class Everything(logging.Handler):
    """Keep all that a log record holds, whether it is shown or not."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.names: set[str] = set()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep message, arguments and traceback."""
        self.names.add(record.name.partition(".")[0])
        self.texts += [record.getMessage(), repr(record.args)]
        if record.exc_info and record.exc_info[1]:
            self.texts += traceback.format_exception(record.exc_info[1])
            self.texts.append(repr(record.exc_info[1].args))


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return a running PBX that can be hostile."""
    async with create_hostile(dialect) as pbx:
        yield pbx


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Everything]:
    """Return the log of everybody, at its most talkative."""
    caplog.set_level(logging.DEBUG)
    # It logs each row that goes to the database, which is searched itself.
    caplog.set_level(logging.WARNING, "sqlalchemy.engine")
    handler = Everything()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def forms(password: str) -> set[str]:
    """Return all forms in which a password goes over the wire."""
    digest = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    users = ("45", "41", "45@localhost", "41@localhost")
    return {
        password,
        digest,
        *(base64.b64encode(f"{user}:{password}".encode()).decode() for user in users),
    }


def reachable(*roots: object) -> Iterator[object]:
    """Yield the objects of ours that lead from some, through any containers."""
    seen: set[int] = set()
    waiting: deque[object] = deque(roots)
    while waiting:
        found = waiting.popleft()
        if id(found) in seen:
            continue
        seen.add(id(found))
        ours = type(found).__module__.startswith(f"custom_components.{DOMAIN}")
        if ours:
            yield found
        if ours or isinstance(found, dict | list | tuple | set | frozenset | deque):
            waiting.extend(gc.get_referents(found))


async def a_life(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> list[str]:
    """Do all that is done with a PBX, and let all go wrong; return the errors' texts."""
    raised: list[str] = []

    async def tries(name: str, **data: Any) -> None:
        """Run an action, which may fail."""
        try:
            await call_action(hass, name, **data)
        except HomeAssistantError as err:
            raised.extend(traceback.format_exception(err))
            raised.append(repr(err))

    pbx.engine.add_account("8", "Park", type="orbits")
    target = phones.device("45")
    assert target
    own = {"device_id": target.id}
    call = pbx.engine.ring("+4930123456", "45", name="Anna")
    await phones.wait("45", "ringing", "on")
    for name in ("answer", "hold", "resume", "start_recording", "park", "hang_up"):
        await tries(name, target=own)
    with suppress(Exception):
        pbx.engine.hang_up(call)
    await tries("dial", target=own, number="+4930123456")
    await tries("dial", target=own, number="@evil")
    await tries("send_message", target=own, recipient="41", message="hello")
    await tries("set_dnd", target=own, enabled=True)
    for name in ("get_calls", "get_call_history"):
        await tries(name, target=own)

    async def cut_short(request: web.Request) -> web.Response:
        """Hand out the session once more, and break off within the headers."""
        assert request.transport
        cookie = request.headers.get("Cookie", "session=none")
        head = f"HTTP/1.1 200 OK\r\nServer: PBX/7\r\nSet-Cookie: {cookie}\r\nX: y\r\n"
        request.transport.write(head.encode())
        request.transport.close()
        return web.Response()

    pbx.answers |= dict.fromkeys(("accounts", "calls", "handshake", "tell"), cut_short)
    await tries("dial", target=own, number="+4930123456")
    await pbx.cut()
    await phones.wait("", "connected", "off")
    await asyncio.sleep(0.5)
    pbx.answers.clear()
    await phones.wait("", "connected", "on")
    pbx.switches.redirect_to = pbx.url
    for fault in ("redirect", "html", "reset", 500, 401, 403, "hang"):
        steps = ["calls", "dnd", "history", "tell"]
        # A login that is refused there is given up.
        steps += ["accounts", "handshake"] if fault != 401 else []
        pbx.switches.faults = dict.fromkeys(steps, fault)
        await tries("set_dnd", target=own, enabled=False)
        await pbx.cut()
        await phones.wait("", "connected", "off")
        await asyncio.sleep(0.3)
        pbx.switches.faults = {}
        await phones.wait("", "connected", "on")
    for frame in ("garbage", "[" * 1000, '{"action":1}', "x" * (17 * 1024 * 1024)):
        await pbx.send_raw(frame)
    await phones.wait("", "connected", "off")
    await phones.wait("", "connected", "on")
    pbx.expire_sessions()
    await reconnect(pbx, phones)
    return raised


async def give_password(hass: HomeAssistant, password: str) -> Any:
    """Enter a password where Home Assistant asks for a new one."""
    (flow,) = [
        flow
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]
    return await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": password}
    )


@pytest.mark.loop_debug
@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("dialect", "basic"), [("classic", False), ("modern", False), ("modern", True)]
)
async def test_secrets(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_storage: dict[str, Any],
    async_setup_recorder_instance: RecorderInstanceGenerator,
    *,
    recorder_db_url: str,
    log: Everything,
    pbx: Simulator,
    basic: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a full run no secret is anywhere but in the config entries."""
    sessions: list[str] = []
    opened = pbx.logins.open

    def open_session(login: Login) -> str:
        """Note the ids of all sessions."""
        sessions.append(opened(login))
        return sessions[-1]

    monkeypatch.setattr(pbx.logins, "open", open_session)
    if basic:
        pbx.switches.login_methods = set()
        pbx.switches.basic = pbx.switches.basic_handshake = True
    await async_setup_recorder_instance(hass, {"commit_interval": 0})
    for component in ("diagnostics", "logbook", "repairs"):
        assert await async_setup_component(hass, component, {})
    told: list[str] = []

    @callback
    def hear(event: Event[Any]) -> None:
        """Keep all that is said on the bus."""
        new = event.data.get("new_state")
        told.append(str(new.as_dict() if new else event.data))

    hass.bus.async_listen(MATCH_ALL, hear)
    result = await fill_in(hass, form(pbx, password=WRONG))
    assert result["errors"]
    told.append(repr({k: v for k, v in result.items() if k != "data_schema"}))
    result = await fill_in(hass, form(pbx), result)
    assert result["type"] == "create_entry"
    entry: Any = result["result"]
    await hass.async_block_till_done()
    phones = Phones(hass, entry)
    result = await add_line(phones, "41", WRONG)
    assert result["errors"]
    await has_line(phones, "41")
    raised = await a_life(hass, pbx, phones)

    places: dict[str, str] = {}
    coordinator = entry.runtime_data
    texts: list[str] = []
    count = 0
    for found in reachable(coordinator, coordinator.lines):
        texts += [repr(found), str(found)]
        count += 1
        if hasattr(found, "__dict__"):
            # One level down, as a debugger or a careless log line shows it.
            texts += [
                repr(value)
                for value in vars(found).values()
                if type(value).__module__.startswith("custom_components")
            ]
    assert count > 100
    places["repr"] = "\n".join([*texts, repr(entry), repr(asyncio.all_tasks())])
    device = phones.device("45")
    assert device
    diagnostics = [await get_diagnostics_for_config_entry(hass, hass_client, entry)]
    with suppress(AssertionError):
        diagnostics.append(
            await get_diagnostics_for_device(hass, hass_client, entry, device)
        )

    pbx.engine.change_password("41", LINE_NEW)
    pbx.engine.change_password("45", NEW)
    pbx.expire_sessions()
    await pbx.cut()
    await wait_for(hass, hass.config_entries.flow.async_progress)
    diagnostics.append(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    result = await give_password(hass, WRONG)
    assert result["errors"]
    told.append(repr(hass.config_entries.flow.async_progress()))
    result = await give_password(hass, NEW)
    assert result["type"] == "abort"
    await hass.async_block_till_done()
    await phones.wait("", "connected", "on")
    await wait_for(hass, lambda: ir.async_get(hass).issues)
    places["issues"] = repr(ir.async_get(hass).issues)
    assert "line_login" in places["issues"]
    places["states"] = repr([state.as_dict() for state in hass.states.async_all()])
    await async_wait_recording_done(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    diagnostics.append(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    places["diagnostics"] = json.dumps(diagnostics)
    await async_wait_recording_done(hass)
    # The database is closed with it.
    hass.bus.async_fire_internal(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    places["storage"] = json.dumps(
        {k: v for k, v in hass_storage.items() if k != "core.config_entries"},
        default=str,
    )
    assert '"core.device_registry"' in places["storage"]
    places["database"] = database(recorder_db_url)
    places["exceptions"] = "\n".join(raised)
    places["events"] = "\n".join(told)
    places["log"] = "\n".join(log.texts)
    assert raised
    assert {"custom_components", "homeassistant", "asyncio"} <= log.names
    assert bool(sessions) is not basic

    secrets = set(sessions).union(*map(forms, PASSWORDS))
    # The probe knows them.
    assert NEW in json.dumps(hass_storage["core.config_entries"], default=str)
    found_in = {
        (place, secret)
        for place, text in places.items()
        for secret in secrets
        if secret in text
    }
    assert not found_in


async def test_connection_that_breaks_off(
    hass: HomeAssistant,
    pbx: Simulator,
    log: Everything,
) -> None:
    """What was read of a reply that breaks off is no part of the reason."""

    async def cut_short(request: web.Request) -> web.Response:
        """Break off within the headers."""
        assert request.transport
        request.transport.write(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: session=abcdefgh1234\r\nX: y\r\n"
        )
        request.transport.close()
        return web.Response()

    pbx.answers["login"] = cut_short
    result = await fill_in(hass, form(pbx))
    assert result["errors"] == {"base": "cannot_connect"}
    assert any("ServerDisconnected" in text for text in log.texts)
    assert not any("abcdefgh1234" in text for text in log.texts)
