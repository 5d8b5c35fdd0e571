#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: an app that registers again is another device, and
# every other time the device of before.
#
# A registration with the same app_id and device_id replaces the entry of that unique id. The
# new entry makes its device while the old one still has the device with the same identifier;
# identifiers hold for one entry, so the device gets a new id, and only then is the old device
# removed. The next registration finds the removed one and takes up its id. Entity ids and the
# notify action stay as they are, so nothing looks changed, but what names the device - device
# triggers, conditions and actions, which the automation editor writes - is refused as unknown
# after one registration and works again after the next.
#
# Seen, on both (A and B stand for device ids):
#   registration 1: 201, device A, entity notify.panel, a device action for A is accepted
#   registration 2: 201, device B, entity notify.panel, a device action for A is refused
#   registration 3: 201, device A, entity notify.panel, a device action for A is accepted
#   registration 4: 201, device B, entity notify.panel, a device action for A is refused
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
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.helpers import config_validation as cv, device_registry as dr, entity_registry as er, script
from homeassistant.setup import async_setup_component

# Two libraries in C++ for voice, imported by a dependency and never called here.
for name, content in (("pymicro_vad", "MicroVad"), ("pyspeex_noise", "AudioProcessor")):
    sys.modules[name] = types.ModuleType(name)
    setattr(sys.modules[name], content, object)
logging.disable()
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
APP = {"app_id": "org.example.panel", "app_name": "Panel", "app_version": "1.0", "os_name": "Linux"}
APP |= {"device_id": "panel-1", "device_name": "Panel", "manufacturer": "Example", "model": "Panel"}
APP |= {"os_version": "13", "app_data": {"push_token": "token", "push_url": "http://127.0.0.1:9/push"}}


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    http = {"server_host": ["127.0.0.1"], "server_port": port}
    for domain in ("homeassistant", "http", "mobile_app", "device_automation"):
        assert await async_setup_component(hass, domain, {"http": http})
    await hass.async_start()
    user = await hass.auth.async_create_user("Anna", group_ids=["system-admin"])
    refresh = await hass.auth.async_create_refresh_token(user, "http://example.org/")
    headers = {"Authorization": "Bearer " + hass.auth.async_create_access_token(refresh)}
    seen, letters = [], {}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        for turn in range(1, 5):
            async with client.post("/api/mobile_app/registrations", json=APP, headers=headers) as reply:
                status = reply.status
            await hass.async_block_till_done()
            (entry,) = hass.config_entries.async_entries("mobile_app")
            (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            entities = er.async_entries_for_device(er.async_get(hass), device.id)
            (entity,) = [e.entity_id for e in entities if e.domain == "notify"]
            letter = letters.setdefault(device.id, "ABCD"[len(letters)])
            action = {"device_id": next(iter(letters)), "domain": "mobile_app", "type": "notify", "message": "Hello"}
            try:
                await script.async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([action]))
                verdict = "accepted"
            except InvalidDeviceAutomationConfig:
                verdict = "refused"
            seen.append((status, letter, entity, verdict))
            print(f"registration {turn}: {status}, device {letter}, entity {entity}, a device action for A is {verdict}")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
expected = [(201, letter, "notify.panel", verdict) for letter, verdict in (("A", "accepted"), ("B", "refused"))]
sys.exit(asyncio.run(main()) != expected * 2)
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    PyNaCl numpy av PyTurboJPEG mutagen ha-ffmpeg hassil home-assistant-intents gazetteer-matcher
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done
