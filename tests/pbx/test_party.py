"""Who is at the other side: what is a number, what is a name, and what is neither."""

from email.header import Header

import orjson
import pytest

from custom_components.vodia.pbx.ledger import Ledger
from custom_components.vodia.pbx.memory import Memory
from custom_components.vodia.pbx.messages import CallList, decode
from custom_components.vodia.pbx.models import CallScope, Party
from custom_components.vodia.pbx.numbering import AddressBook
from custom_components.vodia.pbx.party import parse_party, party_number
from custom_components.vodia.pbx.state import PbxState


@pytest.fixture(autouse=True)
def real_environment() -> None:
    """Need nothing of Home Assistant."""


WITHHELD = (
    *("anonymous", "Anonymous", "ANONYMOUS", "Private", "private number", "Privat"),
    *("PRIVATE CALLER", "Restricted", "restricted number", "Withheld", "blocked"),
    *("Number withheld", "Caller ID blocked", "Anonym", "Unterdrückt", "privé"),
    *("Rufnummer unterdrückt", "Privater Anrufer", "Numéro masqué", "Appel masqué"),
    *("Anónimo", "Número oculto", "Privado", "Anonimo", "Numero privato", "Nascosto"),
    *("Anoniem", "Afgeschermd nummer", "Anonimowy", "Numer zastrzeżony", "Prywatny"),
    *("Geheime Nummer", "Privatanruf", "Privénummer", "Połączenie anonimowe", "CLIR"),
    *("Hemligt nummer", "Skjult nummer", "Skryté číslo", "Gizli numara", "Titkos szám"),
    *("Скрытый номер", "Аноним", "非通知"),
)
UNKNOWN = (
    *("Unknown", "unknown caller", "Unavailable", "Not available", "Out of area"),
    *("Unbekannt", "Unbekannter Anrufer", "Inconnu", "Numéro inconnu", "Desconocido"),
    *("Sconosciuto", "Onbekend", "Nieznany", "N/A", "n/a", "No caller ID"),
    *("No number", "Nicht verfügbar", "Null", "undefined"),
    *("Kein Name", "sans numéro", "Llamante desconocido", "Number not available"),
    *("Not provided", "Unidentified caller", "Okänt nummer", "Ukjent", "Ukendt nummer"),
    *("Neznámé číslo", "Неизвестный номер", "Ismeretlen szám"),
)


def calling(**fields: str) -> Party:
    """Return the caller of a call of the modern dialect."""
    call = {"id": "c", "state": "alerting", "to-number": "45", **fields}
    frame = {"action": "call-state", "calls": [call]}
    message = decode(orjson.dumps(frame), Ledger())
    assert isinstance(message, CallList)
    (told,) = message.calls
    return told.caller


@pytest.mark.parametrize("text", WITHHELD)
def test_withheld(text: str) -> None:
    """A number is withheld in all of its words, wherever they stand, and is nobody's name."""
    told = Party(None, None, "localhost", True)
    assert parse_party(f'"{text}" <sip:anonymous@localhost>') == told
    assert parse_party(f'"{text}" <sip:@localhost>') == told
    assert parse_party(f'"" <sip:{text}@localhost>') == told
    assert parse_party(text) == Party(None, None, None, True)
    assert calling(**{"from-number": text}) == Party(None, None, None, True)
    assert calling(**{"from-number": text, "from-name": text})[:2] == (None, None)


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown(text: str) -> None:
    """What nobody knows is no number and no name, and nobody has withheld it."""
    assert parse_party(f'"{text}" <sip:unknown@localhost>') == Party(
        None, None, "localhost"
    )
    assert parse_party(text) == Party()
    assert calling(**{"from-number": text, "from-name": text}) == Party()


@pytest.mark.parametrize("text", [*WITHHELD, *UNKNOWN])
def test_placeholder_beside_a_number(text: str) -> None:
    """A placeholder is no name of a number that is known; then others may name it."""
    told = Party("+4930123456", None, "localhost")
    assert parse_party(f'"{text}" <sip:+4930123456@localhost>') == told
    assert calling(**{"from-number": "+4930123456", "from-name": text})[:2] == told[:2]


