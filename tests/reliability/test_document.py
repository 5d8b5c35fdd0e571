"""The tables of docs/RELIABILITY.md say what these tests do."""

from dataclasses import fields
import re

import pytest

from custom_components.vodia.pbx.timing import Timing
from tests.support.repository import ROOT

DOC = ROOT / "docs" / "RELIABILITY.md"


def table(text: str) -> dict[str, str]:
    """Return the rows of the tables by the test that their last cell names."""
    rows = re.findall(r"^(\|.*\|) `(test_[^`]+)` \|$", text, re.MULTILINE)
    assert len({test for _, test in rows}) == len(rows)
    return {test: row for row, test in rows}


def test_document(request: pytest.FixtureRequest) -> None:
    """Each test of this folder has its row, with the same errors, reasons and times."""
    text = DOC.read_text()
    rows = table(text)
    folder = request.node.getparent(pytest.Package)
    items = {
        item.name: item for module in folder.collect() for item in module.collect()
    }
    del items[request.node.name]
    assert rows.keys() == items.keys()
    timing = Timing()
    for field in fields(timing):
        if not isinstance(seconds := getattr(timing, field.name), float):
            continue
        value = f"{seconds:g} s"
        found = re.search(rf"^\| `{field.name}` \| (.*?) \|", text, re.MULTILINE)
        assert found is None or found[1] == value
    for name, item in items.items():
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if seen := params.get("seen"):
            due = f"{getattr(timing, seen.after):g} s" if seen.after else "at once"
            assert f"`{seen.error}`" in rows[name]
            assert f"| {due} |" in rows[name]
            asks = seen.error == "invalid_auth"
            assert ("asks for the password" in rows[name]) is asks
        if error := params.get("error"):
            assert f"`{error}`" in rows[name]
        for reason in (
            *params.get("reasons", ()),
            *filter(None, [params.get("reason")]),
        ):
            assert f"{reason}`" in rows[name]
