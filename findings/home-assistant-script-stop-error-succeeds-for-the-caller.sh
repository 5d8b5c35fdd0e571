#!/usr/bin/env bash
# Home Assistant 2026.10.4 and 2026.11.0: a script that ends with `stop` and `error: true` has
# succeeded for who called it, and answers a question for its response with an empty one.
#
# The option marks the run as failed, and within the script it ends the run from any depth. But
# script.NAME returns as if all were well: no error for a caller over the API, and the script or
# automation that called it goes on with its next step, with {} where it asked for a response.
# An action that fails in the same place raises through all callers. So a script cannot refuse:
# whoever needs that lets an action fail, or puts the verdict into the response. (Open as issue
# 104130 of home-assistant/core since 2023.)
#
# Seen, on both:
#   called over the API: stop returns None, failing action raises HomeAssistantError
#   called for a response: stop returns {}, failing action raises HomeAssistantError
#   called by a script: stop: its next step runs, with {} as the response
#   called by a script: failing action: its next step does not run
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
from homeassistant import bootstrap, config_entries, const, core, loader
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

logging.disable()
ENDS = {"stop": {"stop": "Nobody is there", "error": True}, "failing action": {"action": "test.fail"}}


def caller(name):
    call = {"action": f"script.{name}", "response_variable": "answer"}
    return {"sequence": [call, {"action": "test.next", "data": {"answer": "{{ answer }}"}}]}


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    reached = []

    async def fail(call):
        raise HomeAssistantError("Nobody is there")

    hass.services.async_register("test", "fail", fail)
    hass.services.async_register("test", "next", lambda call: reached.append(call.data["answer"]))
    scripts = {name.replace(" ", "_"): {"sequence": [end]} for name, end in ENDS.items()}
    scripts |= {f"calls_{name}": caller(name) for name in list(scripts)}
    for domain in ("homeassistant", "script"):
        assert await async_setup_component(hass, domain, {"script": scripts})
    await hass.async_start()

    async def call(name, **how):
        try:
            found = await hass.services.async_call("script", name.replace(" ", "_"), blocking=True, **how)
        except HomeAssistantError as err:
            return f"raises {type(err).__name__}"
        return f"returns {found}"

    seen = []
    for title, how in (("over the API", {}), ("for a response", {"return_response": True})):
        seen.append([await call(name, **how) for name in ENDS])
        print(f"called {title}:", ", ".join(f"{name} {said}" for name, said in zip(ENDS, seen[-1])))
    for name in ENDS:
        reached.clear()
        await call(f"calls {name}")
        await hass.async_block_till_done()
        seen.append(list(reached))
        after = f"runs, with {reached[0]} as the response" if reached else "does not run"
        print(f"called by a script: {name}: its next step {after}")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
raises = "raises HomeAssistantError"
sys.exit(asyncio.run(main()) != [["returns None", raises], ["returns {}", raises], [{}], []])
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  VIRTUAL_ENV="$work/$version" "$uv" -q pip install homeassistant==$version
  "$work/$version/bin/python" "$work/see.py"
done
