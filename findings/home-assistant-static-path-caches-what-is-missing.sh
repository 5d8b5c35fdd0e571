#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: under a static path with cache_headers=True a file that
# is missing is to be cached for 31 days, like one that is there.
#
# An integration serves its card or panel with async_register_static_paths. The header for the
# cache is set on every answer before it is known whether the file can be opened, so a 404 bears
# it too: a browser that has asked once for a module too early (while an update is being
# unpacked, or a name of the next version) is told to keep "not found" for a month, and so is
# every cache on the way. The file is served from the moment it is there, to all others. What may
# be missing needs a path of its own without the header, or a new path for each content.
#
# Seen, on both:
#   cache_headers=True, file missing: 404, Cache-Control public, max-age=2678400
#   cache_headers=True, file written: 200, Cache-Control public, max-age=2678400
#   cache_headers=True, file removed: 404, Cache-Control public, max-age=2678400
#   cache_headers=False, file missing: 404, Cache-Control None
#   cache_headers=False, file written: 200, Cache-Control None
#   cache_headers=False, file removed: 404, Cache-Control None
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work" UV_SYSTEM_CERTS=1
if ! uv=$(command -v uv); then
  python3 -m venv "$work/tools"
  "$work/tools/bin/pip" -q --disable-pip-version-check install uv
  uv="$work/tools/bin/uv"
fi
python='>=3.14.2,<3.15'
"$uv" -q python find "$python" >/dev/null 2>&1 || export UV_PYTHON_INSTALL_DIR="$work/python"
cat >"$work/see.py" <<'PYTHON'
import asyncio, logging, pathlib, socket, sys, tempfile
import aiohttp
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.components.http import StaticPathConfig
from homeassistant.setup import async_setup_component

logging.disable()
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    http = {"server_host": ["127.0.0.1"], "server_port": port}
    assert await async_setup_component(hass, "http", {"http": http})
    await hass.async_start()
    seen = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        for cached in (True, False):
            card = pathlib.Path(tempfile.mkdtemp()) / "card.js"
            path = StaticPathConfig(f"/cached_{cached}", str(card.parent), cached)
            await hass.http.async_register_static_paths([path])
            for what, act in (
                ("missing", lambda: None),
                ("written", lambda: card.write_text("export {};")),
                ("removed", card.unlink),
            ):
                act()
                async with client.get(f"{path.url_path}/{card.name}") as reply:
                    seen.append((reply.status, reply.headers.get("Cache-Control")))
                print(f"cache_headers={cached}, file {what}: {seen[-1][0]}, Cache-Control {seen[-1][1]}")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
expected = [(status, header) for header in ("public, max-age=2678400", None) for status in (404, 200, 404)]
sys.exit(asyncio.run(main()) != expected)
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  VIRTUAL_ENV="$work/$version" "$uv" -q pip install homeassistant==$version
  "$work/$version/bin/python" "$work/see.py"
done
