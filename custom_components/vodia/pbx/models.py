"""What the PBX library speaks of: accounts, calls, parties.

All of it is immutable; a change is a new object. `None` always means "not known", never
"no" or "off". Times are Unix seconds. What frames are made of is a NamedTuple: it takes
half the time of a frozen dataclass to make, and a seventh to compare.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

EXTENSION: Final = "extensions"
RING_GROUP: Final = "hunts"
QUEUE: Final = "acds"
ATTENDANT: Final = "attendants"
CONFERENCE: Final = "conferences"
ORBIT: Final = "orbits"
# Groups whose calls ring until a phone answers; the others answer by themselves.
RINGING_GROUPS: Final = frozenset({RING_GROUP, QUEUE})
SERVICE_FLAG: Final = "srvflags"
# Accounts that are no phones, and that calls are for.
GROUPS: Final = RINGING_GROUPS | {ATTENDANT, CONFERENCE, ORBIT}


class Phase(StrEnum):
    """How far a call is, direction aside."""

    RINGING = "ringing"
    CONNECTED = "connected"
    HELD = "held"


class CallState(StrEnum):
    """State of a call as one account has it."""

    IDLE = "idle"
    DIALING = "dialing"
    RINGING = "ringing"
    CONNECTED = "connected"
    HELD = "held"


# Those that a call can be in.
CALL_STATES: Final = tuple(state for state in CallState if state is not CallState.IDLE)
# The parties speak, or one is on hold.
IN_CALL: Final = frozenset({CallState.CONNECTED, CallState.HELD})


class Direction(StrEnum):
    """Direction of a call, seen from the account."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class Scope(StrEnum):
    """Whether both parties are in the tenant."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class EndReason(StrEnum):
    """How a call of an account ended, as far as that is proven."""

    COMPLETED = "completed"
    MISSED = "missed"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    UNANSWERED = "unanswered"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    UNKNOWN = "unknown"


class CallEventType(StrEnum):
    """What happens to a call, seen from an account."""

    RINGING = "ringing"
    DIALING = "dialing"
    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    MISSED = "missed"
    ENDED = "ended"


class CallScope(StrEnum):
    """Whose calls the PBX tells this login."""

    OWN = "own"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the PBX is, and how its TLS is to be taken."""

    host: str
    port: int
    tls: bool = True
    verify: bool = True
    legacy_tls: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """An extension's web login; the tenant is optional."""

    extension: str
    password: str = field(repr=False)
    tenant: str | None = None


class LoginMethod(StrEnum):
    """A way to prove the password to the PBX."""

    PUT = "put"
    POST = "post"
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class LoginMethodUsed:
    """The login that worked: it alone is used from then on."""

    method: LoginMethod
    user: str


class Party(NamedTuple):
    """One side of a call, parsed from a SIP name-addr.

    `withheld` is told: the caller does not want the number to be known.
    """

    number: str | None = None
    name: str | None = None
    host: str | None = None
    withheld: bool = False


class Call(NamedTuple):
    """One call as the PBX lists it; `wire_state` is the PBX's own word.

    `extensions` are those involved, where the PBX `lists_extensions`. `alias` is the number
    that was dialed where that is a further one of the account called.
    """

    id: str
    wire_state: str | None
    phase: Phase | None
    caller: Party
    callee: Party
    extensions: frozenset[str] = frozenset()
    lists_extensions: bool = False
    started: float | None = None
    answered: float | None = None
    recording: bool | None = None
    alias: str | None = None

    @property
    def dialed_number(self) -> str | None:
        """Return what was dialed, as the PBX tells it."""
        return self.alias or self.callee.number

    @property
    def connected(self) -> bool:
        """Return whether the parties speak, or one is on hold."""
        return self.phase in (Phase.CONNECTED, Phase.HELD)


class Account(NamedTuple):
    """One account of the tenant, with what the PBX says of its presence.

    `busy` is the account's own presence (`code`, `calls`, `connected`): it may be set
    while the phone only rings. `calls` is None where the source lists none. `aliases` are
    further numbers at which it is called (DIDs among them), `ani` those that it shows when
    it calls.
    """

    number: str
    name: str | None = None
    type: str | None = None
    registered: bool | None = None
    dnd: bool | None = None
    chat: str | None = None
    busy: bool | None = None
    calls: tuple[Call, ...] | None = None
    aliases: tuple[str, ...] = ()
    ani: tuple[str, ...] = ()


