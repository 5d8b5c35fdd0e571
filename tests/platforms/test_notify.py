"""Chat: a message of Home Assistant to an extension."""

import asyncio
from typing import Any

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from simulator.model import Message
from tests.support.dialects import modern
from tests.support.entry import Phones, create_branch_entry, set_up, wait_for
from tests.support.lines import has_line
from tests.support.outage import reconnect

CHAT = "/rest/user/45@localhost/chat"


async def enable(phones: Phones, *accounts: str) -> None:
    """Enable chats as a user does; Home Assistant reloads the entry after a while."""
    registry = er.async_get(phones.hass)
    for account in accounts:
        entity_id = phones.id(account, "chat", "notify")
        registry.async_update_entity(entity_id, disabled_by=None)
    await asyncio.sleep(RELOAD_AFTER_UPDATE_DELAY + 1)
    await phones.hass.async_block_till_done()


async def notify(phones: Phones, account: str, message: str, **data: Any) -> None:
    """Send a message to an account, as an automation does."""
    await phones.hass.services.async_call(
        "notify",
        "send_message",
        {"message": message, **data},
        target={"entity_id": phones.id(account, "chat", "notify")},
        blocking=True,
    )


async def refused(
    phones: Phones,
    key: str,
    message: str,
    error: type[HomeAssistantError] = HomeAssistantError,
    **data: Any,
) -> None:
    """Expect a message to be refused in words, and not to show as sent."""
    with pytest.raises(error) as raised:
        await notify(phones, "41", message, **data)
    assert type(raised.value) is error
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == key
    assert str(raised.value) not in ("", key)
    assert phones.get("41", "chat", "notify").state == STATE_UNKNOWN


@pytest.fixture
async def phones(hass: HomeAssistant, entry: MockConfigEntry) -> Phones:
    """Return the entities of a PBX with the chats of two extensions."""
    phones = await set_up(hass, entry)
    await enable(phones, "41", "45")
    return phones


@pytest.fixture
def sent(pbx: Simulator) -> list[Message]:
    """Return the messages that the PBX gets."""
    messages: list[Message] = []

    def take(news: object) -> None:
        """Keep a message."""
        if isinstance(news, Message):
            messages.append(news)

    pbx.engine.listeners.append(take)
    return messages


async def test_off_by_default(hass: HomeAssistant, phones: Phones) -> None:
    """Each extension has one, which waits to be enabled; nothing else has."""
    entity = er.async_get(hass).async_get(phones.id("42", "chat", "notify"))
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert phones.has("45", "chat")
    assert not phones.has("", "chat")
    assert not phones.has("500", "chat")


async def test_sent(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    sent: list[Message],
    dialect: str,
) -> None:
    """It is sent to the extension whose device it is, from the entry's own line."""
    state = phones.get("41", "chat", "notify")
    assert state.name == "41 Bruno Ferreira Chat"
    assert state.state == STATE_UNKNOWN
    await notify(phones, "41", 'Die Tür\nist "offen" 🚪')
    await wait_for(hass, lambda: sent)
    assert sent == [Message("localhost", "45", "41", 'Die Tür\nist "offen" 🚪')]
    assert len([f for f in pbx.received if f["action"] == "chat"]) == (
        dialect == "classic"
    )
    assert phones.get("41", "chat", "notify").state != STATE_UNKNOWN


async def test_title(hass: HomeAssistant, phones: Phones, sent: list[Message]) -> None:
    """A title is the first line."""
    await notify(phones, "41", "It is open", title="Garage")
    await notify(phones, "41", "It is shut", title="")
    await wait_for(hass, lambda: len(sent) == 2)
    assert [each.text for each in sent] == ["Garage\nIt is open", "It is shut"]


async def test_length(phones: Phones, sent: list[Message]) -> None:
    """One that is too long or empty is refused, title included, and not cut."""
    for message, title in (
        ("x" * 2001, None),
        ("x" * 2000, "T"),
        ("", None),
        (" \n\t", None),
        ("\x00\x1b", ""),
    ):
        data = {} if title is None else {"title": title}
        await refused(
            phones, "invalid_message", message, ServiceValidationError, **data
        )
    assert sent == []
    await notify(phones, "41", "x" * 1998, title="T")
    await wait_for(phones.hass, lambda: sent)
    assert sent[0].text == "T\n" + "x" * 1998


