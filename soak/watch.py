"""What is shown, held against the truth at any moment: late, or never so, is a mismatch."""

from asyncio import TimerHandle
from collections import defaultdict, deque
from collections.abc import Callable

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from simulator import Account, Call
from simulator.engine import Engine
from simulator.model import Change, Message

from .clock import waited
from .shown import Shown

# Versions of a truth that are kept: what was so within a second or so.
_KEPT = 8
# What is read now and then, and never pushed.
_POLLED = {"switch active"}
# What is sent of each account, whoever looks.
_ALWAYS_SENT = {"registered", "dnd", "switch dnd"}

type Key = tuple[str, str]


class Watch:
    """Compare each state when it is written, and when the truth has stood for a while."""

    def __init__(
        self,
        hass: HomeAssistant,
        engine: Engine,
        shown: Shown,
        slack: Callable[[], float],
    ) -> None:
        """Begin to watch."""
        self.blind = True
        self.noted: list[str] = []
        self.compared = 0
        self._hass = hass
        self._engine = engine
        self._shown = shown
        self._slack = slack
        self._truths: defaultdict[Key, deque[tuple[float, str]]] = defaultdict(
            lambda: deque(maxlen=_KEPT)
        )
        self._matched: dict[Key, float] = {}
        self._keys: dict[str, Key] = {}
        self._due: deque[tuple[float, frozenset[str]]] = deque()
        self._timer: TimerHandle | None = None
        engine.listeners.append(self._on_engine)
        hass.bus.async_listen("state_changed", self._on_state)

    def take_entities(self) -> None:
        """Take note of which entity shows what."""
        self._keys = {
            entity.entity_id: key for key, entity in self._shown.entities.items()
        }

    def see(self) -> None:
        """Take what is now for the truth of old: from now on all is watched."""
        self.blind = False
        self._due.clear()
        self._truths.clear()
        self._matched.clear()
        accounts = self._engine.tenant("localhost").accounts
        for number in accounts:
            self._take(number)

    def _calls_of(self, number: str) -> list[Call]:
        """Return all calls that an account may have a part in."""
        return [
            call
            for call in self._engine.calls()
            if number in call.accounts() or call.called.number == number
        ]

    def _account(self, number: str) -> Account | None:
        """Return an account that there is."""
        return self._engine.tenant("localhost").accounts.get(number)

    def _take(self, number: str) -> bool:
        """Note what an account is now; return whether that is new."""
        account = self._account(number)
        if account is None:
            return False
        new = False
        for key, true in self._shown.truth(account, self._calls_of(number)).items():
            versions = self._truths[number, key]
            if not versions or versions[-1][1] != true:
                versions.append((waited(), true))
                new = True
        return new

    @callback
    def _on_engine(self, news: Change | Message) -> None:
        """Note what is so from now on, and look whether that is shown in time."""
        if self.blind or isinstance(news, Message) or news.tenant != "localhost":
            return
        if touched := frozenset(n for n in news.accounts if self._take(n)):
            self._due.append((waited() + self._slack(), touched))
            self._wait()

    def _wait(self) -> None:
        """Look again when the first of what is due is due."""
        if self._timer is None and self._due:
            delay = max(0.01, self._due[0][0] - waited())
            self._timer = self._hass.loop.call_later(delay, self._look)

    @callback
    def _look(self) -> None:
        """Look at what is due: a busy machine gets the time that it has not waited."""
        self._timer = None
        while self._due and self._due[0][0] <= waited():
            _, numbers = self._due.popleft()
            if not self.blind:
                for number in numbers:
                    self._compare(number)
        self._wait()

    def _compare(self, number: str) -> None:
        """Note what is shown of an account although something else has long been so."""
        account = self._account(number)
        if account is None or not self._shown.connected:
            return
        calls = self._calls_of(number)
        for key in self._shown.truth(account, calls):
            since, true = self._truths[number, key][-1]
            shown = self._shown.state(number, key)
            if key in _POLLED or waited() - since < self._slack() or shown == true:
                continue
            self.compared += 1
            if not self._shown.is_fair(account, calls, key, shown):
                late = waited() - since
                self.noted.append(
                    f"{key} of {number} is shown as {shown}, is {true} for {late:.1f} s"
                )

    @callback
    def _on_state(self, event: Event[EventStateChangedData]) -> None:
        """Note a state that has not been true recently."""
        key = self._keys.get(event.data["entity_id"])
        state = event.data["new_state"]
        if self.blind or key is None or state is None or key not in self._truths:
            return
        shown, (number, name) = state.state, key
        if shown in (STATE_UNAVAILABLE, STATE_UNKNOWN) or name in _POLLED:
            return
        if not self._shown.is_complete(number) and name not in _ALWAYS_SENT:
            # Presence alone may say that somebody is in a call who only rang.
            return
        self.compared += 1
        account = self._account(number)
        if account is None or self._is_next(key, shown):
            return
        if not self._shown.is_fair(account, self._calls_of(number), name, shown):
            truths = [true for _, true in self._truths[key]]
            self.noted.append(f"{name} of {number} turns {shown}, was {truths}")

    def _is_next(self, key: Key, shown: str) -> bool:
        """Return whether a state was true recently, and not before the previous one."""
        versions = list(self._truths[key])
        untils = [when for when, _ in versions[1:]] + [waited()]
        for (when, true), until in zip(versions, untils, strict=True):
            recent = until >= waited() - self._slack()
            if true == shown and recent and when >= self._matched.get(key, 0):
                self._matched[key] = when
                return True
        return False

    def stop(self) -> None:
        """Watch no more."""
        self.blind = True
        if self._timer is not None:
            self._timer.cancel()
