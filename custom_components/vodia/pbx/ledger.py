"""What a PBX did that we did not expect, and its last words: food for the diagnostics."""

from collections import Counter, deque
from dataclasses import dataclass, field
import logging
import time
from typing import Final

_LOGGER = logging.getLogger(__name__)

_FRAMES_KEPT: Final = 60
_FRAME_KEPT_BYTES: Final = 4096
_KEYS_KEPT: Final = 100
_KEY_KEPT_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded text of the wire, cut to a bounded length."""

    time: float
    source: str
    text: bytes
    size: int


@dataclass(slots=True)
class Ledger:
    """Count oddities and keep the last texts of the wire, both bounded."""

    frames: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unknown_actions: Counter[str] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    unknown_states: Counter[str] = field(default_factory=Counter)
    last: deque[Recorded] = field(default_factory=lambda: deque(maxlen=_FRAMES_KEPT))

    def drop(self, reason: str) -> None:
        """Count a frame that is dropped; log the first of its kind."""
        if count(self.dropped, reason):
            _LOGGER.warning(
                "The PBX sent a frame that cannot be taken (%s); this and further ones"
                " are dropped and counted in the diagnostics",
                reason,
            )

    def record(self, source: str, text: bytes) -> None:
        """Keep the beginning of a text that was sent or received."""
        self.last.append(
            Recorded(time.time(), source, text[:_FRAME_KEPT_BYTES], len(text))
        )


def count(counter: Counter[str], key: str) -> bool:
    """Count a word of the PBX; return whether it is a new one."""
    key = key[:_KEY_KEPT_CHARS]
    if key in counter:
        counter[key] += 1
        return False
    if len(counter) >= _KEYS_KEPT:
        return False
    counter[key] = 1
    return True
