#!/usr/bin/env bash
# hassil 3.12.1: one sentence with a list that is not there ends the search in all the others.
#
# The list is looked up while a text is matched, not when the sentences are read. So a custom
# sentence that names a list of Home Assistant's own (here {states}) loads without a word. It
# raises MissingListError once a text gets as far as that list, and whatever another sentence
# would have understood is lost with it. A dialect has fewer lists than its language: home-
# assistant-intents 2026.10.6 has {bs_occupancy_states} in "de" and not in "de-CH".
#
# Seen:
#   open the door: Open
#   is the door open: MissingListError, though Ask has a sentence for it
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install hassil==3.12.1
cat >"$work/see.py" <<'PYTHON'
import sys

from hassil import Intents, recognize_best
from hassil.errors import MissingListError

intents = Intents.from_dict(
    {
        "language": "en",
        "intents": {
            "Ask": {"data": [{"sentences": ["is the door open"]}]},
            "Custom": {"data": [{"sentences": ["is the door {states:state}"]}]},
            "Open": {"data": [{"sentences": ["open the door"]}]},
        },
    }
)
seen = []
for sentence in ("open the door", "is the door open"):
    try:
        found = recognize_best(sentence, intents)
        seen.append(found.intent.name if found else None)
    except MissingListError:
        seen.append("MissingListError")
    print(f"{sentence}: {seen[-1]}")
sys.exit(seen != ["Open", "MissingListError"])
PYTHON
"$work/venv/bin/python" "$work/see.py"
