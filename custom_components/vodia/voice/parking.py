"""Parking: a call is sent to a park orbit, and taken back from there."""

from ..pbx.control.selector import FITS
from ..pbx.errors import InvalidNumberError, OrbitEmptyError
from .assistant import async_carry_out
from .names import number_in_words, spoken_number
from .phones import CALL_GATE, Phone, Requester
from .replies import Reply, phone_call_data
from .speech import Phrase, SpokenError


async def async_park(
    requester: Requester, orbit: str | None = None, phone: str | None = None
) -> Reply:
    """Park the call of a line: in the orbit that is named, else in the first free one."""
    line = requester.line(CALL_GATE, phone, FITS["park"])
    number = _named_orbit(orbit) or next(iter(_orbits(line, in_use=False)), None)
    await async_carry_out(line.login.control.park(number))
    if number is None:
        return Reply((Phrase("parked"),))
    return Reply((Phrase("parked_at", {"orbit": number}),), {"orbit": number})


async def async_retrieve(
    requester: Requester, orbit: str | None = None, phone: str | None = None
) -> Reply:
    """Get a parked call back to a line; of several the orbit has to be named."""
    line = requester.line(CALL_GATE, phone)
    number = _named_orbit(orbit)
    occupied = _orbits(line, in_use=True)
    if number is None and len(occupied) > 1:
        raise SpokenError("which_orbit", orbits=occupied)
    try:
        call = await async_carry_out(line.login.control.retrieve(number))
    except SpokenError as err:
        if err.phrase.key == OrbitEmptyError.key and number is None:
            raise SpokenError("nothing_parked") from err
        raise
    return Reply((Phrase("retrieving"),), {"call": phone_call_data(line, call)})


def orbit_in(line: Phone, said: str) -> str | None:
    """Return the park orbit that was said instead of a name; None if it is none."""
    try:
        number = _named_orbit(said)
    except SpokenError:
        return None
    return number if number in line.coordinator.client.tenant.orbits else None


def _named_orbit(orbit: str | None) -> str | None:
    """Return the orbit that was said."""
    if not orbit or not orbit.strip():
        return None
    try:
        return spoken_number(orbit) or number_in_words(orbit) or orbit.strip()
    except InvalidNumberError as err:
        raise SpokenError("cannot_call") from err


def _orbits(line: Phone, *, in_use: bool) -> list[str]:
    """Return the orbits that have a call, or have none, as far as the PBX tells."""
    orbits = line.coordinator.client.tenant.orbits
    return sorted(n for n, orbit in orbits.items() if orbit.in_use is in_use)
