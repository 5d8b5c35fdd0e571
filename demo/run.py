"""Run the demo: the PBX, Home Assistant, and what works around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .client import Client
from .home import Home, folder_of
from .household import at_work, furnish
from .kept import Kept
from .pbx import Pbx, simulated_pbx


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, in the dialect of its profile; it is new or goes on."""

    home: Home
    client: Client
    pbx: Pbx
    profile: str
    new: bool


@asynccontextmanager
async def running(
    name: str,
    own: str,
    port: int,
    profile: str | None = None,
    *,
    keep: bool = False,
    lively: bool = True,
) -> AsyncIterator[Demo]:
    """Run it in the folder .demo/<name>, with or without office life.

    To keep is to go on with what is in the folder, if there is something. Without a
    profile it is that of last time, or the modern one. Raises DemoError.
    """
    kept = Kept.read(folder_of(name)) if keep else None
    profile = profile or (kept.profile if kept else "modern")
    pbx_port = kept.pbx_port if kept else 0
    async with (
        simulated_pbx(profile, own, lively=lively, port=pbx_port) as pbx,
        Home(name, port, pbx.control_url, keep=kept is not None) as home,
        Client(home.url) as client,
        at_work(client, kept.webhook if kept else None) as webhook,
    ):
        if kept is None:
            await furnish(client, pbx)
        Kept(profile, pbx.port, webhook).write(home.folder)
        yield Demo(home, client, pbx, profile, kept is None)
