"""Errors about the calls of a line: which calls these are, for whoever may act on them."""

from collections.abc import Iterable

from homeassistant.exceptions import HomeAssistantError

from ..exceptions import action_error, invalid
from ..pbx.errors import CallError, PbxError
from ..pbx.models import AccountCall
from ..pbx.wire.fields import one_line
from .privacy import Privacy

# Stands for no call, in any language.
_NONE = "–"


def line_error(error: PbxError, line: str, privacy: Privacy) -> HomeAssistantError:
    """Return what an action at a line raises: it names the line and the calls."""
    if not isinstance(error, CallError):
        return action_error(error)
    shown = [privacy.redact_call(call) for call in error.calls]
    words = {
        word: _names(
            call for call in shown if word in ("call", "calls") or call.state == word
        )
        for word in error.words
    }
    # What was typed, which may be anything.
    typed = {word: one_line(text) or _NONE for word, text in error.placeholders.items()}
    return invalid(translation_key=error.key, line=line, **words, **typed)


def _names(calls: Iterable[AccountCall]) -> str:
    """Return calls by their ids, each with its other side as far as it may be known."""
    return (
        ", ".join(
            f"{call.id} ({who})"
            if (who := call.remote.name or call.remote.number)
            else call.id
            for call in calls
        )
        or _NONE
    )
