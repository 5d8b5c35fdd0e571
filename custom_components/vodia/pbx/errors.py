"""Errors of the PBX library.

Each class carries the `key` under which its text is translated: an error is worded
once, wherever it surfaces. No message holds a password or a session id.
"""

from typing import ClassVar, Final


class PbxError(Exception):
    """Anything that the PBX, the network or the user's wish made impossible.

    `placeholders` are the words that the translated text has room for.
    """

    key: ClassVar[str] = "unknown"

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


class NoFittingCallError(CommandError):
    """No call of the line fits the command."""

    key = "no_fitting_call"


class SeveralCallsError(CommandError):
    """More than one call of the line fits the command."""

    key = "several_calls"


class UnexpectedStateError(CommandError):
    """The call is in another state than the user expects it in (by now)."""

    key = "unexpected_state"


class HeldElsewhereError(CommandError):
    """The PBX can only toggle the hold of a call, and it was not us who held it."""

    key = "held_elsewhere"


class UnknownCallError(CommandError):
    """The line has no call with this id (any more)."""

    key = "unknown_call"


class OrbitError(CommandError):
    """No park orbit fits the command."""


class NoOrbitError(OrbitError):
    """The PBX lists no such park orbit, or none at all."""

    key = "no_orbit"


class SeveralOrbitsError(OrbitError):
    """More than one park orbit may be meant."""

    key = "several_orbits"


class OrbitOccupiedError(OrbitError):
    """A call is parked there already."""

    key = "orbit_occupied"


class OrbitEmptyError(OrbitError):
    """No call is parked there."""

    key = "orbit_empty"


class NotConfirmedError(CommandError):
    """The PBX took the command, but the state asked for did not come."""

    key = "not_confirmed"


class NotSupportedError(CommandError):
    """This PBX offers no way to do it."""

    key = "not_supported"
