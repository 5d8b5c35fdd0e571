"""Voicemail in the media browser, as a user hears it: over WebSocket and HTTP."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
import io
import logging
from typing import Any
import wave

from aiohttp import ClientPayloadError, ClientResponse, web
import pytest
from pytest_homeassistant_custom_component.common import (
    CLIENT_ID,
    MockConfigEntry,
    MockUser,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.media_player import async_process_play_media_url
from homeassistant.components.media_source import async_resolve_media
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from simulator.audio import recording
from simulator.logins import Login
from simulator.model import Party, VoiceMessage
from tests.support.actions import call_action
from tests.support.calls import CALLER
from tests.support.dialects import classic, modern
from tests.support.entry import Phones, create_branch_entry, set_up, wait_for
from tests.support.lines import has_line
from tests.support.repository import ENGLISH

pytestmark = pytest.mark.usefixtures("offers")

ROOT = "media-source://vodia"


def worded(key: str) -> str:
    """Return the text of an error; Home Assistant leaves out its last full stop."""
    text: str = ENGLISH["exceptions"][key]["message"]
    return text.removesuffix(".")


class Browser:
    """The media browser of a user."""

    def __init__(
        self,
        hass: HomeAssistant,
        sockets: WebSocketGenerator,
        clients: ClientSessionGenerator,
        token: str,
    ) -> None:
        """Log in with a token."""
        self._hass, self._sockets, self._clients = hass, sockets, clients
        self._token = token
        self._socket: Any = None

    async def log_in(self, *entity_ids: str) -> None:
        """Log in as somebody who may read these entities alone."""
        user = MockUser().add_to_hass(self._hass)
        policy = {"entity_ids": {each: {POLICY_READ: True} for each in entity_ids}}
        user.mock_policy({"entities": policy})
        refresh = await self._hass.auth.async_create_refresh_token(user, CLIENT_ID)
        self._token = self._hass.auth.async_create_access_token(refresh)
        self._socket = None

    async def ask(self, command: str, media_id: str) -> Any:
        """Send a command; return its answer."""
        if self._socket is None:
            self._socket = await self._sockets(self._hass, self._token)
        await self._socket.send_json_auto_id(
            {"type": f"media_source/{command}", "media_content_id": media_id}
        )
        return await self._socket.receive_json()

    async def browse(self, media_id: str = ROOT) -> dict[str, Any]:
        """Return what is in a folder."""
        answer = await self.ask("browse_media", media_id)
        assert answer["success"], answer
        found: dict[str, Any] = answer["result"]
        return found

    async def messages(self, *titles: str) -> list[dict[str, Any]]:
        """Return what is in the folder that the titles lead to."""
        folder = await self.browse()
        for title in titles:
            (found,) = [each for each in folder["children"] if each["title"] == title]
            folder = await self.browse(found["media_content_id"])
        children: list[dict[str, Any]] = folder["children"]
        return children

    async def newest(self, *titles: str) -> str:
        """Return the id of the newest message in a folder."""
        (newest, *_) = await self.messages(*titles)
        media_id: str = newest["media_content_id"]
        return media_id

    async def url(self, media_id: str) -> str:
        """Return where a message can be heard."""
        answer = await self.ask("resolve_media", media_id)
        assert answer["success"], answer
        assert answer["result"]["mime_type"] == "audio/wav"
        url: str = answer["result"]["url"]
        return url

    async def refusal(self, media_id: str, command: str = "resolve_media") -> str:
        """Return why a message cannot be heard."""
        answer = await self.ask(command, media_id)
        assert not answer["success"], answer
        assert answer["error"]["code"] == f"{command}_failed"
        text: str = answer["error"]["message"]
        return text

    async def get(self, url: str, **headers: str) -> ClientResponse:
        """Get an URL as an audio player does, which knows no token."""
        client = await self._clients()
        response: ClientResponse = await client.get(
            url, headers={"Authorization": "", **headers}
        )
        return response


@pytest.fixture
async def browser(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
) -> Browser:
    """Return the media browser of the administrator."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert await async_setup_component(hass, "media_source", {})
    return Browser(hass, hass_ws_client, hass_client, hass_access_token)


