#!/usr/bin/env bash
# Home Assistant 2026.11.0: /api/onboarding tells that all is done until the next restart, and
# is 404 from then on.
#
# It answers without a token in a new instance, so a script that makes one (for tests, a demo, a
# container) asks there whether Home Assistant is up. While that instance runs it goes on
# answering, with all steps done. After a restart its views are not registered at all: who asks
# the same question of the same instance again waits for ever. So "is it set up?" has two answers
# for yes, and the second one is "there is no such thing". /manifest.json, of the frontend, tells
# in both whether it is up.
#
# Seen:
#   first run: /api/onboarding 200, 0 of 4 steps done
#   first run, all steps made: /api/onboarding 200, 4 of 4 steps done
#   second run: /manifest.json 200, /api/onboarding 404, 5 s later 404
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
export VIRTUAL_ENV="$work/venv"
"$uv" -q pip install homeassistant==2026.11.0 home-assistant-frontend==20261028.4
cat >"$work/see.py" <<'PYTHON'
import asyncio, contextlib, pathlib, socket, subprocess, sys, tempfile
import aiohttp

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
url = f"http://127.0.0.1:{port}"
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "configuration.yaml").write_text(f"http:\n  server_host: 127.0.0.1\n  server_port: {port}\n")


async def ask(client, path):
    async with client.get(url + path) as reply:
        return reply.status, await reply.json(content_type=None) if reply.ok else []


@contextlib.asynccontextmanager
async def running(client, path):
    """Run Home Assistant in a process of its own, from when it answers at this path."""
    command = [sys.executable, "-m", "homeassistant", "--skip-pip", "-c", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(180):
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    if (await ask(client, path))[0] == 200:
                        break
                await asyncio.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


async def onboard(client):
    me = url + "/"
    person = {"name": "Anna", "username": "anna", "password": "correct horse", "language": "en", "client_id": me}
    async with client.post(url + "/api/onboarding/users", json=person) as reply:
        code = (await reply.json())["auth_code"]
    grant = {"grant_type": "authorization_code", "code": code, "client_id": me}
    async with client.post(url + "/auth/token", data=grant) as reply:
        headers = {"Authorization": "Bearer " + (await reply.json())["access_token"]}
    for step, body in (("core_config", None), ("analytics", None), ("integration", {"client_id": me, "redirect_uri": me})):
        async with client.post(f"{url}/api/onboarding/{step}", json=body, headers=headers) as reply:
            reply.raise_for_status()


async def main():
    seen = []
    async with aiohttp.ClientSession() as client:
        async with running(client, "/api/onboarding"):
            for when in ("first run", "first run, all steps made"):
                status, steps = await ask(client, "/api/onboarding")
                seen.append((status, sum(step["done"] for step in steps), len(steps)))
                print(f"{when}: /api/onboarding {status}, {seen[-1][1]} of {len(steps)} steps done")
                if len(seen) == 1:
                    await onboard(client)
        async with running(client, "/manifest.json"):
            up, first = [(await ask(client, path))[0] for path in ("/manifest.json", "/api/onboarding")]
            await asyncio.sleep(5)
            later, _ = await ask(client, "/api/onboarding")
            print(f"second run: /manifest.json {up}, /api/onboarding {first}, 5 s later {later}")
    return [*seen, up, first, later]


sys.exit(asyncio.run(main()) != [(200, 0, 4), (200, 4, 4), 200, 404, 404])
PYTHON
"$work/venv/bin/python" "$work/see.py"
