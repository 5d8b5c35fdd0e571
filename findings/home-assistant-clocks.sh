#!/usr/bin/env bash
# Home Assistant 2026.10.4: its timers and tokens mix three clocks, so that a test with virtual
# time has to move all of them together, those that modules took at import too.
#
# - runner.configure_event_loop() puts time.monotonic over the loop's own time(). The clock of a
#   loop class, the usual way to virtual time, is gone.
# - async_call_later() goes by the loop's clock alone. async_track_point_in_utc_time() computes
#   its wait from time.time(), and when it is woken asks helpers.event.time_tracker_timestamp,
#   which is time.time as of the import: a loop that skips time wakes it again and again, each
#   time for the same wait, and the action is not called until the time is up in earnest.
# - An access token is dated by time.time() and checked against datetime.now() (in PyJWT).
#   Where only the first is ahead, Home Assistant refuses the token that it has just made.
#
# Seen:
#   loop.time() of a loop class with a clock of its own, 1000 s ahead: 0 s ahead once configured
#   async_call_later(60): called after 60 s of the loop
#   async_track_point_in_utc_time(in 60 s): not called in 6000 s of the loop, woken 100 times
#   access token with time.time() an hour ahead: refused; with datetime.now() too: accepted
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/pip" -q --disable-pip-version-check install uv
export UV_SYSTEM_CERTS=1
if ! python=$(command -v python3.14); then
  export UV_PYTHON_INSTALL_DIR="$work/python"
  "$work/tools/bin/uv" -q python install --no-bin 3.14
  python=$("$work/tools/bin/uv" python find --managed-python 3.14)
fi
"$work/tools/bin/uv" -q venv --python "$python" "$work/venv"
VIRTUAL_ENV="$work/venv" "$work/tools/bin/uv" -q pip install homeassistant==2026.10.4
cat >"$work/see.py" <<'PYTHON'
import asyncio, datetime, selectors, sys, tempfile, time, warnings
from homeassistant import auth, const, core, runner
from homeassistant.helpers import device_registry as dr, entity_registry as er, event
from homeassistant.util import dt as dt_util
import jwt.api_jwt

real = time.monotonic
# Python itself waits for the threads of a loop by the loop's clock.
warnings.simplefilter("ignore", RuntimeWarning)


class Selector(selectors.DefaultSelector):
    """Skip the wait for a timer when no socket has anything."""

    def select(self, timeout=None):
        ready = super().select(0 if timeout else timeout)
        if not ready and timeout:
            self.loop.skipped += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock goes on by what is skipped."""

    def __init__(self):
        self.skipped = 0.0
        selector = Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self):
        return real() + self.skipped


async def ahead_once_configured():
    loop = asyncio.get_running_loop()
    loop.skipped = 1000.0
    before = loop.time() - real()
    runner.configure_event_loop(loop)
    return before, loop.time() - real()


async def timers():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    loop, called = hass.loop, {}
    began = loop.time()
    event.async_call_later(hass, 60, lambda _: called.setdefault("later", loop.time() - began))
    await asyncio.sleep(120)
    woken = 0
    wake = event._TrackPointUTCTime.__call__

    def count(tracker):
        nonlocal woken
        woken += 1
        wake(tracker)

    event._TrackPointUTCTime.__call__ = count
    event.async_track_point_in_utc_time(
        hass,
        lambda _: called.setdefault("point", loop.time() - began),
        dt_util.utcnow() + datetime.timedelta(seconds=60),
    )
    await asyncio.sleep(6000)
    await hass.async_stop(force=True)
    return called, woken


class Ahead(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(hours=1)


async def token():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    dr.async_setup(hass)
    await dr.async_load(hass)
    await er.async_load(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    user = await hass.auth.async_create_system_user("Somebody")
    refresh = await hass.auth.async_create_refresh_token(user)
    now, accepted = time.time, []
    time.time = lambda: now() + 3600
    for clock in (datetime.datetime, Ahead):
        jwt.api_jwt.datetime = clock
        access = hass.auth.async_create_access_token(refresh)
        accepted.append(hass.auth.async_validate_access_token(access) is not None)
    jwt.api_jwt.datetime, time.time = datetime.datetime, now
    await hass.async_stop(force=True)
    return accepted


before, after = asyncio.run(ahead_once_configured(), loop_factory=Loop)
called, woken = asyncio.run(timers(), loop_factory=Loop)
accepted = asyncio.run(token())
print("Home Assistant", const.__version__)
print(f"loop.time() of a loop class, {before:.0f} s ahead: {round(after)} s ahead once configured")
print(f"async_call_later(60): called after {called.get('later', -1):.0f} s of the loop")
print(f"async_track_point_in_utc_time(in 60 s): {'' if 'point' in called else 'not '}called in 6000 s of the loop, woken {woken} times")
words = {True: "accepted", False: "refused"}
print(f"access token with time.time() an hour ahead: {words[accepted[0]]}; with datetime.now() too: {words[accepted[1]]}")
sys.exit(
    not (
        round(before) == 1000
        and round(after) == 0
        and round(called["later"]) == 60
        and "point" not in called
        and woken > 50
        and accepted == [False, True]
    )
)
PYTHON
"$work/venv/bin/python" "$work/see.py"
