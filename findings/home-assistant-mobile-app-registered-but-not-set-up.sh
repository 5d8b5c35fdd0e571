#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: an app may register without os_version and is told 201,
# but its entry fails, and nothing ever tells the app.
#
# POST /api/mobile_app/registrations takes os_version as optional, as it takes device_id. The
# set-up of the entry reads it as a key that is always there: KeyError, and the state is
# setup_error. The app has its webhook id, and the webhook answers 200 to all it sends, as
# any unknown webhook does, with an empty body. No device and no notify action come to be; only
# the log of Home Assistant and the list of its integrations show it. A client of one's own (a
# wall panel, a test) that sends what the schema asks for meets this.
#
# Seen, on both:
#   without os_version: 201, entry setup_error, get_config over the webhook: 200 and 0 keys, notify action False
#   with os_version: 201, entry loaded, get_config over the webhook: 200 and 12 keys, notify action True
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
import asyncio, logging, socket, sys, tempfile, types
import aiohttp
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.setup import async_setup_component

# Two libraries in C++ for voice, imported by a dependency and never called here.
for name, content in (("pymicro_vad", "MicroVad"), ("pyspeex_noise", "AudioProcessor")):
    sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[name], content, object)
logging.disable()
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
APP = {"app_id": "org.example.panel", "app_name": "Panel", "app_version": "1.0", "os_name": "Linux"}
APP |= {"manufacturer": "Example", "model": "Panel"}
APP |= {"app_data": {"push_token": "token", "push_url": "http://127.0.0.1:9/push"}}


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    http = {"server_host": ["127.0.0.1"], "server_port": port}
    for domain in ("homeassistant", "http", "mobile_app"):
        assert await async_setup_component(hass, domain, {"http": http})
    await hass.async_start()
    user = await hass.auth.async_create_user("Anna", group_ids=["system-admin"])
    refresh = await hass.auth.async_create_refresh_token(user, "http://example.org/")
    headers = {"Authorization": "Bearer " + hass.auth.async_create_access_token(refresh)}
    seen = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        for name, more in (("without", {}), ("with", {"os_version": "13"})):
            app = APP | more | {"device_name": name}
            async with client.post("/api/mobile_app/registrations", json=app, headers=headers) as reply:
                status, webhook = reply.status, (await reply.json())["webhook_id"]
            await hass.async_block_till_done()
            (entry,) = [e for e in hass.config_entries.async_entries("mobile_app") if e.title == name]
            async with client.post(f"/api/webhook/{webhook}", json={"type": "get_config"}) as reply:
                answer, keys = reply.status, await reply.json() if await reply.read() else {}
            action = hass.services.has_service("notify", f"mobile_app_{name}")
            seen.append((status, entry.state.value, answer, bool(keys), action))
            print(f"{name} os_version: {status}, entry {entry.state.value}, get_config over the webhook: {answer} and {len(keys)} keys, notify action {action}")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
sys.exit(asyncio.run(main()) != [(201, "setup_error", 200, False, False), (201, "loaded", 200, True, True)])
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    PyNaCl numpy av PyTurboJPEG mutagen ha-ffmpeg hassil home-assistant-intents gazetteer-matcher
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done
