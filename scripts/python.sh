# Sourced by scripts/demo and scripts/test: takes --home-assistant VERSION out of the
# arguments, sets up what is missing, and names the interpreter in $python.
# shellcheck shell=bash
release=() others=()
while [ $# -gt 0 ]; do
  if [ "$1" = --home-assistant ]; then
    release=("$1" "${2:-}")
    [ $# -lt 2 ] || shift
  else
    others+=("$1")
  fi
  shift
done
set -- "${others[@]}"
scripts/setup --quiet "${release[@]}"
python=.venv${release[1]:+-${release[1]}}/bin/python
