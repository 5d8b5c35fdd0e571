"""What a PBX refuses over one link: once may be a mistake, and nothing is for ever."""

import time
from typing import Final

# Refusals in a row that count.
_SURE: Final = 2


class Refusals:
    """Ways that a PBX refuses, each by a name of ours.

    One stands once it was refused twice in a row, and for some seconds: then the PBX is
    asked again.
    """

    def __init__(self, pause: float) -> None:
        """Start with none; each stands for some seconds of `pause`."""
        self._pause = pause
        self._noted: dict[str, int] = {}
        self._until: dict[str, float] = {}

    @property
    def noted(self) -> list[str]:
        """Return what was refused when it was asked for last."""
        return sorted(self._noted)

    def note(self, way: str, *, sure: bool = False) -> None:
        """Note that a way is refused; it stands at once if it is `sure`."""
        self._noted[way] = self._noted.get(way, 0) + 1
        if sure or self._noted[way] >= _SURE:
            self._until[way] = time.monotonic() + self._pause

    def lift(self, way: str) -> None:
        """Note that a way is not refused."""
        self._noted.pop(way, None)
        self._until.pop(way, None)

    def stand(self, way: str) -> bool:
        """Return whether it is of no use to try a way now."""
        return time.monotonic() < self._until.get(way, 0)
