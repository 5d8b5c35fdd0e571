"""Runs of pytest within a test."""

import os
from pathlib import Path
import subprocess
import sys

from .repository import ROOT


def run_pytest(folder: Path, code: str, *plugins: str, **environ: str) -> str:
    """Return what pytest says of a module of tests, with some of our plugins only."""
    (folder / "test_it.py").write_text(code)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:homeassistant"),
            *(arg for plugin in plugins for arg in ("-p", f"tests.support.{plugin}")),
            *("-c", ROOT / "pyproject.toml", f"--rootdir={folder}", folder),
        ],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
