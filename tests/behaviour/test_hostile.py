"""A hostile PBX, over real sockets: what it cannot do. docs/SECURITY.md tells it to users.

It cannot make Home Assistant load something, send a password elsewhere, run markup, or
use memory without end; and nothing that a user types becomes another command.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import hashlib
import json
import logging
import re
import struct
import tracemalloc
from typing import Final
import unicodedata
import zlib

from aiohttp import hdrs, web
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.vodia.flows.parse import parse_host
from custom_components.vodia.pbx import trace as ledger_module
from custom_components.vodia.pbx.net import rest
from custom_components.vodia.pbx.wire.accounts import ACCOUNTS_LIMIT
from homeassistant.components import persistent_notification
from homeassistant.components.recorder import Recorder
from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from simulator import Simulator
from simulator.state import Answer
from tests.support.actions import call_action, expect_error
from tests.support.diagnostics import read
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, set_up, wait_for
from tests.support.flows import fill_in, form
from tests.support.hostile import create_hostile
from tests.support.outage import reconnect
from tests.support.repository import ROOT, examples
from tests.support.timing import set_timing

MEGABYTE: Final = 1024 * 1024
# What a client may use at most for one reply, the reply itself included.
MEMORY: Final = 100 * MEGABYTE


@pytest.fixture(autouse=True)
def patient(hass: HomeAssistant) -> None:
    """Take no link for dead while all are busy."""
    set_timing(hass, ping=5.0, request=5.0)


@pytest.fixture
async def pbx(dialect: str) -> AsyncIterator[Simulator]:
    """Return it while it runs."""
    async with create_hostile(dialect) as pbx:
        yield pbx


@dataclass(slots=True)
class Elsewhere:
    """Another server, that notes whatever comes to it."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Note who connects, and what is said."""
        self.heard.append(b"connected")
        with suppress(OSError):
            self.heard.append(await reader.read(65536))
            writer.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Return the other server."""
    other = Elsewhere()
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield other
    server.close()


@asynccontextmanager
async def memory() -> AsyncIterator[list[int]]:
    """Yield where the peak of memory will stand."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


