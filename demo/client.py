"""Talk to Home Assistant as its own frontend does, over HTTP and WebSocket."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import aiohttp

from .forms import fill_in
from .home import DemoError

type Json = dict[str, Any]

USER = PASSWORD = "demo"
_APPEARS_TIMEOUT = 20


class ActionError(Exception):
    """Raise when Home Assistant refuses a command; the text is what it shows."""


class Client:
    """A user of Home Assistant who sees every state as soon as it changes."""

    def __init__(self, url: str) -> None:
        """Prepare to talk to the Home Assistant at an URL."""
        self.states: dict[str, Json] = {}
        self.token = ""
        self._url = url
        self._headers: dict[str, str] = {}
        self._last_id = 0
        self._results: dict[int, asyncio.Future[Json]] = {}
        self._listeners: dict[int, Callable[[Any], None]] = {}
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        """Log in, as a new user if there is none, and wait until Home Assistant is up."""
        self._http = aiohttp.ClientSession()
        try:
            self.token = await self._log_in()
            await self._connect()
            await self._wait_until_running()
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the connection."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._http.close()

    async def command(self, type_: str, **fields: Any) -> Any:
        """Send a command and return its result; raises ActionError."""
        self._last_id += 1
        message_id = self._last_id
        result = self._results[message_id] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"id": message_id, "type": type_, **fields})
        reply = await result
        if not reply["success"]:
            raise ActionError(reply["error"]["message"])
        return reply["result"]

    async def subscribe(
        self, listener: Callable[[Any], None], type_: str, **fields: Any
    ) -> None:
        """Send a command that is answered with events."""
        self._listeners[self._last_id + 1] = listener
        await self.command(type_, **fields)

    async def act(
        self, action: str, target: Json, *, response: bool = False, **data: Any
    ) -> Any:
        """Perform an action and return its response; raises ActionError."""
        domain, _, service = action.partition(".")
        result = await self.command(
            "call_service",
            domain=domain,
            service=service,
            target=target,
            service_data=data,
            return_response=response,
        )
        return result.get("response")

    async def wait_for[ValueT](
        self, look: Callable[[], ValueT | None], timeout: float | None
    ) -> ValueT:
        """Return what `look` finds, as soon as it finds something."""
        async with asyncio.timeout(timeout), self._news:
            while not (found := look()):
                await self._news.wait()
            return found

    async def expose(self, entity_ids: Collection[str]) -> None:
        """Let Assist speak about entities, as a user does in the settings."""
        await self.command(
            "homeassistant/expose_entity",
            assistants=["conversation"],
            entity_ids=list(entity_ids),
            should_expose=True,
        )

    async def say(self, text: str, language: str = "en") -> str:
        """Say something to Assist and return the answer."""
        reply = await self.command("conversation/process", text=text, language=language)
        answer: str = reply["response"]["speech"]["plain"]["speech"]
        return answer

    async def add_pbx(self, host: str, extension: str, password: str) -> str:
        """Add a PBX through the config flow and return the id of the entry."""
        url = "/api/config/config_entries/flow"
        form = await self._post(url, {"handler": "vodia"})
        done = await self._post(
            f"{url}/{form['flow_id']}",
            {
                "host": host,
                "extension": extension,
                "password": password,
                "security": {"verify_ssl": True, "legacy_tls": False},
            },
        )
        if done["type"] != "create_entry":
            raise DemoError(f"The PBX could not be added: {done}")
        entry_id: str = done["result"]["entry_id"]
        return entry_id

    async def remove_pbx(self, entry_id: str) -> None:
        """Remove an entry."""
        url = f"{self._url}/api/config/config_entries/entry/{entry_id}"
        async with self._http.delete(url, headers=self._headers) as response:
            response.raise_for_status()

    async def add_line(self, entry_id: str, extension: str, password: str) -> None:
        """Add a line to a PBX through its config flow."""
        url = "/api/config/config_entries/subentries/flow"
        form = await self._post(url, {"handler": [entry_id, "line"]})
        done = await self._post(
            f"{url}/{form['flow_id']}", {"extension": extension, "password": password}
        )
        if done["type"] != "create_entry":
            raise DemoError(f"The line could not be added: {done}")

    async def set_options(
        self, entry_id: str, section: str = "", **values: Any
    ) -> None:
        """Change some options of an entry in its form, maybe in a section of it."""
        url = "/api/config/config_entries/options/flow"
        form = await self._post(url, {"handler": entry_id})
        filled = fill_in(form["data_schema"])
        (filled[section] if section else filled).update(values)
        done = await self._post(f"{url}/{form['flow_id']}", filled)
        if done["type"] != "create_entry":
            raise DemoError(f"The options could not be set: {done}")

    async def write_sentences(
        self, entry_id: str, *languages: str
    ) -> Mapping[str, str]:
        """Write sentence files by the box in the options; return what it has shown."""
        url = "/api/config/config_entries/options/flow"
        form = await self._post(url, {"handler": entry_id})
        filled = {**fill_in(form["data_schema"]), "write_sentences": True}
        shown = await self._post(f"{url}/{form['flow_id']}", filled)
        done = await self._post(
            f"{url}/{form['flow_id']}", {"languages": list(languages)}
        )
        if done["type"] != "create_entry":
            raise DemoError(f"The sentences could not be written: {done}")
        files: Mapping[str, str] = shown["description_placeholders"]
        return files

    async def register_mobile(self, name: str) -> str:
        """Register a mobile phone, again if it is known, and return the id of its webhook."""
        registered = await self._post(
            "/api/mobile_app/registrations",
            {
                "app_id": "demo",
                "app_name": "Demo",
                "app_version": "1",
                "device_id": name,
                "device_name": name,
                "manufacturer": "Demo",
                "model": "Simulated",
                "os_name": "Demo",
                "os_version": "1",
                "supports_encryption": False,
                "app_data": {"push_websocket_channel": True},
            },
        )
        webhook: str = registered["webhook_id"]
        return webhook

    async def set_state(self, entity_id: str, state: str, attributes: Json) -> None:
        """Show a state that belongs to no integration."""
        await self._post(
            f"/api/states/{entity_id}", {"state": state, "attributes": attributes}
        )

    async def save_automation(self, key: str, config: Json) -> None:
        """Save an automation as the editor does."""
        await self._post(f"/api/config/automation/config/{key}", config)

    async def entry_id(self, domain: str) -> str:
        """Return the first entry of an integration; raises DemoError if there is none."""
        entries = await self.command("config_entries/get", domain=domain)
        if not entries:
            raise DemoError(f"There is no entry of {domain} any more.")
        entry_id: str = entries[0]["entry_id"]
        return entry_id

    async def entities(
        self,
        entry_id: str,
        domains: Collection[str] = ("binary_sensor", "sensor", "switch"),
    ) -> Mapping[tuple[str, str], str]:
        """Return the enabled entities of an entry, by account and key.

        An event or switch may have the key of the sensor beside it.
        """
        return {
            (account, key): entity["entity_id"]
            for entity in await self.command("config/entity_registry/list")
            if entity["config_entry_id"] == entry_id and not entity["disabled_by"]
            if entity["entity_id"].partition(".")[0] in domains
            for _, account, key in [entity["unique_id"].split(":")]
        }

    async def entity(self, entry_id: str, domain: str, account: str, key: str) -> str:
        """Return an entity of an entry, as soon as it is there."""
        async with asyncio.timeout(_APPEARS_TIMEOUT):
            while True:
                entities = await self.entities(entry_id, (domain,))
                if found := entities.get((account, key)):
                    return found
                await asyncio.sleep(0.1)

    async def activity(self, entity_id: str, line: str) -> None:
        """Wait until Activity has a line of an entity: it is recorded first."""
        start = datetime.now(UTC) - timedelta(hours=1)
        fields = {"start_time": start.isoformat(), "entity_ids": [entity_id]}
        async with asyncio.timeout(_APPEARS_TIMEOUT):
            while line not in [
                row.get("message")
                for row in await self.command("logbook/get_events", **fields)
            ]:
                await asyncio.sleep(0.5)

    async def get(self, path: str) -> tuple[str, bytes]:
        """Return what an audio player gets, which has no token: media type and bytes."""
        async with self._http.get(self._url + path) as response:
            response.raise_for_status()
            return response.content_type, await response.read()

    async def device_of(self, entity_id: str) -> str:
        """Return the id of the device that an entity belongs to."""
        found = await self.command("config/entity_registry/get", entity_id=entity_id)
        device: str = found["device_id"]
        return device

    async def show_dashboard(
        self, path: str, title: str, icon: str, config: Json
    ) -> None:
        """Add a dashboard and make it the one that comes first."""
        await self.command(
            "lovelace/dashboards/create",
            url_path=path,
            title=title,
            icon=icon,
            allow_single_word=True,
        )
        await self.command("lovelace/config/save", url_path=path, config=config)
        await self.command(
            "frontend/set_system_data", key="core", value={"default_panel": path}
        )
        hidden = {"panelOrder": [], "hiddenPanels": ["map"]}
        await self.command("frontend/set_user_data", key="sidebar", value=hidden)

    async def _log_in(self) -> str:
        """Return an access token of the user, who is made if there is none."""
        client_id = f"{self._url}/"
        async with self._http.get(f"{self._url}/api/onboarding") as response:
            # It is gone after the next start.
            steps = await response.json() if response.ok else []
        if {"step": "user", "done": False} in steps:
            made = await self._post(
                "/api/onboarding/users",
                {
                    "client_id": client_id,
                    "name": "Demo",
                    "username": USER,
                    "password": PASSWORD,
                    "language": "en",
                },
            )
            code = made["auth_code"]
        else:
            flow = await self._post(
                "/auth/login_flow",
                {
                    "client_id": client_id,
                    "handler": ["homeassistant", None],
                    "redirect_uri": client_id,
                },
            )
            done = await self._post(
                f"/auth/login_flow/{flow['flow_id']}",
                {"client_id": client_id, "username": USER, "password": PASSWORD},
            )
            if done["type"] != "create_entry":
                raise DemoError(
                    f"The user {USER} cannot log in with the password {PASSWORD} any more. "
                    "Start without --keep to begin anew."
                )
            code = done["result"]
        form = aiohttp.FormData(
            {
                "grant_type": "authorization_code",
                "client_id": client_id,
                "code": code,
            }
        )
        async with self._http.post(f"{self._url}/auth/token", data=form) as response:
            token: str = (await response.json())["access_token"]
            return token

    async def _connect(self) -> None:
        """Open the WebSocket and follow the states."""
        self._headers = {"Authorization": f"Bearer {self.token}"}
        self._ws = await self._http.ws_connect(
            f"{self._url}/api/websocket", max_msg_size=0
        )
        await self._ws.receive_json()
        await self._ws.send_json({"type": "auth", "access_token": self.token})
        if (await self._ws.receive_json())["type"] != "auth_ok":
            raise DemoError("Home Assistant refuses its new user")
        self._reader = asyncio.create_task(self._read())
        await self.subscribe(
            self._take_state, "subscribe_events", event_type="state_changed"
        )
        for state in await self.command("get_states"):
            self.states[state["entity_id"]] = state

    async def _post(self, path: str, data: Json) -> Json:
        """Post to the HTTP API and return the reply."""
        async with self._http.post(
            self._url + path, json=data, headers=self._headers
        ) as response:
            if not response.ok:
                text = await response.text()
                raise DemoError(f"{path} is answered with {response.status}: {text}")
            reply: Json = await response.json()
            return reply

    async def _wait_until_running(self) -> None:
        """Wait for Home Assistant to have set up everything."""
        started: list[Json] = []
        await self.subscribe(
            started.append, "subscribe_events", event_type="homeassistant_started"
        )
        if (await self.command("get_config"))["state"] != "RUNNING":
            await self.wait_for(lambda: started, 60)

    async def _read(self) -> None:
        """Hand out what Home Assistant sends."""
        try:
            async for message in self._ws:
                frame = message.json()
                if frame["type"] == "result":
                    self._results.pop(frame["id"]).set_result(frame)
                elif listener := self._listeners.get(frame["id"]):
                    listener(frame["event"])
                    async with self._news:
                        self._news.notify_all()
        finally:
            for result in self._results.values():
                if not result.done():
                    result.set_exception(DemoError("Home Assistant hangs up"))

    def _take_state(self, event: Json) -> None:
        """Keep a new state, or forget one that is gone."""
        entity_id = event["data"]["entity_id"]
        if state := event["data"]["new_state"]:
            self.states[entity_id] = state
        else:
            self.states.pop(entity_id, None)