@pytest.fixture
async def phones(
    hass: HomeAssistant, pbx: Simulator, entry: MockConfigEntry, browser: Browser
) -> Phones:
    """Return the entities of a PBX with a message of a colleague, and a newer one."""
    leave(pbx, "45", "41", 1_700_000_000, 63)
    pbx.engine.hear_messages("45")
    leave(pbx, "45", CALLER, 1_700_086_400, 3)
    return await known(await set_up(hass, entry))


async def known(phones: Phones, line: str = "45") -> Phones:
    """Wait until the mailbox of a line is known."""
    await wait_for(phones.hass, lambda: phones.has(line, "voicemail"))
    return phones


def leave(
    pbx: Simulator, line: str, caller: str, time: float, seconds: int
) -> VoiceMessage:
    """Leave a message; return it."""
    pbx.engine.leave_message(line, caller, "Anna", seconds)
    message = pbx.engine.account(line).messages[-1]
    message.start = time
    return message


def sound_of(pbx: Simulator, line: str = "45", index: int = -1) -> bytes:
    """Return what was said."""
    message = pbx.engine.account(line).messages[index]
    return recording(message.id, message.duration)


FREYA = "45 Freya Nilsen"
BRUNO = "41 Bruno Ferreira"


async def test_listed(browser: Browser, phones: Phones) -> None:
    """The newest is first: from whom, when and how long, and whether it is new."""
    root = await browser.browse("")
    assert "Vodia PBX" in [each["title"] for each in root["children"]]
    shown = [
        (each["title"], each["can_play"], each["can_expand"])
        for each in await browser.messages(FREYA)
    ]
    assert shown == [
        ("● Anna, 2023-11-15 23:13 (0:03)", True, False),
        ("Bruno Ferreira, 2023-11-14 23:13 (1:03)", True, False),
    ]


async def test_played(browser: Browser, pbx: Simulator, phones: Phones) -> None:
    """It sounds as it was said, and no other one does; what is known says it is sound."""
    for index, message in enumerate(await browser.messages(FREYA)):
        response = await browser.get(await browser.url(message["media_content_id"]))
        assert response.status == HTTPStatus.OK
        sound = await response.read()
        assert sound == sound_of(pbx, index=-1 - index)
        assert response.content_type == "audio/wav"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response.headers["Cache-Control"]
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getnframes() == file.getframerate() * (3, 63)[index]


