"""What goes wrong between Home Assistant and a PBX, at random."""

import asyncio
from collections.abc import Awaitable, Callable
import json
from typing import TYPE_CHECKING

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from simulator import AccountType
from simulator.wire import Wire, encode

from .office import LINE

if TYPE_CHECKING:
    from .play import Play

_MIB = 1024 * 1024
# Accounts that come and go.
_CHURN = [str(number) for number in range(9000, 9030)]
_GARBAGE: tuple[str | bytes, ...] = (
    *("", "{", "[]", "null", "0", '"call-state"', "{}", "<html></html>", "\0" * 100),
    *('{"action":null}', '{"action":"call-state"}', '{"action":"domain-state"}'),
    *('{"action":"call-state","calls":7}', '{"action":["user-state"]}'),
    *('{"action":"user-state"}', '{"action":"user-state","account":{}}'),
    *('{"action":"domain-state","accounts":"all"}', '{"action":"x-new","a":[1]}'),
    *("[" * 5000, '{"a":' * 2000, '{"action":"chat"}', '{"action":"call-state",'),
    b"\xff\xfe\x00",
)

type Fault = Callable[[Play], Awaitable[None]]


async def refuse(play: Play) -> None:
    """The PBX listens no more for a while."""
    await play.pbx.refuse()
    await play.pbx.cut()
    await play.lost()
    await play.live(8)
    await play.pbx.accept()


async def drop(play: Play) -> None:
    """The link is reset."""
    await play.pbx.cut()
    await play.live(4)


async def half_open(play: Play) -> None:
    """The PBX goes silent: no pongs, no frames, no answers."""
    play.pbx.freeze()
    await play.live(8)
    await play.lost()
    await play.live(4)
    play.pbx.thaw()


async def deaf(play: Play) -> None:
    """The open link goes silent for good; a new one works."""
    silent = set(play.pbx.links)
    play.pbx.deafen()
    await play.live(8)
    await play.wait(lambda: not silent & play.pbx.links, "the silent link is given up")


async def slow(play: Play) -> None:
    """All that the PBX says comes late."""
    play.pbx.switches.latency = play.rng.choice((0.02, 0.1, 0.2))
    await play.live(12)
    play.pbx.switches.latency = 0


async def stalled_login(play: Play) -> None:
    """A login is not answered."""
    faults = play.pbx.switches.faults
    faults["login"] = "hang"
    play.pbx.expire_sessions()
    await play.pbx.cut()
    await play.lost()
    await play.live(6)
    faults.clear()


async def failing_step(play: Play) -> None:
    """A step of the way to a new link fails."""
    steps = ("login", "tell", "handshake", "accounts", "get-calls", "domain-calls")
    faults = play.pbx.switches.faults
    step = play.rng.choice(steps)
    faults[step] = "reset"
    play.pbx.expire_sessions()
    await play.pbx.cut()
    await play.live(6)
    faults.clear()


async def torn(play: Play) -> None:
    """The link breaks in the middle of a frame."""
    await play.pbx.truncate()
    await play.live(4)


async def truncated(play: Play) -> None:
    """Frames come, beside others, of which the end is missing."""
    for text in known_frames(play, 5):
        await play.pbx.send_raw(text[: play.rng.randrange(len(text))])
        await play.live(1)


async def garbage(play: Play) -> None:
    """Frames come that are none."""
    for _ in range(10):
        await play.pbx.send_raw(play.rng.choice(_GARBAGE))
        await play.live(1)


async def oversize(play: Play) -> None:
    """A frame comes that is too large to read, or even to take."""
    size = play.rng.choice((9, 17)) * _MIB
    await play.pbx.send_raw('{"action":"x-large","a":"' + "x" * size + '"}')
    await play.live(4)


async def flood(play: Play) -> None:
    """Thousands of frames come that say what is known."""
    for _ in range(10):
        for text in known_frames(play, 100):
            await play.pbx.send_raw(text)
        await play.live(1)


