"""Errors of the PBX library.

Each error carries the `key` under which its text is translated: it is worded once,
wherever it surfaces. No message holds a password or a session id.
"""

from collections.abc import Sequence
from typing import Final, Literal

from .models import CALL_STATES, AccountCall, CallState


class PbxError(Exception):
    """Anything that the PBX, the network or the user's wish made impossible.

    `placeholders` are the words that the translated text has room for.
    """

    key: str = "unknown"

    def __init__(self, text: str = "", **placeholders: str) -> None:
        """Say in plain words, for the log, what is the matter."""
        super().__init__(text)
        self.placeholders = placeholders


class CannotConnectError(PbxError):
    """Nobody answers at the address, or the link broke."""

    key = "cannot_connect"


class CertificateError(PbxError):
    """The server's certificate is not trusted."""

    key = "certificate"


class LegacyTlsError(PbxError):
    """The server's TLS lacks secure renegotiation (RFC 5746), as on Vodia 67."""

    key = "legacy_tls"


class NoTlsError(PbxError):
    """The server answers, but not with TLS."""

    key = "no_tls"


class UnexpectedReplyError(PbxError):
    """Something answers, but not as a Vodia PBX does."""

    key = "unexpected_reply"


class UnreadableReplyError(UnexpectedReplyError):
    """The PBX answers, and what it tells cannot be read."""


class NotOfferedError(UnexpectedReplyError):
    """The PBX does not offer it in this way."""


class NotFoundError(NotOfferedError):
    """The PBX does not know this path: an older version, or another tenant."""


class MethodNotAllowedError(NotOfferedError):
    """The PBX knows this path, but wants another method or body."""


class LoginRefusedError(PbxError):
    """The PBX refuses the extension and password."""

    key = "invalid_auth"


class SessionExpiredError(LoginRefusedError):
    """The PBX does not accept the session any more."""


class SecondFactorError(PbxError):
    """The login wants more than a password."""

    key = "second_factor"


class AccessOffError(PbxError):
    """The login is right, but this access is switched off for it (HTTP 403)."""

    key = "access_off"


# With these a PBX says that it does not offer something.
REFUSALS: Final = (AccessOffError, NotOfferedError)


class LoginForbiddenError(AccessOffError):
    """The login itself is forbidden: access is off, or the password is wrong."""


class UnknownTenantError(PbxError):
    """The PBX has no such tenant, or the extension is in another one."""

    key = "unknown_tenant"


class CommandError(PbxError):
    """A command could not be carried out."""

    key = "command_failed"


class NotConnectedError(CommandError):
    """There is no link to the PBX now."""

    key = "not_connected"


class InvalidNumberError(CommandError):
    """The text is not a number that can be dialed."""

    key = "invalid_number"


class InvalidMessageError(CommandError):
    """A chat message is empty or too long."""

    key = "invalid_message"


class MessageRefusedError(CommandError):
    """The PBX takes chat messages, but not this one."""

    key = "message_refused"


class CallError(CommandError):
    """The calls of the line are not such that the command could be for one of them.

    A state is no word that could be put into a sentence of any language: there is a text
    for each. `words` are the placeholders of the text beside the `line`: the `call` or
    `calls` that it is about, or the calls in a state.
    """

    def __init__(
        self, key: str, *words: str, calls: Sequence[AccountCall] = ()
    ) -> None:
        """Take the key of the text, its words, and the calls that it is about."""
        super().__init__(key.replace("_", " "))
        self.key, self.words, self.calls = key, words, calls


class UnexpectedStateError(CallError):
    """The call is in another state than the one it has to be in (by now)."""

    def __init__(self, call: AccountCall, needed: CallState) -> None:
        """Name both states."""
        super().__init__(f"call_{call.state}_not_{needed}", "call", calls=(call,))


class NoFittingCallError(CallError):
    """No call of the line fits the command."""

    key = "no_call"

    def __init__(
        self, calls: Sequence[AccountCall] = (), needed: CallState | None = None
    ) -> None:
        """Say which calls there are, and which one is needed: None is any that is up."""
        wanted = needed or CallState.CONNECTED
        if len(calls) == 1:
            unfit = f"call_{calls[0].state}_not_{wanted}"
            super().__init__(unfit, "call", calls=calls)
        elif calls:
            others = (state for state in CALL_STATES if state is not wanted)
            super().__init__(f"none_{wanted}", *others, calls=calls)
        else:
            super().__init__(f"no_{needed}_call" if needed else self.key)


class NoOtherCallError(NoFittingCallError):
    """The line has one call only, and the command joins two."""

    key = "no_other_call"


class SameCallError(CallError):
    """A call cannot be joined with itself."""

    key = "same_call"

    def __init__(self, call_id: str) -> None:
        """Name it."""
        super().__init__(self.key)
        self.placeholders = {"call": call_id}


class SeveralCallsError(CallError):
    """More than one call of the line fits the command."""

    key = "several_calls"

    def __init__(
        self, fitting: Sequence[AccountCall], calls: Sequence[AccountCall]
    ) -> None:
        """Name those that fit; all `calls` where their states differ."""
        states = {call.state for call in fitting}
        if len(states) == 1:
            super().__init__(f"several_{states.pop()}", "calls", calls=fitting)
        else:
            super().__init__(self.key, *CALL_STATES, calls=calls)


class UnknownCallError(CallError):
    """The line has no call with this id: it has ended, is elsewhere or never was."""

    key = "unknown_call"

    def __init__(
        self,
        call_id: str,
        why: Literal["unknown_call", "call_ended", "call_elsewhere"],
        calls: Sequence[AccountCall] = (),
    ) -> None:
        """Say what became of it, and which calls there are where that helps."""
        if calls and why == self.key:
            super().__init__("unknown_call_others", "calls", calls=calls)
        else:
            super().__init__(why)
        self.placeholders = {"call": call_id}


class HeldElsewhereError(CommandError):
    """The PBX can only toggle the hold of a call, and it was not us who held it."""

    key = "held_elsewhere"


class ForwardsToItselfError(CommandError):
    """Calls of a line would be sent on to the line itself."""

    key = "forwards_to_itself"


class OrbitError(CommandError):
    """No park orbit fits the command."""


class NoOrbitError(OrbitError):
    """The PBX lists no park orbit at all."""

    key = "no_orbit"


class UnknownOrbitError(OrbitError):
    """The PBX lists park orbits, but no such one."""

    key = "unknown_orbit"


class SeveralOrbitsError(OrbitError):
    """More than one park orbit may be meant."""

    key = "several_orbits"


class OrbitOccupiedError(OrbitError):
    """A call is parked there already."""

    key = "orbit_occupied"


class OrbitEmptyError(OrbitError):
    """No call is parked there."""

    key = "orbit_empty"


class NoMailboxError(CommandError):
    """There is no such mailbox, or not for this user."""

    key = "no_mailbox"


class MessageGoneError(CommandError):
    """The message is not in the mailbox any more."""

    key = "message_gone"


class NoAudioError(CommandError):
    """The PBX answers, and not with a recording."""

    key = "no_audio"


class NotConfirmedError(CommandError):
    """The PBX took the command, but the state asked for did not come."""

    key = "not_confirmed"


class NotSupportedError(CommandError):
    """This PBX offers no way to do it."""

    key = "not_supported"


class NoDndOptionsError(NotSupportedError):
    """This PBX only switches do not disturb, without a reason and without an end."""

    key = "no_dnd_options"
