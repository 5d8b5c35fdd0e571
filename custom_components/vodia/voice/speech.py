"""Speech: sentences in the language in which somebody asked.

The texts are translations of ours (`common`, and `exceptions` for errors of the PBX), so
that there is one place for them, and English where a language lacks them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.language import Dialect

from ..const import DOMAIN
from ..exceptions import async_error_texts


@dataclass(frozen=True, slots=True)
class SpokenParty:
    """A party that a sentence names; a `hidden` one is outside, and not to be named.

    One who has `withheld` the number wants not to be known.
    """

    name: str | None = None
    number: str | None = None
    hidden: bool = False
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Digits:
    """A number, or the end of one, that a voice spells."""

    number: str


# A list is one to choose from.
type Word = (
    str | int | SpokenParty | Digits | datetime | timedelta | list[str] | list[Digits]
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence to say: the key of its text, and the words for its placeholders.

    A placeholder that begins with `to_` takes the case of one who is spoken to.
    """

    key: str
    words: Mapping[str, Word] = field(default_factory=dict)
    is_error: bool = False


class SpokenError(Exception):
    """A command cannot be carried out, or has to be asked back; says why."""

    def __init__(self, key: str, *, is_error: bool = False, **words: Word) -> None:
        """Take the key of the text: of one of ours, or (`is_error`) of an error."""
        super().__init__(key)
        self.phrase = Phrase(key, words, is_error)


async def async_say(
    hass: HomeAssistant, language: str | None, *phrases: Phrase, aloud: bool = False
) -> str:
    """Return sentences in a language, or in English; `aloud` with their digits spelled."""
    chosen = Dialect.parse(language or hass.config.language).language
    texts = {
        key.removeprefix(f"component.{DOMAIN}.common."): text
        for key, text in (
            await async_get_translations(hass, chosen, "common", {DOMAIN})
        ).items()
    }
    errors = await async_error_texts(hass, chosen)
    return " ".join(
        _sentence(
            errors[phrase.key] if phrase.is_error else texts[f"say_{phrase.key}"],
            {
                name: _text(texts, word, spoken_to=name.startswith("to_"), aloud=aloud)
                for name, word in phrase.words.items()
            },
        )
        for phrase in phrases
    )


def _sentence(text: str, words: Mapping[str, str]) -> str:
    """Return a text with its words."""
    sentence = text.format(**words)
    return sentence[:1].upper() + sentence[1:]


def _text(
    texts: Mapping[str, str], word: Word | Digits, *, spoken_to: bool, aloud: bool
) -> str:
    """Return a word as it is said, or as it is written if nobody says it `aloud`."""

    def text(key: str, **placeholders: object) -> str:
        """Return a part of a sentence."""
        return texts[f"part_{key}"].format(**placeholders)

    match word:
        case SpokenParty():
            if word.name or word.number:
                number = word.number or ""
                return word.name or (digit_by_digit(number) if aloud else number)
            key = "outside" if word.hidden else "unknown"
            if word.withheld and not word.hidden:
                key = "withheld"
            return text(f"{key}_to" if spoken_to else key)
        case datetime():
            local = dt_util.as_local(word)
            days = (dt_util.now().date() - local.date()).days
            key = "today" if days <= 0 else "yesterday" if days == 1 else "days_ago"
            return text(key, time=f"{local:%H:%M}", days=days)
        case timedelta():
            minutes = round(word.total_seconds() / 60)
            parts = []
            for count, one, many in (
                (minutes // 60, "hour", "hours"),
                (minutes % 60, "minute", "minutes"),
            ):
                if count:
                    parts.append(text(one if count == 1 else many, count=count))
            return _joined(parts, text("and")) if parts else text("minutes", count=0)
        case Digits():
            return " ".join(word.number) if aloud else word.number
        case list():
            parts = [
                _text(texts, part, spoken_to=spoken_to, aloud=aloud) for part in word
            ]
            return _joined(parts, text("or"))
        case _:
            return str(word)


def _joined(parts: list[str], conjunction: str) -> str:
    """Return an enumeration."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"


def digit_by_digit(number: str) -> str:
    """Return a number digit by digit, or a voice says how many millions it is.

    An account may have a name for its number: that is a word.
    """
    is_word = any(char.isalpha() for char in number)
    is_short = len(number) <= 3 and number[:1] != "0"
    return number if is_word or is_short else " ".join(number)
