"""What can be asked of the telephones in words, and what is answered.

Sentences, language models and the action `voice_command` all come here, so that there is
one rule for who may be asked about what, and which telephone is meant.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_LLM_DIALS_OUTSIDE,
    DOMAIN,
    KEY_CALL,
    KEY_DND,
    KEY_LAST_CALLER,
    STATE_WITHHELD,
)
from ..coordinator import VodiaConfigEntry, VodiaCoordinator
from ..hub.attributes import call_attributes, iso_time
from ..pbx.control.commands import Control
from ..pbx.errors import (
    AccessOffError,
    HeldElsewhereError,
    InvalidNumberError,
    NoFittingCallError,
    NotConfirmedError,
    NotConnectedError,
    NotSupportedError,
    PbxError,
    SeveralCallsError,
    UnexpectedStateError,
    UnknownCallError,
)
from ..pbx.models import (
    IN_CALL,
    ORBIT,
    AccountCall,
    CallState,
    Direction,
    EndReason,
    Extension,
    Party,
    PastCall,
)
from .names import Named, find, number_in
from .speech import Phrase, Who

# How many calls are told one by one.
_TOLD: Final = 3
# The least number of digits that tell the numbers of one person apart.
_TAIL: Final = 2

ATTR_PHONE: Final = "phone"
ATTR_WHO: Final = "who"

# What was said beside, by name.
type Slots = Mapping[str, Any]
type Handle = Callable[[Voice, Slots], Awaitable[Reply]]
type Verb = Literal["answer", "reject", "hang_up", "hold", "resume", "transfer"]
# The entity whose exposure to an assistant decides: what it shows may be asked.
type Gate = tuple[Platform, str]

CALL_GATE: Final[Gate] = (Platform.SENSOR, KEY_CALL)
LAST_CALLER_GATE: Final[Gate] = (Platform.SENSOR, KEY_LAST_CALLER)
DND_GATE: Final[Gate] = (Platform.SWITCH, KEY_DND)

# The calls that a verb is for, and what is said if there is none.
_FITS: Final[Mapping[Verb, tuple[frozenset[CallState], str]]] = {
    "answer": (frozenset({CallState.RINGING}), "nothing_rings"),
    "reject": (frozenset({CallState.RINGING}), "nothing_rings"),
    "hang_up": (IN_CALL | {CallState.DIALING}, "no_call"),
    "hold": (frozenset({CallState.CONNECTED}), "no_call"),
    "resume": (frozenset({CallState.HELD}), "nothing_held"),
    "transfer": (IN_CALL | {CallState.RINGING}, "no_call"),
}
# Errors that are worded for the screen, and how they are said.
_SAID: Final[Mapping[type[PbxError], str]] = {
    HeldElsewhereError: "held_elsewhere",
    InvalidNumberError: "cannot_call",
    NotConfirmedError: "not_confirmed",
    NotConnectedError: "not_connected",
    SeveralCallsError: "several_calls",
    UnexpectedStateError: "call_gone",
    UnknownCallError: "call_gone",
}


class Refusal(Exception):
    """Why something cannot be done, or what has to be asked back, in words."""

    def __init__(self, key: str, *, is_exception: bool = False, **words: Any) -> None:
        """Say which text it is."""
        super().__init__(key)
        self.phrase = Phrase(key, words, is_exception)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: to say, and as data."""

    phrases: tuple[Phrase, ...]
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension of a PBX."""

    coordinator: VodiaCoordinator
    number: str

    @property
    def extension(self) -> Extension:
        """Return what is known of it, as it may be shown."""
        extension = self.coordinator.client.extension(self.number)
        return self.coordinator.shown(extension)

    @property
    def control(self) -> Control:
        """Return the commands of a line."""
        return self.coordinator.lines[self.number].control

    def began(self, call: PastCall) -> float | None:
        """Return when a past call of a line began: by our clock, if we heard it."""
        line = self.coordinator.lines[self.number]
        return line.heard_at(call) or call.started

    @property
    def is_own(self) -> bool:
        """Return whether it is the line of the entry itself."""
        return self.number == self.coordinator.line

    @property
    def device(self) -> dr.AnyDeviceEntry | None:
        """Return its device."""
        return _device(self.coordinator, self.number)

    @property
    def area_id(self) -> str | None:
        """Return the area that it is in."""
        if (device := self.device) is None:
            return None
        return dr.async_get_effective_area_id(self.coordinator.hass, device)

    @property
    def label(self) -> str:
        """Return what the user calls it."""
        account = self.coordinator.account(self.number)
        given = (device := self.device) and device.name_by_user
        return given or (account and account.name) or self.number

    def entity_id(self, gate: Gate) -> str | None:
        """Return one of its entities."""
        platform, key = gate
        unique_id = f"{self.coordinator.entry.entry_id}:{self.number}:{key}"
        registry = er.async_get(self.coordinator.hass)
        return registry.async_get_entity_id(platform, DOMAIN, unique_id)


@dataclass(frozen=True, slots=True)
class _Callee:
    """Who can be called."""

    number: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who asks: through which assistant, in which area, for which lines.

    Without an assistant it is an automation: whoever wrote it decides.
    """

    hass: HomeAssistant
    assistant: str | None = None
    area_id: str | None = None
    only: frozenset[tuple[VodiaCoordinator, str]] | None = None
    is_model: bool = False

    # What is asked

    async def call(self, who: str, phone: str | None = None) -> Reply:
        """Call a person, an extension or a number."""
        line, callee = self._callee(who, phone)
        with_name = self._who(line.coordinator, callee.number, callee.name)
        call = await self._carry_out(line.control.dial(callee.number))
        return Reply(
            (Phrase("calling", {"who": with_name}),), {"call": _call(line, call)}
        )

    async def transfer(self, who: str, phone: str | None = None) -> Reply:
        """Send the call of a line to somebody else."""
        line, callee = self._callee(who, phone, "transfer")
        with_name = self._who(line.coordinator, callee.number, callee.name)
        await self._carry_out(line.control.transfer(callee.number), "transfer")
        return Reply((Phrase("transferred", {"to_whom": with_name}),))

    async def do(self, verb: Verb, phone: str | None = None) -> Reply:
        """Answer, reject, hang up, hold or resume the call of a line."""
        states, _ = _FITS[verb]
        line = self._line(CALL_GATE, phone, states)
        command: Callable[[], Coroutine[Any, Any, AccountCall | None]] = getattr(
            line.control, verb
        )
        call = await self._carry_out(command(), verb)
        if call is None:
            return Reply((Phrase(f"done_{verb}"),))
        party = line.coordinator.shown_call(call).remote
        with_whom = self._who(
            line.coordinator, party.number, party.name, withheld=party.withheld
        )
        return Reply(
            (Phrase(f"done_{verb}", {"to_whom": with_whom}),),
            {"call": _call(line, call)},
        )

    async def set_dnd(
        self, enabled: bool, lasts: timedelta | None = None, phone: str | None = None
    ) -> Reply:
        """Set do not disturb of a line, perhaps for a while."""
        line = self._line(DND_GATE, phone)
        expires = int(lasts.total_seconds()) if lasts else None
        try:
            await self._carry_out(line.control.set_dnd(enabled, expires=expires))
        except Refusal as err:
            if expires and err.phrase.key == NotSupportedError.key:
                raise Refusal("no_dnd_for_a_while") from err
            raise
        phrase = Phrase("dnd_on" if enabled else "dnd_off")
        if lasts:
            phrase = Phrase("dnd_on_for", {"duration": lasts})
        return Reply((phrase,), {"phone": line.label, "do_not_disturb": enabled})

    def who_is_calling(self) -> Reply:
        """Tell who calls at the lines; if nobody does, who calls at other phones."""
        phones = self.phones(CALL_GATE)
        if not phones:
            raise self._nothing()
        up = [phone for phone in phones if phone.coordinator.connected]
        if not up:
            raise Refusal(_SAID[NotConnectedError])
        lines = [phone for phone in up if phone.number in phone.coordinator.lines]
        for told in (lines, up):
            calls: dict[tuple[VodiaCoordinator, str], tuple[Phone, AccountCall]] = {}
            for phone in told:
                for call in phone.extension.calls:
                    if call.state is CallState.RINGING:
                        calls.setdefault((phone.coordinator, call.id), (phone, call))
            if calls:
                return Reply(
                    tuple(
                        self._is_calling(phone, call) for phone, call in calls.values()
                    ),
                    {"calls": [_call(phone, call) for phone, call in calls.values()]},
                )
        doubtful = any(phone.extension.ringing is None for phone in up)
        key = "maybe_nobody_calls" if doubtful else "nobody_calls"
        return Reply((Phrase(key),), {"calls": []})

    async def who_called(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        missed: bool = False,
        phone: str | None = None,
    ) -> Reply:
        """Tell who called a line, the newest first; with no time, the last ones."""
        line = self._line(LAST_CALLER_GATE, phone)
        try:
            past = await line.control.history()
        except NotSupportedError, AccessOffError:
            return self._last_caller(line, since, until, missed=missed)
        except PbxError as err:
            raise _refusal(err) from err
        came = [
            call
            for call in past
            if call.direction is Direction.INCOMING
            and not (missed and call.end_reason is not EndReason.MISSED)
            and _is_within(line.began(call), since, until)
        ]
        told = came[:_TOLD]
        phrases = [self._called(line, call) for call in told]
        if not came:
            phrases = [Phrase("nothing_missed" if missed else "nobody_called")]
        elif since and (more := len(came) - len(told)):
            phrases.append(Phrase("one_more" if more == 1 else "more", {"count": more}))
        return Reply(
            tuple(phrases),
            {"calls": [_past_call(line, call) for call in (came if since else told)]},
        )

    def is_on_the_phone(self, who: str) -> Reply:
        """Tell whether somebody is on the phone, and with whom."""
        phones = self.phones(CALL_GATE)
        if not phones:
            raise self._nothing()
        found = _only(who, _named_phones(self.hass, phones))
        if not found.coordinator.connected:
            raise Refusal(_SAID[NotConnectedError])
        extension, name = found.extension, found.label
        data = {"phone": name, "in_call": extension.in_call}
        if not extension.present or extension.in_call is None:
            return Reply((Phrase("unknown_whether", {"name": name}),), data)
        call = extension.call
        if not extension.in_call:
            key = {
                CallState.RINGING: "no_but_rings",
                CallState.DIALING: "no_but_dials",
            }.get(extension.call_state or CallState.IDLE, "is_free")
            return Reply((Phrase(key, {"name": name}),), data)
        if call is None or call.state not in IN_CALL:
            return Reply((Phrase("is_talking", {"name": name}),), data)
        remote = call.remote
        party = self._who(
            found.coordinator, remote.number, remote.name, withheld=remote.withheld
        )
        return Reply(
            (Phrase("is_talking_to", {"name": name, "to_whom": party}),),
            {**data, "call": _call(found, call)},
        )

    def list_phones(self) -> Reply:
        """Return the phones with their calls; what is not known is null."""
        return Reply(
            (),
            {
                "phones": [
                    {
                        "name": phone.label,
                        "number": phone.number,
                        "area": self._area_name(phone.area_id),
                        "can_be_controlled": phone.number in phone.coordinator.lines,
                        **_phone_state(phone),
                    }
                    for phone in self.phones(CALL_GATE)
                ]
            },
        )

    # Who may be asked about

    def is_exposed(self, phone: Phone, gate: Gate) -> bool:
        """Return whether the assistant may know what an entity of a phone shows."""
        if self.assistant is None:
            return True
        entity_id = phone.entity_id(gate)
        return entity_id is not None and async_should_expose(
            self.hass, self.assistant, entity_id
        )

    def _coordinators(self) -> list[VodiaCoordinator]:
        """Return the PBXs that are set up."""
        entries: list[VodiaConfigEntry] = self.hass.config_entries.async_loaded_entries(
            DOMAIN
        )
        return [entry.runtime_data for entry in entries]

    def phones(self, gate: Gate) -> list[Phone]:
        """Return the phones that may be asked about."""
        return [
            phone
            for coordinator in self._coordinators()
            for number, extension in sorted(coordinator.extensions.items())
            if extension.present
            and coordinator.tells_calls(number)
            and self.is_exposed(phone := Phone(coordinator, number), gate)
        ]

    def lines(self, gate: Gate) -> list[Phone]:
        """Return the lines that may be used."""
        return [
            phone
            for coordinator in self._coordinators()
            for number in coordinator.lines
            if (self.only is None or (coordinator, number) in self.only)
            and self.is_exposed(phone := Phone(coordinator, number), gate)
        ]

    def _line(
        self,
        gate: Gate,
        name: str | None = None,
        states: frozenset[CallState] | None = None,
    ) -> Phone:
        """Return the line that is meant: the named one, else the one that fits.

        Of several it is the one in the area, else the entry's own.
        """
        lines = self._likely_lines(gate, name, states)
        if len(lines) > 1:
            raise Refusal("which_phone", phones=[line.label for line in lines])
        return lines[0]

    def _likely_lines(
        self,
        gate: Gate,
        name: str | None = None,
        states: frozenset[CallState] | None = None,
    ) -> list[Phone]:
        """Return the lines that may be meant; more than one if that is not clear."""
        lines = self.lines(gate)
        if not lines:
            raise self._nothing()
        if name and name.strip():
            return [_only(name, _named_phones(self.hass, lines))]
        if states:
            lines = [
                line
                for line in lines
                if any(call.state in states for call in line.extension.calls)
            ] or lines
        if here := [
            line for line in lines if self.area_id and line.area_id == self.area_id
        ]:
            lines = here
        return [line for line in lines if line.is_own] or lines

    def _nothing(self) -> Refusal:
        """Return why there is no phone to ask about."""
        if not self._coordinators():
            return Refusal("no_pbx")
        return Refusal("no_line" if self.assistant is None else "not_exposed")

    def _callee(
        self, said: str, phone: str | None, verb: Verb | None = None
    ) -> tuple[Phone, _Callee]:
        """Return who is to be called, and from which line."""
        states = _FITS[verb][0] if verb else None
        lines = self._likely_lines(CALL_GATE, phone, states)
        if not said.strip():
            raise Refusal("no_name")
        try:
            number = number_in(said)
        except InvalidNumberError as err:
            raise Refusal("cannot_call") from err
        found: list[tuple[Phone, _Callee]] = []
        for line in lines:
            if number is not None:
                found.append((line, _Callee(number)))
            else:
                found += [(line, callee) for callee in self._named(said, line)]
        if not found:
            raise Refusal("unknown_name", name=said.strip())
        if len(found) > 1:
            raise self._which(said, found)
        line, callee = found[0]
        coordinator = line.coordinator
        if (
            self.is_model
            and not coordinator.entry.options.get(CONF_LLM_DIALS_OUTSIDE)
            and coordinator.account(callee.number) is None
        ):
            raise Refusal("no_outside")
        return line, callee

    @staticmethod
    def _which(said: str, found: list[tuple[Phone, _Callee]]) -> Refusal:
        """Return the question who is meant; nobody is named who is to be hidden."""
        if len({callee for _, callee in found}) == 1:
            return Refusal("which_phone", phones=[line.label for line, _ in found])
        if any(
            line.coordinator.private and line.coordinator.account(callee.number) is None
            for line, callee in found
        ):
            return Refusal("several_hidden", name=said.strip())
        names = sorted({callee.name or callee.number for _, callee in found})
        if len(names) > 1:
            return Refusal("which_name", names=names)
        return Refusal(
            "which_number",
            name=names[0],
            tails=_tails({callee.number for _, callee in found}),
        )

    def _named(self, said: str, line: Phone) -> list[_Callee]:
        """Return those whom a line may mean by a name: accounts, then address book."""
        coordinator = line.coordinator
        accounts = {
            number: account
            for number, account in coordinator.client.state.accounts.items()
            if account.present and account.type != ORBIT and number != line.number
        }
        book = coordinator.lines[line.number].side.values.address_book
        named = [
            Named(
                _Callee(number, account.name),
                (account.name or "", *_given_names(coordinator, number)),
                number,
            )
            for number, account in accounts.items()
        ]
        named += [
            Named(_Callee(number, name), (name,), number)
            for number, name in (book.contacts if book else ())
            if number not in coordinator.client.state.raw_accounts
        ]
        return find(said, named) or find(
            said,
            [
                Named(_Callee(number, account.name), _area_names(coordinator, number))
                for number, account in accounts.items()
            ],
        )

    # Words

    def _who(
        self,
        coordinator: VodiaCoordinator,
        number: str | None,
        name: str | None,
        *,
        withheld: bool = False,
    ) -> Who:
        """Return a party as it may be named."""
        if account := coordinator.account(number or ""):
            name = name or account.name
        party = coordinator.shown_party(number, name)
        return Who(
            party.name, party.number, hidden=coordinator.private, withheld=withheld
        )

    def _is_calling(self, phone: Phone, call: AccountCall) -> Phrase:
        """Return the sentence that tells who calls."""
        who = Who(
            call.remote.name,
            call.remote.number,
            hidden=phone.coordinator.private,
            withheld=call.remote.withheld,
        )
        if phone.number in phone.coordinator.lines and phone.is_own:
            return Phrase("is_calling", {"who": who})
        return Phrase("is_calling_phone", {"who": who, "phone": phone.label})

    def _called(self, line: Phone, call: PastCall) -> Phrase:
        """Return the sentence that tells who called."""
        party = _shown_past(line, call)
        words: dict[str, Any] = {
            "who": Who(
                party.name,
                party.number,
                hidden=line.coordinator.private,
                withheld=party.withheld,
            )
        }
        key = "missed" if call.end_reason is EndReason.MISSED else "called"
        if (began := line.began(call)) is None:
            return Phrase(f"{key}_once", words)
        return Phrase(key, {**words, "when": _time(began)})

    def _last_caller(
        self,
        line: Phone,
        since: datetime | None,
        until: datetime | None,
        *,
        missed: bool,
    ) -> Reply:
        """Return what the sensor of the last caller shows, where no history is told."""
        entity_id = line.entity_id(LAST_CALLER_GATE)
        state = self.hass.states.get(entity_id) if entity_id else None
        shown = state.attributes if state else {}
        at = dt_util.parse_datetime(shown.get("time") or "")
        end = shown.get("end_reason")
        if (
            at is None
            or not _is_within(at.timestamp(), since, until)
            or (missed and end != EndReason.MISSED)
        ):
            return Reply((Phrase("no_history"),), {"calls": [], "complete": False})
        name, number = shown.get("name"), shown.get("number")
        who = Who(
            name,
            number,
            hidden=line.coordinator.private,
            withheld=state is not None and state.state == STATE_WITHHELD,
        )
        return Reply(
            (Phrase("last_caller", {"who": who, "when": at}),),
            {
                "calls": [
                    {
                        **_party(Party(number, name)),
                        "started": shown["time"],
                        "end_reason": end,
                    }
                ],
                "complete": False,
            },
        )

    def _area_name(self, area_id: str | None) -> str | None:
        """Return the name of an area."""
        area = area_id and ar.async_get(self.hass).async_get_area(area_id)
        return area.name if area else None

    async def _carry_out[ResultT](
        self, command: Coroutine[Any, Any, ResultT], verb: Verb | None = None
    ) -> ResultT:
        """Carry out a command of a line; raises a Refusal that says what is wrong."""
        try:
            return await command
        except NoFittingCallError as err:
            raise Refusal(_FITS[verb][1] if verb else "no_call") from err
        except PbxError as err:
            raise _refusal(err) from err


