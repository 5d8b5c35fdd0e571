"""A private Home Assistant: its folder and its process."""

import asyncio
from contextlib import suppress
import fcntl
import json
import os
from pathlib import Path
import shutil
import socket
import sys
from typing import Any, Self
from zoneinfo import available_timezones

import aiohttp

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
_START_TIMEOUT = 120
_STOP_TIMEOUT = 20
# The exit status of a Home Assistant that somebody restarts.
_RESTART = 100


class DemoError(Exception):
    """Raise when the demo cannot go on; the text is for the one who started it."""


def folder_of(name: str) -> Path:
    """Return the folder of a Home Assistant."""
    return ROOT / ".demo" / name


def english(section: str) -> dict[str, Any]:
    """Return a section of the integration's English texts."""
    translations = ROOT / "custom_components/vodia/translations/en.json"
    texts: dict[str, Any] = json.loads(translations.read_text())[section]
    return texts


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def check_port(port: int, advice: str) -> None:
    """Raise DemoError, with an advice, if a port cannot be listened at."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        raise DemoError(f"Port {port} cannot be used ({reason}). {advice}") from err


class Home:
    """Run a Home Assistant with the integration of this checkout."""

    def __init__(
        self, name: str, port: int, control_url: str = "", *, keep: bool = False
    ) -> None:
        """Prepare to run in the folder .demo/<name>, at a port of this computer.

        The folder is made new, or kept as it is. The control API is that of the PBX.
        """
        self.url = f"http://{HOST}:{port}"
        self.folder = folder_of(name)
        self._control_url = control_url
        self._keep = keep
        self.log = self.folder / "home-assistant.log"
        self._console = self.folder / "console.log"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start it, and return when it answers."""
        self.folder.parent.mkdir(exist_ok=True)
        self._lock = self.folder.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            self._lock.close()
            raise DemoError(f"Another demo uses {self.folder}: end it first") from err
        if not self._keep:
            self._make_folder()
        self._set_port()
        with self._console.open("wb") as console:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "homeassistant"),
                *("--config", str(self.folder), "--log-no-color", "--skip-pip"),
                env={
                    **os.environ,
                    "TZ": _time_zone(),
                    "DEMO_PBX": f"{self._control_url}/{{{{ verb }}}}",
                },
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                # Ctrl-C in the terminal is for the demo, which then ends this process.
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                await self._answers()
        except TimeoutError:
            await self._stop()
            raise self._failure("does not answer") from None
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop it."""
        await self._stop()

    async def ended(self) -> None:
        """Wait for it to end by itself, then raise DemoError."""
        assert self._process
        if await self._process.wait() == _RESTART:
            raise DemoError(
                "Home Assistant is to restart: go on with scripts/demo --keep"
            )
        raise self._failure("has ended")

    def _make_folder(self) -> None:
        """Make a new folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        storage = self.folder / ".storage"
        storage.mkdir(parents=True)
        shutil.copy(Path(__file__).parent / "configuration.yaml", self.folder)
        (self.folder / "automations.yaml").write_text("[]\n")
        (self.folder / "scripts.yaml").write_text("{}\n")
        (self.folder / "custom_components").symlink_to(ROOT / "custom_components")
        # As docs/blueprints.md asks users to.
        shutil.copytree(ROOT / "blueprints", self.folder / "blueprints")
        # Only the user is left to be made. The other steps would start integrations
        # that look for the internet.
        done = ["core_config", "analytics", "integration"]
        _store(storage, "onboarding", {"done": done}, version=4)

    def _set_port(self) -> None:
        """Set where Home Assistant listens.

        The settings of the web server are stored, not configured. In the oldest format
        they count as confirmed, and Home Assistant adds what has come since.
        """
        _store(
            self.folder / ".storage",
            "http",
            {"server_host": [HOST], "server_port": self._port},
            version=1,
        )

    async def _answers(self) -> None:
        """Wait for the web server, which waits for the frontend."""
        assert self._process
        async with aiohttp.ClientSession() as http:
            while self._process.returncode is None:
                with suppress(aiohttp.ClientError):
                    async with http.get(f"{self.url}/manifest.json") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.1)
        raise self._failure("has ended")

    async def _stop(self) -> None:
        """End the process, if need be by force."""
        if (process := self._process) and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_STOP_TIMEOUT):
                    await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        self._lock.close()

    def _failure(self, what: str) -> DemoError:
        """Return an error with the end of what Home Assistant said."""
        lines = self._console.read_text(errors="replace").splitlines()[-20:]
        return DemoError("\n".join([f"Home Assistant {what}. It said last:", *lines]))


def _store(storage: Path, key: str, data: dict[str, Any], *, version: int) -> None:
    """Write a file of Home Assistant's storage."""
    text = json.dumps(
        {"version": version, "minor_version": 1, "key": key, "data": data}
    )
    (storage / key).write_text(text)


def _time_zone() -> str:
    """Return the time zone of this computer, as far as that is known."""
    _, _, linked = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    zones = available_timezones()
    return next(
        (zone for zone in (os.environ.get("TZ"), linked) if zone in zones), "UTC"
    )