async def session_expired(play: Play) -> None:
    """The session expires, with or without the link."""
    play.pbx.expire_sessions()
    await play.live(4)
    if play.rng.random() < 0.7:
        await play.pbx.cut()
        await play.live(4)


async def password_changed(play: Play) -> None:
    """The password is another one: Home Assistant asks for it, and gets it."""
    password = f"secret-{play.rng.randrange(10**6)}"
    play.engine.change_password(LINE, password)
    play.pbx.expire_sessions()
    await play.pbx.cut()
    await play.live(4)
    flows = play.hass.config_entries.flow
    await play.wait(flows.async_progress, "the password is asked for")
    await play.lost()
    (flow,) = flows.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    result = await flows.async_configure(flow["flow_id"], {"password": password})
    assert result["type"] is FlowResultType.ABORT, result
    play.chronicle.begin_anew()
    await play.hass.async_block_till_done()
    assert play.entry.state is ConfigEntryState.LOADED, play.entry.state
    play.chronicle.begin_anew()


async def restart(play: Play) -> None:
    """The PBX restarts, with other accounts than it had."""
    engine, rng = play.engine, play.rng
    task = asyncio.create_task(play.pbx.restart(0.3))
    await play.lost()
    for number in rng.sample(_CHURN, 6):
        if play.office.is_there(number):
            engine.remove_account(number)
            play.shown.gone[number] = play.clock.monotonic()
        else:
            engine.add_account(number, f"Newcomer {number}", registered=True)
            play.shown.gone.pop(number, None)
    for account in rng.sample(play.office.accounts, 5):
        if account.type is AccountType.EXTENSION:
            engine.rename(account.number, f"Renamed {rng.randrange(10**6)}")
    await task
    await play.live(4)


async def clock_jump(play: Play) -> None:
    """The clock of the PBX, or that of Home Assistant, is set."""
    seconds = play.rng.choice((-86400, -3600, -60, 60, 3600, 86400))
    if play.rng.random() < 0.5:
        play.pbx.jump(seconds)
    else:
        play.clock.wall += seconds
    await play.live(6)


async def ten_minutes(play: Play) -> None:
    """Ten minutes are over: who was gone then is gone for good."""
    play.clock.ahead += 700
    play.chronicle.doubt()
    await play.pbx.cut()
    play.shown.gone.clear()
    await play.live(4)


async def odd_entries(play: Play) -> None:
    """Lists carry entries that nobody can read, until they do not any more."""
    play.pbx.switches.odd_entries = True
    await play.live(10)
    play.pbx.switches.odd_entries = False


async def duplicates(play: Play) -> None:
    """Each frame comes twice."""
    play.pbx.switches.duplicates = True
    await play.live(15)
    play.pbx.switches.duplicates = False


async def late(play: Play) -> None:
    """Frames come later than what REST tells."""
    play.pbx.switches.late = play.rng.choice((0.05, 0.3))
    await play.live(15)
    play.pbx.switches.late = 0


FAULTS: dict[Fault, int] = {
    refuse: 6,
    drop: 8,
    half_open: 4,
    deaf: 4,
    slow: 6,
    stalled_login: 3,
    failing_step: 5,
    torn: 4,
    truncated: 4,
    garbage: 6,
    oversize: 2,
    flood: 3,
    session_expired: 5,
    password_changed: 1,
    restart: 4,
    clock_jump: 5,
    ten_minutes: 1,
    odd_entries: 4,
    duplicates: 5,
    late: 5,
}
# In these all that is told comes, in order: it can be judged as if nothing were wrong.
HARMLESS = {slow, truncated, garbage, flood, duplicates, late}


def known_frames(play: Play, number: int) -> list[str]:
    """Return frames that say what is so of some accounts, and one that is not known."""
    wire = Wire(play.engine, play.pbx.switches, "localhost")
    frames = []
    for account in play.rng.choices(play.office.accounts, k=number):
        told = wire.user_state(account)
        frames.append(encode(told, play.pbx.switches))
    frames.append(json.dumps({"action": "x-new", "number": number}))
    return frames
