#!/usr/bin/env bash
# Home Assistant 2026.11.0: a conversation_id of one's own serves one user, and all others get
# the answer "Unauthorized", said aloud, while the action succeeds.
#
# conversation.process takes any text as conversation_id, to go on with a conversation; an
# automation or a panel that gives a fixed one per room worked for everybody until 2026.10. Now
# the user of the first call owns the conversation until it has been silent for five minutes.
# The call of anybody else, of an automation (no user) too, raises nothing: the response is of
# type error with the code "unknown", and its speech is the one English word, whatever the
# language. A caller that speaks the answer speaks that.
#
# Seen ("wie spät ist es" in German):
#   2026.10.4: fixed id: Anna action_done, Ben action_done, automation action_done, Anna action_done
#   2026.10.4: no id: Anna action_done, Ben action_done, automation action_done, Anna action_done
#   2026.11.0: fixed id: Anna action_done, Ben error (Unauthorized), automation error (Unauthorized), Anna action_done
#   2026.11.0: no id: Anna action_done, Ben action_done, automation action_done, Anna action_done
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
from homeassistant import auth, bootstrap, config_entries, const, core, loader
from homeassistant.setup import async_setup_component

logging.disable()
QUESTION = {"text": "wie spät ist es", "language": "de"}


async def main():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    for domain in ("homeassistant", "conversation", "intent"):
        assert await async_setup_component(hass, domain, {})
    await hass.async_start()
    users = {"automation": None}
    for name in ("Anna", "Ben"):
        users[name] = (await hass.auth.async_create_user(name, group_ids=["system-users"])).id
    seen = []
    for title, fixed in (("fixed id", {"conversation_id": "hall"}), ("no id", {})):
        said = []
        for name in ("Anna", "Ben", "automation", "Anna"):
            answer = await hass.services.async_call(
                "conversation", "process", QUESTION | fixed,
                blocking=True, return_response=True, context=core.Context(user_id=users[name]),
            )  # fmt: skip
            response = answer["response"]
            speech = response["speech"]["plain"]["speech"]
            kind = response["response_type"]
            said.append(f"{name} {kind}" + (f" ({speech})" if kind == "error" else ""))
        seen.append(", ".join(said))
        print(f"{const.__version__}: {title}: {seen[-1]}")
    await hass.async_stop(force=True)
    return seen


ends = {"2026.10.4": "action_done", "2026.11.0": "error (Unauthorized)"}
fixed, free = [
    f"Anna action_done, Ben {other}, automation {other}, Anna action_done"
    for other in (ends[const.__version__], "action_done")
]
sys.exit(asyncio.run(main()) != [fixed, free])
PYTHON
for version in 2026.10.4 2026.11.0; do
  "$uv" -q venv --python "$python" "$work/$version"
  export VIRTUAL_ENV="$work/$version"
  "$uv" -q pip install homeassistant==$version
  "$uv" -q pip install -c "$VIRTUAL_ENV"/lib/python*/site-packages/homeassistant/package_constraints.txt \
    hassil home-assistant-intents gazetteer-matcher
  "$VIRTUAL_ENV/bin/python" "$work/see.py"
done
