"""The simulated PBX of the demo."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from simulator import Engine, EngineError, Simulator, Stage, Switches
from simulator.control import ControlServer
from simulator.life import Life
from simulator.model import DEFAULT_TENANT, AccountType, Message

from .home import HOST, check_port

PROFILES = {"classic": Switches.classic, "modern": Switches.modern}
DOOR, DOOR_NAME = "60", "Front door"
QUEUE = "601"
# Who has left what in the own mailbox: number, name, hours ago, and how many seconds long.
VOICEMAILS = (("41", "Bruno Ferreira", 26, 6), ("+4930123456", "Anna Meyer", 2, 9))
_PICKUP_SECONDS = 1.5
_ANSWER_SECONDS = 5.0
_TALK_SECONDS = 45.0
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Pbx:
    """Where a running PBX is, how to log in, and the chat messages that it got.

    The passwords are those of all extensions, by their numbers.
    """

    url: str
    port: int
    control_url: str
    extension: str
    passwords: Mapping[str, str]
    messages: list[Message] = field(default_factory=list)

    async def wait_for_messages(self, number: int, seconds: float) -> list[Message]:
        """Return the chat messages once there are so many."""
        async with asyncio.timeout(seconds):
            while len(self.messages) < number:
                await asyncio.sleep(0.05)
        return self.messages


@asynccontextmanager
async def simulated_pbx(
    profile: str, extension: str, *, lively: bool, port: int = 0
) -> AsyncIterator[Pbx]:
    """Run a PBX with a door station, with or without office life.

    Port 0 takes a free one. Raises DemoError if the port is in use.
    """
    if port:
        check_port(
            port,
            "Home Assistant looks there for the PBX of last time. If that demo still "
            "runs, end it first; else start without --keep to begin anew.",
        )
    switches = PROFILES[profile]()
    if lively:
        switches.dial_pickup, switches.far_answer = _PICKUP_SECONDS, _ANSWER_SECONDS
    pbx = Simulator(switches)
    pbx.engine.add_account(DOOR, DOOR_NAME, registered=True)
    queue = pbx.engine.account(QUEUE)
    if extension not in queue.members:
        queue.members += (extension,)
    life = Life(pbx, spared={DOOR}) if lively else None
    control = ControlServer(pbx, life)
    messages: list[Message] = []

    def take(news: object) -> None:
        """Keep a chat message: the control API shows calls and accounts only."""
        if isinstance(news, Message):
            messages.append(news)

    pbx.engine.listeners.append(take)
    _leave_voicemails(pbx.engine, extension)
    if lively:
        _let_colleagues_answer(pbx.engine, extension)
        _let_callers_give_up(pbx.engine)
    try:
        await pbx.start(HOST, port)
        await control.start(HOST)
        passwords = {
            account.number: account.password
            for account in pbx.engine.tenant(DEFAULT_TENANT).accounts.values()
            if account.type is AccountType.EXTENSION
        }
        control_url = f"http://{HOST}:{control.port}"
        yield Pbx(pbx.url, pbx.port, control_url, extension, passwords, messages)
    finally:
        await control.stop()
        await pbx.stop()


def _leave_voicemails(engine: Engine, own: str) -> None:
    """Leave two messages, of which the older one was heard."""
    for caller, name, hours, seconds in VOICEMAILS:
        engine.hear_messages(own)
        engine.leave_message(own, caller, name, seconds)
        engine.account(own).messages[-1].start -= 3600 * hours


def _let_colleagues_answer(engine: Engine, own: str) -> None:
    """Let colleagues pick up what the user dials or transfers to them."""
    loop = asyncio.get_running_loop()
    waiting: set[str] = set()

    def answer(call_id: str) -> None:
        """Answer at the first phone that rings, if one still does."""
        waiting.discard(call_id)
        with suppress(EngineError):
            if (call := engine.call(call_id)).rung:
                engine.answer(call_id, call.rung[0])
                loop.call_later(_TALK_SECONDS, end, call_id)

    def end(call_id: str) -> None:
        """End a call that the user is no part of any more."""
        with suppress(EngineError):
            if not engine.call(call_id).talks(own):
                engine.hang_up(call_id)

    def look(_: object) -> None:
        """Look for calls that the user had a hand in and that ring at others."""
        for call in engine.calls():
            if (
                (call.clicked or own in call.outcomes)
                and call.stage is Stage.RINGING
                and call.rung
                and own not in call.rung
                and call.id not in waiting
            ):
                waiting.add(call.id)
                loop.call_later(_ANSWER_SECONDS, answer, call.id)

    engine.listeners.append(look)


def _let_callers_give_up(engine: Engine) -> None:
    """Let a call end that nobody answers: two that ring cannot be told apart by a tap."""
    loop = asyncio.get_running_loop()
    seen: set[str] = set()

    def give_up(call_id: str) -> None:
        """End a call, if it still rings."""
        seen.discard(call_id)
        with suppress(EngineError):
            if engine.call(call_id).stage is Stage.RINGING:
                engine.hang_up(call_id)

    def look(_: object) -> None:
        """Look for calls that have begun to ring."""
        for call in engine.calls():
            if call.stage is Stage.RINGING and call.id not in seen:
                seen.add(call.id)
                loop.call_later(_PATIENCE_SECONDS, give_up, call.id)

    engine.listeners.append(look)
