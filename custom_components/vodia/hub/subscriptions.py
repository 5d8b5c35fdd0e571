"""Subscriptions: callbacks by a key."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
import logging

from homeassistant.core import CALLBACK_TYPE, callback

_LOGGER = logging.getLogger(__name__)


class Subscriptions[KeyT, *ArgsT]:
    """Callbacks by a key; one that fails stops no other."""

    def __init__(self) -> None:
        """Begin without any."""
        self._callbacks: defaultdict[KeyT, list[Callable[[*ArgsT], None]]] = (
            defaultdict(list)
        )

    @callback
    def add(
        self, key: KeyT, update: Callable[[*ArgsT], None], *, first: bool = False
    ) -> None:
        """Call back from now on; one that is `first` is called before the others.

        There are thousands of entities: a function for each that ends its subscription,
        as `subscribe` returns one, would take half of our memory.
        """
        callbacks = self._callbacks[key]
        callbacks.insert(0 if first else len(callbacks), update)

    @callback
    def remove(self, key: KeyT, update: Callable[[*ArgsT], None]) -> None:
        """Call back no more."""
        callbacks = self._callbacks[key]
        callbacks.remove(update)
        if not callbacks:
            del self._callbacks[key]

    @callback
    def subscribe(self, key: KeyT, update: Callable[[*ArgsT], None]) -> CALLBACK_TYPE:
        """Call back from now on; return what ends it."""
        self.add(key, update)
        return partial(self.remove, key, update)

    def __contains__(self, key: KeyT) -> bool:
        """Return whether there is a callback for a key."""
        return key in self._callbacks

    def __iter__(self) -> Iterator[KeyT]:
        """Yield the keys."""
        return iter(tuple(self._callbacks))

    def call(self, key: KeyT, *args: *ArgsT) -> None:
        """Call back all of a key."""
        for update in tuple(self._callbacks.get(key, ())):
            try:
                update(*args)
            except Exception:
                _LOGGER.exception("Unexpected error updating an entity")
