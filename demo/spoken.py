"""What the check says to Assist: the language, the sentence, and a part of the answer."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Final

from .client import Client
from .control import CALLER_NAME

WHILE_IT_RINGS: Final = (
    ("en", "who is calling", f"{CALLER_NAME} is calling."),
    ("de", "wer ruft an", f"{CALLER_NAME} ruft an."),
    ("en", f"take the call from {CALLER_NAME}", f"connected to {CALLER_NAME}."),
    ("en", "park the call", "Parked at "),
    ("en", "get the parked call back", "Getting the call back."),
)
AFTER_A_MISSED_CALL: Final = (
    ("en", "who did I miss", CALLER_NAME),
    ("en", "how many missed calls do I have", "You missed "),
    ("en", "do I have voicemail", "message"),
    ("en", "call back", f"Calling {CALLER_NAME}."),
    ("en", "hang up", "Hung up."),
)


async def say(
    client: Client,
    check: Callable[[str], AbstractAsyncContextManager[None]],
    spoken: Iterable[tuple[str, str, str]],
) -> None:
    """Say sentences, each in its language, and hear what they are answered."""
    for language, said, expected in spoken:
        async with check(f"Assist: {said}"):
            answer = await client.say(said, language)
            assert expected in answer, answer
