"""One WebSocket of a client."""

import asyncio
from contextlib import suppress
from enum import StrEnum
import json
import socket
import struct
import time
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from .commands import COMMANDS, run_command
from .logins import Login
from .model import Account, EngineError
from .state import PbxState
from .wire import Json, Object, Wire, encode, noise

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
# The head of a frame: a whole text, and a length in the two bytes that follow.
_FINAL_TEXT = 0x81
_LENGTH_FOLLOWS = 126


class Stream(StrEnum):
    """Lists of calls that a client may follow."""

    OWN = "own-calls"
    TENANT = "domain-calls"
    ORBITS = "orbit-calls"


class Link:
    """Send one client what happens and do what it asks for."""

    def __init__(
        self,
        state: PbxState,
        login: Login,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        session: str | None,
    ) -> None:
        """Take an open WebSocket."""
        self.login = login
        self.session = session
        self.transport = transport
        self.gone = asyncio.Event()
        self._state = state
        self._ws = ws
        self._wire = Wire(state.engine, state.switches, login.tenant)
        self._queue: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()
        self._streams: dict[Stream, list[Json]] = {}
        self._watched: set[str] = set()
        self._pushes = 0
        self._aborted = asyncio.Event()
        self._deaf = False
        if state.switches.dialect == "classic":
            self._streams[Stream.OWN] = self._calls(Stream.OWN)

    async def run(self) -> None:
        """Serve the client until the connection ends."""
        tasks = [
            asyncio.create_task(work)
            for work in (self._read(), self._write(), self._aborted.wait())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            while not self._queue.empty():
                self._queue.get_nowait()
                self._queue.task_done()
            self.gone.set()

    def abort(self) -> None:
        """Reset the TCP connection."""
        reset(self.transport)
        self._aborted.set()

    def deafen(self) -> None:
        """Read and send nothing any more, but keep the connection."""
        self._deaf = True

    def begin_frame(self) -> None:
        """Send the beginning of a frame that will never be whole."""
        head = bytes((_FINAL_TEXT, _LENGTH_FOLLOWS)) + struct.pack("!H", 1000)
        self.transport.write(head + b'{"action":"call-state","calls":[')

    async def flush(self) -> None:
        """Wait until all that is queued has been handed over."""
        await self._queue.join()

    def send(self, data: str | bytes) -> None:
        """Queue a frame as it is: of bytes a binary one.

        Bytes that are no text stand in a text as `surrogateescape` has them.
        """
        switches = self._state.switches
        due = time.monotonic() + switches.latency + switches.late
        for _ in range(2 if switches.duplicates else 1):
            self._queue.put_nowait((due, data))

    def push(self, payload: Object) -> None:
        """Queue a message, and noise after every second one if that is on."""
        self.send(encode(payload, self._state.switches))
        self._pushes += 1
        if self._state.switches.noise and self._pushes % 2 == 0:
            turn = self._pushes // 2 - 1
            self.send(json.dumps(noise(turn)))

    def push_calls(self) -> None:
        """Push every followed list of calls that is not what was sent last."""
        for stream, sent in self._streams.items():
            if (calls := self._calls(stream)) != sent:
                self._streams[stream] = calls
                if self._state.switches.call_lists == "changed":
                    calls = [call for call in calls if call not in sent]
                self._push_stream(stream, calls)

    def push_account(self, account: Account) -> None:
        """Push the light of an account if the client watches it."""
        if account.number in self._watched:
            self.push(self._wire.blf(account))

    def _calls(self, stream: Stream) -> list[Json]:
        """Return a list of calls as it is now."""
        if self._state.listed is not None and stream is not Stream.ORBITS:
            return list(self._state.listed)
        match stream:
            case Stream.OWN:
                return self._wire.own_calls(self.login.account)
            case Stream.TENANT if self._state.switches.domain_calls:
                return self._wire.tenant_calls()
            case Stream.TENANT:
                own = self._state.switches.denied_calls == "own"
                return self._wire.own_calls(self.login.account) if own else []
            case Stream.ORBITS:
                return self._wire.parked_calls()

    def _push_stream(self, stream: Stream, calls: list[Json]) -> None:
        """Push a list of calls."""
        action = "call-state"
        if stream is Stream.ORBITS:
            action = self._state.switches.orbit_action
        self.push({"action": action, "calls": calls})

    async def _write(self) -> None:
        """Hand the queued frames over, in order."""
        while True:
            due, data = await self._queue.get()
            try:
                await asyncio.sleep(max(0, due - time.monotonic()))
                await self._state.thawed.wait()
                if self._deaf:
                    continue
                if isinstance(data, str):
                    raw = data.encode(errors="surrogateescape")
                    await self._ws.send_frame(raw, WSMsgType.TEXT)
                else:
                    await self._ws.send_bytes(data)
            except ConnectionError:
                return
            finally:
                self._queue.task_done()

    async def _read(self) -> None:
        """Take what the client sends."""
        while True:
            try:
                message = await self._ws.receive(self._state.switches.idle_timeout)
            except TimeoutError:
                await self._ws.close()
                return
            await self._state.thawed.wait()
            if message.type in (
                WSMsgType.CLOSE,
                WSMsgType.CLOSING,
                WSMsgType.CLOSED,
                WSMsgType.ERROR,
            ):
                await self._ws.close()
                return
            if self._deaf:
                continue
            with suppress(ConnectionError):
                await self._take(message)

    async def _take(self, message: WSMessage) -> None:
        """Act on one message of the client."""
        if message.type is WSMsgType.PING:
            if self._state.switches.answers_ping:
                await self._ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            with suppress(ValueError):
                frame = json.loads(message.data)
                if isinstance(frame, dict):
                    self._state.received.append(frame)
                    self._obey(frame)

    def _obey(self, frame: dict[str, Any]) -> None:
        """Do what a frame asks for, if it asks for something known."""
        switches = self._state.switches
        match switches.faults.get(str(frame.get("action"))):
            case "reset":
                self.abort()
                return
            case "hang":
                return
        match frame:
            case {"action": "get-users"} if switches.answers_get_users:
                listed = self._state.listed
                calls: Object = {} if listed is None else {"calls": list(listed)}
                self.push(self._wire.snapshot() | calls)
            case {"action": "get-calls"} if switches.answers_get_calls:
                own = self._calls(Stream.OWN)
                if Stream.OWN in self._streams:
                    self._streams[Stream.OWN] = own
                self._push_stream(Stream.OWN, own)
            case {"action": "own-calls" | "domain-calls" | "orbit-calls" as name}:
                self._subscribe(Stream(name), frame.get("subscribe"))
            case {"action": "blf", "add": [*accounts]}:
                self._watched.update(str(account) for account in accounts)
            case {"action": str(action)} if switches.socket_commands:
                if switches.answers_unknown and action not in COMMANDS:
                    self.push({"response": "unknown", "info": action})
                if not switches.ignore_commands:
                    with suppress(EngineError):
                        run_command(self._state.engine, self.login, action, frame)

    def _subscribe(self, stream: Stream, wanted: object) -> None:
        """Start or stop to follow a list of calls."""
        switches = self._state.switches
        if switches.dialect == "classic":
            return
        denied = stream is Stream.TENANT and not switches.domain_calls
        if denied and switches.denied_calls == "ignored":
            return
        if wanted is not True and switches.unsubscribes:
            self._streams.pop(stream, None)
            return
        self._streams[stream] = calls = self._calls(stream)
        if switches.initial_call_state:
            self._push_stream(stream, calls)


def reset(transport: asyncio.BaseTransport) -> None:
    """Abort a TCP connection so that the other side sees a reset."""
    if (sock := transport.get_extra_info("socket")) is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    if isinstance(transport, asyncio.Transport):
        transport.abort()
