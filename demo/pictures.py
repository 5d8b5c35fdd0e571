"""Take the pictures of the documentation: the real demo in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import sys
import time

import aiohttp
from playwright.async_api import Locator, Page, async_playwright

from homeassistant.util.yaml import parse_yaml

from .__main__ import OWN_EXTENSION
from .client import Client, Json
from .home import ROOT, Home, free_port
from .pbx import Pbx
from .run import running

_IMAGES = ROOT / "docs" / "images"
_SIZE = (1280, 900)
# Seconds until fonts, icons and animations have settled.
_SETTLE = 2.0
_CALLER: Json = {"from": "+4930123456", "to": OWN_EXTENSION, "name": "Anna Meyer"}

# Shown as the editor shows it to who built it there.
_AUTOMATION: Json = {
    "alias": "Let the team answer while I must not be disturbed",
    "mode": "single",
    "triggers": [
        {
            "trigger": "vodia.call_ringing",
            "target": {"entity_id": "event.freya_nilsen_call_events"},
            "options": {"for": {"seconds": 5}, "scope": "external"},
        }
    ],
    "conditions": [
        {
            "condition": "vodia.is_dnd",
            "target": {"entity_id": "switch.freya_nilsen_do_not_disturb"},
        }
    ],
    "actions": [
        {
            "action": "vodia.transfer",
            "target": {"entity_id": "sensor.freya_nilsen_call"},
            "data": {"number": "500"},
        }
    ],
}


class Photographer:
    """Open pages of the demo and take pictures of them."""

    def __init__(self, page: Page, home: Home) -> None:
        """Start with a browser page that is logged in."""
        self._page = page
        self._home = home

    async def take(
        self, name: str, path: str, *texts: str, click: str | None = None
    ) -> None:
        """Open a page, click on a text, wait for others, and take a picture."""
        await self._page.goto(f"{self._home.url}{path}")
        if click:
            await self._shown(click).click()
        for text in texts:
            await self._shown(text).wait_for()
        await asyncio.sleep(_SETTLE)
        await self._page.screenshot(path=_IMAGES / f"{name}.png")
        sys.stdout.write(f"{name}.png\n")

    async def talk(self, name: str, path: str, said: str, answer: str) -> None:
        """Type something to Assist, and take a picture when it is answered."""
        await self._page.goto(f"{self._home.url}{path}")
        await self._page.get_by_role("button", name="Assist (A)").click()
        await self._page.locator("#message-input input").fill(said)
        start = time.monotonic()
        await self._page.keyboard.press("Enter")
        await self._shown(answer).wait_for()
        seconds = time.monotonic() - start
        await asyncio.sleep(_SETTLE)
        await self._page.screenshot(path=_IMAGES / f"{name}.png")
        sys.stdout.write(f"{name}.png, answered in {seconds:.1f} s\n")

    def _shown(self, text: str) -> Locator:
        """Return the first place that shows a text."""
        return self._page.get_by_text(text).locator("visible=true").first


@asynccontextmanager
async def browser_page(client: Client, home: Home) -> AsyncIterator[Page]:
    """Run a browser whose page is logged in as the user of the demo."""
    tokens = {
        "access_token": client.token,
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": 1800,
        "expires": int((time.time() + 1800) * 1000),
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        width, height = _SIZE
        page = await browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=2
        )
        await page.add_init_script(
            f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))}"
        )
        yield page
        await browser.close()


async def ring(pbx: Pbx) -> None:
    """Let somebody ring the extension of the demo."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{pbx.control_url}/ring", json=_CALLER) as response,
    ):
        response.raise_for_status()


async def show_cards(client: Client) -> str:
    """Add the dashboard of the documentation; return its path."""
    page = (ROOT / "docs" / "dashboard.md").read_text()
    block = page.partition("```yaml\n")[2].partition("```")[0]
    path = "my-phones"
    await client.command(
        "lovelace/dashboards/create",
        url_path=path,
        title="My phones",
        icon="mdi:deskphone",
    )
    await client.command(
        "lovelace/config/save", url_path=path, config=parse_yaml(block)
    )
    return f"/{path}"


async def device_id(client: Client, name: str) -> str:
    """Return the id of a device."""
    devices = await client.command("config/device_registry/list")
    (found,) = [device["id"] for device in devices if device["name"] == name]
    return str(found)


async def take_all(images: Path) -> None:
    """Take each picture."""
    images.mkdir(exist_ok=True)
    async with (
        running("pictures", OWN_EXTENSION, free_port()) as demo,
        browser_page(demo.client, demo.home) as page,
    ):
        client = demo.client
        photographer = Photographer(page, demo.home)
        await ring(demo.pbx)
        await photographer.take("dashboard", "/phones", "Anna Meyer", "Decline")
        await photographer.talk(
            "assist", "/phones", "who is calling", "Anna Meyer is calling."
        )
        cards = await show_cards(client)
        await photographer.take("cards", cards, "Decline", "Colleagues")
        device = await device_id(client, "45 Freya Nilsen")
        await photographer.take(
            "device", f"/config/devices/device/{device}", "Do not disturb"
        )
        await client.save_automation("desk", _AUTOMATION)
        await photographer.take(
            "editor",
            "/config/automation/edit/desk",
            "For at least",
            click="Call ringing",
        )
        await photographer.take(
            "add",
            "/config/integrations/dashboard/add?domain=vodia",
            "Host",
            click="OK",
        )


if __name__ == "__main__":
    asyncio.run(take_all(_IMAGES))