class AccountCall(NamedTuple):
    """A call as one account has it."""

    id: str
    state: CallState
    direction: Direction
    scope: Scope | None
    remote: Party
    dialed_number: str | None
    started: float | None
    answered: float | None
    recording: bool | None


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that is over, as the history of an account has it."""

    id: str | None
    direction: Direction
    scope: Scope | None
    remote: Party
    dialed_number: str | None
    started: float | None
    answered: float | None
    ended: float | None
    connected: bool | None

    @property
    def end_reason(self) -> EndReason | None:
        """Return how it ended; the history of the account itself is the proof."""
        if self.connected is None:
            return None
        if self.connected:
            return EndReason.COMPLETED
        if self.direction is Direction.INCOMING:
            return EndReason.MISSED
        return EndReason.UNANSWERED

    @property
    def duration(self) -> float | None:
        """Return the seconds that were talked; None where the ends are not told."""
        if self.connected is False:
            return 0
        if self.ended is None or self.answered is None:
            return None
        return max(0, self.ended - self.answered)


class Extension(NamedTuple):
    """What is known of an extension: the truth that its entities show.

    `possible_call_ids` are the ids of calls that may be its own, or not; `calls` are `complete`
    where nothing hints at more.
    """

    number: str
    name: str | None
    present: bool
    registered: bool | None
    dnd: bool | None
    chat_available: bool | None
    ringing: bool | None
    in_call: bool | None
    call_state: CallState | None
    calls: tuple[AccountCall, ...] = ()
    possible_call_ids: frozenset[str] = frozenset()
    complete: bool = True

    @property
    def type(self) -> str:
        """Return that it is an extension."""
        return EXTENSION

    @property
    def call(self) -> AccountCall | None:
        """Return the call that `call_state` is about; None while that is not known."""
        first = self.calls[0] if self.calls else None
        return first if first and first.state is self.call_state else None


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of an account that is no phone, and of the calls that are for it.

    All legs of a call are one call. Of the `calls_of_unknown_state` ones nobody tells whether they
    ring or are connected; `calls` are `complete` where nothing hints at more. `count`
    is that of all of them, `waiting` that of those which nobody has answered at a
    queue. An orbit has the calls that are parked there.
    """

    number: str
    name: str | None
    type: str
    present: bool
    calls: tuple[AccountCall, ...] = ()
    calls_of_unknown_state: tuple[Call, ...] = ()
    complete: bool = True
    in_use: bool | None = False
    count: int | None = 0
    waiting: int | None = None

    @property
    def possible_call_ids(self) -> frozenset[str]:
        """Return the ids of the unclear calls."""
        return frozenset(call.id for call in self.calls_of_unknown_state)


type KnownAccount = Extension | Group


@dataclass(frozen=True, slots=True)
class ParkedCalls:
    """What REST tells of an orbit: whether it is occupied, and perhaps by whom."""

    occupied: bool | None
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One step in the story of a call, as an account has it.

    `origin` is a number that all legs of a call share, and no other call ever has: an id
    may come again. `duration` is the seconds talked so far, if one clock has timed them. A
    `backfilled` one happened while nobody listened, and is told late; of a `past` one the
    call was over by then. One that is told `again` has happened before: now the other side
    is known better.
    """

    account: str
    type: CallEventType
    call: AccountCall
    origin: int
    duration: float | None = None
    end_reason: EndReason | None = None
    backfilled: bool = False
    past: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class ServiceFlag:
    """A switch of the PBX such as day and night mode; `manual` ones can be set."""

    number: str
    name: str | None
    active: bool | None
    manual: bool


@dataclass(frozen=True, slots=True)
class MissedCalls:
    """How many calls a line has missed within a span of seconds."""

    count: int
    span: float | None


@dataclass(frozen=True, slots=True)
class VoiceMessage:
    """A message in the mailbox of a line, as far as it is told.

    One without an `id` cannot be asked for. It is `new` until it is heard.
    """

    sender: Party
    time: float | None
    duration: float | None
    id: str | None = None
    new: bool | None = None


@dataclass(frozen=True, slots=True)
class Voicemail:
    """The messages that a line has not heard: how many, and the newest of them."""

    unread: int | None
    newest: VoiceMessage | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A name of an address book with its numbers, as people write them."""

    name: str
    numbers: tuple[str, ...]


class Totals(NamedTuple):
    """Counts over the tenant, each call once."""

    active_calls: int | None
    ringing_calls: int | None
    registered_extensions: int | None
