#!/usr/bin/env bash
# Home Assistant 2026.11.0: `import homeassistant` fails once anything has imported httpx, and
# pytest imports it through a plugin before the first test is read.
#
# 2026.11 has replaced httpx by httpx2 and puts httpx2 under the name of httpx as soon as the
# package is imported; what is there under that name already is an error. An integration is
# imported by Home Assistant and never sees it. But respx 0.23.1, with which tests answer for
# httpx, is a plugin that pytest loads by itself and that imports httpx: no test that needs Home
# Assistant can be collected. With `-p homeassistant` the package is first, and respx then
# answers for httpx2 without knowing it. On 2026.10.4 the order does not matter. (voluptuous is
# replaced in the same way, by probatio, but there it is only a warning.)
#
# Seen:
#   Home Assistant 2026.10.4, pytest: exit 0: httpx is httpx 0.28.1
#   Home Assistant 2026.10.4, pytest -p homeassistant: exit 0: httpx is httpx 0.28.1
#   Home Assistant 2026.11.0, pytest: exit 2: RuntimeError: httpx was already imported
#   Home Assistant 2026.11.0, pytest -p homeassistant: exit 0: httpx is httpx2 2.14.0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export UV_SYSTEM_CERTS=1
if ! uv=$(command -v uv); then
  python3 -m venv "$work/tools"
  "$work/tools/bin/pip" -q --disable-pip-version-check install uv
  uv="$work/tools/bin/uv"
fi
python='>=3.14.2,<3.15'
"$uv" -q python find "$python" >/dev/null 2>&1 || export UV_PYTHON_INSTALL_DIR="$work/python"
mkdir "$work/tests"
cat >"$work/tests/test_weather.py" <<'PYTHON'
from homeassistant.const import __version__
import httpx


def test_forecast(respx_mock):
    respx_mock.get("https://example.org/forecast").mock(return_value=httpx.Response(200, text="Rain"))
    assert httpx.get("https://example.org/forecast").text == "Rain"
    print(f"with Home Assistant {__version__}, httpx is {httpx.__name__} {httpx.__version__}")
PYTHON
changed=0
see() { # VERSION, code and words expected, arguments of pytest
  local version=$1 code=$2 words=$3 found=0 output
  shift 3
  output=$("$work/$version/bin/python" -m pytest -q -s -p no:cacheprovider "$@" "$work/tests" 2>&1) || found=$?
  echo "Home Assistant $version, pytest${*:+ $*}: exit $found: $(grep -m 1 -oE "httpx is .*|RuntimeError: httpx was already imported" <<<"$output")"
  [[ $found == "$code" && $output == *"$words"* ]] || changed=1
}
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  VIRTUAL_ENV="$work/$version" "$uv" -q pip install homeassistant==$version respx==0.23.1 httpx==0.28.1 pytest==9.2.0
done
see 2026.10.4 0 "httpx is httpx 0.28.1"
see 2026.10.4 0 "httpx is httpx 0.28.1" -p homeassistant
see 2026.11.0 2 "RuntimeError: httpx was already imported"
see 2026.11.0 0 "httpx is httpx2 2.14.0" -p homeassistant
exit $changed
