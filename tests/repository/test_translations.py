"""The texts in other languages: complete, of one mind, and what users get to read."""

import re
from string import Formatter

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from simulator import Simulator
from tests.support.actions import call_action
from tests.support.entry import Phones, set_up
from tests.support.flows import fill_in, form
from tests.support.repository import ENGLISH, INTEGRATION, ROOT, flat, load, rows

# The words that are the same in English.
SAME = {
    "de": {"Chat", "Host", "Name"},
    "es": {"Chat", "Host", "No"},
    "fr": {"Chat", "Message", "Minutes", "{count} minutes"},
    "it": {"Chat", "Host", "No", "Password"},
    "nl": {"Accounts", "Chat", "Dialect", "Host", "Voicemail"},
    "pl": {"Host"},
}
# English words that need two here: "connected" of a PBX and of a call, "call" as the noun
# and as what to do, and the case of one who is spoken to.
TWO_FORMS = {
    ("it", "Connected"),
    *((language, "Call") for language in SAME),
    *(
        (language, party)
        for language in ("de", "pl")
        for party in ("a withheld number", "an unknown number", "an outside number")
    ),
}
# Words of none of these languages; one in a text is a piece of English left over.
ENGLISH_WORDS = re.compile(
    r"\b(and|are|calls?|calling|caller|extensions?|from|not|only|phones?|queue|"
    r"that|the|this|when|which|with|without)\b",
    re.IGNORECASE,
)
ENGLISH_TEXTS: dict[str, str] = flat(ENGLISH)
FILES = {
    path.stem: path
    for path in (INTEGRATION / "translations").glob("*.json")
    if path.stem != "en"
}
TEXTS: dict[str, dict[str, str]] = {
    language: flat(load(path)) for language, path in FILES.items()
}
in_each_language = pytest.mark.parametrize("language", sorted(SAME))


def placeholders(text: str) -> list[str]:
    """Return what has to be filled in; fail for braces that do not pair up."""
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_languages() -> None:
    """Each file is tested, and the README names each language."""
    assert FILES.keys() == SAME.keys()
    readme = (ROOT / "README.md").read_text()
    named = "English, Dutch, French, German, Italian, Polish and Spanish"
    assert named in readme
    assert len(re.findall(r"[A-Z]\w+", named)) == len(FILES) + 1


@in_each_language
def test_complete(language: str) -> None:
    """A file has the keys of the English one in the same order, one string a line."""
    assert list(TEXTS[language]) == list(ENGLISH_TEXTS)
    english = (INTEGRATION / "translations" / "en.json").read_text()
    keys, english_keys = (
        re.findall(r'^( *"\w+":)', text, re.MULTILINE)
        for text in (FILES[language].read_text(), english)
    )
    assert keys == english_keys


@in_each_language
def test_placeholders(language: str) -> None:
    """What is filled in is the same, and can be filled in by Python and by ICU."""
    for key, text in TEXTS[language].items():
        assert placeholders(text) == placeholders(ENGLISH_TEXTS[key]), key
        # To ICU an apostrophe beside a brace is a quotation, and < begins a tag.
        assert not re.search(r"'[{}]|[{}]'|[<>]", text), key


@in_each_language
def test_translated(language: str) -> None:
    """No text is empty, cut short or English."""
    same = set()
    for key, text in TEXTS[language].items():
        english = ENGLISH_TEXTS[key]
        assert text == text.strip() != "", key
        assert text.endswith(".") == english.endswith("."), key
        assert not ENGLISH_WORDS.search(re.sub(r"\{\w+\}", "", text)), key
        # Examples of what to type belong to the text.
        for example in re.findall(r"https?://|\d+(?:\.\d+)+(?::\d+)?|\+\d+", english):
            assert example in text, key
        if text == english:
            same.add(text)
    assert same == SAME[language]


@in_each_language
def test_same_words(language: str) -> None:
    """What is one text in English is one text here, but for capitals."""
    found: dict[str, set[str]] = {}
    for key, text in TEXTS[language].items():
        found.setdefault(ENGLISH_TEXTS[key], set()).add(text.casefold())
    several = {english for english, texts in found.items() if len(texts) > 1}
    assert several == {english for of, english in TWO_FORMS if of == language}


