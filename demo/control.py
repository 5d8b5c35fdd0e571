"""The control API of the simulated PBX."""

from typing import Any

import aiohttp

from .client import Json

CALLER, CALLER_NAME = "+4930123456", "Anna Meyer"
SECOND_CALLER, SECOND_NAME = "+33155501777", "Boulangerie Petit"


class Control:
    """The control API of the simulated PBX."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        """Talk to the control API at an URL."""
        self._http = http
        self._url = url

    async def do(self, verb: str, **body: Any) -> Json:
        """Let something happen in the PBX."""
        async with self._http.post(f"{self._url}/{verb}", json=body) as response:
            reply: Json = await response.json()
        assert response.ok, f"the PBX refuses {verb}: {reply}"
        return reply

    async def ring(self, to: str, caller: str = CALLER, name: str = CALLER_NAME) -> str:
        """Let somebody call; return the id of the call."""
        rung = await self.do("ring", **{"from": caller, "to": to, "name": name})
        call: str = rung["call"]
        return call

    async def calls(self) -> dict[str, Json]:
        """Return the calls that there really are, by their id."""
        return {call["id"]: call for call in (await self._state())["calls"]}

    async def stages(self) -> dict[str, str]:
        """Return how far each call really is, by its id."""
        return {
            call_id: call["stage"] for call_id, call in (await self.calls()).items()
        }

    async def account(self, number: str) -> Json:
        """Return how an account really is."""
        accounts: list[Json] = (await self._state())["accounts"]
        return next(account for account in accounts if account["number"] == number)

    async def rest(self) -> None:
        """End all calls."""
        for call in await self.calls():
            await self.do("hang_up", call=call)

    async def _state(self) -> Json:
        """Return all that the PBX holds."""
        async with self._http.get(f"{self._url}/state") as response:
            state: Json = await response.json()
            return state
