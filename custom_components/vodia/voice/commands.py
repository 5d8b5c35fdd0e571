"""Commands: the table of intents, and the slots that come with them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import voluptuous as vol

from homeassistant.util import dt as dt_util

from ..validators import number
from .assistant import (
    Verb,
    async_call,
    async_do,
    async_is_on_the_phone,
    async_set_dnd,
    async_transfer,
    async_who_is_calling,
)
from .parking import async_park, async_retrieve
from .past_calls import (
    async_call_back,
    async_how_many_missed,
    async_voicemail,
    async_who_called,
)
from .phones import Requester
from .replies import Reply
from .speech import Phrase, SpokenError, async_say
from .taking import async_take_call
from .words import tokens

ATTR_CLOCK: Final = "clock"
ATTR_DAY: Final = "day"
ATTR_HOURS: Final = "hours"
ATTR_MINUTES: Final = "minutes"
ATTR_MISSED: Final = "missed"
ATTR_ORBIT: Final = "orbit"
ATTR_PHONE: Final = "phone"
ATTR_WHO: Final = "who"

TODAY: Final = "today"
YESTERDAY: Final = "yesterday"

# What is said instead of a name: `call {who}` fits "call back", too.
_BACK: Final = frozenset({"back", "zuruck"})
_HIM: Final = frozenset({"him", "her", "them", "now", "please"})

# The values of a command, by name.
type Slots = Mapping[str, Any]
type Handle = Callable[[Requester, Slots], Awaitable[Reply]]


def recognized_text(value: Any) -> str:
    """Return a name or number as text; a number that was recognized may be 41.0.

    Raises ServiceValidationError for one that may have lost zeros or its plus.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(number(value))


# Numbers may be words, which only the handler refuses.
SLOTS: Final[Mapping[str, Any]] = {
    ATTR_CLOCK: vol.All(vol.Coerce(int), vol.Range(min=0, max=23)),
    ATTR_DAY: vol.In([TODAY, YESTERDAY]),
    ATTR_HOURS: vol.Any(vol.Coerce(float), str),
    ATTR_MINUTES: vol.Any(vol.Coerce(float), str),
    ATTR_MISSED: vol.Any(bool, str),
    ATTR_ORBIT: recognized_text,
    ATTR_PHONE: recognized_text,
    ATTR_WHO: recognized_text,
}


def duration_in(slots: Slots) -> timedelta | None:
    """Return the duration in the slots; raises a SpokenError for words such as `a few`."""
    try:
        duration = timedelta(
            hours=float(slots.get(ATTR_HOURS) or 0),
            minutes=float(slots.get(ATTR_MINUTES) or 0),
        )
    except ValueError, OverflowError:
        raise SpokenError("no_duration") from None
    if duration < timedelta(0):
        raise SpokenError("no_duration")
    return duration or None


def span_in(slots: Slots) -> tuple[datetime | None, datetime | None]:
    """Return the start and end of the time that the slots name."""
    now, today = dt_util.now(), dt_util.start_of_local_day()
    if slots.get(ATTR_DAY) == TODAY:
        return today, None
    if slots.get(ATTR_DAY) == YESTERDAY:
        return dt_util.start_of_local_day(now - timedelta(days=1)), today
    if (clock := slots.get(ATTR_CLOCK)) not in (None, ""):
        at = today.replace(hour=int(clock))
        return (at if at <= now else at - timedelta(days=1)), None
    duration = duration_in(slots)
    # Not by the clock on the wall, which may have been set meanwhile.
    return (dt_util.utcnow() - duration, None) if duration else (None, None)


def async_handle_call(requester: Requester, slots: Slots) -> Awaitable[Reply]:
    """Call whom the slots name; or call back, where a sentence took that for a name."""
    who, phone = slots.get(ATTR_WHO, ""), slots.get(ATTR_PHONE)
    said = set(tokens(who))
    if said & _BACK and said <= _BACK | _HIM:
        return async_call_back(requester, phone=phone)
    return async_call(requester, who, phone)


def command_for(verb: Verb) -> Handle:
    """Return the handler of a verb for the call of the line that the slots name."""
    return lambda requester, slots: async_do(requester, verb, slots.get(ATTR_PHONE))


def _only_missed(slots: Slots) -> bool:
    """Return whether it is about missed calls only."""
    return str(slots.get(ATTR_MISSED, "")).casefold() in ("true", "yes", "1")


async def _async_who_called(requester: Requester, slots: Slots) -> Reply:
    """Say who called."""
    since, until = span_in(slots)
    return await async_who_called(
        requester,
        since,
        until,
        missed=_only_missed(slots),
        phone=slots.get(ATTR_PHONE),
    )


