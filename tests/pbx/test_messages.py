"""Test the translation between the wire and messages; all frames are synthetic."""

from collections.abc import Callable
from copy import replace
from typing import Any, Final

import orjson
import pytest

from custom_components.vodia.pbx.fields import FrameError
from custom_components.vodia.pbx.ledger import Ledger, count
from custom_components.vodia.pbx.messages import (
    AccountDelta,
    AccountsSnapshot,
    CallList,
    ChatMessage,
    Decoder,
    Ignored,
    OrbitSignal,
    Signal,
    call_ids,
    decode,
    decode_accounts,
    decode_address_book,
    decode_flags,
    decode_history,
    decode_orbits,
    encode,
)
from custom_components.vodia.pbx.models import (
    Account,
    Call,
    Direction,
    ParkedCalls,
    Party,
    PastCall,
    Phase,
    Scope,
)
from custom_components.vodia.pbx.party import parse_party
from tests.support.mixed import mixed


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


@pytest.fixture
def ledger() -> Ledger:
    """Return an empty ledger."""
    return Ledger()


def call(**fields: Any) -> Call:
    """Return the call that a `call-state` of one call carries."""
    frame = orjson.dumps({"action": "call-state", "calls": [fields]})
    message = decode(frame, Ledger())
    assert isinstance(message, CallList)
    return message.calls[0]


def account(**fields: Any) -> Account:
    """Return the account that a `user-state` carries."""
    frame = orjson.dumps({"action": "user-state", "account": "46", **fields})
    message = decode(frame, Ledger())
    assert isinstance(message, AccountDelta)
    return message.account


# Parties


@pytest.mark.parametrize(
    ("text", "number", "name", "host"),
    [
        ('"Sales 1" <sip:40@tenant.example>', "40", "Sales 1", "tenant.example"),
        ("Sales <sip:40@Tenant.Example>", "40", "Sales", "tenant.example"),
        ("<sip:40@tenant>", "40", None, "tenant"),
        ("sip:40@tenant", "40", None, "tenant"),
        ("40@tenant", "40", None, "tenant"),
        ("40", "40", None, None),
        ("*97", "*97", None, None),
        ("  sip:40@tenant  ", "40", None, "tenant"),
        ("<sip:40>", "40", None, None),
        ("<sip:40@tenant", "40", None, "tenant"),
        ("<sips:40@tenant:5061;transport=tls>", "40", None, "tenant"),
        ("<SIP:40@tenant>", "40", None, "tenant"),
        ("<sip:40;ext=1@tenant>;tag=x", "40", None, "tenant"),
        # From the data of a live PBX, shape kept: a number as its own name.
        ('"0123" <sip:+4930123@tenant;user=phone>', "+4930123", None, "tenant"),
        ("<tel:+4930123;phone-context=example>", "+4930123", None, None),
        ("<sip:%2B4930123@tenant>", "+4930123", None, "tenant"),
        ("<sip:caf%C3%A9@tenant>", "café", None, "tenant"),
        ('"" <sip:40@tenant>', "40", None, "tenant"),
        ('"Anna" <>', None, "Anna", None),
        ("Anna", None, "Anna", None),
        ("Sales 1", None, "Sales 1", None),
        ("Müller GmbH 24/7", None, "Müller GmbH 24/7", None),
        ("", None, None, None),
        ("<>", None, None, None),
    ],
)
def test_party(
    text: str, number: str | None, name: str | None, host: str | None
) -> None:
    """Any part of a party may be missing."""
    assert parse_party(text) == Party(number, name, host)


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Ångström",
        "田中 太郎",
        "משה כהן",
        "محمد",
        "Σωκράτης",
        "📞 Front desk",
        "O'Brien, Pat; Sales",
        "a@b.example",
        "Team < Blue >",
        "I <3 U",
        "1 & 1",
        "sip:46@tenant",
    ],
)
@pytest.mark.parametrize("form", ['"{}" <sip:40@tenant>', "{} <sip:40@tenant>"])
def test_party_name_in_any_script(form: str, name: str) -> None:
    """A name is kept as it is, with quotes or without."""
    assert parse_party(form.format(name)) == Party("40", name, "tenant")


@pytest.mark.parametrize(
    ("quoted", "name"),
    [
        (r'"The \"Boss\""', 'The "Boss"'),
        (r'"back\\slash"', r"back\slash"),
        ('"  Anna "', "Anna"),
    ],
)
def test_party_name_in_quotes(quoted: str, name: str) -> None:
    """Quotes and backslashes within a quoted name are unescaped."""
    assert parse_party(f"{quoted} <sip:40@tenant>") == Party("40", name, "tenant")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"Anna" <sip:anonymous@anonymous.invalid>', "Anna"),
        ("<sip:Anonymous@anonymous.invalid>", None),
    ],
)
def test_party_withheld(text: str, name: str | None) -> None:
    """A withheld number is no number."""
    assert parse_party(text) == Party(None, name, "anonymous.invalid", True)


def test_party_bracket_in_quotes_is_no_address() -> None:
    """A name alone stays a name, whatever is in its quotes."""
    assert parse_party('"Team <Blue>"') == Party(None, "Team \u2039Blue\u203a", None)


def test_party_bracket_behind_address() -> None:
    """What follows the address is not part of it."""
    for address in ("sip:40@tenant", "40@tenant"):
        party = parse_party(f'"Anna" <{address}>;x=a<b')
        assert party == Party("40", "Anna", "tenant")


@pytest.mark.parametrize(
    ("written", "number"),
    [("+49 (30) 123-45/6.7", "+49301234567"), ("Room 5-a", "Room 5-a")],
)
def test_party_number_as_people_write_it(written: str, number: str) -> None:
    """Only of what is a number the separators are left out."""
    assert call(**{"from-number": written}).caller.number == number
    assert parse_party(f"<sip:{written}@tenant>").number == number


