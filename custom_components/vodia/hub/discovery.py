"""Announce new accounts and new data to the platforms: each once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..pbx.client import PbxClient
from ..pbx.line import Line
from ..pbx.models import KnownAccount
from ..pbx.sync.line_data import Resource
from ..pbx.wire.accounts import ACCOUNTS_LIMIT
from .options import Options
from .subscriptions import Subscriptions

# Numbers that get a device until the entry is loaded again.
_DEVICES_LIMIT: Final = 2 * ACCOUNTS_LIMIT


class AccountDiscovery:
    """Announce accounts and data to the platforms, which add entities for them."""

    def __init__(
        self,
        client: PbxClient,
        lines: Mapping[str, Line],
        options: Callable[[], Options],
    ) -> None:
        """Begin with nothing announced."""
        self._client = client
        self._lines = lines
        self._options = options
        self.device_limit = _DEVICES_LIMIT
        self._accounts: set[str] = set()
        self._data: set[tuple[Resource, str]] = set()
        # The queues of lines, each with the line in front.
        self._logins: set[tuple[str, str]] = set()
        self._with_device: set[str] = set()
        self._new_accounts = Subscriptions[None, Iterable[KnownAccount]]()
        self._new_data = Subscriptions[Resource, Iterable[str]]()
        self._new_logins = Subscriptions[None, Iterable[tuple[str, str]]]()

    @callback
    def async_subscribe(
        self, new: Callable[[Iterable[KnownAccount]], None]
    ) -> tuple[list[KnownAccount], CALLBACK_TYPE]:
        """Call back whenever an account comes; return those that are here."""
        here = map(self._client.tenant.account, sorted(self._accounts))
        return list(filter(None, here)), self._new_accounts.subscribe(None, new)

    @callback
    def async_subscribe_data(
        self, kind: Resource, new: Callable[[Iterable[str]], None]
    ) -> tuple[list[str], CALLBACK_TYPE]:
        """Call back when REST first has data of an account; return those that have some."""
        here = sorted(number for of, number in self._data if of is kind)
        return here, self._new_data.subscribe(kind, new)

    @callback
    def async_subscribe_logins(
        self, new: Callable[[Iterable[tuple[str, str]]], None]
    ) -> tuple[list[tuple[str, str]], CALLBACK_TYPE]:
        """Call back when a line turns out to be an agent of a queue; return who is one."""
        return sorted(self._logins), self._new_logins.subscribe(None, new)

    @callback
    def async_announce(self, numbers: Iterable[str]) -> None:
        """Announce accounts that are seen for the first time."""
        new = [
            account
            for number in numbers
            if number not in self._accounts
            and (account := self._client.tenant.account(number))
            and account.present
            and self._options().has_device(number, account.type)
            and self._within_device_limit(number)
        ]
        if new:
            self._accounts.update(account.number for account in new)
            self._new_accounts.call(None, new)
            for kind in Resource:
                self.async_announce_data(kind, [account.number for account in new])

    @callback
    def async_announce_data(self, kind: Resource, numbers: Iterable[str]) -> None:
        """Announce accounts for which REST has data for the first time."""
        if kind is Resource.QUEUE_LOGINS:
            self._announce_logins(numbers)
            return
        new = {
            number
            for number in numbers
            if (kind, number) not in self._data and self._offers(kind, number)
        }
        if new:
            self._data.update((kind, number) for number in new)
            self._new_data.call(kind, sorted(new))

    def _announce_logins(self, lines: Iterable[str]) -> None:
        """Announce the queues that have first answered to lines."""
        new = [
            (number, queue)
            for number in self._accounts.intersection(lines)
            if (line := self._lines.get(number))
            for queue, told in (line.data.values.queue_logins or {}).items()
            if told is not None and (number, queue) not in self._logins
        ]
        if new:
            self._logins.update(new)
            self._new_logins.call(None, sorted(new))

    @callback
    def async_forget(self, number: str) -> None:
        """Forget an account: it is announced again if it comes back."""
        self._accounts.discard(number)
        self._data -= {(kind, number) for kind in Resource}
        self._logins = {login for login in self._logins if login[0] != number}

    @callback
    def async_forget_logins(self, queue: str) -> None:
        """Forget who is an agent of a queue."""
        self._logins = {login for login in self._logins if login[1] != queue}

    def _within_device_limit(self, number: str) -> bool:
        """Return whether a number may have a device.

        The registries keep what was removed: numbers without end would fill them.
        """
        if (
            number not in self._with_device
            and len(self._with_device) < self.device_limit
        ):
            self._with_device.add(number)
        return number in self._with_device

    def _offers(self, kind: Resource, number: str) -> bool:
        """Return whether REST has data of a flag, or of a line that was announced."""
        if kind is Resource.SERVICE_FLAGS:
            flag = self._client.service_flags.get(number)
            return (
                flag is not None
                and flag.active is not None
                and self._within_device_limit(number)
            )
        if number not in self._accounts:
            return False
        line = self._lines.get(number)
        return line is not None and getattr(line.data.values, kind) is not None
