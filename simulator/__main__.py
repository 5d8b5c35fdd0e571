"""Run the simulated PBX."""

import argparse
import asyncio
import signal
import sys

from .control import ControlServer
from .life import Life
from .model import DEFAULT_TENANT
from .seed import OWN_EXTENSION
from .server import Simulator
from .switches import Switches
from .tls import self_signed


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser("simulator", description="A stand-in for a PBX")
    parser.add_argument("--profile", choices=("classic", "modern"), default="modern")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5080)
    parser.add_argument("--control-port", type=int, default=5081)
    parser.add_argument("--life", action="store_true", help="let calls come and go")
    parser.add_argument("--accounts", type=int, default=0, help="at least so many")
    parser.add_argument("--tls", action="store_true", help="https, self-signed")
    asyncio.run(_run(parser.parse_args()))


async def _run(options: argparse.Namespace) -> None:
    """Serve until interrupted."""
    classic = options.profile == "classic"
    pbx = Simulator(
        Switches.classic() if classic else Switches.modern(), accounts=options.accounts
    )
    control = ControlServer(pbx, Life(pbx) if options.life else None)
    tls = self_signed(options.host).context if options.tls else None
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await pbx.start(options.host, options.port, tls)
        await control.start(options.host, options.control_port)
        account = pbx.engine.account(OWN_EXTENSION)
        sys.stdout.write(
            f"The simulated PBX ({options.profile}) listens at {pbx.url}\n"
            f"Log in: tenant {DEFAULT_TENANT}, extension {account.number}, "
            f"password {account.password}\n"
            f"Ring it: curl -X POST http://{options.host}:{control.port}/ring "
            f'-d \'{{"from": "+4930123456", "to": "{account.number}", '
            '"name": "Anna Meyer"}\'\n'
            "Ctrl-C ends it\n"
        )
        sys.stdout.flush()
        await stopped.wait()
    except OSError as error:
        sys.exit(f"Cannot listen: {error}")
    finally:
        await control.stop()
        await pbx.stop()


if __name__ == "__main__":
    main()
