"""What happens by itself after a while: clicked calls are answered, DND expires."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from .model import Change, EngineError, Message, Stage
from .state import PbxState


class Timers:
    """Plan what is due after a change."""

    def __init__(self, state: PbxState) -> None:
        """Plan nothing yet."""
        self._engine = state.engine
        self._switches = state.switches
        self._planned: dict[tuple[str, object], asyncio.TimerHandle] = {}

    def on_engine(self, news: Change | Message) -> None:
        """Plan what a change leads to."""
        if isinstance(news, Message):
            return
        for number in news.accounts:
            self._plan_dnd_end(news.tenant, number)
        self._plan_answers(news.tenant)

    def cancel(self) -> None:
        """Forget what is planned."""
        for timer in self._planned.values():
            timer.cancel()
        self._planned.clear()

    def _plan(
        self, key: tuple[str, object], delay: float, act: Callable[[], None]
    ) -> None:
        """Do something after a while, once for each key."""
        if key not in self._planned:
            loop = asyncio.get_running_loop()
            self._planned[key] = loop.call_later(delay, act)

    def _plan_answers(self, tenant: str) -> None:
        """Let clicked calls be answered in time."""
        for call in self._engine.calls(tenant=tenant):
            delay = None
            if call.stage is Stage.OWN_RINGING:
                delay = self._switches.dial_pickup
            elif call.clicked and call.stage is Stage.RINGING:
                delay = None if call.called.internal else self._switches.far_answer
            if delay is not None:
                id_, stage = call.id, call.stage

                def answer(id_: str = id_, stage: Stage = stage) -> None:
                    """Answer the call if it still waits for that."""
                    with suppress(EngineError):
                        if self._engine.call(id_, tenant=tenant).stage is stage:
                            self._engine.answer(id_, tenant=tenant)

                self._plan((id_, stage), delay, answer)

    def _plan_dnd_end(self, tenant: str, number: str) -> None:
        """Let do not disturb end when it expires, unless it has been set again."""
        account = self._engine.tenant(tenant).accounts.get(number)
        if account is None or account.dnd_until is None or account.dnd_expires is None:
            return
        until = account.dnd_until

        def end() -> None:
            """Switch it off."""
            account = self._engine.tenant(tenant).accounts.get(number)
            if account is not None and account.dnd_until == until:
                self._engine.set_dnd(number, False, tenant=tenant)

        self._plan((f"{number}@{tenant}", until), account.dnd_expires, end)
