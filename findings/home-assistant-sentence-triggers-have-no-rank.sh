#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: sentences of automations have no rank. All that match run
# at once, unless one automation has two sentences that match: then the others may be left out.
#
# Of sentences for intents the best one is taken: the one with fewer wildcards and more words of
# its own. A conversation trigger takes whatever comes first. So "call back" runs the automation
# for "call back" and the one for "call {who}" as well (who is "back"), which no order or
# wording mends. Within one trigger the first sentence counts: with "call {who}" before "call
# {who} now", "call anna now" is for a person called "anna now". And the search ends at the
# second match of one trigger, so a sentence that is added to one automation, even one that says
# nothing new, can keep another from running.
#
# Seen, on both:
#   "call back": ["call {who}"] runs with 'back', ["call back"] runs
#   "call back": ["call {who}", "[please] call {who}"] runs with 'back', ["call back"] does not run
#   "call anna now": ["call {who}", "call {who} now"] runs with 'anna now'
#   "call anna now": ["call {who} now", "call {who}"] runs with 'anna'
#   as sentences for intents: "call back" is ["call back"], "call anna now" is for 'anna' in either order
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
import asyncio, json, logging, sys, tempfile
from hassil import Intents, recognize_best
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.setup import async_setup_component

logging.disable()
ASKED = [
    ("call back", ["call {who}"], ["call back"]),
    ("call back", ["call {who}", "[please] call {who}"], ["call back"]),
    ("call anna now", ["call {who}", "call {who} now"]),
    ("call anna now", ["call {who} now", "call {who}"]),
]


def automation(name, sentences):
    action = {"action": "test.ran", "data": {"name": name, "who": "{{ trigger.slots.who }}"}}
    trigger = {"trigger": "conversation", "command": sentences}
    return {"alias": name, "triggers": trigger, "actions": action}


async def ask(text, *automations):
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    ran = {}
    hass.services.async_register("test", "ran", lambda call: ran.update({call.data["name"]: call.data["who"]}))
    config = {"automation": [automation(json.dumps(sentences), sentences) for sentences in automations]}
    for domain in ("homeassistant", "conversation", "automation"):
        assert await async_setup_component(hass, domain, config)
    await hass.async_start()
    await hass.services.async_call("conversation", "process", {"text": text, "language": "en"}, blocking=True)
    await hass.async_block_till_done()
    await hass.async_stop(force=True)
    said = [ran.get(automation["alias"]) for automation in config["automation"]]
    words = {None: "does not run", "": "runs"}
    told = (f"{a['alias']} {words.get(who, f'runs with {who!r}')}" for a, who in zip(config["automation"], said))
    print(f'"{text}":', ", ".join(told))
    return said


def best(text, *intents):
    """Return what hassil, given the same sentences as intents, takes for the best one."""
    wildcard = {"who": {"wildcard": True}}
    data = {json.dumps(s): {"data": [{"sentences": s}]} for s in intents}
    found = recognize_best(text, Intents.from_dict({"language": "en", "lists": wildcard, "intents": data}))
    return found.intent.name, [entity.value.strip() for entity in found.entities_list]


async def main():
    return [await ask(*asked) for asked in ASKED]


print("Home Assistant", const.__version__)
seen = asyncio.run(main())
rank = [best(*asked) for asked in ASKED]
print(f'as sentences for intents: "call back" is {rank[0][0]}, "call anna now" is for {rank[2][1][0]!r} in either order')
triggers = [["back", ""], ["back", None], ["anna now"], ["anna"]]
sys.exit((seen, [r[1] for r in rank]) != (triggers, [[], [], ["anna"], ["anna"]]))
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    hassil home-assistant-intents gazetteer-matcher
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done
