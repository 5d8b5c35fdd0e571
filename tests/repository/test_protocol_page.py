"""The page about the protocol says what the code assumes, and what the tests try."""

from dataclasses import fields
import re

from custom_components.vodia.pbx.assumptions import Assumption
from simulator import Switches
from tests.support.doubts import DOUBTS
from tests.support.repository import ROOT, SERVICES

PAGE = (ROOT / "docs" / "protocol.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, less its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


COUNTED = rows("What we assume, and count")
OTHERS = rows("Other doubts")


def test_assumptions_agree() -> None:
    """Each assumption that is counted has its row, in the same order."""
    assert [row[0].strip("`") for row in COUNTED] == list(Assumption)


def test_rows_are_whole() -> None:
    """Each row says how sure it is and what a user would see."""
    for row in COUNTED + OTHERS:
        assert len(row) == 5, row
        assert all(row[:4]), row
        assert re.match(r"(documented|seen|assumed|open)\b", row[2]), row


def test_switches_agree() -> None:
    """Each switch that is named exists, and each doubt that is tried is explained."""
    named = {
        name for row in COUNTED + OTHERS for name in re.findall(r"`(\w+)`", row[4])
    }
    known = {field.name for field in fields(Switches)}
    assert named <= known
    tried = {name for doubts in DOUBTS.values() for name in doubts} - {"rest"}
    assert tried <= named


def test_commands_agree() -> None:
    """Each action that the PBX has to carry out has its row."""
    named = {
        name for row in rows("Commands") for name in re.findall(r"`([a-z_]+)`", row[0])
    }
    told_by_us = {"get_calls", "voice_command"}
    assert named == {n for n in SERVICES if not n.startswith(".")} - told_by_us