async def async_call(voice: Voice, slots: Slots) -> Reply:
    """Call whom the slots name."""
    return await voice.call(slots.get(ATTR_WHO, ""), slots.get(ATTR_PHONE))


def doing(verb: Verb) -> Handle:
    """Return what does something with the call of the line that the slots name."""

    async def handle(voice: Voice, slots: Slots) -> Reply:
        """Do it."""
        return await voice.do(verb, slots.get(ATTR_PHONE))

    return handle


def _tails(numbers: set[str]) -> list[str]:
    """Return the last digits of numbers, as many as tell them apart."""
    size = _TAIL
    while len({number[-size:] for number in numbers}) < len(numbers):
        size += 1
    return [" ".join(number[-size:]) for number in sorted(numbers)]


def area_of(hass: HomeAssistant, asked_at: str | None) -> str | None:
    """Return the area of a satellite, by its entity or its device."""
    if not asked_at:
        return None
    entity = er.async_get(hass).async_get(asked_at)
    if entity and entity.area_id:
        return entity.area_id
    device = dr.async_get(hass).async_get((entity and entity.device_id) or asked_at)
    return dr.async_get_effective_area_id(hass, device) if device else None


def _refusal(err: PbxError) -> Refusal:
    """Return how an error of the PBX is said."""
    if said := _SAID.get(type(err)):
        return Refusal(said)
    return Refusal(err.key, is_exception=True, **err.placeholders)


