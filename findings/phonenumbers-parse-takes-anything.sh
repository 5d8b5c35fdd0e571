#!/usr/bin/env bash
# phonenumberslite 9.0.42: parse() makes a number of what is none, and is_number_match() calls
# a suffix of five digits a match.
#
# - A star code, or a word that ends in digits, is parsed without an error: what stands before
#   the digits is left out. Two different words are the same number then. Within a number,
#   letters become the keys of a telephone, and the result may be a valid one.
# - A number with its country code but without a plus, as trunks send it, is another valid one
#   where the plan is open: 49 171 1234567 in Germany is read as an area 491.
# - is_number_match() tells SHORT_NSN_MATCH (2) for an extension and any number that ends so,
#   and NSN_MATCH (3) for a national number and that of another country. Both are documented;
#   `!= NO_MATCH`, the usual test, takes them for matches.
#
# Seen:
#   '*97' -> +4997, valid False
#   'room10001' -> +4910001, valid False
#   'lobby10001' -> +4910001, valid False
#   '030 Buero123' -> +493028376123, valid True
#   '491711234567' -> +49491711234567, valid True
#   is_number_match('+491701234567', '34567') -> 2
#   is_number_match('0171 1234567', '+431711234567') -> 3
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install phonenumberslite==9.0.42
cat >"$work/see.py" <<'PYTHON'
import sys

from phonenumbers import (
    PhoneNumberFormat,
    format_number,
    is_number_match,
    is_valid_number,
    parse,
)

PARSED = {
    "*97": ("+4997", False),
    "room10001": ("+4910001", False),
    "lobby10001": ("+4910001", False),
    "030 Buero123": ("+493028376123", True),
    "491711234567": ("+49491711234567", True),
}
MATCHED = {
    ("+491701234567", "34567"): 2,
    ("0171 1234567", "+431711234567"): 3,
}
changed = False
for text, expected in PARSED.items():
    number = parse(text, "DE")
    seen = (format_number(number, PhoneNumberFormat.E164), is_valid_number(number))
    print(f"{text!r} -> {seen[0]}, valid {seen[1]}")
    changed |= seen != expected
for pair, match in MATCHED.items():
    found = is_number_match(*pair)
    print(f"is_number_match{pair} -> {found}")
    changed |= found != match
sys.exit(changed)
PYTHON
"$work/venv/bin/python" "$work/see.py"
