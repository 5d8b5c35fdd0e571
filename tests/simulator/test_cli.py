"""Test the command line."""

import asyncio
import json
import signal
import sys

import aiohttp
import pytest

from tests.support.repository import ROOT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_runs_until_it_is_told_to_end(number: int) -> None:
    """The command tells how to use it and ends cleanly."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--profile", "classic", "--port", "0"),
        *("--control-port", "0", "--life", "--accounts", "40", "--tls"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode() for _ in range(4)]
        assert "(classic) listens at https://127.0.0.1:" in lines[0]
        assert "password 45-secret" in lines[1]
        url, body = lines[2].split()[5], lines[2].split("'")[1]
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, json=json.loads(body)) as response,
        ):
            assert "call" in await response.json()
        process.send_signal(number)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
