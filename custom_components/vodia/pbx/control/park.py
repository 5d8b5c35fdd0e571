"""Park orbits: to send a call to one, and to get it back from there."""

from ..errors import (
    NoOrbitError,
    OrbitEmptyError,
    OrbitOccupiedError,
    SeveralOrbitsError,
    UnknownOrbitError,
)
from ..models import IN_CALL, AccountCall
from ..number_matching import same_number
from ..numbering import dialable
from ..state.tenant import TenantState
from .executor import begin
from .port import CommandPort
from .routing import dial, transfer
from .selector import CallSelector, own_calls
from .star_codes import star_code


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
        code = await star_code(executor, "code_retrieve")
        return await dial(executor, f"{code}{number}", retrieved)


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
