"""The rows of a run, and how they are printed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
import os
from pathlib import Path
import platform
from typing import Any, Literal

from homeassistant.const import __version__ as ha_version

_HEADINGS = ("what", "dialect", "ours", "floor", "ratio", "bar", "verdict", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: beside its floor, or alone.

    The `bar` is for the ratio or for the value, and an upper one. `gate` is the ratio
    above which `--check` fails.
    """

    name: str
    ours: float
    unit: str
    dialect: str = ""
    floor: float | None = None
    bar: float | None = None
    bar_is_for: Literal["ratio", "value"] = "value"
    gate: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return how often the floor is in the figure."""
        return self.ours / self.floor if self.floor else None

    @property
    def judged(self) -> float | None:
        """Return the number that the bar is for."""
        return self.ratio if self.bar_is_for == "ratio" else self.ours

    @property
    def met(self) -> bool | None:
        """Return whether the bar is met; None where there is none."""
        return None if not self.bar else (self.judged or 0) <= self.bar

    @property
    def passes(self) -> bool:
        """Return whether the gate lets it through."""
        return not self.gate or (self.ratio or 0) <= self.gate

    def cells(self) -> tuple[str, ...]:
        """Return the row as texts."""
        unit = "x" if self.bar_is_for == "ratio" else f" {self.unit}"
        return (
            self.name,
            self.dialect,
            f"{_number(self.ours)} {self.unit}",
            f"{_number(self.floor)} {self.unit}" if self.floor else "",
            f"{self.ratio:.2f}x" if self.ratio else "",
            f"<= {self.bar:g}{unit}" if self.bar else "",
            {True: "met", False: "MISSED", None: ""}[self.met],
            self.note,
        )


def _number(value: float) -> str:
    """Return a number with three digits that count."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def machine() -> dict[str, Any]:
    """Return where and when this runs."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "homeassistant": ha_version,
    }


def _where(found: dict[str, Any]) -> str:
    """Return the machine as a sentence."""
    return (
        f"{found['date']}, {found['cpu']}, {found['cores']} cores (load"
        f" {found['load']}), Python {found['python']}, Home Assistant"
        f" {found['homeassistant']}"
    )


def as_text(rows: Sequence[Row], found: dict[str, Any]) -> str:
    """Return the table for a terminal."""
    table = [_HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(8)]
    lines = (
        "  ".join(
            cell.rjust(width) if 2 <= column <= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    )
    return "\n".join([_where(found), "", *lines])


def as_markdown(rows: Sequence[Row], found: dict[str, Any]) -> str:
    """Return the table for docs/BENCHMARKS.md."""
    lines = [
        "| " + " | ".join(cells) + " |"
        for cells in (
            _HEADINGS,
            ("---", "---", "---:", "---:", "---:", "---", "---", "---"),
            *(row.cells() for row in rows),
        )
    ]
    return "\n".join([f"{_where(found)}.", "", *lines])


def as_json(rows: Sequence[Row], found: dict[str, Any]) -> dict[str, Any]:
    """Return everything for a machine."""
    return {
        "machine": found,
        "rows": [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in rows],
    }
