"""Check messages: a chat to a colleague, and voicemail in the media browser."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
import io
import wave

from .client import Client
from .pbx import VOICEMAILS, Pbx
from .sight import TIMEOUT

COLLEAGUE = "46"
TEXT = "The door is open"


class Messages:
    """Write and hear messages over an entry, which is not needed any more afterwards.

    Home Assistant reloads it some time after an entity was enabled.
    """

    def __init__(
        self,
        client: Client,
        pbx: Pbx,
        entry: str,
        check: Callable[[str], AbstractAsyncContextManager[None]],
    ) -> None:
        """Prepare; `check` runs its body as one check."""
        self._client, self._pbx, self._entry, self._check = client, pbx, entry, check

    async def go(self) -> None:
        """Hear, then write."""
        await self.hear_all()
        await self.write()

    async def hear_all(self) -> None:
        """Go through the media browser, as a user does, and hear each message."""
        client = self._client
        await client.entity(self._entry, "sensor", self._pbx.extension, "voicemail")
        async with self._check("media browser: the voicemails of the line are listed"):
            root = await self._browse("media-source://vodia")
            (line,) = root["children"]
            folder = await self._browse(line["media_content_id"])
            titles = [message["title"] for message in folder["children"]]
            assert len(titles) == len(VOICEMAILS), titles
            # The last one is the newest, and not heard yet.
            for title, (caller, name, *_) in zip(titles, VOICEMAILS[::-1], strict=True):
                assert name in title or caller in title, titles
            assert titles[0].startswith("\u25cf"), titles
        for message, (*_, seconds) in zip(
            folder["children"], VOICEMAILS[::-1], strict=True
        ):
            async with self._check(f"media browser: {message['title']} is heard"):
                found = await client.command(
                    "media_source/resolve_media",
                    media_content_id=message["media_content_id"],
                )
                kind, sound = await client.get(found["url"])
                assert kind == found["mime_type"] == "audio/wav", kind
                with wave.open(io.BytesIO(sound)) as file:
                    heard = file.getnframes() / file.getframerate()
                assert heard == seconds, f"it has {heard} s"

    async def write(self) -> None:
        """Enable the chat with a colleague, and write."""
        client, sent = self._client, len(self._pbx.messages)
        async with self._check(
            "notify.send_message: the PBX gets it from the own line"
        ):
            chat = {"entity_id": await self._enable("notify", COLLEAGUE, "chat")}
            await client.act("notify.send_message", chat, message=TEXT, title="Garage")
            # Over the socket it may arrive after the action is done.
            await self._pbx.wait_for_messages(sent + 1, TIMEOUT)
            got = self._pbx.messages[sent:]
            told = [(one.sender, one.recipient, one.text) for one in got]
            expected = (self._pbx.extension, COLLEAGUE, f"Garage\n{TEXT}")
            assert told == [expected], told

    async def _enable(self, domain: str, account: str, key: str) -> str:
        """Enable an entity that is disabled by default; return it once it is there."""
        client, unique_id = self._client, f"{self._entry}:{account}:{key}"
        (found,) = [
            entity["entity_id"]
            for entity in await client.command("config/entity_registry/list")
            if entity["unique_id"] == unique_id
            and entity["entity_id"].startswith(f"{domain}.")
        ]
        entity_id = str(found)
        await client.command(
            "config/entity_registry/update", entity_id=entity_id, disabled_by=None
        )
        await client.act("homeassistant.reload_config_entry", {}, entry_id=self._entry)
        await client.wait_for(lambda: entity_id in client.states, TIMEOUT)
        return entity_id

    async def _browse(self, media_id: str) -> dict[str, list[dict[str, str]]]:
        """Return what is in a folder."""
        found: dict[str, list[dict[str, str]]] = await self._client.command(
            "media_source/browse_media", media_content_id=media_id
        )
        return found
