"""Files of this repository."""

from itertools import chain
import json
from pathlib import Path
import re
import shutil
import subprocess
from typing import Any, Final

from custom_components.vodia.const import DOMAIN
from homeassistant.util.yaml import load_yaml_dict, parse_yaml

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN
SENTENCES: Final = INTEGRATION / "sentences"


def load(path: Path) -> Any:
    """Return the contents of a JSON file."""
    return json.loads(path.read_text())


def examples(page: str) -> list[Any]:
    """Return the YAML of a page."""
    text = (ROOT / page).read_text()
    return [
        parse_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]


def copy_sentences(config: Path) -> None:
    """Put the sentence files where Home Assistant reads them, in a configuration folder."""
    for path in SENTENCES.iterdir():
        target = config / "custom_sentences" / path.stem / f"{DOMAIN}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


ENGLISH: Final = load(INTEGRATION / "translations" / "en.json")


def tracked() -> list[Path]:
    """Return the files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [
        path for name in listed.split("\0") if name and (path := ROOT / name).is_file()
    ]


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """Return a tree of strings as paths."""
    if not isinstance(node, dict):
        return {path: node}
    return dict(
        chain.from_iterable(
            flat(value, f"{path}.{key}".lstrip(".")).items()
            for key, value in node.items()
        )
    )


def fields_of(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of what a file describes, by name; anchors left out."""
    return {
        name: (description or {}).get("fields", {})
        for name, description in described.items()
        if not name.startswith(".")
    }


SERVICES, TRIGGER_TEXTS, CONDITION_TEXTS = (
    load_yaml_dict(str(INTEGRATION / f"{name}.yaml"))
    for name in ("services", "triggers", "conditions")
)


def rows(page: str, first: str) -> list[list[str]]:
    """Return the rows of a page's tables whose first cell looks so, by their cells."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if re.match(rf"\| {first} \|", line)
    ]
