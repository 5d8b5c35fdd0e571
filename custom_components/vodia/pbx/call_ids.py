"""The ids of calls that the PBX lists without one: we make them of what stays the same."""

from typing import Final

# Begins an id that we made; alone it is that of a call of which nothing is known.
NO_ID: Final = "?"


def make_call_id(caller: str | None, callee: str | None, started: float | None) -> str:
    """Return the id for a call without one, of the parties' numbers and the start."""
    return f"{NO_ID}{caller}|{callee}|{started}"


def has_own_id(call_id: str) -> bool:
    """Return whether a call has its id from the PBX, which takes it in commands."""
    return not call_id.startswith(NO_ID)


def without_numbers(call_id: str) -> str:
    """Return the id of a call without the numbers of the parties in one that we made."""
    if has_own_id(call_id):
        return call_id
    return NO_ID + call_id.removeprefix(NO_ID).rpartition("|")[2]