async def test_further_line(
    hass: HomeAssistant, phones: Phones, sent: list[Message]
) -> None:
    """A further line is written to like any other extension, and needs no link for it."""
    await has_line(phones)
    await notify(phones, "41", "hello")
    await wait_for(hass, lambda: sent)
    assert sent == [Message("localhost", "45", "41", "hello")]


async def test_two_pbxs(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, sent: list[Message]
) -> None:
    """An extension of the same number elsewhere is somebody else."""
    branch = await set_up(hass, create_branch_entry(hass, pbx))
    await enable(branch, "41")
    await notify(branch, "41", "for the branch")
    await wait_for(hass, lambda: sent)
    assert sent == [Message("branch.example", "45", "41", "for the branch")]


@pytest.mark.logs("Referenced entities notify.bruno_ferreira_chat are missing")
async def test_without_link(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, sent: list[Message]
) -> None:
    """While the link is lost there is nobody to write to."""
    await pbx.refuse()
    await pbx.cut()
    await phones.wait("", "connected", "off")
    assert phones.get("41", "chat", "notify").state == STATE_UNAVAILABLE
    await notify(phones, "41", "lost")
    await pbx.accept()
    await phones.wait("", "connected", "on")
    await notify(phones, "41", "found")
    await wait_for(hass, lambda: sent)
    assert [each.text for each in sent] == ["found"]


@modern
@pytest.mark.parametrize("shape", ["number", "text", "object"])
async def test_confirmed(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    sent: list[Message],
    shape: Any,
) -> None:
    """An id in any shape says that the message is taken."""
    pbx.switches.message_id_as = shape
    await notify(phones, "41", "hello")
    assert [each.text for each in sent] == ["hello"]
    assert phones.get("41", "chat", "notify").state != STATE_UNKNOWN


@modern
@pytest.mark.parametrize(
    "reply", ["", "null", "0", "-1", "false", "true", "{}", "[]", '"ok"', '{"id":0}']
)
async def test_not_confirmed(
    pbx: Simulator, phones: Phones, sent: list[Message], reply: str
) -> None:
    """Without an id nobody knows, and nothing is sent once more."""

    async def answer(request: web.Request) -> web.Response:
        """Take it, and name no message."""
        return web.Response(text=reply, content_type="application/json")

    pbx.answers["chat"] = answer
    await refused(phones, "not_confirmed", "hello")
    assert not [f for f in pbx.received if f["action"] == "chat"]
    assert [path for _, path in pbx.requests].count(f"{CHAT}?number=41") == 1


@modern
@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (400, "message_refused"),
        (404, "message_refused"),
        (405, "message_refused"),
        (403, "access_off"),
        (500, "unexpected_reply"),
        ("html", "unexpected_reply"),
        ("reset", "cannot_connect"),
    ],
)
async def test_refused(
    pbx: Simulator, phones: Phones, sent: list[Message], fault: Any, key: str
) -> None:
    """A message that REST refuses is not sent in another way; the next one may pass."""
    pbx.switches.faults["chat"] = fault
    await refused(phones, key, "hello")
    assert not [f for f in pbx.received if f["action"] == "chat"]
    pbx.switches.faults.clear()
    await notify(phones, "41", "again")
    assert [each.text for each in sent] == ["again"]


@modern
@pytest.mark.parametrize("fault", ["html", 403, 404, 405])
async def test_no_chat_over_rest(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    sent: list[Message],
    fault: Any,
) -> None:
    """A PBX that has no list of chats gets messages over the socket."""
    pbx.switches.faults["chat-history"] = fault
    await notify(phones, "41", "hello")
    await wait_for(hass, lambda: sent)
    assert [f["message"] for f in pbx.received if f["action"] == "chat"] == ["hello"]


@modern
async def test_learned_anew(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, sent: list[Message]
) -> None:
    """Another link may be one to another version of the PBX."""
    await notify(phones, "41", "one")
    pbx.switches.rest_status["chat"] = 404
    await reconnect(pbx, phones)
    await notify(phones, "41", "two")
    await wait_for(hass, lambda: len(sent) == 2)
    assert [f["message"] for f in pbx.received if f["action"] == "chat"] == ["two"]


async def test_session_renewed(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    phones: Phones,
    sent: list[Message],
) -> None:
    """A session that has expired costs no message, and sends none twice."""
    pbx.expire_sessions()
    await notify(phones, "41", "hello")
    await wait_for(hass, lambda: sent)
    assert [each.text for each in sent] == ["hello"]
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))
