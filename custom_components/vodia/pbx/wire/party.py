"""Who is at the other side: parties, names and numbers as the wire carries them.

Trunks, gateways and old PBXs write what they like into a SIP name-addr: here is what of
it is a number, what is a name, and what says that there is none.
"""

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from functools import lru_cache
from html import unescape
import re
from typing import Final
from unicodedata import category, combining, normalize
from urllib.parse import unquote

from ..models import Party
from ..numbering import is_number, plain, without_separators
from .fields import NUMBER_LIMIT, JsonObject, Reading, clean, one_line, string

_PARTY_LIMIT: Final = 10_000
_HOST_LIMIT: Final = 253

_SCHEME: Final = re.compile(r"\s*(?:sips?|tel):", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"<\s*(?=(?:sips?|tel):)", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
# The hosts of one who is not to be known (RFC 3323), and of one whom nobody knows.
_WITHHELD_HOST: Final = "anonymous.invalid"
_NOBODYS_HOSTS: Final = frozenset({_WITHHELD_HOST, "unknown.invalid"})
# What stands for a number or a name that is withheld, or not known: without accents, in
# the languages of our texts.
_WITHHELD: Final = frozenset(
    {
        *("anonymous", "private", "restricted", "withheld", "blocked", "suppressed"),
        *("hidden", "undisclosed", "nocallerid", "anonym", "anonymer", "privat"),
        *("privater", "privatnummer", "unterdruckt", "unterdrueckt", "unterdruckte"),
        *("gesperrt", "verborgen", "geheim", "geheimnummer", "anonyme", "prive"),
        *("privee", "masque", "cache", "secret", "restreint", "anonimo", "anonima"),
        *("privado", "privada", "oculto", "oculta", "restringido", "restringida"),
        *("privato", "privata", "nascosto", "riservato", "riservata", "anoniem"),
        *("anonieme", "privaat", "afgeschermd", "afgeschermde", "anonimowy"),
        *("anonimowe", "prywatny", "prywatne", "zastrzezony", "ukryty", "geheime"),
        *("privatanruf", "privenummer", "clir", "dold", "skjult", "hemligt"),
        *("hemmeligt", "anonymni", "skryte", "skryty", "salainen", "gizli", "titkos"),
        *("анонимныи", "аноним", "скрытыи", "非通知", "匿名"),
    }
)
_UNKNOWN: Final = frozenset(
    {
        *("unknown", "unavailable", "undefined", "unspecified", "invalid", "none"),
        *("null", "nonumber", "noname", "unbekannt", "unbekannter", "unbekannte"),
        *("inconnu", "inconnue", "indisponible", "desconocido", "desconocida"),
        *("sconosciuto", "sconosciuta", "onbekend", "onbekende", "onbeschikbaar"),
        *("nieznany", "nieznana", "niedostepny", "unidentified", "unavail", "nil"),
        *("okant", "ukjent", "ukendt", "tuntematon", "nezname", "neznamy"),
        *(
            "ismeretlen",
            "bilinmeyen",
            "неизвестныи",
            "неизвестно",
            "通知不可能",
            "表示圏外",
        ),
    }
)
_PLACEHOLDERS: Final = _WITHHELD | _UNKNOWN
# Phrases of words that are none of these.
_PHRASES: Final = frozenset(
    {
        *("no number", "no name", "no caller id", "no id", "out of area", "n a", "na"),
        *("not available", "not known", "incoming call", "external call"),
        *("outside call", "inbound call", "wireless caller", "toll free call"),
        *("toll free caller", "cell phone", "nicht verfugbar", "nicht verfuegbar"),
        *("nicht bekannt", "keine nummer", "keine rufnummer", "externer anruf"),
        *("non disponible", "pas de numero", "appel externe", "no disponible"),
        *("sin numero", "sin identificar", "llamada externa", "non disponibile"),
        *("nessun numero", "chiamata esterna", "niet beschikbaar", "geen nummer"),
        *("externe oproep", "brak numeru", "kein name", "sans numero", "not provided"),
        *("number not available", "name not available", "not provided by network"),
    }
)
# What may stand beside such a word.
_BESIDE: Final = frozenset(
    {
        *("caller", "call", "number", "id", "user", "party", "name", "cid", "callerid"),
        *("subscriber", "is", "by", "the", "nummer", "rufnummer", "anruf", "anrufer"),
        *("teilnehmer", "numero", "appel", "appelant", "correspondant", "nom"),
        *("nombre", "llamada", "chiamata", "chiamante", "nome", "beller", "oproep"),
        *("naam", "numer", "dzwoniacy", "rozmowca", "nazwa", "llamante", "połaczenie"),
        *("cislo", "numara", "szam", "номер", "абонент"),
    }
)
# The way by which a call came is not who calls.
_TRUNK: Final = re.compile(
    r"(?:(?:sip|voip|isdn|pstn|iax2?|pri|gsm|dect|co|default|main|external|my)[\s_-]*)*"
    r"(?:trunk|gateway|gw|trunkline|amtsleitung|fxo|co ?line)(?:[\s_#/:.-]*\w?\d*)?",
    re.IGNORECASE,
)
# The five of XML, by name or number: &#039; is what PHP writes.
_ENTITY: Final = re.compile(
    r"&(?:lt|gt|quot|apos|amp|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27|3[cCeE]));"
)
_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")
_PERCENT: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")
_WORD: Final = re.compile(r"[^\W_]+")


def parse_party(text: str, *, is_called: bool = False) -> Party:
    """Return the party in a SIP name-addr such as `"Sales" <sip:40@tenant>`.

    Any part may be missing; quotes and angle brackets in the name are allowed. What is
    far too long is nobody. Zeros alone are no caller, but may be the account `is_called`.
    """
    if len(text) > _PARTY_LIMIT:
        return Party()
    name, uri = _split_party(text.strip())
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if scheme := _SCHEME.match(uri):
        uri = uri[scheme.end() :]
    user, _, host = uri.partition("@")
    host = host.partition(";")[0]
    host = host[1:].partition("]")[0] if host[:1] == "[" else host.partition(":")[0]
    host = host.lower() if len(host) <= _HOST_LIMIT else ""
    return party(
        unquote(user.partition(";")[0]), name, host or None, is_called=is_called
    )


def party(
    number: str | None,
    name: str | None = None,
    host: str | None = None,
    *,
    is_called: bool = False,
) -> Party:
    """Return a party by the texts that stand for its number and its name."""
    shown = None
    if host not in _NOBODYS_HOSTS:
        shown = party_number(number, is_called=is_called)
    withheld = shown is None and (
        host == _WITHHELD_HOST or _is_withheld(number or "") or _is_withheld(name or "")
    )
    return Party(shown, party_name(name, shown, host), host, withheld)


def party_at(data: JsonObject, side: str, reading: Reading) -> Party:
    """Return one side of a call, from the party string and the split fields."""
    is_called = side == "to"
    whole = parse_party(string(data, side, reading) or "", is_called=is_called)
    number = string(data, f"{side}-number", reading)
    name = string(data, f"{side}-name", reading)
    if not number and not name:
        return whole
    split = party(number, name, whole.host, is_called=is_called)
    number = split.number or whole.number
    return Party(
        number,
        split.name or whole.name,
        whole.host,
        number is None and (split.withheld or whole.withheld),
    )


def party_number(text: str | None, *, is_called: bool = False) -> str | None:
    """Return a number without separators, or None for one that is withheld."""
    text = (text or "").strip()
    if len(text) > NUMBER_LIMIT:
        return None
    if not (text.isascii() and text.isdigit()):
        text = clean(without_separators(text)).strip()
        if len(text) > NUMBER_LIMIT or is_placeholder(text):
            return None
    return text if text.strip("0") or (text and is_called) else None


def party_name(
    text: str | None, number: str | None = None, host: str | None = None
) -> str | None:
    """Return a name, or None for what names nobody.

    That is what only repeats the number or the host, what is withheld, and the line by
    which the call came.
    """
    name = one_line(decoded(text or ""))
    if _is_nobodys(name) or name == host:
        return None
    if number and number in name:
        # sip:+4930123456@tenant
        repeated = _SCHEME.sub("", name).partition("@")[0] == number
        return None if repeated else name
    return name


@lru_cache(2048)
def _is_nobodys(name: str) -> bool:
    """Return whether a name is none, whosever it is said to be."""
    return (
        is_number(name)
        or all(category(char)[0] in "PZ" for char in name)
        or is_placeholder(name)
        or _TRUNK.fullmatch(name) is not None
    )


def is_placeholder(text: str) -> bool:
    """Return whether a text says that a name or number is withheld or not known."""
    words = _words(text)
    return " ".join(words) in _PHRASES or (
        not _PLACEHOLDERS.isdisjoint(words)
        and (_PLACEHOLDERS | _BESIDE).issuperset(words)
    )


def _is_withheld(text: str) -> bool:
    """Return whether a text says that a name or number is withheld."""
    words = _words(text)
    return not _WITHHELD.isdisjoint(words) and is_placeholder(text)


@lru_cache(2048)
def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text without case and accents; a number has none."""
    if not any(char.isalpha() for char in text):
        return ()
    letters = normalize("NFKD", plain(text).casefold())
    return tuple(_WORD.findall("".join(c for c in letters if not combining(c))))


def decoded(text: str) -> str:
    """Return a name as it is meant: out of encoded words, percent signs and entities.

    Encoded words are those of RFC 2047. What is not encoded right is left as it is.
    """
    if "=?" in text and _ENCODED_WORD.search(text):
        try:
            text = str(make_header(decode_header(text)))
        except HeaderParseError, LookupError, ValueError:
            return text
    elif "%" in text and _PERCENT.fullmatch(text):
        try:
            text = unquote(text, errors="strict")
        except UnicodeDecodeError:
            return text
    if "&" in text:
        text = _ENTITY.sub(lambda entity: unescape(entity[0]), text)
    return text


def _split_party(text: str) -> tuple[str, str]:
    """Return the name, still in its quotes, and the address."""
    quoted = _QUOTED.match(text)
    behind = quoted.end() if quoted else 0
    if addresses := list(_ADDRESS.finditer(text, behind)):
        start = addresses[-1].start()
    elif (start := text.find("<", behind)) < 0:
        if quoted:
            return text, ""
        text = text.partition(">")[0]
        bare = is_number(text) or (
            " " not in text and any(char.isdigit() or char in ":@" for char in text)
        )
        return ("", text) if bare or is_placeholder(text) else (text, "")
    return text[:start].strip(), text[start + 1 :].partition(">")[0].strip()
