"""Start the demo, or check all of it without a person."""

import argparse
import asyncio
from collections.abc import Coroutine
from contextlib import suppress
import re
import signal
import sys
import textwrap
from typing import Any

import aiohttp

from .check import check
from .client import PASSWORD, USER, ActionError
from .home import ROOT, DemoError, check_port
from .household import LINE
from .pbx import PROFILES
from .run import Demo, running

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
        help="the dialect that the PBX speaks (modern, or with --keep that of last time)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=8123,
        help="where Home Assistant shall listen (8123)",
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--keep",
        action="store_true",
        help="go on with the Home Assistant of last time instead of a new one",
    )
    way.add_argument(
        "--check",
        action="store_true",
        help="check it in both dialects instead, on free ports, without a person",
    )
    options = parser.parse_args()
    try:
        return asyncio.run(
            _interruptible(
                options.check,
                check(OWN_EXTENSION)
                if options.check
                else _show(options.profile, options.port, options.keep),
            )
        )
    except (ActionError, DemoError, aiohttp.ClientError) as err:
        sys.stderr.write(f"{err}\n")
        return 1


def _port(text: str) -> int:
    """Return what was typed as a port."""
    if re.fullmatch("[0-9]{1,5}", text) and 0 < (port := int(text)) < 65536:
        return port
    raise argparse.ArgumentTypeError(f"{text} is no port: give one from 1 to 65535")


async def _interruptible(checks: bool, job: Coroutine[Any, Any, int]) -> int:
    """Run until done, or until Ctrl-C or a signal ends it in good order."""
    task = asyncio.ensure_future(job)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Only the first signal counts: a second one must not disturb the tidying up.
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    with suppress(asyncio.CancelledError):
        return await task
    _say("Ended.")
    return 130 if checks else 0


async def _show(profile: str | None, port: int, keep: bool) -> int:
    """Show the demo until it is cancelled."""
    check_port(
        port,
        "If another Home Assistant runs there, choose another port: "
        "scripts/demo --port 8124",
    )
    _say("Starting a simulated PBX and Home Assistant ...")
    async with running("home", OWN_EXTENSION, port, profile, keep=keep) as demo:
        if keep and demo.new:
            _say("There was nothing to go on with yet: this start began anew.")
        _say(_welcome(demo))
        try:
            await demo.home.ended()
        finally:
            _say("\nEnding Home Assistant and the PBX ...")
    return 0


def _welcome(demo: Demo) -> str:
    """Return what to look at and what to try."""
    home, pbx = demo.home, demo.pbx
    own, passwords = pbx.extension, dict(pbx.passwords)
    logins = [
        f"own extension {own}, password {passwords.pop(own)}",
        f"second line {LINE}, password {passwords.pop(LINE)}",
        "others: " + ", ".join(f"{n} {passwords[n]}" for n in sorted(passwords)),
    ]
    indent = " " * 18
    told = "\n".join(
        textwrap.fill(login, 90, initial_indent=indent, subsequent_indent=indent)
        for login in logins
    )
    return f"""
The demo is up:

  Home Assistant  {home.url}
                  user {USER}, password {PASSWORD}
  PBX             {pbx.url} (simulated, {demo.profile} dialect)
{told}
  Log             {home.log.relative_to(ROOT)}

Under "Try it" on its first page are buttons: let Anna call you, and the desk lamp, the radio
and the mobile phone show it.

The same by hand:

  curl {pbx.control_url}/ring -d '{{"from": "+4930123456", "to": "{own}", "name": "Anna Meyer"}}'

Type to Assist (the speech bubble above the dashboard): "call Anna", "who is calling", "answer the phone".

Each start begins anew: what you change in Home Assistant is gone with the next one.
Start with --keep to go on with it instead. The PBX begins anew in any case.

Ctrl-C ends it all."""


def _say(text: str) -> None:
    """Print something at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