async def test_not_heard_by_playing(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """To list and to play asks for nothing else than the sound."""
    asked = len(pbx.requests)
    await (await browser.get(await browser.url(await browser.newest(FREYA)))).read()
    made = [
        (method, path.partition("?")[0].rpartition("/")[2])
        for method, path in pbx.requests[asked:]
    ]
    assert set(made) <= {("GET", "messages"), ("GET", "audio.wav")}
    assert (await browser.messages(FREYA))[0]["title"].startswith("●")


async def test_marked_by_the_pbx(
    browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """What a PBX takes for heard is shown so, and can be heard again."""
    pbx.switches.hearing_marks = True
    media_id = await browser.newest(FREYA)
    await browser.url(media_id)
    assert (await browser.messages(FREYA))[0]["title"].startswith("Anna")
    assert (await browser.get(await browser.url(media_id))).status == HTTPStatus.OK


@pytest.mark.parametrize(
    "case",
    [
        ("bytes=0-1", "bytes 0-1/{}", slice(0, 2)),
        ("bytes=0-", "bytes 0-{last}/{}", slice(None)),
        ("bytes=40000-40999", "bytes 40000-40999/{}", slice(40000, 41000)),
        ("bytes=40000-", "bytes 40000-{last}/{}", slice(40000, None)),
        ("bytes=-100", "bytes {tail}-{last}/{}", slice(-100, None)),
        ("bytes=40000-99999999", "bytes 40000-{last}/{}", slice(40000, None)),
    ],
)
async def test_seek(
    browser: Browser, pbx: Simulator, phones: Phones, case: tuple[str, str, slice]
) -> None:
    """A player may ask for a part, and gets that of the whole."""
    asked, told, cut = case
    url, sound = await browser.url(await browser.newest(FREYA)), sound_of(pbx)
    response = await browser.get(url, Range=asked)
    assert response.status == HTTPStatus.PARTIAL_CONTENT
    size = len(sound)
    told = told.format(size, last=size - 1, tail=size - 100)
    assert response.headers["Content-Range"] == told
    assert await response.read() == sound[cut]


async def test_odd_ranges(browser: Browser, pbx: Simulator, phones: Phones) -> None:
    """Beyond the end is nothing; what makes no sense is as if it were not asked."""
    url, sound = await browser.url(await browser.newest(FREYA)), sound_of(pbx)
    beyond = await browser.get(url, Range=f"bytes={len(sound)}-")
    assert beyond.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    assert beyond.headers["Content-Range"] == f"bytes */{len(sound)}"
    for odd in ("bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=x"):
        response = await browser.get(url, Range=odd)
        assert response.status == HTTPStatus.OK, odd
        assert await response.read() == sound


async def test_length_not_told(
    browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Without a length all of it comes, whatever part is asked for."""
    pbx.switches.audio_length = False
    url = await browser.url(await browser.newest(FREYA))
    response = await browser.get(url, Range="bytes=0-1")
    assert response.status == HTTPStatus.OK
    assert await response.read() == sound_of(pbx)


@pytest.mark.parametrize("kind", ["application/octet-stream", "x", "text/html", ""])
async def test_type_not_told(
    browser: Browser, pbx: Simulator, phones: Phones, kind: str
) -> None:
    """What it is, its beginning tells."""
    pbx.switches.audio_type = kind
    url = await browser.url(await browser.newest(FREYA))
    assert (await browser.get(url)).content_type == "audio/wav"


# Who may hear it


async def test_rights(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Who may read the sensor of a line hears its messages, and no others."""
    leave(pbx, "41", CALLER, 1_700_000_000, 2)
    await has_line(phones)
    await known(phones, "41")
    line = {each["title"]: each for each in await browser.messages()}
    assert set(line) == {FREYA, BRUNO}
    own, others = await browser.newest(FREYA), await browser.newest(BRUNO)
    await browser.log_in(phones.id("41", "voicemail"))
    assert [each["title"] for each in await browser.messages()] == [BRUNO]
    assert (await browser.get(await browser.url(others))).status == HTTPStatus.OK
    no_right = worded("no_mailbox")
    assert await browser.refusal(own) == no_right
    folder = line[FREYA]["media_content_id"]
    assert await browser.refusal(folder, "browse_media") == no_right
    await browser.log_in(phones.id("45", "registered"))
    assert await browser.messages() == []
    assert await browser.refusal(own) == no_right


async def test_rights_of_the_url(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
    browser: Browser,
    phones: Phones,
) -> None:
    """The path alone opens nothing, nor does the token of somebody without the right."""
    url = await browser.url(await browser.newest(FREYA))
    path = url.partition("?")[0]
    assert (await browser.get(path)).status == HTTPStatus.UNAUTHORIZED
    forged = url.replace("authSig=", "authSig=x")
    assert (await browser.get(forged)).status == HTTPStatus.UNAUTHORIZED
    other = path[:-6] + "AAAA==" + url[len(path) :]
    assert (await browser.get(other)).status == HTTPStatus.UNAUTHORIZED
    user = MockUser().add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {}}})
    refresh = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    nobody = hass.auth.async_create_access_token(refresh)
    for token, status in (
        (nobody, HTTPStatus.NOT_FOUND),
        (hass_read_only_access_token, HTTPStatus.OK),
    ):
        client = await hass_client(token)
        assert (await client.get(path)).status == status


async def test_right_taken_away(
    hass: HomeAssistant, browser: Browser, phones: Phones
) -> None:
    """An URL is worth what its user may do when it is used."""
    media_id = await browser.newest(FREYA)
    await browser.log_in(phones.id("45", "voicemail"))
    url = await browser.url(media_id)
    (user,) = [each for each in await hass.auth.async_get_users() if not each.groups]
    user.mock_policy({})  # type: ignore[attr-defined]
    assert (await browser.get(url)).status == HTTPStatus.NOT_FOUND