def _only[ValueT](said: str, named: Iterable[Named[ValueT]]) -> ValueT:
    """Return the one that is meant; raises a Refusal that asks back."""
    if not said.strip():
        raise Refusal("no_name")
    candidates = list(named)
    found = find(said, candidates)
    if not found:
        raise Refusal("unknown_name", name=said.strip())
    if len(found) > 1:
        names = [one.names[0] for one in candidates if one.value in found]
        raise Refusal("which_name", names=sorted(set(names)))
    return found[0]


def _named_phones(hass: HomeAssistant, phones: list[Phone]) -> list[Named[Phone]]:
    """Return phones with all that they are called, the area included."""
    named = []
    for phone in phones:
        account = phone.coordinator.account(phone.number)
        names = (
            phone.label,
            (account and account.name) or "",
            phone.number,
            *_given_names(phone.coordinator, phone.number),
            *_area_names(phone.coordinator, phone.number),
        )
        named.append(Named(phone, names, phone.number))
    return named


def _device(coordinator: VodiaCoordinator, number: str) -> dr.AnyDeviceEntry | None:
    """Return the device of an account."""
    return coordinator.devices.get(number)


def _given_names(coordinator: VodiaCoordinator, number: str) -> list[str]:
    """Return the names that a user has given an account, or an entity of it."""
    if (device := _device(coordinator, number)) is None:
        return []
    names = [device.name_by_user] if device.name_by_user else []
    for entity in er.async_entries_for_device(
        er.async_get(coordinator.hass), device.id
    ):
        names += [alias for alias in entity.aliases if isinstance(alias, str)]
    return names


