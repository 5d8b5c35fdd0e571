"""The page about the architecture leads to the code."""

import runpy

from .test_repository import ROOT


def test_links_have_their_line() -> None:
    """Each rule leads to its function; scripts/architecture_lines.py mends the lines."""
    script = runpy.run_path(str(ROOT / "scripts" / "architecture_lines.py"))
    page = script["PAGE"].read_text()
    assert script["with_lines"](page) == page
    assert page.count("#L") >= 30


def test_modules_are_listed() -> None:
    """Each module of the library has its row."""
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    for path in (ROOT / "custom_components" / "vodia" / "pbx").glob("*.py"):
        if path.name != "__init__.py":
            assert f"`{path.name}`" in page, path.name
