"""Sentence files in the folder of a test, as a user finds them there."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
import resource
from typing import Final

from custom_components.vodia.const import DOMAIN
from homeassistant.core import HomeAssistant

from .repository import SENTENCES

OLD: Final = "language: en\nintents:\n  VodiaCall:\n    data: []\n"


def path_of(hass: HomeAssistant, language: str) -> Path:
    """Return where the sentences of a language belong."""
    return Path(hass.config.path("custom_sentences", language, f"{DOMAIN}.yaml"))


def leave(hass: HomeAssistant, language: str, text: str) -> Path:
    """Leave a file there, and return where."""
    path = path_of(hass, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def of_ours(text: str, version: str = "0.0.9") -> str:
    """Return a file as a version of ours has written it."""
    return f"# {DOMAIN} {version} {sha256(text.encode()).hexdigest()}\n{text}"


def is_shipped(path: Path, language: str) -> bool:
    """Return whether a file has what this version understands."""
    head, _, text = path.read_text().partition("\n")
    return head.startswith(f"# {DOMAIN} ") and text == shipped(language)


def shipped(language: str) -> str:
    """Return the sentences of this version."""
    return (SENTENCES / f"{language}.yaml").read_text()


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow beyond less than one of ours has."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
