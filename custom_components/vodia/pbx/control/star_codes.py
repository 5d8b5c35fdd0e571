"""Star codes: what is dialed before a number, to have the PBX do something with it."""

import re
from typing import Any, Final

from ..errors import AccessOffError, UnexpectedReplyError
from ..wire.fields import as_text
from .executor import Executor

# The codes of a new tenant, by the names of their settings (70.3 catalogue).
_DEFAULTS: Final = {"code_retrieve": "*86", "code_pickup": "*87"}
_CODE: Final = re.compile(r"[0-9*#]{0,8}", re.ASCII)
# How deep a setting may be in a reply of unknown shape.
_DEPTH: Final = 4


async def star_code(executor: Executor, setting: str) -> str:
    """Return the code of a setting of the tenant; empty where the tenant has none.

    The codes are at `starcodes` (70.3 catalogue, shape unknown); where they are not, the
    code is that of a new tenant. Raises an error of the network.
    """
    port, default = executor.port, _DEFAULTS[setting]
    known = port.capabilities.star_codes
    if setting not in known:
        try:
            async with executor.in_time():
                codes = (await port.request("GET", "starcodes")).json()
        except AccessOffError, UnexpectedReplyError:
            known[setting] = default
        else:
            port.trace.sample("starcodes", codes)
            code = _find(codes, setting, _DEPTH)
            usable = code is not None and _CODE.fullmatch(code)
            known[setting] = code if code is not None and usable else default
    return known[setting]


def _find(reply: Any, setting: str, depth: int) -> str | None:
    """Return the value of a setting in a reply: by its name, or next to its name."""
    if isinstance(reply, dict):
        found = reply.get(setting)
        if found is None and setting in reply.values():
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
            (
                code
                for part in reply
                if (code := _find(part, setting, depth - 1)) is not None
            ),
            None,
        )
    return None
