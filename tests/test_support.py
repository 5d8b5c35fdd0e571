"""What all tests stand on: what is logged, what is left behind, and the small office."""

from datetime import datetime
from functools import partial
import os
from pathlib import Path
import subprocess
import sys

import pytest

from homeassistant.core import HassJob, HomeAssistant
from homeassistant.helpers.event import async_call_later
from simulator import Simulator

from .common import Phones
from .support.leftovers import left, nothing_left
from .support.office import SMALL

ROOT = Path(__file__).parents[1]


def run_pytest(folder: Path, code: str, *plugins: str, **environ: str) -> str:
    """Return what pytest says of a module of tests, with some of our plugins only."""
    (folder / "test_it.py").write_text(code)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:homeassistant"),
            *(arg for plugin in plugins for arg in ("-p", f"tests.support.{plugin}")),
            *("-c", ROOT / "pyproject.toml", f"--rootdir={folder}", folder),
        ],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_log(tmp_path: Path) -> None:
    """What is logged and was not announced fails a test, and what did not come too."""
    output = run_pytest(
        tmp_path,
        "import logging, pytest\n"
        "log = logging.getLogger('somewhere')\n"
        "def test_quiet(): log.warning('so what')\n"
        "def test_error(): log.error('oh no')\n"
        "def test_exception():\n"
        "    log.warning('oh', exc_info=ValueError('no'))\n"
        "@pytest.fixture\n"
        "def late():\n"
        "    yield\n"
        "    log.error('at the end')\n"
        "def test_late(late): pass\n"
        "@pytest.mark.logs('h n')\n"
        "def test_announced(): log.error('oh no')\n"
        "@pytest.mark.logs('h n')\n"
        "def test_other(): log.error('ah so')\n"
        "def test_by_fixture(logged):\n"
        "    log.error('oh no')\n"
        "    logged.announced.append('no$')\n"
        "def test_complaint():\n"
        "    log.warning('vodia does what is deprecated')\n"
        "def test_complaint_about_others():\n"
        "    log.warning('mqtt does what is deprecated')\n"
        "def test_off():\n"
        "    logging.disable()\n"
        "    logging.getLogger().setLevel(logging.CRITICAL)\n"
        "def test_after_off(): log.error('oh no')\n",
        "log",
    )
    assert "11 passed, 6 errors" in output
    for name in ("error", "exception", "late", "other", "complaint", "after_off"):
        assert f"teardown of test_{name} _" in output
    for text in (
        *("somewhere: oh no", "somewhere: oh", "somewhere: at the end"),
        *("somewhere: ah so", "announced, but not logged: h n"),
    ):
        assert text in output


async def test_left(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Tasks, timers and sockets are found by whose they are, whatever they are named."""
    coordinator = phones.entry.runtime_data
    before = len(left(pbx.port))
    assert any("vodia link" in thing for thing in left())
    assert any("socket" in thing for thing in left(pbx.port))

    def of_a_test(_: datetime | None) -> None:
        """Belong to nobody; the folder may be named vodia."""

    others = [
        hass.loop.call_later(60, print, "vodia", "/home/vodia/custom_components/vodia"),
        hass.loop.call_later(60, of_a_test, None),
    ]
    assert len(left(pbx.port)) == before
    ours = [
        hass.loop.call_later(60, coordinator.async_add_listener),
        hass.loop.call_later(60, partial(print, coordinator)),
        hass.loop.call_later(60, lambda: coordinator),
    ]
    remove = [
        async_call_later(hass, 60, HassJob(coordinator.async_add_listener)),
        async_call_later(hass, 60, partial(print, coordinator)),
    ]
    assert len(left(pbx.port)) == before + len(ours) + len(remove)
    for timer in others + ours:
        timer.cancel()
    for cancel in remove:
        cancel()
    assert await hass.config_entries.async_unload(phones.entry.entry_id)
    await nothing_left(pbx.port)


async def test_small_office(pbx: Simulator) -> None:
    """Few accounts are the rule."""
    assert pbx.engine.tenant("localhost").accounts.keys() == SMALL


@pytest.mark.office("601", "47")
async def test_some_more(pbx: Simulator) -> None:
    """A test names whom it needs too."""
    assert pbx.engine.tenant("localhost").accounts.keys() == SMALL | {"601", "47"}


@pytest.mark.office
async def test_whole_office(pbx: Simulator) -> None:
    """Or it takes all."""
    assert len(pbx.engine.tenant("localhost").accounts) == 26
