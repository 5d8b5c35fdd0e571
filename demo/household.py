"""What stands around the telephones of the demo, and what works in there.

A second line, a door station, automations of blueprints, a mobile phone that shows
notifications, and a switch for the option of privacy.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from . import controls
from .client import ActionError, Client, Json
from .dashboard import Phones, build
from .home import DemoError
from .pbx import DOOR, Pbx

LINE = "41"
_MOBILE_NAME = "My mobile"


async def furnish(client: Client, pbx: Pbx) -> str:
    """Set all of it up, with a dashboard, as a user would; return the entry's id."""
    own = pbx.extension
    entry_id = await client.add_pbx(pbx.url, own, pbx.passwords[own])
    await client.set_options(entry_id, door_stations=[DOOR])
    await client.add_line(entry_id, LINE, pbx.passwords[LINE])
    doorbell = await client.entity(entry_id, "event", DOOR, "doorbell")
    line_dnd = await client.entity(entry_id, "switch", LINE, "dnd")
    phones = Phones(own, await client.entities(entry_id))
    phone = await client.device_of(phones(own, "call"))
    mobile = await client.device_of("notify.my_mobile")
    target = {"device_id": phone}
    for key, alias, blueprint, inputs in (
        (
            "lamp",
            "The desk lamp shows my calls",
            "busy_light",
            {"light": [controls.LAMP]},
        ),
        (
            "radio",
            "The radio pauses for my calls",
            "pause_media",
            {"players": [controls.RADIO]},
        ),
        (
            "mobile",
            "My mobile shows who calls",
            "notify_incoming",
            {"notify_device": mobile, "line": phone},
        ),
    ):
        path = f"vodia/{blueprint}.yaml"
        config: Json = {
            "alias": alias,
            "use_blueprint": {"path": path, "input": {"phones": target, **inputs}},
        }
        await client.save_automation(key, config)
    section = controls.section(doorbell, line_dnd)
    await client.show_dashboard("phones", "Phones", "mdi:phone", build(phones, section))
    await client.write_sentences(entry_id, "de", "en")
    await client.expose(phones.exposed)
    return entry_id


@asynccontextmanager
async def at_work(client: Client, webhook: str | None) -> AsyncIterator[str]:
    """Let the mobile phone and the switch for privacy work; return the phone's webhook."""
    mobile = Mobile(client)
    webhook = await mobile.switch_on(webhook)
    tasks = [
        asyncio.create_task(mobile.run()),
        asyncio.create_task(_follow_privacy(client)),
    ]
    try:
        yield webhook
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Mobile:
    """A mobile phone with the app, as far as notifications go.

    Home Assistant sends them as to any phone that is in reach. The newest one is shown
    as a sensor, and each of its buttons as one.
    """

    def __init__(self, client: Client) -> None:
        """Show nothing yet."""
        self._client = client
        self._news: asyncio.Queue[Json] = asyncio.Queue()
        self._shown: dict[str | None, Json] = {}

    async def switch_on(self, webhook: str | None) -> str:
        """Listen for notifications, registered as before or again; return the webhook."""
        try:
            webhook = await self._listen(webhook or await self._register())
        except ActionError:
            # Somebody has removed the phone meanwhile.
            webhook = await self._listen(await self._register())
        await self._show()
        return webhook

    async def run(self) -> None:
        """Show what comes, until cancelled."""
        while True:
            news = await self._news.get()
            tag = news.get("data", {}).get("tag")
            self._shown.pop(tag, None)
            if news["message"] != "clear_notification":
                self._shown[tag] = news
            await self._show()

    async def _register(self) -> str:
        """Register with Home Assistant and return the webhook."""
        return await self._client.register_mobile(_MOBILE_NAME)

    async def _listen(self, webhook: str) -> str:
        """Listen for notifications; raises ActionError if the webhook is not known."""
        await self._client.subscribe(
            self._news.put_nowait,
            "mobile_app/push_notification_channel",
            webhook_id=webhook,
        )
        return webhook

    async def _show(self) -> None:
        """Show the newest notification."""
        newest = next(reversed(self._shown.values()), {})
        actions = newest.get("data", {}).get("actions", [])
        for index, entity_id in enumerate(controls.BUTTONS):
            there = index < len(actions)
            name = actions[index]["title"] if there else "No button"
            await self._client.set_state(
                entity_id,
                "shown" if there else "unavailable",
                {"friendly_name": name, "icon": "mdi:gesture-tap"},
            )
        await self._client.set_state(
            controls.MOBILE,
            newest.get("title", "Nothing"),
            {
                "friendly_name": _MOBILE_NAME,
                "icon": "mdi:cellphone-message",
                "message": newest.get("message"),
                "actions": actions,
            },
        )


async def _follow_privacy(client: Client) -> None:
    """Set the option of privacy as its switch is, whenever that changes."""
    done = client.states[controls.PRIVACY]["state"]

    def wanted() -> str | None:
        """Return what the switch wants, if that is not done."""
        state: str = client.states[controls.PRIVACY]["state"]
        return state if state != done else None

    while True:
        done = await client.wait_for(wanted, None)
        try:
            entry_id = await client.entry_id("vodia")
            await client.set_options(entry_id, "calls", privacy=done == "on")
        except (ActionError, DemoError) as err:
            await client.act(
                "persistent_notification.create",
                {},
                title="Privacy could not be switched",
                message=str(err),
            )
