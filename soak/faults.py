"""What goes wrong between Home Assistant and a PBX, at random."""

import asyncio
from collections.abc import Awaitable, Callable
import json

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from simulator import AccountType
from simulator.wire import Wire, encode

from .office import LINE
from .stage import Stage

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

type Fault = Callable[[Stage], Awaitable[None]]


async def refuse(stage: Stage) -> None:
    """The PBX listens no more for a while."""
    await stage.pbx.refuse()
    await stage.pbx.cut()
    await stage.lost()
    await stage.live(8)
    await stage.pbx.accept()


async def drop(stage: Stage) -> None:
    """The link is reset."""
    await stage.pbx.cut()
    await stage.live(4)


async def half_open(stage: Stage) -> None:
    """The PBX goes silent: no pongs, no frames, no answers."""
    stage.pbx.freeze()
    await stage.live(8)
    await stage.lost()
    await stage.live(4)
    stage.pbx.thaw()


async def deaf(stage: Stage) -> None:
    """The open link goes silent for good; a new one works."""
    silent = set(stage.pbx.links)
    stage.pbx.deafen()
    await stage.live(8)
    await stage.wait(
        lambda: silent.isdisjoint(stage.pbx.links), "the silent link is given up"
    )


async def slow(stage: Stage) -> None:
    """All that the PBX says comes late."""
    stage.pbx.switches.latency = stage.rng.choice((0.02, 0.1, 0.2))
    await stage.live(12)
    stage.pbx.switches.latency = 0


async def stalled_login(stage: Stage) -> None:
    """A login is not answered."""
    faults = stage.pbx.switches.faults
    faults["login"] = "hang"
    stage.pbx.expire_sessions()
    await stage.pbx.cut()
    await stage.lost()
    await stage.live(6)
    faults.clear()


async def failing_step(stage: Stage) -> None:
    """A step of the way to a new link fails."""
    steps = ("login", "tell", "handshake", "accounts", "get-calls", "domain-calls")
    faults = stage.pbx.switches.faults
    step = stage.rng.choice(steps)
    faults[step] = "reset"
    stage.pbx.expire_sessions()
    await stage.pbx.cut()
    await stage.live(6)
    faults.clear()


async def torn(stage: Stage) -> None:
    """The link breaks in the middle of a frame."""
    await stage.pbx.truncate()
    await stage.live(4)


async def truncated(stage: Stage) -> None:
    """Frames come, beside others, of which the end is missing."""
    for text in known_frames(stage, 5):
        await stage.pbx.send_raw(text[: stage.rng.randrange(len(text))])
        await stage.live(1)


async def garbage(stage: Stage) -> None:
    """Frames come that are none."""
    for _ in range(10):
        await stage.pbx.send_raw(stage.rng.choice(_GARBAGE))
        await stage.live(1)


async def oversize(stage: Stage) -> None:
    """A frame comes that is too large to read, or even to take."""
    size = stage.rng.choice((9, 17)) * _MIB
    await stage.pbx.send_raw('{"action":"x-large","a":"' + "x" * size + '"}')
    await stage.live(4)


async def flood(stage: Stage) -> None:
    """Thousands of frames come that say what is known."""
    for _ in range(10):
        for text in known_frames(stage, 100):
            await stage.pbx.send_raw(text)
        await stage.live(1)


async def session_expired(stage: Stage) -> None:
    """The session expires, with or without the link."""
    stage.pbx.expire_sessions()
    await stage.live(4)
    if stage.rng.random() < 0.7:
        await stage.pbx.cut()
        await stage.live(4)


async def password_changed(stage: Stage) -> None:
    """The password is another one: Home Assistant asks for it, and gets it."""
    password = f"secret-{stage.rng.randrange(10**6)}"
    stage.engine.change_password(LINE, password)
    stage.pbx.expire_sessions()
    await stage.pbx.cut()
    await stage.live(4)
    flows = stage.hass.config_entries.flow
    await stage.wait(flows.async_progress, "the password is asked for")
    await stage.lost()
    (flow,) = flows.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    result = await flows.async_configure(flow["flow_id"], {"password": password})
    assert result["type"] is FlowResultType.ABORT, result
    stage.events.history.start_over()
    await stage.hass.async_block_till_done()
    assert stage.entry.state is ConfigEntryState.LOADED, stage.entry.state
    stage.events.history.start_over()


async def restart(stage: Stage) -> None:
    """The PBX restarts, with other accounts than it had."""
    engine, rng = stage.engine, stage.rng
    task = asyncio.create_task(stage.pbx.restart(0.3))
    await stage.lost()
    for number in rng.sample(_CHURN, 6):
        if stage.office.is_there(number):
            engine.remove_account(number)
            stage.shown.gone[number] = stage.clock.monotonic()
        else:
            engine.add_account(number, f"Newcomer {number}", registered=True)
            stage.shown.gone.pop(number, None)
    for account in rng.sample(stage.office.accounts, 5):
        if account.type is AccountType.EXTENSION:
            engine.rename(account.number, f"Renamed {rng.randrange(10**6)}")
    await task
    await stage.live(4)


async def clock_jump(stage: Stage) -> None:
    """The clock of the PBX, or that of Home Assistant, is set."""
    seconds = stage.rng.choice((-86400, -3600, -60, 60, 3600, 86400))
    if stage.rng.random() < 0.5:
        stage.pbx.jump(seconds)
    else:
        stage.clock.wall += seconds
    await stage.live(6)


async def ten_minutes(stage: Stage) -> None:
    """Ten minutes are over: who was gone then is gone for good."""
    stage.clock.ahead += 700
    stage.events.history.doubt()
    await stage.pbx.cut()
    stage.shown.gone.clear()
    await stage.live(4)


async def odd_entries(stage: Stage) -> None:
    """Lists carry entries that nobody can read, until they do not any more."""
    stage.pbx.switches.odd_entries = True
    await stage.live(10)
    stage.pbx.switches.odd_entries = False


async def duplicates(stage: Stage) -> None:
    """Each frame comes twice."""
    stage.pbx.switches.duplicates = True
    await stage.live(15)
    stage.pbx.switches.duplicates = False


async def late(stage: Stage) -> None:
    """Frames come later than REST replies."""
    stage.pbx.switches.late = stage.rng.choice((0.05, 0.3))
    await stage.live(15)
    stage.pbx.switches.late = 0


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
# In these every frame arrives, in order: all can be judged as if nothing were wrong.
HARMLESS = {slow, truncated, garbage, flood, duplicates, late}


def known_frames(stage: Stage, number: int) -> list[str]:
    """Return frames that say what is so of some accounts, and one that is not known."""
    wire = Wire(stage.engine, stage.pbx.switches, "localhost")
    return [
        *(
            encode(wire.user_state(account), stage.pbx.switches)
            for account in stage.rng.choices(stage.office.accounts, k=number)
        ),
        json.dumps({"action": "x-new", "number": number}),
    ]