def test_party_at_an_endless_host() -> None:
    """What is far too long is no host, and none is no other tenant."""
    assert parse_party(f"<sip:40@{'x' * 254}>") == Party("40", None, None)


@pytest.mark.parametrize(
    "address", ["[2001:db8::1]", "[2001:DB8::1]:5060", "[2001:db8::1]:5060;user=phone"]
)
def test_party_at_ipv6_address(address: str) -> None:
    """A host may be an IPv6 address."""
    host = parse_party(f"<sip:40@{address}>").host
    assert host is not None
    assert host.strip("[]") == "2001:db8::1"


def test_party_bare_number_with_spaces() -> None:
    """A number as people write it is a number."""
    number = parse_party("+49 30 1234").number
    assert number is not None
    assert number.replace(" ", "") == "+49301234"


def test_party_bare_anonymous() -> None:
    """The word alone withholds the number; it is nobody's name."""
    assert parse_party("anonymous") == Party(None, None, None, True)


# Frames that are not to be taken


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"action":"call-state","calls":[', "not JSON"),
        (b'{"action":NaN,"calls":}', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ("{'action': 'call-state'}", "not JSON"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b'"call-state"', "not an object"),
        (b"42", "not an object"),
        (b'{"action":1}', "action is not a string"),
        (b'{"action":["call-state"]}', "action is not a string"),
    ],
)
def test_bad_input_is_refused(data: bytes | str, fault: str, ledger: Ledger) -> None:
    """Bad input: not JSON, not an object."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(data, ledger)


@pytest.mark.parametrize("calls", ['"calls":null', '"calls":"x"', '"calls":7', ""])
def test_call_state_without_calls_is_dropped(calls: str, ledger: Ledger) -> None:
    """A `call-state` without `calls` is not read as empty."""
    frame = '{"action":"call-state"' + (f",{calls}" if calls else "") + "}"
    with pytest.raises(FrameError, match="calls"):
        decode(frame, ledger)


@pytest.mark.parametrize("accounts", ['"accounts":null', '"accounts":"x"', ""])
def test_domain_state_without_accounts_is_dropped(
    accounts: str, ledger: Ledger
) -> None:
    """A `domain-state` without `accounts` is not read as empty."""
    frame = '{"action":"domain-state","calls":[]' + (accounts and f",{accounts}") + "}"
    with pytest.raises(FrameError, match="accounts"):
        decode(frame, ledger)


def test_domain_state_with_null_calls(ledger: Ledger) -> None:
    """`calls` only fills in: null there says as little as nothing."""
    frame = b'{"action":"domain-state","calls":null,"accounts":[{"account":"45"}]}'
    message = decode(frame, ledger)
    assert isinstance(message, AccountsSnapshot)
    assert [entry.number for entry in message.accounts] == ["45"]


ODD_CALL: Final[tuple[tuple[str, Any], ...]] = (
    *((key, {"number": "45"}) for key in ("from", "to", "from-number", "to-name")),
    *((key, ["x"]) for key in ("from", "to", "to-number", "from-name")),
    *(
        (key, value)
        for key in ("state", "callstate")
        for value in mixed(["connected"], {})
    ),
    *(
        (key, value)
        for key in ("start", "connect")
        for value in mixed(["soon"], {}, True)
    ),
    *(("extension", value) for value in ({"45": 1}, [["45"]], [None], [True], True)),
    *(("rec", value) for value in mixed([], {}, ["adhoc"])),
)


@pytest.mark.parametrize(("key", "value"), ODD_CALL)
def test_odd_field_of_a_call(key: str, value: object) -> None:
    """It is not known, and counted without its data; all else counts."""
    word = "callstate" if key == "callstate" else "state"
    beside = {"from-number": "46", "to-number": "45", word: "alerting"}
    frame = {
        "action": "call-state",
        "calls": [{"id": "a", **beside}, {"id": "b", **beside, key: value}],
    }
    ledger = Ledger()
    message = decode(orjson.dumps(frame), ledger)
    assert isinstance(message, CallList)
    first, second = message.calls
    assert (first.id, second.id) == ("a", "b")
    assert message.complete
    assert message.odd
    assert not message.hidden
    if key in ("start", "connect", "rec"):
        assert replace(second, id="a", started=None) == first
    assert message.unsure == (
        {"b"} if key.startswith(("from", "to", "ext")) and "name" not in key else set()
    )
    (kind,) = ledger.odd_fields
    assert kind.startswith(f"{key}:")
    assert "soon" not in kind
    assert not ledger.dropped


@pytest.mark.parametrize(
    ("entry", "hidden"),
    [
        *((entry, True) for entry in (None, 7, "a", [], [{"id": "b"}], True)),
        *(
            ({"id": value}, True)
            for value in mixed(["b"], {}, True, "x" * 1000, "a\nb")
        ),
        *(({"id": value, "to": "45"}, False) for value in mixed(["b"], {}, True)),
    ],
)
def test_entry_of_a_list_of_calls_that_cannot_be_read(
    entry: object, hidden: bool
) -> None:
    """The others are taken; the list proves the end of no call."""
    frame = {"action": "call-state", "calls": [{"id": "a"}, entry, {"id": "c"}]}
    ledger = Ledger()
    message = decode(orjson.dumps(frame), ledger)
    assert isinstance(message, CallList)
    ids = [call.id for call in message.calls]
    assert ids[0] == "a"
    assert ids[-1] == "c"
    assert all(call.phase is None for call in message.calls)
    assert (message.complete, message.hidden, message.odd) == (False, hidden, True)
    assert sum(ledger.left_out.values()) == 1


ODD_ACCOUNT: Final[tuple[tuple[str, Any], ...]] = (
    *(("name", value) for value in mixed({}, ["x"], True)),
    *(("registered", value) for value in mixed("maybe", "on", 2, -1, [], {}, 0.5)),
    *(("dnd", value) for value in ("yes", "off", 7, [1])),
    *(("chatstatus", value) for value in mixed(True, [], {})),
    *(("calls", value) for value in mixed("none", ["a"], [1], [[]], [{"id": []}])),
)


@pytest.mark.parametrize(("key", "value"), ODD_ACCOUNT)
@pytest.mark.parametrize("action", ["user-state", "domain-state"])
def test_odd_field_of_an_account(action: str, key: str, value: object) -> None:
    """It is not known, and counted; all other fields and accounts count."""
    fine = {"name": "Bob", "registered": True, "dnd": False, "chatstatus": "online"}
    bad = {"account": "46", "type": "extensions", **fine, key: value}
    frame = {"action": action, **bad, "accounts": [{"account": "45"}, bad]}
    ledger = Ledger()
    message = decode(orjson.dumps(frame), ledger)
    if isinstance(message, AccountsSnapshot):
        assert message.accounts[0].number == "45"
        assert (message.complete, message.gap, message.odd) == (True, False, True)
        account = message.accounts[1]
    else:
        assert isinstance(message, AccountDelta)
        assert message.odd == {key}
        account = message.account
    expected = Account("46", "Bob", "extensions", True, False, "online", False, ())
    if key == "calls":
        assert account.busy
        calls = account.calls
        assert calls is None or [call.phase for call in calls] == [None]
        account = replace(account, busy=False, calls=())
    else:
        field = {"chatstatus": "chat"}.get(key, key)
        expected = replace(expected, **{field: None})  # type: ignore[arg-type]
    assert account == expected
    assert sum((ledger.odd_fields + ledger.left_out).values()) >= 1


@pytest.mark.parametrize(
    ("calls", "busy", "known"),
    [
        *((value, True, False) for value in (1, 2.0, "1", " 3 ", True, 1e9)),
        *((value, False, True) for value in mixed(0, "0", False, -1, "00", [], {}, "")),
        *((value, False, True) for value in (None,)),
        ([{}] * 101, True, False),
    ],
)
def test_calls_of_an_account_as_a_number(
    calls: object, busy: bool, known: bool
) -> None:
    """Attendants and the like may tell how many there are, or that there are some."""
    frame = {"action": "user-state", "account": "700", "calls": calls}
    message = decode(orjson.dumps(frame), Ledger())
    assert isinstance(message, AccountDelta)
    assert message.account.busy is busy
    assert message.account.calls == (() if known else None)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 7, "46", [], True, {}, {"name": "Bob"}),
        *(
            {"account": value}
            for value in mixed("", [], {}, True, None, "4" * 65, "4\n5")
        ),
    ],
)
def test_entry_of_a_list_of_accounts_that_cannot_be_read(entry: object) -> None:
    """The others are taken; the list proves nobody's absence."""
    accounts = [{"account": "45"}, entry, {"account": " 47 ", "dnd": " TRUE "}]
    ledger = Ledger()
    frame = orjson.dumps({"action": "domain-state", "accounts": accounts})
    message = decode(frame, ledger)
    assert isinstance(message, AccountsSnapshot)
    assert [account.number for account in message.accounts] == ["45", "47"]
    assert message.accounts[1].dnd is True
    assert (message.complete, message.gap, message.odd) == (False, True, True)
    assert sum(ledger.left_out.values()) == 1


