#!/usr/bin/env bash
# Home Assistant 2026.11.0: DeviceInfo, a typed dict until 2026.10, is a dataclass that still
# takes some of the manners of a dict and has lost others.
#
# Reading by key, get() and {**info} work as before. Joining with |, going through it, values()
# and setdefault() fail, isinstance(info, dict) is false, and an empty one is true. A type
# checker that runs against 2026.10 notices none of it.
#
# Seen (2026.10.4: a dict, ['identifiers', 'name'], 2, 'One', .., True, False):
#   info | {'name': 'Two'}: TypeError
#   list(info): TypeError
#   info.values(): AttributeError
#   info.setdefault('name', 'Two'): AttributeError
#   {**info}: ['identifiers', 'name']
#   info['name']: 'One'
#   info.get('model'): None
#   isinstance(info, dict): False
#   bool(DeviceInfo()): True
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/pip" -q --disable-pip-version-check install uv
export UV_SYSTEM_CERTS=1
if ! python=$(command -v python3.14); then
  export UV_PYTHON_INSTALL_DIR="$work/python"
  "$work/tools/bin/uv" -q python install --no-bin 3.14
  python=$("$work/tools/bin/uv" python find --managed-python 3.14)
fi
"$work/tools/bin/uv" -q venv --python "$python" "$work/venv"
VIRTUAL_ENV="$work/venv" "$work/tools/bin/uv" -q pip install homeassistant==2026.11.0
cat >"$work/see.py" <<'PYTHON'
import sys

from homeassistant import const
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.json import json_dumps

print("Home Assistant", const.__version__)
info = DeviceInfo(identifiers={("demo", "1")}, name="One")
seen = {}
for what, use in (
    ("info | {'name': 'Two'}", lambda: info | {"name": "Two"}),
    ("list(info)", lambda: sorted(list(info))),
    ("info.values()", lambda: len(list(info.values()))),
    ("info.setdefault('name', 'Two')", lambda: info.setdefault("name", "Two")),
    ("{**info}", lambda: sorted({**info})),
    ("info['name']", lambda: info["name"]),
    ("info.get('model')", lambda: info.get("model")),
    ("isinstance(info, dict)", lambda: isinstance(info, dict)),
    ("bool(DeviceInfo())", lambda: bool(DeviceInfo())),
):
    try:
        seen[what] = repr(use())
    except Exception as err:
        seen[what] = type(err).__name__
    print(f"{what}: {seen[what]}")
sys.exit(
    list(seen.values())
    != ["TypeError", "TypeError", "AttributeError", "AttributeError", "['identifiers', 'name']"]
    + ["'One'", "None", "False", "True"]
)
PYTHON
"$work/venv/bin/python" "$work/see.py"
