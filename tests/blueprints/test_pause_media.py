"""The blueprint that pauses or mutes music and television during a call."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.support.blueprints import (
    MUSIC,
    RADIO,
    TV,
    attribute,
    becomes,
    do,
    is_done,
    quicken,
    state,
    use,
)
from tests.support.calls import CALLER, SECOND_CALLER
from tests.support.entry import Phones, device, wait_for
from tests.support.outage import lose_link, restore_link


@dataclass(frozen=True, slots=True)
class Way:
    """A way to keep music quiet: how it sounds then, and else."""

    mode: str
    attribute: str | None
    quiet: Any
    loud: Any

    def sound(self, hass: HomeAssistant, player: str) -> Any:
        """Return how a player sounds."""
        if self.attribute is None:
            return state(hass, player)
        return attribute(hass, player, self.attribute)


WAYS = [
    Way("pause", None, "paused", "playing"),
    Way("mute", "is_volume_muted", True, False),
    Way("lower", "volume_level", 0.2, 1.0),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.mode)
@pytest.mark.parametrize("until_when", ["ringing", "call"])
@pytest.mark.usefixtures("house")
async def test_pause_media(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, way: Way, until_when: str
) -> None:
    """What plays is quiet for as long as it was asked for; nothing else is touched."""
    await do(hass, "media_player.media_pause", RADIO)
    await do(hass, "media_player.turn_off", TV)
    # Was quiet before.
    await do(hass, "media_player.volume_mute", RADIO, is_volume_muted=True)
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC, RADIO, TV],
        mode=way.mode,
        volume=20,
        until=until_when,
    )
    before = hass.states.get(RADIO), hass.states.get(TV)
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: way.sound(hass, MUSIC) == way.quiet)
    pbx.engine.answer(call, "45")
    await phones.wait("45", "call", "connected")
    if until_when == "call":
        await asyncio.sleep(0.1)
        assert way.sound(hass, MUSIC) == way.quiet
        pbx.engine.hang_up(call)
    await wait_for(hass, lambda: way.sound(hass, MUSIC) == way.loud)
    await is_done(hass)
    assert (hass.states.get(RADIO), hass.states.get(TV)) == before


@pytest.mark.usefixtures("house")
async def test_pause_media_two_calls(
    hass: HomeAssistant, pbx: Simulator, phones: Phones
) -> None:
    """Several phones ring, a second call comes, and a third one: the last one counts."""
    await use(hass, "pause_media", phones=device(phones, None), players=[MUSIC])
    first = pbx.engine.ring(CALLER, "500")
    await becomes(hass, MUSIC, "paused")
    second = pbx.engine.ring(SECOND_CALLER, "45")
    pbx.engine.answer(first, "43")
    pbx.engine.hang_up(first)
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "paused"
    pbx.engine.answer(second, "45")
    pbx.engine.hang_up(second)
    third = pbx.engine.ring(CALLER, "45")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "paused"
    pbx.engine.hang_up(third)
    await becomes(hass, MUSIC, "playing")
    await is_done(hass)
    assert state(hass, MUSIC) == "playing"


@pytest.mark.usefixtures("house")
async def test_pause_media_call_while_it_goes_on(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that comes while the music is being put back pauses it once more."""
    await use(hass, "pause_media", phones=device(phones, "45"), players=[MUSIC])
    slow = asyncio.Event()
    began: list[None] = []

    async def async_media_play(_player: Any) -> None:
        """Take a while, and then play."""
        began.append(None)
        await slow.wait()
        await hass.async_add_executor_job(_player.media_play)

    monkeypatch.setattr(
        "homeassistant.components.demo.media_player.AbstractDemoPlayer.async_media_play",
        async_media_play,
    )
    call = pbx.engine.ring(CALLER, "45")
    await becomes(hass, MUSIC, "paused")
    pbx.engine.hang_up(call)
    await wait_for(hass, lambda: began)
    call = pbx.engine.ring(SECOND_CALLER, "45")
    await phones.wait("45", "ringing", "on")
    slow.set()
    await becomes(hass, MUSIC, "playing")
    await becomes(hass, MUSIC, "paused")
    pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.mode)
@pytest.mark.usefixtures("house")
async def test_pause_media_hands_off(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, way: Way
) -> None:
    """What the user changes during the call is left so."""
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC],
        mode=way.mode,
        volume=20,
    )
    call = pbx.engine.ring(CALLER, "45")
    await wait_for(hass, lambda: way.sound(hass, MUSIC) == way.quiet)
    match way.mode:
        case "pause":
            await do(hass, "media_player.turn_off", MUSIC)
        case "mute":
            await do(hass, "media_player.volume_mute", MUSIC, is_volume_muted=False)
        case "lower":
            await do(hass, "media_player.volume_set", MUSIC, volume_level=0.5)
    await wait_for(hass, lambda: way.sound(hass, MUSIC) != way.quiet)
    wanted = hass.states.get(MUSIC)
    pbx.engine.hang_up(call)
    await phones.wait("45", "call", "idle")
    await is_done(hass)
    assert hass.states.get(MUSIC) == wanted


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.usefixtures("house")
async def test_pause_media_outage(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, ends: bool
) -> None:
    """Nothing is put back while nobody knows; after an outage, what is then counts."""
    quicken(hass, "pause_media")
    await use(hass, "pause_media", phones=device(phones, "45"), players=[MUSIC])
    call = pbx.engine.ring(CALLER, "45")
    pbx.engine.answer(call, "45")
    await becomes(hass, MUSIC, "paused")
    await lose_link(pbx, phones)
    if ends:
        pbx.engine.hang_up(call)
    await asyncio.sleep(0.4)
    assert state(hass, MUSIC) == "paused"
    await restore_link(pbx, phones)
    if not ends:
        await asyncio.sleep(0.4)
        assert state(hass, MUSIC) == "paused"
        pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")


@pytest.mark.parametrize("outgoing", [True, False])
@pytest.mark.usefixtures("house")
async def test_pause_media_outgoing(
    hass: HomeAssistant, pbx: Simulator, phones: Phones, *, outgoing: bool
) -> None:
    """A call that is made counts from when it is answered, if it is to count."""
    await use(
        hass,
        "pause_media",
        phones=device(phones, "45"),
        players=[MUSIC],
        outgoing=outgoing,
    )
    call = pbx.engine.ring("45", CALLER)
    await phones.wait("45", "call", "dialing")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == "playing"
    pbx.engine.answer(call)
    await phones.wait("45", "call", "connected")
    await asyncio.sleep(0.1)
    assert state(hass, MUSIC) == ("paused" if outgoing else "playing")
    pbx.engine.hang_up(call)
    await becomes(hass, MUSIC, "playing")