@pytest.mark.parametrize("account", ["", [], True, {}, "4" * 65, "4\n5"])
def test_push_for_nobody(account: object) -> None:
    """A delta whose account cannot be read is refused: its news is lost."""
    frame = {"action": "user-state", "account": account, "dnd": True}
    with pytest.raises(FrameError) as error:
        decode(orjson.dumps(frame), Ledger())
    assert error.value.lost == {"user-state"}


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (b'{"action":"call-state","calls":[', {"call-state"}),
        (b'{"action":"call-state"}', {"call-state"}),
        (b'{"action":"domain-state","accounts":7}', {"domain-state"}),
        (b'{"action":["user-state"]}', {"user-state"}),
        (b'{"action":"call-state","x":"' + b"y" * 9_000_000 + b'"}', {"call-state"}),
        (b'{"action":"chat"}', set()),
        (b"hello", set()),
    ],
)
def test_what_is_lost_with_a_frame(data: bytes, lost: set[str]) -> None:
    """A frame that cannot be read tells at least which news was in it."""
    with pytest.raises(FrameError) as error:
        decode(data, Ledger())
    assert error.value.lost == lost


# Chat


@pytest.mark.parametrize(
    ("fields", "sender", "text"),
    [
        ({"dest": "46", "message": "hi"}, "46", "hi"),
        ({"dest": 46, "message": 7, "src": "45"}, "46", "7"),
        ({"dest": "anna", "message": " Grüße\r\n\n📞\t"}, "anna", "Grüße 📞"),
        ({"dest": "46", "message": "a\x00b\x07\x1b\x7f\x85c"}, "46", "a b c"),
        ({"dest": "46", "message": "x" * 9999}, "46", "x" * 2000),
        ({"dest": "46", "message": "\x01" * 3999 + "x"}, "46", "x"),
    ],
)
def test_chat(fields: dict[str, Any], sender: str, text: str, ledger: Ledger) -> None:
    """A chat message is one line from who is named as its destination."""
    frame = orjson.dumps({"action": "chat", **fields})
    assert decode(frame, ledger) == ChatMessage(sender, text)
    assert not ledger.unknown_fields


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "dest is missing"),
        ({"dest": "46"}, "message is empty"),
        ({"dest": "46", "message": None}, "message is empty"),
        ({"dest": "46", "message": ""}, "message is empty"),
        ({"dest": "46", "message": "\n\x00 "}, "message is empty"),
        ({"dest": "46", "message": {"text": "hi"}}, "message is empty"),
        ({"message": "hi"}, "dest is missing"),
        ({"src": "46", "message": "hi"}, "dest is missing"),
        ({"dest": "", "message": "hi"}, "dest is missing"),
        ({"dest": ["46"], "message": "hi"}, "dest is not a string"),
        ({"dest": "4" * 65, "message": "hi"}, "dest is too long"),
    ],
)
def test_chat_without_sender_or_text(fields: dict[str, Any], fault: str) -> None:
    """What nobody said, or says nothing, is no message."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(orjson.dumps({"action": "chat", **fields}), Ledger())


# Frames that say nothing


@pytest.mark.parametrize(
    "frame",
    [
        {"action": "user-state"},
        {"action": "user-state", "account": None, "dnd": True},
        {"action": "crmcontact", "data": "{}"},
        {"action": "bye-response"},
        {"invitesdp": "v=0", "callid": "a"},
        {"bye": "true", "callid": "a"},
        {"response": 1},
    ],
)
def test_known_frames_that_say_nothing(frame: dict[str, Any], ledger: Ledger) -> None:
    """They are neither faults nor oddities; a `user-state` without account is one."""
    assert decode(orjson.dumps(frame), ledger) == Ignored()
    assert not ledger.unknown_actions
    assert not ledger.dropped


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (b'{"action":"weather","sun":true}', "weather"),
        (b'{"action":""}', ""),
        (b'{"sun":1,"moon":2}', "flat:moon,sun"),
        (b"{}", "flat:"),
    ],
)
def test_unknown_actions_are_counted(frame: bytes, word: str, ledger: Ledger) -> None:
    """An unknown action fails nothing and is kept for the diagnostics."""
    for _ in range(3):
        assert decode(frame, ledger) == Ignored()
    assert ledger.unknown_actions == {word: 3}
    assert ledger.samples[word][0] == orjson.loads(frame)


def test_unknown_fields_are_counted(ledger: Ledger) -> None:
    """An unknown field fails nothing and is kept for the diagnostics."""
    frames: list[dict[str, Any]] = [
        {"action": "call-state", "calls": [{"id": "a", "mood": 1}], "seq": 1},
        {"action": "user-state", "account": "46", "mood": {}, "calls": [{"hue": 1}]},
        {
            "action": "domain-state",
            "accounts": [{"account": "45", "mood": 1}],
            "calls": [{"hue": 1}],
        },
    ]
    for frame in frames:
        decode(orjson.dumps(frame), ledger)
    assert ledger.unknown_fields == {
        "call-state.calls.mood": 1,
        "call-state.seq": 1,
        "user-state.mood": 1,
        "account.calls.hue": 1,
        "domain-state.accounts.mood": 1,
        "domain-state.calls.hue": 1,
    }


@pytest.mark.parametrize(
    ("read", "places"),
    [
        (decode_accounts, {"rest-accounts"}),
        (decode_orbits, {"rest-orbits", "rest-orbits.calls"}),
        (lambda reply, ledger: decode_history(reply, "45", ledger), {"history"}),
        (decode_flags, {"srvflags"}),
    ],
)
def test_unknown_fields_of_replies_are_counted(
    read: Callable[[Any, Ledger], object], places: set[str], ledger: Ledger
) -> None:
    """Those of REST are kept, too."""
    read([{"name": "7", "calls": [{"hue": 1}], "hue": 1}], ledger)
    assert {f"{place}.hue" for place in places} <= set(ledger.unknown_fields)


@pytest.mark.parametrize(
    ("fields", "tenant"),
    [
        ({"domain": "Other.Example"}, "other.example"),
        ({"domain": ""}, None),
        ({}, None),
    ],
)
def test_tenant(fields: dict[str, str], tenant: str | None, ledger: Ledger) -> None:
    """A `user-state` may name its tenant."""
    frame = {"action": "user-state", "account": "46", **fields}
    message = decode(orjson.dumps(frame), ledger)
    assert isinstance(message, AccountDelta)
    assert message.tenant == tenant


@pytest.mark.parametrize(
    ("action", "signal"),
    [
        ("blf", Signal(False, tells_calls=True)),
        ("user-change", Signal(True)),
        ("missed-calls", Signal(False)),
    ],
)
def test_signals(action: str, signal: Signal, ledger: Ledger) -> None:
    """Frames of unknown content are hints that something changed."""
    frame = orjson.dumps({"action": action, "whatever": [1]})
    assert decode(frame, ledger) == signal
    assert not ledger.unknown_actions


# Values


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        ("True", True),
        ("FALSE", False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("", None),
        (None, None),
    ],
)
def test_strings_for_booleans(value: object, meaning: bool | None) -> None:
    """Booleans may be strings; an empty string says nothing."""
    assert account(registered=value).registered is meaning
    assert account(dnd=value).dnd is meaning


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1463540185.7, 1463540185.7),
        ("1463540185.7", 1463540185.7),
        ("1463030007.19", 1463030007.19),
        (1463540185, 1463540185.0),
        (0.5, 0.5),
        ("1463540185", 1463540185.0),
        ("", None),
        (None, None),
        (0, None),
        ("0", None),
        (-5, None),
        (1e300, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_strings_for_times(value: object, seconds: float | None) -> None:
    """Times may be strings; empty and absurd ones are not known."""
    assert call(start=value).started == seconds
    assert call(connect=value).answered == seconds


@pytest.mark.parametrize(
    ("fields", "busy"),
    [
        ({}, False),
        ({"code": None, "calls": []}, False),
        ({"code": 0}, True),
        ({"calls": [{"id": "a"}]}, True),
    ],
)
def test_busy(fields: dict[str, Any], busy: bool) -> None:
    """A code, whatever it is, or a call makes an account busy."""
    assert account(**fields).busy is busy


def test_numbers_for_strings() -> None:
    """Account numbers and ids may be numbers."""
    assert account(account=46).number == "46"
    assert call(id=7).id == "7"
    assert call(extension=46).extensions == {"46"}
    assert call(extension=[45, "46"]).extensions == {"45", "46"}


def test_numbers_with_a_fraction_for_strings() -> None:
    """41.0 is 41, as some encoders write all numbers of JSON; a text is what it is."""
    assert account(account=41.0).number == "41"
    assert account(account="41.0").number == "41.0"
    with pytest.raises(FrameError):
        account(account=41.5)
    with pytest.raises(FrameError):
        account(account=1e300)
    assert call(id=7.0).id == call(id=7).id == "7"
    assert call(id="7.0").id == "7.0"
    assert call(id=1700000000.5).id == "1700000000.5"
    # Beyond a float is several integers.
    assert call(id=9007199254740991.0).id == "9007199254740991"
    assert call(extension=[45.0, "46", 47]).extensions == {"45", "46", "47"}
    assert call(extension=46.0).extensions == {"46"}
    assert call(**{"from-number": 41.0}).caller.number == "41"
    assert call_ids([{"id": 7.0}, {"id": "8.0"}, {"id": True}, {}]) == {"7", "8.0"}
    listed = decode_accounts([{"name": 41.0, "alias": [41.0, 505.0, "7.5"]}], Ledger())
    assert (listed[0].number, listed[0].aliases) == ("41", ("505", "75"))
    (past,) = decode_history([{"id": 7.0}], "45", Ledger())
    assert past.id == "7"
    assert decode_flags([{"name": 8.0, "state": True}], Ledger()).keys() == {"8"}
    (contact,) = decode_address_book([{"name": "Anna", "number": 4930123456.0}])
    assert contact.numbers == ("4930123456",)


@pytest.mark.parametrize(
    ("extension", "numbers"),
    [
        (["*45", "46"], {"45", "46"}),
        ("*45", {"45"}),
        ([], set()),
        (None, set()),
        (["*", ""], set()),
    ],
)
def test_star_extensions(extension: object, numbers: set[str]) -> None:
    """An extension may carry a star."""
    assert call(extension=extension).extensions == numbers


@pytest.mark.parametrize("field", ["state", "callstate"])
@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("alerting", Phase.RINGING),
        ("ringback", Phase.RINGING),
        ("ringing", Phase.RINGING),
        ("connected", Phase.CONNECTED),
        ("Connected", Phase.CONNECTED),
        ("onhold", Phase.HELD),
        ("holding", Phase.HELD),
        ("hovering", None),
        ("", None),
    ],
)
def test_state_and_callstate_are_the_same(
    field: str, word: str, phase: Phase | None
) -> None:
    """`state` and `callstate` mean the same; an unknown word has no phase."""
    assert call(**{field: word}).phase is phase


def test_empty_fields_say_nothing(ledger: Ledger) -> None:
    """Who leaves all of a call empty tells nothing, and nothing odd."""
    empty = dict.fromkeys(("state", "start", "connect", "from", "to", "rec"), "")
    for fields in ({}, empty):
        data = orjson.dumps({"action": "call-state", "calls": [{"id": "a"} | fields]})
        message = decode(data, ledger)
        assert isinstance(message, CallList)
        (found,) = message.calls
        assert (found.caller, found.callee) == (Party(), Party())
        assert (found.started, found.answered, found.raw_state) == (None, None, None)
    assert not ledger.unknown_fields
    assert not ledger.unknown_states


def test_unknown_state_is_counted_and_kept(ledger: Ledger) -> None:
    """The raw word goes to the diagnostics."""
    frame = b'{"action":"call-state","calls":{"id":"a","state":"hovering"}}'
    message = decode(frame, ledger)
    assert isinstance(message, CallList)
    assert message.calls[0].raw_state == "hovering"
    assert ledger.unknown_states == {"hovering": 1}
    decode(frame.replace(b"hovering", b"connected"), ledger)
    assert ledger.unknown_states == {"hovering": 1}


@pytest.mark.parametrize(
    ("value", "recording"),
    [
        ("adhoc", True),
        ("", False),
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        (None, None),
    ],
)
def test_recording(value: object, recording: bool | None) -> None:
    """`adhoc` is recording; booleans may be strings here, too."""
    assert call(rec=value).recording is recording


def test_object_for_a_list() -> None:
    """An object where a list is expected is one element."""
    alone = decode(b'{"action":"call-state","calls":{"id":"a"}}', Ledger())
    listed = decode(b'{"action":"call-state","calls":[{"id":"a"}]}', Ledger())
    assert alone == listed
    alone = decode(b'{"action":"domain-state","accounts":{"account":"45"}}', Ledger())
    assert isinstance(alone, AccountsSnapshot)
    assert [entry.number for entry in alone.accounts] == ["45"]


def test_split_fields_and_party_strings_say_the_same() -> None:
    """The modern dialect adds bare numbers and names; both forms give one party."""
    classic = call(id="a", **{"from": '"Anna" <sip:46@localhost>', "to": "sip:45"})
    modern = call(
        id="a", **{"from-number": "46", "from-name": "Anna", "to-number": "45"}
    )
    assert (classic.caller.number, classic.caller.name) == ("46", "Anna")
    assert (modern.caller.number, modern.caller.name) == ("46", "Anna")
    assert classic.callee.number == modern.callee.number == "45"
    both = call(**{"from": "sip:46@localhost", "from-number": "46", "from-name": "A"})
    assert both.caller == Party("46", "A", "localhost")


# Calls without an id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"from": "sip:46"}, {"from": "sip:47"}),
        ({"from": "sip:46", "start": 1}, {"from": "sip:46", "start": 2}),
        ({"from-number": "46"}, {"from-number": "47"}),
        ({"to-number": "46", "start": 1}, {"to-number": "47", "start": 1}),
    ],
)
def test_call_without_id(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Parties and start tell calls without an id apart, and keep them together."""
    assert call(**one).id == call(**one, state="connected").id
    assert call(**one).id != call(**other).id


