"""Who is at the other side: what is a number, what is a name, and what is neither."""

from email.header import Header

import orjson
import pytest

from custom_components.vodia.pbx.address_book import AddressBook
from custom_components.vodia.pbx.models import CallScope, Party
from custom_components.vodia.pbx.state.memory import Memory
from custom_components.vodia.pbx.state.tenant import TenantState
from custom_components.vodia.pbx.trace import Trace
from custom_components.vodia.pbx.wire.calls import CallList
from custom_components.vodia.pbx.wire.messages import decode
from custom_components.vodia.pbx.wire.party import parse_party, party_number
from tests.support.decoded import call

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
    message = decode(orjson.dumps(frame), Trace())
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
    message = decode(orjson.dumps({"action": "call-state", "calls": [frame]}), Trace())
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


def state(book: AddressBook | None = None, memory: Memory | None = None) -> TenantState:
    """Return the state of a line in Germany, whose calls are told."""
    made = TenantState(
        "45", frozenset({"localhost"}), country="DE", book=book, memory=memory
    )
    made.calls.begin(CallScope.OWN)
    return made


def named(
    of: TenantState, number: str, name: str = "", place: str = "localhost"
) -> str | None:
    """Return the name of a caller, as the line shows it."""
    caller = f'"{name}" <sip:{number}@{place}>'
    call = {"id": number + name, "from": caller, "to": "<sip:45@localhost>"}
    frame = {"action": "call-state", "calls": [{**call, "callstate": "alerting"}]}
    of.apply(decode(orjson.dumps(frame), Trace()), 1)
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
    of.set_address_book(None)
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
