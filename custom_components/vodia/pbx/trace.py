"""A trace for the diagnostics: what a PBX did that we did not expect, and its last texts."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
import logging
import time
from typing import Any, Final, NamedTuple

from .assumptions import Assumption

_LOGGER = logging.getLogger(__name__)

_FRAMES_KEPT: Final = 60
_FRAME_KEPT_BYTES: Final = 8192
_SAMPLES_KEPT: Final = 2
_SAMPLE_ITEMS: Final = 3
_SAMPLE_VALUES: Final = 200
_SAMPLE_CHARS: Final = 200
_KEYS_KEPT: Final = 100
_KEY_KEPT_CHARS: Final = 64


class Recorded(NamedTuple):
    """One recorded text of the wire; empty if it was too long to be kept."""

    time: float
    source: str
    text: bytes
    size: int


@dataclass(slots=True)
class Trace:
    """Count oddities, keep the last texts of the wire and samples of each kind.

    All of it is bounded.
    """

    frames: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unknown_actions: Counter[str] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    unknown_states: Counter[str] = field(default_factory=Counter)
    odd_fields: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    met: Counter[Assumption] = field(default_factory=Counter)
    broken: Counter[Assumption] = field(default_factory=Counter)
    samples: dict[str, list[Any]] = field(default_factory=dict)
    last: deque[Recorded] = field(default_factory=lambda: deque(maxlen=_FRAMES_KEPT))
    clock: Callable[[], float] = field(default_factory=lambda: time.time)

    def drop(self, reason: str) -> None:
        """Count a frame or reply that is dropped; log the first of its kind."""
        if count(self.dropped, reason):
            _LOGGER.warning(
                "The PBX sent something that cannot be taken (%s); this and further ones"
                " are dropped and counted in the diagnostics",
                reason,
            )

    def observe(self, assumption: Assumption, holds: bool) -> None:
        """Count that this PBX has met, or broken, what we assume."""
        (self.met if holds else self.broken)[assumption] += 1

    def unknown(self, action: str) -> None:
        """Count a frame of an unknown kind; log the first one."""
        if count(self.unknown_actions, action):
            shown = action[:_KEY_KEPT_CHARS]
            _LOGGER.info("The PBX sent a frame of an unknown kind: %r", shown)

    def record(self, source: str, text: bytes) -> None:
        """Keep a text that was sent or received, unless it repeats the last one."""
        last = self.last[-1] if self.last else None
        if last and last[2] == text and last[1] == source:
            return
        size = len(text)
        self.last.append(
            # By position, as this is done for each frame.
            Recorded(
                self.clock(), source, text if size <= _FRAME_KEPT_BYTES else b"", size
            )
        )

    def sample(self, kind: str, value: object) -> None:
        """Keep the first values of a kind, their lists cut to the first elements."""
        kept = self.samples.get(kind)
        if kept is None:
            kind = kind[:_KEY_KEPT_CHARS]
            if kind not in self.samples and len(self.samples) >= _KEYS_KEPT:
                return
            kept = self.samples.setdefault(kind, [])
        if len(kept) < _SAMPLES_KEPT:
            kept.append(_shortened(value, iter(range(_SAMPLE_VALUES))))


def _shortened(value: Any, room: Iterator[int], depth: int = 4) -> Any:
    """Return a value cut to a bounded size: there is room for so many values in all."""
    if isinstance(value, dict) and depth:
        return {
            key[:_KEY_KEPT_CHARS]: _shortened(inner, room, depth - 1)
            for key, inner in islice(value.items(), _KEYS_KEPT)
            if next(room, None) is not None
        }
    if isinstance(value, list) and depth:
        return [
            _shortened(item, room, depth - 1)
            for item in value[:_SAMPLE_ITEMS]
            if next(room, None) is not None
        ]
    if isinstance(value, str):
        return value[:_SAMPLE_CHARS]
    return None if isinstance(value, dict | list) else value


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