@pytest.mark.parametrize(
    "later",
    [
        {"from": '"Anna" <sip:46@localhost>', "start": 5.5},
        {"from": "sip:46@localhost", "start": "5.50"},
    ],
)
def test_call_without_id_stays_the_same(later: dict[str, Any]) -> None:
    """A name that turns up, or another way to write a time, makes no new call."""
    assert call(**later).id == call(**{"from": "<sip:46@localhost>", "start": 5.5}).id


# REST calls


def test_call_ids() -> None:
    """An id is a text or a number; what has none is passed over."""
    assert call_ids([{"id": "a"}, {"id": 7}, {"id": None}, {}, "b"]) == {"a", "7"}
    assert call_ids({"id": "a"}) == call_ids(None) == set()


# REST accounts


@pytest.mark.parametrize("key", ["name", "account", "number"])
@pytest.mark.parametrize(
    ("calls", "occupied"),
    [
        ({"calls": []}, False),
        ({"calls": 0}, False),
        ({"calls": "0"}, False),
        ({"calls": 2}, True),
        ({"calls": "1"}, True),
        ({"calls": ["c1"]}, True),
        ({"calls": ""}, None),
        ({"calls": "several"}, None),
        ({"calls": None}, None),
        ({}, None),
    ],
)
def test_orbits(
    ledger: Ledger, key: str, calls: dict[str, Any], occupied: bool | None
) -> None:
    """The number has one of some names; what is not a number of calls says nothing."""
    reply = [{key: "5", "display": "Park 5", **calls}]
    assert decode_orbits(reply, ledger) == {"5": ParkedCalls(occupied)}
    assert not ledger.unknown_fields