async def fails(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return the reason for which an entry cannot be set up."""
    assert not await hass.config_entries.async_setup(entry.entry_id)
    reason: str | None = entry.error_reason_translation_key
    await hass.config_entries.async_unload(entry.entry_id)
    return reason


# Elsewhere


@pytest.mark.parametrize("step", ["login", "tell", "handshake", "accounts", "calls"])
async def test_redirect(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    elsewhere: Elsewhere,
    step: str,
) -> None:
    """No redirect is followed, at no step: nothing at all comes to the other server."""
    asked = []

    def redirect(status: int) -> Answer:
        """Return the answer with a status."""

        async def answer(request: web.Request) -> web.Response:
            """Lead to the same path at the other server."""
            asked.append(status)
            target = elsewhere.url + request.path_qs
            return web.Response(status=status, headers={hdrs.LOCATION: target})

        return answer

    for status in (300, 301, 302, 303, 307, 308):
        pbx.answers[step] = redirect(status)
        if await hass.config_entries.async_setup(entry.entry_id):
            # It can be done without this step.
            with suppress(HomeAssistantError):
                await call_action(hass, "dial", number="+4930123456")
            for call in pbx.engine.calls():
                pbx.engine.hang_up(call.id)
        await hass.config_entries.async_unload(entry.entry_id)
    if (step, pbx.switches.dialect) != ("accounts", "classic"):
        assert set(asked) >= {301, 302, 303, 307, 308}
    assert not elsewhere.heard


def tricks(url: str) -> list[str]:
    """Return names that want to load, link or run something."""
    return [
        f"![x]({url}/a.png)",
        f"[x]({url}/a)",
        f"<img src={url}/b.png>",
        f"<script src='{url}/c.js'></script>",
        f"{url}/d.png",
        "file:///etc/passwd",
        "/local/x.png",
        "media-source://x/y",
        "{{ states | list }}",
        "{% for x in range(10**9) %}{% endfor %}",
        "Anna\n2026-01-01 CRITICAL (MainThread) [homeassistant] gone",
        "\x1b[2J\x1b[31mAnna\x07",
        "\u202egnirts\u2066",
        "A\0B",
        "__class__ %s %(password)s {0.__class__}",
        "n" * MEGABYTE,
    ]


def clean(text: str) -> None:
    """Check that a text is neither markup nor anything that a log or database refuses."""
    text.encode()
    assert not re.search(r"<[A-Za-z/!?]|!\[|\][(\[:]", text), text
    assert not {unicodedata.category(c) for c in text} & {"Cc", "Cs", "Zl", "Zp"}


async def test_names(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    elsewhere: Elsewhere,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A name loads nothing, is no markup and no template, and breaks out of no log."""
    caplog.set_level(logging.DEBUG)
    assert await async_setup_component(hass, "persistent_notification", {})
    names = tricks(elsewhere.url)
    for index, name in enumerate(names[:-1]):
        # The simulator could not be asked by REST with the longest one.
        pbx.engine.add_account(f"2{index:02}", name)
    phones = await set_up(hass, entry)
    (config,) = [block for block in examples("README.md") if "triggers" in block]
    assert await async_setup_component(hass, "automation", {"automation": config})
    notes: list[str] = []
    for name in names:
        call_id = pbx.engine.ring("+4930123456", "45", name=name)
        shown = await phones.wait("45", "call", "ringing")
        remote = shown.attributes["remote_name"]
        # A party that is far too long is nobody.
        assert remote or name == names[-1]
        clean(remote or "")
        assert len(remote or "") <= 100
        template = Template("{{ state_attr(entity, 'remote_name') }}!", hass)
        rendered = template.async_render({"entity": shown.entity_id})
        assert rendered == f"{remote}!"
        await wait_for(
            hass,
            lambda: persistent_notification._async_get_or_create_notifications(hass),
        )
        notes += [
            note["message"]
            for note in persistent_notification._async_get_or_create_notifications(
                hass
            ).values()
        ]
        pbx.engine.hang_up(call_id)
        await phones.wait("45", "call", "idle")
        persistent_notification.async_dismiss_all(hass)
    await pbx.send_raw(
        json.dumps({"action": "chat", "dest": "46", "message": names[2]})
    )
    await wait_for(
        hass, lambda: "message" in phones.get("45", "message", "event").attributes
    )
    assert len(notes) >= len(names)
    for note in notes:
        clean(note)
    for state in hass.states.async_all():
        assert "entity_picture" not in state.attributes
        assert len(state.state) <= MAX_LENGTH_STATE_STATE
        for value in (state.state, state.name, *state.attributes.values()):
            if isinstance(value, str):
                clean(value)
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        clean(device.name or "")
        assert device.configuration_url in (None, pbx.url)
    for record in caplog.records:
        text = record.getMessage()
        assert "\x1b" not in text
        assert not re.search(r"^2026-01-01 CRITICAL", text, re.MULTILINE)
        if "vodia" in record.name:
            assert text.isprintable()
    assert not elsewhere.heard


async def test_what_is_shown_can_be_stored(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    *,
    pbx: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the PBX sends, states, registries, database, logbook and API take it."""
    assert await async_setup_component(hass, "logbook", {})
    login = pbx.logins.open

    async def sign_oddly(request: web.Request) -> web.StreamResponse:
        """Log in any password, with a Server header that is no text."""
        body = json.dumps(login(pbx.logins.check_hash(*_user(await request.json()))))  # type: ignore[arg-type]
        assert request.transport
        request.transport.write(
            b"HTTP/1.1 200 OK\r\nServer: PBX/7\xff\xed\xa0\x80\x01<b>\r\n"
            b"Connection: close\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        request.transport.close()
        return web.Response()

    pbx.answers["login"] = sign_oddly
    phones = await set_up(hass, entry)
    texts = ['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"x\\u0000y"', '"\\ufffe"']
    texts += [json.dumps("n" * MEGABYTE), json.dumps("é" * 300), '"\\u001b[31m"']
    for index, text in enumerate(texts):
        await pbx.send_raw(
            f'{{"action":"user-state","account":"41","registered":true,"name":{text}}}'
        )
        await pbx.send_raw(f'{{"action":"chat","dest":"41","message":{text}}}')
        await pbx.send_raw(f'{{"action":{text},"a":{text},{text}:1}}')
        parties = f'"from":{text},"from-name":{text},"from-number":"+4930{index}"'
        await pbx.send_raw(
            f'{{"action":"call-state","calls":[{{"id":"h{index}",{parties},'
            f'"to":"<sip:45@localhost>","extension":["45"],"state":"alerting"}}]}}'
        )
    await pbx.send_raw(b'{"action":"user-state","account":"41","name":"\xed\xa0\x80"}')
    await pbx.send_raw(
        '{"action":"call-state","calls":[{"id":"last","from":"<sip:x%00y%ff@h>","to":'
        '"<sip:45@localhost>","extension":["45"],"state":"connected"}]}'
    )
    shown = await phones.wait("45", "call", "connected")
    assert shown.attributes["call_id"] == "last"
    await hass.async_block_till_done()
    await async_wait_recording_done(hass)
    # What is written to disk, and sent to the frontend.
    for registry in (dr.async_get(hass), er.async_get(hass)):
        json_bytes(registry._data_to_save())
    pbx_device = phones.device(None)
    assert pbx_device
    assert pbx_device.sw_version == "7<b>"
    api = await hass_ws_client()
    for kind in ("get_states", "config/device_registry/list"):
        await api.send_json_auto_id({"type": kind})
        assert (await api.receive_json())["success"]
    await api.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": "2020-01-01T00:00:00+00:00",
            "entity_ids": [phones.id("45", "last_caller")],
        }
    )
    assert (await api.receive_json())["success"]
    # Deeper than any frame that is one.
    await pbx.send_raw("[" * 1000 + "]" * 1000)
    await wait_for(
        hass, lambda: "not an object" in entry.runtime_data.client.trace.dropped
    )
    found = await read(hass, hass_client, phones)
    assert found["pbx"]["server"] == "PBX/7<b>"
    errors = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert not errors


def _user(body: dict[str, str]) -> tuple[str, str]:
    """Return user and digest of a login."""
    user, _, digest = body["value"].partition(" ")
    return user, digest


# Memory


async def endless_body(request: web.Request) -> web.StreamResponse:
    """Answer without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(b"[" * 65536)
    return response


async def trickle(request: web.Request) -> web.StreamResponse:
    """Answer nearly all that is taken, then byte by byte."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        await response.write(b" " * (rest._REPLY_LIMIT - 1000))
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.001)
    return response


async def endless_header(request: web.Request) -> web.StreamResponse:
    """Answer with a header without end."""
    return await _raw(request, b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536)


async def endless_headers(request: web.Request) -> web.StreamResponse:
    """Answer with headers without end."""
    return await _raw(request, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000)


async def _raw(request: web.Request, first: bytes, then: bytes) -> web.StreamResponse:
    """Write something, and then something without end."""
    transport = request.transport
    assert transport
    transport.write(first)
    while not transport.is_closing():
        transport.write(then)
        await asyncio.sleep(0.001)
    return web.Response()


def bomb() -> bytes:
    """Return 400 megabytes in less than one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = b" " * MEGABYTE
    return b"".join(packer.compress(chunk) for _ in range(400)) + packer.flush()


async def gzip_bomb(request: web.Request) -> web.StreamResponse:
    """Answer with what is small on the wire only."""
    return web.Response(body=bomb(), headers={hdrs.CONTENT_ENCODING: "gzip"})


@pytest.mark.parametrize("step", ["login", "tell", "accounts"])
@pytest.mark.parametrize(
    "answer", [endless_body, trickle, endless_header, endless_headers, gzip_bomb]
)
async def test_endless_reply(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    step: str,
    answer: Answer,
) -> None:
    """A reply that does not end is given up, before it fills the memory."""
    pbx.answers[step] = answer
    # The simulator keeps what nobody takes, too.
    async with memory() as peak:
        if await hass.config_entries.async_setup(entry.entry_id):
            # The step is one of those that can fail.
            assert step != "login"
            await hass.config_entries.async_unload(entry.entry_id)
        else:
            assert entry.error_reason_translation_key in (
                "unexpected_reply",
                "cannot_connect",
            )
            await hass.config_entries.async_unload(entry.entry_id)
    assert peak[0] < MEMORY


async def deflate_bomb(request: web.Request) -> web.StreamResponse:
    """Open a WebSocket with a compression that nobody offered, and use it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(b" " * (200 * MEGABYTE)) + packer.flush(zlib.Z_SYNC_FLUSH)
    key = (
        request.headers[hdrs.SEC_WEBSOCKET_KEY] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    )
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
    transport = request.transport
    assert transport
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        b"\xc1\x7f" + struct.pack("!Q", len(data[:-4])) + data[:-4]
    )
    await asyncio.sleep(0.2)
    transport.close()
    return web.Response()


async def endless_fragments(request: web.Request) -> web.StreamResponse:
    """Open a WebSocket and send one message without end."""
    key = (
        request.headers[hdrs.SEC_WEBSOCKET_KEY] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    )
    digest = hashlib.sha1(key.encode(), usedforsecurity=False).digest()
    head = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + base64.b64encode(digest)
        + b"\r\n\r\n\x01\x00"
    )
    return await _raw(
        request, head, b"\x00\x7f" + struct.pack("!Q", 65536) + b" " * 65536
    )


@pytest.mark.parametrize("answer", [deflate_bomb, endless_fragments])
async def test_endless_frame(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, answer: Answer
) -> None:
    """A compression that was not offered ends the link; so does a message too large."""
    pbx.answers["handshake"] = answer
    async with memory() as peak:
        if await hass.config_entries.async_setup(entry.entry_id):
            # It is not over yet.
            await wait_for(hass, lambda: not entry.runtime_data.connected)
        await hass.config_entries.async_unload(entry.entry_id)
    # The simulator's own bomb is in it.
    assert peak[0] < 2 * MEMORY + 200 * MEGABYTE * (answer is deflate_bomb)


async def test_too_many_accounts(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    dialect: str,
) -> None:
    """A list of more accounts than a PBX has is no list, in either dialect."""
    for number in range(1000, 1000 + ACCOUNTS_LIMIT):
        pbx.engine.add_account(str(number), "")
    if dialect == "modern":
        assert await fails(hass, entry) == "unexpected_reply"
        return
    phones = await set_up(hass, entry)
    assert entry.runtime_data.client.trace.dropped == {"too many accounts": 1}
    assert phones.state("45", "call") == "idle"
    assert not phones.has("1000")


async def test_devices_without_end(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """Ever new accounts get no devices any more; who was there goes on."""
    phones = await set_up(hass, entry)
    entry.runtime_data.discovery.device_limit = 25
    for number in range(1000, 1030):
        pbx.engine.add_account(str(number), "", registered=True)
    await reconnect(pbx, phones)
    pbx.engine.set_dnd("41", True)
    await phones.wait("41", "dnd", "on")
    assert "1029" in entry.runtime_data.extensions
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) == 25 + 1


async def test_floods(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ever new calls, words, kinds and accounts leave nothing behind, and little in logs."""
    pbx_client = phones.entry.runtime_data.client

    async def flood(round_: int) -> None:
        """Send a lot that is new each time."""
        for number in range(60):
            new = f"{round_}-{number}"
            calls = [
                {
                    "id": f"{new}-{call}",
                    "from": f'"N{new}" <sip:+49{number}@h>',
                    "to": "<sip:45@localhost>",
                    "state": f"w{new}",
                    f"f{new}": 1,
                    "extension": ["45", f"x{new}"],
                    "start": number,
                }
                for call in range(5)
            ]
            if number % 2:
                calls[0]["state"] = "alerting"
            for frame in (
                {"action": "call-state", "calls": calls},
                {"action": "user-state", "account": f"u{new}", "dnd": True},
                {"action": f"kind-{new}", f"key-{new}": "x" * 500},
                {f"flat-{new}": 1},
                {"action": "chat", "dest": f"c{new}", "message": "hello"},
            ):
                await pbx.send_raw(json.dumps(frame))
        await pbx.flush()
        await pbx.send_raw('{"action":"call-state","calls":[]}')
        await phones.wait("45", "call", "idle")
        await wait_for(hass, lambda: not pbx_client.tracker.accounts)

    asyncio.get_running_loop().set_debug(False)
    await flood(0)
    await flood(1)
    states = len(hass.states.async_all())
    caplog.clear()
    trace = pbx_client.trace
    await flood(2)
    await flood(3)
    for counter in (
        trace.unknown_actions,
        trace.unknown_fields,
        trace.unknown_states,
    ):
        assert len(counter) == ledger_module._KEYS_KEPT
    assert len(trace.samples) <= ledger_module._KEYS_KEPT
    assert len(trace.last) <= ledger_module._FRAMES_KEPT
    assert len(pbx_client.own.live.asked_for) <= 1000
    assert len(hass.states.async_all()) == states
    assert phones.state("", "connected") == "on"
    assert not [
        r for r in caplog.records if r.levelno >= logging.INFO and "vodia" in r.name
    ]


@pytest.mark.usefixtures("offers")
async def test_what_is_read_beside(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
) -> None:
    """Hostile flags, mailboxes, histories and address books cost no link."""
    asked: set[str] = set()
    evil = {
        "srvflags": [
            {"name": "../../x?y=1", "display": "![x](y)", "mode": "manual", "state": 0}
        ],
        "messages": {
            "data": [{"isnew": True, "from": "\0<img src=x>", "start": 1e300}]
        },
        "history": {"missed": 10**15, "data": "x"},
        "adrbook": [{"name": "A", "tel" * 100_000 + "\n": "1"}],
        "orbits": [{"name": "8", "calls": "9" * 5000}],
    }

    def answering(kind: str) -> Answer:
        """Return the answer of a kind."""

        async def answer(request: web.Request) -> web.Response:
            """Answer, whoever asks."""
            asked.add(kind)
            return web.json_response(evil[kind])

        return answer

    pbx.answers |= {kind: answering(kind) for kind in evil}
    pbx.engine.add_account("8", "Park", type="orbits")
    pbx.switches.domain_calls = False
    phones = await set_up(hass, entry)
    connections = pbx.connections
    await wait_for(
        hass, lambda: asked >= {"srvflags", "adrbook", "history", "messages"}
    )
    call_id = pbx.engine.ring("+4930123456", "45")
    await phones.wait("45", "call", "ringing")
    pbx.engine.hang_up(call_id)
    await phones.wait("45", "call", "idle")
    assert pbx.connections == connections
    # The number of a flag is a value of the query, whatever it looks like.
    await wait_for(hass, lambda: phones.has("../../x?y=1", "active"))
    pbx.requests.clear()
    pbx.answers.pop("srvflags")
    with pytest.raises(Exception, match=""):
        await hass.services.async_call(
            "switch",
            "turn_on",
            {"entity_id": phones.id("../../x?y=1", "active", "switch")},
            blocking=True,
        )
    posts = [path for method, path in pbx.requests if method == "POST"]
    assert all(path.startswith("/rest/user/45@localhost/srvflags?") for path in posts)
    assert posts


# What users type


NUMBERS: Final = (
    "",
    "\n",
    "1\n2",
    "1\r\nX: y",
    "1\0",
    '1"',
    '1","action":"clear-call',
    "1;phone-context=evil",
    "100@evil.example",
    "sip:100@evil.example",
    "<sip:100>",
    "1%0d%0a",
    "1,2",
    "1&2",
    "1?x",
    "{{ 1 }}",
    "1\u202e2",
    "+",
    "1+1",
    "1" * 65,
)


@pytest.mark.parametrize("number", NUMBERS)
async def test_numbers(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, number: str
) -> None:
    """What is no number is refused in the user's words before anything is sent."""
    pbx.engine.answer(pbx.engine.ring("+4930123456", "45"), "45")
    await phones.wait("45", "call", "connected")
    pbx.received.clear()
    pbx.requests.clear()
    pbx.bodies.clear()
    await expect_error(hass, "invalid_number", "dial", number=number)
    await expect_error(hass, "invalid_number", "transfer", number=number)
    await expect_error(hass, "invalid_number", "park", orbit=number)
    await expect_error(hass, "invalid_number", "retrieve", orbit=number)
    await expect_error(
        hass, "invalid_number", "send_message", recipient=number, message="x"
    )
    actions = {frame["action"] for frame in pbx.received}
    assert actions <= {"avoid-disconnect", "get-calls", "get-users"}
    assert not pbx.bodies


@pytest.mark.parametrize(
    "call_id", ["../../x", "a/b", "a?b#c", "%2e%2e", "\0", "1\r\nX: y", "*", ""]
)
async def test_call_ids(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, call_id: str
) -> None:
    """An id that no call has is refused before anything is sent."""
    pbx.engine.answer(pbx.engine.ring("+4930123456", "45"), "45")
    await phones.wait("45", "call", "connected")
    pbx.bodies.clear()
    for name in ("hang_up", "hold", "answer"):
        await expect_error(hass, "unknown_call_others", name, call_id=call_id)
    assert not pbx.bodies
    assert phones.state("45", "call") == "connected"


async def test_call_id_of_the_pbx(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """An id is a value in a body, never a part of a path; one that is no text is none."""
    evil = '../x?y"},{"action":"make-call'
    frame = {"id": evil, "from": "<sip:+4930@h>", "to": "<sip:45@localhost>"}
    frame |= {"state": "connected", "extension": ["45"]}  # type: ignore[dict-item]
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": [frame]}))
    await phones.wait("45", "call", "connected")
    pbx.requests.clear()
    pbx.received.clear()
    with suppress(Exception):
        await call_action(hass, "hang_up")
    assert all("x?y" not in path and ".." not in path for _, path in pbx.requests)
    for sent in pbx.received:
        assert sent.get("id") in (None, evil)
    left_out = phones.entry.runtime_data.client.trace.left_out
    frame["id"] = "a\nb"
    await pbx.send_raw(json.dumps({"action": "call-state", "calls": [frame]}))
    await wait_for(hass, lambda: left_out["id is no text"])


@classic
async def test_chat(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """A message is a text in its frame, without what is no text."""
    text = 'a"},{"action":"make-call","to":"1"}\n<b>\x00\x1b[31m{{ 1 }}'
    await call_action(hass, "send_message", recipient="41", message=text)
    await wait_for(hass, lambda: any(f["action"] == "chat" for f in pbx.received))
    (sent,) = [frame for frame in pbx.received if frame["action"] == "chat"]
    assert sent["message"] == text.replace("\x00", " ").replace("\x1b", " ")
    assert not any(frame["action"] == "make-call" for frame in pbx.received)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("host", f"{{}}{end}") for end in ("\r\nX: y", " evil", "\\@evil", "@evil")),
        ("host", "45:pass@{}"),
        ("host", "file:///etc/passwd"),
        ("host", "javascript:alert(1)"),
        ("host", "{}\0"),
        *(("extension", text) for text in ("..", ".", "45/../46", "45?x", "45%2f46")),
        *(
            ("extension", text)
            for text in ("45@..", "45@a/b", "45@t?x", "45\n46", "4 5")
        ),
        *(("extension", text) for text in ('45"', "45@[::1]", "45;x", "", "45@t@u")),
    ],
)
@modern
async def test_form(hass: HomeAssistant, pbx: Simulator, field: str, text: str) -> None:
    """What can be no host or extension is refused, and nothing is asked of anybody."""
    values = form(pbx, **{field: text.replace("{}", f"{pbx.host}:{pbx.port}")})
    result = await fill_in(hass, values)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"]
    assert set(result["errors"]) == {field}
    assert not pbx.requests


@pytest.mark.parametrize("path", ["/../../admin", "/x?y=1#z", "?q", "#f"])
def test_host_with_a_path(path: str) -> None:
    """A path behind a host is of no interest."""
    assert parse_host(f"pbx.example.com{path}") == parse_host("pbx.example.com")


@classic
@pytest.mark.parametrize(
    "tenant",
    ["../../admin", "a/b", "a?b", "x\r\ny", "<b>", "", "t" * 300, "..", 5, ["x"]],
)
async def test_tenant_of_the_pbx(
    hass: HomeAssistant, pbx: Simulator, tenant: object
) -> None:
    """A tenant that the PBX tells and that is no name is not taken."""

    async def tell(request: web.Request) -> web.Response:
        """Tell a tenant."""
        return web.json_response({"cuser": "45", "cdomain": tenant})

    pbx.answers["tell"] = tell
    result = await fill_in(hass, form(pbx))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["tenant"] in ("localhost", pbx.host)
    told = result["data"]["tenant"]
    strange = [
        path
        for _, path in pbx.requests
        if path != "/"
        and not path.startswith(
            (
                "/rest/system/session",
                "/rest/user/45@",
                "/rest/user/self/messages",
                "/rest/domain/self/account/self/user_settings",
                f"/rest/domain/{told}/",
                "/websocket",
                "/json",
            )
        )
    ]
    assert strange == []


# The page


def test_page_has_the_numbers() -> None:
    """The table of limits on the page is that of the code."""
    page = (ROOT / "docs" / "SECURITY.md").read_text()
    rows = re.findall(
        r"^\| [^|]+ \| ([^|]+) \| `(\w+)` in \[\w+\.py\]\(\.\./([\w/]+\.py)\)",
        page,
        re.MULTILINE,
    )
    assert len(rows) >= 20
    for number, name, module in rows:
        found = re.search(
            rf"^{name}(?:: Final)? = (.+)$", (ROOT / module).read_text(), re.MULTILINE
        )
        assert found, name
        value = eval(found[1], {"ACCOUNTS_LIMIT": ACCOUNTS_LIMIT})  # noqa: S307
        if value % MEGABYTE == 0:
            assert number == f"{value // MEGABYTE} MiB", name
        else:
            assert number == f"{value:,}", name
