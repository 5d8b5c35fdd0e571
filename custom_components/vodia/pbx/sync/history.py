"""The calls of a line that are over."""

from typing import Final

from ..errors import MethodNotAllowedError, NotFoundError, UnreadableReplyError
from ..models import PastCall
from ..net.session import Session
from ..trace import Ledger
from ..wire.fields import FrameError
from ..wire.replies import decode_history

_CLASSIC_PATH: Final = "/json"
_CLASSIC_LENGTH: Final = 50


async def read_history(
    session: Session, line: str, ledger: Ledger
) -> tuple[PastCall, ...]:
    """Return the past calls of a line, the newest first.

    REST `/history` is documented (70.3 catalogue); a server that lacks it is asked as
    the portal of 2016 asked. Raises AccessOffError, NotFoundError where the PBX tells
    neither way, UnexpectedReplyError for another shape, or an error of the network.
    """
    request = session.request
    summary = {
        "action": "load-cdr-summary",
        "start": 0,
        "length": _CLASSIC_LENGTH,
        "domain": True,
        "user": True,
    }
    try:
        reply = await request("GET", session.path("history"))
    except NotFoundError, MethodNotAllowedError:
        try:
            reply = await request("POST", _CLASSIC_PATH, summary)
        except MethodNotAllowedError:
            # The tenant may want to be named.
            summary |= {"domain": session.tenant, "user": "true"}
            reply = await request("POST", _CLASSIC_PATH, summary)
    told = reply.json()
    ledger.sample("history", told)
    try:
        calls = decode_history(told, line, ledger)
    except FrameError as err:
        ledger.drop(str(err))
        raise UnreadableReplyError(f"history: {err}") from None
    return tuple(sorted(calls, key=lambda call: -(call.started or 0)))