@pytest.mark.parametrize("state", ["onhold", "connected", "alerting", "parked", None])
@pytest.mark.parametrize("alone", [True, False])
def test_calls_of_orbits(ledger: Ledger, state: str | None, alone: bool) -> None:
    """Who is listed at an orbit is parked, whatever his call is said to do."""
    entry = {"id": "a", "from": '"Anna" <sip:+4930@x>', "state": state}
    reply = [{"name": "5", "calls": entry if alone else [entry]}]
    (found,) = decode_orbits(reply, ledger)["5"].calls
    assert decode_orbits(reply, ledger)["5"].occupied
    assert found.phase is (Phase.HELD if state == "onhold" else Phase.CONNECTED)
    assert (found.id, found.caller.number, found.caller.name) == ("a", "+4930", "Anna")


@pytest.mark.parametrize("reply", [None, "x", 1, ["5"], [{}], [{"name": []}]])
def test_orbits_of_another_shape(ledger: Ledger, reply: Any) -> None:
    """What cannot be understood is not half understood."""
    with pytest.raises(FrameError, match=r"^(orbits|name) is "):
        decode_orbits(reply, ledger)


@pytest.mark.parametrize(
    ("calls", "occupied"),
    [
        *((value, None) for value in (True, "several", -1, 0.5)),
        *((value, True) for value in mixed([7], [{}] * 101, [{"id": []}], {"a": 1})),
    ],
)
def test_odd_orbit_hides_no_other(
    ledger: Ledger, calls: object, occupied: bool | None
) -> None:
    """Whatever is told of one, the others count; where something is listed is somebody."""
    reply = [None, {"name": "5", "calls": calls}, {}, {"name": "6", "calls": 0}]
    found = decode_orbits(reply, ledger)
    assert found["5"].occupied is occupied
    assert found["6"] == ParkedCalls(False)
    assert sum(ledger.left_out.values()) >= 2


