"""The page of the rules leads to the code: what it names is there."""

import ast
from pathlib import Path
import re

import pytest

from tests.support.repository import ROOT

PAGE = ROOT / "docs" / "RULES.md"
LINKS = re.findall(r"\[`([\w.]+)`\]\(\.\./([\w/.]+)\)", PAGE.read_text())


def names(path: Path) -> set[str]:
    """Return the functions and classes of a module, methods behind their class."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


@pytest.mark.parametrize(("name", "module"), sorted(set(LINKS)))
def test_rule(name: str, module: str) -> None:
    """Each rule is where the page says."""
    assert name in names(ROOT / module)


def test_there_are_rules() -> None:
    """The page is read as it is written."""
    assert len(LINKS) > 80
