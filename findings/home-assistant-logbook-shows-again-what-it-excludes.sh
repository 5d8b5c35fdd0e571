#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: what `logbook: exclude:` takes out of Activity is there
# on the page of its entity, and an excluded domain comes back into Activity on the next reload.
#
# The filter is applied to a query for everything, not to one that names entities, as the page of
# an entity and a card make it: these show its states and the lines that name it. Within Activity
# there are two filters. Live lines are dropped by the entity they name and by their domain, lines
# from the database by the entity alone. So a line without an entity, of logbook.log or of an
# integration that puts a domain into its event, is hidden while somebody looks and shown when the
# page is opened again. `exclude: domains:` holds for what names an entity only.
#
# Seen, on both, with sensor.excluded and the domain doorbell excluded:
#   Activity, live: sensor.other changed
#   Activity, opened again: sensor.other changed, doorbell rang
#   page of sensor.excluded, live: sensor.excluded changed, sensor.excluded was noted
#   page of sensor.excluded, opened again: sensor.excluded changed, sensor.excluded was noted
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
import asyncio, datetime, logging, socket, sys, tempfile
import aiohttp
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.helpers import recorder
from homeassistant.setup import async_setup_component

logging.disable()
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
CONFIG = {
    "http": {"server_host": ["127.0.0.1"], "server_port": port},
    "logbook": {"exclude": {"entities": ["sensor.excluded"], "domains": ["doorbell"]}},
    "recorder": {"commit_interval": 0},
}
LINES = [
    {"name": "Button", "message": "rang", "domain": "doorbell"},
    {"name": "Excluded", "message": "was noted", "entity_id": "sensor.excluded"},
]
PAGES = {"Activity": {}, "page of sensor.excluded": {"entity_ids": ["sensor.excluded"]}}


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    recorder.async_initialize_recorder(hass)
    for domain in ("homeassistant", "recorder", "logbook"):
        assert await async_setup_component(hass, domain, CONFIG), domain
    await hass.async_start()
    try:
        return await see(hass)
    finally:
        await hass.async_stop(force=True)


async def see(hass):
    user = await hass.auth.async_create_user("Anna", group_ids=["system-admin"])
    refresh = await hass.auth.async_create_refresh_token(user, "http://example.org/")
    token = hass.auth.async_create_access_token(refresh)
    for name in ("excluded", "other"):
        hass.states.async_set(f"sensor.{name}", "1")
    await hass.async_block_till_done()
    start = datetime.datetime.now(datetime.UTC).isoformat()
    found = {(page, when): [] for page in PAGES for when in ("live", "opened again")}
    asked = {}

    async def listen(link, seconds):
        """Collect what the pages show until nothing has come for a time."""
        while True:
            try:
                message = await asyncio.wait_for(link.receive_json(), seconds)
            except TimeoutError:
                return
            for row in message.get("event", {}).get("events", []):
                what = row.get("entity_id") or row["domain"]
                found[asked[message["id"]]].append(f"{what} {row.get('message', 'changed')}")

    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"http://127.0.0.1:{port}/api/websocket") as link,
    ):
        await link.receive_json()
        await link.send_json({"type": "auth", "access_token": token})
        assert (await link.receive_json())["type"] == "auth_ok"
        for when in ("live", "opened again"):
            for page, narrow in PAGES.items():
                asked[len(asked) + 1] = page, when
                stream = {"id": len(asked), "type": "logbook/event_stream", "start_time": start}
                await link.send_json(stream | narrow)
            await listen(link, 4)
            if when == "live":
                for name in ("excluded", "other"):
                    hass.states.async_set(f"sensor.{name}", "2")
                for line in LINES:
                    await hass.services.async_call("logbook", "log", line, blocking=True)
                await listen(link, 4)
                await hass.async_block_till_done()
                await recorder.get_instance(hass).async_block_till_done()
    for (page, when), rows in found.items():
        print(f"{page}, {when}:", ", ".join(rows) or "nothing")
    return list(found.values())


print("Home Assistant", const.__version__)
other, rang = "sensor.other changed", "doorbell rang"
excluded = ["sensor.excluded changed", "sensor.excluded was noted"]
sys.exit(asyncio.run(main()) != [[other], [other, rang], excluded, excluded])
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    home-assistant-frontend SQLAlchemy fnv-hash-fast psutil-home-assistant
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done