def test_push_of_orbits(ledger: Ledger) -> None:
    """Whatever it carries, it is a hint."""
    frames: tuple[dict[str, Any], ...] = (
        {},
        {"calls": 7},
        {"calls": [{}], "orbit": None},
    )
    for fields in frames:
        data = orjson.dumps({"action": "orbit-calls", **fields})
        assert decode(data, ledger) == OrbitSignal()
    assert not ledger.unknown_actions


def test_rest_accounts(ledger: Ledger) -> None:
    """The REST list gives presence, but neither type nor calls."""
    # The shape of a live PBX's reply; the name is made up.
    entry = {
        "name": "201",
        "alias": ["201"],
        "ani": [],
        "displayname": "Test User",
        "icon": False,
        "dnd": False,
        "chatstatus": "Online",
        "connected": "true",
        "login": False,
        "department": "",
        "position": "",
        "registered": True,
    }
    assert decode_accounts([entry], ledger) == (
        Account(
            "201", "Test User", registered=True, dnd=False, chat="online", busy=True
        ),
    )
    assert not ledger.unknown_fields
    assert decode_accounts([], ledger) == ()
    assert decode_accounts([{"name": "7"}], ledger) == (Account("7"),)


@pytest.mark.parametrize(
    "reply",
    [None, False, "", 7, ["201"], {}, {"accounts": []}, [{"displayname": "A"}]],
)
def test_rest_reply_of_another_shape(reply: object, ledger: Ledger) -> None:
    """A reply of another shape is no empty list."""
    with pytest.raises(FrameError, match=r"^accounts is not|^name is missing$"):
        decode_accounts(reply, ledger)


