"""Files of this repository."""

import json
from pathlib import Path
import re
from typing import Any, Final

from custom_components.vodia.const import DOMAIN
from homeassistant.util.yaml import parse_yaml

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN


def load(path: Path) -> Any:
    """Return the contents of a JSON file."""
    return json.loads(path.read_text())


def examples(page: str) -> list[Any]:
    """Return the YAML of a page."""
    text = (ROOT / page).read_text()
    return [
        parse_yaml(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    ]


ENGLISH: Final = load(INTEGRATION / "translations" / "en.json")
