"""Test that the protocol library stands alone."""

import subprocess
import sys

import pytest

from tests.support.repository import INTEGRATION

LIBRARY = INTEGRATION / "pbx"

# Refuses Home Assistant and the integration, then imports what is asked for.
IMPORT = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("homeassistant", "custom_components"):
            raise ImportError("refused: " + name)

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


def import_alone(*modules: str) -> subprocess.CompletedProcess[str]:
    """Import modules in an interpreter that has no Home Assistant."""
    return subprocess.run(
        [sys.executable, "-c", IMPORT, str(LIBRARY.parent), *modules],
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_nothing_of_home_assistant() -> None:
    """The library can be imported on its own: the client, then every module."""
    modules = sorted(
        ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts)
        for path in LIBRARY.rglob("*.py")
    )
    result = import_alone("pbx.client", *modules)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("module", ["homeassistant", "custom_components.vodia"])
def test_the_guard_bites(module: str) -> None:
    """What is not to be imported is found out."""
    result = import_alone(module)
    assert result.returncode == 1
    assert f"refused: {module.partition('.')[0]}" in result.stderr
