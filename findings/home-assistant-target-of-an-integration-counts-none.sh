#!/usr/bin/env bash
# Home Assistant's frontend 20260930.5 (in 2026.10.4) and 20261028.4 (in 2026.11.0): the row of
# an automation says "Kitchen (0)" for a target that has entities, wherever the description of
# the trigger, condition or action filters by integration.
#
# A trigger of an integration whose triggers are about its own entities of several domains says
# `target: {entity: {integration: demo}}` in its triggers.yaml. The picker offers the right
# entities, and the trigger works. But the closed row counts without being told which integration
# an entity is of (the "entity sources", which the picker loads): no entity fits, and it shows
# "(0)", as if nothing were chosen. With domains alone it counts, but the picker then offers the
# entities of all integrations. A device filter is no way out: 20260930.5 ignores its integration
# in the count, so the lamp beside the phone counts as well; 20261028.4 counts rightly, but the
# picker offers all entities, and the core, which reads entity filters only, offers the trigger
# for every target in the house. There is no filter with which all of it is right.
#
# Run here: the functions of the released frontend, as they were built, on a house with two
# entities of the integration at one device and a lamp of another one. Needs node (20 or newer).
#
# Seen with 20260930.5:
#   {"entity":[{"domain":["sensor","light"]}]}: phone (2), lamp (1), 3 entities offered
#   {"entity":[{"integration":"demo"}]}: phone (0), lamp (0), 2 entities offered
#   {"entity":[{"integration":"demo","domain":["sensor","light"]}]}: phone (0), lamp (0), 2 entities offered
#   {"device":[{"integration":"demo"}]}: phone (2), lamp (1), 3 entities offered
# Seen with 20261028.4: the same, but for the last:
#   {"device":[{"integration":"demo"}]}: phone (2), lamp (0), 3 entities offered
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work"
python3 -m venv "$work/tools"
cat >"$work/see.mjs" <<'JAVASCRIPT'
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

// The chunks hold the frontend's modules as functions by number, and so does what starts it.
const folder = process.argv[2];
const names = readdirSync(folder);
const text = readFileSync(`${folder}/${names.find((name) => /^app\..*\.js$/.test(name))}`, "utf8");
const end = text.search(/,\w=\{\};function \w\(\w\)\{var \w=\w\[\w\];if\(void 0!==/);
const begun = `export const __webpack_modules__${text.slice(text.indexOf("={"), end)};`;
writeFileSync(`${folder}/0.js`, begun);
const modules = {};
for (const name of ["0.js", ...names.filter((name) => /^\d.*\.js$/.test(name))])
  Object.assign(modules, (await import(`${folder}/${name}`)).__webpack_modules__);
const find = (...words) =>
  Object.keys(modules).find((id) => words.every((word) => String(modules[id]).includes(word)));
const row = find("_countMatchingEntities", "_renderCount");
const filters = find("supported_features:", "unit_of_measurement:", "manufacturer:", "integration:");

// What draws is replaced by something that takes everything; what counts and filters is real.
let Row;
const anything = new Proxy(function () {}, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => "" : key === "prototype" ? {} : anything),
  apply: (_, __, given) => {
    Row = given.flat().find((one) => one?.prototype?._countMatchingEntities) ?? Row;
    return anything;
  },
});
const loaded = {};
function load(id) {
  if (!modules[id]) return anything;
  if (loaded[id]) return loaded[id].exports;
  const module = (loaded[id] = { exports: {} });
  const need = (other) => (id === row && String(other) !== filters ? anything : load(String(other)));
  need.g = globalThis;
  need.d = (to, getters, values = {}) => {
    for (const [key, get] of Object.entries(getters)) Object.defineProperty(to, key, { get });
    Object.assign(to, values);
  };
  need.a = (_, body) => body((parts) => parts, (error) => error && console.error(error.message));
  modules[id].call(module.exports, module, module.exports, need);
  return module.exports;
}
load(row);
await new Promise(setImmediate);
const meets = load(filters)[String(modules[row]).match(/_states\[\w\];if\(!\(0,\w+\.(\w+)\)/)[1]];

const phone = ["sensor.call", "light.dnd"], lamp = ["light.lamp"];
const states = {}, entities = {}, devices = {}, sources = {};
for (const [device_id, ids, domain] of [["phone", phone, "demo"], ["lamp", lamp, "other"]]) {
  devices[device_id] = { id: device_id };
  for (const entity_id of ids) {
    states[entity_id] = { entity_id, state: "on", attributes: {} };
    entities[entity_id] = { entity_id, device_id, platform: domain };
    sources[entity_id] = { domain };
  }
}
const seen = [
  { entity: [{ domain: ["sensor", "light"] }] },
  { entity: [{ integration: "demo" }] },
  { entity: [{ integration: "demo", domain: ["sensor", "light"] }] },
  { device: [{ integration: "demo" }] },
].map((target) => {
  const shown = Object.create(Row.prototype);
  for (const [key, value] of Object.entries({
    selector: { target }, _states: states, _registries: { entities, devices },
  })) Object.defineProperty(shown, key, { value });
  const [first, second] = [phone, lamp].map((ids) => shown._countMatchingEntities(ids));
  const offered = Object.values(states).filter((state) => meets(state, { target }, sources)).length;
  console.log(`${JSON.stringify(target)}: phone (${first}), lamp (${second}), ${offered} entities offered`);
  return [first, second, offered];
});
process.exit(JSON.stringify(seen) === process.argv[3] ? 0 : 1);
JAVASCRIPT
see() {
  "$work/tools/bin/pip" -q --disable-pip-version-check download --no-deps -d "$work" \
    --python-version 3.14 --only-binary :all: home-assistant-frontend==$1
  python3 -m zipfile -e "$work"/home_assistant_frontend-$1-*.whl "$work/$1"
  echo '{"type": "module"}' >"$work/$1/package.json"
  echo "frontend $1"
  node "$work/see.mjs" "$work/$1/hass_frontend/frontend_latest" "$2"
}
see 20260930.5 '[[2,1,3],[0,0,2],[0,0,2],[2,1,3]]'
see 20261028.4 '[[2,1,3],[0,0,2],[0,0,2],[2,0,3]]'
