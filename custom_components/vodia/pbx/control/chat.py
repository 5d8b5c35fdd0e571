"""A chat message of the line: over REST where the PBX has it, else over the socket."""

from typing import Final

from ..errors import (
    REFUSALS,
    InvalidMessageError,
    MessageRefusedError,
    NotConfirmedError,
    NotOfferedError,
    UnexpectedReplyError,
    UnreadableReplyError,
)
from ..wire.replies import message_id
from .executor import begin
from .port import CommandPort, encodable

# Characters.
MESSAGE_LIMIT: Final = 2000


async def send_message(port: CommandPort, recipient: str, message: str) -> None:
    """Send a message; over REST (v70) the PBX confirms it with an id.

    One that REST refuses is not sent over the socket, which would confirm nothing.
    """
    text = encodable(message)
    if not text.strip() or len(text) > MESSAGE_LIMIT:
        raise InvalidMessageError(
            f"not of 1 to {MESSAGE_LIMIT} characters", limit=str(MESSAGE_LIMIT)
        )
    async with begin(port, "send_message") as executor, executor.in_time():
        if not await _has_rest_chat(port):
            line = port.live_state.line
            await port.send("chat", src=line, dest=recipient, message=text)
            return
        body = {"type": "text", "text": text}
        try:
            reply = await port.request(
                "POST", "chat", body, params={"number": recipient}
            )
        except NotOfferedError as err:
            raise MessageRefusedError(str(err)) from None
        if message_id(reply.json()) is None:
            raise NotConfirmedError("the PBX names no message")


async def _has_rest_chat(port: CommandPort) -> bool:
    """Find out whether the PBX has its chats over REST; asked once for a link."""
    # One that has not is asked again after a while.
    offer = port.capabilities
    if not (offer.rest_chat or offer.refusals.is_in_force("chat")):
        try:
            reply = await port.request("GET", "chat-history", params={"api": "2"})
            if not isinstance(reply.json(), dict | list):
                raise UnreadableReplyError("chat-history is no list")
        except REFUSALS:
            offer.rest_chat = False
            offer.refusals.note("chat", sure=True)
        except UnexpectedReplyError:
            # Perhaps only this time.
            return False
        else:
            offer.rest_chat = True
    return bool(offer.rest_chat)
