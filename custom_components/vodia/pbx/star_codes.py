"""What is dialed to have the PBX do something: the codes of the tenant."""

import re
from typing import Any, Final

from .errors import AccessOffError, UnexpectedReplyError
from .fields import as_text
from .ledger import Ledger
from .session import Session

# The code of a new tenant, and the name of its setting (70.3 catalogue).
_RETRIEVE: Final = "*86"
_RETRIEVE_SETTING: Final = "code_retrieve"
_CODE: Final = re.compile(r"[0-9*#]{0,8}", re.ASCII)
# How deep a setting may be in a reply whose shape nobody knows.
_DEPTH: Final = 4


async def read_retrieve_code(session: Session, ledger: Ledger) -> str:
    """Return what is dialed before the number of an orbit to retrieve from it.

    The codes are told at `starcodes` (70.3 catalogue, shape unknown); where they are not,
    it is that of a new tenant. It is empty where the tenant has none: then the orbit is
    dialed alone. Raises an error of the network.
    """
    try:
        told = (await session.request("GET", session.path("starcodes"))).json()
    except AccessOffError, UnexpectedReplyError:
        return _RETRIEVE
    ledger.sample("starcodes", told)
    code = _find(told, _DEPTH)
    return code if code is not None and _CODE.fullmatch(code) else _RETRIEVE


def _find(told: Any, depth: int) -> str | None:
    """Return the value of the setting in a reply: by its name, or beside it."""
    if isinstance(told, dict):
        found = told.get(_RETRIEVE_SETTING)
        if found is None and _RETRIEVE_SETTING in told.values():
            found = next((told[key] for key in ("value", "code") if key in told), None)
        if isinstance(found, dict):
            found = found.get("value")
        if (text := as_text(found)) is not None:
            return text.strip()
        told = list(told.values())
    if isinstance(told, list) and depth:
        return next(
            (code for part in told if (code := _find(part, depth - 1)) is not None),
            None,
        )
    return None
