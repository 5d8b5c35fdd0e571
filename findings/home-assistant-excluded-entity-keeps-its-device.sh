#!/usr/bin/env bash
# Home Assistant 2026.11.0: what a target excludes by entity is still in it by device.
#
# Targets have an `exclude` block since 2026.11. async_extract_referenced_entity_ids, which
# actions, triggers and conditions of integrations call, answers with entities and with devices
# (referenced_devices). An excluded device or area leaves both. An excluded entity leaves the
# entities only, even where it is the one entity that its device has: who acts by devices (one
# call for each device, and not one for each entity) acts on what the user has taken out, while
# the action beside it that works by entities does not. Who acts by devices has to resolve the
# exclude block again and decide for itself.
#
# Seen:
#   the room: entities light.lamp, light.strip; devices lamp, strip
#   the room, exclude the device of light.lamp: entities light.strip; devices strip
#   the room, exclude light.lamp: entities light.strip; devices lamp, strip
#   the device of light.lamp, exclude light.lamp: entities none; devices lamp
#   the device of light.lamp, exclude the room: entities none; devices none
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
"$uv" -q venv --python "$python" "$work/venv"
VIRTUAL_ENV="$work/venv" "$uv" -q pip install homeassistant==2026.11.0
cat >"$work/see.py" <<'PYTHON'
import asyncio, sys, tempfile, types
import probatio
from homeassistant import bootstrap, config_entries, const, core, loader
from homeassistant.helpers import area_registry as ar, config_validation as cv
from homeassistant.helpers import device_registry as dr, entity_registry as er, target


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    entry = config_entries.ConfigEntry(
        data={}, discovery_keys=types.MappingProxyType({}), domain="hue", minor_version=1, options={},
        source="user", subentries_data=[], title="Hue", unique_id=None, version=1,
    )  # fmt: skip
    hass.config_entries._entries[entry.entry_id] = entry
    room = ar.async_get(hass).async_create("Room").id
    devices = {}
    for name in ("lamp", "strip"):
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("hue", name)}, name=name
        )
        dr.async_get(hass).async_update_device(device.id, area_id=room)
        er.async_get(hass).async_get_or_create(
            "light", "hue", name, device_id=device.id, config_entry=entry, suggested_object_id=name
        )
        devices[device.id] = name
    lamp = next(iter(devices))
    seen = []
    for title, chosen in (
        ("the room", {"area_id": room}),
        ("the room, exclude the device of light.lamp", {"area_id": room, "exclude": {"device_id": lamp}}),
        ("the room, exclude light.lamp", {"area_id": room, "exclude": {"entity_id": "light.lamp"}}),
        ("the device of light.lamp, exclude light.lamp", {"device_id": lamp, "exclude": {"entity_id": "light.lamp"}}),
        ("the device of light.lamp, exclude the room", {"device_id": lamp, "exclude": {"area_id": room}}),
    ):
        selection = target.TargetSelection(probatio.Schema(cv.TARGET_FIELDS)(chosen))
        found = target.async_extract_referenced_entity_ids(hass, selection)
        entities = ", ".join(sorted(found.referenced | found.indirectly_referenced)) or "none"
        referenced = ", ".join(sorted(devices[one] for one in found.referenced_devices)) or "none"
        seen.append((entities, referenced))
        print(f"{title}: entities {entities}; devices {referenced}")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
both, one, none = ("light.lamp, light.strip", "lamp, strip"), ("light.strip", "strip"), ("none", "none")
sys.exit(asyncio.run(main()) != [both, one, ("light.strip", "lamp, strip"), ("none", "lamp"), none])
PYTHON
"$work/venv/bin/python" "$work/see.py"
