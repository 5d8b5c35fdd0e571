"""Each command once, for both dialects, with the wait for the state it asks for.

The PBX acknowledges nothing: a command that was sent is done when the state shows it.
REST is the documented way of v70 and is used where the PBX answers there; else the
commands of the classic socket. A command is never sent twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
import re
import time
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from .act import Act, Choice, Command, own_call, own_calls
from .assumptions import Assumption
from .errors import (
    AccessOffError,
    HeldElsewhereError,
    MethodNotAllowedError,
    NoOrbitError,
    NotConfirmedError,
    NotFoundError,
    NotSupportedError,
    OrbitEmptyError,
    OrbitOccupiedError,
    PbxError,
    SeveralOrbitsError,
    UnexpectedReplyError,
    UnknownCallError,
)
from .history import read_history
from .ledger import count
from .memory import Hold
from .messages import call_ids
from .models import IN_CALL, AccountCall, CallState, EndReason, PastCall
from .numbering import dialable, same_number
from .star_codes import read_retrieve_code
from .state import PbxState

if TYPE_CHECKING:
    from .client import PbxClient

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_RINGING: Final = frozenset({CallState.RINGING})
_CONNECTED: Final = frozenset({CallState.CONNECTED})
_HELD: Final = frozenset({CallState.HELD})


class Control:
    """The commands of a line.

    Those for a call take its id, optional where exactly one fits, and the state that the
    user expects it in. They raise NoFittingCallError, SeveralCallsError,
    UnknownCallError (also when the call ends meanwhile), UnexpectedStateError,
    NotSupportedError, NotConnectedError, CannotConnectError when the PBX does not answer,
    or NotConfirmedError when it does not do it: all of it in 5 s.
    """

    def __init__(self, client: PbxClient) -> None:
        """Act for the line of a client."""
        self._client = client
        self._toggling: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def dial(self, number: str) -> AccountCall:
        """Let the PBX ring the line's phone, then call the number; return the call.

        Raises InvalidNumberError, NotConnectedError, or NotConfirmedError when no such
        call shows up.
        """
        number = self._dialable(number)
        async with self._act("dial") as act:
            return await self._dial(act, number, lambda state: None)

    async def retrieve(self, orbit: str | None = None) -> AccountCall:
        """Dial the code to retrieve from a park orbit, with the orbit behind it.

        Return the call, or the parked one if the line has it. Without a number it is the
        only orbit, or the only one that is occupied. Raises an OrbitError, else as `dial`.
        """
        orbit = self._orbit(orbit, occupied=True)
        client = self._client
        parked = client.watcher.live.state.orbits[orbit].calls
        before = {call.id for call in own_calls(client.live.state)}

        def retrieved(state: PbxState) -> AccountCall | None:
            """Return the parked call once the line is in it."""
            return next(
                (
                    call
                    for call in own_calls(state)
                    if call.state in IN_CALL
                    and call.id not in before
                    and any(self._is_same(call, other) for other in parked)
                ),
                None,
            )

        async with self._act("retrieve") as act:
            live = client.live
            if live.retrieve_code is None:
                async with act.in_time():
                    live.retrieve_code = await read_retrieve_code(
                        client.session, client.ledger
                    )
            return await self._dial(act, f"{live.retrieve_code}{orbit}", retrieved)

    async def _dial(
        self,
        act: Act,
        number: str,
        instead: Callable[[PbxState], AccountCall | None],
    ) -> AccountCall:
        """Dial a number; return the call, or another one that came of it."""
        client = self._client
        command = Command({"remote-dial": number}, "make-call", {"to": number})
        async with act.in_time():
            await self._find_rest()
        dial = client.live.state.expect_dial(number, time.monotonic())
        # Who calls back now is no call of ours.
        act.notes.callback(client.state.cancel_dial, dial)
        try:
            if not await self._asked_over_rest(act, command):
                await self._send(act, command)
        except PbxError:
            # An answer may be late or missing, and the call there all the same.
            if client.state.cancel_dial(dial):
                raise
        try:
            return await client.wait_for(
                lambda state: state.dialed_call(dial) or instead(state), act.until
            )
        except NotConfirmedError:
            if any(call.id not in dial.before for call in own_calls(client.state)):
                client.ledger.assume(Assumption.DIALED_CALL_SHOWS_THE_NUMBER, False)
            raise

    async def answer(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Answer the ringing call at the line's phone; return the call once connected."""
        async with self._act("answer") as act:
            call = await self._order(
                act,
                Choice(call_id, expected, _RINGING, _RINGING),
                lambda call: Command(
                    {"remote-answer": call.id}, "accept-call", {"id": call.id}
                ),
            )
            return await self._reached(
                act, call, lambda found: found.state is CallState.CONNECTED
            )

    async def reject(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> None:
        """Refuse the ringing call; it goes on where it rings elsewhere."""
        await self._end("reject", Choice(call_id, expected, _RINGING, _RINGING))

    async def hang_up(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> None:
        """End the call that the line is in or makes; one that rings only by its id."""
        own = IN_CALL | {CallState.DIALING}
        await self._end("hangup", Choice(call_id, expected, own, own | _RINGING))

    async def hold(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Put the connected call on hold; return the call once it is held."""
        return await self._toggle("hold", call_id, expected, CallState.HELD)

    async def resume(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Take the held call up again; return the call once it is connected.

        Raises HeldElsewhereError where the PBX can only toggle and another held it.
        """
        return await self._toggle("resume", call_id, expected, CallState.CONNECTED)

    async def transfer(
        self,
        number: str,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Send the call to a number without asking there; a ringing one is deflected.

        Raises InvalidNumberError, too.
        """
        number = self._dialable(number)
        fits = IN_CALL | _RINGING
        async with self._act("transfer") as act:
            await self._transfer(act, number, Choice(call_id, expected, fits, fits))

    async def park(
        self,
        orbit: str | None = None,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Send the call to a park orbit; done when it is there, where that can be seen.

        Without a number it is the only orbit, or the only one that is free. Raises an
        OrbitError, too.
        """
        orbit = self._orbit(orbit, occupied=False)
        watcher = self._client.watcher

        def parked(call: AccountCall, state: PbxState) -> bool | None:
            """Return True once the call is in the orbit, or nobody tells of it."""
            group = state.orbits.get(orbit)
            if group is None or group.in_use is None:
                return True
            there = group.calls
            same = not there or any(self._is_same(call, other) for other in there)
            return True if group.in_use and same else None

        async with self._act("park") as act:
            call = await self._transfer(
                act, orbit, Choice(call_id, expected, IN_CALL, IN_CALL)
            )
            watcher.live.orbits_wanted.set()
            await watcher.wait_for(lambda state: parked(call, state), act.until)

    def _orbit(self, number: str | None, *, occupied: bool) -> str:
        """Return the orbit that is meant: by its number, or the only one that fits."""
        orbits = self._client.watcher.live.state.orbits
        if number is not None:
            number = self._dialable(number)
            orbits = {number: orbits[number]} if number in orbits else {}
        if not orbits:
            raise NoOrbitError("no such orbit")
        fitting = [n for n, orbit in orbits.items() if orbit.in_use is occupied]
        if len(fitting) == 1:
            return fitting[0]
        unknown = [n for n, orbit in orbits.items() if orbit.in_use is None]
        if len(orbits) == len(unknown) == 1:
            return unknown[0]
        if fitting or unknown:
            raise SeveralOrbitsError("several orbits", orbits=", ".join(sorted(orbits)))
        error = OrbitEmptyError if occupied else OrbitOccupiedError
        raise error("no orbit fits", orbits=", ".join(sorted(orbits)))

    async def _transfer(self, act: Act, number: str, choice: Choice) -> AccountCall:
        """Send a call to a number; return it once it has left the line."""
        call = await self._order(
            act,
            choice,
            lambda call: Command(
                {"transfer": call.id, "number": number},
                "blind-transfer",
                {"id": call.id, "from": call.remote.number or "", "to": number},
            ),
            ends=EndReason.TRANSFERRED,
        )

        def is_back(state: PbxState) -> bool:
            """Return whether it rings here: in the group that it was sent to."""
            return any(
                now.id == call.id
                and now.state is CallState.RINGING
                and (call.state in IN_CALL or now.dialed_number != call.dialed_number)
                for now in own_calls(state)
            )

        await self._gone(act, call.id, is_back=is_back)
        return call

    async def attended_transfer(
        self,
        second_call_id: str,
        call_id: str | None = None,
        expected: CallState | None = None,
    ) -> None:
        """Join the other sides of two calls of the line, which leaves both.

        Without an id the first call is the only other one.
        """
        first = Choice(call_id, expected, IN_CALL, IN_CALL, second_call_id)
        second = Choice(second_call_id, None, IN_CALL, IN_CALL, call_id)

        def join(call: AccountCall) -> Command:
            """Return the command that joins a call and the second one."""
            other = second.pick(self._client.live.state)
            return Command(
                {"transfer": call.id, "id": other.id},
                "att-transfer",
                {
                    "id": call.id,
                    "from": call.remote.number or "",
                    "id2": other.id,
                    "to": other.remote.number or "",
                },
            )

        async with self._act("attended_transfer") as act:
            call = await self._order(act, first, join, ends=EndReason.TRANSFERRED)
            await self._gone(act, call.id, second_call_id)

    async def start_recording(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Record the call; return it once it is recorded. Recorded already is fine."""
        return await self._record(True, call_id, expected)

    async def stop_recording(
        self, call_id: str | None = None, expected: CallState | None = None
    ) -> AccountCall:
        """Record the call no more; return it then. Not recorded is fine."""
        return await self._record(False, call_id, expected)

    async def send_message(self, recipient: str, message: str) -> None:
        """Send a chat message to an extension; nothing tells whether it arrives.

        Raises InvalidNumberError, NotConnectedError.
        """
        client, text = self._client, _encodable(message)
        recipient = self._dialable(recipient)
        async with self._act("send_message") as act, act.in_time():
            if await self._chats_over_rest():
                await client.session.request(
                    "POST",
                    client.session.path("chat"),
                    {"type": "text", "text": text},
                    params={"number": recipient},
                )
            else:
                line = client.live.state.line
                await client.send("chat", src=line, dest=recipient, message=text)

    async def _chats_over_rest(self) -> bool:
        """Find out whether the PBX has its messages over REST (v70).

        One that has not is not asked again for a while.
        """
        client, live = self._client, self._client.live
        if not (live.rest_chat or live.refusals.stand("chat")):
            try:
                path = client.session.path("chat-history")
                await client.session.request("GET", path, params={"api": "2"})
            except NotFoundError, MethodNotAllowedError, AccessOffError:
                live.rest_chat = False
                live.refusals.note("chat", sure=True)
            except UnexpectedReplyError:
                # Perhaps only this time.
                return False
            else:
                live.rest_chat = True
        return bool(live.rest_chat)

    async def history(self) -> tuple[PastCall, ...]:
        """Return the past calls of the line, the newest first.

        Raises NotSupportedError where the PBX tells none, else as `read_history`.
        """
        client = self._client
        try:
            return await read_history(
                client.session, client.live.state.line, client.ledger
            )
        except NotFoundError, MethodNotAllowedError:
            raise NotSupportedError("this PBX tells no history") from None

    async def set_dnd(
        self, enabled: bool, *, reason: str | None = None, expires: int | None = None
    ) -> None:
        """Set do not disturb; `expires` is in seconds from now.

        Raises NotSupportedError where this PBX offers no way, or none with a reason or
        an expiry; NotConnectedError; NotConfirmedError.
        """
        client, line = self._client.watcher, self._client.live.state.line

        def confirmed(state: PbxState) -> bool | None:
            """Return True once the line shows it."""
            return True if state.extensions[line].dnd is enabled else None

        async with self._act("set_dnd") as act:
            async with act.in_time():
                await self._write_dnd(enabled, reason, expires)
            if not confirmed(client.live.state):
                client.refresh()
                await client.wait_for(confirmed, act.until)

    async def _write_dnd(
        self, enabled: bool, reason: str | None, expires: int | None
    ) -> None:
        """Send the new state by the first way that this PBX knows.

        The classic socket has no word for it. v70 documents `/dnd`; settings calls
        serve older servers.
        """
        live = self._client.live
        line, tenant = live.state.line, self._client.session.tenant
        text = "true" if enabled else "false"
        full: dict[str, Any] = {"state": enabled}
        if reason is not None:
            full["reason"] = _encodable(reason)
        if expires is not None:
            full["expires"] = str(expires)
        settings = f"/rest/domain/{tenant}/user_settings/{line}"
        own_settings = "/rest/domain/self/account/self/user_settings"
        table = {"table": "users", "settings": [{"name": "dnd", "value": text}]}
        ways: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("POST", self._client.session.path("dnd"), full),
            ("POST", settings, {"dnd": text}),
            ("PUT", settings, {"dnd": text}),
            ("PUT", own_settings, table),
        )
        forbidden: AccessOffError | None = None
        refused = [live.refusals.stand(f"dnd {way}") for way in range(len(ways))]
        for index, way in enumerate(ways):
            if index and len(full) > 1:
                raise forbidden or NotSupportedError("no reason and no expiry here")
            # Only the first one takes a reason; and none at all is no answer.
            if refused[index] and len(full) == 1 and not all(refused):
                continue
            try:
                await self._client.session.request(*way)
            except (NotFoundError, MethodNotAllowedError, AccessOffError) as err:
                live.refusals.note(f"dnd {index}")
                if isinstance(err, AccessOffError):
                    forbidden = err
                continue
            live.dnd_way = index
            live.refusals.lift(f"dnd {index}")
            return
        raise forbidden or NotSupportedError("this PBX has no way to set it")

    def _dialable(self, number: str) -> str:
        """Return a number as the PBX takes it; an account of the tenant as it is."""
        return dialable(number, self._client.watcher.state.raw_accounts)

    def _is_same(self, call: AccountCall, other: AccountCall) -> bool:
        """Return whether two accounts have the same call, perhaps under another id."""
        return call.id == other.id or same_number(
            call.remote.number, other.remote.number, self._client.country
        )

    # The way of a command

    async def _end(self, verb: str, choice: Choice) -> None:
        """Reject or hang up; the socket has one word for both."""
        async with self._act(verb) as act:
            call = await self._order(
                act,
                choice,
                lambda call: Command(
                    {verb: call.id}, "clear-call", {"id": call.id, "connected": "false"}
                ),
                ends=EndReason.REJECTED,
            )
            await self._gone(act, call.id)

    async def _toggle(
        self,
        verb: str,
        call_id: str | None,
        expected: CallState | None,
        wanted: CallState,
    ) -> AccountCall:
        """Hold or resume; the socket has one word for both, which does the opposite.

        So one at a time for a call.
        """
        fits = _HELD if wanted is CallState.CONNECTED else _CONNECTED
        choice = Choice(call_id, expected, fits, fits)
        call = choice.pick(self._client.live.state)
        choice = choice.sure(call)
        lock = self._toggling.setdefault(call.id, asyncio.Lock())
        async with self._act(verb) as act, act.alone(lock):
            call = await self._order(
                act,
                choice,
                lambda call: Command(
                    {f"remote-{verb}": call.id}, "hold-call", {"id": call.id}
                ),
                self._begin_toggle,
            )
            found = await self._reached(act, call, lambda now: now.state is wanted)
            if wanted is CallState.HELD:
                self._client.state.holds[call.id] = Hold.OURS
                # Nobody knows which of the PBX's words means that it was us.
                word = self._client.state.raw_state(call.id)
                count(self._client.ledger.commands, f"hold: shown as {word}")
            return found

    def _begin_toggle(self, act: Act, call: AccountCall) -> None:
        """Note a toggle, unless it could do the opposite of what is wanted."""
        holds = self._client.live.state.holds
        match (call.state, holds.get(call.id)):
            case (CallState.CONNECTED, None):
                holds[call.id] = Hold.ASKED
            case (CallState.HELD, Hold.OURS):
                holds[call.id] = Hold.RELEASED
            case (CallState.HELD, None):
                raise HeldElsewhereError("the call was not put on hold from here")
            case _:
                raise NotConfirmedError("the last toggle has shown no effect yet")
        act.notes.callback(self._end_toggle, call.id)

    def _end_toggle(self, call_id: str) -> None:
        """Doubt a toggle that shows no effect.

        It may come late, and another's hold looks the same.
        """
        holds = self._client.state.holds
        if holds.get(call_id) in (Hold.ASKED, Hold.RELEASED):
            holds[call_id] = Hold.DOUBTFUL

    async def _record(
        self, on: bool, call_id: str | None, expected: CallState | None
    ) -> AccountCall:
        """Start or stop to record on demand, unless it is so already."""
        verb = "start_recording" if on else "stop_recording"
        choice = Choice(call_id, expected, _CONNECTED, IN_CALL)
        call = choice.pick(self._client.live.state)
        if call.recording is on:
            return call
        choice = choice.sure(call)
        async with self._act(verb) as act:
            call = await self._order(
                act,
                choice,
                lambda call: Command(
                    None,
                    "rec-call",
                    {"id": call.id, "startstop": "on" if on else "off"},
                ),
            )
            return await self._reached(act, call, lambda found: found.recording is on)

    @asynccontextmanager
    async def _act(self, verb: str) -> AsyncIterator[Act]:
        """Let a command take its time and no more; take back what is noted for it."""
        until = asyncio.get_running_loop().time() + self._client.timing.confirm
        with self.counted(verb), ExitStack() as notes:
            yield Act(until, notes)

    @contextmanager
    def counted(self, verb: str) -> Iterator[None]:
        """Count, for the diagnostics, how a command went."""
        ledger, outcome = self._client.ledger, "aborted"
        try:
            yield
        except PbxError as err:
            outcome = err.key
            if isinstance(err, NotConfirmedError):
                ledger.assume(Assumption.COMMANDS_ARE_CARRIED_OUT, False)
            raise
        else:
            outcome = "confirmed"
            ledger.assume(Assumption.COMMANDS_ARE_CARRIED_OUT, True)
        finally:
            count(ledger.commands, f"{verb}: {outcome}")

    async def _order(
        self,
        act: Act,
        choice: Choice,
        word: Callable[[AccountCall], Command],
        before_socket: Callable[[Act, AccountCall], None] | None = None,
        ends: EndReason | None = None,
    ) -> AccountCall:
        """Send a command for the call that is chosen; return the call.

        What is asked meanwhile takes time: the call may have moved on, so it is looked
        at again. It stays the one that was meant. It may end the line's part in the
        call: then it was us.
        """
        client = self._client
        call = choice.pick(client.live.state)
        choice = choice.sure(call)
        async with act.in_time():
            await self._find_rest()
        call = choice.pick(client.live.state)
        if ends is EndReason.TRANSFERRED or (ends and call.state is CallState.RINGING):
            line = client.live.state.line
            client.stories.expect(line, call.id, ends)
            act.notes.callback(client.stories.forget, line, call.id)
        if await self._asked_over_rest(act, word(call)):
            return call
        call = choice.pick(client.live.state)
        command = word(call)
        if "" in command.fields.values():
            raise NotSupportedError("the number of the other side is not known")
        if before_socket:
            before_socket(act, call)
        await self._send(act, command)
        return call

    async def _send(self, act: Act, command: Command) -> None:
        """Send a command over the socket."""
        async with act.in_time():
            await self._client.send(command.action, **command.fields)

    async def _find_rest(self) -> None:
        """Find out whether the PBX serves call commands over REST.

        And, once a call is up, whether it knows calls by the ids of the socket. One that
        refuses is asked again for the next command, then only after a while.
        """
        client = self._client
        live = client.live
        if live.rest_ids is not None or live.refusals.stand("calls"):
            return
        before = {call.id for call in own_calls(live.state)}
        try:
            reply = await client.session.request("GET", client.session.path("calls"))
            told = call_ids(reply.json())
        except NotFoundError, MethodNotAllowedError, AccessOffError:
            live.rest_calls = False
            live.refusals.note("calls")
            return
        except UnexpectedReplyError:
            # Perhaps only this time: the socket takes this command, not all to come.
            return
        own = before & {call.id for call in own_calls(live.state)}
        live.rest_calls = True
        live.refusals.lift("calls")
        if told and own:
            live.rest_ids = not own.isdisjoint(told)
            client.ledger.assume(Assumption.REST_KNOWS_THE_IDS, live.rest_ids)

    async def _asked_over_rest(self, act: Act, command: Command) -> bool:
        """Send a command over REST; return False where the PBX does not serve it."""
        client = self._client
        live = client.live
        if command.body is None or not live.rest_calls:
            return False
        kind = " ".join(command.body)
        for_call = "id" in command.fields
        unknown_ids = live.rest_ids is False or live.refusals.stand("ids")
        if live.refusals.stand(kind) or (for_call and unknown_ids):
            return False
        try:
            async with act.in_time():
                await client.session.request(
                    "POST", client.session.path("calls"), command.body
                )
        except MethodNotAllowedError, AccessOffError:
            live.refusals.note(kind)
            return False
        except NotFoundError:
            if not for_call:
                raise
            call_id = command.fields["id"]
            if live.rest_ids is None and live.state.may_have(live.state.line, call_id):
                # It is up, and REST has named no ids to compare: it may use others.
                live.refusals.note("ids")
                return False
            raise UnknownCallError("the PBX does not know the call") from None
        live.refusals.lift(kind)
        if for_call:
            live.refusals.lift("ids")
        return True

    async def _reached(
        self, act: Act, call: AccountCall, reached: Callable[[AccountCall], bool]
    ) -> AccountCall:
        """Return the call once it is as wanted; raises UnknownCallError if it ends."""

        def found(state: PbxState) -> AccountCall | None:
            """Return the call if it is as wanted; how it is may be unknown for a while."""
            if call.id in state.extensions[state.line].doubtful:
                return None
            now = own_call(state, call.id)
            return now if reached(now) else None

        return await self._client.wait_for(found, act.until)

    async def _gone(
        self,
        act: Act,
        *call_ids: str,
        is_back: Callable[[PbxState], bool] = lambda state: False,
    ) -> None:
        """Wait until the line has none of the calls, for sure, or one of them anew.

        Also whoever tells its story, or that would not know that it was us.
        """
        client, line = self._client, self._client.state.line

        def found(state: PbxState) -> bool | None:
            """Return whether a call goes on here, once that can be told."""
            if is_back(state):
                return True
            return None if any(state.may_have(line, c) for c in call_ids) else False

        if await client.wait_for(found, act.until) or client.teller is client:
            return
        with suppress(PbxError):
            await client.teller.wait_for(
                lambda state: (
                    not any(state.may_have(line, c) for c in call_ids) or None
                ),
                act.until,
            )


def _encodable(text: str) -> str:
    """Return a text without halves of characters, which no wire can carry.

    Nor control characters, line breaks aside, for whatever the PBX makes of it.
    """
    return _CONTROL.sub(" ", text.encode(errors="replace").decode())