async def test_automation(
    hass: HomeAssistant, browser: Browser, phones: Phones
) -> None:
    """An automation may play it on a speaker, which gets an URL that it can open."""
    media_id = await browser.newest(FREYA)
    media = await async_resolve_media(hass, media_id, "media_player.kitchen")
    url = async_process_play_media_url(hass, media.url, allow_relative_url=True)
    assert (await browser.get(url)).status == HTTPStatus.OK


async def test_other_mailbox(browser: Browser, pbx: Simulator, phones: Phones) -> None:
    """A PBX that gives out any message is not asked for one that is not the line's."""
    pbx.switches.audio_of_all = True
    foreign = leave(pbx, "41", CALLER, 1_700_086_400, 2)
    own = pbx.engine.account("45").messages
    media_id = await browser.newest(FREYA)
    mine, own[-1] = own[-1], foreign
    theirs = await browser.newest(FREYA)
    own[-1] = mine
    assert media_id != theirs
    asked = len(pbx.requests)
    gone = worded("message_gone")
    assert await browser.refusal(theirs) == gone
    assert not [path for _, path in pbx.requests[asked:] if "audio" in path]


async def test_two_pbxs(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Each PBX has its folder, and its own messages in it."""
    account = pbx.engine.account("45", tenant="branch.example")
    pbx.engine.leave_message("45", CALLER, "Bert", 2, tenant="branch.example")
    entry = create_branch_entry(hass, pbx)
    hass.config_entries.async_update_entry(entry, title="Branch")
    await known(await set_up(hass, entry))
    assert {each["title"] for each in await browser.messages()} == {
        "Branch",
        phones.entry.title,
    }
    (message,) = await browser.messages("Branch", f"45 {account.name}")
    assert message["title"].startswith("● Bert")
    response = await browser.get(await browser.url(message["media_content_id"]))
    (left,) = account.messages
    assert await response.read() == recording(left.id, left.duration)
    assert len(await browser.messages(phones.entry.title, FREYA)) == 2


# What a PBX may not offer, or do


@classic
async def test_without_ids(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Messages that have no id are shown, and cannot be played."""
    pbx.switches.self_messages_as = "list"
    shown = await browser.messages(FREYA)
    assert [each["title"][:6] for each in shown] == ["● Anna", "Bruno "]
    assert not any(each["can_play"] for each in shown)


@modern
async def test_without_ids_modern(
    browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """The same, and which are new is found out."""
    pbx.switches.message_ids = False
    shown = await browser.messages(FREYA)
    assert [each["title"][:6] for each in shown] == ["● Anna", "Bruno "]
    assert not any(each["can_play"] for each in shown)


@modern
@pytest.mark.parametrize("shape", ["count", "totals"])
async def test_only_counted(
    browser: Browser, pbx: Simulator, phones: Phones, shape: Any
) -> None:
    """A mailbox that is only counted is not shown as empty."""
    (folder,) = await browser.messages()
    pbx.switches.messages_as = shape
    refusal = await browser.refusal(folder["media_content_id"], "browse_media")
    assert refusal == worded("not_supported")


async def test_no_mailbox(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, entry: MockConfigEntry
) -> None:
    """A PBX without mailboxes has no folder."""
    pbx.switches.rest_status |= dict.fromkeys(("messages", "self_messages"), 404)
    await set_up(hass, entry)
    assert await browser.messages() == []


def page(text: str, kind: str = "text/html") -> Callable[[web.Request], Any]:
    """Return what answers with a text."""

    async def answer(request: web.Request) -> web.Response:
        """Answer."""
        return web.Response(text=text, headers={"Content-Type": kind})

    return answer


@pytest.mark.parametrize(
    "case",
    [
        (403, "access_off", 403),
        (401, "access_off", 403),
        (404, "not_supported", 502),
        (500, "unexpected_reply", 502),
        ("html", "no_audio", 502),
        ("redirect", "unexpected_reply", 502),
        ("reset", "cannot_connect", 503),
        ("hang", "cannot_connect", 503),
    ],
)
async def test_fault(
    browser: Browser,
    pbx: Simulator,
    phones: Phones,
    case: tuple[Any, str, int],
) -> None:
    """Why it cannot be heard is said in words, and the phone goes on."""
    fault, key, status = case
    text = worded(key)
    media_id = await browser.newest(FREYA)
    url = await browser.url(media_id)
    pbx.switches.redirect_to = pbx.url
    pbx.switches.faults["audio.wav"] = fault
    assert await browser.refusal(media_id) == text
    response = await browser.get(url)
    assert response.status == status
    assert (await response.json())["message"] == text
    pbx.switches.faults.clear()
    assert phones.state("", "connected") == "on"
    if fault != 401:
        assert (await browser.get(url)).status == HTTPStatus.OK


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "audio/wav"),
        ("<!DOCTYPE html><html></html>", "audio/wav"),
        ("\n <html>", "audio/wav"),
        ("{}", "application/json"),
        ("sound", "audio/<b>"),
        ("sound", "audio/" + "x" * 100),
        ("sound", "video/mp4"),
    ],
)
async def test_no_audio(
    browser: Browser, pbx: Simulator, phones: Phones, text: str, kind: str
) -> None:
    """What is no recording is not passed on."""
    media_id = await browser.newest(FREYA)
    pbx.answers["audio.wav"] = page(text, kind)
    assert await browser.refusal(media_id) == worded("no_audio")


