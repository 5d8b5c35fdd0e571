"""Throw hostile frames, parties and REST replies at what reads the wire.

They are valid ones of both dialects, broken at any place with what a hostile PBX would
put there. `pytest tests/pbx/wire/test_fuzz.py --hypothesis-profile=million --timeout=0` reads
a million of them; each example of hypothesis is a seed, and stands for `BATCH` inputs.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from http.cookies import SimpleCookie
import json
from random import Random
import re
import time
import tracemalloc
from typing import Any, Final
import unicodedata

from hypothesis import given
import orjson
import pytest

from custom_components.vodia.pbx import trace as ledger_module
from custom_components.vodia.pbx.calls.tracker import CallTracker
from custom_components.vodia.pbx.errors import PbxError, UnexpectedReplyError
from custom_components.vodia.pbx.models import CallScope
from custom_components.vodia.pbx.net.login import _session_id, _tenant_from_session
from custom_components.vodia.pbx.net.rest import Reply
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.sync.line_readings import merge_address_books
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire import accounts, calls as wire_calls
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.fields import FrameError, Reading
from custom_components.vodia.pbx.wire.mailbox import decode_mailbox, decode_voicemail
from custom_components.vodia.pbx.wire.messages import (
    AccountDelta,
    AccountsSnapshot,
    Message,
    OrbitList,
    decode,
)
from custom_components.vodia.pbx.wire.party import parse_party
from custom_components.vodia.pbx.wire.replies import (
    call_ids,
    decode_accounts,
    decode_address_book,
    decode_flags,
    decode_history,
    decode_missed,
    decode_orbits,
)
from custom_components.vodia.pbx.wire.settings import decode_forwarding, decode_login
from tests.support.random_office import CHANCES, LINE, often

pytestmark = pytest.mark.filterwarnings("ignore:.*`register_random`")

BATCH: Final = 10


class Raw(str):
    """A text that stands in JSON as it is."""

    __slots__ = ()


NAME_ADDRS: Final = (
    '"Anna" <sip:+4930123456@tenant;user=phone>;tag=1',
    "<sip:45@localhost>",
    '"Anonymous" <sip:anonymous@anonymous.invalid>',
    "sip:46@[2001:db8::1]:5060;transport=tls",
    "46",
    "",
)
CLASSIC_CALL: Final = {
    "id": "c1",
    "from": NAME_ADDRS[0],
    "to": NAME_ADDRS[1],
    "callstate": "alerting",
    "start": "1700000000",
    "connect": "",
    "cmc": "",
    "rec": "",
}
MODERN_CALL: Final = {
    "id": 7,
    "state": "connected",
    "start": 1700000000.5,
    "connect": 1700000001,
    "extension": ["45", "*46"],
    "from-number": "46",
    "from-name": "Bob",
    "to-number": "45",
    "to-name": "Zoë",
    "rec": "adhoc",
}
FRAMES: Final[tuple[dict[str, Any], ...]] = (
    {
        "action": "domain-state",
        "accounts": [
            {
                "account": "45",
                "name": "Freya",
                "type": "extensions",
                "registered": "true",
                "dnd": False,
                "chatstatus": "online",
            },
            {
                "account": "46",
                "type": "extensions",
                "code": 180,
                "calls": [CLASSIC_CALL],
            },
            {"account": "500", "name": "Sales", "type": "acds", "calls": []},
            {"account": "8", "type": "orbits", "calls": CLASSIC_CALL},
        ],
        "calls": [CLASSIC_CALL],
    },
    {"action": "user-state", "account": "46", "domain": "localhost", "dnd": True},
    {"action": "user-state", "account": "45", "name": "X", "calls": [CLASSIC_CALL]},
    {"action": "call-state", "calls": [CLASSIC_CALL]},
    {"action": "call-state", "calls": [MODERN_CALL, {**MODERN_CALL, "id": "8"}]},
    {"action": "call-state", "calls": []},
    {"action": "chat", "dest": "46", "src": "45", "message": "Hello <b>you</b>"},
    {"action": "blf", "add": ["45"]},
    {"action": "user-change", "user": "45"},
    {"action": "orbit-calls", "calls": [MODERN_CALL]},
    {"bye": {"callid": "c1"}},
)
REPLIES: Final[Mapping[str, tuple[Any, ...]]] = {
    "accounts": ([{"name": "45", "displayname": "F", "connected": "1", "dnd": 0}],),
    "calls": ([{"id": "c1"}, {"id": 7}],),
    "orbits": ([{"name": "8", "calls": [MODERN_CALL]}, {"number": 9, "calls": "2"}],),
    "history": (
        {"missed": 3, "missedspan": 86400, "data": [{**MODERN_CALL, "end": "17"}]},
        [CLASSIC_CALL],
    ),
    "srvflags": ([{"name": "900", "display": "Night", "mode": "manual", "state": 1}],),
    "messages": (
        {"total": 2, "data": [{"start": "17", "from": NAME_ADDRS[0], "isnew": True}]},
        {"1": {"start": 17, "duration": 4, "from": "46"}},
        4,
    ),
    "adrbook": (
        [{"name": "Anna", "number": "+49 30 1", "mobile": ["1", {"a": "2;3"}]}],
        {"entries": [{"first": "A", "last": "B", "tel": 49301}]},
    ),
    "user_settings": (
        {"cfa": "41", "cfb": "", "cfn": 42, "cfn_timeout": "20", "dnd": "false"},
        {"settings": {"cfa": {"name": "cfa", "value": "41"}, "cfn_timeout": ""}},
        {"settings": [{"name": "cfn", "value": "+49 30 1"}, {"name": "cfb"}]},
    ),
    "acd_login": ({"login": True}, {"login": "false"}, True, "true"),
    "session": ({"session": "abcdefgh12"}, "abcdefgh12", {"cdomain": "localhost"}, ""),
}
TEXTS: Final = (
    *("", " ", "\0", "\n", "\x1b[31mred", "\u202eabc", "\u2028", "\ufffe", "x" * 5000),
    *(
        "<img src=//evil>",
        "![x](http://evil)",
        "{{ 1/0 }}",
        "../..",
        "a/b?c#d",
        "%2e%2e",
    ),
    *("9" * 5000, "-1", "1e999", "nan", "Infinity", "0x1", "٣", "1_0", "true", "null"),
    *("__class__", "action", '"', "\\", "<sip:" * 500, "<" + " " * 5000, '"\\' * 500),
    *("anonymous", "?", "*", "**45", "45", "😀" * 60, "[", "]", "@", "sip:@", "tel:;"),
)
RAWS: Final = tuple(
    map(
        Raw,
        (
            *("1e999", "-1e999", "NaN", "Infinity", "9" * 5000, "1.7e308", "-0"),
            *("18446744073709551615", "18446744073709551616", "5e-324", "0.1"),
            *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', "[" * 1500 + "]" * 1500),
            *("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "nul", ""),
            *('{"id":1,"id":2}', '{"":{"":{}}}', "[[[]]]", "[null]", "{}", "[]", '""'),
            *("true", "false", "null", "0", "1", "-1", "[{}]", "[[]]", '[{"id":[]}]'),
        ),
    )
)


# What makes a text no JSON, or one that says something else.
JUNK: Final = (
    *("\x00", "\t", "\n", "\x1b", "\ud800", "\\ud83d", "\\'", "\\x41", "\ufeff", ","),
    *("NaN", "}", "{}", '"', "\\", ",]", "\u2028", "[" * 300, "1e999"),
)


def written(value: Any) -> str:
    """Return a value as JSON, raw texts as they are."""
    match value:
        case Raw():
            return str(value)
        case dict():
            inner = ",".join(f"{written(k)}:{written(v)}" for k, v in value.items())
            return f"{{{inner}}}"
        case list():
            return f"[{','.join(map(written, value))}]"
    return json.dumps(value)


def hostile(chance: Random, kept: Any) -> Any:
    """Return what a hostile PBX puts in the place of a value."""
    match chance.randrange(5):
        case 0:
            return chance.choice(TEXTS)
        case 1:
            return chance.choice(RAWS)
        case 2:
            return "".join(chance.choice(TEXTS)[:40] for _ in range(3))
        case 3:
            return [kept] * chance.choice((0, 1, 3, 60))
    return chance.choice((MODERN_CALL, CLASSIC_CALL, [], {}, kept, {"id": kept}, None))


def broken(value: Any, chance: Random) -> Any:
    """Return a value with one place, at any depth, that is hostile."""
    inside = isinstance(value, dict | list) and value and chance.random() < 0.85
    if not inside:
        return hostile(chance, value)
    if isinstance(value, list):
        new = list(value)
        index = chance.randrange(len(new))
        new[index] = broken(new[index], chance)
        return new
    key = chance.choice(sorted(value))
    match chance.randrange(8):
        case 0:
            return {k: v for k, v in value.items() if k != key}
        case 1:
            return {**value, chance.choice(TEXTS): value[key]}
        case 2:
            # The same key twice: the last one counts.
            return {**value, Raw(json.dumps(key)): hostile(chance, value[key])}
    return {**value, key: broken(value[key], chance)}


def inputs(chance: Random, valid: tuple[Any, ...]) -> Iterator[str]:
    """Yield a batch of texts that are broken once to three times."""
    for _ in range(BATCH):
        value = chance.choice(valid)
        for _ in range(chance.randint(1, 3)):
            value = broken(value, chance)
        text = written(value)
        if chance.random() < 0.05:
            text = text[: chance.randrange(len(text) + 1)]
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(JUNK) + text[at:]
        yield text


# What may come of them

NO_TEXT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
MARKUP: Final = re.compile(r"<[A-Za-z/!?]|!\[|\][(\[:]")
# Texts that are compared and never shown.
NOT_SHOWN: Final = frozenset({"id", "origin", "host", "tenant"})


def check_texts(value: Any, key: str = "") -> None:
    """Check that each text anywhere in a value is bounded, storable and no markup."""
    if isinstance(value, str):
        assert len(value) <= (2000 if key == "text" else 256), key
        value.encode()
        if key not in NOT_SHOWN and not value.isprintable():
            assert not {unicodedata.category(char) for char in value} & NO_TEXT, key
        if key in ("name", "text"):
            assert not MARKUP.search(value)
    elif is_dataclass(value):
        for field in fields(value):
            check_texts(getattr(value, field.name), field.name)
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        for name, inner in value._asdict().items():
            check_texts(inner, name)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            check_texts(name, key)
            check_texts(inner, key)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            check_texts(inner, key)
    elif isinstance(value, float):
        assert abs(value) < 1e12


def check_ledger(trace: Trace) -> None:
    """Check that what is kept of oddities is bounded."""
    for counter in (trace.unknown_fields, trace.unknown_actions, trace.dropped):
        assert len(counter) <= ledger_module._KEYS_KEPT
        assert all(len(key) <= ledger_module._KEY_KEPT_CHARS for key in counter)
    assert len(trace.samples) <= ledger_module._KEYS_KEPT


def known_state(scope: CallScope) -> TenantState:
    """Return a state that knows accounts and a call."""
    state = TenantState(LINE, frozenset({"localhost", "tenant"}), tenant="localhost")
    for frame in (FRAMES[0], FRAMES[3]):
        message = decode(written(frame), Trace())
        if isinstance(message, CallList):
            state.calls.begin(scope)
        state.apply(message, 0)
    return state


def take(state: TenantState, message: Message) -> None:
    """Apply a message; what it is not about stays as it is."""
    accounts, listed = dict(state.listed_accounts), dict(state.listed)
    known = state.accounts.keys()
    state.apply(message, 1)
    match message:
        case AccountDelta():
            assert state.listed == listed
            accounts.pop(message.account.number, None)
            assert accounts.items() <= state.listed_accounts.items()
        case CallList() | OrbitList():
            assert state.listed_accounts == accounts
        case AccountsSnapshot():
            # Whom one list lacks is only absent.
            assert known <= state.accounts.keys()
            assert state.listed == listed or not state.scope
        case _:
            assert (state.listed_accounts, state.listed) == (accounts, listed)


@often(2)
@given(CHANCES)
def test_hostile_frames(chance: Random) -> None:
    """A frame is taken or refused; what it does not say stays; all that shows is clean."""
    trace, tracker = Trace(), CallTracker()
    state = known_state(chance.choice(list(CallScope)))
    tracker.resync(state, state.accounts.keys(), 0)
    for text in inputs(chance, FRAMES):
        try:
            message = decode(text.encode(errors="surrogatepass"), trace)
        except FrameError as error:
            trace.drop(str(error))
            continue
        check_texts(message)
        take(state, message)
        check_texts(tracker.update(state, state.accounts.keys(), 1))
    check_texts(state.accounts)
    check_ledger(trace)


@often(1)
@given(CHANCES)
def test_hostile_parties(chance: Random) -> None:
    """Any text is some party, whose parts are clean."""
    for _ in range(BATCH):
        text = chance.choice(NAME_ADDRS)
        for _ in range(chance.randint(1, 4)):
            at = chance.randint(0, len(text))
            cut = chance.randint(0, 5)
            text = text[:at] + chance.choice(TEXTS)[:200] + text[at + cut :]
        check_texts(parse_party(text))


def reply(text: str) -> Reply:
    """Return a reply as the transport hands it over."""
    return Reply(text.encode(errors="surrogatepass"), SimpleCookie(), None)


class News:
    """A PBX whose session tells whatever it is given."""

    def __init__(self, text: str) -> None:
        """Take what it tells."""
        self.text = text

    async def request(self, *args: object, **kwargs: object) -> Reply:
        """Return the reply."""
        return reply(self.text)


def names_told(text: str) -> tuple[str | None, str | None]:
    """Return tenant and account that a session tells; nothing is waited for."""
    rest: Any = News(text)
    try:
        _tenant_from_session(rest, {}).send(None)
    except StopIteration as done:
        names: tuple[str | None, str | None] = done.value
        return names
    raise AssertionError("it waits")


DECODERS: Final[Mapping[str, tuple[Callable[[Any], Any], ...]]] = {
    "accounts": (lambda told: decode_accounts(told, Trace()),),
    "calls": (call_ids,),
    "orbits": (lambda told: decode_orbits(told, Trace()),),
    "history": (
        lambda told: decode_history(told, LINE, Trace()),
        lambda told: decode_missed(told, Trace()),
    ),
    "srvflags": (lambda told: decode_flags(told, Trace()),),
    "messages": (
        lambda told: decode_voicemail(told, Trace(), filtered=True),
        lambda told: decode_voicemail(told, Trace(), filtered=False),
        lambda told: decode_mailbox(told, Trace()),
    ),
    "adrbook": (decode_address_book,),
    "user_settings": (lambda told: decode_forwarding(told, Reading(Trace())),),
    "acd_login": (lambda told: decode_login(told, Reading(Trace())),),
}


@often(1)
@given(CHANCES)
def test_hostile_replies(chance: Random) -> None:
    """Nothing but the errors of another shape comes of a reply, whoever reads it."""
    kind = chance.choice(sorted(REPLIES))
    state = known_state(CallScope.OWN)
    for text in inputs(chance, REPLIES[kind]):
        if kind == "session":
            with suppress(PbxError):
                assert re.fullmatch(
                    "[\\w-]{8,128}", _session_id(reply(text)) or "x" * 8
                )
            assert all(
                re.fullmatch(r"[\w.-]{1,253}", name or "x") for name in names_told(text)
            )
            continue
        with suppress(UnexpectedReplyError):
            merge_address_books([reply(text)], "DE")
        try:
            told = reply(text).json()
        except UnexpectedReplyError:
            continue
        Trace().sample(kind, told)
        for decoder in DECODERS[kind]:
            with suppress(FrameError):
                found = decoder(told)
                if kind != "calls":
                    check_texts(found)
                if kind == "accounts":
                    take(state, AccountsSnapshot(found))
                if kind == "orbits":
                    take(state, OrbitList(found))


# Sizes

MANY: Final = 1_000_000
SIZES: Final[Mapping[str, Callable[[], str]]] = {
    "deep_lists": lambda: "[" * 100_000,
    "deep_objects": lambda: '{"a":' * 100_000,
    "closed_lists": lambda: "[" * 100_000 + "]" * 100_000,
    "deep_inside": lambda: '{"action":"x","a":' + "[" * 1000 + "]" * 1000 + "}",
    "digits": lambda: '{"action":"chat","dest":' + "9" * 100_000 + "}",
    "accounts": lambda: (
        '{"action":"domain-state","accounts":['
        + ",".join(f'{{"account":"{number}"}}' for number in range(400_000))
        + "]}"
    ),
    "calls": lambda: (
        '{"action":"call-state","calls":[' + ",".join(["{}"] * MANY) + "]}"
    ),
    "extensions": lambda: (
        '{"action":"call-state","calls":[{"id":"a","extension":['
        + ",".join(map(str, range(MANY)))
        + "]}]}"
    ),
    "names": lambda: (
        '{"action":"user-state","account":"45","name":"' + "n" * MANY + '"}'
    ),
    "words": lambda: (
        '{"action":"call-state","calls":[{"id":"a","state":"' + "w" * MANY + '"}]}'
    ),
    "keys": lambda: "{" + ",".join(f'"k{number}":0' for number in range(500_000)) + "}",
    "same_key": lambda: '{"action":"x"' + ',"calls":[]' * 500_000 + "}",
    "addresses": lambda: (
        '{"action":"call-state","calls":[{"from":"' + "<sip:" * 1_500_000 + '"}]}'
    ),
    "quotes": lambda: (
        '{"action":"call-state","calls":[{"from":"' + '\\"' * MANY + '"}]}'
    ),
}


@pytest.mark.parametrize("size", SIZES)
def test_size_of_a_frame(size: str) -> None:
    """A frame of any size is done with in bounded time, and leaves next to nothing."""
    text = SIZES[size]().encode()
    assert len(text) <= 8 * 1024 * 1024
    state, trace = known_state(CallScope.TENANT), Trace()
    tracemalloc.start()
    try:
        began = time.process_time()
        with suppress(FrameError):
            take(state, decode(text, trace))
        took = time.process_time() - began
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # With the memory traced it is several times slower than it is.
    assert took < 8
    assert kept < 200_000
    check_texts(state.accounts)
    check_ledger(trace)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("accounts", lambda: [{"name": str(number)} for number in range(300_000)]),
        ("orbits", lambda: [{"name": "8", "calls": "9" * 5000}]),
        ("orbits", lambda: [{"name": str(number)} for number in range(300_000)]),
        ("history", lambda: {"missed": "9" * MANY}),
        ("history", lambda: [{"id": "i" * MANY, "from": "<sip:" * 100_000}]),
        ("messages", lambda: [{"isnew": True}] * 300_000),
        # A regular expression that looks for a number in it would take hours.
        ("adrbook", lambda: [{"name": "A", "tel" * MANY + "\n": "1"}]),
        ("adrbook", lambda: [{"name": "A", "tel": ["1"] * MANY}]),
        ("srvflags", lambda: [{"name": str(number)} for number in range(300_000)]),
    ],
)
def test_size_of_a_reply(kind: str, text: Callable[[], Any]) -> None:
    """A reply of any size is done with in bounded time, and gives bounded values."""
    told = orjson.loads(orjson.dumps(text()))
    began = time.process_time()
    for decoder in DECODERS[kind]:
        with suppress(FrameError):
            found = decoder(told)
            assert not isinstance(found, tuple | dict) or len(found) <= 5000
            check_texts(found)
    assert time.process_time() - began < 5


def test_samples_are_bounded() -> None:
    """However rich the frames of however many kinds are, few of their values are kept."""
    rich = {f"k{i}": {f"k{j}": "x" * 500 for j in range(100)} for i in range(100)}
    trace = Trace()
    tracemalloc.start()
    try:
        for kind in range(400):
            trace.sample(f"kind-{kind // 2}", rich)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 15_000_000


def test_worst_list_of_calls() -> None:
    """The largest list of calls that is taken is told in bounded time."""
    state, tracker = known_state(CallScope.TENANT), CallTracker()
    accounts = [{"account": str(n), "type": "extensions"} for n in range(40, 1040)]
    state.apply(
        decode(written({"action": "domain-state", "accounts": accounts}), Trace()), 0
    )
    tracker.resync(state, state.accounts.keys(), 0)
    members = wire_calls._MEMBERS_LIMIT // 150
    took = []
    for tag in "ab":
        calls = [
            {
                "id": f"{tag}{call}",
                "from": f"<sip:+4930{call}@x.y>",
                "to": "<sip:45@localhost>",
                "state": "alerting",
                "start": call + 1,
                "extension": [str(40 + (call + n) % 1000) for n in range(members)],
            }
            for call in range(150)
        ]
        message = decode(written({"action": "call-state", "calls": calls}), Trace())
        began = time.process_time()
        changes = state.apply(message, 1)
        tracker.update(state, changes.accounts, 1)
        took.append(time.process_time() - began)
    assert max(took) < 10, took


def test_accounts_without_end_are_forgotten() -> None:
    """Ever new accounts do not add up, in lists that prove absence and in others."""
    limit = accounts.ACCOUNTS_LIMIT
    for with_line in (True, False):
        state = known_state(CallScope.OWN)
        for round_ in range(5):
            entries = [
                {"account": f"{round_}-{n}", "type": "extensions"}
                for n in range(limit - 1)
            ]
            entries += [{"account": LINE, "type": "extensions"}] * with_line
            frame = written({"action": "domain-state", "accounts": entries})
            state.apply(decode(frame, Trace()), round_)
        assert LINE in state.extensions
        assert limit <= len(state.accounts) <= 2 * limit
        assert len(state.memory.absent_since) <= limit + 10
