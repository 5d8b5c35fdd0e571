#!/usr/bin/env bash
# Home Assistant 2026.11.0: excluding entities from a target leaves their device in it.
#
# Targets may exclude something now. async_extract_referenced_entity_ids() takes the excluded
# entities out of what an area, floor or label leads to, and excluded devices out of the
# devices. A device whose entities are all excluded stays in referenced_devices. Who acts on
# devices, or lets one entity stand for its device, has to expand the exclude block himself, or
# acts on what the user has taken out.
#
# Seen, for an area with one device of two entities:
#   area without nothing: 2 entities, 1 devices
#   area without one entity: 1 entities, 1 devices
#   area without all its entities: 0 entities, 1 devices
#   area without its device: 0 entities, 0 devices
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/pip" -q --disable-pip-version-check install uv
export UV_SYSTEM_CERTS=1
if ! python=$(command -v python3.14); then
  export UV_PYTHON_INSTALL_DIR="$work/python"
  "$work/tools/bin/uv" -q python install --no-bin 3.14
  python=$("$work/tools/bin/uv" python find --managed-python 3.14)
fi
"$work/tools/bin/uv" -q venv --python "$python" "$work/venv"
VIRTUAL_ENV="$work/venv" "$work/tools/bin/uv" -q pip install homeassistant==2026.11.0
cat >"$work/see.py" <<'PYTHON'
import asyncio, sys, tempfile
from types import MappingProxyType

from homeassistant import config_entries, const, core
from homeassistant.helpers import (
    area_registry as ar, category_registry as cr, device_registry as dr, entity_registry as er,
    floor_registry as fr, label_registry as lr, target,
)


async def see():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    dr.async_setup(hass)
    for registry in (ar, cr, dr, er, fr, lr):
        await registry.async_load(hass)
    entry = config_entries.ConfigEntry(
        data={}, discovery_keys=MappingProxyType({}), domain="demo", minor_version=1, options={},
        source="user", subentries_data=[], title="Demo", unique_id=None, version=1,
    )
    hass.config_entries._entries[entry.entry_id] = entry
    office = ar.async_get(hass).async_create("Office")
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("demo", "phone")}, name="Phone"
    )
    dr.async_get(hass).async_update_device(device.id, area_id=office.id)
    entities = [
        er.async_get(hass).async_get_or_create(
            "sensor", "demo", key, config_entry=entry, device_id=device.id, suggested_object_id=key
        ).entity_id
        for key in ("call", "battery")
    ]
    seen = {}
    for what, excluded in (
        ("nothing", None),
        ("one entity", {"entity_id": entities[0]}),
        ("all its entities", {"entity_id": entities}),
        ("its device", {"device_id": device.id}),
    ):
        config = {"area_id": office.id} | ({"exclude": excluded} if excluded else {})
        found = target.async_extract_referenced_entity_ids(hass, target.TargetSelection(config))
        seen[what] = (len(found.indirectly_referenced), len(found.referenced_devices))
        print(f"area without {what}: {seen[what][0]} entities, {seen[what][1]} devices")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
seen = asyncio.run(see())
sys.exit(seen != {"nothing": (2, 1), "one entity": (1, 1), "all its entities": (0, 1), "its device": (0, 0)})
PYTHON
"$work/venv/bin/python" "$work/see.py"
