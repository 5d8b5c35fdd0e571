"""Frames as a PBX of either dialect writes them, for what the simulator does not do."""

import json
from typing import Any

from simulator import Simulator

type Json = dict[str, Any]


def listed(
    pbx: Simulator,
    call_id: str | None,
    state: str,
    caller: str | None,
    callee: str,
    *extensions: str,
    **fields: Any,
) -> Json:
    """Return a call of a list; `extensions` are told in the modern dialect only.

    None is a caller who is not told, or an id that is missing.
    """
    call: Json = {} if call_id is None else {"id": call_id}
    if pbx.switches.dialect == "modern":
        return {
            **call,
            "state": state,
            "extension": list(extensions),
            "from-number": caller or "",
            "to-number": callee,
            **fields,
        }

    def address(number: str) -> str:
        """Return a number as an address of the tenant, unless it is one."""
        return number if "@" in number else f"<sip:{number}@localhost>"

    return {
        **call,
        "callstate": state,
        "from": address(caller) if caller else "",
        "to": address(callee),
        **fields,
    }


async def lists(pbx: Simulator, *calls: Json) -> None:
    """Push a list of calls, and answer with it when asked."""
    await pbx.list_calls(*calls)


async def send(pbx: Simulator, **frame: Any) -> None:
    """Push any frame."""
    await pbx.send_raw(json.dumps(frame))
