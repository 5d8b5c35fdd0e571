"""Hide what the texts of the wire say about people, and keep their shape.

Letters become x, digits 0 and numbers 9. What stays are the numbers of accounts, the
words that a field of the protocol is known to have, and the names of fields: which ones a
PBX uses is what diagnostics are for. A name that is data in disguise does not stay: one
that names somebody, and one in an object that the protocol does not know, which may have
people as its keys.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
import re
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED

from .pbx.ledger import Recorded
from .pbx.lenient import loads
from .pbx.messages import FIELDS
from .pbx.models import EXTENSION, GROUPS, SERVICE_FLAG, CallState, Direction, Scope

# The kind of a frame is no data; which ones there are is what we want to know.
_ACTION: Final = "action"
_SWITCHED: Final = frozenset(
    {"true", "false", "on", "off", "yes", "no", "0", "1", "enabled", "disabled"}
)
# docs/protocol.md has those of the PBX; the others are those of RFC 4235, and what
# telephone systems call the same.
_STATES: Final = frozenset(
    {
        *("alerting", "ringback", "ringing", "connected", "onhold", "holding"),
        *("trying", "proceeding", "early", "confirmed", "terminated"),
        *("idle", "calling", "dialing", "busy", "hold", "held", "waiting", "queued"),
        *("parked", "transferring", "answered", "disconnected", "ended", "unknown"),
        *CallState,
    }
)
_TYPES: Final = frozenset(
    {
        *(EXTENSION, *GROUPS, SERVICE_FLAG),
        *("ivrnodes", "hoots", "callingcards", "colines"),
        # Of sessions, messages, descriptions of media and lists.
        *("admin", "domain", "user", "rec", "fax", "com", "text", "note", "call"),
        *("offer", "answer", "accounts"),
    }
)
# The words that are known of a field; any other may be somebody's.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("registered", "dnd", "subscribe", "connected"), _SWITCHED),
    **dict.fromkeys(("isnew", "startstop"), _SWITCHED),
    "state": _STATES | _SWITCHED,
    "callstate": _STATES,
    "type": _TYPES,
    "usertype": _TYPES,
    "chatstatus": frozenset({"online", "offline", "away", "busy", "dnd", "idle"}),
    "rec": _SWITCHED | {"adhoc"},
    "mode": _SWITCHED | {"manual", "automatic", "auto", "clock", "time"},
    # Our own fields.
    "call_state": _STATES,
    "raw_state": _STATES,
    "direction": frozenset({*Direction, "inbound", "outbound"}),
    "scope": frozenset(Scope),
}
_IDS: Final = ("id", "callid", "id2")
# Fields with fields of the PBX in them.
_CONTAINERS: Final = ("settings",)
# Nothing of these is shown, not even a shape: among them are hashes of past passwords
# (`sip_hist`, `web_hist`), which a shape would help to guess.
_SECRET: Final = re.compile(
    r"pass|pwd|secret|token|session|cookie|hash|hist$|cred|auth|nonce|pincode"
    r"|(^|[-_])(pin|key|pw)s?($|[-_0-9])",
    re.IGNORECASE,
)
# Levels of a frame that are shown; none that we know has as many.
_DEPTH: Final = 10
_DIGITS: Final = 18
_WORD: Final = re.compile(r"[a-z-]{0,20}")
_KEY: Final = re.compile(r"[a-z_-][a-z0-9_-]{0,39}")
# So many digits are a number of somebody.
_KEY_NUMBER: Final = re.compile(r"[0-9]{3}")
_KEY_PART: Final = re.compile(r"[a-z]+|[a-z0-9]+")
# Letters and digits mixed, as in session ids.
_CODE: Final = re.compile(r"(?=.*[0-9])(?=.*[a-z])[a-z0-9]{8,}")
_TOKEN: Final = re.compile(r"\bsips?(?=:)|\btel(?=:)|\buser=phone\b|\w+")
_PROTOCOL: Final = frozenset({"sip", "sips", "tel", "user=phone"})


def load(text: bytes) -> Any:
    """Return a recorded text as JSON, or as a text."""
    try:
        return loads(text) if text else None
    except ValueError:
        return text.decode(errors="replace")


def said(value: Any, key: str = "", depth: int = _DEPTH) -> Iterable[str]:
    """Yield the words of the texts in a value that are data, as deep as it is shown."""
    match value:
        case Mapping() | list() if not depth:
            return
        case Mapping():
            for name, inner in value.items():
                yield from said(inner, name, depth - 1)
        case list():
            for inner in value:
                yield from said(inner, key, depth - 1)
        case str() if key != _ACTION and not _is_known(value, key):
            yield from words(value)


def words(text: str) -> list[str]:
    """Return the words of a text in the form in which they are compared."""
    return [token for token in _TOKEN.findall(text.casefold()) if not token.isdigit()]


def _is_known(word: str, key: str) -> bool:
    """Return whether a field is known to have a word."""
    return word.lower() in _WORDS.get(key, ())


class Mask:
    """Hide what the texts of the wire tell about people; keep their shape."""

    def __init__(self, accounts: frozenset[str], names: Iterable[str] = ()) -> None:
        """Leave the numbers of the accounts as they are, and no key that is a name."""
        self._accounts = accounts
        self._names = frozenset(names)
        self._ids: dict[str, str] = {}

    def recorded(self, recorded: Recorded) -> dict[str, Any]:
        """Return a recorded text."""
        return {
            "time": datetime.fromtimestamp(recorded.time, UTC).isoformat(),
            "source": self.source(recorded.source),
            "size": recorded.size,
            "text": self.value(load(recorded.text)),
        }

    def source(self, source: str) -> str:
        """Return where a text comes from, the tenant in its path hidden."""
        return re.sub(r"@[^/ ]+|(?<=/domain/)(?!self/)[^/ ]+", "@tenant", source)

    def counts(self, counter: Counter[str]) -> dict[str, int]:
        """Return words of the PBX with their counts."""
        shown: Counter[str] = Counter()
        for key, number in counter.items():
            shown[self.key(key)] += number
        return dict(shown)

    def words(self, counter: Counter[str], key: str) -> dict[str, int]:
        """Return words that a field had, with their counts."""
        shown: Counter[str] = Counter()
        for word, number in counter.items():
            shown[word if _is_known(word, key) else self.text(word)] += number
        return dict(shown)

    def key(self, key: str, *, inside: bool = False) -> str:
        """Return the name of a field, unless it is a value in disguise.

        Inside of an object that the protocol does not know only its own fields are shown.
        """
        parts = re.split(r"([.:,])", key)
        return "".join(
            part
            if not part or part in ".:," or self._is_field(part, inside=inside)
            else self.text(part)
            for part in parts
        )

    def _is_field(self, key: str, *, inside: bool) -> bool:
        """Return whether a key is the name of a field, and tells nothing else."""
        if key in FIELDS:
            return True
        return (
            not inside
            and _KEY.fullmatch(key) is not None
            and _KEY_NUMBER.search(key) is None
            and not any(
                part in self._names or _CODE.fullmatch(part)
                for part in (*re.split(r"[-_]", key), *_KEY_PART.findall(key))
            )
        )

    def value(self, value: Any, *, ours: bool = False) -> Any:
        """Return a value of a frame, or one of our own objects."""
        return self._value(value, "", _DEPTH, inside=None if ours else False)

    def _value(self, value: Any, key: str, depth: int, *, inside: bool | None) -> Any:
        """Return a part of a value; with None for inside all keys are our own."""
        match value:
            case None | bool() | "":
                return value
            case Mapping() | list() if not depth:
                return "..."
            case _ if _SECRET.search(key) and key not in FIELDS:
                return REDACTED
            case Mapping():
                shown: dict[str, Any] = {}
                for name, part in value.items():
                    is_unknown = isinstance(part, Mapping) and name not in _CONTAINERS
                    masked = self.key(name, inside=bool(inside))
                    # Two names of one length are two.
                    number = sum(other.partition("#")[0] == masked for other in shown)
                    shown[f"{masked}#{number + 1}" if number else masked] = self._value(
                        part,
                        name,
                        depth - 1,
                        inside=None if inside is None else is_unknown,
                    )
                return shown
            case list():
                return [
                    self._value(part, key, depth - 1, inside=inside) for part in value
                ]
            case str() if key == _ACTION and _WORD.fullmatch(value):
                return value
            case str() if _is_known(value, key):
                return value
            case str() | int() if key in _IDS:
                return self._ids.setdefault(str(value), f"id-{len(self._ids) + 1}")
            case str():
                return self.text(value)
            case int() if value in (0, 1) or str(value) in self._accounts:
                return value
            case int() | float():
                return self._number(value)
        return value

    @staticmethod
    def _number(value: float) -> int | float:
        """Return the size of a number only."""
        digits = f"{abs(value):.0f}"
        if not digits.isdigit():
            # It is infinite, or none.
            return 0
        size = int("9" * min(len(digits), _DIGITS))
        return size if isinstance(value, int) else float(size)

    def text(self, text: str) -> str:
        """Return a text in its shape only."""
        return _TOKEN.sub(self._token, text)

    def _token(self, match: re.Match[str]) -> str:
        """Return a word of a text in its shape only."""
        token = match[0]
        if token in self._accounts or token in _PROTOCOL:
            return token
        # Where the digits of a hash are tells much of it.
        return ("0" if token.isdigit() else "x") * len(token)
