"""Sentence files: what can be said, where Home Assistant's own agent reads it.

A file is written when the user says so, and only then. The first line of one that is
ours has the hash of what follows: if that does not fit any more, the file is the user's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import sha256
from itertools import count
from pathlib import Path
import re
import shutil
from typing import Final

from homeassistant.const import SERVICE_RELOAD
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util.file import WriteError, write_utf8_file_atomic
from homeassistant.util.language import Dialect, matches

from ..const import DOMAIN
from ..hub.issues import async_report_outdated_sentences

_CONVERSATION: Final = "conversation"
_PIPELINES: Final = "assist_pipeline"
_SHIPPED: Final = Path(__file__).parents[1] / "sentences"
_HEAD: Final = re.compile(rf"# {DOMAIN} \S+ ([0-9a-f]{{64}})\n")


class FileState(Enum):
    """What is in the place of a sentence file."""

    NEW = auto()
    CURRENT = auto()
    OUTDATED = auto()
    EDITED = auto()


@dataclass(frozen=True, slots=True)
class SentenceFile:
    """A file with the sentences of a language, and what is in its place."""

    language: str
    path: Path
    text: str
    state: FileState


class SentencesError(Exception):
    """Raise when sentences cannot be put in place; has the key of a text, and its words."""

    def __init__(self, key: str, *, path: Path, reason: str) -> None:
        """Take what went wrong, with which file, and why."""
        super().__init__(key)
        self.key = key
        self.placeholders = {"path": str(path), "reason": reason}


async def async_sentence_files(hass: HomeAssistant) -> list[SentenceFile]:
    """Return the files of all languages that Home Assistant has and we have sentences for.

    A dialect (`de-CH`) is a language with a folder of its own: its agent reads no other.
    """
    version = str(async_get_loaded_integration(hass, DOMAIN).version)
    folder = Path(hass.config.path("custom_sentences"))
    return await hass.async_add_executor_job(_files, folder, _languages(hass), version)


def languages_in_use(hass: HomeAssistant, among: Collection[str]) -> list[str]:
    """Return those languages that Home Assistant's assistants are spoken to in."""
    spoken = {hass.config.language}
    if _PIPELINES in hass.config.components:
        # What it needs is there only where it is set up.
        from homeassistant.components import assist_pipeline  # noqa: PLC0415

        spoken |= {
            pipeline.conversation_language
            for pipeline in assist_pipeline.async_get_pipelines(hass)
        }
    closest = (matches(language, _languages(hass)) for language in spoken)
    return sorted({found[0] for found in closest if found} & set(among))


async def async_write_sentences(
    hass: HomeAssistant, files: Collection[SentenceFile]
) -> None:
    """Write files, and let what is said be understood at once; raises SentencesError.

    Of a file that the user has changed a copy is kept beside it.
    """
    try:
        await hass.async_add_executor_job(_write, files)
    finally:
        await async_check_sentences(hass)
    if not hass.services.has_service(_CONVERSATION, SERVICE_RELOAD):
        return
    try:
        await hass.services.async_call(_CONVERSATION, SERVICE_RELOAD, blocking=True)
    except HomeAssistantError as err:
        path = Path(hass.config.path("configuration.yaml"))
        raise SentencesError(
            "sentences_not_loaded", path=path, reason=str(err)
        ) from err


async def async_check_sentences(hass: HomeAssistant) -> None:
    """Report files that we wrote and that are not those of this version any more."""
    outdated = [
        file
        for file in await async_sentence_files(hass)
        if file.state is FileState.OUTDATED
    ]
    async_report_outdated_sentences(hass, bool(outdated))


def _languages(hass: HomeAssistant) -> set[str]:
    """Return the languages and dialects of Home Assistant's own agent that we have."""
    shipped = {path.stem for path in _SHIPPED.glob("*.yaml")}
    if _CONVERSATION not in hass.config.components:
        return shipped
    from homeassistant.components import conversation  # noqa: PLC0415

    understood = conversation.async_get_conversation_languages(
        hass, conversation.HOME_ASSISTANT_AGENT
    )
    return {tag for tag in understood if Dialect.parse(tag).language in shipped}


def _files(
    folder: Path, languages: Collection[str], version: str
) -> list[SentenceFile]:
    """Return the files of some languages."""
    files = []
    for language in sorted(languages):
        path = folder / language / f"{DOMAIN}.yaml"
        shipped = (_SHIPPED / f"{Dialect.parse(language).language}.yaml").read_text(
            "utf-8"
        )
        head = f"# {DOMAIN} {version} {_hash(shipped)}\n"
        files.append(
            SentenceFile(language, path, head + shipped, _state(path, shipped))
        )
    return files


def _state(path: Path, shipped: str) -> FileState:
    """Return what is in the place of a file."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return FileState.NEW
    except OSError, UnicodeDecodeError:
        return FileState.EDITED
    head = _HEAD.match(text)
    content = text[head.end() :] if head else text
    if content == shipped:
        return FileState.CURRENT
    if head and head[1] == _hash(content):
        return FileState.OUTDATED
    return FileState.EDITED


def _hash(text: str) -> str:
    """Return the hash of what follows the first line."""
    return sha256(text.encode()).hexdigest()


def _write(files: Collection[SentenceFile]) -> None:
    """Write each file, wholly or not at all; raises SentencesError."""
    for file in files:
        kept = None
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            if file.state is FileState.EDITED:
                kept = _free(file.path)
                shutil.copyfile(file.path, kept)
            write_utf8_file_atomic(str(file.path), file.text)
        except (OSError, WriteError) as err:
            if kept:
                kept.unlink(missing_ok=True)
            cause = err.__cause__ if isinstance(err, WriteError) else err
            reason = getattr(cause, "strerror", None) or str(err)
            raise SentencesError(
                "sentences_not_written", path=file.path, reason=reason
            ) from err


def _free(path: Path) -> Path:
    """Return a name for a copy that no other copy has."""
    names = (path.with_name(f"{path.name}.bak{n or ''}") for n in count())
    return next(name for name in names if not name.exists())
