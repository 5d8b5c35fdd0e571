#!/usr/bin/env bash
# Home Assistant 2026.11.0: tools and prompt of a language model are asked for once in a
# conversation, no longer for each message.
#
# ChatLog.async_provide_llm_data() keeps the API's instance while agent, user, device and API
# stay the same, so that providers can cache the prompt. What an API leaves out of its tools
# because it is not there or not exposed at the moment stays away for the conversation, what it
# has offered stays offered, and a state that it puts into the prompt grows old. Only the
# call of a tool sees what is so now. (2026.10.4 asks for each of the four messages.)
#
# Seen:
#   message of anna: tools asked for 1 times so far, the prompt has 'state 1'
#   message of anna: tools asked for 1 times so far, the prompt has 'state 1'
#   message of anna: tools asked for 1 times so far, the prompt has 'state 1'
#   message of bruno: tools asked for 2 times so far, the prompt has 'state 2'
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
VIRTUAL_ENV="$work/venv" "$work/tools/bin/uv" -q pip install homeassistant==2026.11.0 gazetteer-matcher==1.1.0 hassil==3.12.1 home-assistant-intents==2026.10.27
cat >"$work/see.py" <<'PYTHON'
import asyncio, sys, tempfile

from homeassistant import auth, config_entries, const, core
from homeassistant.components.conversation import chat_log
from homeassistant.helpers import device_registry as dr, entity_registry as er, llm


class Tools(llm.API):
    """An API whose prompt and tools depend on what is so now."""

    asked = 0

    async def async_get_api_instance(self, llm_context):
        self.asked += 1
        return llm.APIInstance(self, f"state {self.asked}", llm_context, [])


async def see():
    hass = core.HomeAssistant(tempfile.mkdtemp())
    api = Tools(hass=hass, id="tools", name="Tools")
    llm.async_register_api(hass, api)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await hass.config_entries.async_initialize()
    dr.async_setup(hass)
    await dr.async_load(hass)
    await er.async_load(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    log = chat_log.ChatLog(hass, "conversation")
    seen = []
    for user in ("anna", "anna", "anna", "bruno"):
        context = llm.LLMContext(
            platform="test", context=core.Context(user_id=user), language="en", assistant="conversation",
            device_id=None, **({"agent_id": "agent"} if "agent_id" in llm.LLMContext.__dataclass_fields__ else {}),
        )
        await log.async_provide_llm_data(context, user_llm_hass_api="tools", user_llm_prompt="Hello")
        told = log.content[0].content.splitlines()
        seen.append((user, api.asked, next(line for line in told if line.startswith("state"))))
        print(f"message of {user}: tools asked for {api.asked} times so far, the prompt has '{seen[-1][2]}'")
    await hass.async_stop(force=True)
    return seen


print("Home Assistant", const.__version__)
seen = asyncio.run(see())
sys.exit([asked for _, asked, _ in seen] != [1, 1, 1, 2])
PYTHON
"$work/venv/bin/python" "$work/see.py"
