"""The house: floors that may name only those below, no circle, nothing private across rooms."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT

INTEGRATION = "custom_components.vodia"
LIBRARY = f"{INTEGRATION}.pbx"
# From the ground up: a floor may import only those before it, and itself.
LIBRARY_FLOORS = (
    (
        *("errors", "models", "assumptions", "timing", "trace", "call_ids", "changes"),
        *("numbering", "number_matching", "address_book", "forwarding"),
    ),
    ("wire",),
    ("state",),
    ("calls",),
    ("net",),
    ("listener", "sync"),
    ("control",),
    ("line",),
    ("client",),
)
INTEGRATION_FLOORS = (
    ("pbx", "const"),
    ("exceptions",),
    ("hub",),
    ("coordinator",),
    ("entity", "entity_loader", "mailbox", "target", "validators", "views"),
    ("voice", "flows"),
    (
        *("binary_sensor", "button", "event", "notify", "sensor", "switch"),
        *("condition", "config_flow", "diagnostics", "intent", "llm", "logbook"),
        *("media_source", "repairs", "services", "system_health", "trigger"),
    ),
    ("__init__",),
)
PLATFORMS = set(INTEGRATION_FLOORS[-2])
TREES = ("custom_components", "simulator", "rig", "soak", "demo", "benchmarks")
LINES = 400
SUPPORT = "tests.support"


def modules(*trees: str) -> dict[str, Path]:
    """Return the modules of some trees by their names."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for tree in trees
        for path in sorted((ROOT / tree).rglob("*.py"))
    }


MODULES, TESTS = modules(*TREES), modules("tests")


def names(module: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield each module that a module imports, and the name that it takes from there.

    What only a type checker imports counts as well: it is a circle of thoughts.
    """
    package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                inside = f"{source}.{alias.name}"
                is_module = inside in MODULES or inside in TESTS
                yield (inside, "") if is_module else (source, alias.name)


IMPORTS = {module: list(names(module, path)) for module, path in MODULES.items()}


def floors(module: str, package: str, order: tuple[tuple[str, ...], ...]) -> int | None:
    """Return the floor of a module of a package; None for one of elsewhere."""
    if module == package:
        return len(order)
    if not module.startswith(f"{package}."):
        return None
    room = module.removeprefix(f"{package}.").partition(".")[0]
    found = [floor for floor, rooms in enumerate(order) if room in rooms]
    assert found, f"{module} stands on no floor"
    return found[0]


@pytest.mark.parametrize(
    ("package", "order"),
    [(LIBRARY, LIBRARY_FLOORS), (INTEGRATION, INTEGRATION_FLOORS)],
    ids=["library", "integration"],
)
def test_floors(package: str, order: tuple[tuple[str, ...], ...]) -> None:
    """No module names one of a floor above its own."""
    up = [
        f"{module} -> {source}"
        for module, imports in IMPORTS.items()
        if (own := floors(module, package, order)) is not None and module != package
        for source, _ in imports
        if (other := floors(source, package, order)) is not None and other > own
    ]
    assert up == []


def test_platforms_stand_apart() -> None:
    """No platform imports another."""
    across = [
        f"{module} -> {source}"
        for module, imports in IMPORTS.items()
        if module.removeprefix(f"{INTEGRATION}.") in PLATFORMS
        for source, _ in imports
        if source.removeprefix(f"{INTEGRATION}.") in PLATFORMS and source != module
    ]
    assert across == []


def test_no_test_imports_another() -> None:
    """What several tests use is support, or a fixture of a conftest."""
    across = [
        f"{module} -> {source}"
        for module, path in TESTS.items()
        for source, _ in names(module, path)
        if source in TESTS and source != SUPPORT
        if not source.startswith(f"{SUPPORT}.")
    ]
    assert across == []


def test_no_circle() -> None:
    """Nobody imports, by however many steps, who imports him."""
    left = {
        module: {source for source, _ in imports if source in MODULES} - {module}
        for module, imports in IMPORTS.items()
    }
    while free := [
        module for module, sources in left.items() if not sources & left.keys()
    ]:
        for module in free:
            del left[module]
    assert left == {}


def test_nothing_private_leaves_its_module() -> None:
    """A name that begins with an underscore is taken from no other module."""
    private = [
        f"{module} -> {source}.{name}"
        for module, imports in IMPORTS.items()
        for source, name in imports
        if source in MODULES and name.startswith("_") and not name.endswith("__")
    ]
    assert private == []


def test_library_is_free_of_home_assistant() -> None:
    """The library names neither Home Assistant nor the integration around it."""
    strangers = [
        f"{module} -> {source}"
        for module, imports in IMPORTS.items()
        if module == LIBRARY or module.startswith(f"{LIBRARY}.")
        for source, _ in imports
        if source.partition(".")[0] == "homeassistant"
        or (source.startswith(INTEGRATION) and not source.startswith(LIBRARY))
    ]
    assert strangers == []


def test_no_long_file() -> None:
    """A file is as long as one reads at a time."""
    lengths = {
        module: len(path.read_text().splitlines()) for module, path in MODULES.items()
    }
    assert {module: n for module, n in lengths.items() if n > LINES} == {}
