"""Park orbits: to send a call to one, and to get it back from there."""

import re
from typing import Any, Final

from ..errors import (
    AccessOffError,
    NoOrbitError,
    OrbitEmptyError,
    OrbitOccupiedError,
    SeveralOrbitsError,
    UnexpectedReplyError,
    UnknownOrbitError,
)
from ..models import IN_CALL, AccountCall
from ..number_matching import same_number
from ..numbering import dialable
from ..state.tenant import TenantState
from ..wire.fields import as_text
from .executor import begin
from .port import CommandPort
from .routing import dial, transfer
from .selector import CallSelector, own_calls

# The code of a new tenant, and the name of its setting (70.3 catalogue).
_RETRIEVE: Final = "*86"
_RETRIEVE_SETTING: Final = "code_retrieve"
_CODE: Final = re.compile(r"[0-9*#]{0,8}", re.ASCII)
# How deep a setting may be in a reply of unknown shape.
_DEPTH: Final = 4


async def park(port: CommandPort, orbit: str | None, selector: CallSelector) -> None:
    """Send a call to an orbit; done when it is there, where that can be seen."""
    number = _select_orbit(port, orbit, occupied=False)
    primary = port.primary
    async with begin(port, "park") as executor:
        call = await transfer(executor, number, selector)

        def is_parked(state: TenantState) -> bool | None:
            """Return True once the call is in the orbit, or where that is not known."""
            group = state.orbits.get(number)
            if group is None or group.in_use is None:
                return True
            parked = group.calls
            same = not parked or any(_may_be_same(state, call, p) for p in parked)
            return True if group.in_use and same else None

        primary.refresh_orbits()
        await primary.wait_for(is_parked, executor.until)


async def retrieve(port: CommandPort, orbit: str | None) -> AccountCall:
    """Dial the code to retrieve from an orbit, with its number behind the code.

    Return the call that is dialed, or the parked one if the line has it.
    """
    number = _select_orbit(port, orbit, occupied=True)
    parked = port.primary.live_state.orbits[number].calls
    before = {call.id for call in own_calls(port.live_state)}

    def retrieved(state: TenantState) -> AccountCall | None:
        """Return the parked call once the line is in it."""
        return next(
            (
                call
                for call in own_calls(state)
                if call.state in IN_CALL
                and call.id not in before
                and any(_may_be_same(state, call, other) for other in parked)
            ),
            None,
        )

    async with begin(port, "retrieve") as executor:
        offer = port.capabilities
        if offer.retrieve_code is None:
            async with executor.in_time():
                offer.retrieve_code = await _read_retrieve_code(port)
        return await dial(executor, f"{offer.retrieve_code}{number}", retrieved)


def _select_orbit(port: CommandPort, number: str | None, *, occupied: bool) -> str:
    """Return the orbit that is meant: by its number, or the only one that fits."""
    orbits = port.primary.live_state.orbits
    if not orbits:
        raise NoOrbitError("no orbits")
    if number is not None:
        number = dialable(number, port.listed_accounts)
        if number not in orbits:
            raise UnknownOrbitError(
                "no such orbit", orbit=number, orbits=", ".join(sorted(orbits))
            )
        orbits = {number: orbits[number]}
    fitting = [n for n, orbit in orbits.items() if orbit.in_use is occupied]
    if len(fitting) == 1:
        return fitting[0]
    unknown = [n for n, orbit in orbits.items() if orbit.in_use is None]
    if len(orbits) == len(unknown) == 1:
        return unknown[0]
    if fitting or unknown:
        raise SeveralOrbitsError("several orbits", orbits=", ".join(sorted(orbits)))
    error = OrbitEmptyError if occupied else OrbitOccupiedError
    raise error("no orbit fits", orbits=", ".join(sorted(orbits)))


def _may_be_same(state: TenantState, call: AccountCall, other: AccountCall) -> bool:
    """Return whether two accounts have the same call, perhaps under another id."""
    return call.id == other.id or same_number(
        call.remote.number, other.remote.number, state.country
    )


async def _read_retrieve_code(port: CommandPort) -> str:
    """Return the code that is dialed before the number of an orbit to retrieve from it."""
    # The codes are at `starcodes` (70.3 catalogue, shape unknown); where they are not,
    # the code is that of a new tenant. It is empty where the tenant has none: then the
    # orbit is dialed alone. Raises an error of the network.
    try:
        codes = (await port.request("GET", "starcodes")).json()
    except AccessOffError, UnexpectedReplyError:
        return _RETRIEVE
    port.trace.sample("starcodes", codes)
    code = _find(codes, _DEPTH)
    return code if code is not None and _CODE.fullmatch(code) else _RETRIEVE


def _find(reply: Any, depth: int) -> str | None:
    """Return the value of the setting in a reply: by its name, or next to its name."""
    if isinstance(reply, dict):
        found = reply.get(_RETRIEVE_SETTING)
        if found is None and _RETRIEVE_SETTING in reply.values():
            found = next(
                (reply[key] for key in ("value", "code") if key in reply), None
            )
        if isinstance(found, dict):
            found = found.get("value")
        if (text := as_text(found)) is not None:
            return text.strip()
        reply = list(reply.values())
    if isinstance(reply, list) and depth:
        return next(
            (code for part in reply if (code := _find(part, depth - 1)) is not None),
            None,
        )
    return None
