"""Write the line numbers of the functions that docs/ARCHITECTURE.md links to.

A link is [`Class.function`](../path/to/module.py#L1). Run it after a change; a test tells
when that was forgotten.
"""

import ast
from functools import cache
from pathlib import Path
import re

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ARCHITECTURE.md"
_LINK = re.compile(r"\[`([\w.]+)`\]\((\.\./[\w/.]+\.py)(?:#L\d+)?\)")


@cache
def lines_of(path: Path) -> dict[str, int]:
    """Return the line of each function and class of a module, by its qualified name."""
    found: dict[str, int] = {}

    def visit(node: ast.AST, prefix: str) -> None:
        """Note what is defined in a node."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[prefix + child.name] = child.lineno
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse(path.read_text()), "")
    return found


def with_lines(text: str) -> str:
    """Return a page with the right line in each link.

    Raises KeyError for a function that is not there.
    """

    def link(match: re.Match[str]) -> str:
        """Return a link with its line."""
        name, module = match[1], match[2]
        return (
            f"[`{name}`]({module}#L{lines_of((PAGE.parent / module).resolve())[name]})"
        )

    return _LINK.sub(link, text)


if __name__ == "__main__":
    PAGE.write_text(with_lines(PAGE.read_text()))