async def _async_how_many_missed(requester: Requester, slots: Slots) -> Reply:
    """Say how many calls were missed."""
    since, until = span_in(slots)
    return await async_how_many_missed(
        requester, since, until, phone=slots.get(ATTR_PHONE)
    )


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be said: its intent, what it does, and its slots."""

    intent_type: str
    description: str
    handle: Handle
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = (ATTR_PHONE,)
    is_question: bool = False

    @property
    def schema(self) -> dict[vol.Marker, Any]:
        """Return what its slots are."""
        return {
            **{vol.Required(name): SLOTS[name] for name in self.required},
            **{vol.Optional(name): SLOTS[name] for name in self.optional},
        }


COMMANDS: Final[Mapping[str, Command]] = {
    "call": Command(
        "VodiaCall",
        "Calls a person, an extension or a number",
        async_handle_call,
        (ATTR_WHO,),
    ),
    "call_back": Command(
        "VodiaCallBack",
        "Calls back who called last, or who was missed last",
        lambda requester, slots: async_call_back(
            requester,
            slots.get(ATTR_WHO, ""),
            missed=_only_missed(slots),
            phone=slots.get(ATTR_PHONE),
        ),
        optional=(ATTR_WHO, ATTR_MISSED, ATTR_PHONE),
    ),
    "who_is_calling": Command(
        "VodiaWhoIsCalling",
        "Tells who is calling",
        lambda requester, slots: async_who_is_calling(requester, slots.get(ATTR_PHONE)),
        is_question=True,
    ),
    "who_called": Command(
        "VodiaWhoCalled",
        "Tells who called, or whose calls were missed",
        _async_who_called,
        optional=(
            *(ATTR_DAY, ATTR_CLOCK, ATTR_HOURS, ATTR_MINUTES, ATTR_MISSED, ATTR_PHONE),
        ),
        is_question=True,
    ),
    "how_many_missed": Command(
        "VodiaHowManyMissed",
        "Tells how many calls were missed",
        _async_how_many_missed,
        optional=(ATTR_DAY, ATTR_CLOCK, ATTR_HOURS, ATTR_MINUTES, ATTR_PHONE),
        is_question=True,
    ),
    "voicemail": Command(
        "VodiaVoicemail",
        "Tells how many messages are in the mailbox",
        lambda requester, slots: async_voicemail(requester, slots.get(ATTR_PHONE)),
        is_question=True,
    ),
    "is_on_the_phone": Command(
        "VodiaIsOnThePhone",
        "Tells whether somebody is on the phone",
        lambda requester, slots: async_is_on_the_phone(
            requester, slots.get(ATTR_WHO, "")
        ),
        (ATTR_WHO,),
        optional=(),
        is_question=True,
    ),
    "answer": Command("VodiaAnswer", "Answers the ringing call", command_for("answer")),
    "decline": Command(
        "VodiaDecline", "Declines the ringing call", command_for("reject")
    ),
    "hang_up": Command("VodiaHangUp", "Ends the call", command_for("hang_up")),
    "hold": Command("VodiaHold", "Puts the call on hold", command_for("hold")),
    "resume": Command(
        "VodiaResume", "Takes up the call on hold", command_for("resume")
    ),
    "transfer": Command(
        "VodiaTransfer",
        "Sends the call to somebody else",
        lambda requester, slots: async_transfer(
            requester, slots.get(ATTR_WHO, ""), slots.get(ATTR_PHONE)
        ),
        (ATTR_WHO,),
    ),
    "take_call": Command(
        "VodiaTakeCall",
        "Takes the call of somebody, or for somebody, that rings",
        lambda requester, slots: async_take_call(
            requester, slots.get(ATTR_WHO, ""), slots.get(ATTR_PHONE)
        ),
        (ATTR_WHO,),
    ),
    "park": Command(
        "VodiaPark",
        "Parks the call",
        lambda requester, slots: async_park(
            requester, slots.get(ATTR_ORBIT), slots.get(ATTR_PHONE)
        ),
        optional=(ATTR_ORBIT, ATTR_PHONE),
    ),
    "retrieve": Command(
        "VodiaRetrieve",
        "Gets a parked call back",
        lambda requester, slots: async_retrieve(
            requester, slots.get(ATTR_ORBIT), slots.get(ATTR_PHONE)
        ),
        optional=(ATTR_ORBIT, ATTR_PHONE),
    ),
    "do_not_disturb_on": Command(
        "VodiaDoNotDisturbOn",
        "Sets do not disturb, perhaps for a while",
        lambda requester, slots: async_set_dnd(
            requester, True, duration_in(slots), slots.get(ATTR_PHONE)
        ),
        optional=(ATTR_HOURS, ATTR_MINUTES, ATTR_PHONE),
    ),
    "do_not_disturb_off": Command(
        "VodiaDoNotDisturbOff",
        "Clears do not disturb",
        lambda requester, slots: async_set_dnd(
            requester, False, phone=slots.get(ATTR_PHONE)
        ),
    ),
}


async def async_command(
    requester: Requester, command: Command, slots: Slots, language: str | None
) -> tuple[str, SpokenError | None]:
    """Carry out a command; return what to say, and why if it was not carried out."""
    phrases: tuple[Phrase, ...]
    error: SpokenError | None = None
    try:
        phrases = (await command.handle(requester, slots)).phrases
    except SpokenError as err:
        error, phrases = err, (err.phrase,)
    speech = await async_say(requester.hass, language, *phrases, aloud=requester.aloud)
    return speech, error
