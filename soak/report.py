"""What a run found: its figures, and the first thing that was not true."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import override

from .resources import Resources


class Mismatch(Exception):
    """Something is shown, or reported, that is not true; or something has grown."""


@dataclass(slots=True)
class Report:
    """What there was in a run."""

    seed: int
    dialect: str
    accounts: int
    verbose: bool = False
    seconds: float = 0
    hours: float = 0
    steps: int = 0
    calls: int = 0
    frames: int = 0
    events: int = 0
    firings: int = 0
    compared: int = 0
    actions: int = 0
    checks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, float] = field(default_factory=dict)
    resources: list[Resources] = field(default_factory=list)
    mismatches: int = 0

    @override
    def __str__(self) -> str:
        """Return the table."""
        lines = [
            f"{'minutes of work':>16} {self.seconds / 60:10.1f}",
            f"{'hours played':>16} {self.hours:10.1f}",
            *(
                f"{name:>16} {getattr(self, name):10,}"
                for name in (
                    *("accounts", "steps", "calls", "frames", "events", "firings"),
                    *("actions", "compared", "checks", "mismatches"),
                )
            ),
            f"{'fault':>16} {'times':>10} {'worst recovery':>16}",
            *(
                f"{name:>16} {times:10} {self.recovery.get(name, 0):14.1f} s"
                for name, times in sorted(self.faults.items())
            ),
        ]
        if self.resources:
            last = len(self.resources) - 1
            shown = [self.resources[last * third // 3] for third in range(4)]
            heads = ("begin", "first third", "second third", "end")
            lines.append("".join(f"{word:>16}" for word in ("without calls", *heads)))
            lines += [
                f"{name:>16}" + "".join(f"{getattr(r, name):16.6g}" for r in shown)
                for name in (part.name for part in fields(Resources))
            ]
        return "\n".join(lines)