@pytest.mark.parametrize(
    ("address", "withheld"),
    [
        ("sip:anonymous@anonymous.invalid", True),
        ("sip:+4930123456@anonymous.invalid", True),
        ("sip:x1@ANONYMOUS.INVALID:5060", True),
        ("sip:unknown@unknown.invalid", False),
        ("sip:+4930123456@unknown.invalid", False),
        ("sip:0@localhost", False),
        ("sip:0000000@localhost", False),
    ],
)
def test_no_number(address: str, withheld: bool) -> None:
    """Hosts of nobody and zeros alone are no number."""
    party = parse_party(f"<{address}>")
    assert (party.number, party.withheld) == (None, withheld)


def test_zero_that_is_called() -> None:
    """Who is called at 0 is there; nobody calls from it."""
    assert parse_party("<sip:0@localhost>", is_called=True).number == "0"
    frame = {"id": "c", "state": "alerting", "from-number": "000", "to-number": "0"}
    message = decode(orjson.dumps({"action": "call-state", "calls": [frame]}), Ledger())
    assert isinstance(message, CallList)
    assert message.calls[0].caller.number is None
    assert message.calls[0].callee.number == "0"


@pytest.mark.parametrize(
    "name",
    [
        *("-", "--", "?", "…", "_", "/", ".", "+49 30 123456", "0049-30-123456"),
        *("+49\u202f30\u202f123456", "localhost", "+4930123456@localhost"),
        *("sip:+4930123456@localhost", "SIP Trunk", "Trunk 1", "sip-trunk_2"),
        *("ISDN Gateway", "VoIP-Trunk", "Amtsleitung 3", "Incoming call"),
        *("External Call", "WIRELESS CALLER"),
    ],
)
def test_no_name(name: str) -> None:
    """The number or the host once more, signs alone and the trunk name nobody."""
    party = parse_party(f'"{name}" <sip:+4930123456@localhost>')
    assert party == Party("+4930123456", None, "localhost")


@pytest.mark.parametrize(
    "name",
    [
        *("1 & 1", "24/7 Taxi", "Müller GmbH 24/7", "O2", "3M", "Anna (private)"),
        *(
            "Private Bank Zürich",
            "Unknown Pleasures",
            "The Restricted Club",
            "Trunk & Co",
        ),
        *(
            "Max Trunk",
            "Nullmeier",
            "Christopher Null",
            "❤️",
            "李",
            "-anna-",
            "Gateway Inn",
        ),
        *(
            "100% Fun",
            "50% off %zz",
            "AT&T",
            "&c.",
            "=?x?=",
            "Caller",
            "Anonymous Bosch",
        ),
    ],
)
def test_real_name(name: str) -> None:
    """A name that has such a word in it is one."""
    assert parse_party(f'"{name}" <sip:+4930123456@localhost>').name == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("=?UTF-8?B?TcO8bGxlcg==?=", "Müller"),
        ("=?utf-8?q?M=C3=BCller?=", "Müller"),
        ("=?ISO-8859-1?Q?Andr=E9?= Weber", "André Weber"),
        ("=?UTF-8?Q?J=C3=B6rg?= =?UTF-8?Q?_M=C3=BCller?=", "Jörg Müller"),
        (Header("Łukasz Żółć", "utf-8").encode(), "Łukasz Żółć"),
        ("=?UTF-8?B?NDU=?=", None),
        ("=?UTF-8?Q?Unknown?=", None),
        ("=?no-such-charset?Q?M=FC?=", "=?no-such-charset?Q?M=FC?="),
        ("=?UTF-8?B?!!!?=", None),
        ("M%C3%BCller", "Müller"),
        ("Anna%20Meyer", "Anna Meyer"),
        ("M%FCller", "M%FCller"),
        ("100%", "100%"),
        ("M&uuml;ller &amp; S&#246;hne", "M&uuml;ller & S&#246;hne"),
        ("R&amp;D &lt;3 &quot;x&quot; &apos;y&#39;", "R&D <3 \"x\" 'y'"),
        ("O&#039;Brien &#x26; Co &#34;x&#x22;", 'O\'Brien & Co "x"'),
        ("R&amp;amp;D", "R&amp;D"),
        ("&lt;img src=x&gt;", "‹img src=x›"),
        ("a%0Ab", "a b"),
        ("%E2%80%AEx", "x"),
    ],
)
def test_decoded(written: str, name: str | None) -> None:
    """Encoded words, percent signs and the five entities are what they stand for."""
    assert parse_party(f'"{written}" <sip:+4930123456@localhost>').name == name
    assert calling(**{"from-number": "+4930123456", "from-name": written}).name == name


