"""Print the packages that the demo's Home Assistant needs, one requirement a line.

Home Assistant sets up what its configuration names, what it always sets up, and what
those depend on; each states its packages in its manifest. An after-dependency asks for
an order only, so it adds nothing. All of it is read as files: to import Home Assistant
would take seconds.
"""

import ast
from collections.abc import Iterable
from importlib.util import find_spec
import json
from pathlib import Path
from typing import Any

CONFIGURATION = Path(__file__).parents[1] / "demo" / "configuration.yaml"
ALWAYS = {"CORE_INTEGRATIONS", "DEFAULT_INTEGRATIONS"}


def main() -> None:
    """Print the requirements."""
    spec = find_spec("homeassistant")
    if spec is None or spec.origin is None:
        raise SystemExit("homeassistant is not installed in this Python")
    package = Path(spec.origin).parent
    domains = {
        # What stands after the domain, as in "script demo:", only names the block.
        line.partition(":")[0].split()[0]
        for line in CONFIGURATION.read_text().splitlines()
        if line and line[0].isalpha()
    }
    domains |= _strings(
        statement
        for statement in _parse(package / "bootstrap.py").body
        if isinstance(statement, ast.Assign)
        and any(
            isinstance(to, ast.Name) and to.id in ALWAYS for to in statement.targets
        )
    )
    domains |= _strings(
        statement
        for statement in ast.walk(_parse(package / "generated" / "entity_platforms.py"))
        if isinstance(statement, ast.Assign)
    )
    # "analytics", which is always set up, imports it without depending on it.
    domains.add("hassio")
    print("\n".join(sorted(_requirements(package / "components", domains))))


def _parse(path: Path) -> ast.Module:
    """Return a module as a syntax tree."""
    return ast.parse(path.read_text())


def _strings(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the strings that stand somewhere in syntax trees."""
    return {
        part.value
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def _requirements(components: Path, domains: set[str]) -> set[str]:
    """Return the requirements of integrations and of all that they depend on."""
    requirements: set[str] = set()
    done: set[str] = set()
    while domains:
        done |= domains
        manifests: list[dict[str, Any]] = [
            json.loads((components / domain / "manifest.json").read_text())
            for domain in domains
        ]
        domains = set()
        for manifest in manifests:
            requirements.update(manifest.get("requirements", ()))
            domains.update(manifest.get("dependencies", ()))
        domains -= done
    return requirements


if __name__ == "__main__":
    main()
