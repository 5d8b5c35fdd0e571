"""Three clocks: the PBX's, Home Assistant's and the one that only goes on."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.vodia.voice.commands import span_in
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from rig.timing import SetClock
from simulator import Simulator
from tests.support.calls import CALLER, MISSED, SECOND_CALLER, CallEventRecorder
from tests.support.entry import Phones, set_up, settle, wait_for
from tests.support.outage import lose_link, restore_link

# The PBX may be off by as much; its time is told as it is.
OFF = pytest.mark.parametrize("off", [-7200, -45, 45, 7200])


@OFF
async def test_duration(pbx: Simulator, phones: Phones, off: float) -> None:
    """The seconds that were talked are those between two times of one clock."""
    pbx.jump(off)
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    await settle(phones.hass, 2)
    pbx.engine.hang_up(call)
    heard = await recorder.expect("ringing", "answered", "ended: completed")
    assert [attributes["duration"] for attributes in heard] == [0, 0, 2]


@pytest.mark.parametrize("set_to", [-3600, 3600])
async def test_clock_that_is_set_during_a_call(
    pbx: Simulator, phones: Phones, clock: SetClock, set_to: float
) -> None:
    """Neither the PBX's nor our own clock may be set in between, and count."""
    recorder = CallEventRecorder(phones)
    call = pbx.engine.ring(CALLER, "45")
    await recorder.expect("ringing")
    pbx.engine.answer(call, "45")
    await recorder.expect("ringing", "answered")
    await settle(phones.hass, 2)
    pbx.jump(set_to)
    clock.wall = set_to
    pbx.engine.hang_up(call)
    heard = await recorder.expect("ringing", "answered", "ended: completed")
    assert heard[-1]["duration"] == 2


@OFF
async def test_talk_that_was_up_before(
    hass: HomeAssistant, pbx: Simulator, entry: Any, off: float
) -> None:
    """How long it has been talked no single clock has timed: that is not known."""
    pbx.jump(off)
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    phones = await set_up(hass, entry)
    recorder = CallEventRecorder(phones)
    pbx.engine.hang_up(call)
    (heard,) = await recorder.expect("ended: completed")
    assert heard["duration"] is None


@OFF
async def test_calls_of_an_outage(pbx: Simulator, phones: Phones, off: float) -> None:
    """Which are new is told by the history alone, whatever its times are."""
    pbx.jump(off)
    recorder = CallEventRecorder(phones)
    await settle(phones.hass, 1)
    for times in (1, 2):
        await lose_link(pbx, phones)
        call = pbx.engine.ring(CALLER, "45")
        pbx.engine.answer(call, "45")
        await settle(phones.hass, 3)
        pbx.engine.hang_up(call)
        await restore_link(pbx, phones)
        heard = await recorder.expect(
            *("ringing", "answered", "ended: completed") * times
        )
        assert heard[-1]["duration"] == 3
        assert heard[-1]["backfilled"]
        await settle(phones.hass, 2)


async def test_clock_of_the_pbx_that_is_set_back(
    pbx: Simulator, phones: Phones
) -> None:
    """What it writes from then on is new all the same."""
    recorder = CallEventRecorder(phones)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await recorder.expect(*("ringing", "missed: missed", "ended: missed"))
    # Not so far that the whole history is later.
    pbx.jump(-0.5)
    await lose_link(pbx, phones)
    await settle(phones.hass, 2)
    pbx.engine.hang_up(pbx.engine.ring(SECOND_CALLER, "45"))
    await restore_link(pbx, phones)
    await recorder.expect(*("ringing", *MISSED) * 2)


async def test_last_caller(hass: HomeAssistant, pbx: Simulator, phones: Phones) -> None:
    """Its time is ours; which call is the last one is told by their order."""
    pbx.jump(7200)
    first = pbx.engine.ring(CALLER, "45")
    state = await phones.wait("45", "last_caller", CALLER)
    at = dt_util.parse_datetime(state.attributes["time"], raise_on_error=True)
    assert abs((dt_util.utcnow() - at).total_seconds()) < 60
    pbx.engine.hang_up(first)
    await wait_for(
        hass, lambda: phones.get("45", "last_caller").attributes["end_reason"]
    )
    # Two hours earlier, by its clock.
    pbx.jump(0)
    pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "last_caller", SECOND_CALLER)


@OFF
async def test_who_called_in_the_last_hour(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, off: float
) -> None:
    """A call that we heard is asked for by our clock."""
    pbx.jump(off)
    recorder = CallEventRecorder(phones)
    pbx.engine.hang_up(pbx.engine.ring(CALLER, "45"))
    await recorder.expect("ringing", *MISSED)
    said: Any = await hass.services.async_call(
        "vodia",
        "voice_command",
        {"command": "who_called", "hours": 1},
        blocking=True,
        return_response=True,
    )
    assert CALLER in said["speech"]


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        # The clocks go forward, and back.
        (datetime(2026, 3, 29, 1, 30, tzinfo=dt_util.UTC), 2),
        (datetime(2026, 10, 25, 2, 30, tzinfo=dt_util.UTC), 3),
    ],
)
def test_hours_ago(now: datetime, hours: float) -> None:
    """Hours are hours, also in a night in which the clock is set."""
    before = dt_util.get_default_time_zone()
    zone = dt_util.get_time_zone("Europe/Berlin")
    assert zone
    dt_util.set_default_time_zone(zone)
    try:
        with (
            patch("homeassistant.util.dt.utcnow", return_value=now),
            patch("homeassistant.util.dt.now", return_value=now.astimezone(zone)),
        ):
            since, until_ = span_in({"hours": hours})
    finally:
        dt_util.set_default_time_zone(before)
    assert since
    assert until_ is None
    assert now - since.astimezone(dt_util.UTC) == timedelta(hours=hours)
