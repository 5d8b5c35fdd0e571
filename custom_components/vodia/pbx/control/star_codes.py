"""Star codes: what the PBX takes for a command when it is dialed."""

import re
from typing import Any, Final

from ..errors import AccessOffError, UnexpectedReplyError
from ..wire.fields import as_text
from .port import CommandPort

# The code of a new tenant, and the name of its setting (70.3 catalogue).
_RETRIEVE: Final = "*86"
_RETRIEVE_SETTING: Final = "code_retrieve"
_CODE: Final = re.compile(r"[0-9*#]{0,8}", re.ASCII)
# How deep a setting may be in a reply of unknown shape.
_DEPTH: Final = 4


async def read_retrieve_code(port: CommandPort) -> str:
    """Return the code that is dialed before the number of an orbit to retrieve from it.

    The codes are at `starcodes` (70.3 catalogue, shape unknown); where they are not, the
    code is that of a new tenant. It is empty where the tenant has none: then the orbit is
    dialed alone. Raises an error of the network.
    """
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