async def test_session_expired(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """One new login, and it plays."""
    url = await browser.url(await browser.newest(FREYA))
    logins = sum(path.startswith("/rest/system/session") for _, path in pbx.requests)
    pbx.expire_sessions()
    response = await browser.get(url)
    assert await response.read() == sound_of(pbx)
    asked = [m for m, path in pbx.requests if path.startswith("/rest/system/session")]
    assert asked[logins:].count("PUT") == 1


async def test_deleted(browser: Browser, pbx: Simulator, phones: Phones) -> None:
    """A message that was deleted meanwhile is gone, also where its id has another one."""
    media_id = await browser.newest(FREYA)
    url = await browser.url(media_id)
    message = pbx.engine.account("45").messages[-1]
    message.start += 60
    gone = worded("message_gone")
    assert await browser.refusal(media_id) == gone
    pbx.engine.delete_messages("45")
    assert await browser.refusal(media_id) == gone
    response = await browser.get(url)
    assert response.status == HTTPStatus.NOT_FOUND
    assert (await response.json())["message"] == gone
    assert await browser.messages(FREYA) == []


async def test_without_link(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """While the link is lost nothing can be heard; when it is back, it can."""
    media_id = await browser.newest(FREYA)
    url = await browser.url(media_id)
    (folder,) = await browser.messages()
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
    lost = worded("not_connected")
    assert await browser.refusal(media_id) == lost
    assert await browser.refusal(folder["media_content_id"], "browse_media") == lost
    assert (await browser.get(url)).status == HTTPStatus.SERVICE_UNAVAILABLE
    await pbx.accept()
    await phones.wait("", "connected", "on")
    await wait_for(
        hass, lambda: phones.get("45", "voicemail").state != STATE_UNAVAILABLE
    )
    assert (await browser.get(url)).status == HTTPStatus.OK


async def test_unloaded(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Without the entry there is no folder, and an old URL says so."""
    url = await browser.url(await browser.newest(FREYA))
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    assert await browser.messages() == []
    assert (await browser.get(url)).status == HTTPStatus.SERVICE_UNAVAILABLE


# While it is played


class Broadcast:
    """A recording that is sent bit by bit, as somebody wants it."""

    def __init__(self, pbx: Simulator, rest: int = 10_000) -> None:
        """Answer in place of the PBX with so many bytes after the first 10,000."""
        self.rest = rest
        self.gone = 0
        self.go_on = asyncio.Event()
        self.breaks_off = False
        pbx.answers["audio.wav"] = self._send

    async def _send(self, request: web.Request) -> web.StreamResponse:
        """Send a beginning, and the rest when it is wanted."""
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        response.content_length = 10_000 + self.rest
        await response.prepare(request)
        await response.write(b"RIFF" + bytes(9_996))
        await self.go_on.wait()
        if self.breaks_off and request.transport:
            request.transport.abort()
        try:
            for _ in range(0, self.rest, 10_000):
                await response.write(bytes(10_000))
                await asyncio.sleep(0.01)
        except ConnectionError:
            self.gone += 1
        return response


async def heard(response: ClientResponse) -> bytes:
    """Return what comes of a recording until it ends or breaks off."""
    found = bytearray()
    with suppress(ClientPayloadError):
        while data := await response.content.readany():
            found += data
    return bytes(found)


async def test_as_it_comes(browser: Browser, pbx: Simulator, phones: Phones) -> None:
    """It is passed on as it comes; nobody waits for the end."""
    cast = Broadcast(pbx)
    response = await browser.get(await browser.url(await browser.newest(FREYA)))
    assert await response.content.readexactly(10_000) == b"RIFF" + bytes(9_996)
    cast.go_on.set()
    assert len(await heard(response)) == 10_000


@pytest.mark.parametrize("ending", ["reload", "unload", "stop"])
async def test_ends_with_the_entry(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones, ending: str
) -> None:
    """A reload waits for no listener, who hears that it broke off; then it plays again."""
    cast = Broadcast(pbx)
    url = await browser.url(await browser.newest(FREYA))
    response = await browser.get(url)
    await response.content.readexactly(10_000)
    begun = asyncio.get_running_loop().time()
    if ending == "stop":
        await phones.entry.runtime_data.async_stop()
    elif ending == "unload":
        assert await hass.config_entries.async_unload(phones.entry.entry_id)
    else:
        assert await hass.config_entries.async_reload(phones.entry.entry_id)
    assert await heard(response) == b""
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert asyncio.get_running_loop().time() - begun < 5
    cast.go_on.set()
    if ending == "reload":
        await wait_for(hass, lambda: phones.state("45", "voicemail") == "1")
        assert len(await heard(await browser.get(url))) == 20_000


@pytest.mark.parametrize("ending", ["reset", "silence"])
async def test_breaks_off(
    browser: Browser, pbx: Simulator, phones: Phones, ending: str
) -> None:
    """What the PBX does not send to its end is not taken for the whole."""
    cast = Broadcast(pbx)
    response = await browser.get(await browser.url(await browser.newest(FREYA)))
    await response.content.readexactly(10_000)
    if ending == "reset":
        cast.breaks_off = True
        cast.go_on.set()
    assert await heard(response) == b""
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert phones.state("", "connected") == "on"
    cast.go_on.set()


async def test_listener_goes(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Who hangs up hears no more, and the PBX is asked no more."""
    cast = Broadcast(pbx, 1_000_000)
    response = await browser.get(await browser.url(await browser.newest(FREYA)))
    await response.content.readexactly(10_000)
    response.close()
    cast.go_on.set()
    # Both who found out what it is, and who listened.
    await wait_for(hass, lambda: cast.gone == 2)


async def test_beside_commands(
    browser: Browser, pbx: Simulator, phones: Phones
) -> None:
    """Who listens holds up nobody."""
    cast = Broadcast(pbx)
    response = await browser.get(await browser.url(await browser.newest(FREYA)))
    await response.content.readexactly(10_000)
    await call_action(phones.hass, "set_dnd", enabled=True)
    await phones.wait("45", "dnd", "on")
    cast.go_on.set()
    assert len(await heard(response)) == 10_000


@pytest.mark.parametrize("told", [True, False])
async def test_too_large(
    browser: Browser, pbx: Simulator, phones: Phones, told: bool
) -> None:
    """What is larger than any message is refused, or broken off."""

    async def send(request: web.Request) -> web.StreamResponse:
        """Send for ever."""
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        if told:
            response.content_length = 65 * 1024 * 1024
        await response.prepare(request)
        await response.write(b"RIFF")
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(1024 * 1024))
        return response

    pbx.answers["audio.wav"] = send
    media_id = await browser.newest(FREYA)
    if told:
        assert await browser.refusal(media_id) == worded("unexpected_reply")
        return
    response = await browser.get(await browser.url(media_id))
    assert 60 * 1024 * 1024 < len(await heard(response)) <= 64 * 1024 * 1024
    with pytest.raises(ClientPayloadError):
        await response.read()


# Who must not be named, and what must not be told


@pytest.mark.parametrize("language", ["en", "de"])
async def test_privacy(
    hass: HomeAssistant, browser: Browser, pbx: Simulator, phones: Phones, language: str
) -> None:
    """Nobody outside is named, in the language of Home Assistant."""
    hass.config.language = language
    hass.config_entries.async_update_entry(phones.entry, options={"privacy": True})
    assert await hass.config_entries.async_reload(phones.entry.entry_id)
    await wait_for(hass, lambda: phones.state("45", "voicemail") == "1")
    outside = {"en": "An outside number", "de": "Eine externe Nummer"}[language]
    assert [each["title"] for each in await browser.messages(FREYA)] == [
        f"● {outside}, 2023-11-15 23:13 (0:03)",
        "Bruno Ferreira, 2023-11-14 23:13 (1:03)",
    ]


@pytest.mark.parametrize(
    ("number", "shown"),
    [("anonymous", "A withheld number"), ("", "An unknown number"), ("49", "49")],
)
async def test_nobody(
    browser: Browser, pbx: Simulator, phones: Phones, number: str, shown: str
) -> None:
    """Who withholds the number, or has none, is nobody."""
    pbx.engine.account("45").messages[-1].caller = Party(number)
    title = (await browser.messages(FREYA))[0]["title"]
    assert title == f"● {shown}, 2023-11-15 23:13 (0:03)"


async def test_secrets(
    browser: Browser,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No session of the PBX goes to a browser or into the log, whatever the PBX answers."""
    sessions: list[str] = []
    opened = pbx.logins.open

    def open_session(login: Login) -> str:
        """Note the ids of all sessions."""
        sessions.append(opened(login))
        return sessions[-1]

    monkeypatch.setattr(pbx.logins, "open", open_session)
    pbx.expire_sessions()
    caplog.set_level(logging.DEBUG)
    media_id = await browser.newest(FREYA)
    url = await browser.url(media_id)
    seen = [repr(await browser.browse()), media_id, url]

    async def blab(request: web.Request) -> web.Response:
        """Hand out the session in every way."""
        cookie = request.headers["Cookie"]
        head = {"Content-Type": f"audio/{cookie}", "Set-Cookie": cookie, "X-Id": cookie}
        return web.Response(body=b"RIFF", headers=head, reason=cookie)

    for answer in (None, blab):
        if answer:
            pbx.answers["audio.wav"] = answer
        response = await browser.get(url)
        seen += [repr(response.headers), response.reason or "", repr(response.cookies)]
        seen.append((await response.read()).hex())
        seen.append(repr(await browser.ask("resolve_media", media_id)))
    pbx.answers.clear()
    for fault in (401, 403, 404, 500, "html", "redirect", "reset"):
        pbx.switches.faults["audio.wav"] = fault
        seen.append(repr(await browser.ask("resolve_media", media_id)))
        response = await browser.get(url)
        seen += [repr(response.headers), await response.text()]
    seen += [record.getMessage() for record in caplog.records]
    assert len(sessions) > 1
    told = "\n".join(seen)
    assert media_id.removeprefix(f"{ROOT}/") in told
    assert not [session for session in sessions if session in told]
    decoded = urlsafe_b64decode(media_id.removeprefix(f"{ROOT}/")).decode()
    assert not [session for session in sessions if session in decoded]


@pytest.mark.parametrize(
    "identifier",
    ["x", "%", "ä", "AAAA", "W10=", "WzEsMiwzLDRd", "bnVsbA==", "../..", "x" * 500],
    ids=lambda text: text[:9],
)
async def test_odd_identifiers(
    browser: Browser, pbx: Simulator, phones: Phones, identifier: str
) -> None:
    """What is no place of ours is none."""
    asked = len(pbx.requests)
    none = worded("no_mailbox")
    for command in ("browse_media", "resolve_media"):
        assert await browser.refusal(f"{ROOT}/{identifier}", command) == none
    assert not [path for _, path in pbx.requests[asked:] if "audio" in path]