# Commands


@pytest.mark.parametrize(
    ("make", "frame"),
    [
        (lambda: encode("get-users"), {"action": "get-users"}),
        (
            lambda: encode("own-calls", subscribe=True),
            {"action": "own-calls", "subscribe": True},
        ),
        (
            lambda: encode("blf", add=["500", "502"]),
            {"action": "blf", "add": ["500", "502"]},
        ),
        (
            lambda: encode("chat", dest="46", message='"Grüße" 📞\n'),
            {"action": "chat", "dest": "46", "message": '"Grüße" 📞\n'},
        ),
    ],
)
def test_encode(make: Callable[[], str], frame: dict[str, Any]) -> None:
    """A command is one JSON object with its action."""
    assert orjson.loads(make()) == frame


# The ledger


def test_count_tells_new_words_and_stays_small() -> None:
    """A PBX that makes up words does not fill the memory."""
    ledger = Ledger()
    assert count(ledger.dropped, "not JSON")
    assert not count(ledger.dropped, "not JSON")
    for index in range(1000):
        count(ledger.dropped, f"{index}" + "x" * 10_000)
    assert len(ledger.dropped) <= 100
    assert max(map(len, ledger.dropped)) <= 64
    assert ledger.dropped["not JSON"] == 2
    assert not count(ledger.dropped, "not JSON"), "a known word counts on"
    assert ledger.dropped["not JSON"] == 3


def test_last_frames_are_bounded() -> None:
    """The last frames are kept; of a large one only its size."""
    ledger = Ledger()
    for index in range(200):
        ledger.record("socket", str(index).encode() + b"x" * 8_000)
    ledger.record("socket", b"x" * 1_000_000)
    assert len(ledger.last) <= 100
    assert ledger.last[-2].text.startswith(b"199x")
    assert (ledger.last[-1].text, ledger.last[-1].size) == (b"", 1_000_000)
    assert sum(len(entry.text) for entry in ledger.last) < 1_000_000


def test_repeated_frames_are_recorded_once() -> None:
    """What is said again and again does not push out the rest."""
    ledger = Ledger()
    for _ in range(5):
        ledger.record("received", b"[]")
    assert len(ledger.last) == 1


def test_samples_are_shortened() -> None:
    """The first frames of each kind stay, their lists cut; later ones do not count."""
    ledger = Ledger()
    accounts = [{"account": str(number)} for number in range(1000)]
    for _ in range(5):
        decode(orjson.dumps({"action": "domain-state", "accounts": accounts}), ledger)
    assert [len(frame["accounts"]) for frame in ledger.samples["domain-state"]] == [
        3,
        3,
    ]


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (
            {"action": "call-state", "calls": [{"id": str(i)} for i in range(6000)]},
            "too many calls",
        ),
        (
            {"action": "call-state", "calls": [{"extension": ["46"] * 6000}]},
            "too many extensions",
        ),
        (
            {
                "action": "call-state",
                "calls": [{"extension": list(range(1000))}] * 3,
            },
            "too many extensions",
        ),
        (
            {"action": "domain-state", "accounts": [{"account": "45"}] * 6000},
            "too many accounts",
        ),
        ({"action": "user-state", "account": "4" * 1000}, "account is too long"),
        ({"action": "user-state", "account": "4\n5"}, "account is no text"),
        ({"action": "user-state", "account": ""}, "account is missing"),
    ],
)
def test_absurd_sizes_drop_the_frame(frame: dict[str, Any], fault: str) -> None:
    """No telephone system has such ids, accounts or lists."""
    with pytest.raises(FrameError, match=f"^{fault}$"):
        decode(orjson.dumps(frame), Ledger())


def test_long_names_and_numbers() -> None:
    """A name is cut to one line of a bounded length, an endless number is none."""
    party = parse_party(f'"{"Anna \n" * 1000}" <sip:{"4" * 1000}@localhost>')
    assert party.number is None
    assert party.name
    assert len(party.name) <= 100
    assert "\n" not in party.name


def test_time_of_another_form() -> None:
    """A time that cannot be read is not known; the call counts all the same."""
    ledger = Ledger()
    times = dict.fromkeys(("start", "connect"), "2026-11-23T10:00:00Z")
    frame = {"action": "call-state", "calls": [{"id": "a"} | times]}
    message = decode(orjson.dumps(frame), ledger)
    assert isinstance(message, CallList)
    assert message.calls[0].started is message.calls[0].answered is None
    assert ledger.unknown_fields == {
        "start: another form of time": 1,
        "connect: another form of time": 1,
    }


@pytest.mark.parametrize("empty", ["{}", '""', "[]"])
def test_empty_list_of_calls(empty: str) -> None:
    """However an empty list is written, it ends all calls."""
    message = decode(f'{{"action":"call-state","calls":{empty}}}', Ledger())
    assert message == CallList(())


# The history


@pytest.mark.parametrize(
    "reply",
    [
        None,
        False,
        "",
        {},
        {"error": "denied"},
        {"total": 0, "missed": 0, "missedspan": 86400},
        {"data": {"id": "a"}},
        ["a"],
    ],
)
def test_history_of_another_shape(reply: object) -> None:
    """What is no list of calls is no history, and not an empty one."""
    with pytest.raises(FrameError, match=r"^history is not a list"):
        decode_history(reply, "45", Ledger())


