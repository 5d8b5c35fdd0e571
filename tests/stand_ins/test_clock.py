"""The virtual time of the tests: it skips waiting, and nothing else."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
import subprocess
import sys
import threading
import time

from aiohttp import web
from freezegun import freeze_time
import pytest

from homeassistant.core import HassJob, HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later, async_track_point_in_time
from homeassistant.util import dt as dt_util
from tests.support.clock import Clock
from tests.support.pytest_runs import run_pytest

HOUR = 3600


def clocks(loop: asyncio.AbstractEventLoop) -> list[float]:
    """Return what each clock says."""
    return [
        *(
            time.time(),
            time.time_ns() / 1e9,
            time.monotonic(),
            time.monotonic_ns() / 1e9,
        ),
        *(loop.time(), datetime.now(UTC).timestamp(), datetime.now().timestamp()),  # noqa: DTZ005
        *(dt_util.utcnow().timestamp(), dt_util.now().timestamp()),
    ]


async def test_waiting_costs_nothing(hass: HomeAssistant) -> None:
    """An hour passes at once, on all clocks alike."""
    began = time.perf_counter()
    before, day = clocks(hass.loop), date.today()  # noqa: DTZ011
    await asyncio.sleep(24 * HOUR)
    passed = [now - then for now, then in zip(clocks(hass.loop), before, strict=True)]
    assert passed == pytest.approx([24 * HOUR] * len(passed), abs=1)
    assert date.today() - day == timedelta(days=1)  # noqa: DTZ011
    assert time.perf_counter() - began < 5


async def test_timers_of_home_assistant(hass: HomeAssistant) -> None:
    """Timers by the loop and those by the date come in their order, at their time."""
    came = list[tuple[str, float]]()
    began = time.time()

    def note(name: str) -> HassJob[[datetime], None]:
        return HassJob(lambda _: came.append((name, time.time() - began)))

    async_call_later(hass, 2 * HOUR, note("second"))
    async_track_point_in_time(hass, note("first"), dt_util.now() + timedelta(hours=1))
    async_track_point_in_time(hass, note("third"), dt_util.now() + timedelta(hours=3))
    await asyncio.sleep(4 * HOUR)
    assert [name for name, _ in came] == ["first", "second", "third"]
    assert [at for _, at in came] == pytest.approx([HOUR, 2 * HOUR, 3 * HOUR], abs=1)


@pytest.mark.parametrize("take", [0.05, 0.3])
async def test_jobs_of_executors(take: float) -> None:
    """A job in a thread takes its time, and no timeout passes meanwhile."""
    async with asyncio.timeout(1):
        await asyncio.to_thread(time.sleep, take)
    # Nobody waits for this one any longer; it is still at work.
    began = time.perf_counter()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(take / 2):
            await asyncio.to_thread(time.sleep, take)
    await asyncio.sleep(take)
    assert time.perf_counter() - began >= take


async def test_threads() -> None:
    """While a thread is at work beside the loop, time is real."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def work() -> None:
        time.sleep(0.2)
        loop.call_soon_threadsafe(done.set)

    thread = threading.Thread(target=work)
    thread.start()
    async with asyncio.timeout(10):
        await done.wait()
    thread.join()


@pytest.mark.parametrize("own", [False, True])
async def test_processes(own: bool) -> None:
    """While a process lives that was started here, time is real."""
    command = [sys.executable, "-c", "import time; time.sleep(0.2)"]
    async with asyncio.timeout(30):
        if own:
            process = subprocess.Popen(command)  # noqa: ASYNC220
            while process.poll() is None:
                await asyncio.sleep(0.01)
        else:
            child = await asyncio.create_subprocess_exec(*command)
            assert await child.wait() == 0


async def test_what_is_on_its_way(hass: HomeAssistant, virtual_clock: Clock) -> None:
    """Nothing is skipped from a request to the last piece of its reply."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(bytes(100_000))
        await response.write_eof()
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        session = async_get_clientsession(hass)
        skipped = virtual_clock.skipped
        for _ in range(20):
            async with (
                asyncio.timeout(HOUR),
                session.get(f"http://127.0.0.1:{runner.addresses[0][1]}") as reply,
            ):
                assert len(await reply.read()) == 50 * 100_000
        assert virtual_clock.skipped == skipped
        await asyncio.sleep(1)
        assert virtual_clock.skipped > skipped
    finally:
        await runner.cleanup()


@pytest.mark.real_time
async def test_real_time() -> None:
    """A test can ask for real time."""
    began = time.perf_counter()
    await asyncio.sleep(0.2)
    assert time.perf_counter() - began >= 0.2


async def test_frozen_time() -> None:
    """Who freezes the time finds it frozen, and going on after that."""
    with freeze_time("2028-02-29 12:00:00"):
        assert dt_util.utcnow() == datetime(2028, 2, 29, 12, tzinfo=UTC)
        assert time.time() == dt_util.utcnow().timestamp()
    before = clocks(asyncio.get_running_loop())
    await asyncio.sleep(HOUR)
    after = clocks(asyncio.get_running_loop())
    assert [n - t for n, t in zip(after, before, strict=True)] == pytest.approx(
        [HOUR] * len(after), abs=1
    )


async def test_each_test_begins_anew(virtual_clock: Clock) -> None:
    """What the last test skipped is no matter of the next one's."""
    for _ in range(2):
        virtual_clock.begin(jumps=True)
        began, monotonic = time.time(), time.monotonic()
        await asyncio.sleep(HOUR)
        virtual_clock.begin(jumps=True)
        assert time.time() - began < 5
        assert time.monotonic() - monotonic >= HOUR


def test_start_and_hang(tmp_path: Path) -> None:
    """A run can begin on any day; a test that hangs is still ended, waiting or not."""
    output = run_pytest(
        tmp_path,
        "import asyncio, datetime, pytest, time\n"
        "async def test_start():\n"
        "    assert str(datetime.date.today()) == '2028-02-29'\n"
        "    assert time.localtime(time.time()).tm_hour == 23\n"
        "    await asyncio.sleep(10)\n"
        "    assert str(datetime.date.today()) == '2028-03-01'\n"
        "@pytest.mark.timeout(1)\n"
        "async def test_hang():\n"
        "    await asyncio.Event().wait()\n"
        "@pytest.mark.timeout(1)\n"
        "async def test_hang_with_timers():\n"
        "    while True:\n"
        "        await asyncio.sleep(3600)\n",
        "clock",
        TESTS_START="2028-02-29T23:59:50",
    )
    assert "2 failed, 1 passed" in output
    assert output.count("Timeout (>1.0s)") >= 2
