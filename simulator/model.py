"""What a telephone system consists of: accounts, parties and calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from . import star_codes

DEFAULT_TENANT = "localhost"
ADMIN = "admin"


class EngineError(Exception):
    """Raise when the telephone system cannot do what it is asked."""


class AccountType(StrEnum):
    """Kinds of numbers, in the words of the wire."""

    EXTENSION = "extensions"
    RING_GROUP = "hunts"
    QUEUE = "acds"
    ATTENDANT = "attendants"
    CONFERENCE = "conferences"
    ORBIT = "orbits"
    FLAG = "srvflags"
    MAILBOX = "mailboxes"


class Stage(StrEnum):
    """How far a call has come."""

    OWN_RINGING = "own_ringing"
    RINGING = "ringing"
    CONNECTED = "connected"


class Event(StrEnum):
    """What the log records of a call."""

    CREATED = "created"
    OWN_RINGING = "own_ringing"
    OWN_ANSWERED = "own_answered"
    RINGING = "ringing"
    STOPPED_RINGING = "stopped_ringing"
    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    RECORDING = "recording"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a call is over."""

    COMPLETED = "completed"
    MISSED = "missed"
    UNANSWERED = "unanswered"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that really happened to a call."""

    time: float
    event: Event
    call_id: str
    account: str | None
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """Calls or accounts of a tenant that have changed."""

    tenant: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message from one account to another, or to a number outside."""

    tenant: str
    sender: str
    recipient: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """A message as the thread of two parties keeps it; a note is seen by its author only."""

    id: int
    time: float
    sender: str
    recipient: str
    text: str
    kind: Literal["text", "note"] = "text"


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a call; without a type it is outside of the tenant."""

    number: str
    name: str = ""
    type: AccountType | None = None

    @property
    def internal(self) -> bool:
        """Return whether the party is an account of the tenant."""
        return self.type is not None

    def is_account(self, number: str) -> bool:
        """Return whether the party is this account."""
        return self.internal and self.number == number


@dataclass(slots=True)
class VoiceMessage:
    """What a caller left in a mailbox."""

    id: int
    start: float
    caller: Party
    duration: int
    new: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry of an address book."""

    first: str
    last: str
    numbers: tuple[str, ...]


@dataclass(slots=True)
class Account:
    """A number of a tenant.

    `mode` is that of a service flag; of the members of a queue some are `logged_out`.
    """

    number: str
    name: str
    type: AccountType = AccountType.EXTENSION
    password: str = ""
    aliases: Sequence[str] = ()
    members: tuple[str, ...] = ()
    logged_out: set[str] = field(default_factory=set)
    registered: bool = False
    dnd: bool = False
    dnd_reason: str = ""
    dnd_expires: float | None = None
    dnd_until: float | None = None
    chat: str = ""
    active: bool = False
    mode: Literal["manual", "clock"] = "manual"
    messages: list[VoiceMessage] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    ani: list[str] = field(default_factory=list)
    old_passwords: list[str] = field(default_factory=list)
    id: int = 0

    @property
    def party(self) -> Party:
        """Return the account as one end of a call."""
        return Party(self.number, self.name, self.type)

    def has_agent(self, number: str) -> bool:
        """Return whether somebody takes the calls of this queue."""
        return number in self.members and number not in self.logged_out

    @property
    def reachable(self) -> bool:
        """Return whether the phone would ring now."""
        return self.registered and not self.dnd


@dataclass(slots=True)
class Call:
    """A live call."""

    id: str
    caller: Party
    called: Party
    start: float
    stage: Stage = Stage.RINGING
    clicked: bool = False
    rung: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    talker: Party | None = None
    connect: float | None = None
    held_by: set[str] = field(default_factory=set)
    recording: bool = False
    leg_ids: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, float | None] = field(default_factory=dict)

    @property
    def parked(self) -> bool:
        """Return whether the call waits in an orbit."""
        return self.talker is not None and self.talker.type is AccountType.ORBIT

    def accounts(self) -> set[str]:
        """Return every account whose state this call may show in."""
        parties = (self.caller, self.called, self.talker)
        return {party.number for party in parties if party and party.internal} | set(
            self.rung
        )

    def talks(self, account: str) -> bool:
        """Return whether an account is a party that is more than rung."""
        if self.caller.is_account(account):
            return self.stage is not Stage.OWN_RINGING
        return self.talker is not None and self.talker.is_account(account)

    def involves(self, account: str) -> bool:
        """Return whether this is a call of the account."""
        if account in self.rung or self.talks(account):
            return True
        return (
            self.called.is_account(account)
            and self.called.type is not AccountType.EXTENSION
            and self.stage is not Stage.OWN_RINGING
        )

    def other(self, account: str) -> Party:
        """Return the party that an account talks to."""
        if self.caller.is_account(account):
            return self.talker or self.called
        return self.caller

    @property
    def natural_end(self) -> EndReason:
        """Return why the call is over if it ends now and nothing else is the reason."""
        if self.stage is Stage.CONNECTED:
            return EndReason.COMPLETED
        if self.stage is Stage.RINGING and self.called.internal:
            return EndReason.MISSED
        return EndReason.UNANSWERED

    def begin_to_ring(self, target: Party) -> None:
        """Call a party, at no phone yet."""
        self.called, self.talker = target, None
        self.stage, self.connect = Stage.RINGING, None
        self.held_by.clear()
        self.rung, self.offered, self.leg_ids = [], [], {}

    def connect_to(self, party: Party, now: float) -> None:
        """Let a party answer, from which on all who wait are connected."""
        waiting = set(self.rung)
        waiting |= {end.number for end in (party, self.caller) if end.internal}
        for number in waiting:
            self.outcomes[number] = self.outcomes.get(number) or now
        self.stage, self.talker, self.connect = Stage.CONNECTED, party, now

    def take_over(self, other: Call, caller: Party, called: Party) -> None:
        """Become the call of two parties, of which the second is as far as in `other`."""
        self.caller, self.called = caller, called
        self.stage, self.talker = other.stage, other.talker and called
        self.rung, self.offered = other.rung, other.offered
        self.leg_ids, other.rung = other.leg_ids, []
        self.connect = self.connect if self.talker else None
        self.held_by.clear()
        self.outcomes |= other.outcomes


@dataclass(frozen=True, slots=True)
class Record:
    """A call that is over, as the history keeps it."""

    id: str
    caller: Party
    called: Party
    start: float
    end: float
    leg_ids: Mapping[str, str]
    outcomes: Mapping[str, float | None]

    @classmethod
    def of(cls, call: Call, end: float) -> Record:
        """Return the record of a call that ends."""
        return cls(
            call.id,
            call.caller,
            call.called,
            call.start,
            end,
            call.leg_ids,
            call.outcomes,
        )


@dataclass(slots=True)
class Tenant:
    """One tenant with its accounts, calls, star codes, messages and address book."""

    name: str
    names: set[str] = field(default_factory=set)
    accounts: dict[str, Account] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    history: list[Record] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=lambda: dict(star_codes.DEFAULTS))
    chat: list[ChatEntry] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)

    @property
    def admin_password(self) -> str:
        """Return the password of the administrator of the tenant."""
        return f"{self.name}-admin"