@pytest.mark.parametrize(
    "number",
    [
        *(
            "+49\u00a030\u00a0123456",
            "+49\u202f30\u2009123456",
            "+49\u201130\u2013123456",
        ),
        *("\u200e+4930123456\u200f", "\ufeff+4930123456", "\uff0b\uff14\uff1930123456"),
        "+49 30 123\u00ad456",
    ],
)
def test_number_as_it_is_typed(number: str) -> None:
    """Marks that show nothing are left out, and all spaces, dashes and digits are known."""
    assert calling(**{"from-number": number}).number == "+4930123456"
    assert parse_party(f"<sip:{number}@localhost>").number == "+4930123456"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+49(0)30 123456", "+4930123456"),
        ("+49 (0) 30 / 123456", "+4930123456"),
        ("0049(0)30123456", "004930123456"),
        ("\uff0b49\u00a0(0)30 123456", "+4930123456"),
        # Numbers of Italy keep it, and elsewhere it is a digit like others.
        ("+39 (0)6 1234567", "+39061234567"),
        ("030 (0)123456", "0300123456"),
    ],
)
def test_zero_for_callers_from_the_same_country(written: str, number: str) -> None:
    """It is no part of the number, however the number comes."""
    assert calling(**{"from-number": written}).number == number
    assert calling(**{"from": f'"Anna" <sip:{written}@localhost>'}).number == number
    assert parse_party(f"<tel:{written}>").number == number
    assert party_number(written) == number


def state(book: AddressBook | None = None, memory: Memory | None = None) -> PbxState:
    """Return the state of a line in Germany, whose calls are told."""
    made = PbxState(
        "45", frozenset({"localhost"}), country="DE", book=book, memory=memory
    )
    made.begin_calls(CallScope.OWN)
    return made


def named(
    of: PbxState, number: str, name: str = "", place: str = "localhost"
) -> str | None:
    """Return the name of a caller, as the line shows it."""
    caller = f'"{name}" <sip:{number}@{place}>'
    call = {"id": number + name, "from": caller, "to": "<sip:45@localhost>"}
    frame = {"action": "call-state", "calls": [{**call, "callstate": "alerting"}]}
    of.apply(decode(orjson.dumps(frame), Ledger()), 1)
    of_line = of.extensions["45"].call
    assert of_line
    return of_line.remote.name


def test_book_beats_a_placeholder() -> None:
    """Where the PBX sends no name but a word, the address book names the number."""
    of = state(AddressBook([("030 1234567", "Anna")], "DE"))
    for name in ("Unknown", "+49301234567", "SIP Trunk", "-", ""):
        assert named(of, "+49301234567", name) == "Anna", name
    assert named(of, "+49301234567", "Anna Meyer") == "Anna Meyer"


def test_name_is_remembered() -> None:
    """The name that a number had last is that of all of its forms, also over a new link."""
    of = state()
    assert named(of, "+49301234567") is None
    assert named(of, "+49301234567", "Anna") == "Anna"
    assert named(of, "0301234567") == "Anna"
    assert named(of, "0301234567", "Unknown") == "Anna"
    assert named(of, "0301234567", "Bea") == "Bea"
    assert named(of, "+49301234568") is None
    again = state(memory=of.memory)
    assert named(again, "0049301234567") == "Bea"


def test_name_of_the_book_is_remembered() -> None:
    """A name stays when the address book is not told any more."""
    of = state(AddressBook([("030 1234567", "Anna")], "DE"))
    assert named(of, "+49301234567") == "Anna"
    of.take_book(None)
    assert named(of, "+49301234567") == "Anna"


def test_short_numbers_are_remembered_by_their_tenant() -> None:
    """46 of another tenant is not 46 of ours."""
    of = state()
    assert named(of, "46", "Anna") == "Anna"
    assert named(of, "46", place="branch.example") is None
    assert named(of, "46") == "Anna"


def test_remembered_names_are_bounded() -> None:
    """Of many callers the latest are remembered."""
    of = state()
    for index in range(1100):
        named(of, f"+4930{1_000_000 + index}", "Anna")
    assert len(of.memory.called) == 1000
    assert named(of, "+49301000000") is None
    assert named(of, "+49301001099") == "Anna"
