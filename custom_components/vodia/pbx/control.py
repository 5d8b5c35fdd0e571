"""Each command once, for both dialects, with the wait for the state it asks for.

The PBX acknowledges nothing: a command that was sent is done when the state shows it.
REST is the documented way of v70 and is used where the PBX answers there; else the
commands of the classic socket. A command is never sent twice.
"""

import re
import time
from typing import TYPE_CHECKING, Any, Final

from .errors import (
    AccessOffError,
    InvalidNumberError,
    MethodNotAllowedError,
    NoFittingCallError,
    NotFoundError,
    NotSupportedError,
    PbxError,
    SeveralCallsError,
    UnexpectedReplyError,
    UnknownCallError,
)
from .messages import SEPARATORS
from .models import NO_ID, AccountCall, CallState
from .state import PbxState

if TYPE_CHECKING:
    from .client import PbxClient

_DIALABLE: Final = re.compile(r"\+?[0-9A-Za-z*#]{1,64}")
# The zero that people write for callers from the same country: +49 (0)30 1234.
_TRUNK_ZERO: Final = re.compile(r"^(\s*\+[\d\s./-]+)\(0\)")


class Control:
    """The commands of a line."""

    def __init__(self, client: PbxClient) -> None:
        """Act for the line of a client."""
        self._client = client

    async def dial(self, number: str) -> AccountCall:
        """Let the PBX ring the line's phone, then call the number; return the call.

        Raises InvalidNumberError, NotConnectedError, or NotConfirmedError when no such
        call shows up.
        """
        number = dialable(number)
        dial = self._client.live.state.expect_dial(number, time.monotonic())
        try:
            await self._call_command({"remote-dial": number}, "make-call", to=number)
        except PbxError:
            # An answer may be late or missing, and the call there all the same.
            if self._client.state.cancel_dial(dial):
                raise
        return await self._client.wait_for(lambda state: state.dialed_call(dial))

    async def answer(self, call_id: str | None = None) -> AccountCall:
        """Answer the ringing call at the line's phone; return the call once connected.

        Raises NoFittingCallError, SeveralCallsError, UnknownCallError (also when the
        call ends meanwhile), NotConnectedError or NotConfirmedError.
        """
        call = self._fitting(call_id, {CallState.RINGING}, {CallState.RINGING})
        await self._call_command({"remote-answer": call.id}, "accept-call", id=call.id)

        def connected(state: PbxState) -> AccountCall | None:
            """Return the call once it is connected."""
            found = _call(state, call.id)
            return found if found.state is CallState.CONNECTED else None

        return await self._client.wait_for(connected)

    async def hang_up(self, call_id: str | None = None) -> None:
        """End the call that the line is in or makes; one that rings only by its id.

        Raises as `answer` does.
        """
        own = {CallState.CONNECTED, CallState.HELD, CallState.DIALING}
        call = self._fitting(call_id, own, own | {CallState.RINGING})
        await self._call_command(
            {"hangup": call.id}, "clear-call", id=call.id, connected="false"
        )
        await self._client.wait_for(
            lambda state: all(other.id != call.id for other in _calls(state)) or None
        )

    async def set_dnd(
        self, enabled: bool, *, reason: str | None = None, expires: int | None = None
    ) -> None:
        """Set do not disturb; `expires` is in seconds from now.

        Raises NotSupportedError where this PBX offers no way, or none with a reason or
        an expiry; NotConnectedError; NotConfirmedError.
        """
        client = self._client
        await self._write_dnd(enabled, reason, expires)

        def confirmed(state: PbxState) -> bool | None:
            """Return True once the line shows it."""
            return True if state.extensions[state.line].dnd is enabled else None

        if confirmed(client.live.state):
            return
        client.refresh()
        await client.wait_for(confirmed)

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
            full["reason"] = reason
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
        for index in range(live.dnd_way, len(ways)):
            if index and len(full) > 1:
                raise NotSupportedError("this PBX takes no reason and no expiry")
            try:
                await self._client.session.request(*ways[index])
            except NotFoundError, MethodNotAllowedError:
                continue
            except AccessOffError as err:
                forbidden = err
                continue
            live.dnd_way = index
            return
        raise forbidden or NotSupportedError("this PBX has no way to set it")

    async def _call_command(
        self, body: dict[str, str], action: str, **fields: str
    ) -> None:
        """Send a call command over REST where the PBX serves it, else on the socket."""
        client = self._client
        live = client.live
        path = client.session.path("calls")
        if fields.get("id", "").startswith(NO_ID):
            raise NotSupportedError("the PBX gives this call no id")
        if live.rest_calls is None:
            try:
                await client.session.request("GET", path)
            except UnexpectedReplyError, AccessOffError:
                live.rest_calls = False
            else:
                live.rest_calls = True
        if live.rest_calls:
            try:
                await client.session.request("POST", path, body)
            except MethodNotAllowedError, AccessOffError:
                live.rest_calls = False
            except NotFoundError:
                if "id" not in fields:
                    raise
                raise UnknownCallError("the PBX does not know the call") from None
            else:
                return
        await client.send(action, **fields)

    def _fitting(
        self, call_id: str | None, fits: set[CallState], allowed: set[CallState]
    ) -> AccountCall:
        """Return the call with the id, or the only one that fits."""
        state = self._client.live.state
        if call_id is not None:
            call = _call(state, call_id)
            if call.state not in allowed:
                raise NoFittingCallError(f"the call is {call.state}")
            return call
        calls = [call for call in _calls(state) if call.state in fits]
        if not calls:
            raise NoFittingCallError("no call fits")
        if len(calls) > 1:
            raise SeveralCallsError("several calls fit")
        return calls[0]


def dialable(number: str) -> str:
    """Return a number as the PBX takes it, without the separators people write.

    The PBX's own client takes digits, letters, `*` and a leading `+`; `#` begins star
    codes too. Raises InvalidNumberError for anything else.
    """
    text = _TRUNK_ZERO.sub(r"\1", number).translate(SEPARATORS)
    if not _DIALABLE.fullmatch(text):
        raise InvalidNumberError("not a number to dial")
    return text


def _calls(state: PbxState) -> tuple[AccountCall, ...]:
    """Return the calls of the line."""
    return state.extensions[state.line].calls


def _call(state: PbxState, call_id: str) -> AccountCall:
    """Return a call of the line; raises UnknownCallError."""
    for call in _calls(state):
        if call.id == call_id:
            return call
    raise UnknownCallError("the line has no such call")