@pytest.mark.parametrize(
    ("connect", "reason", "duration"),
    [
        (110.5, "completed", 9.5),
        ("110.5", "completed", 9.5),
        (0, "missed", 0),
        ("", "missed", 0),
        ("0", "missed", 0),
        ("0.000", "missed", 0),
        ("2026-01-01", None, None),
        (None, None, None),
    ],
)
def test_history_tells_who_answered_or_nothing(
    connect: object, reason: str | None, duration: float | None
) -> None:
    """A call was missed if the PBX says that nobody answered; else that is unknown."""
    entry = {"from": "<sip:41@x>", "to": "<sip:45@x>", "start": 100, "end": 120}
    (call,) = decode_history([entry | {"connect": connect}], "45", Ledger())
    assert (call.end_reason, call.duration) == (reason, duration)
    assert (call.direction, call.scope) == ("incoming", None)


def test_history() -> None:
    """The documented fields tell it; what an entry does not tell is not known."""
    parties = {"from": '"Anna" <sip:+4930@x>', "to": "<sip:500@tenant>"}
    told = {"id": "h1", "inbound": True, "external": True, "start": 100, "end": "120"}
    own = {"from": "<sip:45@x>", "to": "<sip:41@x>"}
    reply = [
        {**parties, **told, "connect": ""},
        {**parties, "inbound": False, "external": False, "start": "soon", "end": "x"},
        own,
        {"from-number": "41"},
    ]
    incoming, outgoing = Direction.INCOMING, Direction.OUTGOING
    assert decode_history({"data": reply}, "45", Ledger()) == (
        PastCall(
            id="h1",
            direction=incoming,
            scope=Scope.EXTERNAL,
            remote=Party("+4930", "Anna", "x"),
            dialed_number="500",
            started=100,
            answered=None,
            ended=120,
            connected=False,
        ),
        PastCall(
            id=None,
            direction=outgoing,
            scope=Scope.INTERNAL,
            remote=Party("500", None, "tenant"),
            dialed_number="500",
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
        PastCall(
            id=None,
            direction=outgoing,
            scope=None,
            remote=Party("41", None, "x"),
            dialed_number="41",
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
        PastCall(
            id=None,
            direction=incoming,
            scope=None,
            remote=Party("41"),
            dialed_number=None,
            started=None,
            answered=None,
            ended=None,
            connected=None,
        ),
    )


def test_long_history() -> None:
    """Only so many are taken."""
    entry = {"from": "<sip:45@x>", "to": "<sip:41@x>", "start": 100}
    calls = decode_history({"data": [entry] * 10_000}, "45", Ledger())
    assert len(calls) == 500
    assert calls[0].direction == "outgoing"


def test_what_is_told_again_is_the_same() -> None:
    """Presence and calls that come again are not read anew; what is new of them is."""
    ledger = Ledger()
    decoder = Decoder(ledger)
    presence = b'{"action":"user-state","account":"46","dnd":true,"colour":"red"}'
    assert decoder.decode(presence) is decoder.decode(presence)
    assert decoder.decode(presence) == decode(presence, Ledger())
    assert decoder.decode(presence.replace(b"true", b"false")) == AccountDelta(
        Account("46", dnd=False, busy=False, calls=())
    )
    assert ledger.unknown_fields["user-state.colour"] == 2

    def calls(*states: str) -> bytes:
        """Return a list of calls in some states."""
        listed = [{"id": str(i), "state": state} for i, state in enumerate(states)]
        return orjson.dumps({"action": "call-state", "calls": listed})

    before = decoder.decode(calls("alerting", "connected"))
    after = decoder.decode(calls("connected", "connected"))
    assert isinstance(before, CallList) and isinstance(after, CallList)
    assert [call.phase for call in after.calls] == [Phase.CONNECTED] * 2
    assert after.calls[1] is before.calls[1]
    assert decoder.decode(calls()) == CallList(())
    assert decoder.decode(calls("alerting", "connected")) == before


def test_calls_that_are_told_again_may_be_odd(ledger: Ledger) -> None:
    """What is odd is counted as it is anywhere, each time that it comes."""
    decoder = Decoder(ledger)
    decoder.decode(b'{"action":"call-state","calls":[{"id":7,"hue":1}]}')
    assert ledger.unknown_fields == {"call-state.calls.hue": 1}
    odd = b'{"action":"call-state","calls":[{"id":"a","start":[]},{"id":"b"}]}'
    for times in (1, 2):
        message = decoder.decode(odd)
        assert isinstance(message, CallList)
        assert message.odd
        assert ledger.odd_fields == {"start:list": times}
    push = b'{"action":"user-state","account":"46","dnd":"on"}'
    assert decoder.decode(push) == decoder.decode(push)
    assert ledger.odd_fields["dnd:str"] == 2


def test_calls_with_presence_are_read_each_time() -> None:
    """Their ids do not come again: nothing of them is kept."""
    decoder = Decoder(Ledger())
    frame = b'{"action":"user-state","account":"46","calls":[{"id":"a"}]}'
    assert decoder.decode(frame) == decoder.decode(frame)
    assert decoder.decode(frame) is not decoder.decode(frame)


def test_known_frames_are_bounded() -> None:
    """However much presence comes, a bounded number of frames is kept."""
    decoder = Decoder(Ledger())
    for number in range(5000):
        decoder.decode(b'{"action":"user-state","account":"%d"}' % number)
    assert len(decoder._known) <= 2000
