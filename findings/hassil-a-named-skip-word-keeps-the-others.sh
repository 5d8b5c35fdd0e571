#!/usr/bin/env bash
# hassil 3.12.1: a sentence that names one skip word hears the others as part of a wildcard.
#
# A text is matched twice, as it is and without its skip words, and the reading with more literal
# words wins. A sentence with an optional "[please]" has one literal word more in the text as it
# is, so that reading wins, and "just" beside it goes into the wildcard. Without "[please]" both
# readings are alike, and the one with the shorter wildcard wins: the right one. A sentence that
# begins or ends with the wildcard keeps all skip words on that side but the outermost.
#
# Seen:
#   "[please] ring {who} up", please ring just Anna up: who is 'just Anna'
#   "ring {who} up", please ring just Anna up: who is 'Anna'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install hassil==3.12.1
cat >"$work/see.py" <<'PYTHON'
import sys

from hassil import Intents, recognize_best

seen = []
for template in ("[please] ring {who} up", "ring {who} up"):
    intents = Intents.from_dict(
        {
            "language": "en",
            "skip_words": ["please", "just"],
            "lists": {"who": {"wildcard": True}},
            "intents": {"Call": {"data": [{"sentences": [template]}]}},
        }
    )
    found = recognize_best("please ring just Anna up", intents)
    seen.append(found.entities["who"].value.strip())
    print(f"{template!r}: who is {seen[-1]!r}")
sys.exit(seen != ["just Anna", "Anna"])
PYTHON
"$work/venv/bin/python" "$work/see.py"
