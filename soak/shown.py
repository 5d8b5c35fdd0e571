"""What Home Assistant shows of a PBX, held against what the engine knows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from custom_components.vodia.hub.devices import known_accounts
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from rig.truth import (
    Truth,
    is_busy_by_presence,
    on_off,
    truth_of_extension,
    truth_of_group,
    truth_of_tenant,
)
from simulator import Account, AccountType, Call, Stage

from .facts import BRACKETS
from .home import Home
from .office import FLAG, LINE

_CHAT = {"online": "on", "offline": "off"}
# The states of calls that each button of a line acts on.
BUTTONS = {
    "answer": {"ringing"},
    "reject": {"ringing"},
    "hang_up": {"connected", "held", "dialing"},
    "hold": {"connected"},
    "resume": {"held"},
}
# Seconds for which an account has to be gone before its device is.
_GONE = 600.0
_PLATFORMS_OF_NAMES = {"event", "switch", "button"}


class Shown:
    """Look at all that is shown."""

    def __init__(self, home: Home, *, whole: bool) -> None:
        """Begin to look; the PBX sends all calls of all accounts, or those of the line."""
        hass = home.hass
        self.hass = hass
        self.entry = home.entry
        self.is_whole = whole
        self.gone: dict[str, float] = {}
        self._clock = home.clock
        self.entities: dict[tuple[str, str], er.RegistryEntry] = {}
        self._engine = home.pbx.engine
        self._stale = True
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._on_registry)

    @callback
    def _on_registry(self, event: object) -> None:
        """Look which entities there are, the next time."""
        self._stale = True

    def refresh(self) -> bool:
        """Find the entities by account and key; return whether they are others."""
        if not self._stale:
            return False
        self._stale = False
        self.entities = {}
        for entity in er.async_entries_for_config_entry(
            er.async_get(self.hass), self.entry.entry_id
        ):
            number, key = entity.unique_id.split(":")[-2:]
            if entity.domain in _PLATFORMS_OF_NAMES:
                key = f"{entity.domain} {key}"
            self.entities[number, key] = entity
        return True

    def state(self, number: str, key: str) -> str | None:
        """Return what an entity shows, None without one."""
        entity = self.entities.get((number, key))
        state = self.hass.states.get(entity.entity_id) if entity else None
        return state.state if state else None

    @property
    def connected(self) -> bool:
        """Return whether the link is shown as up."""
        return self.state("", "connected") == "on"

    def mismatches(self) -> Iterator[str]:
        """Yield what is shown and is not true."""
        self.refresh()
        accounts = self._engine.tenant("localhost").accounts
        calls = self._engine.calls()
        by_account: defaultdict[str, list[Call]] = defaultdict(list)
        for call in calls:
            for number in call.accounts() | {call.called.number}:
                by_account[number].append(call)
        for number, account in accounts.items():
            its = by_account[number]
            for key, true in self.truth(account, its).items():
                shown = self.state(number, key)
                if shown != true and not self.is_fair(account, its, key, shown):
                    yield f"{key} of {number} is shown as {shown}, is {true}"
        told = [call for call in calls if self.is_whole or _is_somewhere(call)]
        for key, true in truth_of_tenant(accounts.values(), told).items():
            shown = self.state("", key)
            if shown == true or (shown == STATE_UNKNOWN and not self._counts(key)):
                continue
            yield f"{key} is shown as {shown}, is {true}"
        yield from self._mismatches_of_absent(accounts.keys())
        yield from self._mismatches_of_buttons()

    def _mismatches_of_buttons(self) -> Iterator[str]:
        """Yield the buttons that are not there: they always are."""
        for key in BUTTONS:
            shown = self.state(LINE, f"button {key}")
            if shown == STATE_UNAVAILABLE:
                yield f"the button {key} is {shown}"

    def truths(self, numbers: Iterable[str]) -> dict[str, Truth]:
        """Return what some accounts are, as far as there are any."""
        accounts = self._engine.tenant("localhost").accounts
        calls = self._engine.calls()
        return {
            number: self.truth(accounts[number], calls)
            for number in numbers
            if number in accounts
        }

    def truth(self, account: Account, calls: Sequence[Call]) -> Truth:
        """Return what an account is, and that is to be seen."""
        number = account.number
        if account.type is AccountType.FLAG:
            flag = "switch active"
            return (
                {flag: on_off(account.active)} if (FLAG, flag) in self.entities else {}
            )
        if account.type is not AccountType.EXTENSION:
            return truth_of_group(account, calls)
        truth = truth_of_extension(account, calls)
        chat = self.entities.get((number, "chat_available"))
        if chat and not chat.disabled:
            truth["chat_available"] = _CHAT.get(account.chat, STATE_UNKNOWN)
        if number == LINE:
            truth["switch dnd"] = truth.pop("dnd")
        return truth

    def _counts(self, key: str) -> bool:
        """Return whether a count can be known."""
        if key == "registered_extensions":
            return True
        return self.is_whole

    def is_complete(self, number: str) -> bool:
        """Return whether all calls of an account are sent."""
        return self.is_whole or number == LINE

    def is_fair(
        self, account: Account, calls: Sequence[Call], key: str, shown: str | None
    ) -> bool:
        """Return whether a state that is not the truth is no mismatch."""
        number = account.number
        complete = self.is_complete(number)
        if key in ("registered", "dnd", "switch dnd"):
            return False
        if shown == STATE_UNKNOWN:
            # It is called, and does not ring: no frame says that it never will.
            return not complete or any(
                self.is_whole
                and call.stage is not Stage.CONNECTED
                and call.called.is_account(number)
                and number not in call.rung
                and (
                    account.type is AccountType.EXTENSION
                    or not set(call.rung) - {call.caller.number}
                )
                for call in calls
            )
        return not complete and is_busy_by_presence(
            key, shown or "", self.state(number, "call") or "", calls
        )

    def _mismatches_of_absent(self, present: Iterable[str]) -> Iterator[str]:
        """Yield what is shown of accounts that there are not, and of their devices."""
        there = set(present)
        devices = {
            number: name
            for number, (_, name) in known_accounts(self.hass, self.entry).items()
        }
        for number, since in list(self.gone.items()):
            if number in devices:
                for key in ("registered", "call"):
                    if (shown := self.state(number, key)) != STATE_UNAVAILABLE:
                        yield f"{key} of {number} is shown as {shown}, and it is gone"
            elif self._clock.monotonic() - since < _GONE:
                yield f"the device of {number} is gone too early"
            else:
                del self.gone[number]
        for number in (there - {FLAG}) ^ (devices.keys() - self.gone.keys()):
            yield f"there is {'no' if number in there else 'a'} device of {number}"
        for number in devices.keys() & there:
            name = self._engine.account(number).name
            # What would be a tag is shown with other brackets.
            if name and devices[number] != name.translate(BRACKETS):
                yield f"the device of {number} is {devices[number]!r}, not {name!r}"

    def mismatches_of_lost(self) -> Iterator[str]:
        """Yield what is shown as true while the link is lost."""
        self.refresh()
        for (number, key), entity in self.entities.items():
            state = self.hass.states.get(entity.entity_id)
            shown = state.state if state else None
            if shown not in (STATE_UNAVAILABLE, None) and key != "connected":
                yield f"{key} of {number} is shown as {shown}, and the link is lost"

    def mismatches_of_last_callers(
        self, callers: dict[str, set[str] | None]
    ) -> Iterator[str]:
        """Yield who is shown as the last caller and is not."""
        numbers = chain((LINE,), callers if self.is_whole else ())
        for number in numbers:
            last = callers.get(number)
            entity = self.entities.get((number, "last_caller"))
            if last is None or entity is None or number in self.gone:
                continue
            state = self.hass.states.get(entity.entity_id)
            shown = state.attributes.get("number") if state else None
            if shown not in last:
                yield f"the last caller of {number} is shown as {shown}, is {last}"


def _is_somewhere(call: Call) -> bool:
    """Return whether a call shows in the presence of an account.

    One from outside to a phone that is not there does not.
    """
    return bool(
        call.stage is Stage.CONNECTED
        or call.rung
        or call.caller.internal
        or call.called.type is not AccountType.EXTENSION
    )