@in_each_language
def test_choices_differ(language: str) -> None:
    """No two choices or states that stand side by side look alike."""
    for choices in (r"\.state", r"\.options"):
        groups: dict[str, list[str]] = {}
        for key, text in TEXTS[language].items():
            if found := re.fullmatch(rf"(.+{choices})\.\w+", key):
                groups.setdefault(found[1], []).append(text.casefold())
        assert groups
        for group, texts in groups.items():
            assert len(texts) == len(set(texts)), group


def test_glossary() -> None:
    """The words that contributors are given are those of the texts."""
    page = (ROOT / "CONTRIBUTING.md").read_text().partition("## Translations")[2]
    (head, *glossary) = rows(page, r"(?:English|[a-z ]+)")
    assert len(glossary) >= 15
    texts = {"en": ENGLISH_TEXTS, **TEXTS}
    assert sorted(head[1:]) == sorted(FILES)
    for language, words in zip(
        ["en", *head[1:]], zip(*glossary, strict=True), strict=True
    ):
        everything = "\n".join(texts[language].values()).casefold()
        for word in words:
            assert word in everything, (language, word)


@in_each_language
async def test_what_users_read(
    hass: HomeAssistant,
    pbx: Simulator,
    phones: Phones,
    caplog: pytest.LogCaptureFixture,
    language: str,
) -> None:
    """Home Assistant has each text in the language, also those of real errors."""
    texts: dict[str, str] = {}
    for category in ENGLISH:
        texts |= await async_get_translations(hass, language, category, {DOMAIN})
    shown = {
        key.removeprefix(f"component.{DOMAIN}."): text for key, text in texts.items()
    }
    assert shown == TEXTS[language]
    # It drops a text whose placeholders it takes for wrong, and says so.
    assert "placeholders" not in caplog.text
    assert "localized" not in caplog.text
    result = await fill_in(hass, form(pbx, password="wrong"))
    assert result["errors"]
    error = texts[f"component.{DOMAIN}.config.error.{result['errors']['base']}"]
    assert "SIP" in error
    with pytest.raises(ServiceValidationError) as raised:
        await call_action(
            hass, "answer", target={"entity_id": phones.id("41", "registered")}
        )
    message = texts[
        f"component.{DOMAIN}.exceptions.{raised.value.translation_key}.message"
    ]
    assert raised.value.translation_placeholders
    filled = message.format(**raised.value.translation_placeholders)
    assert "41" in filled
    english = ENGLISH["exceptions"][raised.value.translation_key]["message"]
    assert filled != english.format(**raised.value.translation_placeholders)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("de", ("Nicht stören", "Verbunden", "Parkposition 6")),
        ("en", ("Do not disturb", "Connected", "Park orbit 6")),
        ("es", ("No molestar", "Conectada", "Órbita de aparcamiento 6")),
        ("fr", ("Ne pas déranger", "Connecté", "Orbite de parcage 6")),
        ("it", ("Non disturbare", "Connesso", "Orbita di parcheggio 6")),
        ("nl", ("Niet storen", "Verbonden", "Parkeerpositie 6")),
        ("pl", ("Nie przeszkadzać", "Połączono", "Miejsce parkowania 6")),
    ],
)
async def test_names(
    hass: HomeAssistant,
    pbx: Simulator,
    entry: MockConfigEntry,
    language: str,
    names: tuple[str, str, str],
) -> None:
    """Entities, and devices that the PBX has no name for, are named in the language."""
    dnd, connected, orbit = names
    pbx.engine.add_account("6", "", type="orbits")
    await hass.config.async_update(language=language)
    phones = await set_up(hass, entry)
    for state, name in (
        (phones.get("41", "dnd"), f"41 Bruno Ferreira {dnd}"),
        (phones.get("", "connected"), f"Vodia PBX {connected}"),
    ):
        assert state.attributes["friendly_name"] == name
    device = phones.device("6")
    assert device
    assert device.name == orbit
