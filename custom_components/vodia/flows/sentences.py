"""The form about sentence files: where they are, what is there, and which are written."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import voluptuous as vol

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from ..voice.sentence_files import FileState, SentenceFile

CONF_LANGUAGES: Final = "languages"
CONF_REPLACE_EDITED: Final = "replace_edited"


def sentences_schema(files: Sequence[SentenceFile]) -> vol.Schema:
    """Return the choice of files, and whether it may be those that the user changed."""
    choice = SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=file.language, label=str(file.path))
                for file in files
            ],
            multiple=True,
        )
    )
    # A default, since the frontend leaves out an empty field.
    fields: dict[vol.Marker, Any] = {vol.Optional(CONF_LANGUAGES, default=[]): choice}
    if any(file.state is FileState.EDITED for file in files):
        fields[vol.Required(CONF_REPLACE_EDITED, default=False)] = bool
    return vol.Schema(fields)


def sentences_shown(files: Sequence[SentenceFile]) -> dict[str, str]:
    """Return the files by what is in their places, as placeholders of a text."""
    return {
        state.name.lower(): ", ".join(
            f"`{file.path}`" for file in files if file.state is state
        )
        or "–"
        for state in FileState
    }


def sentences_chosen(
    files: Sequence[SentenceFile], user_input: Mapping[str, Any]
) -> list[SentenceFile]:
    """Return the files to write; none that is as it should be."""
    left_alone = {FileState.CURRENT}
    if not user_input.get(CONF_REPLACE_EDITED):
        left_alone.add(FileState.EDITED)
    return [
        file
        for file in files
        if file.language in user_input[CONF_LANGUAGES] and file.state not in left_alone
    ]
