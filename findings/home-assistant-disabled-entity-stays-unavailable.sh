#!/usr/bin/env bash
# Home Assistant 2026.10.4: an entity that is disabled while its entry is not loaded stays
# "unavailable" until the next restart, even once the entry is loaded again. 2026.11.0 mends it.
#
# An entity takes its own state away when it is disabled. While its entry is unloaded or waits to
# be set up there is no entity, only the state "unavailable" that stands for it, and until 2026.10
# this is taken away when the entity is removed or renamed, not when it is disabled. The next
# set-up does not add a disabled entity and leaves the state alone too. So who disables the
# entity of a device that is away, or an integration that disables entities of its own before it
# forwards its platforms, leaves a state to dashboards, templates and groups that belongs to
# nothing. An integration for both releases has to take it away itself.
#
# Seen, with three entries of `random` (A, B, C):
#   2026.10.4: all loaded: A there, B there, C there
#   2026.10.4: A disabled: A none, B there, C there
#   2026.10.4: all unloaded: A none, B unavailable, C unavailable
#   2026.10.4: B disabled, C removed: A none, B unavailable, C none
#   2026.10.4: all loaded again: A none, B unavailable, C there
#   2026.10.4: after a restart: A none, B none, C there
#   2026.11.0: the same, but B none as soon as it is disabled
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
import asyncio, logging, sys, tempfile
from types import MappingProxyType
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

logging.disable()
NAMES = ("A", "B", "C")
seen = []


async def start(config):
    hass = core.HomeAssistant(config)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    assert await async_setup_component(hass, "homeassistant", {})
    for entry in hass.config_entries.async_entries():
        if entry.state is config_entries.ConfigEntryState.NOT_LOADED:
            await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_start()
    return hass


async def look(hass, when):
    await hass.async_block_till_done()
    states = [hass.states.get(f"sensor.{name.lower()}") for name in NAMES]
    words = {None: "none", const.STATE_UNAVAILABLE: "unavailable"}
    seen.append([words.get(state and state.state, "there") for state in states])
    print(f"{const.__version__}: {when}:", ", ".join(f"{name} {what}" for name, what in zip(NAMES, seen[-1])))


async def main():
    config = tempfile.mkdtemp()
    hass = await start(config)
    registry = er.async_get(hass)
    entries = [
        config_entries.ConfigEntry(
            data={}, discovery_keys=MappingProxyType({}), domain="random", minor_version=1,
            options={"entity_type": "sensor", "name": name, "minimum": 0, "maximum": 9},
            source="user", subentries_data=[], title=name, unique_id=None, version=1,
        )
        for name in NAMES
    ]  # fmt: skip
    for entry in entries:
        await hass.config_entries.async_add(entry)
    await look(hass, "all loaded")
    registry.async_update_entity("sensor.a", disabled_by=er.RegistryEntryDisabler.USER)
    await look(hass, "A disabled")
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    await look(hass, "all unloaded")
    registry.async_update_entity("sensor.b", disabled_by=er.RegistryEntryDisabler.USER)
    registry.async_remove("sensor.c")
    await look(hass, "B disabled, C removed")
    for entry in entries:
        await hass.config_entries.async_setup(entry.entry_id)
    await look(hass, "all loaded again")
    await hass.async_stop(force=True)
    hass = await start(config)
    await look(hass, "after a restart")
    await hass.async_stop(force=True)


asyncio.run(main())
none, there, gone = "none", "there", "unavailable"
left = {"2026.10.4": gone, "2026.11.0": none}[const.__version__]
before = [[there, there, there], [none, there, there], [none, gone, gone]]
sys.exit(seen != [*before, [none, left, none], [none, left, there], [none, none, there]])
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  VIRTUAL_ENV="$work/$version" "$uv" -q pip install homeassistant==$version
  "$work/$version/bin/python" "$work/see.py"
done
