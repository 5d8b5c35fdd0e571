"""Start the demo, or check all of it without a person."""

import argparse
import asyncio
from contextlib import suppress
import signal
import sys

import aiohttp

from .check import check
from .client import PASSWORD, USER, ActionError, Client
from .dashboard import Phones, build
from .home import ROOT, DemoError, Home, check_port
from .pbx import PROFILES, Pbx, simulated_pbx

OWN_EXTENSION = "45"


def main() -> int:
    """Read the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(
        "scripts/demo",
        description="Show the integration in a real Home Assistant, with a simulated PBX",
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="modern",
        help="the dialect that the PBX speaks",
    )
    parser.add_argument(
        "--port", type=int, default=8123, help="where Home Assistant shall listen"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check it in both dialects instead, on free ports, without a person",
    )
    options = parser.parse_args()
    try:
        return asyncio.run(_interruptible(options.check, options.profile, options.port))
    except (ActionError, DemoError, aiohttp.ClientError) as err:
        sys.stderr.write(f"{err}\n")
        return 1


async def _interruptible(checks: bool, profile: str, port: int) -> int:
    """Run until done, or until Ctrl-C or a signal ends it in good order."""
    task = asyncio.ensure_future(
        check(OWN_EXTENSION) if checks else _show(profile, port)
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Only the first signal counts: a second one must not disturb the tidying up.
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    with suppress(asyncio.CancelledError):
        return await task
    _say("Ended.")
    return 130 if checks else 0


async def _show(profile: str, port: int) -> int:
    """Show the demo until it is cancelled."""
    check_port(port)
    _say("Starting a simulated PBX and Home Assistant ...")
    async with (
        simulated_pbx(profile, OWN_EXTENSION, lively=True) as pbx,
        Home("home", port) as home,
    ):
        async with Client(home.url) as client:
            entry_id = await client.add_pbx(pbx.url, pbx.extension, pbx.password)
            phones = Phones(pbx.extension, await client.entities(entry_id))
            await client.show_dashboard("phones", "Phones", "mdi:phone", build(phones))
            await client.expose(phones.exposed)
        _say(_welcome(home, pbx, profile))
        try:
            await home.ended()
        finally:
            _say("\nEnding Home Assistant and the PBX ...")
    return 0


def _welcome(home: Home, pbx: Pbx, profile: str) -> str:
    """Return what to look at and what to try."""
    return f"""
The demo is up:

  Home Assistant  {home.url}
                  user {USER}, password {PASSWORD}
  PBX             {pbx.url} (simulated, {profile} dialect)
                  extension {pbx.extension}, password {pbx.password}
  Log             {home.log.relative_to(ROOT)}

Ring extension {pbx.extension}:

  curl {pbx.control_url}/ring -d '{{"from": "+4930123456", "to": "{pbx.extension}", "name": "Anna Meyer"}}'

Type to Assist (the speech bubble above the dashboard): "call Anna", "who is calling", "answer the phone".

Ctrl-C ends it all."""


def _say(text: str) -> None:
    """Tell something at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