def _area_names(coordinator: VodiaCoordinator, number: str) -> tuple[str, ...]:
    """Return the names of the area that an account is in."""
    device = _device(coordinator, number)
    area_id = device and dr.async_get_effective_area_id(coordinator.hass, device)
    area = area_id and ar.async_get(coordinator.hass).async_get_area(area_id)
    return (area.name, *sorted(area.aliases)) if area else ()


def _phone_state(phone: Phone) -> dict[str, Any]:
    """Return the state of a phone and its calls, null if they are not known."""
    if not phone.coordinator.connected:
        return {"state": None, "calls": None}
    extension = phone.extension
    calls = [_call(phone, call) for call in extension.calls]
    return {
        "state": extension.call_state,
        "calls": calls if calls or extension.complete else None,
    }


def _call(phone: Phone, call: AccountCall) -> dict[str, Any]:
    """Return a call as data, as it may be shown."""
    shown = phone.coordinator.shown_call(call)
    return {"phone": phone.label, "state": call.state, **call_attributes(shown)}


def _past_call(line: Phone, call: PastCall) -> dict[str, Any]:
    """Return a past call as data, as it may be shown."""
    return {
        **_party(_shown_past(line, call)),
        "started": iso_time(line.began(call)),
        "end_reason": call.end_reason,
        "duration": call.duration,
    }


def _party(party: Party) -> dict[str, Any]:
    """Return a party as data."""
    return {"name": party.name, "number": party.number}


def _shown_past(line: Phone, call: PastCall) -> Party:
    """Return the other side of a past call as it may be shown."""
    return line.coordinator.privacy.redact_remote(call)


def _time(timestamp: float) -> datetime:
    """Return a time."""
    return dt_util.utc_from_timestamp(timestamp)


def _is_within(
    timestamp: float | None, since: datetime | None, until: datetime | None
) -> bool:
    """Return whether a time is in a span; one that is not known is only in none."""
    if timestamp is None:
        return since is None and until is None
    at = _time(timestamp)
    return (since is None or at >= since) and (until is None or at < until)
