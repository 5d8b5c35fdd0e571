"""Reading and acting while parts of the PBX fail."""

import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Simulator
from simulator.switches import Fault
from tests.support.actions import call_action
from tests.support.calls import CALLER
from tests.support.dialects import modern
from tests.support.entry import Phones, set_up
from tests.support.reliability import (
    BRIEF,
    all_unavailable,
    create_pbx,
    flows,
    told,
    tries,
)
from tests.support.timing import set_timing


@pytest.mark.parametrize("fault", [500, "html", "redirect", "hang"], ids=str)
@modern
async def test_reading_fails(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """Accounts that cannot be read three times in a row are a lost link."""
    async with create_pbx("modern") as other:
        pbx.switches.redirect_to = other.url
        pbx.switches.faults["accounts"] = fault
        before = tries(pbx, "accounts")
        pbx.engine.set_dnd("41", True)
        await phones.wait("", "connected", "off")
        assert tries(pbx, "accounts") - before >= 3
        assert all_unavailable(hass, phones)
        assert len(told(caplog)) == 1
        assert not other.requests
        pbx.switches.faults.clear()
        await phones.wait("", "connected", "on")
        assert phones.state("41", "dnd") == "on"
        assert not flows(hass)


@pytest.mark.parametrize(
    ("dialect", "action", "data", "error"),
    [
        pytest.param("classic", "answer", {}, "cannot_connect", id="answer_classic"),
        pytest.param("modern", "answer", {}, "cannot_connect", id="answer_modern"),
        pytest.param(
            "modern", "set_dnd", {"enabled": True}, "cannot_connect", id="set_dnd"
        ),
    ],
)
async def test_action_over_a_dead_link(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    entry: MockConfigEntry,
    action: str,
    data: dict[str, Any],
    error: str,
) -> None:
    """An action ends in its time, also while nobody knows yet that the link is dead."""
    set_timing(hass, ping=60)
    phones = await set_up(hass, entry)
    pbx.engine.ring(CALLER, "45")
    await phones.wait("45", "ringing", "on")
    pbx.freeze()
    began = time.monotonic()
    with pytest.raises(HomeAssistantError) as raised:
        await call_action(hass, action, **data)
    assert raised.value.translation_key == error
    assert time.monotonic() - began < BRIEF.confirm + 0.2
    pbx.thaw()


def asked(fault: Fault, error: str | None, *, after: bool = False) -> Any:
    """Return a case of an action whose REST calls go wrong.

    `after` is whether it goes wrong only after REST has taken a command before.
    """
    name = "command" if after else "question"
    return pytest.param("modern", fault, error, after, id=f"{name}-{fault}")


@pytest.mark.parametrize(
    ("dialect", "fault", "error", "after"),
    [
        asked(401, None),
        asked(403, None),
        asked(404, None),
        asked(500, None),
        asked("html", None),
        asked("redirect", None),
        asked("hang", "cannot_connect"),
        asked(401, None, after=True),
        asked(403, None, after=True),
        asked(500, "unexpected_reply", after=True),
        asked("html", "not_confirmed", after=True),
        asked("redirect", "unexpected_reply", after=True),
        asked("hang", "cannot_connect", after=True),
    ],
)
async def test_action(
    hass: HomeAssistant,
    *,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    error: str | None,
    after: bool,
) -> None:
    """An action uses the socket where REST is refused; it is never done twice."""
    async with create_pbx("modern") as other:
        pbx.switches.redirect_to = other.url
        if after:
            await call_action(hass, "dial", number="42")
            await call_action(hass, "hang_up")
        pbx.switches.faults["calls"] = fault
        before = len(pbx.engine.log)
        if error:
            with pytest.raises(HomeAssistantError) as raised:
                await call_action(hass, "dial", number="41")
            assert raised.value.translation_key == error
            assert not pbx.engine.calls()
            assert len(pbx.engine.log) == before
        else:
            assert await call_action(hass, "dial", number="41")
            assert len(pbx.engine.calls()) == 1
            assert tries(pbx, "make-call") == 1
        assert phones.state("", "connected") == "on"
        assert not flows(hass)
        assert not told(caplog)
        assert not other.requests
